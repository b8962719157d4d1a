//! The vault's append-only ledgers: sealed entries in a hash chain whose head can be kept outside the vault
//! (PRIVACY 20). `consent` and `erasure` are written here; `budget` by the release use cases.

use crate::keyring::{Keyring, Token};
use crate::vault::Vault;
use crate::{Result, VaultError};
use accord_crypto::chain::derive_entry_hash;
use accord_crypto::{Head, Key, Place};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The ledger of consent.
pub const CONSENT: &str = "consent";
/// The ledger of erasures and undone imports.
pub const ERASURE: &str = "erasure";
/// The ledger of the privacy budget.
pub const BUDGET: &str = "budget";
/// Ledgers whose heads are kept outside.
pub const LEDGERS: [&str; 3] = [CONSENT, ERASURE, BUDGET];

/// The newest heads of a vault's ledgers, to keep outside it: printed, at the hub, in bundles. Serialises as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// Which vault.
    pub vault: String,
    /// Head of each ledger.
    pub heads: BTreeMap<String, Head>,
}

/// What an entry is about, besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About {
    pub page: Option<i64>,
    pub token: Option<Token>,
}

/// The head of one ledger.
pub async fn head(conn: &mut SqliteConnection, ledger: &str) -> Result<Head> {
    let row = sqlx::query("SELECT count, hash FROM ledger_head WHERE ledger = ?")
        .bind(ledger.to_owned())
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(Head::start(ledger)) };
    let hash: &[u8] = row.try_get(1)?;
    Ok(Head { count: row.try_get::<i64, _>(0)? as u64, hash: hash.try_into().map_err(|_| malformed(ledger))? })
}

fn malformed(ledger: &str) -> VaultError {
    VaultError::Damaged(format!("the {ledger} ledger is malformed"))
}

/// Seals and appends one entry inside the caller's transaction; returns the new head.
pub(crate) async fn append(
    conn: &mut SqliteConnection,
    ring: &Keyring,
    ledger: &str,
    bytes: &[u8],
    about: About,
) -> Result<Head> {
    let head = head(conn, ledger).await?;
    let new = put(conn, ring, ledger, head, bytes, about).await?;
    set_head(conn, ledger, new).await?;
    Ok(new)
}

/// Writes an entry behind a known head, without storing the new head yet: for many in a row.
pub(crate) async fn put(
    conn: &mut SqliteConnection,
    ring: &Keyring,
    ledger: &str,
    head: Head,
    bytes: &[u8],
    about: About,
) -> Result<Head> {
    let seq = head.count + 1;
    let sealed = ring.data.derive(ledger).seal(place(ledger, &seq.to_le_bytes()), bytes)?;
    let entry_hash = derive_entry_hash(&sealed);
    sqlx::query("INSERT INTO ledger_entry (ledger, seq, entry_hash, sealed, page, token) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(ledger.to_owned())
        .bind(seq as i64)
        .bind(entry_hash.to_vec())
        .bind(sealed)
        .bind(about.page)
        .bind(about.token.map(|t| t.to_vec()))
        .execute(conn)
        .await?;
    Ok(head.append_hash(&entry_hash))
}

/// Stores the head of a ledger.
pub(crate) async fn set_head(conn: &mut SqliteConnection, ledger: &str, head: Head) -> Result<()> {
    sqlx::query(
        "INSERT INTO ledger_head (ledger, count, hash) VALUES (?, ?, ?)
         ON CONFLICT (ledger) DO UPDATE SET count = excluded.count, hash = excluded.hash",
    )
    .bind(ledger.to_owned())
    .bind(head.count as i64)
    .bind(head.hash.to_vec())
    .execute(conn)
    .await?;
    Ok(())
}

fn place<'a>(ledger: &'a str, seq: &'a [u8; 8]) -> Place<'a> {
    Place::new("ledger_entry", seq, ledger)
}

/// Opens one entry's bytes.
pub(crate) fn open_entry(ring: &Keyring, ledger: &str, seq: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    open_under(&ring.data.derive(ledger), ledger, seq, sealed)
}

/// Opens one entry's bytes under the ledger's own key, for many in a row.
pub(crate) fn open_under(key: &Key, ledger: &str, seq: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    key.open(place(ledger, &(seq as u64).to_le_bytes()), sealed).map_err(|_| malformed(ledger))
}

impl Vault {
    /// Seals and appends one entry to a ledger, inside the caller's transaction (on a connection of
    /// [`Vault::pool`]); returns the new head.
    pub async fn append(&self, conn: &mut SqliteConnection, ledger: &str, bytes: &[u8]) -> Result<Head> {
        append(conn, &self.ring, ledger, bytes, About::default()).await
    }

    /// All entries of a ledger with their numbers, oldest first; entries emptied by an erasure are left out.
    pub async fn entries(&self, ledger: &str) -> Result<Vec<(u64, Zeroizing<Vec<u8>>)>> {
        let mut conn = self.pool.acquire().await?;
        self.entries_in(&mut conn, ledger).await
    }

    /// As [`Vault::entries`], inside the caller's transaction.
    pub async fn entries_in(
        &self,
        conn: &mut SqliteConnection,
        ledger: &str,
    ) -> Result<Vec<(u64, Zeroizing<Vec<u8>>)>> {
        let rows =
            sqlx::query("SELECT seq, sealed FROM ledger_entry WHERE ledger = ? AND sealed IS NOT NULL ORDER BY seq")
                .bind(ledger.to_owned())
                .fetch_all(conn)
                .await?;
        rows.iter()
            .map(|r| {
                let seq: i64 = r.try_get(0)?;
                Ok((seq as u64, open_entry(&self.ring, ledger, seq, r.try_get(1)?)?))
            })
            .collect()
    }

    /// The head of a ledger.
    pub async fn head(&self, ledger: &str) -> Result<Head> {
        let mut conn = self.pool.acquire().await?;
        head(&mut conn, ledger).await
    }

    /// The heads of all ledgers, to keep outside the vault.
    pub async fn heads(&self) -> Result<Heads> {
        let mut heads = BTreeMap::new();
        for ledger in LEDGERS {
            heads.insert(ledger.to_owned(), self.head(ledger).await?);
        }
        Ok(Heads { vault: self.id().to_owned(), heads })
    }

    /// Walks a ledger from its beginning: numbers without gaps, every hash, the stored head. Returns the head that the
    /// ledger had after `at` entries, if it has so many.
    pub async fn verify_ledger(&self, ledger: &str, at: Option<u64>) -> Result<Option<Head>> {
        let mut conn = self.pool.acquire().await?;
        let stored = head(&mut conn, ledger).await?;
        let mut walked = Head::start(ledger);
        let mut then = (at == Some(0)).then_some(walked);
        loop {
            let rows = sqlx::query(
                "SELECT seq, entry_hash, sealed FROM ledger_entry WHERE ledger = ? AND seq > ? ORDER BY seq LIMIT 512",
            )
            .bind(ledger.to_owned())
            .bind(walked.count as i64)
            .fetch_all(&mut *conn)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let hash: [u8; 32] = row.try_get::<&[u8], _>(1)?.try_into().map_err(|_| malformed(ledger))?;
                let whole = match row.try_get::<Option<&[u8]>, _>(2)? {
                    Some(sealed) => derive_entry_hash(sealed) == hash,
                    None => true,
                };
                if row.try_get::<i64, _>(0)? as u64 != walked.count + 1 || !whole {
                    return Err(VaultError::Damaged(format!("entry {} of the {ledger} ledger", walked.count + 1)));
                }
                walked = walked.append_hash(&hash);
                if at == Some(walked.count) {
                    then = Some(walked);
                }
            }
        }
        if walked == stored { Ok(then) } else { Err(VaultError::Damaged(format!("the {ledger} ledger was cut"))) }
    }

    /// Why these heads, kept outside, show that this vault is not the newest; `None` if it holds all that they saw.
    pub async fn behind(&self, heads: &Heads) -> Result<Option<String>> {
        if heads.vault != self.id() {
            return Ok(Some("the heads given are of another vault".into()));
        }
        for ledger in [ERASURE, BUDGET] {
            let Some(given) = heads.heads.get(ledger) else {
                return Ok(Some(format!("the heads given say nothing of the {ledger} ledger")));
            };
            match self.verify_ledger(ledger, Some(given.count)).await? {
                None => {
                    return Ok(Some(format!("this vault is older than the head of the {ledger} ledger given")));
                }
                Some(ours) if ours != *given => {
                    return Ok(Some(format!("the {ledger} ledger differs from the head given")));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

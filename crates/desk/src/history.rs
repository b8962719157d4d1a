//! The vault's append-only ledgers: sealed entries in a hash chain whose head can be kept outside the vault
//! (PRIVACY 20). `consent`, `erasure` and `import` are written by this crate; `budget` by the release use cases.
//!
//! Of a consent entry, page and person are part of what it is sealed to: it can't be moved from one to another. It can be
//! emptied by an erasure alone, whose own sealed entry names it. Entries of other ledgers are never empty.

use crate::keyring::{Keyring, Token};
use crate::vault::Vault;
use crate::{Result, VaultError};
use accord_crypto::chain::derive_entry_hash;
use accord_crypto::{Head, Key, Place};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};
use std::collections::{BTreeMap, HashSet};
use zeroize::Zeroizing;

/// The ledger of consent.
pub const CONSENT: &str = "consent";
/// The ledger of erasures and undone imports.
pub const ERASURE: &str = "erasure";
/// The ledger of the privacy budget.
pub const BUDGET: &str = "budget";
/// The ledger of imports: hashes of the sealed records of every page.
pub const IMPORT: &str = "import";
/// Ledgers whose heads are kept outside.
pub const LEDGERS: [&str; 3] = [CONSENT, ERASURE, BUDGET];
/// Entries read at a time.
const CHUNK: i64 = 512;

/// The newest heads of a vault's ledgers, to keep outside it: printed, or in a file kept elsewhere. Serialises as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// Which vault.
    pub vault: String,
    /// Head of each ledger.
    pub heads: BTreeMap<String, Head>,
    /// Whether drawing was locked when they were printed: then they unlock nothing.
    pub locked: bool,
    /// By which the vault knows them again, in hex.
    pub seal: String,
}

impl Heads {
    /// All that the seal binds.
    fn text(&self) -> Vec<u8> {
        let mut text = format!("{}\n{}\n", self.vault, self.locked);
        for (ledger, head) in &self.heads {
            text.push_str(&format!("{ledger:?} {head}\n"));
        }
        text.into_bytes()
    }
}

/// One entry of the ledger of erasures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ErasureEntry {
    /// A record was erased.
    Erased {
        /// Its opaque name.
        record: String,
        /// Day.
        on: String,
        /// Entries of the ledger of consent that were emptied with it.
        emptied: Vec<u64>,
        /// Day by which older backups of keys are to be destroyed, if there were any.
        keys_destroyed_by: Option<String>,
    },
    /// An import was taken back.
    UndoneImport {
        /// Its number.
        import: i64,
        /// How many records went.
        records: u64,
        /// Day.
        on: String,
    },
    /// A restore found records whose keys are gone, and dropped them.
    DroppedAtRestore {
        /// How many.
        records: u64,
        /// Entries of the ledger of consent that were emptied with those of them that had been erased.
        emptied: Vec<u64>,
        /// Day.
        on: String,
    },
}

impl ErasureEntry {
    pub(crate) fn emptied(&self) -> &[u64] {
        match self {
            ErasureEntry::Erased { emptied, .. } | ErasureEntry::DroppedAtRestore { emptied, .. } => emptied,
            ErasureEntry::UndoneImport { .. } => &[],
        }
    }
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
    let sealed = ring.data.derive(ledger).seal(place(ledger, &row_of(seq, about)), bytes)?;
    let entry_hash = derive_entry_hash(&sealed);
    sqlx::query("INSERT INTO ledger_entry (ledger, seq, entry_hash, page, token, sealed) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(ledger.to_owned())
        .bind(seq as i64)
        .bind(entry_hash.to_vec())
        .bind(about.page)
        .bind(about.token.map(|t| t.to_vec()))
        .bind(sealed)
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

fn place<'a>(ledger: &'a str, row: &'a [u8]) -> Place<'a> {
    Place::new("ledger_entry", row, ledger)
}

/// What names an entry: its number, its page, its token, each at its own length.
fn row_of(seq: u64, about: About) -> Vec<u8> {
    let mut row = Vec::with_capacity(34);
    row.extend_from_slice(&seq.to_le_bytes());
    row.push(u8::from(about.page.is_some()));
    row.extend_from_slice(&about.page.unwrap_or(0).to_le_bytes());
    row.push(u8::from(about.token.is_some()));
    row.extend_from_slice(&about.token.unwrap_or_default());
    row
}

/// Opens one entry's bytes under the ledger's own key.
pub(crate) fn open_under(key: &Key, ledger: &str, seq: u64, about: About, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    key.open(place(ledger, &row_of(seq, about)), sealed).map_err(|_| changed(ledger, seq))
}

fn changed(ledger: &str, seq: u64) -> VaultError {
    VaultError::Damaged(format!("entry {seq} of the {ledger} ledger was changed or emptied"))
}

impl Vault {
    /// Seals and appends one entry to a ledger, inside the caller's transaction (on a connection of
    /// [`Vault::pool`]); returns the new head.
    pub async fn append(&self, conn: &mut SqliteConnection, ledger: &str, bytes: &[u8]) -> Result<Head> {
        append(conn, &self.ring, ledger, bytes, About::default()).await
    }

    /// All entries of a ledger with their numbers, oldest first, after checking the whole chain up to its stored head.
    /// Entries of consent that an erasure emptied are left out; in no other ledger can there be empty ones.
    pub async fn entries(&self, ledger: &str) -> Result<Vec<(u64, Zeroizing<Vec<u8>>)>> {
        let mut tx = self.pool.begin().await?;
        self.entries_in(&mut tx, ledger).await
    }

    /// As [`Vault::entries`], inside the caller's transaction.
    pub async fn entries_in(
        &self,
        conn: &mut SqliteConnection,
        ledger: &str,
    ) -> Result<Vec<(u64, Zeroizing<Vec<u8>>)>> {
        let mut all = Vec::new();
        let emptied = self.emptied_in(conn, ledger).await?;
        self.walk(conn, ledger, &emptied, |seq, _, plain, _| {
            all.push((seq, plain));
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// The ledger of erasures, read.
    pub(crate) async fn erasures(&self, conn: &mut SqliteConnection) -> Result<Vec<(u64, ErasureEntry)>> {
        let mut all = Vec::new();
        self.walk(conn, ERASURE, &HashSet::new(), |seq, _, plain, _| {
            all.push((seq, serde_json::from_slice(&plain)?));
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// Which entries of a ledger may be empty: those of consent that a sealed entry of the erasure ledger names.
    pub(crate) async fn emptied_in(&self, conn: &mut SqliteConnection, ledger: &str) -> Result<HashSet<u64>> {
        if ledger != CONSENT {
            return Ok(HashSet::new());
        }
        Ok(self.erasures(conn).await?.iter().flat_map(|(_, e)| e.emptied().to_vec()).collect())
    }

    /// Walks a ledger from its beginning: numbers without gaps, every hash, every entry opened as what it says it is about,
    /// the stored head. Hands every entry that isn't emptied to `f`, with the head that the ledger had after it.
    pub(crate) async fn walk(
        &self,
        conn: &mut SqliteConnection,
        ledger: &str,
        emptied: &HashSet<u64>,
        mut f: impl FnMut(u64, About, Zeroizing<Vec<u8>>, Head) -> Result<()> + Send,
    ) -> Result<Vec<Head>> {
        let key = self.ring.data.derive(ledger);
        let stored = head(conn, ledger).await?;
        let mut walked = Head::start(ledger);
        let mut heads = vec![walked];
        loop {
            let rows = sqlx::query(
                "SELECT seq, entry_hash, page, token, sealed FROM ledger_entry
                 WHERE ledger = ? AND seq > ? ORDER BY seq LIMIT ?",
            )
            .bind(ledger.to_owned())
            .bind(walked.count as i64)
            .bind(CHUNK)
            .fetch_all(&mut *conn)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let seq = walked.count + 1;
                let hash: [u8; 32] = row.try_get::<&[u8], _>(1)?.try_into().map_err(|_| malformed(ledger))?;
                if row.try_get::<i64, _>(0)? as u64 != seq {
                    return Err(VaultError::Damaged(format!("entry {seq} of the {ledger} ledger is missing")));
                }
                walked = walked.append_hash(&hash);
                heads.push(walked);
                match row.try_get::<Option<&[u8]>, _>(4)? {
                    None if emptied.contains(&seq) => {}
                    None => return Err(changed(ledger, seq)),
                    Some(sealed) => {
                        let token = row.try_get::<Option<&[u8]>, _>(3)?.map(Token::try_from).transpose();
                        let about = About { page: row.try_get(2)?, token: token.map_err(|_| malformed(ledger))? };
                        if derive_entry_hash(sealed) != hash {
                            return Err(changed(ledger, seq));
                        }
                        f(seq, about, open_under(&key, ledger, seq, about, sealed)?, walked)?;
                    }
                }
            }
        }
        if walked == stored { Ok(heads) } else { Err(VaultError::Damaged(format!("the {ledger} ledger was cut"))) }
    }

    /// The head of a ledger.
    pub async fn head(&self, ledger: &str) -> Result<Head> {
        let mut conn = self.pool.acquire().await?;
        head(&mut conn, ledger).await
    }

    /// The heads of all ledgers, to keep outside the vault, sealed so that this vault knows them again.
    pub async fn heads(&self) -> Result<Heads> {
        let mut heads = BTreeMap::new();
        for ledger in LEDGERS {
            heads.insert(ledger.to_owned(), self.head(ledger).await?);
        }
        let locked = self.drawing_locked().is_some();
        let mut heads = Heads { vault: self.id().to_owned(), heads, locked, seal: String::new() };
        let key = self.ring.data.derive("heads");
        heads.seal = hex::encode(key.seal(Place::new("heads", &heads.text(), "seal"), b"")?);
        Ok(heads)
    }

    /// Walks a ledger from its beginning: numbers without gaps, every hash, every entry, the stored head. Returns the head
    /// that the ledger had after `at` entries, if it has so many.
    pub async fn verify_ledger(&self, ledger: &str, at: Option<u64>) -> Result<Option<Head>> {
        let mut tx = self.pool.begin().await?;
        let emptied = self.emptied_in(&mut tx, ledger).await?;
        let heads = self.walk(&mut tx, ledger, &emptied, |_, _, _, _| Ok(())).await?;
        Ok(at.and_then(|at| usize::try_from(at).ok()).and_then(|at| heads.get(at).copied()))
    }

    /// Why these heads can say nothing of this vault: of another one, not printed by it, or printed while its drawing was
    /// locked, when it could not know whether it is the newest. `None` if they count.
    pub fn refuse_heads(&self, heads: &Heads) -> Option<String> {
        if heads.vault != self.id() {
            return Some("the heads given are of another vault".into());
        }
        let key = self.ring.data.derive("heads");
        let sealed = hex::decode(&heads.seal).unwrap_or_default();
        if key.open(Place::new("heads", &heads.text(), "seal"), &sealed).is_err() {
            return Some("the heads given were not printed by this vault, or were changed since".into());
        }
        if heads.locked {
            return Some("the heads given were printed while drawing was locked, and prove nothing".into());
        }
        None
    }

    /// Why these heads, kept outside, show that this vault is not the newest; `None` if it holds all that they saw.
    pub async fn behind(&self, heads: &Heads) -> Result<Option<String>> {
        for ledger in LEDGERS {
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

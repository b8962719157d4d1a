//! Erasure: the record's key is destroyed, the vault key is rotated, and the person gets a certificate that says what
//! remains and until when (PRIVACY 19).
//!
//! What remains after it: the token (a keyed hash that nobody can relate to an identifier without the vault's keys) with
//! the year of first import, so that the privacy account stays true and the same file can't bring the record back; and
//! the fact of the erasure in its ledger.

use crate::backup::LastBackup;
use crate::consent::find;
use crate::history::{self, About, ERASURE, ErasureEntry};
use crate::keyring::Token;
use crate::page::Slots;
use crate::rotate::Settled;
use crate::vault::{Vault, setting};
use crate::{Result, VaultError, store};
use accord_crypto::Head;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

/// What stays after every erasure: the token and the year, so that the account stays true and the file can't bring the
/// record back; the entry; what was drawn; and, until the disk writes over them, blocks that the system freed.
const REMAINS: [&str; 5] =
    ["opaque_token", "year_of_first_import", "erasure_entry", "past_noisy_releases", "free_disk_blocks"];
/// Logs that could not be cut because somebody was reading: they go at the next opening.
const LOGS: &str = "logs_until_next_opening";

/// What the person, or whoever asked for her, is given. Serialises as JSON; holds nothing about her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasureCertificate {
    /// Which vault.
    pub vault: String,
    /// Name of the organisation.
    pub organisation: String,
    /// Opaque name of the record.
    pub record: String,
    /// Day, `YYYY-MM-DD`.
    pub on: String,
    /// Whether the record's own key was destroyed and overwritten; if not, the next opening of the vault does it.
    pub key_destroyed: bool,
    /// Number of the vault key made after it; copies of the key file under it never held the record's key.
    pub vault_key_epoch: u64,
    /// Head of the erasure ledger with this erasure in it: keep it outside the vault.
    pub erasure_head: Head,
    /// Whether there are older backups of keys, from which the record could still be read.
    pub older_backups: bool,
    /// Day by which they are to be destroyed; until they are, the record can be read from them.
    pub older_backups_destroyed_by: Option<String>,
    /// What stays, in codes.
    pub remains: Vec<&'static str>,
}

impl Vault {
    /// Erases the record with this local identifier. Once it is gone from the register this does not fail for what is left
    /// to tidy up: the certificate says what that is, and [`Vault::erasure_certificate`] gives it again.
    pub async fn erase(&mut self, id: &str, on: Date) -> Result<ErasureCertificate> {
        let lock = self.lock().await?;
        if self.ring.by_passphrase.is_none() {
            return Err(VaultError::NeedsPassphrase);
        }
        let token = self.token(id);
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let (page, slot) = find(&mut tx, &token).await?;
        let row = sqlx::query("SELECT sealed FROM page WHERE id = ?").bind(page).fetch_one(&mut *tx).await?;
        let fewer = Slots::new(row.try_get(0)?)?.without(slot as usize);
        sqlx::query("UPDATE page SET sealed = ?, records = records - 1 WHERE id = ?")
            .bind(fewer)
            .bind(page)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE record SET state = 2, page = NULL, slot = NULL WHERE token = ?")
            .bind(token.to_vec())
            .execute(&mut *tx)
            .await?;
        let emptied = empty_consent(&mut tx, &token).await?;
        sqlx::query("INSERT INTO pending_key (page, slot) VALUES (?, ?)")
            .bind(page)
            .bind(slot)
            .execute(&mut *tx)
            .await?;
        let last: Option<LastBackup> = setting(&mut tx, &self.ring, "last_backup").await?;
        let entry = ErasureEntry::Erased {
            record: hex::encode(token),
            on: on.to_string(),
            emptied,
            keys_destroyed_by: last.map(|l| l.keys_destroyed_by),
        };
        history::append(&mut tx, &self.ring, ERASURE, &serde_json::to_vec(&entry)?, About::default()).await?;
        tx.commit().await?;
        // The record is gone from here on. If its key can't be destroyed now (somebody holds the key file, the disk is full),
        // the next opening does it, or says why not; the certificate says that it isn't yet.
        let settled = self.destroy_pending_keys(&lock).await.unwrap_or(Settled::AtNextOpening);
        let cut = store::truncate_wal(&self.pool).await.unwrap_or(false);
        let mut certificate = self.erasure_certificate(id).await?;
        if settled != Settled::Yes || !cut {
            certificate.remains.push(LOGS);
        }
        Ok(certificate)
    }

    /// The certificate of an erasure that was made, again: out of the ledger of erasures.
    pub async fn erasure_certificate(&self, id: &str) -> Result<ErasureCertificate> {
        let record = hex::encode(self.token(id));
        let mut tx = self.pool.begin().await?;
        let found = self.erasures(&mut tx).await?.into_iter().rev().find_map(|(seq, e)| match e {
            ErasureEntry::Erased { record: r, on, keys_destroyed_by, .. } if r == record => {
                Some((seq, on, keys_destroyed_by))
            }
            _ => None,
        });
        let (seq, on, keys_destroyed_by) = found.ok_or(VaultError::NotErased)?;
        let pending: i64 = sqlx::query("SELECT count(*) FROM pending_key").fetch_one(&mut *tx).await?.try_get(0)?;
        drop(tx);
        let head = self.verify_ledger(ERASURE, Some(seq)).await?;
        Ok(ErasureCertificate {
            vault: self.id().to_owned(),
            organisation: self.settings().organisation.clone(),
            record,
            on,
            key_destroyed: pending == 0,
            vault_key_epoch: self.epoch(),
            erasure_head: head.ok_or_else(|| VaultError::Damaged("the erasure ledger was cut".into()))?,
            older_backups: keys_destroyed_by.is_some(),
            older_backups_destroyed_by: keys_destroyed_by,
            remains: REMAINS.to_vec(),
        })
    }
}

/// Empties a record's entries in the ledger of consent; returns their numbers, which the erasure's own entry must name.
pub(crate) async fn empty_consent(conn: &mut SqliteConnection, token: &Token) -> Result<Vec<u64>> {
    let rows = sqlx::query("SELECT seq FROM ledger_entry WHERE ledger = 'consent' AND token = ? ORDER BY seq")
        .bind(token.to_vec())
        .fetch_all(&mut *conn)
        .await?;
    let emptied = rows.iter().map(|r| Ok(r.try_get::<i64, _>(0)? as u64)).collect::<Result<_>>()?;
    sqlx::query("UPDATE ledger_entry SET sealed = NULL, token = NULL WHERE ledger = 'consent' AND token = ?")
        .bind(token.to_vec())
        .execute(conn)
        .await?;
    Ok(emptied)
}

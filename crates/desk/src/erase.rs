//! Erasure: the record's key is destroyed, the vault key is rotated, and the person gets a certificate that says what
//! remains and until when (PRIVACY 19).
//!
//! What remains after it: the token (a keyed hash that nobody can relate to an identifier without the vault's keys) with
//! the year of first import, so that the privacy account stays true and the same file can't bring the record back; and
//! the fact of the erasure in its ledger.

use crate::backup::LastBackup;
use crate::consent::find;
use crate::history::{self, About, ERASURE};
use crate::page::Slots;
use crate::vault::{Vault, setting};
use crate::{Result, VaultError, store};
use accord_crypto::Head;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::Row as _;

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
    /// Whether the record's own key was destroyed and overwritten.
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
    /// Erases the record with this local identifier.
    pub async fn erase(&mut self, id: &str, on: Date) -> Result<ErasureCertificate> {
        let lock = self.lock().await?;
        if self.ring.by_passphrase.is_none() {
            return Err(VaultError::NeedsPassphrase);
        }
        let token = self.token(id);
        let record = hex::encode(token);
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
        sqlx::query("UPDATE ledger_entry SET sealed = NULL, token = NULL WHERE token = ?")
            .bind(token.to_vec())
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO pending_key (page, slot) VALUES (?, ?)")
            .bind(page)
            .bind(slot)
            .execute(&mut *tx)
            .await?;
        let entry = serde_json::to_vec(&serde_json::json!({ "erased": record, "on": on.to_string() }))?;
        let head = history::append(&mut tx, &self.ring, ERASURE, &entry, About::default()).await?;
        let last: Option<LastBackup> = setting(&mut tx, &self.ring, "last_backup").await?;
        tx.commit().await?;
        self.destroy_pending_keys(&lock).await?;
        store::truncate_wal(&self.pool).await?;
        Ok(ErasureCertificate {
            vault: self.id().to_owned(),
            organisation: self.settings().organisation.clone(),
            record,
            on: on.to_string(),
            key_destroyed: true,
            vault_key_epoch: self.epoch(),
            erasure_head: head,
            older_backups: last.is_some(),
            older_backups_destroyed_by: last.map(|l| l.keys_destroyed_by),
            remains: vec!["opaque_token", "year_of_first_import", "erasure_entry", "past_noisy_releases"],
        })
    }
}

//! Restore: from the two files of a backup into a new folder, every byte checked, every record opened.
//!
//! Whoever restores is asked for the newest heads of the erasure and budget ledgers, which are kept outside the vault.
//! Without them, or if the backup is older than they are, drawing stays locked (PRIVACY 20): the account could have been
//! spent since, and people could have been erased.

use crate::backup::{Kind, Label, LastBackup, keys_beside, open_file, read_stream};
use crate::header::{Header, Opened, Unlock};
use crate::history::{self, About, ERASURE, ErasureEntry, Heads};
use crate::page::{PageKeys, SIZE, Slots};
use crate::vault::{DRAWING, Drawing, KEYS_DB, VAULT_DB, Vault, make_dir, set_setting, setting, unlock_header};
use crate::{Result, VaultError, store};
use accord_crypto::Key;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::Row as _;
use std::path::{Path, PathBuf};

/// What a restore found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// Generation of the data file.
    pub generation: u64,
    /// Day on which the data file was made.
    pub made: String,
    /// Records that open.
    pub records: u64,
    /// Records of the data file whose keys are not in the key file: erased since, and dropped.
    pub dropped: u64,
    /// Whether the key file should have been destroyed by now.
    pub keys_overdue: bool,
    /// Why drawing is locked, if it is.
    pub drawing_locked: Option<String>,
}

/// Files of a backup. `keys` may be of a later day than `data`: records erased between stay shut.
#[derive(Clone, Debug)]
pub struct BackupFiles {
    /// Sealed records and ledgers.
    pub data: PathBuf,
    /// Keys.
    pub keys: PathBuf,
}

impl BackupFiles {
    /// The data file with the key file written beside it.
    pub fn beside(data: &Path) -> BackupFiles {
        BackupFiles { data: data.to_owned(), keys: keys_beside(data) }
    }
}

/// Restores into a new or empty folder and opens the vault. On failure the folder is left as it was found.
pub async fn restore(
    files: &BackupFiles,
    dir: &Path,
    unlock: Unlock<'_>,
    heads: Option<&Heads>,
    today: Date,
) -> Result<(Vault, RestoreReport)> {
    let existed = dir.exists();
    make_dir(dir)?;
    let result = restore_into(files, dir, unlock, heads, today).await;
    if result.is_err() {
        // The folder was new or empty a moment ago: what is in it is ours.
        if let Ok(entries) = std::fs::read_dir(dir) {
            for entry in entries.flatten() {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        if !existed {
            let _ = std::fs::remove_dir(dir);
        }
    }
    result
}

/// What stands in the folder before anything is checked: a vault whose drawing is locked.
struct Unpacked {
    header: Header,
    opened: Vec<Opened>,
    keys: Label,
    data: Label,
}

async fn restore_into(
    files: &BackupFiles,
    dir: &Path,
    unlock: Unlock<'_>,
    heads: Option<&Heads>,
    today: Date,
) -> Result<(Vault, RestoreReport)> {
    let Unpacked { header, opened, keys, data } = unpack_both(files, dir, &unlock).await?;
    let mut vault = Vault::open_with(dir, header, opened, &unlock).await?;
    let dropped = vault.drop_records_without_keys(today).await?;
    let seen = vault.verify(today).await?;
    let why = match heads {
        Some(heads) => vault.present_heads(heads).await?,
        None => Some("restored from a backup without the newest heads of its ledgers".to_owned()),
    };
    vault.set_drawing_lock(why.clone()).await?;
    let report = RestoreReport {
        generation: data.generation,
        made: data.made,
        records: seen.records,
        dropped,
        keys_overdue: keys.destroy_by.as_ref().is_some_and(|d| *d < today.to_string()),
        drawing_locked: why,
    };
    Ok((vault, report))
}

async fn unpack_both(files: &BackupFiles, dir: &Path, unlock: &Unlock<'_>) -> Result<Unpacked> {
    let wrong = |path: &Path, why: &str| VaultError::Backup { path: path.to_owned(), why: why.into() };
    let (keys_label, _) = open_file(&files.keys)?;
    let (data_label, _) = open_file(&files.data)?;
    if keys_label.kind != Kind::Keys {
        return Err(wrong(&files.keys, "it is not the key file of a backup"));
    }
    if data_label.kind != Kind::Data {
        return Err(wrong(&files.data, "it is not the data file of a backup"));
    }
    if keys_label.vault != data_label.vault {
        return Err(wrong(&files.keys, "it belongs to another vault than the data file"));
    }
    if keys_label.generation < data_label.generation {
        // Records imported between the two would be lost for good, and look as if they had been erased.
        return Err(wrong(
            &files.keys,
            "it is older than the data file; use the key file of the same backup or a later one",
        ));
    }
    let mut header = keys_label.header.clone().ok_or_else(|| wrong(&files.keys, "its label is damaged"))?;
    header = Header::parse(&header.to_json()?)?;
    if header.vault != keys_label.vault {
        return Err(wrong(&files.keys, "its label is damaged"));
    }
    let opened = unlock_header(header.clone(), unlock).await?;
    let [key] = opened.as_slice() else {
        return Err(wrong(&files.keys, "its label is damaged"));
    };
    unpack(&files.keys, &dir.join(KEYS_DB), key.vault.derive("backup")).await?;
    let ring = {
        let keys = store::open(&dir.join(KEYS_DB), store::KEYS, 1).await?;
        let mut conn = keys.acquire().await?;
        let ring = crate::keyring::Keyring::load(&mut conn, key.vault.clone(), key.epoch, None).await?;
        drop(conn);
        keys.close().await;
        ring
    };
    unpack(&files.data, &dir.join(VAULT_DB), ring.data.derive("backup")).await?;
    prepare(dir, &ring, &keys_label).await?;
    header.write(dir)?;
    Ok(Unpacked { header, opened, keys: keys_label, data: data_label })
}

/// What must be in the database before a header makes a vault of it: drawing is locked until the restore has come to its
/// end, whatever happens to the machine; and the vault knows of the newest backup of keys that there is.
async fn prepare(dir: &Path, ring: &crate::keyring::Keyring, keys: &Label) -> Result<()> {
    let pool = store::open(&dir.join(VAULT_DB), store::VAULT, 1).await?;
    let mut conn = pool.acquire().await?;
    let stored: Option<Drawing> = setting(&mut conn, ring, DRAWING).await?;
    let locked = Drawing {
        locked: Some("a restore began here and did not come to its end".into()),
        newer: stored.map(|d| d.newer).unwrap_or_default(),
    };
    set_setting(&mut conn, ring, DRAWING, &locked).await?;
    let last: Option<LastBackup> = setting(&mut conn, ring, "last_backup").await?;
    let stored = last.unwrap_or_else(|| LastBackup {
        generation: 0,
        made: keys.made.clone(),
        keys_destroyed_by: keys.destroy_by.clone().unwrap_or_default(),
    });
    // Days as `YYYY-MM-DD` compare as text.
    let newest = LastBackup {
        generation: stored.generation.max(keys.generation),
        made: stored.made.max(keys.made.clone()),
        keys_destroyed_by: stored.keys_destroyed_by.max(keys.destroy_by.clone().unwrap_or_default()),
    };
    set_setting(&mut conn, ring, "last_backup", &newest).await?;
    drop(conn);
    pool.close().await;
    Ok(())
}

/// Opens one backup file into one database file.
async fn unpack(from: &Path, to: &Path, key: Key) -> Result<()> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let task = tokio::task::spawn_blocking(move || {
        let (label, reader) = open_file(&from)?;
        let file = store::create_private(&to)?;
        read_stream(&from, &label, &key, reader, &file)?;
        file.sync_all().map_err(|e| VaultError::io(&to, e))
    });
    task.await.map_err(|_| VaultError::Task)?
}

impl Vault {
    /// Drops records whose keys are gone: with a key file newer than the data, those erased since.
    async fn drop_records_without_keys(&mut self, today: Date) -> Result<u64> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut dropped = 0;
        let mut emptied = Vec::new();
        let mut after = 0_i64;
        loop {
            let rows = sqlx::query("SELECT id, sealed FROM page WHERE id > ? ORDER BY id LIMIT 64")
                .bind(after)
                .fetch_all(&mut *tx)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                after = row.try_get(0)?;
                let mut bytes: Vec<u8> = row.try_get(1)?;
                let keys = sqlx::query("SELECT sealed FROM page_key WHERE page = ?")
                    .bind(after)
                    .fetch_optional(&self.keys)
                    .await?;
                let keys = keys.map(|k| PageKeys::open(&self.ring.vault, after, k.try_get(0)?)).transpose()?;
                let mut gone = Vec::with_capacity(SIZE);
                for (slot, (token, sealed)) in Slots::new(&bytes)?.iter().enumerate() {
                    let there = keys.as_ref().is_some_and(|k| k.has(slot));
                    if !sealed.is_empty() && !there {
                        gone.push((slot, token));
                    }
                }
                // A whole page without keys is an undone import; a single slot is an erasure.
                let state = if keys.is_some() { 2_i64 } else { 1 };
                for (slot, token) in &gone {
                    bytes = Slots::new(&bytes)?.without(*slot);
                    sqlx::query("UPDATE record SET state = ?, page = NULL, slot = NULL WHERE token = ?")
                        .bind(state)
                        .bind(token.to_vec())
                        .execute(&mut *tx)
                        .await?;
                    if state == 2 {
                        // Withdrawals of an undone import stay: its file may come again.
                        emptied.extend(crate::erase::empty_consent(&mut tx, token).await?);
                    }
                }
                if !gone.is_empty() {
                    dropped += gone.len() as u64;
                    sqlx::query("UPDATE page SET sealed = ?, records = records - ? WHERE id = ?")
                        .bind(bytes)
                        .bind(gone.len() as i64)
                        .bind(after)
                        .execute(&mut *tx)
                        .await?;
                }
            }
        }
        if dropped > 0 {
            let entry = ErasureEntry::DroppedAtRestore { records: dropped, emptied, on: today.to_string() };
            let entry = serde_json::to_vec(&entry)?;
            history::append(&mut tx, &self.ring, ERASURE, &entry, About::default()).await?;
        }
        tx.commit().await?;
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InitOptions;
    use accord_crypto::{KdfParams, Passphrase};
    use jiff::civil::date;

    #[tokio::test]
    async fn a_restore_that_was_killed_leaves_a_vault_whose_drawing_is_locked() {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new("invented passphrase for tests").unwrap();
        let options = InitOptions {
            organisation: "Invented Shelter".into(),
            kind: "ngo".into(),
            size_bound: 1_000,
            epsilon_cap: 4.0,
            delta: 1e-6,
            kdf: KdfParams::floor(),
            on: date(2026, 11, 24),
        };
        let (vault, _) = Vault::init(&dir.path().join("v"), &passphrase, options).await.unwrap();
        vault.backup(&dir.path().join("b"), date(2026, 11, 24)).await.unwrap();
        let to = dir.path().join("r");
        make_dir(&to).unwrap();
        let files = BackupFiles::beside(&dir.path().join("b"));
        // All that a restore does up to the moment at which a vault stands there; then the power goes.
        unpack_both(&files, &to, &Unlock::Passphrase(&passphrase)).await.unwrap();
        let vault = Vault::open(&to, &passphrase).await.unwrap();
        assert!(vault.drawing_locked().unwrap().contains("did not come to its end"));
    }
}

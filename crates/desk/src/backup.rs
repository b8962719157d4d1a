//! Backup in two files: the data (sealed records and ledgers) and the keys. The data file may be kept for years: without
//! a key file it opens for nobody. The key file is short-lived, and should be kept apart from it (PRIVACY 19).
//!
//! ```text
//! file   = "ACCORD BACKUP 1\n" | length of label (u32) | label (JSON) | sealed stream
//! ```
//! The label is bound to the stream. Every byte is read back and checked before a backup is called done.

use crate::header::Header;
use crate::vault::{KEYS_DB, VAULT_DB, Vault, set_setting, setting};
use crate::{Result, VaultError, store};
use accord_crypto::Key;
use accord_crypto::stream;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::SqlitePool;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 16] = b"ACCORD BACKUP 1\n";
/// Longer labels are none.
const MAX_LABEL: u32 = 64 * 1024;
/// Days after which a backup of keys is to be destroyed.
pub const KEY_BACKUP_DAYS: i32 = 35;

/// What stands in front of a backup, readable by anyone who holds the file: no name, no figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// `data` or `keys`.
    pub kind: Kind,
    /// Which vault.
    pub vault: String,
    /// Counts up with every backup.
    pub generation: u64,
    /// Day, `YYYY-MM-DD`.
    pub made: String,
    /// Day by which it is to be destroyed (keys only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroy_by: Option<String>,
    /// The vault's header, to open the keys with (keys only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
}

/// Which half of a backup a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sealed records and ledgers.
    Data,
    /// Record keys.
    Keys,
}

/// The newest backup, as the vault remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// Counts up with every backup.
    pub generation: u64,
    /// Day, `YYYY-MM-DD`.
    pub made: String,
    /// Day by which its keys are to be destroyed.
    pub keys_destroyed_by: String,
}

/// What a backup wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// File with the sealed records and ledgers.
    pub data: PathBuf,
    /// File with the keys: keep it apart.
    pub keys: PathBuf,
    /// Counts up with every backup.
    pub generation: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// Day by which the key file is to be destroyed.
    pub keys_destroy_by: String,
    /// Newest heads at this moment: keep them apart from both.
    pub heads: crate::history::Heads,
}

/// The key file that goes with a data file.
pub fn keys_beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".keys");
    PathBuf::from(name)
}

impl Vault {
    /// Writes a backup: `out` for the data, `out.keys` for the keys. Neither may exist. Both are read back and checked.
    pub async fn backup(&self, out: &Path, on: Date) -> Result<BackupReport> {
        let _lock = self.lock().await?;
        let keys_out = keys_beside(out);
        for path in [out, &keys_out] {
            if path.exists() {
                return Err(VaultError::Backup { path: path.to_owned(), why: "it exists already".into() });
            }
        }
        let mut conn = self.pool.acquire().await?;
        let last: Option<LastBackup> = setting(&mut conn, &self.ring, "last_backup").await?;
        let destroy_by = on.checked_add(KEY_BACKUP_DAYS.days()).unwrap_or(Date::MAX).to_string();
        let last = LastBackup {
            generation: last.map_or(0, |l| l.generation) + 1,
            made: on.to_string(),
            keys_destroyed_by: destroy_by.clone(),
        };
        // Remembered first: a backup that the vault does not know of would be missing from a certificate.
        set_setting(&mut conn, &self.ring, "last_backup", &last).await?;
        drop(conn);
        let label = Label {
            kind: Kind::Data,
            vault: self.id().to_owned(),
            generation: last.generation,
            made: last.made.clone(),
            destroy_by: None,
            header: None,
        };
        let mut header = self.header.clone();
        header.epochs.retain(|e| e.epoch == self.ring.epoch);
        let keys_label =
            Label { kind: Kind::Keys, destroy_by: Some(destroy_by.clone()), header: Some(header), ..label.clone() };
        let made = async {
            let a = self.write_one(&self.pool, VAULT_DB, out, label, self.ring.data.derive("backup")).await?;
            let b =
                self.write_one(&self.keys, KEYS_DB, &keys_out, keys_label, self.ring.vault.derive("backup")).await?;
            Ok(a + b)
        };
        match made.await {
            Ok(bytes) => Ok(BackupReport {
                data: out.to_owned(),
                keys: keys_out,
                generation: last.generation,
                bytes,
                keys_destroy_by: destroy_by,
                heads: self.heads().await?,
            }),
            Err(e) => {
                // Half a backup is worse than none; both are ours, made a moment ago.
                let _ = std::fs::remove_file(out);
                let _ = std::fs::remove_file(&keys_out);
                Err(e)
            }
        }
    }

    async fn write_one(&self, pool: &SqlitePool, name: &str, out: &Path, label: Label, key: Key) -> Result<u64> {
        // A consistent copy, made by SQLite; it holds only what is sealed, and stays in the vault's own folder.
        let copy = self.dir.join(format!("{name}.copy"));
        remove_if_there(&copy)?;
        drop(store::create_private(&copy)?);
        let copied = sqlx::query("VACUUM INTO ?").bind(copy.to_string_lossy().into_owned()).execute(pool).await;
        let written = if let Err(e) = copied {
            Err(e.into())
        } else {
            let (copy, out) = (copy.clone(), out.to_owned());
            let task = tokio::task::spawn_blocking(move || {
                let bytes = write_file(&copy, &out, &label, &key)?;
                let (_, reader) = open_file(&out)?;
                read_stream(&out, &label, &key, reader, std::io::sink())?;
                Ok(bytes)
            });
            task.await.map_err(|_| VaultError::Task).and_then(|r| r)
        };
        remove_if_there(&copy)?;
        written
    }
}

pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(VaultError::io(path, e)),
        _ => Ok(()),
    }
}

fn label_bytes(label: &Label) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(label)?)
}

/// Name of the stream: binds the label to it.
fn stream_name(label: &Label) -> Result<String> {
    Ok(format!("backup/{}", hex::encode(Sha256::digest(label_bytes(label)?))))
}

fn write_file(from: &Path, to: &Path, label: &Label, key: &Key) -> Result<u64> {
    let input = BufReader::new(File::open(from).map_err(|e| VaultError::io(from, e))?);
    let file = store::create_private(to)?;
    let mut output = BufWriter::new(file);
    let text = label_bytes(label)?;
    output
        .write_all(MAGIC)
        .and_then(|()| output.write_all(&(text.len() as u32).to_le_bytes()))
        .and_then(|()| output.write_all(&text))
        .map_err(|e| VaultError::io(to, e))?;
    stream::seal(key, &stream_name(label)?, input, &mut output).map_err(|e| VaultError::stream(to, e))?;
    let file = output.into_inner().map_err(|e| VaultError::io(to, e.into_error()))?;
    file.sync_all().map_err(|e| VaultError::io(to, e))?;
    if let Some(dir) = to.parent().filter(|d| !d.as_os_str().is_empty()) {
        store::sync_dir(dir)?;
    }
    Ok(file.metadata().map_err(|e| VaultError::io(to, e))?.len())
}

/// Reads the label of a backup file; the reader stands at the sealed stream.
pub(crate) fn open_file(path: &Path) -> Result<(Label, BufReader<File>)> {
    let bad = |why: &str| VaultError::Backup { path: path.to_owned(), why: why.into() };
    let mut reader = BufReader::new(File::open(path).map_err(|e| VaultError::io(path, e))?);
    let mut front = [0_u8; 20];
    reader.read_exact(&mut front).map_err(|_| bad("it is no backup of a vault"))?;
    let (magic, len) = front.split_at(MAGIC.len());
    if magic != MAGIC {
        let ours = magic.starts_with(b"ACCORD BACKUP ");
        return Err(bad(if ours { "it was made by a newer version of accord" } else { "it is no backup of a vault" }));
    }
    let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]);
    if len > MAX_LABEL {
        return Err(bad("its label is damaged"));
    }
    let mut text = vec![0; len as usize];
    reader.read_exact(&mut text).map_err(|_| bad("it is cut short"))?;
    let label: Label = serde_json::from_slice(&text).map_err(|_| bad("its label is damaged"))?;
    if label_bytes(&label)? != text {
        return Err(bad("its label is damaged"));
    }
    Ok((label, reader))
}

/// Opens the sealed stream of a backup into `to`; whatever was written is good only if this returns `Ok`.
pub(crate) fn read_stream(
    path: &Path,
    label: &Label,
    key: &Key,
    from: BufReader<File>,
    to: impl std::io::Write,
) -> Result<u64> {
    stream::open(key, &stream_name(label)?, from, to).map_err(|e| VaultError::stream(path, e))
}

//! `vault.json`: what is needed to get at the vault key, and nothing else: format, key derivation, and the vault key
//! wrapped twice, under the passphrase and under the recovery secret.
//!
//! During a rotation it holds two epochs, the old and the new, each with the passphrase and the recovery set of its own
//! time; the key file says which one is in force. So a new passphrase opens nothing, and the old one everything, until
//! the very moment at which the key file changes over.

use crate::store::{create_private, sync_dir};
use crate::{Result, VaultError};
use accord_crypto::{Kdf, Key, Passphrase, Place, RecoverySecret, Share};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::Path;

/// Newest format that this version reads and writes.
pub const FORMAT: u32 = 1;
/// Its name in the vault's folder.
pub const FILE: &str = "vault.json";
/// Larger files are no vault headers.
const MAX_BYTES: u64 = 64 * 1024;

/// The header as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Format of the vault.
    pub format: u32,
    /// Random identifier of the vault, in hex.
    pub vault: String,
    /// The vault key of each epoch, wrapped. One, or two during a rotation.
    pub epochs: Vec<Epoch>,
}

/// One vault key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Counts up with every rotation.
    pub epoch: u64,
    /// How the passphrase of this epoch becomes a key.
    pub kdf: Kdf,
    /// Number of the set of recovery shares of this epoch.
    pub recovery_set: String,
    by_passphrase: String,
    by_recovery: String,
    /// The recovery key, sealed under this vault key, so that a rotation can wrap the next one without the shares.
    recovery_key: String,
}

/// What opens a vault.
#[derive(Debug)]
pub enum Unlock<'a> {
    /// The passphrase.
    Passphrase(&'a Passphrase),
    /// At least two recovery shares.
    Shares(&'a [Share]),
}

/// One vault key, opened.
pub(crate) struct Opened {
    /// Its number.
    pub epoch: u64,
    /// The vault key.
    pub vault: Key,
    /// The key of this epoch's passphrase; none if opened with shares.
    pub by_passphrase: Option<Key>,
}

/// What wraps a vault key: two ways in.
pub(crate) struct Wraps {
    /// How the passphrase becomes a key.
    pub kdf: Kdf,
    /// The passphrase's key.
    pub by_passphrase: Key,
    /// Number of the set of recovery shares.
    pub recovery_set: String,
    /// The recovery secret's key.
    pub by_recovery: Key,
}

impl Header {
    /// Reads and checks a header file.
    pub fn read(dir: &Path) -> Result<Header> {
        let path = dir.join(FILE);
        let size = match std::fs::metadata(&path) {
            Ok(m) => m.len(),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Err(VaultError::NotAVault(dir.to_owned()));
            }
            Err(e) => return Err(VaultError::io(path, e)),
        };
        if size > MAX_BYTES {
            return Err(VaultError::Damaged(format!("{FILE} is too large")));
        }
        Header::parse(&std::fs::read(&path).map_err(|e| VaultError::io(path, e))?)
    }

    /// Reads a header; one of a newer format is refused before anything else is looked at.
    pub fn parse(bytes: &[u8]) -> Result<Header> {
        let bad = |_| VaultError::Damaged(format!("{FILE} can't be read"));
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(bad)?;
        let found = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if found > u64::from(FORMAT) {
            return Err(VaultError::Newer { found: u32::try_from(found).unwrap_or(u32::MAX), known: FORMAT });
        }
        let header: Header = serde_json::from_value(value).map_err(bad)?;
        if header.format != FORMAT || header.epochs.is_empty() || header.epochs.len() > 2 {
            return Err(VaultError::Damaged(format!("{FILE} contradicts itself")));
        }
        Ok(header)
    }

    /// As text.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Writes it so that a crash leaves the old one or the new one, never a mixture. The old one, which wraps keys that may
    /// be meant to be gone, is overwritten once nothing needs it; on disks that write elsewhere that is an effort only.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let (path, new) = (dir.join(FILE), dir.join("vault.json.new"));
        match std::fs::remove_file(&new) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(VaultError::io(new, e)),
            _ => {}
        }
        let mut file = create_private(&new)?;
        file.write_all(&self.to_json()?).and_then(|()| file.sync_all()).map_err(|e| VaultError::io(&new, e))?;
        let old = std::fs::OpenOptions::new().write(true).open(&path);
        std::fs::rename(&new, &path).map_err(|e| VaultError::io(path, e))?;
        sync_dir(dir)?;
        if let Ok(mut old) = old {
            let len = old.metadata().map_or(0, |m| m.len()).min(MAX_BYTES);
            let _ = old.write_all(&vec![0; len as usize]).and_then(|()| old.sync_all());
        }
        Ok(())
    }

    /// The vault keys of those epochs that this opens; at least one. Slow (Argon2id) with a passphrase: call it off the
    /// async runtime.
    pub(crate) fn open(&self, unlock: &Unlock<'_>) -> Result<Vec<Opened>> {
        let recovery = match unlock {
            Unlock::Passphrase(_) => None,
            Unlock::Shares(shares) => {
                Some(RecoverySecret::combine(shares).map_err(|e| VaultError::Shares(e.to_string()))?.derive_key())
            }
        };
        let mut derived: Vec<(&Kdf, Key)> = Vec::with_capacity(2);
        let mut opened = Vec::with_capacity(self.epochs.len());
        for e in &self.epochs {
            let (key, column, text) = match (unlock, &recovery) {
                (Unlock::Passphrase(p), _) => {
                    let known = derived.iter().find(|d| *d.0 == e.kdf).map(|d| d.1.clone());
                    let key = match known {
                        Some(key) => key,
                        None => e.kdf.derive_key(p)?,
                    };
                    derived.push((&e.kdf, key.clone()));
                    (key, "by_passphrase", &e.by_passphrase)
                }
                (Unlock::Shares(shares), Some(key)) => {
                    if shares.iter().any(|s| s.set() != e.recovery_set) {
                        continue;
                    }
                    (key.clone(), "by_recovery", &e.by_recovery)
                }
                (Unlock::Shares(_), None) => continue,
            };
            let sealed = hex::decode(text).map_err(|_| VaultError::Damaged(format!("{FILE} can't be read")))?;
            if let Ok(plain) = key.open(self.place(&e.epoch.to_le_bytes(), column), &sealed) {
                let by_passphrase = recovery.is_none().then_some(key);
                opened.push(Opened { epoch: e.epoch, vault: Key::from_slice(&plain)?, by_passphrase });
            }
        }
        if opened.is_empty() { Err(self.does_not_open(unlock)) } else { Ok(opened) }
    }

    /// Why nothing that is in force opened.
    pub(crate) fn does_not_open(&self, unlock: &Unlock<'_>) -> VaultError {
        match unlock {
            Unlock::Passphrase(_) => VaultError::WrongPassphrase,
            Unlock::Shares(shares) if self.epochs.iter().any(|e| shares.iter().all(|s| s.set() == e.recovery_set)) => {
                VaultError::Shares("they are not of this vault".into())
            }
            Unlock::Shares(_) => VaultError::Shares(
                "they are of another set: of another vault, or replaced since they were printed".into(),
            ),
        }
    }

    /// Wraps a vault key for an epoch.
    pub(crate) fn wrap(&self, epoch: u64, vault: &Key, with: &Wraps) -> Result<Epoch> {
        let row = epoch.to_le_bytes();
        let wrap = |with: &Key, column, what: &Key| -> Result<String> {
            Ok(hex::encode(with.seal(self.place(&row, column), what.expose())?))
        };
        Ok(Epoch {
            epoch,
            kdf: with.kdf.clone(),
            recovery_set: with.recovery_set.clone(),
            by_passphrase: wrap(&with.by_passphrase, "by_passphrase", vault)?,
            by_recovery: wrap(&with.by_recovery, "by_recovery", vault)?,
            recovery_key: wrap(vault, "recovery_key", &with.by_recovery)?,
        })
    }

    /// One epoch.
    pub(crate) fn epoch(&self, epoch: u64) -> Result<&Epoch> {
        let found = self.epochs.iter().find(|e| e.epoch == epoch);
        found.ok_or_else(|| VaultError::Damaged(format!("{FILE} contradicts itself")))
    }

    /// The recovery key out of an epoch, opened with its vault key.
    pub(crate) fn recovery_key(&self, epoch: u64, vault: &Key) -> Result<Key> {
        let bad = || VaultError::Damaged(format!("{FILE} can't be read"));
        let e = self.epoch(epoch)?;
        let sealed = hex::decode(&e.recovery_key).map_err(|_| bad())?;
        let bytes = vault.open(self.place(&epoch.to_le_bytes(), "recovery_key"), &sealed).map_err(|_| bad())?;
        Ok(Key::from_slice(&bytes)?)
    }

    fn place<'a>(&'a self, epoch: &'a [u8], column: &'a str) -> Place<'a> {
        // The vault's own number is the table: wrapped keys can't be carried from one vault to another.
        Place::new(&self.vault, epoch, column)
    }
}

//! `vault.json`: what is needed to get at the vault key, and nothing else: format, key derivation, and the vault key
//! wrapped twice, under the passphrase and under the recovery secret.
//!
//! During a rotation it holds two epochs, the old and the new; the key file says which one is in force.

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
    /// How the passphrase becomes a key.
    pub kdf: Kdf,
    /// Number of the set of recovery shares that is in force.
    pub recovery_set: String,
    /// The vault key of each epoch, wrapped. One, or two during a rotation.
    pub epochs: Vec<Epoch>,
}

/// One vault key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Counts up with every rotation.
    pub epoch: u64,
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

/// Vault keys by epoch, with the key they were opened with.
pub(crate) struct Opened {
    /// The passphrase's key; none if opened with shares.
    pub by_passphrase: Option<Key>,
    /// Epoch and its vault key.
    pub keys: Vec<(u64, Key)>,
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

    /// Writes it so that a crash leaves the old one or the new one, never a mixture.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let (path, new) = (dir.join(FILE), dir.join("vault.json.new"));
        match std::fs::remove_file(&new) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(VaultError::io(new, e)),
            _ => {}
        }
        let mut file = create_private(&new)?;
        file.write_all(&self.to_json()?).and_then(|()| file.sync_all()).map_err(|e| VaultError::io(&new, e))?;
        std::fs::rename(&new, &path).map_err(|e| VaultError::io(path, e))?;
        sync_dir(dir)
    }

    /// The vault keys. Slow (Argon2id) with a passphrase: call it off the async runtime.
    pub(crate) fn open(&self, unlock: &Unlock<'_>) -> Result<Opened> {
        let (key, by_passphrase) = match unlock {
            Unlock::Passphrase(p) => (self.kdf.derive_key(p)?, true),
            Unlock::Shares(shares) => {
                let secret = RecoverySecret::combine(shares).map_err(|e| VaultError::Shares(e.to_string()))?;
                if shares.iter().any(|s| s.set() != self.recovery_set) {
                    return Err(VaultError::Shares(
                        "they are of another set: of another vault, or replaced since they were printed".into(),
                    ));
                }
                (secret.derive_key(), false)
            }
        };
        let mut keys = Vec::with_capacity(self.epochs.len());
        for e in &self.epochs {
            let (column, text) =
                if by_passphrase { ("by_passphrase", &e.by_passphrase) } else { ("by_recovery", &e.by_recovery) };
            let sealed = hex::decode(text).map_err(|_| VaultError::Damaged(format!("{FILE} can't be read")))?;
            let opened = key.open(self.place(&e.epoch.to_le_bytes(), column), &sealed).map_err(|_| {
                if by_passphrase {
                    VaultError::WrongPassphrase
                } else {
                    VaultError::Shares("they are not of this vault".into())
                }
            })?;
            keys.push((e.epoch, Key::from_slice(&opened)?));
        }
        Ok(Opened { by_passphrase: by_passphrase.then_some(key), keys })
    }

    /// Wraps a vault key for an epoch.
    pub(crate) fn wrap(&self, epoch: u64, vault: &Key, by_passphrase: &Key, by_recovery: &Key) -> Result<Epoch> {
        let row = epoch.to_le_bytes();
        let wrap = |with: &Key, column, what: &Key| -> Result<String> {
            Ok(hex::encode(with.seal(self.place(&row, column), what.expose())?))
        };
        Ok(Epoch {
            epoch,
            by_passphrase: wrap(by_passphrase, "by_passphrase", vault)?,
            by_recovery: wrap(by_recovery, "by_recovery", vault)?,
            recovery_key: wrap(vault, "recovery_key", by_recovery)?,
        })
    }

    /// The recovery key out of an epoch, opened with its vault key.
    pub(crate) fn recovery_key(&self, epoch: u64, vault: &Key) -> Result<Key> {
        let bad = || VaultError::Damaged(format!("{FILE} can't be read"));
        let e = self.epochs.iter().find(|e| e.epoch == epoch).ok_or_else(bad)?;
        let sealed = hex::decode(&e.recovery_key).map_err(|_| bad())?;
        let bytes = vault.open(self.place(&epoch.to_le_bytes(), "recovery_key"), &sealed).map_err(|_| bad())?;
        Ok(Key::from_slice(&bytes)?)
    }

    fn place<'a>(&'a self, epoch: &'a [u8], column: &'a str) -> Place<'a> {
        // The vault's own number is the table: wrapped keys can't be carried from one vault to another.
        Place::new(&self.vault, epoch, column)
    }
}

//! What can go wrong with a vault, one variant for each thing that a caller can act on.

use accord_crypto::CryptoError;
use accord_crypto::stream::StreamError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a vault did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The folder holds no vault.
    #[error("{0} holds no vault; make one with `accord desk init {0}`")]
    NotAVault(PathBuf),
    /// Something stands where a new vault should go.
    #[error("{0} is not empty; a vault needs a new or an empty folder")]
    NotEmpty(PathBuf),
    /// Made by a newer version.
    #[error(
        "this vault has format {found}, and this version of accord knows formats up to {known}; \
         use the newer version that made it (nothing was changed)"
    )]
    Newer {
        /// Format found.
        found: u32,
        /// Newest format known.
        known: u32,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open this vault (nothing was changed)")]
    WrongPassphrase,
    /// Recovery shares that do not open it.
    #[error("the recovery shares do not open this vault: {0}")]
    Shares(String),
    /// Somebody else is writing.
    #[error("another accord is changing this vault at this moment; wait until it has finished and try again")]
    Busy,
    /// Another program rotated the keys since this one opened the vault.
    #[error("the keys of this vault were changed by another accord; open it again (nothing was changed)")]
    Stale,
    /// No room left.
    #[error("the disk is full; nothing was changed: make room and try again")]
    DiskFull,
    /// The store contradicts itself.
    #[error("the vault is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// Rows of a file that can't be taken in.
    #[error("{0}")]
    Rows(Box<crate::import::Problems>),
    /// No record has this identifier.
    #[error("no record has this identifier")]
    NoSuchRecord,
    /// No erased record has this identifier.
    #[error("no record with this identifier was erased here")]
    NotErased,
    /// No import has this number.
    #[error("no import has number {0}; see `accord desk import list`")]
    NoSuchBatch(i64),
    /// It was undone before.
    #[error("import {0} was undone before")]
    AlreadyUndone(i64),
    /// A rule of consent forbids it.
    #[error("refused: {0}")]
    ConsentRule(&'static str),
    /// Opened with shares: a new passphrase comes first.
    #[error("this vault was opened with recovery shares: set a new passphrase first")]
    NeedsPassphrase,
    /// A setting that makes no sense.
    #[error("{0}")]
    Setting(&'static str),
    /// A backup that can't be used.
    #[error("backup {path}: {why}")]
    Backup {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Files.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// Cryptography.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// Encoding of a small sealed thing.
    #[error("sealed value can't be read: {0}")]
    Encoding(#[from] serde_json::Error),
    /// A task of the runtime ended early.
    #[error("an internal task ended early")]
    Task,
}

impl VaultError {
    /// Names the file in an input or output error; a full disk is its own variant.
    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> VaultError {
        if source.kind() == std::io::ErrorKind::StorageFull {
            return VaultError::DiskFull;
        }
        VaultError::Io { path: path.into(), source }
    }

    /// Names the backup in an error of its stream.
    pub(crate) fn stream(path: impl Into<PathBuf>, error: StreamError) -> VaultError {
        let path = path.into();
        match error {
            StreamError::Io(e) => VaultError::io(path, e),
            StreamError::Crypto(e) => VaultError::Crypto(e),
            other => VaultError::Backup { path, why: other.to_string() },
        }
    }

    /// Whether this is a refusal for safety (exit code 3) rather than a failure.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            VaultError::Newer { .. }
                | VaultError::WrongPassphrase
                | VaultError::Shares(_)
                | VaultError::ConsentRule(_)
                | VaultError::NeedsPassphrase
                | VaultError::NotEmpty(_)
                | VaultError::Setting(_)
                | VaultError::Crypto(CryptoError::WeakPassphrase(_) | CryptoError::KdfParams(_))
        ) || matches!(self, VaultError::Rows(p) if p.erased > 0)
    }
}

impl From<sqlx::Error> for VaultError {
    /// SQLite's result codes that a person can act on get their own variant.
    fn from(error: sqlx::Error) -> VaultError {
        let code = match &error {
            sqlx::Error::Database(e) => e.code().and_then(|c| c.parse::<i32>().ok()),
            sqlx::Error::PoolTimedOut => return VaultError::Busy,
            _ => None,
        };
        const IOERR_WRITE: i32 = 778;
        const IOERR_SHMSIZE: i32 = 4874;
        match code {
            Some(IOERR_WRITE | IOERR_SHMSIZE) => VaultError::DiskFull,
            Some(c) if c & 0xff == 13 => VaultError::DiskFull,
            Some(c) if c & 0xff == 5 || c & 0xff == 6 => VaultError::Busy,
            Some(c) if c & 0xff == 11 || c & 0xff == 26 => VaultError::Damaged("its database file is malformed".into()),
            _ => VaultError::Database(error),
        }
    }
}

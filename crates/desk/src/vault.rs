//! The vault itself: making one, opening one, and what the use cases share.

use crate::header::{FORMAT, Header, Opened, Unlock, Wraps};
use crate::history::Heads;
use crate::keyring::{Keyring, Token};
use crate::rotate::NewShares;
use crate::{Result, VaultError, store};
use accord_crypto::{Kdf, KdfParams, Key, Passphrase, Place, Share, random};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// File of sealed records and ledgers.
pub(crate) const VAULT_DB: &str = "vault.db";
/// File of record keys.
pub(crate) const KEYS_DB: &str = "keys.db";
const LOCK: &str = "vault.lock";

/// What a new vault is told.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Name of the organisation.
    pub organisation: String,
    /// Code of the list `reporting_entity_type`.
    pub kind: String,
    /// Public bound on the number of people (PRIVACY 4): declared, never counted.
    pub size_bound: u64,
    /// Most epsilon that each cohort's account may ever spend, at `delta`.
    pub epsilon_cap: f64,
    /// Public constant of the conversion from zCDP.
    pub delta: f64,
    /// Cost of guessing the passphrase.
    pub kdf: KdfParams,
    /// Day.
    pub on: Date,
}

/// What a vault was told, sealed in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the organisation.
    pub organisation: String,
    /// Code of the list `reporting_entity_type`.
    pub kind: String,
    /// Public bound on the number of people.
    pub size_bound: u64,
    /// Most epsilon that each cohort's account may ever spend, at `delta`.
    pub epsilon_cap: f64,
    /// Public constant of the conversion from zCDP.
    pub delta: f64,
    /// Day on which it was made, `YYYY-MM-DD`.
    pub made: String,
}

/// Name of the sealed setting that says whether anything may be drawn.
pub(crate) const DRAWING: &str = "drawing";

/// Whether anything may be drawn. Always there, and sealed: a vault without it is locked until it is restored anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drawing {
    /// Why not, if not.
    pub locked: Option<String>,
    /// Heads shown before that this vault is behind.
    pub newer: Vec<Heads>,
}

const NO_DRAWING: &str = "what the vault says about drawing was taken out of it; restore it from a backup";

/// Three shares, any two of which open the vault when the passphrase is lost. Print them, give them to three people.
#[derive(Debug)]
pub struct RecoveryShares(pub Vec<Share>);

/// An open vault. Its keys are in memory until it is dropped.
pub struct Vault {
    pub(crate) dir: PathBuf,
    pub(crate) pool: SqlitePool,
    pub(crate) keys: SqlitePool,
    pub(crate) ring: Keyring,
    pub(crate) header: Header,
    settings: Settings,
    drawing_lock: Option<String>,
}

/// Held while somebody changes a vault; released when dropped, also by the system when the program is killed.
pub struct WriteLock {
    _file: File,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.dir.display())
    }
}

/// A vault that is written but for its header: a folder without it is no vault. Show the passphrase and the shares, then
/// [`NewVault::finish`]; or [`NewVault::discard`].
pub struct NewVault {
    vault: Vault,
    shares: NewShares,
}

impl NewVault {
    /// Random identifier of the vault, in hex.
    pub fn id(&self) -> &str {
        self.vault.id()
    }

    /// The recovery shares, to print.
    pub fn shares(&self) -> &RecoveryShares {
        self.shares.shares()
    }

    /// Makes it a vault: writes the header.
    pub fn finish(self) -> Result<(Vault, RecoveryShares)> {
        self.vault.header.write(&self.vault.dir)?;
        Ok((self.vault, self.shares.into_shares()))
    }

    /// Takes away what was written.
    pub async fn discard(self) {
        let dir = self.vault.dir.clone();
        self.vault.close().await;
        // Best effort: without a header nothing of it opens anything.
        for name in [VAULT_DB, KEYS_DB, LOCK] {
            let _ = std::fs::remove_file(dir.join(name));
        }
        let _ = std::fs::remove_dir(dir);
    }
}

impl Vault {
    /// Makes a vault in a new or empty folder and opens it, all at once: for callers that keep the shares whatever comes.
    pub async fn init(dir: &Path, passphrase: &Passphrase, options: InitOptions) -> Result<(Vault, RecoveryShares)> {
        Vault::prepare(dir, passphrase, options).await?.finish()
    }

    /// Writes a vault into a new or empty folder, all but its header, so that its secrets can be shown first.
    pub async fn prepare(dir: &Path, passphrase: &Passphrase, options: InitOptions) -> Result<NewVault> {
        if options.organisation.trim().is_empty() {
            return Err(VaultError::Setting("the organisation needs a name"));
        }
        if !(options.epsilon_cap.is_finite() && options.epsilon_cap > 0.0) {
            return Err(VaultError::Setting("the cap on epsilon must be a number above 0"));
        }
        if !(options.delta > 0.0 && options.delta < 0.01) {
            return Err(VaultError::Setting("delta must lie between 0 and 0.01"));
        }
        if options.size_bound == 0 {
            return Err(VaultError::Setting("the bound on the number of people must be above 0"));
        }
        make_dir(dir)?;
        let shares = NewShares::make()?;
        let vault_key = Key::make()?;
        let kdf = Kdf::make(options.kdf)?;
        let by_passphrase = derive(kdf.clone(), passphrase.clone()).await?;
        let mut header = Header { format: FORMAT, vault: hex::encode(random::make_bytes::<16>()?), epochs: Vec::new() };
        let wraps = Wraps { kdf, by_passphrase, recovery_set: shares.set(), by_recovery: shares.derive_key() };
        header.epochs.push(header.wrap(1, &vault_key, &wraps)?);

        for name in [VAULT_DB, KEYS_DB, LOCK] {
            store::create_private(&dir.join(name))?;
        }
        let keys = store::open(&dir.join(KEYS_DB), store::KEYS, 2).await?;
        let mut tx = keys.begin_with("BEGIN IMMEDIATE").await?;
        Keyring::make(&mut tx, &vault_key, 1).await?;
        tx.commit().await?;
        let mut conn = keys.acquire().await?;
        let ring = Keyring::load(&mut conn, vault_key, 1, Some(wraps.by_passphrase)).await?;
        drop(conn);
        let pool = store::open(&dir.join(VAULT_DB), store::VAULT, 4).await?;
        let settings = Settings {
            organisation: options.organisation,
            kind: options.kind,
            size_bound: options.size_bound,
            epsilon_cap: options.epsilon_cap,
            delta: options.delta,
            made: options.on.to_string(),
        };
        let mut conn = pool.acquire().await?;
        set_setting(&mut conn, &ring, "organisation", &settings).await?;
        set_setting(&mut conn, &ring, DRAWING, &Drawing::default()).await?;
        drop(conn);
        store::truncate_wal(&keys).await?;
        store::truncate_wal(&pool).await?;
        let vault = Vault { dir: dir.to_owned(), pool, keys, ring, header, settings, drawing_lock: None };
        Ok(NewVault { vault, shares })
    }

    /// Opens a vault with its passphrase.
    pub async fn open(dir: &Path, passphrase: &Passphrase) -> Result<Vault> {
        Vault::open_by(dir, Unlock::Passphrase(passphrase)).await
    }

    /// Opens a vault with at least two recovery shares. Set a new passphrase next ([`Vault::set_passphrase`]).
    pub async fn open_with_shares(dir: &Path, shares: &[Share]) -> Result<Vault> {
        Vault::open_by(dir, Unlock::Shares(shares)).await
    }

    /// Opens a vault with whatever opens it.
    pub async fn open_by(dir: &Path, unlock: Unlock<'_>) -> Result<Vault> {
        let header = Header::read(dir)?;
        for name in [VAULT_DB, KEYS_DB] {
            if !dir.join(name).is_file() {
                return Err(VaultError::Damaged(format!("{name} is missing")));
            }
        }
        let opened = unlock_header(header.clone(), &unlock).await?;
        match Vault::open_with(dir, header, opened, &unlock).await {
            // Somebody may have rotated the keys between the header and the key file: look once more.
            Err(VaultError::Stale) => {
                let header = Header::read(dir)?;
                let opened = unlock_header(header.clone(), &unlock).await?;
                Vault::open_with(dir, header, opened, &unlock).await.map_err(|e| match e {
                    VaultError::Stale => VaultError::Damaged("keys.db does not belong to this vault.json".into()),
                    other => other,
                })
            }
            other => other,
        }
    }

    pub(crate) async fn open_with(
        dir: &Path,
        header: Header,
        opened: Vec<Opened>,
        unlock: &Unlock<'_>,
    ) -> Result<Vault> {
        let keys = store::open(&dir.join(KEYS_DB), store::KEYS, 2).await?;
        let mut conn = keys.acquire().await?;
        let row = sqlx::query("SELECT epoch FROM epoch WHERE one = 1").fetch_optional(&mut *conn).await?;
        let epoch = row.map(|r| r.try_get::<i64, _>(0)).transpose()?.unwrap_or(0) as u64;
        let Some(key) = opened.into_iter().find(|o| o.epoch == epoch) else {
            // A passphrase that opens only the epoch that a rotation never got to, or only the one before, opens nothing.
            let known = header.epochs.iter().any(|e| e.epoch == epoch);
            return Err(if known { header.does_not_open(unlock) } else { VaultError::Stale });
        };
        let ring = Keyring::load(&mut conn, key.vault, epoch, key.by_passphrase).await?;
        drop(conn);
        let pool = store::open(&dir.join(VAULT_DB), store::VAULT, 4).await?;
        let mut conn = pool.acquire().await?;
        let settings = setting(&mut conn, &ring, "organisation").await?;
        let settings = settings.ok_or_else(|| VaultError::Damaged("vault.db lacks its settings".into()))?;
        // A state that is missing was taken away: that locks.
        let drawing: Option<Drawing> = setting(&mut conn, &ring, DRAWING).await?;
        let drawing_lock = drawing.map_or_else(|| Some(NO_DRAWING.to_owned()), |d| d.locked);
        drop(conn);
        let mut vault = Vault { dir: dir.to_owned(), pool, keys, ring, header, settings, drawing_lock };
        // Whatever a crash left half done is finished now, unless somebody is at work.
        if let Ok(lock) = vault.lock().await {
            vault.finish(&lock).await?;
        }
        Ok(vault)
    }

    /// Finishes a rotation and erasures that a crash interrupted, and drops keys of pages that never came to be.
    async fn finish(&mut self, lock: &WriteLock) -> Result<()> {
        if self.header.epochs.len() > 1 {
            self.header.epochs.retain(|e| e.epoch == self.ring.epoch);
            self.header.write(&self.dir)?;
        }
        for name in [VAULT_DB, KEYS_DB] {
            // What a backup that was killed left behind.
            crate::backup::remove_if_there(&self.dir.join(format!("{name}.copy")))?;
        }
        self.destroy_pending_keys(lock).await?;
        // Logs that could not be cut when something was destroyed, because somebody was reading.
        store::truncate_wal_now(&self.keys).await?;
        store::truncate_wal_now(&self.pool).await
    }

    /// Takes the lock of those who change the vault; [`VaultError::Busy`] if somebody holds it, [`VaultError::Stale`] if
    /// somebody rotated its keys since it was opened: writing under the old ones would lose what is written.
    pub(crate) async fn lock(&self) -> Result<WriteLock> {
        let lock = self.lock_file()?;
        self.check_epoch().await?;
        Ok(lock)
    }

    /// Whether the keys in memory are those in force.
    pub(crate) async fn check_epoch(&self) -> Result<()> {
        let row = sqlx::query("SELECT epoch FROM epoch WHERE one = 1").fetch_one(&self.keys).await?;
        if row.try_get::<i64, _>(0)? as u64 == self.ring.epoch { Ok(()) } else { Err(VaultError::Stale) }
    }

    fn lock_file(&self) -> Result<WriteLock> {
        let path = self.dir.join(LOCK);
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|e| VaultError::io(&path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(WriteLock { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(VaultError::Busy),
            Err(std::fs::TryLockError::Error(e)) => Err(VaultError::io(path, e)),
        }
    }

    /// The vault's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Random identifier of the vault, in hex. Not secret.
    pub fn id(&self) -> &str {
        &self.header.vault
    }

    /// What the vault was told when it was made.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The pool of `vault.db`; write inside `begin_with("BEGIN IMMEDIATE")` only.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Why nothing may be drawn from this vault, if so (PRIVACY 20): it was restored without the newest heads.
    pub fn drawing_locked(&self) -> Option<String> {
        self.drawing_lock.clone()
    }

    pub(crate) async fn set_drawing_lock(&mut self, why: Option<String>) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        let stored: Option<Drawing> = setting(&mut conn, &self.ring, DRAWING).await?;
        if let Some(stored) = stored {
            set_setting(&mut conn, &self.ring, DRAWING, &Drawing { locked: why.clone(), ..stored }).await?;
            self.drawing_lock = why;
        }
        Ok(())
    }

    /// Shows heads kept outside. If they count ([`Vault::refuse_heads`]) and this vault holds all that they saw, and all that
    /// heads shown before saw, drawing is unlocked and `None` returned; if it doesn't hold it, drawing is locked, and the
    /// reason returned. Heads that this vault is behind are remembered: older ones shown afterwards don't unlock it. Heads
    /// that don't count change nothing; why not is returned.
    pub async fn present_heads(&mut self, heads: &Heads) -> Result<Option<String>> {
        if let Some(why) = self.refuse_heads(heads) {
            return Ok(Some(why));
        }
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let Some(mut state) = setting::<Drawing>(&mut tx, &self.ring, DRAWING).await? else {
            return Ok(Some(NO_DRAWING.into()));
        };
        let mut why = self.behind(heads).await?;
        if why.is_some() && !state.newer.contains(heads) {
            state.newer.push(heads.clone());
        }
        for newer in &state.newer {
            if why.is_none() {
                why = self.behind(newer).await?;
            }
        }
        state.locked.clone_from(&why);
        set_setting(&mut tx, &self.ring, DRAWING, &state).await?;
        tx.commit().await?;
        self.drawing_lock.clone_from(&why);
        Ok(why)
    }

    /// Seals something of a use case's own to a purpose, which should name the row: it opens only for that purpose.
    pub fn seal_blob(&self, purpose: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(self.ring.data.derive("blob").seal(Place::new("blob", purpose.as_bytes(), "sealed"), bytes)?)
    }

    /// Opens what [`Vault::seal_blob`] sealed to that purpose.
    pub fn open_blob(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.ring
            .data
            .derive("blob")
            .open(Place::new("blob", purpose.as_bytes(), "sealed"), sealed)
            .map_err(|_| VaultError::Damaged(format!("a sealed value does not open ({purpose})")))
    }

    /// How many records are there. Undebited: for the steward's eyes, never for a release (PRIVACY 4).
    pub async fn count(&self) -> Result<u64> {
        let row = sqlx::query("SELECT coalesce(sum(records), 0) FROM page").fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>(0)? as u64)
    }

    /// The token of a local identifier.
    pub(crate) fn token(&self, id: &str) -> Token {
        self.ring.token(id.trim())
    }

    /// Closes the files in order. Dropping does it too, without waiting.
    pub async fn close(self) {
        self.pool.close().await;
        self.keys.close().await;
    }
}

/// Reads a sealed setting.
pub(crate) async fn setting<T: serde::de::DeserializeOwned>(
    conn: &mut SqliteConnection,
    ring: &Keyring,
    name: &'static str,
) -> Result<Option<T>> {
    let row = sqlx::query("SELECT sealed FROM setting WHERE name = ?").bind(name).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let plain =
        ring.data.derive("setting").open(Place::new("setting", name.as_bytes(), "sealed"), row.try_get(0)?).map_err(
            |_| VaultError::Damaged("a setting does not open: vault.db and keys.db are of different vaults".into()),
        )?;
    Ok(Some(serde_json::from_slice(&plain)?))
}

/// Writes a sealed setting.
pub(crate) async fn set_setting<T: Serialize + Sync>(
    conn: &mut SqliteConnection,
    ring: &Keyring,
    name: &'static str,
    value: &T,
) -> Result<()> {
    let plain = Zeroizing::new(serde_json::to_vec(value)?);
    let sealed = ring.data.derive("setting").seal(Place::new("setting", name.as_bytes(), "sealed"), &plain)?;
    sqlx::query(
        "INSERT INTO setting (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
    )
    .bind(name)
    .bind(sealed)
    .execute(conn)
    .await?;
    Ok(())
}

/// Argon2id away from the runtime's threads.
pub(crate) async fn derive(kdf: Kdf, passphrase: Passphrase) -> Result<Key> {
    let task = tokio::task::spawn_blocking(move || kdf.derive_key(&passphrase));
    Ok(task.await.map_err(|_| VaultError::Task)??)
}

/// Opens a header away from the runtime's threads.
pub(crate) async fn unlock_header(header: Header, unlock: &Unlock<'_>) -> Result<Vec<Opened>> {
    let task = match unlock {
        Unlock::Passphrase(p) => {
            let p = (*p).clone();
            tokio::task::spawn_blocking(move || header.open(&Unlock::Passphrase(&p)))
        }
        Unlock::Shares(s) => {
            let s = s.to_vec();
            tokio::task::spawn_blocking(move || header.open(&Unlock::Shares(&s)))
        }
    };
    task.await.map_err(|_| VaultError::Task)?
}

/// A new or empty folder that only its owner can enter.
pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| VaultError::io(dir, e))?;
    let mut entries = std::fs::read_dir(dir).map_err(|e| VaultError::io(dir, e))?;
    if entries.next().is_some() {
        return Err(VaultError::NotEmpty(dir.to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(|e| VaultError::io(dir, e))?;
    }
    Ok(())
}

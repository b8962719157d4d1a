//! New keys: the vault key (after every erasure, and when a steward leaves), the passphrase, the recovery shares.
//!
//! Kill-safe in three steps: the header with both epochs; one transaction that seals the whole key file anew and sets
//! its epoch; the header with the new epoch alone. Whatever is found at the next opening is one of these three states.
//!
//! What a rotation does not do: a copy of the old key file beside the old header still opens with the passphrase of
//! that time. Backups of keys are therefore short-lived (PRIVACY 19).

use crate::header::Header;
use crate::keyring::Keyring;
use crate::vault::{RecoveryShares, Vault, WriteLock, derive};
use crate::{Result, VaultError, store};
use accord_crypto::{Kdf, Key, Passphrase, RecoverySecret, Share};
use sqlx::{Connection as _, Row as _};

impl Vault {
    /// Gives the vault a new vault key. The passphrase and the shares stay.
    pub async fn rotate(&mut self) -> Result<()> {
        let lock = self.lock().await?;
        self.rotate_locked(&lock).await
    }

    pub(crate) async fn rotate_locked(&mut self, lock: &WriteLock) -> Result<()> {
        let by_passphrase = self.ring.by_passphrase.clone().ok_or(VaultError::NeedsPassphrase)?;
        let by_recovery = self.header.recovery_key(self.ring.epoch, &self.ring.vault)?;
        let (kdf, set) = (self.header.kdf.clone(), self.header.recovery_set.clone());
        self.rekey(lock, kdf, by_passphrase, set, by_recovery).await
    }

    /// Sets a new passphrase, and a new vault key with it: the old passphrase opens nothing that is written from now on.
    pub async fn set_passphrase(&mut self, passphrase: &Passphrase) -> Result<()> {
        let lock = self.lock().await?;
        let kdf = Kdf::make(self.header.kdf.params)?;
        let by_passphrase = derive(kdf.clone(), passphrase.clone()).await?;
        let by_recovery = self.header.recovery_key(self.ring.epoch, &self.ring.vault)?;
        let set = self.header.recovery_set.clone();
        self.rekey(&lock, kdf, by_passphrase, set, by_recovery).await
    }

    /// Makes a new set of recovery shares, and a new vault key with it; the old shares open nothing any more.
    pub async fn rotate_shares(&mut self) -> Result<RecoveryShares> {
        let lock = self.lock().await?;
        let by_passphrase = self.ring.by_passphrase.clone().ok_or(VaultError::NeedsPassphrase)?;
        let secret = RecoverySecret::make()?;
        let shares = secret.split()?;
        let set = shares.first().map(Share::set).unwrap_or_default();
        let kdf = self.header.kdf.clone();
        self.rekey(&lock, kdf, by_passphrase, set, secret.derive_key()).await?;
        Ok(RecoveryShares(shares))
    }

    async fn rekey(
        &mut self,
        _lock: &WriteLock,
        kdf: Kdf,
        by_passphrase: Key,
        recovery_set: String,
        by_recovery: Key,
    ) -> Result<()> {
        let (old, new) = (self.ring.epoch, self.ring.epoch + 1);
        let key = Key::make()?;
        let mut header = Header { kdf, recovery_set, epochs: Vec::new(), ..self.header.clone() };
        let wrapped = [
            header.wrap(old, &self.ring.vault, &by_passphrase, &by_recovery)?,
            header.wrap(new, &key, &by_passphrase, &by_recovery)?,
        ];
        header.epochs.extend(wrapped);
        header.write(&self.dir)?;

        let mut conn = self.keys.acquire().await?;
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        Keyring::rewrap(&mut tx, &self.ring.vault, &key, new).await?;
        tx.commit().await?;
        drop(conn);
        self.ring.vault = key;
        self.ring.epoch = new;
        self.ring.by_passphrase = Some(by_passphrase);

        header.epochs.retain(|e| e.epoch == new);
        header.write(&self.dir)?;
        self.header = header;
        store::truncate_wal(&self.keys).await
    }

    /// Number of the vault key in force; counts up with every rotation.
    pub fn epoch(&self) -> u64 {
        self.ring.epoch
    }

    /// Destroys the keys that erasures and undone imports left to be destroyed, gives the vault a new key, and only then
    /// forgets that there was something to do. Also drops keys of pages that never came to be.
    pub(crate) async fn destroy_pending_keys(&mut self, lock: &WriteLock) -> Result<()> {
        let last: Option<i64> = sqlx::query("SELECT seq FROM sqlite_sequence WHERE name = 'page'")
            .fetch_optional(&self.pool)
            .await?
            .map(|r| r.try_get(0))
            .transpose()?;
        let pending = sqlx::query("SELECT page, slot FROM pending_key").fetch_all(&self.pool).await?;
        let mut tx = self.keys.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM page_key WHERE page > ?").bind(last.unwrap_or(0)).execute(&mut *tx).await?;
        for row in &pending {
            let (page, slot): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let Ok(slot) = usize::try_from(slot) else {
                sqlx::query("DELETE FROM page_key WHERE page = ?").bind(page).execute(&mut *tx).await?;
                continue;
            };
            let found =
                sqlx::query("SELECT sealed FROM page_key WHERE page = ?").bind(page).fetch_optional(&mut *tx).await?;
            if let Some(found) = found {
                let keys = crate::page::PageKeys::open(&self.ring.vault, page, found.try_get(0)?)?;
                sqlx::query("UPDATE page_key SET sealed = ? WHERE page = ?")
                    .bind(keys.without(&self.ring.vault, page, slot)?)
                    .bind(page)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        if pending.is_empty() {
            return Ok(());
        }
        if self.ring.by_passphrase.is_none() {
            // Opened with shares: the next opening with a passphrase goes on from here.
            return Ok(());
        }
        self.rotate_locked(lock).await?;
        sqlx::query("DELETE FROM pending_key").execute(&self.pool).await?;
        store::truncate_wal(&self.pool).await
    }
}

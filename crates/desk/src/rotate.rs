//! New keys: the vault key (after every erasure, and when a steward leaves), the passphrase, the recovery shares.
//!
//! Kill-safe in three steps: the header with both epochs, the old one untouched; one transaction that seals the whole key
//! file anew and sets its epoch; the header with the new epoch alone. Whatever is found at the next opening is one of
//! these three states, and up to the second step the old passphrase and the old shares are the ones that open it.
//!
//! A new secret takes effect at the second step. Whoever calls must have shown it to its owner before: see
//! [`Vault::renew`].
//!
//! What a rotation does not do: a copy of the old key file beside the old header still opens with the passphrase of
//! that time. Backups of keys are therefore short-lived (PRIVACY 19).

use crate::header::{Header, Wraps};
use crate::keyring::Keyring;
use crate::vault::{RecoveryShares, Vault, WriteLock, derive};
use crate::{Result, VaultError, store};
use accord_crypto::{Kdf, Key, Passphrase, RecoverySecret, Share};
use sqlx::{Connection as _, Row as _};

/// Recovery shares that open nothing yet: show them, then give them to [`Vault::renew`].
pub struct NewShares {
    secret: RecoverySecret,
    shares: RecoveryShares,
}

impl NewShares {
    /// Makes a new set.
    pub fn make() -> Result<NewShares> {
        let secret = RecoverySecret::make()?;
        let shares = RecoveryShares(secret.split()?);
        Ok(NewShares { secret, shares })
    }

    /// The shares, to print.
    pub fn shares(&self) -> &RecoveryShares {
        &self.shares
    }

    pub(crate) fn set(&self) -> String {
        self.shares.0.first().map(Share::set).unwrap_or_default()
    }

    pub(crate) fn derive_key(&self) -> Key {
        self.secret.derive_key()
    }

    pub(crate) fn into_shares(self) -> RecoveryShares {
        self.shares
    }
}

/// Whether nothing of the old keys is left in the vault's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is left.
    Yes,
    /// The new keys are in force, but somebody is reading, or the disk is full: the log of the key file or the old entry
    /// of the header goes at the next opening.
    AtNextOpening,
}

impl Vault {
    /// Gives the vault a new vault key. The passphrase and the shares stay.
    pub async fn rotate(&mut self) -> Result<Settled> {
        self.renew(None, None).await
    }

    pub(crate) async fn rotate_locked(&mut self, lock: &WriteLock) -> Result<Settled> {
        let wraps = self.wraps(None)?;
        self.rekey(lock, wraps).await
    }

    /// Sets a new passphrase, and a new vault key with it: the old passphrase opens nothing that is written from now on.
    pub async fn set_passphrase(&mut self, passphrase: &Passphrase) -> Result<Settled> {
        self.renew(Some(passphrase), None).await
    }

    /// A new vault key, with a new passphrase, new recovery shares or both in the same step; what is not given stays.
    /// **Show new secrets first:** on any error the old ones hold; once this returns `Ok`, only the new ones do.
    pub async fn renew(&mut self, passphrase: Option<&Passphrase>, shares: Option<&NewShares>) -> Result<Settled> {
        let lock = self.lock().await?;
        let new = match passphrase {
            None => None,
            Some(p) => {
                let kdf = Kdf::make(self.header.epoch(self.ring.epoch)?.kdf.params)?;
                Some((kdf.clone(), derive(kdf, p.clone()).await?))
            }
        };
        let mut wraps = self.wraps(new)?;
        if let Some(shares) = shares {
            wraps.recovery_set = shares.set();
            wraps.by_recovery = shares.derive_key();
        }
        self.rekey(&lock, wraps).await
    }

    /// What wraps the vault key now, with a new passphrase in place of the old one if there is one.
    fn wraps(&self, new: Option<(Kdf, Key)>) -> Result<Wraps> {
        let epoch = self.header.epoch(self.ring.epoch)?;
        let (kdf, by_passphrase) = match new {
            Some(new) => new,
            None => (epoch.kdf.clone(), self.ring.by_passphrase.clone().ok_or(VaultError::NeedsPassphrase)?),
        };
        let by_recovery = self.header.recovery_key(self.ring.epoch, &self.ring.vault)?;
        Ok(Wraps { kdf, by_passphrase, recovery_set: epoch.recovery_set.clone(), by_recovery })
    }

    async fn rekey(&mut self, _lock: &WriteLock, wraps: Wraps) -> Result<Settled> {
        let (old, new) = (self.ring.epoch, self.ring.epoch + 1);
        let key = Key::make()?;
        // The old epoch is copied as it is: until the key file changes over, only what opened it before opens it.
        let mut header = Header { epochs: vec![self.header.epoch(old)?.clone()], ..self.header.clone() };
        let wrapped = header.wrap(new, &key, &wraps)?;
        header.epochs.push(wrapped);
        header.write(&self.dir)?;

        let mut conn = self.keys.acquire().await?;
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        Keyring::rewrap(&mut tx, &self.ring.vault, &key, new).await?;
        tx.commit().await?;
        drop(conn);
        // From here on the new keys are in force: nothing below may be told as a failure.
        self.ring.vault = key;
        self.ring.epoch = new;
        self.ring.by_passphrase = Some(wraps.by_passphrase);
        header.epochs.retain(|e| e.epoch == new);
        let written = header.write(&self.dir).is_ok();
        self.header = header;
        let cut = store::truncate_wal(&self.keys).await.unwrap_or(false);
        Ok(if written && cut { Settled::Yes } else { Settled::AtNextOpening })
    }

    /// Number of the vault key in force; counts up with every rotation.
    pub fn epoch(&self) -> u64 {
        self.ring.epoch
    }

    /// Destroys the keys that erasures and undone imports left to be destroyed, gives the vault a new key, and only then
    /// forgets that there was something to do. Also drops keys of pages that never came to be.
    pub(crate) async fn destroy_pending_keys(&mut self, lock: &WriteLock) -> Result<Settled> {
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
            return Ok(Settled::Yes);
        }
        if self.ring.by_passphrase.is_none() {
            // Opened with shares: the next opening with a passphrase goes on from here.
            return Ok(Settled::AtNextOpening);
        }
        let settled = self.rotate_locked(lock).await?;
        sqlx::query("DELETE FROM pending_key").execute(&self.pool).await?;
        let cut = store::truncate_wal(&self.pool).await?;
        Ok(if cut { settled } else { Settled::AtNextOpening })
    }
}

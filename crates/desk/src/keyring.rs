//! The keys of an open vault: the vault key, and what hangs from it.

use crate::{Result, VaultError};
use accord_crypto::{Key, Place};
use sqlx::{Row as _, SqliteConnection};

/// Length of a record's token.
pub const TOKEN: usize = 16;
/// Opaque name of a record: a keyed hash of its local identifier.
pub type Token = [u8; TOKEN];

/// Keys in memory while a vault is open; zeroised when dropped.
pub struct Keyring {
    /// In force now; wraps everything in the key file.
    pub vault: Key,
    /// Its number.
    pub epoch: u64,
    /// The passphrase's key, to wrap the next vault key; none if opened with shares.
    pub by_passphrase: Option<Key>,
    /// For settings, ledgers and the use cases' own sealed things.
    pub data: Key,
    /// For tokens.
    blind: Key,
}

/// Names of the subkeys in the key file.
const SUBKEYS: [&str; 2] = ["data", "blind"];

impl Keyring {
    /// Writes new subkeys for a new vault.
    pub async fn make(conn: &mut SqliteConnection, vault: &Key, epoch: u64) -> Result<()> {
        sqlx::query("INSERT INTO epoch (one, epoch) VALUES (1, ?)").bind(epoch as i64).execute(&mut *conn).await?;
        for name in SUBKEYS {
            let sealed = vault.seal(subkey_place(name), Key::make()?.expose())?;
            sqlx::query("INSERT INTO subkey (name, sealed) VALUES (?, ?)")
                .bind(name)
                .bind(sealed)
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }

    /// Opens the subkeys.
    pub async fn load(
        conn: &mut SqliteConnection,
        vault: Key,
        epoch: u64,
        by_passphrase: Option<Key>,
    ) -> Result<Keyring> {
        let mut subkeys = Vec::with_capacity(SUBKEYS.len());
        for name in SUBKEYS {
            let row =
                sqlx::query("SELECT sealed FROM subkey WHERE name = ?").bind(name).fetch_optional(&mut *conn).await?;
            let row = row.ok_or_else(|| VaultError::Damaged("keys.db lacks a key".into()))?;
            let opened = vault
                .open(subkey_place(name), row.try_get(0)?)
                .map_err(|_| VaultError::Damaged("keys.db does not belong to this vault.json".into()))?;
            subkeys.push(Key::from_slice(&opened)?);
        }
        let mut subkeys = subkeys.into_iter();
        match (subkeys.next(), subkeys.next()) {
            (Some(data), Some(blind)) => Ok(Keyring { vault, epoch, by_passphrase, data, blind }),
            _ => Err(VaultError::Damaged("keys.db lacks a key".into())),
        }
    }

    /// Seals everything in the key file anew under the next vault key. One transaction is the caller's.
    pub async fn rewrap(conn: &mut SqliteConnection, old: &Key, new: &Key, epoch: u64) -> Result<()> {
        for name in SUBKEYS {
            let row = sqlx::query("SELECT sealed FROM subkey WHERE name = ?").bind(name).fetch_one(&mut *conn).await?;
            let plain = old.open(subkey_place(name), row.try_get(0)?)?;
            sqlx::query("UPDATE subkey SET sealed = ? WHERE name = ?")
                .bind(new.seal(subkey_place(name), &plain)?)
                .bind(name)
                .execute(&mut *conn)
                .await?;
        }
        let mut after = 0_i64;
        loop {
            let rows = sqlx::query("SELECT page, sealed FROM page_key WHERE page > ? ORDER BY page LIMIT 256")
                .bind(after)
                .fetch_all(&mut *conn)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                after = row.try_get(0)?;
                let page = after.to_le_bytes();
                let plain = old
                    .open(page_key_place(&page), row.try_get(1)?)
                    .map_err(|_| VaultError::Damaged(format!("keys of page {after} do not open")))?;
                sqlx::query("UPDATE page_key SET sealed = ? WHERE page = ?")
                    .bind(new.seal(page_key_place(&page), &plain)?)
                    .bind(after)
                    .execute(&mut *conn)
                    .await?;
            }
        }
        sqlx::query("UPDATE epoch SET epoch = ? WHERE one = 1").bind(epoch as i64).execute(&mut *conn).await?;
        Ok(())
    }

    /// The token of a local identifier.
    pub fn token(&self, id: &str) -> Token {
        let full = self.blind.blind("record", id.as_bytes());
        let mut token = [0; TOKEN];
        token.copy_from_slice(&full[..TOKEN]);
        token
    }
}

fn subkey_place(name: &str) -> Place<'_> {
    Place::new("subkey", name.as_bytes(), "sealed")
}

/// Where the keys of one page stand.
pub fn page_key_place(page: &[u8; 8]) -> Place<'_> {
    Place::new("page_key", page, "sealed")
}

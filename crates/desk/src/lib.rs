//! The vault of an organisation that holds case records, and the desk's use cases: import, consent, withdrawal, erasure,
//! keys, backup and restore. Case records never leave it.
//!
//! A vault is a folder: `vault.json` (key derivation, wrapped vault keys), `keys.db` (record keys), `vault.db`
//! (sealed records, ledgers), `vault.lock`. Without the passphrase only counts and opaque tokens can be read.
//!
//! **It must never know** HTML, HTTP, the hub's database, or the clock: days are parameters.
//!
//! The life of a record: [`import`] seals it under a key of its own; [`read`] streams it out to counts; [`consent`] says
//! for what it may be read; [`erase`] destroys its key; [`backup`] and [`restore`] carry vaults over; [`rotate`] gives
//! them new keys.
//!
//! Start reading at [`vault::Vault`], then [`import`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod backup;
pub mod consent;
pub mod draw;
pub mod erase;
pub mod error;
pub mod header;
pub mod history;
pub mod import;
mod keyring;
pub mod ledger;
mod page;
mod payload;
pub mod read;
pub mod restore;
pub mod rotate;
pub mod store;
pub mod vault;

pub use error::VaultError;
pub use rotate::{NewShares, Settled};
pub use vault::{InitOptions, NewVault, RecoveryShares, Settings, Vault};

/// Result of anything that a vault does.
pub type Result<T> = std::result::Result<T, VaultError>;

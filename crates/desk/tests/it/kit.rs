//! Builders shared by the tests. All people are invented.

use accord_crypto::{KdfParams, Passphrase};
use accord_desk::import::{BatchMeta, ImportReport};
use accord_desk::{InitOptions, RecoveryShares, Vault, VaultError};
use accord_record::model::{ConsentClaim, Incoming, Secret};
use accord_standard::consent::Purpose;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::path::Path;

pub const TODAY: Date = date(2026, 11, 24);

pub fn passphrase() -> Passphrase {
    Passphrase::new("invented passphrase for tests").unwrap()
}

pub fn options() -> InitOptions {
    InitOptions {
        organisation: "Invented Shelter".into(),
        kind: "ngo".into(),
        size_bound: 1_000,
        epsilon_cap: 4.0,
        delta: 1e-6,
        kdf: KdfParams::floor(),
        on: TODAY,
    }
}

pub async fn new_vault(dir: &Path) -> (Vault, RecoveryShares) {
    Vault::init(dir, &passphrase(), options()).await.unwrap()
}

pub async fn open(dir: &Path) -> Vault {
    Vault::open(dir, &passphrase()).await.unwrap()
}

pub fn meta(file: &str) -> BatchMeta {
    BatchMeta { file: file.into(), read_as: "accord".into(), on: TODAY }
}

/// An invented person with a given identifier; consents to P2, refuses P5.
pub fn person(id: &str) -> Incoming {
    let mut incoming = accord_invent::record(7, id.len() as u64);
    incoming.record.id = Secret::new(id.to_owned());
    incoming.consent = vec![
        ConsentClaim { purpose: Purpose::Statistics, given: true, date: None },
        ConsentClaim { purpose: Purpose::Microdata, given: false, date: None },
    ];
    incoming
}

pub fn people(prefix: &str, range: std::ops::Range<usize>) -> impl Iterator<Item = Incoming> {
    range.map(move |i| person(&format!("{prefix}{i}")))
}

pub async fn import(
    vault: &Vault,
    file: &str,
    people: impl IntoIterator<Item = Incoming>,
) -> Result<ImportReport, VaultError> {
    let mut writer = vault.import(meta(file)).await?;
    for p in people {
        writer.push(p).await?;
    }
    writer.commit().await
}

/// Identifier to consent for P2, for every record that can be read.
pub async fn readable(vault: &Vault) -> BTreeMap<String, bool> {
    let mut all = BTreeMap::new();
    vault
        .for_each_record(TODAY, |s| {
            let p2 = s.incoming.consent.iter().any(|c| c.purpose == Purpose::Statistics && c.given);
            assert!(all.insert(s.incoming.record.id.expose().to_owned(), p2).is_none(), "a record came twice");
            Ok::<(), VaultError>(())
        })
        .await
        .unwrap();
    all
}

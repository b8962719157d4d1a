use crate::kit::{import, new_vault, open, options, passphrase, people, readable};
use accord_crypto::{Passphrase, RecoverySecret};
use accord_desk::{NewShares, Settled, Vault, VaultError};

#[tokio::test]
async fn a_vault_opens_with_its_passphrase_and_not_with_another() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let id = vault.id().to_owned();
    vault.close().await;
    let before = std::fs::read(dir.path().join("vault.json")).unwrap();
    let wrong = Vault::open(dir.path(), &Passphrase::typed("another passphrase")).await.unwrap_err();
    assert!(matches!(wrong, VaultError::WrongPassphrase) && wrong.is_refusal());
    assert_eq!(before, std::fs::read(dir.path().join("vault.json")).unwrap());
    let vault = open(dir.path()).await;
    assert_eq!((vault.id(), vault.settings().organisation.as_str()), (id.as_str(), "Invented Shelter"));
}

#[tokio::test]
async fn only_its_owner_can_enter_a_vault() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("v");
        let (vault, _) = new_vault(&dir).await;
        import(&vault, "f", people("a", 0..3)).await.unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in std::fs::read_dir(&dir).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
    }
}

#[tokio::test]
async fn a_vault_of_a_newer_version_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    new_vault(dir.path()).await.0.close().await;
    let path = dir.path().join("vault.json");
    let text = std::fs::read_to_string(&path).unwrap();
    // A newer header may hold fields that this version doesn't know.
    std::fs::write(&path, text.replace("\"format\": 1", "\"format\": 2, \"novelty\": true")).unwrap();
    let error = Vault::open(dir.path(), &passphrase()).await.unwrap_err();
    assert!(matches!(error, VaultError::Newer { found: 2, known: 1 }), "{error}");
    assert!(error.to_string().contains("newer version"));
    std::fs::write(&path, text).unwrap();
    let vault = open(dir.path()).await;
    sqlx::raw_sql("PRAGMA user_version = 99").execute(vault.pool()).await.unwrap();
    vault.close().await;
    let error = Vault::open(dir.path(), &passphrase()).await.unwrap_err();
    assert!(matches!(error, VaultError::Newer { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn folders_that_are_no_vault_or_not_empty_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::NotAVault(_))));
    std::fs::write(dir.path().join("letter.txt"), "x").unwrap();
    assert!(matches!(Vault::init(dir.path(), &passphrase(), options()).await, Err(VaultError::NotEmpty(_))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_before_anything_is_written() {
    for change in [
        |o: &mut accord_desk::InitOptions| o.epsilon_cap = f64::NAN,
        |o: &mut accord_desk::InitOptions| o.epsilon_cap = f64::INFINITY,
        |o: &mut accord_desk::InitOptions| o.epsilon_cap = 0.0,
        |o: &mut accord_desk::InitOptions| o.epsilon_cap = -1.0,
        |o: &mut accord_desk::InitOptions| o.delta = f64::NAN,
        |o: &mut accord_desk::InitOptions| o.delta = 0.5,
        |o: &mut accord_desk::InitOptions| o.size_bound = 0,
        |o: &mut accord_desk::InitOptions| o.organisation = " ".into(),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut o = options();
        change(&mut o);
        assert!(matches!(Vault::init(dir.path(), &passphrase(), o).await, Err(VaultError::Setting(_))));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

// PRIVACY 18: recovery by two of three shares.
#[tokio::test]
async fn privacy_18_two_of_three_shares_open_a_vault_and_a_new_passphrase_follows() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, shares) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..5)).await.unwrap();
    vault.close().await;
    let s = shares.0;
    assert!(matches!(Vault::open_with_shares(dir.path(), &s[..1]).await, Err(VaultError::Shares(_))));
    let strangers = RecoverySecret::make().unwrap().split().unwrap();
    assert!(matches!(Vault::open_with_shares(dir.path(), &strangers).await, Err(VaultError::Shares(_))));

    let mut vault = Vault::open_with_shares(dir.path(), &[s[2].clone(), s[0].clone()]).await.unwrap();
    assert_eq!(readable(&vault).await.len(), 5);
    assert!(matches!(vault.rotate().await, Err(VaultError::NeedsPassphrase)));
    let new = Passphrase::new("a new invented passphrase").unwrap();
    vault.set_passphrase(&new).await.unwrap();
    let fresh = NewShares::make().unwrap();
    vault.renew(None, Some(&fresh)).await.unwrap();
    let fresh = &fresh.shares().0;
    vault.close().await;

    assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::WrongPassphrase)));
    assert!(matches!(Vault::open_with_shares(dir.path(), &s).await, Err(VaultError::Shares(_))));
    assert_eq!(readable(&Vault::open(dir.path(), &new).await.unwrap()).await.len(), 5);
    assert_eq!(readable(&Vault::open_with_shares(dir.path(), &fresh[1..]).await.unwrap()).await.len(), 5);
}

#[tokio::test]
async fn rotation_gives_new_keys_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..600)).await.unwrap();
    let header = std::fs::read(dir.path().join("vault.json")).unwrap();
    let sealed = vault.seal_blob("budget/1", b"something").unwrap();
    vault.rotate().await.unwrap();
    vault.rotate().await.unwrap();
    assert_eq!(vault.epoch(), 3);
    assert_eq!(readable(&vault).await.len(), 600);
    vault.close().await;
    let vault = open(dir.path()).await;
    assert_eq!(readable(&vault).await.len(), 600);
    assert_eq!(&**vault.open_blob("budget/1", &sealed).unwrap(), b"something");
    assert!(vault.open_blob("budget/2", &sealed).is_err());
    vault.close().await;
    // The header of before, put back, opens nothing.
    std::fs::write(dir.path().join("vault.json"), header).unwrap();
    assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::Damaged(_))));
}

#[tokio::test]
async fn privacy_18_a_header_with_weak_key_derivation_or_changed_bytes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    new_vault(dir.path()).await.0.close().await;
    let path = dir.path().join("vault.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("65536", "8")).unwrap();
    assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::Crypto(_))));
    for bad in ["", "{}", "[1]", "{\"format\":1}", "not json"] {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::Damaged(_))), "{bad}");
    }
}

#[tokio::test]
async fn ledgers_notice_an_edited_removed_or_cut_entry() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    for i in 0_u8..5 {
        vault.append(&mut tx, "budget", &[i]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let entries = vault.entries("budget").await.unwrap();
    assert_eq!(entries.iter().map(|e| (e.0, e.1[0])).collect::<Vec<_>>(), [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]);
    vault.verify_ledger("budget", None).await.unwrap();
    for damage in [
        "UPDATE ledger_entry SET sealed = x'00' WHERE seq = 2",
        "DELETE FROM ledger_entry WHERE seq = 3",
        "DELETE FROM ledger_entry WHERE seq = 5",
        "UPDATE ledger_head SET count = 4",
    ] {
        let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::raw_sql(damage).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(vault.verify_ledger("budget", None).await.is_err(), "{damage}");
        // Put things right again for the next damage.
        let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::raw_sql("DELETE FROM ledger_entry; DELETE FROM ledger_head").execute(&mut *tx).await.unwrap();
        for i in 0_u8..5 {
            vault.append(&mut tx, "budget", &[i]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_vault_whose_keys_another_program_rotated_refuses_to_write_under_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, _) = new_vault(dir.path()).await;
    import(&one, "f", people("a", 0..5)).await.unwrap();
    let mut two = open(dir.path()).await;
    one.rotate().await.unwrap();
    let today = crate::kit::TODAY;
    assert!(matches!(import(&two, "g", people("b", 0..5)).await, Err(VaultError::Stale)));
    assert!(matches!(two.rotate().await, Err(VaultError::Stale)));
    assert!(matches!(two.erase("a1", today).await, Err(VaultError::Stale)));
    assert!(matches!(two.backup(&dir.path().join("b"), today).await, Err(VaultError::Stale)));
    assert!(matches!(two.verify(today).await, Err(VaultError::Stale)));
    two.close().await;
    let two = open(dir.path()).await;
    import(&two, "g", people("b", 0..5)).await.unwrap();
    assert_eq!(readable(&one).await.len(), 10);
}

/// What a program that was killed leaves: the header with both epochs, and the key file unchanged.
async fn killed_before_the_key_file_changes_over(vault: &mut Vault, new: &Passphrase, shares: &NewShares) {
    // Somebody else writes to the key file, so that the rotation stops after its first step.
    let url = format!("sqlite://{}", vault.dir().join("keys.db").display());
    let other = sqlx::SqlitePool::connect(&url).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(matches!(vault.renew(Some(new), Some(shares)).await, Err(VaultError::Busy)));
    drop(held);
    other.close().await;
}

#[tokio::test]
async fn a_rotation_that_stops_half_way_leaves_the_old_passphrase_and_shares_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, old_shares) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..5)).await.unwrap();
    let new = Passphrase::new("a new invented passphrase").unwrap();
    let shares = NewShares::make().unwrap();
    killed_before_the_key_file_changes_over(&mut vault, &new, &shares).await;
    vault.close().await;
    let header = accord_desk::header::Header::read(dir.path()).unwrap();
    assert_eq!(header.epochs.len(), 2, "it stopped in the middle");
    assert!(matches!(Vault::open(dir.path(), &new).await, Err(VaultError::WrongPassphrase)));
    assert!(matches!(Vault::open_with_shares(dir.path(), &shares.shares().0).await, Err(VaultError::Shares(_))));
    assert_eq!(readable(&Vault::open_with_shares(dir.path(), &old_shares.0).await.unwrap()).await.len(), 5);
    let mut vault = open(dir.path()).await;
    assert_eq!(readable(&vault).await.len(), 5);
    assert_eq!(accord_desk::header::Header::read(dir.path()).unwrap().epochs.len(), 1, "tidied up at the opening");
    // And when it goes through, only the new ones open it.
    assert_eq!(vault.renew(Some(&new), Some(&shares)).await.unwrap(), Settled::Yes);
    vault.close().await;
    assert!(matches!(Vault::open(dir.path(), &passphrase()).await, Err(VaultError::WrongPassphrase)));
    assert!(matches!(Vault::open_with_shares(dir.path(), &old_shares.0).await, Err(VaultError::Shares(_))));
    assert_eq!(readable(&Vault::open(dir.path(), &new).await.unwrap()).await.len(), 5);
}

#[tokio::test]
async fn a_new_passphrase_is_set_while_somebody_reads_the_key_file_and_the_log_is_cut_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..5)).await.unwrap();
    let url = format!("sqlite://{}", dir.path().join("keys.db").display());
    let other = sqlx::SqlitePool::connect(&url).await.unwrap();
    let mut reading = other.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM page_key").fetch_one(&mut *reading).await.unwrap();
    let new = Passphrase::new("a new invented passphrase").unwrap();
    assert_eq!(vault.set_passphrase(&new).await.unwrap(), Settled::AtNextOpening);
    assert!(std::fs::metadata(dir.path().join("keys.db-wal")).unwrap().len() > 0);
    drop(reading);
    // The other program stays, so that closing the last connection isn't what cuts the log.
    vault.close().await;
    let vault = Vault::open(dir.path(), &new).await.unwrap();
    assert_eq!(std::fs::metadata(dir.path().join("keys.db-wal")).map_or(0, |m| m.len()), 0);
    assert_eq!(readable(&vault).await.len(), 5);
    other.close().await;
}

#[tokio::test]
async fn a_folder_whose_secrets_were_never_shown_is_no_vault() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("v");
    let new = Vault::prepare(&at, &passphrase(), options()).await.unwrap();
    assert!(matches!(Vault::open(&at, &passphrase()).await, Err(VaultError::NotAVault(_))));
    new.discard().await;
    assert!(!at.exists());
    new_vault(&at).await;
}

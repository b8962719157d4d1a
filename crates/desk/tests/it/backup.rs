use crate::kit::{TODAY, import, new_vault, open, passphrase, people, readable};
use accord_crypto::Passphrase;
use accord_desk::VaultError;
use accord_desk::backup::keys_beside;
use accord_desk::header::Unlock;
use accord_desk::restore::{BackupFiles, restore};
use jiff::civil::date;

#[tokio::test]
async fn a_backup_restores_to_the_same_records_with_the_passphrase_or_with_shares() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, shares) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..700)).await.unwrap();
    let out = dir.path().join("one.backup");
    let report = vault.backup(&out, TODAY).await.unwrap();
    assert_eq!(report.generation, 1);
    assert_eq!(report.keys_destroy_by, "2026-12-29");
    assert!(matches!(vault.backup(&out, TODAY).await, Err(VaultError::Backup { .. })), "never overwritten");
    assert_eq!(vault.backup(&dir.path().join("two"), TODAY).await.unwrap().generation, 2);
    let files = BackupFiles::beside(&out);
    let before = readable(&vault).await;
    let p = passphrase();
    for (name, unlock) in [("r1", Unlock::Passphrase(&p)), ("r2", Unlock::Shares(&shares.0[1..]))] {
        let (back, seen) = restore(&files, &dir.path().join(name), unlock, Some(&report.heads), TODAY).await.unwrap();
        assert_eq!((seen.records, seen.dropped, seen.drawing_locked), (700, 0, None));
        assert_eq!(readable(&back).await, before);
        assert_eq!(back.id(), vault.id());
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("v"))
            .unwrap()
            .filter(|e| { e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".copy") })
            .count(),
        0
    );
}

// PRIVACY 20.
#[tokio::test]
async fn privacy_20_without_the_newest_heads_drawing_stays_locked_until_they_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..10)).await.unwrap();
    let report = vault.backup(&dir.path().join("b"), TODAY).await.unwrap();
    let files = BackupFiles::beside(&report.data);
    let p = passphrase();
    let at = |name: &str| dir.path().join(name);
    let (mut back, seen) = restore(&files, &at("r1"), Unlock::Passphrase(&p), None, TODAY).await.unwrap();
    assert!(seen.drawing_locked.is_some() && back.drawing_locked().is_some());
    back.close().await;
    back = open(&at("r1")).await;
    assert!(back.drawing_locked().is_some(), "the lock lasts");
    assert_eq!(back.present_heads(&report.heads).await.unwrap(), None);
    assert!(back.drawing_locked().is_none());

    // Spent and erased since: the backup is older than the heads.
    let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    vault.append(&mut tx, "budget", b"a debit").await.unwrap();
    tx.commit().await.unwrap();
    let spent = vault.heads().await.unwrap();
    let (back, seen) = restore(&files, &at("r2"), Unlock::Passphrase(&p), Some(&spent), TODAY).await.unwrap();
    assert!(seen.drawing_locked.unwrap().contains("budget"));
    assert!(back.drawing_locked().is_some());
    vault.erase("a1", TODAY).await.unwrap();
    let erased = vault.heads().await.unwrap();
    let (mut back, seen) = restore(&files, &at("r3"), Unlock::Passphrase(&p), Some(&erased), TODAY).await.unwrap();
    assert!(seen.drawing_locked.unwrap().contains("erasure"));

    assert!(back.present_heads(&report.heads).await.unwrap().is_some(), "older heads don't undo what newer ones told");

    // Heads of another vault, or with a hash that isn't ours, unlock nothing.
    let mut other = report.heads.clone();
    other.vault = "00".repeat(16);
    assert!(back.present_heads(&other).await.unwrap().unwrap().contains("another vault"));
    let mut forged = report.heads.clone();
    forged.heads.get_mut("budget").unwrap().hash[0] ^= 1;
    assert!(back.present_heads(&forged).await.unwrap().unwrap().contains("changed since"));
    let mut half = report.heads.clone();
    half.heads.remove("erasure");
    assert!(back.present_heads(&half).await.unwrap().is_some());
}

// PRIVACY 19.
#[tokio::test]
async fn privacy_19_after_an_erasure_yesterdays_backup_stays_shut_under_todays_keys() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..300)).await.unwrap();
    import(&vault, "g", people("b", 0..20)).await.unwrap();
    let yesterday = vault.backup(&dir.path().join("old"), date(2026, 11, 23)).await.unwrap();
    let certificate = vault.erase("a5", TODAY).await.unwrap();
    assert!(certificate.older_backups);
    assert_eq!(certificate.older_backups_destroyed_by.as_deref(), Some("2026-12-28"));
    vault.undo_import(2, TODAY).await.unwrap();
    let today = vault.backup(&dir.path().join("new"), TODAY).await.unwrap();
    let p = passphrase();
    let mixed = BackupFiles { data: yesterday.data.clone(), keys: today.keys.clone() };
    let (back, seen) =
        restore(&mixed, &dir.path().join("r"), Unlock::Passphrase(&p), Some(&today.heads), TODAY).await.unwrap();
    let all = readable(&back).await;
    assert!(all.len() == 299 && !all.contains_key("a5") && !all.contains_key("b1"));
    assert_eq!(seen.dropped, 21);
    assert!(seen.drawing_locked.is_some());
    // The key file of that day still opens it, as the certificate says, until it is destroyed.
    let old = BackupFiles::beside(&yesterday.data);
    let (back, seen) =
        restore(&old, &dir.path().join("r2"), Unlock::Passphrase(&p), Some(&today.heads), date(2027, 1, 1))
            .await
            .unwrap();
    assert!(readable(&back).await.contains_key("a5") && seen.keys_overdue && seen.drawing_locked.is_some());
    // Keys older than the data are refused: what came between would be lost.
    let wrong = BackupFiles { data: today.data, keys: yesterday.keys };
    let error = restore(&wrong, &dir.path().join("r3"), Unlock::Passphrase(&p), None, TODAY).await.unwrap_err();
    assert!(error.to_string().contains("older than the data"), "{error}");
    assert!(!dir.path().join("r3").exists());
}

#[tokio::test]
async fn a_damaged_cut_or_foreign_backup_is_refused_and_leaves_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..300)).await.unwrap();
    let report = vault.backup(&dir.path().join("b"), TODAY).await.unwrap();
    let p = passphrase();
    let data = std::fs::read(&report.data).unwrap();
    let keys = std::fs::read(&report.keys).unwrap();
    let check = async |name: &str, data: &[u8], keys: &[u8], p: &Passphrase| {
        let path = dir.path().join(name);
        std::fs::write(&path, data).unwrap();
        std::fs::write(keys_beside(&path), keys).unwrap();
        let into = dir.path().join(format!("{name}.vault"));
        let error = restore(&BackupFiles::beside(&path), &into, Unlock::Passphrase(p), None, TODAY).await.unwrap_err();
        assert!(!into.exists(), "{name}");
        error
    };
    let flip = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0x10;
        bytes
    };
    for at in [5, 18, 40, 600, data.len() / 2, data.len() - 1] {
        check(&format!("data{at}"), &flip(&data, at), &keys, &p).await;
    }
    for at in [5, 18, 40, keys.len() / 2, keys.len() - 1] {
        check(&format!("keys{at}"), &data, &flip(&keys, at), &p).await;
    }
    for cut in [0, 10, 100, data.len() / 2, data.len() - 1] {
        check(&format!("cut{cut}"), &data[..cut], &keys, &p).await;
    }
    let wrong = check("pass", &data, &keys, &Passphrase::typed("another passphrase")).await;
    assert!(matches!(wrong, VaultError::WrongPassphrase));
    assert!(check("swap", &keys, &data, &p).await.to_string().contains("key file"));
    let newer = [b"ACCORD BACKUP 2\n", &data[16..]].concat();
    assert!(check("newer", &newer, &keys, &p).await.to_string().contains("newer version"));
    let (other, _) = new_vault(&dir.path().join("other")).await;
    let foreign = other.backup(&dir.path().join("o"), TODAY).await.unwrap();
    let foreign = check("foreign", &data, &std::fs::read(foreign.keys).unwrap(), &p).await;
    assert!(foreign.to_string().contains("another vault"), "{foreign}");
}

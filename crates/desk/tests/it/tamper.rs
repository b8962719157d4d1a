//! What somebody who can write to the vault's files, but has no key, gains by it: nothing, and it shows.

use crate::kit::{TODAY, import, new_vault, open, passphrase, people, readable};
use accord_desk::consent::Capacity;
use accord_desk::header::Unlock;
use accord_desk::restore::{BackupFiles, restore};
use accord_desk::{Vault, VaultError};
use accord_standard::consent::Purpose;
use jiff::civil::date;

async fn edit(vault: &Vault, sql: &'static str) {
    let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn try_reading(vault: &Vault) -> Result<(), VaultError> {
    vault.for_each_record(TODAY, |_| Ok::<(), VaultError>(())).await.map(|_| ())
}

#[tokio::test]
async fn entries_of_the_budget_and_of_erasures_cannot_be_emptied() {
    for ledger in ["budget", "erasure"] {
        let dir = tempfile::tempdir().unwrap();
        let (mut vault, _) = new_vault(dir.path()).await;
        import(&vault, "f", people("a", 0..3)).await.unwrap();
        let mut tx = vault.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        vault.append(&mut tx, "budget", b"a debit").await.unwrap();
        tx.commit().await.unwrap();
        vault.erase("a1", TODAY).await.unwrap();
        let heads = vault.heads().await.unwrap();
        assert_eq!(vault.present_heads(&heads).await.unwrap(), None);
        match ledger {
            "budget" => edit(&vault, "UPDATE ledger_entry SET sealed = NULL WHERE ledger = 'budget'").await,
            _ => edit(&vault, "UPDATE ledger_entry SET sealed = NULL WHERE ledger = 'erasure'").await,
        }
        assert!(matches!(vault.entries(ledger).await, Err(VaultError::Damaged(_))), "{ledger}");
        assert!(matches!(vault.verify_ledger(ledger, None).await, Err(VaultError::Damaged(_))), "{ledger}");
        assert!(matches!(vault.present_heads(&heads).await, Err(VaultError::Damaged(_))), "{ledger}");
        assert!(matches!(vault.verify(TODAY).await, Err(VaultError::Damaged(_))), "{ledger}");
    }
}

#[tokio::test]
async fn a_withdrawal_cannot_be_emptied_moved_hidden_or_taken_out() {
    for damage in [
        "UPDATE ledger_entry SET sealed = NULL WHERE ledger = 'consent' AND token IS NOT NULL",
        "UPDATE ledger_entry SET sealed = NULL, token = NULL WHERE ledger = 'consent'",
        "UPDATE ledger_entry SET token = NULL WHERE ledger = 'consent'",
        "UPDATE ledger_entry SET token = (SELECT token FROM record WHERE token <> ledger_entry.token LIMIT 1)
         WHERE ledger = 'consent'",
        "UPDATE ledger_entry SET page = 1 WHERE ledger = 'consent'",
        "UPDATE ledger_entry SET ledger = 'other' WHERE ledger = 'consent'",
        "DELETE FROM ledger_entry WHERE ledger = 'consent'",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (mut vault, _) = new_vault(dir.path()).await;
        import(&vault, "f", people("a", 0..3)).await.unwrap();
        vault.withdraw("a1", &Purpose::ALL[1..], Capacity::Person, TODAY).await.unwrap();
        let heads = vault.heads().await.unwrap();
        assert!(!readable(&vault).await["a1"]);
        edit(&vault, damage).await;
        assert!(matches!(vault.consent("a1").await, Err(VaultError::Damaged(_))), "{damage}");
        assert!(matches!(try_reading(&vault).await, Err(VaultError::Damaged(_))), "{damage}");
        assert!(matches!(vault.present_heads(&heads).await, Err(VaultError::Damaged(_))), "{damage}");
        assert!(matches!(vault.verify(TODAY).await, Err(VaultError::Damaged(_))), "{damage}");
    }
}

#[tokio::test]
async fn an_erasure_empties_the_withdrawals_of_its_person_and_the_vault_stays_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..4)).await.unwrap();
    for id in ["a1", "a2", "a1"] {
        vault.withdraw(id, &[Purpose::Statistics], Capacity::Person, TODAY).await.unwrap();
    }
    let old = vault.backup(&dir.path().join("old"), TODAY).await.unwrap();
    vault.erase("a1", TODAY).await.unwrap();
    vault.verify(TODAY).await.unwrap();
    let all = readable(&vault).await;
    assert!(all.len() == 3 && !all["a2"] && all["a3"]);
    // Also where a restore meets the erasure only by its missing key.
    let new = vault.backup(&dir.path().join("new"), TODAY).await.unwrap();
    let mixed = BackupFiles { data: old.data, keys: new.keys };
    let p = passphrase();
    let (back, _) =
        restore(&mixed, &dir.path().join("r"), Unlock::Passphrase(&p), Some(&new.heads), TODAY).await.unwrap();
    assert_eq!(readable(&back).await, all);
    back.verify(TODAY).await.unwrap();
    assert!(back.drawing_locked().is_some());
}

#[tokio::test]
async fn a_restore_that_lacks_a_withdrawal_keeps_drawing_locked() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..3)).await.unwrap();
    let report = vault.backup(&dir.path().join("b"), TODAY).await.unwrap();
    vault.withdraw("a1", &[Purpose::Statistics], Capacity::Person, TODAY).await.unwrap();
    let heads = vault.heads().await.unwrap();
    let p = passphrase();
    let files = BackupFiles::beside(&report.data);
    let (_, seen) = restore(&files, &dir.path().join("r"), Unlock::Passphrase(&p), Some(&heads), TODAY).await.unwrap();
    assert!(seen.drawing_locked.unwrap().contains("consent"));
}

#[tokio::test]
async fn the_lock_on_drawing_opens_neither_by_a_deleted_row_nor_by_heads_that_the_locked_vault_printed() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..3)).await.unwrap();
    let report = vault.backup(&dir.path().join("b"), TODAY).await.unwrap();
    let (p, at) = (passphrase(), dir.path().join("r"));
    let files = BackupFiles::beside(&report.data);
    let (mut back, _) = restore(&files, &at, Unlock::Passphrase(&p), None, TODAY).await.unwrap();
    let mut own = back.heads().await.unwrap();
    assert!(back.present_heads(&own).await.unwrap().unwrap().contains("while drawing was locked"));
    assert!(back.drawing_locked().is_some());
    own.locked = false;
    assert!(back.present_heads(&own).await.unwrap().unwrap().contains("changed since"));
    own.seal = report.heads.seal.clone();
    own.heads.insert("invented".into(), own.heads["budget"]);
    assert!(back.present_heads(&own).await.unwrap().is_some());
    assert!(back.drawing_locked().is_some());
    // Nor can it be made to forget newer heads, and then be shown older ones.
    edit(&back, "DELETE FROM setting WHERE name = 'drawing'").await;
    back.close().await;
    let mut back = open(&at).await;
    assert!(back.drawing_locked().unwrap().contains("taken out"));
    assert!(back.present_heads(&report.heads).await.unwrap().unwrap().contains("taken out"));
    back.close().await;
    assert!(open(&at).await.drawing_locked().is_some());
    // A restore anew, with heads that count, is the way out.
    let at = dir.path().join("r2");
    let (back, seen) = restore(&files, &at, Unlock::Passphrase(&p), Some(&report.heads), TODAY).await.unwrap();
    assert!(seen.drawing_locked.is_none() && back.drawing_locked().is_none());
    back.close().await;
    assert!(open(&at).await.drawing_locked().is_none());
}

#[tokio::test]
async fn heads_that_do_not_count_lock_no_vault() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    let mut heads = vault.heads().await.unwrap();
    heads.heads.get_mut("budget").unwrap().count = 9;
    assert!(vault.present_heads(&heads).await.unwrap().is_some());
    assert!(vault.drawing_locked().is_none());
}

#[tokio::test]
async fn a_record_or_a_page_that_was_taken_out_without_an_erasure_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..300)).await.unwrap();
    import(&vault, "g", people("b", 0..10)).await.unwrap();
    vault.erase("a7", TODAY).await.unwrap();
    vault.undo_import(2, TODAY).await.unwrap();
    vault.verify(TODAY).await.unwrap();
    edit(&vault, "DELETE FROM page WHERE id = 2").await;
    assert!(matches!(vault.verify(TODAY).await, Err(VaultError::Damaged(_))));
}

#[tokio::test]
async fn what_a_file_said_of_consent_goes_with_the_key_of_its_record() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..5)).await.unwrap();
    assert!(readable(&vault).await["a1"], "consent came with the file");
    vault.erase("a1", TODAY).await.unwrap();
    // No ledger says anything of what she had answered: the one of consent is empty, that of imports holds hashes.
    assert!(vault.entries("consent").await.unwrap().is_empty());
    let imports = vault.entries("import").await.unwrap();
    assert_eq!(imports.iter().map(|e| e.1.len()).collect::<Vec<_>>(), [8 + 5 * 16]);
    assert!(readable(&vault).await["a2"]);
    vault.verify(TODAY).await.unwrap();
}

#[tokio::test]
async fn an_erasure_while_somebody_reads_still_gives_its_certificate_which_can_be_had_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..5)).await.unwrap();
    import(&vault, "g", people("b", 0..3)).await.unwrap();
    for (file, id) in [("vault.db", "a1"), ("keys.db", "a2")] {
        let url = format!("sqlite://{}", dir.path().join(file).display());
        let other = sqlx::SqlitePool::connect(&url).await.unwrap();
        let mut reading = other.begin().await.unwrap();
        sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *reading).await.unwrap();
        let certificate = vault.erase(id, TODAY).await.unwrap();
        assert!(certificate.key_destroyed && certificate.remains.contains(&"logs_until_next_opening"), "{file}");
        assert_eq!(certificate.erasure_head, vault.head("erasure").await.unwrap());
        drop(reading);
        other.close().await;
    }
    // Somebody who writes to the key file: erased, but its key is there until the next opening.
    let url = format!("sqlite://{}", dir.path().join("keys.db").display());
    let other = sqlx::SqlitePool::connect(&url).await.unwrap();
    let writing = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let certificate = vault.erase("a3", TODAY).await.unwrap();
    assert!(!certificate.key_destroyed);
    // An import is undone all the same.
    assert_eq!(vault.undo_import(2, TODAY).await.unwrap(), 3);
    drop(writing);
    other.close().await;
    vault.close().await;
    let vault = open(dir.path()).await;
    let again = vault.erasure_certificate("a3").await.unwrap();
    assert!(again.key_destroyed && !again.remains.contains(&"logs_until_next_opening"));
    assert_eq!(again.erasure_head, certificate.erasure_head);
    let first = vault.erasure_certificate("a1").await.unwrap();
    assert_eq!(first.erasure_head.count, 1);
    assert!(matches!(vault.erasure_certificate("a4").await, Err(VaultError::NotErased)));
    vault.verify(TODAY).await.unwrap();
}

#[tokio::test]
async fn after_a_restore_with_later_keys_the_certificate_names_the_day_of_those() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(&dir.path().join("v")).await;
    import(&vault, "f", people("a", 0..3)).await.unwrap();
    let old = vault.backup(&dir.path().join("old"), date(2026, 11, 1)).await.unwrap();
    let new = vault.backup(&dir.path().join("new"), TODAY).await.unwrap();
    let p = passphrase();
    let mixed = BackupFiles { data: old.data, keys: new.keys };
    let (mut back, _) =
        restore(&mixed, &dir.path().join("r"), Unlock::Passphrase(&p), Some(&new.heads), TODAY).await.unwrap();
    let certificate = back.erase("a1", TODAY).await.unwrap();
    assert_eq!(certificate.older_backups_destroyed_by, Some(new.keys_destroy_by));
    assert_eq!(back.backup(&dir.path().join("next"), TODAY).await.unwrap().generation, 3);
}

#[tokio::test]
async fn a_copy_that_a_killed_backup_left_is_gone_after_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    new_vault(dir.path()).await.0.close().await;
    for name in ["vault.db.copy", "keys.db.copy"] {
        std::fs::write(dir.path().join(name), b"left behind").unwrap();
    }
    open(dir.path()).await;
    assert!(!dir.path().join("vault.db.copy").exists() && !dir.path().join("keys.db.copy").exists());
}

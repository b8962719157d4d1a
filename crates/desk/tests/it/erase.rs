use crate::kit::{TODAY, import, new_vault, open, people, person, readable};
use accord_desk::VaultError;

// PRIVACY 19: the key is destroyed, the vault key rotated, and the certificate names the day of older backups.
#[tokio::test]
async fn privacy_19_an_erased_record_is_gone_its_key_is_destroyed_and_the_certificate_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("INVENTED-", 0..300)).await.unwrap();
    let epoch = vault.epoch();
    let certificate = vault.erase("INVENTED-7", TODAY).await.unwrap();
    assert!(certificate.key_destroyed && !certificate.older_backups);
    assert!(certificate.vault_key_epoch > epoch);
    assert_eq!(certificate.erasure_head, vault.head("erasure").await.unwrap());
    let text = serde_json::to_string(&certificate).unwrap();
    assert!(!text.contains("INVENTED-7"), "{text}");
    for vault in [vault, open(dir.path()).await] {
        let all = readable(&vault).await;
        assert!(all.len() == 299 && !all.contains_key("INVENTED-7"));
        assert_eq!(vault.count().await.unwrap(), 299);
        assert!(matches!(vault.record("INVENTED-7", TODAY).await, Err(VaultError::NoSuchRecord)));
        vault.record("INVENTED-8", TODAY).await.unwrap();
        vault.verify(TODAY).await.unwrap();
    }
}

#[tokio::test]
async fn an_erased_record_does_not_come_back_with_the_next_file() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..10)).await.unwrap();
    vault.erase("a4", TODAY).await.unwrap();
    let error = import(&vault, "g", [person("new"), person("a4")]).await.unwrap_err();
    assert!(error.is_refusal());
    let VaultError::Rows(problems) = error else { panic!() };
    assert_eq!((problems.erased, problems.rows[0].0), (1, 2));
    assert!(matches!(vault.erase("a4", TODAY).await, Err(VaultError::NoSuchRecord)));
}

// PRIVACY 19: secure_delete, and the write-ahead log is cut.
#[tokio::test]
async fn privacy_19_the_bytes_of_an_erased_record_are_overwritten_and_the_log_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..3)).await.unwrap();
    let sealed: Vec<u8> = {
        let row = sqlx::query("SELECT sealed FROM page").fetch_one(vault.pool()).await.unwrap();
        sqlx::Row::get(&row, 0)
    };
    // The last 64 bytes of the page belong to record 2.
    let tail = sealed[sealed.len() - 64..].to_vec();
    let holds = |name: &str| {
        let bytes = std::fs::read(dir.path().join(name)).unwrap_or_default();
        bytes.windows(tail.len()).any(|w| w == tail)
    };
    assert!(holds("vault.db") || holds("vault.db-wal"));
    let keys = std::fs::read(dir.path().join("keys.db")).unwrap();
    vault.erase("a2", TODAY).await.unwrap();
    assert!(!holds("vault.db") && !holds("vault.db-wal"), "the sealed bytes themselves are overwritten too");
    assert_eq!(std::fs::metadata(dir.path().join("keys.db-wal")).map_or(0, |m| m.len()), 0, "the log is cut");
    assert_ne!(keys, std::fs::read(dir.path().join("keys.db")).unwrap());
}

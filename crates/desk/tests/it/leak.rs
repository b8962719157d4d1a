//! SEC-13: canary strings go in, and are looked for in every file that a vault writes.

use crate::kit::{TODAY, import, new_vault, open, passphrase, person, readable};
use accord_desk::consent::Capacity;
use accord_desk::header::Unlock;
use accord_desk::restore::{BackupFiles, restore};
use accord_record::model::{Cell, Secret};
use accord_standard::consent::Purpose;
use std::path::Path;

const ORGANISATION: &str = "Invented Shelter";

fn canary(i: usize) -> String {
    format!("Zyxwkanary{i:04}qv")
}

fn files(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every file below the folder, looked through for parts that every canary shares, in any case and in UTF-16.
fn search(dir: &Path) -> usize {
    let mut found = Vec::new();
    files(dir, &mut found);
    let wide: Vec<u8> = "Zyxwkanary".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for path in &found {
        let bytes = std::fs::read(path).unwrap();
        let lower = bytes.to_ascii_lowercase();
        for needle in [&b"zyxwkanary"[..], &wide.to_ascii_lowercase(), b"canary-file", b"invented shelter"] {
            assert!(!lower.windows(needle.len()).any(|w| w == needle), "{} holds a canary", path.display());
        }
        // As hex or base64 a canary would show too.
        for needle in [hex::encode("Zyxwkanary").into_bytes(), b"Wnl4d2thbmFye".to_vec()] {
            assert!(!bytes.windows(needle.len()).any(|w| w == needle), "{} holds a canary", path.display());
        }
    }
    found.len()
}

#[tokio::test]
async fn a_thousand_planted_names_are_found_in_no_file_of_the_vault_its_log_or_its_backups() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(&dir.path().join("v")).await;
    assert_eq!(vault.settings().organisation, ORGANISATION);
    let field = accord_standard::codebook::Codebook::embedded().field("given_name").unwrap();
    let planted = (0..1_000).map(|i| {
        let mut p = person(&canary(i));
        p.record.cells.retain(|c| c.0 != field);
        p.record.cells.push((field, Cell::Text(Secret::new(canary(i)))));
        p.record.cells.sort_by_key(|c| c.0);
        p
    });
    let mut writer = vault.import(crate::kit::meta("canary-file.csv")).await.unwrap();
    for (i, p) in planted.enumerate() {
        writer.push(p).await.unwrap();
        if i == 700 {
            // In the middle of the import, with the log full.
            search(dir.path());
        }
    }
    search(dir.path());
    writer.commit().await.unwrap();
    assert!(std::fs::metadata(dir.path().join("v/vault.db-wal")).unwrap().len() > 100_000, "the log was looked at");
    search(dir.path());
    vault.withdraw(&canary(3), &[Purpose::Statistics], Capacity::Person, TODAY).await.unwrap();
    vault.erase(&canary(4), TODAY).await.unwrap();
    let error = import(&vault, "canary-file-2", [person(&canary(5))]).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("kanary"));
    vault.backup(&dir.path().join("canary-copy"), TODAY).await.unwrap();
    let p = passphrase();
    let files = BackupFiles::beside(&dir.path().join("canary-copy"));
    let (back, _) = restore(&files, &dir.path().join("r"), Unlock::Passphrase(&p), None, TODAY).await.unwrap();
    assert!(search(dir.path()) >= 8);
    assert!(readable(&back).await.contains_key(&canary(9)), "the canaries are really there");
    vault.close().await;
    search(dir.path());
    assert_eq!(readable(&open(&dir.path().join("v")).await).await.len(), 999);
}

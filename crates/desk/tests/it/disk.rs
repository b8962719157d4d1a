use crate::kit::{TODAY, import, new_vault, open, people, readable};
use accord_desk::VaultError;
use std::path::Path;
use std::process::Command;

/// A small file system in memory; taken down when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let dir = tempfile::tempdir().unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|o| o.status.success());
        done.then(|| SmallDisk(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_during_import_backup_or_erasure_changes_nothing_and_says_so() {
    let Some(disk) = SmallDisk::mount("3m") else {
        eprintln!("skipped: a small file system can't be mounted here (needs root)");
        return;
    };
    let dir = disk.path().join("v");
    let (vault, _) = new_vault(&dir).await;
    import(&vault, "small", people("a", 0..200)).await.unwrap();
    // Found out while writing, or only when it is to be made to last.
    let error = import(&vault, "large", people("b", 0..40_000)).await.unwrap_err();
    assert!(matches!(error, VaultError::DiskFull), "{error:?}");
    assert_eq!(readable(&vault).await.len(), 200);
    vault.close().await;

    // Filled to the last byte, the vault still opens, is whole, and refuses to do more.
    let mut vault = open(&dir).await;
    let filler = disk.path().join("filler");
    let _ = std::fs::write(&filler, vec![0_u8; 3 << 20]);
    let error = vault.backup(&disk.path().join("b"), TODAY).await.unwrap_err();
    assert!(matches!(error, VaultError::DiskFull), "{error:?}");
    assert!(!disk.path().join("b").exists() && !disk.path().join("b.keys").exists());
    let erased = vault.erase("a1", TODAY).await;
    assert!(matches!(erased, Err(VaultError::DiskFull)), "{erased:?}");
    drop(vault);
    std::fs::remove_file(&filler).unwrap();
    let mut vault = open(&dir).await;
    // Whatever the failed erasure got to, it is finished now or did not begin.
    let there = readable(&vault).await.contains_key("a1");
    if there {
        vault.erase("a1", TODAY).await.unwrap();
    }
    assert_eq!(readable(&vault).await.len(), 199);
    vault.verify(TODAY).await.unwrap();
    vault.backup(&disk.path().join("b"), TODAY).await.unwrap();
}

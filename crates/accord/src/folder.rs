//! Writing folders of files: all or nothing, never over something that is there.

use accord_release::files::Files;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Said where something was measured and can't be written.
pub const KEPT: &str = "the draft was measured and can't be written. Its cost was debited and its measurements are kept in the \
     ledger: once this is mended, the same command makes it of them, and nothing is spent again";

/// Says before anything is spent whether a folder can be written with [`write_new`]: it must not be there, or be empty, and the
/// nearest folder above it that is there must take files.
pub fn can_be_made(dir: &Path) -> anyhow::Result<()> {
    is_free(dir)?;
    let absolute = std::path::absolute(dir).with_context(|| format!("{} is no path", dir.display()))?;
    let above = absolute.ancestors().skip(1).find(|above| above.exists());
    takes_files(above.unwrap_or(&absolute)).with_context(|| format!("{} can't be made", dir.display()))
}

/// Says before anything is spent whether a file can be made with [`write_synced`]: it must not be there, and its folder must be, and take files.
pub fn file_can_be_made(file: &Path) -> anyhow::Result<()> {
    if file.symlink_metadata().is_ok() {
        bail!("{} is there already; choose a new file", file.display());
    }
    let absolute = std::path::absolute(file).with_context(|| format!("{} is no path", file.display()))?;
    let folder = absolute.parent().context("it has no folder")?;
    takes_files(folder).with_context(|| format!("{} can't be made", file.display()))
}

/// Whether a folder is there and takes files, found out by making one and removing it again.
fn takes_files(folder: &Path) -> anyhow::Result<()> {
    if !folder.is_dir() {
        bail!("{} is no folder, or is not there", folder.display());
    }
    let probe = folder.join(format!(".accord-probe-{}", std::process::id()));
    let made = File::options().write(true).create_new(true).open(&probe);
    made.with_context(|| format!("the folder {} takes no files", folder.display()))?;
    std::fs::remove_file(&probe).with_context(|| format!("{} can't be removed", probe.display()))
}

/// Says early whether a folder is not there, or is empty.
pub fn is_free(dir: &Path) -> anyhow::Result<()> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                bail!("{} is there already and not empty; choose another, new folder", dir.display());
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} can't be used as a folder for output", dir.display())),
    }
}

/// Writes files into a new folder: first beside it under another name, synced to disk, then renamed. A crash leaves either
/// nothing or everything under `dir`.
pub fn write_new(dir: &Path, files: &Files) -> anyhow::Result<()> {
    is_free(dir)?;
    let absolute = std::path::absolute(dir).with_context(|| format!("{} is no path", dir.display()))?;
    let parent = absolute.parent().context("the output folder has no parent")?;
    std::fs::create_dir_all(parent).with_context(|| format!("{} can't be made", parent.display()))?;
    let name = absolute.file_name().context("the output folder has no name")?.to_string_lossy();
    let partial = parent.join(format!(".{name}.partial-{}", std::process::id()));
    let result = write_all(&partial, files).and_then(|()| {
        if absolute.is_dir() {
            // Empty, as was checked; a folder can't be renamed over another on every system.
            std::fs::remove_dir(&absolute).with_context(|| format!("{} can't be replaced", dir.display()))?;
        }
        std::fs::rename(&partial, &absolute).with_context(|| format!("{} can't be written", dir.display()))?;
        sync_dir(parent)
    });
    if result.is_err() {
        // Best effort: what is left under the other name is no release, and the error is said in any case.
        let _ = std::fs::remove_dir_all(&partial);
    }
    result
}

fn write_all(dir: &Path, files: &Files) -> anyhow::Result<()> {
    for (path, bytes) in files {
        let target = safe_join(dir, path)?;
        let parent = target.parent().context("a file has no folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("{} can't be made", parent.display()))?;
        write_synced(&target, bytes)?;
    }
    sync_dir(dir)
}

/// Writes one file and waits until it is on disk.
pub fn write_synced(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let here = || format!("{} can't be written", path.display());
    let mut file = File::create(path).with_context(here)?;
    file.write_all(bytes).with_context(here)?;
    file.sync_all().with_context(here)
}

fn sync_dir(dir: &Path) -> anyhow::Result<()> {
    // Opening a folder to sync it works on Unix only; elsewhere the rename is as durable as the system makes it.
    #[cfg(unix)]
    File::open(dir).and_then(|d| d.sync_all()).with_context(|| format!("{} can't be synced", dir.display()))?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Joins a path of a bundle to a folder; refuses what would leave it.
fn safe_join(dir: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let inside = path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\\'));
    if !inside || Path::new(path).is_absolute() {
        bail!("a file of the bundle has the unusable path {path:?}");
    }
    Ok(dir.join(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(p, b)| ((*p).to_owned(), b.as_bytes().to_vec())).collect()
    }

    #[test]
    fn what_can_not_be_written_is_found_out_before_and_nothing_is_left_behind() {
        let temp = tempfile::tempdir().unwrap();
        let (file, none) = (temp.path().join("file"), temp.path().join("none"));
        std::fs::write(&file, "x").unwrap();
        can_be_made(&none.join("deep/out")).unwrap();
        file_can_be_made(&temp.path().join("c.json")).unwrap();
        for dir in [file.join("out"), file.clone(), file.join("deep/out")] {
            assert!(can_be_made(&dir).is_err(), "{}", dir.display());
        }
        for new in [none.join("c.json"), file.join("c.json"), file.clone(), temp.path().to_path_buf()] {
            assert!(file_can_be_made(&new).is_err(), "{}", new.display());
        }
        #[cfg(target_os = "linux")]
        for dir in ["/proc/out", "/proc/deep/out"] {
            let said = format!("{:#}", can_be_made(Path::new(dir)).unwrap_err());
            assert!(said.contains("takes no files"), "{said}");
        }
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_written_whole_or_not_at_all() {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        write_new(&out, &files(&[("a.csv", "1"), ("tables/b.csv", "2")])).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("tables/b.csv")).unwrap(), "2");
        let again = write_new(&out, &files(&[("a.csv", "changed")])).unwrap_err();
        assert!(again.to_string().contains("not empty"));
        assert_eq!(std::fs::read_to_string(out.join("a.csv")).unwrap(), "1");
        let other = temp.path().join("other");
        assert!(write_new(&other, &files(&[("a.csv", "1"), ("../escape", "2")])).is_err());
        assert!(!other.exists() && !temp.path().join("escape").exists());
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1, "a partial folder was left behind");
    }
}

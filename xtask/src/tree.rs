//! The project's text files, read once: paths with forward slashes from the root, and their contents.

use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Text files by path. Files that are not UTF-8 (pictures, workbooks) are known by name only.
#[derive(Debug, Default)]
pub struct Tree {
    /// Contents by path.
    pub text: BTreeMap<String, String>,
    /// Paths of files that are not text.
    pub other: Vec<String>,
}

impl Tree {
    /// Reads what git tracks or would track; without git, everything that is not built.
    pub fn read(root: &Path) -> anyhow::Result<Tree> {
        let paths = match tracked(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut tree = Tree::default();
        for path in paths {
            match std::fs::read(root.join(&path)) {
                Ok(bytes) => match String::from_utf8(bytes) {
                    Ok(text) => {
                        tree.text.insert(path, text);
                    }
                    Err(_) => tree.other.push(path),
                },
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {} // deleted, not yet committed
                Err(error) => return Err(error).with_context(|| path),
            }
        }
        Ok(tree)
    }

    /// Whether a file or folder of this path is in the tree.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.text.contains_key(path)
            || self.other.iter().any(|p| p == path || p.starts_with(&folder))
            || self.text.range(folder.clone()..).next().is_some_and(|(p, _)| p.starts_with(&folder))
    }

    /// Files under a folder with an ending.
    pub fn under<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.text
            .iter()
            .filter(move |(p, _)| p.starts_with(folder) && p.ends_with(ending))
            .map(|(p, t)| (p.as_str(), t.as_str()))
    }

    /// A tree made of given files.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        Tree { text: files.iter().map(|(p, t)| ((*p).into(), (*t).into())).collect(), other: Vec::new() }
    }
}

/// The root of the workspace: the folder above this crate's.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let out = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|out| out.status.success())?;
    let text = String::from_utf8(out.stdout).ok()?;
    Some(text.split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect())
}

fn walked(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                if !matches!(name.as_str(), ".git" | "target" | "node_modules" | "out" | ".accord-demo") {
                    folders.push(path);
                }
            } else {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_there_when_a_file_in_it_is() {
        let tree = Tree::of(&[("docs/src/a.md", "")]);
        assert!(tree.has("docs"));
        assert!(tree.has("docs/src/"));
        assert!(tree.has("docs/src/a.md"));
        assert!(!tree.has("doc"));
        assert!(!tree.has("docs/src/b.md"));
    }

    #[test]
    fn the_tree_is_read_without_git_too() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/target")).unwrap();
        std::fs::write(dir.path().join("a/x.md"), "hello").unwrap();
        std::fs::write(dir.path().join("a/target/y.md"), "built").unwrap();
        std::fs::write(dir.path().join("a/z.png"), [0xff, 0xfe, 0x00]).unwrap();
        let mut paths = walked(dir.path()).unwrap();
        paths.sort();
        assert_eq!(paths, ["a/x.md", "a/z.png"]);
        let tree = Tree::read(dir.path()).unwrap();
        assert_eq!(tree.text["a/x.md"], "hello");
        assert_eq!(tree.other, ["a/z.png"]);
    }
}

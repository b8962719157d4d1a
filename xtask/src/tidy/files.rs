//! Sizes, openings and stray paths.

use super::{Level, Note};
use crate::tree::Tree;
use std::collections::BTreeMap;

/// Rust files over this many lines are looked at again.
const LONG: usize = 400;
/// Rust files over this many lines are split.
const TOO_LONG: usize = 700;

/// One subject a file: warn over 400 lines, fail over 700 unless `allowed` says why.
pub fn check_sizes(tree: &Tree, allowed: &BTreeMap<String, String>, notes: &mut Vec<Note>) {
    for (path, text) in tree.under("", ".rs") {
        let lines = text.lines().count();
        let (level, text) = match lines {
            0..=LONG => continue,
            _ if allowed.contains_key(path) => continue,
            n if n > TOO_LONG => (Level::Fail, format!("{n} lines: split it, one subject a file")),
            n => (Level::Warn, format!("{n} lines: is it still one subject?")),
        };
        notes.push(Note { level, check: "size", place: path.into(), text });
    }
    for path in allowed.keys().filter(|p| !tree.text.contains_key(p.as_str())) {
        let text = "is excused in xtask/arrows.toml but does not exist".into();
        notes.push(Note { level: Level::Fail, check: "size", place: path.clone(), text });
    }
}

/// Crates and modules open with what they are for: every Rust source file of a crate starts with `//!`.
pub fn check_openings(tree: &Tree, notes: &mut Vec<Note>) {
    for (path, text) in tree.under("", ".rs") {
        let (Some((folder, _)), name) = (path.rsplit_once("/src/"), path.rsplit('/').next().unwrap_or(path)) else {
            continue;
        };
        let opens =
            text.lines().find(|l| !l.trim().is_empty() && !l.starts_with("#!")).is_some_and(|l| l.starts_with("//!"));
        if opens {
            continue;
        }
        let root = path == format!("{folder}/src/lib.rs") || path == format!("{folder}/src/main.rs");
        let test = name == "tests.rs" || path.contains("/tests/");
        let level = if root { Level::Fail } else { Level::Warn };
        if !test {
            let text = "does not open with `//!`: what it is for, what it must never know".into();
            notes.push(Note { level, check: "opening", place: path.into(), text });
        }
    }
}

/// No path of somebody's machine in a file of the project.
pub fn check_paths(tree: &Tree, notes: &mut Vec<Note>) {
    // Written in pieces, so that this file does not find itself.
    let stray = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["/Us", "ers/"].concat()];
    for (path, text) in &tree.text {
        for (number, line) in text.lines().enumerate() {
            if stray.iter().any(|s| holds_path(line, s)) || line.contains(&["C:", "\\Users"].concat()) {
                let text = "names a path of one machine".into();
                notes.push(Note { level: Level::Fail, check: "paths", place: format!("{path}:{}", number + 1), text });
            }
        }
    }
}

/// Whether the needle stands at the start of a path, not inside a longer one or an address.
fn holds_path(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | '$' | '~' | '*'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_warn_and_very_long_ones_fail_unless_excused() {
        let (long, very_long) = ("x\n".repeat(401), "x\n".repeat(701));
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &very_long), ("c.rs", &very_long), ("d.rs", "x\n")]);
        let mut notes = Vec::new();
        check_sizes(&tree, &BTreeMap::from([("c.rs".into(), "a table".into())]), &mut notes);
        let found: Vec<_> = notes.iter().map(|n| (n.place.as_str(), n.level)).collect();
        assert_eq!(found, [("a.rs", Level::Warn), ("b.rs", Level::Fail)]);
    }

    #[test]
    fn a_crate_that_does_not_say_what_it_is_for_fails() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "#![allow(x)]\n\n//! What.\n"),
            ("crates/b/src/lib.rs", "pub fn x() {}\n"),
            ("crates/b/src/deep.rs", "pub fn x() {}\n"),
            ("crates/b/src/deep/tests.rs", "fn x() {}\n"),
            ("crates/b/tests/it/main.rs", "mod x;\n"),
        ]);
        let mut notes = Vec::new();
        check_openings(&tree, &mut notes);
        let found: Vec<_> = notes.iter().map(|n| (n.place.as_str(), n.level)).collect();
        assert_eq!(found, [("crates/b/src/deep.rs", Level::Warn), ("crates/b/src/lib.rs", Level::Fail)]);
    }

    #[test]
    fn a_path_of_one_machine_fails_and_an_address_does_not() {
        let home = ["/ho", "me/"].concat();
        let bad = format!("see `{home}ana/notes`");
        let good = format!("https://example.org{home}page and $X{home}y and a{home}b");
        let tree = Tree::of(&[("a.md", &bad), ("b.md", &good)]);
        let mut notes = Vec::new();
        check_paths(&tree, &mut notes);
        assert_eq!(notes.iter().map(|n| n.place.as_str()).collect::<Vec<_>>(), ["a.md:1"]);
    }
}

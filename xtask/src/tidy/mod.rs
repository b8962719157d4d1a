//! `cargo xtask tidy`: what the compiler cannot check, one file a check.
//!
//! Every check is a function from the project's files (or cargo's metadata) to [`Note`]s. A failing note makes the
//! command fail; a warning is printed and lives on.

mod arrows;
mod code;
mod files;
mod links;
mod noise;
mod privacy;
mod words;

use crate::say;
use crate::tree::{Tree, root};
use anyhow::Context;

/// How grave a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something said for information: a total, a list.
    Say,
    /// Look at it again.
    Warn,
    /// Must be mended.
    Fail,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How grave.
    pub level: Level,
    /// Which check.
    pub check: &'static str,
    /// Where: a path, a crate, a rule.
    pub place: String,
    /// What, in words.
    pub text: String,
}

/// Runs all checks. `quiet` leaves out warnings. Whether nothing failed.
pub fn run(quiet: bool) -> anyhow::Result<bool> {
    let root = root();
    let tree = Tree::read(&root)?;
    let read = |path: &str| tree.text.get(path).with_context(|| format!("{path} is missing"));
    let table = arrows::Table::parse(read("xtask/arrows.toml")?)?;
    let excused = privacy::Excused::parse(read("xtask/privacy.toml")?)?;
    let metadata = arrows::metadata(&root)?;

    let mut notes = Vec::new();
    arrows::check(&metadata, &table, &mut notes)?;
    arrows::check_closure(&metadata, &table, &mut notes)?;
    files::check_sizes(&tree, &table.sizes, &mut notes);
    files::check_openings(&tree, &mut notes);
    files::check_paths(&tree, &mut notes);
    words::check_locales(&tree, &mut notes);
    words::check_codes(&tree, &mut notes)?;
    noise::check(&tree, &table.noise_path, &mut notes);
    privacy::check(&tree, &excused, &mut notes);
    links::check_links(&tree, &mut notes);
    links::check_summary(&tree, &mut notes);

    notes.sort_by(|a, b| a.level.cmp(&b.level).then_with(|| a.check.cmp(b.check)).then_with(|| a.place.cmp(&b.place)));
    for note in &notes {
        let mark = match note.level {
            Level::Say => "    ",
            Level::Warn if quiet => continue,
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        say(&format!("{mark} {:<8} {}: {}", note.check, note.place, note.text));
    }
    let count = |level| notes.iter().filter(|n| n.level == level).count();
    let (failed, warned) = (count(Level::Fail), count(Level::Warn));
    say(&format!("tidy: {} files read, {failed} failed, {warned} to look at", tree.text.len() + tree.other.len()));
    Ok(failed == 0)
}

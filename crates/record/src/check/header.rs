//! The header: which crosswalk a file follows, and what becomes of each of its columns.

use accord_standard::codebook::{Class, Codebook, Kind, Level};
use accord_standard::consent::Purpose;
use accord_standard::crosswalk::{ColumnMap, ColumnRule, Crosswalk, LEGAL_BASIS};
use accord_standard::spelling::{fold, nearest};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Why a header is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Columns that the crosswalk does not know, each with what may have been meant.
    #[error("{}", unknown_columns(.columns, .crosswalk))]
    Unknown {
        /// The crosswalk that was applied.
        crosswalk: String,
        /// Columns and suggestions.
        columns: Vec<(String, Option<String>)>,
    },
    /// Columns that must be there.
    #[error("the column {} is missing; it is needed to tell records apart", names(.0))]
    Missing(Vec<String>),
    /// Columns that stand there more than once.
    #[error("columns stand there more than once: {}", names(.0))]
    Twice(Vec<String>),
    /// No crosswalk fits.
    #[error(
        "the columns fit no known standard (accord, ctdc, htcds); name them in a mapping file and give it with --as"
    )]
    NoCrosswalk,
    /// A mapping that names what the codebook does not have.
    #[error("the mapping is wrong at column {}: {why}", name(.column))]
    Mapping {
        /// Column of the mapping.
        column: String,
        /// What is wrong.
        why: String,
    },
}

/// A column's name for a message: short, and nothing in it commands a terminal or turns the text's direction.
fn name(column: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out: String = column.chars().take(60).map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect();
    if column.chars().nth(60).is_some() {
        out.push('…');
    }
    format!("`{out}`")
}

/// Names of columns for a message: the first twenty.
fn names(columns: &[String]) -> String {
    let mut out = columns.iter().take(20).map(|c| name(c)).collect::<Vec<_>>().join(", ");
    if columns.len() > 20 {
        let _ = write!(out, " and {} more", columns.len() - 20);
    }
    out
}

fn unknown_columns(columns: &[(String, Option<String>)], crosswalk: &str) -> String {
    let mut out = format!("columns that `{crosswalk}` does not know: ");
    for (i, (name, meant)) in columns.iter().take(20).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        let _ = write!(out, "{}", self::name(name));
        if let Some(meant) = meant {
            let _ = write!(out, " (did you mean {}?)", self::name(meant));
        }
    }
    if columns.len() > 20 {
        let _ = write!(out, " and {} more", columns.len() - 20);
    }
    out
}

/// Column names of one crosswalk.
pub(super) struct Names<'w> {
    pub(super) walk: &'w Crosswalk,
    book: &'w Codebook,
    /// Indices into the crosswalk's columns by folded name.
    by_name: BTreeMap<String, Vec<usize>>,
    /// The record's own columns take any number of events.
    own: bool,
}

impl<'w> Names<'w> {
    pub(super) fn new(walk: &'w Crosswalk, book: &'w Codebook) -> Names<'w> {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, column) in walk.columns.iter().enumerate() {
            for name in std::iter::once(&column.name).chain(&column.aliases) {
                let of_name = by_name.entry(key(name)).or_default();
                if of_name.last() != Some(&i) {
                    of_name.push(i);
                }
            }
        }
        Names { walk, book, by_name, own: walk.id == "accord" }
    }

    /// What becomes of a column: place in the crosswalk and rule. `None` if it is not known.
    pub(super) fn column(&self, name: &str) -> Option<Vec<(usize, ColumnMap)>> {
        let name = name.trim().trim_start_matches('\u{feff}');
        if let Some(found) = self.by_name.get(&key(name)) {
            return Some(found.iter().map(|i| (*i, self.walk.columns[*i].clone())).collect());
        }
        if !self.own {
            return None;
        }
        own_column(self.book, name).map(|column| vec![(usize::MAX, column)])
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        let name = name.trim().trim_start_matches('\u{feff}');
        self.by_name.contains_key(&key(name)) || (self.own && own_column(self.book, name).is_some())
    }

    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.walk.columns.iter().map(|c| c.name.as_str())).map(str::to_owned)
    }

    /// The column of the record's identifier, if the crosswalk has one.
    pub(super) fn id_column(&self) -> Option<&'w ColumnMap> {
        self.walk.columns.iter().find(|c| c.rule == ColumnRule::RecordId)
    }

    /// Share of a header that is known, in thousandths.
    pub(super) fn share(&self, header: &[String]) -> usize {
        header.iter().filter(|h| self.knows(h)).count() * 1000 / header.len().max(1)
    }
}

/// Headers are compared without regard to case, blanks and signs, except for the dots of paths.
fn key(name: &str) -> String {
    name.split('.').map(fold).collect::<Vec<_>>().join(".")
}

/// A column of the record itself by its path, whatever the number of the event.
fn own_column(book: &Codebook, name: &str) -> Option<ColumnMap> {
    let lower = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let column = |field: String, rule| ColumnMap {
        name: name.to_owned(),
        aliases: Vec::new(),
        field,
        rule,
        values: BTreeMap::new(),
        codes: Vec::new(),
        note: String::new(),
    };
    if lower == "record_id" {
        return Some(column(String::new(), ColumnRule::RecordId));
    }
    if lower == LEGAL_BASIS {
        return Some(column(lower, ColumnRule::Code));
    }
    if let Some(purpose) = lower.strip_prefix("consent_").and_then(Purpose::from_code) {
        return Some(column(purpose.code().to_owned(), ColumnRule::Consent));
    }
    let (id, number) = book.column(&lower)?;
    let field = book.get(id);
    if (field.level == Level::Record) != number.is_none() {
        return None;
    }
    Some(column(lower, rule_of(field.kind)))
}

/// The rule that reads a kind of field as it stands.
pub(super) fn rule_of(kind: Kind) -> ColumnRule {
    match kind {
        Kind::Text => ColumnRule::Text,
        Kind::Code => ColumnRule::Code,
        Kind::Codes => ColumnRule::Codes,
        Kind::Integer => ColumnRule::Integer,
        Kind::Age => ColumnRule::Age,
        Kind::Date => ColumnRule::Date,
    }
}

/// True if cells of the field must not be quoted anywhere.
pub(super) fn is_secret(class: Class) -> bool {
    class == Class::Direct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_commands_a_terminal_is_quoted_without_its_commands() {
        let hostile = || format!("\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\nok: {}", "x".repeat(500));
        let errors = [
            HeaderError::Unknown { crosswalk: "accord".into(), columns: vec![(hostile(), Some(hostile()))] },
            HeaderError::Missing(vec![hostile()]),
            HeaderError::Twice(vec![hostile(); 1000]),
            HeaderError::Mapping { column: hostile(), why: "of no reason".into() },
        ];
        for error in errors {
            let said = error.to_string();
            assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
            assert!(said.len() < 2_500, "{} bytes", said.len());
        }
    }
}

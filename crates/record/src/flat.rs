//! Flat tables of categories, of any columns: their header, the values that stand in them, and their rows as codes of a
//! public domain ([`accord_standard::columns`]).
//!
//! **Each row by itself**: what becomes of a row depends on this row and on what was declared, never on another row
//! (PRIVACY 1). So, by rule:
//! - a row with fewer or more cells than the header, one that is no JSON object of plain values, and one in which every
//!   cell is blank, is left out; so is a row that does not say whose it is, where rows belong to people;
//! - cells of a sheet that stand beside the header's columns are passed over;
//! - a cell that is not in its column's domain (also: that can't be decoded, or is a spreadsheet formula) becomes the
//!   column's `other`, and blank where it has none; a formula is always blank, as it may read other rows;
//! - the encoding is the declared one, or what the first bytes show, or UTF-8;
//! - a quotation that is not closed ends the reading, as it could swallow the rows after it.
//!
//! **It must never know** what a column means. What it notices has no numbers: they would be exact counts of confidential
//! data.
//!
//! Start reading at [`encode`], then [`infer`] and [`header`].

mod code;
mod encode;
mod identifying;
mod infer;

pub use encode::{Block, Coding, Noticed, encode};
pub use infer::{Infer, Inferred, infer};

use crate::input::{self, Body, Cells, Flow, Format, Found, Hints, InputError, Row, Sink};
use accord_standard::columns::{MAX_COLUMNS, MAX_INFERRED, MAX_TEXT};
use std::io::Read;

/// Lines of a JSON file that its columns are learnt from.
const OBJECTS: usize = 1_000;
/// Names that an error lists.
const SHOWN: usize = 60;

/// Why a flat table can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FlatError {
    /// The input can't be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Columns that are wanted are not there.
    #[error("the file has no column {}; its columns are: {}", names(missing), names(there))]
    Missing {
        /// The wanted ones.
        missing: Vec<String>,
        /// The file's.
        there: Vec<String>,
    },
    /// Several columns have one name.
    #[error(
        "the file has more than one column named {}: rename them in the file, or leave them out with --columns",
        names(.0)
    )]
    Duplicate(Vec<String>),
    /// A quotation that could swallow the rows after it.
    #[error(
        "a quotation in row {0} is not closed or is followed by text: it could swallow the rows after it; mend it first"
    )]
    OpenQuote(u64),
    /// A column has too many values to be one of categories.
    #[error(
        "the column `{0}` has more than {MAX_INFERRED} different values: leave it out with --columns, or write a domain file \
         with coarser values for it"
    )]
    TooManyValues(String),
    /// All columns together have too many values.
    #[error(
        "the columns have too many different values together: leave some out with --columns, or write a domain file"
    )]
    TooMuch,
    /// A column holds long texts.
    #[error(
        "the column `{0}` holds texts longer than {MAX_TEXT} bytes, and is no column of categories: leave it out with --columns"
    )]
    LongText(String),
    /// Too many columns.
    #[error("the file has more than {MAX_COLUMNS} columns: choose some with --columns")]
    TooManyColumns,
    /// The columns that were found are no domain.
    #[error("{0}")]
    Domain(String),
    /// The receiver wanted no more.
    #[error("stopped")]
    Stopped,
}

impl FlatError {
    /// True if the file is refused for safety, rather than wrong.
    pub fn is_refusal(&self) -> bool {
        match self {
            FlatError::Input(input) => input.is_refusal(),
            FlatError::TooManyValues(_) | FlatError::TooMuch | FlatError::LongText(_) | FlatError::TooManyColumns => {
                true
            }
            _ => false,
        }
    }
}

fn names(names: &[String]) -> String {
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    shown.join(", ") + more
}

/// What the beginning of a file says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What was found out about the file.
    pub found: Found,
    /// Names of the columns, in the order of the file, unnamed ones left out. Of JSON lines: the names in the first lines.
    pub names: Vec<String>,
}

impl Header {
    /// `Ok` if every wanted column is there, once.
    pub fn has(&self, wanted: &[&str]) -> Result<(), FlatError> {
        let count = |name: &str| self.names.iter().filter(|n| *n == name).count();
        let of = |what: &dyn Fn(usize) -> bool| -> Vec<String> {
            wanted.iter().filter(|w| what(count(w))).map(|w| (*w).to_owned()).collect()
        };
        let missing = of(&|n| n == 0);
        if !missing.is_empty() {
            return Err(FlatError::Missing { missing, there: self.names.clone() });
        }
        let twice = of(&|n| n > 1);
        if twice.is_empty() { Ok(()) } else { Err(FlatError::Duplicate(twice)) }
    }
}

/// Reads the header alone. `known` are names of columns that are expected: they tell the header from a title above it.
pub fn header(source: Box<dyn Read + '_>, hints: &Hints, known: &[String]) -> Result<Header, FlatError> {
    struct Head<'k> {
        known: &'k [String],
        header: Option<Header>,
        objects: usize,
    }
    impl Sink for Head<'_> {
        fn knows(&self, column: &str) -> bool {
            self.known.iter().any(|k| k == column)
        }
        fn start(&mut self, found: &Found, header: &[String]) -> Flow {
            let names = header.iter().map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
            self.header = Some(Header { found: found.clone(), names });
            if is_named(found, header) { Flow::Go } else { Flow::Stop }
        }
        fn row(&mut self, row: &Row<'_>) -> Flow {
            if let (Body::Named(cells), Some(header)) = (&row.body, &mut self.header) {
                for (name, _) in *cells {
                    let name = name.trim();
                    if header.names.len() < MAX_COLUMNS * 5
                        && !name.is_empty()
                        && header.names.iter().all(|n| n != name)
                    {
                        header.names.push(name.to_owned());
                    }
                }
            }
            self.objects += 1;
            if self.objects < OBJECTS { Flow::Go } else { Flow::Stop }
        }
    }
    let mut head = Head { known, header: None, objects: 0 };
    let hints = Hints { flat: true, alone: false, ..hints.clone() };
    input::read(source, &hints, &mut head)?;
    head.header.ok_or_else(|| InputError::NotATable("it has no header".into()).into())
}

/// Whether rows come with the names of their cells.
fn is_named(found: &Found, header: &[String]) -> bool {
    header.is_empty() && matches!(found.format, Format::JsonLines | Format::Parquet)
}

/// Where each wanted column stands in a header.
fn places(header: &[String], wanted: &[&str]) -> Result<Vec<u32>, FlatError> {
    let mut places = Vec::with_capacity(wanted.len());
    let (mut missing, mut twice) = (Vec::new(), Vec::new());
    for name in wanted {
        let mut found = header.iter().enumerate().filter(|(_, n)| n.trim() == *name);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => places.push(at as u32),
            (None, _) => missing.push((*name).to_owned()),
            _ => twice.push((*name).to_owned()),
        }
    }
    if !missing.is_empty() {
        return Err(FlatError::Missing { missing, there: header.iter().filter(|n| !n.is_empty()).cloned().collect() });
    }
    if twice.is_empty() { Ok(places) } else { Err(FlatError::Duplicate(twice)) }
}

/// Whether every cell is blank.
fn is_blank(cells: &Cells<'_>) -> bool {
    cells.ends().last().is_none_or(|end| *end as usize + 1 == cells.len()) && cells.formulas().is_empty()
}

/// The cell at a place.
fn cell<'c>(cells: &Cells<'c>, place: u32) -> &'c [u8] {
    let (ends, place) = (cells.ends(), place as usize);
    let start = if place == 0 { 0 } else { ends.get(place - 1).map_or(0, |end| *end as usize + 1) };
    let end = ends.get(place).map_or(start, |end| *end as usize);
    cells.bytes().get(start..end).unwrap_or_default()
}

/// A cell's text without blanks around it; nearly always the cell itself.
fn trimmed(cell: &[u8]) -> &[u8] {
    let plain = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    if plain(cell.first()) && plain(cell.last()) {
        return cell;
    }
    std::str::from_utf8(cell).map_or(cell, |text| text.trim().as_bytes())
}

#[cfg(test)]
mod tests;

//! The values that stand in a file, for whoever declares that the sets of values are public.
//!
//! # Privacy
//!
//! What is found, and every refusal, is a function of the header and of the sets of values, which are declared public. How many
//! rows there are, or hold a value, is not read (PRIVACY 10): so a column with too many or too long values is only marked
//! while rows are read, and named once all are. (Where in the file a quotation is left open is said: such a file is mended,
//! not measured.)

use super::code::Table;
use super::identifying::is_identifying;
use super::{FlatError, cell, is_blank, is_named, places, trimmed};
use crate::input::{self, Body, Cells, Fault, Flow, Found, Hints, Row, Sink};
use accord_standard::columns::{Column, Columns, MAX_ALL_VALUES, MAX_COLUMNS, MAX_INFERRED, MAX_TEXT};
use rustc_hash::FxHashMap;
use std::io::Read;

/// Most bytes of all values.
const MAX_BYTES: usize = 8 << 20;
/// Rows between two calls of the receiver.
const EVERY: u64 = 1 << 14;

/// Which values are collected.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Infer {
    /// The columns; without them all that have a name.
    pub columns: Option<Vec<String>>,
    /// A column that is left out where all are taken: the one that says whose a row is.
    pub except: Option<String>,
    /// Further spellings of a blank cell.
    pub absent: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inferred {
    /// The columns with their values, sorted: as numbers where all are whole numbers.
    pub columns: Columns,
    /// Encoding that the text turned out to be in; reading the rows needs it.
    pub encoding: Option<String>,
    /// Columns whose values, by their shapes and how many there are, look like those that name, number or describe people.
    pub identifying: Vec<String>,
}

/// Collects the values of a file's columns, blank cells left out. `on` is called now and then.
pub fn infer(
    source: Box<dyn Read + '_>,
    hints: &Hints,
    what: &Infer,
    on: &mut dyn FnMut() -> Flow,
) -> Result<Inferred, FlatError> {
    let mut seen = Seen {
        what,
        sets: Vec::new(),
        by_name: FxHashMap::default(),
        values: 0,
        bytes: 0,
        rows: 0,
        text: None,
        error: None,
        on,
    };
    let hints = Hints { flat: true, alone: false, ..hints.clone() };
    input::read(source, &hints, &mut seen)?;
    seen.finish()
}

/// Values of one column.
struct Set {
    name: String,
    place: u32,
    table: Table,
    values: Vec<String>,
    /// A text was too long to be a category.
    long: bool,
    /// There are more values than a column of categories has.
    many: bool,
}

/// What a blank cell is in the table.
const BLANK: u16 = u16::MAX;

struct Seen<'b, 'f> {
    what: &'b Infer,
    sets: Vec<Set>,
    /// Positions in `sets`, where rows come with names.
    by_name: FxHashMap<String, Option<usize>>,
    values: usize,
    bytes: usize,
    rows: u64,
    text: Option<&'static str>,
    error: Option<FlatError>,
    on: &'f mut dyn FnMut() -> Flow,
}

impl Sink for Seen<'_, '_> {
    fn knows(&self, column: &str) -> bool {
        self.what.columns.as_ref().is_some_and(|c| c.iter().any(|name| name == column))
    }

    fn start(&mut self, found: &Found, header: &[String]) -> Flow {
        let started = if is_named(found, header) { self.start_named() } else { self.start_header(header) };
        started.map_or_else(|error| self.stop(error), |()| Flow::Go)
    }

    fn row(&mut self, row: &Row<'_>) -> Flow {
        self.rows += 1;
        let taken = match &row.body {
            Body::Cells(cells) => self.cells(cells),
            Body::Named(cells) => self.named(cells),
            Body::Fault(Fault::Quote) => Err(FlatError::OpenQuote(row.number)),
            Body::Fault(_) => Ok(()),
        };
        if let Err(error) = taken {
            return self.stop(error);
        }
        if self.rows.is_multiple_of(EVERY) && (self.on)() == Flow::Stop {
            return self.stop(FlatError::Stopped);
        }
        Flow::Go
    }

    fn end(&mut self, encoding: &'static str) {
        self.text = Some(encoding);
    }
}

impl Seen<'_, '_> {
    fn stop(&mut self, error: FlatError) -> Flow {
        self.error.get_or_insert(error);
        Flow::Stop
    }

    fn add(&mut self, name: &str, place: u32) -> Result<usize, FlatError> {
        if self.sets.len() >= MAX_COLUMNS {
            return Err(FlatError::TooManyColumns);
        }
        let mut table = Table::default();
        for absent in &self.what.absent {
            table.add(absent.trim().as_bytes(), BLANK);
        }
        self.sets.push(Set { name: name.to_owned(), place, table, values: Vec::new(), long: false, many: false });
        Ok(self.sets.len() - 1)
    }

    fn start_named(&mut self) -> Result<(), FlatError> {
        for name in self.what.columns.iter().flatten() {
            let at = self.add(name, 0)?;
            self.by_name.insert(name.clone(), Some(at));
        }
        Ok(())
    }

    fn start_header(&mut self, header: &[String]) -> Result<(), FlatError> {
        let wanted: Vec<&str> = match &self.what.columns {
            Some(columns) => columns.iter().map(String::as_str).collect(),
            None => header
                .iter()
                .map(|n| n.trim())
                .filter(|n| !n.is_empty() && self.what.except.as_deref() != Some(*n))
                .collect(),
        };
        let except: Vec<&str> = self.what.except.as_deref().into_iter().collect();
        places(header, &except)?;
        if self.what.columns.is_none() {
            let mut sorted = wanted.clone();
            sorted.sort_unstable();
            let twice: Vec<String> =
                sorted.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same[0].to_owned()).collect();
            if !twice.is_empty() {
                return Err(FlatError::Duplicate(twice));
            }
        }
        for (name, place) in wanted.iter().zip(places(header, &wanted)?) {
            self.add(name, place)?;
        }
        Ok(())
    }

    fn cells(&mut self, cells: &Cells<'_>) -> Result<(), FlatError> {
        if is_blank(cells) {
            return Ok(());
        }
        for at in 0..self.sets.len() {
            let place = self.sets[at].place;
            if cells.formulas().is_empty() || !cells.formulas().contains(&place) {
                self.cell(at, cell(cells, place))?;
            }
        }
        Ok(())
    }

    fn named(&mut self, cells: &[(String, String)]) -> Result<(), FlatError> {
        for (name, text) in cells {
            let name = name.trim();
            let at = if let Some(at) = self.by_name.get(name) {
                *at
            } else if self.what.columns.is_none() {
                let taken = !name.is_empty() && self.what.except.as_deref() != Some(name);
                let at = if taken { Some(self.add(name, 0)?) } else { None };
                self.by_name.insert(name.to_owned(), at);
                at
            } else {
                None
            };
            if let Some(at) = at {
                self.cell(at, text.as_bytes())?;
            }
        }
        Ok(())
    }

    #[inline]
    fn cell(&mut self, at: usize, cell: &[u8]) -> Result<(), FlatError> {
        let Some(set) = self.sets.get_mut(at).filter(|_| !cell.is_empty()) else { return Ok(()) };
        match set.table.get(cell) {
            Some(_) => Ok(()),
            None => self.met(at, trimmed(cell)),
        }
    }

    /// A text that may be a new value.
    fn met(&mut self, at: usize, text: &[u8]) -> Result<(), FlatError> {
        let set = &mut self.sets[at];
        if text.is_empty() || set.table.get(text).is_some() {
            return Ok(());
        }
        if text.len() > MAX_TEXT {
            set.long = true;
            return Ok(());
        }
        if set.values.len() >= MAX_INFERRED {
            set.many = true;
            return Ok(());
        }
        self.values += 1;
        self.bytes += text.len();
        if self.values > MAX_ALL_VALUES || self.bytes > MAX_BYTES {
            return Err(FlatError::TooMuch);
        }
        set.table.add(text, set.values.len() as u16);
        set.values.push(String::from_utf8_lossy(text).into_owned());
        Ok(())
    }

    fn finish(self) -> Result<Inferred, FlatError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some(set) = self.sets.iter().find(|s| s.long) {
            return Err(FlatError::LongText(set.name.clone()));
        }
        if let Some(set) = self.sets.iter().find(|s| s.many) {
            return Err(FlatError::TooManyValues(set.name.clone()));
        }
        let mut identifying = Vec::new();
        let mut columns = Vec::new();
        for mut set in self.sets {
            if is_identifying(&set.values) {
                identifying.push(set.name.clone());
            }
            let numbers: Option<Vec<i64>> = set.values.iter().map(|v| v.parse().ok()).collect();
            if numbers.is_some() {
                set.values.sort_by_cached_key(|v| (v.parse::<i64>().unwrap_or_default(), v.clone()));
            } else {
                set.values.sort_unstable();
            }
            let absent: Vec<String> =
                self.what.absent.iter().map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect();
            columns.push(Column { absent, ..Column::new(set.name, set.values) });
        }
        let columns = Columns { columns };
        columns.check().map_err(|error| FlatError::Domain(error.to_string()))?;
        Ok(Inferred { columns, encoding: self.text.map(str::to_owned), identifying })
    }
}

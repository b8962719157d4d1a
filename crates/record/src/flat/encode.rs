//! Rows as codes of a domain, in blocks.

use super::code::Coder;
use super::{FlatError, cell, is_blank, is_named, places, trimmed};
use crate::input::{self, Body, Cells, Fault, Flow, Found, Hints, Row, Sink};
use accord_standard::columns::Columns;
use rustc_hash::FxHashMap;
use std::io::Read;

/// Most rows of a block.
const ROWS: usize = 4_096;
/// Most codes of a block.
const CODES: usize = 1 << 18;
/// A block ends when the names of its people are as long as this.
const PEOPLE: usize = 1 << 18;
/// Rows that may be left out in a row before the receiver is called anyway.
const SILENT: u64 = 1 << 15;

/// Rows that were read, as codes.
pub struct Block<'a> {
    /// How many rows.
    pub rows: usize,
    /// Codes by column of the domain, each as long as there are rows.
    pub columns: &'a [Vec<u16>],
    /// Whose each row is, where rows belong to people: text, and the offset behind each row's.
    pub people: Option<(&'a [u8], &'a [u32])>,
}

/// What was noticed, without any number; for the terminal of whoever holds the file, and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noticed {
    /// What was found out about the file; none if it ended before its header.
    pub found: Option<Found>,
    /// Columns of the domain, by position, that have cells outside of it.
    pub unlisted: Vec<u16>,
    /// Rows without the header's number of cells, or no JSON object of plain values, were left out.
    pub left_out: bool,
    /// Rows that don't say whose they are were left out.
    pub nobody: bool,
    /// Cells with a formula were taken as blank.
    pub formulas: bool,
    /// Some cells could not be decoded.
    pub undecoded: bool,
}

/// Reads every row as codes of the domain. `person` is the column that says whose a row is. `on` gets blocks of rows; it is
/// also called with an empty one now and then while there are none.
pub fn encode(
    source: Box<dyn Read + '_>,
    hints: &Hints,
    columns: &Columns,
    person: Option<&str>,
    on: &mut dyn FnMut(&Block<'_>) -> Flow,
) -> Result<Noticed, FlatError> {
    let mut wanted: Vec<&str> = columns.columns.iter().map(|c| c.name.as_str()).collect();
    wanted.extend(person);
    let mut encoder = Encoder {
        coders: columns.columns.iter().map(Coder::new).collect(),
        by_name: wanted.iter().enumerate().map(|(at, name)| (*name, at)).collect(),
        most: (CODES / columns.columns.len().max(1)).clamp(1, ROWS),
        wanted,
        places: Vec::new(),
        person: person.is_some(),
        rows: 0,
        codes: vec![Vec::new(); columns.columns.len()],
        people: Vec::new(),
        ends: Vec::new(),
        silent: 0,
        noticed: Noticed::default(),
        error: None,
        on,
    };
    let hints = Hints { flat: true, alone: true, ..hints.clone() };
    input::read(source, &hints, &mut encoder)?;
    if encoder.error.is_none() && encoder.flush() == Flow::Stop {
        encoder.error = Some(FlatError::Stopped);
    }
    if let Some(error) = encoder.error {
        return Err(error);
    }
    let unlisted = encoder.coders.iter().enumerate().filter(|(_, c)| c.unlisted).map(|(at, _)| at as u16).collect();
    let undecoded = encoder.noticed.undecoded || encoder.coders.iter().any(|c| c.undecoded);
    Ok(Noticed { unlisted, undecoded, ..encoder.noticed })
}

/// Codes of single cells, as [`encode`] gives them: for a table that was read otherwise.
pub struct Coding(Vec<Coder>);

impl Coding {
    /// Of the columns of a domain.
    pub fn new(columns: &Columns) -> Coding {
        Coding(columns.columns.iter().map(Coder::new).collect())
    }

    /// The code of a cell of a column, by position: nought for blank, else the value's place counted from one. There is no
    /// code if there is no such column.
    pub fn code(&mut self, column: usize, cell: &str) -> Option<u16> {
        Some(self.0.get_mut(column)?.code(cell.as_bytes()))
    }
}

struct Encoder<'b, 'f> {
    coders: Vec<Coder>,
    /// Names of the columns of the domain, and of the person's behind them.
    wanted: Vec<&'b str>,
    by_name: FxHashMap<&'b str, usize>,
    /// Where they stand in the file.
    places: Vec<u32>,
    person: bool,
    /// Most rows of a block.
    most: usize,
    rows: usize,
    codes: Vec<Vec<u16>>,
    people: Vec<u8>,
    ends: Vec<u32>,
    /// Rows since the receiver was called.
    silent: u64,
    noticed: Noticed,
    error: Option<FlatError>,
    on: &'f mut dyn FnMut(&Block<'_>) -> Flow,
}

impl Sink for Encoder<'_, '_> {
    fn knows(&self, column: &str) -> bool {
        self.by_name.contains_key(column)
    }

    fn start(&mut self, found: &Found, header: &[String]) -> Flow {
        self.noticed.found = Some(found.clone());
        if is_named(found, header) {
            return Flow::Go;
        }
        match places(header, &self.wanted) {
            Ok(places) => {
                self.places = places;
                Flow::Go
            }
            Err(error) => self.stop(error),
        }
    }

    fn row(&mut self, row: &Row<'_>) -> Flow {
        self.silent += 1;
        match &row.body {
            Body::Cells(cells) => self.cells(cells),
            Body::Named(cells) => self.named(cells),
            Body::Fault(Fault::Quote) => return self.stop(FlatError::OpenQuote(row.number)),
            Body::Fault(_) => self.noticed.left_out = true,
        }
        if self.rows >= self.most || self.people.len() >= PEOPLE || self.silent >= SILENT {
            self.sent()
        } else {
            Flow::Go
        }
    }
}

impl Encoder<'_, '_> {
    fn stop(&mut self, error: FlatError) -> Flow {
        self.error.get_or_insert(error);
        Flow::Stop
    }

    fn cells(&mut self, cells: &Cells<'_>) {
        if is_blank(cells) {
            return;
        }
        let formulas = cells.formulas();
        if self.person {
            let place = self.places[self.coders.len()];
            let person = if formulas.contains(&place) { &[] } else { cell(cells, place) };
            if !self.belongs(person) {
                return;
            }
        }
        for ((coder, codes), place) in self.coders.iter_mut().zip(&mut self.codes).zip(&self.places) {
            codes.push(coder.code(cell(cells, *place)));
        }
        if !formulas.is_empty() {
            for (codes, place) in self.codes.iter_mut().zip(&self.places) {
                if formulas.contains(place) {
                    self.noticed.formulas = true;
                    *codes.last_mut().expect("a code of this row was just added") = 0;
                }
            }
        }
        self.rows += 1;
    }

    fn named(&mut self, cells: &[(String, String)]) {
        if cells.iter().all(|(_, text)| text.is_empty()) {
            return;
        }
        if self.person {
            let name = self.wanted[self.coders.len()];
            let person = cells.iter().find(|(n, _)| n.trim() == name).map_or("", |(_, text)| text.as_str());
            if !self.belongs(person.as_bytes()) {
                return;
            }
        }
        for codes in &mut self.codes {
            codes.push(0);
        }
        for (name, text) in cells {
            if let Some(at) = self.by_name.get(name.trim())
                && let Some(coder) = self.coders.get_mut(*at)
            {
                *self.codes[*at].last_mut().expect("a code of this row was just added") = coder.code(text.as_bytes());
            }
        }
        self.rows += 1;
    }

    /// Notes whose the row is; `false` if it doesn't say. Two people whose names can't be decoded could be taken for one.
    fn belongs(&mut self, person: &[u8]) -> bool {
        let person = trimmed(person);
        let undecoded = memchr::memmem::find(person, "\u{fffd}".as_bytes()).is_some();
        self.noticed.undecoded |= undecoded;
        if person.is_empty() || undecoded {
            self.noticed.nobody = true;
            return false;
        }
        self.people.extend_from_slice(person);
        self.ends.push(self.people.len() as u32);
        true
    }

    fn sent(&mut self) -> Flow {
        if self.flush() == Flow::Stop {
            return self.stop(FlatError::Stopped);
        }
        Flow::Go
    }

    fn flush(&mut self) -> Flow {
        let people = self.person.then_some((&self.people[..], &self.ends[..]));
        let flow = (self.on)(&Block { rows: self.rows, columns: &self.codes, people });
        self.rows = 0;
        self.silent = 0;
        self.codes.iter_mut().for_each(Vec::clear);
        self.people.clear();
        self.ends.clear();
        flow
    }
}

//! The flat form: one row a record, one column a field, `event.2.techuse` for the second event.

use super::{cell_text, escape_for_spreadsheet};
use crate::model::{Cell, Incoming, Part, cell_in};
use accord_standard::codebook::{Codebook, FieldId, Level};
use accord_standard::consent::Purpose;
use accord_standard::value::Missing;
use std::collections::BTreeSet;

/// The columns that some records need.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Level, number of the part from 1 (0 for the record), field.
    places: BTreeSet<(u8, u16, FieldId)>,
    consent: BTreeSet<Purpose>,
    legal_basis: bool,
}

impl Columns {
    /// Takes note of what a record needs.
    pub fn note(&mut self, incoming: &Incoming) {
        for (level, parts) in parts(incoming) {
            for (i, part) in parts.iter().enumerate() {
                for (field, _) in part {
                    self.places.insert((level, part_number(level, i), *field));
                }
            }
        }
        self.consent.extend(incoming.consent.iter().map(|c| c.purpose));
        self.legal_basis |= incoming.legal_basis.is_some();
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        1 + self.places.len() + self.consent.len() + usize::from(self.legal_basis)
    }

    /// Never: the identifier is always a column.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Names of the columns.
    pub fn header(&self, book: &Codebook) -> Vec<String> {
        let mut out = vec!["record_id".to_owned()];
        for (level, part, field) in &self.places {
            let id = &book.get(*field).id;
            out.push(match Level::ALL[usize::from(*level)].prefix() {
                "" => id.clone(),
                prefix => format!("{prefix}.{part}.{id}"),
            });
        }
        out.extend(self.consent.iter().map(|p| format!("consent_{}", p.code())));
        if self.legal_basis {
            out.push("legal_basis".into());
        }
        out
    }

    /// Cells of a record, one a column.
    pub fn cells(&self, book: &Codebook, incoming: &Incoming) -> Vec<String> {
        let all = parts(incoming);
        let mut out = vec![incoming.record.id.expose().to_owned()];
        for (level, part, field) in &self.places {
            let index = usize::from(part.saturating_sub(1));
            let cell = all[usize::from(*level)].1.get(index).map(|part| cell_in(part, *field));
            out.push(match cell {
                // Blank is how a file says it.
                None | Some(Cell::Missing(Missing::NotRecorded)) => String::new(),
                Some(cell) => cell_text(book, *field, cell),
            });
        }
        for purpose in &self.consent {
            // The last claim of a file holds.
            let claim = incoming.consent.iter().rev().find(|c| c.purpose == *purpose);
            out.push(claim.map_or("", |c| if c.given { "yes" } else { "no" }).to_owned());
        }
        if self.legal_basis {
            let list = book.lists.get("legal_basis");
            let id = incoming.legal_basis.and_then(|c| list?.entry(c)).map(|e| e.id.clone());
            out.push(id.unwrap_or_default());
        }
        out
    }
}

/// The parts of every level, the record itself first.
fn parts(incoming: &Incoming) -> [(u8, &[Part]); 4] {
    let record = &incoming.record;
    [
        (0, std::slice::from_ref(&record.cells)),
        (1, &record.events),
        (2, &record.perpetrators),
        (3, &record.platform_actions),
    ]
}

fn part_number(level: u8, index: usize) -> u16 {
    if level == 0 { 0 } else { u16::try_from(index + 1).unwrap_or(u16::MAX) }
}

/// The header as a line of CSV.
pub fn csv_header(columns: &Columns, book: &Codebook, out: &mut Vec<u8>) {
    line(columns.header(book).iter().map(String::as_str), out);
}

/// A record as a line of CSV that a spreadsheet can open: nothing in it is taken for a formula.
pub fn csv_row(columns: &Columns, book: &Codebook, incoming: &Incoming, out: &mut Vec<u8>) {
    let cells = columns.cells(book, incoming);
    let safe: Vec<_> = cells.iter().map(|c| escape_for_spreadsheet(c)).collect();
    line(safe.iter().map(AsRef::as_ref), out);
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if cell.contains(['"', ',', ';', '\t', '|', '\n', '\r']) || cell.starts_with([' ', '\'']) || cell.ends_with(' ')
        {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

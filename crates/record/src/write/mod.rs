//! Writers: records to CSV, JSON lines and XLSX in the record's own columns, as [`crate::check`] reads them back.
//!
//! A flat file needs its columns before its first row: pass all records to [`Columns::note`] first, then to
//! [`Columns::cells`].

mod flat;
mod nested;
mod parquet_flat;
mod workbook;

pub use flat::{Columns, csv_header, csv_row};
pub use nested::json_line;
pub use parquet_flat::{FlatParquetError, flat_parquet};
pub use workbook::{Workbook, WorkbookError};

use crate::check::{format_age, format_date};
use crate::model::Cell;
use accord_standard::codebook::{Codebook, FieldId};
use accord_standard::value::Code;
use std::borrow::Cow;

/// Signs that make a spreadsheet take a text for a formula (SEC-10).
const SIGNS: [char; 9] = ['=', '+', '-', '@', '|', '%', '\t', '\r', '\n'];

/// True if a spreadsheet would take the text for a formula: such a sign stands first, behind a byte order mark, blanks and
/// control characters. Text that was escaped before is escaped once more, so that reading gives back what was written.
pub fn needs_escape(text: &str) -> bool {
    let skipped = |c: char| c == '\u{feff}' || ((c.is_whitespace() || c.is_control()) && !SIGNS.contains(&c));
    text.trim_start_matches('\'').trim_start_matches(skipped).starts_with(SIGNS)
}

/// The text as it can stand in a CSV file that a spreadsheet will open: an apostrophe in front of what it would take for a
/// formula. Numbers, negative ones too, stay numbers. Reading takes the apostrophe off again.
pub fn escape_for_spreadsheet(text: &str) -> Cow<'_, str> {
    if needs_escape(text) && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit())
}

/// A cell as text, the way that it is read back.
pub fn cell_text(book: &Codebook, field: FieldId, cell: &Cell) -> String {
    match cell {
        Cell::Missing(reason) => reason.word().to_owned(),
        Cell::Code(code) => code_id(book, field, *code),
        Cell::Codes(codes) => joined(book, field, codes, ";"),
        Cell::OneOf(codes) => joined(book, field, codes, "|"),
        Cell::Integer(n) => n.to_string(),
        Cell::Age(age) => format_age(*age),
        Cell::Date(date) => format_date(*date),
        Cell::Text(text) => text.expose().to_owned(),
    }
}

fn joined(book: &Codebook, field: FieldId, codes: &[Code], separator: &str) -> String {
    codes.iter().map(|c| code_id(book, field, *c)).collect::<Vec<_>>().join(separator)
}

/// The identifier of a code; its number where the list no longer has it.
fn code_id(book: &Codebook, field: FieldId, code: Code) -> String {
    match book.list_of(field).and_then(|l| l.entry(code)) {
        Some(entry) => entry.id.clone(),
        None => code.0.to_string(),
    }
}

#[cfg(test)]
mod tests;

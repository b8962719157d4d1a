//! `synthetic.csv` and `aggregates.csv`: RFC 4180 but for the line end, which is a line feed as in every file of a bundle.
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe in front in a cell of its own (SEC-10), by the
//! reversible rule of the record's own CSV: plain numbers stay as they are, and a text that begins with apostrophes before
//! such a sign gets one more, so that taking one off gives back what was meant. In `aggregates.csv` values stand inside a
//! JSON list, which no spreadsheet runs: there they are what the domain says, as they are in Parquet and in JSON.

use super::{Buffer, Flat, FlatError};
use std::borrow::Cow;
use std::io::Write;

/// Signs that make a spreadsheet take a text for a formula; the wide ones for spreadsheets set to Chinese or Japanese.
const SIGNS: [char; 13] = ['=', '+', '-', '@', '|', '%', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

impl Flat<'_> {
    /// Writes the synthetic rows: the header is the columns' names, a blank cell is empty.
    pub fn synthetic_csv(&self, out: &mut dyn Write) -> Result<(), FlatError> {
        let mut buffer = Buffer::new(out);
        let last = self.columns.columns.len() - 1;
        let end = |at: usize| if at == last { "\n" } else { "," };
        // Each cell's text with the sign behind it, made once for each value of the domain.
        let mut cells: Vec<Vec<Box<[u8]>>> = Vec::with_capacity(last + 1);
        for (at, column) in self.columns.columns.iter().enumerate() {
            buffer.put(field(&column.name).as_bytes());
            buffer.put(end(at).as_bytes());
            // A line without anything on it would be no row.
            let blank = if last == 0 { "\"\"" } else { "" };
            let texts = std::iter::once(Cow::Borrowed(blank)).chain(column.values.iter().map(|v| field(v)));
            cells.push(texts.map(|text| [text.as_bytes(), end(at).as_bytes()].concat().into_boxed_slice()).collect());
        }
        for row in 0..self.len() {
            for (texts, codes) in cells.iter().zip(self.rows) {
                buffer.put(&texts[usize::from(codes[row])]);
            }
            buffer.row_done()?;
        }
        Ok(buffer.finish()?)
    }

    /// Writes the aggregates, columns `combination` and `count`: a combination is a JSON list of column and value pairs in
    /// the columns' order, without blanks; combinations stand by length, then columns, then codes.
    pub fn aggregates_csv(&self, out: &mut dyn Write) -> Result<(), FlatError> {
        let pairs = self.pairs(|json| json.replace('"', "\"\""))?;
        let mut buffer = Buffer::new(out);
        buffer.put(b"combination,count\n");
        for aggregate in &self.aggregates {
            buffer.put(b"\"");
            put_combination(&mut buffer, &pairs, &aggregate.cells);
            buffer.put(b"\",");
            buffer.number(aggregate.count);
            buffer.put(b"\n");
            buffer.row_done()?;
        }
        Ok(buffer.finish()?)
    }

    /// For each column and value the JSON list of the two, such as `["gender","woman"]`.
    pub(super) fn pairs(&self, wrap: impl Fn(String) -> String) -> Result<Vec<Vec<String>>, FlatError> {
        let pairs = |column: &accord_standard::columns::Column| {
            let pair = |value: &String| Ok(wrap(serde_json::to_string(&[&column.name, value])?));
            column.values.iter().map(pair).collect::<Result<Vec<_>, FlatError>>()
        };
        self.columns.columns.iter().map(pairs).collect()
    }
}

/// The JSON list of a combination.
pub(super) fn put_combination(buffer: &mut Buffer<'_>, pairs: &[Vec<String>], cells: &[(u16, u16)]) {
    buffer.put(b"[");
    for (at, (column, code)) in cells.iter().enumerate() {
        if at > 0 {
            buffer.put(b",");
        }
        buffer.put(pairs[usize::from(*column)][usize::from(*code) - 1].as_bytes());
    }
    buffer.put(b"]");
}

/// The text of a cell, as it reads once a CSV reader has taken the quotes off.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let skipped = |c: char| c == '\u{feff}' || ((c.is_whitespace() || c.is_control()) && !SIGNS.contains(&c));
    let risky = text.trim_start_matches('\'').trim_start_matches(skipped).starts_with(SIGNS);
    if risky && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a text stands with an apostrophe in front in a cell of its own: whoever reads `synthetic.csv` takes one off such a
/// cell.
pub fn is_guarded(text: &str) -> bool {
    matches!(cell(text), Cow::Owned(_))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit())
}

/// The text of a cell as it stands in the file: quoted where it must be, and where a reader might trim it or take it for a
/// byte order mark.
pub(super) fn field(text: &str) -> Cow<'_, str> {
    let cell = cell(text);
    let risky = |c: char| matches!(c, '"' | ',' | ';' | '\u{feff}') || c.is_control();
    let at_end = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if cell.contains(risky) || at_end(cell.chars().next()) || at_end(cell.chars().next_back()) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        cell
    }
}

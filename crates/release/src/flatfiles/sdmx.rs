//! `aggregates.sdmx.csv`: SDMX-CSV 2.0 (field guide of the SDMX technical working group, sections "Columns" and "Column
//! content"), one row a combination.
//!
//! Every column of the table is a dimension; `_T` (total) stands where a combination leaves a column open. SDMX lets
//! identifiers hold few signs, so names and values get identifiers here; the Data Package carries, for each, the value that
//! it stands for. A count too uncertain to be shown as a number (GS-10) has none here either: only its interval, its symbol
//! and its status.

use super::csv::field;
use super::{About, Buffer, Flat, FlatError};
use crate::files::{Status, reliability_word};
use crate::publish::reliability;
use accord_standard::columns::Columns;
use accord_standard::figure::{Reliability, Symbol};
use std::collections::BTreeSet;
use std::io::Write;

/// Columns before the dimensions.
pub(crate) const BEFORE: [&str; 3] = ["STRUCTURE", "STRUCTURE_ID", "ACTION"];
/// Columns after the dimensions: the measure, its status and confidentiality (code lists `CL_OBS_STATUS` and
/// `CL_CONF_STATUS`), its interval, and what travels with every figure.
pub(super) const AFTER: [&str; 10] = [
    "OBS_VALUE",
    "OBS_STATUS",
    "CONF_STATUS",
    "LOWER_BOUND",
    "UPPER_BOUND",
    "RELIABILITY",
    "SYMBOL",
    "UNIT_MEASURE",
    "INVENTED",
    "COUNCIL_NOTE",
];
/// Total: the combination leaves this column open.
pub(super) const TOTAL: &str = "_T";

/// Identifiers of the columns and of their values, in SDMX's alphabet.
pub(super) struct Ids {
    pub columns: Vec<String>,
    pub values: Vec<Vec<String>>,
}

impl Ids {
    /// A name or value whose signs are all allowed keeps itself; others get `_` for each sign that isn't, and, where two
    /// would meet or nothing would be left, their number behind it.
    pub fn of(columns: &Columns) -> Self {
        let mut taken: BTreeSet<String> = BEFORE.iter().chain(&AFTER).map(|s| (*s).to_owned()).collect();
        let name =
            |(at, c): (usize, &accord_standard::columns::Column)| unique(&mut taken, &c.name, 'D', at + 1, false);
        let names = columns.columns.iter().enumerate().map(name).collect();
        let values = |c: &accord_standard::columns::Column| {
            // What is written as an identifier already keeps it, whatever stands before it.
            let mut taken: BTreeSet<String> = [TOTAL.to_owned()].into();
            let kept: BTreeSet<&str> =
                c.values.iter().map(String::as_str).filter(|v| *v != TOTAL && is_id(v)).collect();
            taken.extend(kept.iter().map(|v| (*v).to_owned()));
            let id = |(at, v): (usize, &String)| {
                if kept.contains(v.as_str()) { v.clone() } else { unique(&mut taken, v, 'C', at + 1, true) }
            };
            c.values.iter().enumerate().map(id).collect()
        };
        Self { columns: names, values: columns.columns.iter().map(values).collect() }
    }
}

/// Signs that an identifier of a code may hold.
const fn is_sign(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '$')
}

fn is_id(text: &str) -> bool {
    // A minus or at-sign in front is allowed by SDMX and run by spreadsheets.
    text.chars().all(is_sign) && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// An identifier that nobody has yet: of a code, or of a component, which may not begin with a digit nor hold `@` or `$`.
fn unique(taken: &mut BTreeSet<String>, text: &str, letter: char, number: usize, is_code: bool) -> String {
    let sign = |c: char| if is_sign(c) && (is_code || !matches!(c, '@' | '$')) { c } else { '_' };
    let mut id: String = text.chars().map(sign).collect();
    let may_begin = |c: char| c.is_ascii_alphabetic() || (is_code && c.is_ascii_digit());
    if !id.chars().any(|c| c.is_ascii_alphanumeric()) {
        id = format!("{letter}{number}");
    } else if !id.starts_with(may_begin) {
        id = format!("{letter}_{id}");
    }
    let mut found = id.clone();
    let mut suffix = number;
    while !taken.insert(found.clone()) {
        found = format!("{id}_{suffix}");
        suffix += 1;
    }
    found
}

impl Flat<'_> {
    /// Writes the aggregates as SDMX-CSV, in the order of `aggregates.csv`.
    pub fn aggregates_sdmx(&self, about: &About, out: &mut dyn Write) -> Result<(), FlatError> {
        let ids = Ids::of(self.columns);
        let mut buffer = Buffer::new(out);
        let header: Vec<&str> = BEFORE.into_iter().chain(ids.columns.iter().map(String::as_str)).chain(AFTER).collect();
        buffer.put(header.join(",").as_bytes());
        buffer.put(b"\n");
        let before = format!("dataflow,{},I,", structure_id("aggregates", &about.id));
        // Not for publication until a council has decided; free afterwards.
        let confidentiality = match about.status {
            Status::Draft => "N",
            Status::Published => "F",
        };
        let after = format!(
            ",{},{},{}\n",
            about.unit_word().to_ascii_uppercase(),
            field(about.invented_words()),
            field(&about.council_note)
        );
        for aggregate in &self.aggregates {
            buffer.put(before.as_bytes());
            let mut cells = aggregate.cells.iter().peekable();
            for (column, values) in (0_u16..).zip(&ids.values) {
                let id = match cells.next_if(|(at, _)| *at == column) {
                    Some((_, code)) => values[usize::from(*code) - 1].as_str(),
                    None => TOTAL,
                };
                buffer.put(id.as_bytes());
                buffer.put(b",");
            }
            let reliability = aggregate.range.map(|[low, high]| reliability(aggregate.count, low, high));
            let (shown, status, symbol) = shown(aggregate.count, reliability);
            if shown {
                buffer.number(aggregate.count);
            }
            buffer.put(b",");
            buffer.put(status.as_bytes());
            buffer.put(b",");
            buffer.put(confidentiality.as_bytes());
            for at in 0..2 {
                buffer.put(b",");
                if let Some(range) = aggregate.range {
                    buffer.number(range[at]);
                }
            }
            buffer.put(b",");
            buffer.put(reliability.map_or("", reliability_word).as_bytes());
            buffer.put(b",");
            buffer.put(symbol.as_bytes());
            buffer.put(after.as_bytes());
            buffer.row_done()?;
        }
        Ok(buffer.finish()?)
    }
}

/// Whether the number is shown, its status in `CL_OBS_STATUS` (E estimated, U low reliability, N not significant, Q
/// suppressed), and its symbol (GS-13). All are estimates: noise was added to each.
const fn shown(count: u64, reliability: Option<Reliability>) -> (bool, &'static str, &'static str) {
    match reliability {
        None | Some(Reliability::Solid) => (true, "E", ""),
        Some(Reliability::Care) => (true, "U", ""),
        Some(Reliability::RangeOnly) => (false, "U", ""),
        Some(Reliability::NotShown) if count == 0 => (false, "N", Symbol::Low.mark()),
        Some(Reliability::NotShown) => (false, "Q", Symbol::Hidden.mark()),
    }
}

/// The structure that the rows of a table of a release are of: agency, identifier, version.
pub(crate) fn structure_id(table: &str, release: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let id: String = format!("{table}_{release}").chars().map(sign).collect();
    format!("ACCORD:{id}(1.0.0)")
}

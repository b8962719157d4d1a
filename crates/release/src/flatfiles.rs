//! The files of a protected flat table: synthetic rows and aggregates in every format, and the Data Package that describes
//! them.
//!
//! **It must never know** exact counts: what comes in is already synthetic or noisy. Every writer is a deterministic function
//! of what [`Flat`] holds, so that the same release gives the same bytes (PRIVACY 7), and streams: nothing is allocated for a
//! cell. Parquet is written by `accord_record::write`, since this crate is also the hub's.
//!
//! Start reading at [`Flat`].

mod csv;
mod json;
mod package;
mod sdmx;

use crate::bundle::Unit;
use crate::files::{Files, Status};
use accord_standard::columns::Columns;
pub(crate) use csv::cell as csv_cell;
pub use csv::is_guarded;
pub(crate) use package::{name as package_name, resource};
pub(crate) use sdmx::{BEFORE as SDMX_BEFORE, structure_id as sdmx_structure};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::Write;

/// The synthetic rows: a blank cell is empty.
pub const SYNTHETIC_CSV: &str = "synthetic.csv";
/// The synthetic rows as Parquet: a blank cell is null.
pub const SYNTHETIC_PARQUET: &str = "synthetic.parquet";
/// The aggregates, two columns: combination and count.
pub const AGGREGATES_CSV: &str = "aggregates.csv";
/// The aggregates with interval and flags, for statistical systems.
pub const AGGREGATES_SDMX: &str = "aggregates.sdmx.csv";
/// The aggregates with interval and flags, for programs.
pub const AGGREGATES_JSON: &str = "aggregates.json";
/// The description of all these.
pub const PACKAGE: &str = "datapackage.json";

/// How many people (or rows) stand in one combination of values, as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// Column by position and code, by ascending column, each column at most once; codes count from one, since a blank cell
    /// is never part of a combination. Empty: everybody.
    pub cells: Vec<(u16, u16)>,
    /// The published count.
    pub count: u64,
    /// Lower and upper end of its interval, inclusive, where there is one.
    pub range: Option<[u64; 2]>,
}

/// What travels with the figures into every format that has room for it (PRIVACY 14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Identifier of the release.
    pub id: String,
    /// Title in words.
    pub title: String,
    /// Slot of the release calendar.
    pub slot: String,
    /// What a count counts.
    pub unit: Unit,
    /// What a count means and does not mean.
    pub definition: String,
    /// Warnings that travel with every number.
    pub caveats: Vec<String>,
    /// Whether the people behind it are invented.
    pub invented: bool,
    /// Whether a council has decided.
    pub status: Status,
    /// The council's context note; empty while it is a draft, or if it wrote none.
    pub council_note: String,
}

impl About {
    const fn unit_word(&self) -> &'static str {
        match self.unit {
            Unit::People => "people",
            Unit::Records => "records",
            Unit::Rows => "rows",
        }
    }

    const fn status_words(&self) -> &'static str {
        match self.status {
            Status::Draft => "DRAFT: not decided on by a council",
            Status::Published => "published",
        }
    }

    const fn invented_words(&self) -> &'static str {
        if self.invented { "INVENTED DATA" } else { "no" }
    }
}

/// Why a flat table can't be written.
#[derive(Debug, thiserror::Error)]
pub enum FlatError {
    /// Columns without a name, without a domain, or with a name or value twice.
    #[error("the columns can't be written: {0}")]
    Columns(String),
    /// Rows that don't fit the columns.
    #[error("the rows don't fit the columns: {0}")]
    Rows(String),
    /// A combination that doesn't fit the columns, is out of order, or stands there twice.
    #[error("aggregate {0} can't be written: {1}")]
    Aggregate(usize, &'static str),
    /// JSON can't be made.
    #[error("JSON can't be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The medium refuses.
    #[error("can't write: {0}")]
    Write(#[from] std::io::Error),
}

/// A protected flat table whose parts fit together, ready to be written in any format.
#[derive(Clone, Debug)]
pub struct Flat<'a> {
    columns: &'a Columns,
    rows: &'a [Vec<u16>],
    /// By length, then columns, then codes.
    aggregates: Vec<&'a Aggregate>,
}

impl<'a> Flat<'a> {
    /// Checks that rows (one vector of codes a column, nought for blank) and aggregates (in any order) fit the columns.
    ///
    /// # Errors
    /// [`FlatError`] says which part does not fit, and never what a cell holds.
    pub fn new(columns: &'a Columns, rows: &'a [Vec<u16>], aggregates: &'a [Aggregate]) -> Result<Self, FlatError> {
        check_columns(columns)?;
        check_rows(columns, rows)?;
        for (at, aggregate) in aggregates.iter().enumerate() {
            check_aggregate(columns, aggregate).map_err(|why| FlatError::Aggregate(at, why))?;
        }
        let mut sorted: Vec<&Aggregate> = aggregates.iter().collect();
        sorted.sort_by(|a, b| order(a, b));
        if let Some(at) = sorted.windows(2).position(|pair| pair[0].cells == pair[1].cells) {
            return Err(FlatError::Aggregate(at + 1, "the combination stands there twice"));
        }
        Ok(Self { columns, rows, aggregates: sorted })
    }

    /// Number of synthetic rows.
    pub fn len(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Whether there are no synthetic rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All files but Parquet, in memory, together with the `others` (Parquet, report), described by a Data Package. For
    /// tables that are too large for that, each writer takes a stream: see [`Counted`].
    pub fn files(&self, about: &About, others: Files) -> Result<Files, FlatError> {
        let mut files = others;
        let mut out = Vec::new();
        self.synthetic_csv(&mut out)?;
        files.insert(SYNTHETIC_CSV.into(), std::mem::take(&mut out));
        self.aggregates_csv(&mut out)?;
        files.insert(AGGREGATES_CSV.into(), std::mem::take(&mut out));
        self.aggregates_sdmx(about, &mut out)?;
        files.insert(AGGREGATES_SDMX.into(), std::mem::take(&mut out));
        self.aggregates_json(about, &mut out)?;
        files.insert(AGGREGATES_JSON.into(), out);
        let written: Vec<Written> = files
            .iter()
            .map(|(path, bytes)| Written {
                path: path.clone(),
                bytes: bytes.len() as u64,
                sha256: crate::files::sha256(bytes),
            })
            .collect();
        files.insert(PACKAGE.into(), self.package(about, &written)?);
        Ok(files)
    }
}

/// By length, then columns, then codes.
fn order(a: &Aggregate, b: &Aggregate) -> Ordering {
    let columns = |x: &Aggregate, y: &Aggregate| x.cells.iter().map(|c| c.0).cmp(y.cells.iter().map(|c| c.0));
    let codes = |x: &Aggregate, y: &Aggregate| x.cells.iter().map(|c| c.1).cmp(y.cells.iter().map(|c| c.1));
    a.cells.len().cmp(&b.cells.len()).then_with(|| columns(a, b)).then_with(|| codes(a, b))
}

fn check_columns(columns: &Columns) -> Result<(), FlatError> {
    let wrong = |why: String| Err(FlatError::Columns(why));
    if columns.columns.is_empty() {
        return wrong("there are none".into());
    }
    if columns.columns.len() > usize::from(u16::MAX) {
        return wrong("there are too many".into());
    }
    let mut names = BTreeSet::new();
    for (at, column) in (1..).zip(&columns.columns) {
        if column.name.is_empty() {
            return wrong(format!("column {at} has no name"));
        }
        if !names.insert(column.name.as_str()) {
            return wrong(format!("two columns have the name of column {at}"));
        }
        if column.codes() > usize::from(u16::MAX) {
            return wrong(format!("column {at} has too many values"));
        }
        let mut values = BTreeSet::new();
        if !column.values.iter().all(|v| !v.is_empty() && values.insert(v.as_str())) {
            return wrong(format!("a value of column {at} is empty or stands there twice"));
        }
    }
    Ok(())
}

fn check_rows(columns: &Columns, rows: &[Vec<u16>]) -> Result<(), FlatError> {
    let wrong = |why: String| Err(FlatError::Rows(why));
    if rows.len() != columns.columns.len() {
        return wrong(format!("{} columns of codes for {} columns", rows.len(), columns.columns.len()));
    }
    let most = rows.first().map_or(0, Vec::len);
    for (at, (column, codes)) in (1..).zip(columns.columns.iter().zip(rows)) {
        if codes.len() != most {
            return wrong(format!("column {at} has another number of rows than column 1"));
        }
        if codes.iter().max().is_some_and(|code| usize::from(*code) >= column.codes()) {
            return wrong(format!("column {at} holds a code that its domain does not have"));
        }
    }
    Ok(())
}

fn check_aggregate(columns: &Columns, aggregate: &Aggregate) -> Result<(), &'static str> {
    if !aggregate.cells.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return Err("its columns are not in order, or one stands there twice");
    }
    for (column, code) in &aggregate.cells {
        let Some(column) = columns.columns.get(usize::from(*column)) else { return Err("there is no such column") };
        if *code == 0 {
            return Err("a blank cell is no part of a combination");
        }
        if usize::from(*code) >= column.codes() {
            return Err("the domain does not have such a code");
        }
    }
    match aggregate.range {
        Some([low, high]) if low > aggregate.count || high < aggregate.count => {
            Err("its interval does not hold its count")
        }
        _ => Ok(()),
    }
}

/// What was written, as the Data Package lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Path relative to the release's folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// A stream that counts and hashes what goes through it.
#[derive(Debug)]
pub struct Counted<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Counted<W> {
    /// Counts what is written to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// Flushes, and says what was written under which path.
    pub fn finish(mut self, path: &str) -> std::io::Result<(W, Written)> {
        self.inner.flush()?;
        let sha256 = hex::encode(self.hash.finalize());
        Ok((self.inner, Written { path: path.to_owned(), bytes: self.bytes, sha256 }))
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Collects small pieces so that the medium sees large ones.
struct Buffer<'w> {
    out: &'w mut dyn Write,
    bytes: Vec<u8>,
}

impl<'w> Buffer<'w> {
    const FULL: usize = 1 << 16;

    fn new(out: &'w mut dyn Write) -> Self {
        Self { out, bytes: Vec::with_capacity(2 * Self::FULL) }
    }

    fn put(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    fn number(&mut self, number: u64) {
        write!(self.bytes, "{number}").expect("a vector takes what it is given");
    }

    /// To be called after each row.
    fn row_done(&mut self) -> std::io::Result<()> {
        if self.bytes.len() < Self::FULL {
            return Ok(());
        }
        self.out.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    fn finish(self) -> std::io::Result<()> {
        self.out.write_all(&self.bytes)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;

//! From bytes to rows: CSV in any usual dialect and encoding, XLSX, Parquet and JSON lines, gzip around any of them.
//!
//! Push, not pull: [`read`] takes a reader and hands every row to a [`Sink`]. Nothing here opens a file, and memory is
//! bounded by [`Limits`] whatever the input is.
//!
//! **It must never know** fields, codes or people: a cell is text with a place.

mod batches;
mod columnar;
mod decode;
mod delimited;
mod dialect;
mod guard;
mod lines;
mod workbook;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use decode::encoding_for_label;

/// Bounds on what is read. The defaults are those of the shipped program.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest record of a text file, in bytes after decoding.
    pub record_bytes: usize,
    /// Most columns of a text or Parquet file.
    pub columns: usize,
    /// Largest workbook file, in bytes as stored.
    pub workbook_bytes: u64,
    /// Most entries in a workbook's archive.
    pub workbook_entries: usize,
    /// Most bytes that a workbook may inflate to.
    pub workbook_inflated: u64,
    /// Most bytes that a workbook's shared strings may inflate to.
    pub workbook_strings: u64,
    /// Highest ratio of inflated to stored size of an entry that inflates to more than 1 MiB.
    pub workbook_ratio: u64,
    /// Most rows and columns that a sheet may extend over.
    pub sheet_extent: (u32, u32),
    /// Most cells of a workbook.
    pub workbook_cells: u64,
    /// Largest Parquet file.
    pub parquet_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            record_bytes: 1 << 20,
            columns: 5_000,
            workbook_bytes: 20 << 20,
            workbook_entries: 200,
            workbook_inflated: 200 << 20,
            workbook_strings: 64 << 20,
            workbook_ratio: 100,
            sheet_extent: (200_000, 500),
            workbook_cells: 5_000_000,
            parquet_bytes: 256 << 20,
        }
    }
}

/// What is known about the input from outside.
#[derive(Clone, Default)]
pub struct Hints {
    /// Length at opening. Only so many bytes are read, so that a file that grows meanwhile is read as it was.
    pub length: Option<u64>,
    /// Encoding, where detection is to be overruled.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Separator of several values in one cell, used for lists in JSON and Parquet. Default `;`.
    pub separator: Option<String>,
    /// Counts stored bytes read so far, for a progress bar.
    pub progress: Option<Arc<AtomicU64>>,
    /// The table is flat: no further sheets are joined to it, and a row's cells beside the header's columns are passed over
    /// where that moves no other cell (workbooks).
    pub flat: bool,
    /// No row decides how another is read: the encoding is the declared one, or the one that the first bytes show, or UTF-8,
    /// and what it can't decode becomes U+FFFD in that cell.
    pub alone: bool,
    /// Bounds.
    pub limits: Limits,
}

/// Kind of container that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with a delimiter.
    Delimited,
    /// XLSX workbook.
    Workbook,
    /// Parquet.
    Parquet,
    /// One JSON object a line.
    JsonLines,
}

/// What was found out about the input before the first row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// Kind of container.
    pub format: Format,
    /// True if gzip was around it.
    pub gzip: bool,
    /// Name of the text encoding, for text.
    pub encoding: Option<String>,
    /// Delimiter, for delimited text.
    pub delimiter: Option<char>,
    /// Row (or line) of the header, 1-based; 0 if the format has none.
    pub header_row: u64,
    /// What a reader must know, in words.
    pub notes: Vec<String>,
}

/// A row that was read.
pub struct Row<'a> {
    /// Line of the text file, row of the sheet, or position in the Parquet file; 1-based.
    pub number: u64,
    /// The cells, or why there are none.
    pub body: Body<'a>,
}

/// What a row holds.
pub enum Body<'a> {
    /// One cell a column of the header.
    Cells(Cells<'a>),
    /// Cells by name (JSON).
    Named(&'a [(String, String)]),
    /// The row could not be read; the others can.
    Fault(Fault),
}

/// Why one row could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has another number of cells than the header.
    Ragged {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The line is not a JSON object of the record's form.
    Json(String),
    /// Text in an unfinished or malformed quotation.
    Quote,
    /// A row of a joined sheet whose record is not on the sheet of records.
    Orphan {
        /// Name of the joined sheet.
        sheet: String,
    },
}

/// Cells of one row: slices of one buffer.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    bytes: &'a [u8],
    ends: &'a [u32],
    formulas: &'a [u32],
}

impl<'a> Cells<'a> {
    /// Cells that lie in `bytes`, one separator byte between each two, each ending at the offset in `ends`. `formulas`
    /// lists the columns whose cell is a formula.
    pub fn new(bytes: &'a [u8], ends: &'a [u32], formulas: &'a [u32]) -> Cells<'a> {
        Cells { bytes, ends, formulas }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Offset behind each cell.
    pub fn ends(&self) -> &'a [u32] {
        self.ends
    }

    /// The buffer that the cells lie in.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Columns whose cell is a formula.
    pub fn formulas(&self) -> &'a [u32] {
        self.formulas
    }

    /// All cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut start = 0usize;
        self.ends.iter().map(move |end| {
            let cell = bytes.get(start..*end as usize).unwrap_or_default();
            start = *end as usize + 1;
            cell
        })
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Next row, please.
    Go,
    /// Enough.
    Stop,
}

/// Takes what is read.
pub trait Sink {
    /// True if a column of this name is known; helps to tell header and delimiter from prose.
    fn knows(&self, _column: &str) -> bool {
        false
    }

    /// The header and what was found out. JSON lines have no header: the list is empty.
    fn start(&mut self, found: &Found, header: &[String]) -> Flow;

    /// A row.
    fn row(&mut self, row: &Row<'_>) -> Flow;

    /// The end of a text, with the encoding that it turned out to be in.
    fn end(&mut self, _encoding: &'static str) {}
}

/// Why an input can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
    /// It is no table.
    #[error("this is not a table of records: {0}")]
    NotATable(String),
    /// The delimiter can't be told.
    #[error("cannot tell how columns are separated: {0}")]
    Dialect(String),
    /// The text is not in one encoding.
    #[error("line {line}: {why}")]
    Encoding {
        /// First line that shows it.
        line: u64,
        /// What is wrong and how to mend it.
        why: String,
    },
    /// One record is longer than allowed.
    #[error(
        "the record that starts on line {line} is longer than {limit} bytes; is a quotation mark missing, or is this not a table?"
    )]
    RecordTooLong {
        /// Where it starts.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// A limit of safety is exceeded: nothing of the file is used.
    #[error("refused for safety: {0}")]
    Refused(String),
    /// The container is damaged.
    #[error("{kind} file is damaged: {why}")]
    Damaged {
        /// Kind of file.
        kind: &'static str,
        /// What was found.
        why: String,
    },
    /// The file became shorter while it was read.
    #[error("the file ended after {read} of {length} bytes: it changed while it was read; read it again")]
    Shrank {
        /// Bytes read.
        read: u64,
        /// Length at opening.
        length: u64,
    },
}

impl InputError {
    /// True if the file is refused for safety, rather than wrong.
    pub fn is_refusal(&self) -> bool {
        matches!(self, InputError::Refused(_) | InputError::RecordTooLong { .. })
    }
}

/// Reads everything that `source` holds and hands it to `sink`.
pub fn read(source: Box<dyn Read + '_>, hints: &Hints, sink: &mut dyn Sink) -> Result<(), InputError> {
    let mut stored = Stored { source, left: hints.length, read: 0, ended: false, progress: hints.progress.clone() };
    let mut magic = Vec::with_capacity(4);
    (&mut stored).take(4).read_to_end(&mut magic)?;
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    let outcome = if gzip {
        let mut plain = flate2::read::MultiGzDecoder::new((&magic[..]).chain(&mut stored));
        let mut inner = Vec::with_capacity(4);
        (&mut plain).take(4).read_to_end(&mut inner).map_err(damaged_gzip)?;
        dispatch(&inner, &mut plain, hints, gzip, sink).map_err(|e| match e {
            InputError::Io(e) => damaged_gzip(e),
            other => other,
        })
    } else {
        dispatch(&magic, &mut stored, hints, gzip, sink)
    };
    if let (Some(left), Some(length)) = (stored.left, hints.length)
        && left > 0
        && stored.ended
    {
        return Err(InputError::Shrank { read: length - left, length });
    }
    outcome
}

fn damaged_gzip(error: std::io::Error) -> InputError {
    InputError::Damaged { kind: "gzip", why: error.to_string() }
}

fn dispatch(
    magic: &[u8],
    rest: &mut dyn Read,
    hints: &Hints,
    gzip: bool,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    let not = |what: &str| Err(InputError::NotATable(what.to_owned()));
    match magic {
        [b'P', b'K', 3, 4] => {
            let bytes = slurp(magic, rest, hints.limits.workbook_bytes, "workbook")?;
            contain("XLSX", || workbook::read(bytes, hints, gzip, sink))
        }
        [b'P', b'A', b'R', b'1'] => {
            let bytes = slurp(magic, rest, hints.limits.parquet_bytes, "Parquet file")?;
            contain("Parquet", || columnar::read(bytes, hints, gzip, sink))
        }
        [0xd0, 0xcf, 0x11, 0xe0] => {
            not("it is an old Excel file (.xls) or a workbook with a password; save it as .xlsx without one")
        }
        [b'%', b'P', b'D', b'F'] => not("it is a PDF"),
        [0x89, b'P', b'N', b'G'] | [0xff, 0xd8, 0xff, _] | [b'G', b'I', b'F', b'8'] => not("it is a picture"),
        [b'S', b'Q', b'L', b'i'] => not("it is a database; export the table as CSV"),
        [0x7f, b'E', b'L', b'F'] | [b'M', b'Z', ..] => not("it is a program"),
        [] => not("it is empty"),
        _ => delimited::read(magic, rest, hints, gzip, sink),
    }
}

/// Reads all of a container that has to be held in memory, up to a limit.
fn slurp(magic: &[u8], rest: &mut dyn Read, limit: u64, what: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = magic.to_vec();
    rest.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(InputError::Refused(format!("the {what} is larger than {} MiB", limit >> 20)));
    }
    Ok(bytes)
}

/// Parsers of binary containers are not ours: should one panic on a crafted file, that is a damaged file.
fn contain(kind: &'static str, run: impl FnOnce() -> Result<(), InputError>) -> Result<(), InputError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(InputError::Damaged { kind, why: "the parser gave up".into() }))
}

/// The stored bytes: no more than the length at opening, counted.
struct Stored<'a> {
    source: Box<dyn Read + 'a>,
    left: Option<u64>,
    read: u64,
    ended: bool,
    progress: Option<Arc<AtomicU64>>,
}

impl Read for Stored<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let most = self.left.map_or(buf.len(), |left| buf.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        if most == 0 {
            return Ok(0);
        }
        let n = self.source.read(&mut buf[..most])?;
        self.ended |= n == 0;
        self.read += n as u64;
        if let Some(left) = &mut self.left {
            *left -= n as u64;
        }
        if let Some(progress) = &self.progress {
            progress.store(self.read, Ordering::Relaxed);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests;

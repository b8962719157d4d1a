//! Which delimiter a text table uses, and which line is its header. Columns that are known decide first; only without any
//! does the regularity of the lines decide.

use super::InputError;
use std::collections::HashSet;

/// Delimiters that are tried.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines that are looked at.
const LINES: usize = 200;
/// A header is looked for among this many first lines.
const TITLES: usize = 20;

/// How a text table is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Delimiter byte.
    pub(super) delimiter: u8,
    /// Index of the record that is the header; what is above is skipped.
    pub(super) header: usize,
}

struct Candidate {
    delimiter: u8,
    /// Cells per record of the sample.
    widths: Vec<usize>,
    /// Most common width and how many records have it.
    modal: (usize, usize),
    /// Header line and known columns on it.
    best: (usize, usize),
}

/// Finds the dialect of the sample. `whole` says that the sample is all there is. With `flat`, the header alone decides where
/// any of its columns is known, and no row does.
pub(super) fn detect(
    sample: &[u8],
    whole: bool,
    flat: bool,
    knows: &dyn Fn(&str) -> bool,
) -> Result<Dialect, InputError> {
    let mut found: Vec<Candidate> = DELIMITERS.iter().filter_map(|d| candidate(*d, sample, whole, knows)).collect();
    if found.is_empty() {
        return Err(InputError::NotATable("it has no lines".into()));
    }
    // Known columns decide.
    found.sort_by_key(|c| std::cmp::Reverse(c.best.1));
    if found[0].best.1 > 0 {
        // One known column under several delimiters is a table of one column, or a header that names only one.
        let first = &found[0];
        let same: Vec<&Candidate> = found.iter().filter(|c| c.best.1 == first.best.1).collect();
        // Of equals, the last is the highest: so the usual delimiters come first here and last there.
        let header_width = |c: &Candidate| c.widths.get(c.best.0).copied().unwrap_or_default();
        let pick = if flat {
            same.iter().rev().max_by_key(|c| header_width(c)).copied()
        } else {
            same.iter().max_by_key(|c| (c.agreement(), c.modal.0)).copied()
        };
        let pick = pick.unwrap_or(first);
        return Ok(Dialect { delimiter: pick.delimiter, header: pick.best.0 });
    }
    // None is known: the most regular layout of at least two columns.
    let regular: Vec<&Candidate> = found.iter().filter(|c| c.modal.0 >= 2 && c.agreement() >= 600).collect();
    match regular.as_slice() {
        [] => {
            let any = found.iter().any(|c| c.modal.0 >= 2);
            Err(if any {
                InputError::Dialect(
                    "no single delimiter (comma, semicolon, tab or bar) gives the same number of columns on most lines"
                        .into(),
                )
            } else {
                InputError::NotATable("its lines have no columns: no comma, semicolon, tab or bar splits them".into())
            })
        }
        [one] => Ok(one.dialect()),
        several => {
            let best = several.iter().max_by_key(|c| (c.agreement(), c.modal.0)).copied().unwrap_or(several[0]);
            let rival = several.iter().find(|c| {
                c.delimiter != best.delimiter && c.agreement() == best.agreement() && c.modal.0 == best.modal.0
            });
            match rival {
                Some(rival) => Err(InputError::Dialect(format!(
                    "{} and {} both give {} columns on every line, and no column name is known; name the columns in a mapping file",
                    name(best.delimiter),
                    name(rival.delimiter),
                    best.modal.0
                ))),
                None => Ok(best.dialect()),
            }
        }
    }
}

/// A delimiter in words.
pub(super) fn name(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "comma",
        b';' => "semicolon",
        b'\t' => "tab",
        _ => "bar",
    }
}

impl Candidate {
    /// Thousandths of records with the modal width.
    fn agreement(&self) -> usize {
        self.modal.1 * 1000 / self.widths.len().max(1)
    }

    /// The first line of the modal width is the header.
    fn dialect(&self) -> Dialect {
        let header = self.widths.iter().take(TITLES).position(|w| *w == self.modal.0).unwrap_or(0);
        Dialect { delimiter: self.delimiter, header }
    }
}

fn candidate(delimiter: u8, sample: &[u8], whole: bool, knows: &dyn Fn(&str) -> bool) -> Option<Candidate> {
    let mut widths = Vec::new();
    let mut best = (0, 0);
    let mut rest = sample;
    let mut cells: Vec<Vec<u8>> = Vec::new();
    while !rest.is_empty() && widths.len() < LINES {
        let (used, complete) = split_record(rest, delimiter, &mut cells);
        rest = &rest[used..];
        if !complete && !whole {
            break; // cut off by the end of the sample
        }
        let index = widths.len();
        if index < TITLES {
            // Each name once: a row that repeats one is no better a header.
            let names = cells.iter().filter_map(|c| std::str::from_utf8(c).ok()).map(str::trim);
            let known = names.filter(|c| !c.is_empty() && knows(c)).collect::<HashSet<_>>().len();
            if known > best.1 {
                best = (index, known);
            }
        }
        widths.push(cells.len());
    }
    if widths.is_empty() {
        return None;
    }
    let mut sorted: Vec<usize> = widths.clone();
    sorted.sort_unstable();
    let modal = sorted
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .max_by_key(|(width, count)| (*count, *width))
        .unwrap_or((0, 0));
    Some(Candidate { delimiter, widths, modal, best })
}

/// Splits the first record of `text` into unquoted cells; returns how many bytes it takes and whether its end was seen.
pub(super) fn split_record(text: &[u8], delimiter: u8, cells: &mut Vec<Vec<u8>>) -> (usize, bool) {
    cells.clear();
    cells.push(Vec::new());
    let mut i = 0;
    let mut quoted = false;
    let mut fresh = true; // at the start of a cell
    while i < text.len() {
        let b = text[i];
        i += 1;
        let last = cells.len() - 1;
        if quoted {
            if b == b'"' {
                if text.get(i) == Some(&b'"') {
                    cells[last].push(b'"');
                    i += 1;
                } else {
                    quoted = false;
                }
            } else {
                cells[last].push(b);
            }
            continue;
        }
        match b {
            b'"' if fresh => {
                quoted = true;
                fresh = false;
            }
            b'\n' => return (i, true),
            b'\r' => {
                if text.get(i) == Some(&b'\n') {
                    i += 1;
                }
                return (i, true);
            }
            _ if b == delimiter => {
                cells.push(Vec::new());
                fresh = true;
            }
            _ => {
                cells[last].push(b);
                fresh = false;
            }
        }
    }
    (i, false)
}

//! Delimited text: a scanner of our own, because the header may stand below a title, a record has a length limit, and the
//! check wants cells as offsets into the buffer, without a copy. Text without quotes, which is nearly all, takes a fast path.
//!
//! Quoting is RFC 4180: a cell that starts with `"` runs to the next lone `"`; a doubled one stands for itself.

use super::decode::Decoder;
use super::dialect;
use super::{Body, Cells, Fault, Flow, Format, Found, Hints, InputError, Row, Sink};
use std::io::Read;

/// Text that the dialect is told from.
const SAMPLE: usize = 128 << 10;

pub(super) fn read(
    first: &[u8],
    source: &mut dyn Read,
    hints: &Hints,
    gzip: bool,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    let limit = hints.limits.record_bytes;
    let mut text = Text {
        decoder: Decoder::new(first, source, hints.encoding, hints.alone)?,
        bytes: Vec::new(),
        at: 0,
        ended: false,
    };
    while text.bytes.len() < SAMPLE && text.more()? {}
    if text.bytes.iter().all(u8::is_ascii_whitespace) && text.ended {
        return Err(InputError::NotATable("it is empty".into()));
    }
    let start = text.bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    match text.bytes.get(start).copied() {
        Some(b'{') => return super::lines::read(text, hints, gzip, sink),
        Some(b'[') => {
            return Err(InputError::NotATable("it is one JSON list; write one JSON object a line (JSON lines)".into()));
        }
        Some(b'<') => return Err(InputError::NotATable("it is a web page or XML".into())),
        _ => {}
    }
    if memchr::memchr2(b'\n', b'\r', &text.bytes).is_none() && text.bytes.len() > limit.min(SAMPLE) {
        // One line without an end: read on only as far as the limit goes.
        while text.bytes.len() <= limit && memchr::memchr2(b'\n', b'\r', &text.bytes).is_none() && text.more()? {}
        if text.bytes.len() > limit && memchr::memchr2(b'\n', b'\r', &text.bytes).is_none() {
            return Err(InputError::RecordTooLong { line: 1, limit });
        }
    }
    let sample = &text.bytes[..text.bytes.len().min(SAMPLE)];
    let whole = text.ended && sample.len() == text.bytes.len();
    let found_dialect = dialect::detect(sample, whole, hints.flat, &|name| sink.knows(name))?;
    let lone_cr = memchr::memchr(b'\n', sample).is_none() && memchr::memchr(b'\r', sample).is_some();
    let mut scanner = Scanner {
        delimiter: found_dialect.delimiter,
        end: if lone_cr { b'\r' } else { b'\n' },
        limit,
        columns: hints.limits.columns,
        line: 1,
        ends: Vec::new(),
        width: 0,
        quoted: Vec::new(),
        next_quote: None,
    };

    let mut notes = Vec::new();
    for _ in 0..found_dialect.header {
        let line = scanner.line;
        scanner.next(&mut text)?;
        notes.push(format!("line {line} stands above the header and was skipped"));
    }
    let header_row = scanner.line;
    let mut header: Vec<String> = match scanner.next(&mut text)? {
        Some(Scanned::Cells { start, end, quoted }) => scanner
            .cells(&text, start, end, quoted)
            .iter()
            .map(|c| String::from_utf8_lossy(c).trim().to_owned())
            .collect(),
        Some(Scanned::BadQuote) => {
            return Err(InputError::Dialect(format!("the header on line {header_row} has an unfinished quotation")));
        }
        None => return Err(InputError::NotATable("it has no header".into())),
    };
    // Spreadsheets like to write delimiters for columns that were never filled.
    let unnamed = header.iter().rev().take_while(|h| h.is_empty()).count();
    header.truncate(header.len() - unnamed);
    let width = header.len();
    let found = Found {
        format: Format::Delimited,
        gzip,
        encoding: Some(text.decoder.encoding().to_owned()),
        delimiter: Some(char::from(found_dialect.delimiter)),
        header_row,
        notes,
    };
    if sink.start(&found, &header) == Flow::Stop {
        return Ok(());
    }
    loop {
        let number = scanner.line;
        let Some(scanned) = scanner.next(&mut text)? else {
            sink.end(text.decoder.encoding());
            return Ok(());
        };
        let body = match scanned {
            Scanned::BadQuote => Body::Fault(Fault::Quote),
            Scanned::Cells { start, end, quoted } => {
                let found = scanner.width;
                if found == width {
                    Body::Cells(scanner.cells(&text, start, end, quoted))
                } else if start == end {
                    continue; // an empty line
                } else {
                    let cells = scanner.cells(&text, start, end, quoted);
                    if found > width && cells.iter().skip(width).all(<[u8]>::is_empty) {
                        Body::Cells(Cells::new(cells.bytes(), &cells.ends()[..width], &[]))
                    } else {
                        Body::Fault(Fault::Ragged { expected: width, found })
                    }
                }
            }
        };
        if sink.row(&Row { number, body }) == Flow::Stop {
            return Ok(());
        }
    }
}

/// Decoded text with a reading position.
pub(super) struct Text<'a> {
    decoder: Decoder<'a>,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Text<'_> {
    /// Adds the next piece of text behind what is left; `false` at the end.
    fn more(&mut self) -> Result<bool, InputError> {
        if self.ended {
            return Ok(false);
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.ended = !self.decoder.next(&mut self.bytes)?;
        Ok(!self.ended)
    }

    /// Name of the encoding.
    pub(super) fn encoding(&self) -> &'static str {
        self.decoder.encoding()
    }

    /// The next line without its end, for formats of lines; `None` at the end.
    pub(super) fn line(&mut self, limit: usize, number: u64) -> Result<Option<&[u8]>, InputError> {
        let mut searched = 0;
        loop {
            let rest = &self.bytes[self.at..];
            if let Some(n) = memchr::memchr(b'\n', &rest[searched..]) {
                let start = self.at;
                let end = start + searched + n;
                self.at = end + 1;
                if end - start > limit {
                    return Err(InputError::RecordTooLong { line: number, limit });
                }
                return Ok(Some(&self.bytes[start..end]));
            }
            searched = rest.len();
            if searched > limit {
                return Err(InputError::RecordTooLong { line: number, limit });
            }
            if !self.more()? {
                let start = self.at;
                self.at = self.bytes.len();
                return Ok(if start == self.at { None } else { Some(&self.bytes[start..]) });
            }
        }
    }
}

/// What one scan gave.
enum Scanned {
    /// Cells end at `Scanner::ends`: offsets from `start` into the text, or into `Scanner::quoted`.
    Cells { start: usize, end: usize, quoted: bool },
    /// Text behind a closing quote, or the file ends in a quotation.
    BadQuote,
}

struct Scanner {
    delimiter: u8,
    end: u8,
    limit: usize,
    columns: usize,
    /// Line that the next record starts on.
    line: u64,
    /// Offsets behind the cells of the record: the first `width` of these, the rest is left over.
    ends: Vec<u32>,
    width: usize,
    /// Unquoted cells of a record with quotes.
    quoted: Vec<u8>,
    /// Offset of the next quote in the text, or its length if there is none; void after the text moved.
    next_quote: Option<usize>,
}

impl Scanner {
    fn cells<'t>(&'t self, text: &'t Text<'_>, start: usize, end: usize, quoted: bool) -> Cells<'t> {
        let bytes = if quoted { &self.quoted[..] } else { &text.bytes[start..end] };
        Cells::new(bytes, &self.ends[..self.width], &[])
    }

    /// Scans the next record; `None` at the end.
    fn next(&mut self, text: &mut Text<'_>) -> Result<Option<Scanned>, InputError> {
        let mut searched = 0;
        loop {
            let rest = &text.bytes[text.at..];
            if let Some(n) = memchr::memchr(self.end, &rest[searched..]) {
                let length = searched + n;
                let quote = match self.next_quote {
                    Some(q) if q >= text.at => q,
                    _ => {
                        let q = memchr::memchr(b'"', rest).map_or(text.bytes.len(), |q| text.at + q);
                        self.next_quote = Some(q);
                        q
                    }
                };
                if quote < text.at + length {
                    return self.slow(text);
                }
                let start = text.at;
                let mut end = start + length;
                text.at = end + 1;
                self.line += 1;
                if end > start && text.bytes[end - 1] == b'\r' && self.end == b'\n' {
                    end -= 1;
                }
                self.fast(&text.bytes[start..end])?;
                return Ok(Some(Scanned::Cells { start, end, quoted: false }));
            }
            searched = rest.len();
            if searched > self.limit {
                return Err(InputError::RecordTooLong { line: self.line, limit: self.limit });
            }
            self.next_quote = None;
            if text.more()? {
                continue;
            }
            if text.at == text.bytes.len() {
                return Ok(None);
            }
            // The last line has no end.
            if memchr::memchr(b'"', &text.bytes[text.at..]).is_some() {
                return self.slow(text);
            }
            let (start, end) = (text.at, text.bytes.len());
            text.at = end;
            self.line += 1;
            self.fast(&text.bytes[start..end])?;
            return Ok(Some(Scanned::Cells { start, end, quoted: false }));
        }
    }

    /// Cells of a record without quotes.
    fn fast(&mut self, record: &[u8]) -> Result<(), InputError> {
        self.check_length(record.len())?;
        // Every byte writes its offset, and only a delimiter keeps it: no branch to guess wrong.
        let delimiter = self.delimiter;
        if self.ends.len() <= record.len() {
            self.ends.resize(record.len() + 1, 0);
        }
        let ends = &mut self.ends[..=record.len()];
        let mut n = 0;
        for (i, b) in record.iter().enumerate() {
            ends[n] = i as u32;
            n += usize::from(*b == delimiter);
        }
        ends[n] = record.len() as u32;
        self.width = n + 1;
        self.check_columns()
    }

    fn check_length(&self, length: usize) -> Result<(), InputError> {
        if length > self.limit {
            return Err(InputError::RecordTooLong { line: self.line, limit: self.limit });
        }
        Ok(())
    }

    fn check_columns(&self) -> Result<(), InputError> {
        if self.width > self.columns {
            return Err(InputError::Refused(format!("line {} has more than {} columns", self.line, self.columns)));
        }
        Ok(())
    }

    /// A record with quotes; it may run over several lines.
    fn slow(&mut self, text: &mut Text<'_>) -> Result<Option<Scanned>, InputError> {
        let first_line = self.line;
        self.quoted.clear();
        self.ends.clear();
        let mut i = 0; // from text.at
        let mut lines = 0;
        let mut quoted = false;
        let mut fresh = true;
        let mut closed = false; // behind a closing quote
        let mut bad = false;
        loop {
            if text.at + i + 1 >= text.bytes.len() && !text.ended {
                // Two bytes are needed to tell `"` from `""` and `\r` from `\r\n`.
                self.next_quote = None;
                text.more()?;
                continue;
            }
            let Some(&b) = text.bytes.get(text.at + i) else {
                bad |= quoted;
                break;
            };
            if i > self.limit {
                return Err(InputError::RecordTooLong { line: first_line, limit: self.limit });
            }
            i += 1;
            let following = text.bytes.get(text.at + i).copied();
            if quoted {
                match b {
                    b'"' if following == Some(b'"') => {
                        self.quoted.push(b'"');
                        i += 1;
                    }
                    b'"' => {
                        quoted = false;
                        closed = true;
                    }
                    _ => {
                        lines += u64::from(b == self.end);
                        self.quoted.push(b);
                    }
                }
                continue;
            }
            match b {
                b'"' if fresh => {
                    quoted = true;
                    fresh = false;
                }
                b'\r' if self.end == b'\n' && following == Some(b'\n') => {}
                _ if b == self.end => {
                    lines += 1;
                    break;
                }
                _ if b == self.delimiter => {
                    self.ends.push(self.quoted.len() as u32);
                    self.quoted.push(b);
                    fresh = true;
                    closed = false;
                }
                _ => {
                    bad |= closed;
                    fresh = false;
                    self.quoted.push(b);
                }
            }
        }
        self.ends.push(self.quoted.len() as u32);
        self.width = self.ends.len();
        self.check_columns()?;
        text.at += i;
        self.line += lines.max(1);
        if bad {
            return Ok(Some(Scanned::BadQuote));
        }
        Ok(Some(Scanned::Cells { start: 0, end: usize::MAX, quoted: true }))
    }
}

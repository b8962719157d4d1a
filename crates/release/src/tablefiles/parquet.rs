//! A table of texts as Parquet, in as few lines as the format allows: optional text columns, dictionary-encoded, without
//! compression; the words that travel with the rows stand in the file's own metadata.
//!
//! Written here and not by the `parquet` crate, because whoever verifies a release makes its files again and compares byte by
//! byte: these bytes are a function of the rows alone, the same with every version of every library, and the hub can make them
//! too. A dictionary of categories in a few bits a cell is small without a compressor.
//!
//! Follows the Parquet format 2.10 (`Encodings.md`, `parquet.thrift`) and Thrift's compact protocol; tests read the files with
//! the `parquet` crate.

use std::io::{self, Write};

/// Rows of a row group: what a reader takes at once.
const GROUP: usize = 1 << 20;
const MAGIC: &[u8] = b"PAR1";

// Numbers of the format's enums.
const BYTE_ARRAY: i64 = 6;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;
const UNCOMPRESSED: i64 = 0;
const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const RLE_DICTIONARY: i64 = 8;

/// A column: its name, the texts that it may hold, and for each row nought for null or the position of its text, counted from
/// one.
pub struct TextColumn<'a> {
    /// Name.
    pub name: &'a str,
    /// The dictionary.
    pub texts: Vec<&'a str>,
    /// The code of a row; over the dictionary's end it is null.
    pub code: Box<dyn Fn(usize) -> u32 + 'a>,
}

impl std::fmt::Debug for TextColumn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextColumn").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Writes `rows` rows, with `words` (key and text) as the file's metadata.
///
/// # Errors
/// If the medium refuses, or a dictionary is over 2 GiB.
pub fn write_parquet(
    columns: &[TextColumn<'_>],
    rows: usize,
    words: &[(&str, &str)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut file = Counting { out, at: 0 };
    file.put(MAGIC)?;
    let mut groups = Vec::new();
    for start in (0..rows).step_by(GROUP) {
        let count = GROUP.min(rows - start);
        let mut chunks = Vec::with_capacity(columns.len());
        for column in columns {
            chunks.push(write_chunk(column, start, count, &mut file)?);
        }
        groups.push((count, chunks));
    }
    let footer = footer(columns, rows, &groups, words);
    file.put(&footer)?;
    file.put(&length(footer.len())?)?;
    file.put(MAGIC)?;
    file.out.flush()
}

/// Where the pages of one column of one row group stand.
struct Chunk {
    dictionary_at: u64,
    data_at: u64,
    end: u64,
}

fn write_chunk(column: &TextColumn<'_>, start: usize, count: usize, file: &mut Counting<'_>) -> io::Result<Chunk> {
    let dictionary_at = file.at;
    let mut page = Vec::new();
    for text in &column.texts {
        page.extend(length(text.len())?);
        page.extend(text.as_bytes());
    }
    let mut header = Thrift::page(DICTIONARY_PAGE, length(page.len())?);
    header.structure(7);
    header.number(1, column.texts.len() as i64);
    header.number(2, PLAIN);
    header.end();
    header.end();
    file.put(&header.bytes)?;
    file.put(&page)?;

    let data_at = file.at;
    let codes = (start..start + count).map(&column.code).map(|c| if c as usize > column.texts.len() { 0 } else { c });
    let codes: Vec<u32> = codes.collect();
    let levels: Vec<u32> = codes.iter().map(|c| u32::from(*c > 0)).collect();
    let indices: Vec<u32> = codes.iter().filter(|c| **c > 0).map(|c| c - 1).collect();
    let width = (u32::BITS - (column.texts.len().saturating_sub(1) as u32).leading_zeros()).max(1);
    let levels = hybrid(&levels, 1);
    page.clear();
    page.extend(length(levels.len())?);
    page.extend(levels);
    page.push(width as u8);
    page.extend(hybrid(&indices, width));
    let mut header = Thrift::page(DATA_PAGE, length(page.len())?);
    header.structure(5);
    header.number(1, count as i64);
    header.number(2, RLE_DICTIONARY);
    header.number(3, RLE);
    header.number(4, RLE);
    header.end();
    header.end();
    file.put(&header.bytes)?;
    file.put(&page)?;
    Ok(Chunk { dictionary_at, data_at, end: file.at })
}

/// A length in four bytes, as it may be at most.
fn length(length: usize) -> io::Result<[u8; 4]> {
    match i32::try_from(length) {
        Ok(fits) => Ok(fits.to_le_bytes()),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "too much for one page of a Parquet file")),
    }
}

/// The format's mix of run lengths and packed bits: eight or more of the same are a run, others are packed in eights.
fn hybrid(values: &[u32], width: u32) -> Vec<u8> {
    let is_run = |at: usize| values.get(at..at + 8).is_some_and(|eight| eight.iter().all(|v| *v == eight[0]));
    let mut out = Vec::new();
    let mut at = 0;
    while at < values.len() {
        if is_run(at) {
            let run = values[at..].iter().take_while(|v| **v == values[at]).count();
            varint(&mut out, (run as u64) << 1);
            out.extend(&values[at].to_le_bytes()[..width.div_ceil(8) as usize]);
            at += run;
            continue;
        }
        let start = at;
        while at < values.len() && !is_run(at) {
            at = values.len().min(at + 8);
        }
        let packed = &values[start..at];
        varint(&mut out, ((packed.len().div_ceil(8) as u64) << 1) | 1);
        for eight in packed.chunks(8) {
            // Up to 8 × 32 bits, the lowest first; places after the last value stay nought.
            let (mut bits, mut held) = (0_u64, 0_u32);
            for at in 0..8 {
                bits |= u64::from(eight.get(at).copied().unwrap_or(0)) << held;
                held += width;
                while held >= 8 {
                    out.push(bits as u8);
                    bits >>= 8;
                    held -= 8;
                }
            }
        }
    }
    out
}

fn footer(columns: &[TextColumn<'_>], rows: usize, groups: &[(usize, Vec<Chunk>)], words: &[(&str, &str)]) -> Vec<u8> {
    let mut thrift = Thrift::default();
    thrift.number(1, 1);
    thrift.list(2, Kind::Struct, columns.len() + 1);
    thrift.begin();
    thrift.text(4, "synthetic");
    thrift.number(5, columns.len() as i64);
    thrift.end();
    for column in columns {
        thrift.begin();
        thrift.number(1, BYTE_ARRAY);
        thrift.number(3, OPTIONAL);
        thrift.text(4, column.name);
        thrift.number(6, UTF8);
        // The logical type `String`, an empty structure.
        thrift.structure(10);
        thrift.structure(1);
        thrift.end();
        thrift.end();
        thrift.end();
    }
    thrift.long(3, rows as u64);
    thrift.list(4, Kind::Struct, groups.len());
    for (count, chunks) in groups {
        let total: u64 = chunks.iter().map(|c| c.end - c.dictionary_at).sum();
        thrift.begin();
        thrift.list(1, Kind::Struct, chunks.len());
        for (column, chunk) in columns.iter().zip(chunks) {
            thrift.begin();
            thrift.long(2, chunk.dictionary_at);
            thrift.structure(3);
            thrift.number(1, BYTE_ARRAY);
            thrift.list(2, Kind::Number, 3);
            [PLAIN, RLE, RLE_DICTIONARY].into_iter().for_each(|e| thrift.zigzag(e));
            thrift.list(3, Kind::Text, 1);
            thrift.bare_text(column.name);
            thrift.number(4, UNCOMPRESSED);
            thrift.long(5, *count as u64);
            thrift.long(6, chunk.end - chunk.dictionary_at);
            thrift.long(7, chunk.end - chunk.dictionary_at);
            thrift.long(9, chunk.data_at);
            thrift.long(11, chunk.dictionary_at);
            thrift.end();
            thrift.end();
        }
        thrift.long(2, total);
        thrift.long(3, *count as u64);
        thrift.end();
    }
    thrift.list(5, Kind::Struct, words.len());
    for (key, text) in words {
        thrift.begin();
        thrift.text(1, key);
        thrift.text(2, text);
        thrift.end();
    }
    thrift.text(6, "accord");
    thrift.end();
    thrift.bytes
}

/// Kinds of Thrift's compact protocol.
#[derive(Clone, Copy)]
enum Kind {
    Number = 5,
    Long = 6,
    Text = 8,
    List = 9,
    Struct = 12,
}

/// A writer of Thrift's compact protocol, with only what Parquet needs.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    /// The last field of the structure that is being written.
    last: u8,
    /// The same of those around it.
    around: Vec<u8>,
}

impl Thrift {
    /// The beginning of a page's header.
    fn page(kind: i64, size: [u8; 4]) -> Thrift {
        let mut thrift = Thrift::default();
        let size = i64::from(i32::from_le_bytes(size));
        thrift.number(1, kind);
        thrift.number(2, size);
        thrift.number(3, size);
        thrift
    }

    fn field(&mut self, id: u8, kind: Kind) {
        self.bytes.push(((id - self.last) << 4) | kind as u8);
        self.last = id;
    }

    fn number(&mut self, id: u8, number: i64) {
        self.field(id, Kind::Number);
        self.zigzag(number);
    }

    fn long(&mut self, id: u8, number: u64) {
        self.field(id, Kind::Long);
        self.zigzag(number.cast_signed());
    }

    fn text(&mut self, id: u8, text: &str) {
        self.field(id, Kind::Text);
        self.bare_text(text);
    }

    fn list(&mut self, id: u8, kind: Kind, len: usize) {
        self.field(id, Kind::List);
        if len < 15 {
            self.bytes.push(((len as u8) << 4) | kind as u8);
        } else {
            self.bytes.push(0xf0 | kind as u8);
            varint(&mut self.bytes, len as u64);
        }
    }

    /// A structure as a field; [`Thrift::end`] closes it.
    fn structure(&mut self, id: u8) {
        self.field(id, Kind::Struct);
        self.begin();
    }

    /// A structure as an element of a list.
    fn begin(&mut self) {
        self.around.push(std::mem::take(&mut self.last));
    }

    fn end(&mut self) {
        self.bytes.push(0);
        self.last = self.around.pop().unwrap_or(0);
    }

    fn bare_text(&mut self, text: &str) {
        varint(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn zigzag(&mut self, number: i64) {
        varint(&mut self.bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
    }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Knows how far it has come.
struct Counting<'w> {
    out: &'w mut dyn Write,
    at: u64,
}

impl Counting<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

#[cfg(test)]
mod tests;

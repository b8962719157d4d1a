//! The compact binary form of a record: codebook *numbers* (a field's and a code's permanent number), so that what was
//! sealed under one codebook can be read under every later one. The vault seals it; the reading child writes it to a pipe.
//!
//! Layout (all whole numbers are LEB128 varints unless said otherwise):
//!
//! ```text
//! incoming = 0x01 record consents basis        record alone = 0x02 record
//! record   = text(id) part parts parts parts   (cells, events, perpetrators, platform actions)
//! part     = count cell*                        parts = count part*
//! cell     = (field number << 3 | tag) payload  tag: 0 missing, 1 code, 2 codes, 3 one of, 4 integer, 5 age, 6 date, 7 text
//! consents = count (byte: purpose | given << 4 | dated << 5, [date])*
//! basis    = 0, or code + 1
//! ```
//!
//! Decoding is bounded: no count is believed beyond the bytes that are left, so memory stays within a small constant
//! times the input, and nothing panics.

use crate::model::{Age, AgePrecision, Cell, ConsentClaim, Date, Incoming, Part, Record, Secret};
use accord_standard::codebook::{Codebook, FieldId};
use accord_standard::consent::Purpose;
use accord_standard::value::{Code, Missing};
use std::sync::OnceLock;

/// Format byte of an [`Incoming`].
const INCOMING: u8 = 1;
/// Format byte of a bare [`Record`].
const RECORD: u8 = 2;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The first byte names a format that this version does not know.
    #[error("record format {0} is not known to this version")]
    Format(u8),
    /// The bytes end within a value.
    #[error("record ends early")]
    Truncated,
    /// Bytes are left over.
    #[error("bytes follow the record")]
    Trailing,
    /// A count is larger than what follows can hold.
    #[error("count in record is larger than the record")]
    Count,
    /// A number does not fit its place.
    #[error("number in record is out of range")]
    Range,
    /// A field number that this codebook does not have: the record was written under a newer one.
    #[error("field number {0} is not in this codebook")]
    UnknownField(u64),
    /// A part names one field twice.
    #[error("field number {0} stands twice in one part")]
    TwiceField(u16),
    /// Text is not UTF-8.
    #[error("text in record is not UTF-8")]
    Utf8,
}

/// Field numbers of one codebook, both ways.
#[derive(Clone, Debug)]
pub struct Numbers {
    to_number: Vec<u16>,
    to_field: Vec<Option<FieldId>>,
}

impl Numbers {
    /// The numbers of a codebook.
    pub fn of(book: &Codebook) -> Numbers {
        let to_number: Vec<u16> = book.fields.iter().map(|f| f.number).collect();
        let most = to_number.iter().copied().max().unwrap_or(0);
        let mut to_field = vec![None; usize::from(most) + 1];
        for (index, number) in to_number.iter().enumerate() {
            to_field[usize::from(*number)] = Some(FieldId(index as u16));
        }
        Numbers { to_number, to_field }
    }

    /// The numbers of the embedded codebook.
    pub fn embedded() -> &'static Numbers {
        static NUMBERS: OnceLock<Numbers> = OnceLock::new();
        NUMBERS.get_or_init(|| Numbers::of(Codebook::embedded()))
    }

    fn number(&self, field: FieldId) -> u16 {
        self.to_number[usize::from(field.0)]
    }

    fn field(&self, number: u64) -> Result<FieldId, CodecError> {
        usize::try_from(number)
            .ok()
            .and_then(|n| self.to_field.get(n).copied().flatten())
            .ok_or(CodecError::UnknownField(number))
    }
}

/// Appends an incoming record under the embedded codebook.
pub fn encode(incoming: &Incoming, out: &mut Vec<u8>) {
    encode_with(Numbers::embedded(), incoming, out);
}

/// Reads an incoming record under the embedded codebook.
pub fn decode(bytes: &[u8]) -> Result<Incoming, CodecError> {
    decode_with(Numbers::embedded(), bytes)
}

/// Appends a bare record under the embedded codebook.
pub fn encode_record(record: &Record, out: &mut Vec<u8>) {
    encode_record_with(Numbers::embedded(), record, out);
}

/// Reads a bare record under the embedded codebook.
pub fn decode_record(bytes: &[u8]) -> Result<Record, CodecError> {
    decode_record_with(Numbers::embedded(), bytes)
}

/// Appends an incoming record. Fields must come from the codebook that `numbers` was made of.
pub fn encode_with(numbers: &Numbers, incoming: &Incoming, out: &mut Vec<u8>) {
    out.push(INCOMING);
    put_record(numbers, &incoming.record, out);
    put(out, incoming.consent.len() as u64);
    for claim in &incoming.consent {
        let purpose = Purpose::ALL.iter().position(|p| *p == claim.purpose).unwrap_or(0) as u8;
        out.push(purpose | u8::from(claim.given) << 4 | u8::from(claim.date.is_some()) << 5);
        if let Some(date) = claim.date {
            put_date(date, out);
        }
    }
    put(out, incoming.legal_basis.map_or(0, |c| u64::from(c.0) + 1));
}

/// Appends a bare record. Fields must come from the codebook that `numbers` was made of.
pub fn encode_record_with(numbers: &Numbers, record: &Record, out: &mut Vec<u8>) {
    out.push(RECORD);
    put_record(numbers, record, out);
}

/// Reads an incoming record.
pub fn decode_with(numbers: &Numbers, bytes: &[u8]) -> Result<Incoming, CodecError> {
    let mut r = Reader { bytes };
    match r.byte()? {
        INCOMING => {}
        other => return Err(CodecError::Format(other)),
    }
    let record = r.record(numbers)?;
    let count = r.count(1)?;
    let mut consent = Vec::with_capacity(count.min(Purpose::ALL.len()));
    for _ in 0..count {
        let byte = r.byte()?;
        let purpose = *Purpose::ALL.get(usize::from(byte & 0x0f)).ok_or(CodecError::Range)?;
        if byte & 0xc0 != 0 {
            return Err(CodecError::Range);
        }
        let date = if byte & 0x20 == 0 { None } else { Some(r.date()?) };
        consent.push(ConsentClaim { purpose, given: byte & 0x10 != 0, date });
    }
    let legal_basis = match r.varint()? {
        0 => None,
        n => Some(Code(u16::try_from(n - 1).map_err(|_| CodecError::Range)?)),
    };
    r.end()?;
    Ok(Incoming { record, consent, legal_basis })
}

/// Reads a bare record.
pub fn decode_record_with(numbers: &Numbers, bytes: &[u8]) -> Result<Record, CodecError> {
    let mut r = Reader { bytes };
    match r.byte()? {
        RECORD => {}
        other => return Err(CodecError::Format(other)),
    }
    let record = r.record(numbers)?;
    r.end()?;
    Ok(record)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_signed(out: &mut Vec<u8>, n: i32) {
    put(out, u64::from((n as u32) << 1 ^ (n >> 31) as u32));
}

fn put_text(out: &mut Vec<u8>, text: &Secret) {
    let text = text.expose().as_bytes();
    put(out, text.len() as u64);
    out.extend_from_slice(text);
}

fn put_date(date: Date, out: &mut Vec<u8>) {
    put_signed(out, i32::from(date.year));
    out.push(date.month);
    out.push(date.day);
}

fn put_record(numbers: &Numbers, record: &Record, out: &mut Vec<u8>) {
    put_text(out, &record.id);
    put_part(numbers, &record.cells, out);
    for parts in [&record.events, &record.perpetrators, &record.platform_actions] {
        put(out, parts.len() as u64);
        for part in parts {
            put_part(numbers, part, out);
        }
    }
}

fn put_part(numbers: &Numbers, part: &[(FieldId, Cell)], out: &mut Vec<u8>) {
    put(out, part.len() as u64);
    for (field, cell) in part {
        let tag = match cell {
            Cell::Missing(_) => 0,
            Cell::Code(_) => 1,
            Cell::Codes(_) => 2,
            Cell::OneOf(_) => 3,
            Cell::Integer(_) => 4,
            Cell::Age(_) => 5,
            Cell::Date(_) => 6,
            Cell::Text(_) => 7,
        };
        put(out, u64::from(numbers.number(*field)) << 3 | tag);
        match cell {
            Cell::Missing(m) => out.push(*m as u8),
            Cell::Code(c) => put(out, u64::from(c.0)),
            Cell::Codes(codes) | Cell::OneOf(codes) => {
                put(out, codes.len() as u64);
                for c in codes {
                    put(out, u64::from(c.0));
                }
            }
            Cell::Integer(n) => put_signed(out, *n),
            Cell::Age(age) => out.extend_from_slice(&[age.low, age.high, age.precision as u8]),
            Cell::Date(date) => put_date(*date, out),
            Cell::Text(text) => put_text(out, text),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let (first, rest) = self.bytes.split_first().ok_or(CodecError::Truncated)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, CodecError> {
        let mut n = 0u64;
        for shift in (0..63).step_by(7) {
            let b = self.byte()?;
            n |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err(CodecError::Range)
    }

    fn signed(&mut self) -> Result<i32, CodecError> {
        let n = u32::try_from(self.varint()?).map_err(|_| CodecError::Range)?;
        Ok((n >> 1) as i32 ^ -((n & 1) as i32))
    }

    /// A count of things that each take at least `least` bytes of what is left.
    fn count(&mut self, least: usize) -> Result<usize, CodecError> {
        let n = usize::try_from(self.varint()?).map_err(|_| CodecError::Count)?;
        if n > self.bytes.len() / least { Err(CodecError::Count) } else { Ok(n) }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], CodecError> {
        let (head, rest) = self.bytes.split_at_checked(n).ok_or(CodecError::Truncated)?;
        self.bytes = rest;
        Ok(head)
    }

    fn text(&mut self) -> Result<Secret, CodecError> {
        let n = self.count(1)?;
        let bytes = self.take(n)?;
        std::str::from_utf8(bytes).map(|s| Secret::new(s.to_owned())).map_err(|_| CodecError::Utf8)
    }

    fn date(&mut self) -> Result<Date, CodecError> {
        let year = i16::try_from(self.signed()?).map_err(|_| CodecError::Range)?;
        Ok(Date { year, month: self.byte()?, day: self.byte()? })
    }

    fn code(&mut self) -> Result<Code, CodecError> {
        u16::try_from(self.varint()?).map(Code).map_err(|_| CodecError::Range)
    }

    fn codes(&mut self) -> Result<Vec<Code>, CodecError> {
        let n = self.count(1)?;
        let mut codes = Vec::with_capacity(n);
        for _ in 0..n {
            codes.push(self.code()?);
        }
        Ok(codes)
    }

    fn part(&mut self, numbers: &Numbers) -> Result<Part, CodecError> {
        let n = self.count(2)?;
        let mut part: Part = Vec::with_capacity(n);
        let mut sorted = true;
        for _ in 0..n {
            let key = self.varint()?;
            let field = numbers.field(key >> 3)?;
            let cell = match key & 7 {
                0 => Cell::Missing(*Missing::ALL.get(usize::from(self.byte()?)).ok_or(CodecError::Range)?),
                1 => Cell::Code(self.code()?),
                2 => Cell::Codes(self.codes()?),
                3 => Cell::OneOf(self.codes()?),
                4 => Cell::Integer(self.signed()?),
                5 => Cell::Age(Age {
                    low: self.byte()?,
                    high: self.byte()?,
                    precision: match self.byte()? {
                        0 => AgePrecision::Exact,
                        1 => AgePrecision::About,
                        2 => AgePrecision::Range,
                        3 => AgePrecision::Disputed,
                        _ => return Err(CodecError::Range),
                    },
                }),
                6 => Cell::Date(self.date()?),
                _ => Cell::Text(self.text()?),
            };
            sorted &= part.last().is_none_or(|(last, _)| *last < field);
            part.push((field, cell));
        }
        if !sorted {
            // Written under a codebook with another order of fields.
            part.sort_by_key(|(field, _)| *field);
            if let Some(pair) = part.windows(2).find(|w| w[0].0 == w[1].0) {
                return Err(CodecError::TwiceField(numbers.number(pair[0].0)));
            }
        }
        Ok(part)
    }

    fn parts(&mut self, numbers: &Numbers) -> Result<Vec<Part>, CodecError> {
        let n = self.count(1)?;
        let mut parts = Vec::with_capacity(n);
        for _ in 0..n {
            parts.push(self.part(numbers)?);
        }
        Ok(parts)
    }

    fn record(&mut self, numbers: &Numbers) -> Result<Record, CodecError> {
        Ok(Record {
            id: self.text()?,
            cells: self.part(numbers)?,
            events: self.parts(numbers)?,
            perpetrators: self.parts(numbers)?,
            platform_actions: self.parts(numbers)?,
        })
    }

    fn end(&self) -> Result<(), CodecError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(CodecError::Trailing) }
    }
}

#[cfg(test)]
mod tests;

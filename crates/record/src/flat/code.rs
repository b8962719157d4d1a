//! From the text of a cell to its code, without an allocation once a text was met.

use super::trimmed;
use accord_standard::codebook::Codebook;
use accord_standard::columns::Column;
use accord_standard::spelling::fold;
use rustc_hash::FxHashMap;

/// Texts outside the domain whose code is kept, so that they are looked up once.
const KEPT: usize = 4_096;
/// Longest of them.
const KEPT_BYTES: usize = 64;

/// Numbers by text.
#[derive(Default)]
pub(super) struct Table {
    /// Texts of up to eight bytes, with their length.
    short: FxHashMap<(u64, u8), u16>,
    long: FxHashMap<Box<[u8]>, u16>,
}

impl Table {
    pub(super) fn get(&self, text: &[u8]) -> Option<u16> {
        if text.len() <= 8 { self.short.get(&short(text)).copied() } else { self.long.get(text).copied() }
    }

    /// Adds a text, unless it is there.
    pub(super) fn add(&mut self, text: &[u8], number: u16) {
        if text.len() <= 8 {
            self.short.entry(short(text)).or_insert(number);
        } else if !self.long.contains_key(text) {
            self.long.insert(text.into(), number);
        }
    }
}

/// Up to eight bytes as a number, and how many they are.
fn short(text: &[u8]) -> (u64, u8) {
    let number = match text.len() {
        // Two overlapping halves: no loop and no copy.
        4..=8 => {
            let half = |at: usize| u64::from(u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]));
            half(0) | half(text.len() - 4) << (8 * (text.len() - 4))
        }
        _ => text.iter().rev().fold(0, |number, b| number << 8 | u64::from(*b)),
    };
    (number, text.len() as u8)
}

/// The codes of one column.
pub(super) struct Coder {
    table: Table,
    /// Folded labels and other spellings of a codelist.
    spellings: FxHashMap<String, u16>,
    /// Code of what is not in the domain.
    other: u16,
    kept: usize,
    /// Some cell was not in the domain.
    pub(super) unlisted: bool,
    /// Some cell could not be decoded.
    pub(super) undecoded: bool,
}

impl Coder {
    pub(super) fn new(column: &Column) -> Coder {
        let mut table = Table::default();
        table.add(b"", 0);
        for absent in &column.absent {
            table.add(absent.trim().as_bytes(), 0);
        }
        let mut code_of = FxHashMap::default();
        for (at, value) in column.values.iter().enumerate() {
            table.add(value.as_bytes(), at as u16 + 1);
            code_of.entry(value.as_str()).or_insert(at as u16 + 1);
        }
        let list = column.codelist.as_ref().and_then(|id| Codebook::embedded().lists.get(id));
        let spellings = list.into_iter().flat_map(|list| {
            list.spellings()
                .filter_map(|(spelling, code)| Some((spelling, *code_of.get(list.entry(code)?.id.as_str())?)))
        });
        let spellings = spellings.collect();
        let other = column.other.as_ref().and_then(|o| code_of.get(o.as_str())).copied().unwrap_or(0);
        Coder { table, spellings, other, kept: 0, unlisted: false, undecoded: false }
    }

    /// The code of a cell.
    #[inline]
    pub(super) fn code(&mut self, cell: &[u8]) -> u16 {
        if cell.is_empty() {
            return 0;
        }
        match self.table.get(cell) {
            Some(code) => code,
            None => self.met(cell),
        }
    }

    /// The code of a text that was not met before.
    #[cold]
    fn met(&mut self, cell: &[u8]) -> u16 {
        let text = trimmed(cell);
        let code = self.table.get(text).or_else(|| {
            let spelling = std::str::from_utf8(text).ok().filter(|t| t.len() <= 256 && !self.spellings.is_empty())?;
            self.spellings.get(&fold(spelling)).copied()
        });
        self.unlisted |= code.is_none();
        self.undecoded |= code.is_none() && memchr::memmem::find(text, "\u{fffd}".as_bytes()).is_some();
        let code = code.unwrap_or(self.other);
        if self.kept < KEPT && cell.len() <= KEPT_BYTES {
            self.kept += 1;
            self.table.add(cell, code);
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_of_any_length_are_told_apart(
            texts in prop::collection::hash_set(prop::collection::vec(0_u8..3, 0..14), 1..60),
        ) {
            let mut table = Table::default();
            for (number, text) in texts.iter().enumerate() {
                prop_assert_eq!(table.get(text), None);
                table.add(text, number as u16);
            }
            for (number, text) in texts.iter().enumerate() {
                prop_assert_eq!(table.get(text), Some(number as u16));
            }
        }
    }
}

//! From which step to which.

use super::DeriveError;
use super::resolve::{Events, Resolve};
use crate::model::{Cell, Record, cell_in};
use accord_standard::codebook::{FieldId, Level};
use accord_standard::value::Code;
use rustc_hash::FxHashMap;

/// Pairs of codes that follow each other, and their categories.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    seq: Option<FieldId>,
    field: FieldId,
    /// Category of a step from one code (nothing for the beginning) to another (nothing for the end).
    pairs: FxHashMap<(Option<Code>, Option<Code>), u8>,
    /// Codes that the dimension takes together: one of them is as good as another.
    sets: Vec<Vec<Code>>,
    /// Codes that stand for one of several; only sure where a category names them.
    composites: Vec<Code>,
}

impl Steps {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Steps, DeriveError> {
        let dimension = resolve.dimension;
        let field = resolve.at(&dimension.field, Level::Event)?;
        let mut pairs = FxHashMap::default();
        let mut sets: Vec<Vec<Code>> = Vec::new();
        for (category, c) in dimension.categories.iter().enumerate() {
            let ends = [resolve.codes(&dimension.field, &c.from)?, resolve.codes(&dimension.field, &c.to)?];
            if ends.iter().all(Vec::is_empty) {
                continue;
            }
            let [from, to] = ends
                .each_ref()
                .map(|codes| if codes.is_empty() { vec![None] } else { codes.iter().copied().map(Some).collect() });
            for a in &from {
                for b in &to {
                    pairs.entry((*a, *b)).or_insert(category as u8);
                }
            }
            sets.extend(ends.into_iter().filter(|e| !e.is_empty()));
        }
        sets.sort_unstable();
        sets.dedup();
        let list = resolve.codebook.list_of(field).into_iter().flat_map(|l| &l.codes);
        let composites = list.filter(|c| !c.any_of.is_empty()).map(|c| Code(c.number)).collect();
        Ok(Steps { seq: resolve.seq(), field, pairs, sets, composites })
    }

    /// Categories of the record's steps without repeats, at most so many, the first in the order of its events.
    pub(super) fn of(&self, record: &Record, most: usize, out: &mut Vec<u8>) {
        let events = Events::of(record, self.seq);
        let mut before = None;
        let mut keep = |from, to| {
            if let Some(category) = self.pairs.get(&(from, to))
                && out.len() < most
                && !out.contains(category)
            {
                out.push(*category);
            }
        };
        for code in events.iter().filter_map(|event| self.sure(cell_in(event, self.field))) {
            if before != Some(code) {
                keep(before, Some(code));
                before = Some(code);
            }
        }
        if before.is_some() {
            keep(before, None);
        }
    }

    /// The code that a cell surely has, as far as the dimension tells codes apart.
    fn sure(&self, cell: &Cell) -> Option<Code> {
        match cell {
            Cell::Code(code) => {
                (!self.composites.contains(code) || self.sets.iter().any(|s| s.contains(code))).then_some(*code)
            }
            Cell::Codes(codes) => match codes.as_slice() {
                [code] => Some(*code),
                _ => None,
            },
            Cell::OneOf(possible) => {
                let together = |set: &Vec<Code>| possible.iter().all(|c| set.contains(c));
                possible.first().copied().filter(|_| self.sets.iter().any(together))
            }
            Cell::Missing(_) | Cell::Integer(_) | Cell::Age(_) | Cell::Date(_) | Cell::Text(_) => None,
        }
    }
}

//! Names of a dimension looked up in the codebook, and what one event or cell surely says.

use super::DeriveError;
use crate::model::{Cell, Part, Record, cell_in};
use accord_standard::codebook::{Codebook, FieldId, Level};
use accord_standard::dimension::{self, Dimension};
use accord_standard::value::Code;

/// A dimension and the codebook that it is looked up in.
pub(super) struct Resolve<'a> {
    pub(super) dimension: &'a Dimension,
    pub(super) codebook: &'a Codebook,
}

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) level: Level,
    pub(super) field: FieldId,
}

/// A condition on one event.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    field: FieldId,
    any: Vec<Code>,
}

/// Conditions that one event must all satisfy.
pub(super) type Clauses = Vec<Clause>;

impl Resolve<'_> {
    pub(super) fn source(&self, path: &str) -> Result<Source, DeriveError> {
        let missing = || DeriveError::Field(self.dimension.id.clone(), path.to_owned());
        let field = self.codebook.field(path).ok_or_else(missing)?;
        Ok(Source { level: self.codebook.get(field).level, field })
    }

    /// The field, which must stand at this level.
    pub(super) fn at(&self, path: &str, level: Level) -> Result<FieldId, DeriveError> {
        let source = self.source(path)?;
        if source.level == level {
            Ok(source.field)
        } else {
            Err(DeriveError::Level(self.dimension.id.clone(), path.to_owned()))
        }
    }

    pub(super) fn codes(&self, path: &str, ids: &[String]) -> Result<Vec<Code>, DeriveError> {
        let missing = |id: &str| DeriveError::Code(self.dimension.id.clone(), path.to_owned(), id.to_owned());
        let list = self.codebook.list_of(self.source(path)?.field);
        ids.iter().map(|id| list.and_then(|l| l.code(id)).ok_or_else(|| missing(id))).collect()
    }

    pub(super) fn clauses(&self, clauses: &[dimension::Clause]) -> Result<Clauses, DeriveError> {
        clauses
            .iter()
            .map(|c| Ok(Clause { field: self.at(&c.field, Level::Event)?, any: self.codes(&c.field, &c.any)? }))
            .collect()
    }

    pub(super) fn sets(&self, sets: &[Vec<dimension::Clause>]) -> Result<Vec<Clauses>, DeriveError> {
        sets.iter().map(|set| self.clauses(set)).collect()
    }

    /// Field of the events' sequence number.
    pub(super) fn seq(&self) -> Option<FieldId> {
        self.codebook.field("event.seq")
    }
}

/// Whether the event satisfies every condition; no condition is satisfied by nothing.
pub(super) fn satisfies(event: &Part, clauses: &Clauses) -> bool {
    !clauses.is_empty() && clauses.iter().all(|c| surely_has(cell_in(event, c.field), &c.any))
}

/// Whether a cell surely holds one of the codes. A composite "one of" counts only if every possibility is among them.
pub(super) fn surely_has(cell: &Cell, codes: &[Code]) -> bool {
    match cell {
        Cell::Code(code) => codes.contains(code),
        Cell::Codes(held) => held.iter().any(|c| codes.contains(c)),
        Cell::OneOf(possible) => !possible.is_empty() && possible.iter().all(|c| codes.contains(c)),
        Cell::Missing(_) | Cell::Integer(_) | Cell::Age(_) | Cell::Date(_) | Cell::Text(_) => false,
    }
}

/// Whether a cell surely holds some of the codes and nothing else.
pub(super) fn surely_only(cell: &Cell, codes: &[Code]) -> bool {
    match cell {
        Cell::Codes(held) => !held.is_empty() && held.iter().all(|c| codes.contains(c)),
        other => surely_has(other, codes),
    }
}

/// The events of a record by their sequence numbers, whatever order they are held in; those without a number stand last.
pub(super) enum Events<'a> {
    AsHeld(&'a [Part]),
    Sorted(Vec<&'a Part>),
}

impl<'a> Events<'a> {
    pub(super) fn of(record: &'a Record, seq: Option<FieldId>) -> Events<'a> {
        let events = record.events.as_slice();
        let Some(seq) = seq else { return Events::AsHeld(events) };
        let key = |event: &Part| match cell_in(event, seq) {
            Cell::Integer(n) => (0u8, *n),
            _ => (1, 0),
        };
        if events.is_sorted_by_key(key) {
            return Events::AsHeld(events);
        }
        let mut sorted: Vec<&Part> = events.iter().collect();
        sorted.sort_by_key(|event| key(event));
        Events::Sorted(sorted)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Events::AsHeld(events) => events.len(),
            Events::Sorted(events) => events.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> &'a Part {
        match self {
            Events::AsHeld(events) => &events[at],
            Events::Sorted(events) => events[at],
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Part> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The first event from `from` on that satisfies one of the sets.
    pub(super) fn first(&self, sets: &[Clauses], from: usize) -> Option<usize> {
        (from..self.len()).find(|at| sets.iter().any(|set| satisfies(self.get(*at), set)))
    }
}

//! Categories by codes: the first that holds, or all that hold.

use super::DeriveError;
use super::resolve::{Clauses, Events, Resolve, Source, satisfies, surely_has, surely_only};
use crate::model::{Cell, Record, cell_in};
use accord_standard::codebook::{FieldId, Level};
use accord_standard::value::Code;

/// Conditions on codes, in the order of categories.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    source: Source,
    seq: Option<FieldId>,
    /// Of every category but `unknown`.
    conditions: Vec<Condition>,
    /// Index of the category `none`.
    none: Option<usize>,
}

/// When a category holds.
#[derive(Clone, Debug)]
struct Condition {
    any: Vec<Code>,
    each: Vec<Vec<Code>>,
    /// Of an event's field.
    every: Vec<Code>,
    also: Option<(Source, Vec<Code>)>,
    within: Clauses,
}

impl Codes {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Codes, DeriveError> {
        let dimension = resolve.dimension;
        let path = &dimension.field;
        let mut conditions = Vec::with_capacity(dimension.categories.len());
        for category in dimension.categories.iter().take(dimension.categories.len().saturating_sub(1)) {
            let also = match &category.also_field {
                Some(path) => Some((resolve.source(path)?, resolve.codes(path, &category.also_any)?)),
                None => None,
            };
            if !category.every.is_empty() {
                resolve.at(path, Level::Event)?;
            }
            conditions.push(Condition {
                any: resolve.codes(path, &category.any)?,
                each: category.each.iter().map(|set| resolve.codes(path, set)).collect::<Result<_, _>>()?,
                every: resolve.codes(path, &category.every)?,
                also,
                within: resolve.clauses(&category.within)?,
            });
        }
        let none = dimension.categories.iter().position(|c| c.id == "none");
        Ok(Codes { source: resolve.source(path)?, seq: resolve.seq(), conditions, none })
    }

    /// The first category that holds.
    pub(super) fn first(&self, record: &Record) -> Option<u8> {
        let events = Events::AsHeld(&record.events);
        self.conditions.iter().position(|c| self.since(c, record, &events).is_some()).map(|i| i as u8)
    }

    /// All that hold but `none`, or `none`; at most so many, the first in the order of the parts that make them hold.
    pub(super) fn all(&self, record: &Record, most: usize, out: &mut Vec<u8>) {
        // Without a bound the order does not matter.
        let bounded = most < self.conditions.len();
        let events = if bounded { Events::of(record, self.seq) } else { Events::AsHeld(&record.events) };
        let plain = self.conditions.iter().enumerate().filter(|(i, _)| Some(*i) != self.none);
        let hits = plain.filter_map(|(i, c)| Some((self.since(c, record, &events)?, i as u8)));
        if bounded {
            let mut hits: Vec<(usize, u8)> = hits.collect();
            hits.sort_unstable();
            out.extend(hits.into_iter().take(most).map(|(_, i)| i));
        } else {
            out.extend(hits.map(|(_, i)| i));
        }
        if out.is_empty() {
            let none = self.none.filter(|i| self.since(&self.conditions[*i], record, &events).is_some());
            out.extend(none.map(|i| i as u8));
        }
    }

    /// Number of the first part (event, perpetrator, platform's action) with which the condition holds; 0 where the record
    /// itself makes it hold; nothing where it does not hold.
    fn since(&self, condition: &Condition, record: &Record, events: &Events<'_>) -> Option<usize> {
        let first = |source: Source, codes: &[Code]| first_with(record, events, source, codes);
        let any = if condition.any.is_empty() { None } else { first(self.source, &condition.any) };
        // All sets are met once the last of them is.
        let each: Option<usize> = if condition.each.is_empty() {
            None
        } else {
            condition.each.iter().map(|set| first(self.source, set)).try_fold(0, |last, at| Some(last.max(at?)))
        };
        let also = condition.also.as_ref().and_then(|(source, codes)| first(*source, codes));
        let within = if condition.within.is_empty() {
            None
        } else {
            events.iter().position(|event| satisfies(event, &condition.within))
        };
        // Only once the last event is read: what was not said of one event is not known of the record.
        let every = !condition.every.is_empty()
            && events.iter().all(|event| surely_only(cell_in(event, self.source.field), &condition.every));
        let every = if every { events.len().checked_sub(1) } else { None };
        [any, each, every, also, within].into_iter().flatten().min()
    }
}

/// Number of the first part whose cell surely holds one of the codes.
fn first_with(record: &Record, events: &Events<'_>, source: Source, codes: &[Code]) -> Option<usize> {
    let has = |cell: &Cell| surely_has(cell, codes);
    match source.level {
        Level::Record => has(record.cell(source.field)).then_some(0),
        Level::Event => events.iter().position(|part| has(cell_in(part, source.field))),
        Level::Perpetrator => record.perpetrators.iter().position(|part| has(cell_in(part, source.field))),
        Level::PlatformAction => record.platform_actions.iter().position(|part| has(cell_in(part, source.field))),
    }
}

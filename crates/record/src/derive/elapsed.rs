//! How long it took from one kind of event to another, or how long a person was followed without it.

use super::DeriveError;
use super::days;
use super::resolve::{Clauses, Events, Resolve};
use crate::model::{Cell, Date, Part, Record, cell_in};
use accord_standard::codebook::{FieldId, Level};

/// Two kinds of events, and bands of days between them.
#[derive(Clone, Debug)]
pub(super) struct Elapsed {
    seq: Option<FieldId>,
    /// Date of an event.
    date: FieldId,
    /// Days since the event before, where dates are not known.
    since_previous: Option<FieldId>,
    until: Option<FieldId>,
    first: Vec<Clauses>,
    second: Vec<Clauses>,
    /// Whether only second events after the first count.
    recurrent: bool,
    /// Category of those whose second event stands before the first.
    before: Option<u8>,
    bands: Vec<Band>,
}

/// Days, both ends inclusive.
#[derive(Clone, Debug)]
struct Band {
    category: u8,
    reached: bool,
    low: i64,
    high: i64,
}

impl Elapsed {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Elapsed, DeriveError> {
        let dimension = resolve.dimension;
        let mut bands = Vec::new();
        for (category, c) in dimension.categories.iter().enumerate() {
            let (Some(reached), Some(low)) = (c.reached, c.low) else { continue };
            let high = c.high.map_or(i64::MAX, i64::from);
            bands.push(Band { category: category as u8, reached, low: i64::from(low), high });
        }
        Ok(Elapsed {
            seq: resolve.seq(),
            date: resolve.at(&dimension.field, Level::Event)?,
            since_previous: resolve.codebook.field("event.days_since_previous"),
            until: dimension.until.as_deref().map(|path| resolve.at(path, Level::Record)).transpose()?,
            first: resolve.sets(&dimension.first)?,
            second: resolve.sets(&dimension.second)?,
            recurrent: dimension.recurrent,
            before: dimension.categories.iter().position(|c| c.order.is_some()).map(|i| i as u8),
            bands,
        })
    }

    /// The band that holds every number of days that it can have been. Where a person was followed until a date, that date and
    /// the first event's must be known whatever came of her: else those whom it happened to would be known more often.
    pub(super) fn of(&self, record: &Record) -> Option<u8> {
        let events = Events::of(record, self.seq);
        let one = events.first(&self.first, 0)?;
        let other = events.first(&self.second, if self.recurrent { one + 1 } else { 0 });
        if other.is_some_and(|other| other < one) {
            return self.before;
        }
        let until = match self.until {
            Some(until) => Some(date(record.cell(until))?),
            None => None,
        };
        let followed = match until {
            Some(until) => Some(days::between(self.date_of(events.get(one))?, until)?),
            None => None,
        };
        let (reached, (fewest, most)) = match other {
            Some(other) => (true, self.between(&events, one, other)?),
            None => (false, followed?),
        };
        // The record contradicts itself where the second event lies after the last day on which it was known how she fared.
        let dated = other.and_then(|other| self.date_of(events.get(other)));
        let after = match (dated, until) {
            (Some(day), Some(until)) => days::between(day, until).is_none(),
            _ => followed.is_some_and(|(_, longest)| fewest > longest),
        };
        if after {
            return None;
        }
        let mut bands = self.bands.iter().filter(|b| b.reached == reached);
        bands.find(|b| b.low <= fewest && most <= b.high).map(|b| b.category)
    }

    /// Days between two events: by their dates, or where one is not known by the days that are given between all of them.
    fn between(&self, events: &Events<'_>, one: usize, other: usize) -> Option<(i64, i64)> {
        if one == other {
            return Some((0, 0));
        }
        if let (Some(from), Some(to)) = (self.date_of(events.get(one)), self.date_of(events.get(other))) {
            return days::between(from, to);
        }
        let field = self.since_previous?;
        let mut sum = 0i64;
        for at in one + 1..=other {
            match cell_in(events.get(at), field) {
                Cell::Integer(days) if *days >= 0 => sum = sum.saturating_add(i64::from(*days)),
                _ => return None,
            }
        }
        Some((sum, sum))
    }

    fn date_of(&self, event: &Part) -> Option<Date> {
        date(cell_in(event, self.date))
    }
}

fn date(cell: &Cell) -> Option<Date> {
    match cell {
        Cell::Date(date) => Some(*date),
        _ => None,
    }
}

//! Which of two kinds of events came first.

use super::DeriveError;
use super::resolve::{Clauses, Events, Resolve};
use crate::model::Record;
use accord_standard::codebook::FieldId;
use accord_standard::dimension::Sequence;

/// Two kinds of events, and a category for each way in which their first ones can stand.
#[derive(Clone, Debug)]
pub(super) struct Order {
    seq: Option<FieldId>,
    first: Vec<Clauses>,
    second: Vec<Clauses>,
    categories: Vec<(Sequence, u8)>,
}

impl Order {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Order, DeriveError> {
        let dimension = resolve.dimension;
        resolve.source(&dimension.field)?;
        let categories = dimension.categories.iter().enumerate();
        Ok(Order {
            seq: resolve.seq(),
            first: resolve.sets(&dimension.first)?,
            second: resolve.sets(&dimension.second)?,
            categories: categories.filter_map(|(i, c)| Some((c.order?, i as u8))).collect(),
        })
    }

    /// The category of how the first event of the one kind stands to the first of the other.
    pub(super) fn of(&self, record: &Record) -> Option<u8> {
        let events = Events::of(record, self.seq);
        let sequence = match (events.first(&self.first, 0), events.first(&self.second, 0)) {
            (Some(one), Some(other)) if one < other => Sequence::FirstThenSecond,
            (Some(one), Some(other)) if one > other => Sequence::SecondThenFirst,
            (Some(_), Some(_)) => Sequence::Together,
            (Some(_), None) => Sequence::OnlyFirst,
            (None, Some(_)) => Sequence::OnlySecond,
            (None, None) => return None,
        };
        self.categories.iter().find(|(s, _)| *s == sequence).map(|(_, category)| *category)
    }
}

//! Categories by bands of ages or of years.

use super::DeriveError;
use super::resolve::Resolve;
use crate::model::{Cell, Record};
use accord_standard::codebook::{FieldId, Level};

/// Bands of a field of the record itself.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    field: FieldId,
    bands: Vec<Band>,
}

/// Both ends inclusive.
#[derive(Clone, Debug)]
struct Band {
    category: u8,
    low: i64,
    high: i64,
}

impl Bands {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Bands, DeriveError> {
        let field = resolve.at(&resolve.dimension.field, Level::Record)?;
        let mut bands = Vec::new();
        for (category, c) in resolve.dimension.categories.iter().enumerate() {
            if c.low.is_some() || c.high.is_some() {
                let high = c.high.map_or(i64::MAX, i64::from);
                bands.push(Band { category: category as u8, low: i64::from(c.low.unwrap_or(0)), high });
            }
        }
        Ok(Bands { field, bands })
    }

    /// The band that holds the whole known range of ages: a wider range is never split or imputed.
    pub(super) fn of_age(&self, record: &Record) -> Option<u8> {
        match record.cell(self.field) {
            Cell::Age(age) => self.holding(i64::from(age.low), i64::from(age.high)),
            _ => None,
        }
    }

    /// The band that holds the year of a date; the year is known whatever else of a date is.
    pub(super) fn of_year(&self, record: &Record) -> Option<u8> {
        match record.cell(self.field) {
            Cell::Date(date) => self.holding(i64::from(date.year), i64::from(date.year)),
            _ => None,
        }
    }

    fn holding(&self, low: i64, high: i64) -> Option<u8> {
        self.bands.iter().find(|b| b.low <= low && high <= b.high).map(|b| b.category)
    }
}

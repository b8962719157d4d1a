//! Derived fields: which categories of a published dimension a record falls into.
//!
//! A dimension is resolved once against the codebook ([`Derivation::new`]); then each record is read alone, so the rule is
//! a function of that person's record and nothing else (PRIVACY 1). Work and memory are linear in the number of events.
//!
//! Start reading at [`Derivation::categories`]; each kind of rule has a module of its own.

mod bands;
mod codes;
mod days;
mod elapsed;
mod events;
mod law;
mod resolve;
mod steps;

use crate::model::Record;
use accord_standard::codebook::Codebook;
use accord_standard::dimension::{Dimension, Rule};
use bands::Bands;
use codes::Codes;
use elapsed::Elapsed;
use events::Order;
use law::Law;
use resolve::Resolve;
use steps::Steps;

/// A dimension resolved against a codebook.
#[derive(Clone, Debug)]
pub struct Derivation {
    how: How,
    /// Most categories that a record keeps.
    most: usize,
    /// Index of the category `unknown`.
    unknown: u8,
}

/// How records find their categories.
#[derive(Clone, Debug)]
enum How {
    First(Codes),
    All(Codes),
    Ages(Bands),
    Years(Bands),
    Steps(Steps),
    Order(Order),
    Elapsed(Elapsed),
    Law(Law),
}

/// Why a dimension can't be used with a codebook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The field doesn't exist.
    #[error("dimension {0}: the codebook has no field {1}")]
    Field(String, String),
    /// The code doesn't exist.
    #[error("dimension {0}: field {1} has no code {2}")]
    Code(String, String, String),
    /// The last category must be `unknown`, and there may be 255 at most.
    #[error("dimension {0}: the last of at most 255 categories must be `unknown`")]
    Unknown(String),
    /// The field stands in another part of the record than the rule reads.
    #[error("dimension {0}: the rule does not read the part of the record that holds {1}")]
    Level(String, String),
}

impl Derivation {
    /// Resolves a dimension.
    pub fn new(dimension: &Dimension, codebook: &Codebook) -> Result<Derivation, DeriveError> {
        let resolve = Resolve { dimension, codebook };
        let last = dimension.categories.last().filter(|c| c.id == "unknown" && dimension.categories.len() <= 255);
        if last.is_none() {
            return Err(DeriveError::Unknown(dimension.id.clone()));
        }
        let how = match dimension.rule {
            Rule::FirstMatch => How::First(Codes::new(&resolve)?),
            Rule::AllMatches => How::All(Codes::new(&resolve)?),
            Rule::AgeBand => How::Ages(Bands::new(&resolve)?),
            Rule::YearBand => How::Years(Bands::new(&resolve)?),
            Rule::Steps => How::Steps(Steps::new(&resolve)?),
            Rule::Order => How::Order(Order::new(&resolve)?),
            Rule::Elapsed => How::Elapsed(Elapsed::new(&resolve)?),
            Rule::Law => How::Law(Law::new(&resolve)?),
        };
        let most = dimension.at_most.map_or(usize::MAX, |n| usize::from(n.max(1)));
        Ok(Derivation { how, most, unknown: (dimension.categories.len() - 1) as u8 })
    }

    /// Indices of the categories that the record falls into, in order, into `out` (cleared first). Never empty.
    ///
    /// # Privacy
    ///
    /// At most [`Dimension::most_per_person`] categories, chosen by what stands in this record alone.
    pub fn categories(&self, record: &Record, out: &mut Vec<u8>) {
        out.clear();
        match &self.how {
            How::First(codes) => out.extend(codes.first(record)),
            How::All(codes) => codes.all(record, self.most, out),
            How::Ages(bands) => out.extend(bands.of_age(record)),
            How::Years(bands) => out.extend(bands.of_year(record)),
            How::Steps(steps) => steps.of(record, self.most, out),
            How::Order(order) => out.extend(order.of(record)),
            How::Elapsed(elapsed) => out.extend(elapsed.of(record)),
            How::Law(law) => out.extend(law.of(record)),
        }
        if out.is_empty() {
            out.push(self.unknown);
        }
        // Indices come in the order of events where only the first few are kept.
        out.sort_unstable();
    }
}

#[cfg(test)]
mod tests;

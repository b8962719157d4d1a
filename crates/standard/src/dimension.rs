//! Dimensions: how a field of a record becomes the categories of a published table. Data, in `standard/dimensions.toml`.
//!
//! The set of categories is frozen before any record is read (PRIVACY 5): it comes from this file alone, every record
//! falls into at least one category, and `unknown` is always one of them.

mod check;
mod shorthand;

pub(crate) use shorthand::DimensionFile;

use crate::codebook::Codebook;
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// One way of cutting people into categories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Stable identifier, such as `age_band`.
    pub id: String,
    /// English label; translations are keyed `dimension-<id>`.
    pub label: String,
    /// What the dimension says and where the cut comes from.
    pub definition: String,
    /// Field of the record, or of the event as `event.<field>`.
    pub field: String,
    /// How categories are matched.
    pub rule: Rule,
    /// The most categories of this dimension that a person is counted in; the first in the order of the record's events.
    /// Without it all that hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u8>,
    /// Which events count as the first of two, for [`Rule::Order`] and [`Rule::Elapsed`]: those that satisfy all of a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Vec<Clause>>,
    /// Which events count as the second of two, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second: Vec<Vec<Clause>>,
    /// Date until which it is known how the person fared, for [`Rule::Elapsed`]. A person without it is unknown, whether or not
    /// the second event is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// For [`Rule::Elapsed`]: whether it is asked if something happens *again*, so that second events before the first, or in
    /// it, don't matter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recurrent: bool,
    /// Which law's age is meant, for [`Rule::Law`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// The categories in reading order; the last one is always `unknown`.
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
}

/// Events of which a field has one of some codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Field of the event, as `event.<field>`.
    pub field: String,
    /// Codes, one of which the event surely has.
    pub any: Vec<String>,
}

/// The legal ages that a dimension measures against: those that an organisation vouches for, frozen before data are read
/// ([`crate::legal`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// What the age is about, such as `majority`.
    pub domain: String,
    /// Coded field of the record that holds the country whose law applied.
    pub jurisdiction: String,
    /// Date field whose year says which law was in force.
    pub on: String,
    /// Version of the table and who vouches for it; empty as long as there is none.
    #[serde(default)]
    pub version: String,
    /// The ages; none until an organisation gives its table. Everyone is then unknown.
    #[serde(default)]
    pub ages: Vec<LegalAge>,
}

/// One age in one law.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalAge {
    /// Code of the country.
    pub jurisdiction: String,
    /// Sex that it applies to, a code of `sex_registered`; everybody if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Completed years.
    pub years: u8,
    /// First year in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u16>,
    /// Last year in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u16>,
    /// The law.
    pub source: String,
}

/// Which of two kinds of events came first, for [`Rule::Order`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sequence {
    /// Both happened, the first before the second.
    FirstThenSecond,
    /// Both happened, the second before the first.
    SecondThenFirst,
    /// Both in the same event.
    Together,
    /// Only the first.
    OnlyFirst,
    /// Only the second.
    OnlySecond,
}

/// How a record finds its category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Exactly one: the first category whose condition holds, else `unknown`.
    #[default]
    FirstMatch,
    /// Every category whose condition holds, `none` and `unknown` left aside; if there is none, `none` if its condition
    /// holds, else `unknown`. A person may stand in several cells.
    AllMatches,
    /// Exactly one: the band that contains the whole known age range, else `unknown`.
    AgeBand,
    /// Exactly one: the band of years that contains the year of a date, else `unknown`.
    YearBand,
    /// Every pair of codes of two events that follow each other in the record's order with unlike codes of the field; the
    /// first event follows the beginning, the end follows the last. Events without a code are left out. `unknown` where no
    /// event has one. A person may stand in several cells.
    Steps,
    /// Exactly one: how the first event of one kind stands to the first of another, else `unknown` (neither is recorded).
    Order,
    /// Exactly one: the band of days from the first event of one kind to the first of another (day 0 in the same event), or,
    /// where that never comes, to the date until which the person was followed; `unknown` where a time or that date is not
    /// known, or where there is no event of the first kind. If the second stands before the first: the category that says so,
    /// else `unknown`.
    Elapsed,
    /// Exactly one: the band of years from the age that a law names to an age of the record; `unknown` where the age, the
    /// country, the year or the sex leaves several, or where the organisation gave no such law.
    Law,
}

impl Rule {
    /// Whether a person may stand in several categories.
    pub fn is_several(self) -> bool {
        matches!(self, Rule::AllMatches | Rule::Steps)
    }
}

/// One category of a dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable identifier, such as `a10_14`, `female`, `unknown`.
    pub id: String,
    /// English label; translations are keyed `category-<dimension>-<id>`.
    pub label: String,
    /// Holds if the record has any of these codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// Holds if the record has at least one code out of each of these sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Vec<String>>,
    /// Holds if the record has an event and every event surely has one of these codes in the dimension's field, and no other.
    /// What was left blank of one event is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub every: Vec<String>,
    /// A second field whose codes can make the condition hold as well (such as `tech_involved` for `none`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_field: Option<String>,
    /// Holds if [`Category::also_field`] has any of these codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_any: Vec<String>,
    /// Holds if one event satisfies all of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Clause>,
    /// Lowest completed year of an age band, year of a band of years, or day of a band of days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u16>,
    /// Highest, inclusive; without it the band is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u16>,
    /// Codes of the event before, for [`Rule::Steps`]; none for the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Codes of the event after, for [`Rule::Steps`]; none for the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Which came first, for [`Rule::Order`]; for [`Rule::Elapsed`] only that the second stands before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Sequence>,
    /// Fewest completed years over the law's age (under it, if negative), for [`Rule::Law`]; without it the band is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_low: Option<i16>,
    /// Most, inclusive; without it the band is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_high: Option<i16>,
    /// Whether the second event was reached within the band of days, or the person only followed so long, for
    /// [`Rule::Elapsed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionsFile {
    #[serde(rename = "dimension")]
    dimensions: Vec<DimensionFile>,
}

/// The dimensions of this version of the program.
pub fn embedded() -> &'static [Dimension] {
    static ALL: OnceLock<Vec<Dimension>> = OnceLock::new();
    ALL.get_or_init(|| {
        parse(embedded::DIMENSIONS, Codebook::embedded()).expect("the embedded dimensions are checked by a test")
    })
}

/// The embedded dimension with this id.
pub fn find(id: &str) -> Option<&'static Dimension> {
    embedded().iter().find(|d| d.id == id)
}

/// Reads a file of dimensions and checks it against a codebook.
pub fn parse(text: &str, book: &Codebook) -> Result<Vec<Dimension>, FileError> {
    let file: DimensionsFile = problem::read("dimensions.toml", text)?;
    let expanded: Result<Vec<Dimension>, Problem> = file.dimensions.into_iter().map(|d| d.expand(book)).collect();
    let dimensions = expanded.map_err(|p| FileError::Wrong { file: "dimensions.toml".into(), problems: vec![p] })?;
    problem::none_wrong("dimensions.toml", problems(&dimensions, book))?;
    Ok(dimensions)
}

/// Everything that is wrong with dimensions.
pub fn problems(dimensions: &[Dimension], book: &Codebook) -> Vec<Problem> {
    check::problems(dimensions, book)
}

impl Dimension {
    /// For each category of this dimension of age bands, the category of a coarser one that holds it whole; `None` if
    /// the two don't nest. `unknown` goes to `unknown`.
    pub fn nests_in(&self, coarse: &Dimension) -> Option<Vec<usize>> {
        if self.rule != Rule::AgeBand || coarse.rule != Rule::AgeBand {
            return None;
        }
        let band = |c: &Category| c.low.map(|low| (low, c.high.unwrap_or(u16::MAX)));
        let all = coarse.categories.iter();
        self.categories
            .iter()
            .map(|fine| match band(fine) {
                None => coarse.categories.iter().position(|c| c.id == fine.id),
                Some((low, high)) => {
                    all.clone().position(|c| band(c).is_some_and(|(from, to)| from <= low && high <= to))
                }
            })
            .collect()
    }

    /// Number of categories, `unknown` included.
    pub fn size(&self) -> usize {
        self.categories.len()
    }

    /// The most categories that one person can stand in, by the definition alone. For [`Rule::AllMatches`] this is the
    /// number of categories other than `unknown` and those marked as excluding others by being listed alone (`none`).
    pub fn most_per_person(&self) -> usize {
        if !self.rule.is_several() {
            return 1;
        }
        let all = self.categories.iter().filter(|c| c.id != "unknown" && c.id != "none").count().max(1);
        self.at_most.map_or(all, |most| all.min(usize::from(most).max(1)))
    }
}

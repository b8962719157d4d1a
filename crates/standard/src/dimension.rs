//! Dimensions: how a field of a record becomes the categories of a published table. Data, in `standard/dimensions.toml`.
//!
//! The set of categories is frozen before any record is read (PRIVACY 5): it comes from this file alone, every record
//! falls into at least one category, and `unknown` is always one of them.

mod check;

use crate::codebook::Codebook;
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// One way of cutting people into categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The categories in reading order; the last one is always `unknown`.
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
}

/// How a record finds its category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Exactly one: the first category whose condition holds, else `unknown`.
    FirstMatch,
    /// Every category whose condition holds, `none` and `unknown` left aside; if there is none, `none` if its condition
    /// holds, else `unknown`. A person may stand in several cells.
    AllMatches,
    /// Exactly one: the band that contains the whole known age range, else `unknown`.
    AgeBand,
}

/// One category of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A second field whose codes can make the condition hold as well (such as `tech_involved` for `none`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_field: Option<String>,
    /// Holds if [`Category::also_field`] has any of these codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_any: Vec<String>,
    /// Lowest completed year of an age band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u8>,
    /// Highest completed year of an age band, inclusive; without it the band is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionsFile {
    #[serde(rename = "dimension")]
    dimensions: Vec<Dimension>,
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
    problem::none_wrong("dimensions.toml", problems(&file.dimensions, book))?;
    Ok(file.dimensions)
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
        let band = |c: &Category| c.low.map(|low| (low, c.high.unwrap_or(u8::MAX)));
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
        match self.rule {
            Rule::FirstMatch | Rule::AgeBand => 1,
            Rule::AllMatches => self.categories.iter().filter(|c| c.id != "unknown" && c.id != "none").count().max(1),
        }
    }
}

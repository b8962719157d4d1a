//! Dimensions: how a field of a record becomes the categories of a published table. Data, in `standard/dimensions.toml`.
//!
//! The set of categories is frozen before any record is read (PRIVACY 5): it comes from this file alone, every record
//! falls into at least one category, and `unknown` is always one of them.

use serde::{Deserialize, Serialize};

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

impl Dimension {
    /// Number of categories, `unknown` included.
    pub fn size(&self) -> usize {
        self.categories.len()
    }

    /// The most categories that one person can stand in, by the definition alone. For [`Rule::AllMatches`] this is the
    /// number of categories other than `unknown` and those marked as excluding others by being listed alone (`none`).
    pub fn most_per_person(&self) -> usize {
        match self.rule {
            Rule::FirstMatch | Rule::AgeBand => 1,
            Rule::AllMatches => {
                self.categories.iter().filter(|c| c.id != "unknown" && c.id != "none").count().max(1)
            }
        }
    }
}

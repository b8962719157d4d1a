//! Official indicators as data, in `standard/indicators/*.toml`: the tables that a national rapporteur must fill in, in the
//! requester's words and shape, and which cells of a workload's tables make each of their rows. What the records of victims
//! cannot hold (offences, persons prosecuted) is there too, as not collected, with the reason.

mod check;

use crate::dimension::{Dimension, Rule};
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use crate::study::Select;
use crate::workload::{self, TableSpec, Workload};
use serde::{Deserialize, Serialize};

/// An official indicator: one table of a requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Stable identifier, such as `g7` or `sdg-16-2-2`.
    pub id: String,
    /// Version of the file.
    pub version: String,
    /// English title.
    pub title: String,
    /// Who asks for it.
    pub requester: String,
    /// Where its shape comes from, and how sure that is.
    pub source: String,
    /// The words that must be used for what it counts: "detected victims", never prevalence.
    pub wording: String,
    /// What a number means and does not mean.
    pub definition: String,
    /// Warnings of its own, after those of the release.
    #[serde(default)]
    pub caveats: Vec<String>,
    /// Workload whose tables it is made from.
    pub workload: String,
    /// Also given as a rate for so many residents, where denominators are at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<u32>,
    /// Values of the requester's column of sexes, in order.
    #[serde(rename = "sex")]
    pub sexes: Vec<Axis>,
    /// Values of the requester's column of ages, in order.
    #[serde(rename = "age")]
    pub ages: Vec<Axis>,
    /// Its parts, in order.
    #[serde(rename = "part")]
    pub parts: Vec<Part>,
}

/// One value of a column of the requester, and the cells that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The value, in the requester's words.
    pub label: String,
    /// Categories by dimension; none takes all.
    #[serde(default)]
    pub select: Select,
    /// Residents that a rate divides by; none where there is no such population (sex unknown).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residents: Option<Residents>,
}

/// Which residents a value of a column stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residents {
    /// `F`, `M` or `both`; only for the column of sexes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// First and last completed year of age, inclusive; the last one of 130 is open. Only for the column of ages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<[u16; 2]>,
}

/// Rows of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Value of the requester's column of indicators.
    pub indicator: String,
    /// Value of the requester's column of dimensions.
    pub dimension: String,
    /// Table of the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Whom all rows count.
    #[serde(default)]
    pub among: Select,
    /// Dimension of years; without it the numbers are for the whole period of the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<String>,
    /// Why records of victims cannot hold it; every cell is then `[x]`, not collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_held: Option<String>,
    /// A dimension each of whose categories is a row, after those that are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Values of the requester's column of categories.
    #[serde(default, rename = "category")]
    pub categories: Vec<CategoryRow>,
}

/// One value of the requester's column of categories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRow {
    /// The value, in the requester's words.
    pub label: String,
    /// Categories by dimension; none takes all.
    #[serde(default)]
    pub select: Select,
    /// Why this one can't be told, where the others can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_held: Option<String>,
}

/// The indicator with this id that comes with the program.
pub fn embedded(id: &str) -> Option<Indicator> {
    let text = embedded::text(embedded::INDICATORS, id)?;
    Some(Indicator::parse(text, workload::embedded).expect("the embedded indicators are checked by a test"))
}

/// Ids of the indicators that come with the program: SDG first, then UNODC, Eurostat and our own.
pub fn ids() -> Vec<&'static str> {
    let mut ids: Vec<&str> = embedded::INDICATORS.iter().map(|(id, _)| *id).collect();
    // g10 after g9, whatever the alphabet says.
    let rank = |id: &str| ["sdg", "g", "e", "a"].iter().position(|p| id.starts_with(p)).unwrap_or(usize::MAX);
    let number = |id: &str| id.trim_start_matches(|c: char| c.is_ascii_lowercase()).parse::<u32>().unwrap_or(0);
    ids.sort_by_key(|id| (rank(id), number(id), *id));
    ids
}

impl Indicator {
    /// Reads an indicator; its tables are those of the workload that `find` gives for its id.
    ///
    /// # Errors
    /// [`FileError`] with everything that is wrong, in words for whoever wrote the file.
    pub fn parse(text: &str, find: impl Fn(&str) -> Option<Workload>) -> Result<Indicator, FileError> {
        let mut indicator: Indicator = problem::read("indicator", text)?;
        let name = format!("indicator {}", indicator.id);
        let Some(workload) = find(&indicator.workload) else {
            let what = format!("there is no workload {}", indicator.workload);
            return Err(FileError::Wrong { problems: vec![Problem::new(&name, what)], file: name });
        };
        indicator.expand(&workload).map_err(|p| FileError::Wrong { file: name.clone(), problems: vec![p] })?;
        problem::none_wrong(&name, indicator.problems(&workload))?;
        Ok(indicator)
    }

    /// Writes out the rows of [`Part::each`].
    fn expand(&mut self, workload: &Workload) -> Result<(), Problem> {
        for part in &mut self.parts {
            let Some(id) = part.each.take() else { continue };
            let table = part.table.as_deref().and_then(|t| workload.table(t));
            let dimension = table.and_then(|t| t.dimensions.iter().find(|d| d.id == id));
            let Some(dimension) = dimension else {
                return Err(Problem::new(part.place(), format!("each: its table has no dimension {id}")));
            };
            part.categories.extend(dimension.categories.iter().map(|c| CategoryRow {
                label: c.label.clone(),
                select: Select::from([(id.clone(), vec![c.id.clone()])]),
                not_held: None,
            }));
        }
        Ok(())
    }

    /// Everything that is wrong with it, against the workload that it names; worth asking again of the workload of a bundle.
    pub fn problems(&self, workload: &Workload) -> Vec<Problem> {
        check::problems(self, workload)
    }
}

impl Part {
    /// Where a problem is.
    pub(crate) fn place(&self) -> String {
        format!("part {}, {}", self.indicator, self.dimension)
    }

    /// The dimension of years in its table.
    pub fn years_of<'t>(&self, table: &'t TableSpec) -> Option<&'t Dimension> {
        let years = self.years.as_ref()?;
        table.dimensions.iter().find(|d| d.id == *years && d.rule == Rule::YearBand)
    }
}

#[cfg(test)]
mod tests;

//! Studies: named, repeatable analyses as data, in `standard/studies/*.toml`. A study declares its own dimensions, the
//! tables that it buys (a workload), the estimators that are run on the noisy tables, and the order of its page in plain
//! words. A new study is a file.

mod check;

use crate::codebook::Codebook;
use crate::dimension::{self, Dimension};
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Categories by dimension id; a dimension that isn't named is summed over whole.
pub type Select = BTreeMap<String, Vec<String>>;

/// A study, whole: it travels in a bundle and can be read without this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Stable identifier, such as `technology`; also that of its workload.
    pub id: String,
    /// Version of the file.
    pub version: String,
    /// English title.
    pub title: String,
    /// The question that it answers, in plain words.
    pub question: String,
    /// What it can't answer, in plain words; stands first on its page (GS-09).
    pub limits: Vec<String>,
    /// Its tables, frozen before data are read.
    pub workload: Workload,
    /// Groups that figures are given for, in reading order.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// What is estimated from the tables.
    #[serde(default)]
    pub figures: Vec<FigureSpec>,
    /// Its page.
    pub sections: Vec<Section>,
}

/// A group of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Stable identifier, such as `girls-10-14`.
    pub id: String,
    /// Who they are, in words.
    pub label: String,
    /// Their categories.
    pub select: Select,
}

/// A figure, or one a group, made from one table by one estimator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FigureSpec {
    /// Stable identifier, such as `online-recruitment`.
    pub id: String,
    /// What it says, in words, without the number and without the group.
    pub label: String,
    /// What it means and does not mean: who is counted, what counts as the event, what was not followed.
    pub definition: String,
    /// Warnings of its own, after those of the workload.
    #[serde(default)]
    pub caveats: Vec<String>,
    /// The table that it is made from.
    pub table: String,
    /// Groups that it is given for; none for everyone that the table counts.
    #[serde(default)]
    pub groups: Vec<String>,
    /// How.
    pub estimate: Estimator,
}

/// An estimator by name, with what it needs of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Estimator {
    /// How many: a sum of cells.
    Count {
        /// The cells.
        of: Select,
    },
    /// A share, with bounds for those of whom it isn't known.
    Share {
        /// Who counts.
        of: Select,
        /// Out of whom, within the group; everyone in it if empty. Those of whom it isn't known are part of it.
        #[serde(default)]
        among: Select,
        /// Cells of whom it isn't known.
        #[serde(default)]
        unknown: Select,
        /// More cells of whom it isn't known: those in any of these selections.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        or_unknown: Vec<Select>,
        /// Table whose total over the group is the whole, where the figure's own table can count a person in several cells;
        /// `of` then names one category of each dimension in which a person can have several. What is given is the share of
        /// whom it is recorded: at least so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        out_of: Option<String>,
    },
    /// The share in the group divided by that in another.
    Ratio {
        /// Who counts.
        of: Select,
        /// Cells of whom it isn't known.
        #[serde(default)]
        unknown: Select,
        /// The other group.
        against: String,
    },
    /// A count for each year, with the change since the year before.
    Trend {
        /// Who counts.
        #[serde(default)]
        of: Select,
        /// Dimension of years.
        years: String,
    },
    /// Of those whose exploitation began under an age: the share not identified before it.
    Crossing {
        /// Dimension of ages at onset.
        onset: String,
        /// Dimension of ages at identification.
        identified: String,
        /// The age.
        age: u16,
    },
    /// Time from onset to identification: share identified within so many years, and the median.
    Delay {
        /// Dimension of ages at onset.
        onset: String,
        /// Dimension of ages at identification.
        identified: String,
        /// Only onsets under this age.
        under: u16,
        /// Age up to which people are seen if they are identified at all: later identification is cut off.
        seen_until: u16,
        /// Whether to correct for that cut-off.
        corrected: bool,
        /// Years at which the share is given.
        years: Vec<u16>,
    },
    /// Of the recorded people whose exploitation began under an age of majority: by age, the share not yet identified,
    /// identified as a child, identified as an adult, out of those for whom it had begun by then.
    States {
        /// Dimension of ages at onset.
        onset: String,
        /// Dimension of ages at identification.
        identified: String,
        /// Age at which the curve begins; the first band's end if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u16>,
        /// Age of majority on this clock.
        majority: u16,
        /// Oldest age given.
        until: u16,
    },
    /// How likely identification is in a year, under and over an age, and the jump there.
    Jump {
        /// Dimension of ages at onset.
        onset: String,
        /// Dimension of ages at identification.
        identified: String,
        /// The age.
        age: u16,
        /// Youngest and oldest age taken.
        from: u16,
        /// Oldest, inclusive.
        until: u16,
    },
    /// From which step to which.
    Transitions {
        /// Dimension of steps.
        steps: String,
    },
    /// Of a group followed over time: the share to whom it had happened by so many days.
    Incidence {
        /// Dimension of days elapsed.
        outcome: String,
        /// Refused if the follow-up of more than so many thousandths is not known.
        most_unknown: u16,
    },
}

/// A part of a study's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Stable identifier.
    pub id: String,
    /// Heading.
    pub heading: String,
    /// Plain words before what is shown.
    #[serde(default)]
    pub text: String,
    /// What is shown, in order.
    #[serde(default)]
    pub show: Vec<Show>,
}

/// Something shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Show {
    /// Figures as whiskers, one row each group and point.
    Figures(String),
    /// A figure along time or age, with its interval as a band.
    Curve(String),
    /// A flow from step to step.
    Flow(String),
    /// Onset age against identification age.
    Lexis(String),
    /// A published table.
    Table(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StudyFile {
    id: String,
    version: String,
    title: String,
    question: String,
    limits: Vec<String>,
    /// Dimensions of its own; those of `dimensions.toml` are there too.
    #[serde(default, rename = "dimension")]
    dimensions: Vec<dimension::DimensionFile>,
    /// What a workload holds, but for id and version.
    workload: toml::Table,
    #[serde(default, rename = "group")]
    groups: Vec<Group>,
    #[serde(default, rename = "figure")]
    figures: Vec<FigureSpec>,
    #[serde(rename = "section")]
    sections: Vec<Section>,
}

/// The study with this id that comes with the program.
pub fn embedded(id: &str) -> Option<Study> {
    let text = embedded::text(embedded::STUDIES, id)?;
    let study = Study::parse(text, dimension::embedded(), Codebook::embedded());
    Some(study.expect("the embedded studies are checked by a test"))
}

/// Ids of the studies that come with the program.
pub fn ids() -> impl Iterator<Item = &'static str> {
    embedded::STUDIES.iter().map(|(id, _)| *id)
}

impl Study {
    /// Reads a study; its tables use its own dimensions and those given.
    pub fn parse(text: &str, dimensions: &[Dimension], book: &Codebook) -> Result<Study, FileError> {
        let file: StudyFile = problem::read("study", text)?;
        let name = format!("study {}", file.id);
        let mut own = Vec::with_capacity(file.dimensions.len() + dimensions.len());
        for dimension in file.dimensions {
            own.push(dimension.expand(book).map_err(|p| FileError::Wrong { file: name.clone(), problems: vec![p] })?);
        }
        problem::none_wrong(&name, dimension::problems(&own, book))?;
        let other = |d: &&Dimension| dimensions.iter().any(|known| known.id == d.id && known != *d);
        let changed = own.iter().filter(other).map(|d| {
            Problem::new(format!("dimension {}", d.id), "the standard has another with this id: choose another id")
        });
        problem::none_wrong(&name, changed.collect())?;
        own.extend(dimensions.iter().filter(|d| own.iter().all(|o| o.id != d.id)).cloned().collect::<Vec<_>>());
        let mut workload = file.workload;
        workload.insert("id".into(), file.id.clone().into());
        workload.insert("version".into(), file.version.clone().into());
        let workload = Workload::parse(&workload.to_string(), &own)?;
        let StudyFile { id, version, title, question, limits, groups, figures, sections, .. } = file;
        let study = Study { id, version, title, question, limits, workload, groups, figures, sections };
        problem::none_wrong(&name, study.problems())?;
        Ok(study)
    }

    /// Everything that is wrong with the study; empty for one that was parsed. Worth asking of a study that came in a
    /// bundle.
    pub fn problems(&self) -> Vec<Problem> {
        check::problems(self)
    }

    /// The group with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|g| g.id == id)
    }

    /// The figure with this id.
    pub fn figure(&self, id: &str) -> Option<&FigureSpec> {
        self.figures.iter().find(|f| f.id == id)
    }
}

//! What a study says: figures that its estimators make of noisy tables, in the order of its file.
//!
//! # Privacy
//!
//! Post-processing: everything is a deterministic function of the study, the noisy tables and the release's public facts
//! (PRIVACY 11). Tables are taken as measured, before they are made consistent, because only that noise is independent from
//! cell to cell.

mod ages;
pub(crate) mod cells;
mod counts;
mod over_time;
mod shares;
pub(crate) mod shown;

use crate::bundle::ReleaseInfo;
use crate::noisy::NoisyTable;
use accord_standard::figure::Figure;
use accord_standard::study::{Estimator, FigureSpec, Select, Study};
use serde::{Deserialize, Serialize};

/// A figure of a study for one group: a number, or several along time, age or steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Figure of the study.
    pub figure: String,
    /// Group of the study; none for everyone that the table counts.
    pub group: Option<String>,
    /// The numbers, in order.
    pub points: Vec<Point>,
    /// What the method found out about itself, in words.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One number of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Stable key within the series: lower case, digits, `_` and `-`.
    pub key: String,
    /// What tells it from its neighbours, in words; empty where it stands alone.
    pub label: String,
    /// Where it stands on the axis, if there is one.
    pub at: Option<f64>,
    /// The number.
    pub figure: Figure,
}

/// Why a study can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StudyError {
    /// A table that it needs is missing or has other cells.
    #[error("table {0} is missing or has other cells than the study declares")]
    Table(String),
    /// A figure that asks for what its table doesn't have; a study that was checked has none.
    #[error("figure {0}: {1}")]
    Figure(String, String),
}

/// All figures of a study, in the order of its file, each for its groups in theirs.
///
/// # Errors
/// If the tables are not those of the study. What can't be estimated is no error but a refusal in its place.
pub fn series(info: &ReleaseInfo, study: &Study, measured: &[NoisyTable]) -> Result<Vec<Series>, StudyError> {
    let mut out = Vec::new();
    for spec in &study.figures {
        let groups: Vec<Option<&str>> =
            if spec.groups.is_empty() { vec![None] } else { spec.groups.iter().map(|g| Some(g.as_str())).collect() };
        for group in groups {
            let ask = Ask::new(info, study, spec, group, measured)?;
            let (points, notes) = ask.answer()?;
            out.push(Series { figure: spec.id.clone(), group: group.map(str::to_owned), points, notes });
        }
    }
    Ok(out)
}

/// Most numbers that a study makes: whoever verifies a release makes all of them again, and a page shows them.
pub const MOST_POINTS: usize = 20_000;

/// Makes the figures of empty tables, to find out before anything is spent whether a study can be made at all: how many
/// numbers it gives, and that each has an id of its own.
///
/// # Errors
/// What a draw would fail with.
pub fn rehearse(study: &Study) -> Result<usize, StudyError> {
    let draw = crate::noisy::Draw {
        sigma_milli: 1_000,
        rho: crate::account::Rho(1),
        sensitivity_squared: 1,
        entry: "rehearsal".into(),
    };
    let tables: Vec<NoisyTable> = study
        .workload
        .tables
        .iter()
        .map(|t| NoisyTable { table: t.id.clone(), values: vec![0; t.cells()], draws: vec![draw.clone()] })
        .collect();
    let info = ReleaseInfo {
        id: "rehearsal".into(),
        title: String::new(),
        slot: String::new(),
        organisations: Vec::new(),
        unit: crate::bundle::Unit::People,
        population: String::new(),
        period: String::new(),
        invented: true,
        codebook: String::new(),
        software: String::new(),
        assumptions: Vec::new(),
        accounts: Vec::new(),
    };
    let all = series(&info, study, &tables)?;
    let mut ids = std::collections::BTreeSet::new();
    for (of, point) in all.iter().flat_map(|s| s.points.iter().map(move |p| (s, p))) {
        if !ids.insert(point.figure.id.as_str()) {
            return Err(StudyError::Figure(of.figure.clone(), format!("two of its numbers are called {}", point.key)));
        }
    }
    if ids.len() > MOST_POINTS {
        return Err(StudyError::Figure(study.id.clone(), format!("more than {MOST_POINTS} numbers in all")));
    }
    Ok(ids.len())
}

/// One figure asked for one group.
pub(crate) struct Ask<'a> {
    info: &'a ReleaseInfo,
    study: &'a Study,
    spec: &'a FigureSpec,
    group: Option<&'a accord_standard::study::Group>,
    measured: &'a [NoisyTable],
    table: cells::Table<'a>,
}

/// The points of a series, and what the method says of itself.
pub(crate) type Answer = Result<(Vec<Point>, Vec<String>), StudyError>;

impl<'a> Ask<'a> {
    fn new(
        info: &'a ReleaseInfo,
        study: &'a Study,
        spec: &'a FigureSpec,
        group: Option<&str>,
        measured: &'a [NoisyTable],
    ) -> Result<Ask<'a>, StudyError> {
        let table = cells::Table::of(study, &spec.table, measured)?;
        let group = match group {
            None => None,
            Some(id) => {
                let wrong = || StudyError::Figure(spec.id.clone(), format!("there is no group {id}"));
                Some(study.group(id).ok_or_else(wrong)?)
            }
        };
        Ok(Ask { info, study, spec, group, measured, table })
    }

    fn answer(&self) -> Answer {
        match &self.spec.estimate {
            Estimator::Count { of } => Ok((self.count(of), Vec::new())),
            Estimator::Share { of, out_of: Some(whole), .. } => self.recorded(of, whole),
            Estimator::Share { of, among, unknown, or_unknown, out_of: None } => {
                let unknown: Vec<&Select> =
                    std::iter::once(unknown).chain(or_unknown).filter(|u| !u.is_empty()).collect();
                Ok((self.share(of, among, &unknown), Vec::new()))
            }
            Estimator::Ratio { of, unknown, against } => self.ratio(of, unknown, against),
            Estimator::Trend { of, years } => self.trend(of, years),
            Estimator::Transitions { steps } => self.transitions(steps),
            Estimator::Incidence { outcome, most_unknown } => self.incidence(outcome, *most_unknown),
            Estimator::Crossing { onset, identified, age } => self.crossing(onset, identified, *age),
            Estimator::Delay { onset, identified, under, seen_until, corrected, years } => self.delay(&ages::Delay {
                onset,
                identified,
                under: *under,
                seen_until: *seen_until,
                corrected: *corrected,
                years,
            }),
            Estimator::States { onset, identified, from, majority, until } => {
                self.states(onset, identified, *majority, (*from, *until))
            }
            Estimator::Jump { onset, identified, age, from, until } => {
                self.jump(onset, identified, *age, (*from, *until))
            }
        }
    }

    /// A dimension of the table by its id.
    fn dimension(&self, id: &str) -> Result<&'a accord_standard::dimension::Dimension, StudyError> {
        let wrong = || StudyError::Figure(self.spec.id.clone(), format!("its table has no dimension {id}"));
        self.table.spec.dimensions.iter().find(|d| d.id == id).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests;

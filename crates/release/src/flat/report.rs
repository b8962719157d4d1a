//! The report of a flat release, and its files: a pure function of what was measured, of the account, and of what was asked.

use super::aggregate::{MOST, aggregate, longest_reported, narrowest_of_singles};
use super::choice::Choice;
use super::compare::{Comparison, Previous, compare};
use super::fit::Convergence;
use super::page::{PAGE, page};
use super::quality::{FlatQuality, quality};
use super::rows::Rows;
use super::{Ask, FlatError, Made, Measured, Settings, make, take};
use crate::account::{Rho, epsilon_of, is_epsilon_of, odds_of};
use crate::bundle::{Decision, ReleaseInfo, Unit};
use crate::files::{Files, FilesError, Status, add_manifest, json};
use crate::flatfiles::{About, Flat, FlatError as WriteError};
use crate::privacy::{DESKS_PER_PERSON, DeskCost, is_worth_publishing};
use serde::{Deserialize, Serialize};

/// The report.
pub const REPORT: &str = "report.json";
/// The noisy counts that everything else follows from.
pub const MEASURED: &str = "measured.json";

/// Version of the report and of the method that makes rows from noisy counts. Whoever changes what the same noisy counts give
/// counts it up: a draft of another version can't be made again, and is not one that was tampered with. 1: up to November
/// 2026, with a bound on filled columns recorded as if noise had been added to it. 2: without the share of people in missing
/// combinations; the rows are those of 3.
pub const FORMAT: u32 = 3;

/// The synthetic rows as Parquet.
pub const PARQUET: &str = "synthetic.parquet";

/// The note of a draft that says nothing.
const SAYS_NOTHING: &str =
    "At this epsilon the noise is larger than what could be counted: nothing can be told from these numbers.";

impl FlatReport {
    /// Whether nothing can be told from it, by the noisy count of rows.
    pub fn says_nothing(&self) -> bool {
        self.notes.iter().any(|note| note == SAYS_NOTHING)
    }

    /// Length of the longest combinations that are reported.
    pub fn reported(&self) -> usize {
        self.method.reported_to.unwrap_or(self.asked.reporting_length)
    }
}

/// What is said of a flat release. No seconds and no exact counts stand in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatReport {
    /// Version of this format.
    pub format: u32,
    /// Draft or published.
    pub status: Status,
    /// The council's decision, once it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What it is and whose.
    pub info: ReleaseInfo,
    /// Where the domain comes from.
    pub domain: DomainSource,
    /// What it cost and what may be claimed.
    pub privacy: FlatPrivacy,
    /// What was asked of the rows.
    pub asked: Asked,
    /// How the rows were made.
    pub method: Method,
    /// What may be expected of the numbers.
    pub quality: FlatQuality,
    /// What changed since an earlier release, if one was given to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Comparison>,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// Where the domain comes from (PRIVACY 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainSource {
    /// Declared in a file before rows were read.
    Declared,
    /// Taken from the file, on the declaration that the sets of values are public.
    InferredAsPublic,
}

/// The privacy statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatPrivacy {
    /// Public delta of the conversion.
    pub delta: f64,
    /// Epsilon of this release alone, rounded up.
    pub epsilon: f64,
    /// Epsilon of everything drawn so far on this account.
    pub epsilon_cumulative: f64,
    /// Number of desks that one person is assumed to be known to.
    pub desks_per_person: u32,
    /// Epsilon for a person known to that many desks, if the others have spent as much.
    pub epsilon_several_desks: f64,
    /// zCDP cost of this release.
    pub rho: Rho,
    /// zCDP cost of everything so far.
    pub rho_cumulative: Rho,
    /// The most rows of one person.
    pub rows_per_person: u32,
    /// The claim in one sentence.
    pub sentence: String,
    /// Each measurement, in order.
    pub measurements: Vec<Measurement>,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// What was measured.
    pub table: String,
    /// Number of counts.
    pub cells: usize,
    /// The most counts that one person can be in, squared sensitivity of the whole.
    pub sensitivity_squared: u64,
    /// Cost.
    pub rho: Rho,
    /// Standard deviation of the noise in each count; none where nothing was added and something was chosen instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// How it was chosen, if it is a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
}

/// What was asked of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Length of the longest combinations that are reported.
    pub reporting_length: usize,
    /// Number of synthetic rows, if another than the noisy count of rows was asked for.
    pub rows: Option<u64>,
    /// The dial and the weights.
    pub ask: Ask,
}

/// How the rows were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Whether blank counted as a value.
    pub blank_counted: bool,
    /// The most filled columns that a row was counted with, where blank was implied.
    pub most_filled: Option<u16>,
    /// Columns of each factor of the model that the rows began from.
    pub factors: Vec<Vec<String>>,
    /// Cells of its junction tree.
    pub tree_cells: usize,
    /// Passes of the last fit.
    pub passes: u32,
    /// What was left of the gradient, as a share of all counts.
    pub gap: f64,
    /// Largest distance between model and drawn rows over all pairs of columns.
    pub sampler_distance: f64,
    /// Values changed by each sweep of the adjustment.
    pub changed: Vec<u64>,
    /// Combinations that were ruled out as likely invented by noise.
    pub ruled_out: u64,
    /// Length of the longest combinations that rows were adjusted to, where that is less than was measured because more would
    /// have taken too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_to: Option<usize>,
    /// Length of the longest combinations that are reported, where that is less than was asked because there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_to: Option<usize>,
    /// Columns whose rare values the model held together, with the number of values that it held.
    pub folded: Vec<(String, usize)>,
}

/// What fixes the files of a draft beside the measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it is and whose.
    pub info: ReleaseInfo,
    /// Where the domain comes from.
    pub domain: DomainSource,
    /// Delta of the account.
    pub delta: f64,
    /// What this draw and all draws so far cost.
    pub cost: DeskCost,
    /// What was asked of the rows.
    pub asked: Asked,
    /// An earlier draft to compare with.
    pub previous: Option<Previous>,
}

/// Why the files of a draft can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Rows can't be made.
    #[error(transparent)]
    Make(#[from] FlatError),
    /// A format can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file can't be made.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// A draft in the making.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// The report.
    pub report: FlatReport,
    /// The synthetic rows as they are to be written.
    pub synthetic: Rows,
    /// Rows that the aggregates count.
    rows: Rows,
}

impl Drafted {
    /// The same with a decision in its report.
    pub(super) fn decided(&self, decision: &Decision) -> Drafted {
        Drafted { report: self.report.clone().decided(decision), ..self.clone() }
    }
}

/// Makes rows and report.
pub fn draft(measured: &Measured, draft: &Draft, progress: &mut dyn FnMut(f64)) -> Result<Drafted, DraftError> {
    draft_stating(measured, draft, None, progress)
}

/// [`draft`], with epsilons as they are stated where they are right but for the last digit that is kept: so what another
/// machine wrote is made again as it stands there.
pub(super) fn draft_stating(
    measured: &Measured,
    draft: &Draft,
    stated: Option<&FlatPrivacy>,
    progress: &mut dyn FnMut(f64),
) -> Result<Drafted, DraftError> {
    let settings = Settings::new(measured.columns.columns.len(), &draft.asked.ask)?;
    let made = make(measured, &draft.asked.ask, &mut |done| progress(done * 0.5))?;
    let quality = quality(measured, &made.rows, &settings, &mut |done| progress(0.5 + done * 0.5))?;
    let reported = longest_reported(&made.rows, draft.asked.reporting_length);
    progress(1.0);
    let synthetic = match draft.asked.rows {
        Some(rows) => take(&made.rows, rows)?,
        None => made.rows.clone(),
    };
    let privacy = privacy(measured, draft, stated);
    let compared = draft.previous.as_ref().map(|p| compare(measured, draft, privacy.epsilon, p)).transpose();
    let report = FlatReport {
        format: FORMAT,
        status: Status::Draft,
        decision: None,
        info: draft.info.clone(),
        domain: draft.domain,
        privacy,
        asked: draft.asked.clone(),
        method: method(measured, &made, Some(reported).filter(|r| *r < draft.asked.reporting_length)),
        quality,
        compared: compared.map_err(FlatError::Ask)?,
        notes: notes(measured, draft, &made, reported),
    };
    Ok(Drafted { report, synthetic, rows: made.rows })
}

/// The files of a draft: `others` are those that another crate renders (Parquet).
pub fn files(measured: &Measured, drafted: &Drafted, others: Files) -> Result<Files, DraftError> {
    let report = &drafted.report;
    let aggregates = aggregate(measured, &drafted.rows, report.reported())?;
    let flat = Flat::new(&measured.columns, &drafted.synthetic.columns, &aggregates)?;
    let mut files = others;
    files.insert(REPORT.into(), json(REPORT, report)?);
    files.insert(PAGE.into(), page(report, &measured.columns, &aggregates).into_bytes());
    let compact = serde_json::to_vec(measured).map_err(|e| FilesError::Write(MEASURED.into(), e.to_string()))?;
    files.insert(MEASURED.into(), compact);
    let mut files = flat.files(&about(report), files)?;
    add_manifest(&report.info.id, Status::Draft, &mut files)?;
    Ok(files)
}

fn privacy(measured: &Measured, draft: &Draft, stated: Option<&FlatPrivacy>) -> FlatPrivacy {
    let epsilon = |rho: Rho, of: fn(&FlatPrivacy) -> f64| {
        let said = stated.map(of).filter(|said| is_epsilon_of(*said, rho, draft.delta));
        said.unwrap_or_else(|| epsilon_of(rho, draft.delta))
    };
    let several = Rho(draft.cost.cumulative.0.saturating_mul(u64::from(DESKS_PER_PERSON)));
    let cumulative = epsilon(draft.cost.cumulative, |p| p.epsilon_cumulative);
    let at_several = epsilon(several, |p| p.epsilon_several_desks);
    let measurements = measured
        .tables
        .iter()
        .map(|table| {
            // A choice adds no noise to anything: it is made by chance.
            let choice = measured.choice.as_ref().filter(|_| table.table == super::MOST_FILLED);
            let drawn = || table.draws.iter().map(|d| (d.sensitivity_squared, d.rho.0));
            Measurement {
                table: table.table.clone(),
                cells: table.values.len(),
                sensitivity_squared: choice
                    .map_or_else(|| drawn().map(|d| d.0).max().unwrap_or(0), |c| c.range.saturating_mul(c.range)),
                rho: choice.map_or_else(|| Rho(drawn().map(|d| d.1).max().unwrap_or(0)), |c| c.rho),
                sigma: choice.is_none().then(|| table.noise().sigma()),
                choice: choice.cloned(),
            }
        })
        .collect();
    FlatPrivacy {
        delta: draft.delta,
        epsilon: epsilon(draft.cost.this, |p| p.epsilon),
        epsilon_cumulative: cumulative,
        desks_per_person: DESKS_PER_PERSON,
        epsilon_several_desks: at_several,
        rho: draft.cost.this,
        rho_cumulative: draft.cost.cumulative,
        rows_per_person: measured.rows_per_person,
        sentence: format!(
            "{}hether or not one person's rows were in the file changes the odds of any conclusion about her from all that was \
             drawn so far on this account by a factor of at most {:.2} (epsilon {cumulative:.3}), except with a probability of \
             {:e}; for a person known to {DESKS_PER_PERSON} organisations that have each spent as much, by {:.2} (epsilon {:.3}).",
            match draft.domain {
                DomainSource::Declared => "W",
                DomainSource::InferredAsPublic =>
                    "Apart from the lists of values, which were taken from the file and declared public: w",
            },
            odds_of(cumulative),
            draft.delta,
            odds_of(at_several),
            at_several
        ),
        measurements,
    }
}

fn method(measured: &Measured, made: &Made, reported_to: Option<usize>) -> Method {
    let names = &measured.columns.columns;
    let order = measured.layout().map(|l| l.order).unwrap_or_default();
    let Convergence { passes, gap } = made.growth.convergence;
    let name = |at: &usize| order.get(*at).map(|c| names[*c].name.clone()).unwrap_or_default();
    Method {
        blank_counted: measured.shape.most_filled.is_none(),
        most_filled: measured.shape.most_filled,
        factors: made.growth.factors.iter().map(|f| f.iter().map(name).collect()).collect(),
        tree_cells: made.growth.cells,
        passes,
        gap: (gap * 1e6).round() / 1e6,
        sampler_distance: (made.sampler_distance * 1e6).round() / 1e6,
        changed: made.changed.clone(),
        ruled_out: made.ruled_out,
        adjusted_to: Some(made.adjusted_to).filter(|to| *to < measured.lengths()),
        reported_to,
        folded: made.folded.iter().map(|(c, size)| (names[*c].name.clone(), *size)).collect(),
    }
}

fn notes(measured: &Measured, draft: &Draft, made: &Made, reported: usize) -> Vec<String> {
    let mut notes = vec![
        "A draft: no council has decided on it.".to_owned(),
        "Every synthetic row is invented. A row that is like a person's is so by chance or because many people are alike."
            .to_owned(),
        "A missing combination was not seen often enough to be told from noise; it is not nought.".to_owned(),
    ];
    if draft.domain == DomainSource::InferredAsPublic {
        notes.push(
            "The sets of values were taken from the file, on the user's declaration that they are public. If a value is \
             itself a secret, this release tells that it was there."
                .to_owned(),
        );
    }
    if let Some(most) = measured.shape.most_filled {
        notes.push(format!(
            "A row with more than {most} filled columns is counted in some of its combinations only. Intervals allow for as many \
             such rows as there may be; the counts themselves do not."
        ));
    }
    if made.adjusted_to < measured.lengths() {
        notes.push(format!(
            "The table is so wide that rows were adjusted to combinations of up to {} alone: counts of longer ones are less \
             certain than the expected errors of a smaller table would be.",
            made.adjusted_to
        ));
    }
    if reported < draft.asked.reporting_length {
        notes.push(format!(
            "Combinations of up to {} were asked for, but there are more than {MOST} different ones of some length: those of up \
             to {reported} are reported. Longer ones can be counted in the synthetic rows.",
            draft.asked.reporting_length
        ));
    }
    if says_nothing(measured) {
        notes.push(SAYS_NOTHING.to_owned());
    }
    if draft.asked.rows.is_some() {
        notes.push(
            "The number of synthetic rows was asked for: weigh them before comparing them with the aggregates."
                .to_owned(),
        );
    }
    if draft.info.invented {
        notes.push("INVENTED DATA: the people behind these numbers do not exist.".to_owned());
    }
    notes
}

/// Whether in no column a value of one in ten rows could be known within half of that, at the noisy number of rows.
fn says_nothing(measured: &Measured) -> bool {
    let rows = measured.tables.iter().find(|t| t.table == super::ROWS).and_then(|t| t.values.first()).copied();
    let sigmas = (1..=usize::from(measured.shape.longest)).filter_map(|k| {
        let table = measured.tables.iter().find(|t| t.table == super::length_id(k))?;
        Some(table.draws.iter().map(|d| d.sigma_milli).max().unwrap_or(u64::MAX))
    });
    let narrowest = match measured.layout() {
        Ok(layout) => narrowest_of_singles(&layout, &sigmas.collect::<Vec<u64>>()),
        Err(_) => u64::MAX,
    };
    !is_worth_publishing(rows.unwrap_or(0).max(0).cast_unsigned(), narrowest)
}

/// What travels with every figure of a report.
pub(super) fn about(report: &FlatReport) -> About {
    let info = &report.info;
    let who = match info.unit {
        Unit::Rows => "rows",
        Unit::People => "people",
        Unit::Records => "records",
    };
    About {
        id: info.id.clone(),
        title: info.title.clone(),
        slot: info.slot.clone(),
        unit: info.unit,
        definition: format!(
            "Number of {who} with all of these values, counted in synthetic rows that were fitted to noisy counts. The \
             interval holds the exact number among the rows that were counted, at most {} a person, in at least 95 of 100 cases.",
            report.privacy.rows_per_person
        ),
        caveats: report.notes.clone(),
        invented: info.invented,
        status: report.status,
        council_note: report.decision.as_ref().map(|d| d.note.clone()).unwrap_or_default(),
    }
}

//! What a desk sends: its noisy tables with what they cost. One contribution makes a release of its own; several are added
//! to a pooled one, with no new draw and no new debit (PRIVACY 3).

use crate::account::{Rho, check_delta};
use crate::bundle::{Account, Bundle, Organisation, Refusal, ReleaseInfo, Share, Unit};
use crate::consistent::ConsistencyError;
use crate::flat::FlatError;
use crate::noisy::{LARGEST, NoisyTable, PoolError};
use crate::privacy::{DeskCost, is_worth_publishing, statement};
use crate::publish::{MISS, publish, share_of};
use crate::quality::{Quality, quality};
use crate::study::{StudyError, series};
use crate::synth::{self, Synthetic, synthesise};
use accord_standard::study::Study;
use accord_standard::workload::Workload;
use serde::{Deserialize, Serialize};

/// A desk's contribution: protected, so it may leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// Version of this format.
    pub format: u32,
    /// Who contributes.
    pub organisation: Organisation,
    /// The privacy account that paid: random, the same for every contribution of one vault.
    pub account: Account,
    /// Slot of the release calendar.
    pub slot: String,
    /// The workload that was measured.
    pub workload: Workload,
    /// Delta of the account.
    pub delta: f64,
    /// Cost of this draw.
    pub rho: Rho,
    /// The most that any cohort has been charged so far, this draw included.
    pub rho_cumulative: Rho,
    /// The most people that the desk declares it may hold: public, declared beforehand.
    pub size_bound: u64,
    /// Tables over records with consent to statistics or a legal basis.
    pub statistics: Vec<NoisyTable>,
    /// Tables over records with consent to microdata; empty if none were asked for.
    pub microdata: Vec<NoisyTable>,
    /// Noisy counts of records read on consent and on a legal basis, if measured.
    pub basis: Option<NoisyTable>,
    /// Years covered, as declared.
    pub period: String,
    /// Whether the people are invented.
    pub invented: bool,
    /// Version of the codebook.
    pub codebook: String,
    /// The study that asked for it, if one did; its workload is the one above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Study>,
}

impl Contribution {
    /// Checks what can be checked from outside: format, shapes, sizes, and that every table's noise is as large as its
    /// stated cost and sensitivity demand. It can't be seen from outside whether the noise was drawn at all.
    fn check(&self) -> Result<(), String> {
        if self.format != 1 {
            return Err(format!("its format is {}, and this version knows format 1", self.format));
        }
        check_delta(self.delta).map_err(|e| e.to_string())?;
        if let Some(problem) = self.workload.problems().first() {
            return Err(format!("its workload: {problem}"));
        }
        if let Some(study) = &self.study {
            if let Some(problem) = study.problems().first() {
                return Err(format!("its study: {problem}"));
            }
            if study.workload != self.workload {
                return Err("its study declares another workload".into());
            }
        }
        if self.size_bound == 0 || self.size_bound > LARGEST {
            return Err("its declared bound on people makes no sense".into());
        }
        let mut spent = 0_u64;
        let microdata = if self.microdata.is_empty() {
            Vec::new()
        } else {
            synth::measurements(&self.workload).map_err(|e| e.to_string())?
        };
        let statistics =
            |t: &NoisyTable| self.workload.table(&t.table).map_or(1, |t| u64::from(t.most_cells_per_person()));
        let rows = |t: &NoisyTable| microdata.iter().find(|m| m.0 == t.table).map_or(u64::MAX, |m| m.2);
        let charged = self.statistics.iter().chain(&self.basis).map(|t| (t, statistics(t)));
        for (table, most) in charged.chain(self.microdata.iter().map(|t| (t, rows(t)))) {
            let [draw] = &table.draws[..] else {
                return Err(format!("table {} is not one draw", table.table));
            };
            draw.bears_its_cost(most).map_err(|why| format!("table {}: {why}", table.table))?;
            draw.is_no_larger_than_its_cost().map_err(|why| format!("table {}: {why}", table.table))?;
            // One organisation moves no cell, and no sum of a table's cells, by more than its declared bound and the noise
            // that its cost buys. More noise than that would be a licence to move them further.
            let beyond =
                || format!("table {} holds more than the declared bound of {} people", table.table, self.size_bound);
            let sigma = table.noise().sigma();
            let within = |value: i128, people: u128, sigma: f64| {
                let noise = (sigma * 12.0 + 1.0).min(1e15) as u128;
                value.unsigned_abs() <= people.saturating_add(noise).min(u128::from(LARGEST) * 1_000)
            };
            if !table.values.iter().all(|v| within(i128::from(*v), u128::from(self.size_bound), sigma)) {
                return Err(beyond());
            }
            // Combinations of microdata count a person in as many cells as there are combinations, which `most` says.
            let people = u128::from(self.size_bound).saturating_mul(u128::from(most.max(1)));
            let sum: i128 = table.values.iter().map(|v| i128::from(*v)).sum();
            if most != u64::MAX && !within(sum, people, sigma * (table.values.len() as f64).sqrt()) {
                return Err(beyond());
            }
            spent = spent.checked_add(draw.rho.0).ok_or("its costs make no sense")?;
        }
        if spent > self.rho.0 || self.rho > self.rho_cumulative || self.rho_cumulative.0 > 1_000 * Rho::UNIT {
            return Err("its tables cost more than it states, or it states more than any account can hold".into());
        }
        Ok(())
    }
}

/// A release made of contributions: everything but its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembled {
    /// The release.
    pub bundle: Bundle,
    /// Synthetic rows, if every contribution allows them.
    pub synthetic: Option<Synthetic>,
    /// Quality report.
    pub quality: Quality,
}

/// Why contributions can't become a release.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AssembleError {
    /// Nothing was given.
    #[error("there is no contribution")]
    Empty,
    /// Contributions measured different things.
    #[error("{0} and {1} can't be pooled: {2} differs")]
    Unlike(String, String, &'static str),
    /// A contribution that contradicts itself, or states a cost that its noise does not bear out.
    #[error("the contribution of {organisation} can't be used: {why}")]
    Unsound {
        /// Who sent it.
        organisation: String,
        /// What is wrong.
        why: String,
    },
    /// One organisation stands in the pool twice: its people would be counted twice.
    #[error("{0} stands in the pool twice (the same name or the same account): its people would be counted twice")]
    Repeated(String),
    /// Tables can't be added.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Tables don't fit the workload.
    #[error(transparent)]
    Consistency(#[from] ConsistencyError),
    /// Synthetic rows can't be made.
    #[error(transparent)]
    Flat(#[from] FlatError),
    /// Figures of a study can't be made of the tables.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A holder too small to publish anything alone at this epsilon.
    #[error("{organisation} can't publish alone: {why}")]
    TooSmall {
        /// The holder.
        organisation: String,
        /// The reason, in words.
        why: String,
    },
}

/// Makes a release of one contribution, or pools several.
///
/// A single holder is refused if none of its tables would say anything at its declared size bound. If only some would not,
/// they stand with their symbols, and the refusal is listed.
pub fn assemble(
    contributions: &[Contribution],
    id: &str,
    title: &str,
    software: &str,
    assumptions: &[String],
    mut refusals: Vec<Refusal>,
) -> Result<Assembled, AssembleError> {
    let Some(first) = contributions.first() else { return Err(AssembleError::Empty) };
    for contribution in contributions {
        contribution
            .check()
            .map_err(|why| AssembleError::Unsound { organisation: contribution.organisation.name.clone(), why })?;
    }
    for other in contributions {
        let differs =
            |what| AssembleError::Unlike(first.organisation.name.clone(), other.organisation.name.clone(), what);
        if other.workload != first.workload {
            return Err(differs("the workload"));
        }
        if other.study != first.study {
            return Err(differs("the study"));
        }
        if other.slot != first.slot {
            return Err(differs("the slot of the calendar"));
        }
        if other.invented != first.invented {
            return Err(differs("whether the people are invented"));
        }
        if other.codebook != first.codebook {
            return Err(differs("the codebook"));
        }
        if other.delta.to_bits() != first.delta.to_bits() {
            return Err(differs("delta"));
        }
    }
    for (at, one) in contributions.iter().enumerate() {
        let same = |o: &&Contribution| {
            o.account.account == one.account.account || o.organisation.name.trim() == one.organisation.name.trim()
        };
        if contributions[..at].iter().any(|o| same(&o)) {
            return Err(AssembleError::Repeated(one.organisation.name.clone()));
        }
    }
    let workload = &first.workload;
    let delta = first.delta;
    let tables: Vec<(String, usize)> = workload.tables.iter().map(|t| (t.id.clone(), t.cells())).collect();
    let measured = pool(&tables, contributions, |c| &c.statistics)?;

    if let [only] = contributions {
        let widths: Vec<(String, u64)> =
            measured.iter().map(|t| (t.table.clone(), t.noise().half_width(MISS))).collect();
        let too_wide: Vec<&(String, u64)> =
            widths.iter().filter(|(_, w)| !is_worth_publishing(only.size_bound, *w)).collect();
        let why = |width: u64| {
            format!(
                "at this epsilon a count is uncertain by {width} either way, and a group of one in ten of the declared \
                 bound of {} people would not be known within half of its value",
                only.size_bound
            )
        };
        if too_wide.len() == widths.len() {
            let width = widths.iter().map(|w| w.1).min().unwrap_or(0);
            return Err(AssembleError::TooSmall { organisation: only.organisation.name.clone(), why: why(width) });
        }
        refusals.extend(too_wide.into_iter().map(|(table, width)| Refusal {
            what: format!("table {table} for small groups of {}", only.organisation.name),
            why: why(*width),
        }));
    }

    let desks: Vec<DeskCost> =
        contributions.iter().map(|c| DeskCost { this: c.rho, cumulative: c.rho_cumulative }).collect();
    let basis = pooled_basis(contributions)?;
    let privacy = statement(workload, &measured, &desks, delta, basis.as_ref().and_then(share_on_legal_basis));
    let pooled = contributions.len() > 1;
    let info = ReleaseInfo {
        id: id.to_owned(),
        title: title.to_owned(),
        slot: first.slot.clone(),
        organisations: contributions.iter().map(|c| c.organisation.clone()).collect(),
        unit: if pooled { Unit::Records } else { Unit::People },
        population: workload.population.clone(),
        period: periods(contributions),
        invented: first.invented,
        codebook: first.codebook.clone(),
        software: software.to_owned(),
        assumptions: assumptions.to_vec(),
        accounts: contributions.iter().map(|c| c.account.clone()).collect(),
    };
    let with_microdata = contributions.iter().all(|c| !c.microdata.is_empty());
    let mut microdata = vec![];
    let synthetic = if with_microdata {
        let tables: Vec<(String, usize)> =
            synth::measurements(workload)?.into_iter().map(|(id, cells, _)| (id, cells)).collect();
        microdata = pool(&tables, contributions, |c| &c.microdata)?;
        Some(synthesise(workload, &microdata)?)
    } else {
        refusals.push(Refusal {
            what: "synthetic records".to_owned(),
            why: "they may be made only from records with consent to microdata (P5), measured apart".to_owned(),
        });
        None
    };
    let series = match &first.study {
        Some(study) => series(&info, study, &measured)?,
        None => Vec::new(),
    };
    let mut bundle = publish(info, workload.clone(), privacy, measured)?;
    bundle.study.clone_from(&first.study);
    bundle.series = series;
    bundle.refusals = refusals;
    bundle.microdata = microdata;
    bundle.basis = basis;
    let quality = quality(&bundle)?;
    Ok(Assembled { bundle, synthetic, quality })
}

/// Tables, by id and number of cells, each added over the contributions.
fn pool<'c>(
    tables: &[(String, usize)],
    contributions: &'c [Contribution],
    of: impl Fn(&'c Contribution) -> &'c Vec<NoisyTable>,
) -> Result<Vec<NoisyTable>, AssembleError> {
    tables
        .iter()
        .map(|(id, cells)| {
            let parts = contributions
                .iter()
                .map(|c| {
                    let table = of(c).iter().find(|t| t.table == *id && t.values.len() == *cells);
                    table.cloned().ok_or_else(|| ConsistencyError::Shape(id.clone()))
                })
                .collect::<Result<Vec<_>, _>>()?;
            Ok(NoisyTable::pool(&parts)?)
        })
        .collect()
}

/// The counts of the grounds of reading, added; `None` if any contribution didn't measure them.
fn pooled_basis(contributions: &[Contribution]) -> Result<Option<NoisyTable>, AssembleError> {
    let parts: Option<Vec<NoisyTable>> =
        contributions.iter().map(|c| c.basis.clone().filter(|b| b.values.len() == 2)).collect();
    Ok(parts.map(|p| NoisyTable::pool(&p)).transpose()?)
}

/// Share read on a legal basis, from noisy counts of both grounds: two intervals that each miss half as often, so that
/// together they miss at most as often. `None` where too little is known to say anything.
pub fn share_on_legal_basis(basis: &NoisyTable) -> Option<Share> {
    let [consent, law] = basis.values[..] else { return None };
    let half = basis.noise().half_width(MISS / 2.0);
    let both = basis.noise().times(2).half_width(MISS / 2.0);
    let ends = |value: i64, half: u64| {
        let shown = value.max(0) as u64;
        (shown, shown.saturating_sub(half), shown.saturating_add(half))
    };
    let share = share_of(ends(law, half), ends(consent.saturating_add(law), both))?;
    (share.high - share.low < 50.0).then_some(share)
}

/// The declared periods, each once.
fn periods(contributions: &[Contribution]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for contribution in contributions {
        if !all.contains(&contribution.period.as_str()) {
            all.push(&contribution.period);
        }
    }
    all.join("; ")
}

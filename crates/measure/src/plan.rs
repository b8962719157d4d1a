//! The plan of a draw: what is measured and what each measurement costs, fixed before any record is read (PRIVACY 4, 5, 7).

use accord_release::account::{ParameterError, Rho, rho_of};
use accord_release::synth;
use accord_standard::workload::Workload;
use serde::{Deserialize, Serialize};

/// Who is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Records with consent to statistics (P2) or a coded legal basis: for tables.
    Statistics,
    /// Records with consent to statistics and to synthetic microdata (P2 and P5): for microdata (PRIVACY 6).
    Microdata,
}

/// What is measured, in order, and at what cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The frozen workload.
    pub workload: Workload,
    /// The most rows that one person may contribute; 1 where a row is a person.
    pub rows_per_person: u32,
    /// Measurements.
    pub steps: Vec<Step>,
    /// What is measured of a flat table, where that is what is drawn; the workload then has no tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat: Option<FlatPlan>,
}

/// What fixes the measurements of a flat table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatPlan {
    /// SHA-256 of the domain, in hex.
    pub domain: String,
    /// Length of the longest combinations that are measured.
    pub longest: u8,
    /// How rows are bounded.
    pub bound: Bound,
}

/// How the number of cells that a row is counted in is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Blank counts as a value: every row stands in one cell of every table.
    Dense,
    /// Blank is implied, and a row is counted with at most so many filled columns, as declared.
    Declared(u16),
    /// Blank is implied, and the bound is chosen privately; the choice is charged.
    Chosen,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who is read.
    pub population: Population,
    /// Table of the workload.
    pub table: String,
    /// Cost.
    pub rho: Rho,
    /// Squared L2 sensitivity: the square of rows a person times cells a row (PRIVACY 1: m rows give m√c).
    pub sensitivity_squared: u64,
    /// Standard deviation parameter that this cost buys, in thousandths, rounded up.
    pub sigma_milli: u64,
}

/// Why a plan can't be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Epsilon or delta is out of range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The shares of the workload's tables don't sum to 1000.
    #[error("the shares of workload {0} sum to {1} thousandths, not 1000")]
    Shares(String, u32),
    /// No table would be measured, or a table's cost rounds to nothing.
    #[error("table {0} would get no budget: raise epsilon or its share")]
    Nothing(String),
    /// Microdata can't be made of this workload.
    #[error("synthetic records can't be made of workload {0}: {1}")]
    Microdata(String, String),
    /// The bound on rows a person is nought or over 1000.
    #[error("rows a person must be 1 to 1000, not {0}")]
    Rows(u32),
}

/// Share of the budget that microdata get where they are asked for, in thousandths.
const MICRODATA_SHARE: u32 = 300;
/// Share of the microdata's budget for the count of rows.
pub(crate) const ROWS_SHARE: u32 = 5;
/// Share of the budget for the two counts that say how many were read on consent and how many on a legal basis.
const BASIS_SHARE: u32 = 20;

/// Id of the measurement of the grounds on which records were read: consent, then legal basis (PRIVACY 6). It belongs to
/// no workload.
pub const BASIS: &str = "basis-of-reading";

/// What else is measured beside the workload's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Combinations of categories over records with consent to microdata.
    pub microdata: bool,
    /// The share read on a legal basis.
    pub basis: bool,
}

impl Plan {
    /// Splits (epsilon, delta) over the workload's tables, and over the microdata's where they are asked for.
    ///
    /// # Privacy
    ///
    /// The costs of the steps sum to at most `rho_of(epsilon, delta)`: every split rounds down, every sigma rounds up.
    pub fn new(
        workload: Workload,
        epsilon: f64,
        delta: f64,
        rows_per_person: u32,
        extras: Extras,
    ) -> Result<Plan, PlanError> {
        let whole = rho_of(epsilon, delta)?;
        let shares: u32 = workload.tables.iter().map(|t| t.share).sum();
        if shares != 1000 || workload.tables.is_empty() {
            return Err(PlanError::Shares(workload.id, shares));
        }
        if !(1..=1000).contains(&rows_per_person) {
            return Err(PlanError::Rows(rows_per_person));
        }
        let basis = if extras.basis { BASIS_SHARE } else { 0 };
        let parts = if extras.microdata {
            vec![(Population::Statistics, 1000 - MICRODATA_SHARE - basis), (Population::Microdata, MICRODATA_SHARE)]
        } else {
            vec![(Population::Statistics, 1000 - basis)]
        };
        let mut steps = Vec::new();
        if extras.basis {
            let rho = whole.share(basis);
            let rows = u64::from(rows_per_person);
            let sigma_milli = sigma_milli(rows * rows, rho).ok_or_else(|| PlanError::Nothing(BASIS.to_owned()))?;
            steps.push(Step {
                population: Population::Statistics,
                table: BASIS.to_owned(),
                rho,
                sensitivity_squared: rows * rows,
                sigma_milli,
            });
        }
        for (population, part) in parts {
            if population == Population::Microdata {
                steps.extend(microdata_steps(&workload, whole.share(part), rows_per_person)?);
                continue;
            }
            for table in &workload.tables {
                let rho = whole.share(part).share(table.share);
                let rows = u64::from(rows_per_person);
                let sensitivity_squared = rows * rows * u64::from(table.most_cells_per_person());
                let sigma_milli =
                    sigma_milli(sensitivity_squared, rho).ok_or_else(|| PlanError::Nothing(table.id.clone()))?;
                steps.push(Step { population, table: table.id.clone(), rho, sensitivity_squared, sigma_milli });
            }
        }
        Ok(Plan { workload, rows_per_person, steps, flat: None })
    }

    /// What the whole plan costs.
    pub fn total(&self) -> Rho {
        Rho(self.steps.iter().map(|s| s.rho.0).sum())
    }
}

/// What is measured for synthetic microdata: the rows, and combinations of the workload's categories by length.
fn microdata_steps(workload: &Workload, whole: Rho, rows_per_person: u32) -> Result<Vec<Step>, PlanError> {
    let unfit = |e: accord_release::flat::FlatError| PlanError::Microdata(workload.id.clone(), e.to_string());
    let measurements = synth::measurements(workload).map_err(unfit)?;
    let dense = synth::layout(workload).map_err(unfit)?.dense();
    let rest = whole.share(1000 - ROWS_SHARE);
    let shares = crate::flat::shares((measurements.len() - 1) as u8, dense);
    let costs = std::iter::once(whole.share(ROWS_SHARE)).chain(shares.iter().map(|s| rest.share(*s)));
    let rows = u64::from(rows_per_person);
    measurements
        .into_iter()
        .zip(costs)
        .map(|((table, _, most_cells), rho)| {
            let sensitivity_squared = rows * rows * most_cells;
            let sigma_milli = sigma_milli(sensitivity_squared, rho).ok_or_else(|| PlanError::Nothing(table.clone()))?;
            Ok(Step { population: Population::Microdata, table, rho, sensitivity_squared, sigma_milli })
        })
        .collect()
}

/// The smallest sigma, in whole thousandths, for which a discrete Gaussian costs at most `rho` at this squared L2
/// sensitivity: sigma² = sensitivity² / (2 rho) (CKS20, theorem 14, and its multivariate form). Whole numbers throughout;
/// `None` if `rho` is nought or sigma would not fit.
pub fn sigma_milli(sensitivity_squared: u64, rho: Rho) -> Option<u64> {
    if rho.0 == 0 {
        return None;
    }
    // sigma_milli² >= sensitivity² * 10^6 * UNIT / (2 rho)
    let numerator = u128::from(sensitivity_squared) * 1_000_000 * u128::from(Rho::UNIT);
    let square = numerator.div_ceil(2 * u128::from(rho.0));
    let mut root = square.isqrt();
    if root * root < square {
        root += 1;
    }
    u64::try_from(root).ok().filter(|s| *s < 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn privacy_06_microdata_and_the_basis_are_charged_apart_and_all_within_epsilon() {
        let workload = accord_standard::workload::embedded("default").unwrap();
        let extras = Extras { microdata: true, basis: true };
        let plan = Plan::new(workload, 1.0, 1e-6, 1, extras).unwrap();
        let of = |p: Population| plan.steps.iter().filter(|s| s.population == p).count();
        assert_eq!(of(Population::Microdata), 4, "rows, and combinations of length 1 to 3");
        assert_eq!(of(Population::Statistics), plan.workload.tables.len() + 1);
        assert!(plan.total() <= rho_of(1.0, 1e-6).unwrap());
        assert!(plan.total().0 * 1000 >= rho_of(1.0, 1e-6).unwrap().0 * 999);
    }

    #[test]
    fn sigma_of_small_exact_cases() {
        assert_eq!(sigma_milli(1, Rho(Rho::UNIT / 2)), Some(1000));
        assert_eq!(sigma_milli(4, Rho(Rho::UNIT / 2)), Some(2000));
        assert_eq!(sigma_milli(1, Rho(Rho::UNIT / 200)), Some(10_000));
        assert_eq!(sigma_milli(5, Rho(Rho::UNIT / 2)), Some(2237)); // sqrt 5 = 2.23606..., rounded up
        assert_eq!(sigma_milli(1, Rho(0)), None);
    }

    proptest! {
        /// The cost of the noise actually used is never over what was debited: sensitivity² / (2 sigma²) <= rho.
        #[test]
        fn privacy_01_noise_never_costs_more_than_its_debit(s in 1_u64..5_000_000, rho in 1_u64..40_000_000_000_000) {
            if let Some(sigma) = sigma_milli(s, Rho(rho)) {
                let left = u128::from(s) * 1_000_000 * u128::from(Rho::UNIT);
                prop_assert!(left <= 2 * u128::from(sigma) * u128::from(sigma) * u128::from(rho));
                // and it is the smallest such sigma
                let less = u128::from(sigma) - 1;
                prop_assert!(left > 2 * less * less * u128::from(rho));
            }
        }
    }
}

//! The mechanism: exact counts in, a noisy table out, at the cost that the plan names.

use crate::noise::{NoiseSource, OsNoise};
use crate::plan::Step;
use crate::tally::Counts;
use accord_release::noisy::{Draw, NoisyTable};

/// Why a measurement can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// The counts hold no such table.
    #[error("there is no table {0} in the counts")]
    Table(String),
}

/// Measures one table with noise from the operating system's generator.
///
/// # Privacy
///
/// Definition: rho-zCDP for adding or removing one person's whole record, with `rho = sensitivity² / (2 sigma²)`.
/// Sensitivity: the table's counts change by at most 1 (times rows a person) in at most `most_cells_per_person` cells, so
/// its L2 sensitivity is at most the root of `step.sensitivity_squared`. Proof: Canonne, Kamath and Steinke 2020 (arXiv
/// 2004.00010), theorem 14 with independent draws in each cell. Every cell gets a draw, empty ones too.
///
/// The caller must have committed the debit of `step.rho` under `entry` before it read any record (PRIVACY 7).
pub fn measure(counts: &Counts, step: &Step, entry: &str) -> Result<NoisyTable, MeasureError> {
    measure_with(counts, step, entry, &mut OsNoise::default())
}

/// The same with a given source of noise. Only tests have another than [`OsNoise`].
pub fn measure_with(
    counts: &Counts,
    step: &Step,
    entry: &str,
    noise: &mut dyn NoiseSource,
) -> Result<NoisyTable, MeasureError> {
    let table = counts.table(&step.table).ok_or_else(|| MeasureError::Table(step.table.clone()))?;
    let values = table
        .cells
        .iter()
        .map(|count| i64::try_from(*count).unwrap_or(i64::MAX).saturating_add(noise.draw(step.sigma_milli)))
        .collect();
    Ok(NoisyTable {
        table: step.table.clone(),
        values,
        draws: vec![Draw {
            sigma_milli: step.sigma_milli,
            rho: step.rho,
            sensitivity_squared: step.sensitivity_squared,
            entry: entry.to_owned(),
        }],
    })
}

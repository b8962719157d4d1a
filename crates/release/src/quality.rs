//! The quality report: what a reader may expect of the numbers, made by re-simulation from the published values
//! (PRIVACY 11). The exact table is never compared with.

use crate::consistent::{ConsistencyError, reconcile};
use crate::noisy::NoisyTable;
use crate::publish::MISS;
use accord_standard::figure::Reliability;
use accord_standard::workload::Workload;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

/// Quality of one release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How it was made, in words.
    pub method: String,
    /// Number of re-simulations.
    pub simulations: u32,
    /// By table.
    pub tables: Vec<TableQuality>,
}

/// Quality of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableQuality {
    /// Table id.
    pub table: String,
    /// Half-width of a cell's interval.
    pub half_width: u64,
    /// Mean distance between what is shown and the count behind it, in people, over all cells.
    pub mean_error: f64,
    /// Share of intervals that hold the count behind them, over all cells and simulations.
    pub coverage: f64,
    /// Number of cells by reliability: solid, care, range only, not shown.
    pub cells: [u32; 4],
}

const SIMULATIONS: u32 = 20;

/// Makes the report for published tables: takes what is shown as if it were exact, adds the same noise anew, reconciles,
/// and looks how far the result is from where it started.
pub fn quality(bundle: &crate::bundle::Bundle) -> Result<Quality, ConsistencyError> {
    let workload: &Workload = &bundle.workload;
    let measured: Vec<NoisyTable> = bundle.tables.iter().map(|t| t.noisy.clone()).collect();
    let real = reconcile(workload, &measured)?;
    let mut rng = ChaCha20Rng::seed_from_u64(0);
    let mut error = vec![0.0; workload.tables.len()];
    let mut covered = vec![0_u64; workload.tables.len()];
    for _ in 0..SIMULATIONS {
        let again: Vec<NoisyTable> = measured
            .iter()
            .zip(&real)
            .map(|(table, shown)| NoisyTable {
                values: shown.shown.iter().map(|v| *v as i64 + noise(table, &mut rng)).collect(),
                ..table.clone()
            })
            .collect();
        for (t, (result, start)) in reconcile(workload, &again)?.iter().zip(&real).enumerate() {
            let half_width = result.noise.half_width(MISS) as f64;
            for ((shown, raw), truth) in result.shown.iter().zip(&result.raw).zip(&start.shown) {
                error[t] += shown.abs_diff(*truth) as f64;
                covered[t] += u64::from((raw - *truth as f64).abs() <= half_width);
            }
        }
    }
    let tables = workload
        .tables
        .iter()
        .enumerate()
        .map(|(t, spec)| {
            let trials = f64::from(SIMULATIONS) * spec.cells() as f64;
            let mut cells = [0; 4];
            for figure in &bundle.tables[t].figures {
                cells[match figure.reliability {
                    Reliability::Solid => 0,
                    Reliability::Care => 1,
                    Reliability::RangeOnly => 2,
                    Reliability::NotShown => 3,
                }] += 1;
            }
            TableQuality {
                table: spec.id.clone(),
                half_width: real[t].noise.half_width(MISS),
                mean_error: (100.0 * error[t] / trials).round() / 100.0,
                coverage: (1000.0 * covered[t] as f64 / trials).round() / 1000.0,
                cells,
            }
        })
        .collect();
    Ok(Quality {
        method: "Published values taken as exact, the same noise added anew, the same steps repeated. \
                 No confidential record was read for this report."
            .to_owned(),
        simulations: SIMULATIONS,
        tables,
    })
}

/// Noise of one cell, all draws together, for simulation only (rounded normal: nothing private is drawn here).
fn noise(table: &NoisyTable, rng: &mut ChaCha20Rng) -> i64 {
    let sigma = table.noise().sigma();
    let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random_range(0.0..1.0));
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos() * sigma).round() as i64
}

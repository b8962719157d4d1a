//! Quality of flat releases, by re-simulation (PRIVACY 11): the rows that were made are taken for the truth, counted, noise of
//! the same size is added, and rows are made from that in the same way. How far the second rows are from the first is how far
//! the first may be expected to be from the people behind them.

use super::aggregate::Intervals;
use super::groups::{GroupQuality, groups};
use super::layout::{Layout, Shape};
use super::rows::Rows;
use super::{CUT, Counts, FlatError, Measured, ROWS, Settings, length_id, make_by};
use crate::noisy::NoisyTable;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

/// A combination of so many is one that a reader will ask for; the comparison with an exact table draws the line there too.
const LARGE: f64 = 10.0;

/// Quality of one release of a flat table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatQuality {
    /// How it was found out, in words.
    pub method: String,
    /// By length of combinations.
    pub lengths: Vec<LengthQuality>,
    /// By column: the expected error of its single values, in people or rows.
    pub columns: Vec<ColumnQuality>,
    /// Groups that readers ask for first, girls before all.
    pub groups: Vec<GroupQuality>,
    /// What must be said of groups that this table can't tell, a sentence each.
    pub groups_notes: Vec<String>,
}

/// Quality of combinations of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthQuality {
    /// Length.
    pub length: usize,
    /// Combinations that exist and are shown again in the simulation: what the averages rest on. At nought too little was
    /// counted for them to say anything.
    #[serde(default)]
    pub combinations: u64,
    /// Expected distance of an aggregate from the count behind it, over combinations that exist.
    pub expected_error: f64,
    /// Expected sum of the absolute differences of a table, as a share of all rows, blank counted as a value; mean over
    /// tables.
    pub expected_workload_error: f64,
    /// Expected share of all that is counted that stands in combinations which do not exist.
    pub expected_fabricated_mass: f64,
    /// Expected share of the combinations which exist that are missing.
    pub expected_suppressed: f64,
    /// Expected share of all that is counted that stands in combinations which exist and are missing.
    pub expected_suppressed_mass: f64,
    /// Expected share of the combinations of ten and more that are missing; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_suppressed_ge10: Option<f64>,
    /// Half-width of the interval of a measured combination; none if this length was not measured.
    pub half_width: Option<u64>,
    /// Share of intervals that hold the count behind them, over the combinations that are shown; 1 if none is.
    pub coverage: f64,
}

/// Quality of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnQuality {
    /// Name.
    pub column: String,
    /// Expected mean distance of the count of one of its values.
    pub expected_error: f64,
}

/// Simulates one release from the rows that were made.
pub fn quality(
    measured: &Measured,
    rows: &Rows,
    settings: &Settings,
    progress: &mut dyn FnMut(f64),
) -> Result<FlatQuality, FlatError> {
    let layout = measured.layout()?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let noisy = |table: &NoisyTable, exact: &[u32], rng: &mut ChaCha20Rng| NoisyTable {
        values: exact.iter().map(|v| i64::from(*v) + draw(table.noise().sigma(), rng)).collect(),
        ..table.clone()
    };
    let tables = measured
        .tables
        .iter()
        .map(|table| {
            if table.table == ROWS {
                return noisy(table, &[rows.len as u32], &mut rng);
            }
            match (1..=layout.lengths()).find(|k| length_id(*k) == table.table) {
                Some(length) => noisy(table, &rows.count_kept(&layout, length), &mut rng),
                None if table.table == CUT => {
                    noisy(table, &[rows.over(measured.shape.most_filled.unwrap_or(u16::MAX))], &mut rng)
                }
                None => table.clone(),
            }
        })
        .collect();
    let again = Measured { tables, ..measured.clone() };
    let made = make_by(&again, settings, &mut |done| progress(0.9 * done))?;
    compare(measured, &again, rows, &made.rows)
}

fn compare(measured: &Measured, again: &Measured, truth: &Rows, rows: &Rows) -> Result<FlatQuality, FlatError> {
    let layout = again.layout()?;
    let counts: Counts = again.counts(&layout)?;
    let intervals = Intervals::new(again, &layout, &counts);
    // Combinations of values, blank in none of them.
    let plain = Layout::new(&measured.columns, Shape { longest: measured.shape.longest, most_filled: Some(u16::MAX) })?;
    let mut lengths = Vec::new();
    let mut columns = Vec::new();
    for length in 1..=plain.lengths() {
        let (exact, shown) = (truth.count(&plain, length), rows.count(&plain, length));
        let mut sum = Sum::default();
        for table in &plain.tables[length - 1] {
            let names: Vec<u16> = table.at.iter().map(|at| plain.order[usize::from(*at)] as u16).collect();
            let before = sum;
            let mut differences = 0.0;
            let (mut rest_exact, mut rest_shown) = (truth.len as f64, rows.len as f64);
            for cell in 0..table.cells {
                let (x, y) = (f64::from(exact[table.offset + cell]), f64::from(shown[table.offset + cell]));
                differences += (x - y).abs();
                rest_exact -= x;
                rest_shown -= y;
                sum.shown += y;
                if x == 0.0 {
                    sum.invented += y;
                } else {
                    sum.exist += 1.0;
                    sum.error += (x - y).abs();
                    sum.missing += f64::from(u8::from(y == 0.0));
                    sum.held += x;
                    sum.lost += if y == 0.0 { x } else { 0.0 };
                    sum.large += f64::from(u8::from(x >= LARGE));
                    sum.large_missing += f64::from(u8::from(x >= LARGE && y == 0.0));
                }
                if y == 0.0 {
                    continue;
                }
                let levels = plain.levels_of(table, cell);
                let cells: Vec<(u16, u16)> =
                    names.iter().zip(levels).map(|(c, level)| (*c, plain.code(level))).collect();
                let (low, high) = intervals.of(&cells);
                sum.seen += 1.0;
                sum.covered += f64::from(u8::from(x >= (low as f64).min(y) && x <= (high as f64).max(y)));
            }
            // Rows with blank in the table, taken together: a lower bound of what blank cells add.
            sum.workload += (differences + (rest_exact - rest_shown).abs()) / truth.len.max(1) as f64;
            sum.tables += 1.0;
            if length == 1 {
                let exist = (sum.exist - before.exist).max(1.0);
                let name = measured.columns.columns[usize::from(names[0])].name.clone();
                let expected_error = round((sum.error - before.error) / exist, 100.0);
                columns.push((names[0], ColumnQuality { column: name, expected_error }));
            }
        }
        lengths.push(LengthQuality {
            length,
            combinations: (sum.exist - sum.missing) as u64,
            expected_error: round(sum.error / sum.exist.max(1.0), 100.0),
            expected_workload_error: round(sum.workload / sum.tables.max(1.0), 10_000.0),
            expected_fabricated_mass: round(sum.invented / sum.shown.max(1.0), 100_000.0),
            expected_suppressed: round(sum.missing / sum.exist.max(1.0), 10_000.0),
            expected_suppressed_mass: round(sum.lost / sum.held.max(1.0), 100_000.0),
            expected_suppressed_ge10: (sum.large > 0.0).then(|| round(sum.large_missing / sum.large, 10_000.0)),
            half_width: intervals.half_width(length),
            coverage: round(if sum.seen > 0.0 { sum.covered / sum.seen } else { 1.0 }, 1000.0),
        });
    }
    columns.sort_by_key(|c| c.0);
    let published = measured.counts(&layout)?;
    let (groups, groups_notes) = groups(&measured.columns, &Intervals::new(measured, &layout, &published), truth, rows);
    Ok(FlatQuality {
        method: "The synthetic rows were taken for the truth, counted, noise of the same size was added, and rows were made \
                 from that again in the same way. No confidential record was read for this report."
            .to_owned(),
        lengths,
        columns: columns.into_iter().map(|c| c.1).collect(),
        groups,
        groups_notes,
    })
}

#[derive(Clone, Copy, Default)]
struct Sum {
    exist: f64,
    error: f64,
    missing: f64,
    held: f64,
    lost: f64,
    large: f64,
    large_missing: f64,
    covered: f64,
    seen: f64,
    shown: f64,
    invented: f64,
    workload: f64,
    tables: f64,
}

pub(super) fn round(x: f64, parts: f64) -> f64 {
    (x * parts).round() / parts
}

/// Noise for simulation only: a rounded normal. Nothing private is drawn here.
fn draw(sigma: f64, rng: &mut ChaCha20Rng) -> i64 {
    let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random_range(0.0..1.0));
    (libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v) * sigma).round() as i64
}

#[cfg(test)]
mod tests;

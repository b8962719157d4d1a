//! Consistency: tables that agree with each other, whole and never negative, and the noise that is then in each value.
//!
//! The value before clipping is a linear combination of measurements with known whole weights, so its noise is known
//! exactly ([`crate::noise`]). What is *shown* is that value made whole and non-negative, level by level: the grand total
//! first, then the cells of the coarse table under it, then those of the finer table under each of them.

use crate::noise::{LinearNoise, Term};
use crate::noisy::NoisyTable;
use accord_standard::workload::Workload;
use std::collections::BTreeMap;

/// One table's values before clipping, their noise, and what is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// Best linear value of each cell, before clipping.
    pub raw: Vec<f64>,
    /// Noise in each of them (the same for all cells of a table).
    pub noise: LinearNoise,
    /// What is shown: whole, not negative, consistent with the coarser table.
    pub shown: Vec<u64>,
}

/// Why tables can't be reconciled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// A table of the workload is missing or has the wrong number of cells.
    #[error("table {0} is missing or has the wrong number of cells")]
    Shape(String),
    /// The workload asks for a shape that isn't handled.
    #[error("table {0}: {1}")]
    Workload(String, &'static str),
}

/// Reconciles the measured tables of a workload. The order of the result is that of the workload.
///
/// # Privacy
///
/// Post-processing: reads noisy tables and the public workload only.
pub fn reconcile(workload: &Workload, measured: &[NoisyTable]) -> Result<Vec<Reconciled>, ConsistencyError> {
    let mut by_id: BTreeMap<&str, &NoisyTable> = BTreeMap::new();
    for spec in &workload.tables {
        let table = measured
            .iter()
            .find(|t| t.table == spec.id && t.values.len() == spec.cells() && !t.draws.is_empty())
            .ok_or_else(|| ConsistencyError::Shape(spec.id.clone()))?;
        by_id.insert(&spec.id, table);
    }
    let mut done: BTreeMap<&str, Reconciled> = BTreeMap::new();
    for spec in &workload.tables {
        if let Some(parent) = &spec.refines {
            let wrong = |why| ConsistencyError::Workload(spec.id.clone(), why);
            let parent_spec =
                workload.tables.iter().find(|t| &t.id == parent).ok_or_else(|| wrong("refines an unknown table"))?;
            if parent_spec.refines.is_some() {
                return Err(wrong("refines a table that itself refines another, which is not supported"));
            }
            if workload.tables.iter().filter(|t| t.refines.as_ref() == Some(parent)).count() > 1 {
                return Err(wrong("is not the only table that refines its parent, which is not supported"));
            }
            let (last, leading) = spec.dimensions.split_last().ok_or_else(|| wrong("has no dimensions"))?;
            if leading != parent_spec.dimensions || last.most_per_person() != 1 {
                return Err(wrong("does not refine its parent by one dimension with exactly one category a person"));
            }
            if parent_spec.most_cells_per_person() != 1 {
                return Err(wrong("refines a table in which a person has several cells"));
            }
            let (coarse, fine) = refine(by_id[parent.as_str()], by_id[spec.id.as_str()], last.size());
            done.insert(&parent_spec.id, coarse);
            done.insert(&spec.id, fine);
        }
    }
    for spec in &workload.tables {
        if !done.contains_key(spec.id.as_str()) {
            let table = by_id[spec.id.as_str()];
            let raw: Vec<f64> = table.values.iter().map(|v| *v as f64).collect();
            let shown = if spec.most_cells_per_person() == 1 {
                under_total(&raw)
            } else {
                table.values.iter().map(|v| (*v).max(0) as u64).collect()
            };
            done.insert(&spec.id, Reconciled { raw, noise: table.noise(), shown });
        }
    }
    // A table in which people have several cells can't hold more of them in a cell than the coarser table shows.
    let caps: Vec<(&str, Vec<u64>)> = workload
        .tables
        .iter()
        .filter(|spec| spec.refines.is_none() && spec.most_cells_per_person() > 1)
        .filter_map(|spec| {
            let (last, leading) = spec.dimensions.split_last()?;
            let coarse = workload.tables.iter().find(|t| t.dimensions == leading && t.most_cells_per_person() == 1)?;
            let caps = &done[coarse.id.as_str()].shown;
            Some((spec.id.as_str(), (0..spec.cells()).map(|cell| caps[cell / last.size()]).collect()))
        })
        .collect();
    for (id, caps) in caps {
        if let Some(table) = done.get_mut(id) {
            for (shown, cap) in table.shown.iter_mut().zip(caps) {
                *shown = (*shown).min(cap);
            }
        }
    }
    Ok(workload.tables.iter().filter_map(|t| done.remove(t.id.as_str())).collect())
}

/// Joins a coarse table and the finer one that splits each of its cells in `k`.
///
/// Coarse cell: `z = (a p + s) / (a + 1)` with `p` its own measurement, `s` the sum of the `k` fine ones and `a` the whole
/// number nearest to the ratio of their variances, so that the weights are near the best and exactly known. Fine cell:
/// `x_j = y_j + (z - s) / k`. Hence over the denominator `D = (a + 1) k`, the noise of `x_j` is
/// `(D - a) N_j + a N_p - a (the other k - 1)`.
fn refine(coarse: &NoisyTable, fine: &NoisyTable, k: usize) -> (Reconciled, Reconciled) {
    let (coarse_sigma, fine_sigma) = (coarse.noise().sigma(), fine.noise().sigma());
    let ratio = k as f64 * fine_sigma * fine_sigma / (coarse_sigma * coarse_sigma);
    let a = ratio.round().clamp(1.0, 1000.0) as u64;
    let denominator = (a + 1) * k as u64;

    let mut coarse_raw = Vec::with_capacity(coarse.values.len());
    let mut fine_raw = Vec::with_capacity(fine.values.len());
    for (parent, children) in coarse.values.iter().zip(fine.values.chunks(k)) {
        let sum: i64 = children.iter().sum();
        let z = (a as f64 * *parent as f64 + sum as f64) / (a + 1) as f64;
        coarse_raw.push(z);
        fine_raw.extend(children.iter().map(|y| *y as f64 + (z - sum as f64) / k as f64));
    }

    let coarse_draws = coarse.draws.iter().map(|d| d.sigma_milli);
    let fine_draws = fine.draws.iter().map(|d| d.sigma_milli);
    let coarse_noise = LinearNoise {
        denominator: a + 1,
        terms: coarse_draws
            .clone()
            .map(|sigma_milli| Term { coefficient: a, sigma_milli, times: 1 })
            .chain(fine_draws.clone().map(|sigma_milli| Term { coefficient: 1, sigma_milli, times: k as u64 }))
            .collect(),
    };
    let fine_noise = LinearNoise {
        denominator,
        terms: fine_draws
            .clone()
            .map(|sigma_milli| Term { coefficient: denominator - a, sigma_milli, times: 1 })
            .chain(coarse_draws.map(|sigma_milli| Term { coefficient: a, sigma_milli, times: 1 }))
            .chain(fine_draws.map(|sigma_milli| Term { coefficient: a, sigma_milli, times: k as u64 - 1 }))
            .collect(),
    };
    let coarse_shown = under_total(&coarse_raw);
    let fine_shown = coarse_shown.iter().zip(fine_raw.chunks(k)).flat_map(|(total, part)| apportion(*total, part));
    let fine_shown = fine_shown.collect();
    (
        Reconciled { raw: coarse_raw, noise: coarse_noise, shown: coarse_shown },
        Reconciled { raw: fine_raw, noise: fine_noise, shown: fine_shown },
    )
}

/// Whole, non-negative values that sum to the (unclipped, rounded) total of `raw`.
fn under_total(raw: &[f64]) -> Vec<u64> {
    apportion(raw.iter().sum::<f64>().round().max(0.0) as u64, raw)
}

/// The whole non-negative values nearest to `raw` that sum to `total`: projection on the simplex (Held, Wolfe and Crowder
/// 1974), then rounding by largest remainder.
pub fn apportion(total: u64, raw: &[f64]) -> Vec<u64> {
    if raw.is_empty() {
        return Vec::new();
    }
    // Find lambda with sum(max(0, raw - lambda)) = total.
    let mut sorted = raw.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut running, mut lambda) = (0.0, 0.0);
    for (i, value) in sorted.iter().enumerate() {
        running += value;
        let candidate = (running - total as f64) / (i + 1) as f64;
        if i == 0 || *value > candidate {
            lambda = candidate;
        } else {
            break;
        }
    }
    let real: Vec<f64> = raw.iter().map(|v| (v - lambda).max(0.0)).collect();
    let mut whole: Vec<u64> = real.iter().map(|v| v.floor() as u64).collect();
    let mut left = total.saturating_sub(whole.iter().sum());
    // Largest remainders first; ties by position, so that the result is a function of the values alone.
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by(|&i, &j| (real[j].fract()).total_cmp(&real[i].fract()).then(i.cmp(&j)));
    for i in order.iter().cycle().take(raw.len().max(left as usize)) {
        if left == 0 {
            break;
        }
        whole[*i] += 1;
        left -= 1;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn apportioning_keeps_the_total_and_the_order() {
        assert_eq!(apportion(10, &[5.0, 3.0, 2.0]), [5, 3, 2]);
        assert_eq!(apportion(3, &[8.0, -9.0, 4.0]), [3, 0, 0]);
        assert_eq!(apportion(0, &[4.0, 1.0]), [0, 0]);
        assert_eq!(apportion(1, &[0.5, 0.5]), [1, 0]);
        assert_eq!(apportion(7, &[-3.0, -3.0]), [4, 3]);
    }

    proptest! {
        #[test]
        fn apportioned_values_sum_to_the_total(total in 0_u64..100_000, raw in prop::collection::vec(-500.0_f64..500.0, 1..40)) {
            let out = apportion(total, &raw);
            prop_assert_eq!(out.iter().sum::<u64>(), total);
            for i in 0..raw.len() {
                for j in 0..raw.len() {
                    if raw[i] > raw[j] + 1.0 {
                        prop_assert!(out[i] + 1 >= out[j]);
                    }
                }
            }
        }
    }
}

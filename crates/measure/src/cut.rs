//! The private choice of a contribution bound: how many filled cells of a record are kept.

use crate::noise::ExactNoise;
use crate::selection::SelectionError;

/// Chooses, privately, a small bound b such that about `quantile_permille` thousandths of the records have at most b filled
/// cells. `histogram[w]` is the exact number of records with w filled cells; candidates are b = 0 up to its last place.
///
/// `noisy_total` is a count of the records that is **already noisy and charged** (PRIVACY 4): the exact one is not read.
/// `records_per_person` is the most records of the histogram that one person may own.
///
/// # Privacy
///
/// Cost: [`crate::selection::rho_of_selection`] of `epsilon_milli`. The number of places of the histogram must be public.
///
/// The utility of b is u(b) = -max(0, over(b) - target) - step · b, where over(b) is the number of records with more than b
/// filled cells, and `target`, the number that may be over, and `step` are functions of the arguments other than the
/// histogram, which neighbours share. Adding one record of w cells raises over(b) by one where b < w and leaves it else.
/// The function x -> -max(0, x - target) does not increase, and changes by at most one when x does. So every u(b) falls by
/// nought or one: with m = `records_per_person`, by nought to m. The range is therefore at most m, and no factor 2 is
/// needed. Ties among u(b) play no part: the bound is on each candidate's own change. (Counts over 2^62 are cut off there,
/// which keeps the same two properties.)
///
/// # How good
///
/// A bound that leaves out x more records than the target is exp(-epsilon x / m) times as likely as one that does not. Bounds that are
/// larger than need be are less likely by at least exp(-1) a step, at the price of step = ceil(m / epsilon) records: among
/// ties (bounds that leave out equally many, as all beyond the fullest record do) the smallest is the likeliest.
pub fn choose_bound(
    histogram: &[u64],
    noisy_total: u64,
    quantile_permille: u32,
    records_per_person: u32,
    epsilon_milli: u64,
    noise: &mut dyn ExactNoise,
) -> Result<usize, SelectionError> {
    let utilities = utilities(histogram, noisy_total, quantile_permille, records_per_person, epsilon_milli)?;
    noise.select_by_range(&utilities, u64::from(records_per_person), epsilon_milli)
}

/// The utilities of [`choose_bound`].
fn utilities(
    histogram: &[u64],
    noisy_total: u64,
    quantile_permille: u32,
    records_per_person: u32,
    epsilon_milli: u64,
) -> Result<Vec<i64>, SelectionError> {
    if quantile_permille > 1000 {
        return Err(SelectionError::Share(quantile_permille));
    }
    if epsilon_milli == 0 {
        return Err(SelectionError::Epsilon);
    }
    if records_per_person == 0 {
        return Err(SelectionError::Sensitivity);
    }
    let target = u128::from(noisy_total) * u128::from(1000 - quantile_permille) / 1000;
    let step = u128::from((u64::from(records_per_person) * 1000).div_ceil(epsilon_milli));
    let mut over = 0_u128;
    let mut utilities: Vec<i64> = Vec::with_capacity(histogram.len());
    for (bound, count) in histogram.iter().enumerate().rev() {
        let penalty = half(step * bound as u128);
        utilities.push(-half(over.saturating_sub(target)) - penalty);
        over += u128::from(*count);
    }
    utilities.reverse();
    Ok(utilities)
}

/// Cut off at 2^62, so that the sum of two fits.
fn half(x: u128) -> i64 {
    x.min(1 << 62) as i64
}

#[cfg(test)]
mod tests;

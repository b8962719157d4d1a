//! How noise goes through an estimator: what it would have given had the noise fallen otherwise.
//!
//! A likelihood takes no negative counts, and noisy counts may be negative. So a table is first moved to the nearest table
//! without negative counts **that keeps its total** ([`nonnegative`]; clipping at nought alone would inflate every total).
//! This is biased towards spread-out tables when many cells are empty. The bias and the reach of the noise are measured by
//! playing it again: the table that was fitted is taken for the truth, noise of the published scale is added, the estimator
//! is run, B times ([`simulated_interval`]). The interval is the widest of three: percentiles, bias-corrected percentiles
//! (Efron 1981) and the basic interval (Davison and Hinkley 1997, section 5.2), and the bias on top at both ends. Where
//! negative counts come to over 2.5 % of the total, in the table and its replays taken together, replays no longer tell the
//! bias, and the answer is a refusal: in invented worlds intervals held 95 % up to there and failed beyond. Add cells up
//! before you ask: the fewer and larger, the better.
//!
//! Estimators made of sums alone don't need any of this: [`simulated_interval_of_sums`] gives them the counts as they are.
//!
//! The noise of two cells is taken to be independent: give tables as measured (raw), not tables made consistent.

use crate::draw::Draws;
use crate::normal::{self, REACH_95};
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};

/// How noise is played through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// How often, 40 to 10,000.
    pub draws: usize,
    /// Where the numbers start: the same seed, the same interval, on every machine.
    pub seed: u64,
    /// Whether chance is played through too: the people counted as one outcome of Poisson counts ([`Cause::NoiseAndSampling`]).
    pub sampling: bool,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { draws: 200, seed: 0xacc0_4d00, sampling: false }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// One for each number the estimator gives, or why there is none.
    pub each: Vec<Outcome<Estimate>>,
    /// What the estimator gave on the table itself, before the correction for bias: for diagnostics, never alone on a page.
    pub uncorrected: Vec<f64>,
    /// Draws that gave no estimate at all.
    pub failed: usize,
}

impl Simulated {
    /// All numbers, or the first refusal.
    pub fn all(self) -> Outcome<Vec<Estimate>> {
        self.each.into_iter().collect()
    }
}

/// Largest table and largest count that are taken.
pub const MOST_CELLS: usize = 200_000;
/// Largest count and largest sigma that are taken.
pub const LARGEST: f64 = 1e12;
/// Least sigma of a count that isn't exact: less is no noise that protects anybody.
pub const LEAST: f64 = 1e-6;
/// Negative counts may come to this share of the total; beyond, moving them to nought biases more than replays can tell.
const MOST_NEGATIVE: f64 = 0.025;
/// Of 100 draws, so many may fail before the result is refused.
const MAY_FAIL: usize = 5;

/// Runs an estimator on a noisy table and on `how.draws` replays of its noise, and gives each of its numbers an interval
/// that holds the number for the table without noise (with `sampling`: for the process that the table is an outcome of) in
/// 95 % of cases.
///
/// The estimator always gets a table of the same length without negative or infinite counts and with a total over nought.
/// Its answer must have the same length each time; a number that isn't defined for a table is NaN; infinity is allowed ("not
/// reached").
///
/// # Errors
/// `Malformed` for a table that can't be one; `Noise` when the total isn't over twice its noise; `NotSettled` when more than
/// 5 % of the draws give nothing; whatever the estimator says of the table itself. Single numbers are refused in
/// [`Simulated::each`]: `Noise` where bias outruns the spread.
pub fn simulated_interval(
    table: &[Counted],
    how: &Simulation,
    estimator: &dyn Fn(&[f64]) -> Outcome<Vec<f64>>,
) -> Outcome<Simulated> {
    let fitted = nonnegative(table)?;
    let mut lost = negative(table) / 2.0;
    let result = play(
        table,
        &fitted,
        how,
        &|counts, replayed| {
            let Some(replayed) = replayed else { return estimator(counts) };
            estimator(&nonnegative(replayed)?)
        },
        &mut |replayed| lost += negative(replayed) / 2.0 / how.draws as f64,
    )?;
    if lost > MOST_NEGATIVE { Err(Refused::Noise) } else { Ok(result) }
}

/// As [`simulated_interval`], for estimators made of sums of many counts, where single counts may be negative: they get the
/// table as it is.
///
/// # Errors
/// As [`simulated_interval`].
pub fn simulated_interval_of_sums(
    table: &[Counted],
    how: &Simulation,
    estimator: &dyn Fn(&[f64]) -> Outcome<Vec<f64>>,
) -> Outcome<Simulated> {
    check(table)?;
    let raw: Vec<f64> = table.iter().map(|c| c.value).collect();
    play(
        table,
        &raw,
        how,
        &|counts, replayed| match replayed {
            None => estimator(counts),
            Some(replayed) => estimator(&replayed.iter().map(|c| c.value).collect::<Vec<f64>>()),
        },
        &mut |_| (),
    )
}

/// An estimator of the table at hand, or of a replayed one.
type Played<'a> = &'a dyn Fn(&[f64], Option<&[Counted]>) -> Outcome<Vec<f64>>;

fn play(
    table: &[Counted],
    fitted: &[f64],
    how: &Simulation,
    estimator: Played<'_>,
    each_replay: &mut dyn FnMut(&[Counted]),
) -> Outcome<Simulated> {
    if !(40..=10_000).contains(&how.draws) {
        return Err(Refused::Malformed(format!("{} draws: 40 to 10,000 are taken", how.draws)));
    }
    let uncorrected = estimator(fitted, None)?;
    let mut replays: Vec<Vec<f64>> = vec![Vec::with_capacity(how.draws); uncorrected.len()];
    let mut failed = 0;
    for number in 0..how.draws {
        let replayed = replay(fitted, table, how, number as u64);
        each_replay(&replayed);
        match estimator(fitted, Some(&replayed)) {
            Ok(answer) if answer.len() == uncorrected.len() => {
                for (all, x) in replays.iter_mut().zip(answer) {
                    if !x.is_nan() {
                        all.push(x);
                    }
                }
            }
            Ok(answer) => {
                return Err(Refused::Malformed(format!("{} numbers instead of {}", answer.len(), uncorrected.len())));
            }
            Err(_) => failed += 1,
        }
    }
    let cause = if how.sampling { Cause::NoiseAndSampling } else { Cause::Noise };
    let each =
        uncorrected.iter().zip(&mut replays).map(|(value, all)| interval(*value, all, how.draws, cause)).collect();
    Ok(Simulated { each, uncorrected, failed })
}

/// Negative counts in units of the total.
fn negative(table: &[Counted]) -> f64 {
    let total: f64 = table.iter().map(|c| c.value).sum();
    table.iter().map(|c| (-c.value).max(0.0)).sum::<f64>() / total.max(f64::MIN_POSITIVE)
}

/// The fitted table with its noise, and with `sampling` its chance, once more.
fn replay(fitted: &[f64], table: &[Counted], how: &Simulation, number: u64) -> Vec<Counted> {
    let mut draws = Draws::new(how.seed, number);
    let one = |(count, cell): (&f64, &Counted)| {
        // A negative count has no chance of its own: it is nought and noise.
        let chance = if how.sampling { draws.poisson(*count) + count.min(0.0) } else { *count };
        let noise = if cell.sigma > 0.0 { cell.sigma * draws.normal() } else { 0.0 };
        Counted { value: chance + noise, sigma: cell.sigma }
    };
    fitted.iter().zip(table).map(one).collect()
}

/// The nearest table without negative counts with the same total: least sum of squares in units of the noise. Exact counts
/// stay as they are.
///
/// # Errors
/// `Malformed` for an empty, huge or non-finite table or a negative exact count; `Noise` when the total isn't over twice its
/// noise.
pub fn nonnegative(table: &[Counted]) -> Outcome<Vec<f64>> {
    check(table)?;
    let total: f64 = table.iter().map(|c| c.value).sum();
    let spread = table.iter().map(|c| c.sigma * c.sigma).sum::<f64>().sqrt();
    if total <= 2.0 * spread || total <= 0.0 {
        return Err(Refused::Noise);
    }
    if table.iter().all(|c| c.value >= 0.0) {
        return Ok(table.iter().map(|c| c.value).collect());
    }
    // The solution is max(0, value - t * sigma^2) for one t: found by sorting the points where cells leave.
    let noisy = |c: &&Counted| c.sigma > 0.0;
    let mut leaves: Vec<(f64, Counted)> =
        table.iter().filter(noisy).map(|c| (c.value / (c.sigma * c.sigma), *c)).collect();
    leaves.sort_by(|a, b| b.0.total_cmp(&a.0));
    let left = total - table.iter().filter(|c| c.sigma <= 0.0).map(|c| c.value).sum::<f64>();
    if left <= 0.0 {
        // The exact cells alone reach the total: the noisy ones are noise around nought.
        return Ok(table.iter().map(|c| if c.sigma > 0.0 { 0.0 } else { c.value }).collect());
    }
    let (mut sum, mut weight, mut t) = (0.0, 0.0, 0.0);
    for (at, cell) in &leaves {
        let (s, w) = (sum + cell.value, weight + cell.sigma * cell.sigma);
        let here = (s - left) / w;
        if here >= *at && weight > 0.0 {
            break;
        }
        (sum, weight, t) = (s, w, here);
    }
    Ok(table.iter().map(|c| (c.value - t * c.sigma * c.sigma).max(0.0)).collect())
}

/// Whether a table can be one.
///
/// # Errors
/// `Malformed` for an empty, huge or non-finite table or a negative exact count.
pub fn check(table: &[Counted]) -> Outcome<()> {
    if table.is_empty() {
        return Err(Refused::Malformed("an empty table".into()));
    }
    if table.len() > MOST_CELLS {
        return Err(Refused::Malformed(format!("{} cells, over {MOST_CELLS}", table.len())));
    }
    for cell in table {
        let fine = cell.value.abs() <= LARGEST && (cell.sigma == 0.0 || (LEAST..=LARGEST).contains(&cell.sigma));
        if !fine || (cell.sigma == 0.0 && cell.value < 0.0) {
            return Err(Refused::Malformed("a count that can't be one".into()));
        }
    }
    Ok(())
}

/// Bias-corrected percentiles and the basic interval, whichever reaches further. Draws that gave nothing count against both
/// ends.
fn interval(value: f64, replays: &mut [f64], draws: usize, cause: Cause) -> Outcome<Estimate> {
    if value.is_nan() {
        return Err(Refused::NotRecorded("not defined for these counts".into()));
    }
    let missing = draws - replays.len();
    if missing * 100 > MAY_FAIL * draws || replays.is_empty() {
        return Err(Refused::NotSettled(format!("{missing} of {draws} draws gave nothing")));
    }
    replays.sort_by(f64::total_cmp);
    if replays.iter().all(|x| *x == value) {
        return Ok(Estimate { value, low: value, high: value, cause });
    }
    let all = replays.len() as f64;
    // Replays that equal the value count to whichever side makes the bias less: steps of a grid, and the ends of the range,
    // are no bias.
    let under = replays.iter().filter(|x| **x < value).count() as f64 / all;
    let up_to = replays.iter().filter(|x| **x <= value).count() as f64 / all;
    let shift = normal::quantile(0.5_f64.clamp(under, up_to));
    if shift.abs() > MOST_SHIFT {
        return Err(Refused::Noise);
    }
    let at = |z: f64| quantile(replays, normal::cdf(z), missing);
    let middle = quantile(replays, normal::cdf(2.0 * shift), 0);
    let plain = (at(-REACH_95), at(REACH_95));
    let corrected = (at(2.0 * shift - REACH_95), at(2.0 * shift + REACH_95));
    // The basic interval stays within what the estimator gives at all.
    let (floor, ceiling) = (replays[0].min(value), replays[replays.len() - 1].max(value));
    let mirror = |x: f64| {
        let y = 2.0 * value - x;
        if y.is_nan() { x } else { y.clamp(floor, ceiling) }
    };
    let low = plain.0.min(corrected.0).min(mirror(plain.1)).min(value).min(middle);
    let high = plain.1.max(corrected.1).max(mirror(plain.0)).max(value).max(middle);
    let bias = (replays.iter().sum::<f64>() / all - value).abs();
    let wide = |x: f64| if bias.is_finite() { x.clamp(floor, ceiling) } else { x };
    let (low, high) = (wide(low - bias).min(low), wide(high + bias).max(high));
    Ok(Estimate { value: middle, low, high, cause })
}

/// Bias may shift the median of the replays by so many standard errors; beyond, the interval can't be trusted.
const MOST_SHIFT: f64 = 1.3;

/// The quantile of sorted numbers, outward by one place and by those that are missing.
fn quantile(sorted: &[f64], p: f64, missing: usize) -> f64 {
    let last = sorted.len() - 1;
    let place = p * sorted.len() as f64;
    let index = if p < 0.5 {
        (place.floor() as usize).saturating_sub(1 + missing)
    } else if p > 0.5 {
        (place.ceil() as usize).saturating_add(missing)
    } else {
        place as usize
    };
    sorted[index.min(last)]
}

#[cfg(test)]
mod tests;

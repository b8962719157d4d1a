//! Times under right truncation, read backwards: the reverse-time hazard (Lagakos, Barraj, De Gruttola 1988).
//!
//! Of those with a time of at most `s` whose limit is at least `s`, the share with a time of exactly `s` isn't touched by
//! truncation. The share of times up to `t` is the product, over all later `s`, of what is left. For exact times this is
//! Turnbull's estimate in closed form; and as it takes nothing but sums, single noisy counts may be negative, so it stands
//! much more noise than a likelihood does.
//!
//! The example of docs/src/methods/times-and-bounds.md:
//!
//! ```
//! use accord_estimate::noisy::Simulation;
//! use accord_estimate::{Counted, reverse};
//!
//! let late = |time, limit, n| reverse::Late { time, limit, count: Counted { value: n, sigma: 0.0 } };
//! let cells = [late(0, 1, 3.0), late(1, 1, 1.0), late(2, 2, 2.0), late(1, 2, 4.0)];
//! let curve = reverse::curve(&cells, &[0, 1], &[0.5], &Simulation::default())?;
//! let shares: Vec<f64> = curve.by.iter().map(|e| e.as_ref().map(|e| e.value)).collect::<Result<_, _>>().map_err(Clone::clone)?;
//! assert!((shares[0] - 1.0 / 4.0).abs() < 1e-12 && (shares[1] - 2.0 / 3.0).abs() < 1e-12);
//! # Ok::<(), accord_estimate::Refused>(())
//! ```

use crate::noisy::{Simulation, check, simulated_interval_of_sums};
use crate::value::{Counted, Estimate, Outcome, Refused};

/// People whose time is known, who were seen only because it is at most `limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Late {
    /// Their time, in whole units.
    pub time: u16,
    /// The longest time with which they would have been seen.
    pub limit: u16,
    /// How many.
    pub count: Counted,
}

/// Shares of times up to given times, and quantiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// For each time asked: the share of times up to it, given a time up to `longest`.
    pub by: Vec<Outcome<Estimate>>,
    /// For each share asked: the time that so large a share lies up to.
    pub quantiles: Vec<Outcome<Estimate>>,
    /// The longest limit: nothing is known of times beyond.
    pub longest: u16,
}

/// The longest limit that is taken.
pub const LONGEST: u16 = 200;

/// Shares up to `times` and the quantiles `shares` (each over 0, up to 1), given a time up to the longest limit.
///
/// # Errors
/// `Malformed` for tables, limits and shares that can't be ones. Single answers are refused as `NotRecorded` where nobody, but
/// for noise, has a limit that long, or all who have are late (then nothing links the shorter limits to the longer); as `Noise`
/// or `NotSettled` as by [`simulated_interval_of_sums`].
pub fn curve(cells: &[Late], times: &[u16], shares: &[f64], how: &Simulation) -> Outcome<Curve> {
    let table: Vec<Counted> = cells.iter().map(|c| c.count).collect();
    check(&table)?;
    if cells.iter().any(|c| c.time > c.limit || c.limit > LONGEST) {
        return Err(Refused::Malformed("a time beyond its limit, or a limit too long".into()));
    }
    if shares.iter().any(|q| q.is_nan() || *q <= 0.0 || *q > 1.0) {
        return Err(Refused::Malformed("a share that can't be one".into()));
    }
    let longest = cells.iter().map(|c| c.limit).max().unwrap_or(0);
    let answer = |counts: &[f64]| -> Outcome<Vec<f64>> {
        let up_to = product(cells, counts, longest);
        let quantile = |q: &f64| {
            let reached = up_to.iter().position(|f| f.is_nan() || *f >= *q - 1e-12);
            // Where the curve isn't known further down, neither is a quantile that may lie there.
            match reached {
                Some(t) if up_to[t].is_nan() => up_to.iter().position(|f| *f < *q).map_or(f64::NAN, |below| {
                    up_to[below..].iter().position(|f| *f >= *q - 1e-12).map_or(f64::NAN, |t| (below + t) as f64)
                }),
                Some(t) => t as f64,
                None => f64::NAN,
            }
        };
        let at = |t: &u16| up_to[usize::from((*t).min(longest))];
        Ok(times.iter().map(at).chain(shares.iter().map(quantile)).collect())
    };
    let mut each = simulated_interval_of_sums(&table, how, &answer)?.each;
    let quantiles = each.split_off(times.len());
    Ok(Curve { by: each, quantiles, longest })
}

/// The share of times up to each time; NaN below a time that nothing is known of.
fn product(cells: &[Late], counts: &[f64], longest: u16) -> Vec<f64> {
    let last = usize::from(longest);
    let (mut at, mut under) = (vec![0.0; last + 1], vec![0.0; last + 2]);
    for (cell, count) in cells.iter().zip(counts) {
        at[usize::from(cell.time)] += count;
        under[usize::from(cell.time)] += count;
        under[usize::from(cell.limit) + 1] -= count;
    }
    let mut share = 1.0;
    let mut sum = 0.0;
    let under: Vec<f64> = under[..=last]
        .iter()
        .map(|change| {
            sum += change;
            sum
        })
        .collect();
    let mut up_to = vec![1.0; last + 1];
    for s in (1..=last).rev() {
        let left = if under[s] > 1e-9 { (1.0 - at[s] / under[s]).clamp(0.0, 1.0) } else { f64::NAN };
        share *= left;
        up_to[s - 1] = share;
    }
    // Nought is an answer only where nobody was that early; else no long limit links those who were.
    let mut early = 0.0;
    for (t, share) in up_to.iter_mut().enumerate() {
        early += at[t];
        if *share <= 0.0 && early > 1e-9 {
            *share = f64::NAN;
        }
    }
    up_to
}

#[cfg(test)]
mod tests;

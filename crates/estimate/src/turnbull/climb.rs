//! Climbs the likelihood by self-consistency, faster.

use super::MOST_STEPS;
use super::atoms::{Problem, sums};
use crate::value::{Outcome, Refused};

pub(super) struct Climbed {
    pub masses: Vec<f64>,
    pub steps: usize,
    pub gap: f64,
    pub log_likelihood: f64,
}

/// A window may not shrink to less: masses in it and out of it can't be compared.
const LEAST_WINDOW: f64 = 1e-6;
/// Steps of a fit with a wide gap.
const FEW_STEPS: usize = 3000;

/// Until nobody's likelihood can rise by more than `gap`.
pub(super) fn climb(problem: &Problem, start: &[f64], gap: f64) -> Outcome<Climbed> {
    let most = if gap > super::GAP { FEW_STEPS } else { MOST_STEPS };
    let mut masses = start.to_vec();
    let mut steps = 0;
    loop {
        let here = slopes(problem, &masses)?;
        if here.gap <= gap {
            let least = least_window(problem, &masses);
            if least < LEAST_WINDOW {
                return Err(loose());
            }
            return Ok(Climbed { masses, steps, gap: here.gap, log_likelihood: here.log_likelihood });
        }
        if steps >= most {
            let least = least_window(problem, &masses);
            if least < LEAST_WINDOW {
                return Err(loose());
            }
            return Err(Refused::NotSettled(format!("gap {:.1e} after {steps} steps", here.gap)));
        }
        let one = step(&masses, &here);
        let there = slopes(problem, &one)?;
        let two = step(&one, &there);
        steps += 2;
        let after = slopes(problem, &two)?.log_likelihood;
        masses = match extrapolate(&masses, &one, &two) {
            Some(far) if slopes(problem, &far).is_ok_and(|s| s.log_likelihood >= after) => far,
            _ => two,
        };
    }
}

fn loose() -> Refused {
    Refused::NotIdentified(
        "nobody with a long window links the short windows to the long ones: masses in them can't be compared".into(),
    )
}

fn least_window(problem: &Problem, masses: &[f64]) -> f64 {
    problem.windows(masses).into_iter().fold(1.0, f64::min)
}

pub(super) struct Slopes {
    /// By how much the log-likelihood rises with the mass of each atom.
    pub each: Vec<f64>,
    /// The greatest of them, for one person.
    pub gap: f64,
    pub log_likelihood: f64,
    /// People there would be if all windows were whole.
    implied: f64,
}

pub(super) fn slopes(problem: &Problem, masses: &[f64]) -> Outcome<Slopes> {
    let sums = sums(masses);
    let mut changes = vec![0.0; masses.len() + 1];
    let (mut log_likelihood, mut implied) = (0.0, 0.0);
    for row in &problem.rows {
        let seen = sums[row.seen.end] - sums[row.seen.start];
        let window = sums[row.window.end] - sums[row.window.start];
        if seen.is_nan() || seen <= 0.0 || window <= 0.0 {
            return Err(loose());
        }
        log_likelihood += row.count * libm::log(seen / window);
        changes[row.seen.start] += row.count / seen;
        changes[row.seen.end] -= row.count / seen;
        changes[row.window.start] -= row.count / window;
        changes[row.window.end] += row.count / window;
        implied += row.count / window;
    }
    let mut sum = 0.0;
    let each: Vec<f64> = changes[..masses.len()]
        .iter()
        .map(|c| {
            sum += c;
            sum
        })
        .collect();
    let gap = each.iter().copied().fold(0.0, f64::max) / problem.observed;
    Ok(Slopes { each, gap, log_likelihood, implied })
}

/// Turnbull's self-consistency: each person is shared out over where they may lie, and for each there are those whom the
/// window hid.
fn step(masses: &[f64], slopes: &Slopes) -> Vec<f64> {
    let raw = masses.iter().zip(&slopes.each).map(|(m, d)| (m * (1.0 + d / slopes.implied)).max(0.0));
    whole(raw.collect())
}

fn whole(mut masses: Vec<f64>) -> Vec<f64> {
    let sum: f64 = masses.iter().sum();
    masses.iter_mut().for_each(|m| *m /= sum);
    masses
}

fn extrapolate(zero: &[f64], one: &[f64], two: &[f64]) -> Option<Vec<f64>> {
    let (mut first, mut second) = (0.0, 0.0);
    for ((a, b), c) in zero.iter().zip(one).zip(two) {
        first += (b - a) * (b - a);
        second += (c - 2.0 * b + a) * (c - 2.0 * b + a);
    }
    if second <= 0.0 {
        return None;
    }
    let reach = (first / second).sqrt();
    if !reach.is_finite() || reach <= 1.0 {
        return None;
    }
    let far = zero.iter().zip(one).zip(two).map(|((a, b), c)| {
        let there = a + 2.0 * reach * (b - a) + reach * reach * (c - 2.0 * b + a);
        there.max(0.01 * c)
    });
    Some(whole(far.collect()))
}

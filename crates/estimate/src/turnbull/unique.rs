//! Which sums of mass are the same in all distributions that fit equally well.
//!
//! Around a maximum the likelihood stays level along a direction exactly if each observation's share of its window stays what
//! it is. So the distributions that fit equally well are those with `M p' = M p` for the matrix M of
//! `seen / (mass seen) - window / (mass of window)`, one row an observation, and a row of ones; and a sum of masses is the
//! same in all of them when its indicator lies in the space of M's rows (Gentleman and Vandal 2002 for the case without
//! windows).

use super::atoms::Problem;
use super::climb::slopes;

/// An atom may hold mass if it does, or if it would cost next to nothing.
const HELD: f64 = 1e-9;
const COSTS: f64 = -1e-4;
/// What is left of a vector when it counts as nought.
const NOUGHT: f64 = 1e-7;

/// For each atom: whether the mass up to and with it is settled.
pub(super) fn settled(problem: &Problem, masses: &[f64]) -> Vec<bool> {
    let Ok(slopes) = slopes(problem, masses) else { return vec![false; masses.len()] };
    let may: Vec<usize> =
        (0..masses.len()).filter(|j| masses[*j] > HELD || slopes.each[*j] > COSTS * problem.observed).collect();
    let sums = super::atoms::sums(masses);
    let mut basis: Vec<Vec<f64>> = Vec::new();
    add(&mut basis, vec![1.0; may.len()]);
    for row in &problem.rows {
        if basis.len() == may.len() {
            break;
        }
        let seen = sums[row.seen.end] - sums[row.seen.start];
        let window = sums[row.window.end] - sums[row.window.start];
        let part = |inside: bool, mass: f64| if inside { 1.0 / mass } else { 0.0 };
        add(
            &mut basis,
            may.iter()
                .map(|j| seen * (part(row.seen.contains(j), seen) - part(row.window.contains(j), window)))
                .collect(),
        );
    }
    if basis.len() == may.len() {
        return vec![true; masses.len()];
    }
    (0..masses.len())
        .map(|last| {
            let prefix: Vec<f64> = may.iter().map(|j| if *j <= last { 1.0 } else { 0.0 }).collect();
            rest(&basis, prefix).is_none()
        })
        .collect()
}

fn add(basis: &mut Vec<Vec<f64>>, row: Vec<f64>) {
    if let Some(new) = rest(basis, row) {
        basis.push(new);
    }
}

/// The direction of a vector that the basis lacks, with length one; `None` if it lacks none.
fn rest(basis: &[Vec<f64>], mut row: Vec<f64>) -> Option<Vec<f64>> {
    let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let before = length(&row);
    for _ in 0..2 {
        for b in basis {
            let along: f64 = row.iter().zip(b).map(|(x, y)| x * y).sum();
            row.iter_mut().zip(b).for_each(|(x, y)| *x -= along * y);
        }
    }
    let after = length(&row);
    if after.is_nan() || after <= NOUGHT * before {
        return None;
    }
    row.iter_mut().for_each(|x| *x /= after);
    Some(row)
}

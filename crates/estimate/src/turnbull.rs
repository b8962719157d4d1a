//! How times are distributed when each is known only as an interval, and only some people can be seen at all: the
//! nonparametric maximum-likelihood estimate of Turnbull (1976), with Frydman's (1994) care for truncation.
//!
//! Times are whole units (completed years). A [`Cell`] counts people whose time lies in `times`, out of those who could have
//! been counted had their time been anywhere in `window` and not at all otherwise. Someone identified within 6 years of
//! onset, in a table that ends 6 years after her onset, has the window 0 to 6: right truncation.
//!
//! **What can't be known.** Truncation hides everything outside the windows: only the distribution *given that the time
//! lies within the windows taken together* is identified ([`Diagnostics::span`]); how many are never identified is not in
//! such a table. Within an innermost interval ([`Atom`]) the counts don't say where the mass lies, so every answer is a range
//! ([`Fit::by`], [`Fit::quantile`]). Where several distributions fit equally well, the time is refused as `NotIdentified`.
//!
//! The likelihood is climbed by self-consistency (EM), two steps and an extrapolation at a time (SQUAREM, Varadhan and Roland
//! 2008) that is kept only when it climbs too. Every fit carries its certificate: by how much, for each person, the likelihood
//! could still rise by moving mass ([`Diagnostics::gap`], the Karush-Kuhn-Tucker gap). Without truncation the log-likelihood is
//! concave and the gap bounds the distance to its maximum; with truncation it certifies a stationary point, and a second start
//! has to end at the same height.

mod atoms;
mod climb;
mod unique;

pub use atoms::Atom;

use crate::value::{Outcome, Refused};

/// An interval of whole times, ends included; `None` above: no end known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Least time.
    pub from: u16,
    /// Greatest time.
    pub to: Option<u16>,
}

impl Span {
    /// All times.
    pub const ALL: Self = Self { from: 0, to: None };

    /// From one time to another, both included.
    pub const fn new(from: u16, to: u16) -> Self {
        Self { from, to: Some(to) }
    }

    fn end(self) -> u32 {
        self.to.map_or(u32::MAX, u32::from)
    }
}

/// People whose time lies in `times`, who could be seen only with a time in `window`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Where their time lies.
    pub times: Span,
    /// Where it had to lie for them to be seen.
    pub window: Span,
    /// How many: not negative (see [`crate::noisy`] for noisy counts).
    pub count: f64,
}

/// A fitted distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Where the mass is, in order of time.
    pub atoms: Vec<Atom>,
    /// How it was found and how far to trust it.
    pub diagnostics: Diagnostics,
    /// For each atom, whether the mass up to and with it is the same in all distributions that fit equally well.
    settled: Vec<bool>,
}

/// How a fit was found and how far to trust it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnostics {
    /// Steps of self-consistency.
    pub iterations: usize,
    /// By how much the log-likelihood could still rise for each person (at most [`GAP`]).
    pub gap: f64,
    /// Log-likelihood at the fit.
    pub log_likelihood: f64,
    /// People counted.
    pub observed: f64,
    /// People there would be, had all been seen whose time lies in `span`: counts over their windows' fitted mass.
    pub implied: f64,
    /// The least mass that a window with people in it has: the nearer to nought, the more rests on few people.
    pub least_window: f64,
    /// All windows taken together: the distribution is the one given a time in it.
    pub span: Span,
    /// Whether it is the only distribution that fits so well.
    pub unique: bool,
}

/// The gap a fit must reach.
pub const GAP: f64 = 1e-7;
/// Steps after which a fit is refused.
pub const MOST_STEPS: usize = 20_000;
/// Distinct cells and pieces of the axis that are taken.
pub const MOST_CELLS: usize = 5000;
/// Pieces that the ends of intervals may cut the axis into.
pub const MOST_PIECES: usize = 400;

/// Fits the distribution, with a second start and a check that nothing else fits as well.
///
/// # Errors
/// `Malformed` for cells that can't be ones; `NotRecorded` when nobody is counted; `NotIdentified` when windows hang together
/// so loosely that masses can't be compared; `NotSettled` when [`MOST_STEPS`] don't reach [`GAP`], or two starts end at
/// different heights.
pub fn fit(cells: &[Cell]) -> Outcome<Fit> {
    let problem = atoms::Problem::new(cells)?;
    let first = climb::climb(&problem, &problem.even(), GAP)?;
    if problem.truncated() {
        let second = climb::climb(&problem, &problem.slanted(), GAP)?;
        if (second.log_likelihood - first.log_likelihood).abs() > 1e-4 * problem.observed.max(1.0) {
            return Err(Refused::NotSettled("two starts end at different heights of the likelihood".into()));
        }
    }
    let settled = unique::settled(&problem, &first.masses);
    Ok(finish(&problem, first, settled))
}

/// Fits the distribution once, with a wider gap (1e-5) and without the checks of [`fit`]: for replays of a table that was
/// fitted by it.
///
/// # Errors
/// As [`fit`].
pub fn fit_again(cells: &[Cell]) -> Outcome<Fit> {
    let problem = atoms::Problem::new(cells)?;
    let climbed = climb::climb(&problem, &problem.even(), 1e-5)?;
    let settled = vec![true; climbed.masses.len()];
    Ok(finish(&problem, climbed, settled))
}

fn finish(problem: &atoms::Problem, climbed: climb::Climbed, settled: Vec<bool>) -> Fit {
    let windows = problem.windows(&climbed.masses);
    let counted = || problem.rows.iter().zip(&windows).filter(|(row, _)| row.count > 0.0);
    let diagnostics = Diagnostics {
        iterations: climbed.steps,
        gap: climbed.gap,
        log_likelihood: climbed.log_likelihood,
        observed: problem.observed,
        implied: counted().map(|(row, w)| row.count / w).sum(),
        least_window: counted().map(|(_, w)| *w).fold(1.0, f64::min),
        span: problem.span,
        unique: settled.iter().all(|s| *s),
    };
    let atoms = problem.atoms.iter().zip(&climbed.masses).map(|(at, mass)| Atom { at: *at, mass: *mass }).collect();
    Fit { atoms, diagnostics, settled }
}

impl Fit {
    /// Least and greatest share of times up to `time` that the fit allows, given a time within the windows.
    ///
    /// # Errors
    /// `NotIdentified` where other distributions fit as well and differ.
    pub fn by(&self, time: u16) -> Outcome<(f64, f64)> {
        let whole = self.atoms.iter().take_while(|a| a.at.end() <= u32::from(time)).count();
        let begun = self.atoms.iter().take_while(|a| a.at.from <= time).count();
        let sum = |n: usize| self.atoms[..n].iter().map(|a| a.mass).sum::<f64>().clamp(0.0, 1.0);
        let known = |n: usize| n == 0 || self.settled[n - 1];
        if known(whole) && known(begun) {
            Ok((sum(whole), if begun == self.atoms.len() { 1.0 } else { sum(begun) }))
        } else {
            Err(Refused::NotIdentified(format!("several distributions fit equally well and differ at {time}")))
        }
    }

    /// Least and greatest time that a share `q` of times may lie up to; `None`: beyond the last time that is bounded.
    ///
    /// # Errors
    /// `Malformed` for a share outside 0 to 1 (0 not included); `NotIdentified` where other distributions fit as well and
    /// differ.
    pub fn quantile(&self, q: f64) -> Outcome<(u16, Option<u16>)> {
        if q.is_nan() || q <= 0.0 || q > 1.0 {
            return Err(Refused::Malformed("a share that can't be one".into()));
        }
        let mut sum = 0.0;
        for (i, atom) in self.atoms.iter().enumerate() {
            if !self.settled[i] || (i > 0 && !self.settled[i - 1]) {
                return Err(Refused::NotIdentified("several distributions fit equally well and differ there".into()));
            }
            sum += atom.mass;
            // Rounding must not push a quantile on where the sum just reaches it.
            if sum >= q - 1e-6 {
                // On a step exactly, any time up to the next atom will do.
                let flat = (sum - q).abs() <= 1e-6;
                let next = self.atoms[i + 1..].iter().find(|a| a.mass > 1e-6).filter(|_| flat);
                return Ok((atom.at.from, next.map_or(atom.at.to, |a| a.at.to)));
            }
        }
        let last = self.atoms.last().map_or(Span::ALL, |a| a.at);
        Ok((last.from, last.to))
    }
}

#[cfg(test)]
mod tests;

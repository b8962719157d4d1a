//! From ages at onset and at identification: who crosses an age unseen, and how long it takes to be identified.
//!
//! The table counts people by age at onset and age at identification, in completed years, single or banded, each of which may
//! be unknown. Nobody who was never identified is in it, so **every figure here is about identified people** and shares of
//! all exploited people cannot come from it.
//!
//! [`crossing`] bounds the share of those exploited as children who were identified only as adults, whatever the unknown ages
//! are. [`delays`] gives the time from onset to identification three ways: bounded by what the bands allow, as seen, and
//! corrected for a table that ends at an age (someone exploited from 16 on has fewer years to be seen in than someone
//! exploited from 5 on). The correction knows nothing of calendar time: recent onsets, seen only if identified fast, need the
//! window of each ([`crate::turnbull`]), which a table of ages alone doesn't have.

mod delays;

pub use delays::{Curve, Delays, Method, Question, delays};

use crate::bounds::{Cases, Shares, Term, shares_of};
use crate::value::{Counted, Outcome, Refused};

/// Ages in completed years, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band {
    /// The least.
    pub low: u16,
    /// The greatest; none: no end.
    pub high: Option<u16>,
}

impl Band {
    /// A single year.
    pub const fn year(age: u16) -> Self {
        Self { low: age, high: Some(age) }
    }

    /// Whether all of it lies under an age.
    pub fn under(&self, age: u16) -> bool {
        self.high.is_some_and(|h| h < age)
    }

    /// Whether all of it lies at an age or over.
    pub fn from(&self, age: u16) -> bool {
        self.low >= age
    }
}

/// People of one group by both ages; none: unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgeCell {
    /// Age at onset.
    pub onset: Option<Band>,
    /// Age at identification.
    pub identified: Option<Band>,
    /// How many.
    pub count: Counted,
}

impl AgeCell {
    /// An onset after identification can't be: such a cell holds nothing but noise, and stands in no figure.
    pub fn impossible(&self) -> bool {
        matches!((self.onset, self.identified), (Some(o), Some(i)) if i.high.is_some_and(|h| h < o.low))
    }
}

/// Who crossed an age unseen.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// Of all who were counted: onset under the age, identified at it or later.
    pub of_all: Shares,
    /// Of those with an onset under the age: identified at it or later.
    pub of_onset_under: Shares,
}

/// The largest table of ages that is taken.
pub const MOST_CELLS: usize = 20_000;

/// The share with an onset under `age` and identified at `age` or later, among all and among those with such an onset.
///
/// Whoever was identified under the age had an onset under it, known or not. Where the onset isn't known and the person was
/// identified at the age or later, they may have crossed it or may belong to neither side of `of_onset_under`.
///
/// # Errors
/// `Malformed` for an empty or huge table or a band that can't be one; single shares as by [`crate::bounds::shares`].
pub fn crossing(cells: &[AgeCell], age: u16) -> Outcome<Crossing> {
    check(cells)?;
    let (mut all, mut under) = (cases(cells.len()), cases(cells.len()));
    for cell in cells.iter().filter(|c| !c.impossible()) {
        let seen_under = cell.identified.is_some_and(|b| b.under(age));
        let seen_from = cell.identified.is_some_and(|b| b.from(age));
        let onset_under = seen_under || cell.onset.is_some_and(|b| b.under(age));
        let onset_from = cell.onset.is_some_and(|b| b.from(age));
        let crossed = onset_under && seen_from;
        // Whether the cell is known to be in or out; else nothing is known but that it is counted.
        let out = seen_under || onset_from;
        put(&mut all, cell.count, [crossed, !crossed && !out], (1.0, 1.0), (0.0, 1.0));
        if onset_from {
            continue;
        }
        // Without a known onset the least share leaves out those identified late and counts the others as seen in time.
        let least = if onset_under || !seen_from { (0.0, 1.0) } else { (0.0, 0.0) };
        put(&mut under, cell.count, [crossed, !crossed && !out], (1.0, 1.0), least);
    }
    Ok(Crossing { of_all: shares_of(&all), of_onset_under: shares_of(&under) })
}

/// Adds a cell that is `[in, unknown]` or else out.
fn put(cases: &mut Cases, count: Counted, [is_in, unknown]: [bool; 2], most: (f64, f64), least: (f64, f64)) {
    let term = |(top, bottom)| Term { top, bottom, count };
    if unknown {
        cases.none_in.push(term(least));
        cases.all_in.push(term(most));
        return;
    }
    let known = term((if is_in { 1.0 } else { 0.0 }, 1.0));
    cases.none_in.push(known);
    cases.all_in.push(known);
    cases.like_known.push(known);
}

fn cases(many: usize) -> Cases {
    Cases { none_in: Vec::with_capacity(many), all_in: Vec::with_capacity(many), like_known: Vec::with_capacity(many) }
}

pub(crate) fn check(cells: &[AgeCell]) -> Outcome<()> {
    if cells.is_empty() || cells.len() > MOST_CELLS {
        return Err(Refused::Malformed(format!("a table of {} cells", cells.len())));
    }
    let bad = |b: &Band| b.low > 150 || b.high.is_some_and(|h| h < b.low || h > 150);
    if cells.iter().any(|c| c.onset.iter().chain(&c.identified).any(bad)) {
        return Err(Refused::Malformed("an age band that can't be one".into()));
    }
    crate::noisy::check(&cells.iter().map(|c| c.count).collect::<Vec<Counted>>())
}

#[cfg(test)]
mod tests;

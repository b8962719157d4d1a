//! Shares when some answers are missing: worst cases on both sides (Manski 1989), each with how far the noise reaches.
//!
//! Three questions are kept apart. What is the share if **none** of the unknown are in, if **all** are in, and if they are
//! **like the known**? The first two hold whatever the reason for the gap; the third is an assumption and only ever shown
//! with that label. [`shares`] gives all of them; [`difference`] and [`proportion`] compare two groups of people.
//!
//! Noise goes through a ratio by Fieller's theorem (1954): all values `r` for which `top - r * bottom` lies within the reach
//! of its noise. For Gaussian noise that set holds the true ratio in exactly 95 % of cases, small counts or not, and where it
//! isn't bounded nothing is said. Counts are whole numbers and the noise is discrete, so each sigma is enlarged by the 0.26
//! that lets 1.96 sigma reach half a person further.
//!
//! The example of docs/src/methods/times-and-bounds.md:
//!
//! ```
//! use accord_estimate::Counted;
//! use accord_estimate::bounds::{Parts, shares};
//!
//! let exact = |value| Counted { value, sigma: 0.0 };
//! let shares = shares(&Parts { yes: exact(30.0), no: exact(50.0), unknown: exact(20.0) });
//! let bounds = shares.bounds?;
//! assert!((bounds.low - 0.3).abs() < 1e-7 && (bounds.high - 0.5).abs() < 1e-7);
//! assert!((shares.like_known?.value - 0.375).abs() < 1e-12);
//! # Ok::<(), accord_estimate::Refused>(())
//! ```

use crate::noisy::check;
use crate::normal::REACH_95;
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};
use std::collections::BTreeMap;

/// People by whether something is so. The three counts have noise of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// It is so.
    pub yes: Counted,
    /// It isn't so.
    pub no: Counted,
    /// Not known.
    pub unknown: Counted,
}

/// A share under three views of the unknown, and what can be said without any.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// The share if none of the unknown are in.
    pub none_in: Outcome<Estimate>,
    /// The share if all of the unknown are in.
    pub all_in: Outcome<Estimate>,
    /// The share if the unknown are like the known: an assumption, to be labelled as one.
    pub like_known: Outcome<Estimate>,
    /// From the low end of `none_in` to the high end of `all_in`: holds the share whoever the unknown are, in at least 95 % of
    /// cases. Its `value` is the middle of the two worst cases, not a guess at the share.
    pub bounds: Outcome<Estimate>,
}

/// A count with its part in the top and in the bottom of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// How often it counts above the line.
    pub top: f64,
    /// How often it counts below the line.
    pub bottom: f64,
    /// The count.
    pub count: Counted,
}

/// How far either end of a joint statement about two groups reaches, so that both hold in 95 % of cases (Bonferroni).
const REACH_975: f64 = 2.241_402_727_604_947;
/// Half a person in units of [`REACH_95`].
const HALF_A_PERSON: f64 = 0.5 / REACH_95;

/// The share of those for whom it is so.
pub fn shares(parts: &Parts) -> Shares {
    shares_of(&worst_cases(parts))
}

/// Two worst cases and the assumption, as terms: none in, all in, like the known.
pub(crate) struct Cases {
    pub none_in: Vec<Term>,
    pub all_in: Vec<Term>,
    pub like_known: Vec<Term>,
}

fn worst_cases(parts: &Parts) -> Cases {
    let of = |unknown: (f64, f64)| {
        vec![
            Term { top: 1.0, bottom: 1.0, count: parts.yes },
            Term { top: 0.0, bottom: 1.0, count: parts.no },
            Term { top: unknown.0, bottom: unknown.1, count: parts.unknown },
        ]
    };
    Cases { none_in: of((0.0, 1.0)), all_in: of((1.0, 1.0)), like_known: of((0.0, 0.0)) }
}

pub(crate) fn shares_of(cases: &Cases) -> Shares {
    let one = |terms: &[Term], cause| {
        let e = fieller(terms, REACH_95, (0.0, 1.0), cause)?;
        // An interval that says nothing is no statement.
        if e.low <= 0.0 && e.high >= 1.0 { Err(Refused::Noise) } else { Ok(e) }
    };
    let ends = |terms: &[Term]| fieller(terms, REACH_95, (0.0, 1.0), Cause::NoiseAndMissing);
    Shares {
        none_in: one(&cases.none_in, Cause::Noise),
        all_in: one(&cases.all_in, Cause::Noise),
        like_known: one(&cases.like_known, Cause::Noise),
        bounds: ends(&cases.none_in).and_then(|none| Ok(span(&none, &ends(&cases.all_in)?))),
    }
}

/// From the low end of one to the high end of the other, in whichever order noise has put them.
fn span(none: &Estimate, all: &Estimate) -> Estimate {
    Estimate {
        value: f64::midpoint(none.value, all.value),
        low: none.low.min(all.low),
        high: none.high.max(all.high),
        cause: Cause::NoiseAndMissing,
    }
}

/// A comparison of two groups under the views of [`Shares`].
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// If the unknown of either group are like its known: an assumption, to be labelled as one.
    pub like_known: Outcome<Estimate>,
    /// Whoever the unknown of either group are.
    pub bounds: Outcome<Estimate>,
}

/// The share in `one` less the share in `other` (girls, say, and everyone else), from -1 to 1. The groups must not share
/// people.
///
/// Both shares get an interval that holds in 97.5 %, so that both hold together in 95 %; the difference lies between their
/// ends. Refused as `Noise` when nothing is ruled out by the noise alone.
pub fn difference(one: &Parts, other: &Parts) -> Compared {
    let minus = |a: &Estimate, b: &Estimate, cause| Estimate {
        value: a.value - b.value,
        low: a.low - b.high,
        high: a.high - b.low,
        cause,
    };
    compare(one, other, |a, b, cause| {
        let e = minus(a, b, cause);
        if cause == Cause::Noise && e.low <= -1.0 && e.high >= 1.0 { Err(Refused::Noise) } else { Ok(e) }
    })
}

/// The share in `one` in units of the share in `other` (1.5: half as much again). The groups must not share people. Refused
/// as `Noise` when the share in `other` can't be told from nought, or, with missing answers, could be nought
/// (`NotIdentified`).
pub fn proportion(one: &Parts, other: &Parts) -> Compared {
    compare(one, other, |a, b, cause| {
        if b.low <= 0.0 || b.value <= 0.0 {
            return Err(match cause {
                Cause::NoiseAndMissing => {
                    Refused::NotIdentified("the share it is compared with could be nought".into())
                }
                _ => Refused::Noise,
            });
        }
        Ok(Estimate { value: a.value / b.value, low: a.low / b.high, high: a.high / b.low, cause })
    })
}

fn compare(one: &Parts, other: &Parts, by: impl Fn(&Estimate, &Estimate, Cause) -> Outcome<Estimate>) -> Compared {
    let (one, other) = (worst_cases(one), worst_cases(other));
    let share = |terms: &[Term]| fieller(terms, REACH_975, (0.0, 1.0), Cause::NoiseAndMissing);
    let bounds = |cases: &Cases| Ok(span(&share(&cases.none_in)?, &share(&cases.all_in)?));
    let both = |a: Outcome<Estimate>, b: Outcome<Estimate>, cause| by(&a?, &b?, cause);
    Compared {
        like_known: both(share(&one.like_known), share(&other.like_known), Cause::Noise),
        bounds: both(bounds(&one), bounds(&other), Cause::NoiseAndMissing),
    }
}

/// A ratio of sums of noisy counts with its 95 % interval, held to `within` (which must hold whatever the true ratio could
/// be). Counts in both top and bottom are allowed; the noise of two terms must be independent.
///
/// # Errors
/// `Malformed` for terms that can't be ones; `Noise` when the bottom can't be told from nought.
pub fn ratio(terms: &[Term], within: (f64, f64)) -> Outcome<Estimate> {
    fieller(terms, REACH_95, within, Cause::Noise)
}

fn fieller(terms: &[Term], reach: f64, within: (f64, f64), cause: Cause) -> Outcome<Estimate> {
    check(&terms.iter().map(|t| t.count).collect::<Vec<_>>())?;
    if terms.iter().any(|t| t.top.is_nan() || t.bottom.is_nan() || t.top.abs() > 1e6 || t.bottom.abs() > 1e6) {
        return Err(Refused::Malformed("a weight that can't be one".into()));
    }
    if within.0.is_nan() || within.1.is_nan() || within.0 > within.1 {
        return Err(Refused::Malformed("a range that can't be one".into()));
    }
    // Counts of the same part are one sum, half a person off at most once.
    let mut sums: BTreeMap<(u64, u64), (f64, f64, f64, f64)> = BTreeMap::new();
    for t in terms {
        let sum = sums.entry((t.top.to_bits(), t.bottom.to_bits())).or_insert((t.top, t.bottom, 0.0, 0.0));
        (sum.2, sum.3) = (sum.2 + t.count.value, sum.3 + t.count.sigma * t.count.sigma);
    }
    let (mut top, mut bottom) = (0.0, 0.0);
    let (mut var_top, mut var_bottom, mut both) = (0.0, 0.0, 0.0);
    for (t, b, value, variance) in sums.into_values() {
        let sigma = if variance > 0.0 { variance.sqrt() + HALF_A_PERSON } else { 0.0 };
        let variance = sigma * sigma * reach * reach;
        (top, bottom) = (top + t * value, bottom + b * value);
        (var_top, var_bottom, both) =
            (var_top + t * t * variance, var_bottom + b * b * variance, both + t * b * variance);
    }
    // (top - r bottom)^2 <= var_top - 2 r both + r^2 var_bottom, as a r^2 - 2 h r + c <= 0.
    let a = bottom * bottom - var_bottom;
    if bottom <= 0.0 || a <= 0.0 {
        return Err(Refused::Noise);
    }
    // Where noise has pushed the ratio out of the range that it can have, the interval stands around the nearest end: the
    // true ratio is no further from there, so it is held as often, and no interval claims certainty.
    let top = top.clamp(within.0 * bottom, (within.1 * bottom).max(within.0 * bottom));
    let h = top * bottom - both;
    let c = top * top - var_top;
    let root = (h * h - a * c).max(0.0).sqrt();
    let held = |r: f64| r.clamp(within.0, within.1);
    // Rounding must not push the value out of its own interval.
    let value = held(top / bottom);
    Ok(Estimate { value, low: held((h - root) / a).min(value), high: held((h + root) / a).max(value), cause })
}

#[cfg(test)]
mod tests;

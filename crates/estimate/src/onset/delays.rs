//! How long from onset to identification.

use super::{AgeCell, Band, check};
use crate::bounds::{Term, ratio};
use crate::noisy::{Simulation, nonnegative, simulated_interval};
use crate::reverse::{self, Late};
use crate::turnbull::{self, Cell, Diagnostics, Span};
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};
use std::collections::BTreeMap;

/// What is asked about times.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Only onsets under this age.
    pub under: u16,
    /// The last age at identification that the table holds: whoever is identified later isn't in it. None: nobody is cut off by
    /// age, and there is nothing to correct.
    pub seen_until: Option<u16>,
    /// Shares are given of those identified within so many years (differences of completed years).
    pub years: Vec<u16>,
    /// Times are given that these shares lie up to: 0.5 for the median.
    pub shares: Vec<f64>,
    /// How noise, and with `sampling` chance, is played through.
    pub how: Simulation,
}

/// Times three ways. Each may be refused on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Delays {
    /// What the bands allow, whatever lies within them; no correction, no assumption.
    pub bounds: Outcome<Curve>,
    /// As seen, without correction: too short where the table cuts late identification off.
    pub as_seen: Outcome<Curve>,
    /// Corrected for `seen_until`: given identification within [`Curve::longest`] years of onset.
    pub corrected: Outcome<Curve>,
    /// Share of those whose onset may lie under the age, but of whom one age or both are unknown: not in any curve.
    pub left_out: Outcome<Estimate>,
}

/// How a curve was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Sums over sums, with Fieller's interval.
    Ratios,
    /// The product of reverse-time hazards.
    ReverseHazard,
    /// Turnbull's estimate.
    Turnbull,
}

/// Shares and quantiles of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// For each number of years asked, the share identified within it.
    pub by: Vec<Outcome<Estimate>>,
    /// For each share asked, the years it lies up to: the value is the low end of a range where the counts leave a range.
    pub quantiles: Vec<Outcome<Estimate>>,
    /// How it was made.
    pub method: Method,
    /// The curve is given identification within so many years; none: no limit.
    pub longest: Option<u16>,
    /// How the fit went, by Turnbull's method.
    pub diagnostics: Option<Diagnostics>,
}

/// Times from onset to identification of those whose onset lies under an age.
///
/// A banded age gives an interval of times; the ends of a band are taken into account, what lies within isn't guessed. People
/// with an unknown age are left out of the curves (`left_out` says how many): the curves speak of the others.
///
/// # Errors
/// `Malformed` for tables and questions that can't be ones; `NotRecorded` when the table has no cell with both ages.
pub fn delays(cells: &[AgeCell], question: &Question) -> Outcome<Delays> {
    check(cells)?;
    let fine = |q: &f64| *q > 0.0 && *q <= 1.0;
    if !question.shares.iter().all(fine) || question.years.len() > 200 || question.shares.len() > 20 {
        return Err(Refused::Malformed("a question that can't be one".into()));
    }
    let both = |c: &AgeCell| Some((c.onset?, c.identified?, c.count));
    let known: Vec<(Band, Band, Counted)> = cells
        .iter()
        .filter(|c| !c.impossible())
        .filter_map(both)
        .filter(|(onset, _, _)| onset.under(question.under))
        .collect();
    if known.is_empty() {
        return Err(Refused::NotRecorded("no cell has both ages".into()));
    }
    let open: BTreeMap<Key, Counted> = keyed(known.iter().map(|k| ((times(k), Span::ALL), k.2)));
    let bounds = bounds(&open, question);
    let exact = open.keys().all(|(t, _)| t.to == Some(t.from));
    let as_seen = match (exact, question.how.sampling) {
        (true, false) => bounds.clone(),
        (true, true) => reversed(&open, question),
        (false, _) => fitted(&open, question, None),
    };
    Ok(Delays { bounds, as_seen, corrected: corrected(&known, question), left_out: left_out(cells, question) })
}

/// Where a time lies, and where it had to lie to be seen.
type Key = (Span, Span);

fn times((onset, identified, _): &(Band, Band, Counted)) -> Span {
    Span {
        from: identified.low.saturating_sub(onset.high.unwrap_or(u16::MAX)),
        to: identified.high.map(|h| h.saturating_sub(onset.low)),
    }
}

/// Cells of the same key added up: noise of sums is smaller than the sum of noise, and fewer of them are negative.
fn keyed(cells: impl Iterator<Item = (Key, Counted)>) -> BTreeMap<Key, Counted> {
    let mut all = BTreeMap::new();
    for (key, count) in cells {
        let sum: &mut Counted = all.entry(key).or_insert(Counted { value: 0.0, sigma: 0.0 });
        sum.value += count.value;
        sum.sigma = libm::hypot(sum.sigma, count.sigma);
    }
    all
}

/// Shares of those who surely, and of those who possibly, were identified within so many years.
fn bounds(cells: &BTreeMap<Key, Counted>, question: &Question) -> Outcome<Curve> {
    let share = |is_in: &dyn Fn(&Span) -> bool| {
        let term = |(key, count): (&Key, &Counted)| Term { top: f64::from(is_in(&key.0)), bottom: 1.0, count: *count };
        ratio(&cells.iter().map(term).collect::<Vec<Term>>(), (0.0, 1.0))
    };
    let banded = cells.keys().any(|(t, _)| t.to != Some(t.from));
    let at = |years: u16| -> Outcome<Estimate> {
        let surely = share(&|t| t.to.is_some_and(|to| to <= years))?;
        if !banded {
            return Ok(surely);
        }
        let possibly = share(&|t| t.from <= years)?;
        Ok(Estimate {
            value: f64::midpoint(surely.value, possibly.value),
            low: surely.low.min(possibly.low),
            high: possibly.high.max(surely.high),
            cause: Cause::NoiseAndMissing,
        })
    };
    // Chance isn't in these intervals: with it asked for, only the played ones answer.
    let last = cells.keys().map(|(t, _)| t.to.unwrap_or(t.from)).max().unwrap_or(0);
    let whole: Vec<Estimate> = (0..=last).map(at).collect::<Outcome<_>>()?;
    // Pointwise limits of the curve, read along: the times at which a share can be reached.
    let quantile = |q: f64| -> Outcome<Estimate> {
        let first = |f: &dyn Fn(&Estimate) -> f64| whole.iter().position(|e| f(e) >= q - 1e-12).map(|t| t as f64);
        let low = first(&|e| e.high);
        let (Some(low), Some(value)) = (low, first(&|e| e.value)) else { return Err(Refused::Noise) };
        let high = first(&|e| e.low).unwrap_or(f64::INFINITY);
        Ok(Estimate { value, low: low.min(value), high: high.max(value), cause: whole[0].cause })
    };
    Ok(Curve {
        by: question.years.iter().map(|y| Ok(whole[usize::from((*y).min(last))])).collect(),
        quantiles: question.shares.iter().map(|q| quantile(*q)).collect(),
        method: Method::Ratios,
        longest: None,
        diagnostics: None,
    })
}

fn corrected(known: &[(Band, Band, Counted)], question: &Question) -> Outcome<Curve> {
    let Some(until) = question.seen_until else {
        return Err(Refused::NotRecorded("the table isn't cut off at an age: there is nothing to correct".into()));
    };
    let mut cells = Vec::with_capacity(known.len());
    for cell in known.iter().filter(|(_, identified, _)| identified.low <= until) {
        if cell.1.high.is_none_or(|h| h > until) {
            return Err(Refused::NotRecorded(format!("age {until} isn't the end of a band of ages at identification")));
        }
        // Of a band of onsets, the youngest could be seen the longest.
        cells.push(((times(cell), Span::new(0, until.saturating_sub(cell.0.low))), cell.2));
    }
    if cells.is_empty() {
        return Err(Refused::NotRecorded(format!("no ages up to {until}")));
    }
    let cells = keyed(cells.into_iter());
    if !cells.keys().all(|(t, _)| t.to == Some(t.from)) {
        let longest = cells.keys().filter_map(|(_, w)| w.to).max();
        return fitted(&cells, question, longest);
    }
    reversed(&cells, question)
}

/// The product of reverse-time hazards: of exact times alone.
fn reversed(cells: &BTreeMap<Key, Counted>, question: &Question) -> Outcome<Curve> {
    // Without a window, all could be seen with the longest time of all.
    let last = cells.keys().map(|(t, _)| t.from).max().unwrap_or(0);
    let late: Vec<Late> = cells
        .iter()
        .map(|((times, window), count)| Late { time: times.from, limit: window.to.unwrap_or(last), count: *count })
        .collect();
    let curve = reverse::curve(&late, &question.years, &question.shares, &question.how)?;
    let longest = cells.keys().filter_map(|(_, w)| w.to).max();
    Ok(Curve { by: curve.by, quantiles: curve.quantiles, method: Method::ReverseHazard, longest, diagnostics: None })
}

/// Turnbull's estimate with noise played through.
fn fitted(cells: &BTreeMap<Key, Counted>, question: &Question, longest: Option<u16>) -> Outcome<Curve> {
    let table: Vec<Counted> = cells.values().copied().collect();
    let with = |counts: &[f64]| -> Vec<Cell> {
        cells
            .keys()
            .zip(counts)
            .map(|((times, window), count)| Cell { times: *times, window: *window, count: *count })
            .collect()
    };
    let first = turnbull::fit(&with(&nonnegative(&table)?))?;
    let ends = |fit: &turnbull::Fit| -> Outcome<Vec<f64>> {
        let mut all = Vec::new();
        for years in &question.years {
            let (low, high) = fit.by(*years)?;
            all.extend([low, high]);
        }
        for share in &question.shares {
            let (low, high) = fit.quantile(*share)?;
            all.extend([f64::from(low), high.map_or(f64::INFINITY, f64::from)]);
        }
        Ok(all)
    };
    let played = simulated_interval(&table, &question.how, &|counts| ends(&turnbull::fit_again(&with(counts))?))?;
    let span = |pair: &[Outcome<Estimate>], value: &dyn Fn(f64, f64) -> f64| -> Outcome<Estimate> {
        let (low, high) = (pair[0].clone()?, pair[1].clone()?);
        let value = value(low.value, high.value);
        Ok(Estimate { value, low: low.low.min(value), high: high.high.max(value), cause: low.cause })
    };
    let (by, quantiles) = played.each.split_at(2 * question.years.len());
    let settled = |asked: Outcome<()>, found: Outcome<Estimate>| asked.and(found);
    Ok(Curve {
        by: by
            .chunks(2)
            .zip(&question.years)
            .map(|(pair, y)| settled(first.by(*y).map(|_| ()), span(pair, &|a, b| f64::midpoint(a, b))))
            .collect(),
        quantiles: quantiles
            .chunks(2)
            .zip(&question.shares)
            .map(|(pair, q)| settled(first.quantile(*q).map(|_| ()), span(pair, &|a, _| a)))
            .collect(),
        method: Method::Turnbull,
        longest,
        diagnostics: Some(first.diagnostics),
    })
}

fn left_out(cells: &[AgeCell], question: &Question) -> Outcome<Estimate> {
    let terms: Vec<Term> = cells
        .iter()
        .filter(|c| !c.impossible())
        .filter_map(|c| {
            let known = c.onset.is_some_and(|b| b.under(question.under));
            // Identified under the age: the onset was under it too.
            let may = !c.onset.is_some_and(|b| b.from(question.under));
            let out = !(known && c.identified.is_some());
            may.then_some(Term { top: f64::from(out), bottom: 1.0, count: c.count })
        })
        .collect();
    if terms.is_empty() {
        return Err(Refused::NotRecorded("no onset may lie under the age".into()));
    }
    ratio(&terms, (0.0, 1.0))
}

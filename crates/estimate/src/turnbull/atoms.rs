//! Cuts the axis of times into the innermost intervals that can hold mass.
//!
//! The ends of all intervals and windows cut it into pieces; within a piece the likelihood doesn't care where mass lies. A
//! piece in no observation holds nothing. A piece is dropped when another is in all its observations and in no further window,
//! and one of the two is strictly so: mass moved there raises the likelihood. Pieces that are alike stay: that is how an answer
//! that isn't unique is found.

use super::{Cell, MOST_CELLS, MOST_PIECES, Span};
use crate::noisy::LARGEST;
use crate::value::{Outcome, Refused};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// An innermost interval and its mass: where within it the mass lies is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atom {
    /// The interval.
    pub at: Span,
    /// Its share of times, given a time within the windows.
    pub mass: f64,
}

/// One distinct observation as ranges of atoms.
pub(super) struct Row {
    pub seen: Range<usize>,
    pub window: Range<usize>,
    pub count: f64,
}

pub(super) struct Problem {
    pub atoms: Vec<Span>,
    pub rows: Vec<Row>,
    pub observed: f64,
    pub span: Span,
}

impl Problem {
    pub fn new(cells: &[Cell]) -> Outcome<Self> {
        let distinct = distinct(cells)?;
        let observed = distinct.values().sum();
        if distinct.is_empty() || observed <= 0.0 {
            return Err(Refused::NotRecorded("nobody is counted".into()));
        }
        let pieces = pieces(&distinct)?;
        let place = |s: &Span| place(&pieces, *s);
        let all: Vec<Row> = distinct
            .iter()
            .map(|((times, window), count)| Row { seen: place(times), window: place(window), count: *count })
            .collect();
        let kept = innermost(pieces.len(), &all);
        let before = |n: usize| kept.partition_point(|k| *k < n);
        let rows = all
            .into_iter()
            .map(|r| Row {
                seen: before(r.seen.start)..before(r.seen.end),
                window: before(r.window.start)..before(r.window.end),
                count: r.count,
            })
            .collect();
        let from = distinct.keys().map(|(_, w)| w.from).min().unwrap_or(0);
        let end = distinct.keys().map(|(_, w)| w.end()).max().unwrap_or(u32::MAX);
        let span = Span { from, to: u16::try_from(end).ok() };
        Ok(Self { atoms: kept.iter().map(|k| pieces[*k]).collect(), rows, observed, span })
    }

    /// Whether some window leaves an atom out.
    pub fn truncated(&self) -> bool {
        self.rows.iter().any(|r| r.window.len() < self.atoms.len())
    }

    /// The same mass everywhere.
    pub fn even(&self) -> Vec<f64> {
        vec![1.0 / self.atoms.len() as f64; self.atoms.len()]
    }

    /// More and more mass to the right.
    pub fn slanted(&self) -> Vec<f64> {
        let n = self.atoms.len() as f64;
        (0..self.atoms.len()).map(|j| 2.0 * (j as f64 + 1.0) / (n * (n + 1.0))).collect()
    }

    /// Mass of each row's window.
    pub fn windows(&self, masses: &[f64]) -> Vec<f64> {
        let sums = sums(masses);
        self.rows.iter().map(|r| sums[r.window.end] - sums[r.window.start]).collect()
    }
}

/// Sums up to and without each place.
pub(super) fn sums(masses: &[f64]) -> Vec<f64> {
    let mut all = Vec::with_capacity(masses.len() + 1);
    all.push(0.0);
    let mut sum = 0.0;
    for m in masses {
        sum += m;
        all.push(sum);
    }
    all
}

/// Cells with people in them, same ones added up, each interval cut to its window.
fn distinct(cells: &[Cell]) -> Outcome<BTreeMap<(Span, Span), f64>> {
    let mut all = BTreeMap::new();
    for cell in cells {
        if !(0.0..=LARGEST).contains(&cell.count) {
            return Err(Refused::Malformed("a count that can't be one".into()));
        }
        let end = cell.times.end().min(cell.window.end());
        let times = Span { from: cell.times.from.max(cell.window.from), to: u16::try_from(end).ok() };
        let empty = |s: &Span| u32::from(s.from) > s.end();
        if empty(&cell.times) || empty(&cell.window) || empty(&times) {
            return Err(Refused::Malformed("an interval without times, or outside its window".into()));
        }
        if cell.count > 0.0 {
            *all.entry((times, cell.window)).or_insert(0.0) += cell.count;
            if all.len() > MOST_CELLS {
                return Err(Refused::Malformed(format!("over {MOST_CELLS} different cells")));
            }
        }
    }
    Ok(all)
}

fn pieces(distinct: &BTreeMap<(Span, Span), f64>) -> Outcome<Vec<Span>> {
    let mut cuts = BTreeSet::new();
    for span in distinct.keys().flat_map(|(times, window)| [times, window]) {
        cuts.insert(u32::from(span.from));
        if let Some(to) = span.to {
            cuts.insert(u32::from(to) + 1);
        }
    }
    let cuts: Vec<u32> = cuts.into_iter().collect();
    let open = distinct.keys().any(|(_, w)| w.to.is_none());
    let mut pieces: Vec<Span> = cuts
        .windows(2)
        .filter_map(|w| Some(Span { from: u16::try_from(w[0]).ok()?, to: u16::try_from(w[1] - 1).ok() }))
        .collect();
    if let (true, Some(Ok(from))) = (open, cuts.last().map(|c| u16::try_from(*c))) {
        pieces.push(Span { from, to: None });
    }
    if pieces.len() > MOST_PIECES {
        return Err(Refused::Malformed(format!("times cut into over {MOST_PIECES} pieces")));
    }
    Ok(pieces)
}

/// Pieces of a span: its ends are ends of pieces.
fn place(pieces: &[Span], span: Span) -> Range<usize> {
    let start = pieces.partition_point(|p| p.from < span.from);
    let end = pieces.partition_point(|p| u32::from(p.from) <= span.end());
    start..end
}

/// The pieces that no other beats.
fn innermost(pieces: usize, rows: &[Row]) -> Vec<usize> {
    let words = rows.len().div_ceil(64);
    let members = |of: fn(&Row) -> &Range<usize>| {
        let mut sets = vec![vec![0_u64; words]; pieces];
        for (i, row) in rows.iter().enumerate() {
            for set in &mut sets[of(row).clone()] {
                set[i / 64] |= 1 << (i % 64);
            }
        }
        sets
    };
    let (seen, window) = (members(|r| &r.seen), members(|r| &r.window));
    let within = |a: &[u64], b: &[u64]| a.iter().zip(b).all(|(a, b)| a & !b == 0);
    let beats = |q: usize, p: usize| {
        within(&seen[p], &seen[q]) && within(&window[q], &window[p]) && (seen[p] != seen[q] || window[p] != window[q])
    };
    (0..pieces).filter(|p| seen[*p].iter().any(|w| *w != 0) && !(0..pieces).any(|q| beats(q, *p))).collect()
}

//! Aggregates: how many of the rows hold each combination of values, with the interval that the noise warrants.
//!
//! The number is a count of the rows, so that aggregates of every length agree with each other and with the synthetic
//! records. The interval is not the model's: it inverts the noise of the measured count of the same combination, and begins
//! at nought where that count is not clear of its noise. A combination that was not measured, because it is longer or its
//! table too large, holds at most as many as each shorter one in it; its interval goes from nought to the least of their
//! upper ends (PRIVACY 13).

use super::layout::{LONGEST_MEASURED, Layout};
use super::rows::Rows;
use super::{Counts, FlatError, Measured};
use crate::flatfiles::Aggregate;
use crate::publish::MISS;
use std::collections::HashMap;

/// Longest combinations that are aggregated.
pub const LONGEST: usize = 4;
/// Most distinct combinations that are aggregated.
const MOST: usize = 20_000_000;

/// A noisy count under so many standard deviations of its noise doesn't show that anybody is there. One more than the most
/// evidence that the adjustment of rows ever wants: what is published was chosen because its noise was high, and an interval
/// around it alone would leave out nought, or few, too often (Benjamini and Yekutieli 2005).
const CLEAR: f64 = 5.0;

/// Counts the combinations of rows up to a length of 4. Blank cells are in no combination.
pub fn aggregate(measured: &Measured, rows: &Rows, longest: usize) -> Result<Vec<Aggregate>, FlatError> {
    if !(1..=LONGEST).contains(&longest) {
        return Err(FlatError::Ask(format!("combinations of length 1 to {LONGEST} can be reported, not {longest}")));
    }
    let layout = measured.layout()?;
    let counts = measured.counts(&layout)?;
    let intervals = Intervals::new(measured, &layout, &counts);
    let mut out = Vec::new();
    for length in 1..=longest.min(layout.columns()) {
        for (cells, count) in combinations(rows, length)? {
            let (low, high) = intervals.of(&cells);
            let range = Some([low.min(count), high.max(count)]);
            out.push(Aggregate { cells, count, range });
        }
    }
    Ok(out)
}

/// Every combination of values of this length that rows hold, with the number of rows.
fn combinations(rows: &Rows, length: usize) -> Result<Vec<(Vec<(u16, u16)>, u64)>, FlatError> {
    let mut counts: HashMap<[(u16, u16); LONGEST], u64> = HashMap::new();
    let mut filled: Vec<(u16, u16)> = Vec::new();
    for row in 0..rows.len {
        filled.clear();
        let codes = rows.columns.iter().enumerate().map(|(c, codes)| (c as u16, codes[row]));
        filled.extend(codes.filter(|(_, code)| *code != 0));
        choose(&filled, length, &mut |cells| *counts.entry(cells).or_insert(0) += 1);
        if counts.len() > MOST {
            return Err(FlatError::Ask(format!(
                "there are more than {MOST} combinations of length {length}; report shorter ones"
            )));
        }
    }
    let mut out: Vec<_> = counts.into_iter().map(|(cells, n)| (cells[..length].to_vec(), n)).collect();
    out.sort_unstable();
    Ok(out)
}

/// Visits every choice of `length` of the cells, in order; unused places of the array are nought.
fn choose(cells: &[(u16, u16)], length: usize, visit: &mut impl FnMut([(u16, u16); LONGEST])) {
    fn next(
        cells: &[(u16, u16)],
        left: usize,
        chosen: &mut [(u16, u16); LONGEST],
        at: usize,
        visit: &mut impl FnMut([(u16, u16); LONGEST]),
    ) {
        if left == 0 {
            visit(*chosen);
            return;
        }
        for i in 0..cells.len().saturating_sub(left - 1) {
            chosen[at] = cells[i];
            next(&cells[i + 1..], left - 1, chosen, at + 1, visit);
        }
    }
    next(cells, length, &mut [(0, 0); LONGEST], 0, visit);
}

/// Intervals of combinations.
pub(crate) struct Intervals<'a> {
    layout: &'a Layout,
    counts: &'a Counts,
    /// Half-widths by length, for a miss of [`MISS`] and for a fourth of it.
    half: Vec<[u64; 2]>,
    /// Position in the layout of each column.
    position: Vec<usize>,
    /// Upper end of the interval of the number of rows, for a fourth of [`MISS`].
    most: u64,
}

impl<'a> Intervals<'a> {
    pub(crate) fn new(measured: &Measured, layout: &'a Layout, counts: &'a Counts) -> Intervals<'a> {
        let half = (1..=layout.lengths())
            .map(|k| {
                let table = measured.tables.iter().find(|t| t.table == super::length_id(k));
                let half = |miss| table.map_or(u64::MAX >> 1, |t| t.noise().half_width(miss));
                [half(MISS), half(MISS / 4.0)]
            })
            .collect();
        let mut position = vec![0; layout.columns()];
        layout.order.iter().enumerate().for_each(|(at, column)| position[*column] = at);
        let rows = measured.tables.iter().find(|t| t.table == super::ROWS);
        let half_of_rows = rows.map_or(u64::MAX >> 1, |t| t.noise().half_width(MISS / 4.0));
        let most = around(counts.total as i64, half_of_rows).1;
        Intervals { layout, counts, half, position, most }
    }

    /// Half-width of the interval of a measured combination.
    pub(crate) fn half_width(&self, length: usize) -> Option<u64> {
        self.half.get(length.wrapping_sub(1)).map(|h| h[0])
    }

    /// The interval of a combination of column and code.
    pub(crate) fn of(&self, cells: &[(u16, u16)]) -> (u64, u64) {
        if let Some(noisy) = self.noisy(cells) {
            let (low, high) = around(noisy, self.half[cells.len() - 1][0]);
            let clear = noisy as f64 >= CLEAR * self.counts.sigma[cells.len() - 1];
            return (if clear { low } else { 0 }, high);
        }
        // At most four shorter ones, and all rows, each of which is too low at most an eighth as often.
        let mut least = self.most;
        for leave in 0..cells.len() {
            let part: Vec<(u16, u16)> =
                cells.iter().enumerate().filter(|(i, _)| *i != leave).map(|(_, c)| *c).collect();
            if part.is_empty() {
                continue;
            }
            let high = match self.noisy(&part) {
                Some(noisy) => around(noisy, self.half[part.len() - 1][1]).1,
                None => self.of(&part).1,
            };
            least = least.min(high);
        }
        (0, least)
    }

    /// The noisy count of a combination, if it was measured.
    fn noisy(&self, cells: &[(u16, u16)]) -> Option<i64> {
        if cells.len() > self.layout.lengths().min(LONGEST_MEASURED) {
            return None;
        }
        let mut filled: Vec<(u16, u16)> = cells
            .iter()
            .filter_map(|(c, code)| Some((self.position[usize::from(*c)] as u16, self.layout.level(*code)?)))
            .collect();
        filled.sort_unstable();
        let mut found = None;
        self.layout.visit(&filled, cells.len(), |cell| found = Some(cell));
        found.map(|cell| self.counts.noisy[cells.len() - 1][cell])
    }
}

/// The noise inverted around a noisy count, cut at nought.
fn around(noisy: i64, half: u64) -> (u64, u64) {
    let half = i64::try_from(half).unwrap_or(i64::MAX);
    (noisy.saturating_sub(half).max(0).cast_unsigned(), noisy.max(0).saturating_add(half).cast_unsigned())
}

#[cfg(test)]
mod tests;

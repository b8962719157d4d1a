//! Aggregates: how many of the rows hold each combination of values, with the interval that the noise warrants.
//!
//! The number is a count of the rows, so that aggregates of every length agree with each other and with the synthetic
//! records. The interval is not the model's: it inverts the noise of the measured count of the same combination, and begins
//! at nought where that count is not clear of its noise. A combination that was not measured, because it is longer or its
//! table too large, holds at most as many as each shorter one in it; its interval goes from nought to the least of their
//! upper ends (PRIVACY 13).

use super::layout::{Layout, choose as choose_of};
use super::rows::Rows;
use super::{Counts, FlatError, Measured};
use crate::flatfiles::Aggregate;
use crate::noise::{LinearNoise, normal_quantile};
use crate::publish::MISS;
use std::collections::HashMap;

/// Longest combinations that are aggregated.
pub const LONGEST: usize = 4;
/// Most distinct combinations that are aggregated.
pub(super) const MOST: usize = 20_000_000;

/// A noisy count under so many standard deviations of its noise doesn't show that anybody is there. One more than the most
/// evidence that the adjustment of rows ever wants: what is published was chosen because its noise was high, and an interval
/// around it alone would leave out nought, or few, too often (Benjamini and Yekutieli 2005).
const CLEAR: f64 = 5.0;
/// How often the bound on rows that were cut may be too low: little beside [`MISS`].
const MISS_OF_CUT: f64 = MISS / 50.0;

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
        for (cells, count) in combinations(rows, length, MOST)? {
            let (low, high) = intervals.of(&cells);
            let range = Some([low.min(count), high.max(count)]);
            out.push(Aggregate { cells, count, range });
        }
    }
    Ok(out)
}

/// Of the lengths up to this one, the longest of which there are not too many different combinations to report, nor of any
/// shorter one. A draft that was paid for is made, with fewer lengths if need be.
pub(super) fn longest_reported(rows: &Rows, longest: usize) -> usize {
    longest_within(rows, longest, MOST)
}

fn longest_within(rows: &Rows, longest: usize, most: usize) -> usize {
    // Not more than as often as a row holds any.
    let at_most = |length: usize| -> usize {
        let filled = |row: usize| rows.columns.iter().filter(|c| c[row] != 0).count();
        (0..rows.len).fold(0, |sum: usize, row| sum.saturating_add(choose_of(filled(row), length)))
    };
    let fits = |length: usize| at_most(length) <= most || combinations(rows, length, most).is_ok();
    (2..=longest).take_while(|length| fits(*length)).last().unwrap_or(1)
}

/// A column and one of its codes.
type Held = (u16, u16);

/// Every combination of values of this length that rows hold, with the number of rows.
fn combinations(rows: &Rows, length: usize, most: usize) -> Result<Vec<(Vec<Held>, u64)>, FlatError> {
    let mut counts: HashMap<[(u16, u16); LONGEST], u64> = HashMap::new();
    let mut filled: Vec<(u16, u16)> = Vec::new();
    for row in 0..rows.len {
        filled.clear();
        let codes = rows.columns.iter().enumerate().map(|(c, codes)| (c as u16, codes[row]));
        filled.extend(codes.filter(|(_, code)| *code != 0));
        choose(&filled, length, &mut |cells| *counts.entry(cells).or_insert(0) += 1);
        if counts.len() > most {
            return Err(FlatError::Ask(format!(
                "there are more than {most} combinations of length {length}; report shorter ones"
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

/// What the measurements say of the combinations of one length, before rows were fitted to them.
struct Estimate {
    values: Vec<f64>,
    /// Standard deviation and half-widths by table, for a miss of [`MISS`] and for a fourth of it.
    tables: Vec<(f64, [u64; 2])>,
}

/// Intervals of combinations.
pub(crate) struct Intervals<'a> {
    layout: &'a Layout,
    estimates: Vec<Estimate>,
    /// Position in the layout of each column.
    position: Vec<usize>,
    /// Upper end of the interval of the number of rows, for a fourth of [`MISS`].
    most: u64,
    /// Rows that may be missing from a count of two values or more, at most.
    cut: u64,
}

impl<'a> Intervals<'a> {
    pub(crate) fn new(measured: &Measured, layout: &'a Layout, counts: &Counts) -> Intervals<'a> {
        let estimates = (1..=layout.lengths()).map(|k| estimate(measured, layout, counts, k)).collect();
        let mut position = vec![0; layout.columns()];
        layout.order.iter().enumerate().for_each(|(at, column)| position[*column] = at);
        // Each row that was cut may be missing from any count of two values or more.
        let cut = match (measured.shape.most_filled, measured.tables.iter().find(|t| t.table == super::CUT)) {
            (None, _) => 0,
            (Some(_), Some(table)) => {
                let noisy = table.values.first().copied().unwrap_or(0);
                around(noisy as f64, table.noise().half_width(MISS_OF_CUT)).1
            }
            // No row fills more columns than there are.
            (Some(most), None) if usize::from(most) >= layout.columns() => 0,
            (Some(_), None) => u64::MAX >> 1,
        };
        let rows = measured.tables.iter().find(|t| t.table == super::ROWS);
        let half_of_rows = rows.map_or(u64::MAX >> 1, |t| t.noise().half_width(MISS / 4.0));
        let noisy_rows = rows.and_then(|t| t.values.first()).copied().unwrap_or(i64::MAX);
        let most = around(noisy_rows as f64, half_of_rows).1;
        Intervals { layout, estimates, position, most, cut }
    }

    /// Half-width of the interval of a measured combination: the widest of this length.
    pub(crate) fn half_width(&self, length: usize) -> Option<u64> {
        self.estimates.get(length.wrapping_sub(1))?.tables.iter().map(|t| t.1[0]).max()
    }

    /// The interval of a combination of column and code.
    pub(crate) fn of(&self, cells: &[(u16, u16)]) -> (u64, u64) {
        if let Some((value, (sigma, half))) = self.measured(cells) {
            let (low, high) = around(value, half[0]);
            let clear = value >= CLEAR * sigma;
            return (if clear { low } else { 0 }, self.with_cut(high, cells.len()));
        }
        // At most four shorter ones, and all rows, each of which is too low at most an eighth as often.
        let mut least = self.most;
        for leave in 0..cells.len() {
            let part: Vec<(u16, u16)> =
                cells.iter().enumerate().filter(|(i, _)| *i != leave).map(|(_, c)| *c).collect();
            if part.is_empty() {
                continue;
            }
            let high = match self.measured(&part) {
                Some((value, (_, half))) => self.with_cut(around(value, half[1]).1, part.len()),
                None => self.of(&part).1,
            };
            least = least.min(high);
        }
        (0, least)
    }

    /// An upper end, with the rows that may be missing from the count.
    fn with_cut(&self, high: u64, length: usize) -> u64 {
        if length < 2 { high } else { high.saturating_add(self.cut).min(self.most.max(high)) }
    }

    /// What was measured of a combination, if it was: its estimate, with the standard deviation and half-widths.
    fn measured(&self, cells: &[(u16, u16)]) -> Option<(f64, (f64, [u64; 2]))> {
        let tables = self.layout.tables.get(cells.len().wrapping_sub(1))?;
        let mut filled: Vec<(u16, u16)> = cells
            .iter()
            .filter_map(|(c, code)| Some((self.position[usize::from(*c)] as u16, self.layout.level(*code)?)))
            .collect();
        filled.sort_unstable();
        let mut found = None;
        self.layout.visit(&filled, cells.len(), |cell| found = Some(cell));
        let cell = found?;
        let table = tables.partition_point(|t| t.offset + t.cells <= cell);
        let estimate = &self.estimates[cells.len() - 1];
        Some((*estimate.values.get(cell)?, *estimate.tables.get(table)?))
    }
}

/// The noisy counts of one length. Where blank counts as a value, a shorter combination is also the sum of longer ones in each
/// table that holds its columns; all have noise of their own, and are averaged with the inverse of their variances.
fn estimate(measured: &Measured, layout: &Layout, counts: &Counts, length: usize) -> Estimate {
    let direct = |miss: f64| {
        let table = measured.tables.iter().find(|t| t.table == super::length_id(length));
        table.map_or(u64::MAX >> 1, |t| t.noise().half_width(miss))
    };
    let sigma = counts.sigma[length - 1];
    let mut values: Vec<f64> = counts.noisy[length - 1].iter().map(|v| *v as f64).collect();
    let all = &layout.tables[length - 1];
    if !layout.dense() || length == layout.lengths() || sigma <= 0.0 {
        return Estimate { values, tables: vec![(sigma, [direct(MISS), direct(MISS / 4.0)]); all.len()] };
    }
    let mut tables = Vec::with_capacity(all.len());
    for table in all {
        let mut weight = 1.0 / (sigma * sigma);
        let own = &mut values[table.offset..table.offset + table.cells];
        own.iter_mut().for_each(|v| *v *= weight);
        for longer in length..layout.lengths() {
            let sigma = counts.sigma[longer].max(1e-3);
            for other in layout.tables[longer].iter().filter(|o| table.at.iter().all(|a| o.at.contains(a))) {
                let share = table.cells as f64 / other.cells as f64 / (sigma * sigma);
                weight += share;
                for cell in 0..other.cells {
                    let levels = layout.levels_of(other, cell);
                    let place = other
                        .at
                        .iter()
                        .zip(levels)
                        .filter(|(at, _)| table.at.contains(at))
                        .fold(0, |place, (at, level)| place * layout.levels[usize::from(*at)] + level);
                    own[place] += share * counts.noisy[longer][other.offset + cell] as f64;
                }
            }
        }
        own.iter_mut().for_each(|v| *v /= weight);
        let sigma = 1.0 / libm::sqrt(weight);
        // A weighted sum of many independent draws; widened by one for what the normal law leaves out.
        let half = |miss: f64| (normal_quantile(1.0 - miss / 2.0) * sigma + 1.0).ceil() as u64;
        tables.push((sigma, [half(MISS), half(MISS / 4.0)]));
    }
    Estimate { values, tables }
}

/// The narrowest half-width, over the columns, of the intervals of single values, from public things alone: the domain and
/// the noise of each length, in thousandths. Single values are the coarsest that is counted: what can't be told of them can't
/// be told of parts of them. Where blank counts as a value, all that was measured of a single value is averaged, as its
/// interval does. The noise of longer combinations alone says nothing here: that one cell among thousands is known well helps
/// nobody whose groups are not in one cell.
pub fn narrowest_of_singles(layout: &Layout, sigmas_milli: &[u64]) -> u64 {
    let Some(own) = sigmas_milli.first() else { return u64::MAX };
    if !layout.dense() || layout.lengths() == 1 {
        return LinearNoise::direct(&[*own]).half_width(MISS);
    }
    let sigma: Vec<f64> = sigmas_milli.iter().map(|s| *s as f64 / 1000.0).collect();
    let halves = layout.tables[0].iter().map(|table| {
        let mut weight = 1.0 / (sigma[0] * sigma[0]);
        for (longer, sigma) in layout.tables.iter().zip(&sigma).skip(1) {
            for other in longer.iter().filter(|o| table.at.iter().all(|a| o.at.contains(a))) {
                weight += table.cells as f64 / other.cells as f64 / (sigma * sigma);
            }
        }
        (normal_quantile(1.0 - MISS / 2.0) / libm::sqrt(weight) + 1.0).ceil() as u64
    });
    halves.min().unwrap_or(u64::MAX)
}

/// The noise inverted around an estimate, cut at nought.
fn around(value: f64, half: u64) -> (u64, u64) {
    let half = half as f64;
    ((value - half).ceil().max(0.0) as u64, (value.max(0.0) + half).floor() as u64)
}

#[cfg(test)]
mod tests;

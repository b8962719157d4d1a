//! Adjusting rows: cell by cell, a row's value is changed where that brings the counts of all combinations nearer to the
//! noisy ones. What comes out is a table of whole people whose counts are, together, about the likeliest given every
//! measurement: no count is below nought, and all counts agree with each other because they count the same rows.
//!
//! Minimises `sum (count - noisy)² / (2 sigma²)` over all measured cells by coordinate descent. A change must gain more than
//! a share of what noise alone would make it gain, so that rows are not moved after noise; and a combination that no row
//! has yet costs a little, so that none is invented without evidence. This is the projection of Nikolov, Talwar and Zhang
//! (2013) on the tables that whole rows can have.

use super::layout::{Layout, Table};
use super::rows::Rows;
use super::{Counts, Settings};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

/// One measured cell.
#[derive(Clone, Copy)]
struct Cell {
    /// Rows here, less the noisy count.
    over: f32,
    /// Rows here. In a cell with blank in it, a number that never comes near nought: it isn't a combination of values.
    rows: f32,
}

/// Far from nought, and exact in an `f32`.
const MANY: f32 = 1_000_000.0;
/// Noise of a smaller standard deviation, or none, is taken for this much.
const LEAST: f64 = 0.1;
/// What it costs to enter a cell that is ruled out.
const RULED_OUT: f32 = 1e7;

/// The cells of all lengths, and how they are weighed.
pub struct Adjuster<'a> {
    layout: &'a Layout,
    cells: Vec<Vec<Cell>>,
    /// `1 / sigma²` by length.
    weight: Vec<f32>,
    /// Cost of a combination that no row has yet, by length.
    novelty: Vec<f32>,
    /// Share of the noise of a gain that a change must exceed.
    caution: f64,
    /// Weight of each column, by position in the layout.
    column: Vec<f32>,
    /// Length of the longest combinations that rows are adjusted to.
    longest: usize,
}

impl<'a> Adjuster<'a> {
    /// Takes the counts of the rows as they are. Where there are fewer rows than were counted, each stands for several
    /// people. Where looking at every value of every row once takes more lookups than the settings allow, rows are adjusted
    /// to combinations of up to two.
    pub fn new(layout: &'a Layout, counts: &Counts, settings: &Settings, rows: &Rows) -> Adjuster<'a> {
        // People that one row stands for.
        let each = (counts.total / rows.len.max(1) as f64).max(1.0);
        let wide = !layout.dense() && layout.lengths() > 2 && rows.lookups() > settings.most_lookups;
        let longest = if wide { 2 } else { layout.lengths() };
        let cells = (1..=longest)
            .map(|length| {
                let (now, noisy) = (rows.count(layout, length), &counts.noisy[length - 1]);
                let mut cells: Vec<Cell> = now
                    .iter()
                    .zip(noisy)
                    .map(|(now, noisy)| Cell {
                        over: (f64::from(*now) - *noisy as f64 / each) as f32,
                        rows: *now as f32,
                    })
                    .collect();
                if layout.dense() || length == 1 {
                    for table in &layout.tables[length - 1] {
                        for cell in 0..table.cells {
                            if length == 1 || layout.levels_of(table, cell).contains(&0) {
                                cells[table.offset + cell].rows = MANY;
                            }
                        }
                    }
                }
                cells
            })
            .collect();
        let weight = counts.sigma.iter().map(|s| (1.0 / (s * s).max(LEAST * LEAST) * each * each) as f32).collect();
        let column = layout.order.iter().map(|c| settings.weights[*c] as f32).collect();
        let novelty = (1..=longest)
            .map(|k| {
                let sigma = counts.sigma[k - 1].max(LEAST);
                if k == 1 { 0.0 } else { (clearance(counts, k, settings.invented_share) * each / sigma) as f32 }
            })
            .collect();
        Adjuster { layout, cells, weight, novelty, caution: settings.caution, column, longest }
    }

    /// Length of the longest combinations that rows are adjusted to.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Goes once over every cell of every row, columns in a shuffled order; says how many were changed, and on the way which
    /// share is done.
    pub fn sweep(&mut self, rows: &mut Rows, rng: &mut ChaCha20Rng, progress: &mut dyn FnMut(f64)) -> u64 {
        let mut order: Vec<usize> = (0..self.layout.columns()).collect();
        order.shuffle(rng);
        let mut filled = Vec::with_capacity(order.len());
        let mut lines = Vec::new();
        let mut cost = Vec::new();
        let mut moved = 0;
        let columns = order.len().max(1) as f64;
        for (done, at) in order.into_iter().enumerate() {
            progress(done as f64 / columns);
            let column = self.layout.order[at];
            let threshold = self.threshold(at);
            cost.resize(self.layout.levels[at], 0.0);
            if cost.is_empty() {
                continue;
            }
            let views = if self.layout.dense() { self.views(at) } else { Vec::new() };
            for row in 0..rows.len {
                self.layout.filled(|c| rows.columns[c][row], &mut filled);
                let now = self.layout.level(rows.columns[column][row]).map(usize::from);
                if self.layout.dense() {
                    lines.clear();
                    lines.extend(views.iter().map(|view| view.line(&filled)));
                } else {
                    self.lines(at, &filled, &mut lines);
                }
                let leaving = now.map_or(0.0, |level| self.leaving(&lines, level));
                self.entering(&lines, &mut cost);
                if let Some(level) = now {
                    cost[level] = f32::INFINITY;
                }
                let mut best = (f32::INFINITY, None);
                for (level, cost) in cost.iter().enumerate() {
                    if *cost < best.0 {
                        best = (*cost, Some(level));
                    }
                }
                // Where blank is implied, leaving alone is a change too.
                if !self.layout.dense() && now.is_some() && best.0 > 0.0 {
                    best = (0.0, None);
                }
                if leaving + best.0 < -threshold && (best.1.is_some() || now.is_some()) {
                    if let Some(level) = now {
                        self.shift(&lines, level, -1.0);
                    }
                    if let Some(level) = best.1 {
                        self.shift(&lines, level, 1.0);
                    }
                    rows.columns[column][row] = best.1.map_or(0, |level| self.layout.code(level));
                    moved += 1;
                }
            }
        }
        moved
    }

    /// The least gain for which a value of this column is changed: a share of the standard deviation that the noise of the
    /// measurements alone gives to the gain of one change.
    fn threshold(&self, at: usize) -> f32 {
        let tables = |length: usize| match length {
            1 => 1.0,
            _ => self.layout.tables[length - 1].iter().filter(|t| t.at.contains(&(at as u16))).count() as f64,
        };
        let most = |length: usize| {
            let all = self.layout.tables[length - 1].len().max(1) as f64;
            tables(length) * (self.layout.most_cells(length) as f64 / all).min(1.0)
        };
        let sum: f64 = (1..=self.longest).map(|k| most(k) * f64::from(self.weight[k - 1])).sum();
        (self.caution * libm::sqrt(2.0 * sum)) as f32
    }

    /// The tables that a column is in, where every row stands in all of them.
    fn views(&self, at: usize) -> Vec<View> {
        let mut views = Vec::new();
        for (length, tables) in (1..).zip(&self.layout.tables) {
            for table in tables.iter().filter(|t| t.at.contains(&(at as u16))) {
                let mut view = View {
                    length,
                    base: table.offset,
                    stride: 1,
                    others: [(0, 0); 2],
                    weight: self.weight[length - 1],
                };
                let (mut step, mut others) = (1, 0);
                for position in table.at.iter().rev().map(|p| usize::from(*p)) {
                    view.weight *= self.column[position];
                    if position == at {
                        view.stride = step;
                    } else {
                        view.others[others] = (position, step);
                        others += 1;
                    }
                    step *= self.layout.levels[position];
                }
                views.push(view);
            }
        }
        views
    }

    /// Where the cells stand that a row is in with each value of one column: one line of cells a table.
    #[inline]
    fn lines(&self, at: usize, filled: &[(u16, u16)], lines: &mut Vec<Line>) {
        lines.clear();
        let levels = &self.layout.levels;
        let weight = |length: usize| self.weight[length - 1] * self.column[at];
        lines.push(Line { length: 1, base: self.layout.tables[0][at].offset, stride: 1, weight: weight(1) });
        if self.longest < 2 {
            return;
        }
        let one = |f: &(u16, u16)| (usize::from(f.0), usize::from(f.1));
        for (i, first) in filled.iter().enumerate() {
            let (p, x) = one(first);
            if p == at {
                continue;
            }
            let table = if p < at { self.layout.pair(p, at) } else { self.layout.pair(at, p) };
            if let Some(Table { offset, .. }) = table {
                let (base, stride) = if p < at { (x * levels[at], 1) } else { (x, levels[p]) };
                lines.push(Line { length: 2, base: offset + base, stride, weight: weight(2) * self.column[p] });
            }
            if self.longest < 3 {
                continue;
            }
            for second in &filled[i + 1..] {
                let (q, y) = one(second);
                if q == at {
                    continue;
                }
                // Positions ascending: p < q, and the column at hand before, between or after them.
                let (table, base, stride) = if at < p {
                    (self.layout.triple(at, p, q), x * levels[q] + y, levels[p] * levels[q])
                } else if at < q {
                    (self.layout.triple(p, at, q), x * levels[at] * levels[q] + y, levels[q])
                } else {
                    (self.layout.triple(p, q, at), (x * levels[q] + y) * levels[at], 1)
                };
                if let Some(Table { offset, .. }) = table {
                    let weight = weight(3) * self.column[p] * self.column[q];
                    lines.push(Line { length: 3, base: offset + base, stride, weight });
                }
            }
        }
    }

    /// Gain or cost of taking a row out of its cells.
    #[inline]
    fn leaving(&self, lines: &[Line], level: usize) -> f32 {
        lines
            .iter()
            .map(|line| {
                let cell = self.cells[line.length - 1][line.base + level * line.stride];
                let last = if cell.rows == 1.0 { self.novelty[line.length - 1] } else { 0.0 };
                (0.5 - cell.over) * line.weight - last
            })
            .sum()
    }

    /// Cost of putting a row into the cells of each value.
    #[inline]
    fn entering(&self, lines: &[Line], cost: &mut [f32]) {
        cost.fill(0.0);
        for line in lines {
            let cells = &self.cells[line.length - 1];
            let cost_of_new = self.novelty[line.length - 1];
            let novelty = |cell: &Cell| if cell.rows == 0.0 { cost_of_new } else { 0.0 };
            if line.stride == 1 {
                let run = &cells[line.base..line.base + cost.len()];
                for (cost, cell) in cost.iter_mut().zip(run) {
                    *cost += (0.5 + cell.over) * line.weight + novelty(cell);
                }
            } else {
                for (cost, cell) in cost.iter_mut().zip(cells[line.base..].iter().step_by(line.stride)) {
                    *cost += (0.5 + cell.over) * line.weight + novelty(cell);
                }
            }
        }
    }

    #[inline]
    fn shift(&mut self, lines: &[Line], level: usize, by: f32) {
        for line in lines {
            let cell = &mut self.cells[line.length - 1][line.base + level * line.stride];
            cell.over += by;
            cell.rows += by;
        }
    }

    /// Rules out combinations that are likely invented by noise, so that the next sweep moves rows out of them: pairs with
    /// at most `pair` rows, and longer ones of which the noisy count is under `tau` standard deviations and that at most
    /// `few` rows have. Says how many.
    pub fn rule_out(&mut self, counts: &Counts, pair: f32, few: f32, tau: f64) -> u64 {
        let mut ruled = 0;
        for length in 2..=self.longest {
            let limit = (tau * counts.sigma[length - 1]) as f32;
            for (cell, noisy) in self.cells[length - 1].iter_mut().zip(&counts.noisy[length - 1]) {
                let out = if length == 2 { cell.rows <= pair } else { cell.rows <= few && (*noisy as f32) < limit };
                if out {
                    cell.over += RULED_OUT;
                    ruled += 1;
                }
            }
        }
        ruled
    }
}

/// How many standard deviations a noisy count must be over nought, so that of all that are, at most `share` are expected to
/// be noise alone (Benjamini and Hochberg 1995): between nought and four.
fn clearance(counts: &Counts, length: usize, share: f64) -> f64 {
    let (noisy, sigma) = (&counts.noisy[length - 1], counts.sigma[length - 1].max(LEAST));
    let mut over = vec![0_u64; 401];
    for value in noisy {
        let steps = (*value as f64 / sigma * 100.0).clamp(0.0, 400.0) as usize;
        over[steps] += u64::from(*value > 0);
    }
    let mut beyond = 0;
    let mut least = 400;
    for step in (0..=400).rev() {
        beyond += over[step];
        let alone = noisy.len() as f64 * 0.5 * libm::erfc(step as f64 / 100.0 * std::f64::consts::FRAC_1_SQRT_2);
        if alone <= share * beyond as f64 {
            least = step;
        } else {
            break;
        }
    }
    least as f64 / 100.0
}

/// A table as seen from one of its columns.
struct View {
    length: usize,
    base: usize,
    stride: usize,
    /// Position and stride of the other columns; a stride of nought where there is none.
    others: [(usize, usize); 2],
    weight: f32,
}

impl View {
    /// The line of cells of a row that fills every column.
    #[inline]
    fn line(&self, filled: &[(u16, u16)]) -> Line {
        let [(p, first), (q, second)] = self.others;
        let base = self.base + usize::from(filled[p].1) * first + usize::from(filled[q].1) * second;
        Line { length: self.length, base, stride: self.stride, weight: self.weight }
    }
}

/// A line of cells: the base, and the step from one value of the column at hand to the next.
#[derive(Clone, Copy)]
struct Line {
    length: usize,
    base: usize,
    stride: usize,
    weight: f32,
}

#[cfg(test)]
mod tests;

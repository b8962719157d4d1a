//! Which combinations of values of a flat table are counted, and where each count stands: a public function of the domain
//! and of a few declared numbers, so that whoever reads the noisy counts knows what each of them counts.
//!
//! A *combination* of length k names a value in each of k different columns. All combinations over the same columns are a
//! *table*. Two ways of counting:
//!
//! - **dense**: blank counts as a value. Every row stands in exactly one cell of every table. For few columns.
//! - **sparse**: blank is implied. A row stands only in cells all of whose columns it fills, and is held to a bound on how
//!   many. For many columns, most of them blank in most rows.

use accord_standard::columns::Columns;
use serde::{Deserialize, Serialize};

/// The longest combinations that are measured.
pub const LONGEST_MEASURED: usize = 3;
/// Most cells of one table; a table with more is not measured.
const TABLE_CELLS: u64 = 1 << 20;
/// Most cells of all tables of one length; the smallest tables come first.
const LENGTH_CELLS: u64 = 12 << 20;
/// Most tables of one length, likewise.
const LENGTH_TABLES: u64 = 1 << 20;
/// Up to so many tables of the greatest length, blank is counted as a value.
const DENSE_TABLES: usize = 1_000;

/// What fixes a layout, beside the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Length of the longest combinations that are measured: 1 to 3.
    pub longest: u8,
    /// The most filled columns that a row is counted with, where blank is implied; `None` where blank counts as a value.
    pub most_filled: Option<u16>,
}

/// Why a domain can't be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// No columns.
    #[error("there is no column to count")]
    Empty,
    /// A length that is not measured.
    #[error("combinations of length {0} can't be measured: choose 1 to {LONGEST_MEASURED}")]
    Length(u8),
    /// A domain that is too large.
    #[error(
        "the domain has too many values: {0} cells for single values alone; group rare values, or leave columns out"
    )]
    Large(u64),
}

/// One table: the combinations over the same columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its columns, as positions in [`Layout::order`], ascending.
    pub at: Vec<u16>,
    /// Where its first cell stands among the cells of its length.
    pub offset: usize,
    /// Number of cells.
    pub cells: usize,
}

/// The place of every count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What fixed it.
    pub shape: Shape,
    /// Columns of the domain in the order in which cells are numbered: few values first, so that a column with many
    /// values lies together in memory.
    pub order: Vec<usize>,
    /// Number of counted values of each column, by position in `order`.
    pub levels: Vec<usize>,
    /// Tables by length: `tables[k - 1]` are those of length k.
    pub tables: Vec<Vec<Table>>,
    /// Where the tables of length 2 and 3 stand: by first column, and by the rank of the first two.
    runs: [Vec<Run>; 2],
}

/// The tables that have all columns but the last in common. Their last columns follow each other without a gap, because
/// columns stand in order of their number of values and the smallest tables are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    /// Number of the first table.
    first: u32,
    /// The first last column that isn't measured.
    end: u32,
}

/// Rank of `p < q` among all pairs.
fn rank2(p: usize, q: usize) -> usize {
    q * (q - 1) / 2 + p
}

impl Layout {
    /// Whether blank is counted as a value for a domain of so many columns, unless it is declared otherwise.
    pub fn is_dense(columns: usize) -> bool {
        choose(columns, LONGEST_MEASURED) <= DENSE_TABLES
    }

    /// Lays out the combinations of a domain.
    pub fn new(columns: &Columns, shape: Shape) -> Result<Layout, LayoutError> {
        let longest = usize::from(shape.longest);
        if !(1..=LONGEST_MEASURED).contains(&longest) {
            return Err(LayoutError::Length(shape.longest));
        }
        let d = columns.columns.len();
        if d == 0 {
            return Err(LayoutError::Empty);
        }
        let blank = usize::from(shape.most_filled.is_none());
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by_key(|c| (columns.columns[*c].values.len(), *c));
        let levels: Vec<usize> = order.iter().map(|c| columns.columns[*c].values.len() + blank).collect();
        let single: u64 = levels.iter().map(|l| *l as u64).sum();
        // A code is two bytes, and so is a position.
        let widest = levels.last().map_or(0, |l| *l as u64);
        if single > LENGTH_CELLS || widest > u64::from(u16::MAX) || d > usize::from(u16::MAX) {
            return Err(LayoutError::Large(single));
        }
        let mut tables = Vec::with_capacity(longest);
        let mut runs = [Vec::new(), Vec::new()];
        for k in 1..=longest.min(d) {
            let (list, places) = choice(&levels, k);
            tables.push(list);
            if k > 1 {
                runs[k - 2] = places;
            }
        }
        Ok(Layout { shape, order, levels, tables, runs })
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.order.len()
    }

    /// Whether blank counts as a value.
    pub fn dense(&self) -> bool {
        self.shape.most_filled.is_none()
    }

    /// Number of cells of one length.
    pub fn cells(&self, length: usize) -> usize {
        self.tables.get(length.wrapping_sub(1)).and_then(|t| t.last()).map_or(0, |t| t.offset + t.cells)
    }

    /// Lengths that are measured.
    pub fn lengths(&self) -> usize {
        self.tables.len()
    }

    /// The most cells of one length that one row can stand in: by construction where blank counts as a value, else by the
    /// bound on filled columns that every row is held to.
    pub fn most_cells(&self, length: usize) -> u64 {
        let all = self.tables.get(length.wrapping_sub(1)).map_or(0, Vec::len);
        match self.shape.most_filled {
            None => all as u64,
            // Single values are few: no row is cut for them.
            Some(_) if length == 1 => all as u64,
            Some(filled) => all.min(choose(usize::from(filled), length)) as u64,
        }
    }

    /// The counted value of a code: blank is the first one if it counts, and none if it is implied.
    #[inline]
    pub fn level(&self, code: u16) -> Option<u16> {
        if self.dense() { Some(code) } else { code.checked_sub(1) }
    }

    /// The code of a counted value.
    pub fn code(&self, level: usize) -> u16 {
        if self.dense() { level as u16 } else { level as u16 + 1 }
    }

    /// Table of length 2 over these columns, by position, `p < q`.
    #[inline]
    pub fn pair(&self, p: usize, q: usize) -> Option<&Table> {
        let run = self.runs[0].get(p)?;
        if q < run.end as usize { self.tables[1].get(run.first as usize + q - p - 1) } else { None }
    }

    /// Table of length 3 over these columns, by position, `p < q < r`.
    #[inline]
    pub fn triple(&self, p: usize, q: usize, r: usize) -> Option<&Table> {
        let run = self.runs[1].get(rank2(p, q))?;
        if r < run.end as usize { self.tables[2].get(run.first as usize + r - q - 1) } else { None }
    }

    /// Visits every cell of one length that a row stands in. `filled` are the row's counted columns as (position, level),
    /// ascending by position.
    #[inline]
    pub fn visit(&self, filled: &[(u16, u16)], length: usize, mut cell: impl FnMut(usize)) {
        let at = |f: &(u16, u16)| (usize::from(f.0), usize::from(f.1));
        match length {
            1 => {
                for f in filled {
                    let (p, x) = at(f);
                    cell(self.tables[0][p].offset + x);
                }
            }
            2 => {
                for (j, second) in filled.iter().enumerate() {
                    let (q, y) = at(second);
                    for first in &filled[..j] {
                        let (p, x) = at(first);
                        if let Some(table) = self.pair(p, q) {
                            cell(table.offset + x * self.levels[q] + y);
                        }
                    }
                }
            }
            _ => {
                for (before, third) in filled.iter().enumerate() {
                    let third = at(third);
                    for (before, second) in filled[..before].iter().enumerate() {
                        let second = at(second);
                        for first in &filled[..before] {
                            let first = at(first);
                            if let Some(table) = self.triple(first.0, second.0, third.0) {
                                let pair = first.1 * self.levels[second.0] + second.1;
                                cell(table.offset + pair * self.levels[third.0] + third.1);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Visits the cells of one length that a row is counted in. A row that fills more columns than the bound keeps as many
    /// cells as the bound allows: those whose hash, of the row and the cell, is smallest. So which are left out differs from
    /// row to row, and depends on nothing but the row.
    #[inline]
    pub fn visit_kept(
        &self,
        filled: &[(u16, u16)],
        length: usize,
        kept: &mut Vec<(u64, usize)>,
        mut cell: impl FnMut(usize),
    ) {
        let bound = self.shape.most_filled.map_or(usize::MAX, usize::from);
        if length == 1 || filled.len() <= bound {
            self.visit(filled, length, cell);
            return;
        }
        let row = filled.iter().fold(0x9e37_79b9_7f4a_7c15, |h, (p, x)| mix(h ^ (u64::from(*p) << 16) ^ u64::from(*x)));
        kept.clear();
        self.visit(filled, length, |cell| kept.push((mix(row ^ cell as u64), cell)));
        let most = self.most_cells(length) as usize;
        if kept.len() > most {
            kept.select_nth_unstable(most);
            kept.truncate(most);
        }
        kept.iter().for_each(|(_, kept)| cell(*kept));
    }

    /// Counts rows, given by column, in every cell of one length, where blank counts as a value: table by table, which goes
    /// through memory in order.
    pub fn count_dense<'c>(&self, column: impl Fn(usize) -> &'c [u16], length: usize, cells: &mut [u32]) {
        let of = |at: u16| column(self.order[usize::from(at)]);
        for table in self.tables.get(length - 1).into_iter().flatten() {
            let cells = &mut cells[table.offset..table.offset + table.cells];
            let mut add = |cell: usize| cells[cell] = cells[cell].saturating_add(1);
            let size = |at: u16| self.levels[usize::from(at)];
            match table.at[..] {
                [p] => of(p).iter().for_each(|x| add(usize::from(*x))),
                [p, q] => {
                    let second = size(q);
                    of(p).iter().zip(of(q)).for_each(|(x, y)| add(usize::from(*x) * second + usize::from(*y)));
                }
                [p, q, r] => {
                    let (second, third) = (size(q), size(r));
                    for ((x, y), z) in of(p).iter().zip(of(q)).zip(of(r)) {
                        add((usize::from(*x) * second + usize::from(*y)) * third + usize::from(*z));
                    }
                }
                _ => {}
            }
        }
    }

    /// Counts rows, given by column, in every cell of combinations of three, where blank is implied: table by table. The same
    /// counts as visiting the cells of each row gives, and many times faster where rows fill a good part of many columns, as a
    /// table is small and the cells of one row lie far apart.
    pub fn count_triples<'c>(&self, column: impl Fn(usize) -> &'c [u16], cells: &mut [u32]) {
        let columns: Vec<&[u16]> = self.order.iter().map(|c| column(*c)).collect();
        let mut first: Vec<(u32, u32)> = Vec::new();
        let mut both: Vec<(u32, u32)> = Vec::new();
        let mut with_blank: Vec<u32> = Vec::new();
        let filled = |(row, code): (usize, &u16)| Some((row as u32, u32::from(self.level(*code)?)));
        for (p, of_p) in columns.iter().enumerate() {
            first.clear();
            first.extend(of_p.iter().enumerate().filter_map(filled));
            for (q, of_q) in columns.iter().enumerate().skip(p + 1) {
                let end = self.runs.get(1).and_then(|runs| runs.get(rank2(p, q))).map_or(0, |run| run.end as usize);
                if end <= q + 1 {
                    continue;
                }
                both.clear();
                both.extend(first.iter().filter_map(|(row, x)| {
                    let y = self.level(of_q[*row as usize])?;
                    Some((*row, x * self.levels[q] as u32 + u32::from(y)))
                }));
                for (r, of_r) in columns.iter().enumerate().take(end).skip(q + 1) {
                    let Some(table) = self.triple(p, q, r).filter(|t| t.cells > 0) else { continue };
                    // Blank is counted too, and left out afterwards: asking of each row whether it is takes longer.
                    let (cells, size) = (&mut cells[table.offset..table.offset + table.cells], self.levels[r]);
                    with_blank.clear();
                    with_blank.resize(self.levels[p] * self.levels[q] * (size + 1), 0);
                    for (row, pair) in &both {
                        with_blank[*pair as usize * (size + 1) + usize::from(of_r[*row as usize])] += 1;
                    }
                    for (cells, counted) in cells.chunks_exact_mut(size).zip(with_blank.chunks_exact(size + 1)) {
                        cells.copy_from_slice(&counted[1..]);
                    }
                }
            }
        }
    }

    /// The levels of a cell of a table, in the order of its columns.
    pub fn levels_of(&self, table: &Table, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut out = vec![0; table.at.len()];
        for (slot, at) in out.iter_mut().zip(&table.at).rev() {
            let size = self.levels[usize::from(*at)];
            *slot = rest % size;
            rest /= size;
        }
        out
    }

    /// The row's counted columns as (position, level), into `filled`.
    #[inline]
    pub fn filled(&self, code_of: impl Fn(usize) -> u16, filled: &mut Vec<(u16, u16)>) {
        filled.clear();
        for (at, column) in self.order.iter().enumerate() {
            if let Some(level) = self.level(code_of(*column)) {
                filled.push((at as u16, level));
            }
        }
    }
}

/// The tables of length k that are measured: the smallest first while they fit, in the order of their columns; and where
/// they stand. Nothing is held for a table that isn't measured.
fn choice(levels: &[usize], k: usize) -> (Vec<Table>, Vec<Run>) {
    let d = levels.len();
    let mut before = vec![0; d + 1];
    for (at, level) in levels.iter().enumerate() {
        before[at + 1] = before[at] + *level as u64;
    }
    // Number and cells of the tables with at most so many cells each.
    let up_to = |most: u64| {
        let mut sum = (0, 0);
        heads(d, k, &mut |head| {
            let (from, end, size) = last(levels, head, most);
            sum = (sum.0 + (end - from) as u64, sum.1 + size * (before[end] - before[from]));
        });
        sum
    };
    let fits = |(tables, cells): (u64, u64)| tables <= LENGTH_TABLES && cells <= LENGTH_CELLS;
    let mut whole = TABLE_CELLS;
    if !fits(up_to(whole)) {
        let mut beyond = whole;
        whole = 0;
        while whole + 1 < beyond {
            let middle = u64::midpoint(whole, beyond);
            if fits(up_to(middle)) { whole = middle } else { beyond = middle }
        }
    }
    // Of the tables of the next size as many as still fit.
    let (number, cells) = up_to(whole);
    let mut more = 0;
    if whole < TABLE_CELLS {
        more = ((LENGTH_CELLS - cells) / (whole + 1)).min(LENGTH_TABLES - number);
    }
    let mut tables = Vec::with_capacity((number + more) as usize);
    let mut runs = vec![Run::default(); choose(d, k - 1)];
    let mut offset = 0;
    heads(d, k, &mut |head| {
        let (from, mut end, size) = last(levels, head, whole);
        while more > 0 && size > 0 && end < d && size * levels[end] as u64 == whole + 1 {
            more -= 1;
            end += 1;
        }
        let run = Run { first: tables.len() as u32, end: if from < end { end as u32 } else { 0 } };
        for (last, level) in levels.iter().enumerate().take(end).skip(from) {
            let at = head.iter().chain([&last]).map(|p| *p as u16).collect();
            let cells = size as usize * level;
            tables.push(Table { at, offset, cells });
            offset += cells;
        }
        match head {
            [p] => runs[*p] = run,
            [p, q] => runs[rank2(*p, *q)] = run,
            _ => {}
        }
    });
    (tables, runs)
}

/// Visits, in order, every choice of all columns of a table of length k but its last.
fn heads(d: usize, k: usize, visit: &mut dyn FnMut(&[usize])) {
    match k {
        1 => visit(&[]),
        2 => (0..d).for_each(|p| visit(&[p])),
        _ => (0..d).for_each(|p| (p + 1..d).for_each(|q| visit(&[p, q]))),
    }
}

/// The last columns, from and up to, with which these make a table of at most so many cells; and the cells of these alone.
fn last(levels: &[usize], head: &[usize], most: u64) -> (usize, usize, u64) {
    let from = head.last().map_or(0, |p| p + 1);
    let size: u64 = head.iter().map(|p| levels[*p] as u64).product();
    // A column without any value has no cells, but keeps its place among the single ones.
    if size == 0 {
        return (from, from, size);
    }
    (from, from + levels[from..].partition_point(|l| size * *l as u64 <= most), size)
}

/// A permutation of 64 bits that scatters its input (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Number of tables of one length over so many columns, measured or not; the largest number there is where that is too small.
pub fn tables_of(columns: usize, length: usize) -> usize {
    (0..length.min(columns))
        .try_fold(1_u128, |n, i| Some(n.checked_mul((columns - i) as u128)? / (i as u128 + 1)))
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(usize::MAX)
}

/// Number of ways to choose k of n.
pub fn choose(n: usize, k: usize) -> usize {
    if k > n {
        return 0;
    }
    (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
}

#[cfg(test)]
mod tests;

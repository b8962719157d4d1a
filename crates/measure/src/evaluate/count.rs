//! Counts every marginal of two tables at once. Equal rows are counted together, and the codes of the columns chosen so far
//! are kept as one key, so a marginal costs one pass over the different rows.

use super::score::{Marginal, Sums};
use super::{Combination, FREE, LONGEST, Table};
use serde::Serialize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Marginals of up to so many cells are counted in an array; larger ones by sorting.
const DENSE: u64 = 1 << 22;

/// Figures about whole rows. That a synthetic row equals one that is unique in the exact table proves nothing about
/// privacy, either way.
#[derive(Debug, PartialEq, Serialize)]
pub struct RowFigures {
    /// Synthetic rows.
    pub rows_synthetic: u64,
    /// Different synthetic rows.
    pub distinct_rows_synthetic: u64,
    /// Share of synthetic rows that equal a row which the exact table has once.
    pub share_rows_equal_to_sensitive_unique: f64,
    /// Share of exact rows that are there once.
    pub share_sensitive_rows_unique: f64,
}

/// The different rows of both tables, each with how often it stands in the one and in the other.
pub struct Joint {
    cells: Vec<Vec<u16>>,
    sizes: Vec<usize>,
    weights: Vec<[u32; 2]>,
    /// Rows of the exact and of the synthetic table, as divisors: at least one.
    rows: [f64; 2],
    /// Whether there is a synthetic table.
    full: bool,
}

impl Joint {
    /// Puts equal rows together.
    pub fn of(exact: &Table, synthetic: Option<&Table>, sizes: &[usize]) -> (Joint, RowFigures) {
        let empty = Table::new(sizes.len());
        let second = synthetic.unwrap_or(&empty);
        let (keys, words) = packed([exact, second], sizes);
        let key = |row: u32| &keys[row as usize * words..(row as usize + 1) * words];
        let mut order: Vec<u32> = (0..(keys.len() / words) as u32).collect();
        order.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));

        let mut cells = vec![Vec::new(); sizes.len()];
        let mut weights: Vec<[u32; 2]> = Vec::new();
        for (at, &row) in order.iter().enumerate() {
            let (table, inside) = match (row as usize).checked_sub(exact.rows) {
                None => (exact, row as usize),
                Some(inside) => (second, inside),
            };
            if at == 0 || key(order[at - 1]) != key(row) {
                weights.push([0, 0]);
                for (column, from) in cells.iter_mut().zip(&table.cells) {
                    column.push(from[inside]);
                }
            }
            if let Some(last) = weights.last_mut() {
                last[usize::from(row as usize >= exact.rows)] += 1;
            }
        }
        let count = |wanted: &dyn Fn(&[u32; 2]) -> u32| weights.iter().map(|w| u64::from(wanted(w))).sum::<u64>();
        let rows = [exact.rows.max(1) as f64, second.rows.max(1) as f64];
        let figures = RowFigures {
            rows_synthetic: second.rows as u64,
            distinct_rows_synthetic: count(&|w| u32::from(w[1] > 0)),
            share_rows_equal_to_sensitive_unique: count(&|w| if w[0] == 1 { w[1] } else { 0 }) as f64 / rows[1],
            share_sensitive_rows_unique: count(&|w| u32::from(w[0] == 1)) as f64 / rows[0],
        };
        (Joint { cells, sizes: sizes.to_vec(), weights, rows, full: synthetic.is_some() }, figures)
    }
}

/// Every row as words of bits, the first table's rows first: equal rows, equal words.
fn packed(tables: [&Table; 2], sizes: &[usize]) -> (Vec<u64>, usize) {
    let mut places = Vec::with_capacity(sizes.len());
    let (mut word, mut used) = (0, 0);
    for size in sizes {
        let bits = u64::BITS - (*size as u64).leading_zeros();
        if used + bits > u64::BITS {
            (word, used) = (word + 1, 0);
        }
        places.push((word, used));
        used += bits;
    }
    let words = word + 1;
    let mut keys = vec![0_u64; (tables[0].rows + tables[1].rows) * words];
    for (column, (word, shift)) in places.into_iter().enumerate() {
        let codes = tables.iter().flat_map(|table| &table.cells[column]);
        for (row, code) in codes.enumerate() {
            keys[row * words + word] |= u64::from(*code) << shift;
        }
    }
    (keys, words)
}

/// Sums over all marginals of `length` columns. The order of addition, and so the answer, is the same for any number of
/// threads.
pub(super) fn all_marginals(
    joint: &Joint,
    released: Option<&[(Combination, f64)]>,
    length: usize,
    threads: usize,
) -> Sums {
    let columns = joint.sizes.len();
    // What one thread takes at a time: all marginals that begin with these columns.
    let starts: Vec<Vec<usize>> = match length {
        1 => vec![Vec::new()],
        2 => (0..columns).map(|a| vec![a]).collect(),
        _ => (0..columns).flat_map(|a| (a + 1..columns).map(move |b| vec![a, b])).collect(),
    };
    let done = Mutex::new(vec![Sums::default(); starts.len()]);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut counter = Counter { joint, released, length, array: Vec::new(), sums: Sums::default() };
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(start) = starts.get(at) else { return };
            counter.sums = Sums::default();
            counter.begin(start);
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            done[at] = std::mem::take(&mut counter.sums);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.iter().fold(Sums::default(), |mut all, sums| {
        all.add(sums);
        all
    })
}

/// One thread's way through the marginals.
struct Counter<'a> {
    joint: &'a Joint,
    released: Option<&'a [(Combination, f64)]>,
    length: usize,
    array: Vec<[u32; 2]>,
    sums: Sums,
}

impl Counter<'_> {
    fn begin(&mut self, start: &[usize]) {
        let mut keys = vec![0_u64; self.joint.weights.len()];
        let mut chosen = Vec::with_capacity(self.length);
        for &column in start {
            self.extend(&mut keys, column);
            chosen.push(column);
        }
        self.descend(&mut chosen, &keys);
    }

    fn extend(&self, keys: &mut [u64], column: usize) {
        let size = self.joint.sizes[column] as u64;
        // Codes are below 65,536, so a key of four columns fits 64 bits.
        for (key, code) in keys.iter_mut().zip(&self.joint.cells[column]) {
            *key = key.wrapping_mul(size).wrapping_add(u64::from(*code));
        }
    }

    /// All marginals that begin with the chosen columns; `keys` are the rows' codes in these.
    fn descend(&mut self, chosen: &mut Vec<usize>, keys: &[u64]) {
        let first = chosen.last().map_or(0, |last| last + 1);
        for column in first..self.joint.sizes.len() {
            chosen.push(column);
            if chosen.len() == self.length {
                self.marginal(chosen, keys);
            } else {
                let mut longer = keys.to_vec();
                self.extend(&mut longer, column);
                self.descend(chosen, &longer);
            }
            chosen.pop();
        }
    }

    fn marginal(&mut self, chosen: &[usize], keys: &[u64]) {
        let joint = self.joint;
        let cells = chosen.iter().try_fold(1_u64, |cells, c| cells.checked_mul(joint.sizes[*c] as u64));
        let (Some(&last), Some(cells)) = (chosen.last(), cells.or(Some(u64::MAX))) else { return };
        let size = joint.sizes[last] as u64;
        let rows = keys.iter().zip(&joint.cells[last]).zip(&joint.weights);
        let rows = rows.map(|((key, code), weight)| (key.wrapping_mul(size).wrapping_add(u64::from(*code)), *weight));
        let mut out = Out {
            marginal: Marginal::default(),
            sums: &mut self.sums,
            rows: joint.rows,
            sizes: &chosen.iter().map(|c| joint.sizes[*c] as u64).collect::<Vec<_>>(),
            released: self.released.map_or(&[][..], |all| of_marginal(all, chosen)),
        };
        if cells <= DENSE {
            self.array.clear();
            self.array.resize(cells as usize, [0, 0]);
            for (key, weight) in rows {
                let cell = &mut self.array[key as usize];
                cell[0] += weight[0];
                cell[1] += weight[1];
            }
            for (key, [x, y]) in self.array.iter().enumerate() {
                if *x != 0 || *y != 0 {
                    out.counted(key as u64, f64::from(*x), f64::from(*y));
                }
            }
        } else {
            let mut sorted: Vec<(u64, [u32; 2])> = rows.collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            for same in sorted.chunk_by(|a, b| a.0 == b.0) {
                let sum = |of: usize| same.iter().map(|(_, weight)| f64::from(weight[of])).sum();
                out.counted(same[0].0, sum(0), sum(1));
            }
        }
        let Out { mut marginal, sums, released, .. } = out;
        for (_, y) in released {
            marginal.cell(sums, [0.0, *y], joint.rows, true);
        }
        marginal.close(sums, joint.rows[0], joint.full);
    }
}

/// The released combinations of one marginal, by their codes.
fn of_marginal<'a>(all: &'a [(Combination, f64)], chosen: &[usize]) -> &'a [(Combination, f64)] {
    let mut columns = [FREE; LONGEST];
    for (place, column) in columns.iter_mut().zip(chosen) {
        *place = *column as u16;
    }
    let from = all.partition_point(|(combination, _)| combination.columns < columns);
    let to = all.partition_point(|(combination, _)| combination.columns <= columns);
    &all[from..to]
}

/// Takes the cells of a marginal in the order of their keys, and joins them with what was released.
struct Out<'a> {
    marginal: Marginal,
    sums: &'a mut Sums,
    rows: [f64; 2],
    sizes: &'a [u64],
    released: &'a [(Combination, f64)],
}

impl Out<'_> {
    fn counted(&mut self, key: u64, x: f64, y: f64) {
        // Released combinations that come before this cell are not in the exact table.
        while let Some(((combination, count), rest)) = self.released.split_first() {
            let released = self.key(combination);
            if released > key {
                break;
            }
            self.released = rest;
            if released == key {
                self.marginal.cell(self.sums, [x, *count], self.rows, true);
                return;
            }
            self.marginal.cell(self.sums, [0.0, *count], self.rows, true);
        }
        let combination = self.no_blank(key);
        self.marginal.cell(self.sums, [x, y], self.rows, combination);
    }

    fn key(&self, combination: &Combination) -> u64 {
        let pairs = self.sizes.iter().zip(combination.codes);
        pairs.fold(0, |key: u64, (size, code)| key.wrapping_mul(*size).wrapping_add(u64::from(code)))
    }

    fn no_blank(&self, mut key: u64) -> bool {
        self.sizes.iter().rev().all(|size| {
            let code = key % size;
            key /= size;
            code != 0
        })
    }
}

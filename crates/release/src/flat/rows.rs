//! Rows of a flat table as codes, made and not read: nothing here has seen a record.

use super::layout::Layout;

/// From this share of filled cells on, combinations of three are counted table by table.
const MUCH: f64 = 0.25;

/// Invented rows: one vector of codes a column of the domain; nought is blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Codes by column.
    pub columns: Vec<Vec<u16>>,
    /// Number of rows.
    pub len: usize,
}

impl Rows {
    /// So many blank rows.
    pub fn blank(columns: usize, len: usize) -> Rows {
        Rows { columns: vec![vec![0; len]; columns], len }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Counts the rows as a desk does before the noise: every row within its bound.
    pub fn count_kept(&self, layout: &Layout, length: usize) -> Vec<u32> {
        if layout.dense() {
            return self.count(layout, length);
        }
        let mut cells = vec![0; layout.cells(length)];
        let (mut filled, mut kept) = (Vec::with_capacity(layout.columns()), Vec::new());
        for row in 0..self.len {
            layout.filled(|c| self.columns[c][row], &mut filled);
            layout.visit_kept(&filled, length, &mut kept, |cell| cells[cell] += 1);
        }
        cells
    }

    /// Number of rows that fill more columns than so many.
    pub fn over(&self, bound: u16) -> u32 {
        let filled = |row: usize| self.columns.iter().filter(|c| c[row] != 0).count();
        (0..self.len).filter(|row| filled(*row) > usize::from(bound)).count() as u32
    }

    /// Counts the rows in every cell of one length.
    pub fn count(&self, layout: &Layout, length: usize) -> Vec<u32> {
        let mut cells = vec![0; layout.cells(length)];
        if layout.dense() {
            layout.count_dense(|c| &self.columns[c], length, &mut cells);
            return cells;
        }
        if length == 3 && self.filled_share() >= MUCH {
            layout.count_triples(|c| &self.columns[c], &mut cells);
            return cells;
        }
        let mut filled = Vec::with_capacity(layout.columns());
        for row in 0..self.len {
            layout.filled(|c| self.columns[c][row], &mut filled);
            layout.visit(&filled, length, |cell| cells[cell] += 1);
        }
        cells
    }

    /// Share of the cells of the table that are not blank.
    fn filled_share(&self) -> f64 {
        let filled: usize = self.columns.iter().map(|c| c.iter().filter(|code| **code != 0).count()).sum();
        filled as f64 / (self.len * self.columns.len()).max(1) as f64
    }

    /// How many cells of combinations of up to three the rows are looked up in when each of their values is looked at once,
    /// about: for each row, its columns times the pairs of its filled ones.
    pub fn lookups(&self) -> f64 {
        let mut filled = vec![0_u32; self.len];
        for column in &self.columns {
            filled.iter_mut().zip(column).for_each(|(n, code)| *n += u32::from(*code != 0));
        }
        let pairs: f64 = filled.iter().map(|n| f64::from(*n) * (f64::from(*n) - 1.0).max(0.0) / 2.0).sum();
        pairs * self.columns.len() as f64
    }
}

//! Rows of a flat table as codes, made and not read: nothing here has seen a record.

use super::layout::Layout;

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
        let mut filled = Vec::with_capacity(layout.columns());
        for row in 0..self.len {
            layout.filled(|c| self.columns[c][row], &mut filled);
            layout.visit(&filled, length, |cell| cells[cell] += 1);
        }
        cells
    }
}

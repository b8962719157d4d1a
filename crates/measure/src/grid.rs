//! A flat table of categories, exact: the codes of every row, by column. Like [`crate::tally::Counts`] it can't be printed,
//! cloned out or serialised.

use accord_standard::columns::Columns;
use std::fmt;

/// The rows of a flat table as codes: nought for a blank cell, otherwise the position of the value in its column's domain,
/// counted from one.
pub struct Grid {
    /// Number of codes of each column, blank included.
    sizes: Vec<usize>,
    /// One vector of codes a column.
    cells: Vec<Vec<u16>>,
    rows: usize,
}

impl fmt::Debug for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grid(..)")
    }
}

impl Grid {
    /// An empty grid over these columns.
    pub fn new(columns: &Columns) -> Grid {
        let sizes: Vec<usize> = columns.columns.iter().map(accord_standard::columns::Column::codes).collect();
        let cells = vec![Vec::new(); sizes.len()];
        Grid { sizes, cells, rows: 0 }
    }

    /// Adds a row: one code a column. A code outside its column's domain counts as blank, a missing one too.
    pub fn push(&mut self, codes: &[u16]) {
        for (at, (column, size)) in self.cells.iter_mut().zip(&self.sizes).enumerate() {
            let code = codes.get(at).copied().unwrap_or(0);
            column.push(if usize::from(code) < *size { code } else { 0 });
        }
        self.rows += 1;
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn column(&self, at: usize) -> &[u16] {
        &self.cells[at]
    }

    pub(crate) fn sizes(&self) -> &[usize] {
        &self.sizes
    }
}

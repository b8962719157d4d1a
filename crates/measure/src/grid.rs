//! A flat table of categories, exact: the codes of every row, by column. Like [`crate::tally::Counts`] it can't be printed,
//! cloned out or serialised.

use crate::noise::ExactNoise;
use accord_release::flat::{CUT, ROWS};
use accord_release::noisy::{Draw, NoisyTable};
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

/// A block of codes that is not one of this grid's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the codes do not fit the columns")]
pub struct Unfit;

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

    /// Adds rows from a block: for each column in order its codes of all `rows` rows, two bytes each, little-endian. With
    /// `keep` only the rows that it says `true` of are added. A block that doesn't fit adds nothing.
    pub fn push_block(&mut self, rows: usize, codes: &[u8], keep: Option<&[bool]>) -> Result<(), Unfit> {
        let (pairs, rest) = codes.as_chunks::<2>();
        let fits = rest.is_empty() && rows.checked_mul(self.sizes.len()) == Some(pairs.len());
        if !fits || keep.is_some_and(|k| k.len() != rows) {
            return Err(Unfit);
        }
        if rows == 0 {
            return Ok(());
        }
        for (column, size) in pairs.chunks_exact(rows).zip(&self.sizes) {
            let highest = column.iter().fold(0, |high, pair| high.max(u16::from_le_bytes(*pair)));
            if usize::from(highest) >= *size {
                return Err(Unfit);
            }
        }
        let mut added = rows;
        for (from, to) in pairs.chunks_exact(rows).zip(&mut self.cells) {
            let before = to.len();
            match keep {
                None => to.extend(from.iter().map(|pair| u16::from_le_bytes(*pair))),
                Some(keep) => {
                    let kept = from.iter().zip(keep).filter(|(_, keep)| **keep);
                    to.extend(kept.map(|(pair, _)| u16::from_le_bytes(*pair)));
                }
            }
            added = to.len() - before;
        }
        self.rows += added;
        Ok(())
    }

    /// Adds noise to the count of rows.
    ///
    /// # Privacy
    ///
    /// As [`crate::mechanism::measure`], with sensitivity the rows a person.
    pub(crate) fn measure_rows(&self, draw: Draw, noise: &mut dyn ExactNoise) -> NoisyTable {
        let value = i64::try_from(self.rows).unwrap_or(i64::MAX).saturating_add(noise.draw(draw.sigma_milli));
        NoisyTable { table: ROWS.to_owned(), values: vec![value], draws: vec![draw] }
    }

    /// Adds noise to the count of rows that fill more columns than the bound.
    ///
    /// # Privacy
    ///
    /// As [`crate::mechanism::measure`], with sensitivity the rows a person.
    pub(crate) fn measure_cut(&self, bound: u16, draw: Draw, noise: &mut dyn ExactNoise) -> NoisyTable {
        let cut: u64 = self.filled().iter().skip(usize::from(bound) + 1).sum();
        let value = i64::try_from(cut).unwrap_or(i64::MAX).saturating_add(noise.draw(draw.sigma_milli));
        NoisyTable { table: CUT.to_owned(), values: vec![value], draws: vec![draw] }
    }

    /// Number of rows by number of filled columns: exact.
    pub(crate) fn filled(&self) -> Vec<u64> {
        let mut filled = vec![0_u16; self.rows];
        for column in &self.cells {
            for (count, code) in filled.iter_mut().zip(column) {
                *count += u16::from(*code != 0);
            }
        }
        let mut histogram = vec![0; self.cells.len() + 1];
        for count in filled {
            histogram[usize::from(count)] += 1;
        }
        histogram
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn column(&self, at: usize) -> &[u16] {
        &self.cells[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_standard::columns::Column;
    use proptest::prelude::*;

    fn columns() -> Columns {
        let column = |name: &str, n: usize| Column::new(name, (0..n).map(|i| format!("v{i}")).collect());
        Columns { columns: vec![column("a", 2), column("b", 0), column("c", 300)] }
    }

    fn block(columns: &[&[u16]]) -> Vec<u8> {
        columns.iter().flat_map(|c| c.iter().flat_map(|code| code.to_le_bytes())).collect()
    }

    #[test]
    fn a_block_adds_the_rows_that_are_kept() {
        let mut grid = Grid::new(&columns());
        grid.push_block(3, &block(&[&[0, 1, 2], &[0, 0, 0], &[300, 0, 7]]), None).unwrap();
        grid.push_block(2, &block(&[&[1, 2], &[0, 0], &[8, 9]]), Some(&[false, true])).unwrap();
        grid.push_block(0, &[], None).unwrap();
        assert_eq!((grid.rows(), grid.column(0), grid.column(2)), (4, &[0, 1, 2, 2][..], &[300, 0, 7, 9][..]));
    }

    #[test]
    fn a_block_that_does_not_fit_adds_nothing() {
        let mut grid = Grid::new(&columns());
        let good = block(&[&[1], &[0], &[1]]);
        for (rows, bytes, keep) in [
            (1, block(&[&[3], &[0], &[1]]), None),
            (1, block(&[&[0], &[1], &[1]]), None),
            (1, block(&[&[0], &[0], &[301]]), None),
            (2, good.clone(), None),
            (usize::MAX, good.clone(), None),
            (0, good.clone(), None),
            (1, good[..5].to_vec(), None),
            (1, good.clone(), Some(&[true, true][..])),
        ] {
            assert_eq!(grid.push_block(rows, &bytes, keep), Err(Unfit));
        }
        assert_eq!((grid.rows(), grid.column(0).len()), (0, 0));
    }

    proptest! {
        #[test]
        fn no_bytes_put_a_code_into_the_grid_that_its_column_does_not_have(
            rows in 0_usize..8, bytes in prop::collection::vec(0_u8..3, 0..48),
        ) {
            let mut grid = Grid::new(&columns());
            let taken = grid.push_block(rows, &bytes, None).is_ok();
            for (at, size) in grid.sizes.iter().enumerate() {
                prop_assert!(grid.column(at).iter().all(|code| usize::from(*code) < *size));
                prop_assert_eq!(grid.column(at).len(), if taken { rows } else { 0 });
            }
        }
    }
}

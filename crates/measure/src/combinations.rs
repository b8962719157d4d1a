//! Counting combinations of values of a flat table, every row within its bound. The counts are exact: like
//! [`crate::tally::Counts`] they can't be printed, cloned out or serialised, and all that can be done with them is to add
//! noise.

use crate::grid::Grid;
use crate::mechanism::MeasureError;
use crate::noise::NoiseSource;
use accord_release::account::Rho;
use accord_release::flat::layout::Layout;
use accord_release::flat::length_id;
use accord_release::noisy::{Draw, NoisyTable};
use std::fmt;

/// Exact counts of all combinations of a layout.
pub struct Combinations {
    lengths: Vec<Vec<u32>>,
    /// Scratch: counted columns of the row at hand, and the cells that it keeps.
    filled: Vec<(u16, u16)>,
    kept: Vec<(u64, usize)>,
}

impl fmt::Debug for Combinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Combinations(..)")
    }
}

impl Combinations {
    /// Counts every row of a grid.
    ///
    /// # Privacy
    ///
    /// A row adds one to at most `layout.most_cells(k)` cells of each length k. Where blank counts as a value that holds by
    /// construction; where it is implied, a row that fills more columns than the bound keeps as many of its combinations
    /// as the bound allows, chosen by a rule that reads this row alone.
    pub fn count(grid: &Grid, layout: &Layout) -> Combinations {
        let mut counts = Combinations::new(layout);
        if layout.dense() {
            for (at, cells) in counts.lengths.iter_mut().enumerate() {
                layout.count_dense(|column| grid.column(column), at + 1, cells);
            }
            return counts;
        }
        for row in 0..grid.rows() {
            counts.add(layout, |column| grid.column(column)[row]);
        }
        counts
    }

    /// No row counted yet.
    pub fn new(layout: &Layout) -> Combinations {
        let lengths = (1..=layout.lengths()).map(|k| vec![0; layout.cells(k)]).collect();
        Combinations { lengths, filled: Vec::with_capacity(layout.columns()), kept: Vec::new() }
    }

    /// Counts one row, given as the code of each column: see [`Combinations::count`].
    pub fn add(&mut self, layout: &Layout, code_of: impl Fn(usize) -> u16) {
        let Combinations { lengths, filled, kept } = self;
        layout.filled(code_of, filled);
        for (at, cells) in lengths.iter_mut().enumerate() {
            layout.visit_kept(filled, at + 1, kept, |cell| cells[cell] = cells[cell].saturating_add(1));
        }
    }

    /// The exact counts of each length.
    pub(crate) fn into_lengths(self) -> Vec<Vec<u32>> {
        self.lengths
    }

    /// Adds noise to every count of one length, those of combinations that no row has too.
    ///
    /// # Privacy
    ///
    /// As [`crate::mechanism::measure`], with squared sensitivity `rows_per_person² * layout.most_cells(length)`: a person's
    /// rows may all stand in the same cells.
    pub fn measure_length(
        &self,
        length: usize,
        draw: Draw,
        noise: &mut dyn NoiseSource,
    ) -> Result<NoisyTable, MeasureError> {
        let cells = self.lengths.get(length.wrapping_sub(1)).ok_or_else(|| MeasureError::Table(length_id(length)))?;
        let values = cells.iter().map(|count| i64::from(*count).saturating_add(noise.draw(draw.sigma_milli))).collect();
        Ok(NoisyTable { table: length_id(length), values, draws: vec![draw] })
    }
}

/// The draw that a cost and a sensitivity make.
pub fn draw_for(rho: Rho, sensitivity_squared: u64, entry: &str) -> Option<Draw> {
    let sigma_milli = crate::plan::sigma_milli(sensitivity_squared, rho)?;
    Some(Draw { sigma_milli, rho, sensitivity_squared, entry: entry.to_owned() })
}

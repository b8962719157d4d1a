//! Sums of cells of a noisy table, with the noise of the sum.

use super::{Ask, StudyError};
use crate::noisy::NoisyTable;
use accord_estimate::Counted;
use accord_standard::study::{Select, Study};
use accord_standard::workload::{TableSpec, Workload};

/// A noisy table with what it declares.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) spec: &'a TableSpec,
    pub(crate) noisy: &'a NoisyTable,
    /// Standard deviation of the noise in each cell.
    pub(crate) sigma: f64,
}

impl<'a> Table<'a> {
    /// The table with this id, as measured.
    pub(crate) fn of(study: &'a Study, id: &str, measured: &'a [NoisyTable]) -> Result<Table<'a>, StudyError> {
        Table::find(&study.workload, id, measured).ok_or_else(|| StudyError::Table(id.to_owned()))
    }

    /// The table of a workload with this id, as measured; `None` if either has no such table, or they differ.
    pub(crate) fn find(
        workload: &'a Workload,
        id: &str,
        measured: impl IntoIterator<Item = &'a NoisyTable>,
    ) -> Option<Table<'a>> {
        let spec = workload.table(id)?;
        let fits = |t: &&NoisyTable| t.table == id && t.values.len() == spec.cells() && !t.draws.is_empty();
        let noisy = measured.into_iter().find(fits)?;
        Some(Table { spec, noisy, sigma: noisy.noise().sigma() })
    }

    /// Whether a cell lies within all the selections.
    fn is_in(&self, cell: usize, within: &[&Select]) -> bool {
        self.spec.categories_of(cell).into_iter().zip(&self.spec.dimensions).all(|(category, dimension)| {
            let id = &dimension.categories[category].id;
            within.iter().all(|select| select.get(&dimension.id).is_none_or(|wanted| wanted.contains(id)))
        })
    }

    /// The cells within all of the selections and outside of all of the others that are not empty.
    pub(crate) fn cells(&self, within: &[&Select], outside: &[&Select]) -> Vec<usize> {
        let out = |cell: usize| outside.iter().any(|select| !select.is_empty() && self.is_in(cell, &[select]));
        // Dimension by dimension, the last one fastest, so that few cells of a large table are found without a look at all.
        let mut cells = vec![0];
        for dimension in &self.spec.dimensions {
            let is_taken = |id: &String| within.iter().all(|s| s.get(&dimension.id).is_none_or(|w| w.contains(id)));
            let of = dimension.categories.iter().enumerate().filter(|(_, c)| is_taken(&c.id));
            let taken: Vec<usize> = of.map(|(at, _)| at).collect();
            cells = cells.iter().flat_map(|cell| taken.iter().map(move |at| cell * dimension.size() + at)).collect();
        }
        cells.retain(|cell| !out(*cell));
        cells
    }

    /// The sum of cells. Their noises are independent, so that their variances add.
    pub(crate) fn sum(&self, cells: &[usize]) -> Counted {
        let value: i64 = cells.iter().map(|cell| self.noisy.values[*cell]).fold(0, i64::saturating_add);
        Counted { value: value as f64, sigma: self.sigma * (cells.len() as f64).sqrt() }
    }
}

/// Nothing, known exactly.
pub(crate) const NOTHING: Counted = Counted { value: 0.0, sigma: 0.0 };

impl Ask<'_> {
    /// The group's selection; empty for everyone.
    pub(crate) fn of_group(&self) -> Select {
        self.group.map(|g| g.select.clone()).unwrap_or_default()
    }
}

//! Sums of cells of a noisy table, with the noise of the sum.

use super::{Ask, StudyError};
use crate::noisy::NoisyTable;
use accord_estimate::Counted;
use accord_standard::study::{Select, Study};
use accord_standard::workload::TableSpec;

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
        let wrong = || StudyError::Table(id.to_owned());
        let spec = study.workload.table(id).ok_or_else(wrong)?;
        let noisy = measured
            .iter()
            .find(|t| t.table == id && t.values.len() == spec.cells() && !t.draws.is_empty())
            .ok_or_else(wrong)?;
        Ok(Table { spec, noisy, sigma: noisy.noise().sigma() })
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
        (0..self.spec.cells()).filter(|cell| self.is_in(*cell, within) && !out(*cell)).collect()
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

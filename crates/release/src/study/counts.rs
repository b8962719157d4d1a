//! Counts and trends.

use super::{Ask, Point, shown};
use accord_standard::study::Select;

impl Ask<'_> {
    /// How many: a sum of cells.
    pub(super) fn count(&self, of: &Select) -> Vec<Point> {
        let cells = self.table.cells(&[&self.of_group(), of], &[]);
        let shown = shown::count(self.table.sum(&cells));
        vec![self.point("count", "", None, shown, &[])]
    }
}

//! Shares and ratios of shares, with bounds for those of whom it isn't known.

use super::cells::{NOTHING, Table};
use super::{Answer, Ask, Point, StudyError, shown};
use accord_estimate::bounds::{self, Parts, Term};
use accord_standard::figure::Measure;
use accord_standard::study::Select;

/// Said of a share that takes the unknown for like the known.
const LIKE_KNOWN: &str =
    "Taken as if those of whom it is not known were like the others: an assumption that can't be checked here.";
/// Said of what is recorded of people who can stand in several categories.
const AT_LEAST: &str = "A record that does not say so is no proof that it was not so: it is at least this share.";
/// Said of bounds.
const WHOEVER: &str = "Holds whoever those of whom it is not known are; no value inside it is likelier than another.";

impl Ask<'_> {
    /// A share of people.
    pub(super) fn share(&self, of: &Select, among: &Select, unknown: &[&Select]) -> Vec<Point> {
        let shares = bounds::shares(&self.parts(&self.of_group(), of, among, unknown));
        if unknown.is_empty() {
            let shown = shown::estimate(&shares.none_in, Measure::Percent, 100.0);
            return vec![self.point("share", "", None, shown, &[])];
        }
        let known = shown::estimate(&shares.like_known, Measure::Percent, 100.0);
        let either = shown::estimate(&shares.bounds, Measure::Percent, 100.0);
        vec![
            self.point("known", "among those of whom it is known", None, known, &[LIKE_KNOWN]),
            self.point("bounds", "whatever is true of the others", None, either, &[WHOEVER]),
        ]
    }

    /// The share of a group of whom something is recorded, where a person can stand in several categories: a cell over the
    /// group's total in a table in which each person has one. Whoever is not in the cell may belong there all the same,
    /// because it was not recorded or was the fifth of four that count; so it is a least share, and no more is known.
    pub(super) fn recorded(&self, of: &Select, out_of: &str) -> Answer {
        let group = self.of_group();
        let whole = Table::of(self.study, out_of, self.measured)?;
        let yes = self.table.sum(&self.table.cells(&[&group, of], &[]));
        let whole = whole.sum(&whole.cells(&[&group], &[]));
        let share = bounds::ratio(
            &[Term { top: 1.0, bottom: 0.0, count: yes }, Term { top: 0.0, bottom: 1.0, count: whole }],
            (0.0, 1.0),
        );
        let shown = shown::estimate(&share, Measure::Percent, 100.0);
        Ok((vec![self.point("recorded", "", None, shown, &[AT_LEAST])], Vec::new()))
    }

    /// The share in the group divided by that in another.
    pub(super) fn ratio(&self, of: &Select, unknown: &Select, against: &str) -> Answer {
        let wrong = || StudyError::Figure(self.spec.id.clone(), format!("there is no group {against}"));
        let other = &self.study.group(against).ok_or_else(wrong)?.select;
        let none = Select::new();
        let unknown: Vec<&Select> = Some(unknown).filter(|u| !u.is_empty()).into_iter().collect();
        let one = self.parts(&self.of_group(), of, &none, &unknown);
        let other = self.parts(other, of, &none, &unknown);
        let compared = bounds::proportion(&one, &other);
        let known = shown::estimate(&compared.like_known, Measure::Ratio, 1.0);
        if unknown.is_empty() {
            return Ok((vec![self.point("ratio", "", None, known, &[])], Vec::new()));
        }
        let either = shown::estimate(&compared.bounds, Measure::Ratio, 1.0);
        let points = vec![
            self.point("known", "among those of whom it is known", None, known, &[LIKE_KNOWN]),
            self.point("bounds", "whatever is true of the others", None, either, &[WHOEVER]),
        ];
        Ok((points, Vec::new()))
    }

    /// The people of a group by whether something is so, from one table in which each has one cell. Cells in any of the
    /// unknown selections are unknown, whatever else they are.
    pub(super) fn parts(&self, group: &Select, of: &Select, among: &Select, unknown: &[&Select]) -> Parts {
        let sum = |within: &[&Select], outside: &[&Select]| self.table.sum(&self.table.cells(within, outside));
        let no: Vec<&Select> = std::iter::once(of).chain(unknown.iter().copied()).collect();
        let all = self.table.cells(&[group, among], &[]);
        let known = self.table.cells(&[group, among], unknown);
        let missing: Vec<usize> = all.into_iter().filter(|cell| known.binary_search(cell).is_err()).collect();
        Parts {
            yes: sum(&[group, among, of], unknown),
            no: sum(&[group, among], &no),
            unknown: if unknown.is_empty() { NOTHING } else { self.table.sum(&missing) },
        }
    }
}

//! Shares and ratios of shares, with bounds for those of whom it isn't known.

use super::cells::{NOTHING, Table};
use super::{Answer, Ask, StudyError, shown};
use accord_estimate::bounds::{self, Parts, Term};
use accord_estimate::{Cause, Counted, Estimate, Outcome};
use accord_standard::figure::Measure;
use accord_standard::study::Select;

/// Said of a share that takes the unknown for like the known.
const LIKE_KNOWN: &str =
    "Taken as if those of whom it is not known were like the others: an assumption that can't be checked here.";
/// Said of bounds.
const WHOEVER: &str = "Holds whoever those of whom it is not known are; no value inside it is likelier than another.";

impl Ask<'_> {
    /// A share of people.
    pub(super) fn share(&self, of: &Select, among: &Select, unknown: &Select, out_of: Option<&str>) -> Answer {
        let group = self.of_group();
        let shares = match out_of {
            None => bounds::shares(&self.parts(&group, of, among, unknown)),
            Some(id) => {
                let whole = Table::of(self.study, id, self.measured)?;
                let [yes, missing] = [of, unknown].map(|select| {
                    let cells = if std::ptr::eq(select, unknown) && unknown.is_empty() {
                        Vec::new()
                    } else {
                        self.table.cells(&[&group, among, select], &[])
                    };
                    self.table.sum(&cells)
                });
                let whole = whole.sum(&whole.cells(&[&group], &[]));
                out_of_a_whole(yes, missing, whole)
            }
        };
        if unknown.is_empty() {
            let shown = shown::estimate(&shares.none_in, Measure::Percent, 100.0);
            return Ok((vec![self.point("share", "", None, shown, &[])], Vec::new()));
        }
        let known = shown::estimate(&shares.like_known, Measure::Percent, 100.0);
        let either = shown::estimate(&shares.bounds, Measure::Percent, 100.0);
        let points = vec![
            self.point("known", "among those of whom it is known", None, known, &[LIKE_KNOWN]),
            self.point("bounds", "whatever is true of the others", None, either, &[WHOEVER]),
        ];
        Ok((points, Vec::new()))
    }

    /// The share in the group divided by that in another.
    pub(super) fn ratio(&self, of: &Select, unknown: &Select, against: &str) -> Answer {
        let wrong = || StudyError::Figure(self.spec.id.clone(), format!("there is no group {against}"));
        let other = &self.study.group(against).ok_or_else(wrong)?.select;
        let none = Select::new();
        let one = self.parts(&self.of_group(), of, &none, unknown);
        let other = self.parts(other, of, &none, unknown);
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

    /// The people of a group by whether something is so, from one table in which each has one cell.
    pub(super) fn parts(&self, group: &Select, of: &Select, among: &Select, unknown: &Select) -> Parts {
        let sum = |within: &[&Select], outside: &[&Select]| self.table.sum(&self.table.cells(within, outside));
        Parts {
            yes: sum(&[group, among, of], &[unknown]),
            no: sum(&[group, among], &[of, unknown]),
            unknown: if unknown.is_empty() { NOTHING } else { sum(&[group, among, unknown], &[]) },
        }
    }
}

/// The same three views where the whole is another table's total: its noise is of its own.
fn out_of_a_whole(yes: Counted, unknown: Counted, whole: Counted) -> bounds::Shares {
    let view = |unknown_top: f64, unknown_bottom: f64| -> Outcome<Estimate> {
        bounds::ratio(
            &[
                Term { top: 1.0, bottom: 0.0, count: yes },
                Term { top: unknown_top, bottom: unknown_bottom, count: unknown },
                Term { top: 0.0, bottom: 1.0, count: whole },
            ],
            (0.0, 1.0),
        )
    };
    let (none_in, all_in) = (view(0.0, 0.0), view(1.0, 0.0));
    let ends = match (&none_in, &all_in) {
        (Ok(none), Ok(all)) => Ok(Estimate {
            value: f64::midpoint(none.value, all.value),
            low: none.low.min(all.low),
            high: none.high.max(all.high),
            cause: Cause::NoiseAndMissing,
        }),
        (Err(why), _) | (_, Err(why)) => Err(why.clone()),
    };
    bounds::Shares { none_in, all_in, like_known: view(0.0, -1.0), bounds: ends }
}

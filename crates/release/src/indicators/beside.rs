//! An official figure beside a release's: what it is, and how the two differ, in words.

use super::{COUNTS, Row};
use crate::official::{Official, OfficialFigures};
use accord_standard::figure::FigureValue;
use serde::Serialize;

/// Official figures of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// As published; several where the official file has several. A hidden one stays hidden.
    pub values: Vec<Official>,
    /// How they stand to ours, in words.
    pub words: String,
}

/// Why the two differ whatever the numbers are; to stand wherever they are shown beside each other.
pub const WHY_THEY_DIFFER: &str = "Official figures come from national authorities and count whom those identified. Ours count \
people in the records of the contributing organisations, formally identified or presumed, by the year in which the record \
was opened, with noise added to protect them. Neither counts people whom nobody detected, and neither is part of the other.";

/// The official figure for a row's country, year, indicator, dimension, category, sex and age; `None` if there is none.
pub fn beside(row: &Row, official: &OfficialFigures) -> Option<Beside> {
    let year = row.year.parse().ok().filter(|_| row.unit == COUNTS)?;
    let same = |r: &&crate::official::OfficialRow| {
        r.dimension == row.dimension
            && r.category == row.category
            && r.sex == row.sex
            && r.age == row.age
            && r.unit == row.unit
    };
    let values: Vec<Official> = official.of(&row.iso3, year, &row.indicator).filter(same).map(|r| r.value).collect();
    let words = match values.as_slice() {
        [] => return None,
        [one] => words(*one, &row.value),
        _ => "The official file gives several numbers for this row and does not say how they differ.".to_owned(),
    };
    Some(Beside { values, words })
}

fn words(official: Official, ours: &FigureValue) -> String {
    let official = match official {
        Official::FewerThan(limit) => {
            return format!("Hidden by UNODC: fewer than {limit}. It is not worked out from totals.");
        }
        Official::Count(n) => n,
    };
    let (FigureValue::Count { low, high, .. } | FigureValue::Range { low, high }) = ours else {
        return "We give no number to compare it with.".to_owned();
    };
    if official < *low {
        "The official figure is below our interval: organisations here also record people who were presumed, or whom no \
         authority identified."
    } else if official > *high {
        "The official figure is above our interval: authorities saw people whom the organisations here did not."
    } else {
        "The official figure lies within our interval. That need not be the same people."
    }
    .to_owned()
}

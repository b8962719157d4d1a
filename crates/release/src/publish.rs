//! From noisy tables to published figures: consistent values, intervals, reliability, symbols, headlines.
//!
//! # Privacy
//!
//! Post-processing: every number is a deterministic function of noisy measurements, the workload and the ledger's public
//! facts (PRIVACY 11).

use crate::bundle::{Bundle, Headline, PrivacyStatement, PublishedTable, ReleaseInfo, Share, Unit};
use crate::consistent::{ConsistencyError, Reconciled, reconcile};
use crate::noisy::NoisyTable;
use accord_standard::figure::{Figure, FigureValue, Reliability, Symbol};
use accord_standard::workload::{HeadlineSpec, TableSpec, Workload};

/// Probability that an interval misses the exact count.
pub const MISS: f64 = 0.05;

/// Figures of a draft: tables in the workload's order, and headlines.
pub type Figures = (Vec<PublishedTable>, Vec<Headline>);

/// Makes a draft from measured tables. It has no decision yet, and no refusals.
///
/// # Errors
/// If the measured tables are not those of the workload.
pub fn publish(
    info: ReleaseInfo,
    workload: Workload,
    privacy: PrivacyStatement,
    measured: Vec<NoisyTable>,
) -> Result<Bundle, ConsistencyError> {
    let (tables, headlines) = figures(&info, &workload, &measured)?;
    Ok(Bundle {
        info,
        workload,
        privacy,
        tables,
        headlines,
        refusals: vec![],
        microdata: vec![],
        basis: None,
        study: None,
        series: vec![],
        decision: None,
    })
}

/// The figures that follow from measured tables; whoever verifies a release makes them again and compares.
pub fn figures(info: &ReleaseInfo, workload: &Workload, measured: &[NoisyTable]) -> Result<Figures, ConsistencyError> {
    let reconciled = reconcile(workload, measured)?;
    let words = Words { info, workload };
    let headlines = workload.headlines.iter().filter_map(|h| headline(&words, h, &reconciled)).collect();
    let mut tables = Vec::with_capacity(workload.tables.len());
    for (spec, values) in workload.tables.iter().zip(&reconciled) {
        let half_width = values.noise.half_width(MISS);
        let figures = (0..spec.cells())
            .map(|cell| {
                let (value, reliability) = shown(values.raw[cell], values.shown[cell], half_width);
                words.figure(&format!("{}.{}", spec.id, spec.key_of(cell)), subject(spec, cell), value, reliability)
            })
            .collect();
        let noisy = measured.iter().find(|t| t.table == spec.id).cloned();
        let noisy = noisy.ok_or_else(|| ConsistencyError::Shape(spec.id.clone()))?;
        tables.push(PublishedTable { id: spec.id.clone(), figures, noisy });
    }
    Ok((tables, headlines))
}

/// The interval of PRIVACY 13 around an unclipped value: the noise inverted, cut at nought, and stretched where
/// consistency moved what is shown. A value far below nought would leave nothing of the interval; there is no count below
/// nought, so the noise is then inverted around nought, which is wider and never claims certainty.
fn interval(raw: f64, shown: u64, half_width: u64) -> (u64, u64) {
    let low = (raw - half_width as f64).ceil().max(0.0) as u64;
    let high = (raw.max(0.0) + half_width as f64).floor() as u64;
    (low.min(shown), high.max(shown))
}

/// What is shown of a cell: a count with its interval, a range, or a symbol (GS-10, GS-13).
fn shown(raw: f64, value: u64, half_width: u64) -> (FigureValue, Reliability) {
    let (low, high) = interval(raw, value, half_width);
    let reliability = reliability(value, low, high);
    let value = match reliability {
        Reliability::Solid | Reliability::Care => FigureValue::Count { value, low, high },
        Reliability::RangeOnly => FigureValue::Range { low, high },
        Reliability::NotShown => {
            let symbol = if value == 0 { Symbol::Low } else { Symbol::Hidden };
            FigureValue::Symbol { symbol, range: Some([low, high]) }
        }
    };
    (value, reliability)
}

/// Reliability by the relative half-width of the interval (GS-10). Nought is never shown as a number: noise can't tell it
/// from a few people.
pub fn reliability(value: u64, low: u64, high: u64) -> Reliability {
    if value == 0 {
        return Reliability::NotShown;
    }
    // Compared in whole numbers: (high - low) / 2 against a share of the value.
    let width = u128::from(high - low);
    let twice = 2 * u128::from(value);
    if width * 100 <= twice * 25 {
        Reliability::Solid
    } else if width * 100 <= twice * 50 {
        Reliability::Care
    } else if width <= twice {
        Reliability::RangeOnly
    } else {
        Reliability::NotShown
    }
}

struct Words<'a> {
    info: &'a ReleaseInfo,
    workload: &'a Workload,
}

impl Words<'_> {
    fn figure(&self, key: &str, subject: String, value: FigureValue, reliability: Reliability) -> Figure {
        let mut caveats = self.workload.caveats.clone();
        match self.info.unit {
            Unit::People => {}
            Unit::Records => caveats.push(
                "Counts records, not people: a person known to several organisations is counted by each.".to_owned(),
            ),
            Unit::Rows => caveats.push(
                "Counts rows, not people: a person may have several rows, up to the bound that the release states."
                    .to_owned(),
            ),
        }
        if self.info.invented {
            caveats.push("INVENTED DATA: the people behind this number do not exist.".to_owned());
        }
        Figure {
            id: format!("{}.{key}", self.info.id),
            subject,
            value,
            reliability,
            definition: self.workload.definition.clone(),
            caveats,
            invented: self.info.invented,
        }
    }
}

/// Who is counted in a cell, in words.
fn subject(spec: &TableSpec, cell: usize) -> String {
    let parts: Vec<String> = spec
        .categories_of(cell)
        .into_iter()
        .zip(&spec.dimensions)
        .map(|(c, d)| format!("{}: {}", d.label, d.categories[c].label))
        .collect();
    parts.join("; ")
}

fn headline(words: &Words<'_>, spec: &HeadlineSpec, reconciled: &[Reconciled]) -> Option<Headline> {
    let (at, table) = words.workload.tables.iter().enumerate().find(|(_, t)| t.id == spec.table)?;
    // Cells of a refining table share the noise of their parent: their sums have no interval that is simple and right.
    if table.most_cells_per_person() != 1 || table.refines.is_some() {
        return None;
    }
    let values = reconciled.get(at)?;
    let selected: Vec<usize> = (0..table.cells()).filter(|cell| is_selected(table, spec, *cell)).collect();
    let sum = |cells: &mut dyn Iterator<Item = usize>| -> (f64, u64) {
        cells.fold((0.0, 0), |(raw, shown), cell| (raw + values.raw[cell], shown + values.shown[cell]))
    };
    let (raw, total) = sum(&mut selected.iter().copied());
    let noise = values.noise.times(selected.len() as u64);
    let (value, reliability) = shown(raw, total, noise.half_width(MISS));
    let figure = words.figure(&format!("{}.group.{}", table.id, spec.id), spec.label.clone(), value, reliability);

    // The share of all, from two intervals that each miss half as often, so that together they miss at most as often.
    let (all_raw, all_shown) = sum(&mut (0..table.cells()));
    let part = interval(raw, total, noise.half_width(MISS / 2.0));
    let whole = interval(all_raw, all_shown, values.noise.times(table.cells() as u64).half_width(MISS / 2.0));
    let shows_share = reliability <= Reliability::Care && selected.len() < table.cells();
    let share = shows_share.then(|| share_of((total, part.0, part.1), (all_shown, whole.0, whole.1))).flatten();
    Some(Headline { group: spec.id.clone(), figure, share })
}

/// A part's share of a whole, in per cent, from the intervals of both. `None` if the whole may be nought.
pub(crate) fn share_of(part: (u64, u64, u64), whole: (u64, u64, u64)) -> Option<Share> {
    let percent = |a: u64, b: u64| (100.0 * a as f64 / b as f64).min(100.0);
    (whole.1 > 0).then(|| Share {
        percent: round_to_tenth(percent(part.0, whole.0)),
        low: (percent(part.1, whole.2) * 10.0).floor() / 10.0,
        high: (percent(part.2, whole.1) * 10.0).ceil() / 10.0,
    })
}

fn round_to_tenth(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn is_selected(table: &TableSpec, spec: &HeadlineSpec, cell: usize) -> bool {
    table
        .categories_of(cell)
        .into_iter()
        .zip(&table.dimensions)
        .all(|(c, d)| spec.select.get(&d.id).is_none_or(|wanted| wanted.iter().any(|w| *w == d.categories[c].id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_13_an_interval_is_cut_at_nought_and_holds_what_is_shown() {
        assert_eq!(interval(-3.2, 0, 5), (0, 5));
        assert_eq!(interval(-30.0, 0, 5), (0, 5), "certainty out of noise");
        assert_eq!(interval(10.5, 11, 4), (7, 14));
        assert_eq!(interval(10.5, 20, 4), (7, 20));
    }

    #[test]
    fn reliability_follows_the_relative_half_width() {
        assert_eq!(reliability(100, 75, 125), Reliability::Solid);
        assert_eq!(reliability(100, 74, 126), Reliability::Care);
        assert_eq!(reliability(100, 40, 160), Reliability::RangeOnly);
        assert_eq!(reliability(100, 0, 201), Reliability::NotShown);
        assert_eq!(reliability(0, 0, 1), Reliability::NotShown);
    }

    #[test]
    fn a_cell_too_uncertain_to_show_is_a_symbol_and_never_nought() {
        assert_eq!(shown(0.4, 0, 9).0, FigureValue::Symbol { symbol: Symbol::Low, range: Some([0, 9]) });
        assert_eq!(shown(3.0, 3, 9).0, FigureValue::Symbol { symbol: Symbol::Hidden, range: Some([0, 12]) });
        assert_eq!(shown(12.0, 12, 9).0, FigureValue::Range { low: 3, high: 21 });
        assert_eq!(shown(90.0, 90, 9).0, FigureValue::Count { value: 90, low: 81, high: 99 });
    }
}

//! Official indicators from a release: rows in the requester's columns, each with its interval and the figures that it is made
//! of.
//!
//! # Privacy
//!
//! Post-processing: every row is a function of noisy tables and published figures, the indicator's file and public residents
//! (PRIVACY 11). A row that is one cell is that cell's published figure, number for number. A row that sums cells sums them as
//! measured, where noise is independent from cell to cell. Whoever subtracts rows from each other gets sums of noisy cells
//! back, which are published, and never less noise than one of them has.
//!
//! Start reading at [`rows`].

mod beside;
pub mod population;
mod workbook;
mod write;

pub use beside::{Beside, beside};
pub use workbook::workbook;
pub use write::{COLUMNS, OFFICIAL_COLUMNS, Sheet, csv_file, json_value};

use crate::bundle::Bundle;
use crate::noisy::NoisyTable;
use crate::study::cells::Table;
use crate::study::shown;
use accord_standard::codebook::Codebook;
use accord_standard::figure::{FigureValue, Includes, Measure, Reliability, Symbol};
use accord_standard::indicator::{Axis, CategoryRow, Indicator, Part};
use accord_standard::study::Select;
use population::Population;
use serde::Serialize;

/// Whose figures they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// ISO 3166-1 alpha-3.
    pub iso3: String,
    /// Its English name.
    pub name: String,
}

impl Area {
    /// The country or area with this code; `None` if there is none.
    pub fn find(iso3: &str) -> Option<Area> {
        let list = Codebook::embedded().lists.get("country")?;
        let code = list.codes.iter().find(|c| c.id == iso3 && c.ended.is_none())?;
        Some(Area { iso3: code.id.clone(), name: code.label.clone() })
    }
}

/// What is asked of a release.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The release.
    pub bundle: &'a Bundle,
    /// The indicator.
    pub indicator: &'a Indicator,
    /// One year; every year of the table if none is named.
    pub year: Option<u16>,
    /// Whose figures they are, as the user declares: a release does not know.
    pub area: Option<&'a Area>,
    /// Residents; without them no rates are given.
    pub residents: Option<&'a Population>,
}

/// One row of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Permanent identifier.
    pub figure: String,
    /// Code of the reporting area; empty if none was named.
    pub iso3: String,
    /// Its name.
    pub country: String,
    /// Requester's column of indicators.
    pub indicator: String,
    /// Requester's column of dimensions.
    pub dimension: String,
    /// Requester's column of categories.
    pub category: String,
    /// Requester's column of sexes.
    pub sex: String,
    /// Requester's column of ages.
    pub age: String,
    /// Year, `Unknown`, or the period of the release.
    pub year: String,
    /// `Counts`, or what a rate is for.
    pub unit: String,
    /// The value with its interval, or a symbol, or a refusal.
    pub value: FigureValue,
    /// How far it can be leant on.
    pub reliability: Reliability,
    /// Empty for a number that can be leant on; else how to read it.
    pub flag: String,
    /// Why there is no number, where there is a reason in words.
    pub note: String,
    /// Published figures that it is, or sums.
    pub figures: Vec<String>,
}

/// Why an indicator can't be made from a release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// The release has other tables.
    #[error(
        "{indicator} is made from the tables of the workload {needs}; this release is of {has}. Draw one with --workload {needs}"
    )]
    Workload {
        /// The indicator.
        indicator: String,
        /// Workload that it needs.
        needs: String,
        /// That of the release.
        has: String,
    },
    /// Its workload has the name but other tables.
    #[error("{0} can't be made from this release: {1}")]
    Wrong(String, String),
    /// The tables have no such year.
    #[error("the tables of this release have no year {year} of their own; they have {has}")]
    Year {
        /// The year asked for.
        year: u16,
        /// Years that there are.
        has: String,
    },
}

/// Unit of counts, as UNODC writes it.
pub const COUNTS: &str = "Counts";

/// A year of a part: its words, its cells, and the year itself where it is one.
struct Year {
    label: String,
    select: Select,
    single: Option<u16>,
}

/// All rows of an indicator, in the order of its file, years from the first to the last, rates after counts.
///
/// # Errors
/// If the release does not have the tables or the year. What can't be told is no error but a symbol in its place.
pub fn rows(ask: &Request<'_>) -> Result<Vec<Row>, IndicatorError> {
    let Request { bundle, indicator, .. } = ask;
    let held = indicator.parts.iter().any(|p| p.table.is_some());
    if held && indicator.workload != bundle.workload.id {
        return Err(IndicatorError::Workload {
            indicator: indicator.id.clone(),
            needs: indicator.workload.clone(),
            has: bundle.workload.id.clone(),
        });
    }
    if held && let Some(problem) = indicator.problems(&bundle.workload).first() {
        return Err(IndicatorError::Wrong(indicator.id.clone(), problem.to_string()));
    }
    let mut out = Vec::new();
    for (at, part) in (1..).zip(&indicator.parts) {
        let table = match &part.table {
            None => None,
            Some(id) => {
                let measured: Vec<&NoisyTable> = bundle.tables.iter().map(|t| &t.noisy).collect();
                let wrong = || IndicatorError::Wrong(indicator.id.clone(), format!("its table {id} is missing"));
                Some(Table::find(&bundle.workload, id, measured).ok_or_else(wrong)?)
            }
        };
        for year in years(ask, part, table.as_ref())? {
            for category in &part.categories {
                for (sex, age) in indicator.sexes.iter().flat_map(|s| indicator.ages.iter().map(move |a| (s, a))) {
                    let place = Place { at, part, category, sex, age, year: &year };
                    let count = ask.count(&place, table.as_ref());
                    let rate = ask.rate(&place, &count);
                    out.push(count);
                    out.extend(rate);
                }
            }
        }
    }
    Ok(out)
}

/// The years of a part.
fn years(ask: &Request<'_>, part: &Part, table: Option<&Table<'_>>) -> Result<Vec<Year>, IndicatorError> {
    let Some(dimension) = table.and_then(|t| part.years_of(t.spec)) else {
        let (label, year) = match (ask.year, part.not_held.is_some()) {
            (Some(year), true) => (year.to_string(), Some(year)),
            _ => (ask.bundle.info.period.clone(), None),
        };
        return Ok(vec![Year { label, select: Select::new(), single: year }]);
    };
    let of = |category: &accord_standard::dimension::Category| {
        let year = category.low.filter(|low| category.high == Some(*low));
        let label = match year {
            Some(year) => year.to_string(),
            None if category.id == "unknown" => "Unknown".to_owned(),
            None => category.label.clone(),
        };
        Year { label, select: Select::from([(dimension.id.clone(), vec![category.id.clone()])]), single: year }
    };
    let all: Vec<Year> = dimension.categories.iter().map(of).collect();
    let Some(asked) = ask.year else { return Ok(all) };
    let has = all.iter().filter_map(|y| y.single).map(|y| y.to_string()).collect::<Vec<_>>().join(", ");
    let found: Vec<Year> = all.into_iter().filter(|y| y.single == Some(asked)).collect();
    if found.is_empty() { Err(IndicatorError::Year { year: asked, has }) } else { Ok(found) }
}

/// Where a row stands.
struct Place<'a> {
    at: usize,
    part: &'a Part,
    category: &'a CategoryRow,
    sex: &'a Axis,
    age: &'a Axis,
    year: &'a Year,
}

impl Request<'_> {
    fn count(&self, place: &Place<'_>, table: Option<&Table<'_>>) -> Row {
        let reason = place.part.not_held.as_ref().or(place.category.not_held.as_ref());
        let (value, reliability, figures, note) = match (table, reason) {
            (Some(table), None) => {
                let Place { part, category, sex, age, year, .. } = place;
                let within = [&part.among, &category.select, &sex.select, &age.select, &year.select];
                let (value, reliability, figures) = self.taken(table, &table.cells(&within, &[]));
                (value, reliability, figures, String::new())
            }
            (_, reason) => {
                let value = FigureValue::Symbol { symbol: Symbol::NotCollected, range: None };
                (value, Reliability::NotShown, Vec::new(), reason.cloned().unwrap_or_default())
            }
        };
        self.row(place, COUNTS.to_owned(), (value, reliability), figures, note)
    }

    /// One cell is its published figure; several are summed as measured.
    fn taken(&self, table: &Table<'_>, cells: &[usize]) -> (FigureValue, Reliability, Vec<String>) {
        let published = self.bundle.tables.iter().find(|t| t.id == table.spec.id);
        let figure = |cell: &usize| published.and_then(|t| t.figures.get(*cell));
        let ids = cells.iter().filter_map(|cell| figure(cell).map(|f| f.id.clone())).collect();
        if let [cell] = cells
            && let Some(figure) = figure(cell)
        {
            return (figure.value.clone(), figure.reliability, ids);
        }
        let (value, reliability) = shown::count(table.sum(cells));
        (value, reliability, ids)
    }

    /// The same for so many residents. `None` where no rate is asked for or no residents were given.
    fn rate(&self, place: &Place<'_>, count: &Row) -> Option<Row> {
        let (per, residents) = (self.indicator.per?, self.residents?);
        let not_applicable = || {
            let value = FigureValue::Symbol { symbol: Symbol::NotApplicable, range: None };
            (value, Reliability::NotShown, "There is no population to divide by.".to_owned())
        };
        let sex = place.sex.residents.as_ref().and_then(|r| r.sex.as_deref());
        let ages = place.age.residents.as_ref().and_then(|r| r.ages);
        let (value, reliability, note) = match (sex, ages, place.year.single, self.area) {
            (Some(sex), Some(ages), Some(year), Some(area)) => match residents.residents(&area.iso3, year, sex, ages) {
                Ok(people) => {
                    let value = rate(&count.value, f64::from(per) / people);
                    let note = format!("Residents: {people:.0}.");
                    (value, count.reliability, note)
                }
                Err(why) => {
                    let reason = why.to_string();
                    (FigureValue::Refused { reason: reason.clone() }, Reliability::NotShown, reason)
                }
            },
            (Some(_), Some(_), Some(_), None) => {
                let reason = "the reporting area was not named, so there are no residents to divide by".to_owned();
                (FigureValue::Refused { reason: reason.clone() }, Reliability::NotShown, reason)
            }
            _ => not_applicable(),
        };
        let unit = format!("Rate per {} population", grouped(per));
        let mut row = self.row(place, unit, (value, reliability), count.figures.clone(), note);
        row.figure.push_str(".rate");
        Some(row)
    }

    fn row(
        &self,
        place: &Place<'_>,
        unit: String,
        (value, reliability): (FigureValue, Reliability),
        figures: Vec<String>,
        note: String,
    ) -> Row {
        let Place { at, part, category, sex, age, year } = place;
        let (release, indicator) = (&self.bundle.info.id, &self.indicator.id);
        let parts = [&category.label, &sex.label, &age.label, &year.label].map(|l| slug(l));
        Row {
            figure: format!("{release}.indicator.{indicator}.p{at}.{}", parts.join(".")),
            iso3: self.area.map(|a| a.iso3.clone()).unwrap_or_default(),
            country: self.area.map(|a| a.name.clone()).unwrap_or_default(),
            indicator: part.indicator.clone(),
            dimension: part.dimension.clone(),
            category: category.label.clone(),
            sex: sex.label.clone(),
            age: age.label.clone(),
            year: year.label.clone(),
            unit,
            flag: flag(&value, reliability).to_owned(),
            value,
            reliability,
            note,
            figures,
        }
    }
}

/// A count for so many residents, with its interval rounded outwards.
fn rate(count: &FigureValue, factor: f64) -> FigureValue {
    let down = |n: u64| (n as f64 * factor * 100.0 + 1e-9).floor() / 100.0;
    let up = |n: u64| (n as f64 * factor * 100.0 - 1e-9).ceil() / 100.0;
    let estimate = |value: Option<u64>, low: u64, high: u64| {
        let (low, high) = (down(low), up(high));
        FigureValue::Estimate {
            value: value.map(|v| ((v as f64 * factor * 100.0).round() / 100.0).clamp(low, high)),
            low,
            high,
            measure: Measure::Per100000,
            includes: Includes::Noise,
        }
    };
    match count {
        FigureValue::Count { value, low, high } => estimate(Some(*value), *low, *high),
        FigureValue::Range { low, high } => estimate(None, *low, *high),
        FigureValue::Symbol { symbol, .. } => FigureValue::Symbol { symbol: *symbol, range: None },
        other => other.clone(),
    }
}

/// How to read a value.
const fn flag(value: &FigureValue, reliability: Reliability) -> &'static str {
    match value {
        FigureValue::Symbol { symbol, .. } => symbol.mark(),
        FigureValue::Refused { .. } => "refused",
        _ => match reliability {
            Reliability::Solid => "",
            Reliability::Care => "use with care",
            Reliability::RangeOnly => "range only",
            Reliability::NotShown => "[c]",
        },
    }
}

/// Lower case letters and digits, everything else one `_`.
fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// 100000 as 100,000.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;

//! Official figures: UNODC's national data on trafficking in persons (GLOTIP) in its long form, from a file that the user
//! gives, so that a country's own figures can stand beside a release's.
//!
//! Values that UNODC suppressed (`<5`) stay suppressed. Some could be worked out from published totals; nothing here does, and
//! nothing that prints them may.
//!
//! **It must never know** records. The file is not part of the project.

use crate::plain::{self, TextError};
use std::collections::BTreeMap;

/// Most rows of a file.
const MOST_ROWS: usize = 2_000_000;

/// Columns that are read; others are left aside.
const COLUMNS: [&str; 11] = [
    "Iso3_code",
    "Country",
    "Indicator",
    "Dimension",
    "Category",
    "Sex",
    "Age",
    "Year",
    "Unit of measurement",
    "txtVALUE",
    "Source",
];

/// An official value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Official {
    /// A number as published.
    Count(u64),
    /// Suppressed: fewer than so many, and not known here.
    FewerThan(u64),
}

impl std::fmt::Display for Official {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Official::Count(n) => write!(f, "{n}"),
            Official::FewerThan(n) => write!(f, "<{n}"),
        }
    }
}

/// One official figure.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OfficialRow {
    /// Country or area, ISO 3166-1 alpha-3.
    pub iso3: String,
    /// Its name in the file.
    pub country: String,
    /// Such as "Detected trafficking victims".
    pub indicator: String,
    /// Such as "by form of exploitation".
    pub dimension: String,
    /// Such as "Forced labour".
    pub category: String,
    /// Female, Male, Other, Unknown, Total.
    pub sex: String,
    /// "0 to 17 years", "18 years or over", Unknown, Total.
    pub age: String,
    /// Year.
    pub year: u16,
    /// Such as "Counts".
    pub unit: String,
    /// The value.
    pub value: Official,
    /// Where it comes from, as the file says.
    pub source: String,
}

/// Why a file of official figures can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfficialError {
    /// The file has no text.
    #[error("the file of official figures can't be read: {0}")]
    Text(#[from] TextError),
    /// A column is missing.
    #[error("the file of official figures has no column {0}; UNODC's long form is read (data_glotip)")]
    Column(&'static str),
    /// A row that can't be right.
    #[error("line {line} of the file of official figures: {what}")]
    Row {
        /// Line, from 1 for the header.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// All official figures of a file, by country and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficialFigures {
    rows: BTreeMap<(String, u16), Vec<OfficialRow>>,
}

impl OfficialFigures {
    /// Reads UNODC's long form: CSV, plain or gzip.
    ///
    /// # Errors
    /// [`OfficialError`] with the line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<OfficialFigures, OfficialError> {
        let text = plain::text(bytes)?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| OfficialError::Column(COLUMNS[0]))?.clone();
        let mut at = [0; COLUMNS.len()];
        for (slot, name) in at.iter_mut().zip(COLUMNS) {
            *slot = header.iter().position(|h| h.trim() == name).ok_or(OfficialError::Column(name))?;
        }
        let mut figures = OfficialFigures::default();
        for (index, record) in reader.records().enumerate() {
            let wrong = |what| OfficialError::Row { line: index + 2, what };
            if index >= MOST_ROWS {
                return Err(wrong("more rows than the file can have"));
            }
            let record = record.map_err(|_| wrong("it is no line of CSV"))?;
            let cells: Option<Vec<&str>> = at.iter().map(|c| record.get(*c).map(str::trim)).collect();
            let row = parsed(&cells.ok_or_else(|| wrong("it has too few cells"))?).map_err(wrong)?;
            figures.rows.entry((row.iso3.clone(), row.year)).or_default().push(row);
        }
        Ok(figures)
    }

    /// Figures of a country in a year for an indicator, in the file's order. The file has some rows more than once, with
    /// different values; all are given, and none is chosen.
    pub fn of<'a>(&'a self, iso3: &str, year: u16, indicator: &'a str) -> impl Iterator<Item = &'a OfficialRow> {
        let rows = self.rows.get(&(iso3.to_owned(), year)).map_or(&[][..], Vec::as_slice);
        rows.iter().filter(move |r| r.indicator == indicator)
    }

    /// Every figure.
    pub fn rows(&self) -> impl Iterator<Item = &OfficialRow> {
        self.rows.values().flatten()
    }

    /// Whether there is any figure for a country.
    pub fn has_country(&self, iso3: &str) -> bool {
        self.rows.range((iso3.to_owned(), 0)..=(iso3.to_owned(), u16::MAX)).next().is_some()
    }
}

fn parsed(cells: &[&str]) -> Result<OfficialRow, &'static str> {
    let [iso3, country, indicator, dimension, category, sex, age, year, unit, value, source] = cells else {
        return Err("it has too few cells");
    };
    if iso3.is_empty() || iso3.len() > 8 {
        return Err("a country has a code (ISO 3166-1 alpha-3)");
    }
    let year = year.parse().map_err(|_| "the year is no year")?;
    let value = official(value).ok_or("the value is neither a whole number nor a suppressed one such as <5")?;
    let text = |cell: &&str| (*cell).to_owned();
    Ok(OfficialRow {
        iso3: text(iso3),
        country: text(country),
        indicator: text(indicator),
        dimension: text(dimension),
        category: text(category),
        sex: text(sex),
        age: text(age),
        year,
        unit: text(unit),
        value,
        source: text(source),
    })
}

/// `1,482` is a number, `<5` a suppressed one, and everything else neither.
fn official(text: &str) -> Option<Official> {
    let number = |text: &str| -> Option<u64> {
        let mut groups = text.split(',');
        let first = groups.next()?;
        let digits = |g: &str| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit());
        let rest: Vec<&str> = groups.collect();
        let fits =
            digits(first) && rest.iter().all(|g| g.len() == 3 && digits(g)) && (rest.is_empty() || first.len() <= 3);
        fits.then(|| text.replace(',', "").parse().ok())?
    };
    match text.strip_prefix('<') {
        Some(limit) => number(limit.trim()).map(Official::FewerThan),
        None => number(text).map(Official::Count),
    }
}

#[cfg(test)]
mod tests;

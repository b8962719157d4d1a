//! Residents: the denominators of rates, from a file that the user gives.
//!
//! Two shapes of the United Nations' World Population Prospects are read: one row a sex (`iso3, year, sex, age,
//! pop_thousands`) and the Population Division's own (`ISO3_code, Time, AgeGrpStart, AgeGrpSpan, PopMale, PopFemale`). Both
//! give thousands.

use crate::plain::{self, TextError};
use std::collections::BTreeMap;

/// Most rows of a file.
const MOST_ROWS: usize = 5_000_000;
/// Age that stands for "and over".
const OPEN: u16 = 130;

/// Residents by country, year, sex and band of ages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    countries: BTreeMap<String, BTreeMap<u16, Vec<Band>>>,
}

/// Residents of one sex in one band of ages.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Band {
    is_female: bool,
    low: u16,
    high: u16,
    people: f64,
}

/// Why there are no residents to divide by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// The file has no text.
    #[error("the file of denominators can't be read: {0}")]
    Text(#[from] TextError),
    /// Neither of the two shapes.
    #[error(
        "the file of denominators has neither the columns iso3, year, sex, age, pop_thousands nor ISO3_code, Time, AgeGrpStart, AgeGrpSpan, PopMale, PopFemale"
    )]
    Columns,
    /// A row that can't be right.
    #[error("line {line} of the file of denominators: {what}")]
    Row {
        /// Line, from 1 for the header.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The file has no rows.
    #[error("the file of denominators has no rows")]
    Empty,
    /// No such country.
    #[error("the file of denominators has no country {0}")]
    Country(String),
    /// A year before the first or after the last.
    #[error("the file of denominators has {from} to {to} for this country, not {year}; nothing is extrapolated")]
    Year {
        /// The year asked for.
        year: u16,
        /// First year of the file.
        from: u16,
        /// Last year of the file.
        to: u16,
    },
    /// Bands that leave some of the ages out.
    #[error("the file of denominators does not hold all residents aged {0} to {1}")]
    Ages(u16, u16),
}

/// One row, parsed.
struct Row {
    iso3: String,
    year: u16,
    band: Band,
}

impl Population {
    /// Reads a file: CSV, plain or gzip.
    ///
    /// # Errors
    /// [`PopulationError`] with the line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Population, PopulationError> {
        let text = plain::text(bytes)?;
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().map_err(|_| PopulationError::Columns)?.clone();
        let at = |name: &str| header.iter().position(|h| h.trim() == name);
        let all = |names: &[&str]| names.iter().map(|n| at(n)).collect::<Option<Vec<usize>>>();
        let long = all(&["iso3", "year", "sex", "age", "pop_thousands"]);
        let wide = all(&["ISO3_code", "Time", "AgeGrpStart", "AgeGrpSpan", "PopMale", "PopFemale"]);
        let read = |cells: &[&str]| if long.is_some() { long_row(cells) } else { wide_row(cells) };
        let columns = long.as_ref().or(wide.as_ref()).ok_or(PopulationError::Columns)?.clone();
        let mut population = Population::default();
        for (index, record) in reader.records().enumerate() {
            let line = index + 2;
            let wrong = |what: &str| PopulationError::Row { line, what: what.to_owned() };
            if index >= MOST_ROWS {
                return Err(wrong("more rows than a file of denominators can have"));
            }
            let record = record.map_err(|e| wrong(&e.to_string()))?;
            let cells: Option<Vec<&str>> = columns.iter().map(|c| record.get(*c).map(str::trim)).collect();
            let cells = cells.ok_or_else(|| wrong("it has too few cells"))?;
            for row in read(&cells).map_err(|what| wrong(&what))? {
                population.add(row).map_err(|what| wrong(&what))?;
            }
        }
        if population.countries.is_empty() { Err(PopulationError::Empty) } else { Ok(population) }
    }

    fn add(&mut self, row: Row) -> Result<(), String> {
        let bands = self.countries.entry(row.iso3).or_default().entry(row.year).or_default();
        let new = row.band;
        if bands.iter().any(|b| b.is_female == new.is_female && b.low <= new.high && new.low <= b.high) {
            return Err(format!("ages {} to {} stand there twice for this country, year and sex", new.low, new.high));
        }
        bands.push(new);
        Ok(())
    }

    /// Residents of `sex` (`F`, `M` or `both`) aged `ages[0]` to `ages[1]`, 130 standing for "and over". A band that is cut is
    /// split evenly by years of age; a year between two of the file is interpolated linearly.
    ///
    /// # Errors
    /// If the file does not hold them. Nothing is extrapolated.
    pub fn residents(&self, iso3: &str, year: u16, sex: &str, ages: [u16; 2]) -> Result<f64, PopulationError> {
        let years = self.countries.get(iso3).ok_or_else(|| PopulationError::Country(iso3.to_owned()))?;
        let before = years.range(..=year).next_back();
        let after = years.range(year..).next();
        let (Some((from, bands)), Some((to, later))) = (before, after) else {
            let first = years.keys().next().copied().unwrap_or_default();
            let last = years.keys().next_back().copied().unwrap_or_default();
            return Err(PopulationError::Year { year, from: first, to: last });
        };
        let (a, b) = (of(bands, sex, ages)?, of(later, sex, ages)?);
        let share = if to == from { 0.0 } else { f64::from(year - from) / f64::from(to - from) };
        Ok(a + (b - a) * share)
    }
}

/// Residents within bands.
fn of(bands: &[Band], sex: &str, [low, high]: [u16; 2]) -> Result<f64, PopulationError> {
    let mut sum = 0.0;
    for is_female in [true, false] {
        if (sex == "F" && !is_female) || (sex == "M" && is_female) {
            continue;
        }
        let mut covered = 0_u32;
        for band in bands.iter().filter(|b| b.is_female == is_female && b.low <= high && low <= b.high) {
            let years = u32::from(band.high.min(high) - band.low.max(low)) + 1;
            let whole = u32::from(band.high - band.low) + 1;
            if band.high == OPEN && years < whole {
                return Err(PopulationError::Ages(low, high));
            }
            covered += years;
            sum += band.people * f64::from(years) / f64::from(whole);
        }
        if covered != u32::from(high - low) + 1 {
            return Err(PopulationError::Ages(low, high));
        }
    }
    if sum > 0.0 { Ok(sum) } else { Err(PopulationError::Ages(low, high)) }
}

fn long_row(cells: &[&str]) -> Result<Vec<Row>, String> {
    let [iso3, year, sex, age, people] = cells else { return Err("it has too few cells".into()) };
    let is_female = match *sex {
        "F" => true,
        "M" => false,
        _ => return Err("sex is F or M".into()),
    };
    let (low, high) = match (age.strip_suffix('+'), age.split_once('-')) {
        (Some(low), _) => (number(low)?, OPEN),
        (None, Some((low, high))) => (number(low)?, number(high)?),
        (None, None) => (number(age)?, number(age)?),
    };
    Ok(vec![row(iso3, year, is_female, low, high, people)?])
}

fn wide_row(cells: &[&str]) -> Result<Vec<Row>, String> {
    let [iso3, year, low, span, men, women] = cells else { return Err("it has too few cells".into()) };
    if iso3.is_empty() {
        // Regions of the world have no code of a country.
        return Ok(Vec::new());
    }
    let low = number(low)?;
    let high = match *span {
        "-1" => OPEN,
        span => low + number(span)?.saturating_sub(1),
    };
    Ok(vec![row(iso3, year, true, low, high, women)?, row(iso3, year, false, low, high, men)?])
}

fn row(iso3: &str, year: &str, is_female: bool, low: u16, high: u16, thousands: &str) -> Result<Row, String> {
    if iso3.len() != 3 || !iso3.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err("a country has a code of three capital letters (ISO 3166-1)".into());
    }
    let year: u16 = year.parse().ok().filter(|y| (1900..=2100).contains(y)).ok_or("a year is 1900 to 2100")?;
    if low > high {
        return Err("a band of ages goes from the lower to the higher".into());
    }
    let thousands: f64 = thousands.parse().map_err(|_| "the number of residents is no number")?;
    if !(0.0..=1e8).contains(&thousands) {
        return Err("the number of residents, in thousands, can't be right".into());
    }
    Ok(Row { iso3: iso3.to_owned(), year, band: Band { is_female, low, high, people: thousands * 1000.0 } })
}

fn number(text: &str) -> Result<u16, String> {
    text.trim().parse().ok().filter(|n| *n <= OPEN).ok_or_else(|| "an age is a whole number up to 130".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: &str = "iso3,year,sex,age,pop_thousands\nNAM,2020,F,0-9,100\nNAM,2020,F,10-19,200\nNAM,2020,F,20+,300\n\
NAM,2020,M,0-9,110\nNAM,2020,M,10-19,210\nNAM,2020,M,20+,310\nNAM,2025,F,0-9,200\nNAM,2025,F,10-19,300\n\
NAM,2025,F,20+,400\nNAM,2025,M,0-9,1\nNAM,2025,M,10-19,1\nNAM,2025,M,20+,1\n";

    #[test]
    fn bands_are_summed_split_evenly_and_interpolated() {
        let population = Population::parse(LONG.as_bytes()).unwrap();
        let ask = |year, sex, ages| population.residents("NAM", year, sex, ages);
        assert_eq!(ask(2020, "F", [0, 130]), Ok(600_000.0));
        assert_eq!(ask(2020, "F", [0, 17]), Ok(100_000.0 + 200_000.0 * 0.8));
        assert_eq!(ask(2020, "both", [18, 130]), Ok(200_000.0 * 0.2 + 300_000.0 + 210_000.0 * 0.2 + 310_000.0));
        assert_eq!(ask(2022, "F", [0, 9]), Ok(140_000.0));
        assert_eq!(ask(2026, "F", [0, 9]), Err(PopulationError::Year { year: 2026, from: 2020, to: 2025 }));
        assert_eq!(ask(2020, "F", [20, 30]), Err(PopulationError::Ages(20, 30)), "an open band is never split");
        assert!(matches!(population.residents("ZAF", 2020, "F", [0, 9]), Err(PopulationError::Country(_))));
    }

    #[test]
    fn the_population_divisions_own_shape_is_read_and_regions_are_left_out() {
        let text = "ISO3_code,Time,AgeGrpStart,AgeGrpSpan,PopMale,PopFemale\n,2024,0,1,9,9\nNAM,2024,0,1,1.5,2.5\nNAM,2024,1,-1,3,4\n";
        let population = Population::parse(text.as_bytes()).unwrap();
        assert_eq!(population.residents("NAM", 2024, "both", [0, 130]), Ok(11_000.0));
        assert_eq!(population.residents("NAM", 2024, "M", [0, 0]), Ok(1_500.0));
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_line() {
        let with = |row: &str| Population::parse(format!("iso3,year,sex,age,pop_thousands\n{row}\n").as_bytes());
        for (row, says) in [
            ("NAM,2020,W,0-4,1", "sex is F or M"),
            ("nam,2020,F,0-4,1", "three capital letters"),
            ("NAM,20,F,0-4,1", "a year is"),
            ("NAM,2020,F,4-0,1", "lower to the higher"),
            ("NAM,2020,F,x,1", "whole number up to 130"),
            ("NAM,2020,F,0-4,many", "no number"),
            ("NAM,2020,F,0-4,-1", "can't be right"),
            ("NAM,2020,F", "too few cells"),
            ("NAM,2020,F,0-4,1\nNAM,2020,F,3-7,1", "line 3"),
        ] {
            let said = with(row).unwrap_err().to_string();
            assert!(said.contains(says) && said.contains("line"), "{row}: {said}");
        }
        assert_eq!(Population::parse(b"a,b\n1,2\n"), Err(PopulationError::Columns));
        assert_eq!(with("").unwrap_err(), PopulationError::Empty);
        assert!(matches!(Population::parse(&[0x1f, 0x8b, 1, 2]), Err(PopulationError::Text(TextError::Damaged))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Population::parse(&bytes);
        }

        #[test]
        fn children_and_adults_are_everyone(cut in 0_u16..20, year in 2020_u16..=2025) {
            let population = Population::parse(LONG.as_bytes()).unwrap();
            let ask = |ages| population.residents("NAM", year, "both", ages).unwrap();
            prop_assert!((ask([0, cut]) + ask([cut + 1, 130]) - ask([0, 130])).abs() < 1e-6 || cut + 1 > 20);
        }
    }
}

//! Ages against the law that applied, with the embedded codebook.

use super::super::Derivation;
use crate::model::{Age, AgePrecision, Cell, Date, Record};
use accord_standard::codebook::Codebook;
use accord_standard::dimension::{Category, Dimension, Law, LegalAge, Rule};

/// Bands: under by three and more, by two and one, over by none and one, by more.
fn dimension(ages: Vec<LegalAge>) -> Dimension {
    let band = |id: &str, gap_low, gap_high| Category { id: id.into(), gap_low, gap_high, ..Category::default() };
    Dimension {
        id: "d".into(),
        field: "age_at_identification".into(),
        rule: Rule::Law,
        law: Some(Law {
            domain: "majority".into(),
            jurisdiction: "majority_law".into(),
            on: "registration_date".into(),
            version: "1".into(),
            ages,
        }),
        categories: vec![
            band("long_before", None, Some(-3)),
            band("before", Some(-2), Some(-1)),
            band("after", Some(0), Some(1)),
            band("long_after", Some(2), None),
            band("unknown", None, None),
        ],
        ..Dimension::default()
    }
}

fn age(years: u8, sex: Option<&str>, from: Option<u16>, to: Option<u16>) -> LegalAge {
    LegalAge { jurisdiction: "MDA".into(), sex: sex.map(Into::into), years, from, to, source: "invented".into() }
}

/// A record with an age, a law, a year and a sex, each if given.
fn record(years: (u8, u8), place: Option<&str>, year: Option<i16>, sex: Option<&str>) -> Record {
    let book = Codebook::embedded();
    let field = |id: &str| book.field(id).unwrap();
    let code = |id: &str, code: &str| Cell::Code(book.list_of(field(id)).unwrap().code(code).unwrap());
    let mut cells = vec![(
        field("age_at_identification"),
        Cell::Age(Age { low: years.0, high: years.1, precision: AgePrecision::Range }),
    )];
    cells.extend(place.map(|p| (field("majority_law"), code("majority_law", p))));
    cells.extend(sex.map(|s| (field("sex_registered"), code("sex_registered", s))));
    cells.extend(year.map(|year| (field("registration_date"), Cell::Date(Date { year, month: 0, day: 0 }))));
    cells.sort_by_key(|(field, _)| *field);
    Record { cells, ..Record::default() }
}

fn found(ages: &[LegalAge], record: &Record) -> u8 {
    let mut out = Vec::new();
    Derivation::new(&dimension(ages.to_vec()), Codebook::embedded()).unwrap().categories(record, &mut out);
    assert_eq!(out.len(), 1);
    out[0]
}

#[test]
fn an_age_is_measured_against_the_law_of_that_place_in_that_year() {
    let laws = [age(21, None, None, Some(1999)), age(18, None, Some(2000), None)];
    for (years, year, expected) in [
        ((17, 17), 2020, 1),
        ((18, 18), 2020, 2),
        ((14, 15), 2020, 0),
        ((20, 40), 2020, 3),
        ((18, 18), 1995, 0),
        ((19, 20), 1995, 1),
    ] {
        assert_eq!(found(&laws, &record(years, Some("MDA"), Some(year), None)), expected, "{years:?} in {year}");
    }
    // A range of ages that does not fit into one band is never split.
    assert_eq!(found(&laws, &record((17, 18), Some("MDA"), Some(2020), None)), 4);
}

#[test]
fn where_place_year_or_sex_leaves_several_laws_nothing_is_guessed() {
    let changed = [age(21, None, None, Some(1999)), age(18, None, Some(2000), None)];
    assert_eq!(found(&changed, &record((17, 17), Some("MDA"), None, None)), 4);
    assert_eq!(found(&changed, &record((17, 17), None, Some(2020), None)), 4);
    assert_eq!(found(&changed, &record((17, 17), Some("ROU"), Some(2020), None)), 4);
    assert_eq!(found(&[], &record((17, 17), Some("MDA"), Some(2020), None)), 4, "without a table nobody is told");
    let by_sex = [age(16, Some("female"), None, None), age(18, Some("male"), None, None)];
    assert_eq!(found(&by_sex, &record((17, 17), Some("MDA"), Some(2020), Some("female"))), 2);
    assert_eq!(found(&by_sex, &record((17, 17), Some("MDA"), Some(2020), Some("male"))), 1);
    assert_eq!(found(&by_sex, &record((17, 17), Some("MDA"), Some(2020), None)), 4);
    assert_eq!(found(&by_sex[..1], &record((17, 17), Some("MDA"), Some(2020), None)), 4);
    // The year is not needed where the law never changed.
    assert_eq!(found(&[age(18, None, None, None)], &record((17, 17), Some("MDA"), None, None)), 1);
}

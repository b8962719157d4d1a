use super::*;
use crate::flat::page::tests::{of, people};
use accord_standard::columns::{Column, Columns};
use proptest::prelude::*;

fn group(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn lines(files: &Files) -> Vec<Line> {
    let file: AggregatesFile = parse(files, AGGREGATES_JSON).unwrap();
    file.aggregates
}

#[test]
fn a_flat_draft_says_of_a_group_what_its_aggregates_say_in_any_order_of_the_values() {
    let files = of(&people(), "Invented table", true);
    for line in lines(&files).into_iter().filter(|l| l.combination.len() == 2).step_by(7) {
        let said = like(&files, &line.combination).unwrap();
        let turned: Vec<_> = line.combination.iter().rev().cloned().collect();
        assert_eq!(like(&files, &turned).unwrap(), said);
        let range = [line.low.unwrap(), line.high.unwrap()];
        match said.value {
            FigureValue::Count { value, low, high } => assert_eq!((value, [low, high]), (line.count, range)),
            FigureValue::Range { low, high } => assert_eq!([low, high], range),
            FigureValue::Symbol { range: shown, .. } => assert_eq!(shown, Some(range)),
            FigureValue::Estimate { .. } | FigureValue::Refused { .. } => panic!("not a count"),
        }
        assert!(said.invented && said.sentence.starts_with("INVENTED DATA."));
        assert!(said.caveats.iter().any(|c| c.contains("no council")) && !said.definition.is_empty());
        assert!(said.synthetic_rows.is_some());
    }
}

#[test]
fn synthetic_rows_like_that_are_those_of_the_file() {
    let files = of(&people(), "Invented table", false);
    let text = String::from_utf8(files[SYNTHETIC_CSV].clone()).unwrap();
    let rows = text.lines().filter(|l| l.starts_with("Female,15-17,")).count() as u64;
    let said = like(&files, &group(&[("age_band", "15-17"), ("sex", "Female")])).unwrap();
    assert_eq!(said.synthetic_rows, Some(rows));
    assert!(rows > 0);
}

#[test]
fn a_value_that_a_spreadsheet_would_run_is_found_among_the_rows() {
    let values = |v: &[&str]| v.iter().map(|v| (*v).to_owned()).collect();
    let columns = Columns {
        columns: vec![Column::new("=sum", values(&["=1+1", "'=1+1"])), Column::new("b", values(&["a,b", "x"]))],
    };
    let files = of(&columns, "t", false);
    let rows = |value: &str| like(&files, &group(&[("=sum", value)])).unwrap().synthetic_rows.unwrap();
    let text = String::from_utf8(files[SYNTHETIC_CSV].clone()).unwrap();
    assert_eq!(rows("=1+1"), text.lines().filter(|l| l.starts_with("'=1+1,")).count() as u64);
    assert_eq!(rows("'=1+1"), text.lines().filter(|l| l.starts_with("''=1+1,")).count() as u64);
}

#[test]
fn a_longer_group_than_reported_has_a_range_and_no_count() {
    let files = of(&people(), "Invented table", false);
    let said =
        like(&files, &group(&[("sex", "Female"), ("age_band", "15-17"), ("country", "X"), ("platform", "a")])).unwrap();
    assert_eq!(said.reliability, Reliability::NotShown);
    assert!(matches!(said.value, FigureValue::Symbol { range: Some(_), .. }));
    assert!(said.caveats.iter().any(|c| c.contains("at most 2 values")), "{:?}", said.caveats);
}

#[test]
fn what_the_draft_does_not_know_is_answered_with_what_it_knows() {
    let files = of(&people(), "Invented table", false);
    for (pairs, says) in [
        (&[("sexx", "Female")][..], "was `sex` meant"),
        (&[("sex", "Femal")], "was `Female` meant"),
        (&[("sex", "green")], "Its values are: Male, Female"),
        (&[("planet", "x")], "age_band, platform, country"),
        (&[("sex", "Female"), ("sex", "Male")], "named twice"),
        (&[], "COLUMN=VALUE"),
    ] {
        let error = like(&files, &group(pairs)).unwrap_err();
        assert!(matches!(&error, LikeError::Group(why) if why.contains(says)), "{error}");
    }
}

#[test]
fn a_changed_draft_says_nothing() {
    let mut files = of(&people(), "Invented table", false);
    files.get_mut(AGGREGATES_JSON).unwrap().push(b' ');
    assert!(matches!(like(&files, &group(&[("sex", "Female")])), Err(LikeError::Draft(_))));
    files.remove("manifest.json");
    assert!(matches!(like(&files, &group(&[("sex", "Female")])), Err(LikeError::Draft(_))));
}

#[test]
fn a_group_is_read_with_commas_in_its_values() {
    assert_eq!(pairs("a=b, c = d=e ").unwrap(), group(&[("a", "b"), ("c", "d=e")]));
    assert_eq!(pairs("a=x, y,b=z").unwrap(), group(&[("a", "x, y"), ("b", "z")]));
    assert!(pairs("").is_err() && pairs("x,a=b").is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_as_a_group_or_refused(text in ".{0,40}") {
        let _ = pairs(&text);
    }
}

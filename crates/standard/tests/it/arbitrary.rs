//! Files from outside never panic, whatever they hold; cell numbers and categories are inverse.

use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::{Crosswalk, band};
use accord_standard::dimension;
use accord_standard::problem::MAX_FILE;
use accord_standard::workload::{TableSpec, Workload};
use proptest::prelude::*;

/// Text that looks like one of our files often enough to get past the parser.
fn toml_like() -> impl Strategy<Value = String> {
    let word = "(id|name|field|rule|code|codes|flag|record_id|sex_registered|event|event\\.1\\.techuse|p2|values|title|\
        version|label|definition|number|share|table|dimensions|sex|age_band|any|low|high|missing|1|-1|99999999999|é)";
    let line = (
        word,
        prop_oneof![Just("= '"), Just("= ["), Just("= { "), Just("= ")],
        word,
        prop_oneof![Just("'"), Just("]"), Just(" }"), Just("")],
    );
    let header = prop_oneof![Just("[[column]]"), Just("[[table]]"), Just("[[field]]"), Just("[[dimension]]"), Just("")];
    proptest::collection::vec((header, line), 0..12).prop_map(|rows| {
        rows.into_iter().map(|(h, (a, b, c, d))| format!("{h}\n{a} {b}{c}{d}\n")).collect::<Vec<_>>().concat()
    })
}

fn parse_all(text: &str) {
    let _ = Crosswalk::parse(text);
    let _ = Workload::parse(text, dimension::embedded());
    let _ = dimension::parse(text, Codebook::embedded());
    let _ = Codebook::load(text, &[("x", text)]);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        parse_all(&text);
    }

    #[test]
    fn text_that_looks_like_a_data_file_never_panics(text in toml_like()) {
        parse_all(&text);
    }

    #[test]
    fn a_mapping_with_arbitrary_words_never_panics(
        name in ".{0,20}", field in "[a-z0-9_.]{0,30}", cell in ".{0,20}", target in ".{0,20}", code in ".{0,20}",
        rule in prop_oneof![Just("code"), Just("codes"), Just("flag"), Just("flag_one_of"), Just("age_band"), Just("date"),
            Just("integer"), Just("text"), Just("consent"), Just("ignore"), Just("record_id"), Just("age")],
    ) {
        let quote = |t: &str| toml::Value::String(t.to_owned()).to_string();
        let text = format!(
            "id = 'x'\ntitle = 'x'\nmissing = [{cell}]\n[[column]]\nname = {}\nfield = '{field}'\nrule = '{rule}'\n\
             codes = [{}]\nvalues = {{ {cell} = {} }}\n",
            quote(&name), quote(&code), quote(&target), cell = quote(&cell),
        );
        parse_all(&text);
    }

    #[test]
    fn a_band_reads_back_as_it_was_written(low in 0u8..=120, width in 0u8..=120) {
        let high = low.saturating_add(width).min(120);
        prop_assert_eq!(band(&format!("{low}-{high}")), Some((low, Some(high))));
        prop_assert_eq!(band(&format!("{low}+")), Some((low, None)));
    }

    #[test]
    fn band_and_column_paths_never_panic(text in ".{0,40}") {
        let _ = band(&text);
        let _ = Codebook::embedded().column(&text);
        let _ = Codebook::embedded().field(&text);
        for list in Codebook::embedded().lists.values() {
            let _ = list.find(&text);
        }
    }

    #[test]
    fn cell_numbers_and_categories_are_inverse(picks in proptest::collection::vec(0usize..64, 1..4), cell in 0usize..100_000) {
        let all = dimension::embedded();
        let dimensions = picks.iter().map(|i| all[i % all.len()].clone()).collect();
        let table = TableSpec { id: "t".into(), title: "t".into(), dimensions, share: 1000, refines: None, among: None };
        let cell = cell % table.cells();
        let categories = table.categories_of(cell);
        prop_assert_eq!(table.cell_of(&categories), cell);
        for (category, dimension) in categories.iter().zip(&table.dimensions) {
            prop_assert!(*category < dimension.size());
        }
        prop_assert_eq!(table.key_of(cell).split('.').count(), table.dimensions.len());
    }
}

#[test]
fn a_file_too_long_to_be_a_data_file_is_refused_unread() {
    let text = " ".repeat(MAX_FILE + 1);
    assert!(Crosswalk::parse(&text).unwrap_err().to_string().contains("longer than"));
}

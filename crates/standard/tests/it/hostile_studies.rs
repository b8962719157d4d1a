//! Studies from outside that ask for too much, or for something that is not what it says.

use accord_standard::codebook::Codebook;
use accord_standard::dimension;
use accord_standard::study::Study;
use std::fmt::Write as _;

const OTHER: &str = include_str!("other_study.toml");

fn refused(text: &str, why: &str) {
    let error = Study::parse(text, dimension::embedded(), Codebook::embedded()).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    assert!(error.len() < 20_000, "an error of {} bytes", error.len());
}

fn with_dimension(of: &str) -> String {
    format!("{OTHER}\n[[dimension]]\nid = \"hostile\"\nlabel = \"h\"\ndefinition = \"d\"\n{of}\n")
}

#[test]
fn a_short_text_does_not_ask_for_much_memory() {
    let mut groups = String::new();
    for at in 0..400 {
        let _ = write!(groups, "{{ id = \"g{at}\", label = \"g\", codes = [] }},");
    }
    let side = format!("{{ field = \"event.techuse\", group = [{groups}] }}");
    let several = "field = \"event.techuse\"\nrule = \"all_matches\"\n";
    refused(&with_dimension(&format!("{several}product = [{side}, {side}, {side}]")), "has no codes");
    let all = "{ field = \"event.techuse\" }";
    refused(&with_dimension(&format!("{several}product = [{all}, {all}, {all}]")), "more than 255");
    refused(
        &with_dimension("field = \"event.techuse\"\nrule = \"steps\"\nsteps = { field = \"event.techuse\" }"),
        "more than 255 steps",
    );
    let cuts: Vec<String> = (0..60_000).map(|n| n.to_string()).collect();
    let bands = format!("field = \"age_at_identification\"\nrule = \"age_band\"\ncuts = [{}]", cuts.join(","));
    refused(&with_dimension(&bands), "at most 255 categories");
}

#[test]
fn what_the_standard_calls_sex_is_not_called_so_by_something_else() {
    let swapped = with_dimension(
        "field = \"sex_registered\"\nrule = \"first_match\"\ncategory = [{ id = \"female\", label = \"Female\", any = [\"male\"] }, \
         { id = \"unknown\", label = \"u\" }]",
    )
    .replace("id = \"hostile\"", "id = \"sex\"");
    refused(&swapped, "choose another id");
}

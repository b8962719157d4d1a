use super::*;
use proptest::prelude::*;

const ALL: [&str; 19] = [
    "sdg-16-2-2",
    "g1",
    "g2",
    "g3",
    "g4",
    "g5",
    "g6",
    "g7",
    "g8",
    "g9",
    "g10",
    "e1",
    "e2",
    "e3",
    "e4",
    "e5",
    "e6",
    "e7",
    "a1",
];

fn g7() -> &'static str {
    embedded::text(embedded::INDICATORS, "g7").unwrap()
}

#[test]
fn every_table_that_a_rapporteur_must_fill_in_is_there_and_holds_together() {
    assert_eq!(ids(), ALL);
    for id in ids() {
        let indicator = embedded(id).unwrap();
        assert_eq!(indicator.id, id);
        let workload = workload::embedded(&indicator.workload).unwrap();
        assert_eq!(indicator.problems(&workload), vec![]);
    }
}

#[test]
fn what_is_counted_is_called_detected_and_never_prevalence() {
    for indicator in ids().into_iter().filter_map(embedded) {
        let held = indicator.parts.iter().any(|p| p.table.is_some());
        let said = indicator.wording.to_lowercase();
        assert!(!held || said.contains("detected") || said.contains("registered"), "{}", indicator.id);
        assert!(!indicator.title.to_lowercase().contains("prevalence"));
    }
}

#[test]
fn what_courts_and_ministries_hold_is_not_collected_and_says_why() {
    for id in ["g1", "g2", "g3", "g4", "g5", "g6", "g10", "e5", "e6", "e7"] {
        let indicator = embedded(id).unwrap();
        assert!(indicator.parts.iter().all(|p| p.not_held.as_ref().is_some_and(|r| r.len() > 20)), "{id}");
    }
    let classes = &embedded("e3").unwrap().parts[0].categories;
    let told = classes.iter().filter(|c| c.not_held.is_none()).count();
    assert!(told >= 3 && told < classes.len(), "citizens of the reporting country can't be told apart");
}

#[test]
fn a_row_for_each_category_of_a_dimension_is_written_out() {
    let kinds = &embedded("e1").unwrap().parts[0].categories;
    let book = crate::codebook::Codebook::embedded();
    assert_eq!(kinds.len(), book.lists["reporting_entity_type"].codes.len() + 2, "total, every kind, unknown");
    assert!(embedded("a1").unwrap().parts[0].categories.len() > 90);
}

/// One change to a good file, and what is said of it.
fn broken(from: &str, to: &str, says: &str) {
    let text = g7().replacen(from, to, 1);
    assert_ne!(text, g7(), "{from} is not in the file");
    let said = Indicator::parse(&text, workload::embedded).unwrap_err().to_string();
    assert!(said.contains(says), "{from} -> {to}: {said}");
}

#[test]
fn a_wrong_indicator_is_refused_with_the_reason() {
    for (from, to, says) in [
        ("id = \"g7\"", "id = \"G 7\"", "an id of lower case"),
        ("workload = \"rapporteur\"", "workload = \"none\"", "there is no workload none"),
        ("workload = \"rapporteur\"", "workload = \"default\"", "has no table victims"),
        ("wording = \"detected", "wording = \"prevalence of detected", "never speak of prevalence"),
        ("wording = \"detected", "wording = \"known", "detected or registered"),
        ("table = \"victims\"", "table = \"victim\"", "has no table victim"),
        ("table = \"victims\"", "not_held = \" \"", "has a reason"),
        ("table = \"victims\"", "table = \"victims\"\nnot_held = \"x\"", "either a table or a reason"),
        ("years = \"registration_year\"", "years = \"sex\"", "names a dimension of years"),
        ("[\"female\"]", "[\"woman\"]", "has no category woman"),
        ("[\"female\"]", "[]", "at least one"),
        ("sex = [\"female\"]", "gender = [\"female\"]", "has no dimension gender"),
        ("label = \"Female\"", "label = \"Male\"", "given twice"),
        ("label = \"Female\"", "label = \" \"", "needs a label"),
        ("label = \"Female\"", "label = \"Female\"\nresidents = { ages = [1, 2] }", "told by sex"),
        ("label = \"Female\"", "label = \"Female\"\nresidents = { sex = \"W\" }", "F, M or both"),
        ("version = \"1\"", "version = \"1\"\nper = 100000", "a rate needs residents"),
        ("version = \"1\"", "version = \"1\"\nper = 0", "at least one resident"),
        ("version = \"1\"", "version = \"\"", "are needed"),
        ("version = \"1\"", "version = \"1\"\nsurprise = 1", "surprise"),
    ] {
        broken(from, to, says);
    }
}

#[test]
fn people_who_can_stand_in_several_rows_are_never_summed() {
    let text = embedded::text(embedded::INDICATORS, "a1").unwrap();
    let total = "each = \"course\"\n[[part.category]]\nlabel = \"Total\"\n";
    let text = text.replacen("each = \"course\"\n", total, 1);
    let said = Indicator::parse(&text, workload::embedded).unwrap_err().to_string();
    assert!(said.contains("several rows of course"), "{said}");
}

#[test]
fn a_row_that_takes_nothing_is_an_error() {
    let among = "among = { identification = [\"formally_identified\", \"presumed\"] }";
    broken(among, "among = { sex = [\"male\"] }", "takes no category of sex");
}

proptest! {
    /// Whatever line is lost, doubled or changed: a file is refused, or what it gives has no problem.
    #[test]
    fn any_changed_file_is_refused_or_holds_together(which in 0_usize..19, line in 0_usize..400, what in 0_u8..3, with in "[ -~]{0,20}") {
        let text = embedded::text(embedded::INDICATORS, ALL[which]).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let at = line % lines.len();
        match what {
            0 => { lines.remove(at); }
            1 => lines.insert(at, lines[at]),
            _ => lines[at] = &with,
        }
        if let Ok(indicator) = Indicator::parse(&lines.join("\n"), workload::embedded) {
            let workload = workload::embedded(&indicator.workload).unwrap();
            prop_assert_eq!(indicator.problems(&workload), vec![]);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = Indicator::parse(&text, workload::embedded);
    }
}

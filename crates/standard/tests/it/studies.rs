//! The embedded studies hold together, a new study is a file, and what is broken is refused in words.

use accord_standard::codebook::{Class, Codebook};
use accord_standard::dimension::{self, Dimension, Rule, Sequence};
use accord_standard::study::{self, Estimator, FigureSpec, Show, Study};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A study that does not come with the program, with every kind of dimension, estimator and picture.
const OTHER: &str = include_str!("other_study.toml");

fn read(text: &str) -> Result<Study, String> {
    Study::parse(text, dimension::embedded(), Codebook::embedded()).map_err(|e| e.to_string())
}

fn all() -> impl Iterator<Item = Study> {
    study::ids().map(|id| study::embedded(id).unwrap())
}

#[test]
fn the_studies_of_the_program_are_read() {
    let ids: BTreeSet<&str> = study::ids().collect();
    assert!(ids.is_superset(&BTreeSet::from(["girls", "majority", "pathways", "technology"])), "{ids:?}");
    for id in ids {
        let study = study::embedded(id).unwrap();
        assert_eq!(study.id, id);
        assert_eq!(study.problems(), vec![]);
    }
}

#[test]
fn a_study_that_the_program_does_not_know_is_a_file_and_no_code() {
    let study = read(OTHER).unwrap();
    assert!(study::ids().all(|id| id != study.id));
    let sizes: Vec<(&str, usize, u32)> =
        study.workload.tables.iter().map(|t| (t.id.as_str(), t.cells(), t.most_cells_per_person())).collect();
    assert_eq!(
        sizes,
        [
            ("people", 4 * 3, 1),
            ("services", 4 * 3 * (8 + 1), 2),
            ("pairs", 4 * (3 * 2 + 1 + 1), 2),
            ("routes", 4 * (2 + 2 + 2 + 1), 3),
            ("later", 4 * (2 * 2 + 1), 1),
            ("ages", 4 * 4 * 5, 1),
            ("years", 4 * 4, 1),
        ]
    );
    let ids = |table: &str, at: usize| -> Vec<String> {
        study.workload.table(table).unwrap().dimensions[at].categories.iter().map(|c| c.id.clone()).collect()
    };
    assert_eq!(ids("later", 1), ["seen_0_364", "seen_365_plus", "not_0_364", "not_365_plus", "unknown"]);
    assert_eq!(ids("years", 1), ["y2024", "y2025", "y2026_plus", "unknown"]);
    assert_eq!(
        ids("routes", 1),
        [
            "start__before",
            "start__exploit",
            "before__exploit",
            "before__end",
            "exploit__before",
            "exploit__end",
            "unknown"
        ]
    );
    // What travels in a bundle is whole: it is read again without the dimensions of the program.
    let text = serde_json::to_string(&study).unwrap();
    let again: Study = serde_json::from_str(&text).unwrap();
    assert_eq!(again, study);
    assert_eq!(again.problems(), vec![]);
}

#[test]
fn a_study_of_the_program_has_sex_first_girls_first_and_every_unknown_row() {
    for study in all() {
        for table in &study.workload.tables {
            assert_eq!(table.dimensions[0].id, "sex", "{} {}", study.id, table.id);
            assert!(table.dimensions.iter().all(|d| d.categories.last().unwrap().id == "unknown"));
        }
        assert!(study.workload.headlines[0].id.starts_with("girls"), "{}", study.id);
        assert!(study.workload.headlines.iter().any(|h| h.id == "sex-unknown"), "{}", study.id);
        let first = study.groups.first().unwrap();
        assert_eq!(first.select["sex"], ["female"], "{}", study.id);
        assert!(study.groups.iter().any(|g| g.select["sex"] == ["unknown"]), "{}", study.id);
    }
}

#[test]
fn a_study_of_the_program_says_detected_and_not_all_who_exist() {
    for study in all() {
        assert!(study.workload.caveats.iter().any(|c| c.contains("not all who exist")), "{}", study.id);
        assert!(study.workload.definition.contains("not all who exist"), "{}", study.id);
        assert!(study.workload.title.contains("recorded"), "{}", study.id);
        for table in &study.workload.tables {
            assert!(table.title.contains("recorded"), "{}: {}", study.id, table.title);
            let several = table.most_cells_per_person() > 1;
            assert_eq!(table.title.contains("a person can stand in"), several, "{}: {}", study.id, table.title);
        }
    }
}

#[test]
fn one_person_moves_no_table_of_a_study_by_more_than_six_cells() {
    for study in all() {
        for table in &study.workload.tables {
            let most = if table.dimensions.iter().any(|d| d.rule == Rule::Steps) { 6 } else { 4 };
            assert!(table.most_cells_per_person() <= most, "{} {}", study.id, table.id);
            assert!(table.cells() <= 2500, "{} {}: {}", study.id, table.id, table.cells());
        }
    }
}

#[test]
fn every_figure_and_every_table_of_a_study_stands_on_its_page() {
    for study in all() {
        let mut shown = BTreeSet::new();
        for show in study.sections.iter().flat_map(|s| &s.show) {
            let (Show::Figures(id) | Show::Curve(id) | Show::Flow(id) | Show::Lexis(id) | Show::Table(id)) = show;
            shown.insert(id.as_str());
        }
        for id in study.figures.iter().map(|f| &f.id).chain(study.workload.tables.iter().map(|t| &t.id)) {
            assert!(shown.contains(id.as_str()), "{}: {id} is bought and never shown", study.id);
        }
        assert!(study.sections.iter().all(|s| !s.text.is_empty()), "{}", study.id);
    }
}

#[test]
fn a_study_cuts_by_no_direct_identifier() {
    let book = Codebook::embedded();
    let class = |path: &str| book.get(book.field(path).unwrap()).class;
    for study in all() {
        for table in &study.workload.tables {
            for d in table.dimensions.iter().chain(table.among.as_ref().map(|a| &a.dimension)) {
                assert_ne!(class(&d.field), Class::Direct, "{}", d.id);
                for clause in
                    d.first.iter().chain(&d.second).flatten().chain(d.categories.iter().flat_map(|c| &c.within))
                {
                    assert_ne!(class(&clause.field), Class::Direct, "{}", d.id);
                }
            }
        }
    }
}

#[test]
fn pairs_of_use_and_service_are_the_65_cells_of_the_standard() {
    let study = study::embedded("technology").unwrap();
    let pairs = study.workload.table("pairs").unwrap().dimensions.last().unwrap();
    assert_eq!(pairs.categories.len(), 66, "64 pairs, none, and unknown");
    assert_eq!(pairs.categories.iter().filter(|c| c.within.len() == 2).count(), 64);
    assert_eq!(pairs.most_per_person(), 4);
}

#[test]
fn words_of_a_study_are_short() {
    for study in all() {
        let words = study.limits.iter().chain(study.sections.iter().map(|s| &s.text)).chain([&study.question]);
        for text in words {
            for sentence in text.split(['.', '?', ':']) {
                assert!(sentence.split_whitespace().count() <= 26, "{}: {sentence}", study.id);
            }
        }
    }
}

/// Parsing with one text replaced by another says what is wrong.
fn check(from: &str, to: &str, expected: &str) {
    let text = OTHER.replacen(from, to, 1);
    assert!(text != OTHER, "{from} is not in the file");
    let error = read(&text).err().unwrap_or_default();
    assert!(error.contains(expected), "{from} -> {to}: {error:?} does not say {expected:?}");
}

#[test]
fn a_study_that_cannot_be_made_is_refused_with_the_place() {
    check("question = \"For tests?\"", "question = ' '", "a title, a question and at least one limit");
    check("limits = [\"For tests alone.\"]", "limits = [' ']", "at least one limit");
    check("id = \"girls\"", "id = 'Girls'", "an id is lower case letters, digits and -");
    check("id = \"women\"", "id = 'girls'", "group girls: the id is given twice");
    check("label = \"Girls\"", "label = ' '", "group girls: a label and a selection");
    check("id = \"children\"", "id = 'share'", "figure share: the id is given twice");
    check("label = \"How many children\"", "label = ''", "figure children: a label and a definition");
    check("table = \"people\" # children", "table = 'nothing'", "there is no table nothing");
    check("groups = [\"girls\", \"women\"] # share", "groups = ['nobody']", "there is no group nobody");
    check("of = { age_band_unodc = [\"a0_17\"] }", "of = { hair = ['red'] }", "has no dimension hair");
    check("of = { age_band_unodc = [\"a0_17\"] }", "of = { age_band_unodc = ['a99'] }", "has no category a99");
    check("of = { age_band_unodc = [\"a0_17\"] }", "of = { age_band_unodc = [] }", "name at least one category");
    check("out_of = \"people\" # service", "", "a person can stand in several categories of kind");
    check("out_of = \"people\" # service", "out_of = 'nothing'", "there is no table nothing");
    check("out_of = \"people\" # service", "out_of = 'pairs'", "must count the same people");
    check("of = { kind = [\"social\"] }", "of = { kind = ['social', 'dating'] }", "name one category of kind");
    check("against = \"women\"", "against = 'nobody'", "there is no group nobody");
    check("years = \"year\"", "years = 'sex'", "not of the kind that it needs");
    check("years = \"year\"", "years = 'nothing'", "has no dimension nothing");
    check("steps = \"route\"", "steps = 'sex'", "not of the kind that it needs");
    check(
        "onset = \"onset\", identified = \"found\", age = 18 } }",
        "onset = 'sex', identified = 'found', age = 18 } }",
        "not of the kind",
    );
    check("outcome = \"later\"", "outcome = 'sex'", "not of the kind that it needs");
    check("most_unknown = 500", "most_unknown = 1001", "in thousandths");
    check("heading = \"All\"", "heading = ''", "a heading is needed");
    check("{ table = \"people\" }", "{ table = 'share' }", "nothing called share to show");
    check("{ figures = \"share\" }", "{ figures = 'people' }", "nothing called people to show");
    check("share = 400", "share = 401", "not to 1000");
    let nothing = OTHER.split("[[section]]").next().unwrap();
    assert!(read(&format!("{nothing}\n")).unwrap_err().contains("section"));
    let mut study = read(OTHER).unwrap();
    study.sections.clear();
    study.workload.id = "another".into();
    let said: Vec<String> = study.problems().iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|p| p.contains("at least one section")), "{said:?}");
    assert!(said.iter().any(|p| p.contains("must have the same id")), "{said:?}");
}

#[test]
fn dimensions_over_events_and_time_are_refused_with_the_place() {
    check("until = \"followed_until\"", "until = 'sex_registered'", "a date of the record");
    check("any = [\"exploited\"]", "any = ['no_such']", "has no code no_such");
    check("any = [\"exploited\"]", "any = []", "name at least one code");
    check("{ field = \"event.event_type\", any = [\"exploited\"] }", "", "would hold for every event");
    check(
        "{ field = \"event.event_type\", any = [\"exploited\"] }",
        "{ field = 'sex_registered', any = ['female'] }",
        "events have no coded field",
    );
    check("cuts = [0, 365]", "cuts = [365, 0]", "bands ");
    check("cuts = [2024, 2025, 2026]", "cuts = [2025, 2024]", "bands ");
    check("at_most = 2", "at_most = 0", "at_most is 1 to 16");
    check("cuts = [2024, 2025, 2026]", "cuts = [2024, 2025, 2026]\nat_most = 2", "at_most is 1 to 16");
    check("codes = [\"target\", \"recruit\"]", "codes = ['target', 'no_such']", "has no code no_such");
    check("codes = [\"target\", \"recruit\"]", "codes = ['target', 'exploit']", "in two groups");
    check("rollup = \"service8\" }", "rollup = 'no_list' }", "there is no list no_list");
    check(
        "values = { field = \"event.service\"",
        "values = { field = 'event.phase'",
        "values are those of event.service",
    );
    check("categories = [\"yes\"]", "categories = ['perhaps']", "has no category perhaps");
    check(
        "among = { dimension = \"technology_involved\"",
        "among = { dimension = 'no_such'",
        "there is no dimension no_such",
    );
    check("among = { dimension = \"technology_involved\"", "among = { dimension = 'kind'", "tells nobody apart");
}

proptest! {
    #[test]
    fn a_study_from_outside_never_panics(text in ".{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn a_study_with_any_line_changed_never_panics(line in 0usize..400, text in "[ -~]{0,60}", keep in any::<bool>()) {
        let mut lines: Vec<&str> = OTHER.lines().collect();
        let at = line % lines.len();
        if keep { lines.insert(at, &text) } else { lines[at] = &text }
        let _ = read(&lines.join("\n"));
    }

    #[test]
    fn bands_at_any_cuts_never_panic(cuts in proptest::collection::vec(any::<u16>(), 0..300)) {
        let _ = read(&OTHER.replacen("cuts = [0, 365]", &format!("cuts = {cuts:?}"), 1));
        let _ = read(&OTHER.replacen("cuts = [2024, 2025, 2026]", &format!("cuts = {cuts:?}"), 1));
        let _ = read(&OTHER.replacen("cuts = [0, 16, 18]", &format!("cuts = {cuts:?}"), 1));
    }
}

#[test]
fn the_example_of_the_guide_is_a_study() {
    let guide = include_str!("../../../../docs/src/guides/studies.md");
    let example = guide.split("```toml\n").nth(1).unwrap().split("\n```").next().unwrap();
    let study = read(example).unwrap();
    assert_eq!(study.workload.tables[0].cells(), 4 * 6 * 3);
    // Every estimator, rule and picture of the program is explained there.
    for word in ["first_match", "all_matches", "age_band", "year_band", "steps", "order", "elapsed"] {
        assert!(guide.contains(&format!("`{word}`")), "{word}");
    }
    let estimators =
        ["count", "share", "ratio", "trend", "crossing", "delay", "states", "jump", "transitions", "incidence"];
    for word in estimators {
        assert!(guide.contains(&format!("| `{word}` |")), "{word}");
    }
}

/// The dimension of a figure's table.
fn of_table<'a>(study: &'a Study, figure: &FigureSpec, id: &str) -> &'a Dimension {
    study.workload.table(&figure.table).unwrap().dimensions.iter().find(|d| d.id == id).unwrap()
}

#[test]
fn what_is_not_recorded_of_a_person_is_no_known_no() {
    for study in all() {
        for figure in &study.figures {
            let Estimator::Share { of, unknown, out_of, .. } = &figure.estimate else { continue };
            let here = format!("{} {}", study.id, figure.id);
            for (id, yes) in of {
                let dimension = of_table(&study, figure, id);
                // Of who can stand in several rows nothing is known beyond what is recorded.
                assert_eq!(out_of.is_some(), dimension.rule.is_several(), "{here}");
                assert!(out_of.is_none() || unknown.is_empty(), "{here}: a floor has no upper end");
                for category in &dimension.categories {
                    let one_missing = matches!(category.order, Some(Sequence::OnlyFirst | Sequence::OnlySecond));
                    let known_no =
                        !yes.contains(&category.id) && !unknown.get(id).is_some_and(|u| u.contains(&category.id));
                    assert!(!(one_missing && known_no), "{here}: {} is no known no", category.id);
                }
            }
            if out_of.is_some() {
                assert!(format!("{}{}", figure.label, figure.definition).contains("record"), "{here}");
                assert!(!figure.definition.contains("upper end"), "{here}");
            }
        }
    }
}

#[test]
fn one_event_that_says_no_is_no_answer_for_the_record() {
    let book = Codebook::embedded();
    let own = all().flat_map(|s| s.workload.tables).flat_map(|t| t.dimensions);
    for dimension in dimension::embedded().iter().cloned().chain(own) {
        if book.field(&dimension.field).is_none_or(|f| book.get(f).level != accord_standard::codebook::Level::Event) {
            continue;
        }
        for category in &dimension.categories {
            let some_event = category.any.iter().chain(category.each.iter().flatten());
            assert_eq!(some_event.filter(|c| *c == "none").count(), 0, "{}: {}", dimension.id, category.id);
        }
        let said = dimension.categories.iter().filter(|c| c.every.contains(&"none".to_owned())).count();
        let technology =
            dimension.field == "event.techuse" && dimension.categories.iter().any(|c| c.also_any == ["no"]);
        assert!(!technology || said == 1, "{}", dimension.id);
    }
    let girls = study::embedded("girls").unwrap();
    let declared = girls.workload.table("declared").unwrap().dimensions.last().unwrap();
    for category in declared.categories.iter().filter(|c| !["adult", "unknown"].contains(&c.id.as_str())) {
        assert!(category.any.is_empty() && !category.every.is_empty(), "{}: every account said so", category.id);
    }
}

#[test]
fn time_is_followed_in_the_same_bands_whether_or_not_it_happened() {
    for study in all() {
        for table in &study.workload.tables {
            for dimension in table.dimensions.iter().filter(|d| d.rule == Rule::Elapsed) {
                let bands = |reached| -> Vec<(Option<u16>, Option<u16>)> {
                    let of = dimension.categories.iter().filter(|c| c.reached == Some(reached));
                    of.map(|c| (c.low, c.high)).collect()
                };
                let here = format!("{} {}", study.id, table.id);
                assert_eq!(bands(true), bands(false), "{here}");
                assert!(dimension.until.is_some(), "{here}");
                // People without the first event are not unknown: they are not asked about.
                assert!(table.among.is_some(), "{here}");
            }
        }
        for figure in &study.figures {
            let Estimator::Share { of, .. } = &figure.estimate else { continue };
            for id in of.keys() {
                assert_ne!(of_table(&study, figure, id).rule, Rule::Elapsed, "{} {}", study.id, figure.id);
            }
        }
    }
    let pathways = study::embedded("pathways").unwrap();
    let last = |table: &str| pathways.workload.table(table).unwrap().dimensions.last().unwrap();
    assert!(last("again").recurrent, "who leaves was exploited before");
    assert!(!last("later").recurrent && !last("time").recurrent);
    assert!(last("time").categories.iter().any(|c| c.order == Some(Sequence::SecondThenFirst)));
}

#[test]
fn no_group_is_made_of_what_comes_after_the_clock_starts() {
    for study in all() {
        for figure in study.figures.iter().filter(|f| matches!(f.estimate, Estimator::Incidence { .. })) {
            for group in figure.groups.iter().map(|g| study.group(g).unwrap()) {
                for (id, categories) in &group.select {
                    for category in
                        of_table(&study, figure, id).categories.iter().filter(|c| categories.contains(&c.id))
                    {
                        assert_ne!(category.order, Some(Sequence::SecondThenFirst), "{} {}", study.id, group.id);
                    }
                }
            }
        }
    }
}

#[test]
fn who_made_contact_does_not_say_that_it_was_in_person() {
    let pathways = study::embedded("pathways").unwrap();
    for (table, at) in [("order", 2), ("later-met", 2)] {
        let dimension = &pathways.workload.table(table).unwrap().dimensions[at];
        assert!(dimension.first.iter().flatten().all(|c| c.field == "event.event_type"), "{}", dimension.id);
    }
}

#[test]
fn only_records_opened_for_the_threat_say_what_came_later_and_stand_first() {
    let pathways = study::embedded("pathways").unwrap();
    let section = pathways.sections.iter().find(|s| s.id == "extortion").unwrap();
    let at =
        |id: &str| section.show.iter().position(|s| matches!(s, Show::Curve(f) | Show::Figures(f) if f == id)).unwrap();
    assert!(at("extorted-then-exploited-opened") < at("extorted-then-exploited-met"));
    assert!(at("extorted-then-exploited-met") < at("extorted-then-exploited"));
    for id in ["extorted-then-exploited", "extorted-then-exploited-met", "extorted-then-exploited-opened"] {
        let caveats = &pathways.figure(id).unwrap().caveats;
        assert!(caveats.iter().any(|c| c.contains("age") || c.contains("Age")), "{id}: whose age");
    }
    assert!(pathways.limits.iter().any(|l| l.contains("age when found")));
    assert!(pathways.limits.iter().any(|l| l.contains("exploited fast")));
}

#[test]
fn people_who_were_identified_do_not_say_what_happens_to_the_others() {
    let majority = study::embedded("majority").unwrap();
    let text = serde_json::to_string(&majority).unwrap();
    for claim in ["would make every", "corrected for late", "means that identification", "Is a person less likely"] {
        assert!(!text.contains(claim), "{claim}");
    }
    let Estimator::Jump { age, from, until, .. } = &majority.figure("jump").unwrap().estimate else { panic!("a jump") };
    assert_eq!((*age, *from, *until), (18, 16, 19));
}

#[test]
fn a_definition_names_the_people_that_its_table_counts() {
    for study in all() {
        for figure in &study.figures {
            let table = study.workload.table(&figure.table).unwrap();
            let Some(among) = &table.among else { continue };
            let here = format!("{} {}: {}", study.id, figure.id, among.label);
            let said = match among.dimension.id.as_str() {
                "reached" => "having reached majority since their exploitation began",
                "first_harm" => "extortion for money before any event of exploitation",
                "contact_recorded" => "whose record has a first contact",
                "exit_recorded" => "whose record has an exit",
                other => panic!("no words for {other}"),
            };
            assert!(figure.definition.contains(said), "{here}");
        }
    }
}

#[test]
fn the_law_on_majority_is_known_where_any_region_is() {
    let study = study::embedded("majority").unwrap();
    let law = &study.workload.table("law").unwrap().dimensions[1];
    let regions: Vec<&str> = law.categories.iter().map(|c| c.id.as_str()).filter(|id| *id != "unknown").collect();
    let study::Estimator::Share { of, .. } = &study.figure("law-known").unwrap().estimate else { panic!("a share") };
    assert_eq!(of["law"], regions);
}

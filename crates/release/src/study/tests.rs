use super::*;
use crate::account::Rho;
use crate::bundle::Unit;
use crate::noisy::Draw;
use accord_standard::codebook::Codebook;
use accord_standard::dimension;
use accord_standard::figure::{FigureValue, Includes, Measure, Reliability};
use accord_standard::study::Study;
use proptest::prelude::*;

const STUDY: &str = r#"
id = "test"
version = "1"
title = "Test"
question = "How?"
limits = ["Detected only."]

[workload]
title = "t"
population = "invented people"
definition = "Detected."
caveats = ["Detected, not all who exist."]
[[workload.table]]
id = "whole"
title = "by sex"
dimensions = ["sex"]
share = 250
[[workload.table]]
id = "uses"
title = "by sex and use"
dimensions = ["sex", "use"]
share = 250
[[workload.table]]
id = "ages"
title = "ages"
dimensions = ["sex", "onset", "seen"]
share = 250
[[workload.table]]
id = "later"
title = "later"
dimensions = ["sex", "later"]
share = 125
[[workload.table]]
id = "years"
title = "years"
dimensions = ["sex", "year"]
share = 125

[[dimension]]
id = "use"
label = "Use"
definition = "d"
field = "event.techuse"
rule = "all_matches"
at_most = 2
category = [
    { id = "groom", label = "g", any = ["groom_relationship"] },
    { id = "pay", label = "p", any = ["receive_payment"] },
    { id = "unknown", label = "u" },
]
[[dimension]]
id = "onset"
label = "Onset"
definition = "d"
field = "age_at_first_exploitation"
rule = "age_band"
cuts = [0, 14, 15, 16, 17, 18]
[[dimension]]
id = "seen"
label = "Seen"
definition = "d"
field = "age_at_identification"
rule = "age_band"
cuts = [0, 14, 15, 16, 17, 18, 19, 20, 21]
[[dimension]]
id = "later"
label = "Later"
definition = "d"
field = "event.date"
rule = "elapsed"
cuts = [0, 365, 730]
first = [[{ field = "event.event_type", any = ["threat"] }]]
second = [[{ field = "event.event_type", any = ["exploited"] }]]
until = "followed_until"
[[dimension]]
id = "year"
label = "Year"
definition = "d"
field = "registration_date"
rule = "year_band"
category = [
    { id = "y2020", label = "2020", low = 2020, high = 2020 },
    { id = "y2021", label = "2021", low = 2021, high = 2021 },
    { id = "y2022", label = "2022", low = 2022, high = 2022 },
    { id = "unknown", label = "u" },
]

[[group]]
id = "girls"
label = "girls"
select = { sex = ["female"] }
[[group]]
id = "boys"
label = "boys"
select = { sex = ["male"] }

[[figure]]
id = "girls-share"
label = "girls"
definition = "d"
table = "whole"
estimate = { share = { of = { sex = ["female"] }, unknown = { sex = ["unknown"] } } }
[[figure]]
id = "groomed"
label = "groomed"
definition = "d"
table = "uses"
groups = ["girls"]
estimate = { share = { of = { use = ["groom"] }, out_of = "whole" } }
[[figure]]
id = "late"
label = "late"
definition = "d"
table = "later"
groups = ["girls"]
estimate = { incidence = { outcome = "later", most_unknown = 300 } }
[[figure]]
id = "crossing"
label = "crossing"
definition = "d"
table = "ages"
groups = ["girls", "boys"]
estimate = { crossing = { onset = "onset", identified = "seen", age = 18 } }
[[figure]]
id = "delay"
label = "delay"
definition = "d"
table = "ages"
groups = ["girls"]
estimate = { delay = { onset = "onset", identified = "seen", under = 18, seen_until = 20, corrected = false, years = [0, 1, 3] } }
[[figure]]
id = "jump"
label = "jump"
definition = "d"
table = "ages"
groups = ["girls"]
estimate = { jump = { onset = "onset", identified = "seen", age = 18, from = 16, until = 19 } }
[[figure]]
id = "states"
label = "states"
definition = "d"
table = "ages"
groups = ["girls"]
estimate = { states = { onset = "onset", identified = "seen", from = 15, majority = 18, until = 19 } }
[[figure]]
id = "by-year"
label = "by year"
definition = "d"
table = "years"
estimate = { trend = { years = "year" } }
[[figure]]
id = "boys-to-girls"
label = "compared"
definition = "d"
table = "years"
groups = ["boys"]
estimate = { ratio = { of = { year = ["y2022"] }, against = "girls" } }

[[section]]
id = "all"
heading = "All"
show = [{ figures = "groomed" }]
"#;

pub(super) fn study() -> Study {
    Study::parse(STUDY, dimension::embedded(), Codebook::embedded()).unwrap()
}

pub(super) fn info() -> ReleaseInfo {
    ReleaseInfo {
        id: "test-2026-1".into(),
        title: "t".into(),
        slot: "2026-1".into(),
        organisations: vec![],
        unit: Unit::People,
        population: String::new(),
        period: String::new(),
        invented: true,
        codebook: "1".into(),
        software: "test".into(),
        assumptions: vec![],
        accounts: vec![],
    }
}

/// Tables with given values by cell key and nought elsewhere, and hardly any noise.
pub(super) fn tables(study: &Study, sigma_milli: u64, values: &[(&str, &str, i64)]) -> Vec<NoisyTable> {
    let draw = Draw { sigma_milli, rho: Rho(1), sensitivity_squared: 1, entry: "e".into() };
    study
        .workload
        .tables
        .iter()
        .map(|spec| {
            let value = |cell: usize| {
                let key = spec.key_of(cell);
                values.iter().find(|(t, k, _)| *t == spec.id && *k == key).map_or(0, |(.., v)| *v)
            };
            for (table, key, _) in values.iter().filter(|(t, ..)| *t == spec.id) {
                assert!((0..spec.cells()).any(|c| spec.key_of(c) == *key), "table {table} has no cell {key}");
            }
            NoisyTable {
                table: spec.id.clone(),
                values: (0..spec.cells()).map(value).collect(),
                draws: vec![draw.clone()],
            }
        })
        .collect()
}

fn figure<'a>(all: &'a [Series], id: &str, group: Option<&str>, key: &str) -> &'a FigureValue {
    let series = all.iter().find(|s| s.figure == id && s.group.as_deref() == group).unwrap();
    &series.points.iter().find(|p| p.key == key).unwrap().figure.value
}

fn ends(value: &FigureValue) -> (Option<f64>, f64, f64) {
    match value {
        FigureValue::Estimate { value, low, high, .. } => (*value, *low, *high),
        other => panic!("{other:?}"),
    }
}

#[test]
fn shares_have_bounds_for_those_of_whom_it_is_not_known() {
    let study = study();
    let measured = tables(
        &study,
        1,
        &[("whole", "female", 600), ("whole", "male", 200), ("whole", "unknown", 200), ("uses", "female.groom", 150)],
    );
    let all = series(&info(), &study, &measured).unwrap();
    let (value, low, high) = ends(figure(&all, "girls-share", None, "known"));
    assert!(value == Some(75.0) && low > 74.0 && high < 76.0);
    let bounds = figure(&all, "girls-share", None, "bounds");
    let (value, low, high) = ends(bounds);
    assert!(value.is_none() && (59.0..=60.0).contains(&low) && (80.0..=81.0).contains(&high), "{low} {high}");
    assert!(matches!(
        bounds,
        FigureValue::Estimate { includes: Includes::NoiseAndMissing, measure: Measure::Percent, .. }
    ));
    assert_eq!(ends(figure(&all, "groomed", Some("girls"), "recorded")).0, Some(25.0));
    let groomed = all.iter().find(|s| s.figure == "groomed").unwrap();
    assert!(groomed.points.len() == 1 && groomed.points[0].figure.caveats.iter().any(|c| c.contains("at least")));
}

#[test]
fn who_was_identified_as_a_child_was_a_child_at_onset_known_or_not() {
    let study = study();
    let measured = tables(
        &study,
        1,
        &[
            ("ages", "female.a15.a16", 400),
            ("ages", "female.a15.a20", 100),
            // An onset that isn't known, identified as a child: was under 18 at onset.
            ("ages", "female.unknown.a17", 100),
            // Could have begun before or after 18.
            ("ages", "female.unknown.a20", 400),
            // Began after 18: no part of it.
            ("ages", "female.a18_plus.a20", 900),
        ],
    );
    let all = series(&info(), &study, &measured).unwrap();
    assert_eq!(ends(figure(&all, "crossing", Some("girls"), "known")).0, Some(16.7));
    let (_, low, high) = ends(figure(&all, "crossing", Some("girls"), "bounds"));
    assert!((16.0..=16.7).contains(&low) && (50.0..=51.0).contains(&high), "{low} {high}");
    assert!(matches!(figure(&all, "crossing", Some("boys"), "known"), FigureValue::Refused { .. }));
}

/// All began at 15: 200 identified at 16 and at 17 each, 300 at 18 and at 19.
fn began_at_fifteen() -> Vec<Series> {
    let people = [
        ("ages", "female.a15.a16", 200),
        ("ages", "female.a15.a17", 200),
        ("ages", "female.a15.a18", 300),
        ("ages", "female.a15.a19", 300),
    ];
    let study = study();
    series(&info(), &study, &tables(&study, 1, &people)).unwrap()
}

#[test]
fn times_from_onset_to_identification_are_those_of_the_table() {
    let all = began_at_fifteen();
    assert_eq!(ends(figure(&all, "delay", Some("girls"), "within_1")).0, Some(20.0));
    assert_eq!(ends(figure(&all, "delay", Some("girls"), "within_3")).0, Some(70.0));
    assert_eq!(ends(figure(&all, "delay", Some("girls"), "median")).0, Some(3.0));
}

#[test]
fn rates_of_identification_are_events_over_years_lived_and_jump_by_their_ratio() {
    // Of 16 and 17: 400 events; 200 live half a year, 200 one and a half, 600 two: 1,600 years. Of 18 and 19: 600 events in
    // 150 and 450 years.
    let all = began_at_fifteen();
    let rate = |key: &str| ends(figure(&all, "jump", Some("girls"), key)).0.unwrap();
    assert_eq!((rate("before"), rate("after"), rate("ratio")), (25.0, 100.0, 4.0));
}

#[test]
fn where_people_stand_by_age_adds_up_and_turns_at_eighteen() {
    let all = began_at_fifteen();
    let share = |key: &str| ends(figure(&all, "states", Some("girls"), key)).0.unwrap_or(0.0);
    assert_eq!((share("exploited_16"), share("as_child_16")), (80.0, 20.0));
    assert_eq!((share("exploited_18"), share("as_child_18"), share("as_adult_18")), (30.0, 40.0, 30.0));
}

#[test]
fn where_people_stand_is_a_share_of_those_recorded_whenever_their_exploitation_began() {
    let people =
        [("ages", "female.a14.a14", 1_800), ("ages", "female.a14.a18", 200), ("ages", "female.a17.a18", 6_000)];
    let study = study();
    let all = series(&info(), &study, &tables(&study, 1, &people)).unwrap();
    let share = |key: &str| ends(figure(&all, "states", Some("girls"), key)).0;
    assert_eq!((share("exploited_17"), share("as_child_17")), (Some(77.5), Some(22.5)));
    assert_eq!((share("as_adult_18"), share("as_child_18")), (Some(77.5), Some(22.5)));
}

#[test]
fn where_follow_up_is_missing_for_more_than_one_in_twenty_only_the_range_is_given() {
    let study = study();
    let followed =
        [("later", "female.seen_0_364", 100), ("later", "female.not_730_plus", 800), ("later", "female.unknown", 100)];
    let all = series(&info(), &study, &tables(&study, 1, &followed)).unwrap();
    assert!(matches!(figure(&all, "late", Some("girls"), "by_365"), FigureValue::Refused { .. }));
    let (value, low, high) = ends(figure(&all, "late", Some("girls"), "by_365_bounds"));
    assert!(value.is_none() && (9.5..=10.0).contains(&low) && (20.0..=20.5).contains(&high), "{low} {high}");
}

#[test]
fn a_count_that_noise_pushed_below_nought_makes_no_certainty() {
    let study = study();
    for people in [-4_000, -300, -40, -1] {
        let measured = tables(&study, 20_000, &[("whole", "female", 4_000), ("uses", "female.groom", people)]);
        let all = series(&info(), &study, &measured).unwrap();
        let (value, low, high) = ends(figure(&all, "groomed", Some("girls"), "recorded"));
        assert!(value.is_none() && low == 0.0 && low.is_sign_positive() && high >= 0.9, "{people}: {low} to {high}");
    }
}

#[test]
fn of_those_followed_a_share_is_given_by_time_and_refused_where_follow_up_is_missing() {
    let study = study();
    let followed = [
        ("later", "female.seen_0_364", 100),
        ("later", "female.seen_365_729", 100),
        ("later", "female.not_730_plus", 800),
    ];
    let all = series(&info(), &study, &tables(&study, 1, &followed)).unwrap();
    assert_eq!(ends(figure(&all, "late", Some("girls"), "by_365")).0, Some(10.0));
    assert_eq!(ends(figure(&all, "late", Some("girls"), "by_730")).0, Some(20.0));
    let lost: Vec<_> = followed.into_iter().chain([("later", "female.unknown", 900)]).collect();
    let all = series(&info(), &study, &tables(&study, 1, &lost)).unwrap();
    let FigureValue::Refused { reason } = figure(&all, "late", Some("girls"), "by_end") else { panic!() };
    assert!(reason.contains("follow-up"), "{reason}");
}

#[test]
fn a_trend_says_what_can_be_told_and_nothing_of_years_of_which_it_cannot() {
    let study = study();
    let values = [
        ("years", "female.y2020", 300),
        ("years", "female.y2021", 305),
        ("years", "female.y2022", 500),
        ("years", "male.y2022", 100),
    ];
    let all = series(&info(), &study, &tables(&study, 10_000, &values)).unwrap();
    let trend = all.iter().find(|s| s.figure == "by-year").unwrap();
    assert_eq!(trend.notes, ["What can be told from noise: more in 2022 than in 2021."]);
    assert!(matches!(figure(&all, "by-year", None, "y2022"), FigureValue::Count { value: 600, .. }));
    let (_, low, high) = ends(figure(&all, "by-year", None, "y2021_less_y2020"));
    assert!(low < 0.0 && high > 0.0);
}

#[test]
fn every_point_has_an_id_of_its_own_and_carries_what_must_travel_with_it() {
    let study = study();
    let all = series(&info(), &study, &tables(&study, 5_000, &[("whole", "female", 600)])).unwrap();
    let points: Vec<&Point> = all.iter().flat_map(|s| &s.points).collect();
    let ids: std::collections::BTreeSet<&str> = points.iter().map(|p| p.figure.id.as_str()).collect();
    assert_eq!(ids.len(), points.len());
    for point in points {
        let id = &point.figure.id;
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)), "{id}");
        assert!(point.figure.caveats.iter().any(|c| c.contains("Detected")) && !point.figure.definition.is_empty());
        assert!(point.figure.caveats.iter().any(|c| c.starts_with("INVENTED DATA")) && point.figure.invented);
    }
}

#[test]
fn tables_that_are_not_the_studys_are_no_figures() {
    let study = study();
    let mut measured = tables(&study, 1, &[]);
    measured.pop();
    assert!(matches!(series(&info(), &study, &measured), Err(StudyError::Table(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Whatever the noise did, nothing panics, intervals hold their value, and nothing is shown that says nothing.
    #[test]
    fn any_tables_give_figures_or_refusals(values in prop::collection::vec(-300_i64..3_000, 600), sigma in 1_u64..90_000) {
        let study = study();
        let mut measured = tables(&study, sigma, &[]);
        let mut next = values.iter().cycle();
        for table in &mut measured {
            table.values.iter_mut().for_each(|v| *v = *next.next().unwrap());
        }
        for point in series(&info(), &study, &measured).unwrap().iter().flat_map(|s| &s.points) {
            if let FigureValue::Estimate { value, low, high, measure, .. } = point.figure.value {
                // Whole birthdays can have both ends in the same one.
                let wide = low < high || (low == high && measure == Measure::Years);
                prop_assert!(low.is_finite() && high.is_finite() && wide, "{point:?}");
                prop_assert!((low.is_sign_positive() || low < 0.0) && (high.is_sign_positive() || high < 0.0), "{point:?}");
                prop_assert!(value.is_none_or(|v| low <= v && v <= high), "{point:?}");
                prop_assert!(point.figure.reliability != Reliability::NotShown);
            }
        }
    }
}

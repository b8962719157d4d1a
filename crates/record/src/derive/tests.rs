use super::*;
use crate::model::{Age, AgePrecision, Cell, Date, Part};
use accord_standard::codebook::{Class, CodeEntry, Codelist, Field, FieldId, Kind, Level, Role};
use accord_standard::dimension::{Category, Clause, Sequence};
use accord_standard::value::{Code, Missing};

mod known;
mod law;
mod twin;

fn codebook() -> Codebook {
    let field = |id: &str, number, level, kind, list: Option<&str>| Field {
        id: id.into(),
        number,
        level,
        kind,
        list: list.map(Into::into),
        class: Class::Sensitive,
        role: Role::Topic,
        label: String::new(),
        definition: String::new(),
        why: String::new(),
        source: String::new(),
        example: String::new(),
        range: None,
    };
    let code = |id: &str, number| CodeEntry {
        id: id.into(),
        number,
        label: id.into(),
        definition: String::new(),
        source: String::new(),
        aliases: vec![],
        rollup: std::collections::BTreeMap::new(),
        ..CodeEntry::default()
    };
    let a_or_b = CodeEntry { any_of: vec!["a".into(), "b".into()], ..code("a_or_b", 5) };
    let list = Codelist {
        id: "l".into(),
        version: "1".into(),
        label: String::new(),
        definition: String::new(),
        codes: vec![code("a", 1), code("b", 2), code("c", 3), code("none", 4), a_or_b],
    };
    Codebook {
        version: "test".into(),
        fields: vec![
            field("purpose", 1, Level::Record, Kind::Codes, Some("l")),
            field("age", 2, Level::Record, Kind::Age, None),
            field("techuse", 3, Level::Event, Kind::Code, Some("l")),
            field("tech", 4, Level::Record, Kind::Code, Some("l")),
            field("seq", 5, Level::Event, Kind::Integer, None),
            field("date", 6, Level::Event, Kind::Date, None),
            field("days_since_previous", 7, Level::Event, Kind::Integer, None),
            field("followed_until", 8, Level::Record, Kind::Date, None),
            field("service", 9, Level::Event, Kind::Code, Some("l")),
        ],
        lists: [("l".to_owned(), list)].into(),
    }
}

fn category(id: &str, any: &[&str], each: &[&[&str]]) -> Category {
    Category {
        id: id.into(),
        label: String::new(),
        any: any.iter().map(|s| (*s).to_owned()).collect(),
        each: each.iter().map(|set| set.iter().map(|s| (*s).to_owned()).collect()).collect(),
        ..Category::default()
    }
}

fn derive(rule: Rule, field: &str, categories: Vec<Category>, record: &Record) -> Vec<u8> {
    let dimension = Dimension {
        id: "d".into(),
        label: String::new(),
        definition: String::new(),
        field: field.into(),
        rule,
        categories,
        ..Dimension::default()
    };
    let mut out = vec![9];
    Derivation::new(&dimension, &codebook()).unwrap().categories(record, &mut out);
    out
}

fn record(cells: Vec<(u16, Cell)>) -> Record {
    Record { cells: cells.into_iter().map(|(f, c)| (FieldId(f), c)).collect(), ..Record::default() }
}

#[test]
fn the_first_category_that_holds_wins_and_several_codes_can_be_asked_for_together() {
    let categories = || {
        vec![
            category("both", &[], &[&["a"], &["b"]]),
            category("a", &["a"], &[]),
            category("b", &["b"], &[]),
            category("unknown", &[], &[]),
        ]
    };
    for (codes, expected) in [(vec![1, 2], 0), (vec![1], 1), (vec![2, 3], 2), (vec![3], 3), (vec![], 3)] {
        let cell = Cell::Codes(codes.into_iter().map(Code).collect());
        assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &record(vec![(0, cell)])), [expected]);
    }
    let missing = record(vec![(0, Cell::Missing(Missing::Refused))]);
    assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &missing), [3]);
}

#[test]
fn one_of_a_set_counts_only_where_every_possibility_agrees() {
    let categories = || vec![category("ab", &["a", "b"], &[]), category("unknown", &[], &[])];
    let one_of = |codes: &[u16]| record(vec![(0, Cell::OneOf(codes.iter().map(|c| Code(*c)).collect()))]);
    assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &one_of(&[1, 2])), [0]);
    assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &one_of(&[1, 3])), [1]);
}

#[test]
fn an_age_range_wider_than_a_band_is_unknown_and_never_split() {
    let band = |id: &str, low, high| Category { low: Some(low), high, ..category(id, &[], &[]) };
    let bands = || {
        vec![
            band("a0_9", 0, Some(9)),
            band("a10_14", 10, Some(14)),
            band("a15_17", 15, Some(17)),
            band("a18", 18, None),
            category("unknown", &[], &[]),
        ]
    };
    let age = |low, high| record(vec![(1, Cell::Age(Age { low, high, precision: AgePrecision::Range }))]);
    for (low, high, expected) in [(9, 9, 0), (10, 14, 1), (9, 17, 4), (15, 17, 2), (18, 255, 3), (40, 44, 3)] {
        assert_eq!(derive(Rule::AgeBand, "age", bands(), &age(low, high)), [expected], "{low}-{high}");
    }
}

#[test]
fn roles_come_from_all_events_and_none_only_where_no_role_is_known() {
    let none =
        Category { also_field: Some("tech".into()), also_any: vec!["none".into()], ..category("none", &["none"], &[]) };
    let categories =
        || vec![category("a", &["a"], &[]), category("b", &["b"], &[]), none.clone(), category("unknown", &[], &[])];
    let with_events = |codes: &[u16]| Record {
        events: codes.iter().map(|c| vec![(FieldId(2), Cell::Code(Code(*c)))]).collect(),
        ..Record::default()
    };
    assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[2, 1, 2, 4])), [0, 1]);
    assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[4])), [2]);
    assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[])), [3]);
    let said_none = record(vec![(3, Cell::Code(Code(4)))]);
    assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &said_none), [2]);
}

const SEQ: FieldId = FieldId(4);
const DATE: FieldId = FieldId(5);
const TECHUSE: FieldId = FieldId(2);
const SERVICE: FieldId = FieldId(8);
const DAYS: FieldId = FieldId(6);

/// An event with a code of `techuse` and other cells.
fn event(techuse: u16, more: &[(FieldId, Cell)]) -> Part {
    let mut part = vec![(TECHUSE, Cell::Code(Code(techuse)))];
    part.extend(more.iter().cloned());
    part.sort_by_key(|(field, _)| *field);
    part
}

fn day(year: i16, month: u8, day: u8) -> Cell {
    Cell::Date(Date { year, month, day })
}

fn clause(field: &str, any: &[&str]) -> Clause {
    Clause { field: field.into(), any: any.iter().map(|s| (*s).to_owned()).collect() }
}

/// Ids of the categories that a record falls into.
fn ids(dimension: &Dimension, record: &Record) -> Vec<String> {
    let mut out = vec![9];
    Derivation::new(dimension, &codebook()).unwrap().categories(record, &mut out);
    out.into_iter().map(|i| dimension.categories[usize::from(i)].id.clone()).collect()
}

fn of_events(events: Vec<Part>) -> Record {
    Record { events, ..Record::default() }
}

#[test]
fn one_event_must_satisfy_all_that_a_category_asks_of_it() {
    let both = Category {
        within: vec![clause("event.techuse", &["a"]), clause("event.service", &["b"])],
        ..category("both", &[], &[])
    };
    let dimension = Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::AllMatches,
        categories: vec![both, category("unknown", &[], &[])],
        ..Dimension::default()
    };
    let on = |code| [(SERVICE, Cell::Code(Code(code)))];
    assert_eq!(ids(&dimension, &of_events(vec![event(1, &on(2))])), ["both"]);
    assert_eq!(ids(&dimension, &of_events(vec![event(1, &on(1)), event(2, &on(2))])), ["unknown"]);
    assert_eq!(ids(&dimension, &of_events(vec![event(1, &[])])), ["unknown"]);
    let first = Dimension { rule: Rule::FirstMatch, ..dimension };
    assert_eq!(ids(&first, &of_events(vec![event(3, &[]), event(1, &on(2))])), ["both"]);
}

#[test]
fn of_many_roles_the_first_in_the_order_of_events_are_kept() {
    let plain = |id: &str| category(id, &[id], &[]);
    let dimension = |most| Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::AllMatches,
        at_most: Some(most),
        categories: vec![plain("a"), plain("b"), plain("c"), plain("none"), plain("unknown")],
        ..Dimension::default()
    };
    let mut dimension = dimension(2);
    dimension.categories[4].any.clear();
    let seq = |n| [(SEQ, Cell::Integer(n))];
    let straight = of_events(vec![event(3, &seq(1)), event(3, &seq(2)), event(2, &seq(3)), event(1, &seq(4))]);
    assert_eq!(ids(&dimension, &straight), ["b", "c"]);
    let shuffled = of_events(vec![event(1, &seq(4)), event(2, &seq(3)), event(3, &seq(1)), event(3, &seq(2))]);
    assert_eq!(ids(&dimension, &shuffled), ["b", "c"], "events count in the order of their numbers");
    dimension.at_most = Some(1);
    assert_eq!(ids(&dimension, &straight), ["c"]);
    assert_eq!(ids(&dimension, &of_events(vec![event(4, &[])])), ["none"]);
    let of_record = Dimension { field: "purpose".into(), ..dimension };
    let codes = record(vec![(0, Cell::Codes(vec![Code(2), Code(3)]))]);
    assert_eq!(ids(&of_record, &codes), ["b"], "of the record itself: in the order of categories");
}

#[test]
fn a_year_is_known_where_a_date_is_and_falls_into_one_band() {
    let band = |id: &str, low, high| Category { low: Some(low), high, ..category(id, &[], &[]) };
    let dimension = Dimension {
        id: "d".into(),
        field: "followed_until".into(),
        rule: Rule::YearBand,
        categories: vec![band("y1", 2020, Some(2021)), band("y2", 2022, None), category("unknown", &[], &[])],
        ..Dimension::default()
    };
    for (year, expected) in [(2019, "unknown"), (2020, "y1"), (2021, "y1"), (2022, "y2"), (-3, "unknown")] {
        let cell = Cell::Date(Date { year, month: 0, day: 0 });
        assert_eq!(ids(&dimension, &record(vec![(7, cell)])), [expected]);
    }
    assert_eq!(ids(&dimension, &Record::default()), ["unknown"]);
    let of_events = Dimension { field: "event.date".into(), ..dimension };
    let refused = Derivation::new(&of_events, &codebook()).unwrap_err();
    assert_eq!(refused, DeriveError::Level("d".into(), "event.date".into()));
}

/// Steps between a, b together, c and the ends.
fn steps(most: Option<u8>) -> Dimension {
    let step = |id: &str, from: &[&str], to: &[&str]| {
        let all = |codes: &[&str]| codes.iter().map(|s| (*s).to_owned()).collect();
        Category { from: all(from), to: all(to), ..category(id, &[], &[]) }
    };
    let ab = &["a", "b", "a_or_b"];
    let categories = vec![
        step("start_ab", &[], ab),
        step("start_c", &[], &["c"]),
        step("ab_c", ab, &["c"]),
        step("c_ab", &["c"], ab),
        step("ab_end", ab, &[]),
        step("c_end", &["c"], &[]),
        category("unknown", &[], &[]),
    ];
    Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::Steps,
        at_most: most,
        categories,
        ..Dimension::default()
    }
}

#[test]
fn steps_run_from_the_beginning_to_the_end_without_repeats() {
    let of = |codes: &[u16]| of_events(codes.iter().map(|c| event(*c, &[])).collect());
    assert_eq!(ids(&steps(None), &of(&[1, 1, 3])), ["start_ab", "ab_c", "c_end"]);
    assert_eq!(ids(&steps(None), &of(&[1, 2, 5, 3])), ["start_ab", "ab_c", "c_end"], "taken together");
    assert_eq!(ids(&steps(None), &of(&[3, 1, 3, 1])), ["start_c", "ab_c", "c_ab", "ab_end"], "each once");
    assert_eq!(ids(&steps(Some(2)), &of(&[3, 1, 3, 1])), ["start_c", "c_ab"]);
    assert_eq!(ids(&steps(None), &of(&[])), ["unknown"]);
    assert_eq!(ids(&steps(None), &of(&[1, 4, 3])), ["start_ab", "c_end"], "no step is made up over a code left out");
    let one_of = |codes: &[u16]| vec![(TECHUSE, Cell::OneOf(codes.iter().map(|c| Code(*c)).collect()))];
    let gap = vec![(TECHUSE, Cell::Missing(Missing::Unknown))];
    let unsure = |middle: Part| of_events(vec![event(3, &[]), middle, event(3, &[])]);
    assert_eq!(ids(&steps(None), &unsure(one_of(&[1, 2]))), ["start_c", "ab_c", "c_ab", "c_end"]);
    assert_eq!(ids(&steps(None), &unsure(one_of(&[1, 3]))), ["start_c", "c_end"], "not sure: left out");
    assert_eq!(ids(&steps(None), &unsure(gap)), ["start_c", "c_end"], "missing is no code");
}

fn order() -> Dimension {
    let way = |id: &str, order| Category { order: Some(order), ..category(id, &[], &[]) };
    Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::Order,
        first: vec![vec![clause("event.techuse", &["a"]), clause("event.service", &["a"])]],
        second: vec![vec![clause("event.techuse", &["b"])], vec![clause("event.service", &["b"])]],
        categories: vec![
            way("first", Sequence::FirstThenSecond),
            way("second", Sequence::SecondThenFirst),
            way("together", Sequence::Together),
            way("only_first", Sequence::OnlyFirst),
            way("only_second", Sequence::OnlySecond),
            category("unknown", &[], &[]),
        ],
        ..Dimension::default()
    }
}

fn elapsed() -> Dimension {
    let band = |id: &str, reached, low, high| Category {
        reached: Some(reached),
        low: Some(low),
        high,
        ..category(id, &[], &[])
    };
    Dimension {
        id: "d".into(),
        field: "event.date".into(),
        rule: Rule::Elapsed,
        first: vec![vec![clause("event.techuse", &["a"])]],
        second: vec![vec![clause("event.techuse", &["b"])], vec![clause("event.service", &["b"])]],
        until: Some("followed_until".into()),
        categories: vec![
            band("seen_0_30", true, 0, Some(30)),
            band("seen_31", true, 31, None),
            band("not_0_30", false, 0, Some(30)),
            band("not_31", false, 31, None),
            category("unknown", &[], &[]),
        ],
        ..Dimension::default()
    }
}

#[test]
fn time_runs_to_the_second_event_or_to_where_the_record_was_followed() {
    let (a, b) = (1, 2);
    let on = |code, cell| event(code, &[(DATE, cell)]);
    let check = |events: Vec<Part>, until: Option<Cell>, expected: &str| {
        let cells = until.into_iter().map(|c| (FieldId(7), c)).collect();
        assert_eq!(ids(&elapsed(), &Record { cells, events, ..Record::default() }), [expected]);
    };
    let late = || Some(day(2025, 2, 1));
    check(vec![on(a, day(2024, 1, 1)), on(b, day(2024, 1, 31))], late(), "seen_0_30");
    check(vec![on(a, day(2024, 1, 1)), on(b, day(2024, 2, 1))], late(), "seen_31");
    check(vec![on(b, day(2024, 1, 1)), on(a, day(2024, 2, 1))], late(), "unknown");
    check(vec![on(b, day(2023, 1, 1)), on(a, day(2024, 1, 1)), on(b, day(2024, 1, 2))], late(), "unknown");
    check(vec![on(a, day(2024, 1, 1))], Some(day(2024, 1, 31)), "not_0_30");
    check(vec![on(a, day(2024, 1, 1))], Some(day(2030, 0, 0)), "not_31");
    check(vec![on(a, day(2024, 1, 1))], None, "unknown");
    check(vec![on(a, day(2024, 2, 1))], Some(day(2024, 1, 1)), "unknown");
    check(vec![on(b, day(2024, 2, 1))], Some(day(2024, 1, 1)), "unknown");
    check(vec![], Some(day(2024, 1, 1)), "unknown");
    // Dates known to a month or a year: only where every day that they can mean falls into one band.
    check(vec![on(a, day(2024, 1, 0)), on(b, day(2024, 1, 0))], late(), "seen_0_30");
    check(vec![on(a, day(2024, 1, 0)), on(b, day(2024, 2, 0))], late(), "unknown");
    check(vec![on(a, day(2024, 1, 0)), on(b, day(2024, 3, 0))], late(), "unknown");
    check(vec![on(a, day(2024, 1, 0)), on(b, day(2024, 4, 0))], late(), "seen_31");
    check(vec![on(a, day(2023, 0, 0)), on(b, day(2023, 0, 0))], late(), "unknown");
    check(vec![on(a, day(2023, 13, 0)), on(b, day(2023, 15, 0))], late(), "seen_31");
    // Both kinds in one event: reached on the first day.
    let both = event(a, &[(DATE, day(2024, 0, 0)), (SERVICE, Cell::Code(Code(b)))]);
    check(vec![both.clone()], late(), "seen_0_30");
    check(vec![both.clone(), on(b, day(2025, 1, 1))], late(), "seen_0_30");
    check(vec![both], None, "unknown");
}

#[test]
fn where_dates_are_not_known_the_days_between_all_events_tell_the_time() {
    let after = |code, days| event(code, &[(DAYS, Cell::Integer(days))]);
    let undated = |days: [Option<i32>; 2]| {
        let [one, other] = days.map(|d| d.map_or(Cell::Missing(Missing::Unknown), Cell::Integer));
        of_events(vec![after(1, 900), event(3, &[(DAYS, one)]), event(2, &[(DAYS, other)])])
    };
    let mut alone = elapsed();
    alone.until = None;
    alone.categories.retain(|c| c.reached != Some(false));
    assert_eq!(ids(&alone, &undated([Some(10), Some(20)])), ["seen_0_30"]);
    assert_eq!(ids(&alone, &undated([Some(10), Some(21)])), ["seen_31"]);
    assert_eq!(ids(&alone, &undated([None, Some(21)])), ["unknown"]);
    assert_eq!(ids(&alone, &undated([Some(-1), Some(21)])), ["unknown"]);
    // With follow-up, the first date must be known as well: without it nobody could be known as not reached.
    let mut followed = undated([Some(10), Some(20)]);
    followed.cells.push((FieldId(7), day(2025, 1, 1)));
    assert_eq!(ids(&elapsed(), &followed), ["unknown"]);
    followed.events[0].push((DATE, day(2024, 1, 1)));
    followed.events[0].sort_by_key(|(field, _)| *field);
    assert_eq!(ids(&elapsed(), &followed), ["seen_0_30"], "the second date is told by the days between");
}

#[test]
fn a_record_with_ten_thousand_events_is_read_in_one_pass() {
    let mut events: Vec<Part> = (0..10_000)
        .map(|n| event(1 + (n % 3) as u16, &[(SEQ, Cell::Integer(10_000 - n)), (DATE, day(2024, 1, 0))]))
        .collect();
    let started = std::time::Instant::now();
    let none = Category { every: vec!["a".into(), "b".into(), "c".into()], ..category("all", &[], &[]) };
    let every = Dimension { rule: Rule::FirstMatch, categories: vec![none, category("unknown", &[], &[])], ..order() };
    for dimension in [steps(None), steps(Some(3)), order(), elapsed(), every] {
        let found = ids(&dimension, &of_events(events.clone()));
        events.reverse();
        assert_eq!(found, ids(&dimension, &of_events(events.clone())), "order of holding does not matter");
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

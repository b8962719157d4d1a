//! Rules over events against twins that are as plain as can be, on every small record and on drawn ones.

use super::*;
use proptest::prelude::*;

/// Codes of `techuse` and `service` of each event (0 for missing), and the month of 2024 in which it happened.
type Plain = Vec<(u16, u16, Option<u8>)>;

fn build(plain: &Plain, until: Option<u8>) -> Record {
    let events = plain.iter().enumerate().map(|(n, (techuse, service, month))| {
        let mut part: Part = vec![(SEQ, Cell::Integer(n as i32 + 1))];
        if *techuse > 0 {
            part.push((TECHUSE, Cell::Code(Code(*techuse))));
        }
        if let Some(month) = month {
            part.push((DATE, day(2024, *month, 0)));
        }
        if *service > 0 {
            part.push((SERVICE, Cell::Code(Code(*service))));
        }
        part.sort_by_key(|(field, _)| *field);
        part
    });
    let cells = until.map(|month| (FieldId(7), day(2024, month, 0))).into_iter().collect();
    Record { cells, events: events.collect(), ..Record::default() }
}

/// Names of steps, a and b taken together.
fn twin_steps(plain: &Plain) -> Vec<String> {
    let mut letters: Vec<u16> = plain.iter().map(|e| e.0).filter(|c| *c > 0).collect();
    letters.dedup();
    let name = |c: &u16| match c {
        1 | 2 => "ab",
        3 => "c",
        _ => "-",
    };
    let mut path = vec!["start"];
    path.extend(letters.iter().map(name));
    path.push("end");
    let mut out = Vec::new();
    for pair in path.windows(2) {
        let step = format!("{}_{}", pair[0], pair[1]);
        let named = ["start_ab", "start_c", "ab_c", "c_ab", "ab_end", "c_end"].contains(&step.as_str());
        if named && !out.contains(&step) {
            out.push(step);
        }
    }
    out
}

fn twin_order(plain: &Plain) -> &'static str {
    let first: Vec<usize> = (0..plain.len()).filter(|i| plain[*i].0 == 1 && plain[*i].1 == 1).collect();
    let second: Vec<usize> = (0..plain.len()).filter(|i| plain[*i].0 == 2 || plain[*i].1 == 2).collect();
    match (first.is_empty(), second.is_empty()) {
        (true, true) => "unknown",
        (false, true) => "only_first",
        (true, false) => "only_second",
        _ if first[0] < second[0] => "first",
        _ if first[0] > second[0] => "second",
        _ => "together",
    }
}

/// Times with a category for those whose second event stands before the first.
fn before() -> Dimension {
    let mut dimension = elapsed();
    let order = Some(Sequence::SecondThenFirst);
    dimension.categories.insert(0, Category { order, ..category("before", &[], &[]) });
    dimension
}

/// No c in any event, and c in one.
fn every() -> Dimension {
    let no = Category { every: vec!["a".into(), "b".into(), "a_or_b".into()], ..category("no", &[], &[]) };
    Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::FirstMatch,
        categories: vec![category("yes", &["c"], &[]), no, category("unknown", &[], &[])],
        ..Dimension::default()
    }
}

fn twin_every(plain: &Plain) -> &'static str {
    let codes: Vec<u16> = plain.iter().map(|e| e.0).collect();
    if codes.contains(&3) {
        return "yes";
    }
    let others = codes.iter().filter(|c| **c != 1 && **c != 2).count();
    if !codes.is_empty() && others == 0 { "no" } else { "unknown" }
}

/// Tries every day that the dates can mean.
fn twin_elapsed(plain: &Plain, until: Option<u8>, recurrent: bool) -> String {
    let days = |month: u8| {
        let first = jiff::civil::date(2024, month as i8, 1);
        (0..i64::from(first.days_in_month())).map(move |n| first.checked_add(jiff::Span::new().days(n)).unwrap())
    };
    let Some(start) = plain.iter().position(|e| e.0 == 1) else { return "unknown".into() };
    let from = if recurrent { start + 1 } else { 0 };
    let second = (from..plain.len()).find(|n| plain[*n].0 == 2 || plain[*n].1 == 2);
    if second.is_some_and(|n| n < start) {
        return "before".into();
    }
    let (Some(from), Some(until)) = (plain[start].2, until) else { return "unknown".into() };
    if until < from || second.and_then(|n| plain[n].2).is_some_and(|month| month > until) {
        return "unknown".into();
    }
    if second == Some(start) {
        return "seen_0_30".into();
    }
    let (prefix, end) = match second {
        Some(n) => ("seen", plain[n].2),
        None => ("not", Some(until)),
    };
    let Some(to) = end else { return "unknown".into() };
    let mut bands: Vec<&str> = Vec::new();
    for a in days(from) {
        for b in days(to).filter(|b| *b >= a) {
            bands.push(if (b - a).get_days() <= 30 { "0_30" } else { "31" });
        }
    }
    bands.sort_unstable();
    bands.dedup();
    match bands.as_slice() {
        [band] => format!("{prefix}_{band}"),
        _ => "unknown".into(),
    }
}

fn check(plain: &Plain, until: Option<u8>) {
    let record = build(plain, until);
    let expected = twin_steps(plain);
    let all = steps(None);
    for most in [None, Some(1), Some(2), Some(3)] {
        let mut kept: Vec<String> = expected.iter().take(most.map_or(usize::MAX, usize::from)).cloned().collect();
        kept.sort_by_key(|id| all.categories.iter().position(|c| c.id == *id));
        if kept.is_empty() {
            kept.push("unknown".to_owned());
        }
        assert_eq!(ids(&steps(most), &record), kept, "{plain:?}");
    }
    assert_eq!(ids(&order(), &record), [twin_order(plain)], "{plain:?}");
    let mut again = elapsed();
    again.recurrent = true;
    assert_eq!(ids(&again, &record), [twin_elapsed(plain, until, true)], "{plain:?} {until:?}");
    assert_eq!(ids(&before(), &record), [twin_elapsed(plain, until, false)], "{plain:?} {until:?}");
    assert_eq!(ids(&every(), &record), [twin_every(plain)], "{plain:?}");
}

#[test]
fn every_record_of_up_to_four_events_falls_where_its_twin_does() {
    let kinds: Vec<(u16, u16)> = vec![(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (4, 1)];
    for length in 0..=4u32 {
        for mut number in 0..kinds.len().pow(length) {
            let mut plain = Plain::new();
            for n in 0..length {
                let (techuse, service) = kinds[number % kinds.len()];
                number /= kinds.len();
                plain.push((techuse, service, Some(n as u8 + 1)));
            }
            check(&plain, Some(12));
            check(&plain, None);
        }
    }
}

#[test]
fn every_pair_of_months_gives_the_time_that_all_their_days_agree_on() {
    let months = || std::iter::once(None).chain((1..=6).map(Some));
    for from in months() {
        for to in months() {
            for until in months() {
                check(&vec![(1, 0, from), (3, 0, Some(1)), (2, 0, to)], until);
            }
            check(&vec![(3, 0, None), (1, 0, from)], to);
            check(&vec![(3, 0, None), (1, 2, from)], to);
        }
    }
}

/// Any cell, of whatever kind.
fn any_cell() -> impl Strategy<Value = Cell> {
    let codes = || proptest::collection::vec(0u16..7, 0..4).prop_map(|c| c.into_iter().map(Code).collect::<Vec<_>>());
    prop_oneof![
        4 => (0u16..7).prop_map(|c| Cell::Code(Code(c))),
        1 => codes().prop_map(Cell::Codes),
        1 => codes().prop_map(Cell::OneOf),
        1 => any::<i32>().prop_map(Cell::Integer),
        1 => any::<(u8, u8)>().prop_map(|(low, high)| Cell::Age(Age { low, high, precision: AgePrecision::Range })),
        1 => any::<(i16, u8, u8)>().prop_map(|(year, month, day)| Cell::Date(Date { year, month, day })),
        1 => (1900i16..2100, 0u8..18, 0u8..32).prop_map(|(year, month, day)| Cell::Date(Date { year, month, day })),
        1 => Just(Cell::Missing(Missing::Refused)),
    ]
}

fn any_part() -> impl Strategy<Value = Part> {
    proptest::collection::btree_map(0u16..9, any_cell(), 0..6)
        .prop_map(|cells| cells.into_iter().map(|(field, cell)| (FieldId(field), cell)).collect())
}

fn any_record() -> impl Strategy<Value = Record> {
    (any_part(), proptest::collection::vec(any_part(), 0..12)).prop_map(|(cells, events)| Record {
        cells,
        events,
        ..Record::default()
    })
}

fn every_dimension() -> Vec<Dimension> {
    let plain = |id: &str| category(id, &[id], &[]);
    let all = |field: &str, at_most| Dimension {
        id: "d".into(),
        field: field.into(),
        rule: Rule::AllMatches,
        at_most,
        categories: vec![
            plain("a"),
            Category { within: vec![clause("event.service", &["c"])], ..plain("b") },
            category("both", &[], &[&["a"], &["c"]]),
            plain("none"),
            category("unknown", &[], &[]),
        ],
        ..Dimension::default()
    };
    vec![
        all("event.techuse", Some(1)),
        all("event.techuse", Some(2)),
        all("event.techuse", None),
        all("purpose", Some(1)),
        Dimension { rule: Rule::FirstMatch, ..all("event.techuse", None) },
        steps(None),
        steps(Some(2)),
        order(),
        elapsed(),
        before(),
        every(),
    ]
}

proptest! {
    #[test]
    fn any_record_falls_into_a_category_and_into_no_more_than_declared(
        records in proptest::collection::vec(any_record(), 1..4)
    ) {
        for dimension in every_dimension() {
            let derivation = Derivation::new(&dimension, &codebook()).unwrap();
            let mut out = Vec::new();
            for record in &records {
                derivation.categories(record, &mut out);
                let mut alone = Vec::new();
                Derivation::new(&dimension, &codebook()).unwrap().categories(record, &mut alone);
                prop_assert_eq!(&out, &alone, "the records before do not matter");
                prop_assert!(!out.is_empty() && out.len() <= dimension.most_per_person());
                prop_assert!(out.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(out.iter().all(|c| usize::from(*c) < dimension.size()));
            }
        }
    }

    #[test]
    fn events_that_come_later_never_push_out_the_category_that_was_kept(
        record in any_record(),
        more in proptest::collection::vec(any_part(), 0..4),
    ) {
        let (mut before, dimension) = (record, every_dimension().swap_remove(0));
        for (n, event) in before.events.iter_mut().enumerate() {
            event.retain(|(field, _)| *field != SEQ);
            event.push((SEQ, Cell::Integer(n as i32)));
            event.sort_by_key(|(field, _)| *field);
        }
        let mut after = before.clone();
        // Without a number they stand last.
        after.events.extend(more.into_iter().map(|mut event| {
            event.retain(|(field, _)| *field != SEQ);
            event
        }));
        let (short, long) = (ids(&dimension, &before), ids(&dimension, &after));
        if !["unknown", "none"].contains(&short[0].as_str()) {
            prop_assert_eq!(short, long);
        }
    }
}

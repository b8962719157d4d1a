//! What is known of a record must not depend on what happened: answers left blank are no "no", and whom it happened to is not
//! known more often than whom it did not happen to.

use super::*;

/// Whether a use other than `none` is known, or known not to be.
fn used() -> Dimension {
    let no = Category { every: vec!["none".into()], ..category("no", &[], &[]) };
    Dimension {
        id: "d".into(),
        field: "event.techuse".into(),
        rule: Rule::FirstMatch,
        categories: vec![category("yes", &["a", "b", "c", "a_or_b"], &[]), no, category("unknown", &[], &[])],
        ..Dimension::default()
    }
}

#[test]
fn one_event_without_technology_beside_one_left_blank_is_not_known() {
    let blank = || vec![(SEQ, Cell::Integer(9))];
    let refused = || vec![(TECHUSE, Cell::Missing(Missing::Refused))];
    let check = |events, expected: &str| assert_eq!(ids(&used(), &of_events(events)), [expected]);
    check(vec![event(4, &[])], "no");
    check(vec![event(4, &[]), event(4, &[])], "no");
    check(vec![event(4, &[]), blank()], "unknown");
    check(vec![blank(), event(4, &[])], "unknown");
    check(vec![event(4, &[]), refused()], "unknown");
    check(vec![event(4, &[]), event(1, &[])], "yes");
    check(vec![], "unknown");
}

#[test]
fn every_event_must_hold_the_codes_and_no_other() {
    let cells = |cell| vec![vec![(TECHUSE, cell)]];
    let check = |cell, expected: &str| assert_eq!(ids(&used(), &of_events(cells(cell))), [expected]);
    check(Cell::Codes(vec![Code(4)]), "no");
    check(Cell::Codes(vec![Code(4), Code(9)]), "unknown");
    check(Cell::Codes(vec![]), "unknown");
    check(Cell::OneOf(vec![Code(4)]), "no");
    check(Cell::OneOf(vec![Code(3), Code(4)]), "unknown");
    check(Cell::OneOf(vec![]), "unknown");
}

#[test]
fn the_record_as_a_whole_can_say_no_too_and_only_events_have_every() {
    let mut dimension = used();
    dimension.categories[1].also_field = Some("tech".into());
    dimension.categories[1].also_any = vec!["none".into()];
    let mut said = of_events(vec![event(4, &[]), vec![]]);
    assert_eq!(ids(&dimension, &said), ["unknown"]);
    said.cells.push((FieldId(3), Cell::Code(Code(4))));
    assert_eq!(ids(&dimension, &said), ["no"]);
    let wrong = Derivation::new(&Dimension { field: "purpose".into(), ..used() }, &codebook()).unwrap_err();
    assert_eq!(wrong, DeriveError::Level("d".into(), "purpose".into()));
}

#[test]
fn whether_follow_up_is_known_counts_alike_for_those_it_happened_to_and_the_others() {
    let on = |code, cell| event(code, &[(DATE, cell)]);
    let start = || on(1, day(2024, 1, 1));
    for until in [None, Some(day(2023, 12, 31)), Some(Cell::Missing(Missing::NotAsked))] {
        for events in
            [vec![start()], vec![start(), on(2, day(2024, 1, 9))], vec![event(1, &[]), on(2, day(2024, 1, 9))]]
        {
            let cells = until.clone().into_iter().map(|c| (FieldId(7), c)).collect();
            assert_eq!(ids(&elapsed(), &Record { cells, events, ..Record::default() }), ["unknown"]);
        }
    }
    // Of ten people one is reached and four have no follow-up: known are the same share of both.
    let followed = |events, until: bool| {
        let cells = until.then(|| (FieldId(7), day(2024, 6, 1))).into_iter().collect();
        ids(&elapsed(), &Record { cells, events, ..Record::default() }).remove(0)
    };
    for until in [true, false] {
        let reached = followed(vec![start(), on(2, day(2024, 1, 9))], until);
        let not = followed(vec![start()], until);
        assert_eq!((reached == "unknown", not == "unknown"), (!until, !until));
    }
}

#[test]
fn what_happened_after_the_last_day_of_follow_up_contradicts_it() {
    let on = |code, cell| event(code, &[(DATE, cell)]);
    let check = |then, until, expected: &str| {
        let record = Record {
            cells: vec![(FieldId(7), until)],
            events: vec![on(1, day(2024, 1, 1)), on(2, then)],
            ..Record::default()
        };
        assert_eq!(ids(&elapsed(), &record), [expected]);
    };
    check(day(2024, 3, 1), day(2024, 3, 1), "seen_31");
    check(day(2024, 3, 1), day(2024, 2, 29), "unknown");
    check(day(2024, 3, 1), day(2024, 0, 0), "seen_31");
    check(day(2024, 3, 0), day(2024, 3, 2), "seen_31");
}

#[test]
fn those_to_whom_it_happened_before_stand_apart_and_are_never_counted_as_spared() {
    let on = |code, cell| event(code, &[(DATE, cell)]);
    let record = |events| Record { cells: vec![(FieldId(7), day(2025, 1, 1))], events, ..Record::default() };
    let both_ways = record(vec![on(2, day(2023, 1, 1)), on(1, day(2024, 1, 1))]);
    assert_eq!(ids(&elapsed(), &both_ways), ["unknown"]);
    let mut apart = elapsed();
    let order = Some(Sequence::SecondThenFirst);
    apart.categories.insert(0, Category { order, ..category("before", &[], &[]) });
    assert_eq!(ids(&apart, &both_ways), ["before"]);
    let again = Dimension { recurrent: true, ..elapsed() };
    assert_eq!(ids(&again, &both_ways), ["not_31"], "asked is whether it happens again");
    let mut then = both_ways.clone();
    then.events.push(on(2, day(2024, 1, 20)));
    assert_eq!(ids(&again, &then), ["seen_0_30"]);
    assert_eq!(ids(&apart, &then), ["before"]);
}

/// What the program's own data make of a record with these events, each with codes by field.
fn of_the_program(dimension: &Dimension, events: &[&[(&str, &str)]]) -> Vec<String> {
    let book = accord_standard::codebook::Codebook::embedded();
    let part = |cells: &&[(&str, &str)]| -> Part {
        let cell = |(path, id): &(&str, &str)| {
            let field = book.field(path).unwrap();
            (field, Cell::Code(book.list_of(field).unwrap().code(id).unwrap()))
        };
        let mut part: Part = cells.iter().map(cell).collect();
        part.sort_by_key(|(field, _)| *field);
        part
    };
    let mut out = Vec::new();
    let record = of_events(events.iter().map(part).collect());
    Derivation::new(dimension, book).unwrap().categories(&record, &mut out);
    out.into_iter().map(|i| dimension.categories[usize::from(i)].id.clone()).collect()
}

#[test]
fn no_technology_is_said_by_every_event_or_not_at_all() {
    let no: &[(&str, &str)] = &[("event.techuse", "none")];
    let open: &[(&str, &str)] = &[("event.phase", "exploit")];
    for (id, said) in [("technology_involved", "no"), ("technology_role", "none"), ("course", "none")] {
        let dimension = accord_standard::dimension::find(id).unwrap();
        assert_eq!(of_the_program(dimension, &[no, no]), [said], "{id}");
        assert_eq!(of_the_program(dimension, &[no, open]), ["unknown"], "{id}");
    }
}

#[test]
fn one_account_under_13_beside_one_without_an_age_is_not_known() {
    let girls = accord_standard::study::embedded("girls").unwrap();
    let declared = girls.workload.table("declared").unwrap().dimensions.last().unwrap();
    let age = |id: &'static str| [("event.account_age_declared", id)];
    let check = |events: &[&[(&str, &str)]], expected: &str| {
        assert_eq!(of_the_program(declared, events), [expected], "{events:?}");
    };
    check(&[&age("under_13"), &[("event.phase", "recruit")]], "unknown");
    check(&[&age("under_13"), &age("none")], "under_13");
    check(&[&age("under_13"), &age("age_13_15")], "a13_15");
    check(&[&age("age_16_17"), &age("under_13")], "a16_17");
    check(&[&age("none"), &age("none")], "no_account");
    check(&[&age("under_13"), &age("adult_declared"), &[]], "adult");
    check(&[], "unknown");
}

#[test]
fn someone_known_offline_who_writes_online_met_nobody_in_person() {
    let pathways = accord_standard::study::embedded("pathways").unwrap();
    let wrote: &[(&str, &str)] =
        &[("event.event_type", "contact"), ("event.techuse", "contact_hunt"), ("event.contacted_by", "known_offline")];
    let threat: &[(&str, &str)] = &[("event.event_type", "threat"), ("event.techuse", "sexual_extortion")];
    let met: &[(&str, &str)] = &[("event.event_type", "first_meeting")];
    let of = |table: &str, events: &[&[(&str, &str)]]| {
        of_the_program(&pathways.workload.table(table).unwrap().dimensions[2], events).remove(0)
    };
    assert_eq!(of("order", &[wrote]), "only_online");
    assert_eq!(of("order", &[wrote, met]), "online_first");
    assert_eq!(of("later-met", &[wrote, threat]), "not_recorded");
    assert_eq!(of("later-met", &[met, threat]), "before");
    assert_eq!(of("later-met", &[threat, met]), "unknown", "what comes after the threat makes no group");
}

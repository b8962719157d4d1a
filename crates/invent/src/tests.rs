//! What the whole generator promises.

use super::*;
use accord_record::model::{Cell, Part};
use accord_standard::codebook::Kind;
use accord_standard::value::Code;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 2019;

fn small() -> Vec<HolderSpec> {
    let mut holders = demo_holders();
    holders[0].records = 2_000;
    holders[1].records = 700;
    holders
}

fn bytes(holder: &Holder) -> Vec<u8> {
    let mut out = Vec::new();
    holder.write(&mut out).unwrap();
    out
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_makes_others() {
    let (one, again, other) = (world(SEED, &small()), world(SEED, &small()), world(SEED + 1, &small()));
    for ((a, b), c) in one.holders.iter().zip(&again.holders).zip(&other.holders) {
        assert_eq!(bytes(a), bytes(b), "{}", a.file_name());
        assert_ne!(bytes(a), bytes(c), "{}", a.file_name());
        assert_eq!(a.mapping(), b.mapping());
    }
}

#[test]
fn a_record_does_not_depend_on_the_records_around_it_nor_on_threads() {
    let straight: Vec<Incoming> = records(SEED, 400).collect();
    let threads: Vec<_> = (0..4u64)
        .map(|t| std::thread::spawn(move || (t * 100..t * 100 + 100).map(|n| record(SEED, n)).collect()))
        .collect();
    let cut: Vec<Incoming> = threads.into_iter().flat_map(|t| -> Vec<Incoming> { t.join().unwrap() }).collect();
    assert!(straight == cut);
}

/// Share per thousand of people for whom both hold, among those for whom the first holds.
fn share(people: &[Person], among: impl Fn(&Person) -> bool, hit: impl Fn(&Person) -> bool) -> u32 {
    let all = people.iter().filter(|p| among(p)).count();
    (people.iter().filter(|p| among(p) && hit(p)).count() * 1000 / all.max(1)) as u32
}

#[test]
fn shares_of_people_come_near_to_what_was_published() {
    let (lexicon, words) = (lexicon(), lexicon().words);
    let code = |list: &str, id: &str| Codebook::embedded().lists[list].code(id).unwrap();
    let sexual = code("purpose", "sexual_exploitation");
    let course = |p: &Person| &lexicon.courses[usize::from(p.course)];
    let people: Vec<Person> =
        world(SEED, &demo_holders()).holders.iter().take(1).flat_map(|h| h.people().collect::<Vec<_>>()).collect();
    let child = |p: &Person| p.age_in(p.identified) < 18;
    let is_sexual = |p: &Person| {
        course(p).purpose.iter().any(|c| *c == sexual || *c == code("purpose", "online_sexual_exploitation_only"))
    };
    let online = |p: &Person| p.events.first().is_some_and(|e| e.techuse.is_some_and(|t| t != words.no_technology));
    for aim in aims() {
        let got = match aim.id.as_str() {
            "female_of_identified" => share(&people, Person::trafficked, |p| p.sex == words.female),
            "children_of_identified" => share(&people, Person::trafficked, child),
            "sexual_of_girls" => share(&people, |p| p.trafficked() && child(p) && p.sex == words.female, is_sexual),
            "internet_of_sexual_exploitation" => share(&people, |p| p.trafficked() && is_sexual(p), online),
            "crossing_18_unseen_of_child_onset" => {
                share(&people, |p| p.trafficked() && p.age_in(p.onset) < 18, Person::crossed_18_unseen)
            }
            other => panic!("no test for the aim {other}"),
        };
        assert!(got.abs_diff(aim.per_thousand) <= aim.tolerance, "{}: {got}, aim {}", aim.id, aim.per_thousand);
    }
}

#[test]
fn what_is_missing_is_missing_in_the_declared_shares() {
    let plan = plan::Plan::embedded().unwrap();
    let f = lexicon().fields;
    for holder in world(SEED, &demo_holders()).holders.iter().take(2) {
        let habit = &plan.holder[holder.spec.kind.key()];
        let all = holder.spec.records as u32;
        let gone =
            |field| holder.incoming().filter(|i| matches!(i.record.cell(field), Cell::Missing(_))).count() as u32;
        let sex = gone(f.sex_registered) * 1000 / all;
        assert!(sex.abs_diff(habit.sex_missing) < 15, "{sex}");
        let age = gone(f.age_at_identification) * 1000 / all;
        assert!(age.abs_diff(habit.age_missing) < 25, "{age}");
    }
}

#[test]
fn consent_to_statistics_and_to_microdata_comes_in_the_declared_shares() {
    use accord_standard::consent::Purpose;
    for holder in &world(SEED, &demo_holders()).holders {
        let given = |purpose| {
            holder.incoming().filter(|i| i.consent.iter().any(|c| c.purpose == purpose && c.given)).count() * 1000
                / holder.spec.records
        };
        let (p2, p5) = (given(Purpose::Statistics), given(Purpose::Microdata));
        assert!((600..=920).contains(&p2), "{p2}");
        assert!(p5 < p2 && p5 > 100, "{p5}");
        let refused = holder.incoming().filter(|i| i.consent.iter().any(|c| !c.given)).count();
        assert!(refused > 0);
    }
    let on_basis = world(SEED, &demo_holders()).holders[1].incoming().filter(|i| i.legal_basis.is_some()).count();
    assert!((1_500..2_100).contains(&on_basis), "{on_basis}");
}

#[test]
fn the_truth_about_overlap_is_what_the_members_say() {
    let world = world(SEED, &demo_holders());
    let truth = world.truth();
    assert_eq!(truth.people, truth.capture.values().sum::<u64>());
    assert!(!truth.capture.contains_key(&0));
    for (i, holder) in world.holders.iter().enumerate() {
        let people: BTreeSet<u64> = holder.people().map(|p| p.number).collect();
        assert_eq!(people.len(), holder.spec.records, "each person once in an organisation");
        let counted: u64 = truth.capture.iter().filter(|(set, _)| *set & (1 << i) != 0).map(|(_, n)| n).sum();
        assert_eq!(counted, holder.spec.records as u64);
    }
    let by_lists = |n: u32| truth.capture.iter().filter(|(set, _)| set.count_ones() == n).map(|(_, n)| n).sum::<u64>();
    assert!(by_lists(2) > 500 && by_lists(3) > 10, "{:?}", truth.capture);
}

#[test]
fn a_person_known_to_two_organisations_is_the_same_person_spelt_differently() {
    let world = world(SEED, &demo_holders());
    let first: BTreeMap<u64, Person> = world.holders[0].people().map(|p| (p.number, p)).collect();
    let f = lexicon().fields;
    let name = |i: &Incoming| match i.record.cell(f.given_name) {
        Cell::Text(t) => Some(t.expose().to_owned()),
        _ => None,
    };
    let hotline: BTreeMap<u64, Option<String>> =
        world.holders[0].people().zip(world.holders[0].incoming()).map(|(p, i)| (p.number, name(&i))).collect();
    let (mut same, mut otherwise) = (0, 0);
    for (person, incoming) in world.holders[1].people().zip(world.holders[1].incoming()) {
        let Some(before) = first.get(&person.number) else { continue };
        assert!(*before == person);
        match (hotline[&person.number].clone(), name(&incoming)) {
            (Some(a), Some(b)) if a == b => same += 1,
            (Some(_), Some(_)) => otherwise += 1,
            _ => {}
        }
    }
    assert!(same > 20 && otherwise > 20, "{same} {otherwise}");
}

fn check_cells(part: &Part, what: &str) {
    let codebook = Codebook::embedded();
    assert!(part.windows(2).all(|w| w[0].0 < w[1].0), "{what}: sorted, each field once");
    for (field, cell) in part {
        let described = codebook.get(*field);
        let listed =
            |code: &Code| assert!(codebook.list_of(*field).unwrap().entry(*code).is_some(), "{}", described.id);
        match (cell, described.kind) {
            (Cell::Missing(_), _) | (Cell::Text(_), Kind::Text) => {}
            (Cell::Date(date), Kind::Date) => {
                assert!((1940..=2025).contains(&date.year) && date.month <= 12 && date.day <= 28, "{}", described.id);
            }
            (Cell::Code(code), Kind::Code) => listed(code),
            (Cell::Codes(codes) | Cell::OneOf(codes), Kind::Codes) => {
                assert!(!codes.is_empty() && codes.windows(2).all(|w| w[0] < w[1]), "{}", described.id);
                codes.iter().for_each(listed);
            }
            (Cell::Integer(n), Kind::Integer) => {
                let [low, high] = described.range.unwrap();
                assert!((low..=high).contains(n));
            }
            (Cell::Age(age), Kind::Age) => assert!(age.low <= age.high && age.low <= 120, "{}", described.id),
            _ => panic!("{}: a cell of another kind", described.id),
        }
    }
}

fn check_record(incoming: &Incoming) {
    let record = &incoming.record;
    let f = lexicon().fields;
    assert!(record.id.expose().starts_with("INV-"));
    check_cells(&record.cells, "record");
    record.perpetrators.iter().for_each(|p| check_cells(p, "perpetrator"));
    record.platform_actions.iter().for_each(|p| check_cells(p, "platform action"));
    for (n, event) in record.events.iter().enumerate() {
        check_cells(event, "event");
        let seq = event.iter().find(|(field, _)| *field == f.event_seq).map(|(_, c)| c.clone());
        assert!(seq.is_none_or(|seq| seq == Cell::Integer(n as i32 + 1)));
    }
    assert!(record.events.len() <= text::FLAT_EVENTS);
    let age = |field| match record.cell(field) {
        Cell::Age(age) => Some((age.low, age.high)),
        _ => None,
    };
    let order = [f.age_at_recruitment, f.age_at_first_exploitation, f.age_at_exit, f.age_at_identification];
    for pair in order.iter().enumerate().flat_map(|(i, a)| order[i + 1..].iter().map(move |b| (*a, *b))) {
        if let (Some((low, _)), Some((_, high))) = (age(pair.0), age(pair.1)) {
            assert!(low <= high, "ages run forwards");
        }
    }
    let not_trafficked = *record.cell(f.identification_status) == Cell::Code(lexicon().words.not_trafficking);
    assert_eq!(not_trafficked, matches!(record.cell(f.recorded_harm), Cell::Codes(_)));
    assert!(!not_trafficked || matches!(record.cell(f.purpose), Cell::Missing(_)), "kept apart");
}

#[test]
fn every_record_respects_the_codebook() {
    for holder in &world(SEED, &demo_holders()).holders {
        holder.incoming().for_each(|i| check_record(&i));
    }
}

#[test]
fn shelters_follow_most_people_beyond_all_that_happened_to_them() {
    let f = lexicon().fields;
    for holder in world(SEED, &demo_holders()).holders.iter().take(3) {
        let mut followed = 0;
        for (person, incoming) in holder.people().zip(holder.incoming()) {
            let Cell::Date(until) = incoming.record.cell(f.followed_until) else { continue };
            followed += 1;
            // The last month that the date can mean lies at or behind the last event.
            let month = i32::from(until.year) * 12 + if until.month == 0 { 11 } else { i32::from(until.month) - 1 };
            assert!(person.events.iter().all(|e| e.month <= month) && person.identified <= month);
            assert!(month <= person::LAST_MONTH);
        }
        let share = followed * 1000 / holder.spec.records;
        let declared = plan::Plan::embedded().unwrap().holder[holder.spec.kind.key()].followed as usize;
        assert!(share.abs_diff(declared) < 50, "{share} of {declared}");
    }
}

#[test]
fn courses_hold_extortion_before_exploitation_and_people_who_cross_18_unseen() {
    let people: Vec<Person> = world(SEED, &demo_holders()).holders[0].people().collect();
    let code = |list: &str, id: &str| Codebook::embedded().lists[list].code(id).unwrap();
    let (extortion, exploited) = (code("techuse", "sexual_extortion"), code("event_type", "exploited"));
    let later = people
        .iter()
        .filter(|p| {
            let at = |f: &dyn Fn(&person::Happened) -> bool| p.events.iter().position(f);
            let first = at(&|e| e.techuse == Some(extortion));
            let then = at(&|e| e.event_type == exploited);
            p.age_in(p.recruited) < 18 && first.is_some() && then > first
        })
        .count();
    assert!(later > 200, "{later}");
    assert!(people.iter().filter(|p| p.crossed_18_unseen()).count() > 500);
    for p in &people {
        assert!(p.birth_month <= p.recruited && p.recruited <= p.onset && p.onset <= p.exit && p.exit <= p.identified);
        assert!(p.events.windows(2).all(|w| (w[0].month, w[0].day) <= (w[1].month, w[1].day)));
    }
    let scripts: BTreeSet<&str> = people.iter().map(Person::script).collect();
    assert!(scripts.len() >= 10, "{scripts:?}");
}

#[test]
fn files_say_invented_and_rows_are_as_wide_as_their_header() {
    for holder in &world(SEED, &small()).holders {
        assert!(holder.file_name().starts_with("INVENTED-"), "{}", holder.file_name());
        let width = holder.header().len();
        assert!(holder.rows().all(|row| row.len() == width));
        assert_eq!(holder.rows().count(), holder.spec.records);
        assert!(holder.mapping().is_none_or(|m| m.starts_with("# INVENTED")));
    }
    let styles: Vec<Style> = world(SEED, &small()).holders.iter().map(|h| h.style).collect();
    assert_eq!(styles, [Style::Plain, Style::Labels, Style::Workbook, Style::OwnColumns]);
}

#[test]
fn every_word_of_the_legacy_file_has_a_place_in_its_code_page() {
    let world = world(SEED, &small());
    let file = bytes(&world.holders[3]);
    let (text, _, errors) = encoding_rs::WINDOWS_1252.decode(&file);
    assert!(!errors && !text.contains("&#") && text.contains("Situación"));
}

#[test]
fn exact_counts_add_up_to_the_records() {
    for holder in &world(SEED, &small()).holders {
        let counts = holder.exact_counts();
        assert_eq!(counts.values().sum::<u64>(), holder.spec.records as u64);
        assert!(counts.keys().any(|(sex, _)| sex == "unknown") && counts.keys().any(|(_, band)| band == "unknown"));
    }
}

proptest! {
    #[test]
    fn any_seed_and_number_make_a_record_that_respects_the_codebook(seed: u64, number: u64) {
        check_record(&record(seed, number));
    }

    #[test]
    fn any_list_of_holders_makes_a_world(
        seed: u64,
        sizes in proptest::collection::vec((0usize..60, 0usize..3), 0..6),
    ) {
        let holders: Vec<HolderSpec> = sizes
            .iter()
            .map(|(records, kind)| HolderSpec {
                name: "Invented".into(),
                kind: HolderKind::ALL[*kind],
                records: *records,
            })
            .collect();
        let world = world(seed, &holders);
        let truth = world.truth();
        prop_assert_eq!(truth.people, truth.capture.values().sum::<u64>());
        for holder in &world.holders {
            bytes(holder);
        }
    }
}

#[test]
fn a_stream_has_as_many_records_as_asked_for_each_the_same_as_when_made_alone() {
    for (number, incoming) in (0..).zip(records(SEED, 20_000)) {
        if number % 1_000 == 0 {
            assert!(incoming == record(SEED, number), "record {number}");
        }
    }
    assert_eq!(records(SEED, 20_000).count(), 20_000);
}

mod files;

//! Records that are possible and odd, and those that can't be.

use super::*;
use std::time::{Duration, Instant};

/// A line of JSON with so many events, numbered backwards, each with these further fields.
fn with_events(n: usize, more: &str) -> String {
    let mut line = String::from("{\"record_id\":\"INV-1\",\"sex_registered\":\"female\",\"events\":[");
    for at in 0..n {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(line, "{comma}{{\"seq\":{},\"phase\":\"recruit\"{more}}}", n - at);
    }
    line + "]}\n"
}

#[test]
fn a_case_without_events_is_a_good_record() {
    let checked = check(&with_events(0, ""));
    assert_eq!(checked.codes(), vec![]);
    assert!(checked.records[0].record.events.is_empty());
}

#[test]
fn events_are_held_in_their_order_whatever_order_they_come_in() {
    let checked = check(&with_events(1_000, ""));
    assert_eq!(checked.codes(), vec![]);
    let events = &checked.records[0].record.events;
    let seq = Codebook::embedded().field("event.seq").unwrap();
    assert_eq!(events.len(), 1_000);
    for (n, event) in events.iter().enumerate() {
        assert!(crate::model::cell_in(event, seq) == &Cell::Integer(n as i32 + 1), "event {n}");
    }
}

#[test]
fn a_case_with_ten_thousand_events_is_refused_and_told_so_in_bounded_time() {
    let started = Instant::now();
    let file = with_events(10_000, ",\"techuse\":\"contact_hunt\"") + &with_events(1, "").replace("INV-1", "INV-2");
    let checked = check(&file);
    assert_eq!(checked.codes(), vec![(1, "", "bad-json")]);
    assert!(checked.findings[0].message.contains("more than 1000 entries"), "{}", checked.findings[0].message);
    assert_eq!((checked.summary.failed, checked.summary.accepted), (1, 1), "the next record is read");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn nobody_exits_before_it_began_or_is_born_after_today_or_after_being_registered() {
    let checked = check(
        "record_id,birth_date,registration_date,followed_until,age_at_first_exploitation,age_at_exit\n\
         a,2027,,,,\nb,2020-05,2019,,,\nc,,,,16,15\nd,2020-05,,2019,,\ne,,2024-03,2024-02,,\nf,,2024-03,2024,16,16\n",
    );
    assert_eq!(
        checked.codes(),
        vec![
            (2, "birth_date", "future-date"),
            (3, "registration_date", "inconsistent-dates"),
            (4, "age_at_exit", "inconsistent-ages"),
            (5, "followed_until", "inconsistent-dates"),
            (6, "followed_until", "inconsistent-dates"),
        ]
    );
    assert_eq!(checked.records.len(), 1);
    let secret = checked.findings.iter().find(|f| f.column == "birth_date").unwrap();
    assert!(!secret.message.contains("2027"), "{}", secret.message);
}

#[test]
fn a_code_of_a_newer_codebook_fails_its_row_and_is_never_read_as_another() {
    let checked = check("{\"record_id\":\"a\",\"events\":[{\"seq\":1,\"techuse\":\"use_not_yet_listed\"}]}\n");
    assert_eq!(checked.codes(), vec![(1, "event.1.techuse", "unknown-code")]);
    assert!(checked.records.is_empty());
}

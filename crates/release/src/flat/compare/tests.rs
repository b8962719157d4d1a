use super::*;
use crate::flat::page::tests::{made, of, people};
use crate::flat::report::follows;

#[test]
fn the_changes_are_those_of_the_noisy_counts_with_the_noise_of_both() {
    let files = of(&people(), "Invented table", true);
    let previous = Previous::read(&files).unwrap();
    let (measured, draft) = made(&people(), "Invented table", true);
    let mut moved = measured.clone();
    let layout = moved.layout().unwrap();
    let column = layout.order.iter().position(|c| *c == 1).unwrap();
    let cell = layout.tables[0][column].offset + 2;
    moved.tables[1].values[cell] += 40;
    let compared = compare(&moved, &draft, previous.epsilon, &previous).unwrap();
    assert_eq!((compared.same_domain, compared.compared, compared.beyond_noise), (true, 11, 1));
    let first = &compared.largest[0];
    assert_eq!((first.column.as_str(), first.value.as_str(), first.change.difference), ("age_band", "15-17", 40));
    // Two draws of sigma 3: sigma 3√2 = 4.243, of which 95 in 100 are within 8.
    assert_eq!((first.change.low, first.change.high), (32, 48));
    assert!(compared.largest[1..].iter().all(|c| c.change.difference == 0));
    let same = compare(&measured, &draft, previous.epsilon, &previous).unwrap();
    assert_eq!((same.beyond_noise, same.rows.difference), (0, 0));
}

#[test]
fn only_what_both_reports_tell_is_given_as_a_reason() {
    let previous = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let (measured, mut draft) = made(&people(), "Invented table", true);
    let why = |draft: &Draft, epsilon: f64, measured: &Measured| {
        compare(measured, draft, epsilon, &previous).unwrap().why.join("\n")
    };
    let plain = why(&draft, previous.epsilon, &measured);
    assert!(!plain.contains("dial") && !plain.contains("Epsilon") && !plain.contains("years declared"), "{plain}");
    draft.asked.ask.dial = 3.0;
    draft.info.period = "2020".into();
    draft.info.invented = false;
    let mut more = measured.clone();
    more.tables[0].values[0] += 100;
    let changed = why(&draft, previous.epsilon * 2.0, &more);
    for reason in [
        "dial was 1.5 and is 3",
        "Epsilon was",
        "“2019 to 2025” and are “2020”",
        "There are other rows",
        "INVENTED DATA",
    ] {
        assert!(changed.contains(reason), "{reason}: {changed}");
    }
}

#[test]
fn a_draft_with_a_comparison_follows_from_its_own_files_and_a_changed_comparison_is_found() {
    let previous = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let (measured, mut draft) = made(&people(), "Invented table", true);
    draft.previous = Some(previous);
    let drafted = crate::flat::report::draft(&measured, &draft, &mut |_| {}).unwrap();
    let mut files = crate::flat::report::files(&measured, &drafted, Files::new()).unwrap();
    assert_eq!(follows(&files), Ok(()));
    assert!(String::from_utf8(files["report.html"].clone()).unwrap().contains("What changed since"));
    let mut report: FlatReport = parse(&files, REPORT).unwrap();
    report.compared.as_mut().unwrap().beyond_noise += 1;
    files.insert(REPORT.into(), serde_json::to_vec(&report).unwrap());
    assert!(follows(&files).is_err());
}

#[test]
fn a_damaged_or_other_draft_is_no_comparison() {
    let mut files = of(&people(), "Invented table", true);
    files.get_mut(MEASURED).unwrap().push(b' ');
    assert!(Previous::read(&files).unwrap_err().contains("measured.json was changed"));
    assert!(Previous::read(&Files::new()).is_err());
}

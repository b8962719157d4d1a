use super::*;
use crate::input::{Flow, Hints};
use crate::model::{Age, AgePrecision};
use accord_standard::value::Missing;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

const TODAY: i32 = 20_261_124;

struct Checked {
    summary: Summary,
    findings: Vec<Finding>,
    records: Vec<Incoming>,
}

impl Checked {
    fn codes(&self) -> Vec<(u64, &str, &str)> {
        self.findings.iter().map(|f| (f.row, f.column.as_str(), f.code.id())).collect()
    }
}

fn check_as(bytes: &[u8], mapping: Mapping<'_>) -> Result<Checked, CheckError> {
    let (mut findings, mut records) = (Vec::new(), Vec::new());
    let settings = Settings { book: Codebook::embedded(), mapping, today: TODAY, records: true, alone: false };
    let summary = run(Box::new(bytes), &Hints::default(), settings, &mut |event| {
        match event {
            Event::Finding(f) => findings.push(f.clone()),
            Event::Record(_, r) => records.push(r),
            _ => {}
        }
        Flow::Go
    })?;
    // A check without records finds the same.
    let mut alone = Vec::new();
    let settings = Settings { records: false, ..settings };
    let again = run(Box::new(bytes), &Hints::default(), settings, &mut |event| {
        if let Event::Finding(f) = event {
            alone.push(f.clone());
        }
        Flow::Go
    })?;
    assert_eq!(again, summary);
    assert_eq!(alone, findings);
    Ok(Checked { summary, findings, records })
}

fn check(text: &str) -> Checked {
    check_as(text.as_bytes(), Mapping::Is(Crosswalk::accord())).unwrap()
}

fn refused(text: &str) -> CheckError {
    check_as(text.as_bytes(), Mapping::Is(Crosswalk::accord())).err().unwrap()
}

fn cell<'a>(record: &'a Incoming, path: &str) -> &'a Cell {
    record.record.cell(Codebook::embedded().field(path).unwrap())
}

fn age(low: u8, high: u8, precision: AgePrecision) -> Cell {
    Cell::Age(Age { low, high, precision })
}

fn code(list: &str, id: &str) -> Code {
    Codebook::embedded().lists[list].code(id).unwrap()
}

#[test]
fn good_records_are_read_with_codes_labels_precision_and_reasons() {
    let checked = check(
        "record_id,sex_registered,age_at_identification,age_at_recruitment,citizenship,tech_involved,registration_date\n\
         a1,female,15-17,about 14,NAM;ZAF,yes,2024-03\n\
         a2,Female,refused,,NA,not asked,2024\n",
    );
    assert_eq!(checked.codes(), vec![]);
    assert_eq!((checked.summary.accepted, checked.summary.failed), (2, 0));
    let [a, b] = &checked.records[..] else { panic!("two records") };
    assert!(cell(a, "sex_registered") == &Cell::Code(code("sex_registered", "female")));
    assert!(cell(b, "sex_registered") == &Cell::Code(code("sex_registered", "female")));
    assert!(cell(a, "age_at_identification") == &age(15, 17, AgePrecision::Range));
    assert!(cell(a, "age_at_recruitment") == &age(13, 15, AgePrecision::About));
    assert!(cell(b, "age_at_identification") == &Cell::Missing(Missing::Refused));
    assert!(cell(b, "age_at_recruitment") == &Cell::Missing(Missing::NotRecorded));
    assert!(cell(b, "tech_involved") == &Cell::Missing(Missing::NotAsked));
    let mut both = vec![code("country", "NAM"), code("country", "ZAF")];
    both.sort_unstable();
    assert!(cell(a, "citizenship") == &Cell::Codes(both));
}

#[test]
fn na_is_namibia_and_not_a_missing_value() {
    let checked = check("record_id,country_birth,citizenship\na,NA,NA\nb,NAM,\n");
    assert_eq!(checked.codes(), vec![]);
    assert!(cell(&checked.records[0], "country_birth") == &Cell::Code(code("country", "NAM")));
    assert!(cell(&checked.records[0], "citizenship") == &Cell::Codes(vec![code("country", "NAM")]));
    assert!(cell(&checked.records[1], "citizenship") == &Cell::Missing(Missing::NotRecorded));
}

#[test]
fn bad_ages_are_found_where_they_stand() {
    let checked = check(
        "record_id,age_at_identification\n1,seventeen\n2,170\n3,-1\n4,about 14\n5,15-17\n6,15–17\n7,18+\n8,17.5\n9,~14\n",
    );
    let column = "age_at_identification";
    assert_eq!(
        checked.codes(),
        vec![
            (2, column, "not-a-number"),
            (3, column, "age-out-of-range"),
            (4, column, "age-out-of-range"),
            (9, column, "not-a-number")
        ]
    );
    assert_eq!(checked.findings[0].suggestion.as_deref(), Some("17"));
    assert_eq!((checked.summary.rows, checked.summary.accepted), (9, 5));
}

#[test]
fn an_unknown_code_is_an_error_with_the_nearest_code() {
    let checked = check("record_id,sex_registered\na,femal\nb,zzzzzz\n");
    assert_eq!(checked.codes(), vec![(2, "sex_registered", "unknown-code"), (3, "sex_registered", "unknown-code")]);
    assert_eq!(checked.findings[0].suggestion.as_deref(), Some("female"));
    assert_eq!(checked.findings[1].suggestion, None);
}

#[test]
fn blank_is_not_recorded_and_never_no() {
    let checked = check("record_id,tech_involved,in_care\na,,no\n");
    assert!(cell(&checked.records[0], "tech_involved") == &Cell::Missing(Missing::NotRecorded));
    assert!(cell(&checked.records[0], "in_care") == &Cell::Code(code("yes_no", "no")));
}

#[test]
fn duplicate_and_missing_identifiers_are_errors_and_blank_rows_are_none() {
    let checked = check("record_id,sex_registered\na,female\nb,male\na,male\n,female\n,\n\nc,female\n");
    assert_eq!(checked.codes(), vec![(4, "record_id", "duplicate-id"), (5, "record_id", "missing-id")]);
    assert_eq!((checked.summary.rows, checked.summary.accepted), (5, 3));
}

#[test]
fn ragged_rows_are_errors_and_the_others_are_read() {
    let checked =
        check("record_id,sex_registered,tech_involved\na,female,yes\nb,male\nc,female,yes,more\nd,male,no,,\n");
    assert_eq!(checked.codes(), vec![(3, "", "ragged-row"), (4, "", "ragged-row")]);
    assert_eq!(checked.summary.accepted, 2);
}

#[test]
fn unknown_columns_are_refused_with_what_may_have_been_meant() {
    let CheckError::Header(error) = refused("record_id,sex_registred,shoe_size\na,female,38\n") else { panic!() };
    let words = error.to_string();
    assert!(words.contains("`sex_registred` (did you mean `sex_registered`?)"), "{words}");
    assert!(words.contains("`shoe_size`"), "{words}");
}

#[test]
fn a_file_without_the_identifier_or_with_a_column_twice_is_refused() {
    assert!(refused("sex_registered,tech_involved\nfemale,yes\n").to_string().contains("record_id"));
    let CheckError::Header(HeaderError::Twice(twice)) = refused("record_id,gender,gender\na,woman_girl,man_boy\n")
    else {
        panic!()
    };
    assert_eq!(twice, vec!["gender"]);
}

#[test]
fn formulas_are_errors_and_a_telephone_number_is_none() {
    let checked = check("record_id,phone,account_handle,address\na,+389 70 000 000,@invented,=1+1\nb,+cmd|x,,-2+3\n");
    assert_eq!(
        checked.codes(),
        vec![(2, "address", "formula"), (3, "phone", "formula-like"), (3, "address", "formula-like")]
    );
    assert_eq!((checked.summary.accepted, checked.summary.failed), (1, 1));
}

#[test]
fn no_message_holds_what_stands_in_a_column_that_identifies() {
    let canary = "CanaryOfAName";
    let long = canary.repeat(500);
    let text = format!(
        "record_id,given_name,birth_date,address\n{canary}\u{7},{long},{canary},\"={canary}\"\n{canary},\u{7}{canary},{canary}/1/2,x\n"
    );
    let checked = check(&text);
    assert!(checked.findings.len() >= 6);
    for finding in &checked.findings {
        assert!(!format!("{finding:?}").contains(canary), "{finding:?}");
    }
}

#[test]
fn dates_that_can_be_read_both_ways_follow_the_order_that_the_file_shows() {
    let checked = check("record_id,registration_date\na,05/03/2020\nb,25/03/2020\nc,2020-03-05\n");
    assert_eq!(checked.codes(), vec![]);
    assert_eq!(checked.summary.dates, "day/month/year");
    assert!(
        cell(&checked.records[0], "registration_date")
            == &Cell::Date(crate::model::Date { year: 2020, month: 3, day: 5 })
    );
}

#[test]
fn dates_in_three_orders_are_ambiguous_where_they_can_be_read_both_ways() {
    let checked = check("record_id,registration_date\na,05/03/2020\nb,25/03/2020\nc,03/25/2020\nd,2020-03-05\n");
    assert_eq!(checked.codes(), vec![(2, "registration_date", "ambiguous-date")]);
    assert!(checked.findings[0].message.contains("both orders"));
    assert!(checked.summary.found.notes[0].contains("both orders"));
    let checked = check("record_id,registration_date\na,05/03/2020\n");
    assert_eq!(checked.codes(), vec![(2, "registration_date", "ambiguous-date")]);
}

#[test]
fn a_date_in_the_future_and_one_that_is_none_are_errors() {
    let checked = check("record_id,registration_date\na,2026-11-25\nb,2026\nc,2021-02-29\nd,2026-11-24\ne,2027\n");
    assert_eq!(
        checked.codes(),
        vec![
            (2, "registration_date", "future-date"),
            (4, "registration_date", "bad-date"),
            (6, "registration_date", "future-date")
        ]
    );
}

#[test]
fn ages_that_cannot_all_be_true_are_errors_and_those_that_can_are_none() {
    let checked = check(
        "record_id,age_at_recruitment,age_at_first_exploitation,age_at_exit\n\
         a,16,17,15\nb,about 14,15-17,14\nc,17,,\nd,unknown,19,18\n",
    );
    assert_eq!(
        checked.codes(),
        vec![
            (2, "age_at_exit", "inconsistent-ages"),
            (2, "age_at_exit", "inconsistent-ages"),
            (3, "age_at_exit", "inconsistent-ages"),
            (5, "age_at_exit", "inconsistent-ages")
        ]
    );
}

mod extremes;

#[test]
fn events_perpetrators_consent_and_basis_find_their_places() {
    let checked = check(
        "record_id,event.2.techuse,event.1.techuse,event.1.seq,event.2.seq,event.37.service,perpetrator.1.sex,consent_p2,consent_p5,legal_basis\n\
         a,groom_relationship,contact_hunt,2,1,messaging,man_boy,yes,no,\n",
    );
    assert_eq!(checked.codes(), vec![]);
    let record = &checked.records[0];
    let book = Codebook::embedded();
    let techuse = book.field("event.techuse").unwrap();
    let of = |i: usize| crate::model::cell_in(&record.record.events[i], techuse);
    assert!(of(0) == &Cell::Code(code("techuse", "groom_relationship")), "events stand in the order of seq");
    assert!(of(1) == &Cell::Code(code("techuse", "contact_hunt")));
    assert_eq!((record.record.events.len(), record.record.perpetrators.len()), (3, 1));
    let claims: Vec<_> = record.consent.iter().map(|c| (c.purpose.code(), c.given)).collect();
    assert_eq!(claims, vec![("p2", true), ("p5", false)]);
    assert!(record.legal_basis.is_none());
}

#[test]
fn json_lines_and_flat_columns_give_the_same_record() {
    let flat = check(
        "record_id,citizenship,age_at_identification,event.1.techuse,event.1.seq,consent_p2\na,NAM;ZAF,15-17,contact_hunt,1,yes\n",
    );
    let lines = check(
        r#"{"record_id":"a","citizenship":["NAM","ZAF"],"age_at_identification":"15-17","events":[{"seq":1,"techuse":"contact_hunt"}],"consent":{"p2":true}}"#,
    );
    assert_eq!(lines.codes(), vec![]);
    assert!(flat.records[0] == lines.records[0]);
}

#[test]
fn faults_in_json_lines_are_found_line_by_line() {
    let checked =
        check("{\"record_id\":\"a\"}\nnot json\n{\"record_id\":\"b\",\"shoe_size\":3}\n{\"events\":[]}\n[1]\n");
    assert_eq!(
        checked.codes(),
        vec![
            (2, "", "bad-json"),
            (3, "shoe_size", "unknown-column"),
            (4, "record_id", "missing-id"),
            (5, "", "bad-json")
        ]
        .into_iter()
        .filter(|f| f.0 != 4)
        .collect::<Vec<_>>()
    );
}

#[test]
fn an_own_mapping_reads_own_columns_bands_and_flags() {
    let walk = Crosswalk::parse(
        r#"
        id = "shelter"
        title = "An invented shelter"
        missing = ["-99"]
        separator = "/"
        dates = "dmy"
        [[column]]
        name = "Nr"
        rule = "record_id"
        [[column]]
        name = "Age group"
        field = "age_at_identification"
        rule = "age_band"
        values = { "teen" = "13-17", "adult" = "18+" }
        [[column]]
        name = "Online"
        field = "tech_involved"
        rule = "code"
        values = { "ja" = "yes", "nein" = "no" }
        [[column]]
        name = "Threats"
        field = "control_method"
        rule = "flag"
        codes = ["threats"]
        [[column]]
        name = "Debt"
        field = "control_method"
        rule = "flag"
        codes = ["debt_bondage"]
        [[column]]
        name = "From"
        field = "citizenship"
        rule = "codes"
        [[column]]
        name = "Day"
        field = "registration_date"
        rule = "date"
        "#,
    )
    .unwrap();
    let text = "Nr;AGE GROUP;Online;Threats;Debt;From;Day\n1;teen;ja;1;1;NAM/ZAF;05/03/2020\n2;adult;-99;0;1.0;-99;\n3;old;nein;2;;;\n";
    let checked = check_as(text.as_bytes(), Mapping::Is(&walk)).unwrap();
    assert_eq!(checked.codes(), vec![(4, "AGE GROUP", "not-a-number"), (4, "Threats", "not-a-flag")]);
    let [a, b] = &checked.records[..] else { panic!("two records") };
    assert!(cell(a, "age_at_identification") == &age(13, 17, AgePrecision::Range));
    assert!(cell(b, "age_at_identification") == &age(18, 255, AgePrecision::Range));
    let mut both = vec![code("control_method", "threats"), code("control_method", "debt_bondage")];
    both.sort_unstable();
    assert!(cell(a, "control_method") == &Cell::Codes(both));
    assert!(cell(b, "control_method") == &Cell::Codes(vec![code("control_method", "debt_bondage")]));
    assert!(cell(b, "tech_involved") == &Cell::Missing(Missing::NotRecorded));
    assert!(cell(a, "registration_date") == &Cell::Date(crate::model::Date { year: 2020, month: 3, day: 5 }));
}

#[test]
fn what_is_certain_is_kept_beside_a_set_of_which_one_holds_and_the_loss_is_told() {
    let walk = Crosswalk::parse(
        r#"
        id = "flags"
        title = "Invented flags"
        [[column]]
        name = "certain"
        field = "control_method"
        rule = "flag"
        codes = ["threats"]
        [[column]]
        name = "either"
        field = "control_method"
        rule = "flag_one_of"
        codes = ["debt_bondage", "takes_earnings"]
        "#,
    )
    .unwrap();
    let text = "certain,either\n1,1\n,1\n1,\n";
    let mut records = Vec::new();
    let settings =
        Settings { book: Codebook::embedded(), mapping: Mapping::Is(&walk), today: TODAY, records: true, alone: false };
    let summary = run(Box::new(text.as_bytes()), &Hints::default(), settings, &mut |event| {
        if let Event::Record(_, record) = event {
            records.push(record);
        }
        Flow::Go
    })
    .unwrap();
    let certain = Cell::Codes(vec![code("control_method", "threats")]);
    let mut set = vec![code("control_method", "debt_bondage"), code("control_method", "takes_earnings")];
    set.sort_unstable();
    for (record, wanted) in records.iter().zip([&certain, &Cell::OneOf(set), &certain]) {
        assert!(cell(record, "control_method") == wanted);
    }
    assert_eq!(summary.losses.values().copied().collect::<Vec<_>>(), vec![1]);
}

#[test]
fn two_codes_in_a_cell_are_not_the_composite_code_that_bears_both_names() {
    let checked = check(
        "record_id,citizenship_region\na,americas;oceania\nb,americas|oceania\nc,americas_oceania\nd,Americas / Oceania\ne,;\n",
    );
    let region = |id| code("un_region", id);
    let of = |i: usize| cell(&checked.records[i], "citizenship_region");
    let sorted = |mut codes: Vec<Code>| {
        codes.sort_unstable();
        codes
    };
    let both = sorted(vec![region("americas"), region("oceania")]);
    assert!(of(0) == &Cell::Codes(both.clone()));
    assert!(of(1) == &Cell::OneOf(both));
    assert!(of(2) == &Cell::Codes(vec![region("americas_oceania")]));
    assert!(of(3) == &Cell::Codes(vec![region("americas_oceania")]));
    assert_eq!(checked.codes(), vec![(6, "citizenship_region", "unknown-code")]);
}

#[test]
fn completeness_counts_values_and_not_reasons() {
    let checked = check("record_id,tech_involved,gender\na,yes,\nb,unknown,woman_girl\nc,,unknown\n");
    let filled: Vec<_> = checked.summary.columns.iter().map(|c| (c.column.as_str(), c.filled)).collect();
    assert_eq!(filled, vec![("record_id", 3), ("tech_involved", 1), ("gender", 1)]);
}

/// The project's data folder beside the checkout, if it is there.
fn data(file: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {file} is not on this machine");
    }
    bytes
}

fn plain(gzip: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(gzip).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn the_ctdc_file_is_read_whole_and_counts_by_gender_and_age_band_equal_an_independent_count() {
    let Some(gzip) = data("ctdc/ctdc_global_synthetic_2021.csv.gz") else { return };
    let walk = Crosswalk::embedded("ctdc").unwrap();
    let book = Codebook::embedded();
    let (gender, age_field) = (book.field("gender").unwrap(), book.field("age_at_identification").unwrap());
    let genders = &book.lists["gender"];
    let mut ours: BTreeMap<(String, String), u64> = BTreeMap::new();
    let settings = Settings { book, mapping: Mapping::Detect, today: TODAY, records: true, alone: false };
    let mut found_walk = String::new();
    let summary = run(Box::new(&gzip[..]), &Hints::default(), settings, &mut |event| {
        match event {
            Event::Started { crosswalk, .. } => found_walk.clone_from(&crosswalk.id),
            Event::Finding(f) => panic!("{f:?}"),
            Event::Record(_, incoming) => {
                let who = match incoming.record.cell(gender) {
                    Cell::Code(c) => genders.entry(*c).unwrap().id.clone(),
                    Cell::Missing(Missing::NotRecorded) => "-".into(),
                    other => panic!("{other:?}"),
                };
                let old = match incoming.record.cell(age_field) {
                    Cell::Age(Age { low, high: 255, precision: AgePrecision::Range }) => format!("{low}+"),
                    Cell::Age(Age { low, high, precision: AgePrecision::Range }) => format!("{low}--{high}"),
                    Cell::Missing(Missing::NotRecorded) => "-".into(),
                    other => panic!("{other:?}"),
                };
                *ours.entry((who, old)).or_default() += 1;
            }
            Event::Rows(_) => {}
        }
        Flow::Go
    })
    .unwrap();
    assert_eq!(found_walk, walk.id);
    assert_eq!((summary.rows, summary.accepted, summary.failed), (193_025, 193_025, 0));

    let mut theirs: BTreeMap<(String, String), u64> = BTreeMap::new();
    let text = plain(&gzip);
    let mut reader = csv::Reader::from_reader(&text[..]);
    for row in reader.records() {
        let row = row.unwrap();
        let who = match &row[1] {
            "Female" => "woman_girl",
            "Male" => "man_boy",
            "" => "-",
            other if other.starts_with("Trans") => "trans",
            other => panic!("{other}"),
        };
        let old = if row[2].is_empty() { "-" } else { &row[2] };
        *theirs.entry((who.to_owned(), old.to_owned())).or_default() += 1;
    }
    // The name of the composite code is the codelist's affair.
    let ours: BTreeMap<(String, String), u64> = ours
        .into_iter()
        .map(|((who, old), n)| {
            let who = if ["woman_girl", "man_boy", "-"].contains(&who.as_str()) { who } else { "trans".into() };
            ((who, old), n)
        })
        .collect();
    assert_eq!(ours, theirs);
    let without: u64 = ours.iter().filter(|((who, _), _)| who == "-").map(|(_, n)| n).sum();
    assert_eq!(without, 47_095);
    assert_eq!(ours[&("woman_girl".into(), "9--17".into())], 12_148);
}

#[test]
fn the_ctdc_victim_perpetrator_file_is_read_without_a_finding() {
    let Some(gzip) = data("ctdc/ctdc_vp_synthetic_2022.csv.gz") else { return };
    let checked = check_as(&gzip, Mapping::Is(Crosswalk::embedded("ctdc").unwrap())).unwrap();
    assert_eq!(checked.codes(), vec![]);
    assert_eq!(checked.summary.accepted, 21_195);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_check_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = check_as(&bytes, Mapping::Detect);
    }

    #[test]
    fn no_cells_make_the_check_panic(cells in prop::collection::vec(".{0,30}", 6)) {
        let mut text = String::from("record_id,age_at_exit,registration_date,sex_registered,citizenship,phone\n");
        for (i, cell) in cells.iter().enumerate() {
            let _ = write!(text, "{}\"{}\"", if i > 0 { "," } else { "" }, cell.replace('"', "\"\""));
        }
        let _ = check_as(text.as_bytes(), Mapping::Is(Crosswalk::accord()));
    }

    #[test]
    fn every_row_is_accepted_failed_or_blank(rows in prop::collection::vec(("[a-c]{0,2}", "(1[0-9]|x|)"), 0..30)) {
        let mut text = String::from("record_id,age_at_exit\n");
        for (id, age) in &rows {
            let _ = writeln!(text, "{id},{age}");
        }
        let checked = check(&text);
        let s = &checked.summary;
        prop_assert_eq!(s.accepted + s.failed + s.blank, rows.len() as u64);
        prop_assert_eq!(s.accepted, checked.records.len() as u64);
        let failing = checked.findings.iter().filter(|f| f.code.fails()).map(|f| f.row).collect::<std::collections::BTreeSet<_>>();
        prop_assert_eq!(s.failed, failing.len() as u64);
    }
}

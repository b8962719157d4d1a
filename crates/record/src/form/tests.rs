//! What the forms promise.

use super::definition::{Ask, Form, Place};
use super::*;
use calamine::{Data, Reader, Xlsx};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

fn codebook() -> &'static Codebook {
    Codebook::embedded()
}

fn form() -> Form {
    Form::embedded(codebook()).unwrap()
}

fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range(name).unwrap();
    range
        .rows()
        .map(|row| row.iter().map(|cell| if *cell == Data::Empty { String::new() } else { cell.to_string() }).collect())
        .collect()
}

fn sheets(bytes: &[u8]) -> Vec<String> {
    Xlsx::new(Cursor::new(bytes.to_vec())).unwrap().sheet_names()
}

/// One part of a workbook, as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    std::io::read_to_string(zip.by_name(name).unwrap()).unwrap()
}

#[test]
fn the_workbook_asks_by_the_names_of_the_codebook_and_has_its_sheets() {
    let bytes = workbook(codebook()).unwrap();
    assert_eq!(sheets(&bytes), ["records", "events", "perpetrators", "codes", "read me"]);
    let records = sheet(&bytes, "records");
    assert_eq!(records.len(), 2, "no row is filled in");
    for name in ["record_id", "age_at_recruitment", "age_at_first_exploitation", "age_at_identification", "age_at_exit"]
    {
        assert!(records[1].contains(&name.to_owned()), "{name}");
    }
    let accord = accord_standard::crosswalk::Crosswalk::accord();
    let known = |name: &str| accord.columns.iter().any(|c| c.name == name);
    assert!(records[1].iter().all(|name| known(name)), "{:?}", records[1]);
    for (name, level) in [("events", "event"), ("perpetrators", "perpetrator")] {
        let header = &sheet(&bytes, name)[1];
        assert_eq!(header[0], "record_id");
        assert!(header[1..].iter().all(|field| known(&format!("{level}.1.{field}"))), "{header:?}");
    }
    let events = &sheet(&bytes, "events")[1];
    for name in ["phase", "techuse", "service", "contacted_by", "payment_form"] {
        assert!(events.contains(&name.to_owned()), "{name}");
    }
}

#[test]
fn the_lists_of_the_workbook_are_the_lists_of_the_codebook() {
    let bytes = workbook(codebook()).unwrap();
    let rows = sheet(&bytes, "codes");
    let mut by_list: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows[1..] {
        by_list.entry(&row[0]).or_default().insert(&row[2]);
    }
    for (list, codes) in &by_list {
        if *list == definition::CONSENT_LIST {
            continue;
        }
        let whole: BTreeSet<&str> = codebook().lists[*list].codes.iter().map(|c| c.id.as_str()).collect();
        let besides = ["unknown", "refused", "not_asked"];
        assert!(codes.iter().all(|c| whole.contains(c) || besides.contains(c)), "{list}");
        let left_out = whole.iter().filter(|c| !codes.contains(*c)).count();
        assert!(left_out <= 5, "{list}: {left_out} codes are left out");
    }
    assert_eq!(by_list["techuse"].len(), codebook().lists["techuse"].codes.len() + 3);
}

#[test]
fn every_validation_of_the_workbook_points_at_the_whole_of_its_list_and_at_nothing_else() {
    let bytes = workbook(codebook()).unwrap();
    let rows = sheet(&bytes, "codes");
    let form = form();
    for (number, name) in [(1, "records"), (2, "events"), (3, "perpetrators")] {
        let xml = part(&bytes, &format!("xl/worksheets/sheet{number}.xml"));
        assert!(xml.contains("state=\"frozen\""), "{name}: the header stays in sight");
        for (_, question) in form.on(Place::Workbook).filter(|(s, q)| s.sheet == name && q.list.is_some()) {
            let list = question.list.clone().unwrap();
            let first = rows.iter().position(|r| r[0] == list).unwrap() + 1;
            let last = rows.iter().rposition(|r| r[0] == list).unwrap() + 1;
            let range = format!("codes!$B${first}:$B${last}");
            assert!(xml.contains(&format!("<formula1>{range}</formula1>")), "{}: {range}", question.path);
            assert!(rows[first - 1..last].iter().all(|r| r[0] == list), "{list} stands together");
        }
    }
}

#[test]
fn every_column_to_fill_in_is_text_so_that_no_age_becomes_a_date() {
    let bytes = workbook(codebook()).unwrap();
    let styles = part(&bytes, "xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).unwrap().split("</cellXfs>").next().unwrap();
    let text = formats.split("<xf ").skip(1).position(|xf| xf.contains("numFmtId=\"49\"")).unwrap();
    for number in 1..=3 {
        let xml = part(&bytes, &format!("xl/worksheets/sheet{number}.xml"));
        let columns = xml.split("<cols>").nth(1).unwrap().split("</cols>").next().unwrap();
        assert!(columns.split("<col ").skip(1).all(|c| c.contains(&format!("style=\"{text}\""))), "{columns}");
    }
}

#[test]
fn no_answer_of_which_several_may_stand_in_a_cell_holds_the_separator() {
    let form = form();
    for (_, question) in form.on(Place::Workbook).filter(|(_, q)| q.ask == Ask::Several) {
        assert!(form.choices(question).iter().all(|c| !c.label.contains(';')), "{}", question.path);
    }
}

#[test]
fn no_form_asks_for_a_narrative_or_a_name() {
    for (_, question) in form().sections.iter().flat_map(|s| s.questions.iter().map(move |q| (s, q))) {
        assert!(
            question.ask == Ask::LocalId || question.path.contains("consent") || question.path == "legal_basis" || {
                let field = codebook().get(codebook().field(&question.path).unwrap());
                field.kind != accord_standard::codebook::Kind::Text
            }
        );
    }
    let asked = Form::parse(
        "id='x'\nversion='1'\ntitle='x'\nlead=''\nprivacy=''\nmissing=[]\n[[section]]\nid='a'\nsheet='records'\nlevel='record'\ntitle='a'\n\
         [[section.question]]\nfield='given_name'\nwords='Name'\n",
        codebook(),
    );
    assert!(matches!(asked, Err(FormError::Narrative(field)) if field == "given_name"));
}

#[test]
fn the_xlsform_has_its_three_sheets_and_every_select_has_its_list() {
    let bytes = xlsform(codebook()).unwrap();
    assert_eq!(sheets(&bytes), ["survey", "choices", "settings"]);
    let (survey, choices) = (sheet(&bytes, "survey"), sheet(&bytes, "choices"));
    let lists: BTreeSet<&str> = choices[1..].iter().map(|r| r[0].as_str()).collect();
    let mut selects = 0;
    for row in &survey[1..] {
        if let Some((kind, list)) = row[0].split_once(' ') {
            assert!(kind == "select_one" || kind == "select_multiple", "{kind}");
            assert!(lists.contains(list), "{list}");
            selects += 1;
        }
    }
    assert!(selects > 25, "{selects}");
    let used: BTreeSet<&str> = survey[1..].iter().filter_map(|r| Some(r[0].split_once(' ')?.1)).collect();
    assert_eq!(lists, used, "no list is left over");
    let mut seen = BTreeSet::new();
    assert!(choices[1..].iter().all(|r| seen.insert((&r[0], &r[1]))), "each choice once in its list");
    assert!(choices[1..].iter().all(|r| !r[1].contains(' ')));
}

#[test]
fn the_xlsform_lets_every_question_be_skipped_and_has_no_text_but_the_case_number() {
    let survey = sheet(&xlsform(codebook()).unwrap(), "survey");
    assert!(!survey[0].contains(&"required".to_owned()));
    let texts: Vec<&str> = survey[1..].iter().filter(|r| r[0] == "text").map(|r| r[1].as_str()).collect();
    assert_eq!(texts, ["local_id"]);
    let repeats: Vec<&str> = survey[1..].iter().filter(|r| r[0] == "begin_repeat").map(|r| r[1].as_str()).collect();
    assert_eq!(repeats, ["events", "perpetrators"]);
    assert!(survey[1..].iter().any(|r| r[1] == "age_at_exit" && r[8].contains("concat('~', ${age_at_exit_years})")));
    assert!(survey[1..].iter().any(|r| r[5] == "${identification_status} = 'not_trafficking'"));
}

#[test]
fn what_the_xlsform_gives_back_has_a_mapping_that_fits_the_codebook() {
    let text = xlsform_mapping(codebook()).unwrap();
    let mapping = accord_standard::crosswalk::Crosswalk::parse(&text).unwrap();
    let survey = sheet(&xlsform(codebook()).unwrap(), "survey");
    let mut repeat: Option<String> = None;
    for row in &survey[1..] {
        match row[0].as_str() {
            "begin_repeat" => repeat = Some(row[1].trim_end_matches('s').to_owned()),
            "end_repeat" => repeat = None,
            "begin_group" | "end_group" => {}
            _ if repeat.is_some() && row[1] == "record_id" => {}
            _ => {
                let name = repeat.as_ref().map_or_else(|| row[1].clone(), |level| format!("{level}.1.{}", row[1]));
                assert!(mapping.columns.iter().any(|c| c.name == name), "{name}");
            }
        }
    }
}

#[test]
fn the_printed_sheet_stands_alone_and_says_that_anything_may_be_skipped() {
    let page = printable(codebook());
    assert!(page.contains("Skip anything"));
    for forbidden in ["http:", "https:", "<script", "<img", "url(", "@import", "<textarea"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("Not known") && page.contains("Prefer not to say"));
    assert_eq!(page.matches("class=\"side\"").count(), 2);
    let form = form();
    for (_, question) in form.on(Place::Sheet).filter(|(_, q)| q.list.as_deref() == Some("techuse")) {
        for choice in form.choices(question) {
            assert!(page.contains(&format!("<b>{}</b> {}", choice.number, choice.label)), "{}", choice.id);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_form_or_a_named_error(text in "\\PC{0,200}") {
        let _ = Form::parse(&text, codebook());
    }

    #[test]
    fn any_field_is_asked_for_or_refused(field in "[a-z_.]{0,20}") {
        let text = format!(
            "id='x'\nversion='1'\ntitle='x'\nlead=''\nprivacy=''\nmissing=[]\n[[section]]\nid='a'\nsheet='records'\nlevel='record'\n\
             title='a'\n[[section.question]]\nfield='{field}'\nwords='w'\n"
        );
        let _ = Form::parse(&text, codebook());
    }
}

/// Rows to fill in by sheet of the workbook: column name to text.
type Filled<'a> = &'a [(usize, &'a [(&'a str, &'a str)])];

/// The event workbook with rows typed in below its header, as a spreadsheet program would store them.
fn filled(rows: Filled<'_>) -> Vec<u8> {
    use std::io::Write as _;
    let bytes = workbook(codebook()).unwrap();
    let names = ["records", "events", "perpetrators"];
    let mut old = zip::ZipArchive::new(Cursor::new(bytes.clone())).unwrap();
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..old.len() {
        let name = old.by_index(i).unwrap().name().unwrap().into_owned();
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut old.by_index(i).unwrap(), &mut text).unwrap();
        for (number, sheet_name) in names.iter().enumerate() {
            if name != format!("xl/worksheets/sheet{}.xml", number + 1) {
                continue;
            }
            let header = &sheet(&bytes, sheet_name)[1];
            let mut typed = String::new();
            for (line, (_, cells)) in rows.iter().filter(|(s, _)| *s == number).enumerate() {
                let row = line + 3;
                let mut by_column: Vec<(usize, &str)> = cells
                    .iter()
                    .map(|(column, text)| (header.iter().position(|h| h == column).unwrap(), *text))
                    .collect();
                by_column.sort_unstable();
                typed.push_str(&format!("<row r=\"{row}\">"));
                for (column, text) in by_column {
                    let letters = rust_xlsxwriter::utility::row_col_to_cell(row as u32 - 1, column as u16);
                    typed.push_str(&format!("<c r=\"{letters}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"));
                }
                typed.push_str("</row>");
            }
            text = String::from_utf8(text).unwrap().replace("</sheetData>", &format!("{typed}</sheetData>")).into();
        }
        new.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        new.write_all(&text).unwrap();
    }
    new.finish().unwrap().into_inner()
}

/// Records of a file, read as `accord check` reads it; panics on a finding.
fn read(bytes: &[u8], mapping: Option<&accord_standard::crosswalk::Crosswalk>) -> Vec<crate::model::Incoming> {
    use crate::check::{Event, Mapping, Settings, run};
    let mut out = Vec::new();
    let settings = Settings {
        book: codebook(),
        mapping: mapping.map_or(Mapping::Detect, Mapping::Is),
        today: 20_261_231,
        records: true,
        alone: false,
    };
    let summary = run(Box::new(bytes), &crate::input::Hints::default(), settings, &mut |event| {
        match event {
            Event::Record(_, incoming) => out.push(incoming),
            Event::Finding(finding) => panic!("{finding:?}"),
            _ => {}
        }
        crate::input::Flow::Go
    });
    summary.unwrap();
    out
}

/// A cell in words: codes by id, ages and dates as text, reasons by their word.
fn shown(part: &crate::model::Part, path: &str) -> String {
    use crate::model::Cell;
    let field = codebook().field(path).unwrap();
    let id = |code: &accord_standard::value::Code| codebook().list_of(field).unwrap().entry(*code).unwrap().id.clone();
    match crate::model::cell_in(part, field) {
        Cell::Missing(reason) => reason.word().into(),
        Cell::Code(code) => id(code),
        Cell::Codes(codes) => codes.iter().map(id).collect::<Vec<_>>().join(";"),
        Cell::Age(age) => crate::check::format_age(*age),
        Cell::Date(date) => crate::check::format_date(*date),
        _ => "something else".into(),
    }
}

#[test]
fn a_filled_in_workbook_is_read_back_with_its_sheets_joined() {
    let bytes = filled(&[
        (
            0,
            &[
                ("record_id", "INV-7"),
                ("registration_date", "2026-03"),
                ("identification_status", "Presumed"),
                ("sex_registered", "Female"),
                ("gender", "refused"),
                ("age_at_recruitment", "about 14"),
                ("age_at_first_exploitation", "12-15"),
                ("age_at_identification", "17"),
                ("citizenship", "Namibia;South Africa"),
                ("purpose", "Sexual exploitation"),
                ("control_method", "Threat to share images;Accounts controlled"),
                ("tech_involved", "Yes"),
                ("consent_p2", "yes"),
                ("consent_p5", "no"),
            ],
        ),
        (0, &[("record_id", "INV-8"), ("sex_registered", "unknown")]),
        (
            1,
            &[
                ("record_id", "INV-7"),
                ("phase", "Targeting and first contact"),
                ("techuse", "Contacting a chosen person"),
                ("service", "Game (chat or currency)"),
                ("contacted_by", "Stranger, online"),
            ],
        ),
        (
            1,
            &[
                ("record_id", "INV-7"),
                ("date", "2025-11"),
                ("phase", "Exploitation"),
                ("techuse", "No technology used"),
            ],
        ),
        (1, &[("record_id", "INV-8"), ("techuse", "unknown")]),
        (2, &[("record_id", "INV-7"), ("role", "Controlled the person;Received the money"), ("age", "30-38")]),
    ]);
    let read = read(&bytes, None);
    assert_eq!(read.len(), 2);
    let (first, second) = (&read[0], &read[1]);
    for (path, wanted) in [
        ("registration_date", "2026-03"),
        ("identification_status", "presumed"),
        ("sex_registered", "female"),
        ("gender", "refused"),
        ("age_at_recruitment", "about 14"),
        ("age_at_first_exploitation", "12-15"),
        ("age_at_identification", "17"),
        ("age_at_exit", "not_recorded"),
        ("citizenship", "NAM;ZAF"),
        ("purpose", "sexual_exploitation"),
        ("control_method", "image_threat;account_control"),
        ("recruiter_relation", "not_recorded"),
    ] {
        assert_eq!(shown(&first.record.cells, path), wanted, "{path}");
    }
    assert_eq!(
        first.consent.iter().map(|c| (c.purpose.code(), c.given)).collect::<Vec<_>>(),
        [("p2", true), ("p5", false)]
    );
    assert_eq!(first.record.events.len(), 2);
    assert_eq!(shown(&first.record.events[0], "event.service"), "gaming");
    assert_eq!(shown(&first.record.events[1], "event.techuse"), "none");
    assert_eq!(shown(&first.record.events[1], "event.date"), "2025-11");
    assert_eq!(shown(&first.record.perpetrators[0], "perpetrator.role"), "controlled;was_paid");
    assert_eq!(shown(&second.record.cells, "sex_registered"), "unknown");
    assert_eq!(shown(&second.record.events[0], "event.techuse"), "unknown");
    assert!(second.consent.is_empty(), "blank is not asked, never no");
}

#[test]
fn an_export_of_the_xlsform_is_read_by_its_mapping() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let mut write = |name: &str, columns: &[(&str, &str)]| {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (i, (column, text)) in columns.iter().enumerate() {
            sheet.write_string(0, i as u16, *column).unwrap();
            sheet.write_string(1, i as u16, *text).unwrap();
        }
    };
    write(
        "Event record",
        &[
            ("local_id", "INV-9"),
            ("record_id", "INV-9"),
            ("registration_date_year", "2026"),
            ("registration_date_month", ""),
            ("registration_date", "2026"),
            ("sex_registered", "female"),
            ("age_at_identification_years", "14"),
            ("age_at_identification_how", "about"),
            ("age_at_identification_why", ""),
            ("age_at_identification", "~14"),
            ("age_at_exit", "refused"),
            ("purpose", "sexual_exploitation forced_marriage"),
            ("consent_p2", "yes"),
            ("_id", "12345"),
            ("_index", "1"),
        ],
    );
    write(
        "events",
        &[
            ("record_id", "INV-9"),
            ("event_phase", "entrap"),
            ("event_techuse", "sexual_extortion"),
            ("event_date", "2025-11"),
            ("_index", "1"),
            ("_parent_index", "1"),
        ],
    );
    let bytes = book.save_to_buffer().unwrap();
    let mapping = accord_standard::crosswalk::Crosswalk::parse(&xlsform_mapping(codebook()).unwrap()).unwrap();
    let read = read(&bytes, Some(&mapping));
    let incoming = &read[0];
    assert_eq!(incoming.record.id.expose(), "INV-9");
    assert_eq!(shown(&incoming.record.cells, "registration_date"), "2026");
    assert_eq!(shown(&incoming.record.cells, "age_at_identification"), "about 14");
    assert_eq!(shown(&incoming.record.cells, "age_at_exit"), "refused");
    assert_eq!(shown(&incoming.record.cells, "purpose"), "sexual_exploitation;forced_marriage");
    assert_eq!(shown(&incoming.record.events[0], "event.techuse"), "sexual_extortion");
    assert!(incoming.consent.iter().any(|c| c.purpose.code() == "p2" && c.given));
}

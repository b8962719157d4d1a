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

#[test]
#[ignore = "writes the forms to the folder named by ACCORD_FORMS, to be looked at"]
fn write_the_forms_out() {
    let Ok(dir) = std::env::var("ACCORD_FORMS") else { return };
    let dir = std::path::Path::new(&dir);
    std::fs::write(dir.join("event-workbook.xlsx"), workbook(codebook()).unwrap()).unwrap();
    std::fs::write(dir.join("event-xlsform.xlsx"), xlsform(codebook()).unwrap()).unwrap();
    std::fs::write(dir.join("event-sheet.html"), printable(codebook())).unwrap();
    std::fs::write(dir.join("README.md"), readme(codebook()).unwrap()).unwrap();
}

use super::*;
use crate::testdata;
use crate::words::ENGLISH;
use calamine::{Data, Reader, Xlsx};
use proptest::prelude::*;
use std::io::Cursor;

fn english() -> Words {
    Words::new("en", ENGLISH)
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Decimal(number) => format!("{number:.1}"),
        Cell::Exact(number) => number.to_string(),
        Cell::Empty => String::new(),
    }
}

/// Reads every format back and compares each cell with the sheet.
fn check_all_formats(sheet: &Sheet, release: &Published) {
    let w = english();
    let write = |ending| write(ending, sheet, release, &w).unwrap().unwrap();
    let expected: Vec<Vec<String>> = sheet.rows.iter().map(|row| row.iter().map(text_of).collect()).collect();
    for (ending, skip) in [(".csv", 0), ("-excel.csv", 3)] {
        let bytes = write(ending);
        assert_eq!(bytes.starts_with("\u{feff}".as_bytes()), skip == 3);
        let mut reader = ::csv::Reader::from_reader(&bytes[skip..]);
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), sheet.columns);
        let rows: Vec<Vec<String>> = reader
            .records()
            .map(|r| r.unwrap().iter().map(|c| c.trim_start_matches('\'').to_owned()).collect())
            .collect();
        assert_eq!(rows, expected);
    }
    let parsed: Value = serde_json::from_slice(&write(".json")).unwrap();
    for (at, row) in expected.iter().enumerate() {
        for (column, text) in sheet.columns.iter().zip(row) {
            let cell = match &parsed["figures"][at][column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Number(n) if n.is_f64() => format!("{:.1}", n.as_f64().unwrap()),
                other => other.to_string(),
            };
            assert_eq!(&cell, text, "{column}");
        }
    }
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(write(".xlsx"))).unwrap();
    let range = book.worksheet_range("data").unwrap();
    assert_eq!(range.height(), expected.len() + 1);
    for (at, row) in expected.iter().enumerate() {
        for (column, text) in row.iter().enumerate() {
            let cell = match range.get_value((at as u32 + 1, column as u32)) {
                None | Some(Data::Empty) => String::new(),
                Some(Data::String(text)) => text.clone(),
                Some(Data::Float(number)) if sheet.columns[column].starts_with("share_") => format!("{number:.1}"),
                Some(Data::Float(number)) => format!("{number:.0}"),
                Some(Data::Int(number)) => number.to_string(),
                other => panic!("{other:?}"),
            };
            assert_eq!(&cell, text, "{}", sheet.columns[column]);
        }
    }
}

#[test]
fn every_cell_of_every_table_is_the_same_in_csv_json_and_workbook() {
    let site = testdata::published_site();
    let release = site.newest().unwrap();
    for table in 0..release.bundle.tables.len() {
        let sheet = table_sheet(release, table, &english());
        assert_eq!(sheet.rows.len(), release.bundle.tables[table].figures.len());
        check_all_formats(&sheet, release);
    }
    check_all_formats(&headline_sheet(release, &english()), release);
}

#[test]
fn what_must_travel_is_a_column_of_every_row() {
    let site = testdata::published_site();
    let release = site.newest().unwrap();
    let sheet = table_sheet(release, 0, &english());
    let column = |name: &str| sheet.columns.iter().position(|c| c == name).unwrap();
    for row in &sheet.rows {
        assert_eq!(row[column("invented")], Cell::Text("INVENTED DATA".into()));
        assert_eq!(row[column("status")], Cell::Text("Published".into()));
        assert_eq!(row[column("release")], Cell::Text("demo-2026-1".into()));
        for name in ["definition", "caveats", "council_note", "figure_id", "unit"] {
            assert!(matches!(&row[column(name)], Cell::Text(text) if !text.is_empty()), "{name}");
        }
        let number = |name: &str| matches!(row[column(name)], Cell::Whole(_));
        let symbol = matches!(row[column("symbol")], Cell::Text(_));
        // A number with its interval, or the interval alone, or a symbol: never nothing, never a number and a symbol.
        assert!(if symbol { !number("value") } else { number("low") && number("high") });
        assert_eq!(number("low"), number("high"));
    }
    assert!(sheet.rows.iter().any(|row| matches!(row[column("symbol")], Cell::Text(_))), "the test has no symbol");
}

#[test]
fn a_draft_says_so_in_every_row() {
    let site = testdata::draft_site();
    let sheet = table_sheet(site.newest().unwrap(), 0, &english());
    let at = sheet.columns.iter().position(|c| c == "status").unwrap();
    assert!(sheet.rows.iter().all(|row| row[at] == Cell::Text("DRAFT: not decided by a council".into())));
}

#[test]
fn every_column_is_described_in_the_metadata() {
    let site = testdata::published_site();
    let release = site.newest().unwrap();
    for sheet in [table_sheet(release, 2, &english()), headline_sheet(release, &english())] {
        let about = metadata(&sheet.columns, release, &english());
        for column in about["columns"].as_array().unwrap() {
            let words = column["description"].as_str().unwrap();
            assert!(!words.is_empty() && !words.contains('⟦'), "{column}");
        }
    }
}

#[test]
fn text_that_a_spreadsheet_would_run_is_defused_and_numbers_are_not() {
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{feff}=1", "\t=1", "|x", "%x", "＝1"] {
        assert!(no_formula(text).starts_with('\''), "{text}");
    }
    for text in ["Girls", "[c]", "15–17", "", "a=b"] {
        assert_eq!(no_formula(text), text);
    }
}

proptest! {
    #[test]
    fn no_text_reaches_a_csv_as_a_formula(text in ".{0,40}") {
        let sheet = Sheet { columns: vec!["c".into()], rows: vec![vec![Cell::Text(clean(&text))]] };
        let bytes = super::csv(&sheet, false).unwrap();
        let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
        for record in reader.records() {
            let cell = record.unwrap()[0].trim_start_matches([' ', '\t', '\u{feff}']).to_owned();
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '|', '%']), "{cell}");
        }
    }
}

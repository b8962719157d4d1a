use super::*;
use accord_standard::columns::{Column, Columns};
use proptest::prelude::*;
use std::io::Write as _;

const DOMAIN: &str = r#"
[[column]]
name = "sex"
values = ["female", "male"]

[[column]]
name = "country"
codelist = "country"
values = ["FRA", "KEN"]
other = "elsewhere"

[[column]]
name = "bond"
values = [1]
absent = [0, "No"]
"#;

fn domain() -> Columns {
    Columns::parse(DOMAIN).unwrap()
}

/// What [`encode`] gave: codes by row, people by row, what was noticed.
#[derive(Debug, Default, PartialEq)]
struct Given {
    rows: Vec<Vec<u16>>,
    people: Vec<String>,
    noticed: Noticed,
}

fn encoded(bytes: &[u8], columns: &Columns, person: Option<&str>) -> Result<Given, FlatError> {
    let mut given = Given::default();
    let noticed = encode(Box::new(bytes), &Hints::default(), columns, person, &mut |block| {
        given.rows.extend((0..block.rows).map(|row| block.columns.iter().map(|c| c[row]).collect()));
        if let Some((text, ends)) = block.people {
            let mut start = 0;
            for end in ends {
                given.people.push(String::from_utf8(text[start..*end as usize].to_vec()).unwrap());
                start = *end as usize;
            }
        }
        Flow::Go
    })?;
    Ok(Given { noticed: Noticed { found: None, ..noticed }, ..given })
}

fn codes(text: &str) -> Vec<Vec<u16>> {
    encoded(text.as_bytes(), &domain(), None).unwrap().rows
}

fn inferred(bytes: &[u8], columns: Option<&[&str]>) -> Result<Inferred, FlatError> {
    let columns = columns.map(|c| c.iter().map(|n| (*n).to_owned()).collect());
    let what = Infer { columns, except: None, absent: vec!["0".into()] };
    infer(Box::new(bytes), &Hints::default(), &what, &mut || Flow::Go)
}

#[test]
fn cells_become_codes_of_their_column_in_any_order_of_columns() {
    let text = "bond,note,sex,country\n1,x,female,FRA\n0,y,male,Kenya\nNo,, female ,kenya\n,z,,\n";
    assert_eq!(codes(text), [[1, 1, 1], [2, 2, 0], [1, 2, 0], [0, 0, 0]]);
}

#[test]
fn a_cell_outside_the_domain_is_other_where_there_is_one_and_else_blank() {
    let given = encoded("sex;country;bond\nFemale;Atlantis;2\nmale;FRA;1\n".as_bytes(), &domain(), None).unwrap();
    assert_eq!(given.rows, [[0, 3, 0], [2, 1, 1]]);
    assert_eq!(given.noticed, Noticed { unlisted: vec![0, 1, 2], ..Noticed::default() });
}

#[test]
fn every_kind_of_file_gives_the_same_codes() {
    let csv = "sex,country,bond\nfemale,FRA,1\nmale,,\n";
    let wanted = [[1, 1, 1], [2, 0, 0]];
    assert_eq!(codes(csv), wanted);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(csv.as_bytes()).unwrap();
    let json = "{\"sex\":\"female\",\"country\":\"FRA\",\"bond\":1,\"events\":\"a column like any other\"}\n\n\
        {\"sex\":\"male\",\"country\":null}\n";
    let utf16: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in csv.lines().enumerate() {
        for (column, cell) in line.split(',').enumerate() {
            sheet.write(row as u32, column as u16, cell).unwrap();
        }
    }
    // A note at the side moves no other cell, and a sheet of another table is no part of this one.
    sheet.write(1, 7, "a note").unwrap();
    book.add_worksheet().set_name("events").unwrap().write(0, 0, "something else").unwrap();
    let book = book.save_to_buffer().unwrap();
    let mut parquet = Vec::new();
    crate::write::flat_parquet(&domain(), &[vec![1, 2], vec![1, 0], vec![1, 0]], &mut parquet).unwrap();
    for bytes in [gzip.finish().unwrap(), json.as_bytes().to_vec(), utf16, book, parquet] {
        let given = encoded(&bytes, &domain(), None).unwrap();
        assert_eq!(given.rows, wanted);
        assert_eq!(given.noticed, Noticed::default());
    }
}

#[test]
fn a_formula_is_blank_as_it_may_read_other_rows() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in ["sex", "country", "bond"].iter().enumerate() {
        sheet.write(0, at as u16, *name).unwrap();
    }
    sheet.write(1, 0, "male").unwrap();
    sheet.write_formula(1, 2, rust_xlsxwriter::Formula::new("=COUNTA(A:A)").set_result("1")).unwrap();
    let given = encoded(&book.save_to_buffer().unwrap(), &domain(), None).unwrap();
    assert_eq!(given.rows, [[2, 0, 0]]);
    assert_eq!(given.noticed, Noticed { formulas: true, ..Noticed::default() });
}

#[test]
fn rows_that_cannot_be_read_by_themselves_are_left_out_and_others_are_not() {
    let given =
        encoded(b"sex,country,bond\nmale,FRA\nmale,FRA,1,1\n,,\n\nfemale,\xff\xfe,1\nmale,FRA,1\n", &domain(), None)
            .unwrap();
    assert_eq!(given.rows, [[1, 3, 1], [2, 1, 1]]);
    let noticed = Noticed { unlisted: vec![1], left_out: true, undecoded: true, ..Noticed::default() };
    assert_eq!(given.noticed, noticed);
    let json = "{\"sex\":\"male\"}\nnonsense\n{\"sex\":{\"a\":{}}}\n{\"bond\":1}\n";
    let given = encoded(json.as_bytes(), &domain(), None).unwrap();
    assert_eq!((given.rows, given.noticed.left_out), (vec![vec![2, 0, 0], vec![0, 0, 1]], true));
}

#[test]
fn a_quotation_that_could_swallow_rows_ends_the_reading() {
    let text = b"sex,country,bond\nmale,\"FRA\",1\nmale,\"FRA,1\nmale,FRA,1\n";
    assert!(matches!(encoded(text, &domain(), None), Err(FlatError::OpenQuote(3))));
    assert!(matches!(inferred(text, None), Err(FlatError::OpenQuote(3))));
}

#[test]
fn columns_that_are_missing_or_double_are_named() {
    let said = |text: &str| encoded(text.as_bytes(), &domain(), None).unwrap_err().to_string();
    let missing = said("sex,country,debt\nmale,FRA,1\n");
    assert!(missing.contains("no column `bond`") && missing.contains("`debt`"), "{missing}");
    let double = said("sex,country,bond,sex\nmale,FRA,1,male\n");
    assert!(double.contains("more than one column named `sex`"), "{double}");
    // Double names that nobody asks for are nobody's business.
    assert_eq!(codes("sex,country,bond,x,x,,\nmale,FRA,1,,,,\n"), [[2, 1, 1]]);
    let double = inferred(b"a,b,a\n1,2,3\n", None).unwrap_err().to_string();
    assert!(double.contains("`a`"), "{double}");
    assert_eq!(inferred(b"a,b,a\n1,2,3\n", Some(&["b"])).unwrap().columns.columns.len(), 1);
    assert!(inferred(b"a,b\n1,2\n", Some(&["c"])).unwrap_err().to_string().contains("`c`"));
}

#[test]
fn rows_say_whose_they_are_and_those_that_do_not_are_left_out() {
    let text = b"id,sex,country,bond\n7, male,,\n 8 ,female,,\n,male,,\n\xff,male,,\n7,female,,\n";
    let given = encoded(text, &domain(), Some("id")).unwrap();
    assert_eq!(given.people, ["7", "8", "7"]);
    assert_eq!(given.rows, [[2, 0, 0], [1, 0, 0], [1, 0, 0]]);
    assert!(given.noticed.nobody && given.noticed.undecoded);
    let json = "{\"id\":7,\"sex\":\"male\"}\n{\"sex\":\"male\"}\n";
    assert_eq!(encoded(json.as_bytes(), &domain(), Some("id")).unwrap().people, ["7"]);
    assert!(matches!(encoded(b"sex,country,bond\n", &domain(), Some("id")), Err(FlatError::Missing { .. })));
}

#[test]
fn a_file_without_rows_gives_none() {
    for text in ["sex,country,bond\n", "sex,country,bond", "sex,country,bond\n\n\n"] {
        assert_eq!(codes(text), Vec::<Vec<u16>>::new(), "{text:?}");
    }
    let none = inferred(b"a,b\n", None).unwrap();
    assert!(none.columns.columns.iter().all(|c| c.values.is_empty()));
    assert_eq!(codes("sex,country,bond\nmale,FRA,1").len(), 1);
    assert_eq!(codes("sex,country,bond\nmale,FRA,1\nmale,,\n").len(), 2);
}

#[test]
fn a_table_of_one_known_column_or_of_two_hundred_is_read() {
    let one = Columns { columns: vec![Column::new("sex", vec!["male".into()])] };
    assert_eq!(encoded(b"sex\nmale\n\nx\n", &one, None).unwrap().rows, [[1], [0]]);
    let names: Vec<String> = (0..200).map(|i| format!("c{i}")).collect();
    let row: Vec<&str> = (0..200).map(|i| if i % 2 == 0 { "yes" } else { "" }).collect();
    let text = format!("{}\n{}\n{}\n", names.join(","), row.join(","), row.join(","));
    let domain = inferred(text.as_bytes(), None).unwrap().columns;
    assert_eq!(domain.columns.len(), 200);
    let given = encoded(text.as_bytes(), &domain, None).unwrap();
    assert_eq!(given.rows, vec![(0..200).map(|i| u16::from(i % 2 == 0)).collect::<Vec<_>>(); 2]);
}

#[test]
fn no_row_decides_what_separates_columns_or_which_line_is_the_header() {
    let one = Columns { columns: vec![Column::new("sex", vec!["male".into(), "a;b".into()])] };
    for rows in ["a;b\n", "a;b\na;b\na;b\n", "male\nmale\nmale\na;b\n"] {
        let given = encoded(format!("sex\n{rows}").as_bytes(), &one, None).unwrap();
        assert!(given.rows.contains(&vec![2]), "{rows}");
    }
    // A row of names is still a row.
    let text = "sex,country,bond\nsex,country,bond\nsex,sex,sex\nmale,FRA,1\n";
    assert_eq!(codes(text), [[0, 3, 0], [0, 3, 0], [2, 1, 1]]);
    let of_one = "id,sex,note\n7,sex,sex\n8,male,x\n";
    assert_eq!(encoded(of_one.as_bytes(), &one, None).unwrap().rows, [[0], [1]]);
}

#[test]
fn values_are_found_sorted_without_blanks() {
    let text = "year,sex,flag,,empty\n2024,male,0,i,\n2023, female,1,j,\n 2024,male,,k,\n10,,,l,\n";
    let found = inferred(text.as_bytes(), None).unwrap();
    let values: Vec<(&str, Vec<&str>)> = found
        .columns
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.values.iter().map(String::as_str).collect()))
        .collect();
    let wanted = [
        ("year", vec!["10", "2023", "2024"]),
        ("sex", vec!["female", "male"]),
        ("flag", vec!["1"]),
        ("empty", Vec::new()),
    ];
    assert_eq!(values, wanted);
    assert_eq!((found.encoding.as_deref(), found.identifying.len()), (Some("UTF-8"), 0));
    // Its rows are read with what was found.
    let given = encoded(text.as_bytes(), &found.columns, None).unwrap();
    assert_eq!(given.rows[0], [3, 2, 0, 0]);
    assert_eq!(given.noticed, Noticed::default());
}

#[test]
fn columns_of_json_lines_are_those_that_lines_have() {
    let json = "{\"a\":\"x\"}\n{\"b\":2,\"a\":\"y\"}\n";
    let found = inferred(json.as_bytes(), None).unwrap().columns.columns;
    assert_eq!(found.iter().map(|c| (c.name.as_str(), c.values.len())).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    let head = header(Box::new(json.as_bytes()), &Hints::default(), &[]).unwrap();
    assert_eq!(head.names, ["a", "b"]);
}

#[test]
fn an_inferred_column_has_at_most_twenty_thousand_values_and_no_long_ones() {
    let text = |n: usize| (0..n).fold(String::from("id,b\n"), |text, i| text + &format!("v{i},1\nv{i},1\n"));
    assert_eq!(inferred(text(20_000).as_bytes(), None).unwrap().columns.columns[0].values.len(), 20_000);
    let error = inferred(text(20_001).as_bytes(), None).unwrap_err();
    assert!(error.is_refusal() && error.to_string().contains("`id`") && error.to_string().contains("--columns"));
    assert_eq!(inferred(text(20_001).as_bytes(), Some(&["b"])).unwrap().columns.columns.len(), 1);
    let long = format!("a,b\n{},1\n", "x".repeat(501));
    assert!(inferred(long.as_bytes(), None).unwrap_err().to_string().contains("`a`"));
}

#[test]
fn a_column_that_tells_people_apart_is_noticed() {
    let text = (0..40).fold(String::from("name,sex\n"), |text, i| text + &format!("person {i},{}\n", i % 2));
    assert_eq!(inferred(text.as_bytes(), None).unwrap().identifying, ["name"]);
}

#[test]
fn privacy_10_what_is_inferred_or_refused_follows_from_the_sets_of_values_however_many_rows_hold_them() {
    let rows = |n: usize, of: &dyn Fn(usize) -> String| (0..n).map(of).collect::<Vec<String>>();
    let long = "x".repeat(501);
    for rows in [
        // Names, ages, and both beside each other: once more values than rows are usual, once fewer.
        rows(40, &|i| format!("person {i},{}", i % 2)),
        rows(60, &|i| format!("{i},{}", i % 2)),
        rows(30, &|i| format!("{},{}", i % 7, 700_000 + i)),
        // Two columns too large: the file's order decides, not which row comes first.
        rows(20_001, &|i| format!("v{i},w{}", i.max(1))),
        rows(20_003, &|i| format!("v{},w{i}", i.max(1))),
        rows(30, &|i| {
            if i == 9 {
                format!("a,{long}")
            } else if i == 20 {
                format!("{long},b")
            } else {
                format!("{i},b")
            }
        }),
    ] {
        let file = |rows: &[&String]| rows.iter().fold(String::from("one,two\n"), |text, row| text + row + "\n");
        let said = |text: &str| inferred(text.as_bytes(), None).map_err(|e| e.to_string());
        let once = said(&file(&rows.iter().collect::<Vec<_>>()));
        let backwards = said(&file(&rows.iter().rev().collect::<Vec<_>>()));
        let tenfold = said(&file(&rows.iter().flat_map(|r| [r; 10]).collect::<Vec<_>>()));
        let one_often = said(&file(&rows.iter().chain(vec![&rows[0]; 500]).collect::<Vec<_>>()));
        assert_eq!(once, backwards);
        assert_eq!(once, tenfold);
        assert_eq!(once, one_often);
    }
}

#[test]
fn the_header_is_read_without_the_rows_and_told_from_a_title() {
    let head = |bytes: &[u8], known: &[&str]| {
        let known: Vec<String> = known.iter().map(|k| (*k).to_owned()).collect();
        header(Box::new(bytes), &Hints::default(), &known)
    };
    let found = head(b"Our list, 2024\n\nsex,country,,bond\nmale,FRA,,1\nmale,FRA,,1\n", &["sex"]).unwrap();
    assert_eq!(found.names, ["sex", "country", "bond"]);
    assert!(found.has(&["sex", "bond"]).is_ok() && found.has(&["sex", "bind"]).is_err());
    assert_eq!(head(b"sexe,\xe9t\xe9\nf,1\n", &[]).unwrap().found.encoding.as_deref(), Some("windows-1252"));
    assert!(head(b"", &[]).is_err());
}

#[test]
fn a_file_that_shrinks_is_an_error() {
    let text = b"sex,country,bond\nmale,FRA,1\n";
    let hints = Hints { length: Some(500), ..Hints::default() };
    let result = encode(Box::new(&text[..]), &hints, &domain(), None, &mut |_| Flow::Go);
    assert!(matches!(result, Err(FlatError::Input(InputError::Shrank { .. }))), "{result:?}");
}

#[test]
fn a_receiver_that_wants_no_more_gets_no_more() {
    let text = "sex,country,bond\n".to_owned() + &"male,FRA,1\n".repeat(20_000);
    let mut calls = 0;
    let result = encode(Box::new(text.as_bytes()), &Hints::default(), &domain(), None, &mut |_| {
        calls += 1;
        Flow::Stop
    });
    assert!(matches!(result, Err(FlatError::Stopped)));
    assert_eq!(calls, 1);
}

/// A line of a table, also a spoilt one, without a quotation.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        Just(b"male".to_vec()),
        Just(b"Kenya".to_vec()),
        Just(b"1".to_vec()),
        Just(Vec::new()),
        prop::collection::vec(any::<u8>().prop_filter("one line, no quotation", |b| !b"\n\r\",\0".contains(b)), 0..6),
    ];
    prop::collection::vec(cell, 1..5).prop_map(|cells| cells.join(&b','))
}

proptest! {
    /// PRIVACY 1: what becomes of a row depends on this row alone.
    #[test]
    fn taking_a_row_away_changes_no_other(lines in prop::collection::vec(line(), 1..12), at in any::<prop::sample::Index>()) {
        let file = |lines: &[Vec<u8>]| [&b"sex,country,bond"[..], &lines.join(&b'\n')].join(&b'\n');
        let alone = |line: &Vec<u8>| encoded(&file(std::slice::from_ref(line)), &domain(), None).unwrap().rows;
        let all = encoded(&file(&lines), &domain(), None).unwrap().rows;
        prop_assert_eq!(&all, &lines.iter().flat_map(alone).collect::<Vec<_>>());
        let mut without = lines.clone();
        without.remove(at.index(lines.len()));
        let without = encoded(&file(&without), &domain(), None).unwrap().rows;
        prop_assert!(without.len() + 1 >= all.len());
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0_usize..6) {
        let head: &[u8] =
            [&b""[..], b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"sex,country,bond\n", b"{\"sex\":1}\n"][magic];
        let bytes = [head, &bytes].concat();
        let _ = encoded(&bytes, &domain(), Some("sex"));
        let _ = inferred(&bytes, None);
        let _ = header(Box::new(&bytes[..]), &Hints::default(), &[]);
        if let Ok(given) = encoded(&bytes, &domain(), None) {
            for row in given.rows {
                prop_assert!(row.iter().zip(&domain().columns).all(|(code, c)| usize::from(*code) < c.codes()));
            }
        }
    }
}

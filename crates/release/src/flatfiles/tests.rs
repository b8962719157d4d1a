use super::csv::{cell, field};
use super::sdmx::{Ids, TOTAL};
use super::*;
use accord_standard::columns::Column;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Texts that break careless writers and readers.
const HOSTILE: [&str; 20] = [
    "a,b",
    "say \"so\"",
    "two\nlines",
    "carriage\rreturn\r\n",
    "=cmd|' /C calc'!A0",
    "+1 more",
    "-",
    "@SUM(A1)",
    "%0A",
    "'=quoted already",
    "  padded ",
    "\t=tab",
    "ضحية",
    "\u{202e}right to left",
    "\u{feff}mark",
    "0",
    "-99",
    "NA",
    "_T",
    "null\u{0}byte",
];

fn column(name: &str, values: &[&str]) -> Column {
    Column::new(name, values.iter().map(|v| (*v).to_owned()).collect())
}

fn about() -> About {
    About {
        id: "demo-2026-1".into(),
        title: "Invented people".into(),
        slot: "2026-1".into(),
        unit: Unit::People,
        definition: "Detected, not all who exist.".into(),
        caveats: vec!["Noise was added.".into()],
        invented: true,
        status: Status::Draft,
        council_note: String::new(),
    }
}

fn small() -> (Columns, Vec<Vec<u16>>, Vec<Aggregate>) {
    let columns = Columns { columns: vec![column("gender", &["woman", "man"]), column("age, years", &["0--8", "=9"])] };
    let rows = vec![vec![1, 2, 0], vec![2, 0, 1]];
    let aggregates = vec![
        Aggregate { cells: vec![(0, 1), (1, 2)], count: 7, range: Some([0, 30]) },
        Aggregate { cells: vec![(1, 1)], count: 0, range: Some([0, 6]) },
        Aggregate { cells: vec![(0, 2)], count: 40, range: Some([22, 58]) },
        Aggregate { cells: vec![(0, 1)], count: 1200, range: Some([1180, 1220]) },
        Aggregate { cells: vec![], count: 1240, range: None },
    ];
    (columns, rows, aggregates)
}

fn written(write: impl FnOnce(&mut dyn Write) -> Result<(), FlatError>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    out
}

fn text(write: impl FnOnce(&mut dyn Write) -> Result<(), FlatError>) -> String {
    String::from_utf8(written(write)).unwrap()
}

/// What the `csv` crate makes of it, header first.
fn read(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The text that a cell stands for: the reverse of the apostrophe rule, written down apart from it.
fn meant(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if cell_is_guarded(rest) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn cell_is_guarded(rest: &str) -> bool {
    cell(rest).starts_with('\'') && cell(rest).len() == rest.len() + 1
}

#[test]
fn rows_are_written_as_one_expects_to_read_them() {
    let (columns, rows, aggregates) = small();
    let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
    assert_eq!(text(|out| flat.synthetic_csv(out)), "gender,\"age, years\"\nwoman,'=9\nman,\n,0--8\n");
}

#[test]
fn aggregates_stand_by_length_then_column_then_code() {
    let (columns, rows, aggregates) = small();
    let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
    let expected = "combination,count\n\
        \"[]\",1240\n\
        \"[[\"\"gender\"\",\"\"woman\"\"]]\",1200\n\
        \"[[\"\"gender\"\",\"\"man\"\"]]\",40\n\
        \"[[\"\"age, years\"\",\"\"0--8\"\"]]\",0\n\
        \"[[\"\"gender\"\",\"\"woman\"\"],[\"\"age, years\"\",\"\"=9\"\"]]\",7\n";
    assert_eq!(text(|out| flat.aggregates_csv(out)), expected);
}

#[test]
fn a_count_too_uncertain_to_show_is_an_interval_and_a_symbol_for_statisticians() {
    let (columns, rows, aggregates) = small();
    let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
    let expected = "STRUCTURE,STRUCTURE_ID,ACTION,gender,age__years,OBS_VALUE,OBS_STATUS,CONF_STATUS,LOWER_BOUND,\
         UPPER_BOUND,RELIABILITY,SYMBOL,UNIT_MEASURE,INVENTED,COUNCIL_NOTE\n\
         dataflow,ACCORD:AGGREGATES_DEMO_2026_1(1.0.0),I,_T,_T,1240,E,N,,,,,PEOPLE,INVENTED DATA,\n\
         dataflow,ACCORD:AGGREGATES_DEMO_2026_1(1.0.0),I,woman,_T,1200,E,N,1180,1220,solid,,PEOPLE,INVENTED DATA,\n\
         dataflow,ACCORD:AGGREGATES_DEMO_2026_1(1.0.0),I,man,_T,40,U,N,22,58,care,,PEOPLE,INVENTED DATA,\n\
         dataflow,ACCORD:AGGREGATES_DEMO_2026_1(1.0.0),I,_T,0--8,,N,N,0,6,not_shown,[low],PEOPLE,INVENTED DATA,\n\
         dataflow,ACCORD:AGGREGATES_DEMO_2026_1(1.0.0),I,woman,C__9,,Q,N,0,30,not_shown,[c],PEOPLE,INVENTED DATA,\n";
    assert_eq!(text(|out| flat.aggregates_sdmx(&about(), out)), expected);
    let note = "=Read it, with care".to_owned();
    let published =
        About { status: Status::Published, invented: false, unit: Unit::Rows, council_note: note, ..about() };
    let line = text(|out| flat.aggregates_sdmx(&published, out)).lines().nth(1).unwrap().to_owned();
    assert!(line.ends_with(",1240,E,F,,,,,ROWS,no,\"'=Read it, with care\""), "{line}");
}

#[test]
fn json_holds_each_count_with_its_interval_and_what_it_means() {
    let (columns, rows, aggregates) = small();
    let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&written(|out| flat.aggregates_json(&about(), out))).unwrap();
    assert_eq!(json["about"]["invented"], "INVENTED DATA");
    assert_eq!(json["about"]["definition"], "Detected, not all who exist.");
    assert_eq!(json["about"]["status"], "DRAFT: not decided on by a council");
    assert_eq!(json["aggregates"][0], serde_json::json!({ "combination": [], "count": 1240 }));
    assert_eq!(
        json["aggregates"][4],
        serde_json::json!({
            "combination": [["gender", "woman"], ["age, years", "=9"]],
            "count": 7, "low": 0, "high": 30, "reliability": "not_shown",
        })
    );
}

#[test]
fn a_blank_in_the_only_column_is_still_a_row() {
    let columns = Columns { columns: vec![column("only", &["a"])] };
    let rows = vec![vec![0, 1, 0]];
    let bytes = written(|out| Flat::new(&columns, &rows, &[]).unwrap().synthetic_csv(out));
    assert_eq!(read(&bytes), [["only"], [""], ["a"], [""]]);
}

#[test]
fn a_table_without_rows_or_aggregates_is_a_header() {
    let columns = Columns { columns: vec![column("a", &["x"]), column("b", &[])] };
    let flat_rows = vec![vec![], vec![]];
    let flat = Flat::new(&columns, &flat_rows, &[]).unwrap();
    assert_eq!(text(|out| flat.synthetic_csv(out)), "a,b\n");
    assert_eq!(text(|out| flat.aggregates_csv(out)), "combination,count\n");
    let json: serde_json::Value = serde_json::from_slice(&written(|out| flat.aggregates_json(&about(), out))).unwrap();
    assert_eq!(json["aggregates"], serde_json::json!([]));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let good = Columns { columns: vec![column("a", &["x"]), column("b", &["y", "z"])] };
    let rows = vec![vec![0, 1], vec![2, 0]];
    let refused = |columns: &Columns, rows: &[Vec<u16>], aggregates: &[Aggregate]| {
        Flat::new(columns, rows, aggregates).unwrap_err().to_string()
    };
    assert!(Flat::new(&good, &rows, &[]).is_ok());
    for columns in [
        vec![],
        vec![column("", &["x"]), column("b", &["y", "z"])],
        vec![column("a", &["x"]), column("a", &["y", "z"])],
        vec![column("a", &[""]), column("b", &["y", "z"])],
        vec![column("a", &["x"]), column("b", &["y", "y"])],
    ] {
        assert!(refused(&Columns { columns }, &rows, &[]).starts_with("the columns"));
    }
    for rows in [vec![vec![0, 1]], vec![vec![0, 1], vec![2]], vec![vec![0, 2], vec![2, 0]]] {
        assert!(refused(&good, &rows, &[]).starts_with("the rows"));
    }
    let one = |cells: &[(u16, u16)]| Aggregate { cells: cells.to_vec(), count: 3, range: None };
    for cells in [&[(1, 1), (0, 1)][..], &[(0, 1), (0, 1)], &[(2, 1)], &[(0, 0)], &[(1, 3)]] {
        assert!(refused(&good, &rows, &[one(cells)]).starts_with("aggregate 0"));
    }
    assert!(refused(&good, &rows, &[one(&[(0, 1)]), one(&[(0, 1)])]).contains("twice"));
    assert!(refused(&good, &rows, &[Aggregate { range: Some([4, 9]), ..one(&[(0, 1)]) }]).contains("interval"));
}

#[test]
fn sdmx_identifiers_keep_what_may_stand_and_never_meet() {
    let columns = Columns {
        columns: vec![
            column("ACTION", &["a b", "a_b", "a,b", "a_b_1", "_T", "ضحية", "اتجار", "=x", "-9", "9", "A$"]),
            column("ACTION_1", &["a b"]),
            column("2021", &[]),
            column("جنس", &[]),
        ],
    };
    let ids = Ids::of(&columns);
    assert_eq!(ids.columns, ["ACTION_1", "ACTION_1_2", "D_2021", "D4"]);
    assert_eq!(ids.values[0], ["a_b_2", "a_b", "a_b_3", "a_b_1", "C__T", "C6", "C7", "C__x", "C_-9", "9", "A$"]);
}

#[test]
fn the_package_describes_each_file_with_its_hash_and_the_public_domain() {
    let (columns, rows, aggregates) = small();
    let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
    let others: Files = [(SYNTHETIC_PARQUET.to_owned(), b"PAR1".to_vec()), ("report.json".to_owned(), b"{}".to_vec())]
        .into_iter()
        .collect();
    let files = flat.files(&about(), others.clone()).unwrap();
    assert_eq!(files, flat.files(&about(), others).unwrap(), "the same release, other bytes");
    let package: serde_json::Value = serde_json::from_slice(&files[PACKAGE]).unwrap();
    assert_eq!(package["title"], "INVENTED DATA: Invented people");
    assert!(package["description"].as_str().unwrap().contains("Noise was added."));
    let resources = package["resources"].as_array().unwrap();
    let paths: Vec<&str> = resources.iter().map(|r| r["path"].as_str().unwrap()).collect();
    let wanted = [AGGREGATES_CSV, AGGREGATES_JSON, AGGREGATES_SDMX, "report.json", SYNTHETIC_CSV, SYNTHETIC_PARQUET];
    assert_eq!(paths, wanted);
    for resource in resources {
        let bytes = &files[resource["path"].as_str().unwrap()];
        assert_eq!(resource["bytes"], bytes.len());
        assert_eq!(resource["hash"], format!("sha256:{}", crate::files::sha256(bytes)));
        is_valid_table(resource, bytes);
    }
    let enums = |at: usize| resources[at]["schema"]["fields"][1]["constraints"]["enum"].clone();
    assert_eq!(enums(4), serde_json::json!(["0--8", "'=9"]), "the CSV's own text");
    assert_eq!(enums(5), serde_json::json!(["0--8", "=9"]), "Parquet needs no apostrophe");
    let dimension = &resources[2]["schema"]["fields"][4];
    assert_eq!(dimension["title"], "age, years");
    assert_eq!(dimension["categories"][2], serde_json::json!({ "value": "C__9", "label": "=9" }));
}

/// The checks of Table Schema that our descriptors ask for, by hand: header, types, enumerations.
fn is_valid_table(resource: &serde_json::Value, bytes: &[u8]) {
    if resource["type"] != "table" || resource["format"] != "csv" {
        return;
    }
    let fields = resource["schema"]["fields"].as_array().unwrap();
    let table = read(bytes);
    let names: Vec<&str> = fields.iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(table[0], names);
    for row in &table[1..] {
        for (text, field) in row.iter().zip(fields).filter(|(text, _)| !text.is_empty()) {
            match field["type"].as_str().unwrap() {
                "integer" => assert!(text.parse::<u64>().is_ok(), "{text}"),
                "array" => assert!(serde_json::from_str::<Vec<[String; 2]>>(text).is_ok(), "{text}"),
                _ => {}
            }
            if let Some(allowed) = field["constraints"]["enum"].as_array() {
                assert!(allowed.iter().any(|a| a == text), "{text}");
            }
        }
    }
}

#[test]
fn a_million_rows_stream_without_growing() {
    /// Takes everything and remembers how much came at once.
    struct Sink(usize, u64);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.max(bytes.len());
            self.1 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let columns = Columns { columns: (0..25).map(|c| column(&format!("c{c}"), &["yes", "no", "other"])).collect() };
    let rows: Vec<Vec<u16>> =
        (0..25_u32).map(|c| (0..1_000_000_u32).map(|r| ((r * 7 + c) % 4) as u16).collect()).collect();
    let flat = Flat::new(&columns, &rows, &[]).unwrap();
    let mut sink = Sink(0, 0);
    flat.synthetic_csv(&mut sink).unwrap();
    assert!(sink.0 < 1 << 17, "{} bytes at once", sink.0);
    // Each of blank, yes, no and other stands in a quarter of the cells.
    let header: u64 = (0..25).map(|c| format!("c{c},").len() as u64).sum();
    assert_eq!(sink.1, header + 25 * 1_000_000 + 25 * 250_000 * (3 + 2 + 5));
}

#[test]
fn what_is_counted_is_what_was_written() {
    let mut counted = Counted::new(Vec::new());
    counted.write_all(b"abc").unwrap();
    let (bytes, written) = counted.finish("x").unwrap();
    assert_eq!(bytes, b"abc");
    // FIPS 180-4, first example.
    assert_eq!(written.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!((written.bytes, written.path.as_str()), (3, "x"));
}

#[test]
fn no_cell_runs_in_a_spreadsheet_and_numbers_stay_numbers() {
    for text in ["=1", "+x", "-", "@a", "|", "%", "＝1", " =1", "\u{feff}=1", "'=1", "-1-1", "+1.1.1"] {
        assert_eq!(cell(text), format!("'{text}"), "{text:?}");
    }
    for text in ["-99", "+1", "0--8", "18-25", "<18", "a=b", "'s", "٣"] {
        assert_eq!(cell(text), text, "{text:?}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        any::<String>().prop_filter("no empty value", |s| !s.is_empty()),
        "[\"',;=+@ \n\r\t-]{1,6}",
    ]
}

fn any_columns() -> impl Strategy<Value = Columns> {
    let values = proptest::collection::btree_set(any_text(), 0..6);
    proptest::collection::btree_map(any_text(), values, 1..5).prop_map(|map| Columns {
        columns: map
            .into_iter()
            .map(|(name, values)| column(&name, &values.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect(),
    })
}

/// Columns with rows and aggregates that fit them.
fn any_flat() -> impl Strategy<Value = (Columns, Vec<Vec<u16>>, Vec<Aggregate>)> {
    (any_columns(), 0..9_usize, any::<u64>()).prop_map(|(columns, rows, seed)| {
        let mut state = seed | 1;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) as usize % below) as u16
        };
        let codes: Vec<Vec<u16>> =
            columns.columns.iter().map(|c| (0..rows).map(|_| next(c.codes())).collect()).collect();
        let mut found: BTreeMap<Vec<(u16, u16)>, u64> = BTreeMap::new();
        for _ in 0..6 {
            let cells = (0_u16..).zip(&columns.columns).map(|(at, c)| (at, next(c.codes()))).filter(|c| c.1 > 0);
            let count = u64::from(u16::MAX) * 7;
            found.insert(cells.collect(), count + found.len() as u64);
        }
        let aggregates = found
            .into_iter()
            .rev()
            .map(|(cells, count)| Aggregate { cells, count, range: (count % 2 == 0).then_some([count - 1, u64::MAX]) })
            .collect();
        (columns, codes, aggregates)
    })
}

proptest! {
    #[test]
    fn whatever_a_cell_says_a_csv_reader_gets_it_back((columns, rows, aggregates) in any_flat()) {
        let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
        let table = read(&written(|out| flat.synthetic_csv(out)));
        let names: Vec<String> = table[0].iter().map(|c| meant(c)).collect();
        prop_assert_eq!(names, columns.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>());
        prop_assert_eq!(table.len(), 1 + flat.len());
        for (at, row) in table[1..].iter().enumerate() {
            for ((text, column), codes) in row.iter().zip(&columns.columns).zip(&rows) {
                let expected = match codes[at] {
                    0 => String::new(),
                    code => column.values[usize::from(code) - 1].clone(),
                };
                prop_assert_eq!(meant(text), expected);
            }
        }
    }

    #[test]
    fn aggregates_read_back_from_every_format((columns, rows, aggregates) in any_flat()) {
        let flat = Flat::new(&columns, &rows, &aggregates).unwrap();
        let pairs = |a: &Aggregate| -> Vec<[String; 2]> {
            let pair = |(c, v): &(u16, u16)| {
                let column = &columns.columns[usize::from(*c)];
                [column.name.clone(), column.values[usize::from(*v) - 1].clone()]
            };
            a.cells.iter().map(pair).collect()
        };
        let wanted: BTreeMap<Vec<[String; 2]>, u64> = aggregates.iter().map(|a| (pairs(a), a.count)).collect();

        let table = read(&written(|out| flat.aggregates_csv(out)));
        prop_assert_eq!(&table[0], &["combination", "count"]);
        let found: BTreeMap<Vec<[String; 2]>, u64> =
            table[1..].iter().map(|r| (serde_json::from_str(&r[0]).unwrap(), r[1].parse().unwrap())).collect();
        prop_assert_eq!(&found, &wanted);
        let lengths: Vec<usize> =
            table[1..].iter().map(|r| serde_json::from_str::<Vec<[String; 2]>>(&r[0]).unwrap().len()).collect();
        prop_assert!(lengths.is_sorted());

        let json: serde_json::Value =
            serde_json::from_slice(&written(|out| flat.aggregates_json(&about(), out))).unwrap();
        let found: BTreeMap<Vec<[String; 2]>, u64> = json["aggregates"].as_array().unwrap().iter()
            .map(|a| (serde_json::from_value(a["combination"].clone()).unwrap(), a["count"].as_u64().unwrap()))
            .collect();
        prop_assert_eq!(&found, &wanted);

        let ids = Ids::of(&columns);
        let table = read(&written(|out| flat.aggregates_sdmx(&about(), out)));
        let dimensions = 3..3 + columns.columns.len();
        prop_assert_eq!(&table[0][dimensions.clone()], &ids.columns[..]);
        let mut found: Vec<Vec<[String; 2]>> = Vec::new();
        for row in &table[1..] {
            let mut cells = Vec::new();
            for ((text, column), values) in row[dimensions.clone()].iter().zip(&columns.columns).zip(&ids.values) {
                if text != TOTAL {
                    let at = values.iter().position(|v| v == text).unwrap();
                    cells.push([column.name.clone(), column.values[at].clone()]);
                }
            }
            found.push(cells);
        }
        found.sort();
        prop_assert_eq!(found, wanted.into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn sdmx_identifiers_are_identifiers_and_differ(columns in any_columns()) {
        let ids = Ids::of(&columns);
        let is_component = |id: &String| {
            id.starts_with(|c: char| c.is_ascii_alphabetic())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        prop_assert!(ids.columns.iter().all(is_component), "{:?}", ids.columns);
        prop_assert_eq!(ids.columns.iter().collect::<BTreeSet<_>>().len(), columns.columns.len());
        for (ids, column) in ids.values.iter().zip(&columns.columns) {
            let is_code = |id: &String| {
                id.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                    && id.chars().all(|c| c.is_ascii_alphanumeric() || "_@$-".contains(c))
            };
            prop_assert!(ids.iter().all(is_code), "{:?}", ids);
            prop_assert!(ids.iter().all(|id| id != TOTAL));
            prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), column.values.len());
        }
    }

    #[test]
    fn all_files_are_the_same_bytes_each_time_and_pass_their_own_package((columns, rows, aggregates) in any_flat()) {
        let files = Flat::new(&columns, &rows, &aggregates).unwrap().files(&about(), Files::new()).unwrap();
        let mut other_order = aggregates.clone();
        other_order.reverse();
        let again = Flat::new(&columns, &rows, &other_order).unwrap().files(&about(), Files::new()).unwrap();
        prop_assert_eq!(&files, &again);
        let package: serde_json::Value = serde_json::from_slice(&files[PACKAGE]).unwrap();
        for resource in package["resources"].as_array().unwrap() {
            is_valid_table(resource, &files[resource["path"].as_str().unwrap()]);
        }
    }

    #[test]
    fn no_cell_of_any_text_begins_a_formula(text in any_text()) {
        let shown = cell(&text);
        let first = shown.chars().find(|c| !c.is_whitespace() && !c.is_control() && *c != '\u{feff}');
        let number = shown.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
        prop_assert!(!matches!(first, Some('=' | '@' | '|' | '%' | '＝' | '＠')), "{}", shown);
        prop_assert!(!matches!(first, Some('+' | '-')) || number, "{}", shown);
        prop_assert_eq!(meant(&shown), text.clone());
        let quoted = field(&text);
        prop_assert_eq!(read(format!("{quoted},x\n").as_bytes())[0][0].clone(), shown.into_owned());
    }
}

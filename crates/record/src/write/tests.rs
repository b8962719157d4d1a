use super::*;
use crate::check::{Event, Mapping, Settings, run};
use crate::input::{Flow, Hints};
use crate::model::{Age, AgePrecision, ConsentClaim, Date, Incoming, Part, Record, Secret};
use accord_standard::codebook::{Kind, Level};
use accord_standard::consent::Purpose;
use accord_standard::crosswalk::Crosswalk;
use accord_standard::value::Missing;
use proptest::prelude::*;

fn read_back(bytes: &[u8]) -> Vec<Incoming> {
    let settings = Settings {
        book: Codebook::embedded(),
        mapping: Mapping::Is(Crosswalk::accord()),
        today: 20_261_124,
        records: true,
        alone: false,
    };
    let mut records = Vec::new();
    let summary = run(Box::new(bytes), &Hints::default(), settings, &mut |event| {
        match event {
            Event::Record(_, record) => records.push(record),
            Event::Finding(f) => assert!(!f.code.fails(), "{f:?}"),
            _ => {}
        }
        Flow::Go
    });
    assert_eq!(summary.unwrap().failed, 0);
    records
}

fn csv(records: &[Incoming]) -> Vec<u8> {
    let (book, mut columns, mut out) = (Codebook::embedded(), Columns::default(), Vec::new());
    for r in records {
        columns.note(r);
    }
    csv_header(&columns, book, &mut out);
    for r in records {
        csv_row(&columns, book, r, &mut out);
    }
    out
}

fn cell_of(field: FieldId) -> BoxedStrategy<Cell> {
    let book = Codebook::embedded();
    let missing = (0usize..4).prop_map(|i| Cell::Missing(Missing::ALL[i]));
    let code = || {
        let numbers: Vec<u16> = book.list_of(field).unwrap().codes.iter().map(|c| c.number).collect();
        prop::sample::select(numbers).prop_map(Code)
    };
    let sorted = |mut codes: Vec<Code>| {
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let value = match book.get(field).kind {
        Kind::Text => "[=+@|% a-zA-Zأ-ي0-9,;\"']{1,12}"
            .prop_filter("texts are trimmed", |t| t.trim() == t && !t.is_empty() && Missing::from_word(t).is_none())
            .prop_map(|t| Cell::Text(Secret::new(t)))
            .boxed(),
        Kind::Code => prop_oneof![
            code().prop_map(Cell::Code),
            prop::collection::vec(code(), 2..4)
                .prop_map(sorted)
                .prop_filter("two at least", |c| c.len() > 1)
                .prop_map(Cell::OneOf)
        ]
        .boxed(),
        Kind::Codes => prop::collection::vec(code(), 1..4).prop_map(move |c| Cell::Codes(sorted(c))).boxed(),
        Kind::Integer => (1i32..30).prop_map(Cell::Integer).boxed(),
        Kind::Age => (0u8..=100, 0u8..20)
            .prop_map(|(low, span)| {
                let precision = if span == 0 { AgePrecision::Exact } else { AgePrecision::Range };
                Cell::Age(Age { low, high: low + span, precision })
            })
            .boxed(),
        Kind::Date => {
            (1950i16..2026, 0u8..=12).prop_map(|(year, month)| Cell::Date(Date { year, month, day: 0 })).boxed()
        }
    };
    prop_oneof![4 => value, 1 => missing].boxed()
}

fn part_of(level: Level, least: usize) -> impl Strategy<Value = Part> {
    // Fields that rules across fields look at, and the sequence that orders events, are left out.
    let fields: Vec<FieldId> = Codebook::embedded()
        .level(level)
        .filter(|(_, f)| f.id != "seq" && f.id != "birth_date" && !f.id.starts_with("age_at"))
        .map(|(id, _)| id)
        .collect();
    prop::sample::subsequence(fields, least..6)
        .prop_flat_map(|fields| fields.into_iter().map(|f| cell_of(f).prop_map(move |c| (f, c))).collect::<Vec<_>>())
}

fn incoming() -> impl Strategy<Value = Incoming> {
    let parts = |level| prop::collection::vec(part_of(level, 1), 0..3);
    let consent = prop::collection::btree_map(0usize..7, any::<bool>(), 0..4);
    (part_of(Level::Record, 0), parts(Level::Event), parts(Level::Perpetrator), parts(Level::PlatformAction), consent)
        .prop_map(|(cells, events, perpetrators, platform_actions, consent)| Incoming {
            record: Record { id: Secret::new("one".into()), cells, events, perpetrators, platform_actions },
            consent: consent
                .into_iter()
                .map(|(p, given)| ConsentClaim { purpose: Purpose::ALL[p], given, date: None })
                .collect(),
            legal_basis: None,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_as_csv_json_or_xlsx_reads_back_the_same(record in incoming()) {
        let book = Codebook::embedded();
        let records = [record.clone()];
        prop_assert!(read_back(&csv(&records)) == records, "{}", String::from_utf8_lossy(&csv(&records)));
        prop_assert!(read_back(json_line(book, &record).as_bytes()) == records, "{}", json_line(book, &record));
        let mut columns = Columns::default();
        columns.note(&record);
        let mut xlsx = Workbook::new(&columns, book).unwrap();
        xlsx.add(&columns, book, &record).unwrap();
        prop_assert!(read_back(&xlsx.finish().unwrap()) == records);
    }

    #[test]
    fn nothing_that_is_escaped_looks_like_a_formula(text in ".{0,20}") {
        let safe = escape_for_spreadsheet(&text);
        let blank = |c: char| c == '\u{feff}' || c.is_control() || c == ' ';
        let starts = safe.trim_start_matches(blank).starts_with(['=', '+', '-', '@', '|', '%']);
        prop_assert!(is_number(&safe) || !starts);
    }
}

#[test]
fn formulas_are_escaped_and_negative_numbers_are_not() {
    for (text, safe) in [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("\u{feff}@x", "'\u{feff}@x"),
        ("+cmd|x", "'+cmd|x"),
        ("-5", "-5"),
        ("-5.25", "-5.25"),
        ("-5-3", "'-5-3"),
        ("'=1", "''=1"),
        ("plain", "plain"),
        ("%x", "'%x"),
    ] {
        assert_eq!(escape_for_spreadsheet(text), safe);
    }
}

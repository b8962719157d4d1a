use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write as _};

/// Everything that was read.
#[derive(Default)]
struct Taken {
    known: Vec<&'static str>,
    found: Option<Found>,
    header: Vec<String>,
    rows: Vec<(u64, Result<Vec<String>, Fault>)>,
    formulas: Vec<(u64, u32)>,
    named: Vec<Vec<(String, String)>>,
}

impl Sink for Taken {
    fn knows(&self, column: &str) -> bool {
        self.known.contains(&column)
    }

    fn start(&mut self, found: &Found, header: &[String]) -> Flow {
        self.found = Some(found.clone());
        self.header = header.to_vec();
        Flow::Go
    }

    fn row(&mut self, row: &Row<'_>) -> Flow {
        match &row.body {
            Body::Cells(cells) => {
                let texts = cells.iter().map(|c| String::from_utf8(c.to_vec()).unwrap()).collect();
                self.formulas.extend(cells.formulas().iter().map(|f| (row.number, *f)));
                self.rows.push((row.number, Ok(texts)));
            }
            Body::Named(cells) => self.named.push(cells.to_vec()),
            Body::Fault(fault) => self.rows.push((row.number, Err(fault.clone()))),
        }
        Flow::Go
    }
}

fn take_knowing(bytes: &[u8], known: &[&'static str]) -> Result<Taken, InputError> {
    let mut taken = Taken { known: known.to_vec(), ..Taken::default() };
    read(Box::new(bytes), &Hints::default(), &mut taken)?;
    Ok(taken)
}

fn take(bytes: &[u8]) -> Taken {
    take_knowing(bytes, &[]).unwrap()
}

fn refuse(bytes: &[u8]) -> InputError {
    take_knowing(bytes, &[]).err().unwrap()
}

impl Taken {
    fn cells(&self) -> Vec<Vec<&str>> {
        self.rows.iter().filter_map(|(_, r)| r.as_ref().ok()).map(|r| r.iter().map(String::as_str).collect()).collect()
    }

    fn delimiter(&self) -> Option<char> {
        self.found.as_ref().unwrap().delimiter
    }

    fn encoding(&self) -> &str {
        self.found.as_ref().unwrap().encoding.as_deref().unwrap()
    }
}

#[test]
fn every_usual_delimiter_is_found() {
    for d in [',', ';', '\t', '|'] {
        let taken = take(format!("a{d}b{d}c\n1{d}2{d}3\n4{d}{d}6\n").as_bytes());
        assert_eq!(taken.delimiter(), Some(d));
        assert_eq!(taken.header, ["a", "b", "c"]);
        assert_eq!(taken.cells(), [["1", "2", "3"], ["4", "", "6"]]);
    }
}

#[test]
fn known_columns_decide_where_lines_alone_could_not() {
    let text = b"sex;age,note;more\n1;2,3;4\n5;6,7;8\n";
    assert!(matches!(refuse(b"a;b,c\n1;2,3\n4;5,6\n"), InputError::Dialect(_)));
    assert_eq!(take_knowing(text, &["sex"]).unwrap().delimiter(), Some(';'));
    assert_eq!(take_knowing(text, &["sex;age"]).unwrap().delimiter(), Some(','));
}

#[test]
fn what_is_no_table_is_refused_in_words() {
    for (bytes, word) in [
        (&b""[..], "empty"),
        (b"\n \n", "empty"),
        (b"Dear colleagues\nplease find attached\nthe list\n", "no columns"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"\xd0\xcf\x11\xe0....", ".xls"),
        (b"PK\x03\x04 not really a zip", "damaged"),
        (b"PAR1 not really parquet", "damaged"),
        (b"<html><body>", "web page"),
        (b"[{\"a\":1}]", "JSON lines"),
        (b"a,b\n1,\x00\n", "no text"),
        (b"\x1f\x8bnot gzip", "damaged"),
    ] {
        let words = refuse(bytes).to_string();
        assert!(words.contains(word), "{words}");
    }
    let uneven = b"a,b\n1,2,3\n4,1\n5,6,7,8\n9,1,2,3,4\nx,1,1,1,1,1,1\ny,1,1,1,1,1\n";
    assert!(matches!(refuse(uneven), InputError::Dialect(_)));
}

#[test]
fn a_title_above_the_header_is_skipped_with_a_note() {
    let taken = take(b"Cases of 2024, invented\n\na,b,c\n1,2,3\n4,5,6\n");
    assert_eq!((taken.header.len(), taken.cells().len()), (3, 2));
    assert_eq!(taken.rows[0].0, 4);
    let found = taken.found.unwrap();
    assert_eq!(found.header_row, 3);
    assert_eq!(found.notes.len(), 2);
}

#[test]
fn line_ends_of_every_system_are_read() {
    for text in ["a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4"] {
        let taken = take(text.as_bytes());
        assert_eq!((taken.header.len(), taken.cells()), (2, vec![vec!["1", "2"], vec!["3", "4"]]), "{text:?}");
    }
}

#[test]
fn quotations_hold_delimiters_line_ends_and_quotes_and_bad_ones_are_faults() {
    let taken = take(b"a,b\n\"x,\"\"y\"\"\nz\",2\n\"bad\"tail,1\n3,4\n\"open,5\n6,7\n");
    assert_eq!(taken.rows[0], (2, Ok(vec!["x,\"y\"\nz".into(), "2".into()])));
    assert_eq!(taken.rows[1], (4, Err(Fault::Quote)));
    assert_eq!(taken.rows[2], (5, Ok(vec!["3".into(), "4".into()])));
    assert_eq!(taken.rows[3], (6, Err(Fault::Quote)));
}

#[test]
fn ragged_rows_are_faults_of_their_own() {
    let taken = take_knowing(b"a,b\n1\n2,3,4\n5,6,,\n7,8\n", &["a"]).unwrap();
    assert_eq!(taken.rows[0], (2, Err(Fault::Ragged { expected: 2, found: 1 })));
    assert_eq!(taken.rows[1], (3, Err(Fault::Ragged { expected: 2, found: 3 })));
    assert_eq!(taken.cells(), [["5", "6"], ["7", "8"]]);
}

#[test]
fn columns_that_were_never_filled_are_left_off() {
    let taken = take(b"a,b,,\n1,2,,\n3,4,,\n");
    assert_eq!((taken.header.len(), taken.cells()), (2, vec![vec!["1", "2"], vec!["3", "4"]]));
}

/// Invented people: common given names of many scripts.
const NAMES: [(&str, &str); 7] = [
    ("windows-1252", "Zoë;José;Anaïs;François;Jürgen;Søren;Ângela;Müller;Peña"),
    ("windows-1256", "فاطمة;محمد;زينب;عائشة;خديجة;مريم;يوسف;إبراهيم;نور الهدى"),
    ("windows-1251", "Наталья;Екатерина;Татьяна;Сергей;Анастасия;Владимир;Людмила"),
    ("Shift_JIS", "さくら;花子;太郎;美咲;健太;陽菜;結衣;カタカナ;ひらがな"),
    ("GBK", "李娜;王芳;张伟;刘洋;陈静;杨丽;赵敏;黄磊;周杰;吴秀英"),
    ("Big5", "陳怡君;林淑芬;張雅婷;黃志明;李佳玲;王美惠;吳俊傑"),
    ("EUC-KR", "김민지;이서연;박지훈;최수진;정하은;강민준;조은지"),
];

#[test]
fn legacy_code_pages_are_recognised_and_no_letter_is_lost() {
    for (label, names) in NAMES {
        let encoding = encoding_for_label(label).unwrap();
        let mut text = String::from("record_id;given_name;sex\n");
        for (i, name) in names.split(';').cycle().take(60).enumerate() {
            text.push_str(&format!("{i};{name};f\n"));
        }
        let (bytes, _, unmappable) = encoding.encode(&text);
        assert!(!unmappable);
        let taken = take(&bytes);
        let read: Vec<&str> = taken.cells().iter().map(|r| r[1]).collect();
        let wanted: Vec<&str> = names.split(';').cycle().take(60).collect();
        assert_eq!(read, wanted, "{label} was read as {}", taken.encoding());
        // The label can be given, too.
        let hints = Hints { encoding: Some(encoding), ..Hints::default() };
        let mut forced = Taken::default();
        super::read(Box::new(&bytes[..]), &hints, &mut forced).unwrap();
        assert_eq!(forced.cells(), taken.cells());
    }
}

#[test]
fn a_code_page_that_shows_only_late_in_the_file_is_still_recognised() {
    let mut bytes = b"record_id,given_name\n".to_vec();
    for i in 0..60_000 {
        bytes.extend_from_slice(format!("{i},Anna\n").as_bytes());
    }
    let (late, ..) = encoding_rs::WINDOWS_1252.encode("x,José Muñoz\ny,François Müller\nz,Zoë Ångström\n");
    bytes.extend_from_slice(&late);
    assert_eq!(take(&bytes).cells().last().unwrap(), &["z", "Zoë Ångström"]);
}

#[test]
fn utf8_and_utf16_are_read_with_and_without_a_mark() {
    let text = "a;b\n1;Zoë زينب 李娜 🕊\n";
    let wide = |mark: bool, big: bool| -> Vec<u8> {
        let units: Vec<u16> = if mark { vec![0xfeff] } else { vec![] }.into_iter().chain(text.encode_utf16()).collect();
        units.iter().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    for bytes in [
        text.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        wide(true, false),
        wide(true, true),
        wide(false, false),
        wide(false, true),
    ] {
        let taken = take(&bytes);
        assert_eq!(taken.header, ["a", "b"]);
        assert_eq!(taken.cells(), [["1", "Zoë زينب 李娜 🕊"]]);
    }
}

#[test]
fn mixed_encodings_are_an_error_that_names_the_line() {
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode("2,François\n");
    for (bytes, line) in [
        ([b"a,b\n1,Zo\xc3\xab\n", &latin[..]].concat(), 3),
        ([b"a,b\n", &latin[..], b"1,Zo\xc3\xab\n"].concat(), 3),
        ([b"\xef\xbb\xbfa,b\n", &latin[..]].concat(), 2),
    ] {
        let InputError::Encoding { line: named, why } = refuse(&bytes) else { panic!() };
        assert_eq!(named, line, "{why}");
    }
    // UTF-16 that breaks off within a pair of surrogates.
    let mut bytes: Vec<u8> = "\u{feff}a;b\n1;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.extend_from_slice(&[0x3d, 0xd8]);
    assert!(matches!(refuse(&bytes), InputError::Encoding { line: 3, .. }));
}

/// Gives one byte for ever, up to a length, and counts what was taken.
struct Endless<'a> {
    head: &'a [u8],
    byte: u8,
    left: u64,
    taken: &'a std::cell::Cell<u64>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = if self.head.is_empty() {
            let n = buf.len().min(usize::try_from(self.left).unwrap());
            buf[..n].fill(self.byte);
            self.left -= n as u64;
            n
        } else {
            self.head.read(buf)?
        };
        self.taken.set(self.taken.get() + n as u64);
        Ok(n)
    }
}

#[test]
fn two_gigabytes_of_one_line_are_refused_after_a_few_megabytes() {
    for (head, byte) in [
        (&b""[..], b'x'),
        (b"", b','),
        (b"a,b\n1,2\n", b'x'),
        (b"a,b\n1,2\n", b','),
        (b"a,b\n1,\"", b'x'),
        (b"a,b\n1,\"", b'\n'),
        (b"a,b\n1,\"", b'"'),
        (b"{\"a\":\"", b'x'),
        (b"\xff\xfea\0,\0b\0\n\0", b'x'),
    ] {
        let taken = std::cell::Cell::new(0);
        let source = Endless { head, byte, left: 2 << 30, taken: &taken };
        let error = super::read(Box::new(source), &Hints::default(), &mut Taken::default()).err().unwrap();
        assert!(error.is_refusal(), "{head:?}: {error}");
        assert!(taken.get() < 8 << 20, "{} bytes were read", taken.get());
    }
}

#[test]
fn two_gigabytes_in_a_small_gzip_are_refused_too() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(b"a,b\n").unwrap();
    for _ in 0..64 {
        gzip.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    assert!(matches!(refuse(&gzip.finish().unwrap()), InputError::RecordTooLong { line: 2, .. }));
}

#[test]
fn a_file_that_grows_is_read_as_long_as_it_was_and_one_that_shrinks_is_an_error() {
    let text = b"a,b\n1,2\n3,4\n5,6\n";
    let hints = |length| Hints { length: Some(length), ..Hints::default() };
    let mut taken = Taken::default();
    super::read(Box::new(&text[..]), &hints(12), &mut taken).unwrap();
    assert_eq!(taken.cells(), [["1", "2"], ["3", "4"]]);
    let error = super::read(Box::new(&text[..]), &hints(100), &mut Taken::default()).err().unwrap();
    assert!(matches!(error, InputError::Shrank { read: 16, length: 100 }));
}

#[test]
fn gzip_is_opened_and_a_broken_one_is_an_error() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut text = String::from("a,b\n");
    (0..5000).for_each(|i| text.push_str(&format!("{i},{}\n", i * 7919 % 1000)));
    gzip.write_all(text.as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    let taken = take(&whole);
    assert!(taken.found.as_ref().unwrap().gzip);
    assert_eq!(taken.cells().len(), 5000);
    assert!(matches!(refuse(&whole[..whole.len() / 2]), InputError::Damaged { kind: "gzip", .. }));
}

#[test]
fn json_lines_come_out_under_flat_names() {
    let taken = take(
        b"{\"record_id\":\"a\",\"citizenship\":[\"NAM\",\"ZAF\"],\"events\":[{\"seq\":1,\"date\":null},{\"seq\":2}],\"consent\":{\"P2\":true}}\n\n{\"x\":{\"one_of\":[\"a\",\"b\"]},\"y\":{\"missing\":\"refused\"}}\n",
    );
    let cells: Vec<(&str, &str)> = taken.named[0].iter().map(|(n, c)| (n.as_str(), c.as_str())).collect();
    for wanted in [
        ("record_id", "a"),
        ("citizenship", "NAM;ZAF"),
        ("event.1.seq", "1"),
        ("event.1.date", ""),
        ("event.2.seq", "2"),
        ("consent_p2", "yes"),
    ] {
        assert!(cells.contains(&wanted), "{wanted:?}");
    }
    assert!(
        taken.named[1].contains(&("x".into(), "a|b".into()))
            && taken.named[1].contains(&("y".into(), "refused".into()))
    );
}

// ------------------------------------------------------------------------------------------------ workbooks

mod sheets {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    use zip::write::SimpleFileOptions;

    fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// The smallest workbook around the XML of one sheet.
    fn around(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let mut parts: Vec<(&str, &[u8])> = vec![
            ("[Content_Types].xml", br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#),
            ("_rels/.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
            ("xl/workbook.xml", br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="records" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
            ("xl/_rels/workbook.xml.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ];
        parts.extend_from_slice(more);
        zip_of(&parts)
    }

    fn sheet(cells: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>"#
        )
    }

    const HEADER: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>"#;

    #[test]
    fn texts_numbers_dates_booleans_gaps_and_titles_are_read() {
        let mut book = Workbook::new();
        let s = book.add_worksheet();
        s.write_string(0, 0, "An invented list").unwrap();
        for (i, name) in ["a", "b", "c", "d"].iter().enumerate() {
            s.write_string(2, i as u16, *name).unwrap();
        }
        s.write_string(3, 0, "زينب").unwrap();
        s.write_number(3, 1, 17).unwrap();
        s.write_datetime_with_format(
            3,
            2,
            ExcelDateTime::from_ymd(2020, 3, 5).unwrap(),
            &Format::new().set_num_format("yyyy-mm-dd"),
        )
        .unwrap();
        s.write_boolean(3, 3, true).unwrap();
        s.write_number(6, 1, 17.5).unwrap();
        let taken = take(&book.save_to_buffer().unwrap());
        assert_eq!(taken.header, ["a", "b", "c", "d"]);
        assert_eq!(taken.rows[0], (4, Ok(vec!["زينب".into(), "17".into(), "2020-03-05".into(), "yes".into()])));
        assert_eq!(taken.rows[1], (7, Ok(vec![String::new(), "17.5".into(), String::new(), String::new()])));
        assert_eq!(taken.found.unwrap().header_row, 3);
    }

    #[test]
    fn a_formula_is_marked_and_its_cached_value_is_not_trusted_alone() {
        let mut book = Workbook::new();
        let s = book.add_worksheet();
        s.write_string(0, 0, "a").unwrap();
        s.write_string(0, 1, "b").unwrap();
        s.write_number(1, 0, 1).unwrap();
        s.write_formula(1, 1, rust_xlsxwriter::Formula::new("=A2*17").set_result("17")).unwrap();
        let taken = take(&book.save_to_buffer().unwrap());
        assert_eq!(taken.formulas, [(2, 1)]);
    }

    #[test]
    fn events_are_joined_by_the_identifier_and_orphans_are_faults() {
        let mut book = Workbook::new();
        let rows = |book: &mut Workbook, name: &str, rows: &[&[&str]]| {
            let s = book.add_worksheet();
            s.set_name(name).unwrap();
            for (r, cells) in rows.iter().enumerate() {
                for (c, cell) in cells.iter().enumerate() {
                    s.write_string(r as u32, c as u16, *cell).unwrap();
                }
            }
        };
        rows(&mut book, "read me", &[&["what", "this is"]]);
        rows(&mut book, "records", &[&["record_id", "gender"], &["a", "woman_girl"], &["b", "man_boy"]]);
        rows(&mut book, "events", &[&["record_id", "techuse"], &["b", "one"], &["b", "two"], &["zzz", "lost"]]);
        let taken = take(&book.save_to_buffer().unwrap());
        assert_eq!(taken.header, ["record_id", "gender", "event.1.techuse", "event.2.techuse"]);
        assert_eq!(taken.cells(), [["a", "woman_girl", "", ""], ["b", "man_boy", "one", "two"]]);
        assert_eq!(taken.rows[2], (4, Err(Fault::Orphan { sheet: "events".into() })));
    }

    #[test]
    fn a_cell_at_the_far_corner_is_refused() {
        let far = sheet(&format!(r#"{HEADER}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#));
        let error = refuse(&around(&far, &[]));
        assert!(error.is_refusal() && error.to_string().contains("1048576"), "{error}");
        // Formatted but empty cells out there are what spreadsheets leave behind.
        let empty = sheet(&format!(r#"{HEADER}<row r="2"><c r="A2"><v>1</v></c><c r="XFD2" s="1"/></row>"#));
        assert_eq!(take(&around(&empty, &[])).cells(), [["1", ""]]);
    }

    #[test]
    fn a_workbook_that_inflates_a_thousandfold_is_refused() {
        let zeros = vec![b' '; 64 << 20];
        let bomb = around(&sheet(HEADER), &[("xl/sharedStrings.xml", &zeros)]);
        assert!(bomb.len() < 1 << 20);
        assert!(refuse(&bomb).is_refusal());
        // Many parts, each under the ratio's floor.
        let part = vec![b' '; 1 << 20];
        let names: Vec<String> = (0..201).map(|i| format!("xl/media/{i}.png")).collect();
        let parts: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &part[..])).collect();
        let error = refuse(&around(&sheet(HEADER), &parts));
        assert!(error.is_refusal() && error.to_string().contains("parts"), "{error}");
        let error = refuse(&around(&sheet(HEADER), &parts[..196]));
        assert!(matches!(error, InputError::NotATable(_)) || error.is_refusal(), "{error}");
    }

    #[test]
    fn the_total_that_a_workbook_inflates_to_is_bounded() {
        let hints = Hints { limits: Limits { workbook_inflated: 1 << 20, ..Limits::default() }, ..Hints::default() };
        let part: Vec<u8> = (0..3u32 << 19).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let book = around(&sheet(HEADER), &[("xl/media/1.png", &part)]);
        let error = super::read(Box::new(&book[..]), &hints, &mut Taken::default()).err().unwrap();
        assert!(error.to_string().contains("inflates to more than 1 MiB"), "{error}");
    }

    #[test]
    fn a_billion_laughs_and_every_other_document_type_are_refused() {
        let laughs = format!(
            r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>{}"#,
            sheet(HEADER)
        );
        assert!(refuse(&around(&laughs, &[])).is_refusal());
        // Also where it is cut by the border of two looks, and in UTF-16.
        let padded = format!("<?xml version=\"1.0\"?>{}<!DOCTYPE x>{}", " ".repeat((64 << 10) - 25), sheet(HEADER));
        assert!(refuse(&around(&padded, &[])).is_refusal());
        let wide: Vec<u8> = "\u{feff}<!DOCTYPE x>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(refuse(&around(&sheet(HEADER), &[("xl/theme.xml", &wide)])).is_refusal());
    }

    #[test]
    fn macros_links_and_names_that_point_outside_are_refused() {
        for name in
            ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "../../evil.xml", "/etc/passwd", "c:\\x.xml"]
        {
            assert!(refuse(&around(&sheet(HEADER), &[(name, b"<x/>")])).is_refusal(), "{name}");
        }
    }

    #[test]
    fn a_damaged_or_other_zip_is_an_error() {
        let good = around(&sheet(HEADER), &[]);
        assert!(matches!(refuse(&good[..good.len() - 40]), InputError::Damaged { .. }));
        assert!(matches!(refuse(&zip_of(&[("a.txt", b"x")])), InputError::NotATable(_)));
        let torn = around("<?xml version=\"1.0\"?><worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v>", &[]);
        assert!(matches!(refuse(&torn), InputError::Damaged { .. }));
        let backwards = sheet(r#"<row r="9"><c r="A9"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#);
        assert!(matches!(refuse(&around(&backwards, &[])), InputError::Damaged { .. }));
    }

    #[test]
    fn a_workbook_larger_than_the_limit_is_refused_unread() {
        let hints = Hints { limits: Limits { workbook_bytes: 100, ..Limits::default() }, ..Hints::default() };
        let book = around(&sheet(HEADER), &[]);
        assert!(super::read(Box::new(&book[..]), &hints, &mut Taken::default()).err().unwrap().is_refusal());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn a_workbook_with_bytes_turned_over_never_panics(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut bytes = around(&sheet(HEADER), &[]);
            for (index, byte) in at {
                let i = index.index(bytes.len());
                bytes[i] = byte;
            }
            let _ = take_knowing(&bytes, &[]);
            let _ = read(Box::new(&bytes[..]), &Hints { flat: true, ..Hints::default() }, &mut Taken::default());
        }
    }
}

// ------------------------------------------------------------------------------------------------ Parquet

mod parquet_files {
    use super::*;
    use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    pub(super) fn file() -> Vec<u8> {
        let schema = parse_message_type(
            "message m { REQUIRED BYTE_ARRAY a (UTF8); OPTIONAL INT32 b; OPTIONAL INT32 c (DATE); }",
        )
        .unwrap();
        let mut out = Vec::new();
        let properties = std::sync::Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(&mut out, std::sync::Arc::new(schema), properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut a = group.next_column().unwrap().unwrap();
        let texts = [ByteArray::from("x"), ByteArray::from("زينب")];
        a.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        a.close().unwrap();
        let mut b = group.next_column().unwrap().unwrap();
        b.typed::<Int32Type>().write_batch(&[17], Some(&[1, 0]), None).unwrap();
        b.close().unwrap();
        let mut c = group.next_column().unwrap().unwrap();
        c.typed::<Int32Type>().write_batch(&[18_326], Some(&[0, 1]), None).unwrap();
        c.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        out
    }

    #[test]
    fn flat_columns_with_nulls_and_dates_are_read() {
        let taken = take(&file());
        assert_eq!(taken.header, ["a", "b", "c"]);
        assert_eq!(taken.cells(), [["x", "17", ""], ["زينب", "", "2020-03-05"]]);
    }

    #[test]
    fn column_by_column_gives_the_same_cells_as_row_by_row() {
        let mut flat = Taken::default();
        read(Box::new(&file()[..]), &Hints { flat: true, ..Hints::default() }, &mut flat).unwrap();
        assert_eq!((flat.rows, flat.header), (take(&file()).rows, take(&file()).header));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn a_parquet_file_with_bytes_turned_over_never_panics(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut bytes = file();
            for (index, byte) in at {
                let i = index.index(bytes.len());
                bytes[i] = byte;
            }
            let _ = take_knowing(&bytes, &[]);
            let _ = read(Box::new(&bytes[..]), &Hints { flat: true, ..Hints::default() }, &mut Taken::default());
        }
    }
}

// ------------------------------------------------------------------------------------------------ against the csv crate

fn by_the_csv_crate(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(bytes);
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #[test]
    fn tables_written_by_the_csv_crate_read_as_it_reads_them(
        rows in prop::collection::vec(prop::collection::vec("[a-c,;\"\n é]{0,6}", 3), 1..40),
        crlf in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["one", "two", "three"]).unwrap();
        for r in &rows {
            writer.write_record(r).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let taken = take_knowing(&bytes, &["one", "two", "three"]).unwrap();
        prop_assert_eq!(taken.cells(), by_the_csv_crate(&bytes));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), magic in 0usize..5) {
        let head: &[u8] = [&b""[..], b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"\xff\xfe"][magic];
        let _ = take_knowing(&[head, &bytes].concat(), &["a"]);
    }
}

#[test]
fn records_that_lie_across_the_borders_of_pieces_are_read_whole() {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["one", "two", "three"]).unwrap();
    for i in 0..60_000u32 {
        let long = "x,\"y\n".repeat((i % 7) as usize);
        writer.write_record([i.to_string().as_str(), if i % 3 == 0 { long.as_str() } else { "plain" }, "é"]).unwrap();
    }
    let bytes = writer.into_inner().unwrap();
    assert!(bytes.len() > 1 << 20);
    let taken = take(&bytes);
    assert_eq!(taken.cells(), by_the_csv_crate(&bytes));
}

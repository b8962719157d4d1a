//! The child's half and the parent's, end to end without the process between them: that one is run in `tests/it`.

use super::*;
use crate::sandbox::flat::{BLOCK, DONE, INFERRED, run as child};
use crate::sandbox::{ERROR, PROGRESS};
use proptest::prelude::*;

fn domain(text: &str) -> Columns {
    Columns::parse(text).unwrap()
}

fn sexes() -> Columns {
    domain("[[column]]\nname = \"sex\"\nvalues = [\"female\", \"male\"]\nother = \"other\"")
}

/// What the child says of a task.
fn said(bytes: &[u8], what: What) -> Vec<u8> {
    let mut out = Vec::new();
    child(&Task { length: bytes.len() as u64, encoding: None, what }, Box::new(bytes), &mut out).unwrap();
    out
}

fn said_of_rows(bytes: &[u8], columns: &Columns, person: Option<&str>) -> Vec<u8> {
    said(bytes, What::Rows { columns: columns.clone(), person: person.map(str::to_owned) })
}

fn taken(frames: &[u8], columns: &Columns, most: Option<u32>) -> anyhow::Result<Option<(Grid, Noticed)>> {
    frames::rows(&mut &frames[..], 1000, columns, most, &mut |_, _| ())
}

/// A grid can't be looked into; but one that takes a block says that the block fits.
fn read(bytes: &[u8], columns: &Columns, person: Option<&str>, most: u32) -> anyhow::Result<Noticed> {
    let frames = said_of_rows(bytes, columns, person);
    let (_, noticed) = taken(&frames, columns, person.map(|_| most))?.expect("the child was done");
    Ok(noticed)
}

fn frame_of(tag: u8, payload: &[u8]) -> Vec<u8> {
    [&[tag][..], &(payload.len() as u32).to_le_bytes(), payload].concat()
}

#[test]
fn what_the_child_says_of_rows_is_taken_with_and_without_people() {
    let text = b"id,sex\n1,male\n1,female\n2,\n,male\n3,x\n";
    let noticed = read(text, &sexes(), Some("id"), 1).unwrap();
    assert!(noticed.nobody && noticed.unlisted == [0]);
    let noticed = read(text, &sexes(), None, 1).unwrap();
    assert!(!noticed.nobody);
    assert_eq!(noticed.found.unwrap().encoding.as_deref(), Some("UTF-8"));
}

#[test]
fn of_each_person_the_first_rows_are_kept_across_blocks() {
    let mut bound = frames::RowBound::new(2);
    let keeps: Vec<bool> = ["a", "b", "a", "a", "b", "b", ""].iter().map(|p| bound.keeps(p.as_bytes())).collect();
    assert_eq!(keeps, [true, true, true, false, true, false, true]);
}

#[test]
fn large_files_come_in_blocks_with_progress_between_them() {
    let columns = sexes();
    let text = "sex,x\n".to_owned() + &"male,1\nfemale,2\n".repeat(100_000);
    let frames = said_of_rows(text.as_bytes(), &columns, None);
    let mut steps = Vec::new();
    let length = text.len() as u64;
    let whole = frames::rows(&mut &frames[..], length, &columns, None, &mut |read, of| steps.push((read, of)));
    assert!(whole.unwrap().is_some());
    assert!(steps.len() > 10 && steps.is_sorted() && steps.iter().all(|(read, of)| read <= of && *of == length));
    // A child that dies in between gives nothing.
    assert!(taken(&frames[..frames.len() - 3], &columns, None).unwrap().is_none());
}

#[test]
fn a_large_domain_is_inferred_and_comes_whole() {
    let text = (0..20_000).fold(String::from("v,b\n"), |text, i| text + &format!("\"value, number {i}\",x\n"));
    let what = Infer { columns: Some(vec!["v".into()]), ..Infer::default() };
    let frames = said(text.as_bytes(), What::Infer(what));
    let found = frames::inferred(&mut &frames[..], 1, &mut |_, _| ()).unwrap().unwrap();
    assert_eq!((found.columns.columns.len(), found.columns.columns[0].values.len()), (1, 20_000));
    assert_eq!(found.identifying, ["v"]);
    // A domain that breaks the rules is not believed.
    for json in [&br#"{"columns":{"column":[]},"encoding":null,"identifying":[]}"#[..], b"{}", b""] {
        let frames = [frame_of(INFERRED, json), frame_of(INFERRED, &[])].concat();
        assert!(frames::inferred(&mut &frames[..], 1, &mut |_, _| ()).is_err());
    }
}

#[test]
fn errors_of_the_file_come_as_they_are_with_their_exit_code() {
    for (text, word, refused) in [
        ("id,six\n1,male\n", "no column `sex`", false),
        ("sex,sex\nmale,male\n", "more than one column", false),
        ("sex,id\n\"male,1\nmale,2\n", "quotation", false),
        ("%PDF-1.7", "PDF", false),
        ("\u{0}\u{1}\u{2}\u{3}garbage\u{0}", "no text", false),
        ("", "empty", false),
    ] {
        let error = read(text.as_bytes(), &sexes(), None, 1).unwrap_err();
        let error = error.downcast_ref::<ReadError>().unwrap();
        assert!(error.message.contains(word) && error.refused == refused, "{word}: {error:?}");
    }
    let long = "sex,x\n".to_owned() + &"y".repeat(2 << 20);
    assert!(read(long.as_bytes(), &sexes(), None, 1).unwrap_err().downcast_ref::<ReadError>().unwrap().refused);
}

#[test]
fn frames_that_do_not_fit_the_domain_are_refused() {
    let columns = sexes();
    let done = frame_of(DONE, &serde_json::to_vec(&Noticed::default()).unwrap());
    let fine = frame_of(BLOCK, &[1, 0, 0, 0, 3, 0]);
    assert!(taken(&[fine, done.clone()].concat(), &columns, None).unwrap().is_some());
    let person = frame_of(BLOCK, &[1, 0, 0, 0, 3, 0, 2, 0, 0, 0, b'a', b'b']);
    assert!(taken(&[person, done.clone()].concat(), &columns, Some(1)).unwrap().is_some());
    for (payload, most) in [
        (&[][..], None),
        (&[1, 0, 0], None),
        (&[1, 0, 0, 0], None),
        (&[1, 0, 0, 0, 4, 0], None),                            // no such code
        (&[2, 0, 0, 0, 1, 0], None),                            // too short
        (&[1, 0, 0, 0, 1, 0, 1], None),                         // too long
        (&[255, 255, 255, 255, 1, 0], None),                    // far too many rows
        (&[1, 0, 0, 0, 1, 0], Some(1)),                         // nobody's
        (&[1, 0, 0, 0, 1, 0, 3, 0, 0, 0, b'a', b'b'], Some(1)), // more text than there is
        (&[1, 0, 0, 0, 1, 0, 1, 0, 0, 0, b'a', b'b'], Some(1)), // less
        (&[1, 0, 0, 0, 4, 0, 2, 0, 0, 0, b'a', b'b'], Some(1)), // no such code
    ] {
        let error = taken(&[frame_of(BLOCK, payload), done.clone()].concat(), &columns, most).unwrap_err();
        assert!(error.downcast_ref::<ReadError>().unwrap().refused, "{payload:?}");
    }
    for frame in [frame_of(DONE, b"{}x"), frame_of(99, b""), frame_of(PROGRESS, b"1"), frame_of(ERROR, b"x")] {
        assert!(taken(&frame, &columns, None).is_err());
    }
}

#[test]
fn what_was_noticed_is_said_without_any_number() {
    let columns = domain(
        "[[column]]\nname = \"sex\"\nvalues = [\"male\"]\nother = \"other\"\n[[column]]\nname = \"age\"\nvalues = [\"x\"]",
    );
    let noticed = Noticed {
        unlisted: vec![0, 1, 9],
        left_out: true,
        nobody: true,
        formulas: true,
        undecoded: true,
        ..Noticed::default()
    };
    let warnings = note(&columns, noticed).warnings;
    assert_eq!(warnings.len(), 6);
    assert!(warnings[0].contains("`sex`") && warnings[0].contains("`other`") && warnings[1].contains("blank"));
    assert!(warnings.iter().all(|w| !w.contains(|c: char| c.is_ascii_digit())));
    assert_eq!(note(&columns, Noticed::default()).warnings, Vec::<String>::new());
}

#[test]
fn the_column_that_tells_people_apart_is_no_column_of_the_table() {
    let options = FlatOptions { person: Some("sex".into()), rows_per_person: 1, encoding: None };
    let nowhere = Path::new("/nowhere");
    for error in [
        check(nowhere, &sexes(), &options).unwrap_err(),
        read_grid(nowhere, &sexes(), &options, &mut |_, _| ()).unwrap_err(),
    ] {
        assert!(error.is::<Refused>(), "{error}");
    }
    assert!(no_domain(nowhere).is::<Refused>());
}

#[test]
fn domain_and_weights_files_are_read_within_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    std::fs::write(&path, "[[column]]\nname = \"a\"\nvalues = [\"x\"]").unwrap();
    let columns = read_domain(&path).unwrap();
    std::fs::write(&path, "a = 3").unwrap();
    assert_eq!(read_weights(&path, &columns).unwrap(), [3.0]);
    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(read_domain(&path).is_err());
    assert!(read_domain(dir.path()).is_err() && read_domain(&dir.path().join("none")).is_err());
}

/// A folder with a file of invented people.
fn file_of(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("INVENTED.csv");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

#[test]
fn a_file_goes_through_the_sandboxed_process_from_its_header_to_its_grid() {
    if crate::sandbox::this_program().is_ok_and(|p| !p.exists()) {
        eprintln!("skipped: the program itself is not built; `cargo test -p accord` builds it");
        return;
    }
    let text = "id,sex,age\n".to_owned() + &"1,male,9--17\n1,female,18+\n2,,\n".repeat(6_000);
    let (_dir, path) = file_of(text.as_bytes());
    assert_eq!(header(&path, None).unwrap(), ["id", "sex", "age"]);
    let options = InferOptions { person: Some("id".into()), ..InferOptions::default() };
    let mut last = (0, 0);
    let found = infer(&path, &options, &mut |read, of| last = (read, of)).unwrap();
    assert_eq!(found.columns.columns.iter().map(|c| c.values.len()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!((found.identifying.len(), last.1), (0, text.len() as u64));
    let options = FlatOptions { person: Some("id".into()), rows_per_person: 1, encoding: None };
    let options = check(&path, &found.columns, &options).unwrap();
    assert_eq!(options.encoding.as_deref(), Some("UTF-8"));
    let (_, note) = read_grid(&path, &found.columns, &options, &mut |_, _| ()).unwrap();
    assert_eq!((note.warnings.len(), note.found.unwrap().delimiter), (0, Some(',')));
    // A domain too large for a pipe's buffer goes through as well, and what is not in the file is named.
    let large = domain("[[column]]\nname = \"age\"\nrange = [1, 50000]\n[[column]]\nname = \"sexe\"\nvalues = [1]");
    let error = check(&path, &large, &options).unwrap_err();
    assert!(error.to_string().contains("no column `sexe`") && error.to_string().contains("`sex`"), "{error}");
    let (_, note) = read_grid(&path, &large.choose(&["age"]).unwrap(), &options, &mut |_, _| ()).unwrap();
    assert_eq!(note.warnings.len(), 1);

    let (_dir, path) = file_of(&(0..60).fold(b"name,sex\n".to_vec(), |t, i| [t, format!("p{i},f\n").into()].concat()));
    let refused = infer(&path, &InferOptions::default(), &mut |_, _| ()).unwrap_err();
    assert!(refused.is::<Refused>() && refused.to_string().contains("`name`"), "{refused}");
    let sure = InferOptions { columns: Some(vec![" name ".into()]), ..InferOptions::default() };
    assert_eq!(infer(&path, &sure, &mut |_, _| ()).unwrap().identifying, ["name"]);

    let (_dir, path) = file_of(b"sex,x\nfemale,\xe9t\xe9\nmale,1\n");
    let rows = FlatOptions { person: None, rows_per_person: 1, encoding: None };
    let error = check(&path, &sexes(), &rows).unwrap_err();
    assert!(error.to_string().contains("--encoding windows-1252"), "{error}");
    let rows = FlatOptions { encoding: Some("windows-1252".into()), ..rows };
    assert!(check(&path, &sexes(), &rows).is_ok());
    let error = check(&path, &sexes(), &FlatOptions { encoding: Some("klingon".into()), ..rows }).unwrap_err();
    assert!(error.to_string().contains("klingon"), "{error}");

    let (_dir, path) = file_of(b"{\"sex\":\"male\"}\n");
    let rows = FlatOptions { person: Some("id".into()), rows_per_person: 1, encoding: None };
    assert!(check(&path, &sexes(), &rows).unwrap_err().to_string().contains("first lines"));
}

proptest! {
    #[test]
    fn no_frames_make_the_parent_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), tag in 0_usize..6) {
        let tag = [BLOCK, DONE, INFERRED, PROGRESS, ERROR, crate::sandbox::flat::HEADER][tag];
        for frames in [frame_of(tag, &bytes), bytes] {
            let _ = taken(&frames, &sexes(), None);
            let _ = taken(&frames, &sexes(), Some(1));
            let _ = frames::header(&mut &frames[..]);
            let _ = frames::inferred(&mut &frames[..], 9, &mut |_, _| ());
        }
    }

    #[test]
    fn whatever_is_in_a_file_the_child_says_what_the_parent_takes(rows in prop::collection::vec("[a-z,;0-9é]{0,12}", 0..8)) {
        let text = format!("id,sex\n{}", rows.join("\n"));
        for person in [None, Some("id")] {
            let frames = said_of_rows(text.as_bytes(), &sexes(), person);
            prop_assert!(taken(&frames, &sexes(), person.map(|_| 1)).unwrap().is_some());
        }
    }
}

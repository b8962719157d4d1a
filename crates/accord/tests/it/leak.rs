//! Canaries: planted names and identifiers go through everything, and must be found nowhere but in the file they came in.

use crate::support::{accord, arg, files_below, fine, ran};
use std::path::Path;

/// Words that stand in no other text.
fn canary(i: usize) -> String {
    format!("Zqxkanary{i:04}Vw")
}

const PLANTED: usize = 60;

fn file_with_canaries(path: &Path) {
    let mut text = String::from(
        "record_id,given_name,family_name,phone,account_handle,sex_registered,age_at_identification,consent_p2\n",
    );
    for i in 0..PLANTED {
        text.push_str(&format!("INV-{c},{c},{c},{c},{c},female,16,yes\n", c = canary(i)));
    }
    std::fs::write(path, text).unwrap();
}

fn assert_clean(place: &str, bytes: &[u8]) {
    for i in 0..PLANTED {
        let word = canary(i);
        let found = bytes.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()));
        assert!(!found, "canary {i} was found in {place}");
    }
}

#[test]
fn privacy_11_no_name_or_identifier_leaves_the_desk_or_stands_readable_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (inside, outside) = (dir.path().join("inside"), dir.path().join("input"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    let file = outside.join("INVENTED-canaries.csv");
    file_with_canaries(&file);
    let at = |name: &str| inside.join(name);
    let mut said = String::new();
    let mut run = |args: &[&str]| {
        let temp = inside.join("tmp");
        std::fs::create_dir_all(&temp).unwrap();
        let ran = ran(accord(args).env("TMPDIR", &temp).env("RUST_BACKTRACE", "1").output().unwrap());
        assert_eq!(ran.code, 0, "{args:?} {} {}", ran.out, ran.err);
        said.push_str(&ran.out);
        said.push_str(&ran.err);
    };
    run(&["check", arg(&file)]);
    run(&["check", arg(&file), "--json"]);
    run(&["desk", "init", arg(&at("vault")), "--organisation", "Invented", "--guess-memory", "64"]);
    run(&["desk", "import", arg(&file), "--vault", arg(&at("vault"))]);
    run(&["desk", "records", "--vault", arg(&at("vault"))]);
    run(&["desk", "import", "list", "--vault", arg(&at("vault"))]);
    run(&["desk", "backup", arg(&at("backup")), "--vault", arg(&at("vault"))]);
    run(&[
        "release",
        "draft",
        "--vault",
        arg(&at("vault")),
        "--slot",
        "2026-1",
        "--epsilon",
        "2",
        "--invented",
        "--out",
        arg(&at("draft")),
        "--contribution",
        arg(&at("contribution.json")),
    ]);
    run(&["release", "ledger", "--vault", arg(&at("vault")), "--json"]);
    run(&[
        "protect",
        arg(&file),
        "--rows-are-people",
        "--invented",
        "--epsilon",
        "2",
        "--ledger",
        arg(&at("ledger")),
        "--out",
        arg(&at("protected")),
    ]);
    run(&["verify", arg(&at("draft")), "--json"]);
    run(&["hub", "serve", "--bundle", arg(&at("draft")), "--check"]);
    assert_clean("what the commands said", said.as_bytes());
    let mut looked = 0;
    for path in files_below(&inside) {
        assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        assert_clean("a file name", path.to_string_lossy().as_bytes());
        looked += 1;
    }
    assert!(looked > 20, "only {looked} files were looked at");
}

#[test]
fn what_a_failed_row_holds_is_not_repeated_where_it_identifies() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-bad.csv");
    let c = canary(1);
    std::fs::write(
        &file,
        format!("record_id,given_name,age_at_identification\nINV-{c},{c},170\nINV-{c},={c},16\nINV-{c},{c},16,extra\n"),
    )
    .unwrap();
    let ran = ran(accord(&["check", arg(&file)]).output().unwrap());
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert_clean("what check said", (ran.out + &ran.err).as_bytes());
    let ran = crate::support::run(&["check", arg(&file), "--json"]);
    assert_clean("what check said in JSON", (ran.out + &ran.err).as_bytes());
}

#[test]
fn the_test_for_canaries_has_teeth() {
    let result = std::panic::catch_unwind(|| assert_clean("here", format!("..{}..", canary(3)).as_bytes()));
    assert!(result.is_err());
    let _ = fine(&["--version"]);
}

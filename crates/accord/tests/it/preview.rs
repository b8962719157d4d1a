//! `accord release preview`, and the comparison of a flat draft with an earlier one.

use crate::support::{arg, fine, json, run};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const DOMAIN: &str = r#"
[[column]]
name = "gender"
values = ["Female", "Male"]

[[column]]
name = "age"
values = ["10-14", "15-17", "18-19", "20+"]
"#;

/// A table of invented people and its domain.
fn table(dir: &Path, name: &str, rows: usize) -> (PathBuf, PathBuf) {
    let mut text = "gender,age\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(text, "{},{}", ["Female", "Male"][row % 2], ["10-14", "15-17", "18-19", "20+"][row / 2 % 4]);
    }
    let (file, domain) = (dir.join(name), dir.join("domain.toml"));
    std::fs::write(&file, text).unwrap();
    std::fs::write(&domain, DOMAIN).unwrap();
    (file, domain)
}

#[test]
fn what_it_would_take_spends_nothing_and_agrees_with_what_a_draft_is_refused_for() {
    let dir = tempfile::tempdir().unwrap();
    let (file, domain) = table(dir.path(), "INVENTED.csv", 40);
    let out = dir.path().join("draft");
    for size in ["60", "5000"] {
        let flat = ["--size-bound", size, "--epsilon", "1", "--domain", arg(&domain)];
        let said = json(&[&["release", "preview"][..], &flat].concat());
        let drawn = run(&[&["protect", arg(&file), "--rows-are-people", "--out", arg(&out)][..], &flat].concat());
        assert_eq!(said["refused"].as_bool(), Some(drawn.code == 3), "{size}: {said} {}", drawn.err);
    }
    let before = std::fs::read_dir(dir.path()).unwrap().count();
    let alone = json(&["release", "preview", "--size-bound", "300", "--epsilon", "1"]);
    let pool = json(&["release", "preview", "--size-bound", "300", "--epsilon", "1", "--years", "3", "--desks", "4"]);
    assert_eq!((alone["refused"].as_bool(), pool["refused"].as_bool()), (Some(true), Some(false)));
    assert_eq!(pool["outlook"]["people"], 3600);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), before, "something was written");
    assert_eq!(run(&["release", "preview", "--size-bound", "300", "--epsilon", "0"]).code, 3);
    assert_eq!(run(&["release", "preview"]).code, 2);
}

#[test]
fn a_draft_says_of_people_like_me_and_what_changed_since_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let (first, domain) = table(dir.path(), "INVENTED-1.csv", 800);
    let (second, _) = table(dir.path(), "INVENTED-2.csv", 1600);
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let protect = |file: &Path, out: &Path, more: &[&str]| {
        let args =
            ["protect", arg(file), "--domain", arg(&domain), "--rows-are-people", "--invented", "--epsilon", "4"];
        fine(&[&args[..], &["--out", arg(out)], more].concat());
    };
    protect(&first, &one, &[]);
    let said = json(&["release", "preview", "--draft", arg(&one), "--like", "age=15-17,gender=Female"]);
    assert_eq!(said["group"][0][0], "gender");
    assert!(said["invented"] == true && said["status"] == "draft" && said["synthetic_rows"].is_u64(), "{said}");
    let wrong = run(&["release", "preview", "--draft", arg(&one), "--like", "gender=Femal"]);
    assert!(wrong.code != 0 && wrong.err.contains("was `Female` meant"), "{}", wrong.err);

    protect(&second, &two, &["--previous", arg(&one)]);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(two.join("report.json")).unwrap()).unwrap();
    assert!(report["compared"]["rows"]["low"].as_i64().unwrap() > 0, "{}", report["compared"]);
    assert_eq!(json(&["verify", arg(&two)])["sound"], true);
    // A damaged one is refused before anything is spent.
    std::fs::write(one.join("measured.json"), "{}").unwrap();
    let third = dir.path().join("three");
    let args = ["protect", arg(&second), "--domain", arg(&domain), "--rows-are-people", "--epsilon", "1", "--again"];
    let ran = run(&[&args[..], &["--previous", arg(&one), "--out", arg(&third)]].concat());
    assert!(ran.code != 0 && ran.err.contains("measured.json was changed") && !third.exists(), "{}", ran.err);
}

//! `accord release preview`, and the comparison of a flat draft with an earlier one.

use crate::support::{arg, fine, invented, json, run};
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
    // Many values: triples are known well, and the single values that are sums of them are not. Both judge by these.
    let names: Vec<String> = (0..12).map(|v| format!("\"v{v}\"")).collect();
    let wide: String =
        (0..4).map(|c| format!("[[column]]\nname = \"c{c}\"\nvalues = [{}]\n", names.join(","))).collect();
    let (many, wide_domain) = (dir.path().join("INVENTED-wide.csv"), dir.path().join("wide.toml"));
    std::fs::write(&many, "c0,c1,c2,c3\nv1,v2,v3,v4\n").unwrap();
    std::fs::write(&wide_domain, wide).unwrap();
    let mut judged = Vec::new();
    for size in ["400", "700", "1000", "1500", "2500", "4000"] {
        let flat = ["--size-bound", size, "--epsilon", "1", "--domain", arg(&wide_domain)];
        let said = json(&[&["release", "preview"][..], &flat].concat());
        let out = dir.path().join(format!("wide-{size}"));
        let ledger = dir.path().join(format!("wide-{size}.ledger"));
        let more = ["--rows-are-people", "--out", arg(&out), "--ledger", arg(&ledger)];
        let drawn = run(&[&["protect", arg(&many)][..], &more, &flat].concat());
        assert_eq!(said["refused"].as_bool(), Some(drawn.code == 3), "{size}: {said} {}", drawn.err);
        let tables = said["outlook"]["tables"].as_array().unwrap().clone();
        let by_own_noise = !tables.iter().any(|t| t["says_something"] == true);
        judged.push((said["refused"].as_bool().unwrap(), by_own_noise));
    }
    assert!(judged.iter().any(|(refused, own)| *refused && !own), "no size at which the two rules differ: {judged:?}");
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

#[test]
fn a_draft_of_a_workload_says_of_a_group_what_its_tables_say() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 400);
    let out = dir.path().join("draft");
    fine(&["protect", arg(&file), "--rows-are-people", "--invented", "--epsilon", "4", "--out", arg(&out)]);
    let release: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("release.json")).unwrap()).unwrap();
    let like = |group: &str| json(&["release", "preview", "--draft", arg(&out), "--like", group]);
    // A cell of a table, whatever the order; by id or by label.
    let said = like("age_band=15–17,sex=female");
    let figures = release["tables"][0]["figures"].as_array().unwrap();
    let cell = figures.iter().find(|f| f["id"].as_str().unwrap().ends_with(".m1.female.a15_17")).unwrap();
    for part in ["value", "reliability", "definition", "caveats"] {
        assert_eq!(said[part], cell[part], "{part}");
    }
    // A sum of cells: at least as large as each of its parts.
    let girls_and_women = like("sex=female");
    assert!(girls_and_women["value"]["value"].as_u64() >= said["value"]["value"].as_u64(), "{girls_and_women}");
    assert!(girls_and_women["synthetic_rows"].as_u64() >= said["synthetic_rows"].as_u64());
    for (group, says) in [
        ("exploitation=sexual_exploitation,technology_role=none", "its values are"),
        ("sexx=female", "was `sex` meant"),
        ("sex=nobody", "female, male"),
    ] {
        let ran = run(&["release", "preview", "--draft", arg(&out), "--like", group]);
        let says_so = ran.err.to_lowercase().contains(says) || ran.err.contains("no table of the draft");
        assert!(ran.code != 0 && says_so, "{group}: {}", ran.err);
    }
}

//! `accord protect`: drafts from files, the ledger beside them, crashes between debit and output.

use crate::support::{accord, arg, files_below, fine, invented, json, ledger_of, long, ran, rows, run};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn protect<'a>(file: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["protect", file, "--rows-are-people", "--invented", "--epsilon", "1", "--out", out];
    args.extend(more);
    args
}

#[test]
fn privacy_12_a_draft_is_made_with_a_ledger_beside_the_file_and_verifies_as_a_draft() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 300);
    let out = dir.path().join("draft");
    let said = json(&protect(arg(&file), arg(&out), &[]));
    assert_eq!(said["status"], "draft");
    assert!((said["epsilon"].as_f64().unwrap() - 1.0).abs() < 1e-3);
    assert!(dir.path().join("INVENTED-300.csv.accord-ledger").is_file());
    let verified = json(&["verify", arg(&out)]);
    assert_eq!((verified["sound"].as_bool(), verified["trusted"].as_bool()), (Some(true), Some(false)));
    for path in files_below(&out).iter().filter(|p| p.extension().is_some_and(|e| e == "csv")) {
        let text = std::fs::read_to_string(path).unwrap();
        // Noise may leave synthetic records without a row; a header alone says nothing of anybody.
        assert!(text.contains("INVENTED DATA") || text.lines().count() == 1, "{}", path.display());
    }
    // Seconds and memory are said at the terminal, never in the bundle.
    assert!(said["seconds"].is_number());
    assert!(said["peak_memory_bytes_reader"].as_u64().unwrap() > 0, "{said}");
    let sum = said["peak_memory_bytes_own"].as_u64().unwrap() + said["peak_memory_bytes_reader"].as_u64().unwrap();
    assert_eq!(said["peak_memory_bytes"], sum, "the reader is left out");
    let text = |p: &PathBuf| String::from_utf8_lossy(&std::fs::read(p).unwrap()).into_owned();
    let all: String = files_below(&out).iter().map(text).collect();
    assert!(!all.contains("seconds") && !all.contains("peak_memory"));
}

#[test]
fn privacy_02_an_epsilon_that_makes_no_sense_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 20);
    let out = dir.path().join("draft");
    for epsilon in ["0", "-1", "-0.5", "NaN", "inf", "-inf", "51", "1e300", "1e-12"] {
        let ran = run(&["protect", arg(&file), "--rows-are-people", "--epsilon", epsilon, "--out", arg(&out)]);
        assert_eq!(ran.code, 3, "epsilon {epsilon}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains("epsilon"), "{}", ran.err);
    }
    for delta in ["0", "-1", "NaN", "0.5", "2"] {
        let ran = run(&protect(arg(&file), arg(&out), &["--delta", delta]));
        assert_eq!(ran.code, 3, "delta {delta}: {}", ran.err);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "something was written");
    assert_eq!(run(&["protect", arg(&file), "--rows-are-people", "--epsilon", "much", "--out", "x"]).code, 2);
    assert_eq!(run(&["protect", arg(&file), "--epsilon", "1", "--out", "x"]).code, 2, "rows were taken for people");
}

#[test]
fn a_bad_slot_or_cap_is_refused_before_a_ledger_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 20);
    let out = dir.path().join("draft");
    for more in [&["--slot", "spring"][..], &["--slot", "2026-01"], &["--slot", "2026-1 "], &["--cap", "0.5"]] {
        let ran = run(&protect(arg(&file), arg(&out), more));
        assert_eq!(ran.code, 3, "{more:?}: {} {}", ran.out, ran.err);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "a ledger was made, whose terms never change");
}

#[test]
fn privacy_09_the_account_and_the_calendar_end_a_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 20);
    let outs: Vec<PathBuf> = (0..4).map(|i| dir.path().join(format!("draft-{i}"))).collect();
    fine(&protect(arg(&file), arg(&outs[0]), &["--slot", "2026-1", "--cap", "2"]));
    let unasked = run(&protect(arg(&file), arg(&outs[1]), &["--slot", "2026-1", "--cap", "2"]));
    assert_eq!(unasked.code, 3);
    assert!(unasked.err.contains("--again") && !outs[1].exists(), "{}", unasked.err);
    fine(&protect(arg(&file), arg(&outs[1]), &["--slot", "2026-1", "--cap", "2", "--again"]));
    let third = run(&protect(arg(&file), arg(&outs[2]), &["--slot", "2026-1", "--cap", "2", "--again"]));
    assert_eq!(third.code, 3);
    assert!(third.err.contains("two draws"), "{}", third.err);
    // The next slot is open, but the account holds only so much.
    fine(&protect(arg(&file), arg(&outs[2]), &["--slot", "2026-2", "--cap", "2"]));
    let over = run(&protect(arg(&file), arg(&outs[3]), &["--slot", "2026-3", "--cap", "2"]));
    assert_eq!(over.code, 3);
    assert!(over.err.contains("budget"), "{}", over.err);
    // Nor does a higher cap or another name of the file give more.
    let raised = run(&protect(arg(&file), arg(&outs[3]), &["--slot", "2027-1", "--cap", "9"]));
    assert_eq!(raised.code, 3, "{}", raised.err);
    assert!(!outs[3].exists());
}

#[test]
fn privacy_07_a_crash_between_debit_and_output_is_taken_up_without_a_second_measurement() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 100);
    let out = dir.path().join("draft");
    let args = protect(arg(&file), arg(&out), &[]);
    let died = accord(&args).env("ACCORD_TEST_DIE_AT", "measured").output().unwrap();
    assert!(!died.status.success() && !out.exists());
    let ledger = ledger_of(&file);
    let before = rows(&ledger);
    assert_eq!((before.entries, before.measured), (1, 1));
    let said = json(&args);
    assert_eq!(said["resumed"], true);
    let after = rows(&ledger);
    assert_eq!((after.entries, after.tables), (1, before.tables), "the crash cost a second draw");
    // What was published is what had been committed before the crash.
    let released: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("release.json")).unwrap()).unwrap();
    for table in released["tables"].as_array().unwrap() {
        assert!(before.values.contains(&table["noisy"].to_string()), "a table was measured again");
    }
}

/// Kills the program at random moments; then: whatever output stands is whole and verifies, nothing half is left, every
/// output has its debit, and no draw has more measurements than its plan.
#[test]
fn privacy_07_kills_at_any_moment_leave_no_output_without_debit_and_nothing_half() {
    let kills = if long() { 1000 } else { 25 };
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 400);
    let ledger = ledger_of(&file);
    let mut survived = 0;
    for kill in 0..kills {
        let out = dir.path().join(format!("draft-{kill}"));
        let slot = format!("{}-{}", 2000 + kill / 90, kill % 90 + 1);
        let args = [
            "protect",
            arg(&file),
            "--rows-are-people",
            "--invented",
            "--epsilon",
            "0.1",
            "--cap",
            "50",
            "--slot",
            &slot,
            "--out",
            arg(&out),
        ];
        let mut child =
            accord(&args).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        // Spread over the whole run, which is some tenths of a second.
        std::thread::sleep(Duration::from_millis((kill * 37) % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        if out.exists() {
            survived += 1;
            fine(&["verify", arg(&out)]);
        } else if kill % 5 == 0 {
            // Going on after a kill works, with at most one more debit in the slot.
            fine(&[&args[..], &["--again"]].concat());
        }
    }
    let found = rows(&ledger);
    let outputs = (0..kills).filter(|k| dir.path().join(format!("draft-{k}")).exists()).count();
    assert!(outputs as i64 <= found.entries, "{outputs} outputs, {} debits", found.entries);
    // Three tables; for microdata the count of rows and those of lengths 1 to 3; and the grounds of reading.
    assert!(found.most_per_draw <= 8, "a draw has {} measurements", found.most_per_draw);
    assert!(found.most_per_slot <= 2);
    let strays = std::fs::read_dir(dir.path()).unwrap().filter(|e| {
        let name = e.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with(".draft") && dir.path().join(&name).join("manifest.json").exists() && name.ends_with("draft")
    });
    assert_eq!(strays.count(), 0);
    println!("{kills} kills, {survived} runs were quicker than their kill, {} debits", found.entries);
}

#[test]
fn privacy_06_only_rows_with_consent_or_a_legal_basis_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-consent.csv");
    let mut text = String::from("record_id,sex_registered,consent_p2,consent_p5,legal_basis\n");
    for i in 0..400 {
        let (p2, p5, basis) = match i % 4 {
            0 => ("yes", "yes", ""),
            1 => ("yes", "no", ""),
            2 => ("no", "no", "official_statistics"), // a refusal stands against a legal basis
            _ => ("", "", ""),
        };
        text.push_str(&format!("INV-{i},female,{p2},{p5},{basis}\n"));
    }
    std::fs::write(&file, text).unwrap();
    let out = dir.path().join("draft");
    fine(&[
        "protect",
        arg(&file),
        "--rows-are-people",
        "--invented",
        "--epsilon",
        "40",
        "--cap",
        "50",
        "--out",
        arg(&out),
    ]);
    assert_near(headline(&out, "all"), 200);
    let synthetic = std::fs::read_to_string(out.join("synthetic.csv")).unwrap().lines().count() as i64 - 1;
    assert!((synthetic - 100).abs() <= 60, "{synthetic} synthetic rows for 100 with consent to microdata");
}

#[test]
fn privacy_04_a_declared_bound_too_small_for_epsilon_is_refused_before_anything_is_spent() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 37);
    let out = dir.path().join("draft");
    let ran = run(&protect(arg(&file), arg(&out), &["--size-bound", "50"]));
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("at most 50") && !ran.err.contains("37"), "{}", ran.err);
    assert!(!out.exists() && !ledger_of(&file).exists());
    fine(&protect(arg(&file), arg(&out), &["--size-bound", "5000"]));
}

#[test]
fn privacy_01_rows_of_one_person_are_counted_up_to_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-rows.csv");
    let mut text = String::from("record_id,sex_registered\n");
    for person in 0..100 {
        for _ in 0..5 {
            text.push_str(&format!("INV-{person},female\n"));
        }
    }
    std::fs::write(&file, text).unwrap();
    let out = dir.path().join("draft");
    let refused =
        run(&["protect", arg(&file), "--rows-are-people", "--epsilon", "40", "--cap", "50", "--out", arg(&out)]);
    assert_eq!(refused.code, 0, "{}", refused.err);
    assert_near(headline(&out, "all"), 500); // declared to be people, every row is one
    let out = dir.path().join("by-person");
    fine(&[
        "protect",
        arg(&file),
        "--person",
        "record_id",
        "--rows-per-person",
        "2",
        "--epsilon",
        "40",
        "--cap",
        "50",
        "--ledger",
        arg(&dir.path().join("other-ledger")),
        "--out",
        arg(&out),
    ]);
    assert_near(headline(&out, "all"), 200);
    let text = std::fs::read_to_string(out.join("release.json")).unwrap();
    assert!(text.contains("at most 2 rows are counted"));
    assert!(text.contains("\"unit\": \"rows\""), "rows are called people");
}

/// Adding one row changes the counts by that row's own cells and by nothing else, whatever it holds: it decides for nobody.
#[test]
fn privacy_01_one_row_never_decides_what_becomes_of_others() {
    let header = "record_id,sex_registered,registration_date,consent_p2\n";
    let others = (0..300).map(|i| format!("INV-{i},female,05/03/2020,yes\n")).collect::<Vec<_>>().concat();
    // A date that would have settled the order of all dates; an identifier that stands there already; a formula; an
    // age that is none; a ragged row.
    let one_more =
        ["INV-900,female,25/03/2020,yes", "INV-1,female,05/03/2020,yes", "=1+1,female,,yes", "INV-901,female,,yes,,,"];
    let count = |text: &str, n: usize| {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("INVENTED-rows.csv");
        std::fs::write(&file, text).unwrap();
        let out = dir.path().join(format!("draft-{n}"));
        fine(&[
            "protect",
            arg(&file),
            "--rows-are-people",
            "--invented",
            "--epsilon",
            "40",
            "--cap",
            "50",
            "--out",
            arg(&out),
        ]);
        headline(&out, "all")
    };
    assert_near(count(&format!("{header}{others}"), 0), 300);
    for (n, row) in one_more.iter().enumerate() {
        assert_near(count(&format!("{header}{row}\n{others}"), n), 300);
    }
    // A quotation that isn't closed could swallow the rows after it: nothing is drawn from such a file.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-quote.csv");
    std::fs::write(&file, format!("{header}INV-902,\"female,,yes\n{others}")).unwrap();
    let out = dir.path().join("draft");
    let ran = run(&["protect", arg(&file), "--rows-are-people", "--epsilon", "1", "--out", arg(&out)]);
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("quotation") && !out.exists(), "{}", ran.err);
}

#[test]
fn privacy_11_neither_the_name_of_the_file_nor_of_a_column_stands_in_the_draft() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-143-zqxname.csv");
    std::fs::write(&file, "record_id,sex_registered,consent_p2\nINV-1,female,yes\n").unwrap();
    let out = dir.path().join("draft");
    fine(&["protect", arg(&file), "--person", "record_id", "--invented", "--epsilon", "1", "--out", arg(&out)]);
    for path in files_below(&out) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("zqxname") && !text.contains("record_id"), "{}", path.display());
    }
}

#[test]
fn privacy_10_a_file_without_a_usable_row_is_measured_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("INVENTED-none.csv");
    std::fs::write(&file, "record_id,sex_registered,age_at_identification,consent_p2\nINV-1,female,170,yes\n").unwrap();
    let out = dir.path().join("draft");
    fine(&["protect", arg(&file), "--rows-are-people", "--invented", "--epsilon", "1", "--out", arg(&out)]);
    fine(&["verify", arg(&out)]);
}

#[test]
fn an_output_folder_in_use_is_never_written_over_and_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 20);
    let out = dir.path().join("mine");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("precious.txt"), "keep").unwrap();
    let ran = run(&protect(arg(&file), arg(&out), &[]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("not empty"), "{}", ran.err);
    assert!(!ledger_of(&file).exists(), "budget was spent for an output that could not be written");
    assert_eq!(std::fs::read_to_string(out.join("precious.txt")).unwrap(), "keep");
}

#[test]
fn the_real_table_is_protected_if_it_is_there() {
    let data =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ctdc/ctdc_global_synthetic_2021.csv.gz");
    if !data.is_file() {
        println!("skipped: {} is not here", data.display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("draft");
    let ledger = dir.path().join("ledger");
    fine(&[
        "protect",
        arg(&data),
        "--as",
        "ctdc",
        "--rows-are-people",
        "--epsilon",
        "4",
        "--ledger",
        arg(&ledger),
        "--out",
        arg(&out),
    ]);
    // 193,025 rows; at epsilon 4 the total is known within some tens.
    assert!((headline(&out, "all") - 193_025).abs() < 100, "{}", headline(&out, "all"));
    fine(&["verify", arg(&out)]);
}

fn assert_near(value: i64, truth: i64) {
    // At epsilon 40 the noise of a sum of all cells has a standard deviation of about 3: 30 is out of reach for it, and near
    // enough to tell the rules apart.
    assert!((value - truth).abs() <= 30, "{value} is not near {truth}");
}

/// The published value of a headline group.
fn headline(out: &Path, group: &str) -> i64 {
    let bundle: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("release.json")).unwrap()).unwrap();
    let all = bundle["headlines"].as_array().unwrap();
    let found = all.iter().find(|h| h["group"] == group).unwrap();
    found["figure"]["value"]["value"].as_i64().unwrap_or_else(|| panic!("no value: {found}"))
}

#[test]
fn two_draws_at_once_on_one_ledger_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 3000);
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let first = accord(&protect(arg(&file), arg(&a), &["--slot", "2030-1"]))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let second = ran(accord(&protect(arg(&file), arg(&b), &["--slot", "2030-2"])).output().unwrap());
    let first = ran(first.wait_with_output().unwrap());
    assert!(first.code == 0 || second.code == 0, "{} {}", first.err, second.err);
    for (ran, out) in [(&first, &a), (&second, &b)] {
        if ran.code == 0 {
            fine(&["verify", arg(out)]);
        } else {
            assert!(ran.err.contains("another") && !out.exists(), "{}", ran.err);
        }
    }
}

/// The draft can't be written after the debit: it is said that the measurements are kept, and the same command makes it of them.
#[cfg(unix)]
#[test]
fn privacy_07_a_draft_that_can_not_be_written_costs_no_second_draw() {
    let dir = tempfile::tempdir().unwrap();
    let file = invented(dir.path(), 200);
    let at = |name: &str| dir.path().join(name);
    // How large ledger and draft are: the limit lies between.
    fine(&protect(arg(&file), arg(&at("first")), &["--slot", "2026-1"]));
    let ledger = ledger_of(&file).metadata().unwrap().len();
    let largest = files_below(&at("first")).iter().map(|p| p.metadata().unwrap().len()).max().unwrap();
    let limit = 2 * ledger + 65_536;
    assert!(largest > limit, "the largest file of the draft, {largest}, is under {limit}");
    let out = at("out");
    let args = protect(arg(&file), arg(&out), &["--slot", "2026-2"]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", limit / 512), "sh"]);
    shell.arg(env!("CARGO_BIN_EXE_accord")).args(&args).env_clear().stdin(std::process::Stdio::null());
    let full = ran(shell.output().unwrap());
    assert_eq!(full.code, 1, "{} {}", full.out, full.err);
    for word in ["can't be written", "measurements are kept", "same command", "nothing is spent again"] {
        assert!(full.err.contains(word), "{word:?}: {}", full.err);
    }
    assert!(!out.exists());
    let before = rows(&ledger_of(&file));
    assert_eq!(json(&args)["resumed"], true);
    assert_eq!(rows(&ledger_of(&file)).entries, before.entries, "something was spent again");
    // Where it can be known before, nothing is spent.
    std::fs::write(at("nofolder"), "x").unwrap();
    let refused = run(&protect(arg(&file), arg(&at("nofolder/out")), &["--slot", "2027-1"]));
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert_eq!(rows(&ledger_of(&file)).entries, before.entries);
}

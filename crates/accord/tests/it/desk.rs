//! `accord desk` and `accord doctor` through the built binary: exit codes, words, nothing half done.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PASSPHRASE: &str = "invented passphrase for tests";

fn accord(dir: &Path, args: &[&str]) -> Output {
    run(dir, args, PASSPHRASE, None)
}

fn run(dir: &Path, args: &[&str], passphrase: &str, input: Option<&str>) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_accord"))
        .args(args)
        .current_dir(dir)
        .env("ACCORD_PASSPHRASE", passphrase)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(input) = input {
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    }
    child.wait_with_output().unwrap()
}

fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

fn json(o: &Output) -> Value {
    serde_json::from_slice(&o.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", out(o), err(o)))
}

fn code(o: &Output, expected: i32) {
    assert_eq!(o.status.code(), Some(expected), "{}{}", out(o), err(o));
}

/// A folder with a vault `v` and a file `cases.csv` of three invented people.
fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = ["desk", "init", "v", "--organisation", "Invented Shelter", "--guess-memory", "64", "--json"];
    let o = accord(dir.path(), &made);
    code(&o, 0);
    std::fs::write(dir.path().join("init.json"), &o.stdout).unwrap();
    std::fs::write(
        dir.path().join("cases.csv"),
        "record_id,sex_registered,consent_p2\nINV-1,female,yes\nINV-2,male,no\nINV-3,female,\n",
    )
    .unwrap();
    dir
}

fn imported(dir: &Path) {
    code(&accord(dir, &["desk", "import", "cases.csv", "--vault", "v"]), 0);
}

fn records(dir: &Path, vault: &str) -> u64 {
    json(&accord(dir, &["desk", "records", "--vault", vault, "--json"]))["records"].as_u64().unwrap()
}

#[test]
fn a_steward_goes_from_an_empty_folder_to_a_backup_and_back() {
    let dir = desk();
    let d = dir.path();
    let o = accord(d, &["desk", "import", "cases.csv", "--vault", "v", "--dry-run", "--json"]);
    code(&o, 0);
    assert_eq!((json(&o)["imported"].as_u64(), json(&o)["would_import"].as_u64()), (Some(0), Some(3)));
    assert_eq!(records(d, "v"), 0);
    imported(d);
    assert_eq!(records(d, "v"), 3);
    let list = json(&accord(d, &["desk", "import", "list", "--vault", "v", "--json"]));
    assert_eq!((&list["imports"][0]["file"], &list["imports"][0]["read_as"]), (&"cases.csv".into(), &"accord".into()));

    let o = accord(d, &["desk", "backup", "--vault", "v", "b", "--json"]);
    code(&o, 0);
    std::fs::write(d.join("heads.json"), &o.stdout).unwrap();
    code(&accord(d, &["desk", "restore", "b", "r", "--heads", "heads.json"]), 0);
    assert_eq!(records(d, "r"), 3);
    let o = accord(d, &["desk", "heads", "--vault", "r", "--json"]);
    assert_eq!(json(&o)["drawing_locked"], Value::Null);

    let o = accord(d, &["desk", "import", "undo", "1", "--vault", "v"]);
    assert!(o.status.code() != Some(0) && err(&o).contains("--yes"), "never unasked");
    code(&accord(d, &["desk", "import", "undo", "1", "--vault", "v", "--yes"]), 0);
    assert_eq!(records(d, "v"), 0);
}

#[test]
fn a_file_with_one_bad_row_or_a_known_person_changes_nothing() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    std::fs::write(d.join("bad.csv"), "record_id,sex_registered\nINV-8,female\nINV-9,purple\n").unwrap();
    let o = accord(d, &["desk", "import", "bad.csv", "--vault", "v"]);
    code(&o, 1);
    assert!(out(&o).contains("nothing was imported") && out(&o).contains("row 3"), "{}", out(&o));
    let o = accord(d, &["desk", "import", "cases.csv", "--vault", "v"]);
    code(&o, 1);
    assert!(err(&o).contains("already holds (row 2, 3, 4)"), "{}", err(&o));
    std::fs::write(d.join("twice.csv"), "record_id,sex_registered\nINV-8,female\nINV-8,male\n").unwrap();
    code(&accord(d, &["desk", "import", "twice.csv", "--vault", "v"]), 1);
    std::fs::write(d.join("photo.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    assert_ne!(accord(d, &["desk", "import", "photo.png", "--vault", "v"]).status.code(), Some(0));
    assert_ne!(accord(d, &["desk", "import", "nothing.csv", "--vault", "v"]).status.code(), Some(0));
    assert_eq!(records(d, "v"), 3);
}

#[test]
fn consent_is_shown_given_and_withdrawn_without_an_identifier_on_the_command_line() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let show =
        |id: &str| json(&run(d, &["desk", "consent", "show", "-", "--vault", "v", "--json"], PASSPHRASE, Some(id)));
    assert_eq!(show("INV-1")["consent"]["p2"]["holds"], true);
    assert_eq!(show("INV-2")["consent"]["p2"]["standing"]["act"], "refused");
    assert_eq!(show("INV-3")["consent"]["p2"]["standing"], Value::Null, "blank is never asked, and never no");
    code(&run(d, &["desk", "withdraw", "-", "--vault", "v"], PASSPHRASE, Some("INV-1\n")), 0);
    assert_eq!(show("INV-1")["consent"]["p2"]["standing"]["act"], "withdrawn");
    let o = accord(d, &["desk", "consent", "grant", "INV-1", "--purpose", "p2,p5", "--language", "ar", "--vault", "v"]);
    code(&o, 0);
    assert_eq!(show("INV-1")["consent"]["p5"]["holds"], true);
    code(&accord(d, &["desk", "consent", "grant", "INV-1", "--purpose", "p9", "--vault", "v"]), 2);
    let o = accord(d, &["desk", "consent", "grant", "INV-1", "--purpose", "p2", "--until", "soon", "--vault", "v"]);
    code(&o, 3);
    let o =
        accord(d, &["desk", "consent", "grant", "INV-1", "--purpose", "p2", "--form", "she said that", "--vault", "v"]);
    code(&o, 2);
    code(&accord(d, &["desk", "withdraw", "nobody", "--vault", "v"]), 1);
}

#[test]
fn an_erased_record_is_certified_gone_and_refused_when_its_file_comes_again() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    code(&accord(d, &["desk", "backup", "--vault", "v", "b"]), 0);
    let o = accord(d, &["desk", "erase", "INV-1", "--vault", "v", "--yes", "--certificate", "c.json"]);
    code(&o, 0);
    let certificate = std::fs::read_to_string(d.join("c.json")).unwrap();
    assert!(certificate.contains("older_backups_destroyed_by") && !certificate.contains("INV-1"));
    assert_eq!(records(d, "v"), 2);
    let o = accord(d, &["desk", "import", "cases.csv", "--vault", "v"]);
    code(&o, 3);
    assert!(err(&o).contains("erased at its person's request (row 2)"), "{}", err(&o));
    code(&accord(d, &["desk", "heads", "--vault", "v", "--out", "newest.json"]), 0);
    let o = accord(d, &["desk", "restore", "b", "r", "--heads", "newest.json", "--json"]);
    code(&o, 0);
    assert!(json(&o)["drawing_locked"].as_str().unwrap().contains("erasure"));
    code(&accord(d, &["desk", "heads", "--vault", "r", "--show", "newest.json"]), 3);
}

#[test]
fn wrong_passphrases_newer_vaults_and_full_folders_are_refused_with_exit_code_3() {
    let dir = desk();
    let d = dir.path();
    let o = run(d, &["desk", "records", "--vault", "v"], "another passphrase", None);
    code(&o, 3);
    assert!(err(&o).contains("does not open"));
    code(&accord(d, &["desk", "init", "v", "--organisation", "x"]), 3);
    code(&accord(d, &["desk", "records", "--vault", "nowhere"]), 1);
    assert_ne!(run(d, &["desk", "init", "w", "--organisation", "x"], "short", None).status.code(), Some(0));
    assert_ne!(accord(d, &["desk", "init", "w", "--organisation", "x", "--guess-memory", "8"]).status.code(), Some(0));
    for bad in ["NaN", "0", "-1", "inf"] {
        let args = ["desk", "init", "w", "--organisation", "x", "--guess-memory", "64", "--epsilon-cap", bad];
        assert_ne!(accord(d, &args).status.code(), Some(0), "{bad}");
    }
    assert!(!d.join("w").exists());
    let path = d.join("v/vault.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"format\": 1", "\"format\": 7")).unwrap();
    let o = accord(d, &["desk", "import", "cases.csv", "--vault", "v"]);
    code(&o, 3);
    assert!(err(&o).contains("newer version"), "{}", err(&o));
}

#[test]
fn two_of_three_shares_recover_a_vault_and_new_keys_shut_the_old_ones_out() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let init: Value = serde_json::from_slice(&std::fs::read(d.join("init.json")).unwrap()).unwrap();
    assert_eq!(init["passphrase"], Value::Null, "one that was given is not shown again");
    for (i, share) in init["recovery_shares"].as_array().unwrap().iter().enumerate() {
        std::fs::write(d.join(format!("{i}.txt")), share.as_str().unwrap()).unwrap();
    }
    let new = "a new invented passphrase";
    let o = run(d, &["desk", "recover", "--vault", "v", "--share", "0.txt"], new, None);
    code(&o, 3);
    let o = run(d, &["desk", "recover", "--vault", "v", "--share", "0.txt", "--share", "2.txt"], new, None);
    code(&o, 0);
    code(&accord(d, &["desk", "records", "--vault", "v"]), 3);
    let o = run(d, &["desk", "keys", "rotate", "--vault", "v", "--shares", "--json"], new, None);
    code(&o, 0);
    let o = run(d, &["desk", "recover", "--vault", "v", "--share", "0.txt", "--share", "2.txt"], new, None);
    code(&o, 3);
    assert!(err(&o).contains("another set"), "{}", err(&o));
    let o = run(d, &["desk", "records", "--vault", "v", "--json"], new, None);
    assert_eq!(json(&o)["records"], 3);
}

#[test]
fn a_passphrase_is_read_from_a_file_descriptor() {
    let dir = desk();
    std::fs::write(dir.path().join("p"), format!("{PASSPHRASE}\n")).unwrap();
    let o = Command::new("sh")
        .arg("-c")
        .arg(format!("{} desk records --vault v --passphrase-fd 3 3<p", env!("CARGO_BIN_EXE_accord")))
        .current_dir(dir.path())
        .env_remove("ACCORD_PASSPHRASE")
        .output()
        .unwrap();
    code(&o, 0);
}

#[test]
fn the_doctor_looks_at_the_machine_and_into_a_vault() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let o = accord(d, &["doctor", "--vault", "v", "--open", "--json"]);
    let found = json(&o);
    let state =
        |what: &str| found["items"].as_array().unwrap().iter().find(|i| i["what"] == what).unwrap()["state"].clone();
    for what in ["random generator", "passphrase", "reader", "folder", "vault"] {
        assert_eq!(state(what), "fine", "{what}: {found}");
    }
    let bytes = std::fs::read(d.join("v/keys.db")).unwrap();
    std::fs::write(d.join("v/keys.db"), &bytes[..bytes.len() / 2]).unwrap();
    code(&accord(d, &["doctor", "--vault", "v", "--open"]), 1);
}

/// Runs with standard output on a full disk.
#[cfg(target_os = "linux")]
fn unheard(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_accord"))
        .args(args)
        .current_dir(dir)
        .env_remove("ACCORD_PASSPHRASE")
        .stdin(Stdio::null())
        .stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn secrets_that_could_not_be_shown_never_take_effect() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let o = unheard(d, &["desk", "init", "w", "--organisation", "x", "--guess-memory", "64"]);
    code(&o, 1);
    assert!(err(&o).contains("cannot be shown") && !d.join("w").exists(), "{}", err(&o));
    let o = unheard(d, &["release", "keys", "k", "--council", "Invented council"]);
    code(&o, 1);
    assert!(!d.join("k").exists());
    std::fs::write(d.join("p"), format!("{PASSPHRASE}\n")).unwrap();
    for more in [&["--new-passphrase"][..], &["--shares"], &["--new-passphrase", "--shares", "--json"]] {
        let o = Command::new("sh")
            .arg("-c")
            .arg(r#""$0" desk keys rotate --vault v --passphrase-fd 3 "$@" 3<p >/dev/full </dev/null"#)
            .arg(env!("CARGO_BIN_EXE_accord"))
            .args(more)
            .current_dir(d)
            .env_remove("ACCORD_PASSPHRASE")
            .output()
            .unwrap();
        code(&o, 1);
        assert_eq!(records(d, "v"), 3, "the passphrase of before holds");
    }
}

#[test]
fn a_new_passphrase_is_shown_although_somebody_reads_the_key_file_and_opens_the_vault() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite://{}", d.join("v/keys.db").display());
    let other = runtime.block_on(async { sqlx::SqlitePool::connect(&url).await.unwrap() });
    let reading = runtime.block_on(async {
        let mut tx = other.begin().await.unwrap();
        sqlx::query("SELECT count(*) FROM page_key").fetch_one(&mut *tx).await.unwrap();
        tx
    });
    let o = accord(d, &["desk", "keys", "rotate", "--vault", "v", "--new-passphrase", "--shares", "--json"]);
    code(&o, 0);
    let new = json(&o)["passphrase"].as_str().unwrap().to_owned();
    assert_eq!(json(&o)["recovery_shares"].as_array().unwrap().len(), 3);
    runtime.block_on(reading.rollback()).unwrap();
    code(&accord(d, &["desk", "records", "--vault", "v"]), 3);
    assert_eq!(json(&run(d, &["desk", "records", "--vault", "v", "--json"], &new, None))["records"], 3);
    runtime.block_on(other.close());
}

#[test]
fn a_certificate_that_cannot_be_kept_stops_the_erasure_and_one_that_was_lost_is_given_again() {
    let dir = desk();
    let d = dir.path();
    imported(d);
    let o = accord(d, &["desk", "erase", "INV-1", "--vault", "v", "--yes", "--certificate", "nowhere/c.json"]);
    code(&o, 1);
    assert!(err(&o).contains("nothing was erased"), "{}", err(&o));
    assert_eq!(records(d, "v"), 3);
    let o = accord(d, &["desk", "erase", "INV-1", "--vault", "v", "--yes", "--json"]);
    code(&o, 0);
    let again = accord(d, &["desk", "erase", "INV-1", "--vault", "v", "--again", "--json"]);
    code(&again, 0);
    assert_eq!(json(&again)["erasure_head"], json(&o)["erasure_head"]);
    code(&accord(d, &["desk", "erase", "INV-2", "--vault", "v", "--again", "--certificate", "c.json"]), 1);
    assert!(!d.join("c.json").exists());
    assert_eq!(records(d, "v"), 2);
}

#[test]
fn settings_and_passphrases_that_would_weaken_a_vault_are_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let with = |more: &[&str], passphrase: &str| {
        let args = [&["desk", "init", "w", "--organisation", "x"], more].concat();
        let o = run(d, &args, passphrase, None);
        code(&o, 3);
        assert!(!d.join("w").exists());
    };
    with(&["--epsilon-cap", "-1"], PASSPHRASE);
    with(&["--guess-memory", "1"], PASSPHRASE);
    with(&["--guess-memory", "64"], "short");
}

#[cfg(unix)]
#[test]
fn the_name_of_an_imported_file_commands_no_terminal() {
    let dir = desk();
    let d = dir.path();
    let name = "ca\u{1b}]0;x\u{7}ses\nfour.csv";
    std::fs::copy(d.join("cases.csv"), d.join(name)).unwrap();
    let o = accord(d, &["desk", "import", name, "--vault", "v"]);
    code(&o, 0);
    let list = out(&accord(d, &["desk", "import", "list", "--vault", "v"]));
    assert!(list.contains("ca\u{fffd}]0;x\u{fffd}ses\u{fffd}four.csv") && list.lines().count() == 1, "{list:?}");
    std::fs::write(d.join(name), "record_id,sex_registered\n").unwrap();
    let o = accord(d, &["desk", "import", name, "--vault", "v"]);
    assert!(o.status.code() != Some(0) && !out(&o).contains('\u{1b}') && !err(&o).contains('\u{1b}'));
}

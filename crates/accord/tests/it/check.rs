//! `accord check`, `accord convert` and the reading child, through the binary: exit codes, words, and that hostile files
//! are refused.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn accord(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_accord")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn write(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks a file and says the exit code and the words.
fn check(name: &str, bytes: impl AsRef<[u8]>) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), name, bytes);
    let output = accord(&["check", &file]);
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
    (output.status.code().unwrap(), out(&output) + &err(&output))
}

fn gzip(write: impl FnOnce(&mut flate2::write::GzEncoder<Vec<u8>>)) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    write(&mut encoder);
    encoder.finish().unwrap()
}

fn zip(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook around the XML of one sheet.
fn workbook(prolog: &str, rows: &str, more: (&str, Vec<u8>)) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let header = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>record_id</t></is></c><c r="B1" t="inlineStr"><is><t>gender</t></is></c></row>"#;
    zip(&[
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").into_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml").into_bytes()),
        (
            "xl/workbook.xml",
            format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="records" sheetId="1" r:id="rId1"/></sheets></workbook>"#)
                .into_bytes(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"{prolog}<worksheet xmlns="{MAIN}"><sheetData>{header}{rows}</sheetData></worksheet>"#).into_bytes(),
        ),
        more,
    ])
}

#[test]
fn good_records_pass_and_bad_ones_exit_one() {
    let (code, words) =
        check("good.csv", "record_id,sex_registered,age_at_identification\na,female,about 14\nb,male,15-17\n");
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("2 accepted, 0 failed"), "{words}");
    let (code, words) =
        check("bad.csv", "record_id;sex_registered;age_at_identification\na;female;seventeen\na;femal;170\n");
    assert_eq!(code, 1, "{words}");
    for part in [
        "row 2, age_at_identification",
        "not-a-number",
        "17?",
        "age-out-of-range",
        "duplicate-id",
        "female?",
        "semicolons",
    ] {
        assert!(words.contains(part), "{part} is missing in {words}");
    }
}

#[test]
fn what_is_no_table_or_has_unknown_columns_exits_one_with_words() {
    for (name, bytes, word) in [
        ("prose.txt", &b"Dear colleagues\nplease find\nthe list\n"[..], "not a table"),
        ("empty.csv", b"", "empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n", "picture"),
        ("unknown.csv", b"record_id,shoe_size,sex_registred\n1,38,female\n", "did you mean `sex_registered`"),
        ("other.csv", b"one,two,three\n1,2,3\n4,5,6\n", "mapping file"),
        ("mixed.csv", b"record_id,given_name\n1,Zo\xc3\xab\n2,Fran\xe7ois\n", "line 3"),
        ("ragged.csv", b"record_id,gender\na,woman_girl\nb\n", "ragged-row"),
        ("formula.csv", b"record_id,gender\na,=HYPERLINK(1)\n", "formula"),
        ("orders.csv", b"record_id,registration_date\na,25/03/2020\nb,03/25/2020\nc,05/03/2020\n", "ambiguous-date"),
    ] {
        let (code, words) = check(name, bytes);
        assert_eq!(code, 1, "{name}: {words}");
        assert!(words.contains(word), "{name}: {words}");
    }
}

#[test]
fn hostile_files_are_refused_with_exit_code_three() {
    let long_line = gzip(|gz| {
        gz.write_all(b"record_id,gender\n").unwrap();
        (0..256).for_each(|_| gz.write_all(&vec![b'x'; 1 << 20]).unwrap());
    });
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"#;
    let nothing = || ("docProps/app.xml", b"<x/>".to_vec());
    let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    for (name, bytes, word) in [
        ("one-line.csv.gz", long_line, "longer than"),
        ("bomb.xlsx", workbook("", "", ("xl/sharedStrings.xml", vec![b' '; 100 << 20])), "inflate"),
        ("far.xlsx", workbook("", far, nothing()), "1048576"),
        ("laughs.xlsx", workbook(laughs, "", nothing()), "entities"),
        ("macro.xlsx", workbook("", "", ("xl/vbaProject.bin", vec![0; 10])), "macros"),
        ("slip.xlsx", workbook("", "", ("../../etc/x.xml", b"<x/>".to_vec())), "outside"),
    ] {
        let (code, words) = check(name, bytes);
        assert_eq!(code, 3, "{name}: {words}");
        assert!(words.contains("refused") || words.contains("longer than"), "{name}: {words}");
        assert!(words.contains(word), "{name}: {words}");
    }
}

#[test]
fn a_wrong_mapping_or_option_is_usage() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.csv", "record_id,gender\na,woman_girl\n");
    assert_eq!(accord(&["check", &file, "--as", "nobody"]).status.code(), Some(2));
    assert_eq!(accord(&["check"]).status.code(), Some(2));
    let mapping = write(
        dir.path(),
        "m.toml",
        "id = \"m\"\ntitle = \"t\"\n[[column]]\nname = \"x\"\nfield = \"gendr\"\nrule = \"code\"\n",
    );
    let output = accord(&["check", &file, "--as", &mapping]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("gender"), "{}", err(&output));
}

#[test]
fn own_columns_are_read_with_a_mapping_and_findings_go_to_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let mapping = write(
        dir.path(),
        "shelter.toml",
        "id = \"shelter\"\ntitle = \"An invented shelter\"\ndates = \"dmy\"\n\
         [[column]]\nname = \"Nr\"\nrule = \"record_id\"\n\
         [[column]]\nname = \"Age\"\nfield = \"age_at_identification\"\nrule = \"age\"\n\
         [[column]]\nname = \"Name\"\nfield = \"given_name\"\nrule = \"text\"\n",
    );
    let file = write(dir.path(), "own.csv", "Nr,Age,Name\n1,14,Invented\n2,-1,\u{7}Canary\n");
    let errors = dir.path().join("errors.csv");
    let output = accord(&["--json", "check", &file, "--as", &mapping, "--errors", errors.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["summary"]["accepted"], 1);
    assert_eq!(json["summary"]["findings"]["age-out-of-range"], 1);
    assert_eq!(json["summary"]["findings"]["bad-text"], 1);
    let text = std::fs::read_to_string(errors).unwrap();
    assert!(text.starts_with("row,column,code,message,suggestion\n"));
    assert!(text.contains("3,Age,age-out-of-range"), "{text}");
    for told in [&text, &out(&output), &err(&output)] {
        assert!(!told.contains("Canary"), "{told}");
    }
}

#[test]
fn conversion_keeps_every_record_and_escapes_formulas() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let json = "{\"record_id\":\"-a\",\"given_name\":\"=1+1\",\"citizenship\":[\"NAM\",\"ZAF\"],\"events\":[{\"seq\":1,\"techuse\":\"contact_hunt\"}],\"consent\":{\"p2\":true,\"p5\":false}}\n{\"record_id\":\"b\",\"age_at_exit\":\"18+\"}\n";
    let first = write(dir.path(), "first.jsonl", json);
    for (from, to) in
        [(first.clone(), at("two.csv")), (at("two.csv"), at("three.xlsx")), (at("three.xlsx"), at("four.jsonl"))]
    {
        let output = accord(&["convert", &from, &to]);
        assert_eq!(output.status.code(), Some(0), "{from}: {}", err(&output));
    }
    let lines = |path: &str| -> Vec<serde_json::Value> {
        std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    assert_eq!(lines(&at("four.jsonl")), lines(&first));
    let csv = std::fs::read_to_string(at("two.csv")).unwrap();
    assert!(csv.contains("'=1+1") && csv.contains("'-a"), "{csv}");
    // Nothing is overwritten, nothing half written.
    assert_eq!(accord(&["convert", &first, &at("two.csv")]).status.code(), Some(1));
    let bad = write(dir.path(), "bad.csv", "record_id,age_at_exit\na,x\nb,17\n");
    assert_eq!(accord(&["convert", &bad, &at("five.csv")]).status.code(), Some(1));
    assert!(!PathBuf::from(at("five.csv")).exists() && !PathBuf::from(at("five.csv.part")).exists());
    assert_eq!(accord(&["convert", &bad, &at("five.csv"), "--only-good"]).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(at("five.csv")).unwrap(), "record_id,age_at_exit\r\nb,17\r\n");
}

#[test]
fn the_reader_takes_no_more_than_the_length_at_opening() {
    let dir = tempfile::tempdir().unwrap();
    let text = "record_id,gender\na,woman_girl\nb,man_boy\nc,woman_girl\n";
    let file = write(dir.path(), "grown.csv", text);
    let length = text.find("c,").unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_accord"))
        .args(["__read", "--length", &length, "--today", "20261124"])
        .env_clear()
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"rows\":2"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_reader_cannot_write_files_use_much_memory_or_leave_a_core() {
    use std::io::Read as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_accord"))
        .args(["__read", "--length", "1000000", "--today", "20261124"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Once it waits for input it has limited itself.
    let limits = PathBuf::from(format!("/proc/{}/limits", child.id()));
    let mut text = String::new();
    for _ in 0..200 {
        text = std::fs::read_to_string(&limits).unwrap_or_default();
        if text.lines().any(|l| l.starts_with("Max address space") && l.contains("1610612736")) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let limit = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max address space"), (1536u64 << 20).to_string());
    assert_eq!(limit("Max file size"), "0");
    assert_eq!(limit("Max core file size"), "0");
    // Nothing is opened and nothing is started: no file, no socket, no process.
    assert_eq!(limit("Max open files"), "0");
    assert_eq!(limit("Max processes"), "0");
    assert_eq!(limit("Max cpu time"), "900");
    drop(child.stdin.take());
    let mut said = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_list_of_findings_is_never_written_over_a_file_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let cases = "record_id,gender\na,woman_girl\n";
    let file = write(dir.path(), "cases.csv", cases);
    let output = accord(&["check", &file, "--errors", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("nothing is overwritten"), "{}", err(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), cases);
    // A new one is its owner's alone, and vanishes if the file could not be read to its end.
    let errors = dir.path().join("to-mend.csv");
    let bad = write(dir.path(), "bad.csv", "record_id,gender\na,nobody-knows\n");
    assert_eq!(accord(&["check", &bad, "--errors", errors.to_str().unwrap()]).status.code(), Some(1));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&errors).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(&errors).unwrap();
    let unread = write(dir.path(), "unread.csv", "nothing,known\n1,2\n");
    assert_eq!(accord(&["check", &unread, "--errors", errors.to_str().unwrap()]).status.code(), Some(1));
    assert!(!errors.exists());
}

#[test]
fn a_killed_conversion_is_named_and_does_not_pass_for_another_fault() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "cases.csv", "record_id,gender\na,woman_girl\n");
    let left = write(dir.path(), "out.jsonl.part", "half");
    let to = dir.path().join("out.jsonl");
    let output = accord(&["convert", &file, to.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = err(&output);
    assert!(said.contains("out.jsonl.part") && said.contains("killed") && said.contains("delete"), "{said}");
    assert_eq!(std::fs::read_to_string(&left).unwrap(), "half");
    std::fs::remove_file(left).unwrap();
    assert_eq!(accord(&["convert", &file, to.to_str().unwrap()]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once_instead_of_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("cases.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut child = Command::new(env!("CARGO_BIN_EXE_accord"))
        .args(["check", fifo.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > std::time::Duration::from_mins(1) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it waits for the other end of the pipe");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn no_name_out_of_a_file_commands_the_terminal() {
    let safe = |output: &Output| {
        for said in [out(output), err(output)] {
            let bad = said.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(bad, None, "{said:?}");
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let hostile = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
    let mapping =
        write(dir.path(), "own.toml", "id = \"own\"\ntitle = \"t\"\n[[column]]\nname = \"Nr\"\nrule = \"record_id\"\n");
    // Columns that are unknown, that stand there twice, and the name of the file itself.
    for (name, text) in [
        ("a.csv".to_owned(), format!("Nr,{hostile}\n1,2\n")),
        ("b.csv".to_owned(), format!("Nr,{hostile},{hostile}\n1,2,3\n")),
        (format!("{hostile}.csv"), "Nr,what\n1,2\n".to_owned()),
    ] {
        let file = write(dir.path(), &name, text);
        for more in [&["--as", mapping.as_str()][..], &["--as", "accord"], &[], &["--json"]] {
            let output = accord(&[&["check", &file][..], more].concat());
            assert!(output.status.code().is_some_and(|c| c != 0), "{name:?} {more:?}");
            safe(&output);
        }
    }
    safe(&accord(&["check", &dir.path().join(format!("no{hostile}")).to_string_lossy()]));
    // A release that somebody else made.
    let release = dir.path().join("release");
    std::fs::create_dir(&release).unwrap();
    let manifest = serde_json::json!({
        "format": 1, "release": hostile, "status": "draft",
        "files": { format!("tables/{hostile}.csv"): { "sha256": "00", "bytes": 1 } }
    });
    std::fs::write(release.join("manifest.json"), manifest.to_string()).unwrap();
    std::fs::write(release.join(format!("{hostile}.txt")), "x").unwrap();
    for more in [&[][..], &["--json"]] {
        let output = accord(&[&["verify", release.to_str().unwrap()][..], more].concat());
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        assert!(out(&output).contains("not made of"), "{}", out(&output));
        safe(&output);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_pipe_is_no_fault_and_a_full_disk_is_said_without_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "cases.csv", "record_id,gender\na,woman_girl\n");
    let forms = dir.path().join("forms");
    let commands: [&[&str]; 4] = [
        &["check", &file],
        &["check", &file, "--json"],
        &["doctor"],
        &["desk", "form", forms.to_str().unwrap(), "--force"],
    ];
    for command in commands {
        let run = |out: Stdio| {
            Command::new(env!("CARGO_BIN_EXE_accord")).args(command).stdin(Stdio::null()).stdout(out).output().unwrap()
        };
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = run(full.into());
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", err(&output));
        assert!(err(&output).contains("cannot be shown") && !err(&output).contains("panicked"), "{}", err(&output));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = run(writer.into());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command:?}: {:?}", output.status);
        assert_eq!(err(&output), "", "{command:?}");
    }
}

#[test]
fn the_ctdc_file_is_read_whole_through_the_binary() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ctdc/ctdc_global_synthetic_2021.csv.gz");
    if !file.exists() {
        eprintln!("skipped: the CTDC file is not on this machine");
        return;
    }
    let output = accord(&["--json", "check", file.to_str().unwrap(), "--as", "ctdc"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["summary"]["rows"], 193_025);
    assert_eq!(json["summary"]["accepted"], 193_025);
    assert_eq!(json["first_findings"], serde_json::json!([]));
    let gender = json["summary"]["columns"].as_array().unwrap().iter().find(|c| c["column"] == "gender").unwrap();
    assert_eq!(gender["filled"], 193_025 - 47_095);
}

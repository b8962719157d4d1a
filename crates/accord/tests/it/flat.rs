//! The hidden reader of flat tables, as a process with its real limits. What it says is taken by the program itself; here it
//! is enough to see that it reads what it should and refuses the rest.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// What the reader says of a file and a task: the tags of its frames, and the last payload.
fn said(file: &[u8], what: &serde_json::Value) -> (Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("INVENTED.csv");
    std::fs::write(&path, file).unwrap();
    let (reads, mut writes) = std::io::pipe().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_accord"));
    command.arg("__flat").env_clear().stdin(std::fs::File::open(&path).unwrap()).stdout(Stdio::piped()).stderr(reads);
    let mut child = command.spawn().unwrap();
    drop(command);
    let task = serde_json::json!({ "length": file.len(), "encoding": null, "what": what });
    writes.write_all(task.to_string().as_bytes()).unwrap();
    drop(writes);
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    let (mut tags, mut last, mut at) = (Vec::new(), Vec::new(), 0);
    while at < out.len() {
        let size = u32::from_le_bytes(out[at + 1..at + 5].try_into().unwrap()) as usize;
        tags.push(out[at]);
        last = out[at + 5..at + 5 + size].to_vec();
        at += 5 + size;
    }
    (tags, last)
}

const ERROR: u8 = 6;
const HEADER: u8 = 16;
const BLOCK: u8 = 18;
const DONE: u8 = 19;

#[test]
fn a_wide_table_is_read_within_the_limits_of_the_reader() {
    let names: Vec<String> = (0..200).map(|i| format!("c{i}")).collect();
    let columns: Vec<serde_json::Value> =
        names.iter().map(|n| serde_json::json!({ "name": n, "values": ["yes", "no"] })).collect();
    let text = format!("{}\n", names.join(",")) + &format!("{}\n", vec!["yes"; 200].join(",")).repeat(3000);
    let rows = serde_json::json!({ "rows": { "columns": { "column": columns }, "person": null } });
    let (tags, last) = said(text.as_bytes(), &rows);
    assert!(
        tags.iter().position(|t| *t == BLOCK) < tags.iter().rposition(|t| *t == BLOCK) && tags.last() == Some(&DONE),
        "{tags:?}"
    );
    let noticed: serde_json::Value = serde_json::from_slice(&last).unwrap();
    assert_eq!((noticed["left_out"].as_bool(), noticed["unlisted"].as_array().unwrap().len()), (Some(false), 0));
}

#[test]
fn the_header_comes_alone_and_garbage_is_an_error() {
    let header = serde_json::json!({ "header": [] });
    let (tags, last) = said("sex,land\nf,Österreich\n".as_bytes(), &header);
    assert_eq!(tags, [HEADER]);
    assert!(String::from_utf8(last).unwrap().contains("\"names\":[\"sex\",\"land\"]"));
    let garbage: Vec<u8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for bytes in [&garbage[..], b"PK\x03\x04nothing", b"PAR1", b"\x1f\x8bnothing", b""] {
        assert_eq!(said(bytes, &header).0, [ERROR]);
    }
}

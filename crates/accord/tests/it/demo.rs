//! `accord demo`: the whole story, and that it says INVENTED DATA wherever it goes.

use crate::support::{accord, arg, files_below, fine, json, run};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

fn read(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_demonstration_plays_to_its_end_and_says_everywhere_that_it_is_invented() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("demo");
    let story = json(&["demo", "--no-serve", "--dir", arg(&dir)]);
    let held: Vec<u64> =
        story["organisations"].as_array().unwrap().iter().map(|o| o["imported"].as_u64().unwrap()).collect();
    assert_eq!(held, [20_000, 4_000, 600, 140]);
    assert_eq!(story["invented"], true);

    // The smallest shelter is refused alone, and stands in the pool.
    let refused = story["refused"].to_string();
    assert!(refused.contains("South") && refused.contains("200") && !refused.contains("140"), "{refused}");
    let release = dir.join("releases/demo-2026-1");
    let pooled = read(&release.join("release.json"));
    assert_eq!(pooled["info"]["organisations"].as_array().unwrap().len(), 4);
    assert_eq!(pooled["info"]["unit"], "records");

    privacy_03_the_pool_is_the_sum_of_the_contributions(&dir, &pooled);

    // Bounds a person known to three desks.
    let privacy = &pooled["privacy"];
    assert_eq!(privacy["desks_per_person"], 3);
    assert!(privacy["rho_several_desks"].as_u64() == privacy["rho"].as_u64().map(|r| 3 * r));

    fine(&["verify", arg(&release), "--trust", arg(&dir.join("root.json"))]);
    let places = [dir.join("releases"), dir.join("drafts"), dir.join("contributions")];
    for path in places.iter().flat_map(|p| files_below(p)) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let signature = path.to_string_lossy().ends_with(".sig.json");
        let list = path.ends_with("manifest.json") || path.ends_with("trust.json") || path.ends_with("quality.json");
        if !signature && !list {
            let says = text.contains("INVENTED DATA")
                || text.contains("\"invented\": true")
                || says_so_in_its_note(&path, &text);
            assert!(says, "{} doesn't say that it is invented", path.display());
        }
    }
    // The folder is not written over.
    assert_eq!(run(&["demo", "--no-serve", "--dir", arg(&dir)]).code, 1);
}

/// A decision has no flag: the invented council's note says it.
fn says_so_in_its_note(path: &Path, text: &str) -> bool {
    path.ends_with("decision.json") && text.contains("these people do not exist")
}

/// PRIVACY 3: no new draw. Every pooled noisy cell is the sum of the same cell of the four contributions.
fn privacy_03_the_pool_is_the_sum_of_the_contributions(dir: &Path, pooled: &serde_json::Value) {
    let mut sums: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut entries = 0;
    for path in files_below(&dir.join("contributions")) {
        for table in read(&path)["statistics"].as_array().unwrap() {
            let values: Vec<i64> = table["values"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
            let sum = sums.entry(table["table"].as_str().unwrap().to_owned()).or_insert_with(|| vec![0; values.len()]);
            for (total, value) in sum.iter_mut().zip(values) {
                *total += value;
            }
            entries += table["draws"].as_array().unwrap().len();
        }
    }
    let mut drawn = 0;
    for table in pooled["tables"].as_array().unwrap() {
        let noisy = &table["noisy"];
        let values: Vec<i64> = noisy["values"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
        assert_eq!(values, sums[noisy["table"].as_str().unwrap()]);
        drawn += noisy["draws"].as_array().unwrap().len();
    }
    assert_eq!(drawn, entries, "the pool has draws that no contribution made");
}

#[test]
fn the_site_of_the_demonstration_is_served_on_this_machine_only() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("demo");
    let mut child = accord(&["demo", "--dir", arg(&dir), "--port", "0", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let address = lines.find_map(|line| {
        let value: serde_json::Value = serde_json::from_str(&line.ok()?).ok()?;
        value["url"].as_str().map(str::to_owned)
    });
    let address = address.unwrap();
    let host = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    let mut stream = std::net::TcpStream::connect(&host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    // Under the name of another page that leads to this machine, it says nothing.
    let mut stream = std::net::TcpStream::connect(&host).unwrap();
    write!(stream, "GET /releases HTTP/1.1\r\nHost: rebind.example\r\nConnection: close\r\n\r\n").unwrap();
    let mut refused = String::new();
    stream.read_to_string(&mut refused).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(refused.starts_with("HTTP/1.1 421") && !refused.contains("INVENTED"), "{refused}");
    assert!(page.starts_with("HTTP/1.1 200"), "{}", &page[..200.min(page.len())]);
    assert!(page.contains("INVENTED DATA"));
    assert!(page.to_lowercase().contains("content-security-policy: default-src 'none'"));
}

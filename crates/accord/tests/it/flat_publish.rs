//! A flat table from `accord protect` to the hub: verified, decided on, published, shown; and every way in which that must not
//! happen. Everybody in these tables is invented.

use crate::support::{Ran, accord, arg, files_below, fine, json, run};
use accord_release::files::sha256;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

const NOTE: &str = "=Read the figures of girls first.";

struct World {
    dir: tempfile::TempDir,
}

impl World {
    /// 600 invented people, and keys.
    fn new() -> World {
        let world = World { dir: tempfile::tempdir().unwrap() };
        let mut csv = String::from("sex,age_band,platform\n");
        for i in 0..600 {
            let sex = ["Female", "Female", "Male"][i % 3];
            let age = ["10-14", "15-17", "18-19", "20+"][i / 3 % 4];
            csv.push_str(&format!("{sex},{age},{}\n", ["a", "b", "c"][i / 12 % 3]));
        }
        std::fs::write(world.at("INVENTED.csv"), csv).unwrap();
        let column = |name: &str, values: &[&str]| format!("[[column]]\nname = \"{name}\"\nvalues = {values:?}\n");
        let domain = column("sex", &["Male", "Female"])
            + &column("age_band", &["10-14", "15-17", "18-19", "20+"])
            + &column("platform", &["a", "b", "c"]);
        std::fs::write(world.at("domain.toml"), domain).unwrap();
        fine(&["release", "keys", arg(&world.at("keys")), "--council", "Invented council"]);
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A draft, with an account of its own.
    fn protect(&self, out: &str, more: &[&str]) {
        let (file, domain, ledger, to) =
            (self.at("INVENTED.csv"), self.at("domain.toml"), self.at(&format!("{out}.ledger")), self.at(out));
        let args = [
            "protect",
            arg(&file),
            "--rows-are-people",
            "--epsilon",
            "4",
            "--invented",
            "--title",
            "Invented people by platform",
            "--ledger",
            arg(&ledger),
            "--out",
            arg(&to),
        ];
        let domain: &[&str] = if more.contains(&"--infer-domain-public") { &[] } else { &["--domain", arg(&domain)] };
        fine(&[&args[..], domain, more].concat());
    }

    fn decide(&self, draft: &str, outcome: &str, out: &str, keys: &str, shares: &[u8]) -> Ran {
        let (draft, out) = (self.at(draft), self.at(out));
        let shares: Vec<PathBuf> = shares.iter().map(|n| self.at(&format!("{keys}/council-{n}.json"))).collect();
        let mut args = vec!["release", "decide", arg(&draft), "--council", "Invented council", "--outcome", outcome];
        args.extend(["--note", NOTE, "--out", arg(&out)]);
        shares.iter().for_each(|share| args.extend(["--share", arg(share)]));
        run(&args)
    }

    fn publish(&self, draft: &str, decision: &str, out: &str) -> Ran {
        let paths =
            [draft, decision, "keys/release.json", "keys/trust.json", "keys/root.json", out].map(|p| self.at(p));
        let [draft, decision, key, list, root, out] = paths.each_ref().map(|p| arg(p));
        let keys = ["--key", key, "--trust-list", list, "--trust", root, "--out", out];
        run(&[&["release", "publish", draft, "--decision", decision][..], &keys].concat())
    }

    /// What `accord verify` says, and how it ended.
    fn verify(&self, release: &str) -> (serde_json::Value, i32) {
        let ran = run(&["verify", arg(&self.at(release)), "--trust", arg(&self.at("keys/root.json")), "--json"]);
        (serde_json::from_str(ran.out.lines().last().unwrap()).unwrap(), ran.code)
    }

    fn published(&self) {
        self.protect("draft", &["--id", "flat-2026-1"]);
        assert_eq!(self.decide("draft", "approve", "decision", "keys", &[1, 3]).code, 0);
        let published = self.publish("draft", "decision", "release");
        assert_eq!(published.code, 0, "{}", published.err);
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }
}

/// A hub on a port of its own, ended with the test.
struct Hub {
    child: Child,
    address: String,
}

impl Hub {
    fn serve(args: &[&str]) -> Hub {
        let args = [&["hub", "serve", "--port", "0", "--json"], args].concat();
        let mut child = accord(&args).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                let said: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
                Some(said["url"].as_str()?.trim_start_matches("http://").trim_end_matches('/').to_owned())
            })
            .expect("the hub says where it is");
        Hub { child, address }
    }

    /// Status line and headers, and the body.
    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap().to_lowercase(), body)
    }

    fn text(&self, path: &str) -> String {
        let (head, body) = self.get(path);
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        String::from_utf8(body).unwrap()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn privacy_21_a_flat_table_goes_from_protection_to_the_public_page() {
    let world = World::new();
    world.published();
    let (said, code) = world.verify("release");
    assert_eq!((said["trusted"].as_bool(), code), (Some(true), 0), "{said}");
    assert_eq!(said["status"], "published");
    // A draft is sound, and trusted by no root.
    let (said, code) = world.verify("draft");
    assert_eq!((said["sound"].as_bool(), said["trusted"].as_bool(), code), (Some(true), Some(false), 1));
    // Status and note travel; the rows and counts are those that the council saw.
    for path in ["report.json", "report.html", "aggregates.json", "aggregates.sdmx.csv", "datapackage.json"] {
        let text = world.text(&format!("release/{path}"));
        assert!(text.contains("Read the figures of girls first."), "{path} lacks the note");
        assert!(!text.contains("DRAFT") && !text.contains("A draft"), "{path} still says that it is a draft");
    }
    assert_eq!(world.text("release/synthetic.csv"), world.text("draft/synthetic.csv"));
    assert_eq!(world.text("release/aggregates.csv"), world.text("draft/aggregates.csv"));

    let hub = Hub::serve(&["--bundle", arg(&world.at("release")), "--trust", arg(&world.at("keys/root.json"))]);
    let list = hub.text("/releases");
    assert!(list.contains("Invented people by platform") && list.contains("Published"), "{list}");
    let id = json(&["verify", arg(&world.at("release"))])["release"].as_str().unwrap().to_owned();
    let page = hub.text(&format!("/releases/{id}"));
    for words in ["INVENTED DATA", "is at most", "Read the figures of girls first.", "Detected, not all who exist"] {
        assert!(page.contains(words), "the page does not say {words}");
    }
    assert!(!page.contains("DRAFT") && !page.contains("<script"));
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is missing"));
    assert!(at("10–14") < at("15–17") && at("15–17") < at("18–19"));
    for path in files_below(&world.at("release")) {
        let name = path.strip_prefix(world.at("release")).unwrap().to_str().unwrap();
        let (head, body) = hub.get(&format!("/releases/{id}/files/{name}"));
        let kind = match name.rsplit('.').next().unwrap() {
            "csv" => "text/csv",
            "json" => "application/json",
            "html" => "text/html",
            "parquet" => "application/vnd.apache.parquet",
            other => panic!("a file ends in {other}"),
        };
        assert!(head.contains(&format!("content-type: {kind}")) && head.contains("attachment"), "{name}: {head}");
        assert_eq!(body, std::fs::read(&path).unwrap(), "{name}");
        assert!(page.contains(&sha256(&body)), "the page lacks the checksum of {name}");
    }
}

#[test]
fn privacy_21_a_flat_draft_is_shown_under_its_banner_and_so_is_a_release_that_no_root_vouches_for() {
    let world = World::new();
    world.published();
    for (folder, words) in [("draft", "DRAFT: not decided by a council"), ("release", "was not checked on this host")] {
        let hub = Hub::serve(&["--bundle", arg(&world.at(folder))]);
        for path in ["/releases", "/"] {
            assert!(hub.text(path).contains(words), "{folder}: {path}");
        }
    }
}

#[test]
fn privacy_21_a_change_in_any_file_of_a_published_flat_release_is_found() {
    let world = World::new();
    world.published();
    for path in files_below(&world.at("release")) {
        let before = std::fs::read(&path).unwrap();
        let mut after = before.clone();
        let middle = after.len() / 2;
        after[middle] = after[middle].wrapping_add(1);
        std::fs::write(&path, &after).unwrap();
        let (said, code) = world.verify("release");
        assert_eq!((said["trusted"].as_bool(), code), (Some(false), 1), "{} was changed unnoticed", path.display());
        let shown = run(&["hub", "serve", "--check", "--bundle", arg(&world.at("release"))]);
        assert!(shown.code != 0 || path.ends_with("manifest.sig.json") || path.ends_with("trust.json"), "{path:?}");
        std::fs::write(&path, &before).unwrap();
    }
    std::fs::write(world.at("release/names.csv"), "name\n").unwrap();
    assert_eq!(world.verify("release").1, 1, "a file that no manifest lists was accepted");
    std::fs::remove_file(world.at("release/names.csv")).unwrap();
    assert_eq!(world.verify("release").1, 0);
}

#[test]
fn privacy_21_a_flat_draft_is_published_only_as_a_quorum_of_its_council_approved_it() {
    let world = World::new();
    world.protect("draft", &["--infer-domain-public"]);
    world.protect("other", &["--infer-domain-public", "--id", "other-2026-1"]);
    fine(&["release", "keys", arg(&world.at("strangers")), "--council", "Invented council"]);
    // One share of two is no quorum.
    assert_eq!(world.decide("draft", "approve", "alone", "keys", &[1]).code, 1);
    assert!(!world.at("alone").exists());
    for (draft, outcome, decision, keys) in [
        ("draft", "veto", "vetoed", "keys"),
        ("draft", "defer", "deferred", "keys"),
        ("other", "approve", "elsewhere", "keys"),
        ("draft", "approve", "strange", "strangers"),
    ] {
        assert_eq!(world.decide(draft, outcome, decision, keys, &[1, 2]).code, 0);
        let ran = world.publish("draft", decision, "release");
        assert_eq!(ran.code, 3, "{decision}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains("not published"), "{}", ran.err);
        assert!(!world.at("release").exists(), "{decision}");
    }
    // A draft that was changed is neither decided on nor published, whatever its manifest says.
    assert_eq!(world.decide("draft", "approve", "decision", "keys", &[2, 3]).code, 0);
    let counts = world.text("draft/aggregates.csv");
    let changed = format!("{counts}\"[[\"\"sex\"\",\"\"Female\"\"]]\",7\n");
    std::fs::write(world.at("draft/aggregates.csv"), &changed).unwrap();
    assert_eq!(world.decide("draft", "approve", "no", "keys", &[1, 2]).code, 1);
    assert_eq!(world.publish("draft", "decision", "release").code, 1);
    let mut manifest: serde_json::Value = serde_json::from_str(&world.text("draft/manifest.json")).unwrap();
    manifest["files"]["aggregates.csv"] =
        serde_json::json!({ "sha256": sha256(changed.as_bytes()), "bytes": changed.len() });
    let before = world.text("draft/manifest.json");
    std::fs::write(world.at("draft/manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    let refused = world.decide("draft", "approve", "no", "keys", &[1, 2]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("nothing was signed"), "{}", refused.err);
    assert_eq!(world.publish("draft", "decision", "release").code, 3);
    assert!(!world.at("no").exists() && !world.at("release").exists());
    // Mended, it is published by the decision about it; and what is published is decided on no second time.
    std::fs::write(world.at("draft/aggregates.csv"), counts).unwrap();
    std::fs::write(world.at("draft/manifest.json"), before).unwrap();
    assert_eq!(world.publish("draft", "decision", "release").code, 0);
    assert_eq!(world.verify("release").1, 0);
    assert_eq!(world.decide("release", "approve", "again", "keys", &[1, 2]).code, 1);
}

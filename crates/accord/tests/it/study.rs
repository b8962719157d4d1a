//! Studies end to end: what leaves a desk, what it costs, what several desks make together, and records that no study may
//! stumble over.

use crate::support::{accord, arg, files_below, fine, json, ran, run};
use accord_standard::codebook::{Codebook, Kind, Level};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const STUDIES: [&str; 4] = ["technology", "girls", "pathways", "majority"];

/// People in the vault of the test of leaks: a number that stands in no file but by leaking.
const PEOPLE: usize = 4_391;

/// Words that stand in no other text.
fn marker(i: usize) -> String {
    format!("Zqxmarker{:04}Vw", i % 60)
}

fn clean(place: &str, bytes: &[u8]) {
    let (start, lower) = (b"zqxmarker", bytes.to_ascii_lowercase());
    assert!(!lower.windows(start.len()).any(|w| w == start), "a marker was found in {place}");
}

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new(organisation: &str, size_bound: &str, lines: &[Value]) -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        let file = desk.at("INVENTED.jsonl");
        std::fs::write(&file, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
        let vault = desk.at("vault");
        let init = ["desk", "init", arg(&vault), "--organisation", organisation, "--size-bound", size_bound];
        fine(&[&init[..], &["--guess-memory", "64"]].concat());
        fine(&["desk", "import", arg(&file), "--vault", arg(&vault)]);
        std::fs::remove_file(&file).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Draws a study, each in a slot of its own; everything goes to the folder `out`.
    fn draw(&self, study: &str, slot: &str) -> (String, Value) {
        std::fs::create_dir_all(self.at("out")).unwrap();
        let (vault, draft) = (self.at("vault"), self.at(&format!("out/draft-{study}")));
        let contribution = self.at(&format!("out/{study}.json"));
        let mut args = vec!["study", study, "--vault", arg(&vault), "--slot", slot, "--epsilon", "1", "--invented"];
        args.extend(["--out", arg(&draft), "--contribution", arg(&contribution)]);
        let ran = ran(accord(&args).output().unwrap());
        assert_eq!(ran.code, 0, "{study}: {} {}", ran.out, ran.err);
        (ran.out + &ran.err, serde_json::from_slice(&std::fs::read(&contribution).unwrap()).unwrap())
    }
}

fn person(id: &str, more: &Value) -> Value {
    let mut record = json!({
        "record_id": id, "sex_registered": "female", "age_at_identification": 16, "consent": { "P2": true },
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

/// People whose every text field, of records and of their parts, holds a marker, and whose identifiers are markers.
fn marked() -> Vec<Value> {
    let book = Codebook::embedded();
    let texts = |level: Level| -> Vec<&str> {
        book.level(level)
            .filter(|(_, f)| f.kind == Kind::Text && f.id != "record_id")
            .map(|(_, f)| f.id.as_str())
            .collect()
    };
    assert!(texts(Level::Record).len() >= 3);
    (0..PEOPLE)
        .map(|i| {
            let word = marker(i);
            let with = |mut part: Value, level| {
                texts(level).iter().for_each(|id| part[*id] = json!(word));
                part
            };
            let event = json!({ "seq": 1, "phase": "recruit", "event_type": "offer", "techuse": "false_offer" });
            let mut record = with(person(&format!("{word}-{i}"), &json!({})), Level::Record);
            record["events"] = json!([with(event, Level::Event)]);
            record["perpetrators"] = json!([with(json!({ "role": "recruiter" }), Level::Perpetrator)]);
            record["platform_actions"] = json!([with(json!({}), Level::PlatformAction)]);
            record
        })
        .collect()
}

/// The numbers of a text, as they are written.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty())
}

#[test]
fn privacy_11_a_study_leaves_its_declared_tables_and_nothing_else_and_costs_what_it_states() {
    let desk = Desk::new("Invented shelter", "10000", &marked());
    let mut spent = 0;
    for (at, study) in STUDIES.iter().enumerate() {
        let declared = json(&["study", study]);
        let tables = declared["tables"].as_array().unwrap();
        let (said, mut contribution) = desk.draw(study, &format!("2026-{}", at + 1));
        clean("what the command said", said.as_bytes());

        // The tables are those declared, cell for cell, each drawn with noise in every cell.
        let statistics = contribution["statistics"].as_array().unwrap().clone();
        assert_eq!(statistics.len(), tables.len(), "{study}");
        for (table, declared) in statistics.iter().zip(tables) {
            assert_eq!(table["table"], declared["table"]);
            let values: Vec<i64> = table["values"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
            assert_eq!(values.len() as u64, declared["cells"].as_u64().unwrap());
            // All people are alike: nearly all exact counts are nought, and what stands there is noise of the stated scale.
            let sigma = table["draws"][0]["sigma_milli"].as_f64().unwrap() / 1000.0;
            let mut far: Vec<u64> = values.iter().map(|v| v.unsigned_abs()).collect();
            far.sort_unstable();
            let middle = far[far.len() / 2] as f64 / (0.6745 * sigma);
            // Five standard errors of a median; a table without noise has a middle of nought.
            let reach = 0.1 + 5.0 / (values.len() as f64).sqrt();
            assert!(
                middle > 1.0 - reach.min(0.9) && middle < 1.0 + reach,
                "{study} {}: noise is {middle} of what is stated",
                table["table"]
            );
            assert!(!far.contains(&0) || far.iter().filter(|v| **v == 0).count() < far.len() / 2);
        }

        // The account: what the tables cost is what is stated and what was debited.
        let rho = |table: &Value| table["draws"][0]["rho"].as_u64().unwrap();
        let cost: u64 = statistics.iter().map(rho).sum::<u64>() + rho(&contribution["basis"]);
        assert_eq!(contribution["rho"].as_u64().unwrap(), cost, "{study}");
        let whole = accord_release::account::rho_of(1.0, contribution["delta"].as_f64().unwrap()).unwrap();
        assert!(cost <= whole.0 && cost * 1000 >= whole.0 * 995, "{study}");
        spent += cost;
        assert_eq!(contribution["rho_cumulative"].as_u64().unwrap(), spent, "{study}");
        assert_eq!(contribution["microdata"], json!([]));

        // Beside the noisy values there is nothing that depends on a record: not the number of people either.
        let parts: Vec<&str> = contribution.as_object().unwrap().keys().map(String::as_str).collect();
        let known = "account basis codebook delta format invented microdata organisation period rho rho_cumulative \
                     size_bound slot statistics study workload";
        let mut sorted = parts.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, known.split_whitespace().collect::<Vec<_>>());
        contribution["statistics"] = Value::Null;
        contribution["basis"]["values"] = Value::Null;
        let rest = contribution.to_string();
        assert!(
            !numbers(&rest).any(|n| n == PEOPLE.to_string()),
            "{study}: the number of people is in the contribution"
        );

        // A draft is made again from its noisy tables alone, byte for byte, so it holds nothing else.
        let draft = desk.at(&format!("out/draft-{study}"));
        assert_eq!(json(&["verify", arg(&draft)])["sound"].as_bool(), Some(true), "{study}");
        for path in files_below(&draft.join("tables")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let id = name.split('.').next().unwrap();
            assert!(id == "headlines" || tables.iter().any(|t| t["table"] == id), "{study}: {name} is not declared");
        }
    }
    let mut looked = 0;
    for path in files_below(&desk.at("out")) {
        clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        clean("a file name", path.to_string_lossy().as_bytes());
        looked += 1;
    }
    assert!(looked > 40, "only {looked} files were looked at");
    // What the vault itself holds is sealed.
    for path in files_below(&desk.at("vault")) {
        clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
    let result = std::panic::catch_unwind(|| clean("here", format!("..{}..", marker(3)).as_bytes()));
    assert!(result.is_err(), "the test has teeth");
}

fn values(table: &Value) -> Vec<i64> {
    table["values"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

fn pool(dir: &Path, contributions: &[&Path], name: &str) -> crate::support::Ran {
    let mut args = vec!["release", "pool"];
    args.extend(contributions.iter().map(|p| arg(p)));
    let out = dir.join(name);
    args.extend(["--id", name, "--title", "Invented pool", "--out", arg(&out), "--json"]);
    ran(accord(&args).output().unwrap())
}

#[test]
fn privacy_03_a_pooled_study_is_the_sum_of_its_desks_and_one_desk_moves_it_by_what_it_declares_at_most() {
    let people =
        |n: usize, name: &str| (0..n).map(|i| person(&format!("INV-{name}-{i}"), &json!({}))).collect::<Vec<_>>();
    let (one, other) = (
        Desk::new("Invented one", "1000", &people(200, "one")),
        Desk::new("Invented other", "2000", &people(300, "other")),
    );
    let (_, first) = one.draw("girls", "2026-1");
    let (_, second) = other.draw("girls", "2026-1");
    let (first_file, second_file) = (one.at("out/girls.json"), other.at("out/girls.json"));
    let pooled = pool(one.dir.path(), &[&first_file, &second_file], "pooled");
    assert_eq!(pooled.code, 0, "{}", pooled.err);
    let release: Value = serde_json::from_slice(&std::fs::read(one.at("pooled/release.json")).unwrap()).unwrap();
    let measured: Vec<&Value> = release["tables"].as_array().unwrap().iter().map(|t| &t["noisy"]).collect();
    assert_eq!(measured.len(), first["statistics"].as_array().unwrap().len());
    for (at, table) in measured.into_iter().enumerate() {
        let (a, b) = (&first["statistics"][at], &second["statistics"][at]);
        assert_eq!((&table["table"], &table["table"]), (&a["table"], &b["table"]));
        let sum: Vec<i64> = values(a).iter().zip(values(b)).map(|(x, y)| x + y).collect();
        assert_eq!(values(table), sum, "the pool is the sum");
        assert_eq!(table["draws"].as_array().unwrap().len(), 2, "and both noises stand with it");
    }
    assert!(!release["series"].as_array().unwrap().is_empty());

    // A million invented records: over the bound that was declared they are refused.
    let mut flood = second.clone();
    flood["statistics"][0]["values"][0] = json!(1_000_000);
    let file = other.at("flood.json");
    std::fs::write(&file, flood.to_string()).unwrap();
    let refused = pool(one.dir.path(), &[&first_file, &file], "flooded");
    assert_ne!(refused.code, 0);
    let why = refused.out + &refused.err;
    assert!(why.contains("more than the declared bound of 2000 people"), "{why}");
    assert!(!one.at("flooded").exists());
    // With a bound declared as large they are taken, and whoever makes the pool is told what one desk could make up.
    flood["size_bound"] = json!(1_000_000);
    std::fs::write(&file, flood.to_string()).unwrap();
    let taken = pool(one.dir.path(), &[&first_file, &file], "flooded");
    assert_eq!(taken.code, 0, "{}", taken.err);
    let said: Value = serde_json::from_str(taken.out.lines().last().unwrap()).unwrap();
    let share = |at: usize| said["influence"][at]["per_cent_of_declared"].as_f64().unwrap();
    assert!((share(0) - 0.1).abs() < 0.05 && (share(1) - 99.9).abs() < 0.05, "{said}");
    let said: Value = serde_json::from_str(pooled.out.lines().last().unwrap()).unwrap();
    assert_eq!(said["influence"][1]["per_cent_of_declared"], json!(66.7));
    assert_eq!(said["influence"][1]["most"], json!(2000));
}

/// Imports one line; gives the exit code and what was said.
fn import(line: &Value, dir: &Path) -> (i32, String) {
    let file = dir.join("one.jsonl");
    std::fs::write(&file, format!("{line}\n")).unwrap();
    let ran = run(&["check", arg(&file)]);
    (ran.code, ran.out + &ran.err)
}

#[test]
fn records_that_cannot_be_are_refused_with_their_reason_and_odd_ones_are_taken_and_every_study_draws() {
    let event = |seq: usize| json!({ "seq": seq, "phase": "exploit", "event_type": "exploited", "date": "2024-01-05" });
    let with = |id: &str, more: Value| person(id, &more);
    let dir = tempfile::tempdir().unwrap();
    for (line, code, reason) in [
        (with("INV-1", json!({ "birth_date": "2099-01-01" })), 1, "future-date"),
        (with("INV-1", json!({ "age_at_first_exploitation": 17, "age_at_exit": 12 })), 1, "inconsistent-ages"),
        (with("INV-1", json!({ "sex_registered": "a_code_of_2040" })), 1, "unknown-code"),
        (with("INV-1", json!({ "events": [{ "seq": 1, "techuse": "a_use_of_2040" }] })), 1, "unknown-code"),
        (
            with("INV-1", json!({ "events": (1..=10_000).map(|seq| json!({ "seq": seq })).collect::<Vec<_>>() })),
            1,
            "bad-json",
        ),
        (with("INV-1", json!({ "events": (1..=20_000).map(event).collect::<Vec<_>>() })), 3, "longer than"),
    ] {
        let (got, said) = import(&line, dir.path());
        assert_eq!(got, code, "{reason}: {said}");
        assert!(said.contains(reason), "{said}");
    }
    let out_of_order = json!([
        { "seq": 3, "phase": "exploit", "event_type": "exploited", "date": "2023-01-01" },
        { "seq": 1, "phase": "target", "event_type": "contact", "date": "2024-05-01" },
        { "seq": 2, "phase": "recruit", "event_type": "offer", "date": "2022-02" },
    ]);
    let odd = [
        with("INV-no-events", json!({})),
        with("INV-many", json!({ "events": (1..=1_000).map(event).collect::<Vec<_>>() })),
        with("INV-out-of-order", json!({ "events": out_of_order })),
        with("INV-same-number", json!({ "events": [event(1), event(1)] })),
    ];
    let others = (0..100).map(|i| with(&format!("INV-{i}"), json!({ "events": [event(1)] })));
    let desk = Desk::new("Invented shelter", "2000", &odd.into_iter().chain(others).collect::<Vec<_>>());
    for (at, study) in STUDIES.iter().enumerate() {
        let (_, contribution) = desk.draw(study, &format!("2026-{}", at + 1));
        assert!(!contribution["statistics"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_study_that_would_go_nowhere_and_a_parent_that_is_not_there_cost_nothing() {
    let desk = Desk::new("Invented one", "1000", &[person("INV-1", &json!({}))]);
    let vault = desk.at("vault");
    let draw = ["study", "girls", "--vault", arg(&vault), "--slot", "2026-1", "--epsilon", "1"];
    let nowhere = run(&draw);
    assert_eq!(nowhere.code, 2, "{}", nowhere.err);
    assert!(nowhere.err.contains("--out") && nowhere.err.contains("--contribution"), "{}", nowhere.err);
    let missing = run(&[&draw[..], &["--contribution", "/nobody/made/this.json"]].concat());
    assert_eq!(missing.code, 1, "{}", missing.err);
    assert!(missing.err.contains("/nobody/made"), "{}", missing.err);
    let spent = json(&["release", "ledger", "--vault", arg(&vault)]);
    assert!(!spent.to_string().contains("2026-1"), "{spent}");
}

//! `accord protect` for tables of categories, as a user meets it. Everybody in these tables is invented; the words in them
//! are of many scripts and languages, as the tables of those who will use this are.

mod bad_input;
mod crash;
mod leak;

use crate::support::{Ran, accord, arg, files_below, ledger_of, ran, rows};
use std::path::{Path, PathBuf};

/// Exactly the files of a draft.
const FILES: [&str; 10] = [
    "aggregates.csv",
    "aggregates.json",
    "aggregates.sdmx.csv",
    "datapackage.json",
    "manifest.json",
    "measured.json",
    "report.html",
    "report.json",
    "synthetic.csv",
    "synthetic.parquet",
];

const GENDER: [&str; 4] = ["женщина", "男の子", "رجل", "लड़की"];
const LAND: [&str; 5] = ["Österreich", "日本", "مصر", "नेपाल", "Việt Nam"];
const WORK: [&str; 4] = ["kazi ya nyumbani", "漁業", "ግብርና", "công xưởng"];

/// A folder with an invented table and the domain of it.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    /// `people` invented people with `each` rows each, in four columns and one that tells people apart.
    fn new(people: usize, each: usize) -> World {
        let mut csv = String::from("человек,gender,land,work,año\n");
        for i in 0..people * each {
            let (gender, land) = (i % 7 % 4, (i * 5 + i % 7) % 5);
            let work = if i % 6 == 0 { "" } else { WORK[(i / 3 + gender) % 4] };
            let year = 2021 + (i / 2) % 4;
            csv.push_str(&format!("INV-{},{},{},{work},{year}\n", i / each, GENDER[gender], LAND[land]));
        }
        let domain = column("gender", &GENDER)
            + &column("land", &LAND)
            + &column("work", &WORK)
            + "[[column]]\nname = \"año\"\nrange = [2021, 2024]\n";
        World::of(&csv, &domain)
    }

    /// A table and a domain as given.
    fn of(csv: impl AsRef<[u8]>, domain: &str) -> World {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("INVENTED.csv"), csv).unwrap();
        std::fs::write(dir.path().join("domain.toml"), domain).unwrap();
        World { dir }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.at("INVENTED.csv")
    }

    fn ledger(&self) -> PathBuf {
        ledger_of(&self.file())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).unwrap();
    }

    /// The command, in the folder of the world.
    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = accord(&["protect", "INVENTED.csv"]);
        command.args(args).current_dir(self.dir.path());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs with `--json`, expects success, and gives what was said.
    fn fine(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        serde_json::from_str(ran.out.lines().last().unwrap()).unwrap()
    }

    /// [`World::fine`] with the declared domain, at an epsilon at which noise is small, with an account of its own.
    fn clear(&self, out: &str, more: &[&str]) -> serde_json::Value {
        let ledger = format!("{out}.ledger");
        let unit: &[&str] = if more.contains(&"--person") { &[] } else { &["--rows-are-people"] };
        let domain: &[&str] = if more.contains(&"--infer-domain-public") { &[] } else { &["--domain", "domain.toml"] };
        let epsilon = ["--epsilon", "40", "--cap", "50", "--ledger", &ledger, "--out", out];
        self.fine(&[unit, domain, &epsilon, more].concat())
    }

    fn report(&self, out: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.at(out).join("report.json")).unwrap()).unwrap()
    }

    fn text(&self, out: &str, name: &str) -> String {
        std::fs::read_to_string(self.at(out).join(name)).unwrap()
    }

    /// What has been debited in the ledger beside the file: nothing, if there is none.
    fn debits(&self) -> i64 {
        debits(&self.ledger())
    }

    fn sound(&self, out: &str) -> bool {
        is_sound(&self.at(out))
    }

    /// Combinations and their counts.
    fn aggregates(&self, out: &str) -> Vec<(Vec<(String, String)>, u64)> {
        let mut reader = csv::Reader::from_path(self.at(out).join("aggregates.csv")).unwrap();
        assert_eq!(reader.headers().unwrap(), vec!["combination", "count"]);
        let row = |r: Result<csv::StringRecord, csv::Error>| {
            let r = r.unwrap();
            (serde_json::from_str(&r[0]).unwrap(), r[1].parse().unwrap())
        };
        reader.records().map(row).collect()
    }
}

/// A column of a domain file.
fn column(name: &str, values: &[&str]) -> String {
    // JSON's texts are TOML's too.
    format!("[[column]]\nname = \"{name}\"\nvalues = {}\n", serde_json::json!(values))
}

fn debits(ledger: &Path) -> i64 {
    if ledger.exists() { rows(ledger).entries } else { 0 }
}

fn is_sound(out: &Path) -> bool {
    let ran = ran(accord(&["verify", arg(out), "--json"]).output().unwrap());
    let said: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap_or_default()).unwrap_or_default();
    // An unreadable folder says nothing of soundness, and isn't sound either.
    assert_eq!(ran.code == 0, said["sound"] == true, "{} {}", ran.out, ran.err);
    ran.code == 0
}

/// What every draft must keep, whatever was asked.
fn keeps_the_rules(world: &World, out: &str) {
    let names: Vec<String> = files_below(&world.at(out))
        .iter()
        .map(|p| p.strip_prefix(world.at(out)).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, FILES);
    for path in files_below(&world.at(out)) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).to_lowercase();
        for word in ["seconds", "memory", "peak"] {
            assert!(!text.contains(word), "{word} stands in {}", path.display());
        }
    }
    assert!(world.text(out, "aggregates.csv").starts_with("combination,count\n"));
    assert!(world.sound(out), "{out} is not sound");
}

#[test]
fn a_declared_domain_is_protected_the_whole_way() {
    let world = World::new(600, 1);
    let said = world.clear("out", &["--invented"]);
    keeps_the_rules(&world, "out");
    for phase in ["domain", "read", "measure", "make", "write"] {
        assert!(said["seconds_by_phase"][phase].is_number(), "{phase}: {said}");
    }
    assert!(said["seconds"].is_number());
    if cfg!(target_os = "linux") {
        assert!(said["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
    assert_eq!((said["status"].as_str(), said["resumed"].as_bool()), (Some("draft"), Some(false)));
    let listed: Vec<&str> = said["files"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    assert_eq!(listed, FILES);

    let report = world.report("out");
    assert_eq!((report["domain"].as_str(), report["status"].as_str()), (Some("declared"), Some("draft")));
    assert!(report["info"]["assumptions"].to_string().contains("--rows-are-people"));
    assert_eq!(report["privacy"]["delta"].as_f64(), Some(1e-6));
    let sentence = report["privacy"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("changes the odds") && sentence.contains("1e-6"), "{sentence}");
    assert!(report["notes"].to_string().contains("INVENTED DATA"));
    let spent: u64 =
        report["privacy"]["measurements"].as_array().unwrap().iter().map(|m| m["rho"].as_u64().unwrap()).sum();
    assert!(spent <= report["privacy"]["rho"].as_u64().unwrap());

    // The numbers are those of the table: each value's count lies near the exact one.
    let exact = world_counts(&world);
    let aggregates = world.aggregates("out");
    for (combination, count) in aggregates.iter().filter(|(c, _)| c.len() == 1) {
        let truth = exact[&combination[0]];
        assert!(count.abs_diff(truth) <= 40, "{combination:?}: {count} for {truth}");
    }
    assert_eq!(aggregates.iter().filter(|(c, _)| c.len() == 1).count(), exact.len(), "a common value is missing");
    // Every synthetic cell is a value of the domain or blank.
    let mut synthetic = csv::Reader::from_path(world.at("out").join("synthetic.csv")).unwrap();
    assert_eq!(synthetic.headers().unwrap(), vec!["gender", "land", "work", "año"]);
    let mut made = 0;
    for row in synthetic.records() {
        made += 1;
        let row = row.unwrap();
        let fits = |at: usize, values: &[&str]| row[at].is_empty() || values.contains(&&row[at]);
        assert!(fits(0, &GENDER) && fits(1, &LAND) && fits(2, &WORK) && fits(3, &["2021", "2022", "2023", "2024"]));
    }
    assert_eq!(Some(made), said["rows"].as_u64());
    assert!(made.abs_diff(600) <= 40, "{made} rows for 600");
}

/// The exact count of each value of the domain's columns.
fn world_counts(world: &World) -> std::collections::HashMap<(String, String), u64> {
    let mut reader = csv::Reader::from_path(world.file()).unwrap();
    let names = reader.headers().unwrap().clone();
    let mut counts = std::collections::HashMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        for (name, cell) in names.iter().zip(&row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            *counts.entry((name.to_owned(), cell.to_owned())).or_default() += 1;
        }
    }
    counts
}

#[test]
fn any_change_of_a_file_of_a_draft_is_found() {
    let world = World::new(150, 1);
    world.clear("out", &[]);
    assert!(world.sound("out"));
    for name in FILES {
        let path = world.at("out").join(name);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        // A digit becomes another, in the middle of the file if there is one behind it.
        let from = changed.len() / 2;
        let at = (from..changed.len()).chain(0..from).find(|i| changed[*i].is_ascii_digit()).unwrap();
        changed[at] = if changed[at] == b'7' { b'3' } else { b'7' };
        std::fs::write(&path, &changed).unwrap();
        assert!(!world.sound("out"), "a changed {name} was not found");
        std::fs::remove_file(&path).unwrap();
        assert!(!world.sound("out"), "a missing {name} was not found");
        std::fs::write(&path, &whole).unwrap();
    }
    world.write("out/more.csv", "a\n1\n");
    assert!(!world.sound("out"), "a file more was not found");
    std::fs::remove_file(world.at("out/more.csv")).unwrap();
    assert!(world.sound("out"), "the draft as it was is not sound any more");
}

#[test]
fn privacy_05_a_domain_taken_from_the_file_is_said_to_be() {
    let world = World::new(150, 1);
    let args = ["--infer-domain-public", "--columns", "gender,land,work,año", "--rows-are-people", "--epsilon", "2"];
    let ran = world.run(&[&args[..], &["--out", "out"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("--infer-domain-public") && ran.out.contains("--rows-are-people"), "{}", ran.out);
    keeps_the_rules(&world, "out");
    let report = world.report("out");
    assert_eq!(report["domain"], "inferred_as_public");
    assert!(
        report["notes"].to_string().contains("taken from the file, on the user's declaration that they are public")
    );
    let measured: serde_json::Value = serde_json::from_str(&world.text("out", "measured.json")).unwrap();
    let land = &measured["columns"]["column"][1]["values"];
    assert_eq!(land.as_array().unwrap().len(), LAND.len());
}

#[test]
fn what_is_missing_or_out_of_range_is_named_by_its_option() {
    let world = World::new(5, 1);
    let whose = world.run(&["--domain", "domain.toml", "--epsilon", "1", "--out", "out"]);
    assert_eq!(whose.code, 2);
    assert!(whose.err.contains("--rows-are-people") && whose.err.contains("--person"), "{}", whose.err);
    let cap = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "1", "--cap", "100", "--out", "out"];
    let cap = world.run(&cap);
    assert_eq!(cap.code, 3);
    assert!(cap.err.contains("--cap") && cap.err.contains("100"), "{}", cap.err);
    assert_eq!(world.debits(), 0);
}

#[test]
fn chosen_columns_are_released_in_their_order_and_no_others() {
    let world = World::new(150, 1);
    for (out, domain) in [("declared", &[][..]), ("inferred", &["--infer-domain-public"])] {
        world.clear(out, &[domain, &["--columns", "work, gender"]].concat());
        keeps_the_rules(&world, out);
        assert!(world.text(out, "synthetic.csv").starts_with("work,gender\n"));
        for path in files_below(&world.at(out)) {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("año") && !text.contains("Việt Nam"), "a column more in {}", path.display());
        }
    }
}

#[test]
fn weights_and_the_dial_change_what_is_made_of_the_same_measurements() {
    let world = World::new(300, 1);
    world.write("weights.csv", "column,weight\ngender,20\naño,0.5\n");
    world.write("weights.toml", "gender = 20\n\"año\" = 0.5\n");
    let args = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "1", "--ledger", "first"];
    let died = world.command(&[&args[..], &["--out", "x"]].concat()).env("ACCORD_TEST_DIE_AT", "measured").output();
    assert!(!died.unwrap().status.success());
    let resume = |out: &str, more: &[&str]| {
        std::fs::copy(world.at("first"), world.at(&format!("{out}.ledger"))).unwrap();
        let ledger = format!("{out}.ledger");
        let mut args = args;
        args[6] = &ledger;
        let said = world.fine(&[&args[..], &["--out", out], more].concat());
        assert_eq!(said["resumed"], true, "{out} was measured again");
        keeps_the_rules(&world, out);
        world.report(out)["asked"]["ask"].clone()
    };
    let mut long = Vec::new();
    for dial in ["0", "1", "2", "3", "2.5"] {
        let out = format!("dial-{dial}");
        assert_eq!(resume(&out, &["--dial", dial])["dial"].as_f64(), dial.parse().ok());
        long.push(world.aggregates(&out).iter().filter(|(c, _)| c.len() == 3).count());
    }
    // 300 people at epsilon 1: noise invents many combinations, and the highest mark shows far fewer.
    assert!(long[3] < long[0], "combinations of three by dial: {long:?}");
    assert_eq!(resume("plain", &[])["dial"], 2.0);
    assert_eq!(world.text("plain", "synthetic.csv"), world.text("dial-2", "synthetic.csv"));
    let weights = serde_json::json!([20.0, 1.0, 1.0, 0.5]);
    assert_eq!(resume("csv", &["--weights", "weights.csv"])["weights"], weights);
    assert_eq!(resume("toml", &["--weights", "weights.toml"])["weights"], weights);
    assert_eq!(world.text("csv", "synthetic.csv"), world.text("toml", "synthetic.csv"));
    assert_ne!(world.text("csv", "synthetic.csv"), world.text("plain", "synthetic.csv"), "weights change nothing");
}

#[test]
fn as_many_rows_are_made_as_asked_for() {
    let world = World::new(200, 1);
    for (rows, out) in [("1", "one"), ("7", "few"), ("1500", "many")] {
        let said = world.clear(out, &["--rows", rows]);
        assert_eq!(said["rows"].to_string(), rows);
        keeps_the_rules(&world, out);
        assert_eq!(
            world.text(out, "synthetic.csv").lines().count().to_string(),
            (rows.parse::<u64>().unwrap() + 1).to_string()
        );
        assert!(world.report(out)["notes"].to_string().contains("weigh them"));
    }
    let auto = world.clear("auto", &["--rows", "auto"]);
    assert!(auto["rows"].as_u64().unwrap().abs_diff(200) <= 40, "{auto}");
    keeps_the_rules(&world, "auto");
    assert!(!world.report("auto")["notes"].to_string().contains("weigh them"));
    // Counts are of people, however many rows were asked for.
    let (_, count) = world.aggregates("few").into_iter().find(|(c, _)| c[0].1 == GENDER[0]).unwrap();
    assert!(count > 20, "{count}");
}

#[test]
fn combinations_are_reported_up_to_the_length_that_was_asked_for() {
    let world = World::new(400, 1);
    for length in 1..=4 {
        let out = format!("length-{length}");
        let said = world.clear(&out, &["--reporting-length", &length.to_string()]);
        keeps_the_rules(&world, &out);
        let lengths: std::collections::BTreeSet<usize> = world.aggregates(&out).iter().map(|(c, _)| c.len()).collect();
        assert_eq!(lengths, (1..=length).collect(), "{said}");
        let report = world.report(&out);
        assert_eq!(report["asked"]["reporting_length"], length);
        // The count of rows, and a measurement a length: four at a time follow from the rows that were made.
        assert_eq!(report["privacy"]["measurements"].as_array().unwrap().len(), 1 + length.min(3));
    }
}

#[test]
fn privacy_01_rows_of_a_person_are_bounded_and_charged() {
    let world = World::new(100, 3);
    for (most, expected) in [("1", 100), ("2", 200), ("3", 300)] {
        let out = format!("most-{most}");
        let said = world.clear(&out, &["--person", "человек", "--rows-per-person", most]);
        keeps_the_rules(&world, &out);
        let made = said["rows"].as_u64().unwrap();
        assert!(made.abs_diff(expected) <= 45, "{made} rows for {expected}");
        let report = world.report(&out);
        let most: u64 = most.parse().unwrap();
        assert_eq!(report["privacy"]["rows_per_person"], most);
        // The squared sensitivity of a count is the square of the rows a person.
        assert_eq!(report["privacy"]["measurements"][0]["sensitivity_squared"], most * most);
        assert_eq!(report["info"]["unit"], if most == 1 { "people" } else { "rows" });
        let assumptions = report["info"]["assumptions"].to_string();
        assert!(assumptions.contains(&format!("at most {most} rows are counted")) && !assumptions.contains("человек"));
    }
}

#[test]
fn the_most_filled_columns_of_wide_tables_are_declared_or_chosen_at_a_price() {
    let names: Vec<String> = (0..30).map(|i| format!("знак{i}")).collect();
    let mut csv = names.join(",") + "\n";
    for row in 0..200 {
        let cells: Vec<&str> = (0..30).map(|i| if (row + i) % 6 == 0 { "是" } else { "" }).collect();
        csv += &(cells.join(",") + "\n");
    }
    let domain: Vec<String> = names.iter().map(|n| column(n, &["是"])).collect();
    let world = World::of(csv, &domain.concat());
    world.clear("declared", &["--most-filled", "5", "--reporting-length", "2"]);
    keeps_the_rules(&world, "declared");
    let report = world.report("declared");
    assert_eq!(report["method"]["most_filled"], 5);
    assert!(!measured_tables(&report).contains(&"most-filled".to_owned()), "a declared bound was charged");
    assert!(report["notes"].to_string().contains("more than 5 filled columns"));
    world.clear("chosen", &["--reporting-length", "2"]);
    keeps_the_rules(&world, "chosen");
    let report = world.report("chosen");
    let most = report["method"]["most_filled"].as_u64().unwrap();
    assert!((4..=8).contains(&most), "rows have 5 filled columns, and {most} was chosen");
    let at = measured_tables(&report).iter().position(|t| t == "most-filled").unwrap();
    assert!(report["privacy"]["measurements"][at]["rho"].as_u64().unwrap() > 0, "the choice was not charged");
    // A choice that states another epsilon than its cost buys, or a bound that wasn't chosen, never verifies.
    let honest = world.text("chosen", "measured.json");
    for (field, by) in [("epsilon_milli", 1), ("candidates", 1)] {
        let mut measured: serde_json::Value = serde_json::from_str(&honest).unwrap();
        measured["choice"][field] = (measured["choice"][field].as_u64().unwrap() + by).into();
        world.write("chosen/measured.json", &measured.to_string());
        assert!(!world.sound("chosen"), "{field}");
    }
    world.write("chosen/measured.json", &honest);
    assert!(world.sound("chosen"));
}

fn measured_tables(report: &serde_json::Value) -> Vec<String> {
    let all = report["privacy"]["measurements"].as_array().unwrap();
    all.iter().map(|m| m["table"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_configuration_of_synthetic_data_showcase_is_taken_and_the_command_line_comes_before_it() {
    let world = World::new(200, 1);
    world.write(
        "sds.json",
        &serde_json::json!({
            "sensitive_microdata_path": "./elsewhere.csv", "sensitive_microdata_delimiter": ",",
            "use_columns": ["gender", "land"], "record_limit": -1, "sensitive_zeros": ["gender"],
            "reporting_resolution": 10, "reporting_length": 2, "dp_aggregates": true, "noise_epsilon": 3.0,
            "synthesis_mode": "aggregate_seeded", "use_synthetic_counts": true
        })
        .to_string(),
    );
    let given = ["--domain", "domain.toml", "--sds-config", "sds.json", "--rows-are-people"];
    let said = world.fine(&[&given[..], &["--ledger", "a", "--out", "taken"]].concat());
    assert!((said["epsilon"].as_f64().unwrap() - 3.0).abs() < 1e-3);
    keeps_the_rules(&world, "taken");
    assert!(world.text("taken", "synthetic.csv").starts_with("gender,land\n"));
    assert_eq!(world.report("taken")["asked"]["reporting_length"], 2);
    let more = ["--epsilon", "1", "--reporting-length", "1", "--columns", "work", "--ledger", "b", "--out", "over"];
    let said = world.fine(&[&given[..], &more].concat());
    assert!((said["epsilon"].as_f64().unwrap() - 1.0).abs() < 1e-3);
    assert!(world.text("over", "synthetic.csv").starts_with("work\n"));
    // A person sees what becomes of each setting.
    let ran = world.run(&[&given[..], &["--ledger", "c", "--out", "told"]].concat());
    assert!(ran.code == 0 && ran.out.contains("taken         noise_epsilon = 3.0"), "{}{}", ran.out, ran.err);
    // It gives no domain: that stays to be declared.
    let none = world.run(&["--sds-config", "sds.json", "--rows-are-people", "--out", "none"]);
    assert_eq!(none.code, 3);
    assert!(none.err.contains("--domain") && none.err.contains("--infer-domain-public"), "{}", none.err);
}

#[test]
fn an_epsilon_of_synthetic_data_showcase_alone_is_taken_and_said_to_be() {
    let world = World::new(200, 1);
    world.write("sds.json", "{ \"noise_epsilon\": 3.0 }");
    let given = ["--domain", "domain.toml", "--sds-config", "sds.json", "--rows-are-people"];
    let said = world.fine(&[&given[..], &["--ledger", "a", "--out", "taken"]].concat());
    assert!((said["epsilon"].as_f64().unwrap() - 3.0).abs() < 1e-3);
    let assumptions = |out| world.report(out)["info"]["assumptions"].to_string();
    assert!(assumptions("taken").contains("Epsilon 3 was taken from a configuration of Synthetic Data Showcase"));
    let said = world.fine(&[&given[..], &["--epsilon", "1", "--ledger", "b", "--out", "over"]].concat());
    assert!((said["epsilon"].as_f64().unwrap() - 1.0).abs() < 1e-3);
    assert!(!assumptions("over").contains("Showcase"));
}

#[test]
fn of_what_was_hardly_counted_no_average_is_given() {
    let world = World::of("gender\n", &column("gender", &GENDER));
    let ran = world.run(&[
        "--domain",
        "domain.toml",
        "--rows-are-people",
        "--epsilon",
        "0.01",
        "--rows",
        "1",
        "--out",
        "out",
    ]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let lengths = world.report("out")["quality"]["lengths"].as_array().unwrap().clone();
    for length in lengths.iter().filter(|l| l["combinations"] == 0) {
        let words = format!("combinations of {}: too little was counted", length["length"]);
        assert!(ran.out.contains(&words), "{}", ran.out);
        assert!(world.text("out", "report.html").contains("too little was counted to say how far a count is off"));
    }
    let silent = lengths.iter().all(|l| l["combinations"] == 0);
    assert!(!silent || !ran.out.contains("off by"), "{}", ran.out);
}

#[test]
fn a_bad_slot_is_refused_before_a_ledger_is_made_for_a_flat_table() {
    let world = World::new(20, 1);
    let args = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "1", "--slot", "spring", "--out", "out"];
    assert_eq!(world.run(&args).code, 3);
    assert!(!world.ledger().exists() && !world.at("out").exists());
}

#[test]
fn what_comes_out_can_be_read_again() {
    let world = World::new(300, 1);
    world.clear("out", &[]);
    let again = ran(accord(&[
        "protect",
        "out/synthetic.parquet",
        "--domain",
        "domain.toml",
        "--rows-are-people",
        "--epsilon",
        "40",
        "--cap",
        "50",
        "--ledger",
        "again.ledger",
        "--out",
        "again",
    ])
    .current_dir(world.dir.path())
    .output()
    .unwrap());
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(!again.out.contains("not in the domain"), "{}", again.out);
    let counts = |out| world.aggregates(out).into_iter().find(|(c, _)| c[..] == [("gender".into(), GENDER[0].into())]);
    let (first, second) = (counts("out").unwrap().1, counts("again").unwrap().1);
    assert!(first.abs_diff(second) <= 40, "{first} and then {second}");
}

#[test]
fn privacy_12_the_account_lies_beside_the_file_and_is_of_one_data_set_and_one_cap() {
    let world = World::new(60, 1);
    let args = ["--domain", "domain.toml", "--rows-are-people", "--cap", "2", "--epsilon"];
    let run = |more: &[&str]| world.run(&[&args[..], more].concat());
    let over = run(&["3", "--out", "over"]);
    assert_eq!(over.code, 3);
    assert!(over.err.contains("--cap") && over.err.contains("Nothing was spent"), "{}", over.err);
    assert!(!world.ledger().exists(), "a ledger was made whose cap can never be raised");
    let first = run(&["1.5", "--out", "first", "--slot", "2026-1"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(first.out.contains("A new privacy account was opened"), "{}", first.out);
    assert_eq!(world.debits(), 1, "the ledger is not beside the file");
    // The ledger is one file: whoever moves it takes every debit along.
    assert!(!world.at("INVENTED.csv.accord-ledger-wal").exists());
    let spent = run(&["1.5", "--out", "second", "--slot", "2026-2"]);
    assert_eq!(spent.code, 3);
    assert!(spent.err.contains("budget") && !spent.err.contains("panicked"), "{}", spent.err);
    // Another data set, another cap, another delta: not on this account.
    for (what, more) in [("data set", ["--dataset", "others"]), ("cap", ["--cap", "9"]), ("delta", ["--delta", "1e-7"])]
    {
        let cap: &[&str] = if what == "cap" { &[] } else { &["--cap", "2"] };
        let base = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "0.1", "--out", "other"];
        let ran = world.run(&[&base[..], cap, &more].concat());
        assert_eq!(ran.code, 3, "{what}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains("data set `INVENTED.csv`") && ran.err.contains("--ledger"), "{}", ran.err);
    }
    std::fs::copy(world.file(), world.at("INVENTED-2.csv")).unwrap();
    let other = ran(accord(&["protect", "INVENTED-2.csv", "--ledger", "INVENTED.csv.accord-ledger", "--out", "other"])
        .args(&args[..3])
        .args(["--cap", "2", "--epsilon", "0.1"])
        .current_dir(world.dir.path())
        .output()
        .unwrap());
    assert_eq!(other.code, 3, "{}", other.err);
    assert!(["over", "second", "other"].iter().all(|out| !world.at(out).exists()));
    assert_eq!(world.debits(), 1);
}

#[test]
fn privacy_12_runs_at_once_never_make_two_outputs_of_one_debit() {
    let world = World::new(1500, 1);
    let outs = ["a", "b", "c", "d"];
    let children: Vec<_> = outs
        .iter()
        .map(|out| {
            let args = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "1", "--again", "--out", out];
            let mut command = world.command(&args);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut draws = Vec::new();
    for (child, out) in children.into_iter().zip(outs) {
        let ran = ran(child.wait_with_output().unwrap());
        if ran.code == 0 {
            keeps_the_rules(&world, out);
            draws.push(draw_of(&world, out));
        } else {
            let busy = ran.code == 1 && (ran.err.contains("another") || ran.err.contains("try again"));
            assert!(busy || (ran.code == 3 && ran.err.contains("two draws")), "{}: {}", ran.code, ran.err);
            assert!(!world.at(out).exists());
        }
    }
    let outputs = draws.len();
    draws.sort();
    draws.dedup();
    assert!(outputs >= 1 && draws.len() == outputs, "two outputs of one draw");
    let found = rows(&world.ledger());
    assert!(
        found.entries as usize == outputs && found.most_per_slot <= 2,
        "{} debits, {outputs} outputs",
        found.entries
    );
}

/// The draw that the measurements of a draft come from.
fn draw_of(world: &World, out: &str) -> String {
    let measured: serde_json::Value = serde_json::from_str(&world.text(out, "measured.json")).unwrap();
    let entry = measured["tables"][0]["draws"][0]["entry"].as_str().unwrap();
    entry.split_once('/').unwrap().0.to_owned()
}

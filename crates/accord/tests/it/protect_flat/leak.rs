//! Canaries: what stands in the file and not in the domain is found nowhere else (PRIVACY 11).

use super::{GENDER, LAND, World, column};
use crate::support::{accord, ran};
use std::path::Path;

/// A word that stands in no other text.
fn canary(what: &str, i: usize) -> String {
    format!("Zqx{what}kanary{i:04}Vw")
}

const KINDS: [&str; 5] = ["person", "cell", "column", "quoted", "name"];

/// A table full of canaries: who a row is of, cells outside of the domain, columns that are not released, by name and by
/// value.
fn planted() -> String {
    let mut csv = format!("{},gender,land,{}\n", canary("name", 0), canary("name", 1));
    for i in 0..200 {
        let gender = if i % 9 == 0 { canary("cell", i) } else { GENDER[i % 4].to_owned() };
        let land = if i % 11 == 0 { format!("\"{}, \"\"x\"\"\"", canary("quoted", i)) } else { LAND[i % 5].to_owned() };
        csv += &format!("{},{gender},{land},{}\n", canary("person", i / 2), canary("column", i));
    }
    csv
}

fn domain() -> String {
    column("gender", &GENDER) + &column("land", &LAND)
}

/// No canary of these kinds stands in this, in any case of letters, in UTF-8 or UTF-16.
fn assert_clean(place: &str, bytes: &[u8], kinds: &[&str]) {
    let lower = bytes.to_ascii_lowercase();
    let holds = |part: &[u8]| lower.windows(part.len()).any(|w| w == part);
    for kind in kinds {
        let word = format!("zqx{kind}kanary");
        let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!holds(word.as_bytes()) && !holds(&wide), "a canary of kind {kind} was found in {place}");
    }
}

/// Every file below a folder, hidden ones too, but for the table that the canaries came in; and how many there were.
fn assert_folder_clean(dir: &Path, kinds: &[&str]) -> usize {
    let mut looked = 0;
    for path in crate::support::files_below(dir) {
        assert_clean("a file name", path.to_string_lossy().as_bytes(), kinds);
        if path.file_name().unwrap() != "INVENTED.csv" {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap(), kinds);
            looked += 1;
        }
    }
    looked
}

#[test]
fn privacy_11_what_is_not_in_the_domain_is_found_nowhere() {
    let world = World::of(planted(), &domain());
    std::fs::create_dir(world.at("tmp")).unwrap();
    let mut said = String::new();
    let person = canary("name", 0);
    let mut run = |expected: i32, more: &[&str], die: &str| {
        let base = ["--domain", "domain.toml", "--person", &person, "--rows-per-person", "2", "--epsilon", "40"];
        let mut command = world.command(&[&base[..], &["--cap", "50"], more].concat());
        command.env("TMPDIR", world.at("tmp")).env("RUST_BACKTRACE", "1").env("ACCORD_TEST_DIE_AT", die);
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.code, expected, "{more:?}: {} {}", ran.out, ran.err);
        said += &ran.out;
        said += &ran.err;
    };
    run(0, &["--ledger", "a", "--out", "out", "--dial", "0"], "");
    run(0, &["--ledger", "b", "--out", "json", "--json"], "");
    run(-1, &["--ledger", "c", "--out", "died"], "measuring:2");
    run(-1, &["--ledger", "d", "--out", "died"], "measured");
    run(0, &["--ledger", "d", "--out", "resumed"], "");
    run(3, &["--ledger", "a", "--out", "refused"], "");
    assert!(said.contains("are not in the domain"), "the canaries were not even met: {said}");
    // At epsilon 40 whatever was counted is in the output, the smallest count too.
    let verified = ran(accord(&["verify", "out", "--json"]).current_dir(world.dir.path()).output().unwrap());
    assert_eq!(verified.code, 0, "{}", verified.err);
    assert_clean("what was said", said.as_bytes(), &KINDS);
    assert_clean("what verify said", (verified.out + &verified.err).as_bytes(), &KINDS);
    // The name of the column that tells people apart stands in the ledger, as part of the request, and in no draft.
    let looked: usize = ["out", "json", "resumed"].iter().map(|out| assert_folder_clean(&world.at(out), &KINDS)).sum();
    assert_eq!(looked, 3 * super::FILES.len());
    assert!(assert_folder_clean(world.dir.path(), &KINDS[..4]) > looked + 8, "the ledgers were not looked at");
}

#[test]
fn privacy_11_a_column_that_was_left_out_leaves_no_trace_where_the_domain_is_taken_from_the_file() {
    let csv = planted().replace("\"\"x\"\"", "");
    let world = World::of(csv, "");
    let args =
        ["--infer-domain-public", "--columns", "gender,land", "--rows-are-people", "--epsilon", "40", "--cap", "50"];
    let ran = world.run(&[&args[..], &["--out", "out"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let left_out = ["person", "column", "name"];
    assert_clean("what was said", (ran.out + &ran.err).as_bytes(), &left_out);
    assert!(assert_folder_clean(&world.dir.path().join("out"), &left_out) == super::FILES.len());
    assert!(assert_folder_clean(world.dir.path(), &left_out) > super::FILES.len(), "the ledger was not looked at");
    // The values of the released columns were declared public, and stand there: this is what the declaration means.
    assert!(world.text("out", "measured.json").contains(&canary("cell", 0)));
    assert!(world.text("out", "report.json").contains("on the user's declaration"));
}

#[test]
fn privacy_11_neither_file_name_nor_time_of_reading_stands_in_the_draft() {
    let world = World::of(planted(), &domain());
    let name = format!("{}-143.csv", canary("name", 7));
    std::fs::rename(world.file(), world.at(&name)).unwrap();
    let mut command = accord(&["protect", &name, "--domain", "domain.toml", "--rows-are-people", "--epsilon", "1"]);
    let ran = ran(command.args(["--out", "out"]).current_dir(world.dir.path()).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    for path in crate::support::files_below(&world.at("out")) {
        let bytes = std::fs::read(&path).unwrap();
        assert_clean(&path.display().to_string(), &bytes, &["name"]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        assert!(!text.contains("created") && !text.contains(&day), "{} is dated", path.display());
    }
}

/// Messages about a table before anything is debited may name its columns, never what stands in its cells.
#[test]
fn privacy_11_no_error_repeats_a_cell() {
    let cells = ["person", "cell", "column", "quoted"];
    let broken = planted() + "\"" + &canary("cell", 900) + "\n";
    let values: Vec<String> = (0..3000).map(|i| canary("cell", i) + ",x\n").collect();
    let long = format!("gender,land\n{}{},x\n", canary("cell", 1), "長".repeat(400));
    let tables = [broken, "gender,land\n".to_owned() + &values.concat(), long, planted().replace(',', ";")];
    for (n, table) in tables.iter().enumerate() {
        let world = World::of(table, &domain());
        for way in [&["--domain", "domain.toml"][..], &["--infer-domain-public"], &[]] {
            for json in [&[][..], &["--json"]] {
                let out = format!("out-{}-{}", way.len(), json.len());
                let args =
                    [way, json, &["--rows-are-people", "--epsilon", "1", "--ledger", &out, "--out", &out]].concat();
                let ran = world.run(&args);
                let refused = ran.code != 0 || way.len() == 2;
                if refused {
                    assert_clean(&format!("what was said of table {n}"), (ran.out + &ran.err).as_bytes(), &cells);
                }
            }
        }
    }
}

#[test]
fn the_test_for_canaries_has_teeth() {
    for bytes in [canary("cell", 3).into_bytes(), canary("cell", 3).encode_utf16().flat_map(u16::to_le_bytes).collect()]
    {
        let found = std::panic::catch_unwind(|| assert_clean("here", &[b"..", &bytes[..], b".."].concat(), &KINDS));
        assert!(found.is_err());
    }
    assert_clean("here", &canary("cell", 3).into_bytes(), &["person"]);
}

//! What is wrong is said: what, where, and how to mend it; and costs nothing unless rows were read.

use super::{World, keeps_the_rules};
use crate::support::{accord, long};

const SMALL: &str = "[[column]]\nname = \"جنس\"\nvalues = [\"أنثى\", \"ذكر\"]\n[[column]]\nname = \"miasto\"\nvalues = [\"Łódź\", \"Gdańsk\"]\n";

fn small_csv(rows: usize) -> String {
    let row = |i: usize| format!("{},{}\n", ["أنثى", "ذكر"][i % 2], ["Łódź", "Gdańsk"][i / 2 % 2]);
    "جنس,miasto\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

/// A small invented table with its domain.
fn small() -> World {
    World::of(small_csv(100), SMALL)
}

const DECLARED: [&str; 5] = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "2"];
const INFERRED: [&str; 4] = ["--infer-domain-public", "--rows-are-people", "--epsilon", "2"];

/// Refused with this exit code and all of these words; nothing is written, nothing debited, no ledger made.
fn refused(world: &World, args: &[&str], code: i32, words: &[&str]) {
    let before = std::fs::read_dir(world.dir.path()).unwrap().count();
    let args = [args, &["--out", "out"]].concat();
    let ran = world.run(&args);
    assert_eq!(ran.code, code, "{args:?}: {} {}", ran.out, ran.err);
    for word in words {
        assert!(ran.err.contains(word), "{args:?} doesn't say {word:?}: {}", ran.err);
    }
    assert!(!ran.err.contains("panicked") && !ran.err.contains("RUST_BACKTRACE"), "{}", ran.err);
    assert!(!world.at("out").exists());
    let after = std::fs::read_dir(world.dir.path()).unwrap().count();
    assert_eq!(before, after, "{args:?} left something behind");
}

/// Made, whatever is odd about the table: it is charged and sound, and the same can be said of it as of any other.
fn made(world: &World, args: &[&str]) -> serde_json::Value {
    let said = world.fine(&[args, &["--out", "out"]].concat());
    keeps_the_rules(world, "out");
    assert_eq!(world.debits(), 1);
    said
}

#[test]
fn a_column_of_one_value_is_a_column() {
    let csv = "mu,b\n".to_owned() + &"はい,x\n".repeat(80);
    let domain = "[[column]]\nname = \"mu\"\nvalues = [\"はい\"]\n";
    made(&World::of(&csv, domain), &DECLARED);
    made(&World::of(&csv, ""), &INFERRED);
}

#[test]
fn a_column_of_ten_thousand_values_is_taken_if_declared_and_asked_about_if_not() {
    let row = |i: usize| format!("v{i},x\n");
    let csv = "a,b\n".to_owned() + &(0..10_000).map(row).collect::<String>();
    let values: Vec<String> = (0..10_000).map(|i| format!("v{i}")).collect();
    let domain = format!("[[column]]\nname = \"a\"\nvalues = {values:?}\n[[column]]\nname = \"b\"\nvalues = [\"x\"]\n");
    let world = World::of(csv, &domain);
    // Taken from the file, the values would name people: to be chosen by hand.
    refused(&world, &INFERRED, 3, &["`a`", "--columns", "domain file"]);
    made(&world, &DECLARED);
    let more: String = (0..21_000).map(row).collect();
    let world = World::of("a,b\n".to_owned() + &more, "");
    refused(&world, &[&INFERRED[..], &["--columns", "a,b"]].concat(), 3, &["`a`", "20000", "--columns", "domain file"]);
}

#[test]
fn privacy_10_tables_with_next_to_nothing_in_them_are_measured_like_any_other() {
    for csv in [
        "جنس,miasto\n".to_owned() + &",\n".repeat(60),     // all missing
        "جنس,miasto\n".to_owned() + &"أنثى,\n".repeat(60), // one column all missing
        small_csv(0),
        small_csv(1),
        small_csv(2),
    ] {
        made(&World::of(&csv, SMALL), &DECLARED);
        made(&World::of(&csv, SMALL), &INFERRED);
    }
}

#[test]
fn two_hundred_columns_are_protected() {
    let names: Vec<String> = (0..200).map(|i| format!("ነጥብ{i}")).collect();
    let mut csv = names.join(",") + "\n";
    for row in 0..120 {
        let cells: Vec<&str> = (0..200).map(|i| if (row * 11 + i * 7) % 40 == 0 { "y" } else { "" }).collect();
        csv += &(cells.join(",") + "\n");
    }
    let world = World::of(csv, "");
    // Pairs of so many columns take minutes without optimisation.
    made(&world, &[&INFERRED[..], &["--reporting-length", if long() { "2" } else { "1" }]].concat());
    assert_eq!(world.text("out", "synthetic.csv").lines().next().unwrap().split(',').count(), 200);
}

#[test]
fn work_that_would_take_hours_is_refused_before_anything_is_spent_and_phases_are_said() {
    let names: Vec<String> = (0..320).map(|i| format!("c{i}")).collect();
    let domain: String = names.iter().map(|n| format!("[[column]]\nname = \"{n}\"\nvalues = [\"y\"]\n")).collect();
    let world = World::of(names.join(",") + "\n", &domain);
    let ways = ["320 columns", "--reporting-length 2", "at most 311 columns", "Nothing was spent"];
    refused(&world, &DECLARED, 3, &ways);
    let ran = small().run(&[&DECLARED[..], &["--out", "out"]].concat());
    for phase in ["1 of 4", "the cost is debited", "2 of 4", "3 of 4", "4 of 4"] {
        assert!(ran.code == 0 && ran.err.contains(phase), "{}", ran.err);
    }
}

#[test]
fn a_file_of_no_rows_is_said_to_tell_nothing_by_the_noisy_count() {
    let world = World::of(small_csv(0), SMALL);
    let ran = world.run(&[&DECLARED[..], &["--out", "out"]].concat());
    assert!(ran.code == 0 && ran.out.contains("Nothing useful can be told"), "{} {}", ran.out, ran.err);
}

#[test]
fn values_outside_of_the_domain_count_as_blank_and_are_named_nowhere() {
    let csv = small_csv(100) + &"Zqxkanary,Łódź\n".repeat(40);
    let world = World::of(csv, SMALL);
    let said = made(&world, &DECLARED);
    let warnings = said["warnings"].to_string();
    assert!(warnings.contains("`جنس`") && warnings.contains("not in the domain: they count as blank"), "{warnings}");
    assert!(!warnings.contains("miasto") && !warnings.contains("40") && !said.to_string().contains("Zqxkanary"));
    let with_other = SMALL.replace("\"ذكر\"]", "\"ذكر\", \"أخرى\"]\nother = \"أخرى\"");
    let world = World::of(small_csv(100) + &"Zqxkanary,Łódź\n".repeat(300), &with_other);
    let said = world.clear("out", &[]);
    assert!(said["warnings"].to_string().contains("they count as `أخرى`"), "{said}");
    let other = world.aggregates("out").into_iter().find(|(c, _)| c[..] == [("جنس".into(), "أخرى".into())]);
    assert!(other.unwrap().1.abs_diff(300) <= 40);
}

#[test]
fn privacy_05_without_a_domain_the_two_ways_out_are_said() {
    let world = small();
    let plain = ["--rows-are-people", "--epsilon", "2"];
    let ways = ["--domain FILE", "--infer-domain-public", "Two ways out"];
    refused(&world, &plain, 3, &ways);
    // So for each option that is for flat tables alone.
    world.write("weights.csv", "column,weight\nmiasto,2\n");
    for option in [
        ["--columns", "miasto"],
        ["--reporting-length", "2"],
        ["--rows", "5"],
        ["--dial", "1"],
        ["--weights", "weights.csv"],
        ["--most-filled", "2"],
    ] {
        refused(&world, &[&plain[..], &option].concat(), 3, &[&ways[..], &[option[0]]].concat());
    }
    refused(&world, &[&DECLARED[..], &["--infer-domain-public"]].concat(), 2, &["cannot be used with"]);
    // And what is for files of records alone is not passed over.
    for option in [["--as", "ctdc"], ["--workload", "default"], ["--dates", "dmy"]] {
        refused(&world, &[&DECLARED[..], &option].concat(), 2, &[option[0], "files of records"]);
    }
}

#[test]
fn weights_that_make_no_sense_are_refused() {
    let world = small();
    for (text, words) in [
        ("land,3\n", &["land", "is no column of the domain", "miasto"][..]),
        ("miast = 3\n", &["was `miasto` meant"]),
        ("miasto = 0\n", &["miasto", "above 0", "--columns"]),
        ("miasto = -1\n", &["above 0"]),
        ("miasto = nan\n", &["above 0"]),
        ("miasto = 1e9\n", &["at most 100"]),
        ("miasto = \"much\"\n", &["miasto", "no number"]),
        ("miasto,2\nmiasto,3\n", &["two weights"]),
        ("", &["column,weight"]),
    ] {
        world.write("weights", text);
        refused(
            &world,
            &[&DECLARED[..], &["--weights", "weights"]].concat(),
            2,
            &[&["--weights", "the weights file"], words].concat(),
        );
    }
    refused(&world, &[&DECLARED[..], &["--weights", "nowhere"]].concat(), 2, &["nowhere", "cannot read"]);
}

#[test]
fn privacy_02_epsilon_and_delta_that_make_no_sense_are_refused() {
    let world = small();
    for epsilon in ["-1", "-0.5", "0", "NaN", "inf", "51", "1e-12"] {
        let args = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", epsilon];
        refused(&world, &args, 3, &["epsilon"]);
    }
    refused(&world, &["--domain", "domain.toml", "--rows-are-people", "--epsilon", "much"], 2, &["--epsilon"]);
    refused(&world, &["--domain", "domain.toml", "--rows-are-people"], 2, &["--epsilon"]);
    for delta in ["0", "-1", "NaN", "0.5"] {
        refused(&world, &[&DECLARED[..], &["--delta", delta]].concat(), 3, &["--delta"]);
    }
    let over = [&DECLARED[..], &["--delta", "1e-4", "--size-bound", "20000"]].concat();
    refused(&world, &over, 3, &["over one in the declared 20000 people", "such as"]);
    for cap in ["0", "-1", "NaN"] {
        refused(&world, &[&DECLARED[..], &["--cap", cap]].concat(), 3, &["epsilon"]);
    }
}

#[test]
fn privacy_04_an_epsilon_at_which_nothing_is_said_is_refused_or_said_to_be() {
    let world = small();
    let tiny = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "0.01"];
    let words = ["at most 150 people", "Nothing was spent", "--reporting-length"];
    refused(&world, &[&tiny[..], &["--size-bound", "150"]].concat(), 3, &words);
    // Nobody declared how many people it is about, so that it can't be refused; but the draft says what it is worth.
    let said = made(&world, &tiny);
    assert!(said["epsilon"].as_f64().unwrap() <= 0.0101);
    let report = world.report("out");
    let length = &report["quality"]["lengths"][0];
    assert!(length["half_width"].as_u64().unwrap() > 300, "{length}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let world = small();
    for (option, value, words) in [
        ("--rows", "x", &["--rows", "number or auto", "`x`"][..]),
        ("--rows", "-1", &["--rows", "number or auto", "`-1`"]),
        ("--rows", "1e3", &["number or auto"]),
        ("--rows", "0", &["--rows 0", "none of them"]),
        ("--rows", "1000000000", &["at most 20000000 rows"]),
        ("--dial", "4", &["the dial goes from 0 to 3", "4"]),
        ("--dial", "-0.1", &["the dial goes from 0 to 3"]),
        ("--dial", "NaN", &["the dial goes from 0 to 3"]),
        ("--reporting-length", "0", &["length 1 to 4", "not 0"]),
        ("--reporting-length", "5", &["length 1 to 4", "not 5"]),
        ("--columns", "miasto,miast", &["miast", "is no column of the domain", "was `miasto` meant"]),
        ("--columns", "miasto,miasto", &["the choice of columns", "miasto", "named twice"]),
        ("--columns", "", &["no column"]),
        ("--encoding", "marsian", &["marsian", "no name of a text encoding"]),
        ("--rows-per-person", "2", &["--rows-per-person needs --person"]),
        ("--id", "../../up", &[]),
    ] {
        refused(&world, &[&DECLARED[..], &[option, value]].concat(), 2, &[&[option], words].concat());
    }
    for (value, words) in [("nowhere", ["nowhere", "cannot read"]), ("INVENTED.csv", ["INVENTED.csv", "no JSON"])] {
        refused(&world, &[&DECLARED[..], &["--sds-config", value]].concat(), 1, &words);
    }
    refused(&world, &[&DECLARED[..], &["--most-filled", "0"]].concat(), 3, &["filled columns", "at least 1"]);
    for (columns, code, words) in
        [("miasto,Miasto", 1, &["no column `Miasto`", "`miasto`"][..]), ("miasto,miasto", 2, &["named twice"])]
    {
        refused(&world, &[&INFERRED[..], &["--columns", columns]].concat(), code, words);
    }
}

#[test]
fn whose_a_row_is_must_be_said_and_is_no_column_of_the_release() {
    let world = small();
    let base = ["--domain", "domain.toml", "--epsilon", "2"];
    refused(&world, &base, 2, &["--person"]);
    let both = [&base[..], &["--person", "miasto"]].concat();
    refused(&world, &both, 3, &["miasto", "tells people apart", "leave it out"]);
    refused(&world, &[&base[..], &["--person", "nobody"]].concat(), 1, &["`nobody`", "its columns are", "`miasto`"]);
    let inferred = ["--infer-domain-public", "--epsilon", "2", "--person", "miasto", "--columns", "miasto,جنس"];
    refused(&world, &inferred, 3, &["miasto", "tells people apart"]);
    let alone = [&base[..], &["--person", "miasto", "--columns", "جنس"]].concat();
    for rows in ["0", "1001"] {
        refused(&world, &[&alone[..], &["--rows-per-person", rows]].concat(), 3, &["1 to 1000", rows]);
    }
    refused(&world, &[&DECLARED[..], &["--person", "miasto"]].concat(), 2, &["cannot be used with"]);
}

#[test]
fn files_that_are_no_tables_and_domains_that_are_none_are_refused() {
    let garbage: Vec<u8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let nested = b"\x1f\x8bnothing".to_vec();
    for (bytes, word) in [
        (garbage, "not a table"),
        (nested, ""),
        (b"PAR1".to_vec(), ""),
        (b"PK\x03\x04nothing".to_vec(), ""),
        (Vec::new(), "empty"),
        (b"\n\n\n".to_vec(), "empty"),
    ] {
        let world = World::of(&bytes, SMALL);
        refused(&world, &DECLARED, 1, &[word]);
        refused(&world, &INFERRED, 1, &[word]);
    }
    let world = small();
    std::fs::remove_file(world.file()).unwrap();
    refused(&world, &DECLARED, 1, &["cannot open", "INVENTED.csv"]);
    std::fs::create_dir(world.file()).unwrap();
    refused(&world, &DECLARED, 1, &["INVENTED.csv"]);

    let world = small();
    for (domain, words) in [
        ("hello", &["the domain file", "line 1"][..]),
        ("", &["there is none", "[[column]]"]),
        ("[[column]]\nname = \"miasto\"\n", &["miasto"]),
        ("[[column]]\nname = \"miasto\"\nvalues = [\"a\", \"a\"]\n", &["miasto", "twice"]),
        ("[[column]]\nname = \"miasto\"\ncodelist = \"no\"\n", &["miasto", "no codelist"]),
        ("[[column]]\nname = \"miasto\"\nrange = [9, 1]\n", &["domain.toml", "miasto"]),
        (
            "[[column]]\nname = \"miasto\"\ncodelist = \"country\"\nvalues = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\"]\n",
            &["domain.toml", "\n  miasto: `a`, `b`, `c`, `d`, `e` and 2 more are no codes of the list `country`"],
        ),
        ("[[column]]\nname = \"Miasto\"\nvalues = [\"a\"]\n", &["no column `Miasto`", "`miasto`"]),
    ] {
        world.write("domain.toml", domain);
        refused(&world, &DECLARED, 1, words);
    }
    std::fs::remove_file(world.at("domain.toml")).unwrap();
    refused(&world, &DECLARED, 1, &["domain.toml", "cannot read"]);
    let twice = World::of("miasto,جنس,miasto\nŁódź,ذكر,Łódź\n", SMALL);
    refused(&twice, &DECLARED, 1, &["more than one column named `miasto`", "rename"]);
}

#[test]
fn text_in_another_encoding_is_asked_about_and_not_guessed() {
    // "Łódź" in windows-1250.
    let mut bytes = b"miasto\n".to_vec();
    for _ in 0..50 {
        bytes.extend(b"\xa3\xf3d\x9f\n");
    }
    let domain = "[[column]]\nname = \"miasto\"\nvalues = [\"Łódź\"]\n";
    let world = World::of(&bytes, domain);
    refused(&world, &DECLARED, 1, &["not UTF-8", "--encoding"]);
    let said = made(&world, &[&DECLARED[..], &["--encoding", "windows-1250"]].concat());
    assert_eq!(said["warnings"].as_array().unwrap().len(), 0, "{said}");
}

#[test]
fn an_output_folder_in_use_is_never_written_over_and_costs_nothing() {
    let world = small();
    std::fs::create_dir(world.at("mine")).unwrap();
    world.write("mine/precious.txt", "keep");
    for (out, word) in [("mine", "not empty"), ("INVENTED.csv", "folder"), ("INVENTED.csv/out", "folder")] {
        let ran = world.run(&[&DECLARED[..], &["--out", out]].concat());
        assert_eq!(ran.code, 1, "{out}: {}", ran.err);
        assert!(ran.err.contains(word) && ran.err.contains(out), "{}", ran.err);
        assert!(!world.ledger().exists(), "budget was spent for an output that could not be written");
    }
    assert_eq!(world.text("mine", "precious.txt"), "keep");
    // An empty one is fine.
    std::fs::create_dir(world.at("out")).unwrap();
    made(&world, &DECLARED);
}

/// The one error that comes after the debit: a table that can't be read to its end.
#[test]
fn privacy_07_a_table_that_breaks_off_costs_what_it_costs() {
    let csv = small_csv(100) + "\"أنثى,Łódź\n" + &small_csv(50);
    let world = World::of(csv, SMALL);
    let ran = world.run(&[&DECLARED[..], &["--out", "out"]].concat());
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("debited and stays spent") && ran.err.contains("quotation"), "{}", ran.err);
    assert!(!world.at("out").exists());
    assert_eq!(world.debits(), 1);
}

#[test]
fn errors_are_said_in_json_too() {
    let world = small();
    let output = accord(&["protect", "INVENTED.csv", "--rows-are-people", "--epsilon", "2", "--out", "out", "--json"])
        .current_dir(world.dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["error"].as_str().unwrap().contains("--infer-domain-public"));
}

#[test]
fn privacy_06_a_file_that_says_who_consented_is_not_released_as_a_table_that_asks_nobody() {
    let csv = "record_id,sex_registered,consent_p2,consent_p5\nINV-1,female,yes,yes\nINV-2,male,no,no\n";
    let world = World::of(csv, "[[column]]\nname = \"sex_registered\"\nvalues = [\"female\", \"male\"]\n");
    refused(&world, &DECLARED, 3, &["who consented", "Leave out the domain"]);
    refused(&world, &INFERRED, 3, &["who consented"]);
}

#[test]
fn a_character_that_can_not_be_seen_is_refused_before_anything_is_spent() {
    for hidden in ["\u{1b}]0;x\u{7}", "\u{202e}", "\u{2066}"] {
        let csv = format!("a,b\nv{hidden},x\n") + &"w,x\n".repeat(50);
        refused(&World::of(&csv, ""), &INFERRED, 1, &["can't be seen", "take them out"]);
        let escaped: String = format!("v{hidden}").chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
        let domain = format!("[[column]]\nname = \"a\"\nvalues = [\"{escaped}\", \"w\"]\n");
        refused(&World::of(&csv, &domain), &DECLARED, 1, &["can't be seen", "take them out"]);
    }
}

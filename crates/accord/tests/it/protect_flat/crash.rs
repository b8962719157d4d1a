//! Crashes, kills and full disks: a debit stands, nothing is measured twice, and nothing half written is left (PRIVACY 7).

use super::{World, debits, draw_of, is_sound, keeps_the_rules};
use crate::support::{files_below, long, ran, rows};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const ARGS: [&str; 5] = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "2"];
/// The count of rows, and the counts of lengths 1 to 3.
const STEPS: i64 = 4;

fn dies(world: &World, at: &str, more: &[&str]) {
    let output = world.command(&[&ARGS[..], more].concat()).env("ACCORD_TEST_DIE_AT", at).output().unwrap();
    assert_eq!(output.status.code(), None, "it did not die at {at}: {}", String::from_utf8_lossy(&output.stderr));
}

/// All files below a folder with what is in them.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |p: &Path| p.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
    files_below(dir).iter().map(|p| (name(p), std::fs::read(p).unwrap())).collect()
}

#[test]
fn privacy_07_a_crash_between_two_measurements_gives_the_draw_up_and_the_next_is_fresh() {
    for pass in [1, 2, STEPS] {
        let world = World::new(80, 1);
        dies(&world, &format!("measuring:{pass}"), &["--out", "out"]);
        let found = rows(&world.ledger());
        assert_eq!((found.entries, found.measured, found.tables), (1, 0, pass - 1), "at measurement {pass}");
        assert!(!world.at("out").exists());
        let asked = world.run(&[&ARGS[..], &["--out", "out"]].concat());
        assert_eq!(asked.code, 3);
        assert!(asked.err.contains("--again") && !world.at("out").exists(), "{}", asked.err);
        assert_eq!(rows(&world.ledger()).entries, 1, "asking cost something");
        let said = world.fine(&[&ARGS[..], &["--again", "--out", "out"]].concat());
        assert_eq!(said["resumed"], false);
        keeps_the_rules(&world, "out");
        let after = rows(&world.ledger());
        assert_eq!((after.entries, after.measured, after.tables), (2, 1, pass - 1 + STEPS));
        // Both were paid, and the report says so.
        let privacy = &world.report("out")["privacy"];
        let rho = |name: &str| privacy[name].as_u64().unwrap();
        assert_eq!(rho("rho_cumulative"), 2 * rho("rho"));
        // Nothing of the draw that was given up is in the output.
        let measured: serde_json::Value = serde_json::from_str(&world.text("out", "measured.json")).unwrap();
        for table in measured["tables"].as_array().unwrap() {
            let entry = &table["draws"][0]["entry"];
            assert!(!found.values.iter().any(|v| v.contains(entry.as_str().unwrap())), "{entry} is of the old draw");
        }
        let third = world.run(&[&ARGS[..], &["--again", "--out", "third"]].concat());
        assert_eq!(third.code, 3);
        assert!(third.err.contains("two draws"), "{}", third.err);
    }
}

#[test]
fn privacy_07_a_crash_after_the_last_measurement_is_taken_up_and_gives_the_same_bytes_each_time() {
    let world = World::new(120, 1);
    dies(&world, "measured", &["--out", "first"]);
    let before = rows(&world.ledger());
    assert_eq!((before.entries, before.measured, before.tables), (1, 1, STEPS));
    assert!(!world.at("first").exists());
    for name in ["copy-1", "copy-2"] {
        std::fs::copy(world.ledger(), world.at(name)).unwrap();
    }
    let said = world.fine(&[&ARGS[..], &["--out", "first"]].concat());
    assert_eq!(said["resumed"], true);
    keeps_the_rules(&world, "first");
    let after = rows(&world.ledger());
    assert_eq!((after.entries, after.tables), (1, STEPS), "the crash cost a second draw");
    assert_eq!(before.values, after.values);
    let measured: serde_json::Value = serde_json::from_str(&world.text("first", "measured.json")).unwrap();
    for table in measured["tables"].as_array().unwrap() {
        assert!(before.values.contains(&table.to_string()), "a table was measured again");
    }
    // Another go from the same committed measurements, also if the rows are not there any more as they were.
    let header = std::fs::read_to_string(world.file()).unwrap().lines().next().unwrap().to_owned();
    world.write("INVENTED.csv", &(header + "\n"));
    for (name, out) in [("copy-1", "second"), ("copy-2", "third")] {
        world.fine(&[&ARGS[..], &["--ledger", name, "--out", out]].concat());
        assert_eq!(contents(&world.at(out)), contents(&world.at("first")), "{out} differs");
    }
    // It was delivered: the same request is a new draw now, and to be asked for.
    let again = world.run(&[&ARGS[..], &["--out", "fourth"]].concat());
    assert!(again.code == 3 && again.err.contains("--again"), "{}", again.err);
}

#[test]
fn privacy_07_a_crash_right_after_writing_gives_the_same_draft_again_and_not_another() {
    let world = World::new(80, 1);
    dies(&world, "written", &["--out", "first"]);
    keeps_the_rules(&world, "first");
    let said = world.fine(&[&ARGS[..], &["--out", "second"]].concat());
    assert_eq!(said["resumed"], true);
    assert_eq!(contents(&world.at("first")), contents(&world.at("second")));
    assert_eq!(world.debits(), 1);
}

#[test]
fn privacy_07_a_draw_is_taken_up_by_its_own_request_only() {
    let world = World::new(80, 1);
    dies(&world, "measured", &["--out", "out"]);
    // Other columns, another cost, other lengths, other words about the file: another draw.
    for more in [["--columns", "land"], ["--epsilon", "1"], ["--reporting-length", "2"], ["--period", "2024"]] {
        let base: &[&str] = if more[0] == "--epsilon" { &ARGS[..3] } else { &ARGS };
        let ran = world.run(&[base, &more, &["--out", "out"]].concat());
        assert!(ran.code == 3 && ran.err.contains("--again"), "{more:?}: {} {}", ran.code, ran.err);
    }
    // What is made of the measurements may be chosen anew: it costs nothing.
    let free = ["--dial", "3", "--rows", "10", "--reporting-length", "4", "--title", "چرکنویس", "--out", "out"];
    assert_eq!(world.fine(&[&ARGS[..], &free].concat())["resumed"], true);
    keeps_the_rules(&world, "out");
    assert_eq!(world.debits(), 1);
}

/// Kills the program at random moments: whatever output stands is whole and sound, each is of a draw of its own, and there
/// are never more outputs than debits.
#[test]
fn privacy_07_kills_at_any_moment_leave_no_output_without_debit_and_nothing_half() {
    let kills: u64 = if long() { 200 } else { 20 };
    let world = World::new(200, 1);
    let slot = |kill: u64| format!("{}-{}", 2000 + kill / 90, kill % 90 + 1);
    let run = |kill: u64, out: &str| {
        let slot = slot(kill);
        let args = ["--domain", "domain.toml", "--rows-are-people", "--epsilon", "0.1", "--cap", "50"];
        let mut command = world.command(&[&args[..], &["--slot", &slot, "--again", "--out", out]].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let began = std::time::Instant::now();
    let whole = ran(run(kills, "whole").wait_with_output().unwrap());
    assert_eq!(whole.code, 0, "{}", whole.err);
    let lasts = began.elapsed().as_millis() as u64;
    let (mut stood, mut resumed) = (0, 0);
    for kill in 0..kills {
        let out = format!("out-{kill}");
        let mut child = run(kill, &out);
        // Spread over the whole run and a little more.
        std::thread::sleep(Duration::from_millis(lasts * ((kill * 37) % 50) / 40));
        child.kill().unwrap();
        child.wait().unwrap();
        if world.at(&out).exists() {
            stood += 1;
        } else if kill % 4 == 1 {
            // Going on after a kill works, with at most one more debit in the slot.
            let ran = ran(run(kill, &out).wait_with_output().unwrap());
            assert_eq!(ran.code, 0, "after kill {kill}: {}", ran.err);
            resumed += 1;
        }
    }
    let mut draws = Vec::new();
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() && !name.starts_with('.') {
            assert!(is_sound(&entry.path()), "{name} stands and is not whole");
            draws.push(draw_of(&world, &name));
        } else {
            // A folder that was being written bears a name that no one takes for a draft.
            let known = ["INVENTED.csv", "domain.toml"].iter().any(|n| name.starts_with(n));
            assert!(known || (name.starts_with('.') && name.contains(".partial-")), "{name} was left behind");
        }
    }
    let outputs = draws.len();
    draws.sort();
    draws.dedup();
    assert_eq!(draws.len(), outputs, "two outputs are of one draw");
    let found = rows(&world.ledger());
    assert!(outputs as i64 <= found.entries, "{outputs} outputs, {} debits", found.entries);
    assert!(found.most_per_draw <= STEPS && found.most_per_slot <= 2);
    assert!(stood < kills, "no kill came in time");
    println!("{kills} kills: {stood} came too late, {resumed} were gone on with, {} debits", found.entries);
}

/// The output can't be written after the debit: it is said what stands, and once there is room the same command makes the
/// draft of what was measured.
#[cfg(unix)]
#[test]
fn privacy_07_a_disk_that_is_full_after_the_debit_costs_no_second_draw() {
    let world = World::new(150, 1);
    // A limit on the size of a file: the ledger is under it and the synthetic rows are over it.
    let limited = |blocks: u64, more: &[&str]| {
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
        shell.args([env!("CARGO_BIN_EXE_accord"), "protect", "INVENTED.csv"]).args(ARGS).args(more);
        ran(shell.current_dir(world.dir.path()).env_clear().stdin(Stdio::null()).output().unwrap())
    };
    let more = ["--rows", "100000", "--out", "out"];
    let full = limited(400, &more);
    assert_eq!(full.code, 1, "{} {}", full.out, full.err);
    for word in ["synthetic.", "can't be written", "debited", "same command", "nothing is spent again"] {
        assert!(full.err.contains(word), "{word:?}: {}", full.err);
    }
    assert!(!world.at("out").exists());
    let left: Vec<_> = std::fs::read_dir(world.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().contains("partial")), "{left:?}");
    let before = rows(&world.ledger());
    assert_eq!((before.entries, before.measured), (1, 1));
    let said = world.fine(&[&ARGS[..], &more].concat());
    assert_eq!((said["resumed"].as_bool(), said["rows"].as_u64()), (Some(true), Some(100_000)));
    keeps_the_rules(&world, "out");
    assert_eq!(rows(&world.ledger()).values, before.values, "something was measured again");

    // No room for the ledger itself, at any point of writing it: no output, and no more than the debit that it says.
    for blocks in [0, 8, 16, 40, 48, 56] {
        let (ledger, out) = (format!("ledger-{blocks}"), format!("out-{blocks}"));
        let full = limited(blocks, &["--ledger", &ledger, "--out", &out]);
        if full.code == 0 {
            keeps_the_rules(&world, &out);
            continue;
        }
        assert_eq!(full.code, 1, "{} {}", full.out, full.err);
        assert!(!full.err.contains("panicked") && !world.at(&out).exists(), "{}", full.err);
        let spent = if world.at(&ledger).metadata().is_ok_and(|m| m.len() > 0) { spent(&world.at(&ledger)) } else { 0 };
        assert!(spent <= 1);
        // Mended, it goes on; at most one draw more is paid.
        world.fine(&[&ARGS[..], &["--again", "--ledger", &ledger, "--out", &out]].concat());
        keeps_the_rules(&world, &out);
        assert!(debits(&world.at(&ledger)) <= spent + 1);
    }
}

/// Debits of a ledger of which perhaps not even the tables were made.
#[cfg(unix)]
fn spent(ledger: &Path) -> i64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", ledger.display())).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM budget_entry").fetch_one(&pool).await.unwrap_or(0)
    })
}

/// The same on a real, tiny disk, where the system lets one be made.
#[cfg(target_os = "linux")]
#[test]
fn privacy_07_a_tiny_disk_that_fills_up_leaves_nothing_half() {
    let world = World::new(150, 1);
    std::fs::create_dir(world.at("disk")).unwrap();
    // In a mount namespace of its own: nothing is left when the shell ends. What is on the disk then is copied out.
    let script = r#"mount -t tmpfs -o size=160k tmpfs disk || exit 99
        "$@"; code=$?
        cp -r disk found || exit 98
        exit $code"#;
    let output = std::process::Command::new("unshare")
        .args(["-rm", "/bin/sh", "-c", script, "sh", env!("CARGO_BIN_EXE_accord"), "protect", "INVENTED.csv"])
        .args(ARGS)
        .args(["--rows", "50000", "--ledger", "disk/ledger", "--out", "disk/out"])
        .current_dir(world.dir.path())
        .output();
    let ran = match output {
        Ok(output) => ran(output),
        Err(error) => return println!("skipped: no `unshare` here ({error})"),
    };
    if !world.at("found").exists() {
        return println!("skipped: no disk can be mounted here ({})", ran.err.trim());
    }
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("No space left"), "{}", ran.err);
    let names: Vec<_> = std::fs::read_dir(world.at("found")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|n| n.to_string_lossy().starts_with("ledger")), "{names:?}");
    assert_eq!(debits(&world.at("found/ledger")), 1);
    let said = world.fine(&[&ARGS[..], &["--rows", "50000", "--ledger", "found/ledger", "--out", "out"]].concat());
    assert_eq!(said["resumed"], true);
    keeps_the_rules(&world, "out");
}

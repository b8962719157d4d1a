//! Kill -9 at random points: what was acknowledged is there, nothing is half there, nothing is lost (SEC-15).

use crate::kit::{TODAY, import, new_vault, open, people, readable};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

const CHILD: &str = "ACCORD_TEST_CRASH_VAULT";
/// Records in one import: more than one page, so that half of one could be seen.
const BATCH: usize = 600;

/// Not a test of its own: what the killed process does. Every line it prints is a promise.
#[tokio::test]
async fn child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let mut vault = open(dir.as_ref()).await;
    let say = |line: String| {
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    };
    say("\nready".into());
    let first = vault.imports().await.unwrap().len();
    for n in first.. {
        say(format!("begin {n}"));
        import(&vault, "f", people(&format!("b{n}-"), 0..BATCH)).await.unwrap();
        say(format!("imported {n}"));
        say(format!("erasing {n}"));
        vault.erase(&format!("b{n}-7"), TODAY).await.unwrap();
        say(format!("erased {n}"));
        vault.rotate().await.unwrap();
        if n % 3 == 2 {
            say(format!("undoing {n}"));
            vault.undo_import(n as i64 + 1, TODAY).await.unwrap();
            say(format!("undone {n}"));
        }
    }
}

#[tokio::test]
async fn killed_at_random_points_a_vault_holds_what_it_promised_and_nothing_half() {
    // A fresh vault every 50 kills, so that reading it stays quick.
    let rounds = if std::env::var("ACCORD_LONG").is_ok() { 20 } else { 1 };
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 1..=rounds {
        fifty_kills(&mut seed).await;
        eprintln!("{} kills survived", round * 50);
    }
}

async fn fifty_kills(seed: &mut u64) {
    let dir = tempfile::tempdir().unwrap();
    new_vault(dir.path()).await.0.close().await;
    let (mut imported, mut erased, mut undone) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for kill in 0..50 {
        // A fixed sequence of delays; where they fall in the child's work is chance.
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = Duration::from_micros((*seed >> 33) % 250_000);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next().unwrap().unwrap() != "ready" {}
        std::thread::sleep(delay);
        child.kill().unwrap();
        child.wait().unwrap();
        // At most one thing was begun and not acknowledged.
        let mut begun = None;
        for line in lines.map_while(Result::ok) {
            let Some((word, n)) = line.split_once(' ') else { continue };
            let Ok(n) = n.parse::<usize>() else { continue };
            match word {
                "begin" | "erasing" | "undoing" => begun = Some((word.to_owned(), n)),
                "imported" => drop(imported.insert(n)),
                "erased" => drop(erased.insert(n)),
                "undone" => drop(undone.insert(n)),
                _ => panic!("{line}"),
            }
        }
        let vault = open(dir.path()).await;
        let seen = vault.verify(TODAY).await.unwrap();
        assert_eq!(seen.records, vault.count().await.unwrap());
        let all = readable(&vault).await;
        let numbers: BTreeSet<usize> = imported.iter().copied().chain(begun.iter().map(|b| b.1)).collect();
        for n in numbers {
            let there = all.keys().filter(|k| k.starts_with(&format!("b{n}-"))).count();
            let seven = all.contains_key(&format!("b{n}-7"));
            let open_question = |word: &str| begun.as_ref().is_some_and(|b| b.0 == word && b.1 == n);
            // What may be there, given what was promised.
            let whole = if open_question("begin") {
                there == 0 || there == BATCH
            } else if open_question("undoing") {
                there == 0 || there == BATCH - 1
            } else if undone.contains(&n) {
                there == 0
            } else if open_question("erasing") && !erased.contains(&n) {
                there == BATCH || (there == BATCH - 1 && !seven)
            } else if erased.contains(&n) {
                there == BATCH - 1 && !seven
            } else {
                there == BATCH
            };
            assert!(whole, "after kill {kill} ({begun:?}): import {n} has {there} records");
            // What came to be without being acknowledged counts from now on.
            if there > 0 {
                imported.insert(n);
            }
            if there == BATCH - 1 && !seven {
                erased.insert(n);
            }
            if there == 0 && open_question("undoing") {
                undone.insert(n);
            }
            if there == 0 && open_question("begin") {
                imported.remove(&n);
            }
        }
        vault.close().await;
    }
    eprintln!("{} imports, {} erasures, {} undone", imported.len(), erased.len(), undone.len());
    assert!(imported.len() > 3, "the child got somewhere");
}

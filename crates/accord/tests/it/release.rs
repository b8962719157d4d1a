//! From a vault to a published release, and every way in which that must not happen.

use crate::support::{arg, files_below, fine, invented, json, run};
use std::path::{Path, PathBuf};

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    /// A vault with 400 invented people, and keys.
    fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        let file = invented(desk.dir.path(), 400);
        fine(&[
            "desk",
            "init",
            arg(&desk.at("vault")),
            "--organisation",
            "Invented shelter",
            "--size-bound",
            "1000",
            "--guess-memory",
            "64",
        ]);
        fine(&["desk", "import", arg(&file), "--vault", arg(&desk.at("vault"))]);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn draft(&self, out: &str, more: &[&str]) -> crate::support::Ran {
        let (vault, out) = (self.at("vault"), self.at(out));
        let mut args =
            vec!["release", "draft", "--vault", arg(&vault), "--epsilon", "1", "--invented", "--out", arg(&out)];
        args.extend(more);
        run(&args)
    }

    fn keys(&self) {
        fine(&["release", "keys", arg(&self.at("keys")), "--council", "Invented council"]);
    }

    fn decide(&self, draft: &str, outcome: &str, out: &str, shares: &[u8]) -> crate::support::Ran {
        let (draft, out) = (self.at(draft), self.at(out));
        let shares: Vec<PathBuf> = shares.iter().map(|n| self.at(&format!("keys/council-{n}.json"))).collect();
        let mut args = vec![
            "release",
            "decide",
            arg(&draft),
            "--council",
            "Invented council",
            "--outcome",
            outcome,
            "--note",
            "=Invented note",
            "--out",
            arg(&out),
        ];
        for share in &shares {
            args.extend(["--share", arg(share)]);
        }
        run(&args)
    }

    fn publish(&self, draft: &str, decision: &str, out: &str) -> crate::support::Ran {
        let at = |name: &str| self.at(name);
        let paths =
            [at(draft), at(decision), at("keys/release.json"), at("keys/trust.json"), at("keys/root.json"), at(out)];
        let [draft, decision, key, list, root, out] = paths.each_ref().map(|p| arg(p));
        run(&[
            "release",
            "publish",
            draft,
            "--decision",
            decision,
            "--key",
            key,
            "--trust-list",
            list,
            "--trust",
            root,
            "--out",
            out,
        ])
    }

    fn verify(&self, release: &str) -> serde_json::Value {
        let ran = run(&["verify", arg(&self.at(release)), "--trust", arg(&self.at("keys/root.json")), "--json"]);
        serde_json::from_str(ran.out.lines().last().unwrap()).unwrap()
    }
}

#[test]
fn privacy_21_a_release_is_published_only_by_a_quorum_and_its_note_travels() {
    let desk = Desk::new();
    desk.keys();
    let drawn = desk.draft("draft", &["--slot", "2026-1"]);
    assert_eq!(drawn.code, 0, "{} {}", drawn.out, drawn.err);
    // One share of two is no quorum.
    let alone = desk.decide("draft", "approve", "alone", &[1]);
    assert_eq!(alone.code, 1);
    assert!(!desk.at("alone").exists());
    assert_eq!(desk.decide("draft", "approve", "decision", &[1, 3]).code, 0);
    let published = desk.publish("draft", "decision", "release");
    assert_eq!(published.code, 0, "{}", published.err);
    assert_eq!(desk.verify("release")["trusted"], true);
    let table = std::fs::read_to_string(desk.at("release/tables/m1.csv")).unwrap();
    assert!(table.lines().skip(1).all(|l| l.contains("'=Invented note")), "the note is missing or a formula");
    // A draft alone is never trusted.
    assert_eq!(desk.verify("draft")["trusted"], false);
    assert_eq!(run(&["verify", arg(&desk.at("draft")), "--trust", arg(&desk.at("keys/root.json"))]).code, 1);
    // Any change is found.
    for path in files_below(&desk.at("release")) {
        let before = std::fs::read(&path).unwrap();
        let mut after = before.clone();
        let middle = after.len() / 2;
        after[middle] = after[middle].wrapping_add(1);
        std::fs::write(&path, &after).unwrap();
        assert_eq!(desk.verify("release")["trusted"], false, "a change in {} was not found", path.display());
        std::fs::write(&path, &before).unwrap();
    }
    assert_eq!(desk.verify("release")["trusted"], true);
}

#[test]
fn privacy_21_a_veto_a_deferral_or_a_decision_on_another_draft_publishes_nothing() {
    let desk = Desk::new();
    desk.keys();
    assert_eq!(desk.draft("draft", &["--slot", "2026-1"]).code, 0);
    assert_eq!(desk.draft("other", &["--slot", "2026-1", "--id", "other", "--again"]).code, 0);
    for outcome in ["veto", "defer"] {
        assert_eq!(desk.decide("draft", outcome, outcome, &[1, 2]).code, 0);
        let ran = desk.publish("draft", outcome, "release");
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(ran.err.contains("did not approve"), "{}", ran.err);
    }
    assert_eq!(desk.decide("other", "approve", "of-other", &[1, 2]).code, 0);
    let ran = desk.publish("draft", "of-other", "release");
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("another draft"), "{}", ran.err);
    assert!(!desk.at("release").exists());
}

#[test]
fn privacy_02_the_account_of_a_vault_is_charged_and_refuses_what_is_over_its_cap() {
    let desk = Desk::new();
    assert_eq!(desk.draft("first", &["--slot", "2026-1"]).code, 0);
    let more = |slot: &'static str, epsilon: &'static str| {
        let (vault, out) = (desk.at("vault"), desk.at("more"));
        run(&["release", "draft", "--vault", arg(&vault), "--slot", slot, "--epsilon", epsilon, "--out", arg(&out)])
    };
    let over = more("2026-2", "4");
    assert_eq!(over.code, 3, "{}", over.err);
    assert!(over.err.contains("budget"), "{}", over.err);
    for epsilon in ["0", "-2", "NaN", "inf"] {
        assert_eq!(more("2026-2", epsilon).code, 3, "{epsilon}");
    }
    let ledger = json(&["release", "ledger", "--vault", arg(&desk.at("vault"))]);
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 1, "a refused draw was charged");
}

#[test]
fn privacy_02_emptying_the_readable_ledger_gives_no_budget_back() {
    let desk = Desk::new();
    assert_eq!(desk.draft("first", &["--slot", "2026-1"]).code, 0);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite://{}", desk.at("vault/vault.db").display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        for sql in ["DELETE FROM budget_entry", "DELETE FROM budget_measurement", "DELETE FROM budget_draw"] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
        }
        pool.close().await;
    });
    let ran = desk.draft("second", &["--slot", "2026-1", "--again"]);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("changed") && !desk.at("second").exists(), "{}", ran.err);
    // Nor does emptying the sealed entries as well.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite://{}", desk.at("vault/vault.db").display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        let sql = "UPDATE ledger_entry SET sealed = NULL WHERE ledger = 'budget'";
        sqlx::query(sql).execute(&pool).await.unwrap();
        pool.close().await;
    });
    let ran = desk.draft("third", &["--slot", "2026-1", "--again"]);
    assert_ne!(ran.code, 0, "{} {}", ran.out, ran.err);
    assert!(!desk.at("third").exists());
}

#[test]
fn privacy_21_a_file_slipped_into_a_draft_is_never_published() {
    let desk = Desk::new();
    desk.keys();
    assert_eq!(desk.draft("draft", &["--slot", "2026-1"]).code, 0);
    assert_eq!(desk.decide("draft", "approve", "decision", &[1, 2]).code, 0);
    std::fs::write(desk.at("draft/tables/exact.csv"), "figure,value\n").unwrap();
    let ran = desk.publish("draft", "decision", "release");
    assert_ne!(ran.code, 0);
    assert!(!desk.at("release").exists());
}

#[test]
fn privacy_04_a_holder_too_small_for_its_epsilon_is_refused_before_anything_is_spent() {
    let desk = Desk { dir: tempfile::tempdir().unwrap() };
    let file = invented(desk.dir.path(), 140);
    let vault = desk.at("vault");
    fine(&[
        "desk",
        "init",
        arg(&vault),
        "--organisation",
        "Invented small shelter",
        "--size-bound",
        "200",
        "--guess-memory",
        "64",
    ]);
    fine(&["desk", "import", arg(&file), "--vault", arg(&vault)]);
    let ran = desk.draft("draft", &["--slot", "2026-1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("200") && !ran.err.contains("140") && !desk.at("draft").exists(), "{}", ran.err);
    let ledger = json(&["release", "ledger", "--vault", arg(&vault)]);
    assert!(ledger["entries"].as_array().unwrap().is_empty());
    // It contributes to a pool all the same.
    let contribution = desk.at("contribution.json");
    fine(&[
        "release",
        "draft",
        "--vault",
        arg(&vault),
        "--slot",
        "2026-1",
        "--epsilon",
        "1",
        "--invented",
        "--contribution",
        arg(&contribution),
    ]);
    assert!(contribution.is_file());
    // The same draw can't be pooled with itself.
    let twice = run(&[
        "release",
        "pool",
        arg(&contribution),
        arg(&contribution),
        "--id",
        "p",
        "--title",
        "P",
        "--out",
        arg(&desk.at("p")),
    ]);
    assert_eq!(twice.code, 1);
    assert!(twice.err.contains("counted twice"), "{}", twice.err);
}

#[test]
fn privacy_20_an_old_backup_restored_can_not_draw_until_the_newest_heads_are_shown() {
    let desk = Desk::new();
    let vault = desk.at("vault");
    fine(&["desk", "backup", arg(&desk.at("backup")), "--vault", arg(&vault)]);
    // After the backup a draw is made; a restored vault would not know of it.
    assert_eq!(desk.draft("draft", &["--slot", "2026-1"]).code, 0);
    let heads = fine(&["desk", "heads", "--vault", arg(&vault), "--json"]);
    std::fs::write(desk.at("heads.json"), heads).unwrap();
    restore(&desk, "restored");
    let restored = desk.at("restored");
    let ran = run(&[
        "release",
        "draft",
        "--vault",
        arg(&restored),
        "--slot",
        "2026-2",
        "--epsilon",
        "1",
        "--out",
        arg(&desk.at("again")),
    ]);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("locked"), "{}", ran.err);
    assert!(!desk.at("again").exists());
}

fn restore(desk: &Desk, into: &str) {
    let backups: Vec<PathBuf> = files_below(desk.dir.path())
        .into_iter()
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("backup")))
        .collect();
    let find = |keys: bool| -> &Path {
        backups
            .iter()
            .find(|p| p.to_string_lossy().contains("keys") == keys)
            .map(PathBuf::as_path)
            .unwrap_or_else(|| panic!("{backups:?}"))
    };
    let into = desk.at(into);
    let args = ["desk", "restore", arg(find(false)), arg(&into), "--keys", arg(find(true))];
    let ran = run(&args);
    assert_eq!(ran.code, 0, "{args:?} {} {}", ran.out, ran.err);
}

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

/// Lists the files of a folder anew, as anybody can.
fn list_anew(folder: &Path) {
    use accord_release::files::{Entry, Manifest, sha256};
    let manifest = folder.join("manifest.json");
    let mut listed: Manifest = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    let entry = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (name, Entry { sha256: sha256(&bytes), bytes: bytes.len() as u64 })
    };
    listed.files = files_below(folder).iter().map(entry).collect();
    std::fs::write(&manifest, serde_json::to_vec(&listed).unwrap()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for path in files_below(from) {
        let goal = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(goal.parent().unwrap()).unwrap();
        std::fs::copy(path, goal).unwrap();
    }
}

#[test]
fn privacy_21_a_draft_with_a_file_or_a_decision_that_somebody_added_goes_nowhere() {
    let desk = Desk::new();
    desk.keys();
    assert_eq!(desk.draft("draft", &["--slot", "2026-1"]).code, 0);
    assert_eq!(desk.decide("draft", "approve", "approved", &[1, 2]).code, 0);
    let decision = std::fs::read(desk.at("approved/decision.json")).unwrap();
    let forged =
        br#"{"outcome":"approve","council":"Nobody","note":"x","date":"2026-01-01","draft":"","quorum":[9,9]}"#;
    for (at, (path, bytes)) in [
        ("tables/people.csv", b"name\n".as_slice()),
        ("index.html", b"<p>".as_slice()),
        ("decision.json", forged.as_slice()),
        ("decision.json", decision.as_slice()),
        ("draft/manifest.json", b"{}".as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("changed-{at}");
        copy(&desk.at("draft"), &desk.at(&name));
        std::fs::create_dir_all(desk.at(&name).join("draft")).unwrap();
        std::fs::write(desk.at(&name).join(path), bytes).unwrap();
        list_anew(&desk.at(&name));
        let verified = run(&["verify", arg(&desk.at(&name))]);
        assert_eq!(verified.code, 1, "{path}: {}", verified.out);
        assert!(verified.out.contains(&format!("{path} is no part of a")), "{}", verified.out);
        assert_ne!(desk.decide(&name, "approve", &format!("decision-{at}"), &[1, 2]).code, 0, "{path}");
        // By a decision on the very draft that was changed.
        let hash = accord_release::files::sha256(&std::fs::read(desk.at(&name).join("manifest.json")).unwrap());
        let mut of_this: serde_json::Value = serde_json::from_slice(&decision).unwrap();
        of_this["draft"] = hash.into();
        copy(&desk.at("approved"), &desk.at(&format!("forged-{at}")));
        std::fs::write(desk.at(&format!("forged-{at}/decision.json")), of_this.to_string()).unwrap();
        let published = desk.publish(&name, &format!("forged-{at}"), &format!("release-{at}"));
        assert!(published.code != 0 && published.err.contains("does not pass its checks"), "{path}: {}", published.err);
        let shown = run(&["hub", "serve", "--check", "--bundle", arg(&desk.at(&name))]);
        assert!(shown.code != 0 && shown.err.contains("does not pass its checks"), "{path}: {}", shown.err);
    }
    assert_eq!(run(&["hub", "serve", "--check", "--bundle", arg(&desk.at("draft"))]).code, 0);

    // One bad folder takes none of the others with it, and is said.
    let (site, root) = (desk.at("site"), desk.at("keys/root.json"));
    copy(&desk.at("draft"), &site.join("good"));
    let check = |more: &[&str]| run(&[&["hub", "serve", "--check", "--site", arg(&site)], more].concat());
    assert_eq!(check(&[]).code, 0);
    copy(&desk.at("changed-0"), &site.join("bad"));
    std::fs::create_dir(site.join("other")).unwrap();
    std::fs::write(site.join("other/manifest.json"), "{").unwrap();
    let said = check(&[]);
    assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    assert!(said.out.contains("draft: no council") && said.out.lines().count() == 1, "{}", said.out);
    assert!(said.err.contains("bad is not shown") && said.err.contains("other is not shown"), "{}", said.err);
    // A published release comes before its own draft.
    for name in ["bad", "other"] {
        std::fs::remove_dir_all(site.join(name)).unwrap();
    }
    assert_eq!(desk.publish("draft", "approved", "site/release").code, 0);
    let said = check(&["--trust", arg(&root)]);
    assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    assert!(said.out.contains("published") && said.out.lines().count() == 1, "{}", said.out);
    assert!(said.err.contains("one of them is shown"), "{}", said.err);
}

#[test]
fn privacy_07_what_can_not_be_written_is_refused_before_anything_is_spent() {
    let desk = Desk::new();
    let vault = desk.at("vault");
    std::fs::write(desk.at("file"), "x").unwrap();
    for (option, path) in [("--contribution", "none/c.json"), ("--contribution", "file/c.json"), ("--out", "file/out")]
    {
        let path = desk.at(path);
        let common = ["release", "draft", "--vault", arg(&vault), "--epsilon", "1", "--invented", "--slot", "2026-1"];
        let ran = run(&[&common[..], &[option, arg(&path)]].concat());
        assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    }
    // Nothing was spent, so that the slot's first draw needs no --again.
    let ledger = fine(&["release", "ledger", "--vault", arg(&vault), "--json"]);
    assert!(!ledger.contains(r#""slot":"2026-1""#), "{ledger}");
    assert_eq!(desk.draft("draft", &["--slot", "2026-1"]).code, 0);
}

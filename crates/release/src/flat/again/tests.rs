use super::*;
use crate::files::{DECISION_CONTEXT, Signed, decision_bytes, draft_hash, published_files};
use crate::flat::page::tests::{made, people};
use crate::flat::report::{draft as drafted_by, files as files_of};
use crate::verify::{CheckResult, verify, verify_with};
use accord_crypto::council;
use accord_crypto::sign::SigningKey;
use accord_crypto::trust::{TrustList, TrustRoot, TrustedKey};

const TODAY: &str = "2026-11-24";
const NOTE: &str = "=Read the girls’ figures first.";

#[expect(clippy::unnecessary_wraps, reason = "what makes Parquet may fail")]
fn stand_in(_: &Columns, rows: &[Vec<u16>]) -> Result<Vec<u8>, String> {
    Ok(rows.iter().flatten().flat_map(|code| code.to_le_bytes()).collect())
}

/// A draft of invented people; with a file that stands in for Parquet where asked for.
fn draft_of(title: &str, with_parquet: bool) -> Files {
    let (measured, plan) = made(&people(), title, true);
    let drafted = drafted_by(&measured, &plan, &mut |_| {}).unwrap();
    let mut others = Files::new();
    if with_parquet {
        others.insert(PARQUET.into(), stand_in(&measured.columns, &drafted.synthetic.columns).unwrap());
    }
    files_of(&measured, &drafted, others).unwrap()
}

/// What publishes: a council of two of three, a release key, and the root that names both.
struct Keys {
    council: Vec<council::CouncilShare>,
    council_key: accord_crypto::VerifyingKey,
    release: SigningKey,
    root: TrustRoot,
    list: Vec<u8>,
}

fn keys() -> Keys {
    let root_key = SigningKey::from_seed(&[1; 32]);
    let root = TrustRoot::new("test", 1, vec![root_key.verifying_key()]).unwrap();
    let release = SigningKey::from_seed(&[9; 32]);
    let (council_key, council) = council::deal(2, 3).unwrap();
    let trusted =
        |key| TrustedKey { key, holder: "Invented council".into(), not_before: "2026-01-01".into(), not_after: None };
    let mut list = TrustList {
        serial: 1,
        issued: "2026-01-01".into(),
        release_keys: vec![trusted(release.verifying_key())],
        council_keys: vec![trusted(council_key)],
        ..TrustList::default()
    };
    list.sign(&root_key);
    Keys { council, council_key, release, root, list: serde_json::to_vec(&list).unwrap() }
}

impl Keys {
    fn decide(&self, draft: &Files, outcome: Outcome) -> (Decision, Signed) {
        let decision = Decision {
            outcome,
            council: "Invented council".into(),
            note: NOTE.into(),
            date: TODAY.into(),
            draft: draft_hash(draft).unwrap(),
            quorum: [2, 3],
        };
        let bytes = decision_bytes(&decision).unwrap();
        let signature = council::sign(&self.council[1..], DECISION_CONTEXT, &bytes).unwrap();
        (decision, Signed { key_id: self.council_key.id(), key: self.council_key, signature })
    }

    fn publish(&self, draft: &Files, (decision, signed): &(Decision, Signed)) -> Result<Files, String> {
        published_files(draft, decision, signed, &self.list, &self.release, Some(&stand_in)).map_err(|e| e.to_string())
    }

    fn trusts(&self, files: &Files) -> bool {
        verify_with(files, Some(&self.root), None, TODAY, Some(&stand_in)).is_trusted()
    }
}

#[test]
fn a_published_flat_release_says_so_everywhere_and_has_the_numbers_of_its_draft() {
    let (keys, draft) = (keys(), draft_of("Invented", true));
    let files = keys.publish(&draft, &keys.decide(&draft, Outcome::Approve)).unwrap();
    assert!(keys.trusts(&files));
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    for path in ["report.json", "report.html", "aggregates.json", "aggregates.sdmx.csv", "datapackage.json"] {
        assert!(!text(path).to_lowercase().contains("draft:") && !text(path).contains("A draft"), "{path}");
        assert!(text(path).contains("Read the girls’ figures first."), "{path} lacks the council's note");
    }
    assert!(text("aggregates.sdmx.csv").lines().skip(1).all(|l| l.ends_with("'=Read the girls’ figures first.")));
    let report: FlatReport = parse(&files, REPORT).unwrap();
    assert_eq!(
        (report.status, report.decision.map(|d| d.council)),
        (Status::Published, Some("Invented council".into()))
    );
    for path in ["measured.json", "synthetic.csv", PARQUET, "aggregates.csv"] {
        assert_eq!(files[path], draft[path], "{path}");
    }
    assert_eq!(files["draft/manifest.json"], draft["manifest.json"]);
}

#[test]
fn a_change_in_any_file_of_a_published_flat_release_is_found_even_if_its_manifest_is_made_anew() {
    let (keys, draft) = (keys(), draft_of("Invented", true));
    let files = keys.publish(&draft, &keys.decide(&draft, Outcome::Approve)).unwrap();
    for path in files.keys() {
        let mut changed = files.clone();
        let bytes = changed.get_mut(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] = bytes[middle].wrapping_add(1);
        assert!(!keys.trusts(&changed), "a change in {path} went unnoticed");
        if !path.ends_with("manifest.json") && path != "manifest.sig.json" {
            // Whoever holds the release key signs whatever they like; what the council saw, they can't change.
            for key in ["manifest.json", "manifest.sig.json"] {
                changed.remove(key);
            }
            add_manifest("draft-2026-1", Status::Published, &mut changed).unwrap();
            let changed = crate::files::sign(changed, &keys.release).unwrap();
            assert!(!keys.trusts(&changed), "a change in {path} was signed");
        }
        let mut missing = files.clone();
        missing.remove(path);
        assert!(!keys.trusts(&missing), "{path} was removed unnoticed");
    }
    let mut more = files.clone();
    more.insert("names.csv".into(), b"name\n".to_vec());
    assert!(!keys.trusts(&more));
    assert!(keys.trusts(&files));
}

#[test]
fn a_flat_draft_is_published_by_an_approval_of_itself_alone() {
    let (keys, draft) = (keys(), draft_of("Invented", false));
    for outcome in [Outcome::Defer, Outcome::Veto] {
        let files = keys.publish(&draft, &keys.decide(&draft, outcome)).unwrap();
        let report = verify(&files, Some(&keys.root), None, TODAY);
        assert!(!report.is_sound(), "{outcome:?}");
    }
    let other = draft_of("Another", false);
    let files = keys.publish(&draft, &keys.decide(&other, Outcome::Approve)).unwrap();
    let report = verify(&files, Some(&keys.root), None, TODAY);
    let why = report.checks.iter().find(|c| c.what == "the decision approves exactly this draft").unwrap();
    assert_eq!(why.result, CheckResult::Failed("the decision is about another draft".into()));
    // The right one, without a root: sound, and trusted by nobody.
    let files = keys.publish(&draft, &keys.decide(&draft, Outcome::Approve)).unwrap();
    let report = verify(&files, None, None, TODAY);
    assert!(report.is_sound() && !report.is_trusted());
    assert!(keys.trusts(&files));
}

#[test]
fn a_flat_draft_that_does_not_follow_from_its_noisy_counts_is_not_published() {
    let keys = keys();
    let mut draft = draft_of("Invented", false);
    draft.insert("aggregates.csv".into(), b"combination,count\n\"[]\",7\n".to_vec());
    draft.remove("manifest.json");
    add_manifest("draft-2026-1", Status::Draft, &mut draft).unwrap();
    let why = keys.publish(&draft, &keys.decide(&draft, Outcome::Approve)).unwrap_err();
    assert!(why.contains("aggregates.csv"), "{why}");
}

#[test]
fn parquet_with_other_rows_is_found_and_never_trusted_where_it_can_not_be_made_again() {
    let (keys, draft) = (keys(), draft_of("Invented", true));
    let files = keys.publish(&draft, &keys.decide(&draft, Outcome::Approve)).unwrap();
    let report = verify(&files, Some(&keys.root), None, TODAY);
    assert!(report.is_sound() && !report.is_trusted());
    let (measured, plan) = made(&people(), "Invented", true);
    let drafted = drafted_by(&measured, &plan, &mut |_| {}).unwrap();
    let forged = files_of(&measured, &drafted, Files::from([(PARQUET.into(), b"rows of people".to_vec())])).unwrap();
    assert!(verify(&forged, None, None, TODAY).is_sound());
    assert!(!verify_with(&forged, None, None, TODAY, Some(&stand_in)).is_sound());
    assert!(keys.publish(&forged, &keys.decide(&forged, Outcome::Approve)).is_err());
}

#[test]
fn a_draft_that_claims_a_decision_is_refused() {
    let (keys, mut draft) = (keys(), draft_of("Invented", false));
    let (decision, _) = keys.decide(&draft, Outcome::Approve);
    let report: FlatReport = parse(&draft, REPORT).unwrap();
    draft.insert(REPORT.into(), crate::files::json(REPORT, &report.decided(&decision)).unwrap());
    draft.remove("manifest.json");
    add_manifest("draft-2026-1", Status::Draft, &mut draft).unwrap();
    assert!(!verify(&draft, None, None, TODAY).is_sound());
}

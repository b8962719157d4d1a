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

/// A draft with these bytes as its noisy counts, listed as if they belonged there.
fn with_measured(draft: &Files, bytes: Vec<u8>) -> Files {
    let mut files = draft.clone();
    files.insert(MEASURED.into(), bytes);
    files.remove("manifest.json");
    add_manifest("draft-2026-1", Status::Draft, &mut files).unwrap();
    files
}

#[test]
fn a_number_that_no_count_can_have_is_refused_before_anything_is_added_up() {
    let draft = draft_of("Invented", false);
    let honest: Measured = parse(&draft, MEASURED).unwrap();
    for value in [i64::MAX, i64::MIN, 1_000_000_000_001, -1_000_000_000_001] {
        for table in 0..honest.tables.len() {
            let mut measured = honest.clone();
            measured.tables[table].values.fill(value);
            let why = follows(&with_measured(&draft, serde_json::to_vec(&measured).unwrap())).unwrap_err();
            assert!(why.contains("no count can have"), "{table}: {why}");
            // Nor does it panic where nobody asked.
            assert!(crate::flat::make(&measured, &crate::flat::Ask::default(), &mut |_| {}).is_ok() || table == 0);
        }
    }
}

#[test]
fn what_a_decision_added_to_a_report_can_be_taken_out_again() {
    let (keys, draft) = (keys(), draft_of("Invented", false));
    let drafted: FlatReport = parse(&draft, REPORT).unwrap();
    let (mut decision, _) = keys.decide(&draft, Outcome::Approve);
    for note in [NOTE, ""] {
        decision.note = note.into();
        let mut report = drafted.clone().decided(&decision);
        report.undecide();
        assert!(report.decision.is_none() && report.status == Status::Draft);
        assert_eq!(report.notes, drafted.notes[1..], "no word of the council is left");
    }
    let mut report = drafted.clone();
    report.undecide();
    assert_eq!(report, drafted);
}

mod any_bytes {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static DRAFT: LazyLock<Files> = LazyLock::new(|| draft_of("Invented", false));

    /// Numbers at the ends of what they can be, and any other.
    fn number() -> impl Strategy<Value = serde_json::Value> {
        prop_oneof![
            prop::sample::select(vec![
                i64::MAX,
                i64::MIN,
                1_000_000_000_000,
                -1_000_000_000_000,
                0,
                -1,
                1,
                255,
                65_536
            ])
            .prop_map(Into::into),
            Just(u64::MAX.into()),
            (-3000..3000_i64).prop_map(Into::into),
            Just(serde_json::Value::Null),
        ]
    }

    /// Every number of a document, in order.
    fn numbers<'a>(value: &'a mut serde_json::Value, out: &mut Vec<&'a mut serde_json::Value>) {
        match value {
            serde_json::Value::Number(_) => out.push(value),
            serde_json::Value::Array(all) => all.iter_mut().for_each(|v| numbers(v, out)),
            serde_json::Value::Object(all) => all.values_mut().for_each(|v| numbers(v, out)),
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_numbers_in_the_noisy_counts_make_the_verifier_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), number()), 1..6),
        ) {
            let mut document: serde_json::Value = serde_json::from_slice(&DRAFT[MEASURED]).unwrap();
            for (at, number) in changes {
                let mut all = Vec::new();
                numbers(&mut document, &mut all);
                *all.swap_remove(at.index(all.len())) = number;
            }
            let files = with_measured(&DRAFT, serde_json::to_vec(&document).unwrap());
            prop_assert!(!verify(&files, None, None, TODAY).is_trusted());
        }

        #[test]
        fn no_bytes_in_the_noisy_counts_make_the_verifier_panic(
            at in any::<prop::sample::Index>(), cut in 0..12_usize, bytes in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let mut measured = DRAFT[MEASURED].clone();
            let from = at.index(measured.len());
            measured.splice(from..(from + cut).min(measured.len()), bytes);
            prop_assert!(!verify(&with_measured(&DRAFT, measured), None, None, TODAY).is_trusted());
        }
    }
}

//! The bundle from draft to publication, and every way of tampering with it.

use crate::worlds::{draft, noisy, workload};
use accord_crypto::trust::{Revocation, TrustList, TrustRoot, TrustedKey};
use accord_crypto::{SigningKey, council};
use accord_release::account::{Rho, epsilon_of};
use accord_release::bundle::{Bundle, Decision, Outcome};
use accord_release::consistent::reconcile;
use accord_release::files::{
    DECISION_CONTEXT, Entry, Files, MANIFEST_FORMAT, Manifest, Signed, Status, decision_bytes, draft_files, draft_hash,
    published_files, read_bundle, sha256,
};
use accord_release::noisy::{Draw, NoisyTable};
use accord_release::quality::quality;
use accord_release::synth::{self, synthesise};
use accord_release::verify::verify;
use accord_standard::figure::FigureValue;
use proptest::prelude::*;

pub const TODAY: &str = "2026-11-24";

pub fn values() -> [Vec<i64>; 3] {
    let m1: Vec<i64> = (0..15).map(|i| 40 * i - 3).collect();
    let m2: Vec<i64> = (0..45).map(|i| 13 * (i / 3) - 2 + i % 3).collect();
    let m3: Vec<i64> = (0..60).map(|i| 5 * (i / 4) + i % 2).collect();
    [m1, m2, m3]
}

pub fn draft_of(values: [Vec<i64>; 3]) -> Files {
    let mut bundle = draft(values);
    // Paid for apart: the release states twice the cost.
    bundle.microdata = microdata(&bundle);
    bundle.privacy.rho = Rho(2 * bundle.privacy.rho.0);
    bundle.privacy.rho_cumulative = bundle.privacy.rho;
    bundle.privacy.rho_several_desks = Rho(3 * bundle.privacy.rho.0);
    let delta = bundle.privacy.delta;
    bundle.privacy.epsilon = epsilon_of(bundle.privacy.rho, delta);
    bundle.privacy.epsilon_cumulative = bundle.privacy.epsilon;
    bundle.privacy.epsilon_several_desks = epsilon_of(bundle.privacy.rho_several_desks, delta);
    let synthetic = synthesise(&bundle.workload, &bundle.microdata).unwrap();
    draft_files(&bundle, Some(&synthetic), Some(&quality(&bundle).unwrap())).unwrap()
}

/// Invented noisy counts of combinations, at the cost of the first table in all.
fn microdata(bundle: &Bundle) -> Vec<NoisyTable> {
    let measurements = synth::measurements(&bundle.workload).unwrap();
    let rho = Rho(bundle.privacy.rho.0 / measurements.len() as u64);
    let counts =
        |cells: usize| if cells == 1 { vec![400] } else { (0..cells as i64).map(|i| 7 * i % 60 - 5).collect() };
    let sigma = |most: u64| ((most as f64 / (2.0 * rho.to_f64())).sqrt() * 1000.0).ceil() as u64 + 1;
    measurements
        .into_iter()
        .map(|(table, cells, most)| {
            let entry = format!("m-{table}");
            let draw = Draw { sigma_milli: sigma(most), rho, sensitivity_squared: most, entry };
            NoisyTable { table, values: counts(cells), draws: vec![draw] }
        })
        .collect()
}

/// A published release with its root of trust.
pub fn published(outcome: Outcome) -> (Files, TrustRoot) {
    let (files, root, _) = published_with(outcome, |_| ());
    (files, root)
}

/// The same, with the draft changed after the decision; also the list of trusted keys without and with a revocation.
fn published_with(outcome: Outcome, change: impl Fn(&mut Files)) -> (Files, TrustRoot, TrustList) {
    let mut files = draft_of(values());
    let roots: Vec<SigningKey> = (1..=3).map(|i| SigningKey::from_seed(&[i; 32])).collect();
    let root = TrustRoot::new("test", 2, roots.iter().map(SigningKey::verifying_key).collect()).unwrap();
    let release_key = SigningKey::from_seed(&[9; 32]);
    let (council_key, shares) = council::deal(2, 3).unwrap();
    let trusted =
        |key| TrustedKey { key, holder: "Invented council".into(), not_before: "2026-01-01".into(), not_after: None };
    let mut list = TrustList {
        serial: 1,
        issued: "2026-01-01".into(),
        release_keys: vec![trusted(release_key.verifying_key())],
        council_keys: vec![trusted(council_key)],
        ..TrustList::default()
    };
    list.sign(&roots[0]);
    list.sign(&roots[2]);
    let decision = Decision {
        outcome,
        council: "Invented council".into(),
        note: "Read with care.".into(),
        date: TODAY.into(),
        draft: draft_hash(&files).unwrap(),
        quorum: [2, 3],
    };
    let signature = council::sign(&shares[1..], DECISION_CONTEXT, &decision_bytes(&decision).unwrap()).unwrap();
    let signed = Signed { key_id: council_key.id(), key: council_key, signature };
    let trust = serde_json::to_vec(&list).unwrap();
    let mut newer = TrustList { serial: 2, signatures: vec![], ..list };
    newer.revocations.push(Revocation {
        key: release_key.verifying_key(),
        since: "2026-11-01".into(),
        reason: "compromised".into(),
    });
    newer.sign(&roots[0]);
    newer.sign(&roots[1]);
    change(&mut files);
    (published_files(&files, &decision, &signed, &trust, &release_key, None).unwrap(), root, newer)
}

#[test]
fn privacy_21_a_revocation_newer_than_the_bundle_counts() {
    let (files, root, newer) = published_with(Outcome::Approve, |_| ());
    assert!(verify(&files, Some(&root), None, TODAY).is_trusted());
    assert!(!verify(&files, Some(&root), Some(&newer), TODAY).is_sound());
    // A list that the root didn't sign counts for nothing, and is said.
    let forged = TrustList { serial: 9, signatures: vec![], ..newer };
    assert!(!verify(&files, Some(&root), Some(&forged), TODAY).is_sound());
}

#[test]
fn privacy_21_what_the_council_never_saw_is_not_published() {
    let additions: [fn(&mut Files); 4] = [
        |f| drop(f.insert("tables/exact.csv".into(), b"figure,value\n".to_vec())),
        |f| drop(f.insert("notes/names.txt".into(), b"x".to_vec())),
        |f| drop(f.insert("synthetic.csv".into(), b"x".to_vec())),
        |f| drop(f.remove("quality.json")),
    ];
    for (i, addition) in additions.into_iter().enumerate() {
        let (files, root, _) = published_with(Outcome::Approve, addition);
        assert!(!verify(&files, Some(&root), None, TODAY).is_trusted(), "change {i} was published");
    }
}

#[test]
fn privacy_11_figures_costs_and_reports_that_do_not_follow_from_the_measurements_never_verify() {
    let changes: [fn(&mut Bundle); 9] = [
        |b| b.tables[0].figures[1].value = FigureValue::Count { value: 777, low: 770, high: 780 },
        |b| drop(b.headlines.pop()),
        |b| b.headlines[0].figure.value = FigureValue::Count { value: 1, low: 1, high: 1 },
        |b| b.privacy.tables.clear(),
        |b| b.privacy.rho = Rho(1),
        |b| b.privacy.epsilon = 0.001,
        |b| b.privacy.delta = 0.999,
        |b| b.tables[0].noisy.draws[0].sigma_milli = 100,
        |b| b.tables[1].noisy.values[0] += 100,
    ];
    let honest = read_bundle(&draft_of(values())).unwrap();
    for (i, change) in changes.into_iter().enumerate() {
        let mut bundle = honest.clone();
        change(&mut bundle);
        let synthetic = synthesise(&bundle.workload, &bundle.microdata).unwrap();
        let report = quality(&bundle).unwrap();
        let files = draft_files(&bundle, Some(&synthetic), Some(&report)).unwrap();
        assert!(!verify(&files, None, None, TODAY).is_sound(), "change {i} verifies");
    }
    let mut files = draft_of(values());
    assert!(verify(&files, None, None, TODAY).is_sound());
    let rows = String::from_utf8(files["synthetic.csv"].clone()).unwrap().replace("female", "male");
    let bundle = read_bundle(&files).unwrap();
    files = draft_files(&bundle, None, Some(&quality(&bundle).unwrap())).unwrap();
    files.insert("synthetic.csv".into(), rows.into_bytes());
    assert!(!verify(&files, None, None, TODAY).is_sound());
}

/// The files with a new manifest, as anybody can write one.
fn listed_anew(mut files: Files, release: &str, status: Status) -> Files {
    files.remove("manifest.json");
    let entry = |bytes: &Vec<u8>| Entry { sha256: sha256(bytes), bytes: bytes.len() as u64 };
    let listed = files.iter().map(|(path, bytes)| (path.clone(), entry(bytes))).collect();
    let manifest = Manifest { format: MANIFEST_FORMAT, release: release.to_owned(), status, files: listed };
    files.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
    files
}

#[test]
fn privacy_21_a_draft_with_a_decision_that_anybody_could_have_written_never_verifies() {
    let draft = draft_of(values());
    let id = read_bundle(&draft).unwrap().info.id;
    assert!(verify(&listed_anew(draft.clone(), &id, Status::Draft), None, None, TODAY).is_sound());
    let (published, _) = published(Outcome::Approve);
    for path in ["decision.json", "decision.sig.json", "trust.json", "draft/manifest.json", "manifest.sig.json"] {
        let mut forged = draft.clone();
        forged.insert(path.into(), published[path].clone());
        let forged = listed_anew(forged, &id, Status::Draft);
        let report = verify(&forged, None, None, TODAY);
        assert!(!report.is_sound() && format!("{report:?}").contains("no council has decided"), "{path}: {report:?}");
        assert_eq!(read_bundle(&forged).unwrap().decision, None, "a draft holds no decision");
    }
    for outcome in [Outcome::Approve, Outcome::Defer, Outcome::Veto] {
        let decision = Decision {
            outcome,
            council: "A council that never met".into(),
            note: "Invented".into(),
            date: TODAY.into(),
            draft: draft_hash(&draft).unwrap(),
            quorum: [9, 9],
        };
        let mut forged = draft.clone();
        forged.insert("decision.json".into(), decision_bytes(&decision).unwrap());
        let forged = listed_anew(forged, &id, Status::Draft);
        assert!(!verify(&forged, None, None, TODAY).is_sound(), "{outcome:?}");
    }
}

#[test]
fn a_decision_without_a_day_is_none() {
    for date in ["soon", "2026-02-30", ""] {
        let (mut files, _) = published(Outcome::Approve);
        let text = String::from_utf8(files["decision.json"].clone()).unwrap().replace(TODAY, date);
        files.insert("decision.json".into(), text.into_bytes());
        let report = verify(&files, None, None, TODAY);
        assert!(format!("{report:?}").contains("the decision has no day"), "{report:?}");
    }
}

#[test]
fn a_number_that_no_count_can_have_is_refused_before_anything_is_added_up() {
    let draft = draft_of(values());
    let honest = read_bundle(&draft).unwrap();
    assert!(!honest.microdata.is_empty());
    let id = honest.info.id.clone();
    for value in [i64::MAX, i64::MIN, 1_000_000_000_001, -1_000_000_000_001] {
        let places: [fn(&mut Bundle) -> &mut NoisyTable; 4] = [
            |b| &mut b.tables[0].noisy,
            |b| &mut b.microdata[1],
            |b| b.microdata.last_mut().unwrap(),
            |b| b.basis.get_or_insert(b.tables[0].noisy.clone()),
        ];
        for place in places {
            let mut bundle = honest.clone();
            place(&mut bundle).values.fill(value);
            let mut files = draft.clone();
            files.insert("release.json".into(), serde_json::to_vec(&bundle).unwrap());
            let report = verify(&listed_anew(files, &id, Status::Draft), None, None, TODAY);
            assert!(format!("{report:?}").contains("no count can have"), "{report:?}");
        }
    }
}

#[test]
fn a_draft_verifies_as_a_draft_and_is_never_trusted() {
    let report = verify(&draft_of(values()), None, None, TODAY);
    assert!(report.is_sound(), "{report:?}");
    assert!(!report.is_trusted());
}

#[test]
fn privacy_21_an_approved_release_verifies_under_its_root_and_under_no_other() {
    let (files, root) = published(Outcome::Approve);
    let report = verify(&files, Some(&root), None, TODAY);
    assert!(report.is_trusted(), "{report:#?}");
    assert!(!verify(&files, None, None, TODAY).is_trusted());
    let other = TrustRoot::new("other", 1, vec![SigningKey::from_seed(&[77; 32]).verifying_key()]).unwrap();
    assert!(!verify(&files, Some(&other), None, TODAY).is_sound());
}

#[test]
fn privacy_21_a_vetoed_release_never_verifies_as_published() {
    for outcome in [Outcome::Veto, Outcome::Defer] {
        let (files, root) = published(outcome);
        assert!(!verify(&files, Some(&root), None, TODAY).is_sound());
    }
}

#[test]
fn privacy_21_any_change_to_any_file_is_found() {
    let (files, root) = published(Outcome::Approve);
    for path in files.keys() {
        let mut changed = files.clone();
        let bytes = changed.get_mut(path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        assert!(!verify(&changed, Some(&root), None, TODAY).is_trusted(), "a change in {path} went unnoticed");
        let mut missing = files.clone();
        missing.remove(path);
        assert!(!verify(&missing, Some(&root), None, TODAY).is_trusted(), "{path} was removed unnoticed");
    }
    let mut extra = files.clone();
    extra.insert("tables/extra.csv".into(), b"figure,value\n".to_vec());
    assert!(!verify(&extra, Some(&root), None, TODAY).is_sound(), "an unlisted file was accepted");
}

#[test]
fn the_council_note_travels_with_every_figure() {
    let (files, _) = published(Outcome::Approve);
    for (path, bytes) in files.iter().filter(|(p, _)| p.starts_with("tables/") && !p.ends_with(".noisy.csv")) {
        let mut rows = csv::Reader::from_reader(bytes.as_slice());
        let at = rows.headers().unwrap().iter().position(|h| h.eq_ignore_ascii_case("council_note")).unwrap();
        assert!(rows.records().all(|r| r.unwrap()[at] == *"Read with care."), "{path}");
    }
}

#[test]
fn every_file_of_an_invented_release_says_so() {
    for (path, bytes) in draft_of(values()).iter().filter(|(p, _)| p.rsplit('.').next() == Some("csv")) {
        let mut rows = csv::Reader::from_reader(bytes.as_slice());
        assert!(rows.records().all(|r| r.unwrap().iter().any(|c| c == "INVENTED DATA")), "{path}");
    }
}

#[test]
fn one_value_in_every_format() {
    let files = draft_of(values());
    let bundle = read_bundle(&files).unwrap();
    for table in &bundle.tables {
        let mut rows = csv::Reader::from_reader(files[&format!("tables/{}.csv", table.id)].as_slice());
        let header = rows.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|h| h == name).unwrap();
        for (figure, row) in table.figures.iter().zip(rows.records()) {
            let row = row.unwrap();
            assert_eq!(row[at("figure")], figure.id);
            match &figure.value {
                FigureValue::Count { value, low, high } => {
                    let expected = [value.to_string(), low.to_string(), high.to_string()];
                    assert_eq!(
                        [&row[at("value")], &row[at("low")], &row[at("high")]],
                        expected.each_ref().map(|s| &**s)
                    );
                }
                FigureValue::Estimate { .. } => panic!("a cell of a table is a count"),
                FigureValue::Range { low, high } => {
                    assert_eq!((&row[at("low")], &row[at("high")]), (&*low.to_string(), &*high.to_string()));
                    assert!(row[at("value")].is_empty());
                }
                FigureValue::Symbol { symbol, range } => {
                    assert_eq!(&row[at("symbol")], symbol.mark());
                    let [low, high] = range.unwrap();
                    assert_eq!((&row[at("low")], &row[at("high")]), (&*low.to_string(), &*high.to_string()));
                }
                FigureValue::Refused { .. } => assert_eq!(&row[at("symbol")], "refused"),
            }
        }
    }
}

#[test]
fn post_processing_gives_the_same_bytes_each_time() {
    assert_eq!(draft_of(values()), draft_of(values()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was measured: cells are whole and never negative, finer tables sum to coarser ones, unknown is there,
    /// intervals hold what is shown.
    #[test]
    fn published_tables_are_consistent_whatever_was_measured(
        m1 in prop::collection::vec(-40_i64..400, 15),
        m2 in prop::collection::vec(-40_i64..200, 45),
        m3 in prop::collection::vec(-40_i64..200, 60),
    ) {
        let workload = workload();
        let measured =
            vec![noisy("m1", m1, 3000, "a"), noisy("m2", m2, 4000, "b"), noisy("m3", m3, 5000, "c")];
        let tables = reconcile(&workload, &measured).unwrap();
        for (coarse, fine) in tables[0].shown.iter().zip(tables[1].shown.chunks(3)) {
            prop_assert_eq!(*coarse, fine.iter().sum::<u64>());
        }
        for (coarse, roles) in tables[0].shown.iter().zip(tables[2].shown.chunks(4)) {
            prop_assert!(roles.iter().all(|r| r <= coarse));
        }
    }

    #[test]
    fn arbitrary_files_never_panic_the_verifier(
        name in "[a-z./]{0,20}", bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut files = Files::new();
        files.insert("manifest.json".into(), bytes.clone());
        files.insert(name, bytes);
        prop_assert!(!verify(&files, None, None, TODAY).is_trusted());
    }
}

#[test]
fn a_release_whose_paths_command_a_terminal_or_leave_the_folder_is_refused_without_repeating_them() {
    for path in ["tables/\u{1b}]0;owned\u{7}.csv", "\u{202e}vsc.x", "a\nok", "../escape", "/etc/x", "a//b", "ä.csv", ""]
    {
        // Beside the manifest, and listed in it.
        let mut beside = draft_of(values());
        beside.insert(path.to_owned(), b"x".to_vec());
        let mut listed = draft_of(values());
        let mut manifest: serde_json::Value = serde_json::from_slice(&listed["manifest.json"]).unwrap();
        manifest["files"][path] = serde_json::json!({ "sha256": "00", "bytes": 1 });
        listed.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
        for files in [beside, listed] {
            let report = verify(&files, None, None, TODAY);
            assert!(!report.is_sound(), "{path:?} passed");
            let said = serde_json::to_value(&report.checks).unwrap();
            let said: Vec<&str> =
                said.as_array().unwrap().iter().filter_map(|c| c["result"]["detail"].as_str()).collect();
            assert!(said.iter().any(|s| s.contains("path that is not made of")), "{said:?}");
            assert!(!said.iter().any(|s| s.contains(|c: char| c.is_control() || c == '\u{202e}')), "{said:?}");
        }
    }
}

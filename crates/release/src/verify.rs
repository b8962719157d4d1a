//! Verification of a release's files, offline: nothing missing, nothing added, every rendering true to `release.json`, the
//! decision by a council that the root names and binding exactly this draft, the signature by a release key that the root
//! names (PRIVACY 21).

use crate::account::{check_delta, epsilon_of, is_epsilon_of};
use crate::bundle::{Bundle, Decision, Outcome};
use crate::contribution::share_on_legal_basis;
use crate::files::{
    DECISION_CONTEXT, Entry, Files, FilesError, MANIFEST_CONTEXT, MANIFEST_FORMAT, Manifest, Signed, Status,
    content_files, parse, read_bundle, sha256, synthetic_csv,
};
use crate::flat::again::{Again, ParquetOf, draft_follows, is_flat, published_follows};
use crate::flat::report::PARQUET;
use crate::noisy::NoisyTable;
use crate::privacy::statement;
use crate::publish::figures;
use crate::quality::{Quality, quality};
use crate::study::series;
use crate::synth::synthesise;
use crate::tablefiles::{package, synthetic_parquet};
use accord_crypto::trust::{TrustList, TrustRoot};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is checked of every decision.
const DECIDED: &str = "the decision approves exactly this draft";

/// What verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Release id, as far as it can be read.
    pub release: String,
    /// Draft or published, as the manifest claims.
    pub status: Option<Status>,
    /// Each check, in order.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked, in words.
    pub what: &'static str,
    /// What was found.
    pub result: CheckResult,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "detail")]
pub enum CheckResult {
    /// True.
    Passed,
    /// False, and why.
    Failed(String),
    /// Not checked, and why.
    Skipped(String),
}

impl Report {
    /// Whether every check that was made passed.
    pub fn is_sound(&self) -> bool {
        !self.checks.iter().any(|c| matches!(c.result, CheckResult::Failed(_)))
    }

    /// Whether this is a published release that a given root vouches for.
    pub fn is_trusted(&self) -> bool {
        self.status == Some(Status::Published) && self.checks.iter().all(|c| c.result == CheckResult::Passed)
    }
}

/// Checks files, against a root of trust if one is given. `today` is `YYYY-MM-DD`. `newest` is the newest list of trusted
/// keys that the verifier holds from outside the bundle: revocations after the bundle's own list are found only with it.
///
/// Parquet is not made again, so that a flat release that has some is never trusted by this alone: see [`verify_with`].
pub fn verify(files: &Files, root: Option<&TrustRoot>, newest: Option<&TrustList>, today: &str) -> Report {
    verify_with(files, root, newest, today, None)
}

/// [`verify`], with what makes the Parquet file of a flat release again.
pub fn verify_with(
    files: &Files,
    root: Option<&TrustRoot>,
    newest: Option<&TrustList>,
    today: &str,
    parquet: Option<ParquetOf<'_>>,
) -> Report {
    let mut report = Report { release: String::new(), status: None, checks: Vec::new() };
    let manifest: Result<Manifest, FilesError> = parse(files, "manifest.json");
    report.check("the manifest can be read", manifest.as_ref().map(|_| ()).map_err(ToString::to_string));
    let Ok(manifest) = manifest else { return report };
    report.check("every listed file is there, unchanged, and no other", listed(&manifest, files));
    let published = manifest.status == Status::Published;
    if is_flat(files) {
        report.check_flat(files, published, parquet);
    } else {
        report.check_bundle(files, &manifest, published);
    }
    if published {
        report.check_signatures(files, root, newest, today);
    } else {
        report.skip("a survivor council decided on it", "this is a draft: no council has decided on it");
    }
    report.release = manifest.release;
    report.status = Some(manifest.status);
    report
}

impl Report {
    fn check(&mut self, what: &'static str, result: Result<(), String>) {
        let result = result.map_or_else(CheckResult::Failed, |()| CheckResult::Passed);
        self.checks.push(Check { what, result });
    }

    fn skip(&mut self, what: &'static str, why: &str) {
        self.checks.push(Check { what, result: CheckResult::Skipped(why.to_owned()) });
    }

    /// Contents of a release by a workload.
    fn check_bundle(&mut self, files: &Files, manifest: &Manifest, published: bool) {
        let bundle = read_bundle(files);
        self.check("the release can be read", bundle.as_ref().map(|_| ()).map_err(ToString::to_string));
        if let Ok(bundle) = &bundle {
            self.check("all tables say what the release says", rendered(bundle, files, published));
            self.check("every figure follows from the noisy measurements", figures_follow(bundle));
            self.check("synthetic records and the quality report follow from them too", extras_follow(bundle, files));
            self.check("the privacy statement is what the measurements cost", privacy_adds_up(bundle));
            let same = manifest.release == bundle.info.id;
            self.check("the manifest names this release", if same { Ok(()) } else { Err("it names another".into()) });
        }
        if published {
            self.check(DECIDED, decided(bundle.as_ref().ok(), files));
        }
    }

    /// Contents of a flat release: everything is made again from the noisy counts, once.
    fn check_flat(&mut self, files: &Files, published: bool, parquet: Option<ParquetOf<'_>>) {
        let again = Again::of(files, parquet);
        let follows = match &again {
            Ok(again) if published => published_follows(again, files),
            Ok(again) => draft_follows(again, files),
            Err(why) => Err(why.clone()),
        };
        self.check("synthetic records, aggregates and report follow from the noisy counts", follows);
        if parquet.is_none() && files.contains_key(PARQUET) {
            self.skip("synthetic.parquet holds the synthetic records", "Parquet was not made again here");
        }
        if published {
            self.check(DECIDED, again.and_then(|again| crate::flat::again::decided(&again, files)));
        }
    }

    /// Who signed the decision and the release, if a root is there to ask.
    fn check_signatures(&mut self, files: &Files, root: Option<&TrustRoot>, newest: Option<&TrustList>, today: &str) {
        let Some(root) = root else {
            self.skip("the signatures are by keys that you trust", "no root of trust was given (--trust ROOT)");
            return;
        };
        let list: Result<TrustList, FilesError> = parse(files, "trust.json");
        let list = list.map_err(|e| e.to_string()).and_then(|list| {
            root.check(&list).map_err(|e| e.to_string())?;
            newest.map_or(Ok(()), |n| root.check(n)).map_err(|e| format!("the list given is not signed: {e}"))?;
            Ok(list)
        });
        self.check("the list of trusted keys is signed by the root", list.as_ref().map(|_| ()).map_err(Clone::clone));
        if let Ok(list) = &list {
            // The newest list that the verifier knows decides; one inside the bundle could be an old one that knows nothing
            // of a revocation.
            let list = newest.filter(|n| n.serial >= list.serial).unwrap_or(list);
            self.check("the decision is signed by a trusted council", signed_decision(files, list, today));
            self.check("the release is signed by a trusted key", signed_manifest(files, list, today));
        }
    }
}

/// Whether files are those that their manifest lists, unchanged, and no other: quick, and not yet a reason to trust them.
///
/// # Errors
/// What is wrong, in words.
pub fn check_manifest(files: &Files) -> Result<(), String> {
    let manifest: Manifest = parse(files, "manifest.json").map_err(|e| e.to_string())?;
    listed(&manifest, files)
}

/// Every listed file is there with the right hash; nothing else is, but the manifest and its signature.
fn listed(manifest: &Manifest, files: &Files) -> Result<(), String> {
    only_plain_paths(manifest.files.keys().chain(files.keys()))?;
    for (path, entry) in &manifest.files {
        let bytes = files.get(path).ok_or_else(|| format!("{path} is missing"))?;
        if (Entry { sha256: sha256(bytes), bytes: bytes.len() as u64 }) != *entry {
            return Err(format!("{path} was changed"));
        }
    }
    let extra =
        files.keys().find(|p| !manifest.files.contains_key(*p) && *p != "manifest.json" && *p != "manifest.sig.json");
    extra.map_or(Ok(()), |path| Err(format!("{path} is not listed in the manifest")))
}

/// Paths are made of ASCII letters, digits, `.`, `_`, `-` and `/`, and stay inside: what is printed, linked to and written
/// can't command a terminal, nor leave the folder. A path that is refused is not repeated.
fn only_plain_paths<'a>(mut paths: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if paths.any(|path| !path.split('/').all(plain)) {
        return Err("a file has a path that is not made of letters, digits, `.`, `_`, `-` and `/`".to_owned());
    }
    Ok(())
}

/// A path as it may be repeated.
pub(crate) fn named(path: &String) -> &str {
    if only_plain_paths(std::iter::once(path)).is_ok() { path } else { "a file whose name is not repeated here" }
}

/// Files of a release by a workload beside those that its tables give: each has a check of its own.
const BESIDE: [&str; 5] = ["synthetic.csv", "synthetic.parquet", "quality.json", "datapackage.json", "manifest.json"];

/// Files that only a published release has. In a draft nothing would check what they say of a council.
const BESIDE_PUBLISHED: [&str; 5] =
    ["manifest.sig.json", "decision.json", "decision.sig.json", "trust.json", "draft/manifest.json"];

/// Renders the tables again and compares byte by byte; there is no other file than a release has.
fn rendered(bundle: &Bundle, files: &Files, published: bool) -> Result<(), String> {
    let again = content_files(bundle).map_err(|e| e.to_string())?;
    for (path, bytes) in &again {
        if files.get(path) != Some(bytes) {
            return Err(format!("{path} differs from what release.json says"));
        }
    }
    // Whatever else is listed was put there by somebody: a reader would take it for a part of the release.
    let beside = |path: &str| BESIDE.contains(&path) || (published && BESIDE_PUBLISHED.contains(&path));
    match files.keys().find(|path| !again.contains_key(*path) && !beside(path)) {
        None => Ok(()),
        Some(path) if BESIDE_PUBLISHED.contains(&path.as_str()) => {
            Err(format!("{path} is no part of a draft: no council has decided on it"))
        }
        Some(path) => Err(format!("{} is no part of a release", named(path))),
    }
}

/// Makes the figures again from the noisy tables.
fn figures_follow(bundle: &Bundle) -> Result<(), String> {
    let noisy: Vec<NoisyTable> = bundle.tables.iter().map(|t| t.noisy.clone()).collect();
    let (tables, headlines) = figures(&bundle.info, &bundle.workload, &noisy).map_err(|e| e.to_string())?;
    if let Some((_, table)) = tables.iter().zip(&bundle.tables).find(|(again, table)| again != table) {
        return Err(format!("figures of table {} are not those that its measurements give", table.id));
    }
    if headlines != bundle.headlines {
        return Err("headlines are not those that the measurements give".into());
    }
    if let Some(study) = &bundle.study {
        let again = series(&bundle.info, study, &noisy).map_err(|e| e.to_string())?;
        if again != bundle.series {
            return Err("the study's figures are not those that the measurements give".into());
        }
    }
    Ok(())
}

/// Why rows of another version are neither confirmed nor refuted.
pub(crate) fn of_another_format(format: u32, ours: u32) -> String {
    format!(
        "it has format {format}, and this version makes synthetic rows by the method of format {ours}: it can't make these again, \
         which doesn't mean that they were changed. Verify it with the version of the program that the release names"
    )
}

/// Makes the synthetic records and the quality report again.
fn extras_follow(bundle: &Bundle, files: &Files) -> Result<(), String> {
    let manifest: Manifest = parse(files, "manifest.json").map_err(|e| e.to_string())?;
    if manifest.format != MANIFEST_FORMAT && !bundle.microdata.is_empty() {
        return Err(of_another_format(manifest.format, MANIFEST_FORMAT));
    }
    let wanted = ["synthetic.csv", "synthetic.parquet"].map(|path| (path, files.get(path)));
    match (wanted.iter().find(|(_, bytes)| bytes.is_some()), bundle.microdata.is_empty()) {
        (None, _) => {}
        (Some((path, _)), true) => return Err(format!("{path} stands there without measurements for it")),
        (Some(_), false) => {
            let again = synthesise(&bundle.workload, &bundle.microdata).map_err(|e| e.to_string())?;
            let rows = synthetic_csv(&again, bundle.info.invented).map_err(|e| e.to_string())?;
            let parquet = synthetic_parquet(bundle, &again).map_err(|e| e.to_string())?;
            for ((path, bytes), again) in wanted.into_iter().zip([rows, parquet]) {
                if bytes != Some(&again) {
                    return Err(format!("{path} is not what its measurements give"));
                }
            }
        }
    }
    if files.get("datapackage.json") != Some(&package(bundle, files).map_err(|e| e.to_string())?) {
        return Err("datapackage.json does not describe these files".to_owned());
    }
    if files.contains_key("quality.json") {
        let stated: Quality = parse(files, "quality.json").map_err(|e| e.to_string())?;
        if stated != quality(bundle).map_err(|e| e.to_string())? {
            return Err("quality.json is not what the release gives".into());
        }
    }
    Ok(())
}

/// Every draw's noise is as large as its cost and sensitivity demand; no desk's draws cost more than the release states;
/// tables and epsilons are those that follow.
fn privacy_adds_up(bundle: &Bundle) -> Result<(), String> {
    let privacy = &bundle.privacy;
    check_delta(privacy.delta).map_err(|e| e.to_string())?;
    let published = bundle.tables.iter().map(|t| &t.noisy);
    let mut desks: Vec<u64> = Vec::new();
    let microdata = if bundle.microdata.is_empty() {
        Vec::new()
    } else {
        crate::synth::measurements(&bundle.workload).map_err(|e| e.to_string())?
    };
    let statistics =
        |t: &NoisyTable| bundle.workload.table(&t.table).map_or(1, |t| u64::from(t.most_cells_per_person()));
    let rows = |t: &NoisyTable| microdata.iter().find(|m| m.0 == t.table).map_or(u64::MAX, |m| m.2);
    let charged = published.chain(&bundle.basis).map(|t| (t, statistics(t)));
    for (table, most) in charged.chain(bundle.microdata.iter().map(|t| (t, rows(t)))) {
        if table.draws.is_empty() {
            return Err(format!("table {} has no noise", table.table));
        }
        desks.resize(desks.len().max(table.draws.len()), 0);
        for (desk, draw) in desks.iter_mut().zip(&table.draws) {
            draw.bears_its_cost(most).map_err(|why| format!("table {}: {why}", table.table))?;
            *desk = desk.saturating_add(draw.rho.0);
        }
    }
    if let Some(most) = desks.iter().max().filter(|most| **most > privacy.rho.0) {
        return Err(format!("one desk's draws cost {most} units of rho, more than the {} stated", privacy.rho.0));
    }
    if privacy.rho > privacy.rho_cumulative || privacy.rho_cumulative > privacy.rho_several_desks {
        return Err("the cost of this release is over the cumulative one".to_owned());
    }
    let noisy: Vec<NoisyTable> = bundle.tables.iter().map(|t| t.noisy.clone()).collect();
    let share = bundle.basis.as_ref().and_then(share_on_legal_basis);
    let again = statement(&bundle.workload, &noisy, &[], privacy.delta, share);
    if again.tables != privacy.tables || again.share_on_legal_basis != privacy.share_on_legal_basis {
        return Err("what it says of its tables is not what their measurements give".to_owned());
    }
    let says = [
        (privacy.rho, privacy.epsilon),
        (privacy.rho_cumulative, privacy.epsilon_cumulative),
        (privacy.rho_several_desks, privacy.epsilon_several_desks),
    ];
    for (rho, epsilon) in says {
        if !is_epsilon_of(epsilon, rho, privacy.delta) {
            let right = epsilon_of(rho, privacy.delta);
            return Err(format!("epsilon is stated as {epsilon} but is {right}"));
        }
    }
    Ok(())
}

/// The decision approves, and binds the manifest of the draft that this release grew from.
fn decided(bundle: Option<&Bundle>, files: &Files) -> Result<(), String> {
    let decision = bundle.and_then(|b| b.decision.as_ref()).ok_or("there is no decision")?;
    if decision.outcome != Outcome::Approve {
        return Err("the council did not approve".to_owned());
    }
    decision.has_a_day()?;
    let draft = files.get("draft/manifest.json").ok_or("the draft's manifest is missing")?;
    if sha256(draft) != decision.draft {
        return Err("the decision is about another draft".to_owned());
    }
    let draft: Manifest = parse(files, "draft/manifest.json").map_err(|e| e.to_string())?;
    only_plain_paths(draft.files.keys())?;
    let bundle = bundle.ok_or("the release can't be read")?;
    if draft.release != bundle.info.id || draft.status != Status::Draft {
        return Err("the draft's manifest is of another release".to_owned());
    }
    // What the council saw must be what stands here, no more and no less. Only the files that are rendered anew, because
    // they carry the council's note, may differ from the draft's, and they must be exactly what the release renders.
    let mut again = content_files(bundle).map_err(|e| e.to_string())?;
    again.remove("release.json");
    again.retain(|path, _| !path.ends_with(".noisy.csv"));
    let mut expected: BTreeSet<&str> = draft.files.keys().map(String::as_str).collect();
    expected.extend(["decision.json", "decision.sig.json", "trust.json", "draft/manifest.json"]);
    for path in files.keys().filter(|p| *p != "manifest.json" && *p != "manifest.sig.json") {
        if !expected.contains(path.as_str()) {
            return Err(format!("{path} is not part of what the council decided on"));
        }
    }
    for (path, entry) in &draft.files {
        let bytes = files.get(path).ok_or_else(|| format!("{path} is missing"))?;
        if path == "datapackage.json" {
            if *bytes != package(bundle, files).map_err(|e| e.to_string())? {
                return Err("datapackage.json does not describe these files".to_owned());
            }
        } else if let Some(rendered) = again.get(path) {
            if rendered != bytes {
                return Err(format!("{path} is not what the release renders"));
            }
        } else if sha256(bytes) != entry.sha256 {
            return Err(format!("{path} is not what the council decided on"));
        }
    }
    Ok(())
}

fn signed_decision(files: &Files, list: &TrustList, today: &str) -> Result<(), String> {
    let signed: Signed = parse(files, "decision.sig.json").map_err(|e| e.to_string())?;
    let bytes = files.get("decision.json").ok_or("decision.json is missing")?;
    signed.key.verify(DECISION_CONTEXT, bytes, &signed.signature).map_err(|e| e.to_string())?;
    // Without a log, a signature counts as made today: a date inside a bundle proves nothing against a thief of the key.
    let listed = list.council_key(&signed.key, today).map_err(|e| e.to_string())?;
    let decision: Decision = parse(files, "decision.json").map_err(|e| e.to_string())?;
    if decision.council != listed.holder {
        return Err(format!("the key is that of {}, and the decision names {}", listed.holder, decision.council));
    }
    Ok(())
}

fn signed_manifest(files: &Files, list: &TrustList, today: &str) -> Result<(), String> {
    let signed: Signed = parse(files, "manifest.sig.json").map_err(|e| e.to_string())?;
    let bytes = files.get("manifest.json").ok_or("manifest.json is missing")?;
    signed.key.verify(MANIFEST_CONTEXT, bytes, &signed.signature).map_err(|e| e.to_string())?;
    list.release_key(&signed.key, today).map(|_| ()).map_err(|e| e.to_string())
}

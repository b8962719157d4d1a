//! Verification of a release's files, offline: nothing missing, nothing added, every rendering true to `release.json`, the
//! decision by a council that the root names and binding exactly this draft, the signature by a release key that the root
//! names (PRIVACY 21).

use crate::bundle::{Bundle, Outcome};
use crate::files::{
    DECISION_CONTEXT, Entry, Files, FilesError, MANIFEST_CONTEXT, Manifest, Signed, Status, parse, read_bundle, sha256,
};
use accord_crypto::VerifyingKey;
use accord_crypto::trust::{TrustList, TrustRoot};
use serde::Serialize;

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

/// Checks files, against a root of trust if one is given. `today` is `YYYY-MM-DD`.
pub fn verify(files: &Files, root: Option<&TrustRoot>, today: &str) -> Report {
    let mut report = Report { release: String::new(), status: None, checks: Vec::new() };
    let mut check = |what, result: Result<(), String>| {
        let passed = result.is_ok();
        let result = result.map_or_else(CheckResult::Failed, |()| CheckResult::Passed);
        report.checks.push(Check { what, result });
        passed
    };

    let manifest: Result<Manifest, FilesError> = parse(files, "manifest.json");
    let Ok(manifest) = manifest else {
        check("the manifest can be read", manifest.map(|_| ()).map_err(|e| e.to_string()));
        return report;
    };
    check("the manifest can be read", Ok(()));
    check("every listed file is there, unchanged, and no other", listed(&manifest, files));
    let bundle = read_bundle(files);
    check("the release can be read", bundle.as_ref().map(|_| ()).map_err(ToString::to_string));
    if let Ok(bundle) = &bundle {
        check("all tables say what the release says", rendered(bundle, files));
        check("the privacy statement adds up", privacy_adds_up(bundle));
    }
    if manifest.status == Status::Published {
        check("the decision approves exactly this draft", decided(bundle.as_ref().ok(), files));
        match root {
            Some(root) => {
                let list: Result<TrustList, FilesError> = parse(files, "trust.json");
                let list = list.map_err(|e| e.to_string()).and_then(|list| {
                    root.check(&list).map_err(|e| e.to_string())?;
                    Ok(list)
                });
                check(
                    "the list of trusted keys is signed by the root",
                    list.as_ref().map(|_| ()).map_err(Clone::clone),
                );
                if let Ok(list) = &list {
                    let day = bundle.as_ref().ok().and_then(|b| b.decision.as_ref()).map_or(today, |d| &d.date);
                    check("the decision is signed by a trusted council", signed_decision(files, list, day, today));
                    check("the release is signed by a trusted key", signed_manifest(files, list, day, today));
                }
            }
            None => report.checks.push(Check {
                what: "the signatures are by keys that you trust",
                result: CheckResult::Skipped("no root of trust was given (--trust ROOT)".to_owned()),
            }),
        }
    } else {
        report.checks.push(Check {
            what: "a survivor council decided on it",
            result: CheckResult::Skipped("this is a draft: no council has decided on it".to_owned()),
        });
    }
    report.release = manifest.release;
    report.status = Some(manifest.status);
    report
}

/// Every listed file is there with the right hash; nothing else is, but the manifest and its signature.
fn listed(manifest: &Manifest, files: &Files) -> Result<(), String> {
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

/// Renders the tables again and compares byte by byte.
fn rendered(bundle: &Bundle, files: &Files) -> Result<(), String> {
    let again = crate::files::content_files(bundle).map_err(|e| e.to_string())?;
    for (path, bytes) in &again {
        if files.get(path) != Some(bytes) {
            return Err(format!("{path} differs from what release.json says"));
        }
    }
    Ok(())
}

/// The costs of the tables sum to no more than the release's, and the epsilons are those of the rhos.
fn privacy_adds_up(bundle: &Bundle) -> Result<(), String> {
    let privacy = &bundle.privacy;
    let tables: u64 = privacy.tables.iter().fold(0, |sum, t| sum.saturating_add(t.rho.0));
    if tables > privacy.rho.0 {
        return Err(format!("the tables cost {tables} units of rho, more than the {} stated", privacy.rho.0));
    }
    if privacy.rho > privacy.rho_cumulative || privacy.rho_cumulative > privacy.rho_several_desks {
        return Err("the cost of this release is over the cumulative one".to_owned());
    }
    let says = [
        (privacy.rho, privacy.epsilon),
        (privacy.rho_cumulative, privacy.epsilon_cumulative),
        (privacy.rho_several_desks, privacy.epsilon_several_desks),
    ];
    for (rho, epsilon) in says {
        let right = crate::account::epsilon_of(rho, privacy.delta);
        if right > epsilon + 1e-9 {
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
    let draft = files.get("draft/manifest.json").ok_or("the draft's manifest is missing")?;
    if sha256(draft) != decision.draft {
        return Err("the decision is about another draft".to_owned());
    }
    let draft: Manifest = parse(files, "draft/manifest.json").map_err(|e| e.to_string())?;
    // What the council saw must be what stands here; only renderings that carry its note may differ.
    for (path, entry) in &draft.files {
        if path.starts_with("tables/") && !path.ends_with(".noisy.csv") || path == "datapackage.json" {
            continue;
        }
        let now = files.get(path).map(|bytes| sha256(bytes));
        if now.as_ref() != Some(&entry.sha256) {
            return Err(format!("{path} is not what the council decided on"));
        }
    }
    Ok(())
}

fn signed_decision(files: &Files, list: &TrustList, day: &str, today: &str) -> Result<(), String> {
    let signed: Signed = parse(files, "decision.sig.json").map_err(|e| e.to_string())?;
    let bytes = files.get("decision.json").ok_or("decision.json is missing")?;
    signed.key.verify(DECISION_CONTEXT, bytes, &signed.signature).map_err(|e| e.to_string())?;
    list.council_key(&signed.key, day_for(list, &signed.key, day, today)).map(|_| ()).map_err(|e| e.to_string())
}

fn signed_manifest(files: &Files, list: &TrustList, day: &str, today: &str) -> Result<(), String> {
    let signed: Signed = parse(files, "manifest.sig.json").map_err(|e| e.to_string())?;
    let bytes = files.get("manifest.json").ok_or("manifest.json is missing")?;
    signed.key.verify(MANIFEST_CONTEXT, bytes, &signed.signature).map_err(|e| e.to_string())?;
    list.release_key(&signed.key, day_for(list, &signed.key, day, today)).map(|_| ()).map_err(|e| e.to_string())
}

/// A revoked key counts as of today, because a date inside a bundle proves nothing against a thief of the key.
fn day_for<'d>(list: &TrustList, key: &VerifyingKey, day: &'d str, today: &'d str) -> &'d str {
    if list.revocations.iter().any(|r| r.key == *key) { today } else { day }
}

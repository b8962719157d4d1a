//! `accord verify`: a release's files, signatures and decision, offline.

use super::{Exit, hub};
use crate::ambient;
use crate::say::{printable, say, say_json};
use accord_crypto::trust::{TrustList, TrustRoot};
use accord_record::write::flat_parquet;
use accord_release::files::{Files, Status};
use accord_release::verify::{CheckResult, Report, verify_with};
use accord_standard::columns::Columns;
use std::path::PathBuf;

/// Arguments of `accord verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord verify release-2026-1 --trust root.json\n\nExit code 0: all that was checked holds. \
1: something is wrong, or, with --trust, it is not a published release that this root vouches for."
)]
pub struct Args {
    /// Folder of the release.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Root of trust (JSON), obtained from somebody you trust and not from the release itself.
    #[arg(long, value_name = "ROOT")]
    trust: Option<PathBuf>,
    /// Newest list of trusted keys that you know of, signed by the root. Only with it are revocations found that came after
    /// the release.
    #[arg(long, value_name = "FILE", requires = "trust")]
    trust_list: Option<PathBuf>,
}

/// Runs `accord verify`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let root = args.trust.as_deref().map(hub::read_root).transpose()?;
    let files = hub::read_folder(&args.dir)?;
    let newest = args.trust_list.as_deref().map(hub::read_list).transpose()?;
    let report = verify(&files, root.as_ref(), newest.as_ref());
    let good = report.is_sound() && (root.is_none() || report.is_trusted());
    if json {
        let mut value = serde_json::to_value(&report)?;
        value["sound"] = report.is_sound().into();
        value["trusted"] = report.is_trusted().into();
        say_json(&value)?;
    } else {
        for check in &report.checks {
            match &check.result {
                CheckResult::Passed => say(&format!("  ok       {}", check.what))?,
                // Reasons and names are the bundle's own words: whoever made it chose them.
                CheckResult::Failed(why) => say(&format!("  FAILED   {}: {}", check.what, printable(why)))?,
                CheckResult::Skipped(why) => say(&format!("  skipped  {}: {}", check.what, printable(why)))?,
            }
        }
        let verdict = match (report.is_sound(), report.is_trusted(), report.status) {
            (false, ..) => "Not sound: do not use it.",
            (true, true, _) => "Published, and vouched for by this root.",
            (true, false, Some(Status::Draft)) => "An unchanged draft: no council has decided on it.",
            (true, false, _) => "Unchanged, but nobody you trust was named: give --trust ROOT.",
        };
        say(&format!("{}: {verdict}", printable(&report.release)))?;
        if root.is_some() && newest.is_none() {
            say("Revocations newer than this release were not looked for: give --trust-list FILE.")?;
        }
    }
    Ok(if good { Exit::Fine } else { Exit::No })
}

/// Checks the files of a release as of today, the Parquet file of a flat one too.
pub fn verify(files: &Files, root: Option<&TrustRoot>, newest: Option<&TrustList>) -> Report {
    verify_with(files, root, newest, &ambient::today_iso(), Some(&parquet))
}

/// The Parquet file of synthetic rows.
pub fn parquet(columns: &Columns, rows: &[Vec<u16>]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    flat_parquet(columns, rows, &mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// What failed, in one line.
pub fn failures(report: &Report) -> String {
    let failed = report.checks.iter().filter_map(|c| match &c.result {
        CheckResult::Failed(why) => Some(format!("{}: no, {why}", c.what)),
        _ => None,
    });
    failed.collect::<Vec<_>>().join("; ")
}

//! `accord release pool`

use super::draft::files_of;
use super::{Exit, checked_id};
use crate::folder;
use crate::say::{say, say_json};
use accord_release::contribution::Contribution;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Arguments of `accord release pool`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord release pool hotline.json police.json shelter.json --id 2026-1 --title 'Joint release' \
--out pool-2026-1\n\nThe pooled tables count records: a person known to several organisations is counted by each."
)]
pub struct Args {
    /// Contributions, as written by `accord release draft --contribution`.
    #[arg(value_name = "FILE", required = true)]
    contributions: Vec<PathBuf>,
    /// Identifier of the release.
    #[arg(long)]
    id: String,
    /// Title of the release.
    #[arg(long)]
    title: String,
    /// New folder for the draft release.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs `accord release pool`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    checked_id(&args.id)?;
    folder::is_free(&args.out)?;
    let contributions = args.contributions.iter().map(|p| read(p)).collect::<anyhow::Result<Vec<_>>>()?;
    let files = files_of(&contributions, &args.id, &args.title, vec![])?;
    folder::write_new(&args.out, &files)?;
    if json {
        say_json(&serde_json::json!({ "release": args.id, "out": args.out, "contributions": contributions.len() }))?;
    } else {
        say(&format!("Draft {} of {} contributions: {}", args.id, contributions.len(), args.out.display()))?;
    }
    Ok(Exit::Fine)
}

/// The most that is read of one contribution.
const MOST_BYTES: u64 = 256 << 20;

/// Reads one contribution; says which file can't be used.
pub fn read(path: &Path) -> anyhow::Result<Contribution> {
    let size = std::fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?.len();
    anyhow::ensure!(size <= MOST_BYTES, "{} is larger than a contribution can be", path.display());
    let bytes = std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a contribution", path.display()))
}

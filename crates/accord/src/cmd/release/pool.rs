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
    let influence = influence(&contributions);
    if json {
        let influence: Vec<_> = influence
            .iter()
            .map(|(name, most, share)| {
                serde_json::json!({ "organisation": name, "most": most, "per_cent_of_declared": share })
            })
            .collect();
        say_json(&serde_json::json!({
            "release": args.id, "out": args.out, "contributions": contributions.len(), "influence": influence,
        }))?;
    } else {
        say(&format!("Draft {} of {} contributions: {}", args.id, contributions.len(), args.out.display()))?;
        say(
            "What each could have made up, at most, if its records were false; nothing here can tell that they are not:",
        )?;
        for (name, most, share) in influence {
            say(&format!("  {name}: {most} people in any one count, {share} % of all that are declared"))?;
        }
    }
    Ok(Exit::Fine)
}

/// By organisation: the bound on people that it declared, which is the most by which it can move any one count (its noise
/// aside), and its share of all declared bounds in per cent, to a tenth. Public numbers alone.
fn influence(contributions: &[Contribution]) -> Vec<(&str, u64, f64)> {
    let all: f64 = contributions.iter().map(|c| c.size_bound as f64).sum();
    contributions
        .iter()
        .map(|c| {
            let share = (c.size_bound as f64 / all.max(1.0) * 1000.0).round() / 10.0;
            (c.organisation.name.as_str(), c.size_bound, share)
        })
        .collect()
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

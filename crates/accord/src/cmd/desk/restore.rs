//! `accord desk restore`

use super::{Exit, block_on, say, say_json, vault_error};
use crate::ambient;
use crate::secret::Source;
use accord_desk::header::Unlock;
use accord_desk::restore::{BackupFiles, restore};
use std::path::PathBuf;

/// Arguments of `accord desk restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk restore 2026-11-24.backup restored --heads heads.json

The key file is looked for beside the data file (2026-11-24.backup.keys). One of a later day may be given: what was erased
in between stays shut. Without the newest heads of the ledgers, drawing stays locked; `accord desk heads --show` unlocks it
when they are found.")]
pub struct Args {
    /// Data file of the backup.
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// New or empty folder for the vault.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Key file of the backup, of the same day or later.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Newest heads of the ledgers, kept outside the vault.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    /// Open with recovery shares in place of the passphrase; give at least two.
    #[arg(long = "share", value_name = "FILE")]
    shares: Vec<PathBuf>,
    #[command(flatten)]
    secret: Source,
}

/// Runs `accord desk restore`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let mut files = BackupFiles::beside(&args.data);
    if let Some(keys) = args.keys {
        files.keys = keys;
    }
    for path in [&files.data, &files.keys] {
        anyhow::ensure!(path.is_file(), "{} is not there", path.display());
    }
    let heads = args.heads.as_deref().map(super::backup::read_heads).transpose()?;
    let report = block_on(async {
        let today = ambient::today();
        let restored = if args.shares.is_empty() {
            let passphrase = args.secret.open("the backup")?;
            restore(&files, &args.dir, Unlock::Passphrase(&passphrase), heads.as_ref(), today).await
        } else {
            let shares = super::keys::read_shares(&args.shares)?;
            restore(&files, &args.dir, Unlock::Shares(&shares), heads.as_ref(), today).await
        };
        let (vault, report) = restored.map_err(vault_error)?;
        vault.close().await;
        Ok(report)
    })?;
    if json {
        say_json(&report)?;
        return Ok(Exit::Fine);
    }
    say(&format!(
        "Restored to {}: backup {} of {}, {} records, every one opened.",
        args.dir.display(),
        report.generation,
        report.made,
        report.records
    ))?;
    if report.dropped > 0 {
        say(&format!("{} records of the data file were erased or undone since, and stay shut.", report.dropped))?;
    }
    if report.keys_overdue {
        say("The key file should have been destroyed by now: do so, and make a new backup.")?;
    }
    match &report.drawing_locked {
        Some(why) => say(&format!(
            "Drawing is locked: {why}. When the newest heads are found: accord desk heads --vault {} --show FILE",
            args.dir.display()
        ))?,
        None => say("The vault holds all that the heads saw; drawing is not locked.")?,
    }
    if !args.shares.is_empty() {
        say("Opened with shares: set a new passphrase with `accord desk recover`.")?;
    }
    Ok(Exit::Fine)
}

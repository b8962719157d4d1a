//! `accord desk backup` and `accord desk heads`

use super::{Exit, VaultArgs, block_on, say, say_json, vault_error};
use crate::{ambient, folder};
use accord_desk::history::Heads;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Arguments of `accord desk backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk backup --vault vault /media/usb/2026-11-24.backup

Writes two files: OUT holds the sealed records and may be kept for years; OUT.keys holds the keys: keep it apart from the
first, and destroy it on the day that is named. Both are read back and checked, byte by byte.")]
pub struct Args {
    /// File to write; OUT.keys is written beside it.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    vault: VaultArgs,
}

/// Runs `accord desk backup`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let report = block_on(async {
        let vault = args.vault.open().await?;
        vault.backup(&args.out, ambient::today()).await.map_err(vault_error)
    })?;
    if json {
        say_json(&report)?;
        return Ok(Exit::Fine);
    }
    say(&format!("Backup {} is written and was read back: {} bytes.", report.generation, report.bytes))?;
    say(&format!("  records: {}", report.data.display()))?;
    say(&format!(
        "  keys:    {}   keep it apart from the first; destroy it by {}",
        report.keys.display(),
        report.keys_destroy_by
    ))?;
    say("Heads of the ledgers, to keep apart from both (a restore asks for the newest):")?;
    say_heads(&report.heads)?;
    Ok(Exit::Fine)
}

/// Arguments of `accord desk heads`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord desk heads --vault vault
  accord desk heads --vault vault --out heads.json
  accord desk heads --vault vault --show heads.json

With --show, the vault is held against heads that it printed before and that were kept outside: if it holds all that they
saw, drawing is unlocked; else it is locked, and the exit code is 3. Only you know whether they are the newest: heads that
were printed before a backup can't show what came after it.")]
pub struct HeadsArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Write the heads to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Heads kept outside, to hold the vault against.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    show: Option<PathBuf>,
}

/// Runs `accord desk heads`.
pub fn heads(args: HeadsArgs, json: bool) -> anyhow::Result<Exit> {
    let shown = args.show.as_deref().map(read_heads).transpose()?;
    let (heads, answer, lock) = block_on(async {
        let mut vault = args.vault.open().await?;
        let answer = match &shown {
            Some(heads) => vault.present_heads(heads).await.map_err(vault_error)?,
            None => None,
        };
        Ok((vault.heads().await.map_err(vault_error)?, answer, vault.drawing_locked()))
    })?;
    if let Some(path) = &args.out {
        folder::write_synced(path, serde_json::to_string_pretty(&heads)?.as_bytes())?;
    }
    if json {
        let mut value = serde_json::to_value(&heads)?;
        value["drawing_locked"] = serde_json::json!(lock);
        if shown.is_some() {
            value["shown"] = serde_json::json!(answer);
        }
        say_json(&value)?;
    } else {
        say_heads(&heads)?;
        if let Some(why) = &answer {
            say(&format!("The heads shown unlock nothing: {why}."))?;
        }
        match &lock {
            Some(why) => say(&format!("Drawing is locked: {why}."))?,
            None if shown.is_some() && answer.is_none() => {
                say("This vault holds all that the heads saw; drawing is unlocked.")?;
            }
            None => {}
        }
    }
    Ok(if shown.is_some() && (answer.is_some() || lock.is_some()) { Exit::Refused } else { Exit::Fine })
}

fn say_heads(heads: &Heads) -> anyhow::Result<()> {
    say(&format!("  vault    {}", heads.vault))?;
    for (ledger, head) in &heads.heads {
        say(&format!("  {ledger:<8} {head}"))?;
    }
    let locked = if heads.locked { "   (printed while drawing was locked: they unlock nothing)" } else { "" };
    say(&format!("  seal     {}{locked}", heads.seal))?;
    Ok(())
}

/// Heads from a file, as `accord desk heads --out` writes them, or `--json` prints them.
pub(super) fn read_heads(path: &Path) -> anyhow::Result<Heads> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let mut value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} holds no heads of a vault", path.display()))?;
    if let Some(heads) = value.get("heads").filter(|h| h.get("heads").is_some()) {
        // The whole answer of `backup --json`.
        value = heads.clone();
    }
    if let Some(map) = value.as_object_mut() {
        map.remove("drawing_locked");
        map.remove("shown");
    }
    serde_json::from_value(value).with_context(|| format!("{} holds no heads of a vault", path.display()))
}

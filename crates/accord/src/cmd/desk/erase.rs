//! `accord desk erase`

use super::{Exit, VaultArgs, block_on, confirmed, record_id, say, vault_error};
use crate::{ambient, folder};
use std::path::PathBuf;

/// Arguments of `accord desk erase`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk erase case-17 --vault vault --certificate erasure.json

The record's key is destroyed and the vault gets a new one. Older backups of keys can still open the record until they are
destroyed; the certificate names that day. A file that names the record again is refused.")]
pub struct Args {
    /// Local identifier of the record; `-` reads it from standard input.
    id: String,
    #[command(flatten)]
    vault: VaultArgs,
    /// Write the certificate here; it holds nothing about the person.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

/// Runs `accord desk erase`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let id = record_id(&args.id)?;
    if let Some(path) = &args.certificate {
        anyhow::ensure!(!path.exists(), "{} is there already; nothing was erased", path.display());
    }
    if !confirmed(args.yes, "Erase this record for good?")? {
        say("Nothing was changed.")?;
        return Ok(Exit::No);
    }
    let certificate = block_on(async {
        let mut vault = args.vault.open().await?;
        vault.erase(&id, ambient::today()).await.map_err(vault_error)
    })?;
    let text = serde_json::to_string_pretty(&certificate)?;
    if let Some(path) = &args.certificate {
        folder::write_synced(path, text.as_bytes())?;
    }
    if json {
        super::say_json(&certificate)?;
        return Ok(Exit::Fine);
    }
    say("The record is erased and its key destroyed.")?;
    match &certificate.older_backups_destroyed_by {
        None => say("There is no backup of keys that could still open it.")?,
        Some(day) => say(&format!(
            "Backups of keys made before today can still open it. Destroy them by {day} at the latest; better today, after a \
             new backup."
        ))?,
    }
    say("What was drawn before stays as it is: it shows no single person.")?;
    match &args.certificate {
        Some(path) => say(&format!("Certificate: {}", path.display()))?,
        None => say(&text)?,
    }
    say(&format!("New head of the erasure ledger, to keep outside the vault: {}", certificate.erasure_head))?;
    Ok(Exit::Fine)
}

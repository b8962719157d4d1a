//! `accord desk erase`

use super::{Exit, VaultArgs, block_on, confirmed, record_id, say, vault_error};
use crate::ambient;
use crate::say::{printable, warn};
use anyhow::Context as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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
    /// Erase nothing: print the certificate of an erasure that was made before.
    #[arg(long)]
    again: bool,
}

/// Runs `accord desk erase`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let id = record_id(&args.id)?;
    if !args.again && !confirmed(args.yes, "Erase this record for good?")? {
        say("Nothing was changed.")?;
        return Ok(Exit::No);
    }
    // Made before anything is erased: an erasure whose certificate can't be kept does not begin.
    let file = match &args.certificate {
        None => None,
        Some(path) => Some(new_file(path).context("nothing was erased")?),
    };
    let certificate = block_on(async {
        let mut vault = args.vault.open().await?;
        if args.again {
            vault.erasure_certificate(&id).await.map_err(vault_error)
        } else {
            vault.erase(&id, ambient::today()).await.map_err(vault_error)
        }
    });
    if let (Err(_), Some(path)) = (&certificate, &args.certificate) {
        // Ours, and empty.
        let _ = std::fs::remove_file(path);
    }
    let certificate = certificate?;
    let text = serde_json::to_string_pretty(&certificate)?;
    let kept = match file {
        None => false,
        Some(mut file) => match file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
            Ok(()) => true,
            Err(error) => {
                warn(&format!("accord: the certificate can't be written to its file ({error}); here it is"));
                false
            }
        },
    };
    let exit = if certificate.key_destroyed { Exit::Fine } else { Exit::No };
    if json {
        super::say_json(&certificate)?;
        return Ok(exit);
    }
    if certificate.key_destroyed {
        say("The record is erased and its key destroyed.")?;
    } else {
        say(
            "The record is erased, but its key is not destroyed yet: another accord holds the key file, or the disk is full. The \
             next opening of the vault destroys it. Then print the certificate again with --again.",
        )?;
    }
    match &certificate.older_backups_destroyed_by {
        None => say("There is no backup of keys that could still open it.")?,
        Some(day) => say(&format!(
            "Backups of keys made before its erasure can still open it. Destroy them by {day} at the latest; better today, \
             after a new backup."
        ))?,
    }
    say("What was drawn before stays as it is: it shows no single person.")?;
    match &args.certificate {
        Some(path) if kept => say(&format!("Certificate: {}", printable(&path.display().to_string())))?,
        _ => say(&text)?,
    }
    say(&format!("Head of the erasure ledger, to keep outside the vault: {}", certificate.erasure_head))?;
    Ok(exit)
}

/// A new file that only its owner can read.
fn new_file(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("{} can't be made", path.display()))
}

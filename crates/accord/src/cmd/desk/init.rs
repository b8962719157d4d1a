//! `accord desk init`

use super::{Exit, block_on, say, vault_error};
use crate::ambient;
use crate::say::{say_json_surely, say_surely};
use crate::secret::Source;
use accord_crypto::{KdfParams, Passphrase, Share};
use accord_desk::{InitOptions, NewVault, RecoveryShares, Vault};
use accord_standard::codebook::Codebook;
use std::path::{Path, PathBuf};

/// Arguments of `accord desk init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk init vault --organisation 'Our Shelter' --kind ngo --size-bound 2000

Without a passphrase given, one of six random words is made and shown once. Three recovery shares are shown once: print \
them and give them to three people; any two of them open the vault when the passphrase is lost.")]
pub struct Args {
    /// New or empty folder.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Name of the organisation.
    #[arg(long)]
    organisation: String,
    /// Kind of organisation: a code of the list reporting_entity_type.
    #[arg(long, default_value = "ngo")]
    kind: String,
    /// Public bound on how many people the records are about. A round number, declared and never counted; rules use it.
    #[arg(long, default_value_t = 1_000, value_name = "PEOPLE")]
    size_bound: u64,
    /// Most epsilon that a year's records may ever spend.
    #[arg(long, default_value_t = 4.0, allow_hyphen_values = true)]
    epsilon_cap: f64,
    /// Public constant of the privacy account.
    #[arg(long, default_value_t = 1e-6, allow_hyphen_values = true)]
    delta: f64,
    /// Memory that one guess of the passphrase costs, in MiB; at least 64.
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    guess_memory: u32,
    #[command(flatten)]
    secret: Source,
}

/// Runs `accord desk init`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let book = Codebook::embedded();
    if let Some(list) = book.lists.get("reporting_entity_type") {
        let codes: Vec<&str> = list.codes.iter().map(|c| c.id.as_str()).collect();
        anyhow::ensure!(list.code(&args.kind).is_some(), "--kind is one of: {}", codes.join(", "));
    }
    let kdf = KdfParams::new(args.guess_memory.saturating_mul(1024), 3, 4).map_err(super::Refused::error)?;
    crate::folder::is_free(&args.dir).map_err(|e| super::Refused::error(format!("{e:#}")))?;
    let given = args.secret.choose(&format!("the new vault {}", args.dir.display()))?;
    let made = given.is_none();
    let passphrase = match given {
        Some(p) => p,
        None => Passphrase::make(6)?,
    };
    let options = InitOptions {
        organisation: args.organisation,
        kind: args.kind,
        size_bound: args.size_bound,
        epsilon_cap: args.epsilon_cap,
        delta: args.delta,
        kdf,
        on: ambient::today(),
    };
    block_on(async {
        let new = Vault::prepare(&args.dir, &passphrase, options).await.map_err(vault_error)?;
        // A vault whose secrets nobody saw must not come to be.
        if let Err(error) = show(&args.dir, &new, made.then_some(&passphrase), json) {
            new.discard().await;
            return Err(error);
        }
        let (vault, _) = new.finish().map_err(vault_error)?;
        vault.close().await;
        Ok(())
    })?;
    if !json {
        say(&format!("Done: the vault {} is made.", args.dir.display()))?;
    }
    Ok(Exit::Fine)
}

/// Shows the secrets of a vault that is about to be made.
fn show(dir: &Path, new: &NewVault, made: Option<&Passphrase>, json: bool) -> anyhow::Result<()> {
    if json {
        let shares: Vec<String> = new.shares().0.iter().map(|s| s.print().replace('\n', " ")).collect();
        return say_json_surely(&serde_json::json!({
            "vault": dir,
            "id": new.id(),
            "passphrase": made.map(Passphrase::expose),
            "recovery_shares": shares,
        }));
    }
    if let Some(passphrase) = made {
        let bits = Passphrase::entropy_bits(6);
        say_surely(&format!(
            "The passphrase of the vault {} ({bits:.0} bits; shown this once, write it on paper):\n\n    {}\n",
            dir.display(),
            passphrase.expose()
        ))?;
    }
    say_shares(new.id(), new.shares())
}

/// Recovery shares for paper.
pub(super) fn say_shares(vault: &str, shares: &RecoveryShares) -> anyhow::Result<()> {
    say_surely(
        "Three recovery shares, shown this once. Print each on its own sheet and give them to three people or places that\n\
         would not be lost together. Any two of them open the vault when the passphrase is lost.\n",
    )?;
    for share in &shares.0 {
        say_surely(&sheet(vault, share))?;
    }
    Ok(())
}

fn sheet(vault: &str, share: &Share) -> String {
    let mut text =
        format!("  Share {} of 3 · vault {} · set {}\n", share.number(), &vault[..8.min(vault.len())], share.set());
    for line in share.print().lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

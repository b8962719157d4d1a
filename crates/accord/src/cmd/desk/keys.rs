//! `accord desk recover` and `accord desk keys`

use super::{Exit, VaultArgs, block_on, say, vault_error};
use crate::say::{say_json_surely, say_surely};
use crate::secret::Source;
use accord_crypto::{Passphrase, Share};
use accord_desk::{NewShares, Settled, Vault};
use anyhow::Context as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Arguments of `accord desk recover`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk recover --vault vault --share one.txt --share two.txt

Opens a vault whose passphrase is lost with two of its three shares, and sets a new passphrase. Without --share the shares
are asked for at the terminal.")]
pub struct RecoverArgs {
    /// Folder of the vault.
    #[arg(long, value_name = "DIR")]
    vault: PathBuf,
    /// File with one printed share; give at least two.
    #[arg(long = "share", value_name = "FILE")]
    shares: Vec<PathBuf>,
    /// Where the new passphrase comes from.
    #[command(flatten)]
    secret: Source,
}

/// Arguments of `accord desk keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Give the vault a new vault key; with --shares new recovery shares, with --new-passphrase a new passphrase.
    Rotate(RotateArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord desk keys rotate --vault vault
  accord desk keys rotate --vault vault --shares              a share was lost or seen
  accord desk keys rotate --vault vault --new-passphrase      somebody who knew it left")]
struct RotateArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Make new recovery shares; the old ones open nothing any more.
    #[arg(long)]
    shares: bool,
    /// Set a new passphrase, asked for at the terminal.
    #[arg(long)]
    new_passphrase: bool,
    /// With --new-passphrase: read the new one from this open file descriptor.
    #[arg(long, value_name = "N", requires = "new_passphrase")]
    new_passphrase_fd: Option<u32>,
}

/// Runs `accord desk keys`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let Action::Rotate(args) = args.action;
    let settled = block_on(async {
        let mut vault = args.vault.open().await?;
        let new =
            if args.new_passphrase { Some(new_passphrase(args.new_passphrase_fd, &args.vault.vault)?) } else { None };
        let shares = args.shares.then(NewShares::make).transpose().map_err(vault_error)?;
        let made = new.as_ref().filter(|n| n.1).map(|n| &n.0);
        renew(&mut vault, new.as_ref().map(|n| &n.0), made, shares.as_ref(), json).await
    })?;
    tell(settled, json)
}

/// Runs `accord desk recover`.
pub fn recover(args: RecoverArgs, json: bool) -> anyhow::Result<Exit> {
    accord_desk::header::Header::read(&args.vault).map_err(vault_error)?;
    let shares = read_shares(&args.shares)?;
    let settled = block_on(async {
        let mut vault = Vault::open_with_shares(&args.vault, &shares).await.map_err(vault_error)?;
        let given = args.secret.choose(&args.vault.display().to_string())?;
        let made = given.is_none();
        let new = given.map_or_else(|| Passphrase::make(6), Ok)?;
        renew(&mut vault, Some(&new), made.then_some(&new), None, json).await
    })?;
    tell(settled, json)
}

/// Shows what is new, and only when it was surely shown lets it take effect.
async fn renew(
    vault: &mut Vault,
    new: Option<&Passphrase>,
    made: Option<&Passphrase>,
    shares: Option<&NewShares>,
    json: bool,
) -> anyhow::Result<Settled> {
    if json {
        let shares: Option<Vec<String>> =
            shares.map(|s| s.shares().0.iter().map(|s| s.print().replace('\n', " ")).collect());
        let value = serde_json::json!({
            "vault_key_epoch": vault.epoch() + 1,
            "passphrase": made.map(Passphrase::expose),
            "recovery_shares": shares,
        });
        say_json_surely(&value)?;
    } else {
        if let Some(p) = made {
            say_surely(&format!(
                "The new passphrase (shown this once, write it on paper; it holds once this command says that it is done):\n\n    {}\n",
                p.expose()
            ))?;
        }
        if let Some(shares) = shares {
            super::init::say_shares(vault.id(), shares.shares())?;
        }
    }
    vault.renew(new, shares).await.map_err(|e| {
        let shown = made.is_some() || shares.is_some();
        let note = if shown { "what was shown above is void, the old secrets hold" } else { "nothing was changed" };
        vault_error(e).context(note)
    })
}

/// A new passphrase: from a descriptor, a prompt, or made of six words. Never from the environment, where the old one may
/// stand.
fn new_passphrase(fd: Option<u32>, vault: &Path) -> anyhow::Result<(Passphrase, bool)> {
    if let Some(fd) = fd {
        let source = Source { passphrase_fd: Some(fd) };
        let given = source.choose(&vault.display().to_string())?;
        return Ok((given.context("the file descriptor holds no passphrase")?, false));
    }
    if std::io::stdin().is_terminal() {
        let ask = |prompt: &str| -> anyhow::Result<Zeroizing<String>> {
            Ok(Zeroizing::new(rpassword::prompt_password(prompt).context("the passphrase can't be read")?))
        };
        let first = ask(&format!("New passphrase for {} (empty: make one of six words): ", vault.display()))?;
        if !first.is_empty() {
            anyhow::ensure!(*first == *ask("The same again: ")?, "the two passphrases differ; nothing was changed");
            return Ok((crate::secret::new_passphrase(&first)?, false));
        }
    }
    Ok((Passphrase::make(6)?, true))
}

fn tell(settled: Settled, json: bool) -> anyhow::Result<Exit> {
    if json {
        return Ok(Exit::Fine);
    }
    say("Done: the vault has a new vault key, and what was shown above, if anything, holds from now on.")?;
    if settled == Settled::AtNextOpening {
        say("Somebody is reading the vault: what is left of the old keys in its folder goes at the next opening.")?;
    }
    say("Backups of keys made before still open with the passphrase of their time: destroy them, and make a new one.")?;
    Ok(Exit::Fine)
}

/// Shares out of files, or asked for at the terminal.
pub(super) fn read_shares(files: &[PathBuf]) -> anyhow::Result<Vec<Share>> {
    let mut shares = Vec::new();
    for path in files {
        let text =
            Zeroizing::new(std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?);
        // Headings of the printed sheet are left aside: a share's lines hold nothing but groups of four.
        let lines = text.lines().filter(|l| !l.trim_start().starts_with("Share "));
        let body = Zeroizing::new(lines.collect::<Vec<_>>().join(" "));
        shares.push(body.parse().with_context(|| path.display().to_string())?);
    }
    if files.is_empty() {
        anyhow::ensure!(std::io::stdin().is_terminal(), "give at least two shares with --share FILE");
        for which in ["First", "Second"] {
            let text = Zeroizing::new(rpassword::prompt_password(format!("{which} share (all 17 groups): "))?);
            shares.push(text.parse()?);
        }
    }
    Ok(shares)
}

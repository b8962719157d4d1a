//! `accord desk`: the vault of an organisation that holds records. Each file under `desk/` is one action; the rules are in
//! `accord-desk`.

use super::{Exit, Refused};
use crate::say::{say, say_json};
use crate::secret::Source;
use accord_desk::{Vault, VaultError};
use anyhow::Context as _;
use std::future::Future;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

mod backup;
mod consent;
mod erase;
mod import;
mod init;
mod keys;
mod records;
mod restore;

/// Arguments of `accord desk`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord desk init vault --organisation 'Our Shelter' --kind ngo
  accord desk import cases.xlsx --vault vault
  accord desk records --vault vault

A passphrase is asked for at the terminal, or read from --passphrase-fd N or the variable ACCORD_PASSPHRASE.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a vault in a new folder.
    Init(init::Args),
    /// Write forms that ask for what the standard needs.
    Form(super::form::Args),
    /// Take a file into the vault: all of it or nothing. Also: list imports, undo one.
    Import(import::Args),
    /// Say how many records there are; show one if asked.
    Records(records::Args),
    /// Show, give or withdraw consent to a purpose.
    Consent(consent::Args),
    /// Withdraw consent for one record: it is left out of everything drawn from now on.
    Withdraw(consent::WithdrawArgs),
    /// Erase one record: its key is destroyed, and a certificate written.
    Erase(erase::Args),
    /// Write a backup: one file for the data, one for the keys.
    Backup(backup::Args),
    /// Restore a backup into a new folder.
    Restore(restore::Args),
    /// Open a vault with two recovery shares and set a new passphrase.
    Recover(keys::RecoverArgs),
    /// New keys: the vault key, the passphrase, the recovery shares.
    Keys(keys::Args),
    /// Print the newest heads of the ledgers, to keep outside the vault.
    Heads(backup::HeadsArgs),
}

/// A vault and how to open it.
#[derive(Debug, clap::Args)]
pub struct VaultArgs {
    /// Folder of the vault.
    #[arg(long, value_name = "DIR")]
    pub vault: PathBuf,
    #[command(flatten)]
    pub secret: Source,
}

/// Runs `accord desk`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match args.command {
        Command::Init(args) => init::run(args, json),
        Command::Form(args) => super::form::run(args, json),
        Command::Import(args) => import::run(args, json),
        Command::Records(args) => records::run(args, json),
        Command::Consent(args) => consent::run(args, json),
        Command::Withdraw(args) => consent::withdraw(args, json),
        Command::Erase(args) => erase::run(args, json),
        Command::Backup(args) => backup::run(args, json),
        Command::Restore(args) => restore::run(args, json),
        Command::Recover(args) => keys::recover(args, json),
        Command::Keys(args) => keys::run(args, json),
        Command::Heads(args) => backup::heads(args, json),
    }
}

/// Turns core dumps of this process off: a crash must not write keys to disk. Where that can't be done, `accord doctor`
/// says so.
pub fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

impl VaultArgs {
    /// Opens the vault.
    pub async fn open(&self) -> anyhow::Result<Vault> {
        // Whether there is a vault at all is said before anyone types a passphrase.
        accord_desk::header::Header::read(&self.vault).map_err(vault_error)?;
        let passphrase = self.secret.open(&self.vault.display().to_string())?;
        Vault::open(&self.vault, &passphrase).await.map_err(vault_error)
    }
}

/// Keeps refusals (exit code 3) apart from failures.
pub fn vault_error(error: VaultError) -> anyhow::Error {
    if error.is_refusal() { Refused::error(error) } else { error.into() }
}

/// A runtime for one command.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program's runtime does not start")
}

/// Runs the async part of a command to its end.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime()?.block_on(work)
}

/// A local identifier: as given, or `-` to read it from standard input, where no other user of the machine sees it.
fn record_id(given: &str) -> anyhow::Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no identifier on standard input")?;
    let id = line.trim().to_owned();
    anyhow::ensure!(!id.is_empty(), "no identifier on standard input");
    Ok(id)
}

/// Asks at the terminal before something that can't be taken back; `--yes` answers beforehand.
#[expect(clippy::print_stderr, reason = "a question at the terminal")]
fn confirmed(yes: bool, question: &str) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    anyhow::ensure!(std::io::stdin().is_terminal(), "{question} Give --yes to say so without a terminal.");
    eprint!("{question} Type yes: ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

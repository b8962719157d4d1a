//! `accord release`: from a vault to a published release, step by step.
//!
//! keys → draft (from a vault) or pool (from contributions) → decide → publish. Each step reads what the step before wrote.

pub use super::desk::VaultArgs;
use super::{Exit, Refused};

pub mod decide;
pub mod draft;
pub mod evaluate;
pub mod keys;
pub mod ledger;
pub mod pool;
pub mod preview;
pub mod publish;

/// Arguments of `accord release`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Draw protected tables from a vault: a draft release, a contribution to a pool, or both. Debits the ledger.
    Draft(draft::Args),
    /// Add the contributions of several desks to one draft. No new draw, no debit.
    Pool(pool::Args),
    /// Ask what a draft would say of so many people, or what one says of people like somebody. Spends nothing.
    Preview(preview::Args),
    /// Record the survivor council's decision on a draft, signed by a quorum of its keys.
    Decide(decide::Args),
    /// Publish a draft that a council approved.
    Publish(publish::Args),
    /// Make the keys that sign: a root of trust, a release key, a council key in shares.
    Keys(keys::Args),
    /// Compare a release with the exact table it was made from, where that table is public or invented.
    Evaluate(evaluate::Args),
    /// Show what a vault's privacy account has spent.
    Ledger(ledger::Args),
}

/// Runs `accord release`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match args.command {
        Command::Draft(args) => draft::run(args, json),
        Command::Pool(args) => pool::run(args, json),
        Command::Preview(args) => preview::run(args, json),
        Command::Decide(args) => decide::run(args, json),
        Command::Publish(args) => publish::run(args, json),
        Command::Keys(args) => keys::run(args, json),
        Command::Evaluate(args) => evaluate::run(args, json),
        Command::Ledger(args) => ledger::run(args, json),
    }
}

/// Turns a failed draw into an error, keeping refusals apart.
pub fn draw_error(error: accord_desk::draw::DrawError) -> anyhow::Error {
    if error.is_refusal() { Refused::error(error) } else { error.into() }
}

/// Identifier of a release as it may stand in addresses and file names.
pub fn checked_id(id: &str) -> anyhow::Result<()> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    anyhow::ensure!(
        !id.is_empty() && id.len() <= 60 && id.chars().all(fine),
        "a release id is made of lower-case letters, digits and `-`, at most 60 of them; not {id:?}"
    );
    Ok(())
}

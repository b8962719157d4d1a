//! `accord release ledger`

use super::{Exit, VaultArgs};
use crate::say::{say, say_json};
use accord_desk::ledger::Ledger;
use accord_release::account::epsilon_of;

/// Arguments of `accord release ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord release ledger --vault vault")]
pub struct Args {
    #[command(flatten)]
    vault: VaultArgs,
}

/// Runs `accord release ledger`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (entries, terms) = runtime.block_on(async {
        let vault = args.vault.open().await?;
        let ledger = Ledger::of_vault(&vault).await?;
        anyhow::Ok((ledger.entries().await?, ledger.terms().clone()))
    })?;
    if json {
        say_json(&serde_json::json!({ "terms": terms, "entries": entries }))?;
        return Ok(Exit::Fine);
    }
    let cap = epsilon_of(terms.cap, terms.delta);
    say(&format!("Each cohort may be charged up to epsilon {cap:.3} (delta {:e}), ever.", terms.delta))?;
    for entry in &entries {
        say(&format!(
            "{:>4}  slot {:<10} cohort {:<6} rho {}  {}",
            entry.seq, entry.slot, entry.cohort, entry.rho, entry.state
        ))?;
    }
    Ok(Exit::Fine)
}

//! The privacy account that `accord protect` draws on: all that can be refused is refused before a ledger is made, whose terms
//! could never be changed again.

use super::Args;
use crate::cmd::Refused;
use crate::say::say;
use crate::{ambient, cmd};
use accord_desk::ledger::{AtWork, Ledger, LedgerError, Terms, check_slot};
use accord_measure::plan::Plan;
use accord_release::account::{epsilon_of, rho_of};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// An open account. Nobody else draws on it while this lives.
pub struct Account {
    pub ledger: Ledger<'static>,
    pub place: PathBuf,
    is_new: bool,
    _alone: AtWork,
}

impl Account {
    /// Opens the account that the arguments name for a draw by this plan, or makes it.
    pub fn open(args: &Args, plan: &Plan, delta: f64, runtime: &Runtime) -> anyhow::Result<Account> {
        let terms = Terms {
            dataset: args.dataset.clone().unwrap_or_else(|| file_name(&args.file)),
            cap: rho_of(args.cap, delta).map_err(Refused::error)?,
            delta,
        };
        fits_the_cap(plan, &terms).map_err(Refused::error)?;
        let place = args.ledger.clone().unwrap_or_else(|| beside(&args.file));
        // One that is empty was never opened: a run before this one ended as it began.
        let is_new = place.metadata().map_or(true, |found| found.len() == 0);
        let alone = match AtWork::with(&place) {
            Ok(alone) => alone,
            Err(LedgerError::Drawing) => bail!(
                "another accord is drawing with the ledger {} at this moment; try again when it has finished",
                place.display()
            ),
            Err(error) if error.is_refusal() => return Err(ledger_error(error)),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!(
                        "the ledger {} can't be made here; choose another place with --ledger FILE",
                        place.display()
                    )
                });
            }
        };
        let ledger = runtime.block_on(Ledger::open_file(&place, terms)).map_err(ledger_error)?;
        Ok(Account { ledger, place, is_new, _alone: alone })
    }

    /// A new account is a new beginning: whoever opens one should know it.
    pub fn tell_if_new(&self) -> anyhow::Result<()> {
        let terms = self.ledger.terms();
        if !self.is_new {
            return Ok(());
        }
        say(&format!(
            "A new privacy account was opened for the data set \"{}\", of at most epsilon {:.3} (delta {:e}), ever: {}. If \
             these people are in another account too, what is spent in both adds up.",
            terms.dataset,
            epsilon_of(terms.cap, terms.delta),
            terms.delta,
            self.place.display()
        ))
    }
}

/// Slot and identifier of the release. The identifier is never made of the file's name, which may say whom or how many it is
/// about (PRIVACY 11).
pub fn slot_and_id(args: &Args) -> anyhow::Result<(String, String)> {
    let slot = args.slot.clone().unwrap_or_else(this_half_year);
    check_slot(&slot).map_err(|error| Refused::error(format!("--slot: {error}")))?;
    let id = args.id.clone().unwrap_or_else(|| format!("draft-{slot}"));
    cmd::release::checked_id(&id).map_err(|error| cmd::Usage::error(format!("--id: {error}")))?;
    Ok((slot, id))
}

/// Refused before a ledger is made, whose cap could never be raised again.
fn fits_the_cap(plan: &Plan, terms: &Terms) -> Result<(), String> {
    if plan.total() <= terms.cap {
        return Ok(());
    }
    Err(format!(
        "this release costs epsilon {:.3}, and the account may spend at most {:.3} ever: lower --epsilon, or raise --cap if no \
         account was opened for these data yet. Nothing was spent",
        epsilon_of(plan.total(), terms.delta),
        epsilon_of(terms.cap, terms.delta)
    ))
}

pub fn ledger_error(error: LedgerError) -> anyhow::Error {
    if error.is_refusal() { Refused::error(error) } else { error.into() }
}

fn file_name(file: &Path) -> String {
    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The ledger beside a file.
fn beside(file: &Path) -> PathBuf {
    file.with_file_name(format!("{}.accord-ledger", file_name(file)))
}

/// Such as `2026-2`.
fn this_half_year() -> String {
    let today = ambient::today();
    format!("{}-{}", today.year(), if today.month() <= 6 { 1 } else { 2 })
}

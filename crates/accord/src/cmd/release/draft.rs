//! `accord release draft`

use super::{Exit, Refused, VaultArgs, checked_id, draw_error};
use crate::say::{say, say_json};
use crate::{ambient, folder};
use accord_desk::draw::{Ask, Drawn, draw};
use accord_desk::ledger::Ledger;
use accord_desk::vault::Vault;
use accord_measure::plan::{Extras, Plan};
use accord_release::contribution::{AssembleError, Contribution, assemble};
use accord_release::files::{Files, draft_files};
use accord_release::noise::LinearNoise;
use accord_release::privacy::is_worth_publishing;
use accord_release::publish::MISS;
use accord_standard::workload::{self, Workload};
use anyhow::Context as _;
use std::path::PathBuf;

/// Arguments of `accord release draft`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord release draft --vault vault --slot 2026-1 --epsilon 1 --period '2015 to 2025' \
--out draft-2026-1\n\nThe cost is debited before any record is read and is never refunded. Exit code 3: refused, because the \
account, the slot or the size of the holder does not allow it."
)]
pub struct Args {
    #[command(flatten)]
    vault: VaultArgs,
    /// Slot of the release calendar, such as 2026-1. At most two draws are made in a slot.
    #[arg(long)]
    slot: String,
    /// What this draw costs each person in the records.
    #[arg(long, allow_hyphen_values = true)]
    epsilon: f64,
    /// Years that the records cover, in words; declared, not read from the records.
    #[arg(long, default_value = "not declared")]
    period: String,
    /// Workload: the name of one that ships, or a file.
    #[arg(long, default_value = "default")]
    workload: String,
    /// Leave synthetic microdata out; all of the budget goes to the tables.
    #[arg(long)]
    no_microdata: bool,
    /// The people in these records are invented: say so everywhere.
    #[arg(long)]
    invented: bool,
    /// You mean a second draw in this slot: it costs as much again, and is the last.
    #[arg(long)]
    again: bool,
    /// Identifier of the release; default: the slot.
    #[arg(long)]
    id: Option<String>,
    /// Title of the release.
    #[arg(long)]
    title: Option<String>,
    /// New folder for the draft release.
    #[arg(long, value_name = "DIR", required_unless_present = "contribution")]
    out: Option<PathBuf>,
    /// New file for the contribution to a pool.
    #[arg(long, value_name = "FILE")]
    contribution: Option<PathBuf>,
}

/// Runs `accord release draft`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let ask = Ask {
        slot: args.slot.clone(),
        workload: read_workload(&args.workload)?,
        study: None,
        epsilon: args.epsilon,
        microdata: !args.no_microdata,
        period: args.period.clone(),
        invented: args.invented,
        today: ambient::today(),
        again: args.again,
    };
    let Args { vault, id, title, out, contribution, slot, .. } = args;
    let id = id.unwrap_or_else(|| slot.to_lowercase());
    draw_and_write(&vault, &ask, &Written { id, title, out, contribution }, json)
}

/// Where a draw goes, and what it is called there.
#[derive(Debug)]
pub struct Written {
    /// Identifier of the release.
    pub id: String,
    /// Title of the release.
    pub title: Option<String>,
    /// New folder for the draft.
    pub out: Option<PathBuf>,
    /// New file for the contribution to a pool.
    pub contribution: Option<PathBuf>,
}

/// Draws what is asked from a vault and writes a draft, a contribution or both.
pub fn draw_and_write(from: &VaultArgs, ask: &Ask, to: &Written, json: bool) -> anyhow::Result<Exit> {
    let Written { id, title, out, contribution } = to;
    checked_id(id)?;
    accord_release::account::check_epsilon(ask.epsilon).map_err(Refused::error)?;
    if let Some(out) = out {
        folder::can_be_made(out)?;
    }
    if let Some(file) = contribution {
        folder::file_can_be_made(file).context("--contribution")?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let (drawn, draft) = runtime.block_on(async {
        let vault = from.open().await?;
        if contribution.is_none() {
            // Known before anything is spent: a draft that would be refused is not drawn.
            worth_publishing(&vault, ask).map_err(Refused::error)?;
        }
        let bar = crate::progress::counter("records read");
        let drawn = draw(&vault, ask, &mut |n| bar.set_position(n)).await.map_err(draw_error)?;
        bar.finish_and_clear();
        let title = title.clone().unwrap_or_else(|| format!("Release {id} of {}", vault.settings().organisation));
        // What may leave is written before anything is made of it.
        write_contribution(to, &drawn.contribution).context(folder::KEPT)?;
        let draft = draft_of(&drawn.contribution, id, &title);
        if let (Some(out), Ok(files)) = (out, &draft) {
            let written = folder::write_new(out, files);
            if let (Err(_), Some(file)) = (&written, contribution) {
                // Best effort: the same command writes both anew, and takes no file that is there already.
                let _ = std::fs::remove_file(file);
            }
            written.context(folder::KEPT)?;
        }
        // What was measured is kept for another try as long as nothing came of it.
        if contribution.is_some() || (out.is_some() && draft.is_ok()) {
            Ledger::of_vault(&vault).await?.deliver(&drawn.draw).await?;
        }
        anyhow::Ok((drawn, draft))
    })?;
    let refused = draft.as_ref().err().map(ToString::to_string);
    let privacy = accord_release::privacy::statement(
        &drawn.contribution.workload,
        &drawn.contribution.statistics,
        &[accord_release::privacy::DeskCost {
            this: drawn.contribution.rho,
            cumulative: drawn.contribution.rho_cumulative,
        }],
        drawn.contribution.delta,
        None,
    );
    if json {
        say_json(&serde_json::json!({
            "release": id, "resumed": drawn.resumed, "out": out.as_ref().filter(|_| refused.is_none()),
            "contribution": contribution, "epsilon": privacy.epsilon, "study": ask.study.as_ref().map(|s| &s.id),
            "epsilon_cumulative": privacy.epsilon_cumulative, "delta": privacy.delta, "refused": refused,
        }))?;
    } else {
        tell(to, &drawn, privacy.epsilon, privacy.epsilon_cumulative, refused.as_deref())?;
    }
    Ok(if refused.is_some() && contribution.is_none() { Exit::Refused } else { Exit::Fine })
}

/// Writes the contribution to a pool, if one is wanted.
fn write_contribution(to: &Written, contribution: &Contribution) -> anyhow::Result<()> {
    let Some(file) = &to.contribution else { return Ok(()) };
    let bytes = serde_json::to_vec_pretty(contribution)?;
    let written = folder::write_synced(file, &bytes);
    if written.is_err() {
        // Best effort: what is left of it is no contribution, and would stand in the way of the next one.
        let _ = std::fs::remove_file(file);
    }
    written
}

fn tell(to: &Written, drawn: &Drawn, epsilon: f64, cumulative: f64, refused: Option<&str>) -> anyhow::Result<()> {
    if drawn.resumed {
        say("An earlier draw that was never written out was taken up: nothing was spent or measured now.")?;
    }
    say(&format!("Spent: epsilon {epsilon:.3} now, {cumulative:.3} so far (delta {:e}).", drawn.contribution.delta))?;
    if let Some(file) = &to.contribution {
        say(&format!("Contribution: {} (protected: it may leave this desk)", file.display()))?;
    }
    match (refused, &to.out) {
        (Some(why), _) => say(&format!("No release of its own: {why}."))?,
        (None, Some(out)) => say(&format!("Draft {}: {} (no council has decided on it)", to.id, out.display()))?,
        (None, None) => {}
    }
    Ok(())
}

/// Files of a draft made of one contribution.
pub fn draft_of(contribution: &Contribution, id: &str, title: &str) -> Result<Files, AssembleError> {
    files_of(std::slice::from_ref(contribution), id, title, vec![])
}

/// Files of a draft made of contributions.
pub fn files_of(
    contributions: &[Contribution],
    id: &str,
    title: &str,
    refusals: Vec<accord_release::bundle::Refusal>,
) -> Result<Files, AssembleError> {
    let software = concat!("accord ", env!("CARGO_PKG_VERSION"));
    let assumptions = ["One record is one person at each desk: identifiers are unique in a vault.".to_owned()];
    let made = assemble(contributions, id, title, software, &assumptions, refusals)?;
    draft_files(&made.bundle, made.synthetic.as_ref(), Some(&made.quality)).map_err(|_| AssembleError::Empty) // only out of memory could make serialisation of plain values fail
}

/// Whether at least one table would say something at the vault's declared size bound. Reads nothing but public numbers.
pub fn worth_publishing(vault: &Vault, ask: &Ask) -> Result<(), String> {
    let settings = vault.settings();
    let extras = Extras { microdata: ask.microdata, basis: true };
    let plan = Plan::new(ask.workload.clone(), ask.epsilon, settings.delta, 1, extras).map_err(|e| e.to_string())?;
    let tables = plan.steps.iter().filter(|s| plan.workload.tables.iter().any(|t| t.id == s.table));
    let narrowest = tables.map(|s| LinearNoise::direct(&[s.sigma_milli]).half_width(MISS)).min().unwrap_or(u64::MAX);
    if is_worth_publishing(settings.size_bound, narrowest) {
        return Ok(());
    }
    Err(format!(
        "{} declares at most {} people; at epsilon {} a count would be uncertain by {narrowest} either way, so that no \
         group of one in ten would be known within half of its value. Nothing was drawn and nothing spent. Contribute to a \
         pool with --contribution FILE, or join several years in one release",
        settings.organisation, settings.size_bound, ask.epsilon
    ))
}

/// A workload by name or from a file.
pub fn read_workload(name: &str) -> anyhow::Result<Workload> {
    if let Some(workload) = workload::embedded(name) {
        return Ok(workload);
    }
    let text = std::fs::read_to_string(name)
        .with_context(|| format!("there is no workload called {name}, nor a file of that name"))?;
    Workload::parse(&text, accord_standard::dimension::embedded())
        .with_context(|| format!("{name} is not a workload that can be used"))
}

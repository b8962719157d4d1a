//! `accord desk consent` and `accord desk withdraw`

use super::{Exit, VaultArgs, block_on, record_id, say, say_json, vault_error};
use crate::ambient;
use accord_desk::consent::{Act, Capacity, ConsentEvent};
use accord_standard::consent::Purpose;
use std::collections::BTreeMap;

/// Arguments of `accord desk consent`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord desk consent show case-17 --vault vault
  accord desk consent grant case-17 --purpose p2,p5 --by person --language ar --vault vault
  accord desk consent withdraw case-17 --purpose p5 --vault vault

Purposes: p1 service and case file, p2 statistics, p3 linkage with named partners, p4 estimates, p5 synthetic records,
p6 being contacted, p7 signals to companies. Each is a switch of its own, off until it is given. ID `-` reads the
identifier from standard input, where no other user of this machine sees it.")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show how consent stands.
    Show(ShowArgs),
    /// Record that consent was given.
    Grant(ActArgs),
    /// Record that the person was asked and refused.
    Refuse(ActArgs),
    /// Record that consent was withdrawn.
    Withdraw(ActArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Local identifier of the record.
    id: String,
    #[command(flatten)]
    vault: VaultArgs,
}

#[derive(Debug, clap::Args)]
struct ActArgs {
    /// Local identifier of the record.
    id: String,
    /// Purposes, p1 to p7, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_parser = purpose)]
    purpose: Vec<Purpose>,
    /// Who decided.
    #[arg(long, value_enum, default_value = "person")]
    by: By,
    /// Last day on which it holds, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Version of the form that was read out.
    #[arg(long, value_parser = code)]
    form: Option<String>,
    /// Language in which it was explained.
    #[arg(long, value_parser = code)]
    language: Option<String>,
    /// Whether an interpreter helped.
    #[arg(long)]
    interpreter: Option<bool>,
    #[command(flatten)]
    vault: VaultArgs,
}

/// Arguments of `accord desk withdraw`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord desk withdraw case-17 --vault vault

Holds for everything drawn from now on. What was drawn before stays as it is: it shows no single person, and nobody can tell
from it who left. To destroy the record itself: accord desk erase.")]
pub struct WithdrawArgs {
    /// Local identifier of the record; `-` reads it from standard input.
    id: String,
    /// Purposes, p1 to p7, separated by commas. Default: p2 to p7.
    #[arg(long, value_delimiter = ',', value_parser = purpose)]
    purpose: Vec<Purpose>,
    /// Who decided.
    #[arg(long, value_enum, default_value = "person")]
    by: By,
    #[command(flatten)]
    vault: VaultArgs,
}

/// Who decided.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum By {
    /// The person herself.
    Person,
    /// A parent or guardian.
    Guardian,
    /// A representative by law.
    LegalRepresentative,
    /// Those responsible, in the person's best interest.
    BestInterest,
}

impl From<By> for Capacity {
    fn from(by: By) -> Capacity {
        match by {
            By::Person => Capacity::Person,
            By::Guardian => Capacity::Guardian,
            By::LegalRepresentative => Capacity::LegalRepresentative,
            By::BestInterest => Capacity::BestInterest,
        }
    }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    Purpose::from_code(text.trim()).ok_or_else(|| "a purpose is one of p1 to p7".to_owned())
}

/// Codes, not text: the ledger has no room for a story.
fn code(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if text.is_empty() || text.len() > 20 || !text.chars().all(fine) {
        return Err("a code has at most 20 letters, digits, `-`, `.` and `_`".to_owned());
    }
    Ok(text.to_owned())
}

/// Runs `accord desk consent`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match args.action {
        Action::Show(args) => show(&args.vault, &record_id(&args.id)?, json),
        Action::Grant(args) => record(args, Act::Given, json),
        Action::Refuse(args) => record(args, Act::Refused, json),
        Action::Withdraw(args) => record(args, Act::Withdrawn, json),
    }
}

fn record(args: ActArgs, act: Act, json: bool) -> anyhow::Result<Exit> {
    let event = ConsentEvent {
        until: args.until,
        form: args.form,
        language: args.language,
        interpreter: args.interpreter,
        ..ConsentEvent::new(act, &args.purpose, args.by.into(), ambient::today()).map_err(vault_error)?
    };
    event.check().map_err(vault_error)?;
    write(&args.vault, &record_id(&args.id)?, &event, json)
}

/// Runs `accord desk withdraw`.
pub fn withdraw(args: WithdrawArgs, json: bool) -> anyhow::Result<Exit> {
    let purposes = if args.purpose.is_empty() { Purpose::ALL[1..].to_vec() } else { args.purpose };
    let event = ConsentEvent::new(Act::Withdrawn, &purposes, args.by.into(), ambient::today()).map_err(vault_error)?;
    write(&args.vault, &record_id(&args.id)?, &event, json)
}

fn write(vault: &VaultArgs, id: &str, event: &ConsentEvent, json: bool) -> anyhow::Result<Exit> {
    let head = block_on(async {
        let vault = vault.open().await?;
        vault.record_consent(id, event).await.map_err(vault_error)?;
        vault.head("consent").await.map_err(vault_error)
    })?;
    if json {
        say_json(&serde_json::json!({ "recorded": event, "consent_head": head }))?;
        return Ok(Exit::Fine);
    }
    let codes: Vec<&str> = event.purposes.iter().map(|p| p.code()).collect();
    say(&format!(
        "Recorded: {} for {}. It holds for everything drawn from now on.",
        word(event.act),
        codes.join(", ")
    ))?;
    if event.act == Act::Withdrawn {
        say("What was drawn before stays as it is: it shows no single person.")?;
    }
    Ok(Exit::Fine)
}

const fn word(act: Act) -> &'static str {
    match act {
        Act::Given => "given",
        Act::Refused => "refused",
        Act::Withdrawn => "withdrawn",
        Act::Overridden => "recorded without consent",
    }
}

fn show(vault: &VaultArgs, id: &str, json: bool) -> anyhow::Result<Exit> {
    let state = block_on(async {
        let vault = vault.open().await?;
        vault.consent(id).await.map_err(vault_error)
    })?;
    let today = ambient::today();
    if json {
        let all: BTreeMap<&str, serde_json::Value> = Purpose::ALL
            .into_iter()
            .map(|p| {
                let holds = state.allows(p, today);
                (p.code(), serde_json::json!({ "holds": holds, "standing": state.of(p) }))
            })
            .collect();
        say_json(&serde_json::json!({ "consent": all }))?;
        return Ok(Exit::Fine);
    }
    for p in Purpose::ALL {
        let line = match state.of(p) {
            None => "never asked".to_owned(),
            Some(s) => {
                let on = s.on.as_ref().map(|d| format!(" {d}")).unwrap_or_default();
                let until = s.until.as_ref().map(|d| format!(", until {d}")).unwrap_or_default();
                let lapsed = if s.act == Act::Given && !s.holds(today) { " (lapsed)" } else { "" };
                format!("{}{on}{until}{lapsed}", word(s.act))
            }
        };
        say(&format!("  {}  {line}", p.code()))?;
    }
    Ok(Exit::Fine)
}

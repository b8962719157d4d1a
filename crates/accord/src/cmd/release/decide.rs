//! `accord release decide`

use super::Exit;
use crate::cmd::hub;
use crate::cmd::verify::{failures, verify};
use crate::say::{say, say_json};
use crate::secret::Source;
use crate::{ambient, folder};
use accord_crypto::council::{self, CouncilShare, SealedShare};
use accord_release::bundle::{Decision, Outcome};
use accord_release::files::{DECISION_CONTEXT, Files, Signed, Status, decision_bytes, draft_hash};
use anyhow::Context as _;
use std::path::PathBuf;

/// Arguments of `accord release decide`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord release decide draft-2026-1 --council 'Survivor council' --outcome approve \
--note 'Read the girls’ figures first.' --share keys/council-1.json --share keys/council-2.json --out decision")]
pub struct Args {
    /// Folder of the draft.
    #[arg(value_name = "DRAFT")]
    draft: PathBuf,
    /// Name of the council.
    #[arg(long)]
    council: String,
    /// What was decided. Silence is defer.
    #[arg(long, value_enum)]
    outcome: Choice,
    /// Context note that travels with every figure into every export.
    #[arg(long, default_value = "")]
    note: String,
    /// A member's share of the council key; give as many as the quorum needs.
    #[arg(long = "share", value_name = "FILE", required = true)]
    shares: Vec<PathBuf>,
    #[command(flatten)]
    secret: Source,
    /// New folder for the decision and its signature.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Choice {
    Approve,
    Defer,
    Veto,
}

/// Runs `accord release decide`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    folder::is_free(&args.out)?;
    let draft = hub::read_folder(&args.draft)?;
    let mut shares = Vec::new();
    for path in &args.shares {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
        let sealed: SealedShare =
            serde_json::from_str(&text).with_context(|| format!("{} is no council share", path.display()))?;
        let passphrase = args.secret.open(&path.display().to_string())?;
        shares.push(sealed.open(&passphrase).with_context(|| format!("{} can't be opened", path.display()))?);
    }
    let outcome = match args.outcome {
        Choice::Approve => Outcome::Approve,
        Choice::Defer => Outcome::Defer,
        Choice::Veto => Outcome::Veto,
    };
    let files = decide(&draft, &args.council, outcome, &args.note, &shares)?;
    folder::write_new(&args.out, &files)?;
    if json {
        say_json(&serde_json::json!({ "out": args.out, "draft": draft_hash(&draft)? }))?;
    } else {
        say(&format!("Decision: {} (binds draft {})", args.out.display(), draft_hash(&draft)?))?;
    }
    Ok(Exit::Fine)
}

/// A decision on a draft with the council's signature: `decision.json` and `decision.sig.json`.
pub fn decide(
    draft: &Files,
    council_name: &str,
    outcome: Outcome,
    note: &str,
    shares: &[CouncilShare],
) -> anyhow::Result<Files> {
    let today = ambient::today_iso();
    let report = verify(draft, None, None);
    anyhow::ensure!(
        report.is_sound(),
        "the draft does not pass its checks ({}); run `accord verify` on it: nothing was signed",
        failures(&report)
    );
    anyhow::ensure!(
        report.status == Some(Status::Draft),
        "a council decides on a draft, and this is none: nothing was signed"
    );
    let first = shares.first().context("no share was given")?;
    let [need, held] = first.quorum();
    let decision = Decision {
        outcome,
        council: council_name.to_owned(),
        note: note.to_owned(),
        date: today,
        draft: draft_hash(draft)?,
        quorum: [u8::try_from(need)?, u8::try_from(held)?],
    };
    let bytes = decision_bytes(&decision)?;
    let signature = council::sign(shares, DECISION_CONTEXT, &bytes)?;
    let key = first.group_key()?;
    let signed = serde_json::to_vec_pretty(&Signed { key_id: key.id(), key, signature })?;
    Ok([("decision.json".to_owned(), bytes), ("decision.sig.json".to_owned(), signed)].into())
}

//! `accord release publish`

use super::{Exit, Refused};
use crate::cmd::hub;
use crate::cmd::verify::{failures, parquet, verify};
use crate::folder;
use crate::say::{say, say_json};
use crate::secret::Source;
use accord_crypto::sign::{SealedKey, SigningKey};
use accord_crypto::trust::TrustRoot;
use accord_release::bundle::Decision;
use accord_release::files::{Files, Signed, draft_hash, parse, published_files};
use accord_release::flat::again::is_flat;
use accord_release::verify::check_manifest;
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// Arguments of `accord release publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: accord release publish draft-2026-1 --decision decision --key keys/release.json \
--trust-list keys/trust.json --trust keys/root.json --out release-2026-1\n\nExit code 3: refused, because no council that the \
root names approved exactly this draft.")]
pub struct Args {
    /// Folder of the draft.
    #[arg(value_name = "DRAFT")]
    draft: PathBuf,
    /// Folder of the decision, as written by `accord release decide`.
    #[arg(long, value_name = "DIR")]
    decision: PathBuf,
    /// Sealed release key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// List of trusted keys, signed by the root.
    #[arg(long, value_name = "FILE")]
    trust_list: PathBuf,
    /// Root of trust.
    #[arg(long, value_name = "ROOT")]
    trust: PathBuf,
    #[command(flatten)]
    secret: Source,
    /// New folder for the published release.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs `accord release publish`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    folder::is_free(&args.out)?;
    let draft = hub::read_folder(&args.draft)?;
    let root = hub::read_root(&args.trust)?;
    let mut decision = Files::new();
    for name in ["decision.json", "decision.sig.json"] {
        let path = args.decision.join(name);
        decision.insert(
            name.to_owned(),
            std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?,
        );
    }
    let list =
        std::fs::read(&args.trust_list).with_context(|| format!("{} can't be read", args.trust_list.display()))?;
    let sealed = std::fs::read(&args.key).with_context(|| format!("{} can't be read", args.key.display()))?;
    let sealed: SealedKey =
        serde_json::from_slice(&sealed).with_context(|| format!("{} is no sealed key", args.key.display()))?;
    let key = sealed.open(&args.secret.open(&args.key.display().to_string())?)?;
    let files = publish(&draft, &decision, &list, &key, &root)?;
    folder::write_new(&args.out, &files)?;
    if json {
        say_json(&serde_json::json!({ "out": args.out, "files": files.len() }))?;
    } else {
        say(&format!("Published: {}", args.out.display()))?;
    }
    Ok(Exit::Fine)
}

/// Files of the published release; refused unless they verify under the root.
pub fn publish(
    draft: &Files,
    decision: &Files,
    trust_list: &[u8],
    key: &SigningKey,
    root: &TrustRoot,
) -> anyhow::Result<Files> {
    let signed: Signed = parse(decision, "decision.sig.json")?;
    let decided: Decision = parse(decision, "decision.json")?;
    // Said before anything is made again, which takes a while for a large table.
    if decided.draft != draft_hash(draft)? {
        return Err(Refused::error("not published: the decision is about another draft"));
    }
    // A flat draft is made again from its noisy counts as it is published, and refused there if it doesn't follow.
    let wrong = if is_flat(draft) {
        check_manifest(draft).err()
    } else {
        Some(verify(draft, None, None)).filter(|r| !r.is_sound()).map(|r| failures(&r))
    };
    if let Some(why) = wrong {
        bail!("the draft does not pass its checks ({why}); run `accord verify` on it: nothing was signed");
    }
    let files = published_files(draft, &decided, &signed, trust_list, key, Some(&parquet))
        .context("the draft does not pass its checks; run `accord verify` on it: nothing was signed")?;
    let report = verify(&files, Some(root), None);
    if !report.is_trusted() {
        return Err(Refused::error(format!("not published: {}", failures(&report))));
    }
    Ok(files)
}

//! `accord desk import`: a file into the vault, all of it or nothing.

use super::{Exit, VaultArgs, block_on, confirmed, runtime, say, say_json, vault_error};
use crate::ambient;
use crate::cmd::check::progress_bar;
use crate::intake::{Intake, import_file};
use crate::sandbox::{As, ReadOptions, exit_of};
use crate::say::printable;
use accord_desk::VaultError;
use accord_desk::import::ImportReport;
use accord_record::check::{Finding, Summary};
use anyhow::Context as _;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `accord desk import`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  accord desk import cases.xlsx --vault vault --dry-run
  accord desk import cases.csv --vault vault --mapping our-columns.toml
  accord desk import list --vault vault
  accord desk import undo 3 --vault vault

The whole file is checked and sealed before anything is made to last: if one row fails, nothing is imported."
)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// CSV, XLSX, Parquet or JSON lines; gzip around any of them is fine.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Folder of the vault.
    #[arg(long, value_name = "DIR", required = true)]
    vault: Option<PathBuf>,
    #[command(flatten)]
    secret: crate::secret::Source,
    /// accord, ctdc, htcds, or a mapping file. Without it, the columns tell.
    #[arg(long = "as", value_name = "STANDARD|MAPPING")]
    crosswalk: Option<As>,
    /// Mapping file for your own columns.
    #[arg(long, value_name = "MAPPING", conflicts_with = "crosswalk")]
    mapping: Option<As>,
    /// Text encoding, where it is recognised wrongly (windows-1256, shift_jis, ...).
    #[arg(long)]
    encoding: Option<String>,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the imports.
    List(VaultArgs),
    /// Take an import back: its records go, their keys are destroyed.
    Undo(UndoArgs),
}

#[derive(Debug, clap::Args)]
struct UndoArgs {
    /// Number of the import.
    number: i64,
    #[command(flatten)]
    vault: VaultArgs,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

/// Runs `accord desk import`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match args.action {
        Some(Action::List(args)) => list(args, json),
        Some(Action::Undo(args)) => undo(args, json),
        None => import(args, json),
    }
}

fn import(args: Args, json: bool) -> anyhow::Result<Exit> {
    let file = args.file.context("no file was named")?;
    let vault = VaultArgs { vault: args.vault.context("--vault is missing")?, secret: args.secret };
    let runtime = runtime()?;
    let vault = runtime.block_on(vault.open())?;
    let options = ReadOptions {
        crosswalk: args.mapping.or(args.crosswalk).unwrap_or_default(),
        encoding: args.encoding,
        ..ReadOptions::default()
    };
    let bar = progress_bar(json);
    let taken = import_file(&runtime, &vault, &file, &options, args.dry_run, &mut |read, of| {
        bar.set_length(of);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let Intake { summary, findings: shown, report } = match taken {
        Ok(taken) => taken,
        Err(error) => {
            let exit = if error.is::<super::Refused>() { Exit::Refused } else { exit_of(&error) };
            crate::cmd::report(&error.context("nothing was imported"), json);
            return Ok(exit);
        }
    };
    let report = match report {
        None => {
            tell_failed(&file, &summary, &shown, json)?;
            return Ok(Exit::No);
        }
        Some(Ok(report)) => report,
        Some(Err(VaultError::Rows(problems))) if json => {
            say_json(&json!({ "imported": 0, "error": problems.to_string(), "problems": problems }))?;
            return Ok(if problems.erased > 0 { Exit::Refused } else { Exit::No });
        }
        Some(Err(error)) => return Err(vault_error(error)),
    };
    runtime.block_on(vault.close());
    tell(&file, &summary, &shown, &report, args.dry_run, json)?;
    Ok(Exit::Fine)
}

/// Rows that failed: which, and that nothing was imported.
fn tell_failed(file: &std::path::Path, summary: &Summary, shown: &[Finding], json: bool) -> anyhow::Result<()> {
    let why = if summary.accepted == 0 && summary.failed == 0 {
        format!("nothing was imported: {} holds no records", shown_path(file))
    } else {
        format!("nothing was imported: {} of {} rows fail", summary.failed, summary.rows)
    };
    if json {
        return say_json(&json!({ "imported": 0, "error": why, "summary": summary, "first_findings": shown }));
    }
    for f in shown {
        say(&line_of(f))?;
    }
    say(&format!(
        "{why}. `accord check {}` lists every finding; mend the file and import it again.",
        shown_path(file)
    ))?;
    Ok(())
}

fn shown_path(path: &std::path::Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

fn line_of(f: &Finding) -> String {
    let place = if f.column.is_empty() { String::new() } else { format!(", {}", printable(&f.column)) };
    let hint = f.suggestion.as_ref().map(|s| format!(" — {s}?")).unwrap_or_default();
    format!("row {}{place}: {} [{}]{hint}", f.row, f.message, f.code.id())
}

fn tell(
    file: &std::path::Path,
    summary: &Summary,
    shown: &[Finding],
    report: &ImportReport,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        return say_json(&json!({
            "file": file,
            "dry_run": dry_run,
            "imported": if dry_run { 0 } else { report.records },
            "would_import": report.records,
            "report": report,
            "crosswalk": summary.crosswalk,
            "first_findings": shown,
            "notes": summary.notes,
        }));
    }
    for f in shown {
        say(&line_of(f))?;
    }
    for note in &summary.notes {
        say(&format!("note: {note}"))?;
    }
    let verb = if dry_run { "would be imported" } else { "imported" };
    say(&format!("{} records {verb}, read as {}.", report.records, summary.crosswalk))?;
    say(&format!(
        "{} say something of consent, {} have a legal basis. Without consent to p2 or a legal basis a record is counted in no table.",
        report.with_consent, report.with_legal_basis
    ))?;
    if report.returned > 0 {
        say(&format!("{} of them come back from an import that was undone; they keep their year.", report.returned))?;
    }
    match report.number {
        Some(n) => say(&format!("Taken back with: accord desk import undo {n} --vault DIR"))?,
        None => say("This was a dry run; nothing was changed.")?,
    }
    Ok(())
}

fn list(args: VaultArgs, json: bool) -> anyhow::Result<Exit> {
    let imports = block_on(async { args.open().await?.imports().await.map_err(vault_error) })?;
    if json {
        say_json(&json!({ "imports": imports }))?;
        return Ok(Exit::Fine);
    }
    if imports.is_empty() {
        say("Nothing was imported yet.")?;
    }
    for b in imports {
        let undone = if b.undone { "  undone" } else { "" };
        say(&format!(
            "{:>4}  {}  {:>9} records  {} (as {}){undone}",
            b.number,
            b.on,
            b.records,
            printable(&b.file),
            printable(&b.read_as)
        ))?;
    }
    Ok(Exit::Fine)
}

fn undo(args: UndoArgs, json: bool) -> anyhow::Result<Exit> {
    if !confirmed(args.yes, &format!("Take back import {}? Its records are gone then.", args.number))? {
        say("Nothing was changed.")?;
        return Ok(Exit::No);
    }
    let gone = block_on(async {
        let mut vault = args.vault.open().await?;
        vault.undo_import(args.number, ambient::today()).await.map_err(vault_error)
    })?;
    if json {
        say_json(&json!({ "undone": args.number, "records": gone }))?;
    } else {
        say(&format!("Import {} is undone: {gone} records are gone and their keys destroyed.", args.number))?;
    }
    Ok(Exit::Fine)
}

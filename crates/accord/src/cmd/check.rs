//! `accord check`: what is wrong with a file of records, where, and how to mend it.

use super::Exit;
use crate::sandbox::{As, Message, ReadOptions, exit_of, read_file};
use crate::say::{printable, say, say_json};
use accord_record::check::{Finding, Summary};
use accord_record::write::escape_for_spreadsheet;
use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Findings that are shown; all go to `--errors`.
const SHOWN: usize = 20;
/// Findings that JSON output holds.
const IN_JSON: usize = 1000;

/// Arguments of `accord check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord check cases.xlsx
  accord check cases.csv --as our-mapping.toml --errors to-mend.csv
  accord check ctdc.csv.gz --as ctdc --json

Nothing leaves this machine and nothing is stored. Exit code 1: some rows fail; 3: the file was refused for safety.")]
pub struct Args {
    /// CSV, XLSX, Parquet or JSON lines; gzip around any of them is fine.
    file: PathBuf,
    /// accord, ctdc, htcds, or a mapping file for your own columns. Without it, the columns tell.
    #[arg(long = "as", value_name = "STANDARD|MAPPING")]
    crosswalk: Option<As>,
    /// Write every finding to this CSV file.
    #[arg(long, value_name = "OUT.csv")]
    errors: Option<PathBuf>,
    /// Text encoding, where it is recognised wrongly (windows-1256, shift_jis, ...).
    #[arg(long)]
    encoding: Option<String>,
}

/// Runs `accord check`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let mut errors = match &args.errors {
        Some(path) => Some(ErrorFile::create(path)?),
        None => None,
    };
    let options = ReadOptions {
        crosswalk: args.crosswalk.unwrap_or_default(),
        want_records: false,
        encoding: args.encoding,
        ..ReadOptions::default()
    };
    let bar = progress_bar(json);
    let mut shown: Vec<Finding> = Vec::new();
    let most = if json { IN_JSON } else { SHOWN };
    let read = read_file(&args.file, &options, &mut |message| {
        match message {
            Message::Started(_) | Message::Record { .. } => {}
            Message::Progress { read, of } => {
                bar.set_length(of);
                bar.set_position(read);
            }
            Message::Finding(finding) => {
                if let Some(errors) = &mut errors {
                    errors.write(&finding)?;
                }
                if shown.len() < most {
                    shown.push(finding);
                }
            }
        }
        Ok(())
    });
    bar.finish_and_clear();
    if let Some(errors) = errors {
        match &read {
            Ok(_) => errors.finish()?,
            Err(_) => errors.discard(),
        }
    }
    let summary = match read {
        Ok(summary) => summary,
        Err(error) => {
            super::report(&error, json);
            return Ok(exit_of(&error));
        }
    };
    if json {
        say_json(&json!({ "file": args.file, "summary": summary, "first_findings": shown }))?;
    } else {
        say(&in_words(&summary, &shown))?;
    }
    Ok(if summary.failed > 0 || summary.accepted == 0 { Exit::No } else { Exit::Fine })
}

/// A bar on a terminal, else nothing.
pub(super) fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// The findings as a CSV file for mending.
struct ErrorFile {
    csv: csv::Writer<std::fs::File>,
    path: PathBuf,
}

impl ErrorFile {
    /// Never over a file that is there: that may be the cases themselves. Only its owner may read it, as it quotes cells.
    fn create(path: &Path) -> anyhow::Result<ErrorFile> {
        let mut options = std::fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                bail!("{} is there already; nothing is overwritten: choose a new file with --errors", path.display())
            }
            opened => opened.with_context(|| format!("cannot write {}", path.display()))?,
        };
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(["row", "column", "code", "message", "suggestion"])?;
        Ok(ErrorFile { csv, path: path.to_owned() })
    }

    /// Removes the file, which this command made: half a list would pass for a whole one.
    fn discard(self) {
        drop(self.csv);
        let _ = std::fs::remove_file(&self.path);
    }

    fn write(&mut self, f: &Finding) -> anyhow::Result<()> {
        let safe = |text: &str| escape_for_spreadsheet(text).into_owned();
        let suggestion = f.suggestion.as_deref().unwrap_or_default();
        self.csv.write_record([
            &f.row.to_string(),
            &safe(&f.column),
            f.code.id(),
            &safe(&f.message),
            &safe(suggestion),
        ])?;
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.csv.flush().context("cannot finish the file of findings")
    }
}

fn in_words(summary: &Summary, shown: &[Finding]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for f in shown {
        let place = if f.column.is_empty() { String::new() } else { format!(", {}", printable(&f.column)) };
        let _ = write!(out, "row {}{place}: {} [{}]", f.row, printable(&f.message), f.code.id());
        if let Some(suggestion) = &f.suggestion {
            let _ = write!(out, " — {}?", printable(suggestion));
        }
        out.push('\n');
    }
    let total: u64 = summary.findings.values().sum();
    if total > shown.len() as u64 {
        let _ = writeln!(out, "... and {} more findings; --errors OUT.csv writes them all", total - shown.len() as u64);
    }
    if !shown.is_empty() {
        out.push('\n');
    }
    let found = &summary.found;
    let _ = write!(
        out,
        "{} rows read as {}: {} accepted, {} failed",
        summary.rows,
        printable(&summary.crosswalk),
        summary.accepted,
        summary.failed
    );
    if let Some(encoding) = &found.encoding {
        let delimiter = match found.delimiter {
            Some('\t') => ", tab-separated",
            Some(';') => ", semicolons",
            Some('|') => ", bars",
            _ => "",
        };
        let _ = write!(out, " ({encoding}{delimiter}{})", if found.gzip { ", gzip" } else { "" });
    }
    out.push('\n');
    for (code, n) in &summary.findings {
        let _ = writeln!(out, "  {:<20} {n}", code.id());
    }
    if summary.rows > 0 {
        out.push_str("\nRows with a value, by column:\n");
        for column in &summary.columns {
            let _ = writeln!(
                out,
                "  {:>5.1} %  {}{}",
                column.filled as f64 * 100.0 / summary.rows as f64,
                printable(&column.column),
                if column.fields.is_empty() || column.fields == [column.column.clone()] {
                    String::new()
                } else {
                    format!(" -> {}", printable(&column.fields.join(", ")))
                }
            );
        }
    }
    if !summary.notes.is_empty() || !summary.losses.is_empty() {
        out.push_str("\nNotes:\n");
        for note in &summary.notes {
            let _ = writeln!(out, "  - {}", printable(note));
        }
        for (loss, n) in &summary.losses {
            let _ = writeln!(out, "  - {} ({n} cells)", printable(loss));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

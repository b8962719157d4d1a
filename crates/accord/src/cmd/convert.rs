//! `accord convert`: records from any format that is read, to CSV, JSON lines or XLSX in the record's own columns.

use super::Exit;
use super::check::progress_bar;
use crate::sandbox::{As, Message, ReadOptions, exit_of, read_file};
use crate::say::{printable, say, say_json};
use accord_record::check::Summary;
use accord_record::model::Incoming;
use accord_record::write::{Columns, Workbook, csv_header, csv_row, json_line};
use accord_standard::codebook::Codebook;
use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Arguments of `accord convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord convert cases.xlsx cases.jsonl
  accord convert ctdc.csv.gz records.csv --as ctdc
  accord convert cases.jsonl for-excel.csv --bom

The output holds the same people as the input: it is as confidential. It is written only if every row is good, or with
--only-good. Texts that a spreadsheet would take for formulas get an apostrophe in CSV and are typed as text in XLSX.")]
pub struct Args {
    /// What to read.
    input: PathBuf,
    /// What to write; its ending tells the format: .csv, .jsonl or .xlsx. A file that is there is not overwritten.
    output: PathBuf,
    /// accord, ctdc, htcds, or a mapping file. Without it, the columns tell.
    #[arg(long = "as", value_name = "STANDARD|MAPPING")]
    crosswalk: Option<As>,
    /// Leave failing rows out instead of writing nothing.
    #[arg(long)]
    only_good: bool,
    /// Begin CSV with a byte order mark, so that Excel reads every script rightly.
    #[arg(long)]
    bom: bool,
    /// Text encoding of the input, where it is recognised wrongly.
    #[arg(long)]
    encoding: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Xlsx,
}

/// Runs `accord convert`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let format = match args.output.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Format::Csv,
        Some("jsonl" | "ndjson") => Format::JsonLines,
        Some("xlsx") => Format::Xlsx,
        _ => bail!("the name of the output must end in .csv, .jsonl or .xlsx"),
    };
    ensure!(!args.output.exists(), "{} is there already; nothing is overwritten", args.output.display());
    let options = ReadOptions {
        crosswalk: args.crosswalk.clone().unwrap_or_default(),
        want_records: true,
        encoding: args.encoding.clone(),
        ..ReadOptions::default()
    };
    match convert(&args, format, &options, json) {
        Ok(summary) => {
            finish(&args, &summary, json)?;
            Ok(if summary.failed > 0 { Exit::No } else { Exit::Fine })
        }
        Err(error) => {
            super::report(&error, json);
            Ok(exit_of(&error))
        }
    }
}

fn convert(args: &Args, format: Format, options: &ReadOptions, quiet: bool) -> anyhow::Result<Summary> {
    let bar = progress_bar(quiet);
    let each = |on: &mut dyn FnMut(&Incoming) -> anyhow::Result<()>| {
        let summary = read_file(&args.input, options, &mut |message| match message {
            Message::Record { incoming, .. } => on(&incoming),
            Message::Progress { read, of } => {
                bar.set_length(of);
                bar.set_position(read);
                Ok(())
            }
            Message::Started(_) | Message::Finding(_) => Ok(()),
        })?;
        ensure!(
            summary.failed == 0 || args.only_good,
            "{} of {} rows fail and nothing was written; `accord check` shows why, --only-good leaves them out",
            summary.failed,
            summary.rows
        );
        Ok(summary)
    };
    let book = Codebook::embedded();
    // A flat file's columns are known only when every record was seen; the same pass tells whether all are good.
    let mut columns = Columns::default();
    let first = each(&mut |incoming| {
        columns.note(incoming);
        Ok(())
    })?;
    let part = Part::create(&args.output)?;
    let mut out = BufWriter::new(&part.file);
    let mut line = Vec::new();
    let second = match format {
        Format::Csv => {
            if args.bom {
                out.write_all("\u{feff}".as_bytes())?;
            }
            csv_header(&columns, book, &mut line);
            out.write_all(&line)?;
            each(&mut |incoming| {
                line.clear();
                csv_row(&columns, book, incoming, &mut line);
                Ok(out.write_all(&line)?)
            })?
        }
        Format::JsonLines => each(&mut |incoming| Ok(writeln!(out, "{}", json_line(book, incoming))?))?,
        Format::Xlsx => {
            let mut workbook = Workbook::new(&columns, book)?;
            let summary = each(&mut |incoming| Ok(workbook.add(&columns, book, incoming)?))?;
            out.write_all(&workbook.finish()?)?;
            summary
        }
    };
    ensure!(first == second, "{} changed while it was read; nothing was written", args.input.display());
    out.flush().context("cannot write the output")?;
    drop(out);
    bar.finish_and_clear();
    part.keep(&args.output)?;
    Ok(second)
}

/// A file that vanishes unless it is kept: nothing half written stays.
struct Part {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Part {
    fn create(output: &Path) -> anyhow::Result<Part> {
        let mut name = output.file_name().context("the output has no name")?.to_owned();
        name.push(".part");
        let path = output.with_file_name(name);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600); // it holds people
        let file = match options.open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => bail!(
                "{0} is there already: an earlier run that was killed left it, or another one is writing it now. It holds \
                 people: if no other accord is running, delete {0} and try again",
                path.display()
            ),
            opened => opened.with_context(|| format!("cannot write {}", path.display()))?,
        };
        Ok(Part { file, path, kept: false })
    }

    fn keep(mut self, output: &Path) -> anyhow::Result<()> {
        self.file.sync_all().context("cannot write the output")?;
        std::fs::rename(&self.path, output).with_context(|| format!("cannot write {}", output.display()))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn finish(args: &Args, summary: &Summary, json: bool) -> anyhow::Result<()> {
    if json {
        say_json(&json!({ "output": args.output, "records": summary.accepted, "left_out": summary.failed }))
    } else {
        let output = args.output.display().to_string();
        say(&format!("{} records written to {}; {} left out", summary.accepted, printable(&output), summary.failed))
    }
}

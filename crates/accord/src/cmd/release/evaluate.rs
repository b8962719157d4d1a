//! `accord release evaluate`: how far a release is from the exact table, for tables that anybody may see.
//!
//! The files are public or invented by the user's own word, so they are read here and not in a child of its own. What is
//! found is exact: it goes to standard output or to a file that lies in no bundle.

use super::{Exit, Refused};
use crate::flat::read_domain;
use crate::say::{printable, say, say_json, warn};
use accord_measure::evaluate::score::Length;
use accord_measure::evaluate::{
    Coder, Comparison, Declared, EvaluateError, Evaluation, Group, LONGEST, Released, Score, Table, evaluate,
};
use accord_record::flat::Coding;
use accord_release::flatfiles::is_guarded;
use accord_standard::columns::Columns;
use anyhow::{Context as _, bail, ensure};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `accord release evaluate`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("release").required(true).multiple(true).args(["synthetic", "aggregates"]))]
#[command(after_help = "Examples:
  accord release evaluate --exact public.csv --synthetic out/synthetic.csv --declared-public
  accord release evaluate --exact public.csv --synthetic out/synthetic.csv --domain columns.toml --declared-public
  accord release evaluate --exact made-up.csv --aggregates out/aggregates.csv --invented --by gender=Girl,ageBroad=9--17

Every cell of both tables is a category; an empty one is blank. Figures are exact, so they tell about single people of the
exact table: without --declared-public or --invented nothing is compared (exit code 3). For confidential records read the
quality report of the release, which is made of protected counts alone.")]
pub struct Args {
    /// The exact table: CSV with a header.
    #[arg(long, value_name = "FILE")]
    exact: PathBuf,
    /// Synthetic rows: CSV with the exact table's columns; others are ignored.
    #[arg(long, value_name = "FILE")]
    synthetic: Option<PathBuf>,
    /// Combinations with counts: CSV with the columns `combination`, a JSON list of [column, value] pairs, and `count`.
    #[arg(long, value_name = "FILE")]
    aggregates: Option<PathBuf>,
    /// Domain file of the release: both tables are coded by it as `accord protect` codes them (countries, other, absent), and
    /// its columns are compared.
    #[arg(long, value_name = "FILE")]
    domain: Option<PathBuf>,
    /// I declare that anybody may see every row of the exact table.
    #[arg(long, conflicts_with = "invented")]
    declared_public: bool,
    /// I declare that nobody in the exact table exists.
    #[arg(long)]
    invented: bool,
    /// Lengths of combinations to compare, up to 4.
    #[arg(long, value_name = "LENGTHS", value_delimiter = ',', default_value = "1,2,3",
        value_parser = clap::value_parser!(u8).range(1..=LONGEST as i64))]
    k: Vec<u8>,
    /// Compare the rows with these values by themselves too. May be given several times, one group each.
    #[arg(long, value_name = "COLUMN=VALUE,...")]
    by: Vec<String>,
    /// Write the figures to this new file, as JSON. It must not lie in the folder of a bundle.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs `accord release evaluate`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let declared = match (args.declared_public, args.invented) {
        (true, _) => Declared::Public,
        (_, true) => Declared::Invented,
        _ => {
            return Err(Refused::error(
                "comparing a release with the exact table tells exact counts, which may tell of single people (privacy \
                 rule 11). Where anybody may see the exact table, say --declared-public; where nobody in it exists, say \
                 --invented. For confidential records, read the release's quality report: it is made of protected counts",
            ));
        }
    };
    if let Some(out) = &args.out {
        may_hold_findings(out)?;
    }
    let evaluation = compare(&args, declared)?;
    match &args.out {
        Some(out) => {
            let mut text = serde_json::to_vec_pretty(&evaluation)?;
            text.push(b'\n');
            let cannot = || format!("{} can't be written", out.display());
            let mut file = File::options().write(true).create_new(true).open(out).with_context(cannot)?;
            file.write_all(&text).and_then(|()| file.sync_all()).with_context(cannot)?;
            if json {
                say_json(&serde_json::json!({ "out": out }))?;
            } else {
                say(&format!("Written: {}", printable(&out.display().to_string())))?;
            }
        }
        None if json => say_json(&evaluation)?,
        None => say(&in_words(&evaluation))?,
    }
    Ok(Exit::Fine)
}

/// Refuses a file in the folder of a bundle, at any depth: what is found is exact, and a bundle is published.
fn may_hold_findings(out: &Path) -> anyhow::Result<()> {
    ensure!(out.symlink_metadata().is_err(), "{} is there already; nothing is overwritten", out.display());
    let absolute = std::path::absolute(out).with_context(|| format!("{} is no path", out.display()))?;
    let parent = absolute.parent().context("the output has no folder")?;
    let parent = parent.canonicalize().with_context(|| format!("{} is no folder", parent.display()))?;
    match parent.ancestors().find(|folder| folder.join("manifest.json").exists()) {
        Some(bundle) => Err(Refused::error(format!(
            "{} lies in a bundle ({} has a manifest.json); a comparison with the exact table never goes into one (privacy \
             rule 11)",
            out.display(),
            bundle.display()
        ))),
        None => Ok(()),
    }
}

fn compare(args: &Args, declared: Declared) -> anyhow::Result<Evaluation> {
    let (mut exact_file, header) = open(&args.exact)?;
    let domain = args.domain.as_deref().map(read_domain).transpose()?;
    let names = match &domain {
        Some(domain) => domain.columns.iter().map(|c| c.name.clone()).collect(),
        None => header.clone(),
    };
    let places = places_of(&args.exact, &header, &names, "domain")?;
    let mut coder = Coder::new(names).with_context(|| args.exact.display().to_string())?;
    let mut wording = Wording::new(domain.as_ref());
    let exact =
        read_rows(&args.exact, &mut exact_file, &places, |column, cell| coder.code(column, wording.of(column, cell)))?;
    let known = coder.sizes();
    let synthetic = match &args.synthetic {
        Some(path) => {
            let (mut file, header) = open(path)?;
            let plain: Vec<String> = header.iter().map(|name| without_guard(name).to_owned()).collect();
            let places = places_of(path, &plain, coder.columns(), "exact table")?;
            Some(read_rows(path, &mut file, &places, |column, cell| {
                // A cell that a spreadsheet would run has an apostrophe in front there, which is no part of the value.
                let bare = without_guard(cell);
                let cell = if bare != cell && (domain.is_some() || !coder.knows(column, cell)) { bare } else { cell };
                coder.code(column, wording.of(column, cell))
            })?)
        }
        None => None,
    };
    let released =
        args.aggregates.as_ref().map(|path| read_combinations(path, &mut coder, &mut wording)).transpose()?;
    if let Some(warning) = coded_otherwise(&coder, &known) {
        warn(&warning);
    }
    let groups = args.by.iter().map(|by| group(by, &mut coder)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut lengths: Vec<usize> = args.k.iter().map(|k| usize::from(*k)).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let comparison = Comparison {
        exact: &exact,
        synthetic: synthetic.as_ref(),
        released: released.as_ref(),
        sizes: &coder.sizes(),
        lengths: &lengths,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    evaluate(declared, &comparison, &groups).map_err(|error| named(error, &coder))
}

/// Names the columns in which the release has values that the exact table has not: such as codes of three letters for its
/// countries. `known` is the number of codes after the exact table was read.
fn coded_otherwise(coder: &Coder, known: &[usize]) -> Option<String> {
    /// Most columns that are named.
    const MOST: usize = 12;
    let columns: Vec<String> = coder
        .columns()
        .iter()
        .zip(coder.sizes().iter().zip(known))
        .enumerate()
        .filter_map(|(at, (_, (size, known)))| {
            let code = u16::try_from(*known).ok().filter(|_| size > known)?;
            Some(format!("{} ({} such)", printable(&coder.in_words(&[(at, code)])), size - known))
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let more = if columns.len() > MOST { ", and other columns" } else { "" };
    Some(format!(
        "  note: the release has values that the exact table has not, and all that stands under them counts as error: {}{more}. \
         If the domain file recodes values (codelist, other, absent), give it with --domain",
        columns[..columns.len().min(MOST)].join(", ")
    ))
}

/// An error with the combination it is about in words.
fn named(error: EvaluateError, coder: &Coder) -> anyhow::Error {
    match &error {
        EvaluateError::SameCombination(pairs) => {
            let pairs = coder.in_words(pairs);
            anyhow::Error::new(error).context(pairs)
        }
        _ => error.into(),
    }
}

type Reader = csv::Reader<File>;

fn open(path: &Path) -> anyhow::Result<(Reader, Vec<String>)> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(file);
    let header = reader.headers().with_context(|| format!("{} has no header", path.display()))?;
    let header = header.iter().map(str::to_owned).collect();
    Ok((reader, header))
}

/// Where columns stand in a header.
fn places_of(path: &Path, header: &[String], columns: &[String], of_what: &str) -> anyhow::Result<Vec<usize>> {
    let place = |column: &String| {
        header
            .iter()
            .position(|name| name == column)
            .with_context(|| format!("{} lacks the column {column:?} of the {of_what}", path.display()))
    };
    columns.iter().map(place).collect()
}

/// What a cell stands for: itself, or by a domain the value that `accord protect` takes it for.
struct Wording<'d> {
    domain: Option<(&'d Columns, Coding)>,
}

impl<'d> Wording<'d> {
    fn new(domain: Option<&'d Columns>) -> Wording<'d> {
        Wording { domain: domain.map(|columns| (columns, Coding::new(columns))) }
    }

    fn of<'c>(&mut self, column: usize, cell: &'c str) -> &'c str
    where
        'd: 'c,
    {
        let Some((columns, coding)) = &mut self.domain else { return cell };
        let code = coding.code(column, cell).unwrap_or(0);
        let value = columns.columns.get(column).and_then(|c| c.values.get(usize::from(code).wrapping_sub(1)));
        value.map_or("", String::as_str)
    }
}

/// A cell without the apostrophe that guards it from being run as a formula, if it has one.
fn without_guard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|bare| is_guarded(bare)).unwrap_or(cell)
}

fn read_rows(
    path: &Path,
    reader: &mut Reader,
    places: &[usize],
    mut code_of: impl FnMut(usize, &str) -> Result<u16, EvaluateError>,
) -> anyhow::Result<Table> {
    let here = || format!("{} can't be read as a table", path.display());
    let mut table = Table::new(places.len());
    let mut codes = vec![0; places.len()];
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).with_context(here)? {
        for (column, (code, place)) in codes.iter_mut().zip(places).enumerate() {
            *code = code_of(column, record.get(*place).unwrap_or("")).with_context(here)?;
        }
        table.push(&codes).with_context(here)?;
    }
    Ok(table)
}

fn read_combinations(path: &Path, coder: &mut Coder, wording: &mut Wording<'_>) -> anyhow::Result<Released> {
    let (mut reader, header) = open(path)?;
    let place = |wanted: &str| {
        let lacks = || format!("{} lacks the column `{wanted}`", path.display());
        header.iter().position(|name| name == wanted).with_context(lacks)
    };
    let (combination, count) = (place("combination")?, place("count")?);
    let mut released = Released::new();
    let mut record = csv::StringRecord::new();
    let here = || format!("{} can't be read as counts of combinations", path.display());
    while reader.read_record(&mut record).with_context(here)? {
        let line = record.position().map_or(0, csv::Position::line);
        let here = || format!("{}, line {line}", path.display());
        let pairs: Vec<(&str, &str)>;
        let owned: Vec<(String, String)>;
        let text = record.get(combination).unwrap_or("");
        // Without escapes nothing needs to be copied.
        if text.contains('\\') {
            owned = serde_json::from_str(text).with_context(here)?;
            pairs = owned.iter().map(|(column, value)| (column.as_str(), value.as_str())).collect();
        } else {
            pairs = serde_json::from_str(text).with_context(here)?;
        }
        let mut codes = Vec::with_capacity(pairs.len());
        for (column, value) in pairs {
            let column = coder.columns().iter().position(|name| name == column).with_context(|| {
                format!("{}, line {line}: the exact table has no column {column:?}", path.display())
            })?;
            codes.push((column, coder.code(column, wording.of(column, value)).with_context(here)?));
        }
        let count: f64 = record.get(count).unwrap_or("").trim().parse().with_context(here)?;
        released.push(&codes, count).map_err(|error| named(error, coder)).with_context(here)?;
    }
    Ok(released)
}

/// `COLUMN=VALUE,COLUMN=VALUE`; a piece without `=` belongs to the value before it, which then has a comma.
fn group(by: &str, coder: &mut Coder) -> anyhow::Result<Group> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in by.split(',') {
        match pieces.last_mut() {
            Some(last) if !piece.contains('=') => {
                last.push(',');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    let mut conditions: Vec<(usize, u16)> = Vec::new();
    for piece in &pieces {
        let Some((column, value)) = piece.split_once('=') else {
            bail!("--by {by:?} is not COLUMN=VALUE,…");
        };
        let Some(at) = coder.columns().iter().position(|name| name == column) else {
            bail!("--by {by:?}: the exact table has no column {column:?}");
        };
        ensure!(conditions.iter().all(|(c, _)| *c != at), "--by {by:?} names the column {column:?} twice");
        conditions.push((at, coder.code(at, value)?));
    }
    Ok(Group { label: by.to_owned(), conditions })
}

fn in_words(evaluation: &Evaluation) -> String {
    let declared = match evaluation.exact_table_is {
        Declared::Public => "declared public",
        Declared::Invented => "invented",
    };
    let mut text = format!("Compared with the exact table, which is {declared}. Exact figures: not for a bundle.\n");
    both_in_words(&mut text, evaluation.microdata.as_ref(), evaluation.aggregates.as_ref());
    for group in &evaluation.groups {
        let _ = write!(text, "\nOnly rows with {}\n", printable(&group.by));
        both_in_words(&mut text, group.microdata.as_ref(), group.aggregates.as_ref());
    }
    text.truncate(text.trim_end().len());
    text
}

fn both_in_words(text: &mut String, microdata: Option<&Score>, aggregates: Option<&Score>) {
    for (what, score) in [("synthetic rows", microdata), ("counts of combinations", aggregates)] {
        let Some(score) = score else { continue };
        let _ = write!(text, "\n{what}; exact table: {} rows, {} columns", score.rows_sensitive, score.columns);
        if let Some(rows) = &score.rows {
            let _ = write!(
                text,
                "; synthetic: {} rows, {} different, {} equal to a row that the exact table has once",
                rows.rows_synthetic,
                rows.distinct_rows_synthetic,
                share(Some(rows.share_rows_equal_to_sensitive_unique))
            );
        }
        text.push('\n');
        let _ = writeln!(
            text,
            "{:>6} {:>10} {:>10} {:>10} {:>12} {:>9} {:>12} {:>9}",
            "length", "error", "count err", "10 and up", "fabricated", "mass", "suppressed", "mass"
        );
        for (length, figures) in &score.lengths {
            let _ = writeln!(text, "{}", line(length.trim_start_matches('k'), figures));
        }
    }
}

fn line(length: &str, figures: &Length) -> String {
    let number = |value: Option<f64>, digits: usize| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    format!(
        "{length:>6} {:>10} {:>10} {:>10} {:>12} {:>9} {:>12} {:>9}",
        number(figures.workload_error, 4),
        number(figures.mae, 2),
        number(figures.mae_ge10, 2),
        share(figures.fabricated_share),
        share(figures.fabricated_mass_share),
        share(figures.suppressed_share),
        share(figures.suppressed_mass_share),
    )
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{:.2} %", v * 100.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

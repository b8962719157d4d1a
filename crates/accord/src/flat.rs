//! Reading flat tables of any columns, in the sandboxed child: their header, the values that stand in them, and their rows
//! as an exact grid that can only be measured.
//!
//! The order in which a command calls these (PRIVACY 4, 5, 7): the domain, from a file ([`read_domain`]) or, if the user
//! declares that the sets of values are public, from the data ([`infer`]); [`check`], before anything is debited; and
//! [`read_grid`] once it is. Nothing here says how many: what is noticed while rows are read ([`Note`]) is for the terminal
//! of whoever holds the file.

mod frames;

use crate::cmd::{Refused, Usage};
use crate::sandbox::flat::{Task, What};
use crate::sandbox::{ReadError, read_flat};
use accord_measure::grid::Grid;
use accord_record::flat::{Header, Infer, Inferred, Noticed};
use accord_record::input::{Format, Found, encoding_for_label};
use accord_standard::columns::Columns;
use accord_standard::columns::weights::Weights;
use accord_standard::problem::FileError;
use anyhow::Context as _;
use std::io::Read;
use std::path::Path;

/// Longest domain or weights file that is read.
const MAX_FILE: u64 = 64 << 20;

/// How rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatOptions {
    /// Column that says whose a row is; none if the user declared that every row is another person. It is no column of the
    /// domain.
    pub person: Option<String>,
    /// Rows of one person that are kept: the first in the file.
    pub rows_per_person: u32,
    /// Label of the text encoding. Without it: what the first bytes of the file show, or UTF-8.
    pub encoding: Option<String>,
}

/// Which values are taken from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InferOptions {
    /// The columns, as the user named them; without them all but the person's.
    pub columns: Option<Vec<String>>,
    /// Column that says whose a row is.
    pub person: Option<String>,
    /// Further spellings of a blank cell.
    pub absent: Vec<String>,
    /// Label of the text encoding; without it, it is found out.
    pub encoding: Option<String>,
}

/// What was noticed while rows were read, without any number. For the terminal of whoever holds the file: it says things
/// that only exact data know, and goes into no output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// What was found out about the file.
    pub found: Option<Found>,
    /// Warnings, a sentence each.
    pub warnings: Vec<String>,
}

/// Told how many stored bytes are read, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Names of a file's columns, in its order.
pub fn header(file: &Path, encoding: Option<&str>) -> anyhow::Result<Vec<String>> {
    Ok(look(file, encoding, &[])?.names)
}

/// Reads a domain file.
pub fn read_domain(file: &Path) -> anyhow::Result<Columns> {
    Columns::parse(&text(file)?).map_err(|error| match error {
        FileError::Wrong { problems, .. } => {
            let lines = problems.iter().fold(String::new(), |lines, p| lines + "\n" + &p.to_string());
            anyhow::anyhow!("{}: the domain file can't be used:{lines}", file.display())
        }
        other => anyhow::Error::new(other).context(file.display().to_string()),
    })
}

/// Reads a weights file: the weight of every column of the domain, in order.
pub fn read_weights(file: &Path, columns: &Columns) -> anyhow::Result<Vec<f64>> {
    let read = || Weights::parse(&text(file)?)?.of(columns).map_err(anyhow::Error::from);
    read().with_context(|| file.display().to_string())
}

/// Why a domain is asked for, and the two ways to one; a refusal.
pub fn no_domain(file: &Path) -> anyhow::Error {
    Refused::error(format!(
        "which values can stand in each column of {} must be public before rows are read. Taken from the rows, the list of \
         values itself would tell: a value that one person alone has, such as a rare citizenship, would be released exactly, \
         outside of every guarantee. Two ways out: write a small domain file, with a [[column]] of `name` and `values` (or \
         `codelist = \"country\"`) for each column, and give it with --domain FILE; or, if the values of every column are \
         public anyhow, say so with --infer-domain-public (and choose the columns with --columns)",
        file.display()
    ))
}

/// Collects the values of a file's columns, for a user who declares that the sets of values are public. Give the encoding
/// that is found to [`read_grid`].
///
/// # Privacy
///
/// The sets of values are released as they are, on the user's declaration. A column whose values look like names, numbers or
/// words of people is refused, unless the user named it. That reads the set of values alone, which is declared public, and
/// never how many rows there are or how many hold a value (PRIVACY 10): tables with the same sets get the same answer, in the
/// same words.
pub fn infer(file: &Path, options: &InferOptions, progress: Progress<'_>) -> anyhow::Result<Inferred> {
    let columns: Option<Vec<String>> =
        options.columns.as_ref().map(|names| names.iter().map(|n| n.trim().to_owned()).collect());
    let names = columns.as_deref().unwrap_or_default();
    if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(Usage::error(format!("--columns: the choice of columns: `{twice}` is named twice")));
    }
    let what = Infer { columns, except: options.person.clone(), absent: options.absent.clone() };
    not_both(options.person.as_deref(), what.columns.iter().flatten())?;
    let mut inferred = run(file, options.encoding.as_deref(), What::Infer(what), |pipe, length| {
        frames::inferred(pipe, length, progress)
    })?;
    if options.columns.is_none() && !inferred.identifying.is_empty() {
        return Err(Refused::error(format!(
            "the values in {} look like ones that name, number or describe people, by their shape or because they are so many; \
             such values are not public. Choose the other columns with --columns, give coarser values in a domain file, or \
             name these columns in --columns too if you are sure",
            quoted(&inferred.identifying)
        )));
    }
    if inferred.encoding.is_none() {
        inferred.encoding.clone_from(&options.encoding);
    }
    Ok(inferred)
}

/// Looks whether a file can be read with this domain, by its header and its first lines alone. Call it before anything is
/// debited, and read with the options that come back: they hold the encoding.
pub fn check(file: &Path, columns: &Columns, options: &FlatOptions) -> anyhow::Result<FlatOptions> {
    columns.check()?;
    not_both(options.person.as_deref(), columns.columns.iter().map(|c| &c.name))?;
    let wanted: Vec<String> = columns.columns.iter().map(|c| c.name.clone()).chain(options.person.clone()).collect();
    let header = look(file, options.encoding.as_deref(), &wanted)?;
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    header.has(&wanted).map_err(|error| {
        let mut message = error.to_string();
        if header.found.format == Format::JsonLines {
            message +=
                ". Of JSON lines only the first lines are looked at: write the column there, as null if it is blank";
        }
        ReadError { refused: error.is_refusal(), message }
    })?;
    let mut options = options.clone();
    if options.encoding.is_none() {
        match header.found.encoding {
            // Which letters its bytes stand for was guessed from the rows.
            Some(name) if !name.starts_with("UTF-") => {
                let message = format!(
                    "the text of the file is not UTF-8, and seems to be {name}: say so with --encoding {name}, or save the \
                     file as UTF-8. It is not guessed, as one row could change how the others are read"
                );
                return Err(ReadError { refused: false, message }.into());
            }
            found => options.encoding = found,
        }
    }
    Ok(options)
}

/// Reads the rows as codes of the domain. Call it once the cost is debited.
///
/// # Privacy
///
/// What becomes of a row depends on that row and on the arguments alone ([`accord_record::flat`]), save that of the rows of
/// one person the first [`FlatOptions::rows_per_person`] are kept: a person changes at most so many rows of the grid. A
/// file that can't be read to its end gives nothing.
pub fn read_grid(
    file: &Path,
    columns: &Columns,
    options: &FlatOptions,
    progress: Progress<'_>,
) -> anyhow::Result<(Grid, Note)> {
    not_both(options.person.as_deref(), columns.columns.iter().map(|c| &c.name))?;
    let what = What::Rows { columns: columns.clone(), person: options.person.clone() };
    let most = options.person.is_some().then_some(options.rows_per_person);
    let (grid, noticed) = run(file, options.encoding.as_deref(), what, |pipe, length| {
        frames::rows(pipe, length, columns, most, progress)
    })?;
    Ok((grid, note(columns, noticed)))
}

fn look(file: &Path, encoding: Option<&str>, known: &[String]) -> anyhow::Result<Header> {
    run(file, encoding, What::Header(known.to_vec()), |pipe, _| frames::header(pipe))
}

/// Runs the child on a task.
fn run<T>(
    file: &Path,
    encoding: Option<&str>,
    what: What,
    take: impl FnOnce(&mut dyn Read, u64) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    if let Some(label) = encoding.filter(|label| encoding_for_label(label).is_none()) {
        return Err(Usage::error(format!(
            "--encoding: `{label}` is no name of a text encoding, such as utf-8 or windows-1256"
        )));
    }
    read_flat(file, |length| Task { length, encoding: encoding.map(str::to_owned), what }, take)
}

/// The column that tells people apart is no column of the table.
fn not_both<'c>(person: Option<&str>, mut columns: impl Iterator<Item = &'c String>) -> anyhow::Result<()> {
    match person {
        Some(person) if columns.any(|c| c == person) => Err(Refused::error(format!(
            "the column `{person}` tells people apart (--person): it cannot be a column of what is released; leave it out"
        ))),
        _ => Ok(()),
    }
}

fn note(columns: &Columns, noticed: Noticed) -> Note {
    let mut warnings = Vec::new();
    let name = |at: &u16| columns.columns.get(usize::from(*at));
    for column in noticed.unlisted.iter().filter_map(name) {
        warnings.push(match &column.other {
            Some(other) => {
                format!("some cells of the column `{}` are not in the domain: they count as `{other}`", column.name)
            }
            None => format!("some cells of the column `{}` are not in the domain: they count as blank", column.name),
        });
    }
    for (is, warning) in [
        (noticed.undecoded, "some cells could not be decoded; if letters are missing, give the text's --encoding"),
        (noticed.left_out, "some rows do not have the header's number of cells, or cannot be read: they were left out"),
        (noticed.nobody, "some rows do not say whose they are: they were left out"),
        (noticed.formulas, "some cells are formulas: they count as blank; paste values instead"),
    ] {
        if is {
            warnings.push(warning.to_owned());
        }
    }
    Note { found: noticed.found, warnings }
}

fn quoted(names: &[String]) -> String {
    let more = if names.len() > 20 { ", ..." } else { "" };
    names.iter().take(20).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ") + more
}

fn text(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let cannot = || format!("cannot read {}", file.display());
    let opened = std::fs::File::open(file).with_context(cannot)?;
    anyhow::ensure!(opened.metadata().with_context(cannot)?.is_file(), "{} is not a file", file.display());
    opened.take(MAX_FILE + 1).read_to_string(&mut text).with_context(cannot)?;
    anyhow::ensure!(text.len() as u64 <= MAX_FILE, "{} is longer than {} MiB", file.display(), MAX_FILE >> 20);
    Ok(text)
}

#[cfg(test)]
mod tests;

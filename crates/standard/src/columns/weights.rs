//! How much each column matters to whoever will use a release: a small file, written before anything is measured.
//!
//! TOML (`gender = 3`, also under `[weights]`) or CSV (`column,weight`). A column that is not named weighs 1.

use super::{Columns, no_such_column};
use crate::problem::{FileError, MAX_FILE, Problem, none_wrong};
use crate::spelling::fold;
use std::collections::HashSet;

/// What the file is called in errors.
const NAME: &str = "the weights file";
/// The highest weight; the lowest lies above nought.
pub const MAX_WEIGHT: f64 = 100.0;

/// Weights by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// Name of a column and its weight, above 0 and at most [`MAX_WEIGHT`].
    pub weights: Vec<(String, f64)>,
}

impl Weights {
    /// Reads a weights file.
    pub fn parse(text: &str) -> Result<Weights, FileError> {
        if text.len() > MAX_FILE {
            return Err(FileError::TooLong { file: NAME.into(), limit: MAX_FILE });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or_default();
        let mut problems = Vec::new();
        let weights = match toml::from_str::<toml::Table>(text) {
            Ok(table) => from_toml(table, &mut problems),
            Err(error) if first.starts_with('[') || (first.contains('=') && !first.contains(',')) => {
                return Err(FileError::Format { file: NAME.into(), message: error.to_string().trim_end().to_owned() });
            }
            Err(_) => from_csv(text, first, &mut problems),
        };
        let mut names = HashSet::new();
        for (name, weight) in &weights {
            if !names.insert(name.as_str()) {
                problems.push(Problem::new(name, "has two weights"));
            }
            if !(*weight > 0.0 && *weight <= MAX_WEIGHT) {
                let what =
                    format!("its weight must be above 0 and at most {MAX_WEIGHT}; leave out a column with --columns");
                problems.push(Problem::new(name, what));
            }
        }
        if weights.is_empty() && problems.is_empty() {
            problems.push(Problem::new(
                "columns",
                "none is named; write `column,weight` lines, or TOML such as gender = 3",
            ));
        }
        problems.truncate(20);
        none_wrong(NAME, problems)?;
        Ok(Weights { weights })
    }

    /// The weight of every column in order, 1 where the file says nothing. A weight for no column is an error.
    pub fn of(&self, columns: &Columns) -> Result<Vec<f64>, FileError> {
        let mut problems = Vec::new();
        let mut of = vec![1.0; columns.columns.len()];
        for (name, weight) in &self.weights {
            if let Some(at) = columns.position(name) {
                of[at] = *weight;
            } else {
                let names: Vec<&str> = columns.columns.iter().map(|c| c.name.as_str()).collect();
                problems.push(Problem::new(name, no_such_column(name, &names, "the domain")));
            }
        }
        problems.truncate(20);
        none_wrong(NAME, problems)?;
        Ok(of)
    }
}

fn from_toml(table: toml::Table, problems: &mut Vec<Problem>) -> Vec<(String, f64)> {
    let mut weights = Vec::new();
    let mut take = |name: String, value: &toml::Value| match value {
        toml::Value::Integer(n) => weights.push((name.trim().to_owned(), *n as f64)),
        toml::Value::Float(f) => weights.push((name.trim().to_owned(), *f)),
        _ => problems.push(Problem::new(name, "its weight is no number")),
    };
    for (name, value) in table {
        match &value {
            toml::Value::Table(inner) if name == "weights" => {
                for (name, value) in inner {
                    take(name.clone(), value);
                }
            }
            other => take(name, other),
        }
    }
    weights
}

fn from_csv(text: &str, first: &str, problems: &mut Vec<Problem>) -> Vec<(String, f64)> {
    let delimiter = [',', ';', '\t'].into_iter().find(|d| first.contains(*d)).unwrap_or(',');
    let mut weights = Vec::new();
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    for (entry, (at, line)) in lines.enumerate() {
        let pair = line.rsplit_once(delimiter).map(|(name, weight)| (unquoted(name), unquoted(weight)));
        // A delimiter within a name needs quotation marks around the name.
        let Some((Some(name), Some(weight))) = pair.map(|(n, w)| (n.filter(|n| n.1 || !n.0.contains(delimiter)), w))
        else {
            problems.push(Problem::new(format!("line {}", at + 1), "must be a column and its weight: `column,weight`"));
            continue;
        };
        match weight.0.parse::<f64>() {
            Ok(weight) => weights.push((name.0, weight)),
            Err(_) if entry == 0 && fold(&weight.0) == "weight" => {}
            Err(_) => problems.push(Problem::new(name.0, "its weight is no number")),
        }
        if problems.len() > 20 {
            break;
        }
    }
    weights
}

/// A cell without quotation marks around it, and whether it had any; none if they don't match.
fn unquoted(cell: &str) -> Option<(String, bool)> {
    let cell = cell.trim();
    let Some(rest) = cell.strip_prefix('"') else {
        return (!cell.contains('"')).then(|| (cell.to_owned(), false));
    };
    let inner = rest.strip_suffix('"')?.replace("\"\"", "\u{0}");
    (!inner.contains('"')).then(|| (inner.replace('\u{0}', "\"").trim().to_owned(), true))
}

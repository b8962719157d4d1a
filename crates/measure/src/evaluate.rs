//! Compares a release with the exact table it was made from. It is for benchmarks on tables that anybody may see: the caller
//! must say that the table is public or invented ([`Declared`]), and the answer says so too.
//!
//! # Privacy
//! Every figure here is an exact function of the exact table: none of it is protected and none may go into a bundle or onto
//! a page. For confidential records use the quality report of a release, which is made of noisy measurements alone.
//!
//! The measures, and their names, are those of the scoring script that the peers are scored with, so that both sides'
//! figures can be set side by side. Two views of every marginal (a table over k columns):
//!
//! - **full** (needs synthetic rows): blank is a value like any other. `workload_error` is the mean over all marginals of
//!   the summed absolute differences of counts, divided by the exact number of rows (McKenna et al. 2022, section 5, uniform weights).
//! - **combinations**: cells without a blank, which is what tables of combinations hold. A combination that was suppressed
//!   is charged with its whole count.
//!
//! Start reading at [`evaluate`]; counting is in [`count`], the sums in [`score`].

pub mod count;
pub mod score;

use count::Joint;
use score::Sums;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Longest combinations that are compared.
pub const LONGEST: usize = 4;

/// Why the exact table may be compared with: what the user says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Declared {
    /// Anybody may see every row of it.
    Public,
    /// Nobody in it exists.
    Invented,
}

/// Why two tables can't be compared.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// No rows: shares of nothing are not defined.
    #[error("the exact table has no rows{0}")]
    NoRows(String),
    /// No column is left to compare.
    #[error("there is no column to compare")]
    NoColumns,
    /// Two columns with one name.
    #[error("the column {0:?} is there twice")]
    SameColumn(String),
    /// A column with more values than codes.
    #[error("the column {0:?} has more than 65,535 different values")]
    TooManyValues(String),
    /// Combination length of nought, above [`LONGEST`], or above the number of columns.
    #[error("combinations of {length} of {columns} columns can't be compared; lengths go from 1 to 4")]
    Length {
        /// Asked for.
        length: usize,
        /// Columns there are.
        columns: usize,
    },
    /// One combination stands twice in the release, or names a column twice.
    #[error("a combination of the release stands there twice, or has one column twice")]
    SameCombination(Vec<(usize, u16)>),
    /// A count that is no number.
    #[error("the count of a combination is not a number")]
    NotFinite,
    /// More rows than the counters hold.
    #[error("a table has more than 2,147,483,647 rows")]
    TooManyRows,
}

/// Gives each value of each column a code: nought for blank, then in the order of appearance.
pub struct Coder {
    columns: Vec<String>,
    codes: Vec<HashMap<String, u16>>,
}

impl Coder {
    /// A coder for these columns.
    pub fn new(columns: Vec<String>) -> Result<Coder, EvaluateError> {
        if columns.is_empty() {
            return Err(EvaluateError::NoColumns);
        }
        for (at, name) in columns.iter().enumerate() {
            if columns[..at].contains(name) {
                return Err(EvaluateError::SameColumn(name.clone()));
            }
        }
        let codes = vec![HashMap::from([(String::new(), 0)]); columns.len()];
        Ok(Coder { columns, codes })
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Code of a value, a new one where the value was not met before.
    pub fn code(&mut self, column: usize, value: &str) -> Result<u16, EvaluateError> {
        let codes = &mut self.codes[column];
        if let Some(code) = codes.get(value) {
            return Ok(*code);
        }
        let code =
            u16::try_from(codes.len()).map_err(|_| EvaluateError::TooManyValues(self.columns[column].clone()))?;
        codes.insert(value.to_owned(), code);
        Ok(code)
    }

    /// Whether a value of a column was met.
    pub fn knows(&self, column: usize, value: &str) -> bool {
        self.codes.get(column).is_some_and(|codes| codes.contains_key(value))
    }

    /// A combination in words, for a message.
    pub fn in_words(&self, pairs: &[(usize, u16)]) -> String {
        let value = |column: usize, code: u16| self.codes[column].iter().find(|(_, c)| **c == code).map(|(v, _)| v);
        let words = pairs.iter().map(|(column, code)| {
            format!("{:?} is {:?}", self.columns[*column], value(*column, *code).map_or("", String::as_str))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// Number of codes of each column, blank included.
    pub fn sizes(&self) -> Vec<usize> {
        self.codes.iter().map(HashMap::len).collect()
    }
}

/// Rows as codes, by column. Like the other exact types it can't be printed or serialised.
pub struct Table {
    cells: Vec<Vec<u16>>,
    rows: usize,
}

impl Table {
    /// An empty table.
    pub fn new(columns: usize) -> Table {
        Table { cells: vec![Vec::new(); columns], rows: 0 }
    }

    /// Adds a row: one code a column; a missing one is blank.
    pub fn push(&mut self, codes: &[u16]) -> Result<(), EvaluateError> {
        if self.rows >= i32::MAX as usize {
            return Err(EvaluateError::TooManyRows);
        }
        for (at, column) in self.cells.iter_mut().enumerate() {
            column.push(codes.get(at).copied().unwrap_or(0));
        }
        self.rows += 1;
        Ok(())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows that fulfil every condition, without the columns of the conditions.
    fn among(&self, conditions: &[(usize, u16)]) -> Table {
        let fits: Vec<bool> =
            (0..self.rows).map(|row| conditions.iter().all(|&(c, v)| self.cells[c][row] == v)).collect();
        let cells = without(&self.cells, conditions)
            .map(|column| column.iter().zip(&fits).filter(|(_, fits)| **fits).map(|(code, _)| *code).collect())
            .collect();
        Table { cells, rows: fits.iter().filter(|f| **f).count() }
    }
}

fn without<'a, T>(columns: &'a [T], conditions: &'a [(usize, u16)]) -> impl Iterator<Item = &'a T> {
    columns.iter().enumerate().filter(|(at, _)| conditions.iter().all(|(c, _)| c != at)).map(|(_, column)| column)
}

/// One combination: pairs of column and code in the order of columns; unused places hold `FREE`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Combination {
    columns: [u16; LONGEST],
    codes: [u16; LONGEST],
}

const FREE: u16 = u16::MAX;

/// Combinations with the counts that a release gives them.
#[derive(Default)]
pub struct Released {
    combinations: Vec<(Combination, f64)>,
}

impl Released {
    /// None yet.
    pub fn new() -> Released {
        Released::default()
    }

    /// Adds a combination. One of no pair or of more than [`LONGEST`] is left out: nothing compares it.
    pub fn push(&mut self, pairs: &[(usize, u16)], count: f64) -> Result<(), EvaluateError> {
        if !count.is_finite() {
            return Err(EvaluateError::NotFinite);
        }
        let mut sorted = pairs.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(EvaluateError::SameCombination(sorted));
        }
        // A combination with a blank is not one of the combination view.
        if sorted.is_empty() || sorted.len() > LONGEST || sorted.iter().any(|(_, code)| *code == 0) {
            return Ok(());
        }
        let mut combination = Combination { columns: [FREE; LONGEST], codes: [0; LONGEST] };
        for (at, (column, code)) in sorted.into_iter().enumerate() {
            combination.columns[at] =
                u16::try_from(column).ok().filter(|c| *c != FREE).ok_or(EvaluateError::NoColumns)?;
            combination.codes[at] = code;
        }
        self.combinations.push((combination, count));
        Ok(())
    }

    /// Number of combinations.
    pub fn len(&self) -> usize {
        self.combinations.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.combinations.is_empty()
    }

    /// Those that hold every condition, without its pairs and with columns counted as [`Table::among`] counts them.
    fn among(&self, conditions: &[(usize, u16)]) -> Released {
        let mut out = Released::new();
        for (combination, count) in &self.combinations {
            let pairs: Vec<(usize, u16)> = combination.pairs().collect();
            if !conditions.iter().all(|condition| pairs.contains(condition)) {
                continue;
            }
            let mut left = Combination { columns: [FREE; LONGEST], codes: [0; LONGEST] };
            for (at, (column, code)) in pairs.into_iter().filter(|pair| !conditions.contains(pair)).enumerate() {
                let gone = conditions.iter().filter(|(c, _)| *c < column).count();
                left.columns[at] = (column - gone) as u16;
                left.codes[at] = code;
            }
            if left.columns[0] != FREE {
                out.combinations.push((left, *count));
            }
        }
        out
    }

    /// In order, so that those of one marginal stand together; refused if one stands twice.
    fn sorted(&self) -> Result<Vec<(Combination, f64)>, EvaluateError> {
        let mut all = self.combinations.clone();
        all.sort_unstable_by_key(|(combination, _)| *combination);
        match all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(EvaluateError::SameCombination(pair[0].0.pairs().collect())),
            None => Ok(all),
        }
    }
}

impl Combination {
    fn pairs(&self) -> impl Iterator<Item = (usize, u16)> {
        let used = self.columns.iter().take_while(|c| **c != FREE);
        used.zip(self.codes).map(|(column, code)| (usize::from(*column), code))
    }
}

/// A part of the people that is compared by itself: rows with these values, in the other columns.
pub struct Group {
    /// How it is called in the answer.
    pub label: String,
    /// Column and code that its rows have.
    pub conditions: Vec<(usize, u16)>,
}

/// What is compared with what.
pub struct Comparison<'a> {
    /// The exact table.
    pub exact: &'a Table,
    /// Synthetic rows, in the same columns and codes.
    pub synthetic: Option<&'a Table>,
    /// Combinations with counts.
    pub released: Option<&'a Released>,
    /// Number of codes of each column, blank included.
    pub sizes: &'a [usize],
    /// Lengths of combinations, from 1 to [`LONGEST`].
    pub lengths: &'a [usize],
    /// Processor threads to use; the answer doesn't depend on it.
    pub threads: usize,
}

/// How far a release is from the exact table. Exact: see the head of the module for where it may go.
#[derive(Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// What the user said about the exact table.
    pub exact_table_is: Declared,
    /// The synthetic rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microdata: Option<Score>,
    /// The combinations with counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregates: Option<Score>,
    /// The same for parts of the people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupScore>,
}

/// One group's figures.
#[derive(Debug, PartialEq, Serialize)]
pub struct GroupScore {
    /// Which rows.
    pub by: String,
    /// The synthetic rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microdata: Option<Score>,
    /// The combinations with counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregates: Option<Score>,
}

/// Figures for all lengths.
#[derive(Debug, PartialEq, Serialize)]
pub struct Score {
    /// Rows of the exact table.
    pub rows_sensitive: usize,
    /// Columns compared.
    pub columns: usize,
    /// Figures by length: `k1`, `k2`, …
    #[serde(flatten)]
    pub lengths: BTreeMap<String, score::Length>,
    /// Figures about whole rows.
    #[serde(flatten)]
    pub rows: Option<count::RowFigures>,
}

/// Compares a release with the exact table, for everybody and for each group.
///
/// # Privacy
/// The answer is exact. `declared` is the user's word that the table is public or invented; there is no other way to call this.
pub fn evaluate(
    declared: Declared,
    comparison: &Comparison<'_>,
    groups: &[Group],
) -> Result<Evaluation, EvaluateError> {
    let (microdata, aggregates) = both(comparison, "")?;
    let groups = groups
        .iter()
        .map(|group| {
            let exact = comparison.exact.among(&group.conditions);
            let synthetic = comparison.synthetic.map(|table| table.among(&group.conditions));
            let released = comparison.released.map(|released| released.among(&group.conditions));
            let sizes: Vec<usize> = without(comparison.sizes, &group.conditions).copied().collect();
            let part = Comparison {
                exact: &exact,
                synthetic: synthetic.as_ref(),
                released: released.as_ref(),
                sizes: &sizes,
                ..*comparison
            };
            let (microdata, aggregates) = both(&part, &format!(" with {}", group.label))?;
            Ok(GroupScore { by: group.label.clone(), microdata, aggregates })
        })
        .collect::<Result<_, _>>()?;
    Ok(Evaluation { exact_table_is: declared, microdata, aggregates, groups })
}

fn both(comparison: &Comparison<'_>, of_what: &str) -> Result<(Option<Score>, Option<Score>), EvaluateError> {
    let columns = comparison.sizes.len();
    if columns == 0 {
        return Err(EvaluateError::NoColumns);
    }
    if let Some(&length) = comparison.lengths.iter().find(|k| **k == 0 || **k > LONGEST.min(columns)) {
        return Err(EvaluateError::Length { length, columns });
    }
    if comparison.exact.rows == 0 {
        return Err(EvaluateError::NoRows(of_what.to_owned()));
    }
    let microdata = comparison.synthetic.map(|synthetic| {
        let (joint, rows) = Joint::of(comparison.exact, Some(synthetic), comparison.sizes);
        score(comparison, &joint, None, Some(rows))
    });
    let aggregates = match comparison.released {
        Some(released) => {
            let released = released.sorted()?;
            let (joint, _) = Joint::of(comparison.exact, None, comparison.sizes);
            Some(score(comparison, &joint, Some(&released), None))
        }
        None => None,
    };
    Ok((microdata, aggregates))
}

fn score(
    comparison: &Comparison<'_>,
    joint: &Joint,
    released: Option<&[(Combination, f64)]>,
    rows: Option<count::RowFigures>,
) -> Score {
    let lengths = comparison.lengths.iter().map(|&k| {
        let sums: Sums = count::all_marginals(joint, released, k, comparison.threads);
        (format!("k{k}"), sums.finish())
    });
    Score { rows_sensitive: comparison.exact.rows, columns: comparison.sizes.len(), lengths: lengths.collect(), rows }
}

#[cfg(test)]
mod tests;

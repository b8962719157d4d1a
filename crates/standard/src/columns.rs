//! The public domain of a flat table: its columns, and the values that each may hold. Whoever protects a table declares it
//! before the rows are read (PRIVACY 5): by hand in a small file ([`Columns::parse`]), or by saying that the sets of values
//! of their file are public.
//!
//! **It must never know** rows.
//!
//! Start reading at [`Columns`], then [`weights::Weights`].

mod file;
pub mod weights;

use crate::problem::{FileError, Problem, none_wrong};
use crate::spelling::nearest;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Most columns of a flat table.
pub const MAX_COLUMNS: usize = 1_000;
/// Most values of a column.
pub const MAX_VALUES: usize = 50_000;
/// Most values of all columns together.
pub const MAX_ALL_VALUES: usize = 1_000_000;
/// Most values of a column of which the values are taken from the file, on the word of whoever holds it.
pub const MAX_INFERRED: usize = 20_000;
/// Whether a character can't be seen and does something all the same: it commands a terminal, breaks a line, or turns the
/// direction of text, so that it reads as another. Letters that join, or don't, are none of these.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in which hidden characters are written out, such as `\u{202e}`.
fn visible(text: &str) -> String {
    let one = |c: char| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

/// Longest name or value, in bytes.
pub const MAX_TEXT: usize = 500;

/// Columns of a flat table of categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The columns, in the order in which they are written.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// One column. A cell holds one of its values, or is blank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name, as in the file's header.
    pub name: String,
    /// The values that a cell may hold beside being blank, each once, none of them empty. A cell's code is nought for
    /// blank and otherwise the position of its value, counted from one.
    pub values: Vec<String>,
    /// For each value the number of the coarser group that it folds into when it is rare, by position in
    /// [`Column::groups`]; empty where the column has no groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_of: Vec<u16>,
    /// Names of the coarser groups, such as regions of countries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Name of the value that stands for whatever is not among the declared ones, if unlisted values are to be kept
    /// apart from blank cells; it is one of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Further spellings of a blank cell, such as `0` where nought says that a thing was not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Codelist of the standard that the values come from, whose labels and other spellings are read too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codelist: Option<String>,
}

impl Columns {
    /// The columns with these names, in the order of the names.
    pub fn choose<S: AsRef<str>>(&self, names: &[S]) -> Result<Columns, FileError> {
        let mut problems = Vec::new();
        let mut columns = Vec::new();
        let mut seen = HashSet::new();
        for name in names {
            let name = name.as_ref().trim();
            match self.columns.iter().find(|c| c.name == name) {
                _ if !seen.insert(name) => problems.push(Problem::new(name, "is named twice")),
                Some(column) => columns.push(column.clone()),
                None => problems.push(Problem::new(name, self.no_column(name))),
            }
        }
        if names.is_empty() {
            problems.push(Problem::new("columns", "none is named"));
        }
        none_wrong("the choice of columns", problems)?;
        Ok(Columns { columns })
    }

    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// What to say of a name that no column has.
    fn no_column(&self, name: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        no_such_column(name, &names, "the domain")
    }

    /// `Ok` for a domain that keeps every bound and rule of [`Columns`], however it came about.
    pub fn check(&self) -> Result<(), FileError> {
        let mut problems = Vec::new();
        if self.columns.is_empty() {
            problems.push(Problem::new("columns", "there is none; each begins with a line [[column]]"));
        }
        if self.columns.len() > MAX_COLUMNS {
            problems.push(Problem::new("columns", format!("there are more than {MAX_COLUMNS}")));
        }
        let mut names = HashSet::new();
        for (at, column) in self.columns.iter().enumerate() {
            if !names.insert(column.name.as_str()) {
                problems.push(Problem::new(visible(&column.name), "two columns have this name"));
            }
            column.check(at, &mut problems);
        }
        if self.columns.iter().map(|c| c.values.len()).sum::<usize>() > MAX_ALL_VALUES {
            problems.push(Problem::new("columns", format!("they have more than {MAX_ALL_VALUES} values together")));
        }
        // A long list of one mistake helps nobody.
        problems.truncate(20);
        none_wrong(file::NAME, problems)
    }
}

/// What to say of a name that is not among those of `whose` columns.
pub fn no_such_column(name: &str, names: &[&str], whose: &str) -> String {
    const SHOWN: usize = 60;
    let meant = nearest(name, names.iter().copied()).map(|n| format!("; was `{n}` meant?")).unwrap_or(".".to_owned());
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("is no column of {whose}{meant} Its columns are: {}{more}", names[..names.len().min(SHOWN)].join(", "))
}

impl Column {
    /// A column of these values, without groups.
    pub fn new(name: impl Into<String>, values: Vec<String>) -> Column {
        Column { name: name.into(), values, ..Column::default() }
    }

    /// Number of codes: the values, and blank.
    pub fn codes(&self) -> usize {
        self.values.len() + 1
    }

    fn check(&self, at: usize, problems: &mut Vec<Problem>) {
        let place = if self.name.is_empty() { format!("column {}", at + 1) } else { visible(&self.name) };
        let mut wrong = |what: String| problems.push(Problem::new(&place, what));
        if self.name.trim() != self.name || self.name.is_empty() || self.name.len() > MAX_TEXT {
            wrong(format!("its name is empty, has blanks around it or is longer than {MAX_TEXT} bytes"));
        }
        let texts = std::iter::once(&self.name).chain(&self.values).chain(&self.groups).chain(&self.absent);
        let hidden: Vec<String> = texts.filter(|t| t.contains(is_hidden)).map(|t| visible(t)).collect();
        if let Some(some) = file::some_of(&hidden) {
            wrong(format!(
                "{some}: there are characters that can't be seen: a control character, a line end, or one that turns the direction of \
                 text. Whoever reads what is released could be misled by them: take them out of the file and of the domain"
            ));
            return;
        }
        if self.values.len() > MAX_VALUES {
            wrong(format!("has more than {MAX_VALUES} values; leave it out, or declare coarser ones"));
            return;
        }
        // What is wrong with many values of a column is said once.
        let (mut values, mut empty, mut long) = (HashSet::new(), false, false);
        let (mut blanks, mut twice) = (Vec::new(), Vec::new());
        for value in &self.values {
            if value.is_empty() {
                empty = true;
            } else if value.trim() != value {
                blanks.push(value);
            } else if value.len() > MAX_TEXT {
                long = true;
            } else if !values.insert(value.as_str()) {
                twice.push(value);
            }
        }
        if empty {
            wrong("has an empty value: a blank cell needs none".into());
        }
        if long {
            wrong(format!("has a value longer than {MAX_TEXT} bytes"));
        }
        for (which, what) in [
            (blanks, ("has blanks around it", "have blanks around them")),
            (twice, ("stands there twice", "stand there twice")),
        ] {
            if let Some(some) = file::some_of(&which) {
                wrong(match which.len() {
                    1 => format!("the value {some} {}", what.0),
                    _ => format!("the values {some} {}", what.1),
                });
            }
        }
        if let Some(other) = &self.other
            && !values.contains(other.as_str())
        {
            wrong(format!("`{other}`, which stands for unlisted values, is not among its values"));
        }
        let both: Vec<&String> = self.absent.iter().filter(|a| values.contains(a.as_str())).collect();
        if let Some(some) = file::some_of(&both) {
            wrong(match both.len() {
                1 => format!("{some} is a value, and means blank too"),
                _ => format!("{some} are values, and mean blank too"),
            });
        }
        if self.absent.len() > MAX_VALUES || self.absent.iter().any(|a| a.len() > MAX_TEXT) {
            wrong("has too many or too long spellings of blank".into());
        }
        if let Some(list) = &self.codelist
            && !crate::codebook::Codebook::embedded().lists.contains_key(list)
        {
            wrong(file::no_list(list));
        }
        self.check_groups(&mut wrong);
    }

    fn check_groups(&self, wrong: &mut dyn FnMut(String)) {
        if self.groups.is_empty() && self.group_of.is_empty() {
            return;
        }
        if self.group_of.len() != self.values.len() {
            return wrong("not every value is in a group".into());
        }
        if self.groups.len() > self.values.len() {
            return wrong("has more groups than values".into());
        }
        let mut members = vec![Vec::new(); self.groups.len()];
        for (value, group) in self.values.iter().zip(&self.group_of) {
            match members.get_mut(usize::from(*group)) {
                Some(members) => members.push(value.as_str()),
                None => return wrong(format!("the value `{value}` is in a group that is not there")),
            }
        }
        let values: HashSet<&str> = self.values.iter().map(String::as_str).collect();
        let mut names = HashSet::new();
        for (group, members) in self.groups.iter().zip(&members) {
            if group.is_empty() || group.trim() != group || group.len() > MAX_TEXT || !names.insert(group.as_str()) {
                wrong(format!("the group `{group}` is named twice, or its name is empty or too long"));
            }
            if members.is_empty() {
                wrong(format!("the group `{group}` has no values"));
            }
            // A value and a group of one name could not be told apart in what is released.
            if values.contains(group.as_str()) && members[..] != [group.as_str()] {
                wrong(format!("`{group}` is a value and a group of several"));
            }
        }
    }
}

#[cfg(test)]
mod tests;

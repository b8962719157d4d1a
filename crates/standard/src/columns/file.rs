//! The domain file: the columns of a flat table, as a person writes them down.
//!
//! ```toml
//! [[column]]
//! name = "gender"
//! values = ["Female", "Male"]
//! other = "Other"              # unlisted values are kept apart from blank cells
//!
//! [[column]]
//! name = "year"
//! range = [2015, 2026]         # whole numbers, both ends included
//!
//! [[column]]
//! name = "debtBondage"
//! values = [1]
//! absent = [0]                 # nought says: not recorded
//!
//! [[column]]
//! name = "citizenship"
//! codelist = "country"         # codes of the standard, grouped by region
//!
//! [[column]]
//! name = "town"
//! values = ["Aville", "Beville", "Ceville"]
//! [column.groups]              # coarser groups that rare values fold into
//! North = ["Aville", "Beville"]
//! South = ["Ceville"]
//! ```

use super::{Column, Columns, MAX_ALL_VALUES, MAX_TEXT, MAX_VALUES};
use crate::codebook::{Codebook, Codelist};
use crate::problem::{FileError, Problem, none_wrong};
use crate::spelling::nearest;
use serde::de::{self, Deserialize, Deserializer};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// What the file is called in errors.
pub(super) const NAME: &str = "the domain file";
/// Longest domain file.
const MAX_FILE: usize = 64 << 20;
/// The coarser list that a codelist's codes are grouped by.
const GROUPED_BY: [(&str, &str); 1] = [("country", "un_region")];
/// Group of codes that the coarser list leaves out, such as countries that are no more.
const NO_GROUP: &str = "no_group";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "column", default)]
    columns: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Text,
    values: Option<Vec<Text>>,
    range: Option<(i64, i64)>,
    codelist: Option<String>,
    #[serde(default)]
    groups: BTreeMap<String, Vec<Text>>,
    other: Option<Text>,
    #[serde(default)]
    absent: Vec<Text>,
}

/// Text, also written as a whole number.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Text;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text in quotation marks, or a whole number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.trim().to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        from.deserialize_any(Visitor)
    }
}

fn texts(from: Vec<Text>) -> Vec<String> {
    from.into_iter().map(|t| t.0).collect()
}

impl Columns {
    /// Reads a domain file, and checks it whole.
    pub fn parse(text: &str) -> Result<Columns, FileError> {
        if text.len() > MAX_FILE {
            return Err(FileError::TooLong { file: NAME.into(), limit: MAX_FILE });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: File = toml::from_str(text)
            .map_err(|e| FileError::Format { file: NAME.into(), message: e.to_string().trim_end().to_owned() })?;
        let mut problems = Vec::new();
        let mut columns = Vec::new();
        let mut all = 0;
        for entry in file.columns {
            let column = entry.column(&mut problems);
            all += column.values.len();
            if all > MAX_ALL_VALUES {
                problems.push(Problem::new("columns", format!("they have more than {MAX_ALL_VALUES} values together")));
                break;
            }
            columns.push(column);
        }
        problems.truncate(20);
        none_wrong(NAME, problems)?;
        let columns = Columns { columns };
        columns.check()?;
        Ok(columns)
    }

    /// The domain as a domain file, which [`Columns::parse`] reads.
    pub fn to_toml(&self) -> String {
        let mut out =
            String::from("# The public domain of a flat table: its columns, and the values that each may hold.\n");
        for column in &self.columns {
            let _ = write!(out, "\n[[column]]\nname = {}\n", quoted(&column.name));
            if let Some(list) = &column.codelist {
                let _ = writeln!(out, "codelist = {}", quoted(list));
            }
            list(&mut out, "values", column.values.iter());
            if let Some(other) = &column.other {
                let _ = writeln!(out, "other = {}", quoted(other));
            }
            if !column.absent.is_empty() {
                list(&mut out, "absent", column.absent.iter());
            }
            if !column.groups.is_empty() {
                out.push_str("[column.groups]\n");
                for (group, name) in column.groups.iter().enumerate() {
                    let members = column.values.iter().zip(&column.group_of);
                    let members = members.filter(|(_, g)| usize::from(**g) == group).map(|(v, _)| v);
                    list(&mut out, &quoted(name), members);
                }
            }
        }
        out
    }
}

fn quoted(text: &str) -> String {
    // JSON's escapes are TOML's too; TOML wants one more character escaped.
    serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

/// `key = [..]`, in lines that can be read.
fn list<'a>(out: &mut String, key: &str, values: impl Iterator<Item = &'a String>) {
    let _ = write!(out, "{key} = [");
    let mut width = key.len();
    for (at, value) in values.enumerate() {
        let value = quoted(value);
        width += value.len() + 2;
        if at > 0 {
            out.push(',');
        }
        if width > 110 {
            out.push_str("\n  ");
            width = value.len();
        } else if at > 0 {
            out.push(' ');
        }
        out.push_str(&value);
    }
    out.push_str("]\n");
}

/// The first few of the values that one thing is wrong with, and how many more there are; none if there is none.
pub(super) fn some_of<S: AsRef<str>>(values: &[S]) -> Option<String> {
    const SHOWN: usize = 5;
    let shown: Vec<String> = values.iter().take(SHOWN).map(|v| format!("`{}`", v.as_ref())).collect();
    match values.len() {
        0 => None,
        n if n <= SHOWN => Some(shown.join(", ")),
        n => Some(format!("{} and {} more", shown.join(", "), n - SHOWN)),
    }
}

/// What to say of a codelist that is not there.
pub(super) fn no_list(list: &str) -> String {
    let known: Vec<&str> = Codebook::embedded().lists.keys().map(String::as_str).collect();
    let meant = nearest(list, known.iter().copied()).map(|n| format!("; was `{n}` meant?")).unwrap_or(".".to_owned());
    format!("`{list}` is no codelist of the standard{meant} The codelists are: {}", known.join(", "))
}

impl Entry {
    /// The column; what is left wrong with it, [`Columns::check`] finds.
    fn column(self, problems: &mut Vec<Problem>) -> Column {
        let name = self.name.0;
        let mut wrong = |what: String| problems.push(Problem::new(&name, what));
        let book = self.codelist.as_deref().and_then(|id| Codebook::embedded().lists.get(id));
        if let (Some(id), None) = (&self.codelist, book) {
            wrong(no_list(id));
        }
        let mut values = match (self.values, self.range, book) {
            (Some(values), None, list) => {
                let values = texts(values);
                if let Some(list) = list {
                    let other = self.other.as_ref().map(|o| o.0.as_str());
                    let is_none = |v: &&String| list.code(v).is_none() && Some(v.as_str()) != other;
                    let wrongs: Vec<&String> = values.iter().filter(is_none).collect();
                    if let Some(some) = some_of(&wrongs) {
                        let are = if wrongs.len() == 1 { "is no code" } else { "are no codes" };
                        wrong(format!("{some} {are} of the list `{}`", list.id));
                    }
                }
                values
            }
            (None, Some((low, high)), None) => {
                let wide = i128::from(high) - i128::from(low);
                if wide < 0 || wide >= MAX_VALUES as i128 {
                    wrong(format!("its range must run upwards, and over at most {MAX_VALUES} values"));
                    Vec::new()
                } else {
                    (low..=high).map(|n| n.to_string()).collect()
                }
            }
            (None, None, Some(list)) => list.codes.iter().map(|c| c.id.clone()).collect(),
            (None, None, None) => {
                if self.codelist.is_none() {
                    wrong(
                        "says nothing of its values; add `values = [..]`, `range = [..]` or `codelist = \"..\"`".into(),
                    );
                }
                Vec::new()
            }
            _ => {
                wrong("has a range beside values or a codelist; one of them says it".into());
                Vec::new()
            }
        };
        let other = self.other.map(|o| o.0);
        if let Some(other) = &other
            && !values.contains(other)
        {
            values.push(other.clone());
        }
        let (groups, group_of) = if !self.groups.is_empty() {
            declared(self.groups, &values, other.as_deref(), &mut wrong)
        } else if let Some(list) = book {
            rolled_up(list, &values, other.as_deref())
        } else {
            (Vec::new(), Vec::new())
        };
        let absent = texts(self.absent).into_iter().filter(|a| !a.is_empty()).collect();
        Column { name, values, group_of, groups, other, absent, codelist: self.codelist }
    }
}

type Groups = (Vec<String>, Vec<u16>);

/// Groups as they are written down.
fn declared(
    from: BTreeMap<String, Vec<Text>>,
    values: &[String],
    other: Option<&str>,
    wrong: &mut dyn FnMut(String),
) -> Groups {
    if from.len() > values.len() {
        wrong("has more groups than values".into());
        return Groups::default();
    }
    let position: HashMap<&str, usize> = values.iter().enumerate().map(|(i, v)| (v.as_str(), i)).collect();
    let mut of: Vec<Option<u16>> = vec![None; values.len()];
    let mut groups = Vec::new();
    for (name, members) in from {
        let name = name.trim().to_owned();
        let number = groups.len() as u16;
        let (mut strange, mut twice) = (Vec::new(), Vec::new());
        for Text(member) in members {
            match position.get(member.as_str()) {
                None => strange.push(member),
                Some(i) if of[*i].is_some() => twice.push(member),
                Some(i) => of[*i] = Some(number),
            }
        }
        if let Some(some) = some_of(&strange) {
            let are = if strange.len() == 1 { "is no value" } else { "are no values" };
            wrong(format!("the group `{name}` holds {some}, which {are} of the column"));
        }
        if let Some(some) = some_of(&twice) {
            let are = if twice.len() == 1 { "the value" } else { "the values" };
            wrong(format!("{are} {some} {} in two groups", if twice.len() == 1 { "is" } else { "are" }));
        }
        groups.push(name);
    }
    // Whatever is unlisted belongs to no group: it stays by itself.
    if let Some(i) = other.and_then(|o| position.get(o))
        && of[*i].is_none()
    {
        let number = if let Some(known) = groups.iter().position(|g| Some(g.as_str()) == other) {
            known
        } else {
            groups.push(values[*i].clone());
            groups.len() - 1
        };
        of[*i] = Some(number as u16);
    }
    let left: Vec<&String> = values.iter().zip(&of).filter(|(_, group)| group.is_none()).map(|(v, _)| v).collect();
    if let Some(some) = some_of(&left) {
        let are = if left.len() == 1 { ("the value", "is") } else { ("the values", "are") };
        wrong(format!("{} {some} {} in no group; put every value into one", are.0, are.1));
    }
    let group_of = of.into_iter().flatten().collect();
    in_order(groups, group_of)
}

/// Groups of a codelist whose codes roll up to a coarser one.
fn rolled_up(list: &Codelist, values: &[String], other: Option<&str>) -> Groups {
    let Some((_, coarser)) = GROUPED_BY.iter().find(|(id, _)| *id == list.id) else { return Groups::default() };
    let mut groups: Vec<String> = Vec::new();
    let mut group_of = Vec::new();
    for value in values {
        let up = list.code(value).and_then(|code| list.rollup(code, coarser));
        let group = up.or(other.filter(|o| o == value)).unwrap_or(NO_GROUP);
        let number = groups.iter().position(|g| g == group).unwrap_or_else(|| {
            groups.push(group.to_owned());
            groups.len() - 1
        });
        group_of.push(number as u16);
    }
    in_order(groups, group_of)
}

/// The groups by name, so that one domain has one form.
fn in_order(groups: Vec<String>, group_of: Vec<u16>) -> Groups {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*a].cmp(&groups[*b]));
    let mut place = vec![0_u16; groups.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new as u16;
    }
    let group_of = group_of.into_iter().map(|g| place[usize::from(g)]).collect();
    let mut groups: Vec<String> = groups;
    groups.sort();
    (groups, group_of)
}

const _: () = assert!(MAX_VALUES < u16::MAX as usize && MAX_TEXT < 1 << 16);

//! Groups that readers ask for first, recognised in any flat table by the names of its columns and by their values: girls of
//! 10–14, of 15–17, and young women of 18–19. Data, in `standard/groups.toml`.
//!
//! **It must never know** rows: only the public domain is looked at (PRIVACY 5).
//!
//! Start reading at [`find`].

use crate::columns::{Column, Columns};
use crate::{embedded, problem};
use serde::Deserialize;
use std::sync::OnceLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sex: Sex,
    age: Age,
    #[serde(rename = "group")]
    groups: Vec<Band>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sex {
    columns: Vec<String>,
    female: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Age {
    columns: Vec<String>,
    #[serde(rename = "word")]
    words: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    values: Vec<String>,
    low: u16,
    high: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    id: String,
    label: String,
    low: u16,
    high: u16,
}

/// What a table says of the groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Position of the column of sex or gender.
    pub sex: usize,
    /// Position of the column of age.
    pub age: usize,
    /// The groups that the table can tell, in reading order.
    pub groups: Vec<Group>,
    /// Labels of the groups that it can't tell, because none of its bands lies in theirs.
    pub missing: Vec<String>,
}

/// One group of people in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Stable identifier.
    pub id: String,
    /// Who they are, in words; names of values stand in it where a band can't be split.
    pub label: String,
    /// Codes of the column of sex that belong to it.
    pub sexes: Vec<u16>,
    /// Codes of the column of age that belong to it.
    pub ages: Vec<u16>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| problem::read("groups.toml", embedded::GROUPS).expect("the embedded file is checked by a test"))
}

/// The groups of a table; `None` if no two of its columns are known to say sex and age.
pub fn find(columns: &Columns) -> Option<Found> {
    let file = file();
    let (sex, sexes) = first(columns, &file.sex.columns, |column| {
        codes(column).filter(|(_, value)| is_among(value, &file.sex.female)).map(|(code, _)| code).collect()
    })?;
    let (age, bands) = first(columns, &file.age.columns, |column| {
        codes(column).filter_map(|(code, value)| Some((code, range(value)?))).collect()
    })?;
    let mut found = Found { sex, age, groups: Vec::new(), missing: Vec::new() };
    let mut taken = Vec::new();
    for band in &file.groups {
        let inside = |(_, (low, high)): &&(u16, (u16, u16))| *low >= band.low && *high <= band.high;
        let ages: Vec<u16> = bands.iter().filter(inside).map(|(code, _)| *code).collect();
        if ages.is_empty() {
            found.missing.push(band.label.clone());
            continue;
        }
        taken.extend(ages.iter().copied());
        let (id, label) = (band.id.clone(), band.label.clone());
        found.groups.push(Group { id, label, sexes: sexes.clone(), ages });
    }
    let low = file.groups.iter().map(|g| g.low).min().unwrap_or(0);
    let high = file.groups.iter().map(|g| g.high).max().unwrap_or(0);
    for (code, (from, to)) in bands {
        if taken.contains(&code) || to == u16::MAX || from > high || to < low {
            continue;
        }
        let value = &columns.columns[age].values[usize::from(code) - 1];
        let label = format!("Girls and women of “{value}”, a band that can't be split");
        found.groups.push(Group { id: format!("female-{from}-{to}"), label, sexes: sexes.clone(), ages: vec![code] });
    }
    Some(found)
}

/// The first column by the order of names for which something is found.
fn first<T>(columns: &Columns, names: &[String], find: impl Fn(&Column) -> Vec<T>) -> Option<(usize, Vec<T>)> {
    names.iter().find_map(|name| {
        let at = columns.columns.iter().position(|c| plain(&c.name) == plain(name))?;
        let found = find(&columns.columns[at]);
        (!found.is_empty()).then_some((at, found))
    })
}

/// Codes and values of a column.
fn codes(column: &Column) -> impl Iterator<Item = (u16, &str)> {
    (1..=u16::MAX).zip(column.values.iter().map(String::as_str))
}

/// Letters and digits alone, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_among(value: &str, list: &[String]) -> bool {
    let value = plain(value);
    list.iter().any(|v| plain(v) == value)
}

/// Completed years that a value says, from and up to; without an upper end up to [`u16::MAX`].
fn range(value: &str) -> Option<(u16, u16)> {
    if let Some(word) = file().age.words.iter().find(|w| is_among(value, &w.values)) {
        return Some((word.low, word.high.unwrap_or(u16::MAX)));
    }
    let mut numbers = Vec::new();
    for run in value.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()) {
        numbers.push(run.parse::<u16>().ok().filter(|n| *n <= 130)?);
    }
    let words: String = plain(value).chars().filter(|c| !c.is_ascii_digit()).collect();
    match numbers[..] {
        [low, high] => {
            let between = ["", "a", "to", "years", "toyears", "ans", "años"];
            (low <= high && between.contains(&words.as_str())).then_some((low, high))
        }
        [n] if value.contains('+') || ["plus", "aplus", "andover", "over", "andolder"].contains(&words.as_str()) => {
            Some((n, u16::MAX))
        }
        [n] if n > 0 && (value.trim_start().starts_with('<') || ["under", "below"].contains(&words.as_str())) => {
            Some((0, n - 1))
        }
        [n] => ["", "a", "years", "ans", "años"].contains(&words.as_str()).then_some((n, n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(columns: &[(&str, &[&str])]) -> Columns {
        let column =
            |(name, values): &(&str, &[&str])| Column::new(*name, values.iter().map(|v| (*v).to_owned()).collect());
        Columns { columns: columns.iter().map(column).collect() }
    }

    #[test]
    fn bands_are_read_as_they_are_written_and_nothing_else_is() {
        for (text, range_) in [
            ("10-14", Some((10, 14))),
            ("10–14", Some((10, 14))),
            ("9--17", Some((9, 17))),
            ("a15_17", Some((15, 17))),
            ("15 to 17 years", Some((15, 17))),
            ("17", Some((17, 17))),
            ("48+", Some((48, u16::MAX))),
            ("a60_plus", Some((60, u16::MAX))),
            ("under 18", Some((0, 17))),
            ("Minor", Some((0, 17))),
            ("Adult", Some((18, u16::MAX))),
            ("30--38;39--47", None),
            ("14-10", None),
            ("2019-2020", None),
            ("unknown", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(range(text), range_, "{text}");
        }
    }

    #[test]
    fn girls_are_found_first_and_in_order() {
        let found = find(&table(&[
            ("country", &["A", "B"]),
            ("Age band", &["5-9", "18-19", "10-12", "13-14", "15-17", "20-24"]),
            ("Sex", &["Male", "Female"]),
        ]))
        .unwrap();
        assert_eq!((found.sex, found.age), (2, 1));
        let ids: Vec<(&str, &[u16])> = found.groups.iter().map(|g| (g.id.as_str(), &g.ages[..])).collect();
        assert_eq!(ids, [("girls-10-14", &[3, 4][..]), ("girls-15-17", &[5]), ("girls-18-19", &[2])]);
        assert!(found.missing.is_empty() && found.groups.iter().all(|g| g.sexes == [2]));
    }

    #[test]
    fn a_band_that_cuts_through_adolescence_is_shown_by_itself_and_what_it_hides_is_said() {
        let ctdc =
            table(&[("gender", &["Male", "Female"]), ("ageBroad", &["0--8", "9--17", "18--20", "21--23", "48+"])]);
        let found = find(&ctdc).unwrap();
        let ids: Vec<&str> = found.groups.iter().map(|g| g.id.as_str()).collect();
        assert_eq!(ids, ["female-9-17", "female-18-20"]);
        assert_eq!(found.missing.len(), 3);
    }

    #[test]
    fn other_peoples_ages_and_tables_without_sex_or_age_have_no_groups() {
        assert_eq!(find(&table(&[("gender", &["Female"]), ("IP_ageBroad", &["10-14"])])), None);
        assert_eq!(find(&table(&[("gender", &["Male"]), ("age", &["10-14"])])), None, "no girl in the domain");
        assert_eq!(find(&table(&[("sex", &["Female"])])), None);
        assert_eq!(find(&table(&[])), None);
    }

    proptest! {
        #[test]
        fn any_names_and_values_are_looked_at(name in ".{0,12}", values in prop::collection::vec(".{0,12}", 0..6)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let _ = find(&table(&[(&name, &values), ("age", &values), ("sex", &["Female"])]));
        }
    }
}

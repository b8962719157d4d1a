//! What an indicator must hold to be made.

use super::{Axis, CategoryRow, Indicator, Part};
use crate::dimension::Dimension;
use crate::problem::Problem;
use crate::study::Select;
use crate::workload::{TableSpec, Workload};
use std::collections::BTreeSet;

/// Most rows of one indicator for one year.
const MOST_ROWS: usize = 100_000;

/// Oldest age that may be written; it stands for "and over".
const OLDEST: u16 = 130;

pub(super) fn problems(indicator: &Indicator, workload: &Workload) -> Vec<Problem> {
    let mut out = Vec::new();
    let here = format!("indicator {}", indicator.id);
    let mut wrong = |what: &str| out.push(Problem::new(&here, what));
    if !is_slug(&indicator.id) {
        wrong("an id of lower case letters, digits and - is needed");
    }
    let Indicator { version, title, requester, source, wording, definition, .. } = indicator;
    if [version, title, requester, source, wording, definition].iter().any(|t| t.trim().is_empty()) {
        wrong("version, title, requester, source, wording and definition are needed");
    }
    let counts_victims = indicator.parts.iter().any(|p| p.table.is_some());
    if counts_victims && !["detected", "registered"].iter().any(|word| wording.to_lowercase().contains(word)) {
        wrong("the wording says detected or registered: what is counted is detection, never prevalence");
    }
    if claims_prevalence(indicator) {
        wrong("title and wording never speak of prevalence or incidence");
    }
    if indicator.workload != workload.id {
        wrong("it is made from another workload");
    }
    if indicator.per == Some(0) {
        wrong("a rate is for at least one resident");
    }
    if indicator.per.is_some() {
        let with = |axes: &[Axis], has: fn(&Axis) -> bool| axes.iter().any(has);
        let sexes = with(&indicator.sexes, |a| a.residents.as_ref().is_some_and(|r| r.sex.is_some()));
        let ages = with(&indicator.ages, |a| a.residents.as_ref().is_some_and(|r| r.ages.is_some()));
        if !sexes || !ages {
            wrong("a rate needs residents for at least one sex and one age");
        }
    }
    if indicator.parts.is_empty() {
        wrong("an indicator has at least one part");
    }
    let rows = indicator.parts.iter().map(|p| p.categories.len()).sum::<usize>();
    if rows.saturating_mul(indicator.sexes.len()).saturating_mul(indicator.ages.len()) > MOST_ROWS {
        wrong("more than 100,000 rows");
    }
    for (column, axes) in [("sex", &indicator.sexes), ("age", &indicator.ages)] {
        if axes.is_empty() {
            out.push(Problem::new(&here, format!("the column of {column} needs at least one value")));
        }
        labels(&format!("column {column}"), axes.iter().map(|a| &a.label), &mut out);
        for axis in axes {
            residents(column, axis, &mut out);
        }
    }
    let mut seen = BTreeSet::new();
    for part in &indicator.parts {
        if !seen.insert((&part.indicator, &part.dimension)) {
            out.push(Problem::new(part.place(), "the part is given twice"));
        }
        one(indicator, part, workload, &mut out);
    }
    out
}

/// Lower case letters, digits and `-`, starting with a letter: it becomes part of permanent ids.
fn is_slug(id: &str) -> bool {
    id.len() <= 32
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn claims_prevalence(indicator: &Indicator) -> bool {
    [&indicator.title, &indicator.wording].iter().any(|text| {
        let text = text.to_lowercase();
        ["prevalence", "incidence"].iter().any(|word| text.contains(word))
    })
}

fn labels<'a>(place: &str, all: impl Iterator<Item = &'a String>, out: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for label in all {
        if label.trim().is_empty() {
            out.push(Problem::new(place, "a value needs a label"));
        } else if !seen.insert(label) {
            out.push(Problem::new(place, format!("the value {label} is given twice")));
        }
    }
}

fn residents(column: &str, axis: &Axis, out: &mut Vec<Problem>) {
    let Some(residents) = &axis.residents else { return };
    let mut wrong = |what: &str| out.push(Problem::new(format!("column {column}, {}", axis.label), what));
    let fits = match column {
        "sex" => residents.sex.is_some() && residents.ages.is_none(),
        _ => residents.ages.is_some() && residents.sex.is_none(),
    };
    if !fits {
        wrong("residents are told by sex in the column of sexes and by ages in that of ages");
    }
    if residents.sex.as_ref().is_some_and(|sex| !["F", "M", "both"].contains(&sex.as_str())) {
        wrong("residents are F, M or both");
    }
    if residents.ages.is_some_and(|[low, high]| low > high || high > OLDEST) {
        wrong("ages of residents go from the lower to the higher, 130 standing for and over");
    }
}

fn one(indicator: &Indicator, part: &Part, workload: &Workload, out: &mut Vec<Problem>) {
    let here = part.place();
    if part.indicator.trim().is_empty() || part.dimension.trim().is_empty() {
        out.push(Problem::new(&here, "a part names the requester's indicator and dimension"));
    }
    if part.categories.is_empty() {
        out.push(Problem::new(&here, "a part has at least one category"));
    }
    labels(&here, part.categories.iter().map(|c| &c.label), out);
    let reasons = part.not_held.iter().chain(part.categories.iter().filter_map(|c| c.not_held.as_ref()));
    if reasons.into_iter().any(|r| r.trim().is_empty()) {
        out.push(Problem::new(&here, "what is not held has a reason"));
    }
    let id = match (&part.table, &part.not_held) {
        (Some(id), None) => id,
        (None, Some(_)) => return,
        _ => {
            out.push(Problem::new(&here, "a part has either a table or a reason why it is not held"));
            return;
        }
    };
    let Some(table) = workload.table(id) else {
        out.push(Problem::new(&here, format!("the workload has no table {id}")));
        return;
    };
    if part.years.is_some() && part.years_of(table).is_none() {
        out.push(Problem::new(&here, "years names a dimension of years of its table"));
    }
    let axes = indicator.sexes.iter().chain(&indicator.ages).map(|a| &a.select);
    for select in [&part.among].into_iter().chain(axes).chain(part.categories.iter().map(|c| &c.select)) {
        known(select, table, &here, out);
    }
    for category in part.categories.iter().filter(|c| c.not_held.is_none()) {
        sums(indicator, part, category, table, out);
    }
}

fn known(select: &Select, table: &TableSpec, here: &str, out: &mut Vec<Problem>) {
    for (id, categories) in select {
        let Some(dimension) = table.dimensions.iter().find(|d| d.id == *id) else {
            out.push(Problem::new(here, format!("the table {} has no dimension {id}", table.id)));
            continue;
        };
        let distinct: BTreeSet<&String> = categories.iter().collect();
        if categories.is_empty() || distinct.len() != categories.len() {
            out.push(Problem::new(here, format!("{id}: name each category once, at least one")));
        }
        for category in categories.iter().filter(|c| !dimension.categories.iter().any(|k| k.id == **c)) {
            out.push(Problem::new(here, format!("the dimension {id} has no category {category}")));
        }
    }
}

/// Every row of a category takes at least one cell, and its sum counts people.
fn sums(indicator: &Indicator, part: &Part, category: &CategoryRow, table: &TableSpec, out: &mut Vec<Problem>) {
    for dimension in &table.dimensions {
        for sex in &indicator.sexes {
            for age in &indicator.ages {
                let within = [&part.among, &category.select, &sex.select, &age.select];
                let taken = taken(dimension, &within);
                let row = || format!("{}: {}, {}, {}", part.place(), category.label, sex.label, age.label);
                if taken == 0 {
                    out.push(Problem::new(row(), format!("it takes no category of {}", dimension.id)));
                    return;
                }
                if dimension.rule.is_several() && taken > 1 {
                    let what = format!("a person can stand in several rows of {}: name one category", dimension.id);
                    out.push(Problem::new(row(), what));
                    return;
                }
            }
        }
    }
}

/// How many categories of a dimension lie within all selections.
fn taken(dimension: &Dimension, within: &[&Select]) -> usize {
    let is_in = |id: &String| within.iter().all(|s| s.get(&dimension.id).is_none_or(|wanted| wanted.contains(id)));
    dimension.categories.iter().filter(|c| is_in(&c.id)).count()
}

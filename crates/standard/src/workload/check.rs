//! What a workload must hold to be measured.

use super::{HeadlineSpec, TableSpec, Workload};
use crate::dimension::Dimension;
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// Most cells of one table.
const MAX_CELLS: usize = 1_000_000;

/// Dimensions that may stand first (GS-01).
const FIRST: [(&str, &str); 2] = [("sex", "sex_registered"), ("gender", "gender")];

pub(super) fn problems(workload: &Workload) -> Vec<Problem> {
    let mut out = Vec::new();
    let here = format!("workload {}", workload.id);
    let texts = [&workload.version, &workload.title, &workload.population];
    if !is_slug(&workload.id) || texts.iter().any(|t| t.trim().is_empty()) {
        out.push(Problem::new(
            &here,
            "an id of lower case letters, digits and -, a version, a title and a population are needed",
        ));
    }
    if workload.definition.trim().is_empty() || workload.caveats.iter().all(|c| c.trim().is_empty()) {
        out.push(Problem::new(&here, "a definition and at least one caveat travel with every figure (PRIVACY 14)"));
    }
    if workload.tables.is_empty() {
        out.push(Problem::new(&here, "a workload has at least one table"));
    }
    let shares: u64 = workload.tables.iter().map(|t| u64::from(t.share)).sum();
    if shares != 1000 {
        out.push(Problem::new(&here, format!("the shares sum to {shares}, not to 1000")));
    }
    let mut ids = BTreeSet::new();
    for (at, table) in workload.tables.iter().enumerate() {
        if !ids.insert(&table.id) {
            out.push(Problem::new(format!("table {}", table.id), "the id is given twice"));
        }
        one(table, &workload.tables[..at], &mut out);
    }
    let among = workload.tables.iter().filter_map(|t| t.among.as_ref().map(|a| &a.dimension));
    let mut whole: BTreeMap<&str, &Dimension> = BTreeMap::new();
    for dimension in workload.tables.iter().flat_map(|t| &t.dimensions).chain(among) {
        if *whole.entry(&dimension.id).or_insert(dimension) != dimension {
            out.push(Problem::new(&here, format!("two different dimensions have the id {}", dimension.id)));
        }
    }
    let mut heads = BTreeSet::new();
    for headline in &workload.headlines {
        if !heads.insert(&headline.id) {
            out.push(Problem::new(format!("headline {}", headline.id), "the id is given twice"));
        }
        head(headline, workload, &mut out);
    }
    out
}

/// Lower case letters, digits and `-`, starting with a letter: it becomes part of a figure's permanent id.
fn is_slug(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn one(table: &TableSpec, before: &[TableSpec], out: &mut Vec<Problem>) {
    let here = format!("table {}", table.id);
    let mut wrong = |what: String| out.push(Problem::new(&here, what));
    if !is_slug(&table.id) || table.title.trim().is_empty() {
        wrong("an id of lower case letters, digits and - and a title are needed".into());
    }
    for dimension in table.dimensions.iter().chain(table.among.iter().map(|a| &a.dimension)) {
        let mut ids = std::iter::once(&dimension.id).chain(dimension.categories.iter().map(|c| &c.id));
        if !ids.all(|id| crate::problem::is_id(id)) {
            wrong("ids of dimensions and categories are lower case letters, digits and _".into());
        }
    }
    if table.id == "headlines" || table.id == "study" {
        wrong("the name is kept for the groups that readers ask for first".into());
    }
    if table.share == 0 {
        wrong("a table without a share of the budget cannot be measured".into());
    }
    if table.dimensions.first().is_none_or(|d| !FIRST.contains(&(d.id.as_str(), d.field.as_str()))) {
        wrong("sex or gender, cut by the field of that name, comes first".into());
    }
    let ids: BTreeSet<&str> = table.dimensions.iter().map(|d| d.id.as_str()).collect();
    if ids.len() != table.dimensions.len() {
        wrong("a dimension is given twice".into());
    }
    if table.dimensions.iter().any(|d| d.categories.last().is_none_or(|c| c.id != "unknown")) {
        wrong("the last category of every dimension is unknown, always a row of its own".into());
    }
    let cells = table.dimensions.iter().try_fold(1usize, |n, d| n.checked_mul(d.size()));
    if cells.is_none_or(|n| n > MAX_CELLS) {
        wrong(format!("more than {MAX_CELLS} cells"));
    }
    if let Some(among) = &table.among {
        if among.dimension.rule.is_several() {
            wrong(format!("{} can put a person into several categories, so it tells nobody apart", among.dimension.id));
        }
        if among.label.trim().is_empty() || among.categories.is_empty() {
            wrong("whom it counts needs words and at least one category".into());
        }
        let distinct: BTreeSet<&String> = among.categories.iter().collect();
        if distinct.len() != among.categories.len() {
            wrong("name each category that it counts once".into());
        }
        for category in among.categories.iter().filter(|c| !among.dimension.categories.iter().any(|k| k.id == **c)) {
            wrong(format!("the dimension {} has no category {category}", among.dimension.id));
        }
    }
    let Some(refined) = &table.refines else { return };
    let Some(coarse) = before.iter().find(|t| t.id == *refined) else {
        wrong(format!("there is no table {refined} before it"));
        return;
    };
    if coarse.among != table.among {
        wrong(format!("it must count the same people as {refined}"));
    }
    let Some((last, rest)) = table.dimensions.split_last() else { return };
    if rest != coarse.dimensions.as_slice() {
        wrong(format!("its dimensions without the last one must be those of {refined}"));
    }
    if last.rule.is_several() {
        wrong(format!("{} can put a person into several categories, so it refines nothing", last.id));
    }
}

fn head(headline: &HeadlineSpec, workload: &Workload, out: &mut Vec<Problem>) {
    let here = format!("headline {}", headline.id);
    let mut wrong = |what: String| out.push(Problem::new(&here, what));
    if !is_slug(&headline.id) || headline.label.trim().is_empty() {
        wrong("an id of lower case letters, digits and - and a label are needed".into());
    }
    let Some(table) = workload.table(&headline.table) else {
        wrong(format!("there is no table {}", headline.table));
        return;
    };
    if table.among.is_some() {
        wrong("its table counts some people only, which its label would not say".into());
    }
    if table.refines.is_some() {
        wrong("its table refines another: sum cells of the coarser one".into());
    }
    if table.dimensions.iter().any(|d| d.rule.is_several()) {
        wrong("a person can stand in several cells of its table, so their sum counts no people".into());
    }
    for (id, categories) in &headline.select {
        let Some(dimension) = table.dimensions.iter().find(|d| d.id == *id) else {
            wrong(format!("the table has no dimension {id}"));
            continue;
        };
        let distinct: BTreeSet<&String> = categories.iter().collect();
        if categories.is_empty() || distinct.len() != categories.len() {
            wrong(format!("{id}: name each category once, at least one"));
        }
        for category in categories.iter().filter(|c| !dimension.categories.iter().any(|k| k.id == **c)) {
            wrong(format!("the dimension {id} has no category {category}"));
        }
    }
}

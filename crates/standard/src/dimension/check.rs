//! What dimensions must hold to cut records by.

use super::{Category, Clause, Dimension, Rule};
use crate::codebook::{Codebook, Codelist, Kind, Level};
use crate::problem::{Problem, is_id};
use std::collections::BTreeSet;

pub(super) fn problems(dimensions: &[Dimension], book: &Codebook) -> Vec<Problem> {
    let mut out = Vec::new();
    let mut ids = BTreeSet::new();
    for dimension in dimensions {
        if !ids.insert(&dimension.id) {
            out.push(Problem::new(format!("dimension {}", dimension.id), "the id is given twice"));
        }
        one(dimension, book, &mut out);
    }
    out
}

fn one(dimension: &Dimension, book: &Codebook, out: &mut Vec<Problem>) {
    let here = format!("dimension {}", dimension.id);
    let mut wrong = |what: String| out.push(Problem::new(&here, what));
    if !is_id(&dimension.id) {
        wrong("the id must be lower case letters, digits and _".into());
    }
    if dimension.label.trim().is_empty() || dimension.definition.trim().is_empty() {
        wrong("label and definition are needed".into());
    }
    if dimension.categories.last().is_none_or(|c| c.id != "unknown") || dimension.categories.len() < 2 {
        wrong("the last of at least two categories must be unknown".into());
    }
    if dimension.categories.len() > 255 {
        wrong("at most 255 categories".into());
    }
    let mut seen = BTreeSet::new();
    for category in &dimension.categories {
        if !is_id(&category.id) || category.label.trim().is_empty() {
            wrong(format!(
                "category {}: an id of lower case letters, digits and _ and a label are needed",
                category.id
            ));
        }
        if !seen.insert(&category.id) {
            wrong(format!("category {} is given twice", category.id));
        }
        let codes = !category.any.is_empty() || !category.each.is_empty() || category.also_field.is_some();
        let stepped = !category.from.is_empty() || !category.to.is_empty();
        let bare = !codes && category.within.is_empty() && !stepped && category.order.is_none();
        let banded = category.low.is_some() || category.high.is_some();
        match (dimension.rule, category.id.as_str()) {
            (_, "unknown") if !bare || banded || category.reached.is_some() => {
                wrong("unknown takes no condition".into());
            }
            (_, "unknown") => {}
            (Rule::AgeBand | Rule::YearBand, _) if !bare || category.low.is_none() => {
                wrong(format!("category {}: a band has low and high and nothing else", category.id));
            }
            (Rule::FirstMatch | Rule::AllMatches, _) if bare || banded || stepped || category.order.is_some() => {
                wrong(format!("category {}: a condition on codes is needed", category.id));
            }
            (Rule::Steps, _) if !stepped || codes || banded => {
                wrong(format!("category {}: from, to or both are needed, and nothing else", category.id));
            }
            (Rule::Order, _) if category.order.is_none() || codes || stepped || banded => {
                wrong(format!("category {}: order is needed, and nothing else", category.id));
            }
            (Rule::Elapsed, _) if category.reached.is_none() || category.low.is_none() || !bare => {
                wrong(format!("category {}: reached and a band of days are needed, and nothing else", category.id));
            }
            _ => {}
        }
        if category.also_field.is_some() == category.also_any.is_empty() {
            wrong(format!("category {}: also_field and also_any go together", category.id));
        }
    }
    let Some(field) = book.field(&dimension.field) else {
        wrong(format!("there is no field {}", dimension.field));
        return;
    };
    let kind = book.get(field).kind;
    let fits = match dimension.rule {
        Rule::AgeBand => kind == Kind::Age,
        Rule::YearBand | Rule::Elapsed => kind == Kind::Date,
        Rule::FirstMatch | Rule::AllMatches | Rule::Steps | Rule::Order => matches!(kind, Kind::Code | Kind::Codes),
    };
    if !fits {
        wrong(format!("the rule does not fit the field {}", dimension.field));
        return;
    }
    match dimension.rule {
        Rule::AgeBand => bands(dimension, &mut wrong),
        Rule::YearBand => ascending(dimension.categories.iter(), &mut wrong),
        Rule::Elapsed => {
            for reached in [true, false] {
                ascending(dimension.categories.iter().filter(|c| c.reached == Some(reached)), &mut wrong);
            }
        }
        _ => {}
    }
    two_kinds(dimension, book, &mut wrong);
    for category in &dimension.categories {
        clauses(&category.within, &category.id, book, &mut wrong);
        if let Some(list) = book.list_of(field) {
            known(&category.from, list, category, &mut wrong);
            known(&category.to, list, category, &mut wrong);
        }
    }
    if dimension.at_most.is_some() && (dimension.at_most == Some(0) || !dimension.rule.is_several()) {
        wrong("at_most is at least 1, and only for rules that can put a person into several categories".into());
    }
    for category in &dimension.categories {
        if let Some(list) = book.list_of(field) {
            known(&category.any, list, category, &mut wrong);
            for set in &category.each {
                known(set, list, category, &mut wrong);
            }
            composites(list, category, &mut wrong);
        }
        let Some(also) = &category.also_field else { continue };
        match book.field(also).and_then(|f| book.list_of(f)) {
            None => wrong(format!("category {}: there is no coded field {also}", category.id)),
            Some(list) => known(&category.also_any, list, category, &mut wrong),
        }
    }
}

/// Orders and times stand between two kinds of events, and only they do.
fn two_kinds(dimension: &Dimension, book: &Codebook, wrong: &mut impl FnMut(String)) {
    let two = matches!(dimension.rule, Rule::Order | Rule::Elapsed);
    if two == (dimension.first.is_empty() || dimension.second.is_empty()) {
        wrong("first and second are needed for an order and for a time, and nowhere else".into());
    }
    if two && !dimension.field.starts_with("event.") {
        wrong("an order and a time are taken from events".into());
    }
    for (name, sets) in [("first", &dimension.first), ("second", &dimension.second)] {
        for set in sets {
            if set.is_empty() {
                wrong(format!("{name}: a set without a condition would hold for every event"));
            }
            clauses(set, name, book, wrong);
        }
    }
    let Some(until) = &dimension.until else { return };
    let is_date = book.field(until).is_some_and(|f| {
        let field = book.get(f);
        field.kind == Kind::Date && field.level == Level::Record
    });
    if dimension.rule != Rule::Elapsed || !is_date {
        wrong(format!("until is for a time, and names a date of the record, which {until} is not"));
    }
}

/// Conditions on one event.
fn clauses(clauses: &[Clause], place: &str, book: &Codebook, wrong: &mut impl FnMut(String)) {
    for clause in clauses {
        let field = book.field(&clause.field).filter(|f| book.get(*f).level == Level::Event);
        let Some(list) = field.and_then(|f| book.list_of(f)) else {
            wrong(format!("{place}: events have no coded field {}", clause.field));
            continue;
        };
        if clause.any.is_empty() {
            wrong(format!("{place}: name at least one code of {}", clause.field));
        }
        for code in clause.any.iter().filter(|c| list.code(c).is_none()) {
            wrong(format!("{place}: the list {} has no code {code}", list.id));
        }
    }
}

/// Bands follow each other and do not overlap; there may be gaps.
fn ascending<'a>(categories: impl Iterator<Item = &'a Category>, wrong: &mut impl FnMut(String)) {
    let mut next = Some(0);
    for band in categories.filter(|c| c.id != "unknown") {
        let (Some(low), Some(from)) = (band.low, next) else {
            wrong(format!("category {}: nothing can follow an open band", band.id));
            return;
        };
        if low < from || band.high.is_some_and(|high| high < low) {
            wrong(format!("category {}: bands ascend and do not overlap", band.id));
            return;
        }
        next = band.high.and_then(|high| high.checked_add(1));
    }
}

fn known(codes: &[String], list: &Codelist, category: &Category, wrong: &mut impl FnMut(String)) {
    for code in codes.iter().filter(|c| list.code(c).is_none()) {
        wrong(format!("category {}: the list {} has no code {code}", category.id, list.id));
    }
}

/// A composite code belongs to a category just when every code that it stands for does.
fn composites(list: &Codelist, category: &Category, wrong: &mut impl FnMut(String)) {
    for set in std::iter::once(&category.any).chain(&category.each).filter(|s| !s.is_empty()) {
        for composite in list.codes.iter().filter(|c| !c.any_of.is_empty()) {
            let whole = composite.any_of.iter().all(|c| set.contains(c));
            if whole != set.contains(&composite.id) {
                wrong(format!(
                    "category {}: the composite code {} does not go with its parts",
                    category.id, composite.id
                ));
            }
        }
    }
}

/// Bands start at 0, leave no gap, do not overlap, and the last is open.
fn bands(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.id != "unknown").collect();
    let mut next = Some(0);
    for band in &bands {
        if band.low != next || band.high.is_some_and(|high| Some(high) < band.low) {
            wrong(format!("category {}: bands start at 0 and follow each other without gap", band.id));
            return;
        }
        next = band.high.and_then(|high| high.checked_add(1));
    }
    if bands.last().is_some_and(|b| b.high.is_some()) {
        wrong("the last band must be open".into());
    }
}

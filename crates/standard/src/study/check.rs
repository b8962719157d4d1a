//! What a study must hold to be made.

use super::{Estimator, FigureSpec, Select, Show, Study};
use crate::dimension::{Dimension, Rule};
use crate::problem::Problem;
use crate::workload::TableSpec;
use std::collections::BTreeSet;

/// Most groups, figures or sections of a study.
const MOST: usize = 200;
/// Most figures, counted once for each of their groups: whoever verifies a release makes all of them again.
const MOST_SERIES: usize = 2_000;

pub(super) fn problems(study: &Study) -> Vec<Problem> {
    let here = format!("study {}", study.id);
    let mut out = study.workload.problems();
    if study.workload.id != study.id {
        out.push(Problem::new(&here, "its workload must have the same id"));
    }
    let texts = [&study.version, &study.title, &study.question];
    if texts.iter().any(|t| t.trim().is_empty()) || study.limits.iter().all(|l| l.trim().is_empty()) {
        out.push(Problem::new(&here, "a version, a title, a question and at least one limit are needed"));
    }
    unique("group", study.groups.iter().map(|g| g.id.as_str()), &mut out);
    unique("figure", study.figures.iter().map(|f| f.id.as_str()), &mut out);
    unique("section", study.sections.iter().map(|s| s.id.as_str()), &mut out);
    let parts = [study.groups.len(), study.sections.len(), study.figures.len()];
    let numbers: usize = study.figures.iter().map(|f| f.groups.len().max(1)).sum();
    if parts.iter().any(|n| *n > MOST) || numbers > MOST_SERIES {
        out.push(Problem::new(
            &here,
            format!("at most {MOST} groups, figures, sections, and {MOST_SERIES} figures by group"),
        ));
    }
    if study.sections.is_empty() {
        out.push(Problem::new(&here, "a page has at least one section"));
    }
    for group in study.groups.iter().filter(|g| g.label.trim().is_empty() || g.select.is_empty()) {
        out.push(Problem::new(format!("group {}", group.id), "a label and a selection are needed"));
    }
    for figure in &study.figures {
        one(figure, study, &mut out);
    }
    for section in &study.sections {
        let place = format!("section {}", section.id);
        if section.heading.trim().is_empty() {
            out.push(Problem::new(&place, "a heading is needed"));
        }
        for show in &section.show {
            let (known, id) = match show {
                Show::Table(id) => (study.workload.table(id).is_some(), id),
                Show::Figures(id) | Show::Curve(id) | Show::Flow(id) | Show::Lexis(id) => {
                    (study.figure(id).is_some(), id)
                }
            };
            if !known {
                out.push(Problem::new(&place, format!("there is nothing called {id} to show")));
            }
        }
    }
    out
}

/// Ids become parts of a figure's permanent id.
fn unique<'a>(kind: &str, ids: impl Iterator<Item = &'a str>, out: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        let slug = id.len() <= 64
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !slug {
            out.push(Problem::new(format!("{kind} {id}"), "an id is lower case letters, digits and -"));
        }
        if !seen.insert(id) {
            out.push(Problem::new(format!("{kind} {id}"), "the id is given twice"));
        }
    }
}

fn one(figure: &FigureSpec, study: &Study, out: &mut Vec<Problem>) {
    let place = format!("figure {}", figure.id);
    let mut wrong = |what: String| out.push(Problem::new(&place, what));
    if figure.label.trim().is_empty() || figure.definition.trim().is_empty() {
        wrong("a label and a definition are needed".into());
    }
    let Some(table) = study.workload.table(&figure.table) else {
        wrong(format!("there is no table {}", figure.table));
        return;
    };
    for id in &figure.groups {
        match study.group(id) {
            None => wrong(format!("there is no group {id}")),
            Some(group) => known(&group.select, table, &mut wrong),
        }
    }
    let several = table.dimensions.iter().any(|d| d.rule.is_several());
    match &figure.estimate {
        Estimator::Count { of } => {
            known(of, table, &mut wrong);
            one_of_each(of, table, &mut wrong);
        }
        Estimator::Share { of, among, unknown, or_unknown, out_of } => {
            for select in [of, among, unknown].into_iter().chain(or_unknown) {
                known(select, table, &mut wrong);
            }
            match out_of {
                None => one_cell(of, table, &mut wrong),
                Some(_) if !among.is_empty() => {
                    wrong("out_of takes the whole group: there is no among beside it".into());
                }
                Some(id) => whole(id, of, figure, study, table, &mut wrong),
            }
        }
        Estimator::Ratio { of, unknown, against } => {
            known(of, table, &mut wrong);
            known(unknown, table, &mut wrong);
            one_cell(of, table, &mut wrong);
            match study.group(against) {
                None => wrong(format!("there is no group {against}")),
                Some(group) => known(&group.select, table, &mut wrong),
            }
        }
        Estimator::Trend { of, years } => {
            known(of, table, &mut wrong);
            one_of_each(of, table, &mut wrong);
            ruled(years, Rule::YearBand, table, &mut wrong);
        }
        Estimator::Crossing { onset, identified, .. }
        | Estimator::Delay { onset, identified, .. }
        | Estimator::States { onset, identified, .. }
        | Estimator::Jump { onset, identified, .. } => {
            if let Estimator::Delay { years, .. } = &figure.estimate
                && (years.len() > 60 || years.windows(2).any(|w| w[0] >= w[1]))
            {
                wrong("years rise, and there are at most 60".into());
            }
            if ages(&figure.estimate).iter().any(|age| *age > 120) {
                wrong("no age is over 120".into());
            }
            ruled(onset, Rule::AgeBand, table, &mut wrong);
            ruled(identified, Rule::AgeBand, table, &mut wrong);
            if several {
                wrong("a person can stand in several cells of its table".into());
            }
        }
        Estimator::Transitions { steps } => ruled(steps, Rule::Steps, table, &mut wrong),
        Estimator::Incidence { outcome, most_unknown } => {
            ruled(outcome, Rule::Elapsed, table, &mut wrong);
            one_cell(&Select::new(), table, &mut wrong);
            let bands = |reached: bool| -> Vec<_> {
                let all = find(outcome, table).into_iter().flat_map(|d| &d.categories);
                all.filter(|c| c.reached == Some(reached)).map(|c| (c.low, c.high)).collect()
            };
            if bands(true).is_empty() || bands(true) != bands(false) {
                wrong(format!(
                    "{outcome} needs the same bands of days for those reached and those only followed so long"
                ));
            }
            if *most_unknown > 1000 {
                wrong("most_unknown is in thousandths".into());
            }
        }
    }
}

/// The ages that an estimator names.
fn ages(estimate: &Estimator) -> Vec<u16> {
    match estimate {
        Estimator::Crossing { age, .. } => vec![*age],
        Estimator::Delay { under, seen_until, .. } => vec![*under, *seen_until],
        Estimator::States { from, majority, until, .. } => from.iter().copied().chain([*majority, *until]).collect(),
        Estimator::Jump { age, from, until, .. } => vec![*age, *from, *until],
        _ => Vec::new(),
    }
}

fn find<'a>(id: &str, table: &'a TableSpec) -> Option<&'a Dimension> {
    table.dimensions.iter().find(|d| d.id == id)
}

fn known(select: &Select, table: &TableSpec, wrong: &mut impl FnMut(String)) {
    for (id, categories) in select {
        let Some(dimension) = find(id, table) else {
            wrong(format!("table {} has no dimension {id}", table.id));
            continue;
        };
        if categories.is_empty() {
            wrong(format!("{id}: name at least one category"));
        }
        for category in categories.iter().filter(|c| !dimension.categories.iter().any(|k| k.id == **c)) {
            wrong(format!("the dimension {id} has no category {category}"));
        }
    }
}

/// Where a person can stand in several categories, a sum of several of them counts nobody: a share takes one at a time,
/// and everything else of that dimension is not its denominator.
fn one_cell(of: &Select, table: &TableSpec, wrong: &mut impl FnMut(String)) {
    if let Some(dimension) = table.dimensions.iter().find(|d| d.rule.is_several()) {
        wrong(format!(
            "a person can stand in several categories of {}, so shares of people can't be made from table {}{}",
            dimension.id,
            table.id,
            if of.is_empty() { "" } else { ": declare a dimension in which a person has one category" }
        ));
    }
}

/// Another table's total over the group as the whole of a share.
fn whole(id: &str, of: &Select, figure: &FigureSpec, study: &Study, table: &TableSpec, wrong: &mut impl FnMut(String)) {
    let Some(out_of) = study.workload.table(id) else {
        wrong(format!("there is no table {id}"));
        return;
    };
    if out_of.dimensions.iter().any(|d| d.rule.is_several()) || out_of.among != table.among {
        wrong(format!("table {id} must count the same people, each in one cell"));
    }
    for group in figure.groups.iter().filter_map(|g| study.group(g)) {
        known(&group.select, out_of, wrong);
    }
    one_of_each(of, table, wrong);
}

/// A sum over several categories in which a person can stand counts nobody.
fn one_of_each(of: &Select, table: &TableSpec, wrong: &mut impl FnMut(String)) {
    for dimension in table.dimensions.iter().filter(|d| d.rule.is_several()) {
        if of.get(&dimension.id).is_none_or(|c| c.len() != 1) {
            wrong(format!("name one category of {}: a person can stand in several", dimension.id));
        }
    }
}

fn ruled(id: &str, rule: Rule, table: &TableSpec, wrong: &mut impl FnMut(String)) {
    match find(id, table) {
        None => wrong(format!("table {} has no dimension {id}", table.id)),
        Some(dimension) if dimension.rule != rule => {
            wrong(format!("the dimension {id} is not of the kind that it needs"));
        }
        Some(_) => {}
    }
}

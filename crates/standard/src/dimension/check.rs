//! What dimensions must hold to cut records by.

use super::{Category, Clause, Dimension, Rule, Sequence};
use crate::codebook::{Class, Codebook, Codelist, Kind, Level};
use crate::problem::{Problem, is_id};
use std::collections::BTreeSet;

/// First year that a band may begin with.
const FIRST_YEAR: u16 = 1900;

/// Most categories that `at_most` lets a person stand in.
const MOST: u8 = 16;

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
        let any = [&category.any, &category.every].into_iter().any(|set| !set.is_empty());
        let codes = any || !category.each.is_empty() || category.also_field.is_some();
        let stepped = !category.from.is_empty() || !category.to.is_empty();
        let gap = category.gap_low.is_some() || category.gap_high.is_some();
        let bare = !codes && category.within.is_empty() && !stepped && category.order.is_none();
        let banded = category.low.is_some() || category.high.is_some();
        if gap != (dimension.rule == Rule::Law && category.id != "unknown") || (gap && (!bare || banded)) {
            wrong(format!(
                "category {}: gap_low or gap_high belong to every known category of a law, alone",
                category.id
            ));
        }
        // What neither steps nor orders take.
        let other = |steps: bool| {
            !category.within.is_empty() || category.reached.is_some() || (steps && category.order.is_some())
        };
        match (dimension.rule, category.id.as_str()) {
            (_, "unknown") if !bare || banded || category.reached.is_some() => {
                wrong("unknown takes no condition".into());
            }
            (_, "unknown") => {}
            (Rule::AgeBand | Rule::YearBand, _) if !bare || category.low.is_none() || category.reached.is_some() => {
                wrong(format!("category {}: a band has low and high and nothing else", category.id));
            }
            (Rule::FirstMatch | Rule::AllMatches, _)
                if bare || banded || stepped || category.order.is_some() || category.reached.is_some() =>
            {
                wrong(format!("category {}: a condition on codes is needed", category.id));
            }
            (Rule::Steps, _) if !stepped || codes || banded || other(true) => {
                wrong(format!("category {}: from, to or both are needed, and nothing else", category.id));
            }
            (Rule::Order, _) if category.order.is_none() || codes || stepped || banded || other(false) => {
                wrong(format!("category {}: order is needed, and nothing else", category.id));
            }
            (Rule::Elapsed, _) if category.order.is_some() => {
                let alone = !codes && !banded && !stepped && !other(false);
                if category.order != Some(Sequence::SecondThenFirst) || !alone {
                    wrong(format!("category {}: of a time only second_then_first stands apart, alone", category.id));
                }
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
        Rule::AgeBand | Rule::Law => kind == Kind::Age,
        Rule::YearBand | Rule::Elapsed => kind == Kind::Date,
        Rule::FirstMatch | Rule::AllMatches | Rule::Steps | Rule::Order => matches!(kind, Kind::Code | Kind::Codes),
    };
    if !fits {
        wrong(format!("the rule does not fit the field {}", dimension.field));
        return;
    }
    match dimension.rule {
        Rule::AgeBand => ages(dimension, &mut wrong),
        Rule::YearBand => years(dimension, &mut wrong),
        Rule::Elapsed => days(dimension, &mut wrong),
        Rule::Steps => steps(dimension, &mut wrong),
        Rule::Law => gaps(dimension, &mut wrong),
        _ => {}
    }
    let level = book.get(field).level;
    let level_fits = match dimension.rule {
        Rule::AgeBand | Rule::YearBand | Rule::Law => level == Level::Record,
        Rule::Steps | Rule::Order | Rule::Elapsed => level == Level::Event,
        Rule::FirstMatch | Rule::AllMatches => true,
    };
    if !level_fits {
        wrong(format!("the rule does not read the part of the record that holds {}", dimension.field));
    }
    let also = dimension.categories.iter().filter_map(|c| c.also_field.as_ref());
    for path in [&dimension.field].into_iter().chain(&dimension.until).chain(also) {
        if book.field(path).is_some_and(|f| book.get(f).class == Class::Direct) {
            wrong(format!("{path} identifies people: nothing is cut by it"));
        }
    }
    two_kinds(dimension, book, &mut wrong);
    law(dimension, book, &mut wrong);
    for category in dimension.categories.iter().filter(|c| !c.every.is_empty()) {
        if level != Level::Event {
            wrong(format!("category {}: every asks of all events, and {} is none's", category.id, dimension.field));
        }
        // A later event can undo it, so it can't be kept as one of the first few.
        if dimension.at_most.is_some() && category.id != "none" {
            wrong(format!("category {}: with at_most only none asks for every event", category.id));
        }
    }
    for category in &dimension.categories {
        clauses(&category.within, &category.id, book, &mut wrong);
        if let Some(list) = book.list_of(field) {
            for set in [&category.from, &category.to] {
                known(set, list, category, &mut wrong);
                composites(list, set, &category.id, &mut wrong);
            }
        }
    }
    if dimension.at_most.is_some_and(|most| !(1..=MOST).contains(&most) || !dimension.rule.is_several()) {
        wrong(format!("at_most is 1 to {MOST}, and only for rules that can put a person into several categories"));
    }
    for category in &dimension.categories {
        if let Some(list) = book.list_of(field) {
            for set in [&category.any, &category.every] {
                known(set, list, category, &mut wrong);
                composites(list, set, &category.id, &mut wrong);
            }
            for set in &category.each {
                known(set, list, category, &mut wrong);
                composites(list, set, &category.id, &mut wrong);
            }
        }
        let Some(also) = &category.also_field else { continue };
        match book.field(also).and_then(|f| book.list_of(f)) {
            None => wrong(format!("category {}: there is no coded field {also}", category.id)),
            Some(list) => known(&category.also_any, list, category, &mut wrong),
        }
    }
}

/// Bands of years around a law's age follow each other; the first and the last are open.
fn gaps(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.id != "unknown").collect();
    let open = bands.first().is_some_and(|b| b.gap_low.is_none()) && bands.last().is_some_and(|b| b.gap_high.is_none());
    let follow = bands.windows(2).all(|w| {
        let next = w[0].gap_high.and_then(|high| high.checked_add(1));
        next.is_some() && next == w[1].gap_low && w[1].gap_high.is_none_or(|high| Some(high) >= w[1].gap_low)
    });
    if !open || !follow {
        wrong("bands around a law's age follow each other without gap, the first and the last open".into());
    }
}

/// A law is named where it is asked for and nowhere else, by fields that can say which it is.
fn law(dimension: &Dimension, book: &Codebook, wrong: &mut impl FnMut(String)) {
    let Some(law) = &dimension.law else {
        if dimension.rule == Rule::Law {
            wrong("law is needed: domain, jurisdiction and on".into());
        }
        return;
    };
    if dimension.rule != Rule::Law {
        wrong("law belongs to the rule law".into());
    }
    if !crate::legal::DOMAINS.contains(&law.domain.as_str()) {
        wrong(format!("there is no domain {}; there are {}", law.domain, crate::legal::DOMAINS.join(", ")));
    }
    let of_record = |path: &str, kind: Kind| {
        book.field(path).is_some_and(|f| book.get(f).kind == kind && book.get(f).level == Level::Record)
    };
    let list = book.field(&law.jurisdiction).and_then(|f| book.list_of(f));
    if !of_record(&law.jurisdiction, Kind::Code) || list.is_none_or(|l| l.id != "country") {
        wrong("jurisdiction is a field of the record that holds one country".into());
    }
    if !of_record(&law.on, Kind::Date) {
        wrong("on is a date of the record".into());
    }
}

/// Orders and times stand between two kinds of events, and only they do.
fn two_kinds(dimension: &Dimension, book: &Codebook, wrong: &mut impl FnMut(String)) {
    let two = matches!(dimension.rule, Rule::Order | Rule::Elapsed);
    let (both, none) = (
        !dimension.first.is_empty() && !dimension.second.is_empty(),
        dimension.first.is_empty() && dimension.second.is_empty(),
    );
    if (two && !both) || (!two && !none) {
        wrong("first and second are needed for an order and for a time, and nowhere else".into());
    }
    for (name, sets) in [("first", &dimension.first), ("second", &dimension.second)] {
        for set in sets {
            if set.is_empty() {
                wrong(format!("{name}: a set without a condition would hold for every event"));
            }
            clauses(set, name, book, wrong);
        }
    }
    if dimension.recurrent && dimension.rule != Rule::Elapsed {
        wrong("recurrent is for a time".into());
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
        composites(list, &clause.any, place, wrong);
    }
}

/// Bands of ages start at 0, leave no gap, do not overlap, and the last is open.
fn ages(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.id != "unknown").collect();
    contiguous(&bands, 0, wrong);
    if bands.last().is_some_and(|b| b.high.is_some()) {
        wrong("the last band must be open".into());
    }
}

/// Bands of years follow each other without gap. The first begins where it must; years before it are unknown.
fn years(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.id != "unknown").collect();
    let Some(first) = bands.first().and_then(|b| b.low) else { return };
    if first < FIRST_YEAR {
        wrong(format!("years before {FIRST_YEAR} are not recorded"));
    }
    contiguous(&bands, first, wrong);
}

/// Bands of days, from 0 on and open at the end, for those who reached the second event, and, just where it is known until
/// when a person was followed, for those who did not.
fn days(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let before = dimension.categories.iter().filter(|c| c.order.is_some()).count();
    if before > usize::from(!dimension.recurrent) {
        wrong(
            "one category says that the second stands before the first, and none where it is asked if it happens again"
                .into(),
        );
    }
    for (reached, needed) in [(true, true), (false, dimension.until.is_some())] {
        let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.reached == Some(reached)).collect();
        match bands.last() {
            None if needed => wrong(format!("bands of days are needed for reached = {reached}")),
            None => {}
            Some(_) if !needed => wrong("bands for those who were followed without it need until".into()),
            Some(last) if last.high.is_some() => wrong("the last band must be open".into()),
            Some(_) => contiguous(&bands, 0, wrong),
        }
    }
}

/// Bands start at `from`, leave no gap and do not overlap; only the last may be open.
fn contiguous(bands: &[&Category], from: u16, wrong: &mut impl FnMut(String)) {
    let mut next = Some(from);
    for band in bands {
        if next.is_none() || band.low != next || band.high.is_some_and(|high| Some(high) < band.low) {
            wrong(format!("category {}: bands start at {from} and follow each other without gap", band.id));
            return;
        }
        next = band.high.and_then(|high| high.checked_add(1));
    }
}

/// No step from one code to another falls into two categories.
fn steps(dimension: &Dimension, wrong: &mut impl FnMut(String)) {
    let mut seen: BTreeSet<(Option<&str>, Option<&str>)> = BTreeSet::new();
    for category in dimension.categories.iter().filter(|c| !c.from.is_empty() || !c.to.is_empty()) {
        for from in sides(&category.from) {
            for to in sides(&category.to) {
                if !seen.insert((from, to)) {
                    wrong(format!(
                        "category {}: the step from {} to {} stands in another category too",
                        category.id,
                        from.unwrap_or("the beginning"),
                        to.unwrap_or("the end")
                    ));
                    return;
                }
            }
        }
    }
}

/// The codes of one side of a step; nothing for the beginning or the end.
fn sides(codes: &[String]) -> Vec<Option<&str>> {
    if codes.is_empty() { vec![None] } else { codes.iter().map(|c| Some(c.as_str())).collect() }
}

fn known(codes: &[String], list: &Codelist, category: &Category, wrong: &mut impl FnMut(String)) {
    for code in codes.iter().filter(|c| list.code(c).is_none()) {
        wrong(format!("category {}: the list {} has no code {code}", category.id, list.id));
    }
}

/// A composite code belongs to a set just when every code that it stands for does.
fn composites(list: &Codelist, set: &[String], place: &str, wrong: &mut impl FnMut(String)) {
    for composite in list.codes.iter().filter(|c| !c.any_of.is_empty() && !set.is_empty()) {
        let whole = composite.any_of.iter().all(|c| set.contains(c));
        if whole != set.contains(&composite.id) {
            wrong(format!("category {place}: the composite code {} does not go with its parts", composite.id));
        }
    }
}

//! What a mapping must hold to read a file by. Written for the person who writes a mapping for her own columns.

use super::{ColumnMap, ColumnRule, Crosswalk, LEGAL_BASIS, band};
use crate::codebook::{Codebook, Codelist, Kind, Level};
use crate::consent::Purpose;
use crate::problem::Problem;
use crate::spelling::{fold, nearest};
use crate::value::Missing;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn problems(crosswalk: &Crosswalk, book: &Codebook) -> Vec<Problem> {
    let mut out = Vec::new();
    head(crosswalk, &mut out);
    let mut seen: BTreeMap<(String, &str, &[String]), &str> = BTreeMap::new();
    let mut ids = 0;
    for column in &crosswalk.columns {
        let place = format!("column {:?}", column.name);
        if column.name.trim().is_empty() {
            out.push(Problem::new(&place, "a name is needed: the header in the file"));
        }
        let spellings: BTreeSet<String> =
            std::iter::once(&column.name).chain(&column.aliases).map(|n| n.trim().to_lowercase()).collect();
        for spelling in spellings {
            if let Some(other) = seen.insert((spelling, &column.field, &column.codes), &column.name) {
                out.push(Problem::new(&place, format!("is mapped to the same field twice (also as {other:?})")));
            }
        }
        ids += usize::from(column.rule == ColumnRule::RecordId);
        one(crosswalk, column, book, &mut |what| out.push(Problem::new(&place, what)));
    }
    if ids > 1 {
        out.push(Problem::new("record_id", "only one column can hold the identifier of the record"));
    }
    out
}

fn head(crosswalk: &Crosswalk, out: &mut Vec<Problem>) {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if crosswalk.id.is_empty() || crosswalk.id.len() > 64 || !crosswalk.id.bytes().all(good) {
        out.push(Problem::new("id", "lower case letters, digits, _ and - only, 64 at most"));
    }
    if crosswalk.columns.is_empty() {
        out.push(Problem::new("column", "a mapping has at least one column"));
    }
    if crosswalk.dates.as_deref().is_some_and(|d| !matches!(d, "ymd" | "dmy" | "mdy")) {
        out.push(Problem::new("dates", "is ymd, dmy or mdy"));
    }
    if crosswalk.separator.as_deref().is_some_and(|s| s.is_empty() || s.len() > 8) {
        out.push(Problem::new("separator", "is a short text such as ; or |"));
    }
    if let Some(id) = crosswalk.workload.as_deref().filter(|id| !crate::workload::ids().any(|known| known == *id)) {
        out.push(Problem::new("workload", format!("there is no workload {id}")));
    }
}

fn one(crosswalk: &Crosswalk, column: &ColumnMap, book: &Codebook, wrong: &mut impl FnMut(String)) {
    match column.rule {
        ColumnRule::RecordId | ColumnRule::Ignore => {
            if !column.field.is_empty() {
                wrong("this rule fills no field; leave field out".into());
            }
            return;
        }
        ColumnRule::Consent => {
            if Purpose::from_code(&column.field).is_none() {
                wrong(format!("field must be one of p1 to p7, not {:?}", column.field));
            }
            targets(column, wrong, "yes, no", |t| matches!(t, "yes" | "no"));
            return;
        }
        _ => {}
    }
    let (kind, list) = if column.field == LEGAL_BASIS {
        (Kind::Code, book.lists.get(LEGAL_BASIS))
    } else {
        let Some((id, number)) = book.column(&column.field) else {
            wrong(unknown_field(&column.field, book));
            return;
        };
        if (book.get(id).level == Level::Record) != number.is_none() {
            wrong(format!("the field {:?} is not written so", column.field));
        }
        (book.get(id).kind, book.list_of(id))
    };
    let fits = match column.rule {
        ColumnRule::Code => matches!(kind, Kind::Code | Kind::Codes),
        ColumnRule::Codes | ColumnRule::Flag => kind == Kind::Codes,
        ColumnRule::FlagOneOf => matches!(kind, Kind::Code | Kind::Codes),
        ColumnRule::Age | ColumnRule::AgeBand => kind == Kind::Age,
        ColumnRule::Date => kind == Kind::Date,
        ColumnRule::Integer => kind == Kind::Integer,
        ColumnRule::Text => kind == Kind::Text,
        ColumnRule::RecordId | ColumnRule::Consent | ColumnRule::Ignore => true,
    };
    if !fits {
        wrong(format!("the rule {:?} does not fit the field {}", column.rule, column.field));
        return;
    }
    let separator = crosswalk.separator.as_deref().unwrap_or(";");
    cells(column, list, separator, wrong);
    if let Some(list) = list {
        hidden_codes(crosswalk, column, list, wrong);
    }
}

fn unknown_field(field: &str, book: &Codebook) -> String {
    if let Some(known) = book.field(field).map(|id| book.get(id)).filter(|f| f.level != Level::Record) {
        return format!("name one {0}, such as {0}.1.{1}", known.level.prefix(), known.id);
    }
    let paths: Vec<String> = (0..book.fields.len()).map(|i| book.path(crate::codebook::FieldId(i as u16))).collect();
    let plain: String = field.split('.').filter(|p| p.parse::<u16>().is_err()).collect::<Vec<_>>().join(".");
    match nearest(&plain, paths.iter().map(String::as_str)) {
        Some(near) => format!("there is no field {field:?}; did you mean {near}?"),
        None => format!("there is no field {field:?}"),
    }
}

/// Checks `codes` and `values` against what the rule reads.
fn cells(column: &ColumnMap, list: Option<&Codelist>, separator: &str, wrong: &mut impl FnMut(String)) {
    let known = |code: &str| list.is_some_and(|l| l.code(code).is_some());
    let name = list.map_or("", |l| l.id.as_str());
    let needed = match column.rule {
        ColumnRule::Flag if column.codes.len() != 1 => Some("a flag names one code"),
        ColumnRule::FlagOneOf if column.codes.len() < 2 => Some("flag_one_of names two codes or more"),
        ColumnRule::Flag | ColumnRule::FlagOneOf => None,
        _ if !column.codes.is_empty() => Some("only flags take codes"),
        _ => None,
    };
    if let Some(what) = needed {
        wrong(what.into());
    }
    for code in column.codes.iter().filter(|c| !known(c)) {
        wrong(unknown_code(code, list));
    }
    let of_list = format!("a code of the list {name}");
    match column.rule {
        ColumnRule::Code => targets(column, wrong, &of_list, known),
        ColumnRule::Codes => targets(column, wrong, &of_list, |t| t.split([';']).all(|c| known(c.trim()))),
        ColumnRule::Flag | ColumnRule::FlagOneOf => targets(column, wrong, "1, 0", |t| matches!(t, "1" | "0")),
        ColumnRule::AgeBand | ColumnRule::Age => {
            targets(column, wrong, "an age or band such as 17, 9-17 or 48+", |t| band(t).is_some());
        }
        ColumnRule::Integer => targets(column, wrong, "a whole number", |t| t.parse::<i32>().is_ok()),
        ColumnRule::Date => targets(column, wrong, "YYYY, YYYY-MM or YYYY-MM-DD", |t| {
            let shape: String = t.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            matches!(shape.as_str(), "9999" | "9999-99" | "9999-99-99")
        }),
        _ => {}
    }
    if column.rule == ColumnRule::AgeBand && column.values.is_empty() {
        wrong("age_band needs its bands under values".into());
    }
    if column.rule == ColumnRule::Codes && column.values.keys().any(|k| k.contains(separator)) {
        wrong(format!("values are looked up after the cell is split at {separator:?}; name the parts"));
    }
}

fn unknown_code(code: &str, list: Option<&Codelist>) -> String {
    let Some(list) = list else { return format!("there is no code {code:?}") };
    match nearest(code, list.codes.iter().map(|c| c.id.as_str())) {
        Some(near) => format!("the list {} has no code {code:?}; did you mean {near}?", list.id),
        None => format!("the list {} has no code {code:?}", list.id),
    }
}

fn targets(column: &ColumnMap, wrong: &mut impl FnMut(String), expected: &str, good: impl Fn(&str) -> bool) {
    for (cell, target) in &column.values {
        if Missing::from_word(target).is_none() && !good(target) {
            wrong(format!(
                "the value {cell:?} is mapped to {target:?}, which is not {expected} or a reason such as unknown"
            ));
        }
    }
}

/// A cell that means "no value" must not be the spelling of a code: `NA` is Namibia.
fn hidden_codes(crosswalk: &Crosswalk, column: &ColumnMap, list: &Codelist, wrong: &mut impl FnMut(String)) {
    if !matches!(column.rule, ColumnRule::Code | ColumnRule::Codes) {
        return;
    }
    for word in &crosswalk.missing {
        if let Some(entry) = (!fold(word).is_empty()).then(|| list.find(word)).flatten().and_then(|c| list.entry(c)) {
            wrong(format!("{word:?} stands under missing, and is {} here ({})", entry.label, entry.id));
        }
    }
}

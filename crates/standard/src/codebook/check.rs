//! What a codebook must hold to be used. Every rule is tested on the embedded standard and on a broken one.

use super::{Class, Codebook, Codelist, Field, Kind, Level, Role};
use crate::problem::{Problem, is_id};
use crate::spelling::fold;
use crate::value::Missing;
use std::collections::{BTreeMap, BTreeSet};

/// Lists that no field uses: read by the consent ledger.
const LEDGER_LISTS: [&str; 1] = ["legal_basis"];

pub(super) fn problems(book: &Codebook) -> Vec<Problem> {
    let mut out = Vec::new();
    fields(book, &mut out);
    for list in book.lists.values() {
        codes(book, list, &mut out);
    }
    orphans(book, &mut out);
    out
}

fn fields(book: &Codebook, out: &mut Vec<Problem>) {
    if book.fields.len() > usize::from(u16::MAX) {
        out.push(Problem::new("record.toml", "more fields than can be numbered"));
        return;
    }
    let mut ids = BTreeSet::new();
    let mut numbers: BTreeMap<u16, &str> = BTreeMap::new();
    for field in &book.fields {
        let place = format!("field {}", path(field));
        let mut wrong = |what: String| out.push(Problem::new(&place, what));
        if !is_id(&field.id) {
            wrong("the id must be lower case letters, digits and _".into());
        }
        if !ids.insert(path(field)) {
            wrong("the id is given twice".into());
        }
        if field.number == 0 {
            wrong("numbers start at 1".into());
        }
        if let Some(other) = numbers.insert(field.number, &field.id) {
            wrong(format!("number {} is taken by {other}", field.number));
        }
        if field.label.trim().is_empty() || field.definition.trim().is_empty() {
            wrong("label and definition are needed".into());
        }
        let coded = matches!(field.kind, Kind::Code | Kind::Codes);
        match &field.list {
            Some(list) if coded && !book.lists.contains_key(list) => wrong(format!("there is no codelist {list}")),
            Some(_) if !coded => wrong("only code and codes take a list".into()),
            None if coded => wrong("code and codes need a list".into()),
            _ => {}
        }
        if field.kind == Kind::Text && field.class != Class::Direct {
            wrong("text is always of class direct".into());
        }
        if field.class == Class::Direct && field.role != Role::None {
            wrong("a direct identifier has no role in tables".into());
        }
        match field.range {
            Some(_) if !matches!(field.kind, Kind::Integer | Kind::Age) => {
                wrong("only numbers and ages take a range".into());
            }
            Some([low, high]) if low > high => wrong("the range is empty".into()),
            None if matches!(field.kind, Kind::Integer | Kind::Age) => wrong("numbers and ages need a range".into()),
            _ => {}
        }
        if let Err(why) = example(book, field) {
            wrong(format!("the example {:?} does not parse: {why}", field.example));
        }
    }
}

fn path(field: &Field) -> String {
    match field.level {
        Level::Record => field.id.clone(),
        level => format!("{}.{}", level.prefix(), field.id),
    }
}

/// Reads the example as the simplest reader would.
fn example(book: &Codebook, field: &Field) -> Result<(), &'static str> {
    let text = field.example.as_str();
    let in_range = |n: i32| field.range.is_none_or(|[low, high]| (low..=high).contains(&n));
    let number = |t: &str| t.parse::<i32>().ok().filter(|n| in_range(*n)).ok_or("not a number in range");
    let list = field.list.as_ref().and_then(|l| book.lists.get(l));
    let known = |t: &str| list.is_some_and(|l| l.code(t).is_some());
    match field.kind {
        Kind::Text if text.is_empty() => Err("empty"),
        Kind::Text => Ok(()),
        Kind::Code => known(text).then_some(()).ok_or("not a code of the list"),
        Kind::Codes => text.split(';').all(known).then_some(()).ok_or("not codes of the list"),
        Kind::Integer => number(text).map(|_| ()),
        Kind::Age => {
            let text = text.strip_prefix("about ").or_else(|| text.strip_suffix('+')).unwrap_or(text);
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            if number(low)? <= number(high)? { Ok(()) } else { Err("the range is empty") }
        }
        Kind::Date => date(text).then_some(()).ok_or("not YYYY, YYYY-MM or YYYY-MM-DD"),
    }
}

fn date(text: &str) -> bool {
    let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [y] => digits(y, 4),
        [y, m] => digits(y, 4) && digits(m, 2),
        [y, m, d] => digits(y, 4) && digits(m, 2) && digits(d, 2),
        _ => false,
    }
}

fn codes(book: &Codebook, list: &Codelist, out: &mut Vec<Problem>) {
    let here = format!("list {}", list.id);
    if !is_id(&list.id) || list.version.is_empty() || list.label.trim().is_empty() || list.definition.trim().is_empty()
    {
        out.push(Problem::new(&here, "id, version, label and definition are needed"));
    }
    if list.codes.is_empty() {
        out.push(Problem::new(&here, "a list has at least one code"));
    }
    let reasons: BTreeSet<String> = Missing::ALL.iter().map(|m| fold(m.word())).collect();
    let mut spellings: BTreeMap<String, u16> = BTreeMap::new();
    let mut numbers: BTreeMap<u16, &str> = BTreeMap::new();
    for entry in &list.codes {
        let place = format!("code {}.{}", list.id, entry.id);
        let mut wrong = |what: String| out.push(Problem::new(&place, what));
        let upper = entry.id.len() == 3 && entry.id.bytes().all(|b| b.is_ascii_uppercase());
        if !is_id(&entry.id) && !upper {
            wrong("the id must be lower case letters, digits and _, or three capitals for a country".into());
        }
        if entry.label.trim().is_empty() {
            wrong("a label is needed".into());
        }
        if entry.number == 0 {
            wrong("numbers start at 1".into());
        }
        if let Some(other) = numbers.insert(entry.number, &entry.id) {
            wrong(format!("number {} is taken by {other}", entry.number));
        }
        let mut own = BTreeSet::new();
        for text in [&entry.id, &entry.label].into_iter().chain(&entry.aliases) {
            own.insert(fold(text));
        }
        for spelling in own {
            if !spelling.contains(char::is_alphanumeric) {
                wrong("a spelling has neither letters nor digits".into());
            }
            if reasons.contains(&spelling) {
                wrong(format!("{spelling} is a reason for having no value, not a code"));
            }
            if let Some(other) = spellings.insert(spelling.clone(), entry.number) {
                wrong(format!("the spelling {spelling} is taken by number {other}"));
            }
        }
        for (coarse, target) in &entry.rollup {
            if book.lists.get(coarse).is_none_or(|l| l.code(target).is_none()) {
                wrong(format!("rolls up to {coarse}.{target}, which does not exist"));
            }
        }
        if entry.any_of.len() == 1 {
            wrong("a composite code stands for two codes or more".into());
        }
        for part in &entry.any_of {
            match list.codes.iter().find(|c| c.id == *part) {
                None => wrong(format!("stands for {part}, which does not exist")),
                Some(c) if !c.any_of.is_empty() => wrong(format!("stands for {part}, which is composite itself")),
                Some(_) => {}
            }
        }
    }
}

fn orphans(book: &Codebook, out: &mut Vec<Problem>) {
    let mut used: BTreeSet<&str> = LEDGER_LISTS.into_iter().collect();
    used.extend(book.fields.iter().filter_map(|f| f.list.as_deref()));
    for list in book.lists.values() {
        used.extend(list.codes.iter().flat_map(|c| c.rollup.keys().map(String::as_str)));
    }
    for id in book.lists.keys().filter(|id| !used.contains(id.as_str())) {
        out.push(Problem::new(format!("list {id}"), "no field, rollup or ledger uses it"));
    }
}

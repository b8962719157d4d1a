//! What becomes of a cell: a column's rules, resolved against the codebook, and the outcome for one text. Outcomes are
//! kept per distinct text, so that a value that stands in a million rows is looked at once.

use super::date::{self, Order};
use super::finding::{Fault, FindingCode, quote};
use super::header::{HeaderError, is_secret};
use super::{age, rules};
use crate::model::{Cell, Secret};
use accord_standard::codebook::{Codebook, Codelist, FieldId, Kind, Level};
use accord_standard::consent::Purpose;
use accord_standard::crosswalk::{ColumnMap, ColumnRule, Crosswalk, LEGAL_BASIS};
use accord_standard::spelling::{fold, nearest};
use accord_standard::value::{Code, Missing};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Longest text of a cell that is kept.
const TEXT_BYTES: usize = 4096;

/// Where a value goes: level, number of the part (0 for the record itself), field. Its order is that of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) level: u8,
    pub(super) part: u16,
    pub(super) field: FieldId,
}

/// One field that a column fills.
pub(super) struct Plan {
    rule: Rule,
    pub(super) place: Option<Place>,
    /// Position in the crosswalk: of two columns that fill one field the first wins.
    pub(super) priority: u32,
    values: FxHashMap<String, String>,
    /// Variable of the cross-field rules that this place is.
    variable: Option<u8>,
    note: String,
}

enum Rule {
    Id,
    Code { list: Rc<Index>, several: bool, adds: bool },
    Flag(Vec<Code>, bool),
    Age([i32; 2]),
    Date,
    Integer([i32; 2]),
    Text,
    Consent(Purpose),
    Basis(Rc<Index>),
    Ignore,
}

/// Spellings of a codelist.
pub(super) struct Index {
    by_id: FxHashMap<String, Code>,
    /// Labels and other spellings, letter by letter.
    verbatim: FxHashMap<String, Code>,
    /// All spellings, folded.
    by_spelling: FxHashMap<String, Code>,
    ids: Vec<String>,
    label: String,
}

impl Index {
    fn new(list: &Codelist) -> Index {
        Index {
            by_id: list.codes.iter().map(|c| (c.id.clone(), Code(c.number))).collect(),
            verbatim: list
                .codes
                .iter()
                .flat_map(|c| std::iter::once(&c.label).chain(&c.aliases).map(|s| (s.clone(), Code(c.number))))
                .collect(),
            by_spelling: list.spellings().collect(),
            ids: list.codes.iter().map(|c| c.id.clone()).collect(),
            label: list.label.clone(),
        }
    }

    fn find(&self, text: &str) -> Option<Code> {
        self.by_id.get(text).or_else(|| self.by_spelling.get(&fold(text))).copied()
    }

    fn code(&self, text: &str) -> Result<Code, Fault> {
        self.find(text).ok_or_else(|| {
            let fault = Fault::new(
                FindingCode::UnknownCode,
                format!("{} is no code, label or other spelling of the list `{}`", quote(text), self.label),
            );
            match nearest(text, self.ids.iter().map(String::as_str)) {
                Some(near) => fault.suggest(near),
                None => fault,
            }
        })
    }
}

/// What a text means for one field.
#[derive(Clone)]
pub(super) enum Write {
    /// The value, or the reason for none.
    Cell(Cell),
    /// Adds a code to a field that takes several.
    Add(Code),
    /// Consent given or refused.
    Consent(Purpose, bool),
    /// The legal basis.
    Basis(Code),
    /// The identifier.
    Id(Secret),
}

/// A value that the cross-field rules look at: lowest and highest.
pub(super) type Fact = (i32, i32);

/// What a text means.
#[derive(Default)]
pub(super) struct Outcome {
    /// How many cells had this text.
    pub(super) count: u64,
    pub(super) faults: Vec<Fault>,
    /// Index of the plan, and what it writes.
    pub(super) writes: Vec<(u16, Write)>,
    /// True if there is a value, rather than a reason for none.
    pub(super) has_value: bool,
    pub(super) facts: Vec<(u8, Fact)>,
    /// What is lost, in words.
    pub(super) loss: Option<String>,
}

impl Outcome {
    /// True if nothing is to be done in a check but count.
    pub(super) fn is_plain(&self) -> bool {
        self.faults.is_empty() && self.facts.is_empty()
    }
}

/// What outcomes depend on besides the column.
pub(super) struct Context<'b> {
    pub(super) book: &'b Codebook,
    pub(super) separator: String,
    pub(super) missing: Vec<String>,
    pub(super) order: Order,
    /// The cells come from delimited text, where nothing but its first sign tells a formula from a text.
    pub(super) delimited: bool,
    /// Today as `yyyymmdd`.
    pub(super) today: i32,
    pub(super) lists: FxHashMap<String, Rc<Index>>,
}

impl<'b> Context<'b> {
    pub(super) fn new(book: &'b Codebook, walk: &Crosswalk, today: i32) -> Context<'b> {
        Context {
            book,
            separator: walk.separator.clone().filter(|s| !s.is_empty()).unwrap_or_else(|| ";".into()),
            missing: walk.missing.clone(),
            order: match walk.dates.as_deref() {
                Some("dmy") => Order::Dmy,
                Some("mdy") => Order::Mdy,
                _ => Order::Unknown,
            },
            delimited: true,
            today,
            lists: FxHashMap::default(),
        }
    }

    fn list(&mut self, id: &str) -> Option<Rc<Index>> {
        if let Some(found) = self.lists.get(id) {
            return Some(Rc::clone(found));
        }
        let index = Rc::new(Index::new(self.book.lists.get(id)?));
        self.lists.insert(id.to_owned(), Rc::clone(&index));
        Some(index)
    }

    /// Resolves a column of the crosswalk.
    pub(super) fn plan(&mut self, priority: usize, column: &ColumnMap) -> Result<(Plan, bool), HeaderError> {
        let wrong = |why: &str| HeaderError::Mapping { column: column.name.clone(), why: why.to_owned() };
        let mut plan = Plan {
            rule: Rule::Ignore,
            place: None,
            priority: u32::try_from(priority).unwrap_or(u32::MAX),
            values: column.values.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            variable: None,
            note: column.note.clone(),
        };
        match column.rule {
            ColumnRule::Ignore => return Ok((plan, false)),
            ColumnRule::RecordId => {
                plan.rule = Rule::Id;
                return Ok((plan, true));
            }
            ColumnRule::Consent => {
                let purpose =
                    Purpose::from_code(&column.field).ok_or_else(|| wrong("the purpose is not one of p1 to p7"))?;
                plan.rule = Rule::Consent(purpose);
                return Ok((plan, false));
            }
            _ => {}
        }
        if column.field == LEGAL_BASIS && self.book.column(LEGAL_BASIS).is_none() {
            plan.rule = Rule::Basis(self.list(LEGAL_BASIS).ok_or_else(|| wrong("there is no list `legal_basis`"))?);
            return Ok((plan, false));
        }
        let (id, part) = self.book.column(&column.field).ok_or_else(|| wrong("there is no such field"))?;
        let field = self.book.get(id);
        if (field.level == Level::Record) != part.is_none() {
            return Err(wrong("the field needs the number of its part, as in `event.1.techuse`"));
        }
        let level = Level::ALL.iter().position(|l| *l == field.level).unwrap_or(0) as u8;
        plan.place = Some(Place { level, part: part.unwrap_or(0), field: id });
        plan.variable = if part.is_none() { rules::variable(&field.id) } else { None };
        let range = field.range.unwrap_or(if field.kind == Kind::Age { [0, 120] } else { [i32::MIN, i32::MAX] });
        let mut list =
            || field.list.as_deref().and_then(|l| self.list(l)).ok_or_else(|| wrong("the field has no codelist"));
        plan.rule = match column.rule {
            ColumnRule::Code | ColumnRule::Codes => Rule::Code {
                list: list()?,
                several: column.rule == ColumnRule::Codes || field.kind == Kind::Codes,
                adds: field.kind == Kind::Codes,
            },
            ColumnRule::Flag | ColumnRule::FlagOneOf => {
                let list = list()?;
                let codes: Option<Vec<Code>> = column.codes.iter().map(|c| list.find(c)).collect();
                let mut codes =
                    codes.filter(|c| !c.is_empty()).ok_or_else(|| wrong("its `codes` are not in the list"))?;
                codes.sort_unstable();
                codes.dedup();
                Rule::Flag(codes, field.kind == Kind::Codes)
            }
            ColumnRule::Age | ColumnRule::AgeBand => Rule::Age(range),
            ColumnRule::Date => Rule::Date,
            ColumnRule::Integer => Rule::Integer(range),
            ColumnRule::Text => Rule::Text,
            ColumnRule::RecordId | ColumnRule::Consent | ColumnRule::Ignore => Rule::Ignore,
        };
        Ok((plan, is_secret(field.class)))
    }

    /// What a cell means under a column's plans.
    pub(super) fn outcome(&self, plans: &[Plan], secret: bool, cell: &[u8]) -> Outcome {
        let mut out = Outcome::default();
        let Ok(text) = std::str::from_utf8(cell) else {
            out.faults.push(Fault::new(FindingCode::BadText, "bytes that are no text"));
            return out;
        };
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if text.is_empty() || self.missing.iter().any(|m| m == text) {
            return out; // not recorded: absent
        }
        for (i, plan) in plans.iter().enumerate() {
            match self.one(plan, text, &mut out) {
                Ok(Some(write)) => {
                    out.has_value |= !matches!(write, Write::Cell(Cell::Missing(_)));
                    out.writes.push((i as u16, write));
                }
                Ok(None) => {}
                Err(fault) => {
                    // Two fields filled from one cell see the same fault once.
                    if !out.faults.iter().any(|f| f.code == fault.code) {
                        out.faults.push(fault);
                    }
                }
            }
        }
        if secret {
            for fault in &mut out.faults {
                secret_words(fault.code).clone_into(&mut fault.message);
                fault.suggestion = None;
            }
        }
        out
    }

    fn one(&self, plan: &Plan, text: &str, out: &mut Outcome) -> Result<Option<Write>, Fault> {
        if let Rule::Ignore = plan.rule {
            return Ok(None);
        }
        let typed_text = !self.delimited && matches!(plan.rule, Rule::Text | Rule::Id);
        if (text.starts_with('=') && !typed_text) || is_spreadsheet_error(text) {
            return Err(Fault::new(FindingCode::Formula, "a formula or its error; paste the value instead"));
        }
        let each = self.each_mapped(plan, text);
        let mapped = plan.values.get(text).or(each.as_ref()).map(String::as_str);
        let text = mapped.unwrap_or(text);
        let missing = missing_word(text);
        if let Rule::Consent(purpose) = plan.rule {
            return consent(purpose, text, missing);
        }
        if let (Some(missing), false) = (missing, matches!(plan.rule, Rule::Id)) {
            let in_list = match &plan.rule {
                Rule::Code { list, .. } | Rule::Basis(list) => list.by_id.contains_key(text),
                _ => false,
            };
            if !in_list {
                return Ok(match plan.rule {
                    Rule::Basis(_) => None,
                    _ => Some(Write::Cell(Cell::Missing(missing))),
                });
            }
        }
        let fact = |out: &mut Outcome, fact: Fact| {
            if let Some(variable) = plan.variable {
                out.facts.push((variable, fact));
            }
        };
        let write = match &plan.rule {
            Rule::Ignore | Rule::Consent(_) => return Ok(None),
            Rule::Id => Write::Id(Secret::new(self.id(text)?)),
            Rule::Basis(list) => Write::Basis(list.code(text)?),
            Rule::Code { list, several, adds } => self.code(list, text, *several, *adds)?,
            Rule::Flag(codes, adds) => match flag(text)? {
                false => return Ok(None),
                true if codes.len() > 1 => Write::Cell(Cell::OneOf(codes.clone())),
                true if *adds => Write::Add(codes[0]),
                true => Write::Cell(Cell::Code(codes[0])),
            },
            Rule::Age(range) => {
                let age = self.age(text, *range)?;
                fact(out, (age.low.into(), age.high.into()));
                Write::Cell(Cell::Age(age))
            }
            Rule::Date => {
                if date::is_year_band(text) {
                    out.loss = Some("a band of years is no date and was left out".into());
                    return Ok(None);
                }
                let date = date::parse(text, self.order)?;
                let span = date::span(date);
                if span.0 > self.today {
                    return Err(Fault::new(FindingCode::FutureDate, format!("{} lies in the future", quote(text))));
                }
                fact(out, span);
                Write::Cell(Cell::Date(date))
            }
            Rule::Integer(range) => Write::Cell(Cell::Integer(integer(text, *range)?)),
            Rule::Text => {
                if looks_like_formula(text) {
                    out.faults.push(Fault::new(
                        FindingCode::FormulaLike,
                        "starts with a sign that a spreadsheet takes for a formula; it is kept as text",
                    ));
                }
                Write::Cell(Cell::Text(Secret::new(self.text(text)?)))
            }
        };
        if !plan.note.is_empty() {
            out.loss = Some(plan.note.clone());
        }
        Ok(Some(write))
    }

    /// Several values in one cell, each by the `values` table of the column; none if the table does not concern them.
    fn each_mapped(&self, plan: &Plan, text: &str) -> Option<String> {
        let several = matches!(plan.rule, Rule::Code { several: true, .. });
        if !several || plan.values.is_empty() || !text.contains(self.separator.as_str()) {
            return None;
        }
        let parts = text.split(self.separator.as_str()).map(str::trim);
        parts
            .clone()
            .any(|p| plan.values.contains_key(p))
            .then(|| parts.map(|p| plan.values.get(p).map_or(p, String::as_str)).collect::<Vec<_>>().join(";"))
    }

    fn code(&self, list: &Index, text: &str, several: bool, adds: bool) -> Result<Write, Fault> {
        // A `values` table writes several codes with `;` whatever the separator of the file is.
        let separator = if text.contains(self.separator.as_str()) { self.separator.as_str() } else { ";" };
        // The whole text first: a label may hold the separator. Folding takes separators away, so that then it must
        // stand there letter by letter: `americas;oceania` is two regions, not the one of that name.
        let whole = if text.contains(separator) || text.contains('|') {
            list.by_id.get(text).or_else(|| list.verbatim.get(text)).copied()
        } else {
            list.find(text)
        };
        if let Some(code) = whole {
            return Ok(if adds { Write::Add(code) } else { Write::Cell(Cell::Code(code)) });
        }
        if text.contains('|') && self.separator != "|" {
            let mut codes = text.split('|').map(|t| list.code(t.trim())).collect::<Result<Vec<_>, _>>()?;
            codes.sort_unstable();
            codes.dedup();
            return Ok(Write::Cell(Cell::OneOf(codes)));
        }
        if !text.contains(separator) {
            return list.code(text).map(|code| Write::Cell(Cell::Code(code)));
        }
        let mut codes = Vec::new();
        for part in text.split(separator).map(str::trim).filter(|p| !p.is_empty()) {
            if missing_word(part).is_some() && list.find(part).is_none() {
                return Err(Fault::new(
                    FindingCode::SeveralValues,
                    format!("{} holds a value and a reason for none", quote(text)),
                ));
            }
            codes.push(list.code(part)?);
        }
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [] => Err(Fault::new(FindingCode::UnknownCode, format!("{} holds no value", quote(text)))),
            [one] if !adds => Ok(Write::Cell(Cell::Code(*one))),
            _ if several && adds => Ok(Write::Cell(Cell::Codes(codes))),
            _ => Err(Fault::new(
                FindingCode::SeveralValues,
                format!("{} holds {} values, and the field takes one", quote(text), codes.len()),
            )
            .suggest("write them with | between if one of them holds and it is not known which")),
        }
    }

    fn id(&self, text: &str) -> Result<String, Fault> {
        if text.len() > 256 {
            return Err(Fault::new(FindingCode::BadText, "the identifier is longer than 256 bytes"));
        }
        self.text(text)
    }

    fn text(&self, text: &str) -> Result<String, Fault> {
        // In CSV, written with an apostrophe in front, so that no spreadsheet takes it for a formula.
        let text = match text.strip_prefix('\'') {
            Some(rest) if self.delimited && crate::write::needs_escape(rest) => rest,
            _ => text,
        };
        if text.len() > TEXT_BYTES {
            return Err(Fault::new(FindingCode::BadText, format!("longer than {TEXT_BYTES} bytes")));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Fault::new(FindingCode::BadText, "holds control characters"));
        }
        Ok(text.to_owned())
    }

    /// An age, or the hull of several (two perpetrators in one cell).
    fn age(&self, text: &str, range: [i32; 2]) -> Result<crate::model::Age, Fault> {
        if !text.contains(self.separator.as_str()) {
            return age::parse(text, range);
        }
        let mut hull: Option<crate::model::Age> = None;
        for part in text.split(self.separator.as_str()).map(str::trim).filter(|p| !p.is_empty()) {
            let age = age::parse(part, range)?;
            hull = Some(hull.map_or(age, |h| crate::model::Age {
                low: h.low.min(age.low),
                high: h.high.max(age.high),
                precision: crate::model::AgePrecision::Range,
            }));
        }
        hull.ok_or_else(|| Fault::new(FindingCode::BadAge, format!("{} is not an age", quote(text))))
    }
}

impl Plan {
    /// True if texts of this column are mostly distinct, so that keeping outcomes is waste.
    pub(super) fn is_distinct(&self) -> bool {
        matches!(self.rule, Rule::Id | Rule::Text)
    }

    /// True if the column holds dates.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.rule, Rule::Date)
    }

    /// True if plain text is taken without a look at tables.
    pub(super) fn takes_text_as_it_is(&self) -> bool {
        self.is_distinct() && self.values.is_empty()
    }
}

/// A reason for having no value, in the spellings people use.
fn missing_word(text: &str) -> Option<Missing> {
    if text.len() > 16 {
        return None;
    }
    Missing::from_word(&text.to_ascii_lowercase().replace([' ', '-'], "_"))
}

fn consent(purpose: Purpose, text: &str, missing: Option<Missing>) -> Result<Option<Write>, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "1.0" | "given" | "granted" => Ok(Some(Write::Consent(purpose, true))),
        "no" | "n" | "false" | "0" | "0.0" | "refused" | "withdrawn" => Ok(Some(Write::Consent(purpose, false))),
        _ if missing.is_some() => Ok(None),
        _ => Err(Fault::new(FindingCode::BadConsent, format!("{} is neither yes nor no", quote(text)))),
    }
}

fn flag(text: &str) -> Result<bool, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "yes" | "y" | "true" | "x" => Ok(true),
        "0" | "0.0" | "no" | "n" | "false" => Ok(false),
        _ => Err(Fault::new(FindingCode::NotAFlag, format!("{} is neither 1 nor 0", quote(text)))),
    }
}

fn integer(text: &str, [least, most]: [i32; 2]) -> Result<i32, Fault> {
    let digits = age::ascii_digits(text);
    let whole = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => &digits,
    };
    let n: i64 = whole
        .parse()
        .map_err(|_| Fault::new(FindingCode::NotANumber, format!("{} is not a whole number", quote(text))))?;
    match i32::try_from(n) {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Fault::new(FindingCode::OutOfRange, format!("{} is not within {least} to {most}", quote(text)))),
    }
}

/// What spreadsheets leave behind where a formula failed.
fn is_spreadsheet_error(text: &str) -> bool {
    matches!(text, "#ERROR" | "#N/A" | "#REF!" | "#VALUE!" | "#NAME?" | "#DIV/0!" | "#NULL!" | "#NUM!")
}

/// `+389 …` is a telephone number and `@name` an account; other text behind these signs is suspicious.
fn looks_like_formula(text: &str) -> bool {
    match text.as_bytes() {
        [b'+', rest @ ..] => !rest.iter().all(|b| b.is_ascii_digit() || b" ()-./".contains(b)),
        [b'@', rest @ ..] => rest.iter().any(|b| b"(!'\" ".contains(b)),
        [b'-' | b'|' | b'%' | b'=', ..] => true,
        _ => false,
    }
}

/// Words for faults of columns whose content is not quoted.
fn secret_words(code: FindingCode) -> &'static str {
    match code {
        FindingCode::BadDate => "not a date; write 2020, 2020-03 or 2020-03-05",
        FindingCode::AmbiguousDate => "day and month cannot be told apart; write 2020-03-05",
        FindingCode::FutureDate => "lies in the future",
        FindingCode::Formula => "a formula or its error; paste the value instead",
        FindingCode::FormulaLike => "starts with a sign that a spreadsheet takes for a formula; it is kept as text",
        FindingCode::BadText => "too long, or holds control characters or bytes that are no text",
        _ => "cannot be read",
    }
}

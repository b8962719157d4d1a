//! The check: rows in, records or findings out.
//!
//! Each column is resolved once against crosswalk and codebook; each distinct text of a column is looked at once. A check
//! alone allocates nothing per row.
//!
//! Start reading at [`run`], then [`Checker`].

mod age;
mod date;
mod drive;
mod finding;
mod header;
mod plan;
mod rules;
mod summary;

pub use date::Order;
pub use drive::{CheckError, Event, Mapping, Settings, run};
pub use finding::{Finding, FindingCode};
pub use header::HeaderError;
pub use summary::{Fill, Summary};

pub(crate) use age::format as format_age;
pub(crate) use date::format as format_date;

use crate::input::{Body, Cells, Fault as RowFault, Row};
use crate::model::{Cell, ConsentClaim, Incoming, Part, Secret};
use accord_standard::codebook::{Codebook, FieldId};
use accord_standard::crosswalk::{ColumnMap, ColumnRule, Crosswalk, LEGAL_BASIS};
use accord_standard::value::Code;
use header::Names;
use plan::{Context, Fact, Outcome, Place, Plan, Write};
use rules::VARIABLES;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

/// Distinct texts that are kept per column.
const KEPT: usize = 1 << 16;
/// Columns that JSON lines may bring in.
const COLUMNS: usize = 20_000;
/// Findings of one row.
const PER_ROW: usize = 50;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a good record.
    Accepted,
    /// It has findings that fail it.
    Failed,
    /// It is blank and counts for nothing.
    Blank,
}

/// Checks the rows of one file.
pub struct Checker<'b> {
    names: Names<'b>,
    context: Context<'b>,
    columns: Vec<Column>,
    by_name: FxHashMap<String, usize>,
    /// Column of the record's identifier.
    id: Option<usize>,
    needs_id: bool,
    /// The field that orders events.
    seq: Option<FieldId>,
    /// Each row is judged by itself; see [`Checker::judge_alone`].
    alone: bool,
    /// Keyed 64-bit hashes of the identifiers seen: eight bytes a record; of ten million records, two fall together with
    /// a chance of 3 in a million.
    seen: FxHashSet<u64>,
    hasher: RandomState,
    keep: bool,
    /// Scratch: cells of the row that are not blank, and where they start.
    filled: Vec<(u32, u32)>,
    row: RowState,
    tally: summary::Tally,
}

/// A column of the file.
struct Column {
    name: String,
    secret: bool,
    plans: Vec<Plan>,
    /// Texts are mostly distinct: outcomes are not kept.
    distinct: bool,
    /// Outcomes of short texts, by their bytes packed into a number.
    short: FxHashMap<u64, u32>,
    /// Outcomes of longer texts.
    long: FxHashMap<Box<[u8]>, u32>,
    outcomes: Vec<Outcome>,
    last: (u64, u32),
    /// Cells with a value whose outcome was not kept.
    unkept: u64,
    /// What kept texts of this column lose, for outcomes not kept.
    losses: BTreeMap<String, u64>,
}

/// What is gathered of one row.
#[derive(Default)]
struct RowState {
    /// A date that can't be read doesn't fail the row.
    alone: bool,
    number: u64,
    failed: bool,
    any: bool,
    /// Keyed hash of the identifier, and the identifier itself if records are kept.
    id: Option<u64>,
    name: Option<Secret>,
    findings: Vec<Finding>,
    known: [Option<Fact>; VARIABLES.len()],
    known_count: u8,
    /// Place, priority, what is written; only if records are wanted.
    writes: Vec<(Place, u32, Cell)>,
    adds: Vec<(Place, Code)>,
    consent: Vec<ConsentClaim>,
    basis: Option<Code>,
}

impl<'b> Checker<'b> {
    /// A checker for a file with this header (empty for JSON lines). `today` is `yyyymmdd`; records are kept for
    /// [`Checker::take_record`] only if `keep`.
    pub fn new(
        book: &'b Codebook,
        walk: &'b Crosswalk,
        header: &[String],
        today: i32,
        keep: bool,
    ) -> Result<Checker<'b>, HeaderError> {
        let mut checker = Checker {
            names: Names::new(walk, book),
            context: Context::new(book, walk, today),
            columns: Vec::new(),
            by_name: FxHashMap::default(),
            id: None,
            needs_id: false,
            seq: book.field("event.seq"),
            alone: false,
            seen: FxHashSet::default(),
            hasher: RandomState::new(),
            keep,
            filled: Vec::new(),
            row: RowState::default(),
            tally: summary::Tally::default(),
        };
        let mut unknown = Vec::new();
        let mut twice = Vec::new();
        for name in header {
            if checker.by_name.contains_key(name.as_str()) && !name.is_empty() {
                twice.push(name.clone());
            } else if name.is_empty() || !checker.add(name)? {
                let shown = if name.is_empty() { "(no name)".to_owned() } else { name.clone() };
                unknown.push((shown, checker.names.nearest(name)));
            }
        }
        if !twice.is_empty() {
            return Err(HeaderError::Twice(twice));
        }
        if !unknown.is_empty() {
            return Err(HeaderError::Unknown { crosswalk: walk.id.clone(), columns: unknown });
        }
        // A crosswalk of files without identifiers (CTDC's) names no column for them.
        if let Some(column) = checker.names.id_column() {
            checker.needs_id = true;
            if !header.is_empty() && checker.id.is_none() {
                return Err(HeaderError::Missing(vec![column.name.clone()]));
            }
        }
        Ok(checker)
    }

    /// Judges each row by itself, so that no row decides what becomes of another: the order of dates is not learnt from the
    /// rows, a repeated identifier is a further row of the same person, and a date that can't be read is left out rather
    /// than failing its row.
    pub fn judge_alone(&mut self) {
        self.alone = true;
        self.row.alone = true;
    }

    /// Whether any column says something of consent or of a legal basis. JSON lines may, so they count as doing so.
    pub fn says_consent(&self, header: &[String]) -> bool {
        let says = |map: &ColumnMap| map.rule == ColumnRule::Consent || map.field == LEGAL_BASIS;
        header.is_empty() || header.iter().filter_map(|h| self.names.column(h)).flatten().any(|(_, map)| says(&map))
    }

    /// Adds a column; `false` if it is not known.
    fn add(&mut self, name: &str) -> Result<bool, HeaderError> {
        let Some(found) = self.names.column(name) else { return Ok(false) };
        let mut column = Column {
            name: name.to_owned(),
            secret: false,
            plans: Vec::with_capacity(found.len()),
            distinct: false,
            short: FxHashMap::default(),
            long: FxHashMap::default(),
            outcomes: Vec::new(),
            last: (u64::MAX, 0),
            unkept: 0,
            losses: BTreeMap::new(),
        };
        for (priority, map) in found {
            let (plan, secret) = self.context.plan(priority, &map)?;
            column.secret |= secret;
            column.distinct |= plan.is_distinct();
            if map.rule == ColumnRule::RecordId {
                self.id = Some(self.columns.len());
            }
            column.plans.push(plan);
        }
        self.by_name.insert(name.to_owned(), self.columns.len());
        self.columns.push(column);
        Ok(true)
    }

    /// Makes the columns known that a row of JSON names.
    fn meet(&mut self, row: &Row<'_>) {
        if let Body::Named(cells) = &row.body {
            for (name, _) in *cells {
                if !self.by_name.contains_key(name.as_str()) && self.columns.len() < COLUMNS {
                    // What can't be added is a finding when the row is checked.
                    let _ = self.add(name);
                }
            }
        }
    }

    /// Looks at a row for the order of its dates; call it for the first rows, before any is checked.
    fn learn(&self, row: &Row<'_>, orders: &mut [u64; 2]) {
        let mut look = |column: &Column, cell: &[u8]| {
            if column.plans.iter().any(Plan::is_date)
                && let Ok(text) = std::str::from_utf8(cell)
            {
                match date::evidence(text) {
                    Some(Order::Dmy) => orders[0] += 1,
                    Some(_) => orders[1] += 1,
                    None => {}
                }
            }
        };
        match &row.body {
            Body::Cells(cells) => self.columns.iter().zip(cells.iter()).for_each(|(c, cell)| look(c, cell)),
            Body::Named(cells) => {
                for (name, cell) in *cells {
                    if let Some(i) = self.by_name.get(name.as_str()) {
                        look(&self.columns[*i], cell.as_bytes());
                    }
                }
            }
            Body::Fault(_) => {}
        }
    }

    /// True if the order of dates is still to be found out from the rows.
    fn wants_order(&self) -> bool {
        !self.alone
            && self.context.order == Order::Unknown
            && (self.columns.is_empty() || self.columns.iter().any(|c| c.plans.iter().any(Plan::is_date)))
    }

    /// Checks a row.
    pub fn check(&mut self, row: &Row<'_>) -> Verdict {
        self.begin(row.number);
        match &row.body {
            Body::Cells(cells) => self.cells(*cells),
            Body::Named(cells) => self.named(cells),
            Body::Fault(fault) => {
                let (code, message) = match fault {
                    RowFault::Ragged { expected, found } => (
                        FindingCode::RaggedRow,
                        format!(
                            "{found} cells where the header has {expected}; is a delimiter inside a cell, or a quotation mark missing?"
                        ),
                    ),
                    RowFault::Json(why) => (FindingCode::BadJson, why.clone()),
                    RowFault::Quote => {
                        (FindingCode::BadQuote, "a quotation is unfinished, or text follows it".to_owned())
                    }
                    RowFault::Orphan { sheet } => (
                        FindingCode::OrphanRow,
                        format!("a row of sheet `{sheet}` whose record_id is not on the sheet of records"),
                    ),
                };
                self.fail(String::new(), code, message, None);
                self.row.any = true;
            }
        }
        self.finish()
    }

    /// Findings of the last row.
    pub fn findings(&self) -> &[Finding] {
        &self.row.findings
    }

    /// The record of the last row, if it was accepted and records are kept.
    pub fn take_record(&mut self) -> Incoming {
        let row = &mut self.row;
        let mut incoming = Incoming {
            consent: std::mem::take(&mut row.consent),
            legal_basis: row.basis.take(),
            ..Incoming::default()
        };
        incoming.record.id = row.name.take().unwrap_or_else(|| Secret::new(format!("row-{}", row.number)));
        row.writes.sort_by_key(|(place, priority, _)| (*place, *priority));
        row.adds.sort_unstable();
        row.adds.dedup();
        let mut writes = row.writes.drain(..).peekable();
        let mut adds = row.adds.drain(..).peekable();
        let mut current = None;
        loop {
            // Both run in the order of places; codes that add up take precedence over one-of-a-set.
            let place = match (writes.peek(), adds.peek()) {
                (None, None) => break,
                (Some(w), None) => w.0,
                (None, Some(a)) => a.0,
                (Some(w), Some(a)) => w.0.min(a.0),
            };
            // Of several columns the first that has a value wins.
            let mut chosen: Option<Cell> = None;
            while let Some((_, _, cell)) = writes.next_if(|w| w.0 == place) {
                match (&chosen, &cell) {
                    (None, _) => chosen = Some(cell),
                    (Some(Cell::Missing(_)), value) if !matches!(value, Cell::Missing(_)) => chosen = Some(cell),
                    _ => {}
                }
            }
            if adds.peek().is_some_and(|a| a.0 == place) {
                let (mut codes, one_of) = match chosen {
                    Some(Cell::Codes(codes)) => (codes, Vec::new()),
                    Some(Cell::OneOf(set)) => (Vec::new(), set),
                    _ => (Vec::new(), Vec::new()),
                };
                while let Some((_, code)) = adds.next_if(|a| a.0 == place) {
                    codes.push(code);
                }
                codes.sort_unstable();
                codes.dedup();
                // A cell holds codes or one-of-a-set, not both: what is certain is kept, and the loss is told.
                if !one_of.is_empty() && !one_of.iter().any(|c| codes.contains(c)) {
                    self.tally.dropped += 1;
                }
                chosen = Some(Cell::Codes(codes));
            }
            let Some(cell) = chosen else { continue };
            let parts = match place.level {
                0 => {
                    incoming.record.cells.push((place.field, cell));
                    continue;
                }
                1 => &mut incoming.record.events,
                2 => &mut incoming.record.perpetrators,
                _ => &mut incoming.record.platform_actions,
            };
            if current != Some((place.level, place.part)) {
                current = Some((place.level, place.part));
                parts.push(Part::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push((place.field, cell));
            }
        }
        if incoming.record.events.len() > 1
            && let Some(seq) = self.seq
        {
            incoming.record.events.sort_by_key(|event| match crate::model::cell_in(event, seq) {
                Cell::Integer(n) => (0, *n),
                _ => (1, 0),
            });
        }
        incoming
    }

    fn begin(&mut self, number: u64) {
        let row = &mut self.row;
        row.number = number;
        row.failed = false;
        row.any = false;
        row.id = None;
        row.findings.clear();
        if row.known_count > 0 {
            row.known = [None; VARIABLES.len()];
            row.known_count = 0;
        }
        if self.keep {
            row.name = None;
            row.writes.clear();
            row.adds.clear();
            row.consent.clear();
            row.basis = None;
        }
    }

    fn cells(&mut self, cells: Cells<'_>) {
        let bytes = cells.bytes();
        if cells.formulas().is_empty() {
            self.plain_cells(bytes, cells.ends());
            return;
        }
        let mut formulas = cells.formulas().iter().copied().peekable();
        let mut start = 0usize;
        for (i, end) in cells.ends().iter().enumerate() {
            let end = *end as usize;
            if formulas.next_if(|f| *f as usize == i).is_some() {
                self.row.any = true;
                let name = self.columns[i].name.clone();
                self.fail(
                    name,
                    FindingCode::Formula,
                    "a formula; its last result is not trusted, paste the value instead".into(),
                    None,
                );
            } else if end != start {
                self.cell(i, &bytes[start..end], bytes.get(start..start + 8));
            }
            start = end + 1;
        }
    }

    /// Cells of a row without formulas: those that are not blank are listed first, without a branch to guess wrong.
    fn plain_cells(&mut self, bytes: &[u8], ends: &[u32]) {
        let mut filled = std::mem::take(&mut self.filled);
        filled.resize(ends.len().max(filled.len()), (0, 0));
        let (mut n, mut start) = (0, 0u32);
        for (i, end) in ends.iter().enumerate() {
            filled[n] = (i as u32, start);
            n += usize::from(*end != start);
            start = *end + 1;
        }
        for (i, start) in &filled[..n] {
            let (i, start) = (*i as usize, *start as usize);
            self.cell(i, &bytes[start..ends[i] as usize], bytes.get(start..start + 8));
        }
        self.filled = filled;
    }

    fn named(&mut self, cells: &[(String, String)]) {
        for (name, text) in cells {
            let column = match self.by_name.get(name.as_str()) {
                Some(i) => Some(*i),
                None if self.columns.len() < COLUMNS => match self.add(name) {
                    Ok(true) => Some(self.columns.len() - 1),
                    _ => None,
                },
                None => None,
            };
            match column {
                Some(i) if !text.is_empty() => self.cell(i, text.as_bytes(), None),
                Some(_) => {}
                None => {
                    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                    let meant = self.names.nearest(name);
                    self.row.any = true;
                    self.fail(shown, FindingCode::UnknownColumn, "no field of the record".into(), meant);
                }
            }
        }
    }

    /// One cell that is not empty. `window` is the cell and what follows it, eight bytes, where the buffer has them.
    fn cell(&mut self, i: usize, cell: &[u8], window: Option<&[u8]>) {
        let Checker { columns, context, row, keep, id, hasher, .. } = self;
        let column = &mut columns[i];
        if column.distinct {
            if !*keep && column.is_plain_text(cell, &context.missing) {
                row.any = true;
                column.unkept += 1;
                if *id == Some(i) {
                    row.id = Some(hasher.hash_one(cell));
                }
                return;
            }
            let outcome = context.outcome(&column.plans, column.secret, cell);
            column.unkept += u64::from(outcome.has_value);
            row.any |= !outcome.writes.is_empty() || !outcome.faults.is_empty();
            for (_, write) in &outcome.writes {
                if let Write::Id(name) = write {
                    row.id = Some(hasher.hash_one(name.expose().as_bytes()));
                }
            }
            apply(&outcome, column, row, *keep);
            return;
        }
        row.any |= !cell.iter().all(u8::is_ascii_whitespace);
        let key = pack(cell, window);
        if key != u64::MAX && key == column.last.0 {
            let index = column.last.1 as usize;
            if column.outcomes[index].is_plain() && !*keep {
                column.outcomes[index].count += 1;
                return;
            }
        }
        let found = if key == u64::MAX && column.long.is_empty() {
            None
        } else if key == column.last.0 && key != u64::MAX {
            Some(column.last.1)
        } else if key == u64::MAX {
            column.long.get(cell).copied()
        } else {
            column.short.get(&key).copied()
        };
        let index = if let Some(index) = found {
            index
        } else {
            let outcome = context.outcome(&column.plans, column.secret, cell);
            if column.outcomes.len() >= KEPT {
                column.unkept += u64::from(outcome.has_value);
                if let Some(loss) = &outcome.loss {
                    *column.losses.entry(loss.clone()).or_default() += 1;
                }
                apply(&outcome, column, row, *keep);
                return;
            }
            let index = column.outcomes.len() as u32;
            column.outcomes.push(outcome);
            if key == u64::MAX {
                column.long.insert(cell.into(), index);
            } else {
                column.short.insert(key, index);
            }
            index
        };
        column.last = (key, index);
        let outcome = &mut column.outcomes[index as usize];
        outcome.count += 1;
        if *keep || !outcome.is_plain() {
            let column = &columns[i];
            apply(&column.outcomes[index as usize], column, row, *keep);
        }
    }

    fn fail(&mut self, column: String, code: FindingCode, message: String, suggestion: Option<String>) {
        fail(&mut self.row, column, code, message, suggestion);
    }

    fn finish(&mut self) -> Verdict {
        if !self.row.any && (self.needs_id || self.columns.is_empty()) {
            self.tally.blank += 1;
            return Verdict::Blank;
        }
        if self.row.known_count >= 2 {
            let found: Vec<_> = rules::contradicted(&self.row.known).collect();
            for (code, column, message) in found {
                self.fail(column.to_owned(), code, message, None);
            }
        }
        if let Some(hash) = self.row.id {
            if !self.alone && !self.seen.insert(hash) {
                let name = self.id.map(|i| self.columns[i].name.clone()).unwrap_or_default();
                let message = "this identifier stands in the file before; a record is one row".to_owned();
                self.fail(name, FindingCode::DuplicateId, message, None);
            }
        } else if self.needs_id && !self.row.failed {
            let name = self.names.id_column().map(|c| c.name.clone()).unwrap_or_default();
            self.fail(name, FindingCode::MissingId, "the record has no identifier".into(), None);
        }
        self.tally.row(&self.row.findings, self.row.failed);
        if self.row.failed { Verdict::Failed } else { Verdict::Accepted }
    }
}

impl Column {
    /// True if the cell is text that needs no look: printable ASCII that starts with a letter or digit, and not like a
    /// reason for no value.
    fn is_plain_text(&self, cell: &[u8], missing: &[String]) -> bool {
        cell.len() <= 64
            && cell[0].is_ascii_alphanumeric()
            && !b"unrwUNRW".contains(&cell[0])
            && cell[cell.len() - 1] != b' '
            && cell.iter().all(|b| (0x20..0x7f).contains(b))
            && self.plans.iter().all(Plan::takes_text_as_it_is)
            && !missing.iter().any(|m| m.as_bytes() == cell)
    }
}

/// A text of up to seven bytes as a number; `u64::MAX` for longer ones.
fn pack(cell: &[u8], window: Option<&[u8]>) -> u64 {
    let length = cell.len();
    if length > 7 {
        return u64::MAX;
    }
    let bytes = match window.and_then(|w| <[u8; 8]>::try_from(w).ok()) {
        Some(eight) => u64::from_le_bytes(eight) & ((1 << (8 * length)) - 1),
        None => cell.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)),
    };
    bytes | (length as u64) << 56
}

fn fail(row: &mut RowState, column: String, code: FindingCode, message: String, suggestion: Option<String>) {
    let left_out =
        row.alone && matches!(code, FindingCode::BadDate | FindingCode::AmbiguousDate | FindingCode::FutureDate);
    row.failed |= code.fails() && !left_out;
    if row.findings.len() < PER_ROW {
        row.findings.push(Finding { row: row.number, column, code, message, suggestion });
    }
}

fn apply(outcome: &Outcome, column: &Column, row: &mut RowState, keep: bool) {
    for fault in &outcome.faults {
        fail(row, column.name.clone(), fault.code, fault.message.clone(), fault.suggestion.clone());
    }
    for (variable, fact) in &outcome.facts {
        let known = &mut row.known[usize::from(*variable)];
        if known.is_none() {
            *known = Some(*fact);
            row.known_count += 1;
        }
    }
    if !keep {
        return;
    }
    for (i, write) in &outcome.writes {
        let plan = &column.plans[usize::from(*i)];
        match (write, plan.place) {
            (Write::Id(id), _) => row.name = Some(id.clone()),
            (Write::Consent(purpose, given), _) => {
                row.consent.push(ConsentClaim { purpose: *purpose, given: *given, date: None });
            }
            (Write::Basis(code), _) => row.basis = Some(*code),
            (Write::Add(code), Some(place)) => row.adds.push((place, *code)),
            (Write::Cell(cell), Some(place)) => row.writes.push((place, plan.priority, cell.clone())),
            (Write::Add(_) | Write::Cell(_), None) => {}
        }
    }
}

/// A path of a field for reports: `event.techuse`, whatever the number of the event.
fn path(book: &Codebook, field: FieldId) -> String {
    book.path(field)
}

#[cfg(test)]
mod tests;

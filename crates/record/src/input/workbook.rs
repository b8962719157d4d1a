//! XLSX: cells are streamed in the order of the file; a dense range is never made, so that one far cell costs nothing.
//!
//! The sheet `records` is read, or else the first sheet. Sheets `events`, `perpetrators` and `platform_actions` are joined
//! to it by `record_id`: their rows become cells under flat names (`event.1.techuse`), as CSV has them.

use super::{Body, Cells, Fault, Flow, Format, Found, Hints, InputError, Limits, Row, Sink, guard};
use calamine::{DataRef, Reader, SheetType, Xlsx};
use std::collections::{HashMap, HashSet};
use std::io::Cursor;

/// Rows that the header is looked for in.
const TITLES: usize = 20;
/// Most parts of one kind in a record.
const PARTS: usize = 200;
/// Sheets that are joined, and the level that their columns get.
const JOINED: [(&str, &str); 3] =
    [("events", "event"), ("perpetrators", "perpetrator"), ("platform_actions", "platform_action")];

type Book = Xlsx<Cursor<Vec<u8>>>;

pub(super) fn read(bytes: Vec<u8>, hints: &Hints, gzip: bool, sink: &mut dyn Sink) -> Result<(), InputError> {
    guard::check_workbook(&bytes, &hints.limits)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let sheets: Vec<String> =
        book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet).map(|s| s.name.clone()).collect();
    let named = |wanted: &str| sheets.iter().find(|s| s.trim().eq_ignore_ascii_case(wanted)).cloned();
    let mut notes = Vec::new();
    let main = match (named("records"), sheets.first()) {
        (Some(records), _) => records,
        (None, Some(first)) => {
            if sheets.len() > 1 {
                notes.push(format!(
                    "the workbook has {} sheets and none is named `records`: the first was read",
                    sheets.len()
                ));
            }
            first.clone()
        }
        (None, None) => return Err(InputError::NotATable("the workbook has no sheets".into())),
    };
    let mut budget = hints.limits.workbook_cells;
    let mut joined: Vec<Joined> = Vec::new();
    for (sheet, level) in JOINED {
        if !hints.flat
            && let Some(name) = named(sheet)
            && name != main
        {
            joined.push(Joined::read(&mut book, &name, level, &hints.limits, &mut budget, sink)?);
        }
    }

    let mut main_sheet = MainSheet {
        sink,
        joined,
        flat: hints.flat,
        gzip,
        notes,
        held: Vec::new(),
        layout: None,
        text: Vec::new(),
        ends: Vec::new(),
        formulas: Vec::new(),
    };
    let flow = walk(&mut book, &main, &hints.limits, &mut budget, &mut |row, cells| main_sheet.row(row, cells))?;
    if flow == Flow::Go && main_sheet.layout.is_none() && main_sheet.settle()? == Flow::Stop {
        return Ok(());
    }
    if flow == Flow::Go {
        main_sheet.orphans();
    }
    Ok(())
}

fn damaged(error: &calamine::XlsxError) -> InputError {
    // The parser's messages can quote the file, so only the kind of error is kept.
    let text = format!("{error:?}");
    let kind: String = text.chars().take_while(char::is_ascii_alphanumeric).take(40).collect();
    InputError::Damaged { kind: "XLSX", why: format!("it cannot be parsed ({kind})") }
}

/// Takes a row; it may take the cells away.
type OnRow<'a> = dyn FnMut(u64, &mut Vec<SheetCell>) -> Result<Flow, InputError> + 'a;

struct SheetCell {
    column: u32,
    text: String,
    formula: bool,
}

/// Hands every row that has a cell to `on`; rows are 1-based as the spreadsheet shows them.
fn walk(
    book: &mut Book,
    sheet: &str,
    limits: &Limits,
    budget: &mut u64,
    on: &mut OnRow<'_>,
) -> Result<Flow, InputError> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|e| damaged(&e))?;
    let mut current = 0u32;
    let mut cells: Vec<SheetCell> = Vec::new();
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(|e| damaged(&e))? {
        *budget = budget.checked_sub(1).ok_or_else(|| {
            InputError::Refused(format!("the workbook has more than {} cells", limits.workbook_cells))
        })?;
        let formula = cell.formula.is_some();
        let text = text_of(&cell.value);
        if text.is_empty() && !formula {
            continue; // formatted, but empty
        }
        let (row, column) = cell.pos;
        if row >= limits.sheet_extent.0 || column >= limits.sheet_extent.1 {
            return Err(InputError::Refused(format!(
                "the sheet extends to row {}, column {}; at most {} rows and {} columns are read",
                u64::from(row) + 1,
                u64::from(column) + 1,
                limits.sheet_extent.0,
                limits.sheet_extent.1
            )));
        }
        if row != current && !cells.is_empty() {
            if row < current {
                return Err(InputError::Damaged { kind: "XLSX", why: "its rows are out of order".into() });
            }
            if on(u64::from(current) + 1, &mut cells)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            cells.clear();
        }
        current = row;
        if cells.last().is_some_and(|last| last.column >= column) {
            return Err(InputError::Damaged { kind: "XLSX", why: "its cells are out of order".into() });
        }
        cells.push(SheetCell { column, text, formula });
    }
    if cells.is_empty() { Ok(Flow::Go) } else { on(u64::from(current) + 1, &mut cells) }
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => (*f as i64).to_string(),
        DataRef::Float(f) => f.to_string(),
        DataRef::String(s) => s.trim().to_owned(),
        DataRef::SharedString(s) => s.trim().to_owned(),
        DataRef::Bool(true) => "yes".into(),
        DataRef::Bool(false) => "no".into(),
        DataRef::DateTime(d) if d.is_datetime() => {
            let (year, month, day, ..) = d.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(d) => d.as_f64().to_string(),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::Error(_) => "#ERROR".into(),
    }
}

/// The row with the most known columns; without any, the first with two cells.
fn header_among(rows: &[(u64, Vec<SheetCell>)], sink: &dyn Sink, prefix: &str) -> Option<usize> {
    let known = |cells: &[SheetCell]| {
        cells
            .iter()
            .filter(|c| sink.knows(&c.text) || (!prefix.is_empty() && sink.knows(&flat(prefix, 1, &c.text))))
            .map(|c| c.text.as_str())
            .collect::<HashSet<_>>()
            .len()
    };
    let best =
        rows.iter().enumerate().map(|(i, (_, cells))| (known(cells), i)).max_by_key(|(n, i)| (*n, usize::MAX - i))?;
    if best.0 > 0 { Some(best.1) } else { rows.iter().position(|(_, cells)| cells.len() >= 2) }
}

fn flat(level: &str, n: usize, field: &str) -> String {
    let field = field.trim();
    let field = field.strip_prefix(level).and_then(|f| f.strip_prefix('.')).unwrap_or(field);
    format!("{level}.{n}.{field}")
}

/// A sheet of parts, by record.
struct Joined {
    level: &'static str,
    sheet: String,
    /// Field names by column, the identifier left out.
    fields: Vec<(u32, String)>,
    /// Rows by record identifier: row of the sheet, cells.
    rows: HashMap<String, Vec<(u64, Vec<SheetCell>)>>,
    most: usize,
}

impl Joined {
    fn read(
        book: &mut Book,
        sheet: &str,
        level: &'static str,
        limits: &Limits,
        budget: &mut u64,
        sink: &dyn Sink,
    ) -> Result<Joined, InputError> {
        let mut all: Vec<(u64, Vec<SheetCell>)> = Vec::new();
        walk(book, sheet, limits, budget, &mut |row, cells| {
            all.push((row, std::mem::take(cells)));
            Ok(Flow::Go)
        })?;
        let mut joined = Joined { level, sheet: sheet.to_owned(), fields: Vec::new(), rows: HashMap::new(), most: 0 };
        let Some(header) = header_among(&all[..all.len().min(TITLES)], sink, level) else { return Ok(joined) };
        let mut id_column = None;
        for cell in &all[header].1 {
            if cell.text.eq_ignore_ascii_case("record_id") {
                id_column = Some(cell.column);
            } else {
                joined.fields.push((cell.column, cell.text.clone()));
            }
        }
        let Some(id_column) = id_column else {
            return Err(InputError::NotATable(format!("the sheet `{sheet}` has no column `record_id` to join it by")));
        };
        for (row, mut cells) in all.into_iter().skip(header + 1) {
            let id = cells.iter().position(|c| c.column == id_column).map(|i| cells.remove(i).text).unwrap_or_default();
            if id.is_empty() && cells.is_empty() {
                continue;
            }
            let rows = joined.rows.entry(id).or_default();
            rows.push((row, cells));
            if rows.len() > PARTS {
                return Err(InputError::Refused(format!("a record has more than {PARTS} rows on sheet `{sheet}`")));
            }
            joined.most = joined.most.max(rows.len());
        }
        Ok(joined)
    }
}

/// Columns of the main sheet, once the header is known.
struct Layout {
    /// Place in the flat row, by sheet column.
    places: HashMap<u32, usize>,
    id_column: Option<u32>,
    width: usize,
}

struct MainSheet<'s> {
    sink: &'s mut dyn Sink,
    joined: Vec<Joined>,
    /// Cells beside the header's columns are passed over.
    flat: bool,
    gzip: bool,
    notes: Vec<String>,
    /// First rows, until the header is told.
    held: Vec<(u64, Vec<SheetCell>)>,
    layout: Option<Layout>,
    text: Vec<u8>,
    ends: Vec<u32>,
    formulas: Vec<u32>,
}

impl MainSheet<'_> {
    fn row(&mut self, number: u64, cells: &mut Vec<SheetCell>) -> Result<Flow, InputError> {
        if self.layout.is_some() {
            return Ok(self.emit(number, cells));
        }
        self.held.push((number, std::mem::take(cells)));
        if self.held.len() < TITLES { Ok(Flow::Go) } else { self.settle() }
    }

    /// Finds the header and hands over the rows held so far.
    fn settle(&mut self) -> Result<Flow, InputError> {
        let held = std::mem::take(&mut self.held);
        let Some(header) = header_among(&held, &*self.sink, "") else {
            return Err(InputError::NotATable("the sheet has no row with at least two cells".into()));
        };
        let mut names: Vec<String> = Vec::new();
        let mut places = HashMap::new();
        let mut id_column = None;
        for cell in &held[header].1 {
            places.insert(cell.column, names.len());
            names.push(cell.text.clone());
            if cell.text.eq_ignore_ascii_case("record_id") {
                id_column = Some(cell.column);
            }
        }
        let width = names.len();
        for sheet in &self.joined {
            for n in 1..=sheet.most {
                names.extend(sheet.fields.iter().map(|(_, field)| flat(sheet.level, n, field)));
            }
        }
        for (row, _) in &held[..header] {
            self.notes.push(format!("row {row} stands above the header and was skipped"));
        }
        let found = Found {
            format: Format::Workbook,
            gzip: self.gzip,
            encoding: None,
            delimiter: None,
            header_row: held[header].0,
            notes: std::mem::take(&mut self.notes),
        };
        if self.sink.start(&found, &names) == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.layout = Some(Layout { places, id_column, width });
        for (number, cells) in held.into_iter().skip(header + 1) {
            if self.emit(number, &cells) == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Go)
    }

    fn emit(&mut self, number: u64, cells: &[SheetCell]) -> Flow {
        let Some(layout) = &self.layout else { return Flow::Go };
        self.text.clear();
        self.ends.clear();
        self.formulas.clear();
        let mut slots: Vec<Option<&SheetCell>> = vec![None; layout.width];
        for cell in cells {
            let Some(place) = layout.places.get(&cell.column) else {
                if self.flat {
                    continue;
                }
                let fault = Fault::Ragged { expected: layout.width, found: cell.column as usize + 1 };
                return self.sink.row(&Row { number, body: Body::Fault(fault) });
            };
            slots[*place] = Some(cell);
        }
        let id = layout.id_column.and_then(|c| cells.iter().find(|x| x.column == c)).map(|c| c.text.as_str());
        let mut put = |cell: Option<&SheetCell>| {
            if let Some(cell) = cell {
                if cell.formula {
                    self.formulas.push(self.ends.len() as u32);
                }
                self.text.extend_from_slice(cell.text.as_bytes());
            }
            self.ends.push(self.text.len() as u32);
            self.text.push(0);
        };
        slots.into_iter().for_each(&mut put);
        for sheet in &mut self.joined {
            let rows = id.and_then(|id| sheet.rows.remove(id)).unwrap_or_default();
            for n in 0..sheet.most {
                for (column, _) in &sheet.fields {
                    put(rows.get(n).and_then(|(_, cells)| cells.iter().find(|c| c.column == *column)));
                }
            }
        }
        self.sink.row(&Row { number, body: Body::Cells(Cells::new(&self.text, &self.ends, &self.formulas)) })
    }

    /// Rows of joined sheets whose record is not there.
    fn orphans(&mut self) {
        for sheet in &mut self.joined {
            let mut rows: Vec<u64> = sheet.rows.values().flatten().map(|(row, _)| *row).collect();
            rows.sort_unstable();
            for number in rows {
                let body = Body::Fault(Fault::Orphan { sheet: sheet.sheet.clone() });
                if self.sink.row(&Row { number, body }) == Flow::Stop {
                    return;
                }
            }
        }
    }
}

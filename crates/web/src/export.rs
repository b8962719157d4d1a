//! Exports: CSV, CSV for Excel, JSON, workbook and metadata, all written from one [`Sheet`], which is made from the same
//! figures as the pages. The first row is the header; what must travel with a figure (definition, caveats, symbol,
//! invented, draft, council's note) is a column of every row.

use crate::page::draft_key;
use crate::say;
use crate::text::clean;
use crate::words::Words;
use accord_hub::{Found, Place, Published};
use accord_release::bundle::{Outcome, Share};
use accord_release::files::measure_word;
use accord_standard::figure::{Figure, FigureValue, Includes, Reliability};
use serde_json::{Map, Value, json};

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// CSV.
    #[error("csv: {0}")]
    Csv(#[from] csv::Error),
    /// Workbook.
    #[error("workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// JSON.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// The writer could not be finished.
    #[error("csv: {0}")]
    Unfinished(String),
}

/// One cell of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Whole number.
    Whole(u64),
    /// Number with one decimal.
    Decimal(f64),
    /// Number as it was published: an estimate is rounded once, and never again.
    Exact(f64),
    /// Nothing: there is no such number, and another column says why.
    Empty,
}

/// A table ready to be written in any format.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Column names: stable, English, lower case.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
}

/// The formats in which every table and every figure is offered: file ending after the stem, and content type.
pub const FORMATS: [(&str, &str); 5] = [
    (".csv", "text/csv; charset=utf-8"),
    ("-excel.csv", "text/csv; charset=utf-8"),
    (".json", "application/json"),
    (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (".metadata.json", "application/json"),
];

/// Writes `sheet` in the format whose file ending is `ending`; `None` if there is no such format.
pub fn write(ending: &str, sheet: &Sheet, release: &Published, w: &Words) -> Option<Result<Vec<u8>, ExportError>> {
    Some(match ending {
        ".csv" => csv(sheet, false),
        "-excel.csv" => csv(sheet, true),
        ".json" => json(sheet, release, w),
        ".xlsx" => xlsx(sheet, release, w),
        ".metadata.json" => serde_json::to_vec_pretty(&metadata(&sheet.columns, release, w)).map_err(ExportError::from),
        _ => return None,
    })
}

/// All cells of one published table.
pub fn table_sheet(release: &Published, table: usize, w: &Words) -> Sheet {
    let cells = release.bundle.tables.get(table).map_or(0, |t| t.figures.len());
    sheet(release, (0..cells).map(|cell| Place::Cell { table, cell }).collect(), w)
}

/// All headlines of a release.
pub fn headline_sheet(release: &Published, w: &Words) -> Sheet {
    let places = (0..release.bundle.headlines.len()).map(|headline| Place::Headline { headline }).collect();
    sheet(release, places, w)
}

/// Everything that is published of one figure of a study: all groups, all numbers.
pub fn series_sheet(release: &Published, figure: &str, w: &Words) -> Sheet {
    let points = |(series, s): (usize, &accord_release::study::Series)| {
        (0..s.points.len()).map(move |point| Place::Point { series, point }).collect::<Vec<_>>()
    };
    sheet(release, release.series(figure).flat_map(points).collect(), w)
}

/// A selection of a release's figures: cells of one table, or headlines.
pub fn selection_sheet(release: &Published, places: Vec<Place>, w: &Words) -> Sheet {
    sheet(release, places, w)
}

/// Columns that a number of a study has of its own.
const POINT: [&str; 8] =
    ["study_figure", "group", "group_label", "point", "point_label", "at", "measure", "interval_includes"];

/// One figure, in the columns of its table.
pub fn figure_sheet(found: &Found<'_>, w: &Words) -> Sheet {
    sheet(found.release, vec![found.place], w)
}

/// The figure at a place, and its share if it has one.
fn at(release: &Published, place: Place) -> Option<(&Figure, Option<Share>)> {
    match place {
        Place::Cell { table, cell } => Some((release.bundle.tables.get(table)?.figures.get(cell)?, None)),
        Place::Headline { headline } => release.bundle.headlines.get(headline).map(|h| (&h.figure, h.share)),
        Place::Point { series, point } => release.point(series, point).map(|(_, p)| (&p.figure, None)),
    }
}

fn sheet(release: &Published, places: Vec<Place>, w: &Words) -> Sheet {
    let mut columns: Vec<String> =
        ["figure_id", "release", "status", "invented", "table", "subject"].map(String::from).to_vec();
    match places.first() {
        Some(Place::Cell { table, .. }) => {
            for dimension in release.table_at(*table).map(|e| e.spec.dimensions.as_slice()).unwrap_or_default() {
                columns.push(dimension.id.clone());
                columns.push(format!("{}_label", dimension.id));
            }
        }
        Some(Place::Point { .. }) => columns.extend(POINT.map(String::from)),
        _ => columns.extend(["group", "share_percent", "share_low", "share_high"].map(String::from)),
    }
    let shared = [
        "value",
        "low",
        "high",
        "symbol",
        "refused_because",
        "reliability",
        "unit",
        "population",
        "period",
        "definition",
        "caveats",
        "council_decision",
        "council_note",
    ];
    columns.extend(shared.map(String::from));
    let rows = places.into_iter().filter_map(|place| row(release, place, w)).collect();
    Sheet { columns, rows }
}

fn row(release: &Published, place: Place, w: &Words) -> Option<Vec<Cell>> {
    let (figure, share) = at(release, place)?;
    let info = &release.bundle.info;
    let text = |t: &str| Cell::Text(clean(t));
    let mut cells = vec![text(&figure.id), text(&info.id), Cell::Text(w.t(draft_key(release.status)))];
    let invented = if info.invented || figure.invented { "invented-data" } else { "invented-no" };
    cells.push(Cell::Text(w.t(invented)));
    match place {
        Place::Cell { table, cell } => {
            let entry = release.table_at(table)?;
            cells.push(text(&entry.table.id));
            cells.push(text(&figure.subject));
            for (dimension, category) in entry.spec.dimensions.iter().zip(entry.spec.categories_of(cell)) {
                let category = dimension.categories.get(category)?;
                cells.push(text(&category.id));
                cells.push(text(&category.label));
            }
        }
        Place::Headline { headline } => {
            cells.push(text(accord_hub::site::HEADLINES));
            cells.push(text(&figure.subject));
            cells.push(text(&release.bundle.headlines.get(headline)?.group));
            match share {
                Some(s) => cells.extend([s.percent, s.low, s.high].map(|n| Cell::Decimal(say::percent(n)))),
                None => cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]),
            }
        }
        Place::Point { series, point } => {
            let (series, point) = release.point(series, point)?;
            let study = release.study()?;
            let spec = study.figure(&series.figure)?;
            cells.push(text(&spec.table));
            cells.push(text(&figure.subject));
            cells.push(text(&series.figure));
            let group = series.group.as_deref();
            cells.push(text(group.unwrap_or("all")));
            cells.push(group.and_then(|id| study.group(id)).map_or(Cell::Empty, |g| text(&g.label)));
            cells.push(text(&point.key));
            cells.push(text(&point.label));
            cells.push(point.at.map_or(Cell::Empty, Cell::Exact));
            match &figure.value {
                FigureValue::Estimate { measure, includes, .. } => {
                    cells.push(Cell::Text(measure_word(*measure).to_owned()));
                    cells.push(Cell::Text(includes_word(*includes).to_owned()));
                }
                FigureValue::Count { .. } | FigureValue::Range { .. } | FigureValue::Symbol { .. } => {
                    cells.push(Cell::Text(say::unit(w, info.unit)));
                    cells.push(Cell::Text(includes_word(Includes::Noise).to_owned()));
                }
                FigureValue::Refused { .. } => cells.extend([Cell::Empty, Cell::Empty]),
            }
        }
    }
    cells.extend(match &figure.value {
        FigureValue::Count { value, low, high } => {
            [Cell::Whole(*value), Cell::Whole(*low), Cell::Whole(*high), Cell::Empty, Cell::Empty]
        }
        FigureValue::Range { low, high } => {
            [Cell::Empty, Cell::Whole(*low), Cell::Whole(*high), Cell::Empty, Cell::Empty]
        }
        FigureValue::Estimate { value, low, high, .. } => {
            [value.map_or(Cell::Empty, Cell::Exact), Cell::Exact(*low), Cell::Exact(*high), Cell::Empty, Cell::Empty]
        }
        FigureValue::Symbol { symbol, range } => {
            let [low, high] = range.map_or([Cell::Empty, Cell::Empty], |ends| ends.map(Cell::Whole));
            [Cell::Empty, low, high, Cell::Text(symbol.mark().to_owned()), Cell::Empty]
        }
        FigureValue::Refused { reason } => [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, text(reason)],
    });
    cells.push(Cell::Text(
        match figure.reliability {
            Reliability::Solid => "solid",
            Reliability::Care => "care",
            Reliability::RangeOnly => "range_only",
            Reliability::NotShown => "not_shown",
        }
        .to_owned(),
    ));
    cells.push(Cell::Text(match &figure.value {
        FigureValue::Estimate { measure, .. } => measure_word(*measure).to_owned(),
        _ => say::unit(w, info.unit),
    }));
    cells.push(text(&info.population));
    cells.push(text(&info.period));
    cells.push(text(&figure.definition));
    cells.push(text(&figure.caveats.join(" | ")));
    match &release.bundle.decision {
        Some(decision) => {
            cells.push(Cell::Text(format!("{} {}", outcome(decision.outcome), clean(&decision.date))));
            cells.push(text(&decision.note));
        }
        None => cells.extend([Cell::Text("none".to_owned()), Cell::Empty]),
    }
    Some(cells)
}

/// What an interval includes, as in files.
const fn includes_word(includes: Includes) -> &'static str {
    match includes {
        Includes::Noise => "noise",
        Includes::NoiseAndMissing => "noise_and_missing",
        Includes::NoiseAndSampling => "noise_and_sampling",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approve => "approve",
        Outcome::Defer => "defer",
        Outcome::Veto => "veto",
    }
}

/// Text that a spreadsheet would run as a formula gets an apostrophe in front (ASVS 1.2.10). Numbers never come here.
fn no_formula(text: &str) -> String {
    let first =
        text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}').chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

fn csv(sheet: &Sheet, excel: bool) -> Result<Vec<u8>, ExportError> {
    let start = if excel { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    writer.write_record(sheet.columns.iter().map(|c| no_formula(c)))?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Cell::Text(text) => no_formula(text),
            Cell::Whole(number) => number.to_string(),
            Cell::Decimal(number) => format!("{number:.1}"),
            Cell::Exact(number) => number.to_string(),
            Cell::Empty => String::new(),
        }))?;
    }
    writer.into_inner().map_err(|e| ExportError::Unfinished(e.to_string()))
}

fn json(sheet: &Sheet, release: &Published, w: &Words) -> Result<Vec<u8>, ExportError> {
    let row = |row: &Vec<Cell>| {
        let pairs = sheet.columns.iter().cloned().zip(row.iter().map(|cell| match cell {
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Whole(number) => Value::from(*number),
            Cell::Decimal(number) | Cell::Exact(number) => Value::from(*number),
            Cell::Empty => Value::Null,
        }));
        Value::Object(pairs.collect::<Map<String, Value>>())
    };
    let rows: Vec<Value> = sheet.rows.iter().map(row).collect();
    let about = metadata(&sheet.columns, release, w);
    Ok(serde_json::to_vec(&json!({ "about": about, "figures": rows }))?)
}

/// What the columns mean and where the figures come from.
fn metadata(columns: &[String], release: &Published, w: &Words) -> Value {
    let bundle = &release.bundle;
    let info = &bundle.info;
    let described: Vec<Value> = columns
        .iter()
        .map(|name| {
            let key = format!("column-{}", name.replace('_', "-"));
            let dimension = bundle
                .workload
                .tables
                .iter()
                .flat_map(|t| &t.dimensions)
                .find(|d| name.strip_suffix("_label").unwrap_or(name) == d.id);
            let words = match dimension {
                Some(d) if name.ends_with("_label") && d.id != *name => clean(&d.label),
                Some(d) => clean(&d.definition),
                None => w.t(&key),
            };
            json!({ "name": name, "description": words })
        })
        .collect();
    let symbols: Map<String, Value> =
        say::SYMBOLS.into_iter().map(|s| (s.mark().to_owned(), Value::from(say::symbol_words(w, s)))).collect();
    json!({
        "release": { "id": info.id, "title": clean(&info.title), "slot": info.slot, "period": clean(&info.period),
                     "population": clean(&info.population), "unit": say::unit(w, info.unit), "codebook": info.codebook,
                     "software": info.software, "assumptions": info.assumptions },
        "status": w.t(draft_key(release.status)),
        "invented": w.t(if info.invented { "invented-data" } else { "invented-no" }),
        "detected": w.t("detected"),
        "interval": w.t("interval-note"),
        "privacy": bundle.privacy,
        "decision": bundle.decision,
        "columns": described,
        "symbols": symbols,
    })
}

/// Whole numbers up to here are exact in a workbook's floating-point cells.
const EXACT: u64 = 1 << 53;

fn xlsx(sheet: &Sheet, release: &Published, w: &Words) -> Result<Vec<u8>, ExportError> {
    use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
    let mut book = Workbook::new();
    // A fixed date: the file is a function of the release alone.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(clean(&release.bundle.info.title)).set_creation_datetime(&day));
    let bold = Format::new().set_bold();
    let data = book.add_worksheet().set_name("data")?;
    data.set_freeze_panes(1, 0)?;
    for (column, name) in (0_u16..).zip(&sheet.columns) {
        data.write_string_with_format(0, column, name, &bold)?;
    }
    for (at, row) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) => data.write_string(at, column, text)?,
                Cell::Whole(number) if *number > EXACT => data.write_string(at, column, number.to_string())?,
                Cell::Whole(number) => data.write_number(at, column, *number as f64)?,
                Cell::Decimal(number) | Cell::Exact(number) => data.write_number(at, column, *number)?,
                Cell::Empty => continue,
            };
        }
    }
    let about = book.add_worksheet().set_name("about")?;
    about.set_column_width(0, 24)?.set_column_width(1, 100)?;
    let mut at = 0;
    let mut line = |name: &str, words: &str| -> Result<(), ExportError> {
        about.write_string_with_format(at, 0, name, &bold)?;
        about.write_string(at, 1, words)?;
        at += 1;
        Ok(())
    };
    let info = &release.bundle.info;
    line("release", &info.id)?;
    line("title", &clean(&info.title))?;
    line("status", &w.t(draft_key(release.status)))?;
    line("invented", &w.t(if info.invented { "invented-data" } else { "invented-no" }))?;
    line("detected", &w.t("detected"))?;
    line("interval", &w.t("interval-note"))?;
    for symbol in say::SYMBOLS {
        line(symbol.mark(), &say::symbol_words(w, symbol))?;
    }
    Ok(book.save_to_buffer()?)
}

#[cfg(test)]
mod tests;

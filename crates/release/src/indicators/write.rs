//! Indicators as CSV and JSON.

use super::beside::{Beside, WHY_THEY_DIFFER};
use super::{Request, Row};
use crate::bundle::Bundle;
use crate::files::{guard, reliability_word, status_and_note, value_cells};
use accord_standard::figure::FigureValue;
use accord_standard::indicator::Indicator;

/// Columns, the requester's first. `value` holds a number, a range in words, or a symbol.
pub const COLUMNS: [&str; 17] = [
    "Iso3_code",
    "Country",
    "Indicator",
    "Dimension",
    "Category",
    "Sex",
    "Age",
    "Year",
    "Unit of measurement",
    "value",
    "flag",
    "low",
    "high",
    "reliability",
    "note",
    "figure",
    "figures summed",
];

/// Further columns where official figures were given.
pub const OFFICIAL_COLUMNS: [&str; 2] = ["official value", "official beside ours"];

/// One indicator, made.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// The indicator.
    pub indicator: &'a Indicator,
    /// Its rows.
    pub rows: Vec<Row>,
    /// The official figure of each row; empty if none were given.
    pub official: Vec<Option<Beside>>,
}

/// A cell.
pub(super) enum Cell {
    Text(String),
    Number(f64),
}

impl Sheet<'_> {
    /// Cells of a row, in the order of [`COLUMNS`] and, where official figures were given, [`OFFICIAL_COLUMNS`].
    pub(super) fn cells(&self, at: usize) -> Vec<Cell> {
        let row = &self.rows[at];
        let text = |text: &str| Cell::Text(text.to_owned());
        let number = |text: &str| text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Number);
        let (value, low, high, symbol) = value_cells(&row.value);
        let shown = if !symbol.is_empty() {
            text(&symbol)
        } else if value.is_empty() {
            Cell::Text(format!("{low} to {high}"))
        } else {
            number(&value)
        };
        let words = [&row.iso3, &row.country, &row.indicator, &row.dimension, &row.category, &row.sex, &row.age];
        let mut cells: Vec<Cell> = words.into_iter().map(|w| text(w)).collect();
        cells.extend([number(&row.year), text(&row.unit), shown, text(&row.flag), number(&low), number(&high)]);
        cells.push(text(reliability_word(row.reliability)));
        cells.extend([text(&row.note), text(&row.figure), Cell::Text(row.figures.join(" "))]);
        if let Some(official) = self.official.get(at) {
            let values = |b: &Beside| b.values.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            cells.push(Cell::Text(official.as_ref().map(values).unwrap_or_default()));
            cells.push(Cell::Text(official.as_ref().map(|b| b.words.clone()).unwrap_or_default()));
        }
        cells
    }
}

/// Names of the columns of some sheets.
pub(super) fn columns(sheets: &[Sheet<'_>]) -> Vec<&'static str> {
    let official = sheets.iter().any(|s| !s.official.is_empty());
    COLUMNS.iter().chain(OFFICIAL_COLUMNS.iter().filter(|_| official)).copied().collect()
}

/// What must be read with the numbers: one pair of a name and words a line.
pub(super) fn notes(bundle: &Bundle, sheets: &[Sheet<'_>]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, words: &str| out.push((name.to_owned(), words.to_owned()));
    let info = &bundle.info;
    let (status, note) = status_and_note(bundle);
    if info.invented {
        line("INVENTED DATA", "The people behind these numbers do not exist. Never report these figures.");
    }
    if bundle.decision.is_none() {
        line("DRAFT", "No council has decided on this release. Do not report these figures before it has.");
    }
    line("release", &info.id);
    line("title", &info.title);
    line("status", status);
    if !note.is_empty() {
        line("council's note", note);
    }
    line("period", &info.period);
    line(
        "privacy",
        &format!(
            "Noise was added so that no row tells whether anybody is in the records: epsilon {} for this \
release, {} for all so far, delta {}.",
            bundle.privacy.epsilon, bundle.privacy.epsilon_cumulative, bundle.privacy.delta
        ),
    );
    line(
        "sums",
        "A row that is one published cell has that cell's number. Other rows sum cells as measured; their intervals are \
wider. Rows need not add up to their totals: each has noise of its own.",
    );
    for (mark, words) in [
        ("[c]", "hidden: the noise is larger than the number"),
        ("[low]", "rounds to nought; never proof that there is nobody"),
        ("[x]", "not collected: records of victims do not hold it. Not collected is not nought"),
        ("[z]", "not applicable"),
        ("range only", "only the range can be told"),
        ("use with care", "the interval reaches from a quarter to half of the number to each side"),
        (
            "Unknown",
            "sex, age, form, citizenship or year is not known; these people are in no other row but the totals",
        ),
    ] {
        line(mark, words);
    }
    if let Some(figure) = bundle.tables.first().and_then(|t| t.figures.first()) {
        for caveat in &figure.caveats {
            line("caveat", caveat);
        }
    }
    if sheets.iter().any(|s| !s.official.is_empty()) {
        line("official figures", WHY_THEY_DIFFER);
    }
    for Sheet { indicator, .. } in sheets {
        let id = &indicator.id;
        line(id, &indicator.title);
        line(&format!("{id}: asked for by"), &indicator.requester);
        line(&format!("{id}: say"), &indicator.wording);
        line(&format!("{id}: definition"), &indicator.definition);
        for caveat in &indicator.caveats {
            line(&format!("{id}: caveat"), caveat);
        }
        line(&format!("{id}: source"), &indicator.source);
    }
    out
}

/// All rows as one CSV file; status, wording and the mark of invented people stand in each line.
///
/// # Errors
/// If the medium refuses.
pub fn csv_file(bundle: &Bundle, sheets: &[Sheet<'_>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["table"];
    header.extend(columns(sheets));
    header.extend(["wording", "definition", "caveats", "council_note", "status", "invented"]);
    writer.write_record(&header)?;
    let (status, note) = status_and_note(bundle);
    for sheet in sheets {
        let caveats = caveats(bundle, sheet.indicator).join(" ");
        for at in 0..sheet.rows.len() {
            let mut row = vec![sheet.indicator.id.clone()];
            row.extend(sheet.cells(at).into_iter().map(|cell| match cell {
                Cell::Text(text) => guard(&text),
                Cell::Number(number) => number.to_string(),
            }));
            let words = [&sheet.indicator.wording, &sheet.indicator.definition, &caveats];
            row.extend(words.map(|w| guard(w)));
            row.extend([guard(note), status.to_owned(), crate::files::invented(bundle.info.invented).to_owned()]);
            writer.write_record(&row)?;
        }
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// Caveats of the indicator, then those of every figure of the release.
fn caveats(bundle: &Bundle, indicator: &Indicator) -> Vec<String> {
    let of_all = bundle.tables.first().and_then(|t| t.figures.first()).map(|f| f.caveats.clone());
    indicator.caveats.iter().cloned().chain(of_all.unwrap_or_default()).collect()
}

/// Everything as JSON.
pub fn json_value(bundle: &Bundle, sheets: &[Sheet<'_>]) -> serde_json::Value {
    let (status, note) = status_and_note(bundle);
    let tables: Vec<_> = sheets
        .iter()
        .map(|sheet| {
            let indicator = sheet.indicator;
            let rows: Vec<_> = sheet
                .rows
                .iter()
                .enumerate()
                .map(|(at, row)| {
                    let mut value = serde_json::json!(row);
                    if let Some(Some(official)) = sheet.official.get(at) {
                        value["official"] = serde_json::json!({
                            "values": official.values.iter().map(ToString::to_string).collect::<Vec<_>>(),
                            "words": official.words,
                        });
                    }
                    value
                })
                .collect();
            serde_json::json!({
                "id": indicator.id, "version": indicator.version, "title": indicator.title,
                "requester": indicator.requester, "wording": indicator.wording, "source": indicator.source,
                "definition": indicator.definition, "caveats": caveats(bundle, indicator), "rows": rows,
            })
        })
        .collect();
    let notes: Vec<_> =
        notes(bundle, sheets).into_iter().map(|(name, words)| serde_json::json!([name, words])).collect();
    serde_json::json!({
        "release": bundle.info.id, "title": bundle.info.title, "status": status, "council_note": note,
        "invented": bundle.info.invented, "notes": notes, "indicators": tables,
    })
}

impl Request<'_> {
    /// The rows with the official figures of each, ready to be written.
    ///
    /// # Errors
    /// As [`super::rows`].
    pub fn sheet(
        &self,
        official: Option<&crate::official::OfficialFigures>,
    ) -> Result<Sheet<'_>, super::IndicatorError> {
        let rows = super::rows(self)?;
        let official = official.map(|o| rows.iter().map(|r| super::beside(r, o)).collect()).unwrap_or_default();
        Ok(Sheet { indicator: self.indicator, rows, official })
    }
}

/// Whether a row has a number.
pub(super) const fn has_number(value: &FigureValue) -> bool {
    matches!(value, FigureValue::Count { .. } | FigureValue::Estimate { value: Some(_), .. })
}

impl Sheet<'_> {
    /// Number of rows with a number, with a range only, and with neither.
    pub fn tally(&self) -> [usize; 3] {
        let numbers = self.rows.iter().filter(|r| has_number(&r.value)).count();
        let is_range =
            |r: &&Row| matches!(r.value, FigureValue::Range { .. } | FigureValue::Estimate { value: None, .. });
        let ranges = self.rows.iter().filter(is_range).count();
        [numbers, ranges, self.rows.len() - numbers - ranges]
    }
}

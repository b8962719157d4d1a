//! "People like me": what a draft says of a group that somebody names by values, with everything that must travel with it
//! (PRIVACY 14). Works for drafts of flat tables and for those of a workload.
//!
//! # Privacy
//!
//! A function of the draft's files alone.

use crate::bundle::{Bundle, Unit};
use crate::files::{Files, Status, parse, read_bundle, reliability_word};
use crate::flat::Measured;
use crate::flat::aggregate::{Intervals, LONGEST};
use crate::flat::report::{FlatReport, MEASURED, REPORT, about};
use crate::flatfiles::{AGGREGATES_JSON, SYNTHETIC_CSV, csv_cell};
use crate::publish::{figures, reliability};
use crate::verify::check_manifest;
use accord_standard::columns::no_such_column;
use accord_standard::dimension::Dimension;
use accord_standard::figure::{Figure, FigureValue, Reliability, Symbol};
use accord_standard::spelling::nearest;
use accord_standard::workload::{HeadlineSpec, TableSpec};
use serde::{Deserialize, Serialize};

/// What a draft says of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Like {
    /// Id of the release.
    pub release: String,
    /// Draft or published.
    pub status: Status,
    /// Whether the people are invented.
    pub invented: bool,
    /// The group: columns (or dimensions) with values, as the draft names them.
    pub group: Vec<(String, String)>,
    /// What is counted.
    pub unit: Unit,
    /// The count with its interval, or why there is none.
    pub value: FigureValue,
    /// How far it can be leant on.
    pub reliability: Reliability,
    /// What the number means and does not mean.
    pub definition: String,
    /// Warnings that travel with it.
    pub caveats: Vec<String>,
    /// Synthetic rows that are like that; none if the draft has no synthetic rows that could tell.
    pub synthetic_rows: Option<u64>,
    /// All of it in one sentence.
    pub sentence: String,
}

/// Why a draft says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LikeError {
    /// The files are damaged or none of a release.
    #[error("the draft can't be used: {0}")]
    Draft(String),
    /// The group is not one that the draft can name.
    #[error("{0}")]
    Group(String),
}

/// Splits `COLUMN=VALUE,COLUMN=VALUE`. A comma in a value is fine where no `=` follows it before the next one.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, LikeError> {
    let mut out: Vec<(String, String)> = Vec::new();
    for part in text.split(',') {
        match (part.split_once('='), out.last_mut()) {
            (Some((column, value)), _) => out.push((column.trim().to_owned(), value.trim().to_owned())),
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(part.trim_end());
            }
            (None, None) => {
                return Err(LikeError::Group(format!("a group is written COLUMN=VALUE,COLUMN=VALUE, not `{part}`")));
            }
        }
    }
    Ok(out)
}

/// What a draft or a published release says of the people with all of these values.
pub fn like(files: &Files, group: &[(String, String)]) -> Result<Like, LikeError> {
    check_manifest(files).map_err(LikeError::Draft)?;
    for (at, (column, _)) in group.iter().enumerate() {
        if group[..at].iter().any(|(c, _)| c == column) {
            return Err(LikeError::Group(format!("`{column}` is named twice; a person has one value of it")));
        }
    }
    if group.is_empty() {
        return Err(LikeError::Group("no value is named; write COLUMN=VALUE".to_owned()));
    }
    if files.contains_key(REPORT) { flat(files, group) } else { workload(files, group) }
}

/// Nothing of a list is left out but what is beyond all reading.
fn listed<'a>(values: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 60;
    let all: Vec<&str> = values.collect();
    format!("{}{}", all[..all.len().min(SHOWN)].join(", "), if all.len() > SHOWN { ", ..." } else { "" })
}

fn no_value<'a>(column: &str, value: &str, values: impl Iterator<Item = &'a str> + Clone) -> LikeError {
    let meant = nearest(value, values.clone()).map(|v| format!("; was `{v}` meant?")).unwrap_or(".".to_owned());
    LikeError::Group(format!("`{value}` is no value of {column}{meant} Its values are: {}", listed(values)))
}

#[derive(Deserialize)]
struct AggregatesFile {
    aggregates: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    combination: Vec<(String, String)>,
    count: u64,
    low: Option<u64>,
    high: Option<u64>,
}

fn flat(files: &Files, group: &[(String, String)]) -> Result<Like, LikeError> {
    let damaged = |e: &dyn std::fmt::Display| LikeError::Draft(e.to_string());
    let report: FlatReport = parse(files, REPORT).map_err(|e| damaged(&e))?;
    let measured: Measured = parse(files, MEASURED).map_err(|e| damaged(&e))?;
    measured.columns.check().map_err(|e| damaged(&e))?;
    let names: Vec<&str> = measured.columns.columns.iter().map(|c| c.name.as_str()).collect();
    let mut cells = Vec::new();
    for (name, value) in group {
        let at = measured
            .columns
            .position(name)
            .ok_or_else(|| LikeError::Group(format!("`{name}` {}", no_such_column(name, &names, "the draft"))))?;
        let values = &measured.columns.columns[at].values;
        let code = values.iter().position(|v| v == value);
        let code = code.ok_or_else(|| no_value(name, value, values.iter().map(String::as_str)))?;
        cells.push((at as u16, code as u16 + 1));
    }
    cells.sort_unstable();
    if cells.len() > LONGEST {
        return Err(LikeError::Group(format!(
            "{} values are named; a draft says nothing of more than {LONGEST} together. Name fewer",
            cells.len()
        )));
    }
    let named: Vec<(String, String)> = cells
        .iter()
        .map(|(c, code)| {
            let column = &measured.columns.columns[usize::from(*c)];
            (column.name.clone(), column.values[usize::from(*code) - 1].clone())
        })
        .collect();
    let about = about(&report);
    let mut caveats = about.caveats.clone();
    let is_reported = cells.len() <= report.reported();
    let file: AggregatesFile = parse(files, AGGREGATES_JSON).map_err(|e| damaged(&e))?;
    let (value, reliability) = match file.aggregates.into_iter().find(|line| line.combination == named) {
        Some(Line { count, low: Some(low), high: Some(high), .. }) if low <= count && count <= high => {
            shown(count, low, high)
        }
        Some(_) => return Err(LikeError::Draft("a count in it has no interval".to_owned())),
        None => {
            let layout = measured.layout().map_err(|e| damaged(&e))?;
            let counts = measured.counts(&layout).map_err(|e| damaged(&e))?;
            let (low, high) = Intervals::new(&measured, &layout, &counts).of(&cells);
            if is_reported {
                caveats.push(
                    "The draft has no such combination: it was not seen often enough to be told from noise. That is not \
                     nought."
                        .to_owned(),
                );
            } else {
                caveats.push(format!(
                    "The draft reports combinations of at most {} values: of this longer one only the range is known.",
                    report.reported()
                ));
            }
            let symbol = if is_reported && low == 0 { Symbol::Low } else { Symbol::Hidden };
            (FigureValue::Symbol { symbol, range: Some([low, high]) }, Reliability::NotShown)
        }
    };
    let wanted: Vec<(&str, String)> = named.iter().map(|(c, v)| (c.as_str(), csv_cell(v).into_owned())).collect();
    let synthetic_rows = match files.get(SYNTHETIC_CSV) {
        Some(bytes) => Some(rows_like(bytes, &wanted, |cell, value| cell == value)?),
        None => None,
    };
    Ok(Like {
        sentence: sentence(report.info.unit, &named, &value, report.info.invented),
        release: report.info.id.clone(),
        status: report.status,
        invented: report.info.invented,
        group: named,
        unit: report.info.unit,
        value,
        reliability,
        definition: about.definition,
        caveats,
        synthetic_rows,
    })
}

/// What may be shown of a count with this interval (GS-10).
fn shown(count: u64, low: u64, high: u64) -> (FigureValue, Reliability) {
    let reliability = reliability(count, low, high);
    let value = match reliability {
        Reliability::Solid | Reliability::Care => FigureValue::Count { value: count, low, high },
        Reliability::RangeOnly => FigureValue::Range { low, high },
        Reliability::NotShown => FigureValue::Symbol { symbol: Symbol::Hidden, range: Some([low, high]) },
    };
    (value, reliability)
}

/// Synthetic rows with these texts in these columns.
fn rows_like(bytes: &[u8], wanted: &[(&str, String)], is: impl Fn(&str, &str) -> bool) -> Result<u64, LikeError> {
    let damaged = |why: String| LikeError::Draft(format!("{SYNTHETIC_CSV}: {why}"));
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|e| damaged(e.to_string()))?.clone();
    let mut places = Vec::new();
    for (column, value) in wanted {
        let cell = csv_cell(column);
        let at = header.iter().position(|h| h == cell).ok_or_else(|| damaged(format!("it has no column {column}")))?;
        places.push((at, value.as_str()));
    }
    let mut count = 0;
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|e| damaged(e.to_string()))? {
        count += u64::from(places.iter().all(|(at, value)| row.get(*at).is_some_and(|cell| is(cell, value))));
    }
    Ok(count)
}

fn workload(files: &Files, group: &[(String, String)]) -> Result<Like, LikeError> {
    let bundle = read_bundle(files).map_err(|e| LikeError::Draft(e.to_string()))?;
    let dimensions = crate::synth::dimensions(&bundle.workload);
    let mut chosen: Vec<(&Dimension, usize)> = Vec::new();
    for (name, value) in group {
        let found = dimensions.iter().find(|d| d.id == *name).or_else(|| dimensions.iter().find(|d| d.label == *name));
        let ids = dimensions.iter().map(|d| d.id.as_str());
        let dimension = *found.ok_or_else(|| {
            let meant = nearest(name, ids.clone()).map(|n| format!("; was `{n}` meant?")).unwrap_or_default();
            LikeError::Group(format!(
                "`{name}` is no dimension of the draft{meant} Its dimensions are: {}",
                listed(ids)
            ))
        })?;
        let categories = &dimension.categories;
        let at = categories.iter().position(|c| c.id == *value).or(categories.iter().position(|c| c.label == *value));
        let at = at.ok_or_else(|| no_value(&dimension.id, value, categories.iter().map(|c| c.id.as_str())))?;
        if chosen.iter().any(|(d, _)| d.id == dimension.id) {
            return Err(LikeError::Group(format!("`{}` is named twice; a person has one value of it", dimension.id)));
        }
        chosen.push((dimension, at));
    }
    let figure = figure(&bundle, &chosen)?;
    let named: Vec<(String, String)> =
        chosen.iter().map(|(d, at)| (d.id.clone(), d.categories[*at].id.clone())).collect();
    let wanted: Vec<(&str, String)> = named.iter().map(|(d, c)| (d.as_str(), c.clone())).collect();
    let synthetic_rows = match files.get(SYNTHETIC_CSV) {
        // A person with several categories has them joined.
        Some(bytes) => Some(rows_like(bytes, &wanted, |cell, value| cell.split(';').any(|held| held == value))?),
        None => None,
    };
    let labels: Vec<(String, String)> =
        chosen.iter().map(|(d, at)| (d.label.clone(), d.categories[*at].label.clone())).collect();
    Ok(Like {
        release: bundle.info.id.clone(),
        status: if bundle.decision.is_some() { Status::Published } else { Status::Draft },
        invented: bundle.info.invented,
        sentence: sentence(bundle.info.unit, &labels, &figure.value, bundle.info.invented),
        group: named,
        unit: bundle.info.unit,
        value: figure.value,
        reliability: figure.reliability,
        definition: figure.definition,
        caveats: figure.caveats,
        synthetic_rows,
    })
}

/// The figure of a group: a cell where a table has just these dimensions, otherwise a sum of cells of one table in which
/// every person stands once.
fn figure(bundle: &Bundle, chosen: &[(&Dimension, usize)]) -> Result<Figure, LikeError> {
    let holds = |table: &&TableSpec| chosen.iter().all(|(d, _)| table.dimensions.iter().any(|t| t.id == d.id));
    let tables = || bundle.workload.tables.iter().filter(holds);
    if let Some(table) = tables().find(|t| t.dimensions.len() == chosen.len()) {
        let at = |d: &Dimension| chosen.iter().find(|(c, _)| c.id == d.id).map_or(0, |(_, at)| *at);
        let cell = table.cell_of(&table.dimensions.iter().map(at).collect::<Vec<_>>());
        let published = bundle.tables.iter().find(|t| t.id == table.id);
        let figure = published.and_then(|t| t.figures.get(cell)).cloned();
        return figure.ok_or_else(|| LikeError::Draft(format!("table {} has no such cell", table.id)));
    }
    let measured: Vec<_> = bundle.tables.iter().map(|t| t.noisy.clone()).collect();
    for table in tables() {
        let select = chosen.iter().map(|(d, at)| (d.id.clone(), vec![d.categories[*at].id.clone()])).collect();
        let label = chosen.iter().map(|(d, at)| format!("{}: {}", d.label, d.categories[*at].label));
        let label = label.collect::<Vec<_>>().join("; ");
        let mut workload = bundle.workload.clone();
        workload.headlines = vec![HeadlineSpec { id: "like".to_owned(), label, table: table.id.clone(), select }];
        let (_, headlines) =
            figures(&bundle.info, &workload, &measured).map_err(|e| LikeError::Draft(e.to_string()))?;
        if let Some(headline) = headlines.into_iter().next() {
            return Ok(headline.figure);
        }
    }
    let together = bundle.workload.tables.iter().map(|table| {
        let ids: Vec<&str> = table.dimensions.iter().map(|d| d.id.as_str()).collect();
        format!("{} ({})", table.id, ids.join(" × "))
    });
    Err(LikeError::Group(format!(
        "no table of the draft says how these go together. Its tables: {}",
        together.collect::<Vec<_>>().join(", ")
    )))
}

fn sentence(unit: Unit, group: &[(String, String)], value: &FigureValue, invented: bool) -> String {
    let who = match unit {
        Unit::People => "people",
        Unit::Records => "records",
        Unit::Rows => "rows",
    };
    let group: Vec<String> = group.iter().map(|(column, value)| format!("{column}: {value}")).collect();
    let group = group.join("; ");
    let said = match value {
        FigureValue::Count { value, low, high } => {
            format!("About {value} {who} (between {low} and {high}) have {group}.")
        }
        FigureValue::Range { low, high } => format!("Between {low} and {high} {who} have {group}."),
        FigureValue::Symbol { range: Some([low, high]), .. } => {
            format!("How many {who} have {group} can't be told from noise: it is between {low} and {high}.")
        }
        FigureValue::Symbol { range: None, symbol } => {
            format!("{}: no number of {who} who have {group}.", symbol.mark())
        }
        FigureValue::Estimate { low, high, .. } => format!("Estimated between {low} and {high}: {group}."),
        FigureValue::Refused { reason } => format!("Refused: {reason}"),
    };
    format!("{}{said} Detected, not all who exist.", if invented { "INVENTED DATA. " } else { "" })
}

impl Like {
    /// The word for its reliability.
    pub const fn reliability_word(&self) -> &'static str {
        reliability_word(self.reliability)
    }
}

#[cfg(test)]
mod tests;

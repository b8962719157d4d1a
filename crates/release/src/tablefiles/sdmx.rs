//! `tables/*.sdmx.csv`: SDMX-CSV 2.0, one row a figure.
//!
//! The dimensions of a table are SDMX dimensions, their categories its codes; `unknown` is one of them (the Data Package has
//! every code's label). A figure without a number has none here either: its symbol and its status say why.

use crate::bundle::{Bundle, Unit};
use crate::files::{Files, FilesError, guard, invented, reliability_word, status_and_note, value_cells};
use crate::flatfiles::{SDMX_BEFORE, sdmx_structure};
use accord_standard::figure::{Figure, FigureValue, Reliability, Symbol};

/// Columns after the dimensions: the measure, its status and confidentiality (code lists `CL_OBS_STATUS` and
/// `CL_CONF_STATUS`), its interval, and what travels with every figure.
pub(super) const AFTER: [&str; 14] = [
    "OBS_VALUE",
    "OBS_STATUS",
    "CONF_STATUS",
    "LOWER_BOUND",
    "UPPER_BOUND",
    "RELIABILITY",
    "SYMBOL",
    "UNIT_MEASURE",
    "FIGURE",
    "SUBJECT",
    "DEFINITION",
    "CAVEATS",
    "COUNCIL_NOTE",
    "INVENTED",
];

/// Every table and the headlines as SDMX-CSV.
pub(crate) fn sdmx_files(bundle: &Bundle) -> Result<Files, FilesError> {
    let mut files = Files::new();
    for (spec, table) in bundle.workload.tables.iter().zip(&bundle.tables) {
        let dimensions: Vec<&str> = spec.dimensions.iter().map(|d| d.id.as_str()).collect();
        let rows = table.figures.iter().enumerate().map(|(cell, figure)| {
            let keys = spec.categories_of(cell).into_iter().zip(&spec.dimensions);
            (keys.map(|(c, d)| d.categories[c].id.as_str()).collect(), figure)
        });
        let path = sdmx_path(&table.id);
        files.insert(path.clone(), sdmx(&path, &table.id, bundle, &dimensions, rows)?);
    }
    let headlines = bundle.headlines.iter().map(|h| (vec![h.group.as_str()], &h.figure));
    let path = sdmx_path(HEADLINES);
    files.insert(path.clone(), sdmx(&path, HEADLINES, bundle, &[GROUP], headlines)?);
    Ok(files)
}

/// The table of headlines, and its only dimension.
pub(super) const HEADLINES: &str = "headlines";
pub(super) const GROUP: &str = "group";

/// Where a table stands as SDMX-CSV.
pub(super) fn sdmx_path(table: &str) -> String {
    format!("tables/{table}.sdmx.csv")
}

fn sdmx<'f>(
    path: &str,
    table: &str,
    bundle: &Bundle,
    dimensions: &[&str],
    rows: impl Iterator<Item = (Vec<&'f str>, &'f Figure)>,
) -> Result<Vec<u8>, FilesError> {
    let wrong = |e: csv::Error| FilesError::Write(path.to_owned(), e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = SDMX_BEFORE.into_iter().chain(dimensions.iter().copied()).chain(AFTER);
    writer.write_record(header).map_err(wrong)?;
    let structure = sdmx_structure(table, &bundle.info.id);
    let unit = match bundle.info.unit {
        Unit::People => "PEOPLE",
        Unit::Records => "RECORDS",
        Unit::Rows => "ROWS",
    };
    // Not for publication until a council has decided; free afterwards.
    let confidentiality = if bundle.decision.is_some() { "F" } else { "N" };
    let (_, note) = status_and_note(bundle);
    for (keys, figure) in rows {
        let (value, low, high, symbol) = value_cells(&figure.value);
        let status = obs_status(&figure.value, figure.reliability);
        let mut row = vec!["dataflow".to_owned(), structure.clone(), "I".to_owned()];
        row.extend(keys.into_iter().map(str::to_owned));
        row.extend([value, status.to_owned(), confidentiality.to_owned(), low, high]);
        row.extend([reliability_word(figure.reliability).to_owned(), symbol, unit.to_owned(), figure.id.clone()]);
        row.extend([guard(&figure.subject), guard(&figure.definition), guard(&figure.caveats.join(" ")), guard(note)]);
        row.push(invented(figure.invented).to_owned());
        writer.write_record(&row).map_err(wrong)?;
    }
    writer.into_inner().map_err(|e| FilesError::Write(path.to_owned(), e.to_string()))
}

/// The status of a figure in `CL_OBS_STATUS`. All numbers are estimates: noise was added to each.
const fn obs_status(value: &FigureValue, reliability: Reliability) -> &'static str {
    match value {
        FigureValue::Symbol { symbol, .. } => match symbol {
            // Not significant: noise can't tell it from nought.
            Symbol::Low => "N",
            // Missing: suppressed, not collected, cannot exist, other.
            Symbol::Hidden => "Q",
            Symbol::NotCollected => "L",
            Symbol::NotApplicable => "M",
            Symbol::Unknown => "O",
            Symbol::Provisional => "P",
        },
        FigureValue::Refused { .. } => "Q",
        FigureValue::Range { .. } => "U",
        _ if matches!(reliability, Reliability::Solid) => "E",
        // Low reliability.
        _ => "U",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_without_a_number_has_a_status_that_says_why() {
        let symbol = |symbol| obs_status(&FigureValue::Symbol { symbol, range: None }, Reliability::NotShown);
        assert_eq!(symbol(Symbol::Low), "N");
        assert_eq!(symbol(Symbol::Hidden), "Q");
        assert_eq!(symbol(Symbol::NotCollected), "L");
        assert_eq!(obs_status(&FigureValue::Refused { reason: "x".into() }, Reliability::NotShown), "Q");
        let count = FigureValue::Count { value: 9, low: 8, high: 10 };
        assert_eq!(obs_status(&count, Reliability::Solid), "E");
        assert_eq!(obs_status(&count, Reliability::Care), "U");
        assert_eq!(obs_status(&FigureValue::Range { low: 1, high: 9 }, Reliability::RangeOnly), "U");
    }
}

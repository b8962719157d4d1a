//! Synthetic microdata of a workload: invented rows over its dimensions, made by the method of flat tables ([`crate::flat`])
//! from noisy counts of combinations of their categories.
//!
//! A dimension in which a person has one category is a column; one in which she may have several is a column for each
//! category. `unknown` is blank. Which combinations are counted follows from the workload alone ([`layout`]), so that several
//! desks count the same ones and their counts can be added.
//!
//! # Privacy
//!
//! Post-processing of measurements over records with consent to microdata (PRIVACY 6). The seed is a function of those
//! measurements, so the rows are the same each time they are made.

use crate::flat::layout::{LONGEST_MEASURED, Layout, Shape};
use crate::flat::rows::Rows;
use crate::flat::{Ask, FlatError, Measured, ROWS, length_id, make};
use crate::noisy::NoisyTable;
use accord_standard::columns::{Column, Columns, MAX_COLUMNS};
use accord_standard::dimension::{Dimension, Rule};
use accord_standard::workload::Workload;

/// What stands in a column for one category of a dimension with several.
const HOLDS: &str = "yes";
/// Most categories of a dimension: their positions are bytes.
const MOST_CATEGORIES: usize = 255;
/// With more columns than count blank as a value, a person is counted with so many filled ones at most.
const MOST_FILLED: u16 = 12;

/// Synthetic rows, in a few bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthetic {
    dimensions: Vec<Dimension>,
    rows: Rows,
}

impl Synthetic {
    /// Dimension ids: one column each.
    pub fn columns(&self) -> Vec<&str> {
        self.dimensions.iter().map(|d| d.id.as_str()).collect()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.len == 0
    }

    /// The rows, category ids by column; several joined with `;`.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        (0..self.rows.len).map(|row| {
            let mut column = 0;
            self.dimensions
                .iter()
                .map(|d| {
                    let codes = &self.rows.columns[column..column + width(d)];
                    column += width(d);
                    cell(d, codes, row)
                })
                .collect()
        })
    }
}

/// Number of columns of a dimension.
fn width(dimension: &Dimension) -> usize {
    match dimension.rule {
        Rule::FirstMatch | Rule::AgeBand | Rule::YearBand | Rule::Order | Rule::Elapsed | Rule::Law => 1,
        Rule::AllMatches | Rule::Steps => known(dimension).count(),
    }
}

/// Categories other than `unknown`, which is blank.
fn known(dimension: &Dimension) -> impl Iterator<Item = &str> {
    dimension.categories.iter().map(|c| c.id.as_str()).filter(|id| *id != "unknown")
}

/// What a row says of a dimension. One that is said to have none and some as well has some.
fn cell(dimension: &Dimension, codes: &[Vec<u16>], row: usize) -> String {
    let unknown = || "unknown".to_owned();
    match dimension.rule {
        Rule::FirstMatch | Rule::AgeBand | Rule::YearBand | Rule::Order | Rule::Elapsed | Rule::Law => {
            let code = usize::from(codes[0][row]);
            code.checked_sub(1).and_then(|at| known(dimension).nth(at)).map_or_else(unknown, str::to_owned)
        }
        Rule::AllMatches | Rule::Steps => {
            let held: Vec<&str> = known(dimension).zip(codes).filter(|(_, c)| c[row] != 0).map(|(id, _)| id).collect();
            let some: Vec<&str> = held.iter().copied().filter(|id| *id != "none").collect();
            match (some.is_empty(), held.is_empty()) {
                (false, _) => some.join(";"),
                (true, false) => "none".to_owned(),
                (true, true) => unknown(),
            }
        }
    }
}

/// The dimensions of a workload, each once, in the order in which its tables name them.
pub fn dimensions(workload: &Workload) -> Vec<&Dimension> {
    let mut out: Vec<&Dimension> = Vec::new();
    for dimension in workload.tables.iter().flat_map(|t| &t.dimensions) {
        if !out.iter().any(|d| d.id == dimension.id) {
            out.push(dimension);
        }
    }
    out
}

/// The columns of a workload's microdata: a public function of the workload.
pub fn columns(workload: &Workload) -> Columns {
    let mut columns = Vec::new();
    for dimension in dimensions(workload) {
        match dimension.rule {
            Rule::FirstMatch | Rule::AgeBand | Rule::YearBand | Rule::Order | Rule::Elapsed | Rule::Law => {
                columns.push(Column::new(&dimension.id, known(dimension).map(str::to_owned).collect()));
            }
            Rule::AllMatches | Rule::Steps => {
                let column = |id: &str| Column::new(format!("{}.{id}", dimension.id), vec![HOLDS.to_owned()]);
                columns.extend(known(dimension).map(column));
            }
        }
    }
    Columns { columns }
}

/// Adds the codes of one dimension, from the positions of a person's categories, in the order of [`columns`].
pub fn codes(dimension: &Dimension, categories: &[u8], out: &mut Vec<u16>) {
    let unknown = dimension.categories.iter().position(|c| c.id == "unknown");
    // Position among the categories other than `unknown`.
    let place = |category: &u8| {
        let at = usize::from(*category);
        if Some(at) == unknown { None } else { Some(at - usize::from(unknown.is_some_and(|u| u < at))) }
    };
    match dimension.rule {
        Rule::FirstMatch | Rule::AgeBand | Rule::YearBand | Rule::Order | Rule::Elapsed | Rule::Law => {
            out.push(categories.first().and_then(place).map_or(0, |at| at as u16 + 1));
        }
        Rule::AllMatches | Rule::Steps => {
            let from = out.len();
            out.resize(from + width(dimension), 0);
            categories.iter().filter_map(place).for_each(|at| out[from + at] = 1);
        }
    }
}

/// Which combinations are counted for a workload's microdata.
pub fn layout(workload: &Workload) -> Result<Layout, FlatError> {
    let width: usize = dimensions(workload).iter().map(|d| width(d)).sum();
    if width > MAX_COLUMNS || dimensions(workload).iter().any(|d| d.size() > MOST_CATEGORIES) {
        return Err(FlatError::Ask("the workload has too many categories for synthetic records".to_owned()));
    }
    let columns = columns(workload);
    Ok(Layout::new(&columns, shape(&columns))?)
}

fn shape(columns: &Columns) -> Shape {
    let dense = Layout::is_dense(columns.columns.len());
    Shape { longest: LONGEST_MEASURED as u8, most_filled: (!dense).then_some(MOST_FILLED) }
}

/// Ids and numbers of cells of what is measured for microdata, in order, with the most cells that one row can stand in.
pub fn measurements(workload: &Workload) -> Result<Vec<(String, usize, u64)>, FlatError> {
    let layout = layout(workload)?;
    let lengths = (1..=layout.lengths()).map(|k| (length_id(k), layout.cells(k), layout.most_cells(k).max(1)));
    Ok(std::iter::once((ROWS.to_owned(), 1, 1)).chain(lengths).collect())
}

/// Makes synthetic rows from the microdata measurements of a workload.
pub fn synthesise(workload: &Workload, measured: &[NoisyTable]) -> Result<Synthetic, FlatError> {
    layout(workload)?;
    let columns = columns(workload);
    let shape = shape(&columns);
    let measured = Measured { columns, shape, rows_per_person: 1, tables: measured.to_vec(), choice: None };
    let made = make(&measured, &Ask::default(), &mut |_| {})?;
    Ok(Synthetic { dimensions: dimensions(workload).into_iter().cloned().collect(), rows: made.rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_of_a_record_is_what_a_row_would_say() {
        for id in accord_standard::workload::ids() {
            let workload = accord_standard::workload::embedded(id).unwrap();
            for dimension in dimensions(&workload) {
                for at in 0..dimension.size() {
                    let mut row = Vec::new();
                    codes(dimension, &[at as u8], &mut row);
                    let columns: Vec<Vec<u16>> = row.iter().map(|code| vec![*code]).collect();
                    assert_eq!(columns.len(), width(dimension));
                    assert_eq!(cell(dimension, &columns, 0), dimension.categories[at].id);
                }
            }
        }
    }

    #[test]
    fn who_has_some_has_not_none() {
        let workload = accord_standard::workload::embedded("default").unwrap();
        let all = dimensions(&workload);
        let role = all.iter().find(|d| d.rule == Rule::AllMatches).unwrap();
        let held: Vec<Vec<u16>> = known(role).map(|_| vec![1]).collect();
        let said = cell(role, &held, 0);
        assert!(said.contains(';') && !said.contains("none"), "{said}");
        let nothing: Vec<Vec<u16>> = known(role).map(|_| vec![0]).collect();
        assert_eq!(cell(role, &nothing, 0), "unknown");
    }

    #[test]
    fn desks_with_the_same_workload_measure_the_same_cells() {
        let workload = accord_standard::workload::embedded("default").unwrap();
        let once = measurements(&workload).unwrap();
        assert_eq!(once, measurements(&workload).unwrap());
        assert_eq!(once[0], (ROWS.to_owned(), 1, 1));
        let layout = layout(&workload).unwrap();
        assert!(layout.dense() && layout.lengths() == 3);
        assert_eq!(once.len(), 4);
    }
}

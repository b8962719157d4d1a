//! Workloads: the tables that a release measures, declared before data are read. Data, in `standard/releases/*.toml`.

mod check;

use crate::dimension::{self, Dimension};
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use serde::{Deserialize, Serialize};

/// A declared, frozen list of tables (PRIVACY 5). It holds its dimensions whole, so that it can travel in a bundle and
/// be read without this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// Stable identifier, such as `default`.
    pub id: String,
    /// Version of the file.
    pub version: String,
    /// English title.
    pub title: String,
    /// Who is counted, in words: "people in records that ...".
    pub population: String,
    /// What a count of these tables means and does not mean; travels with every figure.
    #[serde(default)]
    pub definition: String,
    /// Warnings that travel with every figure into every export ("detected, not all who exist").
    #[serde(default)]
    pub caveats: Vec<String>,
    /// The tables, in reading order.
    pub tables: Vec<TableSpec>,
    /// Groups that readers ask for first, as sums of cells of one table (girls first).
    #[serde(default)]
    pub headlines: Vec<HeadlineSpec>,
}

/// A group that readers ask for first: a sum of cells of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadlineSpec {
    /// Stable identifier, such as `girls-15-17`.
    pub id: String,
    /// Who is counted, in words: "girls aged 15 to 17".
    pub label: String,
    /// Table whose cells are summed; one in which a person has one cell.
    pub table: String,
    /// Categories by dimension id; a dimension that isn't named is summed over whole.
    #[serde(default)]
    pub select: std::collections::BTreeMap<String, Vec<String>>,
}

/// Whom a table counts, where it does not count everyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Among {
    /// How people are told apart; one in which a person has one category.
    pub dimension: Dimension,
    /// Categories that are counted.
    pub categories: Vec<String>,
    /// Who they are, in words: "children first recorded with sexual extortion".
    pub label: String,
}

/// One table of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSpec {
    /// Stable identifier, such as `m1`.
    pub id: String,
    /// English title.
    pub title: String,
    /// Dimensions; sex or gender first (GS-01). Cells are numbered row-major, last dimension fastest.
    pub dimensions: Vec<Dimension>,
    /// Share of the release's budget, in thousandths; the shares of a workload sum to 1000.
    pub share: u32,
    /// Id of a table of the same workload that this one refines by its last dimension, if that dimension puts every
    /// person into exactly one category: the two are then made consistent.
    pub refines: Option<String>,
    /// Whom it counts, where it does not count everyone. People outside stand in no cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Among>,
}

/// A workload as written: tables name their dimensions by id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkloadFile {
    id: String,
    version: String,
    title: String,
    population: String,
    #[serde(default)]
    definition: String,
    #[serde(default)]
    caveats: Vec<String>,
    #[serde(rename = "table")]
    tables: Vec<TableFile>,
    #[serde(default, rename = "headline")]
    headlines: Vec<HeadlineSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    id: String,
    title: String,
    dimensions: Vec<String>,
    share: u32,
    refines: Option<String>,
    among: Option<AmongFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmongFile {
    dimension: String,
    categories: Vec<String>,
    label: String,
}

/// The workload with this id that comes with the program, such as `default` or `ctdc`.
pub fn embedded(id: &str) -> Option<Workload> {
    let text = embedded::text(embedded::RELEASES, id)?;
    Some(Workload::parse(text, dimension::embedded()).expect("the embedded workloads are checked by a test"))
}

/// Ids of the workloads that come with the program.
pub fn ids() -> impl Iterator<Item = &'static str> {
    embedded::RELEASES.iter().map(|(id, _)| *id)
}

impl Workload {
    /// Reads a workload; its dimensions are taken from those given, by id.
    pub fn parse(text: &str, dimensions: &[Dimension]) -> Result<Workload, FileError> {
        let file: WorkloadFile = problem::read("workload", text)?;
        let name = format!("workload {}", file.id);
        let mut unknown = Vec::new();
        let mut tables = Vec::with_capacity(file.tables.len());
        for table in file.tables {
            let mut whole = Vec::with_capacity(table.dimensions.len());
            for id in &table.dimensions {
                if let Some(dimension) = dimensions.iter().find(|d| d.id == *id) {
                    whole.push(dimension.clone());
                } else {
                    let what = format!("there is no dimension {id}");
                    unknown.push(Problem::new(format!("table {}", table.id), what));
                }
            }
            let TableFile { id, title, share, refines, among, .. } = table;
            let among = among.and_then(|among| {
                let AmongFile { dimension, categories, label } = among;
                let Some(whole) = dimensions.iter().find(|d| d.id == dimension) else {
                    unknown.push(Problem::new(format!("table {id}"), format!("there is no dimension {dimension}")));
                    return None;
                };
                Some(Among { dimension: whole.clone(), categories, label })
            });
            tables.push(TableSpec { id, title, dimensions: whole, share, refines, among });
        }
        problem::none_wrong(&name, unknown)?;
        let WorkloadFile { id, version, title, population, definition, caveats, headlines, .. } = file;
        let workload = Workload { id, version, title, population, definition, caveats, tables, headlines };
        problem::none_wrong(&name, workload.problems())?;
        Ok(workload)
    }

    /// Everything that is wrong with the workload; empty for one that was parsed. Worth asking of a workload that came
    /// in a bundle.
    pub fn problems(&self) -> Vec<Problem> {
        check::problems(self)
    }

    /// The table with this id.
    pub fn table(&self, id: &str) -> Option<&TableSpec> {
        self.tables.iter().find(|t| t.id == id)
    }
}

impl TableSpec {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.dimensions.iter().map(Dimension::size).product()
    }

    /// The most cells that one person can stand in: c of PRIVACY 1. The L2 sensitivity of the table is √c a row.
    pub fn most_cells_per_person(&self) -> u32 {
        self.dimensions.iter().map(|d| d.most_per_person() as u32).product()
    }

    /// Category indices of a cell, one for each dimension.
    pub fn categories_of(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut out = vec![0; self.dimensions.len()];
        for (slot, dimension) in out.iter_mut().zip(&self.dimensions).rev() {
            *slot = rest % dimension.size();
            rest /= dimension.size();
        }
        out
    }

    /// Number of the cell with these category indices.
    pub fn cell_of(&self, categories: &[usize]) -> usize {
        self.dimensions.iter().zip(categories).fold(0, |cell, (d, c)| cell * d.size() + c)
    }

    /// Stable key of a cell: category ids joined with a dot, such as `female.a10_14`.
    pub fn key_of(&self, cell: usize) -> String {
        let ids: Vec<&str> = self
            .categories_of(cell)
            .into_iter()
            .zip(&self.dimensions)
            .map(|(c, d)| d.categories[c].id.as_str())
            .collect();
        ids.join(".")
    }
}

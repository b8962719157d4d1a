//! Exact counts: the one place where they exist. They can't be printed, cloned out or serialised; all that can be done with
//! them is to add noise ([`crate::mechanism::measure`]).

use crate::combinations::Combinations;
use crate::plan::BASIS;
use accord_record::derive::{Derivation, DeriveError};
use accord_record::model::Record;
use accord_release::flat::layout::Layout;
use accord_release::flat::{FlatError, ROWS, length_id};
use accord_release::synth;
use accord_standard::codebook::Codebook;
use accord_standard::dimension::Dimension;
use accord_standard::workload::Workload;
use std::collections::HashMap;
use std::fmt;
use std::hash::RandomState;
use std::hash::{BuildHasher, Hash};

/// Exact counts of every table of a workload.
pub struct Counts {
    tables: Vec<Table>,
}

pub(crate) struct Table {
    pub(crate) id: String,
    pub(crate) cells: Vec<u64>,
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counts(..)")
    }
}

impl Counts {
    pub(crate) fn table(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.id == id)
    }
}

/// Counts records as they stream by, in memory that doesn't grow with their number (one small entry a person where several
/// rows may belong to one person).
pub struct Tally {
    /// Distinct dimensions of the workload, each derived once a record.
    dimensions: Vec<Derivation>,
    tables: Vec<Plan>,
    /// Scratch: categories of the record at hand, by dimension.
    categories: Vec<Vec<u8>>,
    rows: Option<RowBound>,
    /// Read on consent; read on a legal basis.
    basis: [u64; 2],
    /// Counts combinations of categories instead of tables: for microdata.
    microdata: Option<Microdata>,
}

/// Combinations of categories.
struct Microdata {
    dimensions: Vec<Dimension>,
    layout: Layout,
    counts: Combinations,
    rows: u64,
    /// Scratch: codes of the record at hand.
    codes: Vec<u16>,
}

/// On what ground a record is read (PRIVACY 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Consent to statistics.
    Consent,
    /// A coded legal basis.
    LegalBasis,
}

/// Why combinations of a workload's categories can't be counted.
#[derive(Debug, thiserror::Error)]
pub enum MicrodataError {
    /// A dimension doesn't fit the codebook.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// The workload has too many categories.
    #[error(transparent)]
    Flat(#[from] FlatError),
}

/// Where a table's dimensions stand in the tally's list, and its counts.
struct Plan {
    dimensions: Vec<(usize, usize)>,
    /// Dimension by which people are told apart, and which of its categories are counted.
    among: Option<(usize, Vec<bool>)>,
    most_cells: usize,
    counts: Table,
}

/// Keeps at most `most` rows of each person: the first in the file, a rule that reads that person's rows alone.
struct RowBound {
    most: u32,
    seen: HashMap<u64, u32>,
    hasher: RandomState,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tally(..)")
    }
}

impl Tally {
    /// A tally in which each record is one person.
    pub fn new(workload: &Workload, codebook: &Codebook) -> Result<Tally, DeriveError> {
        let mut known: Vec<&Dimension> = Vec::new();
        let mut dimensions = Vec::new();
        let mut tables = Vec::new();
        for spec in &workload.tables {
            let mut place = |dimension| -> Result<usize, DeriveError> {
                if let Some(index) = known.iter().position(|d| *d == dimension) {
                    return Ok(index);
                }
                known.push(dimension);
                dimensions.push(Derivation::new(dimension, codebook)?);
                Ok(dimensions.len() - 1)
            };
            let mut at = Vec::with_capacity(spec.dimensions.len());
            for dimension in &spec.dimensions {
                at.push((place(dimension)?, dimension.size()));
            }
            let among = match &spec.among {
                None => None,
                Some(among) => {
                    let counted = among.dimension.categories.iter().map(|c| among.categories.contains(&c.id)).collect();
                    Some((place(&among.dimension)?, counted))
                }
            };
            tables.push(Plan {
                dimensions: at,
                among,
                most_cells: spec.most_cells_per_person() as usize,
                counts: Table { id: spec.id.clone(), cells: vec![0; spec.cells()] },
            });
        }
        let categories = vec![Vec::with_capacity(8); dimensions.len()];
        Ok(Tally { dimensions, tables, categories, rows: None, basis: [0; 2], microdata: None })
    }

    /// A tally of combinations of a workload's categories, for synthetic microdata, in which each record is one person.
    ///
    /// # Privacy
    ///
    /// A record adds one to at most as many cells of each length as [`accord_release::synth::measurements`] states, by a
    /// rule that reads this record alone.
    pub fn of_microdata(workload: &Workload, codebook: &Codebook) -> Result<Tally, MicrodataError> {
        let layout = synth::layout(workload)?;
        let dimensions: Vec<Dimension> = synth::dimensions(workload).into_iter().cloned().collect();
        let derivations = dimensions.iter().map(|d| Derivation::new(d, codebook)).collect::<Result<Vec<_>, _>>()?;
        let categories = vec![Vec::with_capacity(8); derivations.len()];
        let counts = Combinations::new(&layout);
        let microdata = Some(Microdata { dimensions, layout, counts, rows: 0, codes: Vec::new() });
        Ok(Tally { dimensions: derivations, tables: Vec::new(), categories, rows: None, basis: [0; 2], microdata })
    }

    /// A tally in which several rows may belong to one person, of which at most `most` are counted.
    #[must_use]
    pub fn with_rows_per_person(mut self, most: u32) -> Tally {
        self.rows = Some(RowBound { most, seen: HashMap::new(), hasher: RandomState::new() });
        self
    }

    /// Counts one record that is one person.
    ///
    /// # Privacy
    ///
    /// Adds at most one to at most `most_cells_per_person` cells of each table, by a rule that reads this record alone. So
    /// does a table that counts only some people: whether she is among them is read off her own record.
    pub fn add(&mut self, record: &Record) {
        for (derivation, categories) in self.dimensions.iter().zip(&mut self.categories) {
            derivation.categories(record, categories);
        }
        if let Some(microdata) = &mut self.microdata {
            let Microdata { dimensions, layout, counts, rows, codes } = microdata;
            codes.clear();
            for (dimension, categories) in dimensions.iter().zip(&self.categories) {
                synth::codes(dimension, categories, codes);
            }
            *rows += 1;
            counts.add(layout, |column| codes[column]);
        }
        for table in &mut self.tables {
            if let Some((dimension, counted)) = &table.among
                && !self.categories[*dimension].iter().any(|c| counted[usize::from(*c)])
            {
                continue;
            }
            let mut added = 0;
            walk(&table.dimensions, &self.categories, 0, &mut |cell| {
                // The definition already bounds the number of cells; this holds it even if a definition were wrong.
                if added < table.most_cells {
                    table.counts.cells[cell] += 1;
                    added += 1;
                }
            });
        }
    }

    /// Counts one record that is one person, and the ground on which it is read.
    pub fn add_on(&mut self, ground: Ground, record: &Record) {
        self.basis[usize::from(ground == Ground::LegalBasis)] += 1;
        self.add(record);
    }

    /// Counts one row of a person, unless that person already has as many as are kept.
    pub fn add_row_of(&mut self, person: impl Hash, record: &Record) {
        if self.takes_row_of(person) {
            self.add(record);
        }
    }

    /// Whether one more row of a person is counted; counts it against her bound.
    fn takes_row_of(&mut self, person: impl Hash) -> bool {
        let Some(rows) = &mut self.rows else { return true };
        let seen = rows.seen.entry(rows.hasher.hash_one(person)).or_insert(0);
        let takes = *seen < rows.most;
        *seen += u32::from(takes);
        takes
    }

    /// Counts one row, of the person named if rows may belong together, with the ground on which it is read.
    pub fn add_person(&mut self, person: Option<&str>, ground: Ground, record: &Record) {
        let Some(person) = person else { return self.add_on(ground, record) };
        if self.takes_row_of(person) {
            self.add_on(ground, record);
        }
    }

    /// The exact counts.
    pub fn finish(self) -> Counts {
        if let Some(microdata) = self.microdata {
            let rows = Table { id: ROWS.to_owned(), cells: vec![microdata.rows] };
            let lengths =
                microdata.counts.into_lengths().into_iter().enumerate().map(|(at, cells)| Table {
                    id: length_id(at + 1),
                    cells: cells.into_iter().map(u64::from).collect(),
                });
            return Counts { tables: std::iter::once(rows).chain(lengths).collect() };
        }
        let basis = Table { id: BASIS.to_owned(), cells: self.basis.to_vec() };
        Counts { tables: self.tables.into_iter().map(|p| p.counts).chain([basis]).collect() }
    }
}

/// Visits every cell that the combination of categories names, row-major.
fn walk(dimensions: &[(usize, usize)], categories: &[Vec<u8>], cell: usize, visit: &mut dyn FnMut(usize)) {
    match dimensions.split_first() {
        None => visit(cell),
        Some(((index, size), rest)) => {
            for category in &categories[*index] {
                walk(rest, categories, cell * size + usize::from(*category), visit);
            }
        }
    }
}

//! Synthetic microdata: invented rows whose tables are, by construction, the measured ones.
//!
//! This is the simplest synthesis that keeps every declared table: rows are laid out by the finest table in which a person
//! has one cell, and each table in which people may have several cells is added by independent draws inside each of its
//! groups. What no declared table holds, the rows don't hold either: dimensions of different tables are independent given
//! the dimensions they share.
//!
//! # Privacy
//!
//! Post-processing of measurements over records with consent to microdata (PRIVACY 6). The seed is a function of those
//! measurements, so the rows are the same each time they are made.

use crate::consistent::{ConsistencyError, reconcile};
use crate::noisy::NoisyTable;
use accord_standard::dimension::Dimension;
use accord_standard::workload::{TableSpec, Workload};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// Synthetic rows, in a few bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// The table that each row is a cell of.
    base: TableSpec,
    /// Cell of each row.
    cells: Vec<u32>,
    /// Dimensions in which a row may stand in several categories: one set of bits a row, by position of the category.
    several: Vec<(Dimension, Vec<u32>)>,
}

impl Synthetic {
    /// Dimension ids: one column each.
    pub fn columns(&self) -> Vec<&str> {
        self.base.dimensions.iter().chain(self.several.iter().map(|(d, _)| d)).map(|d| d.id.as_str()).collect()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, category ids by column; several joined with `;`.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.cells.iter().enumerate().map(|(row, cell)| {
            let categories = self.base.categories_of(*cell as usize);
            let single = categories.into_iter().zip(&self.base.dimensions).map(|(c, d)| d.categories[c].id.clone());
            let several = self.several.iter().map(|(d, sets)| {
                let held = d.categories.iter().enumerate().filter(|(bit, _)| sets[row] & (1 << bit) != 0);
                held.map(|(_, c)| c.id.as_str()).collect::<Vec<_>>().join(";")
            });
            single.chain(several).collect()
        })
    }
}

/// Most rows that are made, whatever the noise says.
const MOST_ROWS: u64 = 20_000_000;

/// Most categories of a dimension in which a row may stand in several.
const MOST_CATEGORIES: usize = 32;

/// Makes synthetic rows from the microdata measurements of a workload.
pub fn synthesise(workload: &Workload, measured: &[NoisyTable]) -> Result<Synthetic, ConsistencyError> {
    let reconciled = reconcile(workload, measured)?;
    let mut rng = ChaCha20Rng::from_seed(seed_of(measured));
    let single = |t: &&TableSpec| t.most_cells_per_person() == 1;
    let (base_at, base) = workload
        .tables
        .iter()
        .enumerate()
        .filter(|(_, t)| single(t))
        .max_by_key(|(_, t)| t.cells())
        .ok_or_else(|| ConsistencyError::Shape("with one cell a person".into()))?;
    let total: u64 = reconciled[base_at].shown.iter().sum();
    if total > MOST_ROWS {
        return Err(ConsistencyError::Workload(base.id.clone(), "holds more rows than can be made"));
    }

    let mut cells: Vec<u32> = Vec::with_capacity(total as usize);
    for (cell, count) in reconciled[base_at].shown.iter().enumerate() {
        cells.extend(std::iter::repeat_n(cell as u32, *count as usize));
    }
    cells.shuffle(&mut rng);

    let mut several: Vec<(Dimension, Vec<u32>)> = Vec::new();
    for (spec, values) in workload.tables.iter().zip(&reconciled) {
        let Some((last, leading)) = spec.dimensions.split_last() else { continue };
        let known = base.dimensions.iter().chain(several.iter().map(|(d, _)| d)).any(|d| d.id == last.id);
        let shares_groups = leading.iter().all(|d| base.dimensions.contains(d));
        if spec.most_cells_per_person() == 1 || known || !shares_groups || last.size() > MOST_CATEGORIES {
            continue;
        }
        let places: Vec<usize> = leading.iter().filter_map(|d| base.dimensions.iter().position(|b| b == d)).collect();
        // Group of every cell of the base table, so that rows need one look-up.
        let group_of: Vec<usize> = (0..base.cells())
            .map(|cell| {
                let categories = base.categories_of(cell);
                leading.iter().zip(&places).fold(0, |group, (d, at)| group * d.size() + categories[*at])
            })
            .collect();
        let groups: usize = leading.iter().map(Dimension::size).product();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); groups];
        for (row, cell) in cells.iter().enumerate() {
            members[group_of[*cell as usize]].push(row as u32);
        }
        let mut held = vec![0_u32; cells.len()];
        for (group, members) in members.iter_mut().enumerate() {
            let counts = &values.shown[group * last.size()..(group + 1) * last.size()];
            assign(members, counts, last, &mut held, &mut rng);
        }
        several.push((last.clone(), held));
    }
    Ok(Synthetic { base: base.clone(), cells, several })
}

/// Gives each member of a group its categories: every category to as many members as its count says, chosen anew for each
/// category; those left without any get `none` or `unknown` in the measured proportion.
fn assign(members: &mut [u32], counts: &[u64], dimension: &Dimension, held: &mut [u32], rng: &mut ChaCha20Rng) {
    let rest = |id: &str| id == "none" || id == "unknown";
    for (bit, (_, count)) in dimension.categories.iter().zip(counts).enumerate().filter(|(_, (c, _))| !rest(&c.id)) {
        // As many as the count says, or all; chosen by a shuffle of the beginning only.
        let wanted = (*count).min(members.len() as u64) as usize;
        let (chosen, _) = members.partial_shuffle(rng, wanted);
        for member in chosen.iter() {
            held[*member as usize] |= 1 << bit;
        }
    }
    let find = |id: &str| dimension.categories.iter().zip(counts).enumerate().find(|(_, (c, _))| c.id == id);
    let (none, unknown) = (find("none"), find("unknown"));
    let weight = |found: Option<(usize, (_, &u64))>| found.map_or(0, |(_, (_, n))| *n);
    let (none_weight, both) = (weight(none), weight(none).saturating_add(weight(unknown)));
    let bit = |found: Option<(usize, _)>| found.map_or(0, |(bit, _)| 1_u32 << bit);
    for member in members.iter() {
        if held[*member as usize] == 0 {
            let is_none = none_weight > 0 && rng.random_range(0..both.max(1)) < none_weight;
            held[*member as usize] = if is_none { bit(none) } else { bit(unknown) };
        }
    }
}

/// The seed: a function of the measurements alone.
fn seed_of(measured: &[NoisyTable]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"accord/synthesis/1");
    for table in measured {
        hash.update((table.table.len() as u64).to_le_bytes());
        hash.update(table.table.as_bytes());
        hash.update((table.values.len() as u64).to_le_bytes());
        for value in &table.values {
            hash.update(value.to_le_bytes());
        }
    }
    hash.finalize().into()
}

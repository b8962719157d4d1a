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
use accord_standard::workload::{TableSpec, Workload};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// Synthetic rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// Dimension ids: one column each.
    pub columns: Vec<String>,
    /// Category ids by column; several joined with `;`.
    pub rows: Vec<Vec<String>>,
}

/// Most rows that are made, whatever the noise says; far above any real holder.
const MOST_ROWS: u64 = 50_000_000;

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

    // Rows as category indices by dimension of the base table.
    let mut cells: Vec<usize> = Vec::with_capacity(total as usize);
    for (cell, count) in reconciled[base_at].shown.iter().enumerate() {
        cells.extend(std::iter::repeat_n(cell, *count as usize));
    }
    cells.shuffle(&mut rng);

    let mut columns: Vec<String> = base.dimensions.iter().map(|d| d.id.clone()).collect();
    let mut rows: Vec<Vec<String>> = cells
        .iter()
        .map(|cell| {
            base.categories_of(*cell)
                .into_iter()
                .zip(&base.dimensions)
                .map(|(c, d)| d.categories[c].id.clone())
                .collect()
        })
        .collect();

    for (spec, values) in workload.tables.iter().zip(&reconciled) {
        let Some((last, leading)) = spec.dimensions.split_last() else { continue };
        let shares_groups = leading.iter().all(|d| base.dimensions.contains(d));
        if spec.most_cells_per_person() == 1 || columns.contains(&last.id) || !shares_groups {
            continue;
        }
        columns.push(last.id.clone());
        let places: Vec<usize> = leading.iter().filter_map(|d| base.dimensions.iter().position(|b| b == d)).collect();
        let group_of = |cell: usize| -> usize {
            let categories = base.categories_of(cell);
            leading.iter().zip(&places).fold(0, |group, (d, at)| group * d.size() + categories[*at])
        };
        let groups: usize = leading.iter().map(accord_standard::dimension::Dimension::size).product();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
        for (row, cell) in cells.iter().enumerate() {
            members[group_of(*cell)].push(row);
        }
        let mut held: Vec<Vec<&str>> = vec![Vec::new(); rows.len()];
        for (group, members) in members.iter_mut().enumerate() {
            let counts = &values.shown[group * last.size()..(group + 1) * last.size()];
            assign(members, counts, last, &mut held, &mut rng);
        }
        for (row, held) in rows.iter_mut().zip(held) {
            row.push(held.join(";"));
        }
    }
    Ok(Synthetic { columns, rows })
}

/// Gives each member of a group its categories: every category to as many members as its count says, chosen anew for each
/// category; those left without any get `none` or `unknown` in the measured proportion.
fn assign<'d>(
    members: &mut [usize],
    counts: &[u64],
    dimension: &'d accord_standard::dimension::Dimension,
    held: &mut [Vec<&'d str>],
    rng: &mut ChaCha20Rng,
) {
    let rest = |id: &str| id == "none" || id == "unknown";
    for (category, count) in dimension.categories.iter().zip(counts).filter(|(c, _)| !rest(&c.id)) {
        members.shuffle(rng);
        for member in members.iter().take(*count as usize) {
            held[*member].push(&category.id);
        }
    }
    let weight = |id: &str| -> u64 {
        dimension.categories.iter().zip(counts).filter(|(c, _)| c.id == id).map(|(_, n)| *n).sum()
    };
    let (none, unknown) = (weight("none"), weight("unknown"));
    for member in members.iter().filter(|m| held[**m].is_empty()).copied().collect::<Vec<_>>() {
        let is_none = none > 0 && rng.random_range(0..none.saturating_add(unknown).max(1)) < none;
        held[member].push(if is_none { "none" } else { "unknown" });
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

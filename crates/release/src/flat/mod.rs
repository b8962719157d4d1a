//! Flat tables of categories: from noisy counts of combinations to synthetic rows, and to the counts of those rows.
//!
//! [`layout`] says which combinations are counted; `accord-measure` counts them and adds noise. From there on everything is
//! here and is a deterministic function of the noisy counts:
//!
//! 1. [`grow`]: a model of highest entropy over a junction tree of bounded size is fitted to those tables that matter most;
//! 2. [`draw`]: rows are drawn from it;
//! 3. [`adjust`]: the rows are adjusted to all noisy counts at once;
//! 4. [`aggregate`]: combinations of the rows are counted, each with the interval that the noise warrants.
//!
//! **It must never know** records or exact counts.
//!
//! Start reading at [`make`].

pub mod adjust;
pub mod again;
pub mod aggregate;
pub mod choice;
pub mod compare;
pub mod draw;
pub mod fit;
pub mod fold;
pub mod groups;
pub mod grow;
pub mod layout;
pub mod model;
pub mod page;
pub mod preview;
pub mod quality;
pub mod report;
pub mod rows;
pub mod tree;

use crate::noisy::NoisyTable;
use accord_standard::columns::Columns;
use fold::Fold;
use grow::Growth;
use layout::{Layout, LayoutError, Shape};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use rows::Rows;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Id of the noisy count of rows.
pub const ROWS: &str = "rows";

/// Id of the privately chosen bound on filled columns.
pub const MOST_FILLED: &str = "most-filled";

/// Id of the noisy count of rows that fill more columns than the bound, and so are missing from some counts.
pub const CUT: &str = "cut-rows";

/// SHA-256 of a domain, in hex: two domains with the same hash are the same.
pub fn domain_hash(columns: &Columns) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for column in &columns.columns {
        text(&column.name);
        // The length of every list goes before it, so that no two domains are written alike.
        let groups: Vec<String> = column.group_of.iter().map(ToString::to_string).collect();
        let maybe = |text: &Option<String>| text.iter().cloned().collect::<Vec<String>>();
        for list in
            [&column.values, &column.groups, &groups, &column.absent, &maybe(&column.other), &maybe(&column.codelist)]
        {
            text(&list.len().to_string());
            list.iter().for_each(|v| text(v));
        }
    }
    hex::encode(hash.finalize())
}

/// Id of the noisy counts of one length.
pub fn length_id(length: usize) -> String {
    format!("length-{length}")
}

/// What was measured of a flat table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The public domain.
    pub columns: Columns,
    /// Which combinations were counted.
    pub shape: Shape,
    /// The most rows of one person.
    pub rows_per_person: u32,
    /// The noisy count of rows, the bound if it was chosen, then the noisy counts of each length, in the layout's order.
    pub tables: Vec<NoisyTable>,
    /// How the bound was chosen, if it was: its table then has no draw, as no noise is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<choice::Choice>,
}

/// What is asked of the rows; none of it costs anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// From 0 to 3: how much to hold back combinations that may be invented by noise, at the price of real rare ones.
    pub dial: f64,
    /// Weight of each column of the domain; all alike if empty.
    pub weights: Vec<f64>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { dial: 2.0, weights: Vec::new() }
    }
}

/// Most rows that are made, whatever the noise says.
pub const MOST_ROWS: u64 = 20_000_000;

/// Most values, rows by columns, that are held in memory: two bytes each.
const MOST_VALUES: u64 = 1_000_000_000;

/// Most rows that are adjusted one by one; where more are counted, each stands for several people and is repeated.
const MOST_ADJUSTED: usize = 1_000_000;

/// Why rows can't be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FlatError {
    /// The domain can't be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A table is missing or has another size than the layout says.
    #[error("the noisy counts {0} are not there, or are not those of this domain")]
    Shape(String),
    /// A setting is out of range.
    #[error("{0}")]
    Ask(String),
}

/// Noisy counts with their noise, checked against the layout.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Number of rows, at least one.
    pub total: f64,
    /// Noisy counts by length.
    pub noisy: Vec<Vec<i64>>,
    /// Standard deviation of the noise by length.
    pub sigma: Vec<f64>,
}

/// How rows are made: constants of the method, and what was asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Weight of each column.
    pub weights: Vec<f64>,
    /// Batches in which tables are chosen for the model.
    pub batches: usize,
    /// Factors that the model may have, a column.
    pub factors_per_column: usize,
    /// Most cells of the junction tree.
    pub tree_cells: f64,
    /// Most passes of the fit after each batch.
    pub passes: u32,
    /// Rows that are drawn to see what the model says: at least and at most.
    pub sample_at_least: usize,
    /// See above.
    pub sample_at_most: usize,
    /// Of the combinations that rows are given for the first time, about the share that may be noise alone.
    pub invented_share: f64,
    /// Share of the noise of a gain that a change must exceed.
    pub caution: f64,
    /// Sweeps of the adjustment: where blank counts as a value, and where it is implied, which takes more to settle.
    pub sweeps: [usize; 2],
    /// What is ruled out before the last sweeps: pairs with at most so many rows; longer combinations with at most so many
    /// rows and a noisy count under so many standard deviations.
    pub rule_out: Option<(f32, f32, f64)>,
    /// Most lookups of one sweep; where blank is implied and there would be more, rows are adjusted to combinations of up
    /// to two.
    pub most_lookups: f64,
}

impl Settings {
    /// The settings of the method, with what is asked.
    pub fn new(columns: usize, ask: &Ask) -> Result<Settings, FlatError> {
        if !(0.0..=3.0).contains(&ask.dial) {
            return Err(FlatError::Ask(format!("the dial goes from 0 to 3, and {} is outside", ask.dial)));
        }
        let weights = if ask.weights.is_empty() { vec![1.0; columns] } else { ask.weights.clone() };
        if weights.len() != columns || weights.iter().any(|w| !w.is_finite() || *w <= 0.0 || *w > 100.0) {
            return Err(FlatError::Ask("there must be a weight over 0 and at most 100 for every column".to_owned()));
        }
        // Between its marks the dial is read linearly. 0: nothing is held back. Up to 2: ever more evidence is wanted before
        // a combination is shown for the first time. 3: nothing stays that isn't clear of its noise.
        let at = |marks: [f64; 4]| {
            let low = (ask.dial.floor() as usize).min(2);
            marks[low] + (marks[low + 1] - marks[low]) * (ask.dial - low as f64)
        };
        let beyond = ask.dial - 2.0;
        let rule_out = (beyond > 0.0).then_some((25.0 * beyond as f32, 25.0 * beyond as f32, 4.0 * beyond - 2.0));
        Ok(Settings {
            weights,
            batches: 2,
            factors_per_column: 2,
            tree_cells: 60_000.0,
            passes: 40,
            sample_at_least: 40_000,
            sample_at_most: 200_000,
            invented_share: at([1.0, 0.6, 0.13, 0.02]),
            caution: 0.4,
            sweeps: [2, 4],
            rule_out,
            most_lookups: 2e10,
        })
    }
}

/// What was made, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The rows.
    pub rows: Rows,
    /// The model that they began from.
    pub growth: Growth,
    /// Largest distance between model and drawn rows over all pairs of columns, before the rows were adjusted: half the
    /// sum of absolute differences, as a share of all rows.
    pub sampler_distance: f64,
    /// Values changed by each sweep of the adjustment.
    pub changed: Vec<u64>,
    /// Combinations that were ruled out.
    pub ruled_out: u64,
    /// Length of the longest combinations that rows were adjusted to.
    pub adjusted_to: usize,
    /// Columns whose rare values the model held together, by position, with the number of values that it held of them.
    pub folded: Vec<(usize, usize)>,
}

impl Measured {
    /// Length of the longest combinations that were measured.
    pub fn lengths(&self) -> usize {
        usize::from(self.shape.longest).min(self.columns.columns.len())
    }

    /// The layout of the counts.
    pub fn layout(&self) -> Result<Layout, FlatError> {
        Ok(Layout::new(&self.columns, self.shape)?)
    }

    /// The noisy counts, checked against the layout.
    pub fn counts(&self, layout: &Layout) -> Result<Counts, FlatError> {
        let table = |id: &str, cells: usize| {
            let found = self.tables.iter().find(|t| t.table == id && t.values.len() == cells);
            found.ok_or_else(|| FlatError::Shape(id.to_owned()))
        };
        let most = MOST_ROWS.min(MOST_VALUES / layout.columns().max(1) as u64);
        let rows = table(ROWS, 1)?.values[0].max(1).cast_unsigned();
        if rows > most {
            return Err(FlatError::Ask(format!(
                "at most {most} rows of so many columns can be made, and there are about {rows}: choose fewer columns"
            )));
        }
        let direct = rows as f64;
        let mut noisy = Vec::new();
        let mut sigma = Vec::new();
        for length in 1..=layout.lengths() {
            let table = table(&length_id(length), layout.cells(length))?;
            noisy.push(table.values.clone());
            sigma.push(table.noise().sigma());
        }
        let total = if layout.dense() { self.rows_by_tables(layout, direct, &noisy, &sigma) } else { direct };
        Ok(Counts { total: total.min(most as f64), noisy, sigma })
    }
}

impl Measured {
    /// The number of rows where blank counts as a value: every table counts every row once, so that its sum is a noisy count of
    /// all rows too. All are averaged with the inverse of their variances.
    fn rows_by_tables(&self, layout: &Layout, direct: f64, noisy: &[Vec<i64>], sigma: &[f64]) -> f64 {
        let own = self.tables.iter().find(|t| t.table == ROWS).map_or(1.0, |t| t.noise().sigma().max(1e-3));
        let mut weight = 1.0 / (own * own);
        let mut sum = direct * weight;
        for (tables, (noisy, sigma)) in layout.tables.iter().zip(noisy.iter().zip(sigma)) {
            for table in tables {
                let cells = &noisy[table.offset..table.offset + table.cells];
                let all = cells.iter().fold(0_i64, |sum, value| sum.saturating_add(*value));
                let share = 1.0 / (table.cells as f64 * sigma * sigma).max(1e-6);
                weight += share;
                sum += share * all as f64;
            }
        }
        // Tables that contradict the count of rows beyond all chance are none of this table's.
        (sum / weight).clamp(direct - 6.0 * own, direct + 6.0 * own).round().max(1.0)
    }
}

/// Makes as many rows as the noisy count says: the same rows each time, on every machine.
///
/// # Privacy
///
/// Post-processing: a deterministic function of the noisy counts and of public settings (PRIVACY 11). The seed of its
/// random choices is a hash of the same.
pub fn make(measured: &Measured, ask: &Ask, progress: &mut dyn FnMut(f64)) -> Result<Made, FlatError> {
    let settings = Settings::new(measured.columns.columns.len(), ask)?;
    make_by(measured, &settings, progress)
}

/// [`make`] with other settings than those of the method, for measuring what they do.
pub fn make_by(measured: &Measured, settings: &Settings, progress: &mut dyn FnMut(f64)) -> Result<Made, FlatError> {
    let layout = measured.layout()?;
    let counts = measured.counts(&layout)?;
    let mut rng = ChaCha20Rng::from_seed(seed_of(measured));
    Ok(make_with(measured, &layout, &counts, settings, &mut rng, progress))
}

fn make_with(
    measured: &Measured,
    layout: &Layout,
    counts: &Counts,
    settings: &Settings,
    rng: &mut ChaCha20Rng,
    progress: &mut dyn FnMut(f64),
) -> Made {
    let folds = folds(measured, layout, counts);
    let (model, growth) = grow::grow(layout, counts, &folds, settings, rng, &mut |done| progress(0.3 * done));
    progress(0.3);
    let full = counts.total as usize;
    let mut rows = draw::draw(&model, &folds, full.min(MOST_ADJUSTED), rng);
    let sampler_distance = distance(&model, &folds, &rows);
    progress(0.4);
    let mut adjuster = adjust::Adjuster::new(layout, counts, settings, &rows);
    let mut changed = Vec::new();
    let mut ruled_out = 0;
    let sweeps = settings.sweeps[usize::from(!layout.dense())];
    for sweep in 0..sweeps {
        if let (Some((pair, few, tau)), true) = (settings.rule_out, sweep + 1 == sweeps) {
            ruled_out = adjuster.rule_out(counts, pair, few, tau);
        }
        let mut so_far = |done: f64| progress(0.4 + 0.6 * (sweep as f64 + done) / sweeps as f64);
        changed.push(adjuster.sweep(&mut rows, rng, &mut so_far));
        so_far(1.0);
    }
    let adjusted_to = adjuster.longest();
    shuffle(&mut rows, rng);
    if rows.len < full {
        repeat(&mut rows, full);
    }
    let folded = folds.iter().enumerate().filter(|(_, f)| !f.is_plain()).map(|(c, f)| (c, f.size())).collect();
    Made { rows, growth, sampler_distance, changed, ruled_out, adjusted_to, folded }
}

/// Puts rows in a random order, so that their order says nothing.
fn shuffle(rows: &mut Rows, rng: &mut ChaCha20Rng) {
    let mut order: Vec<u32> = (0..rows.len as u32).collect();
    order.shuffle(rng);
    for column in &mut rows.columns {
        *column = order.iter().map(|row| column[*row as usize]).collect();
    }
}

/// Repeats rows from the beginning until there are so many.
fn repeat(rows: &mut Rows, len: usize) {
    for column in &mut rows.columns {
        let had = column.len();
        column.reserve_exact(len.saturating_sub(had));
        while column.len() < len && had > 0 {
            let more = had.min(len - column.len());
            column.extend_from_within(..more);
        }
    }
    rows.len = rows.columns.first().map_or(0, Vec::len);
}

/// As many rows as asked for: the first of those that were made, which stand in random order, and again from the beginning
/// where they don't last.
///
/// # Errors
/// If more are asked for than can be made.
pub fn take(rows: &Rows, len: u64) -> Result<Rows, FlatError> {
    let most = MOST_ROWS.min(MOST_VALUES / rows.columns.len().max(1) as u64);
    if len > most {
        return Err(FlatError::Ask(format!("at most {most} rows of so many columns can be made, not {len}")));
    }
    let columns: Vec<Vec<u16>> =
        rows.columns.iter().map(|c| c.iter().cycle().take(len as usize).copied().collect()).collect();
    let len = columns.first().map_or(0, Vec::len);
    Ok(Rows { columns, len })
}

/// How each column is folded, by its noisy single counts.
fn folds(measured: &Measured, layout: &Layout, counts: &Counts) -> Vec<Fold> {
    let mut folds: Vec<Fold> =
        measured.columns.columns.iter().map(|c| Fold::new(c, &vec![0.0; c.codes()], 0.0)).collect();
    for (at, table) in layout.tables[0].iter().enumerate() {
        let column = &measured.columns.columns[layout.order[at]];
        let mut by_code = vec![0.0; column.codes()];
        for cell in 0..table.cells {
            by_code[usize::from(layout.code(cell))] = counts.noisy[0][table.offset + cell] as f64;
        }
        folds[layout.order[at]] = Fold::new(column, &by_code, counts.sigma[0]);
    }
    folds
}

/// Largest distance between the model and drawn rows over all pairs of columns.
fn distance(model: &model::Model, folds: &[Fold], rows: &Rows) -> f64 {
    let mut most = 0.0_f64;
    let d = folds.len();
    for a in 0..d {
        for b in a + 1..d {
            let expected = model.pair(a, b);
            let size = folds[b].size();
            let mut seen = vec![0.0; expected.len()];
            for (x, y) in rows.columns[a].iter().zip(&rows.columns[b]) {
                seen[folds[a].of[usize::from(*x)] * size + folds[b].of[usize::from(*y)]] += 1.0;
            }
            let apart: f64 = expected.iter().zip(&seen).map(|(e, s)| (e - s).abs()).sum();
            most = most.max(apart / (2.0 * rows.len.max(1) as f64));
        }
    }
    most
}

/// The seed: a function of the noisy counts alone.
fn seed_of(measured: &Measured) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"accord/flat/1");
    for table in &measured.tables {
        hash.update((table.table.len() as u64).to_le_bytes());
        hash.update(table.table.as_bytes());
        hash.update((table.values.len() as u64).to_le_bytes());
        for value in &table.values {
            hash.update(value.to_le_bytes());
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;

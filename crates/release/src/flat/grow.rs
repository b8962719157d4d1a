//! Growing the model: in batches, the tables of which the model so far is most wrong beyond their noise are made factors of
//! it, as long as the junction tree stays small. All that is looked at is noisy, so that choosing costs nothing.

use super::draw::draw;
use super::fit::{Convergence, Target, fit};
use super::fold::Fold;
use super::layout::{Layout, Table};
use super::model::Model;
use super::tree;
use super::{Counts, Settings};
use rand_chacha::ChaCha20Rng;

/// Mean of the absolute value of a normal variable, in standard deviations.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;
/// Candidates that are tried for one batch before it is left as it is.
const TRIES: usize = 200;

/// What the model was grown from.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Factors over two or more columns, by position of the columns in the layout.
    pub factors: Vec<Vec<usize>>,
    /// Cells of the junction tree.
    pub cells: usize,
    /// How far the last fit came.
    pub convergence: Convergence,
}

/// Grows and fits a model.
pub fn grow(
    layout: &Layout,
    counts: &Counts,
    folds: &[Fold],
    settings: &Settings,
    rng: &mut ChaCha20Rng,
    progress: &mut dyn FnMut(f64),
) -> (Model, Growth) {
    let sizes: Vec<usize> = folds.iter().map(Fold::size).collect();
    let mut chosen: Vec<&Table> = layout.tables[0].iter().collect();
    let mut targets: Vec<Target> = chosen.iter().map(|t| target(layout, counts, folds, t)).collect();
    let mut potentials: Vec<Vec<f64>> = targets.iter().map(|t| vec![0.0; t.counts.len()]).collect();
    let mut scopes: Vec<Vec<usize>> = chosen.iter().map(|t| scope(layout, t)).collect();
    let batches = if layout.lengths() > 1 { settings.batches } else { 0 };
    for batch in 0..=batches {
        let mut model = Model::new(&sizes, &scopes, counts.total);
        let passes = if batch == batches { 2 * settings.passes } else { settings.passes };
        let convergence = fit(&mut model, &mut potentials, &targets, passes);
        // Of a batch, fitting is about a fifth, and looking for what the model is wrong of the rest.
        let so_far = |part: f64| (batch as f64 + part) / (batches + 1) as f64;
        progress(so_far(0.2));
        if batch == batches {
            let factors = chosen[layout.columns()..].iter().map(|t| t.at.iter().map(|a| usize::from(*a)).collect());
            let growth = Growth { factors: factors.collect(), cells: model.cells(), convergence };
            return (model, growth);
        }
        let wanted = settings.factors_per_column * layout.columns() / batches;
        let most = settings.tree_cells * (batch + 1) as f64 / batches as f64;
        let found = candidates(layout, counts, &model, folds, settings, &chosen, rng);
        progress(so_far(0.8));
        for table in found {
            if chosen.len() >= layout.columns() + wanted * (batch + 1) {
                break;
            }
            let new = chosen.iter().skip(layout.columns() + wanted * batch);
            let overlaps = new.clone().any(|t| t.at.iter().filter(|a| table.at.contains(a)).count() >= 2);
            if overlaps {
                continue;
            }
            scopes.push(scope(layout, table));
            if tree::cells(&sizes, &scopes) > most {
                scopes.pop();
                continue;
            }
            let target = target(layout, counts, folds, table);
            potentials.push(vec![0.0; target.counts.len()]);
            targets.push(target);
            chosen.push(table);
        }
    }
    unreachable_model(&sizes, counts)
}

/// The loop above always ends with its last batch; this keeps the function total.
fn unreachable_model(sizes: &[usize], counts: &Counts) -> (Model, Growth) {
    let model = Model::new(sizes, &[], counts.total);
    (model, Growth { factors: Vec::new(), cells: 0, convergence: Convergence::default() })
}

/// Columns of the domain that a table is over, in its order.
fn scope(layout: &Layout, table: &Table) -> Vec<usize> {
    table.at.iter().map(|a| layout.order[usize::from(*a)]).collect()
}

/// Tables that the model is wrong of by more than their noise, worst first.
fn candidates<'l>(
    layout: &'l Layout,
    counts: &Counts,
    model: &Model,
    folds: &[Fold],
    settings: &Settings,
    chosen: &[&Table],
    rng: &mut ChaCha20Rng,
) -> Vec<&'l Table> {
    let len = (counts.total.round() as usize).clamp(settings.sample_at_least, settings.sample_at_most);
    let sample = draw(model, folds, len, rng);
    let scale = counts.total / len as f64;
    let mut scored: Vec<(f64, &Table)> = Vec::new();
    for length in 2..=layout.lengths() {
        let expected = sample.count(layout, length);
        let (noisy, sigma) = (&counts.noisy[length - 1], counts.sigma[length - 1]);
        for table in &layout.tables[length - 1] {
            if chosen.iter().any(|t| t.at == table.at) {
                continue;
            }
            let cells = table.offset..table.offset + table.cells;
            let wrong: f64 = cells.map(|c| (noisy[c] as f64 - scale * f64::from(expected[c])).abs()).sum();
            let beyond = wrong - MEAN_ABSOLUTE * sigma * table.cells as f64;
            let weight: f64 = scope(layout, table).iter().map(|c| settings.weights[*c]).product();
            scored.push((beyond * weight, table));
        }
    }
    scored.retain(|s| s.0 > 0.0);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.at.cmp(&b.1.at)));
    // Trying a table means building a tree, which takes the longer the more columns there are.
    scored.truncate((TRIES * 16 / layout.columns().max(16)).max(16));
    scored.into_iter().map(|s| s.1).collect()
}

/// The noisy counts of a table, folded as the model folds its columns.
fn target(layout: &Layout, counts: &Counts, folds: &[Fold], table: &Table) -> Target {
    let columns = scope(layout, table);
    let cells: usize = columns.iter().map(|c| folds[*c].size()).product();
    let mut sums = vec![0.0; cells];
    let mut measured = vec![false; cells];
    let noisy = &counts.noisy[table.at.len() - 1];
    for cell in 0..table.cells {
        let levels = layout.levels_of(table, cell);
        let place = columns
            .iter()
            .zip(levels)
            .fold(0, |place, (c, level)| place * folds[*c].size() + folds[*c].of[usize::from(layout.code(level))]);
        sums[place] += noisy[table.offset + cell] as f64;
        measured[place] = true;
    }
    let merged = table.cells as f64 / measured.iter().filter(|m| **m).count().max(1) as f64;
    let ridge = counts.sigma[table.at.len() - 1].max(0.5) * libm::sqrt(merged);
    Target { counts: sums, measured, ridge }
}

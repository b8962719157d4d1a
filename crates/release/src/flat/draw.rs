//! Drawing rows from a calibrated model: node by node from the root, in every group of rows that are alike so far as many
//! of each kind as the model expects, rounded, and shuffled within the group so that what the model holds independent stays
//! so.

use super::fold::Fold;
use super::model::Model;
use super::rows::Rows;
use super::tree::{product, projection};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

/// Draws so many rows.
pub fn draw(model: &Model, folds: &[Fold], len: usize, rng: &mut ChaCha20Rng) -> Rows {
    let mut rows = Rows::blank(model.sizes.len(), len);
    let mut known = vec![false; model.sizes.len()];
    for n in &model.tree.order {
        let node = &model.tree.nodes[*n];
        let (old, new): (Vec<usize>, Vec<usize>) = node.variables.iter().partition(|v| known[**v]);
        if new.is_empty() {
            continue;
        }
        let (groups, kinds) = (product(&old, &model.sizes) as usize, product(&new, &model.sizes) as usize);
        let group_of = projection(&node.variables, &old, &model.sizes);
        let kind_of = projection(&node.variables, &new, &model.sizes);
        let mut weights = vec![0.0; groups * kinds];
        for (cell, expected) in model.belief[*n].iter().enumerate() {
            weights[group_of[cell] as usize * kinds + kind_of[cell] as usize] += expected;
        }
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); groups];
        for row in 0..len {
            let group = old.iter().fold(0, |g, v| g * model.sizes[*v] + usize::from(rows.columns[*v][row]));
            members[group].push(row as u32);
        }
        for (group, members) in members.iter().enumerate() {
            let given = apportion(&weights[group * kinds..(group + 1) * kinds], members.len(), rng);
            for (row, kind) in members.iter().zip(given) {
                let mut rest = kind as usize;
                for v in new.iter().rev() {
                    rows.columns[*v][*row as usize] = (rest % model.sizes[*v]) as u16;
                    rest /= model.sizes[*v];
                }
            }
        }
        new.iter().for_each(|v| known[*v] = true);
    }
    for (column, fold) in rows.columns.iter_mut().zip(folds) {
        unfold(column, fold, rng);
    }
    rows
}

/// Gives rows the codes that their values in the model stand for.
fn unfold(column: &mut [u16], fold: &Fold, rng: &mut ChaCha20Rng) {
    if fold.is_plain() {
        let code_of = |value: u16| fold.members.get(usize::from(value)).and_then(|m| m.first()).map_or(0, |m| m.0);
        column.iter_mut().for_each(|code| *code = code_of(*code));
        return;
    }
    let mut codes = vec![0; column.len()];
    for (value, members) in fold.members.iter().enumerate() {
        let here: Vec<usize> = (0..column.len()).filter(|r| usize::from(column[*r]) == value).collect();
        let weights: Vec<f64> = members.iter().map(|m| m.1).collect();
        for (row, member) in here.iter().zip(apportion(&weights, here.len(), rng)) {
            codes[*row] = members[member as usize].0;
        }
    }
    column.copy_from_slice(&codes);
}

/// As many of each kind as its weight warrants, `len` in all, in a shuffled order: systematic sampling.
fn apportion(weights: &[f64], len: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
    let total: f64 = weights.iter().sum();
    let mut out = Vec::with_capacity(len);
    if len == 0 || weights.is_empty() {
        return out;
    }
    if total > 0.0 {
        let start: f64 = rng.random_range(0.0..1.0);
        let step = total / len as f64;
        let mut sum = 0.0;
        for (kind, weight) in weights.iter().enumerate() {
            sum += weight;
            while out.len() < len && (out.len() as f64 + start) * step < sum {
                out.push(kind as u32);
            }
        }
    }
    // What rounding left over, or all where the model says nothing: the kind with the largest weight.
    let largest = (0..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(b.cmp(a)));
    out.resize(len, largest.unwrap_or(0) as u32);
    out.shuffle(rng);
    out
}

#[cfg(test)]
mod tests;

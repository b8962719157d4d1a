//! Folding: a column with many values is held by the model in fewer, the rare ones together in their declared groups (such
//! as countries in regions) or in one. Which values are rare is read off noisy counts alone (PRIVACY 5). Only the model
//! folds; the counts that were measured stay as they are, and rows get their own values back before they are adjusted.

use accord_standard::columns::Column;

/// Most values that the model holds of one column, blank included.
const MOST: usize = 24;
/// A value is kept apart if its noisy count is over so many standard deviations of its noise.
const CLEAR: f64 = 3.0;

/// How the codes of one column are folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Value in the model, by code.
    pub of: Vec<usize>,
    /// Codes of each value in the model, with their weights.
    pub members: Vec<Vec<(u16, f64)>>,
}

impl Fold {
    /// Number of values in the model.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Whether nothing is folded.
    pub fn is_plain(&self) -> bool {
        self.members.iter().all(|m| m.len() == 1)
    }

    /// Folds a column by the noisy counts of its codes (blank first, whose count is not looked at).
    pub fn new(column: &Column, counts: &[f64], sigma: f64) -> Fold {
        let codes = column.codes();
        if codes <= MOST {
            let members = (0..codes).map(|c| vec![(c as u16, 1.0)]).collect();
            return Fold { of: (0..codes).collect(), members };
        }
        let groups = if column.groups.len() + 2 < MOST { column.groups.len() } else { 0 };
        let bin_of = |code: usize| match column.group_of.get(code - 1) {
            Some(group) if usize::from(*group) < groups => usize::from(*group),
            _ => groups,
        };
        let mut common: Vec<usize> = (1..codes).filter(|c| counts[*c] > CLEAR * sigma).collect();
        common.sort_by(|a, b| counts[*b].total_cmp(&counts[*a]).then(a.cmp(b)));
        common.truncate(MOST - groups - 2);
        common.sort_unstable();

        let mut of = vec![0; codes];
        let mut members: Vec<Vec<(u16, f64)>> = vec![vec![(0, 1.0)]];
        for code in &common {
            of[*code] = members.len();
            members.push(vec![(*code as u16, 1.0)]);
        }
        let mut bins: Vec<Vec<(u16, f64)>> = vec![Vec::new(); groups + 1];
        for code in (1..codes).filter(|c| common.binary_search(c).is_err()) {
            bins[bin_of(code)].push((code as u16, counts[code].max(0.0) + 1e-3));
        }
        for bin in bins.into_iter().filter(|b| !b.is_empty()) {
            for (code, _) in &bin {
                of[usize::from(*code)] = members.len();
            }
            members.push(bin);
        }
        Fold { of, members }
    }
}

#[cfg(test)]
mod tests;

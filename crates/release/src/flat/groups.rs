//! Quality for the groups that readers ask for first: girls of 10–14, of 15–17, and young women of 18–19, where the table's
//! public domain is known to tell them (`standard/groups.toml`).

use super::aggregate::Intervals;
use super::quality::round;
use super::rows::Rows;
use accord_standard::columns::Columns;
use accord_standard::groups::{Found, Group, find};
use serde::{Deserialize, Serialize};

/// Quality of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupQuality {
    /// Who they are, in words.
    pub group: String,
    /// The columns that tell them, each with its values.
    pub values: Vec<(String, Vec<String>)>,
    /// How many there are among the synthetic rows.
    pub count: u64,
    /// Lower end of the interval of that.
    pub low: u64,
    /// Upper end of the interval of that.
    pub high: u64,
    /// Number of combinations of the group with one further value.
    pub combinations: u64,
    /// Expected mean distance of the count of such a combination from the count behind it.
    pub expected_error: f64,
    /// Count of such a combination of middling size.
    pub typical_count: u64,
    /// Lower end of its interval.
    pub typical_low: u64,
    /// Upper end of its interval.
    pub typical_high: u64,
}

/// Quality of every group of a table, and what must be said where a table can't tell them. `truth` are the rows that were
/// made and stand for the truth, `shown` those that were made from them; the intervals are those of what is published.
pub(super) fn groups(
    columns: &Columns,
    intervals: &Intervals<'_>,
    truth: &Rows,
    shown: &Rows,
) -> (Vec<GroupQuality>, Vec<String>) {
    let Some(found) = find(columns) else {
        let note = "No two columns of this table are known to say sex and age, so that girls aged 10–14, 15–17 and 18–19 \
                    can't be looked at by themselves.";
        return (Vec::new(), vec![note.to_owned()]);
    };
    let notes = found.missing.iter().map(|label| {
        format!("{label} can't be looked at by themselves: no value of the column “{}” lies within their ages.", {
            &columns.columns[found.age].name
        })
    });
    let groups = found.groups.iter().map(|group| quality(columns, &found, group, intervals, truth, shown));
    (groups.collect(), notes.collect())
}

fn quality(
    columns: &Columns,
    found: &Found,
    group: &Group,
    intervals: &Intervals<'_>,
    truth: &Rows,
    shown: &Rows,
) -> GroupQuality {
    let (exact, again) = (count(columns, found, group, truth), count(columns, found, group, shown));
    // Noise of several cells adds up to less than the sum of their half-widths, so that sums of ends hold at least as often.
    let range = |more: Option<(u16, u16)>, count: u64| {
        let (mut low, mut high) = (0_u64, 0_u64);
        for sex in &group.sexes {
            for age in &group.ages {
                let mut cells = vec![(found.sex as u16, *sex), (found.age as u16, *age)];
                cells.extend(more);
                let (from, to) = intervals.of(&cells);
                (low, high) = (low.saturating_add(from), high.saturating_add(to));
            }
        }
        (low.min(count), high.max(count))
    };
    let mut sizes = Vec::new();
    let mut error = 0.0;
    for (column, (exact, again)) in exact.by_value.iter().zip(&again.by_value).enumerate() {
        for (code, (x, y)) in exact.iter().zip(again).enumerate().filter(|(code, (x, _))| *code > 0 && **x > 0) {
            error += x.abs_diff(*y) as f64;
            sizes.push((*x, column as u16, code as u16));
        }
    }
    sizes.sort_unstable();
    let (low, high) = range(None, exact.all);
    let typical = sizes.get(sizes.len() / 2).copied();
    let (typical_low, typical_high) = typical.map_or((0, 0), |(x, column, code)| range(Some((column, code)), x));
    let names = |column: usize, codes: &[u16]| {
        let column = &columns.columns[column];
        (column.name.clone(), codes.iter().map(|c| column.values[usize::from(*c) - 1].clone()).collect())
    };
    GroupQuality {
        group: group.label.clone(),
        values: vec![names(found.sex, &group.sexes), names(found.age, &group.ages)],
        count: exact.all,
        low,
        high,
        combinations: sizes.len() as u64,
        expected_error: round(error / (sizes.len() as f64).max(1.0), 100.0),
        typical_count: typical.map_or(0, |t| t.0),
        typical_low,
        typical_high,
    }
}

struct Count {
    all: u64,
    /// By column and code; nothing for the two columns that tell the group.
    by_value: Vec<Vec<u64>>,
}

fn count(columns: &Columns, found: &Found, group: &Group, rows: &Rows) -> Count {
    let size = |(at, c): (usize, &accord_standard::columns::Column)| {
        if at == found.sex || at == found.age { 0 } else { c.codes() }
    };
    let mut out = Count { all: 0, by_value: columns.columns.iter().enumerate().map(|c| vec![0; size(c)]).collect() };
    let (sexes, ages) = (&rows.columns[found.sex], &rows.columns[found.age]);
    let within: Vec<usize> =
        (0..rows.len).filter(|row| group.sexes.contains(&sexes[*row]) && group.ages.contains(&ages[*row])).collect();
    out.all = within.len() as u64;
    for (counts, codes) in out.by_value.iter_mut().zip(&rows.columns).filter(|(counts, _)| !counts.is_empty()) {
        for row in &within {
            counts[usize::from(codes[*row])] += 1;
        }
    }
    out
}

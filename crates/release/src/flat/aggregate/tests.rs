use super::*;
use crate::flat::tests::{Invented, codes, columns, shape};
use crate::flat::{Ask, make};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;

type Cells = Vec<(u16, u16)>;

/// Every combination of values of a table, by length and lexicographically, counted row by row by bit masks.
fn plainly(rows: &Rows, longest: usize) -> Vec<(Cells, u64)> {
    let mut counts: BTreeMap<(usize, Cells), u64> = BTreeMap::new();
    for row in 0..rows.len {
        for mask in 1_u32..1 << rows.columns.len() {
            let chosen = (0..rows.columns.len()).filter(|c| mask >> c & 1 == 1);
            let cells: Cells = chosen.map(|c| (c as u16, rows.columns[c][row])).collect();
            if cells.len() <= longest && cells.iter().all(|c| c.1 != 0) {
                *counts.entry((cells.len(), cells)).or_insert(0) += 1;
            }
        }
    }
    counts.into_iter().map(|((_, cells), n)| (cells, n)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn aggregates_are_the_counts_of_the_rows(
        sizes in prop::collection::vec(0_usize..5, 1..7),
        longest in 1_u8..4,
        dense in any::<bool>(),
        reported in 1_usize..5,
        len in 0_usize..60,
        seed in any::<u64>(),
    ) {
        let shape = shape(longest, (!dense).then_some(9));
        let rows = codes(&sizes, len, &mut ChaCha20Rng::seed_from_u64(seed));
        let measured = Invented { sizes: &sizes, shape, sigma_milli: 2500, seed }.measured(&rows);
        let aggregates = aggregate(&measured, &rows, reported).unwrap();
        let said: Vec<(Cells, u64)> = aggregates.iter().map(|a| (a.cells.clone(), a.count)).collect();
        prop_assert_eq!(said, plainly(&rows, reported));
        // A measured combination has the interval of its own noise, and is in it; one that longer ones add up to has no wider.
        let layout = measured.layout().unwrap();
        let half = crate::noise::LinearNoise::direct(&[2500]).half_width(MISS) as i64;
        let counts = measured.counts(&layout).unwrap();
        let intervals = Intervals::new(&measured, &layout, &counts);
        for length in 1..=layout.lengths() {
            prop_assert!(intervals.half_width(length).is_none_or(|h| h as i64 <= half + 1));
        }
        for a in aggregates {
            let [low, high] = a.range.unwrap();
            prop_assert!(low <= a.count && a.count <= high);
            if a.cells.len() > usize::from(longest) {
                prop_assert_eq!(low, 0);
                continue;
            }
            if dense && a.cells.len() < layout.lengths() {
                continue;
            }
            let mut held = a.cells.clone();
            held.sort_by_key(|(c, _)| layout.order.iter().position(|o| o == &usize::from(*c)));
            let table = layout.tables[held.len() - 1].iter().find(|t| {
                t.at.iter().map(|p| layout.order[usize::from(*p)] as u16).eq(held.iter().map(|c| c.0))
            });
            let table = table.unwrap();
            let levels: Vec<usize> = held.iter().map(|c| usize::from(layout.level(c.1).unwrap())).collect();
            let cell = (0..table.cells).find(|c| layout.levels_of(table, *c) == levels).unwrap();
            let noisy = measured.tables[held.len()].values[table.offset + cell];
            prop_assert_eq!(high, ((noisy.max(0) + half) as u64).max(a.count));
            let least = if noisy as f64 >= 5.0 * 2.5 { noisy - half } else { 0 };
            prop_assert_eq!(low, (least as u64).min(a.count));
        }
    }
}

#[test]
fn only_lengths_of_one_to_four_are_reported() {
    let rows = codes(&[2, 2, 2, 2, 2], 10, &mut ChaCha20Rng::seed_from_u64(1));
    let measured = Invented { sizes: &[2; 5], shape: shape(3, None), sigma_milli: 1000, seed: 1 }.measured(&rows);
    for wrong in [0, 5, usize::MAX] {
        assert!(matches!(aggregate(&measured, &rows, wrong), Err(FlatError::Ask(_))), "{wrong}");
    }
    assert_eq!(aggregate(&measured, &rows, 4).unwrap().iter().map(|a| a.cells.len()).max(), Some(4));
    assert_eq!(aggregate(&measured, &Rows::blank(5, 10), 4), Ok(vec![]));
}

#[test]
fn privacy_13_what_was_not_measured_holds_no_more_than_its_parts_and_no_more_than_all_rows() {
    // Every row is the same, so that each combination of any length has all rows: the hardest case for an upper end.
    let sizes = [2, 3, 2, 2];
    let mut held = [0, 0];
    for seed in 0..400 {
        let rows = Rows { columns: vec![vec![1; 120]; 4], len: 120 };
        let measured = Invented { sizes: &sizes, shape: shape(2, None), sigma_milli: 6000, seed }.measured(&rows);
        let layout = measured.layout().unwrap();
        let counts = measured.counts(&layout).unwrap();
        let intervals = Intervals::new(&measured, &layout, &counts);
        for (at, cells) in [&[(0, 1), (1, 1), (2, 1)][..], &[(0, 1), (1, 1), (2, 1), (3, 1)]].iter().enumerate() {
            let (low, high) = intervals.of(cells);
            assert_eq!(low, 0);
            held[at] += u32::from(high >= 120);
        }
    }
    println!("of 400: {held:?}");
    assert!(held.iter().all(|h| *h >= 380), "{held:?}");
}

#[test]
fn a_combination_of_no_columns_or_of_blank_is_bounded_by_all_rows() {
    let rows = codes(&[2, 3], 40, &mut ChaCha20Rng::seed_from_u64(1));
    let measured = Invented { sizes: &[2, 3], shape: shape(2, Some(2)), sigma_milli: 1000, seed: 1 }.measured(&rows);
    let layout = measured.layout().unwrap();
    let counts = measured.counts(&layout).unwrap();
    let intervals = Intervals::new(&measured, &layout, &counts);
    assert_eq!(intervals.of(&[]).0, 0);
    assert!(intervals.of(&[]).1 >= 40 - 4);
    assert_eq!(intervals.half_width(2), Some(crate::noise::LinearNoise::direct(&[1000]).half_width(MISS)));
    assert_eq!(intervals.half_width(3), None);
    assert_eq!(intervals.half_width(0), None);
}

#[test]
fn aggregates_agree_with_each_other_at_every_length() {
    let sizes = [3, 4, 2];
    let rows = codes(&sizes, 300, &mut ChaCha20Rng::seed_from_u64(2));
    let measured = Invented { sizes: &sizes, shape: shape(3, None), sigma_milli: 3000, seed: 2 }.measured(&rows);
    let made = make(&measured, &Ask::default(), &mut |_| {}).unwrap();
    let aggregates = aggregate(&measured, &made.rows, 3).unwrap();
    let count: BTreeMap<Cells, u64> = aggregates.into_iter().map(|a| (a.cells, a.count)).collect();
    for (cells, n) in &count {
        for leave in 0..cells.len() {
            let mut part = cells.clone();
            part.remove(leave);
            assert!(part.is_empty() || count[&part] >= *n);
        }
    }
    assert_eq!(columns(&sizes).columns.len(), 3);
}

#[test]
fn where_there_are_too_many_combinations_shorter_ones_are_reported_and_nothing_is_refused() {
    let rows = codes(&[4, 4, 4, 4, 4], 5_000, &mut ChaCha20Rng::seed_from_u64(5));
    let kinds: Vec<usize> = (1..=4).map(|k| combinations(&rows, k, MOST).unwrap().len()).collect();
    assert!(kinds.is_sorted_by(|a, b| a < b), "{kinds:?}");
    for (longest, most) in [(4, kinds[3]), (3, kinds[3] - 1), (2, kinds[2] - 1), (1, kinds[1] - 1), (1, 0)] {
        assert_eq!(longest_within(&rows, 4, most), longest, "{most}");
    }
    assert_eq!(longest_within(&rows, 2, MOST), 2, "no longer ones than asked");
    assert_eq!(longest_reported(&Rows::blank(3, 0), 3), 3, "no rows have no combinations");
}

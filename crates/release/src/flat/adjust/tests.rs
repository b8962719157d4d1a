use super::*;
use crate::flat::Ask;
use crate::flat::tests::{Invented, codes, shape};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;

/// Rows by combination, counted without the layout's numbering: position and level of each column.
fn plainly(layout: &Layout, rows: &Rows, table: &Table) -> HashMap<Vec<usize>, f64> {
    let mut counts = HashMap::new();
    for row in 0..rows.len {
        let levels: Option<Vec<usize>> = table
            .at
            .iter()
            .map(|at| layout.level(rows.columns[layout.order[usize::from(*at)]][row]).map(usize::from))
            .collect();
        if let Some(levels) = levels {
            *counts.entry(levels).or_insert(0.0) += 1.0;
        }
    }
    counts
}

/// People that one row stands for.
fn each(counts: &Counts, rows: &Rows) -> f64 {
    (counts.total / rows.len.max(1) as f64).max(1.0)
}

/// What a sweep lowers, by its definition: `sum w (count - noisy)² / (2 sigma²)`, where the count is the number of people that
/// the rows stand for, and the price of each combination of values that some row has.
fn objective(layout: &Layout, counts: &Counts, settings: &Settings, novelty: &[f32], rows: &Rows) -> f64 {
    let mut sum = 0.0;
    for length in 1..=layout.lengths() {
        let sigma = counts.sigma[length - 1].max(0.1);
        for table in &layout.tables[length - 1] {
            let now = plainly(layout, rows, table);
            let weight: f64 = table.at.iter().map(|at| settings.weights[layout.order[usize::from(*at)]]).product();
            for cell in 0..table.cells {
                let levels = layout.levels_of(table, cell);
                let here = now.get(&levels).copied().unwrap_or(0.0);
                let over = here * each(counts, rows) - counts.noisy[length - 1][table.offset + cell] as f64;
                sum += weight * over * over / (2.0 * sigma * sigma);
                let blank = layout.dense() && levels.contains(&0);
                if length > 1 && here > 0.0 && !blank {
                    sum += f64::from(novelty[length - 1]);
                }
            }
        }
    }
    sum
}

/// What the adjuster holds is what the rows say.
fn agrees(adjuster: &Adjuster<'_>, layout: &Layout, counts: &Counts, rows: &Rows) {
    for length in 1..=layout.lengths() {
        for table in &layout.tables[length - 1] {
            let now = plainly(layout, rows, table);
            for cell in 0..table.cells {
                let held = adjuster.cells[length - 1][table.offset + cell];
                let here = now.get(&layout.levels_of(table, cell)).copied().unwrap_or(0.0);
                let over = here - counts.noisy[length - 1][table.offset + cell] as f64 / each(counts, rows);
                assert!((f64::from(held.over) - over).abs() < 1e-3, "length {length}, cell {cell}: {over}");
                let blank = layout.dense() && layout.levels_of(table, cell).contains(&0);
                if length > 1 && !blank {
                    assert_eq!(f64::from(held.rows), here);
                } else {
                    assert!(held.rows > 0.5 * MANY);
                }
            }
        }
    }
}

struct World {
    layout: Layout,
    counts: Counts,
    settings: Settings,
    rows: Rows,
}

/// Noisy counts of one random table, and other random rows to begin from.
fn world(sizes: &[usize], longest: u8, dense: bool, lens: (usize, usize), sigma: f64, seed: u64) -> World {
    let shape = shape(longest, (!dense).then_some(u16::MAX));
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let truth = codes(sizes, lens.0, &mut rng);
    let measured = Invented { sizes, shape, sigma_milli: (sigma * 1000.0) as u64, seed }.measured(&truth);
    let layout = measured.layout().unwrap();
    let counts = measured.counts(&layout).unwrap();
    let weights = (0..sizes.len()).map(|_| [0.5, 1.0, 4.0][rng.random_range(0..3)]).collect();
    let settings = Settings::new(sizes.len(), &Ask { dial: 2.0, weights }).unwrap();
    World { layout, counts, settings, rows: codes(sizes, lens.1, &mut rng) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_sweep_raises_the_objective_and_the_counts_stay_those_of_the_rows(
        sizes in prop::collection::vec(0_usize..5, 1..6),
        longest in 1_u8..4,
        dense in any::<bool>(),
        lens in (0_usize..120, 0_usize..120),
        sigma in prop_oneof![Just(0.0), Just(0.05), 0.5_f64..20.0],
        seed in any::<u64>(),
    ) {
        let World { layout, counts, settings, mut rows } = world(&sizes, longest, dense, lens, sigma, seed);
        let mut adjuster = Adjuster::new(&layout, &counts, &settings, &rows);
        prop_assert!(adjuster.novelty.iter().all(|n| n.is_finite() && *n >= 0.0), "{:?}", adjuster.novelty);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut before = objective(&layout, &counts, &settings, &adjuster.novelty, &rows);
        for _ in 0..3 {
            let was = rows.clone();
            let moved = adjuster.sweep(&mut rows, &mut rng, &mut |_| {});
            let after = objective(&layout, &counts, &settings, &adjuster.novelty, &rows);
            prop_assert!(after <= before + 1e-5 * before.abs(), "from {} to {}", before, after);
            prop_assert!(moved == 0 || after < before, "{} moved for nothing", moved);
            prop_assert_eq!(moved == 0, was == rows);
            agrees(&adjuster, &layout, &counts, &rows);
            before = after;
        }
        // Codes stay within their columns, and no row came or went.
        prop_assert_eq!(rows.len, lens.1);
        for (column, size) in rows.columns.iter().zip(&sizes) {
            prop_assert!(column.len() == lens.1 && column.iter().all(|code| usize::from(*code) <= *size));
        }
    }
}

#[test]
fn the_gain_of_every_single_change_is_what_the_objective_says() {
    for dense in [true, false] {
        let World { layout, counts, settings, mut rows } = world(&[2, 3, 2, 4], 3, dense, (60, 50), 3.0, 11);
        let adjuster = Adjuster::new(&layout, &counts, &settings, &rows);
        let before = objective(&layout, &counts, &settings, &adjuster.novelty, &rows);
        let (mut filled, mut lines) = (Vec::new(), Vec::new());
        for at in 0..4 {
            let column = layout.order[at];
            for row in 0..50 {
                layout.filled(|c| rows.columns[c][row], &mut filled);
                adjuster.lines(at, &filled, &mut lines);
                let was = rows.columns[column][row];
                let now = layout.level(was).map(usize::from);
                let leaving = now.map_or(0.0, |level| adjuster.leaving(&lines, level));
                let mut cost = vec![0.0; layout.levels[at]];
                adjuster.entering(&lines, &mut cost);
                for (level, cost) in cost.iter().enumerate().filter(|(level, _)| Some(*level) != now) {
                    rows.columns[column][row] = layout.code(level);
                    let gain = objective(&layout, &counts, &settings, &adjuster.novelty, &rows) - before;
                    assert!(
                        (f64::from(leaving + cost) - gain).abs() < 1e-3 * (1.0 + gain.abs()),
                        "{} {gain}",
                        leaving + cost
                    );
                }
                rows.columns[column][row] = was;
            }
        }
    }
}

#[test]
fn with_next_to_no_noise_rows_from_elsewhere_come_to_nearly_the_exact_counts() {
    for (dense, len) in [(true, 400), (false, 400), (true, 1), (false, 2)] {
        let World { layout, counts, mut settings, mut rows } = world(&[3, 4, 2, 5], 3, dense, (len, len), 0.05, 5);
        settings.weights.fill(1.0);
        let mut adjuster = Adjuster::new(&layout, &counts, &settings, &rows);
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        for _ in 0..20 {
            adjuster.sweep(&mut rows, &mut rng, &mut |_| {});
        }
        for length in 1..=3 {
            let now = rows.count(&layout, length);
            let apart: f64 =
                now.iter().zip(&counts.noisy[length - 1]).map(|(a, b)| (f64::from(*a) - *b as f64).abs()).sum();
            let all = (len * layout.tables[length - 1].len()) as f64;
            println!("dense {dense}, {len} rows, length {length}: {:.4} apart", apart / all);
            assert!(apart <= [0.01, 0.03, 0.1][length - 1] * all, "length {length}: {apart} of {all}");
        }
    }
}

#[test]
fn what_is_ruled_out_is_left_where_one_change_leaves_it() {
    let World { layout, counts, settings, mut rows } = world(&[3, 4, 2, 3], 3, true, (300, 300), 4.0, 21);
    let mut adjuster = Adjuster::new(&layout, &counts, &settings, &rows);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    adjuster.sweep(&mut rows, &mut rng, &mut |_| {});
    let few = |rows: &Rows| rows.count(&layout, 2).iter().filter(|n| (1..=12).contains(*n)).count();
    let before = few(&rows);
    let ruled = adjuster.rule_out(&counts, 12.0, 12.0, 2.0);
    assert!(ruled > 0 && before > 0);
    adjuster.sweep(&mut rows, &mut rng, &mut |_| {});
    adjuster.sweep(&mut rows, &mut rng, &mut |_| {});
    assert!(few(&rows) <= before, "{} after {before}", few(&rows));
    // Nobody stands in a pair of values that was ruled out, since a blank is always another choice.
    for table in &layout.tables[1] {
        for cell in 0..table.cells {
            let held = adjuster.cells[1][table.offset + cell];
            assert!(held.over < 0.5 * RULED_OUT || held.rows == 0.0, "{} rows are left", held.rows);
        }
    }
}

#[test]
fn clearance_grows_with_the_wish_for_certainty_and_with_the_number_of_empty_cells() {
    let counts = |values: Vec<i64>| Counts { total: 1.0, noisy: vec![values], sigma: vec![5.0] };
    let mixed: Vec<i64> = (0..1000).map(|i| if i % 10 == 0 { 40 } else { i % 21 - 10 }).collect();
    let at = |share| clearance(&counts(mixed.clone()), 1, share);
    assert!(at(1.0) <= at(0.5) && at(0.5) <= at(0.1) && at(0.1) <= at(0.01));
    let mut emptier = mixed.clone();
    emptier.extend((0..20_000).map(|i| i % 21 - 10));
    assert!(clearance(&counts(emptier), 1, 0.1) > at(0.1));
    assert_eq!(clearance(&counts(vec![0; 50]), 1, 0.1), 4.0, "where nothing is over nought, everything is wanted");
    assert!((0.0..=4.0).contains(&clearance(&counts(vec![]), 1, 0.1)));
}

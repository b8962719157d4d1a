//! What one person changes in the counts of a flat table, and what a plan charges for it: exhaustively on small domains, at
//! random on larger ones.

use crate::audit_game::{columns, grid, transcript};
use crate::audit_noise::{Seeded, Silent};
use crate::bounds::arbitrary_record;
use accord_measure::combinations::Combinations;
use accord_measure::flat::plan;
use accord_measure::grid::Grid;
use accord_measure::mechanism::measure_with;
use accord_measure::plan::{Bound, Extras, Plan, Population, Step};
use accord_measure::selection::{rho_of_selection, selection_epsilon};
use accord_measure::tally::Tally;
use accord_record::model::Record;
use accord_release::account::{Rho, epsilon_of, rho_of};
use accord_release::flat::layout::{Layout, Shape};
use accord_release::flat::{CUT, MOST_FILLED, ROWS, length_id};
use accord_release::noisy::Draw;
use accord_standard::codebook::Codebook;
use accord_standard::workload;
use proptest::prelude::*;

/// Exact counts by length.
fn counts(grid: &Grid, layout: &Layout) -> Vec<Vec<i64>> {
    exact(&Combinations::count(grid, layout), layout)
}

fn exact(exact: &Combinations, layout: &Layout) -> Vec<Vec<i64>> {
    let draw = Draw { sigma_milli: 1, rho: Rho(1), sensitivity_squared: 1, entry: String::new() };
    let length = |k| exact.measure_length(k, draw.clone(), &mut Silent::default()).unwrap().values;
    (1..=layout.lengths()).map(length).collect()
}

/// Every row over columns of these sizes.
fn all_rows(sizes: &[usize]) -> Vec<Vec<u16>> {
    sizes.iter().fold(vec![vec![]], |rows, n| {
        rows.iter().flat_map(|row| (0..=*n as u16).map(move |code| [row.as_slice(), &[code]].concat())).collect()
    })
}

/// Whether a row has the combination that a cell names, read off the layout's tables and nothing else.
fn row_has(layout: &Layout, length: usize, cell: usize, row: &[u16]) -> bool {
    let table = layout.tables[length - 1].iter().find(|t| (t.offset..t.offset + t.cells).contains(&cell)).unwrap();
    let levels = layout.levels_of(table, cell - table.offset);
    table.at.iter().zip(levels).all(|(at, level)| row[layout.order[usize::from(*at)]] == layout.code(level))
}

/// What is wrong with what these rows of one person change.
fn wrong(layout: &Layout, without: &[Vec<i64>], with: &[Vec<i64>], person: &[Vec<u16>]) -> Option<String> {
    let m = person.len() as i64;
    for (at, (a, b)) in without.iter().zip(with).enumerate() {
        let length = at + 1;
        let most = layout.most_cells(length) as i64;
        let added: Vec<i64> = b.iter().zip(a).map(|(b, a)| b - a).collect();
        let (sum, squares) = (added.iter().sum::<i64>(), added.iter().map(|x| x * x).sum::<i64>());
        if sum > m * most || squares > m * m * most {
            return Some(format!("length {length}: {sum} in all and {squares} squared, for {m} rows of {most} cells"));
        }
        for (cell, added) in added.iter().enumerate() {
            let have = person.iter().filter(|row| row_has(layout, length, cell, row)).count() as i64;
            if *added < 0 || *added > have {
                return Some(format!("length {length}: cell {cell} moved by {added}, and {have} rows have it"));
            }
        }
        // A row that is within the bound is counted whole; one over it fills it.
        let whole = |row: &Vec<u16>| (0..a.len()).filter(|cell| row_has(layout, length, *cell, row)).count() as i64;
        let expected: i64 = person.iter().map(|row| whole(row).min(most)).sum();
        if sum != expected {
            return Some(format!("length {length}: {sum} cells were counted, not {expected}"));
        }
    }
    None
}

#[test]
fn privacy_01_every_row_of_a_small_domain_moves_no_more_than_is_charged() {
    let mut checked = 0;
    for sizes in [&[2, 1, 2][..], &[1, 3, 1], &[1, 2, 1, 2], &[0, 2, 1], &[1; 5], &[3, 2]] {
        let all = all_rows(sizes);
        let columns = columns(sizes);
        // Some rows that stand already, and none.
        let standing: Vec<Vec<u16>> = all.iter().step_by(3).cloned().collect();
        for longest in 1..=3 {
            for most_filled in [None].into_iter().chain((1..=sizes.len() as u16 + 1).map(Some)) {
                let layout = Layout::new(&columns, Shape { longest, most_filled }).unwrap();
                for world in [&[][..], &standing] {
                    let without = counts(&grid(&columns, world), &layout);
                    for row in &all {
                        for m in [1, 3] {
                            let person = vec![row.clone(); m];
                            let with = counts(&grid(&columns, &[world, &person].concat()), &layout);
                            let wrong = wrong(&layout, &without, &with, &person);
                            assert_eq!(wrong, None, "{sizes:?} {longest} {most_filled:?} {row:?}");
                            checked += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 3_000, "{checked}");
}

#[test]
fn privacy_01_where_blank_counts_a_row_moves_one_cell_of_every_table() {
    for sizes in [&[2, 1, 2][..], &[1; 5], &[0, 2]] {
        let columns = columns(sizes);
        let layout = Layout::new(&columns, Shape { longest: 3, most_filled: None }).unwrap();
        for row in all_rows(sizes) {
            for (at, counts) in counts(&grid(&columns, std::slice::from_ref(&row)), &layout).iter().enumerate() {
                for table in &layout.tables[at] {
                    assert_eq!(counts[table.offset..table.offset + table.cells].iter().sum::<i64>(), 1, "{row:?}");
                }
                assert_eq!(counts.iter().sum::<i64>() as u64, layout.most_cells(at + 1));
            }
        }
    }
}

#[test]
fn a_count_of_cells_that_leaves_the_bound_out_is_found() {
    // The test above has teeth: a row of five columns, counted whole, against a bound of two.
    let columns = columns(&[1; 5]);
    let shape = |most| Shape { longest: 2, most_filled: Some(most) };
    let (bound, loose) = (Layout::new(&columns, shape(2)).unwrap(), Layout::new(&columns, shape(5)).unwrap());
    let row = vec![1; 5];
    let of = |rows: &[Vec<u16>]| counts(&grid(&columns, rows), &loose);
    assert!(wrong(&bound, &of(&[]), &of(std::slice::from_ref(&row)), std::slice::from_ref(&row)).is_some());
    assert!(wrong(&loose, &of(&[]), &of(std::slice::from_ref(&row)), std::slice::from_ref(&row)).is_none());
}

type Large = (Vec<usize>, Vec<Vec<u16>>, Vec<Vec<u16>>);

fn large() -> impl Strategy<Value = Large> {
    prop::collection::vec(0_usize..7, 1..13).prop_flat_map(|sizes| {
        let row: Vec<_> = sizes.iter().map(|n| 0..=*n as u16).collect();
        let rows = |count| prop::collection::vec(row.clone(), count);
        (Just(sizes), rows(0..20), rows(1..4))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn privacy_01_the_rows_of_one_person_move_no_more_than_is_charged(
        (sizes, world, person) in large(), longest in 1_u8..=3, most_filled in prop::option::of(1_u16..14),
    ) {
        let columns = columns(&sizes);
        let layout = Layout::new(&columns, Shape { longest, most_filled }).unwrap();
        let without = counts(&grid(&columns, &world), &layout);
        let with = counts(&grid(&columns, &[world, person.clone()].concat()), &layout);
        prop_assert_eq!(wrong(&layout, &without, &with, &person), None);
    }

    /// Rows counted one by one are counted as a whole grid of them is.
    #[test]
    fn privacy_01_rows_are_counted_alike_one_by_one_and_together(
        (sizes, world, person) in large(), longest in 1_u8..=3, most_filled in prop::option::of(1_u16..14),
    ) {
        let columns = columns(&sizes);
        let layout = Layout::new(&columns, Shape { longest, most_filled }).unwrap();
        let rows = [world, person].concat();
        let mut one_by_one = Combinations::new(&layout);
        for row in &rows {
            one_by_one.add(&layout, |column| row[column]);
        }
        prop_assert_eq!(exact(&one_by_one, &layout), counts(&grid(&columns, &rows), &layout));
    }

    /// The same for the synthetic records of a workload: one person, whatever her record, moves the combinations of its
    /// categories by no more than the plan charges, each by one, and by her record alone.
    #[test]
    fn privacy_01_one_person_moves_a_workloads_combinations_by_no_more_than_is_charged(
        world in prop::collection::vec(arbitrary_record(), 0..12), person in arbitrary_record(),
    ) {
        let extras = Extras { microdata: true, basis: false };
        let plan = Plan::new(workload::embedded("default").unwrap(), 1.0, 1e-6, 1, extras).unwrap();
        let steps: Vec<&Step> = plan.steps.iter().filter(|s| s.population == Population::Microdata).collect();
        let of = |records: &[Record]| {
            let mut tally = Tally::of_microdata(&plan.workload, Codebook::embedded()).unwrap();
            for record in records {
                tally.add(record);
            }
            let counts = tally.finish();
            let measure = |s: &&Step| measure_with(&counts, s, "audit", &mut Silent::default()).unwrap().values;
            steps.iter().map(measure).collect::<Vec<_>>()
        };
        let (without, alone) = (of(&world), of(std::slice::from_ref(&person)));
        let with = of(&[world, vec![person]].concat());
        for (at, step) in steps.iter().enumerate() {
            let added: Vec<i64> = with[at].iter().zip(&without[at]).map(|(b, a)| b - a).collect();
            prop_assert!(added.iter().all(|x| (0..=1).contains(x)), "{}", step.table);
            prop_assert!(added.iter().sum::<i64>() as u64 <= step.sensitivity_squared, "{}", step.table);
            prop_assert_eq!(&added, &alone[at], "{}", step.table);
        }
    }

    /// A plan costs at most what was asked for, and nearly all of it; each draw of the transcript has the noise that its own
    /// sensitivity and cost demand; and their costs are the plan's.
    #[test]
    fn privacy_02_a_plan_is_within_its_epsilon_and_every_draw_bears_its_cost(
        sizes in prop::collection::vec(0_usize..5, 1..9),
        longest in 1_u8..=3,
        bound in prop_oneof![Just(Bound::Dense), Just(Bound::Chosen), (1_u16..12).prop_map(Bound::Declared)],
        rows_per_person in prop_oneof![Just(1_u32), 2_u32..20, Just(1000)],
        epsilon in 0.05_f64..20.0,
        exponent in 4_i32..12,
        chosen in 0_usize..9,
        seed in any::<u64>(),
    ) {
        let delta = 10_f64.powi(-exponent);
        let columns = columns(&sizes);
        let plan = plan(&columns, longest, bound, epsilon, delta, rows_per_person).unwrap();
        let whole = rho_of(epsilon, delta).unwrap();
        prop_assert!(plan.total() <= whole && plan.total().0 >= whole.0 - whole.0 / 1000 - 10);
        prop_assert!(epsilon_of(plan.total(), delta) <= epsilon + 1e-6);

        let world: Vec<Vec<u16>> = vec![vec![1; sizes.len()]; 3];
        for silent in [true, false] {
            let grid = grid(&columns, &world);
            let chosen = chosen.min(sizes.len());
            let transcript = if silent {
                transcript(&grid, &columns, &plan, &mut Silent::choosing(chosen))
            } else {
                transcript(&grid, &columns, &plan, &mut Seeded::new(seed))
            };
            let most_filled = match bound {
                Bound::Dense => None,
                Bound::Declared(most) => Some(most),
                Bound::Chosen => transcript.iter().find(|t| t.table == MOST_FILLED).map(|t| t.values[0] as u16),
            };
            let layout = Layout::new(&columns, Shape { longest, most_filled }).unwrap();
            let squared = u64::from(rows_per_person) * u64::from(rows_per_person);
            let mut sum = 0;
            for (table, step) in transcript.iter().zip(&plan.steps) {
                prop_assert_eq!(&table.table, &step.table);
                prop_assert_eq!(table.draws.len(), 1);
                let draw = &table.draws[0];
                sum += draw.rho.0;
                prop_assert_eq!(draw.rho, step.rho);
                let length = (1..=layout.lengths()).find(|k| length_id(*k) == table.table);
                let most_cells = length.map_or(1, |k| layout.most_cells(k));
                prop_assert_eq!(draw.bears_its_cost(squared * most_cells), Ok(()));
                // What the plan shows beforehand is the worst case: no draw has more noise.
                prop_assert!(draw.sigma_milli <= step.sigma_milli && draw.sensitivity_squared <= step.sensitivity_squared);
                if table.table == MOST_FILLED {
                    prop_assert!(rho_of_selection(selection_epsilon(step.rho)) <= step.rho);
                }
                prop_assert!(length.is_some() || [ROWS, MOST_FILLED, CUT].contains(&table.table.as_str()));
            }
            prop_assert_eq!(Rho(sum), plan.total());
            prop_assert_eq!(transcript.len(), plan.steps.len());
            // Each draw has an entry of its own: none can pass for another.
            let mut entries: Vec<&str> = transcript.iter().map(|t| t.draws[0].entry.as_str()).collect();
            entries.sort_unstable();
            entries.dedup();
            prop_assert_eq!(entries.len(), transcript.len());
        }
    }
}

/// What a plan promises can be measured: nothing fails after the debit for want of budget.
#[test]
fn privacy_07_what_is_planned_can_be_measured_however_small_epsilon_is() {
    for bound in [Bound::Dense, Bound::Declared(2), Bound::Chosen] {
        for exponent in 0..40 {
            let epsilon = 2.0 * 0.7_f64.powi(exponent);
            let columns = columns(&[1; 3]);
            let Ok(plan) = plan(&columns, 3, bound, epsilon, 1e-6, 1) else { continue };
            transcript(&grid(&columns, &[]), &columns, &plan, &mut Seeded::new(1));
        }
    }
}

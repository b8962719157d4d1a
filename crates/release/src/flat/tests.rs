//! Invented measurements for the tests of this folder, and tests of the whole way from noisy counts to rows.

use super::aggregate::aggregate;
use super::layout::choose;
use super::*;
use crate::account::Rho;
use crate::noisy::Draw;
use accord_standard::columns::Column;
use proptest::prelude::*;
use rand::RngExt;

pub fn columns(sizes: &[usize]) -> Columns {
    let column = |(at, n): (usize, &usize)| Column::new(format!("c{at}"), (0..*n).map(|i| format!("v{i}")).collect());
    Columns { columns: sizes.iter().enumerate().map(column).collect() }
}

pub fn shape(longest: u8, most_filled: Option<u16>) -> Shape {
    Shape { longest, most_filled }
}

/// Rows whose columns depend on each other: each takes after the one before, and some cells are blank.
pub fn codes(sizes: &[usize], len: usize, rng: &mut ChaCha20Rng) -> Rows {
    let mut rows = Rows::blank(sizes.len(), len);
    for row in 0..len {
        let mut last: u16 = rng.random_range(0..7);
        for (column, size) in rows.columns.iter_mut().zip(sizes) {
            let code = if rng.random_bool(0.6) { last } else { rng.random_range(0..10) };
            column[row] = if rng.random_bool(0.1) { 0 } else { code % (*size as u16 + 1) };
            last = code;
        }
    }
    rows
}

/// A noisy measurement of invented rows. The noise is a rounded normal: good enough for tests, and no secret.
pub struct Invented<'a> {
    pub sizes: &'a [usize],
    pub shape: Shape,
    pub sigma_milli: u64,
    pub seed: u64,
}

impl Invented<'_> {
    pub fn measured(&self, rows: &Rows) -> Measured {
        let columns = columns(self.sizes);
        let layout = Layout::new(&columns, self.shape).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed);
        let sigma = self.sigma_milli as f64 / 1000.0;
        let mut table = |id: String, exact: Vec<u32>| {
            let mut noise = || {
                let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random_range(0.0..1.0));
                ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos() * sigma).round() as i64
            };
            NoisyTable {
                values: exact.iter().map(|n| i64::from(*n) + noise()).collect(),
                draws: vec![Draw {
                    sigma_milli: self.sigma_milli,
                    rho: Rho(1),
                    sensitivity_squared: 1,
                    entry: id.clone(),
                }],
                table: id,
            }
        };
        let mut tables = vec![table(ROWS.to_owned(), vec![rows.len as u32])];
        tables.extend((1..=layout.lengths()).map(|k| table(length_id(k), rows.count(&layout, k))));
        Measured { columns, shape: self.shape, rows_per_person: 1, tables, choice: None }
    }
}

fn measured(sizes: &[usize], shape: Shape, len: usize, sigma_milli: u64, seed: u64) -> Measured {
    let rows = codes(sizes, len, &mut ChaCha20Rng::seed_from_u64(seed));
    Invented { sizes, shape, sigma_milli, seed }.measured(&rows)
}

fn made(measured: &Measured, dial: f64) -> Made {
    make(measured, &Ask { dial, weights: vec![] }, &mut |_| {}).unwrap()
}

#[test]
fn the_same_measurements_make_the_same_rows_whoever_watches() {
    for shape in [shape(3, None), shape(2, Some(5)), shape(1, None)] {
        let measured = measured(&[2, 5, 3, 4, 2], shape, 400, 4000, 1);
        let mut seen = Vec::new();
        let watched = make(&measured, &Ask::default(), &mut |share| seen.push(share)).unwrap();
        assert_eq!(watched, made(&measured, 2.0));
        assert!(seen.is_sorted() && seen.iter().all(|s| (0.0..=1.0).contains(s)) && seen.len() > 2, "{seen:?}");
        // Through their file form too.
        let again: Measured = serde_json::from_str(&serde_json::to_string(&measured).unwrap()).unwrap();
        assert_eq!(watched, made(&again, 2.0));
        assert_eq!(aggregate(&again, &watched.rows, 3), aggregate(&measured, &watched.rows, 3));
    }
}

#[test]
fn any_other_count_makes_another_seed() {
    let one = measured(&[2, 3], shape(2, None), 50, 2000, 1);
    for table in 0..one.tables.len() {
        let mut other = one.clone();
        other.tables[table].values[0] += 1;
        assert_ne!(seed_of(&one), seed_of(&other), "table {table}");
        other.tables[table].values[0] -= 1;
        assert_eq!(seed_of(&one), seed_of(&other));
        other.tables[table].table.push('x');
        assert_ne!(seed_of(&one), seed_of(&other));
    }
}

#[test]
fn no_rows_one_and_two_rows_blank_tables_and_columns_with_one_value_or_none() {
    for sizes in [&[3, 2, 4][..], &[1], &[0], &[1, 0, 1], &[0, 0]] {
        for len in [0, 1, 2] {
            for shape in [shape(3, None), shape(3, Some(3)), shape(2, Some(0)), shape(3, Some(u16::MAX))] {
                for sigma_milli in [50, 3000] {
                    let measured = measured(sizes, shape, len, sigma_milli, len as u64);
                    let made = made(&measured, 2.0);
                    let direct = measured.tables[0].values[0].max(1);
                    let apart = (made.rows.len as i64 - direct).abs() as f64;
                    assert!(
                        apart <= 6.0 * measured.tables[0].noise().sigma() + 1.0,
                        "{} rows, counted {direct}",
                        made.rows.len
                    );
                    assert!(shape.most_filled.is_none() || apart == 0.0);
                    assert_eq!(made.rows.columns.len(), sizes.len());
                    for (column, size) in made.rows.columns.iter().zip(sizes) {
                        assert!(column.len() == made.rows.len && column.iter().all(|c| usize::from(*c) <= *size));
                    }
                    aggregate(&measured, &made.rows, 4).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_table_of_blanks_gives_blanks_where_the_noise_is_small() {
    for shape in [shape(3, None), shape(3, Some(4))] {
        let blank = Rows::blank(4, 300);
        let measured = Invented { sizes: &[3, 2, 5, 4], shape, sigma_milli: 700, seed: 3 }.measured(&blank);
        let made = made(&measured, 2.0);
        let filled = made.rows.columns.iter().flatten().filter(|code| **code != 0).count();
        println!("{shape:?}: {filled} of {} cells are filled", 4 * made.rows.len);
        assert!(filled <= made.rows.len / 10, "{filled} cells are invented");
    }
}

#[test]
fn next_to_no_noise_gives_the_counts_back() {
    for shape in [shape(3, None), shape(3, Some(5))] {
        let sizes = [2, 4, 3, 5, 2];
        let truth = codes(&sizes, 600, &mut ChaCha20Rng::seed_from_u64(8));
        let measured = Invented { sizes: &sizes, shape, sigma_milli: 50, seed: 1 }.measured(&truth);
        let made = made(&measured, 2.0);
        assert_eq!(made.rows.len, 600);
        let layout = measured.layout().unwrap();
        for length in 1..=3 {
            let (exact, now) = (truth.count(&layout, length), made.rows.count(&layout, length));
            let apart: u32 = exact.iter().zip(&now).map(|(a, b)| a.abs_diff(*b)).sum();
            let share = f64::from(apart) / (600 * layout.tables[length - 1].len()) as f64;
            println!("{shape:?}, length {length}: {share:.4} apart");
            assert!(share < [0.01, 0.03, 0.12][length - 1], "length {length}: {share}");
        }
    }
}

#[test]
fn the_further_the_dial_is_turned_the_more_is_ruled_out_and_the_fewer_combinations_are_shown() {
    let measured = measured(&[3, 6, 4, 8, 5], shape(3, None), 900, 5000, 4);
    let dials = [0.0, 1.0, 2.0, 2.25, 2.5, 2.75, 3.0];
    let by_dial: Vec<Made> = dials.iter().map(|dial| made(&measured, *dial)).collect();
    let ruled: Vec<u64> = by_dial.iter().map(|m| m.ruled_out).collect();
    assert!(ruled.is_sorted() && ruled[2] == 0 && ruled[3] > 0, "{ruled:?}");
    let plain = Layout::new(&measured.columns, shape(3, Some(u16::MAX))).unwrap();
    let shown: Vec<usize> =
        by_dial.iter().map(|m| m.rows.count(&plain, 3).iter().filter(|n| **n > 0).count()).collect();
    println!("ruled out {ruled:?}, shown {shown:?} by dial {dials:?}");
    assert!(shown[0] > shown[2] && shown[2] > shown[6], "{shown:?}");
    // Neighbouring marks may differ by chance in a few combinations, since rows are drawn and moved anew.
    assert!(shown.windows(2).all(|w| w[1] as f64 <= 1.05 * w[0] as f64), "{shown:?}");
}

#[test]
fn a_dial_or_weights_out_of_range_are_refused_by_name() {
    let measured = measured(&[2, 3], shape(2, None), 20, 2000, 1);
    let ask = |dial: f64, weights: &[f64]| make(&measured, &Ask { dial, weights: weights.to_vec() }, &mut |_| {});
    for dial in [-0.1, 3.01, f64::NAN, f64::INFINITY] {
        assert!(matches!(ask(dial, &[]), Err(FlatError::Ask(text)) if text.contains("dial")), "{dial}");
    }
    for weights in
        [&[1.0][..], &[1.0; 3], &[1.0, 0.0], &[1.0, -1.0], &[1.0, f64::NAN], &[1.0, 100.1], &[f64::INFINITY, 1.0]]
    {
        assert!(matches!(ask(2.0, weights), Err(FlatError::Ask(text)) if text.contains("weight")), "{weights:?}");
    }
    for (dial, weights) in [(0.0, &[1.0, 100.0][..]), (3.0, &[]), (1.3, &[0.001, 5.0])] {
        assert!(ask(dial, weights).is_ok());
    }
}

#[test]
fn a_column_that_weighs_more_comes_out_nearer_to_its_counts() {
    let sizes = [6, 6, 6, 6];
    let mut errors = [0.0; 2];
    for seed in 0..6 {
        let truth = codes(&sizes, 500, &mut ChaCha20Rng::seed_from_u64(seed));
        let measured = Invented { sizes: &sizes, shape: shape(3, None), sigma_milli: 8000, seed }.measured(&truth);
        let layout = measured.layout().unwrap();
        for (error, weight) in errors.iter_mut().zip([0.1, 20.0]) {
            let ask = Ask { dial: 2.0, weights: vec![weight, 1.0, 1.0, 1.0] };
            let made = make(&measured, &ask, &mut |_| {}).unwrap();
            let now = made.rows.count(&layout, 2);
            for table in layout.tables[1].iter().filter(|t| t.at.iter().any(|at| layout.order[usize::from(*at)] == 0)) {
                let noisy = measured.tables[2].values.iter();
                for (now, noisy) in now.iter().zip(noisy).skip(table.offset).take(table.cells) {
                    *error += (i64::from(*now) - noisy).abs() as f64;
                }
            }
        }
    }
    assert!(errors[1] < errors[0], "{errors:?}");
}

#[test]
fn as_many_rows_as_asked_for_are_taken_and_again_from_the_beginning() {
    let rows = Rows { columns: vec![vec![1, 2, 3], vec![4, 5, 6]], len: 3 };
    assert_eq!(take(&rows, 2).unwrap(), Rows { columns: vec![vec![1, 2], vec![4, 5]], len: 2 });
    assert_eq!(take(&rows, 3).unwrap(), rows);
    assert_eq!(take(&rows, 7).unwrap().columns[1], [4, 5, 6, 4, 5, 6, 4]);
    assert_eq!(take(&rows, 0).unwrap(), Rows { columns: vec![vec![], vec![]], len: 0 });
    assert!(matches!(take(&rows, MOST_ROWS + 1), Err(FlatError::Ask(_))));
    assert_eq!(take(&Rows::blank(2, 0), 5).unwrap().len, 0, "of nothing nothing comes");
}

#[test]
fn measurements_of_another_domain_are_refused() {
    let good = measured(&[2, 3], shape(2, None), 20, 2000, 1);
    let refused = |change: &dyn Fn(&mut Measured)| {
        let mut wrong = good.clone();
        change(&mut wrong);
        matches!(make(&wrong, &Ask::default(), &mut |_| {}), Err(FlatError::Shape(_)))
    };
    assert!(refused(&|m| m.tables.truncate(2)));
    assert!(refused(&|m| m.tables[1].values.push(1)));
    assert!(refused(&|m| m.columns.columns[0].values.push("more".into())));
    assert!(refused(&|m| m.shape.most_filled = Some(2)));
    assert!(refused(&|m| m.tables.clear()));
    let mut empty = good.clone();
    empty.columns.columns.clear();
    assert_eq!(make(&empty, &Ask::default(), &mut |_| {}), Err(FlatError::Layout(LayoutError::Empty)));
}

#[test]
fn rows_come_in_an_order_that_says_nothing() {
    let measured = measured(&[4, 3], shape(2, None), 2000, 2000, 1);
    let made = made(&measured, 2.0);
    // Of neighbours about as many are alike as of rows far apart.
    let alike = |step: usize| {
        let pairs = (step..made.rows.len).map(|r| made.rows.columns.iter().all(|c| c[r] == c[r - step]));
        pairs.filter(|alike| *alike).count() as f64 / (made.rows.len - step) as f64
    };
    let far = (alike(500) + alike(700) + alike(900)) / 3.0;
    assert!((alike(1) - far).abs() < 0.25 * far, "{} {far}", alike(1));
}

#[test]
fn a_domain_is_known_by_its_hash() {
    let one = columns(&[2, 3]);
    assert_eq!(domain_hash(&one), domain_hash(&one.clone()));
    let mut others = vec![columns(&[3, 2]), columns(&[2, 3, 0])];
    let change = |f: &dyn Fn(&mut Column)| {
        let mut other = columns(&[2, 3]);
        f(&mut other.columns[1]);
        other
    };
    others.push(change(&|c| c.name.push('x')));
    others.push(change(&|c| c.values.swap(0, 1)));
    others.push(change(&|c| (c.groups, c.group_of) = (vec!["g".into()], vec![0; 3])));
    others.push(change(&|c| c.absent.push("0".into())));
    others.push(change(&|c| c.other = Some("v0".into())));
    others.push(change(&|c| c.codelist = Some("v0".into())));
    let mut hashes: Vec<String> = others.iter().chain([&one]).map(domain_hash).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), others.len() + 1);
}

#[test]
fn a_wide_column_is_folded_for_the_model_alone() {
    let measured = measured(&[60, 3, 2], shape(3, None), 1500, 3000, 2);
    let made = made(&measured, 2.0);
    assert_eq!(made.folded.iter().map(|f| f.0).collect::<Vec<_>>(), [0]);
    assert!(made.folded[0].1 <= 24);
    assert!(made.rows.columns[0].iter().all(|code| *code <= 60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_noisy_counts_break_the_way_to_rows_and_aggregates(
        sizes in prop::collection::vec(0_usize..6, 1..6),
        longest in 1_u8..4,
        most_filled in prop::option::of(prop_oneof![Just(0_u16), 1_u16..4, Just(u16::MAX)]),
        kind in 0_u8..3,
        sigma_milli in prop_oneof![Just(0_u64), Just(1), 100_u64..100_000],
        dial in 0.0_f64..=3.0,
        total in -5_i64..300,
        seed in any::<u64>(),
    ) {
        let mut measured = measured(&sizes, shape(longest, most_filled), 30, sigma_milli, seed);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        measured.tables[0].values[0] = total;
        for table in measured.tables.iter_mut().skip(1) {
            table.values.iter_mut().for_each(|v| match kind {
                0 => *v = 0,
                1 => *v = -rng.random_range(0..1000),
                _ => *v = rng.random_range(-2_000_000..2_000_000),
            });
        }
        let made = made(&measured, dial);
        let apart = (made.rows.len as i64 - total.max(1)).abs() as f64;
        prop_assert!(apart <= 6.0 * measured.tables[0].noise().sigma() + 1.0);
        prop_assert!(made.growth.convergence.gap.is_finite());
        for aggregate in aggregate(&measured, &made.rows, 4).unwrap() {
            let [low, high] = aggregate.range.unwrap();
            prop_assert!(low <= aggregate.count && aggregate.count <= high);
        }
        // A row stands in no more combinations than there are.
        prop_assert!(made.growth.factors.iter().all(|f| (2..=3).contains(&f.len())));
        prop_assert!(choose(sizes.len(), 2) + choose(sizes.len(), 3) >= made.growth.factors.len());
    }
}

#[test]
fn tables_that_are_too_wide_are_adjusted_to_pairs_and_made_all_the_same() {
    let sizes = [2; 9];
    let measured = measured(&sizes, shape(3, Some(9)), 300, 2000, 3);
    let settings = |most_lookups| Settings { most_lookups, ..Settings::new(9, &Ask::default()).unwrap() };
    let make = |most| make_by(&measured, &settings(most), &mut |_| {}).unwrap();
    let (whole, pairs) = (make(2e10), make(1.0));
    assert_eq!((whole.adjusted_to, pairs.adjusted_to), (3, 2));
    assert_eq!(whole.rows.len, pairs.rows.len);
    assert_eq!(whole.rows, made(&measured, 2.0).rows, "the settings of the method");
    // Where blank counts as a value there are few columns, and nothing is left out.
    let dense = super::tests::measured(&sizes[..4], shape(3, None), 300, 2000, 3);
    let settings = Settings { most_lookups: 1.0, ..Settings::new(4, &Ask::default()).unwrap() };
    assert_eq!(make_by(&dense, &settings, &mut |_| {}).unwrap().adjusted_to, 3);
}

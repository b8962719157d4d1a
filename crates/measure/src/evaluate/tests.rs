use super::*;
use proptest::prelude::*;

fn table(columns: usize, rows: &[Vec<u16>]) -> Table {
    let mut table = Table::new(columns);
    for row in rows {
        table.push(row).unwrap();
    }
    table
}

fn compared(exact: &Table, synthetic: &Table, sizes: &[usize], lengths: &[usize], threads: usize) -> Evaluation {
    let comparison = Comparison { exact, synthetic: Some(synthetic), released: None, sizes, lengths, threads };
    evaluate(Declared::Invented, &comparison, &[]).unwrap()
}

/// Every marginal of `k` columns as a map from codes to counts, made without any of the shortcuts.
fn marginals(columns: usize, k: usize, rows: &[Vec<u16>]) -> Vec<BTreeMap<Vec<u16>, f64>> {
    let chosen = (0_u32..1 << columns).filter(|set| set.count_ones() as usize == k);
    let chosen = chosen.map(|set| (0..columns).filter(move |c| set >> c & 1 == 1));
    chosen
        .map(|chosen| {
            let mut counts = BTreeMap::new();
            for row in rows {
                *counts.entry(chosen.clone().map(|c| row[c]).collect()).or_default() += 1.0;
            }
            counts
        })
        .collect()
}

fn rows(columns: usize) -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(0_u16..4, columns), 1..40)
}

proptest! {
    #[test]
    fn figures_are_those_of_counting_each_marginal_by_itself(
        exact in rows(5), synthetic in rows(5), k in 1_usize..=4,
    ) {
        let evaluation = compared(&table(5, &exact), &table(5, &synthetic), &[4; 5], &[k], 2);
        let figures = &evaluation.microdata.unwrap().lengths[&format!("k{k}")];
        let (mut workload, mut tvd, mut error, mut there, mut fabricated, mut suppressed) = (0.0, 0.0, 0.0, 0, 0, 0);
        let pairs = marginals(5, k, &exact).into_iter().zip(marginals(5, k, &synthetic));
        for (x, y) in pairs {
            let mut keys: Vec<_> = x.keys().chain(y.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let of = |m: &BTreeMap<Vec<u16>, f64>| m.get(key).copied().unwrap_or(0.0);
                let (a, b) = (of(&x), of(&y));
                workload += (a - b).abs() / exact.len() as f64;
                tvd += 0.5 * (a / exact.len() as f64 - b / synthetic.len() as f64).abs();
                if !key.contains(&0) {
                    there += u64::from(a > 0.0);
                    error += if a > 0.0 { (a - b).abs() } else { 0.0 };
                    fabricated += u64::from(a == 0.0);
                    suppressed += u64::from(b == 0.0);
                }
            }
        }
        let near = |ours: Option<f64>, theirs: f64| (ours.unwrap() - theirs).abs() < 1e-9;
        let marginals = figures.marginals as f64;
        prop_assert_eq!(figures.marginals, [5, 10, 10, 5][k - 1]);
        prop_assert!(near(figures.workload_error, workload / marginals));
        prop_assert!(near(figures.tvd, tvd / marginals));
        prop_assert_eq!(figures.sensitive_combos, there);
        prop_assert_eq!(figures.fabricated, fabricated);
        prop_assert_eq!(figures.suppressed, suppressed);
        prop_assert_eq!(figures.mae.is_some(), there > 0);
        prop_assert!(figures.mae.is_none_or(|mae| (mae - error / there as f64).abs() < 1e-9));
    }

    #[test]
    fn neither_threads_nor_the_way_of_counting_change_a_figure(
        exact in rows(4), synthetic in rows(4), threads in 1_usize..5,
    ) {
        let (exact, synthetic) = (table(4, &exact), table(4, &synthetic));
        let lengths = [1, 2, 3, 4];
        let once = compared(&exact, &synthetic, &[4; 4], &lengths, 1);
        prop_assert_eq!(&compared(&exact, &synthetic, &[4; 4], &lengths, threads), &once);
        // Domains this large are counted by sorting.
        prop_assert_eq!(&compared(&exact, &synthetic, &[65_536; 4], &lengths, threads), &once);
    }

    #[test]
    fn counting_rows_or_releasing_their_counts_is_the_same(exact in rows(4), synthetic in rows(4), k in 1_usize..=4) {
        let mut released = Released::new();
        for (columns, counts) in (0_u32..16).filter(|s| s.count_ones() as usize == k).zip(marginals(4, k, &synthetic)) {
            for (codes, count) in counts {
                let pairs: Vec<_> = (0..4).filter(|c| columns >> c & 1 == 1).zip(codes).collect();
                released.push(&pairs, count).unwrap();
            }
        }
        let (exact, synthetic) = (table(4, &exact), table(4, &synthetic));
        let comparison = Comparison {
            exact: &exact, synthetic: Some(&synthetic), released: Some(&released), sizes: &[4; 4], lengths: &[k], threads: 1,
        };
        let evaluation = evaluate(Declared::Invented, &comparison, &[]).unwrap();
        let key = format!("k{k}");
        let (rows, counts) = (evaluation.microdata.unwrap(), evaluation.aggregates.unwrap());
        let (rows, counts) = (&rows.lengths[&key], &counts.lengths[&key]);
        prop_assert_eq!(counts.workload_error, None);
        let same = score::Length { workload_error: None, tvd: None, workload_error_max: None, ..rows.clone() };
        prop_assert_eq!(counts, &same);
    }
}

#[test]
fn a_release_equal_to_the_table_has_no_error() {
    let rows: Vec<Vec<u16>> = (0..60).map(|i| vec![i % 3, i % 4, i / 20]).collect();
    let exact = table(3, &rows);
    let evaluation = compared(&exact, &exact, &[3, 4, 3], &[1, 2, 3], 2);
    let microdata = evaluation.microdata.unwrap();
    for figures in microdata.lengths.values() {
        assert_eq!((figures.workload_error, figures.mae, figures.tvd), (Some(0.0), Some(0.0), Some(0.0)));
        assert_eq!((figures.fabricated, figures.suppressed), (0, 0));
    }
}

#[test]
fn whole_rows_are_compared_across_words_of_their_keys() {
    // Nine columns of 16 bits: three words a row. Rows differ in the last column only.
    let row = |last: u16| [vec![65_535; 8], vec![last]].concat();
    let exact = table(9, &[row(1), row(2), row(2), row(3)]);
    let synthetic = table(9, &[row(1), row(1), row(2), row(4)]);
    let evaluation = compared(&exact, &synthetic, &[65_536; 9], &[1], 1);
    let rows = evaluation.microdata.unwrap().rows.unwrap();
    assert_eq!((rows.rows_synthetic, rows.distinct_rows_synthetic), (4, 3));
    assert_eq!(rows.share_rows_equal_to_sensitive_unique, 0.5, "two rows equal to the one that is there once");
    assert_eq!(rows.share_sensitive_rows_unique, 0.5);
}

#[test]
fn no_synthetic_row_at_all_is_everything_suppressed() {
    let exact = table(2, &[vec![1, 1], vec![1, 2]]);
    let evaluation = compared(&exact, &table(2, &[]), &[2, 3], &[1, 2], 1);
    let microdata = evaluation.microdata.unwrap();
    let pairs = &microdata.lengths["k2"];
    assert_eq!((pairs.suppressed_share, pairs.fabricated_share, pairs.workload_error), (Some(1.0), None, Some(1.0)));
    assert_eq!(microdata.rows.unwrap().share_rows_equal_to_sensitive_unique, 0.0);
}

#[test]
fn a_column_takes_65_536_codes_and_no_more() {
    let mut coder = Coder::new(vec!["id".into()]).unwrap();
    for id in 1..=65_535_u32 {
        assert_eq!(u32::from(coder.code(0, &id.to_string()).unwrap()), id);
    }
    assert_eq!(coder.sizes(), [65_536]);
    assert_eq!(coder.code(0, "one more"), Err(EvaluateError::TooManyValues("id".into())));
    assert_eq!(coder.code(0, ""), Ok(0));
}

use super::*;
use crate::flat::tree::tests::network;
use accord_standard::columns::Column;
use proptest::prelude::*;
use rand::SeedableRng;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn column(values: usize) -> Column {
    Column::new("c", (0..values).map(|i| format!("v{i}")).collect())
}

/// Folds that fold nothing.
fn plain(sizes: &[usize]) -> Vec<Fold> {
    sizes.iter().map(|n| Fold::new(&column(n - 1), &vec![0.0; *n], 1.0)).collect()
}

fn count(rows: &Rows, a: usize, b: usize, sizes: &[usize]) -> Vec<f64> {
    let mut seen = vec![0.0; sizes[a] * sizes[b]];
    for (x, y) in rows.columns[a].iter().zip(&rows.columns[b]) {
        seen[usize::from(*x) * sizes[b] + usize::from(*y)] += 1.0;
    }
    seen
}

/// How far rows may be from the model over a pair of columns, as a sum of absolute differences. Drawing rounds each cell of
/// each node to one of its two neighbours, and the rounding of a node's separator is handed on: that is less than one a cell
/// of the tree. Columns that no node holds together are joined at random besides: a cell has at most the variance of a
/// Poisson count, which makes the whole sum about the root of 0.64 times cells times rows, here with room for three times that.
fn bound(model: &Model, a: usize, b: usize, len: usize) -> f64 {
    let together = model.tree.nodes.iter().any(|n| n.variables.contains(&a) && n.variables.contains(&b));
    let cells = (model.sizes[a] * model.sizes[b]) as f64;
    let random = if together { 0.0 } else { 2.4 * (cells * len as f64).sqrt() };
    model.cells() as f64 + random
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_are_the_model_on_every_pair_of_columns(
        (sizes, scopes) in network(6, 4, 8), seed in any::<u64>(), len in 0_usize..20_000,
    ) {
        let mut rng = rng(seed);
        let potentials: Vec<Vec<f64>> = scopes
            .iter()
            .map(|s| (0..product(s, &sizes) as usize).map(|_| rng.random_range(-3.0..3.0)).collect())
            .collect();
        let mut model = Model::new(&sizes, &scopes, len as f64);
        model.calibrate(&potentials);
        let rows = draw(&model, &plain(&sizes), len, &mut rng);
        prop_assert_eq!(rows.len, len);
        prop_assert!(rows.columns.iter().all(|c| c.len() == len));
        for a in 0..sizes.len() {
            for b in 0..a {
                let expected = model.pair(a, b);
                let apart: f64 = expected.iter().zip(count(&rows, a, b, &sizes)).map(|(e, s)| (e - s).abs()).sum();
                prop_assert!(apart <= bound(&model, a, b, len) + 1e-6, "{} rows of {} between {} and {}", apart, len, a, b);
            }
        }
    }

    #[test]
    fn each_kind_gets_its_share_rounded_and_none_without_weight(
        weights in prop::collection::vec(prop_oneof![Just(0.0), 0.0_f64..5.0, Just(1e-12), Just(1e6)], 1..30),
        len in 0_usize..400, seed in any::<u64>(),
    ) {
        let given = apportion(&weights, len, &mut rng(seed));
        prop_assert_eq!(given.len(), len);
        let total: f64 = weights.iter().sum();
        for (kind, weight) in weights.iter().enumerate().filter(|_| total > 0.0) {
            let got = given.iter().filter(|g| **g as usize == kind).count() as f64;
            let share = weight / total * len as f64;
            prop_assert!((got - share).abs() < 1.0 + 1e-9 && (got == 0.0 || *weight > 0.0), "{} for {}", got, share);
        }
    }
}

/// The correlation of two columns of codes.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let cov = mean(&|p| (p.0 - x) * (p.1 - y));
    cov / (mean(&|p| (p.0 - x).powi(2)) * mean(&|p| (p.1 - y).powi(2))).sqrt()
}

#[test]
fn columns_that_the_model_holds_independent_are_not_correlated_in_the_rows() {
    // Rounding that hands out values in their order, group by group, makes columns rise and fall together.
    let sizes = [3, 3, 3, 3, 3, 3];
    let scopes: Vec<Vec<usize>> = (0..6).map(|v| vec![v]).collect();
    let len = 10_000;
    let mut model = Model::new(&sizes, &scopes, len as f64);
    model.calibrate(&vec![vec![0.5, 0.0, -0.5]; 6]);
    let rows = draw(&model, &plain(&sizes), len, &mut rng(3));
    for a in 0..6 {
        for b in 0..a {
            let pairs: Vec<(f64, f64)> =
                rows.columns[a].iter().zip(&rows.columns[b]).map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
            let r = correlation(&pairs);
            assert!(r.abs() < 4.0 / (len as f64).sqrt(), "{a} and {b}: {r}");
        }
    }
}

#[test]
fn columns_independent_given_a_third_are_not_correlated_within_its_groups() {
    let sizes = [4, 3, 3, 3];
    let scopes = [vec![0, 1], vec![0, 2], vec![0, 3]];
    let len = 12_000;
    let potentials: Vec<Vec<f64>> =
        (0..3).map(|f| (0..12).map(|c| f64::from((c * 5 + f * 3) % 7) * 0.4).collect()).collect();
    let mut model = Model::new(&sizes, &scopes, len as f64);
    model.calibrate(&potentials);
    let rows = draw(&model, &plain(&sizes), len, &mut rng(4));
    for group in 0..4 {
        let members: Vec<usize> = (0..len).filter(|r| rows.columns[0][*r] == group).collect();
        assert!(members.len() > 500);
        for (a, b) in [(1, 2), (1, 3), (2, 3)] {
            let of = |c: usize, r: &usize| f64::from(rows.columns[c][*r]);
            let pairs: Vec<(f64, f64)> = members.iter().map(|r| (of(a, r), of(b, r))).collect();
            let r = correlation(&pairs);
            assert!(r.abs() < 4.0 / (members.len() as f64).sqrt(), "group {group}, {a} and {b}: {r}");
        }
    }
}

#[test]
fn a_folded_column_gets_members_of_its_values_back_by_their_weight() {
    let wide = column(60);
    let mut counts = vec![2.0; 61];
    (counts[5], counts[40]) = (500.0, 30.0);
    let fold = Fold::new(&wide, &counts, 20.0);
    assert!(!fold.is_plain());
    let folds = [fold.clone(), plain(&[2]).remove(0)];
    let sizes = [fold.size(), 2];
    let len = 5000;
    let mut model = Model::new(&sizes, &[vec![0, 1]], len as f64);
    let potential: Vec<f64> = (0..sizes[0] * 2).map(|c| c as f64 * 0.3).collect();
    model.calibrate(&[potential]);
    let rows = draw(&model, &folds, len, &mut rng(5));
    let singles: Vec<f64> = model.pair(0, 1).chunks(2).map(|c| c.iter().sum()).collect();
    for (value, members) in fold.members.iter().enumerate() {
        let whole: f64 = members.iter().map(|m| m.1).sum();
        for (code, weight) in members {
            let got = rows.columns[0].iter().filter(|c| *c == code).count() as f64;
            let share = singles[value] * weight / whole;
            assert!((got - share).abs() < 3.0, "code {code}: {got} rows for a share of {share}");
        }
    }
    // Which member a row gets does not depend on its other column.
    let rare: Vec<u16> = fold.members.iter().filter(|m| m.len() > 1).flatten().map(|m| m.0).collect();
    let pairs: Vec<(f64, f64)> = (0..len)
        .filter(|r| rare.contains(&rows.columns[0][*r]))
        .map(|r| (f64::from(rows.columns[0][r]), f64::from(rows.columns[1][r])))
        .collect();
    let r = correlation(&pairs);
    assert!(r.abs() < 4.0 / (pairs.len() as f64).sqrt(), "{r}");
}

#[test]
fn no_rows_one_row_and_a_model_that_says_nothing() {
    let mut model = Model::new(&[3, 2], &[vec![0, 1]], 1.0);
    model.calibrate(&[vec![0.0; 6]]);
    for len in [0, 1] {
        let rows = draw(&model, &plain(&[3, 2]), len, &mut rng(6));
        assert_eq!((rows.len, rows.columns[0].len(), rows.is_empty()), (len, len, len == 0));
    }
    model.belief.iter_mut().for_each(|b| b.fill(0.0));
    assert_eq!(draw(&model, &plain(&[3, 2]), 7, &mut rng(7)).columns[1].len(), 7);
}

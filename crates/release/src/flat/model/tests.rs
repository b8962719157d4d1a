use super::*;
use crate::flat::tree::tests::network;
use proptest::prelude::*;

/// The joint distribution by enumeration, in logarithms.
pub fn joint(sizes: &[usize], scopes: &[Vec<usize>], potentials: &[Vec<f64>]) -> Vec<f64> {
    let all: Vec<usize> = (0..sizes.len()).collect();
    let mut out = vec![0.0; product(&all, sizes) as usize];
    for (scope, potential) in scopes.iter().zip(potentials) {
        for (cell, log) in out.iter_mut().enumerate() {
            *log += potential[place(sizes, scope, cell)];
        }
    }
    out
}

/// The place in a table over `scope` of a cell of the joint.
pub fn place(sizes: &[usize], scope: &[usize], cell: usize) -> usize {
    let mut values = vec![0; sizes.len()];
    let mut rest = cell;
    for v in (0..sizes.len()).rev() {
        values[v] = rest % sizes[v];
        rest /= sizes[v];
    }
    scope.iter().fold(0, |c, v| c * sizes[*v] + values[*v])
}

/// Expected counts over `scope` from the joint.
pub fn sum(sizes: &[usize], scope: &[usize], counts: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; product(scope, sizes) as usize];
    counts.iter().enumerate().for_each(|(cell, x)| out[place(sizes, scope, cell)] += x);
    out
}

fn near(one: &[f64], other: &[f64], by: f64) {
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(other) {
        assert!((a - b).abs() <= by, "{a} is not {b}: {one:?} {other:?}");
    }
}

fn check(sizes: &[usize], scopes: &[Vec<usize>], potentials: &[Vec<f64>], total: f64) {
    let mut model = Model::new(sizes, scopes, total);
    let said = model.calibrate(potentials);
    let log = joint(sizes, scopes, potentials);
    let most = log.iter().copied().fold(f64::MIN, f64::max);
    let z: f64 = log.iter().map(|l| (l - most).exp()).sum();
    let log_z = most + z.ln();
    assert!((said - log_z).abs() <= 1e-9 * (1.0 + log_z.abs()), "log Z {said}, by enumeration {log_z}");
    let counts: Vec<f64> = log.iter().map(|l| total * (l - most).exp() / z).collect();
    let by = 1e-9 * total;
    for (factor, scope) in scopes.iter().enumerate() {
        near(&model.marginal(factor), &sum(sizes, scope, &counts), by);
    }
    for (node, belief) in model.tree.nodes.iter().zip(&model.belief) {
        near(belief, &sum(sizes, &node.variables, &counts), by);
    }
    for a in 0..sizes.len() {
        for b in (0..sizes.len()).filter(|b| *b != a) {
            near(&model.pair(a, b), &sum(sizes, &[a, b], &counts), by);
        }
    }
}

/// Potentials for scopes, between `-reach` and `reach`, scattered by a seed.
fn scatter(sizes: &[usize], scopes: &[Vec<usize>], reach: f64, seed: u64) -> Vec<Vec<f64>> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        reach * (2.0 * (state >> 11) as f64 / (1_u64 << 53) as f64 - 1.0)
    };
    scopes.iter().map(|s| (0..product(s, sizes) as usize).map(|_| next()).collect()).collect()
}

proptest! {
    #[test]
    fn marginals_pairs_and_the_partition_function_are_those_of_the_enumerated_joint(
        (sizes, scopes) in network(6, 4, 8), seed in any::<u64>(), total in 0.5_f64..1e6,
    ) {
        check(&sizes, &scopes, &scatter(&sizes, &scopes, 3.0, seed), total);
    }

    #[test]
    fn no_potential_is_too_large_for_numbers_that_are_numbers(
        (sizes, scopes) in network(5, 3, 8), seed in any::<u64>(), reach in 1.0_f64..1e5,
    ) {
        let mut model = Model::new(&sizes, &scopes, 1e5);
        let log_z = model.calibrate(&scatter(&sizes, &scopes, reach, seed));
        prop_assert!(!log_z.is_nan());
        prop_assert_eq!(log_z == f64::INFINITY, model.belief.iter().flatten().all(|b| *b == 0.0));
        prop_assert!(model.belief.iter().flatten().all(|b| b.is_finite() && *b >= 0.0));
        prop_assert!((0..sizes.len()).all(|a| (0..a).all(|b| model.pair(a, b).iter().all(|x| x.is_finite()))));
    }
}

#[test]
fn a_long_chain_of_strong_factors_keeps_its_numbers() {
    let sizes = [4; 6];
    let scopes: Vec<Vec<usize>> = (0..5).map(|v| vec![v, v + 1]).collect();
    check(&sizes, &scopes, &scatter(&sizes, &scopes, 60.0, 7), 1000.0);
}

#[test]
fn columns_that_no_factor_joins_are_independent() {
    let scopes = [vec![0], vec![1], vec![2, 3]];
    let sizes = [2, 3, 2, 2];
    check(&sizes, &scopes, &scatter(&sizes, &scopes, 2.0, 3), 100.0);
    // A column without any factor is even.
    let mut model = Model::new(&[5, 2], &[vec![1]], 10.0);
    model.calibrate(&[vec![0.0, 0.0]]);
    near(&model.pair(0, 1), &[1.0; 10], 1e-12);
}

#[test]
fn a_model_says_how_large_it_is() {
    let model = Model::new(&[2, 3, 4], &[vec![0, 1], vec![2]], 7.0);
    assert_eq!((model.cells(), model.total()), (6 + 4, 7.0));
    assert_eq!(model.factor_cells().collect::<Vec<_>>(), [6, 4]);
}

use super::*;
use crate::flat::model::tests::{joint, sum};
use crate::flat::tree::product;
use crate::flat::tree::tests::network;
use proptest::prelude::*;

/// The joint distribution that fitted potentials say, as counts.
fn says(sizes: &[usize], scopes: &[Vec<usize>], potentials: &[Vec<f64>], total: f64) -> Vec<f64> {
    let log = joint(sizes, scopes, potentials);
    let most = log.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
    let z: f64 = weights.iter().sum();
    weights.iter().map(|w| total * w / z).collect()
}

fn targets(sizes: &[usize], scopes: &[Vec<usize>], counts: &[f64], ridge: f64) -> Vec<Target> {
    scopes
        .iter()
        .map(|s| {
            let counts = sum(sizes, s, counts);
            Target { measured: vec![true; counts.len()], counts, ridge }
        })
        .collect()
}

fn fitted(sizes: &[usize], scopes: &[Vec<usize>], targets: &[Target], total: f64) -> (Vec<Vec<f64>>, Convergence) {
    let mut potentials: Vec<Vec<f64>> = targets.iter().map(|t| vec![0.0; t.counts.len()]).collect();
    let mut model = Model::new(sizes, scopes, total);
    let convergence = fit(&mut model, &mut potentials, targets, 400);
    (potentials, convergence)
}

/// What a fit to exact counts says, once it has converged.
fn fitted_exactly(sizes: &[usize], scopes: &[Vec<usize>], world: &[f64], total: f64) -> Vec<f64> {
    let (potentials, convergence) = fitted(sizes, scopes, &targets(sizes, scopes, world, 1e-6), total);
    assert!(convergence.gap <= DONE, "{convergence:?}");
    says(sizes, scopes, &potentials, total)
}

/// A joint of any kind: counts scattered between nought and large.
fn some_joint(sizes: &[usize], total: f64) -> Vec<f64> {
    let all: Vec<usize> = (0..sizes.len()).collect();
    let weights: Vec<f64> =
        (0..product(&all, sizes) as usize).map(|i| ((i * 7919 % 101) as f64 / 20.0).exp()).collect();
    let z: f64 = weights.iter().sum();
    weights.iter().map(|w| total * w / z).collect()
}

/// Half the sum of absolute differences, as a share.
fn apart(one: &[f64], other: &[f64]) -> f64 {
    let all: f64 = one.iter().sum();
    one.iter().zip(other).map(|(a, b)| (a - b).abs()).sum::<f64>() / (2.0 * all)
}

#[test]
fn exact_counts_of_a_decomposable_model_give_the_closed_form() {
    let sizes = [3, 4, 2, 3];
    let scopes = [vec![0, 1], vec![1, 2], vec![1, 3]];
    let total = 5000.0;
    let world = some_joint(&sizes, total);
    let found = fitted_exactly(&sizes, &scopes, &world, total);
    // p(b) p(a | b) p(c | b) p(d | b)
    let (ab, bc, bd) = (sum(&sizes, &[0, 1], &world), sum(&sizes, &[1, 2], &world), sum(&sizes, &[1, 3], &world));
    let b = sum(&sizes, &[1], &world);
    let closed: Vec<f64> = (0..world.len())
        .map(|cell| {
            let at = |scope: &[usize]| crate::flat::model::tests::place(&sizes, scope, cell);
            ab[at(&[0, 1])] * bc[at(&[1, 2])] * bd[at(&[1, 3])] / b[at(&[1])].powi(2)
        })
        .collect();
    let apart = apart(&closed, &found);
    assert!(apart < 2e-3, "{apart}");
}

#[test]
fn exact_counts_of_a_cycle_give_what_iterative_proportional_fitting_gives() {
    let sizes = [3, 2, 4, 2];
    let scopes = [vec![0, 1], vec![1, 2], vec![2, 3], vec![0, 3], vec![0, 2]];
    let total = 20_000.0;
    let world = some_joint(&sizes, total);
    let found = fitted_exactly(&sizes, &scopes, &world, total);
    // Deming and Stephan 1940: scale to each table in turn.
    let mut fitting = vec![total / world.len() as f64; world.len()];
    for _ in 0..3000 {
        for scope in &scopes {
            let (wanted, has) = (sum(&sizes, scope, &world), sum(&sizes, scope, &fitting));
            for (cell, x) in fitting.iter_mut().enumerate() {
                let at = crate::flat::model::tests::place(&sizes, scope, cell);
                *x *= wanted[at] / has[at];
            }
        }
    }
    let apart = apart(&fitting, &found);
    assert!(apart < 3e-3, "{apart}");
}

#[test]
fn a_fit_that_begins_where_another_ended_is_done_at_once() {
    let sizes = [3, 2, 4];
    let scopes = [vec![0, 1], vec![1, 2]];
    let world = some_joint(&sizes, 800.0);
    let targets = targets(&sizes, &scopes, &world, 2.0);
    let (mut potentials, first) = fitted(&sizes, &scopes, &targets, 800.0);
    assert!(first.passes > 1);
    let mut model = Model::new(&sizes, &scopes, 800.0);
    let second = fit(&mut model, &mut potentials, &targets, 400);
    assert_eq!((second.passes, second.gap), (1, first.gap));
    // One more factor: from the warm start no later than from nothing.
    let more = [vec![0, 1], vec![1, 2], vec![0, 2]];
    let targets = super::tests::targets(&sizes, &more, &world, 2.0);
    potentials.push(vec![0.0; 12]);
    let mut model = Model::new(&sizes, &more, 800.0);
    let warm = fit(&mut model, &mut potentials, &targets, 400);
    let (_, cold) = fitted(&sizes, &more, &targets, 800.0);
    assert!(warm.gap <= DONE && warm.passes <= cold.passes, "warm {warm:?}, cold {cold:?}");
}

#[test]
fn the_passes_are_never_more_than_asked_for() {
    let sizes = [3, 2, 4];
    let scopes = [vec![0, 1], vec![1, 2], vec![0, 2]];
    let targets = targets(&sizes, &scopes, &some_joint(&sizes, 800.0), 0.01);
    for most in 1..6 {
        let mut potentials: Vec<Vec<f64>> = targets.iter().map(|t| vec![0.0; t.counts.len()]).collect();
        let mut model = Model::new(&sizes, &scopes, 800.0);
        assert!(fit(&mut model, &mut potentials, &targets, most).passes <= most);
    }
}

proptest! {
    #[test]
    fn the_gradient_agrees_with_differences((sizes, scopes) in network(4, 3, 5), seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let targets: Vec<Target> = scopes
            .iter()
            .map(|s| {
                let cells = product(s, &sizes) as usize;
                let counts = (0..cells).map(|_| 60.0 * next() - 15.0).collect();
                Target { counts, measured: (0..cells).map(|_| next() < 0.8).collect(), ridge: 0.1 + next() }
            })
            .collect();
        let mut model = Model::new(&sizes, &scopes, 50.0);
        let mut problem = Problem::new(&mut model, &targets);
        // What isn't measured stays nought.
        let x: Vec<f64> = problem.measured.clone().iter().map(|m| if *m { 2.0 * next() - 1.0 } else { 0.0 }).collect();
        let at = problem.look(&x);
        for i in 0..x.len() {
            if !problem.measured[i] {
                prop_assert_eq!(at.gradient[i], 0.0);
                continue;
            }
            let mut aside = |by: f64| {
                let mut there = x.clone();
                there[i] += by;
                problem.look(&there).value
            };
            let slope = (aside(1e-5) - aside(-1e-5)) / 2e-5;
            prop_assert!((slope - at.gradient[i]).abs() < 1e-4 * (1.0 + slope.abs()), "{} {}", slope, at.gradient[i]);
        }
    }

    #[test]
    fn no_noisy_counts_make_a_fit_that_is_not_a_number(
        (sizes, scopes) in network(5, 3, 6),
        total in prop_oneof![Just(1.0), 1.0_f64..1e7],
        kind in 0_u8..4,
        ridge in prop_oneof![Just(0.5), 0.5_f64..1e4],
        seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let targets: Vec<Target> = scopes
            .iter()
            .map(|s| {
                let cells = product(s, &sizes) as usize;
                let counts = (0..cells)
                    .map(|_| match kind {
                        0 => 0.0,
                        1 => -1000.0 * next(),
                        2 => 2.0 * total * (next() - 0.5),
                        _ => 1e6 * (next() - 0.5),
                    })
                    .collect();
                Target { counts, measured: vec![true; cells], ridge }
            })
            .collect();
        let mut potentials: Vec<Vec<f64>> = targets.iter().map(|t| vec![0.0; t.counts.len()]).collect();
        let mut model = Model::new(&sizes, &scopes, total);
        let convergence = fit(&mut model, &mut potentials, &targets, 80);
        prop_assert!(convergence.gap.is_finite());
        prop_assert!(potentials.iter().flatten().all(|x| x.is_finite()));
        for belief in &model.belief {
            prop_assert!(belief.iter().all(|b| b.is_finite() && *b >= 0.0));
            let sum: f64 = belief.iter().sum();
            prop_assert!((sum - total).abs() < 1e-6 * total, "a node sums to {} of {}", sum, total);
        }
    }
}

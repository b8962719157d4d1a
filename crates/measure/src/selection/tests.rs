use super::*;
use accord_testnoise::{Seen, count, disagreement, misfit, seeded};
use proptest::prelude::*;

/// The mechanism's law by its definition, in ordinary numbers.
pub(crate) fn law(utilities: &[i64], range: u64, epsilon_milli: u64) -> Vec<f64> {
    let best = *utilities.iter().max().unwrap();
    let weights: Vec<f64> = utilities
        .iter()
        .map(|u| (-(epsilon_milli as f64) / 1000.0 * best.abs_diff(*u) as f64 / range as f64).exp())
        .collect();
    let whole: f64 = weights.iter().sum();
    weights.iter().map(|w| w / whole).collect()
}

fn choices(utilities: &[i64], range: u64, epsilon_milli: u64, draws: u32) -> Seen {
    let mut rng = seeded(epsilon_milli + range);
    count((0..draws).map(|_| select_by_range_with(utilities, range, epsilon_milli, &mut rng).unwrap() as i64))
}

#[test]
fn privacy_08_choices_follow_the_exponential_mechanism() {
    for (utilities, range, epsilon_milli) in [
        (&[0, 3, 5, 6, 6][..], 2, 1000),
        (&[0, 3, 5, 6, 6], 1, 100),
        (&[-4, 0, 0, 1], 1, 2500),
        (&[7], 2, 1000),
        (&[i64::MIN, 0, i64::MAX], 1 << 62, 700),
        (&[5, -100, 5, -100, 5, 4], 3, 0),
    ] {
        let law = law(utilities, range, epsilon_milli);
        let of = |x: i64| usize::try_from(x).ok().and_then(|x| law.get(x).copied()).unwrap_or(0.0);
        // Shifted so that cells lie around nought, as the test of fit walks outwards.
        let middle = utilities.len() as i64 / 2;
        let seen = choices(utilities, range, epsilon_milli, 100_000);
        let shifted: Seen = seen.iter().map(|(x, n)| (x - middle, *n)).collect();
        let misfit = misfit(&shifted, |x| of(x + middle));
        assert!(misfit < 1.0, "{utilities:?}: chi-square is {misfit:.2} times its limit");
        // and candidate by candidate, as the ends may have fallen together
        for (x, p) in law.iter().enumerate() {
            let share = seen.get(&(x as i64)).copied().unwrap_or(0) as f64 / 100_000.0;
            assert!((share - p).abs() <= 4.5 * (p * (1.0 - p) / 100_000.0).sqrt() + 1e-9, "{x}: {share} against {p}");
        }
    }
}

/// 50 digits by `bench/oracle/samplers.py`.
#[test]
fn the_law_that_choices_are_judged_by_agrees_with_fifty_digits() {
    let near = |a: Vec<f64>, b: [f64; 5]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
    let utilities = [0, 3, 5, 6, 6];
    assert!(near(
        law(&utilities, 2, 1000),
        [
            0.017_290_491_198_466,
            0.077_490_605_424_942,
            0.210_641_304_602_909,
            0.347_288_799_386_841,
            0.347_288_799_386_841
        ]
    ));
    assert!(near(
        law(&utilities, 1, 100),
        [
            0.130_841_797_095_357,
            0.176_617_952_208_239,
            0.215_721_653_967_745,
            0.238_409_298_364_330,
            0.238_409_298_364_330
        ]
    ));
}

/// 100,000 choices of OpenDP 0.14.2's noisy maximum with Gumbel noise of scale 2, which is the exponential mechanism at
/// epsilon 1 and sensitivity 1 (`bench/oracle/samplers.py --opendp`).
#[test]
fn privacy_08_choices_agree_with_those_of_opendp() {
    let theirs = Seen::from([(0, 1745), (1, 7742), (2, 20_977), (3, 34_698), (4, 34_838)]);
    let mut rng = seeded(2);
    let ours = count((0..200_000).map(|_| select_with(&[0, 3, 5, 6, 6], 1, 1000, &mut rng).unwrap() as i64));
    assert!(disagreement(&ours, &theirs) < 1.0);
    let wrong = choices(&[0, 3, 5, 6, 6], 2, 900, 200_000);
    assert!(disagreement(&wrong, &theirs) > 1.0, "a wrong epsilon is found out");
}

/// OpenDP 0.14.2's maps of the same mechanism to rho, for scale 2, 20, 5 and sensitivity 1, 1, 3, both for utilities that
/// move both ways and for monotone ones.
#[test]
fn privacy_01_the_cost_of_a_choice_agrees_with_opendp() {
    for (epsilon_milli, rho) in
        [(1000, 0.125), (100, 0.00125), (1200, 0.18), (500, 0.03125), (50, 0.000_312_5), (600, 0.045)]
    {
        assert_eq!(rho_of_selection(epsilon_milli), Rho((rho * Rho::UNIT as f64).round() as u64));
    }
    assert_eq!(rho_of_selection(0), Rho(0));
    assert_eq!(rho_of_selection(u64::MAX), Rho(u64::MAX));
    assert_eq!(selection_epsilon(Rho(Rho::UNIT / 8)), 1000);
    assert_eq!(selection_epsilon(Rho(Rho::UNIT / 8 - 1)), 999);
}

/// Every pair of neighbours of small utilities: d_i in -s..=s for the two-sided form, in 0..=s for the monotone one. All
/// probabilities are within exp(epsilon) of each other, the logarithms of their ratios span at most epsilon, and the Rényi
/// divergence is within alpha rho, for the law that the choices were held against.
#[test]
fn privacy_01_neighbours_of_a_choice_stay_within_epsilon_and_rho() {
    let epsilon_milli = 1500;
    let (epsilon, rho) = (1.5, rho_of_selection(epsilon_milli).to_f64());
    let (mut widest, mut dearest) = (0.0_f64, 0.0_f64);
    for monotone in [false, true] {
        let moves: Vec<i64> = if monotone { vec![0, 1, 2] } else { vec![-1, 0, 1] };
        let range = 2; // sensitivity 1 both ways, or 2 one way
        for start in [[0, 0, 0], [0, 1, 5], [-3, 4, 4], [2, 0, -20]] {
            for code in 0..27_usize {
                let neighbour: Vec<i64> = (0..3).map(|i| start[i] + moves[code / 3_usize.pow(i as u32) % 3]).collect();
                let (p, q) = (law(&start, range, epsilon_milli), law(&neighbour, range, epsilon_milli));
                let losses: Vec<f64> = p.iter().zip(&q).map(|(p, q)| (p / q).ln()).collect();
                let most = losses.iter().copied().fold(f64::MIN, f64::max);
                let least = losses.iter().copied().fold(f64::MAX, f64::min);
                assert!(most <= epsilon + 1e-9 && least >= -epsilon - 1e-9);
                assert!(most - least <= epsilon + 1e-9, "bounded range");
                widest = widest.max(most - least);
                for alpha in [1.01, 1.5, 2.0, 4.0, 16.0] {
                    let sum: f64 = p.iter().zip(&q).map(|(p, q)| p.powf(alpha) * q.powf(1.0 - alpha)).sum();
                    let cost = sum.ln() / (alpha - 1.0) / alpha;
                    assert!(cost <= rho + 1e-9, "alpha {alpha}: {cost} over {rho}");
                    dearest = dearest.max(cost / rho);
                }
            }
        }
    }
    assert!(widest > epsilon - 1e-9, "the bound is reached");
    assert!(dearest > 0.8, "the cost is not far from what is charged: {dearest}");
}

#[test]
fn a_hundred_thousand_candidates_end_even_when_one_alone_is_good() {
    let mut utilities = vec![i64::MIN; 100_000];
    utilities[77_777] = i64::MAX;
    let mut rng = seeded(1);
    assert_eq!(select_with(&utilities, 1, 1_000_000, &mut rng), Ok(77_777));
}

#[test]
fn what_is_no_choice_is_refused() {
    let mut rng = seeded(1);
    assert_eq!(select_with(&[], 1, 1000, &mut rng), Err(SelectionError::NoCandidates));
    assert_eq!(select_with(&[1], 0, 1000, &mut rng), Err(SelectionError::Sensitivity));
    assert_eq!(select_with(&[1], 1 << 63, 1000, &mut rng), Err(SelectionError::Sensitivity));
}

proptest! {
    #[test]
    fn any_utilities_and_epsilon_give_a_candidate(
        utilities in prop::collection::vec(any::<i64>(), 1..50), range in 1_u64.., epsilon_milli in any::<u64>(), seed in any::<u64>(),
    ) {
        let chosen = select_by_range_with(&utilities, range, epsilon_milli, &mut seeded(seed)).unwrap();
        prop_assert!(chosen < utilities.len());
    }

    /// The epsilon that a cost buys costs no more, and a thousandth more would.
    #[test]
    fn privacy_01_a_choice_never_costs_more_than_its_debit(rho in any::<u64>()) {
        let epsilon_milli = selection_epsilon(Rho(rho));
        prop_assert!(rho_of_selection(epsilon_milli) <= Rho(rho));
        prop_assert!(u128::from(epsilon_milli + 1).pow(2) * 125_000 > u128::from(rho));
    }
}

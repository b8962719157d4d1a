//! The samplers against the definitions of their laws, against `prio`'s, and against OpenDP's. The figures of OpenDP 0.14.2
//! and those with 50 digits were made by `bench/oracle/samplers.py`.

use accord_measure::laplace::{draw_laplace_with, rho_of_laplace};
use accord_measure::noise::{ExactNoise, NoiseSource, OsNoise, draw_with};
use accord_release::account::Rho;
use accord_testnoise::{Seen, count, disagreement, discrete_gaussian, discrete_laplace, misfit, seeded};
use prio::dp::Rational;
use prio::dp::distributions::DiscreteGaussian;
use proptest::prelude::*;
use rand::distr::Distribution;

fn gaussians(sigma_milli: u64, draws: u32) -> Seen {
    let mut rng = seeded(sigma_milli);
    count((0..draws).map(|_| draw_with(sigma_milli, &mut rng)))
}

fn laplaces(scale_milli: u64, draws: u32) -> Seen {
    let mut rng = seeded(scale_milli);
    count((0..draws).map(|_| draw_laplace_with(scale_milli, &mut rng)))
}

fn gaussians_of_prio(sigma_milli: u64, draws: u32) -> Seen {
    let mut rng = seeded(sigma_milli + 1);
    let law = DiscreteGaussian::new(Rational::from_unsigned(sigma_milli, 1000_u64).unwrap()).unwrap();
    count((0..draws).map(|_| i64::try_from(law.sample(&mut rng)).unwrap()))
}

#[test]
fn privacy_08_draws_follow_the_discrete_gaussian() {
    for sigma_milli in [1, 400, 500, 999, 1000, 1001, 3300, 20_000, 200_000] {
        let misfit = misfit(&gaussians(sigma_milli, 200_000), discrete_gaussian(sigma_milli as f64 / 1000.0));
        assert!(misfit < 1.0, "{sigma_milli}: chi-square is {misfit:.2} times its limit");
    }
}

#[test]
fn privacy_08_draws_follow_the_discrete_laplace() {
    for scale_milli in [1, 50, 500, 999, 1000, 1001, 3300, 20_000, 200_000] {
        let misfit = misfit(&laplaces(scale_milli, 200_000), discrete_laplace(scale_milli as f64 / 1000.0));
        assert!(misfit < 1.0, "{scale_milli}: chi-square is {misfit:.2} times its limit");
    }
}

#[test]
fn the_test_of_the_samplers_has_teeth() {
    // A parameter that is 2 % off, a tail cut at 3 sigma, nought twice as likely as it should be: all are found out.
    let law = || discrete_gaussian(3.3);
    let cut = count(gaussians(3300, 200_000).into_iter().flat_map(|(x, n)| vec![x.clamp(-10, 10); n as usize]));
    let mut twice = laplaces(3300, 200_000);
    *twice.get_mut(&0).unwrap() *= 2;
    let found = [
        misfit(&gaussians(3366, 200_000), law()),
        misfit(&cut, law()),
        misfit(&twice, discrete_laplace(3.3)),
        misfit(&laplaces(3366, 200_000), discrete_laplace(3.3)),
        disagreement(&gaussians(3366, 200_000), &gaussians(3300, 200_000)),
    ];
    assert!(found.iter().all(|x| *x > 1.0), "{found:?}");
}

#[test]
fn privacy_08_draws_agree_with_an_independent_sampler_on_big_integers() {
    for sigma_milli in [1, 500, 1000, 3300, 20_000, 200_000] {
        let (ours, theirs) = (gaussians(sigma_milli, 100_000), gaussians_of_prio(sigma_milli, 20_000));
        let disagreement = disagreement(&ours, &theirs);
        assert!(disagreement < 1.0, "{sigma_milli}: chi-square is {disagreement:.2} times its limit");
    }
}

#[test]
fn privacy_08_draws_agree_on_both_sides_of_the_border_to_big_integers() {
    // Sigma 10,000: in steps of 500, so that cells fill.
    let steps = |seen: Seen| count(seen.into_iter().flat_map(|(x, n)| vec![x.div_euclid(500); n as usize]));
    let border = accord_measure::gaussian::LARGEST_ON_128_BITS;
    let (last, first) = (steps(gaussians(border, 60_000)), steps(gaussians(border + 1, 20_000)));
    let prio = steps(gaussians_of_prio(border, 20_000));
    for (name, one, other) in [("both sides", &last, &first), ("ours and prio's", &last, &prio)] {
        let disagreement = disagreement(one, other);
        assert!(disagreement < 1.0, "{name}: chi-square is {disagreement:.2} times its limit");
    }
    // And against the law, which is constant over a step to one part in 10^3.
    let law = discrete_gaussian(10_000.0);
    let misfit = misfit(&last, |step| (step * 500..(step + 1) * 500).map(&law).sum());
    assert!(misfit < 1.0, "chi-square is {misfit:.2} times its limit");
}

/// 100,000 draws of OpenDP 0.14.2's discrete Gaussian, scale 3.3.
#[rustfmt::skip]
const OPENDP_GAUSSIAN: [(i64, u64); 32] = [
    (-16, 1), (-14, 1), (-13, 8), (-12, 9), (-11, 40), (-10, 130), (-9, 313), (-8, 661), (-7, 1304), (-6, 2215), (-5, 3758),
    (-4, 5857), (-3, 8114), (-2, 10058), (-1, 11470), (0, 11895), (1, 11390), (2, 10249), (3, 8006), (4, 5861), (5, 3851),
    (6, 2357), (7, 1287), (8, 631), (9, 320), (10, 120), (11, 69), (12, 14), (13, 6), (14, 1), (15, 2), (16, 2),
];

/// 100,000 draws of OpenDP 0.14.2's discrete Laplace, scale 3.3.
#[rustfmt::skip]
const OPENDP_LAPLACE: [(i64, u64); 69] = [
    (-43, 1), (-36, 1), (-34, 1), (-32, 2), (-31, 2), (-30, 1), (-29, 1), (-28, 3), (-27, 6), (-26, 2), (-25, 7), (-24, 13),
    (-23, 19), (-22, 21), (-21, 27), (-20, 45), (-19, 62), (-18, 67), (-17, 77), (-16, 113), (-15, 160), (-14, 218),
    (-13, 282), (-12, 401), (-11, 528), (-10, 721), (-9, 1008), (-8, 1403), (-7, 1678), (-6, 2418), (-5, 3331), (-4, 4497),
    (-3, 6069), (-2, 8169), (-1, 11149), (0, 14944), (1, 11123), (2, 8298), (3, 6039), (4, 4441), (5, 3387), (6, 2398),
    (7, 1749), (8, 1293), (9, 1046), (10, 737), (11, 545), (12, 377), (13, 281), (14, 228), (15, 153), (16, 129), (17, 71),
    (18, 70), (19, 58), (20, 34), (21, 28), (22, 16), (23, 14), (24, 9), (25, 3), (26, 8), (27, 4), (28, 5), (29, 3), (30, 2),
    (32, 2), (35, 1), (37, 1),
];

#[test]
fn privacy_08_draws_agree_with_those_of_opendp() {
    let (gaussian, laplace) = (Seen::from(OPENDP_GAUSSIAN), Seen::from(OPENDP_LAPLACE));
    assert_eq!((gaussian.values().sum::<u64>(), laplace.values().sum::<u64>()), (100_000, 100_000));
    let found = [disagreement(&gaussians(3300, 200_000), &gaussian), disagreement(&laplaces(3300, 200_000), &laplace)];
    assert!(found.iter().all(|x| *x < 1.0), "{found:?}");
}

#[test]
fn the_laws_that_draws_are_judged_by_agree_with_fifty_digits() {
    for (sigma, x, p) in [
        (0.5, 1, 1.064_507_694_231_447_2e-1),
        (0.5, 7, 2.162_113_767_178_244e-43),
        (3.3, 0, 1.208_916_001_216_462_7e-1),
        (20.0, 40, 2.699_548_325_659_402_6e-3),
        (200.0, 7, 1.993_490_015_361_278_5e-3),
    ] {
        assert!((discrete_gaussian(sigma)(x) / p - 1.0).abs() < 1e-12, "{sigma} {x}");
    }
    for (scale, x, p) in [
        (0.5, 2, 1.394_908_354_025_609_2e-2),
        (3.3, 7, 1.802_684_355_833_902e-2),
        (20.0, 40, 3.382_677_385_821_709e-3),
        (200.0, 400, 3.383_375_032_220_270_5e-4),
    ] {
        assert!((discrete_laplace(scale)(-x) / p - 1.0).abs() < 1e-12, "{scale} {x}");
    }
}

#[test]
fn privacy_01_costs_of_noise_agree_with_opendp() {
    // OpenDP's maps to rho for the Gaussian: what the plan charges for the same scale is no less, and not a unit more.
    for (sigma_milli, sensitivity, rho) in
        [(1000, 1, 0.5), (20_000, 1, 0.00125), (3300, 2, 0.183_654_729_109_274_6), (200_000, 5, 0.000_312_5)]
    {
        let ours = Rho((rho * Rho::UNIT as f64).ceil() as u64);
        assert_eq!(accord_measure::plan::sigma_milli(sensitivity * sensitivity, ours), Some(sigma_milli));
    }
    // Its epsilon of the Laplace, and epsilon² / 2.
    for (scale_milli, sensitivity, epsilon) in [(1000, 1, 1.0), (20_000, 1, 0.05), (3300, 2, 0.606_060_606_060_606_2)] {
        let ours = rho_of_laplace(scale_milli, sensitivity).unwrap().to_f64();
        let theirs: f64 = epsilon * epsilon / 2.0;
        assert!(ours >= theirs - 1e-15 && ours <= theirs + 1.1e-12, "{ours} {theirs}");
    }
}

/// The ratio of two neighbours' probabilities of every output, from the law that the draws were held against above, to
/// 60 scales out: within exp(epsilon), and reaching it, so the claim is neither false nor loose.
#[test]
fn privacy_01_neighbours_of_a_laplace_count_stay_within_epsilon() {
    for (scale_milli, sensitivity) in [(500_u64, 1_i64), (1000, 1), (3300, 2), (20_000, 3)] {
        let scale = scale_milli as f64 / 1000.0;
        let law = discrete_laplace(scale);
        let (epsilon, reach) = (sensitivity as f64 / scale, (scale * 60.0) as i64 + 5);
        let mut most = 0.0_f64;
        for distance in -sensitivity..=sensitivity {
            for output in -reach..=reach {
                most = most.max((law(output) / law(output - distance)).ln().abs());
            }
        }
        assert!(most <= epsilon + 1e-9 && most >= epsilon - 1e-9, "{most} against {epsilon}");
        // And its Rényi divergence is within alpha rho.
        let rho = rho_of_laplace(scale_milli, sensitivity as u64).unwrap().to_f64();
        for alpha in [1.01, 1.5, 2.0, 5.0, 20.0] {
            let term = |x: i64| (alpha * law(x).ln() + (1.0 - alpha) * law(x - sensitivity).ln()).exp();
            let sum: f64 = (-reach..=reach).map(term).sum();
            assert!(sum.ln() / (alpha - 1.0) <= alpha * rho + 1e-9, "alpha {alpha}");
        }
    }
}

#[test]
fn privacy_08_the_system_generator_gives_other_noise_each_time() {
    let mut noise = OsNoise::default();
    let first: Vec<i64> = (0..64).map(|_| noise.draw(50_000)).collect();
    let second: Vec<i64> = (0..64).map(|_| noise.draw(50_000)).collect();
    let other: Vec<i64> = (0..64).scan(OsNoise::default(), |n, _| Some(n.draw(50_000))).collect();
    assert!(first != second && first != other && second != other);
    assert!(first.iter().chain(&second).chain(&other).all(|x| x.abs() < 1000));
}

#[test]
fn privacy_08_noise_of_the_system_follows_the_laws_too() {
    // A fresh seed each time: a limit at twice the 99.99 % point is passed by chance less than once in 10^15 runs.
    let mut noise = OsNoise::default();
    let gaussian = count((0..200_000).map(|_| noise.draw(20_000)));
    let laplace = count((0..200_000).map(|_| noise.draw_laplace(20_000)));
    assert!(misfit(&gaussian, discrete_gaussian(20.0)) < 2.0);
    assert!(misfit(&laplace, discrete_laplace(20.0)) < 2.0);
}

#[test]
fn a_scale_of_nought_draws_nought() {
    let mut noise = OsNoise::default();
    assert_eq!((noise.draw(0), noise.draw_laplace(0)), (0, 0));
    assert_eq!(rho_of_laplace(0, 1), None);
}

/// Any scale, as often near a power of two as not.
fn any_scale() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), (0_u32..64, 0_u64..3).prop_map(|(power, more)| (1_u64 << power).wrapping_sub(1) + more)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_scale_draws_and_stays_within_sixty_scales(milli in any_scale(), seed in any::<u64>()) {
        let mut rng = seeded(seed);
        let reach = u128::from(milli) * 60 / 1000 + 1;
        prop_assert!(u128::from(draw_with(milli, &mut rng).unsigned_abs()) <= reach);
        prop_assert!(u128::from(draw_laplace_with(milli, &mut rng).unsigned_abs()) <= reach);
    }

    #[test]
    fn privacy_01_the_cost_of_laplace_noise_is_rounded_up(milli in any_scale(), sensitivity in 0_u64..1_000_000) {
        if let Some(rho) = rho_of_laplace(milli, sensitivity) {
            let exact = (sensitivity as f64 / milli as f64 * 1000.0).powi(2) / 2.0 * Rho::UNIT as f64;
            prop_assert!(rho.0 as f64 >= exact * (1.0 - 1e-12) && rho.0 as f64 <= exact * (1.0 + 1e-12) + 1.0);
        }
    }
}

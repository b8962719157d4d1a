use super::*;
use crate::seeded;
use rand::{Rng, RngExt};

fn near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1e-3)
}

/// The first four with an error of 2.5 % each side are in Newcombe 1998 (Statistics in Medicine 17, table I, method 5) with
/// four digits; all are scipy 1.17.1's, made by `bench/oracle/audit.py`.
#[test]
fn bounds_on_a_share_agree_with_published_tables_and_scipy() {
    for (count, trials, error, low, high) in [
        (0, 20, 0.025, 0.0, 0.168_433_470_973_085_3),
        (1, 29, 0.025, 0.000_872_646_883_579_922, 0.177_644_295_488_722_9),
        (15, 148, 0.025, 0.057_844_010_083_448_57, 0.161_650_490_349_479),
        (81, 263, 0.025, 0.252_736_745_585_271_26, 0.367_621_922_601_351_35),
        (3, 2000, 5e-5, 3.406_176_467_636_391e-5, 0.008_346_693_345_293_268),
        (0, 3200, 5e-5, 0.0, 0.003_090_055_779_880_894_6),
        (16_000, 16_000, 5e-5, 0.999_381_223_549_124_5, 1.0),
        (12_345, 50_000, 1e-4, 0.239_767_072_552_197_79, 0.254_129_838_431_142_95),
        (999, 1000, 0.01, 0.993_380_331_604_351_4, 0.999_989_949_714_650_9),
    ] {
        let ours = (share_at_least(count, trials, error), share_at_most(count, trials, error));
        assert!(near(ours.0, low) && near(ours.1, high), "{count} of {trials}: {ours:?}, not {low} and {high}");
    }
}

#[test]
fn the_normal_law_and_epsilon_of_mu_agree_with_scipy() {
    for (p, x) in [
        (1e-9, -5.997_807_015_007_686_5),
        (1e-4, -3.719_016_485_455_680_4),
        (0.025, -1.959_963_984_540_054_5),
        (0.3, -0.524_400_512_708_040_9),
        (0.975, 1.959_963_984_540_054),
    ] {
        assert!(near(normal_quantile(p), x), "{p}");
    }
    for (mu, delta, epsilon) in [
        (0.1, 1e-5, 0.340_669_364_684_095_14),
        (0.8, 1e-5, 3.386_933_186_156_265_5),
        (1.6, 1e-5, 7.619_190_909_581_697),
        (0.5, 1e-6, 2.254_084_650_219_742_2),
        (5.0, 1e-5, 33.103_732_335_922_466),
    ] {
        assert!((epsilon_of_gdp(mu, delta) - epsilon).abs() < 1e-7, "{mu}: {}", epsilon_of_gdp(mu, delta));
    }
    assert_eq!(
        (epsilon_of_gdp(0.0, 1e-5), normal_quantile(0.0), normal_quantile(1.0)),
        (0.0, f64::NEG_INFINITY, f64::INFINITY)
    );
}

/// Draws of (a score of nothing, a score of the world): normal with means 0 and `mu`.
fn gaussian_game(mu: f64, trials: usize, seed: u64) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
    let mut rng = seeded(seed);
    let mut draw = |mean: f64| normal_quantile(rng.random_range(1e-12..1.0)) + mean;
    let with = (0..trials).map(|_| [draw(0.0), draw(mu)]).collect();
    let without = (0..trials).map(|_| [draw(0.0), draw(0.0)]).collect();
    (with, without)
}

#[test]
fn bounds_stay_below_what_is_true_of_a_normal_game_and_come_close() {
    for (mu, trials) in [(0.3, 20_000), (1.0, 4_000), (3.0, 4_000)] {
        let (with, without) = gaussian_game(mu, trials, trials as u64);
        for (a, b) in [(&with, &without), (&without, &with)] {
            let found = bounds(a, b, 1e-5, 1e-3);
            assert!(found.mu <= mu && found.mu >= 0.6 * mu && found.by == 1, "mu {mu}: {found:?}");
            assert!(found.epsilon <= epsilon_of_gdp(mu, 1e-5) && found.epsilon > 0.0, "mu {mu}: {found:?}");
        }
    }
}

#[test]
fn a_bound_is_wrong_no_oftener_than_it_says() {
    // 400 games of no difference at all, at an error of 5 %: mu's bound is over nought in 20 at most, give or take.
    let wrong = (0..400)
        .filter(|seed| {
            let (with, without) = gaussian_game(0.0, 100, 1000 + seed);
            let found = bounds(&with, &without, 0.0, 0.05);
            found.mu > 0.0 || found.epsilon > 0.0
        })
        .count();
    assert!(wrong <= 40, "{wrong} of 400");
}

#[test]
fn randomised_response_is_bounded_close_to_its_epsilon() {
    // The truth with chance e / (1 + e): epsilon is exactly 1.
    let share = 1.0_f64.exp() / (1.0 + 1.0_f64.exp());
    let mut rng = seeded(5);
    let mut draws = |share: f64| (0..20_000).map(|_| [f64::from(u8::from(rng.random_bool(share)))]).collect::<Vec<_>>();
    let found = bounds(&draws(share), &draws(1.0 - share), 1e-5, 1e-3);
    assert!((0.9..=1.0).contains(&found.epsilon), "{found:?}");
}

#[test]
fn worlds_that_never_look_alike_are_told_apart_as_far_as_the_trials_go() {
    let found = bounds(&vec![[1.0]; 4000], &vec![[0.0]; 4000], 1e-5, 1e-4);
    // None of 3,200, at an error of 1e-4 / 4, is at most 0.00331: ln(0.9967 / 0.00331) = 5.71.
    assert!((5.65..5.75).contains(&found.epsilon) && found.mu > 5.0, "{found:?}");
}

#[test]
fn the_fast_generator_is_splitmix64() {
    // First outputs for the seed 1234567 in the reference implementation (Vigna, prng.di.unimi.it/splitmix64.c).
    let mut rng = Fast::seeded(1_234_567);
    let first: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
    assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
}

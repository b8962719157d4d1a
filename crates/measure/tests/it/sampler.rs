//! The sampler against the definition of the discrete Gaussian.

use accord_measure::noise::{NoiseSource, OsNoise, draw_with};
use accord_testnoise::{discrete_gaussian_pmf, seeded};
use std::collections::HashMap;

/// Pearson's statistic against the exact probabilities, pooling cells with an expectation under 10 into the tails; compared
/// with the 99.99 % point of the chi-square distribution (Wilson and Hilferty's approximation).
fn agrees_with_definition(sigma_milli: u64, draws: u32) {
    let sigma = sigma_milli as f64 / 1000.0;
    let mut rng = seeded(sigma_milli);
    let mut seen: HashMap<i64, u32> = HashMap::new();
    for _ in 0..draws {
        *seen.entry(draw_with(sigma_milli, &mut rng)).or_default() += 1;
    }
    let expected = |x: i64| f64::from(draws) * discrete_gaussian_pmf(sigma, x);
    let reach = (0..i64::from(draws)).find(|x| expected(*x + 1) < 10.0).unwrap();
    let (mut statistic, mut inside_expected, mut inside_seen) = (0.0, 0.0, 0.0);
    for x in -reach..=reach {
        let (e, o) = (expected(x), f64::from(*seen.get(&x).unwrap_or(&0)));
        statistic += (o - e) * (o - e) / e;
        inside_expected += e;
        inside_seen += o;
    }
    let (e, o) = (f64::from(draws) - inside_expected, f64::from(draws) - inside_seen);
    if e > 5.0 {
        statistic += (o - e) * (o - e) / e;
    }
    let df = (2 * reach + 1) as f64;
    let limit = df * (1.0 - 2.0 / (9.0 * df) + 3.719 * (2.0 / (9.0 * df)).sqrt()).powi(3);
    assert!(statistic < limit, "sigma {sigma}: chi-square {statistic:.1} over {limit:.1} at {df} degrees of freedom");
}

#[test]
fn privacy_08_draws_follow_the_discrete_gaussian() {
    for sigma_milli in [400, 1000, 2500, 8300, 20_000] {
        agrees_with_definition(sigma_milli, 40_000);
    }
}

#[test]
#[should_panic(expected = "chi-square")]
fn the_test_of_the_sampler_has_teeth() {
    // Draws at sigma 2 judged as sigma 2.1 would be found out.
    let mut rng = seeded(1);
    let draws = 40_000;
    let mut statistic = 0.0;
    let mut seen: HashMap<i64, u32> = HashMap::new();
    for _ in 0..draws {
        *seen.entry(draw_with(2000, &mut rng)).or_default() += 1;
    }
    for x in -6..=6_i64 {
        let e = f64::from(draws) * discrete_gaussian_pmf(2.1, x);
        let o = f64::from(*seen.get(&x).unwrap_or(&0));
        statistic += (o - e) * (o - e) / e;
    }
    assert!(statistic < 40.0, "chi-square {statistic:.1}");
}

#[test]
fn privacy_08_the_system_generator_gives_other_noise_each_time() {
    let mut noise = OsNoise;
    let first: Vec<i64> = (0..64).map(|_| noise.draw(50_000)).collect();
    let second: Vec<i64> = (0..64).map(|_| noise.draw(50_000)).collect();
    assert_ne!(first, second);
    assert!(first.iter().all(|x| x.abs() < 1000));
}

//! A seeded generator, laws to compare with, and tests of fit, for tests of noise only. The shipped binary does not contain
//! this crate: `cargo xtask tidy` checks it (PRIVACY 8).

pub mod audit;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;

/// A generator whose draws repeat.
pub fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Probability of `x` under the discrete Gaussian with parameter `sigma`, by its definition.
pub fn discrete_gaussian_pmf(sigma: f64, x: i64) -> f64 {
    discrete_gaussian(sigma)(x)
}

/// The same as a function of x, which is faster for many x.
pub fn discrete_gaussian(sigma: f64) -> impl Fn(i64) -> f64 {
    let weight = move |x: i64| (-(x as f64 * x as f64) / (2.0 * sigma * sigma)).exp();
    let reach = (sigma * 40.0) as i64 + 40;
    let whole = (-reach..=reach).map(weight).sum::<f64>();
    move |x| weight(x) / whole
}

/// Probabilities of the discrete Laplace with this scale: its sum is known in closed form.
pub fn discrete_laplace(scale: f64) -> impl Fn(i64) -> f64 {
    let ratio = (-1.0 / scale).exp();
    move |x| (1.0 - ratio) / (1.0 + ratio) * (-(x.unsigned_abs() as f64) / scale).exp()
}

/// Draws counted by value.
pub type Seen = BTreeMap<i64, u64>;

/// Counts draws by value.
pub fn count(draws: impl IntoIterator<Item = i64>) -> Seen {
    let mut seen = Seen::new();
    for draw in draws {
        *seen.entry(draw).or_default() += 1;
    }
    seen
}

/// Pearson's statistic of draws against a law, as a ratio to the 99.99 % point of its distribution: over one is a misfit.
/// Values around nought with an expectation of at least 10 have a cell each, the rest share one.
pub fn misfit(seen: &Seen, law: impl Fn(i64) -> f64) -> f64 {
    let draws = seen.values().sum::<u64>() as f64;
    let reach = (0..1 << 40).find(|x| draws * law(*x + 1).min(law(-*x - 1)) < 10.0).unwrap_or(0);
    let (mut statistic, mut cells) = (0.0, 0);
    let (mut inside_expected, mut inside_seen) = (0.0, 0.0);
    for x in -reach..=reach {
        let (e, o) = (draws * law(x), seen.get(&x).copied().unwrap_or(0) as f64);
        statistic += (o - e) * (o - e) / e;
        cells += 1;
        inside_expected += e;
        inside_seen += o;
    }
    let (e, o) = (draws - inside_expected, draws - inside_seen);
    if e > 5.0 {
        statistic += (o - e) * (o - e) / e;
        cells += 1;
    }
    statistic / chi_square_limit(f64::from(cells - 1).max(1.0))
}

/// The same for two samples that should follow one law. Neighbouring values share a cell until it holds 20 draws of both.
pub fn disagreement(one: &Seen, other: &Seen) -> f64 {
    let (n, m) = (one.values().sum::<u64>() as f64, other.values().sum::<u64>() as f64);
    let values: std::collections::BTreeSet<i64> = one.keys().chain(other.keys()).copied().collect();
    let (mut statistic, mut cells) = (0.0, 0);
    let (mut a, mut b) = (0.0, 0.0);
    for x in values {
        a += one.get(&x).copied().unwrap_or(0) as f64;
        b += other.get(&x).copied().unwrap_or(0) as f64;
        if a + b >= 20.0 {
            statistic += ((m / n).sqrt() * a - (n / m).sqrt() * b).powi(2) / (a + b);
            cells += 1;
            (a, b) = (0.0, 0.0);
        }
    }
    statistic / chi_square_limit(f64::from(cells - 1).max(1.0))
}

/// The 99.99 % point of the chi-square distribution (Wilson and Hilferty 1931's approximation).
fn chi_square_limit(degrees: f64) -> f64 {
    degrees * (1.0 - 2.0 / (9.0 * degrees) + 3.719 * (2.0 / (9.0 * degrees)).sqrt()).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_agrees_with_tables() {
        // The approximation is 7 % too high at one degree of freedom, so a test with few cells is a little blunter.
        // 99.99 % points: 15.137 at 1, 35.564 at 10, 161.319 at 100 degrees of freedom (scipy 1.17, chi2.ppf).
        for (degrees, point) in [(1.0, 15.137), (10.0, 35.564), (100.0, 161.319)] {
            let ratio = chi_square_limit(degrees) / point;
            assert!((0.999..1.08).contains(&ratio), "{ratio} at {degrees}");
        }
    }

    #[test]
    fn laws_sum_to_one() {
        for scale in [0.3, 1.0, 7.5] {
            assert!(((-400..=400).map(discrete_gaussian(scale)).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(((-400..=400).map(discrete_laplace(scale)).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}

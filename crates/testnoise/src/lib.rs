//! A seeded generator and distributions to compare with, for tests of noise only. The shipped binary does not contain this
//! crate: `cargo xtask tidy` checks it (PRIVACY 8).

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// A generator whose draws repeat.
pub fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Probability of `x` under the discrete Gaussian with parameter `sigma`, by its definition.
pub fn discrete_gaussian_pmf(sigma: f64, x: i64) -> f64 {
    let weight = |x: i64| (-(x * x) as f64 / (2.0 * sigma * sigma)).exp();
    let reach = (sigma * 40.0) as i64 + 40;
    weight(x) / (-reach..=reach).map(weight).sum::<f64>()
}

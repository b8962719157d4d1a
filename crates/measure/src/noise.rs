//! Noise: exact integer draws from the discrete Gaussian, out of the operating system's generator.
//!
//! Its seed or state is never stored, printed or reproducible (PRIVACY 8). There is no floating point on this path: the
//! sampler is `prio`'s implementation of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010, algorithm 3) on big integers.

use getrandom::SysRng;
use prio::dp::Rational;
use prio::dp::distributions::DiscreteGaussian;
use rand::Rng;
use rand::distr::Distribution;
use rand_core::UnwrapErr;

/// A source of discrete Gaussian draws. The shipped binary has one implementor, [`OsNoise`]; tests bring their own from a
/// crate that the binary does not contain.
pub trait NoiseSource {
    /// One draw with parameter `sigma_milli / 1000` and mean nought.
    fn draw(&mut self, sigma_milli: u64) -> i64;
}

/// Noise from the operating system's generator, asked for anew with each draw: no state is kept in the process.
#[derive(Debug, Default)]
pub struct OsNoise;

impl NoiseSource for OsNoise {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        // A machine whose generator fails must stop, not draw weak noise: `UnwrapErr` panics, which ends the command
        // after the debit and before any output.
        draw_with(sigma_milli, &mut UnwrapErr(SysRng))
    }
}

/// One draw with the given generator. `sigma_milli` of nought gives nought.
pub fn draw_with<R: Rng>(sigma_milli: u64, rng: &mut R) -> i64 {
    let sigma = Rational::from_unsigned(sigma_milli, 1000_u64).expect("the denominator is 1000");
    let gaussian = DiscreteGaussian::new(sigma).expect("the denominator is 1000");
    loop {
        // Beyond an i64 is impossible in practice (over 10^15 sigma); drawing again keeps the function total.
        if let Ok(value) = i64::try_from(gaussian.sample(rng)) {
            return value;
        }
    }
}

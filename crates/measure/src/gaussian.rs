//! The discrete Gaussian: whole numbers x with probability proportional to exp(-x² / (2 sigma²)), drawn exactly.

use crate::coin::{self, DENOMINATORS};
use crate::laplace::laplace;
use num_bigint::BigUint;
use prio::dp::Rational;
use prio::dp::distributions::DiscreteGaussian;
use rand::Rng;
use rand::distr::Distribution;

/// The largest `sigma_milli` (sigma of ten thousand) that is drawn on 128-bit integers; above it, on big ones.
///
/// With s = sigma_milli <= 10^7 and t = s / 1000 + 1 <= 10^4 + 1, the denominator of [`Shape`] is
/// 2 · 10^6 t² s² <= 2 · 10^6 · 1.0003 · 10^8 · 10^14 < 2.001 · 10^28 < 2^96 ≈ 7.9 · 10^28, which is what a coin needs.
pub const LARGEST_ON_128_BITS: u64 = 10_000_000;

const _: () = assert!(Shape::new(LARGEST_ON_128_BITS).denominator < DENOMINATORS);

/// One draw with parameter `sigma_milli / 1000` and mean nought, with the given generator. Nought gives nought.
///
/// Algorithm 3 of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010): y from the discrete Laplace of scale t, kept with
/// probability exp(-(|y| - sigma² / t)² / (2 sigma²)). As exp(-|y| / t) times that is exp(-y² / (2 sigma²)) times a
/// constant, what is kept has the right distribution for any t; t = floor(sigma) + 1 keeps about three in four.
pub fn draw_with<R: Rng + ?Sized>(sigma_milli: u64, rng: &mut R) -> i64 {
    if sigma_milli == 0 {
        return 0;
    }
    if sigma_milli > LARGEST_ON_128_BITS {
        return draw_on_big_integers(sigma_milli, rng);
    }
    let shape = Shape::new(sigma_milli);
    loop {
        let (negative, size) = laplace(shape.t, 1, rng);
        if shape.keeps(size, rng) {
            // Beyond an i64 is impossible in practice (over 10^14 sigma); drawing again keeps the function total.
            if let Ok(size) = i64::try_from(size) {
                return if negative { -size } else { size };
            }
        }
    }
}

/// What the acceptance of a draw depends on: with s = sigma_milli and sigma² = s² / 10^6,
///
/// (|y| - sigma² / t)² / (2 sigma²) = (10^6 t |y| - s²)² / (2 · 10^6 t² s²).
struct Shape {
    /// Scale of the Laplace draws.
    t: u64,
    /// s², at most 10^14.
    square: u64,
    /// 2 · 10^6 t² s².
    denominator: u128,
}

impl Shape {
    const fn new(sigma_milli: u64) -> Shape {
        let t = sigma_milli / 1000 + 1;
        let square = sigma_milli * sigma_milli;
        Shape { t, square, denominator: 2_000_000 * (t as u128 * t as u128) * square as u128 }
    }

    /// Whether a Laplace draw of this size is kept.
    fn keeps<R: Rng + ?Sized>(&self, size: u128, rng: &mut R) -> bool {
        // 10^6 t is below 10^11.
        match u64::try_from(size).ok().and_then(|size| size.checked_mul(1_000_000 * self.t)) {
            Some(product) => {
                let difference = u128::from(product.abs_diff(self.square));
                // The square of a number below 2^64.
                coin::exp_minus(difference.wrapping_mul(difference), self.denominator, rng)
            }
            None => self.keeps_far(size, rng),
        }
    }

    /// The same for a size that is over 2^64 / (10^6 t), so over 10^5 t: it has probability below exp(-10^5).
    /// The whole part of the exponent is taken off as in [`coin::exp_minus`].
    fn keeps_far<R: Rng + ?Sized>(&self, size: u128, rng: &mut R) -> bool {
        let (product, square) = (BigUint::from(size) * self.t * 1_000_000_u32, BigUint::from(self.square));
        let difference = if product > square { product - square } else { square - product };
        let mut numerator = difference.pow(2);
        loop {
            if let Ok(small) = u128::try_from(&numerator) {
                return coin::exp_minus(small, self.denominator, rng);
            }
            if !coin::exp_minus_one(rng) {
                return false;
            }
            numerator -= self.denominator;
        }
    }
}

/// The same distribution on big integers, for any sigma: `prio`'s implementation of the same algorithm. The tests hold
/// ours against it.
fn draw_on_big_integers<R: Rng + ?Sized>(sigma_milli: u64, rng: &mut R) -> i64 {
    let sigma = Rational::from_unsigned(sigma_milli, 1000_u64).expect("the denominator is 1000");
    let gaussian = DiscreteGaussian::new(sigma).expect("the denominator is 1000");
    loop {
        // As above: the largest sigma is 2^64 / 1000, so this is beyond 499 sigma.
        if let Ok(value) = i64::try_from(gaussian.sample(rng)) {
            return value;
        }
    }
}

#[cfg(test)]
mod tests;

//! The discrete Laplace distribution: whole numbers x with probability proportional to exp(-|x| / scale), drawn exactly.

use crate::coin;
use accord_release::account::Rho;
use rand::Rng;

/// One draw with scale `scale_milli / 1000` and mean nought, with the given generator. Nought gives nought.
///
/// # Privacy
///
/// Added to a whole number that neighbours change by at most `sensitivity`, it is epsilon-differentially private with
/// epsilon = sensitivity / scale (the ratio of two neighbours' probabilities is exp((|x'| - |x|) / scale)), and costs
/// [`rho_of_laplace`]. Beyond ±2^63 the draw is made again: that is over 499 scales even at the largest, a chance below
/// exp(-499), and below exp(-10^9) for scales up to 10^9.
pub fn draw_laplace_with<R: Rng + ?Sized>(scale_milli: u64, rng: &mut R) -> i64 {
    if scale_milli == 0 {
        return 0;
    }
    let common = greatest_common_divisor(scale_milli, 1000);
    loop {
        let (negative, size) = laplace(scale_milli / common, 1000 / common, rng);
        if let Ok(size) = i64::try_from(size) {
            return if negative { -size } else { size };
        }
    }
}

/// What discrete Laplace noise of this scale costs on a number that one person changes by at most `sensitivity`, rounded up:
/// epsilon² / 2 with epsilon = sensitivity / scale (Bun and Steinke 2016, proposition 1.4). `None` where it does not fit,
/// as for a scale of nought. [`crate::plan::sigma_milli`] of the squared sensitivity is the inverse, as the Gaussian's cost
/// has the same form.
pub fn rho_of_laplace(scale_milli: u64, sensitivity: u64) -> Option<Rho> {
    // epsilon² / 2 in units of 10^-12 is 10^18 sensitivity² / (2 scale_milli²).
    let numerator = u128::from(sensitivity).pow(2).checked_mul(1_000_000 * u128::from(Rho::UNIT))?;
    let denominator = u128::from(scale_milli).pow(2).checked_mul(2).filter(|d| *d > 0)?;
    u64::try_from(numerator.div_ceil(denominator)).ok().map(Rho)
}

/// A draw of scale `t / s` for `t, s >= 1`, as its sign (true for negative; never for nought) and its size.
///
/// Algorithm 2 of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010): u uniform in 0..t kept with probability exp(-u / t),
/// v geometric with ratio exp(-1); then u + t v is geometric with ratio exp(-1 / t), and its quotient by s is geometric with
/// ratio exp(-s / t). A sign is thrown; "minus nought" is thrown again, else nought would count twice.
pub(crate) fn laplace<R: Rng + ?Sized>(t: u64, s: u64, rng: &mut R) -> (bool, u128) {
    debug_assert!(t > 0 && s > 0);
    loop {
        let u = coin::below(t, rng);
        if !coin::exp_minus(u128::from(u), u128::from(t), rng) {
            continue;
        }
        let mut v = 0_u64;
        while coin::exp_minus_one(rng) {
            v += 1;
        }
        // At most (2^64 - 1)² + 2^64 - 1 < 2^128.
        let sum = u128::from(u) + u128::from(t) * u128::from(v);
        let size = match u64::try_from(sum) {
            Ok(sum) => u128::from(sum / s),
            Err(_) => sum / u128::from(s),
        };
        let negative = rng.next_u32() & 1 == 1;
        if !(negative && size == 0) {
            return (negative, size);
        }
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests;

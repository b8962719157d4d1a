//! Exact coins: events of a rational probability, and of the probability exp(-gamma) for a rational gamma, on integers.
//!
//! There is no floating point here, and no approximation: each coin falls with exactly its probability, given a generator
//! whose bits are uniform. How long a coin takes depends on how it falls, and so on the noise (Jin, McMurtry, Rubinstein,
//! Ohrimenko 2022): nobody but the desk itself may see how long a draw takes, and no bundle holds seconds.

use rand::Rng;

/// Denominators are below this, so that a 32-bit word times a denominator fits in 128 bits.
pub(crate) const DENOMINATORS: u128 = 1 << 96;

/// True with probability `n / d` exactly, for `n <= d` and `1 <= d < 2^96`.
///
/// A real number U, uniform in [0, 1), is compared with n / d, 32 binary digits at a time and only as many as decide. After
/// a word w, U = (w + U') / 2^32 with U' again uniform, so U < n / d if and only if U' < (2^32 n - w d) / d: certain where
/// the right side is at least 1, impossible where it is at most 0, and else the same question with a new numerator below d.
/// At most one word of 2^32 leaves it open.
#[inline]
pub(crate) fn ratio<R: Rng + ?Sized>(n: u128, d: u128, rng: &mut R) -> bool {
    debug_assert!(d > 0 && d < DENOMINATORS && n <= d);
    // Two of these comparisons in three have small numbers, which are several times as fast.
    if let (Ok(n), Ok(d)) = (u32::try_from(n), u32::try_from(d)) {
        return small_ratio(n, d, rng);
    }
    if n == 0 || n == d {
        return n == d;
    }
    let mut n = n;
    loop {
        // Both are below 2^32 · 2^96, so nothing wraps: n < d holds at every turn.
        let (below, whole) = (u128::from(rng.next_u32()).wrapping_mul(d), n << 32);
        if below >= whole {
            return false;
        }
        n = whole - below;
        if n >= d {
            return true;
        }
    }
}

/// The same for numbers of 32 bits.
#[inline]
fn small_ratio<R: Rng + ?Sized>(n: u32, d: u32, rng: &mut R) -> bool {
    if n == 0 || n == d {
        return n == d;
    }
    let (mut n, d) = (u64::from(n), u64::from(d));
    loop {
        let (below, whole) = (u64::from(rng.next_u32()) * d, n << 32);
        if below >= whole {
            return false;
        }
        n = whole - below;
        if n >= d {
            return true;
        }
    }
}

/// True with probability `1 / k` exactly, for `k >= 1`.
fn one_in<R: Rng + ?Sized>(k: u64, rng: &mut R) -> bool {
    ratio(1, u128::from(k), rng)
}

/// True with probability exp(-1) exactly: algorithm 1 of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010) at gamma 1.
pub(crate) fn exp_minus_one<R: Rng + ?Sized>(rng: &mut R) -> bool {
    // The first coin of the algorithm, Bernoulli(1/1), always falls true.
    let mut k = 2;
    while one_in(k, rng) {
        k += 1;
    }
    k % 2 == 1
}

/// True with probability exp(-n / d) exactly, for any `n` and `1 <= d < 2^96`: algorithm 1 of Canonne, Kamath and Steinke
/// 2020.
///
/// The whole part of n / d is taken off one at a time, each surviving with probability exp(-1), so a large n ends early: the
/// expected number of turns is below 1 / (1 - exp(-1)) < 1.6. Of the rest, Bernoulli(gamma / k) is thrown as
/// Bernoulli(1 / k) and Bernoulli(gamma), which are independent, so that denominators do not grow with k.
pub(crate) fn exp_minus<R: Rng + ?Sized>(mut n: u128, d: u128, rng: &mut R) -> bool {
    while n >= d {
        if !exp_minus_one(rng) {
            return false;
        }
        n -= d;
    }
    let mut k = 1;
    while one_in(k, rng) && ratio(n, d, rng) {
        k += 1;
    }
    k % 2 == 1
}

/// A whole number uniform in `0..n` exactly, for `n >= 1`: Lemire 2019 (arXiv 1805.10941), rejection apart.
pub(crate) fn below<R: Rng + ?Sized>(n: u64, rng: &mut R) -> u64 {
    debug_assert!(n > 0);
    if let Ok(small) = u32::try_from(n) {
        loop {
            let product = u64::from(rng.next_u32()) * n;
            // Of the 2^32 words, those whose low half is below 2^32 mod n are one too many for some results.
            let low = product as u32;
            if low >= small || low >= small.wrapping_neg() % small {
                return product >> 32;
            }
        }
    }
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(n);
        let low = product as u64;
        if low >= n || low >= n.wrapping_neg() % n {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests;

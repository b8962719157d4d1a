//! The privacy account: rho of zero-concentrated differential privacy (zCDP) in exact integers, and what it means as
//! (epsilon, delta).
//!
//! # Privacy
//!
//! Costs add up in rho (Bun and Steinke 2016, lemma 1.7) and are converted once. The conversion is that of Canonne, Kamath
//! and Steinke 2020 (arXiv 2004.00010, proposition 12 and its corollary): for every `alpha > 1`, rho-zCDP implies
//! (epsilon, delta) with
//!
//! ```text
//! delta = exp((alpha - 1)(alpha rho - epsilon)) / (alpha - 1) * (1 - 1/alpha)^alpha
//! ```
//!
//! *Any* alpha gives a valid delta, so an inexact search for the best one errs against us, never for us. The logarithm of
//! delta is raised by a fixed margin that covers the rounding of its few floating-point operations. Exponentials and logarithms
//! are those of a library of our own choice, so that every machine finds the same.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Privacy cost in zCDP, in units of 10⁻¹² (a whole number, so that sums are exact).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rho(pub u64);

impl Rho {
    /// Units in one.
    pub const UNIT: u64 = 1_000_000_000_000;

    /// As a decimal number, for formulas and display.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::UNIT as f64
    }

    /// Sum, or `None` on overflow.
    pub fn checked_add(self, other: Rho) -> Option<Rho> {
        self.0.checked_add(other.0).map(Rho)
    }

    /// `thousandths / 1000` of this cost, rounded down, so that parts never sum to more than the whole.
    #[must_use]
    pub fn share(self, thousandths: u32) -> Rho {
        Rho((u128::from(self.0) * u128::from(thousandths) / 1000).min(u128::from(u64::MAX)) as u64)
    }
}

impl fmt::Display for Rho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.to_f64())
    }
}

/// The public delta of every conversion unless another is declared beforehand (PRIVACY 2).
pub const DEFAULT_DELTA: f64 = 1e-6;

/// Largest epsilon that is accepted. Above it the guarantee says next to nothing.
pub const MAX_EPSILON: f64 = 50.0;

/// Why a privacy parameter is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// Epsilon is nought, negative, not a number, infinite or absurdly large.
    #[error("epsilon must be a number over 0 and at most {MAX_EPSILON}, not {0}")]
    Epsilon(f64),
    /// Delta is outside what is accepted.
    #[error("delta must be over 0 and at most 0.001, not {0}")]
    Delta(f64),
    /// The cost rounds to nothing: no noise scale can be drawn from it.
    #[error("epsilon {0} is so small that nothing can be measured with it")]
    TooSmall(f64),
}

/// Checks an epsilon that a user asked for.
pub fn check_epsilon(epsilon: f64) -> Result<f64, ParameterError> {
    if epsilon.is_finite() && epsilon > 0.0 && epsilon <= MAX_EPSILON {
        Ok(epsilon)
    } else {
        Err(ParameterError::Epsilon(epsilon))
    }
}

/// Checks a delta that a user asked for.
pub fn check_delta(delta: f64) -> Result<f64, ParameterError> {
    if delta.is_finite() && delta > 0.0 && delta <= 1e-3 { Ok(delta) } else { Err(ParameterError::Delta(delta)) }
}

/// The largest rho whose conversion stays within (epsilon, delta), rounded down.
///
/// # Errors
/// If a parameter is out of range, or so small that rho rounds to nothing.
pub fn rho_of(epsilon: f64, delta: f64) -> Result<Rho, ParameterError> {
    check_epsilon(epsilon)?;
    check_delta(delta)?;
    // rho <= epsilon always: pure epsilon-DP would give epsilon^2 / 2, and rho = epsilon is far beyond any useful delta.
    let (mut good, mut bad) = (0_u64, (epsilon * Rho::UNIT as f64) as u64 + 1);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if ln_delta(Rho(middle), epsilon) <= libm::log(delta) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    if good < 1000 { Err(ParameterError::TooSmall(epsilon)) } else { Ok(Rho(good)) }
}

/// The smallest epsilon that rho gives at this delta, rounded up to six decimals. Nought for rho nought.
pub fn epsilon_of(rho: Rho, delta: f64) -> f64 {
    if rho.0 == 0 {
        return 0.0;
    }
    let target = libm::log(delta);
    let (mut bad, mut good) = (0_u64, 1_u64);
    // In millionths: doubling until it holds, then bisection; exact ends, so the answer is rounded up by construction.
    while ln_delta(rho, good as f64 / 1e6) > target {
        bad = good;
        good *= 2;
        if good > 1 << 60 {
            return f64::INFINITY;
        }
    }
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        if ln_delta(rho, middle as f64 / 1e6) <= target {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good as f64 / 1e6
}

/// Whether a stated epsilon is one that rho gives. It is rounded up to six decimals, and another machine or an older
/// version, whose logarithm differs in its last bit, may have rounded to the next: one step more is let through, and none
/// less, because what is said of privacy is never too kind. Costs themselves are whole numbers and are compared as such.
pub fn is_epsilon_of(stated: f64, rho: Rho, delta: f64) -> bool {
    let right = epsilon_of(rho, delta);
    // A stated number that went through a file may differ in its last bit.
    (stated >= right - 1e-12 && stated < right + 1.5e-6) || stated.to_bits() == right.to_bits()
}

/// Covers the rounding of the few operations in [`ln_delta_at`], each of relative size 2⁻⁵³ on terms below 10⁶.
const LN_MARGIN: f64 = 1e-9;

/// Logarithm of the smallest delta found for rho and epsilon, rounded up.
fn ln_delta(rho: Rho, epsilon: f64) -> f64 {
    let rho = rho.to_f64();
    if rho <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // The bound is convex in alpha up to terms that only matter near alpha = 1; golden-section search on ln(alpha - 1).
    let at = |t: f64| ln_delta_at(rho, epsilon, 1.0 + libm::exp(t));
    let (mut low, mut high) = (-20.0_f64, 20.0_f64);
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..120 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if at(a) < at(b) {
            high = b;
        } else {
            low = a;
        }
    }
    at(f64::midpoint(low, high)).min(0.0) + LN_MARGIN
}

fn ln_delta_at(rho: f64, epsilon: f64, alpha: f64) -> f64 {
    (alpha - 1.0) * (alpha * rho - epsilon) - libm::log(alpha - 1.0) + alpha * libm::log1p(-1.0 / alpha)
}

/// The most that being in the data can change anybody's odds of any conclusion about a person: e^epsilon, rounded up to
/// two decimals (except with probability delta).
pub fn odds_of(epsilon: f64) -> f64 {
    (libm::exp(epsilon) * 100.0).ceil() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of OpenDP 0.14.2's zCDP to approximate DP conversion and of a 60-digit evaluation of the formula with
    /// mpmath 1.3, which agree; recomputed by `bench/oracle/zcdp.py`.
    #[test]
    fn privacy_02_the_conversion_agrees_with_an_independent_high_precision_evaluation() {
        for (rho, delta, epsilon) in [
            (0.5, 1e-6, ORACLE[0]),
            (0.1, 1e-6, ORACLE[1]),
            (0.02, 1e-6, ORACLE[2]),
            (1.0, 1e-9, ORACLE[3]),
            (0.001, 1e-5, ORACLE[4]),
        ] {
            let ours = epsilon_of(Rho((rho * Rho::UNIT as f64) as u64), delta);
            assert!(ours >= epsilon - 1e-12, "rounded for us: {ours} < {epsilon}");
            assert!(ours <= epsilon + 2e-6, "too loose: {ours} against {epsilon}");
        }
    }

    const ORACLE: [f64; 5] =
        [5.221_534_444_53, 2.141_938_928_385, 0.899_935_267_661, 9.521_463_671_792, 0.157_335_393_161];

    #[test]
    fn privacy_02_a_bad_epsilon_or_delta_is_refused() {
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e9, -0.0] {
            assert!(matches!(rho_of(epsilon, 1e-6), Err(ParameterError::Epsilon(_))), "{epsilon}");
        }
        for delta in [0.0, -1e-9, f64::NAN, 0.5, f64::INFINITY] {
            assert!(matches!(rho_of(1.0, delta), Err(ParameterError::Delta(_))), "{delta}");
        }
        assert!(matches!(rho_of(1e-9, 1e-6), Err(ParameterError::TooSmall(_))));
    }

    #[test]
    fn an_epsilon_that_another_machine_rounded_otherwise_is_the_same_and_another_one_is_not() {
        for rho in [Rho::UNIT / 100, Rho::UNIT, 40 * Rho::UNIT].map(Rho) {
            let right = epsilon_of(rho, 1e-6);
            for same in [right, right.next_up(), right.next_down(), right + 1e-6] {
                assert!(is_epsilon_of(same, rho, 1e-6), "{same}");
            }
            for other in [right + 3e-6, right - 1e-6, right - 3e-6, right * 0.99, 0.0, f64::NAN, f64::INFINITY] {
                assert!(!is_epsilon_of(other, rho, 1e-6), "{other}");
            }
        }
    }

    proptest! {
        #[test]
        fn there_and_back_never_gains(epsilon in 0.01_f64..30.0, exponent in 4_i32..12) {
            let delta = 10_f64.powi(-exponent);
            if let Ok(rho) = rho_of(epsilon, delta) {
                let back = epsilon_of(rho, delta);
                prop_assert!(back <= epsilon + 1.1e-6, "{back} over {epsilon}");
                prop_assert!(epsilon_of(Rho(rho.0 + rho.0 / 1000 + 1), delta) > epsilon - 1e-6);
            }
        }

        #[test]
        fn more_rho_never_means_less_epsilon(a in 1_u64..3_000_000_000_000, b in 1_u64..3_000_000_000_000) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(epsilon_of(Rho(low), 1e-6) <= epsilon_of(Rho(high), 1e-6));
        }

        #[test]
        fn shares_never_sum_to_more_than_the_whole(whole in 0_u64..u64::MAX, first in 0_u32..=1000) {
            let rho = Rho(whole);
            prop_assert!(rho.share(first).0 + rho.share(1000 - first).0 <= whole);
        }
    }
}

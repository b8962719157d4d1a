//! The exponential mechanism: one of several candidates, the better the likelier, drawn exactly on whole numbers.
//!
//! McSherry and Talwar 2007. Where a choice can be made by adding noise to counts and comparing them, that needs nothing
//! from here: what is computed from noisy values, a threshold on them too, is post-processing and costs nothing more.

use crate::coin;
use accord_release::account::Rho;
use rand::Rng;

/// Why nothing is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is nothing to choose from.
    #[error("there are no candidates to choose from")]
    NoCandidates,
    /// The utility would not be changed by any person, or by more than fits.
    #[error("the sensitivity of a choice must be from 1 to 2^63 - 1")]
    Sensitivity,
    /// A choice of a bound with an epsilon of nought would be no choice.
    #[error("epsilon of a choice must be over nought")]
    Epsilon,
    /// A share is over the whole.
    #[error("a share in thousandths is at most 1000, not {0}")]
    Share(u32),
}

/// Chooses candidate i with probability proportional to exp(epsilon · u_i / (2 · sensitivity)), where epsilon is
/// `epsilon_milli / 1000` and one person changes each utility, up or down, by at most `sensitivity`.
///
/// # Privacy
///
/// [`select_by_range_with`] with a range of twice the sensitivity: for utilities that one person may move both ways at
/// once. For a monotone utility, which one person's joining moves one way only (a count), the range is the sensitivity
/// itself: calling that directly makes the same choice cost half the epsilon.
pub fn select_with<R: Rng + ?Sized>(
    utilities: &[i64],
    sensitivity: u64,
    epsilon_milli: u64,
    rng: &mut R,
) -> Result<usize, SelectionError> {
    select_by_range_with(utilities, range_of(sensitivity)?, epsilon_milli, rng)
}

/// The range of utilities of this sensitivity.
pub(crate) fn range_of(sensitivity: u64) -> Result<u64, SelectionError> {
    sensitivity.checked_mul(2).ok_or(SelectionError::Sensitivity)
}

/// Chooses candidate i with probability proportional to exp(epsilon · u_i / range), where epsilon is `epsilon_milli / 1000`.
///
/// # Privacy
///
/// Let d_i be what adding one person (the same way round for all i) does to u_i, and `range` at least
/// max d_i - min d_i. The logarithm of the ratio of the two probabilities of choosing i is
/// epsilon · d_i / range - c, with one c for all i: so over all outcomes it lies in an interval of length epsilon. That is
/// epsilon-bounded range (Durfee and Rogers 2019, arXiv 1905.04273; Dong, Durfee and Rogers 2020, arXiv 1909.13830). As the
/// interval must hold nought (both sum to one), it is also epsilon-differentially private.
///
/// It is (epsilon² / 8)-zCDP, which is what [`rho_of_selection`] charges (Cesar and Rogers 2021, arXiv 2004.07223). In full:
/// with L that logarithm under the neighbour's law Q, let K(s) = ln E_Q[exp(s L)]. K(0) = 0, and K(1) = 0 as the ratio
/// integrates to one. K''(s) is the variance of L under a tilted law, at most epsilon² / 4 as L lies in an interval of
/// length epsilon. The line through K at 0 and 1 is nought, so for alpha > 1 the error of that interpolation is
/// K(alpha) = alpha (alpha - 1) K''(x) / 2 for some x, and the Rényi divergence K(alpha) / (alpha - 1) is at most
/// alpha · epsilon² / 8.
///
/// Utilities may use what is public or already charged; every candidate list must be public. How long a choice takes tells
/// of the utilities: nobody but the desk may see it.
///
/// # How
///
/// A candidate is picked uniformly and kept with probability exp(-epsilon (max u - u_i) / range); else another is picked.
/// What is kept has exactly the law above. The best is always kept, so the expected number of picks is at most the number
/// of candidates, whatever the utilities: 10^5 candidates take some milliseconds.
pub fn select_by_range_with<R: Rng + ?Sized>(
    utilities: &[i64],
    range: u64,
    epsilon_milli: u64,
    rng: &mut R,
) -> Result<usize, SelectionError> {
    let best = *utilities.iter().max().ok_or(SelectionError::NoCandidates)?;
    if range == 0 {
        return Err(SelectionError::Sensitivity);
    }
    // Below 1000 · 2^64 < 2^74, as a coin needs; the numerator is a product of two numbers below 2^64.
    let denominator = 1000 * u128::from(range);
    loop {
        let picked = coin::below(utilities.len() as u64, rng) as usize;
        let short_by = best.abs_diff(utilities[picked]);
        if coin::exp_minus(u128::from(epsilon_milli) * u128::from(short_by), denominator, rng) {
            return Ok(picked);
        }
    }
}

/// What a choice with this epsilon costs: epsilon² / 8, which is a whole number of units. A cost that does not fit is
/// `Rho(u64::MAX)`, which no account can pay.
pub fn rho_of_selection(epsilon_milli: u64) -> Rho {
    // (epsilon_milli / 1000)² / 8 · 10^12 = 125,000 epsilon_milli²
    let square = u128::from(epsilon_milli) * u128::from(epsilon_milli);
    Rho(square.checked_mul(125_000).and_then(|rho| u64::try_from(rho).ok()).unwrap_or(u64::MAX))
}

/// The largest epsilon, in whole thousandths, whose choice costs at most `rho`.
pub fn selection_epsilon(rho: Rho) -> u64 {
    (rho.0 / 125_000).isqrt()
}

#[cfg(test)]
mod tests;

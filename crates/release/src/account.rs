//! The privacy account: rho of zero-concentrated differential privacy in exact integers, and what it means as (epsilon,
//! delta).

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
}

impl fmt::Display for Rho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.to_f64())
    }
}

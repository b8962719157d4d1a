//! `NoisyTable`: counts that may leave a desk, because noise was added, with the scale of that noise and the ledger entry
//! that paid for it.

use crate::account::Rho;
use serde::{Deserialize, Serialize};

/// One table after noise. Values may be negative. Made by `accord-measure` from exact counts, or by summing others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoisyTable {
    /// Table of the workload.
    pub table: String,
    /// One value a cell, in the table's order.
    pub values: Vec<i64>,
    /// The draws that were added to every cell: one a desk.
    pub draws: Vec<Draw>,
}

/// One draw of discrete Gaussian noise, added to every cell of a table independently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Standard deviation parameter, in thousandths (rounded up).
    pub sigma_milli: u64,
    /// Cost to each person in the records.
    pub rho: Rho,
    /// Squared L2 sensitivity that the noise was scaled to.
    pub sensitivity_squared: u64,
    /// Ledger entry that was debited: opaque, unique.
    pub entry: String,
}

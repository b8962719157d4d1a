//! `NoisyTable`: counts that may leave a desk, because noise was added, with the scale of that noise and the ledger entry
//! that paid for it.

use crate::account::Rho;
use crate::noise::LinearNoise;
use serde::{Deserialize, Serialize};

/// One table after noise. Values may be negative. Made by `accord-measure` from exact counts, or by summing others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

impl Draw {
    /// Whether the noise is as large as its cost and sensitivity demand, `sigma² >= sensitivity² / (2 rho)` in whole
    /// numbers, and the sensitivity at least that of one row in `most_cells` cells.
    pub fn bears_its_cost(&self, most_cells: u64) -> Result<(), &'static str> {
        if self.sensitivity_squared < most_cells || self.sensitivity_squared > LARGEST {
            return Err("it states a sensitivity that its workload does not allow");
        }
        let sigma = u128::from(self.sigma_milli);
        let needed = u128::from(self.sensitivity_squared) * 1_000_000 * u128::from(Rho::UNIT);
        let has = sigma.checked_mul(sigma).and_then(|s| s.checked_mul(2 * u128::from(self.rho.0)));
        if self.sigma_milli > LARGEST || has.is_none_or(|h| h < needed) {
            return Err("it has less noise than its stated cost demands");
        }
        Ok(())
    }
}

impl Draw {
    /// Whether the noise is the least that its cost and sensitivity demand: one thousandth less would not do. Who sends
    /// tables could otherwise state more noise than was drawn, and with it stretch what counts as possible.
    ///
    /// # Errors
    /// If it is more.
    pub fn is_no_larger_than_its_cost(&self) -> Result<(), &'static str> {
        let less = u128::from(self.sigma_milli.saturating_sub(1));
        let needed = u128::from(self.sensitivity_squared) * 1_000_000 * u128::from(Rho::UNIT);
        let has = less.checked_mul(less).and_then(|s| s.checked_mul(2 * u128::from(self.rho.0)));
        if has.is_none_or(|has| has >= needed) {
            return Err("it states more noise than its cost and sensitivity buy");
        }
        Ok(())
    }
}

/// No sigma (in thousandths), sensitivity or count of people is beyond this; sums of many stay far from overflow.
pub(crate) const LARGEST: u64 = 1_000_000_000_000;

/// Why tables can't be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Nothing to add.
    #[error("there is no table to add")]
    Empty,
    /// Different tables, or different sizes.
    #[error("tables {0} and {1} can't be added: they have different cells")]
    Unlike(String, String),
    /// The same draw twice: the sum would count the same records twice.
    #[error("ledger entry {0} stands in two contributions: the same draw may be added once only")]
    Repeated(String),
    /// A value is too large.
    #[error("the sum of table {0} is too large")]
    Overflow(String),
}

impl NoisyTable {
    /// Whether every value and every noise is of a size that a count of people and its noise can have, so that sums of them
    /// stay far from overflow.
    pub(crate) fn is_in_bounds(&self) -> bool {
        self.values.iter().all(|value| value.unsigned_abs() <= LARGEST)
            && self.draws.iter().all(|draw| draw.sigma_milli <= LARGEST && draw.sensitivity_squared <= LARGEST)
    }

    /// The noise in each cell.
    pub fn noise(&self) -> LinearNoise {
        LinearNoise::direct(&self.draws.iter().map(|d| d.sigma_milli).collect::<Vec<_>>())
    }

    /// Adds the same table from several desks (PRIVACY 3): the noises add, there is no new draw and no new debit.
    ///
    /// # Privacy
    ///
    /// A function of tables that are already protected. A person known to several desks is counted by each.
    pub fn pool(parts: &[NoisyTable]) -> Result<NoisyTable, PoolError> {
        let Some((first, rest)) = parts.split_first() else { return Err(PoolError::Empty) };
        let mut sum = first.clone();
        for part in rest {
            if part.table != sum.table || part.values.len() != sum.values.len() {
                return Err(PoolError::Unlike(sum.table, part.table.clone()));
            }
            for draw in &part.draws {
                if sum.draws.iter().any(|d| d.entry == draw.entry) {
                    return Err(PoolError::Repeated(draw.entry.clone()));
                }
            }
            for (total, value) in sum.values.iter_mut().zip(&part.values) {
                *total = total.checked_add(*value).ok_or_else(|| PoolError::Overflow(part.table.clone()))?;
            }
            sum.draws.extend(part.draws.iter().cloned());
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: &[i64], entry: &str) -> NoisyTable {
        NoisyTable {
            table: "m1".into(),
            values: values.to_vec(),
            draws: vec![Draw { sigma_milli: 3000, rho: Rho(1), sensitivity_squared: 1, entry: entry.into() }],
        }
    }

    #[test]
    fn privacy_03_a_pool_adds_values_and_keeps_every_draw() {
        let pool = NoisyTable::pool(&[table(&[1, -2], "a"), table(&[10, 20], "b")]).unwrap();
        assert_eq!(pool.values, [11, 18]);
        assert_eq!(pool.draws.len(), 2);
        assert!((pool.noise().sigma() - 18_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn privacy_03_the_same_draw_is_never_added_twice() {
        let again = NoisyTable::pool(&[table(&[1], "a"), table(&[1], "a")]);
        assert_eq!(again, Err(PoolError::Repeated("a".into())));
        assert_eq!(NoisyTable::pool(&[]), Err(PoolError::Empty));
        assert!(matches!(NoisyTable::pool(&[table(&[1], "a"), table(&[1, 2], "b")]), Err(PoolError::Unlike(..))));
    }
}

//! The privacy statement: what a release cost, and what may be claimed of it (PRIVACY 1–3).

use crate::account::{Rho, epsilon_of};
use crate::bundle::{PrivacyStatement, Share, TableCost};
use crate::noisy::NoisyTable;
use accord_standard::workload::Workload;

/// What one desk spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskCost {
    /// Cost of this release to each person in the desk's records.
    pub this: Rho,
    /// The most that any cohort of the desk has been charged so far, this release included.
    pub cumulative: Rho,
}

/// Number of desks that one person is assumed to be known to, at most.
pub const DESKS_PER_PERSON: u32 = 3;

/// Makes the statement for a release by one desk or by several.
///
/// # Privacy
///
/// A person known to one desk pays the largest of the desks' costs; one known to K desks pays the sum of the K largest,
/// because each desk drew its noise separately and people overlap, so there is no parallel composition between
/// organisations (PRIVACY 3).
pub fn statement(
    workload: &Workload,
    measured: &[NoisyTable],
    desks: &[DeskCost],
    delta: f64,
    share_on_legal_basis: Option<Share>,
) -> PrivacyStatement {
    let this = desks.iter().map(|d| d.this).max().unwrap_or_default();
    let cumulative = desks.iter().map(|d| d.cumulative).max().unwrap_or_default();
    let mut sorted: Vec<u64> = desks.iter().map(|d| d.cumulative.0).collect();
    // Desks that aren't in this release are assumed to have spent as much as the most spent here.
    sorted.resize(sorted.len().max(DESKS_PER_PERSON as usize), cumulative.0);
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let several = Rho(sorted.iter().take(DESKS_PER_PERSON as usize).fold(0, |sum, rho| sum.saturating_add(*rho)));
    let tables = workload
        .tables
        .iter()
        .filter_map(|spec| {
            let table = measured.iter().find(|t| t.table == spec.id)?;
            Some(TableCost {
                table: spec.id.clone(),
                rho: table.draws.iter().map(|d| d.rho).max().unwrap_or_default(),
                sigma: table.noise().sigma(),
                cells_per_person: spec.most_cells_per_person(),
                draws: table.draws.len() as u32,
            })
        })
        .collect();
    PrivacyStatement {
        delta,
        epsilon: epsilon_of(this, delta),
        epsilon_cumulative: epsilon_of(cumulative, delta),
        desks_per_person: DESKS_PER_PERSON,
        epsilon_several_desks: epsilon_of(several, delta),
        rho: this,
        rho_cumulative: cumulative,
        rho_several_desks: several,
        tables,
        share_on_legal_basis,
    }
}

/// Whether a holder of at most `size_bound` people may publish a table of its own: a group of one in ten of the declared
/// bound must be showable within half of its value ("use with care"). Reads the public bound and the noise only, never
/// how many people there are (PRIVACY 4).
pub fn is_worth_publishing(size_bound: u64, half_width: u64) -> bool {
    half_width.saturating_mul(20) <= size_bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(this: u64, cumulative: u64) -> DeskCost {
        DeskCost { this: Rho(this), cumulative: Rho(cumulative) }
    }

    fn empty() -> Workload {
        Workload {
            id: "w".into(),
            version: "1".into(),
            title: String::new(),
            population: String::new(),
            definition: String::new(),
            caveats: vec![],
            tables: vec![],
            headlines: vec![],
        }
    }

    #[test]
    fn privacy_03_a_person_known_to_several_desks_pays_the_sum_of_the_largest() {
        let unit = Rho::UNIT / 100;
        let desks = [cost(unit, 4 * unit), cost(unit, unit), cost(unit, 2 * unit), cost(unit, 3 * unit)];
        let statement = statement(&empty(), &[], &desks, 1e-6, None);
        assert_eq!(statement.rho_cumulative, Rho(4 * unit));
        assert_eq!(statement.rho_several_desks, Rho(9 * unit));
        assert!(statement.epsilon_several_desks > statement.epsilon_cumulative);
        assert!(statement.epsilon_cumulative > statement.epsilon);
    }

    #[test]
    fn privacy_03_a_release_of_one_desk_bounds_a_person_known_to_several_all_the_same() {
        let alone = statement(&empty(), &[], &[cost(10, 20)], 1e-6, None);
        assert_eq!(alone.rho_several_desks, Rho(60));
        let two = statement(&empty(), &[], &[cost(10, 20), cost(10, 10)], 1e-6, None);
        assert_eq!(two.rho_several_desks, Rho(50));
    }

    // PRIVACY 10: the decision reads no exact count.
    #[test]
    fn privacy_04_whether_a_holder_may_publish_alone_depends_on_its_declared_bound_only() {
        assert!(!is_worth_publishing(200, 16));
        assert!(is_worth_publishing(1000, 16));
    }
}

//! Contributions from outside: honest ones are added, others are refused by name.

use crate::worlds::{noisy, workload};
use accord_release::account::Rho;
use accord_release::bundle::{Account, Organisation};
use accord_release::contribution::{AssembleError, Contribution, assemble};
use proptest::prelude::*;

fn contribution(name: &str) -> Contribution {
    let draw = |table: &str, n: usize, cells: u64| {
        // What rho of 1/200 buys: sigma of 10 for one cell a person, 10 times the root of two for two.
        let sigma_milli = if cells == 1 { 10_000 } else { 14_143 };
        let mut t = noisy(table, vec![30; n], sigma_milli, &format!("{name}/{table}"));
        t.draws[0].sensitivity_squared = cells;
        t
    };
    Contribution {
        format: 1,
        organisation: Organisation { name: name.into(), kind: "ngo".into() },
        account: Account { account: name.into(), head: "1:00".into() },
        slot: "2026-1".into(),
        workload: workload(),
        delta: 1e-6,
        rho: Rho(3 * Rho::UNIT / 200),
        rho_cumulative: Rho(4 * Rho::UNIT / 200),
        size_bound: 100_000,
        statistics: vec![draw("m1", 15, 1), draw("m2", 45, 1), draw("m3", 60, 2)],
        microdata: vec![],
        basis: None,
        period: "2020".into(),
        invented: true,
        codebook: "1".into(),
        study: None,
    }
}

fn made(contributions: &[Contribution]) -> Result<(), AssembleError> {
    assemble(contributions, "id", "title", "test", &[], vec![]).map(|_| ())
}

#[test]
fn honest_contributions_are_added() {
    made(&[contribution("a")]).unwrap();
    made(&[contribution("a"), contribution("b")]).unwrap();
}

#[test]
fn privacy_03_an_organisation_stands_in_a_pool_once() {
    let (a, mut b) = (contribution("a"), contribution("b"));
    b.organisation.name = "a".into();
    assert!(matches!(made(&[a.clone(), b.clone()]), Err(AssembleError::Repeated(_))));
    b.organisation.name = "b".into();
    b.account = a.account.clone();
    assert!(matches!(made(&[a.clone(), b]), Err(AssembleError::Repeated(_))));
    // Nor may one contributor's delta stand for everybody's.
    let mut c = contribution("c");
    c.delta = 1e-4;
    assert!(matches!(made(&[a, c]), Err(AssembleError::Unlike(..))));
}

type Change = (&'static str, fn(&mut Contribution));

#[test]
fn privacy_03_a_contribution_that_contradicts_itself_is_refused_by_name() {
    let changes: Vec<Change> = vec![
        ("less noise than its cost demands", |c| c.statistics[0].draws[0].sigma_milli = 9_000),
        ("more noise than its cost buys", |c| c.statistics[0].draws[0].sigma_milli = 80_000),
        ("more people in all cells than there can be", |c| c.statistics[0].values = vec![90_000; 15]),
        ("no noise", |c| c.statistics[0].draws[0].sigma_milli = 0),
        ("a cost of nought", |c| c.statistics[0].draws[0].rho = Rho(0)),
        ("a sensitivity under the workload's", |c| c.statistics[2].draws[0].sensitivity_squared = 1),
        ("costs over its total", |c| c.rho = Rho(1)),
        ("a cumulative cost under this one", |c| c.rho_cumulative = Rho(1)),
        ("a value beyond all people", |c| c.statistics[1].values[3] = i64::MAX),
        ("a value beyond all people, negative", |c| c.statistics[1].values[3] = i64::MIN),
        ("two draws in one table", |c| {
            let draw = c.statistics[0].draws[0].clone();
            c.statistics[0].draws.push(draw);
        }),
        ("a delta of one", |c| c.delta = 1.0),
        ("no delta", |c| c.delta = f64::NAN),
        ("another format", |c| c.format = 2),
        ("no bound", |c| c.size_bound = 0),
        ("a dimension without categories", |c| c.workload.tables[0].dimensions[0].categories.clear()),
        ("a missing table", |c| {
            c.statistics.pop();
        }),
        ("a table with too few cells", |c| {
            c.statistics[0].values.pop();
        }),
    ];
    for (what, change) in changes {
        let mut bad = contribution("bad");
        change(&mut bad);
        assert!(made(&[contribution("good"), bad.clone()]).is_err(), "{what} was pooled");
        assert!(made(&[bad]).is_err(), "{what} was published");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever numbers a hostile file holds, there is an answer and no panic.
    #[test]
    fn arbitrary_numbers_never_panic(
        value in any::<i64>(), sigma in any::<u64>(), rho in any::<u64>(), total in any::<u64>(), sensitivity in any::<u64>(),
        bound in any::<u64>(), at in 0_usize..15,
    ) {
        let mut c = contribution("x");
        c.statistics[0].values[at] = value;
        c.statistics[0].draws[0].sigma_milli = sigma;
        c.statistics[0].draws[0].rho = Rho(rho);
        c.statistics[0].draws[0].sensitivity_squared = sensitivity;
        c.rho = Rho(total);
        c.rho_cumulative = Rho(total);
        c.size_bound = bound;
        let _ = made(&[c.clone()]);
        let _ = made(&[contribution("y"), c]);
    }

    #[test]
    fn large_honest_numbers_never_panic(
        values in prop::collection::vec(0_i64..60_000_000_000, 15),
        fine in prop::collection::vec(0_i64..20_000_000_000, 45),
    ) {
        let mut c = contribution("x");
        c.size_bound = 1_000_000_000_000;
        c.statistics[0].values = values;
        c.statistics[1].values = fine;
        prop_assert!(made(&[c]).is_ok());
    }
}

//! The audit of what is shipped: the canary game on the worst neighbours, at three epsilons. `ACCORD_LONG=1` plays twenty
//! times as long. That the same auditor finds broken mechanisms is tested in [`crate::audit_broken`].

use crate::audit_game::{Auditor, DELTA, Neighbours, columns, found, shipped, trials};
use crate::audit_noise::{Seeded, Silent};
use crate::bounds::record;
use accord_measure::flat::plan;
use accord_measure::mechanism::measure_with;
use accord_measure::plan::{Bound, Extras, Plan};
use accord_measure::selection::selection_epsilon;
use accord_measure::tally::{Counts, Tally};
use accord_record::model::Record;
use accord_release::flat::MOST_FILLED;
use accord_standard::codebook::Codebook;
use accord_standard::columns::Columns;
use accord_standard::workload;

/// A row of `d` columns of which the first `filled` hold their first value.
fn row(d: usize, filled: usize) -> Vec<u16> {
    (0..d).map(|c| u16::from(c < filled)).collect()
}

/// What a bound that is larger by one must spare for it to be chosen: so many records.
fn step_of(columns: &Columns, epsilon: f64) -> usize {
    let plan = plan(columns, 2, Bound::Chosen, epsilon, DELTA, 1).unwrap();
    let choice = plan.steps.iter().find(|s| s.table == MOST_FILLED).unwrap();
    1000_u64.div_ceil(selection_epsilon(choice.rho)) as usize
}

/// Neighbours between which the best bound turns: two bounds are as good as each other, and the canary decides.
pub fn tie(epsilon: f64) -> Neighbours {
    let columns = columns(&[1; 4]);
    let step = step_of(&columns, epsilon);
    // A bound more costs a step. With 3 filled: a step, so bounds 2 and 3 tie. Fewer filled: a little more than a step.
    let without = [(3, step), (2, step + 1), (1, step + 1)].into_iter().flat_map(|(w, n)| vec![row(4, w); n]).collect();
    Neighbours {
        name: "tie of the bound",
        columns,
        longest: 2,
        bound: Bound::Chosen,
        rows_per_person: 1,
        without,
        canary: vec![row(4, 3)],
    }
}

/// All neighbours that the game is played on.
pub fn neighbours(epsilon: f64) -> Vec<Neighbours> {
    let of = |name, sizes: &[usize], bound, without: &[Vec<u16>], canary: Vec<u16>| Neighbours {
        name,
        columns: columns(sizes),
        longest: 3,
        bound,
        rows_per_person: 1,
        without: without.to_vec(),
        canary: vec![canary],
    };
    let thrice =
        |name, of: Neighbours| Neighbours { name, rows_per_person: 3, canary: vec![of.canary[0].clone(); 3], ..of };
    let crowd: Vec<Vec<u16>> = (0..24).map(|i| vec![i % 2, i / 2 % 2, i / 4 % 2]).collect();
    let others: Vec<Vec<u16>> = (0..12).map(|i| vec![i % 2, 0]).collect();
    let few: Vec<Vec<u16>> = (0..20).map(|i| row(4, i % 3)).collect();
    // So many are full that the bound is seldom less than all columns: then all that is charged can be used.
    let full = vec![row(3, 3); 6 * step_of(&columns(&[1; 3]), epsilon)];
    let thrice_full = [full.as_slice(); 3].concat();
    vec![
        tie(epsilon),
        of("alone in its cells, dense", &[2, 1], Bound::Dense, &others, vec![2, 1]),
        of("in a crowd, dense", &[2, 1, 1], Bound::Dense, &crowd, vec![1, 1, 1]),
        of("empty table, dense", &[1, 1], Bound::Dense, &[], vec![1, 1]),
        thrice("three rows a person, dense", of("", &[1, 1, 1], Bound::Dense, &crowd, row(3, 3))),
        of("all columns filled, bound declared", &[1; 4], Bound::Declared(3), &few, row(4, 4)),
        of("all columns filled, bound chosen", &[1; 4], Bound::Chosen, &few, row(4, 4)),
        of("all columns filled by all, bound chosen", &[1; 3], Bound::Chosen, &full, row(3, 3)),
        of("empty table, bound chosen", &[1; 3], Bound::Chosen, &[], row(3, 3)),
        thrice("three rows a person, bound chosen", of("", &[1; 3], Bound::Chosen, &thrice_full, row(3, 3))),
    ]
}

fn play_all(epsilon: f64, seed: u64) {
    for (at, neighbours) in neighbours(epsilon).into_iter().enumerate() {
        let auditor = Auditor::new(&neighbours, epsilon);
        let found = auditor.play(neighbours.name, &shipped, seed + at as u64);
        assert!(found.within(), "{}: more is given away at epsilon {epsilon} than is claimed", neighbours.name);
        if neighbours.bound == Bound::Dense {
            // All that is claimed is used there, so an auditor that sees much less is blind.
            assert!(found.bounds.mu > 0.2 * found.claimed_mu, "{}: the auditor sees nothing", neighbours.name);
        }
    }
}

/// The claim is the whole plan's: that its costs add up as the account says (PRIVACY 2) is tested with it.
#[test]
fn privacy_01_a_canary_is_told_no_better_than_claimed_at_epsilon_one_half() {
    play_all(0.5, 100);
}

#[test]
fn privacy_01_a_canary_is_told_no_better_than_claimed_at_epsilon_one() {
    play_all(1.0, 200);
}

#[test]
fn privacy_01_a_canary_is_told_no_better_than_claimed_at_epsilon_four() {
    play_all(4.0, 300);
}

/// Exact counts of these records by the default workload.
fn tallied(plan: &Plan, records: &[Record]) -> Counts {
    let mut tally = Tally::new(&plan.workload, Codebook::embedded()).unwrap();
    for record in records {
        tally.add(record);
    }
    tally.finish()
}

/// The same game on the tables of a workload: a record that stands in as many cells as it can, among a few others.
#[test]
fn privacy_01_a_canary_of_a_workload_is_told_no_better_than_claimed() {
    let epsilon = 4.0;
    let plan = Plan::new(workload::embedded("default").unwrap(), epsilon, DELTA, 1, Extras::default()).unwrap();
    let others: Vec<Record> =
        (0..12_u8).map(|i| record(Some(u16::from(i % 3)), Some((i, i + 3)), vec![1], vec![3])).collect();
    let canary = record(Some(2), Some((15, 17)), (1..16).collect(), (1..36).collect());
    let worlds = [others.clone(), [others, vec![canary]].concat()].map(|records| tallied(&plan, &records));
    let run = |world: usize, noise: &mut dyn accord_measure::noise::NoiseSource| {
        let measured = plan.steps.iter().map(|step| measure_with(&worlds[world], step, "audit", noise).unwrap().values);
        measured.collect::<Vec<_>>()
    };
    let exact = [0, 1].map(|world| run(world, &mut Silent::default()));
    let mut changed = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let variance = (step.sigma_milli as f64 / 1000.0).powi(2);
        let cells = (0..exact[0][at].len()).filter(|c| exact[0][at][*c] != exact[1][at][*c]);
        changed.extend(cells.map(|c| (at, c, [exact[0][at][c], exact[1][at][c]], variance)));
    }
    // Only the cells that differ tell anything; the noise of the others is drawn, and left alone.
    let score = |values: &[Vec<i64>]| {
        let of = |(at, cell, counts, variance): &(usize, usize, [i64; 2], f64)| {
            let [without, with] = counts.map(|c| values[*at][*cell] - c);
            (without * without - with * with) as f64 / (2.0 * variance)
        };
        [changed.iter().map(of).sum::<f64>()]
    };
    for broken in [false, true] {
        let scores = |world: usize| {
            let mut noise = Seeded::new(400 + world as u64);
            let mut halved = Seeded::new(402 + world as u64);
            let mut draw = |_| {
                let half = &mut crate::audit_noise::Halved(&mut halved);
                score(&if broken { run(world, half) } else { run(world, &mut noise) })
            };
            (0..trials(epsilon) / 4).map(&mut draw).collect::<Vec<_>>()
        };
        let name = if broken { "workload, noise halved" } else { "workload, many cells" };
        let found = found(name, &scores(1), &scores(0), epsilon, plan.total().to_f64());
        if broken {
            assert!(found.refuted(), "half the noise was not found out");
        } else {
            assert!(found.within(), "more is given away than is claimed");
            assert!(found.bounds.mu > 0.2 * found.claimed_mu, "the auditor sees nothing");
        }
    }
}

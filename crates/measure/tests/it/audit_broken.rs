//! The auditor has teeth: the same game, scores and bounds as in [`crate::audit`] refute the claim of each of these broken
//! mechanisms, at every epsilon.

use crate::audit::{neighbours, tie};
use crate::audit_game::{Auditor, DELTA, Mechanism, Neighbours, Transcript};
use crate::audit_noise::{Greedy, Halved, Reused, Seeded, Silent};
use accord_measure::flat::plan;
use accord_measure::grid::Grid;
use accord_measure::noise::NoiseSource;
use accord_measure::plan::{Bound, Plan};

fn named(epsilon: f64, name: &str) -> Neighbours {
    neighbours(epsilon).into_iter().find(|n| n.name == name).unwrap()
}

fn plan_of(neighbours: &Neighbours, bound: Bound, rows: u32, epsilon: f64) -> Plan {
    plan(&neighbours.columns, neighbours.longest, bound, epsilon, DELTA, rows).unwrap()
}

/// Plays `share` of the usual trials: what is broken outright shows in few.
fn refuted(name: &str, mut auditor: Auditor, share: f64, mechanism: Mechanism<'_>, seed: u64) {
    auditor.trials = ((auditor.trials as f64 * share) as usize).max(4_000);
    let found = auditor.play(name, mechanism, seed);
    assert!(found.refuted(), "{name}: not found out at epsilon {}", auditor.epsilon);
}

const EPSILONS: [f64; 3] = [0.5, 1.0, 4.0];

#[test]
fn half_the_noise_is_found_out() {
    let halved = |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| auditor.run(grid, &mut Halved(noise));
    for epsilon in EPSILONS {
        for name in ["in a crowd, dense", "three rows a person, dense"] {
            let auditor = Auditor::new(&named(epsilon, name), epsilon);
            refuted(&format!("noise halved, {name}"), auditor, 1.0, &halved, 501);
        }
    }
}

#[test]
fn a_sensitivity_that_forgets_the_rows_of_a_person_is_found_out() {
    let forgets = |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| auditor.run(grid, noise);
    for epsilon in EPSILONS {
        for name in ["three rows a person, dense", "three rows a person, bound chosen"] {
            let neighbours = named(epsilon, name);
            let auditor = Auditor::with_plan(&neighbours, plan_of(&neighbours, neighbours.bound, 1, epsilon), epsilon);
            refuted(&format!("one row claimed, {name}"), auditor, 0.4, &forgets, 511);
        }
    }
}

/// Exact counts under a plan, in whatever bound it has.
fn exact(auditor: &Auditor, grid: &Grid) -> Transcript {
    auditor.run(grid, &mut Silent::default())
}

/// Noise on those values for which `takes` says so, as large as their table's draw says.
fn noised(mut transcript: Transcript, noise: &mut Seeded, takes: impl Fn(i64) -> bool) -> Transcript {
    for table in &mut transcript {
        let sigma_milli = table.draws[0].sigma_milli;
        for value in table.values.iter_mut().filter(|v| takes(**v)) {
            *value += noise.draw(sigma_milli);
        }
    }
    transcript
}

#[test]
fn empty_cells_without_noise_are_found_out() {
    let omits =
        |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| noised(exact(auditor, grid), noise, |count| count != 0);
    for epsilon in EPSILONS {
        for name in ["alone in its cells, dense", "empty table, dense"] {
            let auditor = Auditor::new(&named(epsilon, name), epsilon);
            refuted(&format!("empty cells bare, {name}"), auditor, 0.1, &omits, 521);
        }
    }
}

#[test]
fn noise_that_is_used_for_two_cells_is_found_out() {
    let reuses = |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| {
        auditor.run(grid, &mut Reused { source: noise, last: None })
    };
    for epsilon in EPSILONS {
        for name in ["in a crowd, dense", "all columns filled, bound declared"] {
            let auditor = Auditor::new(&named(epsilon, name), epsilon);
            refuted(&format!("noise used twice, {name}"), auditor, 0.1, &reuses, 531);
        }
    }
}

#[test]
fn a_bound_chosen_without_noise_is_found_out() {
    let greedy = |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| auditor.run(grid, &mut Greedy(noise));
    for epsilon in EPSILONS {
        refuted("bound chosen bare, tie", Auditor::new(&tie(epsilon), epsilon), 0.1, &greedy, 541);
    }
}

#[test]
fn rows_that_are_not_held_to_the_bound_are_found_out() {
    for epsilon in EPSILONS {
        let mut neighbours = named(epsilon, "all columns filled, bound declared");
        neighbours.bound = Bound::Declared(2);
        let mut claimed = plan_of(&neighbours, Bound::Declared(2), 1, epsilon);
        // Whoever thinks that rows are bounded counts none that are cut.
        claimed.steps.retain(|s| s.table != accord_release::flat::CUT);
        // Counted with all four columns, noise for two.
        let unbounded = plan_of(&neighbours, Bound::Declared(4), 1, epsilon);
        let mut auditor = Auditor::with_plan(&neighbours, unbounded, epsilon);
        for (step, own) in auditor.plan.steps.iter_mut().zip(&claimed.steps) {
            step.rho = own.rho;
        }
        let loose = |auditor: &Auditor, grid: &Grid, noise: &mut Seeded| {
            let mut transcript = exact(auditor, grid);
            for (table, step) in transcript.iter_mut().zip(&claimed.steps) {
                table.draws[0].sigma_milli = step.sigma_milli;
            }
            noised(transcript, noise, |_| true)
        };
        refuted("bound not held", auditor, 1.0, &loose, 551);
    }
}

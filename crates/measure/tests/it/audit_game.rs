//! The canary game: an auditor who sees the whole transcript of a measurement, and knows both worlds, the plan and the code,
//! says in which world it was made. Its scores are those of [`Auditor::scores`]; what they show is bounded by
//! [`accord_testnoise::audit`].

#![allow(clippy::print_stderr, reason = "what was found is shown with --nocapture")]

use crate::audit_noise::{Seeded, Silent};
use accord_measure::flat::{FlatMeasureError, measure, plan};
use accord_measure::grid::Grid;
use accord_measure::noise::ExactNoise;
use accord_measure::plan::{Bound, Plan};
use accord_measure::selection::selection_epsilon;
use accord_release::flat::MOST_FILLED;
use accord_release::noisy::NoisyTable;
use accord_standard::columns::{Column, Columns};
use accord_testnoise::audit::{Bounds, bounds, epsilon_of_gdp};

pub const DELTA: f64 = 1e-5;
/// Chance that a bound of one game is too high.
pub const ERROR: f64 = 1e-4;

/// Two neighbouring tables: `without`, and the same with the rows of one more person, the canary.
#[derive(Clone)]
pub struct Neighbours {
    pub name: &'static str,
    pub columns: Columns,
    pub longest: u8,
    pub bound: Bound,
    pub rows_per_person: u32,
    pub without: Vec<Vec<u16>>,
    pub canary: Vec<Vec<u16>>,
}

/// A cell whose exact count is not the same in both worlds.
struct Changed {
    table: usize,
    cell: usize,
    counts: [i64; 2],
    /// The cells next to it, with their counts.
    beside: Vec<(usize, [i64; 2])>,
}

/// An auditor of one pair of neighbours under one plan.
pub struct Auditor {
    pub plan: Plan,
    pub epsilon: f64,
    /// How often the game is played in either world.
    pub trials: usize,
    columns: Columns,
    /// Without the canary, and with it.
    pub worlds: [Grid; 2],
    filled: [Vec<u64>; 2],
    /// By chosen bound; only the first where none is chosen.
    changed: Vec<Vec<Changed>>,
}

/// What a mechanism gives out.
pub type Transcript = Vec<NoisyTable>;
/// A mechanism under audit: shipped or broken.
pub type Mechanism<'a> = &'a dyn Fn(&Auditor, &Grid, &mut Seeded) -> Transcript;

/// What an auditor found.
pub struct Found {
    pub bounds: Bounds,
    pub epsilon_of_mu: f64,
    pub claimed_mu: f64,
    pub claimed_epsilon: f64,
}

impl Found {
    /// Whether what was found is within what is claimed.
    pub fn within(&self) -> bool {
        self.bounds.epsilon <= self.claimed_epsilon
            && self.epsilon_of_mu <= self.claimed_epsilon
            && self.bounds.mu <= self.claimed_mu
    }

    /// Whether the claim is refuted: epsilon and mu both.
    pub fn refuted(&self) -> bool {
        self.bounds.epsilon.max(self.epsilon_of_mu) > self.claimed_epsilon && self.bounds.mu > self.claimed_mu
    }
}

pub fn columns(sizes: &[usize]) -> Columns {
    let column = |(at, n): (usize, &usize)| Column::new(format!("c{at}"), (0..*n).map(|i| format!("v{i}")).collect());
    Columns { columns: sizes.iter().enumerate().map(column).collect() }
}

pub fn grid(columns: &Columns, rows: &[Vec<u16>]) -> Grid {
    let mut grid = Grid::new(columns);
    for row in rows {
        grid.push(row);
    }
    grid
}

/// The shipped mechanism, with this noise.
pub fn transcript(grid: &Grid, columns: &Columns, plan: &Plan, noise: &mut dyn ExactNoise) -> Transcript {
    let mut tables = Vec::new();
    measure::<FlatMeasureError>(grid, columns, plan, "audit", noise, &mut |at, table| {
        assert_eq!(at, tables.len());
        tables.push(table.clone());
        Ok(())
    })
    .unwrap();
    tables
}

/// The shipped mechanism.
pub fn shipped(auditor: &Auditor, grid: &Grid, noise: &mut Seeded) -> Transcript {
    auditor.run(grid, noise)
}

/// More trials where less is to be seen: the number needed grows with the square of 1 / mu.
pub fn trials(epsilon: f64) -> usize {
    let short = if epsilon < 0.7 {
        30_000
    } else if epsilon < 2.0 {
        8_000
    } else {
        4_000
    };
    if std::env::var_os("ACCORD_LONG").is_some() { 20 * short } else { short }
}

impl Auditor {
    pub fn new(neighbours: &Neighbours, epsilon: f64) -> Auditor {
        let n = neighbours;
        let plan = plan(&n.columns, n.longest, n.bound, epsilon, DELTA, n.rows_per_person).unwrap();
        Auditor::with_plan(n, plan, epsilon)
    }

    /// An auditor of these neighbours under a plan that may be wrong for them.
    pub fn with_plan(neighbours: &Neighbours, plan: Plan, epsilon: f64) -> Auditor {
        let n = neighbours;
        let with = [n.without.as_slice(), n.canary.as_slice()].concat();
        let filled = |rows: &[Vec<u16>]| {
            let mut histogram = vec![0; n.columns.columns.len() + 1];
            for row in rows {
                histogram[row.iter().filter(|code| **code != 0).count()] += 1;
            }
            histogram
        };
        let mut auditor = Auditor {
            plan,
            epsilon,
            trials: trials(epsilon),
            columns: n.columns.clone(),
            filled: [filled(&n.without), filled(&with)],
            worlds: [grid(&n.columns, &n.without), grid(&n.columns, &with)],
            changed: Vec::new(),
        };
        let outcomes = if n.bound == Bound::Chosen { n.columns.columns.len() } else { 0 };
        auditor.changed = (0..=outcomes).map(|bound| auditor.changes(bound)).collect();
        auditor
    }

    /// The shipped mechanism under this auditor's plan.
    pub fn run(&self, grid: &Grid, noise: &mut dyn ExactNoise) -> Transcript {
        transcript(grid, &self.columns, &self.plan, noise)
    }

    /// What differs between the exact transcripts, given the chosen bound.
    fn changes(&self, bound: usize) -> Vec<Changed> {
        let exact = |world: usize| self.run(&self.worlds[world], &mut Silent::choosing(bound));
        let (without, with) = (exact(0), exact(1));
        let mut changed = Vec::new();
        for (table, (a, b)) in without.iter().zip(&with).enumerate() {
            let counts = |cell: usize| [a.values[cell], b.values[cell]];
            for cell in (0..a.values.len()).filter(|cell| a.values[*cell] != b.values[*cell]) {
                let around = [cell.wrapping_sub(1), cell + 1].into_iter().filter(|c| *c < a.values.len());
                let beside = around.map(|c| (c, counts(c))).collect();
                changed.push(Changed { table, cell, counts: counts(cell), beside });
            }
        }
        changed
    }

    /// The chance of a chosen bound in a world, by the law that the exponential mechanism is to have, given the noisy rows:
    /// written anew, not taken from the code under audit.
    fn chance_of_bound(&self, world: usize, transcript: &Transcript, at: usize) -> f64 {
        let m = f64::from(self.plan.rows_per_person);
        let epsilon = selection_epsilon(self.plan.steps[at].rho) as f64 / 1000.0;
        let target = (transcript[0].values[0].max(1) / 1000) as f64;
        let step = (m / epsilon - 1e-9).ceil();
        let histogram = &self.filled[world];
        let weight = |bound: usize| {
            let over = histogram[bound + 1..].iter().sum::<u64>() as f64;
            (epsilon / m * (-(over - target).max(0.0) - step * bound as f64)).exp()
        };
        let all: f64 = (0..histogram.len()).map(weight).sum();
        // Nought is given out as one.
        let chosen = transcript[at].values[0] as usize;
        (weight(chosen) + if chosen == 1 { weight(0) } else { 0.0 }) / all
    }

    /// Scores of a transcript, each the higher the more it looks like the world with the canary (or the less):
    ///
    /// 0. the logarithm of the ratio of its two likelihoods under the claimed law: the best there is against a mechanism that
    ///    has that law (Neyman and Pearson 1933);
    /// 1. changed cells that hold an exact count: of the world with the canary, less those of the other;
    /// 2. changed cells whose noise is that of a cell beside them, likewise;
    /// 3. the chosen bound.
    pub fn scores(&self, transcript: &Transcript) -> [f64; 4] {
        let choice = self.plan.steps.iter().position(|s| s.table == MOST_FILLED);
        let bound = choice.map_or(0, |at| transcript[at].values[0] as usize);
        let mut scores = [0.0, 0.0, 0.0, bound as f64];
        if let Some(at) = choice {
            let of = |world| self.chance_of_bound(world, transcript, at);
            scores[0] += (of(1) / of(0)).ln();
        }
        for changed in self.changed[bound].iter().filter(|c| Some(c.table) != choice) {
            let table = &transcript[changed.table];
            let noise = |cell: usize, counts: [i64; 2]| counts.map(|count| table.values[cell] - count);
            let [without, with] = noise(changed.cell, changed.counts);
            let variance = (table.draws[0].sigma_milli as f64 / 1000.0).powi(2);
            scores[0] += (without * without - with * with) as f64 / (2.0 * variance);
            scores[1] += f64::from(i8::from(with == 0) - i8::from(without == 0));
            for (cell, counts) in &changed.beside {
                let beside = noise(*cell, *counts);
                scores[2] += f64::from(i8::from(with == beside[1]) - i8::from(without == beside[0]));
            }
        }
        scores
    }

    /// Plays the game.
    pub fn play(&self, name: &str, mechanism: Mechanism<'_>, seed: u64) -> Found {
        let scores = |world: usize| {
            let mut noise = Seeded::new(seed * 2 + world as u64);
            let draw = |_| self.scores(&mechanism(self, &self.worlds[world], &mut noise));
            (0..self.trials).map(draw).collect::<Vec<_>>()
        };
        found(name, &scores(1), &scores(0), self.epsilon, self.plan.total().to_f64())
    }
}

/// What scores show, against a claim.
pub fn found<const S: usize>(name: &str, with: &[[f64; S]], without: &[[f64; S]], epsilon: f64, rho: f64) -> Found {
    let bounds = bounds(with, without, DELTA, ERROR);
    let claimed_mu = (2.0 * rho).sqrt();
    let found = Found { bounds, epsilon_of_mu: bounds.epsilon_of_mu(DELTA), claimed_mu, claimed_epsilon: epsilon };
    assert!(epsilon_of_gdp(claimed_mu, DELTA) <= epsilon, "what is claimed of mu is more than of epsilon");
    eprintln!(
        "{name}: epsilon {epsilon} claimed, {:.2} found, {:.2} by mu; mu {claimed_mu:.3} claimed, {:.3} found (score {})",
        bounds.epsilon, found.epsilon_of_mu, bounds.mu, bounds.by
    );
    found
}

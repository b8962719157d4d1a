//! The recursion, with the derivative of every result by every noisy cell.
//!
//! For cell i with effects y'(h), n'(h, j) on risk sets and moves, the matrix Q of a step has
//! dQ(h, j) = (n'(h, j) - Q(h, j) y'(h)) / Y(h), and occupation p has dp := dp Q + p dQ. The variance of the noise is the sum
//! over cells of sigma^2 dp^2; the robust variance of chance the sum of count times dp^2.

use super::{Ask, Effect, Occupation, Spread, Start, Table};
use crate::chance::{Target, amount, share};
use crate::value::{Cause, Outcome, Refused};

/// Noise reaches further than a risk set when so many standard deviations exceed it (or the interval's own, if more): closer
/// to nought, the first-order variance is no longer true.
const REACH: f64 = 3.0;
/// A state whose occupation can't be over this may lack a known risk set; its moves are left out, and the intervals widened.
const NEGLIGIBLE: f64 = 0.05;

type Square = Vec<Vec<f64>>;

/// What one cell does to the numbers of the step at hand.
struct Tangent {
    effects: std::vec::IntoIter<(usize, Effect)>,
    next: Option<(usize, Effect)>,
    at_risk: Vec<f64>,
    moves: Vec<(usize, usize)>,
    leaves: Vec<usize>,
    p: Vec<f64>,
}

impl Tangent {
    fn new(mut effects: Vec<(usize, Effect)>, states: usize) -> Self {
        effects.sort_by_key(|e| e.0);
        let mut effects = effects.into_iter();
        let next = effects.next();
        let nought = vec![0.0; states];
        Self { effects, next, at_risk: nought.clone(), moves: Vec::new(), leaves: Vec::new(), p: nought }
    }

    /// Takes up the effects of a step: entries at once, moves and leavings for later.
    fn take(&mut self, step: usize) {
        self.moves.clear();
        self.leaves.clear();
        while let Some((at, effect)) = self.next
            && at == step
        {
            match effect {
                Effect::Enter(h) => self.at_risk[h] += 1.0,
                Effect::Move(h, j) => self.moves.push((h, j)),
                Effect::Leave(h) => self.leaves.push(h),
            }
            self.next = self.effects.next();
        }
    }

    fn end(&mut self) {
        for (h, j) in &self.moves {
            self.at_risk[*h] -= 1.0;
            self.at_risk[*j] += 1.0;
        }
        for h in &self.leaves {
            self.at_risk[*h] -= 1.0;
        }
    }
}

pub(super) fn run(table: &Table, ask: &Ask, groups: &[Vec<usize>], z: f64, spread: Spread) -> Vec<Outcome<Occupation>> {
    let k = table.states;
    let cells: Vec<(f64, f64)> = table.cells.iter().map(|c| (c.count.value, c.count.sigma * c.count.sigma)).collect();
    let mut tangents: Vec<Tangent> = table.cells.iter().map(|c| Tangent::new(c.effects.clone(), k)).collect();
    // States that some cell moves out of, at all and by step: only their risk sets matter.
    let mut left = vec![false; k];
    let mut leaving = vec![vec![false; k]; table.steps];
    for cell in &table.cells {
        for (step, effect) in &cell.effects {
            if let Effect::Move(h, _) = effect
                && *step >= ask.from
            {
                left[*h] = true;
                leaving[*step][*h] = true;
            }
        }
    }
    let mut p = vec![0.0; k];
    let mut greenwood: Square = vec![vec![0.0; k]; k];
    let (mut slack, mut fewest) = (0.0, f64::INFINITY);
    let mut steps = Vec::new();
    for (step, leaving) in leaving.iter().enumerate() {
        for (_, from, to) in table.turns.iter().filter(|turn| turn.0 == step) {
            for tangent in &mut tangents {
                turn(&mut tangent.at_risk, *from, *to);
                turn(&mut tangent.p, *from, *to);
            }
            turn(&mut p, *from, *to);
            for row in &mut greenwood {
                turn(row, *from, *to);
            }
            let (moved, into) = (std::mem::replace(&mut greenwood[*from], vec![0.0; k]), &mut greenwood[*to]);
            into.iter_mut().zip(moved).for_each(|(a, b)| *a += b);
        }
        tangents.iter_mut().for_each(|t| t.take(step));
        let mut at_risk = vec![0.0; k];
        let mut risk_noise = vec![0.0; k];
        let mut moves: Square = vec![vec![0.0; k]; k];
        for (tangent, (count, noise)) in tangents.iter().zip(&cells) {
            for h in 0..k {
                at_risk[h] += count * tangent.at_risk[h];
                risk_noise[h] += noise * tangent.at_risk[h] * tangent.at_risk[h];
            }
            for (h, j) in &tangent.moves {
                moves[*h][*j] += count;
            }
        }
        if step < ask.from {
            tangents.iter_mut().for_each(Tangent::end);
            continue;
        }
        if step == ask.from
            && let Err(why) = begin(ask, z, &at_risk, &mut p, &mut tangents, &cells, &mut greenwood, &mut fewest)
        {
            return (step..table.steps).map(|_| Err(why.clone())).collect();
        }
        let told = |h: usize| at_risk[h] > 0.0 && at_risk[h] > z.max(REACH) * risk_noise[h].sqrt();
        let mut known = vec![false; k];
        for h in (0..k).filter(|h| left[*h]) {
            known[h] = told(h);
            // Where the table has no place for moves, none is taken to happen as long as there may be people at risk.
            let idle = !leaving[h] && (at_risk[h] > 0.0 || risk_noise[h] > 0.0);
            if known[h] || idle {
                if p[h] > 0.0 {
                    fewest = fewest.min(at_risk[h]);
                }
                continue;
            }
            let noise: f64 = tangents.iter().zip(&cells).map(|(t, (_, v))| v * t.p[h] * t.p[h]).sum();
            slack += (p[h] + z * noise.sqrt()).max(0.0);
            if slack > NEGLIGIBLE {
                let why = if risk_noise[h] > 0.0 {
                    Refused::Noise
                } else {
                    Refused::NotIdentified("nobody is at risk in a state that people may be in".into())
                };
                steps.extend((step..table.steps).map(|_| Err(why.clone())));
                return steps;
            }
        }
        let q = matrix(&moves, &at_risk, &known);
        for tangent in &mut tangents {
            let mut change = vec![0.0; k];
            for h in (0..k).filter(|h| known[*h]) {
                let weight = p[h] / at_risk[h];
                let drop = tangent.at_risk[h];
                if drop != 0.0 {
                    for j in (0..k).filter(|j| *j != h) {
                        change[j] -= weight * q[h][j] * drop;
                        change[h] += weight * q[h][j] * drop;
                    }
                }
            }
            for (h, j) in tangent.moves.iter().filter(|(h, _)| known[*h]) {
                change[*j] += p[*h] / at_risk[*h];
                change[*h] -= p[*h] / at_risk[*h];
            }
            tangent.p = times(&tangent.p, &q);
            tangent.p.iter_mut().zip(&change).for_each(|(a, b)| *a += b);
        }
        greenwood = chance(&greenwood, &q, &p, &at_risk, &known);
        p = times(&p, &q);
        let spreads = |group: &[usize]| spread_of(group, &tangents, &cells, &greenwood, spread);
        let shares: Outcome<Vec<_>> = groups
            .iter()
            .map(|group| {
                let (noise, chance) = spreads(group);
                let value: f64 = group.iter().map(|h| p[*h]).sum();
                let people = (ask.target == Target::Process).then(|| {
                    let inner = value * (1.0 - value);
                    if inner > 0.0 && chance > 0.0 { inner / chance } else { fewest }
                });
                share(value, noise, people, slack, z)
            })
            .collect();
        let risks: Outcome<Vec<_>> = (0..k).map(|h| amount(at_risk[h], risk_noise[h], z, Cause::Noise)).collect();
        match (shares, risks) {
            (Ok(share), Ok(at_risk)) => steps.push(Ok(Occupation { step, at_risk, share, slack })),
            (Err(why), _) | (_, Err(why)) => {
                steps.extend((step..table.steps).map(|_| Err(why.clone())));
                return steps;
            }
        }
        tangents.iter_mut().for_each(Tangent::end);
    }
    steps
}

/// Sets occupation at the first step, and its variance where it is estimated.
#[allow(clippy::too_many_arguments)] // the state of the recursion, split so that each part is named
fn begin(
    ask: &Ask,
    z: f64,
    at_risk: &[f64],
    p: &mut Vec<f64>,
    tangents: &mut [Tangent],
    cells: &[(f64, f64)],
    greenwood: &mut Square,
    fewest: &mut f64,
) -> Outcome<()> {
    let k = p.len();
    p.iter_mut().for_each(|x| *x = 0.0);
    if let Start::In(h) = ask.start {
        p[h] = 1.0;
        return Ok(());
    }
    let all: f64 = at_risk.iter().sum();
    let noise: f64 = tangents
        .iter()
        .zip(cells)
        .map(|(t, (_, v))| {
            let d: f64 = t.at_risk.iter().sum();
            v * d * d
        })
        .sum();
    if all <= 0.0 || all <= z.max(REACH) * noise.sqrt() {
        return Err(if noise > 0.0 {
            Refused::Noise
        } else {
            Refused::NotIdentified("nobody is at risk at the first step".into())
        });
    }
    *fewest = all;
    *p = at_risk.iter().map(|y| y / all).collect();
    for tangent in tangents {
        let d: f64 = tangent.at_risk.iter().sum();
        tangent.p = (0..k).map(|h| (tangent.at_risk[h] - p[h] * d) / all).collect();
    }
    for (h, row) in greenwood.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            *cell = (if h == j { p[h] } else { 0.0 } - p[h] * p[j]) / all;
        }
    }
    Ok(())
}

fn turn(row: &mut [f64], from: usize, to: usize) {
    let moved = std::mem::replace(&mut row[from], 0.0);
    row[to] += moved;
}

/// Shares of each risk set that move and that stay.
fn matrix(moves: &Square, at_risk: &[f64], known: &[bool]) -> Square {
    let k = at_risk.len();
    let mut q: Square = vec![vec![0.0; k]; k];
    for h in 0..k {
        q[h][h] = 1.0;
        for j in (0..k).filter(|j| known[h] && *j != h) {
            q[h][j] = moves[h][j] / at_risk[h];
            q[h][h] -= q[h][j];
        }
    }
    q
}

fn times(row: &[f64], q: &Square) -> Vec<f64> {
    let mut product = vec![0.0; row.len()];
    for (x, line) in row.iter().zip(q) {
        if *x != 0.0 {
            product.iter_mut().zip(line).for_each(|(sum, y)| *sum += x * y);
        }
    }
    product
}

/// Greenwood's variance: Q' V Q, and what this step's moves add as one multinomial draw from each risk set.
fn chance(before: &Square, q: &Square, p: &[f64], at_risk: &[f64], known: &[bool]) -> Square {
    let k = p.len();
    let half: Square = before.iter().map(|row| times(row, q)).collect();
    let mut after: Square = vec![vec![0.0; k]; k];
    for a in 0..k {
        for b in 0..k {
            let mut sum: f64 = (0..k).map(|h| q[h][a] * half[h][b]).sum();
            for h in (0..k).filter(|h| known[*h]) {
                let own = if a == b { q[h][a] } else { 0.0 };
                sum += p[h] * p[h] * (own - q[h][a] * q[h][b]) / at_risk[h];
            }
            after[a][b] = sum;
        }
    }
    after
}

/// Variance of the noise and of chance in the occupation of a group.
fn spread_of(
    group: &[usize],
    tangents: &[Tangent],
    cells: &[(f64, f64)],
    greenwood: &Square,
    spread: Spread,
) -> (f64, f64) {
    let (mut noise, mut robust) = (0.0, 0.0);
    for (tangent, (count, variance)) in tangents.iter().zip(cells) {
        let d: f64 = group.iter().map(|h| tangent.p[*h]).sum();
        noise += variance * d * d;
        robust += count * d * d;
    }
    let chance = match spread {
        Spread::Robust => robust,
        Spread::Greenwood => group.iter().flat_map(|h| group.iter().map(|j| greenwood[*h][*j])).sum(),
    };
    (noise, chance)
}

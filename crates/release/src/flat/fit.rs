//! Fitting: the potentials under which the model's expected counts come as near to the noisy ones as their noise warrants.
//!
//! Minimises `N log Z - sum(theta y) + sum(r theta²) / 2` over the potentials of the measured cells. Without the last term
//! this is the maximum-entropy fit; the last term, `r` in proportion to the noise, keeps it from following noise into
//! counts below nought. The function is convex, so that where the gradient is nought it has been found; L-BFGS (Nocedal and
//! Wright 2006, algorithm 7.5) goes there, and the gradient that is left is reported.

use super::model::Model;

/// What one factor should come near to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Noisy counts by cell; what stands in a cell that isn't measured doesn't matter.
    pub counts: Vec<f64>,
    /// Which cells were measured.
    pub measured: Vec<bool>,
    /// Strength of the last term.
    pub ridge: f64,
}

/// How far a fit came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Convergence {
    /// Number of passes over the junction tree.
    pub passes: u32,
    /// What is left: the mean over factors of the absolute gradient, as a share of all counts.
    pub gap: f64,
}

/// Below this gap the fit is done.
const DONE: f64 = 3e-4;
/// Steps that are remembered.
const MEMORY: usize = 8;

/// Fits the potentials in place, beginning from those given, and leaves the model calibrated.
pub fn fit(model: &mut Model, potentials: &mut [Vec<f64>], targets: &[Target], most_passes: u32) -> Convergence {
    let mut problem = Problem::new(model, targets);
    let mut x: Vec<f64> = potentials.iter().flatten().copied().collect();
    let mut at = problem.look(&x);
    let mut steps: Vec<Step> = Vec::new();
    let mut passes = 1;
    while passes < most_passes && problem.gap(&at) > DONE {
        let direction = direction(&at, &problem.ridge, &steps, targets.len());
        let slope = -dot(&at.gradient, &direction);
        if slope >= 0.0 {
            if steps.is_empty() {
                break;
            }
            steps.clear();
            continue;
        }
        let mut length = 1.0;
        let mut next = None;
        while passes < most_passes && length > 1e-5 {
            passes += 1;
            let trial: Vec<f64> = x.iter().zip(&direction).map(|(a, b)| a - length * b).collect();
            let there = problem.look(&trial);
            if there.value <= at.value + 1e-4 * length * slope {
                next = Some((trial, there));
                break;
            }
            length *= 0.4;
        }
        let Some((trial, there)) = next else { break };
        let moved: Vec<f64> = trial.iter().zip(&x).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = there.gradient.iter().zip(&at.gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &turned);
        if curvature > 1e-12 {
            if steps.len() == MEMORY {
                steps.remove(0);
            }
            steps.push(Step { moved, turned, curvature });
        }
        x = trial;
        at = there;
    }
    let mut rest = x.as_slice();
    for potential in potentials.iter_mut() {
        let (mine, others) = rest.split_at(potential.len());
        potential.copy_from_slice(mine);
        rest = others;
    }
    let gap = problem.gap(&at);
    problem.model.calibrate(potentials);
    Convergence { passes, gap }
}

struct Step {
    moved: Vec<f64>,
    turned: Vec<f64>,
    curvature: f64,
}

struct Look {
    value: f64,
    gradient: Vec<f64>,
    expected: Vec<f64>,
}

struct Problem<'a> {
    model: &'a mut Model,
    lengths: Vec<usize>,
    counts: Vec<f64>,
    measured: Vec<bool>,
    ridge: Vec<f64>,
}

impl<'a> Problem<'a> {
    fn new(model: &'a mut Model, targets: &[Target]) -> Problem<'a> {
        let lengths = model.factor_cells().collect();
        let flat = |of: &dyn Fn(&Target) -> Vec<f64>| targets.iter().flat_map(of).collect::<Vec<f64>>();
        Problem {
            lengths,
            counts: flat(&|t| t.counts.clone()),
            measured: targets.iter().flat_map(|t| t.measured.iter().copied()).collect(),
            ridge: flat(&|t| vec![t.ridge; t.counts.len()]),
            model,
        }
    }

    fn look(&mut self, x: &[f64]) -> Look {
        let mut tables = Vec::with_capacity(self.lengths.len());
        let mut rest = x;
        for length in &self.lengths {
            let (mine, others) = rest.split_at(*length);
            tables.push(mine.to_vec());
            rest = others;
        }
        let log_z = self.model.calibrate(&tables);
        let expected: Vec<f64> = (0..self.lengths.len()).flat_map(|f| self.model.marginal(f)).collect();
        let mut value = self.model.total() * log_z;
        let mut gradient = vec![0.0; x.len()];
        for i in 0..x.len() {
            if self.measured[i] {
                value += x[i] * (0.5 * self.ridge[i] * x[i] - self.counts[i]);
                gradient[i] = expected[i] - self.counts[i] + self.ridge[i] * x[i];
            }
        }
        Look { value, gradient, expected }
    }

    fn gap(&self, at: &Look) -> f64 {
        let all = self.model.total().max(1.0) * self.lengths.len().max(1) as f64;
        at.gradient.iter().map(|g| g.abs()).sum::<f64>() / all
    }
}

/// The two-loop recursion, with the diagonal of the Hessian (expected count and ridge) as its beginning.
fn direction(at: &Look, ridge: &[f64], steps: &[Step], factors: usize) -> Vec<f64> {
    let scaled = |v: &mut [f64], by: f64| {
        for i in 0..v.len() {
            v[i] *= by / (at.expected[i].max(0.0) + ridge[i]).max(1e-9);
        }
    };
    let mut q = at.gradient.clone();
    let mut taken = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let a = dot(&step.moved, &q) / step.curvature;
        q.iter_mut().zip(&step.turned).for_each(|(q, t)| *q -= a * t);
        taken.push(a);
    }
    let by = steps.last().map_or(1.0 / factors.max(1) as f64, |step| {
        let mut turned = step.turned.clone();
        scaled(&mut turned, 1.0);
        step.curvature / dot(&step.turned, &turned).max(1e-300)
    });
    scaled(&mut q, by);
    for (step, a) in steps.iter().zip(taken.iter().rev()) {
        let b = dot(&step.turned, &q) / step.curvature;
        q.iter_mut().zip(&step.moved).for_each(|(q, m)| *q += m * (a - b));
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests;

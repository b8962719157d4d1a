//! The model: a distribution of highest entropy that fits noisy marginals, as a product of factors over a junction tree.

use super::tree::{Tree, product, projection};

/// Where no combination weighs more than this, potentials are so far apart that numbers don't hold what they say.
const FAINTEST: f64 = 1e-200;

/// A factor: a table of log potentials over few variables.
#[derive(Clone, Debug)]
struct Factor {
    node: usize,
    /// Cell of the factor for each cell of its node.
    map: Vec<u32>,
    cells: usize,
}

/// A product of factors, calibrated: every node's table is the marginal of the whole.
#[derive(Clone, Debug)]
pub struct Model {
    /// Number of values of each variable.
    pub sizes: Vec<usize>,
    /// The junction tree.
    pub tree: Tree,
    factors: Vec<Factor>,
    /// Cell of the separator for each cell of the node, and of its parent.
    links: Vec<(Vec<u32>, Vec<u32>)>,
    /// Expected counts by node.
    pub belief: Vec<Vec<f64>>,
    separators: Vec<Vec<f64>>,
    total: f64,
}

impl Model {
    /// A model with a factor over each scope, all potentials nought.
    pub fn new(sizes: &[usize], scopes: &[Vec<usize>], total: f64) -> Model {
        let tree = Tree::new(sizes, scopes);
        let smallest = |scope: &[usize]| {
            let holds = |n: &usize| scope.iter().all(|v| tree.nodes[*n].variables.contains(v));
            (0..tree.nodes.len()).filter(holds).min_by_key(|n| tree.nodes[*n].cells)
        };
        let factors = scopes
            .iter()
            .filter_map(|scope| {
                let node = smallest(scope)?;
                let map = projection(&tree.nodes[node].variables, scope, sizes);
                Some(Factor { node, map, cells: product(scope, sizes) as usize })
            })
            .collect();
        let links = tree
            .nodes
            .iter()
            .map(|node| {
                let Some(parent) = node.parent else { return (Vec::new(), Vec::new()) };
                let map = |variables: &[usize]| projection(variables, &node.separator, sizes);
                (map(&node.variables), map(&tree.nodes[parent].variables))
            })
            .collect();
        let belief = tree.nodes.iter().map(|n| vec![1.0; n.cells]).collect();
        let separators = tree.nodes.iter().map(|n| vec![1.0; product(&n.separator, sizes) as usize]).collect();
        Model { sizes: sizes.to_vec(), tree, factors, links, belief, separators, total }
    }

    /// Sum of all counts.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Cells of all nodes together.
    pub fn cells(&self) -> usize {
        self.tree.nodes.iter().map(|n| n.cells).sum()
    }

    /// Number of cells of each factor.
    pub fn factor_cells(&self) -> impl Iterator<Item = usize> {
        self.factors.iter().map(|f| f.cells)
    }

    /// Sets the potentials, sends messages inwards and outwards, and gives the logarithm of the partition function: infinity
    /// if the potentials are beyond what numbers can hold, which no step of a fit goes to.
    pub fn calibrate(&mut self, potentials: &[Vec<f64>]) -> f64 {
        let mut log_z = 0.0;
        let mut least = f64::MAX;
        for table in &mut self.belief {
            table.fill(1.0);
        }
        for (factor, potential) in self.factors.iter().zip(potentials) {
            let most = potential.iter().copied().fold(f64::MIN, f64::max);
            log_z += most;
            let weights: Vec<f64> = potential.iter().map(|x| libm::exp(x - most)).collect();
            for (b, cell) in self.belief[factor.node].iter_mut().zip(&factor.map) {
                *b *= weights[*cell as usize];
            }
        }
        for at in (1..self.tree.order.len()).rev() {
            let n = self.tree.order[at];
            let Some(parent) = self.tree.nodes[n].parent else { continue };
            let mut message = vec![0.0; self.separators[n].len()];
            for (b, cell) in self.belief[n].iter().zip(&self.links[n].0) {
                message[*cell as usize] += b;
            }
            // Scaled, so that no product of many small numbers becomes nought.
            let most = message.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
            least = least.min(most);
            log_z += libm::log(most);
            let scale = 1.0 / most;
            message.iter_mut().for_each(|x| *x *= scale);
            self.belief[n].iter_mut().for_each(|x| *x *= scale);
            for (b, cell) in self.belief[parent].iter_mut().zip(&self.links[n].1) {
                *b *= message[*cell as usize];
            }
            self.separators[n] = message;
        }
        let Some(root) = self.tree.order.first().copied() else { return log_z };
        let z: f64 = self.belief[root].iter().sum();
        let scale = self.total / z;
        if least.min(z) < FAINTEST {
            self.belief.iter_mut().chain(&mut self.separators).for_each(|table| table.fill(0.0));
            return f64::INFINITY;
        }
        log_z += libm::log(z);
        self.belief[root].iter_mut().for_each(|x| *x *= scale);
        for at in 1..self.tree.order.len() {
            let n = self.tree.order[at];
            let Some(parent) = self.tree.nodes[n].parent else { continue };
            let mut message = vec![0.0; self.separators[n].len()];
            for (b, cell) in self.belief[parent].iter().zip(&self.links[n].1) {
                message[*cell as usize] += b;
            }
            let ratio: Vec<f64> =
                message.iter().zip(&self.separators[n]).map(|(a, b)| if *b > 0.0 { a / b } else { 0.0 }).collect();
            for (b, cell) in self.belief[n].iter_mut().zip(&self.links[n].0) {
                *b *= ratio[*cell as usize];
            }
            self.separators[n] = message;
        }
        log_z
    }

    /// Expected counts of a factor's cells.
    pub fn marginal(&self, factor: usize) -> Vec<f64> {
        let factor = &self.factors[factor];
        let mut out = vec![0.0; factor.cells];
        for (b, cell) in self.belief[factor.node].iter().zip(&factor.map) {
            out[*cell as usize] += b;
        }
        out
    }

    /// Expected counts of every combination of two variables, row-major, whether or not a node holds both: along the path
    /// of the tree between them.
    pub fn pair(&self, a: usize, b: usize) -> Vec<f64> {
        let holds = |n: &usize, v: usize| self.tree.nodes[*n].variables.contains(&v);
        let depth = |mut n: usize| {
            let mut path = vec![n];
            while let Some(p) = self.tree.nodes[n].parent {
                path.push(p);
                n = p;
            }
            path
        };
        // The node nearest to the root that holds each: unique, because a variable's nodes are connected.
        let top = |v: usize| self.tree.order.iter().copied().find(|n| holds(n, v));
        let (Some(from), Some(to)) = (top(a), top(b)) else { return Vec::new() };
        if let Some(both) = (0..self.tree.nodes.len()).find(|n| holds(n, a) && holds(n, b)) {
            return self.sum_out(&self.tree.nodes[both].variables, &self.belief[both], &[a, b]);
        }
        let (up, down) = (depth(from), depth(to));
        let meet = up.iter().position(|n| down.contains(n)).unwrap_or(up.len() - 1);
        let turn = down.iter().position(|n| *n == up[meet]).unwrap_or(down.len() - 1);
        let mut path: Vec<usize> = up[..=meet].to_vec();
        path.extend(down[..turn].iter().rev());
        // Carries P(a, separator) from node to node.
        let first = &self.tree.nodes[path[0]];
        let mut table = self.belief[path[0]].clone();
        let mut variables = first.variables.clone();
        for step in path.windows(2) {
            let (here, next) = (step[0], step[1]);
            let separator = if self.tree.nodes[here].parent == Some(next) {
                &self.tree.nodes[here].separator
            } else {
                &self.tree.nodes[next].separator
            };
            let mut kept: Vec<usize> = vec![a];
            kept.extend(separator.iter().filter(|v| **v != a));
            table = self.sum_out(&variables, &table, &kept);
            variables = kept;
            let node = &self.tree.nodes[next];
            let shared = self.sum_out(&node.variables, &self.belief[next], separator);
            // joint(a, next) = P(a, separator) P(next) / P(separator)
            let mut joint: Vec<usize> = vec![a];
            joint.extend(node.variables.iter().filter(|v| **v != a));
            let to_left = projection(&joint, &variables, &self.sizes);
            let to_right = projection(&joint, &node.variables, &self.sizes);
            let to_shared = projection(&joint, separator, &self.sizes);
            table = (0..to_left.len())
                .map(|cell| {
                    let under = shared[to_shared[cell] as usize];
                    let (left, right) = (table[to_left[cell] as usize], self.belief[next][to_right[cell] as usize]);
                    if under > 0.0 { left * right / under } else { 0.0 }
                })
                .collect();
            variables = joint;
        }
        self.sum_out(&variables, &table, &[a, b])
    }

    fn sum_out(&self, variables: &[usize], table: &[f64], kept: &[usize]) -> Vec<f64> {
        let mut out = vec![0.0; product(kept, &self.sizes) as usize];
        for (value, cell) in table.iter().zip(projection(variables, kept, &self.sizes)) {
            out[cell as usize] += value;
        }
        out
    }
}

#[cfg(test)]
pub(super) mod tests;

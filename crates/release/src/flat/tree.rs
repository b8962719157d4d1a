//! Junction trees: how a joint distribution that is a product of small factors is taken apart, so that its marginals can be
//! computed exactly (Lauritzen and Spiegelhalter 1988; Koller and Friedman 2009, chapter 10).

/// A node: the variables that are held together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Variables, ascending.
    pub variables: Vec<usize>,
    /// Product of their sizes.
    pub cells: usize,
    /// The node nearer to the root.
    pub parent: Option<usize>,
    /// Variables shared with the parent.
    pub separator: Vec<usize>,
}

/// A junction tree over all variables. A forest is joined by empty separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Nodes from the root outwards: each after its parent.
    pub order: Vec<usize>,
}

/// A set of variables.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn new(d: usize) -> Set {
        Set(vec![0; d.div_ceil(64).max(1)])
    }
    fn of(d: usize, members: &[usize]) -> Set {
        let mut set = Set::new(d);
        members.iter().for_each(|v| set.add(*v));
        set
    }
    fn add(&mut self, v: usize) {
        self.0[v / 64] |= 1 << (v % 64);
    }
    fn remove(&mut self, v: usize) {
        self.0[v / 64] &= !(1 << (v % 64));
    }
    fn has(&self, v: usize) -> bool {
        self.0[v / 64] & (1 << (v % 64)) != 0
    }
    fn union(&mut self, other: &Set) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
    fn and(&self, other: &Set) -> Set {
        Set(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }
    fn holds(&self, other: &Set) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| b & !a == 0)
    }
    fn count(&self) -> u32 {
        self.0.iter().map(|a| a.count_ones()).sum()
    }
    fn members(&self) -> Vec<usize> {
        (0..self.0.len() * 64).filter(|v| self.has(*v)).collect()
    }
}

/// Product of the sizes of some variables.
pub fn product(variables: &[usize], sizes: &[usize]) -> f64 {
    variables.iter().map(|v| sizes[*v] as f64).product()
}

/// Maximal cliques of a triangulation: variables are eliminated in the order of the smallest table that this makes.
fn cliques(sizes: &[usize], scopes: &[Vec<usize>]) -> Vec<Set> {
    let d = sizes.len();
    let mut next_to: Vec<Set> = vec![Set::new(d); d];
    for scope in scopes {
        let all = Set::of(d, scope);
        for v in scope {
            next_to[*v].union(&all);
            next_to[*v].remove(*v);
        }
    }
    let mut left = Set::of(d, &(0..d).collect::<Vec<_>>());
    let mut out: Vec<Set> = Vec::new();
    for _ in 0..d {
        let cost = |v: usize| {
            let around = next_to[v].and(&left).members();
            product(&around, sizes) * sizes[v] as f64
        };
        let Some(v) = (0..d).filter(|v| left.has(*v)).min_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(a.cmp(b)))
        else {
            break;
        };
        let around = next_to[v].and(&left);
        let mut clique = around.clone();
        clique.add(v);
        if !out.iter().any(|o| o.holds(&clique)) {
            out.push(clique);
        }
        for u in around.members() {
            next_to[u].union(&around);
            next_to[u].remove(u);
        }
        left.remove(v);
    }
    out
}

/// Number of cells of the tree that these scopes need.
pub fn cells(sizes: &[usize], scopes: &[Vec<usize>]) -> f64 {
    cliques(sizes, scopes).iter().map(|c| product(&c.members(), sizes)).sum()
}

impl Tree {
    /// The tree for factors over these scopes.
    pub fn new(sizes: &[usize], scopes: &[Vec<usize>]) -> Tree {
        let sets = cliques(sizes, scopes);
        let mut nodes: Vec<Node> = sets
            .iter()
            .map(|set| {
                let variables = set.members();
                let cells = product(&variables, sizes) as usize;
                Node { variables, cells, parent: None, separator: Vec::new() }
            })
            .collect();
        // Prim's algorithm for the largest separators, which makes the running intersection hold.
        let root = (0..nodes.len()).max_by_key(|n| (nodes[*n].cells, usize::MAX - n));
        let mut order: Vec<usize> = root.into_iter().collect();
        let mut outside: Vec<usize> = (0..nodes.len()).filter(|n| Some(*n) != root).collect();
        while !outside.is_empty() {
            let mut best = (0, 0, 0);
            for (place, n) in outside.iter().enumerate() {
                for p in &order {
                    let shared = sets[*p].and(&sets[*n]).count() + 1;
                    if shared > best.0 {
                        best = (shared, place, *p);
                    }
                }
            }
            let n = outside.remove(best.1);
            nodes[n].parent = Some(best.2);
            nodes[n].separator = sets[best.2].and(&sets[n]).members();
            order.push(n);
        }
        Tree { nodes, order }
    }
}

/// For each cell of a table over `variables` (row-major, last fastest) the cell of the table over `part`, which they hold.
pub fn projection(variables: &[usize], part: &[usize], sizes: &[usize]) -> Vec<u32> {
    let mut stride = vec![0_u32; variables.len()];
    let mut step = 1;
    for v in part.iter().rev() {
        if let Some(at) = variables.iter().position(|x| x == v) {
            stride[at] = step;
        }
        step *= sizes[*v] as u32;
    }
    let mut out = vec![0_u32];
    for (at, v) in variables.iter().enumerate() {
        let step = stride[at];
        out = out.iter().flat_map(|o| (0..sizes[*v] as u32).map(move |k| o + step * k)).collect();
    }
    out
}

#[cfg(test)]
pub(super) mod tests;

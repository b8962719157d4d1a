use super::*;
use proptest::prelude::*;

/// Sizes of some variables, and scopes over them.
pub fn network(
    most_variables: usize,
    largest: usize,
    most_scopes: usize,
) -> impl Strategy<Value = (Vec<usize>, Vec<Vec<usize>>)> {
    prop::collection::vec(1..=largest, 1..=most_variables).prop_flat_map(move |sizes| {
        let scope = prop::collection::btree_set(0..sizes.len(), 0..=3.min(sizes.len()));
        let scope = scope.prop_map(|s| s.into_iter().collect::<Vec<usize>>());
        (Just(sizes), prop::collection::vec(scope, 0..=most_scopes))
    })
}

fn check(sizes: &[usize], scopes: &[Vec<usize>]) {
    let tree = Tree::new(sizes, scopes);
    let holds = |n: usize, v: usize| tree.nodes[n].variables.contains(&v);
    for scope in scopes {
        assert!((0..tree.nodes.len()).any(|n| scope.iter().all(|v| holds(n, *v))), "{scope:?} is in no node");
    }
    // Each node once, each after its parent, and one root.
    let mut place = vec![usize::MAX; tree.nodes.len()];
    tree.order.iter().enumerate().for_each(|(at, n)| place[*n] = at);
    assert_eq!((tree.order.len(), place.contains(&usize::MAX)), (tree.nodes.len(), false));
    assert_eq!(tree.nodes.iter().filter(|n| n.parent.is_none()).count(), 1);
    for (n, node) in tree.nodes.iter().enumerate() {
        assert!(node.variables.is_sorted() && !node.variables.is_empty());
        assert_eq!(node.cells as f64, product(&node.variables, sizes));
        let Some(parent) = node.parent else { continue };
        assert!(place[parent] < place[n]);
        let shared: Vec<usize> = node.variables.iter().copied().filter(|v| holds(parent, *v)).collect();
        assert_eq!(node.separator, shared);
        assert!(shared.len() < node.variables.len(), "a node is part of its parent");
    }
    // Running intersection: the nodes of a variable are joined by separators that hold it, so that there is one such
    // link less than nodes.
    for v in 0..sizes.len() {
        let nodes = (0..tree.nodes.len()).filter(|n| holds(*n, v)).count();
        let links = tree.nodes.iter().filter(|n| n.separator.contains(&v)).count();
        assert_eq!(nodes, links + 1, "variable {v}");
    }
    assert_eq!(cells(sizes, scopes), tree.nodes.iter().map(|n| n.cells as f64).sum::<f64>());
}

#[test]
fn a_chain_a_cycle_and_a_forest() {
    check(&[2, 3, 4, 5], &[vec![0, 1], vec![1, 2], vec![2, 3]]);
    check(&[2, 3, 4, 5], &[vec![0, 1], vec![1, 2], vec![2, 3], vec![0, 3]]);
    check(&[2, 3, 4, 5], &[vec![0, 1], vec![2, 3]]);
    check(&[2, 3, 4, 5], &[]);
    let chain: Vec<Vec<usize>> = (0..149).map(|v| vec![v, v + 1]).collect();
    check(&[3; 150], &chain);
    assert_eq!(cells(&[3; 150], &chain), 149.0 * 9.0);
    assert_eq!(Tree::new(&[], &[]).nodes, []);
}

#[test]
fn the_smallest_table_is_made_first_so_that_a_cycle_costs_little() {
    // Of a cycle of four one chord is drawn: the one that makes two small tables.
    let cycle = [vec![0, 1], vec![1, 2], vec![2, 3], vec![0, 3]];
    assert_eq!(cells(&[2, 10, 2, 10], &cycle), 2.0 * 2.0 * 2.0 * 10.0);
}

proptest! {
    #[test]
    fn every_factor_has_a_node_and_the_running_intersection_holds((sizes, scopes) in network(9, 5, 12)) {
        check(&sizes, &scopes);
    }

    #[test]
    fn a_projection_finds_the_part_of_every_cell(
        sizes in prop::collection::vec(1_usize..5, 1..6),
        pick in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let variables: Vec<usize> = (0..sizes.len()).collect();
        let mut part: Vec<usize> = Vec::new();
        for index in pick {
            let v = index.index(sizes.len());
            if !part.contains(&v) {
                part.push(v);
            }
        }
        let map = projection(&variables, &part, &sizes);
        prop_assert_eq!(map.len(), product(&variables, &sizes) as usize);
        for (cell, found) in map.iter().enumerate() {
            let mut rest = cell;
            let mut values = vec![0; sizes.len()];
            for v in (0..sizes.len()).rev() {
                values[v] = rest % sizes[v];
                rest /= sizes[v];
            }
            let expected = part.iter().fold(0, |c, v| c * sizes[*v] + values[*v]);
            prop_assert_eq!(*found as usize, expected);
        }
    }
}

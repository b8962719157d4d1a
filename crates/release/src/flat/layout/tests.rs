use super::*;
use accord_standard::columns::Column;
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Instant;

fn columns(sizes: &[usize]) -> Columns {
    let column = |(at, n): (usize, &usize)| Column::new(format!("c{at}"), (0..*n).map(|i| format!("v{i}")).collect());
    Columns { columns: sizes.iter().enumerate().map(column).collect() }
}

fn shape(longest: u8, most_filled: Option<u16>) -> Shape {
    Shape { longest, most_filled }
}

fn layout(sizes: &[usize], longest: u8, most_filled: Option<u16>) -> Layout {
    Layout::new(&columns(sizes), shape(longest, most_filled)).unwrap()
}

/// Every choice of `k` of `0..d`, ascending.
fn subsets(d: usize, k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![vec![]];
    }
    let mut out = Vec::new();
    for last in 0..d {
        for mut head in subsets(last, k - 1) {
            head.push(last);
            out.push(head);
        }
    }
    out.sort();
    out
}

/// Every row of codes over columns of these sizes.
fn all_rows(sizes: &[usize]) -> Vec<Vec<u16>> {
    sizes.iter().fold(vec![vec![]], |rows, n| {
        rows.iter().flat_map(|row| (0..=*n as u16).map(move |code| [row.as_slice(), &[code]].concat())).collect()
    })
}

/// What a row's combinations are: sets of (column, code), blank among them only where it counts.
fn combinations(row: &[u16], k: usize, dense: bool) -> HashSet<Vec<(usize, u16)>> {
    subsets(row.len(), k)
        .into_iter()
        .map(|columns| columns.into_iter().map(|c| (c, row[c])).collect::<Vec<_>>())
        .filter(|cells| dense || cells.iter().all(|(_, code)| *code != 0))
        .collect()
}

/// What a cell says of itself: its combination, read off the layout's own tables.
fn combination_of(layout: &Layout, length: usize, cell: usize) -> Vec<(usize, u16)> {
    let tables = &layout.tables[length - 1];
    let table = tables.iter().find(|t| (t.offset..t.offset + t.cells).contains(&cell)).unwrap();
    let levels = layout.levels_of(table, cell - table.offset);
    let mut cells: Vec<(usize, u16)> =
        table.at.iter().zip(levels).map(|(at, level)| (layout.order[usize::from(*at)], layout.code(level))).collect();
    cells.sort_unstable();
    cells
}

fn seen(layout: &Layout, row: &[u16], length: usize) -> Vec<usize> {
    let mut filled = Vec::new();
    layout.filled(|c| row[c], &mut filled);
    let mut cells = Vec::new();
    layout.visit(&filled, length, |cell| cells.push(cell));
    cells
}

#[test]
fn every_combination_of_a_small_domain_has_a_cell_of_its_own_and_a_row_visits_exactly_its_own() {
    for sizes in [&[2, 3, 1, 2][..], &[3, 3], &[4], &[1, 1, 1, 1, 1], &[2, 0, 3]] {
        for (longest, most_filled) in [(1, None), (2, None), (3, None), (1, Some(9)), (2, Some(1)), (3, Some(u16::MAX))]
        {
            let layout = layout(sizes, longest, most_filled);
            let dense = most_filled.is_none();
            assert_eq!(layout.lengths(), usize::from(longest).min(sizes.len()));
            for length in 1..=layout.lengths() {
                let mut used = HashSet::new();
                for row in all_rows(sizes) {
                    let cells = seen(&layout, &row, length);
                    let said: HashSet<_> = cells.iter().map(|c| combination_of(&layout, length, *c)).collect();
                    assert_eq!(said.len(), cells.len(), "a cell is visited twice");
                    assert_eq!(said, combinations(&row, length, dense), "{sizes:?} {row:?} length {length}");
                    used.extend(cells);
                }
                // All cells are in range, and none is without a combination.
                assert_eq!(used, (0..layout.cells(length)).collect(), "{sizes:?} length {length}");
            }
        }
    }
}

/// The tables that are measured, by the plain rule: all of them sorted, the smallest first while they fit.
fn plainly(levels: &[usize], k: usize) -> Vec<Vec<u16>> {
    let cells = |at: &Vec<usize>| at.iter().map(|p| levels[*p] as u64).product::<u64>();
    let mut all: Vec<(u64, Vec<usize>)> = subsets(levels.len(), k).into_iter().map(|at| (cells(&at), at)).collect();
    all.retain(|t| (k == 1 || t.0 > 0) && t.0 <= TABLE_CELLS);
    all.sort();
    let mut used = 0;
    let mut chosen: Vec<Vec<u16>> = all
        .into_iter()
        .take(LENGTH_TABLES as usize)
        .take_while(|t| {
            used += t.0;
            used <= LENGTH_CELLS
        })
        .map(|t| t.1.into_iter().map(|p| p as u16).collect())
        .collect();
    chosen.sort();
    chosen
}

fn check(layout: &Layout) {
    for length in 1..=layout.lengths() {
        let tables = &layout.tables[length - 1];
        let said: Vec<Vec<u16>> = tables.iter().map(|t| t.at.clone()).collect();
        assert_eq!(said, plainly(&layout.levels, length), "length {length} of {:?}", layout.levels);
        let mut end = 0;
        for table in tables {
            assert_eq!(table.offset, end);
            end += table.cells;
            assert_eq!(table.cells, table.at.iter().map(|p| layout.levels[usize::from(*p)]).product::<usize>());
        }
        assert_eq!(layout.cells(length), end);
        assert!(end as u64 <= LENGTH_CELLS && tables.len() as u64 <= LENGTH_TABLES);
    }
    let d = layout.columns();
    let found = |length: usize, at: &[usize]| {
        let at: Vec<u16> = at.iter().map(|p| *p as u16).collect();
        layout.tables.get(length - 1).and_then(|t| t.binary_search_by(|t| t.at.cmp(&at)).ok().map(|i| &t[i]))
    };
    for q in 0..d {
        for p in 0..q {
            assert_eq!(layout.pair(p, q), found(2, &[p, q]));
            for r in (q + 1..d).step_by(1 + d / 20) {
                assert_eq!(layout.triple(p, q, r), found(3, &[p, q, r]));
            }
        }
    }
}

#[test]
fn the_smallest_tables_come_first_where_not_all_fit() {
    // Some by size of the table, some by cells of the length, some among tables of equal size.
    for sizes in [
        vec![40; 12],
        vec![300; 9],
        vec![2000, 2000, 500, 3, 3],
        (1..60).collect::<Vec<_>>(),
        [vec![0; 3], vec![90; 20], vec![7; 10]].concat(),
    ] {
        for most_filled in [None, Some(5)] {
            check(&layout(&sizes, 3, most_filled));
        }
    }
}

#[test]
fn two_hundred_columns_of_five_values_stay_within_the_caps() {
    let layout = layout(&[5; 200], 3, Some(20));
    assert_eq!(layout.tables[1].len(), choose(200, 2), "all pairs are measured");
    assert_eq!(layout.tables[2].len() as u64, LENGTH_CELLS / 125);
    assert_eq!(layout.most_cells(3), choose(20, 3) as u64);
    assert_eq!(layout.most_cells(1), 200);
    let row: Vec<u16> = (0..200).map(|c| c % 6).collect();
    assert!(seen(&layout, &row, 3).iter().all(|cell| *cell < layout.cells(3)));
}

#[test]
fn a_column_with_fifty_thousand_values_is_counted_alone_and_with_small_ones() {
    let layout = layout(&[50_000, 3, 40, 2], 3, None);
    assert_eq!(layout.order, [3, 1, 2, 0], "few values first");
    assert_eq!(layout.cells(1), 50_001 + 4 + 41 + 3);
    assert!(layout.pair(0, 3).is_some() && layout.pair(1, 3).is_some());
    assert!(layout.pair(2, 3).is_none(), "41 times 50,001 cells are too many for one table");
    assert!(layout.triple(0, 1, 3).is_some() && layout.triple(0, 2, 3).is_none());
    assert_eq!(seen(&layout, &[50_000, 3, 40, 2], 1).len(), 4);
}

#[test]
fn a_column_without_values_takes_no_room_and_stands_in_no_table_of_others() {
    let sparse = layout(&[2, 0, 3], 3, Some(3));
    assert_eq!((sparse.cells(1), sparse.cells(2), sparse.cells(3)), (5, 6, 0));
    assert_eq!(sparse.tables[0].len(), 3, "each column has its table of single values, be it empty");
    // Where blank counts, its only value is blank.
    assert_eq!(layout(&[2, 0, 3], 2, None).cells(1), 3 + 1 + 4);
    assert_eq!(layout(&[0], 3, Some(1)).cells(1), 0);
}

#[test]
fn one_column_has_no_pairs() {
    let layout = layout(&[4], 3, None);
    assert_eq!((layout.lengths(), layout.cells(1), layout.cells(2), layout.cells(3), layout.cells(0)), (1, 5, 0, 0, 0));
    assert_eq!((layout.most_cells(1), layout.most_cells(2), layout.most_cells(0)), (1, 0, 0));
    assert!(layout.pair(0, 1).is_none() && layout.triple(0, 1, 2).is_none());
}

#[test]
fn a_thousand_columns_are_laid_out_quickly_and_in_bounded_room() {
    for (size, most_filled) in [(5, Some(30)), (1, Some(30)), (1, None), (1000, Some(3))] {
        let start = Instant::now();
        let layout = layout(&[size; 1000], 3, most_filled);
        let took = start.elapsed();
        let tables: usize = layout.tables.iter().map(Vec::len).sum();
        println!("1,000 columns of {size}: {tables} tables in {took:?}");
        assert!(tables as u64 <= 2 * LENGTH_TABLES && layout.cells(3) as u64 <= LENGTH_CELLS);
        assert_eq!(layout.runs[1].len(), choose(1000, 2), "what is held for triples grows with pairs");
        assert!(took.as_secs() < 20, "{took:?}");
    }
}

#[test]
fn a_domain_that_codes_of_two_bytes_do_not_reach_is_refused() {
    let wrong = |sizes: &[usize], longest| Layout::new(&columns(sizes), shape(longest, None)).unwrap_err();
    assert_eq!(wrong(&[], 3), LayoutError::Empty);
    assert_eq!(wrong(&[1], 0), LayoutError::Length(0));
    assert_eq!(wrong(&[1], 4), LayoutError::Length(4));
    assert_eq!(wrong(&[70_000], 1), LayoutError::Large(70_001));
    assert_eq!(wrong(&[50_000; 300], 1), LayoutError::Large(300 * 50_001));
}

#[test]
fn blank_counts_as_a_value_for_few_columns() {
    assert!(Layout::is_dense(16) && Layout::is_dense(1) && Layout::is_dense(0));
    assert!(!Layout::is_dense(37));
}

#[test]
fn ways_to_choose_agree_with_pascals_triangle() {
    let mut row = vec![1_usize];
    for n in 0..200 {
        for k in 0..4 {
            assert_eq!(choose(n, k), row.get(k).copied().unwrap_or(0), "{k} of {n}");
        }
        row = [&[1][..], &row.windows(2).map(|w| w[0].saturating_add(w[1])).collect::<Vec<_>>(), &[1]].concat();
    }
    assert_eq!(choose(65_535, 3), 65_535 * 65_534 / 2 * 65_533 / 3);
}

#[test]
fn pairs_are_ranked_without_gaps() {
    let ranks: HashSet<usize> = subsets(30, 2).iter().map(|at| rank2(at[0], at[1])).collect();
    assert_eq!(ranks, (0..choose(30, 2)).collect());
}

proptest! {
    #[test]
    fn levels_and_codes_go_there_and_back(
        sizes in prop::collection::vec(0_usize..9, 1..7),
        longest in 1_u8..4,
        most_filled in prop::option::of(prop_oneof![Just(0), Just(1), Just(3), Just(u16::MAX)]),
        seed in any::<u64>(),
    ) {
        let layout = layout(&sizes, longest, most_filled);
        check(&layout);
        // A row of arbitrary codes: what it visits says the row's own values, and no more cells than the bound promises.
        let row: Vec<u16> = sizes.iter().enumerate().map(|(c, n)| (seed.rotate_left(7 * c as u32) % (*n as u64 + 1)) as u16).collect();
        let held = row.iter().filter(|code| **code != 0).count();
        for length in 1..=layout.lengths() {
            let cells = seen(&layout, &row, length);
            for cell in &cells {
                for (column, code) in combination_of(&layout, length, *cell) {
                    prop_assert_eq!(row[column], code);
                }
            }
            if most_filled.is_none_or(|most| held <= usize::from(most)) {
                prop_assert!(cells.len() as u64 <= layout.most_cells(length));
            }
            // Numbers back from levels.
            for table in &layout.tables[length - 1] {
                for cell in 0..table.cells {
                    let levels = layout.levels_of(table, cell);
                    let back = levels.iter().zip(&table.at).fold(0, |c, (level, at)| c * layout.levels[usize::from(*at)] + level);
                    prop_assert_eq!(back, cell);
                    for level in levels {
                        prop_assert_eq!(layout.level(layout.code(level)), Some(level as u16));
                    }
                }
            }
        }
        prop_assert_eq!(layout.level(0), layout.dense().then_some(0));
    }
}

proptest! {
    #[test]
    fn counting_table_by_table_gives_what_visiting_the_cells_of_each_row_gives(
        sizes in prop::collection::vec(0_usize..5, 1..9),
        rows in prop::collection::vec(prop::collection::vec(0_u16..6, 9), 0..40),
    ) {
        let layout = layout(&sizes, 3, Some(9));
        let columns: Vec<Vec<u16>> =
            sizes.iter().enumerate().map(|(c, n)| rows.iter().map(|row| row[c] % (*n as u16 + 1)).collect()).collect();
        let mut visited = vec![0_u32; layout.cells(3)];
        let mut filled = Vec::new();
        for row in (0..rows.len()).map(|at| columns.iter().map(|column| column[at]).collect::<Vec<u16>>()) {
            layout.filled(|c| row[c], &mut filled);
            layout.visit(&filled, 3, |cell| visited[cell] += 1);
        }
        let mut counted = vec![0; layout.cells(3)];
        layout.count_triples(|c| &columns[c], &mut counted);
        prop_assert_eq!(counted, visited);
    }
}

#[test]
fn the_number_of_tables_is_known_before_any_is_laid_out() {
    for (columns, length, tables) in
        [(5, 2, 10), (311, 3, 4_965_115), (2, 3, 1), (7, 0, 1), (usize::MAX, 4, usize::MAX)]
    {
        assert_eq!(tables_of(columns, length), tables, "{columns} {length}");
    }
}

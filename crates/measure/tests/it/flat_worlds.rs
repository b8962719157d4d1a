//! Coverage of the intervals of flat tables over invented worlds (PRIVACY 13), among them worlds that no model of few columns
//! describes. `ACCORD_LONG=1` runs 200 worlds.

#![allow(clippy::print_stdout, reason = "the coverage that was found is worth reading")]

use crate::audit_noise::Seeded;
use accord_measure::flat::{FlatMeasureError, measure, measured, plan};
use accord_measure::grid::Grid;
use accord_measure::noise::NoiseSource;
use accord_measure::plan::Bound;
use accord_release::flat::aggregate::aggregate;
use accord_release::flat::rows::Rows;
use accord_release::flat::{Ask, Measured, make};
use accord_release::publish::MISS;
use accord_standard::columns::{Column, Columns};
use accord_testnoise::seeded;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use std::collections::HashMap;

type Cells = Vec<(u16, u16)>;

/// Sex and age come first in every world; a girl is female and 10 to 19.
const FEMALE: (u16, u16) = (0, 1);
const GIRLS_AGES: std::ops::RangeInclusive<u16> = 2..=4;

fn is_girls(cells: &[(u16, u16)]) -> bool {
    cells.contains(&FEMALE) && cells.iter().any(|(c, code)| *c == 1 && GIRLS_AGES.contains(code))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A few kinds of people, each with its habits: what a model of pairs and triples is made for.
    Mixture,
    /// Coins of which each fourth is decided by three others, and one by two: no pair says anything.
    Parity,
    /// One value a row.
    OneValue,
    /// All columns say the same.
    AllEqual,
    /// Nine cells of ten are blank.
    Blank,
    /// Thirty columns, of which most are blank in a row.
    Wide,
}

const KINDS: [Kind; 6] = [Kind::Mixture, Kind::Parity, Kind::OneValue, Kind::AllEqual, Kind::Blank, Kind::Wide];

struct World {
    columns: Columns,
    rows: Vec<Vec<u16>>,
    bound: Bound,
}

fn world(kind: Kind, len: usize, rng: &mut ChaCha20Rng) -> World {
    let more: &[usize] = match kind {
        Kind::Mixture | Kind::Blank => &[5, 3, 8, 2, 4],
        Kind::Parity => &[2, 2, 2, 2, 2, 2],
        Kind::OneValue => &[4, 3, 6],
        Kind::AllEqual => &[5, 5, 5],
        Kind::Wide => &[3; 28],
    };
    let mut sizes = vec![2, 5];
    sizes.extend_from_slice(more);
    let name = |at: usize| ["sex", "age"].get(at).map_or(format!("c{at}"), |n| (*n).to_owned());
    let values = |at: usize, n: usize| match at {
        0 => vec!["female".to_owned(), "male".to_owned()],
        1 => ["0-9", "10-14", "15-17", "18-19", "20+"].map(str::to_owned).to_vec(),
        _ => (0..n).map(|i| format!("v{i}")).collect(),
    };
    let columns = sizes.iter().enumerate().map(|(at, n)| Column::new(name(at), values(at, *n))).collect();
    let female = rng.random_range(0.3..0.9);
    // Habits: for each of three kinds of people the usual value of each column.
    let habits: Vec<Vec<u16>> =
        (0..3).map(|_| sizes.iter().map(|n| rng.random_range(1..=*n as u16)).collect()).collect();
    let any = |at: usize, rng: &mut ChaCha20Rng| rng.random_range(1..=sizes[at] as u16);
    let rows = (0..len)
        .map(|_| {
            let people = &habits[rng.random_range(0_usize..3)];
            let mut row: Vec<u16> =
                (0..sizes.len()).map(|at| if rng.random_bool(0.7) { people[at] } else { any(at, rng) }).collect();
            row[0] = if rng.random_bool(female) { 1 } else { 2 };
            match kind {
                Kind::Mixture => row[6] = if rng.random_bool(0.3) { 0 } else { row[6] },
                Kind::Parity => {
                    row[2..].iter_mut().for_each(|code| *code = rng.random_range(1..3));
                    row[4] = 1 + (row[2] + row[3]) % 2;
                    row[7] = 1 + (row[3] + row[5] + row[6]) % 2;
                }
                Kind::OneValue => {
                    let one = rng.random_range(0..sizes.len());
                    (0..sizes.len()).filter(|at| *at != one).for_each(|at| row[at] = 0);
                }
                Kind::AllEqual => row[1..].fill(any(1, rng)),
                Kind::Blank => row.iter_mut().for_each(|code| {
                    if rng.random_bool(0.9) {
                        *code = 0;
                    }
                }),
                Kind::Wide => row[2..].iter_mut().for_each(|code| {
                    if rng.random_bool(0.85) {
                        *code = 0;
                    }
                }),
            }
            row
        })
        .collect();
    let bound = match kind {
        Kind::OneValue => Bound::Declared(1),
        Kind::Wide => Bound::Chosen,
        _ => Bound::Dense,
    };
    World { columns: Columns { columns }, rows, bound }
}

/// Measures a world with noise.
fn draw(world: &World, longest: u8, epsilon: f64, seed: u64) -> Measured {
    let plan = plan(&world.columns, longest, world.bound, epsilon, 1e-6, 1).unwrap();
    let mut grid = Grid::new(&world.columns);
    world.rows.iter().for_each(|row| grid.push(row));
    let mut tables = Vec::new();
    let mut noise = Seeded(seeded(seed));
    measure::<FlatMeasureError>(&grid, &world.columns, &plan, "entry", &mut noise, &mut |_, table| {
        tables.push(table.clone());
        Ok(())
    })
    .unwrap();
    measured(&plan, world.columns.clone(), tables).unwrap()
}

/// The exact count of every combination of values, up to a length of 4.
fn exact(rows: &[Vec<u16>]) -> HashMap<Cells, u64> {
    let mut counts = HashMap::new();
    for row in rows {
        let filled: Cells = row.iter().enumerate().filter(|(_, c)| **c != 0).map(|(at, c)| (at as u16, *c)).collect();
        let mut chosen: Vec<Cells> = vec![vec![]];
        for cell in filled {
            let longer: Vec<Cells> =
                chosen.iter().filter(|c| c.len() < 4).map(|c| [c.as_slice(), &[cell]].concat()).collect();
            chosen.extend(longer);
        }
        chosen.into_iter().filter(|c| !c.is_empty()).for_each(|c| *counts.entry(c).or_insert(0) += 1);
    }
    counts
}

#[derive(Clone, Copy, Default)]
struct Hits {
    held: u64,
    all: u64,
}

impl Hits {
    fn add(&mut self, held: bool) {
        self.held += u64::from(held);
        self.all += 1;
    }

    fn share(self) -> f64 {
        self.held as f64 / self.all.max(1) as f64
    }

    /// Four standard errors below the nominal 95 %.
    fn floor(self) -> f64 {
        0.95 - 4.0 * (0.95 * 0.05 / self.all.max(1) as f64).sqrt()
    }
}

const BANDS: [&str; 4] = ["0", "1-9", "10-99", "100+"];

fn band(count: u64) -> usize {
    match count {
        0 => 0,
        1..10 => 1,
        10..100 => 2,
        _ => 3,
    }
}

/// Hits by name of the group, then by band of the true count.
#[derive(Default)]
struct Coverage {
    groups: HashMap<String, [Hits; 4]>,
    /// Of counts over three standard deviations of noise that is not small.
    clear: Hits,
}

impl Coverage {
    fn add(&mut self, group: &str, count: u64, held: bool) {
        self.groups.entry(group.to_owned()).or_default()[band(count)].add(held);
    }

    fn print(&self) {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|g| g.0);
        for (group, bands) in groups {
            for (name, hits) in BANDS.iter().zip(bands).filter(|(_, h)| h.all > 0) {
                println!("coverage of {group}, true count {name}: {:.4} of {}", hits.share(), hits.all);
            }
        }
    }

    fn assert(&self) {
        for (group, bands) in &self.groups {
            for (name, hits) in BANDS.iter().zip(bands) {
                assert!(
                    hits.share() >= hits.floor() || hits.all == 0,
                    "{group}, {name}: {:.4} of {}",
                    hits.share(),
                    hits.all
                );
            }
        }
    }
}

/// Intervals of what is published, and of every measured combination whether it is published or not.
fn cover(
    world: &World,
    measured: &Measured,
    groups: &[String],
    dial: f64,
    published: &mut Coverage,
    all: &mut Coverage,
) {
    let truth = exact(&world.rows);
    let made = make(measured, &Ask { dial, weights: vec![] }, &mut |_| {}).unwrap();
    for aggregate in aggregate(measured, &made.rows, 4).unwrap() {
        let count = truth.get(&aggregate.cells).copied().unwrap_or(0);
        let [low, high] = aggregate.range.unwrap();
        let held = low <= count && count <= high;
        published.add(&format!("length {}", aggregate.cells.len()), count, held);
        // By kind of world and by dial only those that were measured: the bounds of longer ones hold nearly always.
        if aggregate.cells.len() <= usize::from(measured.shape.longest) {
            groups.iter().for_each(|group| published.add(group, count, held));
        }
        if is_girls(&aggregate.cells) {
            published.add("girls 10-19", count, held);
        }
    }
    let layout = measured.layout().unwrap();
    for length in 1..=layout.lengths() {
        let table = &measured.tables[measured.tables.len() - layout.lengths() + length - 1];
        let half = table.noise().half_width(MISS) as i64;
        for combinations in &layout.tables[length - 1] {
            for cell in 0..combinations.cells {
                let levels = layout.levels_of(combinations, cell);
                let columns = combinations.at.iter().map(|at| layout.order[usize::from(*at)] as u16);
                let mut cells: Cells = columns.zip(levels.iter().map(|l| layout.code(*l))).collect();
                if cells.iter().any(|c| c.1 == 0) {
                    continue;
                }
                cells.sort_unstable();
                let count = truth.get(&cells).copied().unwrap_or(0);
                let held = (table.values[combinations.offset + cell] - count.cast_signed()).abs() <= half;
                let sigma = table.noise().sigma();
                if sigma >= 3.0 && count as f64 > 3.0 * sigma {
                    all.clear.add(held);
                }
                all.add(&format!("all of length {length}"), count, held);
                if is_girls(&cells) {
                    all.add("all girls 10-19", count, held);
                }
            }
        }
    }
}

#[test]
fn privacy_13_intervals_of_aggregates_hold_the_exact_count_in_worlds_like_the_model_and_unlike_it() {
    let worlds = if std::env::var_os("ACCORD_LONG").is_some() { 200 } else { 20 };
    let (mut published, mut all) = (Coverage::default(), Coverage::default());
    for at in 0..worlds {
        let kind = KINDS[at % 6];
        let len = [300, 2000, 6000][(at / 6) % 3];
        let epsilon = [0.5, 1.0, 4.0][(at + at / 6) % 3];
        let world = world(kind, len, &mut seeded(7000 + at as u64));
        let measured = draw(&world, if at % 5 == 4 { 2 } else { 3 }, epsilon, 9000 + at as u64);
        let dial = [2.0, 0.0, 2.0, 3.0, 1.0, 2.5, 2.0][at % 7];
        let groups = [format!("{kind:?}"), format!("dial {dial}")];
        cover(&world, &measured, &groups, dial, &mut published, &mut all);
    }
    published.print();
    all.print();
    println!("upper limit, sigma 3 and more, counts over 3 sigma: {:.4} of {}", all.clear.share(), all.clear.all);
    all.assert();
    published.assert();
    let ceiling = 0.97 + 4.0 * (0.97 * 0.03 / all.clear.all as f64).sqrt();
    assert!(all.clear.share() <= ceiling, "intervals are needlessly wide: {:.4}", all.clear.share());
}

/// Number of ways to choose k of n.
fn choose(n: usize, k: usize) -> usize {
    (0..k).fold(1, |ways, i| ways * n.saturating_sub(i) / (i + 1))
}

#[test]
fn privacy_13_intervals_allow_for_rows_over_the_bound_which_are_counted_short() {
    let mut world = world(Kind::Mixture, 3000, &mut seeded(77));
    let filled: Vec<usize> = world.rows.iter().map(|row| row.iter().filter(|c| **c != 0).count()).collect();
    for bound in [7, 6, 5, 4, 3] {
        world.bound = Bound::Declared(bound);
        let (mut published, mut all) = (Coverage::default(), Coverage::default());
        let (mut counted, mut exact) = ([0.0; 3], [0.0; 3]);
        for seed in 0..3 {
            let measured = draw(&world, 3, 4.0, 100 + seed);
            cover(&world, &measured, &[], 2.0, &mut published, &mut all);
            for length in 1..=3 {
                let id = accord_release::flat::length_id(length);
                let noisy: i64 = measured.tables.iter().find(|t| t.table == id).unwrap().values.iter().sum();
                counted[length - 1] += noisy as f64;
                exact[length - 1] += filled.iter().map(|n| choose(*n, length)).sum::<usize>() as f64;
            }
        }
        for length in 1..=3 {
            // Single values are never cut; of longer combinations a row keeps as many as the bound allows.
            let kept =
                |n: &usize| if length == 1 { *n } else { choose(*n, length).min(choose(usize::from(bound), length)) };
            let expected = filled.iter().map(kept).sum::<usize>() as f64 / (exact[length - 1] / 3.0);
            let share = counted[length - 1] / exact[length - 1];
            let hits = all.groups[&format!("all of length {length}")];
            println!(
                "rows of 6 or 7 filled columns, counted with {bound}, length {length}: {share:.3} of what there is; coverage \
                 of counts of 1-9, 10-99 and 100+: {:.3} {:.3} {:.3}",
                hits[1].share(),
                hits[2].share(),
                hits[3].share()
            );
            assert!((share - expected).abs() < 0.02, "length {length}: {share} and not {expected}");
            assert!(length > 1 || hits.iter().all(|h| h.share() >= h.floor() || h.all == 0));
        }
        if bound == 7 {
            all.assert();
        }
        // What is published allows for the rows that were cut, however many.
        published.assert();
    }
}

#[test]
fn neighbouring_worlds_have_counts_that_differ_by_no_more_than_the_sensitivity() {
    // One row more or less, of every kind of world: what is measured without noise moves within its stated sensitivity.
    struct NoNoise;
    impl NoiseSource for NoNoise {
        fn draw(&mut self, _sigma_milli: u64) -> i64 {
            0
        }
    }
    for (at, kind) in KINDS.iter().enumerate() {
        let mut rng = seeded(at as u64);
        let world = world(*kind, 40, &mut rng);
        for bound in [Bound::Dense, Bound::Declared(1), Bound::Declared(3), Bound::Declared(8)] {
            let most_filled = if let Bound::Declared(most) = bound { Some(most) } else { None };
            let shape = accord_release::flat::layout::Shape { longest: 3, most_filled };
            let layout = accord_release::flat::layout::Layout::new(&world.columns, shape).unwrap();
            let counts = |rows: &[Vec<u16>]| {
                let mut grid = Grid::new(&world.columns);
                rows.iter().for_each(|row| grid.push(row));
                let counted = accord_measure::combinations::Combinations::count(&grid, &layout);
                let draw =
                    accord_measure::combinations::draw_for(accord_release::account::Rho(1 << 30), 1, "e").unwrap();
                (1..=layout.lengths())
                    .map(|k| counted.measure_length(k, draw.clone(), &mut NoNoise).unwrap().values)
                    .collect::<Vec<_>>()
            };
            for gone in [0, 17, 39] {
                let mut fewer = world.rows.clone();
                fewer.remove(gone);
                for (length, (a, b)) in counts(&world.rows).iter().zip(counts(&fewer)).enumerate() {
                    let squared: i64 = a.iter().zip(&b).map(|(x, y)| (x - y) * (x - y)).sum();
                    assert!(squared as u64 <= layout.most_cells(length + 1), "{kind:?} {bound:?}: {squared}");
                    assert!(a.iter().zip(&b).all(|(x, y)| x - y == 0 || x - y == 1));
                }
            }
            // Rows as the release crate counts its own agree, where none is over the bound.
            if matches!(bound, Bound::Dense) {
                let columns =
                    (0..world.columns.columns.len()).map(|c| world.rows.iter().map(|r| r[c]).collect()).collect();
                let rows = Rows { columns, len: world.rows.len() };
                for (length, values) in counts(&world.rows).iter().enumerate() {
                    let same: Vec<i64> = rows.count(&layout, length + 1).iter().map(|n| i64::from(*n)).collect();
                    assert_eq!(&same, values);
                }
            }
        }
    }
}

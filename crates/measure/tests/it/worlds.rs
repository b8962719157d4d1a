//! Coverage of intervals over invented worlds with known truth (PRIVACY 13). `ACCORD_LONG=1` runs 200 worlds.

use crate::bounds::{NoNoise, record};
use accord_measure::mechanism::measure_with;
use accord_measure::noise::{NoiseSource, draw_with};
use accord_measure::plan::{Extras, Plan};
use accord_measure::tally::Tally;
use accord_release::consistent::reconcile;
use accord_release::publish::MISS;
use accord_standard::codebook::Codebook;
use accord_standard::workload;
use accord_testnoise::seeded;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;

struct Seeded(ChaCha20Rng);

impl NoiseSource for Seeded {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        draw_with(sigma_milli, &mut self.0)
    }
}

/// Intervals that hold the exact count, and all of them, by kind of cell.
#[derive(Clone, Copy, Default)]
struct Hits {
    held: u32,
    all: u32,
}

impl Hits {
    fn add(&mut self, held: bool) {
        self.held += u32::from(held);
        self.all += 1;
    }

    fn share(self) -> f64 {
        f64::from(self.held) / f64::from(self.all)
    }

    /// Four standard errors below the nominal 95 %.
    fn floor(self) -> f64 {
        0.95 - 4.0 * (0.95 * 0.05 / f64::from(self.all)).sqrt()
    }
}

#[test]
fn privacy_13_intervals_hold_the_exact_count_in_every_band_and_for_girls() {
    let worlds = if std::env::var_os("ACCORD_LONG").is_some() { 200 } else { 20 };
    let book = Codebook::embedded();
    let workload = workload::embedded("default").unwrap();
    // by band of the true count: 0, 1-9, 10-99, 100 and more; then girls 10-17; then headline sums
    let mut bands = [Hits::default(); 4];
    let (mut girls, mut sums) = (Hits::default(), Hits::default());
    let (mut upper, mut widest) = (Hits::default(), Hits::default());
    for world in 0..worlds {
        let mut rng = seeded(1000 + world);
        let epsilon = [0.3, 1.0, 4.0][world as usize % 3];
        let plan = Plan::new(workload.clone(), epsilon, 1e-6, 1, Extras::default()).unwrap();
        let mut tally = Tally::new(&plan.workload, book).unwrap();
        // Worlds differ in size, in the share of girls, and in how much is missing.
        let size = [200, 1500, 6000][(world as usize / 3) % 3];
        let female = rng.random_range(0.2..0.9);
        let missing = rng.random_range(0.0..0.6);
        for _ in 0..size {
            let known = |rng: &mut ChaCha20Rng, p: f64| rng.random_bool(1.0 - p);
            let sex = known(&mut rng, missing / 3.0).then(|| if rng.random_bool(female) { 1 } else { 2 });
            let base: f64 = rng.random_range(0.0_f64..1.0).powi(2) * 50.0 + 8.0;
            let age = known(&mut rng, missing).then_some((base as u8, base as u8));
            let purposes = vec![rng.random_range(1..12)];
            let events = rng.random_range(0..5);
            let techuses = (0..events).map(|_| rng.random_range(1..33)).collect();
            tally.add(&record(sex, age, purposes, techuses));
        }
        let counts = tally.finish();
        let exact: Vec<Vec<i64>> =
            plan.steps.iter().map(|s| measure_with(&counts, s, "e", &mut NoNoise).unwrap().values).collect();
        let mut noise = Seeded(seeded(5000 + world));
        let measured: Vec<_> =
            plan.steps.iter().map(|s| measure_with(&counts, s, &s.table, &mut noise).unwrap()).collect();
        let tables = reconcile(&plan.workload, &measured).unwrap();
        for ((spec, table), truth) in plan.workload.tables.iter().zip(&tables).zip(&exact) {
            let half = table.noise.half_width(MISS) as f64;
            for (cell, (raw, truth)) in table.raw.iter().zip(truth).enumerate() {
                let truth_f = *truth as f64;
                let held = (raw - truth_f).abs() <= half;
                bands[match truth {
                    0 => 0,
                    1..10 => 1,
                    10..100 => 2,
                    _ => 3,
                }]
                .add(held);
                let key = spec.key_of(cell);
                if key.starts_with("female.a10_14") || key.starts_with("female.a15_17") {
                    girls.add(held);
                }
                if table.noise.sigma() >= 3.0 && truth_f > 3.0 * table.noise.sigma() {
                    upper.add(held);
                }
                widest.add(held);
            }
        }
        // A sum of cells has its own interval.
        let m1 = &tables[0];
        let cells: Vec<usize> =
            (0..m1.raw.len()).filter(|c| plan.workload.tables[0].key_of(*c).starts_with("female.a1")).collect();
        let half = m1.noise.times(cells.len() as u64).half_width(MISS) as f64;
        let raw: f64 = cells.iter().map(|c| m1.raw[*c]).sum();
        let truth: i64 = cells.iter().map(|c| exact[0][*c]).sum();
        sums.add((raw - truth as f64).abs() <= half);
    }
    for (name, hits) in [
        ("0", bands[0]),
        ("1-9", bands[1]),
        ("10-99", bands[2]),
        ("100+", bands[3]),
        ("girls 10-17", girls),
        ("all cells", widest),
    ] {
        println!("coverage of {name}: {:.4} of {} intervals", hits.share(), hits.all);
        assert!(hits.share() >= hits.floor(), "{name}: {:.4} is under {:.4}", hits.share(), hits.floor());
    }
    println!("coverage of sums: {:.4} of {}", sums.share(), sums.all);
    assert!(sums.share() >= sums.floor(), "sums: {:.4}", sums.share());
    println!("upper limit, sigma 3 and more, counts over 3 sigma: {:.4} of {}", upper.share(), upper.all);
    let ceiling = 0.97 + 4.0 * (0.97 * 0.03 / f64::from(upper.all.max(1))).sqrt();
    assert!(upper.share() <= ceiling, "intervals are needlessly wide: {:.4}", upper.share());
}

//! What exact noise and choices cost: `cargo bench -p accord-bench --bench noise`. A release of a flat table takes millions of
//! draws, so nanoseconds count here.

use accord_measure::noise::{ExactNoise, NoiseSource, OsNoise};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const DRAWS: usize = 100_000;

#[divan::bench(args = [500, 3_300, 20_000, 200_000, 9_000_000])]
fn gaussian_draws(bencher: Bencher<'_, '_>, sigma_milli: u64) {
    let mut noise = OsNoise::default();
    let draw = || (0..DRAWS).fold(0_i64, |sum, _| sum.wrapping_add(noise.draw(sigma_milli)));
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(draw);
}

#[divan::bench(args = [10_000_001])]
fn gaussian_draws_on_big_integers(bencher: Bencher<'_, '_>, sigma_milli: u64) {
    let mut noise = OsNoise::default();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| noise.draw(sigma_milli));
}

#[divan::bench(args = [500, 20_000, 200_000])]
fn laplace_draws(bencher: Bencher<'_, '_>, scale_milli: u64) {
    let mut noise = OsNoise::default();
    let draw = || (0..DRAWS).fold(0_i64, |sum, _| sum.wrapping_add(noise.draw_laplace(scale_milli)));
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(draw);
}

/// A choice among utilities one apart, at epsilon 0.1; then the worst there is, one candidate good and all others hopeless.
#[divan::bench(args = [100, 10_000, 100_000])]
fn choices(bencher: Bencher<'_, '_>, candidates: i64) {
    let (mut noise, utilities) = (OsNoise::default(), (0..candidates).collect::<Vec<i64>>());
    bencher.bench_local(|| noise.select(&utilities, 1, 100));
}

#[divan::bench(args = [100, 10_000, 100_000])]
fn choices_of_one_alone(bencher: Bencher<'_, '_>, candidates: usize) {
    let (mut noise, mut utilities) = (OsNoise::default(), vec![i64::MIN; candidates]);
    utilities[candidates / 2] = i64::MAX;
    bencher.bench_local(|| noise.select(&utilities, 1, 1000));
}

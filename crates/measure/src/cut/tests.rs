use super::*;
use crate::noise::{NoiseSource, OsNoise};
use crate::selection::select_by_range_with;
use accord_testnoise::seeded;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;

struct Seeded(ChaCha20Rng);

impl NoiseSource for Seeded {
    fn draw(&mut self, _sigma_milli: u64) -> i64 {
        unreachable!("a bound is chosen, not measured")
    }
}

impl ExactNoise for Seeded {
    fn draw_laplace(&mut self, _scale_milli: u64) -> i64 {
        unreachable!("a bound is chosen, not measured")
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        select_by_range_with(utilities, range, epsilon_milli, &mut self.0)
    }
}

/// All histograms of this many places with at most this many records.
fn histograms(places: usize, records: u64) -> Vec<Vec<u64>> {
    if places == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for first in 0..=records {
        for rest in histograms(places - 1, records - first) {
            all.push([vec![first], rest].concat());
        }
    }
    all
}

/// Every histogram of up to six records and four places, every record that may join it, every noisy total, several shares
/// and epsilons: each utility falls by nought or one, so the range that is charged is right, ties or not.
#[test]
fn privacy_01_one_record_moves_every_utility_of_a_bound_by_at_most_one_and_one_way() {
    let mut moved = [0_u32; 2];
    for without in histograms(4, 6) {
        for joins in 0..4 {
            let mut with = without.clone();
            with[joins] += 1;
            for noisy_total in 0..=9 {
                for quantile in [0, 500, 900, 950, 1000] {
                    for epsilon_milli in [1, 300, 5000] {
                        let of = |h: &[u64]| utilities(h, noisy_total, quantile, 1, epsilon_milli).unwrap();
                        for (before, after) in of(&without).iter().zip(of(&with)) {
                            assert!((0..=1).contains(&(before - after)), "{without:?} and {joins}");
                            moved[(before - after) as usize] += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(moved.iter().all(|n| *n > 0), "both happen");
}

/// The same for a person with up to three records, against the range of three that is charged.
#[test]
fn privacy_01_a_person_of_several_records_stays_within_the_range_charged() {
    for without in histograms(3, 4) {
        for joins in histograms(3, 3) {
            let with: Vec<u64> = without.iter().zip(&joins).map(|(a, b)| a + b).collect();
            for noisy_total in 0..=8 {
                let of = |h: &[u64]| utilities(h, noisy_total, 700, 3, 800).unwrap();
                for (before, after) in of(&without).iter().zip(of(&with)) {
                    assert!((0..=3).contains(&(before - after)), "{without:?} and {joins:?}");
                }
            }
        }
    }
}

fn chosen(histogram: &[u64], noisy_total: u64, quantile: u32, epsilon_milli: u64, times: u32) -> Vec<u32> {
    let mut noise = Seeded(seeded(7));
    let mut seen = vec![0; histogram.len()];
    for _ in 0..times {
        seen[choose_bound(histogram, noisy_total, quantile, 1, epsilon_milli, &mut noise).unwrap()] += 1;
    }
    seen
}

#[test]
fn a_bound_is_near_the_quantile_and_the_smallest_of_ties() {
    // 2000 invented records with 3 to 6 filled cells, of up to 37. 95 % have at most 5.
    let mut histogram = vec![0; 38];
    (histogram[3], histogram[4], histogram[5], histogram[6]) = (500, 900, 510, 90);
    let seen = chosen(&histogram, 2010, 950, 500, 2000);
    assert_eq!(seen[..5].iter().sum::<u32>(), 0, "600 left out is 500 too many: {seen:?}");
    assert!(seen[5] > 1200, "{seen:?}");
    assert!(seen[9..].iter().sum::<u32>() < 80, "larger bounds than need be are rare: {seen:?}");
}

#[test]
fn a_bound_of_everybody_leaves_hardly_anybody_out() {
    let mut histogram = vec![0; 12];
    (histogram[2], histogram[8]) = (1000, 60);
    let seen = chosen(&histogram, 1060, 1000, 1000, 2000);
    assert_eq!(seen[..8].iter().sum::<u32>(), 0, "60 records over nobody: {seen:?}");
    assert!(seen[8] > 1100);
}

#[test]
fn what_is_no_choice_of_a_bound_is_refused() {
    let mut noise = OsNoise::default();
    assert_eq!(choose_bound(&[], 5, 950, 1, 100, &mut noise), Err(SelectionError::NoCandidates));
    assert_eq!(choose_bound(&[1], 5, 1001, 1, 100, &mut noise), Err(SelectionError::Share(1001)));
    assert_eq!(choose_bound(&[1], 5, 950, 1, 0, &mut noise), Err(SelectionError::Epsilon));
    assert_eq!(choose_bound(&[1], 5, 950, 0, 100, &mut noise), Err(SelectionError::Sensitivity));
    assert_eq!(choose_bound(&[1], 5, 950, 1, 100, &mut noise), Ok(0));
}

proptest! {
    /// Any counts, however absurd, give a bound, and one more record moves utilities as the proof says.
    #[test]
    fn any_histogram_gives_a_bound(
        histogram in prop::collection::vec(prop_oneof![any::<u64>(), 0_u64..50], 1..60), noisy_total in any::<u64>(),
        quantile in 0_u32..=1000, most in 1_u32.., epsilon_milli in 1_u64.., joins in any::<prop::sample::Index>(),
    ) {
        let bound = choose_bound(&histogram, noisy_total, quantile, most, epsilon_milli, &mut OsNoise::default()).unwrap();
        prop_assert!(bound < histogram.len());
        let mut with = histogram.clone();
        let joins = joins.index(histogram.len());
        with[joins] = with[joins].saturating_add(1);
        let of = |h: &[u64]| utilities(h, noisy_total, quantile, most, epsilon_milli).unwrap();
        for (before, after) in of(&histogram).iter().zip(of(&with)) {
            prop_assert!((0..=1).contains(&(before - after)));
        }
    }
}

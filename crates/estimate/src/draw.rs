//! Numbers that look random, from a seed: for simulating how far noise and chance reach.
//!
//! **This is not the noise that protects people.** That is drawn exactly and secretly in `accord-measure`, once. Here the
//! *published* scale of that noise is played through again, to see what it does to an estimate; whoever has the table can do
//! the same, with the same numbers.

use crate::normal;

/// SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed. One stream a seed and a number.
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The stream `number` of a seed: streams of one seed do not overlap in what is drawn here.
    pub fn new(seed: u64, number: u64) -> Self {
        Self(mix(seed ^ mix(number.wrapping_add(STEP))))
    }

    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Evenly over (0, 1), never either end.
    pub fn even(&mut self) -> f64 {
        ((self.word() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// A standard normal number, by the inverse of the law.
    pub fn normal(&mut self) -> f64 {
        normal::quantile(self.even())
    }

    /// A Poisson count: exact by inversion for means up to 400; above, a rounded normal number with the third-moment term of
    /// Cornish and Fisher (its law is then within 1e-3 of Poisson's).
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean.is_nan() || mean <= 0.0 {
            return 0.0;
        }
        if mean > EXACT_TO {
            let z = self.normal();
            return (mean + mean.sqrt() * z + (z * z - 1.0) / 6.0).round().max(0.0);
        }
        let even = self.even();
        let mut p = libm::exp(-mean);
        let (mut below, mut count) = (p, 0.0);
        // Twice the mean and 100 more lie further out than 1e-16 for every mean up to 400.
        while below < even && count < 2.0 * EXACT_TO + 100.0 {
            count += 1.0;
            p *= mean / count;
            below += p;
        }
        count
    }
}

const EXACT_TO: f64 = 400.0;
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_gives_the_words_of_the_published_generator() {
        // The first words of SplitMix64 from state 1234567 (Vigna's splitmix64.c, as listed by Rosetta Code).
        let mut draws = Draws(1_234_567);
        for word in [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423] {
            assert_eq!(draws.word(), word);
        }
    }

    fn moments(mut one: impl FnMut() -> f64) -> (f64, f64) {
        let all: Vec<f64> = (0..40_000).map(|_| one()).collect();
        let mean = all.iter().sum::<f64>() / 40_000.0;
        (mean, all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 40_000.0)
    }

    #[test]
    fn draws_have_the_moments_of_their_laws() {
        let mut draws = Draws::new(7, 0);
        let (mean, variance) = moments(|| draws.normal());
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        for m in [0.1, 3.0, 60.0, 399.0, 401.0, 1e6] {
            let (mean, variance) = moments(|| draws.poisson(m));
            assert!((mean - m).abs() < 4.0 * (m / 40_000.0_f64).sqrt(), "{m}: mean {mean}");
            assert!((variance / m - 1.0).abs() < 0.05 + 0.05 / m.sqrt(), "{m}: variance {variance}");
        }
        assert_eq!(draws.poisson(f64::NAN), 0.0);
        assert_eq!(draws.poisson(-3.0), 0.0);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, number| Draws::new(seed, number).word();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }
}

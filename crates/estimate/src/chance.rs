//! What the estimators here share: what an interval is meant to hold, intervals of ratios and shares.
//!
//! Everything is arithmetic, square roots and libm, so that every machine computes the same bits.

use crate::normal;
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};

/// What an interval is meant to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The figure that the exact table would give: noise is the only cause of width.
    Records,
    /// The process that the people counted are taken as a sample of: noise and chance.
    Process,
}

impl Target {
    /// The cause that goes with an estimate.
    pub fn cause(self) -> Cause {
        match self {
            Self::Records => Cause::Noise,
            Self::Process => Cause::NoiseAndSampling,
        }
    }
}

/// What a figure takes for granted, as codes that a page has words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumes {
    /// Where a person goes next depends on the state and the clock, not on how the state was reached.
    Markov,
    /// Those who leave observation would have gone on as those who stay.
    IndependentCensoring,
    /// Those first seen late had gone on until then as those seen from the start.
    IndependentEntry,
    /// Only people who were identified at last are in the table: later years are thin, and rates from it are too high. A
    /// figure with this note speaks of identified people alone.
    OnlyIdentifiedAreSeen,
    /// Within a year or a band, beginnings and ends are spread evenly.
    EvenWithinBand,
    /// The rate changes at the cut points only.
    ConstantWithinPiece,
}

/// No table has counts beyond this; products of two stay exact enough.
pub(crate) const HUGE: f64 = 1e12;

/// A count that can be computed with.
pub(crate) fn checked(count: Counted) -> Outcome<Counted> {
    // A comparison with NaN is false.
    if count.value.abs() <= HUGE && count.sigma >= 0.0 && count.sigma <= HUGE {
        Ok(count)
    } else {
        Err(Refused::Malformed("a count or its noise is not a number that a count can be".into()))
    }
}

/// The two-sided normal quantile of a level such as 0.95.
pub(crate) fn two_sided(level: f64) -> Outcome<f64> {
    if (0.5..=0.999_999).contains(&level) {
        Ok(normal::quantile(0.5 + level / 2.0))
    } else {
        Err(Refused::Malformed("the level of an interval is between 0.5 and 0.999999".into()))
    }
}

/// The normal quantile of `level` shared evenly by `many` intervals that must all hold (Bonferroni).
pub(crate) fn simultaneous(level: f64, many: usize) -> Outcome<f64> {
    two_sided(level)?;
    Ok(normal::quantile(1.0 - (1.0 - level) / 2.0 / many.max(1) as f64))
}

/// An estimate that holds its own value, from limits that may have been cut.
pub(crate) fn estimate(value: f64, low: f64, high: f64, cause: Cause) -> Outcome<Estimate> {
    if value.is_finite() && low.is_finite() && high.is_finite() {
        Ok(Estimate { value, low: low.min(value), high: high.max(value), cause })
    } else {
        Err(Refused::NotSettled("a result is not a number".into()))
    }
}

/// Limits of a number that can't be negative. Where noise has pushed it under nought, they stand around nought: the true
/// number is no further from nought than from a value below, so they hold it as often, and never claim certainty.
pub(crate) fn amount(value: f64, variance: f64, z: f64, cause: Cause) -> Outcome<Estimate> {
    let reach = z * variance.max(0.0).sqrt();
    let held = value.max(0.0);
    estimate(held, (value - reach).max(0.0), held + reach, cause)
}

/// A share with the noise's variance and, where chance counts, the number of people it rests on; cut to 0..1 at the end.
///
/// The limits are the p with (value - p)^2 <= z^2 (noise + p (1 - p) / people): Wilson's (1927) interval with the noise
/// added, which is the plain interval of the noise where chance doesn't count.
pub(crate) fn share(value: f64, noise: f64, people: Option<f64>, slack: f64, z: f64) -> Outcome<Estimate> {
    // Around the nearest share that can be one, as in [`amount`].
    let value = value.clamp(0.0, 1.0);
    let (noise, c) = (noise.max(0.0), people.map_or(0.0, |n| z * z / n.max(1e-9)));
    let middle = 2.0 * value + c;
    let root = (middle * middle - 4.0 * (1.0 + c) * (value * value - z * z * noise)).max(0.0).sqrt();
    let low = (middle - root) / (2.0 * (1.0 + c)) - slack;
    let high = (middle + root) / (2.0 * (1.0 + c)) + slack;
    let cause = if people.is_some() { Cause::NoiseAndSampling } else { Cause::Noise };
    estimate(value.clamp(0.0, 1.0), low.clamp(0.0, 1.0), high.clamp(0.0, 1.0), cause)
}

/// A ratio of two noisy numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub top: f64,
    pub bottom: f64,
    /// Variance of the noise in the top.
    pub top_noise: f64,
    /// Covariance of the noise in top and bottom.
    pub both_noise: f64,
    /// Variance of the noise in the bottom.
    pub bottom_noise: f64,
    /// Whether the top is a Poisson count around ratio times bottom.
    pub top_chance: bool,
}

impl Ratio {
    /// The ratios r with (top - r bottom)^2 <= z^2 (variance of top - r bottom): Fieller (1954), with Poisson chance at r
    /// itself (score interval). Refused where noise reaches further than the bottom, for then every ratio fits.
    pub fn limits(self, z: f64) -> Outcome<(f64, f64)> {
        let zz = z * z;
        let square = self.bottom * self.bottom - zz * self.bottom_noise;
        if self.bottom <= 0.0 && self.bottom_noise == 0.0 {
            return Err(Refused::NotIdentified("a ratio to nothing".into()));
        }
        if self.bottom <= 0.0 || square <= 0.0 {
            return Err(Refused::Noise);
        }
        let chance = if self.top_chance { zz * self.bottom } else { 0.0 };
        let linear = 2.0 * self.top * self.bottom + chance - 2.0 * zz * self.both_noise;
        let constant = self.top * self.top - zz * self.top_noise;
        let root = (linear * linear - 4.0 * square * constant).max(0.0).sqrt();
        Ok(((linear - root) / (2.0 * square), (linear + root) / (2.0 * square)))
    }

    /// The ratio with its limits, cut at nought and at `most`.
    pub fn estimate(self, z: f64, most: f64) -> Outcome<Estimate> {
        // Around the nearest ratio that can be one, as in [`amount`].
        let (least, largest) = (0.0, if most.is_finite() && most < 1e100 { most * self.bottom } else { f64::INFINITY });
        let held = if self.bottom > 0.0 { self.top.max(least).min(largest) } else { self.top };
        let (low, high) = Ratio { top: held, ..self }.limits(z)?;
        let cause = if self.top_chance { Cause::NoiseAndSampling } else { Cause::Noise };
        let cut = |x: f64| x.max(0.0).min(most);
        estimate(cut(self.top / self.bottom), cut(low), cut(high), cause)
    }
}

/// How many worlds a test of coverage plays: more with `ACCORD_LONG=1`.
#[cfg(test)]
#[allow(clippy::disallowed_methods)] // which tests to run is the environment's to say
pub(crate) fn worlds(short: u64, long: u64) -> u64 {
    if std::env::var_os("ACCORD_LONG").is_some() { long } else { short }
}

/// Whole-number noise with this standard deviation: rounding adds a twelfth to the variance, which is taken off before.
#[cfg(test)]
pub(crate) fn noise(draws: &mut crate::draw::Draws, sigma: f64) -> f64 {
    ((sigma * sigma - 1.0 / 12.0).max(0.0).sqrt() * draws.normal()).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, by: f64) {
        assert!((a - b).abs() <= by * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn a_share_without_noise_has_wilsons_interval() {
        // R 4.2.2, prop.test(7, 40, correct = FALSE) (bench/oracle/states.R)
        let e = share(7.0 / 40.0, 0.0, Some(40.0), 0.0, two_sided(0.95).unwrap()).unwrap();
        near(e.low, 0.087_454_137_460_4, 1e-12);
        near(e.high, 0.319_499_903_318, 1e-12);
    }

    #[test]
    fn a_ratio_over_a_bottom_lost_in_noise_is_refused() {
        let r =
            Ratio { top: 5.0, bottom: 10.0, top_noise: 9.0, both_noise: 0.0, bottom_noise: 36.0, top_chance: false };
        assert_eq!(r.limits(1.96), Err(Refused::Noise));
        assert!(Ratio { bottom: 30.0, ..r }.limits(1.96).is_ok());
    }

    #[test]
    fn limits_of_a_ratio_are_where_the_difference_is_z_deviations_from_nought() {
        let r =
            Ratio { top: 40.0, bottom: 90.0, top_noise: 16.0, both_noise: 8.0, bottom_noise: 25.0, top_chance: true };
        let (low, high) = r.limits(1.96).unwrap();
        for x in [low, high] {
            let variance = 16.0 - 2.0 * x * 8.0 + x * x * 25.0 + x * 90.0;
            near((40.0 - x * 90.0).abs(), 1.96 * variance.sqrt(), 1e-9);
        }
        assert!(low < 40.0 / 90.0 && high > 40.0 / 90.0);
    }
}

//! Whether counts changed from year to year: differences and ratios with intervals that all hold together, or the answer
//! that no change can be told.
//!
//! All intervals of one call, of differences and of ratios, share the level (Bonferroni), so that looking at many years doesn't make a change out of
//! noise. A ratio is refused where the earlier count can't be told from nought (Fieller 1954).

use crate::chance::{Ratio, Target, checked, simultaneous};
use crate::value::{Counted, Estimate, Outcome, Refused};

const MOST_YEARS: usize = 200;

/// Which years are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Each with the one before.
    Consecutive,
    /// Each with the first.
    WithFirst,
    /// Each with every other.
    All,
}

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// More in the later year.
    More,
    /// Fewer in the later year.
    Fewer,
    /// No change can be told: that is not to say that there was none.
    NoChangeCanBeTold,
}

/// Two years beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The earlier year.
    pub from: i32,
    /// The later year.
    pub to: i32,
    /// Later minus earlier.
    pub difference: Estimate,
    /// Later over earlier.
    pub ratio: Outcome<Estimate>,
    /// What can be told, by the difference.
    pub told: Told,
}

/// All comparisons.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// In order of years.
    pub changes: Vec<Change>,
    /// How many intervals share the level: a difference and a ratio for each comparison.
    pub together: usize,
}

/// Compares years. With [`Target::Process`], each count is also one outcome of a Poisson count. Years must hold different
/// people or at least independent noise; recording that changed shows as a change too, and no count can tell them apart.
///
/// # Errors
/// `Malformed` for less than two years, years that don't rise, or counts that are none.
pub fn trend(years: &[(i32, Counted)], compare: Compare, target: Target, level: f64) -> Outcome<Trend> {
    if years.len() < 2 || years.len() > MOST_YEARS || years.windows(2).any(|w| w[0].0 >= w[1].0) {
        return Err(Refused::Malformed("2 to 200 years, rising".into()));
    }
    for (_, count) in years {
        checked(*count)?;
    }
    let pairs: Vec<(usize, usize)> = match compare {
        Compare::Consecutive => (1..years.len()).map(|b| (b - 1, b)).collect(),
        Compare::WithFirst => (1..years.len()).map(|b| (0, b)).collect(),
        Compare::All => (1..years.len()).flat_map(|b| (0..b).map(move |a| (a, b))).collect(),
    };
    let together = 2 * pairs.len();
    let z = simultaneous(level, together)?;
    let changes = pairs.iter().map(|(a, b)| change(years[*a], years[*b], target, z)).collect::<Outcome<_>>()?;
    Ok(Trend { changes, together })
}

fn change((from, a): (i32, Counted), (to, b): (i32, Counted), target: Target, z: f64) -> Outcome<Change> {
    let variance = |count: Counted| {
        let chance = if target == Target::Process { count.value.max(0.0) } else { 0.0 };
        count.sigma * count.sigma + chance
    };
    let value = b.value - a.value;
    let reach = z * (variance(a) + variance(b)).sqrt();
    let difference = crate::chance::estimate(value, value - reach, value + reach, target.cause())?;
    let told = if difference.low > 0.0 {
        Told::More
    } else if difference.high < 0.0 {
        Told::Fewer
    } else {
        Told::NoChangeCanBeTold
    };
    let ratio = Ratio {
        top: b.value,
        bottom: a.value,
        top_noise: variance(b),
        both_noise: 0.0,
        bottom_noise: variance(a),
        top_chance: false,
    };
    let ratio = ratio.estimate(z, f64::MAX).map(|e| Estimate { cause: target.cause(), ..e });
    Ok(Change { from, to, difference, ratio, told })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draws;
    use proptest::prelude::*;

    fn years(values: &[f64], sigma: f64) -> Vec<(i32, Counted)> {
        (2015..).zip(values).map(|(year, value)| (year, Counted { value: *value, sigma })).collect()
    }

    #[test]
    fn a_change_that_noise_could_make_is_not_told() {
        let found = trend(&years(&[100.0, 110.0, 180.0], 7.0), Compare::All, Target::Records, 0.95).unwrap();
        let told: Vec<_> = found.changes.iter().map(|c| (c.from, c.to, c.told)).collect();
        assert_eq!(told, [(2015, 2016, Told::NoChangeCanBeTold), (2015, 2017, Told::More), (2016, 2017, Told::More)]);
        let fewer = trend(&years(&[180.0, 100.0], 7.0), Compare::WithFirst, Target::Records, 0.95).unwrap();
        assert_eq!(fewer.changes[0].told, Told::Fewer);
    }

    #[test]
    fn comparisons_share_the_level() {
        // R 4.2.2: qnorm(1 - .05 / 24) = 2.86526023853 (bench/oracle/states.R)
        let found = trend(&years(&[50.0, 60.0, 70.0, 80.0], 3.0), Compare::All, Target::Records, 0.95).unwrap();
        assert_eq!(found.together, 12);
        for change in found.changes {
            let reach = 2.865_260_238_53 * 3.0 * 2.0_f64.sqrt();
            assert!((change.difference.high - change.difference.value - reach).abs() < 1e-9);
        }
    }

    #[test]
    fn a_ratio_to_a_count_lost_in_noise_is_refused_and_the_difference_is_not() {
        let found = trend(&years(&[4.0, 90.0], 7.0), Compare::Consecutive, Target::Records, 0.95).unwrap();
        assert_eq!(found.changes[0].ratio, Err(Refused::Noise));
        assert_eq!(found.changes[0].told, Told::More);
    }

    #[test]
    fn years_out_of_order_and_counts_that_are_none_are_refused() {
        let of = |years: &[(i32, Counted)]| trend(years, Compare::All, Target::Process, 0.95);
        assert!(of(&[]).is_err() && of(&years(&[1.0], 1.0)).is_err());
        assert!(of(&[years(&[1.0, 2.0], 1.0), years(&[1.0], 1.0)].concat()).is_err());
        assert!(of(&years(&[1.0, f64::NAN], 1.0)).is_err() && of(&years(&[1.0, 1.0], f64::INFINITY)).is_err());
        assert!(trend(&years(&[1.0, 2.0], 1.0), Compare::All, Target::Process, 1.0).is_err());
    }

    #[test]
    fn all_intervals_of_a_series_hold_together_nineteen_times_in_twenty() {
        let worlds = crate::chance::worlds(4000, 100_000);
        let truth = [120.0, 150.0, 90.0, 90.0, 300.0];
        let (mut records, mut process) = (0_u32, 0_u32);
        for number in 0..worlds {
            let mut draws = Draws::new(11, number);
            let drawn: Vec<f64> = truth.iter().map(|m| draws.poisson(*m)).collect();
            let noisy: Vec<f64> = drawn.iter().map(|n| n + crate::chance::noise(&mut draws, 4.0)).collect();
            let all = |values: &[f64], target| {
                trend(&years(&noisy, 4.0), Compare::All, target, 0.95).unwrap().changes.iter().all(|c| {
                    let (a, b) = (values[(c.from - 2015) as usize], values[(c.to - 2015) as usize]);
                    let holds = |e: &Estimate, x: f64| e.low <= x && x <= e.high;
                    holds(&c.difference, b - a) && c.ratio.as_ref().is_ok_and(|e| holds(e, b / a))
                })
            };
            records += u32::from(all(&drawn, Target::Records));
            process += u32::from(all(&truth, Target::Process));
        }
        let worlds = worlds as f64;
        let floor = 0.95 - 4.0 * (0.95 * 0.05 / worlds).sqrt();
        let (records, process) = (f64::from(records) / worlds, f64::from(process) / worlds);
        println!("records {records}, process {process}");
        assert!(records > floor && process > floor, "{records} and {process} are under {floor}");
    }

    proptest! {
        #[test]
        fn what_is_told_agrees_with_the_interval(
            values in proptest::collection::vec((-30.0..500.0_f64, 0.0..30.0_f64), 2..12),
        ) {
            let years: Vec<_> = (0..).zip(&values).map(|(y, (value, sigma))| (y, Counted { value: *value, sigma: *sigma })).collect();
            for change in trend(&years, Compare::All, Target::Process, 0.95).unwrap().changes {
                let e = change.difference;
                prop_assert!(e.low <= e.value && e.value <= e.high);
                prop_assert_eq!(change.told == Told::NoChangeCanBeTold, e.low <= 0.0 && e.high >= 0.0);
                if let Ok(ratio) = change.ratio {
                    prop_assert!(0.0 <= ratio.low && ratio.low <= ratio.value && ratio.value <= ratio.high);
                }
            }
        }
    }
}

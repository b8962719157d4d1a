//! Worst cases by hand, Fieller's set by its definition, coverage over invented worlds.

use super::*;
use crate::draw::Draws;
use proptest::prelude::*;

fn exact(value: f64) -> Counted {
    Counted { value, sigma: 0.0 }
}

fn parts(yes: Counted, no: Counted, unknown: Counted) -> Parts {
    Parts { yes, no, unknown }
}

#[test]
fn without_noise_the_worst_cases_are_plain_fractions() {
    let s = shares(&parts(exact(30.0), exact(50.0), exact(20.0)));
    let (none, all, like, bounds) = (s.none_in.unwrap(), s.all_in.unwrap(), s.like_known.unwrap(), s.bounds.unwrap());
    assert!((none.value - 0.3).abs() < 1e-12 && (none.low - none.high).abs() < 1e-7);
    assert!((all.value - 0.5).abs() < 1e-12);
    assert!((like.value - 0.375).abs() < 1e-12);
    assert!((bounds.low - 0.3).abs() < 1e-7 && (bounds.high - 0.5).abs() < 1e-7);
    assert_eq!(bounds.cause, Cause::NoiseAndMissing);
    assert_eq!(none.cause, Cause::Noise);
}

#[test]
fn a_group_lost_in_noise_is_refused() {
    let noisy = |value| Counted { value, sigma: 10.0 };
    let s = shares(&parts(noisy(4.0), noisy(3.0), noisy(-8.0)));
    assert_eq!(s.none_in, Err(Refused::Noise));
    assert_eq!(s.bounds, Err(Refused::Noise));
    let other = parts(noisy(0.0), noisy(400.0), noisy(0.0));
    assert_eq!(proportion(&parts(noisy(100.0), noisy(100.0), noisy(0.0)), &other).like_known, Err(Refused::Noise));
}

#[test]
fn a_gap_so_large_that_anything_is_possible_is_said_and_not_refused() {
    let s = shares(&parts(exact(0.0), exact(0.0), exact(100.0)));
    let bounds = s.bounds.unwrap();
    assert_eq!((bounds.low, bounds.high), (0.0, 1.0));
    assert_eq!(s.like_known, Err(Refused::Noise), "nobody is known");
}

#[test]
fn groups_compare_by_their_worst_cases() {
    let (girls, others) = (parts(exact(40.0), exact(50.0), exact(10.0)), parts(exact(20.0), exact(70.0), exact(10.0)));
    let d = difference(&girls, &others);
    let (bounds, like) = (d.bounds.unwrap(), d.like_known.unwrap());
    assert!((bounds.low - 0.1).abs() < 1e-6 && (bounds.high - 0.3).abs() < 1e-6, "{bounds:?}");
    assert!((like.value - (40.0 / 90.0 - 20.0 / 90.0)).abs() < 1e-12);
    let p = proportion(&girls, &others);
    let bounds = p.bounds.unwrap();
    assert!((bounds.low - 0.4 / 0.3).abs() < 1e-6 && (bounds.high - 0.5 / 0.2).abs() < 1e-6);
    assert!((p.like_known.unwrap().value - 2.0).abs() < 1e-12);
    let none = parts(exact(0.0), exact(70.0), exact(30.0));
    assert!(matches!(proportion(&girls, &none).bounds, Err(Refused::NotIdentified(_))));
}

/// Fieller's set by its definition: walk over values of the ratio.
#[test]
fn the_interval_is_the_set_of_ratios_that_the_noise_allows() {
    let count = |value, sigma| Counted { value, sigma };
    let terms = [
        Term { top: 1.0, bottom: 1.0, count: count(37.0, 4.0) },
        Term { top: 0.0, bottom: 1.0, count: count(61.0, 2.5) },
        Term { top: 1.0, bottom: 0.0, count: count(5.0, 1.0) },
    ];
    let e = ratio(&terms, (0.0, 10.0)).unwrap();
    let allowed = |r: f64| {
        let (mut gap, mut variance) = (0.0, 0.0);
        for t in &terms {
            let weight = t.top - r * t.bottom;
            gap += weight * t.count.value;
            let sigma = t.count.sigma + 0.5 / 1.959_963_984_540_054;
            variance += weight * weight * sigma * sigma;
        }
        gap.abs() <= 1.959_963_984_540_054 * variance.sqrt()
    };
    for i in 0..20_000 {
        let r = f64::from(i) / 20_000.0;
        if (r - e.low).abs() > 1e-9 && (r - e.high).abs() > 1e-9 {
            assert_eq!(allowed(r), e.low <= r && r <= e.high, "{r} and {e:?}");
        }
    }
}

/// A discrete Gaussian number by inversion of its exact law.
fn discrete(sigma: f64, draws: &mut Draws) -> f64 {
    let reach = (sigma * 8.0).ceil() as i64 + 2;
    let weight = |x: i64| libm::exp(-((x * x) as f64) / (2.0 * sigma * sigma));
    let whole: f64 = (-reach..=reach).map(weight).sum();
    let mut left = draws.even() * whole;
    for x in -reach..=reach {
        left -= weight(x);
        if left <= 0.0 {
            return x as f64;
        }
    }
    reach as f64
}

#[derive(Default)]
struct Hits {
    held: u32,
    said: u32,
    all: u32,
}

impl Hits {
    /// A refusal is no statement, so it can't be wrong; but `all` must not be mostly refusals where counts are large.
    fn add(&mut self, outcome: &Outcome<Estimate>, truth: f64) {
        self.all += 1;
        if let Ok(e) = outcome {
            self.said += 1;
            self.held += u32::from(e.low - 1e-9 <= truth && truth <= e.high + 1e-9);
        }
    }

    fn assert(&self, name: &str) {
        let (share, all) = (f64::from(self.held) / f64::from(self.said.max(1)), f64::from(self.said.max(1)));
        println!("{name}: {share:.4} of {} (of {})", self.said, self.all);
        let floor = 0.95 - 4.0 * (0.95 * 0.05 / all).sqrt();
        assert!(self.said > 100 && share >= floor, "{name}: {share:.4} is under {floor:.4}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a test runs is told by the environment")]
fn intervals_hold_the_truth_in_95_of_100_worlds() {
    let each = if std::env::var_os("ACCORD_LONG").is_some() { 20_000 } else { 1000 };
    for sigma in [0.4, 1.0, 2.0, 5.0, 20.0] {
        let mut hits: [Hits; 7] = Default::default();
        let mut small = Hits::default();
        for world in 0..each {
            let mut draws = Draws::new(11, world + (sigma * 1e6) as u64);
            // Worlds from a handful of people to a few thousand, with any share of missing answers.
            let mut group = |least: f64| {
                let size = (least * libm::exp(draws.even() * 6.0)).round().max(3.0);
                let (share, missing) = (draws.even(), draws.even() * 0.8);
                let unknown = (size * missing).round();
                let hidden = (unknown * draws.even()).round();
                let yes = ((size - unknown) * share).round();
                (yes, size - unknown - yes, unknown, hidden)
            };
            let (a, b) = (group(4.0 + 2.0 * sigma), group(4.0 + 2.0 * sigma));
            let mut noisy = |x: f64| Counted { value: x + discrete(sigma, &mut draws), sigma };
            let one = parts(noisy(a.0), noisy(a.1), noisy(a.2));
            let other = parts(noisy(b.0), noisy(b.1), noisy(b.2));
            let size = |g: (f64, f64, f64, f64)| g.0 + g.1 + g.2;
            let s = shares(&one);
            hits[0].add(&s.none_in, a.0 / size(a));
            hits[1].add(&s.all_in, (a.0 + a.2) / size(a));
            let known = |g: (f64, f64, f64, f64)| g.0 / (g.0 + g.1).max(1.0);
            if a.0 + a.1 > 0.0 {
                hits[2].add(&s.like_known, known(a));
            }
            let truth = |g: (f64, f64, f64, f64)| (g.0 + g.3) / size(g);
            hits[3].add(&s.bounds, truth(a));
            if size(a) < 40.0 {
                small.add(&s.none_in, a.0 / size(a));
            }
            let d = difference(&one, &other);
            hits[4].add(&d.bounds, truth(a) - truth(b));
            hits[5].add(&d.like_known, known(a) - known(b));
            if truth(b) > 0.0 {
                hits[6].add(&proportion(&one, &other).bounds, truth(a) / truth(b));
            }
        }
        for (h, name) in
            hits.iter().zip(["none in", "all in", "like known", "bounds", "difference", "its known", "proportion"])
        {
            h.assert(&format!("sigma {sigma}, {name}"));
        }
        if sigma < 5.0 {
            small.assert(&format!("sigma {sigma}, under 40 people"));
        }
    }
}

fn any_count() -> impl Strategy<Value = Counted> {
    let odd = || prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), Just(0.0), Just(1e300), Just(1e-300)];
    (prop_oneof![4 => -50.0..5000.0_f64, 1 => odd()], prop_oneof![4 => 0.0..60.0_f64, 1 => odd()])
        .prop_map(|(value, sigma)| Counted { value, sigma })
}

proptest! {
    #[test]
    fn whatever_comes_in_intervals_hold_their_value_and_stay_in_range(
        y in any_count(), n in any_count(), u in any_count(), v in any_count()
    ) {
        let (one, other) = (parts(y, n, u), parts(v, n, y));
        let s = shares(&one);
        for e in [&s.none_in, &s.all_in, &s.like_known, &s.bounds].into_iter().flatten() {
            prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{e:?}");
        }
        let d = difference(&one, &other);
        for e in [&d.like_known, &d.bounds].into_iter().flatten() {
            prop_assert!(-1.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{e:?}");
        }
        let p = proportion(&one, &other);
        for e in [&p.like_known, &p.bounds].into_iter().flatten() {
            prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high.is_finite(), "{e:?}");
        }
    }

    #[test]
    fn more_noise_never_makes_an_interval_narrower(y in 20.0..500.0_f64, n in 20.0..500.0_f64, s in 0.5..5.0_f64) {
        let at = |sigma| {
            let c = |value| Counted { value, sigma };
            shares(&parts(c(y), c(n), c(10.0)))
        };
        if let (Ok(a), Ok(b)) = (at(s).none_in, at(s * 1.5).none_in) {
            prop_assert!(b.high - b.low >= a.high - a.low - 1e-12);
        }
    }
}

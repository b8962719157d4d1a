//! Against R and lifelines (bench/oracle/times.R, times.py), and coverage over invented worlds.

use super::*;
use crate::draw::Draws;
use proptest::prelude::*;

fn exact(time: u16, limit: u16, n: f64) -> Late {
    Late { time, limit, count: Counted { value: n, sigma: 0.0 } }
}

#[test]
fn late_times_are_given_back_as_by_survival_3_5_3_and_lifelines_0_30_3() {
    let all = [
        (0, 2, 9.0),
        (0, 5, 6.0),
        (0, 8, 3.0),
        (1, 1, 5.0),
        (1, 5, 8.0),
        (1, 8, 4.0),
        (2, 3, 7.0),
        (2, 8, 5.0),
        (3, 5, 6.0),
        (3, 8, 3.0),
        (4, 5, 4.0),
        (5, 8, 2.0),
        (6, 8, 3.0),
        (8, 8, 1.0),
    ];
    let cells: Vec<Late> = all.iter().map(|(t, l, n)| exact(*t, *l, *n)).collect();
    let curve = curve(&cells, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 99], &[0.5, 0.9], &Simulation::default()).unwrap();
    let shares = [
        0.199_459_574_771,
        0.387_838_062_054,
        0.542_973_286_876,
        0.691_056_910_569,
        0.770_034_843_206,
        0.809_523_809_524,
        0.952_380_952_381,
        0.952_380_952_381,
        1.0,
        1.0,
    ];
    for (e, share) in curve.by.iter().zip(shares) {
        let e = e.as_ref().unwrap();
        assert!((e.value - share).abs() < 1e-11 && e.low == e.high, "{e:?} is not {share}");
    }
    assert_eq!(curve.quantiles[0].as_ref().unwrap().value, 2.0);
    assert_eq!(curve.quantiles[1].as_ref().unwrap().value, 6.0);
    assert_eq!(curve.longest, 8);
}

#[test]
fn limits_that_nothing_links_leave_the_early_shares_open() {
    let cells = [exact(1, 1, 10.0), exact(5, 9, 10.0)];
    let curve = curve(&cells, &[0, 1, 4, 5], &[0.5], &Simulation::default()).unwrap();
    for open in &curve.by[..3] {
        assert!(matches!(open, Err(Refused::NotRecorded(_))), "{open:?}");
    }
    assert!(matches!(curve.quantiles[0], Err(Refused::NotRecorded(_))));
    assert_eq!(curve.by[3].as_ref().unwrap().value, 1.0);
}

/// The law of an invented world, and its people by time and limit.
fn world(people: f64, mean: f64, limits: std::ops::RangeInclusive<u16>, draws: &mut Draws) -> (Vec<f64>, Vec<Late>) {
    let last = *limits.end();
    let mut law: Vec<f64> = (0..=last).map(|t| libm::exp(-f64::from(t) / mean)).collect();
    let whole: f64 = law.iter().sum();
    law.iter_mut().for_each(|p| *p /= whole);
    let each = people / limits.clone().count() as f64;
    let mut cells = Vec::new();
    for limit in limits {
        for time in 0..=limit {
            cells.push(exact(time, limit, draws.poisson(each * law[usize::from(time)])));
        }
    }
    (law, cells)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a test runs is told by the environment")]
fn intervals_hold_the_share_and_the_median_in_95_of_100_worlds() {
    let worlds = if std::env::var_os("ACCORD_LONG").is_some() { 1000 } else { 60 };
    let times = [0, 2, 5, 9, 11];
    for sampling in [false, true] {
        let (mut held, mut said, mut asked) = (0_u32, 0_u32, 0_u32);
        for (setting, (least, people, sigma)) in
            [(9, 300.0, 2.0), (9, 1000.0, 5.0), (4, 1000.0, 1.0), (4, 1000.0, 5.0), (4, 4000.0, 8.0)]
                .into_iter()
                .enumerate()
        {
            let (mut here, mut here_said) = (0_u32, 0_u32);
            for number in 0..worlds {
                let mut draws = Draws::new(setting as u64, number);
                let (law, exact) = world(people, 4.0, least..=12, &mut draws);
                let how = Simulation { sampling, seed: number, ..Simulation::default() };
                let truth: Vec<f64> = if sampling {
                    let up_to = |t: u16| law[..=usize::from(t)].iter().sum::<f64>();
                    let median = (0..=12).find(|t| up_to(*t) >= 0.5).unwrap();
                    times.iter().map(|t| up_to(*t)).chain([f64::from(median)]).collect()
                } else {
                    let curve = curve(&exact, &times, &[0.5], &how).unwrap();
                    curve.by.iter().chain(&curve.quantiles).map(|e| e.as_ref().map_or(f64::NAN, |e| e.value)).collect()
                };
                let noisy: Vec<Late> = exact
                    .iter()
                    .map(|c| {
                        let value = c.count.value + (sigma * draws.normal()).round();
                        Late { count: Counted { value, sigma }, ..*c }
                    })
                    .collect();
                let curve = curve(&noisy, &times, &[0.5], &how).unwrap();
                for (e, truth) in curve.by.iter().chain(&curve.quantiles).zip(truth).filter(|(_, t)| !t.is_nan()) {
                    asked += 1;
                    if let Ok(e) = e {
                        here_said += 1;
                        here += u32::from(e.low <= truth + 1e-9 && truth <= e.high + 1e-9);
                    }
                }
            }
            let share = f64::from(here) / f64::from(here_said);
            println!(
                "sampling {sampling}, limits {least} to 12, {people} people, sigma {sigma}: {share:.4} of {here_said}"
            );
            assert!(share >= 0.92, "{share:.4}");
            (held, said) = (held + here, said + here_said);
        }
        let share = f64::from(held) / f64::from(said);
        let floor = 0.95 - 4.0 * (0.95 * 0.05 / f64::from(said)).sqrt();
        assert!(share >= floor && said * 10 >= asked * 9, "{share:.4} of {said} of {asked}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_comes_in_shares_are_shares_and_rise(
        raw in prop::collection::vec((0..260_u16, 0..20_u16, prop_oneof![9 => -20.0..200.0_f64, 1 => any::<f64>()], 0.0..9.0_f64), 0..20),
        q in any::<f64>()
    ) {
        let cells: Vec<Late> = raw.iter().map(|(time, more, value, sigma)| Late {
            time: *time, limit: time + more, count: Counted { value: *value, sigma: *sigma }
        }).collect();
        let how = Simulation { draws: 40, ..Simulation::default() };
        let _ = curve(&cells, &[1], &[q], &how);
        if let Ok(curve) = curve(&cells, &[0, 5, 30, 300], &[0.5], &how) {
            for e in curve.by.iter().flatten() {
                prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{e:?}");
            }
        }
    }
}

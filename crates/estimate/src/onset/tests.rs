//! Worst cases by trying all, times by hand, coverage over invented worlds.

use super::*;
use crate::draw::Draws;
use crate::noisy::Simulation;
use crate::value::Estimate;
use proptest::prelude::*;

fn cell(onset: Option<Band>, identified: Option<Band>, value: f64, sigma: f64) -> AgeCell {
    AgeCell { onset, identified, count: Counted { value, sigma } }
}

const fn ages(low: u16, high: u16) -> Band {
    Band { low, high: Some(high) }
}

fn question(seen_until: Option<u16>) -> Question {
    Question { under: 18, seen_until, years: vec![0, 1, 3, 6, 10], shares: vec![0.5], how: Simulation::default() }
}

/// One child crossed, one was seen in time, one began as an adult, and the unknown of all kinds.
const KINDS: [(Option<Band>, Option<Band>); 9] = [
    (Some(Band::year(14)), Some(Band::year(19))),
    (Some(Band::year(14)), Some(Band::year(16))),
    (Some(Band::year(20)), Some(Band::year(22))),
    (None, Some(Band::year(19))),
    (None, Some(Band::year(16))),
    (Some(Band::year(14)), None),
    (Some(Band::year(20)), None),
    (None, None),
    (Some(Band { low: 15, high: Some(19) }), Some(Band { low: 15, high: None })),
];

/// All pairs of ages that a cell may stand for.
fn pairs(onset: Option<Band>, identified: Option<Band>) -> Vec<(u16, u16)> {
    let ages = |b: Option<Band>| {
        let b = b.unwrap_or(Band { low: 13, high: None });
        b.low..=b.high.unwrap_or(23)
    };
    ages(onset).flat_map(|o| ages(identified).map(move |i| (o, i))).filter(|(o, i)| o <= i).collect()
}

#[test]
fn worst_cases_are_those_of_all_ways_to_fill_in_the_unknown_ages() {
    for mask in 1..512_u32 {
        let kinds: Vec<_> = (0..9).filter(|k| mask >> k & 1 == 1).map(|k| KINDS[k]).collect();
        let cells: Vec<AgeCell> = kinds.iter().map(|(o, i)| cell(*o, *i, 1.0, 0.0)).collect();
        // What a cell can be: crossed, seen in time, or an adult at onset; all combinations over cells.
        let roles: Vec<Vec<usize>> = kinds
            .iter()
            .map(|(o, i)| {
                let mut all: Vec<usize> =
                    pairs(*o, *i).into_iter().map(|(o, i)| if o >= 18 { 2 } else { usize::from(i < 18) }).collect();
                all.sort_unstable();
                all.dedup();
                all
            })
            .collect();
        let (mut of_all, mut of_under) = ((1.0_f64, 0.0_f64), (1.0_f64, 0.0_f64));
        let combinations: usize = roles.iter().map(Vec::len).product();
        for mut n in 0..combinations {
            let mut count = [0.0; 3];
            for r in &roles {
                count[r[n % r.len()]] += 1.0;
                n /= r.len();
            }
            let share = count[0] / roles.len() as f64;
            of_all = (of_all.0.min(share), of_all.1.max(share));
            if count[0] + count[1] > 0.0 {
                let share = count[0] / (count[0] + count[1]);
                of_under = (of_under.0.min(share), of_under.1.max(share));
            }
        }
        let crossing = crossing(&cells, 18).unwrap();
        let near = |e: &Outcome<Estimate>, range: (f64, f64)| {
            let e = e.as_ref().unwrap();
            assert!(
                (e.low - range.0).abs() < 1e-6 && (e.high - range.1).abs() < 1e-6,
                "{kinds:?}: {e:?} is not {range:?}"
            );
        };
        near(&crossing.of_all.bounds, of_all);
        match &crossing.of_onset_under.bounds {
            Ok(_) => near(&crossing.of_onset_under.bounds, of_under),
            // Nobody need have had an onset under the age.
            Err(_) => assert!(roles.iter().all(|r| r.contains(&2) && !r.contains(&1) || r == &[2]), "{kinds:?}"),
        }
    }
}

#[test]
fn an_onset_after_identification_stands_in_no_figure() {
    let fine = cell(Some(Band::year(14)), Some(Band::year(19)), 50.0, 2.0);
    let seen = cell(Some(Band::year(14)), Some(Band::year(16)), 50.0, 2.0);
    let noise = cell(Some(Band::year(17)), Some(Band::year(9)), 40.0, 2.0);
    assert_eq!(crossing(&[fine, seen, noise], 18).unwrap(), crossing(&[fine, seen], 18).unwrap());
    assert_eq!(delays(&[fine, seen, noise], &question(None)), delays(&[fine, seen], &question(None)));
}

#[test]
fn times_come_from_the_ages_and_their_ends() {
    let cells = [
        cell(Some(Band::year(14)), Some(Band::year(15)), 30.0, 0.0),
        cell(Some(Band::year(10)), Some(Band::year(13)), 20.0, 0.0),
        cell(Some(ages(10, 14)), Some(ages(18, 19)), 40.0, 0.0),
        cell(Some(Band::year(16)), Some(ages(15, 17)), 10.0, 0.0),
        cell(Some(Band::year(16)), None, 25.0, 0.0),
        cell(Some(Band::year(30)), Some(Band::year(31)), 99.0, 0.0),
    ];
    let found = delays(&cells, &question(None)).unwrap();
    let bounds = found.bounds.unwrap();
    // Within a year: the 30 and the 10 (0 or 1 years); within 3: the 20 too; 4 to 9 years: the 40.
    let ends: Vec<(f64, f64)> = bounds.by.iter().map(|e| e.as_ref().map(|e| (e.low, e.high)).unwrap()).collect();
    for (found, hand) in ends.iter().zip([(0.0, 0.1), (0.4, 0.4), (0.6, 0.6), (0.6, 1.0), (1.0, 1.0)]) {
        assert!((found.0 - hand.0).abs() < 1e-6 && (found.1 - hand.1).abs() < 1e-6, "{ends:?}");
    }
    assert_eq!(bounds.quantiles[0].as_ref().unwrap().value, 3.0);
    let seen = found.as_seen.unwrap();
    assert_eq!(seen.method, Method::Turnbull);
    assert!(seen.diagnostics.unwrap().gap <= crate::turnbull::GAP);
    let median = seen.quantiles[0].as_ref().unwrap();
    assert_eq!((median.low, median.high), (3.0, 3.0));
    let left = found.left_out.unwrap();
    assert!((left.value - 0.2).abs() < 1e-12);
    assert!(matches!(found.corrected, Err(Refused::NotRecorded(_))));
}

#[test]
fn a_cut_within_a_band_or_an_odd_table_is_refused() {
    let cells = [
        cell(Some(Band::year(14)), Some(Band::year(15)), 30.0, 0.0),
        cell(Some(Band::year(14)), Some(ages(18, 24)), 30.0, 0.0),
    ];
    let at = |until| delays(&cells, &question(Some(until))).unwrap().corrected;
    assert!(matches!(at(20), Err(Refused::NotRecorded(_))));
    assert!(at(24).is_ok());
    let sexless = [cell(None, Some(Band::year(15)), 30.0, 0.0)];
    assert!(matches!(delays(&sexless, &question(None)), Err(Refused::NotRecorded(_))));
    for bad in [
        vec![],
        vec![cell(Some(ages(9, 5)), None, 1.0, 0.0)],
        vec![cell(Some(ages(9, 999)), None, 1.0, 0.0)],
        vec![cell(None, None, f64::NAN, 0.0)],
    ] {
        assert!(matches!(crossing(&bad, 18), Err(Refused::Malformed(_))));
        assert!(matches!(delays(&bad, &question(None)), Err(Refused::Malformed(_))));
    }
    let odd = Question { shares: vec![f64::NAN], ..question(None) };
    assert!(matches!(delays(&cells, &odd), Err(Refused::Malformed(_))));
}

/// The ages of an invented world: onsets from 8 to 17, times of mean 5 years, whoever is identified after 30 is not seen.
/// With `coarse`, ages at identification from 20 on are bands of five years.
fn world(people: f64, coarse: bool, draws: &mut Draws) -> (Vec<AgeCell>, Vec<f64>) {
    const UNTIL: u16 = 29;
    let longest = UNTIL - 8;
    let mut law: Vec<f64> = (0..=longest).map(|t| libm::exp(-f64::from(t) / 5.0)).collect();
    let whole: f64 = law.iter().sum();
    law.iter_mut().for_each(|p| *p /= whole);
    let mut cells: Vec<AgeCell> = Vec::new();
    for onset in 8..18_u16 {
        for identified in onset..=UNTIL {
            let count = draws.poisson(people / 10.0 * law[usize::from(identified - onset)]);
            let low = if coarse && identified >= 20 { identified / 5 * 5 } else { identified };
            let high = if coarse && identified >= 20 { low + 4 } else { low };
            match cells.last_mut() {
                Some(last) if last.onset == Some(Band::year(onset)) && last.identified == Some(ages(low, high)) => {
                    last.count.value += count;
                }
                _ => cells.push(cell(Some(Band::year(onset)), Some(ages(low, high)), count, 0.0)),
            }
        }
    }
    (cells, law)
}

fn noisy(cells: &[AgeCell], sigma: f64, draws: &mut Draws) -> Vec<AgeCell> {
    cells
        .iter()
        .map(|c| AgeCell { count: Counted { value: c.count.value + (sigma * draws.normal()).round(), sigma }, ..*c })
        .collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a test runs is told by the environment")]
fn shares_within_years_and_medians_are_held_in_95_of_100_worlds() {
    let long = std::env::var_os("ACCORD_LONG").is_some();
    let (mut all, mut all_said) = (0_u32, 0_u32);
    for (coarse, people, sigma, sampling) in
        [(false, 1500.0, 3.0, false), (false, 5000.0, 8.0, true), (true, 3000.0, 1.5, false), (true, 6000.0, 3.0, true)]
    {
        let worlds = if long {
            200
        } else if coarse {
            2
        } else {
            8
        };
        let (mut held, mut said, mut asked) = (0_u32, 0_u32, 0_u32);
        for number in 0..worlds {
            let mut draws = Draws::new(40, number);
            let (exact, law) = world(people, coarse, &mut draws);
            let how = Simulation { sampling, seed: number, ..Simulation::default() };
            let question = Question { how, ..question(Some(29)) };
            let found = delays(&noisy(&exact, sigma, &mut draws), &question).unwrap();
            // What the exact table says; with chance, what the law says.
            let truth =
                delays(&exact, &Question { how: Simulation { sampling: false, ..how }, ..question.clone() }).unwrap();
            let up_to = |t: u16| law[..=usize::from(t)].iter().sum::<f64>();
            let median = (0..20).find(|t| up_to(*t) >= 0.5).map(f64::from).unwrap();
            let (Ok(curve), Ok(exact)) = (found.corrected, truth.corrected) else {
                asked += 6;
                continue;
            };
            for (i, e) in curve.by.iter().chain(&curve.quantiles).enumerate() {
                let (low, high) = if sampling {
                    let t = question.years.get(i).map_or(median, |t| up_to(*t));
                    (t, t)
                } else {
                    let e = exact.by.iter().chain(&exact.quantiles).nth(i).unwrap().as_ref().unwrap();
                    (e.low, e.high)
                };
                asked += 1;
                if let Ok(e) = e {
                    said += 1;
                    held += u32::from(e.low <= low + 2e-4 && high <= e.high + 2e-4);
                }
            }
        }
        let share = f64::from(held) / f64::from(said.max(1));
        println!("bands {coarse}, {people} people, sigma {sigma}, chance {sampling}: {share:.4} of {said} of {asked}");
        assert!(said * 10 >= asked * 8 && share >= if long { 0.93 } else { 0.7 }, "{share:.4} of {said} of {asked}");
        (all, all_said) = (all + held, all_said + said);
    }
    let share = f64::from(all) / f64::from(all_said);
    // Six answers of one world hang together: the limit counts worlds.
    assert!(share >= 0.95 - 4.0 * (0.95 * 0.05 / f64::from(all_said) * 6.0).sqrt(), "{share:.4}");
}

#[test]
fn the_correction_gives_back_what_the_cut_off_age_hides() {
    let mut draws = Draws::new(5, 5);
    let (cells, law) = world(2e6, false, &mut draws);
    let found = delays(&cells, &question(Some(29))).unwrap();
    let (seen, corrected) = (found.as_seen.unwrap(), found.corrected.unwrap());
    assert_eq!((corrected.method, corrected.longest), (Method::ReverseHazard, Some(21)));
    for (i, years) in [0_usize, 1, 3, 6, 10].into_iter().enumerate() {
        let truth: f64 = law[..=years].iter().sum();
        let (seen, corrected) = (seen.by[i].as_ref().unwrap().value, corrected.by[i].as_ref().unwrap().value);
        assert!((corrected - truth).abs() < 0.003, "{years}: {corrected} is not {truth}");
        assert!(seen > truth + 0.003, "{years}: {seen} hides what comes late");
    }
}

fn any_band() -> impl Strategy<Value = Option<Band>> {
    let some =
        (0..40_u16, proptest::option::of(0..12_u16)).prop_map(|(low, more)| Band { low, high: more.map(|m| low + m) });
    proptest::option::weighted(0.8, some)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_comes_in_shares_are_shares(
        raw in prop::collection::vec((any_band(), any_band(), prop_oneof![9 => -5.0..300.0_f64, 1 => any::<f64>()], 0.0..9.0_f64), 0..20),
        until in proptest::option::of(10..40_u16), under in 0..30_u16
    ) {
        let cells: Vec<AgeCell> = raw.iter().map(|(o, i, v, s)| cell(*o, *i, *v, *s)).collect();
        let share = |e: &Estimate| 0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0;
        if let Ok(c) = crossing(&cells, under) {
            for s in [&c.of_all, &c.of_onset_under] {
                for e in [&s.none_in, &s.all_in, &s.like_known, &s.bounds].into_iter().flatten() {
                    prop_assert!(share(e), "{:?}", e);
                }
            }
        }
        let how = Simulation { draws: 40, ..Simulation::default() };
        if let Ok(d) = delays(&cells, &Question { under, how, ..question(until) }) {
            for curve in [&d.bounds, &d.as_seen, &d.corrected].into_iter().flatten() {
                for e in curve.by.iter().flatten() {
                    prop_assert!(share(e), "{:?}", e);
                }
                for e in curve.quantiles.iter().flatten() {
                    prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high, "{:?}", e);
                }
            }
        }
    }
}

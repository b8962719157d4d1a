use super::*;
use crate::draw::Draws;
use proptest::prelude::*;

const LATER: [f64; 5] = [30.0, 22.0, 12.0, 6.0, 3.0];
const ENDED: [f64; 5] = [10.0, 18.0, 40.0, 44.0, 60.0];

fn group(later: &[f64], ended: &[f64], unknown: f64, sigma: f64) -> Followed {
    let counts = |values: &[f64]| values.iter().map(|v| Counted { value: *v, sigma }).collect();
    Followed {
        ends: (1..=later.len()).map(|k| k as f64).collect(),
        later: counts(later),
        ended: counts(ended),
        unknown: Counted { value: unknown, sigma },
    }
}

fn ask(target: Target) -> Ask {
    Ask { most_unknown: 0.3, target, level: 0.95 }
}

#[test]
fn incidence_by_bands_is_that_of_survfit_with_halves() {
    // R 4.2.2, survival 3.5.3 (bench/oracle/states.R)
    let at = curve(&group(&LATER, &ENDED, 0.0, 0.0), 1.96);
    let values = [0.125, 0.223_214_285_714, 0.287_5, 0.334_478_021_978, 0.394_980_019_98];
    let errors =
        [0.021_347_814_095_7, 0.027_357_017_851_1, 0.030_749_711_962_9, 0.034_183_892_785_3, 0.045_551_885_218_1];
    for ((at, value), error) in at.into_iter().zip(values).zip(errors) {
        let at = at.unwrap();
        assert!((at.value - value).abs() < 1e-11 && (at.chance.sqrt() - error).abs() < 1e-11);
    }
}

#[test]
fn slopes_are_what_a_small_change_of_a_cell_does() {
    let table: Vec<f64> = LATER.iter().chain(&ENDED).copied().collect();
    let slopes: Vec<_> =
        curve(&group(&LATER, &ENDED, 0.0, 0.0), 1.96).into_iter().map(|at| at.unwrap().slope).collect();
    for i in 0..10 {
        let at = |by: f64| {
            let mut moved = table.clone();
            moved[i] += by;
            values(&moved).unwrap()
        };
        for ((up, down), slope) in at(1e-4).iter().zip(at(-1e-4)).zip(&slopes) {
            assert!(((up - down) / 2e-4 - slope[i]).abs() < 1e-8);
        }
    }
}

#[test]
fn more_unknown_follow_up_than_declared_is_refused() {
    assert!(matches!(
        incidence(&group(&LATER, &ENDED, 200.0, 1.0), ask(Target::Records)),
        Err(Refused::NotRecorded(_))
    ));
    assert!(incidence(&group(&LATER, &ENDED, 50.0, 1.0), ask(Target::Records)).is_ok());
}

#[test]
fn bounds_go_from_none_to_all_of_the_unknown() {
    let figure = incidence(&group(&[20.0], &[80.0], 25.0, 0.0), ask(Target::Records)).unwrap();
    let at = figure.bands[0].as_ref().unwrap();
    // 20 later of 60 at risk: a third of 100 known, of 125
    assert!((at.share.value - 20.0 / 60.0).abs() < 1e-12);
    assert!((at.bounds.low - 100.0 / 3.0 / 125.0).abs() < 1e-12);
    assert!((at.bounds.high - (100.0 / 3.0 + 25.0) / 125.0).abs() < 1e-12);
    assert_eq!(at.bounds.cause, Cause::NoiseAndMissing);
    assert!((figure.unknown.value - 0.2).abs() < 1e-12);
    let noisy = incidence(&group(&[20.0], &[80.0], 25.0, 2.0), ask(Target::Records)).unwrap();
    let wider = noisy.bands[0].as_ref().unwrap().bounds;
    assert!(wider.low < at.bounds.low && wider.high > at.bounds.high);
}

#[test]
fn noise_that_reaches_further_than_who_is_followed_ends_the_figure() {
    let figure = incidence(&group(&LATER, &ENDED, 0.0, 16.0), ask(Target::Process)).unwrap();
    assert!(figure.bands[0].is_ok());
    let first = figure.bands.iter().position(Result::is_err).unwrap();
    assert!(figure.bands[first..].iter().all(|b| *b == Err(Refused::Noise)));
    assert_eq!(incidence(&group(&LATER, &ENDED, 0.0, 60.0), ask(Target::Process)), Err(Refused::Noise));
}

#[test]
fn the_median_follow_up_does_not_count_the_later_record_as_an_end() {
    let figure = incidence(&group(&LATER, &ENDED, 0.0, 0.0), ask(Target::Records)).unwrap();
    assert_eq!(figure.median_follow_up, Some(4.0));
}

#[test]
fn two_groups_differ_by_what_their_noise_and_chance_leave() {
    let in_person = group(&[80.0, 60.0], &[40.0, 220.0], 10.0, 2.0);
    let online = group(&[30.0, 20.0], &[50.0, 300.0], 10.0, 2.0);
    let found = difference(&online, &in_person, 1, ask(Target::Process)).unwrap();
    assert!(found.difference.low > 0.0 && found.difference.cause == Cause::NoiseAndSampling);
    assert!(found.ratio.unwrap().low > 1.0);
    let same = difference(&online, &online, 1, ask(Target::Process)).unwrap();
    assert!(same.difference.low < 0.0 && same.difference.high > 0.0);
    let none = group(&[1.0, 0.0], &[150.0, 300.0], 0.0, 2.0);
    assert_eq!(difference(&none, &online, 1, ask(Target::Records)).unwrap().ratio, Err(Refused::Noise));
    assert!(difference(&none, &online, 2, ask(Target::Records)).is_err());
}

#[test]
fn noise_played_through_reaches_as_far_as_its_derivative_says() {
    let followed = group(&LATER, &ENDED, 0.0, 2.0);
    let table: Vec<Counted> = followed.later.iter().chain(&followed.ended).copied().collect();
    let how = crate::noisy::Simulation { draws: 4000, seed: 1, sampling: false };
    let played = crate::noisy::simulated_interval(&table, &how, &values).unwrap();
    let bands = incidence(&followed, ask(Target::Records)).unwrap().bands;
    for (played, band) in played.all().unwrap().iter().zip(bands) {
        let (by_slope, played) = (band.unwrap().share, played.high - played.low);
        let ratio = played / (by_slope.high - by_slope.low);
        assert!((0.9..1.15).contains(&ratio), "{ratio}");
    }
}

#[test]
fn odd_tables_are_refused() {
    assert!(values(&[]).is_err() && values(&[1.0]).is_err() && values(&[1.0, 2.0, 3.0]).is_err());
    assert!(values(&[f64::NAN, 1.0]).is_err());
    let mut falling = group(&LATER, &ENDED, 0.0, 0.0);
    falling.ends[2] = 0.5;
    assert!(incidence(&falling, ask(Target::Records)).is_err());
    assert!(incidence(&group(&LATER, &ENDED, f64::INFINITY, 0.0), ask(Target::Records)).is_err());
    let none = Ask { most_unknown: f64::NAN, ..ask(Target::Records) };
    assert!(incidence(&group(&LATER, &ENDED, 0.0, 0.0), none).is_err());
}

#[test]
fn intervals_hold_the_known_incidence_nineteen_times_in_twenty() {
    let worlds = crate::chance::worlds(1000, 20_000);
    // 8 % a year, leaving 10 % a year at any time of it
    let (mut held, mut held_exact, mut all) = (0_u32, 0_u32, 0_u32);
    let sigma = 3.0;
    for number in 0..worlds {
        let mut draws = Draws::new(7, number);
        let (mut later, mut ended) = ([0.0; 5], [0.0; 5]);
        for _ in 0..400 {
            let event = -libm::log(draws.even()) / -libm::log(0.92);
            let end = (-libm::log(draws.even()) / -libm::log(0.9)).min(4.999);
            if event < end { later[event as usize] += 1.0 } else { ended[end as usize] += 1.0 }
        }
        let exact = values(&later.iter().chain(&ended).copied().collect::<Vec<_>>()).unwrap();
        let mut noise = |x: &mut f64| *x += crate::chance::noise(&mut draws, sigma);
        later.iter_mut().for_each(&mut noise);
        ended.iter_mut().for_each(&mut noise);
        let followed = group(&later, &ended, 0.0, sigma);
        let process = incidence(&followed, ask(Target::Process)).unwrap().bands;
        let records = incidence(&followed, ask(Target::Records)).unwrap().bands;
        for k in [0, 1, 3] {
            let truth = 1.0 - [0.92, 0.8464, 0.0, 0.716_392_96][k];
            let holds = |e: &Estimate, x: f64| u32::from(e.low <= x && x <= e.high);
            held += holds(&process[k].as_ref().unwrap().share, truth);
            held_exact += holds(&records[k].as_ref().unwrap().share, exact[k]);
            all += 1;
        }
    }
    let (process, records) = (f64::from(held) / f64::from(all), f64::from(held_exact) / f64::from(all));
    println!("process {process}, records {records}");
    let floor = 0.95 - 4.0 * (0.95 * 0.05 / (f64::from(all) / 3.0)).sqrt();
    assert!(process > floor && records > floor, "{process} and {records} are under {floor}");
}

proptest! {
    #[test]
    fn no_table_panics_and_intervals_hold_their_value(
        cells in proptest::collection::vec((-20.0..300.0_f64, -20.0..300.0_f64, 0.0..10.0_f64), 1..8),
        unknown in -10.0..100.0_f64,
    ) {
        let mut followed = group(&vec![0.0; cells.len()], &vec![0.0; cells.len()], unknown, 1.0);
        for (k, (later, ended, sigma)) in cells.iter().enumerate() {
            followed.later[k] = Counted { value: *later, sigma: *sigma };
            followed.ended[k] = Counted { value: *ended, sigma: *sigma };
        }
        if let Ok(figure) = incidence(&followed, ask(Target::Process)) {
            for at in figure.bands.into_iter().flatten() {
                for e in [at.share, at.bounds] {
                    prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0);
                }
            }
        }
    }

    /// Everyone followed to the end: the figure is a plain share.
    #[test]
    fn without_early_ends_incidence_is_a_share_of_people(later in proptest::collection::vec(0_u32..50, 1..6), stay in 1_u32..200) {
        let later: Vec<f64> = later.into_iter().map(f64::from).collect();
        let mut with_end: Vec<f64> = later.clone();
        with_end.push(0.0);
        let mut ended = vec![0.0; with_end.len()];
        *ended.last_mut().unwrap() = f64::from(stay);
        let all: f64 = later.iter().sum::<f64>() + f64::from(stay);
        let table: Vec<f64> = with_end.iter().chain(&ended).copied().collect();
        let found = values(&table).unwrap();
        let mut sum = 0.0;
        for (k, n) in later.iter().enumerate() {
            sum += n;
            prop_assert!((found[k] - sum / all).abs() < 1e-12);
        }
    }
}

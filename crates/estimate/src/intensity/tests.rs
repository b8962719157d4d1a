use super::*;
use crate::draw::Draws;
use proptest::prelude::*;

const CUTS: [u32; 7] = [10, 14, 16, 18, 20, 22, 25];
const JOINED: [usize; 6] = [0, 1, 2, 2, 3, 4];
const EVENTS: [[f64; 6]; 2] = [[14.0, 31.0, 40.0, 29.0, 22.0, 9.0], [6.0, 12.0, 11.0, 15.0, 13.0, 8.0]];
const YEARS: [[f64; 6]; 2] = [[210.0, 301.5, 190.0, 171.0, 260.5, 188.0], [121.0, 140.0, 96.5, 88.0, 130.0, 150.0]];

fn table(sigma: f64) -> Table {
    let mut table = Table::new(&CUTS, 2).unwrap();
    for sex in 0..2 {
        for piece in 0..6 {
            let count = |value| Counted { value, sigma };
            table.piece(sex, piece, count(EVENTS[sex][piece]), count(YEARS[sex][piece])).unwrap();
        }
    }
    table
}

fn jumps(table: &Table, jump: Jump, target: Target) -> Vec<Estimate> {
    table.jump(&JOINED, jump, target, 0.95).unwrap().ratio.into_iter().map(Result::unwrap).collect()
}

#[test]
fn jumps_and_their_errors_are_those_of_glm() {
    // R 4.2.2, glm(family = poisson, offset = log(years)) (bench/oracle/states.R)
    let check = |e: &Estimate, log: f64, error: f64| {
        assert!((libm::log(e.value) - log).abs() < 1e-10, "{e:?} is not {log}");
        let width = libm::log(e.high / e.low) / 2.0 / two_sided(0.95).unwrap();
        assert!((width - error).abs() < 1e-9, "{width} is not {error}");
    };
    let exact = table(0.0);
    check(&jumps(&exact, Jump::Common, Target::Process)[0], -0.045_876_863_763_7, 0.205_755_870_12);
    let both = jumps(&exact, Jump::BySex, Target::Process);
    check(&both[0], -0.216_223_108_47, 0.243_890_874_41);
    check(&both[1], 0.402_361_122_171, 0.396_958_130_759);
}

#[test]
fn rates_are_events_over_years_with_the_score_interval() {
    // R 4.2.2: 14 events in 210 years (bench/oracle/states.R)
    let rates = table(0.0).rates(Target::Process, 0.95).unwrap();
    let first = rates[0].rate.as_ref().unwrap();
    assert_eq!(first.value, 14.0 / 210.0);
    assert!((first.low - 0.039_713_605_247).abs() < 1e-11 && (first.high - 0.111_912_389_137).abs() < 1e-11);
    assert_eq!((rates[9].sex, rates[9].ages), (1, (18, 20)));
    let records = table(0.0).rates(Target::Records, 0.95).unwrap();
    let none = records[0].rate.as_ref().unwrap();
    assert!((none.high - none.low).abs() < 1e-12);
}

#[test]
fn the_noise_of_a_jump_is_the_derivative_by_every_cell() {
    let sigma = 1.5;
    for jump in [Jump::Common, Jump::BySex] {
        let with = table(sigma);
        let log = |table: &Table| libm::log(jumps(table, jump, Target::Records)[0].value);
        let mut variance = 0.0;
        for i in 0..with.cells.len() {
            let at = |by: f64| {
                let mut moved = with.clone();
                moved.cells[i].0.value += by;
                log(&moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            variance += sigma * sigma * slope * slope;
        }
        let e = jumps(&with, jump, Target::Records)[0];
        let width = libm::log(e.high / e.low) / 2.0 / two_sided(0.95).unwrap();
        assert!((width - variance.sqrt()).abs() < 1e-7, "{width} is not {}", variance.sqrt());
    }
}

#[test]
fn years_of_a_spell_are_halves_at_its_ends_and_a_third_within_one_band() {
    let one = Counted { value: 1.0, sigma: 0.0 };
    let of = |onset, end, identified| {
        let table = lexis(&[10, 15, 18, 20, 25], 1, &[(Spell { sex: 0, onset, end, identified }, one)]).unwrap();
        table.sums().iter().map(|s| (s.events, s.years)).collect::<Vec<_>>()
    };
    // Epi 2.47 on ages 12.5 to 19.5, 16.5 to 17.5 and 15.5 to 21.5 gives 2.5, 6.5, 3.5, 1.5 years (bench/oracle/states.R)
    assert_eq!(of((12, 13), (19, 20), true), [(0.0, 2.5), (0.0, 3.0), (1.0, 1.5), (0.0, 0.0)]);
    assert_eq!(of((16, 17), (17, 18), false), [(0.0, 0.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0)]);
    assert_eq!(of((15, 16), (21, 22), true), [(0.0, 0.0), (0.0, 2.5), (0.0, 2.0), (1.0, 1.5)]);
    assert_eq!(of((16, 17), (16, 17), true)[1], (1.0, 1.0 / 3.0));
    assert_eq!(of((10, 14), (20, 24), true), [(0.0, 3.0), (0.0, 3.0), (0.0, 2.0), (1.0, 2.0)]);
}

#[test]
fn noise_of_a_cell_counts_once_however_many_pieces_it_adds_to() {
    let spell = Spell { sex: 0, onset: (16, 17), end: (17, 18), identified: true };
    let table = lexis(&[10, 18, 25], 1, &[(spell, Counted { value: 50.0, sigma: 3.0 })]).unwrap();
    let s = table.sums()[0];
    // one year and one event a person: the rate is 1 whatever the noise
    assert_eq!((s.years_noise, s.both_noise, s.events_noise), (9.0, 9.0, 9.0));
    let rates = table.rates(Target::Records, 0.95).unwrap();
    let rate = rates[0].rate.as_ref().unwrap();
    assert!((rate.low - 1.0).abs() < 1e-6 && (rate.high - 1.0).abs() < 1e-6);
    assert!(table.assumes().contains(&Assumes::OnlyIdentifiedAreSeen));
}

#[test]
fn what_cannot_be_told_is_refused() {
    let exact = table(0.0);
    let apart = [0, 1, 2, 3, 4, 5];
    let refused =
        |table: &Table, joined: &[usize]| table.jump(joined, Jump::Common, Target::Process, 0.95).unwrap_err();
    assert!(matches!(refused(&exact, &apart), Refused::NotIdentified(_)));
    assert!(matches!(refused(&exact, &[0]), Refused::Malformed(_)));
    assert_eq!(refused(&table(20.0), &JOINED), Refused::Noise);
    assert!(table(20.0).rates(Target::Process, 0.95).unwrap()[10].rate.is_ok());
    assert_eq!(table(60.0).rates(Target::Process, 0.95).unwrap()[9].rate, Err(Refused::Noise));
    assert!(
        Table::new(&[10, 17, 25], 2).is_err()
            && Table::new(&[18, 25], 2).is_err()
            && Table::new(&[10, 18, 18], 1).is_err()
    );
    let mut bad = table(0.0);
    let one = Counted { value: 1.0, sigma: 0.0 };
    assert!(bad.person(one, &[Adds { sex: 2, piece: 0, events: 1.0, years: 0.0 }]).is_err());
    assert!(bad.person(one, &[Adds { sex: 0, piece: 6, events: 1.0, years: 0.0 }]).is_err());
    assert!(bad.person(one, &[Adds { sex: 0, piece: 0, events: f64::NAN, years: 0.0 }]).is_err());
    let across = Spell { sex: 0, onset: (16, 19), end: (20, 21), identified: true };
    assert!(lexis(&[10, 18, 25], 1, &[(across, one)]).is_err());
    let backwards = Spell { sex: 0, onset: (16, 17), end: (14, 15), identified: true };
    assert!(lexis(&[10, 18, 25], 1, &[(backwards, one)]).is_err());
}

#[test]
fn intervals_hold_the_known_rates_and_jump_nineteen_times_in_twenty() {
    let worlds = crate::chance::worlds(2000, 40_000);
    let (sigma, factor, level) = (3.0, 1.6, 0.2);
    let years = [300.0, 280.0];
    let (mut rates, mut jumps_held, mut exact_held, mut all) = (0_u32, 0_u32, 0_u32, 0_u32);
    for number in 0..worlds {
        let mut draws = Draws::new(5, number);
        let mut exact = Table::new(&[16, 18, 20], 2).unwrap();
        let mut noisy = exact.clone();
        for sex in 0..2 {
            for (piece, years) in years.into_iter().enumerate() {
                let mean = level * years * if piece == 1 { factor } else { 1.0 };
                let events = draws.poisson(mean);
                let mut count = |value: f64| Counted { value: value + crate::chance::noise(&mut draws, sigma), sigma };
                noisy.piece(sex, piece, count(events), count(years)).unwrap();
                let plain = |value| Counted { value, sigma: 0.0 };
                exact.piece(sex, piece, plain(events), plain(years)).unwrap();
            }
        }
        let jump = |table: &Table, target| {
            table.jump(&[0, 0], Jump::Common, target, 0.95).unwrap().ratio.swap_remove(0).unwrap()
        };
        let holds = |e: &Estimate, x: f64| u32::from(e.low <= x && x <= e.high);
        rates += holds(noisy.rates(Target::Process, 0.95).unwrap()[0].rate.as_ref().unwrap(), level);
        jumps_held += holds(&jump(&noisy, Target::Process), factor);
        exact_held += holds(&jump(&noisy, Target::Records), jump(&exact, Target::Records).value);
        all += 1;
    }
    let share = |n: u32| f64::from(n) / f64::from(all);
    println!("rates {}, jumps {}, records {}", share(rates), share(jumps_held), share(exact_held));
    let floor = 0.95 - 4.0 * (0.95 * 0.05 / f64::from(all)).sqrt();
    assert!([rates, jumps_held, exact_held].into_iter().all(|n| share(n) > floor), "under {floor}");
}

proptest! {
    #[test]
    fn no_table_panics_and_ratios_are_positive(
        cells in proptest::collection::vec((-20.0..200.0_f64, -20.0..500.0_f64, 0.0..10.0_f64), 12),
    ) {
        let mut table = Table::new(&CUTS, 2).unwrap();
        for (place, (events, years, sigma)) in cells.iter().enumerate() {
            let count = |value| Counted { value, sigma: *sigma };
            table.piece(place / 6, place % 6, count(*events), count(*years)).unwrap();
        }
        for rate in table.rates(Target::Process, 0.95).unwrap() {
            if let Ok(e) = rate.rate {
                prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high);
            }
        }
        for jump in [Jump::Common, Jump::BySex] {
            if let Ok(fitted) = table.jump(&JOINED, jump, Target::Process, 0.95) {
                for e in fitted.ratio.into_iter().flatten() {
                    prop_assert!(0.0 < e.low && e.low <= e.value && e.value <= e.high);
                }
            }
        }
    }

    /// One sex and one joined pair: the jump is the ratio of the two rates.
    #[test]
    fn the_jump_of_one_pair_is_the_ratio_of_its_rates(a in 1_u32..500, b in 1_u32..500, x in 1.0..900.0_f64, y in 1.0..900.0_f64) {
        let mut table = Table::new(&[16, 18, 20], 1).unwrap();
        let plain = |value| Counted { value, sigma: 0.0 };
        table.piece(0, 0, plain(f64::from(a)), plain(x)).unwrap();
        table.piece(0, 1, plain(f64::from(b)), plain(y)).unwrap();
        let e = table.jump(&[7, 7], Jump::BySex, Target::Process, 0.95).unwrap().ratio.swap_remove(0).unwrap();
        let ratio = f64::from(b) / y / (f64::from(a) / x);
        prop_assert!((e.value / ratio - 1.0).abs() < 1e-10);
    }
}

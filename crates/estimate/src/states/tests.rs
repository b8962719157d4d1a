use super::*;
use crate::adulthood;
use crate::draw::Draws;
use proptest::prelude::*;

fn exact(value: f64) -> Counted {
    Counted { value, sigma: 0.0 }
}

fn ask(start: Start, target: Target) -> Ask {
    Ask { from: 0, start, groups: Vec::new(), target, level: 0.95 }
}

/// The standard error of chance behind an interval of `share` without noise: Wilson's interval solved for people.
fn error_behind(e: &Estimate) -> f64 {
    let z = two_sided(0.95).unwrap();
    let (sum, product) = (e.low + e.high, e.low * e.high);
    // For the roots of p^2 (1 + c) - p (2 v + c) + v^2: the sum is (2 v + c) / (1 + c), the product v^2 / (1 + c).
    let c = e.value * e.value / product - 1.0;
    assert!((sum - (2.0 * e.value + c) / (1.0 + c)).abs() < 1e-9);
    (e.value * (1.0 - e.value) * c).sqrt() / z
}

#[test]
fn standard_errors_of_whole_histories_are_those_of_survfit() {
    // R 4.2.2, survival 3.5.3 (bench/oracle/states.R): states A to E at 14, 17, 18, 20, 24
    let table = adulthood::table(10, 24, &adulthood::tests::lives(0.0)).unwrap();
    let curve = table.curve(&adulthood::tests::ask(Target::Process)).unwrap();
    for (age, errors) in [
        (14, [0.055_897_069_882_9, 0.0, 0.055_897_069_882_9, 0.0, 0.0]),
        (17, [0.055_360_624_161_1, 0.0, 0.056_035_387_577_4, 0.0, 0.025_260_301_829_1]),
        (18, [0.0, 0.051_412_232_576_6, 0.059_212_733_098_4, 0.028_029_698_542_8, 0.034_520_631_459_7]),
        (20, [0.0, 0.041_033_117_932_9, 0.058_946_853_418_3, 0.043_396_834_469_8, 0.042_426_102_301_6]),
        (24, [0.0, 0.024_338_243_583_6, 0.058_946_853_418_3, 0.050_964_898_917_4, 0.047_798_210_534_5]),
    ] {
        let at = curve.steps[age - 12].as_ref().unwrap();
        for (mine, theirs) in at.share.iter().zip(errors).filter(|(_, e)| *e > 0.0) {
            assert!((error_behind(mine) - theirs).abs() < 1e-9, "{age}: {} is not {theirs}", error_behind(mine));
        }
    }
}

/// The lives of the oracle as flows: entries, moves and leavings counted apart, exact or noisy.
fn as_flows(sigma: f64) -> Table {
    let whole = adulthood::table(10, 24, &adulthood::tests::lives(0.0)).unwrap();
    let mut flows = Table::new(5, 15).unwrap();
    flows.turn(8, 0, 1).unwrap();
    let mut sums: Vec<((usize, Effect), f64)> = Vec::new();
    for cell in &whole.cells {
        for effect in &cell.effects {
            match sums.iter_mut().find(|(e, _)| e == effect) {
                Some((_, n)) => *n += cell.count.value,
                None => sums.push((*effect, cell.count.value)),
            }
        }
    }
    for ((step, effect), value) in sums {
        flows.flow(step, effect, Counted { value, sigma }).unwrap();
    }
    flows
}

#[test]
fn standard_errors_of_flows_are_greenwoods_by_etm() {
    // R 4.2.2, etm 1.1.1 (bench/oracle/states.R)
    let curve = as_flows(0.0).curve(&adulthood::tests::ask(Target::Process)).unwrap();
    assert_eq!(curve.spread, Spread::Greenwood);
    for (age, errors) in [
        (14, [0.057_010_790_003_8, 0.0, 0.057_010_790_003_8, 0.0, 0.0]),
        (17, [0.055_023_815_2, 0.0, 0.055_301_164_091_4, 0.0, 0.025_426_034_819_6]),
        (18, [0.0, 0.051_630_948_148_5, 0.054_912_980_541, 0.027_811_726_973_2, 0.035_827_634_536_6]),
        (20, [0.0, 0.040_706_898_603, 0.054_348_128_652_3, 0.043_029_700_493_1, 0.044_351_403_346_1]),
        (24, [0.0, 0.024_041_604_404, 0.054_348_128_652_3, 0.053_103_309_425_2, 0.048_925_651_622_2]),
    ] {
        let at = curve.steps[age - 12].as_ref().unwrap();
        for (mine, theirs) in at.share.iter().zip(errors).filter(|(_, e)| *e > 0.0) {
            assert!((error_behind(mine) - theirs).abs() < 1e-9, "{age}: {} is not {theirs}", error_behind(mine));
        }
    }
}

#[test]
fn a_group_of_states_varies_as_much_as_its_complement() {
    for table in [as_flows(0.0), adulthood::table(10, 24, &adulthood::tests::lives(0.0)).unwrap()] {
        let ask = Ask { groups: vec![vec![1], vec![4, 3, 2, 0, 2]], ..adulthood::tests::ask(Target::Process) };
        for step in table.curve(&ask).unwrap().steps {
            let share = step.unwrap().share;
            assert!((share[0].value + share[1].value - 1.0).abs() < 1e-12);
            assert!((share[0].high + share[1].low - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn competing_ends_have_the_incidence_of_survfit_and_etm() {
    // R 4.2.2, survival 3.5.3 and etm 1.1.1 (bench/oracle/states.R)
    let (one, two) = ([4.0, 6.0, 3.0, 5.0, 2.0], [2.0, 1.0, 4.0, 3.0, 3.0]);
    let (out, new) = ([5.0, 0.0, 7.0, 2.0, 6.0], [40.0, 12.0, 5.0, 0.0, 0.0]);
    let mut table = Table::new(3, 5).unwrap();
    for t in 0..5 {
        table.flow(t, Effect::Enter(0), exact(new[t])).unwrap();
        table.flow(t, Effect::Move(0, 1), exact(one[t])).unwrap();
        table.flow(t, Effect::Move(0, 2), exact(two[t])).unwrap();
        table.flow(t, Effect::Leave(0), exact(out[t])).unwrap();
    }
    let curve = table.curve(&ask(Start::In(0), Target::Process)).unwrap();
    let first = [0.1, 0.224_390_243_902, 0.278_611_632_27, 0.394_283_927_455, 0.446_722_034_605];
    let second = [0.05, 0.070_731_707_317_1, 0.143_026_891_807, 0.212_430_268_918, 0.291_087_429_644];
    let first_error =
        [0.047_434_164_902_5, 0.062_431_924_882_7, 0.065_494_124_627_8, 0.072_628_991_133_6, 0.075_112_563_287_9];
    let second_error =
        [0.034_460_121_880_2, 0.039_457_414_967_8, 0.050_380_543_804_4, 0.060_249_028_564_6, 0.069_070_252_920_1];
    for t in 0..5 {
        let share = &curve.steps[t].as_ref().unwrap().share;
        for (mine, value, error) in [(&share[1], first[t], first_error[t]), (&share[2], second[t], second_error[t])] {
            assert!((mine.value - value).abs() < 1e-11);
            assert!((error_behind(mine) - error).abs() < 1e-9);
        }
    }
}

#[test]
fn an_interval_of_noise_is_the_derivative_by_every_cell() {
    let sigma = 0.4;
    for table in [adulthood::table(10, 24, &adulthood::tests::lives(sigma)).unwrap(), as_flows(sigma)] {
        let ask = Ask { groups: vec![vec![1, 3]], ..adulthood::tests::ask(Target::Records) };
        let counts: Vec<f64> = table.counts().iter().map(|c| c.value).collect();
        let base = table.values(&counts, &ask).unwrap();
        let mut variance = vec![0.0; base.len()];
        for i in 0..counts.len() {
            let at = |by: f64| {
                let mut moved = counts.clone();
                moved[i] += by;
                table.values(&moved, &ask).unwrap()
            };
            for ((sum, up), down) in variance.iter_mut().zip(at(1e-5)).zip(at(-1e-5)) {
                *sum += (sigma * (up - down) / 2e-5).powi(2);
            }
        }
        let z = two_sided(0.95).unwrap();
        for (step, variance) in table.curve(&ask).unwrap().steps.iter().zip(variance) {
            let Ok(at) = step else { continue };
            let (e, slack) = (at.share[0], at.slack);
            if e.low > 0.0 {
                let reach = z * variance.sqrt() + slack;
                assert!((e.high - e.low - 2.0 * reach).abs() < 1e-6, "{e:?} does not reach {reach}");
            }
        }
    }
}

#[test]
fn noise_makes_the_later_steps_refused_and_says_why() {
    let table = adulthood::table(10, 24, &adulthood::tests::lives(1.5)).unwrap();
    let steps = table.curve(&adulthood::tests::ask(Target::Process)).unwrap().steps;
    assert!(steps[0].is_ok());
    let first = steps.iter().position(Result::is_err).unwrap();
    assert!(steps[first..].iter().all(|s| *s == Err(Refused::Noise)));
    let width = |at: &Outcome<Occupation>| at.as_ref().map(|o| o.share[0].high - o.share[0].low).unwrap();
    let none = adulthood::table(10, 24, &adulthood::tests::lives(0.0)).unwrap();
    let narrow = none.curve(&adulthood::tests::ask(Target::Process)).unwrap().steps;
    assert!(width(&steps[2]) > width(&narrow[2]));
}

#[test]
fn a_state_without_anyone_at_risk_ends_what_can_be_said() {
    let mut table = Table::new(2, 3).unwrap();
    table.history(&History { enter: (0, 0), moves: vec![(0, 1)], leave: None }, exact(3.0)).unwrap();
    table.history(&History { enter: (0, 0), moves: vec![], leave: Some(0) }, exact(5.0)).unwrap();
    let steps = table.curve(&ask(Start::In(0), Target::Records)).unwrap().steps;
    assert_eq!(steps[0].as_ref().unwrap().share[1].value, 0.375);
    assert!(matches!(steps[1], Err(Refused::NotIdentified(_))));
}

#[test]
fn the_largest_counts_give_an_answer_or_a_refusal() {
    let ends = [-1e12, -1.0, 0.0, 1e-300, 1e12];
    for (value, sigma) in ends.into_iter().flat_map(|v| [0.0, 1e-300, 1e12].map(|s| (v, s))) {
        let mut table = Table::new(2, 2).unwrap();
        table.flow(0, Effect::Enter(0), Counted { value, sigma }).unwrap();
        table.flow(0, Effect::Move(0, 1), Counted { value: 1e12, sigma }).unwrap();
        table.flow(1, Effect::Move(0, 1), Counted { value: -1e12, sigma }).unwrap();
        for at in table.curve(&ask(Start::In(0), Target::Process)).unwrap().steps.into_iter().flatten() {
            assert!(at.share.iter().all(|e| 0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0));
        }
    }
}

#[test]
fn what_is_no_table_is_refused() {
    assert!(Table::new(0, 4).is_err() && Table::new(4, 0).is_err() && Table::new(17, 4).is_err());
    let mut table = Table::new(2, 3).unwrap();
    for count in [f64::NAN, f64::INFINITY, 1e300] {
        assert!(table.flow(0, Effect::Enter(0), exact(count)).is_err());
    }
    assert!(table.flow(0, Effect::Enter(0), Counted { value: 1.0, sigma: -1.0 }).is_err());
    assert!(table.flow(0, Effect::Move(1, 1), exact(1.0)).is_err());
    assert!(table.flow(3, Effect::Enter(0), exact(1.0)).is_err());
    assert!(table.turn(0, 0, 1).is_ok());
    table.flow(0, Effect::Enter(0), exact(1.0)).unwrap();
    assert!(table.turn(1, 0, 1).is_err());
    let nothing = Table::new(2, 3).unwrap().curve(&ask(Start::AtRisk, Target::Process)).unwrap();
    assert!(nothing.steps.iter().all(Result::is_err));
}

proptest! {
    /// Without late entry and leaving, occupation is a share of people: every path is enumerated by hand.
    #[test]
    fn occupation_of_people_seen_throughout_is_their_share(
        paths in proptest::collection::vec((proptest::collection::vec(0_usize..4, 5), 1_u32..20), 1..12),
    ) {
        let mut table = Table::new(4, 5).unwrap();
        let mut stand = vec![[0.0; 4]; 5];
        for (path, n) in &paths {
            let (mut state, mut moves) = (0, Vec::new());
            for (step, to) in path.iter().enumerate() {
                if *to != state {
                    moves.push((step, *to));
                    state = *to;
                }
                stand[step][state] += f64::from(*n);
            }
            table.history(&History { enter: (0, 0), moves, leave: None }, exact(f64::from(*n))).unwrap();
        }
        let all: f64 = stand[0].iter().sum();
        let curve = table.curve(&ask(Start::In(0), Target::Process)).unwrap();
        for (at, counts) in curve.steps.iter().zip(&stand) {
            for (e, n) in at.as_ref().unwrap().share.iter().zip(counts) {
                prop_assert!((e.value - n / all).abs() < 1e-10);
                // and its robust variance is the binomial one
                if *n > 0.0 && *n < all {
                    let p = n / all;
                    prop_assert!((error_behind(e) - (p * (1.0 - p) / all).sqrt()).abs() < 1e-7);
                }
            }
        }
    }

    #[test]
    fn no_table_of_flows_panics_or_leaves_the_unit_interval(
        cells in proptest::collection::vec((0_usize..6, 0_usize..3, 0_usize..3, 0_u8..3, -50.0..200.0_f64, 0.0..20.0_f64), 0..40),
        turn in 0_usize..6,
    ) {
        let mut table = Table::new(3, 6).unwrap();
        table.turn(turn, 0, 1).unwrap();
        for (step, h, j, kind, value, sigma) in cells {
            let effect = match kind { 0 => Effect::Enter(h), 1 => Effect::Move(h, j), _ => Effect::Leave(h) };
            let _ = table.flow(step, effect, Counted { value, sigma });
        }
        for start in [Start::AtRisk, Start::In(0)] {
            for at in table.curve(&ask(start, Target::Process)).unwrap().steps.into_iter().flatten() {
                for e in at.share {
                    prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0);
                }
            }
        }
    }
}

/// A world with known chances: A to C at 0.1 a year, from 18 B to D at 0.15, C and D to E at 0.05; entry late at even steps,
/// leaving at 0.04 a year. Returns the table without noise.
fn world(draws: &mut Draws, people: u32) -> Vec<(adulthood::Life, f64)> {
    let mut cells: Vec<(adulthood::Life, f64)> = Vec::new();
    for number in 0..people {
        let onset = 12;
        let seen_from = if number % 3 == 0 { 13 + number % 3 } else { onset };
        let mut life = adulthood::Life { onset, seen_from, identified: None, again: None, last: 24 };
        let mut unseen = false;
        for age in onset..=24 {
            let moved = draws.even();
            let left = draws.even() < 0.04 && age >= seen_from;
            match life.identified {
                None if moved < if age < 18 { 0.1 } else { 0.15 } => {
                    // identified before being under observation: never in the table
                    unseen |= age < seen_from;
                    life.identified = Some(age);
                }
                Some(first) if life.again.is_none() && first < age && moved < 0.05 => life.again = Some(age),
                _ => {}
            }
            if left {
                life.last = age;
                break;
            }
        }
        if unseen {
            continue;
        }
        match cells.iter_mut().find(|(l, _)| *l == life) {
            Some((_, n)) => *n += 1.0,
            None => cells.push((life, 1.0)),
        }
    }
    cells
}

#[test]
fn intervals_hold_the_known_process_and_the_exact_table_nineteen_times_in_twenty() {
    let worlds = crate::chance::worlds(40, 2000);
    // What the process gives: exact recursion.
    let mut truth = vec![[1.0, 0.0, 0.0, 0.0, 0.0]];
    for age in 12..=24 {
        let [mut minor, mut adult, early, late, again] = *truth.last().unwrap();
        if age == 18 {
            (minor, adult) = (0.0, minor);
        }
        let known = [early * 0.95 + minor * 0.1, late * 0.95 + adult * 0.15];
        truth.push([minor * 0.9, adult * 0.85, known[0], known[1], again + 0.05 * (early + late)]);
    }
    let [mut held, mut all, mut held_exact, mut all_exact, mut refused] = [0_u32; 5];
    for number in 0..worlds {
        let mut draws = Draws::new(2026, number);
        let cells = world(&mut draws, 3000);
        let exact: Vec<_> = cells.iter().map(|(l, n)| (*l, Counted { value: *n, sigma: 0.0 })).collect();
        let sigma = 2.0;
        let noisy: Vec<_> = cells
            .iter()
            .map(|(l, n)| (*l, Counted { value: *n + crate::chance::noise(&mut draws, sigma), sigma }))
            .collect();
        let question = |target| adulthood::tests::ask(target);
        let curve =
            |lives: &[_], target| adulthood::table(10, 24, lives).unwrap().curve(&question(target)).unwrap().steps;
        let (process, records) = (curve(&noisy, Target::Process), curve(&noisy, Target::Records));
        let known = curve(&exact, Target::Records);
        for age in [15, 18, 21] {
            let (Ok(process), Ok(records), Ok(known)) = (&process[age - 12], &records[age - 12], &known[age - 12])
            else {
                refused += 1;
                continue;
            };
            for h in (0..5).filter(|h| truth[age - 11][*h] > 0.0) {
                let holds = |e: &Estimate, x: f64| u32::from(e.low <= x && x <= e.high);
                held += holds(&process.share[h], truth[age - 11][h]);
                held_exact += holds(&records.share[h], known.share[h].value);
                all += 1;
                all_exact += 1;
            }
        }
    }
    let (process, records) = (f64::from(held) / f64::from(all), f64::from(held_exact) / f64::from(all_exact));
    println!("process {process}, records {records}, refused {refused} of {}", worlds * 3);
    // States of a world go together: its intervals count as one in four for the standard error.
    let floor = 0.95 - 4.0 * (0.95 * 0.05 / (f64::from(all) / 4.0)).sqrt();
    assert!(process > floor && records > floor, "{process} and {records} are under {floor}");
    assert!(u64::from(refused) * 10 < worlds * 3, "{refused} refused");
}

/// The table that a release holds: onset 12 to 17 by identification 12 to 24 or not by 24, every cell of it noisy, at a sigma
/// that an epsilon of one gives. Worlds of 250, 600, 1500 and 6000 people; the curve starts from those not identified at 15.
#[test]
fn intervals_from_a_whole_noisy_table_hold_what_they_should_in_worlds_of_four_sizes() {
    let worlds = crate::chance::worlds(60, 1500);
    let sigma = 7.0;
    let ask = |target| Ask { from: 5, groups: vec![vec![0, 1], vec![2], vec![3]], ..adulthood::tests::ask(target) };
    for size in [250_u32, 600, 1500, 6000] {
        let (mut process, mut records, mut all, mut refused) = (0_u32, 0_u32, 0_u32, 0_u32);
        for number in 0..worlds {
            let mut draws = Draws::new(u64::from(size), number);
            let mut cells: Vec<(adulthood::Life, Counted)> = Vec::new();
            for onset in 12..=17 {
                for identified in (onset..=24).map(Some).chain([None]) {
                    let life = adulthood::Life { onset, seen_from: onset, identified, again: None, last: 24 };
                    cells.push((life, Counted { value: 0.0, sigma: 0.0 }));
                }
            }
            for person in 0..size {
                let onset = 12 + person % 6;
                let identified = (onset..=24).find(|age| draws.even() < if *age < 18 { 0.1 } else { 0.15 });
                let cell = cells.iter_mut().find(|(l, _)| l.onset == onset && l.identified == identified).unwrap();
                cell.1.value += 1.0;
            }
            let curve =
                |lives: &[_], target| adulthood::table(10, 24, lives).unwrap().curve(&ask(target)).unwrap().steps;
            let known = curve(&cells, Target::Records);
            for (_, count) in &mut cells {
                *count = Counted { value: count.value + crate::chance::noise(&mut draws, sigma), sigma };
            }
            let (p, r) = (curve(&cells, Target::Process), curve(&cells, Target::Records));
            // not identified, as a minor, as an adult, at 17 and 20
            let minor = 1.0 - 0.9_f64.powi(3);
            let free = 0.9_f64.powi(3) * 0.85_f64.powi(3);
            for (age, truth) in [(17, [1.0 - minor, minor, 0.0]), (20, [free, minor, 1.0 - minor - free])] {
                let (Ok(p), Ok(r), Ok(known)) = (&p[age - 15], &r[age - 15], &known[age - 15]) else {
                    refused += 1;
                    continue;
                };
                for (group, truth) in truth.into_iter().enumerate().take(if age < 18 { 2 } else { 3 }) {
                    let holds = |e: &Estimate, x: f64| u32::from(e.low <= x && x <= e.high);
                    process += holds(&p.share[group], truth);
                    records += holds(&r.share[group], known.share[group].value);
                    all += 1;
                }
            }
        }
        let share = |n: u32| f64::from(n) / f64::from(all);
        println!("{size}: process {}, records {}, refused {refused} of {}", share(process), share(records), 2 * worlds);
        let floor = 0.95 - 4.0 * (0.95 * 0.05 / (f64::from(all) / 3.0)).sqrt();
        assert!(share(process) > floor && share(records) > floor, "{size}: under {floor}");
    }
}

//! Transition to adulthood: what became of people whose exploitation began before 18, by age.
//!
//! The states are A exploited as a minor, B exploited as an adult, C identified as a minor, D identified as an adult and E
//! exploited again after being identified. A becomes B at the eighteenth birthday: that is no risk but the clock, so
//! person-time is split there. Estimates come from [`crate::states`].

use crate::chance::Assumes;
use crate::states::{History, Table};
use crate::value::{Counted, Outcome, Refused};

/// State A.
pub const EXPLOITED_AS_MINOR: usize = 0;
/// State B.
pub const EXPLOITED_AS_ADULT: usize = 1;
/// State C.
pub const IDENTIFIED_AS_MINOR: usize = 2;
/// State D.
pub const IDENTIFIED_AS_ADULT: usize = 3;
/// State E.
pub const EXPLOITED_AGAIN: usize = 4;
/// The age at which a minor becomes an adult.
pub const MAJORITY: u32 = 18;

/// One kind of life, in completed years of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When exploitation began: under 18.
    pub onset: u32,
    /// From when the person would have been seen if identified: the onset, or later where recording began later (the person
    /// counts only from then on).
    pub seen_from: u32,
    /// When identified; none if not by `last`.
    pub identified: Option<u32>,
    /// When exploited again after that; none if not by `last`.
    pub again: Option<u32>,
    /// The last year under observation.
    pub last: u32,
}

/// The table of lives, with one step for each year of age from `youngest` to `oldest`. If nobody is left unidentified, the
/// table notes that only identified people are seen.
///
/// # Errors
/// `Malformed` for ages out of order or range, for an onset at 18 or later, and for renewed exploitation in the year of
/// identification (the clock can't order them: count it in the next year).
pub fn table(youngest: u32, oldest: u32, lives: &[(Life, Counted)]) -> Outcome<Table> {
    if youngest >= MAJORITY || !(MAJORITY..=120).contains(&oldest) {
        return Err(Refused::Malformed("ages run from under 18 to 18 or more".into()));
    }
    let step = |age: u32| (age - youngest) as usize;
    let mut table = Table::new(5, step(oldest) + 1)?;
    table.turn(step(MAJORITY), EXPLOITED_AS_MINOR, EXPLOITED_AS_ADULT)?;
    for (life, count) in lives {
        check(*life, youngest, oldest)?;
        let of_age = |age: u32, minor: usize, adult: usize| if age < MAJORITY { minor } else { adult };
        let mut moves = Vec::new();
        if let Some(age) = life.identified {
            moves.push((step(age), of_age(age, IDENTIFIED_AS_MINOR, IDENTIFIED_AS_ADULT)));
            moves.extend(life.again.map(|age| (step(age), EXPLOITED_AGAIN)));
        }
        let enter = (step(life.seen_from), of_age(life.seen_from, EXPLOITED_AS_MINOR, EXPLOITED_AS_ADULT));
        table.history(&History { enter, moves, leave: Some(step(life.last)) }, *count)?;
    }
    if lives.iter().all(|(life, _)| life.identified.is_some()) {
        table.note(Assumes::OnlyIdentifiedAreSeen);
    }
    Ok(table)
}

fn check(life: Life, youngest: u32, oldest: u32) -> Outcome<()> {
    let end = life.identified.unwrap_or(life.last);
    let ordered = youngest <= life.onset
        && life.onset <= life.seen_from
        && life.seen_from <= end
        && end <= life.last
        && life.last <= oldest
        && life.again.is_none_or(|age| life.identified.is_some_and(|first| first < age) && age <= life.last);
    if ordered && life.onset < MAJORITY {
        Ok(())
    } else {
        Err(Refused::Malformed("the ages of a life are out of order or out of range".into()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::chance::Target;
    use crate::states::{Ask, Spread, Start};
    use proptest::prelude::*;

    /// The invented lives of bench/oracle/states.R: seen from, identified, again, last, people (0: none).
    const LIVES: [[u32; 5]; 21] = [
        [12, 14, 0, 20, 9],
        [12, 16, 19, 22, 4],
        [12, 19, 0, 24, 7],
        [12, 21, 23, 24, 3],
        [12, 0, 0, 15, 5],
        [12, 0, 0, 24, 2],
        [13, 13, 0, 18, 3],
        [13, 17, 18, 24, 5],
        [13, 0, 0, 22, 4],
        [14, 15, 0, 24, 8],
        [14, 18, 0, 21, 6],
        [14, 20, 22, 23, 2],
        [15, 16, 17, 20, 3],
        [15, 23, 0, 24, 4],
        [15, 0, 0, 17, 6],
        [16, 17, 0, 19, 7],
        [16, 18, 20, 24, 3],
        [16, 22, 0, 24, 5],
        [17, 17, 0, 23, 4],
        [17, 19, 0, 24, 9],
        [17, 0, 0, 20, 3],
    ];

    pub(crate) fn lives(sigma: f64) -> Vec<(Life, Counted)> {
        let some = |age: u32| (age > 0).then_some(age);
        let life = |[from, seen, again, last, n]: [u32; 5]| {
            let life = Life { onset: 12, seen_from: from, identified: some(seen), again: some(again), last };
            (life, Counted { value: f64::from(n), sigma })
        };
        LIVES.map(life).to_vec()
    }

    pub(crate) fn ask(target: Target) -> Ask {
        Ask { from: 2, start: Start::In(EXPLOITED_AS_MINOR), groups: Vec::new(), target, level: 0.95 }
    }

    #[test]
    fn occupation_by_age_is_that_of_survfit_and_etm() {
        // R 4.2.2, survival 3.5.3 and etm 1.1.1 (bench/oracle/states.R)
        let table = table(10, 24, &lives(0.0)).unwrap();
        let curve = table.curve(&ask(Target::Process)).unwrap();
        assert_eq!(curve.spread, Spread::Robust);
        for (age, share) in [
            (14, [0.776_623_376_623, 0.0, 0.223_376_623_377, 0.0, 0.0]),
            (17, [0.458_446_084_539, 0.0, 0.496_474_133_399, 0.0, 0.045_079_782_062_3]),
            (18, [0.0, 0.372_487_443_688, 0.434_414_866_724, 0.085_958_640_851_1, 0.107_139_048_737]),
            (20, [0.0, 0.200_570_161_986, 0.380_113_008_383, 0.229_223_042_27, 0.190_093_787_361]),
            (24, [0.0, 0.037_142_622_59, 0.380_113_008_383, 0.330_967_297_721, 0.251_777_071_305]),
        ] {
            let at = curve.steps[age - 12].as_ref().unwrap();
            for (mine, theirs) in at.share.iter().zip(share) {
                assert!((mine.value - theirs).abs() < 1e-11, "{age}: {mine:?} is not {theirs}");
            }
        }
    }

    /// The example of docs/src/methods/states-and-rates.md.
    #[test]
    fn ten_people_exploited_from_sixteen_stand_where_the_worked_example_says() {
        let life = |identified| Life { onset: 16, seen_from: 16, identified, again: None, last: 18 };
        let people = |n| Counted { value: n, sigma: 0.0 };
        let lives = [(Some(16), 2.0), (Some(17), 4.0), (Some(18), 1.0), (None, 3.0)].map(|(i, n)| (life(i), people(n)));
        let ask = Ask { from: 0, ..ask(Target::Records) };
        let curve = table(16, 18, &lives).unwrap().curve(&ask).unwrap();
        let shares = [[0.8, 0.0, 0.2, 0.0, 0.0], [0.4, 0.0, 0.6, 0.0, 0.0], [0.0, 0.3, 0.6, 0.1, 0.0]];
        for (at, shares) in curve.steps.iter().zip(shares) {
            for (e, share) in at.as_ref().unwrap().share.iter().zip(shares) {
                assert!((e.value - share).abs() < 1e-12 && e.high - e.low < 1e-6);
            }
        }
    }

    #[test]
    fn lives_that_no_clock_can_hold_are_refused() {
        let fine = Life { onset: 14, seen_from: 15, identified: Some(16), again: Some(17), last: 20 };
        let one = Counted { value: 1.0, sigma: 0.0 };
        assert!(table(10, 24, &[(fine, one)]).is_ok());
        for life in [
            Life { onset: 18, seen_from: 18, identified: Some(19), again: None, last: 20 },
            Life { onset: 9, ..fine },
            Life { seen_from: 13, ..fine },
            Life { identified: Some(14), ..fine },
            Life { identified: None, ..fine },
            Life { again: Some(16), ..fine },
            Life { last: 25, ..fine },
        ] {
            assert!(matches!(table(10, 24, &[(life, one)]), Err(Refused::Malformed(_))), "{life:?}");
        }
        let no_number = Counted { value: f64::NAN, sigma: 0.0 };
        assert!(table(10, 24, &[(fine, no_number)]).is_err());
    }

    #[test]
    fn a_table_of_identified_people_alone_says_so() {
        let all = lives(0.0);
        let seen: Vec<_> = all.iter().filter(|(life, _)| life.identified.is_some()).copied().collect();
        let says = |lives: &[(Life, Counted)]| {
            let curve = table(10, 24, lives).unwrap().curve(&ask(Target::Records)).unwrap();
            curve.assumes.contains(&Assumes::OnlyIdentifiedAreSeen)
        };
        assert!(says(&seen));
        assert!(!says(&all));
    }

    proptest! {
        #[test]
        fn nobody_is_exploited_as_a_minor_after_eighteen_nor_as_an_adult_before(
            ages in proptest::collection::vec((10_u32..18, 0_u32..6, 0_u32..10, 0_u32..6, 0.0..50.0_f64), 1..30),
        ) {
            let lives: Vec<_> = ages.iter().map(|(onset, late, wait, after, n)| {
                let seen_from = onset + late;
                let seen = seen_from + wait;
                let life = Life { onset: *onset, seen_from, identified: Some(seen), again: None, last: seen + after };
                (life, Counted { value: *n, sigma: 0.0 })
            }).collect();
            let curve = table(10, 40, &lives).unwrap()
                .curve(&Ask { from: 0, start: Start::AtRisk, ..ask(Target::Process) }).unwrap();
            for (age, step) in (10..).zip(&curve.steps) {
                if let Ok(at) = step {
                    let sum: f64 = at.share.iter().map(|e| e.value).sum();
                    prop_assert!((sum - 1.0).abs() < 1e-9);
                    let none = if age < 18 { [EXPLOITED_AS_ADULT, IDENTIFIED_AS_ADULT] } else { [EXPLOITED_AS_MINOR; 2] };
                    prop_assert!(none.iter().all(|h| at.share[*h].value < 1e-12));
                    prop_assert!(at.share.iter().all(|e| e.low <= e.value && e.value <= e.high));
                }
            }
        }
    }
}

//! Previews that spend nothing: what a draft would say at a declared size, before any record is read ([`outlook`]); and what
//! a draft says of people like one ([`like`]).
//!
//! **It must never know** records or exact counts: the first reads public numbers alone, the second a protected draft.
//!
//! Start reading at [`outlook`].

pub mod like;

use crate::account::{MAX_EPSILON, check_epsilon};
use crate::noise::LinearNoise;
use crate::privacy::is_worth_publishing;
use crate::publish::MISS;
use serde::Serialize;

/// What is asked of an outlook; all of it is public and declared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holder {
    /// The most people that one organisation holds in one year.
    pub size_bound: u64,
    /// Years taken together in one release.
    pub years: u32,
    /// Organisations whose noisy tables are added, each with its own draw.
    pub desks: u32,
    /// What the draw costs each person.
    pub epsilon: f64,
}

/// Most years and most organisations.
pub const MOST_TOGETHER: u32 = 500;

/// A measurement that would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its id.
    pub table: String,
    /// Standard deviation of the noise that one desk adds to each count, in thousandths.
    pub sigma_milli: u64,
}

/// What a draft would say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// The most people that are counted, all years and organisations together.
    pub people: u64,
    /// Table by table.
    pub tables: Vec<TableOutlook>,
    /// Whether a draft would be made: the count that is known best knows a group of one in ten within half of its value.
    pub says_something: bool,
    /// Half-width of the count that this is judged by.
    pub surest: u64,
    /// The least epsilon, up to the highest that is allowed, at which some table knows a group of one in ten within half of
    /// its value; none if no allowed one does.
    pub least_epsilon: Option<f64>,
    /// The least number of people of whom some table knows a group of one in ten within half of its value.
    pub least_people: u64,
}

/// What one table would say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableOutlook {
    /// Id.
    pub table: String,
    /// Standard deviation of the noise in each count, of all organisations together.
    pub sigma: f64,
    /// How far a count may be off either way, in 95 of 100 cases.
    pub half_width: u64,
    /// The smallest group that would be known within a quarter of its value (GS-10: solid).
    pub solid_from: u64,
    /// The smallest group that would be known within half of its value (GS-10: use with care).
    pub care_from: u64,
    /// Whether the table would know a group of one in ten within half of its value.
    pub says_something: bool,
}

/// Why there is no outlook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutlookError {
    /// A number is out of range.
    #[error("{0}")]
    Range(String),
    /// Nothing would be measured.
    #[error("{0}")]
    Plan(String),
}

/// What a draft would say of a holder: noise, intervals, the smallest groups that can be told, and what it would take.
/// `plan` gives the counts that an epsilon buys, first table first, and an error where it buys none.
///
/// # Privacy
///
/// Reads public numbers alone (PRIVACY 4): the declared bound, never how many people there are. It spends nothing.
pub fn outlook(holder: Holder, plan: &dyn Fn(f64) -> Result<Vec<Planned>, String>) -> Result<Outlook, OutlookError> {
    outlook_by(holder, plan, None)
}

/// What all that is planned knows best: half-width of the count that a draft is judged by, given the standard deviation of the
/// noise in the counts of each plan, in thousandths, all organisations together.
pub type Surest<'s> = &'s dyn Fn(&[u64]) -> u64;

/// [`outlook`], where a draft is not judged by the table that is known best, but by `surest`: that of a flat table is judged by
/// its single values ([`super::aggregate::narrowest_of_singles`]).
///
/// # Privacy
///
/// As [`outlook`].
pub fn outlook_by(
    holder: Holder,
    plan: &dyn Fn(f64) -> Result<Vec<Planned>, String>,
    surest: Option<Surest<'_>>,
) -> Result<Outlook, OutlookError> {
    let range = |why: String| Err(OutlookError::Range(why));
    check_epsilon(holder.epsilon).map_err(|e| OutlookError::Range(e.to_string()))?;
    for (what, number) in [("years", holder.years), ("organisations", holder.desks)] {
        if !(1..=MOST_TOGETHER).contains(&number) {
            return range(format!("1 to {MOST_TOGETHER} {what} can be taken together, not {number}"));
        }
    }
    if holder.size_bound == 0 {
        return range("of no people nothing can be said: the bound on their number must be at least 1".to_owned());
    }
    let people = holder.size_bound.saturating_mul(u64::from(holder.years)).saturating_mul(u64::from(holder.desks));
    let noise = |sigma_milli: u64| LinearNoise {
        denominator: 1,
        terms: vec![crate::noise::Term { coefficient: 1, sigma_milli, times: u64::from(holder.desks) }],
    };
    let judged = |planned: &[Planned]| {
        let together = |sigma: u64| (sigma as f64 * libm::sqrt(f64::from(holder.desks))).ceil() as u64;
        match surest {
            Some(surest) if !planned.is_empty() => {
                Some(surest(&planned.iter().map(|t| together(t.sigma_milli)).collect::<Vec<u64>>()))
            }
            _ => planned.iter().map(|t| noise(t.sigma_milli).half_width(MISS)).min(),
        }
    };
    let planned = plan(holder.epsilon).map_err(OutlookError::Plan)?;
    let tables: Vec<TableOutlook> = planned
        .iter()
        .map(|table| {
            let noise = noise(table.sigma_milli);
            let half_width = noise.half_width(MISS);
            TableOutlook {
                table: table.table.clone(),
                sigma: (1000.0 * noise.sigma()).round() / 1000.0,
                half_width,
                // A group that is there has at least one person.
                solid_from: half_width.saturating_mul(4).max(1),
                care_from: half_width.saturating_mul(2).max(1),
                says_something: is_worth_publishing(people, half_width),
            }
        })
        .collect();
    let surest = judged(&planned).ok_or_else(|| OutlookError::Plan("nothing would be measured".to_owned()))?;
    let least_people = surest.saturating_mul(20).max(1);
    let enough = |epsilon: f64| {
        let planned = plan(epsilon).ok()?;
        is_worth_publishing(people, judged(&planned)?).then_some(epsilon)
    };
    Ok(Outlook {
        people,
        says_something: is_worth_publishing(people, surest),
        surest,
        least_epsilon: least(&enough),
        least_people,
        tables,
    })
}

/// The least epsilon, in thousandths, that is enough: more noise never is.
fn least(enough: &dyn Fn(f64) -> Option<f64>) -> Option<f64> {
    let thousandths = |n: u64| n as f64 / 1000.0;
    let (mut not, mut is) = (0, (MAX_EPSILON * 1000.0) as u64);
    enough(thousandths(is))?;
    while is - not > 1 {
        let middle = u64::midpoint(not, is);
        if enough(thousandths(middle)).is_some() { is = middle } else { not = middle }
    }
    Some(thousandths(is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::reliability;
    use accord_standard::figure::Reliability;
    use proptest::prelude::*;

    /// Noise as a Gaussian table of sensitivity 1 would need it: sigma is about 5 over epsilon.
    fn plan(epsilon: f64) -> Result<Vec<Planned>, String> {
        let sigma = |share: f64| (5000.0 / (epsilon * share)).ceil() as u64;
        if epsilon < 0.01 {
            return Err("table m1 would get no budget".to_owned());
        }
        let table = |id: &str, share| Planned { table: id.to_owned(), sigma_milli: sigma(share) };
        Ok(vec![table("m1", 0.6), table("m2", 0.4)])
    }

    fn holder(size_bound: u64, epsilon: f64) -> Holder {
        Holder { size_bound, years: 1, desks: 1, epsilon }
    }

    #[test]
    fn the_smallest_groups_are_those_at_which_the_flag_changes() {
        let seen = outlook(holder(300, 1.0), &plan).unwrap();
        for table in &seen.tables {
            let flag =
                |value: u64| reliability(value, value.saturating_sub(table.half_width), value + table.half_width);
            assert_eq!(flag(table.solid_from), Reliability::Solid);
            assert_ne!(flag(table.solid_from - 1), Reliability::Solid);
            assert_eq!(flag(table.care_from), Reliability::Care);
            assert_ne!(flag(table.care_from - 1), Reliability::Care);
        }
    }

    #[test]
    fn what_it_takes_is_enough_and_less_is_not() {
        let seen = outlook(holder(200, 1.0), &plan).unwrap();
        assert!(!seen.says_something);
        let epsilon = seen.least_epsilon.unwrap();
        assert!(outlook(holder(200, epsilon), &plan).unwrap().says_something);
        assert!(!outlook(holder(200, epsilon - 0.001), &plan).unwrap().says_something);
        assert!(outlook(holder(seen.least_people, 1.0), &plan).unwrap().says_something);
        assert!(!outlook(holder(seen.least_people - 1, 1.0), &plan).unwrap().says_something);
        let loud = |epsilon| {
            let mut planned = plan(epsilon)?;
            planned.iter_mut().for_each(|t| t.sigma_milli *= 1000);
            Ok(planned)
        };
        assert_eq!(outlook(holder(100, 1.0), &loud).unwrap().least_epsilon, None, "no epsilon is enough");
    }

    #[test]
    fn a_flat_table_is_judged_by_its_single_values_and_not_by_the_length_that_is_known_best() {
        let by_first = |sigmas: &[u64]| LinearNoise::direct(&sigmas[..1]).half_width(MISS);
        let own = outlook(holder(150, 1.0), &plan).unwrap();
        let loud_first = |epsilon| {
            let mut planned = plan(epsilon)?;
            planned[0].sigma_milli *= 10;
            Ok(planned)
        };
        let seen = outlook_by(holder(150, 1.0), &loud_first, Some(&by_first)).unwrap();
        assert_eq!(seen.surest, seen.tables[0].half_width);
        assert!(seen.surest > own.surest && seen.least_people == 20 * seen.surest);
        let enough = outlook_by(holder(150, seen.least_epsilon.unwrap()), &loud_first, Some(&by_first)).unwrap();
        assert!(enough.says_something && !seen.says_something);
        let four = outlook_by(Holder { desks: 4, ..holder(150, 1.0) }, &loud_first, Some(&by_first)).unwrap();
        assert!(four.surest.abs_diff(2 * seen.surest) <= 2, "the noise of four is twice that of one");
    }

    #[test]
    fn years_add_people_and_no_noise_and_organisations_add_both() {
        let one = outlook(holder(300, 1.0), &plan).unwrap();
        let years = outlook(Holder { years: 4, ..holder(300, 1.0) }, &plan).unwrap();
        let desks = outlook(Holder { desks: 4, ..holder(300, 1.0) }, &plan).unwrap();
        assert_eq!((years.people, desks.people), (1200, 1200));
        assert_eq!(years.tables[0].half_width, one.tables[0].half_width);
        assert!((desks.tables[0].sigma - 2.0 * one.tables[0].sigma).abs() < 1e-3, "the root of four");
        assert!(years.least_epsilon < desks.least_epsilon && desks.least_epsilon < one.least_epsilon);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for wrong in [
            holder(0, 1.0),
            holder(10, 0.0),
            holder(10, f64::NAN),
            Holder { years: 0, ..holder(10, 1.0) },
            Holder { desks: MOST_TOGETHER + 1, ..holder(10, 1.0) },
        ] {
            assert!(matches!(outlook(wrong, &plan), Err(OutlookError::Range(_))), "{wrong:?}");
        }
        assert!(matches!(outlook(holder(10, 0.001), &plan), Err(OutlookError::Plan(_))));
        assert!(matches!(outlook(holder(10, 1.0), &|_| Ok(vec![])), Err(OutlookError::Plan(_))));
    }

    proptest! {
        #[test]
        fn more_people_or_a_higher_epsilon_never_say_less(people in 1_u64..100_000, epsilon in 0.02_f64..20.0, more in 1.0_f64..2.0) {
            let seen = outlook(holder(people, epsilon), &plan).unwrap();
            let better = outlook(holder(people, epsilon * more), &plan).unwrap();
            let larger = outlook(holder(people * 2, epsilon), &plan).unwrap();
            prop_assert!(!seen.says_something || (better.says_something && larger.says_something));
            prop_assert!(better.tables[0].half_width <= seen.tables[0].half_width);
        }
    }
}

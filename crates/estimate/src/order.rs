//! Which phase follows which: shares of the way on from each phase, and a flow of nodes and links for a picture, from a noisy
//! table of transitions (from phase, to phase).
//!
//! A person may be in the table with several transitions, so its counts are no multinomial sample of people and intervals of
//! chance would be wrong: all intervals here are of the noise alone, for what the exact table would give.

use crate::chance::{Ratio, amount, checked, two_sided};
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};

const MOST_PHASES: usize = 64;

/// Why an interval holds what the exact table would give and not a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseOnly {
    /// How many transitions of one person the table may hold.
    pub of_a_person: u32,
}

/// One way on.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Phase it leads from.
    pub from: usize,
    /// Phase it leads to.
    pub to: usize,
    /// How many transitions.
    pub count: Estimate,
    /// Their share of all transitions from that phase; refused where those can't be told from nought.
    pub share: Outcome<Estimate>,
    /// Whether the count can be told from nought: a picture draws the others differently or not at all.
    pub told: bool,
}

/// One phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Transitions from it.
    pub out: Estimate,
    /// Transitions to it.
    pub into: Estimate,
}

/// Nodes and links, without any geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// One for each phase.
    pub nodes: Vec<Node>,
    /// All ways on, row by row.
    pub links: Vec<Link>,
    /// All transitions.
    pub all: Estimate,
    /// What the intervals do not hold.
    pub noise_only: NoiseOnly,
}

/// The flow of a square table, row by row: cell `from * phases + to`.
///
/// # Errors
/// `Malformed` for a table that isn't square, is larger than 64 phases, or in which a person has no transition.
pub fn flow(phases: usize, table: &[Counted], of_a_person: u32, level: f64) -> Outcome<Flow> {
    let z = two_sided(level)?;
    if phases == 0 || phases > MOST_PHASES || table.len() != phases * phases || of_a_person == 0 {
        return Err(Refused::Malformed("a square table of 1 to 64 phases".into()));
    }
    for count in table {
        checked(*count)?;
    }
    let sum = |cells: &mut dyn Iterator<Item = usize>| -> (f64, f64) {
        cells.fold((0.0, 0.0), |(value, noise), i| (value + table[i].value, noise + table[i].sigma * table[i].sigma))
    };
    let counted = |(value, noise): (f64, f64)| amount(value, noise, z, Cause::Noise);
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    for from in 0..phases {
        let out = sum(&mut (0..phases).map(|to| from * phases + to));
        let into = sum(&mut (0..phases).map(|other| other * phases + from));
        nodes.push(Node { out: counted(out)?, into: counted(into)? });
        for to in 0..phases {
            let cell = table[from * phases + to];
            let noise = cell.sigma * cell.sigma;
            let share = Ratio {
                top: cell.value,
                bottom: out.0,
                top_noise: noise,
                both_noise: noise,
                bottom_noise: out.1,
                top_chance: false,
            };
            let count = amount(cell.value, noise, z, Cause::Noise)?;
            links.push(Link { from, to, count, share: share.estimate(z, 1.0), told: count.low > 0.0 });
        }
    }
    Ok(Flow { nodes, links, all: counted(sum(&mut (0..table.len())))?, noise_only: NoiseOnly { of_a_person } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draws;
    use proptest::prelude::*;

    fn counts(values: &[f64], sigma: f64) -> Vec<Counted> {
        values.iter().map(|v| Counted { value: *v, sigma }).collect()
    }

    #[test]
    fn shares_of_an_exact_table_are_its_shares_without_width() {
        let found = flow(2, &counts(&[3.0, 1.0, 0.0, 0.0], 0.0), 1, 0.95).unwrap();
        let share = found.links[0].share.as_ref().unwrap();
        assert_eq!((share.low, share.value, share.high), (0.75, 0.75, 0.75));
        assert!(matches!(found.links[2].share, Err(Refused::NotIdentified(_))));
        assert_eq!((found.nodes[0].out.value, found.nodes[1].into.value, found.all.value), (4.0, 1.0, 4.0));
        assert!(found.links[0].told && !found.links[2].told);
    }

    #[test]
    fn a_phase_lost_in_noise_has_no_shares_but_a_count() {
        let found = flow(2, &counts(&[300.0, 200.0, 6.0, -4.0], 10.0), 3, 0.95).unwrap();
        assert!(found.links[1].share.is_ok());
        assert_eq!(found.links[3].share, Err(Refused::Noise));
        assert_eq!(found.links[3].count.value, 0.0);
        assert_eq!(found.noise_only, NoiseOnly { of_a_person: 3 });
    }

    #[test]
    fn tables_that_are_none_are_refused() {
        assert!(flow(0, &[], 1, 0.95).is_err() && flow(2, &counts(&[1.0; 3], 1.0), 1, 0.95).is_err());
        assert!(
            flow(1, &counts(&[f64::NAN], 1.0), 1, 0.95).is_err() && flow(1, &counts(&[1.0], 1.0), 0, 0.95).is_err()
        );
        assert!(flow(usize::MAX, &[], 1, 0.95).is_err());
    }

    #[test]
    fn shares_hold_those_of_the_exact_table_nineteen_times_in_twenty() {
        let worlds = crate::chance::worlds(4000, 100_000);
        let exact = [40.0, 10.0, 0.0, 5.0, 60.0, 30.0, 2.0, 8.0, 90.0];
        let (mut held, mut all) = (0_u32, 0_u32);
        for number in 0..worlds {
            let mut draws = Draws::new(3, number);
            let noisy: Vec<f64> = exact.iter().map(|n| n + crate::chance::noise(&mut draws, 6.0)).collect();
            for link in flow(3, &counts(&noisy, 6.0), 2, 0.95).unwrap().links {
                let row: f64 = exact[3 * link.from..3 * link.from + 3].iter().sum();
                let truth = exact[3 * link.from + link.to] / row;
                // a refusal makes no statement that could be wrong
                if let Ok(e) = link.share {
                    held += u32::from(e.low <= truth && truth <= e.high);
                    all += 1;
                }
            }
        }
        let (held, floor) = (f64::from(held) / f64::from(all), 0.95 - 4.0 * (0.95 * 0.05 / worlds as f64).sqrt());
        println!("order {held}");
        assert!(held > floor, "{held} is under {floor}");
    }

    proptest! {
        #[test]
        fn no_table_panics_and_shares_stay_shares(
            cells in proptest::collection::vec((-100.0..1000.0_f64, 0.0..40.0_f64), 9),
        ) {
            let table: Vec<_> = cells.iter().map(|(value, sigma)| Counted { value: *value, sigma: *sigma }).collect();
            let found = flow(3, &table, 2, 0.95).unwrap();
            for link in found.links {
                prop_assert!(link.count.low >= 0.0 && link.count.low <= link.count.high);
                if let Ok(e) = link.share {
                    prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0);
                }
            }
        }
    }
}

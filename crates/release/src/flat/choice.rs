//! How the bound on filled columns was chosen, as a release states it: by the exponential mechanism, which adds no noise to a
//! count but draws one of the candidates.
//!
//! **It must never know** records or exact counts.

use super::report::{FORMAT, REPORT};
use super::{MOST_FILLED, Measured};
use crate::account::Rho;
use crate::files::{Files, parse};
use crate::noisy::NoisyTable;
use crate::verify::of_another_format;
use serde::{Deserialize, Serialize};

/// A choice: candidate b with probability in proportion to exp(epsilon · u(b) / range), where u(b) is minus the number of
/// rows with more than b filled columns, minus `price` · b.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Which mechanism.
    pub mechanism: Mechanism,
    /// Its epsilon, in thousandths.
    pub epsilon_milli: u64,
    /// How far one person can move the utilities, all the same way: the most rows of one person.
    pub range: u64,
    /// Rows that one more column costs in the utility.
    pub price: u64,
    /// Number of candidates: from no column up to all.
    pub candidates: u64,
    /// Cost: at least epsilon² / 8.
    pub rho: Rho,
    /// Ledger entry that was debited.
    pub entry: String,
}

/// A mechanism that chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// McSherry and Talwar 2007, charged by its bounded range (Cesar and Rogers 2021).
    Exponential,
}

impl Choice {
    /// A choice among the bounds for so many columns.
    pub fn new(rho: Rho, epsilon_milli: u64, rows_per_person: u32, columns: usize, entry: String) -> Choice {
        let range = u64::from(rows_per_person);
        Choice {
            mechanism: Mechanism::Exponential,
            epsilon_milli,
            range,
            price: price(range, epsilon_milli),
            candidates: columns as u64 + 1,
            rho,
            entry,
        }
    }

    /// Whether its cost pays for it, and it is one among these bounds.
    ///
    /// # Errors
    /// What is wrong.
    pub fn bears_its_cost(&self, rows_per_person: u32, columns: usize) -> Result<(), &'static str> {
        // epsilon² / 8, in units of rho: (epsilon_milli / 1000)² / 8 · 10¹².
        let needed = u128::from(self.epsilon_milli) * u128::from(self.epsilon_milli) * 125_000;
        if self.epsilon_milli == 0 || needed > u128::from(self.rho.0) {
            return Err("it was chosen with another epsilon than its cost buys");
        }
        if self.range != u64::from(rows_per_person) || self.candidates != columns as u64 + 1 {
            return Err("it states another range or other candidates than its domain and its rows a person give");
        }
        if self.price != price(self.range, self.epsilon_milli) {
            return Err("it states another utility than the method has");
        }
        Ok(())
    }
}

/// As many rows as a person's joining could hide: range / epsilon, rounded up.
fn price(range: u64, epsilon_milli: u64) -> u64 {
    range.saturating_mul(1000).div_ceil(epsilon_milli.max(1))
}

/// The chosen bound is the one that rows were held to, and no noise is claimed for it.
pub(super) fn as_stated(measured: &Measured, table: &NoisyTable) -> Result<(), String> {
    let choice = measured.choice.as_ref().ok_or("it isn't said how the bound on filled columns was chosen")?;
    if table.table != MOST_FILLED || table.values.len() != 1 || !table.draws.is_empty() {
        return Err(format!("{MOST_FILLED} is not one choice, without noise"));
    }
    choice
        .bears_its_cost(measured.rows_per_person, measured.columns.columns.len())
        .map_err(|why| format!("{MOST_FILLED}: {why}"))?;
    if table.values.first().copied() != measured.shape.most_filled.map(i64::from) {
        return Err("the bound on filled columns is not the one that was chosen".to_owned());
    }
    Ok(())
}

/// Whether a report is of the version that this method makes.
pub(super) fn is_of_this_format(files: &Files) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let Version { format } = parse(files, REPORT).map_err(|e| e.to_string())?;
    if format == FORMAT { Ok(()) } else { Err(of_another_format(format, FORMAT)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::odds_of;
    use crate::flat::aggregate::{Intervals, narrowest_of_singles};
    use crate::flat::layout::{Layout, Shape};
    use crate::flat::page::tests::{made, of, people};
    use crate::flat::report::{FlatReport, draft, files};
    use crate::verify::{CheckResult, verify};
    use accord_standard::columns::{Column, Columns};

    fn said(files: &Files) -> String {
        let mut files = files.clone();
        files.remove("manifest.json");
        crate::files::add_manifest("draft-2026-1", crate::files::Status::Draft, &mut files).unwrap();
        let report = verify(&files, None, None, "2026-11-24");
        let failed = report.checks.into_iter().filter_map(|c| match c.result {
            CheckResult::Failed(why) => Some(why),
            _ => None,
        });
        failed.collect::<Vec<_>>().join("; ")
    }

    /// A report that another version wrote, as it stands in the file.
    fn with(files: &Files, change: impl Fn(&mut serde_json::Value)) -> Files {
        let mut value: serde_json::Value = serde_json::from_slice(&files[REPORT]).unwrap();
        change(&mut value);
        let mut files = files.clone();
        files.insert(REPORT.into(), serde_json::to_vec_pretty(&value).unwrap());
        files
    }

    #[test]
    fn a_draft_of_an_earlier_method_is_said_to_be_one_and_not_called_changed() {
        let whole = of(&people(), "Invented table", true);
        assert_eq!(said(&whole), "");
        for format in [1, 2, 4] {
            // Whatever else stood in it then.
            let old = with(&whole, |r| {
                r["format"] = format.into();
                r["compared"] = serde_json::json!({"by_chance": 1});
            });
            let said = said(&old);
            assert!(
                said.contains(&format!("it has format {format}")) && said.contains("can't make these again"),
                "{said}"
            );
        }
    }

    #[test]
    fn an_epsilon_that_another_machine_rounded_otherwise_verifies_and_another_epsilon_does_not() {
        let (measured, plan) = made(&people(), "Invented table", true);
        let with = |change: &dyn Fn(&mut FlatReport)| {
            let mut drafted = draft(&measured, &plan, &mut |_| {}).unwrap();
            change(&mut drafted.report);
            said(&files(&measured, &drafted, Files::new()).unwrap())
        };
        assert_eq!(with(&|_| ()), "");
        // Epsilons have six decimals: a logarithm whose last bit differs moves them by one step, or not at all.
        let step = |x: &mut f64, by: f64| *x = ((*x * 1e6).round() + by) / 1e6;
        assert_eq!(with(&|r| step(&mut r.privacy.epsilon, 1.0)), "");
        // Whoever wrote it wrote the sentence of these too.
        let cumulative = |by: f64| {
            with(&|r| {
                let odds = |e: f64| format!("{:.2}", odds_of(e));
                let was = odds(r.privacy.epsilon_cumulative);
                step(&mut r.privacy.epsilon_cumulative, by);
                r.privacy.sentence = r.privacy.sentence.replacen(&was, &odds(r.privacy.epsilon_cumulative), 1);
            })
        };
        assert_eq!(cumulative(1.0), "");
        // Less than it costs is never let through.
        assert_ne!(cumulative(-1.0), "");
        assert_ne!(cumulative(10.0), "");
        for wrong in [-10.0, 10.0, -500_000.0] {
            assert_ne!(with(&|r| step(&mut r.privacy.epsilon, wrong)), "");
            assert_ne!(with(&|r| step(&mut r.privacy.epsilon_cumulative, wrong)), "");
        }
        // Costs are whole numbers, and compared as such.
        assert_ne!(with(&|r| r.privacy.rho.0 -= 1), "");
    }

    #[test]
    fn a_choice_is_one_that_its_cost_pays_for_and_has_no_noise() {
        let choice = Choice::new(Rho(125_000 * 400), 20, 3, 40, "e".into());
        assert_eq!((choice.range, choice.price, choice.candidates), (3, 150, 41));
        assert_eq!(choice.bears_its_cost(3, 40), Ok(()));
        type Forge = fn(&mut Choice);
        let forgeries: [Forge; 6] = [
            |c| c.epsilon_milli = 21,
            |c| c.epsilon_milli = 0,
            |c| c.rho.0 -= 1,
            |c| c.range = 2,
            |c| c.price = 1,
            |c| c.candidates = 2,
        ];
        for forge in forgeries {
            let mut forged = choice.clone();
            forge(&mut forged);
            assert!(forged.bears_its_cost(3, 40).is_err(), "{forged:?}");
        }
        assert!(!serde_json::to_string(&choice).unwrap().contains("sigma"));
    }

    #[test]
    fn privacy_04_whether_something_is_said_reads_the_noise_of_single_values_as_their_intervals_have_it() {
        let (measured, _) = made(&people(), "Invented table", true);
        let layout = measured.layout().unwrap();
        let intervals = Intervals::new(&measured, &layout, &measured.counts(&layout).unwrap());
        // The widest of the page's intervals and the narrowest of the rule, for columns alike, are the same.
        let alike = narrowest_of_singles(&layout, &[3000, 3000, 3000]);
        assert!(alike <= intervals.half_width(1).unwrap() && alike > 1);
        // Well known triples say nothing where the singles that are sums of them are not: here 12 x 12 cells of sigma 10.
        let values: Vec<String> = (0..12).map(|v| v.to_string()).collect();
        let wide = Columns { columns: (0..4).map(|c| Column::new(format!("c{c}"), values.clone())).collect() };
        let layout = Layout::new(&wide, Shape { longest: 3, most_filled: None }).unwrap();
        let narrowest = narrowest_of_singles(&layout, &[10_000_000, 10_000_000, 10_000]);
        let by_hand = 1.959_964 * 10.0 * 13.0 / 3_f64.sqrt();
        assert_eq!(narrowest, (by_hand + 1.0).ceil() as u64, "three tables of 13 x 13 cells each");
        assert!(crate::noise::LinearNoise::direct(&[10_000]).half_width(0.05) < narrowest / 5);
        // Where blank is implied, single values are measured by themselves alone.
        let sparse = Layout::new(&wide, Shape { longest: 3, most_filled: Some(2) }).unwrap();
        assert_eq!(narrowest_of_singles(&sparse, &[10_000, 1, 1]), 20);
    }
}

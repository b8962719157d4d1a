//! What a study costs, and what one person can change in its tables, whatever her record holds.

use crate::bounds::{NoNoise, arbitrary_record};
use crate::study_worlds::world::{counted, drawn, plan};
use accord_measure::plan::BASIS;
use accord_record::model::{Cell, Date, Part, Record};
use accord_release::account::rho_of;
use accord_standard::codebook::{Codebook, Level};
use accord_standard::study::{self, Study};
use accord_standard::value::Code;
use accord_testnoise::seeded;
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;

fn studies() -> Vec<Study> {
    study::ids().filter_map(study::embedded).collect()
}

#[test]
fn privacy_02_a_study_costs_no_more_than_its_epsilon_and_its_noise_bears_its_cost() {
    for study in studies() {
        for epsilon in [0.1, 0.5, 1.0, 4.0] {
            let plan = plan(&study, epsilon);
            let whole = rho_of(epsilon, 1e-6).unwrap();
            assert!(plan.total() <= whole, "{} at {epsilon}", study.id);
            assert!(plan.total().0 * 1000 >= whole.0 * 995, "{} at {epsilon} leaves budget unspent", study.id);
            let measured: Vec<&str> = plan.steps.iter().map(|s| s.table.as_str()).filter(|t| *t != BASIS).collect();
            let declared: Vec<&str> = study.workload.tables.iter().map(|t| t.id.as_str()).collect();
            assert_eq!(measured, declared, "{}: what is measured is what is declared", study.id);
            let counts = counted(&study, std::iter::empty());
            for (table, step) in
                drawn(&plan, &counts, &mut NoNoise).iter().zip(plan.steps.iter().filter(|s| s.table != BASIS))
            {
                let spec = study.workload.table(&table.table).unwrap();
                let cells = u64::from(spec.most_cells_per_person());
                assert_eq!(step.sensitivity_squared, cells, "{}: {}", study.id, table.table);
                assert!(table.draws[0].bears_its_cost(cells).is_ok());
            }
        }
    }
}

/// A record with every field that there is and so many events, each with any codes, numbers and dates, in no order.
fn adversarial(rng: &mut ChaCha20Rng, events: usize) -> Record {
    let book = Codebook::embedded();
    let any = |level: Level, rng: &mut ChaCha20Rng| -> Part {
        let mut part: Part = Vec::new();
        for (id, _) in book.level(level) {
            if rng.random_bool(0.2) {
                continue;
            }
            let list = book.list_of(id);
            let cell = match list {
                Some(list) if !list.codes.is_empty() => {
                    let code = |rng: &mut ChaCha20Rng| Code(list.codes[rng.random_range(0..list.codes.len())].number);
                    match rng.random_range(0..4) {
                        0 => {
                            let mut codes: Vec<Code> = (0..5).map(|_| code(rng)).collect();
                            codes.sort_unstable();
                            codes.dedup();
                            Cell::Codes(codes)
                        }
                        1 => Cell::Code(Code(rng.random_range(0..u16::MAX))),
                        _ => Cell::Code(code(rng)),
                    }
                }
                _ if rng.random_bool(0.5) => Cell::Integer(rng.random_range(-5..20_000)),
                _ => Cell::Date(Date {
                    year: rng.random_range(1990..2030),
                    month: rng.random_range(0..18),
                    day: rng.random_range(0..33),
                }),
            };
            part.push((id, cell));
        }
        part.sort_by_key(|(field, _)| *field);
        part
    };
    Record {
        cells: any(Level::Record, rng),
        events: (0..events).map(|_| any(Level::Event, rng)).collect(),
        perpetrators: (0..3).map(|_| any(Level::Perpetrator, rng)).collect(),
        platform_actions: (0..3).map(|_| any(Level::PlatformAction, rng)).collect(),
        ..Record::default()
    }
}

/// Adds the person to the others, and checks every table of every study.
fn within_what_is_charged(others: &[Record], person: &Record) {
    for study in studies() {
        let plan = plan(&study, 1.0);
        let tables = |records: &[&Record]| drawn(&plan, &counted(&study, records.iter().copied()), &mut NoNoise);
        let without: Vec<&Record> = others.iter().collect();
        let with: Vec<&Record> = others.iter().chain([person]).collect();
        for (one, other) in tables(&without).iter().zip(&tables(&with)) {
            let spec = study.workload.table(&one.table).unwrap();
            let moved: i64 = one.values.iter().zip(&other.values).map(|(a, b)| (b - a) * (b - a)).sum();
            assert!(
                moved as u64 <= u64::from(spec.most_cells_per_person()),
                "{}: table {} moved by {moved}",
                study.id,
                one.table
            );
            assert!(spec.among.is_some() || moved >= 1, "every person stands in every table that counts everyone");
        }
    }
}

#[test]
fn privacy_01_a_person_with_ten_thousand_events_changes_a_table_by_no_more_than_is_charged() {
    let mut rng = seeded(31);
    let others: Vec<Record> = (0..5).map(|_| adversarial(&mut rng, 4)).collect();
    for events in [0, 1, 2, 10, 300, 10_000] {
        let person = adversarial(&mut rng, events);
        within_what_is_charged(&others, &person);
    }
    for number in 0..200 {
        within_what_is_charged(&[], &accord_invent::complete_record(9, number));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Neighbours by brute force: any person beside any others.
    #[test]
    fn privacy_01_any_person_changes_a_studys_table_by_no_more_than_is_charged(
        others in prop::collection::vec(arbitrary_record(), 0..4), seed in 0_u64..1_000_000, events in 0_usize..40,
    ) {
        within_what_is_charged(&others, &adversarial(&mut seeded(seed), events));
    }
}

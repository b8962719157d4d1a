//! Worlds of invented people whose truth is known: each person's record as it would be complete, and as it is held.

use accord_measure::mechanism::measure_with;
use accord_measure::plan::{Extras, Plan};
use accord_measure::tally::{Counts, Tally};
use accord_record::derive::Derivation;
use accord_record::model::{Age, AgePrecision, Cell, Record};
use accord_release::account::Rho;
use accord_release::bundle::{ReleaseInfo, Unit};
use accord_release::noisy::{Draw, NoisyTable};
use accord_standard::codebook::Codebook;
use accord_standard::dimension::Dimension;
use accord_standard::study::Study;
use accord_standard::workload::TableSpec;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeSet;

/// How records come to lack what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// As the generator's organisations write: blanks, rough ages, and events that nobody told them of.
    AsWritten,
    /// Whole answers are blank or rough, and more often for girls and where technology was used: not at random.
    Blanks,
    /// The same, and of some people's events neither phase nor kind is held.
    BlankKinds,
}

/// A person: what is held, and what is true.
pub struct Person {
    pub held: Record,
    pub truth: Record,
}

/// A world of so many people.
pub fn world(lack: Lack, seed: u64, size: u64, rng: &mut ChaCha20Rng) -> Vec<Person> {
    let often: Vec<f64> = (0..7).map(|_| rng.random_range(0.0..0.45)).collect();
    (0..size)
        .map(|number| {
            let mut truth = accord_invent::complete_record(seed, number);
            let held = match lack {
                Lack::AsWritten => {
                    let held = accord_invent::record(seed, number).record;
                    as_true(&held, &mut truth);
                    held
                }
                Lack::Blanks => blanked(&truth, &[&often[..4], &[0.0], &often[5..]].concat(), rng),
                Lack::BlankKinds => blanked(&truth, &often, rng),
            };
            Person { held, truth }
        })
        .collect()
}

/// What is drawn as a record is written, and so is true of no person but by her record, is taken over from it.
fn as_true(held: &Record, truth: &mut Record) {
    for path in ["control_method", "recorded_harm", "identification_status", "recruiter_relation"] {
        let field = Codebook::embedded().field(path).unwrap();
        truth.cells.retain(|(f, _)| *f != field);
        truth.cells.extend(held.cells.iter().filter(|(f, _)| *f == field).cloned());
    }
    truth.cells.sort_by_key(|(f, _)| *f);
}

/// The record without some of its answers. An answer goes as a whole: what all events say of technology, of their kind, of
/// their dates.
fn blanked(truth: &Record, often: &[f64], rng: &mut ChaCha20Rng) -> Record {
    let book = Codebook::embedded();
    let field = |path: &str| book.field(path).unwrap();
    let code = |path: &str, id: &str| book.list_of(field(path)).unwrap().code(id).unwrap();
    let is = |path: &str, id: &str| matches!(truth.cell(field(path)), Cell::Code(c) if *c == code(path, id));
    let more =
        if is("sex_registered", "female") { 1.5 } else { 1.0 } * if is("tech_involved", "yes") { 1.3 } else { 0.8 };
    let mut goes = |at: usize| rng.random_bool((often[at] * more).min(0.9));
    let [sex, age, onset, use_of_technology, kinds, dates, followed] = std::array::from_fn(&mut goes);
    let mut held = truth.clone();
    let mut gone: Vec<&str> = Vec::new();
    let mut gone_of_events: Vec<&str> = Vec::new();
    for (is_gone, of_record, of_events) in [
        (sex, &["sex_registered"][..], &[][..]),
        (
            use_of_technology,
            &["tech_involved", "online_to_in_person"],
            &["event.techuse", "event.service", "event.contacted_by"],
        ),
        (kinds, &[], &["event.phase", "event.event_type"]),
        (dates, &["registration_date"], &["event.date"]),
        (followed, &["followed_until"], &[]),
    ] {
        if is_gone {
            gone.extend(of_record);
            gone_of_events.extend(of_events);
        }
    }
    let without = |cells: &mut Vec<(_, Cell)>, gone: &[&str]| {
        cells.retain(|(f, _)| !gone.iter().any(|path| field(path) == *f));
    };
    without(&mut held.cells, &gone);
    held.events.iter_mut().for_each(|event| without(event, &gone_of_events));
    for (is_gone, path) in [(age, "age_at_identification"), (onset, "age_at_first_exploitation")] {
        if !is_gone {
            continue;
        }
        let at = held.cells.iter().position(|(f, _)| *f == field(path));
        if let Some(at) = at
            && let Cell::Age(known) = held.cells[at].1
        {
            let rough = Age { low: known.low.saturating_sub(2), high: known.high + 3, precision: AgePrecision::Range };
            // Half of them are rough, the others blank.
            if rng.random_bool(0.5) {
                held.cells[at].1 = Cell::Age(rough);
            } else {
                held.cells.remove(at);
            }
        }
    }
    held
}

/// The plan of a draw of a study, as a desk makes it.
pub fn plan(study: &Study, epsilon: f64) -> Plan {
    Plan::new(study.workload.clone(), epsilon, 1e-6, 1, Extras { microdata: false, basis: true }).unwrap()
}

/// The exact counts, as a desk makes them.
pub fn counted<'r>(study: &Study, records: impl Iterator<Item = &'r Record>) -> Counts {
    let mut tally = Tally::new(&study.workload, Codebook::embedded()).unwrap();
    records.for_each(|record| tally.add(record));
    tally.finish()
}

/// The study's tables with noise from a source.
pub fn drawn(plan: &Plan, counts: &Counts, noise: &mut dyn accord_measure::noise::NoiseSource) -> Vec<NoisyTable> {
    let steps = plan.steps.iter().filter(|s| plan.workload.table(&s.table).is_some());
    steps.map(|step| measure_with(counts, step, "entry", noise).unwrap()).collect()
}

/// So many of each person stand in tables that stand for exact ones: noise of a thousandth is then nothing beside them. Shares,
/// ratios and times don't change with it; counts are divided by it again.
pub const TIMES: i64 = 1_000_000;

/// A table without noise worth the name.
pub fn exactly(spec: &TableSpec, values: &[i64]) -> NoisyTable {
    let draw = Draw { sigma_milli: 1, rho: Rho(1), sensitivity_squared: 1, entry: "exact".into() };
    NoisyTable { table: spec.id.clone(), values: values.iter().map(|v| v * TIMES).collect(), draws: vec![draw] }
}

/// Categories of everyone in each dimension of a study, as held and as is true.
pub struct Categories {
    dimensions: Vec<Dimension>,
    held: Vec<Vec<Vec<u8>>>,
    truth: Vec<Vec<Vec<u8>>>,
}

impl Categories {
    pub fn of(study: &Study, people: &[Person]) -> Categories {
        let mut dimensions: Vec<Dimension> = Vec::new();
        for table in &study.workload.tables {
            for dimension in table.dimensions.iter().chain(table.among.iter().map(|a| &a.dimension)) {
                if !dimensions.contains(dimension) {
                    dimensions.push(dimension.clone());
                }
            }
        }
        let derive = |of: &dyn Fn(&Person) -> &Record| -> Vec<Vec<Vec<u8>>> {
            dimensions
                .iter()
                .map(|dimension| {
                    let derivation = Derivation::new(dimension, Codebook::embedded()).unwrap();
                    let one = |person| {
                        let mut out = Vec::new();
                        derivation.categories(of(person), &mut out);
                        out
                    };
                    people.iter().map(one).collect()
                })
                .collect()
        };
        let (held, truth) = (derive(&|p| &p.held), derive(&|p| &p.truth));
        Categories { dimensions, held, truth }
    }

    /// By dimension: of how many people what is held is neither what is true nor "not known".
    pub fn wrong(&self) -> Vec<(&str, usize)> {
        let wrong = |at: usize| {
            let unknown = vec![(self.dimensions[at].size() - 1) as u8];
            self.held[at].iter().zip(&self.truth[at]).filter(|(held, truth)| held != truth && **held != unknown).count()
        };
        self.dimensions.iter().enumerate().map(|(at, d)| (d.id.as_str(), wrong(at))).collect()
    }

    fn find(&self, dimension: &Dimension) -> usize {
        self.dimensions.iter().position(|d| d == dimension).unwrap()
    }

    /// The exact table of the truth about people who stand in groups, and among whom, as their records say: of the dimensions
    /// named what is held, of the others what is true.
    pub fn truth(&self, spec: &TableSpec, as_held: &BTreeSet<String>) -> Vec<i64> {
        let mut cells = vec![0; spec.cells()];
        let among = spec.among.as_ref().map(|a| (self.find(&a.dimension), a));
        let at: Vec<usize> = spec.dimensions.iter().map(|d| self.find(d)).collect();
        for person in 0..self.held[0].len() {
            if let Some((dimension, among)) = among {
                let of = &self.dimensions[dimension].categories;
                let is_in = |c: &u8| among.categories.contains(&of[usize::from(*c)].id);
                if !self.held[dimension][person].iter().any(is_in) {
                    continue;
                }
            }
            let mut here = vec![0];
            for d in &at {
                let dimension = &self.dimensions[*d];
                let side = if as_held.contains(&dimension.id) { &self.held } else { &self.truth };
                let categories = &side[*d][person];
                let next = |cell: &usize| {
                    let cell = *cell;
                    categories.iter().map(move |c| cell * dimension.size() + usize::from(*c)).collect::<Vec<_>>()
                };
                here = here.iter().flat_map(next).collect();
            }
            here.iter().for_each(|cell| cells[*cell] += 1);
        }
        cells
    }
}

pub fn info() -> ReleaseInfo {
    ReleaseInfo {
        id: "worlds-2026-1".into(),
        title: "Invented".into(),
        slot: "2026-1".into(),
        organisations: vec![],
        unit: Unit::People,
        population: String::new(),
        period: String::new(),
        invented: true,
        codebook: Codebook::embedded().version.clone(),
        software: "test".into(),
        assumptions: vec![],
        accounts: vec![],
    }
}

//! Contribution bounds: what one person can change, checked by comparing neighbours.

use accord_measure::mechanism::measure_with;
use accord_measure::noise::NoiseSource;
use accord_measure::plan::{Extras, Plan};
use accord_measure::tally::Tally;
use accord_record::model::{Age, AgePrecision, Cell, Record};
use accord_standard::codebook::Codebook;
use accord_standard::value::Code;
use accord_standard::workload;
use proptest::prelude::*;

/// No noise at all: only here, to see exact counts.
pub struct NoNoise;

impl NoiseSource for NoNoise {
    fn draw(&mut self, _sigma_milli: u64) -> i64 {
        0
    }
}

/// A record with these codes, by permanent number; numbers that don't exist are left as they are, as hostile input would.
pub fn record(sex: Option<u16>, age: Option<(u8, u8)>, purposes: Vec<u16>, techuses: Vec<u16>) -> Record {
    let book = Codebook::embedded();
    let field = |path: &str| book.field(path).unwrap();
    let mut cells = Vec::new();
    if let Some(sex) = sex {
        cells.push((field("sex_registered"), Cell::Code(Code(sex))));
    }
    if let Some((a, b)) = age {
        let age = Age { low: a.min(b), high: a.max(b), precision: AgePrecision::Range };
        cells.push((field("age_at_identification"), Cell::Age(age)));
    }
    let mut codes: Vec<Code> = purposes.into_iter().map(Code).collect();
    codes.sort_unstable();
    codes.dedup();
    cells.push((field("purpose"), Cell::Codes(codes)));
    cells.sort_by_key(|(f, _)| *f);
    let techuse = field("event.techuse");
    Record {
        cells,
        events: techuses.into_iter().map(|t| vec![(techuse, Cell::Code(Code(t)))]).collect(),
        ..Record::default()
    }
}

pub fn arbitrary_record() -> impl Strategy<Value = Record> {
    (
        prop::option::of(0_u16..6),
        prop::option::of((0_u8..90, 0_u8..90)),
        prop::collection::vec(0_u16..16, 0..4),
        prop::collection::vec(0_u16..36, 0..40),
    )
        .prop_map(|(sex, age, purposes, techuses)| record(sex, age, purposes, techuses))
}

fn counts(records: &[Record]) -> Vec<Vec<i64>> {
    let plan = Plan::new(workload::embedded("default").unwrap(), 1.0, 1e-6, 1, Extras::default()).unwrap();
    let mut tally = Tally::new(&plan.workload, Codebook::embedded()).unwrap();
    for record in records {
        tally.add(record);
    }
    let counts = tally.finish();
    plan.steps.iter().map(|s| measure_with(&counts, s, "test", &mut NoNoise).unwrap().values).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Adding one person, whatever her record, changes at most c cells of a table, each by exactly one; so the squared L2
    /// distance is within the sensitivity that the plan charges.
    #[test]
    fn privacy_01_one_person_changes_a_table_by_no_more_than_is_charged(
        world in prop::collection::vec(arbitrary_record(), 0..20), person in arbitrary_record(),
    ) {
        let plan = Plan::new(workload::embedded("default").unwrap(), 1.0, 1e-6, 1, Extras::default()).unwrap();
        let without = counts(&world);
        let with = counts(&[world, vec![person]].concat());
        for ((step, a), b) in plan.steps.iter().zip(&without).zip(&with) {
            let distance: i64 = a.iter().zip(b).map(|(x, y)| (y - x) * (y - x)).sum();
            prop_assert!(distance >= 1, "every person stands in every table");
            prop_assert!(distance as u64 <= step.sensitivity_squared, "{}: {distance}", step.table);
        }
    }

    /// What a person adds depends on her record alone, not on who else is there.
    #[test]
    fn privacy_01_what_one_person_adds_depends_on_her_record_alone(
        world in prop::collection::vec(arbitrary_record(), 0..20), person in arbitrary_record(),
    ) {
        let alone = counts(std::slice::from_ref(&person));
        let without = counts(&world);
        let with = counts(&[world, vec![person]].concat());
        for ((a, b), own) in without.iter().zip(&with).zip(&alone) {
            let added: Vec<i64> = a.iter().zip(b).map(|(x, y)| y - x).collect();
            prop_assert_eq!(&added, own);
        }
    }

    /// With m rows a person the squared distance is within m² c, and rows beyond m change nothing.
    #[test]
    fn privacy_01_rows_beyond_the_bound_change_nothing(
        rows in prop::collection::vec(arbitrary_record(), 1..8), most in 1_u32..4,
    ) {
        let plan = Plan::new(workload::embedded("default").unwrap(), 1.0, 1e-6, most, Extras::default()).unwrap();
        let tally_of = |rows: &[Record]| {
            let mut tally =
                Tally::new(&plan.workload, Codebook::embedded()).unwrap().with_rows_per_person(most);
            for row in rows {
                tally.add_row_of("INV-1", row);
            }
            let counts = tally.finish();
            plan.steps.iter().map(|s| measure_with(&counts, s, "t", &mut NoNoise).unwrap().values).collect::<Vec<_>>()
        };
        let all = tally_of(&rows);
        for (step, values) in plan.steps.iter().zip(&all) {
            let distance: i64 = values.iter().map(|v| v * v).sum();
            prop_assert!(distance as u64 <= step.sensitivity_squared);
        }
        let kept = &rows[..rows.len().min(most as usize)];
        prop_assert_eq!(all, tally_of(kept));
    }
}

/// A workload of everyone by sex and age, and of girls and boys of 10 to 17 by sex and exploitation.
fn among_children() -> workload::Workload {
    let text = "id = 'w'\nversion = '1'\ntitle = 'T'\npopulation = 'P'\ndefinition = 'D'\ncaveats = ['C']\n\
        [[table]]\nid = 'all'\ntitle = 'A'\ndimensions = ['sex', 'age_band']\nshare = 500\n\
        [[table]]\nid = 'some'\ntitle = 'B'\ndimensions = ['sex', 'exploitation']\nshare = 500\n\
        among = { dimension = 'age_band', categories = ['a10_14', 'a15_17'], label = 'adolescents under 18' }\n";
    workload::Workload::parse(text, accord_standard::dimension::embedded()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A table that counts some people counts each of them as it would if it counted all, and nobody else; so one person
    /// still changes it by no more than is charged.
    #[test]
    fn privacy_01_a_table_of_some_people_leaves_the_others_out(world in prop::collection::vec(arbitrary_record(), 0..20)) {
        let mut everyone = among_children();
        everyone.tables[1].among = None;
        let exact = |workload: workload::Workload, records: &[Record]| {
            let plan = Plan::new(workload, 1.0, 1e-6, 1, Extras::default()).unwrap();
            let mut tally = Tally::new(&plan.workload, Codebook::embedded()).unwrap();
            records.iter().for_each(|r| tally.add(r));
            let counts = tally.finish();
            let steps = plan.steps.iter();
            steps.map(|s| (s.sensitivity_squared, measure_with(&counts, s, "t", &mut NoNoise).unwrap().values)).collect::<Vec<_>>()
        };
        let age = Codebook::embedded().field("age_at_identification").unwrap();
        let inside: Vec<Record> = world.iter().filter(|r| match r.cell(age) {
            Cell::Age(a) => (a.low >= 10 && a.high <= 14) || (a.low >= 15 && a.high <= 17),
            _ => false,
        }).cloned().collect();
        let (some, all) = (exact(among_children(), &world), exact(everyone.clone(), &world));
        prop_assert_eq!(&some[0], &all[0], "the other table counts everyone");
        prop_assert_eq!(&some[1], &exact(everyone, &inside)[1], "and this one the same as if only they were there");
        for record in &world {
            let (charged, own) = &exact(among_children(), std::slice::from_ref(record))[1];
            prop_assert!(own.iter().map(|v| v * v).sum::<i64>() as u64 <= *charged);
        }
    }
}

#[test]
fn privacy_05_the_domain_never_depends_on_data() {
    let shapes = |records: &[Record]| counts(records).iter().map(Vec::len).collect::<Vec<_>>();
    let strange = record(Some(9999), Some((0, 255)), vec![65_000], vec![65_001]);
    assert_eq!(shapes(&[]), shapes(&[strange]));
}

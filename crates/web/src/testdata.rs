//! An invented release for tests: made from invented noisy numbers by the same functions that make real ones.

use accord_hub::{Flat, Proof, Published, Site};
use accord_release::account::Rho;
use accord_release::bundle::{Bundle, Decision, Organisation, Outcome, PrivacyStatement, Refusal, ReleaseInfo, Unit};
use accord_release::files::{Files, draft_files};
use accord_release::flat::layout::{Layout, Shape};
use accord_release::flat::report::{
    Asked, DomainSource, Draft, FlatReport, REPORT, draft as draft_flat, files as flat_of,
};
use accord_release::flat::{Ask, Measured, ROWS, length_id};
use accord_release::noisy::{Draw, NoisyTable};
use accord_release::privacy::{DeskCost, statement};
use accord_standard::columns::{Column, Columns};
use accord_standard::dimension::{Dimension, Rule};
use accord_standard::study::Study;
use accord_standard::workload::{TableSpec, Workload, embedded};

/// Invented counts: larger for girls and young women, some small, some negative as noise makes them.
fn values(spec: &TableSpec) -> Vec<i64> {
    (0..spec.cells())
        .map(|cell| {
            let at = spec.categories_of(cell);
            let sex = [9, 4, 0, 1].get(at[0]).copied().unwrap_or(0);
            let age = [2, 6, 60, 150, 110, 130, 90, 80, 30, 10, 3, 45].get(at[1]).copied().unwrap_or(0);
            let third = at.get(2).map_or(10, |t| [3, 2, 4, 2, 1, 1, 2, 5].get(*t).copied().unwrap_or(1));
            let jitter = (cell as i64 * 7919) % 13 - 6;
            sex * age * third / 10 + jitter
        })
        .collect()
}

fn measured(workload: &Workload) -> Vec<NoisyTable> {
    let table = |spec: &TableSpec| {
        let cells = u64::from(spec.most_cells_per_person());
        // sigma² = sensitivity² / (2 rho), with rho = 1/60.
        let sigma_milli = (1000.0 * (30.0 * cells as f64).sqrt()).ceil() as u64;
        let entry = format!("invented-{}", spec.id);
        let draw = Draw { sigma_milli, rho: Rho(Rho::UNIT / 60), sensitivity_squared: cells, entry };
        NoisyTable { table: spec.id.clone(), values: values(spec), draws: vec![draw] }
    };
    workload.tables.iter().map(table).collect()
}

/// The invented release `id` as a draft.
pub fn bundle(id: &str) -> Bundle {
    let workload = embedded("default").unwrap();
    let measured = measured(&workload);
    let cost = Rho(Rho::UNIT / 20);
    let desks = [DeskCost { this: cost, cumulative: cost }];
    let privacy: PrivacyStatement = statement(&workload, &measured, &desks, 1e-6, None);
    let info = ReleaseInfo {
        id: id.to_owned(),
        title: "An invented release for tests".to_owned(),
        slot: "2026-1".to_owned(),
        organisations: vec![
            Organisation { name: "Hotline of Nowhere".to_owned(), kind: "hotline".to_owned() },
            Organisation { name: "Shelter of Nowhere".to_owned(), kind: "ngo".to_owned() },
        ],
        unit: Unit::Records,
        population: workload.population.clone(),
        period: "2019–2025".to_owned(),
        invented: true,
        codebook: "1".to_owned(),
        software: "test".to_owned(),
        accounts: Vec::new(),
        assumptions: vec!["Each row is one person, as declared.".to_owned()],
    };
    let mut bundle = accord_release::publish::publish(info, workload, privacy, measured).unwrap();
    bundle.refusals = vec![Refusal {
        what: "A table of the smallest shelter alone".to_owned(),
        why: "Its noise would say more than its numbers.".to_owned(),
    }];
    bundle
}

/// A decision by an invented council.
pub fn decision(outcome: Outcome) -> Decision {
    Decision {
        outcome,
        council: "Invented council".to_owned(),
        note: "Say “detected” whenever you use these numbers.".to_owned(),
        date: "2026-11-20".to_owned(),
        draft: "0".repeat(64),
        quorum: [2, 3],
    }
}

/// Files of a draft.
pub fn files(bundle: &Bundle) -> Files {
    draft_files(bundle, None, None).unwrap()
}

/// A site with one published and invented release, `demo-2026-1`.
pub fn published_site() -> Site {
    let mut bundle = bundle("demo-2026-1");
    let files = files(&bundle);
    bundle.decision = Some(decision(Outcome::Approve));
    let mut site = Site::new();
    site.add(Published::new(bundle, files, Proof::Checked).unwrap()).unwrap();
    site
}

/// A site with one draft.
pub fn draft_site() -> Site {
    let bundle = bundle("demo-2026-1");
    let files = files(&bundle);
    let mut site = Site::new();
    site.add(Published::new(bundle, files, Proof::NotChecked).unwrap()).unwrap();
    site
}

/// The studies that come with the program, as far as they are there.
pub fn study_ids() -> Vec<&'static str> {
    accord_standard::study::ids().collect()
}

/// Invented counts of a study's table: every table is the same people cut otherwise, because a cell is a product of shares
/// that its categories have everywhere.
fn study_values(spec: &TableSpec) -> Vec<i64> {
    let share = |dimension: &Dimension, at: usize| -> f64 {
        let weight = |at: usize| match (dimension.id.as_str(), dimension.categories[at].id.as_str()) {
            ("sex" | "gender", "female") => 70.0,
            ("sex" | "gender", "male") => 20.0,
            ("sex" | "gender", "other") => 0.3,
            (_, "unknown") => 12.0,
            (id, category) => {
                // A number from the name: the same category has the same share in every table.
                let sum = id.bytes().chain(category.bytes()).fold(7_u64, |n, b| (n * 131 + u64::from(b)) % 10_007);
                2.0 + (sum % 40) as f64
            }
        };
        let all: f64 = (0..dimension.size()).map(weight).sum();
        weight(at) / all
    };
    let people = if spec.among.is_some() { 8_000.0 } else { 40_000.0 };
    (0..spec.cells())
        .map(|cell| {
            let at = spec.categories_of(cell);
            let of: Vec<_> = spec.dimensions.iter().zip(&at).map(|(d, c)| &d.categories[*c]).collect();
            let ages: Vec<_> = of.iter().zip(&spec.dimensions).filter(|(_, d)| d.rule == Rule::AgeBand).collect();
            // Nobody is identified before it began.
            let early = matches!(ages[..], [began, seen] if began.0.low > seen.0.high.or(Some(u16::MAX)));
            let share: f64 = spec.dimensions.iter().zip(&at).map(|(d, c)| share(d, *c)).product();
            let jitter = (cell as i64 * 7919) % 13 - 6;
            if early { jitter / 2 } else { (people * share).round() as i64 + jitter }
        })
        .collect()
}

/// An invented release of a study as a draft: made by the same functions that make real ones.
pub fn study_bundle(study: &str, id: &str) -> Bundle {
    study_bundle_of(accord_standard::study::embedded(study).unwrap(), id)
}

/// The same of any study.
pub fn study_bundle_of(study: Study, id: &str) -> Bundle {
    let table = |spec: &TableSpec| {
        let cells = u64::from(spec.most_cells_per_person());
        let sigma_milli = (1000.0 * (30.0 * cells as f64).sqrt()).ceil() as u64;
        let entry = format!("invented-{}", spec.id);
        let draw = Draw { sigma_milli, rho: Rho(Rho::UNIT / 60), sensitivity_squared: cells, entry };
        NoisyTable { table: spec.id.clone(), values: study_values(spec), draws: vec![draw] }
    };
    let measured: Vec<NoisyTable> = study.workload.tables.iter().map(table).collect();
    let cost = Rho(measured.iter().flat_map(|t| &t.draws).map(|d| d.rho.0).sum());
    let desks = [DeskCost { this: cost, cumulative: cost }];
    let privacy = statement(&study.workload, &measured, &desks, 1e-6, None);
    let info = ReleaseInfo {
        title: format!("{} (invented)", study.title),
        population: study.workload.population.clone(),
        ..bundle(id).info
    };
    let series = accord_release::study::series(&info, &study, &measured).unwrap();
    let mut bundle = accord_release::publish::publish(info, study.workload.clone(), privacy, measured).unwrap();
    (bundle.study, bundle.series) = (Some(study), series);
    bundle
}

/// A site with the newest release of tables and one of each study, all published.
pub fn study_site() -> Site {
    let mut site = published_site();
    for study in study_ids() {
        let mut bundle = study_bundle(study, &format!("demo-{study}-2026-2"));
        let files = files(&bundle);
        bundle.decision = Some(decision(Outcome::Approve));
        site.add(Published::new(bundle, files, Proof::Checked).unwrap()).unwrap();
    }
    site
}

/// Files of a flat draft of invented people.
pub fn flat_files(id: &str) -> Files {
    let column = |name: &str, values: &[&str]| {
        Column::new(name, values.iter().map(|v| (*v).to_owned()).collect::<Vec<String>>())
    };
    let columns = Columns {
        columns: vec![
            column("sex", &["Male", "Female"]),
            column("age_band", &["10-14", "15-17", "18-19", "20+"]),
            column("platform", &["=a", "b", "c"]),
        ],
    };
    let shape = Shape { longest: 2, most_filled: None };
    let layout = Layout::new(&columns, shape).unwrap();
    let table = |id: String, values: Vec<i64>, most: u64| {
        // sigma² = sensitivity² / (2 rho), with sigma = 3.
        let rho = Rho((u128::from(most) * u128::from(Rho::UNIT)).div_ceil(18) as u64);
        let draw = Draw { sigma_milli: 3000, rho, sensitivity_squared: most, entry: id.clone() };
        NoisyTable { table: id, values, draws: vec![draw] }
    };
    let mut tables = vec![table(ROWS.to_owned(), vec![600], 1)];
    for k in 1..=layout.lengths() {
        let values = (0..layout.cells(k) as i64).map(|cell| cell * 37 % 150 + 20).collect();
        tables.push(table(length_id(k), values, layout.most_cells(k).max(1)));
    }
    let measured = Measured { columns, shape, rows_per_person: 1, tables, choice: None };
    let spent = Rho(measured.tables.iter().flat_map(|t| &t.draws).map(|d| d.rho.0).sum());
    let plan = Draft {
        info: ReleaseInfo {
            id: id.to_owned(),
            title: "An invented <flat> table for tests".to_owned(),
            unit: Unit::People,
            population: "rows of the file".to_owned(),
            ..bundle(id).info
        },
        domain: DomainSource::InferredAsPublic,
        delta: 1e-6,
        cost: DeskCost { this: spent, cumulative: spent },
        asked: Asked { reporting_length: 2, rows: None, ask: Ask { dial: 2.0, weights: Vec::new() } },
        previous: None,
    };
    let drafted = draft_flat(&measured, &plan, &mut |_| {}).unwrap();
    flat_of(&measured, &drafted, Files::new()).unwrap()
}

/// A flat release with or without a decision.
pub fn flat(id: &str, outcome: Option<Outcome>, proof: Proof) -> Result<Flat, accord_hub::SiteError> {
    let mut files = flat_files(id);
    if let Some(outcome) = outcome {
        let report: FlatReport = accord_release::files::parse(&files, REPORT).unwrap();
        files.insert(REPORT.to_owned(), serde_json::to_vec(&report.decided(&decision(outcome))).unwrap());
    }
    Flat::new(files, proof)
}

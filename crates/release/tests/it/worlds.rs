//! Invented worlds: a small workload, exact counts known to the test only, and noise drawn by a seeded generator.

use accord_release::account::Rho;
use accord_release::bundle::{Bundle, Organisation, ReleaseInfo, Unit};
use accord_release::noisy::{Draw, NoisyTable};
use accord_release::privacy::{DeskCost, statement};
use accord_release::publish::publish;
use accord_standard::dimension::{Category, Dimension, Rule};
use accord_standard::workload::{HeadlineSpec, TableSpec, Workload};

pub fn category(id: &str) -> Category {
    Category { id: id.into(), label: id.into(), ..Category::default() }
}

pub fn dimension(id: &str, rule: Rule, categories: &[&str]) -> Dimension {
    Dimension {
        id: id.into(),
        label: id.into(),
        definition: String::new(),
        field: if id == "sex" { "sex_registered".into() } else { id.into() },
        rule,
        categories: categories.iter().map(|c| category(c)).collect(),
        ..Dimension::default()
    }
}

/// sex × age, × form (refines), × role (several a person).
pub fn workload() -> Workload {
    let sex = dimension("sex", Rule::FirstMatch, &["female", "male", "unknown"]);
    let age = dimension("age", Rule::AgeBand, &["a10_14", "a15_17", "a18_19", "a20", "unknown"]);
    let form = dimension("form", Rule::FirstMatch, &["sexual", "labour", "unknown"]);
    let role = dimension("role", Rule::AllMatches, &["recruit", "control", "none", "unknown"]);
    let table = |id: &str, dimensions: Vec<Dimension>, share, refines: Option<&str>| TableSpec {
        id: id.into(),
        title: id.into(),
        dimensions,
        share,
        refines: refines.map(Into::into),
        among: None,
    };
    Workload {
        id: "test".into(),
        version: "1".into(),
        title: "Test".into(),
        population: "invented people".into(),
        definition: "Detected, not all who exist.".into(),
        caveats: vec!["Detected, not all who exist.".into()],
        tables: vec![
            table("m1", vec![sex.clone(), age.clone()], 400, None),
            table("m2", vec![sex.clone(), age.clone(), form], 300, Some("m1")),
            table("m3", vec![sex, age, role], 300, None),
        ],
        headlines: vec![
            HeadlineSpec {
                id: "all".into(),
                label: "all".into(),
                table: "m1".into(),
                select: std::collections::BTreeMap::new(),
            },
            HeadlineSpec {
                id: "girls-10-17".into(),
                label: "girls aged 10 to 17".into(),
                table: "m1".into(),
                select: [
                    ("sex".to_owned(), vec!["female".to_owned()]),
                    ("age".to_owned(), vec!["a10_14".to_owned(), "a15_17".to_owned()]),
                ]
                .into(),
            },
        ],
    }
}

pub fn noisy(table: &str, values: Vec<i64>, sigma_milli: u64, entry: &str) -> NoisyTable {
    NoisyTable {
        table: table.into(),
        values,
        draws: vec![Draw { sigma_milli, rho: Rho(Rho::UNIT / 200), sensitivity_squared: 1, entry: entry.into() }],
    }
}

pub fn info() -> ReleaseInfo {
    ReleaseInfo {
        id: "invented-2026-1".into(),
        title: "An invented release".into(),
        slot: "2026-1".into(),
        organisations: vec![Organisation { name: "=cmd|' /C calc'!A0".into(), kind: "ngo".into() }],
        unit: Unit::People,
        population: "invented people".into(),
        period: "2020 to 2025".into(),
        invented: true,
        codebook: "0.1.0".into(),
        software: "test".into(),
        assumptions: vec!["Invented.".into()],
        accounts: vec![],
    }
}

/// A draft from noisy values with sigma 3 everywhere.
pub fn draft(values: [Vec<i64>; 3]) -> Bundle {
    let workload = workload();
    let [m1, m2, m3] = values;
    let mut measured =
        vec![noisy("m1", m1, 10_000, "e1"), noisy("m2", m2, 10_000, "e2"), noisy("m3", m3, 15_000, "e3")];
    measured[2].draws[0].sensitivity_squared = 2;
    let cost = Rho(3 * Rho::UNIT / 200);
    let privacy = statement(&workload, &measured, &[DeskCost { this: cost, cumulative: cost }], 1e-6, None);
    publish(info(), workload, privacy, measured).unwrap()
}

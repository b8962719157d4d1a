//! Studies over invented worlds with known truth (PRIVACY 13): whether the interval of every published figure holds the figure
//! that the exact tables give, by kind of figure; and whether bounds for missing answers hold what is true of the people.
//! `ACCORD_LONG=1` runs 200 worlds.

#![allow(clippy::print_stdout, reason = "the coverage that was found is worth reading")]

pub mod world;

use crate::audit_noise::Seeded;
use crate::bounds::NoNoise;
use accord_release::study::{Series, series};
use accord_standard::figure::{FigureValue, Measure};
use accord_standard::study::{self, Estimator, FigureSpec, Study};
use accord_testnoise::seeded;
use std::collections::{BTreeMap, BTreeSet};
use world::{Categories, Lack, TIMES, counted, drawn, exactly, info, plan, world};

/// Intervals of one kind of figure.
#[derive(Clone, Copy, Default)]
struct Hits {
    held: u64,
    all: u64,
    /// Series that they stand in: the noise of one touches all of its points.
    series: u64,
    refused: u64,
    /// Given, where the exact table says nothing.
    beside: u64,
}

impl Hits {
    fn share(&self) -> f64 {
        self.held as f64 / self.all.max(1) as f64
    }

    /// Three standard errors below 95 %, as if all points of a series held or missed together.
    fn floor(&self) -> f64 {
        0.95 - 3.0 * (0.95 * 0.05 / self.series.max(1) as f64).sqrt()
    }
}

/// The kind of a point: what its estimator is, and which of its views.
fn kind(spec: &FigureSpec, key: &str) -> &'static str {
    match (&spec.estimate, key) {
        (Estimator::Count { .. }, _) => "count",
        (Estimator::Share { .. }, "bounds") => "share, bounds for the unknown",
        (Estimator::Share { out_of: Some(_), .. }, _) => "share recorded, out of another table",
        (Estimator::Share { .. }, _) => "share, among the known",
        (Estimator::Ratio { .. }, "bounds") => "ratio, bounds for the unknown",
        (Estimator::Ratio { .. }, _) => "ratio, among the known",
        (Estimator::Trend { .. }, key) if key.contains("_less_") => "trend, change from year to year",
        (Estimator::Trend { .. }, _) => "trend, count of a year",
        (Estimator::Crossing { .. }, "bounds") => "crossing, bounds for the unknown",
        (Estimator::Crossing { .. }, _) => "crossing, among the known",
        (Estimator::Delay { .. }, "left_out") => "delay, left out",
        (Estimator::Delay { corrected: false, .. }, "median") => "delay as seen, median",
        (Estimator::Delay { corrected: false, .. }, _) => "delay as seen, share within years",
        (Estimator::Delay { .. }, "median") => "delay corrected, median",
        (Estimator::Delay { .. }, _) => "delay corrected, share within years",
        (Estimator::States { .. }, _) => "states by age",
        (Estimator::Jump { .. }, "ratio") => "jump, ratio of rates",
        (Estimator::Jump { .. }, _) => "jump, rates",
        (Estimator::Transitions { .. }, _) => "transitions",
        (Estimator::Incidence { .. }, "unknown") => "incidence, follow-up not known",
        (Estimator::Incidence { .. }, key) if key.ends_with("_bounds") => "incidence, bounds for the unknown",
        (Estimator::Incidence { .. }, _) => "incidence, among the known",
    }
}

/// The interval that is published, if one is.
fn published(value: &FigureValue) -> Option<(f64, f64)> {
    match value {
        FigureValue::Count { low, high, .. } | FigureValue::Range { low, high } => Some((*low as f64, *high as f64)),
        FigureValue::Symbol { range, .. } => range.map(|[low, high]| (low as f64, high as f64)),
        FigureValue::Estimate { low, high, .. } => Some((*low, *high)),
        FigureValue::Refused { .. } => None,
    }
}

/// What the exact table says: one number as far as it is rounded, or a range where ages stand in bands or answers are missing.
fn exact(value: &FigureValue) -> Option<(f64, f64)> {
    let (low, high) = published(value)?;
    if let FigureValue::Estimate { measure, .. } = value
        && *measure != Measure::People
    {
        return Some((low, high));
    }
    let count = (f64::midpoint(low, high) / TIMES as f64).round();
    Some((count, count))
}

/// A series with its figure, and its points by key.
type Pointed<'a> = (&'a FigureSpec, &'a Series, Vec<(&'a str, &'a FigureValue)>);

/// Every point of all series with its figure.
fn points<'a>(study: &'a Study, all: &'a [Series]) -> Vec<Pointed<'a>> {
    all.iter()
        .map(|s| {
            let points = s.points.iter().map(|p| (p.key.as_str(), &p.figure.value)).collect();
            (study.figure(&s.figure).unwrap(), s, points)
        })
        .collect()
}

fn is_girls(group: Option<&str>) -> bool {
    group.is_some_and(|g| g.contains("girls") || g.contains("young-women") || g == "female")
}

/// Compares what is published with what the exact tables give.
fn compare(study: &Study, given: &[Series], target: &[Series], found: &mut BTreeMap<String, Hits>) {
    for ((spec, one, given), (_, _, target)) in points(study, given).into_iter().zip(points(study, target)) {
        let target: BTreeMap<&str, &FigureValue> = target.into_iter().collect();
        let mut touched = BTreeSet::new();
        for (key, value) in given {
            let mut names = vec![kind(spec, key).to_owned()];
            if is_girls(one.group.as_deref()) {
                names.push(format!("girls and women: {}", names[0]));
            }
            for name in names {
                let hits = found.entry(name.clone()).or_default();
                hits.series += u64::from(touched.insert(name.clone()));
                match (published(value), target.get(key).and_then(|t| exact(t))) {
                    (None, _) => hits.refused += 1,
                    (Some(_), None) => hits.beside += 1,
                    (Some((low, high)), Some((from, to))) => {
                        hits.all += 1;
                        let held = low <= from && to <= high;
                        hits.held += u64::from(held);
                        if !held && std::env::var("ACCORD_MISSES").is_ok_and(|k| name.contains(&k)) {
                            println!("miss {name} {} {:?} {key}: {value:?} {:?}", spec.id, one.group, target[key]);
                        }
                    }
                }
            }
        }
    }
}

/// Dimensions that read the absence of an event: where a person's events say too little to be recognised, "only one of them" or
/// "not while followed" is read where nothing is known. Bounds made of them hold what the records say, and no more.
const READS_ABSENCE: [&str; 2] = ["contact_order", "first_harm"];

/// Whether a figure has bounds that say they hold whatever is missing.
fn has_bounds(spec: &FigureSpec) -> bool {
    matches!(
        spec.estimate,
        Estimator::Share { .. } | Estimator::Ratio { .. } | Estimator::Crossing { .. } | Estimator::Incidence { .. }
    )
}

/// Figures of the truth about the same people: a figure at a time, because whom it counts is what records say.
fn truths(study: &Study, categories: &Categories) -> Vec<Series> {
    let group = |id: &String| study.group(id).unwrap().select.keys().cloned();
    let mut made: BTreeMap<BTreeSet<String>, Vec<accord_release::noisy::NoisyTable>> = BTreeMap::new();
    let mut all = Vec::new();
    for spec in study.figures.iter().filter(|s| has_bounds(s)) {
        let mut as_held: BTreeSet<String> = spec.groups.iter().flat_map(group).collect();
        if let Estimator::Ratio { against, .. } = &spec.estimate {
            as_held.extend(group(against));
        }
        let tables = made.entry(as_held.clone()).or_insert_with(|| {
            study.workload.tables.iter().map(|t| exactly(t, &categories.truth(t, &as_held))).collect()
        });
        let mut only = study.clone();
        only.figures = vec![spec.clone()];
        all.extend(series(&info(), &only, tables).unwrap());
    }
    all
}

fn print(title: &str, found: &BTreeMap<String, Hits>) {
    println!("{title}");
    for (name, hits) in found {
        println!(
            "| {name} | {:.4} | {} | {} | {} | {} |",
            hits.share(),
            hits.all,
            hits.series,
            hits.refused,
            hits.beside
        );
    }
}

#[test]
fn privacy_13_intervals_of_studies_hold_what_exact_tables_give_and_bounds_hold_the_truth() {
    let worlds = if std::env::var_os("ACCORD_LONG").is_some() { 200 } else { 20 };
    let studies: Vec<Study> = study::ids().filter_map(study::embedded).collect();
    assert!(studies.len() >= 4);
    let mut noise: BTreeMap<String, Hits> = BTreeMap::new();
    let mut truth: BTreeMap<Lack, BTreeMap<String, Hits>> = BTreeMap::new();
    let mut wrong: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut unheld: Vec<String> = Vec::new();
    for at in 0..worlds {
        let size = [300, 3_000, 30_000][at as usize % 3];
        let epsilon = [0.5, 1.0, 4.0][(at as usize / 3) % 3];
        let lack = [Lack::Blanks, Lack::AsWritten, Lack::Blanks, Lack::BlankKinds][at as usize % 4];
        let people = world(lack, 4_000 + at, size, &mut seeded(5_000 + at));
        for study in &studies {
            let plan = plan(study, epsilon);
            let counts = counted(study, people.iter().map(|p| &p.held));
            let tables: Vec<_> = drawn(&plan, &counts, &mut NoNoise)
                .iter()
                .map(|t| exactly(plan.workload.table(&t.table).unwrap(), &t.values))
                .collect();
            let target = series(&info(), study, &tables).unwrap();
            let noisy = drawn(&plan, &counts, &mut Seeded::new(6_000 + at));
            let given = series(&info(), study, &noisy).unwrap();
            compare(study, &given, &target, &mut noise);

            let categories = Categories::of(study, &people);
            let of = truth.entry(lack).or_default();
            let is = truths(study, &categories);
            let bounded = |all: &[Series]| -> Vec<Series> {
                all.iter().filter(|s| has_bounds(study.figure(&s.figure).unwrap())).cloned().collect()
            };
            compare(study, &bounded(&given), &is, of);
            for (dimension, n) in categories.wrong() {
                if lack == Lack::Blanks && n > 0 && !READS_ABSENCE.contains(&dimension) {
                    unheld.push(format!("{}: {dimension} is wrong of {n} people", study.id));
                }
                let sum = wrong.entry(format!("{lack:?}, {}: {dimension}", study.id)).or_default();
                *sum = (sum.0 + n, sum.1 + people.len());
            }
            // Without noise, bounds hold the truth in every case in which what is missing is said to be missing.
            if lack == Lack::Blanks {
                for ((spec, one, held), (_, _, is)) in
                    points(study, &bounded(&target)).into_iter().zip(points(study, &is))
                {
                    let of = study.workload.table(&spec.table).unwrap();
                    // Of people who were not followed to the end the truth is an estimate too.
                    if matches!(spec.estimate, Estimator::Incidence { .. })
                        || of.dimensions.iter().any(|d| READS_ABSENCE.contains(&d.id.as_str()))
                    {
                        continue;
                    }
                    let is: BTreeMap<&str, &FigureValue> = is.into_iter().collect();
                    for (key, value) in held.iter().filter(|(key, _)| key.ends_with("bounds")) {
                        let (Some((low, high)), Some((from, to))) =
                            (published(value), is.get(key).and_then(|v| published(v)))
                        else {
                            continue;
                        };
                        if from + 0.1 < low || high + 0.1 < to {
                            unheld.push(format!(
                                "{} {:?} {key}: {low} to {high} does not hold {from} to {to}",
                                spec.id, one.group
                            ));
                        }
                    }
                }
            }
        }
    }
    print(
        "| kind of figure | holds the exact figure | intervals | series | refused | given beside an exact refusal |",
        &noise,
    );
    for (lack, found) in &truth {
        let bounds = found.iter().filter(|(name, _)| name.contains("bounds")).map(|(n, h)| (n.clone(), *h)).collect();
        print(&format!("{lack:?}: | bounds | hold the truth | intervals | series | refused | beside |"), &bounds);
    }
    println!("Held and wrong, of people:");
    for (dimension, (n, of)) in wrong.iter().filter(|(_, (n, _))| *n > 0) {
        println!("| {dimension} | {:.4} |", *n as f64 / *of as f64);
    }
    assert!(unheld.is_empty(), "without noise, of {} bounds: {:#?}", unheld.len(), &unheld[..unheld.len().min(20)]);
    for (name, hits) in noise.iter().chain(truth[&Lack::Blanks].iter().filter(|(name, _)| name.contains("bounds"))) {
        assert!(
            hits.all < 20 || hits.share() >= hits.floor(),
            "{name}: {:.4} of {} intervals in {} series",
            hits.share(),
            hits.all,
            hits.series
        );
    }
}

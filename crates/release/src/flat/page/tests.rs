use crate::account::Rho;
use crate::bundle::{Organisation, ReleaseInfo, Unit};
use crate::files::Files;
use crate::flat::again::follows;
use crate::flat::layout::Shape;
use crate::flat::report::{Asked, DomainSource, Draft, FlatReport, REPORT, draft, files};
use crate::flat::rows::Rows;
use crate::flat::{Ask, Measured, ROWS, length_id, tests::codes};
use crate::noisy::{Draw, NoisyTable};
use crate::privacy::DeskCost;
use accord_standard::columns::{Column, Columns};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeSet;

fn table(columns: &[(&str, &[&str])]) -> Columns {
    let column =
        |(name, values): &(&str, &[&str])| Column::new(*name, values.iter().map(|v| (*v).to_owned()).collect());
    Columns { columns: columns.iter().map(column).collect() }
}

/// Invented rows of these columns, measured; every measurement bears its cost.
fn measured(columns: &Columns, len: usize, longest: u8) -> Measured {
    let sizes: Vec<usize> = columns.columns.iter().map(|c| c.values.len()).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let rows: Rows = codes(&sizes, len, &mut rng);
    let shape = Shape { longest, most_filled: None };
    let layout = crate::flat::layout::Layout::new(columns, shape).unwrap();
    let sigma = 3000_u128;
    let mut noise = || rng.random_range(-5_i64..=5);
    let mut table = |id: String, exact: Vec<u32>, most: u64| {
        let rho = (u128::from(most) * 1_000_000 * u128::from(Rho::UNIT)).div_ceil(2 * sigma * sigma);
        NoisyTable {
            values: exact.into_iter().map(|n| i64::from(n) + noise()).collect(),
            draws: vec![Draw { sigma_milli: 3000, rho: Rho(rho as u64), sensitivity_squared: most, entry: id.clone() }],
            table: id,
        }
    };
    let mut tables = vec![table(ROWS.to_owned(), vec![rows.len as u32], 1)];
    for k in 1..=layout.lengths() {
        tables.push(table(length_id(k), rows.count(&layout, k), layout.most_cells(k).max(1)));
    }
    Measured { columns: columns.clone(), shape, rows_per_person: 1, tables, choice: None }
}

/// An invented measurement, and what fixes its draft.
pub(in crate::flat) fn made(columns: &Columns, title: &str, invented: bool) -> (Measured, Draft) {
    let measured = measured(columns, 400, 3);
    let spent = Rho(measured.tables.iter().flat_map(|t| &t.draws).map(|d| d.rho.0).sum());
    let plan = Draft {
        info: ReleaseInfo {
            id: "draft-2026-1".into(),
            title: title.into(),
            slot: "2026-1".into(),
            organisations: vec![Organisation { name: title.into(), kind: "other".into() }],
            unit: Unit::People,
            population: "rows of the file".into(),
            period: "2019 to 2025".into(),
            invented,
            codebook: "1".into(),
            software: "accord 0.1.0".into(),
            assumptions: vec!["Every row is another person <b>.".into()],
            accounts: vec![],
        },
        domain: DomainSource::Declared,
        delta: 1e-6,
        cost: DeskCost { this: spent, cumulative: Rho(2 * spent.0) },
        asked: Asked { reporting_length: 2, rows: Some(500), ask: Ask { dial: 1.5, weights: vec![] } },
        previous: None,
    };
    (measured, plan)
}

/// The files of that draft.
pub(in crate::flat) fn of(columns: &Columns, title: &str, invented: bool) -> Files {
    let (measured, plan) = made(columns, title, invented);
    let drafted = draft(&measured, &plan, &mut |_| {}).unwrap();
    files(&measured, &drafted, Files::new()).unwrap()
}

fn page_of(files: &Files) -> String {
    String::from_utf8(files["report.html"].clone()).unwrap()
}

pub(in crate::flat) fn people() -> Columns {
    table(&[
        ("sex", &["Male", "Female"]),
        ("age_band", &["10-14", "15-17", "18-19", "20+"]),
        ("platform", &["a", "b", "c"]),
        ("country", &["X", "Y"]),
    ])
}

/// What stands between a mark and its end, everywhere.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|part| part.split(to).next().unwrap()).collect()
}

fn without(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split(from);
    out.push_str(parts.next().unwrap());
    parts.for_each(|part| out.push_str(part.split_once(to).map_or("", |(_, rest)| rest)));
    out
}

fn numbers(value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Number(n) => {
            into.insert(format!("{:e}", n.as_f64().unwrap()));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|v| numbers(v, into)),
        serde_json::Value::Object(map) => map.values().for_each(|v| numbers(v, into)),
        _ => {}
    }
}

#[test]
fn every_number_of_the_page_is_one_of_the_report_or_of_the_aggregates() {
    let files = of(&people(), "Invented table", false);
    let mut known = BTreeSet::new();
    numbers(&serde_json::from_slice(&files[REPORT]).unwrap(), &mut known);
    numbers(&serde_json::from_slice(&files["aggregates.json"]).unwrap(), &mut known);
    let page = page_of(&files);
    let said = between(&page, "<data value=\"", "</data>");
    assert!(said.len() > 100, "{}", said.len());
    for one in &said {
        let (exact, shown) = one.split_once("\">").unwrap();
        let exact: f64 = exact.parse().unwrap();
        assert!(known.contains(&format!("{exact:e}")), "{one} is in no file");
        let decimals = shown.split_once('.').map_or(0, |(_, d)| d.len());
        let shown: f64 = shown.replace('\u{202f}', "").parse().unwrap();
        // Costs are stored as whole parts of a unit.
        let near = |x: f64| (x - shown).abs() <= 0.5001 * 10_f64.powi(-(decimals as i32));
        assert!(near(exact) || near(100.0 * exact) || near(exact / Rho::UNIT as f64), "{one}");
    }
    // No other number stands in it, but in sentences that come from the report and in the page's own words.
    let rest = without(&without(&without(&page, "<data", "</data>"), "<bdi", "</bdi>"), "<style", "</style>");
    let report: FlatReport = serde_json::from_slice(&files[REPORT]).unwrap();
    let rest = rest.replace(&super::text(&report.privacy.sentence), "");
    let words = without(&rest, "<", ">");
    let left: BTreeSet<&str> = words.split(|c: char| !c.is_ascii_digit()).filter(|w| !w.is_empty()).collect();
    assert_eq!(left, BTreeSet::from(["0", "100", "3"]), "in 100; dial from 0 to 3");
}

#[test]
fn what_a_reader_must_see_is_there() {
    let files = of(&people(), "Invented table", true);
    let report: FlatReport = serde_json::from_slice(&files[REPORT]).unwrap();
    let page = page_of(&files);
    assert!(page.contains("INVENTED DATA.") && page.contains("DRAFT."));
    assert!(!page_of(&of(&people(), "Invented table", false)).contains("INVENTED DATA."));
    assert!(page.contains(&super::text(&report.privacy.sentence)));
    let groups: Vec<&str> = report.quality.groups.iter().map(|g| g.group.as_str()).collect();
    assert_eq!(groups, ["Girls aged 10–14", "Girls aged 15–17", "Young women aged 18–19"]);
    for (words, data) in groups.iter().zip(&report.quality.groups) {
        assert!(page.find(words) < page.find("How far the numbers may be off"), "girls first");
        assert!(page.contains(&format!("<data value=\"{}\">", data.expected_error)));
        assert!(data.low <= data.count && data.count <= data.high && data.combinations > 0);
        assert!(data.typical_low <= data.typical_count && data.typical_count <= data.typical_high);
    }
    for said in report.notes.iter().chain(&report.info.assumptions) {
        assert!(page.contains(&super::text(said)), "{said}");
    }
    for m in &report.privacy.measurements {
        assert!(page.contains(&format!("<data value=\"{}\">", m.rho.0)));
    }
}

#[test]
fn girls_stand_before_the_claim_and_what_it_cost_after_all_figures() {
    let page = page_of(&of(&people(), "Invented table", false));
    let places: Vec<_> = ["id=\"girls\"", "id=\"privacy\"", "id=\"columns\"", "What it was spent on, in order"]
        .iter()
        .map(|mark| page.find(mark).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn on_a_narrow_screen_each_cell_of_a_wide_table_says_what_it_is_and_no_heading_is_empty() {
    let page = page_of(&of(&people(), "Invented table", false));
    let stacked = between(&page, "stack\">", "</table>");
    assert!(stacked.len() >= 3, "girls, lengths and costs: {}", stacked.len());
    for table in stacked {
        let rows = table.split("<tbody>").nth(1).unwrap();
        assert_eq!(rows.matches("<td").count(), rows.matches(" data-label=\"").count());
        assert!(!rows.contains("data-label=\"\""));
    }
    assert!(page.contains(".stack td::before{content:attr(data-label)"));
    assert!(!page.contains("<th scope=\"col\"></th>") && !page.contains("<caption></caption>"));
}

#[test]
fn a_table_that_cannot_tell_girls_says_so() {
    let files = of(&table(&[("c0", &["a", "b"]), ("c1", &["a", "b"]), ("c2", &["x", "y"])]), "t", false);
    let report: FlatReport = serde_json::from_slice(&files[REPORT]).unwrap();
    assert!(report.quality.groups.is_empty());
    assert!(page_of(&files).contains("are known to say sex and age"));
}

#[test]
fn hostile_names_are_text_and_nothing_is_loaded_from_elsewhere() {
    let hostile = table(&[
        ("<script>alert(1)</script>", &["\"><img src=x onerror=alert(1)>", "</style><script>", "&lt;"]),
        ("' onload='x", &["\u{202e}gnp.exe", "</bdi></td>", "<!--"]),
        ("https://example.org/?q=<a href=//x>", &["]]>", "{{7*7}}"]),
    ]);
    let page = page_of(&of(&hostile, "</title><script src=//x></script>", false));
    for bad in ["<script", "<img", "<a ", "<link", "<iframe", "<object", "@import", "url(", "<!--"] {
        assert!(!page.contains(bad), "{bad}");
    }
    // Every tag is one of ours, and no attribute takes an address or a program.
    let ours = "html head meta title style body main footer p h1 h2 h3 section div table caption thead tbody tr th td ul li dl \
                dt dd bdi data span br svg rect line code";
    let ours: BTreeSet<&str> = ours.split_whitespace().collect();
    let body = without(&page, "<style>", "</style>").replacen("<!doctype html>", "", 1);
    for tag in between(&body, "<", ">") {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        let tag = without(tag, " data-label=\"", "\"");
        assert!(ours.contains(name), "{tag}");
        assert!(
            !tag.contains(" on") && !tag.contains("src=") && !tag.contains("href=") && !tag.contains("style="),
            "{tag}"
        );
        assert!(!tag.contains("://"), "{tag}");
    }
    assert_eq!(page.matches("<bdi").count(), page.matches("</bdi>").count());
}

#[test]
fn the_page_follows_from_the_noisy_counts_and_a_changed_one_is_found() {
    let mut files = of(&people(), "Invented table", true);
    assert_eq!(follows(&files), Ok(()));
    let page = page_of(&files).replacen("INVENTED DATA. ", "", 1);
    files.insert("report.html".into(), page.into_bytes());
    assert_eq!(follows(&files), Err("report.html is not what the noisy counts give".to_owned()));
}

#[test]
fn privacy_11_a_draft_without_noise_or_with_more_than_its_domain_has_never_verifies() {
    let honest = of(&people(), "Invented table", true);
    type Forge = fn(&mut Measured);
    let forgeries: [(&str, Forge); 6] = [
        ("not one draw", |m| m.tables.iter_mut().for_each(|t| t.draws.clear())),
        ("has no noise", |m| m.tables[1].draws[0].sigma_milli = 0),
        ("rows a person", |m| m.rows_per_person = 0),
        ("other measurements", |m| m.tables.push(NoisyTable { table: "exact".into(), ..m.tables[0].clone() })),
        ("does not allow", |m| m.tables[1].draws[0].sensitivity_squared = 0),
        ("less noise", |m| m.tables[1].draws[0].sigma_milli = 1),
    ];
    for (why, forge) in forgeries {
        let mut measured: Measured = serde_json::from_slice(&honest["measured.json"]).unwrap();
        forge(&mut measured);
        let mut files = honest.clone();
        files.insert("measured.json".into(), serde_json::to_vec(&measured).unwrap());
        let found = follows(&files).unwrap_err();
        assert!(found.contains(why), "{why}: {found}");
    }
    let mut more = honest.clone();
    more.insert("names.csv".into(), b"x".to_vec());
    assert_eq!(follows(&more), Err("names.csv is no file of a flat release".to_owned()));
    let mut report: FlatReport = serde_json::from_slice(&honest[REPORT]).unwrap();
    report.privacy.delta = -1.0;
    let mut files = honest;
    files.insert(REPORT.into(), serde_json::to_vec(&report).unwrap());
    assert!(follows(&files).unwrap_err().contains("delta"));
}

proptest! {
    #[test]
    fn any_text_stays_text(text in any::<String>()) {
        let out = super::text(&text);
        prop_assert!(!out.contains(['<', '>', '"', '\'', '\0', '\n']));
        let plain = text.chars().all(|c| c.is_alphanumeric() || c == ' ');
        prop_assert!(!plain || out == text);
    }
}

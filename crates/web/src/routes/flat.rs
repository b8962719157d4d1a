//! A flat release: what it shows of the groups that readers ask for first, what it cost, and every file.

use super::home::{Council, council};
use super::releases::{FileRow, facts, files, organisations};
use crate::page::{Page, Visit, render};
use crate::say::{self, Odds};
use crate::text::{capital, clean};
use accord_hub::Flat;
use accord_release::bundle::PrivacyStatement;
use accord_release::flat::groups::GroupQuality;
use accord_release::flat::page::PAGE;
use accord_release::flat::quality::LengthQuality;
use accord_release::flat::report::{DomainSource, FlatPrivacy};
use accord_release::publish::reliability;
use accord_standard::figure::{FigureValue, Reliability, Symbol};
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "flat.html")]
struct One {
    page: Page,
    title: String,
    id: String,
    groups: Vec<Group>,
    groups_notes: Vec<String>,
    lengths: Vec<Length>,
    size: Vec<(String, String)>,
    inferred: bool,
    odds: Odds,
    protected: String,
    privacy: Vec<(String, String)>,
    costs: Vec<Cost>,
    council: Option<Council>,
    organisations: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    assumptions: Vec<String>,
    notes: Vec<String>,
    files: Vec<FileRow>,
    report: Option<String>,
    verify: String,
}

struct Group {
    name: String,
    values: Vec<String>,
    count: String,
    interval: String,
    lean: String,
    off: String,
}

struct Length {
    words: String,
    error: String,
    half: String,
    coverage: String,
    invented: String,
    missing: String,
}

struct Cost {
    measured: String,
    cells: String,
    sigma: String,
    rho: String,
}

/// One flat release.
pub fn one(visit: &Visit, release: &Flat) -> Response {
    let page = visit.page_of("title-release", release);
    let w = page.words();
    let (report, info) = (&release.report, &release.report.info);
    let privacy = &report.privacy;
    let files = files(visit, &page, release);
    let one = One {
        title: clean(&info.title),
        id: info.id.clone(),
        groups: report.quality.groups.iter().map(|g| group(&page, g)).collect(),
        groups_notes: report.quality.groups_notes.iter().map(|n| clean(n)).collect(),
        lengths: report.quality.lengths.iter().map(|l| length(&page, l)).collect(),
        size: size(&page, release),
        inferred: report.domain == DomainSource::InferredAsPublic,
        odds: say::odds(w, &statement(privacy)),
        protected: page.with("flat-protected", &[("n", u64::from(privacy.rows_per_person).into())]),
        privacy: numbers(&page, privacy),
        costs: costs(&page, privacy),
        council: council(&page, report.decision.as_ref()),
        organisations: organisations(w, info),
        facts: facts(&page, info, release.status),
        assumptions: info.assumptions.iter().map(|a| clean(a)).collect(),
        notes: report.notes.iter().map(|n| clean(n)).collect(),
        report: files.iter().find(|f| f.path == PAGE).map(|f| f.href.clone()),
        files,
        verify: format!("accord verify {} --trust ROOT", info.id),
        page,
    };
    render(&one)
}

/// A group as it may be shown (GS-10): a count with its interval, a range alone, or the sign that it is too uncertain.
fn group(page: &Page, group: &GroupQuality) -> Group {
    let w = page.words();
    let (low, high) = (group.low, group.high);
    let lean = reliability(group.count, low, high);
    let value = match lean {
        Reliability::Solid | Reliability::Care => FigureValue::Count { value: group.count, low, high },
        Reliability::RangeOnly => FigureValue::Range { low, high },
        Reliability::NotShown => FigureValue::Symbol { symbol: Symbol::Hidden, range: Some([low, high]) },
    };
    let named = |(column, values): &(String, Vec<String>)| {
        let values: Vec<String> = values.iter().map(|v| clean(v)).collect();
        format!("{}: {}", clean(column), values.join(", "))
    };
    Group {
        name: capital(&clean(&group.group)),
        values: group.values.iter().map(named).collect(),
        count: say::value(w, &value),
        interval: say::interval(w, &value).unwrap_or_default(),
        lean: say::reliability(w, lean),
        off: say::up(group.expected_error, 1),
    }
}

fn length(page: &Page, length: &LengthQuality) -> Length {
    let percent = |share: f64, places: usize| format!("{:.places$} %", share * 100.0);
    Length {
        words: page.with("flat-together", &[("n", (length.length as u64).into())]),
        error: say::up(length.expected_error, 1),
        half: length.half_width.map_or_else(|| page.t("flat-half-none"), |half| page.words().number(half)),
        coverage: percent(length.coverage, 1),
        invented: percent(length.expected_fabricated_mass, 2),
        missing: percent(length.expected_suppressed, 1),
    }
}

fn size(page: &Page, release: &Flat) -> Vec<(String, String)> {
    let report = &release.report;
    let number = |n: u64| page.words().number(n);
    let domain = match report.domain {
        DomainSource::Declared => page.t("flat-domain-declared"),
        DomainSource::InferredAsPublic => page.t("flat-domain-inferred"),
    };
    [
        (page.t("flat-columns"), number(report.quality.columns.len() as u64)),
        (page.t("flat-longest"), number(report.reported() as u64)),
        (page.t("flat-combinations"), number(release.combinations)),
        (page.t("flat-rows"), number(release.rows)),
        (page.t("flat-domain"), domain),
    ]
    .into()
}

/// The same statement as of a release by a workload, so that one place makes sentences of both.
fn statement(p: &FlatPrivacy) -> PrivacyStatement {
    let rho_several_desks =
        accord_release::account::Rho(p.rho_cumulative.0.saturating_mul(u64::from(p.desks_per_person)));
    PrivacyStatement {
        delta: p.delta,
        epsilon: p.epsilon,
        epsilon_cumulative: p.epsilon_cumulative,
        desks_per_person: p.desks_per_person,
        epsilon_several_desks: p.epsilon_several_desks,
        rho: p.rho,
        rho_cumulative: p.rho_cumulative,
        rho_several_desks,
        tables: Vec::new(),
        share_on_legal_basis: None,
    }
}

fn numbers(page: &Page, p: &FlatPrivacy) -> Vec<(String, String)> {
    let desks = p.desks_per_person.to_string();
    [
        (page.t("privacy-epsilon"), say::up(p.epsilon, 3)),
        (page.t("privacy-epsilon-cumulative"), say::up(p.epsilon_cumulative, 3)),
        (page.with("privacy-epsilon-several", &[("desks", (&desks).into())]), say::up(p.epsilon_several_desks, 3)),
        (page.t("privacy-delta"), format!("{:e}", p.delta)),
        (page.t("privacy-rho"), say::up(p.rho.to_f64(), 6)),
        (page.t("privacy-rho-cumulative"), say::up(p.rho_cumulative.to_f64(), 6)),
    ]
    .into()
}

fn costs(page: &Page, privacy: &FlatPrivacy) -> Vec<Cost> {
    let cost = |m: &accord_release::flat::report::Measurement| Cost {
        measured: clean(&m.table),
        cells: page.words().number(m.cells as u64),
        // A choice adds no noise to a count.
        sigma: m.sigma.map_or_else(|| "–".to_owned(), |sigma| say::up(sigma, 2)),
        rho: say::up(m.rho.to_f64(), 6),
    };
    privacy.measurements.iter().map(cost).collect()
}

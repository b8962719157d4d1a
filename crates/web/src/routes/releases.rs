//! Releases: the list, and one with everything that a reader may check about it.

use super::At;
use super::home::{Council, council};
use crate::page::{Page, Visit, draft_key, render};
use crate::say::{self, Odds};
use crate::text::clean;
use crate::view::FigureView;
use crate::view::figure::{Link, exports, release_link};
use crate::words::Words;
use accord_hub::site::HEADLINES;
use accord_hub::{Published, Shown, Status};
use accord_release::bundle::{ReleaseInfo, Unit};
use accord_standard::codebook::Codebook;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "releases.html")]
struct List {
    page: Page,
    releases: Vec<Item>,
}

struct Item {
    link: Link,
    status: String,
    period: String,
    contributors: String,
    invented: bool,
}

/// All releases, newest first.
pub async fn list(visit: Visit) -> Response {
    let page = visit.page("title-releases", "releases");
    let releases = visit.app.site.all().rev().map(|release| {
        let info = release.info();
        Item {
            link: release_link(&page, release),
            status: page.t(draft_key(release.status())),
            period: clean(&info.period),
            contributors: page.with("contributors", &[("n", (info.organisations.len() as u64).into())]),
            invented: info.invented,
        }
    });
    let releases = releases.collect();
    render(&List { page, releases })
}

#[derive(Template)]
#[template(path = "release.html")]
struct One {
    page: Page,
    title: String,
    id: String,
    facts: Vec<(String, String)>,
    headline: Option<FigureView>,
    study: Option<Link>,
    headlines: Option<Link>,
    tables: Vec<Link>,
    organisations: Vec<(String, String)>,
    odds: Odds,
    privacy: Vec<(String, String)>,
    costs: Vec<Cost>,
    council: Option<Council>,
    refusals: Vec<(String, String)>,
    assumptions: Vec<String>,
    files: Vec<FileRow>,
    verify: String,
}

struct Cost {
    table: String,
    rho: String,
    sigma: String,
    cells: String,
    draws: String,
}

/// A file of a release, to be kept.
pub struct FileRow {
    /// Path in the release's folder.
    pub path: String,
    /// Address.
    pub href: String,
    /// Size in bytes.
    pub size: String,
    /// SHA-256 in hex.
    pub sum: String,
}

/// One release.
pub async fn one(visit: Visit, At(id): At<String>) -> Response {
    let release = match visit.app.site.shown(&id) {
        Some(Shown::Tables(release)) => release,
        Some(Shown::Flat(release)) => return super::flat::one(&visit, release),
        None => return visit.not_found(),
    };
    let page = visit.page_of("title-release", release);
    let info = &release.bundle.info;
    let w = page.words();
    let headline = release
        .headline("girls-10-17")
        .or_else(|| release.study().is_none().then(|| release.headline("all")).flatten())
        .or_else(|| release.bundle.headlines.iter().find(|h| h.group.starts_with("girls")))
        .or_else(|| release.headline("all"))
        .and_then(|h| visit.app.site.figure(&h.figure.id))
        .map(|found| FigureView::one(&page, &found, "headline"));
    let table = |id: &str, title: &str| Link {
        words: clean(title),
        href: page.href(&format!("/releases/{}/tables/{id}", release.id())),
    };
    let one = One {
        title: clean(&info.title),
        id: info.id.clone(),
        facts: facts(&page, info, release.status),
        headline,
        study: release.study().map(|study| Link {
            words: clean(&study.title),
            href: page.href(&format!("/studies/{}/{}", study.id, release.id())),
        }),
        headlines: (!release.bundle.headlines.is_empty()).then(|| table(HEADLINES, &page.t("headlines"))),
        tables: release.tables().map(|e| table(&e.table.id, &e.spec.title)).collect(),
        organisations: organisations(w, info),
        odds: say::odds(w, &release.bundle.privacy),
        privacy: privacy(&page, release),
        costs: costs(&page, release),
        council: council(&page, release.bundle.decision.as_ref()),
        refusals: release.bundle.refusals.iter().map(|r| (clean(&r.what), clean(&r.why))).collect(),
        assumptions: info.assumptions.iter().map(|a| clean(a)).collect(),
        files: files(&visit, &page, release),
        verify: format!("accord verify {} --trust ROOT", info.id),
        page,
    };
    render(&one)
}

/// What a release is, each with its name.
pub fn facts(page: &Page, info: &ReleaseInfo, status: Status) -> Vec<(String, String)> {
    [
        ("fact-status", page.t(draft_key(status))),
        ("fact-population", clean(&info.population)),
        (
            "fact-unit",
            page.t(match info.unit {
                Unit::People => "fact-unit-people",
                Unit::Records => "fact-unit-records",
                Unit::Rows => "fact-unit-rows",
            }),
        ),
        ("fact-period", clean(&info.period)),
        ("fact-slot", clean(&info.slot)),
        ("fact-codebook", clean(&info.codebook)),
        ("fact-software", clean(&info.software)),
    ]
    .map(|(key, value)| (page.t(key), value))
    .into()
}

/// Who contributed, each with its kind in words.
pub fn organisations(w: &Words, info: &ReleaseInfo) -> Vec<(String, String)> {
    info.organisations
        .iter()
        .map(|o| (clean(&o.name), w.label(&format!("organisation-{}", o.kind), &kind(&o.kind))))
        .collect()
}

/// English label of a kind of organisation; a code that the standard doesn't know stands for itself.
fn kind(code: &str) -> String {
    let list = Codebook::embedded().lists.get("reporting_entity_type");
    list.and_then(|l| l.codes.iter().find(|c| c.id == code)).map_or_else(|| code.to_owned(), |c| c.label.clone())
}

/// The style for printing a page of a release.
pub async fn sheet(visit: Visit, At(id): At<String>) -> Response {
    let Some(release) = visit.app.site.shown(&id) else { return visit.not_found() };
    visit.page_of("title-release", release).sheet_for(&id, release)
}

/// Numbers of the privacy statement, each with its name.
fn privacy(page: &Page, release: &Published) -> Vec<(String, String)> {
    let p = &release.bundle.privacy;
    let rho = |rho: accord_release::account::Rho| say::up(rho.to_f64(), 6);
    let basis = p.share_on_legal_basis.map_or_else(
        || page.t("privacy-basis-unknown"),
        |s| format!("{:.1} % ({:.1}–{:.1} %)", s.percent, s.low, s.high),
    );
    let desks = p.desks_per_person.to_string();
    [
        (page.t("privacy-epsilon"), say::up(p.epsilon, 3)),
        (page.t("privacy-epsilon-cumulative"), say::up(p.epsilon_cumulative, 3)),
        (page.with("privacy-epsilon-several", &[("desks", (&desks).into())]), say::up(p.epsilon_several_desks, 3)),
        (page.t("privacy-delta"), format!("{:e}", p.delta)),
        (page.t("privacy-rho"), rho(p.rho)),
        (page.t("privacy-rho-cumulative"), rho(p.rho_cumulative)),
        (page.with("privacy-rho-several", &[("desks", (&desks).into())]), rho(p.rho_several_desks)),
        (page.t("privacy-basis"), basis),
    ]
    .into()
}

fn costs(page: &Page, release: &Published) -> Vec<Cost> {
    let title = |id: &str| release.table(id).map_or_else(|| id.to_owned(), |e| clean(&e.spec.title));
    let cost = |c: &accord_release::bundle::TableCost| Cost {
        table: title(&c.table),
        rho: say::up(c.rho.to_f64(), 6),
        sigma: say::up(c.sigma, 2),
        cells: page.words().number(u64::from(c.cells_per_person)),
        draws: page.words().number(u64::from(c.draws)),
    };
    release.bundle.privacy.tables.iter().map(cost).collect()
}

/// Every file of a release.
pub fn files<'a>(visit: &Visit, page: &Page, release: impl Into<Shown<'a>>) -> Vec<FileRow> {
    let release = release.into();
    let row = |(path, bytes): (&String, &Vec<u8>)| {
        let key = (release.id().to_owned(), path.clone());
        FileRow {
            href: page.href(&format!("/releases/{}/files/{}", release.id(), encode(path))),
            path: clean(path),
            size: page.words().number(bytes.len() as u64),
            sum: visit.app.checksums.get(&key).cloned().unwrap_or_default(),
        }
    };
    release.files().iter().map(row).collect()
}

/// A path with everything but letters, digits and `-._/` percent-encoded.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Serves a file of the bundle, byte for byte.
pub async fn bundle_file(visit: Visit, At((id, path)): At<(String, String)>) -> Response {
    let found = visit.app.site.shown(&id).and_then(|r| r.files().get(&path));
    let Some(bytes) = found else { return visit.not_found() };
    let ending = path.rsplit_once('.').map(|(_, e)| e).unwrap_or_default();
    let kind = match ending {
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "parquet" => "application/vnd.apache.parquet",
        // To keep, never to be shown here: it has a policy of its own.
        "html" => "text/html; charset=utf-8",
        "md" | "txt" | "toml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let name = path.rsplit('/').next().unwrap_or(&path);
    super::download(name, kind, bytes.clone())
}

/// The exports of a table of a release.
pub fn table_exports(page: &Page, release: &Published, table: &str) -> Vec<Link> {
    let mut links = exports(page, &format!("/releases/{}/tables/{table}", release.id()), "table");
    if release.files.contains_key("datapackage.json") {
        let href = page.href(&format!("/releases/{}/files/datapackage.json", release.id()));
        links.push(Link { words: page.t("export-package"), href });
    }
    links
}

//! The studies: the list of questions, and a study's page made from a release of it.

use super::home::{Council, council};
use super::releases::{facts, organisations};
use super::{At, download, failed};
use crate::export::{self, FORMATS};
use crate::page::{Page, Visit, draft_key, render};
use crate::text::clean;
use crate::view::figure::{Link, release_link};
use crate::view::study::{SectionView, sections};
use accord_hub::{Published, Site};
use accord_standard::study::Study;
use askama::Template;
use axum::response::Response;

/// The questions of the call, in the order in which they are asked.
pub const QUESTIONS: [&str; 5] = ["technology", "girls", "pathways", "majority", "what-works"];

#[derive(Template)]
#[template(path = "studies.html")]
struct List {
    page: Page,
    studies: Vec<Item>,
}

struct Item {
    question: String,
    /// Page of the study, where there is a release.
    open: Option<Link>,
    release: Option<Link>,
    status: String,
    /// Why it isn't known yet.
    unknown: String,
}

/// All studies: the five questions, then any other that a release answers.
pub async fn list(visit: Visit) -> Response {
    let page = visit.page("title-study", "known");
    let site = &visit.app.site;
    let item = |id: &str, question: String, unknown: String| {
        let release = site.newest_of_study(id);
        Item {
            question,
            open: release.map(|_| Link { words: page.t("studies-open"), href: page.href(&format!("/studies/{id}")) }),
            release: release.map(|r| release_link(&page, r)),
            status: release.map(|r| page.t(draft_key(r.status))).unwrap_or_default(),
            unknown,
        }
    };
    let five = QUESTIONS
        .iter()
        .map(|id| item(id, page.t(&format!("question-{id}")), page.t(&format!("question-{id}-unknown"))));
    let others = others(site).into_iter().map(|s| item(&s.id, clean(&s.question), String::new()));
    let studies = five.chain(others).collect();
    render(&List { page, studies })
}

/// Studies that releases are of and that are none of the five.
fn others(site: &Site) -> Vec<&Study> {
    let mut out: Vec<&Study> = Vec::new();
    for study in site.releases().iter().filter_map(Published::study) {
        if !QUESTIONS.contains(&study.id.as_str()) && !out.iter().any(|s| s.id == study.id) {
            out.push(study);
        }
    }
    out
}

#[derive(Template)]
#[template(path = "study.html")]
struct One {
    page: Page,
    title: String,
    question: String,
    limits: Vec<String>,
    release: Link,
    status: String,
    sections: Vec<SectionView>,
    definition: String,
    caveats: Vec<String>,
    council: Option<Council>,
    organisations: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    symbols: Vec<(&'static str, String)>,
    versions: Vec<Link>,
}

#[derive(Template)]
#[template(path = "study_none.html")]
struct Unknown {
    page: Page,
    question: String,
    why_not: String,
}

/// The newest release of a study; where there is none, why.
pub async fn newest(visit: Visit, At(id): At<String>) -> Response {
    if let Some(release) = visit.app.site.newest_of_study(&id) {
        return one(&visit, release);
    }
    if !QUESTIONS.contains(&id.as_str()) {
        return visit.not_found();
    }
    let page = visit.page("title-study", "known");
    let none = Unknown {
        question: page.t(&format!("question-{id}")),
        why_not: page.t(&format!("question-{id}-unknown")),
        page,
    };
    render(&none)
}

/// One release of a study, for ever at one address.
pub async fn release(visit: Visit, At((id, release)): At<(String, String)>) -> Response {
    let found = visit.app.site.release(&release).filter(|r| r.study().is_some_and(|s| s.id == id));
    let Some(release) = found else { return visit.not_found() };
    one(&visit, release)
}

fn one(visit: &Visit, release: &Published) -> Response {
    let Some(study) = release.study() else { return visit.not_found() };
    let mut page = visit.page_of("title-study", release);
    page.section = "known";
    let info = &release.bundle.info;
    let others = visit.app.site.releases().iter().rev();
    let others = others.filter(|r| r.id() != release.id() && r.study().is_some_and(|s| s.id == study.id));
    let one = One {
        title: clean(&study.title),
        question: clean(&study.question),
        limits: study.limits.iter().map(|l| clean(l)).collect(),
        release: release_link(&page, release),
        status: page.t(draft_key(release.status)),
        sections: sections(&page, release, study),
        definition: clean(&study.workload.definition),
        caveats: study.workload.caveats.iter().map(|c| clean(c)).collect(),
        council: council(&page, release.bundle.decision.as_ref()),
        organisations: organisations(page.words(), info),
        facts: facts(&page, info, release.status),
        symbols: crate::say::SYMBOLS.map(|s| (s.mark(), crate::say::symbol_words(page.words(), s))).into(),
        versions: others
            .map(|r| Link {
                words: format!("{} ({})", clean(&r.bundle.info.title), page.t(draft_key(r.status))),
                href: page.href(&format!("/studies/{}/{}", study.id, r.id())),
            })
            .collect(),
        page,
    };
    render(&one)
}

/// A figure of a study with all its groups and numbers, as a file. Exports are in English: one address, one content.
pub async fn file(visit: Visit, At((id, figure, file)): At<(String, String, String)>) -> Response {
    let app = &visit.app;
    let Some(release) = app.site.release(&id) else { return visit.not_found() };
    if release.series(&figure).next().is_none() {
        return visit.not_found();
    }
    let english = &app.words[0];
    let sheet = export::series_sheet(release, &figure, english);
    let ending = file.strip_prefix("figure").unwrap_or_default();
    let Some((ending, kind)) = FORMATS.into_iter().find(|(e, _)| *e == ending) else { return visit.not_found() };
    match export::write(ending, &sheet, release, english) {
        Some(Ok(bytes)) => download(&format!("{id}-{figure}{ending}"), kind, bytes),
        Some(Err(_)) => failed(),
        None => visit.not_found(),
    }
}

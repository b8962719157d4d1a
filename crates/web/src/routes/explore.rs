//! The explorer: a sentence that a reader completes, answered with published numbers alone.

use super::{download, failed};
use crate::explore::choice::Choice;
use crate::explore::find::{Part, Wrong};
use crate::explore::{Ask, BadAsk};
use crate::export::{self, FORMATS};
use crate::page::{Page, Visit, render};
use crate::text::clean;
use crate::view::explore::{self, Instead, SelectView, Shown};
use crate::view::figure::{Link, flags, release_link};
use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

#[derive(Template)]
#[template(path = "explore.html")]
struct Explore {
    page: Page,
    action: String,
    selects: Vec<SelectView>,
    wrong: Vec<String>,
    nearest: Option<Link>,
    flat: Option<Link>,
    shown: Option<Shown>,
    instead: Option<Instead>,
    can: Vec<Link>,
    cannot: Vec<(String, String)>,
    groups: Vec<Link>,
    study: Option<Link>,
    release: Link,
    flags: Vec<String>,
    note: String,
}

#[derive(Template)]
#[template(path = "explore_none.html")]
struct NoRelease {
    page: Page,
}

/// The page.
pub async fn page(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let site = &visit.app.site;
    let (ask, bad) = match Ask::parse(query.as_deref()) {
        Ok(ask) => (ask, None),
        Err(bad) => (Ask { is_blank: true, ..Ask::default() }, Some(bad)),
    };
    let Some((choice, wrong)) = Choice::find(site, &ask) else {
        return render(&NoRelease { page: visit.page("title-explore", "explore") });
    };
    let release = choice.release;
    let mut page = visit.page_of("title-explore", release);
    page.section = "explore";
    page.stay(&choice.address(explore::PATH));
    let mut said: Vec<String> = bad.map(|b| page.t(bad_key(b))).into_iter().collect();
    said.extend(wrong.iter().map(|w| explore::wrong(&page, w)));
    let mistake = bad.is_some() || wrong.iter().any(|w| !w.elsewhere);
    let fine = said.is_empty();
    let (can, cannot) = explore::limits(&page, &choice);
    let view = Explore {
        action: page.href(explore::PATH),
        selects: explore::form(&page, site, &choice),
        nearest: (!fine).then(|| explore::link(&page, &choice)),
        flat: flat(&page, &visit, &wrong),
        wrong: said,
        shown: if fine { explore::shown(&page, site, &choice) } else { None },
        instead: if fine { explore::instead(&page, &choice) } else { None },
        can,
        cannot,
        groups: explore::groups(&page, &choice),
        study: release.study().map(|study| Link {
            words: page.t("explore-study"),
            href: page.href(&format!("/studies/{}/{}", study.id, release.id())),
        }),
        release: release_link(&page, release),
        flags: flags(&page, release),
        note: release.bundle.decision.as_ref().map(|d| clean(&d.note)).unwrap_or_default(),
        page,
    };
    let answer = render(&view);
    if mistake { (StatusCode::BAD_REQUEST, answer).into_response() } else { answer }
}

const fn bad_key(bad: BadAsk) -> &'static str {
    match bad {
        BadAsk::TooLong => "explore-bad-long",
        BadAsk::NotText => "explore-bad-text",
        BadAsk::Twice => "explore-bad-twice",
    }
}

/// The page of a release of the other kind, if that was asked for.
fn flat(page: &Page, visit: &Visit, wrong: &[Wrong]) -> Option<Link> {
    let asked = wrong.iter().find(|w| w.part == Part::Release && w.elsewhere)?;
    Some(release_link(page, visit.app.site.shown(&asked.asked)?))
}

/// An export of just the selection. Exports are in English whatever the page's language: one address, one content.
pub async fn file(visit: Visit, Path(file): Path<String>, RawQuery(query): RawQuery) -> Response {
    let app = &visit.app;
    let ending = file.strip_prefix("selection").unwrap_or_default();
    let Some((ending, kind)) = FORMATS.into_iter().find(|(e, _)| *e == ending) else { return visit.not_found() };
    let asked = Ask::parse(query.as_deref()).ok().and_then(|ask| Choice::find(&app.site, &ask));
    let Some((choice, wrong)) = asked else { return visit.not_found() };
    let places = explore::places(&choice);
    if !wrong.is_empty() || places.is_empty() {
        return visit.not_found();
    }
    let english = &app.words[0];
    let sheet = export::selection_sheet(choice.release, places, english);
    let by = choice.by.as_ref().map(|by| by.key().to_owned()).unwrap_or_default();
    match export::write(ending, &sheet, choice.release, english) {
        Some(Ok(bytes)) => download(&format!("{}-by-{by}{ending}", choice.release.id()), kind, bytes),
        Some(Err(_)) => failed(),
        None => visit.not_found(),
    }
}

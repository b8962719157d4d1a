//! One table of a release, and its exports. The headlines are a table too, under a name of their own.

use super::releases::table_exports;
use super::{At, download, failed};
use crate::chart::{self, Panel};
use crate::export::{self, FORMATS};
use crate::page::{Page, Visit, render};
use crate::say;
use crate::text::{capital, clean};
use crate::view::TableView;
use crate::view::figure::{self, Line, Link, bar, flags, line, release_link};
use accord_hub::Published;
use accord_hub::site::HEADLINES;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    page: Page,
    table: TableView,
    release: Link,
    flags: Vec<String>,
    definition: String,
    caveats: Vec<String>,
    symbols: Vec<(&'static str, String)>,
    note: String,
    exports: Vec<Link>,
}

#[derive(Template)]
#[template(path = "headlines.html")]
struct Headlines {
    page: Page,
    release: Link,
    flags: Vec<String>,
    chart: String,
    lines: Vec<(Line, String)>,
    definition: String,
    caveats: Vec<String>,
    note: String,
    exports: Vec<Link>,
}

/// A table's page.
pub async fn page(visit: Visit, At((id, table)): At<(String, String)>) -> Response {
    let Some(release) = visit.app.site.release(&id) else { return visit.not_found() };
    let page = visit.page_of("title-table", release);
    if table == HEADLINES && !release.bundle.headlines.is_empty() {
        return render(&headlines(page, &visit, release));
    }
    let Some(entry) = release.table(&table) else { return visit.not_found() };
    let first = entry.table.figures.first();
    let view = TablePage {
        table: TableView::new(&page, &entry),
        release: release_link(&page, release),
        flags: flags(&page, release),
        definition: first.map(|f| clean(&f.definition)).unwrap_or_default(),
        caveats: first.map(|f| f.caveats.iter().map(|c| clean(c)).collect()).unwrap_or_default(),
        symbols: say::SYMBOLS.map(|s| (s.mark(), say::symbol_words(page.words(), s))).into(),
        note: release.bundle.decision.as_ref().map(|d| clean(&d.note)).unwrap_or_default(),
        exports: table_exports(&page, release, &table),
        page,
    };
    render(&view)
}

fn headlines(page: Page, visit: &Visit, release: &Published) -> Headlines {
    let w = page.words();
    let unit = release.bundle.info.unit;
    let all = &release.bundle.headlines;
    let found: Vec<_> = all.iter().filter_map(|h| Some((h, visit.app.site.figure(&h.figure.id)?))).collect();
    let label = |h: &accord_release::bundle::Headline| capital(&clean(&h.figure.subject));
    let bars = found.iter().map(|(h, f)| bar(&page, label(h), &h.figure, figure::tone_of(f))).collect();
    let lines = found.iter().map(|(h, _)| {
        let share = h.share.map(|s| say::share(w, s, unit)).unwrap_or_default();
        (line(&page, label(h), &h.figure), share)
    });
    let lines = lines.collect();
    let first = all.first().map(|h| &h.figure);
    Headlines {
        release: release_link(&page, release),
        flags: flags(&page, release),
        chart: chart::svg("headlines", &page.t("headlines"), &[Panel { title: None, bars }], w.rtl),
        lines,
        definition: first.map(|f| clean(&f.definition)).unwrap_or_default(),
        caveats: first.map(|f| f.caveats.iter().map(|c| clean(c)).collect()).unwrap_or_default(),
        note: release.bundle.decision.as_ref().map(|d| clean(&d.note)).unwrap_or_default(),
        exports: table_exports(&page, release, HEADLINES),
        page,
    }
}

/// A table's export. Exports are in English whatever the page's language: one address, one content.
pub async fn file(visit: Visit, At((id, table, file)): At<(String, String, String)>) -> Response {
    let app = &visit.app;
    let Some(release) = app.site.release(&id) else { return visit.not_found() };
    let english = &app.words[0];
    let sheet = if table == HEADLINES && !release.bundle.headlines.is_empty() {
        export::headline_sheet(release, english)
    } else {
        let Some(entry) = release.table(&table) else { return visit.not_found() };
        export::table_sheet(release, entry.index, english)
    };
    let ending = file.strip_prefix("table").unwrap_or_default();
    let Some((ending, kind)) = FORMATS.into_iter().find(|(e, _)| *e == ending) else { return visit.not_found() };
    match export::write(ending, &sheet, release, english) {
        Some(Ok(bytes)) => download(&format!("{id}-{table}{ending}"), kind, bytes),
        Some(Err(_)) => failed(),
        None => visit.not_found(),
    }
}

//! One number, for ever at one address: what it says, how to say it, where it comes from, and the same value in every
//! format.

use super::{At, download, failed};
use crate::export::{self, FORMATS};
use crate::page::{Page, Visit, render};
use crate::say;
use crate::text::clean;
use crate::view::FigureView;
use crate::view::figure::Link;
use accord_hub::{Found, Place};
use accord_standard::figure::FigureValue;
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "figure.html")]
struct FigurePage {
    page: Page,
    f: FigureView,
    table: Option<Link>,
    definition: String,
    caveats: Vec<String>,
    note: String,
    say: Vec<String>,
    dont: Vec<String>,
    cite: String,
    chart_href: String,
    versions: Vec<Link>,
}

/// A figure's page.
pub async fn page(visit: Visit, At(id): At<String>) -> Response {
    let Some(found) = visit.app.site.figure(&id) else { return visit.not_found() };
    let mut page = visit.page_of("title-figure", found.release);
    page.sheet = page.href(&format!("/f/{id}/sheet.css"));
    let f = FigureView::one(&page, &found, "figure");
    let (say, dont) = wording(&page, &found, &f);
    let info = &found.release.bundle.info;
    let cite = page.with(
        "cite",
        &[("title", (&info.title).into()), ("release", (&info.id).into()), ("figure", (&found.figure.id).into())],
    );
    let table = match found.place {
        Place::Cell { table, .. } => found.release.table_at(table).map(|e| Link {
            words: clean(&e.spec.title),
            href: page.href(&format!("/releases/{}/tables/{}", found.release.id(), e.table.id)),
        }),
        Place::Headline { .. } => Some(Link {
            words: page.t("headlines"),
            href: page.href(&format!("/releases/{}/tables/headlines", found.release.id())),
        }),
        Place::Point { .. } => found.release.study().map(|study| Link {
            words: clean(&study.title),
            href: page.href(&format!("/studies/{}/{}", study.id, found.release.id())),
        }),
    };
    let versions = visit.app.site.versions(&id).into_iter().map(|v| Link {
        words: format!(
            "{}: {}",
            clean(&v.release.bundle.info.title),
            say::with_interval(page.words(), &v.figure.value)
        ),
        href: page.href(&format!("/f/{}", v.figure.id)),
    });
    let view = FigurePage {
        versions: versions.collect(),
        table,
        definition: clean(&found.figure.definition),
        caveats: found.figure.caveats.iter().map(|c| clean(c)).collect(),
        note: found.release.bundle.decision.as_ref().map(|d| clean(&d.note)).unwrap_or_default(),
        say,
        dont,
        cite: flagged(&f, cite),
        chart_href: page.href(&format!("/f/{id}/chart.svg")),
        f,
        page,
    };
    render(&view)
}

/// A sentence with the figure's flags in front, so that it can't be copied without them.
fn flagged(f: &FigureView, sentence: String) -> String {
    if f.flags.is_empty() { sentence } else { format!("[{}] {sentence}", f.flags.join(" · ")) }
}

/// "Say it like this" and "don't say it like this".
fn wording(page: &Page, found: &Found<'_>, f: &FigureView) -> (Vec<String>, Vec<String>) {
    let subject = crate::text::capital(&crate::view::figure::subject(page, found));
    let source = page.with("say-source", &[("figure", (&found.figure.id).into())]);
    let mut say = vec![flagged(f, format!("{} {}. {source}", f.statement, f.note))];
    if let Some(natural) = &f.natural {
        let natural = crate::text::lower(natural);
        say.push(flagged(f, format!("{subject}: {natural} {}. {source}", f.note)));
    }
    let subject = ("subject", (&subject).into());
    let dont = match &found.figure.value {
        FigureValue::Count { value, .. } => {
            let value = page.words().number(*value);
            ["dont-exact", "dont-all", "dont-rescued"]
                .map(|key| page.with(key, &[subject, ("value", (&value).into())]))
                .to_vec()
        }
        FigureValue::Range { low, high } => {
            let middle = page.words().number(low.midpoint(*high));
            vec![page.with("dont-middle", &[subject, ("value", (&middle).into())])]
        }
        FigureValue::Estimate { .. } => {
            let value = crate::say::value(page.words(), &found.figure.value);
            vec![page.with("dont-exact", &[subject, ("value", (&value).into())])]
        }
        FigureValue::Symbol { .. } | FigureValue::Refused { .. } => vec![page.with("dont-zero", &[subject])],
    };
    (say, dont)
}

/// A figure's export, or its chart alone.
pub async fn file(visit: Visit, At((id, file)): At<(String, String)>) -> Response {
    let app = &visit.app;
    let Some(found) = app.site.figure(&id) else { return visit.not_found() };
    if file == "chart.svg" {
        let page = visit.page_of("title-figure", found.release);
        let chart = alone(&FigureView::one(&page, &found, "figure"));
        return ([(header::CONTENT_TYPE, "image/svg+xml")], chart).into_response();
    }
    if file == "sheet.css" {
        return visit.page_of("title-figure", found.release).sheet_for(&id, found.release);
    }
    let english = &app.words[0];
    let sheet = export::figure_sheet(&found, english);
    let ending = file.strip_prefix("figure").unwrap_or_default();
    let Some((ending, kind)) = FORMATS.into_iter().find(|(e, _)| *e == ending) else { return visit.not_found() };
    match export::write(ending, &sheet, found.release, english) {
        Some(Ok(bytes)) => download(&format!("{id}{ending}"), kind, bytes),
        Some(Err(_)) => failed(),
        None => visit.not_found(),
    }
}

/// The chart as a file of its own: paper behind it, and its flags and caveat under it, inside the picture.
fn alone(f: &FigureView) -> String {
    let mut feet: Vec<String> = f.flags.iter().flat_map(|flag| crate::chart::wrap(flag, 52)).collect();
    feet.extend(crate::chart::wrap(&f.note, 52));
    // An id is one long word, and no letter of it may get lost.
    let id: Vec<char> = f.id.chars().collect();
    feet.extend(id.chunks(52).map(|part| part.iter().collect::<String>()));
    let mut y = 0.0;
    let mut words = String::new();
    for foot in &feet {
        y += 15.0;
        words.push_str(&format!(
            "<text x=\"8\" y=\"{y}\" font-family=\"system-ui, sans-serif\" font-size=\"11\" fill=\"#1E2530\">{}</text>",
            crate::text::escape(foot)
        ));
    }
    // The inner chart is 340 wide; its own height is set by its view box, which a nested SVG keeps.
    let height: f64 = crate::chart::height(&f.chart);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 356 {:.0}\"><rect width=\"356\" height=\"{:.0}\" \
         fill=\"#FBF8F3\"/><svg x=\"8\" y=\"6\" width=\"340\" height=\"{height:.0}\">{}</svg><g transform=\"translate(0 \
         {:.0})\">{words}</g></svg>",
        height + y + 22.0,
        height + y + 22.0,
        f.chart,
        height + 8.0,
    )
}

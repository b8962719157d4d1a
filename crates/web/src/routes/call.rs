//! "The 2019 call, today": every ask of the call with its live figure, or an empty cell and what would fill it.

use super::home::questions;
use crate::page::{Page, Visit, render};
use crate::say;
use crate::view::figure::{Link, release_link};
use accord_hub::Published;
use askama::Template;
use axum::response::Response;
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "call.html")]
struct Call {
    page: Page,
    groups: Vec<Group>,
    filled: String,
    newest: Option<Link>,
}

struct Group {
    title: String,
    asks: Vec<Ask>,
}

struct Ask {
    title: String,
    /// What can be shown today; `None` is an empty cell.
    answer: Option<Link>,
    /// Whether the answer is a figure, which its caveat must stand beside.
    figure: bool,
    /// What an empty cell needs, or what the answer does not say yet.
    rest: String,
}

/// The asks, in the call's three words and its five things that are not known well enough.
const ASKS: [(&str, &[&str]); 3] = [
    ("stronger", &["standard", "states", "companies", "law"]),
    ("gendered", &["split", "girls", "missing", "survivors"]),
    ("cooperative", &["together", "borders", "silos", "signals"]),
];

/// The page.
pub async fn call(visit: Visit) -> Response {
    let page = visit.page("title-call", "acts");
    let newest = visit.app.site.newest();
    let mut groups: Vec<Group> = ASKS
        .into_iter()
        .map(|(group, asks)| Group {
            title: page.t(&format!("call-{group}")),
            asks: asks
                .iter()
                .map(|ask| {
                    let answer = newest.and_then(|release| live(&page, release, ask));
                    let rest = if answer.is_some() { "rest" } else { "empty" };
                    let figure = answer.is_some() && matches!(*ask, "girls" | "missing");
                    Ask {
                        title: page.t(&format!("ask-{ask}")),
                        answer,
                        figure,
                        rest: page.t(&format!("ask-{ask}-{rest}")),
                    }
                })
                .collect(),
        })
        .collect();
    let studies = questions(&page, &visit.app.site).into_iter().map(|q| Ask {
        title: q.title,
        figure: q.figure.is_some(),
        // A study's words without those in the natural sentence would hide its bounds.
        answer: q.figure.map(|f| Link {
            words: match (&q.study, f.natural) {
                (Some(_), Some(more)) => format!("{} {more}", f.statement),
                _ => f.statement,
            },
            href: q.study.map_or(f.href, |s| s.href),
        }),
        rest: q.unknown,
    });
    groups.push(Group { title: page.t("call-studies"), asks: studies.collect() });
    let count = |filled: bool| groups.iter().flat_map(|g| &g.asks).filter(|a| !filled || a.answer.is_some()).count();
    let (filled, all) = (count(true).to_string(), count(false).to_string());
    let filled = page.with("call-filled", &[("filled", (&filled).into()), ("all", (&all).into())]);
    render(&Call { groups, filled, newest: newest.map(|r| release_link(&page, r)), page })
}

/// What the newest release says to one ask; nothing where nothing can be said.
fn live(page: &Page, release: &Published, ask: &str) -> Option<Link> {
    let w = page.words();
    let info = &release.bundle.info;
    let here = page.href(&format!("/releases/{}", release.id()));
    match ask {
        "standard" => {
            let tables = release.bundle.tables.len() as u64;
            let words = w.with("live-standard", &[("codebook", (&info.codebook).into()), ("n", tables.into())]);
            Some(Link { words, href: here })
        }
        "split" => {
            let by_both = |e: &accord_hub::Entry<'_>| {
                let ids: Vec<&str> = e.spec.dimensions.iter().map(|d| d.id.as_str()).collect();
                ids.iter().any(|id| id.starts_with("sex") || id.starts_with("gender"))
                    && ids.iter().any(|id| id.starts_with("age"))
            };
            let (split, all) = (release.tables().filter(by_both).count(), release.tables().count());
            (all > 0).then(|| Link {
                words: w
                    .with("live-split", &[("split", (&split.to_string()).into()), ("all", (&all.to_string()).into())]),
                href: here,
            })
        }
        "girls" | "missing" => {
            let groups: &[&str] = if ask == "girls" {
                &["girls-10-17", "girls-9-17"]
            } else {
                &["sex-unknown", "gender-unknown", "age-unknown"]
            };
            let found: Vec<_> = groups.iter().filter_map(|g| release.headline(g)).collect();
            let href = format!("/f/{}", found.first()?.figure.id);
            let said: Vec<String> =
                found.into_iter().map(|h| say::statement(w, &h.figure.subject, &h.figure.value, info.unit)).collect();
            Some(Link { words: said.join(" "), href: page.href(&href) })
        }
        "survivors" => super::home::council(page, release.bundle.decision.as_ref())
            .map(|c| Link { words: format!("{} {}", c.outcome, c.by), href: format!("{here}#council") }),
        "together" => {
            let kinds: BTreeSet<&str> = info.organisations.iter().map(|o| o.kind.as_str()).collect();
            let words = w.with(
                "live-together",
                &[("n", (info.organisations.len() as u64).into()), ("kinds", (kinds.len() as u64).into())],
            );
            (!info.organisations.is_empty()).then(|| Link { words, href: format!("{here}#who") })
        }
        _ => None,
    }
}

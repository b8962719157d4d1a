//! Pages of words: help, about, privacy, method.

use crate::page::{Page, Visit, render};
use crate::say;
use crate::text::clean;
use crate::view::figure::{Link, release_link};
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    page: Page,
    lines: Vec<LineView>,
}

struct LineView {
    name: String,
    place: String,
    reach: String,
    languages: String,
    dated: String,
    old: bool,
}

/// Help: lines that somebody reviewed, each with source and date; or that there are none here.
pub async fn help(visit: Visit) -> Response {
    let page = visit.page("title-help", "");
    let today = visit.app.options.today.as_deref().and_then(days);
    let line = |l: &crate::HelpLine| {
        let age = today.zip(days(&l.checked)).map(|(now, then)| now - then);
        LineView {
            name: clean(&l.name),
            place: clean(&l.place),
            reach: clean(&l.reach),
            languages: clean(&l.languages),
            dated: page.with("help-dated", &[("date", (&l.checked).into()), ("source", (&l.source).into())]),
            old: age.is_some_and(|days| days > 180),
        }
    };
    let dated =
        visit.app.options.help_lines.iter().filter(|l| days(&l.checked).is_some() && !l.source.trim().is_empty());
    let lines = dated.map(line).collect();
    render(&Help { page, lines })
}

/// Days since 1 March of the year 0 of a `YYYY-MM-DD` date; `None` if it isn't one.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if y.len() != 4 || m.len() != 2 || d.len() != 2 {
        return None;
    }
    let (y, m, d): (i64, i64, i64) = (y.parse().ok()?, m.parse().ok()?, d.parse().ok()?);
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let (y, m) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    Some(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1)
}

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    page: Page,
}

/// What this is, for whom, and the four doors.
pub async fn about(visit: Visit) -> Response {
    render(&About { page: visit.page("title-about", "about") })
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct Privacy {
    page: Page,
    release: Option<(Link, say::Odds)>,
}

/// The odds explained, with the numbers of the newest release.
pub async fn privacy(visit: Visit) -> Response {
    let page = visit.page("title-privacy", "about");
    let release = visit.app.site.newest().map(|r| (release_link(&page, r), say::odds(page.words(), &r.bundle.privacy)));
    render(&Privacy { page, release })
}

#[derive(Template)]
#[template(path = "method.html")]
struct Method {
    page: Page,
    symbols: Vec<(&'static str, String)>,
    reliability: Vec<String>,
}

/// How figures are made, what the symbols mean.
pub async fn method(visit: Visit) -> Response {
    use accord_standard::figure::Reliability::{Care, NotShown, RangeOnly, Solid};
    let page = visit.page("title-method", "about");
    let symbols = say::SYMBOLS.map(|s| (s.mark(), say::symbol_words(page.words(), s))).into();
    let reliability = [Solid, Care, RangeOnly, NotShown].map(|r| say::reliability(page.words(), r)).into();
    render(&Method { page, symbols, reliability })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_review_is_old_after_half_a_year() {
        assert_eq!(days("2026-03-01").unwrap() - days("2026-02-28").unwrap(), 1);
        assert_eq!(days("2024-03-01").unwrap() - days("2024-02-28").unwrap(), 2);
        assert_eq!(days("2027-01-01").unwrap() - days("2026-01-01").unwrap(), 365);
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none_and_never_a_panic(text in ".{0,20}") {
            let _ = days(&text);
        }
    }
}

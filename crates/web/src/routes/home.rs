//! The home page, in the order that it must have: one sentence; the five questions; who has acted; what exists for girls;
//! the council's words; help and exit; four doors.

use crate::page::{Page, Visit, render};
use crate::say;
use crate::text::{capital, clean, lower};
use crate::view::FigureView;
use crate::view::figure::{self, Link, release_link};
use crate::view::study::speaking;
use crate::view::table::{category_label, dimension_label};
use accord_hub::{Found, Published, Shown, Site};
use accord_release::bundle::{Decision, Headline, Outcome};
use accord_standard::figure::FigureValue;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    questions: Vec<Question>,
    newest: Option<Link>,
    tiles: Vec<Tile>,
    gap: Gap,
    council: Option<Council>,
    odds: Option<Odds>,
}

/// One of the five questions, with a figure or the reason why there is none.
pub struct Question {
    /// Identifier of the study.
    pub id: &'static str,
    /// The question.
    pub title: String,
    /// What is known.
    pub figure: Option<FigureView>,
    /// What is not known yet, and why.
    pub unknown: String,
    /// The page of the study, where there is a release of it.
    pub study: Option<Link>,
}

struct Tile {
    title: String,
    words: String,
    fill: String,
}

struct Gap {
    columns: Vec<String>,
    rows: Vec<String>,
}

/// The council's words on a release.
pub struct Council {
    /// What was decided.
    pub outcome: String,
    /// Its context note.
    pub note: String,
    /// Council, day and quorum, in words.
    pub by: String,
}

struct Odds {
    sentence: String,
    more: String,
}

/// The home page.
pub async fn home(visit: Visit) -> Response {
    let page = visit.page("title-home", "known");
    let site = &visit.app.site;
    // Where there are releases of studies alone, the newest of them speaks.
    let newest = site.newest().or_else(|| site.releases().last());
    let tile = |name: &str| Tile {
        title: page.t(&format!("acted-{name}-title")),
        words: page.t(&format!("acted-{name}-none")),
        fill: page.t(&format!("acted-{name}-fill")),
    };
    let gap = Gap {
        columns: ["girls-10-14", "girls-15-17", "women-18-19", "women", "boys-men", "gender-diverse"]
            .map(|c| page.t(&format!("gap-column-{c}")))
            .to_vec(),
        rows: ["prevention", "detection", "help", "recovery", "accountability"]
            .map(|r| page.t(&format!("gap-row-{r}")))
            .to_vec(),
    };
    let odds = newest.map(|r| Odds {
        sentence: say::odds(page.words(), &r.bundle.privacy).sentence,
        more: page.href(&format!("/releases/{}#privacy", r.id())),
    });
    let view = Home {
        questions: questions(&page, &visit.app.site),
        // The figures here are of the newest release that has such figures.
        newest: newest.map(Shown::from).or_else(|| visit.app.site.newest_shown()).map(|r| release_link(&page, r)),
        tiles: ["states", "companies", "girls"].map(tile).into(),
        gap,
        council: newest.and_then(|r| council(&page, r.bundle.decision.as_ref())),
        odds,
        page,
    };
    render(&view)
}

/// The five questions, each with its figure from the newest release of its study, else from the newest release of tables,
/// or the reason why there is none.
pub fn questions(page: &Page, site: &Site) -> Vec<Question> {
    super::study::QUESTIONS
        .into_iter()
        .map(|id| of_study(page, site, id).unwrap_or_else(|| of_tables(page, site, id)))
        .collect()
}

/// A question that a study answers, or why its newest release can't.
fn of_study(page: &Page, site: &Site, id: &'static str) -> Option<Question> {
    let release = site.newest_of_study(id)?;
    let study = release.study()?;
    let title = page.t(&format!("question-{id}"));
    let open = Link { words: page.t("study-whole"), href: page.href(&format!("/studies/{id}")) };
    Some(match speaking(page, release, study, &format!("q-{id}")) {
        Ok(figure) => Question {
            id,
            title,
            figure: Some(figure),
            unknown: study.limits.first().map(|l| clean(l)).unwrap_or_default(),
            study: Some(open),
        },
        Err(why) => Question {
            id,
            title,
            figure: None,
            unknown: why.unwrap_or_else(|| page.t(&format!("question-{id}-unknown"))),
            study: Some(open),
        },
    })
}

fn of_tables(page: &Page, site: &Site, id: &'static str) -> Question {
    let figure = site.newest().and_then(|release| match id {
        "technology" => technology(page, site, release),
        "girls" => girls(page, site, release),
        _ => None,
    });
    let unknown = if figure.is_some() { format!("question-{id}-rest") } else { format!("question-{id}-unknown") };
    Question { id, title: page.t(&format!("question-{id}")), figure, unknown: page.t(&unknown), study: None }
}

/// Girls of 15 to 17 by the role that technology had: the role of recruitment speaks, the others stand beside it, with
/// "none" and "unknown".
fn technology(page: &Page, site: &Site, release: &Published) -> Option<FigureView> {
    let entry =
        release.tables().find(|e| e.spec.dimensions.len() == 3 && e.spec.dimensions[2].id.starts_with("tech"))?;
    let roles = &entry.spec.dimensions[2];
    let girls =
        entry.spec.dimensions[0].categories.iter().find(|c| matches!(c.id.as_str(), "female" | "woman_girl"))?;
    let found = |role: &str| site.figure(&entry.cell(&[&girls.id, "a15_17", role])?.id);
    let speaks = roles.categories.iter().find(|c| c.id.contains("recruit")).or_else(|| roles.categories.first())?;
    let shown: Vec<(String, Found<'_>)> =
        roles.categories.iter().filter_map(|c| Some((category_label(page, roles, c), found(&c.id)?))).collect();
    let age = entry.spec.dimensions.get(1)?;
    let band = age.categories.iter().find(|c| c.id == "a15_17")?;
    let who = capital(&figure::who(page, &entry.spec.dimensions[0], girls, age, band));
    let what = lower(&dimension_label(page, roles));
    let title = page.with("chart-by", &[("who", (&who).into()), ("what", (&what).into())]);
    Some(FigureView::group(page, &found(&speaks.id)?, "q-technology", Some(title), shown))
}

/// Girls by age band, with those whose age or sex is not known: the release's headlines, without the total.
fn girls(page: &Page, site: &Site, release: &Published) -> Option<FigureView> {
    let all = &release.bundle.headlines;
    let speaks = release
        .headline("girls-10-17")
        .or_else(|| all.iter().filter(|h| h.group.starts_with("girls")).max_by_key(|h| most(h)))?;
    let shown: Vec<(String, Found<'_>)> = std::iter::once(speaks)
        .chain(all.iter().filter(|h| h.group != "all" && h.group != speaks.group))
        .filter_map(|h| Some((capital(&clean(&h.figure.subject)), site.figure(&h.figure.id)?)))
        .collect();
    Some(FigureView::group(page, &site.figure(&speaks.figure.id)?, "q-girls", Some(page.t("chart-groups")), shown))
}

fn most(headline: &Headline) -> u64 {
    match headline.figure.value {
        FigureValue::Count { high, .. } | FigureValue::Range { high, .. } => high,
        FigureValue::Estimate { .. } | FigureValue::Symbol { .. } | FigureValue::Refused { .. } => 0,
    }
}

/// The council's decision on a release, in words.
pub fn council(page: &Page, decision: Option<&Decision>) -> Option<Council> {
    let decision = decision?;
    let outcome = page.t(match decision.outcome {
        Outcome::Approve => "council-approve",
        Outcome::Defer => "council-defer",
        Outcome::Veto => "council-veto",
    });
    let [needed, held] = decision.quorum.map(u64::from).map(|n| n.to_string());
    let by = page.with(
        "council-by",
        &[
            ("council", (&decision.council).into()),
            ("date", (&decision.date).into()),
            ("needed", (&needed).into()),
            ("held", (&held).into()),
        ],
    );
    Some(Council { outcome, note: clean(&decision.note), by })
}

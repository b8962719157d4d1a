//! The figure block: always statement, chart, caveat, table, id, exports, in that order.

use crate::chart::{self, Bar, Mark, Panel, Tone};
use crate::page::{Page, draft_key};
use crate::say;
use crate::text::{capital, clean, lower};
use crate::view::study;
use crate::view::table::{category_label, dimension_label};
use accord_hub::{Found, Place, Published, Shown};
use accord_release::bundle::Share;
use accord_standard::dimension::{Category, Dimension, Rule};
use accord_standard::figure::{Figure, FigureValue, Reliability};
use accord_standard::study::Group;
use accord_standard::workload::TableSpec;

/// A link with its words.
#[derive(Debug)]
pub struct Link {
    /// Words.
    pub words: String,
    /// Address.
    pub href: String,
}

/// One line of the table under a chart.
#[derive(Debug)]
pub struct Line {
    /// Label.
    pub label: String,
    /// Address of the figure's own page.
    pub href: String,
    /// Value, range or symbol.
    pub value: String,
    /// Interval.
    pub interval: String,
    /// Reason, where there is no number; else how far it can be leant on.
    pub note: String,
}

/// One figure, or a few that belong together.
#[derive(Debug)]
pub struct FigureView {
    /// Statement in words with the interval.
    pub statement: String,
    /// The same as people count: so many in every hundred.
    pub natural: Option<String>,
    /// What the chart shows, where it shows more than the statement.
    pub chart_title: Option<String>,
    /// Chart as SVG; made by us from escaped text.
    pub chart: String,
    /// The line that never leaves a figure: detected, not all who exist.
    pub note: String,
    /// INVENTED DATA, and draft, if so.
    pub flags: Vec<String>,
    /// How far it can be leant on.
    pub reliability: String,
    /// Lines of its table.
    pub lines: Vec<Line>,
    /// Permanent id.
    pub id: String,
    /// Address of its page.
    pub href: String,
    /// Release it comes from.
    pub release: Link,
    /// Exports.
    pub exports: Vec<Link>,
}

/// What is drawn for a value.
pub fn mark(value: &FigureValue) -> Mark {
    match value {
        FigureValue::Count { value, low, high } => Mark::Value { value: *value, low: *low, high: *high },
        FigureValue::Range { low, high } => Mark::Range { low: *low, high: *high },
        FigureValue::Symbol { range: Some([low, high]), .. } => Mark::Unsure { low: *low, high: *high },
        // Charts of counts have one scale of people: an estimate has a chart of its own.
        FigureValue::Estimate { .. } | FigureValue::Symbol { .. } | FigureValue::Refused { .. } => Mark::None,
    }
}

/// Colour of a category of sex or gender.
pub fn tone(category: &str) -> Tone {
    match category {
        "female" | "woman_girl" => Tone::Plum,
        "unknown" => Tone::Unknown,
        "male" | "man_boy" => Tone::Navy,
        _ => Tone::Teal,
    }
}

/// A bar for a figure.
pub fn bar(page: &Page, label: String, figure: &Figure, tone: Tone) -> Bar {
    let w = page.words();
    let text = match &figure.value {
        FigureValue::Symbol { symbol, .. } => match say::interval(w, &figure.value) {
            Some(interval) => format!("{} ({interval})", say::symbol_short(w, *symbol)),
            None => say::symbol_short(w, *symbol),
        },
        value => say::with_interval(w, value),
    };
    Bar { label, text, mark: mark(&figure.value), tone }
}

/// A line for a figure.
pub fn line(page: &Page, label: String, figure: &Figure) -> Line {
    let w = page.words();
    let note = match &figure.value {
        FigureValue::Refused { reason } => clean(reason),
        FigureValue::Symbol { symbol, .. } => say::symbol_words(w, *symbol),
        FigureValue::Range { .. } => say::reliability(w, Reliability::RangeOnly),
        FigureValue::Count { .. } | FigureValue::Estimate { .. } if figure.reliability == Reliability::Solid => {
            String::new()
        }
        FigureValue::Count { .. } | FigureValue::Estimate { .. } => say::reliability(w, figure.reliability),
    };
    Line {
        label,
        href: page.href(&format!("/f/{}", figure.id)),
        value: say::value(w, &figure.value),
        interval: say::interval(w, &figure.value).unwrap_or_default(),
        note,
    }
}

/// The flags that a release puts on everything of it.
pub fn flags(page: &Page, release: &Published) -> Vec<String> {
    let mut flags = Vec::new();
    if release.bundle.info.invented {
        flags.push(page.t("invented-data"));
    }
    if release.status.is_draft() {
        flags.push(page.t(draft_key(release.status)));
    }
    flags
}

/// Links to the exports at `base`, whose files are called `stem`.
pub fn exports(page: &Page, base: &str, stem: &str) -> Vec<Link> {
    let names = ["export-csv", "export-excel", "export-json", "export-xlsx", "export-metadata"];
    let link = |((ending, _), key): (&(&str, &str), &str)| Link {
        words: page.t(key),
        href: page.href(&format!("{base}/{stem}{ending}")),
    };
    crate::export::FORMATS.iter().zip(names).map(link).collect()
}

/// The release as a link.
pub fn release_link<'a>(page: &Page, release: impl Into<Shown<'a>>) -> Link {
    let release = release.into();
    Link { words: clean(&release.info().title), href: page.href(&format!("/releases/{}", release.id())) }
}

/// Colour of the figure at a place.
pub fn tone_of(found: &Found<'_>) -> Tone {
    match found.place {
        Place::Cell { table, cell } => {
            let Some(entry) = found.release.table_at(table) else { return Tone::Navy };
            let at = entry.spec.categories_of(cell).into_iter().zip(&entry.spec.dimensions);
            let ids: Vec<&str> = at.filter_map(|(c, d)| d.categories.get(c)).map(|c| c.id.as_str()).collect();
            if ids.contains(&"unknown") { Tone::Unknown } else { ids.first().map_or(Tone::Navy, |id| tone(id)) }
        }
        Place::Headline { headline } => {
            let group = found.release.bundle.headlines.get(headline).map(|h| h.group.as_str()).unwrap_or_default();
            if group.starts_with("girls") || group.contains("women") {
                Tone::Plum
            } else if group.contains("unknown") {
                Tone::Unknown
            } else {
                Tone::Navy
            }
        }
        Place::Point { series, .. } => {
            let bundle = &found.release.bundle;
            let group = bundle.series.get(series).and_then(|s| s.group.as_deref());
            group.and_then(|id| bundle.study.as_ref()?.group(id)).map_or(Tone::Navy, group_tone)
        }
    }
}

/// Colour of a group of a study.
pub fn group_tone(group: &Group) -> Tone {
    if group.select.values().any(|ids| ids.iter().all(|id| id == "unknown")) {
        return Tone::Unknown;
    }
    let sex =
        group.select.iter().find(|(dimension, _)| dimension.starts_with("sex") || dimension.starts_with("gender"));
    match sex.map(|(_, ids)| ids.as_slice()) {
        Some([one]) => tone(one),
        Some(_) => Tone::Teal,
        None => Tone::Navy,
    }
}

/// Whom a figure counts, as a reader would say it: "girls aged 15–17". Falls back to the figure's own words.
pub fn subject(page: &Page, found: &Found<'_>) -> String {
    let said = match found.place {
        Place::Cell { table, cell } => found.release.table_at(table).and_then(|entry| said(page, entry.spec, cell)),
        Place::Headline { .. } | Place::Point { .. } => None,
    };
    said.unwrap_or_else(|| clean(&found.figure.subject))
}

/// "girls aged 15–17", from a category of sex or gender and an age band.
pub fn who(page: &Page, sex: &Dimension, who: &Category, age: &Dimension, band: &Category) -> String {
    let child = band.high.is_some_and(|high| high < 18);
    let key = match (tone(&who.id), band.id == "unknown", child) {
        (Tone::Plum, true, _) => "who-girls-women-unknown",
        (Tone::Plum, false, true) => "who-girls",
        (Tone::Plum, false, false) => "who-women",
        (Tone::Navy, true, _) => "who-boys-men-unknown",
        (Tone::Navy, false, true) => "who-boys",
        (Tone::Navy, false, false) => "who-men",
        (_, true, _) => "who-people-unknown",
        (_, false, _) => "who-people",
    };
    let (sex, band) = (lower(&category_label(page, sex, who)), category_label(page, age, band));
    page.with(key, &[("band", (&band).into()), ("sex", (&sex).into())])
}

/// "girls aged 15–17, role of technology “Recruitment”", for tables by sex or gender and age at identification.
fn said(page: &Page, spec: &TableSpec, cell: usize) -> Option<String> {
    let at = spec.categories_of(cell);
    let (sex, age) = (spec.dimensions.first()?, spec.dimensions.get(1)?);
    let by_age = age.rule == Rule::AgeBand && age.field == "age_at_identification";
    if !matches!(sex.id.as_str(), "sex" | "gender") || !by_age {
        return None;
    }
    let mut words = who(page, sex, sex.categories.get(at[0])?, age, age.categories.get(at[1])?);
    for (dimension, category) in spec.dimensions.iter().zip(&at).skip(2) {
        let (what, answer) =
            (dimension_label(page, dimension), category_label(page, dimension, dimension.categories.get(*category)?));
        words = page.with(
            "who-and",
            &[("who", (&words).into()), ("what", (&lower(&what)).into()), ("answer", (&answer).into())],
        );
    }
    Some(words)
}

/// Share of a headline.
pub fn share_of(found: &Found<'_>) -> Option<Share> {
    match found.place {
        Place::Headline { headline } => found.release.bundle.headlines.get(headline)?.share,
        Place::Cell { .. } | Place::Point { .. } => None,
    }
}

impl FigureView {
    /// One figure alone; `name` makes its chart's ids unique in the page.
    pub fn one(page: &Page, found: &Found<'_>, name: &str) -> FigureView {
        let label = capital(&subject(page, found));
        let mut view = FigureView::group(page, found, name, None, vec![(label.clone(), *found)]);
        // A number of a study has its own kind of picture: a scale that is not of people, and bounds unlike intervals.
        if let Place::Point { series, point } = found.place {
            if let Some((_, point)) = found.release.point(series, point) {
                let panel = study::groups::alone(page, found.figure, label, tone_of(found), point);
                view.chart = chart::whisker::svg(name, &view.statement, &[panel], page.words().rtl);
            }
            view.reliability = study::groups::leaning(page, found.figure);
        }
        view
    }

    /// A figure that speaks (`first`) with others beside it in one chart and table.
    pub fn group(
        page: &Page,
        first: &Found<'_>,
        name: &str,
        chart_title: Option<String>,
        shown: Vec<(String, Found<'_>)>,
    ) -> FigureView {
        let w = page.words();
        let release = first.release;
        let unit = release.bundle.info.unit;
        let statement = say::statement(w, &subject(page, first), &first.figure.value, unit);
        let bars = shown.iter().map(|(label, f)| bar(page, label.clone(), f.figure, tone_of(f))).collect();
        let lines = shown.into_iter().map(|(label, f)| line(page, label, f.figure)).collect();
        let href = format!("/f/{}", first.figure.id);
        FigureView {
            natural: share_of(first).map(|s| say::share(w, s, unit)),
            chart: chart::svg(name, chart_title.as_ref().unwrap_or(&statement), &[Panel { title: None, bars }], w.rtl),
            chart_title,
            statement,
            note: page.t("detected"),
            flags: flags(page, release),
            reliability: say::reliability(w, first.figure.reliability),
            lines,
            id: first.figure.id.clone(),
            exports: exports(page, &href, "figure"),
            href: page.href(&href),
            release: release_link(page, release),
        }
    }
}

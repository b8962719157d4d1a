//! Figures of groups beside each other: whiskers.

use super::{Block, Shown, sentence};
use crate::chart::whisker::{self, Panel, Row, Span};
use crate::page::Page;
use crate::say;
use crate::text::{capital, clean};
use crate::view::FigureView;
use crate::view::figure::{exports, flags, line, release_link};
use accord_hub::Published;
use accord_release::study::{Point, Series};
use accord_standard::figure::{Figure, FigureValue, Includes, Measure};
use accord_standard::study::{Show, Study};

/// What an interval spans; none for what has no number.
pub(super) fn span(value: &FigureValue) -> Option<Span> {
    match *value {
        FigureValue::Estimate { value, low, high, .. } => Some(Span { value, low, high }),
        FigureValue::Count { value, low, high } => {
            Some(Span { value: Some(value as f64), low: low as f64, high: high as f64 })
        }
        FigureValue::Range { low, high } | FigureValue::Symbol { range: Some([low, high]), .. } => {
            Some(Span { value: None, low: low as f64, high: high as f64 })
        }
        FigureValue::Symbol { .. } | FigureValue::Refused { .. } => None,
    }
}

/// Whether a range is bounds over what isn't known, and not an interval.
fn is_bounds(point: &Point) -> bool {
    point.key == "bounds" || point.key.ends_with("_bounds")
}

/// The key of what bounds are about.
fn about(point: &Point) -> &str {
    match point.key.as_str() {
        "bounds" => "known",
        key => key.strip_suffix("_bounds").unwrap_or(key),
    }
}

/// A number of a group and the bounds around it.
struct Pair<'a> {
    sure: Option<&'a Point>,
    either: Option<&'a Point>,
}

impl<'a> Pair<'a> {
    fn of(series: &'a Series, key: &str) -> Pair<'a> {
        let find = |bounds: bool| series.points.iter().find(|p| about(p) == key && is_bounds(p) == bounds);
        Pair { sure: find(false), either: find(true) }
    }

    fn figure(&self) -> Option<&'a Figure> {
        self.sure.or(self.either).map(|p| &p.figure)
    }
}

/// Keys of a figure without those of bounds, in order.
fn keys<'a>(series: &[&'a Series]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = Vec::new();
    for point in series.iter().flat_map(|s| &s.points) {
        if !keys.contains(&about(point)) {
            keys.push(about(point));
        }
    }
    keys
}

pub(super) fn block(shown: &Shown<'_>) -> Block {
    let page = shown.page;
    let mut block = shown.block(clean(&shown.spec.label));
    let keys = keys(&shown.series);
    let speaks = keys.first().copied().unwrap_or_default();
    let first = shown.series.iter().find(|s| Pair::of(s, speaks).sure.is_some_and(|p| span(&p.figure.value).is_some()));
    if let Some(series) = first.or(shown.series.first()) {
        block.statements = statements(page, &shown.who(series), &Pair::of(series, speaks), keys.len() > 1);
    }
    let panels = panels(shown, &keys);
    // One picture for each number that is compared, so that they can stand beside each other.
    let many = panels.len() > 1;
    block.charts = panels
        .into_iter()
        .enumerate()
        .map(|(n, panel)| {
            let title = match &panel.title {
                Some(title) => format!("{}: {title}", clean(&shown.spec.label)),
                None => clean(&shown.spec.label),
            };
            whisker::svg(&format!("{}-c{n}", shown.anchor), &title, &[panel], page.words().rtl)
        })
        .collect();
    block.wide = many;
    let bounds = shown.series.iter().flat_map(|s| &s.points).any(is_bounds);
    if bounds {
        block.how = page.t("study-how-bounds");
    }
    block.refused = shown.refused();
    let left_out = shown.unknown_left_out();
    block.refused.extend(left_out.iter().map(|g| (clean(&g.label), page.t("study-not-given-why"))));
    block
}

/// Panels of a figure: one for each number that groups are compared by.
fn panels(shown: &Shown<'_>, keys: &[&str]) -> Vec<Panel> {
    let page = shown.page;
    let mut out = Vec::new();
    for key in keys {
        let pairs: Vec<(&&Series, Pair<'_>)> = shown.series.iter().map(|s| (s, Pair::of(s, key))).collect();
        let measure = pairs.iter().filter_map(|(_, p)| p.figure()).find_map(|f| match f.value {
            FigureValue::Estimate { measure, .. } => Some(measure),
            _ => None,
        });
        let (top, ticks) = scale(page, measure, pairs.iter().flat_map(|(_, p)| [p.sure, p.either]).flatten());
        let mut rows: Vec<Row> = pairs
            .iter()
            .map(|(series, pair)| Row {
                label: shown.who(series),
                text: pair.sure.map_or_else(String::new, |p| beside(page, &p.figure.value)),
                more: pair.either.map_or_else(String::new, |p| bounds_words(page, &p.figure.value)),
                tone: shown.tone(series),
                sure: pair.sure.and_then(|p| span(&p.figure.value)),
                either: pair.either.and_then(|p| span(&p.figure.value)),
            })
            .collect();
        for group in shown.unknown_left_out() {
            let text = page.t("study-not-given");
            rows.push(Row {
                label: clean(&group.label),
                text,
                more: String::new(),
                tone: crate::chart::Tone::Unknown,
                sure: None,
                either: None,
            });
        }
        let title = pairs.iter().find_map(|(_, p)| Some(capital(&clean(&p.sure.or(p.either)?.label))));
        out.push(Panel { title: title.filter(|_| keys.len() > 1), rows, top, ticks });
    }
    out
}

/// End of a scale and the places named on it. Shares always run to the whole, so that all pictures of a page compare.
pub(super) fn scale<'a>(
    page: &Page,
    measure: Option<Measure>,
    points: impl Iterator<Item = &'a Point>,
) -> (f64, Vec<(f64, String)>) {
    let w = page.words();
    let most = points.filter_map(|p| span(&p.figure.value)).map(|s| s.high).fold(0.0, f64::max);
    let name = |value: f64| match measure {
        Some(Measure::Percent | Measure::Ratio) => {
            say::measured(w, &value.to_string(), measure.unwrap_or(Measure::Percent))
        }
        _ => w.number(value.max(0.0) as u64),
    };
    match measure {
        Some(Measure::Percent) => (100.0, [0.0, 50.0, 100.0].map(|v| (v, name(v))).to_vec()),
        Some(Measure::Ratio) => {
            let top = crate::chart::nice(most.max(1.5));
            (top, vec![(0.0, name(0.0)), (1.0, page.t("study-no-difference")), (top, name(top))])
        }
        _ => {
            let top = crate::chart::nice(most.max(1.0));
            let name = |value: f64| if value.fract() == 0.0 { name(value) } else { value.to_string() };
            let end = measure.map_or_else(|| name(top), |m| say::measured(w, &top.to_string(), m));
            (top, vec![(0.0, name(0.0)), (top, end)])
        }
    }
}

/// Value and interval beside a bar. What is measured in stands on the scale, where it would not fit beside each bar.
fn beside(page: &Page, value: &FigureValue) -> String {
    match value {
        FigureValue::Estimate { value, low, high, measure, .. } if long(*measure) => match value {
            Some(value) => format!("{value} ({low}–{high})"),
            None => format!("{low}–{high}"),
        },
        other => say::with_interval(page.words(), other),
    }
}

/// Whether a measure takes many words.
const fn long(measure: Measure) -> bool {
    !matches!(measure, Measure::Percent | Measure::Ratio)
}

fn bounds_words(page: &Page, value: &FigureValue) -> String {
    let w = page.words();
    match value {
        FigureValue::Estimate { .. } => {
            let ends = say::interval(w, value).unwrap_or_else(|| say::value(w, value));
            page.with("study-bounds-short", &[("ends", (&ends).into())])
        }
        FigureValue::Refused { .. } => page.t("study-bounds-refused"),
        other => say::with_interval(w, other),
    }
}

/// What a number says of a group, as people count, with its interval; then what its bounds say.
fn statements(page: &Page, who: &str, pair: &Pair<'_>, named: bool) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(point) = pair.sure {
        let label = clean(&point.label);
        let who = if named && !label.is_empty() { format!("{who}, {label}") } else { who.to_owned() };
        out.push(about_words(page, &who, &point.figure.value));
    }
    if let Some(point) = pair.either {
        match &point.figure.value {
            FigureValue::Estimate { low, high, measure, .. } => {
                let ends = match measure {
                    Measure::Percent => in_hundred(page, *low, *high),
                    _ => say::measured(page.words(), &format!("{low}–{high}"), *measure),
                };
                out.push(page.with("study-whoever", &[("ends", (&ends).into())]));
            }
            FigureValue::Refused { reason } => {
                out.push(page.with("study-whoever-refused", &[("why", (&sentence(reason)).into())]));
            }
            _ => {}
        }
    }
    out
}

/// "between 21 and 40 in every 100", rounded outwards.
fn in_hundred(page: &Page, low: f64, high: f64) -> String {
    let (low, high) = ((low.floor() + 0.0).to_string(), (high.ceil() + 0.0).to_string());
    page.with("study-in-hundred", &[("low", (&low).into()), ("high", (&high).into())])
}

/// One number of one group as a sentence.
pub(super) fn about_words(page: &Page, who: &str, value: &FigureValue) -> String {
    let w = page.words();
    let who_arg = ("who", who.into());
    match value {
        FigureValue::Estimate { value: Some(value), low, high, measure: Measure::Percent, .. } => {
            // Adding nought makes nought of a negative nought.
            let [value, low, high] = [value.round(), low.floor(), high.ceil()].map(|n| (n + 0.0).to_string());
            let args = [who_arg, ("value", (&value).into()), ("low", (&low).into()), ("high", (&high).into())];
            page.with("study-about-hundred", &args)
        }
        FigureValue::Estimate { value: None, low, high, measure, .. } => {
            let ends = match measure {
                Measure::Percent => in_hundred(page, *low, *high),
                _ => say::measured(w, &format!("{low}–{high}"), *measure),
            };
            page.with("study-range", &[who_arg, ("ends", (&ends).into())])
        }
        FigureValue::Refused { reason } => page.with("study-refused", &[who_arg, ("why", (&sentence(reason)).into())]),
        FigureValue::Symbol { symbol, .. } => {
            page.with("study-refused", &[who_arg, ("why", (&sentence(&say::symbol_words(w, *symbol))).into())])
        }
        FigureValue::Estimate { low, high, .. } => {
            let (value, low, high) = (say::value(w, value), low.to_string(), high.to_string());
            let args = [who_arg, ("value", (&value).into()), ("low", (&low).into()), ("high", (&high).into())];
            page.with("study-about", &args)
        }
        FigureValue::Count { low, high, .. } => {
            let (value, low, high) = (say::value(w, value), w.number(*low), w.number(*high));
            let args = [who_arg, ("value", (&value).into()), ("low", (&low).into()), ("high", (&high).into())];
            page.with("study-about", &args)
        }
        FigureValue::Range { .. } => page.with("study-range", &[who_arg, ("ends", (&say::value(w, value)).into())]),
    }
}

/// The figure that speaks for a study elsewhere: the first that its page shows of which anything can be said. If nothing
/// can, the reason.
pub fn speaking(page: &Page, release: &Published, study: &Study, name: &str) -> Result<FigureView, Option<String>> {
    let mut why = None;
    let figures = study.sections.iter().flat_map(|s| &s.show).filter_map(|show| match show {
        Show::Figures(id) | Show::Curve(id) => Some(id),
        _ => None,
    });
    for id in figures {
        let Some(shown) = Shown::new(page, release, study, id, name.to_owned()) else { continue };
        let keys = keys(&shown.series);
        let Some(key) = keys.first() else { continue };
        let first = shown.series.iter().find_map(|s| {
            let pair = Pair::of(s, key);
            let figure = pair.figure()?;
            (span(&figure.value).is_some()).then_some((s, pair, figure))
        });
        let Some((series, pair, figure)) = first else {
            why = why.or_else(|| shown.refused().into_iter().next().map(|(_, why)| why));
            continue;
        };
        let label = clean(&shown.spec.label);
        let mut said = statements(page, &shown.who(series), &pair, keys.len() > 1).into_iter();
        let statement = format!("{label}. {}", said.next().unwrap_or_default());
        let panel = panels(&shown, &keys).into_iter().next();
        let chart = whisker::svg(name, &label, panel.as_slice(), page.words().rtl);
        let lines = shown.series.iter().flat_map(|s| s.points.iter().map(move |p| (s, p))).map(|(s, p)| {
            let label =
                if p.label.is_empty() { shown.who(s) } else { format!("{}, {}", shown.who(s), clean(&p.label)) };
            line(page, label, &p.figure)
        });
        let href = format!("/f/{}", figure.id);
        return Ok(FigureView {
            statement,
            natural: said.next(),
            chart_title: Some(label),
            chart,
            note: page.t("detected"),
            flags: flags(page, release),
            reliability: leaning(page, figure),
            lines: lines.collect(),
            id: figure.id.clone(),
            exports: exports(page, &href, "figure"),
            href: page.href(&href),
            release: release_link(page, release),
        });
    }
    Err(why)
}

/// How far a number can be leant on, and what its interval includes.
pub fn leaning(page: &Page, figure: &Figure) -> String {
    match &figure.value {
        FigureValue::Estimate { value: None, includes: Includes::NoiseAndMissing, .. } => page.t("study-note-bounds"),
        FigureValue::Estimate { includes, .. } => {
            let reliability = say::reliability(page.words(), figure.reliability);
            let includes = page.t(super::includes_key(*includes));
            format!("{reliability}. {}", capital(&includes))
        }
        _ => say::reliability(page.words(), figure.reliability),
    }
}

/// One number alone, for its own page.
pub fn alone(page: &Page, figure: &Figure, label: String, tone: crate::chart::Tone, point: &Point) -> Panel {
    let measure = match figure.value {
        FigureValue::Estimate { measure, .. } => Some(measure),
        _ => None,
    };
    let (top, ticks) = scale(page, measure, std::iter::once(point));
    let found = span(&figure.value);
    let bounds = is_bounds(point);
    let text = if bounds { bounds_words(page, &figure.value) } else { beside(page, &figure.value) };
    let (sure, either) = if bounds { (None, found) } else { (found, None) };
    Panel { title: None, rows: vec![Row { label, text, more: String::new(), tone, sure, either }], top, ticks }
}

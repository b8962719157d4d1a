//! Charts: server-made SVG, interval first. The mark is the range, the value a tick on it; what is refused, hidden or
//! unknown is drawn as a hatched bar with its reason. Every chart stands beside its table and is described from the same
//! figures.
//!
//! Counts have two forms: a list of bars with intervals, and small multiples of it on one scale. What estimators made has
//! forms of its own: [`whisker`] (groups beside each other), [`curve`] (along time or age), [`flow`] (from step to step) and
//! [`lexis`] (two ages against each other). Colours are presentation attributes
//! (they work when the file stands alone); a page's style sheet overrides them for dark, print and forced colours.

pub mod curve;
pub mod flow;
pub mod lexis;
pub mod whisker;

use crate::text::{clean, escape};
use std::fmt::Write as _;

/// What is drawn for one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A value on its interval.
    Value {
        /// Value.
        value: u64,
        /// Lower end.
        low: u64,
        /// Upper end.
        high: u64,
    },
    /// Only the interval.
    Range {
        /// Lower end.
        low: u64,
        /// Upper end.
        high: u64,
    },
    /// No number, and only how far it could reach: the reach, hatched.
    Unsure {
        /// Lower end.
        low: u64,
        /// Upper end.
        high: u64,
    },
    /// No number: a hatched bar.
    None,
}

/// Whose figure it is; decides colour and pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Girls and women.
    Plum,
    /// Boys and men, or everybody.
    Navy,
    /// A second series.
    Teal,
    /// Sex, age or answer not known.
    Unknown,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Label.
    pub label: String,
    /// Value and interval, or reason, in words.
    pub text: String,
    /// What is drawn.
    pub mark: Mark,
    /// Whose it is.
    pub tone: Tone,
}

/// A group of bars with a heading of its own, on the same scale as the others.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Heading; none for a chart with one panel.
    pub title: Option<String>,
    /// Bars.
    pub bars: Vec<Bar>,
}

const WIDTH: f64 = 340.0;
const LINE: f64 = 17.0;
const BAR: f64 = 12.0;

/// The chart as SVG text. `id` must be unique in its page and hold letters, digits and `-` only.
pub fn svg(id: &str, title: &str, panels: &[Panel], rtl: bool) -> String {
    scaled(id, title, panels, top(panels), rtl)
}

/// Small multiples: one chart a panel, all on one scale, to be set side by side where there is room.
pub fn multiples(id: &str, title: &str, panels: Vec<Panel>, rtl: bool) -> Vec<String> {
    let top = top(&panels);
    let chart = |(at, panel): (usize, Panel)| scaled(&format!("{id}-{at}"), title, &[panel], top, rtl);
    panels.into_iter().enumerate().map(chart).collect()
}

fn top(panels: &[Panel]) -> u64 {
    panels.iter().flat_map(|p| &p.bars).map(|b| most(&b.mark)).max().unwrap_or(0).max(1)
}

fn scaled(id: &str, title: &str, panels: &[Panel], top: u64, rtl: bool) -> String {
    let mut body = String::new();
    let mut y = 4.0;
    for panel in panels {
        if let Some(title) = &panel.title {
            y += 14.0;
            text(&mut body, "c-h", 0.0, y, false, rtl, title);
            y += 8.0;
        }
        for bar in &panel.bars {
            y = draw_bar(&mut body, id, bar, top as f64, y, rtl);
        }
        y += 6.0;
    }
    let defs =
        [pattern(id, "h", "M0 6L6 0", "#56606E", "c-hatch"), pattern(id, "s", "M0 0L6 6", "#FBF8F3", "c-stripe")];
    frame(id, title, &describe(panels), y, &defs.concat(), &body)
}

/// The picture around its body: title and description that a screen reader says, and the patterns it uses.
fn frame(id: &str, title: &str, describe: &str, height: f64, defs: &str, body: &str) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\" font-family=\"system-ui, sans-serif\" font-size=\"13.5\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc><defs>{defs}</defs>{body}</svg>",
        escape(title),
        escape(describe),
    );
    out
}

/// The hatching of what is refused, hidden or not known.
fn hatch(id: &str) -> String {
    pattern(id, "h", "M0 6L6 0", "#56606E", "c-hatch")
}

/// Class and colour of a tone.
const fn look(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Plum => ("c-plum", "#801650"),
        Tone::Navy => ("c-navy", "#12436D"),
        Tone::Teal => ("c-teal", "#28A197"),
        Tone::Unknown => ("c-grey", "#56606E"),
    }
}

/// A place across the chart, from its start: mirrored where text runs from right to left.
fn across(x: f64, rtl: bool) -> f64 {
    if rtl { WIDTH - x } else { x }
}

/// A top for a scale that ends over `most`: 1, 2, 2.5 or 5 times a power of ten.
pub fn nice(most: f64) -> f64 {
    if !most.is_finite() || most <= 0.0 {
        return 1.0;
    }
    let step = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|n| n * step).find(|top| *top >= most).unwrap_or(10.0 * step)
}

/// The chart in words: one clause a bar.
pub fn describe(panels: &[Panel]) -> String {
    let panel = |p: &Panel| {
        let bars: Vec<String> = p.bars.iter().map(|b| format!("{}: {}", clean(&b.label), clean(&b.text))).collect();
        match &p.title {
            Some(title) => format!("{}. {}", clean(title), bars.join("; ")),
            None => bars.join("; "),
        }
    };
    panels.iter().map(panel).collect::<Vec<_>>().join(". ")
}

fn most(mark: &Mark) -> u64 {
    match mark {
        Mark::Value { value, high, .. } => (*value).max(*high),
        Mark::Range { high, .. } | Mark::Unsure { high, .. } => *high,
        Mark::None => 0,
    }
}

fn pattern(id: &str, name: &str, path: &str, stroke: &str, class: &str) -> String {
    format!(
        "<pattern id=\"{id}-{name}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"{path}\" \
         class=\"{class}\" stroke=\"{stroke}\" stroke-width=\"1.3\"/></pattern>"
    )
}

fn draw_bar(out: &mut String, id: &str, bar: &Bar, top: f64, y: f64, rtl: bool) -> f64 {
    let room = 46_usize.saturating_sub(bar.text.chars().count().min(30) + 2).max(14);
    let lines = wrap(&clean(&bar.label), room);
    for (i, line) in lines.iter().enumerate() {
        text(out, "c-l", 0.0, y + 12.0 + LINE * i as f64, false, rtl, line);
    }
    text(out, "c-v", WIDTH, y + 12.0, true, rtl, &bar.text);
    let y = y + LINE * lines.len() as f64 + 2.0;
    let x = |value: u64| value as f64 / top * (WIDTH - 4.0);
    let (class, fill) = look(bar.tone);
    let span = |low: u64, high: u64| {
        let (from, to) = (x(low), x(high));
        let width = (to - from).max(3.0);
        (from.min(WIDTH - width), width)
    };
    match bar.mark {
        Mark::Value { value, low, high } => {
            let (from, width) = span(low, high);
            rect(out, &format!("c-tint {class}"), fill, 0.0, y + 3.0, from, BAR - 6.0, rtl, Some("0.3"));
            rect(out, class, fill, from, y, width, BAR, rtl, None);
            if bar.tone != Tone::Plum {
                rect(out, "c-over", &format!("url(#{id}-s)"), from, y, width, BAR, rtl, None);
            }
            let tick = x(value).clamp(from, from + width).min(WIDTH - 2.0);
            rect(out, "c-tick", "#1E2530", tick, y - 2.0, 2.0, BAR + 4.0, rtl, None);
        }
        Mark::Range { low, high } => {
            let (from, width) = span(low, high);
            rect(out, class, fill, from, y, width, BAR, rtl, None);
            rect(out, "c-over", &format!("url(#{id}-s)"), from, y, width, BAR, rtl, None);
        }
        Mark::Unsure { low, high } => {
            let (from, width) = span(low, high);
            rect(out, "c-none", &format!("url(#{id}-h)"), from + 0.5, y + 0.5, width - 1.0, BAR - 1.0, rtl, None);
        }
        Mark::None => rect(out, "c-none", &format!("url(#{id}-h)"), 0.5, y + 0.5, WIDTH - 1.0, BAR - 1.0, rtl, None),
    }
    y + BAR + 9.0
}

#[expect(clippy::too_many_arguments, reason = "a rectangle has that many sides")]
fn rect(out: &mut String, class: &str, fill: &str, x: f64, y: f64, w: f64, h: f64, rtl: bool, opacity: Option<&str>) {
    if w <= 0.0 {
        return;
    }
    let x = if rtl { WIDTH - x - w } else { x };
    let opacity = opacity.map(|o| format!(" fill-opacity=\"{o}\"")).unwrap_or_default();
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{fill}\"{opacity}/>"
    );
}

fn text(out: &mut String, class: &str, x: f64, y: f64, end: bool, rtl: bool, words: &str) {
    let x = if rtl { WIDTH - x } else { x };
    // With `direction: rtl` the start of the text is its right side, so that anchors need no mirroring.
    let anchor = if end { " text-anchor=\"end\"" } else { "" };
    let direction = if rtl { " direction=\"rtl\"" } else { "" };
    let weight = if class == "c-h" { " font-weight=\"600\"" } else { "" };
    let _ = write!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" fill=\"#1E2530\"{anchor}{direction}{weight}>{}</text>",
        escape(words)
    );
}

/// Height of a chart made by [`svg`], from its own view box.
pub fn height(svg: &str) -> f64 {
    let frame = svg.split("viewBox=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    frame.rsplit(' ').next().and_then(|h| h.parse().ok()).unwrap_or(0.0)
}

/// The label in lines of at most `room` letters, three lines at most.
pub fn wrap(label: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in label.split_whitespace() {
        let word: String = word.chars().take(room).collect();
        let full = lines.len() == 3;
        let last = lines.last_mut().expect("there is always a line: the vector starts with one and only grows");
        if last.is_empty() {
            *last = word;
        } else if last.chars().count() + 1 + word.chars().count() <= room {
            last.push(' ');
            last.push_str(&word);
        } else if full {
            last.push('…');
            break;
        } else {
            lines.push(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests;

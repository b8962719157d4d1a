//! Estimates of groups beside each other, one row a group: the interval is the mark, the value a tick on it. Bounds, which
//! hold whatever is true of those of whom it isn't known, are an open, dashed box around it: no value inside is likelier.

use super::{LINE, Tone, WIDTH, frame, hatch, look, rect, text, wrap};
use crate::text::clean;
use std::fmt::Write as _;

/// An interval, with its value if one can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Value.
    pub value: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose it is.
    pub label: String,
    /// Value and interval, or the reason why there is none, in words.
    pub text: String,
    /// Bounds in words; empty if there are none.
    pub more: String,
    /// Colour.
    pub tone: Tone,
    /// Interval.
    pub sure: Option<Span>,
    /// Bounds over what isn't known.
    pub either: Option<Span>,
}

/// Rows on one scale.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Heading; none for a chart with one panel.
    pub title: Option<String>,
    /// Rows.
    pub rows: Vec<Row>,
    /// End of the scale.
    pub top: f64,
    /// Places on the scale with their names.
    pub ticks: Vec<(f64, String)>,
}

const LANE: f64 = 16.0;

/// The chart.
pub fn svg(id: &str, title: &str, panels: &[Panel], rtl: bool) -> String {
    let mut body = String::new();
    let mut y = 4.0;
    for panel in panels {
        if let Some(title) = &panel.title {
            for line in wrap(&clean(title), 44) {
                y += 15.0;
                text(&mut body, "c-h", 0.0, y, false, rtl, &line);
            }
            y += 8.0;
        }
        let top = if panel.top > 0.0 && panel.top.is_finite() { panel.top } else { 1.0 };
        for row in &panel.rows {
            y = draw(&mut body, id, row, top, y, rtl);
        }
        y = axis(&mut body, panel, top, y, rtl);
    }
    frame(id, title, &describe(panels), y, &hatch(id), &body)
}

fn x(value: f64, top: f64) -> f64 {
    (value / top).clamp(0.0, 1.0) * (WIDTH - 4.0) + 2.0
}

fn draw(out: &mut String, id: &str, row: &Row, top: f64, y: f64, rtl: bool) -> f64 {
    let room = 46_usize.saturating_sub(row.text.chars().count().min(30) + 2).max(14);
    let lines = wrap(&clean(&row.label), room);
    for (i, line) in lines.iter().enumerate() {
        text(out, "c-l", 0.0, y + 12.0 + LINE * i as f64, false, rtl, line);
    }
    text(out, "c-v", WIDTH, y + 12.0, true, rtl, &row.text);
    let mut y = y + LINE * lines.len() as f64;
    if !row.more.is_empty() {
        text(out, "c-m", WIDTH, y + 11.0, true, rtl, &row.more);
        y += LINE;
    }
    y += 3.0;
    let (class, fill) = look(row.tone);
    if row.sure.is_none() && row.either.is_none() {
        rect(out, "c-none", &format!("url(#{id}-h)"), 0.5, y + 0.5, WIDTH - 1.0, LANE - 5.0, rtl, None);
        return y + LANE + 5.0;
    }
    let middle = y + LANE / 2.0;
    rect(out, "c-rule", "#D9D2C7", 2.0, middle - 0.5, WIDTH - 4.0, 1.0, rtl, None);
    let wide = |span: &Span| {
        let (from, to) = (x(span.low, top), x(span.high, top));
        let width = (to - from).max(3.0);
        (from.min(WIDTH - width), width)
    };
    if let Some(span) = &row.either {
        let (from, width) = wide(span);
        let at = if rtl { WIDTH - from - width } else { from };
        let _ = write!(
            out,
            "<rect class=\"c-open\" x=\"{at:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"none\" \
             stroke=\"#56606E\" stroke-width=\"1.5\" stroke-dasharray=\"4 2.5\"/>",
            y + 0.75,
            LANE - 1.5,
        );
    }
    if let Some(span) = &row.sure {
        let (from, width) = wide(span);
        rect(out, class, fill, from, middle - 3.5, width, 7.0, rtl, None);
        if let Some(value) = span.value {
            let tick = (x(value, top) - 1.5).clamp(from, (from + width - 3.0).max(from));
            rect(out, "c-tick", "#1E2530", tick, y, 3.0, LANE, rtl, None);
        }
    }
    y + LANE + 8.0
}

fn axis(out: &mut String, panel: &Panel, top: f64, y: f64, rtl: bool) -> f64 {
    if panel.ticks.is_empty() {
        return y + 4.0;
    }
    rect(out, "c-axis", "#7D776C", 2.0, y, WIDTH - 4.0, 1.0, rtl, None);
    for (at, name) in &panel.ticks {
        let place = x(*at, top);
        rect(out, "c-axis", "#7D776C", (place - 0.5).clamp(0.0, WIDTH - 1.0), y, 1.0, 5.0, rtl, None);
        label(out, place, y + 17.0, name, rtl);
    }
    y + 30.0
}

/// A name under a place on an axis, kept inside the frame.
pub(super) fn label(out: &mut String, place: f64, y: f64, name: &str, rtl: bool) {
    // About 8 to a letter at this size.
    let half = name.chars().count() as f64 * 3.9;
    let middle = place.clamp(half.min(WIDTH / 2.0), (WIDTH - half).max(WIDTH / 2.0));
    let _ = write!(
        out,
        "<text class=\"c-s\" x=\"{:.1}\" y=\"{y:.1}\" fill=\"#56606E\" font-size=\"12\" text-anchor=\"middle\">{}</text>",
        super::across(middle, rtl),
        crate::text::escape(name),
    );
}

/// The chart in words.
pub fn describe(panels: &[Panel]) -> String {
    let row = |r: &Row| {
        let more = if r.more.is_empty() { String::new() } else { format!(", {}", clean(&r.more)) };
        format!("{}: {}{more}", clean(&r.label), clean(&r.text))
    };
    let panel = |p: &Panel| {
        let rows: Vec<String> = p.rows.iter().map(row).collect();
        match &p.title {
            Some(title) => format!("{}. {}", clean(title), rows.join("; ")),
            None => rows.join("; "),
        }
    };
    panels.iter().map(panel).collect::<Vec<_>>().join(". ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(sure: Option<Span>, either: Option<Span>) -> Vec<Panel> {
        let row =
            Row { label: "Girls".into(), text: "words".into(), more: String::new(), tone: Tone::Plum, sure, either };
        vec![Panel {
            title: None,
            rows: vec![row],
            top: 100.0,
            ticks: vec![(0.0, "0".into()), (100.0, "100 %".into())],
        }]
    }

    #[test]
    fn an_interval_bounds_and_a_refusal_are_drawn_unlike_each_other() {
        let sure = Span { value: Some(50.0), low: 40.0, high: 60.0 };
        let either = Span { value: None, low: 20.0, high: 80.0 };
        let both = svg("a", "t", &row(Some(sure), Some(either)), false);
        assert!(both.contains("class=\"c-plum\" x=\"136.4\"") && both.contains("c-tick"), "{both}");
        assert!(both.contains("class=\"c-open\" x=\"69.2\"") && both.contains("stroke-dasharray"), "{both}");
        let bounds = svg("a", "t", &row(None, Some(either)), false);
        assert!(!bounds.contains("c-tick") && !bounds.contains("c-plum"));
        assert!(svg("a", "t", &row(None, None), false).contains("url(#a-h)"));
    }

    #[test]
    fn from_right_to_left_nought_is_on_the_right() {
        let sure = Span { value: None, low: 0.0, high: 10.0 };
        let text = svg("a", "t", &row(Some(sure), None), true);
        // 340 - 2 - 33.6
        assert!(text.contains("class=\"c-plum\" x=\"304.4\""), "{text}");
    }

    proptest! {
        #[test]
        fn any_numbers_stay_inside_the_frame(value in any::<f64>(), low in any::<f64>(), high in any::<f64>(), top in any::<f64>(), rtl in any::<bool>()) {
            let mut panels = row(Some(Span { value: Some(value), low, high }), Some(Span { value: None, low, high }));
            panels[0].top = top;
            let text = svg("a", "t", &panels, rtl);
            prop_assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("x=\"-"), "{}", text);
        }
    }
}

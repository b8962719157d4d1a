//! A figure along time or age: a line in a band that is its interval. Where there is only a range the band goes on without
//! the line; where it is refused the ground is hatched. Bounds are dashed edges without a fill.

use super::{Tone, WIDTH, across, frame, hatch, look, rect, text, whisker, wrap};
use crate::text::clean;
use std::fmt::Write as _;

/// One place of a line: its interval, or none where it was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Place on the axis.
    pub at: f64,
    /// What is known there.
    pub span: Option<whisker::Span>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Name; empty if it is the only one.
    pub name: String,
    /// Colour.
    pub tone: Tone,
    /// Whether it is bounds: edges without a fill.
    pub bounds: bool,
    /// In order of place.
    pub dots: Vec<Dot>,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Heading: whose it is.
    pub title: String,
    /// Lines, four at most.
    pub lines: Vec<Line>,
    /// Ends of the axis along.
    pub from: f64,
    /// End.
    pub to: f64,
    /// End of the axis up; it begins at nought.
    pub top: f64,
    /// Names along.
    pub along: Vec<(f64, String)>,
    /// Names up.
    pub up: Vec<(f64, String)>,
    /// What the axis along is, in words.
    pub axis: String,
    /// The line in words, for those who don't see it.
    pub words: String,
    /// A place to mark, with its name.
    pub mark: Option<(f64, String)>,
}

const LEFT: f64 = 46.0;
const HIGH: f64 = 150.0;
/// Dashes of the second, third and fourth line: told apart without colour.
const DASHES: [&str; 4] = ["", "7 3", "2 3", "9 3 2 3"];

/// The chart.
pub fn svg(id: &str, curve: &Curve, rtl: bool) -> String {
    let mut body = String::new();
    let mut y = 4.0;
    for line in wrap(&clean(&curve.title), 44) {
        y += 15.0;
        text(&mut body, "c-h", 0.0, y, false, rtl, &line);
    }
    for (at, line) in curve.lines.iter().enumerate().filter(|(_, l)| !l.name.is_empty()) {
        y += 18.0;
        key(&mut body, line, at, y, rtl);
    }
    y += 14.0;
    ground(&mut body, curve, y, rtl);
    for (at, line) in curve.lines.iter().enumerate() {
        draw(&mut body, id, curve, line, at, y, rtl);
    }
    if let Some((at, name)) = &curve.mark {
        let x = place(curve, *at);
        rect(&mut body, "c-mark", "#1E2530", x - 0.75, y - 6.0, 1.5, HIGH + 6.0, rtl, None);
        whisker::label(&mut body, x + name.chars().count() as f64 * 3.4 + 5.0, y + 3.0, name, rtl);
    }
    let bottom = y + HIGH;
    for (at, name) in &curve.along {
        rect(&mut body, "c-axis", "#7D776C", place(curve, *at) - 0.5, bottom, 1.0, 5.0, rtl, None);
        whisker::label(&mut body, place(curve, *at), bottom + 17.0, name, rtl);
    }
    whisker::label(&mut body, f64::midpoint(LEFT, WIDTH), bottom + 34.0, &curve.axis, rtl);
    frame(id, &curve.title, &curve.words, bottom + 42.0, &hatch(id), &body)
}

fn place(curve: &Curve, at: f64) -> f64 {
    let wide = curve.to - curve.from;
    let share = if wide > 0.0 { (at - curve.from) / wide } else { 0.5 };
    LEFT + if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 } * (WIDTH - LEFT - 8.0)
}

fn height(curve: &Curve, value: f64, y: f64) -> f64 {
    let share = value / curve.top;
    y + HIGH - if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 } * HIGH
}

fn key(out: &mut String, line: &Line, at: usize, y: f64, rtl: bool) {
    let (class, stroke) = look(line.tone);
    let (from, to) = (across(0.0, rtl), across(26.0, rtl));
    stroke_of(out, class, stroke, line, at, &format!("M{from:.1} {:.1}L{to:.1} {:.1}", y - 4.5, y - 4.5));
    text(out, "c-l", 34.0, y, false, rtl, &line.name);
}

fn stroke_of(out: &mut String, class: &str, stroke: &str, line: &Line, at: usize, path: &str) {
    let dash = if line.bounds { "4 2.5" } else { DASHES[at % DASHES.len()] };
    let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    let width = if line.bounds { 1.5 } else { 2.5 };
    let _ = write!(
        out,
        "<path class=\"c-line {class}\" d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" \
         stroke-linejoin=\"round\"{dash}/>"
    );
}

fn ground(out: &mut String, curve: &Curve, y: f64, rtl: bool) {
    for (value, name) in &curve.up {
        let at = height(curve, *value, y);
        rect(out, "c-rule", "#D9D2C7", LEFT, at - 0.5, WIDTH - LEFT, 1.0, rtl, None);
        let x = across(LEFT - 6.0, rtl);
        let anchor = if rtl { "start" } else { "end" };
        let _ = write!(
            out,
            "<text class=\"c-s\" x=\"{x:.1}\" y=\"{:.1}\" fill=\"#56606E\" font-size=\"12\" direction=\"ltr\" text-anchor=\"{anchor}\">{}</text>",
            at + 4.0,
            crate::text::escape(name),
        );
    }
    rect(out, "c-axis", "#7D776C", LEFT, y + HIGH - 0.5, WIDTH - LEFT, 1.0, rtl, None);
}

fn draw(out: &mut String, id: &str, curve: &Curve, line: &Line, order: usize, y: f64, rtl: bool) {
    let (class, fill) = look(line.tone);
    let at = |dot: &Dot| place(curve, dot.at);
    // Runs without a refusal in between.
    for run in line.dots.split(|dot| dot.span.is_none()).filter(|run| !run.is_empty()) {
        let spans = || run.iter().filter_map(|dot| Some((at(dot), dot.span?)));
        let upper: Vec<(f64, f64)> = spans().map(|(x, s)| (across(x, rtl), height(curve, s.high, y))).collect();
        let lower: Vec<(f64, f64)> = spans().map(|(x, s)| (across(x, rtl), height(curve, s.low, y))).collect();
        if line.bounds {
            stroke_of(out, class, fill, line, order, &path(&upper));
            stroke_of(out, class, fill, line, order, &path(&lower));
        } else if let [(x, top)] = upper[..] {
            let low = lower.first().map_or(top, |p| p.1);
            let _ = write!(
                out,
                "<rect class=\"{class} c-band\" x=\"{:.1}\" y=\"{top:.1}\" width=\"6\" height=\"{:.1}\" fill=\"{fill}\" \
                 fill-opacity=\"0.25\"/>",
                x - 3.0,
                (low - top).max(2.0),
            );
        } else {
            let ring: Vec<(f64, f64)> = upper.iter().copied().chain(lower.iter().rev().copied()).collect();
            let _ = write!(
                out,
                "<path class=\"{class} c-band\" d=\"{}Z\" fill=\"{fill}\" fill-opacity=\"0.25\"/>",
                path(&ring)
            );
        }
    }
    let valued = |dot: &Dot| dot.span.and_then(|s| s.value);
    for run in line.dots.split(|dot| valued(dot).is_none()).filter(|run| !run.is_empty()) {
        let points: Vec<(f64, f64)> =
            run.iter().filter_map(|d| Some((across(at(d), rtl), height(curve, valued(d)?, y)))).collect();
        stroke_of(out, class, fill, line, order, &path(&points));
        for (x, y) in points {
            let _ =
                write!(out, "<circle class=\"{class} c-dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{fill}\"/>");
        }
    }
    // A refusal hatches the ground to half the way to its neighbours.
    for (n, dot) in line.dots.iter().enumerate().filter(|(_, d)| d.span.is_none()) {
        let half = |other: Option<&Dot>| other.map_or(6.0, |o| ((at(o) - at(dot)).abs() / 2.0).max(3.0));
        let before = half(n.checked_sub(1).and_then(|n| line.dots.get(n)));
        let after = half(line.dots.get(n + 1));
        let from = (at(dot) - before).max(LEFT);
        let wide = (at(dot) + after).min(WIDTH) - from;
        rect(out, "c-none", &format!("url(#{id}-h)"), from, y + 1.0, wide, HIGH - 2.0, rtl, None);
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let _ = write!(out, "{}{x:.1} {y:.1}", if n == 0 { 'M' } else { 'L' });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Value, low and high.
    type Ends = (Option<f64>, f64, f64);

    fn curve(spans: &[Option<Ends>]) -> Curve {
        let dot = |(at, span): (usize, &Option<Ends>)| Dot {
            at: at as f64,
            span: span.map(|(value, low, high)| whisker::Span { value, low, high }),
        };
        let dots = spans.iter().enumerate().map(dot).collect();
        Curve {
            title: "Girls".into(),
            lines: vec![Line { name: String::new(), tone: Tone::Plum, bounds: false, dots }],
            from: 0.0,
            to: (spans.len().max(2) - 1) as f64,
            top: 100.0,
            along: vec![(0.0, "0".into())],
            up: vec![(0.0, "0".into()), (100.0, "100".into())],
            axis: "years".into(),
            words: "w".into(),
            mark: None,
        }
    }

    #[test]
    fn the_band_goes_on_where_there_is_only_a_range_and_the_ground_is_hatched_where_it_is_refused() {
        let all = svg("a", &curve(&[Some((Some(10.0), 5.0, 20.0)), Some((None, 5.0, 60.0)), None]), false);
        assert_eq!(all.matches("c-band").count(), 1, "{all}");
        assert_eq!(all.matches("c-dot").count(), 1, "a range has no point");
        assert_eq!(all.matches("url(#a-h)").count(), 1);
    }

    #[test]
    fn from_right_to_left_time_runs_to_the_left() {
        let spans = [Some((Some(10.0), 5.0, 20.0)), Some((Some(20.0), 5.0, 60.0))];
        let (left, right) = (svg("a", &curve(&spans), false), svg("a", &curve(&spans), true));
        assert!(left.contains("cx=\"46.0\"") && right.contains("cx=\"294.0\""), "{right}");
    }

    proptest! {
        #[test]
        fn any_numbers_stay_inside_the_frame(numbers in proptest::collection::vec(any::<[f64; 4]>(), 0..5), top in any::<f64>(), rtl in any::<bool>()) {
            let mut given = curve(&[]);
            given.lines[0].dots = numbers.iter().map(|n| Dot { at: n[0], span: Some(whisker::Span { value: Some(n[1]), low: n[2], high: n[3] }) }).collect();
            given.top = top;
            let text = svg("a", &given, rtl);
            prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
        }
    }
}

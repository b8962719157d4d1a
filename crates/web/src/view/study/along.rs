//! Figures along time or age: curves, one picture a group.

use super::groups::{about_words, span};
use super::{Block, Shown};
use crate::chart::curve::{Curve, Dot, Line, svg};
use crate::chart::{Tone, nice};
use crate::say;
use crate::text::{capital, clean};
use accord_release::study::{Point, Series};
use accord_standard::figure::{FigureValue, Measure};
use accord_standard::study::Estimator;
use std::collections::BTreeSet;

/// Points of one series that lie on one line, by their key without its numbers.
struct Strand<'a> {
    key: String,
    points: Vec<(f64, &'a Point)>,
}

fn strands<'a>(series: &'a Series) -> Vec<Strand<'a>> {
    let mut out: Vec<Strand<'a>> = Vec::new();
    for point in &series.points {
        let Some(at) = point.at.filter(|at| at.is_finite()) else { continue };
        let key: String = point.key.chars().filter(|c| !c.is_ascii_digit()).collect();
        match out.iter_mut().find(|s| s.key == key) {
            Some(strand) => strand.points.push((at, point)),
            None => out.push(Strand { key, points: vec![(at, point)] }),
        }
    }
    for strand in &mut out {
        strand.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    out
}

fn is_bounds(strand: &Strand<'_>) -> bool {
    strand.key.ends_with("_bounds")
}

pub(super) fn block(shown: &Shown<'_>) -> Block {
    let page = shown.page;
    let w = page.words();
    let mut block = shown.block(clean(&shown.spec.label));
    block.refused = shown.refused();
    let drawn: Vec<(&&Series, Vec<Strand<'_>>)> = shown
        .series
        .iter()
        .map(|s| (s, strands(s)))
        .filter(|(_, s)| s.iter().any(|s| s.points.iter().any(|(_, p)| span(&p.figure.value).is_some())))
        .collect();
    let points = || drawn.iter().flat_map(|(_, s)| s).flat_map(|s| &s.points);
    let (from, to) =
        points().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (at, _)| (low.min(*at), high.max(*at)));
    let highest = points().filter_map(|(_, p)| span(&p.figure.value)).map(|s| s.high).fold(0.0, f64::max);
    let percent =
        points().any(|(_, p)| matches!(p.figure.value, FigureValue::Estimate { measure: Measure::Percent, .. }));
    let top = if percent { 100.0 } else { nice(highest.max(1.0)) };
    let name = |value: f64| {
        if percent { say::measured(w, &value.to_string(), Measure::Percent) } else { w.number(value as u64) }
    };
    let up: Vec<(f64, String)> = [0.0, top / 2.0, top].map(|v| (v, name(v))).to_vec();
    let (axis, mark) = match &shown.spec.estimate {
        Estimator::Trend { .. } => ("study-axis-year", None),
        Estimator::States { majority, .. } => ("study-axis-age", Some(*majority)),
        Estimator::Incidence { .. } => ("study-axis-followed", None),
        _ => ("study-axis-years", None),
    };
    // Time that passes begins at nought.
    let from = if matches!(axis, "study-axis-followed" | "study-axis-years") { from.min(0.0) } else { from };
    let along = along(points().map(|(at, _)| *at));
    for (n, (series, strands)) in drawn.iter().enumerate() {
        let plain = strands.iter().filter(|s| !is_bounds(s)).count();
        let with_bounds = plain < strands.len();
        let mut order = 0;
        let lines = strands.iter().map(|strand| {
            let bounds = is_bounds(strand);
            let tone = match (plain, bounds, order) {
                (_, true, _) => Tone::Unknown,
                (0 | 1, ..) => shown.tone(series),
                (_, _, 0) => Tone::Navy,
                (_, _, 1) => Tone::Teal,
                _ => Tone::Unknown,
            };
            order += usize::from(!bounds);
            let name = if bounds {
                page.t("study-key-bounds")
            } else if plain > 1 {
                strand.points.first().map(|(_, p)| capital(before_comma(&clean(&p.label)))).unwrap_or_default()
            } else if with_bounds {
                page.t("study-key-line")
            } else {
                String::new()
            };
            let dot = |(at, point): &(f64, &Point)| Dot { at: *at, span: span(&point.figure.value) };
            Line { name, tone, bounds, dots: strand.points.iter().map(dot).collect() }
        });
        let words: Vec<String> = strands
            .iter()
            .flat_map(|s| &s.points)
            .map(|(_, p)| format!("{}: {}", clean(&p.label), say::with_interval(w, &p.figure.value)))
            .collect();
        let curve = Curve {
            title: shown.who(series),
            lines: lines.collect(),
            from,
            to,
            top,
            along: along.clone(),
            up: up.clone(),
            axis: page.t(axis),
            words: words.join("; "),
            // Everybody who is 17 has still to turn 18.
            mark: mark
                .map(|age| (f64::from(age) - 0.5, page.with("study-turning", &[("age", (&age.to_string()).into())]))),
        };
        block.charts.push(svg(&format!("{}-c{n}", shown.anchor), &curve, w.rtl));
    }
    // The last place of the first line, and for ages the first after majority.
    if let Some((series, strands)) = drawn.first() {
        let said = strands.iter().filter(|s| !is_bounds(s)).filter_map(|s| {
            let places = || s.points.iter().rev().filter(|(_, p)| span(&p.figure.value).is_some());
            places().find(|(at, _)| mark.is_none_or(|age| *at < f64::from(age))).or_else(|| places().next())
        });
        for (_, point) in said.take(2) {
            let label = clean(&point.label);
            let who = if label.is_empty() { shown.who(series) } else { format!("{}, {label}", shown.who(series)) };
            block.statements.push(about_words(page, &who, &point.figure.value));
        }
    }
    if !block.charts.is_empty() {
        block.how = page.t("study-how-curve");
    }
    block.wide = block.charts.len() > 1;
    block
}

fn before_comma(label: &str) -> &str {
    label.split(',').next().unwrap_or(label)
}

/// Places named along: all if there is room, else the ends and each fifth.
fn along(places: impl Iterator<Item = f64>) -> Vec<(f64, String)> {
    // In thousandths, so that they can be told apart exactly.
    let all: BTreeSet<i64> = places.map(|at| (at * 1000.0).round() as i64).collect();
    let (first, last) = (all.first().copied().unwrap_or(0), all.last().copied().unwrap_or(0));
    let few = all.len() <= 7;
    let wide = (last - first).max(1);
    let mut out: Vec<(f64, String)> = Vec::new();
    let mut before: Option<i64> = None;
    for at in all {
        let named = at == first || at == last || few || at % 5000 == 0;
        // No name on top of its neighbour.
        let crowded = before.is_some_and(|b| (at - b) * 9 < wide) || (at != last && (last - at) * 9 < wide);
        if named && (!crowded || at == first || at == last) {
            let value = at as f64 / 1000.0;
            let name = if at % 1000 == 0 { format!("{value:.0}") } else { format!("{value:.1}") };
            out.push((value, name));
            before = Some(at);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_along_do_not_stand_on_top_of_each_other() {
        let names = |places: &[f64]| along(places.iter().copied()).into_iter().map(|(_, n)| n).collect::<Vec<_>>();
        assert_eq!(names(&[2020.0, 2021.0, 2022.0]), ["2020", "2021", "2022"]);
        assert_eq!(names(&(12..30).map(f64::from).collect::<Vec<_>>()), ["12", "15", "20", "25", "29"]);
        assert_eq!(names(&[0.083, 0.25, 0.5, 1.0, 2.0, 5.0]), ["0.1", "1", "2", "5"]);
    }

    proptest! {
        #[test]
        fn any_places_have_few_names(places in proptest::collection::vec(-1e6_f64..1e6, 0..200)) {
            prop_assert!(along(places.into_iter()).len() <= 12);
        }
    }
}

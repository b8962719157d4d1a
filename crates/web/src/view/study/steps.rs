//! From step to step: flows, one picture a group.

use super::groups::{about_words, span};
use super::{Block, Shown};
use crate::chart::flow::{Band, Flow, svg};
use crate::say;
use crate::text::clean;
use accord_release::study::{Point, Series};
use accord_standard::figure::FigureValue;

/// Names of the two steps of a transition, whose label has an arrow between them.
fn ends(point: &Point) -> Option<(String, String)> {
    let (from, to) = point.label.split_once('→')?;
    Some((clean(from.trim()), clean(to.trim())))
}

pub(super) fn block(shown: &Shown<'_>) -> Block {
    let page = shown.page;
    let w = page.words();
    let mut block = shown.block(clean(&shown.spec.label));
    block.refused = shown.refused();
    let mut said = None;
    for (n, series) in shown.series.iter().enumerate() {
        let Some(flow) = flow(shown, series) else { continue };
        block.charts.push(svg(&format!("{}-c{n}", shown.anchor), &flow, w.rtl));
        said = said.or_else(|| {
            // The surest thing that can be said of the first group: its largest lower end.
            let value = |p: &&Point| matches!(p.figure.value, FigureValue::Estimate { value: Some(_), .. });
            let low = |p: &&Point| span(&p.figure.value).map_or(0.0, |s| s.low);
            let most = series.points.iter().filter(value).max_by(|a, b| low(a).total_cmp(&low(b)))?;
            let (from, to) = ends(most)?;
            let steps = page.with("study-steps-from-to", &[("from", (&from).into()), ("to", (&to).into())]);
            Some(about_words(page, &format!("{}, {steps}", shown.who(series)), &most.figure.value))
        });
    }
    block.statements.extend(said);
    if !block.charts.is_empty() {
        block.how = page.t("study-how-flow");
    }
    block.wide = block.charts.len() > 1;
    block
}

/// The picture of one group; none if nothing of it can be drawn.
fn flow(shown: &Shown<'_>, series: &Series) -> Option<Flow> {
    let page = shown.page;
    let (mut from, mut to): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut bands = Vec::new();
    let mut words = Vec::new();
    let index = |names: &mut Vec<String>, name: String| {
        names.iter().position(|n| *n == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        })
    };
    for point in &series.points {
        let (Some((a, b)), Some(found)) = (ends(point), span(&point.figure.value)) else { continue };
        words.push(format!("{a} → {b}: {}", say::with_interval(page.words(), &point.figure.value)));
        // A band of which not even a sliver is sure would be a line drawn out of noise.
        if found.value.unwrap_or(found.low) <= 0.0 {
            continue;
        }
        let (a, b) = (index(&mut from, a), index(&mut to, b));
        bands.push(Band { from: a, to: b, value: found.value, low: found.low });
    }
    if bands.is_empty() {
        return None;
    }
    Some(Flow {
        title: shown.who(series),
        tone: shown.tone(series),
        heads: [page.t("study-flow-from"), page.t("study-flow-to")],
        from,
        to,
        bands,
        words: words.join("; "),
    })
}

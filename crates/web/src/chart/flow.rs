//! From each step to the next. Every step at the start is drawn equally tall, because the shares of it add up to the whole; a
//! band is as wide as its share. What has only a range is drawn at its lower end with a dashed edge: what is sure.

use super::{Tone, WIDTH, across, frame, hatch, look, rect, text, wrap};
use crate::text::clean;
use std::fmt::Write as _;

/// A way from one step to another.
#[derive(Clone, Debug)]
pub struct Band {
    /// Index of the step that it comes from.
    pub from: usize,
    /// Index of the step that it goes to.
    pub to: usize,
    /// Share in per cent, if one can be told.
    pub value: Option<f64>,
    /// Lower end.
    pub low: f64,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Heading: whose it is.
    pub title: String,
    /// Colour.
    pub tone: Tone,
    /// Heads of the two sides.
    pub heads: [String; 2],
    /// Names of the steps that bands come from.
    pub from: Vec<String>,
    /// Names of those that they go to.
    pub to: Vec<String>,
    /// Bands.
    pub bands: Vec<Band>,
    /// The picture in words.
    pub words: String,
}

const NODE: f64 = 46.0;
const GAP: f64 = 22.0;
const BAR: f64 = 8.0;

/// The chart.
pub fn svg(id: &str, flow: &Flow, rtl: bool) -> String {
    let mut body = String::new();
    let mut y = 4.0;
    for line in wrap(&clean(&flow.title), 44) {
        y += 15.0;
        text(&mut body, "c-h", 0.0, y, false, rtl, &line);
    }
    y += 20.0;
    text(&mut body, "c-m", 0.0, y, false, rtl, &flow.heads[0]);
    text(&mut body, "c-m", WIDTH, y, true, rtl, &flow.heads[1]);
    y += 8.0;
    let wide = |band: &Band| {
        let share = band.value.unwrap_or(band.low);
        if share.is_finite() { share.clamp(0.0, 100.0) / 100.0 * NODE } else { 0.0 }
    };
    let (class, fill) = look(flow.tone);
    // Tops of the steps on both sides.
    let starts: Vec<f64> = (0..flow.from.len()).map(|n| y + GAP + n as f64 * (NODE + GAP)).collect();
    let tall: Vec<f64> =
        (0..flow.to.len()).map(|to| flow.bands.iter().filter(|b| b.to == to).map(wide).sum::<f64>().max(2.0)).collect();
    let left = flow.from.len() as f64 * (NODE + GAP);
    let sum: f64 = tall.iter().sum();
    let gap = if flow.to.is_empty() { GAP } else { ((left - sum) / flow.to.len() as f64).max(GAP) };
    let mut ends = Vec::new();
    let mut at = y;
    for height in &tall {
        at += gap;
        ends.push(at);
        at += height;
    }
    let bottom = at.max(y + left) + 6.0;
    let (mut leave, mut arrive) = (starts.clone(), ends.clone());
    let (mut bands, mut edges) = (String::new(), String::new());
    for band in &flow.bands {
        let (Some(out), Some(into)) = (leave.get_mut(band.from), arrive.get_mut(band.to)) else { continue };
        let width = wide(band);
        let (a, b) = (*out, *into);
        *out += width;
        *into += width;
        let (from, to, middle) = (across(BAR, rtl), across(WIDTH - BAR, rtl), WIDTH / 2.0);
        let shape = format!(
            "M{from:.0} {a:.1}C{middle:.0} {a:.1} {middle:.0} {b:.1} {to:.0} {b:.1}V{:.1}C{middle:.0} {:.1} {middle:.0} {:.1} \
             {from:.0} {:.1}Z",
            b + width,
            b + width,
            a + width,
            a + width,
        );
        if band.value.is_some() {
            let _ = write!(bands, "<path class=\"{class} c-flow\" d=\"{shape}\"/>");
        } else {
            let _ = write!(edges, "<path class=\"c-open\" d=\"{shape}\"/>");
        }
    }
    let _ =
        write!(body, "<g fill=\"{fill}\" fill-opacity=\"0.35\" stroke=\"{fill}\" stroke-width=\"0.75\">{bands}</g>");
    let _ = write!(body, "<g fill=\"none\" stroke=\"#56606E\" stroke-dasharray=\"4 2.5\">{edges}</g>");
    for (name, top) in flow.from.iter().zip(&starts) {
        rect(&mut body, class, fill, 0.0, *top, BAR, NODE, rtl, None);
        text(&mut body, "c-l c-on", 0.0, top - 6.0, false, rtl, name);
    }
    for ((name, top), height) in flow.to.iter().zip(&ends).zip(&tall) {
        rect(&mut body, class, fill, WIDTH - BAR, *top, BAR, *height, rtl, None);
        text(&mut body, "c-l c-on", WIDTH, top - 6.0, true, rtl, name);
    }
    frame(id, &flow.title, &flow.words, bottom, &hatch(id), &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow(bands: Vec<Band>) -> Flow {
        Flow {
            title: "Girls".into(),
            tone: Tone::Plum,
            heads: ["From".into(), "To".into()],
            from: vec!["Contact".into(), "Control".into()],
            to: vec!["Control".into(), "End".into()],
            bands,
            words: "w".into(),
        }
    }

    #[test]
    fn a_band_is_as_wide_as_its_share_and_a_bare_range_is_dashed_at_its_lower_end() {
        let sure = Band { from: 0, to: 0, value: Some(50.0), low: 40.0 };
        let range = Band { from: 0, to: 1, value: None, low: 10.0 };
        let text = svg("a", &flow(vec![sure, range]), false);
        assert_eq!((text.matches("c-flow").count(), text.matches("c-open").count()), (1, 1), "{text}");
        // Half of a step that is 46 tall arrives.
        assert!(text.contains("height=\"23.0\""), "{text}");
    }

    #[test]
    fn from_right_to_left_the_first_step_is_on_the_right() {
        let sure = Band { from: 0, to: 0, value: Some(50.0), low: 40.0 };
        let text = svg("a", &flow(vec![sure]), true);
        assert!(text.contains("M332 ") && text.contains("x=\"340.0\""), "{text}");
    }

    proptest! {
        #[test]
        fn any_band_stays_inside_the_frame(from in 0_usize..4, to in 0_usize..4, value in any::<Option<f64>>(), low in any::<f64>(), rtl in any::<bool>()) {
            let text = svg("a", &flow(vec![Band { from, to, value, low }]), rtl);
            prop_assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("x=\"-"), "{}", text);
        }
    }
}

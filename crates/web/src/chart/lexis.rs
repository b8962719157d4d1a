//! Two ages of the same people against each other: down, when exploitation began; along, when they were identified. A
//! square is darker and larger the more people stand in it (two signs for one thing); what is not shown is hatched, and the
//! lines stand where childhood ends.

use super::{Tone, WIDTH, across, frame, hatch, look, rect, text, whisker, wrap};
use crate::text::clean;
use std::fmt::Write as _;

/// What is known of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Square {
    /// A count.
    Value(f64),
    /// Only a range: its upper end.
    Range(f64),
    /// Rounds to nought.
    Low,
    /// Not shown, or refused.
    Hidden,
    /// Nobody can stand there: identified before it began.
    Impossible,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Lexis {
    /// Heading: whose it is.
    pub title: String,
    /// Colour.
    pub tone: Tone,
    /// What stands along and what stands down, in words.
    pub axes: [String; 2],
    /// Names along, short.
    pub columns: Vec<String>,
    /// Names down, short.
    pub rows: Vec<String>,
    /// Row by row.
    pub squares: Vec<Square>,
    /// The largest count of all pictures beside each other.
    pub most: f64,
    /// First column and first row of majority; a line stands before each.
    pub majority: [Option<usize>; 2],
    /// Name of that line.
    pub line: String,
    /// The signs with their meaning, in words: small, large, only a range, near nought, not shown.
    pub key: [String; 5],
    /// The picture in words.
    pub words: String,
}

const HEAD: f64 = 60.0;
const MOST_SIDE: f64 = 26.0;

/// The chart.
pub fn svg(id: &str, lexis: &Lexis, rtl: bool) -> String {
    let mut body = String::new();
    let mut y = 4.0;
    for line in wrap(&clean(&lexis.title), 44) {
        y += 15.0;
        text(&mut body, "c-h", 0.0, y, false, rtl, &line);
    }
    y += 19.0;
    text(&mut body, "c-m", 0.0, y, false, rtl, &format!("↓ {}", lexis.axes[1]));
    y += 17.0;
    let arrow = if rtl { '←' } else { '→' };
    text(&mut body, "c-m", WIDTH, y, true, rtl, &format!("{} {arrow}", lexis.axes[0]));
    let side = ((WIDTH - HEAD) / lexis.columns.len().max(1) as f64).min(MOST_SIDE);
    // Names along stand upright: there is no room for them beside each other.
    let longest = lexis.columns.iter().map(|c| c.chars().count()).max().unwrap_or(0) as f64;
    let top = y + 12.0 + longest * 6.6;
    for (n, name) in lexis.columns.iter().enumerate() {
        let x = across(HEAD + (n as f64 + 0.5) * side, rtl) + 4.0;
        let _ = write!(
            body,
            "<text class=\"c-s\" x=\"{x:.1}\" y=\"{:.1}\" fill=\"#56606E\" font-size=\"11.5\" direction=\"ltr\" transform=\"rotate(-90 {x:.1} \
             {:.1})\">{}</text>",
            top - 4.0,
            top - 4.0,
            crate::text::escape(name),
        );
    }
    for (n, name) in lexis.rows.iter().enumerate() {
        let at = top + (n as f64 + 0.5) * side + 4.0;
        let anchor = if rtl { "start" } else { "end" };
        let _ = write!(
            body,
            "<text class=\"c-s\" x=\"{:.1}\" y=\"{at:.1}\" fill=\"#56606E\" font-size=\"11.5\" direction=\"ltr\" text-anchor=\"{anchor}\">{}</text>",
            across(HEAD - 5.0, rtl),
            crate::text::escape(name),
        );
    }
    for (n, square) in lexis.squares.iter().enumerate() {
        let (row, column) = (n / lexis.columns.len().max(1), n % lexis.columns.len().max(1));
        draw(&mut body, id, lexis, *square, HEAD + column as f64 * side, top + row as f64 * side, side, rtl);
    }
    let (wide, high) = (lexis.columns.len() as f64 * side, lexis.rows.len() as f64 * side);
    if let Some(column) = lexis.majority[0] {
        let x = HEAD + column as f64 * side;
        rect(&mut body, "c-mark", "#1E2530", x - 1.0, top - 3.0, 2.0, high + 14.0, rtl, None);
        whisker::label(&mut body, x, top + high + 24.0, &lexis.line, rtl);
    }
    if let Some(row) = lexis.majority[1] {
        rect(&mut body, "c-mark", "#1E2530", HEAD - 3.0, top + row as f64 * side - 1.0, wide + 3.0, 2.0, rtl, None);
    }
    y = top + high + 36.0;
    let signs = [
        Square::Value(lexis.most / 25.0),
        Square::Value(lexis.most),
        Square::Range(lexis.most),
        Square::Low,
        Square::Hidden,
    ];
    for (sign, words) in signs.into_iter().zip(&lexis.key) {
        draw(&mut body, id, lexis, sign, 0.0, y, 17.0, rtl);
        for line in wrap(&clean(words), 42) {
            text(&mut body, "c-l", 24.0, y + 13.0, false, rtl, &line);
            y += 17.0;
        }
        y += 3.0;
    }
    frame(id, &lexis.title, &lexis.words, y + 4.0, &hatch(id), &body)
}

#[expect(clippy::too_many_arguments, reason = "a square in a picture has that many sides")]
fn draw(out: &mut String, id: &str, lexis: &Lexis, square: Square, x: f64, y: f64, side: f64, rtl: bool) {
    if square == Square::Impossible {
        return;
    }
    let (class, fill) = look(lexis.tone);
    rect(out, "c-cell", "#F4EFE6", x + 0.5, y + 0.5, side - 1.0, side - 1.0, rtl, None);
    // Its area is as the count; the shade follows in five steps.
    let part = |count: f64| {
        let share = count / lexis.most;
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    };
    let inner = |count: f64| ((side - 2.0) * part(count).sqrt()).max(2.0);
    match square {
        Square::Value(count) => {
            let wide = inner(count);
            let shade = format!("{:.2}", 0.4 + 0.15 * (part(count) * 4.0).round());
            let from = (side - wide) / 2.0;
            rect(out, class, fill, x + from, y + from, wide, wide, rtl, Some(&shade));
        }
        Square::Range(high) => {
            let wide = inner(high);
            let (from, start) = ((side - wide) / 2.0, if rtl { WIDTH - x - side } else { x });
            let _ = write!(
                out,
                "<rect class=\"c-open\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{wide:.1}\" fill=\"none\" \
                 stroke=\"#56606E\" stroke-width=\"1\" stroke-dasharray=\"2 1.5\"/>",
                start + from,
                y + from,
            );
        }
        Square::Low => {
            let from = side / 2.0 - 0.75;
            rect(out, "c-grey", "#56606E", x + from, y + from, 1.5, 1.5, rtl, None);
        }
        Square::Hidden => {
            rect(out, "c-fog", &format!("url(#{id}-h)"), x + 0.5, y + 0.5, side - 1.0, side - 1.0, rtl, None);
        }
        Square::Impossible => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lexis(squares: Vec<Square>) -> Lexis {
        Lexis {
            title: "Girls".into(),
            tone: Tone::Plum,
            axes: ["identified".into(), "began".into()],
            columns: vec!["17".into(), "18".into()],
            rows: vec!["17".into(), "18+".into()],
            squares,
            most: 100.0,
            majority: [Some(1), Some(1)],
            line: "18".into(),
            key: ["few", "many", "range", "near nought", "not shown"].map(String::from),
            words: "w".into(),
        }
    }

    #[test]
    fn each_sign_is_drawn_unlike_the_others_and_what_cannot_be_is_left_blank() {
        let text = svg("a", &lexis(vec![Square::Value(100.0), Square::Hidden, Square::Impossible, Square::Low]), false);
        // Three cells and five signs of the key.
        assert_eq!(text.matches("class=\"c-cell\"").count(), 8, "{text}");
        assert_eq!(text.matches("url(#a-h)").count(), 2);
        assert_eq!(text.matches("c-mark").count(), 2, "a line at majority each way");
    }

    #[test]
    fn a_larger_count_is_both_larger_and_darker() {
        let text = svg("a", &lexis(vec![Square::Value(100.0), Square::Value(25.0)]), false);
        assert!(text.contains("width=\"24.0\" height=\"24.0\" fill=\"#801650\" fill-opacity=\"1.00\""), "{text}");
        assert!(text.contains("width=\"12.0\" height=\"12.0\" fill=\"#801650\" fill-opacity=\"0.55\""), "{text}");
    }

    proptest! {
        #[test]
        fn any_counts_stay_inside_the_frame(counts in proptest::collection::vec(any::<f64>(), 4), most in any::<f64>(), rtl in any::<bool>()) {
            let mut given = lexis(counts.into_iter().map(Square::Value).collect());
            given.most = most;
            let text = svg("a", &given, rtl);
            prop_assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("x=\"-"), "{}", text);
        }
    }
}

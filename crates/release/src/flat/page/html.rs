//! The few pieces of HTML that a report is made of. Text is escaped here and nowhere else.

use std::fmt::{Display, Write as _};

/// Escapes text for an element or an attribute. Characters that HTML can't hold, or that turn the direction of text,
/// become the replacement character.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if is_unsafe(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Whether HTML can't hold a character, or it turns the direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}')
}

/// A name or sentence that comes from outside: its direction is its own.
pub fn outside(name: &str) -> String {
    format!("<bdi dir=\"auto\">{}</bdi>", text(name))
}

/// A number: what is shown, and exactly what the report says.
pub fn number(value: impl Display, shown: &str) -> String {
    format!("<data value=\"{value}\">{shown}</data>")
}

/// A whole number with its thousands set apart.
pub fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    number(value, &shown)
}

/// A number with so many decimals.
pub fn decimal(value: f64, decimals: usize) -> String {
    number(value, &format!("{value:.decimals$}"))
}

/// A share in per cent, or in a hundred.
pub fn hundred(share: f64, decimals: usize) -> String {
    number(share, &format!("{:.decimals$}", 100.0 * share))
}

/// A table under construction. Cells are HTML.
pub struct Table {
    out: String,
    /// What each cell after a row's heading is, for narrow screens, on which wide tables are stacked.
    labels: Vec<String>,
}

/// A table with more columns is stacked on a narrow screen: each cell a line that begins with its column's name.
const MOST_SIDE_BY_SIDE: usize = 4;

impl Table {
    /// Begins one; names of columns are plain words, those that begin with `#` stand over numbers. A column without a
    /// name has no heading, and a table without a caption none either.
    pub fn new(caption: &str, class: &str, columns: &[&str]) -> Table {
        let wide = columns.len() > MOST_SIDE_BY_SIDE;
        let class = [class, if wide { "stack" } else { "" }].join(" ");
        let mut out = format!("<div class=\"scroll\"><table class=\"{}\">", class.trim());
        if !caption.is_empty() {
            let _ = write!(out, "<caption>{}</caption>", text(caption));
        }
        out.push_str("<thead><tr>");
        let mut labels = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let (class, name) = column.strip_prefix('#').map_or(("", *column), |name| (" class=\"n\"", name));
            let _ = if name.is_empty() {
                write!(out, "<td></td>")
            } else {
                write!(out, "<th scope=\"col\"{class}>{}</th>", text(name))
            };
            if wide && at > 0 {
                labels.push(format!(" data-label=\"{}\"", text(name)));
            }
        }
        out.push_str("</tr></thead><tbody>\n");
        Table { out, labels }
    }

    /// Adds a row: its heading, then its cells; those that begin with `#` are numbers.
    pub fn row(&mut self, heading: &str, cells: &[String]) {
        let _ = write!(self.out, "<tr><th scope=\"row\">{heading}</th>");
        for (at, cell) in cells.iter().enumerate() {
            let (class, cell) = cell.strip_prefix('#').map_or(("", cell.as_str()), |cell| (" class=\"n\"", cell));
            let label = self.labels.get(at).map_or("", String::as_str);
            let _ = write!(self.out, "<td{class}{label}>{cell}</td>");
        }
        self.out.push_str("</tr>\n");
    }

    /// The table.
    pub fn end(self) -> String {
        self.out + "</tbody></table></div>\n"
    }
}

/// A list of sentences that come from outside.
pub fn list<'a>(sentences: impl Iterator<Item = &'a String>) -> String {
    let mut items = String::new();
    for sentence in sentences {
        let _ = writeln!(items, "<li>{}</li>", outside(sentence));
    }
    if items.is_empty() { String::new() } else { format!("<ul>\n{items}</ul>\n") }
}

/// A range as a picture, the count a tick on it; `most` is what the full width stands for.
pub fn range(low: u64, count: u64, high: u64, most: u64, doubtful: bool) -> String {
    let at = |x: u64| 100.0 * x as f64 / most.max(1) as f64;
    let (x, width) = (at(low), (at(high) - at(low)).max(0.5));
    let mark = if doubtful {
        format!("<rect class=\"doubt\" x=\"{x:.1}\" y=\"2\" width=\"{width:.1}\" height=\"8\"/>")
    } else {
        let tick = at(count);
        format!(
            "<rect x=\"{x:.1}\" y=\"3\" width=\"{width:.1}\" height=\"6\"/><line x1=\"{tick:.1}\" x2=\"{tick:.1}\" y1=\"0\" y2=\"12\"/>"
        )
    };
    format!(
        "<svg class=\"range\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{mark}</svg>"
    )
}

//! Text from outside (names, notes, titles) made safe to show: no control characters, no invisible direction marks.
//! Escaping for HTML is askama's and [`escape`]'s.

/// The text without control characters and without marks that reorder what a reader sees.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_direction_mark(*c))
        .collect()
}

/// Embeddings, overrides, isolates, direction marks, and the byte order mark.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with HTML's special characters escaped; for SVG, which templates don't make.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text with its first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The text with its first letter in lower case.
pub fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn direction_overrides_and_controls_are_dropped() {
        assert_eq!(clean("a\u{202e}b\u{0}c\nd"), "abc d");
    }

    proptest! {
        #[test]
        fn escaped_text_never_opens_a_tag_or_ends_an_attribute(text in ".*") {
            let out = escape(&text);
            let risky = out.contains(['<', '>', '"', '\'', '\u{202e}']);
            prop_assert!(!risky, "{}", out);
        }
    }
}

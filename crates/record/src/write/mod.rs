//! Writers: records to CSV, JSON lines and XLSX, in the record's own columns.

use std::borrow::Cow;

/// Signs that make a spreadsheet take a text for a formula (SEC-10).
const SIGNS: [char; 9] = ['=', '+', '-', '@', '|', '%', '\t', '\r', '\n'];

/// True if a spreadsheet would take the text for a formula: such a sign stands first, behind a byte order mark, blanks and
/// control characters.
pub fn needs_escape(text: &str) -> bool {
    let skipped = |c: char| c == '\u{feff}' || (c.is_whitespace() && !SIGNS.contains(&c)) || (c.is_control() && !SIGNS.contains(&c));
    text.trim_start_matches(skipped).starts_with(SIGNS)
}

/// The text as it can stand in a CSV file that a spreadsheet will open: an apostrophe in front of what it would take for a
/// formula. Numbers, negative ones too, stay numbers. Reading takes the apostrophe off again.
pub fn escape_for_spreadsheet(text: &str) -> Cow<'_, str> {
    if needs_escape(text) && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit())
}

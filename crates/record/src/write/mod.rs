//! Writers: records to CSV, JSON lines and XLSX, in the record's own columns.

/// Signs that make a spreadsheet take a text for a formula (SEC-10).
const SIGNS: [char; 9] = ['=', '+', '-', '@', '|', '%', '\t', '\r', '\n'];

/// True if a spreadsheet would take the text for a formula: such a sign stands first, behind a byte order mark, blanks and
/// control characters.
pub fn needs_escape(text: &str) -> bool {
    let skipped = |c: char| c == '\u{feff}' || (c.is_whitespace() && !SIGNS.contains(&c)) || (c.is_control() && !SIGNS.contains(&c));
    text.trim_start_matches(skipped).starts_with(SIGNS)
}

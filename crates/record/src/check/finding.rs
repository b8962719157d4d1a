//! Findings: what is wrong with a cell or row, where, and how to mend it.

use serde::{Deserialize, Serialize};

/// One finding. Its message never holds content of a column that identifies a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Line of the text file, row of the sheet, or position in the Parquet file; 1-based.
    pub row: u64,
    /// Column as the file names it; empty for the row as a whole.
    pub column: String,
    /// What is wrong.
    pub code: FindingCode,
    /// In words.
    pub message: String,
    /// What may have been meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Kinds of findings; the identifiers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// A number is wanted.
    NotANumber,
    /// The number is outside of the field's range.
    OutOfRange,
    /// The age is outside of 0 to 120.
    AgeOutOfRange,
    /// The age is no age in a spelling that is read.
    BadAge,
    /// The text is no code of the list.
    UnknownCode,
    /// Several values where one is wanted.
    SeveralValues,
    /// A flag is neither 1 nor 0.
    NotAFlag,
    /// Consent is neither yes nor no.
    BadConsent,
    /// The date is no date in a spelling that is read.
    BadDate,
    /// Day and month can't be told apart.
    AmbiguousDate,
    /// The date lies in the future.
    FutureDate,
    /// The record identifier stands in the file before.
    DuplicateId,
    /// The record has no identifier.
    MissingId,
    /// The row has another number of cells than the header.
    RaggedRow,
    /// A quotation is unfinished or malformed.
    BadQuote,
    /// The line is not a JSON object of the record's form.
    BadJson,
    /// A name in a JSON object is no field.
    UnknownColumn,
    /// A row of a joined sheet whose record is not there.
    OrphanRow,
    /// The cell is a formula; its last computed value is not trusted.
    Formula,
    /// Text that a spreadsheet would take for a formula. A warning.
    FormulaLike,
    /// Ages that can't all be true.
    InconsistentAges,
    /// Dates that can't all be true.
    InconsistentDates,
    /// Text is too long, or holds control characters or bytes that are no text.
    BadText,
}

impl FindingCode {
    /// All codes.
    pub const ALL: [FindingCode; 23] = [
        FindingCode::NotANumber,
        FindingCode::OutOfRange,
        FindingCode::AgeOutOfRange,
        FindingCode::BadAge,
        FindingCode::UnknownCode,
        FindingCode::SeveralValues,
        FindingCode::NotAFlag,
        FindingCode::BadConsent,
        FindingCode::BadDate,
        FindingCode::AmbiguousDate,
        FindingCode::FutureDate,
        FindingCode::DuplicateId,
        FindingCode::MissingId,
        FindingCode::RaggedRow,
        FindingCode::BadQuote,
        FindingCode::BadJson,
        FindingCode::UnknownColumn,
        FindingCode::OrphanRow,
        FindingCode::Formula,
        FindingCode::FormulaLike,
        FindingCode::InconsistentAges,
        FindingCode::InconsistentDates,
        FindingCode::BadText,
    ];

    /// Stable identifier.
    pub const fn id(self) -> &'static str {
        match self {
            FindingCode::NotANumber => "not-a-number",
            FindingCode::OutOfRange => "out-of-range",
            FindingCode::AgeOutOfRange => "age-out-of-range",
            FindingCode::BadAge => "bad-age",
            FindingCode::UnknownCode => "unknown-code",
            FindingCode::SeveralValues => "several-values",
            FindingCode::NotAFlag => "not-a-flag",
            FindingCode::BadConsent => "bad-consent",
            FindingCode::BadDate => "bad-date",
            FindingCode::AmbiguousDate => "ambiguous-date",
            FindingCode::FutureDate => "future-date",
            FindingCode::DuplicateId => "duplicate-id",
            FindingCode::MissingId => "missing-id",
            FindingCode::RaggedRow => "ragged-row",
            FindingCode::BadQuote => "bad-quote",
            FindingCode::BadJson => "bad-json",
            FindingCode::UnknownColumn => "unknown-column",
            FindingCode::OrphanRow => "orphan-row",
            FindingCode::Formula => "formula",
            FindingCode::FormulaLike => "formula-like",
            FindingCode::InconsistentAges => "inconsistent-ages",
            FindingCode::InconsistentDates => "inconsistent-dates",
            FindingCode::BadText => "bad-text",
        }
    }

    /// True if the row is not accepted; false for a warning.
    pub const fn fails(self) -> bool {
        !matches!(self, FindingCode::FormulaLike)
    }
}

/// A finding about one cell, before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: FindingCode,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(code: FindingCode, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), suggestion: None }
    }

    pub(super) fn suggest(mut self, suggestion: impl Into<String>) -> Fault {
        self.suggestion = Some(suggestion.into());
        self
    }
}

/// Cell content for a message: short, without control characters.
pub(super) fn quote(cell: &str) -> String {
    let mut out = String::from("`");
    for (i, c) in cell.chars().enumerate() {
        if i == 40 {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { '\u{fffd}' } else { c });
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_of_every_code_is_what_json_holds() {
        for code in FindingCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.id()));
        }
    }
}

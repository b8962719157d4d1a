//! `Figure`: the only shape in which a number is shown. One identifier, one value in every format.

use serde::{Deserialize, Serialize};

/// A published number with everything that must travel with it (PRIVACY 14), or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Permanent identifier: `<release>.<table>.<cell key>`, lower case, digits, `_`, `-` and dots only.
    pub id: String,
    /// What is counted, in words, without the number.
    pub subject: String,
    /// The value with its interval, or a symbol, or a refusal.
    pub value: FigureValue,
    /// How far it can be leant on.
    pub reliability: Reliability,
    /// What the number means and does not mean: "detected, not all who exist".
    pub definition: String,
    /// Warnings that travel with the number into every export.
    pub caveats: Vec<String>,
    /// Whether the people behind it are invented.
    pub invented: bool,
}

/// The value of a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FigureValue {
    /// A count of people (or, pooled, of records) with its interval of at least 95 % coverage.
    Count {
        /// Published value: whole, never negative, consistent with the other cells.
        value: u64,
        /// Lower end of the interval, inclusive.
        low: u64,
        /// Upper end of the interval, inclusive.
        high: u64,
    },
    /// Only the range is shown (half-width over 50 % and up to 100 % of the value).
    Range {
        /// Lower end, inclusive.
        low: u64,
        /// Upper end, inclusive.
        high: u64,
    },
    /// No number, and the symbol that says why (GS-13).
    Symbol {
        /// The symbol.
        symbol: Symbol,
        /// The interval all the same, lower and upper end, where there is one: what is promised of intervals is promised of
        /// all cells, those without a number included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<[u64; 2]>,
    },
    /// What an estimator made of published counts: a share, a time, a rate. Rounded, its interval outwards.
    Estimate {
        /// Value; none where only the range can be told, or where nothing in the range is likelier than the rest.
        value: Option<f64>,
        /// Lower end of the interval, inclusive.
        low: f64,
        /// Upper end of the interval, inclusive.
        high: f64,
        /// What it is measured in.
        measure: Measure,
        /// What the interval includes; what it does not include stands in the caveats.
        includes: Includes,
    },
    /// Accord declines to give a number.
    Refused {
        /// The reason, in words.
        reason: String,
    },
}

/// What an estimate is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Per cent of a group.
    Percent,
    /// Years.
    Years,
    /// Events for each 100 person-years.
    Per100PersonYears,
    /// One share or rate divided by another; 1 is no difference.
    Ratio,
    /// People for each 100,000 residents.
    Per100000,
    /// People, where the number is not itself a published count (a difference between years).
    People,
}

/// What the interval of an estimate includes (GS-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Includes {
    /// Noise added to protect people.
    Noise,
    /// Noise, and everything that missing values could be.
    NoiseAndMissing,
    /// Noise and chance.
    NoiseAndSampling,
}

/// The symbols of GS-13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbol {
    /// `[c]` hidden to protect people, or too uncertain to say anything.
    Hidden,
    /// `[x]` not collected.
    NotCollected,
    /// `[z]` not applicable.
    NotApplicable,
    /// `[u]` unknown recorded.
    Unknown,
    /// `[low]` rounds to nought.
    Low,
    /// `[p]` provisional.
    Provisional,
}

impl Symbol {
    /// The symbol as written in tables and files.
    pub const fn mark(self) -> &'static str {
        match self {
            Symbol::Hidden => "[c]",
            Symbol::NotCollected => "[x]",
            Symbol::NotApplicable => "[z]",
            Symbol::Unknown => "[u]",
            Symbol::Low => "[low]",
            Symbol::Provisional => "[p]",
        }
    }
}

/// Reliability by the relative half-width of the interval (GS-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reliability {
    /// Up to 25 %.
    Solid,
    /// Over 25 and up to 50 %: use with care.
    Care,
    /// Over 50 and up to 100 %: shown as a range only.
    RangeOnly,
    /// Over 100 %: not shown.
    NotShown,
}

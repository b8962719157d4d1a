//! Crosswalks: how the columns of another standard, or of an organisation's own file, become fields of the record. Data,
//! in `standard/crosswalks/*.toml`; an organisation's mapping file has the same format.
//!
//! How cells are read, in this order: (1) trimmed text that is empty or in [`Crosswalk::missing`] is `not_recorded`;
//! (2) text in [`ColumnMap::values`] is replaced by what stands there (of a
//! cell with several values: each part); (3) a word of [`crate::value::Missing`] is that
//! reason; (4) the rest is read by the column's rule. If two columns fill the same field, the one listed first that has
//! a value wins (codes of a field that takes several add up).

mod check;
mod own;

use crate::codebook::Codebook;
use crate::embedded;
use crate::problem::{self, FileError, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use own::{FLAT_EVENTS, FLAT_OTHERS, LEGAL_BASIS};

/// Why a mapping was not taken.
pub type CrosswalkError = FileError;

/// A mapping of columns to fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// Stable identifier: `ctdc`, `htcds`, or the organisation's own.
    pub id: String,
    /// Version of the mapping.
    #[serde(default)]
    pub version: String,
    /// English title.
    pub title: String,
    /// Where the column names come from.
    #[serde(default)]
    pub source: String,
    /// Cells that mean "no value": they become `not_recorded`, never "no". The empty cell always does.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Separator of several values in one cell.
    #[serde(default)]
    pub separator: Option<String>,
    /// Order of day, month and year in dates: `ymd` (default), `dmy` or `mdy`.
    #[serde(default)]
    pub dates: Option<String>,
    /// Workload that `accord protect` uses for files of this kind.
    #[serde(default)]
    pub workload: Option<String>,
    /// What a reader must know: losses, proxies.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The columns. A column may appear more than once, for several fields.
    #[serde(rename = "column")]
    pub columns: Vec<ColumnMap>,
}

impl Crosswalk {
    /// The mapping with this id that comes with the program: `accord`, `ctdc`, `htcds`.
    pub fn embedded(id: &str) -> Option<&'static Crosswalk> {
        static ALL: OnceLock<BTreeMap<&'static str, Crosswalk>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let read = |(id, text): &(&'static str, &'static str)| {
                (*id, Crosswalk::parse(text).expect("the embedded crosswalks are checked by a test"))
            };
            let mut all: BTreeMap<_, _> = embedded::CROSSWALKS.iter().map(read).collect();
            all.insert("accord", own::accord(Codebook::embedded()));
            all
        });
        all.get(id)
    }

    /// Ids of the mappings that come with the program.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        std::iter::once("accord").chain(embedded::CROSSWALKS.iter().map(|(id, _)| *id))
    }

    /// The record's own columns, flat: field paths, `event.N.<field>`, `consent_p1` to `consent_p7`, `legal_basis`.
    pub fn accord() -> &'static Crosswalk {
        Crosswalk::embedded("accord").expect("it is always put in")
    }

    /// Reads a mapping file and checks it against the embedded codebook.
    pub fn parse(text: &str) -> Result<Crosswalk, CrosswalkError> {
        let crosswalk: Crosswalk = problem::read("mapping", text)?;
        problem::none_wrong(&format!("mapping {}", crosswalk.id), check(&crosswalk, Codebook::embedded()))?;
        Ok(crosswalk)
    }
}

/// Everything that is wrong with a mapping, each problem naming its column.
pub fn check(crosswalk: &Crosswalk, book: &Codebook) -> Vec<Problem> {
    check::problems(crosswalk, book)
}

/// Reads an age band as `values` writes it: `9-17`, `48+`, `18`. The second number is `None` for an open band.
pub fn band(text: &str) -> Option<(u8, Option<u8>)> {
    let number = |t: &str| t.trim().parse::<u8>().ok().filter(|n| *n <= 120);
    if let Some(low) = text.strip_suffix('+') {
        return number(low).map(|low| (low, None));
    }
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (number(low)?, number(high)?);
    (low <= high).then_some((low, Some(high)))
}

/// One column and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// Header in the file.
    pub name: String,
    /// Other headers for the same thing.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Field path in the codebook (`sex_registered`, `event.1.techuse`), or a purpose (`p2`) for [`ColumnRule::Consent`].
    #[serde(default)]
    pub field: String,
    /// How cells are read.
    pub rule: ColumnRule,
    /// Cell text to what it means: a code id (for `codes`, several with `;`), for `age_band` `low-high` or `low+`, for
    /// `flag` and `flag_one_of` `1` or `0`, for `consent` `yes` or `no`, for a date `YYYY[-MM[-DD]]`; or a reason for
    /// having no value (`unknown`, `withheld`, ...). Without an entry the text is read as it stands.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// For `flag`: the code that holds if the cell is 1 (it may be a composite code). For `flag_one_of`: the codes of
    /// which one holds.
    #[serde(default)]
    pub codes: Vec<String>,
    /// What is lost, for the report.
    #[serde(default)]
    pub note: String,
}

/// How the cells of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRule {
    /// The local identifier of the record.
    RecordId,
    /// One code.
    Code,
    /// Several codes, split at the separator.
    Codes,
    /// 1 adds a code to a field that takes several; 0 says that this one does not hold; blank is not recorded.
    Flag,
    /// 1 says that one of several codes holds.
    FlagOneOf,
    /// Age in any of the accepted spellings: `17`, `about 14`, `15-17`, `18+`.
    Age,
    /// Age bands by the `values` table.
    AgeBand,
    /// A date in any of the accepted spellings and precisions.
    Date,
    /// A whole number.
    Integer,
    /// Identifying text.
    Text,
    /// Consent to a purpose: goes to the ledger, not to the record.
    Consent,
    /// Read and left out.
    Ignore,
}

//! Crosswalks: how the columns of another standard, or of an organisation's own file, become fields of the record. Data,
//! in `standard/crosswalks/*.toml`; an organisation's mapping file has the same format.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Cell text to code id (or, for `age_band`, to `low-high`, `low+`; for `consent`, to `yes` or `no`). Without an
    /// entry the text must itself be a code id, label or alias.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// For `flag`: the code that holds if the cell is 1. For `flag_one_of`: the codes of which one holds.
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

//! The public domain of a flat table: its columns, and the values that each may hold. Whoever protects a table declares it
//! before the rows are read (PRIVACY 5).

use serde::{Deserialize, Serialize};

/// Columns of a flat table of categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The columns, in the order in which they are written.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// One column. A cell holds one of its values, or is blank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name, as in the file's header.
    pub name: String,
    /// The values that a cell may hold beside being blank, each once, none of them empty. A cell's code is nought for
    /// blank and otherwise the position of its value, counted from one.
    pub values: Vec<String>,
    /// For each value the number of the coarser group that it folds into when it is rare, by position in
    /// [`Column::groups`]; empty where the column has no groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_of: Vec<u16>,
    /// Names of the coarser groups, such as regions of countries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Name of the value that stands for whatever is not among the declared ones, if unlisted values are to be kept
    /// apart from blank cells; it is one of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Further spellings of a blank cell, such as `0` where nought says that a thing was not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Codelist of the standard that the values come from, whose labels and other spellings are read too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codelist: Option<String>,
}

impl Column {
    /// A column of these values, without groups.
    pub fn new(name: impl Into<String>, values: Vec<String>) -> Column {
        Column { name: name.into(), values, ..Column::default() }
    }

    /// Number of codes: the values, and blank.
    pub fn codes(&self) -> usize {
        self.values.len() + 1
    }
}

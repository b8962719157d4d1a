//! The codebook: fields of a record, their types and classes, and the codelists. Data, in `standard/record.toml` and
//! `standard/codelists/*.toml`.

use crate::value::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fields and codelists of one version of the standard.
#[derive(Clone, Debug)]
pub struct Codebook {
    /// Version of the record standard.
    pub version: String,
    /// All fields; a [`FieldId`] is an index into this list.
    pub fields: Vec<Field>,
    /// Codelists by identifier.
    pub lists: BTreeMap<String, Codelist>,
}

/// Index of a field in its codebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

/// One field of the record, the event, the perpetrator or the platform action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Stable identifier, such as `age_at_identification`.
    pub id: String,
    /// Permanent number, never reused; what sealed records carry.
    pub number: u16,
    /// Which part of a record it belongs to.
    pub level: Level,
    /// What it holds.
    pub kind: Kind,
    /// Codelist, for `code` and `codes`.
    #[serde(default)]
    pub list: Option<String>,
    /// Disclosure class.
    pub class: Class,
    /// Role in tables.
    #[serde(default)]
    pub role: Role,
    /// English label.
    pub label: String,
    /// Meaning, in words.
    pub definition: String,
    /// Why it is asked, for the form.
    #[serde(default)]
    pub why: String,
    /// Where it comes from (HTCDS field, CTDC variable, article).
    #[serde(default)]
    pub source: String,
    /// A worked example: text as it stands in a file; it must parse (tested).
    #[serde(default)]
    pub example: String,
    /// Lowest and highest value, for `integer` and `age`.
    #[serde(default)]
    pub range: Option<[i32; 2]>,
}

/// The part of a record that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Once a record.
    Record,
    /// Once an event (0 to n).
    Event,
    /// Once a perpetrator (0 to n).
    Perpetrator,
    /// Once a platform's action (0 to n).
    PlatformAction,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text that identifies (class `direct` only); sealed apart.
    Text,
    /// One code.
    Code,
    /// Any number of codes.
    Codes,
    /// A whole number.
    Integer,
    /// Completed years with precision.
    Age,
    /// A calendar date with precision.
    Date,
}

/// Disclosure class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Identifies a person: never leaves, kept apart.
    Direct,
    /// Helps to identify: generalised.
    Quasi,
    /// Harms if learnt: protected as an answer.
    Sensitive,
    /// About the handling of the record.
    Administrative,
}

/// Role in published tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Not used in tables.
    #[default]
    None,
    /// Cuts tables (sex, age, place, time).
    Disaggregation,
    /// Is what a table is about.
    Topic,
}

/// A list of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codelist {
    /// Stable identifier.
    pub id: String,
    /// Version of the list.
    pub version: String,
    /// English label.
    pub label: String,
    /// What the list covers and where it comes from.
    pub definition: String,
    /// The codes in reading order.
    #[serde(rename = "code")]
    pub codes: Vec<CodeEntry>,
}

/// One code of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    /// Stable identifier, snake_case (countries: ISO 3166-1 alpha-3, upper case).
    pub id: String,
    /// Permanent number in this list, never reused.
    pub number: u16,
    /// English label.
    pub label: String,
    /// Meaning, where the label does not say it all.
    #[serde(default)]
    pub definition: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// Other spellings accepted on import.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Code of a coarser list that this one rolls up to, by list id.
    #[serde(default)]
    pub rollup: BTreeMap<String, String>,
}

impl Codelist {
    /// The code with this identifier.
    pub fn code(&self, id: &str) -> Option<Code> {
        self.codes.iter().find(|c| c.id == id).map(|c| Code(c.number))
    }

    /// The entry with this number.
    pub fn entry(&self, code: Code) -> Option<&CodeEntry> {
        self.codes.iter().find(|c| c.number == code.0)
    }
}

impl Codebook {
    /// The field with this identifier; events' fields are `event.<id>`, perpetrators' `perpetrator.<id>`, platform
    /// actions' `platform_action.<id>`.
    pub fn field(&self, path: &str) -> Option<FieldId> {
        let (level, id) = match path.split_once('.') {
            None => (Level::Record, path),
            Some(("event", id)) => (Level::Event, id),
            Some(("perpetrator", id)) => (Level::Perpetrator, id),
            Some(("platform_action", id)) => (Level::PlatformAction, id),
            Some(_) => return None,
        };
        self.fields.iter().position(|f| f.level == level && f.id == id).map(|i| FieldId(i as u16))
    }

    /// The field itself.
    pub fn get(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// The codelist of a coded field.
    pub fn list_of(&self, id: FieldId) -> Option<&Codelist> {
        self.get(id).list.as_ref().and_then(|l| self.lists.get(l))
    }
}

//! The codebook: fields of a record, their types and classes, and the codelists. Data, in `standard/record.toml` and
//! `standard/codelists/*.toml`.

mod check;

use crate::embedded;
use crate::problem::{self, FileError, Problem};
use crate::spelling::fold;
use crate::value::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

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

impl Level {
    /// All levels.
    pub const ALL: [Level; 4] = [Level::Record, Level::Event, Level::Perpetrator, Level::PlatformAction];

    /// Prefix of a field's path; empty for the record itself.
    pub const fn prefix(self) -> &'static str {
        match self {
            Level::Record => "",
            Level::Event => "event",
            Level::Perpetrator => "perpetrator",
            Level::PlatformAction => "platform_action",
        }
    }
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// For a composite code: at least one of these codes holds, and the source does not say which. Never split.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// Day on which the code ended, `YYYY-MM-DD`; it is still read, and no longer offered.
    #[serde(default)]
    pub ended: Option<String>,
}

impl Codelist {
    /// The code that a text names by identifier, label or other spelling ([`fold`]ed). Linear; readers of big files keep
    /// an index of [`Codelist::spellings`].
    pub fn find(&self, text: &str) -> Option<Code> {
        let text = fold(text);
        self.spellings().find(|(spelling, _)| *spelling == text).map(|(_, code)| code)
    }

    /// Every spelling that is read, folded, with its code. Spellings are unique in a list (checked).
    pub fn spellings(&self) -> impl Iterator<Item = (String, Code)> + '_ {
        self.codes.iter().flat_map(|entry| {
            let mut all = vec![fold(&entry.id)];
            for other in std::iter::once(&entry.label).chain(&entry.aliases) {
                let other = fold(other);
                if !all.contains(&other) {
                    all.push(other);
                }
            }
            all.into_iter().map(|spelling| (spelling, Code(entry.number)))
        })
    }

    /// Codes that a form offers, in reading order: neither composite nor ended.
    pub fn offered(&self) -> impl Iterator<Item = &CodeEntry> {
        self.codes.iter().filter(|c| c.any_of.is_empty() && c.ended.is_none())
    }

    /// Code of the coarser list `list` that a code rolls up to.
    pub fn rollup(&self, code: Code, list: &str) -> Option<&str> {
        self.entry(code)?.rollup.get(list).map(String::as_str)
    }

    /// The code with this identifier.
    pub fn code(&self, id: &str) -> Option<Code> {
        self.codes.iter().find(|c| c.id == id).map(|c| Code(c.number))
    }

    /// The entry with this number.
    pub fn entry(&self, code: Code) -> Option<&CodeEntry> {
        self.codes.iter().find(|c| c.number == code.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFile {
    version: String,
    #[serde(rename = "field")]
    fields: Vec<Field>,
}

impl Codebook {
    /// The codebook of this version of the program.
    pub fn embedded() -> &'static Codebook {
        static BOOK: OnceLock<Codebook> = OnceLock::new();
        BOOK.get_or_init(|| {
            Codebook::load(embedded::RECORD, embedded::CODELISTS).expect("the embedded standard is checked by a test")
        })
    }

    /// Reads a codebook from the text of `record.toml` and of the codelists (file stem, text), and checks it whole.
    pub fn load(record: &str, lists: &[(&str, &str)]) -> Result<Codebook, FileError> {
        let file: RecordFile = problem::read("record.toml", record)?;
        let mut book = Codebook { version: file.version, fields: file.fields, lists: BTreeMap::new() };
        for (stem, text) in lists {
            let name = format!("codelists/{stem}.toml");
            let list: Codelist = problem::read(&name, text)?;
            if list.id != *stem {
                let what = format!("the list in {name} must have the id {stem}");
                problem::none_wrong(&name, vec![Problem::new(&list.id, what)])?;
            }
            book.lists.insert(list.id.clone(), list);
        }
        problem::none_wrong("standard", book.problems())?;
        Ok(book)
    }

    /// Everything that is wrong with the codebook; empty for one that was loaded.
    pub fn problems(&self) -> Vec<Problem> {
        check::problems(self)
    }

    /// Every permanent number, one a line: `field sex_registered 19`, `code sex_registered.female 1`. The lines stand in
    /// `standard/schemas/numbers.txt`; there they are only ever added to, so that sealed records stay readable.
    pub fn numbers(&self) -> Vec<String> {
        let fields = (0..self.fields.len()).map(|i| FieldId(i as u16));
        let fields = fields.map(|id| format!("field {} {}", self.path(id), self.get(id).number));
        let codes = self.lists.values().flat_map(|l| l.codes.iter().map(move |c| (l, c)));
        fields.chain(codes.map(|(l, c)| format!("code {}.{} {}", l.id, c.id, c.number))).collect()
    }

    /// The field with this permanent number.
    pub fn by_number(&self, number: u16) -> Option<FieldId> {
        self.fields.iter().position(|f| f.number == number).map(|i| FieldId(i as u16))
    }

    /// Path of a field, as [`Codebook::field`] reads it.
    pub fn path(&self, id: FieldId) -> String {
        let field = self.get(id);
        match field.level.prefix() {
            "" => field.id.clone(),
            prefix => format!("{prefix}.{}", field.id),
        }
    }

    /// Fields of one level, in the order of the file.
    pub fn level(&self, level: Level) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields.iter().enumerate().filter(move |(_, f)| f.level == level).map(|(i, f)| (FieldId(i as u16), f))
    }

    /// Reads a column path: `sex_registered`, or `event.3.techuse` with the number of the event from 1.
    pub fn column(&self, path: &str) -> Option<(FieldId, Option<u16>)> {
        let mut parts = path.splitn(3, '.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(_), None, None) => self.field(path).map(|f| (f, None)),
            (Some(level), Some(number), Some(id)) => {
                let number: u16 = number.parse().ok().filter(|n| *n > 0)?;
                self.field(&format!("{level}.{id}")).map(|f| (f, Some(number)))
            }
            _ => None,
        }
    }

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

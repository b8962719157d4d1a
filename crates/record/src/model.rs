//! The record: cells by field, with events, perpetrators and platform actions. Nothing here can be printed, logged or
//! serialised by accident: `Debug` shows shapes only, and there is no `Serialize`.

use accord_standard::codebook::FieldId;
use accord_standard::value::{Code, Missing};
use std::fmt;
use zeroize::Zeroizing;

/// What one organisation holds about one person.
#[derive(Clone, Default, PartialEq)]
pub struct Record {
    /// Local identifier as given by the organisation; unique in its vault. Class direct.
    pub id: Secret,
    /// Record-level cells, sorted by field. A field that is absent was not recorded.
    pub cells: Vec<(FieldId, Cell)>,
    /// Events in order of their sequence number.
    pub events: Vec<Part>,
    /// Perpetrators, in the order given.
    pub perpetrators: Vec<Part>,
    /// Platforms' actions, in the order given.
    pub platform_actions: Vec<Part>,
}

/// One event, perpetrator or platform action: cells sorted by field.
pub type Part = Vec<(FieldId, Cell)>;

/// A value, or the reason for having none.
#[derive(Clone, PartialEq)]
pub enum Cell {
    /// No value, and why.
    Missing(Missing),
    /// One code.
    Code(Code),
    /// Several codes hold, sorted, without repeats.
    Codes(Vec<Code>),
    /// Exactly one of these codes holds, and it is not known which (composite source flags). Sorted.
    OneOf(Vec<Code>),
    /// A whole number.
    Integer(i32),
    /// Completed years with precision.
    Age(Age),
    /// A date with precision.
    Date(Date),
    /// Identifying text.
    Text(Secret),
}

/// Completed years: what is known about an age. `low == high` with [`AgePrecision::Exact`] is an exact age.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// Lowest possible completed years.
    pub low: u8,
    /// Highest possible completed years, inclusive; 255 for an open band.
    pub high: u8,
    /// How it is known.
    pub precision: AgePrecision,
}

/// How an age is known (GS-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgePrecision {
    /// Given in completed years.
    Exact,
    /// Said to be about that age; `low..=high` is the tolerance.
    About,
    /// Given as a range or band.
    Range,
    /// Disputed.
    Disputed,
}

/// A calendar date; month and day are 0 where the precision does not reach.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Year.
    pub year: i16,
    /// Month 1 to 12; 13 to 16 for the first to fourth quarter; 0 where only the year is known.
    pub month: u8,
    /// Day 1 to 31, or 0.
    pub day: u8,
}

/// Text that identifies a person. Cannot be printed or serialised; zeroised when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps text.
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The text itself. Call only where it is sealed, compared or shown to its own steward.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cell::Missing(_) => "Missing(..)",
            Cell::Code(_) => "Code(..)",
            Cell::Codes(_) => "Codes(..)",
            Cell::OneOf(_) => "OneOf(..)",
            Cell::Integer(_) => "Integer(..)",
            Cell::Age(_) => "Age(..)",
            Cell::Date(_) => "Date(..)",
            Cell::Text(_) => "Text(..)",
        })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} cells, {} events)", self.cells.len(), self.events.len())
    }
}

impl Record {
    /// The cell of a record-level field; absent means not recorded.
    pub fn cell(&self, field: FieldId) -> &Cell {
        cell_in(&self.cells, field)
    }
}

/// The cell of a field in a sorted part; absent means not recorded.
pub fn cell_in(cells: &[(FieldId, Cell)], field: FieldId) -> &Cell {
    static NOT_RECORDED: Cell = Cell::Missing(Missing::NotRecorded);
    match cells.binary_search_by_key(&field, |(f, _)| *f) {
        Ok(i) => &cells[i].1,
        Err(_) => &NOT_RECORDED,
    }
}

/// A record as it comes in, with what the file says of consent. Consent goes to the ledger, never into the record.
#[derive(Clone, Default, PartialEq)]
pub struct Incoming {
    /// The record.
    pub record: Record,
    /// Consent given or refused, as far as the file says.
    pub consent: Vec<ConsentClaim>,
    /// Code of the list `legal_basis`, where consent is not the ground.
    pub legal_basis: Option<Code>,
}

/// What a file says of consent to one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentClaim {
    /// The purpose.
    pub purpose: accord_standard::consent::Purpose,
    /// Given, or refused.
    pub given: bool,
    /// When, if the file says.
    pub date: Option<Date>,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({:?}, {} consent claims)", self.record, self.consent.len())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Date(..)")
    }
}

impl fmt::Debug for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Age(..)")
    }
}

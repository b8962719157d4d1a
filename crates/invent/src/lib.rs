//! Invented people: a generator of records of people who do not exist, for demonstrations, tests and measurements.
//!
//! From one seed it makes the same bytes on every machine, whatever the number of threads: each person is drawn from a
//! stream of her own. Shares come from `standard/invent/world.toml`, where each has a source or is marked as a guess.
//! Everything made here says INVENTED, and every identifier starts with `INV-`.
//!
//! **It must never know** a real record, a database or the network. **It is never evidence**: shares of invented people
//! say nothing about the world.
//!
//! Start reading at [`world`] (organisations with messy files and the truth kept apart) and [`records`] (a stream of any
//! length).
#![cfg_attr(test, allow(clippy::unwrap_used))]

use accord_record::model::Incoming;
use accord_standard::codebook::Codebook;
use std::sync::OnceLock;

mod codes;
mod complete;
mod draw;
mod file;
mod names;
mod own;
mod person;
mod plan;
mod seen;
mod spoilt;
mod text;
mod world;

pub use file::write_records;
pub use person::Person;
pub use plan::{Aim, Basis};
pub use spoilt::{Spoilt, spoilt};
pub use text::Style;
pub use world::{Holder, Truth, World};

/// An invented organisation that holds records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderSpec {
    /// Its name, as shown; should say that it is invented.
    pub name: String,
    /// What kind of organisation it is: decides whom it meets, what it writes down and in which kind of file.
    pub kind: HolderKind,
    /// How many records it holds.
    pub records: usize,
}

/// Kinds of invented organisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderKind {
    /// Short calls, many blanks.
    Hotline,
    /// Formal identification, a legal basis more often than consent.
    Police,
    /// Long support, full event sequences.
    Shelter,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum InventError {
    /// A data file of the generator cannot be read.
    #[error("the generator's file {file} cannot be read: {message}")]
    Data {
        /// Which.
        file: String,
        /// Why.
        message: String,
    },
    /// The generator fills a field that the codebook does not have.
    #[error("the generator fills `{0}`, which is no field of the codebook")]
    UnknownField(String),
    /// The generator uses a code that the codebook does not have.
    #[error("the generator uses `{code}`, which the list `{list}` does not have")]
    UnknownCode {
        /// The list.
        list: String,
        /// The code.
        code: String,
    },
    /// A file could not be written.
    #[error("the file could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// A workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// The holders of the demonstration: a hotline, a police unit and two shelters.
pub fn demo_holders() -> Vec<HolderSpec> {
    let holder = |name: &str, kind, records| HolderSpec { name: name.into(), kind, records };
    vec![
        holder("Invented hotline", HolderKind::Hotline, 20_000),
        holder("Invented police unit", HolderKind::Police, 4_000),
        holder("Invented shelter North", HolderKind::Shelter, 600),
        holder("Invented shelter South", HolderKind::Shelter, 140),
    ]
}

/// Organisations with overlapping people, and the truth about them kept apart. The first of a kind comes before the
/// people it shares; at most 32 holders.
pub fn world(seed: u64, holders: &[HolderSpec]) -> World {
    World::new(lexicon(), seed, holders)
}

/// A stream of `n` invented records, as they come in from a file. The record with a number is the same whatever the
/// others are, so that a stream can be cut and read in parallel ([`record`]).
pub fn records(seed: u64, n: u64) -> impl Iterator<Item = Incoming> {
    (0..n).map(move |number| record(seed, number))
}

/// The invented record with this number.
pub fn record(seed: u64, number: u64) -> Incoming {
    world::single(lexicon(), seed, number)
}

/// The truth about the person of the record with this number, as a record in which nothing is missing: for tests.
pub fn complete_record(seed: u64, number: u64) -> accord_record::model::Record {
    world::single_complete(lexicon(), seed, number)
}

/// The shares that the generator is tuned to, with their sources.
pub fn aims() -> Vec<Aim> {
    plan::Plan::embedded().expect("the embedded plan parses; tested").aims
}

fn lexicon() -> &'static codes::Lexicon {
    static LEXICON: OnceLock<codes::Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| {
        codes::Lexicon::new(Codebook::embedded())
            .expect("the embedded plan uses codes of the embedded codebook; tested")
    })
}

#[cfg(test)]
mod tests;

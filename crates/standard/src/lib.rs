//! The standard as data: what a field means, which codes it takes, how codes roll up into published categories, and
//! what a published figure is.
//!
//! Everything that a domain expert edits lives under `standard/` at the project's root as TOML and is embedded here;
//! this crate only reads and checks it.
//!
//! **It must never know** records, databases, HTTP, the time or keys.
//!
//! Start reading at [`codebook::Codebook`], then [`dimension`] and [`workload`], then [`figure::Figure`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod codebook;
pub mod columns;
pub mod consent;
pub mod crosswalk;
pub mod dimension;
mod embedded;
pub mod figure;
pub mod groups;
pub mod indicator;
pub mod legal;
pub mod problem;
pub mod schema;
pub mod spelling;
pub mod study;
pub mod value;
pub mod workload;

//! Integration tests of the release crate, through its public API.
#![allow(clippy::unwrap_used, missing_docs)]

mod bundle;
mod contributions;
mod formats;
mod worlds;

//! The hub: what the public may see. For now read-only and in memory: releases made from bundles, with their status,
//! the newest one, and every figure by its permanent id.
//!
//! **It must never know** a case record. **This crate depends neither on `accord-record`, nor on `accord-measure`, nor on
//! `accord-desk`**: a hub that burns or is seized exposes nobody. It knows no HTML and reads no files; the shell hands it
//! bundles.
//!
//! Start reading at [`Site`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod flat;
pub mod site;

pub use flat::{Flat, Release, Shown};
pub use site::{Entry, Found, Place, Proof, Published, Site, SiteError, Status};

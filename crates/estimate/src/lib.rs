//! Estimators: numbers with an interval, a method and diagnostics, or a refusal.
//!
//! **It must never know** where its tables come from: no record, no file, no key, no clock. What goes in is counts (often
//! noisy, with the standard deviation of their noise); what comes out is computed the same on every machine.
//!
//! Start reading at [`value::Estimate`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod adulthood;
pub mod bounds;
pub mod chance;
pub mod draw;
pub mod incidence;
pub mod intensity;
pub mod noisy;
pub mod normal;
pub mod onset;
pub mod order;
pub mod reverse;
pub mod states;
pub mod trend;
pub mod turnbull;
pub mod value;

pub use value::{Cause, Counted, Estimate, Outcome, Refused};

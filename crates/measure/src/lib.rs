//! Everything that touches exact counts: tallies with their contribution bounds, exact integer noise, and the plan that
//! says what each measurement costs. Desk side only.
//!
//! The way is one-way: record → [`tally::Counts`] (exact; can't be printed or serialised) → `NoisyTable` (may leave).
//!
//! **It must never know** SQL, HTTP or files.
//!
//! Start reading at [`plan::Plan`], then [`tally::Tally`], then [`mechanism::measure`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod coin;
pub mod combinations;
pub mod cut;
pub mod evaluate;
pub mod flat;
pub mod gaussian;
pub mod grid;
pub mod laplace;
pub mod mechanism;
pub mod noise;
pub mod plan;
pub mod selection;
pub mod tally;

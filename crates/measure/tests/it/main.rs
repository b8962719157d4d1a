//! Integration tests of the measure crate: samplers against exact probabilities, contribution bounds, coverage over worlds.
#![allow(clippy::unwrap_used, missing_docs)]

mod bounds;
mod sampler;
mod worlds;

//! Integration tests of the measure crate: samplers against exact probabilities, contribution bounds, coverage over worlds.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod bounds;
mod sampler;
mod worlds;

//! Integration tests of the measure crate: samplers against exact probabilities, the audit, contribution bounds, coverage
//! over worlds.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod audit;
mod audit_bounds;
mod audit_broken;
mod audit_game;
mod audit_noise;
mod audit_paths;
mod bounds;
mod flat_worlds;
mod sampler;
mod study_bounds;
mod study_times;
mod study_worlds;
mod worlds;

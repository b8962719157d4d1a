//! Everything after the noise: `Noisy` tables, accounting statements, consistency, intervals, synthesis, quality by
//! re-simulation, the bundle's format and its verification.
//!
//! **It must never know** exact counts, records, SQL or HTTP. Every function here is post-processing: a deterministic
//! function of noisy measurements, codebook, workload and ledger (PRIVACY 11).
//!
//! Start reading at [`noisy::NoisyTable`], then [`account`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod account;
pub mod bundle;
pub mod consistent;
pub mod contribution;
pub mod files;
pub mod flat;
pub mod flatfiles;
pub mod indicators;
pub mod noise;
pub mod noisy;
pub mod official;
mod plain;
pub mod privacy;
pub mod publish;
pub mod quality;
pub mod sds;
pub mod study;
pub mod synth;
pub mod tablefiles;
pub mod verify;

//! The binary as a user meets it: exit codes, what it says, what it leaves behind.
#![allow(clippy::format_collect, reason = "a few lines of a test file read better so")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod check;
mod demo;
mod desk;
mod flat;
mod flat_publish;
mod indicators;
mod leak;
mod preview;
mod protect;
mod protect_flat;
mod release;
mod study;
mod support;

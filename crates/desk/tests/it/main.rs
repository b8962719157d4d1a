//! The vault's promises, tested through its public functions.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout, clippy::disallowed_methods, reason = "tests")]
#![allow(missing_docs, reason = "tests")]

mod backup;
mod budget;
mod crash;
mod disk;
mod erase;
mod import;
mod kit;
mod leak;
mod open;
mod speed;
mod tamper;

//! `accord`: the command line and the composition root. Rules live in the crates; this binary opens files, asks for
//! passphrases, shows progress and turns answers into exit codes.
//!
//! Exit codes: 0 fine, 1 the answer is no or the input has errors, 2 usage, 3 refused for safety.

mod ambient;
mod cmd;
mod faults;
#[allow(dead_code, reason = "for the command that protects flat tables; goes when it calls all of this")]
mod flat;
mod folder;
mod intake;
mod memory;
mod progress;
mod sandbox;
mod say;
mod secret;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cmd::run(cmd::Cli::parse())
}

//! Chores of the workspace, kept in Rust so that they run wherever cargo does.
//!
//! - `cargo xtask tidy` checks what the compiler does not: the arrows between crates, the shipped binary's closure, file
//!   sizes, words, codes, floats on the noise path, which privacy rules a test names, links.
//! - `cargo xtask tutorial` runs the commands of `docs/src/tutorial.md` in a temporary directory.
//!
//! It must never know a domain rule: it reads the project's files as text and data.
//!
//! Start reading at [`tidy`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod tidy;
mod tree;
mod tutorial;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["tidy"] => tidy::run(false),
        ["tidy", "--quiet"] => tidy::run(true),
        ["tutorial"] => tutorial::run(None),
        ["tutorial", "--bin", path] => tutorial::run(Some(path)),
        _ => {
            say("usage: cargo xtask tidy [--quiet] | tutorial [--bin PATH]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints one line: the only place where this program speaks.
#[expect(clippy::print_stdout, reason = "a chore's whole output is its terminal")]
fn say(line: &str) {
    println!("{line}");
}

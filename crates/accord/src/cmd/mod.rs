//! One file a command. Each takes its parsed arguments and returns an [`Exit`].

use crate::say::{say_json, warn};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

pub mod check;
pub mod convert;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod form;
pub mod hub;
pub mod indicators;
pub mod protect;
pub mod release;
pub mod study;
pub mod verify;

/// Evidence that protects the people in it: private releases from confidential case records.
#[derive(Debug, Parser)]
#[command(name = "accord", version, about, propagate_version = true)]
pub struct Cli {
    /// Print machine-readable JSON to standard output.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the whole story on one machine with invented people.
    Demo(demo::Args),
    /// Check a file of records against the standard.
    Check(check::Args),
    /// Convert a file of records to another format.
    Convert(convert::Args),
    /// Make a private release (a draft) straight from a file.
    Protect(Box<protect::Args>),
    /// The vault of an organisation that holds records.
    Desk(desk::Args),
    /// Draft, decide on and publish releases from a vault.
    Release(release::Args),
    /// The studies: show what one asks and measures, or draw it from a vault.
    Study(study::Args),
    /// Fill in official tables from a release: SDG 16.2.2, UNODC's, Eurostat's, and one by adolescence.
    Indicators(indicators::Args),
    /// Check a release's files, signatures and decision, offline.
    Verify(verify::Args),
    /// The public site.
    Hub(hub::Args),
    /// Say what this machine offers and what is missing.
    Doctor(doctor::Args),
    /// Reads an untrusted file inside limits; started by other commands only.
    #[command(name = "__read", hide = true)]
    Read(crate::sandbox::child::Args),
    /// Reads an untrusted flat table inside limits; started by other commands only.
    #[command(name = "__flat", hide = true)]
    Flat(crate::sandbox::flat::Args),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// The answer is no, or the input has errors.
    No,
    /// Wrong usage.
    Usage,
    /// Refused for safety.
    Refused,
}

/// An error that is a refusal for safety: exit code 3.
#[derive(Debug)]
pub struct Refused(String);

impl Refused {
    /// A refusal, as an error to return.
    pub fn error(why: impl std::fmt::Display) -> anyhow::Error {
        anyhow::Error::new(Refused(why.to_string()))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// An error in what was typed: exit code 2.
#[derive(Debug)]
pub struct Usage(String);

impl Usage {
    /// What is wrong with an option, as an error to return.
    pub fn error(why: impl std::fmt::Display) -> anyhow::Error {
        anyhow::Error::new(Usage(why.to_string()))
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
        })
    }
}

/// Runs one command; errors go to standard error, in words, with exit code 1 unless the command chose another.
pub fn run(cli: Cli) -> ExitCode {
    let json = cli.json;
    // Keys, passphrases and records stand in memory while a command runs: they never go into a core dump.
    desk::no_core_dumps();
    let result = match cli.command {
        Command::Demo(args) => demo::run(args, json),
        Command::Check(args) => check::run(args, json),
        Command::Convert(args) => convert::run(args, json),
        Command::Protect(args) => protect::run(*args, json),
        Command::Desk(args) => desk::run(args, json),
        Command::Release(args) => release::run(args, json),
        Command::Study(args) => study::run(args, json),
        Command::Indicators(args) => indicators::run(args, json),
        Command::Verify(args) => verify::run(args, json),
        Command::Hub(args) => hub::run(args, json),
        Command::Doctor(args) => doctor::run(args, json),
        Command::Read(args) => crate::sandbox::child::read(args),
        Command::Flat(args) => crate::sandbox::flat::read(args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            report(&error, json);
            let exit = match () {
                () if error.is::<Refused>() => Exit::Refused,
                () if error.is::<Usage>() => Exit::Usage,
                () => Exit::No,
            };
            exit.into()
        }
    }
}

/// An error in words: what, where, how to mend. It may quote names out of files; nothing in it reaches a terminal raw.
pub(crate) fn report(error: &anyhow::Error, json: bool) {
    if json {
        // If that cannot be said, the words on standard error and the exit code are left.
        let _ = say_json(&serde_json::json!({ "error": format!("{error:#}") }));
    }
    // Further lines are set in: no name with a line end in it can pose as a message of its own.
    warn(&format!("accord: {error:#}").replace('\n', "\n  "));
}

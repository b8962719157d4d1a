//! The child that reads flat tables, and what it and its parent say to each other.
//!
//! The child gets the opened file as its standard input, and on the place of standard error, which it has no use for, a pipe
//! with its [`Task`]: a domain has no place in arguments, and no file of its own to lie in.

use super::child::{Out, shut_in};
use super::{ERROR, ReadError};
use crate::cmd::Exit;
use accord_record::flat::{Block, FlatError, Infer, encode, header, infer};
use accord_record::input::{Flow, Hints, encoding_for_label};
use accord_standard::columns::Columns;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// JSON of [`accord_record::flat::Header`]; the last frame of its task.
pub const HEADER: u8 = 16;
/// A piece of the JSON of [`accord_record::flat::Inferred`]; an empty one is the last.
pub const INFERRED: u8 = 17;
/// Rows: their number (four bytes), for each column the codes of all of them (two bytes each), and, where they belong to
/// people, the offset behind each row's text (four bytes each) and the texts. All little-endian.
pub const BLOCK: u8 = 18;
/// JSON of [`accord_record::flat::Noticed`]; the last frame of its task.
pub const DONE: u8 = 19;

/// Largest piece of JSON in a frame.
const PIECE: usize = 1 << 20;
/// Largest task that is taken.
const TASK: u64 = 512 << 20;

/// What the child is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Length of the file at opening.
    pub length: u64,
    /// Label of the text encoding, where it is declared.
    pub encoding: Option<String>,
    /// What to read.
    pub what: What,
}

/// What the child is to read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The header; the names are expected ones.
    Header(Vec<String>),
    /// The values of columns.
    Infer(Infer),
    /// The rows, as codes.
    Rows {
        /// The domain.
        columns: Columns,
        /// Column that says whose a row is.
        person: Option<String>,
    },
}

/// Arguments of the hidden reader: none, all is in its task.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Reads standard input inside limits.
pub fn read(_: Args) -> anyhow::Result<Exit> {
    // A parser that panics must not print what it parsed.
    std::panic::set_hook(Box::new(|_| {}));
    let task: Task = serde_json::from_slice(&read_task()?)?;
    shut_in()?;
    let pipe = std::io::BufWriter::with_capacity(1 << 18, std::io::stdout().lock());
    run(&task, Box::new(std::io::stdin().lock()), pipe)?;
    Ok(Exit::Fine)
}

/// The task, from the pipe on the place of standard error.
fn read_task() -> anyhow::Result<Vec<u8>> {
    #[cfg(unix)]
    let pipe = File::from(std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned()?);
    #[cfg(windows)]
    let pipe = File::from(std::os::windows::io::AsHandle::as_handle(&std::io::stderr()).try_clone_to_owned()?);
    let mut task = Vec::new();
    pipe.take(TASK).read_to_end(&mut task).context("this is for other commands to start")?;
    Ok(task)
}

/// Does a task: reads `source`, writes frames to `pipe`.
pub fn run(task: &Task, source: Box<dyn Read + '_>, pipe: impl Write) -> anyhow::Result<()> {
    let mut out = Out::new(pipe);
    let progress = Arc::new(AtomicU64::new(0));
    let read = || progress.load(Ordering::Relaxed);
    let hints = Hints {
        length: Some(task.length),
        encoding: task.encoding.as_deref().and_then(encoding_for_label),
        progress: Some(Arc::clone(&progress)),
        ..Hints::default()
    };
    // A parent that is gone wants no more.
    let flow = |sent: std::io::Result<()>| if sent.is_ok() { Flow::Go } else { Flow::Stop };
    let result = match &task.what {
        What::Header(known) => match header(source, &hints, known) {
            Ok(header) => out.json(HEADER, &header).map(Ok)?,
            Err(error) => Err(error),
        },
        What::Infer(what) => match infer(source, &hints, what, &mut || flow(out.progress(read()))) {
            Ok(inferred) => {
                for piece in serde_json::to_vec(&inferred)?.chunks(PIECE) {
                    out.frame(INFERRED, piece)?;
                }
                out.frame(INFERRED, &[]).map(Ok)?
            }
            Err(error) => Err(error),
        },
        What::Rows { columns, person } => {
            let mut bytes = Vec::new();
            let mut on = |block: &Block<'_>| {
                let sent = if block.rows == 0 {
                    Ok(())
                } else {
                    write_block(block, &mut bytes);
                    out.frame(BLOCK, &bytes)
                };
                flow(sent.and_then(|()| out.progress(read())))
            };
            match encode(source, &hints, columns, person.as_deref(), &mut on) {
                Ok(noticed) => out.json(DONE, &noticed).map(Ok)?,
                Err(error) => Err(error),
            }
        }
    };
    match result {
        Ok(()) | Err(FlatError::Stopped) => {}
        Err(error) => {
            out.json(ERROR, &ReadError { refused: error.is_refusal(), message: error.to_string() })?;
        }
    }
    Ok(out.pipe.flush()?)
}

fn write_block(block: &Block<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend_from_slice(&(block.rows as u32).to_le_bytes());
    for column in block.columns {
        let start = bytes.len();
        bytes.resize(start + 2 * column.len(), 0);
        for (pair, code) in bytes[start..].as_chunks_mut::<2>().0.iter_mut().zip(column) {
            *pair = code.to_le_bytes();
        }
    }
    if let Some((people, ends)) = block.people {
        for end in ends {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        bytes.extend_from_slice(people);
    }
}

//! Untrusted files are parsed in a child: this program again, as `accord __read`, with an empty environment, that limits
//! itself (memory, processor time, nothing opened or written, no core dump) before it reads a byte, and is ended if it keeps
//! silent. It gets the opened file as its
//! standard input and streams frames to its standard output. The parent believes no frame: sizes are bounded, contents are
//! decoded defensively.
//!
//! A frame is a tag byte, the payload's length (four bytes, little-endian) and the payload.
//!
//! Records are read by [`read_file`]; flat tables of any columns by [`crate::flat`], whose child is [`flat`].
//!
//! Start reading at [`read_file`].

pub mod child;
pub mod flat;
mod watch;

use accord_record::check::{Finding, Summary};
use accord_record::codec::{Numbers, decode_with};
use accord_record::input::Found;
use accord_record::model::Incoming;
use accord_standard::crosswalk::Crosswalk;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use watch::Watched;

/// The longest that the child may say nothing while it is waited for. It reports every 65,536 rows at least.
const SILENCE: Duration = Duration::from_mins(2);

/// Largest frame that is taken.
const FRAME: usize = 8 << 20;

const STARTED: u8 = 1;
const FINDING: u8 = 2;
const RECORD: u8 = 3;
pub(crate) const PROGRESS: u8 = 4;
const SUMMARY: u8 = 5;
pub(crate) const ERROR: u8 = 6;

/// Which crosswalk a file is read with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum As {
    /// The one that fits the header best.
    #[default]
    Detect,
    /// One that comes with the program: `accord`, `ctdc`, `htcds`.
    Named(String),
    /// An organisation's own mapping file.
    File(PathBuf),
}

impl std::str::FromStr for As {
    type Err = String;

    /// A name of a crosswalk, or a path of a mapping file.
    fn from_str(text: &str) -> Result<As, String> {
        if Crosswalk::embedded(text).is_some() {
            return Ok(As::Named(text.to_owned()));
        }
        let path = PathBuf::from(text);
        if path.is_file() {
            return Ok(As::File(path));
        }
        let names: Vec<&str> = Crosswalk::ids().collect();
        Err(format!("`{text}` is neither one of {} nor a mapping file that is there", names.join(", ")))
    }
}

/// How a file is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The crosswalk.
    pub crosswalk: As,
    /// Hand over records, not only findings.
    pub want_records: bool,
    /// Label of the text encoding, where detection is to be overruled.
    pub encoding: Option<String>,
    /// Column that tells people apart, where a person may have several rows: it stands in for the record's identifier.
    pub person: Option<String>,
    /// Judge each row by itself: no row decides what becomes of another. For whatever is drawn from a file.
    pub alone: bool,
    /// Order of dates, `ymd`, `dmy` or `mdy`, where it is declared and not learnt.
    pub dates: Option<String>,
}

/// What the child says while it reads.
#[derive(Debug)]
pub enum Message {
    /// The header is understood.
    Started(Started),
    /// A finding.
    Finding(Finding),
    /// A good record; only if they are wanted.
    Record {
        /// Line or row of the file.
        row: u64,
        /// The record, with what the file says of consent.
        incoming: Incoming,
    },
    /// Stored bytes read so far, of how many.
    Progress {
        /// Read so far.
        read: u64,
        /// Length of the file.
        of: u64,
    },
}

/// What is known once the header is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// What was found out about the file.
    pub found: Found,
    /// Crosswalk that is applied.
    pub crosswalk: String,
    /// Workload that files of this kind are released with, if the crosswalk names one.
    pub workload: Option<String>,
    /// Whether any column of the file says something of consent or of a legal basis.
    pub consent: bool,
}

/// Why a file could not be read; look for it in an [`anyhow::Error`] with `downcast_ref`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct ReadError {
    /// True if the file is refused for safety (exit code 3), rather than wrong (exit code 1).
    pub refused: bool,
    /// In words.
    pub message: String,
}

/// The exit code that an error of [`read_file`] deserves.
pub fn exit_of(error: &anyhow::Error) -> crate::cmd::Exit {
    match error.downcast_ref::<ReadError>() {
        Some(ReadError { refused: true, .. }) => crate::cmd::Exit::Refused,
        _ => crate::cmd::Exit::No,
    }
}

/// Reads and checks a file in a child process. `on` gets every message as it comes; an error from it ends the child and is
/// returned.
pub fn read_file(
    path: &Path,
    options: &ReadOptions,
    on: &mut dyn FnMut(Message) -> anyhow::Result<()>,
) -> anyhow::Result<Summary> {
    let (file, length) = open(path)?;
    let mut command = Command::new(this_program()?);
    command.arg("__read").arg("--length").arg(length.to_string());
    command.arg("--today").arg(today().to_string());
    match &options.crosswalk {
        As::Detect => {}
        As::Named(name) => {
            command.arg("--as").arg(name);
        }
        As::File(path) => {
            // Read it here first: its errors are for the person who wrote it.
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Crosswalk::parse(&text).with_context(|| format!("the mapping file {}", path.display()))?;
            command.arg("--mapping").arg(std::path::absolute(path)?);
        }
    }
    if options.want_records {
        command.arg("--records");
    }
    if let Some(encoding) = &options.encoding {
        anyhow::ensure!(
            accord_record::input::encoding_for_label(encoding).is_some(),
            "`{encoding}` is no name of a text encoding, such as utf-8 or windows-1256"
        );
        command.arg("--encoding").arg(encoding);
    }
    if let Some(column) = &options.person {
        command.arg("--person").arg(column);
    }
    if options.alone {
        command.arg("--alone");
    }
    if let Some(order) = &options.dates {
        command.arg("--dates").arg(order);
    }
    command.stdin(Stdio::from(file)).stderr(Stdio::null());
    let summary = run(command, || Ok(()), |pipe| frames(pipe, length, on))?;
    let grown = std::fs::metadata(path).is_ok_and(|m| m.len() > length);
    Ok(with_note(summary, grown))
}

/// Runs a reader: starts it, and takes what it says; `None` if it ended before it was done. `started` is called once it
/// runs, with the command dropped.
fn run<T>(
    mut command: Command,
    started: impl FnOnce() -> anyhow::Result<()>,
    take: impl FnOnce(&mut dyn Read) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let mut child = command.env_clear().stdout(Stdio::piped()).spawn().context("cannot start the reader")?;
    drop(command);
    let pipe = child.stdout.take();
    let child = Watched::new(child, SILENCE).context("the reader cannot be watched")?;
    let pipe = child.output(pipe.context("the reader has no output")?);
    // If the reader is gone already, its output says why, or how it ended.
    let told = started();
    match take(&mut BufReader::with_capacity(1 << 18, pipe)) {
        Ok(Some(done)) => told.map(|()| done),
        Ok(None) if child.was_silent() => {
            let seconds = SILENCE.as_secs();
            let message =
                format!("the reader said nothing for {seconds} seconds and was stopped; nothing of the file was used");
            Err(ReadError { refused: true, message }.into())
        }
        Ok(None) => {
            let status = child.ended().context("the reader was lost")?;
            Err(ReadError { refused: true, message: died(status) }.into())
        }
        Err(error) => Err(error),
    }
}

/// Reads a flat table in a child: `task` makes its task of the file's length, `take` takes its frames.
pub fn read_flat<T>(
    path: &Path,
    task: impl FnOnce(u64) -> flat::Task,
    take: impl FnOnce(&mut dyn Read, u64) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let (file, length) = open(path)?;
    let task = serde_json::to_vec(&task(length)).context("the reader's task cannot be written")?;
    let (reads, mut writes) = std::io::pipe().context("no pipe for the reader's task")?;
    let mut command = Command::new(this_program()?);
    command.arg("__flat").stdin(Stdio::from(file)).stderr(Stdio::from(reads));
    let tell = move || {
        let written = writes.write_all(&task);
        written.context("the reader did not take its task")
    };
    run(command, tell, |pipe| take(pipe, length))
}

/// Opens a file of records and says how long it is. What is no file (a pipe, a device, a folder) is refused before it is
/// opened, and again after, as it may have been replaced in between; opening never waits for somebody at the other end.
fn open(path: &Path) -> anyhow::Result<(File, u64)> {
    let no_file = || ReadError { refused: false, message: format!("{} is not a file", path.display()) };
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    if !metadata.is_file() {
        return Err(no_file().into());
    }
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let metadata = file.metadata().with_context(|| format!("cannot look at {}", path.display()))?;
    if !metadata.is_file() {
        return Err(no_file().into());
    }
    Ok((file, metadata.len()))
}

/// The program, beside the tests of its own parts.
#[cfg(test)]
pub(crate) fn this_program() -> anyhow::Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.parent().and_then(Path::parent).context("tests stand in a folder of the build")?;
    Ok(folder.join(format!("accord{}", std::env::consts::EXE_SUFFIX)))
}

/// This very program, even if its file was replaced by a newer one in the meantime.
#[cfg(not(test))]
fn this_program() -> anyhow::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("cannot find this program to start its reader")
}

/// Today as `yyyymmdd`.
fn today() -> i32 {
    let day = crate::ambient::today();
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

fn with_note(mut summary: Summary, grown: bool) -> Summary {
    if grown {
        summary.notes.push("the file grew while it was read: it was read as long as it was at the beginning".into());
    }
    summary
}

/// Takes frames until the summary; `None` if the child ended without one.
fn frames(
    pipe: &mut dyn Read,
    length: u64,
    on: &mut dyn FnMut(Message) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Summary>> {
    let mut payload = Vec::new();
    loop {
        let Some(tag) = frame(pipe, &mut payload)? else { return Ok(None) };
        match tag {
            STARTED => on(Message::Started(serde_json::from_slice(&payload).map_err(|_| garbled())?))?,
            FINDING => on(Message::Finding(serde_json::from_slice(&payload).map_err(|_| garbled())?))?,
            RECORD => {
                let (row, bytes) = payload.split_first_chunk::<8>().ok_or_else(garbled)?;
                let incoming = decode_with(Numbers::embedded(), bytes).map_err(|_| garbled())?;
                on(Message::Record { row: u64::from_le_bytes(*row), incoming })?;
            }
            PROGRESS => {
                let read = <[u8; 8]>::try_from(&payload[..]).map_err(|_| garbled())?;
                on(Message::Progress { read: u64::from_le_bytes(read).min(length), of: length })?;
            }
            SUMMARY => return Ok(Some(serde_json::from_slice(&payload).map_err(|_| garbled())?)),
            ERROR => return Err(serde_json::from_slice::<ReadError>(&payload).unwrap_or_else(|_| garbled()).into()),
            _ => return Err(garbled().into()),
        }
    }
}

pub(crate) fn garbled() -> ReadError {
    ReadError { refused: true, message: "the reader sent what cannot be understood; nothing was used".into() }
}

/// The next frame: its tag, and its payload into `payload`; `None` if the child ended within or before it.
pub(crate) fn frame(pipe: &mut dyn Read, payload: &mut Vec<u8>) -> anyhow::Result<Option<u8>> {
    let mut head = [0u8; 5];
    if pipe.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let size = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if size > FRAME {
        return Err(garbled().into());
    }
    payload.clear();
    Ok(if pipe.take(size as u64).read_to_end(payload)? < size { None } else { Some(head[0]) })
}

fn died(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return format!(
                "the reader was stopped (signal {signal}) by its limits of memory or time; nothing of the file was used"
            );
        }
    }
    format!("the reader ended early ({status}); nothing of the file was used")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn take(bytes: &[u8]) -> anyhow::Result<Option<Summary>> {
        frames(&mut &bytes[..], 100, &mut |_| Ok(()))
    }

    #[test]
    fn a_child_that_ends_early_gives_no_summary() {
        for bytes in [&[][..], &[SUMMARY], &[SUMMARY, 9, 0, 0, 0, 1]] {
            assert!(take(bytes).unwrap().is_none());
        }
    }

    #[test]
    fn frames_that_are_too_large_unknown_or_garbled_are_refused() {
        for bytes in [
            &[FINDING, 0, 0, 0, 255][..],
            &[99, 0, 0, 0, 0],
            &[FINDING, 1, 0, 0, 0, b'x'],
            &[RECORD, 1, 0, 0, 0, 1],
            &[RECORD, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 77],
            &[PROGRESS, 1, 0, 0, 0, 1],
            &[SUMMARY, 2, 0, 0, 0, b'{', b'}'],
        ] {
            let error = take(bytes).unwrap_err();
            assert!(error.downcast_ref::<ReadError>().unwrap().refused);
        }
    }
}

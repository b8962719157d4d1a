//! The child's half: limit oneself, then read standard input and stream frames.

use super::{ERROR, FINDING, PROGRESS, RECORD, ReadError, STARTED, SUMMARY, Started};
use crate::cmd::Exit;
use accord_record::check::{CheckError, Event, Mapping, Settings, run};
use accord_record::codec::{Numbers, encode_with};
use accord_record::input::{Flow, Hints, encoding_for_label};
use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::{ColumnMap, ColumnRule, Crosswalk};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Address space of the child.
const MEMORY: u64 = 1536 << 20;
/// Processor seconds of the child.
const SECONDS: u64 = 900;
/// Records between two frames of progress.
const PROGRESS_EVERY: u64 = 1 << 14;

/// Arguments of the hidden reader.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Length of the file at opening.
    #[arg(long)]
    length: u64,
    /// Today as yyyymmdd.
    #[arg(long)]
    today: i32,
    /// Crosswalk that comes with the program.
    #[arg(long = "as")]
    crosswalk: Option<String>,
    /// Mapping file.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Send records, not only findings.
    #[arg(long)]
    records: bool,
    /// Label of the text encoding.
    #[arg(long)]
    encoding: Option<String>,
    /// Column that tells people apart.
    #[arg(long, allow_hyphen_values = true)]
    person: Option<String>,
    /// Judge each row by itself.
    #[arg(long)]
    alone: bool,
    /// Order of dates: ymd, dmy, mdy.
    #[arg(long)]
    dates: Option<String>,
}

/// Reads standard input inside limits.
pub fn read(args: Args) -> anyhow::Result<Exit> {
    // A parser that panics must not print what it parsed.
    std::panic::set_hook(Box::new(|_| {}));
    let own = match &args.mapping {
        Some(path) => Some(Crosswalk::parse(&std::fs::read_to_string(path)?)?),
        None => None,
    };
    let own = if args.person.is_none() && args.dates.is_none() {
        own
    } else {
        // The crosswalk is known by now: the parent detected it before it debited anything.
        let named = args.crosswalk.as_deref().and_then(Crosswalk::embedded);
        let mut walk = own.or_else(|| named.cloned());
        if let (Some(walk), Some(column)) = (&mut walk, &args.person) {
            by_person(walk, column);
        }
        if let (Some(walk), Some(order)) = (&mut walk, &args.dates) {
            walk.dates = Some(order.clone());
        }
        walk
    };
    let mapping = match (&own, args.crosswalk.as_deref().and_then(Crosswalk::embedded)) {
        (Some(own), _) => Mapping::Is(own),
        (None, Some(named)) => Mapping::Is(named),
        (None, None) => Mapping::Detect,
    };
    shut_in()?;

    let progress = Arc::new(AtomicU64::new(0));
    let hints = Hints {
        length: Some(args.length),
        encoding: args.encoding.as_deref().and_then(encoding_for_label),
        progress: Some(Arc::clone(&progress)),
        ..Hints::default()
    };
    let settings =
        Settings { book: Codebook::embedded(), mapping, today: args.today, records: args.records, alone: args.alone };
    let mut out = Out::new(std::io::BufWriter::with_capacity(1 << 18, std::io::stdout().lock()));
    let mut records = 0u64;
    let numbers = Numbers::embedded();
    let result = run(Box::new(std::io::stdin().lock()), &hints, settings, &mut |event| {
        let sent = match event {
            Event::Started { found, crosswalk, consent } => out.json(
                STARTED,
                &Started {
                    found: found.clone(),
                    crosswalk: crosswalk.id.clone(),
                    workload: crosswalk.workload.clone(),
                    consent,
                },
            ),
            Event::Finding(finding) => out.json(FINDING, finding),
            Event::Rows(_) => out.progress(progress.load(Ordering::Relaxed)),
            Event::Record(row, incoming) => {
                records += 1;
                let mut bytes = std::mem::take(&mut out.bytes);
                bytes.clear();
                bytes.extend_from_slice(&row.to_le_bytes());
                encode_with(numbers, &incoming, &mut bytes);
                let mut sent = out.frame(RECORD, &bytes);
                out.bytes = bytes;
                if records.is_multiple_of(PROGRESS_EVERY) {
                    sent = sent.and(out.progress(progress.load(Ordering::Relaxed)));
                }
                sent
            }
        };
        // A parent that is gone wants no more.
        if sent.is_ok() { Flow::Go } else { Flow::Stop }
    });
    match result {
        Ok(summary) => out.json(SUMMARY, &summary)?,
        Err(CheckError::Stopped) => return Ok(Exit::No),
        Err(error) => {
            let refused = matches!(&error, CheckError::Input(input) if input.is_refusal());
            out.json(ERROR, &ReadError { refused, message: error.to_string() })?;
        }
    }
    out.pipe.flush()?;
    Ok(Exit::Fine)
}

/// The crosswalk with this column as the identifier.
fn by_person(walk: &mut Crosswalk, column: &str) {
    walk.columns.retain(|c| c.rule != ColumnRule::RecordId);
    walk.columns.push(ColumnMap {
        name: column.to_owned(),
        aliases: Vec::new(),
        field: String::new(),
        rule: ColumnRule::RecordId,
        values: std::collections::BTreeMap::new(),
        codes: Vec::new(),
        note: String::new(),
    });
}

pub(super) struct Out<W: Write> {
    pub(super) pipe: W,
    /// Reused for records.
    bytes: Vec<u8>,
}

impl<W: Write> Out<W> {
    pub(super) fn new(pipe: W) -> Out<W> {
        Out { pipe, bytes: Vec::new() }
    }

    pub(super) fn frame(&mut self, tag: u8, payload: &[u8]) -> std::io::Result<()> {
        let size = u32::try_from(payload.len()).map_err(|_| std::io::ErrorKind::InvalidData)?;
        self.pipe.write_all(&[tag])?;
        self.pipe.write_all(&size.to_le_bytes())?;
        self.pipe.write_all(payload)
    }

    /// Sent at once: the parent takes silence for a reader that hangs.
    pub(super) fn progress(&mut self, read: u64) -> std::io::Result<()> {
        self.frame(PROGRESS, &read.to_le_bytes())?;
        self.pipe.flush()
    }

    pub(super) fn json(&mut self, tag: u8, value: &impl serde::Serialize) -> std::io::Result<()> {
        self.frame(tag, &serde_json::to_vec(value)?)
    }
}

/// Binds this process for good, before it reads a byte that it must not trust.
pub(super) fn shut_in() -> anyhow::Result<()> {
    // The limits bind everywhere; this stands behind them where the kernel knows it.
    #[cfg(target_os = "linux")]
    let _ = shut_oneself_in();
    limit_oneself()
}

/// No path may be opened, made, renamed, removed or run, and no TCP port bound or connected to, by this thread, the only
/// one. Best effort: an older kernel, or one that was told not to, enforces what it knows, or nothing.
#[cfg(target_os = "linux")]
fn shut_oneself_in() -> Result<landlock::RulesetStatus, landlock::RulesetError> {
    use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, Scope};
    let all = ABI::V6;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(all))?
        .handle_access(AccessNet::from_all(all))?
        .scope(Scope::from_all(all))?
        .create()?;
    Ok(ruleset.restrict_self()?.ruleset)
}

/// Memory, processor time, no file written, no core dump, not readable by other processes; and nothing new: no further
/// file, socket or pipe can be opened, even in the place of one that is closed, and no process or thread started.
#[cfg(unix)]
fn limit_oneself() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let lower = |resource, most: u64| {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
    };
    lower(Resource::Fsize, 0)?;
    lower(Resource::Core, 0)?;
    lower(Resource::Nofile, 0)?;
    lower(Resource::Nproc, 0)?;
    lower(Resource::Cpu, SECONDS)?;
    #[cfg(target_os = "linux")]
    {
        lower(Resource::As, MEMORY)?;
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// Other platforms have no such limits for a process to set itself; the child is still a process of its own.
#[cfg(not(unix))]
fn limit_oneself() -> anyhow::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::ErrorKind::PermissionDenied;

    #[test]
    fn the_reader_reaches_no_path_and_no_port_where_the_kernel_can_see_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases.csv");
        std::fs::write(&path, "x").unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let there = path.clone();
        // The thread alone is shut in, and not the other tests.
        let (status, kinds) = std::thread::spawn(move || {
            let status = shut_oneself_in().unwrap();
            let kind = |r: std::io::Result<()>| r.err().map(|e| e.kind());
            let kinds = [
                kind(std::fs::File::open(&there).map(drop)),
                kind(std::fs::write(there.with_extension("new"), "x")),
                kind(std::fs::remove_file(&there)),
                kind(std::process::Command::new("/bin/true").status().map(drop)),
                kind(std::net::TcpStream::connect(address).map(drop)),
                kind(std::net::TcpListener::bind("127.0.0.1:0").map(drop)),
            ];
            (status, kinds)
        })
        .join()
        .unwrap();
        if status != landlock::RulesetStatus::FullyEnforced {
            eprintln!("skipped: this kernel has no Landlock, or an older one ({status:?})");
            return;
        }
        assert_eq!(kinds, [Some(PermissionDenied); 6]);
        assert!(path.exists());
    }
}

//! `accord doctor`: what this machine offers, what is missing, and whether a vault is whole.

use super::{Exit, desk};
use crate::ambient;
use crate::say::{say, say_json};
use crate::secret::Source;
use accord_crypto::{Kdf, KdfParams, Passphrase};
use accord_desk::Vault;
use anyhow::Context as _;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `accord doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord doctor
  accord doctor --vault vault        who may enter the folder, room on the disk
  accord doctor --vault vault --open every record, every ledger entry, both databases

Nothing is sent anywhere. Exit code 1 if something should be mended.")]
pub struct Args {
    /// Also look at this vault from outside.
    #[arg(long, value_name = "DIR")]
    vault: Option<PathBuf>,
    /// Open the vault and check everything in it.
    #[arg(long, requires = "vault")]
    open: bool,
    #[command(flatten)]
    secret: Source,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Item {
    what: &'static str,
    state: State,
    found: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Fine,
    Mend,
    Unknown,
}

/// Runs `accord doctor`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let mut items = vec![randomness(), passphrase_cost(), memory(), swap(), core_dumps(), reader()];
    if let Some(dir) = &args.vault {
        items.push(room(dir));
        items.push(entry(dir));
        if args.open {
            items.push(inside(dir, &args.secret)?);
        }
    }
    let mend = items.iter().any(|i| i.state == State::Mend);
    if json {
        say_json(&serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "items": items }))?;
    } else {
        say(&format!("accord {} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH))?;
        for i in &items {
            let mark = match i.state {
                State::Fine => "ok  ",
                State::Mend => "MEND",
                State::Unknown => "?   ",
            };
            say(&format!("{mark}  {:<18} {}", i.what, i.found))?;
        }
    }
    Ok(if mend { Exit::No } else { Exit::Fine })
}

fn item(what: &'static str, state: State, found: impl Into<String>) -> Item {
    Item { what, state, found: found.into() }
}

fn randomness() -> Item {
    match accord_crypto::random::make_bytes::<32>() {
        Ok(_) => item("random generator", State::Fine, "the operating system's generator answers"),
        Err(e) => item("random generator", State::Mend, e.to_string()),
    }
}

/// How long one guess takes here, with the parameters of a new vault.
fn passphrase_cost() -> Item {
    let what = "passphrase";
    let start = Instant::now();
    let derived = Kdf::make(KdfParams::default()).and_then(|k| k.derive_key(&Passphrase::typed("doctor")));
    match derived {
        Ok(_) => {
            let seconds = start.elapsed().as_secs_f64();
            item(what, State::Fine, format!("one guess takes {seconds:.1} s and 256 MiB on this machine"))
        }
        Err(e) => item(what, State::Mend, e.to_string()),
    }
}

/// A figure out of a file of the kernel, in KiB.
fn kib(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
}

fn memory() -> Item {
    match kib("/proc/meminfo", "MemAvailable") {
        None => item("memory", State::Unknown, "can't be read on this system; 1 GiB free is enough"),
        Some(free) if free < 1024 * 1024 => {
            item("memory", State::Mend, format!("{} MiB free; large files need 1 GiB", free / 1024))
        }
        Some(free) => item("memory", State::Fine, format!("{} MiB free", free / 1024)),
    }
}

/// Keys in memory can reach a swap file.
fn swap() -> Item {
    let Ok(text) = std::fs::read_to_string("/proc/swaps") else {
        return item("swap", State::Unknown, "can't be read on this system; swap should be encrypted");
    };
    let devices: Vec<&str> = text.lines().skip(1).filter_map(|l| l.split_whitespace().next()).collect();
    if devices.is_empty() {
        return item("swap", State::Fine, "none: keys in memory can't reach the disk");
    }
    let safe = |d: &&str| d.starts_with("/dev/zram") || d.starts_with("/dev/dm-") || d.starts_with("/dev/mapper/");
    if devices.iter().all(safe) {
        item("swap", State::Fine, format!("{}: make sure that it is encrypted", devices.join(", ")))
    } else {
        item(
            "swap",
            State::Mend,
            format!("{} may hold keys unencrypted: encrypt it or turn it off", devices.join(", ")),
        )
    }
}

fn core_dumps() -> Item {
    #[cfg(unix)]
    {
        desk::no_core_dumps();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
        if limit.current == Some(0) {
            return item("core dumps", State::Fine, "off for accord itself");
        }
        item("core dumps", State::Mend, "can't be turned off: a crash could write keys to disk; set `ulimit -c 0`")
    }
    #[cfg(not(unix))]
    item("core dumps", State::Unknown, "can't be read on this system")
}

/// Whether files can be read in a child that limits itself.
fn reader() -> Item {
    let what = "reader";
    let probe = || -> anyhow::Result<()> {
        let dir = std::env::temp_dir().join(format!("accord-doctor-{}", std::process::id()));
        std::fs::create_dir(&dir)?;
        let file = dir.join("probe.csv");
        let read = std::fs::write(&file, "record_id\nINV-1\n")
            .map_err(anyhow::Error::from)
            .and_then(|()| crate::sandbox::read_file(&file, &crate::sandbox::ReadOptions::default(), &mut |_| Ok(())));
        // Ours, made a moment ago.
        let _ = std::fs::remove_dir_all(&dir);
        read.map(drop)
    };
    match probe() {
        Ok(()) => item(what, State::Fine, "files are read in a child that limits itself"),
        Err(e) => item(what, State::Mend, format!("the child that reads files does not work: {e:#}")),
    }
}

fn room(dir: &Path) -> Item {
    #[cfg(unix)]
    {
        match rustix::fs::statvfs(dir) {
            Ok(s) => {
                let free = s.f_bavail.saturating_mul(s.f_frsize) >> 20;
                let state = if free < 512 { State::Mend } else { State::Fine };
                item("disk", state, format!("{free} MiB free where the vault is"))
            }
            Err(e) => item("disk", State::Unknown, e.to_string()),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        item("disk", State::Unknown, "can't be read on this system")
    }
}

/// Who may enter the vault's folder.
fn entry(dir: &Path) -> Item {
    let what = "folder";
    if let Err(e) = accord_desk::header::Header::read(dir) {
        return item(what, State::Mend, e.to_string());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |p: &Path| std::fs::metadata(p).map(|m| m.permissions().mode() & 0o077);
        let mut open: Vec<String> = Vec::new();
        let mut look = |p: &Path| {
            if mode(p).is_ok_and(|m| m != 0) {
                open.push(p.display().to_string());
            }
        };
        look(dir);
        if let Ok(entries) = std::fs::read_dir(dir) {
            entries.flatten().for_each(|e| look(&e.path()));
        }
        if open.is_empty() {
            item(what, State::Fine, "only its owner can enter it")
        } else {
            item(what, State::Mend, format!("others can read {}: chmod go= it", open.join(", ")))
        }
    }
    #[cfg(not(unix))]
    item(what, State::Unknown, "who may enter can't be read on this system")
}

fn inside(dir: &Path, secret: &Source) -> anyhow::Result<Item> {
    let passphrase = secret.open(&dir.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("the program's runtime does not start")?;
    let seen = runtime.block_on(async {
        let vault = Vault::open(dir, &passphrase).await?;
        let seen = vault.verify(ambient::today()).await?;
        Ok::<_, accord_desk::VaultError>((seen, vault.drawing_locked()))
    });
    match seen {
        Ok((seen, None)) => {
            Ok(item("vault", State::Fine, format!("{} records open, ledgers and databases are whole", seen.records)))
        }
        Ok((_, Some(why))) => Ok(item("vault", State::Mend, format!("whole, but drawing is locked: {why}"))),
        Err(e) if e.is_refusal() => Err(desk::vault_error(e)),
        Err(e) => Ok(item("vault", State::Mend, e.to_string())),
    }
}

//! How much memory a run took: for the terminal alone (PRIVACY 11).

use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most that any reader was seen to hold, in bytes.
static READER: AtomicU64 = AtomicU64::new(0);

/// Peak memory in bytes, where the system tells.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(clippy::struct_field_names, reason = "they are the names in the JSON that the command writes")]
pub struct Peak {
    /// What this process and its largest reader held at most: their peaks, added.
    pub peak_memory_bytes: Option<u64>,
    /// This process alone.
    pub peak_memory_bytes_own: Option<u64>,
    /// The largest of the readers alone, which parse a file in processes of their own.
    pub peak_memory_bytes_reader: Option<u64>,
}

/// What was held up to now.
pub fn peak() -> Peak {
    let own = high_water("self");
    let reader = Some(READER.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0);
    let both = own.map(|own| own + reader.unwrap_or(0));
    Peak { peak_memory_bytes: both, peak_memory_bytes_own: own, peak_memory_bytes_reader: reader }
}

/// Takes note of what a reader holds at this moment and has held before; once it has ended, nobody can tell.
pub fn note_reader(process: u32) {
    if let Some(bytes) = high_water(&process.to_string()) {
        READER.fetch_max(bytes, Ordering::Relaxed);
    }
}

/// The most that a running process has held, from Linux's process table.
fn high_water(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_reader_holds_is_added() {
        note_reader(std::process::id());
        let peak = peak();
        let reader = peak.peak_memory_bytes_reader.unwrap();
        assert!(reader > 1 << 20, "{reader}");
        assert_eq!(peak.peak_memory_bytes, peak.peak_memory_bytes_own.map(|own| own + reader));
        assert_eq!(high_water("0"), None);
    }
}

//! Tests of the standard as data: what is embedded holds together, what is broken is refused in words, and the facts
//! agree with sources that were not written here.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests say what they skip")]

mod arbitrary;
mod bands;
mod broken;
mod embedded;
mod facts;
mod hostile_studies;
mod mappings;
mod studies;

use std::path::{Path, PathBuf};

/// The folder of public data beside the project, if this machine has it.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no public data beside the project");
    None
}

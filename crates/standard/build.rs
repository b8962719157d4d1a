//! Lists the data files of `standard/` so that a new codelist, crosswalk or workload is one file and no line of Rust.

#![allow(clippy::disallowed_methods, reason = "a build script is told by the environment where to write")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    // Asked now, not when this script was compiled: two checkouts may share one build folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&here).join("../../standard");
    let mut code = String::new();
    for (constant, folder) in [
        ("CODELISTS", "codelists"),
        ("CROSSWALKS", "crosswalks"),
        ("RELEASES", "releases"),
        ("STUDIES", "studies"),
        ("INDICATORS", "indicators"),
    ] {
        let folder = root.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        files.retain(|p| p.extension().is_some_and(|e| e == "toml"));
        files.sort();
        let _ = writeln!(code, "pub(crate) const {constant}: &[(&str, &str)] = &[");
        for file in files {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let _ = writeln!(code, "    ({stem:?}, include_str!({:?})),", file.display().to_string());
        }
        code.push_str("];\n");
    }
    for (constant, file) in [("RECORD", "record.toml"), ("DIMENSIONS", "dimensions.toml"), ("GROUPS", "groups.toml")] {
        let file = root.join(file);
        println!("cargo::rerun-if-changed={}", file.display());
        let _ = writeln!(code, "pub(crate) const {constant}: &str = include_str!({:?});", file.display().to_string());
    }
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("embedded.rs"), code)
}

//! Writes the generated schemas to `standard/schemas/`: run it after the codebook changes.
//!
//! `cargo run -p accord-standard --example schemas`

use accord_standard::{codebook::Codebook, schema};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standard/schemas");
    std::fs::create_dir_all(&folder)?;
    for (name, value) in schema::files(Codebook::embedded()) {
        std::fs::write(folder.join(name), format!("{value:#}\n"))?;
    }
    Ok(())
}

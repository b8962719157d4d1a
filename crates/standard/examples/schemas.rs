//! Writes the generated schemas and the list of permanent numbers to `standard/schemas/`: run it after the codebook
//! changes. It stops if a number that was given once has changed or gone.
//!
//! `cargo run -p accord-standard --example schemas`

use accord_standard::{codebook::Codebook, schema};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standard/schemas");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("numbers.txt");
    let numbers = Codebook::embedded().numbers();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let gone: Vec<&str> = before.lines().filter(|l| !numbers.iter().any(|n| n == l)).collect();
    if !gone.is_empty() {
        return Err(std::io::Error::other(format!("numbers never change; mend these: {gone:?}")));
    }
    std::fs::write(&path, numbers.join("\n") + "\n")?;
    for (name, value) in schema::files(Codebook::embedded()) {
        std::fs::write(folder.join(name), format!("{value:#}\n"))?;
    }
    Ok(())
}

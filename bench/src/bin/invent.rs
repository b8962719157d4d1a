//! Writes a large file of invented records in the standard's own columns: `invent ROWS FILE.csv [SEED]`.
//!
//! Everybody in it is invented; identifiers start with `INV-`. The same seed gives the same bytes on every machine.

use anyhow::Context;
use std::io::{BufWriter, Write};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (rows, path, seed) = match args.as_slice() {
        [rows, path] => (rows, path, 1),
        [rows, path, seed] => (rows, path, seed.parse().context("the seed is a whole number")?),
        _ => anyhow::bail!("usage: invent ROWS FILE.csv [SEED]"),
    };
    let rows: u64 = rows.parse().context("the number of rows is a whole number")?;
    let file = std::fs::File::create(path).with_context(|| path.clone())?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    accord_invent::write_records(seed, rows, &mut out)?;
    out.flush().with_context(|| path.clone())
}

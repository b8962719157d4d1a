//! The floor: reads a CSV file with the crate `csv` and does nothing with it. `bare_csv FILE` prints rows, cells and bytes of
//! cells, so that no reader can leave the reading out.

use anyhow::Context;
use std::io::{BufReader, Write};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("usage: bare_csv FILE")?;
    let file = std::fs::File::open(&path).with_context(|| path.clone())?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::with_capacity(1 << 20, file));
    let mut record = csv::ByteRecord::new();
    let (mut rows, mut cells, mut bytes) = (0_u64, 0_u64, 0_u64);
    while reader.read_byte_record(&mut record)? {
        rows += 1;
        cells += record.len() as u64;
        bytes += record.as_slice().len() as u64;
    }
    writeln!(std::io::stdout(), "{rows} rows, {cells} cells, {bytes} bytes of cells")?;
    Ok(())
}

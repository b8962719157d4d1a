//! How fast `check` is against a bare read by the `csv` crate, over the same bytes in memory, repeated.
//!
//! `cargo run --release -p accord-record --example speed -- FILE.csv[.gz] [REPEATS] [CROSSWALK]`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool, not shipped")]

use accord_record::check::{Event, Mapping, Settings, run};
use accord_record::input::{Flow, Hints};
use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::Crosswalk;
use std::io::Read;
use std::time::Instant;

/// The header once, then the rows as often as wanted.
struct Repeated<'a> {
    left: &'a [u8],
    rows: &'a [u8],
    times: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() && self.times > 0 {
            self.times -= 1;
            self.left = self.rows;
        }
        self.left.read(buf)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let file = std::fs::read(&arguments[1]).unwrap();
    let times: usize = arguments.get(2).map_or(10, |n| n.parse().unwrap());
    let mapping = arguments.get(3).map_or(Mapping::Detect, |id| Mapping::Is(Crosswalk::embedded(id).unwrap()));
    let mut text = Vec::new();
    if file.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&file[..]).read_to_end(&mut text).unwrap();
    } else {
        text = file;
    }
    let header = memchr::memchr(b'\n', &text).unwrap() + 1;
    let source = || Repeated { left: &text[..header], rows: &text[header..], times };
    let megabytes = (header + (text.len() - header) * times) as f64 / 1e6;

    let started = Instant::now();
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(source());
    let mut record = csv::ByteRecord::new();
    let mut rows = 0u64;
    while reader.read_byte_record(&mut record).unwrap() {
        rows += 1;
    }
    let bare = started.elapsed().as_secs_f64();
    println!(
        "bare csv   {rows:>10} rows {bare:8.3} s {:8.1} MB/s {:10.0} rows/s",
        megabytes / bare,
        rows as f64 / bare
    );

    for records in [false, true] {
        let settings = Settings { book: Codebook::embedded(), mapping, today: 20_261_231, records, alone: false };
        let started = Instant::now();
        let mut taken = 0u64;
        let summary = run(Box::new(source()), &Hints::default(), settings, &mut |event| {
            taken += u64::from(matches!(event, Event::Record(..)));
            Flow::Go
        })
        .unwrap();
        let ours = started.elapsed().as_secs_f64();
        println!(
            "{} {:>10} rows {ours:8.3} s {:8.1} MB/s {:10.0} rows/s  {:.2} of the bare read's speed, {} failed, {taken} records",
            if records { "to records" } else { "check     " },
            summary.rows,
            megabytes / ours,
            summary.rows as f64 / ours,
            bare / ours,
            summary.failed
        );
    }
}

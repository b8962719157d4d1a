//! How fast a vault takes in and reads out; run by hand in a release build:
//! `ACCORD_SPEED=1000000 cargo test --release -p accord-desk speed -- --nocapture`.

use crate::kit::{TODAY, meta, new_vault};
use accord_desk::VaultError;
use std::time::Instant;

#[tokio::test]
async fn measured_when_asked() {
    let Some(n) = std::env::var("ACCORD_SPEED").ok().and_then(|n| n.parse::<u64>().ok()) else {
        eprintln!("skipped: set ACCORD_SPEED to a number of records");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    let people: Vec<_> = accord_invent::records(1, n.min(20_000)).collect();
    let start = Instant::now();
    let mut writer = vault.import(meta("f")).await.unwrap();
    for i in 0..n {
        let mut p = people[(i as usize) % people.len()].clone();
        p.record.id = accord_record::model::Secret::new(format!("INV-{i}"));
        writer.push(p).await.unwrap();
    }
    let pushed = start.elapsed();
    writer.commit().await.unwrap();
    let import = start.elapsed();
    let start = Instant::now();
    let seen = vault.for_each_record(TODAY, |_| Ok::<(), VaultError>(())).await.unwrap();
    let read = start.elapsed();
    assert_eq!(seen.records, n);
    let start = Instant::now();
    vault.rotate().await.unwrap();
    let rotate = start.elapsed();
    let bytes: u64 = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    eprintln!(
        "{n} records: import {:.0}/s ({:.1} s, of which {:.1} s to make it last), read {:.0}/s, rotate {:.2} s, {} bytes a record",
        n as f64 / import.as_secs_f64(),
        import.as_secs_f64(),
        import.saturating_sub(pushed).as_secs_f64(),
        n as f64 / read.as_secs_f64(),
        rotate.as_secs_f64(),
        bytes / n
    );
}

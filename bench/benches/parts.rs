//! What the parts cost: `cargo bench -p accord-bench`. Each bench is one step that a record or a cell goes through between a
//! file and a figure; whole commands are measured by the scripts beside this crate.

use accord_crypto::{Key, Place};
use accord_measure::noise::{NoiseSource, OsNoise};
use accord_measure::tally::Tally;
use accord_record::codec::{decode, encode};
use accord_record::model::Incoming;
use accord_release::noise::LinearNoise;
use accord_standard::codebook::Codebook;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const RECORDS: usize = 1000;

fn invented() -> Vec<Incoming> {
    accord_invent::records(1, RECORDS as u64).collect()
}

#[divan::bench]
fn records_are_invented(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(RECORDS)).bench(invented);
}

#[divan::bench]
fn records_are_encoded(bencher: Bencher<'_, '_>) {
    let records = invented();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        out.clear();
        for record in &records {
            encode(record, &mut out);
        }
        out.len()
    });
}

#[divan::bench]
fn records_are_decoded(bencher: Bencher<'_, '_>) {
    let encoded: Vec<Vec<u8>> = invented()
        .iter()
        .map(|record| {
            let mut out = Vec::new();
            encode(record, &mut out);
            out
        })
        .collect();
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| encoded.iter().filter(|bytes| decode(bytes).is_ok()).count());
}

#[divan::bench]
fn records_are_counted_in_the_default_tables(bencher: Bencher<'_, '_>) {
    let records = invented();
    let workload = accord_standard::workload::embedded("default").expect("it is embedded");
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
        let mut tally = Tally::new(&workload, Codebook::embedded()).expect("the default workload fits the codebook");
        for record in &records {
            tally.add(&record.record);
        }
        tally.finish()
    });
}

/// Each study's dimensions over a record with twenty events.
#[divan::bench(args = ["technology", "girls", "pathways", "majority"])]
fn records_of_twenty_events_are_counted_for_a_study(bencher: Bencher<'_, '_>, id: &str) {
    let study = accord_standard::study::embedded(id).expect("it is embedded");
    let mut records = invented();
    for incoming in &mut records {
        let told = incoming.record.events.clone();
        incoming.record.events.extend(told.iter().cycle().take(20).cloned());
        incoming.record.events.truncate(20);
    }
    let mut tally = Tally::new(&study.workload, Codebook::embedded()).expect("the study fits the codebook");
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        for record in &records {
            tally.add(&record.record);
        }
    });
}

#[divan::bench]
fn records_are_sealed_and_opened(bencher: Bencher<'_, '_>) {
    let key = Key::make().expect("the machine has randomness");
    let plain = [7_u8; 120];
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let place = Place::new("record", &[1; 16], "payload");
        let sealed = key.seal(place, &plain).expect("it is short");
        key.open(place, &sealed).expect("it was sealed here").len()
    });
}

#[divan::bench(args = [7_200, 18_500, 100_000])]
fn cells_get_noise(bencher: Bencher<'_, '_>, sigma_milli: u64) {
    let mut noise = OsNoise::default();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| noise.draw(sigma_milli));
}

#[divan::bench(args = [1_u64, 10, 100])]
fn intervals_are_found(bencher: Bencher<'_, '_>, draws: u64) {
    let noise = LinearNoise::direct(&[7_200]).times(draws);
    bencher.bench(|| noise.half_width(0.05));
}

//! Files of invented organisations go through the same check as everybody's, and what comes in is what was invented.

use super::*;
use accord_record::check::{self, Event, Mapping, Settings, Summary};
use accord_record::input::{Flow, Hints};
use accord_standard::crosswalk::Crosswalk;

/// Reads a file as `accord check` does; panics on the first finding.
fn read(bytes: &[u8], mapping: Option<&Crosswalk>) -> (Vec<Incoming>, Summary) {
    let mut records = Vec::new();
    let settings = Settings {
        book: Codebook::embedded(),
        mapping: mapping.map_or(Mapping::Detect, Mapping::Is),
        today: 20_260_101,
        records: true,
        alone: false,
    };
    let summary = check::run(Box::new(bytes), &Hints::default(), settings, &mut |event| {
        match event {
            Event::Finding(finding) => panic!("{finding:?}"),
            Event::Record(_, incoming) => records.push(incoming),
            _ => {}
        }
        Flow::Go
    })
    .unwrap();
    (records, summary)
}

/// Says where two records part, by field and shape only.
fn compare(got: &Incoming, wanted: &Incoming, file: &str) {
    let id = wanted.record.id.expose();
    assert!(got.record.id == wanted.record.id, "{file}: {id}");
    let parts = |i: &Incoming| {
        let r = &i.record;
        let mut all = vec![r.cells.clone()];
        all.extend(r.events.iter().chain(&r.perpetrators).chain(&r.platform_actions).cloned());
        all
    };
    let (a, b) = (parts(got), parts(wanted));
    for (a, b) in a.iter().zip(&b) {
        for (field, cell) in b {
            let name = &Codebook::embedded().get(*field).id;
            let found = a.iter().find(|(f, _)| f == field).map(|(_, c)| c);
            assert!(found == Some(cell), "{file}: {id}: {name}: wanted {cell:?}, got {found:?}");
        }
        assert_eq!(a.len(), b.len(), "{file}: {id}: more than was written");
    }
    assert_eq!(a.len(), b.len(), "{file}: {id}: parts");
    let consent = |i: &Incoming| i.consent.iter().map(|c| (c.purpose, c.given)).collect::<BTreeSet<_>>();
    assert_eq!(consent(got), consent(wanted), "{file}: {id}");
    assert!(got.legal_basis == wanted.legal_basis, "{file}: {id}");
}

#[test]
fn every_file_is_read_back_without_a_finding_and_gives_what_was_invented() {
    for holder in &world(SEED, &demo_holders()).holders {
        let mapping = holder.mapping().map(|text| Crosswalk::parse(&text).unwrap());
        let (got, summary) = read(&bytes(holder), mapping.as_ref());
        assert_eq!(got.len(), holder.spec.records, "{} {summary:?}", holder.file_name());
        for (got, wanted) in got.iter().zip(holder.incoming()) {
            compare(got, &wanted, &holder.file_name());
        }
    }
}

#[test]
fn json_lines_are_read_back_as_they_were_invented() {
    let mut world = world(SEED, &small()[..1]);
    world.holders[0].style = Style::JsonLines;
    let (got, _) = read(&bytes(&world.holders[0]), None);
    assert_eq!(got.len(), world.holders[0].spec.records);
    for (got, wanted) in got.iter().zip(world.holders[0].incoming()) {
        compare(got, &wanted, "json lines");
    }
}

#[test]
fn the_stream_of_records_as_csv_is_read_back() {
    let mut file = Vec::new();
    write_records(SEED, 1_000, &mut file).unwrap();
    let (got, _) = read(&file, None);
    assert_eq!(got.len(), 1_000);
    for (got, mut wanted) in got.iter().zip(records(SEED, 1_000)) {
        Style::Plain.keep_what_it_carries(lexicon(), &mut wanted);
        compare(got, &wanted, "stream");
    }
}

#[test]
fn each_spoilt_file_has_just_the_finding_that_it_was_made_for() {
    let files = spoilt(SEED);
    assert!(files.len() >= 12 && files == spoilt(SEED));
    for file in files {
        let mut found = Vec::new();
        let settings = Settings {
            book: Codebook::embedded(),
            mapping: Mapping::Detect,
            today: 20_260_101,
            records: true,
            alone: false,
        };
        let mut good = 0;
        let done = check::run(Box::new(&file.bytes[..]), &Hints::default(), settings, &mut |event| {
            match event {
                Event::Finding(finding) => found.push((finding.code.id(), finding.row)),
                Event::Record(..) => good += 1,
                _ => {}
            }
            Flow::Go
        });
        done.unwrap();
        assert_eq!(found, [(file.finding, file.row as u64 + 1)], "{}", file.name);
        assert_eq!(good, 29, "{}", file.name);
    }
}

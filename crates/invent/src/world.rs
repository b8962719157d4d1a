//! Organisations that share people, and the truth about them.

use crate::codes::Lexicon;
use crate::complete::complete;
use crate::draw::{Draw, Stream};
use crate::person::{Person, person};
use crate::seen::{Spelling, seen};
use crate::text::Style;
use crate::{HolderKind, HolderSpec};
use accord_record::model::{Cell, Incoming, Record};
use accord_standard::codebook::Codebook;
use std::collections::{BTreeMap, HashSet};

/// Invented organisations and whom they hold records about.
#[derive(Debug)]
pub struct World {
    /// The organisations, in the order given.
    pub holders: Vec<Holder>,
    people: u64,
}

/// One invented organisation.
#[derive(Debug)]
pub struct Holder {
    /// What was asked for.
    pub spec: HolderSpec,
    /// How its file looks.
    pub style: Style,
    pub(crate) seed: u64,
    pub(crate) index: u32,
    pub(crate) lexicon: &'static Lexicon,
    /// Who, in the order of its records: number of the person, and the kind of organisation that met her first.
    members: Vec<(u64, HolderKind)>,
}

/// What is true of a world and no file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// How many people there are.
    pub people: u64,
    /// How many people are known to exactly these organisations: bit i stands for holder i.
    pub capture: BTreeMap<u32, u64>,
}

impl World {
    pub(crate) fn new(lexicon: &'static Lexicon, seed: u64, specs: &[HolderSpec]) -> World {
        let mut holders: Vec<Holder> = Vec::with_capacity(specs.len());
        let mut homes: Vec<HolderKind> = Vec::new();
        let mut shelters = 0;
        for (index, spec) in specs.iter().enumerate() {
            let share = if index == 0 { 0 } else { lexicon.habit(spec.kind).plan.known_elsewhere };
            let mut draw = Draw::new(seed, Stream::Overlap, index as u32, 0);
            let known_before = homes.len() as u32;
            let mut here = HashSet::with_capacity(spec.records);
            let mut members = Vec::with_capacity(spec.records);
            for _ in 0..spec.records {
                let mut number = homes.len() as u64;
                if draw.share(share) {
                    // Half of those known elsewhere come from the organisation just before: it is nearest.
                    let from = holders.last().filter(|_| draw.share(500));
                    let known = match from {
                        Some(last) => draw.one(&last.members).map(|(n, _)| *n),
                        None => Some(u64::from(draw.below(known_before))),
                    };
                    if let Some(known) = known.filter(|n| !here.contains(n)) {
                        number = known;
                    }
                }
                if number == homes.len() as u64 {
                    homes.push(spec.kind);
                }
                here.insert(number);
                members.push((number, homes[number as usize]));
            }
            let style = match spec.kind {
                HolderKind::Hotline => Style::Plain,
                HolderKind::Police => Style::Labels,
                HolderKind::Shelter => {
                    shelters += 1;
                    if shelters == 2 { Style::OwnColumns } else { Style::Workbook }
                }
            };
            holders.push(Holder { spec: spec.clone(), style, seed, index: index as u32, lexicon, members });
        }
        World { holders, people: homes.len() as u64 }
    }

    /// What is true of this world.
    pub fn truth(&self) -> Truth {
        let mut known: Vec<u32> = vec![0; self.people as usize];
        for holder in &self.holders {
            for (number, _) in &holder.members {
                known[*number as usize] |= 1 << holder.index;
            }
        }
        let mut capture = BTreeMap::new();
        for set in known {
            *capture.entry(set).or_default() += 1;
        }
        Truth { people: self.people, capture }
    }
}

impl Holder {
    /// The people, in the order of the records: the truth about each.
    pub fn people(&self) -> impl Iterator<Item = Person> {
        self.members.iter().map(|(number, home)| person(self.lexicon, self.seed, *home, *number))
    }

    /// The records as its file holds them, without the mess of the file: what a correct import gives.
    pub fn incoming(&self) -> impl Iterator<Item = Incoming> {
        (0..self.members.len()).map(|i| self.record(i))
    }

    pub(crate) fn record(&self, i: usize) -> Incoming {
        let (number, home) = self.members[i];
        let person = person(self.lexicon, self.seed, home, number);
        let spelling = match self.style {
            Style::Plain | Style::JsonLines => Spelling::Mixed,
            Style::Labels | Style::Workbook => Spelling::Native,
            Style::OwnColumns => Spelling::Latin,
        };
        let id = format!("INV-{}-{:06}", self.index + 1, i + 1);
        let draw = Draw::new(self.seed, Stream::Seen, self.index, i as u64);
        let mut incoming = seen(self.lexicon, self.lexicon.habit(self.spec.kind), spelling, id, &person, draw);
        self.style.keep_what_it_carries(self.lexicon, &mut incoming);
        incoming
    }

    /// Exact counts of its records by sex and age band (GS-05) at identification, with `unknown` for each: what no one
    /// may publish. For tests.
    pub fn exact_counts(&self) -> BTreeMap<(String, String), u64> {
        let (codebook, f) = (Codebook::embedded(), &self.lexicon.fields);
        let list = codebook.list_of(f.sex_registered);
        let mut counts = BTreeMap::new();
        for incoming in self.incoming() {
            let sex = match incoming.record.cell(f.sex_registered) {
                Cell::Code(code) => list.and_then(|l| l.entry(*code)).map(|e| e.id.clone()),
                _ => None,
            };
            let band = match incoming.record.cell(f.age_at_identification) {
                Cell::Age(age) => crate::seen::band_of(age.low, age.high),
                _ => None,
            };
            let unknown = || "unknown".to_owned();
            *counts.entry((sex.unwrap_or_else(unknown), band.unwrap_or_else(unknown))).or_default() += 1;
        }
        counts
    }
}

/// One record of a mixed stream.
pub(crate) fn single(lexicon: &Lexicon, seed: u64, number: u64) -> Incoming {
    let (kind, person, draw) = one_of_stream(lexicon, seed, number);
    seen(lexicon, lexicon.habit(kind), Spelling::Mixed, stream_id(number), &person, draw)
}

/// The same person with nothing missing.
pub(crate) fn single_complete(lexicon: &Lexicon, seed: u64, number: u64) -> Record {
    let (_, person, _) = one_of_stream(lexicon, seed, number);
    complete(lexicon, stream_id(number), &person)
}

fn one_of_stream(lexicon: &Lexicon, seed: u64, number: u64) -> (HolderKind, Person, Draw) {
    let mut draw = Draw::new(seed, Stream::Seen, u32::MAX, number);
    let kind = match draw.below(100) {
        0..60 => HolderKind::Hotline,
        60..85 => HolderKind::Police,
        _ => HolderKind::Shelter,
    };
    (kind, person(lexicon, seed, kind, number), draw)
}

fn stream_id(number: u64) -> String {
    format!("INV-{:08}", number + 1)
}

//! Rates of an event by age and sex, constant within pieces of age, and how much the rate jumps at 18.
//!
//! A rate is events over years at risk. Each cell of the table is a kind of person, and adds a known number of events and
//! years to known pieces, so that the noise shared between events and years, and between pieces, is known
//! ([`Table::person`]); [`lexis`] makes such a table from a table of onset by identification. [`Table::piece`] adds the events
//! and years of one piece as two counts with noise of their own.
//!
//! Alone, a piece has its own rate (saturated, closed form). The jump at 18 needs something that is the same on both sides:
//! pieces may be *joined* over 18, and then differ by the jump alone: a jump for each sex, or one for both (Poisson
//! regression by Newton's method; Holford 1980, Laird and Olivier 1981).
//!
//! From tables of identified people alone, rates are too high, the more the later the age: nobody who was never identified
//! adds years ([`Assumes::OnlyIdentifiedAreSeen`]).

mod fit;
#[cfg(test)]
mod tests;

use crate::chance::{Assumes, Ratio, Target, amount, checked, two_sided};
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};

const MOST_PIECES: usize = 64;
const MOST_SEXES: usize = 8;
const MOST_CELLS: usize = 20_000;
/// Eighteenth birthday: always a cut point.
pub const MAJORITY: u32 = 18;

/// What one person of a cell adds to a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adds {
    /// Which sex.
    pub sex: usize,
    /// Which piece of age.
    pub piece: usize,
    /// How many events.
    pub events: f64,
    /// How many years at risk.
    pub years: f64,
}

/// Events and years by sex and piece of age.
#[derive(Clone, Debug)]
pub struct Table {
    cuts: Vec<u32>,
    sexes: usize,
    cells: Vec<(Counted, Vec<Adds>)>,
    assumes: Vec<Assumes>,
}

/// The rate of one sex in one piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// Which sex.
    pub sex: usize,
    /// Completed age at its beginning and the first age after it.
    pub ages: (u32, u32),
    /// Events.
    pub events: Estimate,
    /// Years at risk.
    pub years: Estimate,
    /// Events a year; refused where years can't be told from nought.
    pub rate: Outcome<Estimate>,
}

/// How rates jump at 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// By a factor of its own for each sex.
    BySex,
    /// By one factor.
    Common,
}

/// The fitted jump.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Rate from 18 on over rate before: one for each sex, or one. Refused where nothing of that sex lies on both sides.
    pub ratio: Vec<Outcome<Estimate>>,
    /// What it takes for granted.
    pub assumes: Vec<Assumes>,
}

impl Table {
    /// An empty table with cut points in completed years of age: pieces lie between one and the next; 18 is among them.
    ///
    /// # Errors
    /// `Malformed` when 18 isn't inside, cuts don't rise, or there are too many (64 pieces, 8 sexes).
    pub fn new(cuts: &[u32], sexes: usize) -> Outcome<Self> {
        let rising = cuts.windows(2).all(|w| w[0] < w[1]);
        let inside = cuts.len() >= 3 && cuts[1..cuts.len() - 1].contains(&MAJORITY);
        if rising && inside && cuts.len() <= MOST_PIECES + 1 && (1..=MOST_SEXES).contains(&sexes) {
            Ok(Self { cuts: cuts.to_vec(), sexes, cells: Vec::new(), assumes: vec![Assumes::ConstantWithinPiece] })
        } else {
            Err(malformed("cut points of age rise and have 18 inside"))
        }
    }

    /// Counts people who each add the same.
    ///
    /// # Errors
    /// `Malformed` for a piece or sex that isn't there, or numbers that are none.
    pub fn person(&mut self, count: Counted, adds: &[Adds]) -> Outcome<()> {
        checked(count)?;
        let sound = |a: &Adds| {
            let number = |x: f64| (0.0..=1e6).contains(&x);
            a.sex < self.sexes && a.piece + 1 < self.cuts.len() && number(a.events) && number(a.years)
        };
        if !adds.iter().all(sound) || adds.len() > 4 * MOST_PIECES || self.cells.len() >= MOST_CELLS {
            return Err(malformed("a cell adds events and years to pieces of the table"));
        }
        self.cells.push((count, adds.to_vec()));
        Ok(())
    }

    /// Counts the events and years of one piece, each with noise of its own.
    ///
    /// # Errors
    /// As [`Table::person`].
    pub fn piece(&mut self, sex: usize, piece: usize, events: Counted, years: Counted) -> Outcome<()> {
        self.person(events, &[Adds { sex, piece, events: 1.0, years: 0.0 }])?;
        self.person(years, &[Adds { sex, piece, events: 0.0, years: 1.0 }])
    }

    /// What its figures take for granted.
    pub fn assumes(&self) -> &[Assumes] {
        &self.assumes
    }

    /// Says of the table what its figures take for granted, beyond what the method does.
    pub fn note(&mut self, assumes: Assumes) {
        if !self.assumes.contains(&assumes) {
            self.assumes.push(assumes);
        }
    }

    /// The rate of every sex in every piece, sex by sex.
    ///
    /// # Errors
    /// `Malformed` for a level that is none; single rates are refused inside.
    pub fn rates(&self, target: Target, level: f64) -> Outcome<Vec<Rate>> {
        let z = two_sided(level)?;
        let sums = self.sums();
        (0..sums.len())
            .map(|place| {
                let (sex, piece) = (place / self.pieces(), place % self.pieces());
                let s = sums[place];
                let ratio = Ratio {
                    top: s.events,
                    bottom: s.years,
                    top_noise: s.events_noise,
                    both_noise: s.both_noise,
                    bottom_noise: s.years_noise,
                    top_chance: target == Target::Process,
                };
                Ok(Rate {
                    sex,
                    ages: (self.cuts[piece], self.cuts[piece + 1]),
                    events: amount(s.events, s.events_noise, z, Cause::Noise)?,
                    years: amount(s.years, s.years_noise, z, Cause::Noise)?,
                    rate: ratio.estimate(z, f64::MAX),
                })
            })
            .collect()
    }

    /// The jump at 18. `joined` says for each piece which level it has: pieces with the same number differ by the jump alone,
    /// if 18 lies between them; at least two pieces must be joined over 18.
    ///
    /// # Errors
    /// `Malformed` for another number of pieces; `NotIdentified` when nothing is joined over 18; `Noise` when years of a
    /// joined piece or events of a joined level can't be told from nought; `NotSettled` if Newton's method doesn't.
    pub fn jump(&self, joined: &[usize], jump: Jump, target: Target, level: f64) -> Outcome<Fitted> {
        let z = two_sided(level)?;
        if joined.len() != self.pieces() {
            return Err(malformed("a level for each piece"));
        }
        let mut assumes = self.assumes.clone();
        assumes.dedup();
        let one = |sexes: &[usize]| fit::jump(self, joined, sexes, target, z);
        let all: Vec<usize> = (0..self.sexes).collect();
        let ratio = match jump {
            Jump::Common => vec![Ok(one(&all)?)],
            Jump::BySex => all.iter().map(|sex| one(&[*sex])).collect(),
        };
        Ok(Fitted { ratio, assumes })
    }

    fn pieces(&self) -> usize {
        self.cuts.len() - 1
    }

    fn sums(&self) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); self.sexes * self.pieces()];
        for (count, adds) in &self.cells {
            // a cell may add to a piece more than once: its noise is squared after summing
            let mut own: Vec<(usize, f64, f64)> = Vec::new();
            for a in adds {
                let place = a.sex * self.pieces() + a.piece;
                match own.iter_mut().find(|o| o.0 == place) {
                    Some(o) => (o.1, o.2) = (o.1 + a.events, o.2 + a.years),
                    None => own.push((place, a.events, a.years)),
                }
            }
            let variance = count.sigma * count.sigma;
            for (place, events, years) in own {
                let s = &mut sums[place];
                s.events += count.value * events;
                s.years += count.value * years;
                s.events_noise += variance * events * events;
                s.both_noise += variance * events * years;
                s.years_noise += variance * years * years;
            }
        }
        sums
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    events: f64,
    years: f64,
    events_noise: f64,
    both_noise: f64,
    years_noise: f64,
}

/// People of one kind in a table of onset by identification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// Which sex.
    pub sex: usize,
    /// Completed age at onset, from and before: `(14, 15)` is fourteen, `(10, 14)` is ten to thirteen.
    pub onset: (u32, u32),
    /// The same for the end of being at risk.
    pub end: (u32, u32),
    /// Whether it ended by identification, and not by the end of observation.
    pub identified: bool,
}

/// Years at risk and identifications from a table of onset by identification (Lexis expansion).
///
/// Onset and end are taken to be spread evenly over their bands. Then a person is at risk for half of the band of onset, for
/// half of the band of the end and for all between; for a third of a band in which both lie (the mean distance of two even
/// points). No band may have 18 inside, nor any other cut point; the two bands of a spell are the same or apart.
///
/// # Errors
/// `Malformed` for bands that overlap, are out of order or range, or have a cut point inside.
pub fn lexis(cuts: &[u32], sexes: usize, spells: &[(Spell, Counted)]) -> Outcome<Table> {
    let mut table = Table::new(cuts, sexes)?;
    table.note(Assumes::EvenWithinBand);
    if spells.iter().all(|(spell, _)| spell.identified) {
        table.note(Assumes::OnlyIdentifiedAreSeen);
    }
    let piece_of = |(from, to): (u32, u32)| {
        cuts.windows(2)
            .position(|w| w[0] <= from && to <= w[1] && from < to)
            .ok_or_else(|| malformed("a band crosses a cut point"))
    };
    for (spell, count) in spells {
        let sex = spell.sex;
        let (first, last) = (piece_of(spell.onset)?, piece_of(spell.end)?);
        let width = |(from, to): (u32, u32)| f64::from(to - from);
        let mut adds = Vec::new();
        if spell.onset == spell.end {
            adds.push(Adds { sex, piece: first, events: 0.0, years: width(spell.onset) / 3.0 });
        } else if spell.onset.1 <= spell.end.0 {
            adds.push(Adds { sex, piece: first, events: 0.0, years: width(spell.onset) / 2.0 });
            for (piece, w) in cuts.windows(2).enumerate() {
                let (from, to) = (w[0].max(spell.onset.1), w[1].min(spell.end.0));
                if from < to {
                    adds.push(Adds { sex, piece, events: 0.0, years: width((from, to)) });
                }
            }
            adds.push(Adds { sex, piece: last, events: 0.0, years: width(spell.end) / 2.0 });
        } else {
            return Err(malformed("the bands of a spell overlap or are out of order"));
        }
        if spell.identified {
            adds.push(Adds { sex, piece: last, events: 1.0, years: 0.0 });
        }
        table.person(*count, &adds)?;
    }
    Ok(table)
}

fn malformed(why: &str) -> Refused {
    Refused::Malformed(why.into())
}

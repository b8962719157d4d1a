//! What the table of ages at onset and identification says: who crosses an age unseen, how long it takes, where people stand
//! by age, and whether anything jumps there.

use super::{Answer, Ask, Point, StudyError, shown};
use accord_estimate::adulthood::{self, Life};
use accord_estimate::bounds::{self, Term};
use accord_estimate::chance::{Assumes, Target};
use accord_estimate::states::Start;
use accord_estimate::{Cause, Counted, Estimate, Outcome, Refused};
use accord_standard::dimension::{Category, Dimension};
use accord_standard::figure::Measure;
use accord_standard::study::Select;

/// Level of all intervals (PRIVACY 13).
const LEVEL: f64 = 0.95;

/// What [`Ask::delay`] is asked.
pub(super) struct Delay<'a> {
    pub(super) onset: &'a str,
    pub(super) identified: &'a str,
    pub(super) under: u16,
    pub(super) seen_until: u16,
    pub(super) corrected: bool,
    pub(super) years: &'a [u16],
}

/// A cell of the table of ages: what is known of both, and how many.
#[derive(Clone, Copy, Debug)]
struct AgeCell {
    onset: Option<(u16, Option<u16>)>,
    identified: Option<(u16, Option<u16>)>,
    count: Counted,
}

impl AgeCell {
    /// Whether a band lies wholly under an age.
    fn is_under(band: Option<(u16, Option<u16>)>, age: u16) -> bool {
        band.is_some_and(|(_, high)| high.is_some_and(|high| high < age))
    }

    fn is_from(band: Option<(u16, Option<u16>)>, age: u16) -> bool {
        band.is_some_and(|(low, _)| low >= age)
    }
}

impl Ask<'_> {
    /// The table of ages of the group.
    fn ages(&self, onset: &str, identified: &str) -> Result<Vec<AgeCell>, StudyError> {
        let (of_onset, of_seen) = (self.dimension(onset)?, self.dimension(identified)?);
        let band = |c: &Category| c.low.map(|low| (low, c.high));
        let mut out = Vec::with_capacity(of_onset.size() * of_seen.size());
        for began in &of_onset.categories {
            for seen in &of_seen.categories {
                let only = |d: &Dimension, c: &Category| (d.id.clone(), vec![c.id.clone()]);
                let select: Select = [only(of_onset, began), only(of_seen, seen)].into();
                let count = self.table.sum(&self.table.cells(&[&self.of_group(), &select], &[]));
                out.push(AgeCell { onset: band(began), identified: band(seen), count });
            }
        }
        Ok(out)
    }

    /// Of those whose exploitation began under an age, the share not identified before it.
    ///
    /// Somebody identified under the age was under it at onset, whether that age is known or not. Whose age at onset isn't
    /// known and who was identified at the age or later may or may not belong: the bounds hold either way.
    pub(super) fn crossing(&self, onset: &str, identified: &str, age: u16) -> Answer {
        let (mut yes, mut no, mut seen_unknown, mut began_unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for cell in self.ages(onset, identified)? {
            let child = AgeCell::is_under(cell.onset, age);
            let open = cell.onset.is_none_or(|(low, high)| low < age && high.is_none_or(|h| h >= age));
            if AgeCell::is_under(cell.identified, age) {
                // An onset after identification can't be, and stands in no figure.
                if child || open {
                    no.push(cell.count);
                }
            } else if child && AgeCell::is_from(cell.identified, age) {
                yes.push(cell.count);
            } else if child {
                seen_unknown.push(cell.count);
            } else if open {
                began_unknown.push(cell.count);
            }
        }
        let [yes, no, seen, began] = [yes, no, seen_unknown, began_unknown].map(|counts| sum(&counts));
        let view = |terms: [(f64, f64, Counted); 4]| {
            bounds::ratio(&terms.map(|(top, bottom, count)| Term { top, bottom, count }), (0.0, 1.0))
        };
        let known = view([(1.0, 1.0, yes), (0.0, 1.0, no), (0.0, 0.0, seen), (0.0, 0.0, began)]);
        let least = view([(1.0, 1.0, yes), (0.0, 1.0, no), (0.0, 1.0, seen), (0.0, 0.0, began)]);
        let most = view([(1.0, 1.0, yes), (0.0, 1.0, no), (1.0, 1.0, seen), (1.0, 1.0, began)]);
        let either = match (least, most) {
            (Ok(least), Ok(most)) => Ok(Estimate {
                value: f64::midpoint(least.value, most.value),
                low: least.low.min(most.low),
                high: least.high.max(most.high),
                cause: Cause::NoiseAndMissing,
            }),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        let points = vec![
            self.point(
                "known",
                "among those of whom both ages are known",
                None,
                shown::estimate(&known, Measure::Percent, 100.0),
                &[IDENTIFIED_ONLY],
            ),
            self.point(
                "bounds",
                "whatever the ages that are not known",
                None,
                shown::estimate(&either, Measure::Percent, 100.0),
                &[IDENTIFIED_ONLY],
            ),
        ];
        Ok((points, Vec::new()))
    }

    /// Where people stand by age.
    pub(super) fn states(&self, onset: &str, identified: &str, majority: u16, until: u16) -> Answer {
        let dimension = self.dimension(onset)?;
        // The curve starts at the first single year: those who began earlier are in it from there on.
        let youngest = dimension.categories.iter().find(|c| c.low.is_some() && c.low == c.high).and_then(|c| c.low);
        let Some(youngest) = youngest.filter(|y| *y < majority && u32::from(majority) == adulthood::MAJORITY) else {
            let why = Refused::NotRecorded("the table has no single years of age under majority".into());
            return Ok((vec![self.point("by_age", "", None, shown::refused(&why), &[])], Vec::new()));
        };
        let mut lives = Vec::new();
        for cell in self.ages(onset, identified)? {
            let (Some((low, high)), Some((seen, _))) = (cell.onset, cell.identified) else { continue };
            let began = high.filter(|h| *h < majority).map(|_| low.max(youngest));
            let Some(began) = began.filter(|began| *began <= seen && seen >= youngest) else { continue };
            let identified = (seen <= until).then_some(u32::from(seen));
            let onset = u32::from(began);
            let life = Life { onset, seen_from: onset, identified, again: None, last: u32::from(until) };
            lives.push((life, cell.count));
        }
        let ask = accord_estimate::states::Ask {
            from: 0,
            start: Start::In(adulthood::EXPLOITED_AS_MINOR),
            groups: vec![
                vec![adulthood::EXPLOITED_AS_MINOR, adulthood::EXPLOITED_AS_ADULT],
                vec![adulthood::IDENTIFIED_AS_MINOR],
                vec![adulthood::IDENTIFIED_AS_ADULT],
            ],
            target: Target::Records,
            level: LEVEL,
        };
        let table = adulthood::table(u32::from(youngest), u32::from(until), &lives);
        let curve = match table.and_then(|table| table.curve(&ask)) {
            Ok(curve) => curve,
            Err(why) => return Ok((vec![self.point("by_age", "", None, shown::refused(&why), &[])], Vec::new())),
        };
        let names = [
            ("exploited", "not yet identified"),
            ("as_child", "identified as a child"),
            ("as_adult", "identified as an adult"),
        ];
        let mut points: Vec<Point> = Vec::new();
        for (group, (key, words)) in names.iter().enumerate() {
            for (age, step) in (youngest..=until).zip(&curve.steps) {
                let share: Outcome<Estimate> = match step {
                    Ok(at) => at.share.get(group).copied().ok_or_else(|| Refused::NotSettled("no such state".into())),
                    Err(why) => Err(why.clone()),
                };
                let label = format!("{words}, by the end of age {age}");
                let shown = shown::estimate(&share, Measure::Percent, 100.0);
                points.push(self.point(
                    &format!("{key}_{age}"),
                    &label,
                    Some(f64::from(age)),
                    shown,
                    &[IDENTIFIED_ONLY],
                ));
            }
        }
        Ok((points, curve.assumes.iter().map(|a| assumption(*a).to_owned()).collect()))
    }

    pub(super) fn delay(&self, asked: &Delay<'_>) -> Answer {
        let _ = (asked.onset, asked.identified, asked.under, asked.seen_until, asked.corrected, asked.years);
        let why = Refused::NotRecorded("times are not estimated yet".into());
        Ok((vec![self.point("median", "", None, shown::refused(&why), &[])], Vec::new()))
    }

    pub(super) fn jump(&self, onset: &str, identified: &str, age: u16, ages: (u16, u16)) -> Answer {
        let _ = (onset, identified, age, ages);
        let why = Refused::NotRecorded("rates are not estimated yet".into());
        Ok((vec![self.point("ratio", "", None, shown::refused(&why), &[])], Vec::new()))
    }
}

fn sum(counts: &[Counted]) -> Counted {
    counts.iter().fold(Counted { value: 0.0, sigma: 0.0 }, |sum, c| Counted {
        value: sum.value + c.value,
        sigma: sum.sigma.hypot(c.sigma),
    })
}

/// Said of everything made from ages at identification.
const IDENTIFIED_ONLY: &str = "Speaks of people who were identified in the end: those who never were are not in it.";

/// What an estimator takes for granted, in words.
fn assumption(assumes: Assumes) -> &'static str {
    match assumes {
        Assumes::Markov => {
            "Where a person goes next is taken to depend on age and state, not on how the state was reached."
        }
        Assumes::IndependentCensoring => "Those who leave observation are taken to have gone on as those who stay.",
        Assumes::IndependentEntry => {
            "Those first seen late are taken to have gone on until then as those seen earlier."
        }
        Assumes::OnlyIdentifiedAreSeen => {
            "Only people who were identified at last are in the table: later ages are thin, and rates from it are too high."
        }
        Assumes::EvenWithinBand => "Within a year or a band, beginnings and ends are taken to be spread evenly.",
        Assumes::ConstantWithinPiece => "The rate is taken to change at the named ages only.",
    }
}

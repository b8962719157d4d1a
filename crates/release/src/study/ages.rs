//! What the table of ages at onset and identification says: who crosses an age unseen, how long it takes, where people stand
//! by age, and whether anything jumps there.

use super::{Answer, Ask, Point, StudyError, shown};
use accord_estimate::bounds::{self, Term};
use accord_estimate::chance::{Assumes, Target};
use accord_estimate::intensity::{self, Jump, Spell};
use accord_estimate::noisy::Simulation;
use accord_estimate::onset::{self, AgeCell, Band, Crossing, Curve, Question};
use accord_estimate::{Counted, Estimate, Outcome, Refused};
use accord_standard::dimension::Dimension;
use accord_standard::figure::Measure;

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

impl Ask<'_> {
    /// The table of ages of the group: every cell of the table is read once.
    fn ages(&self, onset: &str, identified: &str) -> Result<Vec<AgeCell>, StudyError> {
        let (of_onset, of_seen) = (self.dimension(onset)?, self.dimension(identified)?);
        let place = |id: &str| self.table.spec.dimensions.iter().position(|d| d.id == id).unwrap_or(0);
        let (at_onset, at_seen) = (place(onset), place(identified));
        let mut cells = vec![Vec::new(); of_onset.size() * of_seen.size()];
        for cell in self.table.cells(&[&self.of_group()], &[]) {
            let categories = self.table.spec.categories_of(cell);
            cells[categories[at_onset] * of_seen.size() + categories[at_seen]].push(cell);
        }
        let band = |d: &Dimension, at: usize| d.categories[at].low.map(|low| Band { low, high: d.categories[at].high });
        let ages = cells.iter().enumerate().map(|(at, cells)| AgeCell {
            onset: band(of_onset, at / of_seen.size()),
            identified: band(of_seen, at % of_seen.size()),
            count: self.table.sum(cells),
        });
        Ok(ages.collect())
    }

    /// Of those whose exploitation began under an age, the share not identified before it.
    pub(super) fn crossing(&self, onset: &str, identified: &str, age: u16) -> Answer {
        let crossing = onset::crossing(&self.ages(onset, identified)?, age);
        let of = |pick: fn(&Crossing) -> Outcome<Estimate>| match &crossing {
            Ok(crossing) => shown::estimate(&pick(crossing), Measure::Percent, 100.0),
            Err(why) => shown::refused(why),
        };
        let known = of(|c| c.of_onset_under.like_known.clone());
        let either = of(|c| c.of_onset_under.bounds.clone());
        let points = vec![
            self.point("known", "among those of whom both ages are known", None, known, &[IDENTIFIED_ONLY]),
            self.point("bounds", "whatever the ages that are not known", None, either, &[IDENTIFIED_ONLY]),
        ];
        Ok((points, Vec::new()))
    }

    /// Where the recorded people stand by age: of those whose exploitation had begun by then (as children), the shares not
    /// yet identified, identified as children, and as adults. Sums over sums: nothing is taken for granted of anybody who
    /// is not in the table, and nothing is said between the ends of bands.
    pub(super) fn states(
        &self,
        onset: &str,
        identified: &str,
        majority: u16,
        (from, until): (Option<u16>, u16),
    ) -> Answer {
        let ages = self.ages(onset, identified)?;
        let known: Vec<(Band, Band, Counted)> = ages
            .iter()
            .filter(|c| !c.impossible())
            .filter_map(|c| Some((c.onset.filter(|b| b.under(majority))?, c.identified?, c.count)))
            .collect();
        // An age can be shown if no band of either age goes on over it.
        let splits = |band: &Band, age: u16| band.low <= age && band.high.is_none_or(|high| high > age);
        let first = known.iter().filter_map(|(began, ..)| began.high).min();
        let shown: Vec<u16> = (from.or(first).unwrap_or(until)..=until)
            .filter(|age| !known.iter().any(|(began, seen, _)| splits(began, *age) || splits(seen, *age)))
            .collect();
        if shown.is_empty() {
            let why =
                Refused::NotRecorded("the table has no bands of age that end where the figure is asked for".into());
            return Ok((vec![self.point("by_age", "", None, shown::refused(&why), &[])], Vec::new()));
        }
        type Is = fn(&Band, u16, u16) -> bool;
        let states: [(&str, &str, Is); 3] = [
            ("exploited", "not yet identified", |seen, age, _| seen.from(age + 1)),
            ("as_child", "identified as a child", |seen, age, majority| seen.under(age + 1) && seen.under(majority)),
            ("as_adult", "identified as an adult", |seen, age, majority| seen.under(age + 1) && seen.from(majority)),
        ];
        let mut points: Vec<Point> = Vec::new();
        for (key, words, is) in states {
            // Nobody is identified as an adult before she is one.
            for age in shown.iter().filter(|age| key != "as_adult" || **age >= majority) {
                let terms: Vec<Term> = known
                    .iter()
                    .filter(|(began, ..)| began.under(age + 1))
                    .map(|(_, seen, count)| Term {
                        top: f64::from(is(seen, *age, majority)),
                        bottom: 1.0,
                        count: *count,
                    })
                    .collect();
                let label = format!("{words}, by the end of age {age}");
                let share = shown::estimate(&bounds::ratio(&terms, (0.0, 1.0)), Measure::Percent, 100.0);
                points.push(self.point(&format!("{key}_{age}"), &label, Some(f64::from(*age)), share, &[BOTH_KNOWN]));
            }
        }
        Ok((points, Vec::new()))
    }

    /// How long from onset to identification.
    pub(super) fn delay(&self, asked: &Delay<'_>) -> Answer {
        let question = Question {
            under: asked.under,
            seen_until: Some(asked.seen_until),
            years: asked.years.to_vec(),
            shares: vec![0.5],
            how: Simulation::default(),
        };
        let found = onset::delays(&self.ages(asked.onset, asked.identified)?, &question);
        let curve = found.as_ref().map_err(Clone::clone).and_then(|delays| {
            let curve = if asked.corrected { &delays.corrected } else { &delays.as_seen };
            curve.as_ref().map_err(Clone::clone)
        });
        let how = if asked.corrected { CORRECTED } else { AS_SEEN };
        let at = |of: &dyn Fn(&Curve) -> Option<Outcome<Estimate>>| match &curve {
            Ok(curve) => of(curve).unwrap_or_else(|| Err(Refused::NotSettled("it gives no number".into()))),
            Err(why) => Err(why.clone()),
        };
        let median = shown::estimate(&at(&|c| c.quantiles.first().cloned()), Measure::Years, 1.0);
        let mut points = vec![self.point(
            "median",
            "birthdays by which half were identified",
            None,
            median,
            &[how, BIRTHDAYS, IDENTIFIED_ONLY],
        )];
        for (place, years) in asked.years.iter().enumerate() {
            let share = shown::estimate(&at(&|c| c.by.get(place).cloned()), Measure::Percent, 100.0);
            let label = match years {
                0 => "identified before the next birthday".to_owned(),
                1 => "identified at most one birthday later".to_owned(),
                years => format!("identified at most {years} birthdays later"),
            };
            let at = Some(f64::from(*years));
            points.push(self.point(&format!("within_{years}"), &label, at, share, &[how, BIRTHDAYS, IDENTIFIED_ONLY]));
        }
        let mut notes = Vec::new();
        if let Ok(delays) = &found {
            let out = shown::estimate(&delays.left_out, Measure::Percent, 100.0);
            points.push(self.point("left_out", "left out because an age is not known", None, out, &[]));
        }
        if let Some(longest) = curve.as_ref().ok().and_then(|c| c.longest) {
            notes.push(format!(
                "Speaks of those identified at most {longest} birthdays later; of longer times nothing is known."
            ));
        }
        Ok((points, notes))
    }

    /// How likely identification is in a year before and after an age, and how much that jumps there.
    pub(super) fn jump(&self, onset: &str, identified: &str, age: u16, (from, until): (u16, u16)) -> Answer {
        let cuts = [0, u32::from(from), u32::from(age), u32::from(until) + 1, 151];
        let mut spells = Vec::new();
        for cell in self.ages(onset, identified)?.iter().filter(|c| !c.impossible()) {
            let (Some(began), Some(seen)) = (cell.onset, cell.identified) else { continue };
            if !began.under(age) {
                continue;
            }
            let ends = |b: Band| (u32::from(b.low), b.high.map_or(151, |h| u32::from(h) + 1));
            spells.push((Spell { sex: 0, onset: ends(began), end: ends(seen), identified: true }, cell.count));
        }
        let table = intensity::lexis(&cuts, 1, &spells);
        let rates = table.as_ref().map_err(Clone::clone).and_then(|t| t.rates(Target::Records, LEVEL));
        let rate = |piece: usize| -> Outcome<Estimate> {
            let found = rates.as_ref().map_err(Clone::clone)?.get(piece);
            found.ok_or_else(|| Refused::Malformed("no such piece".into()))?.rate.clone()
        };
        let fitted = table
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|t| t.jump(&[0, 1, 1, 2], Jump::Common, Target::Records, LEVEL));
        let ratio = fitted.as_ref().map_err(Clone::clone).and_then(|f| {
            f.ratio.first().cloned().unwrap_or_else(|| Err(Refused::NotSettled("it gives no number".into())))
        });
        let years = |low: u16, high: u16| format!("from age {low} to {high}");
        let points = vec![
            self.point(
                "before",
                &years(from, age.saturating_sub(1)),
                None,
                shown::estimate(&rate(1), Measure::Per100PersonYears, 100.0),
                &[IDENTIFIED_ONLY],
            ),
            self.point(
                "after",
                &years(age, until),
                None,
                shown::estimate(&rate(2), Measure::Per100PersonYears, 100.0),
                &[IDENTIFIED_ONLY],
            ),
            self.point(
                "ratio",
                &format!("the rate from {age} on over the rate before"),
                None,
                shown::estimate(&ratio, Measure::Ratio, 1.0),
                &[IDENTIFIED_ONLY],
            ),
        ];
        let notes = fitted.map(|f| f.assumes.iter().map(|a| assumption(*a).to_owned()).collect()).unwrap_or_default();
        Ok((points, notes))
    }
}

/// Said of times as they are seen.
const AS_SEEN: &str = "As recorded: whoever has not been identified yet is not in it, so that times are too short, most of all for recent years.";
/// Said of times corrected for the end of the table.
const CORRECTED: &str = "Corrected for the oldest age that the table tells apart, and for nothing else: whoever has not been identified yet is not in it.";
/// Said of times counted in ages.
const BIRTHDAYS: &str =
    "Counts birthdays between the beginning and identification: one birthday later can be a day or nearly two years.";
/// Said of shares by age.
const BOTH_KNOWN: &str =
    "Of recorded people of whom both ages are known; those who were never identified are not in it.";
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

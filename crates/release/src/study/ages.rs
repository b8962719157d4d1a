//! What the table of ages at onset and identification says: who crosses an age unseen, how long it takes, where people stand
//! by age, and whether anything jumps there.

use super::{Answer, Ask, Point, StudyError, shown};
use accord_estimate::adulthood::{self, Life};
use accord_estimate::chance::{Assumes, Target};
use accord_estimate::intensity::{self, Jump, Spell};
use accord_estimate::noisy::Simulation;
use accord_estimate::onset::{self, AgeCell, Band, Crossing, Curve, Question};
use accord_estimate::states::Start;
use accord_estimate::{Estimate, Outcome, Refused};
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

impl Ask<'_> {
    /// The table of ages of the group.
    fn ages(&self, onset: &str, identified: &str) -> Result<Vec<AgeCell>, StudyError> {
        let (of_onset, of_seen) = (self.dimension(onset)?, self.dimension(identified)?);
        let band = |c: &Category| c.low.map(|low| Band { low, high: c.high });
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

    /// Where people stand by age.
    pub(super) fn states(
        &self,
        onset: &str,
        identified: &str,
        from: Option<u16>,
        (majority, until): (u16, u16),
    ) -> Answer {
        let dimension = self.dimension(onset)?;
        // Those who began earlier are in the curve from its first age on.
        let first = dimension.categories.iter().find(|c| c.low.is_some() && c.low == c.high).and_then(|c| c.low);
        let Some(youngest) = from.or(first).filter(|y| *y < majority && u32::from(majority) == adulthood::MAJORITY)
        else {
            let why = Refused::NotRecorded("the table has no single years of age under majority".into());
            return Ok((vec![self.point("by_age", "", None, shown::refused(&why), &[])], Vec::new()));
        };
        let mut lives = Vec::new();
        for cell in self.ages(onset, identified)? {
            let (Some(began), Some(seen)) = (cell.onset, cell.identified) else { continue };
            let seen = seen.low;
            let began = Some(began).filter(|b| b.under(majority)).map(|b| b.low.max(youngest));
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
        let mut points =
            vec![self.point("median", "years by which half were identified", None, median, &[how, IDENTIFIED_ONLY])];
        for (place, years) in asked.years.iter().enumerate() {
            let share = shown::estimate(&at(&|c| c.by.get(place).cloned()), Measure::Percent, 100.0);
            let label = if *years == 0 {
                "identified in the year in which it began".to_owned()
            } else {
                format!("identified within {years} years")
            };
            let at = Some(f64::from(*years));
            points.push(self.point(&format!("within_{years}"), &label, at, share, &[how, IDENTIFIED_ONLY]));
        }
        let mut notes = Vec::new();
        if let Ok(delays) = &found {
            let out = shown::estimate(&delays.left_out, Measure::Percent, 100.0);
            points.push(self.point("left_out", "left out because an age is not known", None, out, &[]));
        }
        if let Some(longest) = curve.as_ref().ok().and_then(|c| c.longest) {
            notes.push(format!("Speaks of those identified within {longest} years; nothing is known of longer times."));
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
const AS_SEEN: &str = "As seen: too short, because whoever is identified later than the table reaches is not in it.";
/// Said of times corrected for that.
const CORRECTED: &str =
    "Corrected for the ages at which the table ends; it knows nothing of people who will be identified later.";
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

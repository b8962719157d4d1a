//! Trends by year, transitions from step to step, and what happened later to people who were followed.

use super::{Answer, Ask, Point, StudyError, shown};
use accord_estimate::bounds::{self, Parts};
use accord_estimate::chance::Target;
use accord_estimate::incidence::{self, Followed, Incidence};
use accord_estimate::trend::{Compare, Told, trend};
use accord_estimate::{Counted, Outcome, Refused};
use accord_standard::dimension::Category;
use accord_standard::figure::Measure;
use accord_standard::study::Select;
use std::collections::BTreeMap;

/// Level of all intervals (PRIVACY 13).
const LEVEL: f64 = 0.95;
/// Days of a year, as bands of days are made years.
const DAYS: f64 = 365.25;

impl Ask<'_> {
    /// Cells of the group in one category of a dimension.
    pub(super) fn in_category(&self, dimension: &str, category: &Category, also: &Select) -> Counted {
        let only: Select = [(dimension.to_owned(), vec![category.id.clone()])].into();
        self.table.sum(&self.table.cells(&[&self.of_group(), also, &only], &[]))
    }

    /// A count for each year, and what can be told of the change from each to the next.
    pub(super) fn trend(&self, of: &Select, years: &str) -> Answer {
        let dimension = self.dimension(years)?;
        let mut points = Vec::new();
        let mut counts = Vec::new();
        for category in dimension.categories.iter().filter(|c| c.id != "unknown") {
            let count = self.in_category(years, category, of);
            let at = category.low.map(f64::from);
            points.push(self.point(&category.id, &category.label, at, shown::count(count), &[]));
            // Bands of several years have no place in a comparison from year to year.
            if let Some(year) = category.low.filter(|low| category.high == Some(*low)) {
                counts.push((i32::from(year), count));
            }
        }
        let mut notes = Vec::new();
        if let Ok(found) = trend(&counts, Compare::Consecutive, Target::Records, LEVEL) {
            for change in &found.changes {
                let (value, reliability) = shown::estimate(&Ok(change.difference), Measure::People, 1.0);
                let key = format!("y{}_less_y{}", change.to, change.from);
                let label = format!("{} less {}", change.to, change.from);
                points.push(self.point(&key, &label, None, (value, reliability), &[TOGETHER]));
            }
            let told: Vec<String> = found
                .changes
                .iter()
                .filter_map(|change| match change.told {
                    Told::More => Some(format!("more in {} than in {}", change.to, change.from)),
                    Told::Fewer => Some(format!("fewer in {} than in {}", change.to, change.from)),
                    Told::NoChangeCanBeTold => None,
                })
                .collect();
            notes.push(if told.is_empty() {
                "From no year to the next can a change be told from noise.".to_owned()
            } else {
                format!("What can be told from noise: {}.", told.join("; "))
            });
        }
        Ok((points, notes))
    }

    /// For each step, where people went next, in per cent of those who went on from it.
    pub(super) fn transitions(&self, steps: &str) -> Answer {
        let dimension = self.dimension(steps)?;
        let none = Select::new();
        let mut rows: BTreeMap<Vec<&str>, Vec<(usize, &Category, Counted)>> = BTreeMap::new();
        for (at, category) in dimension.categories.iter().enumerate().filter(|(_, c)| c.id != "unknown") {
            let from: Vec<&str> = category.from.iter().map(String::as_str).collect();
            rows.entry(from).or_default().push((at, category, self.in_category(steps, category, &none)));
        }
        let mut points: Vec<(usize, Point)> = Vec::new();
        for row in rows.values() {
            for (at, category, count) in row {
                let others = row.iter().filter(|(other, ..)| other != at).map(|(.., c)| *c);
                let no = others.fold(Counted { value: 0.0, sigma: 0.0 }, |sum, c| Counted {
                    value: sum.value + c.value,
                    sigma: sum.sigma.hypot(c.sigma),
                });
                let parts = Parts { yes: *count, no, unknown: super::cells::NOTHING };
                let share = bounds::shares(&parts).none_in;
                let shown = shown::estimate(&share, Measure::Percent, 100.0);
                points.push((*at, self.point(&category.id, &category.label, None, shown, &[STEPS])));
            }
        }
        points.sort_by_key(|(at, _)| *at);
        Ok((points.into_iter().map(|(_, p)| p).collect(), Vec::new()))
    }

    /// Of a group followed over time, the share to whom it had happened by so many days.
    pub(super) fn incidence(&self, outcome: &str, most_unknown: u16) -> Answer {
        let dimension = self.dimension(outcome)?;
        let none = Select::new();
        let bands: Vec<&Category> = dimension.categories.iter().filter(|c| c.reached == Some(true)).collect();
        let of = |reached: bool, low: Option<u16>| {
            let found = dimension.categories.iter().find(|c| c.reached == Some(reached) && c.low == low);
            found.map(|c| self.in_category(outcome, c, &none))
        };
        let wrong = || StudyError::Figure(self.spec.id.clone(), format!("the bands of {outcome} do not match"));
        let (mut ends, mut later, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for band in &bands {
            // An open band has no end at which a share could be given: who is in it was followed over all the others.
            let end = band.high.map_or_else(|| f64::from(band.low.unwrap_or(0)) + 10.0 * DAYS, |h| f64::from(h) + 1.0);
            ends.push(end / DAYS);
            later.push(of(true, band.low).ok_or_else(wrong)?);
            ended.push(of(false, band.low).ok_or_else(wrong)?);
        }
        let unknown = dimension.categories.last().map(|c| self.in_category(outcome, c, &none)).ok_or_else(wrong)?;
        let ask =
            incidence::Ask { most_unknown: f64::from(most_unknown) / 1000.0, target: Target::Records, level: LEVEL };
        let figure = match incidence::incidence(&Followed { ends, later, ended, unknown }, ask) {
            Ok(figure) => figure,
            Err(why) => return Ok((vec![self.point("by_end", "", None, shown::refused(&why), &[])], Vec::new())),
        };
        // Whether a time is known can depend on what happened: with many unknown, a share of the known says little of all.
        let few_unknown = figure.unknown.high <= FEW;
        let mut points = Vec::new();
        for (band, result) in bands.iter().zip(&figure.bands) {
            let Some(high) = band.high else { continue };
            let days = u32::from(high) + 1;
            let at = Some(f64::from(days) / DAYS);
            let part = |of: fn(&Incidence) -> accord_estimate::Estimate| -> Outcome<accord_estimate::Estimate> {
                result.as_ref().map(of).map_err(Clone::clone)
            };
            let share = if few_unknown {
                shown::estimate(&part(|i| i.share), Measure::Percent, 100.0)
            } else {
                shown::refused(&Refused::NotRecorded(TOO_MANY_UNKNOWN.into()))
            };
            let either = shown::estimate(&part(|i| i.bounds), Measure::Percent, 100.0);
            let label = format!("in the first {days} days");
            points.push(self.point(&format!("by_{days}"), &label, at, share, &[CENSORED]));
            let label = format!("{label}, whatever became of those whose follow-up or time is not known");
            points.push(self.point(&format!("by_{days}_bounds"), &label, at, either, &[]));
        }
        let unknown = shown::estimate(&Ok(figure.unknown), Measure::Percent, 100.0);
        points.push(self.point("unknown", "follow-up or time not known", None, unknown, &[]));
        Ok((points, Vec::new()))
    }
}

/// Up to this share of unknown follow-up, for sure, a share of the known is given as well.
const FEW: f64 = 0.05;
/// Why there is no single share.
const TOO_MANY_UNKNOWN: &str = "follow-up or time is not known for more than one in twenty, and that can depend on what happened: the range says what holds";
/// Said of changes from year to year.
const TOGETHER: &str =
    "All changes of this series hold together in 95 % of cases: looking at many years makes no change.";
/// Said of transitions.
const STEPS: &str = "Counts steps, not people: a person can take several.";
/// Said of people who were followed.
const CENSORED: &str =
    "Those who were no longer followed are taken to have gone on as those who were; not seen is not no.";

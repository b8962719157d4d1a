//! How an estimate is shown: rounded, its interval outwards, flagged by how wide it is, or refused.

use super::{Ask, Point};
use crate::bundle::Unit;
use crate::publish::reliability as of_count;
use accord_estimate::{Cause, Counted, Estimate, Outcome, Refused};
use accord_standard::figure::{Figure, FigureValue, Includes, Measure, Reliability, Symbol};

/// Decimals of each measure.
const fn decimals(measure: Measure) -> f64 {
    match measure {
        Measure::Percent | Measure::Years | Measure::Per100PersonYears => 10.0,
        Measure::Ratio | Measure::Per100000 => 100.0,
        Measure::People => 1.0,
    }
}

/// An estimate as it is shown. `factor` turns the estimator's unit into the measure's (100 for shares in per cent).
///
/// The flag follows the relative half-width (GS-10). What is over 50 % of its value shows its range alone; a share keeps its
/// range however small it is, because "0 to 4 %" says something, as long as it rules out half of all shares. Other measures
/// over 100 % are refused.
pub(crate) fn estimate(outcome: &Outcome<Estimate>, measure: Measure, factor: f64) -> (FigureValue, Reliability) {
    let given = match outcome {
        Ok(given) => given,
        Err(why) => return refused(why),
    };
    let scale = decimals(measure);
    let most = if measure == Measure::Percent { 100.0 } else { f64::INFINITY };
    let [value, low, high] = [given.value, given.low, given.high].map(|x| x * factor);
    if ![value, low].iter().all(|x| x.is_finite()) || high.is_nan() {
        return refused(&Refused::NotSettled("it gives no number".into()));
    }
    // Binary fractions must not push an end that already has so few decimals a whole step outwards.
    let low = ((low * scale + 1e-9).floor() / scale).max(if measure == Measure::People { f64::MIN } else { 0.0 });
    let high = ((high * scale - 1e-9).ceil() / scale).min(most);
    let value = ((value * scale).round() / scale).clamp(low, high);
    let includes = match given.cause {
        Cause::Noise => Includes::Noise,
        Cause::NoiseAndMissing => Includes::NoiseAndMissing,
        Cause::NoiseAndSampling => Includes::NoiseAndSampling,
    };
    if !high.is_finite() {
        return refused(&Refused::NotIdentified(format!("it is over {low}, and how far over can't be told")));
    }
    let half = (high - low) / 2.0;
    let reliability = if half <= 0.25 * value {
        Reliability::Solid
    } else if half <= 0.5 * value {
        Reliability::Care
    } else {
        Reliability::RangeOnly
    };
    let says_nothing = match measure {
        Measure::Percent => high - low > 50.0,
        // A difference is about nought, where no width is relative.
        Measure::People => false,
        _ => half > value,
    };
    if says_nothing && given.cause != Cause::NoiseAndMissing {
        return refused(&Refused::Noise);
    }
    // The middle of a range over which missing values decide is no estimate.
    let bare = reliability == Reliability::RangeOnly || given.cause == Cause::NoiseAndMissing;
    let value = if bare { None } else { Some(value) };
    (FigureValue::Estimate { value, low, high, measure, includes }, reliability)
}

/// A refusal with its reason.
pub(crate) fn refused(why: &Refused) -> (FigureValue, Reliability) {
    (FigureValue::Refused { reason: why.to_string() }, Reliability::NotShown)
}

/// A sum of cells as a count of people: as cells of tables are shown.
pub(crate) fn count(counted: Counted) -> (FigureValue, Reliability) {
    let half = accord_estimate::normal::quantile(0.975) * counted.sigma + 1.0;
    let low = (counted.value - half).ceil().max(0.0) as u64;
    let high = (counted.value.max(0.0) + half).floor() as u64;
    let value = (counted.value.round().max(0.0) as u64).clamp(low, high);
    let reliability = of_count(value, low, high);
    let shown = match reliability {
        Reliability::Solid | Reliability::Care => FigureValue::Count { value, low, high },
        Reliability::RangeOnly => FigureValue::Range { low, high },
        Reliability::NotShown => {
            let symbol = if value == 0 { Symbol::Low } else { Symbol::Hidden };
            FigureValue::Symbol { symbol, range: Some([low, high]) }
        }
    };
    (shown, reliability)
}

impl Ask<'_> {
    /// A point of the series.
    pub(crate) fn point(
        &self,
        key: &str,
        label: &str,
        at: Option<f64>,
        shown: (FigureValue, Reliability),
        more: &[&str],
    ) -> Point {
        let who = self.group.map(|g| g.label.clone());
        let who = who.or_else(|| self.table.spec.among.as_ref().map(|a| a.label.clone()));
        let mut subject = match who {
            Some(who) => format!("{}: {who}", self.spec.label),
            None => self.spec.label.clone(),
        };
        if !label.is_empty() {
            subject = format!("{subject}; {label}");
        }
        let group = self.group.map_or("all", |g| g.id.as_str());
        let id = format!("{}.study.{}.{group}.{key}", self.info.id, self.spec.id);
        let (value, reliability) = shown;
        Point {
            key: key.to_owned(),
            label: label.to_owned(),
            at,
            figure: Figure {
                id,
                subject,
                value,
                reliability,
                definition: self.spec.definition.clone(),
                caveats: self.caveats(more),
                invented: self.info.invented,
            },
        }
    }

    /// What travels with every number of the figure: its own warnings first, then those of the study.
    fn caveats(&self, more: &[&str]) -> Vec<String> {
        let mut caveats: Vec<String> = more.iter().map(|c| (*c).to_owned()).collect();
        caveats.extend(self.spec.caveats.iter().cloned());
        for dimension in self.table.spec.dimensions.iter().filter(|d| d.rule.is_several()) {
            if let Some(most) = dimension.at_most {
                caveats.push(format!(
                    "{}: at most {most} are counted for each person, the first in the record; what comes later is not counted.",
                    dimension.label
                ));
            }
        }
        caveats.extend(self.study.workload.caveats.iter().cloned());
        match self.info.unit {
            Unit::People => {}
            Unit::Records => caveats.push(
                "Counts records, not people: a person known to several organisations is counted by each.".to_owned(),
            ),
            Unit::Rows => caveats.push("Counts rows, not people.".to_owned()),
        }
        if self.info.invented {
            caveats.push("INVENTED DATA: the people behind this number do not exist.".to_owned());
        }
        caveats
    }
}

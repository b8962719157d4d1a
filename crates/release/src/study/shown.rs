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
/// The flag follows the relative half-width (GS-10). What is over 50 % of its value shows its range alone, however wide: to
/// hide an interval because noise made it wide would leave those that noise made narrow, and they hold the truth less often
/// than is claimed. Only a range that holds every share there is, is refused: it can't be wrong.
pub(crate) fn estimate(outcome: &Outcome<Estimate>, measure: Measure, factor: f64) -> (FigureValue, Reliability) {
    let given = match outcome {
        Ok(given) => given,
        Err(why) => return refused(why),
    };
    let scale = decimals(measure);
    let [least, most] = match measure {
        Measure::Percent => [0.0, 100.0],
        Measure::People => [f64::MIN, f64::MAX],
        _ => [0.0, f64::MAX],
    };
    let [value, low, high] = [given.value, given.low, given.high].map(|x| x * factor);
    if !value.is_finite() || low.is_nan() || high.is_nan() {
        return refused(&Refused::NotSettled("it gives no number".into()));
    }
    if !low.is_finite() || !high.is_finite() {
        return refused(&Refused::NotIdentified("how far it reaches can't be told".into()));
    }
    // Binary fractions must not push an end that already has so few decimals a whole step outwards. Adding nought turns the
    // nought that has a minus sign into the one that has none.
    let low = ((low * scale + 1e-9).floor() / scale).max(least) + 0.0;
    let high = ((high * scale - 1e-9).ceil() / scale).min(most).max(low) + 0.0;
    let value = ((value * scale).round() / scale).clamp(low, high) + 0.0;
    if measure == Measure::Percent && low <= least && high >= most {
        return refused(&match given.cause {
            Cause::NoiseAndMissing => Refused::NotIdentified(
                "depending on those of whom it is not known, it could be anything from none to all".into(),
            ),
            Cause::Noise | Cause::NoiseAndSampling => Refused::Noise,
        });
    }
    let includes = match given.cause {
        Cause::Noise => Includes::Noise,
        Cause::NoiseAndMissing => Includes::NoiseAndMissing,
        Cause::NoiseAndSampling => Includes::NoiseAndSampling,
    };
    let half = (high - low) / 2.0;
    let reliability = if value > 0.0 && half <= 0.25 * value {
        Reliability::Solid
    } else if value > 0.0 && half <= 0.5 * value {
        Reliability::Care
    } else {
        Reliability::RangeOnly
    };
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
        let group = self.group.map(|g| g.label.clone());
        let among = self.table.spec.among.as_ref().map(|a| a.label.clone());
        let mut subject = match (group, among) {
            (Some(group), Some(among)) => format!("{}: {group}, of {among}", self.spec.label),
            (Some(who), None) | (None, Some(who)) => format!("{}: {who}", self.spec.label),
            (None, None) => self.spec.label.clone(),
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

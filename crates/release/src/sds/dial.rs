//! The dial of fabrication against suppression that a configuration comes to: the strictest threshold that its mode stands
//! for, in standard deviations of the noise, rounded up. The guide `from-synthetic-data-showcase.md` has the argument.

use super::fate::find;
use super::read::{Entries, Entry, by_length, key};
use super::{Form, SdsError};
use serde_json::Value;

/// The dial that the settings on fabrication come to.
pub(super) enum Dial {
    Unset,
    At(u8),
    /// It can't be said; why.
    Unknown(&'static str),
}

/// What the settings on fabrication come to, whichever of them are there.
pub(super) fn dial(entries: &Entries) -> Result<Dial, SdsError> {
    if let Some(entry) = find(entries, "fabrication_mode") {
        let wrong = || SdsError::Wrong {
            name: entry.name.clone(),
            expected: "uncontrolled, balanced, progressive, minimize or custom",
        };
        // The builder prints {"mode": "Balanced"}, or {"mode": {"Custom": {...}}}.
        let mode = entry.value.get("mode").unwrap_or(&entry.value);
        if let Some(custom) = mode.get("Custom") {
            return typed(entry, custom);
        }
        return match key(mode.as_str().ok_or_else(wrong)?).as_str() {
            "uncontrolled" => Ok(Dial::At(0)),
            "balanced" => Ok(Dial::At(1)),
            "progressive" => Ok(Dial::At(2)),
            "minimize" => Ok(Dial::At(3)),
            "custom" => match find(entries, "threshold") {
                Some(entry) => adaptive(entry, &entry.by_length()?),
                None => Ok(Dial::Unknown("custom, but without thresholds: choose with --dial")),
            },
            _ => Err(wrong()),
        };
    }
    if let Some(entry) = find(entries, "threshold") {
        return typed(entry, &entry.value);
    }
    let named = find(entries, "noise_threshold_values");
    let values = named.map(Entry::by_length).transpose()?.unwrap_or_default();
    match find(entries, "noise_threshold_type") {
        Some(entry) => thresholds((entry, entry.text()?), (named.unwrap_or(entry), &values)),
        // What sds-cli takes where none is named.
        None if entries.form == Form::CommandLine && !values.is_empty() => Ok(fixed_thresholds(&values)),
        None if values.is_empty() => Ok(Dial::Unset),
        None => Ok(Dial::Unknown("thresholds without their type: choose with --dial")),
    }
}

/// `{"type": ..., "valuesByLen": {...}}`.
fn typed(entry: &Entry, value: &Value) -> Result<Dial, SdsError> {
    let wrong = || SdsError::Wrong { name: entry.name.clone(), expected: "a type and values by length" };
    let kind = value.get("type").and_then(Value::as_str).ok_or_else(wrong)?;
    let values = value.get("valuesByLen").and_then(by_length).ok_or_else(wrong)?;
    thresholds((entry, kind), (entry, &values))
}

/// A kind and values, each with the setting that says it.
fn thresholds(kind: (&Entry, &str), values: (&Entry, &[(u64, f64)])) -> Result<Dial, SdsError> {
    match kind.1.to_ascii_lowercase().as_str() {
        "adaptive" => adaptive(values.0, values.1),
        "fixed" => Ok(fixed_thresholds(values.1)),
        _ => Err(SdsError::Wrong { name: kind.0.name.clone(), expected: "fixed or adaptive" }),
    }
}

/// A fixed threshold is a number of people, which in standard deviations depends on the data.
fn fixed_thresholds(values: &[(u64, f64)]) -> Dial {
    if values.iter().all(|(_, threshold)| *threshold <= 0.0) {
        return Dial::At(0);
    }
    Dial::Unknown("a fixed number of people; the dial counts standard deviations of the noise: choose with --dial")
}

/// An adaptive threshold eta leaves out what noise alone would exceed with probability eta: what lies below the standard
/// normal's quantile of 1 - eta/2, in standard deviations. The dial is the strictest one, rounded up.
fn adaptive(entry: &Entry, values: &[(u64, f64)]) -> Result<Dial, SdsError> {
    if values.iter().any(|(_, eta)| !(*eta > 0.0 && *eta <= 1.0)) {
        return Err(SdsError::Wrong { name: entry.name.clone(), expected: "numbers over 0 and at most 1 by length" });
    }
    let strictest = values.iter().fold(1.0_f64, |least, (_, eta)| least.min(*eta));
    Ok(Dial::At(dial_of(strictest)))
}

/// How likely a standard normal number lies further from nought than 1 and 2: the etas at which the dial steps.
pub(super) const BEYOND: [f64; 2] = [0.317_310_507_862_914_1, 0.045_500_263_896_358_42];

pub(super) fn dial_of(eta: f64) -> u8 {
    match eta {
        eta if eta >= 1.0 => 0,
        eta if eta >= BEYOND[0] => 1,
        eta if eta >= BEYOND[1] => 2,
        _ => 3,
    }
}

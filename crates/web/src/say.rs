//! Figures in words: the statement, the value, the interval, natural frequencies, the odds. One place, so that page,
//! chart and description say the same.

use crate::text::{capital, clean};
use crate::words::Words;
use accord_release::bundle::{PrivacyStatement, Share, Unit};
use accord_standard::figure::{FigureValue, Measure, Reliability, Symbol};

/// "people" or "records".
pub fn unit(w: &Words, unit: Unit) -> String {
    w.t(match unit {
        Unit::People => "unit-people",
        Unit::Records => "unit-records",
        Unit::Rows => "unit-rows",
    })
}

/// The value as it stands in a table cell: a number, a range, a symbol, or a word for a refusal.
pub fn value(w: &Words, value: &FigureValue) -> String {
    match value {
        FigureValue::Count { value, .. } => w.number(*value),
        FigureValue::Range { low, high } => range(w, *low, *high),
        FigureValue::Estimate { value: Some(value), measure, .. } => measured(w, &value.to_string(), *measure),
        FigureValue::Estimate { value: None, low, high, measure, .. } => {
            measured(w, &format!("{low}–{high}"), *measure)
        }
        FigureValue::Symbol { symbol, .. } => symbol.mark().to_owned(),
        FigureValue::Refused { .. } => w.t("value-refused"),
    }
}

/// The interval of a count, or that which stands behind a symbol; a range is its own.
pub fn interval(w: &Words, value: &FigureValue) -> Option<String> {
    match value {
        FigureValue::Count { low, high, .. } | FigureValue::Symbol { range: Some([low, high]), .. } => {
            Some(range(w, *low, *high))
        }
        FigureValue::Estimate { value: Some(_), low, high, measure, .. } => {
            Some(measured(w, &format!("{low}–{high}"), *measure))
        }
        _ => None,
    }
}

/// A number with what it is measured in.
pub fn measured(w: &Words, number: &str, measure: Measure) -> String {
    let key = match measure {
        Measure::Percent => "measure-percent",
        Measure::Years => "measure-years",
        Measure::Per100PersonYears => "measure-per-100-person-years",
        Measure::Ratio => "measure-ratio",
        Measure::Per100000 => "measure-per-100000",
        Measure::People => "measure-people",
    };
    w.with(key, &[("number", number.into())])
}

/// Value and interval on one line, for charts and lists.
pub fn with_interval(w: &Words, figure: &FigureValue) -> String {
    match interval(w, figure) {
        Some(interval) => format!("{} ({interval})", value(w, figure)),
        None => value(w, figure),
    }
}

fn range(w: &Words, low: u64, high: u64) -> String {
    format!("{}–{}", w.number(low), w.number(high))
}

/// What the figure says, as one sentence with the interval in it.
pub fn statement(w: &Words, subject: &str, value: &FigureValue, of: Unit) -> String {
    let subject = capital(&clean(subject));
    let unit = unit(w, of);
    let subject = ("subject", (&subject).into());
    match value {
        FigureValue::Count { value: 0, high, .. } => {
            w.with("statement-few", &[subject, ("unit", (&unit).into()), ("high", (&w.number(*high)).into())])
        }
        FigureValue::Count { value, low, high } => w.with(
            "statement-count",
            &[
                subject,
                ("unit", (&unit).into()),
                ("value", (&w.number(*value)).into()),
                ("low", (&w.number(*low)).into()),
                ("high", (&w.number(*high)).into()),
            ],
        ),
        FigureValue::Range { low, high } => w.with(
            "statement-range",
            &[
                subject,
                ("unit", (&unit).into()),
                ("low", (&w.number(*low)).into()),
                ("high", (&w.number(*high)).into()),
            ],
        ),
        FigureValue::Estimate { value: None, low, high, measure, .. } => {
            let ends = measured(w, &format!("{low}–{high}"), *measure);
            w.with("statement-between", &[subject, ("ends", (&ends).into())])
        }
        FigureValue::Estimate { value: Some(number), low, high, measure, .. } => w.with(
            "statement-estimate",
            &[
                subject,
                ("value", (&measured(w, &number.to_string(), *measure)).into()),
                ("low", (&low.to_string()).into()),
                ("high", (&high.to_string()).into()),
            ],
        ),
        FigureValue::Symbol { symbol, range: Some([low, high]) } => {
            let why = symbol_words(w, *symbol);
            w.with(
                "statement-symbol-range",
                &[
                    subject,
                    ("mark", symbol.mark().into()),
                    ("why", (&why).into()),
                    ("unit", (&unit).into()),
                    ("low", (&w.number(*low)).into()),
                    ("high", (&w.number(*high)).into()),
                ],
            )
        }
        FigureValue::Symbol { symbol, range: None } => {
            let why = symbol_words(w, *symbol);
            w.with("statement-symbol", &[subject, ("mark", symbol.mark().into()), ("why", (&why).into())])
        }
        FigureValue::Refused { reason } => w.with("statement-refused", &[subject, ("why", reason.into())]),
    }
}

/// What a symbol means.
pub fn symbol_words(w: &Words, symbol: Symbol) -> String {
    w.t(match symbol {
        Symbol::Hidden => "symbol-hidden",
        Symbol::NotCollected => "symbol-not-collected",
        Symbol::NotApplicable => "symbol-not-applicable",
        Symbol::Unknown => "symbol-unknown",
        Symbol::Low => "symbol-low",
        Symbol::Provisional => "symbol-provisional",
    })
}

/// A symbol with one word of reason, for charts: "[c] hidden".
pub fn symbol_short(w: &Words, symbol: Symbol) -> String {
    let word = w.t(match symbol {
        Symbol::Hidden => "symbol-short-hidden",
        Symbol::NotCollected => "symbol-short-not-collected",
        Symbol::NotApplicable => "symbol-short-not-applicable",
        Symbol::Unknown => "symbol-short-unknown",
        Symbol::Low => "symbol-short-low",
        Symbol::Provisional => "symbol-short-provisional",
    });
    format!("{} {word}", symbol.mark())
}

/// All symbols, in the order in which they are explained.
pub const SYMBOLS: [Symbol; 6] =
    [Symbol::Hidden, Symbol::NotCollected, Symbol::NotApplicable, Symbol::Unknown, Symbol::Low, Symbol::Provisional];

/// How far a figure can be leant on, in words.
pub fn reliability(w: &Words, reliability: Reliability) -> String {
    w.t(match reliability {
        Reliability::Solid => "reliability-solid",
        Reliability::Care => "reliability-care",
        Reliability::RangeOnly => "reliability-range-only",
        Reliability::NotShown => "reliability-not-shown",
    })
}

/// A share as people count: "about 21 in every 100 (20 to 22)". The interval is rounded outwards.
pub fn share(w: &Words, share: Share, of: Unit) -> String {
    // Under 2 in 100 a reader is served better by "in 1,000".
    let (scale, base) = if share.percent < 2.0 { (10.0, 1000) } else { (1.0, 100) };
    let whole = |percent: f64| -> u64 { if percent.is_finite() && percent > 0.0 { percent as u64 } else { 0 } };
    let (middle, low, high) = (
        whole((share.percent * scale).round()),
        whole((share.low * scale).floor()),
        whole((share.high * scale).ceil()),
    );
    w.with(
        "share-sentence",
        &[
            ("value", (&w.number(middle)).into()),
            ("low", (&w.number(low)).into()),
            ("high", (&w.number(high)).into()),
            ("base", (&w.number(base)).into()),
            ("unit", (&unit(w, of)).into()),
        ],
    )
}

/// A per-cent number in files and tables: one decimal.
pub fn percent(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A decimal rounded up in the last of `places` places: what is said about privacy is never too kind.
pub fn up(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "∞".to_owned();
    }
    let scale = 10_f64.powi(places as i32);
    // A value that already has so few places must not be pushed up by its own binary rounding.
    let rounded = (value * scale - 1e-9).ceil() / scale;
    let text = format!("{rounded:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The odds of a privacy statement, in words and numbers.
#[derive(Debug)]
pub struct Odds {
    /// The sentence for a person in one organisation's records.
    pub sentence: String,
    /// The sentence for a person known to several organisations.
    pub several: String,
    /// For conclusions that would be drawn with this chance without her record (in 1,000): at most this with it.
    pub examples: Vec<(String, String)>,
}

/// What the cumulative epsilon of a release means.
pub fn odds(w: &Words, privacy: &PrivacyStatement) -> Odds {
    let delta = delta(w, privacy.delta);
    let factor = factor(w, privacy.epsilon_cumulative);
    let several_factor = self::factor(w, privacy.epsilon_several_desks);
    let sentence = w.with("odds-sentence", &[("factor", (&factor).into()), ("delta", (&delta).into())]);
    let desks = w.number(u64::from(privacy.desks_per_person));
    let several = w.with(
        "odds-several",
        &[("desks", (&desks).into()), ("factor", (&several_factor).into()), ("delta", (&delta).into())],
    );
    let examples = [1_u64, 10, 100]
        .into_iter()
        .map(|without| {
            let with = at_most(without, privacy.epsilon_cumulative, privacy.delta);
            let thousand = |n: u64| w.with("in-a-thousand", &[("n", (&w.number(n)).into())]);
            (thousand(without), thousand(with))
        })
        .collect();
    Odds { sentence, several, examples }
}

/// The most likely that a conclusion can become, in thousandths, if it has the chance `without` thousandths without the
/// person's record: (epsilon, delta) read both ways, rounded up. Reading it for the complement as well caps it under
/// certainty: 1 - (1 - p - delta) / e^epsilon.
fn at_most(without: u64, epsilon: f64, delta: f64) -> u64 {
    let p = without as f64 / 1000.0;
    let direct = epsilon.exp() * p + delta;
    let complement = 1.0 - (1.0 - p - delta).max(0.0) * (-epsilon).exp();
    let most = direct.min(complement).clamp(0.0, 1.0);
    if most.is_finite() { ((most * 1000.0 - 1e-9).ceil() as u64).min(1000) } else { 1000 }
}

fn factor(w: &Words, epsilon: f64) -> String {
    let factor = epsilon.exp();
    if !factor.is_finite() || factor >= 1e15 {
        return w.t("odds-no-limit");
    }
    if factor < 100.0 { up(factor, if factor < 10.0 { 2 } else { 1 }) } else { w.number(factor.ceil() as u64) }
}

fn delta(w: &Words, delta: f64) -> String {
    if delta > 0.0 && delta < 1.0 {
        w.with("one-in", &[("n", (&w.number((1.0 / delta + 1e-6).floor() as u64)).into())])
    } else {
        up(delta, 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{ENGLISH, Words};
    use proptest::prelude::*;

    fn english() -> Words {
        Words::new("en", ENGLISH)
    }

    #[test]
    fn what_is_said_about_privacy_is_rounded_against_us() {
        assert_eq!(up(1.0, 2), "1");
        assert_eq!(up(1.201, 2), "1.21");
        assert_eq!(up(4.0, 2), "4");
        assert_eq!(factor(&english(), 0.5), "1.65");
        assert_eq!(factor(&english(), 4.0), "54.6");
        assert_eq!(factor(&english(), 10.0), "22,027");
    }

    #[test]
    fn a_chance_of_one_in_a_hundred_grows_by_the_factor_and_never_over_certainty() {
        // e^1 · 0.010 + 10⁻⁶ = 0.027184, rounded up to 28 in 1,000.
        assert_eq!(at_most(10, 1.0, 1e-6), 28);
        assert_eq!(at_most(1000, 1.0, 1e-6), 1000);
        // Large epsilon: the complement's reading is the smaller one: 1 - 0.9·e^-4 = 0.98352.
        assert_eq!(at_most(100, 4.0, 0.0), 984);
    }

    #[test]
    fn a_share_is_said_in_hundreds_or_thousands_with_the_interval_outwards() {
        let w = english();
        let said = share(&w, Share { percent: 21.2, low: 20.4, high: 21.9 }, Unit::People);
        assert!(said.contains("21") && said.contains("20") && said.contains("22") && said.contains("100"), "{said}");
        let said = share(&w, Share { percent: 0.44, low: 0.36, high: 0.52 }, Unit::People);
        assert!(said.contains('4') && said.contains('3') && said.contains('6') && said.contains("1,000"), "{said}");
    }

    proptest! {
        #[test]
        fn the_most_likely_is_never_under_the_chance_without(p in 0_u64..=1000, eps in 0.0_f64..20.0) {
            let most = at_most(p, eps, 1e-6);
            prop_assert!(most >= p && most <= 1000);
        }
    }
}

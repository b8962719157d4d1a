//! Ages in the spellings that people use, kept with their precision (GS-04): `17`, `about 14`, `~14`, `15-17`, `15–17`,
//! `15 to 17`, `18+`, `under 18`, `disputed 17`. A band is never made a point.

use super::finding::{Fault, FindingCode, quote};
use crate::model::{Age, AgePrecision};

/// Tolerance of "about", in years on either side.
const ABOUT: u8 = 1;

/// Reads an age in completed years. `range` is what the field allows.
pub(super) fn parse(text: &str, range: [i32; 2]) -> Result<Age, Fault> {
    let plain = ascii_digits(text.trim());
    let lower = plain.to_lowercase();
    let (precision, rest) = strip_qualifier(&lower);
    let rest = strip_unit(rest);
    let (low, high, shape) = bounds(rest).ok_or_else(|| not_an_age(text, &lower))?;
    let [least, most] = range;
    if low < least.into() || low > most.into() || (shape != Shape::Open && high > most.into()) {
        return Err(Fault::new(
            FindingCode::AgeOutOfRange,
            format!("{} is not an age: ages are {least} to {most} completed years", quote(text)),
        ));
    }
    if low > high {
        return Err(
            Fault::new(FindingCode::BadAge, format!("{} runs backwards", quote(text))).suggest(format!("{high}-{low}"))
        );
    }
    // Within range, and a field's range lies within 0..=254.
    let (low, high) = (low.clamp(0, 254) as u8, high.clamp(0, 255) as u8);
    Ok(match (precision, shape) {
        (Some(AgePrecision::About), Shape::Point) => Age {
            low: low.saturating_sub(ABOUT),
            high: high.saturating_add(ABOUT).min(254),
            precision: AgePrecision::About,
        },
        (Some(precision), _) => Age { low, high, precision },
        (None, Shape::Point) => Age { low, high, precision: AgePrecision::Exact },
        (None, _) => Age { low, high, precision: AgePrecision::Range },
    })
}

/// An age as [`parse`] reads it.
pub(crate) fn format(age: Age) -> String {
    let span = match (age.low, age.high) {
        (low, 255) => format!("{low}+"),
        (low, high) if low == high => low.to_string(),
        (low, high) => format!("{low}-{high}"),
    };
    match age.precision {
        AgePrecision::Range if age.low == age.high => format!("{span}-{span}"),
        AgePrecision::Exact | AgePrecision::Range => span,
        AgePrecision::Disputed => format!("disputed {span}"),
        AgePrecision::About if age.low > 0 && age.high < 254 && age.high - age.low == 2 * ABOUT => {
            format!("about {}", age.low + ABOUT)
        }
        AgePrecision::About if age.low == age.high => format!("about {span}-{span}"),
        AgePrecision::About => format!("about {span}"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Point,
    Range,
    Open,
}

fn strip_qualifier(text: &str) -> (Option<AgePrecision>, &str) {
    const ABOUT_WORDS: [&str; 12] =
        ["about", "approximately", "approx.", "approx", "around", "circa", "ca.", "ca", "c.", "~", "≈", "est."];
    if let Some(rest) = text.strip_prefix("disputed") {
        return (Some(AgePrecision::Disputed), rest.trim_start());
    }
    for word in ABOUT_WORDS {
        if let Some(rest) = text.strip_prefix(word) {
            return (Some(AgePrecision::About), rest.trim_start());
        }
    }
    (None, text)
}

fn strip_unit(text: &str) -> &str {
    for unit in ["years old", "year old", "years", "year", "yrs.", "yrs", "yr", "y.o.", "yo", "y"] {
        if let Some(rest) = text.strip_suffix(unit) {
            return rest.trim_end();
        }
    }
    text
}

/// Low, high, shape. Numbers beyond any age are kept for the message about the range.
fn bounds(text: &str) -> Option<(i64, i64, Shape)> {
    const OPEN: i64 = 255;
    if let Some(n) = number(text) {
        return Some((n, n, Shape::Point));
    }
    if let Some(n) = text.strip_suffix('+').or_else(|| text.strip_suffix("and over")).and_then(|t| number(t.trim_end()))
    {
        return Some((n, OPEN, Shape::Open));
    }
    for (word, plus) in [("over ", 1), (">=", 0), (">", 1), ("at least ", 0)] {
        if let Some(n) = text.strip_prefix(word).and_then(|t| number(t.trim())) {
            return Some((n + plus, OPEN, Shape::Open));
        }
    }
    for (word, minus) in [("under ", 1), ("below ", 1), ("<=", 0), ("<", 1), ("at most ", 0)] {
        if let Some(n) = text.strip_prefix(word).and_then(|t| number(t.trim())) {
            return Some((0, n - minus, Shape::Range));
        }
    }
    for dash in ["--", " to ", "-", "–", "—", "‐", "‑", "−"] {
        if let Some((a, b)) = text.split_once(dash)
            && let (Some(a), Some(b)) = (number(a.trim()), number(b.trim()))
        {
            return Some((a, b, Shape::Range));
        }
    }
    None
}

/// A whole number, also as spreadsheets write it (`17.0`); negative ones are kept for the message.
fn number(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    };
    let digits = whole.strip_prefix(['-', '−']).unwrap_or(whole);
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok().map(|n| if digits.len() < whole.len() { -n } else { n })
}

fn not_an_age(text: &str, lower: &str) -> Fault {
    let fault = |code| {
        Fault::new(
            code,
            format!("{} is not an age; write completed years (17), `about 14`, `15-17` or `18+`", quote(text)),
        )
    };
    if let Some((whole, _)) = lower.split_once(['.', ','])
        && let Some(n) = number(whole)
    {
        return fault(FindingCode::NotANumber).suggest(n.to_string());
    }
    match word_number(lower) {
        Some(n) => fault(FindingCode::NotANumber).suggest(n.to_string()),
        None => {
            fault(if lower.bytes().any(|b| b.is_ascii_digit()) { FindingCode::BadAge } else { FindingCode::NotANumber })
        }
    }
}

/// `seventeen` is 17; English, up to 99.
fn word_number(text: &str) -> Option<u8> {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let one = |w: &str| ONES.iter().position(|o| *o == w).map(|n| n as u8);
    if let Some(n) = one(text) {
        return Some(n);
    }
    let (tens, ones) = text.split_once(['-', ' ']).unwrap_or((text, "zero"));
    let ten = TENS.iter().position(|t| *t == tens)? as u8 * 10 + 20;
    one(ones).filter(|n| *n < 10).map(|n| ten + n)
}

/// Decimal digits of the scripts that spreadsheets hold, as ASCII.
pub(super) fn ascii_digits(text: &str) -> String {
    const ZEROS: [u32; 14] = [
        0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0be6, 0x0c66, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0xff10,
    ];
    text.chars()
        .map(|c| {
            let n = u32::from(c);
            match ZEROS.iter().find(|z| (**z..**z + 10).contains(&n)) {
                Some(zero) => char::from(b'0' + (n - zero) as u8),
                None => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn age(text: &str) -> Option<(u8, u8, AgePrecision)> {
        parse(text, [0, 120]).ok().map(|a| (a.low, a.high, a.precision))
    }

    fn fault(text: &str) -> (FindingCode, Option<String>) {
        let fault = parse(text, [0, 120]).err().unwrap();
        (fault.code, fault.suggestion)
    }

    #[test]
    fn good_spellings_keep_their_precision() {
        use AgePrecision::{About, Disputed, Exact, Range};
        for (text, wanted) in [
            ("17", (17, 17, Exact)),
            (" 17.0 ", (17, 17, Exact)),
            ("17 years", (17, 17, Exact)),
            ("١٧", (17, 17, Exact)),
            ("१४", (14, 14, Exact)),
            ("about 14", (13, 15, About)),
            ("~14", (13, 15, About)),
            ("ca. 14", (13, 15, About)),
            ("About 13-15", (13, 15, About)),
            ("15-17", (15, 17, Range)),
            ("15–17", (15, 17, Range)),
            ("15 to 17", (15, 17, Range)),
            ("9--17", (9, 17, Range)),
            ("18+", (18, 255, Range)),
            ("over 17", (18, 255, Range)),
            ("under 18", (0, 17, Range)),
            ("<18", (0, 17, Range)),
            ("disputed 17", (17, 17, Disputed)),
            ("0", (0, 0, Exact)),
        ] {
            assert_eq!(age(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn a_written_number_is_an_error_with_a_suggestion() {
        assert_eq!(fault("seventeen"), (FindingCode::NotANumber, Some("17".into())));
        assert_eq!(fault("Twenty-One"), (FindingCode::NotANumber, Some("21".into())));
        assert_eq!(fault("17.5"), (FindingCode::NotANumber, Some("17".into())));
        assert_eq!(fault("child"), (FindingCode::NotANumber, None));
    }

    #[test]
    fn ages_nobody_has_are_errors() {
        for text in ["170", "-1", "121", "about 200", "15-170", "999999999"] {
            assert_eq!(fault(text).0, FindingCode::AgeOutOfRange, "{text}");
        }
        assert_eq!(fault("17-15"), (FindingCode::BadAge, Some("15-17".into())));
        assert_eq!(fault("9999999999").0, FindingCode::BadAge);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = parse(&text, [0, 120]);
        }

        #[test]
        fn what_is_written_reads_the_same(low in 0u8..=120, span in 0u8..=20, open in any::<bool>(), p in 0usize..4) {
            let precision = [AgePrecision::Exact, AgePrecision::About, AgePrecision::Range, AgePrecision::Disputed][p];
            let high = if precision == AgePrecision::Exact { low } else if open { 255 } else { (low + span).min(120) };
            let age = Age { low, high, precision };
            prop_assert!(parse(&format(age), [0, 120]) == Ok(age), "{}", format(age));
        }
    }
}

//! Dates in the spellings that people use, kept with their precision: `2020`, `2020-Q1`, `2020-03`, `2020-03-05`, and
//! day-month-year in the order that the file was found, or declared, to use.

use super::age::ascii_digits;
use super::finding::{Fault, FindingCode, quote};
use crate::model::Date;

/// Order of day, month and year where all are numbers and the year stands last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing known: what can be read both ways is an error.
    Unknown,
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// The file has both, so that what can be read both ways is an error.
    Mixed,
}

impl Order {
    /// In words, for reports.
    pub const fn words(self) -> &'static str {
        match self {
            Order::Unknown => "year-month-day",
            Order::Dmy => "day/month/year",
            Order::Mdy => "month/day/year",
            Order::Mixed => "mixed",
        }
    }
}

/// What a cell says about the order of the file: `Some(Dmy)` for `25/03/2020`.
pub(super) fn evidence(text: &str) -> Option<Order> {
    match year_last(&ascii_digits(text.trim()))? {
        (a, b, _) if a > 12 && (1..=12).contains(&b) => Some(Order::Dmy),
        (a, b, _) if b > 12 && (1..=12).contains(&a) => Some(Order::Mdy),
        _ => None,
    }
}

/// Reads a date.
pub(super) fn parse(text: &str, order: Order) -> Result<Date, Fault> {
    let trimmed = ascii_digits(text.trim());
    let plain = without_time(&trimmed);
    if let Some((a, b, year)) = year_last(plain) {
        return numeric(text, (a, b, year), order);
    }
    let fault = || {
        let fault = Fault::new(
            FindingCode::BadDate,
            format!("{} is not a date; write 2020, 2020-Q1, 2020-03 or 2020-03-05", quote(text)),
        );
        match two_digit_year(plain) {
            Some(()) => fault.suggest("write the year with four digits"),
            None => fault,
        }
    };
    let found = year_first(plain).or_else(|| with_month_name(plain)).ok_or_else(fault)?;
    if valid(found) { Ok(found) } else { Err(fault()) }
}

/// A date as [`parse`] reads it.
pub(crate) fn format(date: Date) -> String {
    match (date.month, date.day) {
        (0, _) => format!("{:04}", date.year),
        (quarter @ 13..=16, _) => format!("{:04}-Q{}", date.year, quarter - 12),
        (month, 0) => format!("{:04}-{month:02}", date.year),
        (month, day) => format!("{:04}-{month:02}-{day:02}", date.year),
    }
}

/// A band of years, such as `2014-2018`: it is no date that a record can hold.
pub(super) fn is_year_band(text: &str) -> bool {
    let text = ascii_digits(text.trim());
    ["--", "-", "–", "/"].iter().any(|dash| {
        text.split_once(dash).is_some_and(|(a, b)| match (year(a.trim()), year(b.trim())) {
            (Some(a), Some(b)) => a < b,
            _ => false,
        })
    })
}

/// First and last day that the date can mean, as `yyyymmdd`.
pub(super) fn span(date: Date) -> (i32, i32) {
    let (first, last) = match date.month {
        0 => (1, 12),
        quarter @ 13..=16 => (i32::from(quarter - 13) * 3 + 1, i32::from(quarter - 13) * 3 + 3),
        month => (i32::from(month), i32::from(month)),
    };
    let (from, to) = if date.day == 0 { (1, 31) } else { (i32::from(date.day), i32::from(date.day)) };
    let year = i32::from(date.year) * 10_000;
    (year + first * 100 + from, year + last * 100 + to)
}

fn numeric(text: &str, (a, b, year): (u8, u8, i16), order: Order) -> Result<Date, Fault> {
    let dmy = Date { year, month: b, day: a };
    let mdy = Date { year, month: a, day: b };
    let ambiguous = |why: &str| {
        Err(Fault::new(FindingCode::AmbiguousDate, format!("{} {why}", quote(text)))
            .suggest("write 2020-03-05, or declare `dates = \"dmy\"` or `\"mdy\"` in a mapping file"))
    };
    match (valid(dmy), valid(mdy), order) {
        (false, false, _) => {
            Err(Fault::new(FindingCode::BadDate, format!("{} is no day of the calendar", quote(text))))
        }
        (true, _, Order::Dmy) => Ok(dmy),
        (_, true, Order::Mdy) => Ok(mdy),
        (false, true, Order::Dmy) => ambiguous("is month/day/year, but this file's dates are read as day/month/year"),
        (true, false, Order::Mdy) => ambiguous("is day/month/year, but this file's dates are read as month/day/year"),
        (true, true, _) if a == b => Ok(dmy),
        (true, false, _) => Ok(dmy),
        (false, true, _) => Ok(mdy),
        (true, true, Order::Mixed) => {
            ambiguous("can be day/month or month/day, and this file has dates in both orders: none was used")
        }
        (true, true, Order::Unknown) => {
            ambiguous("can be day/month or month/day, and nothing in this file tells which: none was used")
        }
    }
}

fn valid(date: Date) -> bool {
    let length = match date.month {
        0 | 13..=16 => return date.day == 0 && (1900..=2100).contains(&date.year),
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0) => 29,
        2 => 28,
        _ => return false,
    };
    date.day <= length && (1900..=2100).contains(&date.year)
}

fn without_time(text: &str) -> &str {
    match text.find(['T', ' ']) {
        Some(at) if text[at + 1..].contains(':') && text[..at].len() >= 8 => text[..at].trim_end_matches(','),
        _ => text,
    }
}

fn year(text: &str) -> Option<i16> {
    if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn small(text: &str) -> Option<u8> {
    if (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Two numbers and a year, in this order, split by one kind of sign.
fn year_last(text: &str) -> Option<(u8, u8, i16)> {
    for sign in ['/', '.', '-', ' '] {
        let mut parts = text.split(sign);
        if let (Some(a), Some(b), Some(y), None) = (parts.next(), parts.next(), parts.next(), parts.next())
            && let (Some(a), Some(b), Some(y)) = (small(a.trim()), small(b.trim()), year(y.trim()))
        {
            return Some((a, b, y));
        }
    }
    None
}

fn two_digit_year(text: &str) -> Option<()> {
    let mut parts = text.split(['/', '.', '-']);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => small(a).and(small(b)).and(small(c)).map(|_| ()),
        _ => None,
    }
}

fn year_first(text: &str) -> Option<Date> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    if let Some(year) = year(text) {
        return Some(Date { year, month: 0, day: 0 });
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let whole =
            Date { year: text[..4].parse().ok()?, month: text[4..6].parse().ok()?, day: text[6..].parse().ok()? };
        return if whole.month == 0 || whole.day == 0 { None } else { Some(whole) };
    }
    for sign in ['-', '/', '.', ' '] {
        let mut parts = text.split(sign).map(str::trim);
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else { continue };
        let third = parts.next();
        if parts.next().is_some() {
            continue;
        }
        if let (None, Some(quarter), Some(year)) =
            (third, quarter(second).or_else(|| quarter(first)), year(first).or_else(|| year(second)))
        {
            return Some(Date { year, month: 12 + quarter, day: 0 });
        }
        if let (None, Some(month), Some(year)) = (third, small(first).filter(|m| (1..=12).contains(m)), year(second)) {
            return Some(Date { year, month, day: 0 });
        }
        let (Some(year), Some(month)) = (year(first), small(second)) else { continue };
        let day = match third {
            None => 0,
            Some(day) => small(day).filter(|d| *d > 0)?,
        };
        return if (1..=12).contains(&month) { Some(Date { year, month, day }) } else { None };
    }
    None
}

fn quarter(text: &str) -> Option<u8> {
    let n = text.strip_prefix(['Q', 'q'])?;
    small(n).filter(|n| (1..=4).contains(n) && text.len() == 2)
}

fn with_month_name(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = text.to_lowercase();
    let (mut day, mut month, mut found) = (0u8, 0u8, None);
    for part in lower.split([' ', '-', ',', '.', '/']).filter(|p| !p.is_empty()) {
        if let Some(y) = year(part) {
            found = found.xor(Some(y));
        } else if let Some(d) =
            small(part.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h'])).filter(|d| *d > 0 && day == 0)
        {
            day = d;
        } else {
            let m = MONTHS
                .iter()
                .position(|m| *m == part || (part.len() >= 3 && part.len() <= 4 && m.starts_with(part)))?;
            if month != 0 {
                return None;
            }
            month = m as u8 + 1;
        }
    }
    found.filter(|_| month > 0).map(|year| Date { year, month, day })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str, order: Order) -> Option<String> {
        parse(text, order).ok().map(format)
    }

    #[test]
    fn good_spellings_keep_their_precision() {
        for (text, wanted) in [
            ("2020", "2020"),
            ("2020.0", "2020"),
            ("2020-Q1", "2020-Q1"),
            ("Q4 2020", "2020-Q4"),
            ("2020-03", "2020-03"),
            ("03/2020", "2020-03"),
            ("2020-03-05", "2020-03-05"),
            ("2020/3/5", "2020-03-05"),
            ("20200305", "2020-03-05"),
            ("2020-03-05T12:00:00Z", "2020-03-05"),
            ("2020-03-05 12:00", "2020-03-05"),
            ("5 March 2020", "2020-03-05"),
            ("5th Mar 2020", "2020-03-05"),
            ("March 2020", "2020-03"),
            ("25/03/2020", "2020-03-25"),
            ("03/25/2020", "2020-03-25"),
            ("05.05.2020", "2020-05-05"),
            ("٢٠٢٠-٠٣-٠٥", "2020-03-05"),
        ] {
            assert_eq!(date(text, Order::Unknown).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_both_ways_needs_an_order() {
        assert_eq!(date("05/03/2020", Order::Dmy).as_deref(), Some("2020-03-05"));
        assert_eq!(date("05/03/2020", Order::Mdy).as_deref(), Some("2020-05-03"));
        for order in [Order::Unknown, Order::Mixed] {
            assert_eq!(parse("05/03/2020", order).err().unwrap().code, FindingCode::AmbiguousDate);
        }
        assert_eq!(parse("03/25/2020", Order::Dmy).err().unwrap().code, FindingCode::AmbiguousDate);
    }

    #[test]
    fn what_is_no_date_is_an_error() {
        for text in
            ["2020-13-01", "2021-02-29", "31/04/2020", "05/03/20", "yesterday", "2020-03-00", "1", "3020", "20201301"]
        {
            assert_eq!(parse(text, Order::Dmy).err().unwrap().code, FindingCode::BadDate, "{text}");
        }
    }

    #[test]
    fn a_band_of_years_is_seen_as_one() {
        assert!(is_year_band("2014-2018") && is_year_band("2014--2018"));
        assert!(!is_year_band("2018-2014") && !is_year_band("2014-03") && !is_year_band("2014"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            for order in [Order::Unknown, Order::Dmy, Order::Mdy, Order::Mixed] {
                let _ = parse(&text, order);
            }
            let _ = (evidence(&text), is_year_band(&text));
        }

        #[test]
        fn numeric_texts_never_panic(text in "[0-9 ./TQ:-]{0,20}") {
            let _ = (parse(&text, Order::Unknown), evidence(&text), is_year_band(&text));
        }

        #[test]
        fn what_is_written_reads_the_same(year in 1900i16..=2100, month in 0u8..=16, day in 0u8..=28) {
            let day = if (1..=12).contains(&month) { day } else { 0 };
            let written = Date { year, month, day };
            prop_assert!(parse(&format(written), Order::Unknown) == Ok(written));
        }
    }
}

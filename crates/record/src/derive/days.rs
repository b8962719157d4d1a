//! Days between dates that are known to the day, month, quarter or year.

use crate::model::Date;

/// First and last day that a date can mean, as day numbers; nothing if it is no date of the calendar.
pub(super) fn span(date: Date) -> Option<(i64, i64)> {
    let (first, last) = match date.month {
        0 => (1, 12),
        quarter @ 13..=16 => ((quarter - 13) * 3 + 1, (quarter - 13) * 3 + 3),
        month @ 1..=12 => (month, month),
        _ => return None,
    };
    if date.day == 0 {
        return Some((number(date.year, first, 1), number(date.year, last, length(date.year, last))));
    }
    if first != last || date.day > length(date.year, first) {
        return None;
    }
    let day = number(date.year, first, date.day);
    Some((day, day))
}

/// Fewest and most days from one date to a later one; nothing if the second surely lies before the first.
pub(super) fn between(from: Date, to: Date) -> Option<(i64, i64)> {
    let ((from_first, from_last), (to_first, to_last)) = (span(from)?, span(to)?);
    (to_last >= from_first).then(|| ((to_first - from_last).max(0), to_last - from_first))
}

fn length(year: i16, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the first of March of year 0 (Howard Hinnant's `days_from_civil`, without its shift).
fn number(year: i16, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let month = i64::from(month);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_as_another_calendar_numbers_them() {
        let start = jiff::civil::date(1899, 12, 31);
        let first = number(1899, 12, 31);
        let mut day = start;
        for n in 0..80_000 {
            assert_eq!(number(day.year(), day.month() as u8, day.day() as u8) - first, n, "{day}");
            assert_eq!(i32::from(length(day.year(), day.month() as u8)), i32::from(day.days_in_month()));
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_month_a_quarter_and_a_year_are_spans_and_what_is_no_date_is_none() {
        let date = |year, month, day| Date { year, month, day };
        let days = |d| span(d).map(|(a, b)| b - a + 1);
        assert_eq!(days(date(2024, 2, 0)), Some(29));
        assert_eq!(days(date(2023, 13, 0)), Some(90));
        assert_eq!(days(date(2023, 16, 0)), Some(92));
        assert_eq!(days(date(2023, 0, 0)), Some(365));
        assert_eq!(days(date(2023, 2, 28)), Some(1));
        for wrong in [date(2023, 2, 29), date(2023, 17, 0), date(2023, 13, 4), date(2023, 0, 4), date(2023, 4, 31)] {
            assert_eq!(days(wrong), None);
        }
        assert_eq!(between(date(2023, 1, 31), date(2023, 2, 0)), Some((1, 28)));
        assert_eq!(between(date(2023, 2, 0), date(2023, 2, 3)), Some((0, 2)));
        assert_eq!(between(date(2023, 3, 1), date(2023, 2, 0)), None);
    }
}

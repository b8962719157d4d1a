//! Whether a column looks like one that names, numbers or describes people, by its set of values alone.
//!
//! # Privacy
//!
//! Whoever takes a domain from a file declares that the *sets of values* are public (PRIVACY 5). How many rows there are, and
//! how many of them hold which value, is not, and no decision to refuse may read it (PRIVACY 10). So this is a function of the
//! set: two files whose columns hold the same values get the same answer, however many rows they have and in whichever order.
//!
//! A reminder and no guard: first names alone look like any other words. What protects people here is that the declaration is
//! true.

/// Fewer different values than this are taken for categories, whatever they look like.
const FEW: usize = 20;
/// More different values than this are not taken for categories, whatever they look like; the longest lists of countries and
/// languages have half as many.
const MANY: usize = 500;
/// Numbers with so many digits number people and cases, not years and ages.
const LONG_NUMBER: usize = 6;
/// Texts with so many words are told, not chosen.
const SENTENCE: usize = 8;

/// Whether the values look like those of one person each.
pub(super) fn is_identifying(values: &[String]) -> bool {
    if values.len() < FEW {
        return false;
    }
    if values.len() > MANY {
        return true;
    }
    let most = |is: fn(&str) -> bool| values.iter().filter(|v| is(v)).count() * 10 >= values.len() * 9;
    most(|v| is_handle(v) || is_long_number(v) || is_date(v) || is_sentence(v))
        || most(is_full_name)
        || most(is_label_and_number)
}

/// An address, an account, a page, or an identifier of letters and digits.
fn is_handle(value: &str) -> bool {
    let at = value.find('@').is_some_and(|at| at + 1 < value.len());
    let hex = value.bytes().filter(u8::is_ascii_hexdigit).count();
    let is_hex = hex >= 8 && value.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'{' | b'}'));
    at || value.contains("://")
        || is_hex && value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Telephone numbers, numbers of documents and of cases: digits with what sets them apart, and at most a short prefix.
fn is_long_number(value: &str) -> bool {
    let digits = value.chars().filter(|c| c.is_numeric()).count();
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    digits >= LONG_NUMBER && letters <= 4 && !is_range(value)
}

/// Two bounds, as in 100,000–199,999: the digits of neither are many.
fn is_range(value: &str) -> bool {
    let value = value.replace(',', "");
    let parts: Vec<&str> = value.split(['-', '\u{2013}']).map(str::trim).filter(|p| !p.is_empty()).collect();
    matches!(parts[..], [a, b] if a.bytes().all(|x| x.is_ascii_digit()) && b.bytes().all(|x| x.is_ascii_digit())
        && a.len() <= b.len() && a.parse::<u64>().ok() < b.parse::<u64>().ok())
}

/// A day of the calendar: three numbers, one of them a year.
fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['-', '/', '.', ' ', 'T']).take(3).collect();
    let is = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    matches!(parts[..], [a, b, c] if (is(a, 4..=4) && is(b, 1..=2) && is(c, 1..=2)) || (is(a, 1..=2) && is(b, 1..=2) && is(c, 4..=4)))
}

/// Many words.
fn is_sentence(value: &str) -> bool {
    value.split_whitespace().count() >= SENTENCE
}

/// Two to four words, each with a capital where its letters have such, and nothing but letters.
fn is_full_name(value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    let is_name = |word: &&str| {
        word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '\u{2019}' | '-' | '.' | ','))
            && word.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
    };
    (2..=4).contains(&words.len()) && words.iter().all(is_name)
}

/// A word or two and a number after them, such as `person 12`, `P-0012`: a running number with a label.
fn is_label_and_number(value: &str) -> bool {
    let label = value.trim_end_matches(|c: char| c.is_ascii_digit());
    label.len() < value.len()
        && label.chars().any(char::is_alphabetic)
        && label.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '_' | '.' | '#' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_standard::columns::Columns;
    use proptest::prelude::*;

    fn of(count: usize, value: impl Fn(usize) -> String) -> Vec<String> {
        (1..=count).map(value).collect()
    }

    #[test]
    fn what_names_or_numbers_people_is_told_by_its_shape() {
        let names = ["Ana", "Bea", "Cleo", "Dina", "Eva"];
        for values in [
            of(20, |i| format!("person {i}")),
            of(20, |i| format!("P-{i:04}")),
            of(25, |i| format!("{} {}son", names[i % 5], names[i / 5 % 5])),
            of(20, |i| format!("user{i}@example.org")),
            of(20, |i| format!("@user_{i}_x")),
            of(20, |i| format!("https://example.org/{i}")),
            of(20, |i| format!("+00 555 01{i:02}")),
            of(20, |i| format!("{}", 700_000 + i)),
            of(20, |i| format!("19{:02}-0{}-{:02}", 70 + i, i % 9 + 1, i)),
            of(20, |i| format!("{i}/{}/2001", i % 12 + 1)),
            of(20, |i| format!("00000000-0000-4000-8000-0000000000{i:02}")),
            of(20, |i| format!("she said that it was on day {i} of it")),
            of(501, |i| i.to_string()),
        ] {
            assert!(is_identifying(&values), "{values:?}");
        }
    }

    #[test]
    fn categories_years_ages_and_countries_are_let_through() {
        for values in [
            of(19, |i| format!("person {i}")),
            of(60, |i| (1960 + i).to_string()),
            of(100, |i| i.to_string()),
            of(30, |i| format!("{}--{}", i * 3, i * 3 + 2)),
            of(30, |i| format!("{}-{}", i * 10_000, i * 10_000 + 9_999)),
            of(26, |i| char::from(b'A' + (i as u8 - 1)).to_string().repeat(3)),
            of(200, |i| format!("country of {}", char::from(b'a' + (i % 26) as u8).to_string().repeat(i / 26 + 2))),
            vec![],
        ] {
            assert!(!is_identifying(&values), "{values:?}");
        }
        let countries =
            Columns::parse("[[column]]\nname = \"c\"\ncodelist = \"country\"").unwrap().columns.remove(0).values;
        assert!(countries.len() > 100 && !is_identifying(&countries));
    }

    proptest! {
        #[test]
        fn privacy_10_the_answer_does_not_depend_on_the_order_of_the_values(mut values in prop::collection::vec(".{0,12}", 0..60)) {
            let found = is_identifying(&values);
            values.reverse();
            prop_assert_eq!(is_identifying(&values), found);
        }
    }
}

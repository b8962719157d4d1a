//! Rules across fields, as declarations. A rule holds unless what is known contradicts it: "about 14" and "15-17" can both
//! be true where one must not be later than the other.

use super::finding::FindingCode;
use super::plan::Fact;

/// One field must not be later than another.
struct NotLater {
    earlier: u8,
    later: u8,
    code: FindingCode,
}

/// Fields that rules look at; a variable is an index into this list.
pub(super) const VARIABLES: [&str; 7] = [
    "age_at_recruitment",
    "age_at_first_exploitation",
    "age_at_identification",
    "age_at_exit",
    "birth_date",
    "registration_date",
    "followed_until",
];

const RULES: [NotLater; 6] = [
    NotLater { earlier: 0, later: 2, code: FindingCode::InconsistentAges },
    NotLater { earlier: 0, later: 3, code: FindingCode::InconsistentAges },
    NotLater { earlier: 1, later: 3, code: FindingCode::InconsistentAges },
    NotLater { earlier: 4, later: 5, code: FindingCode::InconsistentDates },
    NotLater { earlier: 4, later: 6, code: FindingCode::InconsistentDates },
    NotLater { earlier: 5, later: 6, code: FindingCode::InconsistentDates },
];

/// The variable that a field of the record is.
pub(super) fn variable(field: &str) -> Option<u8> {
    VARIABLES.iter().position(|v| *v == field).map(|i| i as u8)
}

/// Rules that a record contradicts: code, column at fault, message.
pub(super) fn contradicted(
    known: &[Option<Fact>; VARIABLES.len()],
) -> impl Iterator<Item = (FindingCode, &'static str, String)> + '_ {
    RULES.iter().filter_map(|rule| {
        let (earlier, later) = (known[usize::from(rule.earlier)]?, known[usize::from(rule.later)]?);
        (earlier.0 > later.1).then(|| {
            let (a, b) = (VARIABLES[usize::from(rule.earlier)], VARIABLES[usize::from(rule.later)]);
            (rule.code, b, format!("`{b}` is less than `{a}`"))
        })
    })
}

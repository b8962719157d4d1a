//! What a cell of a record can hold, apart from the value itself: a code's number, and the reasons for having none.

use serde::{Deserialize, Serialize};

/// The permanent number of one code in its list. Numbers are given once in the list's file and never reused, so that a
/// sealed record stays readable under every later codebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code(pub u16);

/// Why there is no value. These are different facts; none of them is ever "no" or zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Asked, and the answer is not known.
    Unknown,
    /// The question was not put.
    NotAsked,
    /// The person declined to answer.
    Refused,
    /// Known, but kept back by a rule.
    Withheld,
    /// The source has no place for it, or left it blank.
    NotRecorded,
}

impl Missing {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Missing; 5] =
        [Missing::Unknown, Missing::NotAsked, Missing::Refused, Missing::Withheld, Missing::NotRecorded];

    /// The word used in files.
    pub const fn word(self) -> &'static str {
        match self {
            Missing::Unknown => "unknown",
            Missing::NotAsked => "not_asked",
            Missing::Refused => "refused",
            Missing::Withheld => "withheld",
            Missing::NotRecorded => "not_recorded",
        }
    }

    /// The reason that a word in a file names.
    pub fn from_word(word: &str) -> Option<Missing> {
        Missing::ALL.into_iter().find(|m| m.word() == word)
    }
}

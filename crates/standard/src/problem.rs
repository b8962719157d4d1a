//! What is wrong with a data file, in words for the person who wrote it.

use std::fmt;

/// One thing to mend in a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: field, code, column or category, as written in the file.
    pub place: String,
    /// What is wrong, and how to mend it.
    pub what: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Why a data file was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The text is not TOML of the expected shape; the message names line and key.
    #[error("{file}: {message}")]
    Format {
        /// File or kind of file.
        file: String,
        /// Message of the parser.
        message: String,
    },
    /// The text is longer than a data file can be.
    #[error("{file}: longer than {limit} bytes")]
    TooLong {
        /// File or kind of file.
        file: String,
        /// The limit.
        limit: usize,
    },
    /// The file is well formed, and wrong.
    #[error("{file}: {}", list(problems))]
    Wrong {
        /// File or kind of file.
        file: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
}

/// Longest data file that is read.
pub const MAX_FILE: usize = 4 << 20;

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads TOML of a given shape.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, FileError> {
    if text.len() > MAX_FILE {
        return Err(FileError::TooLong { file: file.to_owned(), limit: MAX_FILE });
    }
    toml::from_str(text).map_err(|e| FileError::Format { file: file.to_owned(), message: e.to_string() })
}

/// `Ok` if nothing is wrong.
pub(crate) fn none_wrong(file: &str, problems: Vec<Problem>) -> Result<(), FileError> {
    if problems.is_empty() { Ok(()) } else { Err(FileError::Wrong { file: file.to_owned(), problems }) }
}

/// Whether an identifier is lower case letters, digits and `_`, starting with a letter, 64 at most.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

//! A configuration of Synthetic Data Showcase, read for what it means here, so that its users can switch in an hour.
//!
//! **It must never guess.** Each setting gets a fate: taken, changed (and how), not needed (and why), not supported (and
//! why); what is not known is listed as unknown. Understood are the configuration file of the Python pipeline, the copy that
//! the pipeline leaves beside its output, parameters of `pac-synth` as its builder and its parameters print themselves, the
//! web application's `synthesis_info.json` and its parameters, and a command line of `sds-cli`.
//!
//! Start reading at [`import`].

mod command;
mod dial;
mod fate;
mod read;

use accord_standard::columns::Columns;
use std::fmt;

/// Longest configuration that is read, in bytes.
pub const MOST_BYTES: usize = 4 << 20;

/// Longest combinations of which aggregates are released here.
pub const MOST_LENGTH: u32 = 4;

/// What a configuration of Synthetic Data Showcase means here.
#[derive(Clone, Debug, PartialEq)]
pub struct SdsImport {
    /// Which of its configurations this is.
    pub form: Form,
    /// Columns to use; empty for all of the file but [`SdsImport::person`].
    pub columns: Vec<String>,
    /// Columns in which `0` is a value. In every other column `0` says that there is nothing, as a blank cell does.
    pub sensitive_zeros: Vec<String>,
    /// Longest combinations to aggregate.
    pub reporting_length: Option<u32>,
    /// Epsilon, where the configuration was for differential privacy.
    pub epsilon: Option<f64>,
    /// Delta, where it is a constant of the configuration.
    pub delta: Option<f64>,
    /// Dial of fabrication against suppression, 0 to 3.
    pub dial: Option<u8>,
    /// Column that tells people apart; it is no column of the table.
    pub person: Option<String>,
    /// Columns that hold several values in a cell.
    pub multi_value: Vec<MultiValue>,
    /// Number of synthetic rows that was asked for.
    pub rows: Option<u64>,
    /// Every setting that was recognised, and what became of it: by name, or as a command line has them.
    pub settings: Vec<Setting>,
    /// Names that no known version of Synthetic Data Showcase uses.
    pub unknown: Vec<String>,
    /// What the configuration leaves to whoever runs the command.
    pub notes: Vec<String>,
}

/// A column that holds several values in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiValue {
    /// Name of the column.
    pub column: String,
    /// What stands between two values.
    pub delimiter: String,
}

/// Where a configuration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Configuration of the Python pipeline, or the copy that it leaves beside its output.
    Pipeline,
    /// Parameters of `pac-synth`, from the builder or built.
    PacSynth,
    /// The web application's `synthesis_info.json`, or its parameters.
    WebApp,
    /// A command line of `sds-cli`.
    CommandLine,
}

/// One setting and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name as in the file; inner names behind a dot.
    pub name: String,
    /// Its value, shortened.
    pub value: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It holds here too.
    Taken,
    /// It holds in another shape.
    Changed {
        /// In which.
        how: String,
    },
    /// Nothing takes its place, and nothing that comes out depends on it.
    NotNeeded {
        /// Why.
        why: String,
    },
    /// It asked for something that is not done here: what comes out differs.
    NotSupported {
        /// Why, and what to do.
        why: String,
    },
}

/// Why a text is no configuration that can be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdsError {
    /// Longer than [`MOST_BYTES`].
    #[error("the configuration is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// Neither JSON nor a command line.
    #[error("this is no JSON and no sds-cli command: {0}")]
    Unreadable(String),
    /// JSON, but none of the known configurations.
    #[error(
        "this is no configuration of Synthetic Data Showcase: none of the settings is there by which one is recognised, \
         such as sensitive_microdata_path, reporting_length with epsilon, or csvDataParameters"
    )]
    NotSds,
    /// A setting has a value of another kind than it can have.
    #[error("{name} should be {expected}")]
    Wrong {
        /// The setting.
        name: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A setting stands there twice, with different values.
    #[error("{first} and {second} say different things")]
    Twice {
        /// Its first name.
        first: String,
        /// Its second name.
        second: String,
    },
}

/// Reads a configuration of Synthetic Data Showcase.
///
/// # Errors
/// [`SdsError`] if the text is none, or says one thing twice, or has a value of the wrong kind: nothing is guessed.
pub fn import(text: &str) -> Result<SdsImport, SdsError> {
    if text.len() > MOST_BYTES {
        return Err(SdsError::TooLong);
    }
    let text = text.trim_start_matches('\u{feff}');
    let entries = if command::is_command(text) { command::entries(text)? } else { read::entries(text)? };
    fate::import(&entries)
}

impl SdsImport {
    /// Whether `0` is a value in this column, and not the absence of one.
    pub fn zero_is_a_value(&self, column: &str) -> bool {
        self.sensitive_zeros.iter().any(|c| c == column)
    }

    /// Makes `0` a spelling of blank in every column in which it is no value: for a domain whose values were taken from the
    /// file. A domain that somebody wrote says itself what `0` is.
    pub fn blank_zeros(&self, columns: &mut Columns) {
        for column in columns.columns.iter_mut().filter(|c| c.groups.is_empty()) {
            if self.zero_is_a_value(&column.name) || column.other.as_deref() == Some("0") {
                continue;
            }
            column.values.retain(|v| v != "0");
            if !column.absent.iter().any(|a| a == "0") {
                column.absent.push("0".to_owned());
            }
        }
    }

    /// The caller splits the columns of [`SdsImport::multi_value`] into one column a value: their setting is taken.
    #[must_use]
    pub fn with_multi_values_split(mut self) -> Self {
        for setting in &mut self.settings {
            if fate::is_multi_value(&setting.name) && matches!(setting.fate, Fate::NotSupported { .. }) {
                setting.fate =
                    Fate::Changed { how: "one column a value, which holds 1 where the cell names it".into() };
            }
        }
        self
    }

    /// The settings because of which something else will come out than the configuration asked for.
    pub fn unsupported(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter().filter(|s| matches!(s.fate, Fate::NotSupported { .. }))
    }

    /// The import in lines for a terminal: what it is, then each setting, beginning with those because of which something
    /// else comes out, then what is left to decide. Control and direction signs of the file are shown as escapes.
    pub fn report(&self) -> Vec<String> {
        let (settings, unknown) = (self.settings.len(), self.unknown.len());
        let mut lines: Vec<(u8, String)> = Vec::with_capacity(settings + unknown);
        for setting in &self.settings {
            let (rank, word, words) = match &setting.fate {
                Fate::NotSupported { why } => (0, "NOT SUPPORTED", why.as_str()),
                Fate::Changed { how } => (2, "changed", how.as_str()),
                Fate::Taken => (3, "taken", ""),
                Fate::NotNeeded { why } => (4, "not needed", why.as_str()),
            };
            let colon = if words.is_empty() { "" } else { ": " };
            let [name, value, words] = [&setting.name, &setting.value, words].map(printable);
            lines.push((rank, format!("  {word:<13} {name} = {value}{colon}{words}")));
        }
        lines.extend(self.unknown.iter().map(|n| (1, format!("  {:<13} {}: left alone", "UNKNOWN", printable(n)))));
        // Stable: within a rank they stay by name.
        lines.sort_by_key(|(rank, _)| *rank);
        let head = format!("Synthetic Data Showcase, {}: {settings} settings known, {unknown} not", self.form);
        let notes = self.notes.iter().map(|note| format!("  note: {}", printable(note)));
        std::iter::once(head).chain(lines.into_iter().map(|(_, line)| line)).chain(notes).collect()
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Pipeline => "configuration of the Python pipeline",
            Form::PacSynth => "parameters of pac-synth",
            Form::WebApp => "parameters of the web application",
            Form::CommandLine => "sds-cli command line",
        })
    }
}

/// Text of the file without signs that could move the cursor or turn the line round.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests;

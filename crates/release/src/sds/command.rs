//! A command line of `sds-cli`, alone or in a shell script, as the same list of settings.

use super::read::{Entries, Entry, key};
use super::{Form, SdsError};
use serde_json::{Map, Value};

/// Options that may be given several times or take several words.
const LISTS: [&str; 5] =
    ["use_columns", "sensitive_zeros", "multi_value_columns", "noise_threshold_values", "sigma_proportions"];
/// Options without a value.
const FLAGS: [&str; 4] = ["dp", "not_protect", "join_multi_value_columns", "use_synthetic_counts"];
/// Options whose value is text even where it looks like a number.
const TEXTS: [&str; 11] = [
    "sensitive_path",
    "sensitive_delimiter",
    "subject_id",
    "synthetic_path",
    "synthetic_delimiter",
    "mode",
    "aggregates_path",
    "aggregates_delimiter",
    "aggregates_json",
    "records_sensitivity_path",
    "noise_threshold_type",
];
/// Most options of a text: it is looked through for each.
const MOST_OPTIONS: usize = 1_000;
/// What may be asked of `sds-cli`.
const SUBCOMMANDS: [&str; 2] = ["aggregate", "generate"];

/// Whether the text is a command line: it names the program, and is no JSON.
pub(super) fn is_command(text: &str) -> bool {
    !text.trim_start().starts_with(['{', '[']) && text.contains("sds-cli")
}

/// The settings of all `sds-cli` commands of a text, each name once: two commands that say the same thing say it once.
pub(super) fn entries(text: &str) -> Result<Entries, SdsError> {
    let mut list: Vec<Entry> = Vec::new();
    for words in commands(text)? {
        let Some(program) = words.iter().position(|w| is_program(w)) else { continue };
        for entry in command(&words[program + 1..])? {
            match list.iter().find(|e| e.key == entry.key) {
                None if list.len() == MOST_OPTIONS => return Err(too_many()),
                None => list.push(entry),
                Some(known) if known.value == entry.value => {}
                Some(known) => {
                    return Err(SdsError::Twice {
                        first: known.name.clone(),
                        second: format!("a second {}", entry.name),
                    });
                }
            }
        }
    }
    if list.is_empty() {
        return Err(SdsError::Unreadable("no sds-cli command with options".into()));
    }
    Ok(Entries { form: Form::CommandLine, list })
}

fn too_many() -> SdsError {
    SdsError::Unreadable(format!("it has more than {MOST_OPTIONS} options"))
}

fn is_program(word: &str) -> bool {
    let file = word.rsplit(['/', '\\']).next().unwrap_or(word);
    file == "sds-cli" || file == "sds-cli.exe"
}

/// The options of one command.
fn command(words: &[String]) -> Result<Vec<Entry>, SdsError> {
    let mut list: Vec<Entry> = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix("--") else {
            if SUBCOMMANDS.contains(&word.as_str()) {
                continue;
            }
            return Err(SdsError::Unreadable(format!("`{word}` is no option of sds-cli")));
        };
        if list.len() == MOST_OPTIONS {
            return Err(too_many());
        }
        let (name, joined) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option, None),
        };
        let key = key(name);
        let is_list = LISTS.contains(&key.as_str());
        let mut values: Vec<String> = joined.into_iter().collect();
        if values.is_empty() && !FLAGS.contains(&key.as_str()) {
            let free = |w: &&String| !w.starts_with("--") && !SUBCOMMANDS.contains(&w.as_str());
            values.extend(words.next_if(|w| free(w)).cloned());
            while is_list && let Some(value) = words.next_if(|w| free(w)) {
                values.push(value.clone());
            }
            if values.is_empty() {
                return Err(SdsError::Wrong { name: format!("--{name}"), expected: "followed by a value" });
            }
        }
        let known = list.iter_mut().find(|e| e.key == key);
        if let (Some(known), true) = (&known, !is_list) {
            return Err(SdsError::Twice { first: known.name.clone(), second: format!("a second {}", known.name) });
        }
        match (known, values.as_slice()) {
            (Some(known), values) => add(known, values)?,
            (None, []) => list.push(Entry { name: format!("--{name}"), key, value: Value::Bool(true) }),
            (None, [value]) if !is_list => {
                let value = if TEXTS.contains(&key.as_str()) { Value::from(value.as_str()) } else { scalar(value) };
                list.push(Entry { name: format!("--{name}"), key, value });
            }
            (None, values) => {
                let empty = match key.as_str() {
                    "multi_value_columns" | "noise_threshold_values" => Value::Object(Map::new()),
                    _ => Value::Array(Vec::new()),
                };
                let mut entry = Entry { name: format!("--{name}"), key, value: empty };
                add(&mut entry, values)?;
                list.push(entry);
            }
        }
    }
    Ok(list)
}

/// Adds values to a list, or to a map: columns with delimiters, or thresholds by length from two on.
fn add(entry: &mut Entry, values: &[String]) -> Result<(), SdsError> {
    let Entry { name, key, value } = entry;
    match value {
        Value::Array(list) if key == "sigma_proportions" => list.extend(values.iter().map(|v| scalar(v))),
        Value::Array(list) => list.extend(values.iter().map(|v| Value::from(v.as_str()))),
        Value::Object(map) if key == "multi_value_columns" => {
            for value in values {
                let expected = "<column>,<delimiter>";
                let pair =
                    value.split_once(',').filter(|(column, delimiter)| !column.is_empty() && !delimiter.is_empty());
                let Some((column, delimiter)) = pair else {
                    return Err(SdsError::Wrong { name: name.clone(), expected });
                };
                map.insert(column.to_owned(), Value::from(delimiter));
            }
        }
        Value::Object(map) => {
            for value in values {
                let length = map.len() + 2;
                map.insert(length.to_string(), scalar(value));
            }
        }
        _ => {}
    }
    Ok(())
}

/// A number where it is one, otherwise text.
fn scalar(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(number @ Value::Number(_)) => number,
        _ => Value::from(text),
    }
}

/// The commands of a shell script, each in words: quotes and backslashes are taken as a shell does, nothing is expanded.
fn commands(text: &str) -> Result<Vec<Vec<String>>, SdsError> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut word: Option<String> = None;
    let end_word = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>| {
        if let (Some(word), Some(last)) = (word.take(), commands.last_mut()) {
            last.push(word);
        }
    };
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => match signs.next() {
                // A line that goes on.
                Some('\n') | None => {}
                Some('\r') if signs.peek() == Some(&'\n') => {
                    signs.next();
                }
                Some(next) => word.get_or_insert_default().push(next),
            },
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next() {
                        None => return Err(SdsError::Unreadable(format!("a {sign} is never closed"))),
                        Some(end) if end == sign => break,
                        Some('\\') if sign == '"' => match signs.next() {
                            Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                            Some('\n') | None => {}
                            Some(next) => word.extend(['\\', next]),
                        },
                        Some(next) => word.push(next),
                    }
                }
            }
            '#' if word.is_none() => while signs.next_if(|c| *c != '\n').is_some() {},
            '\n' | ';' | '&' | '|' => {
                end_word(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            sign if sign.is_whitespace() => end_word(&mut word, &mut commands),
            sign => word.get_or_insert_default().push(sign),
        }
    }
    end_word(&mut word, &mut commands);
    commands.retain(|words| !words.is_empty());
    Ok(commands)
}

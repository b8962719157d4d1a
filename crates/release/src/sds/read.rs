//! A JSON configuration as a flat list of settings under the names of the Python pipeline.

use super::{Form, SdsError};
use serde_json::{Map, Value};

/// One setting as found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Name as in the file; inner names behind a dot.
    pub name: String,
    /// The name in one spelling: small letters, words joined by `_`, no underscore in front.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// All settings, and which form they have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entries {
    pub form: Form,
    pub list: Vec<Entry>,
}

/// Objects that hold settings of their own, by key.
const CONTAINERS: [&str; 8] = [
    "parameters",
    "csv_data_parameters",
    "base_synthesis_parameters",
    "dp_parameters",
    "oversampling",
    "oversampling_parameters",
    "base_config",
    "dataset",
];

/// The settings of a JSON configuration.
pub(super) fn entries(text: &str) -> Result<Entries, SdsError> {
    let value: Value = serde_json::from_str(text).map_err(|e| SdsError::Unreadable(e.to_string()))?;
    let Value::Object(map) = value else { return Err(SdsError::NotSds) };
    let mut list = Vec::new();
    collect(&map, "", &mut list);
    let form = form(&list).ok_or(SdsError::NotSds)?;
    Ok(Entries { form, list })
}

fn collect(map: &Map<String, Value>, inside: &str, list: &mut Vec<Entry>) {
    for (name, value) in map {
        let key = key(name);
        let name = if inside.is_empty() { name.clone() } else { format!("{inside}.{name}") };
        match value {
            // Containers hold containers only where the web application nests them.
            Value::Object(inner) if CONTAINERS.contains(&key.as_str()) && inside.matches('.').count() < 2 => {
                collect(inner, &name, list);
            }
            _ => list.push(Entry { name, key, value: value.clone() }),
        }
    }
}

/// Recognised by settings that nobody else has.
fn form(list: &[Entry]) -> Option<Form> {
    let named = |name: &str| list.iter().any(|e| e.name.rsplit('.').next() == Some(name));
    let pipeline = [
        "sensitive_microdata_path",
        "sensitive_microdata_delimiter",
        "reporting_resolution",
        "dp_aggregates",
        "noise_epsilon",
    ];
    if pipeline.into_iter().any(named) {
        Some(Form::Pipeline)
    } else if (named("_reporting_length") && named("_epsilon")) || (named("reporting_length") && named("epsilon")) {
        Some(Form::PacSynth)
    } else if named("reportingLength") && ["mode", "synthesisMode", "useColumns"].into_iter().any(named) {
        Some(Form::WebApp)
    } else if named("use_columns") && ["record_limit", "sensitive_zeros", "reporting_length"].into_iter().any(named) {
        Some(Form::Pipeline)
    } else {
        None
    }
}

/// One spelling for `useColumns`, `use-columns`, `_use_columns` and `use_columns`.
pub(super) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 4);
    for c in name.trim_start_matches(['_', '-']).chars() {
        if c.is_ascii_uppercase() {
            if !key.is_empty() && !key.ends_with('_') {
                key.push('_');
            }
            key.push(c.to_ascii_lowercase());
        } else {
            key.push(if c == '-' || c == ' ' { '_' } else { c });
        }
    }
    key
}

impl Entry {
    fn wrong(&self, expected: &'static str) -> SdsError {
        SdsError::Wrong { name: self.name.clone(), expected }
    }

    /// A whole number; negative ones and nought mean something in some settings.
    pub fn whole(&self) -> Result<i64, SdsError> {
        self.value.as_i64().ok_or_else(|| self.wrong("a whole number"))
    }

    pub fn number(&self) -> Result<f64, SdsError> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    pub fn truth(&self) -> Result<bool, SdsError> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn text(&self) -> Result<&str, SdsError> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// A name of a column: a text that is not empty.
    pub fn column(&self) -> Result<String, SdsError> {
        match self.text()? {
            "" => Err(self.wrong("the name of a column")),
            name => Ok(name.to_owned()),
        }
    }

    /// A list of columns, each once, in order.
    pub fn columns(&self) -> Result<Vec<String>, SdsError> {
        const EXPECTED: &str = "a list of names of columns";
        let Value::Array(list) = &self.value else { return Err(self.wrong(EXPECTED)) };
        let mut columns: Vec<String> = Vec::with_capacity(list.len());
        let mut seen = std::collections::HashSet::new();
        for name in list {
            match name.as_str() {
                None | Some("") => return Err(self.wrong(EXPECTED)),
                Some(name) if seen.insert(name) => columns.push(name.to_owned()),
                Some(_) => {}
            }
        }
        Ok(columns)
    }

    /// Pairs of texts.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, SdsError> {
        const EXPECTED: &str = "an object of columns and delimiters";
        let Value::Object(map) = &self.value else { return Err(self.wrong(EXPECTED)) };
        let pair = |(column, delimiter): (&String, &Value)| match delimiter.as_str() {
            None | Some("") => Err(self.wrong(EXPECTED)),
            Some(delimiter) => Ok((column.clone(), delimiter.to_owned())),
        };
        map.iter().map(pair).collect()
    }

    /// Numbers by length of combination.
    pub fn by_length(&self) -> Result<Vec<(u64, f64)>, SdsError> {
        by_length(&self.value).ok_or_else(|| self.wrong("an object of lengths and numbers"))
    }
}

pub(super) fn by_length(value: &Value) -> Option<Vec<(u64, f64)>> {
    let pair = |(length, number): (&String, &Value)| Some((length.parse().ok()?, number.as_f64()?));
    value.as_object()?.iter().map(pair).collect()
}

//! What becomes of each setting.

use super::dial::{Dial, dial};
use super::read::{Entries, Entry, key};
use super::{Fate, Form, MOST_LENGTH, MultiValue, SdsError, SdsImport, Setting};
use crate::account::{check_delta, check_epsilon};
use serde_json::Value;

/// Most settings that a configuration may have.
const MOST_SETTINGS: usize = 1_000;
/// Most signs of a value that are shown.
const SHOWN: usize = 60;

/// The import of a configuration's settings.
pub(super) fn import(entries: &Entries) -> Result<SdsImport, SdsError> {
    if entries.list.len() > MOST_SETTINGS {
        return Err(SdsError::Unreadable(format!("it has more than {MOST_SETTINGS} settings")));
    }
    let around = Around::of(entries)?;
    let mut import = SdsImport {
        form: entries.form,
        columns: around.columns(entries)?,
        sensitive_zeros: Vec::new(),
        reporting_length: None,
        epsilon: None,
        delta: None,
        dial: None,
        person: around.person.clone(),
        multi_value: Vec::new(),
        rows: None,
        settings: Vec::new(),
        unknown: Vec::new(),
        notes: Vec::new(),
    };
    for entry in &entries.list {
        match fate(entry, &around, &mut import)? {
            None => import.unknown.push(entry.name.clone()),
            // Nothing was set: the copy that the pipeline leaves holds every setting, most of them null.
            Some(_) if entry.value.is_null() => {}
            Some(fate) => import.settings.push(Setting { name: entry.name.clone(), value: shown(&entry.value), fate }),
        }
    }
    import.notes = notes(&import, &around, entries);
    Ok(import)
}

/// Whether this is the setting of columns with several values.
pub(super) fn is_multi_value(name: &str) -> bool {
    key(name.rsplit('.').next().unwrap_or(name)) == "multi_value_columns"
}

/// One name for what was named differently in different versions and programs.
fn canonical(key: &str) -> &str {
    match key {
        "noise_epsilon" => "epsilon",
        "noise_delta" => "delta",
        "identifier_column" => "subject_id",
        "resolution" => "reporting_resolution",
        "noise_threshold" => "threshold",
        "mode" => "synthesis_mode",
        "dp" => "dp_aggregates",
        "sensitive_path" => "sensitive_microdata_path",
        "sensitive_delimiter" | "delimiter" => "sensitive_microdata_delimiter",
        other => other,
    }
}

/// Settings that decide what is made: none of them may be said twice in different words.
const ONCE: [&str; 14] = [
    "use_columns",
    "sensitive_zeros",
    "reporting_length",
    "epsilon",
    "delta",
    "subject_id",
    "multi_value_columns",
    "record_limit",
    "synthesis_mode",
    "dp_aggregates",
    "fabrication_mode",
    "threshold",
    "noise_threshold_type",
    "noise_threshold_values",
];

/// What the meaning of one setting needs to know of the others.
struct Around {
    form: Form,
    /// Whether the configuration was for differential privacy; otherwise for k-anonymity, and its noise was not used.
    private: bool,
    /// It does not say whether: an epsilon that stands in it all the same was chosen by somebody.
    silent: bool,
    person: Option<String>,
    dial: Dial,
}

/// The setting of this name, if it is there and not null.
pub(super) fn find<'e>(entries: &'e Entries, name: &str) -> Option<&'e Entry> {
    entries.list.iter().find(|e| canonical(&e.key) == name && !e.value.is_null())
}

impl Around {
    fn of(entries: &Entries) -> Result<Self, SdsError> {
        for name in ONCE {
            let mut named = entries.list.iter().filter(|e| canonical(&e.key) == name && !e.value.is_null());
            if let Some(first) = named.next()
                && let Some(second) = named.find(|e| e.value != first.value)
            {
                return Err(SdsError::Twice { first: first.name.clone(), second: second.name.clone() });
            }
        }
        let private = match entries.form {
            Form::PacSynth => true,
            Form::Pipeline | Form::CommandLine => {
                find(entries, "dp_aggregates").map(Entry::truth).transpose()?.unwrap_or(false)
            }
            Form::WebApp => match find(entries, "synthesis_mode") {
                Some(mode) => matches!(key(mode.text()?).as_str(), "differential_privacy" | "d_p"),
                None => false,
            },
        };
        let person = find(entries, "subject_id").map(Entry::column).transpose()?;
        let dial = if private { dial(entries)? } else { Dial::Unset };
        let silent = entries.form == Form::Pipeline && find(entries, "dp_aggregates").is_none();
        Ok(Self { form: entries.form, private, silent, person, dial })
    }

    /// The columns to use, without the one that tells people apart.
    fn columns(&self, entries: &Entries) -> Result<Vec<String>, SdsError> {
        let mut columns = find(entries, "use_columns").map(Entry::columns).transpose()?.unwrap_or_default();
        columns.retain(|c| Some(c) != self.person.as_ref());
        Ok(columns)
    }
}

/// `None` for a setting that no version knows.
fn fate(entry: &Entry, around: &Around, import: &mut SdsImport) -> Result<Option<Fate>, SdsError> {
    let name = canonical(&entry.key);
    if entry.value.is_null() {
        let is_known = ONCE.contains(&name)
            || matches!(name, "delta_factor" | "aggregate_seeded_target_number_of_records")
            || fixed(name, around, entry).is_some();
        return Ok(is_known.then_some(Fate::Taken));
    }
    let of_noise = matches!(
        name,
        "epsilon"
            | "delta"
            | "delta_factor"
            | "fabrication_mode"
            | "threshold"
            | "noise_threshold_type"
            | "noise_threshold_values"
    );
    if of_noise && !around.private && !(around.silent && name == "epsilon") {
        return Ok(Some(not_needed("the configuration was for k-anonymity, which does not use it")));
    }
    Ok(Some(match name {
        "use_columns" => match &around.person {
            Some(person) if entry.columns()?.contains(person) => {
                changed(format!("without {person}, which tells people apart and is not published"))
            }
            _ => Fate::Taken,
        },
        "sensitive_zeros" => {
            let (kept, left): (Vec<_>, Vec<_>) =
                entry.columns()?.into_iter().partition(|c| import.columns.is_empty() || import.columns.contains(c));
            import.sensitive_zeros = kept;
            if left.is_empty() {
                Fate::Taken
            } else {
                changed(format!("without {}, not among the columns", left.join(", ")))
            }
        }
        "reporting_length" => {
            let asked = entry.whole()?;
            // Minus one in the pipeline and nought in sds-cli stand for all lengths.
            let all = asked <= 0 || asked > i64::from(MOST_LENGTH);
            let length = if all { MOST_LENGTH } else { asked as u32 };
            import.reporting_length = Some(length);
            if all { changed(format!("{MOST_LENGTH}, the longest that is released here")) } else { Fate::Taken }
        }
        "epsilon" => match check_epsilon(entry.number()?) {
            Ok(epsilon) => {
                import.epsilon = Some(epsilon);
                if around.private {
                    Fate::Taken
                } else {
                    changed("it holds, though dp_aggregates is not set: here there is always noise".into())
                }
            }
            Err(why) => not_supported(&format!("{why}; choose one with --epsilon")),
        },
        "delta" => match entry.number()? {
            0.0 => changed("the public constant --delta: here it never follows from the number of records".into()),
            delta => match check_delta(delta) {
                Ok(delta) => {
                    import.delta = Some(delta);
                    Fate::Taken
                }
                Err(why) => not_supported(&why.to_string()),
            },
        },
        "delta_factor" => {
            changed("the public constant --delta: here it never follows from the number of records".into())
        }
        "subject_id" => changed(
            "--person; several rows of a person are not joined into one record, --rows-per-person bounds them".into(),
        ),
        "multi_value_columns" => {
            let pairs = entry.pairs()?;
            let is_empty = pairs.is_empty();
            import.multi_value =
                pairs.into_iter().map(|(column, delimiter)| MultiValue { column, delimiter }).collect();
            if is_empty {
                Fate::Taken
            } else {
                not_supported("cells with several values are not split: make one column a value, 1 or empty")
            }
        }
        "record_limit" => match entry.whole()? {
            limit if limit <= 0 => not_needed("all records are used, as it says"),
            _ => not_supported(
                "where a person stands in the file must not decide whether they count: cut the file yourself first",
            ),
        },
        "aggregate_seeded_target_number_of_records" => match entry.whole()? {
            rows if rows > 0 => {
                import.rows = Some(rows as u64);
                changed(format!("--rows {rows}"))
            }
            _ => not_supported("a number of rows is over 0"),
        },
        "fabrication_mode" | "threshold" | "noise_threshold_type" | "noise_threshold_values" => match around.dial {
            Dial::At(dial) => {
                import.dial = Some(dial);
                changed(format!(
                    "--dial {dial}: its strictest threshold, in standard deviations of the noise, rounded up"
                ))
            }
            Dial::Unknown(why) => not_supported(why),
            Dial::Unset => not_needed("it sets no threshold"),
        },
        _ => return Ok(fixed(name, around, entry)),
    }))
}

/// The fate of settings that no result depends on.
fn fixed(name: &str, around: &Around, entry: &Entry) -> Option<Fate> {
    Some(match name {
        "dp_aggregates" if entry.value == Value::Bool(true) => Fate::Taken,
        "dp_aggregates" => changed("differential privacy always, with an epsilon".into()),
        "synthesis_mode" | "seeded" if around.private => {
            not_needed("rows and aggregates come from one protected model, whatever the mode")
        }
        "synthesis_mode" | "seeded" => changed("differential privacy: rows come from one protected model".into()),
        "reporting_resolution" | "not_protect" => {
            not_needed("noise protects small counts; a threshold or rounding of exact counts adds nothing to it")
        }
        "accuracy_mode" | "sigma_proportions" | "privacy_budget_profile" => {
            not_needed("the budget is not split by length: tables are measured where the model needs them")
        }
        "percentile_percentage"
        | "percentile_epsilon_proportion"
        | "sensitivities_percentile"
        | "sensitivities_epsilon_proportion"
        | "sensitivity_filter_epsilon"
        | "records_sensitivity_path" => {
            not_needed("what one person can change is bounded by declaration, not from data")
        }
        "number_of_records_epsilon_proportion" | "number_of_records_epsilon" => {
            not_needed("the number of records is never read outside a measurement that is paid for")
        }
        "use_synthetic_counts"
        | "aggregate_seeded_use_synthetic_counts"
        | "dp_aggregate_seeded_use_synthetic_counts"
        | "weight_selection_percentile"
        | "aggregate_counts_scale_factor"
        | "aggregate_seeded_counts_scale_factor"
        | "oversampling_type"
        | "oversampling_ratio"
        | "oversampling_tries" => not_needed("another sampler, which is checked against its model"),
        "empty_value" if entry.value.as_str() == Some("") => not_needed("a blank cell is empty here too"),
        "empty_value" => changed("a blank cell is empty in CSV and null in Parquet".into()),
        "join_multi_value_columns" => not_supported("columns that were split are not joined again"),
        "event_column" => {
            not_supported("events are not counted: one row a person, or several within --rows-per-person")
        }
        "sensitive_microdata_path" => not_needed("the file is named on the command line"),
        "sensitive_microdata_delimiter" => not_needed("the delimiter is recognised from the file"),
        "output_dir"
        | "prefix"
        | "synthetic_path"
        | "aggregates_path"
        | "aggregates_json"
        | "synthetic_delimiter"
        | "aggregates_delimiter"
        | "reportable_aggregates_path"
        | "synthetic_microdata_path"
        | "sensitive_aggregates_path" => not_needed("--out names the folder; its files have fixed names"),
        "parallel_jobs" | "cache_max_size" | "cache_size" | "memory_limit_pct" | "n_threads" => {
            not_needed("speed and memory need no setting")
        }
        "report_title" | "report_visuals" | "report_pages" => not_needed("there is no Power BI report"),
        "aggregate" | "generate" | "evaluate" | "navigate" | "verbose" | "execute" => {
            not_needed("one command does it all")
        }
        "runs" => not_supported(
            "a batch changes settings from run to run: import the copy that the run you mean left beside its output",
        ),
        "key" | "status" | "started_at" | "finished_at" | "progress" | "error_message" | "is_evaluated"
            if around.form == Form::WebApp =>
        {
            not_needed("it is about one run of the web application")
        }
        _ => return None,
    })
}

fn notes(import: &SdsImport, around: &Around, entries: &Entries) -> Vec<String> {
    let mut notes = Vec::new();
    if !around.private && import.epsilon.is_none() {
        notes.push("this was k-anonymity, which has no epsilon: choose one with --epsilon".to_owned());
    } else if import.epsilon.is_none() {
        notes.push("no epsilon that can be used: choose one with --epsilon".to_owned());
    }
    if import.person.is_none() {
        notes.push("without subject_id every row counted as another person: say so with --rows-are-people".to_owned());
    }
    if find(entries, "sensitive_zeros").is_none() {
        notes.push(
            "sensitive_zeros is not set: 0 says in every column that there is nothing, as a blank does".to_owned(),
        );
    }
    if find(entries, "use_columns").is_none() {
        notes.push("use_columns is not set: all columns are used".to_owned());
    }
    notes.push(
        "values must be public before the file is read: a domain file, or your word with --infer-domain-public"
            .to_owned(),
    );
    notes
}

fn changed(how: String) -> Fate {
    Fate::Changed { how }
}

fn not_needed(why: &str) -> Fate {
    Fate::NotNeeded { why: why.to_owned() }
}

fn not_supported(why: &str) -> Fate {
    Fate::NotSupported { why: why.to_owned() }
}

/// A value as shown: JSON, shortened.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

//! JSON lines: one object a line, in the record's nested form: fields, `events`, `perpetrators` and `platform_actions` as
//! lists of objects, `consent` as an object of purposes. Cells come out under flat names: `event.1.techuse`, `consent_p2`.

use super::delimited::Text;
use super::{Body, Fault, Flow, Format, Found, Hints, InputError, Row, Sink};
use serde_json::{Map, Value};

/// Most parts of one kind in a record.
const PARTS: usize = 1000;

pub(super) fn read(mut text: Text<'_>, hints: &Hints, gzip: bool, sink: &mut dyn Sink) -> Result<(), InputError> {
    let found = Found {
        format: Format::JsonLines,
        gzip,
        encoding: Some(text.encoding().to_owned()),
        delimiter: None,
        header_row: 0,
        notes: Vec::new(),
    };
    if sink.start(&found, &[]) == Flow::Stop {
        return Ok(());
    }
    let separator = hints.separator.as_deref().unwrap_or(";");
    let mut cells: Vec<(String, String)> = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let Some(line) = text.line(hints.limits.record_bytes, number)? else {
            sink.end(text.encoding());
            return Ok(());
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        cells.clear();
        let body = match serde_json::from_slice::<Map<String, Value>>(line) {
            // serde_json's message can quote the text, so only the place is kept.
            Err(e) => Body::Fault(Fault::Json(format!("not a JSON object (column {})", e.column()))),
            Ok(object) => match flattened(&object, separator, hints.flat, &mut cells) {
                Ok(()) if cells.len() > hints.limits.columns => {
                    return Err(InputError::Refused(format!(
                        "line {number} has more than {} cells",
                        hints.limits.columns
                    )));
                }
                Ok(()) => Body::Named(&cells),
                Err(why) => Body::Fault(Fault::Json(why)),
            },
        };
        if sink.row(&Row { number, body }) == Flow::Stop {
            return Ok(());
        }
    }
}

fn flattened(
    object: &Map<String, Value>,
    separator: &str,
    flat: bool,
    cells: &mut Vec<(String, String)>,
) -> Result<(), String> {
    if !flat {
        return flatten(object, separator, cells);
    }
    for (key, value) in object {
        cells.push((key.clone(), scalar(key, value, separator)?));
    }
    Ok(())
}

pub(super) fn flatten(
    object: &Map<String, Value>,
    separator: &str,
    cells: &mut Vec<(String, String)>,
) -> Result<(), String> {
    for (key, value) in object {
        match (key.as_str(), value) {
            ("events" | "perpetrators" | "platform_actions", Value::Null) => {}
            ("events" | "perpetrators" | "platform_actions", Value::Array(parts)) => {
                let level = key.trim_end_matches('s');
                if parts.len() > PARTS {
                    return Err(format!("`{key}` has more than {PARTS} entries"));
                }
                for (i, part) in parts.iter().enumerate() {
                    let Value::Object(part) = part else { return Err(format!("`{key}` must hold objects")) };
                    for (field, value) in part {
                        cells.push((format!("{level}.{}.{field}", i + 1), scalar(field, value, separator)?));
                    }
                }
            }
            ("events" | "perpetrators" | "platform_actions", _) => return Err(format!("`{key}` must be a list")),
            ("consent", Value::Object(purposes)) => {
                for (purpose, given) in purposes {
                    cells.push((
                        format!("consent_{}", purpose.to_ascii_lowercase()),
                        scalar(purpose, given, separator)?,
                    ));
                }
            }
            _ => cells.push((key.clone(), scalar(key, value, separator)?)),
        }
    }
    Ok(())
}

/// The text of a value, as it would stand in a CSV cell.
fn scalar(key: &str, value: &Value, separator: &str) -> Result<String, String> {
    Ok(match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(list) => {
            let mut out = String::new();
            for (i, item) in list.iter().enumerate() {
                if matches!(item, Value::Array(_) | Value::Object(_) | Value::Null) {
                    return Err(format!("`{key}` must hold plain values"));
                }
                if i > 0 {
                    out.push_str(separator);
                }
                out.push_str(&scalar(key, item, separator)?);
            }
            out
        }
        Value::Object(map) => match (map.len(), map.get("one_of"), map.get("missing")) {
            (1, Some(one_of @ Value::Array(_)), _) => scalar(key, one_of, "|")?,
            (1, _, Some(Value::String(reason))) => reason.clone(),
            _ => {
                return Err(format!(
                    "`{key}` must be a value, a list, {{\"one_of\": [..]}} or {{\"missing\": \"..\"}}"
                ));
            }
        },
    })
}

//! The nested form: one JSON object a line.

use super::{cell_text, code_id};
use crate::model::{Cell, Incoming, Part};
use accord_standard::codebook::Codebook;
use serde_json::{Map, Value, json};

/// A record as one line of JSON, without the line's end.
pub fn json_line(book: &Codebook, incoming: &Incoming) -> String {
    let record = &incoming.record;
    let mut out = Map::new();
    out.insert("record_id".into(), record.id.expose().into());
    part(book, &record.cells, &mut out);
    for (key, parts) in [
        ("events", &record.events),
        ("perpetrators", &record.perpetrators),
        ("platform_actions", &record.platform_actions),
    ] {
        if !parts.is_empty() {
            let list = parts.iter().map(|p| {
                let mut object = Map::new();
                part(book, p, &mut object);
                Value::Object(object)
            });
            out.insert(key.into(), Value::Array(list.collect()));
        }
    }
    if !incoming.consent.is_empty() {
        let consent: Map<String, Value> =
            incoming.consent.iter().map(|c| (c.purpose.code().to_owned(), Value::Bool(c.given))).collect();
        out.insert("consent".into(), Value::Object(consent));
    }
    if let Some(basis) = incoming.legal_basis.and_then(|c| book.lists.get("legal_basis")?.entry(c)) {
        out.insert("legal_basis".into(), basis.id.clone().into());
    }
    Value::Object(out).to_string()
}

fn part(book: &Codebook, cells: &Part, out: &mut Map<String, Value>) {
    for (field, cell) in cells {
        let ids = |codes: &[accord_standard::value::Code]| -> Vec<String> {
            codes.iter().map(|c| code_id(book, *field, *c)).collect()
        };
        let value = match cell {
            Cell::Codes(codes) => json!(ids(codes)),
            Cell::OneOf(codes) => json!({ "one_of": ids(codes) }),
            Cell::Integer(n) => json!(n),
            other => Value::String(cell_text(book, *field, other)),
        };
        out.insert(book.get(*field).id.clone(), value);
    }
}

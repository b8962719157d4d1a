//! Schemas made from the codebook: JSON Schema 2020-12 of the nested form (JSON lines) and a Frictionless Table Schema of
//! the flat form (CSV). A new field or code is in both without a line of Rust.
//!
//! **They must never say more** than the codebook does: no examples of people, no values beside the codes.

use crate::codebook::{Class, Codebook, Codelist, Field, Kind, Level};
use crate::consent::Purpose;
use crate::value::Missing;
use serde_json::{Map, Value, json};

/// Ages as they are written out: completed years, `about 14`, `15-17`, `18+`, `disputed 17`.
const AGE: &str = r"^(about |disputed )?[0-9]{1,3}(-[0-9]{1,3}|\+)?$";

/// Dates: year, year and month, quarter, day.
const DATE: &str = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?|-Q[1-4])?$";

/// JSON Schema 2020-12 of one record in its nested form: one object a line, with `events`, `perpetrators`,
/// `platform_actions` and `consent`.
pub fn json_schema(book: &Codebook) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "record_id".into(),
        json!({ "type": "string", "minLength": 1, "title": "Identifier",
            "description": "Local identifier of the record; it never leaves the desk.", "x-accord-class": "direct" }),
    );
    properties.extend(level(book, Level::Record));
    for (name, of, title) in [
        ("events", Level::Event, "Events"),
        ("perpetrators", Level::Perpetrator, "Perpetrators"),
        ("platform_actions", Level::PlatformAction, "Actions of online services"),
    ] {
        let items = json!({ "type": "object", "additionalProperties": false, "properties": level(book, of) });
        properties.insert(name.into(), json!({ "type": "array", "title": title, "items": items }));
    }
    let given = json!({ "type": "boolean" });
    let purposes: Map<String, Value> = Purpose::ALL.iter().map(|p| (p.code().into(), given.clone())).collect();
    properties.insert(
        "consent".into(),
        json!({ "type": "object", "title": "Consent", "additionalProperties": false, "properties": purposes,
            "description": "Goes to the consent ledger, not into the record. A purpose that is left out was not asked." }),
    );
    if let Some(list) = book.lists.get("legal_basis") {
        let codes: Vec<&str> = list.codes.iter().map(|c| c.id.as_str()).collect();
        properties.insert(
            "legal_basis".into(),
            json!({ "title": list.label, "description": list.definition, "enum": codes }),
        );
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Accord record, version {}", book.version),
        "description": "One person's record at one organisation. A field that is left out was not recorded; that is never a no.",
        "type": "object",
        "required": ["record_id"],
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions(book),
    })
}

/// The schemas as they stand in `standard/schemas/`: file name and content. The flat form is shown with places for three
/// events, one perpetrator and one platform action; the columns go on in the same way.
pub fn files(book: &Codebook) -> [(&'static str, Value); 2] {
    [("record.schema.json", json_schema(book)), ("record.tableschema.json", table_schema(book, 3, 1))]
}

/// Codes of every list that a field uses, and the reasons for having no value.
fn definitions(book: &Codebook) -> Map<String, Value> {
    let mut all = Map::new();
    let reasons: Vec<&str> = Missing::ALL.iter().map(|m| m.word()).collect();
    all.insert("missing".into(), json!({ "title": "Reason for having no value", "enum": reasons }));
    for list in book.lists.values().filter(|l| book.fields.iter().any(|f| f.list.as_ref() == Some(&l.id))) {
        let codes: Vec<Value> = list.codes.iter().map(|c| json!({ "const": c.id, "title": c.label })).collect();
        all.insert(
            format!("list-{}", list.id),
            json!({ "title": list.label, "description": list.definition, "oneOf": codes }),
        );
    }
    all
}

fn level(book: &Codebook, level: Level) -> Map<String, Value> {
    book.level(level).map(|(_, field)| (field.id.clone(), property(field))).collect()
}

fn property(field: &Field) -> Value {
    let missing = json!({ "$ref": "#/$defs/missing" });
    let code = || json!({ "$ref": format!("#/$defs/list-{}", field.list.as_deref().unwrap_or_default()) });
    let one_of = |least: u8| {
        json!({ "type": "object", "additionalProperties": false, "required": ["one_of"], "properties": {
            "one_of": { "type": "array", "items": code(), "minItems": least, "uniqueItems": true } } })
    };
    let forms = match field.kind {
        Kind::Text => vec![json!({ "type": "string", "minLength": 1 })],
        Kind::Code => vec![code(), one_of(2), missing],
        Kind::Codes => {
            vec![json!({ "type": "array", "items": code(), "uniqueItems": true }), one_of(2), missing]
        }
        Kind::Integer => vec![whole(field), missing],
        Kind::Age => vec![whole(field), json!({ "type": "string", "pattern": AGE }), missing],
        Kind::Date => vec![json!({ "type": "string", "pattern": DATE }), missing],
    };
    json!({ "title": field.label, "description": field.definition, "anyOf": forms,
        "x-accord-class": class(field.class), "x-accord-number": field.number })
}

fn whole(field: &Field) -> Value {
    match field.range {
        Some([low, high]) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        None => json!({ "type": "integer" }),
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Direct => "direct",
        Class::Quasi => "quasi",
        Class::Sensitive => "sensitive",
        Class::Administrative => "administrative",
    }
}

/// Frictionless Table Schema of the flat form with places for so many events, perpetrators and platform actions a row.
/// All columns are text, since every cell can hold a reason for having no value.
pub fn table_schema(book: &Codebook, events: u16, others: u16) -> Value {
    let mut fields = vec![json!({ "name": "record_id", "type": "string", "title": "Identifier",
        "description": "Local identifier of the record; it never leaves the desk.",
        "constraints": { "required": true, "unique": true } })];
    for level in Level::ALL {
        let numbers = match level {
            Level::Record => 1..2,
            Level::Event => 1..events.saturating_add(1),
            Level::Perpetrator | Level::PlatformAction => 1..others.saturating_add(1),
        };
        for number in numbers {
            for (_, field) in book.level(level) {
                let name = match level {
                    Level::Record => field.id.clone(),
                    _ => format!("{}.{number}.{}", level.prefix(), field.id),
                };
                fields.push(column(book, &name, field));
            }
        }
    }
    for purpose in Purpose::ALL {
        fields.push(json!({ "name": format!("consent_{}", purpose.code()), "type": "string",
            "description": "Goes to the consent ledger, not into the record.", "constraints": { "enum": ["yes", "no"] } }));
    }
    if let Some(list) = book.lists.get("legal_basis") {
        fields.push(
            json!({ "name": "legal_basis", "type": "string", "title": list.label, "description": list.definition,
            "constraints": { "enum": ids(list) } }),
        );
    }
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": fields,
        "missingValues": [""],
        "primaryKey": ["record_id"],
    })
}

fn ids(list: &Codelist) -> Vec<&str> {
    list.codes.iter().map(|c| c.id.as_str()).collect()
}

fn column(book: &Codebook, name: &str, field: &Field) -> Value {
    let mut constraints = Map::new();
    let reasons = Missing::ALL.iter().map(|m| m.word());
    let list = field.list.as_ref().and_then(|l| book.lists.get(l));
    match (field.kind, list) {
        // Several possibilities of which one holds are written with `|`, several codes that hold with `;`.
        (Kind::Code | Kind::Codes, Some(list)) => {
            let code = ids(list).join("|");
            let reasons: Vec<&str> = reasons.collect();
            let several = if field.kind == Kind::Codes { format!("|({code})(;({code}))*") } else { String::new() };
            let pattern = format!(r"^(({code})(\|({code}))*{several}|{})$", reasons.join("|"));
            constraints.insert("pattern".into(), json!(pattern));
        }
        (Kind::Integer | Kind::Age | Kind::Date, _) => {
            let shape = match field.kind {
                Kind::Integer => "[0-9]+",
                Kind::Age => AGE.trim_matches(['^', '$']),
                _ => DATE.trim_matches(['^', '$']),
            };
            let reasons: Vec<&str> = reasons.collect();
            constraints.insert("pattern".into(), json!(format!("^({shape}|{})$", reasons.join("|"))));
        }
        _ => {}
    }
    let mut out = json!({ "name": name, "type": "string", "title": field.label, "description": field.definition,
        "x-accord-class": class(field.class) });
    if !constraints.is_empty() {
        out["constraints"] = Value::Object(constraints);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every `$ref` of a value.
    fn refs(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(to)) => drop(out.insert(to.clone())),
                        _ => refs(value, out),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|v| refs(v, out)),
            _ => {}
        }
    }

    #[test]
    fn every_field_stands_in_the_json_schema_under_its_level_with_class_and_number() {
        let book = Codebook::embedded();
        let schema = json_schema(book);
        for field in &book.fields {
            let base = match field.level {
                Level::Record => "/properties".to_owned(),
                level => format!("/properties/{}s/items/properties", level.prefix()),
            };
            let property = schema.pointer(&format!("{base}/{}", field.id)).unwrap();
            assert_eq!(property["x-accord-number"], field.number);
            assert_eq!(property["x-accord-class"], class(field.class));
        }
    }

    #[test]
    fn every_reference_of_the_json_schema_is_defined_and_every_definition_is_used() {
        let schema = json_schema(Codebook::embedded());
        let mut used = BTreeSet::new();
        refs(&schema, &mut used);
        let defined: BTreeSet<String> =
            schema["$defs"].as_object().unwrap().keys().map(|k| format!("#/$defs/{k}")).collect();
        assert_eq!(used, defined);
    }

    #[test]
    fn a_coded_field_takes_its_codes_and_reasons_and_nothing_else() {
        let schema = json_schema(Codebook::embedded());
        let list = schema["$defs"]["list-phase"]["oneOf"].as_array().unwrap();
        assert!(list.iter().any(|c| c["const"] == "buying"));
        assert_eq!(schema["$defs"]["missing"]["enum"].as_array().unwrap().len(), 5);
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn the_flat_schema_names_the_columns_that_the_own_mapping_reads() {
        let book = Codebook::embedded();
        let schema = table_schema(book, crate::crosswalk::FLAT_EVENTS, crate::crosswalk::FLAT_OTHERS);
        let names: BTreeSet<&str> =
            schema["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
        let read: BTreeSet<&str> =
            crate::crosswalk::Crosswalk::accord().columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, read);
        let short = table_schema(book, 2, 1);
        assert!(short["fields"].as_array().unwrap().iter().any(|f| f["name"] == "event.2.techuse"));
        assert!(!short["fields"].as_array().unwrap().iter().any(|f| f["name"] == "event.3.techuse"));
    }
}

//! `datapackage.json`: a Frictionless Data Package, version 2, over the files of a workload's release, with the label of every
//! code and what stands behind every number.

use super::caveats;
use super::sdmx::{AFTER, GROUP, HEADLINES, sdmx_path};
use crate::bundle::Bundle;
use crate::files::{Files, FilesError, json, sha256, status_and_note};
use crate::flatfiles::{SDMX_BEFORE, Written, package_name, resource};
use crate::synth::dimensions;
use accord_standard::dimension::{Dimension, Rule};
use accord_standard::figure::Symbol;
use serde_json::{Value, json};

/// The descriptor of those of `files` that hold data or figures.
pub(crate) fn package(bundle: &Bundle, files: &Files) -> Result<Vec<u8>, FilesError> {
    let mut resources = Vec::new();
    for (path, bytes) in files {
        let schema = schema(bundle, path);
        if schema.is_none() && !matches!(path.as_str(), "release.json" | "quality.json") {
            continue;
        }
        let written = Written { path: path.clone(), bytes: bytes.len() as u64, sha256: sha256(bytes) };
        let mut resource = resource(&written);
        if let Some(fields) = schema {
            resource["type"] = json!("table");
            resource["schema"] = json!({ "fields": fields, "missingValues": [""] });
        }
        resources.push(resource);
    }
    let info = &bundle.info;
    let title = if info.invented { format!("INVENTED DATA: {}", info.title) } else { info.title.clone() };
    let (status, note) = status_and_note(bundle);
    let mut words = vec![bundle.workload.definition.clone(), format!("Status: {status}.")];
    if !note.is_empty() {
        words.push(format!("The survivor council's note: {note}"));
    }
    words.extend(caveats(bundle).iter().cloned());
    words.extend(bundle.refusals.iter().map(|r| format!("Not given: {}. {}", r.what, r.why)));
    let package = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": package_name(&info.id),
        "title": title,
        "description": words.join("\n\n"),
        "version": info.slot,
        "resources": resources,
    });
    json("datapackage.json", &package)
}

/// The fields of a table's file; `None` for other files.
fn schema(bundle: &Bundle, path: &str) -> Option<Vec<Value>> {
    if matches!(path, "synthetic.csv" | "synthetic.parquet") {
        let mut fields: Vec<Value> = dimensions(&bundle.workload).into_iter().map(several).collect();
        fields.extend(["kind", "invented"].map(text));
        return Some(fields);
    }
    let spec = bundle.workload.tables.iter().find(|t| path.strip_prefix("tables/").is_some_and(|p| is_of(p, &t.id)));
    let dimensions: Vec<Value> = match spec {
        Some(spec) => spec.dimensions.iter().map(one).collect(),
        None if path.strip_prefix("tables/").is_some_and(|p| is_of(p, HEADLINES)) => {
            let label = |h: &crate::bundle::Headline| json!({ "value": h.group, "label": h.figure.subject });
            let groups: Vec<Value> = bundle.headlines.iter().map(label).collect();
            vec![json!({ "name": GROUP, "type": "string", "categories": groups })]
        }
        None => return None,
    };
    let id = spec.map_or(HEADLINES, |s| s.id.as_str());
    let (before, after): (&[&str], &[&str]) = if path == sdmx_path(id) {
        (&SDMX_BEFORE, &AFTER)
    } else if path.ends_with(".noisy.csv") {
        (&[], &crate::files::NOISY_AFTER)
    } else {
        (&["figure"], &crate::files::FIGURE_AFTER)
    };
    let fields = before.iter().map(|name| text(name)).chain(dimensions);
    Some(fields.chain(after.iter().map(|name| column(name))).collect())
}

/// Whether a file under `tables/` is of the table with this id.
fn is_of(name: &str, id: &str) -> bool {
    matches!(name.strip_prefix(id), Some(".csv" | ".sdmx.csv" | ".noisy.csv"))
}

/// A dimension of a table: one category a row.
fn one(dimension: &Dimension) -> Value {
    let category = |c: &accord_standard::dimension::Category| json!({ "value": c.id, "label": c.label });
    let ids: Vec<&str> = dimension.categories.iter().map(|c| c.id.as_str()).collect();
    let mut field = described(dimension);
    field["categories"] = dimension.categories.iter().map(category).collect();
    field["constraints"] = json!({ "enum": ids });
    field
}

/// A dimension of the synthetic rows, where a row may have several categories, joined with `;`.
fn several(dimension: &Dimension) -> Value {
    if dimension.rule != Rule::AllMatches {
        return one(dimension);
    }
    let mut field = described(dimension);
    let ids: Vec<&str> = dimension.categories.iter().map(|c| c.id.as_str()).collect();
    field["description"] =
        json!(format!("{} One or several of {}, joined with `;`.", dimension.definition, ids.join(", ")));
    field
}

fn described(dimension: &Dimension) -> Value {
    json!({ "name": dimension.id, "title": dimension.label, "type": "string", "description": dimension.definition })
}

fn text(name: &str) -> Value {
    json!({ "name": name, "type": "string" })
}

/// A column behind the dimensions.
fn column(name: &str) -> Value {
    let mut field = text(name);
    match name {
        "value" | "low" | "high" | "draws" | "OBS_VALUE" | "LOWER_BOUND" | "UPPER_BOUND" => {
            field["type"] = json!("integer");
            field["constraints"] = json!({ "minimum": 0 });
        }
        "noisy_count" => {
            field["type"] = json!("integer");
            field["description"] = json!("Before consistency and clipping: may be below nought.");
        }
        "sigma" => field["type"] = json!("number"),
        "symbol" | "SYMBOL" => field["description"] = json!(symbols()),
        "OBS_STATUS" => field["description"] = json!("SDMX code list CL_OBS_STATUS."),
        "CONF_STATUS" => field["description"] = json!("SDMX code list CL_CONF_STATUS."),
        _ => {}
    }
    field
}

/// What the symbols mean (GS-13).
fn symbols() -> String {
    let words = [
        (Symbol::Hidden, "hidden to protect people, or too uncertain to say anything"),
        (Symbol::NotCollected, "not collected"),
        (Symbol::NotApplicable, "not applicable"),
        (Symbol::Unknown, "unknown recorded"),
        (Symbol::Low, "rounds to nought: noise can't tell it from a few people"),
        (Symbol::Provisional, "provisional"),
    ];
    let words: Vec<String> = words.iter().map(|(symbol, means)| format!("{} {means}", symbol.mark())).collect();
    format!("Stands where there is no number: {}; refused: no number is given.", words.join("; "))
}

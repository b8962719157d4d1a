//! `datapackage.json`: a Frictionless Data Package, version 2, over the files of a protected flat table, with the public
//! domain of each column.

use super::csv::cell;
use super::sdmx::{AFTER, BEFORE, Ids, TOTAL};
use super::{
    AGGREGATES_CSV, AGGREGATES_SDMX, About, Flat, FlatError, PACKAGE, SYNTHETIC_CSV, SYNTHETIC_PARQUET, Written,
};
use serde_json::{Value, json};

impl Flat<'_> {
    /// The descriptor of the files `written`, in the order of their paths.
    pub fn package(&self, about: &About, written: &[Written]) -> Result<Vec<u8>, FlatError> {
        let mut written: Vec<&Written> = written.iter().filter(|w| w.path != PACKAGE).collect();
        written.sort_by(|a, b| a.path.cmp(&b.path));
        let title = if about.invented { format!("INVENTED DATA: {}", about.title) } else { about.title.clone() };
        let mut words = vec![about.definition.clone(), format!("Status: {}.", about.status_words())];
        words.extend(about.caveats.iter().cloned());
        let package = json!({
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": name(&about.id),
            "title": title,
            "description": words.join("\n\n"),
            "version": about.slot,
            "resources": written.into_iter().map(|w| self.resource(w)).collect::<Vec<_>>(),
        });
        let mut bytes = serde_json::to_vec_pretty(&package)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn resource(&self, written: &Written) -> Value {
        let mut resource = resource(written);
        let fields = match written.path.as_str() {
            SYNTHETIC_CSV => self.synthetic_fields(|text| cell(text).into_owned()),
            SYNTHETIC_PARQUET => self.synthetic_fields(str::to_owned),
            AGGREGATES_CSV => aggregate_fields(),
            AGGREGATES_SDMX => self.sdmx_fields(),
            _ => return resource,
        };
        resource["type"] = json!("table");
        resource["schema"] = json!({ "fields": fields, "missingValues": [""] });
        resource
    }

    /// One field a column, with the values that it may hold as they stand in that file.
    fn synthetic_fields(&self, text: impl Fn(&str) -> String) -> Vec<Value> {
        let field = |column: &accord_standard::columns::Column| {
            let values: Vec<String> = column.values.iter().map(|v| text(v)).collect();
            json!({ "name": text(&column.name), "type": "string", "constraints": { "enum": values } })
        };
        self.columns.columns.iter().map(field).collect()
    }

    fn sdmx_fields(&self) -> Vec<Value> {
        let ids = Ids::of(self.columns);
        let text = |name: &str| json!({ "name": name, "type": "string" });
        let mut fields: Vec<Value> = BEFORE.into_iter().map(text).collect();
        for ((column, id), values) in self.columns.columns.iter().zip(&ids.columns).zip(&ids.values) {
            let mut categories: Vec<Value> = vec![json!({ "value": TOTAL, "label": "any, or blank" })];
            categories.extend(values.iter().zip(&column.values).map(|(id, v)| json!({ "value": id, "label": v })));
            let codes: Vec<&str> = std::iter::once(TOTAL).chain(values.iter().map(String::as_str)).collect();
            fields.push(json!({
                "name": id,
                "title": column.name,
                "type": "string",
                "categories": categories,
                "constraints": { "enum": codes },
            }));
        }
        fields.extend(AFTER.into_iter().map(|name| match name {
            "OBS_VALUE" | "LOWER_BOUND" | "UPPER_BOUND" => count(name),
            _ => text(name),
        }));
        fields
    }
}

fn aggregate_fields() -> Vec<Value> {
    let words = "JSON list of pairs of column and value, in the columns' order; an empty list is everybody";
    vec![json!({ "name": "combination", "type": "array", "description": words }), count("count")]
}

fn count(name: &str) -> Value {
    json!({ "name": name, "type": "integer", "constraints": { "minimum": 0 } })
}

/// One file as every package names it; who knows its columns adds a schema.
pub(crate) fn resource(written: &Written) -> Value {
    let ending = written.path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let (mediatype, is_text) = match ending {
        "csv" => ("text/csv", true),
        "json" => ("application/json", true),
        "html" => ("text/html", true),
        "parquet" => ("application/vnd.apache.parquet", false),
        _ => ("application/octet-stream", false),
    };
    let mut resource = json!({
        "name": name(&written.path),
        "path": written.path,
        "format": ending,
        "mediatype": mediatype,
        "bytes": written.bytes,
        "hash": format!("sha256:{}", written.sha256),
    });
    if is_text {
        resource["encoding"] = json!("utf-8");
    }
    if ending == "csv" {
        resource["dialect"] =
            json!({ "delimiter": ",", "quoteChar": "\"", "doubleQuote": true, "lineTerminator": "\n" });
    }
    resource
}

/// Small letters, digits, `.`, `-` and `_` only.
pub(crate) fn name(text: &str) -> String {
    let sign =
        |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(sign).collect()
}

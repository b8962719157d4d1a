//! One release in every format: each says the same, and carries along what must travel with it (PRIVACY 14).

use crate::bundle::{TODAY, draft_of, published, values};
use accord_release::bundle::Outcome;
use accord_release::files::{Files, draft_files, read_bundle, sha256};
use accord_release::quality::quality;
use accord_release::verify::verify;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use std::collections::BTreeMap;

/// A CSV file as rows of column and text.
fn rows(files: &Files, path: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(files[path].as_slice());
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| header.iter().zip(row.iter()).map(|(h, c)| (h.into(), c.into())).collect();
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn tables(files: &Files) -> Vec<String> {
    let sdmx = files.keys().filter_map(|p| p.strip_suffix(".sdmx.csv"));
    sdmx.map(str::to_owned).collect()
}

#[test]
fn a_table_says_the_same_in_sdmx_csv_as_in_csv() {
    let same = [
        ("OBS_VALUE", "value"),
        ("LOWER_BOUND", "low"),
        ("UPPER_BOUND", "high"),
        ("SYMBOL", "symbol"),
        ("RELIABILITY", "reliability"),
        ("FIGURE", "figure"),
        ("SUBJECT", "subject"),
        ("DEFINITION", "definition"),
        ("CAVEATS", "caveats"),
        ("COUNCIL_NOTE", "council_note"),
        ("INVENTED", "invented"),
    ];
    for (files, confidentiality) in [(draft_of(values()), "N"), (published(Outcome::Approve).0, "F")] {
        assert_eq!(tables(&files), ["tables/headlines", "tables/m1", "tables/m2", "tables/m3"]);
        for table in tables(&files) {
            let (csv, sdmx) = (rows(&files, &format!("{table}.csv")), rows(&files, &format!("{table}.sdmx.csv")));
            assert_eq!(csv.len(), sdmx.len(), "{table}");
            for (csv, sdmx) in csv.iter().zip(&sdmx) {
                for (theirs, ours) in same {
                    assert_eq!(sdmx[theirs], csv[ours], "{table}: {theirs}");
                }
                for dimension in ["sex", "age", "form", "role", "group"] {
                    assert_eq!(sdmx.get(dimension), csv.get(dimension), "{table}: {dimension}");
                }
                assert_eq!(sdmx["UNIT_MEASURE"], csv["unit"].to_uppercase());
                assert_eq!(sdmx["CONF_STATUS"], confidentiality);
                assert_eq!(
                    sdmx["OBS_VALUE"].is_empty(),
                    !["E", "U"].contains(&sdmx["OBS_STATUS"].as_str()) || csv["reliability"] == "range_only"
                );
            }
        }
        let sdmx = rows(&files, "tables/m1.sdmx.csv");
        assert_eq!(sdmx.iter().filter(|r| r["sex"] == "unknown").count(), 5, "unknown rows are left out");
        assert!(sdmx.iter().all(|r| r["STRUCTURE_ID"] == "ACCORD:M1_INVENTED_2026_1(1.0.0)"));
        assert!(sdmx.iter().any(|r| r["SYMBOL"] == "[low]" && r["OBS_STATUS"] == "N"));
    }
    assert!(
        rows(&published(Outcome::Approve).0, "tables/m1.sdmx.csv")
            .iter()
            .all(|r| r["COUNCIL_NOTE"] == "Read with care.")
    );
}

#[test]
fn synthetic_rows_say_the_same_in_parquet_as_in_csv() {
    let files = draft_of(values());
    let mut csv = csv::Reader::from_reader(files["synthetic.csv"].as_slice());
    let names: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let wanted: Vec<Vec<String>> = csv.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    let reader = SerializedFileReader::new(Bytes::from(files["synthetic.parquet"].clone())).unwrap();
    let metadata = reader.metadata().file_metadata();
    let found: Vec<&str> = metadata.schema().get_fields().iter().map(|f| f.name()).collect();
    assert_eq!(found, names);
    let text = |field: &Field| match field {
        Field::Str(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    let row = |r: parquet::record::Row| r.get_column_iter().map(|(_, f)| text(f)).collect();
    let found: Vec<Vec<String>> = reader.get_row_iter(None).unwrap().map(|r| row(r.unwrap())).collect();
    assert!(!wanted.is_empty() && found == wanted);
    let words = metadata.key_value_metadata().unwrap();
    let word = |key: &str| words.iter().find(|w| w.key == key).and_then(|w| w.value.as_deref()).unwrap();
    assert_eq!(word("invented"), "INVENTED DATA");
    assert!(word("caveats").contains("INVENTED DATA") && word("definition").contains("not all who exist"));
}

/// What is allowed in a column, as its description has it.
fn is_valid(text: &str, field: &Value) -> bool {
    let kind = match field["type"].as_str().unwrap() {
        "integer" if field["constraints"]["minimum"] == 0 => text.parse::<u64>().is_ok(),
        "integer" => text.parse::<i64>().is_ok(),
        "number" => text.parse::<f64>().is_ok(),
        _ => true,
    };
    kind && field["constraints"]["enum"].as_array().is_none_or(|allowed| allowed.iter().any(|a| a == text))
}

#[test]
fn the_package_describes_each_file_with_its_hash_its_columns_and_the_label_of_every_code() {
    let (files, _) = published(Outcome::Approve);
    let package: Value = serde_json::from_slice(&files["datapackage.json"]).unwrap();
    assert_eq!(package["title"], "INVENTED DATA: An invented release");
    let description = package["description"].as_str().unwrap();
    for words in ["not all who exist", "Status: published.", "Read with care.", "INVENTED DATA"] {
        assert!(description.contains(words), "{words}: {description}");
    }
    let resources = package["resources"].as_array().unwrap();
    let described: Vec<&str> = resources.iter().map(|r| r["path"].as_str().unwrap()).collect();
    let data =
        |p: &&String| ends(p, "csv") || ends(p, "parquet") || ["release.json", "quality.json"].contains(&p.as_str());
    assert_eq!(described, files.keys().filter(data).map(String::as_str).collect::<Vec<_>>());
    for resource in resources {
        let path = resource["path"].as_str().unwrap();
        assert_eq!(resource["bytes"], files[path].len());
        assert_eq!(resource["hash"], format!("sha256:{}", sha256(&files[path])));
        assert_eq!(resource["type"] == "table", !ends(path, "json"), "{path}");
        if resource["format"] != "csv" {
            continue;
        }
        let fields = resource["schema"]["fields"].as_array().unwrap();
        let header: Vec<&str> = fields.iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert_eq!(csv::Reader::from_reader(files[path].as_slice()).headers().unwrap(), header, "{path}");
        for row in rows(&files, path) {
            for field in fields {
                let text = &row[field["name"].as_str().unwrap()];
                assert!(text.is_empty() || is_valid(text, field), "{path}: {text} in {field}");
            }
        }
    }
    let of = |path: &str| &resources.iter().find(|r| r["path"] == path).unwrap()["schema"]["fields"];
    let sex = of("tables/m1.sdmx.csv").as_array().unwrap().iter().find(|f| f["name"] == "sex").unwrap();
    assert_eq!(sex["categories"][2], serde_json::json!({ "value": "unknown", "label": "unknown" }));
    let symbol = of("tables/m1.csv").as_array().unwrap().iter().find(|f| f["name"] == "symbol").unwrap();
    assert!(symbol["description"].as_str().unwrap().contains("[low] rounds to nought"));
}

#[test]
fn a_format_that_does_not_follow_from_the_measurements_never_verifies() {
    let honest = draft_of(values());
    assert!(verify(&honest, None, None, TODAY).is_sound());
    let changes: [Change; 6] = [
        ("a file that no release has", |f| drop(f.insert("tables/people.csv".into(), b"a,b\n".to_vec()))),
        ("Parquet of other rows", |f| drop(f.insert("synthetic.parquet".into(), b"PAR1".to_vec()))),
        ("no Parquet", |f| drop(f.remove("synthetic.parquet"))),
        ("no SDMX-CSV", |f| drop(f.remove("tables/m1.sdmx.csv"))),
        ("another SDMX-CSV", |f| {
            let text = String::from_utf8(f["tables/m1.sdmx.csv"].clone()).unwrap().replace("INVENTED DATA", "no");
            f.insert("tables/m1.sdmx.csv".into(), text.into_bytes());
        }),
        ("another package", |f| {
            let text = String::from_utf8(f["datapackage.json"].clone()).unwrap().replace("INVENTED DATA", "DATA");
            f.insert("datapackage.json".into(), text.into_bytes());
        }),
    ];
    for (what, change) in changes {
        let mut files = honest.clone();
        change(&mut files);
        // The manifest lists what is there.
        let mut manifest: Value = serde_json::from_slice(&files.remove("manifest.json").unwrap()).unwrap();
        manifest["files"] = files
            .iter()
            .map(|(p, b)| (p.clone(), serde_json::json!({ "sha256": sha256(b), "bytes": b.len() })))
            .collect();
        files.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
        let report = verify(&files, None, None, TODAY);
        assert!(!report.is_sound(), "{what} verifies");
        let listed = report.checks.iter().find(|c| c.what.starts_with("every listed file")).unwrap();
        assert_eq!(listed.result, accord_release::verify::CheckResult::Passed, "{what} is found by its hash alone");
    }
}

#[test]
fn without_measurements_for_them_there_are_no_synthetic_rows_in_any_format() {
    let mut bundle = read_bundle(&draft_of(values())).unwrap();
    bundle.microdata.clear();
    let files = draft_files(&bundle, None, Some(&quality(&bundle).unwrap())).unwrap();
    assert!(!files.contains_key("synthetic.csv") && !files.contains_key("synthetic.parquet"));
    assert!(verify(&files, None, None, TODAY).is_sound());
}

#[test]
fn microdata_of_an_earlier_method_are_said_to_be_of_one_and_not_called_changed() {
    let mut files = draft_of(values());
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    manifest["format"] = 1.into();
    files.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
    let failed: Vec<String> = verify(&files, None, None, TODAY)
        .checks
        .into_iter()
        .filter_map(|c| match c.result {
            accord_release::verify::CheckResult::Failed(why) => Some(why),
            _ => None,
        })
        .collect();
    assert!(
        matches!(&failed[..], [why] if why.contains("it has format 1") && why.contains("can't make these again")),
        "{failed:?}"
    );
}

type Change = (&'static str, fn(&mut Files));

/// Whether a path has this ending, written as the program writes it.
fn ends(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, e)| e == ending)
}

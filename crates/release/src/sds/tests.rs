use super::dial::{BEYOND, dial_of};
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn setting<'i>(import: &'i SdsImport, name: &str) -> &'i Fate {
    let found = import.settings.iter().find(|s| s.name == name);
    &found.unwrap_or_else(|| panic!("{name} is not among {:?}", import.settings)).fate
}

fn is_taken(import: &SdsImport, name: &str) -> bool {
    matches!(setting(import, name), Fate::Taken)
}

fn is_changed(import: &SdsImport, name: &str) -> bool {
    matches!(setting(import, name), Fate::Changed { .. })
}

fn is_not_needed(import: &SdsImport, name: &str) -> bool {
    matches!(setting(import, name), Fate::NotNeeded { .. })
}

fn is_not_supported(import: &SdsImport, name: &str) -> bool {
    matches!(setting(import, name), Fate::NotSupported { .. })
}

/// A configuration with differential privacy as the pipeline's users write it, for invented people.
fn pipeline() -> Value {
    json!({
        "sensitive_microdata_path": "./invented.csv",
        "sensitive_microdata_delimiter": ",",
        "use_columns": ["gender", "age_band", "debt", "has_children"],
        "record_limit": -1,
        "sensitive_zeros": ["has_children"],
        "reporting_resolution": 10,
        "reporting_length": 3,
        "dp_aggregates": true,
        "percentile_percentage": 99,
        "percentile_epsilon_proportion": 0.01,
        "number_of_records_epsilon_proportion": 0.005,
        "sigma_proportions": [1.0, 0.5, 0.33],
        "noise_epsilon": 4.0,
        "delta_factor": null,
        "noise_threshold_type": "adaptive",
        "noise_threshold_values": { "2": 0.1, "3": 1.0 },
        "synthesis_mode": "aggregate_seeded",
        "use_synthetic_counts": true,
        "weight_selection_percentile": 95,
        "aggregate_seeded_counts_scale_factor": 1.0,
        "aggregate_seeded_target_number_of_records": 5000,
        "parallel_jobs": 4,
        "cache_max_size": 10000,
        "output_dir": "./out",
        "prefix": "invented",
        "report_title": "Invented",
        "report_visuals": { "means": ["debt:1"] },
        "report_pages": { "Page": ["gender", "means"] }
    })
}

#[test]
fn a_pipeline_configuration_with_differential_privacy_is_taken_over() {
    let import = import(&pipeline().to_string()).unwrap();
    assert_eq!(import.form, Form::Pipeline);
    assert_eq!(import.columns, ["gender", "age_band", "debt", "has_children"]);
    assert!(import.zero_is_a_value("has_children") && !import.zero_is_a_value("debt"));
    assert_eq!(import.reporting_length, Some(3));
    assert_eq!(import.epsilon, Some(4.0));
    assert_eq!(import.delta, None);
    assert_eq!(import.dial, Some(2));
    assert_eq!(import.rows, Some(5000));
    assert_eq!(import.person, None);
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
    assert_eq!(import.unsupported().count(), 0);
    for name in ["use_columns", "sensitive_zeros", "reporting_length", "noise_epsilon", "dp_aggregates"] {
        assert!(is_taken(&import, name), "{name}");
    }
    for name in ["reporting_resolution", "sigma_proportions", "percentile_percentage", "report_visuals", "output_dir"] {
        assert!(is_not_needed(&import, name), "{name}");
    }
    assert!(is_changed(&import, "noise_threshold_values"));
}

#[test]
fn a_configuration_for_k_anonymity_has_no_epsilon_to_take() {
    // As the first versions had it, with what they still had.
    let text = json!({
        "sensitive_microdata_path": "invented.tsv", "sensitive_microdata_delimiter": "\t",
        "identifier_column": "case", "event_column": null, "use_columns": [], "record_limit": 2000,
        "sensitive_zeros": [], "reporting_resolution": 10, "reporting_length": 5, "seeded": true,
        "memory_limit_pct": 80, "noise_epsilon": 1.5, "dp_aggregates": false
    });
    let import = import(&text.to_string()).unwrap();
    assert_eq!((import.epsilon, import.dial), (None, None));
    assert!(is_not_needed(&import, "noise_epsilon"), "an epsilon that was never in force");
    assert!(import.notes.iter().any(|n| n.contains("--epsilon")));
    assert_eq!(import.person.as_deref(), Some("case"));
    assert!(is_changed(&import, "identifier_column"));
    assert!(is_not_supported(&import, "record_limit"), "all people would be counted, silently");
    assert_eq!(import.reporting_length, Some(4));
    assert!(is_changed(&import, "reporting_length") && is_changed(&import, "seeded"));
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
}

#[test]
fn an_epsilon_stands_where_nothing_says_that_it_was_not_in_force() {
    for text in
        [json!({ "noise_epsilon": 4.0 }), json!({ "use_columns": ["a"], "reporting_length": 2, "noise_epsilon": 4 })]
    {
        let import = import(&text.to_string()).unwrap();
        assert_eq!((import.form, import.epsilon), (Form::Pipeline, Some(4.0)), "{text}");
        assert!(is_changed(&import, "noise_epsilon"));
        assert!(!import.notes.iter().any(|n| n.contains("--epsilon")), "{:?}", import.notes);
    }
    let off = json!({ "noise_epsilon": 4.0, "dp_aggregates": false });
    assert_eq!(import(&off.to_string()).unwrap().epsilon, None);
    let bad = json!({ "noise_epsilon": -1 });
    assert_eq!(import(&bad.to_string()).unwrap().epsilon, None);
}

#[test]
fn the_copy_that_the_pipeline_leaves_beside_its_output_is_read_as_well() {
    // Every setting with its default, most of them null; lengths have become texts.
    let mut map = pipeline().as_object().unwrap().clone();
    for name in ["subject_id", "oversampling_ratio", "oversampling_tries", "noise_delta", "sigma_proportions"] {
        map.insert(name.into(), Value::Null);
    }
    for name in ["aggregate", "generate", "evaluate", "navigate"] {
        map.insert(name.into(), true.into());
    }
    map.insert("multi_value_columns".into(), json!({}));
    map.insert("reportable_aggregates_path".into(), "out/invented_reportable_aggregates.tsv".into());
    map.insert("synthetic_microdata_path".into(), "out/invented_synthetic_microdata.tsv".into());
    map.insert("sensitive_aggregates_path".into(), "out/invented_sensitive_aggregates.tsv".into());
    let import = import(&Value::Object(map).to_string()).unwrap();
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
    assert_eq!(import.unsupported().count(), 0);
    assert_eq!((import.epsilon, import.dial), (Some(4.0), Some(2)));
    assert!(!import.settings.iter().any(|s| s.name == "subject_id"), "nothing was set");
}

/// As `pac-synth` 0.0.8 prints its builder.
fn builder(fabrication: Value) -> Value {
    json!({
        "_reporting_length": 3, "_epsilon": 2.0, "_delta": 1e-6, "_percentile_percentage": 99,
        "_percentile_epsilon_proportion": 0.01, "_accuracy_mode": { "mode": "PrioritizeLongCombinations" },
        "_number_of_records_epsilon_proportion": 0.005, "_fabrication_mode": { "mode": fabrication },
        "_empty_value": "", "_use_synthetic_counts": false, "_weight_selection_percentile": 95,
        "_aggregate_counts_scale_factor": null
    })
}

/// As it prints the parameters that the builder makes.
fn parameters(threshold: Value) -> Value {
    json!({
        "reporting_length": 3, "epsilon": 2.0, "delta": null, "percentile_percentage": 99,
        "percentile_epsilon_proportion": 0.01, "sigma_proportions": [1.0, 0.5, 0.25],
        "number_of_records_epsilon_proportion": 0.005, "threshold": threshold, "empty_value": "",
        "use_synthetic_counts": false, "weight_selection_percentile": 95, "aggregate_counts_scale_factor": null
    })
}

#[test]
fn a_mode_of_fabrication_and_the_thresholds_that_it_stands_for_come_to_the_same_dial() {
    // Each mode with the thresholds that pac-synth 0.0.8 itself makes of it at length 3.
    let modes = [
        ("Uncontrolled", json!({ "2": 1.0, "3": 1.0 }), 0),
        ("Balanced", json!({ "2": 0.55, "3": 1.0 }), 1),
        ("Progressive", json!({ "2": 0.1, "3": 1.0 }), 2),
        ("Minimize", json!({ "2": 0.01, "3": 0.01 }), 3),
    ];
    for (mode, values, dial) in modes {
        let built = import(&builder(mode.into()).to_string()).unwrap();
        assert_eq!((built.form, built.dial), (Form::PacSynth, Some(dial)), "{mode}");
        assert_eq!((built.epsilon, built.delta), (Some(2.0), Some(1e-6)));
        assert!(built.unknown.is_empty(), "{:?}", built.unknown);
        let adaptive = json!({ "type": "Adaptive", "valuesByLen": values });
        let import = import(&parameters(adaptive.clone()).to_string()).unwrap();
        assert_eq!(import.dial, Some(dial), "{mode}");
        assert!(import.unknown.is_empty(), "{:?}", import.unknown);
        let custom = super::import(&builder(json!({ "Custom": adaptive })).to_string()).unwrap();
        assert_eq!(custom.dial, Some(dial), "custom for {mode}");
    }
}

#[test]
fn a_threshold_in_people_is_not_turned_into_a_dial() {
    let threshold = |values: Value| parameters(json!({ "type": "Fixed", "valuesByLen": values })).to_string();
    let fixed = import(&threshold(json!({ "2": 30.0 }))).unwrap();
    assert_eq!(fixed.dial, None);
    assert!(is_not_supported(&fixed, "threshold"));
    assert_eq!(import(&threshold(json!({ "2": 0.0, "3": 0 }))).unwrap().dial, Some(0));
    assert_eq!(import(&threshold(json!({}))).unwrap().dial, Some(0), "0 is its default");
}

#[test]
fn the_steps_of_the_dial_are_quantiles_of_the_normal_distribution() {
    // Simpson's rule over the density, against the constants.
    let beyond = |z: f64| {
        let steps = 20_000;
        let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let h = z / f64::from(steps);
        let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
        1.0 - 2.0 * (0..=steps).map(|i| weight(i) * density(f64::from(i) * h)).sum::<f64>() * h / 3.0
    };
    assert!((beyond(1.0) - BEYOND[0]).abs() < 1e-12 && (beyond(2.0) - BEYOND[1]).abs() < 1e-12);
    assert_eq!([1.0, 0.999, 0.32, 0.31, 0.05, 0.04, 1e-9].map(dial_of), [0, 1, 1, 2, 2, 3, 3]);
}

/// As the web application writes `synthesis_info.json`.
fn web(mode: &str) -> Value {
    json!({
        "key": "Differential Privacy (RecordLimit=900)", "status": "Finished",
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:09Z", "progress": 100,
        "parameters": {
            "mode": mode,
            "csvDataParameters": {
                "delimiter": ",", "subjectId": "id", "useColumns": ["id", "gender", "means"],
                "sensitiveZeros": ["gender", "dropped"], "multiValueColumns": { "means": ";" }, "recordLimit": 0
            },
            "baseSynthesisParameters": { "resolution": 10, "cacheMaxSize": 100_000, "emptyValue": "" },
            "reportingLength": 2,
            "dpParameters": {
                "epsilon": 1.0, "delta": 0.0, "percentilePercentage": 99, "percentileEpsilonProportion": 0.01,
                "sigmaProportions": [1.0, 0.5], "numberOfRecordsEpsilonProportion": 0.005
            },
            "noiseThreshold": { "type": "Adaptive", "valuesByLen": { "2": 0.55 } },
            "useSyntheticCounts": true, "weightSelectionPercentile": 95,
            "oversampling": { "oversamplingRatio": 0.1, "oversamplingTries": 10 }
        }
    })
}

#[test]
fn the_web_applications_file_is_read_inside_out() {
    let import = import(&web("Differential Privacy").to_string()).unwrap();
    assert_eq!(import.form, Form::WebApp);
    assert_eq!(import.person.as_deref(), Some("id"));
    assert_eq!(import.columns, ["gender", "means"], "whoever tells people apart is not published");
    assert_eq!(import.sensitive_zeros, ["gender"]);
    assert_eq!((import.epsilon, import.delta, import.dial), (Some(1.0), None, Some(1)));
    assert_eq!(import.multi_value, [MultiValue { column: "means".into(), delimiter: ";".into() }]);
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
    assert!(is_changed(&import, "parameters.csvDataParameters.useColumns"));
    assert!(is_changed(&import, "parameters.dpParameters.delta"), "nought stands for its default");
    assert!(is_not_supported(&import, "parameters.csvDataParameters.multiValueColumns"));
    let split = import.with_multi_values_split();
    assert!(is_changed(&split, "parameters.csvDataParameters.multiValueColumns"));
    assert_eq!(split.unsupported().count(), 0);
    assert_eq!(super::import(&web("Row Seeded").to_string()).unwrap().epsilon, None);
}

#[test]
fn the_web_applications_settings_by_themselves_are_read() {
    let text = json!({
        "recordLimit": 0, "synthesisMode": "Differential Privacy", "resolution": 10, "cacheSize": 100_000,
        "reportingLength": 3, "oversamplingType": "Controlled", "oversamplingRatio": 0.1, "oversamplingTries": 10,
        "aggregateSeededUseSyntheticCounts": "Yes", "dpAggregateSeededUseSyntheticCounts": "No",
        "weightSelectionPercentile": 95, "percentilePercentage": 99, "percentileEpsilonProportion": 0.01,
        "numberOfRecordsEpsilonProportion": 0.005, "noiseEpsilon": 4.0, "deltaFactor": 0,
        "fabricationMode": "Custom", "threshold": { "2": 0.2, "3": 0.9 }, "accuracyMode": "Balanced"
    });
    let import = import(&text.to_string()).unwrap();
    assert_eq!((import.form, import.epsilon, import.dial), (Form::WebApp, Some(4.0), Some(2)));
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
    assert_eq!(import.unsupported().count(), 0);
}

#[test]
fn a_command_line_is_read_as_a_shell_reads_it() {
    let text = r#"#!/bin/sh
# protect invented people
sds-cli --sensitive-path "./invented people.csv" --sensitive-delimiter , --resolution 10 \
    --use-columns gender --use-columns 'age band' --sensitive-zeros debt \
    --multi-value-columns 'means,;' --subject-id case --n-threads 2 \
    aggregate --aggregates-path a.tsv --reporting-length 3 --dp --noise-epsilon=2.5 --noise-delta 0.00001 \
    --noise-threshold-type adaptive --noise-threshold-values 0.01 1 --sensitivities-percentile 99 \
    --sensitivities-epsilon-proportion 0.1 --aggregates-json a.json && \
./target/sds-cli --sensitive-path "./invented people.csv" --resolution 10 generate --synthetic-path s.tsv \
    --mode aggregate_seeded --aggregates-json a.json --use-synthetic-counts
"#;
    let import = import(text).unwrap();
    assert_eq!(import.form, Form::CommandLine);
    assert_eq!(import.columns, ["gender", "age band"]);
    assert_eq!(import.sensitive_zeros, Vec::<String>::new(), "debt is not among the columns");
    assert_eq!(import.multi_value, [MultiValue { column: "means".into(), delimiter: ";".into() }]);
    assert_eq!((import.epsilon, import.delta, import.dial), (Some(2.5), Some(0.00001), Some(3)));
    assert_eq!(import.person.as_deref(), Some("case"));
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
    // An option without a value, twice, a word that belongs nowhere, a quote left open.
    assert!(matches!(super::import("sds-cli --resolution"), Err(SdsError::Wrong { .. })));
    assert!(matches!(super::import("sds-cli --resolution 1 --resolution 2"), Err(SdsError::Twice { .. })));
    assert!(matches!(super::import("sds-cli here"), Err(SdsError::Unreadable(_))));
    assert!(matches!(super::import("sds-cli --mode 'row"), Err(SdsError::Unreadable(_))));
    assert!(matches!(super::import("echo sds-cli-old"), Err(SdsError::Unreadable(_))));
}

#[test]
fn a_batch_gives_its_base_and_says_that_its_runs_are_left_out() {
    let runs = json!({ "small": [{ "name": "one", "noise_epsilon": 1.0 }] });
    let batch = json!({ "execute": { "aggregate": true }, "base_config": pipeline(), "runs": runs });
    let import = import(&batch.to_string()).unwrap();
    assert_eq!((import.form, import.epsilon), (Form::Pipeline, Some(4.0)));
    assert_eq!(import.unsupported().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["runs"]);
    assert!(import.unknown.is_empty(), "{:?}", import.unknown);
}

#[test]
fn the_same_thing_said_twice_must_be_the_same() {
    let mut map = pipeline().as_object().unwrap().clone();
    map.insert("epsilon".into(), 1.0.into());
    let twice = import(&Value::Object(map.clone()).to_string()).unwrap_err();
    assert_eq!(twice, SdsError::Twice { first: "epsilon".into(), second: "noise_epsilon".into() });
    map.insert("epsilon".into(), 4.0.into());
    assert!(import(&Value::Object(map).to_string()).is_ok());
}

#[test]
fn what_nobody_knows_is_listed_and_left_alone() {
    let mut map = pipeline().as_object().unwrap().clone();
    map.insert("use_colums".into(), json!(["gender"]));
    map.insert("\u{202e}evil\u{1b}[2J".into(), Value::Null);
    let import = import(&Value::Object(map).to_string()).unwrap();
    assert_eq!(import.unknown, ["use_colums", "\u{202e}evil\u{1b}[2J"]);
    let report = import.report();
    assert!(report.iter().any(|l| l.contains("UNKNOWN") && l.contains("use_colums")));
    assert!(report.iter().all(|l| !l.contains(['\u{202e}', '\u{1b}'])), "{report:?}");
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_and_not_read_kindly() {
    for (name, value) in [
        ("reporting_length", json!("3")),
        ("reporting_length", json!(2.5)),
        ("use_columns", json!("gender")),
        ("use_columns", json!([1])),
        ("sensitive_zeros", json!([""])),
        ("noise_epsilon", json!("four")),
        ("dp_aggregates", json!("yes")),
        ("multi_value_columns", json!({ "means": "" })),
        ("subject_id", json!(7)),
        ("record_limit", json!([])),
        ("noise_threshold_type", json!("sometimes")),
        ("noise_threshold_values", json!({ "two": 0.1 })),
        ("noise_threshold_values", json!({ "2": 1.5 })),
    ] {
        let mut map = pipeline().as_object().unwrap().clone();
        map.insert(name.into(), value.clone());
        let refused = import(&Value::Object(map).to_string());
        assert!(matches!(&refused, Err(SdsError::Wrong { name: n, .. }) if n == name), "{name} {value}: {refused:?}");
    }
    // Out of bounds is not a wrong kind: it is said, and not taken.
    let mut map = pipeline().as_object().unwrap().clone();
    map.insert("noise_epsilon".into(), json!(0.0));
    map.insert("noise_delta".into(), json!(0.5));
    let import = import(&Value::Object(map).to_string()).unwrap();
    assert_eq!((import.epsilon, import.delta), (None, None));
    assert!(is_not_supported(&import, "noise_epsilon") && is_not_supported(&import, "noise_delta"));
}

#[test]
fn other_files_are_not_taken_for_a_configuration() {
    assert_eq!(import("{}"), Err(SdsError::NotSds));
    assert_eq!(import("[]"), Err(SdsError::NotSds));
    assert_eq!(import(r#"{"name": "package", "version": "1.0.0", "dependencies": {}}"#), Err(SdsError::NotSds));
    assert!(matches!(import(""), Err(SdsError::Unreadable(_))));
    assert!(matches!(import("gender,age\nwoman,9"), Err(SdsError::Unreadable(_))));
    assert_eq!(import(&" ".repeat(MOST_BYTES + 1)), Err(SdsError::TooLong));
    let long = json!((0..2_000).map(|i| (format!("use_columns{i}"), json!(1))).collect::<serde_json::Map<_, _>>());
    assert!(import(&long.to_string()).is_err());
    let options: Vec<String> = (0..200_000).map(|i| format!("--a{i} 1")).collect();
    let too_many = |text: String| matches!(import(&text), Err(SdsError::Unreadable(why)) if why.contains("1000"));
    assert!(too_many(format!("sds-cli {}", options.join(" "))));
    assert!(too_many(format!("sds-cli {}", options.join("\nsds-cli "))));
    let deep = "{\"parameters\":".repeat(5_000) + "1" + &"}".repeat(5_000);
    assert!(import(&deep).is_err());
}

#[test]
fn the_report_says_each_setting_on_a_line() {
    let import = import(&web("Differential Privacy").to_string()).unwrap();
    let report = import.report();
    assert_eq!(report[0], "Synthetic Data Showcase, parameters of the web application: 27 settings known, 0 not");
    assert_eq!(report.len(), 1 + import.settings.len() + import.notes.len());
    assert!(report.iter().any(|l| l == "  taken         parameters.dpParameters.epsilon = 1.0"), "{report:#?}");
    assert!(report[1].starts_with("  NOT SUPPORTED parameters.csvDataParameters.multiValueColumns = "), "{report:#?}");
}

/// Names that mean something, in the spellings of several versions.
const NAMES: [&str; 26] = [
    "sensitive_microdata_path",
    "use_columns",
    "useColumns",
    "sensitive_zeros",
    "reporting_length",
    "_reporting_length",
    "reportingLength",
    "epsilon",
    "_epsilon",
    "noise_epsilon",
    "noise_delta",
    "deltaFactor",
    "dp_aggregates",
    "subject_id",
    "multi_value_columns",
    "record_limit",
    "mode",
    "_fabrication_mode",
    "fabricationMode",
    "threshold",
    "noise_threshold_type",
    "noise_threshold_values",
    "parameters",
    "csvDataParameters",
    "dpParameters",
    "aggregate_seeded_target_number_of_records",
];

#[test]
fn nought_is_a_blank_but_where_the_configuration_calls_it_sensitive() {
    use accord_standard::columns::Column;
    let import = import(&pipeline().to_string()).unwrap();
    let of = |name: &str| Column::new(name, vec!["0".into(), "1".into()]);
    let mut columns = Columns { columns: vec![of("debt"), of("has_children")] };
    import.blank_zeros(&mut columns);
    assert_eq!(
        (&columns.columns[0].values[..], &columns.columns[0].absent[..]),
        (&["1".to_owned()][..], &["0".into()][..])
    );
    assert_eq!(columns.columns[1], of("has_children"));
    let once = columns.clone();
    import.blank_zeros(&mut columns);
    assert_eq!(columns, once);
    columns.check().unwrap();
}

/// JSON of known and unknown names with values of every kind.
fn any_configuration() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof!["Balanced", "adaptive", "Custom", "Differential Privacy", ".{0,8}"].prop_map(Value::from),
    ];
    let name = prop_oneof![proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), "[2-4]", ".{0,6}"];
    let value = leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    });
    let name = prop_oneof![9 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
    proptest::collection::vec((name, value), 0..12)
        .prop_map(|pairs| Value::Object(pairs.into_iter().collect()).to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn no_configuration_makes_it_panic_or_take_what_cannot_be(text in any_configuration()) {
        if let Ok(import) = import(&text) {
            prop_assert!(import.epsilon.is_none_or(|e| e > 0.0 && e.is_finite()));
            prop_assert!(import.delta.is_none_or(|d| d > 0.0 && d <= 1e-3));
            prop_assert!(import.reporting_length.is_none_or(|l| (1..=MOST_LENGTH).contains(&l)));
            prop_assert!(import.dial.is_none_or(|d| d <= 3));
            prop_assert!(import.person.as_ref().is_none_or(|p| !import.columns.contains(p)));
            prop_assert_eq!(import.report().len(), 1 + import.settings.len() + import.unknown.len() + import.notes.len());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = import(&text);
    }

    #[test]
    fn no_command_line_makes_it_panic(
        words in proptest::collection::vec(
            prop_oneof![
                "--(use-columns|sensitive-zeros|dp|noise-epsilon|multi-value-columns|noise-threshold-values|mode|x)(=.{0,4})?",
                "(aggregate|generate)",
                "[\"'\\\\;&|#\n]{1,3}",
                ".{0,6}",
            ],
            0..20,
        ),
    ) {
        let _ = import(&format!("sds-cli {}", words.join(" ")));
    }
}

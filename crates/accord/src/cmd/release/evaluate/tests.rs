//! The figures are held to those of the peers' scoring script. `frozen/*.csv` are invented; `metrics.json` holds, without the
//! seconds, what this printed (Python 3.11.7, numpy 2.4.6, pandas 2.3.3):
//!
//! ```text
//! metrics.py --sensitive exact.csv --synthetic synthetic.csv --aggregates aggregates.csv --k 1,2,3,4
//! ```
//!
//! and, under `sex=Female`, the same for the three files cut down by hand to the rows, or combinations, with that value and
//! without that column.

use super::*;
use serde_json::Value;

fn frozen(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cmd/release/evaluate/frozen").join(name)
}

fn args() -> Args {
    Args {
        exact: frozen("exact.csv"),
        synthetic: Some(frozen("synthetic.csv")),
        aggregates: Some(frozen("aggregates.csv")),
        domain: None,
        declared_public: false,
        invented: true,
        k: vec![1, 2, 3, 4],
        by: Vec::new(),
        out: None,
    }
}

fn evaluated(args: &Args) -> Value {
    serde_json::to_value(compare(args, Declared::Invented).unwrap()).unwrap()
}

/// Every figure of the script is there, and the same but for rounding; nothing is there that the script has not.
#[track_caller]
fn assert_same(ours: &Value, script: &Value, at: &str) {
    match (ours, script) {
        (Value::Object(ours), Value::Object(script)) => {
            assert!(ours.keys().eq(script.keys()), "{at}: {ours:?} / {script:?}");
            for (key, value) in script {
                assert_same(&ours[key], value, &format!("{at}.{key}"));
            }
        }
        (Value::Number(ours), Value::Number(script)) => {
            let (ours, script) = (ours.as_f64().unwrap(), script.as_f64().unwrap());
            assert!((ours - script).abs() <= 1e-12 * script.abs().max(1.0), "{at}: {ours} / {script}");
        }
        _ => assert_eq!(ours, script, "{at}"),
    }
}

fn script(part: &str) -> Value {
    let text = std::fs::read_to_string(frozen("metrics.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[part].clone()
}

#[test]
fn every_figure_is_the_one_of_the_script_that_scores_the_peers() {
    let mut ours = evaluated(&args());
    assert_eq!(ours["exact_table_is"], "invented");
    ours.as_object_mut().unwrap().remove("exact_table_is");
    assert_same(&ours, &script("all"), "all");
}

#[test]
fn a_group_is_scored_as_its_own_table_would_be() {
    let mut ours = evaluated(&Args { by: vec!["sex=Female".into()], ..args() });
    let mut group = ours["groups"][0].take();
    assert_eq!(group["by"], "sex=Female");
    group.as_object_mut().unwrap().remove("by");
    assert_same(&group, &script("sex=Female"), "sex=Female");
}

#[test]
fn without_a_word_that_the_table_is_public_or_invented_nothing_is_compared() {
    let error = run(Args { invented: false, ..args() }, false).unwrap_err();
    assert!(error.is::<Refused>());
    assert!(error.to_string().contains("privacy rule 11"), "{error}");
}

#[test]
fn findings_never_go_into_the_folder_of_a_bundle() {
    let temp = tempfile::tempdir().unwrap();
    let deep = temp.path().join("bundle/tables");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(temp.path().join("bundle/manifest.json"), "{}").unwrap();
    for out in [deep.join("found.json"), temp.path().join("bundle/found.json"), deep.join("../../bundle/found.json")] {
        let error = run(Args { out: Some(out.clone()), ..args() }, true).unwrap_err();
        assert!(error.is::<Refused>(), "{error}");
        assert!(!out.exists());
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&deep, temp.path().join("elsewhere")).unwrap();
        let error = run(Args { out: Some(temp.path().join("elsewhere/found.json")), ..args() }, true).unwrap_err();
        assert!(error.is::<Refused>(), "{error}");
    }
    let beside = temp.path().join("found.json");
    run(Args { out: Some(beside.clone()), ..args() }, true).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(&beside).unwrap()).unwrap();
    assert_same(&written, &evaluated(&args()), "file");
    let again = run(Args { out: Some(beside), ..args() }, true).unwrap_err();
    assert!(again.to_string().contains("nothing is overwritten"), "{again}");
}

#[test]
fn values_with_commas_can_be_given_to_by() {
    let ours = evaluated(&Args { by: vec!["sector=home, private,sex=Female".into()], k: vec![1], ..args() });
    assert_eq!(ours["groups"][0]["microdata"]["columns"], 3);
    // Seen by eye in the file: four women and girls in private homes.
    let exact = std::fs::read_to_string(frozen("exact.csv")).unwrap();
    let rows = exact.lines().filter(|l| l.starts_with("Female,") && l.ends_with("\"home, private\"")).count();
    assert_eq!(ours["groups"][0]["microdata"]["rows_sensitive"], rows);
}

#[test]
fn columns_that_the_release_codes_otherwise_are_named() {
    let mut coder = Coder::new(vec!["citizenship".into(), "gender".into()]).unwrap();
    coder.code(0, "PH").unwrap();
    coder.code(1, "Female").unwrap();
    let known = coder.sizes();
    assert_eq!(coded_otherwise(&coder, &known), None);
    coder.code(0, "PHL").unwrap();
    coder.code(0, "NGA").unwrap();
    let warning = coded_otherwise(&coder, &known).unwrap();
    assert!(warning.contains("\"citizenship\" is \"PHL\" (2 such)") && warning.contains("codelist"), "{warning}");
    assert!(!warning.contains("gender"), "{warning}");
}

#[track_caller]
fn refused(args: &Args, because: &str) {
    let error = format!("{:#}", compare(args, Declared::Invented).err().unwrap());
    assert!(error.contains(because), "{error}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let temp = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = temp.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let synthetic = |path| Args { synthetic: Some(path), aggregates: None, k: vec![1], ..args() };
    let aggregates = |path| Args { synthetic: None, aggregates: Some(path), k: vec![1], ..args() };
    refused(&synthetic(temp.path().join("nowhere.csv")), "can't be read");
    refused(&synthetic(file("fewer.csv", "sex,age,country,flag\nMale,21+,AA,1\n")), "lacks the column \"sector\"");
    refused(&synthetic(file("ragged.csv", "sex,age,country,flag,sector\nMale,21+\n")), "can't be read as a table");
    refused(&aggregates(file("names.csv", "combo,count\n[],1\n")), "lacks the column `combination`");
    let one = |name, combination: &str, count| {
        file(name, &format!("combination,count\n\"{}\",{count}\n", combination.replace('"', "\"\"")))
    };
    refused(&aggregates(one("prose.csv", "sex is Male", "1")), "line 2");
    refused(&aggregates(one("column.csv", r#"[["shoe","42"]]"#, "1")), "no column \"shoe\"");
    refused(&aggregates(one("number.csv", r#"[["sex","Male"]]"#, "NaN")), "not a number");
    refused(&aggregates(one("words.csv", r#"[["sex","Male"]]"#, "many")), "line 2");
    refused(&aggregates(one("column2.csv", r#"[["sex","Male"],["sex","Male"]]"#, "1")), "one column twice");
    let twice = "combination,count\n\"[[\"\"sex\"\",\"\"Male\"\"],[\"\"age\"\",\"\"21+\"\"]]\",3\n\
                 \"[[\"\"age\"\",\"\"21+\"\"],[\"\"sex\"\",\"\"Male\"\"]]\",4\n";
    refused(&aggregates(file("twice.csv", twice)), "stands there twice");
    for (exact, because) in [("", "no column"), ("a,b\n", "no rows"), ("a,a\n1,2\n", "is there twice")] {
        let exact = file("exact.csv", exact);
        let synthetic = file("synthetic.csv", "a,b\n1,2\n");
        refused(&Args { exact, synthetic: Some(synthetic), aggregates: None, k: vec![1], ..args() }, because);
    }
    let two = file("two.csv", "a,b\n1,2\n");
    refused(&Args { exact: two.clone(), synthetic: Some(two), aggregates: None, ..args() }, "combinations of 3 of 2");
    refused(&Args { by: vec!["sex".into()], ..args() }, "is not COLUMN=VALUE");
    refused(&Args { by: vec!["shoe=42".into()], ..args() }, "no column \"shoe\"");
    refused(&Args { by: vec!["sex=Male,sex=Female".into()], ..args() }, "twice");
    refused(&Args { by: vec!["sex=Robot".into()], ..args() }, "no rows with sex=Robot");
}

#[test]
fn by_a_domain_both_tables_are_coded_as_a_release_codes_them_and_guards_are_taken_off() {
    let temp = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = temp.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let domain = "[[column]]\nname = \"land\"\ncodelist = \"country\"\n[[column]]\nname = \"flag\"\nvalues = [1]\nabsent = [0]\n\
                  [[column]]\nname = \"kind\"\nvalues = [\"=a\", \"b\"]\nother = \"else\"\n";
    let domain = write("domain.toml", domain);
    let exact = write("exact.csv", "id,land,flag,kind\n1,Kenya,0,=a\n2,KEN,1,b\n3,France,1,zebra\n");
    let synthetic = write("synthetic.csv", "land,flag,kind\nKEN,,'=a\nKEN,1,b\nFRA,1,else\n");
    let combinations = "combination,count\n\"[[\"\"land\"\",\"\"KEN\"\"]]\",2\n\"[[\"\"kind\"\",\"\"=a\"\"]]\",1\n";
    let aggregates = write("aggregates.csv", combinations);
    let with = |domain: Option<PathBuf>, aggregates: Option<PathBuf>| Args {
        exact: exact.clone(),
        synthetic: Some(synthetic.clone()),
        aggregates,
        domain,
        k: vec![1],
        ..args()
    };
    let ours = evaluated(&with(Some(domain), Some(aggregates)));
    assert_eq!(ours["microdata"]["columns"], 3, "only those of the domain");
    assert_eq!(ours["microdata"]["k1"]["workload_error"], 0.0, "{ours}");
    assert_eq!(ours["aggregates"]["k1"]["fabricated"], 0, "{ours}");
    // Without it a column is missing; and what differs in coding alone counts as error.
    assert!(compare(&with(None, None), Declared::Invented).is_err());
    let plain = write("plain.csv", "land,flag,kind\nKenya,0,=a\nKEN,1,b\nFrance,1,zebra\n");
    let uncoded = evaluated(&Args { exact: plain, ..with(None, None) });
    assert!(uncoded["microdata"]["k1"]["workload_error"].as_f64().unwrap() > 0.5, "{uncoded}");
}

use super::*;
use std::collections::BTreeSet;

/// Keys that a file defines.
fn keys(text: &str) -> Vec<String> {
    let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.lines()
        .filter_map(|line| line.split_once(" = ").or_else(|| line.split_once(" =")))
        .map(|(key, _)| key)
        .filter(|key| !key.is_empty() && key.chars().all(is_key))
        .map(str::to_owned)
        .collect()
}

/// All sources and templates of this crate, as one text each.
fn sources() -> Vec<String> {
    fn walk(folder: &std::path::Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "html") && !path.ends_with("tests.rs") {
                out.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut out = Vec::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    walk(&root.join("src"), &mut out);
    walk(&root.join("templates"), &mut out);
    out
}

/// Keys that are put together from parts in code: prefix, then one of these.
const COMPOSED: [(&str, &[&str]); 9] = [
    ("explore-sex-", &["female", "woman-girl", "male", "man-boy"]),
    (
        "acted-",
        &[
            "states-title",
            "states-none",
            "states-fill",
            "companies-title",
            "companies-none",
            "companies-fill",
            "girls-title",
            "girls-none",
            "girls-fill",
        ],
    ),
    ("gap-column-", &["girls-10-14", "girls-15-17", "women-18-19", "women", "boys-men", "gender-diverse"]),
    ("gap-row-", &["prevention", "detection", "help", "recovery", "accountability"]),
    ("question-", &["technology", "girls", "pathways", "majority", "what-works"]),
    ("call-", &["stronger", "gendered", "cooperative"]),
    (
        "ask-",
        &[
            "standard",
            "states",
            "companies",
            "law",
            "split",
            "girls",
            "missing",
            "survivors",
            "together",
            "borders",
            "silos",
            "signals",
        ],
    ),
    (
        "column-",
        &[
            "figure-id",
            "release",
            "status",
            "invented",
            "table",
            "subject",
            "group",
            "share-percent",
            "share-low",
            "share-high",
            "value",
            "low",
            "high",
            "symbol",
            "refused-because",
            "reliability",
            "unit",
            "population",
            "period",
            "definition",
            "caveats",
            "council-decision",
            "council-note",
        ],
    ),
    ("symbol-", &["hidden", "not-collected", "not-applicable", "unknown", "low", "provisional"]),
];

fn used() -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (prefix, rest) in COMPOSED {
        for part in rest {
            used.insert(format!("{prefix}{part}"));
            if prefix == "question-" {
                used.insert(format!("{prefix}{part}-unknown"));
                used.insert(format!("{prefix}{part}-rest"));
            }
            if prefix == "ask-" {
                used.insert(format!("{prefix}{part}-empty"));
                used.insert(format!("{prefix}{part}-rest"));
            }
        }
    }
    let defined: BTreeSet<String> = ENGLISH.iter().flat_map(|(_, text)| keys(text)).collect();
    for source in sources() {
        for quoted in source.split('"').skip(1).step_by(1) {
            if defined.contains(quoted) {
                used.insert(quoted.to_owned());
            }
        }
    }
    used
}

#[test]
fn every_key_of_the_english_files_is_used_somewhere() {
    let used = used();
    let orphans: Vec<String> =
        ENGLISH.iter().flat_map(|(_, text)| keys(text)).filter(|key| !used.contains(key)).collect();
    assert!(orphans.is_empty(), "nobody uses {orphans:?}");
}

#[test]
fn every_key_that_is_asked_for_by_name_exists() {
    let defined: BTreeSet<String> = ENGLISH.iter().flat_map(|(_, text)| keys(text)).collect();
    let mut missing = Vec::new();
    for source in sources() {
        for call in [".t(\"", ".with(\""] {
            for rest in source.split(call).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                if !defined.contains(key) {
                    missing.push(key.to_owned());
                }
            }
        }
    }
    for (prefix, rest) in COMPOSED {
        missing.extend(rest.iter().map(|r| format!("{prefix}{r}")).filter(|k| !defined.contains(k)));
    }
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[test]
fn every_file_parses_and_no_key_stands_twice() {
    let mut seen = BTreeSet::new();
    for (name, text) in ENGLISH {
        assert!(FluentResource::try_new((*text).to_owned()).is_ok(), "{name}.ftl does not parse");
        for key in keys(text) {
            assert!(seen.insert(key.clone()), "{key} stands twice");
        }
    }
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standard/locales/en");
    let here: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let shipped: BTreeSet<String> = ENGLISH.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(here, shipped);
}

#[test]
fn plural_forms_and_thousands_follow_the_language() {
    let w = Words::new("en", ENGLISH);
    assert_eq!(w.with("contributors", &[("n", 1_u64.into())]), "One organisation contributed");
    assert_eq!(w.with("contributors", &[("n", 4_u64.into())]), "4 organisations contributed");
    assert_eq!(
        (w.number(0), w.number(999), w.number(1000), w.number(1_234_567)),
        ("0".into(), "999".into(), "1,000".into(), "1,234,567".into())
    );
}

#[test]
fn words_never_use_the_terms_that_the_field_has_left_behind() {
    for (name, text) in ENGLISH {
        let text = text.to_lowercase();
        for word in ["child porn", "prostitute", "rescued girls", "sex slave", "victims were rescued"] {
            assert!(!text.contains(word), "{name}.ftl says “{word}”");
        }
    }
}

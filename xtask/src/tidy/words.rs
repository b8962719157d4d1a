//! Words and codes: every language says what English says, and no codelist hangs loose.

use super::{Level, Note};
use crate::tree::Tree;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};

/// The six official languages of the United Nations; English is the one that must be whole.
const LANGUAGES: [&str; 6] = ["en", "fr", "es", "ru", "ar", "zh"];

/// Message keys by language. English must exist; what another language lacks is a warning, since English is shown in its
/// place and says so; a key that English does not have is a failure.
pub fn check_locales(tree: &Tree, notes: &mut Vec<Note>) {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut push = |level, place: String, text: String| notes.push(Note { level, check: "words", place, text });
    for (path, text) in tree.under("standard/locales/", ".ftl") {
        let language = path["standard/locales/".len()..].split('/').next().unwrap_or("").to_owned();
        let of_language = keys.entry(language).or_default();
        for key in message_keys(text) {
            if !of_language.insert(key.to_owned()) {
                push(Level::Fail, path.into(), format!("`{key}` is said twice"));
            }
        }
    }
    let Some(english) = keys.get("en").cloned() else {
        push(Level::Fail, "standard/locales/en".into(), "has no words".into());
        return;
    };
    for language in LANGUAGES.iter().filter(|l| !keys.contains_key(**l)) {
        push(Level::Warn, format!("standard/locales/{language}"), "is not there yet: English is shown".into());
    }
    for (language, of_language) in &keys {
        let place = format!("standard/locales/{language}");
        if !LANGUAGES.contains(&language.as_str()) {
            push(Level::Say, place.clone(), "is a language beyond the six".into());
        }
        let lacking: Vec<&str> = english.difference(of_language).map(String::as_str).collect();
        if let Some(first) = lacking.first() {
            push(Level::Warn, place.clone(), format!("lacks {} of {}: {first} …", lacking.len(), english.len()));
        }
        for key in of_language.difference(&english) {
            push(Level::Fail, place.clone(), format!("`{key}` is not in English"));
        }
    }
}

/// Keys of a Fluent file: `key = …` at the start of a line; terms (`-brand`) and comments are not messages.
fn message_keys(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (key, _) = line.split_once('=')?;
        let key = key.trim_end();
        let well_formed = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        well_formed.then_some(key)
    })
}

/// A codelist must be used: by a field of the record, as what another list rolls up to, or by name in the program.
pub fn check_codes(tree: &Tree, notes: &mut Vec<Note>) -> anyhow::Result<()> {
    let mut lists: BTreeMap<String, &str> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (path, text) in tree.under("standard/", ".toml") {
        let value: toml::Table = toml::from_str(text).with_context(|| path.to_owned())?;
        if path.starts_with("standard/codelists/") {
            if let Some(id) = value.get("id").and_then(toml::Value::as_str) {
                lists.insert(id.to_owned(), path);
            }
        } else {
            lists_named(&toml::Value::Table(value.clone()), &mut used);
        }
        rolled_up(&toml::Value::Table(value), &mut used);
    }
    for (id, path) in &lists {
        let quoted = format!("\"{id}\"");
        if !used.contains(id) && !tree.under("crates/", ".rs").any(|(_, source)| source.contains(&quoted)) {
            let text = format!("no field, roll-up or line of the program uses the list `{id}`");
            notes.push(Note { level: Level::Fail, check: "codes", place: (*path).into(), text });
        }
    }
    for id in used.iter().filter(|id| !lists.contains_key(*id) && !lists.is_empty()) {
        let text = format!("a field or roll-up names the list `{id}`, which does not exist");
        notes.push(Note { level: Level::Fail, check: "codes", place: "standard".into(), text });
    }
    Ok(())
}

/// `list = "…"` anywhere.
fn lists_named(value: &toml::Value, used: &mut BTreeSet<String>) {
    walk(value, &mut |table| {
        if let Some(id) = table.get("list").and_then(toml::Value::as_str) {
            used.insert(id.to_owned());
        }
    });
}

/// Keys of `rollup = { … }` anywhere.
fn rolled_up(value: &toml::Value, used: &mut BTreeSet<String>) {
    walk(value, &mut |table| {
        if let Some(rollup) = table.get("rollup").and_then(toml::Value::as_table) {
            used.extend(rollup.keys().cloned());
        }
    });
}

fn walk(value: &toml::Value, on_table: &mut dyn FnMut(&toml::Table)) {
    match value {
        toml::Value::Table(table) => {
            on_table(table);
            table.values().for_each(|v| walk(v, on_table));
        }
        toml::Value::Array(items) => items.iter().for_each(|v| walk(v, on_table)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales(files: &[(&str, &str)]) -> Vec<(Level, String)> {
        let mut notes = Vec::new();
        check_locales(&Tree::of(files), &mut notes);
        notes.into_iter().map(|n| (n.level, format!("{} {}", n.place, n.text))).collect()
    }

    #[test]
    fn a_language_that_lacks_a_key_warns_and_one_that_invents_a_key_fails() {
        let found = locales(&[
            ("standard/locales/en/a.ftl", "# note = x\nhello = Hello\n  .more = x\nbye = Bye { $a ->\n    [one] x\n}"),
            ("standard/locales/fr/a.ftl", "hello = Bonjour\nextra = Plus"),
        ]);
        let of_french: Vec<_> = found.iter().filter(|(_, t)| t.contains("/fr ")).collect();
        assert_eq!(of_french.len(), 2, "{found:?}");
        assert!(of_french.iter().any(|(l, t)| *l == Level::Warn && t.contains("lacks 1 of 2: bye")), "{found:?}");
        assert!(of_french.iter().any(|(l, t)| *l == Level::Fail && t.contains("extra")), "{found:?}");
        assert_eq!(found.iter().filter(|(_, t)| t.contains("not there yet")).count(), 4);
    }

    #[test]
    fn a_key_said_twice_and_missing_english_fail() {
        let twice = locales(&[("standard/locales/en/a.ftl", "a = 1"), ("standard/locales/en/b.ftl", "a = 2")]);
        assert!(twice.iter().any(|(l, t)| *l == Level::Fail && t.contains("twice")));
        assert_eq!(locales(&[]), [(Level::Fail, "standard/locales/en has no words".to_owned())]);
    }

    fn codes(files: &[(&str, &str)]) -> Vec<String> {
        let mut notes = Vec::new();
        check_codes(&Tree::of(files), &mut notes).unwrap();
        notes.into_iter().map(|n| n.text).collect()
    }

    #[test]
    fn a_codelist_used_by_nothing_fails() {
        let record = ("standard/record.toml", "[[field]]\nid = \"a\"\nlist = \"colour\"");
        let colour =
            ("standard/codelists/colour.toml", "id = \"colour\"\n[[code]]\nid = \"x\"\nrollup = { hue = \"y\" }");
        let hue = ("standard/codelists/hue.toml", "id = \"hue\"");
        let basis = ("standard/codelists/basis.toml", "id = \"basis\"");
        let source = ("crates/a/src/lib.rs", "let l = list(\"basis\");");
        assert!(codes(&[record, colour, hue, basis, source]).is_empty());
        assert_eq!(codes(&[record, colour, hue, basis]).len(), 1);
        assert_eq!(codes(&[record, hue, ("standard/codelists/x.toml", "id = \"x\"")]).len(), 3);
    }
}

//! Every rule of the privacy page is named by a test, or `xtask/privacy.toml` says why not yet.
//!
//! A test names a rule by its own name (`privacy_07_…`) or by `PRIVACY 7` in the comment above it.

use super::{Level, Note};
use crate::tree::Tree;
use anyhow::Context;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Number of rules.
pub const RULES: u8 = 24;

/// `xtask/privacy.toml`: rules that no test names yet, each with its reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excused {
    /// Reason by rule number.
    pub not_yet: BTreeMap<String, String>,
}

impl Excused {
    /// Reads the file.
    pub fn parse(text: &str) -> anyhow::Result<Excused> {
        toml::from_str(text).context("xtask/privacy.toml")
    }
}

/// Fails on rules that are neither tested nor excused; says which are excused; warns of excuses that are out of date.
pub fn check(tree: &Tree, excused: &Excused, notes: &mut Vec<Note>) {
    let mut tests: BTreeMap<u8, usize> = BTreeMap::new();
    for (_, source) in tree.under("crates/", ".rs") {
        for rules in rules_of_tests(source) {
            for rule in rules {
                *tests.entry(rule).or_default() += 1;
            }
        }
    }
    let mut push = |level, rule: u8, text: String| {
        notes.push(Note { level, check: "privacy", place: format!("rule {rule}"), text });
    };
    for rule in 1..=RULES {
        match (tests.get(&rule), excused.not_yet.get(&rule.to_string())) {
            (Some(_), None) => {}
            (Some(n), Some(_)) => {
                push(Level::Warn, rule, format!("{n} tests name it now: take it out of xtask/privacy.toml"));
            }
            (None, Some(reason)) => push(Level::Say, rule, format!("no test yet: {reason}")),
            (None, None) => {
                push(Level::Fail, rule, "no test names it (privacy_NN_… or PRIVACY NN above a test)".into());
            }
        }
    }
    let named = tests.keys().filter(|r| (1..=RULES).contains(*r)).count();
    let total: usize = tests.values().sum();
    let text = format!("{named} of {RULES} rules are named by tests ({total} mentions)");
    notes.push(Note { level: Level::Say, check: "privacy", place: "rules".into(), text });
}

/// For each test function, the rules that its name or the comment above it names.
fn rules_of_tests(source: &str) -> Vec<BTreeSet<u8>> {
    let mut found = Vec::new();
    let (mut is_test, mut above) = (false, String::new());
    for line in source.lines().map(str::trim) {
        if line.starts_with("//") {
            above.push_str(line.trim_start_matches('/'));
            above.push(' ');
        } else if line.starts_with("#[") {
            let name = line.trim_start_matches("#[").split(['(', ']', ' ']).next().unwrap_or("");
            is_test |= name == "test" || name.ends_with("::test");
        } else if let Some(name) = fn_name(line) {
            if is_test {
                let mut rules = rules_in_text(&above);
                rules.extend(rule_in_name(name));
                if !rules.is_empty() {
                    found.push(rules);
                }
            }
            (is_test, above) = (false, String::new());
        } else {
            (is_test, above) = (false, String::new());
        }
    }
    found
}

fn fn_name(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ").unwrap_or(line);
    let rest = rest.strip_prefix("async ").unwrap_or(rest).strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

fn rule_in_name(name: &str) -> Option<u8> {
    let rest = name.strip_prefix("privacy_")?;
    rest.split('_').next()?.parse().ok()
}

/// Rules in text such as `PRIVACY 7`, `PRIVACY 18–20`, `PRIVACY 1, 2 and 3`, `PRIVACY.md 6`.
fn rules_in_text(text: &str) -> BTreeSet<u8> {
    let mut rules = BTreeSet::new();
    for (at, word) in text.match_indices("PRIVACY") {
        let mut rest = text[at + word.len()..].trim_start_matches(".md");
        let mut last: Option<u8> = None;
        let mut range = false;
        loop {
            rest = rest.trim_start();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let Ok(number) = rest[..digits].parse::<u8>() else { break };
            match last {
                Some(from) if range && from < number && number <= RULES => rules.extend(from..=number),
                _ => {
                    rules.insert(number);
                }
            }
            last = Some(number);
            rest = rest[digits..].trim_start();
            range = false;
            if let Some(after) = rest.strip_prefix('-').or_else(|| rest.strip_prefix('–')) {
                (rest, range) = (after, true);
            } else if let Some(after) = rest.strip_prefix(',').or_else(|| rest.strip_prefix("and ")) {
                rest = after;
            } else {
                break;
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_from_names_and_comments() {
        let source = "
            #[test]
            fn privacy_07_rho_is_debited_first() {}
            /// PRIVACY 18–20, 22: backups
            #[tokio::test]
            async fn backups() {}
            // PRIVACY 3 and 4.
            #[test]
            fn pooled() {}
            /// PRIVACY 9: not a test
            fn helper() {}
            #[test]
            fn plain() {}
        ";
        let found: Vec<Vec<u8>> = rules_of_tests(source).into_iter().map(|s| s.into_iter().collect()).collect();
        assert_eq!(found, [vec![7], vec![18, 19, 20, 22], vec![3, 4]]);
    }

    #[test]
    fn a_rule_without_a_test_fails_unless_it_is_excused() {
        let tests: Vec<String> = (1..=22).map(|n| format!("#[test]\nfn privacy_{n:02}_x() {{}}\n")).collect();
        let tests = tests.concat();
        let tree = Tree::of(&[("crates/a/src/lib.rs", &tests)]);
        let excused = Excused::parse("[not_yet]\n23 = \"no mailbox yet\"\n1 = \"old\"").unwrap();
        let mut notes = Vec::new();
        check(&tree, &excused, &mut notes);
        let found: Vec<_> = notes.iter().map(|n| (n.place.as_str(), n.level)).collect();
        assert_eq!(
            found,
            [("rule 1", Level::Warn), ("rule 23", Level::Say), ("rule 24", Level::Fail), ("rules", Level::Say)]
        );
    }

    #[test]
    fn a_word_after_the_number_ends_the_list() {
        assert_eq!(rules_in_text("PRIVACY 11: only 3 functions"), BTreeSet::from([11]));
        assert_eq!(rules_in_text("PRIVACY.md 6, 9"), BTreeSet::from([6, 9]));
        assert!(rules_in_text("PRIVACY is law").is_empty());
    }
}

//! No floating point where noise is drawn or scaled (PRIVACY 8): floats leak through their low bits (Mironov 2012).

use super::code::{before_tests, without_comments_and_strings, words};
use super::{Level, Note};
use crate::tree::Tree;

/// Fails on `f64`, `f32` or a float literal in the files of the noise path, their tests apart.
pub fn check(tree: &Tree, noise_path: &[String], notes: &mut Vec<Note>) {
    let mut push = |place: String, text: String| {
        notes.push(Note { level: Level::Fail, check: "noise", place, text });
    };
    for path in noise_path {
        let Some(source) = tree.text.get(path) else {
            push(path.clone(), "is named as the noise path in xtask/arrows.toml but does not exist".into());
            continue;
        };
        let code = without_comments_and_strings(before_tests(source));
        for (line, word) in words(&code) {
            if word.ends_with("f64") || word.ends_with("f32") {
                push(format!("{path}:{line}"), format!("`{word}` on the noise path: integers only"));
            }
        }
        for (number, line) in code.lines().enumerate() {
            if has_float_literal(line) {
                push(format!("{path}:{}", number + 1), "a float literal on the noise path: integers only".into());
            }
        }
    }
}

/// Digits, a point, a digit: `0.5`. Not a range (`0..5`), not a field of a tuple (`pair.0.1`).
fn has_float_literal(line: &str) -> bool {
    let bytes = line.as_bytes();
    (1..bytes.len().saturating_sub(1)).any(|i| {
        if bytes[i] != b'.' || !bytes[i - 1].is_ascii_digit() || !bytes[i + 1].is_ascii_digit() {
            return false;
        }
        let start = (0..i).rev().take_while(|j| bytes[*j].is_ascii_digit() || bytes[*j] == b'_').last().unwrap_or(i);
        let before = start.checked_sub(1).map(|j| bytes[j]);
        !before.is_some_and(|b| b == b'.' || b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let mut notes = Vec::new();
        check(&Tree::of(&[("noise.rs", source)]), &["noise.rs".into()], &mut notes);
        notes.into_iter().map(|n| n.text).collect()
    }

    #[test]
    fn floats_on_the_noise_path_fail() {
        assert_eq!(found("let x: f64 = y;").len(), 1);
        assert_eq!(found("let x = y as f32;").len(), 1);
        assert_eq!(found("let x = 0.5;").len(), 1);
        assert_eq!(found("let x = 1_f64;").len(), 1);
        assert_eq!(found("to_f64()").len(), 1);
    }

    #[test]
    fn integers_ranges_tuples_comments_and_tests_pass() {
        assert!(found("// f64 and 0.5\nfor i in 0..5 { pair.0.1 += 1; } let s = \"0.5 f64\";").is_empty());
        assert!(found("fn a() {}\n#[cfg(test)]\nmod tests { let x: f64 = 0.5; }").is_empty());
    }

    #[test]
    fn a_noise_path_that_moved_fails() {
        let mut notes = Vec::new();
        check(&Tree::of(&[]), &["gone.rs".into()], &mut notes);
        assert_eq!(notes.len(), 1);
    }
}

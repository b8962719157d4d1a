//! Every relative link of a Markdown file leads somewhere, and the book's table of contents holds every page.

use super::{Level, Note};
use crate::tree::Tree;
use std::collections::BTreeSet;

/// Pages of the book may only link to each other: it is read apart from the project.
const BOOK: &str = "docs/src/";

/// Relative links of every Markdown file must resolve inside the project. A link to a heading checks the heading too.
pub fn check_links(tree: &Tree, notes: &mut Vec<Note>) {
    for (path, text) in tree.under("", ".md") {
        for (line, target) in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').map_or((target.as_str(), None), |(f, h)| (f, Some(h)));
            let place = format!("{path}:{line}");
            let mut fail = |text: String| {
                notes.push(Note { level: Level::Fail, check: "links", place: place.clone(), text });
            };
            let Some(full) = (if file.is_empty() { Some(path.to_owned()) } else { resolve(path, file) }) else {
                fail(format!("`{target}` leads out of the project"));
                continue;
            };
            if path.starts_with(BOOK) && !full.starts_with(BOOK) {
                fail(format!("`{target}` leads out of the book"));
            } else if !tree.has(&full) {
                fail(format!("`{target}` leads nowhere"));
            } else if let (Some(heading), Some(text)) = (heading, tree.text.get(&full))
                && std::path::Path::new(&full).extension().is_some_and(|e| e == "md")
                && !headings(text).contains(heading)
            {
                fail(format!("`{target}`: no such heading"));
            }
        }
    }
}

/// `docs/src/SUMMARY.md` names every page of the book.
pub fn check_summary(tree: &Tree, notes: &mut Vec<Note>) {
    let summary = "docs/src/SUMMARY.md";
    let Some(text) = tree.text.get(summary) else { return };
    let named: BTreeSet<String> = links(text).into_iter().filter_map(|(_, t)| resolve(summary, &t)).collect();
    for (path, _) in tree.under(BOOK, ".md") {
        if path != summary && !named.contains(path) {
            let text = "is not in docs/src/SUMMARY.md".into();
            notes.push(Note { level: Level::Fail, check: "links", place: path.into(), text });
        }
    }
}

/// Targets of `[text](target)` and `![alt](target)` outside code, with their 1-based lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let line = without_code_spans(line);
        let mut rest = line.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split_whitespace().next().unwrap_or("");
            if !target.is_empty() {
                found.push((number + 1, target.to_owned()));
            }
            rest = &rest[end..];
        }
    }
    found
}

fn without_code_spans(line: &str) -> String {
    line.split('`').enumerate().filter(|(n, _)| n % 2 == 0).map(|(_, part)| part).collect::<Vec<_>>().join("``")
}

/// A relative path seen from a file; `None` if it climbs out of the project.
fn resolve(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Anchors of a file's headings, as GitHub and mdBook make them.
fn headings(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|l| l.starts_with('#'))
        .map(|l| {
            l.trim_start_matches('#')
                .trim()
                .chars()
                .filter_map(|c| match c {
                    ' ' | '-' => Some('-'),
                    c if c.is_alphanumeric() || c == '_' => Some(c.to_ascii_lowercase()),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files);
        let mut notes = Vec::new();
        check_links(&tree, &mut notes);
        check_summary(&tree, &mut notes);
        notes.into_iter().map(|n| format!("{} {}", n.place, n.text)).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let found = failing(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/) [c](https://x.org/y) [d](docs/a.md#two-words) `[e](gone.md)`\n```\n[f](gone.md)\n```",
            ),
            ("docs/a.md", "# Two words\n[up](../README.md) [here](#two-words)"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn links_that_lead_nowhere_fail() {
        let found = failing(&[
            ("README.md", "[a](docs/b.md)\n[b](../outside.md)\n[c](docs/a.md#gone)"),
            ("docs/a.md", "# Here"),
            ("docs/src/SUMMARY.md", "[x](x.md)"),
            ("docs/src/x.md", "[d](../a.md)"),
        ]);
        assert_eq!(
            found,
            [
                "README.md:1 `docs/b.md` leads nowhere",
                "README.md:2 `../outside.md` leads out of the project",
                "README.md:3 `docs/a.md#gone`: no such heading",
                "docs/src/x.md:1 `../a.md` leads out of the book"
            ]
        );
    }

    #[test]
    fn a_page_missing_from_the_summary_fails() {
        let found =
            failing(&[("docs/src/SUMMARY.md", "- [A](a.md)"), ("docs/src/a.md", ""), ("docs/src/deep/b.md", "")]);
        assert_eq!(found, ["docs/src/deep/b.md is not in docs/src/SUMMARY.md"]);
    }
}

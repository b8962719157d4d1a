//! The arrows between crates, from cargo's own metadata, against `xtask/arrows.toml`; and what the shipped binary is made
//! of (PRIVACY 8).

use super::{Level, Note};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// `xtask/arrows.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The crate that is shipped.
    pub binary: String,
    /// Crates that must not be in what is shipped, each with its reason.
    pub never_shipped: BTreeMap<String, String>,
    /// Files without floating point.
    pub noise_path: Vec<String>,
    /// Files allowed to be longer than the rest, each with its reason.
    #[serde(default)]
    pub sizes: BTreeMap<String, String>,
    /// Allowed arrows by crate.
    pub crates: BTreeMap<String, Arrows>,
}

/// The crates of this workspace that one may use.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrows {
    /// In what is shipped.
    #[serde(default)]
    pub uses: Vec<String>,
    /// In tests, examples and benches only.
    #[serde(default)]
    pub tests_use: Vec<String>,
    /// Crates from outside that must never be used here, tests apart (what the crate must never know).
    #[serde(default)]
    pub never: Vec<String>,
}

impl Table {
    /// Reads the table.
    pub fn parse(text: &str) -> anyhow::Result<Table> {
        toml::from_str(text).context("xtask/arrows.toml")
    }
}

/// What is used of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Option<Resolve>,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Debug, Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Debug, Deserialize)]
struct DepKind {
    kind: Option<String>,
}

/// Asks cargo.
pub fn metadata(root: &Path) -> anyhow::Result<Metadata> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    if !out.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    serde_json::from_slice(&out.stdout).context("cargo metadata")
}

/// Every arrow must be in the table, and every crate must have a line in it.
pub fn check(metadata: &Metadata, table: &Table, notes: &mut Vec<Note>) -> anyhow::Result<()> {
    let members: BTreeMap<&str, &Package> = metadata
        .packages
        .iter()
        .filter(|p| metadata.workspace_members.contains(&p.id))
        .map(|p| (p.name.as_str(), p))
        .collect();
    if members.is_empty() {
        bail!("cargo metadata names no crate of this workspace");
    }
    let mut fail = |place: &str, text: String| notes.push(note(place, text));
    for (name, package) in &members {
        let Some(arrows) = table.crates.get(*name) else {
            fail(name, "has no line in xtask/arrows.toml".into());
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let in_tests = dependency.kind.as_deref() == Some("dev");
            if members.contains_key(to) {
                let allowed =
                    arrows.uses.iter().any(|a| a == to) || in_tests && arrows.tests_use.iter().any(|a| a == to);
                if !allowed {
                    let where_ = if in_tests { " (in tests)" } else { "" };
                    fail(name, format!("must not use {to}{where_}: not an arrow of ARCHITECTURE.md, section 2"));
                }
            } else if !in_tests && arrows.never.iter().any(|n| n == to) {
                fail(name, format!("must never know {to}: xtask/arrows.toml"));
            }
        }
    }
    for name in table.crates.keys().filter(|n| !members.contains_key(n.as_str())) {
        fail(name, "is in xtask/arrows.toml but not in the workspace".into());
    }
    Ok(())
}

/// Nothing of `never_shipped` may be in the normal and build closure of the binary.
pub fn check_closure(metadata: &Metadata, table: &Table, notes: &mut Vec<Note>) -> anyhow::Result<()> {
    let names: BTreeMap<&str, &str> = metadata.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
    let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
    let nodes: BTreeMap<&str, &Node> = resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let start = metadata
        .workspace_members
        .iter()
        .find(|id| names.get(id.as_str()) == Some(&table.binary.as_str()))
        .with_context(|| format!("the workspace has no crate {}", table.binary))?;
    // Breadth first, so that the chain shown is a shortest one.
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut seen = BTreeSet::from([start.as_str()]);
    let mut queue = std::collections::VecDeque::from([start.as_str()]);
    while let Some(id) = queue.pop_front() {
        let Some(node) = nodes.get(id) else { continue };
        for dep in &node.deps {
            let shipped = dep.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev"));
            if shipped && seen.insert(&dep.pkg) {
                came_from.insert(&dep.pkg, id);
                queue.push_back(&dep.pkg);
            }
        }
    }
    for id in &seen {
        let name = names.get(id).copied().unwrap_or(id);
        if let Some(reason) = table.never_shipped.get(name) {
            let mut chain = vec![name];
            let mut at = *id;
            while let Some(from) = came_from.get(at) {
                chain.push(names.get(from).copied().unwrap_or(from));
                at = from;
            }
            chain.reverse();
            notes.push(note(&table.binary, format!("ships {name} ({}): {reason}", chain.join(" > "))));
        }
    }
    let text = format!("{} packages in the shipped binary, none of them test-only", seen.len());
    notes.push(Note { level: Level::Say, check: "closure", place: table.binary.clone(), text });
    Ok(())
}

fn note(place: &str, text: String) -> Note {
    Note { level: Level::Fail, check: "arrows", place: place.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table() -> Table {
        Table::parse(
            r#"
            binary = "app"
            noise_path = []
            [never_shipped]
            testnoise = "seeded noise gives exact counts away"
            [crates.app]
            uses = ["pure"]
            [crates.pure]
            tests_use = ["testnoise"]
            never = ["sqlx"]
            [crates.testnoise]
            "#,
        )
        .unwrap()
    }

    /// `edges`: from, to, kind ("normal" or "dev"). Names without an edge of their own are still packages.
    fn world(edges: &[(&str, &str, &str)]) -> Metadata {
        let outside = ["sqlx", "serde"];
        let mut names: BTreeSet<&str> = BTreeSet::from(["app", "pure", "testnoise"]);
        names.extend(edges.iter().flat_map(|e| [e.0, e.1]));
        let kind = |k: &str| if k == "dev" { json!("dev") } else { json!(null) };
        let of = |n: &str| edges.iter().filter(|e| e.0 == n).copied().collect::<Vec<_>>();
        let packages: Vec<_> = names
            .iter()
            .map(|n| {
                let deps: Vec<_> = of(n).iter().map(|e| json!({"name": e.1, "kind": kind(e.2)})).collect();
                json!({"id": n, "name": n, "dependencies": deps})
            })
            .collect();
        let nodes: Vec<_> = names
            .iter()
            .map(|n| {
                let deps: Vec<_> =
                    of(n).iter().map(|e| json!({"pkg": e.1, "dep_kinds": [{"kind": kind(e.2)}]})).collect();
                json!({"id": n, "deps": deps})
            })
            .collect();
        let members: Vec<_> = names.iter().filter(|n| !outside.contains(*n)).collect();
        serde_json::from_value(json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}}))
            .unwrap()
    }

    fn failures(edges: &[(&str, &str, &str)]) -> Vec<String> {
        let (metadata, table) = (world(edges), table());
        let mut notes = Vec::new();
        check(&metadata, &table, &mut notes).unwrap();
        check_closure(&metadata, &table, &mut notes).unwrap();
        notes.into_iter().filter(|n| n.level == Level::Fail).map(|n| format!("{}: {}", n.place, n.text)).collect()
    }

    #[test]
    fn arrows_of_the_table_pass() {
        assert!(
            failures(&[("app", "pure", "normal"), ("pure", "testnoise", "dev"), ("pure", "serde", "normal")])
                .is_empty()
        );
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_fails() {
        let found = failures(&[("pure", "app", "normal")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("pure: must not use app"));
    }

    #[test]
    fn a_test_arrow_does_not_allow_shipping() {
        let found = failures(&[("app", "pure", "normal"), ("pure", "testnoise", "normal")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].contains("app > pure > testnoise"), "{found:?}");
        assert!(found[1].contains("seeded noise"), "{found:?}");
    }

    #[test]
    fn what_a_crate_must_never_know_fails_and_tests_may() {
        assert_eq!(failures(&[("pure", "sqlx", "normal")]).len(), 1);
        assert!(failures(&[("pure", "sqlx", "dev")]).is_empty());
    }

    #[test]
    fn a_crate_without_a_line_fails() {
        assert_eq!(failures(&[("newcomer", "serde", "normal")]), ["newcomer: has no line in xtask/arrows.toml"]);
    }
}

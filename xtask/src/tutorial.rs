//! `cargo xtask tutorial`: the tutorial is run, so that it stays true.
//!
//! Blocks of `docs/src/tutorial.md` fenced as `sh` run in order, in one temporary directory, with the built `accord` first
//! on the path. A block fenced `sh,fails=N` must end with exit code N. Blocks fenced `sh,ignore` are not run (a server that
//! stays open, a command that asks). Lines of a block fenced `text,expect` must each be found, in order, in what the block
//! before it printed.

use crate::say;
use crate::tree::root;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const TUTORIAL: &str = "docs/src/tutorial.md";

/// One step of the tutorial.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// 1-based line of the opening fence.
    line: usize,
    script: String,
    /// Exit code that the script must end with.
    exit: i32,
    /// Lines to be found in its output, in order.
    expect: Vec<String>,
}

/// Runs the tutorial with a given binary, or with one built now.
pub fn run(bin: Option<&str>) -> anyhow::Result<bool> {
    let root = root();
    let text = std::fs::read_to_string(root.join(TUTORIAL)).with_context(|| TUTORIAL)?;
    let steps = steps(&text)?;
    if steps.is_empty() {
        bail!("{TUTORIAL} has no block to run");
    }
    let bin = match bin {
        Some(path) => std::fs::canonicalize(path).with_context(|| path.to_owned())?,
        None => build(&root)?,
    };
    let folder = bin.parent().context("the binary has no folder")?;
    let scratch = std::env::temp_dir().join(format!("accord-tutorial-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    let done = play(&steps, folder, &scratch);
    std::fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let ran = done?;
    if ran {
        say(&format!("tutorial: {} steps, all as written", steps.len()));
    }
    Ok(ran)
}

fn play(steps: &[Step], bin: &Path, scratch: &Path) -> anyhow::Result<bool> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&path)))?;
    for step in steps {
        let started = Instant::now();
        let out = Command::new("bash")
            .args(["-e", "-u", "-o", "pipefail", "-c", &step.script])
            .current_dir(scratch)
            .env("PATH", &path)
            .env("HOME", scratch)
            .env("ACCORD_PASSPHRASE", "tutorial words that nobody should ever use")
            .output()
            .context("bash")?;
        let shown = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        let code = out.status.code();
        let missing = first_missing(&step.expect, &shown);
        if code != Some(step.exit) || missing.is_some() {
            say(&format!("{TUTORIAL}:{}: the step does not do what the page says", step.line));
            say(&step.script);
            match missing {
                Some(line) if code == Some(step.exit) => say(&format!("expected to read: {line}")),
                _ => say(&format!("expected exit code {}, got {code:?}", step.exit)),
            }
            say(&shown);
            return Ok(false);
        }
        let first = step.script.lines().next().unwrap_or("");
        say(&format!("tutorial line {:<4} {:>5.1} s  {first}", step.line, started.elapsed().as_secs_f32()));
    }
    Ok(true)
}

/// The first expected line that is not found after the one before it.
fn first_missing<'a>(expect: &'a [String], shown: &str) -> Option<&'a str> {
    let mut lines = shown.lines();
    expect.iter().find(|wanted| !lines.any(|line| line.contains(wanted.as_str()))).map(String::as_str)
}

/// Steps of the page, in order.
fn steps(text: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut body = Vec::new();
        let mut closed = false;
        for (_, line) in lines.by_ref() {
            if line.starts_with("```") {
                closed = true;
                break;
            }
            body.push(line);
        }
        if !closed {
            bail!("{TUTORIAL}:{}: the block is never closed", number + 1);
        }
        let mut words = info.split(',').map(str::trim);
        match (words.next(), words.next()) {
            (Some("sh"), None) => {
                steps.push(Step { line: number + 1, script: body.join("\n"), exit: 0, expect: vec![] });
            }
            (Some("sh"), Some("ignore")) => {}
            (Some("sh"), Some(word)) => {
                let exit = word.strip_prefix("fails=").and_then(|n| n.parse().ok());
                let exit = exit.with_context(|| format!("{TUTORIAL}:{}: what is `{word}`?", number + 1))?;
                steps.push(Step { line: number + 1, script: body.join("\n"), exit, expect: vec![] });
            }
            (Some("text"), Some("expect")) => {
                let Some(step) = steps.last_mut() else { bail!("{TUTORIAL}:{}: expects of what?", number + 1) };
                step.expect.extend(body.iter().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty() && l != "…"));
            }
            _ => {}
        }
    }
    Ok(steps)
}

fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["build", "--quiet", "--package", "accord", "--message-format", "json"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !out.status.success() {
        bail!("accord does not build");
    }
    let text = String::from_utf8(out.stdout)?;
    text.lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok())
        .filter(|m| m["target"]["name"] == "accord" && m["target"]["kind"][0] == "bin")
        .find_map(|m| m["executable"].as_str().map(PathBuf::from))
        .context("cargo built no accord")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_steps_and_ignored_ones_do_not() {
        let page = "# T\n```sh\necho a\necho b\n```\n```text,expect\na\n…\n```\n```sh,ignore\nserve\n```\n```sh,fails=3\nno\n```\n```json\n{}\n```";
        let found = steps(page).unwrap();
        assert_eq!(
            found,
            [
                Step { line: 2, script: "echo a\necho b".into(), exit: 0, expect: vec!["a".into()] },
                Step { line: 13, script: "no".into(), exit: 3, expect: vec![] },
            ]
        );
        assert!(steps("```sh\nnever closed").is_err());
        assert!(steps("```sh,maybe\nx\n```").is_err());
        assert!(steps("```text,expect\nx\n```").is_err());
    }

    #[test]
    fn expected_lines_are_found_in_order() {
        let expect = ["one".to_owned(), "two".to_owned()];
        assert_eq!(first_missing(&expect, "x one\ny two\n"), None);
        assert_eq!(first_missing(&expect, "two\none\n"), Some("two"));
    }

    #[test]
    fn a_step_that_fails_stops_the_tutorial() {
        let dir = tempfile::tempdir().unwrap();
        let step = |script: &str, exit| Step { line: 1, script: script.into(), exit, expect: vec![] };
        let good = [step("echo x > file", 0), step("exit 3", 3), step("test -s file", 0)];
        assert!(play(&good, dir.path(), dir.path()).unwrap());
        assert!(!play(&[step("false; true", 0)], dir.path(), dir.path()).unwrap());
        let wanted = Step { line: 1, script: "echo a".into(), exit: 0, expect: vec!["b".into()] };
        assert!(!play(&[wanted], dir.path(), dir.path()).unwrap());
    }
}

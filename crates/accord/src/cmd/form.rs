//! `accord desk form`: the forms that a steward can use tomorrow.

use super::Exit;
use crate::say::{say, say_json};
use accord_record::form;
use accord_standard::codebook::Codebook;
use anyhow::Context as _;
use std::path::PathBuf;

/// Arguments of `accord desk form`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord desk form forms\n\nWrites a workbook, a printable sheet, an XLSForm for KoboToolbox \
and ODK with its mapping file, and a README."
)]
pub struct Args {
    /// Folder to write the forms to; made if it is not there.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Write over forms that are already there.
    #[arg(long)]
    force: bool,
}

/// Runs `accord desk form`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let codebook = Codebook::embedded();
    let files: [(&str, Vec<u8>); 5] = [
        ("event-workbook.xlsx", form::workbook(codebook)?),
        ("event-sheet.html", form::printable(codebook).into_bytes()),
        ("event-xlsform.xlsx", form::xlsform(codebook)?),
        ("xlsform-mapping.toml", form::xlsform_mapping(codebook)?.into_bytes()),
        ("README.md", form::readme(codebook)?.into_bytes()),
    ];
    let dir = &args.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("the folder {} cannot be made", dir.display()))?;
    if !args.force {
        for (name, _) in &files {
            // A workbook that is there may hold records: it is never written over unasked.
            anyhow::ensure!(
                !dir.join(name).exists(),
                "{} is there already and may hold records; choose another folder, or --force to write over it",
                dir.join(name).display()
            );
        }
    }
    for (name, bytes) in &files {
        let path = dir.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if json {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        say_json(&serde_json::json!({ "dir": dir, "files": names }))?;
    } else {
        say(&format!("Wrote to {}:", dir.display()))?;
        for (name, _) in &files {
            say(&format!("  {name}"))?;
        }
        say("Begin with README.md. The forms ask for codes, ages and dates; every question may be skipped.")?;
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_written_once_and_never_over_a_workbook_that_may_hold_records() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let args = |force| Args { dir: dir.path().join("forms"), force };
        assert_eq!(run(args(false), true).expect("written"), Exit::Fine);
        for name in
            ["event-workbook.xlsx", "event-sheet.html", "event-xlsform.xlsx", "xlsform-mapping.toml", "README.md"]
        {
            assert!(dir.path().join("forms").join(name).metadata().expect("it is there").len() > 500, "{name}");
        }
        let refused = run(args(false), false).expect_err("not written over");
        assert!(refused.to_string().contains("may hold records"));
        assert_eq!(run(args(true), true).expect("written over"), Exit::Fine);
    }
}

//! Taking a file into a vault: read by the sandboxed reader, all of it or nothing.

use crate::sandbox::{Message, ReadOptions, read_file};
use accord_desk::import::{BatchMeta, ImportReport};
use accord_desk::vault::Vault;
use accord_record::check::{Finding, Summary};
use std::path::Path;
use tokio::runtime::Runtime;

/// What came of an import.
#[derive(Debug)]
pub struct Intake {
    /// What the reader found in the file.
    pub summary: Summary,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// What was taken in, or would be; `None` if rows fail, and then nothing was.
    pub report: Option<ImportReport>,
}

/// Findings that are kept to be shown.
const KEPT: usize = 20;

/// Imports a file, or, if `dry`, only says what an import would do. Nothing is taken in if any row fails.
///
/// Call it outside of async code: it waits for the vault on `runtime`.
pub fn import_file(
    runtime: &Runtime,
    vault: &Vault,
    path: &Path,
    options: &ReadOptions,
    on: jiff::civil::Date,
    dry: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Intake> {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let meta = BatchMeta { file, read_as: "detected".into(), on };
    let mut writer = runtime.block_on(vault.import(meta))?;
    let mut findings = Vec::new();
    let options = ReadOptions { want_records: true, ..options.clone() };
    let summary = read_file(path, &options, &mut |message| {
        match message {
            Message::Started(_) => {}
            Message::Progress { read, of } => progress(read, of),
            Message::Finding(finding) => {
                if findings.len() < KEPT {
                    findings.push(finding);
                }
            }
            Message::Record { row, incoming } => runtime.block_on(writer.push_row(row, incoming))?,
        }
        Ok(())
    })?;
    let report = if summary.failed > 0 || summary.accepted == 0 {
        drop(writer);
        None
    } else if dry {
        Some(runtime.block_on(writer.dry_run())?)
    } else {
        Some(runtime.block_on(writer.commit())?)
    };
    Ok(Intake { summary, findings, report })
}

//! Taking a file into a vault: read by the sandboxed reader, all of it or nothing.

use crate::ambient;
use crate::cmd::desk::vault_error;
use crate::sandbox::{Message, ReadOptions, read_file};
use accord_desk::import::{BatchMeta, ImportReport};
use accord_desk::{Vault, VaultError};
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
    /// What was taken in, or would be; `None` if rows fail their checks, and then nothing was.
    pub report: Option<Result<ImportReport, VaultError>>,
}

/// Findings that are kept to be shown; `accord check` shows them all.
const KEPT: usize = 20;

/// Imports a file, or, if `dry`, only says what an import would do. Nothing is taken in if any row fails. `progress` is told
/// how much of the file is read.
///
/// Call it outside of async code: it waits for the vault on `runtime`.
pub fn import_file(
    runtime: &Runtime,
    vault: &Vault,
    path: &Path,
    options: &ReadOptions,
    dry: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Intake> {
    // Files of the vault are let go inside the runtime, also when an error ends this function early.
    let _inside = runtime.enter();
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let meta = BatchMeta { file, read_as: String::new(), on: ambient::today() };
    let mut writer = runtime.block_on(vault.import(meta)).map_err(vault_error)?;
    let mut findings = Vec::new();
    let options = ReadOptions { want_records: true, ..options.clone() };
    let summary = read_file(path, &options, &mut |message| {
        match message {
            Message::Started(started) => writer.read_as(&started.crosswalk),
            Message::Progress { read, of } => progress(read, of),
            Message::Finding(finding) => {
                if findings.len() < KEPT {
                    findings.push(finding);
                }
            }
            Message::Record { row, incoming } => {
                runtime.block_on(writer.push_row(row, incoming)).map_err(vault_error)?;
            }
        }
        Ok(())
    })?;
    if summary.failed > 0 || summary.accepted == 0 {
        return Ok(Intake { summary, findings, report: None });
    }
    let done = runtime.block_on(async { if dry { writer.dry_run().await } else { writer.commit().await } });
    Ok(Intake { summary, findings, report: Some(done) })
}

//! `accord desk records`

use super::{Exit, VaultArgs, block_on, record_id, say, say_json, vault_error};
use crate::ambient;
use accord_desk::VaultError;
use accord_record::model::Cell;
use accord_record::write::cell_text;
use accord_standard::codebook::{Class, Codebook, FieldId};
use std::collections::BTreeMap;

/// Arguments of `accord desk records`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accord desk records --vault vault
  echo case-17 | accord desk records --vault vault --show -

The counts are exact and for the desk alone: nothing that leaves may be made from them.")]
pub struct Args {
    #[command(flatten)]
    vault: VaultArgs,
    /// Show one record by its local identifier; `-` reads it from standard input.
    #[arg(long, value_name = "ID")]
    show: Option<String>,
    /// With --show: also what identifies the person.
    #[arg(long, requires = "show")]
    with_names: bool,
}

/// Runs `accord desk records`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match &args.show {
        Some(id) => show(&args, &record_id(id)?, json),
        None => count(&args, json),
    }
}

fn count(args: &Args, json: bool) -> anyhow::Result<Exit> {
    let (seen, cohorts, lock) = block_on(async {
        let vault = args.vault.open().await?;
        let mut cohorts: BTreeMap<i16, u64> = BTreeMap::new();
        let seen = vault
            .for_each_record(ambient::today(), |s| {
                *cohorts.entry(s.cohort).or_default() += 1;
                Ok::<(), VaultError>(())
            })
            .await
            .map_err(vault_error)?;
        Ok((seen, cohorts, vault.drawing_locked()))
    })?;
    if json {
        say_json(&serde_json::json!({ "records": seen.records, "cohorts": cohorts, "drawing_locked": lock }))?;
        return Ok(Exit::Fine);
    }
    say(&format!("{} records", seen.records))?;
    for (year, n) in cohorts {
        say(&format!("  first imported in {year}: {n}"))?;
    }
    if let Some(why) = lock {
        say(&format!("Drawing is locked: {why}."))?;
    }
    Ok(Exit::Fine)
}

fn show(args: &Args, id: &str, json: bool) -> anyhow::Result<Exit> {
    let stored = block_on(async {
        let vault = args.vault.open().await?;
        vault.record(id, ambient::today()).await.map_err(vault_error)
    })?;
    let book = Codebook::embedded();
    let record = &stored.incoming.record;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut part = |prefix: String, cells: &[(FieldId, Cell)]| {
        for (field, cell) in cells {
            let hidden = book.get(*field).class == Class::Direct && !args.with_names;
            let text = if hidden { "(hidden)".to_owned() } else { cell_text(book, *field, cell) };
            lines.push((format!("{prefix}{}", book.get(*field).id), text));
        }
    };
    part(String::new(), &record.cells);
    for (i, e) in record.events.iter().enumerate() {
        part(format!("event.{}.", i + 1), e);
    }
    for (i, e) in record.perpetrators.iter().enumerate() {
        part(format!("perpetrator.{}.", i + 1), e);
    }
    for (i, e) in record.platform_actions.iter().enumerate() {
        part(format!("platform_action.{}.", i + 1), e);
    }
    if json {
        let cells: BTreeMap<&str, &str> = lines.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        say_json(&serde_json::json!({ "cohort": stored.cohort, "cells": cells }))?;
        return Ok(Exit::Fine);
    }
    say(&format!("first imported in {}", stored.cohort))?;
    for (name, text) in &lines {
        say(&format!("  {name}: {text}"))?;
    }
    Ok(Exit::Fine)
}

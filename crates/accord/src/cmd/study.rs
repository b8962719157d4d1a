//! `accord study`

use super::release::draft::{Written, draw_and_write};
use super::{Exit, Usage, desk::VaultArgs};
use crate::ambient;
use crate::say::{say, say_json};
use accord_desk::draw::Ask;
use accord_measure::plan::{Extras, Plan};
use accord_release::noise::LinearNoise;
use accord_release::publish::MISS;
use accord_release::study::rehearse;
use accord_standard::codebook::Codebook;
use accord_standard::dimension;
use accord_standard::legal::LegalAges;
use accord_standard::study::{self, Study};
use anyhow::Context as _;
use std::path::PathBuf;

/// Arguments of `accord study`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  accord study                          the studies that there are\n  accord study girls --epsilon 1        what it \
asks, what it would measure, and how far the noise would reach; spends nothing\n  accord study girls --vault vault --slot \
2026-2 --epsilon 1 --period '2016 to 2026' --out draft-girls\n\nThe cost is debited before any record is read and is never \
refunded. Exit code 3: refused, because the account, the slot or the size of the holder does not allow it."
)]
pub struct Args {
    /// The study: the name of one that ships, or a file.
    #[arg(value_name = "STUDY")]
    study: Option<String>,
    /// Folder of the vault to draw from; without it nothing is drawn and nothing spent.
    #[arg(long, value_name = "DIR", requires = "slot")]
    vault: Option<PathBuf>,
    #[command(flatten)]
    secret: crate::secret::Source,
    /// Slot of the release calendar, such as 2026-1. At most two draws are made in a slot.
    #[arg(long)]
    slot: Option<String>,
    /// What the draw costs each person in the records.
    #[arg(long, allow_hyphen_values = true, default_value_t = 1.0)]
    epsilon: f64,
    /// Years that the records cover, in words; declared, not read from the records.
    #[arg(long, default_value = "not declared")]
    period: String,
    /// The people in these records are invented: say so everywhere.
    #[arg(long)]
    invented: bool,
    /// The organisation's own table of legal ages (TOML), for studies that ask for one; the guide on studies says how it looks.
    #[arg(long, value_name = "FILE")]
    legal_ages: Option<PathBuf>,
    /// You mean a second draw in this slot: it costs as much again, and is the last.
    #[arg(long)]
    again: bool,
    /// Identifier of the release; default: the study and the slot.
    #[arg(long)]
    id: Option<String>,
    /// Title of the release; default: that of the study.
    #[arg(long)]
    title: Option<String>,
    /// New folder for the draft release.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// New file for the contribution to a pool.
    #[arg(long, value_name = "FILE")]
    contribution: Option<PathBuf>,
}

/// Runs `accord study`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let Some(name) = &args.study else { return list(json) };
    let mut study = read(name)?;
    if let Some(path) = &args.legal_ages {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
        let ages = LegalAges::parse(&text, Codebook::embedded())
            .with_context(|| format!("{} can't be used", path.display()))?;
        study = study.with_legal_ages(&ages);
    }
    if study.lacks_legal_ages() {
        crate::say::warn(&format!(
            "study {} asks for legal ages and has none: whoever they decide on stands under “not known”. Give your \
             organisation's table with --legal-ages FILE",
            study.id
        ));
    }
    // What can fail without data fails before anything is spent.
    rehearse(&study).with_context(|| format!("study {} can't be made", study.id))?;
    let Some(vault) = args.vault else {
        accord_release::account::check_epsilon(args.epsilon).map_err(super::Refused::error)?;
        return show(&study, args.epsilon, json);
    };
    if args.out.is_none() && args.contribution.is_none() {
        return Err(Usage::error(
            "say where the draft goes with --out DIR, or where the contribution goes with --contribution FILE",
        ));
    }
    let slot = args.slot.context("--slot is needed to draw")?;
    let ask = Ask {
        slot: slot.clone(),
        workload: study.workload.clone(),
        epsilon: args.epsilon,
        microdata: false,
        period: args.period,
        invented: args.invented,
        today: ambient::today(),
        again: args.again,
        study: Some(study.clone()),
    };
    let to = Written {
        id: args.id.unwrap_or_else(|| format!("{}-{}", study.id, slot.to_lowercase())),
        title: Some(args.title.unwrap_or(study.title)),
        out: args.out,
        contribution: args.contribution,
    };
    draw_and_write(&VaultArgs { vault, secret: args.secret }, &ask, &to, json)
}

/// A study by name or from a file.
pub fn read(name: &str) -> anyhow::Result<Study> {
    if let Some(study) = study::embedded(name) {
        return Ok(study);
    }
    let ids: Vec<&str> = study::ids().collect();
    let text = std::fs::read_to_string(name).with_context(|| {
        format!("there is no study called {name}, nor a file of that name; there are: {}", ids.join(", "))
    })?;
    Study::parse(&text, dimension::embedded(), Codebook::embedded())
        .with_context(|| format!("{name} is not a study that can be made"))
}

fn list(json: bool) -> anyhow::Result<Exit> {
    let all: Vec<Study> = study::ids().filter_map(study::embedded).collect();
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|s| serde_json::json!({ "id": s.id, "version": s.version, "title": s.title, "question": s.question }))
            .collect();
        say_json(&serde_json::json!({ "studies": all }))?;
        return Ok(Exit::Fine);
    }
    for study in all {
        say(&format!("{}\n    {}\n    {}", study.id, study.title, study.question))?;
    }
    say("\nWhat one asks and would measure: accord study NAME --epsilon 1")?;
    Ok(Exit::Fine)
}

/// What a study asks and what a draw would measure: nothing is read and nothing spent.
fn show(study: &Study, epsilon: f64, json: bool) -> anyhow::Result<Exit> {
    let plan = Plan::new(study.workload.clone(), epsilon, DELTA, 1, Extras { microdata: false, basis: true })?;
    let tables: Vec<(&accord_standard::workload::TableSpec, u64)> = study
        .workload
        .tables
        .iter()
        .filter_map(|table| {
            let step = plan.steps.iter().find(|s| s.table == table.id)?;
            Some((table, LinearNoise::direct(&[step.sigma_milli]).half_width(MISS)))
        })
        .collect();
    if json {
        let rows: Vec<_> = tables
            .iter()
            .map(|(table, half)| {
                serde_json::json!({
                    "table": table.id, "title": table.title, "cells": table.cells(),
                    "dimensions": table.dimensions.iter().map(|d| &d.id).collect::<Vec<_>>(),
                    "most_cells_per_person": table.most_cells_per_person(), "half_width": half,
                    "among": table.among.as_ref().map(|a| &a.label),
                })
            })
            .collect();
        let figures: Vec<_> =
            study.figures.iter().map(|f| serde_json::json!({ "figure": f.id, "label": f.label })).collect();
        say_json(&serde_json::json!({
            "study": study.id, "version": study.version, "question": study.question, "limits": study.limits,
            "epsilon": epsilon, "delta": DELTA, "tables": rows, "figures": figures,
        }))?;
        return Ok(Exit::Fine);
    }
    say(&format!("{}\n{}\n", study.title, study.question))?;
    say("What it can't answer:")?;
    for limit in &study.limits {
        say(&format!("  - {limit}"))?;
    }
    say(&format!(
        "\nTables that a draw at epsilon {epsilon} (delta {DELTA:e}) would measure; nothing else leaves the desk:"
    ))?;
    for (table, half) in &tables {
        let cells = table.most_cells_per_person();
        let people =
            if cells == 1 { "each person in one cell".to_owned() } else { format!("at most {cells} cells a person") };
        say(&format!(
            "  {}: {}\n      {} cells, {people}; a count reaches {half} either way",
            table.id,
            table.title,
            table.cells()
        ))?;
    }
    say("\nFigures made from them:")?;
    for figure in &study.figures {
        say(&format!("  {}: {}", figure.id, figure.label))?;
    }
    Ok(Exit::Fine)
}

/// Delta of a vault that didn't choose another.
const DELTA: f64 = 1e-6;

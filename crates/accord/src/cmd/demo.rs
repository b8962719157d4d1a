//! `accord demo`: the whole story on one machine, with invented people.
//!
//! Four invented organisations hold overlapping, messy records. Each checks its file and imports it into a vault of its
//! own; each draws once; one is too small to publish alone and contributes to the pool all the same; an invented council
//! approves the pooled release; the public site shows it.

use super::release::{decide, draft, keys, publish};
use super::{Exit, hub};
use crate::sandbox::{As, ReadOptions};
use crate::say::{say, say_json};
use crate::{ambient, folder, intake, progress};
use accord_crypto::{KdfParams, Passphrase};
use accord_desk::draw::{Ask, draw};
use accord_desk::ledger::Ledger;
use accord_desk::vault::{InitOptions, Vault};
use accord_hub::Site;
use accord_invent::{Holder, HolderKind, demo_holders, world};
use accord_release::account::{DEFAULT_DELTA, epsilon_of};
use accord_release::bundle::{Outcome, Refusal};
use accord_release::contribution::Contribution;
use accord_release::files::{Files, read_bundle};
use accord_standard::figure::FigureValue;
use accord_standard::workload;
use accord_web::SiteOptions;
use anyhow::{Context as _, ensure};
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Arguments of `accord demo`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord demo\n\nEverybody in it is invented. It writes to a new folder and serves the site at \
http://127.0.0.1:7878 until Ctrl-C."
)]
pub struct Args {
    /// New folder for everything that the demonstration writes.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Port of the site on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 7878)]
    port: u16,
    /// Play the story and stop; don't serve the site.
    #[arg(long)]
    no_serve: bool,
}

/// Seed of the invented people: the same in every demonstration. Noise and keys come from the system's generator and are
/// different each time.
const SEED: u64 = 2019;
/// Slot of the invented release calendar.
const SLOT: &str = "2026-1";
/// Cost of each organisation's draw.
const EPSILON: f64 = 1.0;
/// The most that any cohort may ever be charged.
const CAP: f64 = 4.0;
/// Years that the invented records cover, as declared.
const PERIOD: &str = "2018 to 2025";
/// The invented council's note.
const NOTE: &str = "Invented council: these people do not exist. Read the figures for girls first, and read each range \
                    before its number.";

/// What the demonstration did.
#[derive(Debug, Serialize)]
struct Story {
    dir: PathBuf,
    invented: bool,
    organisations: Vec<Told>,
    published: Vec<PathBuf>,
    refused: Vec<Refused>,
    pooled_epsilon: f64,
    pooled_epsilon_several_desks: f64,
    delta: f64,
    figures: usize,
    shown: usize,
    trust: PathBuf,
    seconds: f64,
}

/// One organisation's part in it.
#[derive(Debug, Serialize)]
struct Told {
    name: String,
    file: PathBuf,
    vault: PathBuf,
    imported: u64,
    epsilon: f64,
    own_release: Option<PathBuf>,
}

/// Something that was not given.
#[derive(Debug, Serialize)]
struct Refused {
    what: String,
    why: String,
}

/// Runs `accord demo`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let dir = match args.dir {
        Some(dir) => dir,
        None => free_name()?,
    };
    folder::is_free(&dir)?;
    let start = ambient::now();
    let (mut story, site) = play(&dir, json)?;
    story.seconds = (ambient::now().as_millisecond() - start.as_millisecond()) as f64 / 1000.0;
    tell(&story, json)?;
    if !args.no_serve {
        let options = SiteOptions { today: Some(ambient::today_iso()), ..SiteOptions::default() };
        hub::serve(site, options, args.port, |address| hub::say_address(address, json))?;
    }
    Ok(Exit::Fine)
}

/// The first of `accord-demo`, `accord-demo-2`, … that isn't there yet.
fn free_name() -> anyhow::Result<PathBuf> {
    let names = std::iter::once("accord-demo".to_owned()).chain((2..1000).map(|n| format!("accord-demo-{n}")));
    names
        .map(PathBuf::from)
        .find(|p| folder::is_free(p).is_ok())
        .context("there are a thousand demonstrations here already; give --dir")
}

fn play(dir: &Path, json: bool) -> anyhow::Result<(Story, Site)> {
    let world = world(SEED, &demo_holders());
    let runtime = Runtime::new()?;
    let bar = if json { ProgressBar::hidden() } else { progress::steps(world.holders.len() as u64 * 4 + 3) };
    let step = |what: String| {
        bar.set_message(what);
        bar.inc(1);
    };
    std::fs::create_dir_all(dir.join("files")).with_context(|| format!("{} can't be made", dir.display()))?;

    let mut organisations = Vec::new();
    let mut contributions = Vec::new();
    let mut drafts: Vec<(String, Files)> = Vec::new();
    let mut refusals = Vec::new();
    for holder in &world.holders {
        let name = &holder.spec.name;
        step(format!("{name}: writes its file"));
        let file = dir.join("files").join(holder.file_name());
        let mut out = Vec::new();
        holder.write(&mut out)?;
        folder::write_synced(&file, &out)?;
        let options = ReadOptions { crosswalk: mapping(dir, holder)?, ..ReadOptions::default() };

        step(format!("{name}: makes a vault, checks and imports"));
        let place = dir.join("vaults").join(file.file_stem().unwrap_or_default());
        let passphrase = Passphrase::make(6)?;
        let vault = make_vault(&runtime, &place, &passphrase, holder)?;
        let today = ambient::today();
        let taken = intake::import_file(&runtime, &vault, &file, &options, false, &mut |_, _| {})?;
        let report = taken.report.with_context(|| {
            format!(
                "{} rows of {} fail their checks: {:?}",
                taken.summary.failed,
                file.display(),
                taken.findings.first()
            )
        })??;

        step(format!("{name}: draws protected tables"));
        let ask = Ask {
            slot: SLOT.into(),
            workload: workload::embedded("default").context("the default workload is missing")?,
            study: None,
            epsilon: EPSILON,
            microdata: true,
            period: PERIOD.into(),
            invented: true,
            today,
            again: false,
        };
        let drawn = runtime.block_on(draw(&vault, &ask, &mut |_| {}))?;
        let slug = slug(name);
        let written = dir.join("contributions");
        std::fs::create_dir_all(&written)?;
        let bytes = serde_json::to_vec_pretty(&drawn.contribution)?;
        folder::write_synced(&written.join(format!("{slug}.json")), &bytes)?;

        step(format!("{name}: makes a release of its own, if it can"));
        let id = format!("{slug}-{SLOT}");
        let own = draft::draft_of(&drawn.contribution, &id, &format!("{name}, {SLOT}"));
        let own_release = match own {
            Ok(files) => {
                let out = dir.join("drafts").join(&id);
                folder::write_new(&out, &files)?;
                drafts.push((id, files));
                Some(out)
            }
            Err(why) => {
                let why = why.to_string();
                refusals.push(Refusal { what: format!("a release of its own for {name}"), why });
                None
            }
        };
        runtime.block_on(async { Ledger::of_vault(&vault).await?.deliver(&drawn.draw).await })?;
        let epsilon = epsilon_of(drawn.contribution.rho, drawn.contribution.delta);
        organisations.push(Told {
            name: name.clone(),
            file,
            vault: place,
            imported: report.records,
            epsilon,
            own_release,
        });
        contributions.push(drawn.contribution);
    }

    step("the tables of all are added".into());
    let pooled = pool(&contributions, &refusals)?;
    let out = dir.join("drafts").join(format!("demo-{SLOT}"));
    folder::write_new(&out, &pooled)?;

    drafts.push((format!("demo-{SLOT}"), pooled));

    step("the invented council decides".into());
    let keys = keys::make("Invented survivor council", "Invented secretariat", 2, 3)?;
    let trust = dir.join("root.json");
    folder::write_synced(&trust, &serde_json::to_vec_pretty(&keys.root)?)?;
    let list = keys.list_bytes()?;
    let decisions = drafts
        .iter()
        .map(|(_, d)| decide::decide(d, "Invented survivor council", Outcome::Approve, NOTE, &keys.shares[..2]))
        .collect::<anyhow::Result<Vec<_>>>()?;

    step("the releases are published".into());
    let mut site = Site::new();
    let mut releases = Vec::new();
    let mut published = Files::new();
    for ((id, files), decision) in drafts.iter().zip(&decisions) {
        published = publish::publish(files, decision, &list, &keys.release, &keys.root)?;
        let out = dir.join("releases").join(id);
        folder::write_new(&out, &published)?;
        site.add(hub::load(published.clone(), Some(&keys.root), None)?)?;
        releases.push(out);
    }
    bar.finish_and_clear();

    // The pooled release is the last.
    let bundle = read_bundle(&published)?;
    let figures: Vec<&FigureValue> = bundle.tables.iter().flat_map(|t| t.figures.iter().map(|f| &f.value)).collect();
    let shown = figures.iter().filter(|v| matches!(v, FigureValue::Count { .. } | FigureValue::Range { .. })).count();
    let story = Story {
        dir: dir.to_owned(),
        invented: true,
        organisations,
        published: releases,
        refused: refusals.into_iter().map(|r| Refused { what: r.what, why: r.why }).collect(),
        pooled_epsilon: bundle.privacy.epsilon_cumulative,
        pooled_epsilon_several_desks: bundle.privacy.epsilon_several_desks,
        delta: bundle.privacy.delta,
        figures: figures.len(),
        shown,
        trust,
        seconds: 0.0,
    };
    Ok((story, site))
}

fn pool(contributions: &[Contribution], refusals: &[Refusal]) -> anyhow::Result<Files> {
    Ok(draft::files_of(
        contributions,
        &format!("demo-{SLOT}"),
        "Four invented organisations together",
        refusals.to_vec(),
    )?)
}

/// How a holder's file is read: by its own mapping file, if it has its own columns.
fn mapping(dir: &Path, holder: &Holder) -> anyhow::Result<As> {
    Ok(match holder.mapping() {
        None => As::Detect,
        Some(text) => {
            let path = dir.join("files").join(format!("{}-mapping.toml", slug(&holder.spec.name)));
            folder::write_synced(&path, text.as_bytes())?;
            As::File(path)
        }
    })
}

fn make_vault(runtime: &Runtime, place: &Path, passphrase: &Passphrase, holder: &Holder) -> anyhow::Result<Vault> {
    // Declared beforehand and public: round numbers that say nothing of how many there are.
    let (kind, size_bound) = match (holder.spec.kind, holder.spec.records) {
        (HolderKind::Hotline, _) => ("hotline", 30_000),
        (HolderKind::Police, _) => ("police", 5_000),
        (HolderKind::Shelter, 0..200) => ("ngo", 200),
        (HolderKind::Shelter, _) => ("ngo", 1_000),
    };
    let options = InitOptions {
        organisation: holder.spec.name.clone(),
        kind: kind.into(),
        size_bound,
        epsilon_cap: CAP,
        delta: DEFAULT_DELTA,
        // The smallest cost that is allowed: four vaults in a row should not keep anybody waiting.
        kdf: KdfParams::floor(),
        on: ambient::today(),
    };
    if let Some(parent) = place.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let (vault, _shares) = runtime.block_on(Vault::init(place, passphrase, options))?;
    let note = format!(
        "INVENTED DATA. Passphrase of the vault beside this file, kept here only because everybody in it is invented:\n{}\n",
        passphrase.expose()
    );
    folder::write_synced(&place.with_extension("passphrase.txt"), note.as_bytes())?;
    Ok(vault)
}

fn slug(name: &str) -> String {
    name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn tell(story: &Story, json: bool) -> anyhow::Result<()> {
    ensure!(story.invented, "a demonstration is always invented");
    if json {
        return say_json(story);
    }
    say("INVENTED DATA: nobody in this demonstration exists.\n")?;
    say("Held and spent")?;
    for told in &story.organisations {
        say(&format!("  {:<24} {:>6} records  epsilon {:.3}", told.name, told.imported, told.epsilon))?;
    }
    say("\nPublished")?;
    for path in &story.published {
        say(&format!("  {}", path.display()))?;
    }
    say(&format!(
        "  In the last one, of all together, {} of {} cells are shown; the rest are too uncertain to show.",
        story.shown, story.figures
    ))?;
    say(&format!(
        "  A person in one of these vaults: epsilon {:.3}; known to three of them: {:.3} (delta {:e}).",
        story.pooled_epsilon, story.pooled_epsilon_several_desks, story.delta
    ))?;
    say("  It counts records, not people: one person may be known to several organisations.")?;
    say("\nRefused")?;
    for refused in &story.refused {
        say(&format!("  {}: {}", refused.what, refused.why))?;
    }
    if let Some(last) = story.published.last() {
        say(&format!("\nCheck it: accord verify {} --trust {}", last.display(), story.trust.display()))?;
    }
    say(&format!("Took {:.1} s.", story.seconds))?;
    Ok(())
}

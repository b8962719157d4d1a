//! `accord release preview`: what a draft would say of a holder, and what one says of people like somebody. It spends
//! nothing and reads no record.

use super::draft::read_workload;
use super::{Exit, Refused};
use crate::cmd::hub;
use crate::flat::read_domain;
use crate::say::{printable, say, say_json};
use accord_measure::flat as measuring;
use accord_measure::plan::{Bound, Extras, Plan};
use accord_release::account::{DEFAULT_DELTA, check_delta};
use accord_release::files::Status;
use accord_release::flat::aggregate::narrowest_of_singles;
use accord_release::flat::layout::{LONGEST_MEASURED, Layout};
use accord_release::flat::preview::like::{Like, like, pairs};
use accord_release::flat::preview::{Holder, Outlook, Planned, outlook_by};
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// Arguments of `accord release preview`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["size_bound", "draft"]))]
#[command(after_help = "Examples:
  accord release preview --size-bound 300 --epsilon 1
  accord release preview --size-bound 300 --epsilon 1 --years 5 --desks 4
  accord release preview --size-bound 2000 --epsilon 2 --domain columns.toml --reporting-length 2
  accord release preview --draft draft-2026-1 --like 'sex=female,age_band=a15_17'

Nothing is spent and no record is read: the first three use declared numbers alone, the last a draft's own files.")]
pub struct Args {
    /// What would it take: the most people that one organisation holds in one year, as declared.
    #[arg(long, value_name = "PEOPLE", requires = "epsilon")]
    size_bound: Option<u64>,
    /// What the draw would cost each person.
    #[arg(long, allow_hyphen_values = true, conflicts_with = "draft")]
    epsilon: Option<f64>,
    /// Public constant of the guarantee.
    #[arg(long, allow_hyphen_values = true, conflicts_with = "draft", help = format!("Public constant of the guarantee [default: {DEFAULT_DELTA:e}]"))]
    delta: Option<f64>,
    /// Workload: the name of one that ships, or a file. [default: default]
    #[arg(long, conflicts_with_all = ["domain", "draft"])]
    workload: Option<String>,
    /// Leave synthetic microdata out; all of the budget goes to the tables.
    #[arg(long, conflicts_with_all = ["domain", "draft"])]
    no_microdata: bool,
    /// Domain file of a flat table, instead of a workload.
    #[arg(long, value_name = "FILE", conflicts_with = "draft")]
    domain: Option<PathBuf>,
    /// Longest combinations of values that would be reported. Up to 3 are measured. [default: 3]
    #[arg(long, value_name = "K", requires = "domain", value_parser = clap::value_parser!(u8).range(1..=4))]
    reporting_length: Option<u8>,
    /// The most filled columns that a row would be counted with, in tables of many columns.
    #[arg(long, value_name = "COLUMNS", requires = "domain")]
    most_filled: Option<u16>,
    /// Rows of one person that would be counted.
    #[arg(long, value_name = "N", default_value_t = 1)]
    rows_per_person: u32,
    /// Years taken together in one release: that many times the people.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "draft")]
    years: u32,
    /// Organisations that add their tables: that many times the people, and the noise of all.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "draft")]
    desks: u32,
    /// People like me: folder of a draft or a release.
    #[arg(long, value_name = "DIR", requires = "like")]
    draft: Option<PathBuf>,
    /// The group, as COLUMN=VALUE,COLUMN=VALUE.
    #[arg(long, value_name = "COLUMN=VALUE,...", requires = "draft")]
    like: Option<String>,
}

/// Runs `accord release preview`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match (&args.draft, &args.like, args.size_bound, args.epsilon) {
        (Some(draft), Some(group), ..) => people_like_me(draft, group, json),
        (None, _, Some(size_bound), Some(epsilon)) => what_it_takes(&args, size_bound, epsilon, json),
        _ => bail!("give --size-bound PEOPLE with --epsilon E, or --draft DIR with --like COLUMN=VALUE"),
    }
}

fn people_like_me(draft: &std::path::Path, group: &str, json: bool) -> anyhow::Result<Exit> {
    let files = hub::read_folder(draft).with_context(|| format!("{} can't be used", draft.display()))?;
    let said = like(&files, &pairs(group)?)?;
    if json {
        say_json(&said)?;
    } else {
        tell_like(&said)?;
    }
    Ok(Exit::Fine)
}

fn tell_like(said: &Like) -> anyhow::Result<()> {
    if said.status == Status::Draft {
        say("DRAFT: no council has decided on it.")?;
    }
    say(&printable(&said.sentence))?;
    say(&format!("Reliability: {}", said.reliability_word()))?;
    match said.synthetic_rows {
        Some(rows) => say(&format!("Synthetic rows like that: {rows}. None of them is a person."))?,
        None => say("It has no synthetic rows.")?,
    }
    say(&format!("Meaning: {}", printable(&said.definition)))?;
    for caveat in &said.caveats {
        say(&format!("  - {}", printable(caveat)))?;
    }
    Ok(())
}

/// The counts that an epsilon buys, and the layout by whose single values a flat table is judged.
type Buys = (Box<dyn Fn(f64) -> Result<Vec<Planned>, String>>, Option<Layout>);

fn what_it_takes(args: &Args, size_bound: u64, epsilon: f64, json: bool) -> anyhow::Result<Exit> {
    let delta = args.delta.unwrap_or(DEFAULT_DELTA);
    check_delta(delta).map_err(|error| Refused::error(format!("--delta: {error}")))?;
    let holder = Holder { size_bound, years: args.years, desks: args.desks, epsilon };
    let people = u128::from(size_bound) * u128::from(args.years) * u128::from(args.desks);
    if delta * people as f64 > 1.0 {
        return Err(Refused::error(format!(
            "delta {delta:e} is more than one in {people} people, the declared bound; choose a smaller one"
        )));
    }
    let (buys, layout) = buys(args, delta)?;
    // The same rule as that of `accord protect`.
    let singles = layout.map(|layout| move |sigmas: &[u64]| narrowest_of_singles(&layout, sigmas));
    let surest = singles.as_ref().map(|s| -> &dyn Fn(&[u64]) -> u64 { s });
    let seen = outlook_by(holder, &*buys, surest).map_err(Refused::error)?;
    if json {
        say_json(&serde_json::json!({
            "epsilon": epsilon, "delta": delta, "size_bound": size_bound, "years": args.years, "desks": args.desks,
            "outlook": seen, "refused": !seen.says_something, "spent": 0,
        }))?;
    } else {
        tell(&seen, holder, delta, args.domain.is_some())?;
    }
    Ok(Exit::Fine)
}

/// The same plan as a draw would make, by epsilon.
fn buys(args: &Args, delta: f64) -> anyhow::Result<Buys> {
    let rows = args.rows_per_person;
    let planned = |steps: &mut dyn Iterator<Item = &accord_measure::plan::Step>| -> Vec<Planned> {
        steps.map(|s| Planned { table: s.table.clone(), sigma_milli: s.sigma_milli }).collect()
    };
    if let Some(path) = &args.domain {
        let columns = read_domain(path)?;
        let longest = args.reporting_length.map_or(LONGEST_MEASURED, usize::from).min(LONGEST_MEASURED) as u8;
        let bound = match args.most_filled {
            Some(most) => Bound::Declared(most),
            None if Layout::is_dense(columns.columns.len()) => Bound::Dense,
            None => Bound::Chosen,
        };
        let layout = measuring::layout_of(&columns, longest, bound)?;
        let planned = move |epsilon| {
            let plan = measuring::plan(&columns, longest, bound, epsilon, delta, rows).map_err(|e| e.to_string())?;
            Ok(planned(&mut plan.steps.iter().filter(|s| s.table.starts_with("length-"))))
        };
        return Ok((Box::new(planned), Some(layout)));
    }
    let workload = read_workload(args.workload.as_deref().unwrap_or("default"))?;
    let extras = Extras { microdata: !args.no_microdata, basis: true };
    let planned = move |epsilon| {
        let plan = Plan::new(workload.clone(), epsilon, delta, rows, extras).map_err(|e| e.to_string())?;
        Ok(planned(&mut plan.steps.iter().filter(|s| plan.workload.table(&s.table).is_some())))
    };
    Ok((Box::new(planned), None))
}

fn tell(seen: &Outlook, holder: Holder, delta: f64, flat: bool) -> anyhow::Result<()> {
    let Holder { size_bound, years, desks, epsilon } = holder;
    let (what, one) =
        if flat { ("single values", "they") } else { ("any of these tables", "the surest of them would") };
    say(&format!(
        "Epsilon {epsilon} (delta {delta:e}), at most {} people: {size_bound} a year and organisation, {years} year(s), \
         {desks} organisation(s).",
        seen.people
    ))?;
    say(&format!("{:<12}{:>12}{:>14}{:>16}{:>16}", "table", "sigma", "95 % within", "solid from", "care from"))?;
    for table in &seen.tables {
        say(&format!(
            "{:<12}{:>12.2}{:>14}{:>16}{:>16}",
            printable(&table.table),
            table.sigma,
            format!("± {}", table.half_width),
            table.solid_from,
            table.care_from
        ))?;
    }
    say("Solid: a group of so many is known within a quarter of its value. Care: within half of it.")?;
    if flat {
        say(&format!(
            "The count of a single value, with all that longer combinations say of it, would be within {} in the column that is \
             known best: by that it is judged whether a draft is made.",
            seen.surest
        ))?;
    }
    say(&if seen.says_something {
        "A draft would be made: a group of one in ten of these people would be known within half of its value."
            .to_owned()
    } else {
        "A draft would be refused: no group of one in ten of these people would be known within half of its value. Several \
         years together (--years), a pool (--desks), or fewer and coarser tables say more."
            .to_owned()
    })?;
    say(&match seen.least_epsilon {
        Some(least) => format!("For {what} to say something of them, epsilon must be at least {least}."),
        None => format!("No epsilon that is allowed makes {what} say something of so few."),
    })?;
    say(&format!("At epsilon {epsilon}, {one} say something of {} people or more.", seen.least_people))?;
    say("Nothing was spent, and no record was read. Where tables are made consistent, a draft may know somewhat more.")
}

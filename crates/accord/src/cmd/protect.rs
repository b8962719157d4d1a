//! `accord protect`: a private release straight from a file, as a draft.
//!
//! Order (PRIVACY 7): the header is read to know what kind of file it is; the whole cost is debited in the ledger; only then
//! are rows read; each noisy table is committed as it is made; the draft is a function of those.
//!
//! A file of records (CTDC, HTCDS, an organisation's own with a mapping) is released by a workload; any other table of
//! categories, whose domain is declared, by combinations: [`flat`].

mod account;
mod flat;

use super::release::draft::read_workload;
use super::{Exit, Refused, Usage};
use crate::sandbox::{As, Message, ReadOptions, Started, exit_of, read_file};
use crate::say::{printable, say, say_json};
use crate::{ambient, folder};
use accord_desk::draw::{may_read, measure_all};
use accord_desk::ledger::{Request, Start};
use accord_measure::plan::{BASIS, Extras, Plan, Population};
use accord_measure::tally::{Ground, Tally};
use accord_record::check::{HeaderError, Summary};
use accord_release::account::{DEFAULT_DELTA, Rho, check_delta, check_epsilon, epsilon_of};
use accord_release::bundle::{Account as Paid, Organisation, Refusal, ReleaseInfo, Unit};
use accord_release::contribution::share_on_legal_basis;
use accord_release::files::draft_files;
use accord_release::noise::LinearNoise;
use accord_release::noisy::NoisyTable;
use accord_release::privacy::{DeskCost, is_worth_publishing, statement};
use accord_release::publish::{MISS, publish};
use accord_release::quality::quality;
use accord_release::synth::synthesise;
use accord_standard::codebook::Codebook;
use account::{Account, ledger_error, slot_and_id};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Arguments of `accord protect`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).multiple(true).args(["person", "rows_are_people", "sds_config"]))]
#[command(after_help = "Examples:
  accord protect cases.csv --rows-are-people --epsilon 1 --out draft
  accord protect ctdc.csv.gz --as ctdc --rows-are-people --epsilon 4 --out draft
  accord protect any.csv --domain columns.toml --rows-are-people --epsilon 2 --out draft
  accord protect any.csv --domain columns.toml --columns gender,age --weights weights.toml --person id --epsilon 2 --out draft
  accord protect any.csv --sds-config config.json --infer-domain-public --rows-are-people --epsilon 2 --out draft

A domain file has, for each column, `[[column]]`, `name = \"gender\"` and `values = [\"Female\", \"Male\"]`; a weights file lines
such as `gender = 2`, and other columns have 1.

The cost is debited before any row is read, and never refunded. What comes out is a draft: look at it with
`accord hub serve --bundle DIR`; a survivor council decides whether it is published.
Exit code 2: an option has a value that it can't have. Exit code 3: refused for safety, because epsilon, delta, the account,
the calendar or the size of the work does not allow it.")]
pub struct Args {
    /// CSV, XLSX, Parquet or JSON lines; gzip around any of them is fine.
    file: PathBuf,
    /// accord, ctdc, htcds, or a mapping file for your own columns. Without it, the columns tell.
    #[arg(long = "as", value_name = "STANDARD|MAPPING")]
    crosswalk: Option<As>,
    /// What this release costs each person, at delta.
    #[arg(long, allow_hyphen_values = true, required_unless_present = "sds_config")]
    epsilon: Option<f64>,
    /// Public constant of the guarantee.
    #[arg(long, allow_hyphen_values = true, help = format!("Public constant of the guarantee [default: {DEFAULT_DELTA:e}]"))]
    delta: Option<f64>,
    /// Column that tells people apart, where a person may have several rows.
    #[arg(long, value_name = "COLUMN", conflicts_with = "rows_are_people")]
    person: Option<String>,
    /// Rows of one person that are counted at most; more rows cost more noise.
    #[arg(long, value_name = "N", default_value_t = 1)]
    rows_per_person: u32,
    /// You declare that every row is another person. The release says that you did.
    #[arg(long)]
    rows_are_people: bool,
    /// Public bound on how many people the file is about: declared, never counted. With it, a draft that would say nothing
    /// of a holder of that size is refused before anything is spent.
    #[arg(long, value_name = "PEOPLE")]
    size_bound: Option<u64>,
    /// Ledger of the privacy account. Default: the file's name with `.accord-ledger` beside it.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Name of the data set in the ledger: one account a data set, whatever its bytes are today. Default: the file's name.
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The most that the account may ever spend; fixed when the ledger is made.
    #[arg(long, value_name = "EPSILON", default_value_t = 10.0, allow_hyphen_values = true)]
    cap: f64,
    /// Slot of the release calendar; at most two draws are made in one. Default: this half-year.
    #[arg(long)]
    slot: Option<String>,
    /// You mean a second draw in this slot: it costs as much again, and is the last.
    #[arg(long)]
    again: bool,
    /// Workload: the name of one that ships, or a file. Default: the one for this kind of file.
    #[arg(long)]
    workload: Option<String>,
    /// Identifier of the release.
    #[arg(long)]
    id: Option<String>,
    /// Title of the release.
    #[arg(long)]
    title: Option<String>,
    /// Who holds the records, in words.
    #[arg(long, default_value = "not named")]
    organisation: String,
    /// Years that the records cover, in words; declared, not read from the file.
    #[arg(long, default_value = "not declared")]
    period: String,
    /// The people in this file are invented: say so everywhere.
    #[arg(long)]
    invented: bool,
    /// Order of day, month and year in the file's dates, declared: it is never learnt from the rows. Without it, only dates
    /// that can be read in one way are used.
    #[arg(long, value_parser = ["ymd", "dmy", "mdy"])]
    dates: Option<String>,
    /// Text encoding, where it is recognised wrongly.
    #[arg(long)]
    encoding: Option<String>,
    /// New folder for the draft.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    // Last: the heading of its options goes on to the end.
    #[command(flatten)]
    flat: flat::FlatArgs,
}

/// Runs `accord protect`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    match protect(&args, json) {
        Err(error) if exit_of(&error) == Exit::Refused => {
            super::report(&error, json);
            Ok(Exit::Refused)
        }
        result => result,
    }
}

fn protect(args: &Args, json: bool) -> anyhow::Result<Exit> {
    let began = ambient::now();
    if args.flat.is_wanted() {
        return flat::protect(args, json);
    }
    if let Some(option) = args.flat.alone() {
        return Err(no_domain(args, &format!("--{option} is for flat tables, and their domain is not declared")));
    }
    if args.rows_per_person != 1 && args.person.is_none() {
        return Err(Usage::error("--rows-per-person needs --person COLUMN, which tells whose a row is"));
    }
    let (epsilon, delta) = (args.epsilon.unwrap_or_default(), args.delta.unwrap_or(DEFAULT_DELTA));
    check_epsilon(epsilon).map_err(Refused::error)?;
    check_delta_for(delta, args.size_bound)?;
    check_epsilon(args.cap).map_err(|error| Refused::error(format!("--cap: {error}")))?;
    folder::can_be_made(&args.out)?;
    let (slot, id) = slot_and_id(args)?;

    // 1. What kind of file it is: the header alone.
    let mut options = ReadOptions {
        crosswalk: args.crosswalk.clone().unwrap_or_default(),
        want_records: true,
        encoding: args.encoding.clone(),
        person: args.person.clone(),
        alone: true,
        dates: args.dates.clone(),
    };
    let kind = header_of(&args.file, &options).map_err(|error| {
        let columns = HeaderError::NoCrosswalk.to_string();
        if error.to_string().ends_with(&columns) { no_domain(args, &columns) } else { error }
    })?;
    if options.crosswalk == As::Detect {
        options.crosswalk = As::Named(kind.crosswalk.clone());
    }
    let name = args.workload.clone().or_else(|| kind.workload.clone()).unwrap_or_else(|| "default".into());
    let workload = read_workload(&name)?;
    let extras = Extras { microdata: kind.consent, basis: kind.consent };
    let plan = Plan::new(workload, epsilon, delta, args.rows_per_person, extras).map_err(Refused::error)?;
    if let Some(bound) = args.size_bound {
        says_something(&plan, bound, epsilon).map_err(Refused::error)?;
    }
    let codebook = Codebook::embedded();
    let mut statistics = Tally::new(&plan.workload, codebook)?.with_rows_per_person(args.rows_per_person);
    let mut microdata = Tally::of_microdata(&plan.workload, codebook)?.with_rows_per_person(args.rows_per_person);

    // 2. The debit.
    let runtime = Runtime::new()?;
    let account = Account::open(args, &plan, delta, &runtime)?;
    let ledger = &account.ledger;
    let reading = serde_json::json!({
        "as": kind.crosswalk, "person": args.person, "consent": kind.consent, "invented": args.invented,
        "encoding": args.encoding, "dates": args.dates, "period": args.period, "organisation": args.organisation,
    });
    let request = Request {
        slot: slot.clone(),
        cohorts: vec!["all".into()],
        plan,
        reading: reading.to_string(),
        again: args.again,
    };
    let mut may_be_read = 0_u64;
    let (draw, resumed, summary) = match runtime.block_on(ledger.start(&request)).map_err(ledger_error)? {
        Start::Measured(draw) => (draw, true, None),
        Start::Fresh(draw) => {
            // 3. The rows.
            let bar = super::check::progress_bar(json);
            let consent_code = accord_desk::draw::consent_code(codebook);
            let summary = read_file(&args.file, &options, &mut |message| {
                match message {
                    Message::Started(_) | Message::Finding(_) => {}
                    Message::Progress { read, of } => {
                        bar.set_length(of);
                        bar.set_position(read);
                    }
                    Message::Record { incoming, .. } => {
                        let may = may_read(&incoming, consent_code);
                        // A file that says nothing of consent is read whole, on the user's declaration.
                        let ground = if kind.consent { may.statistics } else { Some(Ground::LegalBasis) };
                        let person = args.person.as_ref().map(|_| incoming.record.id.expose());
                        if let Some(ground) = ground {
                            may_be_read += 1;
                            statistics.add_person(person, ground, &incoming.record);
                        }
                        if kind.consent && may.microdata {
                            microdata.add_person(person, Ground::Consent, &incoming.record);
                        }
                    }
                }
                Ok(())
            })
            .context("the cost of this draw was debited and stays spent")?;
            bar.finish_and_clear();
            // Whatever was read, it is measured: a decision to stop would itself be a count without noise (PRIVACY 10).
            let counts = [(Population::Statistics, statistics.finish()), (Population::Microdata, microdata.finish())];
            runtime.block_on(measure_all(ledger, &draw, &request.plan, &counts))?;
            (draw, false, Some(summary))
        }
    };
    crate::faults::point("measured");

    // 4. The draft: a function of the committed measurements.
    let measured = runtime.block_on(ledger.measurements(&draw)).map_err(ledger_error)?;
    let cost = DeskCost {
        this: request.plan.total(),
        cumulative: runtime.block_on(ledger.most_spent(&request.cohorts)).map_err(ledger_error)?,
    };
    let paid = runtime.block_on(ledger.account()).map_err(ledger_error)?;
    draft(args, &id, &slot, &kind, request.plan, &measured, cost, paid)
        .and_then(|files| folder::write_new(&args.out, &files))
        .context(folder::KEPT)?;
    runtime.block_on(ledger.deliver(&draw)).map_err(ledger_error)?;
    let seconds = (ambient::now().as_millisecond() - began.as_millisecond()) as f64 / 1000.0;
    if !json {
        account.tell_if_new()?;
    }
    tell(args, &id, &account.place, cost, resumed, summary.as_ref(), may_be_read, seconds, json)?;
    Ok(Exit::Fine)
}

/// A file that is no file of records may still be a table of categories: how to have that protected.
fn no_domain(args: &Args, why: &str) -> anyhow::Error {
    Refused::error(format!("{why}. As for any table of categories: {}", crate::flat::no_domain(&args.file)))
}

/// A delta in range and, where a bound on people is declared, at most one over it: otherwise the guarantee would allow
/// somebody's whole record to be shown.
fn check_delta_for(delta: f64, size_bound: Option<u64>) -> anyhow::Result<()> {
    check_delta(delta).map_err(|error| Refused::error(format!("--delta: {error}")))?;
    match size_bound {
        Some(bound) if delta * bound as f64 > 1.0 => Err(Refused::error(format!(
            "--delta: {delta:e} is over one in the declared {bound} people, which allows that one of them is shown whole: choose \
             a smaller one, such as {:e}",
            1e-2 / bound as f64
        ))),
        _ => Ok(()),
    }
}

/// Whether at least one table would say something of a holder of this declared size (PRIVACY 4: reads public numbers only).
fn says_something(plan: &Plan, bound: u64, epsilon: f64) -> Result<(), String> {
    let tables = plan.steps.iter().filter(|s| plan.workload.table(&s.table).is_some());
    let narrowest = tables.map(|s| LinearNoise::direct(&[s.sigma_milli]).half_width(MISS)).min().unwrap_or(u64::MAX);
    if is_worth_publishing(bound, narrowest) {
        return Ok(());
    }
    Err(format!(
        "at epsilon {epsilon} a count would be uncertain by {narrowest} either way, so that of at most {bound} people no group \
         of one in ten would be known within half of its value. Nothing was spent"
    ))
}

/// Reads the header and stops the reader.
fn header_of(file: &Path, options: &ReadOptions) -> anyhow::Result<Started> {
    #[derive(Debug, thiserror::Error)]
    #[error("enough")]
    struct Enough;
    let mut seen = None;
    let result = read_file(file, options, &mut |message| {
        if let Message::Started(started) = message {
            seen = Some(started);
        }
        Err(Enough.into())
    });
    match (seen, result) {
        (Some(started), _) => Ok(started),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => bail!("{} has no header that can be read", file.display()),
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one draft")]
fn draft(
    args: &Args,
    id: &str,
    slot: &str,
    kind: &Started,
    plan: Plan,
    measured: &[(Population, NoisyTable)],
    cost: DeskCost,
    account: Paid,
) -> anyhow::Result<accord_release::files::Files> {
    let of = |population: Population| -> Vec<NoisyTable> {
        measured.iter().filter(|(p, t)| *p == population && t.table != BASIS).map(|(_, t)| t.clone()).collect()
    };
    let (statistics, microdata) = (of(Population::Statistics), of(Population::Microdata));
    let basis = measured.iter().find(|(_, t)| t.table == BASIS).map(|(_, t)| t);
    let privacy = statement(
        &plan.workload,
        &statistics,
        &[cost],
        args.delta.unwrap_or(DEFAULT_DELTA),
        basis.and_then(share_on_legal_basis),
    );
    let mut assumptions = vec![whose_rows(args, args.person.is_some())];
    assumptions.push(if kind.consent {
        "Rows are read only with consent to statistics or a coded legal basis, and never against a refusal.".to_owned()
    } else {
        "The file says nothing of consent: every row was read, on the declaration of whoever ran the command."
            .to_owned()
    });
    assumptions.push(format!("Rows were read as {}; rows that fail the checks are left out.", kind.crosswalk));
    let info = info(args, id, slot, plan.workload.population.clone(), assumptions, account);
    let mut refusals = Vec::new();
    let synthetic = if microdata.is_empty() {
        refusals.push(Refusal {
            what: "synthetic records".to_owned(),
            why: "the file says nothing of consent to microdata (P5), and microdata need it".to_owned(),
        });
        None
    } else {
        Some(synthesise(&plan.workload, &microdata)?)
    };
    let mut bundle = publish(info, plan.workload, privacy, statistics)?;
    bundle.refusals = refusals;
    bundle.microdata = microdata;
    bundle.basis = basis.cloned();
    Ok(draft_files(&bundle, synthetic.as_ref(), Some(&quality(&bundle)?))?)
}

#[expect(clippy::too_many_arguments, reason = "one sentence each")]
fn tell(
    args: &Args,
    id: &str,
    ledger: &Path,
    cost: DeskCost,
    resumed: bool,
    summary: Option<&Summary>,
    may_be_read: u64,
    seconds: f64,
    json: bool,
) -> anyhow::Result<()> {
    let delta = args.delta.unwrap_or(DEFAULT_DELTA);
    let epsilon = |rho: Rho| epsilon_of(rho, delta);
    if json {
        return say_result(serde_json::json!({
            "release": id, "out": args.out, "ledger": ledger, "status": "draft", "resumed": resumed,
            "epsilon": epsilon(cost.this), "epsilon_cumulative": epsilon(cost.cumulative), "delta": delta,
            "rho": cost.this.to_f64(), "seconds": seconds,
        }));
    }
    if resumed {
        say("An earlier draw that was never written out was taken up: nothing was spent or measured now.")?;
    }
    if let Some(summary) = summary {
        say(&format!(
            "Read {} rows as {}: {} fail the checks; {may_be_read} may be counted, by consent, legal basis or your declaration. \
             These numbers are exact: they are for you alone.",
            summary.rows, summary.crosswalk, summary.failed
        ))?;
        if may_be_read == 0 {
            say("Nobody in this file may be counted: the draft holds noise alone.")?;
        }
        for note in &summary.notes {
            say(&format!("  note: {}", printable(note)))?;
        }
    }
    if args.rows_are_people {
        say("Assumption: every row is another person (--rows-are-people). The draft says so.")?;
    }
    say(&format!(
        "Spent: epsilon {:.3} now, {:.3} so far (delta {:e}), in {}.",
        epsilon(cost.this),
        epsilon(cost.cumulative),
        delta,
        ledger.display()
    ))?;
    say(&format!("Draft {id}: {} (no council has decided on it)", args.out.display()))?;
    say(&format!("Look at it: accord hub serve --bundle {}", args.out.display()))
}

/// Says what came out, with the memory that it took.
fn say_result(mut said: serde_json::Value) -> anyhow::Result<()> {
    if let (Some(said), serde_json::Value::Object(peak)) =
        (said.as_object_mut(), serde_json::to_value(crate::memory::peak())?)
    {
        said.extend(peak);
    }
    say_json(&said)
}

/// The first assumption of every draft from a file.
fn whose_rows(args: &Args, by_column: bool) -> String {
    if by_column {
        return format!(
            "Rows with the same value in the column that the user named are one person, of whom at most {} rows are counted.",
            args.rows_per_person
        );
    }
    "The user declared that every row of the file is another person (--rows-are-people).".to_owned()
}

/// What a draft from a file says of itself.
fn info(args: &Args, id: &str, slot: &str, population: String, assumptions: Vec<String>, paid: Paid) -> ReleaseInfo {
    ReleaseInfo {
        id: id.to_owned(),
        title: args.title.clone().unwrap_or_else(|| format!("Draft release {id}")),
        slot: slot.to_owned(),
        organisations: vec![Organisation { name: args.organisation.clone(), kind: "other".into() }],
        unit: if args.rows_per_person > 1 { Unit::Rows } else { Unit::People },
        population,
        period: args.period.clone(),
        invented: args.invented,
        codebook: Codebook::embedded().version.clone(),
        software: concat!("accord ", env!("CARGO_PKG_VERSION")).to_owned(),
        assumptions,
        accounts: vec![paid],
    }
}

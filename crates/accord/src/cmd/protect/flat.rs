//! `accord protect` for any table of categories: synthetic rows and the counts of combinations of values.
//!
//! The same order as for records (PRIVACY 7): the domain is fixed, the whole cost is debited, and only then are rows read;
//! each measurement is committed as it is made; everything that is written is a function of those.

use super::account::{Account, ledger_error, slot_and_id};
use super::{Args, check_delta_for, say_result, whose_rows};
use crate::cmd::hub::read_folder;
use crate::cmd::{Exit, Refused, Usage};
use crate::flat::{self, FlatOptions, InferOptions, Note};
use crate::sandbox::ReadOptions;
use crate::say::{printable, say, warn};
use crate::{ambient, folder};
use accord_desk::ledger::{DrawId, Ledger, Request, Start};
use accord_measure::flat as measuring;
use accord_measure::noise::OsNoise;
use accord_measure::plan::{Bound, Plan};
use accord_record::write::flat_parquet;
use accord_release::account::{DEFAULT_DELTA, Rho, check_epsilon, epsilon_of};
use accord_release::bundle::{Account as Paid, ReleaseInfo};
use accord_release::files::Files;
use accord_release::flat::aggregate::{LONGEST, narrowest_of_singles};
use accord_release::flat::compare::Previous;
use accord_release::flat::layout::{LONGEST_MEASURED, Layout, tables_of};
use accord_release::flat::report::{Asked, DomainSource, Draft, Drafted, draft, files};
use accord_release::flat::{Ask, MOST_ROWS, Measured};
use accord_release::privacy::{DeskCost, is_worth_publishing};
use accord_release::sds::{SdsImport, import};
use accord_standard::columns::Columns;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Options for flat tables.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Flat tables")]
pub struct FlatArgs {
    /// Domain file: the columns and the values that each may hold, declared before rows are read.
    #[arg(long, value_name = "FILE", conflicts_with = "infer_domain_public")]
    domain: Option<PathBuf>,
    /// You declare that the set of values of each column is public: it is taken from the file, and the report says so.
    #[arg(long)]
    infer_domain_public: bool,
    /// Columns to release, separated by commas. Default: all of the domain.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Longest combinations of values that are reported, 1 to 4. Up to 3 are measured. [default: 3]
    #[arg(long, value_name = "K")]
    reporting_length: Option<usize>,
    /// Number of synthetic rows, at least 1; auto: as many as the noisy count says. [default: auto]
    #[arg(long, value_name = "N|auto", allow_hyphen_values = true)]
    rows: Option<String>,
    /// 0 to 3: how much evidence a combination needs before it is shown. Higher: fewer that noise invented, more real rare
    /// ones missing. [default: 2]
    #[arg(long, value_name = "0..3", allow_hyphen_values = true)]
    dial: Option<f64>,
    /// Weights file: how much each column matters, a number above 0 and at most 100. A column that it does not name has 1.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// The most filled columns that a row is counted with, in tables of many columns: public, declared. Default: chosen
    /// privately, which is charged.
    #[arg(long, value_name = "COLUMNS")]
    most_filled: Option<u16>,
    /// Folder of an earlier draft of such a table: the report says what changed since, and what is known of why.
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    /// Settings of Synthetic Data Showcase; what is given on the command line comes before them.
    #[arg(long, value_name = "CONFIG")]
    sds_config: Option<PathBuf>,
}

impl FlatArgs {
    /// Whether a flat table is to be protected.
    pub fn is_wanted(&self) -> bool {
        self.domain.is_some() || self.infer_domain_public || self.sds_config.is_some()
    }

    /// An option that makes no sense without one.
    pub fn alone(&self) -> Option<&'static str> {
        [
            ("columns", self.columns.is_some()),
            ("reporting-length", self.reporting_length.is_some()),
            ("rows", self.rows.is_some()),
            ("dial", self.dial.is_some()),
            ("weights", self.weights.is_some()),
            ("most-filled", self.most_filled.is_some()),
            ("previous", self.previous.is_some()),
        ]
        .into_iter()
        .find(|(_, given)| *given)
        .map(|(option, _)| option)
    }
}

/// What is to be done, from the command line and a configuration.
struct Wanted {
    epsilon: f64,
    delta: f64,
    person: Option<String>,
    reporting_length: usize,
    rows: Option<u64>,
    dial: f64,
    columns: Option<Vec<String>>,
    sds: Option<SdsImport>,
}

/// Runs it.
pub fn protect(args: &Args, json: bool) -> anyhow::Result<Exit> {
    let mut clock = Clock { began: ambient::now(), phases: Vec::new() };
    if let Some(option) = for_records(args) {
        return Err(Usage::error(format!(
            "--{option} is for files of records, and this one is released as a flat table: leave one of the two out"
        )));
    }
    let wanted = wanted(args, json)?;
    folder::can_be_made(&args.out)?;
    let (slot, id) = slot_and_id(args)?;
    let previous = args.flat.previous.as_deref().map(previous).transpose()?;

    no_consent_is_passed_over(args)?;

    // 1. The domain, and what a draw of it costs.
    let (columns, domain, options) = domain(args, &wanted, json)?;
    can_be_made(columns.columns.len(), wanted.reporting_length).map_err(Refused::error)?;
    let ask = Ask { dial: wanted.dial, weights: weights(args, &columns)? };
    let longest = wanted.reporting_length.min(LONGEST_MEASURED) as u8;
    let bound = match args.flat.most_filled {
        Some(most) => Bound::Declared(most),
        None if Layout::is_dense(columns.columns.len()) => Bound::Dense,
        None => Bound::Chosen,
    };
    let plan = measuring::plan(&columns, longest, bound, wanted.epsilon, wanted.delta, args.rows_per_person)
        .map_err(Refused::error)?;
    if let Some(most) = args.size_bound {
        says_something(&columns, &plan, most, wanted.epsilon).map_err(Refused::error)?;
    }
    clock.ends("domain");
    let phase = Phases::new(json);

    // 2. The debit.
    let runtime = Runtime::new()?;
    let account = Account::open(args, &plan, wanted.delta, &runtime)?;
    let ledger = &account.ledger;
    let reading = serde_json::json!({
        "flat": true, "domain": domain, "rows_are_people": args.rows_are_people, "person": wanted.person, "invented": args.invented, "encoding": options.encoding,
        "period": args.period, "organisation": args.organisation,
    });
    let request = Request {
        slot: slot.clone(),
        cohorts: vec!["all".into()],
        plan,
        reading: reading.to_string(),
        again: args.again,
    };
    let (draw, resumed, note) = match runtime.block_on(ledger.start(&request)).map_err(ledger_error)? {
        Start::Measured(draw) => (draw, true, Note::default()),
        Start::Fresh(draw) => {
            // 3. The rows.
            phase.begin("1 of 4: reading and counting the rows; the cost is debited");
            let note = measure(args, &columns, &options, &request.plan, (ledger, &draw, &runtime), &mut clock, json)
                .context("the cost of this draw was debited and stays spent")?;
            (draw, false, note)
        }
    };
    crate::faults::point("measured");

    // 4. The draft: a function of the committed measurements.
    let tables = runtime.block_on(ledger.measurements(&draw)).map_err(ledger_error)?;
    let measured = measuring::measured(&request.plan, columns, tables.into_iter().map(|(_, t)| t).collect())?;
    let cost = DeskCost {
        this: request.plan.total(),
        cumulative: runtime.block_on(ledger.most_spent(&request.cohorts)).map_err(ledger_error)?,
    };
    let paid = runtime.block_on(ledger.account()).map_err(ledger_error)?;
    let plan = Draft {
        info: info(args, &wanted, &id, &slot, paid),
        domain,
        delta: wanted.delta,
        cost,
        asked: Asked { reporting_length: wanted.reporting_length, rows: wanted.rows, ask },
        previous,
    };
    phase.begin("2 of 4: making rows from the noisy counts");
    let drafted = draft(&measured, &plan, &mut |done| phase.at(done)).context(folder::KEPT)?;
    clock.ends("make");
    phase.begin("4 of 4: counting combinations of the rows and writing the files");
    let written = write(args, &measured, &drafted).context(folder::KEPT)?;
    crate::faults::point("written");
    runtime.block_on(ledger.deliver(&draw)).map_err(ledger_error)?;
    clock.ends("write");
    phase.end();
    if !json {
        account.tell_if_new()?;
    }
    tell(args, &wanted, &drafted, &written, &note, &account.place, resumed, &clock, json)?;
    Ok(Exit::Fine)
}

/// Most tables of the reported length, measured or not, that the work is taken on for.
const MOST_TABLES: usize = 5_000_000;

/// Whether the work can be done in reasonable time, by public things alone: the number of columns and the longest
/// combinations. Asked before anything is debited, as afterwards nothing is refused.
fn can_be_made(columns: usize, length: usize) -> Result<(), String> {
    let tables = tables_of(columns, length);
    if tables <= MOST_TABLES {
        return Ok(());
    }
    let shorter = (1..length).rev().find(|k| tables_of(columns, *k) <= MOST_TABLES).unwrap_or(1);
    let fewer = (1..columns).rev().find(|c| tables_of(*c, length) <= MOST_TABLES).unwrap_or(1);
    Err(format!(
        "{columns} columns have {tables} choices of {length} of them, and at most {MOST_TABLES} are taken on: the work would take \
         hours. Say --reporting-length {shorter}, or choose at most {fewer} columns with --columns. Nothing was spent"
    ))
}

/// What is being done, on standard error: a line when each phase begins, and the share that is done every few seconds.
struct Phases {
    quiet: bool,
    state: std::cell::Cell<(jiff::Timestamp, bool)>,
}

impl Phases {
    /// Seconds between two lines on how far a phase is.
    const EVERY: i64 = 10;

    fn new(quiet: bool) -> Phases {
        Phases { quiet, state: std::cell::Cell::new((ambient::now(), false)) }
    }

    fn begin(&self, what: &str) {
        self.state.set((ambient::now(), self.state.get().1));
        if !self.quiet {
            warn(&format!("  {what}"));
        }
    }

    /// How much of making the draft is done: in the second half of it its quality is found out.
    fn at(&self, done: f64) {
        let (last, in_quality) = self.state.get();
        if done >= 0.5 && !in_quality {
            self.state.set((last, true));
            self.begin("3 of 4: finding out how far the rows may be off, by making them once more");
        }
        if ambient::now().as_second() - last.as_second() >= Phases::EVERY && !self.quiet {
            self.state.set((ambient::now(), self.state.get().1));
            warn(&format!("     {:.0} %", 100.0 * if done >= 0.5 { 2.0 * done - 1.0 } else { 2.0 * done }));
        }
    }

    fn end(&self) {
        if !self.quiet {
            warn("  done");
        }
    }
}

/// Seconds by phase, for the terminal alone (PRIVACY 11).
struct Clock {
    began: jiff::Timestamp,
    phases: Vec<(&'static str, f64)>,
}

impl Clock {
    fn so_far(&self) -> f64 {
        (ambient::now().as_millisecond() - self.began.as_millisecond()) as f64 / 1000.0
    }

    fn ends(&mut self, phase: &'static str) {
        let before: f64 = self.phases.iter().map(|p| p.1).sum();
        self.phases.push((phase, ((self.so_far() - before) * 1000.0).round() / 1000.0));
    }
}

/// A file of records that says who consented to what must not be released as a table that asks nobody (PRIVACY 6). Reads
/// the header alone.
fn no_consent_is_passed_over(args: &Args) -> anyhow::Result<()> {
    let options = ReadOptions { encoding: args.encoding.clone(), alone: true, ..ReadOptions::default() };
    match super::header_of(&args.file, &options) {
        Ok(started) if started.consent => Err(Refused::error(format!(
            "the columns of {} are those of a file of records ({}) and say who consented to what; a flat table would release \
             everybody, who refused too. Leave out the domain: accord protect then reads consent. Or make a file without the \
             records that must not be read, and without the columns on consent and legal basis",
            args.file.display(),
            started.crosswalk
        ))),
        // Not a file of records, or one that says nothing of consent; whether it can be read at all is found out next.
        _ => Ok(()),
    }
}

/// An option for files of records, which a flat table would pass over in silence.
fn for_records(args: &Args) -> Option<&'static str> {
    [("as", args.crosswalk.is_some()), ("workload", args.workload.is_some()), ("dates", args.dates.is_some())]
        .into_iter()
        .find(|(_, given)| *given)
        .map(|(option, _)| option)
}

/// Reads the command line, and a configuration behind it.
fn wanted(args: &Args, json: bool) -> anyhow::Result<Wanted> {
    let sds = args.flat.sds_config.as_deref().map(read_config).transpose()?;
    if let Some(sds) = &sds {
        if !json {
            for line in sds.report() {
                say(&line)?;
            }
        }
        let unsupported: Vec<String> = sds.unsupported().map(|s| printable(&s.name).into_owned()).collect();
        if !unsupported.is_empty() {
            return Err(Refused::error(format!(
                "the configuration asks for what can't be given: {}. Nothing was spent. Take it out of the configuration if you \
                 can do without",
                unsupported.join(", ")
            )));
        }
    }
    let of = sds.as_ref();
    let epsilon = args
        .epsilon
        .or(of.and_then(|s| s.epsilon))
        .ok_or_else(|| Usage::error("how much may this release cost? Give --epsilon E"))?;
    let delta = args.delta.or(of.and_then(|s| s.delta)).unwrap_or(DEFAULT_DELTA);
    check_epsilon(epsilon).map_err(Refused::error)?;
    check_delta_for(delta, args.size_bound)?;
    check_epsilon(args.cap).map_err(|error| Refused::error(format!("--cap: {error}")))?;
    let person = args.person.clone().or(if args.rows_are_people { None } else { of.and_then(|s| s.person.clone()) });
    if person.is_none() && !args.rows_are_people {
        return Err(Usage::error("whose is a row? Give --person COLUMN, or declare --rows-are-people"));
    }
    if args.rows_per_person != 1 && person.is_none() {
        return Err(Usage::error("--rows-per-person needs --person COLUMN, which tells whose a row is"));
    }
    let length = of.and_then(|s| s.reporting_length).map(|l| l as usize);
    let reporting_length = args.flat.reporting_length.or(length).unwrap_or(LONGEST_MEASURED);
    if !(1..=LONGEST).contains(&reporting_length) {
        return Err(Usage::error(format!(
            "--reporting-length: combinations of length 1 to {LONGEST} can be reported, not {reporting_length}"
        )));
    }
    let dial = args.flat.dial.or(of.and_then(|s| s.dial.map(f64::from))).unwrap_or(2.0);
    if !(0.0..=3.0).contains(&dial) {
        return Err(Usage::error(format!("--dial: the dial goes from 0 to 3, and {dial} is outside")));
    }
    let rows = match args.flat.rows.as_deref() {
        None => of.and_then(|s| s.rows),
        Some("auto") => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Usage::error(format!("--rows takes a number or auto, not `{}`", printable(text))))?,
        ),
    };
    if rows == Some(0) {
        return Err(Usage::error(
            "--rows 0 would pay for synthetic rows and make none of them. Leave --rows out for as many as the noisy count says; \
             the counts of combinations are made in any case",
        ));
    }
    if rows.is_some_and(|rows| rows > MOST_ROWS) {
        return Err(Usage::error(format!("--rows: at most {MOST_ROWS} rows can be made")));
    }
    let named = of.map(|s| s.columns.clone()).filter(|c| !c.is_empty());
    let columns = args.flat.columns.clone().or(named);
    Ok(Wanted { epsilon, delta, person, reporting_length, rows, dial, columns, sds })
}

/// What an earlier draft says, if it is whole. Read before anything is spent.
fn previous(folder: &Path) -> anyhow::Result<Previous> {
    let files = read_folder(folder).with_context(|| format!("--previous {} can't be used", folder.display()))?;
    Previous::read(&files)
        .map_err(|why| anyhow::anyhow!("--previous {} can't be compared with: {why}", folder.display()))
}

fn read_config(path: &Path) -> anyhow::Result<SdsImport> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    import(&text).with_context(|| format!("{} can't be taken", path.display()))
}

/// The domain: declared, or taken from the file on the user's word.
fn domain(args: &Args, wanted: &Wanted, json: bool) -> anyhow::Result<(Columns, DomainSource, FlatOptions)> {
    let mut options = FlatOptions {
        person: wanted.person.clone(),
        rows_per_person: args.rows_per_person,
        encoding: args.encoding.clone(),
    };
    let (columns, source) = if let Some(path) = &args.flat.domain {
        let all = flat::read_domain(path)?;
        let columns = wanted.columns.as_ref().map_or(Ok(all.clone()), |names| all.choose(names));
        let columns = columns.map_err(|error| match &args.flat.columns {
            Some(_) => Usage::error(format!("--columns: {error}")),
            None => error.into(),
        })?;
        (columns, DomainSource::Declared)
    } else if args.flat.infer_domain_public {
        let bar = super::super::check::progress_bar(json);
        let infer = InferOptions {
            columns: wanted.columns.clone(),
            person: wanted.person.clone(),
            encoding: args.encoding.clone(),
            ..InferOptions::default()
        };
        let inferred = flat::infer(&args.file, &infer, &mut |read, of| {
            bar.set_length(of);
            bar.set_position(read);
        })?;
        bar.finish_and_clear();
        options.encoding = inferred.encoding;
        let mut columns = inferred.columns;
        if let Some(sds) = &wanted.sds {
            sds.blank_zeros(&mut columns);
        }
        (columns, DomainSource::InferredAsPublic)
    } else {
        return Err(flat::no_domain(&args.file));
    };
    let options = flat::check(&args.file, &columns, &options)?;
    Ok((columns, source, options))
}

fn weights(args: &Args, columns: &Columns) -> anyhow::Result<Vec<f64>> {
    let Some(path) = &args.flat.weights else { return Ok(Vec::new()) };
    flat::read_weights(path, columns).map_err(|error| Usage::error(format!("--weights: {error:#}")))
}

/// Whether single values would say something of a holder of this declared size: whether in some column a value that one in ten
/// have would be known within half of that. Reads public things only (PRIVACY 4): the bound, the domain, the noise.
fn says_something(columns: &Columns, plan: &Plan, most: u64, epsilon: f64) -> Result<(), String> {
    let flat = plan.flat.as_ref().ok_or("the plan is not one for a flat table")?;
    let layout = measuring::layout_of(columns, flat.longest, flat.bound).map_err(|e| e.to_string())?;
    let counts = plan.steps.iter().filter(|s| s.table.starts_with("length-"));
    let narrowest = narrowest_of_singles(&layout, &counts.map(|s| s.sigma_milli).collect::<Vec<u64>>());
    if is_worth_publishing(most, narrowest) {
        return Ok(());
    }
    Err(format!(
        "at epsilon {epsilon} even the count of a single value would be uncertain by {narrowest} either way, so that of at most \
         {most} people no group of one in ten would be known within half of its value. Fewer columns (--columns), shorter combinations \
         (--reporting-length), several years together, or a pool with other organisations say more. Nothing was spent"
    ))
}

/// Reads the rows and commits every measurement.
fn measure(
    args: &Args,
    columns: &Columns,
    options: &FlatOptions,
    plan: &Plan,
    (ledger, draw, runtime): (&Ledger<'_>, &DrawId, &Runtime),
    clock: &mut Clock,
    json: bool,
) -> anyhow::Result<Note> {
    let bar = super::super::check::progress_bar(json);
    let (grid, note) = flat::read_grid(&args.file, columns, options, &mut |read, of| {
        bar.set_length(of);
        bar.set_position(read);
    })?;
    bar.finish_and_clear();
    clock.ends("read");
    // Whatever was read, it is measured: a decision to stop would itself be a count without noise (PRIVACY 10).
    measuring::measure(&grid, columns, plan, &draw.0, &mut OsNoise::default(), &mut |at, table| {
        crate::faults::point("measuring");
        runtime.block_on(ledger.record(draw, at, table)).map_err(ledger_error)
    })?;
    clock.ends("measure");
    Ok(note)
}

fn info(args: &Args, wanted: &Wanted, id: &str, slot: &str, paid: Paid) -> ReleaseInfo {
    let mut assumptions = vec![
        whose_rows(args, wanted.person.is_some()),
        "Nothing was read of consent: every row was used, for tables and for synthetic rows, on the declaration of whoever \
         ran the command."
            .to_owned(),
    ];
    if args.epsilon.is_none() {
        assumptions.push(format!(
            "Epsilon {} was taken from a configuration of Synthetic Data Showcase (--sds-config), not from the command line.",
            wanted.epsilon
        ));
    }
    super::info(args, id, slot, "rows of the file".to_owned(), assumptions, paid)
}

/// Writes the draft's folder; says which files stand in it.
fn write(args: &Args, measured: &Measured, drafted: &Drafted) -> anyhow::Result<Vec<String>> {
    let mut parquet = Vec::new();
    flat_parquet(&measured.columns, &drafted.synthetic.columns, &mut parquet)?;
    let mut others = Files::new();
    others.insert("synthetic.parquet".into(), parquet);
    let files = files(measured, drafted, others)?;
    folder::write_new(&args.out, &files)?;
    Ok(files.into_keys().collect())
}

#[expect(clippy::too_many_arguments, reason = "one sentence each")]
fn tell(
    args: &Args,
    wanted: &Wanted,
    drafted: &Drafted,
    written: &[String],
    note: &Note,
    ledger: &Path,
    resumed: bool,
    clock: &Clock,
    json: bool,
) -> anyhow::Result<()> {
    let report = &drafted.report;
    let privacy = &report.privacy;
    let epsilon = |rho: Rho| epsilon_of(rho, wanted.delta);
    if json {
        let phases: serde_json::Map<String, serde_json::Value> =
            clock.phases.iter().map(|(phase, seconds)| ((*phase).to_owned(), (*seconds).into())).collect();
        return say_result(serde_json::json!({
            "release": report.info.id, "out": args.out, "ledger": ledger, "status": "draft", "resumed": resumed,
            "epsilon": epsilon(privacy.rho), "epsilon_cumulative": epsilon(privacy.rho_cumulative), "delta": wanted.delta,
            "rho": privacy.rho.to_f64(), "rows": drafted.synthetic.len, "files": written, "warnings": note.warnings,
            "seconds": clock.so_far(), "seconds_by_phase": phases,
        }));
    }
    if resumed {
        say("An earlier draw that was never written out was taken up: nothing was spent or measured now.")?;
    }
    for warning in &note.warnings {
        say(&format!("  note: {}", printable(warning)))?;
    }
    if args.rows_are_people {
        say("Assumption: every row is another person (--rows-are-people). The draft says so.")?;
    }
    if report.domain == DomainSource::InferredAsPublic {
        say("Assumption: the values of every column are public (--infer-domain-public). The draft says so.")?;
    }
    say(&format!(
        "Spent: epsilon {:.3} now, {:.3} so far (delta {:e}), in {}.",
        epsilon(privacy.rho),
        epsilon(privacy.rho_cumulative),
        wanted.delta,
        ledger.display()
    ))?;
    for length in &report.quality.lengths {
        if length.combinations == 0 {
            say(&format!(
                "Expected of combinations of {}: too little was counted to say how far one is off.",
                length.length
            ))?;
            continue;
        }
        let large = match length.expected_suppressed_ge10 {
            Some(share) => format!("Of combinations of ten and more, {:.1} % are missing", 100.0 * share),
            None => "There is no combination of ten and more".to_owned(),
        };
        say(&format!(
            "Expected of combinations of {}: off by {:.1} on average; {:.2} % of all counted is invented. {large}; of all, with \
             the many of one or two, which noise hides as it should, {:.1} %: {:.2} % of all counted.",
            length.length,
            length.expected_error,
            100.0 * length.expected_fabricated_mass,
            100.0 * length.expected_suppressed,
            100.0 * length.expected_suppressed_mass
        ))?;
    }
    if report.says_nothing() {
        say(
            "Nothing useful can be told from this draft: by the noisy count there are too few rows, or none, for this epsilon. \
             Its cost is spent all the same.",
        )?;
    }
    say(&format!(
        "Draft {}: {} rows, in {} (no council has decided on it).",
        report.info.id,
        drafted.synthetic.len,
        args.out.display()
    ))?;
    say(&format!("Check it: accord verify {}", args.out.display()))
}

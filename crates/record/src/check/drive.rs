//! From a reader to records and findings: finds the crosswalk, learns the order of dates from the first rows, checks all.

use super::header::Names;
use super::{Checker, Finding, HeaderError, Order, Summary, Verdict};
use crate::input::{self, Body, Cells, Fault, Flow, Format, Found, Hints, InputError, Row, Sink};
use crate::model::Incoming;
use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::Crosswalk;
use std::io::Read;

/// Rows, and bytes of them, that the order of dates is learnt from.
const LEARN_ROWS: usize = 4096;
const LEARN_BYTES: usize = 4 << 20;

/// Which crosswalk a file is read with.
#[derive(Clone, Copy, Debug)]
pub enum Mapping<'b> {
    /// The one of those that come with the program which fits the header best.
    Detect,
    /// This one.
    Is(&'b Crosswalk),
}

/// How a file is checked.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'b> {
    /// The codebook.
    pub book: &'b Codebook,
    /// The crosswalk.
    pub mapping: Mapping<'b>,
    /// Today as `yyyymmdd`: what lies behind it is in the future.
    pub today: i32,
    /// Hand over records, not only findings.
    pub records: bool,
    /// Judge each row by itself: no row decides what becomes of another ([`Checker::judge_alone`]), and a quotation that is
    /// not closed, which could swallow the rows after it, ends the reading.
    pub alone: bool,
}

/// What happens during a check.
pub enum Event<'a> {
    /// The header is understood.
    Started {
        /// What was found out about the file.
        found: &'a Found,
        /// Crosswalk that is applied.
        crosswalk: &'a Crosswalk,
        /// Whether any column says something of consent or of a legal basis.
        consent: bool,
    },
    /// A finding.
    Finding(&'a Finding),
    /// A good record, with its row.
    Record(u64, Incoming),
    /// So many rows are done; sent now and then.
    Rows(u64),
}

/// Why a file can't be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The input can't be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The header is not taken.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A quotation that isn't closed, where every row must be judged by itself.
    #[error(
        "a quotation in row {0} is not closed or is followed by text: it could swallow the rows after it; mend it first (`accord check` shows where)"
    )]
    OpenQuote(u64),
    /// The receiver of events wanted no more.
    #[error("stopped")]
    Stopped,
}

/// Reads and checks everything that `source` holds.
pub fn run(
    source: Box<dyn Read + '_>,
    hints: &Hints,
    settings: Settings<'_>,
    on: &mut dyn FnMut(Event<'_>) -> Flow,
) -> Result<Summary, CheckError> {
    let walks: Vec<&Crosswalk> = match settings.mapping {
        Mapping::Is(walk) => vec![walk],
        Mapping::Detect => Crosswalk::ids().filter_map(Crosswalk::embedded).collect(),
    };
    let mut hints = hints.clone();
    if let Mapping::Is(walk) = settings.mapping
        && hints.separator.is_none()
    {
        hints.separator.clone_from(&walk.separator);
    }
    let names = walks.iter().map(|w| Names::new(w, settings.book)).collect();
    let mut driver =
        Driver { settings, names, on, state: State::Waiting, error: None, held: Vec::new(), held_bytes: 0, rows: 0 };
    input::read(source, &hints, &mut driver)?;
    driver.end()
}

struct Driver<'b, 'f> {
    settings: Settings<'b>,
    names: Vec<Names<'b>>,
    on: &'f mut dyn FnMut(Event<'_>) -> Flow,
    state: State<'b>,
    error: Option<CheckError>,
    held: Vec<Held>,
    held_bytes: usize,
    rows: u64,
}

enum State<'b> {
    Waiting,
    Learning(Box<Checker<'b>>, Found),
    Checking(Box<Checker<'b>>, Found, Order),
}

/// A row kept until the order of dates is known.
struct Held {
    number: u64,
    body: HeldBody,
}

enum HeldBody {
    Cells(Vec<u8>, Vec<u32>, Vec<u32>),
    Named(Vec<(String, String)>),
    Fault(Fault),
}

impl Sink for Driver<'_, '_> {
    fn knows(&self, column: &str) -> bool {
        self.names.iter().any(|n| n.knows(column))
    }

    fn start(&mut self, found: &Found, header: &[String]) -> Flow {
        let walk = match self.settings.mapping {
            Mapping::Is(walk) => Some(walk),
            // JSON lines have no header: they are the record's own form.
            Mapping::Detect if header.is_empty() => Some(Crosswalk::accord()),
            Mapping::Detect => self
                .names
                .iter()
                .rev() // of equals the first wins
                .max_by_key(|n| n.share(header))
                .filter(|n| n.share(header) >= 300)
                .map(|n| n.walk),
        };
        let Some(walk) = walk else { return self.stop(HeaderError::NoCrosswalk.into()) };
        let Settings { book, today, records, alone, .. } = self.settings;
        match Checker::new(book, walk, header, today, records) {
            Err(error) => self.stop(error.into()),
            Ok(mut checker) => {
                checker.context.delimited = found.format == Format::Delimited;
                if alone {
                    checker.judge_alone();
                }
                let consent = checker.says_consent(header);
                if (self.on)(Event::Started { found, crosswalk: walk, consent }) == Flow::Stop {
                    return self.stop(CheckError::Stopped);
                }
                self.state = if checker.wants_order() {
                    State::Learning(Box::new(checker), found.clone())
                } else {
                    let order = checker.context.order;
                    State::Checking(Box::new(checker), found.clone(), order)
                };
                Flow::Go
            }
        }
    }

    fn row(&mut self, row: &Row<'_>) -> Flow {
        if let State::Checking(..) = self.state {
            return self.checked(row);
        }
        let (body, bytes) = match &row.body {
            Body::Cells(c) => {
                let end = c.ends().last().map_or(0, |e| *e as usize);
                (HeldBody::Cells(c.bytes()[..end].to_vec(), c.ends().to_vec(), c.formulas().to_vec()), end)
            }
            Body::Named(cells) => (HeldBody::Named(cells.to_vec()), cells.iter().map(|(n, c)| n.len() + c.len()).sum()),
            Body::Fault(fault) => (HeldBody::Fault(fault.clone()), 0),
        };
        self.held.push(Held { number: row.number, body });
        self.held_bytes += bytes;
        if self.held.len() >= LEARN_ROWS || self.held_bytes >= LEARN_BYTES { self.release() } else { Flow::Go }
    }
}

impl Driver<'_, '_> {
    fn stop(&mut self, error: CheckError) -> Flow {
        self.error.get_or_insert(error);
        Flow::Stop
    }

    /// Learns the order of dates from the rows that are held, then checks them.
    fn release(&mut self) -> Flow {
        let held = std::mem::take(&mut self.held);
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Learning(mut checker, mut found) => {
                let mut orders = [0u64; 2];
                for row in &held {
                    row.with(|row| {
                        checker.meet(row);
                        checker.learn(row, &mut orders);
                    });
                }
                let order = match orders {
                    [0, 0] => Order::Unknown,
                    [_, 0] => Order::Dmy,
                    [0, _] => Order::Mdy,
                    _ => Order::Mixed,
                };
                match order {
                    Order::Unknown => {}
                    Order::Mixed => found.notes.push(format!(
                        "dates stand in both orders: {} can only be day/month/year, {} only month/day/year; those that can be read both ways are errors",
                        orders[0], orders[1]
                    )),
                    _ => found.notes.push(format!(
                        "dates were read as {}: {} can be read only so, none the other way",
                        order.words(),
                        orders[0] + orders[1]
                    )),
                }
                checker.context.order = order;
                self.state = State::Checking(checker, found, order);
            }
            other => self.state = other,
        }
        for row in &held {
            if row.with(|row| self.checked(row)) == Flow::Stop {
                return Flow::Stop;
            }
        }
        Flow::Go
    }

    fn checked(&mut self, row: &Row<'_>) -> Flow {
        if self.settings.alone && matches!(row.body, Body::Fault(Fault::Quote)) {
            return self.stop(CheckError::OpenQuote(row.number));
        }
        let State::Checking(checker, ..) = &mut self.state else { return Flow::Stop };
        let verdict = checker.check(row);
        self.rows += 1;
        let mut flow = Flow::Go;
        for finding in checker.findings() {
            if (self.on)(Event::Finding(finding)) == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        if verdict == Verdict::Accepted
            && self.settings.records
            && (self.on)(Event::Record(row.number, checker.take_record())) == Flow::Stop
        {
            flow = Flow::Stop;
        }
        if self.rows.is_multiple_of(1 << 16) && (self.on)(Event::Rows(self.rows)) == Flow::Stop {
            flow = Flow::Stop;
        }
        if flow == Flow::Stop {
            return self.stop(CheckError::Stopped);
        }
        Flow::Go
    }

    fn end(mut self) -> Result<Summary, CheckError> {
        if self.error.is_none() {
            self.release();
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.state {
            State::Checking(checker, found, order) => Ok(checker.summary(found, order)),
            _ => Err(InputError::NotATable("it has no header".into()).into()),
        }
    }
}

impl Held {
    fn with<R>(&self, use_row: impl FnOnce(&Row<'_>) -> R) -> R {
        let body = match &self.body {
            HeldBody::Cells(bytes, ends, formulas) => Body::Cells(Cells::new(bytes, ends, formulas)),
            HeldBody::Named(cells) => Body::Named(cells),
            HeldBody::Fault(fault) => Body::Fault(fault.clone()),
        };
        use_row(&Row { number: self.number, body })
    }
}

//! The privacy-budget ledger: what was debited, for whom, and what was measured for it. Append-only, one for a vault or
//! beside a file.
//!
//! # Order (PRIVACY 7)
//!
//! 1. [`Ledger::start`] reserves the whole cost in a committed transaction, before any record is read.
//! 2. Each noisy table is committed, sealed, as it is made ([`Ledger::record`]).
//! 3. Every output is a function of what [`Ledger::measurements`] reads back.
//! 4. [`Ledger::deliver`] marks that the output stands.
//!
//! If the process dies between 2 and 4, the next start with the same request reads what was committed and measures
//! nothing. If it dies before all tables were committed, that draw is given up: its cost stays spent and it counts as one
//! of the two draws of its slot (PRIVACY 9).

use crate::history;
use crate::vault::Vault;
use accord_crypto::Head;
use accord_measure::plan::{Plan, Population};
use accord_release::account::{Rho, epsilon_of, rho_of};
use accord_release::bundle::Account;
use accord_release::noisy::NoisyTable;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, Sqlite, Transaction};
use std::path::Path;
use std::time::Duration;

/// Where a ledger is kept.
#[derive(Clone, Copy)]
enum Store<'v> {
    /// In a file of its own. Measurements are stored as they are: they are already protected by their noise.
    File,
    /// In a vault: measurements are sealed under its key, and every debit also enters the vault's own chained ledger,
    /// whose head is kept outside (PRIVACY 20).
    Vault(&'v Vault),
}

/// A privacy-budget ledger.
#[derive(Clone)]
pub struct Ledger<'v> {
    pool: SqlitePool,
    store: Store<'v>,
    terms: Terms,
    account: String,
}

impl std::fmt::Debug for Ledger<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("terms", &self.terms).finish_non_exhaustive()
    }
}

/// What is fixed when a ledger is opened for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Declared identity of the data: one account a data set, whatever its bytes are today.
    pub dataset: String,
    /// The most that any cohort may ever be charged.
    pub cap: Rho,
    /// Delta at which epsilons are stated.
    pub delta: f64,
}

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Slot of the release calendar.
    pub slot: String,
    /// Cohorts that will be read: all of them are charged.
    pub cohorts: Vec<String>,
    /// What is measured at what cost.
    pub plan: Plan,
    /// How the records are read, and what was declared of them, in one line: a draw is taken up only by a request that
    /// reads the same in the same way.
    pub reading: String,
    /// Whether a second draw in the slot is meant. It costs as much as the first, and nothing refunds either.
    #[serde(skip)]
    pub again: bool,
}

/// A draw that was reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawId(pub String);

/// How a draw starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The cost was debited now: read the data, measure every step, record each.
    Fresh(DrawId),
    /// Debited and measured before, never delivered: read the measurements; measure nothing.
    Measured(DrawId),
}

/// One entry of the ledger, as shown to its steward.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerEntry {
    /// Position, from 1.
    pub seq: i64,
    /// Draw.
    pub draw: String,
    /// Slot.
    pub slot: String,
    /// Cohort charged.
    pub cohort: String,
    /// Cost.
    pub rho: Rho,
    /// State of the draw: `reserved`, `measured`, `delivered`, `given_up`.
    pub state: String,
}

/// Why the ledger refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not enough budget.
    #[error(
        "the privacy budget of cohort {cohort} would be exceeded: this draw costs epsilon {asked:.3} and {left:.3} is left \
         (both at delta {delta:e}, each on its own); lower --epsilon or declare no further release of these data"
    )]
    BudgetSpent {
        /// The cohort.
        cohort: String,
        /// Epsilon asked for.
        asked: f64,
        /// Epsilon that a draw could still cost.
        left: f64,
        /// Delta.
        delta: f64,
    },
    /// A slot that isn't written as the calendar writes it.
    #[error("a slot of the release calendar is a year and a number, such as 2026-1; not {0:?}")]
    Slot(String),
    /// A draw was begun in this slot before, and a second was not asked for.
    #[error(
        "slot {0} has had a draw, delivered or cut short; a second one costs as much again and is the last of its slot. \
         If you mean it, add --again"
    )]
    DrawnBefore(String),
    /// The slot has had its two draws.
    #[error("slot {0} of the release calendar has had its two draws; choose the next slot with --slot")]
    SlotFull(String),
    /// The ledger belongs to other data, or was opened on other terms.
    #[error(
        "this ledger was opened for data set `{was}` with {what}; it can't be used for `{is}`: give the same terms or another --ledger"
    )]
    OtherTerms {
        /// Data set at opening.
        was: String,
        /// Data set now.
        is: String,
        /// The terms at opening, in words.
        what: String,
    },
    /// Drawing is locked, for example after an older backup was restored.
    #[error("drawing is locked: {0}")]
    Locked(String),
    /// A chain of entries that doesn't hold.
    #[error("the ledger was changed: entry {0} doesn't follow from the one before")]
    Tampered(i64),
    /// Somebody else holds the ledger.
    #[error("another program is writing to the ledger; try again when it has finished")]
    Busy,
    /// The ledger's file has a second name in the file system.
    #[error(
        "the ledger {0} has several names (hard links) on this disk: a draw under one of them could not be told from a draw under \
         another. Keep one name and remove the others, or make a copy if a copy is meant"
    )]
    SeveralNames(String),
    /// Somebody else draws with the ledger.
    #[error("another accord is drawing with this ledger at this moment; try again when it has finished")]
    Drawing,
    /// A measurement is missing or damaged.
    #[error("draw {0} has no usable measurement for step {1}")]
    Measurement(String, usize),
    /// A step that the plan of the draw does not have.
    #[error("draw {0} has no step {1}: its plan is shorter")]
    NoStep(String, usize),
    /// A plan that can't be stored.
    #[error("the plan can't be stored: {0}")]
    Plan(String),
    /// Sealing or opening failed.
    #[error("a measurement can't be sealed or opened: {0}")]
    Seal(String),
    /// The store failed.
    #[error("the ledger can't be read or written: {0}")]
    Store(String),
}

impl LedgerError {
    /// Whether this is a refusal for safety (exit code 3) rather than a failure.
    pub fn is_refusal(&self) -> bool {
        use LedgerError::{BudgetSpent, DrawnBefore, Locked, OtherTerms, SeveralNames, Slot, SlotFull, Tampered};
        matches!(
            self,
            BudgetSpent { .. }
                | DrawnBefore(_)
                | Slot(_)
                | SlotFull(_)
                | OtherTerms { .. }
                | Locked(_)
                | Tampered(_)
                | SeveralNames(_)
        )
    }
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> LedgerError {
        let text = error.to_string();
        if text.contains("database is locked")
            || text.contains("(code: 5)")
            || matches!(error, sqlx::Error::PoolTimedOut)
        {
            LedgerError::Busy
        } else {
            LedgerError::Store(text)
        }
    }
}

/// That somebody draws with a ledger. While it is held, nobody else can hold it; it ends with the value, or with the process,
/// however that ends.
#[derive(Debug)]
pub struct AtWork {
    _file: std::fs::File,
}

impl AtWork {
    /// Holds the ledger at this place, by the lock of a file beside it. One that is held by somebody else is
    /// [`LedgerError::Drawing`], at once.
    ///
    /// The same ledger has the same lock by whatever path it is reached: links are followed to the file itself, which is made
    /// where it is not there yet, and one that several hard links name is [`LedgerError::SeveralNames`]. (A lock on the ledger's
    /// own file would do without that, but on some systems it is one with SQLite's locks and would shut SQLite out.)
    pub fn with(ledger: &Path) -> Result<AtWork, LedgerError> {
        let failed = |e: std::io::Error| LedgerError::Store(format!("{} can't be opened: {e}", ledger.display()));
        // Not truncated; an empty file is an empty database. Through a link that leads nowhere yet, its goal is made.
        let file = std::fs::File::options().append(true).create(true).open(ledger).map_err(failed)?;
        has_one_name(&file, ledger)?;
        AtWork::beside(&ledger.canonicalize().map_err(failed)?)
    }

    /// Holds whatever has this path, by the lock of a file beside it.
    fn beside(ledger: &Path) -> Result<AtWork, LedgerError> {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".lock");
        let failed = |e: std::io::Error| LedgerError::Store(format!("{} can't be locked: {e}", ledger.display()));
        let mut options = std::fs::File::options();
        options.write(true).create(true).truncate(false);
        let file = options.open(&name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(AtWork { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(LedgerError::Drawing),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Holds the ledger of a vault.
    pub fn with_vault(vault: &Vault) -> Result<AtWork, LedgerError> {
        AtWork::beside(&vault.dir().join("drawing"))
    }
}

/// Refuses a ledger with several hard links, whose locks would not be one. (SQLite's own journal would not be one either.)
#[cfg(unix)]
fn has_one_name(file: &std::fs::File, ledger: &Path) -> Result<(), LedgerError> {
    use std::os::unix::fs::MetadataExt as _;
    let found = file.metadata().map_err(|e| LedgerError::Store(format!("{} can't be read: {e}", ledger.display())))?;
    if found.is_file() && found.nlink() > 1 {
        return Err(LedgerError::SeveralNames(ledger.display().to_string()));
    }
    Ok(())
}

/// The number of a file's names can't be asked for here.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn has_one_name(_: &std::fs::File, _: &Path) -> Result<(), LedgerError> {
    Ok(())
}

/// Draws per slot (PRIVACY 9).
const DRAWS_PER_SLOT: i64 = 2;

/// Name of the hash chain.
const CHAIN: &str = "privacy budget";

const SCHEMA: &str = include_str!("../migrations/budget/0001_budget.sql");

impl Ledger<'static> {
    /// Opens or makes a ledger in a file of its own: between two runs all of it is in that one file, so that whoever copies or
    /// moves the file takes every debit along. (A write-ahead log would keep the newest debits in a second file.)
    pub async fn open_file(path: &Path, terms: Terms) -> Result<Ledger<'static>, LedgerError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Delete)
            // Extra: a debit outlasts a power cut that comes right after it.
            .synchronous(SqliteSynchronous::Extra)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ledger::open(pool, Store::File, terms).await
    }
}

impl<'v> Ledger<'v> {
    /// The ledger of a vault. Refused while drawing is locked (PRIVACY 20).
    pub async fn of_vault(vault: &'v Vault) -> Result<Ledger<'v>, LedgerError> {
        if let Some(why) = vault.drawing_locked() {
            return Err(LedgerError::Locked(why));
        }
        let settings = vault.settings();
        let cap = rho_of(settings.epsilon_cap, settings.delta).map_err(|e| LedgerError::Plan(e.to_string()))?;
        let terms = Terms { dataset: vault.id().to_owned(), cap, delta: settings.delta };
        Ledger::open(vault.pool().clone(), Store::Vault(vault), terms).await
    }

    /// Opens or makes the ledger's tables in an open store.
    async fn open(pool: SqlitePool, store: Store<'v>, terms: Terms) -> Result<Ledger<'v>, LedgerError> {
        let mut tx = begin(&pool).await?;
        sqlx::raw_sql(SCHEMA).execute(&mut *tx).await?;
        let known =
            sqlx::query("SELECT dataset, cap, delta, account FROM budget_terms").fetch_optional(&mut *tx).await?;
        let account = if let Some(row) = known {
            let was = Terms {
                dataset: row.try_get(0)?,
                cap: Rho(row.try_get::<i64, _>(1)?.cast_unsigned()),
                delta: row.try_get(2)?,
            };
            if was != terms {
                let cap = epsilon_of(was.cap, was.delta);
                let what = format!("a cap of epsilon {cap:.3} at delta {:e}", was.delta);
                return Err(LedgerError::OtherTerms { was: was.dataset, is: terms.dataset, what });
            }
            row.try_get(3)?
        } else {
            let account = make_id()?;
            sqlx::query("INSERT INTO budget_terms (dataset, cap, delta, account) VALUES (?1, ?2, ?3, ?4)")
                .bind(&terms.dataset)
                .bind(terms.cap.0.cast_signed())
                .bind(terms.delta)
                .bind(&account)
                .execute(&mut *tx)
                .await?;
            account
        };
        tx.commit().await?;
        let ledger = Ledger { pool, store, terms, account };
        ledger.head().await?;
        Ok(ledger)
    }

    /// The terms of this ledger.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The account as the world may know it: its random identifier, and the head of its ledger now.
    pub async fn account(&self) -> Result<Account, LedgerError> {
        Ok(Account { account: self.account.clone(), head: self.head().await?.to_string() })
    }

    /// Reserves the cost of a draw, or finds the same draw measured before and not delivered.
    ///
    /// Whoever starts holds [`AtWork`] of this ledger until the draw is measured. So a draw that is found here, reserved and
    /// not measured, is one whose process died: it is given up, and no draw that still runs ever is.
    pub async fn start(&self, request: &Request) -> Result<Start, LedgerError> {
        let body = serde_json::to_vec(request).map_err(|e| LedgerError::Plan(e.to_string()))?;
        let digest = hex::encode(Sha256::digest(&body));
        check_slot(&request.slot)?;
        let mut tx = begin(&self.pool).await?;
        self.agrees_with_vault(&mut tx).await?;
        let open = sqlx::query(
            "SELECT id, state FROM budget_draw WHERE digest = ?1 AND state IN ('reserved', 'measured') ORDER BY opened DESC",
        )
        .bind(&digest)
        .fetch_all(&mut *tx)
        .await?;
        for row in open {
            let (id, state): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if state == "measured" {
                return Ok(Start::Measured(DrawId(id)));
            }
            // Reserved and not all measured: what is missing is never measured later. The cost stays spent.
            sqlx::query("UPDATE budget_draw SET state = 'given_up' WHERE id = ?1").bind(&id).execute(&mut *tx).await?;
        }
        let drawn: i64 = sqlx::query("SELECT count(*) FROM budget_draw WHERE slot = ?1")
            .bind(&request.slot)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        if drawn >= DRAWS_PER_SLOT {
            tx.commit().await?; // keeps what was given up
            return Err(LedgerError::SlotFull(request.slot.clone()));
        }
        if drawn > 0 && !request.again {
            tx.commit().await?;
            return Err(LedgerError::DrawnBefore(request.slot.clone()));
        }
        let cost = request.plan.total();
        for cohort in &request.cohorts {
            let spent = spent_in(&mut tx, cohort).await?;
            if spent.checked_add(cost).is_none_or(|sum| sum > self.terms.cap) {
                let left = Rho(self.terms.cap.0.saturating_sub(spent.0));
                let delta = self.terms.delta;
                tx.commit().await?;
                return Err(LedgerError::BudgetSpent {
                    cohort: cohort.clone(),
                    asked: epsilon_of(cost, delta),
                    left: epsilon_of(left, delta),
                    delta,
                });
            }
        }
        let id = make_id()?;
        sqlx::query("INSERT INTO budget_draw (id, slot, digest, request, state) VALUES (?1, ?2, ?3, ?4, 'reserved')")
            .bind(&id)
            .bind(&request.slot)
            .bind(&digest)
            .bind(&body)
            .execute(&mut *tx)
            .await?;
        let mut head = chain_head(&mut tx).await?;
        for cohort in &request.cohorts {
            head = head.append(&entry_bytes(&id, &request.slot, cohort, cost));
            sqlx::query("INSERT INTO budget_entry (draw, cohort, rho, head) VALUES (?1, ?2, ?3, ?4)")
                .bind(&id)
                .bind(cohort)
                .bind(cost.0.cast_signed())
                .bind(head.to_string())
                .execute(&mut *tx)
                .await?;
            if let Store::Vault(vault) = self.store {
                let bytes = entry_bytes(&id, &request.slot, cohort, cost);
                vault.append(&mut tx, history::BUDGET, &bytes).await.map_err(|e| LedgerError::Store(e.to_string()))?;
            }
        }
        tx.commit().await?;
        Ok(Start::Fresh(DrawId(id)))
    }

    /// Commits one measurement. A step is recorded once only.
    pub async fn record(&self, draw: &DrawId, step: usize, table: &NoisyTable) -> Result<(), LedgerError> {
        let bytes = serde_json::to_vec(table).map_err(|e| LedgerError::Plan(e.to_string()))?;
        let sealed = self.seal(&place(draw, step), &bytes)?;
        let mut tx = begin(&self.pool).await?;
        let state: String = sqlx::query("SELECT state FROM budget_draw WHERE id = ?1")
            .bind(&draw.0)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        if state != "reserved" {
            return Err(LedgerError::Measurement(draw.0.clone(), step));
        }
        let request = request_of(&mut tx, draw).await?;
        // A measurement in no place of the plan would count as one of those that make the draw whole.
        match request.plan.steps.get(step) {
            None => return Err(LedgerError::NoStep(draw.0.clone(), step)),
            Some(planned) if planned.table != table.table => {
                return Err(LedgerError::Measurement(draw.0.clone(), step));
            }
            Some(_) => {}
        }
        sqlx::query("INSERT INTO budget_measurement (draw, step, sealed) VALUES (?1, ?2, ?3)")
            .bind(&draw.0)
            .bind(step as i64)
            .bind(sealed)
            .execute(&mut *tx)
            .await?;
        let done: i64 = sqlx::query("SELECT count(*) FROM budget_measurement WHERE draw = ?1")
            .bind(&draw.0)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        if done as usize == request.plan.steps.len() {
            sqlx::query("UPDATE budget_draw SET state = 'measured' WHERE id = ?1")
                .bind(&draw.0)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// All measurements of a draw, in the order of its plan.
    pub async fn measurements(&self, draw: &DrawId) -> Result<Vec<(Population, NoisyTable)>, LedgerError> {
        let mut tx = begin(&self.pool).await?;
        let request = request_of(&mut tx, draw).await?;
        let mut out = Vec::with_capacity(request.plan.steps.len());
        for (at, step) in request.plan.steps.iter().enumerate() {
            let missing = || LedgerError::Measurement(draw.0.clone(), at);
            let row = sqlx::query("SELECT sealed FROM budget_measurement WHERE draw = ?1 AND step = ?2")
                .bind(&draw.0)
                .bind(at as i64)
                .fetch_optional(&mut *tx)
                .await?
                .ok_or_else(missing)?;
            let bytes = self.unseal(&place(draw, at), &row.try_get::<Vec<u8>, _>(0)?)?;
            let table: NoisyTable = serde_json::from_slice(&bytes).map_err(|_| missing())?;
            if table.table != step.table {
                return Err(missing());
            }
            out.push((step.population, table));
        }
        Ok(out)
    }

    fn seal(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, LedgerError> {
        match self.store {
            Store::File => Ok(bytes.to_vec()),
            Store::Vault(vault) => vault.seal_blob(place, bytes).map_err(|e| LedgerError::Seal(e.to_string())),
        }
    }

    fn unseal(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, LedgerError> {
        match self.store {
            Store::File => Ok(sealed.to_vec()),
            Store::Vault(vault) => {
                vault.open_blob(place, sealed).map(|b| b.to_vec()).map_err(|e| LedgerError::Seal(e.to_string()))
            }
        }
    }

    /// Marks that the output of a draw stands where the user asked for it.
    pub async fn deliver(&self, draw: &DrawId) -> Result<(), LedgerError> {
        sqlx::query("UPDATE budget_draw SET state = 'delivered' WHERE id = ?1 AND state = 'measured'")
            .bind(&draw.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The most that any of these cohorts has been charged.
    pub async fn most_spent(&self, cohorts: &[String]) -> Result<Rho, LedgerError> {
        let mut tx = begin(&self.pool).await?;
        let mut most = Rho::default();
        for cohort in cohorts {
            most = most.max(spent_in(&mut tx, cohort).await?);
        }
        Ok(most)
    }

    /// All entries, for the steward.
    pub async fn entries(&self) -> Result<Vec<LedgerEntry>, LedgerError> {
        let rows = sqlx::query(
            "SELECT e.seq, e.draw, d.slot, e.cohort, e.rho, d.state \
             FROM budget_entry e JOIN budget_draw d ON d.id = e.draw ORDER BY e.seq",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(LedgerEntry {
                    seq: row.try_get(0)?,
                    draw: row.try_get(1)?,
                    slot: row.try_get(2)?,
                    cohort: row.try_get(3)?,
                    rho: Rho(row.try_get::<i64, _>(4)?.cast_unsigned()),
                    state: row.try_get(5)?,
                })
            })
            .collect()
    }

    /// A vault's own sealed ledger holds the same entries, one for one: the readable tables can't be emptied to get budget
    /// back.
    async fn agrees_with_vault(&self, tx: &mut Transaction<'static, Sqlite>) -> Result<(), LedgerError> {
        let Store::Vault(vault) = self.store else { return Ok(()) };
        let sealed = vault.entries_in(tx, history::BUDGET).await.map_err(|e| LedgerError::Store(e.to_string()))?;
        let head = history::head(tx, history::BUDGET).await.map_err(|e| LedgerError::Store(e.to_string()))?;
        let rows = entry_rows(tx).await?;
        // An emptied entry is left out by `entries_in`, so the numbers must agree three ways.
        let same = sealed.len() as u64 == head.count
            && sealed.len() == rows.len()
            && sealed.iter().zip(&rows).all(|((_, bytes), row)| bytes.as_slice() == row.bytes().as_slice());
        if same { Ok(()) } else { Err(LedgerError::Tampered(rows.last().map_or(0, |r| r.seq))) }
    }

    /// The newest head, after checking the whole chain.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        let mut tx = begin(&self.pool).await?;
        self.agrees_with_vault(&mut tx).await?;
        let mut head = Head::start(CHAIN);
        for row in entry_rows(&mut tx).await? {
            head = head.append(&row.bytes());
            if head.to_string() != row.head {
                return Err(LedgerError::Tampered(row.seq));
            }
        }
        Ok(head)
    }
}

/// One writer at a time, from the first statement on.
async fn begin(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, LedgerError> {
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}

async fn spent_in(tx: &mut Transaction<'static, Sqlite>, cohort: &str) -> Result<Rho, LedgerError> {
    let row = sqlx::query("SELECT coalesce(sum(rho), 0) FROM budget_entry WHERE cohort = ?1")
        .bind(cohort)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Rho(row.try_get::<i64, _>(0)?.cast_unsigned()))
}

async fn chain_head(tx: &mut Transaction<'static, Sqlite>) -> Result<Head, LedgerError> {
    let row = sqlx::query("SELECT head FROM budget_entry ORDER BY seq DESC LIMIT 1").fetch_optional(&mut **tx).await?;
    match row {
        None => Ok(Head::start(CHAIN)),
        Some(row) => row.try_get::<String, _>(0)?.parse().map_err(|_| LedgerError::Tampered(0)),
    }
}

async fn request_of(tx: &mut Transaction<'static, Sqlite>, draw: &DrawId) -> Result<Request, LedgerError> {
    let row = sqlx::query("SELECT request FROM budget_draw WHERE id = ?1").bind(&draw.0).fetch_one(&mut **tx).await?;
    serde_json::from_slice(&row.try_get::<Vec<u8>, _>(0)?).map_err(|e| LedgerError::Plan(e.to_string()))
}

fn entry_bytes(draw: &str, slot: &str, cohort: &str, rho: Rho) -> Vec<u8> {
    format!("{draw}\n{slot}\n{cohort}\n{}", rho.0).into_bytes()
}

/// One entry as it stands in the readable tables.
struct EntryRow {
    seq: i64,
    draw: String,
    slot: String,
    cohort: String,
    rho: Rho,
    head: String,
}

impl EntryRow {
    fn bytes(&self) -> Vec<u8> {
        entry_bytes(&self.draw, &self.slot, &self.cohort, self.rho)
    }
}

async fn entry_rows(tx: &mut Transaction<'static, Sqlite>) -> Result<Vec<EntryRow>, LedgerError> {
    let rows = sqlx::query(
        "SELECT e.seq, e.draw, d.slot, e.cohort, e.rho, e.head \
         FROM budget_entry e JOIN budget_draw d ON d.id = e.draw ORDER BY e.seq",
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(EntryRow {
                seq: row.try_get(0)?,
                draw: row.try_get(1)?,
                slot: row.try_get(2)?,
                cohort: row.try_get(3)?,
                rho: Rho(row.try_get::<i64, _>(4)?.cast_unsigned()),
                head: row.try_get(5)?,
            })
        })
        .collect()
}

/// A random identifier, in hex.
fn make_id() -> Result<String, LedgerError> {
    let bytes = accord_crypto::random::make_bytes::<16>().map_err(|e| LedgerError::Store(e.to_string()))?;
    Ok(hex::encode(bytes))
}

/// A slot is a year and a number, written in one way only: two spellings of one slot would have four draws. [`Ledger::start`]
/// refuses others too; whoever makes a ledger asks before.
pub fn check_slot(slot: &str) -> Result<(), LedgerError> {
    let fits = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
    };
    match slot.split_once('-') {
        Some((year, number)) if year.len() == 4 && fits(year, 4) && fits(number, 2) => Ok(()),
        _ => Err(LedgerError::Slot(slot.to_owned())),
    }
}

fn place(draw: &DrawId, step: usize) -> String {
    format!("measurement/{}/{step}", draw.0)
}

#[cfg(test)]
mod tests;

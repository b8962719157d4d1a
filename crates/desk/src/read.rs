//! Reading everything: records stream out one by one, in bounded memory, with the consent that stands today.

use crate::consent::{ConsentEvent, ConsentState};
use crate::history::{self, About, ErasureEntry, IMPORT};
use crate::keyring::Token;
use crate::page::{HASH, PageKeys, Slots};
use crate::vault::Vault;
use crate::{Result, VaultError, payload};
use accord_crypto::Key;
use accord_record::model::Incoming;
use jiff::civil::Date;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// Pages fetched at a time.
const CHUNK: i64 = 32;
/// Pages being opened while others are counted.
const AHEAD: usize = 3;

/// One record as read from a vault.
#[derive(Debug)]
pub struct Stored {
    /// The record, with consent as it stands on the day asked for; `given` is false where it was refused, withdrawn or
    /// has lapsed, and a purpose that nobody asked about is absent.
    pub incoming: Incoming,
    /// Year of first import: whose privacy account pays for reading it.
    pub cohort: i16,
}

/// What a reading saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Records handed over.
    pub records: u64,
    /// Places whose key was destroyed.
    pub destroyed: u64,
}

type Fetched = (Transaction<'static, Sqlite>, Vec<SqliteRow>);

/// The next pages, inside one read transaction (a snapshot).
async fn fetch(mut tx: Transaction<'static, Sqlite>, after: i64) -> Result<Fetched> {
    let rows = sqlx::query("SELECT id, sealed FROM page WHERE id > ? ORDER BY id LIMIT ?")
        .bind(after)
        .bind(CHUNK)
        .fetch_all(&mut *tx)
        .await?;
    Ok((tx, rows))
}

/// Keys of a range of pages.
async fn fetch_keys(pool: &SqlitePool, from: i64, to: i64) -> Result<Vec<SqliteRow>> {
    Ok(sqlx::query("SELECT page, sealed FROM page_key WHERE page BETWEEN ? AND ? ORDER BY page")
        .bind(from)
        .bind(to)
        .fetch_all(pool)
        .await?)
}

/// One page with all that opens it, on its way to another thread.
struct Job {
    page: i64,
    sealed: Vec<u8>,
    keys: Vec<u8>,
}

/// What all pages share.
struct Opener {
    vault: Key,
    events: HashMap<Token, Vec<ConsentEvent>>,
    today: Date,
}

/// Records of one page, and how many of its places are destroyed.
type OpenedPage = (Vec<Stored>, u64);

impl Opener {
    fn open(&self, job: &Job) -> Result<OpenedPage> {
        let slots = Slots::new(&job.sealed)?;
        let keys = PageKeys::open(&self.vault, job.page, &job.keys)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(1024));
        let mut records = Vec::with_capacity(slots.count());
        let mut destroyed = 0;
        for (slot, (token, sealed)) in slots.iter().enumerate() {
            if !keys.open_record(slot, &token, sealed, &mut plain)? {
                destroyed += 1;
                continue;
            }
            let (cohort, mut incoming) = payload::decode(&plain)?;
            if let Some(events) = self.events.get(&token) {
                let mut state = ConsentState::of_claims(&incoming.consent);
                for e in events {
                    state.apply(e);
                }
                incoming.consent = state.claims(self.today);
            }
            records.push(Stored { incoming, cohort });
        }
        Ok((records, destroyed))
    }
}

impl Vault {
    /// Hands every record to `f`, in the order of import, with consent as it stands on `today`. Pages are fetched ahead,
    /// and opened ahead on other threads, a few at a time: memory doesn't grow with the vault. `f` returns an error to
    /// stop.
    pub async fn for_each_record<E, F>(&self, today: Date, mut f: F) -> std::result::Result<ReadReport, E>
    where
        F: FnMut(&Stored) -> std::result::Result<(), E> + Send,
        E: From<VaultError>,
    {
        let mut report = ReadReport::default();
        let mut tx = self.pool.begin().await.map_err(VaultError::from)?;
        let opener =
            Arc::new(Opener { vault: self.ring.vault.clone(), events: self.all_events(&mut tx).await?, today });
        let mut opening: VecDeque<JoinHandle<Result<OpenedPage>>> = VecDeque::with_capacity(AHEAD + 1);
        let mut ahead = tokio::spawn(fetch(tx, 0));
        loop {
            let (tx, rows) = ahead.await.map_err(|_| VaultError::Task)??;
            let (jobs, last, destroyed) = self.jobs(rows).await?;
            report.destroyed += destroyed;
            // The end comes with an empty fetch; what is still being opened is waited for then.
            let at_end = last.is_none();
            ahead = tokio::spawn(fetch(tx, last.unwrap_or(i64::MAX)));
            for job in jobs.into_iter().map(Some).chain(at_end.then_some(None)) {
                let allowed = if job.is_some() { AHEAD } else { 0 };
                if let Some(job) = job {
                    let opener = Arc::clone(&opener);
                    opening.push_back(tokio::task::spawn_blocking(move || opener.open(&job)));
                }
                while opening.len() > allowed {
                    let Some(task) = opening.pop_front() else { break };
                    let (records, destroyed) = match task.await.map_err(|_| VaultError::Task)? {
                        Ok(opened) => opened,
                        Err(e) => {
                            // Rotated by somebody else meanwhile, or really damaged?
                            self.check_epoch().await?;
                            return Err(e.into());
                        }
                    };
                    report.destroyed += destroyed;
                    for stored in &records {
                        f(stored)?;
                        report.records += 1;
                    }
                }
            }
            if at_end {
                return Ok(report);
            }
        }
    }

    /// Puts pages together with their keys; returns them, the last page's number (none at the end), and how many records
    /// stand in pages whose keys are gone.
    async fn jobs(&self, rows: Vec<SqliteRow>) -> Result<(Vec<Job>, Option<i64>, u64)> {
        let ids: Vec<i64> = rows.iter().map(|r| r.try_get(0)).collect::<std::result::Result<_, _>>()?;
        let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else { return Ok((Vec::new(), None, 0)) };
        let key_rows = fetch_keys(&self.keys, first, last).await?;
        let mut keys: HashMap<i64, Vec<u8>> = HashMap::with_capacity(key_rows.len());
        for k in &key_rows {
            keys.insert(k.try_get(0)?, k.try_get(1)?);
        }
        let mut destroyed = 0;
        let mut jobs = Vec::with_capacity(rows.len());
        for (row, page) in rows.iter().zip(ids) {
            let sealed: Vec<u8> = row.try_get(1)?;
            let Some(keys) = keys.remove(&page) else {
                destroyed += Slots::new(&sealed)?.count() as u64;
                continue;
            };
            jobs.push(Job { page, sealed, keys });
        }
        Ok((jobs, Some(last), destroyed))
    }

    /// One record by its local identifier, with the consent that stands today: for the steward who asks for it.
    pub async fn record(&self, id: &str, today: Date) -> Result<Stored> {
        let (cohort, mut incoming, consent) = self.open_one(id).await?;
        incoming.consent = consent.claims(today);
        Ok(Stored { incoming, cohort })
    }

    /// One record, its cohort, and how its consent stands.
    pub(crate) async fn open_one(&self, id: &str) -> Result<(i16, Incoming, ConsentState)> {
        let token = self.token(id);
        let mut tx = self.pool.begin().await?;
        let (page, slot) = crate::consent::find(&mut tx, &token).await?;
        let events = self.all_events(&mut tx).await?.remove(&token).unwrap_or_default();
        let row = sqlx::query("SELECT sealed FROM page WHERE id = ?").bind(page).fetch_one(&mut *tx).await?;
        let keys = sqlx::query("SELECT sealed FROM page_key WHERE page = ?").bind(page).fetch_one(&self.keys).await?;
        let keys = PageKeys::open(&self.ring.vault, page, keys.try_get(0)?)?;
        let sealed: &[u8] = row.try_get(0)?;
        let slots = Slots::new(sealed)?;
        let mut plain = Zeroizing::new(Vec::new());
        let slot = slot as usize;
        match slots.iter().nth(slot) {
            Some((t, sealed)) if t == token && keys.open_record(slot, &token, sealed, &mut plain)? => {
                let (cohort, incoming) = payload::decode(&plain)?;
                let mut state = ConsentState::of_claims(&incoming.consent);
                for e in &events {
                    state.apply(e);
                }
                Ok((cohort, incoming, state))
            }
            _ => Err(VaultError::NoSuchRecord),
        }
    }

    /// Opens every record, walks every ledger, holds every sealed record against the ledger of imports, and lets SQLite
    /// check both files. Returns what a reading saw.
    pub async fn verify(&self, today: Date) -> Result<ReadReport> {
        crate::store::check(&self.pool, "vault.db").await?;
        crate::store::check(&self.keys, "keys.db").await?;
        for ledger in history::LEDGERS.into_iter().chain([IMPORT]) {
            self.verify_ledger(ledger, None).await?;
        }
        self.verify_pages().await?;
        self.for_each_record(today, |_| Ok::<(), VaultError>(())).await
    }

    /// Every page that was imported is there, or its import was undone; every sealed record is the one that was imported, or
    /// was erased.
    async fn verify_pages(&self) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let (mut may_be_gone, mut undone) = (0, Vec::new());
        for (_, e) in self.erasures(&mut tx).await? {
            match e {
                ErasureEntry::Erased { .. } => may_be_gone += 1,
                ErasureEntry::DroppedAtRestore { records, .. } => may_be_gone += records,
                ErasureEntry::UndoneImport { import, .. } => undone.push(import),
            }
        }
        let key = self.ring.data.derive(IMPORT);
        let (mut after, mut gone) = (0_i64, 0_u64);
        loop {
            let rows = sqlx::query(
                "SELECT e.seq, e.page, e.sealed, p.sealed FROM ledger_entry e LEFT JOIN page p ON p.id = e.page
                 WHERE e.ledger = 'import' AND e.seq > ? ORDER BY e.seq LIMIT ?",
            )
            .bind(after)
            .bind(CHUNK)
            .fetch_all(&mut *tx)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                after = row.try_get(0)?;
                let page: i64 = row.try_get(1)?;
                let bad = || VaultError::Damaged(format!("page {page} is not as it was imported"));
                let about = About { page: Some(page), token: None };
                let plain = history::open_under(&key, IMPORT, after as u64, about, row.try_get(2)?)?;
                let (batch, seals) = plain.split_first_chunk::<8>().ok_or_else(bad)?;
                let Some(sealed) = row.try_get::<Option<&[u8]>, _>(3)? else {
                    if undone.contains(&i64::from_le_bytes(*batch)) {
                        continue;
                    }
                    return Err(bad());
                };
                let slots = Slots::new(sealed)?;
                if slots.count() * HASH != seals.len() {
                    return Err(bad());
                }
                for (now, then) in slots.hashes().zip(seals.chunks_exact(HASH)) {
                    match now {
                        None => gone += 1,
                        Some(now) if now == then => {}
                        Some(_) => return Err(bad()),
                    }
                }
            }
        }
        if gone <= may_be_gone {
            Ok(())
        } else {
            Err(VaultError::Damaged("more records are gone than were erased".into()))
        }
    }
}

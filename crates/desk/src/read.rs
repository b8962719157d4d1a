//! Reading everything: records stream out one by one, in bounded memory, with the consent that stands today.

use crate::consent::ConsentState;
use crate::history::{self, CONSENT};
use crate::page::{PageKeys, Slots};
use crate::vault::Vault;
use crate::{Result, VaultError, payload};
use accord_record::model::Incoming;
use jiff::civil::Date;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};
use zeroize::Zeroizing;

/// Pages fetched at a time.
const CHUNK: i64 = 48;

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

/// The next pages with their consent, inside one read transaction (a snapshot).
async fn fetch(mut tx: Transaction<'static, Sqlite>, after: i64) -> Result<Fetched> {
    let rows = sqlx::query(
        "SELECT p.id, p.sealed, e.seq, e.sealed FROM page p
         LEFT JOIN ledger_entry e ON e.page = p.id AND e.ledger = 'consent'
         WHERE p.id > ? ORDER BY p.id LIMIT ?",
    )
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

impl Vault {
    /// Hands every record to `f`, in the order of import, with consent as it stands on `today`. Pages are fetched
    /// ahead on another thread while records are opened on this one. `f` returns an error to stop.
    pub async fn for_each_record<E, F>(&self, today: Date, mut f: F) -> std::result::Result<ReadReport, E>
    where
        F: FnMut(&Stored) -> std::result::Result<(), E> + Send,
        E: From<VaultError>,
    {
        let mut report = ReadReport::default();
        let mut tx = self.pool.begin().await.map_err(VaultError::from)?;
        let events = self.all_events(&mut tx).await?;
        let mut ahead = tokio::spawn(fetch(tx, 0));
        let mut plain = Zeroizing::new(Vec::with_capacity(1024));
        loop {
            let (tx, rows) = ahead.await.map_err(|_| VaultError::Task)??;
            let ids: Vec<i64> =
                rows.iter().map(|r| r.try_get(0)).collect::<std::result::Result<_, _>>().map_err(VaultError::from)?;
            let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else { return Ok(report) };
            ahead = tokio::spawn(fetch(tx, last));
            let key_rows = fetch_keys(&self.keys, first, last).await?;
            let mut key_rows = key_rows.iter().peekable();
            for (row, id) in rows.iter().zip(ids) {
                let sealed: &[u8] = row.try_get(1).map_err(VaultError::from)?;
                let slots = Slots::new(sealed)?;
                while key_rows.next_if(|k| k.get::<i64, _>(0) < id).is_some() {}
                let Some(key_row) = key_rows.next_if(|k| k.get::<i64, _>(0) == id) else {
                    report.destroyed += slots.count() as u64;
                    continue;
                };
                let keys = match PageKeys::open(&self.ring.vault, id, key_row.try_get(1).map_err(VaultError::from)?) {
                    Ok(keys) => keys,
                    Err(e) => {
                        // Rotated by somebody else meanwhile, or really damaged?
                        self.check_epoch().await?;
                        return Err(e.into());
                    }
                };
                let claims = self.page_consent(row)?;
                for (slot, (token, sealed)) in slots.iter().enumerate() {
                    if !keys.open_record(slot, &token, sealed, &mut plain)? {
                        report.destroyed += 1;
                        continue;
                    }
                    let (cohort, mut incoming) = payload::decode(&plain)?;
                    let said = claims.get(slot).map_or(&[][..], Vec::as_slice);
                    incoming.consent = match events.get(&token) {
                        None => said.to_vec(),
                        Some(events) => {
                            let mut state = ConsentState::of_claims(said);
                            for e in events {
                                state.apply(e);
                            }
                            state.claims(today)
                        }
                    };
                    f(&Stored { incoming, cohort })?;
                    report.records += 1;
                }
            }
        }
    }

    /// What the file said for the records of a fetched page.
    fn page_consent(&self, row: &SqliteRow) -> Result<Vec<Vec<accord_record::model::ConsentClaim>>> {
        match (row.try_get::<Option<i64>, _>(2)?, row.try_get::<Option<&[u8]>, _>(3)?) {
            (Some(seq), Some(sealed)) => {
                payload::decode_consent(&history::open_entry(&self.ring, CONSENT, seq, sealed)?)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// One record by its local identifier, with the consent that stands today: for the steward who asks for it.
    pub async fn record(&self, id: &str, today: Date) -> Result<Stored> {
        let consent = self.consent(id).await?;
        let token = self.token(id);
        let mut conn = self.pool.acquire().await?;
        let (page, slot) = crate::consent::find(&mut conn, &token).await?;
        let row = sqlx::query("SELECT sealed FROM page WHERE id = ?").bind(page).fetch_one(&mut *conn).await?;
        let keys = sqlx::query("SELECT sealed FROM page_key WHERE page = ?").bind(page).fetch_one(&self.keys).await?;
        let keys = PageKeys::open(&self.ring.vault, page, keys.try_get(0)?)?;
        let sealed: &[u8] = row.try_get(0)?;
        let slots = Slots::new(sealed)?;
        let mut plain = Zeroizing::new(Vec::new());
        let slot = slot as usize;
        match slots.iter().nth(slot) {
            Some((t, sealed)) if t == token && keys.open_record(slot, &token, sealed, &mut plain)? => {
                let (cohort, mut incoming) = payload::decode(&plain)?;
                incoming.consent = consent.claims(today);
                Ok(Stored { incoming, cohort })
            }
            _ => Err(VaultError::NoSuchRecord),
        }
    }

    /// Opens every record, walks every ledger and lets SQLite check both files. Returns what a reading saw.
    pub async fn verify(&self, today: Date) -> Result<ReadReport> {
        crate::store::check(&self.pool, "vault.db").await?;
        crate::store::check(&self.keys, "keys.db").await?;
        for ledger in history::LEDGERS {
            self.verify_ledger(ledger, None).await?;
        }
        self.for_each_record(today, |_| Ok::<(), VaultError>(())).await
    }
}

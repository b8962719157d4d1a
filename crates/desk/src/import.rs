//! Taking files in: all of a file or nothing. Records are sealed page by page inside one open transaction; dropping the
//! writer, or the power, undoes everything.
//!
//! Order of the two files: keys are committed first, then the vault. A crash between leaves keys without records, which
//! are harmless and dropped at the next opening; never records without keys.

use crate::history::{self, About, CONSENT, ERASURE};
use crate::keyring::{TOKEN, Token};
use crate::vault::{Vault, WriteLock};
use crate::{Result, VaultError, page, payload, store};
use accord_crypto::{Head, Place};
use accord_record::model::{ConsentClaim, Incoming};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, Sqlite, Transaction};
use std::fmt;
use zeroize::Zeroizing;

/// Rows named one by one in an error; more are only counted.
const NAMED: usize = 1_000;

/// What is being imported.
#[derive(Clone, Debug)]
pub struct BatchMeta {
    /// Name of the file, sealed.
    pub file: String,
    /// How it was read: id of the crosswalk.
    pub read_as: String,
    /// Day of import; its year is the cohort of records seen for the first time.
    pub on: Date,
}

/// One import, as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Its number, for `undo`.
    pub number: i64,
    /// Name of the file.
    pub file: String,
    /// How it was read.
    pub read_as: String,
    /// Day, `YYYY-MM-DD`.
    pub on: String,
    /// Records taken in.
    pub records: u64,
    /// Whether it was undone.
    pub undone: bool,
}

/// The part of a batch that is sealed.
#[derive(Serialize, Deserialize)]
struct SealedMeta {
    file: String,
    read_as: String,
    on: String,
}

/// Rows that can't be taken in. Nothing of the file was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// How many rows name a record that the vault holds.
    pub already: u64,
    /// How many rows name a record that an earlier row of the same file named.
    pub repeated: u64,
    /// How many rows name a record that was erased.
    pub erased: u64,
    /// How many rows have no identifier.
    pub nameless: u64,
    /// The first of these rows, by number.
    pub rows: Vec<(u64, RowProblem)>,
}

/// Why one row can't be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowProblem {
    /// The vault holds a record with this identifier.
    AlreadyThere,
    /// An earlier row of this file has the same identifier.
    RepeatedInFile,
    /// The record was erased at its person's request and must not come back with a file.
    Erased,
    /// The row has no identifier.
    NoIdentifier,
}

impl Problems {
    fn add(&mut self, row: u64, problem: RowProblem) {
        match problem {
            RowProblem::AlreadyThere => self.already += 1,
            RowProblem::RepeatedInFile => self.repeated += 1,
            RowProblem::Erased => self.erased += 1,
            RowProblem::NoIdentifier => self.nameless += 1,
        }
        if self.rows.len() < NAMED {
            self.rows.push((row, problem));
        }
    }

    /// Rows with problems.
    pub fn total(&self) -> u64 {
        self.already + self.repeated + self.erased + self.nameless
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing was imported:")?;
        let kinds = [
            (RowProblem::AlreadyThere, self.already, "with an identifier that the vault already holds"),
            (RowProblem::RepeatedInFile, self.repeated, "with an identifier of an earlier row"),
            (RowProblem::Erased, self.erased, "for a record that was erased at its person's request"),
            (RowProblem::NoIdentifier, self.nameless, "without an identifier"),
        ];
        let mut first = true;
        for (kind, count, words) in kinds.into_iter().filter(|k| k.1 > 0) {
            let rows: Vec<String> =
                self.rows.iter().filter(|r| r.1 == kind).take(10).map(|r| r.0.to_string()).collect();
            let more = if count > rows.len() as u64 { " and more" } else { "" };
            let sep = if first { "" } else { ";" };
            first = false;
            let noun = if count == 1 { "row" } else { "rows" };
            write!(f, "{sep} {count} {noun} {words} (row {}{more})", rows.join(", "))?;
        }
        Ok(())
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Its number; none for a dry run.
    pub number: Option<i64>,
    /// Records taken in.
    pub records: u64,
    /// Of these, records that an undone import had brought before; they keep their cohort.
    pub returned: u64,
    /// Of these, records for which the file says something of consent.
    pub with_consent: u64,
    /// Of these, records with a legal basis other than consent.
    pub with_legal_basis: u64,
}

struct Row {
    number: u64,
    token: Token,
    incoming: Incoming,
}

/// An import under way. [`ImportWriter::commit`] makes it last; dropping it undoes everything.
pub struct ImportWriter<'v> {
    vault: &'v Vault,
    _lock: WriteLock,
    tx: Transaction<'static, Sqlite>,
    keys: Transaction<'static, Sqlite>,
    meta: BatchMeta,
    batch: i64,
    first_page: i64,
    next_page: i64,
    rows: Vec<Row>,
    pushed: u64,
    consent: Head,
    problems: Problems,
    report: ImportReport,
}

impl Vault {
    /// Begins an import. [`VaultError::Busy`] if somebody else is changing this vault.
    pub async fn import(&self, meta: BatchMeta) -> Result<ImportWriter<'_>> {
        let lock = self.lock().await?;
        // Empty logs to begin with: if the disk fills up, all that is in them can be thrown away at once.
        for pool in [&self.pool, &self.keys] {
            match store::truncate_wal(pool).await {
                // Somebody is reading: no harm.
                Ok(()) | Err(VaultError::Busy) => {}
                Err(e) => return Err(e),
            }
        }
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let keys = self.keys.begin_with("BEGIN IMMEDIATE").await?;
        let batch: i64 = sqlx::query("INSERT INTO batch (state, records, sealed) VALUES (0, 0, x'') RETURNING id")
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        let last: Option<i64> = sqlx::query("SELECT seq FROM sqlite_sequence WHERE name = 'page'")
            .fetch_optional(&mut *tx)
            .await?
            .map(|r| r.try_get(0))
            .transpose()?;
        let first_page = last.unwrap_or(0) + 1;
        let consent = history::head(&mut tx, CONSENT).await?;
        Ok(ImportWriter {
            vault: self,
            _lock: lock,
            tx,
            keys,
            meta,
            batch,
            first_page,
            next_page: first_page,
            rows: Vec::with_capacity(page::SIZE),
            pushed: 0,
            consent,
            problems: Problems::default(),
            report: ImportReport { number: None, records: 0, returned: 0, with_consent: 0, with_legal_basis: 0 },
        })
    }

    /// The imports, oldest first.
    pub async fn imports(&self) -> Result<Vec<Batch>> {
        let rows =
            sqlx::query("SELECT id, state, records, sealed FROM batch ORDER BY id").fetch_all(&self.pool).await?;
        let key = self.ring.data.derive("batch");
        rows.iter()
            .map(|row| {
                let number: i64 = row.try_get(0)?;
                let plain = key
                    .open(batch_place(&number.to_le_bytes()), row.try_get(3)?)
                    .map_err(|_| VaultError::Damaged(format!("import {number} does not open")))?;
                let meta: SealedMeta = serde_json::from_slice(&plain)?;
                Ok(Batch {
                    number,
                    file: meta.file,
                    read_as: meta.read_as,
                    on: meta.on,
                    records: row.try_get::<i64, _>(2)? as u64,
                    undone: row.try_get::<i64, _>(1)? != 0,
                })
            })
            .collect()
    }

    /// Takes an import back: its records go and their keys are destroyed. Their years of first import stay, so that
    /// records which come back don't start a fresh privacy account. Returns how many records went.
    pub async fn undo_import(&mut self, number: i64, on: Date) -> Result<u64> {
        let lock = self.lock().await?;
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT state FROM batch WHERE id = ?").bind(number).fetch_optional(&mut *tx).await?;
        match row.map(|r| r.try_get::<i64, _>(0)).transpose()? {
            None => return Err(VaultError::NoSuchBatch(number)),
            Some(0) => {}
            Some(_) => return Err(VaultError::AlreadyUndone(number)),
        }
        let records: i64 = sqlx::query("SELECT coalesce(sum(records), 0) FROM page WHERE batch = ?")
            .bind(number)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        sqlx::query(
            "UPDATE record SET state = 1, page = NULL, slot = NULL
             WHERE state = 0 AND page IN (SELECT id FROM page WHERE batch = ?)",
        )
        .bind(number)
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE ledger_entry SET sealed = NULL WHERE page IN (SELECT id FROM page WHERE batch = ?)")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO pending_key (page, slot) SELECT id, -1 FROM page WHERE batch = ?")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM page WHERE batch = ?").bind(number).execute(&mut *tx).await?;
        sqlx::query("UPDATE batch SET state = 1 WHERE id = ?").bind(number).execute(&mut *tx).await?;
        let entry = serde_json::json!({ "undone_import": number, "records": records, "on": on.to_string() });
        let entry = serde_json::to_vec(&entry)?;
        history::append(&mut tx, &self.ring, ERASURE, &entry, About::default()).await?;
        tx.commit().await?;
        self.destroy_pending_keys(&lock).await?;
        store::truncate_wal(&self.pool).await?;
        Ok(records as u64)
    }
}

impl ImportWriter<'_> {
    /// Takes the next record; rows are numbered from 1 in the order of coming.
    pub async fn push(&mut self, incoming: Incoming) -> Result<()> {
        self.push_row(self.pushed + 1, incoming).await
    }

    /// Takes a record of the given row. A row with a problem is noted and told at the end.
    pub async fn push_row(&mut self, number: u64, incoming: Incoming) -> Result<()> {
        self.pushed += 1;
        let id = incoming.record.id.expose().trim();
        if id.is_empty() {
            self.problems.add(number, RowProblem::NoIdentifier);
            return Ok(());
        }
        let token = self.vault.ring.token(id);
        self.rows.push(Row { number, token, incoming });
        if self.rows.len() == page::SIZE { self.flush().await } else { Ok(()) }
    }

    /// Says how the file is read, once its header is understood.
    pub fn read_as(&mut self, crosswalk: &str) {
        crosswalk.clone_into(&mut self.meta.read_as);
    }

    /// How many records came so far.
    pub fn pushed(&self) -> u64 {
        self.pushed
    }

    /// What is wrong so far.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Makes the import last, or refuses all of it if a row had a problem.
    pub async fn commit(mut self) -> Result<ImportReport> {
        self.flush().await?;
        self.refuse_problems().await?;
        history::set_head(&mut self.tx, CONSENT, self.consent).await?;
        let BatchMeta { file, read_as, on } = &self.meta;
        let meta = SealedMeta { file: file.clone(), read_as: read_as.clone(), on: on.to_string() };
        let meta = Zeroizing::new(serde_json::to_vec(&meta)?);
        let key = self.vault.ring.data.derive("batch");
        sqlx::query("UPDATE batch SET records = ?, sealed = ? WHERE id = ?")
            .bind(self.report.records as i64)
            .bind(key.seal(batch_place(&self.batch.to_le_bytes()), &meta)?)
            .bind(self.batch)
            .execute(&mut *self.tx)
            .await?;
        self.keys.commit().await?;
        self.tx.commit().await?;
        self.report.number = Some(self.batch);
        Ok(self.report)
    }

    /// Says what the import would do, and undoes it.
    pub async fn dry_run(mut self) -> Result<ImportReport> {
        self.flush().await?;
        self.refuse_problems().await?;
        self.keys.rollback().await?;
        self.tx.rollback().await?;
        Ok(self.report)
    }

    async fn refuse_problems(&mut self) -> Result<()> {
        if self.problems.total() == 0 {
            return Ok(());
        }
        let mut problems = std::mem::take(&mut self.problems);
        problems.rows.sort_unstable_by_key(|r| r.0);
        Err(VaultError::Rows(Box::new(problems)))
    }

    /// Seals and stores up to a page of rows.
    async fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let page = self.next_page;
        let mut tokens = Vec::with_capacity(self.rows.len() * TOKEN);
        for row in &self.rows {
            tokens.extend_from_slice(&row.token);
        }
        let cohort = self.meta.on.year();
        let inserted = sqlx::query(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
             INSERT OR IGNORE INTO record (token, page, slot, cohort, state)
             SELECT substr(?1, i * 16 + 1, 16), ?3, i, ?4, 0 FROM n",
        )
        .bind(tokens)
        .bind(self.rows.len() as i64)
        .bind(page)
        .bind(i64::from(cohort))
        .execute(&mut *self.tx)
        .await?
        .rows_affected();
        let mut cohorts = vec![cohort; self.rows.len()];
        if inserted != self.rows.len() as u64 {
            self.sort_out(page, &mut cohorts).await?;
        }
        if self.problems.total() > 0 {
            // Nothing will be kept; go on only to tell the steward all that is wrong.
            self.next_page += 1;
            self.rows.clear();
            return Ok(());
        }
        let mut consent: Vec<Vec<ConsentClaim>> = Vec::with_capacity(self.rows.len());
        let mut sealed = Vec::with_capacity(self.rows.len());
        for (row, cohort) in self.rows.iter_mut().zip(cohorts) {
            consent.push(std::mem::take(&mut row.incoming.consent));
            self.report.with_legal_basis += u64::from(row.incoming.legal_basis.is_some());
            sealed.push((row.token, payload::encode(cohort, &row.incoming)));
        }
        let said = consent.iter().filter(|c| !c.is_empty()).count() as u64;
        let sealed = page::seal(&self.vault.ring.vault, page, &sealed)?;
        sqlx::query("INSERT INTO page (id, batch, records, sealed) VALUES (?, ?, ?, ?)")
            .bind(page)
            .bind(self.batch)
            .bind(self.rows.len() as i64)
            .bind(sealed.page)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO page_key (page, sealed) VALUES (?, ?)")
            .bind(page)
            .bind(sealed.keys)
            .execute(&mut *self.keys)
            .await?;
        if said > 0 {
            let about = About { page: Some(page), token: None };
            let bytes = payload::encode_consent(&consent);
            let ring = &self.vault.ring;
            self.consent = history::put(&mut self.tx, ring, CONSENT, self.consent, &bytes, about).await?;
        }
        self.report.records += self.rows.len() as u64;
        self.report.with_consent += said;
        self.next_page += 1;
        self.rows.clear();
        Ok(())
    }

    /// Finds out which rows of the page were not new, and why.
    async fn sort_out(&mut self, page: i64, cohorts: &mut [i16]) -> Result<()> {
        for (slot, cohort) in cohorts.iter_mut().enumerate() {
            let (number, token) = (self.rows[slot].number, self.rows[slot].token);
            let row = sqlx::query("SELECT page, slot, cohort, state FROM record WHERE token = ?")
                .bind(token.to_vec())
                .fetch_one(&mut *self.tx)
                .await?;
            let (at, at_slot): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            match row.try_get::<i64, _>(3)? {
                0 if at == Some(page) && at_slot == Some(slot as i64) => {}
                0 if at.is_some_and(|p| p >= self.first_page) => {
                    self.problems.add(number, RowProblem::RepeatedInFile);
                }
                0 => self.problems.add(number, RowProblem::AlreadyThere),
                1 => {
                    *cohort = row.try_get::<i64, _>(2)? as i16;
                    self.report.returned += 1;
                    sqlx::query("UPDATE record SET page = ?, slot = ?, state = 0 WHERE token = ?")
                        .bind(page)
                        .bind(slot as i64)
                        .bind(token.to_vec())
                        .execute(&mut *self.tx)
                        .await?;
                }
                _ => self.problems.add(number, RowProblem::Erased),
            }
        }
        Ok(())
    }
}

fn batch_place(number: &[u8; 8]) -> Place<'_> {
    Place::new("batch", number, "sealed")
}

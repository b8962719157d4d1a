//! The writer of one import.
//!
//! The register of identifiers is filled at the end, sorted: that keeps ten million of them fast, and finds what a file
//! names twice. Until then 28 bytes a record are held in memory.

use super::{BatchMeta, ImportReport, Problems, RowProblem, SealedMeta, batch_place};
use crate::history::{self, About, IMPORT};
use crate::keyring::{TOKEN, Token};
use crate::vault::{Vault, WriteLock};
use crate::{Result, VaultError, page, payload, store};
use accord_crypto::Head;
use accord_record::model::Incoming;
use sqlx::{AssertSqlSafe, Row as _, Sqlite, Transaction};
use zeroize::Zeroizing;

/// Identifiers written in one statement.
const REGISTER: usize = 512;

struct Row {
    number: u64,
    token: Token,
    incoming: Incoming,
}

/// An identifier seen in this file, and where its record went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    token: Token,
    /// Row of the file, as far as 32 bits go.
    row: u32,
    /// Page, counted from the first of this import.
    page: u32,
    slot: u8,
    /// Whether the register holds it from an undone import.
    returned: bool,
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
    pages: u32,
    /// Whether the register held anything before.
    known: bool,
    rows: Vec<Row>,
    seen: Vec<Seen>,
    pushed: u64,
    ledger: Head,
    problems: Problems,
    report: ImportReport,
}

impl Vault {
    /// Begins an import. [`VaultError::Busy`] if somebody else is changing this vault.
    pub async fn import(&self, meta: BatchMeta) -> Result<ImportWriter<'_>> {
        let lock = self.lock().await?;
        // Empty logs to begin with: if the disk fills up, all that is in them can be thrown away at once.
        for pool in [&self.pool, &self.keys] {
            // Somebody may be reading: no harm.
            store::truncate_wal(pool).await?;
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
        let known = sqlx::query("SELECT 1 FROM record LIMIT 1").fetch_optional(&mut *tx).await?.is_some();
        let ledger = history::head(&mut tx, IMPORT).await?;
        Ok(ImportWriter {
            vault: self,
            _lock: lock,
            tx,
            keys,
            meta,
            batch,
            first_page: last.unwrap_or(0) + 1,
            pages: 0,
            known,
            rows: Vec::with_capacity(page::SIZE),
            seen: Vec::new(),
            pushed: 0,
            ledger,
            problems: Problems::default(),
            report: ImportReport { number: None, records: 0, returned: 0, with_consent: 0, with_legal_basis: 0 },
        })
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

    /// Makes the import last, or refuses all of it if a row had a problem.
    pub async fn commit(mut self) -> Result<ImportReport> {
        self.finish().await?;
        history::set_head(&mut self.tx, IMPORT, self.ledger).await?;
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
        self.finish().await?;
        self.keys.rollback().await?;
        self.tx.rollback().await?;
        Ok(self.report)
    }

    /// Seals what is left, fills the register, and refuses everything if a row had a problem.
    async fn finish(&mut self) -> Result<()> {
        self.flush().await?;
        self.seen.sort_unstable();
        for pair in self.seen.windows(2) {
            if pair[0].token == pair[1].token {
                self.problems.add(u64::from(pair[1].row), RowProblem::RepeatedInFile);
            }
        }
        if self.problems.total() > 0 {
            let mut problems = std::mem::take(&mut self.problems);
            problems.rows.sort_unstable_by_key(|r| r.0);
            return Err(VaultError::Rows(Box::new(problems)));
        }
        self.register().await
    }

    /// Writes the identifiers into the register, in its own order.
    async fn register(&mut self) -> Result<()> {
        let cohort = i64::from(self.meta.on.year());
        let seen = std::mem::take(&mut self.seen);
        let mut new = seen.iter().filter(|s| !s.returned);
        let mut chunk: Vec<&Seen> = Vec::with_capacity(REGISTER);
        loop {
            chunk.clear();
            chunk.extend(new.by_ref().take(REGISTER));
            if chunk.is_empty() {
                break;
            }
            let mut sql = String::from("INSERT INTO record (token, page, slot, cohort, state) VALUES ");
            sql.push_str(&vec!["(?,?,?,?,0)"; chunk.len()].join(","));
            // Nothing but question marks: the values are bound.
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for s in &chunk {
                query = query
                    .bind(s.token.to_vec())
                    .bind(self.first_page + i64::from(s.page))
                    .bind(i64::from(s.slot))
                    .bind(cohort);
            }
            query.execute(&mut *self.tx).await?;
        }
        for s in seen.iter().filter(|s| s.returned) {
            sqlx::query("UPDATE record SET page = ?, slot = ?, state = 0 WHERE token = ?")
                .bind(self.first_page + i64::from(s.page))
                .bind(i64::from(s.slot))
                .bind(s.token.to_vec())
                .execute(&mut *self.tx)
                .await?;
            self.report.returned += 1;
        }
        Ok(())
    }

    /// Seals and stores up to a page of rows.
    async fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut rows = std::mem::take(&mut self.rows);
        let mut cohorts = vec![self.meta.on.year(); rows.len()];
        let mut seen: Vec<Option<Seen>> = (0_u8..=u8::MAX)
            .zip(&rows)
            .map(|(slot, r)| {
                let row = u32::try_from(r.number).unwrap_or(u32::MAX);
                Some(Seen { token: r.token, row, page: self.pages, slot, returned: false })
            })
            .collect();
        if self.known {
            self.look_up(&rows, &mut seen, &mut cohorts).await?;
        }
        self.seen.extend(seen.into_iter().flatten());
        // With a problem nothing will be kept; the rest is read only to tell the steward all that is wrong.
        if self.problems.total() == 0 {
            self.store(&rows, &cohorts).await?;
        }
        self.pages += 1;
        rows.clear();
        self.rows = rows;
        Ok(())
    }

    async fn store(&mut self, rows: &[Row], cohorts: &[i16]) -> Result<()> {
        let page = self.first_page + i64::from(self.pages);
        let ring = &self.vault.ring;
        let mut plain = Vec::with_capacity(rows.len());
        for (row, cohort) in rows.iter().zip(cohorts) {
            self.report.with_legal_basis += u64::from(row.incoming.legal_basis.is_some());
            plain.push((row.token, payload::encode(*cohort, &row.incoming)));
        }
        let said = rows.iter().filter(|r| !r.incoming.consent.is_empty()).count() as u64;
        let sealed = page::seal(&ring.vault, page, &plain)?;
        let mut seals = Vec::with_capacity(8 + rows.len() * page::HASH);
        seals.extend_from_slice(&self.batch.to_le_bytes());
        page::Slots::new(&sealed.page)?.hashes().flatten().for_each(|h| seals.extend_from_slice(&h));
        let about = About { page: Some(page), token: None };
        self.ledger = history::put(&mut self.tx, ring, IMPORT, self.ledger, &seals, about).await?;
        sqlx::query("INSERT INTO page (id, batch, records, sealed) VALUES (?, ?, ?, ?)")
            .bind(page)
            .bind(self.batch)
            .bind(rows.len() as i64)
            .bind(sealed.page)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO page_key (page, sealed) VALUES (?, ?)")
            .bind(page)
            .bind(sealed.keys)
            .execute(&mut *self.keys)
            .await?;
        self.report.records += rows.len() as u64;
        self.report.with_consent += said;
        Ok(())
    }

    /// Finds rows whose identifier the register holds, and why.
    async fn look_up(&mut self, rows: &[Row], seen: &mut [Option<Seen>], cohorts: &mut [i16]) -> Result<()> {
        let mut tokens = Vec::with_capacity(rows.len() * TOKEN);
        for row in rows {
            tokens.extend_from_slice(&row.token);
        }
        let found = sqlx::query(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
             SELECT n.i, r.cohort, r.state FROM n CROSS JOIN record r ON r.token = substr(?1, n.i * 16 + 1, 16)",
        )
        .bind(tokens)
        .bind(rows.len() as i64)
        .fetch_all(&mut *self.tx)
        .await?;
        for f in found {
            let slot = f.try_get::<i64, _>(0)? as usize;
            let problem = match f.try_get::<i64, _>(2)? {
                0 => RowProblem::AlreadyThere,
                1 => {
                    cohorts[slot] = f.try_get::<i64, _>(1)? as i16;
                    if let Some(s) = &mut seen[slot] {
                        s.returned = true;
                    }
                    continue;
                }
                _ => RowProblem::Erased,
            };
            self.problems.add(rows[slot].number, problem);
            seen[slot] = None;
        }
        Ok(())
    }
}

//! Taking files in: all of a file or nothing. Records are sealed page by page inside one open transaction; dropping the
//! writer, or the power, undoes everything.
//!
//! Order of the two files: keys are committed first, then the vault. A crash between leaves keys without records, which
//! are harmless and dropped at the next opening; never records without keys.
//!
//! Start reading at [`Vault::import`], then [`ImportWriter`].

mod writer;

pub use writer::ImportWriter;

use crate::history::{self, About, ERASURE, ErasureEntry};
use crate::vault::Vault;
use crate::{Result, VaultError, store};
use accord_crypto::Place;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::fmt;

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

impl Vault {
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
        sqlx::query("INSERT INTO pending_key (page, slot) SELECT id, -1 FROM page WHERE batch = ?")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM page WHERE batch = ?").bind(number).execute(&mut *tx).await?;
        sqlx::query("UPDATE batch SET state = 1 WHERE id = ?").bind(number).execute(&mut *tx).await?;
        let entry = ErasureEntry::UndoneImport { import: number, records: records as u64, on: on.to_string() };
        let entry = serde_json::to_vec(&entry)?;
        history::append(&mut tx, &self.ring, ERASURE, &entry, About::default()).await?;
        tx.commit().await?;
        // The records are gone from here on; if somebody holds the key file, the next opening destroys their keys.
        match self.destroy_pending_keys(&lock).await {
            Ok(_) | Err(VaultError::Busy) => {}
            Err(e) => return Err(e),
        }
        store::truncate_wal(&self.pool).await?;
        Ok(records as u64)
    }
}

fn batch_place(number: &[u8; 8]) -> Place<'_> {
    Place::new("batch", number, "sealed")
}

//! What a check says at the end: rows, findings by rule, how complete each field is, what was lost.

use super::finding::{Finding, FindingCode};
use super::{Checker, Order, path};
use crate::input::Found;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The end of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What was found out about the file.
    pub found: Found,
    /// Crosswalk that was applied.
    pub crosswalk: String,
    /// Rows read, blank ones left out.
    pub rows: u64,
    /// Rows that are good records.
    pub accepted: u64,
    /// Rows with findings that fail them.
    pub failed: u64,
    /// Blank rows.
    pub blank: u64,
    /// Findings by rule.
    pub findings: BTreeMap<FindingCode, u64>,
    /// How often each column has a value, in the order of the file.
    pub columns: Vec<Fill>,
    /// Order of day and month that was used.
    pub dates: String,
    /// What the crosswalk loses, and how many cells of this file it concerns.
    pub losses: BTreeMap<String, u64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// How often a column has a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Column of the file.
    pub column: String,
    /// Fields that it fills.
    pub fields: Vec<String>,
    /// Rows with a value, rather than blank or a reason for none.
    pub filled: u64,
}

#[derive(Default)]
pub(super) struct Tally {
    rows: u64,
    failed: u64,
    pub(super) blank: u64,
    /// Sets of which one holds that were left out beside codes that certainly hold; known only when records are built.
    pub(super) dropped: u64,
    findings: BTreeMap<FindingCode, u64>,
}

impl Tally {
    pub(super) fn row(&mut self, findings: &[Finding], failed: bool) {
        self.rows += 1;
        self.failed += u64::from(failed);
        for finding in findings {
            *self.findings.entry(finding.code).or_default() += 1;
        }
    }
}

impl Checker<'_> {
    /// The end of the check of a file that was found to be `found`.
    pub fn summary(&self, found: Found, order: Order) -> Summary {
        let book = self.context.book;
        let mut losses: BTreeMap<String, u64> = BTreeMap::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let kept: u64 = column.outcomes.iter().filter(|o| o.has_value).map(|o| o.count).sum();
            for outcome in &column.outcomes {
                if let Some(loss) = &outcome.loss {
                    *losses.entry(format!("{}: {loss}", column.name)).or_default() += outcome.count;
                }
            }
            for (loss, n) in &column.losses {
                *losses.entry(format!("{}: {loss}", column.name)).or_default() += n;
            }
            let mut fields: Vec<String> =
                column.plans.iter().filter_map(|p| p.place).map(|place| path(book, place.field)).collect();
            fields.dedup();
            columns.push(Fill { column: column.name.clone(), fields, filled: kept + column.unkept });
        }
        if self.tally.dropped > 0 {
            let words = "sets of which one holds were left out beside codes that certainly hold";
            losses.insert(words.to_owned(), self.tally.dropped);
        }
        let mut notes = found.notes.clone();
        notes.extend(self.names.walk.notes.iter().cloned());
        if self.id.is_none() && !self.needs_id {
            notes.push(
                "the file has no identifier of records: each row counts as one record, named after its line".into(),
            );
        }
        if self.tally.blank > 0 {
            notes.push(format!("{} blank rows were left out", self.tally.blank));
        }
        Summary {
            found,
            crosswalk: self.names.walk.id.clone(),
            rows: self.tally.rows,
            accepted: self.tally.rows - self.tally.failed,
            failed: self.tally.failed,
            blank: self.tally.blank,
            findings: self.tally.findings.clone(),
            columns,
            dates: order.words().to_owned(),
            losses,
            notes,
        }
    }
}

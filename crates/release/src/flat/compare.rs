//! What changed since an earlier release of a flat table: differences of noisy counts, with the noise of both.
//!
//! The earlier draft is not beside the new one when that is verified. So what the comparison is made from travels in the
//! report ([`Previous`]), and the comparison is made again from it; whether it is true to the earlier draft, anybody who
//! holds that draft can tell by its manifest's hash.
//!
//! # When a change is named
//!
//! Of thousands of differences the largest are large by noise alone. So a change is named only if its interval leaves out
//! nought, where each of the `n` intervals (one a value that both have, and the number of rows) misses with a chance of
//! [`MISS`]` / n` (Bonferroni). Then *all* intervals hold at once in 95 of 100 comparisons, whatever changed: where nothing
//! did, at most 5 of 100 name anything; and the intervals of the largest changes, which were picked because they are large,
//! hold as they stand. Holm's steps would name a few more, but have no such intervals; the rate of Benjamini and Hochberg
//! 1995 lets a share of what is named be false, and one false change is one sentence in a newspaper.
//!
//! The noise of a difference is that of both draws, with the sum of their variances: two draws share nothing. A draft made
//! again from the same sealed measurements (another dial, a corrected title) has the *same* noise: its difference is nought
//! and says nothing of people. That is told by the hash of the measurements, and said instead of an interval.
//!
//! # Privacy
//!
//! A function of two sets of noisy counts that are both paid for (PRIVACY 11).
//!
//! Start reading at [`compare`].

use super::again::stands;
use super::report::{Draft, FlatReport, MEASURED, REPORT};
use super::{Measured, ROWS, domain_hash, length_id};
use crate::files::{Files, draft_hash, parse};
use crate::noise::LinearNoise;
use crate::publish::MISS;
use crate::verify::check_manifest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Most values that are compared: the first of the domain.
const MOST_COMPARED: usize = 5_000;
/// Most changes that are shown.
const MOST_SHOWN: usize = 20;

/// What is known of an earlier draft: everything that a comparison is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// Its id.
    pub release: String,
    /// SHA-256 of its manifest, in hex.
    pub manifest: String,
    /// SHA-256 of its domain, in hex.
    pub domain: String,
    /// Years that it covers, as declared.
    pub period: String,
    /// Whether its people are invented.
    pub invented: bool,
    /// Its epsilon.
    pub epsilon: f64,
    /// Its dial.
    pub dial: f64,
    /// The most rows of one person.
    pub rows_per_person: u32,
    /// The most filled columns that a row was counted with, where blank was implied.
    pub most_filled: Option<u16>,
    /// Accounts that paid for it.
    pub accounts: Vec<String>,
    /// Its noisy count of rows.
    pub rows: i64,
    /// Noise of that, in thousandths, one a draw.
    pub rows_sigma_milli: Vec<u64>,
    /// Its noisy counts of single values: column, value, count.
    pub values: Vec<(String, String, i64)>,
    /// Noise of each of these, in thousandths, one a draw.
    pub sigma_milli: Vec<u64>,
    /// SHA-256 of all of its noisy counts, with the ledger entries of their draws, in hex.
    pub measurements: String,
    /// Ledger entries of its draws.
    pub entries: Vec<String>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The earlier release, and what of it was compared.
    pub previous: Previous,
    /// Whether both have the same domain.
    pub same_domain: bool,
    /// Whether both were made of the very same measurements: then nothing measured can have changed.
    pub same_measurements: bool,
    /// Change of the number of rows.
    pub rows: Change,
    /// Number of single values that both have.
    pub compared: u64,
    /// How many of them changed by more than noise can be held to do anywhere among all that is compared.
    pub beyond_noise: u64,
    /// The chance that noise alone would name any change, the number of rows included, if nothing changed: at most this.
    pub any_by_chance: f64,
    /// The largest of the changes beyond noise; no other is named.
    pub largest: Vec<ValueChange>,
    /// What is known of the reasons, a sentence each.
    pub why: Vec<String>,
}

/// A difference of two noisy counts, the new one less the old one, with its interval. The intervals of a comparison hold all
/// at once in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The difference.
    pub difference: i64,
    /// Lower end.
    pub low: i64,
    /// Upper end.
    pub high: i64,
}

/// Change of one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueChange {
    /// Column.
    pub column: String,
    /// Value.
    pub value: String,
    /// Its change.
    pub change: Change,
}

impl Change {
    fn of(now: i64, before: i64, half: i64) -> Change {
        let difference = now.saturating_sub(before);
        Change { difference, low: difference.saturating_sub(half), high: difference.saturating_add(half) }
    }

    /// Whether nought lies outside the interval.
    pub const fn is_beyond_noise(self) -> bool {
        self.low > 0 || self.high < 0
    }
}

impl Previous {
    /// What an earlier draft says, if its files are those of its manifest and follow from its noisy counts: whatever was
    /// changed in them would stand in the new report as a change among people.
    ///
    /// # Errors
    /// Why it can't be compared with, in words.
    pub fn read(files: &Files) -> Result<Previous, String> {
        check_manifest(files)?;
        if !files.contains_key(REPORT) || !files.contains_key(MEASURED) {
            return Err("it is no draft of a flat table (no report.json and measured.json)".to_owned());
        }
        let report: FlatReport = parse(files, REPORT).map_err(|e| e.to_string())?;
        let measured: Measured = parse(files, MEASURED).map_err(|e| e.to_string())?;
        measured.columns.check().map_err(|e| e.to_string())?;
        stands(files).map_err(|why| format!("it does not pass its checks (run `accord verify` on it): {why}"))?;
        let values = singles(&measured)?;
        let sigmas = |id: &str| {
            let table = measured.tables.iter().find(|t| t.table == id);
            table.map(|t| t.draws.iter().map(|d| d.sigma_milli).collect()).unwrap_or_default()
        };
        Ok(Previous {
            release: report.info.id.clone(),
            manifest: draft_hash(files).map_err(|e| e.to_string())?,
            domain: domain_hash(&measured.columns),
            period: report.info.period.clone(),
            invented: report.info.invented,
            epsilon: report.privacy.epsilon,
            dial: report.asked.ask.dial,
            rows_per_person: measured.rows_per_person,
            most_filled: measured.shape.most_filled,
            accounts: report.info.accounts.iter().map(|a| a.account.clone()).collect(),
            rows: rows(&measured)?,
            rows_sigma_milli: sigmas(ROWS),
            sigma_milli: sigmas(&length_id(1)),
            values,
            measurements: hash_of(&measured),
            entries: entries(&measured).map(str::to_owned).collect(),
        })
    }
}

fn rows(measured: &Measured) -> Result<i64, String> {
    let rows = measured.tables.iter().find(|t| t.table == ROWS).and_then(|t| t.values.first());
    rows.copied().ok_or_else(|| "it has no noisy count of rows".to_owned())
}

/// The noisy counts of single values, in the domain's order.
fn singles(measured: &Measured) -> Result<Vec<(String, String, i64)>, String> {
    let layout = measured.layout().map_err(|e| e.to_string())?;
    let counts = measured.counts(&layout).map_err(|e| e.to_string())?;
    let mut places: Vec<Option<&super::layout::Table>> = vec![None; layout.columns()];
    for (at, table) in layout.tables[0].iter().enumerate() {
        places[layout.order[at]] = Some(table);
    }
    let mut out = Vec::new();
    for (column, table) in measured.columns.columns.iter().zip(places) {
        for (code, value) in (1..).zip(&column.values) {
            let (Some(table), Some(level)) = (table, layout.level(code)) else { continue };
            if out.len() == MOST_COMPARED {
                return Ok(out);
            }
            out.push((column.name.clone(), value.clone(), counts.noisy[0][table.offset + usize::from(level)]));
        }
    }
    Ok(out)
}

/// SHA-256 of all noisy counts with their draws, in hex: two drafts with the same hash were made of the same measurements.
fn hash_of(measured: &Measured) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for table in &measured.tables {
        part(table.table.as_bytes());
        part(&table.values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        for draw in &table.draws {
            part(draw.entry.as_bytes());
            for number in [draw.sigma_milli, draw.rho.0, draw.sensitivity_squared] {
                part(&number.to_le_bytes());
            }
        }
        part(b"");
    }
    hex::encode(hash.finalize())
}

/// Ledger entries of all draws.
fn entries(measured: &Measured) -> impl Iterator<Item = &str> {
    measured.tables.iter().flat_map(|t| &t.draws).map(|d| d.entry.as_str())
}

/// Half-width of the interval of a difference that has the noise of all of these draws, if it is one of `many` that are to
/// hold at once.
fn half_width(sigmas_milli: &[u64], many: u64) -> i64 {
    let half = LinearNoise::direct(sigmas_milli).half_width(MISS / many.max(1) as f64);
    i64::try_from(half).unwrap_or(i64::MAX)
}

/// Compares what was measured with an earlier draft.
///
/// # Errors
/// If the new measurements are not those of their domain, or if both state the same draws with other numbers.
pub fn compare(measured: &Measured, draft: &Draft, epsilon: f64, previous: &Previous) -> Result<Comparison, String> {
    let same_domain = previous.domain == domain_hash(&measured.columns);
    let same = previous.measurements == hash_of(measured);
    // Ids of draws are unique in their ledger: the same one with other numbers is another's, or one of the two was changed.
    let same_account = draft.info.accounts.iter().any(|a| previous.accounts.contains(&a.account));
    if same_account && !same && entries(measured).any(|entry| previous.entries.iter().any(|e| e == entry)) {
        return Err(
            "it states the same draw of the same account with other numbers: one of the two was changed".to_owned()
        );
    }
    let before: HashMap<(&str, &str), i64> =
        previous.values.iter().map(|(column, value, count)| ((column.as_str(), value.as_str()), *count)).collect();
    let mut changes: Vec<ValueChange> = singles(measured)?
        .into_iter()
        .filter_map(|(column, value, now)| {
            let before = *before.get(&(column.as_str(), value.as_str()))?;
            Some(ValueChange { column, value, change: Change::of(now, before, 0) })
        })
        .collect();
    let compared = changes.len() as u64;
    let half = |id: &str, before: &[u64]| {
        let table = measured.tables.iter().find(|t| t.table == id);
        let now = table.iter().flat_map(|t| &t.draws).map(|d| d.sigma_milli);
        let noise: Vec<u64> = now.chain(before.iter().copied()).collect();
        // The same noise on both sides cancels.
        if same { 0 } else { half_width(&noise, compared + 1) }
    };
    let of_values = half(&length_id(1), &previous.sigma_milli);
    for change in changes.iter_mut().map(|c| &mut c.change) {
        *change = Change::of(change.difference, 0, of_values);
    }
    changes.retain(|c| c.change.is_beyond_noise());
    let beyond_noise = changes.len() as u64;
    changes.sort_by_key(|c| std::cmp::Reverse(c.change.difference.unsigned_abs()));
    changes.truncate(MOST_SHOWN);
    let rows = Change::of(rows(measured)?, previous.rows, half(ROWS, &previous.rows_sigma_milli));
    if same && (beyond_noise > 0 || rows.difference != 0) {
        return Err("the earlier draft's counts are not those of its measurements".to_owned());
    }
    Ok(Comparison {
        same_domain,
        same_measurements: same,
        rows,
        compared,
        beyond_noise,
        any_by_chance: if same { 0.0 } else { MISS },
        largest: changes,
        why: why(measured, draft, epsilon, previous, (same_domain, same), rows),
        previous: previous.clone(),
    })
}

/// What both reports say of why numbers differ; nothing is guessed.
fn why(
    measured: &Measured,
    draft: &Draft,
    epsilon: f64,
    previous: &Previous,
    (same_domain, same_measurements): (bool, bool),
    rows: Change,
) -> Vec<String> {
    let mut why = vec![if same_measurements {
        "Both were made of the same measurements, with the same noise: nothing new was drawn, and nothing is said of people. \
         What differs is what was asked of the rows, or what is said about them."
            .to_owned()
    } else {
        "Each draw has noise of its own. A change is named only if noise alone would name any, among all that is compared, in \
         at most 5 of 100 comparisons; all intervals hold at once in 95 of 100. A change that is not named may be real all \
         the same."
            .to_owned()
    }];
    if same_measurements {
    } else if rows.is_beyond_noise() {
        let Change { low, high, .. } = rows;
        why.push(format!("There are other rows: the number of rows changed by {low} to {high}."));
    } else {
        why.push("The numbers of rows can't be told apart; the rows may be others all the same.".to_owned());
    }
    if previous.invented != draft.info.invented {
        why.push("INVENTED DATA: one of the two is of people who do not exist. The changes mean nothing.".to_owned());
    }
    if previous.period != draft.info.period {
        why.push(format!("The years declared were “{}” and are “{}”.", previous.period, draft.info.period));
    }
    if !same_domain {
        why.push("The domain is another: only columns and values that both have are compared.".to_owned());
    }
    if (previous.epsilon - epsilon).abs() > 1e-5 {
        why.push(format!("Epsilon was {:.3} and is {epsilon:.3}: the noise is of another size.", previous.epsilon));
    }
    if (previous.dial - draft.asked.ask.dial).abs() > 1e-9 {
        why.push(format!(
            "The dial was {} and is {}: that moves synthetic rows and aggregates, not the noisy counts compared here.",
            previous.dial, draft.asked.ask.dial
        ));
    }
    if previous.rows_per_person != measured.rows_per_person || previous.most_filled != measured.shape.most_filled {
        why.push("Rows are bounded in another way: a person or a row counts in more or fewer places.".to_owned());
    }
    if !draft.info.accounts.iter().any(|a| previous.accounts.contains(&a.account)) {
        why.push("Another privacy account paid: this may be another data set.".to_owned());
    }
    why
}

#[cfg(test)]
mod tests;

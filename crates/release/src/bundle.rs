//! The bundle: what one release holds. Its files are a pure function of this value and a signing key; the shell writes
//! and reads them.

use crate::account::Rho;
use crate::noisy::NoisyTable;
use crate::study::Series;
use accord_standard::figure::Figure;
use accord_standard::study::Study;
use accord_standard::workload::Workload;
use serde::{Deserialize, Serialize};

/// One release: everything that its pages and files are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What it is and whose.
    pub info: ReleaseInfo,
    /// The declared workload, frozen before data were read.
    pub workload: Workload,
    /// What it cost in privacy, and what may be claimed.
    pub privacy: PrivacyStatement,
    /// Published tables, in the workload's order.
    pub tables: Vec<PublishedTable>,
    /// Figures for groups that readers ask for first; sums of cells of one table, with their own intervals.
    pub headlines: Vec<Headline>,
    /// What was asked for and not given, with the reason.
    pub refusals: Vec<Refusal>,
    /// Noisy tables that the synthetic records are made from, over records with consent to microdata; empty without them.
    #[serde(default)]
    pub microdata: Vec<NoisyTable>,
    /// Noisy counts of records read on consent and on a legal basis, if measured.
    #[serde(default)]
    pub basis: Option<NoisyTable>,
    /// The study that this is a release of, whole, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Study>,
    /// What the study's estimators made of the tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// The survivor council's decision; without one this is a draft.
    pub decision: Option<Decision>,
}

/// What a release is and whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseInfo {
    /// Permanent identifier: lower case, digits and `-`; such as `2026-1` or `demo-2026-1`.
    pub id: String,
    /// Title in words.
    pub title: String,
    /// Slot of the release calendar, such as `2026-1`.
    pub slot: String,
    /// Who contributed.
    pub organisations: Vec<Organisation>,
    /// What a count counts.
    pub unit: Unit,
    /// Who is counted, in words.
    pub population: String,
    /// Years that the records cover, as declared (not read from data).
    pub period: String,
    /// Whether the people are invented. If so, every page, figure and export says INVENTED DATA.
    pub invented: bool,
    /// Version of the codebook.
    pub codebook: String,
    /// Version of this software.
    pub software: String,
    /// What the user declared and what was assumed, each as one sentence.
    pub assumptions: Vec<String>,
    /// The privacy accounts that paid, and how far their ledgers had come: a later release with an earlier head shows that
    /// a ledger was set back (PRIVACY 20).
    #[serde(default)]
    pub accounts: Vec<Account>,
}

/// A privacy account as the world may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Random identifier of the account: the same in every release that it paid for.
    pub account: String,
    /// Head of its ledger after the debit, `count:hash`.
    pub head: String,
}

/// A contributing organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Name.
    pub name: String,
    /// Code of the list `reporting_entity_type`.
    pub kind: String,
}

/// What a count counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// People, each once.
    People,
    /// Records: a person known to several organisations is counted by each.
    Records,
    /// Rows: a person may have several, up to a declared bound.
    Rows,
}

/// The privacy statement: numbers only; pages make sentences of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyStatement {
    /// Public delta of the conversion.
    pub delta: f64,
    /// Epsilon of this release alone, at delta, rounded up.
    pub epsilon: f64,
    /// Epsilon of everything drawn so far from the records of this release, this one included; the odds use this one.
    pub epsilon_cumulative: f64,
    /// Number of desks that one person is assumed to be known to (public).
    pub desks_per_person: u32,
    /// Epsilon for a person known to that many desks, cumulative. Where fewer desks contribute, the others are assumed to
    /// have spent as much as the most spent here.
    pub epsilon_several_desks: f64,
    /// zCDP cost of this release.
    pub rho: Rho,
    /// zCDP cost of everything so far.
    pub rho_cumulative: Rho,
    /// zCDP cost for a person known to `desks_per_person` desks, cumulative.
    pub rho_several_desks: Rho,
    /// Cost and noise of each table.
    pub tables: Vec<TableCost>,
    /// Share read on a legal basis other than consent, with its interval; `None` if not measured or too uncertain.
    pub share_on_legal_basis: Option<Share>,
}

/// Cost and noise of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableCost {
    /// Table id.
    pub table: String,
    /// Cost for a person in one desk's records.
    pub rho: Rho,
    /// Standard deviation of the noise in each cell, all draws together.
    pub sigma: f64,
    /// The most cells that one person can stand in.
    pub cells_per_person: u32,
    /// Number of draws summed (desks).
    pub draws: u32,
}

/// A table as published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishedTable {
    /// Table id of the workload.
    pub id: String,
    /// One figure a cell, in the table's order.
    pub figures: Vec<Figure>,
    /// Values before consistency and clipping, with the noise scale, for researchers (GS-12).
    pub noisy: NoisyTable,
}

/// A group that readers ask for first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// Stable id of the group: `all`, `girls-10-14`, `girls-15-17`, `girls-18-19`, `girls-10-17`, `sex-unknown`,
    /// `age-unknown`.
    pub group: String,
    /// The count.
    pub figure: Figure,
    /// Share of all, in per cent, with its interval; `None` where it cannot be given.
    pub share: Option<Share>,
}

/// A share in per cent with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Per cent.
    pub percent: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Something that was asked for and not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was asked for.
    pub what: String,
    /// Why it was not given.
    pub why: String,
}

/// The survivor council's decision on a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What was decided.
    pub outcome: Outcome,
    /// Name of the council.
    pub council: String,
    /// Context note that travels with every figure into every export (SV-15).
    pub note: String,
    /// Day of the decision, `YYYY-MM-DD`.
    pub date: String,
    /// SHA-256 of the draft's manifest, in hex: the decision binds exactly that draft.
    pub draft: String,
    /// Votes needed and keys held, such as 2 of 3: as those who signed state it. The council's signature is by one key, and
    /// doesn't show how many held shares of it.
    pub quorum: [u8; 2],
}

impl Decision {
    /// Whether its day is one of the calendar.
    ///
    /// # Errors
    /// That it is none; what stands in its place is not repeated.
    pub fn has_a_day(&self) -> Result<(), String> {
        if is_day(&self.date) { Ok(()) } else { Err("the decision has no day, which is written YYYY-MM-DD".to_owned()) }
    }
}

/// Whether a text is a day of the calendar, `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let digits = |at: std::ops::Range<usize>| {
        text.get(at).filter(|part| part.bytes().all(|b| b.is_ascii_digit())).and_then(|part| part.parse::<u16>().ok())
    };
    let dashes = text.len() == 10 && [4, 7].iter().all(|at| text.as_bytes()[*at] == b'-');
    let (true, Some(year), Some(month), Some(day)) = (dashes, digits(0..4), digits(5..7), digits(8..10)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u16::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// What the council decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// May be published.
    Approve,
    /// Not yet.
    Defer,
    /// May not be published.
    Veto,
}

#[cfg(test)]
mod tests {
    use super::is_day;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for day in ["2026-11-24", "2024-02-29", "2000-02-29", "2026-12-31", "2026-01-01"] {
            assert!(is_day(day), "{day}");
        }
        for none in [
            "",
            "soon",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-1",
            "2026-11-24T00",
            "+026-11-24",
            "2026/11/24",
        ] {
            assert!(!is_day(none), "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_calendar_panic(text in "\\PC{0,12}|[0-9é-]{8,12}") {
            let _ = is_day(&text);
        }
    }
}

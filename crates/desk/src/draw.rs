//! Drawing: from records in a vault to a contribution that may leave.

use crate::VaultError;
use crate::ledger::{AtWork, DrawId, Ledger, LedgerError, Request, Start, check_slot};
use crate::vault::Vault;
use accord_measure::mechanism::{MeasureError, measure};
use accord_measure::plan::{BASIS, Extras, Plan, PlanError, Population};
use accord_measure::tally::{Counts, Ground, MicrodataError, Tally};
use accord_record::derive::DeriveError;
use accord_record::model::Incoming;
use accord_release::bundle::Organisation;
use accord_release::contribution::Contribution;
use accord_release::noisy::NoisyTable;
use accord_standard::codebook::Codebook;
use accord_standard::consent::Purpose;
use accord_standard::study::Study;
use accord_standard::value::Code;
use accord_standard::workload::Workload;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

/// What is asked of a vault.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Slot of the release calendar, such as `2026-1`.
    pub slot: String,
    /// Tables to measure.
    pub workload: Workload,
    /// The study that they are measured for, if it is one; its workload is the one above.
    pub study: Option<Study>,
    /// Cost of the draw, at the vault's delta.
    pub epsilon: f64,
    /// Whether to measure for synthetic microdata as well.
    pub microdata: bool,
    /// Years that the records cover, as declared.
    pub period: String,
    /// Whether the people are invented.
    pub invented: bool,
    /// Day on which consent is read.
    pub today: Date,
    /// Whether a second draw in the slot is meant.
    pub again: bool,
}

/// A draw and what came of it.
#[derive(Debug)]
pub struct Drawn {
    /// The draw, to mark as delivered once its output stands.
    pub draw: DrawId,
    /// What may leave.
    pub contribution: Contribution,
    /// Whether an earlier, undelivered draw was taken up: nothing was debited or measured now.
    pub resumed: bool,
}

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The ledger refuses or fails.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The plan can't be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The workload doesn't fit the codebook.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// Microdata can't be made of the workload.
    #[error(transparent)]
    Microdata(#[from] MicrodataError),
    /// The vault can't be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A table is missing from the counts.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// A study that can't be written down.
    #[error("the study can't be written down: {0}")]
    Study(String),
    /// A vault without any import has nothing to draw from.
    #[error("the vault holds no records: import a file first")]
    Empty,
}

impl DrawError {
    /// Whether this is a refusal for safety (exit code 3).
    pub fn is_refusal(&self) -> bool {
        match self {
            DrawError::Ledger(e) => e.is_refusal(),
            DrawError::Plan(_) => true,
            DrawError::Vault(e) => e.is_refusal(),
            DrawError::Study(_)
            | DrawError::Derive(_)
            | DrawError::Microdata(_)
            | DrawError::Measure(_)
            | DrawError::Empty => false,
        }
    }
}

/// Draws from a vault, or takes up a draw that was measured and never delivered.
///
/// # Privacy
///
/// Debits every cohort of the vault before it reads any record (PRIVACY 2, 7). Reads a record for tables only with consent
/// to statistics or a coded legal basis, and never against a refusal or withdrawal; for microdata only with consent to
/// both (PRIVACY 6).
pub async fn draw(vault: &Vault, ask: &Ask, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Drawn, DrawError> {
    check_slot(&ask.slot)?;
    let _alone = AtWork::with_vault(vault)?;
    let ledger = Ledger::of_vault(vault).await?;
    let settings = vault.settings();
    let mut cohorts: Vec<String> = vault.imports().await?.iter().map(|b| b.on.chars().take(4).collect()).collect();
    cohorts.sort_unstable();
    cohorts.dedup();
    if cohorts.is_empty() {
        return Err(DrawError::Empty);
    }
    let extras = Extras { microdata: ask.microdata, basis: true };
    let plan = Plan::new(ask.workload.clone(), ask.epsilon, settings.delta, 1, extras)?;
    let codebook = Codebook::embedded();
    // Everything that can fail without data fails before the debit.
    let mut statistics = Tally::new(&plan.workload, codebook)?;
    // Combinations are counted only where they are measured: a study's many categories have far too many of them.
    let mut microdata = if ask.microdata { Some(Tally::of_microdata(&plan.workload, codebook)?) } else { None };
    let mut reading = format!("vault; invented: {}; period: {}", ask.invented, ask.period);
    if let Some(study) = &ask.study {
        // What is estimated and how it is said is fixed before noise is seen, as the tables are.
        let bytes = serde_json::to_vec(study).map_err(|e| DrawError::Study(e.to_string()))?;
        reading = format!("{reading}; study {} {}", study.id, hex::encode(Sha256::digest(&bytes)));
    }
    let request = Request { slot: ask.slot.clone(), cohorts: cohorts.clone(), plan, reading, again: ask.again };

    let (draw, resumed) = match ledger.start(&request).await? {
        Start::Measured(draw) => (draw, true),
        Start::Fresh(draw) => {
            let consent_code = consent_code(codebook);
            let mut seen = 0_u64;
            vault
                .for_each_record(ask.today, |stored| {
                    seen += 1;
                    if seen.is_multiple_of(4096) {
                        progress(seen);
                    }
                    // A record of a year that wasn't charged came in after the debit: the next draw reads it.
                    if !cohorts.iter().any(|c| *c == stored.cohort.to_string()) {
                        return Ok(());
                    }
                    let may = may_read(&stored.incoming, consent_code);
                    if let Some(ground) = may.statistics {
                        statistics.add_on(ground, &stored.incoming.record);
                    }
                    if let Some(microdata) = microdata.as_mut().filter(|_| may.microdata) {
                        microdata.add(&stored.incoming.record);
                    }
                    Ok::<(), DrawError>(())
                })
                .await?;
            let mut counts = vec![(Population::Statistics, statistics.finish())];
            counts.extend(microdata.map(|tally| (Population::Microdata, tally.finish())));
            measure_all(&ledger, &draw, &request.plan, &counts).await?;
            (draw, false)
        }
    };

    let measured = ledger.measurements(&draw).await?;
    let of = |population: Population| -> Vec<NoisyTable> {
        measured.iter().filter(|(p, t)| *p == population && t.table != BASIS).map(|(_, t)| t.clone()).collect()
    };
    let contribution = Contribution {
        format: 1,
        organisation: Organisation { name: settings.organisation.clone(), kind: settings.kind.clone() },
        account: ledger.account().await?,
        slot: ask.slot.clone(),
        rho: request.plan.total(),
        rho_cumulative: ledger.most_spent(&cohorts).await?,
        workload: request.plan.workload,
        delta: settings.delta,
        size_bound: settings.size_bound,
        statistics: of(Population::Statistics),
        microdata: of(Population::Microdata),
        basis: measured.iter().find(|(_, t)| t.table == BASIS).map(|(_, t)| t.clone()),
        period: ask.period.clone(),
        invented: ask.invented,
        codebook: codebook.version.clone(),
        study: ask.study.clone(),
    };
    Ok(Drawn { draw, contribution, resumed })
}

/// Measures every step of a plan and commits each as it is made.
pub async fn measure_all(
    ledger: &Ledger<'_>,
    draw: &DrawId,
    plan: &Plan,
    counts: &[(Population, Counts)],
) -> Result<(), DrawError> {
    for (at, step) in plan.steps.iter().enumerate() {
        let missing = || MeasureError::Table(step.table.clone());
        let (_, of) = counts.iter().find(|(p, _)| *p == step.population).ok_or_else(missing)?;
        let table = measure(of, step, &format!("{}/{at}", draw.0))?;
        ledger.record(draw, at, &table).await?;
    }
    Ok(())
}

/// For what a record may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// For tables, and on what ground.
    pub statistics: Option<Ground>,
    /// For synthetic microdata.
    pub microdata: bool,
}

/// The code of `legal_basis` that means consent: it is no ground beside consent itself.
pub fn consent_code(codebook: &Codebook) -> Option<Code> {
    codebook.lists.get("legal_basis").and_then(|l| l.code("consent"))
}

/// For what a record may be read (PRIVACY 6): tables need consent to statistics or a coded legal basis and no refusal;
/// microdata need consent to both.
pub fn may_read(incoming: &Incoming, consent_code: Option<Code>) -> May {
    let said = |purpose: Purpose| incoming.consent.iter().rev().find(|c| c.purpose == purpose).map(|c| c.given);
    let law = incoming.legal_basis.is_some_and(|code| Some(code) != consent_code);
    let statistics = match said(Purpose::Statistics) {
        Some(true) => Some(Ground::Consent),
        // A refusal or withdrawal stands against any legal basis.
        Some(false) => None,
        None => law.then_some(Ground::LegalBasis),
    };
    May { statistics, microdata: statistics == Some(Ground::Consent) && said(Purpose::Microdata) == Some(true) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_record::model::ConsentClaim;

    fn incoming(consent: &[(Purpose, bool)], legal_basis: Option<u16>) -> Incoming {
        let claim = |(purpose, given): &(Purpose, bool)| ConsentClaim { purpose: *purpose, given: *given, date: None };
        let consent = consent.iter().map(claim).collect();
        Incoming { consent, legal_basis: legal_basis.map(Code), ..Incoming::default() }
    }

    #[test]
    fn privacy_06_a_record_is_read_only_on_consent_or_a_legal_basis_and_never_against_a_refusal() {
        let consent = Code(1);
        let may = |claims: &[(Purpose, bool)], basis| may_read(&incoming(claims, basis), Some(consent));
        let none = May { statistics: None, microdata: false };
        assert_eq!(may(&[], None), none);
        assert_eq!(may(&[(Purpose::Service, true)], None), none);
        assert_eq!(may(&[], Some(1)), none, "the code for consent is not consent");
        assert_eq!(may(&[], Some(4)), May { statistics: Some(Ground::LegalBasis), microdata: false });
        assert_eq!(may(&[(Purpose::Statistics, false)], Some(4)), none);
        let p2 = (Purpose::Statistics, true);
        assert_eq!(may(&[p2], None), May { statistics: Some(Ground::Consent), microdata: false });
        assert!(may(&[p2, (Purpose::Microdata, true)], None).microdata);
        assert!(!may(&[(Purpose::Microdata, true)], Some(4)).microdata);
        assert_eq!(may(&[p2, (Purpose::Statistics, false)], None), none, "the last word counts");
    }
}

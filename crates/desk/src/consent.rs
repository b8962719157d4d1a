//! Consent as a ledger (SV-01 to SV-07): what is in force is a fold over append-only events; nothing is ever edited.
//!
//! What a file said at import is the ground, and is sealed with the record under the record's own key; events recorded at the desk stand over it, in the order of recording, so
//! that a withdrawal is never undone by importing a file again. Purposes P2 to P7 have no override.

use crate::history::{self, About, CONSENT};
use crate::keyring::Token;
use crate::vault::Vault;
use crate::{Result, VaultError};
use accord_record::model::{ConsentClaim, Date as RecordDate};
use accord_standard::consent::Purpose;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};
use std::collections::HashMap;

/// What happened to consent for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Given.
    Given,
    /// Asked and refused.
    Refused,
    /// Withdrawn.
    Withdrawn,
    /// Recorded without the person's answer; possible for P1 alone (SV-05).
    Overridden,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// The person herself.
    Person,
    /// A parent or guardian.
    Guardian,
    /// A representative by law.
    LegalRepresentative,
    /// Those responsible, in the person's best interest.
    BestInterest,
}

/// One event of the ledger: codes and days, no free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentEvent {
    /// What happened.
    pub act: Act,
    /// To which purposes.
    pub purposes: Vec<Purpose>,
    /// Who decided.
    pub by: Capacity,
    /// Day on which it was decided, `YYYY-MM-DD`.
    pub on: String,
    /// Last day on which it holds, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Version of the form that was read out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Language in which it was explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether an interpreter helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<bool>,
}

/// Consent to one purpose, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// What happened last.
    pub act: Act,
    /// When, if known, as far as known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub on: Option<String>,
    /// Last day on which it holds.
    pub until: Option<String>,
    /// Who decided; none if only a file says so.
    pub by: Option<Capacity>,
}

impl Standing {
    /// Whether the purpose may be served on that day.
    pub fn holds(&self, today: Date) -> bool {
        // Days compare as text; a day that can't be read ends nothing early but is refused when it is recorded.
        self.act == Act::Given && self.until.as_ref().is_none_or(|u| today.to_string() <= *u)
    }
}

/// Consent of one record to the seven purposes. None is never asked, and never yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentState(pub [Option<Standing>; 7]);

fn index(purpose: Purpose) -> usize {
    Purpose::ALL.iter().position(|p| *p == purpose).unwrap_or(0)
}

impl ConsentState {
    /// What a file said.
    pub fn of_claims(claims: &[ConsentClaim]) -> ConsentState {
        let mut state = ConsentState::default();
        for c in claims {
            state.0[index(c.purpose)] = Some(Standing {
                act: if c.given { Act::Given } else { Act::Refused },
                on: c.date.map(date_text),
                until: None,
                by: None,
            });
        }
        state
    }

    /// After one more event.
    pub fn apply(&mut self, event: &ConsentEvent) {
        for purpose in &event.purposes {
            self.0[index(*purpose)] = Some(Standing {
                act: event.act,
                on: Some(event.on.clone()),
                until: event.until.clone(),
                by: Some(event.by),
            });
        }
    }

    /// How consent to a purpose stands; none if nobody asked.
    pub fn of(&self, purpose: Purpose) -> Option<&Standing> {
        self.0[index(purpose)].as_ref()
    }

    /// Whether a purpose may be served on that day by consent.
    pub fn allows(&self, purpose: Purpose, today: Date) -> bool {
        self.of(purpose).is_some_and(|s| s.holds(today))
    }

    /// As claims, for those who count: one for every purpose about which something is known.
    pub fn claims(&self, today: Date) -> Vec<ConsentClaim> {
        Purpose::ALL
            .into_iter()
            .filter_map(|purpose| {
                self.of(purpose).map(|s| ConsentClaim {
                    purpose,
                    given: s.holds(today),
                    date: s.on.as_deref().and_then(parse_date),
                })
            })
            .collect()
    }
}

fn date_text(d: RecordDate) -> String {
    match (d.month, d.day) {
        (0, _) => format!("{:04}", d.year),
        (m, 0) => format!("{:04}-{m:02}", d.year),
        (m, day) => format!("{:04}-{m:02}-{day:02}", d.year),
    }
}

fn parse_date(text: &str) -> Option<RecordDate> {
    let mut parts = text.split('-');
    let year = parts.next()?.parse().ok()?;
    let mut next = || parts.next().map_or(Some(0), |p| p.parse().ok());
    Some(RecordDate { year, month: next()?, day: next()? })
}

impl ConsentEvent {
    /// An event of today; refuses what no rule allows.
    pub fn new(act: Act, purposes: &[Purpose], by: Capacity, on: Date) -> Result<ConsentEvent> {
        let event = ConsentEvent {
            act,
            purposes: purposes.to_vec(),
            by,
            on: on.to_string(),
            until: None,
            form: None,
            language: None,
            interpreter: None,
        };
        event.check()?;
        Ok(event)
    }

    /// The rules: an override for P1 alone; days are days; at least one purpose.
    pub fn check(&self) -> Result<()> {
        if self.purposes.is_empty() {
            return Err(VaultError::ConsentRule("name at least one purpose, p1 to p7"));
        }
        if self.act == Act::Overridden && self.purposes.iter().any(|p| *p != Purpose::Service) {
            return Err(VaultError::ConsentRule("only p1 (the service itself) can be recorded without consent"));
        }
        let day = |d: &String| d.parse::<Date>().is_ok_and(|p| p.to_string() == *d);
        if !day(&self.on) || !self.until.as_ref().is_none_or(day) {
            return Err(VaultError::ConsentRule("days are written YYYY-MM-DD"));
        }
        Ok(())
    }
}

impl Vault {
    /// Records an event for the record with this local identifier.
    pub async fn record_consent(&self, id: &str, event: &ConsentEvent) -> Result<()> {
        event.check()?;
        let _lock = self.lock().await?;
        let token = self.token(id);
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        find(&mut tx, &token).await?;
        let about = About { page: None, token: Some(token) };
        history::append(&mut tx, &self.ring, CONSENT, &serde_json::to_vec(event)?, about).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Withdraws consent to purposes: the record is left out of everything drawn from now on. What was drawn before
    /// stays as it is: it shows no single person.
    pub async fn withdraw(&self, id: &str, purposes: &[Purpose], by: Capacity, on: Date) -> Result<()> {
        self.record_consent(id, &ConsentEvent::new(Act::Withdrawn, purposes, by, on)?).await
    }

    /// How consent stands for the record with this local identifier.
    pub async fn consent(&self, id: &str) -> Result<ConsentState> {
        Ok(self.open_one(id).await?.2)
    }

    /// All events recorded at the desk, by record, oldest first. The whole ledger is checked on the way: a withdrawal that
    /// was taken out, emptied or moved to somebody else is damage, never consent.
    pub(crate) async fn all_events(&self, conn: &mut SqliteConnection) -> Result<HashMap<Token, Vec<ConsentEvent>>> {
        let mut all: HashMap<Token, Vec<ConsentEvent>> = HashMap::new();
        let emptied = self.emptied_in(conn, CONSENT).await?;
        self.walk(conn, CONSENT, &emptied, |seq, about, plain, _| {
            let token = about
                .token
                .ok_or_else(|| VaultError::Damaged(format!("entry {seq} of the consent ledger names no record")))?;
            all.entry(token).or_default().push(serde_json::from_slice(&plain)?);
            Ok(())
        })
        .await?;
        Ok(all)
    }
}

/// Page and slot of a record that is there.
pub(crate) async fn find(conn: &mut SqliteConnection, token: &Token) -> Result<(i64, i64)> {
    let row = sqlx::query("SELECT page, slot FROM record WHERE token = ? AND state = 0")
        .bind(token.to_vec())
        .fetch_optional(conn)
        .await?
        .ok_or(VaultError::NoSuchRecord)?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn event() -> impl Strategy<Value = ConsentEvent> {
        let acts = prop::sample::select(vec![Act::Given, Act::Refused, Act::Withdrawn]);
        let purposes = prop::sample::subsequence(Purpose::ALL.to_vec(), 1..=7);
        (acts, purposes, 1_i8..=12, prop::option::of(1_i8..=12)).prop_map(|(act, purposes, m, until)| ConsentEvent {
            until: until.map(|u| date(2027, u, 1).to_string()),
            ..ConsentEvent::new(act, &purposes, Capacity::Person, date(2026, m, 1)).unwrap()
        })
    }

    #[test]
    fn nothing_but_the_service_itself_can_be_recorded_without_consent() {
        let on = date(2026, 1, 2);
        assert!(ConsentEvent::new(Act::Overridden, &[Purpose::Service], Capacity::BestInterest, on).is_ok());
        for p in Purpose::ALL.into_iter().filter(|p| *p != Purpose::Service) {
            assert!(ConsentEvent::new(Act::Overridden, &[p], Capacity::BestInterest, on).is_err());
            assert!(ConsentEvent::new(Act::Overridden, &[Purpose::Service, p], Capacity::Person, on).is_err());
        }
        let state = {
            let mut s = ConsentState::default();
            s.apply(&ConsentEvent::new(Act::Overridden, &[Purpose::Service], Capacity::BestInterest, on).unwrap());
            s
        };
        assert!(!state.allows(Purpose::Service, on), "an override is not consent");
    }

    #[test]
    fn never_asked_and_refused_are_different_and_neither_is_yes() {
        let today = date(2026, 6, 1);
        let state = ConsentState::of_claims(&[ConsentClaim { purpose: Purpose::Statistics, given: false, date: None }]);
        assert_eq!(state.of(Purpose::Statistics).unwrap().act, Act::Refused);
        assert!(state.of(Purpose::Microdata).is_none());
        assert!(Purpose::ALL.into_iter().all(|p| !state.allows(p, today)));
    }

    #[test]
    fn consent_with_an_end_lapses_the_day_after() {
        let mut state = ConsentState::default();
        let mut e =
            ConsentEvent::new(Act::Given, &[Purpose::Statistics], Capacity::Guardian, date(2026, 1, 1)).unwrap();
        e.until = Some("2026-03-31".into());
        state.apply(&e);
        assert!(state.allows(Purpose::Statistics, date(2026, 3, 31)));
        assert!(!state.allows(Purpose::Statistics, date(2026, 4, 1)));
    }

    proptest! {
        #[test]
        fn the_last_event_for_a_purpose_decides_and_touches_no_other(
            events in prop::collection::vec(event(), 0..12), month in 1_i8..=12,
        ) {
            let today = date(2027, month, 1);
            let mut state = ConsentState::default();
            for e in &events { state.apply(e); }
            for p in Purpose::ALL {
                // Written again without the fold: look for the last event that names the purpose.
                let last = events.iter().rev().find(|e| e.purposes.contains(&p));
                let expected = last.is_some_and(|e| e.act == Act::Given
                    && e.until.as_ref().is_none_or(|u| u.parse::<Date>().unwrap() >= today));
                prop_assert_eq!(state.allows(p, today), expected);
                prop_assert_eq!(state.of(p).is_some(), last.is_some());
            }
        }

        #[test]
        fn after_a_withdrawal_of_everything_nothing_is_allowed(events in prop::collection::vec(event(), 0..8)) {
            let today = date(2027, 1, 1);
            let mut state = ConsentState::default();
            for e in &events { state.apply(e); }
            state.apply(&ConsentEvent::new(Act::Withdrawn, &Purpose::ALL, Capacity::Person, today).unwrap());
            prop_assert!(state.claims(today).iter().all(|c| !c.given));
        }

        #[test]
        fn dates_survive_as_text_at_every_precision(year in 1900_i16..2100, month in 0_u8..=12, day in 0_u8..=31) {
            let d = RecordDate { year, month, day: if month == 0 { 0 } else { day } };
            prop_assert!(parse_date(&date_text(d)) == Some(d));
        }
    }
}

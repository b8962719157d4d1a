//! The data file of the generator, `standard/invent/world.toml`, as it stands.

use crate::{HolderKind, InventError};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Shares by code, per thousand.
pub(crate) type Shares = BTreeMap<String, u32>;

const TEXT: &str = include_str!("../../../standard/invent/world.toml");

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    #[expect(dead_code, reason = "read by people")]
    pub(crate) version: String,
    /// What the scenarios are tuned to.
    #[serde(rename = "aim")]
    pub(crate) aims: Vec<Aim>,
    /// Year of identification.
    pub(crate) years: Years,
    /// What platforms answer.
    pub(crate) platform: Platform,
    /// By kind of organisation.
    pub(crate) holder: BTreeMap<String, HolderPlan>,
    /// Courses of events.
    #[serde(rename = "scenario")]
    pub(crate) scenarios: Vec<Scenario>,
}

/// A published or guessed share that the people made should come near to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// Stable identifier.
    pub id: String,
    /// The share.
    pub per_thousand: u32,
    /// How far the people made may be from it, per thousand.
    pub tolerance: u32,
    /// Published, or a guess.
    pub basis: Basis,
    /// Where it comes from.
    pub source: String,
}

/// Whether a number was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Published; the source says where.
    Published,
    /// Made up so that the data look plausible.
    Guess,
}

/// Years of identification.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Years {
    #[expect(dead_code, reason = "read by people")]
    pub(crate) basis: Basis,
    #[expect(dead_code, reason = "read by people")]
    pub(crate) source: String,
    pub(crate) weights: Shares,
}

/// What platforms answer to reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Platform {
    #[expect(dead_code, reason = "read by people")]
    pub(crate) basis: Basis,
    #[expect(dead_code, reason = "read by people")]
    pub(crate) source: String,
    pub(crate) response: Shares,
    pub(crate) response_time: Shares,
}

/// What one kind of organisation writes down.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolderPlan {
    #[expect(dead_code, reason = "read by people")]
    pub(crate) basis: Basis,
    #[expect(dead_code, reason = "read by people")]
    pub(crate) source: String,
    pub(crate) known_elsewhere: u32,
    pub(crate) sex_missing: u32,
    pub(crate) age_missing: u32,
    pub(crate) age_rough: u32,
    pub(crate) name_given: u32,
    pub(crate) events_kept: u32,
    pub(crate) event_date: u32,
    /// Of the people, how many are followed after they were identified.
    pub(crate) followed: u32,
    pub(crate) field_missing: u32,
    pub(crate) status: Shares,
    pub(crate) consent: BTreeMap<String, u32>,
    pub(crate) consent_blank: u32,
    pub(crate) legal_basis: u32,
}

/// One course of events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) weight: u32,
    #[serde(default = "hundred")]
    pub(crate) shelter: u32,
    #[serde(default = "hundred")]
    pub(crate) police: u32,
    /// False: recorded with sexual extortion, not identified as trafficked.
    #[serde(default = "yes")]
    pub(crate) identified: bool,
    pub(crate) sex: Shares,
    pub(crate) onset: Vec<[u32; 3]>,
    pub(crate) years_unseen: Vec<[u32; 3]>,
    pub(crate) purpose: Vec<String>,
    #[serde(default)]
    pub(crate) harm: Vec<String>,
    #[serde(default)]
    pub(crate) labour: Vec<String>,
    #[serde(default)]
    pub(crate) form: Vec<String>,
    pub(crate) relation: Shares,
    pub(crate) online_to_in_person: String,
    pub(crate) control: Vec<String>,
    pub(crate) means: Vec<String>,
    /// For people under 18 no means is required; for adults of this scenario the means are left out.
    #[serde(default)]
    pub(crate) child_means_only: bool,
    #[serde(default)]
    pub(crate) cross_border: u32,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<StepPlan>,
}

/// One step of a course.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepPlan {
    pub(crate) phase: String,
    pub(crate) event_type: String,
    pub(crate) share: u32,
    /// Exploitation (or the recorded harm) begins here.
    #[serde(default)]
    pub(crate) onset: bool,
    /// Happens after identification.
    #[serde(default)]
    pub(crate) after_identified: bool,
    pub(crate) months: [i32; 2],
    pub(crate) techuse: Shares,
    #[serde(default)]
    pub(crate) service: Shares,
    #[serde(default)]
    pub(crate) who: Shares,
}

const fn hundred() -> u32 {
    100
}

const fn yes() -> bool {
    true
}

impl Plan {
    /// The plan that is built in.
    pub(crate) fn embedded() -> Result<Plan, InventError> {
        toml::from_str(TEXT).map_err(|e| InventError::Data { file: "world.toml".into(), message: e.to_string() })
    }
}

impl HolderKind {
    /// Its name in the data file.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            HolderKind::Hotline => "hotline",
            HolderKind::Police => "police",
            HolderKind::Shelter => "shelter",
        }
    }

    /// All kinds.
    pub(crate) const ALL: [HolderKind; 3] = [HolderKind::Hotline, HolderKind::Police, HolderKind::Shelter];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_has_a_source_or_is_marked_as_a_guess() {
        let plan = Plan::embedded().unwrap();
        for aim in &plan.aims {
            assert!(!aim.source.is_empty(), "{}", aim.id);
            assert_eq!(aim.basis == Basis::Guess, aim.source.starts_with("guess"), "{}", aim.id);
        }
        for kind in HolderKind::ALL {
            assert!(plan.holder.contains_key(kind.key()));
        }
    }

    #[test]
    fn every_scenario_begins_exactly_once_and_every_step_can_happen() {
        for scenario in Plan::embedded().unwrap().scenarios {
            let begins: Vec<&StepPlan> = scenario.steps.iter().filter(|s| s.onset).collect();
            assert_eq!(begins.len(), 1, "{}", scenario.id);
            assert_eq!(begins[0].share, 1000, "{}: its beginning always happens", scenario.id);
            for step in &scenario.steps {
                assert!(step.share > 0 && step.share <= 1000, "{}", scenario.id);
                assert!(step.techuse.values().sum::<u32>() > 0, "{}", scenario.id);
            }
        }
    }
}

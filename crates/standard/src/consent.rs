//! Consent: the seven purposes of SV-02. Each is a switch of its own, off until it is given.

use serde::{Deserialize, Serialize};

/// What a person agrees that her record is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// P1: the service itself and its case file.
    Service,
    /// P2: inclusion in aggregate statistics.
    Statistics,
    /// P3: private linkage with named partner organisations.
    Linkage,
    /// P4: estimation of how many are not seen.
    Estimation,
    /// P5: synthetic microdata.
    Microdata,
    /// P6: being contacted about research or the council.
    Contact,
    /// P7: signals to technology companies (hash or pattern, never identity).
    Signals,
}

impl Purpose {
    /// All purposes, P1 to P7.
    pub const ALL: [Purpose; 7] = [
        Purpose::Service,
        Purpose::Statistics,
        Purpose::Linkage,
        Purpose::Estimation,
        Purpose::Microdata,
        Purpose::Contact,
        Purpose::Signals,
    ];

    /// `p1` to `p7`.
    pub const fn code(self) -> &'static str {
        match self {
            Purpose::Service => "p1",
            Purpose::Statistics => "p2",
            Purpose::Linkage => "p3",
            Purpose::Estimation => "p4",
            Purpose::Microdata => "p5",
            Purpose::Contact => "p6",
            Purpose::Signals => "p7",
        }
    }

    /// The purpose that `p1` to `p7` (any case) names.
    pub fn from_code(code: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|p| p.code().eq_ignore_ascii_case(code))
    }
}

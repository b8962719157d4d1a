//! Flat releases (a table of categories, its combinations and synthetic rows), and what they share with releases by a
//! workload on a site.

use crate::site::{Proof, Published, SiteError, Status, is_id, status_of};
use accord_release::bundle::{Decision, ReleaseInfo};
use accord_release::files::{Files, parse};
use accord_release::flat::report::{FlatReport, REPORT};
use accord_release::flatfiles::{AGGREGATES_CSV, SYNTHETIC_CSV};

/// One flat release on the site.
#[derive(Clone, Debug)]
pub struct Flat {
    /// What it says of itself.
    pub report: FlatReport,
    /// Its files, as they were read and checked.
    pub files: Files,
    /// Where it stands.
    pub status: Status,
    /// Number of synthetic rows.
    pub rows: u64,
    /// Number of combinations of values that are counted in it.
    pub combinations: u64,
}

impl Flat {
    /// Makes a release of its files, which the caller has verified; `proof` says whether the signatures were checked.
    /// A decision that nobody checked is left out, with what the notes say of it.
    pub fn new(files: Files, proof: Proof) -> Result<Flat, SiteError> {
        let mut report: FlatReport = parse(&files, REPORT).map_err(|e| SiteError::Unreadable(e.to_string()))?;
        if !is_id(&report.info.id, false) {
            return Err(SiteError::BadId(report.info.id));
        }
        let status = status_of(&report.info.id, report.decision.as_ref(), proof)?;
        if proof == Proof::NotChecked {
            report.undecide();
        }
        let records = |path: &str| files.get(path).map_or(0, |bytes| records(bytes));
        Ok(Flat { status, rows: records(SYNTHETIC_CSV), combinations: records(AGGREGATES_CSV), report, files })
    }

    /// Release id.
    pub fn id(&self) -> &str {
        &self.report.info.id
    }
}

/// Records of a CSV file behind its header: a line end inside quotes ends none.
fn records(bytes: &[u8]) -> u64 {
    let mut quoted = false;
    let ends = bytes.iter().filter(|byte| {
        quoted ^= **byte == b'"';
        **byte == b'\n' && !quoted
    });
    (ends.count() as u64).saturating_sub(1)
}

/// A release of either kind, to be added to a site.
#[derive(Clone, Debug)]
pub enum Release {
    /// Tables of a declared workload.
    Tables(Box<Published>),
    /// A flat table.
    Flat(Box<Flat>),
}

impl Release {
    /// What both kinds have.
    pub fn shown(&self) -> Shown<'_> {
        match self {
            Release::Tables(release) => Shown::Tables(release),
            Release::Flat(release) => Shown::Flat(release),
        }
    }
}

impl From<Published> for Release {
    fn from(release: Published) -> Self {
        Release::Tables(Box::new(release))
    }
}

impl From<Flat> for Release {
    fn from(release: Flat) -> Self {
        Release::Flat(Box::new(release))
    }
}

/// A release of either kind, as it stands on a site.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// Tables of a declared workload.
    Tables(&'a Published),
    /// A flat table.
    Flat(&'a Flat),
}

impl<'a> From<&'a Published> for Shown<'a> {
    fn from(release: &'a Published) -> Self {
        Shown::Tables(release)
    }
}

impl<'a> From<&'a Flat> for Shown<'a> {
    fn from(release: &'a Flat) -> Self {
        Shown::Flat(release)
    }
}

impl<'a> Shown<'a> {
    /// What it is and whose.
    pub fn info(self) -> &'a ReleaseInfo {
        match self {
            Shown::Tables(release) => &release.bundle.info,
            Shown::Flat(release) => &release.report.info,
        }
    }

    /// Release id.
    pub fn id(self) -> &'a str {
        &self.info().id
    }

    /// Where it stands.
    pub fn status(self) -> Status {
        match self {
            Shown::Tables(release) => release.status,
            Shown::Flat(release) => release.status,
        }
    }

    /// The council's decision, if it carries one.
    pub fn decision(self) -> Option<&'a Decision> {
        match self {
            Shown::Tables(release) => release.bundle.decision.as_ref(),
            Shown::Flat(release) => release.report.decision.as_ref(),
        }
    }

    /// Its files.
    pub fn files(self) -> &'a Files {
        match self {
            Shown::Tables(release) => &release.files,
            Shown::Flat(release) => &release.files,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_csv_are_counted_over_line_ends_in_quotes() {
        assert_eq!(records(b""), 0);
        assert_eq!(records(b"a,b\n"), 0);
        assert_eq!(records(b"a,b\n1,\"x\ny\"\n2,\"\"\"\n\"\n"), 2);
    }

    #[test]
    fn files_without_a_report_that_can_be_read_are_no_flat_release() {
        let files = Files::from([(REPORT.to_owned(), b"{}".to_vec())]);
        assert!(matches!(Flat::new(files, Proof::Checked), Err(SiteError::Unreadable(_))));
    }
}

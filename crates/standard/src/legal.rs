//! Legal ages: a reference table that the organisation fills and vouches for. No age is in the program: no licensed
//! world-wide table exists, laws differ inside countries, by sex and over time, and a wrong age would mislead.
//!
//! A study asks for a domain ("majority"); the table's entries of that domain are frozen into its dimension before data are
//! read, and travel in the bundle with their sources.

use crate::codebook::Codebook;
use crate::dimension::LegalAge;
use crate::problem::{self, FileError, Problem};
use crate::study::Study;
use serde::Deserialize;

/// What an age is about. One list for all organisations.
pub const DOMAINS: [&str; 9] = [
    "majority",
    "child_in_trafficking_law",
    "sexual_consent",
    "marriage",
    "marriage_with_exception",
    "criminal_responsibility",
    "care_leaving",
    "digital_consent",
    "work",
];

/// A table of legal ages as an organisation keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalAges {
    /// Version of the table, as the organisation counts.
    pub version: String,
    /// Who vouches for it.
    pub verified_by: String,
    /// The ages.
    #[serde(default, rename = "age")]
    pub ages: Vec<Entry>,
}

/// One age in one law.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Country of the list `country`.
    pub jurisdiction: String,
    /// One of [`DOMAINS`].
    pub domain: String,
    /// Sex that it applies to, a code of `sex_registered`; everybody if none.
    pub sex: Option<String>,
    /// Completed years.
    pub years: u8,
    /// First year in force; since ever if none.
    pub from: Option<u16>,
    /// Last year in force; still, if none.
    pub to: Option<u16>,
    /// The law, so that anyone can look it up.
    pub source: String,
    /// Exceptions in words; they are not applied.
    #[serde(default)]
    pub exception: String,
}

impl LegalAges {
    /// Reads a table and checks it.
    pub fn parse(text: &str, book: &Codebook) -> Result<LegalAges, FileError> {
        let ages: LegalAges = problem::read("legal ages", text)?;
        problem::none_wrong("legal ages", ages.problems(book))?;
        Ok(ages)
    }

    /// Everything that is wrong with it.
    pub fn problems(&self, book: &Codebook) -> Vec<Problem> {
        let mut out = Vec::new();
        if self.version.trim().is_empty() || self.verified_by.trim().is_empty() {
            out.push(Problem::new("legal ages", "a version and who vouches for it are needed"));
        }
        for (at, entry) in self.ages.iter().enumerate() {
            let place = format!("age {}, {} in {}", at + 1, entry.domain, entry.jurisdiction);
            let mut wrong = |what: &str| out.push(Problem::new(&place, what));
            let known = |list: &str, code: &str| book.lists.get(list).is_some_and(|l| l.code(code).is_some());
            if !known("country", &entry.jurisdiction) {
                wrong("there is no such country in the list of countries");
            }
            if !DOMAINS.contains(&entry.domain.as_str()) {
                wrong("there is no such domain");
            }
            if entry.sex.as_ref().is_some_and(|sex| !known("sex_registered", sex)) {
                wrong("there is no such sex in the list of sexes");
            }
            if entry.years == 0 || entry.years > 30 {
                wrong("a legal age is 1 to 30 completed years");
            }
            if entry.from.zip(entry.to).is_some_and(|(from, to)| from > to) {
                wrong("it ends before it begins");
            }
            if entry.source.trim().is_empty() {
                wrong("the law is needed as its source");
            }
            for (before, other) in self.ages[..at].iter().enumerate() {
                if entry.overlaps(other) {
                    wrong(&format!(
                        "it overlaps with age {}: two laws can't be in force for the same people",
                        before + 1
                    ));
                }
            }
        }
        out
    }
}

impl Entry {
    /// Whether both would be in force for somebody in some year.
    fn overlaps(&self, other: &Entry) -> bool {
        let same = self.jurisdiction == other.jurisdiction && self.domain == other.domain;
        let sexes = self.sex.is_none() || other.sex.is_none() || self.sex == other.sex;
        let reaches = |a: &Entry, b: &Entry| a.to.is_none_or(|to| b.from.is_none_or(|from| from <= to));
        same && sexes && reaches(self, other) && reaches(other, self)
    }
}

impl Study {
    /// The study with an organisation's ages frozen into every dimension that asks for them.
    #[must_use]
    pub fn with_legal_ages(mut self, ages: &LegalAges) -> Study {
        let among = self.workload.tables.iter_mut().flat_map(|t| {
            let among = t.among.iter_mut().map(|a| &mut a.dimension);
            t.dimensions.iter_mut().chain(among)
        });
        for law in among.filter_map(|d| d.law.as_mut()) {
            let of = ages.ages.iter().filter(|e| e.domain == law.domain);
            law.version = format!("{} ({})", ages.version, ages.verified_by);
            law.ages = of
                .map(|e| LegalAge {
                    jurisdiction: e.jurisdiction.clone(),
                    sex: e.sex.clone(),
                    years: e.years,
                    from: e.from,
                    to: e.to,
                    source: e.source.clone(),
                })
                .collect();
        }
        self
    }

    /// Whether a dimension asks for legal ages and has none.
    pub fn lacks_legal_ages(&self) -> bool {
        let all = self.workload.tables.iter().flat_map(|t| &t.dimensions);
        all.filter_map(|d| d.law.as_ref()).any(|law| law.ages.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(ages: &str) -> Result<LegalAges, FileError> {
        let text = format!("version = \"1\"\nverified_by = \"Invented lawyer\"\n{ages}");
        LegalAges::parse(&text, Codebook::embedded())
    }

    fn age(more: &str) -> String {
        format!("[[age]]\njurisdiction = \"MDA\"\ndomain = \"majority\"\nsource = \"Invented code, art. 1\"\n{more}\n")
    }

    #[test]
    fn laws_that_follow_each_other_or_differ_by_sex_are_taken() {
        let ages = parse(&(age("years = 21\nto = 1990") + &age("years = 18\nfrom = 1991"))).unwrap();
        assert_eq!(ages.ages.len(), 2);
        parse(&(age("years = 16\nsex = \"female\"") + &age("years = 18\nsex = \"male\""))).unwrap();
    }

    #[test]
    fn laws_that_overlap_are_refused_and_so_is_what_nobody_could_look_up() {
        for (ages, why) in [
            (age("years = 21") + &age("years = 18"), "overlaps"),
            (age("years = 21\nto = 1990") + &age("years = 18\nfrom = 1990"), "overlaps"),
            (age("years = 16\nsex = \"female\"") + &age("years = 18"), "overlaps"),
            (age("years = 0"), "1 to 30"),
            (age("years = 18\nfrom = 2000\nto = 1999"), "ends before"),
            (age("years = 18\nsex = \"nobody\""), "no such sex"),
            (age("years = 18").replace("MDA", "QQQ"), "no such country"),
            (age("years = 18").replace("majority", "luck"), "no such domain"),
            (age("years = 18").replace("Invented code, art. 1", " "), "source"),
        ] {
            let error = parse(&ages).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(LegalAges::parse("version = \"\"\nverified_by = \"\"", Codebook::embedded()).is_err());
    }

    #[test]
    fn a_study_takes_the_ages_of_its_domain_and_says_whether_it_lacks_them() {
        let study = crate::study::embedded("majority").unwrap();
        assert!(study.lacks_legal_ages());
        let ages = parse(&(age("years = 18") + &age("years = 16").replace("majority", "work"))).unwrap();
        let study = study.with_legal_ages(&ages);
        assert!(!study.lacks_legal_ages() && study.problems().is_empty());
        let law = study.workload.tables.iter().flat_map(|t| &t.dimensions).find_map(|d| d.law.as_ref()).unwrap();
        assert_eq!((law.ages.len(), law.ages[0].years), (1, 18));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,300}") {
            let _ = LegalAges::parse(&text, Codebook::embedded());
        }
    }
}

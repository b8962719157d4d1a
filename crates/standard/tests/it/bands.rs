//! Age bands: the canonical bands sum to every scheme that nests, and say which do not.

use accord_standard::dimension::{self, Dimension, Rule};
use std::collections::BTreeSet;

fn find(id: &str) -> &'static Dimension {
    dimension::find(id).unwrap()
}

#[test]
fn the_canonical_bands_are_the_eleven_of_the_gender_statistics_rules() {
    let ids: Vec<&str> = find("age_band").categories.iter().map(|c| c.id.as_str()).collect();
    let expected = [
        "a0_4", "a5_9", "a10_14", "a15_17", "a18_19", "a20_24", "a25_29", "a30_39", "a40_49", "a50_59", "a60_plus",
        "unknown",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn the_canonical_bands_nest_in_the_groups_made_of_them_and_in_no_other_scheme() {
    let own = find("age_band");
    let nesting: BTreeSet<&str> = dimension::embedded()
        .iter()
        .filter(|d| d.rule == Rule::AgeBand && d.field == own.field && d.id != own.id)
        .filter(|d| own.nests_in(d).is_some())
        .map(|d| d.id.as_str())
        .collect();
    assert_eq!(nesting, BTreeSet::from(["age_band_adolescent", "age_band_unodc"]));
    for id in ["age_band_ctdc", "age_band_primero", "age_band_unhcr"] {
        assert!(own.nests_in(find(id)).is_none(), "{id} cuts through a canonical band");
    }
    // CTDC and Primero themselves nest in children and adults.
    assert!(find("age_band_ctdc").nests_in(find("age_band_unodc")).is_some());
    assert!(find("age_band_primero").nests_in(find("age_band_unodc")).is_some());
}

#[test]
fn nesting_sends_each_band_to_the_one_that_holds_it_and_unknown_to_unknown() {
    let to = find("age_band").nests_in(find("age_band_unodc")).unwrap();
    assert_eq!(to, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2]);
}

/// Whether a union of canonical bands covers exactly these ages.
fn sums_to(low: u16, high: Option<u16>) -> bool {
    let own = find("age_band");
    let bands: Vec<(u16, Option<u16>)> = own.categories.iter().filter_map(|c| c.low.map(|l| (l, c.high))).collect();
    bands.iter().any(|(l, _)| *l == low) && bands.iter().any(|(_, h)| *h == high)
}

#[test]
fn adolescents_youth_and_the_groups_of_the_sustainable_development_goals_are_sums_of_canonical_bands() {
    assert!(sums_to(10, Some(19)), "WHO adolescents");
    assert!(sums_to(15, Some(24)), "UN youth");
    assert!(sums_to(18, Some(29)), "SDG 16.2.3");
    assert!(sums_to(0, Some(17)) && sums_to(18, None), "SDG 16.2.2");
    assert!(!sums_to(9, Some(17)), "CTDC's band cannot be made from them");
    assert!(!sums_to(12, Some(17)), "Primero's band cannot be made from them");
}

#[test]
fn every_age_from_0_to_120_is_in_exactly_one_band_of_each_scheme() {
    for d in dimension::embedded().iter().filter(|d| d.rule == Rule::AgeBand) {
        for age in 0..=120u16 {
            let holds =
                |c: &&dimension::Category| c.low.is_some_and(|low| low <= age) && c.high.is_none_or(|high| age <= high);
            assert_eq!(d.categories.iter().filter(holds).count(), 1, "{} at {age}", d.id);
        }
    }
}

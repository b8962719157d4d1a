//! Facts against sources that were not written here: ISO 3166-1, UN M49 regions as UNODC publishes them.

use crate::data;
use accord_standard::codebook::{CodeEntry, Codebook, Codelist};
use accord_standard::value::Code;
use std::collections::{BTreeMap, BTreeSet};

fn countries() -> &'static Codelist {
    &Codebook::embedded().lists["country"]
}

/// Codes that are in ISO 3166-1 today.
fn current() -> impl Iterator<Item = &'static CodeEntry> {
    countries().codes.iter().filter(|c| c.ended.is_none() && c.id != "XKX")
}

/// FNV-1a, 64 bits.
fn checksum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_country_list_holds_the_249_current_codes_with_numbers_that_never_change() {
    assert_eq!(current().count(), 249);
    let alpha2 = |c: &CodeEntry| c.aliases.iter().find(|a| a.len() == 2).cloned().unwrap_or_default();
    let lines: Vec<String> =
        countries().codes.iter().map(|c| format!("{}={}:{};", c.number, c.id, alpha2(c))).collect();
    let text = lines.concat();
    assert_eq!(
        checksum(&text),
        CHECKSUM,
        "a number, code or two-letter code changed: only new lines may be added at the end"
    );
}

/// Of `number=alpha-3:alpha-2;` over the list, checked against Debian's iso-codes 4.15 when the list was made.
const CHECKSUM: u64 = 977_895_851_613_400_142;

#[test]
fn na_is_namibia_and_old_codes_are_still_read() {
    let list = countries();
    let id = |text: &str| list.find(text).and_then(|c| list.entry(c)).map(|e| e.id.as_str());
    assert_eq!(id("NA"), Some("NAM"));
    assert_eq!(id("na"), Some("NAM"));
    assert_eq!(id("NO"), Some("NOR"));
    for (text, code) in [("AN", "ANT"), ("YU", "YUG"), ("ZR", "ZAR"), ("CS", "SCG"), ("SC", "SYC"), ("XK", "XKX")] {
        assert_eq!(id(text), Some(code), "{text}");
    }
    assert_eq!(id("Türkiye"), Some("TUR"));
    for nothing in ["n/a", "N/A", "N.A.", "n-a"] {
        assert_eq!(id(nothing), None, "{nothing} is not Namibia");
    }
    assert_eq!(id("00"), None);
    assert_eq!(id(""), None);
}

#[test]
fn every_country_rolls_up_to_a_region_and_a_subregion_that_agree() {
    let book = Codebook::embedded();
    let subregions = &book.lists["un_subregion"];
    for entry in &countries().codes {
        let code = Code(entry.number);
        let region = countries().rollup(code, "un_region").unwrap();
        let subregion = subregions.find(countries().rollup(code, "un_subregion").unwrap()).unwrap();
        assert_eq!(subregions.rollup(subregion, "un_region"), Some(region), "{}", entry.id);
    }
}

#[test]
fn the_codes_are_those_of_the_iso_codes_package() {
    let Ok(text) = std::fs::read_to_string("/usr/share/iso-codes/json/iso_3166-1.json") else {
        println!("skipped: the package iso-codes is not installed");
        return;
    };
    let iso: serde_json::Value = serde_json::from_str(&text).unwrap();
    let iso: BTreeMap<&str, &str> = iso["3166-1"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["alpha_3"].as_str().unwrap(), c["alpha_2"].as_str().unwrap()))
        .collect();
    let own: BTreeMap<&str, &str> = current().map(|c| (c.id.as_str(), c.aliases[0].as_str())).collect();
    assert_eq!(own, iso);
}

#[test]
fn the_regions_are_those_that_unodc_publishes() {
    let Some(folder) = data() else { return };
    let Ok(packed) = std::fs::read(folder.join("glotip/unodc_glotip_2025-10-28.csv.gz")) else {
        println!("skipped: no UNODC file");
        return;
    };
    let book = Codebook::embedded();
    let mut seen = BTreeSet::new();
    let mut reader = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(packed.as_slice()));
    for row in reader.records() {
        let row = row.unwrap();
        let (iso3, region, subregion) = (&row[0], &row[2], &row[3]);
        if !seen.insert(iso3.to_owned()) {
            continue;
        }
        let code = countries().code(iso3.trim_start_matches('\u{feff}')).unwrap();
        let label = |list: &str| {
            let list = &book.lists[list];
            let id = countries().rollup(code, &list.id).unwrap();
            list.entry(list.code(id).unwrap()).unwrap().label.as_str()
        };
        assert_eq!((label("un_region"), label("un_subregion")), (region, subregion), "{iso3}");
    }
    assert!(seen.len() > 190, "{}", seen.len());
}

#[test]
fn rollups_of_technology_cover_every_use_and_every_service() {
    let book = Codebook::embedded();
    for (list, coarse) in [("techuse", "techuse8"), ("service", "service8"), ("purpose", "exploitation3")] {
        let reached: BTreeSet<&str> = book.lists[list]
            .codes
            .iter()
            .map(|c| c.rollup.get(coarse).unwrap_or_else(|| panic!("{list}.{} has no {coarse}", c.id)).as_str())
            .collect();
        let all: BTreeSet<&str> = book.lists[coarse].codes.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(reached, all);
    }
}

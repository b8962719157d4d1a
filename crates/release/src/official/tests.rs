use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const HEADER: &str =
    "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source";

fn with(rows: &str) -> Result<OfficialFigures, OfficialError> {
    OfficialFigures::parse(format!("{HEADER}\n{rows}\n").as_bytes())
}

#[test]
fn numbers_with_a_comma_are_numbers_and_suppressed_ones_stay_suppressed() {
    assert_eq!(official("1,482"), Some(Official::Count(1482)));
    assert_eq!(official("0"), Some(Official::Count(0)));
    assert_eq!(official("<5"), Some(Official::FewerThan(5)));
    for wrong in ["", "-", "1,48", ",482", "1482,000", "5.0", "-3", "<", "<x", "=1", "99999999999999999999999"] {
        assert_eq!(official(wrong), None, "{wrong}");
    }
    assert_eq!(Official::FewerThan(5).to_string(), "<5");
}

#[test]
fn a_wrong_file_is_refused_with_the_line_or_the_column() {
    let row = "NAM,Namibia,Africa,Sub-Saharan Africa,Detected trafficking victims,Total,Total,Total,Total,2020,Counts,7,GLOTIP";
    assert_eq!(with(row).unwrap().of("NAM", 2020, "Detected trafficking victims").count(), 1);
    let bad =
        [(row.replace(",7,", ",seven,"), "neither"), (row.replace("2020", "MMXX"), "year"), ("NAM,x".into(), "few")];
    for (row, says) in bad {
        let said = with(&row).unwrap_err().to_string();
        assert!(said.contains(says) && said.contains("line 2"), "{said}");
    }
    assert_eq!(OfficialFigures::parse(b"a,b\n"), Err(OfficialError::Column("Iso3_code")));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = OfficialFigures::parse(&bytes);
    }

    #[test]
    fn any_number_reads_back_as_it_is_written(n in any::<u64>(), is_hidden in any::<bool>()) {
        let value = if is_hidden { Official::FewerThan(n) } else { Official::Count(n) };
        prop_assert_eq!(official(&value.to_string()), Some(value));
    }
}

/// UNODC's own file: every cell that it suppressed comes out as suppressed, none as a number, and as many of them as the
/// text has.
#[test]
fn unodcs_hidden_cells_stay_hidden() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/glotip/unodc_glotip_2025-10-28.csv.gz");
    let Ok(bytes) = std::fs::read(path) else {
        eprintln!("skipped: {path} is not here");
        return;
    };
    let figures = OfficialFigures::parse(&bytes).unwrap();
    let hidden = figures.rows().filter(|r| matches!(r.value, Official::FewerThan(_))).count();
    assert_eq!((figures.rows().count(), hidden), (65_398, 16_191));
    // Counted apart, in the text itself.
    let text = plain::text(&bytes).unwrap();
    assert_eq!(text.lines().filter(|l| l.contains(",<5,")).count(), hidden);
    assert!(figures.rows().all(|r| !matches!(r.value, Official::Count(1..=4))), "a small number got through");
    assert!(figures.rows().all(|r| r.value != Official::FewerThan(5) || r.value.to_string() == "<5"));
    let countries: BTreeSet<&str> = figures.rows().map(|r| r.iso3.as_str()).collect();
    assert_eq!(countries.len(), 198);
    assert!(figures.has_country("NAM") && !figures.has_country("ZZZ"));
}

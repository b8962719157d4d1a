//! The mappings that come with the program, against the headers and picklists of their sources.

use crate::data;
use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::{ColumnMap, ColumnRule, Crosswalk, band};
use accord_standard::value::Missing;
use std::collections::BTreeMap;

fn columns<'a>(crosswalk: &'a Crosswalk, header: &str) -> Vec<&'a ColumnMap> {
    let same = |n: &String| n == header;
    crosswalk.columns.iter().filter(|c| same(&c.name) || c.aliases.iter().any(same)).collect()
}

/// Whether a cell is read by a column, by its own rule.
fn reads(crosswalk: &Crosswalk, column: &ColumnMap, cell: &str) -> bool {
    if cell.is_empty() || crosswalk.missing.iter().any(|m| m == cell) {
        return true;
    }
    let book = Codebook::embedded();
    let list = book.column(&column.field).and_then(|(f, _)| book.list_of(f));
    let text = column.values.get(cell).map_or(cell, String::as_str);
    if Missing::from_word(text).is_some() {
        return true;
    }
    match column.rule {
        ColumnRule::Code => list.is_some_and(|l| l.find(text).is_some()),
        ColumnRule::Codes => cell.split(';').all(|part| {
            let text = column.values.get(part).map_or(part, String::as_str);
            Missing::from_word(text).is_some() || list.is_some_and(|l| l.find(text).is_some())
        }),
        ColumnRule::Flag | ColumnRule::FlagOneOf => matches!(text, "0" | "1"),
        ColumnRule::AgeBand => column.values.contains_key(cell) && band(text).is_some(),
        ColumnRule::Date => text.len() == 4 && text.parse::<u16>().is_ok(),
        ColumnRule::Integer => text.parse::<i32>().is_ok(),
        ColumnRule::Consent => matches!(text, "yes" | "no"),
        ColumnRule::Ignore | ColumnRule::RecordId | ColumnRule::Text | ColumnRule::Age => true,
    }
}

fn read_csv(name: &str) -> Option<csv::Reader<Box<dyn std::io::Read>>> {
    let Ok(bytes) = std::fs::read(data()?.join(name)) else {
        println!("skipped: no {name}");
        return None;
    };
    let plain: Box<dyn std::io::Read> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::read::MultiGzDecoder::new(std::io::Cursor::new(bytes)))
    } else {
        Box::new(std::io::Cursor::new(bytes))
    };
    Some(csv::Reader::from_reader(plain))
}

/// Every header of a CTDC file is mapped, and every distinct cell is read.
fn every_cell_is_read(name: &str, width: usize) {
    let Some(mut reader) = read_csv(name) else { return };
    let crosswalk = Crosswalk::embedded("ctdc").unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header.len(), width);
    let mut cells: Vec<BTreeMap<String, usize>> = vec![BTreeMap::new(); width];
    for row in reader.records() {
        for (seen, cell) in cells.iter_mut().zip(row.unwrap().iter()) {
            if !seen.contains_key(cell) {
                seen.insert(cell.to_owned(), 0);
            }
        }
    }
    for (name, cells) in header.iter().zip(&cells) {
        let maps = columns(crosswalk, name);
        assert!(!maps.is_empty(), "{name} is not mapped");
        for map in maps {
            for cell in cells.keys() {
                assert!(reads(crosswalk, map, cell), "{name} -> {}: {cell:?} is not read", map.field);
            }
        }
    }
}

#[test]
fn every_cell_of_the_synthetic_set_of_2021_is_read() {
    every_cell_is_read("ctdc/ctdc_global_synthetic_2021.csv.gz", 37);
}

#[test]
fn every_cell_of_the_victim_perpetrator_set_of_2022_is_read() {
    every_cell_is_read("ctdc/ctdc_vp_synthetic_2022.csv.gz", 16);
}

#[test]
fn every_column_of_the_k_anonymised_and_later_sets_is_mapped() {
    let crosswalk = Crosswalk::embedded("ctdc").unwrap();
    let means = "DebtBondage TakesEarnings RestrictsFinancialAccess Threats PsychologicalAbuse PhysicalAbuse SexualAbuse \
        FalsePromises PsychoactiveSubstances RestrictsMovement RestrictsMedicalCare ExcessiveWorkingHours UsesChildren \
        ThreatOfLawEnforcement WithholdsNecessities WithholdsDocuments Other NotSpecified Concatenated";
    let labour = "Agriculture Aquafarming Begging Construction DomesticWork Hospitality IllicitActivities Manufacturing \
        MiningOrDrilling Peddling Transportation Other NotSpecified Concatenated";
    let sex = "Prostitution Pornography RemoteInteractiveServices PrivateSexualServices Concatenated";
    let plain = "yearOfRegistration Datasource gender ageBroad majorityStatus majorityStatusAtExploit majorityEntry \
        citizenship isForcedLabour isSexualExploit isOtherExploit isSexAndLabour isForcedMarriage isForcedMilitary \
        isOrganRemoval isSlaveryAndPractices typeOfExploitConcatenated isAbduction RecruiterRelationship \
        CountryOfExploitation";
    let mut kanon: Vec<String> = plain.split_whitespace().map(str::to_owned).collect();
    let with = |prefix: &str, names: &str| -> Vec<String> {
        names.split_whitespace().map(|n| format!("{prefix}{n}")).collect()
    };
    kanon.extend(with("meansOfControl", means));
    kanon.extend(with("typeOfLabour", labour));
    kanon.extend(with("typeOfSex", sex));
    kanon.extend(with("recruiterRelation", "IntimatePartner Friend Family Other Unknown"));
    assert_eq!(kanon.len(), 63);
    let later = "traffickMonths meansDebtBondageEarnings meansThreats meansAbusePsyPhySex meansFalsePromises \
        meansDrugsAlcohol meansDenyBasicNeeds meansExcessiveWorkHours meansWithholdDocs typeOfSexOther";
    kanon.extend(later.split_whitespace().map(str::to_owned));
    kanon.extend(with("sectorOfLabour", labour));
    kanon.extend(with("sectorOfSex", sex));
    for name in kanon {
        assert!(!columns(crosswalk, &name).is_empty(), "{name}");
    }
}

#[test]
fn a_composite_flag_of_2024_stays_one_composite_code() {
    let crosswalk = Crosswalk::embedded("ctdc").unwrap();
    let list = &Codebook::embedded().lists["control_method"];
    for (name, parts) in
        [("meansDebtBondageEarnings", 2), ("meansThreats", 3), ("meansAbusePsyPhySex", 3), ("meansDenyBasicNeeds", 4)]
    {
        let column = columns(crosswalk, name)[0];
        let entry = list.codes.iter().find(|c| c.id == column.codes[0]).unwrap();
        assert_eq!(entry.any_of.len(), parts, "{name}");
    }
}

#[test]
fn ctdc_ages_stay_bands_and_blank_or_minus_99_is_never_a_no() {
    let crosswalk = Crosswalk::embedded("ctdc").unwrap();
    let age = columns(crosswalk, "ageBroad")[0];
    for spelling in ["9--17", "9-17", "9–17", "09--17"] {
        assert_eq!(age.values.get(spelling).and_then(|b| band(b)), Some((9, Some(17))), "{spelling}");
    }
    assert_eq!(band(&age.values["48+"]), Some((48, None)));
    assert!(crosswalk.missing.iter().any(|m| m == "-99"));
    for column in &crosswalk.columns {
        assert!(!column.values.contains_key(""));
        assert!(column.field != "sex_registered", "CTDC never tells sex as registered");
        assert!(column.field != "country_exploitation", "CTDC gives a proxy only");
    }
    let remote = columns(crosswalk, "typeOfSexRemoteInteractiveServices");
    let tech = remote.iter().find(|c| c.field == "tech_involved").unwrap();
    assert_eq!(tech.values["1"], "yes");
    assert!(tech.values.values().all(|v| v != "no"), "no remote services is not no technology");
}

#[test]
fn every_field_of_htcds_is_mapped_or_left_out_with_a_reason_and_every_picklist_value_is_read() {
    let Some(mut reader) = read_csv("htcds/htcds_field_standards_v2.csv") else { return };
    let crosswalk = Crosswalk::embedded("htcds").unwrap();
    let (mut fields, mut values) = (0, 0);
    for row in reader.records() {
        let row = row.unwrap();
        let name = &row[6];
        let maps = columns(crosswalk, name);
        assert_eq!(maps.len(), 1, "{name}");
        assert!(maps[0].rule != ColumnRule::Ignore || !maps[0].note.is_empty(), "{name}: say why it is left out");
        fields += 1;
        if !maps[0].rule_reads_codes() || row[9].starts_with("Use ISO") {
            continue;
        }
        for list in [&row[9], &row[10]] {
            for value in list.split('|').map(str::trim).filter(|v| !v.is_empty()) {
                // Labels of the picklist are read where the value table does not need them to be spelt out.
                let by_name = list == &row[9];
                assert!(!by_name || reads(crosswalk, maps[0], value), "{name}: {value:?} is not read");
                values += usize::from(by_name);
            }
        }
    }
    assert_eq!(fields, 83);
    assert!(values > 120, "{values}");
}

trait ReadsCodes {
    fn rule_reads_codes(&self) -> bool;
}

impl ReadsCodes for ColumnMap {
    fn rule_reads_codes(&self) -> bool {
        matches!(self.rule, ColumnRule::Code | ColumnRule::Codes)
    }
}

#[test]
fn the_own_mapping_reads_every_field_consent_and_legal_basis() {
    let book = Codebook::embedded();
    let own = Crosswalk::accord();
    for (i, field) in book.fields.iter().enumerate() {
        let path = book.path(accord_standard::codebook::FieldId(i as u16));
        let first = match path.split_once('.') {
            None => path,
            Some((level, id)) => format!("{level}.1.{id}"),
        };
        assert_eq!(columns(own, &first).len(), 1, "{}", field.id);
    }
    for name in ["record_id", "consent_p1", "consent_p7", "legal_basis", "event.60.techuse", "perpetrator.10.role"] {
        assert_eq!(columns(own, name).len(), 1, "{name}");
    }
    assert!(columns(own, "event.61.techuse").is_empty());
}

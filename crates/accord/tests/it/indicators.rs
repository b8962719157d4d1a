//! From a vault of invented people to the tables that a national rapporteur must fill in, and back out of the workbook.

use crate::support::{arg, fine, invented, json, run};
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const OFFICIAL: &str =
    "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Total,Total,2024,Counts,\"1,482\",invented
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Female,0 to 17 years,2024,Counts,<5,invented
";
const RESIDENTS: &str = "iso3,year,sex,age,pop_thousands\nNAM,2020,F,0-17,500\nNAM,2020,F,18+,900\nNAM,2020,M,0-17,500\n\
NAM,2020,M,18+,800\nNAM,2025,F,0-17,600\nNAM,2025,F,18+,1000\nNAM,2025,M,0-17,600\nNAM,2025,M,18+,900\n";

/// A draft of the workload of rapporteurs from a vault of invented people.
fn drafted(dir: &Path) -> PathBuf {
    let (vault, out) = (dir.join("vault"), dir.join("draft"));
    let file = invented(dir, 400);
    let init = ["desk", "init", arg(&vault), "--organisation", "Invented shelter", "--size-bound", "1000"];
    fine(&[&init[..], &["--guess-memory", "64"]].concat());
    fine(&["desk", "import", arg(&file), "--vault", arg(&vault)]);
    let draft = ["release", "draft", "--vault", arg(&vault), "--slot", "2026-1", "--epsilon", "1", "--invented"];
    fine(
        &[&draft[..], &["--workload", "rapporteur", "--no-microdata", "--period", "2016 to 2026", "--out", arg(&out)]]
            .concat(),
    );
    out
}

/// A sheet's rows by the names in its second line.
fn sheet(book: &mut Xlsx<std::io::BufReader<std::fs::File>>, name: &str) -> Vec<BTreeMap<String, Data>> {
    let range = book.worksheet_range(name).unwrap();
    let mut rows = range.rows().skip(1);
    let header: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
    rows.map(|r| header.iter().cloned().zip(r.iter().cloned()).collect()).collect()
}

#[test]
fn a_rapporteurs_workbook_says_what_the_release_says_in_the_requesters_columns() {
    let dir = tempfile::tempdir().unwrap();
    let draft = drafted(dir.path());
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("official.csv"), OFFICIAL).unwrap();
    std::fs::write(at("residents.csv"), RESIDENTS).unwrap();
    let (book, flat, official, residents) = (at("out.xlsx"), at("out.csv"), at("official.csv"), at("residents.csv"));
    let asked = ["indicators", arg(&draft), "--year", "2024", "--area", "nam", "--denominators", arg(&residents)];
    let asked = [&asked[..], &["--official", arg(&official)]].concat();
    let said = json(&[&asked[..], &["--out", arg(&book)]].concat());
    assert_eq!(said["indicators"].as_array().unwrap().len(), 19);
    fine(&[&asked[..], &["--out", arg(&flat)]].concat());
    let ours = json(&asked);
    assert_eq!((&ours["invented"], ours["status"].as_str().unwrap().starts_with("DRAFT")), (&true.into(), true));

    let mut open: Xlsx<_> = open_workbook(&book).unwrap();
    let names = open.sheet_names().clone();
    assert_eq!(names.len(), 20, "{names:?}");
    assert_eq!(names[..2], ["Notes", "SDG-16-2-2"]);
    let notes: String = open.worksheet_range("Notes").unwrap().rows().flatten().map(|c| format!("{c}\n")).collect();
    for words in ["INVENTED DATA", "DRAFT", "never how common trafficking is", "detected victims", "not collected"] {
        assert!(notes.contains(words), "the notes do not say {words}");
    }
    for table in ours["indicators"].as_array().unwrap() {
        let id = table["id"].as_str().unwrap().to_uppercase();
        let rows = sheet(&mut open, &id);
        let banner = open.worksheet_range(&id).unwrap().get_value((0, 0)).unwrap().to_string();
        assert!(banner.starts_with("INVENTED DATA. DRAFT"), "{banner}");
        let expected = table["rows"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len(), "{id}");
        for (row, ours) in rows.iter().zip(expected) {
            assert_eq!(row["figure"].to_string(), ours["figure"].as_str().unwrap());
            for (column, key) in [("Iso3_code", "iso3"), ("Indicator", "indicator"), ("Sex", "sex"), ("Age", "age")] {
                assert_eq!(row[column].to_string(), ours[key].as_str().unwrap(), "{id} {column}");
            }
            let value = &ours["value"];
            if value["kind"] == "count" {
                assert_eq!(row["value"].to_string(), value["value"].to_string(), "{id}");
                assert_eq!(row["low"].to_string(), value["low"].to_string());
            } else {
                assert!(!row["value"].to_string().is_empty(), "an empty cell would be read as nought");
            }
        }
    }
    // What courts hold is not collected, and says so; an official hidden figure stays hidden.
    assert!(sheet(&mut open, "G4").iter().all(|r| r["value"] == "[x]" && !r["note"].to_string().is_empty()));
    let g7 = sheet(&mut open, "G7");
    let official: Vec<String> = g7.iter().filter_map(|r| r.get("official value")).map(ToString::to_string).collect();
    assert_eq!(official.iter().filter(|v| !v.is_empty()).cloned().collect::<Vec<_>>(), ["1482", "<5"]);
    // 2024 lies between two years of the file: 4/5 of the way from 2.7 to 3.1 million.
    let sdg = sheet(&mut open, "SDG-16-2-2");
    assert!(sdg.iter().any(|r| r["note"] == "Residents: 3020000."));
    let text = std::fs::read_to_string(&flat).unwrap();
    assert!(text.lines().skip(1).all(|l| l.contains("INVENTED DATA") && l.contains("DRAFT")));

    wrong_asks_are_refused_in_words(dir.path(), &draft);
}

fn wrong_asks_are_refused_in_words(dir: &Path, draft: &Path) {
    let file = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (bad, taken) = (file("bad.csv", "a,b\n1,2\n"), file("taken.csv", ""));
    let wrong = dir.join("out.pdf");
    for (args, says) in [
        (vec!["--indicator", "g11"], "there are: sdg-16-2-2"),
        (vec!["--year", "1999"], "no year 1999"),
        (vec!["--area", "XYZ"], "no country or area with the code XYZ"),
        (vec!["--area", "NAM", "--denominators", &bad], "neither the columns"),
        (vec!["--area", "NAM", "--official", &bad], "no column Iso3_code"),
        (vec!["--out", &taken], "nothing is overwritten"),
        (vec!["--out", arg(&wrong)], "the ending chooses the format"),
    ] {
        let ran = run(&[&["indicators", arg(draft)], args.as_slice()].concat());
        assert!(ran.code == 1 && ran.err.contains(says), "{args:?}: {} {}", ran.code, ran.err);
    }
    // A changed table is no table for a ministry.
    let table = draft.join("tables/victims.csv");
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, text.replacen("female", "fimale", 1)).unwrap();
    let ran = run(&["indicators", arg(draft)]);
    assert!(ran.code == 1 && ran.err.contains("does not verify"), "{}", ran.err);
}

#[test]
fn the_indicators_that_there_are_are_listed_without_a_release() {
    let out = fine(&["indicators"]);
    assert!(out.contains("g7") && out.contains("[x] not collected"), "{out}");
    let listed = json(&["indicators"]);
    assert_eq!(listed["indicators"].as_array().unwrap().len(), 19);
}

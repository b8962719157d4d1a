use super::*;
use crate::account::Rho;
use crate::bundle::{PrivacyStatement, ReleaseInfo, Unit};
use crate::files::draft_files;
use crate::noisy::Draw;
use crate::official::OfficialFigures;
use accord_standard::indicator;
use accord_standard::workload::{self, TableSpec, Workload};
use proptest::prelude::*;
use rand::SeedableRng as _;
use std::collections::{BTreeMap, BTreeSet};

const SIGMA_MILLI: u64 = 8000;

fn info() -> ReleaseInfo {
    ReleaseInfo {
        id: "test-2026-1".into(),
        title: "Invented".into(),
        slot: "2026-1".into(),
        organisations: vec![],
        unit: Unit::People,
        population: String::new(),
        period: "2016 to 2026".into(),
        invented: true,
        codebook: "1".into(),
        software: "test".into(),
        assumptions: vec![],
        accounts: vec![],
    }
}

fn privacy() -> PrivacyStatement {
    PrivacyStatement {
        delta: 1e-6,
        epsilon: 1.0,
        epsilon_cumulative: 1.0,
        desks_per_person: 1,
        epsilon_several_desks: 1.0,
        rho: Rho(1),
        rho_cumulative: Rho(1),
        rho_several_desks: Rho(1),
        tables: vec![],
        share_on_legal_basis: None,
    }
}

fn rapporteur() -> Workload {
    workload::embedded("rapporteur").unwrap()
}

/// A bundle whose noisy values are these, by table and cell.
fn bundle(values: impl Fn(&TableSpec, usize) -> i64) -> Bundle {
    let workload = rapporteur();
    let draw = Draw { sigma_milli: SIGMA_MILLI, rho: Rho(1), sensitivity_squared: 1, entry: "e".into() };
    let measured = workload
        .tables
        .iter()
        .map(|spec| NoisyTable {
            table: spec.id.clone(),
            values: (0..spec.cells()).map(|cell| values(spec, cell)).collect(),
            draws: vec![draw.clone()],
        })
        .collect();
    crate::publish::publish(info(), workload, privacy(), measured).unwrap()
}

/// Something that differs from cell to cell and is neither large nor small everywhere.
fn mixed(spec: &TableSpec, cell: usize) -> i64 {
    let x = (cell as i64 * 7919 + spec.id.len() as i64 * 31) % 997;
    if x % 3 == 0 { x - 40 } else { x % 50 - 20 }
}

#[test]
fn the_cells_of_a_selection_are_those_that_lie_within_it() {
    let bundle = bundle(mixed);
    let wanted = Select::from([
        ("sex".to_owned(), vec!["female".to_owned(), "unknown".to_owned()]),
        ("identification".to_owned(), vec!["presumed".to_owned()]),
    ]);
    let table = Table::find(&bundle.workload, "victims", bundle.tables.iter().map(|t| &t.noisy)).unwrap();
    let keys: Vec<String> = table.cells(&[&wanted], &[]).iter().map(|c| table.spec.key_of(*c)).collect();
    let all = (0..table.spec.cells()).map(|c| table.spec.key_of(c));
    let expected: Vec<String> =
        all.filter(|k| (k.starts_with("female.") || k.starts_with("unknown.")) && k.ends_with(".presumed")).collect();
    assert_eq!(keys, expected);
    assert_eq!(table.cells(&[], &[]).len(), table.spec.cells());
    assert_eq!(table.cells(&[], &[&wanted]).len(), table.spec.cells() - expected.len());
}

fn get(id: &str) -> Indicator {
    indicator::embedded(id).unwrap()
}

fn made(bundle: &Bundle, id: &str, year: Option<u16>) -> Vec<Row> {
    rows(&Request { bundle, indicator: &get(id), year, area: None, residents: None }).unwrap()
}

#[test]
fn every_indicator_is_made_and_every_row_has_an_id_of_its_own() {
    let bundle = bundle(mixed);
    let mut ids = BTreeSet::new();
    for id in indicator::ids() {
        let rows = made(&bundle, id, None);
        assert!(!rows.is_empty(), "{id}");
        for row in &rows {
            assert!(ids.insert(row.figure.clone()), "{} is there twice", row.figure);
            let not_collected = matches!(row.value, FigureValue::Symbol { symbol: Symbol::NotCollected, range: None });
            assert_eq!(row.figures.is_empty(), not_collected, "{}", row.figure);
            assert_eq!(row.note.is_empty(), !not_collected, "{}", row.figure);
        }
    }
    for id in ["g1", "g2", "g3", "g4", "g5", "g6", "g10", "e5", "e6", "e7"] {
        assert!(made(&bundle, id, Some(2024)).iter().all(|r| r.flag == "[x]" && r.year == "2024"), "{id}");
    }
}

#[test]
fn a_row_that_is_one_cell_is_its_published_figure_number_for_number() {
    let bundle = bundle(mixed);
    let rows = made(&bundle, "e1", Some(2024));
    let one: Vec<&Row> = rows.iter().filter(|r| r.figures.len() == 1).collect();
    assert!(one.len() > 50);
    let figures: BTreeMap<&str, _> =
        bundle.tables.iter().flat_map(|t| &t.figures).map(|f| (f.id.as_str(), f)).collect();
    for row in one {
        let figure = figures[row.figures[0].as_str()];
        assert_eq!((&row.value, row.reliability), (&figure.value, figure.reliability), "{}", row.figure);
    }
}

#[test]
fn a_year_or_a_workload_that_is_not_there_is_refused_in_words() {
    let mut bundle = bundle(mixed);
    let g7 = get("g7");
    let ask =
        |bundle: &Bundle| rows(&Request { bundle, indicator: &g7, year: Some(2010), area: None, residents: None });
    let said = ask(&bundle).unwrap_err().to_string();
    assert!(said.contains("2010") && said.contains("2016, 2017"), "{said}");
    bundle.workload.id = "default".into();
    let said = ask(&bundle).unwrap_err().to_string();
    assert!(said.contains("--workload rapporteur"), "{said}");
    bundle.workload.id = "rapporteur".into();
    bundle.workload.tables.remove(0);
    assert!(matches!(ask(&bundle), Err(IndicatorError::Wrong(..))));
}

const RESIDENTS: &str = "iso3,year,sex,age,pop_thousands\nNAM,2020,F,0-17,50\nNAM,2020,F,18+,150\nNAM,2020,M,0-17,60\n\
NAM,2020,M,18+,140\n";

#[test]
fn sdg_16_2_2_divides_by_the_residents_of_the_same_sex_age_and_year_and_by_nothing_else() {
    let bundle = bundle(|spec, _| if spec.id == "victims" { 100 } else { 0 });
    let population = Population::parse(RESIDENTS.as_bytes()).unwrap();
    let sdg = get("sdg-16-2-2");
    let area = Area::find("NAM").unwrap();
    let ask =
        Request { bundle: &bundle, indicator: &sdg, year: Some(2020), area: Some(&area), residents: Some(&population) };
    let all = rows(&ask).unwrap();
    let find = |sex: &str, age: &str, rate: bool| {
        all.iter().find(|r| r.dimension == "Total" && r.sex == sex && r.age == age && is_rate(r) == rate).unwrap()
    };
    let FigureValue::Count { value, low, high } = find("Female", "0 to 17 years", false).value else { panic!() };
    assert_eq!(value, 200, "formally identified and presumed");
    let FigureValue::Estimate { value: Some(rate), low: from, high: to, measure, .. } =
        find("Female", "0 to 17 years", true).value
    else {
        panic!()
    };
    assert_eq!((rate, measure), (400.0, Measure::Per100000), "200 of 50,000");
    assert!((from - low as f64 * 2.0).abs() < 0.02 && (to - high as f64 * 2.0).abs() < 0.02);
    assert_eq!(find("Female", "0 to 17 years", true).unit, "Rate per 100,000 population");
    assert_eq!(find("Unknown", "Total", true).flag, "[z]", "nobody knows how many residents have no known sex");
    // Nothing is extrapolated, and a year of nobody's is no year.
    let later = rows(&Request { year: Some(2024), ..ask }).unwrap();
    let later = later.iter().find(|r| is_rate(r)).unwrap();
    assert!(matches!(&later.value, FigureValue::Refused { reason } if reason.contains("2020 to 2020")), "{later:?}");
    assert!(rows(&Request { residents: None, ..ask }).unwrap().iter().all(|r| r.unit == COUNTS));
    let nowhere = rows(&Request { area: None, ..ask }).unwrap();
    assert!(nowhere.iter().any(|r| r.flag == "refused" && r.note.contains("area was not named")));
}

#[test]
fn a_rate_shows_no_more_than_its_count_does() {
    let hidden = FigureValue::Symbol { symbol: Symbol::Hidden, range: Some([0, 9]) };
    assert_eq!(rate(&hidden, 2.0), FigureValue::Symbol { symbol: Symbol::Hidden, range: None });
    let range = rate(&FigureValue::Range { low: 3, high: 21 }, 0.5);
    assert!(matches!(range, FigureValue::Estimate { value: None, low: 1.5, high: 10.5, .. }), "{range:?}");
}

/// The tables of a release as anybody reads them: each line by the names of its columns.
fn table(files: &crate::files::Files, path: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(files[path].as_slice());
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|r| header.iter().map(str::to_owned).zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

/// Sum of noisy counts of the lines that hold, and the half-width of its interval: plain arithmetic on the files.
fn by_hand(lines: &[BTreeMap<String, String>], holds: impl Fn(&str, &str) -> bool) -> (i64, f64, usize) {
    let skip = ["noisy_count", "sigma", "draws", "invented"];
    let taken: Vec<_> =
        lines.iter().filter(|l| l.iter().all(|(k, v)| skip.contains(&k.as_str()) || holds(k, v))).collect();
    let sigma: f64 = taken[0]["sigma"].parse().unwrap();
    let sum = taken.iter().map(|l| l["noisy_count"].parse::<i64>().unwrap()).sum();
    (sum, 1.959_963_984_5 * sigma * (taken.len() as f64).sqrt() + 1.0, taken.len())
}

#[test]
fn an_independent_path_over_the_files_finds_the_same_numbers() {
    let bundle = bundle(mixed);
    let files = draft_files(&bundle, None, None).unwrap();
    let victims = table(&files, "tables/victims.noisy.csv");
    let forms = table(&files, "tables/forms.noisy.csv");
    let (mut compared, mut shown) = (0, 0);
    for id in ["g7", "g8", "e2", "e4", "sdg-16-2-2"] {
        for year in [2019_u16, 2024] {
            for row in made(&bundle, id, Some(year)) {
                let is_total = row.dimension == "Total";
                let holds = |column: &str, value: &str| match column {
                    "sex" => row.sex == "Total" || row.sex.to_lowercase() == value,
                    "age_band_unodc" => match row.age.as_str() {
                        "Total" => true,
                        "0 to 17 years" => value == "a0_17",
                        "18 years or over" => value == "a18_plus",
                        _ => value == "unknown",
                    },
                    "registration_year" => value == format!("y{year}"),
                    "identification" => match row.category.as_str() {
                        "Total" => value == "formally_identified" || value == "presumed",
                        "Formally identified" => value == "formally_identified",
                        "Presumed" => value == "presumed",
                        "Status unknown" => value == "unknown",
                        _ => value == "not_trafficking",
                    },
                    "exploitation_unodc" => match (row.category.as_str(), id) {
                        ("Sexual exploitation", _) => value == "sexual",
                        ("Forced labour", _) => value == "labour",
                        ("Organ removal", _) => value == "organ_removal",
                        ("Unknown", _) => value == "unknown",
                        (_, "sdg-16-2-2") => value == "mixed" || value == "other",
                        _ => ["mixed", "other", "organ_removal"].contains(&value),
                    },
                    other => panic!("{other}"),
                };
                let from = if is_total || row.dimension == "by identification status" { &victims } else { &forms };
                let (sum, half, cells) = by_hand(from, holds);
                assert_eq!(cells, row.figures.len(), "{}", row.figure);
                compared += 1;
                if cells == 1 {
                    continue; // the published cell itself: see the test above
                }
                let (low, high) = match row.value {
                    FigureValue::Count { value, low, high } => {
                        assert_eq!(value as i64, sum.max(0), "{}", row.figure);
                        shown += 1;
                        (low, high)
                    }
                    FigureValue::Range { low, high } | FigureValue::Symbol { range: Some([low, high]), .. } => {
                        (low, high)
                    }
                    ref other => panic!("{other:?}"),
                };
                let ends = [(sum as f64 - half).ceil().max(0.0), (sum.max(0) as f64 + half).floor()];
                assert!(
                    ends[0].abs_diff_one(low) && ends[1].abs_diff_one(high),
                    "{}: {ends:?} {low} {high}",
                    row.figure
                );
            }
        }
    }
    assert!(compared > 300 && shown > 100, "{compared} {shown}");
}

/// The files give sigma to four decimals: an end may fall on the other side of a whole number.
trait Near {
    fn abs_diff_one(self, other: u64) -> bool;
}

impl Near for f64 {
    fn abs_diff_one(self, other: u64) -> bool {
        (self - other as f64).abs() <= 1.0
    }
}

/// Twelve even draws, summed: near enough to a normal one for what is asked here.
fn noise(rng: &mut rand_chacha::ChaCha20Rng) -> i64 {
    let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
    ((sum - 6.0) * SIGMA_MILLI as f64 / 1000.0).round() as i64
}

/// UNODC's published margins give away 2,743 of 16,191 suppressed cells. Here the totals and all other sexes are shown, one
/// sex is hidden, and whoever subtracts gets the hidden people with the noise of their cells, neither less nor none.
#[test]
fn what_is_hidden_is_never_worked_out_from_what_is_shown() {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(11);
    let (mut errors, mut exact, mut attacks, mut hidden) = (0.0, 0, 0, 0);
    let truth = |key: &str| if key.starts_with("other.") { 2 } else { 900 };
    for _ in 0..6 {
        let mut drawn: BTreeMap<(String, usize), i64> = BTreeMap::new();
        for spec in rapporteur().tables {
            for cell in 0..spec.cells() {
                drawn.insert((spec.id.clone(), cell), truth(&spec.key_of(cell)) + noise(&mut rng));
            }
        }
        let bundle = bundle(|spec, cell| drawn[&(spec.id.clone(), cell)]);
        for id in ["g7", "g8", "e1", "e2", "e3", "e4", "sdg-16-2-2"] {
            let rows = made(&bundle, id, None);
            let mut by: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
            for row in &rows {
                by.entry((&row.indicator, &row.dimension, &row.category, &row.age, &row.year)).or_default().push(row);
            }
            for group in by.values() {
                let of = |sex: &str| group.iter().find(|r| r.sex == sex).unwrap();
                hidden += usize::from(matches!(of("Other").value, FigureValue::Symbol { .. }));
                let number = |sex: &str| match of(sex).value {
                    FigureValue::Count { value, .. } => Some(value as f64),
                    _ => None,
                };
                let all = ["Total", "Female", "Male", "Unknown"].map(number);
                let [Some(total), Some(female), Some(male), Some(unknown)] = all else { continue };
                let cells = of("Other").figures.len() as f64;
                let error = total - female - male - unknown - 2.0 * cells;
                // In units of the noise of the hidden cells themselves.
                errors += error * error / (cells * 64.0);
                exact += usize::from(error.abs() < 0.5);
                attacks += 1;
            }
        }
    }
    assert!(attacks > 2000 && hidden > 1000, "{attacks} {hidden}");
    let relative = (errors / f64::from(attacks)).sqrt();
    assert!(relative > 0.95, "a difference of rows has {relative} of the noise of the hidden cells");
    // Chance alone hits a whole number with probability 1 / (8 sqrt(2 pi)) at most.
    let by_chance = f64::from(attacks) / (8.0 * (2.0 * std::f64::consts::PI).sqrt());
    assert!((exact as f64) < by_chance * 1.2, "{exact} hidden counts hit exactly, {by_chance} by chance");
}

const OFFICIAL: &str =
    "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Total,Total,2020,Counts,\"1,482\",invented
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Female,0 to 17 years,2020,Counts,<5,invented
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Male,Total,2020,Counts,1,invented
NAM,Invented,x,x,Detected trafficking victims,Total,Total,Male,Total,2020,Counts,2,invented
";

#[test]
fn official_figures_stand_beside_ours_and_hidden_ones_stay_hidden() {
    let bundle = bundle(|_, _| 100);
    let official = OfficialFigures::parse(OFFICIAL.as_bytes()).unwrap();
    let (g7, area) = (get("g7"), Area::find("NAM").unwrap());
    let ask = Request { bundle: &bundle, indicator: &g7, year: None, area: Some(&area), residents: None };
    let sheet = ask.sheet(Some(&official)).unwrap();
    let with: Vec<(&Row, &Beside)> =
        sheet.rows.iter().zip(&sheet.official).filter_map(|(r, o)| o.as_ref().map(|o| (r, o))).collect();
    assert_eq!(with.len(), 3, "only the year, the country and the rows that the file has");
    let words = |sex: &str| &with.iter().find(|(r, _)| r.sex == sex).unwrap().1.words;
    assert!(words("Total").contains("below our interval"), "2,400 of ours");
    assert!(words("Female").contains("fewer than 5") && words("Female").contains("not worked out"));
    assert!(words("Male").contains("several numbers"));
    let text = String::from_utf8(csv_file(&bundle, &[sheet]).unwrap()).unwrap();
    assert!(text.contains("<5") && text.lines().skip(1).all(|l| l.contains("INVENTED DATA") && l.contains("DRAFT")));
}

#[test]
fn what_is_written_is_the_same_in_every_format_and_each_time() {
    let bundle = bundle(mixed);
    let (g8, a1) = (get("g8"), get("a1"));
    let ask = |indicator| Request { bundle: &bundle, indicator, year: None, area: None, residents: None };
    let (asked, other) = (ask(&g8), ask(&a1));
    let sheets = [asked.sheet(None).unwrap(), other.sheet(None).unwrap()];
    assert_eq!(workbook(&bundle, &sheets).unwrap(), workbook(&bundle, &sheets).unwrap());
    let json = json_value(&bundle, &sheets);
    let in_json: usize =
        json["indicators"].as_array().unwrap().iter().map(|t| t["rows"].as_array().unwrap().len()).sum();
    let bytes = csv_file(&bundle, &sheets).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let at = reader.headers().unwrap().iter().position(|h| h == "value").unwrap();
    let values: Vec<String> = reader.records().map(|r| r.unwrap()[at].to_owned()).collect();
    assert_eq!(values.len(), in_json);
    assert!(values.iter().all(|v| !v.is_empty()), "an empty cell would be read as nought");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn any_values_give_rows_whose_intervals_hold_them(seed in any::<u64>(), most in 1_i64..100_000) {
        let drawn = |spec: &TableSpec, cell: usize| {
            let x = (seed ^ (cell as u64 + spec.id.len() as u64 * 7919)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (x % (2 * most as u64)) as i64 - most
        };
        let bundle = bundle(drawn);
        let population = Population::parse(RESIDENTS.as_bytes()).unwrap();
        let area = Area::find("NAM").unwrap();
        for id in indicator::ids() {
            let indicator = get(id);
            let ask = Request {
                bundle: &bundle, indicator: &indicator, year: None, area: Some(&area), residents: Some(&population),
            };
            for row in rows(&ask).unwrap() {
                match row.value {
                    FigureValue::Count { value, low, high } => prop_assert!(low <= value && value <= high),
                    FigureValue::Range { low, high } => prop_assert!(low <= high),
                    FigureValue::Estimate { value, low, high, .. } => {
                        prop_assert!(low >= 0.0 && low <= high && value.is_none_or(|v| low <= v && v <= high));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether a row is a rate.
fn is_rate(row: &Row) -> bool {
    row.figure.rsplit('.').next() == Some("rate")
}

//! The files of a release: a pure function of the [`Bundle`], its synthetic rows and its quality report. The shell writes
//! and reads them; nobody else makes or parses them.
//!
//! `release.json` is the source of truth and holds no decision; all tables are rendered from it, so that a reader can
//! check that page, CSV and JSON say the same. `manifest.json` lists every other file with its SHA-256; the decision binds
//! the hash of the draft's manifest, which a published release carries along as `draft/manifest.json`.

use crate::bundle::{Bundle, Decision, Unit};
use crate::flat::again::{ParquetOf, is_flat};
use crate::quality::Quality;
use crate::synth::Synthetic;
use crate::tablefiles::{package, sdmx_files, synthetic_parquet};
use accord_crypto::{KeyId, Signature, SigningKey, VerifyingKey};
use accord_standard::figure::{Figure, FigureValue, Measure, Reliability};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Files by path, `/`-separated, relative to the bundle's folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Context of the signature on a manifest.
pub const MANIFEST_CONTEXT: &str = "release manifest";
/// Context of the signature on a decision.
pub const DECISION_CONTEXT: &str = "council decision";

/// Version of manifests, and of the method that makes synthetic records of a workload from noisy counts: whoever changes what
/// the same counts give counts it up. 1: up to November 2026.
pub const MANIFEST_FORMAT: u32 = 2;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format.
    pub format: u32,
    /// Release id.
    pub release: String,
    /// `draft` or `published`.
    pub status: Status,
    /// Every other file, by path, but for the manifest's own signature.
    pub files: BTreeMap<String, Entry>,
}

/// Draft or published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not decided on by a council.
    Draft,
    /// Decided on and signed.
    Published,
}

/// One file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// SHA-256 in hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// A signature beside the file that it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Short name of the key.
    pub key_id: KeyId,
    /// The key.
    pub key: VerifyingKey,
    /// The signature.
    pub signature: Signature,
}

/// Why files can't be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file is missing.
    #[error("the bundle has no file {0}")]
    Missing(String),
    /// A file can't be read as what it should be.
    #[error("{0} is damaged: {1}")]
    Damaged(String, String),
    /// A value can't be written.
    #[error("{0} can't be written: {1}")]
    Write(String, String),
}

/// Draft files of a release.
pub fn draft_files(
    bundle: &Bundle,
    synthetic: Option<&Synthetic>,
    quality: Option<&Quality>,
) -> Result<Files, FilesError> {
    let mut bundle = bundle.clone();
    bundle.decision = None;
    let mut files = content_files(&bundle)?;
    if let Some(synthetic) = synthetic {
        files.insert("synthetic.csv".into(), synthetic_csv(synthetic, bundle.info.invented)?);
        files.insert("synthetic.parquet".into(), synthetic_parquet(&bundle, synthetic)?);
    }
    if let Some(quality) = quality {
        files.insert("quality.json".into(), json("quality.json", quality)?);
    }
    add_package(&bundle, &mut files)?;
    add_manifest(&bundle.info.id, Status::Draft, &mut files)?;
    Ok(files)
}

/// Files of the published release: those of the draft with the decision, its note in every table, and signatures.
///
/// The caller has checked the decision ([`crate::verify::verify`] checks it again on the result). A flat draft is refused
/// here unless it follows from its noisy counts; `parquet` makes its Parquet file again.
pub fn published_files(
    draft: &Files,
    decision: &Decision,
    decision_signature: &Signed,
    trust_list: &[u8],
    key: &SigningKey,
    parquet: Option<ParquetOf<'_>>,
) -> Result<Files, FilesError> {
    let signature = json("decision.sig.json", decision_signature)?;
    let by = DecisionFiles { decision, signature: &signature, trust_list };
    if is_flat(draft) {
        let files = crate::flat::again::publish(draft, &by, parquet);
        return sign(files.map_err(|why| FilesError::Damaged("the draft".to_owned(), why))?, key);
    }
    let mut bundle = read_bundle(draft)?;
    bundle.decision = Some(decision.clone());
    let mut files = draft.clone();
    let manifest = files.remove("manifest.json").ok_or_else(|| FilesError::Missing("manifest.json".into()))?;
    for (path, bytes) in content_files(&bundle)? {
        files.insert(path, bytes);
    }
    add_decision(&manifest, &by, &mut files)?;
    add_package(&bundle, &mut files)?;
    add_manifest(&bundle.info.id, Status::Published, &mut files)?;
    sign(files, key)
}

/// What turns a draft into a published release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecisionFiles<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// `decision.sig.json`.
    pub signature: &'a [u8],
    /// `trust.json`.
    pub trust_list: &'a [u8],
}

/// Adds the draft's manifest, the decision, its signature and the list of trusted keys.
pub(crate) fn add_decision(draft_manifest: &[u8], by: &DecisionFiles<'_>, files: &mut Files) -> Result<(), FilesError> {
    files.insert("draft/manifest.json".into(), draft_manifest.to_vec());
    files.insert("decision.json".into(), json("decision.json", by.decision)?);
    files.insert("decision.sig.json".into(), by.signature.to_vec());
    files.insert("trust.json".into(), by.trust_list.to_vec());
    Ok(())
}

/// Signs the manifest.
pub(crate) fn sign(mut files: Files, key: &SigningKey) -> Result<Files, FilesError> {
    let manifest = files.get("manifest.json").ok_or_else(|| FilesError::Missing("manifest.json".into()))?;
    let signature = key.sign(MANIFEST_CONTEXT, manifest);
    let signed = Signed { key_id: key.id(), key: key.verifying_key(), signature };
    files.insert("manifest.sig.json".into(), json("manifest.sig.json", &signed)?);
    Ok(files)
}

/// The bundle that files hold, with its decision if their manifest says that they are published: its shapes fit together, so
/// that it can be rendered. Says nothing about whether to trust it.
pub fn read_bundle(files: &Files) -> Result<Bundle, FilesError> {
    let mut bundle: Bundle = parse(files, "release.json")?;
    shapes_fit(&bundle).map_err(|why| FilesError::Damaged("release.json".into(), why))?;
    let published = parse::<Manifest>(files, "manifest.json").is_ok_and(|m| m.status == Status::Published);
    if published && files.contains_key("decision.json") {
        bundle.decision = Some(parse(files, "decision.json")?);
    }
    Ok(bundle)
}

/// The workload can be used, and every table has one figure and one noisy value a cell.
fn shapes_fit(bundle: &Bundle) -> Result<(), String> {
    if let Some(problem) = bundle.workload.problems().first() {
        return Err(format!("its workload can't be used: {problem}"));
    }
    if let Some(study) = &bundle.study {
        if let Some(problem) = study.problems().first() {
            return Err(format!("its study can't be used: {problem}"));
        }
        if study.workload != bundle.workload {
            return Err("its study declares another workload than it holds".into());
        }
    } else if !bundle.series.is_empty() {
        return Err("it holds figures of a study and no study".into());
    }
    if bundle.tables.len() != bundle.workload.tables.len() {
        return Err("it has other tables than its workload declares".into());
    }
    for (spec, table) in bundle.workload.tables.iter().zip(&bundle.tables) {
        let fits = spec.id == table.id
            && table.noisy.table == spec.id
            && table.figures.len() == spec.cells()
            && table.noisy.values.len() == spec.cells();
        if !fits {
            return Err(format!("table {} has other cells than its workload declares", spec.id));
        }
    }
    let all = bundle.tables.iter().map(|t| &t.noisy).chain(&bundle.microdata).chain(&bundle.basis);
    if let Some(table) = all.into_iter().find(|t| !t.is_in_bounds()) {
        return Err(format!("table {} holds a number that no count can have", table.table));
    }
    Ok(())
}

/// SHA-256 of a draft's manifest, in hex: what a decision binds.
pub fn draft_hash(files: &Files) -> Result<String, FilesError> {
    let manifest = files.get("manifest.json").ok_or_else(|| FilesError::Missing("manifest.json".into()))?;
    Ok(sha256(manifest))
}

/// The bytes of a decision that the council signs.
pub fn decision_bytes(decision: &Decision) -> Result<Vec<u8>, FilesError> {
    json("decision.json", decision)
}

/// `release.json` and the tables.
pub(crate) fn content_files(bundle: &Bundle) -> Result<Files, FilesError> {
    let mut files = Files::new();
    let core = Bundle { decision: None, ..bundle.clone() };
    files.insert("release.json".into(), json("release.json", &core)?);
    for (spec, table) in bundle.workload.tables.iter().zip(&bundle.tables) {
        let path = format!("tables/{}.csv", table.id);
        let dimensions: Vec<&str> = spec.dimensions.iter().map(|d| d.id.as_str()).collect();
        let rows = table.figures.iter().enumerate().map(|(cell, figure)| {
            let keys = spec.categories_of(cell).into_iter().zip(&spec.dimensions);
            (keys.map(|(c, d)| d.categories[c].id.clone()).collect(), figure)
        });
        files.insert(path.clone(), figures_csv(&path, bundle, &dimensions, rows)?);
        let path = format!("tables/{}.noisy.csv", table.id);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let wrong = |e: csv::Error| FilesError::Write(path.clone(), e.to_string());
        let mut header = dimensions.clone();
        header.extend(NOISY_AFTER);
        writer.write_record(&header).map_err(wrong)?;
        let sigma = format!("{:.4}", table.noisy.noise().sigma());
        for (cell, value) in table.noisy.values.iter().enumerate() {
            let keys = spec.categories_of(cell).into_iter().zip(&spec.dimensions);
            let mut row: Vec<String> = keys.map(|(c, d)| d.categories[c].id.clone()).collect();
            let draws = table.noisy.draws.len().to_string();
            row.extend([value.to_string(), sigma.clone(), draws, invented(bundle.info.invented).to_owned()]);
            writer.write_record(&row).map_err(wrong)?;
        }
        let bytes = writer.into_inner().map_err(|e| FilesError::Write(path.clone(), e.to_string()))?;
        files.insert(path, bytes);
    }
    if bundle.study.is_some() {
        let path = "study.csv".to_owned();
        let rows = bundle.series.iter().flat_map(|series| {
            let group = series.group.clone().unwrap_or_else(|| "all".to_owned());
            let key = move |p: &crate::study::Point| vec![series.figure.clone(), group.clone(), p.key.clone()];
            series.points.iter().map(move |point| (key(point), &point.figure))
        });
        files.insert(path.clone(), figures_csv(&path, bundle, &["study_figure", "group", "point"], rows)?);
    }
    let headlines = bundle.headlines.iter().map(|h| (vec![h.group.clone()], &h.figure));
    let path = "tables/headlines.csv".to_owned();
    files.insert(path.clone(), figures_csv(&path, bundle, &["group"], headlines)?);
    files.extend(sdmx_files(bundle)?);
    Ok(files)
}

/// Columns of `tables/*.csv` behind the dimensions.
pub(crate) const FIGURE_AFTER: [&str; 12] = [
    "value",
    "low",
    "high",
    "symbol",
    "reliability",
    "unit",
    "subject",
    "definition",
    "caveats",
    "council_note",
    "status",
    "invented",
];
/// Columns of `tables/*.noisy.csv` behind the dimensions.
pub(crate) const NOISY_AFTER: [&str; 4] = ["noisy_count", "sigma", "draws", "invented"];

/// What a bundle's status is called in its files, and the council's note.
pub(crate) fn status_and_note(bundle: &Bundle) -> (&'static str, &str) {
    match &bundle.decision {
        Some(decision) => ("published", &decision.note),
        None => ("DRAFT: not decided on by a council", ""),
    }
}

/// The column that says so where the people are invented.
pub(crate) const fn invented(is: bool) -> &'static str {
    if is { "INVENTED DATA" } else { "no" }
}

/// One figure a row: what identifies it, its value or symbol, and everything that must travel with it.
fn figures_csv<'f>(
    path: &str,
    bundle: &Bundle,
    dimensions: &[&str],
    rows: impl Iterator<Item = (Vec<String>, &'f Figure)>,
) -> Result<Vec<u8>, FilesError> {
    let wrong = |e: csv::Error| FilesError::Write(path.to_owned(), e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["figure"];
    header.extend(dimensions);
    header.extend(FIGURE_AFTER);
    writer.write_record(&header).map_err(wrong)?;
    let unit = match bundle.info.unit {
        Unit::People => "people",
        Unit::Records => "records",
        Unit::Rows => "rows",
    };
    let (status, note) = status_and_note(bundle);
    for (keys, figure) in rows {
        let (value, low, high, symbol) = value_cells(&figure.value);
        let mut row = vec![figure.id.clone()];
        row.extend(keys);
        let unit = match &figure.value {
            FigureValue::Estimate { measure, .. } => measure_word(*measure),
            _ => unit,
        };
        let mut caveats = figure.caveats.join(" ");
        if let FigureValue::Refused { reason } = &figure.value {
            caveats = format!("Refused: {reason}. {caveats}");
        }
        row.extend([value, low, high, symbol, reliability_word(figure.reliability).to_owned(), unit.to_owned()]);
        row.extend([guard(&figure.subject), guard(&figure.definition), guard(&caveats)]);
        row.extend([guard(note), status.to_owned(), invented(figure.invented).to_owned()]);
        writer.write_record(&row).map_err(wrong)?;
    }
    writer.into_inner().map_err(|e| FilesError::Write(path.to_owned(), e.to_string()))
}

/// Value, low, high and symbol as written in every text format.
pub fn value_cells(value: &FigureValue) -> (String, String, String, String) {
    let none = String::new;
    match value {
        FigureValue::Count { value, low, high } => (value.to_string(), low.to_string(), high.to_string(), none()),
        FigureValue::Range { low, high } => (none(), low.to_string(), high.to_string(), none()),
        FigureValue::Estimate { value, low, high, .. } => {
            (value.map_or_else(none, |v| v.to_string()), low.to_string(), high.to_string(), none())
        }
        FigureValue::Symbol { symbol, range } => {
            let end = |at: usize| range.map_or_else(none, |r| r[at].to_string());
            (none(), end(0), end(1), symbol.mark().to_owned())
        }
        FigureValue::Refused { .. } => (none(), none(), none(), "refused".to_owned()),
    }
}

/// What an estimate is measured in, as in files.
pub const fn measure_word(measure: Measure) -> &'static str {
    match measure {
        Measure::Percent => "percent",
        Measure::Years => "years",
        Measure::Per100PersonYears => "per 100 person-years",
        Measure::Ratio => "ratio",
        Measure::Per100000 => "per 100,000 residents",
        Measure::People => "people",
    }
}

/// The word for a reliability, as in files.
pub const fn reliability_word(reliability: Reliability) -> &'static str {
    match reliability {
        Reliability::Solid => "solid",
        Reliability::Care => "care",
        Reliability::RangeOnly => "range_only",
        Reliability::NotShown => "not_shown",
    }
}

/// Text that a spreadsheet would take for a formula gets an apostrophe (SEC-10).
pub fn guard(text: &str) -> String {
    let lead = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace() || c.is_control());
    let risky = text.starts_with(['\t', '\r']) || lead.starts_with(['=', '+', '-', '@', '|', '%']);
    if risky { format!("'{text}") } else { text.to_owned() }
}

pub(crate) fn synthetic_csv(synthetic: &Synthetic, is_invented: bool) -> Result<Vec<u8>, FilesError> {
    let wrong = |e: csv::Error| FilesError::Write("synthetic.csv".into(), e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = synthetic.columns();
    header.extend(["kind", "invented"]);
    writer.write_record(&header).map_err(wrong)?;
    for row in synthetic.rows() {
        let tail = ["synthetic", invented(is_invented)];
        writer.write_record(row.iter().map(String::as_str).chain(tail)).map_err(wrong)?;
    }
    writer.into_inner().map_err(|e| FilesError::Write("synthetic.csv".into(), e.to_string()))
}

fn add_package(bundle: &Bundle, files: &mut Files) -> Result<(), FilesError> {
    files.insert("datapackage.json".into(), package(bundle, files)?);
    Ok(())
}

pub(crate) fn add_manifest(release: &str, status: Status, files: &mut Files) -> Result<(), FilesError> {
    let entries = files
        .iter()
        .map(|(path, bytes)| (path.clone(), Entry { sha256: sha256(bytes), bytes: bytes.len() as u64 }))
        .collect();
    let manifest = Manifest { format: MANIFEST_FORMAT, release: release.to_owned(), status, files: entries };
    files.insert("manifest.json".into(), json("manifest.json", &manifest)?);
    Ok(())
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Pretty JSON with a line end: readable, and the same bytes each time.
pub(crate) fn json<T: Serialize>(path: &str, value: &T) -> Result<Vec<u8>, FilesError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| FilesError::Write(path.to_owned(), e.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads one JSON file of a bundle.
pub fn parse<T: for<'de> Deserialize<'de>>(files: &Files, path: &str) -> Result<T, FilesError> {
    let bytes = files.get(path).ok_or_else(|| FilesError::Missing(path.to_owned()))?;
    serde_json::from_slice(bytes).map_err(|e| FilesError::Damaged(path.to_owned(), e.to_string()))
}

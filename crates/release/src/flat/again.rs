//! A flat release made again from its sealed noisy counts: to check a draft, to publish it, and to check what was published.
//!
//! **What a decision changes.** The files of a draft say that they are a draft, and anybody may hand on one file without the
//! others: so a published release can't keep them and say "published" in a file beside. It is rendered anew instead, from the
//! same report with the decision in it ([`FlatReport::decided`]); the council's note then travels with every figure into every
//! format that has room for a note. That leaves one function with one more input, and all is still post-processing: whoever
//! verifies a published release makes rows and report again from the noisy counts **once**, renders them twice, and compares
//! both byte for byte: without the decision, which must give the very manifest that the council's decision binds, and with
//! it, which must give the files that stand here. So nothing but status and note can differ from what the council saw.
//!
//! Start reading at [`Again`].

use super::report::{
    Draft, DraftError, Drafted, FlatReport, MEASURED, PARQUET, REPORT, draft_stating, files as rendered,
};
use super::{CUT, MOST_FILLED, Measured, ROWS, length_id};
use crate::account::check_delta;
use crate::bundle::{Decision, Outcome};
use crate::files::{DecisionFiles, Files, Manifest, Status, add_decision, add_manifest, parse, sha256};
use crate::privacy::DeskCost;
use crate::verify::named;
use accord_standard::columns::Columns;

/// Writes Parquet: another crate does, since this one is also the hub's. Without it the file is taken as it stands.
pub type ParquetOf<'a> = &'a dyn Fn(&Columns, &[Vec<u16>]) -> Result<Vec<u8>, String>;

/// Files of a published release that no draft has.
pub const DECISION_FILES: [&str; 4] = ["decision.json", "decision.sig.json", "trust.json", DRAFT_MANIFEST];

/// The draft's manifest, as a published release carries it along.
const DRAFT_MANIFEST: &str = "draft/manifest.json";

/// Whether files are those of a flat release.
pub fn is_flat(files: &Files) -> bool {
    files.contains_key(REPORT) && !files.contains_key("release.json")
}

impl FlatReport {
    /// The report as it stands once a council has decided: status, decision and note differ, and nothing else.
    #[must_use]
    pub fn decided(mut self, decision: &Decision) -> FlatReport {
        self.status = Status::Published;
        let [needed, held] = decision.quorum;
        let what = match decision.outcome {
            Outcome::Approve => "approved",
            Outcome::Defer => "put off",
            Outcome::Veto => "refused",
        };
        let mut notes = vec![format!(
            "The council “{}” {what} this release on {} (as it states, with {needed} of {held} keys).",
            decision.council, decision.date
        )];
        if !decision.note.is_empty() {
            notes.push(format!("The council’s note: {}", decision.note));
        }
        self.notes.splice(..1, notes);
        self.decision = Some(decision.clone());
        self
    }

    /// Takes out again what [`FlatReport::decided`] put in: for whoever can't tell whether a council did decide.
    pub fn undecide(&mut self) {
        if let Some(decision) = self.decision.take() {
            let said = 1 + usize::from(!decision.note.is_empty());
            self.notes.drain(..said.min(self.notes.len()));
        }
        self.status = Status::Draft;
    }
}

/// Everything that follows from the noisy counts of a release, made again.
#[derive(Debug)]
pub struct Again {
    measured: Measured,
    drafted: Drafted,
    others: Files,
}

impl Again {
    /// Makes rows and report again, and compares the report with the one that stands in the files.
    ///
    /// # Errors
    /// What doesn't follow.
    pub fn of(files: &Files, parquet: Option<ParquetOf<'_>>) -> Result<Again, String> {
        super::choice::is_of_this_format(files)?;
        let report: FlatReport = parse(files, REPORT).map_err(|e| e.to_string())?;
        let measured: Measured = parse(files, MEASURED).map_err(|e| e.to_string())?;
        measured.columns.check().map_err(|e| e.to_string())?;
        check_delta(report.privacy.delta).map_err(|e| e.to_string())?;
        measured_as_stated(&measured)?;
        let spent: u64 = measured.tables.iter().flat_map(|t| &t.draws).fold(0, |sum, d| sum.saturating_add(d.rho.0));
        let spent = measured.choice.as_ref().map_or(spent, |c| spent.saturating_add(c.rho.0));
        if spent > report.privacy.rho.0 || report.privacy.rho > report.privacy.rho_cumulative {
            return Err("the measurements cost more than the report states".to_owned());
        }
        let plan = Draft {
            info: report.info.clone(),
            domain: report.domain,
            delta: report.privacy.delta,
            cost: DeskCost { this: report.privacy.rho, cumulative: report.privacy.rho_cumulative },
            asked: report.asked.clone(),
            // The earlier draft is not here: what was compared of it stands in the report, and is compared again.
            previous: report.compared.as_ref().map(|c| c.previous.clone()),
        };
        let drafted = draft_stating(&measured, &plan, Some(&report.privacy), &mut |_| {}).map_err(|e| e.to_string())?;
        let stated = match &report.decision {
            Some(decision) => drafted.report.clone().decided(decision),
            None => drafted.report.clone(),
        };
        if stated != report {
            return Err("report.json is not what the noisy counts give".to_owned());
        }
        let mut others = Files::new();
        if let Some(standing) = files.get(PARQUET) {
            let bytes = match parquet {
                Some(parquet) => parquet(&measured.columns, &drafted.synthetic.columns)?,
                None => standing.clone(),
            };
            others.insert(PARQUET.to_owned(), bytes);
        }
        Ok(Again { measured, drafted, others })
    }

    /// The files of the draft, its manifest among them.
    fn draft(&self) -> Result<Files, DraftError> {
        rendered(&self.measured, &self.drafted, self.others.clone())
    }

    /// The files of the published release, all but the signature on its manifest.
    fn published(&self, draft_manifest: &[u8], by: &DecisionFiles<'_>) -> Result<Files, DraftError> {
        let decided = self.drafted.decided(by.decision);
        let mut files = rendered(&self.measured, &decided, self.others.clone())?;
        files.remove("manifest.json");
        add_decision(draft_manifest, by, &mut files)?;
        add_manifest(&self.drafted.report.info.id, Status::Published, &mut files)?;
        Ok(files)
    }
}

/// Makes everything again that follows from the noisy counts of a draft, and compares.
///
/// # Errors
/// What doesn't follow.
pub fn follows(files: &Files) -> Result<(), String> {
    draft_follows(&Again::of(files, None)?, files)
}

/// [`follows`], for a draft and for a published release alike. Says nothing of who signed.
///
/// # Errors
/// What doesn't follow.
pub(crate) fn stands(files: &Files) -> Result<(), String> {
    let manifest: Manifest = parse(files, "manifest.json").map_err(|e| e.to_string())?;
    let again = Again::of(files, None)?;
    match manifest.status {
        Status::Draft => draft_follows(&again, files),
        Status::Published => published_follows(&again, files).and_then(|()| decided(&again, files)),
    }
}

/// The files are those of this draft, no more and no fewer, byte for byte.
pub(crate) fn draft_follows(again: &Again, files: &Files) -> Result<(), String> {
    let same = again.draft().map_err(|e| e.to_string())?;
    same_files(&same, files)
}

/// The files are those of this published release; the signature on its manifest is another check's.
pub(crate) fn published_follows(again: &Again, files: &Files) -> Result<(), String> {
    let file = |path: &str| files.get(path).ok_or_else(|| format!("{path} is missing"));
    let (signature, trust_list) = (file("decision.sig.json")?, file("trust.json")?);
    let decision: Decision = parse(files, "decision.json").map_err(|e| e.to_string())?;
    let by = DecisionFiles { decision: &decision, signature, trust_list };
    let mut same = again.published(file(DRAFT_MANIFEST)?, &by).map_err(|e| e.to_string())?;
    if let Some(signature) = files.get("manifest.sig.json") {
        same.insert("manifest.sig.json".to_owned(), signature.clone());
    }
    same_files(&same, files)
}

/// The decision approves, and binds the manifest of the draft that these noisy counts give.
pub(crate) fn decided(again: &Again, files: &Files) -> Result<(), String> {
    let decision: Decision = parse(files, "decision.json").map_err(|e| e.to_string())?;
    if decision.outcome != Outcome::Approve {
        return Err("the council did not approve".to_owned());
    }
    decision.has_a_day()?;
    let draft = again.draft().map_err(|e| e.to_string())?;
    if files.get(DRAFT_MANIFEST) != draft.get("manifest.json") {
        return Err("the draft's manifest is not that of the draft which the noisy counts give".to_owned());
    }
    if draft.get("manifest.json").map(|bytes| sha256(bytes)) != Some(decision.draft) {
        return Err("the decision is about another draft".to_owned());
    }
    Ok(())
}

/// Files of the published release of a draft, all but the manifest's signature.
///
/// # Errors
/// If the draft is not one, or doesn't follow from its noisy counts.
pub(crate) fn publish(draft: &Files, by: &DecisionFiles<'_>, parquet: Option<ParquetOf<'_>>) -> Result<Files, String> {
    let again = Again::of(draft, parquet)?;
    draft_follows(&again, draft)?;
    let manifest = draft.get("manifest.json").ok_or("manifest.json is missing")?;
    again.published(manifest, by).map_err(|e| e.to_string())
}

fn same_files(again: &Files, files: &Files) -> Result<(), String> {
    if let Some(path) = files.keys().find(|path| !again.contains_key(*path)) {
        return Err(format!("{} is no file of a flat release", named(path)));
    }
    match again.keys().find(|path| again.get(*path) != files.get(*path)) {
        None => Ok(()),
        Some(path) => Err(format!("{path} is not what the noisy counts give")),
    }
}

/// The measurements are those of the layout, in order, each of one draw that is as large as its cost demands.
fn measured_as_stated(measured: &Measured) -> Result<(), String> {
    let layout = measured.layout().map_err(|e| e.to_string())?;
    if !(1..=1000).contains(&measured.rows_per_person) {
        return Err("it states a number of rows a person that makes no sense".to_owned());
    }
    let rows = u64::from(measured.rows_per_person) * u64::from(measured.rows_per_person);
    let has = |id: &str| measured.tables.iter().any(|t| t.table == id);
    let mut expected = vec![(ROWS.to_owned(), 1, rows)];
    // A bound was chosen or declared; where it was, how many rows are over it was counted.
    if measured.choice.is_some() != has(MOST_FILLED) {
        return Err("a bound was chosen, and it is not said how; or it is said and none was".to_owned());
    }
    if measured.shape.most_filled.is_some() {
        expected.extend(has(MOST_FILLED).then(|| (MOST_FILLED.to_owned(), 1, rows)));
        expected.extend(has(CUT).then(|| (CUT.to_owned(), 1, rows)));
    }
    for k in 1..=layout.lengths() {
        let most = rows.saturating_mul(layout.most_cells(k).max(1));
        expected.push((length_id(k), layout.cells(k), most));
    }
    if measured.tables.len() != expected.len() {
        return Err("it holds other measurements than its domain has".to_owned());
    }
    for (table, (id, cells, most)) in measured.tables.iter().zip(expected) {
        if id == MOST_FILLED {
            super::choice::as_stated(measured, table)?;
            continue;
        }
        let [draw] = &table.draws[..] else { return Err(format!("{id} is not one draw")) };
        if table.table != id || table.values.len() != cells {
            return Err(format!("{id} is not where it should be, or has other cells than its domain has"));
        }
        if !table.is_in_bounds() {
            return Err(format!("{id} holds a number that no count can have"));
        }
        if draw.rho.0 == 0 || draw.sigma_milli == 0 {
            return Err(format!("{id} has no noise"));
        }
        draw.bears_its_cost(most).map_err(|why| format!("{id}: {why}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

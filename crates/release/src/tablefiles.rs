//! The other formats of a workload's release: each table as SDMX-CSV, the synthetic rows as Parquet, and the Data Package that
//! describes all files.
//!
//! **It must never know** exact counts: what comes in are figures and synthetic rows. Everything here is a function of the
//! bundle, so that whoever verifies it makes the same bytes again. Symbols, unknown rows, definitions, caveats, the council's
//! note and the mark of invented people stand in each format (PRIVACY 14).
//!
//! Start reading at [`sdmx_files`].

mod package;
pub mod parquet;
mod sdmx;

pub(crate) use package::package;
pub(crate) use sdmx::sdmx_files;

use crate::bundle::Bundle;
use crate::files::FilesError;
use crate::synth::Synthetic;
use parquet::{TextColumn, write_parquet};
use std::collections::BTreeMap;

/// The synthetic rows as Parquet, with the columns and texts of `synthetic.csv`: what is unknown says so and is never null.
pub fn synthetic_parquet(bundle: &Bundle, synthetic: &Synthetic) -> Result<Vec<u8>, FilesError> {
    let mut distinct: Vec<Distinct> = synthetic.columns().iter().map(|_| Distinct::default()).collect();
    for row in synthetic.rows() {
        for (column, text) in distinct.iter_mut().zip(row) {
            column.add(text);
        }
    }
    let named = synthetic.columns().into_iter().zip(&distinct);
    let mut columns: Vec<TextColumn<'_>> = named
        .map(|(name, column)| TextColumn {
            name,
            texts: column.texts.iter().map(String::as_str).collect(),
            code: Box::new(|row| column.codes[row]),
        })
        .collect();
    let is_invented = crate::files::invented(bundle.info.invented);
    for (name, text) in [("kind", "synthetic"), ("invented", is_invented)] {
        columns.push(TextColumn { name, texts: vec![text], code: Box::new(|_| 1) });
    }
    let caveats = caveats(bundle).join(" ");
    let words = [
        ("release", bundle.info.id.as_str()),
        ("title", &bundle.info.title),
        ("kind", "Every row is synthetic: none is a person's."),
        ("definition", &bundle.workload.definition),
        ("caveats", &caveats),
        ("invented", is_invented),
    ];
    let mut out = Vec::new();
    write_parquet(&columns, synthetic.len(), &words, &mut out)
        .map_err(|e| FilesError::Write("synthetic.parquet".into(), e.to_string()))?;
    Ok(out)
}

/// Texts in the order in which they first came, and the code of each row.
#[derive(Default)]
struct Distinct {
    texts: Vec<String>,
    known: BTreeMap<String, u32>,
    codes: Vec<u32>,
}

impl Distinct {
    fn add(&mut self, text: String) {
        let next = self.texts.len() as u32 + 1;
        let code = *self.known.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        });
        self.codes.push(code);
    }
}

/// The caveats that stand at every figure of a release.
fn caveats(bundle: &Bundle) -> &[String] {
    let figure = bundle.tables.iter().find_map(|t| t.figures.first());
    figure.map_or(&bundle.workload.caveats, |f| &f.caveats)
}

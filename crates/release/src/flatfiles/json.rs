//! `aggregates.json`: the aggregates as programs like them, each with its interval and reliability, and what they mean once
//! for all.

use super::csv::put_combination;
use super::{About, Buffer, Flat, FlatError};
use crate::files::reliability_word;
use crate::publish::reliability;
use std::io::Write;

impl Flat<'_> {
    /// Writes the aggregates in the order of `aggregates.csv`, one a line. `low`, `high` and `reliability` are absent where
    /// there is no interval.
    pub fn aggregates_json(&self, about: &About, out: &mut dyn Write) -> Result<(), FlatError> {
        let pairs = self.pairs(|json| json)?;
        let head = serde_json::json!({
            "release": about.id,
            "title": about.title,
            "slot": about.slot,
            "status": about.status_words(),
            "invented": about.invented_words(),
            "unit": about.unit_word(),
            "definition": about.definition,
            "caveats": about.caveats,
            "columns": self.columns.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        });
        let mut buffer = Buffer::new(out);
        buffer.put(b"{\"about\":");
        buffer.put(&serde_json::to_vec(&head)?);
        buffer.put(b",\"aggregates\":[");
        for (at, aggregate) in self.aggregates.iter().enumerate() {
            buffer.put(if at == 0 { b"\n" } else { b",\n" });
            buffer.put(b"{\"combination\":");
            put_combination(&mut buffer, &pairs, &aggregate.cells);
            buffer.put(b",\"count\":");
            buffer.number(aggregate.count);
            if let Some([low, high]) = aggregate.range {
                buffer.put(b",\"low\":");
                buffer.number(low);
                buffer.put(b",\"high\":");
                buffer.number(high);
                buffer.put(b",\"reliability\":\"");
                buffer.put(reliability_word(reliability(aggregate.count, low, high)).as_bytes());
                buffer.put(b"\"");
            }
            buffer.put(b"}");
            buffer.row_done()?;
        }
        buffer.put(b"\n]}\n");
        Ok(buffer.finish()?)
    }
}

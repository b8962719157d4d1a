//! Files that are wrong on purpose: each is a small good file with one thing spoilt, to show what a check says.

use crate::file::csv_line;
use crate::{HolderKind, HolderSpec};

/// A file that is wrong on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoilt {
    /// Name of the file; says INVENTED and what is wrong.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Code of the finding that a check must report.
    pub finding: &'static str,
    /// Number of the spoilt row among the records, from 1.
    pub row: usize,
}

/// What is spoilt: finding, column, text that goes there.
const CELLS: [(&str, &str, &str); 8] = [
    ("age-out-of-range", "age_at_identification", "170"),
    ("age-out-of-range", "age_at_recruitment", "-1"),
    ("not-a-number", "age_at_exit", "seventeen"),
    ("unknown-code", "sex_registered", "yes"),
    ("bad-date", "registration_date", "some day"),
    ("future-date", "event.1.date", "2099-01-01"),
    ("bad-consent", "consent_p2", "perhaps"),
    ("formula", "citizenship", "=1+1"),
];

/// Small files, each with one fault.
pub fn spoilt(seed: u64) -> Vec<Spoilt> {
    let spec = HolderSpec { name: "Invented hotline".into(), kind: HolderKind::Hotline, records: 30 };
    let world = crate::world(seed, &[spec]);
    let holder = &world.holders[0];
    let (header, rows) = (holder.header(), holder.rows().collect::<Vec<_>>());
    let mut out = Vec::new();
    let mut put = |what: &str, finding, row: usize, header: &[String], rows: &[Vec<String>]| {
        let mut text = String::new();
        csv_line(&mut text, header, ',');
        for row in rows {
            csv_line(&mut text, row, ',');
        }
        out.push(Spoilt { name: format!("INVENTED-bad-{what}.csv"), bytes: text.into_bytes(), finding, row });
    };
    for (n, (finding, column, text)) in CELLS.iter().enumerate() {
        let (at, row) = (header.iter().position(|h| h == column), 3 + n);
        let mut rows = rows.clone();
        if let Some(cell) = at.and_then(|at| rows.get_mut(row - 1)?.get_mut(at)) {
            (*text).clone_into(cell);
        }
        put(&format!("{finding}-{}", column.replace('.', "-")), finding, row, &header, &rows);
    }
    let mut twice = rows.clone();
    let same = twice[4][0].clone();
    twice[9][0] = same;
    put("duplicate-id", "duplicate-id", 10, &header, &twice);
    let mut nobody = rows.clone();
    nobody[6][0] = String::new();
    put("missing-id", "missing-id", 7, &header, &nobody);
    let mut ragged = rows.clone();
    ragged[7].push("one cell too many".into());
    put("ragged-row", "ragged-row", 8, &header, &ragged);
    let mut backwards = rows;
    for (column, age) in [("age_at_recruitment", "19"), ("age_at_identification", "12")] {
        if let Some(cell) = header.iter().position(|h| h == column).and_then(|at| backwards[11].get_mut(at)) {
            age.clone_into(cell);
        }
    }
    put("inconsistent-ages", "inconsistent-ages", 12, &header, &backwards);
    out
}

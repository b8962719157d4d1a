//! The record's own flat columns as a mapping, made from the codebook.

use super::{ColumnMap, ColumnRule, Crosswalk};
use crate::codebook::{Codebook, Kind, Level};
use crate::consent::Purpose;
use std::collections::BTreeMap;

/// Most events in one row of the flat form; JSON lines and workbooks have no such limit.
pub const FLAT_EVENTS: u16 = 60;

/// Most perpetrators, and most platform actions, in one row of the flat form.
pub const FLAT_OTHERS: u16 = 10;

/// Field path of the legal basis: a code of the list `legal_basis` that goes to the consent ledger, not to the record.
pub const LEGAL_BASIS: &str = "legal_basis";

pub(super) fn accord(book: &Codebook) -> Crosswalk {
    let mut columns = vec![column("record_id".into(), String::new(), ColumnRule::RecordId)];
    for level in Level::ALL {
        let numbers = match level {
            Level::Record => 0..1,
            Level::Event => 1..FLAT_EVENTS + 1,
            Level::Perpetrator | Level::PlatformAction => 1..FLAT_OTHERS + 1,
        };
        for number in numbers {
            for (_, field) in book.level(level) {
                let path = match level {
                    Level::Record => field.id.clone(),
                    _ => format!("{}.{number}.{}", level.prefix(), field.id),
                };
                columns.push(column(path.clone(), path, rule(field.kind)));
            }
        }
    }
    for purpose in Purpose::ALL {
        columns.push(column(format!("consent_{}", purpose.code()), purpose.code().into(), ColumnRule::Consent));
    }
    columns.push(column(LEGAL_BASIS.into(), LEGAL_BASIS.into(), ColumnRule::Code));
    Crosswalk {
        id: "accord".into(),
        version: book.version.clone(),
        title: "Accord's own columns".into(),
        source: "standard/record.toml".into(),
        missing: Vec::new(),
        separator: Some(";".into()),
        dates: Some("ymd".into()),
        workload: Some("default".into()),
        notes: Vec::new(),
        columns,
    }
}

fn rule(kind: Kind) -> ColumnRule {
    match kind {
        Kind::Text => ColumnRule::Text,
        Kind::Code => ColumnRule::Code,
        Kind::Codes => ColumnRule::Codes,
        Kind::Integer => ColumnRule::Integer,
        Kind::Age => ColumnRule::Age,
        Kind::Date => ColumnRule::Date,
    }
}

fn column(name: String, field: String, rule: ColumnRule) -> ColumnMap {
    ColumnMap {
        name,
        aliases: Vec::new(),
        field,
        rule,
        values: BTreeMap::new(),
        codes: Vec::new(),
        note: String::new(),
    }
}

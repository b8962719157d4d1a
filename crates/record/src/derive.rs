//! Derived fields: which categories of a published dimension a record falls into.
//!
//! A dimension is resolved once against the codebook ([`Derivation::new`]); then each record is read alone, so the rule is
//! a function of that person's record and nothing else (PRIVACY 1).

use crate::model::{Cell, Part, Record, cell_in};
use accord_standard::codebook::{Codebook, FieldId, Level};
use accord_standard::dimension::{Dimension, Rule};
use accord_standard::value::Code;

/// A dimension resolved against a codebook.
#[derive(Clone, Debug)]
pub struct Derivation {
    rule: Rule,
    source: Source,
    categories: Vec<Condition>,
    /// Index of the category `none`, for [`Rule::AllMatches`].
    none: Option<u8>,
    /// Index of the category `unknown`.
    unknown: u8,
}

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
struct Source {
    level: Level,
    field: FieldId,
}

/// When a category holds.
#[derive(Clone, Debug, Default)]
struct Condition {
    any: Vec<Code>,
    each: Vec<Vec<Code>>,
    also: Option<(Source, Vec<Code>)>,
    low: u16,
    high: u16,
    is_band: bool,
}

/// Why a dimension can't be used with a codebook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The field doesn't exist.
    #[error("dimension {0}: the codebook has no field {1}")]
    Field(String, String),
    /// The code doesn't exist.
    #[error("dimension {0}: field {1} has no code {2}")]
    Code(String, String, String),
    /// The last category must be `unknown`, and there may be 255 at most.
    #[error("dimension {0}: the last of at most 255 categories must be `unknown`")]
    Unknown(String),
}

impl Derivation {
    /// Resolves a dimension.
    pub fn new(dimension: &Dimension, codebook: &Codebook) -> Result<Derivation, DeriveError> {
        let source = |path: &str| -> Result<Source, DeriveError> {
            let field =
                codebook.field(path).ok_or_else(|| DeriveError::Field(dimension.id.clone(), path.to_owned()))?;
            Ok(Source { level: codebook.get(field).level, field })
        };
        let codes = |path: &str, ids: &[String]| -> Result<Vec<Code>, DeriveError> {
            let missing = |id: &str| DeriveError::Code(dimension.id.clone(), path.to_owned(), id.to_owned());
            let field = source(path)?.field;
            ids.iter().map(|id| codebook.list_of(field).and_then(|l| l.code(id)).ok_or_else(|| missing(id))).collect()
        };
        let mut categories = Vec::with_capacity(dimension.categories.len());
        for category in &dimension.categories {
            let also = match &category.also_field {
                Some(path) => Some((source(path)?, codes(path, &category.also_any)?)),
                None => None,
            };
            categories.push(Condition {
                any: codes(&dimension.field, &category.any)?,
                each: category.each.iter().map(|set| codes(&dimension.field, set)).collect::<Result<_, _>>()?,
                also,
                low: category.low.unwrap_or(0),
                high: category.high.unwrap_or(u16::MAX),
                is_band: category.low.is_some() || category.high.is_some(),
            });
        }
        let last = dimension.categories.last().filter(|c| c.id == "unknown" && dimension.categories.len() <= 255);
        if last.is_none() {
            return Err(DeriveError::Unknown(dimension.id.clone()));
        }
        Ok(Derivation {
            rule: dimension.rule,
            source: source(&dimension.field)?,
            none: dimension.categories.iter().position(|c| c.id == "none").map(|i| i as u8),
            unknown: (categories.len() - 1) as u8,
            categories,
        })
    }

    /// Indices of the categories that the record falls into, in order, into `out` (cleared first). Never empty.
    pub fn categories(&self, record: &Record, out: &mut Vec<u8>) {
        out.clear();
        match self.rule {
            Rule::FirstMatch => {
                let hit = (0..self.unknown).find(|i| self.holds(&self.categories[usize::from(*i)], record));
                out.push(hit.unwrap_or(self.unknown));
            }
            Rule::AllMatches => {
                let plain = (0..self.unknown).filter(|i| Some(*i) != self.none);
                out.extend(plain.filter(|i| self.holds(&self.categories[usize::from(*i)], record)));
                if out.is_empty() {
                    let none = self.none.filter(|i| self.holds(&self.categories[usize::from(*i)], record));
                    out.push(none.unwrap_or(self.unknown));
                }
            }
            Rule::AgeBand => {
                let mut band = self.unknown;
                if let Cell::Age(age) = record.cell(self.source.field) {
                    // Only a band that holds the whole known range: a wider range is never split or imputed.
                    let hit = (0..self.unknown).find(|i| {
                        let c = &self.categories[usize::from(*i)];
                        c.is_band && c.low <= u16::from(age.low) && u16::from(age.high) <= c.high
                    });
                    band = hit.unwrap_or(self.unknown);
                }
                out.push(band);
            }
            Rule::YearBand | Rule::Steps | Rule::Order | Rule::Elapsed => out.push(self.unknown),
        }
    }

    fn holds(&self, condition: &Condition, record: &Record) -> bool {
        (!condition.any.is_empty() && any_cell(record, self.source, &|cell| surely_has(cell, &condition.any)))
            || (!condition.each.is_empty()
                && condition.each.iter().all(|set| any_cell(record, self.source, &|cell| surely_has(cell, set))))
            || condition
                .also
                .as_ref()
                .is_some_and(|(source, codes)| any_cell(record, *source, &|cell| surely_has(cell, codes)))
    }
}

/// Whether a cell surely holds one of the codes. A composite "one of" counts only if every possibility is among them.
fn surely_has(cell: &Cell, codes: &[Code]) -> bool {
    match cell {
        Cell::Code(code) => codes.contains(code),
        Cell::Codes(held) => held.iter().any(|c| codes.contains(c)),
        Cell::OneOf(possible) => !possible.is_empty() && possible.iter().all(|c| codes.contains(c)),
        Cell::Missing(_) | Cell::Integer(_) | Cell::Age(_) | Cell::Date(_) | Cell::Text(_) => false,
    }
}

/// Whether any cell of the field satisfies the test: one for a record-level field, one a part for the others.
fn any_cell(record: &Record, source: Source, test: &dyn Fn(&Cell) -> bool) -> bool {
    let in_parts = |parts: &[Part]| parts.iter().any(|part| test(cell_in(part, source.field)));
    match source.level {
        Level::Record => test(record.cell(source.field)),
        Level::Event => in_parts(&record.events),
        Level::Perpetrator => in_parts(&record.perpetrators),
        Level::PlatformAction => in_parts(&record.platform_actions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, AgePrecision};
    use accord_standard::codebook::{Class, CodeEntry, Codelist, Field, Kind, Role};
    use accord_standard::dimension::Category;
    use accord_standard::value::Missing;

    fn codebook() -> Codebook {
        let field = |id: &str, number, level, kind, list: Option<&str>| Field {
            id: id.into(),
            number,
            level,
            kind,
            list: list.map(Into::into),
            class: Class::Sensitive,
            role: Role::Topic,
            label: String::new(),
            definition: String::new(),
            why: String::new(),
            source: String::new(),
            example: String::new(),
            range: None,
        };
        let code = |id: &str, number| CodeEntry {
            id: id.into(),
            number,
            label: id.into(),
            definition: String::new(),
            source: String::new(),
            aliases: vec![],
            rollup: std::collections::BTreeMap::new(),
            ..CodeEntry::default()
        };
        let list = Codelist {
            id: "l".into(),
            version: "1".into(),
            label: String::new(),
            definition: String::new(),
            codes: vec![code("a", 1), code("b", 2), code("c", 3), code("none", 4)],
        };
        Codebook {
            version: "test".into(),
            fields: vec![
                field("purpose", 1, Level::Record, Kind::Codes, Some("l")),
                field("age", 2, Level::Record, Kind::Age, None),
                field("techuse", 3, Level::Event, Kind::Code, Some("l")),
                field("tech", 4, Level::Record, Kind::Code, Some("l")),
            ],
            lists: [("l".to_owned(), list)].into(),
        }
    }

    fn category(id: &str, any: &[&str], each: &[&[&str]]) -> Category {
        Category {
            id: id.into(),
            label: String::new(),
            any: any.iter().map(|s| (*s).to_owned()).collect(),
            each: each.iter().map(|set| set.iter().map(|s| (*s).to_owned()).collect()).collect(),
            ..Category::default()
        }
    }

    fn derive(rule: Rule, field: &str, categories: Vec<Category>, record: &Record) -> Vec<u8> {
        let dimension = Dimension {
            id: "d".into(),
            label: String::new(),
            definition: String::new(),
            field: field.into(),
            rule,
            categories,
            ..Dimension::default()
        };
        let mut out = vec![9];
        Derivation::new(&dimension, &codebook()).unwrap().categories(record, &mut out);
        out
    }

    fn record(cells: Vec<(u16, Cell)>) -> Record {
        Record { cells: cells.into_iter().map(|(f, c)| (FieldId(f), c)).collect(), ..Record::default() }
    }

    #[test]
    fn the_first_category_that_holds_wins_and_several_codes_can_be_asked_for_together() {
        let categories = || {
            vec![
                category("both", &[], &[&["a"], &["b"]]),
                category("a", &["a"], &[]),
                category("b", &["b"], &[]),
                category("unknown", &[], &[]),
            ]
        };
        for (codes, expected) in [(vec![1, 2], 0), (vec![1], 1), (vec![2, 3], 2), (vec![3], 3), (vec![], 3)] {
            let cell = Cell::Codes(codes.into_iter().map(Code).collect());
            assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &record(vec![(0, cell)])), [expected]);
        }
        let missing = record(vec![(0, Cell::Missing(Missing::Refused))]);
        assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &missing), [3]);
    }

    #[test]
    fn one_of_a_set_counts_only_where_every_possibility_agrees() {
        let categories = || vec![category("ab", &["a", "b"], &[]), category("unknown", &[], &[])];
        let one_of = |codes: &[u16]| record(vec![(0, Cell::OneOf(codes.iter().map(|c| Code(*c)).collect()))]);
        assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &one_of(&[1, 2])), [0]);
        assert_eq!(derive(Rule::FirstMatch, "purpose", categories(), &one_of(&[1, 3])), [1]);
    }

    #[test]
    fn an_age_range_wider_than_a_band_is_unknown_and_never_split() {
        let band = |id: &str, low, high| Category { low: Some(low), high, ..category(id, &[], &[]) };
        let bands = || {
            vec![
                band("a0_9", 0, Some(9)),
                band("a10_14", 10, Some(14)),
                band("a15_17", 15, Some(17)),
                band("a18", 18, None),
                category("unknown", &[], &[]),
            ]
        };
        let age = |low, high| record(vec![(1, Cell::Age(Age { low, high, precision: AgePrecision::Range }))]);
        for (low, high, expected) in [(9, 9, 0), (10, 14, 1), (9, 17, 4), (15, 17, 2), (18, 255, 3), (40, 44, 3)] {
            assert_eq!(derive(Rule::AgeBand, "age", bands(), &age(low, high)), [expected], "{low}-{high}");
        }
    }

    #[test]
    fn roles_come_from_all_events_and_none_only_where_no_role_is_known() {
        let none = Category {
            also_field: Some("tech".into()),
            also_any: vec!["none".into()],
            ..category("none", &["none"], &[])
        };
        let categories = || {
            vec![category("a", &["a"], &[]), category("b", &["b"], &[]), none.clone(), category("unknown", &[], &[])]
        };
        let with_events = |codes: &[u16]| Record {
            events: codes.iter().map(|c| vec![(FieldId(2), Cell::Code(Code(*c)))]).collect(),
            ..Record::default()
        };
        assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[2, 1, 2, 4])), [0, 1]);
        assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[4])), [2]);
        assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &with_events(&[])), [3]);
        let said_none = record(vec![(3, Cell::Code(Code(4)))]);
        assert_eq!(derive(Rule::AllMatches, "event.techuse", categories(), &said_none), [2]);
    }
}

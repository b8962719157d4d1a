//! Categories by how far an age lies from the age that a law names.

use super::DeriveError;
use super::resolve::Resolve;
use crate::model::{Cell, Record};
use accord_standard::codebook::{FieldId, Level};
use accord_standard::value::Code;

/// An age of the record itself against the law of a place in a year.
#[derive(Clone, Debug)]
pub(super) struct Law {
    age: FieldId,
    place: FieldId,
    on: FieldId,
    sex: Option<FieldId>,
    ages: Vec<Entry>,
    gaps: Vec<Gap>,
}

#[derive(Clone, Debug)]
struct Entry {
    place: Code,
    sex: Option<Code>,
    years: i32,
    from: i32,
    to: i32,
}

/// Years of age less the law's, both ends inclusive.
#[derive(Clone, Debug)]
struct Gap {
    category: u8,
    low: i32,
    high: i32,
}

impl Law {
    pub(super) fn new(resolve: &Resolve<'_>) -> Result<Law, DeriveError> {
        let dimension = resolve.dimension;
        let missing = || DeriveError::Field(dimension.id.clone(), "law".into());
        let law = dimension.law.as_ref().ok_or_else(missing)?;
        let one = |path: &str, id: &String| -> Result<Code, DeriveError> {
            let no_code = || DeriveError::Code(dimension.id.clone(), path.to_owned(), id.clone());
            resolve.codes(path, std::slice::from_ref(id))?.into_iter().next().ok_or_else(no_code)
        };
        let mut ages = Vec::new();
        for age in &law.ages {
            let sex = age.sex.as_ref().map(|sex| one("sex_registered", sex)).transpose()?;
            ages.push(Entry {
                place: one(&law.jurisdiction, &age.jurisdiction)?,
                sex,
                years: i32::from(age.years),
                from: age.from.map_or(i32::MIN, i32::from),
                to: age.to.map_or(i32::MAX, i32::from),
            });
        }
        let gaps = dimension.categories.iter().enumerate().filter(|(_, c)| c.gap_low.is_some() || c.gap_high.is_some());
        Ok(Law {
            age: resolve.at(&dimension.field, Level::Record)?,
            place: resolve.at(&law.jurisdiction, Level::Record)?,
            on: resolve.at(&law.on, Level::Record)?,
            sex: resolve.codebook.field("sex_registered"),
            ages,
            gaps: gaps
                .map(|(at, c)| Gap {
                    category: at as u8,
                    low: c.gap_low.map_or(i32::MIN, i32::from),
                    high: c.gap_high.map_or(i32::MAX, i32::from),
                })
                .collect(),
        })
    }

    /// The band that holds the whole known range of ages, less the one age that the law names for this person; none where
    /// the place, the year or the sex leaves several.
    pub(super) fn of(&self, record: &Record) -> Option<u8> {
        let (Cell::Age(age), Cell::Code(place)) = (record.cell(self.age), record.cell(self.place)) else { return None };
        let year = match record.cell(self.on) {
            Cell::Date(date) => Some(i32::from(date.year)),
            _ => None,
        };
        let sex = match self.sex.map(|sex| record.cell(sex)) {
            Some(Cell::Code(sex)) => Some(*sex),
            _ => None,
        };
        let mut in_force = self.ages.iter().filter(|e| {
            e.place == *place
                && year.is_none_or(|year| e.from <= year && year <= e.to)
                && e.sex.is_none_or(|of| sex.is_none_or(|sex| sex == of))
        });
        let first = in_force.next()?;
        if in_force.any(|other| other.years != first.years) {
            return None;
        }
        // A law for one sex says nothing of somebody whose sex isn't known, unless one for everybody says the same.
        if first.sex.is_some() && sex.is_none() {
            return None;
        }
        // A year that isn't known could lie outside every law that is listed.
        if year.is_none() && (first.from != i32::MIN || first.to != i32::MAX) {
            return None;
        }
        let (low, high) = (i32::from(age.low) - first.years, i32::from(age.high) - first.years);
        self.gaps.iter().find(|g| g.low <= low && high <= g.high).map(|g| g.category)
    }
}

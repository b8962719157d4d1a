//! What is asked for, found among what is published: the tables that hold the chosen dimensions together.

use accord_hub::site::HEADLINES;
use accord_hub::{Entry, Published};
use accord_standard::dimension::{Category, Dimension, Rule};
use accord_standard::figure::Figure;

/// One category of one dimension.
#[derive(Clone, Copy, Debug)]
pub struct Picked<'a> {
    /// Dimension.
    pub dimension: &'a Dimension,
    /// Category of it.
    pub category: &'a Category,
}

impl Picked<'_> {
    /// As it stands in an address.
    pub fn key(&self) -> String {
        format!("{}.{}", self.dimension.id, self.category.id)
    }
}

/// What a selection is shown by.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The categories of a dimension.
    Dimension(&'a Dimension),
    /// The groups that the release declares.
    Headlines,
}

impl By<'_> {
    /// As it stands in an address.
    pub fn key(&self) -> &str {
        match self {
            By::Dimension(d) => &d.id,
            By::Headlines => HEADLINES,
        }
    }
}

/// A selection: whom, from which release, by what.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// Release.
    pub release: &'a Published,
    /// Sex or gender.
    pub sex: Option<Picked<'a>>,
    /// Age.
    pub age: Option<Picked<'a>>,
    /// Anything else.
    pub also: Vec<Picked<'a>>,
    /// By what.
    pub by: Option<By<'a>>,
    /// Table, where one was named.
    pub table: Option<Entry<'a>>,
}

/// What is published of a selection.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// Cells of a published table, one for each category of a dimension.
    Cells {
        /// Table.
        table: Entry<'a>,
        /// Dimension that they are shown by, as the table has it.
        by: &'a Dimension,
        /// Cell numbers in the table's order.
        cells: Vec<usize>,
        /// Other tables with the same dimensions, about other people.
        others: Vec<Entry<'a>>,
    },
    /// All groups that the release declares.
    Headlines,
    /// A table holds it with something more, which must be chosen too.
    Further(Vec<&'a Dimension>),
    /// No table holds it.
    NotPublished,
    /// Nothing was chosen to show it by.
    Open,
}

/// Whether the dimension tells sex or gender apart.
pub fn is_sex(dimension: &Dimension) -> bool {
    matches!(dimension.field.as_str(), "sex_registered" | "gender") || matches!(dimension.id.as_str(), "sex" | "gender")
}

/// Whether the dimension tells ages apart.
pub fn is_age(dimension: &Dimension) -> bool {
    dimension.rule == Rule::AgeBand
}

/// All dimensions of a release's tables, each once, in reading order.
pub fn dimensions(release: &Published) -> Vec<&Dimension> {
    let mut all: Vec<&Dimension> = Vec::new();
    for dimension in release.tables().flat_map(|entry| &entry.spec.dimensions) {
        if !all.iter().any(|d| d.id == dimension.id) {
            all.push(dimension);
        }
    }
    all
}

impl<'a> Choice<'a> {
    /// Everything that is chosen.
    pub fn picks(&self) -> impl Iterator<Item = &Picked<'a>> {
        self.sex.iter().chain(&self.age).chain(&self.also)
    }

    /// The same without what is chosen of one dimension.
    pub fn drop(&mut self, dimension: &str) {
        let other = |p: &Picked<'a>| p.dimension.id != dimension;
        self.sex = self.sex.filter(other);
        self.age = self.age.filter(other);
        self.also.retain(other);
    }

    /// What it is shown by is not chosen as well, not even in another cut of the same field.
    pub fn make_room(&mut self) {
        let Some(By::Dimension(by)) = self.by else { return };
        let other = |p: &Picked<'a>| p.dimension.id != by.id && !(is_age(by) && p.dimension.field == by.field);
        self.sex = self.sex.filter(other);
        self.age = self.age.filter(other);
        self.also.retain(other);
    }

    /// The same, by something else.
    pub fn by(&self, by: By<'a>) -> Choice<'a> {
        let mut other = Choice { by: Some(by), table: None, ..self.clone() };
        other.make_room();
        other
    }

    /// The same with one category chosen as well, in place of what was chosen of its kind.
    pub fn with(&self, one: Picked<'a>) -> Choice<'a> {
        let mut other = self.clone();
        other.drop(&one.dimension.id);
        if is_sex(one.dimension) {
            other.sex = Some(one);
        } else if is_age(one.dimension) && other.age.is_none() {
            other.age = Some(one);
        } else {
            other.also.push(one);
        }
        other
    }

    /// What of it is published.
    pub fn answer(&self) -> Answer<'a> {
        let by = match self.by {
            None => return Answer::Open,
            Some(By::Headlines) if self.picks().next().is_none() => return Answer::Headlines,
            Some(By::Headlines) => return Answer::NotPublished,
            Some(By::Dimension(by)) => by,
        };
        let picks: Vec<&Picked<'a>> = self.picks().filter(|p| p.dimension.id != by.id).collect();
        let mut fitting: Vec<(Entry<'a>, &'a Dimension, Vec<usize>)> = Vec::new();
        let mut further: Option<Vec<&'a Dimension>> = None;
        for entry in self.release.tables() {
            let missing = missing(&entry, &picks, by);
            match missing {
                Some(more) if more.is_empty() => {
                    if let Some((own, cells)) = cells(&entry, &picks, by) {
                        fitting.push((entry, own, cells));
                    }
                }
                Some(more) if further.as_ref().is_none_or(|least| more.len() < least.len()) => further = Some(more),
                _ => {}
            }
        }
        if fitting.is_empty() {
            return further.map_or(Answer::NotPublished, Answer::Further);
        }
        let named = |e: &Entry<'a>| self.table.as_ref().is_some_and(|t| t.index == e.index);
        let at = fitting
            .iter()
            .position(|(e, ..)| named(e))
            .or_else(|| fitting.iter().position(|(e, ..)| e.spec.among.is_none()))
            .unwrap_or(0);
        let (table, by, cells) = fitting.remove(at);
        Answer::Cells { table, by, cells, others: fitting.into_iter().map(|(e, ..)| e).collect() }
    }

    /// The published number of everyone that the selection is about: the cell of a table that tells just these dimensions
    /// apart, and counts the same people as `table`.
    pub fn whole(&self, table: &Entry<'a>) -> Option<&'a Figure> {
        let picks: Vec<&Picked<'a>> = self.picks().collect();
        self.release.tables().find_map(|entry| {
            let own = &entry.spec.dimensions;
            if own.len() != picks.len() || entry.spec.among != table.spec.among {
                return None;
            }
            let ids: Option<Vec<&str>> = own
                .iter()
                .map(|d| picks.iter().find(|p| p.dimension.id == d.id).map(|p| p.category.id.as_str()))
                .collect();
            entry.cell(&ids?)
        })
    }

    /// Whether a table holds whom it is about by this dimension.
    pub fn shows(&self, by: &'a Dimension) -> bool {
        matches!(self.by(By::Dimension(by)).answer(), Answer::Cells { .. })
    }

    /// Its address, always the same for the same selection.
    pub fn address(&self, page: &str) -> String {
        let mut parts = vec![format!("release={}", self.release.id())];
        parts.extend(self.table.as_ref().map(|t| format!("table={}", t.table.id)));
        parts.extend(self.sex.map(|p| format!("sex={}", p.key())));
        parts.extend(self.age.map(|p| format!("age={}", p.key())));
        parts.extend(self.also.iter().map(|p| format!("also={}", p.key())));
        parts.extend(self.by.map(|by| format!("by={}", by.key())));
        // Ids of bundles are plain in practice; what is not is left out of the address rather than put into it raw.
        let plain = |part: &String| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"=._-".contains(&b));
        parts.retain(plain);
        format!("{page}?{}", parts.join("&"))
    }
}

/// Dimensions of a table that are neither chosen nor shown; `None` if it lacks one that is.
fn missing<'a>(entry: &Entry<'a>, picks: &[&Picked<'_>], by: &Dimension) -> Option<Vec<&'a Dimension>> {
    let own = &entry.spec.dimensions;
    let has = |id: &str| own.iter().any(|d| d.id == id);
    if !has(&by.id) || picks.iter().any(|p| !has(&p.dimension.id)) {
        return None;
    }
    let chosen = |d: &Dimension| d.id == by.id || picks.iter().any(|p| p.dimension.id == d.id);
    Some(own.iter().filter(|d| !chosen(d)).collect())
}

/// The cells of a table for all categories of one dimension, the others fixed.
fn cells<'a>(entry: &Entry<'a>, picks: &[&Picked<'_>], by: &Dimension) -> Option<(&'a Dimension, Vec<usize>)> {
    let own = &entry.spec.dimensions;
    let at = own.iter().position(|d| d.id == by.id)?;
    let mut key = Vec::with_capacity(own.len());
    for dimension in own {
        let wanted = picks.iter().find(|p| p.dimension.id == dimension.id);
        key.push(match wanted {
            Some(p) => dimension.categories.iter().position(|c| c.id == p.category.id)?,
            None => 0,
        });
    }
    let by = &own[at];
    let cell = |category: usize| {
        key[at] = category;
        entry.spec.cell_of(&key)
    };
    Some((by, (0..by.size()).map(cell).collect()))
}

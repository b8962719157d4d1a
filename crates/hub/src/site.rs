//! `Site`: the releases that one hub shows.

use crate::flat::{Flat, Release, Shown};
use accord_release::bundle::{Bundle, Decision, Headline, Outcome, PublishedTable};
use accord_release::files::Files;
use accord_release::study::{Point, Series};
use accord_standard::figure::Figure;
use accord_standard::study::Study;
use accord_standard::workload::TableSpec;
use std::collections::{BTreeMap, BTreeSet};

/// Id under which a release's headlines are looked up as if they were a table. No table may have it.
pub const HEADLINES: &str = "headlines";

/// Why a bundle can't be shown.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SiteError {
    /// Two releases have the same id; one figure would have two values.
    #[error("two bundles carry the release id `{0}`; a release has one id for ever, so only one of them can be shown")]
    SameRelease(String),
    /// Two figures have the same id.
    #[error("release `{release}` holds two figures with the id `{figure}`")]
    SameFigure {
        /// Release.
        release: String,
        /// Figure.
        figure: String,
    },
    /// The council decided against publication: neither page nor file of it is shown.
    #[error("the survivor council decided that release `{0}` may not be published; it is not shown")]
    Vetoed(String),
    /// Somebody says that a council decided against publication. Not shown either, as it may be so.
    #[error(
        "release `{0}` carries a decision against its publication, of which nobody checked the signature; it is not shown"
    )]
    VetoNotChecked(String),
    /// The report of a flat release can't be read.
    #[error("it can't be shown: {0}")]
    Unreadable(String),
    /// An id holds characters that don't belong in one.
    #[error("`{0}` is not an id: lower case letters, digits, `_`, `-` and, in figures, dots")]
    BadId(String),
    /// A table doesn't fit its declaration.
    #[error("release `{release}`, table `{table}`: {what}")]
    Table {
        /// Release.
        release: String,
        /// Table.
        table: String,
        /// What doesn't fit.
        what: String,
    },
    /// Figures of a study don't fit the study.
    #[error("release `{release}`, figure `{figure}` of its study: {what}")]
    Study {
        /// Release.
        release: String,
        /// Figure of the study.
        figure: String,
        /// What doesn't fit.
        what: String,
    },
}

/// Whether the signatures of a bundle, of its decision above all, were checked against roots that this host trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Checked, and they hold.
    Checked,
    /// Nobody checked. A decision that nobody checked counts for nothing: the release stays a draft.
    NotChecked,
}

/// Where a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No decision yet.
    Draft,
    /// The bundle carries a decision, but its signatures were not checked against a trusted root.
    DecisionNotChecked,
    /// The council put it off.
    Deferred,
    /// The council approved, and its signature was checked.
    Published,
}

impl Status {
    /// Everything but [`Status::Published`] is shown under a banner.
    pub const fn is_draft(self) -> bool {
        !matches!(self, Status::Published)
    }
}

/// Where a release with this decision stands; a veto is refused.
pub(crate) fn status_of(id: &str, decision: Option<&Decision>, proof: Proof) -> Result<Status, SiteError> {
    Ok(match (decision.map(|d| d.outcome), proof) {
        (None, _) => Status::Draft,
        (Some(Outcome::Veto), Proof::Checked) => return Err(SiteError::Vetoed(id.to_owned())),
        (Some(Outcome::Veto), Proof::NotChecked) => return Err(SiteError::VetoNotChecked(id.to_owned())),
        (Some(_), Proof::NotChecked) => Status::DecisionNotChecked,
        (Some(Outcome::Defer), Proof::Checked) => Status::Deferred,
        (Some(Outcome::Approve), Proof::Checked) => Status::Published,
    })
}

/// One release on the site.
#[derive(Clone, Debug)]
pub struct Published {
    /// The release.
    pub bundle: Bundle,
    /// Its files, as they were read and checked.
    pub files: Files,
    /// Where it stands.
    pub status: Status,
}

/// Where a figure stands in its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Cell of a table.
    Cell {
        /// Index of the published table.
        table: usize,
        /// Cell number in the table's order.
        cell: usize,
    },
    /// Headline.
    Headline {
        /// Index of the headline.
        headline: usize,
    },
    /// Number of a study's series.
    Point {
        /// Index of the series.
        series: usize,
        /// Index of the number in it.
        point: usize,
    },
}

/// A figure with its surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its release.
    pub release: &'a Published,
    /// Where it stands in it.
    pub place: Place,
    /// The figure.
    pub figure: &'a Figure,
}

/// A published table with its declaration.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its release.
    pub release: &'a Published,
    /// Index among the release's tables.
    pub index: usize,
    /// What was declared.
    pub spec: &'a TableSpec,
    /// What is published.
    pub table: &'a PublishedTable,
}

impl Published {
    /// Makes a release of a bundle and its files; `proof` says whether the signatures were checked. A decision that nobody
    /// checked is left out: anybody can write one, with a council's name and note.
    pub fn new(mut bundle: Bundle, files: Files, proof: Proof) -> Result<Published, SiteError> {
        let status = status_of(&bundle.info.id, bundle.decision.as_ref(), proof)?;
        if proof == Proof::NotChecked {
            bundle.decision = None;
        }
        if !is_id(&bundle.info.id, false) {
            return Err(SiteError::BadId(bundle.info.id.clone()));
        }
        for table in &bundle.tables {
            let fail = |what: &str| {
                Err(SiteError::Table {
                    release: bundle.info.id.clone(),
                    table: table.id.clone(),
                    what: what.to_owned(),
                })
            };
            let Some(spec) = bundle.workload.tables.iter().find(|s| s.id == table.id) else {
                return fail("it was never declared in the workload");
            };
            if table.id == HEADLINES || !is_id(&table.id, false) {
                return Err(SiteError::BadId(table.id.clone()));
            }
            if spec.dimensions.is_empty() || spec.dimensions.iter().any(|d| d.categories.is_empty()) {
                return fail("it has a dimension without categories");
            }
            let cells = spec.dimensions.iter().try_fold(1_usize, |n, d| n.checked_mul(d.size()));
            if cells != Some(table.figures.len()) {
                return fail("the number of figures is not the number of declared cells");
            }
        }
        for series in &bundle.series {
            let fail = |what: &str| {
                Err(SiteError::Study {
                    release: bundle.info.id.clone(),
                    figure: series.figure.clone(),
                    what: what.to_owned(),
                })
            };
            let Some(spec) = bundle.study.as_ref().and_then(|s| s.figure(&series.figure)) else {
                return fail("the study does not declare it");
            };
            match &series.group {
                None if spec.groups.is_empty() => {}
                Some(group) if spec.groups.contains(group) => {}
                _ => return fail("it is given for a group that it was not declared for"),
            }
        }
        if bundle.study.as_ref().is_some_and(|s| !is_id(&s.id, false)) {
            return Err(SiteError::BadId(bundle.study.map(|s| s.id).unwrap_or_default()));
        }
        Ok(Published { bundle, files, status })
    }

    /// The study that this is a release of, if it is one.
    pub fn study(&self) -> Option<&Study> {
        self.bundle.study.as_ref()
    }

    /// What is published of a figure of the study: one series a group, each with its index.
    pub fn series<'a>(&'a self, figure: &'a str) -> impl Iterator<Item = (usize, &'a Series)> {
        self.bundle.series.iter().enumerate().filter(move |(_, s)| s.figure == figure)
    }

    /// The series and the number in it.
    pub fn point(&self, series: usize, point: usize) -> Option<(&Series, &Point)> {
        let series = self.bundle.series.get(series)?;
        Some((series, series.points.get(point)?))
    }

    /// Release id.
    pub fn id(&self) -> &str {
        &self.bundle.info.id
    }

    /// The table with this id.
    pub fn table(&self, id: &str) -> Option<Entry<'_>> {
        let index = self.bundle.tables.iter().position(|t| t.id == id)?;
        self.table_at(index)
    }

    /// The table with this index.
    pub fn table_at(&self, index: usize) -> Option<Entry<'_>> {
        let table = self.bundle.tables.get(index)?;
        let spec = self.bundle.workload.tables.iter().find(|s| s.id == table.id)?;
        Some(Entry { release: self, index, spec, table })
    }

    /// All tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.bundle.tables.len()).filter_map(|i| self.table_at(i))
    }

    /// The headline of this group.
    pub fn headline(&self, group: &str) -> Option<&Headline> {
        self.bundle.headlines.iter().find(|h| h.group == group)
    }
}

impl<'a> Entry<'a> {
    /// The figure of the cell with these category ids, one a dimension.
    pub fn cell(&self, categories: &[&str]) -> Option<&'a Figure> {
        if categories.len() != self.spec.dimensions.len() {
            return None;
        }
        let at: Option<Vec<usize>> = self
            .spec
            .dimensions
            .iter()
            .zip(categories)
            .map(|(d, id)| d.categories.iter().position(|c| c.id == *id))
            .collect();
        self.table.figures.get(self.spec.cell_of(&at?))
    }
}

/// Where a release of some kind stands in its list.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Tables(usize),
    Flat(usize),
}

/// The releases that a hub shows, oldest first as they were added.
#[derive(Clone, Debug, Default)]
pub struct Site {
    releases: Vec<Published>,
    flats: Vec<Flat>,
    /// All of both kinds, oldest first.
    order: Vec<Kind>,
    figures: BTreeMap<String, (usize, Place)>,
}

impl Site {
    /// A site without releases.
    pub fn new() -> Site {
        Site::default()
    }

    /// Adds a release of either kind; the last one added is the newest.
    pub fn add(&mut self, release: impl Into<Release>) -> Result<(), SiteError> {
        let release = release.into();
        let id = release.shown().id();
        if self.shown(id).is_some() {
            return Err(SiteError::SameRelease(id.to_owned()));
        }
        match release {
            Release::Tables(release) => self.add_tables(*release),
            Release::Flat(release) => {
                self.order.push(Kind::Flat(self.flats.len()));
                self.flats.push(*release);
                Ok(())
            }
        }
    }

    fn add_tables(&mut self, release: Published) -> Result<(), SiteError> {
        let at = self.releases.len();
        let mut seen = BTreeSet::new();
        let cells =
            release.bundle.tables.iter().enumerate().flat_map(|(table, t)| {
                t.figures.iter().enumerate().map(move |(cell, f)| (f, Place::Cell { table, cell }))
            });
        let headlines =
            release.bundle.headlines.iter().enumerate().map(|(headline, h)| (&h.figure, Place::Headline { headline }));
        let points = release.bundle.series.iter().enumerate().flat_map(|(series, s)| {
            s.points.iter().enumerate().map(move |(point, p)| (&p.figure, Place::Point { series, point }))
        });
        let mut found = Vec::new();
        for (figure, place) in cells.chain(headlines).chain(points) {
            if !is_id(&figure.id, true) {
                return Err(SiteError::BadId(figure.id.clone()));
            }
            if !seen.insert(figure.id.as_str()) || self.figures.contains_key(&figure.id) {
                return Err(SiteError::SameFigure { release: release.id().to_owned(), figure: figure.id.clone() });
            }
            found.push((figure.id.clone(), (at, place)));
        }
        self.figures.extend(found);
        self.order.push(Kind::Tables(at));
        self.releases.push(release);
        Ok(())
    }

    /// All releases of both kinds, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Shown<'_>> {
        self.order.iter().filter_map(|kind| match *kind {
            Kind::Tables(at) => self.releases.get(at).map(Shown::Tables),
            Kind::Flat(at) => self.flats.get(at).map(Shown::Flat),
        })
    }

    /// The release of either kind with this id.
    pub fn shown(&self, id: &str) -> Option<Shown<'_>> {
        self.all().find(|release| release.id() == id)
    }

    /// The newest release of either kind: the last one that a council published, else the last draft.
    pub fn newest_shown(&self) -> Option<Shown<'_>> {
        self.all().rev().find(|r| r.status() == Status::Published).or_else(|| self.all().next_back())
    }

    /// All releases by a workload, oldest first.
    pub fn releases(&self) -> &[Published] {
        &self.releases
    }

    /// The newest release by a workload that is no study's: the last one that a council published, else the last draft.
    pub fn newest(&self) -> Option<&Published> {
        self.newest_where(|r| r.study().is_none())
    }

    /// The newest release of the study with this id: the last one that a council published, else the last draft.
    pub fn newest_of_study(&self, study: &str) -> Option<&Published> {
        self.newest_where(|r| r.study().is_some_and(|s| s.id == study))
    }

    fn newest_where(&self, fits: impl Fn(&Published) -> bool) -> Option<&Published> {
        let fitting = || self.releases.iter().rev().filter(|r| fits(r));
        fitting().find(|r| r.status == Status::Published).or_else(|| fitting().next())
    }

    /// The release by a workload with this id.
    pub fn release(&self, id: &str) -> Option<&Published> {
        self.releases.iter().find(|r| r.id() == id)
    }

    /// The figure with this permanent id.
    pub fn figure(&self, id: &str) -> Option<Found<'_>> {
        let (at, place) = *self.figures.get(id)?;
        let release = self.releases.get(at)?;
        let figure = match place {
            Place::Cell { table, cell } => release.bundle.tables.get(table)?.figures.get(cell)?,
            Place::Headline { headline } => &release.bundle.headlines.get(headline)?.figure,
            Place::Point { series, point } => &release.point(series, point)?.1.figure,
        };
        Some(Found { release, place, figure })
    }

    /// The same figure in other releases: same table and cell, or same headline group, oldest release first.
    pub fn versions(&self, id: &str) -> Vec<Found<'_>> {
        let Some(own) = self.figure(id) else { return Vec::new() };
        let tail = own.figure.id.strip_prefix(own.release.id()).unwrap_or(&own.figure.id);
        let others = self.releases.iter().filter(|r| r.id() != own.release.id());
        others.filter_map(|r| self.figure(&format!("{}{tail}", r.id()))).collect()
    }
}

/// Lower case letters, digits, `_` and `-`; dots too where `dots`. Country codes (upper case) may stand in cell keys.
pub(crate) fn is_id(text: &str, dots: bool) -> bool {
    let fits = |b: u8| {
        b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || b == b'_'
            || b == b'-'
            || (dots && (b == b'.' || b.is_ascii_uppercase()))
    };
    !text.is_empty() && text.len() <= 200 && text.bytes().all(fits) && !text.starts_with('.') && !text.contains("..")
}

#[cfg(test)]
mod tests;

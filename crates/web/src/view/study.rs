//! The page of a study's release: its sections in the order of its file, each shown as the file says. Every block is the
//! same: statement, picture, caveat, what is refused and why, the same numbers as a table, exports.

pub mod ages;
mod along;
pub mod groups;
mod steps;

pub use groups::speaking;

use crate::page::Page;
use crate::say;
use crate::text::clean;
use crate::view::figure::{self, Link, exports, flags, group_tone};
use crate::view::table::TableView;
use accord_hub::Published;
use accord_release::study::{Point, Series};
use accord_standard::figure::{Figure, FigureValue, Includes, Reliability};
use accord_standard::study::{FigureSpec, Group, Section, Show, Study};
use std::collections::BTreeMap;

/// A section of the page.
#[derive(Debug)]
pub struct SectionView {
    /// Anchor.
    pub anchor: String,
    /// Heading.
    pub heading: String,
    /// Words before what is shown.
    pub text: String,
    /// What is shown.
    pub blocks: Vec<Block>,
}

/// Something shown.
#[derive(Debug, Default)]
pub struct Block {
    /// Anchor, unique in its page.
    pub anchor: String,
    /// Heading.
    pub heading: String,
    /// What it says, each with its interval in the words.
    pub statements: Vec<String>,
    /// How to read the picture, in words; empty where it needs none.
    pub how: String,
    /// Charts as SVG, on one scale.
    pub charts: Vec<String>,
    /// Whether the charts need the whole width.
    pub wide: bool,
    /// Of whom no number is given, with the reason.
    pub refused: Vec<(String, String)>,
    /// What the method found out about itself.
    pub notes: Vec<String>,
    /// Warnings of the figure's own.
    pub caveats: Vec<String>,
    /// What the figure means.
    pub definition: String,
    /// The numbers.
    pub rows: Vec<Row>,
    /// Where the same numbers stand already, instead of [`Block::rows`].
    pub above: Option<String>,
    /// A published table.
    pub table: Option<TableView>,
    /// Ages against each other, one table a sex.
    pub grids: Vec<ages::Grid>,
    /// The page that has all of it.
    pub more: Option<Link>,
    /// Exports.
    pub exports: Vec<Link>,
    /// What stands on everything of the release: invented, draft.
    pub flags: Vec<String>,
}

/// A number in the table under a chart.
#[derive(Debug)]
pub struct Row {
    /// Whose.
    pub who: String,
    /// Which of the series; empty if there is only one.
    pub what: String,
    /// Address of the figure's page.
    pub href: String,
    /// Permanent id.
    pub id: String,
    /// Value, range, symbol, or a word for a refusal.
    pub value: String,
    /// Interval.
    pub interval: String,
    /// What the interval includes; reason of a refusal; how far it can be leant on.
    pub note: String,
    /// Whether it is of people of whom something isn't known.
    pub unknown: bool,
}

/// Everything that a block is made from.
pub(crate) struct Shown<'a> {
    pub page: &'a Page,
    pub release: &'a Published,
    pub study: &'a Study,
    pub spec: &'a FigureSpec,
    /// Girls first, unknown last, else in the order of the file.
    pub series: Vec<&'a Series>,
    /// Makes the ids of its charts unique in the page.
    pub anchor: String,
}

impl<'a> Shown<'a> {
    pub fn new(
        page: &'a Page,
        release: &'a Published,
        study: &'a Study,
        figure: &'a str,
        anchor: String,
    ) -> Option<Shown<'a>> {
        let spec = study.figure(figure)?;
        let mut series: Vec<&Series> = release.series(figure).map(|(_, s)| s).collect();
        series.sort_by_key(|s| order(group_of(study, s)));
        Some(Shown { page, release, study, spec, series, anchor })
    }

    pub fn who(&self, series: &Series) -> String {
        match group_of(self.study, series) {
            Some(group) => clean(&group.label),
            None => self.page.t("study-everyone"),
        }
    }

    pub fn tone(&self, series: &Series) -> crate::chart::Tone {
        group_of(self.study, series).map_or(crate::chart::Tone::Navy, group_tone)
    }

    /// Groups of people of whom sex or age isn't known that the table could tell apart and the figure isn't given for.
    pub fn unknown_left_out(&self) -> Vec<&'a Group> {
        let Some(entry) = self.release.table(&self.spec.table) else { return Vec::new() };
        let given: Vec<&Group> = self.spec.groups.iter().filter_map(|id| self.study.group(id)).collect();
        if given.is_empty() {
            return Vec::new();
        }
        let unknown_in = |group: &Group| -> Vec<String> {
            group.select.iter().filter(|(_, ids)| ids.iter().all(|i| i == "unknown")).map(|(d, _)| d.clone()).collect()
        };
        let covered: Vec<String> = given.iter().flat_map(|g| unknown_in(g)).collect();
        self.study
            .groups
            .iter()
            .filter(|g| {
                let unknown = unknown_in(g);
                !unknown.is_empty()
                    && unknown.iter().all(|d| !covered.contains(d))
                    && g.select.keys().all(|d| entry.spec.dimensions.iter().any(|own| own.id == *d))
            })
            .collect()
    }

    /// What all kinds of blocks have.
    fn block(&self, heading: String) -> Block {
        let common = &self.study.workload.caveats;
        let all = self.series.iter().flat_map(|s| &s.points).flat_map(|p| &p.figure.caveats);
        let mut caveats: Vec<String> = Vec::new();
        for caveat in all.filter(|c| !common.contains(c)).map(|c| clean(c)) {
            if !caveats.contains(&caveat) && !caveat.starts_with("INVENTED") {
                caveats.push(caveat);
            }
        }
        let mut notes: Vec<String> = Vec::new();
        for series in &self.series {
            for note in &series.notes {
                let note = match group_of(self.study, series) {
                    Some(_) if self.series.len() > 1 => format!("{}: {}", self.who(series), clean(note)),
                    _ => clean(note),
                };
                notes.push(note);
            }
        }
        let base = format!("/releases/{}/study/{}", self.release.id(), self.spec.id);
        Block {
            anchor: self.anchor.clone(),
            heading,
            definition: clean(&self.spec.definition),
            caveats,
            notes: shared(notes),
            rows: self.rows(),
            exports: exports(self.page, &base, "figure"),
            flags: flags(self.page, self.release),
            ..Block::default()
        }
    }

    fn rows(&self) -> Vec<Row> {
        let row = |series: &&'a Series, point: &'a Point| Row {
            who: self.who(series),
            what: clean(&point.label),
            href: self.page.href(&format!("/f/{}", point.figure.id)),
            id: point.figure.id.clone(),
            value: say::value(self.page.words(), &point.figure.value),
            interval: say::interval(self.page.words(), &point.figure.value).unwrap_or_default(),
            note: note(self.page, &point.figure),
            unknown: self.tone(series) == crate::chart::Tone::Unknown,
        };
        self.series.iter().flat_map(|s| s.points.iter().map(move |p| row(s, p))).collect()
    }

    /// Groups of which nothing is given at all, with the reason of the first refusal.
    fn refused(&self) -> Vec<(String, String)> {
        let why = |series: &&Series| {
            let reasons: Option<Vec<&String>> = series
                .points
                .iter()
                .map(|p| match &p.figure.value {
                    FigureValue::Refused { reason } => Some(reason),
                    _ => None,
                })
                .collect();
            Some((self.who(series), sentence(reasons?.first()?)))
        };
        self.series.iter().filter_map(why).collect()
    }
}

/// Notes that every group shares stand once.
fn shared(notes: Vec<String>) -> Vec<String> {
    let tail = |n: &String| n.split_once(": ").map_or(n.clone(), |(_, t)| t.to_owned());
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for note in &notes {
        *count.entry(tail(note)).or_default() += 1;
    }
    let mut out: Vec<String> = Vec::new();
    for note in notes {
        let note = if count.get(&tail(&note)).is_some_and(|n| *n > 1) { tail(&note) } else { note };
        if !out.contains(&note) {
            out.push(note);
        }
    }
    out
}

/// A reason as a sentence.
pub(crate) fn sentence(reason: &str) -> String {
    let reason = crate::text::capital(&clean(reason));
    if reason.ends_with(['.', '!', '?']) { reason } else { format!("{reason}.") }
}

fn group_of<'a>(study: &'a Study, series: &Series) -> Option<&'a Group> {
    study.group(series.group.as_deref()?)
}

/// Girls first, unknown last.
fn order(group: Option<&Group>) -> u8 {
    match group.map(group_tone) {
        Some(crate::chart::Tone::Plum) => 0,
        Some(crate::chart::Tone::Unknown) => 2,
        _ => 1,
    }
}

/// What stands beside a number: its reason if there is none, else what its interval includes and how far to lean on it.
pub fn note(page: &Page, figure: &Figure) -> String {
    let w = page.words();
    match &figure.value {
        FigureValue::Refused { reason } => sentence(reason),
        FigureValue::Symbol { symbol, .. } => say::symbol_words(w, *symbol),
        FigureValue::Estimate { value: None, includes: Includes::NoiseAndMissing, .. } => page.t("study-note-bounds"),
        FigureValue::Estimate { value, includes, .. } => {
            let includes = page.t(includes_key(*includes));
            let care = if value.is_none() {
                page.t("range-short")
            } else if figure.reliability == Reliability::Care {
                page.t("care-short")
            } else {
                String::new()
            };
            if care.is_empty() { includes } else { format!("{includes}; {care}") }
        }
        FigureValue::Range { .. } => say::reliability(w, Reliability::RangeOnly),
        FigureValue::Count { .. } if figure.reliability == Reliability::Solid => String::new(),
        FigureValue::Count { .. } => say::reliability(w, figure.reliability),
    }
}

/// Key of the words for what an interval includes.
pub fn includes_key(includes: Includes) -> &'static str {
    match includes {
        Includes::Noise => "includes-noise",
        Includes::NoiseAndMissing => "includes-missing",
        Includes::NoiseAndSampling => "includes-sampling",
    }
}

/// The most cells that a table in a section may have; a larger one has only a page of its own.
const INLINE: usize = 64;

/// All sections, in order.
pub fn sections(page: &Page, release: &Published, study: &Study) -> Vec<SectionView> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    study
        .sections
        .iter()
        .enumerate()
        .map(|(n, section)| SectionView {
            anchor: format!("s{}", n + 1),
            heading: clean(&section.heading),
            text: clean(&section.text),
            blocks: blocks(page, release, study, section, n, &mut seen),
        })
        .collect()
}

fn blocks(
    page: &Page,
    release: &Published,
    study: &Study,
    section: &Section,
    number: usize,
    seen: &mut BTreeMap<String, String>,
) -> Vec<Block> {
    let mut out = Vec::new();
    for (n, show) in section.show.iter().enumerate() {
        let anchor = format!("s{}-{}", number + 1, n + 1);
        let made = match show {
            Show::Table(id) => table(page, release, id, anchor),
            Show::Figures(id) | Show::Curve(id) | Show::Flow(id) | Show::Lexis(id) => {
                let Some(shown) = Shown::new(page, release, study, id, anchor) else { continue };
                let mut block = match show {
                    Show::Curve(_) => along::block(&shown),
                    Show::Flow(_) => steps::block(&shown),
                    Show::Lexis(_) => ages::block(&shown),
                    Show::Figures(_) | Show::Table(_) => groups::block(&shown),
                };
                if !matches!(show, Show::Lexis(_)) {
                    // The same numbers stand once on a page.
                    match seen.get(id) {
                        Some(above) => {
                            block.above = Some(above.clone());
                            block.rows.clear();
                            block.definition.clear();
                            block.notes.clear();
                        }
                        None => {
                            seen.insert(id.clone(), block.anchor.clone());
                        }
                    }
                }
                Some(block)
            }
        };
        out.extend(made);
    }
    out
}

fn table(page: &Page, release: &Published, id: &str, anchor: String) -> Option<Block> {
    let entry = release.table(id)?;
    let cells = entry.table.figures.len();
    let href = page.href(&format!("/releases/{}/tables/{id}", release.id()));
    let view = (cells <= INLINE).then(|| {
        let mut view = TableView::new(page, &entry);
        view.charts.clear();
        view
    });
    Some(Block {
        anchor,
        heading: clean(&entry.spec.title),
        how: if view.is_some() {
            String::new()
        } else {
            page.with("study-table-large", &[("n", (cells as u64).into())])
        },
        table: view,
        more: Some(Link { words: page.t("study-table-page"), href }),
        exports: crate::routes::table_exports(page, release, id),
        flags: figure::flags(page, release),
        ..Block::default()
    })
}

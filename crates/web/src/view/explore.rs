//! The explorer laid out: the sentence with its choices, the answer, and what is not published with the reason.

mod form;

pub use form::{SelectView, form};

use crate::chart::{self, Panel, Tone};
use crate::explore::choice::{Answer, By, Choice, Picked, dimensions, is_sex};
use crate::explore::find::{Part, Wrong};
use crate::page::Page;
use crate::say;
use crate::text::{capital, clean, lower};
use crate::view::figure::{self, Line, Link, bar, line};
use crate::view::table::{category_label, dimension_label};
use accord_hub::{Entry, Place, Site};
use accord_standard::dimension::Dimension;
use accord_standard::figure::{Figure, FigureValue, Reliability};
use std::collections::BTreeMap;

/// The page's own address.
pub const PATH: &str = "/explore";
/// More rows than this are not drawn.
const MOST_DRAWN: usize = 24;

/// One number of the answer.
#[derive(Debug)]
pub struct RowView {
    /// Label, value, interval, reason.
    pub line: Line,
    /// Permanent id.
    pub id: String,
    /// How far it can be leant on, in a word.
    pub lean: String,
    /// Whether it is the row of what is not known.
    pub unknown: bool,
}

/// Numbers that are published.
#[derive(Debug)]
pub struct Shown {
    /// Whom, and by what.
    pub title: String,
    /// The whole group, where that is published too; what is not known of it.
    pub statements: Vec<(String, String)>,
    /// Chart as SVG; empty where there are too many rows.
    pub chart: String,
    /// Numbers.
    pub rows: Vec<RowView>,
    /// That a person can stand in several rows, if so.
    pub several: String,
    /// Those whose sex or age is not known.
    pub missing: Vec<Link>,
    /// The same from other tables.
    pub others: Vec<Link>,
    /// The table.
    pub table: Link,
    /// Exports of just this.
    pub exports: Vec<Link>,
    /// How to cite it.
    pub cite: String,
    /// Address.
    pub address: String,
    /// What the numbers mean.
    pub definition: String,
    /// Warnings.
    pub caveats: Vec<String>,
}

/// What stands where there are no numbers.
#[derive(Debug)]
pub struct Instead {
    /// That something is missing, or can't be shown.
    pub heading: String,
    /// What was asked for, in words.
    pub asked: String,
    /// Reasons.
    pub reasons: Vec<String>,
    /// What is near to it.
    pub nearest: Vec<Link>,
}

/// The places of an answer's numbers, in order; empty if there are none.
pub fn places(choice: &Choice<'_>) -> Vec<Place> {
    match choice.answer() {
        Answer::Cells { table, cells, .. } => {
            cells.into_iter().map(|cell| Place::Cell { table: table.index, cell }).collect()
        }
        Answer::Headlines => {
            (0..choice.release.bundle.headlines.len()).map(|headline| Place::Headline { headline }).collect()
        }
        Answer::Further(_) | Answer::NotPublished | Answer::Open => Vec::new(),
    }
}

/// "girls and women", or what the release calls it.
fn sex_words(page: &Page, picked: &Picked<'_>) -> String {
    let english = lower(&category_label(page, picked.dimension, picked.category));
    page.words().label(&format!("explore-sex-{}", picked.category.id), &english)
}

/// Whom a selection is about.
pub fn who(page: &Page, choice: &Choice<'_>) -> String {
    let at_identification = |p: &Picked<'_>| p.dimension.field == "age_at_identification";
    let (mut words, rest): (String, Vec<&Picked<'_>>) = match (&choice.sex, &choice.age) {
        (Some(sex), Some(age)) if at_identification(age) => {
            (figure::who(page, sex.dimension, sex.category, age.dimension, age.category), choice.also.iter().collect())
        }
        (Some(sex), age) => (sex_words(page, sex), age.iter().chain(&choice.also).collect()),
        (None, age) => (page.t("explore-people"), age.iter().chain(&choice.also).collect()),
    };
    for one in rest {
        let what = lower(&dimension_label(page, one.dimension));
        let answer = category_label(page, one.dimension, one.category);
        words =
            page.with("who-and", &[("who", (&words).into()), ("what", (&what).into()), ("answer", (&answer).into())]);
    }
    words
}

/// What a selection is shown by, in words.
fn by_words(page: &Page, by: By<'_>) -> String {
    match by {
        By::Dimension(d) => lower(&dimension_label(page, d)),
        By::Headlines => page.t("explore-headlines"),
    }
}

/// A selection in words.
pub fn words(page: &Page, choice: &Choice<'_>) -> String {
    let who = capital(&who(page, choice));
    match &choice.by {
        Some(by) => page.with("explore-by-what", &[("who", (&who).into()), ("what", (&by_words(page, *by)).into())]),
        None => page.with("explore-who", &[("who", (&who).into())]),
    }
}

/// A selection as a link.
pub fn link(page: &Page, choice: &Choice<'_>) -> Link {
    Link { words: words(page, choice), href: page.href(&choice.address(PATH)) }
}

fn row(page: &Page, label: String, figure: &Figure, unknown: bool) -> RowView {
    let line = line(page, label, figure);
    let lean = match figure.reliability {
        Reliability::Solid => page.t("explore-lean-solid"),
        Reliability::Care => page.t("care-short"),
        Reliability::RangeOnly => page.t("range-short"),
        Reliability::NotShown => page.t("explore-lean-not-shown"),
    };
    let lean = match &figure.value {
        FigureValue::Symbol { symbol, .. } => say::symbol_short(page.words(), *symbol),
        _ => lean,
    };
    RowView { line, id: figure.id.clone(), lean, unknown }
}

/// The numbers of a selection, if there are any.
pub fn shown(page: &Page, site: &Site, choice: &Choice<'_>) -> Option<Shown> {
    let release = choice.release;
    let answer = choice.answer();
    let mut cited = choice.clone();
    let (title, numbers, several, table) = match &answer {
        Answer::Cells { table, by, cells, .. } => {
            cited.table = Some(*table);
            let numbers = cells.iter().zip(&by.categories).filter_map(|(cell, category)| {
                let tone = match (category.id.as_str(), choice.sex) {
                    ("unknown", _) => Tone::Unknown,
                    (_, Some(sex)) => figure::tone(&sex.category.id),
                    (id, None) if is_sex(by) => figure::tone(id),
                    _ => Tone::Navy,
                };
                Some((category_label(page, by, category), table.table.figures.get(*cell)?, tone))
            });
            let numbers: Vec<_> = numbers.collect();
            let most = table.spec.most_cells_per_person().to_string();
            let several = if table.spec.most_cells_per_person() > 1 {
                page.with("explore-several", &[("n", (&most).into())])
            } else {
                String::new()
            };
            let link = Link {
                words: clean(&table.spec.title),
                href: page.href(&format!("/releases/{}/tables/{}", release.id(), table.table.id)),
            };
            (among(page, &words(page, choice), table), numbers, several, link)
        }
        Answer::Headlines => {
            let numbers = release.bundle.headlines.iter().filter_map(|h| {
                let tone = figure::tone_of(&site.figure(&h.figure.id)?);
                Some((capital(&clean(&h.figure.subject)), &h.figure, tone))
            });
            let link = Link {
                words: page.t("headlines"),
                href: page.href(&format!("/releases/{}/tables/headlines", release.id())),
            };
            (page.t("chart-groups"), numbers.collect(), String::new(), link)
        }
        Answer::Further(_) | Answer::NotPublished | Answer::Open => return None,
    };
    let address = cited.address(PATH);
    let query = address.strip_prefix(PATH).unwrap_or_default();
    let mut exports = figure::exports(page, PATH, "selection");
    for export in &mut exports {
        export.href.push_str(query);
    }
    let bars = numbers.iter().map(|(label, figure, tone)| bar(page, label.clone(), figure, *tone)).collect();
    let drawn = numbers.len() <= MOST_DRAWN;
    let rtl = page.words().rtl;
    let first = numbers.first().map(|(_, figure, _)| *figure);
    let info = &release.bundle.info;
    Some(Shown {
        chart: if drawn { chart::svg("explore", &title, &[Panel { title: None, bars }], rtl) } else { String::new() },
        statements: statements(page, site, choice, &answer),
        rows: numbers.iter().map(|(label, f, tone)| row(page, label.clone(), f, *tone == Tone::Unknown)).collect(),
        several,
        missing: missing(page, choice),
        others: others(page, choice, &answer),
        table,
        exports,
        cite: page.with(
            "explore-cite",
            &[("title", (&info.title).into()), ("release", (&info.id).into()), ("what", (&lower(&title)).into())],
        ),
        address: page.href(&address),
        definition: first.map(|f| clean(&f.definition)).unwrap_or_default(),
        caveats: first.map(|f| f.caveats.iter().map(|c| clean(c)).collect()).unwrap_or_default(),
        title,
    })
}

/// The words with whom the table counts, where it does not count everyone.
fn among(page: &Page, words: &str, table: &Entry<'_>) -> String {
    match &table.spec.among {
        Some(among) => page.with("explore-among", &[("who", words.into()), ("among", (&among.label).into())]),
        None => words.to_owned(),
    }
}

/// The whole group where a table has it, and what is not known of it: the two numbers without which the others mislead.
fn statements(page: &Page, site: &Site, choice: &Choice<'_>, answer: &Answer<'_>) -> Vec<(String, String)> {
    let Answer::Cells { table, by, cells, .. } = answer else { return Vec::new() };
    let unknown = by.categories.iter().position(|c| c.id == "unknown").and_then(|at| {
        let figure = table.table.figures.get(*cells.get(at)?)?;
        Some(figure)
    });
    let whole = choice.whole(table);
    let unit = choice.release.bundle.info.unit;
    let say = |(head, figure): (&str, &Figure)| {
        let subject = site.figure(&figure.id).map(|found| figure::subject(page, &found));
        let subject = subject.unwrap_or_else(|| clean(&figure.subject));
        (page.t(head), say::statement(page.words(), &subject, &figure.value, unit))
    };
    let whole = whole.map(|f| ("explore-whole-words", f));
    whole.into_iter().chain(unknown.map(|f| ("explore-not-known", f))).map(say).collect()
}

/// Where those stand whose sex or age is not known.
fn missing(page: &Page, choice: &Choice<'_>) -> Vec<Link> {
    let unknown = |picked: &Picked<'_>| {
        let category = picked.dimension.categories.iter().find(|c| c.id == "unknown" && c.id != picked.category.id)?;
        let other = choice.with(Picked { dimension: choice_dimension(choice, &picked.dimension.id)?, category });
        matches!(other.answer(), Answer::Cells { .. }).then(|| link(page, &other))
    };
    choice.sex.iter().chain(&choice.age).filter_map(unknown).collect()
}

fn choice_dimension<'a>(choice: &Choice<'a>, id: &str) -> Option<&'a Dimension> {
    dimensions(choice.release).into_iter().find(|d| d.id == id)
}

fn others(page: &Page, choice: &Choice<'_>, answer: &Answer<'_>) -> Vec<Link> {
    let Answer::Cells { others, .. } = answer else { return Vec::new() };
    let other = |entry: &Entry<'_>| {
        let label = match &entry.spec.among {
            Some(among) => clean(&among.label),
            None => page.t("explore-everyone-of-table"),
        };
        let address = format!("{}&table={}", Choice { table: None, ..choice.clone() }.address(PATH), entry.table.id);
        Link { words: capital(&label), href: page.href(&address) }
    };
    others.iter().map(other).collect()
}

/// What is published of whom the choice is about, and what not, with the reason.
pub fn limits(page: &Page, choice: &Choice<'_>) -> (Vec<Link>, Vec<(String, String)>) {
    let who = Choice { also: Vec::new(), ..choice.clone() };
    let (mut can, mut cannot) = (Vec::new(), Vec::new());
    for dimension in dimensions(choice.release) {
        let other = who.by(By::Dimension(dimension));
        match other.answer() {
            Answer::NotPublished => cannot.push((dimension_label(page, dimension), not_published(page, &other))),
            _ => can.push(link(page, &other)),
        }
    }
    (can, cannot)
}

/// Why a selection is not published.
fn not_published(page: &Page, choice: &Choice<'_>) -> String {
    let Some(By::Dimension(by)) = choice.by else { return page.t("explore-not-group") };
    let picks = choice.picks().map(|p| p.dimension).chain([by]);
    let labels: Vec<String> = picks.map(|d| format!("“{}”", dimension_label(page, d))).collect();
    let all = labels.iter().enumerate().skip(1).fold(labels[0].clone(), |first, (at, last)| {
        let key = if at + 1 == labels.len() { "explore-list-and" } else { "explore-list-comma" };
        page.with(key, &[("first", (&first).into()), ("last", last.into())])
    });
    page.with("explore-not-published", &[("all", (&all).into())])
}

/// Why there are no numbers, and what is near to them; `None` if there are.
pub fn instead(page: &Page, choice: &Choice<'_>) -> Option<Instead> {
    let said =
        |heading, reasons, nearest| Instead { heading: page.t(heading), asked: words(page, choice), reasons, nearest };
    match choice.answer() {
        Answer::Cells { .. } | Answer::Headlines => None,
        Answer::Open => Some(said("explore-one-more", vec![page.t("explore-open")], Vec::new())),
        Answer::Further(more) => {
            let reason = |d: &&Dimension| {
                let what = lower(&dimension_label(page, d));
                page.with("explore-needs", &[("what", (&what).into())])
            };
            let nearest = more.first().map(|dimension| {
                let picks = dimension.categories.iter().map(|category| Picked { dimension, category });
                picks.map(|p| link(page, &choice.with(p))).collect()
            });
            Some(said("explore-one-more", more.iter().map(reason).collect(), nearest.unwrap_or_default()))
        }
        Answer::NotPublished => {
            let mut nearest: BTreeMap<String, Link> = BTreeMap::new();
            for other in near(choice) {
                let link = link(page, &other);
                nearest.insert(link.href.clone(), link);
            }
            Some(said("explore-wrong", vec![not_published(page, choice)], nearest.into_values().collect()))
        }
    }
}

/// Selections near to one that is not published: the same thing of a wider group, else the same group by something else.
fn near<'a>(choice: &Choice<'a>) -> Vec<Choice<'a>> {
    let mut found: Vec<Choice<'a>> = Vec::new();
    for id in choice.picks().map(|p| p.dimension.id.clone()).collect::<Vec<_>>() {
        let mut other = choice.clone();
        other.table = None;
        other.drop(&id);
        if !matches!(other.answer(), Answer::NotPublished | Answer::Open) {
            found.push(other);
        }
    }
    if found.is_empty() {
        let others = dimensions(choice.release).into_iter().map(|d| choice.by(By::Dimension(d)));
        found.extend(others.filter(|other| matches!(other.answer(), Answer::Cells { .. })));
    }
    found
}

/// What is wrong with a question, in words.
pub fn wrong(page: &Page, wrong: &Wrong) -> String {
    let key = match wrong.part {
        Part::Release => "explore-wrong-release",
        Part::Sex => "explore-wrong-sex",
        Part::Age => "explore-wrong-age",
        Part::Also => "explore-wrong-also",
        Part::By => "explore-wrong-by",
        Part::Table => "explore-wrong-table",
    };
    let said = page.with(key, &[("asked", (&wrong.asked).into())]);
    if wrong.elsewhere && wrong.part != Part::Release {
        format!("{said} {}", page.t("explore-elsewhere"))
    } else {
        said
    }
}

/// Groups that the release and its study name: those that are one category of each dimension as selections, the others as
/// figures.
pub fn groups(page: &Page, choice: &Choice<'_>) -> Vec<Link> {
    let release = choice.release;
    let all = dimensions(release);
    let selection = |select: &BTreeMap<String, Vec<String>>| {
        let mut other = Choice { sex: None, age: None, also: Vec::new(), table: None, ..choice.clone() };
        for (dimension, categories) in select {
            let [category] = categories.as_slice() else { return None };
            let dimension = all.iter().copied().find(|d| d.id == *dimension)?;
            let category = dimension.categories.iter().find(|c| c.id == *category)?;
            other = other.with(Picked { dimension, category });
        }
        matches!(other.answer(), Answer::Cells { .. }).then(|| page.href(&other.address(PATH)))
    };
    let headlines = release.bundle.headlines.iter().map(|h| {
        let spec = release.bundle.workload.headlines.iter().find(|s| s.id == h.group);
        let href = spec.and_then(|s| selection(&s.select));
        Link {
            words: capital(&clean(&h.figure.subject)),
            href: href.unwrap_or_else(|| page.href(&format!("/f/{}", h.figure.id))),
        }
    });
    let study = release
        .study()
        .into_iter()
        .flat_map(|s| &s.groups)
        .filter_map(|g| Some(Link { words: capital(&clean(&g.label)), href: selection(&g.select)? }));
    headlines.chain(study).collect()
}

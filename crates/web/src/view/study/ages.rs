//! Two ages against each other: when exploitation began, when people were identified. Drawn and told from the published table.

use super::{Block, Shown};
use crate::chart::lexis::{Lexis, Square, svg};
use crate::page::Page;
use crate::say;
use crate::text::clean;
use crate::view::figure::{self, Link};
use crate::view::table::{CellView, category_label, cell, dimension_label};
use accord_hub::Entry;
use accord_standard::dimension::{Category, Dimension};
use accord_standard::figure::{Figure, FigureValue};
use accord_standard::study::Estimator;

/// The numbers of one picture.
#[derive(Debug)]
pub struct Grid {
    /// Whose.
    pub title: String,
    /// Head of the rows.
    pub head: String,
    /// Ages along.
    pub columns: Vec<String>,
    /// Ages down, each with its cells.
    pub rows: Vec<(String, Vec<CellView>)>,
}

/// The dimensions of both ages that an estimator takes, and the age of majority where it has one.
fn asked(estimator: &Estimator) -> Option<(&str, &str, u16)> {
    match estimator {
        Estimator::States { onset, identified, majority, .. } => Some((onset, identified, *majority)),
        Estimator::Crossing { onset, identified, age } | Estimator::Jump { onset, identified, age, .. } => {
            Some((onset, identified, *age))
        }
        Estimator::Delay { onset, identified, under, .. } => Some((onset, identified, *under)),
        _ => None,
    }
}

pub(super) fn block(shown: &Shown<'_>) -> Block {
    let page = shown.page;
    let Some(entry) = shown.release.table(&shown.spec.table) else { return Block::default() };
    let mut block = Block {
        anchor: shown.anchor.clone(),
        heading: clean(&entry.spec.title),
        how: page.t("study-how-lexis"),
        exports: crate::routes::table_exports(page, shown.release, &entry.table.id),
        flags: figure::flags(page, shown.release),
        more: Some(Link {
            words: page.t("study-table-page"),
            href: page.href(&format!("/releases/{}/tables/{}", shown.release.id(), entry.table.id)),
        }),
        wide: true,
        ..Block::default()
    };
    let place = |id: &str| entry.spec.dimensions.iter().position(|d| d.id == id);
    let Some((onset, identified, majority)) = asked(&shown.spec.estimate) else { return block };
    let (Some(onset), Some(identified)) = (place(onset), place(identified)) else { return block };
    let others: Vec<usize> = (0..entry.spec.dimensions.len()).filter(|n| *n != onset && *n != identified).collect();
    // More than one other cut would have to be summed first.
    let [by] = others[..] else { return block };
    let most = entry.table.figures.iter().filter_map(|f| count(&f.value)).fold(1.0, f64::max);
    let ages = Ages { page, entry: &entry, by, onset, identified, majority, most };
    let by = &entry.spec.dimensions[by];
    for (n, category) in by.categories.iter().enumerate() {
        let title = category_label(page, by, category);
        let tone = figure::tone(&category.id);
        let lexis = ages.lexis(n, title.clone(), tone);
        block.charts.push(svg(&format!("{}-c{n}", shown.anchor), &lexis, page.words().rtl));
        block.grids.push(ages.grid(n, title));
    }
    block
}

fn count(value: &FigureValue) -> Option<f64> {
    match value {
        FigureValue::Count { value, .. } => Some(*value as f64),
        _ => None,
    }
}

struct Ages<'a> {
    page: &'a Page,
    entry: &'a Entry<'a>,
    by: usize,
    onset: usize,
    identified: usize,
    majority: u16,
    most: f64,
}

impl<'a> Ages<'a> {
    fn dimensions(&self) -> (&'a Dimension, &'a Dimension) {
        (&self.entry.spec.dimensions[self.onset], &self.entry.spec.dimensions[self.identified])
    }

    fn figure(&self, of: usize, began: usize, seen: usize) -> Option<&'a Figure> {
        let mut key = vec![0; self.entry.spec.dimensions.len()];
        (key[self.by], key[self.onset], key[self.identified]) = (of, began, seen);
        self.entry.table.figures.get(self.entry.spec.cell_of(&key))
    }

    fn lexis(&self, of: usize, title: String, tone: crate::chart::Tone) -> Lexis {
        let (page, w) = (self.page, self.page.words());
        let (onset, identified) = self.dimensions();
        let mut squares = Vec::new();
        let mut words = Vec::new();
        for (r, began) in onset.categories.iter().enumerate() {
            for (c, seen) in identified.categories.iter().enumerate() {
                let figure = self.figure(of, r, c);
                let impossible = matches!((began.low, seen.high), (Some(low), Some(high)) if high < low);
                let square = match figure.map(|f| &f.value) {
                    _ if impossible => Square::Impossible,
                    Some(FigureValue::Count { value, .. }) => Square::Value(*value as f64),
                    Some(FigureValue::Range { high, .. }) => Square::Range(*high as f64),
                    Some(FigureValue::Symbol { symbol: accord_standard::figure::Symbol::Low, .. }) => Square::Low,
                    _ => Square::Hidden,
                };
                squares.push(square);
                if let (Square::Value(_) | Square::Range(_), Some(figure)) = (square, figure) {
                    words.push(page.with(
                        "study-lexis-cell",
                        &[
                            ("onset", (&short(page, began)).into()),
                            ("identified", (&short(page, seen)).into()),
                            ("value", (&say::with_interval(w, &figure.value)).into()),
                        ],
                    ));
                }
            }
        }
        if words.is_empty() {
            words.push(page.t("study-lexis-nothing"));
        }
        let at = |d: &Dimension| d.categories.iter().position(|c| c.low.is_some_and(|low| low >= self.majority));
        let most = w.number(self.most as u64);
        Lexis {
            title,
            tone,
            axes: [dimension_label(page, identified), dimension_label(page, onset)],
            columns: identified.categories.iter().map(|c| short(page, c)).collect(),
            rows: onset.categories.iter().map(|c| short(page, c)).collect(),
            squares,
            most: self.most,
            majority: [at(identified), at(onset)],
            line: page.with("study-turning", &[("age", (&self.majority.to_string()).into())]),
            key: [
                page.t("study-lexis-few"),
                page.with("study-lexis-many", &[("most", (&most).into())]),
                page.t("study-lexis-range"),
                page.t("study-lexis-low"),
                page.t("study-lexis-hidden"),
            ],
            words: words.join("; "),
        }
    }

    fn grid(&self, of: usize, title: String) -> Grid {
        let (onset, identified) = self.dimensions();
        let row = |(r, began): (usize, &Category)| {
            let cells = (0..identified.size()).filter_map(|c| Some(cell(self.page, self.figure(of, r, c)?)));
            (short(self.page, began), cells.collect())
        };
        Grid {
            title,
            head: format!("{} ↓ · {}", dimension_label(self.page, onset), dimension_label(self.page, identified)),
            columns: identified.categories.iter().map(|c| short(self.page, c)).collect(),
            rows: onset.categories.iter().enumerate().map(row).collect(),
        }
    }
}

/// An age in as few signs as it takes.
fn short(page: &Page, category: &Category) -> String {
    match (category.low, category.high) {
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low}–{high}"),
        (Some(low), None) => format!("{low}+"),
        (None, _) => page.t("study-unknown-short"),
    }
}

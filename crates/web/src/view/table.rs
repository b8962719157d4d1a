//! A published table laid out: sex across, the second dimension down, one section for each category of the others.
//! Unknown is always a row and a column.

use crate::chart::{self, Panel};
use crate::page::Page;
use crate::say;
use crate::text::{capital, clean, lower};
use crate::view::figure;
use accord_hub::Entry;
use accord_standard::dimension::{Category, Dimension, Rule};
use accord_standard::figure::{Figure, FigureValue, Reliability};

/// One cell as shown.
#[derive(Debug)]
pub struct CellView {
    /// Address of the figure's page.
    pub href: String,
    /// Value, range, symbol.
    pub value: String,
    /// Interval, empty if there is none.
    pub interval: String,
    /// A word of warning, empty if none is needed.
    pub care: String,
}

/// One row.
#[derive(Debug)]
pub struct RowView {
    /// Label.
    pub label: String,
    /// Whether it is an unknown row.
    pub unknown: bool,
    /// Cells, one for each column.
    pub cells: Vec<CellView>,
}

/// One section.
#[derive(Debug)]
pub struct SectionView {
    /// Anchor.
    pub anchor: String,
    /// Heading; empty for a table with one section.
    pub title: String,
    /// Heading without the names of the dimensions, for the list of sections.
    pub short: String,
    /// Rows.
    pub rows: Vec<RowView>,
}

/// A table laid out.
#[derive(Debug)]
pub struct TableView {
    /// Title.
    pub title: String,
    /// Heading of the rows.
    pub row_head: String,
    /// Columns.
    pub columns: Vec<String>,
    /// Sections.
    pub sections: Vec<SectionView>,
    /// Charts as SVG, on one scale.
    pub charts: Vec<String>,
    /// What the chart shows.
    pub chart_title: String,
    /// Definitions of the dimensions.
    pub dimensions: Vec<(String, String)>,
}

/// Label of a dimension.
pub fn dimension_label(page: &Page, dimension: &Dimension) -> String {
    page.words().label(&format!("dimension-{}", dimension.id), &dimension.label)
}

/// Label of a category.
pub fn category_label(page: &Page, dimension: &Dimension, category: &Category) -> String {
    page.words().label(&format!("category-{}-{}", dimension.id, category.id), &category.label)
}

/// A cell as shown.
pub fn cell(page: &Page, figure: &Figure) -> CellView {
    let w = page.words();
    CellView {
        href: page.href(&format!("/f/{}", figure.id)),
        value: say::value(w, &figure.value),
        interval: say::interval(w, &figure.value).unwrap_or_default(),
        care: match (&figure.value, figure.reliability) {
            (FigureValue::Range { .. }, _) => page.t("range-short"),
            (FigureValue::Count { .. }, Reliability::Care) => page.t("care-short"),
            _ => String::new(),
        },
    }
}

impl TableView {
    /// Lays a table out.
    pub fn new(page: &Page, entry: &Entry<'_>) -> TableView {
        let dimensions = &entry.spec.dimensions;
        let labels = |d: &Dimension| d.categories.iter().map(|c| category_label(page, d, c)).collect::<Vec<_>>();
        // Section number to category indices of the third and later dimensions.
        let rest: Vec<&Dimension> = dimensions.iter().skip(2).collect();
        let count: usize = rest.iter().map(|d| d.size()).product();
        let sections = (0..count).map(|n| section(page, entry, &rest, n)).collect();
        let row_head = dimensions.get(1).map(|d| dimension_label(page, d)).unwrap_or_default();
        let (chart_title, charts) = picture(page, entry);
        TableView {
            title: clean(&entry.spec.title),
            row_head,
            columns: dimensions.first().map(labels).unwrap_or_default(),
            sections,
            charts,
            chart_title,
            dimensions: dimensions.iter().map(|d| (dimension_label(page, d), clean(&d.definition))).collect(),
        }
    }
}

fn section(page: &Page, entry: &Entry<'_>, rest: &[&Dimension], number: usize) -> SectionView {
    let dimensions = &entry.spec.dimensions;
    let mut at = vec![0; rest.len()];
    let mut left = number;
    for (slot, dimension) in at.iter_mut().zip(rest).rev() {
        *slot = left % dimension.size();
        left /= dimension.size();
    }
    let at_rest = || rest.iter().zip(&at).filter_map(|(d, i)| Some((*d, d.categories.get(*i)?)));
    let short: Vec<String> = at_rest().map(|(d, c)| category_label(page, d, c)).collect();
    let title: Vec<String> =
        at_rest().map(|(d, c)| format!("{}: {}", dimension_label(page, d), category_label(page, d, c))).collect();
    let columns = dimensions[0].size();
    let down = dimensions.get(1);
    let rows = (0..down.map_or(1, Dimension::size))
        .map(|row| {
            let key = |column: usize| -> Vec<usize> {
                let mut key = vec![column];
                if down.is_some() {
                    key.push(row);
                }
                key.extend(&at);
                key
            };
            let figures = (0..columns).filter_map(|c| entry.table.figures.get(entry.spec.cell_of(&key(c))));
            let category = down.and_then(|d| d.categories.get(row).map(|c| (d, c)));
            RowView {
                label: category.map_or_else(|| page.t("table-all"), |(d, c)| category_label(page, d, c)),
                unknown: category.is_some_and(|(_, c)| c.id == "unknown"),
                cells: figures.map(|f| cell(page, f)).collect(),
            }
        })
        .collect();
    SectionView { anchor: format!("s{number}"), title: title.join(" · "), short: short.join(" · "), rows }
}

/// The chart: with two dimensions, small multiples by sex; with three, girls' age bands by the third.
fn picture(page: &Page, entry: &Entry<'_>) -> (String, Vec<String>) {
    let dimensions = &entry.spec.dimensions;
    let rtl = page.words().rtl;
    let (Some(sex), Some(age)) = (dimensions.first(), dimensions.get(1)) else {
        return (String::new(), Vec::new());
    };
    let figure_at = |key: &[usize]| entry.table.figures.get(entry.spec.cell_of(key));
    if dimensions.len() > 3 {
        // No picture of a table that deep: its cells would have to be summed first.
        return (String::new(), Vec::new());
    }
    let (title, panels) = if dimensions.len() == 2 {
        let panel = |(s, category): (usize, &Category)| Panel {
            title: Some(category_label(page, sex, category)),
            bars: age
                .categories
                .iter()
                .enumerate()
                .filter_map(|(a, band)| {
                    let tone = if band.id == "unknown" { chart::Tone::Unknown } else { figure::tone(&category.id) };
                    Some(figure::bar(page, category_label(page, age, band), figure_at(&[s, a])?, tone))
                })
                .collect(),
        };
        (clean(&entry.spec.title), sex.categories.iter().enumerate().map(panel).collect::<Vec<_>>())
    } else {
        let third = &dimensions[2];
        let girls = sex.categories.iter().position(|c| figure::tone(&c.id) == chart::Tone::Plum).unwrap_or(0);
        // The bands that reach into 10 to 20; without ages, the first few categories.
        let young = |c: &Category| match (age.rule, c.low, c.high) {
            (Rule::AgeBand, Some(low), Some(high)) => high > 9 && low < 20,
            (Rule::AgeBand, ..) => false,
            _ => true,
        };
        let bands: Vec<usize> = (0..age.size()).filter(|a| young(&age.categories[*a])).take(4).collect();
        let panel = |a: usize| Panel {
            title: Some(match (sex.categories.get(girls), age.categories.get(a)) {
                (Some(who), Some(band)) => capital(&figure::who(page, sex, who, age, band)),
                _ => String::new(),
            }),
            bars: third
                .categories
                .iter()
                .enumerate()
                .filter_map(|(t, c)| {
                    let key = [girls, a, t];
                    let tone =
                        if c.id == "unknown" { chart::Tone::Unknown } else { figure::tone(&sex.categories[girls].id) };
                    Some(figure::bar(page, category_label(page, third, c), figure_at(&key)?, tone))
                })
                .collect(),
        };
        let what = lower(&dimension_label(page, third));
        (page.with("table-girls-by", &[("what", (&what).into())]), bands.into_iter().map(panel).collect())
    };
    let charts = chart::multiples("table", &title, panels, rtl);
    (title, charts)
}

//! The sentence with its choices.

use super::sex_words;
use crate::explore::choice::{Answer, By, Choice, Picked, dimensions, is_age, is_sex};
use crate::page::Page;
use crate::text::{clean, lower};
use crate::view::table::{category_label, dimension_label};
use accord_hub::{Published, Site};
use accord_standard::dimension::Dimension;

/// One choice of the sentence.
#[derive(Debug)]
pub struct SelectView {
    /// Name in the form.
    pub name: &'static str,
    /// Id in the page.
    pub id: String,
    /// The words before it.
    pub before: String,
    /// What stands for no choice; none if there must be one.
    pub blank: Option<String>,
    /// Options; a heading for each kind, empty where one is enough.
    pub groups: Vec<(String, Vec<OptionView>)>,
}

/// One option.
#[derive(Debug)]
pub struct OptionView {
    /// Value in the address.
    pub value: String,
    /// Words.
    pub words: String,
    /// Whether it is chosen.
    pub selected: bool,
    /// Whether it can't be chosen.
    pub disabled: bool,
}

/// The sentence.
pub fn form(page: &Page, site: &Site, choice: &Choice<'_>) -> Vec<SelectView> {
    let all = dimensions(choice.release);
    let options = |dimension: &Dimension, picked: Option<Picked<'_>>, words: &dyn Fn(&Picked<'_>) -> String| {
        let option = |category| {
            let one = Picked { dimension, category };
            OptionView {
                selected: picked.is_some_and(|p| p.key() == one.key()),
                words: words(&one),
                value: one.key(),
                disabled: false,
            }
        };
        dimension.categories.iter().map(option).collect::<Vec<_>>()
    };
    let label = |p: &Picked<'_>| category_label(page, p.dimension, p.category);
    let grouped = |fits: fn(&Dimension) -> bool, picked: Option<Picked<'_>>, words: &dyn Fn(&Picked<'_>) -> String| {
        let fitting: Vec<&Dimension> = all.iter().copied().filter(|d| fits(d)).collect();
        let heading = |d: &Dimension| if fitting.len() > 1 { dimension_label(page, d) } else { String::new() };
        fitting.iter().map(|d| (heading(d), options(d, picked, words))).collect::<Vec<_>>()
    };
    let mut selects = vec![
        SelectView {
            name: "sex",
            id: "x-sex".to_owned(),
            before: page.t("explore-show"),
            blank: Some(page.t("explore-everyone")),
            groups: grouped(is_sex, choice.sex, &|p| sex_words(page, p)),
        },
        SelectView {
            name: "age",
            id: "x-age".to_owned(),
            before: page.t("explore-aged"),
            blank: Some(page.t("explore-any-age")),
            groups: grouped(is_age, choice.age, &label),
        },
    ];
    for (at, dimension) in asked_also(choice).into_iter().enumerate() {
        let picked = choice.also.iter().find(|p| p.dimension.id == dimension.id).copied();
        selects.push(SelectView {
            name: "also",
            id: format!("x-also-{at}"),
            before: format!("{} {}", page.t("explore-and"), lower(&dimension_label(page, dimension))),
            blank: Some(page.t("explore-nothing")),
            groups: vec![(String::new(), options(dimension, picked, &label))],
        });
    }
    let release = |r: &Published| OptionView {
        value: r.id().to_owned(),
        words: clean(&r.bundle.info.title),
        selected: r.id() == choice.release.id(),
        disabled: false,
    };
    selects.push(SelectView {
        name: "release",
        id: "x-release".to_owned(),
        before: page.t("explore-in"),
        blank: None,
        groups: vec![(String::new(), site.releases().iter().rev().map(release).collect())],
    });
    selects.push(SelectView {
        name: "by",
        id: "x-by".to_owned(),
        before: page.t("explore-by"),
        blank: None,
        groups: vec![(String::new(), by_options(page, choice, &all))],
    });
    selects
}

/// Dimensions beside sex and age that a table needs, or that are chosen.
fn asked_also<'a>(choice: &Choice<'a>) -> Vec<&'a Dimension> {
    let mut asked: Vec<&Dimension> = choice.also.iter().map(|p| p.dimension).collect();
    if let Answer::Further(more) = choice.answer() {
        // Sex has a place of its own in the sentence, and so has the first age.
        asked.extend(more.into_iter().filter(|d| !is_sex(d) && (!is_age(d) || choice.age.is_some())));
    }
    asked
}

fn by_options(page: &Page, choice: &Choice<'_>, all: &[&Dimension]) -> Vec<OptionView> {
    let who = Choice { also: Vec::new(), ..choice.clone() };
    let chosen = choice.by.as_ref().map(|by| by.key().to_owned());
    let mut options: Vec<OptionView> = all
        .iter()
        .map(|dimension| {
            let label = lower(&dimension_label(page, dimension));
            let disabled = matches!(who.by(By::Dimension(dimension)).answer(), Answer::NotPublished);
            OptionView {
                selected: chosen.as_deref() == Some(&dimension.id),
                words: if disabled { page.with("explore-option-not", &[("what", (&label).into())]) } else { label },
                value: dimension.id.clone(),
                disabled,
            }
        })
        .collect();
    if !choice.release.bundle.headlines.is_empty() {
        options.push(OptionView {
            selected: matches!(choice.by, Some(By::Headlines)),
            words: page.t("explore-headlines"),
            value: By::Headlines.key().to_owned(),
            disabled: choice.picks().next().is_some(),
        });
    }
    options
}

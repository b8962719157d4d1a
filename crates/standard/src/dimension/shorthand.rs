//! Dimensions as written: bands by their lower ends, values of a list, products of two fields of an event, and steps,
//! written short and expanded into categories before anything is read, so that what travels in a bundle is whole.

use super::{Category, Clause, Dimension, Law, Rule};
use crate::codebook::{Codebook, Codelist};
use crate::problem::Problem;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A dimension as written in a file: with its categories, or with a shorthand for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DimensionFile {
    id: String,
    label: String,
    definition: String,
    field: String,
    rule: Rule,
    at_most: Option<u8>,
    #[serde(default)]
    first: Vec<Vec<Clause>>,
    #[serde(default)]
    second: Vec<Vec<Clause>>,
    until: Option<String>,
    #[serde(default)]
    recurrent: bool,
    law: Option<Law>,
    /// Lower ends of bands, the last one open.
    #[serde(default)]
    cuts: Vec<u16>,
    /// Two or three fields of one event, each by its codes or by what they roll up to.
    #[serde(default)]
    product: Vec<Side>,
    /// Codes between which steps are told apart.
    steps: Option<Side>,
    /// One category for each code of the field, or for each of what they roll up to.
    values: Option<Side>,
    /// Categories; after those of a shorthand. `unknown` is added last where it isn't written.
    #[serde(default, rename = "category")]
    categories: Vec<Category>,
}

/// A coded field, by its codes or by what they roll up to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    field: String,
    /// List that the codes roll up to, such as `techuse8`.
    rollup: Option<String>,
    /// Groups of codes made here, in reading order, where no list has them. Codes in none of them are left out.
    #[serde(default, rename = "group")]
    groups: Vec<Together>,
    /// Codes left out.
    #[serde(default)]
    leave_out: Vec<String>,
}

/// Codes that a side takes together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Together {
    id: String,
    label: String,
    codes: Vec<String>,
}

/// One value of a side: id, label and the codes of the field that it stands for.
struct Value {
    id: String,
    label: String,
    codes: Vec<String>,
}

/// Most categories of a dimension.
const MOST: usize = 255;

impl DimensionFile {
    /// The dimension, whole.
    pub(crate) fn expand(self, book: &Codebook) -> Result<Dimension, Problem> {
        let here = format!("dimension {}", self.id);
        let wrong = |what: String| Problem::new(&here, what);
        // Counted before anything is built: a short text must not ask for much memory.
        if self.cuts.len() > MOST || self.categories.len() > MOST {
            return Err(wrong(format!("at most {MOST} categories")));
        }
        let mut categories = bands(self.rule, &self.cuts);
        if !self.product.is_empty() {
            if !(2..=3).contains(&self.product.len()) {
                return Err(wrong("a product has two or three sides".into()));
            }
            categories.extend(product(&self.product, book).map_err(wrong)?);
        }
        if let Some(side) = &self.steps {
            let values = side.values(book).map_err(wrong)?;
            if values.len().saturating_mul(values.len() + 1) > MOST {
                return Err(wrong(format!("between {} codes there are more than {MOST} steps", values.len())));
            }
            categories.extend(steps(&values));
        }
        if let Some(side) = &self.values {
            if side.field != self.field {
                return Err(wrong(format!("values are those of {}", self.field)));
            }
            let values = side.values(book).map_err(wrong)?.into_iter();
            categories.extend(values.map(|v| Category {
                id: v.id,
                label: v.label,
                any: v.codes,
                ..Category::default()
            }));
        }
        let short = !categories.is_empty();
        categories.extend(self.categories);
        if short && categories.last().is_none_or(|c| c.id != "unknown") {
            categories.push(Category { id: "unknown".into(), label: "Not known".into(), ..Category::default() });
        }
        Ok(Dimension {
            id: self.id,
            label: self.label,
            definition: self.definition,
            field: self.field,
            rule: self.rule,
            at_most: self.at_most,
            first: self.first,
            second: self.second,
            until: self.until,
            recurrent: self.recurrent,
            law: self.law,
            categories,
        })
    }
}

/// Bands by their lower ends. Bands of days come twice: reached within the band, and followed so long without.
fn bands(rule: Rule, cuts: &[u16]) -> Vec<Category> {
    let ends = cuts.iter().skip(1).map(|next| Some(next.saturating_sub(1))).chain([None]);
    let open = match rule {
        Rule::YearBand => "and later",
        Rule::Elapsed => "and more",
        _ => "and over",
    };
    let band = |low: u16, high: Option<u16>| {
        let span = match high {
            Some(high) if high == low => format!("{low}"),
            Some(high) => format!("{low}–{high}"),
            None => format!("{low} {open}"),
        };
        let key =
            high.map_or(format!("{low}_plus"), |h| if h == low { format!("{low}") } else { format!("{low}_{h}") });
        (key, span)
    };
    let all: Vec<(u16, Option<u16>)> = cuts.iter().copied().zip(ends).collect();
    let plain = |prefix: &'static str| {
        all.iter().map(move |(low, high)| {
            let (key, span) = band(*low, *high);
            Category { id: format!("{prefix}{key}"), label: span, low: Some(*low), high: *high, ..Category::default() }
        })
    };
    match rule {
        Rule::YearBand => plain("y").collect(),
        Rule::Elapsed => {
            let reached = plain("seen_").map(|c| Category {
                label: format!("seen after {} days", c.label),
                reached: Some(true),
                ..c
            });
            let not = plain("not_").map(|c| Category {
                label: format!("not seen, followed {} days", c.label),
                reached: Some(false),
                ..c
            });
            reached.chain(not).collect()
        }
        _ => plain("a").collect(),
    }
}

/// Every combination of a value of each side, the last side fastest: one event satisfies them all.
fn product(sides: &[Side], book: &Codebook) -> Result<Vec<Category>, String> {
    let mut out = vec![Category::default()];
    for side in sides {
        let values = side.values(book)?;
        if out.len().saturating_mul(values.len()) > MOST {
            return Err(format!("the product has more than {MOST} categories"));
        }
        out = out.iter().flat_map(|before| values.iter().map(|value| joined(before, side, value))).collect();
    }
    Ok(out)
}

/// A category narrowed by one more value.
fn joined(before: &Category, side: &Side, value: &Value) -> Category {
    let mut within = before.within.clone();
    within.push(Clause { field: side.field.clone(), any: value.codes.clone() });
    let join = |a: &str, with: &str, b: &str| if a.is_empty() { b.to_owned() } else { format!("{a}{with}{b}") };
    Category {
        id: join(&before.id, "__", &value.id),
        label: join(&before.label, ": ", &value.label),
        within,
        ..Category::default()
    }
}

/// From the beginning to each value, from each to each other, and from each to the end.
fn steps(values: &[Value]) -> Vec<Category> {
    let step = |from: Option<&Value>, to: Option<&Value>| Category {
        id: format!("{}__{}", from.map_or("start", |v| &v.id), to.map_or("end", |v| &v.id)),
        label: format!("{} → {}", from.map_or("Beginning", |v| &v.label), to.map_or("End of the record", |v| &v.label)),
        from: from.map(|v| v.codes.clone()).unwrap_or_default(),
        to: to.map(|v| v.codes.clone()).unwrap_or_default(),
        ..Category::default()
    };
    let mut out: Vec<Category> = values.iter().map(|v| step(None, Some(v))).collect();
    for from in values {
        out.extend(values.iter().filter(|to| to.id != from.id).map(|to| step(Some(from), Some(to))));
        out.push(step(Some(from), None));
    }
    out
}

impl Side {
    /// The values of a side, in the order of their list.
    fn values(&self, book: &Codebook) -> Result<Vec<Value>, String> {
        let no_field = || format!("there is no coded field {}", self.field);
        let list = book.field(&self.field).and_then(|f| book.list_of(f)).ok_or_else(no_field)?;
        let kept = |id: &String| !self.leave_out.contains(id);
        if !self.groups.is_empty() {
            if let Some(empty) = self.groups.iter().find(|g| g.codes.is_empty()) {
                return Err(format!("the group {} has no codes", empty.id));
            }
            let mut seen = BTreeSet::new();
            for code in self.groups.iter().flat_map(|g| &g.codes) {
                if list.code(code).is_none() {
                    return Err(format!("the list {} has no code {code}", list.id));
                }
                if !seen.insert(code) {
                    return Err(format!("the code {code} is in two groups"));
                }
            }
            let values = self.groups.iter().filter(|g| kept(&g.id));
            return Ok(values
                .map(|g| Value { id: g.id.clone(), label: g.label.clone(), codes: g.codes.clone() })
                .collect());
        }
        let Some(rollup) = &self.rollup else {
            return Ok(list.codes.iter().filter(|c| kept(&c.id)).map(single).collect());
        };
        let groups: &Codelist = book.lists.get(rollup).ok_or_else(|| format!("there is no list {rollup}"))?;
        let mut codes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for code in &list.codes {
            if let Some(group) = code.rollup.get(rollup) {
                codes.entry(group).or_default().push(code.id.clone());
            }
        }
        let values = groups.codes.iter().filter(|c| kept(&c.id)).filter_map(|group| {
            Some(Value { id: group.id.clone(), label: group.label.clone(), codes: codes.remove(group.id.as_str())? })
        });
        Ok(values.collect())
    }
}

fn single(code: &crate::codebook::CodeEntry) -> Value {
    Value { id: code.id.clone(), label: code.label.clone(), codes: vec![code.id.clone()] }
}

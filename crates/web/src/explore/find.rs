//! From what an address asks for to a selection of what is published: each part by its id, else the nearest there is.

use super::Ask;
use super::choice::{By, Choice, Picked, dimensions, is_age, is_sex};
use accord_hub::site::HEADLINES;
use accord_hub::{Published, Site};
use accord_standard::dimension::Dimension;

/// A part of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The release.
    Release,
    /// Sex or gender.
    Sex,
    /// Age.
    Age,
    /// Anything else.
    Also,
    /// By what.
    By,
    /// The table.
    Table,
}

/// Something that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which part.
    pub part: Part,
    /// What was asked for.
    pub asked: String,
    /// Whether another release on this site has it: then it is no mistake, only not published in this one.
    pub elsewhere: bool,
}

impl<'a> Choice<'a> {
    /// Finds what is asked for; where it is not there, the nearest thing that is, and says so. `None` if the site has no
    /// release with tables.
    pub fn find(site: &'a Site, ask: &Ask) -> Option<(Choice<'a>, Vec<Wrong>)> {
        let newest = site.newest().or_else(|| site.releases().last())?;
        if ask.is_blank {
            return Some((Choice::example(newest), Vec::new()));
        }
        let mut wrong = Vec::new();
        let mut miss = |part: Part, asked: &str, elsewhere: bool| {
            wrong.push(Wrong { part, asked: asked.chars().take(80).collect(), elsewhere });
        };
        let release = match &ask.release {
            None => newest,
            Some(id) => site.release(id).unwrap_or_else(|| {
                miss(Part::Release, id, site.shown(id).is_some());
                nearest(id, site.releases(), |r| r.id()).unwrap_or(newest)
            }),
        };
        let all = dimensions(release);
        let mut pick = |part: Part, asked: &str, fits: fn(&Dimension) -> bool| -> Option<Picked<'a>> {
            let found = picked(&all, asked, fits);
            if found.is_none() {
                let others = site.releases().iter().filter(|r| r.id() != release.id());
                miss(part, asked, others.into_iter().any(|r| picked(&dimensions(r), asked, fits).is_some()));
                let keys = all.iter().filter(|d| fits(d)).flat_map(|dimension| {
                    dimension.categories.iter().map(move |category| Picked { dimension, category })
                });
                // Whoever gives no dimension means the category alone.
                let key = |p: Picked<'_>| if asked.contains('.') { p.key() } else { p.category.id.clone() };
                let keys: Vec<(String, Picked<'a>)> = keys.map(|p| (key(p), p)).collect();
                return nearest(asked, &keys, |(key, _)| key).map(|(_, p)| *p);
            }
            found
        };
        let sex = ask.sex.as_deref().and_then(|asked| pick(Part::Sex, asked, is_sex));
        let age = ask.age.as_deref().and_then(|asked| pick(Part::Age, asked, is_age));
        let further: Vec<Picked<'a>> =
            ask.also.iter().filter_map(|asked| pick(Part::Also, asked, |d| !is_sex(d))).collect();
        let by = ask.by.as_deref().and_then(|asked| {
            if asked == HEADLINES && !release.bundle.headlines.is_empty() {
                return Some(By::Headlines);
            }
            let found = all.iter().find(|d| d.id == asked).copied();
            let found = found.or_else(|| {
                let others = || site.releases().iter().filter(|r| r.id() != release.id());
                let headlines = asked == HEADLINES && others().any(|r| !r.bundle.headlines.is_empty());
                let known = others().any(|r| dimensions(r).iter().any(|d| d.id == asked));
                miss(Part::By, asked, known || headlines);
                nearest(asked, &all, |d| d.id.as_str()).copied()
            });
            found.map(By::Dimension)
        });
        let table = ask.table.as_deref().and_then(|id| {
            let found = release.table(id);
            if found.is_none() {
                let known = site.releases().iter().any(|r| r.table(id).is_some());
                miss(Part::Table, id, known);
            }
            found
        });
        let mut choice = Choice { release, sex, age, also: Vec::new(), by, table };
        for one in further {
            // Of two answers to one question the first stands; sex and age stand over the rest.
            if !choice.picks().any(|p| p.dimension.id == one.dimension.id) {
                choice.also.push(one);
            }
        }
        choice.make_room();
        Some((choice, wrong))
    }

    /// What a visitor meets who has not asked yet: girls of 15 to 17 by the use of technology, or the nearest to it.
    fn example(release: &'a Published) -> Choice<'a> {
        let all = dimensions(release);
        let pick = |fits: fn(&Dimension) -> bool, wanted: &[&str]| {
            let dimension = all.iter().copied().find(|d| fits(d))?;
            let found = dimension.categories.iter().find(|c| wanted.contains(&c.id.as_str()));
            Some(Picked { dimension, category: found.or_else(|| dimension.categories.first())? })
        };
        let mut choice = Choice {
            release,
            sex: pick(is_sex, &["female", "woman_girl"]),
            age: pick(is_age, &["a15_17", "a9_17"]),
            also: Vec::new(),
            by: None,
            table: None,
        };
        let shown: Vec<&'a Dimension> =
            all.iter().copied().filter(|d| !is_sex(d) && !is_age(d) && choice.shows(d)).collect();
        let by = shown.iter().find(|d| d.id.contains("tech") || d.field.contains("tech")).or_else(|| shown.first());
        choice.by = by.copied().map(By::Dimension);
        if choice.by.is_none() {
            choice.age = None;
            choice.by = all.iter().copied().find(|d| choice.shows(d)).map(By::Dimension);
        }
        choice
    }
}

/// The category that a text names: `dimension.category`, or the category of the first dimension that has it (which another
/// release may call otherwise).
fn picked<'a>(all: &[&'a Dimension], asked: &str, fits: fn(&Dimension) -> bool) -> Option<Picked<'a>> {
    let (wanted, id) = asked.split_once('.').map_or((None, asked), |(d, c)| (Some(d), c));
    let find = |dimension: &'a Dimension| {
        dimension.categories.iter().find(|c| c.id == id).map(|category| Picked { dimension, category })
    };
    let fitting = || all.iter().copied().filter(|d| fits(d));
    let named = wanted.and_then(|w| fitting().find(|d| d.id == w)).and_then(find);
    // A dimension of another release: an age band of the same ends means the same under another name.
    named.or_else(|| {
        let own = wanted.is_some_and(|w| fitting().any(|d| d.id == w));
        let kin = |d: &&'a Dimension| wanted.is_none() || is_sex(d) || is_age(d);
        if own { None } else { fitting().filter(kin).find_map(find) }
    })
}

/// The one whose id holds what was asked for, and then is fewest changes of letters away.
fn nearest<'a, T>(asked: &str, all: &'a [T], id: impl Fn(&'a T) -> &'a str) -> Option<&'a T> {
    let letters: Vec<char> = asked.chars().take(64).collect();
    all.iter().min_by_key(|one| {
        let id = id(one);
        (!id.contains(asked), distance(&letters, &id.chars().take(64).collect::<Vec<_>>()))
    })
}

/// Letters to put in, take out or change (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

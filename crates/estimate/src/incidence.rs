//! Of the people first recorded with one thing, how many were later recorded with another: cumulative incidence from counts
//! of outcome by band of follow-up. Made for the figure "of children first recorded with sexual extortion, how many were
//! later sexually exploited or trafficked", by group and by whether contact in person came before the threat; it knows
//! neither: it gets one [`Followed`] for each group.
//!
//! Not seen is never no: people without a later record count only for as long as they were followed. Who ends in a band
//! counts half in it, as in a life table (Cutler and Ederer 1958; variance by Greenwood 1926). People whose follow-up isn't
//! known stand apart: bounds are given for whatever became of them (Manski 1990), and over a declared share of them there is
//! no figure.

use crate::chance::{Assumes, Ratio, Target, amount, checked, share, two_sided};
use crate::value::{Cause, Counted, Estimate, Outcome, Refused};

const MOST_BANDS: usize = 256;
/// As in [`crate::states`]: noise reaches further than a number under three of its deviations.
const REACH: f64 = 3.0;

/// One group, by what came after the first record.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// Ends of the bands of follow-up, in years since the first record, rising: band k is from end k-1 (nought) to end k.
    pub ends: Vec<f64>,
    /// People recorded with the later thing, by the band in which they first were.
    pub later: Vec<Counted>,
    /// People not recorded with it, by the band in which their follow-up ended.
    pub ended: Vec<Counted>,
    /// People of whom follow-up or outcome isn't known.
    pub unknown: Counted,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The largest share of unknown follow-up with which a figure is given, such as 0.3; declared beforehand.
    pub most_unknown: f64,
    /// What the intervals should hold.
    pub target: Target,
    /// Their level, such as 0.95.
    pub level: f64,
}

/// How the figure counts, for a page to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    /// The clock is years since the first record; these are the ends of its bands.
    pub ends: Vec<f64>,
    /// People whose follow-up ends in a band count in it with this weight.
    pub weight_of_ended: f64,
    /// The declared largest share of unknown follow-up.
    pub most_unknown: f64,
    /// What it takes for granted.
    pub assumes: Vec<Assumes>,
}

/// The figure at the end of one band.
#[derive(Clone, Debug, PartialEq)]
pub struct Incidence {
    /// Years since the first record.
    pub years: f64,
    /// Share recorded with the later thing by then, if those who left had gone on as those who stayed.
    pub share: Estimate,
    /// From none to all of the people with unknown follow-up; of the people counted, not of a process.
    pub bounds: Estimate,
    /// How many were still followed when the band began.
    pub followed: Estimate,
}

/// All of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// How it counts.
    pub stated: Stated,
    /// People first recorded, unknown follow-up included.
    pub people: Estimate,
    /// Share of them with unknown follow-up.
    pub unknown: Estimate,
    /// One for each band; once refused, always refused.
    pub bands: Vec<Outcome<Incidence>>,
    /// Years after which half of the known people were no longer followed, for reasons other than the later record: the end
    /// of the band in which that was so; none if not within the bands or not to be told.
    pub median_follow_up: Option<f64>,
}

/// The figure of one group.
///
/// # Errors
/// `Malformed` for tables that don't fit together; `NotRecorded` when more than the declared share has unknown follow-up;
/// `Noise` when the number of people can't be told from nought.
pub fn incidence(followed: &Followed, ask: Ask) -> Outcome<Figure> {
    let z = two_sided(ask.level)?;
    check(followed, ask)?;
    let cells = || followed.later.iter().chain(&followed.ended);
    let known: f64 = cells().map(|c| c.value).sum();
    let known_noise: f64 = cells().map(|c| c.sigma * c.sigma).sum();
    let unknown_noise = followed.unknown.sigma * followed.unknown.sigma;
    let (all, all_noise) = (known + followed.unknown.value, known_noise + unknown_noise);
    if all <= 0.0 || all <= z.max(REACH) * all_noise.sqrt() {
        return Err(Refused::Noise);
    }
    let part = Ratio {
        top: followed.unknown.value,
        bottom: all,
        top_noise: unknown_noise,
        both_noise: unknown_noise,
        bottom_noise: all_noise,
        top_chance: false,
    };
    let unknown = part.estimate(z, 1.0)?;
    if unknown.value > ask.most_unknown {
        return Err(Refused::NotRecorded("follow-up isn't known for more people than declared".into()));
    }
    Ok(Figure {
        stated: Stated {
            ends: followed.ends.clone(),
            weight_of_ended: 0.5,
            most_unknown: ask.most_unknown,
            assumes: vec![Assumes::IndependentCensoring, Assumes::EvenWithinBand],
        },
        people: amount(all, all_noise, z, Cause::Noise)?,
        unknown,
        bands: bands(followed, ask, z),
        median_follow_up: median(followed, z),
    })
}

/// How much the figures of two groups differ at the end of a band, the second minus the first, and their ratio, the second
/// over the first: refused where the first can't be told from nought.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Difference of shares, from -1 to 1.
    pub difference: Estimate,
    /// Ratio of shares.
    pub ratio: Outcome<Estimate>,
}

/// Compares two groups that have no person in common (their noise and chance are independent).
///
/// # Errors
/// `Malformed` for a band that isn't there; what refuses either figure.
pub fn difference(first: &Followed, second: &Followed, band: usize, ask: Ask) -> Outcome<Difference> {
    let z = two_sided(ask.level)?;
    // Either may be refused for what it doesn't know.
    incidence(first, ask)?;
    incidence(second, ask)?;
    if first.ends != second.ends || band >= first.ends.len() {
        return Err(Refused::Malformed("both groups have the same bands, and this among them".into()));
    }
    let of = |followed: &Followed| -> Outcome<(f64, f64)> {
        let at = curve(followed, z).swap_remove(band)?;
        let chance = if ask.target == Target::Process { at.chance.max(0.0) } else { 0.0 };
        Ok((at.value, at.noise.max(0.0) + chance))
    };
    let ((a, va), (b, vb)) = (of(first)?, of(second)?);
    let reach = z * (va + vb).sqrt();
    let cut = |x: f64| x.clamp(-1.0, 1.0);
    let cause = ask.target.cause();
    let difference = crate::chance::estimate(cut(b - a), cut(b - a - reach), cut(b - a + reach), cause)?;
    let ratio = Ratio { top: b, bottom: a, top_noise: vb, both_noise: 0.0, bottom_noise: va, top_chance: false };
    Ok(Difference { difference, ratio: ratio.estimate(z, f64::MAX).map(|e| Estimate { cause, ..e }) })
}

/// The shares at the ends of all bands as a plain function of a table: `later` of all bands, then `ended` of all bands.
///
/// # Errors
/// `Malformed` for an odd table; `NotIdentified` when nobody is followed into a band.
pub fn values(table: &[f64]) -> Outcome<Vec<f64>> {
    let half = table.len() / 2;
    let exact = |counts: &[f64]| counts.iter().map(|v| Counted { value: *v, sigma: 0.0 }).collect();
    let followed = Followed {
        ends: (1..=half).map(|k| k as f64).collect(),
        later: exact(&table[..half]),
        ended: exact(&table[half..]),
        unknown: Counted { value: 0.0, sigma: 0.0 },
    };
    check(&followed, Ask { most_unknown: 1.0, target: Target::Records, level: 0.95 })?;
    curve(&followed, 0.0).into_iter().map(|at| at.map(|at| at.value)).collect()
}

fn check(followed: &Followed, ask: Ask) -> Outcome<()> {
    let malformed = |why: &str| Err(Refused::Malformed(why.into()));
    let bands = followed.ends.len();
    if bands == 0 || bands > MOST_BANDS || followed.later.len() != bands || followed.ended.len() != bands {
        return malformed("1 to 256 bands, with a count of both kinds for each");
    }
    let rising = followed.ends.windows(2).all(|w| w[0] < w[1]);
    if !(rising && followed.ends[0] > 0.0 && followed.ends.iter().all(|e| e.is_finite())) {
        return malformed("the ends of bands rise from over nought");
    }
    if !(0.0..=1.0).contains(&ask.most_unknown) {
        return malformed("the largest share of unknown follow-up is between 0 and 1");
    }
    for count in followed.later.iter().chain(&followed.ended).chain([&followed.unknown]) {
        checked(*count)?;
    }
    Ok(())
}

#[derive(Clone)]
struct At {
    /// One minus the share that stayed without the later record.
    value: f64,
    noise: f64,
    chance: f64,
    followed: (f64, f64),
    /// The derivative by every cell: later, then ended.
    slope: Vec<f64>,
}

/// The life table. ln S is the sum of ln(1 - d/m) with d later and m = n - c/2 at risk; n sums later and ended from the band
/// on. The derivative of ln S by a cell is the sum of -(d' - h m')/(m - d), with h = d/m.
fn curve(followed: &Followed, z: f64) -> Vec<Outcome<At>> {
    let bands = followed.ends.len();
    let cells: Vec<Counted> = followed.later.iter().chain(&followed.ended).copied().collect();
    let mut slope = vec![0.0; 2 * bands];
    let (mut stayed, mut greenwood) = (1.0, 0.0);
    let mut all: Vec<Outcome<At>> = Vec::new();
    for k in 0..bands {
        let (later, ended) = (followed.later[k].value, followed.ended[k].value);
        // what is at risk from each cell: later counts from its band on, ended half in its own
        let at_risk = |i: usize| match (i < bands, (i % bands).cmp(&k)) {
            (_, std::cmp::Ordering::Less) => 0.0,
            (false, std::cmp::Ordering::Equal) => 0.5,
            _ => 1.0,
        };
        let n: f64 = cells.iter().enumerate().filter(|(i, _)| i % bands >= k).map(|(_, cell)| cell.value).sum();
        let n_noise: f64 =
            cells.iter().enumerate().filter(|(i, _)| i % bands >= k).map(|(_, cell)| cell.sigma * cell.sigma).sum();
        let exposed = n - ended / 2.0;
        // What stays must be told from nought too: it is divided by.
        let stay = exposed - later;
        let stay_noise: f64 = (0..2 * bands)
            .map(|i| {
                let by = at_risk(i) - if i == k { 1.0 } else { 0.0 };
                by * by * cells[i].sigma * cells[i].sigma
            })
            .sum();
        let reach = z.max(REACH);
        let told = exposed > 0.0
            && n > reach * n_noise.sqrt()
            && stay >= 0.0
            && (n_noise == 0.0 || stay > reach * stay_noise.sqrt());
        if !told {
            let why = if n_noise > 0.0 {
                Refused::Noise
            } else {
                Refused::NotIdentified("nobody is followed into a band".into())
            };
            all.extend((k..bands).map(|_| Err(why.clone())));
            return all;
        }
        let hazard = later / exposed;
        if stay > 0.0 {
            for (i, s) in slope.iter_mut().enumerate() {
                let own = if i == k { 1.0 } else { 0.0 };
                *s -= (own - hazard * at_risk(i)) / stay;
            }
            greenwood += hazard / stay;
        }
        stayed *= 1.0 - hazard;
        let value = 1.0 - stayed;
        let noise: f64 =
            slope.iter().zip(&cells).map(|(s, cell)| (stayed * s) * (stayed * s) * cell.sigma * cell.sigma).sum();
        let slopes = slope.iter().map(|s| -stayed * s).collect();
        all.push(Ok(At { value, noise, chance: stayed * stayed * greenwood, followed: (n, n_noise), slope: slopes }));
    }
    all
}

fn bands(followed: &Followed, ask: Ask, z: f64) -> Vec<Outcome<Incidence>> {
    let mut fewest = f64::INFINITY;
    let mut refused = None;
    curve(followed, z)
        .into_iter()
        .zip(&followed.ends)
        .map(|(at, years)| {
            if let Some(why) = &refused {
                return Err(Refused::clone(why));
            }
            let at = at?;
            fewest = fewest.min(at.followed.0);
            let inner = at.value * (1.0 - at.value);
            let people = (ask.target == Target::Process)
                .then(|| if inner > 0.0 && at.chance > 0.0 { inner / at.chance } else { fewest });
            let all = share(at.value, at.noise, people, 0.0, z).and_then(|share| {
                let bounds = bounds(followed, &at, z)?;
                let counted = amount(at.followed.0, at.followed.1, z, Cause::Noise)?;
                Ok(Incidence { years: *years, share, bounds, followed: counted })
            });
            if let Err(why) = &all {
                refused = Some(why.clone());
            }
            all
        })
        .collect()
}

/// With K known people, U unknown and share F among the known: from F K / (K + U) to (F K + U) / (K + U), each with its own
/// noise.
fn bounds(followed: &Followed, at: &At, z: f64) -> Outcome<Estimate> {
    let cells: Vec<Counted> = followed.later.iter().chain(&followed.ended).copied().collect();
    let known: f64 = cells.iter().map(|c| c.value).sum();
    let u = followed.unknown.value;
    let all = known + u;
    let end = |value: f64, by_unknown: f64| {
        let mut variance = by_unknown * by_unknown * followed.unknown.sigma * followed.unknown.sigma;
        for (cell, slope) in cells.iter().zip(&at.slope) {
            // d(value) / d(cell): the share's slope times K, and one more known person with share F
            let by = (slope * known + at.value - value) / all;
            variance += by * by * cell.sigma * cell.sigma;
        }
        z * variance.sqrt()
    };
    let low = at.value * known / all;
    let high = (at.value * known + u) / all;
    let cut = |x: f64| x.clamp(0.0, 1.0);
    // Around the nearest shares that can be ones, as in [`crate::chance::amount`].
    let (bottom, top) = (cut(cut(low) - end(low, -low / all)), cut(cut(high) + end(high, (1.0 - high) / all)));
    // The middle of the bounds is only a place to stand: no value within them is likelier than another.
    let value = f64::midpoint(cut(low.min(high)), cut(high.max(low)));
    crate::chance::estimate(value, bottom.min(top), top.max(bottom), Cause::NoiseAndMissing)
}

/// The life table with the roles exchanged (reverse Kaplan and Meier; Schemper and Smith 1996).
fn median(followed: &Followed, z: f64) -> Option<f64> {
    let reversed = Followed { later: followed.ended.clone(), ended: followed.later.clone(), ..followed.clone() };
    let curve = curve(&reversed, z);
    // The last band is closed by the end of everybody's follow-up: what can't be told there can't be the median.
    followed.ends.iter().zip(curve).find_map(|(end, at)| at.is_ok_and(|at| at.value >= 0.5).then_some(*end))
}

#[cfg(test)]
mod tests;

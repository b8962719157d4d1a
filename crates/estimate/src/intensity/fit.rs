//! The jump at 18: Poisson regression with a level for each sex and joined piece and one jump.
//!
//! The best level is known in closed form for any jump: events over (years before + factor * years after). What is left is
//! one equation, sum over levels of [events after - events * w] = 0 with w the share of factor * years after, which falls as
//! the jump grows; its slope is -sum of events * w (1 - w). Newton's method on the log of the factor, kept within a bracket.

use super::{MAJORITY, Sums, Table};
use crate::chance::{Target, estimate};
use crate::value::{Estimate, Outcome, Refused};

const MOST_STEPS: usize = 200;
/// e to this is more than any count over any other.
const WIDEST: f64 = 60.0;
/// As in [`crate::states`].
const REACH: f64 = 3.0;

/// A level that lies on both sides of 18.
#[derive(Default, Clone)]
struct Level {
    before: Sums,
    after: Sums,
    /// Places in the table.
    places: Vec<(usize, bool)>,
}

pub(super) fn jump(table: &Table, joined: &[usize], sexes: &[usize], target: Target, z: f64) -> Outcome<Estimate> {
    let levels = levels(table, joined, sexes);
    if levels.is_empty() {
        return Err(Refused::NotIdentified("no piece is joined to another over 18".into()));
    }
    let reach = z.max(REACH);
    let told = |value: f64, noise: f64| value > reach * noise.sqrt();
    for level in &levels {
        let years =
            told(level.before.years, level.before.years_noise) && told(level.after.years, level.after.years_noise);
        if !years {
            return Err(Refused::Noise);
        }
    }
    // Both sides need events: with none on one side the factor is nought or infinite.
    let sum = |of: fn(&Level) -> (f64, f64)| levels.iter().map(of).fold((0.0, 0.0), |s, x| (s.0 + x.0, s.1 + x.1));
    for (events, noise) in
        [sum(|l| (l.before.events, l.before.events_noise)), sum(|l| (l.after.events, l.after.events_noise))]
    {
        if events <= 0.0 && noise == 0.0 {
            return Err(Refused::NotIdentified("no event on one side of 18".into()));
        }
        if !told(events, noise) {
            return Err(Refused::Noise);
        }
    }
    let log = newton(&levels)?;
    let factor = libm::exp(log);
    let slope: f64 = levels.iter().map(|l| l.all() * l.part(factor) * (1.0 - l.part(factor))).sum();
    if slope <= 0.0 {
        return Err(Refused::Noise);
    }
    let noise = noise(table, &levels, factor) / (slope * slope);
    // The information about the log of the factor is the slope: its inverse is the variance of chance.
    let chance = if target == Target::Process { 1.0 / slope } else { 0.0 };
    let reach = z * (noise + chance).sqrt();
    // An interval over so many powers says nothing, and its ends would not be numbers.
    if log.abs() + reach > 2.0 * WIDEST {
        return Err(Refused::Noise);
    }
    estimate(factor, libm::exp(log - reach), libm::exp(log + reach), target.cause())
}

impl Level {
    fn all(&self) -> f64 {
        self.before.events + self.after.events
    }

    /// Share of the expected events of the level that lie after 18.
    fn part(&self, factor: f64) -> f64 {
        let after = factor * self.after.years;
        after / (self.before.years + after)
    }
}

fn levels(table: &Table, joined: &[usize], sexes: &[usize]) -> Vec<Level> {
    let sums = table.sums();
    let mut levels: Vec<((usize, usize), Level)> = Vec::new();
    for sex in sexes {
        for (piece, number) in joined.iter().enumerate() {
            let place = sex * table.pieces() + piece;
            let adult = table.cuts[piece] >= MAJORITY;
            let at = levels.iter().position(|l| l.0 == (*sex, *number)).unwrap_or(levels.len());
            if at == levels.len() {
                levels.push(((*sex, *number), Level::default()));
            }
            let level = &mut levels[at].1;
            let side = if adult { &mut level.after } else { &mut level.before };
            add(side, sums[place]);
            level.places.push((place, adult));
        }
    }
    let both = |l: &Level| l.places.iter().any(|p| p.1) && l.places.iter().any(|p| !p.1);
    levels.into_iter().map(|(_, level)| level).filter(both).collect()
}

/// Noise of two pieces added as if independent: used to refuse only; the interval goes back to the cells.
fn add(side: &mut Sums, more: Sums) {
    side.events += more.events;
    side.years += more.years;
    side.events_noise += more.events_noise;
    side.both_noise += more.both_noise;
    // Years of one person in two pieces share their noise: the deviations add at most.
    let deviation = side.years_noise.sqrt() + more.years_noise.sqrt();
    side.years_noise = deviation * deviation;
}

fn newton(levels: &[Level]) -> Outcome<f64> {
    let score = |log: f64| -> (f64, f64) {
        let factor = libm::exp(log);
        levels.iter().fold((0.0, 0.0), |(score, slope), l| {
            let part = l.part(factor);
            (score + l.after.events - l.all() * part, slope + l.all() * part * (1.0 - part))
        })
    };
    let (mut low, mut high) = (-WIDEST, WIDEST);
    if score(low).0 <= 0.0 || score(high).0 >= 0.0 {
        return Err(Refused::Noise);
    }
    let mut log = 0.0;
    for _ in 0..MOST_STEPS {
        let (value, slope) = score(log);
        if value > 0.0 {
            low = log;
        } else {
            high = log;
        }
        let step = log + value / slope;
        let next = if slope > 0.0 && low < step && step < high { step } else { f64::midpoint(low, high) };
        if (next - log).abs() <= 1e-13 * log.abs().max(1.0) {
            return Ok(next);
        }
        log = next;
    }
    Err(Refused::NotSettled("the jump at 18".into()))
}

/// Variance of the noise in the equation: for each cell, d(after) - d(all) w - all dw, with
/// dw = w (1 - w) (d(years after) / years after - d(years before) / years before).
fn noise(table: &Table, levels: &[Level], factor: f64) -> f64 {
    let mut by_place: Vec<Option<(usize, bool)>> = vec![None; table.sexes * table.pieces()];
    for (number, level) in levels.iter().enumerate() {
        for (place, adult) in &level.places {
            by_place[*place] = Some((number, *adult));
        }
    }
    let mut variance = 0.0;
    for (count, adds) in &table.cells {
        let mut change = 0.0;
        for a in adds {
            let Some((number, adult)) = by_place[a.sex * table.pieces() + a.piece] else { continue };
            let level = &levels[number];
            let part = level.part(factor);
            let spread = level.all() * part * (1.0 - part);
            change += if adult {
                a.events * (1.0 - part) - spread * a.years / level.after.years
            } else {
                -a.events * part + spread * a.years / level.before.years
            };
        }
        variance += count.sigma * count.sigma * change * change;
    }
    variance
}

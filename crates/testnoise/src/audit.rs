//! What a game of telling two worlds apart says of privacy: from scores of what was drawn in either world to lower bounds on
//! epsilon and on mu, each wrong with at most a stated chance.
//!
//! A mechanism that is (epsilon, delta)-private gives every event A chances with P'(A) <= e^epsilon P(A) + delta, both ways
//! round. A mechanism that is mu-GDP (Dong, Roth and Su 2022, arXiv 1905.02383) gives every event chances with
//! Φ⁻¹(P'(A)) - Φ⁻¹(P(A)) <= mu. So how often an event was seen in either world bounds both from below. The share of a law
//! is bounded by Clopper and Pearson 1934, which holds for every number of trials.
//!
//! **It must never know** what was measured.
//!
//! Start reading at [`bounds`].

use rand::rand_core::TryRng;
use std::convert::Infallible;

/// Lower bounds on what a mechanism gives away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower bound on epsilon at the delta asked about, whatever the mechanism is.
    pub epsilon: f64,
    /// Lower bound on mu: no mechanism that is less than mu-GDP does this.
    pub mu: f64,
    /// Number of the score by which mu was bounded.
    pub by: usize,
}

impl Bounds {
    /// The epsilon that a mu-GDP mechanism has at this delta: what the bound on mu means for a mechanism of Gaussian noise.
    pub fn epsilon_of_mu(&self, delta: f64) -> f64 {
        epsilon_of_gdp(self.mu, delta)
    }
}

/// An event: a score is over a threshold.
#[derive(Clone, Copy, Debug)]
struct Event {
    score: usize,
    over: f64,
}

/// How often an event was seen in either world.
#[derive(Clone, Copy, Debug)]
struct Seen {
    with: u64,
    without: u64,
    trials: u64,
}

/// Of `trials` draws in either world, a fifth is used to choose the event that tells the worlds apart best, and the rest to
/// see how well it does: so no event is judged by the draws that it was chosen for. `error` is the chance that epsilon's
/// bound is too high, and the chance that mu's is: both worlds' shares are bounded on both sides, at a quarter each.
///
/// # Panics
/// If the two worlds have not the same number of draws, at least 50.
pub fn bounds<const S: usize>(with: &[[f64; S]], without: &[[f64; S]], delta: f64, error: f64) -> Bounds {
    assert!(with.len() == without.len() && with.len() >= 50, "too few draws, or not the same number in both worlds");
    let cut = with.len() / 5;
    let candidates = events(&with[..cut], &without[..cut]);
    let error = error / 4.0;
    let normal = -normal_quantile(error);
    // Chosen by a quick approximation, judged by the bound that holds.
    let best = |value: &dyn Fn(Shares) -> f64| {
        let of = |(event, seen): &(Event, Seen)| (*event, value(Shares::about(*seen, normal)));
        candidates.iter().map(of).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(event, _)| event)
    };
    let judge = |event: Event| {
        let count = |draws: &[[f64; S]]| draws[cut..].iter().filter(|d| d[event.score] > event.over).count() as u64;
        let seen = Seen { with: count(with), without: count(without), trials: (with.len() - cut) as u64 };
        Shares::exactly(seen, error)
    };
    let epsilon = best(&|shares| shares.epsilon(delta)).map_or(0.0, |event| judge(event).epsilon(delta));
    let by_mu = best(&Shares::mu);
    let mu = by_mu.map_or(0.0, |event| judge(event).mu());
    Bounds { epsilon: epsilon.max(0.0), mu: mu.max(0.0), by: by_mu.map_or(0, |event| event.score) }
}

/// The lowest and the highest share that an event may have in either world.
#[derive(Clone, Copy, Debug)]
struct Shares {
    with: (f64, f64),
    without: (f64, f64),
}

impl Shares {
    /// Each of the four wrong with at most this chance.
    fn exactly(seen: Seen, error: f64) -> Shares {
        let of = |count| (share_at_least(count, seen.trials, error), share_at_most(count, seen.trials, error));
        Shares { with: of(seen.with), without: of(seen.without) }
    }

    /// About the same, quickly, for that quantile of the normal law.
    fn about(seen: Seen, normal: f64) -> Shares {
        let of = |count| (wilson(count, seen.trials, -normal), wilson(count, seen.trials, normal));
        Shares { with: of(seen.with), without: of(seen.without) }
    }

    /// The larger of the two bounds on mu, either world first.
    fn mu(self) -> f64 {
        let gap = |more: (f64, f64), less: (f64, f64)| normal_quantile(more.0) - normal_quantile(less.1);
        gap(self.with, self.without).max(gap(self.without, self.with))
    }

    /// The largest of the four bounds on epsilon, of the event and its contrary, either world first.
    fn epsilon(self, delta: f64) -> f64 {
        let not = |share: (f64, f64)| (1.0 - share.1, 1.0 - share.0);
        let ratio = |more: (f64, f64), less: (f64, f64)| ((more.0 - delta).max(0.0) / less.1).ln();
        let (with, without) = (self.with, self.without);
        let contrary = ratio(not(with), not(without)).max(ratio(not(without), not(with)));
        ratio(with, without).max(ratio(without, with)).max(contrary)
    }
}

/// For every score some two hundred thresholds, from the draws of both worlds, and how often each is passed.
fn events<const S: usize>(with: &[[f64; S]], without: &[[f64; S]]) -> Vec<(Event, Seen)> {
    let mut events = Vec::new();
    for score in 0..S {
        let sorted = |draws: &[[f64; S]]| {
            let mut values: Vec<f64> = draws.iter().map(|d| d[score]).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (a, b) = (sorted(with), sorted(without));
        let over = |values: &[f64], x: f64| (values.len() - values.partition_point(|v| *v <= x)) as u64;
        let mut marks: Vec<f64> = a.iter().chain(&b).copied().collect();
        marks.sort_by(f64::total_cmp);
        let step = (marks.len() / 200).max(1);
        let mut thresholds: Vec<f64> = marks.into_iter().step_by(step).collect();
        thresholds.dedup();
        events.extend(thresholds.into_iter().map(|x| {
            let seen = Seen { with: over(&a, x), without: over(&b, x), trials: a.len() as u64 };
            (Event { score, over: x }, seen)
        }));
    }
    events
}

/// A bound on a share by Wilson 1927, for choosing events only: it is quick, and not exact. Positive `normal` for the upper one.
fn wilson(count: u64, trials: u64, normal: f64) -> f64 {
    let (n, share) = (trials as f64, count as f64 / trials as f64);
    let square = normal * normal / n;
    let middle = share + square / 2.0;
    let reach = normal * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    ((middle + reach) / (1.0 + square)).clamp(0.0, 1.0)
}

/// The largest share that is not refuted by seeing this few (Clopper and Pearson 1934): too low with chance `error` at most.
pub fn share_at_most(count: u64, trials: u64, error: f64) -> f64 {
    if count >= trials {
        return 1.0;
    }
    // P(X <= k) = 1 - I_p(k + 1, n - k) falls as p rises.
    rising(0.0, 1.0, |p| beta_share(p, count as f64 + 1.0, (trials - count) as f64) - (1.0 - error)).1
}

/// The smallest share that is not refuted by seeing this many: too high with chance `error` at most.
pub fn share_at_least(count: u64, trials: u64, error: f64) -> f64 {
    1.0 - share_at_most(trials - count.min(trials), trials, error)
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, Lentz's algorithm).
fn beta_share(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(1.0 - x, b, a);
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * libm::log1p(-x);
    let tiny = 1e-300;
    let far = |v: f64| if v.abs() < tiny { tiny } else { v };
    let (mut over, mut under) = (1.0, 1.0 / far(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = under;
    for turn in 1..20_000 {
        let i = f64::from(turn);
        for term in [
            i * (b - i) * x / ((a + 2.0 * i - 1.0) * (a + 2.0 * i)),
            -(a + i) * (a + b + i) * x / ((a + 2.0 * i) * (a + 2.0 * i + 1.0)),
        ] {
            under = 1.0 / far(1.0 + term * under);
            over = far(1.0 + term / over);
            value *= over * under;
        }
        if (over * under - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front.exp() * value / a).clamp(0.0, 1.0)
}

/// The normal law's distribution function.
pub fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Its inverse; infinite for nought and one.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    rising(-40.0, 0.0, |x| normal(x) - p).1
}

/// The smallest epsilon for which mu-GDP gives (epsilon, delta) (Dong, Roth and Su 2022, corollary 1); nought for mu nought.
pub fn epsilon_of_gdp(mu: f64, delta: f64) -> f64 {
    if mu <= 0.0 {
        return 0.0;
    }
    let spent = |e: f64| normal(-e / mu + mu / 2.0) - e.exp() * normal(-e / mu - mu / 2.0);
    if spent(0.0) <= delta {
        return 0.0;
    }
    rising(0.0, 500.0, |e| delta - spent(e)).1
}

/// Where a rising function passes nought: the last points below it and above it.
fn rising(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> (f64, f64) {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high || high - low < 1e-15 * high.abs() {
            break;
        }
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low, high)
}

/// A fast generator whose draws repeat: SplitMix64 (Steele, Lea and Flood 2014). For games of many thousand trials.
#[derive(Clone, Debug)]
pub struct Fast(u64);

impl Fast {
    /// A generator with this seed.
    pub fn seeded(seed: u64) -> Fast {
        Fast(seed)
    }

    #[inline]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }
}

impl TryRng for Fast {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

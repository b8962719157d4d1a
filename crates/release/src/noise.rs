//! What the noise in a published value looks like: linear combinations of independent discrete Gaussians, and the
//! half-width of the interval that inverts them (PRIVACY 13).
//!
//! A value before clipping is always `(a_1 N_1 + ... + a_m N_m) / D` away from the exact count, with whole `a_i` and `D` and
//! independent discrete Gaussian `N_i`. For small noise the distribution is computed exactly, term by term; for large
//! noise the normal approximation is used and widened by one step of the lattice.

/// The noise in one value: whole multiples of independent discrete Gaussians over a common denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearNoise {
    /// Common denominator, at least 1.
    pub denominator: u64,
    /// Terms.
    pub terms: Vec<Term>,
}

/// `times` independent draws with the same coefficient and scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Coefficient; its sign doesn't matter, because the noise is symmetric.
    pub coefficient: u64,
    /// Standard deviation parameter of the discrete Gaussian, in thousandths.
    pub sigma_milli: u64,
    /// How many independent draws.
    pub times: u64,
}

/// Above this standard deviation (in the value's own unit) the normal approximation is used: the discrete Gaussian with
/// sigma of 3 and more differs from it by less than exp(-2 pi² 9) in every moment, and a sum of many by less still.
const EXACT_UP_TO: f64 = 12.0;

/// Points of the lattice that an exact computation may use.
const LARGEST_SUPPORT: usize = 60_000;

impl LinearNoise {
    /// The noise of one direct measurement that sums several draws.
    pub fn direct(sigmas_milli: &[u64]) -> LinearNoise {
        let terms = sigmas_milli.iter().map(|&s| Term { coefficient: 1, sigma_milli: s, times: 1 }).collect();
        LinearNoise { denominator: 1, terms }
    }

    /// The noise of a sum of `n` values with this noise each, independent of each other.
    #[must_use]
    pub fn times(&self, n: u64) -> LinearNoise {
        let terms = self.terms.iter().map(|t| Term { times: t.times * n, ..*t }).collect();
        LinearNoise { denominator: self.denominator, terms }
    }

    /// Standard deviation. That of a discrete Gaussian is at most its parameter (CKS20, corollary 9), so this is an upper
    /// bound.
    pub fn sigma(&self) -> f64 {
        let variance: f64 = self
            .terms
            .iter()
            .map(|t| {
                let s = t.coefficient as f64 * t.sigma_milli as f64 / 1000.0;
                s * s * t.times as f64
            })
            .sum();
        variance.sqrt() / self.denominator as f64
    }

    /// Smallest whole half-width `h` such that the value misses the exact count by more than `h` with probability at most
    /// `miss`.
    pub fn half_width(&self, miss: f64) -> u64 {
        let sigma = self.sigma();
        if sigma == 0.0 {
            return 0;
        }
        if sigma <= EXACT_UP_TO
            && let Some(tail) = self.exact_tails()
        {
            // tail[k] = P(|noise| * D > k); the smallest whole h with P(|noise| > h) <= miss.
            let d = self.denominator as usize;
            let mut h = 0;
            while tail.get(h * d).copied().unwrap_or(0.0) > miss {
                h += 1;
            }
            return h as u64;
        }
        (normal_quantile(1.0 - miss / 2.0) * sigma + 1.0 / self.denominator as f64).ceil() as u64
    }

    /// `P(|noise| * denominator > k)` for k from 0, or `None` if the support would be too large.
    fn exact_tails(&self) -> Option<Vec<f64>> {
        // pmf on the lattice of the numerator, symmetric, index = value + reach
        let mut pmf = vec![1.0];
        for term in &self.terms {
            let one = discrete_gaussian(term.sigma_milli);
            let reach = (one.len() - 1) / 2;
            for _ in 0..term.times {
                let step = term.coefficient as usize;
                let grown = pmf.len() + 2 * reach * step;
                if grown > LARGEST_SUPPORT {
                    return None;
                }
                let mut next = vec![0.0; grown];
                for (i, p) in pmf.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                    for (j, q) in one.iter().enumerate() {
                        next[i + j * step] += p * q;
                    }
                }
                trim(&mut next);
                pmf = next;
            }
        }
        let middle = (pmf.len() - 1) / 2;
        // cumulate from the far end so that small probabilities keep their digits
        let mut tails = vec![0.0; middle + 1];
        let mut beyond = 0.0;
        for k in (0..=middle).rev() {
            tails[k] = beyond;
            if k > 0 {
                beyond += pmf[middle + k] + pmf[middle - k];
            }
        }
        Some(tails)
    }
}

/// Drops ends that hold less than 10⁻¹⁵ each, keeping the middle in the middle.
fn trim(pmf: &mut Vec<f64>) {
    let (mut cut, mut mass) = (0, 0.0);
    while cut < pmf.len() / 2 {
        mass += pmf[cut];
        if mass > 1e-15 {
            break;
        }
        cut += 1;
    }
    if cut > 0 {
        pmf.truncate(pmf.len() - cut);
        pmf.drain(..cut);
    }
}

/// Probabilities of the discrete Gaussian at -reach..=reach; what lies beyond is under 10⁻¹⁶.
fn discrete_gaussian(sigma_milli: u64) -> Vec<f64> {
    let sigma = sigma_milli as f64 / 1000.0;
    let reach = (sigma * 9.0).ceil() as i64 + 2;
    let weights: Vec<f64> = (-reach..=reach).map(|x| libm::exp(-(x * x) as f64 / (2.0 * sigma * sigma))).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

/// Quantile of the standard normal distribution, by bisection of its distribution function.
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Distribution function of the standard normal, by the series of Marsaglia 2004 (J. Stat. Software 11(4)) in the middle
/// and a continued fraction in the tails.
fn normal_cdf(x: f64) -> f64 {
    let density = libm::exp(-0.5 * x * x) / (2.0 * std::f64::consts::PI).sqrt();
    if x.abs() < 5.0 {
        let (mut sum, mut term, mut i) = (x, x, 1.0);
        while (sum + term).to_bits() != sum.to_bits() && i < 400.0 {
            i += 2.0;
            term *= x * x / i;
            sum += term;
        }
        return 0.5 + sum * density;
    }
    let a = x.abs();
    let mut fraction = 0.0;
    for k in (1..=60).rev() {
        fraction = f64::from(k) / (a + fraction);
    }
    let tail = density / (a + fraction);
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_normal_quantile_is_that_of_published_tables() {
        for (p, z) in [(0.975, 1.959_963_984_540), (0.95, 1.644_853_626_951), (0.9875, 2.241_402_727_604), (0.5, 0.0)] {
            assert!((normal_quantile(p) - z).abs() < 1e-9, "{p}");
        }
    }

    /// Brute force for one draw: sum the probabilities outside.
    #[test]
    fn privacy_13_the_interval_of_one_draw_is_the_shortest_whole_one_that_covers() {
        for sigma_milli in [300, 700, 1000, 2345, 5000, 11_999] {
            let pmf = discrete_gaussian(sigma_milli);
            let middle = (pmf.len() / 2) as i64;
            let outside = |h: i64| -> f64 {
                pmf.iter().enumerate().filter(|(i, _)| (*i as i64 - middle).abs() > h).map(|(_, p)| p).sum()
            };
            let h = LinearNoise::direct(&[sigma_milli]).half_width(0.05) as i64;
            assert!(outside(h) <= 0.05 + 1e-12, "{sigma_milli}: {h} misses {}", outside(h));
            assert!(h == 0 || outside(h - 1) > 0.05 - 1e-12, "{sigma_milli}: {h} is longer than needed");
        }
    }

    /// Brute force for a combination with coefficients: enumerate all pairs.
    #[test]
    fn privacy_13_the_interval_of_a_combination_agrees_with_enumeration() {
        let (a, b) = (discrete_gaussian(1500), discrete_gaussian(2200));
        let (ma, mb) = ((a.len() / 2) as i64, (b.len() / 2) as i64);
        let noise = LinearNoise {
            denominator: 7,
            terms: vec![
                Term { coefficient: 6, sigma_milli: 1500, times: 1 },
                Term { coefficient: 1, sigma_milli: 2200, times: 1 },
            ],
        };
        let h = noise.half_width(0.05) as i64;
        let outside = |h: i64| -> f64 {
            let mut sum = 0.0;
            for (i, p) in a.iter().enumerate() {
                for (j, q) in b.iter().enumerate() {
                    if (6 * (i as i64 - ma) + (j as i64 - mb)).abs() > 7 * h {
                        sum += p * q;
                    }
                }
            }
            sum
        };
        assert!(outside(h) <= 0.05 && outside(h - 1) > 0.05, "{h}: {} {}", outside(h), outside(h - 1));
    }

    #[test]
    fn exact_and_approximate_intervals_meet_where_they_change_over() {
        let exact = LinearNoise::direct(&[11_990]).half_width(0.05);
        let approximate = LinearNoise::direct(&[12_010]).half_width(0.05);
        assert!(approximate >= exact && approximate - exact <= 2, "{exact} {approximate}");
    }

    proptest! {
        #[test]
        fn more_noise_never_gives_a_shorter_interval(sigma in 200_u64..40_000, more in 0_u64..10_000, n in 1_u64..4) {
            let a = LinearNoise::direct(&[sigma]).times(n).half_width(0.05);
            let b = LinearNoise::direct(&[sigma + more]).times(n).half_width(0.05);
            prop_assert!(b + 1 >= a);
        }
    }
}

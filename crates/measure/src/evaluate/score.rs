//! The sums over marginals, and the figures made of them.

use serde::Serialize;

/// A combination counts as common from here on.
const COMMON: f64 = 10.0;

/// Figures for the marginals of one length. `None`: nothing to divide by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Length {
    /// Marginals compared.
    pub marginals: u64,
    /// Full view: mean over marginals of the summed absolute differences of counts, divided by the exact rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_error: Option<f64>,
    /// Full view: mean over marginals of the total variation distance of the two distributions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tvd: Option<f64>,
    /// Full view: the largest of the marginals' errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_error_max: Option<f64>,
    /// Mean over marginals of the summed absolute differences of combinations' counts, divided by the exact rows.
    pub l1_over_n: Option<f64>,
    /// Mean absolute difference of counts over the combinations of the exact table; suppressed ones in full.
    pub mae: Option<f64>,
    /// The same over combinations of ten and more.
    pub mae_ge10: Option<f64>,
    /// Mean difference relative to the exact count, over combinations of ten and more.
    pub rel_ge10: Option<f64>,
    /// Mean share of the count that is preserved, over combinations of ten and more; below nought counts as nought.
    pub preserved_ge10: Option<f64>,
    /// Different combinations in the exact table.
    pub sensitive_combos: u64,
    /// Different combinations in the release.
    pub released_combos: u64,
    /// Combinations of the release that nobody in the exact table has.
    pub fabricated: u64,
    /// Their share of the release's combinations.
    pub fabricated_share: Option<f64>,
    /// Their share of the release's counts.
    pub fabricated_mass_share: Option<f64>,
    /// Combinations of the exact table that the release lacks.
    pub suppressed: u64,
    /// Their share of the exact table's combinations.
    pub suppressed_share: Option<f64>,
    /// Their share of the exact table's counts.
    pub suppressed_mass_share: Option<f64>,
    /// How many of them ten and more people have.
    pub suppressed_ge10: u64,
}

/// Sums over some marginals. Adding two is exact but for the rounding of the four sums of ratios.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    full: bool,
    marginals: u64,
    workload: f64,
    workload_max: f64,
    tvd: f64,
    l1: f64,
    exact_combos: u64,
    released_combos: u64,
    exact_mass: f64,
    released_mass: f64,
    error: f64,
    common: u64,
    error_common: f64,
    relative: f64,
    preserved: f64,
    fabricated: u64,
    fabricated_mass: f64,
    suppressed: u64,
    suppressed_mass: f64,
    suppressed_common: u64,
}

/// One marginal, while its cells are added up.
#[derive(Default)]
pub struct Marginal {
    all: f64,
    shares: f64,
    combinations: f64,
}

impl Marginal {
    /// Adds one cell: exact and released count, the rows of both tables, and whether no value of it is blank.
    #[inline]
    pub fn cell(&mut self, sums: &mut Sums, [x, y]: [f64; 2], [n, m]: [f64; 2], combination: bool) {
        let error = (x - y).abs();
        self.all += error;
        self.shares += (x / n - y / m).abs();
        if !combination {
            return;
        }
        self.combinations += error;
        let (in_exact, in_release, common) = (x > 0.0, y > 0.0, x >= COMMON);
        sums.exact_mass += x;
        sums.released_mass += y;
        if in_exact {
            sums.exact_combos += 1;
            sums.error += error;
        }
        if in_release {
            sums.released_combos += 1;
        }
        if common {
            let relative = error / x;
            sums.common += 1;
            sums.error_common += error;
            sums.relative += relative;
            sums.preserved += (1.0 - relative).max(0.0);
        }
        if in_release && !in_exact {
            sums.fabricated += 1;
            sums.fabricated_mass += y;
        }
        if in_exact && !in_release {
            sums.suppressed += 1;
            sums.suppressed_mass += x;
            sums.suppressed_common += u64::from(common);
        }
    }

    /// Closes the marginal. `full`: whether cells with blanks were compared as well.
    pub fn close(self, sums: &mut Sums, n: f64, full: bool) {
        sums.marginals += 1;
        sums.l1 += self.combinations / n;
        if full {
            let workload = self.all / n;
            sums.full = true;
            sums.workload += workload;
            sums.workload_max = sums.workload_max.max(workload);
            sums.tvd += 0.5 * self.shares;
        }
    }
}

impl Sums {
    /// Adds the sums over other marginals.
    pub fn add(&mut self, other: &Sums) {
        self.full |= other.full;
        self.marginals += other.marginals;
        self.workload += other.workload;
        self.workload_max = self.workload_max.max(other.workload_max);
        self.tvd += other.tvd;
        self.l1 += other.l1;
        self.exact_combos += other.exact_combos;
        self.released_combos += other.released_combos;
        self.exact_mass += other.exact_mass;
        self.released_mass += other.released_mass;
        self.error += other.error;
        self.common += other.common;
        self.error_common += other.error_common;
        self.relative += other.relative;
        self.preserved += other.preserved;
        self.fabricated += other.fabricated;
        self.fabricated_mass += other.fabricated_mass;
        self.suppressed += other.suppressed;
        self.suppressed_mass += other.suppressed_mass;
        self.suppressed_common += other.suppressed_common;
    }

    /// The figures.
    pub fn finish(&self) -> Length {
        let over = |sum: f64, of: f64| (of != 0.0).then(|| sum / of);
        let marginals = self.marginals as f64;
        let full = |value: Option<f64>| value.filter(|_| self.full);
        Length {
            marginals: self.marginals,
            workload_error: full(over(self.workload, marginals)),
            tvd: full(over(self.tvd, marginals)),
            workload_error_max: full(Some(self.workload_max)),
            l1_over_n: over(self.l1, marginals),
            mae: over(self.error, self.exact_combos as f64),
            mae_ge10: over(self.error_common, self.common as f64),
            rel_ge10: over(self.relative, self.common as f64),
            preserved_ge10: over(self.preserved, self.common as f64),
            sensitive_combos: self.exact_combos,
            released_combos: self.released_combos,
            fabricated: self.fabricated,
            fabricated_share: over(self.fabricated as f64, self.released_combos as f64),
            fabricated_mass_share: over(self.fabricated_mass, self.released_mass),
            suppressed: self.suppressed,
            suppressed_share: over(self.suppressed as f64, self.exact_combos as f64),
            suppressed_mass_share: over(self.suppressed_mass, self.exact_mass),
            suppressed_ge10: self.suppressed_common,
        }
    }
}

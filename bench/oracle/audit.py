#!/usr/bin/env python3
"""What the statistics of crates/testnoise/src/audit.rs are held against: scipy 1.17.1 (pip install scipy).

    bench/oracle/audit.py
"""

import math

from scipy.optimize import brentq
from scipy.stats import beta, norm

print("Clopper-Pearson: successes, trials, one-sided error, lower, upper")
for k, n, e in [
    (0, 20, 0.025), (1, 29, 0.025), (15, 148, 0.025), (81, 263, 0.025), (3, 2000, 5e-5), (0, 3200, 5e-5),
    (16000, 16000, 5e-5), (12345, 50000, 1e-4), (999, 1000, 0.01),
]:
    low = 0.0 if k == 0 else beta.ppf(e, k, n - k + 1)
    high = 1.0 if k == n else beta.ppf(1 - e, k + 1, n - k)
    print(k, n, e, float(low), float(high))

print("quantiles of the normal law")
for p in [1e-9, 1e-4, 0.025, 0.3, 0.975]:
    print(p, float(norm.ppf(p)))

print("epsilon of mu-GDP at delta")
for mu, delta in [(0.1, 1e-5), (0.8, 1e-5), (1.6, 1e-5), (0.5, 1e-6), (5.0, 1e-5)]:
    gap = lambda e: norm.cdf(-e / mu + mu / 2) - math.exp(e) * norm.cdf(-e / mu - mu / 2) - delta
    print(mu, delta, brentq(gap, 0, 60, xtol=1e-12))

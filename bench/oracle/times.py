#!/usr/bin/env python3
"""A second oracle for crates/estimate/src/turnbull: lifelines 0.30.3, and scipy's minimiser from 40 starts where no package
takes intervals and windows together (pip install lifelines==0.30.3). All counts are invented.

    bench/oracle/times.py
"""

import numpy as np
import scipy
from lifelines import KaplanMeierFitter
from scipy.optimize import minimize

print("scipy", scipy.__version__)

print("right-truncated, exact: P(T <= t | T <= 8), Kaplan-Meier with entry in reversed time")
time = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8])
limit = np.array([2, 5, 8, 1, 5, 8, 3, 8, 5, 8, 5, 8, 8, 8])
n = np.array([9, 6, 3, 5, 8, 4, 7, 5, 6, 3, 4, 2, 3, 1])
rows = np.repeat(np.arange(len(n)), n)
km = KaplanMeierFitter().fit(20 - time[rows], entry=20 - limit[rows] - 0.5)
for t in [0, 1, 2, 3, 4, 5, 6, 7, 8]:
    print(t, float(km.predict(20 - t - 0.9)))

print("interval-censored: P(T <= t)")
lo = np.array([0, 1, 2, 3, 5, 0, 4, 7, 9, 2])
hi = np.array([2, 1, 4, 6, np.inf, 0, 8, 9, np.inf, 2])
n = np.array([5, 4, 7, 6, 3, 2, 5, 2, 1, 3])
rows = np.repeat(np.arange(len(n)), n)
fit = KaplanMeierFitter().fit_interval_censoring(lo[rows] + 9.6, hi[rows] + 10.4, tol=1e-9)
print(fit.survival_function_)

print("intervals within windows: P(T <= t | T <= 9), 40 starts")
# times from, to; window from, to; count
cells = [
    (0, 1, 0, 3, 9), (2, 3, 0, 3, 5), (1, 2, 0, 4, 4), (0, 0, 0, 5, 6), (1, 3, 0, 5, 8), (4, 5, 0, 5, 5), (0, 2, 0, 9, 7),
    (3, 3, 0, 9, 3), (5, 7, 0, 9, 6), (8, 9, 0, 9, 2), (6, 6, 0, 7, 3), (2, 4, 1, 7, 5), (3, 6, 2, 9, 4), (1, 1, 0, 7, 4),
]


def minus(x):
    p = np.exp(x - x.max())
    p /= p.sum()
    return -sum(c * np.log(p[a:b + 1].sum() / p[u:v + 1].sum()) for a, b, u, v, c in cells)


rng = np.random.default_rng(1)
best = None
for _ in range(40):
    r = minimize(minus, rng.normal(size=10), method="L-BFGS-B", options={"maxiter": 20000, "ftol": 1e-15, "gtol": 1e-9})
    if best is None or r.fun < best.fun:
        best = r
p = np.exp(best.x - best.x.max())
p /= p.sum()
print("log-likelihood", -best.fun)
print(np.round(p, 6))
print(np.round(np.cumsum(p), 6))

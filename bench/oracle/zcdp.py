#!/usr/bin/env python3
"""zCDP to (epsilon, delta) with 60 digits, by nothing but the standard library.

    bench/oracle/zcdp.py                    the table that the tests of crates/release/src/account.rs hold
    bench/oracle/zcdp.py RHO DELTA          epsilon
    bench/oracle/zcdp.py --rho EPS DELTA    the largest rho that stays within (EPS, DELTA)

Canonne, Kamath, Steinke 2020 (arXiv 2004.00010), proposition 12 and corollary 13:
delta = inf over alpha > 1 of exp((alpha - 1)(alpha rho - eps)) / (alpha - 1) * (1 - 1/alpha)^alpha.
For a given delta, epsilon(alpha) = alpha rho + (ln(1/delta) - ln(alpha - 1)) / (alpha - 1) + alpha ln(1 - 1/alpha) / (alpha - 1)
is minimised over alpha; the minimum is found by golden-section search.
"""

import sys
from decimal import Decimal, getcontext

getcontext().prec = 60
ONE = Decimal(1)


def epsilon(rho: Decimal, delta: Decimal) -> Decimal:
    def at(t: Decimal) -> Decimal:  # t = ln(alpha - 1)
        less = t.exp()
        alpha = ONE + less
        return alpha * rho + ((ONE / delta).ln() - t + alpha * (ONE - ONE / alpha).ln()) / less

    low, high = Decimal(-20), Decimal(20)
    golden = (Decimal(5).sqrt() - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    fa, fb = at(a), at(b)
    for _ in range(140):
        if fa < fb:
            high, b, fb = b, a, fa
            a = high - golden * (high - low)
            fa = at(a)
        else:
            low, a, fa = a, b, fb
            b = low + golden * (high - low)
            fb = at(b)
    return at((low + high) / 2)


def rho_of(eps: Decimal, delta: Decimal) -> Decimal:
    low, high = Decimal(0), eps
    for _ in range(120):
        middle = (low + high) / 2
        if middle > 0 and epsilon(middle, delta) <= eps:
            low = middle
        else:
            high = middle
    return low


if __name__ == "__main__":
    args = sys.argv[1:]
    if len(args) == 3 and args[0] == "--rho":
        print(f"{rho_of(Decimal(args[1]), Decimal(args[2])):.15f}")
    elif len(args) == 2:
        print(f"{epsilon(Decimal(args[0]), Decimal(args[1])):.15f}")
    elif not args:
        for rho, delta in [("0.5", "1e-6"), ("0.1", "1e-6"), ("0.02", "1e-6"), ("1.0", "1e-9"), ("0.001", "1e-5")]:
            print(f"rho {rho:>6}  delta {delta}  epsilon {epsilon(Decimal(rho), Decimal(delta)):.12f}")
    else:
        sys.exit(__doc__)

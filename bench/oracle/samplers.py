#!/usr/bin/env python3
"""What the tests of crates/measure's samplers are held against.

    bench/oracle/samplers.py            probabilities of the discrete Gaussian, the discrete Laplace and the exponential
                                        mechanism with 50 digits, by nothing but the standard library
    bench/oracle/samplers.py --opendp   the same from OpenDP (pip install 'opendp[polars]==0.14.2'): its privacy maps, and counts
                                        of its own draws. Its draws differ each time; the tests hold one run of them.
"""

import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 50
DRAWS = 100_000
UTILITIES = [0, 3, 5, 6, 6]


def exp(x: Fraction) -> Decimal:
    return (Decimal(x.numerator) / Decimal(x.denominator)).exp()


def gaussian(sigma_milli: int) -> dict[int, Decimal]:
    reach = sigma_milli * 15 // 1000 + 15
    weight = {x: exp(Fraction(-x * x * 10**6, 2 * sigma_milli**2)) for x in range(reach + 1)}
    whole = 2 * sum(weight.values()) - weight[0]
    return {x: w / whole for x, w in weight.items()}


def laplace(scale_milli: int) -> dict[int, Decimal]:
    ratio = exp(Fraction(-1000, scale_milli))
    return {x: (1 - ratio) / (1 + ratio) * ratio**x for x in range(scale_milli * 15 // 1000 + 15)}


def exponential(epsilon_milli: int, utilities: list[int], span: int) -> list[Decimal]:
    weight = [exp(Fraction(epsilon_milli * u, 1000 * span)) for u in utilities]
    return [w / sum(weight) for w in weight]


def probabilities() -> None:
    for name, law, parameters in [
        ("gaussian", gaussian, [500, 1000, 3300, 20_000, 200_000]),
        ("laplace", laplace, [500, 1000, 3300, 20_000, 200_000]),
    ]:
        for milli in parameters:
            p = law(milli)
            for x in [0, 1, 2, 7, milli // 1000, 2 * milli // 1000]:
                print(f"{name:9} {milli:>7}  x {x:>4}  {p[x]:.18e}")
    for epsilon_milli, span in [(1000, 2), (100, 1)]:
        p = exponential(epsilon_milli, UTILITIES, span)
        print(f"choice of {UTILITIES} at {epsilon_milli} thousandths, range {span}:", *(f"{x:.15f}" for x in p))


def opendp() -> None:
    import opendp.prelude as dp

    dp.enable_features("contrib", "honest-but-curious")
    whole = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
    for scale, d_in in [(1.0, 1), (20.0, 1), (3.3, 2), (200.0, 5)]:
        m = dp.m.make_gaussian(*whole, scale=scale, MO="ZeroConcentratedDivergence")
        print(f"gaussian  scale {scale} sensitivity {d_in}: rho {m.map(d_in):.17g}")
    for scale, d_in in [(1.0, 1), (20.0, 1), (3.3, 2)]:
        m = dp.m.make_laplace(*whole, scale=scale)
        print(f"laplace   scale {scale} sensitivity {d_in}: epsilon {m.map(d_in):.17g}")
    scores = dp.vector_domain(dp.atom_domain(T="i64"))
    for monotonic in [False, True]:
        for scale, d_in in [(2.0, 1), (20.0, 1), (5.0, 3)]:
            metric = dp.linf_distance(T="i64", monotonic=monotonic)
            pure = dp.m.make_noisy_max(scores, metric, dp.max_divergence(), scale=scale)
            try:
                rho = dp.m.make_noisy_max(scores, metric, dp.zero_concentrated_divergence(), scale=scale).map(d_in)
            except Exception as reason:  # another version of OpenDP
                rho = reason
            print(f"noisy max scale {scale} sensitivity {d_in} monotonic {monotonic}: epsilon {pure.map(d_in):.17g} rho {rho}")

    def count(draw) -> str:
        seen: dict[int, int] = {}
        for _ in range(DRAWS):
            x = draw()
            seen[x] = seen.get(x, 0) + 1
        return ", ".join(f"({x}, {n})" for x, n in sorted(seen.items()))

    m = dp.m.make_gaussian(*whole, scale=3.3, MO="ZeroConcentratedDivergence")
    print("gaussian 3.3:", count(lambda: m(0)))
    m = dp.m.make_laplace(*whole, scale=3.3)
    print("laplace 3.3:", count(lambda: m(0)))
    m = dp.m.make_noisy_max(scores, dp.linf_distance(T="i64"), dp.zero_concentrated_divergence(), scale=2.0)
    print(f"choice of {UTILITIES}, scale 2:", count(lambda: m(UTILITIES)))


if __name__ == "__main__":
    if sys.argv[1:] == []:
        probabilities()
    elif sys.argv[1:] == ["--opendp"]:
        opendp()
    else:
        sys.exit(__doc__)

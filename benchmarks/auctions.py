"""Open auctions: 10,000 of them priced again at one instant, to the nano, on one core.

Budget: 100 times a second. The peer is a plain-Python loop over the same exact prices in integers:
for a line a product and a quotient; for powers a product with a factor of 127 bits out of a ready
table and a shift, which is the fastest of the plain forms, and does not look whether the shift has
settled the floor. Within a second it takes a thousandth, a millionth and a billionth as we do.
Prices are equal to those of `PriceCurve.price_nano`, one by one, before anything is timed.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from _harness import Row, best_seconds

from hullmark.core import SECOND_NS, IntArray
from hullmark.liquidation import (
    ExponentialCurve,
    LinearCurve,
    PriceCurve,
    StairstepCurve,
    TwoLegCurve,
    reprice,
)

AUCTIONS = 10_000
SEED = 20200312
TAIL_S = 8_400  # of Maker's ETH-A in 2022: 140 minutes
BITS = 127
Plain = Callable[[list[int], list[int]], list[int]]


def auctions() -> tuple[IntArray, IntArray]:
    """Return start prices of 1 to 100,000 in nanos, and times since the start."""
    chance = np.random.default_rng(SEED)
    tops = np.exp(chance.uniform(0, np.log(1e5), AUCTIONS)) * 1e9
    return tops.astype(np.int64), chance.integers(0, TAIL_S * SECOND_NS, AUCTIONS)


def plain_line(tau_s: int) -> Plain:
    """Return the loop for a straight line to nothing."""
    tau_ns = tau_s * SECOND_NS

    def priced(tops: list[int], elapsed: list[int]) -> list[int]:
        return [
            top * (tau_ns - at) // tau_ns if at < tau_ns else 0
            for top, at in zip(tops, elapsed, strict=True)
        ]

    return priced


def plain_legs(curve: TwoLegCurve) -> Plain:
    """Return the loop for two straight legs."""
    start, cutoff = Fraction(curve.start), Fraction(curve.cutoff)
    fast_ns, slow_ns = int(curve.fast_s) * SECOND_NS, int(curve.slow_s) * SECOND_NS
    unit = start.denominator * cutoff.denominator
    high, low = int(start * unit), int(cutoff * unit)

    def priced(tops: list[int], elapsed: list[int]) -> list[int]:
        found = []
        for top, at in zip(tops, elapsed, strict=True):
            if at < fast_ns:
                found.append(top * (high * fast_ns - (high - low) * at) // (unit * fast_ns))
            elif at < fast_ns + slow_ns:
                found.append(top * low * (slow_ns - (at - fast_ns)) // (unit * slow_ns))
            else:
                found.append(0)
        return found

    return priced


def table(ratio: Fraction, entries: int) -> list[int]:
    """Return powers with 127 bits."""
    one = 1 << 2 * BITS
    factor, power, found = int(ratio * one), one, []
    for _ in range(entries):
        found.append((power >> BITS) + 1)
        power = power * factor >> 2 * BITS
    return found


def plain_stairs(cut: Decimal, step_s: int) -> Plain:
    """Return the loop for stairs."""
    powers, step_ns = table(Fraction(cut), TAIL_S // step_s + 1), step_s * SECOND_NS

    def priced(tops: list[int], elapsed: list[int]) -> list[int]:
        return [top * powers[at // step_ns] >> BITS for top, at in zip(tops, elapsed, strict=True)]

    return priced


def plain_exponential(cut: Decimal) -> Plain:
    """Return the loop for a power of time."""
    powers, parts = table(Fraction(cut), TAIL_S + 1), []
    for places in (3, 6, 9):
        with localcontext(prec=100):
            parts.append(table(Fraction(cut ** Decimal(1).scaleb(-places)), 1_000))
    milli, micro, nano = parts

    def priced(tops: list[int], elapsed: list[int]) -> list[int]:
        found = []
        for top, at in zip(tops, elapsed, strict=True):
            second, rest = divmod(at, SECOND_NS)
            factor = powers[second] * milli[rest // 1_000_000] >> BITS
            factor = factor * micro[rest // 1_000 % 1_000] >> BITS
            factor = factor * nano[rest % 1_000] >> BITS
            found.append(top * factor >> BITS)
        return found

    return priced


def measured(name: str, curve: PriceCurve, plain: Plain, bar: str) -> list[Row]:
    """Return how often all auctions are priced in a second, and against the plain loop."""
    tops, elapsed = auctions()
    listed = tops.tolist(), elapsed.tolist()
    exact = [curve.price_nano(top, at) for top, at in zip(*listed, strict=True)]
    if reprice(curve, tops, elapsed).tolist() != exact:
        raise AssertionError("a batch must be equal to each price by itself, was not")
    if max(abs(a - b) for a, b in zip(plain(*listed), exact, strict=True)) > 1:
        raise AssertionError("the plain loop must be within a nano, was not")
    ours, theirs = best_seconds(
        lambda: reprice(curve, tops, elapsed), lambda: plain(*listed), repeats=9
    )
    title = f"{AUCTIONS:,} auctions, {name}"
    return [
        Row.alone(title, "times a second", ours=1 / ours, bar=">= 100"),
        Row.time(title, "us", ours=1e6 * ours, peer="plain Python", theirs=1e6 * theirs, bar=bar),
    ]


def rows(large: bool) -> list[Row]:
    """Return the figures of each kind of curve."""
    legs = TwoLegCurve(start="0.98", cutoff="0.8", fast_s=900, slow_s=3600)
    cut = Decimal("0.99")
    return [
        *measured("linear", LinearCurve(21_600), plain_line(21_600), ">= 4"),
        *measured("two legs", legs, plain_legs(legs), ">= 4"),
        *measured("stairs", StairstepCurve(step_s=90, cut=cut), plain_stairs(cut, 90), ">= 4"),
        *measured(
            "exponential", ExponentialCurve("0.9999"), plain_exponential(Decimal("0.9999")), ">= 10"
        ),
    ]

"""Derive's interest, funding and settlement, slowly: exact fractions, cut where the venue cuts.

It knows no code of the package: fractions of USD instead of whole numbers of 1e-18, one account at
a time, and the exponential summed term by term. Written from the venue's published contracts.
"""

from fractions import Fraction
from math import floor

QUANTUM = Fraction(1, 10**18)
YEAR, HOUR, WINDOW = 365 * 86_400, 3_600, 1_800


def cut(x):
    """Cut towards zero to 18 decimals."""
    steps = floor(abs(x) / QUANTUM)
    return steps * QUANTUM if x >= 0 else -steps * QUANTUM


def nearest(x):
    """Round to 18 decimals, halves away from zero."""
    steps = floor(abs(x) / QUANTUM + Fraction(1, 2))
    return steps * QUANTUM if x >= 0 else -steps * QUANTUM


def exponential(x):
    """Return e to the power of x >= 0, cut to 18 decimals: the series until no term can matter."""
    term, total, n = Fraction(1), Fraction(1), 0
    while term > Fraction(1, 10**60) or n < 2 * x:
        n += 1
        term = term * x / n
        total += term
        term = Fraction(floor(term * 10**80), 10**80)  # keeps the numbers short
    return cut(total)


# --- interest ---


def borrow_rate(terms, supply, borrow):
    """Return the yearly rate of a pool with so much supplied and borrowed."""
    use = min(cut(borrow / supply), Fraction(1)) if supply and borrow else Fraction(0)
    if use <= terms["optimal"]:
        return cut(use * terms["low"]) + terms["min"]
    corner = cut(terms["optimal"] * terms["low"]) + terms["min"]
    return cut((use - terms["optimal"]) * terms["high"]) + corner


def accrue(pool, terms, seconds):
    """Return the pool, a dict of fractions, after the interest of so many seconds."""
    if not seconds or not pool["borrow"]:
        return pool
    counted = pool["supply"] + (-pool["settled"] if pool["settled"] < 0 else 0)
    rate = borrow_rate(terms, counted, pool["borrow"])
    interest = cut(pool["borrow"] * (exponential(cut(rate * seconds / YEAR)) - 1))
    fee = interest if pool["capturing"] else cut(interest * terms["fee"])
    after = dict(pool)
    after["borrow"] += interest
    after["supply"] += interest - fee
    after["fees"] += fee
    for side in ("supply", "borrow"):
        growth = cut(after[side] / pool[side])
        after[f"{side}_index"] = cut(growth * pool[f"{side}_index"])
    return after


# --- perpetuals ---


def hourly_rate(bid, ask, index, hours, static, largest):
    """Return the funding rate of an hour."""
    premium = Fraction(0)
    if bid > index:
        premium += bid - index
    if ask < index:
        premium -= index - ask
    rate = nearest(cut(premium / index) / hours) + static
    return min(max(rate, -largest), largest)


def paid(size, rate, seconds, index):
    """Return the funding that a position receives over a time at one rate and index."""
    return -cut(size * cut(cut(rate * seconds / HOUR) * index))


# --- settlement ---


def average(path):
    """Return the mean of spot over ``[(seconds, spot), ...]`` that add up to the window."""
    assert sum(seconds for seconds, _ in path) == WINDOW
    return sum(seconds * spot for seconds, spot in path) / Fraction(WINDOW)


def payoff(call, strike, price, size):
    """Return what a position in an option is paid."""
    inside = price - strike if call else strike - price
    return cut(inside * size) if inside > 0 else Fraction(0)

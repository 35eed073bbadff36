"""Prices made from prices, as the auditor makes them, and what they remember.

Source: ``docs/concepts/prices.md``, "Prices made from prices"; of the stable price Mango v4,
``programs/mango-v4/src/state/stable_price.rs``, 2023. Fractions, rounded down at the end.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from hullmark.sim._auditor_candidates import Candidate, faded
from hullmark.sim._auditor_options import DAY_NS
from hullmark.sim._auditor_policies import GrowthTerms, PriceTerms, StableTerms
from hullmark.sim._auditor_text import NANO

_YEAR_NS = 365 * DAY_NS
_POINTS = 32
_INTERVALS = 24
_STEP_S_MIN, _STEP_S_MAX = 10, 600
_TICK = Decimal("1.0001")

Points = tuple[tuple[int, int], ...]  # instants, and what held from then on


class Stable(NamedTuple):
    """A stable price, and the ring of prices that it is held to."""

    stable_nano: int
    updated_s: int
    delay_nano: tuple[int, ...]
    accumulated: str
    interval: int = 0
    accumulated_s: int = 0


class Memory(NamedTuple):
    """What a price remembers, under the names of the event."""

    valid_nano: int | None = None
    halted: bool = False
    steady: int = 0
    steady_nano: int | None = None
    steady_ns: int | None = None
    spot_nano: int | None = None
    basis_nano: int | None = None
    basis_spot_nano: int | None = None
    basis_ns: int | None = None
    points: Points = ()
    ticks: Points = ()
    average_nano: int | None = None
    next_nano: int | None = None
    hop_ns: int | None = None
    stable: Stable | None = None


def told(memory: Memory | Stable) -> dict[str, Any]:
    """Return a memory as an event tells it: what is at its default is left out."""
    defaults, found = memory._field_defaults, memory._asdict()
    if isinstance(memory, Memory) and memory.stable is not None:
        found["stable"] = told(memory.stable)
    return {k: v for k, v in found.items() if k not in defaults or v != defaults[k]}


def refine(
    candidate: Candidate,
    terms: PriceTerms,
    memory: Memory,
    *,
    last: tuple[int, int] | None,
    redemption_nano: int | None,
    inputs: Mapping[str, int],
    now_ns: int,
) -> tuple[int, int, int, Memory]:
    """Return what is made of a candidate: low, price and high, and what is remembered.

    *last* is the last price and when it was taken over, *redemption_nano* what the issuer pays if
    that is sound, *inputs* the prices that are VALID.
    """
    price = market = candidate.price_nano
    kept = Memory(
        halted=memory.halted,
        steady=memory.steady,
        steady_nano=memory.steady_nano,
        steady_ns=memory.steady_ns,
    )
    if terms.mark is not None:
        kept = kept._replace(
            basis_nano=memory.basis_nano,
            basis_spot_nano=memory.basis_spot_nano,
            basis_ns=memory.basis_ns,
        )
    if terms.redemption is not None and redemption_nano is not None:
        near = abs(market - redemption_nano) <= terms.redemption[1] * redemption_nano
        price = redemption_nano if near else market
    if terms.growth_cap is not None:
        price = max(min(price, _cap_nano(terms.growth_cap, inputs, now_ns)), 1)
    if terms.average is not None:
        price, kept = _averaged(price, terms.average, memory, kept, last, now_ns)
    if terms.delay_ns is not None:
        price, kept = _delayed(price, terms.delay_ns, memory, kept, last, now_ns)
    sides = [
        max(price - (candidate.price_nano - candidate.low_nano), 1),
        price + (candidate.high_nano - candidate.price_nano),
    ]
    if terms.redemption is not None:
        sides.append(market)
    if terms.stable is not None:
        stable = _stable(memory.stable, terms.stable, price, now_ns)
        kept = kept._replace(stable=stable)
        sides.append(stable.stable_nano)
    if price != candidate.price_nano:
        kept = kept._replace(spot_nano=candidate.price_nano)
    return min(sides), price, max(sides), kept


def _cap_nano(terms: GrowthTerms, inputs: Mapping[str, int], now_ns: int) -> int:
    years = Fraction(max(now_ns - terms.at_ns, 0), _YEAR_NS)
    rate = math.floor(terms.snapshot_nano * (1 + terms.per_year * years))
    return rate if terms.base is None else rate * inputs[terms.base] // NANO


def _averaged(
    price: int,
    terms: tuple[str, int],
    memory: Memory,
    kept: Memory,
    last: tuple[int, int] | None,
    now_ns: int,
) -> tuple[int, Memory]:
    kind, window_ns = terms
    if kind == "exponential":
        if memory.average_nano is not None and last is not None:
            price = faded(memory.average_nano, price, now_ns - last[1], window_ns)
        return price, kept._replace(average_nano=price)
    if kind == "arithmetic":
        points = _window(memory.points, price, window_ns, now_ns)
        return _mean(points, now_ns - window_ns), kept._replace(points=points)
    ticks = _window(memory.ticks, _tick_of(price), window_ns, now_ns)
    mean = _mean(ticks, now_ns - window_ns)
    with localcontext(prec=80):
        price = int((_TICK**mean * NANO).to_integral_value(ROUND_FLOOR))
    return max(price, 1), kept._replace(ticks=ticks)


# What held when the window began is kept, and what came after it. Of two points that are nearer to
# now than a 32nd part of the window the mean is kept.
def _window(points: Points, value: int, window_ns: int, now_ns: int) -> Points:
    start_ns = now_ns - window_ns
    earlier = [point for point in points if point[0] < now_ns]
    while len(earlier) > 1 and earlier[1][0] <= start_ns:
        del earlier[0]
    if len(earlier) > 1 and now_ns - earlier[-2][0] < window_ns // _POINTS:
        (first_ns, _), _ = both = earlier[-2:]
        earlier[-2:] = [(first_ns, _mean((*both, (now_ns, value)), first_ns))]
    return (*earlier, (now_ns, value))


# Of what held from an instant until the last point, which has held for no time yet.
def _mean(points: Sequence[tuple[int, int]], since_ns: int) -> int:
    spans = [
        (value, max(until_ns - max(at_ns, since_ns), 0))
        for (at_ns, value), (until_ns, _) in pairwise(points)
    ]
    length = sum(span for _, span in spans)
    return sum(value * span for value, span in spans) // length if length else points[-1][1]


def _tick_of(price_nano: int) -> int:
    with localcontext(prec=80):
        price = Decimal(price_nano) / NANO
        near = int((price.ln() / _TICK.ln()).to_integral_value(ROUND_FLOOR))
        return max(tick for tick in (near - 1, near, near + 1) if _TICK**tick <= price)


def _delayed(
    price: int,
    delay_ns: int,
    memory: Memory,
    kept: Memory,
    last: tuple[int, int] | None,
    now_ns: int,
) -> tuple[int, Memory]:
    if memory.next_nano is None or memory.hop_ns is None or last is None:
        return price, kept._replace(next_nano=price, hop_ns=now_ns)
    if now_ns >= memory.hop_ns + delay_ns:
        return memory.next_nano, kept._replace(next_nano=price, hop_ns=now_ns)
    return last[0], kept._replace(next_nano=memory.next_nano, hop_ns=memory.hop_ns)


def _stable(before: Stable | None, terms: StableTerms, price: int, now_ns: int) -> Stable:
    now_s, interval_s = now_ns // NANO, terms.interval_ns // NANO
    interval = now_s // interval_s % _INTERVALS
    if before is None:
        return Stable(price, now_s, (price,) * _INTERVALS, "0", interval)
    elapsed_s = now_s - before.updated_s
    if elapsed_s < _STEP_S_MIN:
        return before
    counted_s = min(elapsed_s, _STEP_S_MAX)
    total, seconds = int(before.accumulated) + price * counted_s, before.accumulated_s + elapsed_s
    ring = list(before.delay_nano)
    if interval != before.interval:
        closed = _near(total // seconds, ring[before.interval - 1], terms.delay_growth)
        passed = (interval - before.interval) % _INTERVALS
        if elapsed_s > _INTERVALS * interval_s:
            passed = _INTERVALS
        for step in range(passed):
            ring[(before.interval + step) % _INTERVALS] = closed
        total = seconds = 0
    fast, slow = before.stable_nano, ring[interval]
    closeness = Fraction(min(fast, slow), max(fast, slow))
    return Stable(
        stable_nano=_near(price, fast, terms.growth_per_s * counted_s * closeness**2),
        updated_s=now_s,
        delay_nano=tuple(ring),
        interval=interval,
        accumulated=str(total),
        accumulated_s=seconds,
    )


def _near(wanted: int, last: int, share: Fraction) -> int:
    most = math.floor(last * share)
    return max(min(max(wanted, last - most), last + most), 1)

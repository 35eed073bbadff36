"""The rules of the venue's prices, in whole nanos and nanoseconds, rounded down at the end.

The average, the limited move, the redemption and the tick of a price are those of `ema`,
`limited_move`, `redemption_aware` and `tick_of`, rounded. The others differ from the public rules:

- the growth cap divides once, where `max_ratio` first makes a rate per second and rounds it down;
- an average of ticks is a whole tick, and `geometric_mean` is of the prices themselves;
- a delay is counted from the print that it began with, and `DelayedPrice` from its slot;
- a stable price begins in the interval that is running, and `StablePrice` in the interval 0.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from hullmark.core import NANO, SECOND_NS, exactly
from hullmark.domain import AcceptedPrice, PriceMemory, StableMemory
from hullmark.market._averages import mixed
from hullmark.market._growth import YEAR_S
from hullmark.market._policy_parts import GrowthTerms, RedemptionTerms, StableTerms
from hullmark.market._spans import spans
from hullmark.market._stable import INTERVALS, STEP_S_MAX, STEP_S_MIN
from hullmark.market._ticks import BASE

_DIGITS = 40  # a price has 19, so that what is lost is far below a nano

Points = Sequence[tuple[int, int]]  # instant, price from then on


def ema_nano(previous_nano: int, value_nano: int, *, elapsed_ns: int, half_life_ns: int) -> int:
    """Return an average that forgets by half in every half-life."""
    with exactly(_DIGITS):
        kept = Decimal(2) ** (Decimal(-elapsed_ns) / half_life_ns)
        average = mixed(Decimal(previous_nano), Decimal(value_nano), kept)
        return int(average.to_integral_value(ROUND_FLOOR))


def limited_nano(
    last_nano: int, wanted_nano: int, *, share_nano_max_per_minute: int, elapsed_ns: int
) -> int:
    """Return a price that has moved no further than a share a minute."""
    most = last_nano * share_nano_max_per_minute * elapsed_ns // (60 * NANO * NANO)
    return min(max(wanted_nano, last_nano - most), last_nano + most)


def redemption_nano(market_nano: int, said_nano: int | None, terms: RedemptionTerms) -> int:
    """Return what an asset is worth that its issuer redeems."""
    if said_nano is None:
        return market_nano
    near = abs(market_nano - said_nano) * NANO <= terms.deviation_nano_max * said_nano
    return said_nano if near else market_nano


def growth_cap_nano(terms: GrowthTerms, now_ns: int) -> int:
    """Return the highest rate that is allowed at an instant, in years of 365 days.

    References
    ----------
    Aave, ``aave-capo``, ``PriceCapAdapterBase`` [30c8794], ``_getMaxRatio``: its year is 365
    days, and sets of parameters are copied from there.
    """
    grown = terms.snapshot_nano * terms.per_year_nano * max(now_ns - terms.at_ns, 0)
    return terms.snapshot_nano + grown // (NANO * YEAR_S * SECOND_NS)


def mean_floor(points: Points, now_ns: int, window_ns: int) -> int:
    """Return the mean over the window of what held in it; of no time at all, the last."""
    total = length = 0
    for value, span_ns in spans(points, now_ns, window_ns):
        total, length = total + value * span_ns, length + span_ns
    return total // length if length else points[-1][1]


def tick_of_nano(price_nano: int) -> int:
    """Return the tick of a price: the power of 1.0001 at or below it."""
    with exactly(_DIGITS):
        power = (Decimal(price_nano) / NANO).ln() / BASE.ln()
        return int(power.to_integral_value(ROUND_FLOOR))


def nano_of_tick(tick: int) -> int:
    """Return the price at a tick, rounded down, at least a nano."""
    with exactly(_DIGITS):
        return max(int((BASE**tick * NANO).to_integral_value(ROUND_FLOOR)), 1)


def delayed_nano(
    price_nano: int,
    delay_ns: int,
    memory: PriceMemory,
    last: AcceptedPrice | None,
    now_ns: int,
) -> tuple[int, dict[str, Any]]:
    """Return the price that was next a delay ago, and what is next now.

    References
    ----------
    MakerDAO, ``osm``, ``src/osm.sol`` [0091d3b], ``poke``: there the delay is counted from
    its slot.
    """
    if memory.next_nano is None or memory.hop_ns is None or last is None:
        return price_nano, {"next_nano": price_nano, "hop_ns": now_ns}
    if now_ns - memory.hop_ns < delay_ns:
        return last.price_nano, {"next_nano": memory.next_nano, "hop_ns": memory.hop_ns}
    return memory.next_nano, {"next_nano": price_nano, "hop_ns": now_ns}


def stable_moved(
    memory: StableMemory | None, terms: StableTerms, price_nano: int, now_ns: int
) -> StableMemory:
    """Return the stable price moved towards a price, as Mango v4 moves it.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/state/stable_price.rs`` [0d6018c], ``update``: there it begins
    in the interval 0.
    """
    now_s, interval_s = now_ns // SECOND_NS, terms.interval_ns // SECOND_NS
    interval = now_s // interval_s % INTERVALS
    if memory is None:
        delay_nano = (price_nano,) * INTERVALS
        return StableMemory(
            stable_nano=price_nano,
            updated_s=now_s,
            delay_nano=delay_nano,
            interval=interval,
            accumulated="0",
        )
    elapsed_s = now_s - memory.updated_s
    if elapsed_s < STEP_S_MIN:
        return memory
    counted_s = min(elapsed_s, STEP_S_MAX)
    accumulated = int(memory.accumulated) + price_nano * counted_s
    accumulated_s, delay_nano = memory.accumulated_s + elapsed_s, memory.delay_nano
    if interval != memory.interval:
        before_nano = delay_nano[memory.interval - 1]
        mean_nano = accumulated // accumulated_s
        closed_nano = _clamped(
            mean_nano, before_nano, before_nano * terms.delay_growth_nano // NANO
        )
        passed = (interval - memory.interval) % INTERVALS
        if elapsed_s > INTERVALS * interval_s:
            passed = INTERVALS
        written = {(memory.interval + k) % INTERVALS for k in range(passed)}
        delay_nano = tuple(closed_nano if k in written else old for k, old in enumerate(delay_nano))
        accumulated = accumulated_s = 0
    last_nano, slow_nano = memory.stable_nano, delay_nano[interval]
    near, far = sorted((last_nano, slow_nano))
    growth = last_nano * terms.growth_nano_per_s * counted_s * near * near // (NANO * far * far)
    return StableMemory(
        stable_nano=_clamped(price_nano, last_nano, growth),
        updated_s=now_s,
        delay_nano=delay_nano,
        interval=interval,
        accumulated=str(accumulated),
        accumulated_s=accumulated_s,
    )


def _clamped(wanted_nano: int, last_nano: int, most_nano: int) -> int:
    return max(min(max(wanted_nano, last_nano - most_nano), last_nano + most_nano), 1)

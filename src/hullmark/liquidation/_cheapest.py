"""The cheapest first: positions in the order of what closing them cures per expected cost.

A step of a position is worth what it takes off the missing margin, at the account's own model and
the position's price limit, for what it is expected to cost. The best position is closed in steps as
long as they are worth no less than one of the second best was, a half of it at most; then all are
asked again, since what one is worth depends on the others under a model that nets. Of equals the
first instrument is taken.
"""

from typing import NamedTuple

from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.liquidation._fills import (
    FIRST,
    ONE,
    Closing,
    Trial,
    ask,
    fill,
    health_usd,
    missing_usd,
    reaches,
    set_trades,
)
from hullmark.margin import Health, RiskTables, sweep_rows

STEPS = 8  # in which a position is closed
AHEAD = 4  # so many of them at most before all positions are asked again
_GROSS = Health._fields.index("gross_notional")
_NOISE = 1e-12  # of the gross notional: no step is taken for less
_CLEARLY = 1.0 + 1e-9  # what is worth no more than so much of another is its equal


class Progress(NamedTuple):
    """Where a search stands."""

    missing: float  # USD, see `missing_usd`
    health: float  # USD
    noise: float  # USD that no step is taken for
    reached: bool


class Best(NamedTuple):
    """The position to close next, and the one that comes after it."""

    position: int  # -1: none raises health
    rival_cured: float  # USD that a step of the other takes off the missing margin
    rival_cost: float  # USD


@kernel
def cheapest_first(
    closing: Closing,
    tables: RiskTables,
    first_usd: FloatArray,
    rise_usd: FloatArray,
    trial: Trial,
    trades: IntArray,
) -> bool:
    """Fill *trades* with the cheapest cure, position after position; return whether it is one.

    A step that lowers health is not taken. Where no other is left, this ends short of the target.
    The last step is cut to the fewest lots that reach it. *trial* has a row per position, and as
    many as there are steps.
    """
    n, lots, caps, target = trades.size, closing.lots, closing.caps, closing.target
    tried, rows, which, out, sides = trial.trades, trial.rows, trial.which, trial.out, tables.sides
    asset, profit = trial.asset, trial.profit
    for j in range(n):
        trades[j] = tried[0, j] = 0
    fill(0, tried, closing, tables, rows)
    sweep_rows(FIRST, ONE, which, rows, tables, sides, asset, profit, out)
    now = _progress(0, out, target, _NOISE * out[_GROSS, 0])
    for _ in range(STEPS * n):  # each round closes a step at least
        if now.reached:
            break
        for j in range(n):
            set_trades(j, tried, trades)
            tried[j, j] = _after_step(lots[j], caps[j], trades[j])
            fill(j, tried, closing, tables, rows)
        sweep_rows(FIRST, n, which, rows, tables, sides, asset, profit, out)
        best = _best(lots, caps, first_usd, rise_usd, out, target, trades, now)
        j = best.position
        if j < 0:
            break
        short, trades[j], now = trades[j], tried[j, j], _progress(j, out, target, now.noise)
        asked, after = 0, trades[j]
        while not now.reached and asked < AHEAD - 1 and abs(after) < caps[j]:
            after = _after_step(lots[j], caps[j], after)
            set_trades(asked, tried, trades)
            tried[asked, j] = after
            fill(asked, tried, closing, tables, rows)
            asked += 1
        sweep_rows(FIRST, asked, which, rows, tables, sides, asset, profit, out)
        for k in range(asked):
            then = _progress(k, out, target, now.noise)
            before, step = abs(trades[j]), abs(tried[k, j] - trades[j])
            usd = step * (first_usd[j] + rise_usd[j] * (before + 0.5 * step))
            if not _is_as_good(now, then, usd, best):
                break
            short, trades[j], now = trades[j], tried[k, j], then
            if now.reached:
                break
        if now.reached:
            _cut(j, short, closing, tables, trial, trades)
    return now.reached


@inlined
def _progress(place: int, out: FloatArray, target: float, noise: float) -> Progress:
    missing, health = missing_usd(place, out, target), health_usd(place, out)
    return Progress(missing, health, noise, reaches(place, out, target))


@inlined
def _best(
    lots: IntArray,
    caps: IntArray,
    first_usd: FloatArray,
    rise_usd: FloatArray,
    out: FloatArray,
    target: float,
    trades: IntArray,
    now: Progress,
) -> Best:
    position, cured, cost, rival_cured, rival_cost = -1, 0.0, 1.0, 0.0, 1.0
    for j in range(trades.size):
        cure = now.missing - missing_usd(j, out, target)
        if min(cure, health_usd(j, out) - now.health) <= now.noise:
            continue  # nothing is left of it, or it had better stay
        before = abs(trades[j])
        step = abs(_after_step(lots[j], caps[j], trades[j])) - before
        usd = step * (first_usd[j] + rise_usd[j] * (before + 0.5 * step))
        if position < 0 or cure * cost > cured * usd * _CLEARLY:
            rival_cured, rival_cost = cured, cost
            position, cured, cost = j, cure, usd
        elif cure * rival_cost > rival_cured * usd * _CLEARLY:
            rival_cured, rival_cost = cure, usd
    return Best(position, rival_cured, rival_cost)


@inlined
def _is_as_good(now: Progress, then: Progress, usd: float, best: Best) -> bool:
    """Whether a further step helps, and is worth no less than one of the second best."""
    cured = now.missing - then.missing
    helps = min(cured, then.health - now.health) > now.noise
    return helps and cured * best.rival_cost * _CLEARLY >= best.rival_cured * usd


@kernel
def _cut(
    j: int, short: int, closing: Closing, tables: RiskTables, trial: Trial, trades: IntArray
) -> None:
    """Close the fewest lots of the last step: its end is known to reach, its start not to."""
    tried, enough, side = trial.trades, trades[j], -1 if closing.lots[j] > 0 else 1
    while abs(enough - short) > 1:
        gap, points = abs(enough - short), min(STEPS, abs(enough - short) - 1)
        for k in range(points):
            set_trades(k, tried, trades)
            tried[k, j] = short + side * (gap * (k + 1) // (points + 1))
        ask(points, closing, tables, trial)
        for k in range(points):
            if reaches(k, trial.out, closing.target):
                enough = tried[k, j]
                break
            short = tried[k, j]
    trades[j] = enough


@inlined
def _after_step(lots: int, cap: int, traded: int) -> int:
    """Return what is traded of a position after one more step."""
    closed = min(abs(traded) + (abs(lots) + STEPS - 1) // STEPS, cap)
    return -closed if lots > 0 else closed

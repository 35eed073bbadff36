"""How far all prices may move before an account can be in breach: slack over slopes.

Maintenance health is the least of a few sums, one per scenario and one without a loss. Within a
box of prices each sum falls no faster than its slopes allow (`Slopes`), so that it stays above zero
while every price is nearer to its start than what the sum has left, over the sum of its harmful
slopes. That distance is the account's *reach*: a share of each price's centre, the same for all.
Every coordinate gets a share of the slack, as in geometric monitoring [1]_; the shares are those
that make the distances equal.

The lines ``_ = ...`` are the last use of what a function is given, as `core.inlined` asks.

References
----------
.. [1] Sharfman, Schuster and Keren, "A geometric approach to monitoring threshold functions over
   distributed data streams", SIGMOD 2006.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.collateral import asset_value_usd
from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.errors import InvalidInputError
from hullmark.margin._lanes import BLOCK, worst_scenario
from hullmark.margin._models import ScenarioModel
from hullmark.margin._slopes import Slopes
from hullmark.margin._tables import RiskTables

_SCENARIO = ScenarioModel.code
# Of all that is added up for a health. Sums of a few hundred terms are off by 1e-14 of it; the rest
# is room for volatility and time entering the slopes through other formulas than the values.
_ROUNDING = 1e-10


class Scratch(NamedTuple):
    """Working memory of `row_reach`, for rows with up to ``K`` factors."""

    asset: FloatArray  # (4, A) cash and quotes, worth, least and most worth over the box
    profit: FloatArray  # (S8,)
    slot_of: IntArray  # (A,) of an asset's price among the factors; -1: not there
    factor: NDArray[np.int32]  # (K,) the factors of the row
    low: FloatArray  # (K, S8 + 1) least slope of each sum; the last is that without a loss
    high: FloatArray  # (K, S8 + 1) largest slope
    harmful: NDArray[np.bool_]  # (K, 2) whether a fall, and a rise, can harm
    best: NDArray[np.int32]  # (K,) the caller's: factors of the best level so far
    bound: FloatArray  # (K, 2) the caller's: a lower and an upper price of each


def scratch_for(tables: RiskTables, factors_max: int) -> Scratch:
    """Return working memory for rows with up to *factors_max* factors."""
    n_assets, width = tables.cap_usd.size, BLOCK * len(tables.blocks)
    return Scratch(
        asset=np.zeros((4, n_assets)),
        profit=np.zeros(width),
        slot_of=np.full(n_assets, -1),
        factor=np.zeros(factors_max, np.int32),
        low=np.zeros((factors_max, width + 1)),
        high=np.zeros((factors_max, width + 1)),
        harmful=np.zeros((factors_max, 2), np.bool_),
        best=np.zeros(factors_max, np.int32),
        bound=np.zeros((factors_max, 2)),
    )


# Cash, quotes and worth per asset; returns equity at mid prices and the size of what was added up.
@inlined
def _equity(
    start: int, stop: int, row: int, rows: Rows, tables: RiskTables, asset: FloatArray
) -> tuple[float, float]:
    for a in range(asset.shape[1]):
        asset[0, a] = rows.balance[row, a]
        asset[1, a] = asset[2, a] = asset[3, a] = 0.0
    size_usd = 0.0
    for j in range(start, stop):
        i = rows.instrument[j]
        a = tables.settle[i]
        worth = rows.size[j] * tables.value[i]
        asset[0, a] += rows.quote[j]
        asset[1, a] += worth
        size_usd += (abs(worth) + abs(rows.quote[j])) * tables.price_usd[a]
        size_usd += abs(rows.size[j]) * tables.notional_usd[i]
    equity = 0.0
    for a in range(asset.shape[1]):
        price = tables.price_usd[a]
        equity += asset_value_usd(
            asset[0, a] + asset[1, a], price, tables.haircut_maintenance[a], tables.cap_usd[a]
        )
        size_usd += abs(rows.balance[row, a]) * price
    return equity, size_usd


# The slot of an asset's price among the factors of a row, made if it is not there.
@inlined
def _slot(asset_number: int, count: int, s: Scratch, scenario: bool) -> int:
    slot_of, factor, low, high = s.slot_of, s.factor, s.low, s.high
    slot = int(slot_of[asset_number])
    for k in range(_first_sum(low, scenario) if slot < 0 else low.shape[1], low.shape[1]):
        low[count, k] = high[count, k] = 0.0
    slot = slot if slot >= 0 else count
    slot_of[asset_number], factor[slot] = slot, asset_number
    _ = slot_of, factor, low, high, s.low
    return slot


# Accounts without scenarios have one sum, the last.
@inlined
def _first_sum(sums: FloatArray, scenario: bool) -> int:
    return 0 if scenario else sums.shape[1] - 1


# The tier that a notional lies in.
@inlined
def _tier(notional_usd: float, i: int, tables: RiskTables) -> int:
    k, beyond = int(tables.tier_start[i]), tables.tier_stop[i]
    while k + 1 < beyond and tables.tier_floor_usd[k + 1] <= notional_usd:
        k += 1
    return k


@inlined
def _add_positions(
    start: int,
    stop: int,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    level: int,
    s: Scratch,
    scenario: bool,
) -> int:
    asset, slot_of, factor, low, high = s.asset, s.slot_of, s.factor, s.low, s.high
    owns, settles, moves = slopes.own, slopes.settle, slopes.moves
    notional, in_own, in_paid = slopes.notional_high, slopes.notional_own, slopes.notional_settle
    rates, n_assets, width = tables.tier_maintenance, asset.shape[1], low.shape[1] - 1
    count = 0
    for a in range(n_assets):
        slot_of[a] = -1
    for j in range(start, stop):
        i, size = rows.instrument[j], rows.size[j]
        own, settle = owns[level, i], settles[level, i]
        slot = -1
        if own >= n_assets:
            slot = count
            factor[slot] = own
            for k in range(_first_sum(low, scenario), width + 1):
                low[slot, k] = high[slot, k] = 0.0
        elif moves[level, own]:
            slot = _slot(own, count, s, scenario)
        count = max(count, slot + 1)
        paid_in = -1
        if settle >= 0:
            paid_in = _slot(settle, count, s, scenario)
            count = max(count, paid_in + 1)
        _add_one(slot, paid_in, i, size, slopes, level, s, scenario)
        if not scenario:  # the requirement grows with the notional, on the way up
            held = abs(size)
            rate = rates[_tier(held * notional[level, i], i, tables)] * held
            if slot >= 0:
                low[slot, width] -= rate * in_own[level, i]
            if paid_in >= 0:
                low[paid_in, width] -= rate * in_paid[level, i]
    _ = asset, slot_of, factor, low, high, owns, settles, moves, rates
    _ = notional, in_own, in_paid
    _ = rows.start, tables.value, slopes.low, s.low
    return count


# Adds one position to the slopes in its own price, and in that of what it is paid in.
@inlined
def _add_one(
    slot: int,
    paid_in: int,
    i: int,
    size: float,
    slopes: Slopes,
    level: int,
    s: Scratch,
    scenario: bool,
) -> None:
    asset, low, high = s.asset, s.low, s.high
    least, most = slopes.scenario_low, slopes.scenario_high
    of, equity, more = slopes.settle, slopes.equity_low, slopes.equity_high
    worth, worthier = slopes.worth_low, slopes.worth_high
    paid_least, paid_most = slopes.settle_low, slopes.settle_high
    width = low.shape[1] - 1
    for k in range(width if scenario and slot >= 0 else 0):
        one, other = size * least[level, i, k], size * most[level, i, k]
        low[slot, k] += min(one, other)
        high[slot, k] += max(one, other)
    if slot >= 0:
        one, other = size * equity[level, i], size * more[level, i]
        low[slot, width] += min(one, other)
        high[slot, width] += max(one, other)
    for k in range(width if scenario and paid_in >= 0 else 0):
        one, other = size * paid_least[level, i, k], size * paid_most[level, i, k]
        low[paid_in, k] += min(one, other)
        high[paid_in, k] += max(one, other)
    if paid_in >= 0:
        one, other = size * worth[level, i], size * worthier[level, i]
        asset[2, of[level, i]] += min(one, other)
        asset[3, of[level, i]] += max(one, other)
    _ = asset, low, high, least, most, paid_least, paid_most, slopes.low, s.low
    _ = of, equity, more, worth, worthier


# What an asset's own price does to all that is held and settled in it.
@inlined
def _add_assets(count: int, slopes: Slopes, level: int, s: Scratch, scenario: bool) -> int:
    asset, slot_of, low, high = s.asset, s.slot_of, s.low, s.high
    moves, centre, moved = slopes.moves, slopes.centre, slopes.asset_moves
    credit_low, credit_high = slopes.credit_low, slopes.credit_high
    width = low.shape[1] - 1
    for a in range(asset.shape[1]):
        cash = asset[0, a]
        if moves[level, a] and (slot_of[a] >= 0 or cash != 0.0):
            slot = _slot(a, count, s, scenario)
            count = max(count, slot + 1)
            least, most = cash + asset[2, a], cash + asset[3, a]
            down = least * (credit_low[level, a] if least >= 0.0 else credit_high[level, a])
            up = most * (credit_high[level, a] if most >= 0.0 else credit_low[level, a])
            down, up = down * centre[level, a], up * centre[level, a]
            for k in range(width if scenario else 0):
                low[slot, k] += down + cash * moved[level, a, k]
                high[slot, k] += up + cash * moved[level, a, k]
            low[slot, width] += down
            high[slot, width] += up
    _ = asset, slot_of, low, high, moves, centre, moved, credit_low, credit_high, s.low
    return count


@inlined
def _required(start: int, stop: int, rows: Rows, tables: RiskTables) -> float:
    needed = 0.0
    for j in range(start, stop):
        i = rows.instrument[j]
        notional = abs(rows.size[j]) * tables.notional_usd[i]
        k = _tier(notional, i, tables)
        needed += tables.tier_maintenance_base_usd[k]
        needed += (notional - tables.tier_floor_usd[k]) * tables.tier_maintenance[k]
    return needed


# The least of what each sum has left, over its harmful slopes. The last sum has no profit.
@inlined
def _share(count: int, spare: float, s: Scratch, scenario: bool) -> float:
    low, high, profit = s.low, s.high, s.profit
    reach, width = np.inf, low.shape[1] - 1
    for k in range(_first_sum(low, scenario), width + 1):
        total = 0.0
        for slot in range(count):
            total += max(high[slot, k], -low[slot, k], 0.0)
        left = spare
        if k < width:
            left += profit[k]
        if left <= 0.0:
            reach = 0.0
        elif total > 0.0:
            reach = min(reach, left / total)
    _ = low, high, profit, s.low
    return reach


@inlined
def row_reach(
    start: int,
    stop: int,
    row: int,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    level: int,
    s: Scratch,
) -> tuple[int, float]:
    """Return how many factors a row has, and its reach; the factors are left in the scratch.

    The positions of the row are the places *start* to *stop*.

    The reach is infinite where no price can harm, and 0 where health may be below zero already.
    It holds while all prices are inside of the box of that *level*. Inlined, since a call per row
    would count references to four dozen arrays.
    """
    scenario = bool(rows.model[row] == _SCENARIO)
    asset, profit, low, high, harmful = s.asset, s.profit, s.low, s.high, s.harmful
    asset_risk, risk, blocks = tables.asset_risk, tables.risk, tables.blocks
    sizes, numbers = rows.size, rows.instrument
    width = low.shape[1] - 1
    equity, size_usd = _equity(start, stop, row, rows, tables, asset)
    count = _add_positions(start, stop, rows, tables, slopes, level, s, scenario)
    count = _add_assets(count, slopes, level, s, scenario)
    factor, worst = tables.maintenance_factor, 0.0
    if scenario:
        n_assets = asset.shape[1]
        worst_scenario(
            asset, asset_risk, n_assets, sizes, risk, numbers, start, stop, profit, blocks
        )
    for k in range(width if scenario else 0):
        profit[k] *= factor
        worst = min(worst, profit[k])
    needed = _required(start, start if scenario else stop, rows, tables)
    size_usd += needed - worst + (size_usd * factor if scenario else 0.0)
    spare = equity - needed - _ROUNDING * size_usd
    reach = _share(count, spare, s, scenario)
    for slot in range(count):
        fall = rise = False
        for k in range(_first_sum(low, scenario), width + 1):
            fall |= high[slot, k] > 0.0
            rise |= low[slot, k] < 0.0
        harmful[slot, 0], harmful[slot, 1] = fall, rise
    _ = asset, profit, low, high, harmful, asset_risk, risk, sizes, numbers
    _ = rows.start, tables.value, slopes.low, s.low
    return count, reach


@kernel
def bound_rows(
    which: IntArray,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    level: int,
    s: Scratch,
    down: FloatArray,
    up: FloatArray,
) -> None:
    """Write the slope bounds of the rows *which*; both arrays hold zeros before."""
    low, high, factor, n_sums = s.low, s.high, s.factor, s.low.shape[1]
    for n in range(which.size):
        row = which[n]
        start = rows.start[row]
        stop = start + rows.count[row]
        count, _ = row_reach(start, stop, row, rows, tables, slopes, level, s)
        first = _first_sum(low, bool(rows.model[row] == _SCENARIO))
        for slot in range(count):
            for k in range(first, n_sums):
                down[n, factor[slot]] = max(down[n, factor[slot]], high[slot, k])
                up[n, factor[slot]] = max(up[n, factor[slot]], -low[slot, k])


def slope_bound(
    rows: Rows, tables: RiskTables, slopes: Slopes, which: IntArray, *, level: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return how much maintenance health can fall per relative move of each factor, within a box.

    Parameters
    ----------
    rows, tables : Rows, RiskTables
        The book, and the venue at prices within the box.
    slopes : Slopes
        The boxes.
    which : ndarray of int64, shape (n,)
        Rows of the book.
    level : int
        Which of the boxes.

    Returns
    -------
    down, up : ndarrays of float64, shape (n, F), USD per share of the centre's price, >= 0
        As the factor falls, and as it rises, all other factors anywhere in the box.

    Raises
    ------
    InvalidInputError
        If there is no such row or level.
    """
    if not 0 <= level < len(slopes.centre):
        raise InvalidInputError(f"level must be in [0, {len(slopes.centre)}), was {level}")
    n_rows = rows.start.size
    if which.size and not (which.min() >= 0 and which.max() < n_rows):
        raise InvalidInputError(f"which must be in [0, {n_rows}), was {which.min()}-{which.max()}")
    most = int(rows.count[which].max(initial=0)) + tables.cap_usd.size
    scratch = scratch_for(tables, most)
    down, up = np.zeros((2, which.size, slopes.centre.shape[1]))
    bound_rows(which, rows, tables._replace(sides=None), slopes, level, scratch, down, up)
    return down, up

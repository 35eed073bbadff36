"""What an account may trade to come back to health, and what each whole move would do to it.

A *move* trades one instrument one way: it closes a position that is held, or opens a hedge that the
venue allows. All that a margin check looks at is linear in the share of a move that is made, but
for two things that bend: tiers, and what an asset counts for on either side of zero, or at its cap.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._engine import Breach
from hullmark.margin import RiskTables, ScenarioModel
from hullmark.market import DEPTH_BAND

_SCENARIO = ScenarioModel.code
_TIE_SHARE = 1e-7  # of notional


class Moves(NamedTuple):
    """``G`` moves. The first ones close the positions of the account, in their order."""

    place: IntArray  # (G,) place of the instrument in the row
    sign: FloatArray  # (G,) +1 buys, -1 sells
    units: FloatArray  # (G,) contract units in *per* lots, > 0
    per: IntArray  # (G,) lots, > 0: all that are held, so that closing them leaves zero
    most: IntArray  # (G,) lots that may be traded, >= 0
    value: FloatArray  # (G,) settlement units per contract unit, at the price limit
    lot_usd: FloatArray  # (G,) notional of one lot
    fine_usd: FloatArray  # (G,) what the account is charged for one lot
    cost_usd: FloatArray  # (G,) of one lot, impact left out
    depth_usd: FloatArray  # (G,) notional that moves the price by 1 %; inf: not declared


class Effects(NamedTuple):
    """What the account has, and what each move adds to it when it is made in full."""

    cash: FloatArray  # (A,) units, quotes included
    units: FloatArray  # (A,) units of asset equity
    profit: FloatArray  # (S,) USD, P&L of each scenario; none under a model without scenarios
    asset: NDArray[np.int32]  # (G,) settlement asset of the move
    units_by: FloatArray  # (G,) units of that asset's equity
    profit_by: FloatArray  # (G, S) USD


class Lines(NamedTuple):
    """What asset equity counts for: the least of three lines in its units, USD."""

    credit: FloatArray  # (A,) slope of what is owned
    debt: FloatArray  # (A,) slope of what is owed
    cap: FloatArray  # (A,) infinite where there is none


def row_and_moves(breach: Breach, *, hedged: bool) -> tuple[Rows, Moves]:
    """Return the account as one row, and what it may trade.

    Parameters
    ----------
    breach : Breach
        The account.
    hedged : bool
        Whether what the venue allows to open is among the moves. Its instruments are then places of
        the row, without a size where they are not held. Of an instrument that is held more may be
        opened on its own side only: the other side is closing.
    """
    held, n, t = breach.holding, breach.lots.size, breach.tables
    per = np.abs(breach.lots)
    place, number = np.arange(n), held.instrument
    closing = _moves(
        (place, number, -np.sign(held.size), np.abs(held.size), per),
        np.clip(breach.lots_max, 0, per),
        (breach.limit_value, breach.penalty + breach.fee, breach.depth_usd),
        t,
    )
    start, balance = np.zeros(1, np.int64), held.balance.reshape(1, -1)
    model = np.array([held.model], np.int8)
    hedges = breach.hedges if hedged else None
    if hedges is None:
        count = np.array([n], np.int64)
        return Rows(start, count, number, held.size, held.quote, balance, model), closing
    instrument = np.union1d(number, hedges.instrument).astype(np.int32)
    place, at = (np.searchsorted(instrument, i) for i in (number, hedges.instrument))
    size, quote = np.zeros(instrument.size), np.zeros(instrument.size)
    size[place], quote[place] = held.size, held.quote
    buys, sells = np.flatnonzero(size[at] >= 0.0), np.flatnonzero(size[at] <= 0.0)
    h = np.concatenate([buys, sells])
    sign = np.repeat((1.0, -1.0), (buys.size, sells.size))
    limit = np.where(sign > 0.0, hedges.buy_value[h], hedges.sell_value[h])
    opening = _moves(
        (at[h], hedges.instrument[h], sign, hedges.units[h], np.ones(h.size, np.int64)),
        np.maximum(hedges.lots_max[h], 0),
        (limit, breach.fee, hedges.depth_usd[h]),
        t,
    )
    both = zip(closing._replace(place=place), opening, strict=True)
    count = np.array([instrument.size], np.int64)
    row = Rows(start, count, instrument, size, quote, balance, model)
    return row, Moves(*(np.concatenate(pair) for pair in both))


def _moves(
    what: tuple[IntArray, NDArray[np.integer], FloatArray, FloatArray, IntArray],
    most: IntArray,
    terms: tuple[FloatArray, float, FloatArray],
    tables: RiskTables,
) -> Moves:
    (place, number, sign, units, per), (value, charge, depth_usd) = what, terms
    lot = units / per
    lot_usd = lot * tables.notional_usd[number]
    price_usd = tables.price_usd[tables.settle[number]]
    slip_usd = lot * np.maximum(sign * (value - tables.value[number]), 0.0) * price_usd
    fine_usd = charge * lot_usd
    cost_usd = fine_usd + np.where(np.isfinite(depth_usd), 0.0, slip_usd)
    return Moves(place, sign, units, per, most, value, lot_usd, fine_usd, cost_usd, depth_usd)


@kernel
def move_cost_usd(g: int, lots: float, moves: Moves) -> float:
    """Return what so many lots of one move are expected to cost, as `expected_cost_usd` has it.

    A ten-millionth of the notional is added: of two plans that cost the same, the one is better
    that trades less.
    """
    return lots * cost_per_lot_usd(g, 0.0, lots, moves)


@kernel
def cost_per_lot_usd(g: int, low: float, high: float, moves: Moves) -> float:
    """Return what one lot of a move costs, in the mean of those from *low* to *high*."""
    lot_usd = moves.lot_usd[g]
    impact = 0.5 * DEPTH_BAND * (low + high) * lot_usd / moves.depth_usd[g]
    return float(moves.cost_usd[g] + lot_usd * (impact + _TIE_SHARE))


@kernel
def moves_cost_usd(lots: IntArray, moves: Moves) -> float:
    """Return what so many lots of all moves are expected to cost together."""
    total = 0.0
    for g in range(lots.size):
        total += move_cost_usd(g, float(lots[g]), moves)
    return total


def effects_of(rows: Rows, moves: Moves, tables: RiskTables) -> Effects:
    """Return what one row has and what its moves would add, at their limits and less charges.

    Where prices have two sides, equity is counted as the maintenance check counts it; what is newly
    opened is counted at the price between, which is never more.
    """
    instrument = rows.instrument
    settle, n_assets = tables.settle[instrument], tables.price_usd.size
    value = worth = tables.value[instrument]
    if tables.sides is not None:
        high, low = tables.sides.long_maintenance, tables.sides.short_maintenance
        worth = np.where(rows.size > 0.0, high[instrument], value)
        worth = np.where(rows.size < 0.0, low[instrument], worth)
    cash = rows.balance[0] + np.bincount(settle, rows.quote, n_assets)
    units = cash + np.bincount(settle, rows.size * worth, n_assets)
    asset, contracts = settle[moves.place], moves.sign * moves.units * (moves.most / moves.per)
    fine_usd = moves.most * moves.fine_usd
    cash_by = -contracts * moves.value - fine_usd / tables.price_usd[asset]
    closes = moves.sign * rows.size[moves.place] < 0.0
    worth_by = np.where(closes, worth[moves.place], value[moves.place])
    units_by = cash_by + contracts * worth_by
    n = tables.n_scenarios if rows.model[0] == _SCENARIO else 0
    risk, asset_risk = tables.risk[instrument, :n], tables.asset_risk[:, :n]
    profit = cash @ asset_risk + rows.size @ risk
    profit_by = contracts[:, None] * risk[moves.place] + cash_by[:, None] * asset_risk[asset]
    return Effects(cash, units, profit, asset, units_by, profit_by)


def lines_of(tables: RiskTables) -> Lines:
    """Return what the maintenance check counts an asset for.

    It is the least of the lines wherever a debt weighs as much as a credit or more, as it does
    where prices have no sides; elsewhere that least is below what the check counts.
    """
    credit = debt = tables.price_usd
    if tables.sides is not None:
        credit, debt = tables.sides.credit_maintenance, tables.sides.debt_maintenance
    return Lines(credit * (1.0 - tables.haircut_maintenance), debt, tables.cap_usd)

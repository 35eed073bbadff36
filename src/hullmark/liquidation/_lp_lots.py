"""Whole lots out of shares: rounded towards closing more, checked by the account's own model.

A programme answers in shares, and its tolerances are not ours: what leaves is lots for which
`evaluate_row` itself finds the target reached. Where rounding has missed it, single lots are traded
more or less, those first that free the most margin per cost; what is more than enough is given
back, dearest lots first. Ties go to the first move. Both are bounded by the number of moves.
"""

import math
from typing import NamedTuple

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._lp_moves import Moves, move_cost_usd, moves_cost_usd
from hullmark.margin import BLOCK, RiskTables, evaluate_row

_NEARLY = 1e-9  # of a lot: what a programme may be off a whole number by
_STEP_BITS = 20  # a lot of a move of up to 2^20 lots; a 2^20th of a larger one
_REPAIRS = 16  # times that lots are traded for what is still missing
_GIVEN_BACK = 3  # most steps of one move
_EXCHANGED_MAX = 8  # moves of an account in which other lots are tried in place of the last ones


class Check(NamedTuple):
    """What the account's own model says after some lots, at price limits."""

    short_usd: float  # maintenance margin less target x equity; at or below zero at the target
    equity_usd: float
    worst: float  # least P&L over the scenarios; 0 under a model without

    @property
    def reached(self) -> bool:
        """Whether the account is at its target."""
        return self.equity_usd > 0.0 and self.short_usd <= 0.0


@kernel
def check_lots(
    lots: IntArray,
    target: float,
    rows: Rows,
    after: Rows,
    moves: Moves,
    tables: RiskTables,
    asset: FloatArray,
    profit: FloatArray,
) -> tuple[float, float, float]:
    """Return the columns of `Check`. ``after`` is scratch."""
    after.balance[0, :] = rows.balance[0, :]
    after.size[:] = rows.size
    after.quote[:] = rows.quote
    for g in range(lots.size):
        if lots[g] == 0:
            continue
        j = moves.place[g]
        a, units = tables.settle[rows.instrument[j]], moves.units[g] * lots[g] / moves.per[g]
        after.size[j] += moves.sign[g] * units
        after.quote[j] -= moves.sign[g] * units * moves.value[g]
        after.balance[0, a] -= lots[g] * moves.fine_usd[g] / tables.price_usd[a]
    found = evaluate_row(0, rows.size.size, 0, after, tables, asset, profit)
    return found[4] - target * found[2], found[2], found[5]


@kernel
def _enough(short_usd: float, equity_usd: float) -> bool:
    return equity_usd > 0.0 and short_usd <= 0.0


def round_lots(shares: FloatArray, most: IntArray, *, up: bool) -> IntArray:
    """Return whole lots of all moves, all rounded up or all rounded down."""
    wanted = shares * most
    off = _NEARLY * np.maximum(wanted, 1.0)
    whole = np.ceil(wanted - off) if up else np.floor(wanted + off)
    return np.clip(whole.astype(np.int64), 0, most)


@kernel
def cure_lots(
    lots: IntArray,
    fixed: int,
    target: float,
    rows: Rows,
    after: Rows,
    moves: Moves,
    tables: RiskTables,
) -> bool:
    """Trade more or fewer lots until the target is reached, then give back what is not needed.

    Move *fixed*, if there is one, gets no more lots. Returns whether the target is reached; if not,
    *lots* are of no use.
    """
    asset = np.empty((2, tables.cap_usd.size))
    profit = np.empty(BLOCK * len(tables.blocks))
    short, equity, _ = check_lots(lots, target, rows, after, moves, tables, asset, profit)
    for _ in range(_REPAIRS):
        if _enough(short, equity):
            break
        g, steps, freed = _best(
            lots, fixed, short, target, rows, after, moves, tables, asset, profit
        )
        if steps == 0:
            return False
        was, step = lots[g], _step(g, moves)
        while True:  # one step is known to free something, more of them may not
            lots[g] = was + steps * step
            then, equity, _ = check_lots(lots, target, rows, after, moves, tables, asset, profit)
            if abs(steps) == 1 or short - then >= 0.5 * min(abs(steps) * freed, short):
                break
            steps = int(steps / 2)
        short = then
    if not _enough(short, equity):
        return False
    for g in np.argsort(-last_lots_usd(lots, moves), kind="mergesort"):
        for _ in range(_GIVEN_BACK):
            was = lots[g]
            lots[g] = max(was - _step(g, moves), 0)
            short, equity, _ = check_lots(lots, target, rows, after, moves, tables, asset, profit)
            if lots[g] == was or not _enough(short, equity):
                lots[g] = was
                break
    return True


@kernel
def _best(
    lots: IntArray,
    fixed: int,
    short: float,
    target: float,
    rows: Rows,
    after: Rows,
    moves: Moves,
    tables: RiskTables,
    asset: FloatArray,
    profit: FloatArray,
) -> tuple[int, int, float]:
    """Return the move whose lots free the most per cost, signed steps of it, and what one frees.

    As many steps as would be enough, were they all like the first. No steps: nothing helps.
    """
    best, which, best_steps, best_freed = 0.0, 0, 0, 0.0
    for g in range(lots.size):
        step, was = _step(g, moves), lots[g]
        for way in (-1, 1):
            room = (was if way < 0 else 0 if g == fixed else moves.most[g] - was) // step
            if room < 1:
                continue
            lots[g] = was + way * step
            then, _, _ = check_lots(lots, target, rows, after, moves, tables, asset, profit)
            lots[g] = was
            freed = short - then
            if not freed > 0.0:
                continue
            steps = int(min(np.ceil(short / freed), room))
            to = float(was + steps * step * way)
            cost = move_cost_usd(g, to, moves) - move_cost_usd(g, float(was), moves)
            worth = np.inf if cost <= 0.0 else min(steps * freed, short) / cost
            if worth > best:
                best, which, best_steps, best_freed = worth, g, steps * way, freed
    return which, best_steps, best_freed


@kernel
def _step(g: int, moves: Moves) -> int:
    return int(max(1, moves.most[g] >> _STEP_BITS))


@kernel
def last_lots_usd(lots: IntArray, moves: Moves) -> FloatArray:
    """Return what the last step of each move has cost."""
    saved = np.empty(lots.size)
    for g in range(lots.size):
        less = max(lots[g] - _step(g, moves), 0)
        saved[g] = move_cost_usd(g, float(lots[g]), moves) - move_cost_usd(g, float(less), moves)
    return saved


class Account(NamedTuple):
    """One account with its moves, and what they are checked at."""

    target: float
    rows: Rows  # of one row
    moves: Moves
    tables: RiskTables

    def check(self, lots: IntArray) -> Check:
        """Return what the account's own model says after so many lots of each move."""
        asset = np.empty((2, self.tables.cap_usd.size))
        profit = np.empty(BLOCK * len(self.tables.blocks))
        columns = self.target, self.rows, _copy(self.rows), self.moves, self.tables
        return Check(*check_lots(lots, *columns, asset, profit))

    def whole_lots(self, shares: FloatArray) -> IntArray | None:
        """Return whole lots near some shares of the moves that reach the target, if there are any.

        Both ways of rounding are tried, and the cheaper lots kept. In an account of few moves one
        lot can be much of the cure: there it is tried, for every move, the dearest last lot first,
        whether other lots in place of its last one cost less.
        """
        found = self._cured(round_lots(shares, self.moves.most, up=True), fixed=-1)
        down = self._cured(round_lots(shares, self.moves.most, up=False), fixed=-1)
        if self.cost_usd(down) < self.cost_usd(found):
            found = down
        if found is None:
            return None
        last_usd, best = last_lots_usd(found, self.moves), found
        if last_usd.size > _EXCHANGED_MAX:
            return best
        for g in np.argsort(-last_usd, kind="stable").tolist():
            if best[g] > 0:
                fewer = best.copy()
                fewer[g] -= 1
                other = self._cured(fewer, fixed=g)
                if other is not None and self.cost_usd(other) < self.cost_usd(best):
                    best = other
        return best

    def cost_usd(self, lots: IntArray | None) -> float:
        """Return what lots of each move are expected to cost; infinite for none at all."""
        return math.inf if lots is None else float(moves_cost_usd(lots, self.moves))

    def _cured(self, lots: IntArray, *, fixed: int) -> IntArray | None:
        columns = self.target, self.rows, _copy(self.rows), self.moves, self.tables
        return lots if cure_lots(lots, fixed, *columns) else None


def _copy(rows: Rows) -> Rows:
    size, quote, balance = rows.size.copy(), rows.quote.copy(), rows.balance.copy()
    return rows._replace(size=size, quote=quote, balance=balance)

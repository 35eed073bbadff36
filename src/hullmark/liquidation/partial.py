"""The partial engine: close no more than reaches the target, at price limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.liquidation._cheapest import STEPS, cheapest_first
from hullmark.liquidation._cost import lot_costs_usd
from hullmark.liquidation._engine import Breach, Breaches, Plan
from hullmark.liquidation._fills import ONE, TWO, Closing, ask, health_usd, set_trades, trial_of
from hullmark.liquidation._share import smallest_share
from hullmark.margin import RiskTables

_EVERYTHING, _SHARE, _CHEAPEST, _THEN_SHARE, _CAPPED, _HELPFUL = range(6)
_REASONS = (
    "everything, short of it",
    "smallest share that reaches the target",
    "cheapest first, to the target",
    "cheapest first and a share of the rest, to the target",
    "everything that may be closed now, short of it",
    "what helps of what may be closed now, short of it",
)


@dataclass(frozen=True, slots=True)
class Partial:
    """Close as much as reaches the target: the same share of every position, or the cheapest first.

    The target is maintenance margin over maintenance equity, evaluated with the account's own model
    after the closed lots filled at their price limits and penalty and fee were paid. No position is
    closed beyond ``lots_max``. Where not even closing everything reaches the target, everything is
    closed: what is left then is for the waterfall. Where it may not all be closed now, only what
    raises health is.

    ``choice`` of the breach says how to choose. "share": the smallest common share, lots rounded
    towards closing more. "cheapest": the position whose next lots cure most per expected cost, then
    the next; a share of the rest where every one of them alone would lower health; or the common
    share where that is cheaper.

    See Also
    --------
    hullmark.liquidation.expected_cost_usd : What is least under "cheapest".
    """

    def propose(self, breaches: Sequence[Breach], /) -> Sequence[Plan]:
        """Return plans that shrink the positions of each account."""
        if isinstance(breaches, Breaches):
            return _plans(breaches)
        return [plan for breach in breaches for plan in _plans(Breaches.of(breach))]


def _plans(batch: Breaches) -> list[Plan]:
    rows, n = batch.rows, len(batch)
    trades, reasons = np.zeros(batch.lots.size, np.int64), np.zeros(n, np.int64)
    held = rows, batch.lots, batch.lots_max
    market = batch.limit_value, batch.depth_usd, batch.tables
    charge, which = batch.penalty + batch.fee, np.arange(n)
    if batch.choice == "share":
        share_all(*held, *market, batch.target, charge, trades, reasons)
        which = np.flatnonzero(reasons == _CAPPED)
    if which.size:
        close_all(which, *held, *market, batch.target, charge, trades, reasons)
    lots, ends = trades.tolist(), (rows.start + rows.count).tolist()
    return [
        Plan(account=account, lots=tuple(lots[start:end]), reason=_REASONS[code])
        for account, start, end, code in zip(
            batch.accounts, rows.start.tolist(), ends, reasons.tolist(), strict=True
        )
    ]


# Apart from `close_all`, which takes long to compile and is not always asked for.
@kernel
def share_all(
    rows: Rows,
    lots: IntArray,
    lots_max: IntArray,
    limit_value: FloatArray,
    depth_usd: FloatArray,
    tables: RiskTables,
    target: float,
    charge: float,
    trades: IntArray,
    reasons: IntArray,
) -> None:
    """Fill *trades* with the smallest common share, for every row of a batch."""
    for n in range(rows.start.size):
        closing = _closing(n, rows, lots, lots_max, limit_value, depth_usd, target, charge)
        mine = trades[rows.start[n] : rows.start[n] + rows.count[n]]
        trial, nothing = trial_of(ONE, closing, tables), np.zeros_like(mine)
        reached = smallest_share(closing, tables, trial, nothing, mine)
        reasons[n] = _SHARE if reached else _EVERYTHING if _is_free(closing) else _CAPPED


@kernel
def close_all(
    which: IntArray,
    rows: Rows,
    lots: IntArray,
    lots_max: IntArray,
    limit_value: FloatArray,
    depth_usd: FloatArray,
    tables: RiskTables,
    target: float,
    charge: float,
    trades: IntArray,
    reasons: IntArray,
) -> None:
    """Fill *trades* with the cheapest cure, or with what helps, for some rows of a batch."""
    for n in which:
        closing = _closing(n, rows, lots, lots_max, limit_value, depth_usd, target, charge)
        mine = trades[rows.start[n] : rows.start[n] + rows.count[n]]
        trial = trial_of(max(mine.size, STEPS), closing, tables)
        base, chosen, reason = np.zeros_like(mine), np.empty_like(mine), _CHEAPEST
        reached = smallest_share(closing, tables, trial, base, mine)
        if reached and mine.size == 1:
            reasons[n] = _SHARE
            continue
        first_usd, rise_usd = lot_costs_usd(closing, tables)
        found = cheapest_first(closing, tables, first_usd, rise_usd, trial, chosen)
        if reached and not found:
            base, reason = np.abs(chosen), _THEN_SHARE
            found = smallest_share(closing, tables, trial, base, chosen)
        if found:
            share_usd = _cost_usd(mine, first_usd, rise_usd) if reached else np.inf
            better = _cost_usd(chosen, first_usd, rise_usd) < share_usd
            reasons[n] = reason if better else _SHARE
        elif _is_free(closing):
            better, reasons[n] = False, _EVERYTHING
        else:
            set_trades(0, trial.trades, mine)
            set_trades(1, trial.trades, chosen)
            ask(TWO, closing, tables, trial)
            better = health_usd(1, trial.out) > health_usd(0, trial.out)
            reasons[n] = _HELPFUL if better else _CAPPED
        for j in range(mine.size):
            mine[j] = chosen[j] if better else mine[j]


@inlined
def _closing(
    n: int,
    rows: Rows,
    lots: IntArray,
    lots_max: IntArray,
    limit_value: FloatArray,
    depth_usd: FloatArray,
    target: float,
    charge: float,
) -> Closing:
    a, b = rows.start[n], rows.start[n] + rows.count[n]
    count, balance, model = rows.count[n : n + 1], rows.balance[n : n + 1], rows.model[n : n + 1]
    instrument, size, quote = rows.instrument[a:b], rows.size[a:b], rows.quote[a:b]
    one = Rows(np.zeros(1, np.int64), count, instrument, size, quote, balance, model)
    held, caps = lots[a:b], np.empty(b - a, np.int64)
    for j in range(b - a):
        caps[j] = min(max(lots_max[a + j], 0), abs(held[j]))
    return Closing(one, held, caps, limit_value[a:b], depth_usd[a:b], target, charge)


@inlined
def _is_free(closing: Closing) -> bool:
    """Whether everything may be closed now."""
    free = True
    for j in range(closing.lots.size):
        free &= closing.caps[j] == abs(closing.lots[j])
    return free


@inlined
def _cost_usd(trades: IntArray, first_usd: FloatArray, rise_usd: FloatArray) -> float:
    total = 0.0
    for j in range(trades.size):
        closed = abs(trades[j])
        total += closed * (first_usd[j] + 0.5 * rise_usd[j] * closed)
    return total

"""The cost-minimal engine: of all plans that reach the target, one of least expected cost.

A linear programme chooses the trades, over all positions and over the hedges that the venue allows,
under the constraints of the account's own margin model; whole lots are then checked by that model
itself. ``docs/concepts/cost-minimal.md`` has the derivation.
"""

from collections.abc import Sequence

import numpy as np

from hullmark.core import FloatArray, IntArray
from hullmark.liquidation._engine import Breach, Hedges, Plan
from hullmark.liquidation._lp_lots import Account
from hullmark.liquidation._lp_moves import Moves, moves_cost_usd, row_and_moves
from hullmark.liquidation._lp_programme import draft_of
from hullmark.liquidation._lp_solver import Programme, Solver
from hullmark.liquidation.partial import Partial
from hullmark.margin import ScenarioModel

_SCENARIO = ScenarioModel.code
_CHEAPEST = "least expected cost that reaches the target"
_RATIOS = (4.0, 2.0, 1.25)  # of one cut to the next, in rounds around the best point so far
_GUESS = 0.125  # share around which a move is cut first, where `partial` makes none of it
_SHARE_MIN = 1e-6  # no cut is made below


class CostMinimal:
    """Close, and hedge where that is allowed, what reaches the target at least expected cost.

    Cost is what `expected_cost_usd` says: impact, or the price limit where no depth is declared,
    fee and penalty. The target is that of `partial` and is checked in the same way: the account's
    own model, every lot filled at its limit, all charges paid. A hedge is opened only if the worst
    loss falls. Where the programme finds nothing, or nothing cheaper in whole lots, the plan is
    that of `partial`, and its reason says why.

    Raises
    ------
    PluginError
        If highspy is not installed: ``pip install 'hullmark[solver]'``.

    See Also
    --------
    hullmark.liquidation.expected_cost_usd : What is made least.
    """

    def __init__(self) -> None:
        self._solver, self._partial = Solver(), Partial()

    def propose(self, breaches: Sequence[Breach], /) -> Sequence[Plan]:
        """Return plans that trade what each account holds, and hedges where the venue has them."""
        plans = self._partial.propose(breaches)
        return [self._plan(*pair) for pair in zip(breaches, plans, strict=True)]

    def _plan(self, breach: Breach, fallback: Plan) -> Plan:
        hedges = breach.hedges
        if breach.holding.model != _SCENARIO or hedges is None or not hedges.instrument.size:
            found = self._search(breach, fallback, hedges=None)
        else:
            found = self._search(breach, fallback, hedges=hedges)
            if isinstance(found, str):  # what it may open has not helped
                found = self._search(breach, fallback, hedges=None)
        if isinstance(found, Plan):
            return found
        reason = f"{fallback.reason}; {found}"
        return Plan(account=fallback.account, lots=fallback.lots, reason=reason)

    # A plan that reaches the target and is cheaper than the one of `partial`, or why there is none.
    def _search(self, breach: Breach, fallback: Plan, *, hedges: Hedges | None) -> Plan | str:
        closes = breach.lots.size
        rows, moves = row_and_moves(breach, hedged=hedges is not None)
        account = Account(breach.target, rows, moves, breach.tables)
        known = np.zeros(moves.most.size, np.int64)
        known[:closes] = np.abs(fallback.lots)
        known_reaches = account.check(known).reached
        if known_reaches and known.size == 1:  # its fewest lots: there is nothing to choose
            return Plan(account=breach.account, lots=fallback.lots, reason=_CHEAPEST)
        shares = self._shares(breach, account, known)
        if isinstance(shares, str):
            return shares
        lots = account.whole_lots(shares)
        if lots is None:
            return "no whole lots near the cheapest shares reach the target"
        if lots[closes:].any() and not account.check(lots).worst > _worst(account):
            return "a hedge would not lower the worst loss"
        cost = moves_cost_usd(lots, moves)
        if known_reaches and not cost < moves_cost_usd(known, moves):
            return "nothing cheaper in whole lots"
        return _plan_of(breach, lots, moves, hedges)

    # Shares of the moves at the least cost, or why there are none.
    def _shares(self, breach: Breach, account: Account, known: IntArray) -> FloatArray | str:
        moves = account.moves
        draft = draft_of(breach, account.rows, moves)
        around = known / np.maximum(moves.most, 1)
        around[around == 0.0] = _GUESS
        found: FloatArray = np.zeros(0)
        for ratio in _RATIOS if np.isfinite(moves.depth_usd).any() else _RATIOS[:1]:
            pieces = draft.pieces(around, ratio)
            if not pieces.move.size:
                return "nothing may be traded now"
            programme, unit = draft.programme(pieces)
            solved = self._solver.solve(programme)
            if solved.point is None:
                return found if found.size else solved.reason
            parts = solved.point[: unit.size] * unit
            found = np.bincount(pieces.move, parts, moves.most.size).astype(np.float64)
            around = np.where(found > _SHARE_MIN, found, np.maximum(around / ratio, _SHARE_MIN))
        return found


def first_programme(breach: Breach) -> Programme:
    """Return the programme that a plan without hedges begins with, where nothing is expected yet.

    Every position is cut around an eighth of it. A `Solver` solves it: for whoever measures one.
    """
    draft = draft_of(breach, *row_and_moves(breach, hedged=False))
    around = np.full(breach.lots.size, _GUESS)
    return draft.programme(draft.pieces(around, _RATIOS[0]))[0]


def _worst(account: Account) -> float:
    return account.check(np.zeros(account.moves.most.size, np.int64)).worst


def _plan_of(breach: Breach, lots: IntArray, moves: Moves, hedges: Hedges | None) -> Plan:
    closes, signed = breach.lots.size, (lots * moves.sign).astype(np.int64).tolist()
    opened: dict[int, int] = {}
    if hedges is not None:
        number = np.union1d(breach.holding.instrument, hedges.instrument)[moves.place]
        for which, traded in zip(number[closes:].tolist(), signed[closes:], strict=True):
            opened[which] = opened.get(which, 0) + traded
    pairs = tuple(sorted(pair for pair in opened.items() if pair[1]))
    return Plan(account=breach.account, lots=tuple(signed[:closes]), reason=_CHEAPEST, hedges=pairs)

"""Working out cases and plans: the margins of all accounts of a batch at once, and one proposal."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from hullmark.clearing._after_plans import planned
from hullmark.clearing._caseload import Case, Planned
from hullmark.clearing._hedges import hedges_of
from hullmark.clearing._order_sizes import most_lots
from hullmark.clearing._price_limits import limited_unwinds
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind, net_worth
from hullmark.clearing._views import Views
from hullmark.core import NANO, FloatArray
from hullmark.ledger import Position
from hullmark.liquidation import Breach, Breaches, Choice, Hedges, LiquidationEngine
from hullmark.margin import RiskTables
from hullmark.market import Action


def case_of(state: State, views: Views, account: int) -> Case:
    """Return what a user account has, and its margin at the accepted prices."""
    caseload = views.caseload
    if (known := caseload.case(account)) is not None:
        return known
    accounts = caseload.batch_of(account)
    alone = len(accounts) == 1
    cases = [_one(state, views, account)] if alone else _many(state, views, accounts)
    caseload.take_cases(cases)
    return cases[accounts.index(account)]


# For one account columns take longer than they save.
def _one(state: State, views: Views, account: int) -> Case:
    ledger, health = state.ledger, views.health(account)
    cash = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
    margin = health.in_breach, health.health, health.worst
    return Case(account, ledger.positions(account), cash, *margin)


def _many(state: State, views: Views, accounts: Sequence[int]) -> list[Case]:
    ledger = state.ledger
    rows = ledger.rows_of(np.array(accounts, np.int64))
    lines = ledger.lines(rows)
    found = views.evaluate_lines(lines, views.models(rows))
    counts = map(Position, lines.lots.tolist(), lines.quote.tolist(), lines.paid.tolist())
    positions = list(zip(lines.instrument.tolist(), counts, strict=True))
    stops = np.cumsum(lines.held).tolist()
    margins = zip(
        found.in_breach.tolist(),
        (found.equity_maintenance - found.maintenance).tolist(),
        found.worst.tolist(),
        strict=True,
    )
    cases, start = [], 0
    for of, stop, cash, margin in zip(accounts, stops, lines.cash.tolist(), margins, strict=True):
        cases.append(Case(of, positions[start:stop], cash, *margin))
        start = stop
    return cases


def unwinds_of(views: Views, case: Case) -> list[Unwind]:
    """Return the unwinds of what an account holds, in the order of instruments."""
    return views.unwinds(case.held)


def net_quanta(state: State, views: Views, case: Case, asset: int) -> int:
    """Return an account's net value in quanta of one asset, as `Views.net_quanta` does."""
    return net_worth(state, unwinds_of(views, case), case.held, case.cash.copy(), asset)


def plan_of(state: State, views: Views, engine: LiquidationEngine, case: Case) -> tuple[int, ...]:
    """Return the signed lots that the engine wants to trade, one number per position held."""
    return planned_of(state, views, engine, case).plan.lots


def planned_of(state: State, views: Views, engine: LiquidationEngine, case: Case) -> Planned:
    """Return what the engine wants to trade, hedges among it, and what it comes to.

    The prices that the account rests on have to allow a liquidation.
    """
    caseload = views.caseload
    known = caseload.plan(case.account, engine)
    if known is None:
        wanted = [
            other
            for other in caseload.unplanned(case.account, engine)
            if other is case or _plannable(views, other)
        ]
        plans = engine.propose(_breaches(state, views, wanted))
        worked_out = planned(state, views, wanted, plans)
        found = {other.account: made for other, made in zip(wanted, worked_out, strict=True)}
        caseload.take_plans(engine, found)
        known = found[case.account]
    return known


def _plannable(views: Views, case: Case) -> bool:
    held = bool(case.held) and case.in_breach
    return held and not views.doubt(case.account, Action.LIQUIDATE)


def _breaches(state: State, views: Views, cases: Sequence[Case]) -> Breaches:
    ledger, rules = state.ledger, state.in_force.liquidation
    terms: _Terms = {
        "tables": views.tables,
        "target": rules.target_nano / NANO,
        "penalty": rules.penalty_nano / NANO,
        "fee": rules.fee_nano / NANO,
        "choice": rules.choice,
        "hedges": hedges_of(state, views),
    }
    if len(cases) == 1:
        return Breaches.of(_breach(state, views, cases[0], terms))
    rows = ledger.rows_of(np.array([case.account for case in cases], np.int64))
    lines = ledger.lines(rows)
    held, numbers = lines.instrument, np.unique(lines.instrument).tolist()
    if rules.limit == "sliding":
        values = [v for case in cases for v in _limit_values(state, views, case)]
        limit_value = np.array(values, np.float64)
    else:
        sells, buys = np.zeros((2, len(ledger.instruments)))  # settlement units at the limits
        for number in numbers:
            unwind = views.unwind(number)
            sells[number], buys[number] = unwind.sell_value, unwind.buy_value
        limit_value = np.where(lines.lots > 0, sells[held], buys[held])
    most = np.zeros(0, np.int64)
    if rules.sizes is not None:
        most = np.array([n for case in cases for n in _most(state, views, case)], np.int64)
    return Breaches(
        accounts=[case.account for case in cases],
        rows=views.rows_of(lines, views.models(rows)),
        lots=lines.lots,
        limit_value=limit_value,
        lots_max=most,
        depth_usd=_depths(state)[held] if rules.depth_usd else np.zeros(0),
        **terms,
    )


def _breach(state: State, views: Views, case: Case, terms: "_Terms") -> Breach:
    rules = state.in_force.liquidation
    numbers = [number for number, _ in case.held]
    most = [] if rules.sizes is None else _most(state, views, case)
    return Breach(
        account=case.account,
        holding=views.row(case.account),
        lots=np.array([position.lots for _, position in case.held], np.int64),
        limit_value=np.array(_limit_values(state, views, case), np.float64),
        lots_max=np.array(most, np.int64),
        depth_usd=_depths(state)[numbers] if rules.depth_usd else np.zeros(0),
        **terms,
    )


class _Terms(TypedDict):
    tables: RiskTables
    target: float
    penalty: float
    fee: float
    choice: Choice
    hedges: Hedges | None


def _limit_values(state: State, views: Views, case: Case) -> list[float]:
    unwinds = limited_unwinds(state, views, case)
    return [
        unwind.sell_value if position.lots > 0 else unwind.buy_value
        for unwind, (_, position) in zip(unwinds, case.held, strict=True)
    ]


def _most(state: State, views: Views, case: Case) -> list[int]:
    return most_lots(state, views, case, unwinds_of(views, case), beside_others=False)


def _depths(state: State) -> FloatArray:
    depth_usd = state.in_force.liquidation.depth_usd
    return np.array([depth_usd.get(i.symbol, np.inf) for i in state.ledger.instruments])

"""Working out cases and plans: the margins of all accounts of a batch at once, and one proposal."""

from collections.abc import Sequence

import numpy as np

from hullmark.clearing._caseload import Case
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind, net_worth
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.ledger import Position
from hullmark.liquidation import Breach, Breaches, LiquidationEngine
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
    return [views.unwind(number) for number, _ in case.held]


def net_quanta(state: State, views: Views, case: Case, asset: int) -> int:
    """Return an account's net value in quanta of one asset, as `Views.net_quanta` does."""
    return net_worth(state, unwinds_of(views, case), case.held, case.cash.copy(), asset)


def plan_of(state: State, views: Views, engine: LiquidationEngine, case: Case) -> tuple[int, ...]:
    """Return the signed lots that the engine wants to trade, one number per position held.

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
        lots = {other.account: plan.lots for other, plan in zip(wanted, plans, strict=True)}
        caseload.take_plans(engine, lots)
        known = lots[case.account]
    return known


def _plannable(views: Views, case: Case) -> bool:
    held = bool(case.held) and case.in_breach
    return held and not views.doubt(case.account, Action.LIQUIDATE)


def _breaches(state: State, views: Views, cases: Sequence[Case]) -> Breaches:
    ledger, rules = state.ledger, state.in_force.liquidation
    target, penalty = rules.target_nano / NANO, rules.penalty_nano / NANO
    if len(cases) == 1:
        return Breaches.of(_breach(views, cases[0], target=target, penalty=penalty))
    rows = ledger.rows_of(np.array([case.account for case in cases], np.int64))
    lines = ledger.lines(rows)
    sells, buys = np.zeros((2, len(ledger.instruments)))  # settlement units at the limits
    for number in np.unique(lines.instrument).tolist():
        unwind = views.unwind(number)
        sells[number], buys[number] = unwind.sell_value, unwind.buy_value
    held = lines.instrument
    return Breaches(
        accounts=[case.account for case in cases],
        rows=views.rows_of(lines, views.models(rows)),
        tables=views.tables,
        lots=lines.lots,
        limit_value=np.where(lines.lots > 0, sells[held], buys[held]),
        target=target,
        penalty=penalty,
    )


def _breach(views: Views, case: Case, *, target: float, penalty: float) -> Breach:
    lots = [position.lots for _, position in case.held]
    limits = [
        unwind.sell_value if n > 0 else unwind.buy_value
        for n, unwind in zip(lots, unwinds_of(views, case), strict=True)
    ]
    return Breach(
        account=case.account,
        holding=views.row(case.account),
        tables=views.tables,
        lots=np.array(lots, np.int64),
        limit_value=np.array(limits, np.float64),
        target=target,
        penalty=penalty,
    )

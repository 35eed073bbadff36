"""What users may know of the waterfall before it is needed: the queue, the fund as it stands."""

from decimal import Decimal

from hullmark.clearing._cases import case_of, net_quanta, unwinds_of
from hullmark.clearing._deleveraging_candidates import candidates_of
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.domain import SystemAccount
from hullmark.waterfall import (
    FundValue,
    Inventory,
    LotPrice,
    QueueRow,
    exit_share,
    published_queue,
)


def queue_of(state: State, views: Views, instrument: int, *, long: bool) -> tuple[QueueRow, ...]:
    """Return in which order holders of one side would be closed now, and at which price.

    By profit and leverage at the mark, which is the order of the policy ``queue``. Accounts with a
    liquidation order at work, or in an auction, are in none.
    """
    mark = LotPrice(*views.unwind(instrument).lot_ratio)
    symbol = state.ledger.instruments[instrument].symbol
    candidates = candidates_of(state, views, instrument, side=1 if long else -1)
    # In calm there is no inventory: of one lot, without a deficit, the price is the mark.
    inventory = Inventory(instrument=symbol, lots=-1 if long else 1, mark=mark, deficit_quanta=0)
    return published_queue(inventory, candidates)


def fund_in_hand(state: State, views: Views, asset: int) -> FundValue:
    """Return what the fund is worth in an asset with what the engine has in hand, in its units.

    In hand is every account under liquidation that settles in the asset: what it would be worth
    below zero, at the marks and after unwinding all of it at once into the declared depth, would be
    the fund's to pay. Without a declared depth unwinding costs the declared slippage.
    """
    ledger, rules = state.ledger, state.in_force.liquidation
    unit = Decimal(ledger.assets[asset].quanta_per_unit)
    liquid = max(ledger.cash(SystemAccount.FUND, asset), 0) / unit
    at_mark, at_impact = Decimal(0), Decimal(0)
    for account in state.episodes:
        case = case_of(state, views, account)
        unwinds = unwinds_of(views, case)
        if not unwinds or unwinds[0].settlement != asset:
            continue
        net, cost = net_quanta(state, views, case, asset) / unit, Decimal(0)
        for unwind, (_, position) in zip(unwinds, case.held, strict=True):
            over, under = unwind.lot_ratio
            worth = abs(Decimal(position.lots * over) / under) / unit
            depth = rules.depth_usd.get(unwind.symbol)
            notional = Decimal(unwind.notional_nano(position.lots)) / NANO
            slip = Decimal(rules.slippage_nano) / NANO
            cost += worth * (slip if depth is None else exit_share(notional, Decimal(depth)))
        at_mark += max(-net, Decimal(0))
        at_impact += max(cost - net, Decimal(0))
    return FundValue(
        liquid=liquid,
        at_mark=liquid - at_mark,
        at_impact=liquid - at_impact,
        unrealised=-at_mark,
        exit_cost=at_impact - at_mark,
    )

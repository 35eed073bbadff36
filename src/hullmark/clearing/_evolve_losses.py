"""What the events of the waterfall do to the facts: who paid, who was closed, who is owed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hullmark.clearing._stage_facts import Course
from hullmark.clearing._state import State
from hullmark.domain import SystemAccount, events, is_system
from hullmark.waterfall import apportion


def _collateral_seized(event: events.CollateralSeized, state: State) -> None:
    asset = state.ledger.asset_index[event.asset]
    state.ledger.move(event.account, SystemAccount.FUND, asset, event.quanta)


def _deficit_covered(event: events.DeficitCovered, state: State) -> None:
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    ledger.move(SystemAccount.FUND, event.account, asset, event.fund_quanta)
    if event.backstop_quanta:
        staked = backstop_of(state)
        assert staked is not None, "a step of the waterfall names its pool"
        ledger.move(staked, event.account, asset, event.backstop_quanta)
    ledger.move(SystemAccount.BAD_DEBT, event.account, asset, event.bad_debt_quanta)
    if event.haircut_quanta:  # it is told by this, and by no other
        _add_haircut(state, event.account, event.asset, -event.haircut_quanta)


def _deleveraged(event: events.Deleveraged, state: State) -> None:
    sides = (event.account, event.counterparty)
    buyer, seller = sides if event.lots > 0 else sides[::-1]
    number = state.ledger.instrument_index[event.instrument]
    state.ledger.trade(buyer, seller, number, lots=abs(event.lots), cost=event.cost_quanta)
    asset = state.ledger.assets[state.ledger.settlement(number)].symbol
    _add_haircut(state, event.account, asset, event.haircut_quanta)


def _deleveraging_ended(event: events.DeleveragingEnded, state: State) -> None:
    """Record what it came to; what was closed stands in the events before."""


def _haircut_taken(event: events.HaircutTaken, state: State) -> None:
    ledger = state.ledger
    ledger.settle_all_funding(event.payer)
    for symbol, quanta in event.realised_quanta.items():
        ledger.realise(event.payer, ledger.instrument_index[symbol], quanta)
    ledger.move(event.payer, event.account, ledger.asset_index[event.asset], event.quanta)
    _add_haircut(state, event.account, event.asset, event.quanta)


# What others have paid so far of a loss that is told when its books are closed. Quanta of another
# asset than that of the liquidation do not explain it.
def _add_haircut(state: State, account: int, asset: str, quanta: int) -> None:
    if account not in state.episodes or state.episodes[account].asset != asset:
        return
    course = state.courses.get(account, Course())
    state.courses[account] = replace(course, haircut_quanta=course.haircut_quanta + quanta)


# Each pays its part, whole quanta that add up, and none more than it has.
def _loss_socialised(event: events.LossSocialised, state: State) -> None:
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    for payer, part in _parts(event, state, asset):
        if part:
            ledger.move(payer, event.account, asset, part)
            key = payer, event.asset
            state.losses[key] = state.losses.get(key, 0) + part


def _parts(event: events.LossSocialised, state: State, asset: int) -> Iterable[tuple[int, int]]:
    if event.parts:
        return [(part.payer, part.quanta) for part in event.parts]
    held = holders(state, asset, but=event.account)
    parts = apportion(event.quanta, [quanta for _, quanta in held])
    return zip((payer for payer, _ in held), parts, strict=True)


def _losses_repaid(event: events.LossesRepaid, state: State) -> None:
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    recorded = sorted(item for item in state.losses.items() if item[0][1] == event.asset)
    parts = apportion(event.quanta, [lost for _, lost in recorded])
    for (key, lost), part in zip(recorded, parts, strict=True):
        ledger.move(SystemAccount.FUND, key[0], asset, part)
        if part == lost:
            del state.losses[key]
        else:
            state.losses[key] = lost - part


def _fund_allocated(event: events.FundAllocated, state: State) -> None:
    key = event.instrument, event.asset
    kept = state.allocations.get(key, 0) + event.quanta
    if kept:
        state.allocations[key] = kept
    else:
        del state.allocations[key]


def holders(state: State, asset: int, *, but: int) -> list[tuple[int, int]]:
    """Return the users that hold some of an asset, in order of opening, and how much.

    They share a loss in it, all that are not `exempt`.
    """
    apart = exempt(state, asset, but=but)
    held = zip(*state.ledger.creditors(asset), strict=True)
    return [(a, quanta) for a, quanta in held if a not in apart and not is_system(a)]


def exempt(state: State, asset: int, *, but: int) -> set[int]:
    """Return who shares no loss in an asset: whose it is, and the backstop, which paid before."""
    rules, apart = state.in_force, {but}
    if rules.waterfall.backstop is not None:
        pool = rules.pools[rules.waterfall.backstop]
        if pool.asset == state.ledger.assets[asset].symbol:
            apart.add(pool.account)
    return apart


def backstop_of(state: State) -> int | None:
    """Return the account of the pool that stands behind the fund; ``None``: there is none."""
    name = state.in_force.waterfall.backstop
    return None if name is None else state.in_force.pools[name].account


LOSS_EFFECTS: Mapping[type, Callable[[Any, State], None]] = {
    events.CollateralSeized: _collateral_seized,
    events.DeficitCovered: _deficit_covered,
    events.Deleveraged: _deleveraged,
    events.DeleveragingEnded: _deleveraging_ended,
    events.HaircutTaken: _haircut_taken,
    events.LossSocialised: _loss_socialised,
    events.LossesRepaid: _losses_repaid,
    events.FundAllocated: _fund_allocated,
}

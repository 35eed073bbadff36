"""Deciding on the insurance fund's parts, and on paying recorded losses back."""

from collections.abc import Sequence

from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_asset,
    need_in_range,
    need_instrument,
    refuse,
)
from hullmark.clearing._fund_parts import allocations_of
from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.core import NANO, mul_div_floor
from hullmark.domain import Event, Reason, Spot, commands, events


def allocate_fund(state: State, command: commands.AllocateFund) -> Sequence[Event]:
    """Set money of the fund aside for a market, or give it back."""
    quanta = command.quanta
    refused = (
        need_in_range("abs(quanta)", abs(quanta), 1)
        or need_asset(state, command.asset)
        or need_instrument(state, command.instrument)
        or _need_part(state, command)
    )
    if refused:
        return (refused,)
    return (
        events.FundAllocated(instrument=command.instrument, asset=command.asset, quanta=quanta),
    )


def repay_losses(state: State, command: commands.RepayLosses) -> Sequence[Event]:
    """Pay recorded losses back out of what no market has of the fund."""
    asset, quanta = command.asset, command.quanta
    refused = need_in_range("quanta", quanta, 1) or need_asset(state, asset)
    if refused:
        return (refused,)
    recorded = sum(lost for (_, of), lost in state.losses.items() if of == asset)
    if quanta > recorded:
        detail = f"quanta must be <= {recorded}, the losses recorded in {asset}, was {quanta}"
        return (refuse(Reason.DEBT_SHORT, detail),)
    if short := need_free_fund(state, asset, quanta):
        return (short,)
    return (events.LossesRepaid(asset=asset, quanta=quanta),)


def need_free_fund(state: State, asset: str, quanta: int) -> events.Refused | None:
    """Refuse to take more out of the fund than is set aside for no market."""
    free = allocations_of(state, state.ledger.asset_index[asset]).unallocated_quanta
    if quanta <= free:
        return None
    detail = f"quanta must be <= {free} of {asset}, what the fund has free, was {quanta}"
    return refuse(Reason.FUND_SHORT, detail)


def listing_parts(state: State, rules: Rules) -> list[Event]:
    """Return the parts of the fund that contracts are given which rules list for the first time."""
    before = () if state.rules is None else state.rules.instruments
    share_nano = rules.waterfall.fund.listing_nano
    if not before or not share_nano:
        return []
    told: list[Event] = []
    free: dict[str, int] = {}
    for contract in rules.instruments[len(before) :]:
        asset = contract.settlement
        if isinstance(contract, Spot) or asset not in state.ledger.asset_index:
            continue
        index = state.ledger.asset_index[asset]
        left = free.setdefault(asset, allocations_of(state, index).unallocated_quanta)
        part = mul_div_floor(left, share_nano, NANO)
        if part:
            free[asset] = left - part
            told.append(events.FundAllocated(instrument=contract.symbol, asset=asset, quanta=part))
    return told


def parts_given_back(state: State, symbol: str) -> list[Event]:
    """Return what makes the parts of a settled contract free again, before anybody needs them."""
    return [
        events.FundAllocated(instrument=market, asset=asset, quanta=-kept)
        for (market, asset), kept in state.allocations.items()
        if market == symbol
    ]


def _need_part(state: State, command: commands.AllocateFund) -> events.Refused | None:
    if command.quanta > 0:
        return need_free_fund(state, command.asset, command.quanta)
    kept = state.allocations.get((command.instrument, command.asset), 0)
    if -command.quanta <= kept <= QUANTA_MAX:
        return None
    detail = (
        f"quanta must be >= -{kept}, what {command.instrument} has of the fund in "
        f"{command.asset}, was {command.quanta}"
    )
    return refuse(Reason.FUND_SHORT, detail)

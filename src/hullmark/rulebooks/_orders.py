"""What orders that rest add to the initial check: the worse of all bids and all asks filled."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from hullmark.core import FloatArray
from hullmark.domain import HeldContract, Holdings
from hullmark.rulebooks._rows import positions_on


def added_by_orders(
    underlying: str,
    members: Mapping[int, Holdings],
    initial: Callable[[Sequence[Mapping[HeldContract, float]]], FloatArray],
) -> FloatArray:
    """Return what the orders of each account add to its initial requirement, at least nothing.

    Parameters
    ----------
    underlying : str
    members : mapping of int to Holdings
        Accounts by number.
    initial : callable
        Gives the initial requirement of each account from the positions in place of its own.
    """
    accounts, added = list(members.values()), np.zeros(len(members))
    if not any(a.orders for a in accounts):
        return added
    now = initial([positions_on(underlying, a) for a in accounts])
    for bids in (True, False):
        more = initial([positions_filled(underlying, a, bids=bids) for a in accounts]) - now
        paid = [order_premium(underlying, a) if bids else 0.0 for a in accounts]
        added = np.maximum(added, more + np.array(paid))
    return added


def positions_filled(
    underlying: str, account: Holdings, *, bids: bool
) -> dict[HeldContract, float]:
    """Return the positions of an account with all its bids filled, or all its asks."""
    held = positions_on(underlying, account)
    for order in account.orders:
        if order.contract.underlying == underlying and (order.size > 0) == bids:
            held[order.contract] = held.get(order.contract, 0.0) + float(order.size)
    return held


def order_premium(underlying: str, account: Holdings) -> float:
    """Return what the account's bids for options would pay, in the currency."""
    bids = (
        order.size * (order.entry or Decimal(0))
        for order in account.orders
        if order.contract.underlying == underlying
        and order.contract.kind == "option"
        and order.size > 0
    )
    return float(sum(bids, Decimal(0)))

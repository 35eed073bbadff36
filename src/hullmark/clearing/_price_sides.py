"""The two sides of accepted prices: which of them each check takes, and until when.

The initial check takes the fund-safe side of every price. The maintenance check takes the
account-safe one of a price in doubt, until it is VALID again or the declared grace is over, and
otherwise the price itself. Doubt begins and a grace ends with time alone, between two events.
"""

from collections.abc import Callable

import numpy as np

from hullmark.clearing._market_view import market_view, price_between
from hullmark.clearing._state import State
from hullmark.core import INT64_MAX, FloatArray
from hullmark.domain import AcceptedPrice
from hullmark.margin import RiskTables, Span

ALWAYS_NS = INT64_MAX  # nothing changes with time alone


def has_sides(price: AcceptedPrice) -> bool:
    """Return whether a price is not its own two sides."""
    return price.low_nano is not None or price.high_nano is not None


def low_of(price: AcceptedPrice) -> int:
    """Return what a price is at least, in billionths; above zero where there is a price."""
    low_nano = price.low_nano
    return price.price_nano if low_nano is None else min(max(low_nano, 1), price.price_nano)


def high_of(price: AcceptedPrice) -> int:
    """Return what a price is at most, in billionths."""
    high_nano = price.high_nano
    return price.price_nano if high_nano is None else max(high_nano, price.price_nano)


def sided(state: State) -> list[AcceptedPrice]:
    """Return the prices with sides that something is valued at; a peg has none."""
    policies = state.in_force.prices
    return [p for f, p in state.prices.items() if has_sides(p) and f in policies]


def span_of(state: State) -> Span | None:
    """Return the markets at both sides of the prices now, for each check; ``None``: no sides."""
    if not (found := sided(state)):
        return None
    strict = market_view(state, low_of), market_view(state, high_of)
    if not any(is_spared(state, price) for price in found):
        between = market_view(state)
        return Span(strict, (between, between))
    lenient = (
        market_view(state, _spared(state, low_of)),
        market_view(state, _spared(state, high_of)),
    )
    return Span(strict, lenient)


def is_spared(state: State, price: AcceptedPrice) -> bool:
    """Return whether a breach is called at the account-safe side of a price now."""
    if not has_sides(price) or price.factor not in state.in_force.prices:
        return False
    begins_ns, ends_ns = _doubt_ns(state, price)
    return begins_ns <= state.now_ns < ends_ns


def sides_until_ns(state: State) -> int:
    """Return the last instant at which `span_of` is what it is now, if no event comes."""
    turns = [
        turn_ns
        for price in sided(state)
        for turn_ns in _doubt_ns(state, price)
        if turn_ns > state.now_ns
    ]
    return min(turns, default=ALWAYS_NS + 1) - 1


def safe_marks_nano(state: State, symbol: str, mark_nano: int) -> tuple[int, int]:
    """Return the account-safe marks of what somebody owes and owns of a contract: low, high.

    Both are *mark_nano* where the price is not in doubt, or its grace is over.
    """
    price = state.prices.get(symbol)
    if price is None or not is_spared(state, price):
        return mark_nano, mark_nano
    return low_of(price), high_of(price)


def lenient_net_usd(balance: FloatArray, tables: RiskTables) -> float:
    """Return what balances alone are worth at the sides of the maintenance check, no haircut."""
    sides = tables.sides
    if sides is None:
        return float(balance @ tables.price_usd)
    credit = balance > 0.0
    return float(balance @ np.where(credit, sides.credit_maintenance, sides.debt_maintenance))


# The first instant of the doubt, if the price is left as it is, and the first behind its grace.
def _doubt_ns(state: State, price: AcceptedPrice) -> tuple[int, int]:
    rules, since_ns = state.in_force, price.doubted_ns
    if since_ns is None:  # it grows old
        since_ns = price.accepted_ns + rules.prices[price.factor].staleness_ns_max
        begins_ns = since_ns + 1
    else:
        begins_ns = since_ns
    grace_ns = rules.actions.grace_ns
    return begins_ns, ALWAYS_NS if grace_ns is None else since_ns + grace_ns + 1


def _spared(state: State, side: Callable[[AcceptedPrice], int]) -> Callable[[AcceptedPrice], int]:
    return lambda price: (side if is_spared(state, price) else price_between)(price)

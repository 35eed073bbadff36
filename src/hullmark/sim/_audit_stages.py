"""What an engine has beside balances, in the words of the auditor, so that both can be compared."""

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from hullmark.clearing import State

_AUCTION = (
    "account",
    "kind",
    "phase",
    "asset",
    "top_nano",
    "started_ns",
    "lot_asset",
    "lot_quanta",
    "tab_quanta",
    "debt_quanta",
    "notional_nano",
    "reserved_quanta",
)
_QUOTE = (
    "maker",
    "instrument",
    "lots",
    "offset_nano",
    "expires_ns",
    "account",
    "loss_quanta_max",
    "posted_ns",
    "taken_lots",
    "paid_quanta",
)
STAKE_SLACK = Fraction(1, 10**9)  # by which the rounded product is under the exact one, and more


def stages_of(state: State) -> dict[str, dict[Any, Any]]:
    """Return auctions, quotes, calls, terms, halts, parts of the fund and losses, by their keys."""
    breaker, rules = state.breaker, state.rules
    courses = state.courses if rules is not None and rules.liquidation.chain else {}
    return {
        "auctions": {n: _of(asdict(one), _AUCTION) for n, one in state.auctions.items()},
        "quotes": {n: _of(asdict(one), _QUOTE) for n, one in state.quotes.items()},
        "places": {a: (one.place, one.entered_ns) for a, one in courses.items()},
        "calls": dict(state.calls),
        "soft": {a: (one.saviour, one.asset, one.quanta_max) for a, one in state.soft.items()},
        "halted": {symbol: one.delisting for symbol, one in state.halted.items()},
        "breaker": {} if breaker is None else {0: (breaker.level, breaker.until_ns)},
        "parts": dict(state.allocations),
        "losses": dict(state.losses),
        "seasons": {
            key: (one.paid_quanta, one.older_quanta, one.newer_quanta)
            for key, one in state.seasons.items()
        },
    }


def stakes_of(state: State) -> dict[tuple[str, int], int]:
    """Return what each member's stake was worth when its pool was last counted."""
    return {
        (pool, account): state.pools[pool].worth(member.stake)
        for (pool, account), member in state.stakes.items()
    }


def _of(facts: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: facts[name] for name in names}

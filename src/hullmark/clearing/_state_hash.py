"""One number for all the facts, the same on every machine.

Every fact is one row; the rows' BLAKE2b hashes are added modulo 2^128, so that the order of rows
does not matter and one changed row costs two hashes. A fact at its default is left out, so a field
that a later version adds changes no hash of an old journal.

The row of an account is words, with all its balances and positions, and so are funding indices; all
other rows are text.
"""

from typing import Any

import msgspec

from hullmark.clearing._account_hash import Names, all_accounts, digest, funding_hash, total_of
from hullmark.clearing._state import State
from hullmark.clearing._state_hash_1 import state_sum_1
from hullmark.errors import InvalidInputError

STATE_HASH_VERSION = 2

Row = tuple[Any, ...]

# The tables whose rows are text: what they are called there, and in the state.
TABLES = {
    "prints": "prints",
    "price": "prices",
    "vol": "vols_nano",
    "resting": "resting",
    "working": "working",
    "unfilled": "unfilled",
    "parked": "parked",
    "episode": "episodes",
    "throttle": "throttles",
    "course": "courses",
    "ordered": "ordered",
    "soft": "soft",
    "call": "calls",
    "auction": "auctions",
    "quote": "quotes",
    "request": "requests",
    "pool": "pools",
    "stake": "stakes",
    "halted": "halted",
    "allocation": "allocations",
    "loss": "losses",
    "season": "seasons",
}
SETS = ("expired", "corrected")  # which only grow


def state_hash(state: State, *, version: int = STATE_HASH_VERSION) -> str:
    """Return the hash of the facts: version, colon, 32 hexadecimal digits.

    Parameters
    ----------
    state : State
        The facts.
    version : int
        Which rows to hash, and how: 1 as the releases did that recorded such hashes. It leaves out
        the facts that came later.

    Raises
    ------
    InvalidInputError
        If there is no such version.
    """
    if version == 1:
        return written(state_sum_1(state), version)
    if version != STATE_HASH_VERSION:
        raise InvalidInputError(f"version must be 1 or {STATE_HASH_VERSION}, was {version}")
    ledger = state.ledger
    total = total_of(*all_accounts(state, Names.of(ledger)))
    for contract, index_micro in zip(ledger.instruments, ledger.funding_micro, strict=True):
        total += funding_hash(contract.symbol, index_micro)
    for rows in single_rows(state):
        total += sum(map(row_hash, rows))
    for name, attribute in TABLES.items():
        facts = getattr(state, attribute).items()
        total += sum(row_hash((name, key, fact)) for key, fact in facts)
    for name in SETS:
        total += sum(row_hash((name, item)) for item in getattr(state, name))
    return written(total)


def written(total: int, version: int = STATE_HASH_VERSION) -> str:
    """Write a sum of hashes out."""
    return f"{version}:{total % 2**128:032x}"


def row_hash(row: Row) -> int:
    """Return the hash of a row of text."""
    return int.from_bytes(digest(msgspec.json.encode(row, order="deterministic")), "little")


def single_rows(state: State) -> tuple[tuple[Row, ...], ...]:
    """Return the rows that belong to no table, in groups that change together."""
    return (
        (("time", state.now_ns, state.valuation_ns),),
        (("order_last", state.order_last),) if state.order_last else (),
        (("auction_last", state.auction_last),) if state.auction_last else (),
        (("season_ns", state.season_ns),) if state.season_ns else (),
        () if state.breaker is None else (("breaker", state.breaker),),
        () if state.rules is None else (("rules", state.rules.text),),
        tuple(("scheduled", waiting.effective_ns, waiting.rules) for waiting in state.scheduled),
        tuple(("deferred", place, command) for place, command in enumerate(state.deferred)),
    )

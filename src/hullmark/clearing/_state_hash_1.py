"""Version 1 of the state hash, for journals of the releases that recorded it. It never changes.

Every fact is one row of text; the rows' BLAKE2b hashes are added modulo 2^128. A fact at its
default is left out, and so is every table that came later.
"""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from hullmark.clearing._state import State


def state_sum_1(state: State) -> int:
    """Return the sum of the hashes of the facts that the first release knew."""
    return sum(_row_hash(row) for row in _rows(state)) % 2**128


def _row_hash(row: tuple[object, ...]) -> int:
    text = msgspec.json.encode(row, order="deterministic")
    return int.from_bytes(blake2b(text, digest_size=16).digest(), "big")


def _rows(state: State) -> Iterator[tuple[object, ...]]:
    if state.rules is not None:
        yield "rules", state.rules.text
    yield "time", state.now_ns, state.valuation_ns
    yield from state.ledger.facts()
    for account, mode in state.modes.items():
        yield "account", account, mode, state.parents.get(account)
    for waiting in state.scheduled:
        yield "scheduled", waiting.effective_ns, waiting.rules
    for name, table in (
        ("prints", state.prints),
        ("price", state.prices),
        ("vol", state.vols_nano),
        ("resting", state.resting),
        ("working", state.working),
        ("unfilled", state.unfilled),
        ("parked", state.parked),
        ("episode", state.episodes),
        ("throttle", state.throttles),
    ):
        for key, fact in table.items():
            yield name, key, fact
    for symbol in state.expired:
        yield "expired", symbol
    if state.order_last:
        yield "order_last", state.order_last
    for place, command in enumerate(state.deferred):
        yield "deferred", place, command

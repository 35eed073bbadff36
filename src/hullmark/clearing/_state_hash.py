"""One number for all the facts, the same on every machine.

Every fact is one row of text; the rows' BLAKE2b hashes are added modulo 2^128, so that the order of
rows does not matter and one changed row costs two hashes. A fact at its default is left out, so a
field that a later version adds changes no hash of an old journal.
"""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from hullmark.clearing._state import State

STATE_HASH_VERSION = 1
_MODULUS = 2**128


def state_hash(state: State) -> str:
    """Return the hash of the facts: version, colon, 32 hexadecimal digits."""
    total = sum(_row_hash(row) for row in _rows(state)) % _MODULUS
    return f"{STATE_HASH_VERSION}:{total:032x}"


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

"""Units, and the batches that seal them: encoding and the hash chain."""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from hullmark.domain import Command, Event, upcast
from hullmark.errors import DamagedJournalError, InvalidInputError

VERSION = 1  # of the encoding and of what is hashed
HASH_BYTES = 32

_HEADER = struct.Struct(f">Hqq{HASH_BYTES}s")


class Unit(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    array_like=True,
    gc=False,
    forbid_unknown_fields=True,
):
    """One command with the events it led to.

    A command that a reaction asked for is a unit of its own, and names its cause.
    """

    sequence: int
    time_ns: int
    command: Command
    events: tuple[Event, ...]
    cause: int | None = None  # sequence of the unit whose event asked for this one
    key: str | None = None  # the submitter's: the same key is carried out once


class Tip(NamedTuple):
    """Where a journal ends: its last sequence, and the hash of its last batch."""

    sequence: int
    hash: bytes


GENESIS = Tip(0, bytes(HASH_BYTES))  # where an empty journal ends


class Batch(NamedTuple):
    """Units that become durable together, sealed onto the batch before them."""

    first: int  # sequence
    last: int  # sequence
    previous_hash: bytes
    hash: bytes
    payload: bytes  # the units, as MessagePack

    @property
    def tip(self) -> Tip:
        """Where a journal ends that ends with this batch."""
        return Tip(self.last, self.hash)

    @property
    def hash_of_content(self) -> bytes:
        """What `hash` must be."""
        return _hash(self.first, self.last, self.previous_hash, self.payload)


# One order for the keys of a dict, so that equal units have equal bytes.
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: msgspec.msgpack.Decoder[list[Unit]] = msgspec.msgpack.Decoder(list[Unit])


def seal(units: Sequence[Unit], tip: Tip) -> Batch:
    """Return *units*, at least one, as the batch that continues a journal at *tip*.

    The payload is decoded again before it is sealed: structs do not check the types of what they
    are built from, and a journal that cannot be read back is worse than a command that fails.

    Raises
    ------
    InvalidInputError
        If the sequences do not go on from the tip, or a unit does not survive its encoding.
    """
    for sequence, unit in enumerate(units, tip.sequence + 1):
        if unit.sequence != sequence:
            raise InvalidInputError(f"unit's sequence must be {sequence}, was {unit.sequence}")
    try:
        payload = _ENCODER.encode(units)
        _DECODER.decode(payload)
    except (msgspec.MsgspecError, TypeError, OverflowError, UnicodeEncodeError) as e:
        raise InvalidInputError(
            f"units {tip.sequence + 1} to {units[-1].sequence} must fit their schema, but {e}"
        ) from e
    first, last = tip.sequence + 1, tip.sequence + len(units)
    return Batch(first, last, tip.hash, _hash(first, last, tip.hash, payload), payload)


def find_fault(batch: Batch, tip: Tip) -> str | None:
    """Return what keeps *batch* from continuing a journal at *tip*, or ``None``."""
    if batch.first != tip.sequence + 1:
        return f"the next batch must begin at {tip.sequence + 1}, was {batch.first}"
    if batch.last < batch.first:
        return f"the batch at {batch.first} must not end before it, was {batch.last}"
    if batch.previous_hash != tip.hash:
        return f"the batch at {batch.first} must carry the hash of the one before it"
    if batch.hash != batch.hash_of_content:
        return f"the batch at {batch.first} must have the hash of its content"
    return None


def unseal(batch: Batch) -> list[Unit]:
    """Return the units of a batch whose hash was verified, old shapes brought up to date.

    Raises
    ------
    DamagedJournalError
        If the payload is not what the batch says it holds.
    """
    try:
        units = _decode(batch.payload)
    except msgspec.MsgspecError as e:
        raise DamagedJournalError(
            f"the batch at {batch.first} must decode, but {e}: it is damaged, or a newer hullmark "
            "has written it"
        ) from e
    if [unit.sequence for unit in units] != list(range(batch.first, batch.last + 1)):
        raise DamagedJournalError(
            f"the batch at {batch.first} must hold units {batch.first} to {batch.last}"
        )
    return units


# Only what is old pays for being looked through: nearly every batch is read at the first try.
def _decode(payload: bytes) -> list[Unit]:
    try:
        return _DECODER.decode(payload)
    except msgspec.ValidationError:
        return msgspec.convert(upcast(msgspec.msgpack.decode(payload)), list[Unit])


def _hash(first: int, last: int, previous_hash: bytes, payload: bytes) -> bytes:
    header = _HEADER.pack(VERSION, first, last, previous_hash)
    return blake2b(header + payload, digest_size=HASH_BYTES).digest()

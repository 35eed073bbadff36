"""Idempotency keys: which commands have been carried out, by the names their submitters gave."""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from hullmark.domain import Command
from hullmark.errors import InvalidInputError

# Keys that are remembered; the oldest is forgotten for the next one. At 10,000 keyed commands a
# second that is a minute and a half, longer than anyone waits before sending again.
KEYS_MAX = 1_000_000
KEY_CHARACTERS_MAX = 200


class Keyed(NamedTuple):
    """A command under a key of its submitter's: sent twice, it is carried out once."""

    key: str
    command: Command


class Keys:
    """The sequence at which each key was carried out, the newest *most* of them."""

    def __init__(self, known: Iterable[tuple[str, int]] = (), *, most: int = KEYS_MAX) -> None:
        self._sequence_of = OrderedDict(known)  # in the order in which they came
        self._most = most

    def __len__(self) -> int:
        return len(self._sequence_of)

    def find(self, key: str) -> int | None:
        """Return the sequence of the unit that a key stands for, if it is remembered."""
        return self._sequence_of.get(key)

    def add(self, key: str, sequence: int) -> None:
        """Remember a key, and forget the oldest where there are too many."""
        self._sequence_of[key] = sequence
        if len(self._sequence_of) > self._most:
            self._sequence_of.popitem(last=False)

    def digest(self) -> bytes:
        """Return a hash of what is remembered, and in which order."""
        return blake2b(msgspec.msgpack.encode(list(self.items()))).digest()

    def items(self) -> Iterable[tuple[str, int]]:
        """Return what is remembered, the oldest first."""
        return self._sequence_of.items()


def check_key(key: object) -> None:
    """Raise unless *key* is a short text."""
    try:
        if type(key) is str and 0 < len(key) <= KEY_CHARACTERS_MAX and key.encode():
            return
    except UnicodeEncodeError:
        pass  # half of a character
    raise InvalidInputError(
        f"key must be a text of 1 to {KEY_CHARACTERS_MAX} characters, was {key!r:.60}"
    )

"""The port behind a journal: what a store of batches must do.

Stores are registered by name, so that one suite of tests can hold each to the port::

    [project.entry-points."hullmark.event_stores"]
    sqlite = "hullmark.journal.sqlite:SqliteStore"
"""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from hullmark.errors import DamagedJournalError, FencedJournalError, JournalError
from hullmark.journal._batch import GENESIS, Batch, Tip

_POLL_S_MIN, _POLL_S_MAX = 0.001, 0.05


class Store(Protocol):
    """An append-only sequence of batches. ``str(store)`` names it in errors.

    Building one opens it: what is there is continued, what is not is created. Only a writer's own
    thread may use a store.
    """

    @property
    def tip(self) -> Tip:
        """Where the stored batches end; `GENESIS` if there is none."""
        ...

    @property
    def token(self) -> int:
        """The fencing token: each opening for writing takes the next one; 0 when read-only.

        It is kept with the batches and compared at every append, so that a writer who was thought
        dead, and was replaced, cannot append when it comes back.
        """
        ...

    def append(self, batch: Batch, /) -> None:
        """Store *batch* whole, and return only when it is durable.

        Raises
        ------
        FencedJournalError
            If a newer writer has begun. Nothing was appended.
        JournalError
            If the batch does not continue the tip, or cannot be stored. If the medium failed, or
            the connection to it, the batch may be there or not: the next opening tells.
        """
        ...

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*.

        Raises
        ------
        DamagedJournalError
            If the medium is damaged. Hashes are the reader's business.
        """
        ...

    def check(self) -> None:
        """Look for damage that hides batches instead of changing them.

        Raises
        ------
        DamagedJournalError
            If there is any.
        """
        ...

    def wait(self, sequence: int, timeout_s: float) -> bool:
        """Return true as soon as there is a batch beyond *sequence*, false when the time is up."""
        ...

    def close(self) -> None:
        """Release what the store holds; a second call does nothing."""
        ...


def require_continuation(batch: Batch, tip: Tip) -> None:
    """Refuse a batch that does not continue *tip*."""
    if (batch.first, batch.previous_hash) != (tip.sequence + 1, tip.hash):
        where = "an empty journal" if tip == GENESIS else f"sequence {tip.sequence}"
        raise JournalError(f"batch must continue {where}, began at {batch.first}")


def fenced(store: Store) -> FencedJournalError:
    """Return the error of a writer that was replaced."""
    return FencedJournalError(
        f"{store} must be written by its newest writer, was fenced off at token {store.token}: "
        "another process has opened it for writing since"
    )


def damaged(store: object, fault: object, sequence: int = 0) -> DamagedJournalError:
    """Return the error of a store, or of its name, that is not what was written.

    *sequence* is the last good one.
    """
    return DamagedJournalError(f"{store} is damaged: {fault}; last good sequence {sequence}")


def poll(tip: Callable[[], Tip], sequence: int, timeout_s: float) -> bool:
    """Ask for the tip, ever less often, until it is beyond *sequence* or the time is up."""
    until_s = time.monotonic() + timeout_s
    pause_s = _POLL_S_MIN
    while tip().sequence <= sequence:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return False
        time.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, _POLL_S_MAX)
    return True

"""The port behind a journal: what a store of batches must do.

Stores are registered by name, so that one suite of tests can hold each to the port::

    [project.entry-points."hullmark.event_stores"]
    sqlite = "hullmark.journal.sqlite:SqliteStore"
"""

from collections.abc import Iterator
from typing import Protocol

from hullmark.errors import JournalError
from hullmark.journal._batch import GENESIS, Batch, Tip


class Store(Protocol):
    """An append-only sequence of batches. ``str(store)`` names it in errors.

    Building one opens it: what is there is continued, what is not is created. Only a writer's own
    thread may use a store.
    """

    @property
    def tip(self) -> Tip:
        """Where the stored batches end; `GENESIS` if there is none."""
        ...

    def append(self, batch: Batch, /) -> None:
        """Store *batch* whole, and return only when it is durable.

        Raises
        ------
        JournalError
            If the batch does not continue the tip, or cannot be stored. Then nothing was appended.
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

    def close(self) -> None:
        """Release what the store holds; a second call does nothing."""
        ...


def require_continuation(batch: Batch, tip: Tip) -> None:
    """Refuse a batch that does not continue *tip*."""
    if (batch.first, batch.previous_hash) != (tip.sequence + 1, tip.hash):
        where = "an empty journal" if tip == GENESIS else f"sequence {tip.sequence}"
        raise JournalError(f"batch must continue {where}, began at {batch.first}")

"""Faults of storage, drawn from a seed: what a journal's medium can do to the venue above it.

A `Medium` is what survives the death of a process; a `FaultyStore` is one opening of it. A fault
ends the opening: the venue above is to be thrown away and opened again, as an operator would.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from random import Random

from hullmark.core import Closing
from hullmark.errors import FencedJournalError, JournalError, LockedJournalError
from hullmark.journal import Batch, Store, Tip


class Fault(StrEnum):
    """What can go wrong, and when."""

    REFUSED = "an append failed and stored nothing"
    UNACKNOWLEDGED = "an append was stored, and its acknowledgement lost"
    FENCED = "another writer took over between two appends"
    LOCKED = "the lock of the writer before was still held at an opening"
    UNREADABLE = "reading broke off at an opening"


_AT_APPEND = (Fault.REFUSED, Fault.UNACKNOWLEDGED, Fault.FENCED)
_AT_OPENING = (Fault.LOCKED, Fault.UNREADABLE)
_OPENINGS_FAIL = 0.3
_GROWTH = 2


class Medium:
    """A place for a journal, and the faults that it will have.

    Parameters
    ----------
    open_store : callable
        Opens a sound store on what is there.
    seed : int
        Equal seeds have equal faults at equal appends.
    spacing : float
        Appends between two faults at first, on average; it grows by one for each `_GROWTH` appends,
        since what has to be read again after a fault grows with them. Infinite: there are none.
    on_takeover : callable
        Called while another writer is at work: it may open the medium, append, and close.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        *,
        seed: int,
        spacing: float,
        on_takeover: Callable[[Store], None],
    ) -> None:
        self.open_store = open_store
        self._chance = Random(seed)
        self._spacing = spacing
        self._on_takeover = on_takeover
        self._openings_failed = 0
        self.token = 0  # of the newest writer
        self.faults = dict.fromkeys(Fault, 0)

    def open(self) -> "FaultyStore":
        """Open for writing.

        Raises
        ------
        LockedJournalError
            If the writer before seems to be alive; it is not for long.
        """
        fault = None
        if self.token and not self._openings_failed and self._chance.random() < _OPENINGS_FAIL:
            fault = self._chance.choice(_AT_OPENING)
            self.faults[fault] += 1
        self._openings_failed = fault is not None
        if fault is Fault.LOCKED:
            raise LockedJournalError("medium must have one writer, was locked by the one before")
        return FaultyStore(self, breaks_off=fault is Fault.UNREADABLE)

    def next_fault(self) -> Fault | None:
        """Draw what the next append meets; mostly nothing."""
        self._spacing += 1 / _GROWTH
        if self._chance.random() >= 1 / self._spacing:
            return None
        fault = self._chance.choice(_AT_APPEND)
        self.faults[fault] += 1
        return fault

    def take_over(self) -> None:
        """Let another writer open the medium, do its work and leave."""
        with FaultyStore(self, is_sound=True) as rival:
            self._on_takeover(rival)


class FaultyStore(Closing):
    """One opening of a medium for writing, which fails as the medium says.

    Parameters
    ----------
    medium : Medium
        Whose next token it takes.
    is_sound : bool
        Whether no append fails.
    breaks_off : bool
        Whether reading fails before it ends.
    """

    def __init__(self, medium: Medium, *, is_sound: bool = False, breaks_off: bool = False) -> None:
        self._inner = medium.open_store()
        self._medium = medium
        self._is_sound = is_sound
        self._breaks_off = breaks_off
        medium.token += 1
        self.token = medium.token

    def __str__(self) -> str:
        return f"{self._inner} with faults"

    @property
    def tip(self) -> Tip:
        """Where the stored batches end."""
        return self._inner.tip

    def append(self, batch: Batch, /) -> None:
        """Store *batch*, unless a fault comes between.

        Raises
        ------
        FencedJournalError
            If another writer has opened the medium since.
        JournalError
            If the fault is another one, or the sound store below refuses.
        """
        fault = None if self._is_sound else self._medium.next_fault()
        if fault is Fault.REFUSED:
            raise JournalError(f"{self} must store the batch at {batch.first}, was out of space")
        if fault is Fault.FENCED:
            self._inner.close()  # its lock went with its connection
            self._medium.take_over()
        if self.token != self._medium.token:
            raise FencedJournalError(
                f"{self} must be written by its newest writer, {self._medium.token}, "
                f"was {self.token}"
            )
        self._inner.append(batch)
        if fault is Fault.UNACKNOWLEDGED:
            raise JournalError(f"{self} must acknowledge the batch at {batch.first}, lost the way")

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*.

        Raises
        ------
        JournalError
            If this opening breaks off: after one batch.
        """
        for batch in self._inner.batches(first):
            yield batch
            if self._breaks_off:
                raise JournalError(f"{self} must be readable, broke off after {batch.last}")

    def check(self) -> None:
        """Check the sound store below."""
        self._inner.check()

    def wait(self, sequence: int, timeout_s: float) -> bool:
        """Return whether a batch beyond *sequence* came within the time."""
        return self._inner.wait(sequence, timeout_s)

    def close(self) -> None:
        """Close the store below."""
        self._inner.close()

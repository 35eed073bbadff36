"""A store in memory, for simulations and tests: durable as long as the object is."""

from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter

from hullmark.core import Closing
from hullmark.journal._batch import GENESIS, Batch, Tip
from hullmark.journal._store import poll, require_continuation


class MemoryStore(Closing):
    """Batches in a list. Closing it releases nothing, so it can be read or copied afterwards."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []

    def __str__(self) -> str:
        return "journal in memory"

    @property
    def tip(self) -> Tip:
        """Where the stored batches end."""
        return self._batches[-1].tip if self._batches else GENESIS

    @property
    def token(self) -> int:
        """One: whoever has the object is its writer."""
        return 1

    def append(self, batch: Batch, /) -> None:
        """Store *batch*, if it continues the tip."""
        require_continuation(batch, self.tip)
        self._batches.append(batch)

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*."""
        start = bisect_right(self._batches, first, key=attrgetter("first")) - 1
        yield from self._batches[max(start, 0) :]

    def check(self) -> None:
        """Do nothing: a list hides no batches."""

    def wait(self, sequence: int, timeout_s: float) -> bool:
        """Return whether a batch beyond *sequence* came within the time."""
        return poll(lambda: self.tip, sequence, timeout_s)

    def close(self) -> None:
        """Do nothing."""

"""Snapshots taken by themselves: how often, how many are kept, and who writes them."""

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hullmark.core import SECOND_NS, Closing
from hullmark.errors import InvalidInputError, SnapshotWarning
from hullmark.journal import Snapshot, Snapshots
from hullmark.runtime._recover import Replica, take_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPolicy:
    """Where snapshots are kept, and when a new one is due: by count or by age, what comes first."""

    folder: str | Path
    every_units: int = 1_000_000
    every_s: float | None = 3_600.0  # of the venue's time; None: by count alone
    keep: int = 2  # the one before the newest is there if the newest is lost

    def __post_init__(self) -> None:
        if self.every_units < 1:
            raise InvalidInputError(f"every_units must be >= 1, was {self.every_units}")
        if self.every_s is not None and not self.every_s > 0:
            raise InvalidInputError(f"every_s must be > 0, was {self.every_s}")
        if self.keep < 1:
            raise InvalidInputError(f"keep must be >= 1, was {self.keep}")


class Snapshotter(Closing):
    """Writes snapshots on a thread of its own, so that commands wait for the copying alone.

    A snapshot that could not be written stops nothing, the journal has everything; `tell` warns of
    it, and the next one is taken when it is due.
    """

    def __init__(self, policy: SnapshotPolicy, *, sequence: int, time_ns: int) -> None:
        self._policy = policy
        self._snapshots = Snapshots(policy.folder)
        self._sequence, self._time_ns = sequence, time_ns  # of the last one
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot")
        self._writing: Future[None] | None = None
        self._faults: list[BaseException] = []  # nobody was told of yet

    def take_due(self, replica: Replica) -> None:
        """Take a snapshot if one is due, and begin to write it; never while one is being written.

        What goes wrong is left for `tell`: whoever calls has something durable to answer for.
        """
        if self._finished() and self._is_due(replica.sequence, replica.state.now_ns):
            self._sequence, self._time_ns = replica.sequence, replica.state.now_ns
            try:
                snapshot = take_snapshot(replica)
            except MemoryError as e:
                self._faults.append(e)
            else:
                self._writing = self._thread.submit(self._write, snapshot)

    def tell(self) -> None:
        """Warn of each snapshot that was not written, once."""
        self._finished()
        faults, self._faults = self._faults, []
        for fault in faults:
            warnings.warn(f"a snapshot was not written: {fault}", SnapshotWarning, stacklevel=4)

    def close(self) -> None:
        """Wait for what is being written; a second call does nothing."""
        self._thread.shutdown(wait=True)
        self.tell()

    def _is_due(self, sequence: int, time_ns: int) -> bool:
        if sequence == self._sequence:
            return False
        age_s = (time_ns - self._time_ns) / SECOND_NS
        by_age = self._policy.every_s is not None and age_s >= self._policy.every_s
        return by_age or sequence - self._sequence >= self._policy.every_units

    def _write(self, snapshot: Snapshot) -> None:
        self._snapshots.write(snapshot)
        self._snapshots.prune(self._policy.keep)

    # Whether nothing is being written any more.
    def _finished(self) -> bool:
        if self._writing is not None and self._writing.done():
            error, self._writing = self._writing.exception(), None
            if error is not None:
                self._faults.append(error)
        return self._writing is None

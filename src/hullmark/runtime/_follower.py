"""A follower: the facts of a venue in another process, read from its journal and never written."""

import time
from collections.abc import Callable
from pathlib import Path

from hullmark.core import Closing
from hullmark.errors import JournalError
from hullmark.journal import Journal, Store, Tip, open_store, read_batches
from hullmark.runtime._outbox import ExecutionPort
from hullmark.runtime._questions import Questions
from hullmark.runtime._recover import begin, begun_with
from hullmark.runtime._snapshotting import SnapshotPolicy
from hullmark.runtime._venue import Venue


class Follower(Questions, Closing):
    """Follows a journal beside its writer, answers questions, and can take over from it.

    What it answers is as old as the last `catch_up`. It verifies every batch that it takes in.

    Parameters
    ----------
    journal : location
        A SQLite file or a ``postgresql://`` address.
    snapshots : path, optional
        A folder of snapshots; the newest is where it begins.

    Raises
    ------
    DamagedJournalError
        If the chain is broken; of the other subclasses of JournalError as for `open_venue`.
    SnapshotError
        If the newest snapshot is damaged, or is not of this journal.

    Examples
    --------
    A planned failover. The writer lets go, and what it acknowledged is all there:

    >>> import tempfile, hullmark
    >>> folder = tempfile.TemporaryDirectory()
    >>> place = f"{folder.name}/venue.db"
    >>> writer = hullmark.open("examples/venue.toml", journal=place)
    >>> follower = Follower(place)
    >>> writer.close()
    >>> with follower.take_over() as venue:
    ...     venue.tip == writer.tip
    True
    >>> folder.cleanup()
    """

    def __init__(self, journal: str | Path, *, snapshots: str | Path | None = None) -> None:
        self._location = journal
        self._store: Store | None = open_store(journal, read_only=True)
        try:
            snapshot, replica = begin(snapshots)
            super().__init__(replica)
            with begun_with(snapshot):
                self.catch_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the journal; a second call does nothing."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def tip(self) -> Tip:
        """The last batch that was taken in."""
        return self._replica.tip

    def catch_up(self) -> int:
        """Take in what has become durable, and return how many units that was.

        Raises
        ------
        DamagedJournalError
            If a batch does not continue the one before it.
        SnapshotError
            If the journal is no longer the one that was followed.
        """
        return self._take_in(self._open_store)

    def wait(self, timeout_s: float) -> bool:
        """Return true as soon as there is something to catch up with, false when time is up."""
        return self._open_store.wait(self.tip.sequence, timeout_s)

    def take_over(
        self,
        *,
        clock: Callable[[], int] = time.time_ns,
        port: ExecutionPort | None = None,
        snapshots: SnapshotPolicy | None = None,
    ) -> Venue:
        """Become the writer, once the one before has let go. This follower is closed by it.

        Opening takes the next fencing token: whatever the writer before still tries to append is
        refused, also where it does not know that it was replaced.

        Raises
        ------
        LockedJournalError
            If the writer has not let go. The follower goes on following.
        """
        store = open_store(self._location)
        try:
            self._take_in(store)  # nobody else can append any more
            journal = Journal(store, since=self.tip)
        except BaseException:
            store.close()
            raise
        self.close()
        return Venue(journal, clock=clock, port=port, start=self._replica, snapshots=snapshots)

    @property
    def _open_store(self) -> Store:
        if self._store is None:
            raise JournalError(f"follower of {self._location} must be open, was closed")
        return self._store

    def _take_in(self, store: Store) -> int:
        before = self.tip.sequence
        for batch, units in read_batches(store, self.tip):
            self._replica.take_batch(batch, units, on_event=self._views.apply)
        return self.tip.sequence - before

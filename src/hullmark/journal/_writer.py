"""The writing end of a journal."""

from collections.abc import Iterator, Sequence

from hullmark.core import Closing
from hullmark.journal._batch import GENESIS, Tip, Unit, seal
from hullmark.journal._reader import read, require_whole, unit_at, units_from
from hullmark.journal._store import Store


class Journal(Closing):
    """The one writer of a store.

    >>> from hullmark.domain import commands, events
    >>> from hullmark.journal.memory import MemoryStore
    >>> with Journal(MemoryStore()) as journal:
    ...     time = events.TimeAdvanced(now_ns=5)
    ...     journal.append([Unit(
    ...         sequence=1, time_ns=5, command=commands.AdvanceTime(), events=(time,))])
    ...     [unit.events for unit in journal.units()]
    [(TimeAdvanced(now_ns=5),)]

    Parameters
    ----------
    store : Store
        What it continues; its chain is verified now. The journal closes it.
    since : Tip, optional
        The position of a snapshot: the chain is verified from there on, and `units` begins there.

    Raises
    ------
    DamagedJournalError
        If the chain is broken. The store is closed then, as in the cases below.
    SnapshotError
        If *since* is not the end of one of its batches.
    """

    def __init__(self, store: Store, *, since: Tip = GENESIS) -> None:
        self._store = store
        self._since = since
        try:
            require_whole(store, since)
        except BaseException:
            store.close()
            raise

    @property
    def tip(self) -> Tip:
        """Where the journal ends. Kept elsewhere, it proves later that nothing was rewritten."""
        return self._store.tip

    def append(self, units: Sequence[Unit]) -> None:
        """Make *units* durable together: all of them when this returns, none if it raises.

        One call is one commit, and commits are what costs time: gather units first.

        Raises
        ------
        InvalidInputError
            If their sequences do not go on from the tip, or a unit does not fit its schema.
        JournalError
            If the store fails. What is in memory is then ahead of the journal: open it again.
        """
        if units:
            self._store.append(seal(units, self._store.tip))

    def units(self) -> Iterator[Unit]:
        """Yield every unit since the snapshot, or all of them, verified as `read` does it."""
        return read(self._store, since=self._since)

    def units_from(self, sequence: int) -> Iterator[Unit]:
        """Yield the units from one on, to look up what happened: each batch is found sound alone.

        Raises
        ------
        DamagedJournalError
            If a batch has not the hash of its content, or does not decode.
        """
        return units_from(self._store, sequence)

    def unit_at(self, sequence: int) -> Unit | None:
        """Return the unit of a sequence; ``None`` if there is none."""
        return unit_at(self._store, sequence)

    def close(self) -> None:
        """Close the store; a second call does nothing."""
        self._store.close()

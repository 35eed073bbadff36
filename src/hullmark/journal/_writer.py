"""The writing end of a journal."""

from collections.abc import Iterator, Sequence

from hullmark.core import Closing
from hullmark.errors import DamagedJournalError
from hullmark.journal._batch import GENESIS, Tip, Unit, seal
from hullmark.journal._reader import read, verified
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

    Raises
    ------
    DamagedJournalError
        If the chain is broken. The store is closed then.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        try:
            tip = GENESIS
            for batch in verified(store):
                tip = batch.tip
            if tip != store.tip:
                raise DamagedJournalError(
                    f"{store} is damaged: it must end at {store.tip.sequence}; "
                    f"last good sequence {tip.sequence}"
                )
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
        """Yield every unit from the first, verified as `read` does it."""
        return read(self._store)

    def close(self) -> None:
        """Close the store; a second call does nothing."""
        self._store.close()

"""Restoring a journal: its facts as they are at the tip, from a snapshot and the units after it."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hullmark.clearing import Books, State, books
from hullmark.errors import JournalError
from hullmark.journal import Snapshots, Tip, Unit, open_store, read_batches
from hullmark.runtime._recover import Replica, begin, begun_with, take_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The facts of a journal at its tip, and where they come from."""

    snapshot: Path | None  # which it began from; None: from the first unit
    first: int  # sequence of the first unit that was replayed
    replica: Replica

    @property
    def tip(self) -> Tip:
        """Where the journal ends."""
        return self.replica.tip

    @property
    def state(self) -> State:
        """The facts."""
        return self.replica.state

    @property
    def units(self) -> int:
        """How many units were replayed."""
        return self.tip.sequence + 1 - self.first

    @property
    def state_hash(self) -> str:
        """The hash of the facts."""
        return self.replica.state_hash()

    @property
    def books(self) -> Books:
        """The proof that the books balance, or not."""
        return books(self.state)

    @property
    def accounts(self) -> int:
        """How many accounts users have open."""
        return len(self.state.modes)

    @property
    def positions(self) -> int:
        """How many positions are open."""
        return len(self.state.ledger.columns()["lots"])

    def save(self, folder: str | Path) -> Path:
        """Write a snapshot of the facts into a folder, and return its file once it is durable.

        Raises
        ------
        JournalError
            If the folder cannot be written.
        """
        return Snapshots(folder).write(take_snapshot(self.replica))


def restore(
    location: str | Path,
    *,
    snapshots: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Return the facts of a journal at its tip. Nothing is written, and nothing decided again.

    Parameters
    ----------
    location : location
        The journal, read beside its writer if there is one.
    snapshots : path, optional
        A folder of snapshots: the newest is where it begins, and only what came after is read and
        verified. Without one, or if there is none in it, the whole journal is.
    on_progress : callable, optional
        Called with the units done and their total.

    Raises
    ------
    SnapshotError
        If the newest snapshot is damaged, or is not of this journal.
    DamagedJournalError
        If the chain is broken; the message has the last good sequence.
    JournalError
        If there is no journal of ours, or a unit of it does not apply to the facts.
    """
    with closing(open_store(location, read_only=True)) as store:
        path, replica = begin(snapshots)
        before, total = replica.tip.sequence, store.tip.sequence
        with begun_with(path):
            for batch, units in read_batches(store, replica.tip):
                for unit in units:
                    take_in(replica, unit)
                    if on_progress is not None:
                        on_progress(unit.sequence - before, total - before)
                replica.tip = batch.tip
    return Restored(snapshot=path, first=before + 1, replica=replica)


def take_in(replica: Replica, unit: Unit) -> None:
    """Take in a unit that may be a forged one.

    Raises
    ------
    JournalError
        If it does not apply to the facts, which are then worth nothing.
    """
    try:
        replica.take(unit)
    except Exception as e:  # a forged event may set off anything, an impossible state as well
        raise JournalError(
            f"unit {unit.sequence} must apply to the facts, but {type(e).__name__}: {e}; "
            "hullmark verify tells more"
        ) from e

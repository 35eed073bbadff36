"""How the venue of a history is opened, at first and after every fault.

In memory there is one way: from the whole journal. On disk a history leaves snapshots behind, and a
follower goes along. So what opens it again is drawn: the whole journal, a snapshot and what came
after it, or the follower, which takes over and after a while hands over as planned.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from hullmark.clearing import ACCOUNTS_MIN
from hullmark.core import Closing
from hullmark.errors import JournalError, LockedJournalError
from hullmark.journal import GENESIS, Journal, Store, Unit, open_store, read_batches
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Follower, Replica, SnapshotPolicy, Venue, restore
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._faults import Medium
from hullmark.sim._soak_report import HistoryReport

_FAULT_SPACING = 150  # commits between two faults, in the beginning
_SNAPSHOT_UNITS = 100  # from one snapshot to the next
_LEAD_UNITS = 100  # for which a follower that took over stays the writer
_FOLLOWER_SHARE, _SNAPSHOT_SHARE = 0.3, 0.4  # of the openings after a fault, on disk
_OPENINGS_MAX = 20
_REACTIONS_MAX = 4  # of one command, so that the rest is put off now and then
_INDEXED = 2  # every so many seeds a history looks for breaches through the trigger index


class Openings(Closing):
    """The journal of a history with its faults, and what else outlives a venue.

    Parameters
    ----------
    seed : int
        Equal seeds have equal faults, and are opened in equal ways.
    path : path, optional
        Of the journal, the snapshots in a folder beside it; ``None`` keeps it in memory.
    clock : SimulatedClock
        Every venue's.
    report : HistoryReport
        Where openings are counted.
    on_takeover : callable
        Called with the venue of another writer that comes between.
    """

    def __init__(
        self,
        seed: int,
        path: Path | None,
        clock: SimulatedClock,
        report: HistoryReport,
        *,
        on_takeover: Callable[[Venue], object],
    ) -> None:
        self._path = path
        self._clock = clock
        self._report = report
        self._on_takeover = on_takeover
        self._chance = Random(f"openings of {seed}")
        self._indexed_from = 1 if seed % _INDEXED == 0 else ACCOUNTS_MIN
        self._policy: SnapshotPolicy | None = None
        if path is not None:
            folder = path.with_suffix(".snapshots")
            self._policy = SnapshotPolicy(folder=folder, every_units=_SNAPSHOT_UNITS, every_s=None)
        open_whole, self._open_reader = _stores(path)
        self._medium = Medium(
            open_whole, seed=seed, spacing=_FAULT_SPACING, on_takeover=self._let_in
        )
        self._reader: Store | None = None
        self._tip = GENESIS  # of what the reader has yielded
        self._follower: Follower | None = None
        self._lead_ends: int | None = None  # the sequence at which a follower hands over

    def close(self) -> None:
        """Let go of what reads the journal, and say which faults it had."""
        self._report.faults.update(self._medium.faults)
        for reading in (self._reader, self._follower):
            if reading is not None:
                reading.close()

    @property
    def snapshots(self) -> str | Path | None:
        """The folder of the snapshots; ``None`` until there is one."""
        if self._policy is None or not Path(self._policy.folder).exists():
            return None
        return self._policy.folder

    def first(self) -> Venue:
        """Return the venue of a journal that is not begun."""
        return self._open(from_snapshot=False)

    def again(self, failed: Venue) -> Venue:
        """Return a venue in the place of one whose memory is thrown away."""
        self._report.recoveries += 1
        drawn = self._chance.random()
        if self._follower is not None and drawn < _FOLLOWER_SHARE:
            return self._take_over(self._follower, failed)
        failed.close()
        self._lead_ends = None
        return self._open(from_snapshot=drawn < _FOLLOWER_SHARE + _SNAPSHOT_SHARE)

    def hand_over(self, venue: Venue) -> Venue:
        """Return the venue that goes on: another one, where a follower has led for long enough."""
        if self._lead_ends is None or venue.tip.sequence < self._lead_ends:
            return venue
        self._lead_ends = None
        venue.close()
        self._report.handovers += 1
        return self._open(from_snapshot=True)

    def units(self) -> Iterator[Unit]:
        """Yield what the journal has beyond what was yielded before, read beside its writer."""
        if self._reader is None:
            self._reader = self._open_reader()
        for batch, units in read_batches(self._reader, self._tip):
            yield from units
            self._tip = batch.tip

    def followed_hash(self) -> str | None:
        """Return the hash of the facts that a follower has; ``None`` where nobody follows."""
        if self._follower is None:
            return None
        self._follower.catch_up()
        return self._follower.state_hash()

    def _open(self, *, from_snapshot: bool) -> Venue:
        why: JournalError | None = None
        for _ in range(_OPENINGS_MAX):
            try:
                venue = self._open_once(from_snapshot=from_snapshot)
            except JournalError as e:
                why = e
            else:
                break
        else:
            raise JournalError(f"journal must open within {_OPENINGS_MAX} attempts") from why
        if self._path is not None and self._follower is None:
            newest = self.snapshots if from_snapshot else None
            self._follower = Follower(self._path, snapshots=newest)
        return venue

    def _open_once(self, *, from_snapshot: bool) -> Venue:
        store = self._medium.open()
        if self._path is None or not from_snapshot:
            return self._venue(Journal(store))
        try:
            restored = restore(self._path, snapshots=self.snapshots)
        except BaseException:
            store.close()
            raise
        self._report.restored += restored.snapshot is not None
        return self._venue(Journal(store, since=restored.tip), restored.replica)

    # The lock is still the failed venue's, unless another writer came between.
    def _take_over(self, follower: Follower, failed: Venue) -> Venue:
        try:
            venue = follower.take_over(clock=self._clock, snapshots=self._policy)
        except LockedJournalError:
            failed.close()
            venue = follower.take_over(clock=self._clock, snapshots=self._policy)
        failed.close()
        self._report.takeovers += 1
        self._follower = None
        self._lead_ends = venue.tip.sequence + _LEAD_UNITS
        return venue

    def _venue(self, journal: Journal, start: Replica | None = None) -> Venue:
        return Venue(
            journal,
            clock=self._clock,
            start=start,
            snapshots=self._policy,
            reactions_max=_REACTIONS_MAX,
            indexed_from=self._indexed_from,
        )

    def _let_in(self, store: Store) -> None:
        with Venue(Journal(store), clock=self._clock, reactions_max=_REACTIONS_MAX) as rival:
            self._on_takeover(rival)


# What opens the journal for writing, and what reads beside. What is in memory is its own medium.
def _stores(path: Path | None) -> tuple[Callable[[], Store], Callable[[], Store]]:
    if path is not None:
        return partial(SqliteStore, path), partial(open_store, path, read_only=True)
    kept = MemoryStore()
    return lambda: kept, lambda: kept

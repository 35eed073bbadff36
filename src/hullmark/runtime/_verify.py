"""Verifying a journal: replayed from its first unit, with the laws checked after every one."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hullmark.clearing import Books, RunningBooks, State, books, state_hash
from hullmark.core import Asset
from hullmark.domain import events
from hullmark.journal import GENESIS, Unit, open_store, read_batches, unit_at
from hullmark.runtime._check_snapshots import CheckedSnapshot, SnapshotChecks
from hullmark.runtime._corrections import Recorded, find_unlike
from hullmark.runtime._keys import Keys
from hullmark.runtime._recover import replay
from hullmark.runtime._redecide import TEXT_MAX, Difference, Redecider, text_of


class BrokenLaw(NamedTuple):
    """A law that ceased to hold."""

    sequence: int  # of the unit
    law: str  # what must hold, and what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a journal was found to hold."""

    sequence: int  # of its last unit
    batches: int
    units: int
    events: int
    tip_hash: str  # of the last batch, hexadecimal
    state_hash: str | None  # None: a unit could not be replayed, so there are no facts
    assets: tuple[Asset, ...]
    books: Books | None  # None: as above
    broken: tuple[BrokenLaw, ...]
    differences: tuple[Difference, ...] | None  # None: nothing was decided again
    snapshots: tuple[CheckedSnapshot, ...] | None  # the oldest first; None: none were looked for

    @property
    def holds(self) -> bool:
        """Whether no law is broken, no decision differs and every snapshot is what it says."""
        faults = [snapshot for snapshot in self.snapshots or () if snapshot.fault is not None]
        return not self.broken and not self.differences and not faults


def verify(
    location: str | Path,
    *,
    redecide: bool = False,
    snapshots: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Replay a journal, and check on the way everything that can be checked.

    The hash chain; that record 1 adopts rules; after every unit the laws of money, that time has
    not run back, that its cause came before it, that its key is new, and that what it reverses was
    recorded. A law is told at the unit that broke it. A unit that cannot be replayed ends the
    replay and is told as well; the chain is checked to its end.

    Parameters
    ----------
    location : location
        A SQLite file or the address of a database. It is opened read-only, beside its writer if
        there is one.
    redecide : bool, default False
        Whether to decide every command again, on the facts that it met, and compare the events and
        what they set off. That takes the engine named by the rules, and as long as the venue took.
    snapshots : path, optional
        A folder of snapshots: each is read, and compared with the chain and the facts at its place.
    on_progress : callable, optional
        Called with the units done and their total.

    Raises
    ------
    DamagedJournalError
        If the chain is broken; the message has the last good sequence.
    JournalError
        If the location is no journal of ours, or the folder of snapshots is not there.
    PluginError
        With *redecide*, if the engine named by the rules is not installed.
    """
    tip, batches = GENESIS, 0
    checks = None if snapshots is None else SnapshotChecks(snapshots)
    with closing(open_store(location, read_only=True)) as store:
        total = store.tip.sequence
        following = _Replay(redecide=redecide, recorded=partial(unit_at, store))
        for batch, units in read_batches(store):
            tip, batches = batch.tip, batches + 1
            if checks is not None:
                checks.pass_batch(tip)
            for unit in units:
                following.take(unit)
                if checks is not None:
                    checks.pass_unit(unit.sequence, following.facts, following.keys)
                if on_progress is not None:
                    on_progress(unit.sequence, total)
    proof = following.close()
    return Verification(
        sequence=tip.sequence,
        batches=batches,
        units=following.units,
        events=following.events,
        tip_hash=tip.hash.hex(),
        state_hash=None if proof is None else state_hash(following.state),
        assets=tuple(following.state.ledger.assets),
        books=proof,
        broken=tuple(following.broken),
        differences=None if following.again is None else tuple(following.differences),
        snapshots=None if checks is None else checks.close(tip),
    )


class _Replay:
    """Facts that follow a journal, and what was wrong on the way."""

    def __init__(self, *, redecide: bool, recorded: Recorded) -> None:
        self.state = State()
        self._recorded = recorded
        self.keys = Keys()
        self.again = Redecider(self.state) if redecide else None
        self.units = self.events = 0
        self.broken: list[BrokenLaw] = []
        self.differences: list[Difference] = []
        self._running = RunningBooks(self.state)
        self._time_ns = self.state.now_ns
        self._stopped = False

    @property
    def facts(self) -> State | None:
        """The facts after the last unit; ``None`` from the first that could not be replayed."""
        return None if self._stopped else self.state

    def take(self, unit: Unit) -> None:
        """Check a unit, and apply it to the facts."""
        self.units += 1
        self.events += len(unit.events)
        for law in self._broken_form(unit):
            self.broken.append(BrokenLaw(unit.sequence, law))
        self._stopped = self._stopped or unit.time_ns < self._time_ns
        self._time_ns = max(unit.time_ns, self._time_ns)
        if not self._stopped:
            self._apply(unit)

    def close(self) -> Books | None:
        """Add up the whole ledger; ``None`` if the replay did not come to the end."""
        if self._stopped:
            return None
        if self.again is not None:
            self.differences += self.again.missing(self.units)
        proof = books(self.state)
        if proof != self._running.books():
            law = f"sums after every unit must end at {proof}, was {self._running.books()}"
            self.broken.append(BrokenLaw(self.units, law))
        return proof

    def _broken_form(self, unit: Unit) -> Iterator[str]:
        first = unit.events[0] if unit.events else None
        if unit.sequence == 1 and not isinstance(first, events.RulesAdopted):
            yield f"record 1 must adopt rules, was {text_of(first):.{TEXT_MAX}}"
        if unit.time_ns < self._time_ns:
            yield f"time must be >= {self._time_ns}, was {unit.time_ns}"
        if unit.cause is not None and not 1 <= unit.cause < unit.sequence:
            yield f"cause must be an earlier unit, was {unit.cause}"
        if unit.key is not None:
            if (before := self.keys.find(unit.key)) is not None:
                yield f"key must be carried out once, was by unit {before}: {unit.key!r}"
            self.keys.add(unit.key, unit.sequence)
        for event in unit.events:
            if unlike := find_unlike(self._recorded, event):
                yield f"{type(event).__name__}: {unlike}"

    def _apply(self, unit: Unit) -> None:
        if self.again is not None:
            self.differences += self.again.compare(unit)
        try:
            replay(self.state, unit, on_event=None if self.again is None else self.again.hear)
        except Exception as e:  # a forged event may set off anything, an impossible state as well
            law = f"events must apply to the facts, but {type(e).__name__}: {e}"
            self.broken.append(BrokenLaw(unit.sequence, law))
            self._stopped = True
            return
        for law in self._running.update():
            self.broken.append(BrokenLaw(unit.sequence, law))
        if self.again is not None:
            self.again.follow(unit)

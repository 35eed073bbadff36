"""From a journal back to the facts: a snapshot if there is one, and the units after it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from hullmark.clearing import Facts, RunningHash, State, evolve, pack, stamp, unpack
from hullmark.domain import Event
from hullmark.errors import InvalidInputError, SnapshotError
from hullmark.journal import GENESIS, Batch, Snapshot, Snapshots, Tip, Unit
from hullmark.runtime._keys import Keys

_KEYS, _KEY_SEQUENCES, _FACTS = "keys", "keys.sequence", "facts"
_ADVICE = (
    "the journal has everything: find out what happened, then move the snapshot away, and the one "
    "before it or the first unit is begun with"
)


@dataclass(slots=True)
class Replica:
    """The facts as one process holds them, at one position of a journal."""

    state: State = field(default_factory=State)
    keys: Keys = field(default_factory=Keys)
    sequence: int = 0  # of the last unit taken in
    tip: Tip = GENESIS  # of the last batch taken in; within one, `sequence` is beyond it
    _hash: RunningHash | None = None  # once somebody has asked

    def state_hash(self) -> str:
        """Return the hash of the facts; from the second call on at the cost of what has changed."""
        if self._hash is None:
            self._hash = RunningHash(self.state)
        return self._hash.current()

    def take(self, unit: Unit, *, on_event: Callable[[Event], None] | None = None) -> None:
        """Take in the next unit of the journal."""
        replay(self.state, unit, on_event=on_event)
        self.sequence = unit.sequence
        if unit.key is not None:
            self.keys.add(unit.key, unit.sequence)

    def take_batch(
        self,
        batch: Batch,
        units: Sequence[Unit],
        *,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        """Take in the next batch of the journal."""
        for unit in units:
            self.take(unit, on_event=on_event)
        self.tip = batch.tip


def replay(state: State, unit: Unit, *, on_event: Callable[[Event], None] | None = None) -> None:
    """Apply a unit of the journal to the facts: nothing is decided again.

    *on_event* is called after each event, the facts being as it left them.
    """
    stamp(state, unit.time_ns)
    for event in unit.events:
        evolve(state, event)
        if on_event is not None:
            on_event(event)


def take_snapshot(replica: Replica) -> Snapshot:
    """Return what has to be stored to begin where a replica stands, at the end of a batch.

    What it holds are copies: the replica may go on at once.
    """
    sequence, tip = replica.sequence, replica.tip
    assert sequence == tip.sequence, f"at {sequence}, not at {tip.sequence}"
    columns, document = pack(replica.state)
    keys = list(replica.keys.items())
    sequences = np.fromiter((sequence for _, sequence in keys), np.int64, len(keys))
    return Snapshot(
        tip=tip,
        time_ns=replica.state.now_ns,
        state_hash=replica.state_hash(),
        columns={**columns, _KEY_SEQUENCES: sequences},
        documents={_FACTS: document, _KEYS: msgspec.msgpack.encode([key for key, _ in keys])},
    )


def start_from(path: Path, snapshot: Snapshot) -> Replica:
    """Return the facts that a snapshot holds.

    Raises
    ------
    SnapshotError
        If it holds no facts, or others than it was taken of.
    """
    try:
        columns = dict(snapshot.columns)
        sequences = columns.pop(_KEY_SEQUENCES).tolist()
        keys = msgspec.msgpack.decode(snapshot.documents[_KEYS], type=list[str])
        state = unpack(Facts(columns, snapshot.documents[_FACTS]))
        replica = Replica(
            state, Keys(zip(keys, sequences, strict=True)), snapshot.tip.sequence, snapshot.tip
        )
    except (InvalidInputError, msgspec.MsgspecError, KeyError, ValueError) as e:
        raise SnapshotError(f"snapshot {path} must hold the facts of a venue, but {e!r}") from e
    found = replica.state_hash()
    if found != snapshot.state_hash:
        raise SnapshotError(
            f"snapshot {path} must have the state hash {snapshot.state_hash}, was {found}"
        )
    return replica


def begin(folder: str | Path | None) -> tuple[Path | None, Replica]:
    """Return the newest snapshot of a folder, and its facts; without one, none and no facts.

    Raises
    ------
    SnapshotError
        If the newest one is damaged; the message has what to do.
    """
    snapshots = None if folder is None else Snapshots(folder)
    if snapshots is None or not snapshots.paths():
        return None, Replica()
    with ThreadPoolExecutor(1) as beside:
        # The kernels that hash are loaded meanwhile: a third of a second in a new process.
        beside.submit(lambda: RunningHash(State()).current())
        try:
            found = snapshots.latest()
            return (None, Replica()) if found is None else (found[0], start_from(*found))
        except SnapshotError as e:
            raise SnapshotError(f"{e}; {_ADVICE}") from e


@contextmanager
def begun_with(path: Path | None) -> Iterator[None]:
    """Say what to do where a journal turns out not to be the one of the snapshot begun with."""
    try:
        yield
    except SnapshotError as e:
        raise SnapshotError(f"snapshot {path} must be of its journal, but {e}; {_ADVICE}") from e

"""Snapshots held against their journal while it is replayed."""

from pathlib import Path
from typing import NamedTuple

from hullmark.clearing import State, state_hash
from hullmark.errors import JournalError, SnapshotError
from hullmark.journal import Snapshots, Tip, read_snapshot
from hullmark.runtime._keys import Keys
from hullmark.runtime._recover import start_from


class CheckedSnapshot(NamedTuple):
    """A snapshot, and what is wrong with it."""

    path: Path
    sequence: int | None  # where it was taken; None: it cannot be read
    fault: str | None  # None: it is of this journal, and has the facts that the replay has there


class SnapshotChecks:
    """Every snapshot of a folder: read now, and compared when the replay passes its place.

    Of each only the hashes are kept.

    Raises
    ------
    JournalError
        If there is no such folder.
    """

    def __init__(self, folder: str | Path) -> None:
        snapshots = Snapshots(folder)
        if not snapshots.folder.is_dir():
            raise JournalError(f"{snapshots} must be in a folder, and there is none")
        self._checked: dict[Path, CheckedSnapshot] = {}
        self._waiting: dict[int, tuple[Path, Tip, str, bytes]] = {}
        self._found: set[int] = set()  # sequences where a batch ends with the snapshot's hash
        for path in snapshots.paths():
            try:
                snapshot = read_snapshot(path)
                replica = start_from(path, snapshot)  # it gives the state hash that it names
            except SnapshotError as e:
                self._checked[path] = CheckedSnapshot(path, None, str(e))
                continue
            sequence = snapshot.tip.sequence
            self._checked[path] = CheckedSnapshot(path, sequence, None)
            if snapshots.path(sequence) != path:
                self._tell(path, f"its name must have its sequence, {sequence}")
            else:
                keys = replica.keys.digest()
                self._waiting[sequence] = path, snapshot.tip, snapshot.state_hash, keys

    def pass_batch(self, tip: Tip) -> None:
        """Compare the hash of a batch, whose units are yet to be passed."""
        if tip.sequence not in self._waiting:
            return
        path, taken, *_ = self._waiting[tip.sequence]
        self._found.add(tip.sequence)
        if taken != tip:
            del self._waiting[tip.sequence]
            self._tell(path, f"the batch there must have the hash {taken.hash.hex()}, has another")

    def pass_unit(self, sequence: int, state: State | None, keys: Keys) -> None:
        """Compare the facts after a unit, ``None`` if it could not be replayed, and its keys."""
        if sequence not in self._waiting:
            return
        path, _, expected, known = self._waiting.pop(sequence)
        if sequence not in self._found:
            self._tell(path, "a batch must end there, and none does")
        elif state is None:
            self._tell(path, "units before it must be replayed, and one could not be")
        elif (found := state_hash(state)) != expected:
            self._tell(path, f"the replay must have the state hash {expected} there, has {found}")
        elif keys.digest() != known:
            self._tell(path, f"it must have the keys of the {len(keys)} commands sent with one")

    def close(self, tip: Tip) -> tuple[CheckedSnapshot, ...]:
        """Return what was found, once the journal has come to its end."""
        for path, *_ in self._waiting.values():
            self._tell(path, f"the journal must reach its sequence, ends at {tip.sequence}")
        return tuple(self._checked.values())

    def _tell(self, path: Path, fault: str) -> None:
        self._checked[path] = self._checked[path]._replace(fault=fault)

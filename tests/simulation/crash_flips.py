"""Bytes that are not what was written: in a journal's file, in its log, in a snapshot."""

import re
import shutil
from pathlib import Path
from random import Random

from hullmark.clearing import state_hash
from hullmark.errors import DamagedJournalError, JournalError, SnapshotError
from hullmark.runtime import Follower

from .crash_places import Place
from .crash_proof import require

_HEADER_BYTES = 512  # the start of a file says how to read the rest: it is met more often


class Flips:
    """What a process that was killed has left behind, to be damaged again and again.

    Parameters
    ----------
    place : Place
        A journal in a file; it is copied and left alone.
    folder : path
        For the copy that is damaged.
    acknowledged : int, optional
        The last sequence that anyone was told of; by default the journal's last. What comes after
        it may be lost: death has cut it off before the log could guard it.
    """

    def __init__(self, place: Place, folder: Path, *, acknowledged: int | None = None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(place.folder, folder)
        self._place = Place(folder)
        journal = Path(self._place.location)
        Path(f"{journal}-shm").unlink(missing_ok=True)  # of the dead; it is made anew
        paths = {"file": journal, "log": Path(f"{journal}-wal")}
        for path in sorted(self._place.snapshots.glob("*.hull")):
            paths["snapshot"] = path  # the newest
        contents = {name: (p, p.read_bytes()) for name, p in paths.items() if p.exists()}
        self._contents = {name: found for name, found in contents.items() if found[1]}
        self._units = place.units()
        self._acknowledged = len(self._units) if acknowledged is None else acknowledged
        self._hash = {len(self._units): place.state_hash()}

    def flip(self, chance: Random, name: str | None = None) -> bool:
        """Change one byte of the file, the log or the snapshot; return whether that was refused.

        Raises
        ------
        HistoryLostError
            If it was not, and anything that is read has changed.
        """
        name = name or chance.choice(list(self._contents))
        path, whole = self._contents[name]
        content = bytearray(whole)
        among = _HEADER_BYTES if chance.random() < 0.1 else len(content)
        offset, change = chance.randrange(min(among, len(content))), chance.randrange(1, 256)
        content[offset] ^= change
        path.write_bytes(content)
        try:
            return self._is_refused(f"byte {offset} of the {name} changed by {change:#x}")
        finally:
            path.write_bytes(whole)

    def _is_refused(self, what: str) -> bool:
        place = self._place
        try:
            units = place.units()
            with Follower(place.location, snapshots=place.snapshots) as follower:
                found = state_hash(follower.state)
        except (DamagedJournalError, SnapshotError) as e:
            pattern = r"last good sequence \d+$" if isinstance(e, DamagedJournalError) else ""
            require(re.search(pattern, str(e)) is not None, f"{what}: {e} must say what is good")
            return True
        except JournalError:
            return True
        count = len(units)
        require(count >= self._acknowledged, f"{what}: {count} of {len(self._units)} were read")
        require(units == self._units[:count], f"{what}: other units were read")
        if count not in self._hash:
            self._hash[count] = place.state_hash()
        require(self._hash[count] in {None, found}, f"{what}: other facts were restored")
        return False

"""The snapshots of one journal: a folder of files, the newest of which a venue opens from."""

import re
from pathlib import Path

from hullmark.errors import JournalError
from hullmark.journal._snapshot import Snapshot, read_snapshot, write_snapshot

_NAME = re.compile(r"snapshot-([0-9]{20})\.hull")


class Snapshots:
    """A folder of snapshots, each named by the sequence it was taken at.

    Parameters
    ----------
    folder : path
        Made when the first snapshot is written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __str__(self) -> str:
        return f"snapshots in {self.folder}"

    def path(self, sequence: int) -> Path:
        """Return the file of the snapshot at a sequence, whether it is there or not."""
        return self.folder / f"snapshot-{sequence:020d}.hull"

    def paths(self) -> list[Path]:
        """Return the files, oldest first; drafts of a write that was cut off do not count."""
        try:
            found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as e:
            raise JournalError(f"{self} must be readable, but {e}") from e
        return sorted(found)

    def latest(self) -> tuple[Path, Snapshot] | None:
        """Return the newest snapshot, verified, and its file; ``None`` if there is none.

        Raises
        ------
        SnapshotError
            If it is damaged. An older one is not taken instead: what damaged this one is to be
            found out first.
        """
        paths = self.paths()
        return (paths[-1], read_snapshot(paths[-1])) if paths else None

    def write(self, snapshot: Snapshot) -> Path:
        """Write a snapshot, and return its file once it is durable."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise JournalError(f"{self} must be writable, but {e}") from e
        path = self.path(snapshot.tip.sequence)
        write_snapshot(path, snapshot)
        return path

    def prune(self, keep: int) -> None:
        """Remove all but the newest *keep* snapshots, and drafts of writes that were cut off."""
        for path in (*self.paths()[:-keep], *self.folder.glob("snapshot-*.hull.part")):
            path.unlink(missing_ok=True)

"""A disk of a megabyte, which can be filled and made read-only; and what writes until it is."""

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from hullmark.errors import JournalError

from .crash_load import Load
from .crash_places import Place

LOAD = Load(seed=11, round=0, commands_each=50)
DISK_KIB = 1_024


class NoDiskError(Exception):
    """Whoever runs the tests may not mount a file system."""


class Disk:
    """A file system in memory.

    Raises
    ------
    NoDiskError
        If this user may not mount one.
    """

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="hullmark-disk-"))
        try:
            self._run("mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "none", self.folder)
        except (subprocess.CalledProcessError, FileNotFoundError) as e:
            self.folder.rmdir()
            raise NoDiskError(f"mounting a file system must be allowed, but {e}") from e

    def __enter__(self) -> "Disk":
        return self

    def __exit__(self, *_: object) -> None:
        self._run("umount", "--lazy", self.folder)  # also where a test has left something open
        self.folder.rmdir()

    def fill(self, *, but_kib: int) -> None:
        """Leave so much room, and no more."""
        free = int(self._run("df", "--output=avail", "-k", self.folder).split()[1])
        (self.folder / "filler").write_bytes(bytes(1_024 * (free - but_kib)))

    def make_room(self) -> None:
        """Take back what fills it."""
        (self.folder / "filler").unlink()

    def make_read_only(self) -> None:
        """Let nobody write to it any more."""
        self._run("mount", "-o", "remount,ro", self.folder)

    def _run(self, *words: object) -> str:
        done = subprocess.run([*map(str, words)], check=True, capture_output=True, text=True)
        return done.stdout


def write_until_full(folder: str, bytes_max: str) -> None:
    """Send the load one by one, and print which commands were answered, and what ended it.

    Run in a process of its own: *bytes_max*, if it is not 0, is the most that any of its files may
    have, which nobody can take back.
    """
    if int(bytes_max):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(bytes_max), int(bytes_max)))
    venue = Place(Path(folder)).open(LOAD.clock())
    try:
        for request in LOAD.everything():
            try:
                venue.submit_all([request])
            except JournalError as e:
                print(f"{type(e).__name__}: {e}")
                break
            print(request.key)
        try:
            venue.submit_all([])
        except JournalError as e:
            print(f"{type(e).__name__}: {e}")
    finally:
        venue.close()
    print("closed")


if __name__ == "__main__":
    write_until_full(*sys.argv[1:])

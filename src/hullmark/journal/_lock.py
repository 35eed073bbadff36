"""The lock that makes the writer of a file single."""

import fcntl
import os
from pathlib import Path

from hullmark.errors import JournalError, LockedJournalError

_ATTEMPTS_MAX = 100


class WriterLock:
    """An advisory lock on the file ``PATH.lock``, held until `release` or the end of the process.

    The kernel releases it when the process dies, however it dies; a child that was forked holds it
    as well. It holds against other writers in this process too, but not against programs that do
    not ask for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(f"{path}.lock")
        self._file: int | None = None
        for _ in range(_ATTEMPTS_MAX):
            try:
                file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as e:
                raise JournalError(f"journal {path} must be in a writable folder, but {e}") from e
            if not _try_lock(file):
                os.close(file)
                break
            if self._names(file):
                self._file = file
                return
            os.close(file)  # the last holder removed the file between our opening and locking it
        raise LockedJournalError(f"journal {path} must have one writer, but {self._path} is locked")

    def release(self) -> None:
        """Let the next writer in; a second call does nothing."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)  # while it is ours: see `_names`
            os.close(self._file)
            self._file = None

    def _names(self, file: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(file))
        except FileNotFoundError:
            return False


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

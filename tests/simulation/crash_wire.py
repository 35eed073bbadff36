"""A connection to a PostgreSQL server that can be cut at a commit, on the way there or back."""

import select
import socket
import threading
from pathlib import Path
from urllib.parse import quote

_COMMIT = b"; COMMIT"  # and not that reads are of what is committed


class Wire:
    """Passes on what one client and the server say, until it is told to cut.

    Parameters
    ----------
    folder : path
        For its socket; a short path, as sockets need.
    server : path
        The folder of the server's socket.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self._folder, self._server = folder, server
        self._lost: str | None = None
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen()
        self._thread = threading.Thread(target=self._pass_on)
        self._thread.start()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._door.close()

    def through(self, address: str) -> str:
        """Return the address of the same journal by way of this wire."""
        return address.replace(_quoted(self._server), _quoted(self._folder))

    def lose(self, what: str) -> None:
        """Cut at the next commit, before its ``request`` arrives or before its ``answer`` does."""
        self._lost = what

    def _pass_on(self) -> None:
        client, _ = self._door.accept()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server / ".s.PGSQL.5432"))
            is_committing = False
            while True:
                for source in select.select([client, server], [], [])[0]:
                    said = source.recv(1 << 16)
                    if not said or (is_committing and source is server):
                        return
                    if source is client and self._lost is not None and _COMMIT in said:
                        if self._lost == "request":
                            return
                        is_committing = True
                    (server if source is client else client).sendall(said)


def _quoted(folder: Path) -> str:
    return quote(str(folder), safe="")

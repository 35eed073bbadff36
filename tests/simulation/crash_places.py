"""Where the journal of a crash test lies, and how a venue is opened on it."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import psycopg

from hullmark.clearing import state_hash
from hullmark.journal import Unit, copy, open_store, read
from hullmark.runtime import (
    Follower,
    SnapshotPolicy,
    Venue,
    Verification,
    open_venue,
    verify,
)

from .._postgres import Server
from .crash_load import VENUE

SNAPSHOT_UNITS = 60


class Place:
    """A journal in a SQLite file, with its snapshots beside it.

    Parameters
    ----------
    folder : path
        Made for it; nothing else is in it.
    """

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.location = str(folder / "journal.db")
        self.snapshots = folder / "snapshots"

    def open(self, clock: Callable[[], int]) -> Venue:
        """Open the venue from its newest snapshot, and let it take more."""
        return open_venue(VENUE, journal=self.location, clock=clock, snapshots=self._policy)

    def open_again(self, chance: Random, clock: Callable[[], int]) -> Venue:
        """Open it after a death, as the next process or by way of a follower."""
        if chance.random() < 0.5 or not self.units():
            return self.open(clock)
        follower = Follower(self.location, snapshots=self.snapshots)
        return follower.take_over(clock=clock, snapshots=self._policy)

    def units(self) -> list[Unit]:
        """Return everything that happened, verified."""
        return list(read(self.location)) if self.is_there() else []

    def state_hash(self) -> str | None:
        """Return the hash of the facts that the journal leads to from its first unit, if any."""
        if not self.units():
            return None
        with Follower(self.location) as whole:
            return state_hash(whole.state)

    def is_there(self) -> bool:
        """Whether there is a journal: the process may have died before."""
        return Path(self.location).exists()

    def recover(self) -> None:
        """Do nothing: a file needs nobody who serves it."""

    def is_writing_snapshot(self) -> bool:
        """Whether a snapshot is under way, or was when the process died."""
        return any(self.snapshots.glob("*.part"))

    def sweep(self) -> None:
        """Remove the drafts of snapshots, so that the next one is told from them."""
        for draft in self.snapshots.glob("*.part"):
            draft.unlink()

    def verify(self) -> Verification:
        """Check the chain, the books and the laws from the first unit on."""
        return verify(self.location)

    @property
    def _policy(self) -> SnapshotPolicy:
        return SnapshotPolicy(folder=self.snapshots, every_units=SNAPSHOT_UNITS, every_s=None)


class ServedPlace(Place):
    """A journal in a schema of a PostgreSQL server, with its snapshots in a folder.

    Parameters
    ----------
    folder : path
        For the snapshots.
    server : Server
        Which may be killed, and is started again.
    schema : str
        Its name there.
    """

    kind = "postgres"

    def __init__(self, folder: Path, server: Server, schema: str) -> None:
        super().__init__(folder)
        self._server, self._server_is_up = server, True
        self._schema = schema
        self.location = f"{server.dsn}&options=-c%20hullmark.schema%3D{self._schema}"

    def is_there(self) -> bool:
        """Whether there is a journal: the process may have died before."""
        with psycopg.connect(self._server.dsn) as db:
            (count,) = db.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname = %s", [self._schema]
            ).fetchone()
        return bool(count)

    def verify(self) -> Verification:
        """Check a copy; that the original is whole is checked by copying it."""
        target = self.folder / "copy.db"
        with open_store(self.location, read_only=True) as source:
            copy(source, target, replace=True)
        return verify(target)

    def kill_server(self) -> None:
        """Kill the server until `recover`."""
        self._server_is_up = False
        self._server.kill()

    def recover(self) -> None:
        """Start the server again, if it was killed."""
        if not self._server_is_up:
            self._server.start()
            self._server_is_up = True

    def remove(self) -> None:
        """Remove the journal from the server."""
        with psycopg.connect(self._server.dsn) as db:
            db.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")

    def end_sessions(self) -> int:
        """End the sessions of all writers, as an administrator can; return how many there were."""
        with psycopg.connect(self._server.dsn) as db:
            rows = db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'hullmark' AND pid <> pg_backend_pid()"
            ).fetchall()
        return len(rows)

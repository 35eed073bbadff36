"""From the name of a place to the store that is there.

A store is found by the scheme of its address, ``SCHEME://...``, among the installed distributions::

    [project.entry-points."hullmark.event_stores"]
    postgresql = "hullmark.journal.postgres:PostgresStore"

and is built with the address and *read_only*. What has no scheme is the path of a SQLite file.
"""

import re
from pathlib import Path

from hullmark.core import load_plugin
from hullmark.errors import InvalidInputError
from hullmark.journal._store import Store
from hullmark.journal.memory import MemoryStore

GROUP = "hullmark.event_stores"
_FILES = "sqlite"
_UNADDRESSED = (_FILES, "memory")  # stores whose place is no address
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def open_store(location: str | Path | None, *, read_only: bool = False) -> Store:
    """Open the store at a location.

    Parameters
    ----------
    location : str or path, optional
        A path is a SQLite file, ``postgresql://...`` a database, and any other address belongs to
        the installed store of that name; ``None`` keeps all in memory.
    read_only : bool, default False
        Read what is durable, beside the writer or without one.

    Raises
    ------
    JournalError
        If it cannot be opened; of its subclasses, as the store says.
    PluginError
        If no store for such an address is installed; the message names those that are.
    InvalidInputError
        If it is the address of a store that has none.
    """
    if location is None:
        return MemoryStore()
    scheme = _scheme(location)
    if scheme in _UNADDRESSED:
        raise InvalidInputError(
            f"location must be a path where it is a file, was one of the scheme {scheme}"
        )
    place = str(location) if scheme else Path(location)
    store: Store = load_plugin(GROUP, scheme or _FILES)(place, read_only=read_only)
    return store


def file_of(location: str | Path) -> Path | None:
    """Return the SQLite file that a location names, ``None`` where it is an address."""
    return None if _scheme(location) else Path(location)


def _scheme(location: str | Path) -> str | None:
    found = _ADDRESS.match(str(location))
    return found and found[1].lower()

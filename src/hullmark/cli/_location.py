"""Where a journal and its snapshots are: what commands take, and what they print of it."""

import re
from argparse import ArgumentParser
from pathlib import Path

HELP = "journal: a SQLite file, or postgresql://... for one in a database"

_PASSWORD = re.compile(r"(password=)[^&\s]*")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)\S*@")  # to the last @: a password may hold one


def add_journal(parser: ArgumentParser) -> None:
    """Declare the journal that a command reads."""
    parser.add_argument("journal", metavar="JOURNAL", help=HELP)


def add_snapshots(parser: ArgumentParser, what: str) -> None:
    """Declare the folder of its snapshots, and what is done with them."""
    parser.add_argument(
        "--snapshots",
        metavar="DIR",
        type=Path,
        help=f"{what}, by default JOURNAL.snapshots beside a file",
    )


def snapshots_folder(journal: str, given: Path | None, *, make: bool = False) -> Path | None:
    """Return the folder of a journal's snapshots; ``None`` where there is none to read.

    Raises
    ------
    JournalError
        If the folder that was given is not there; or, to *make* one, if a database has none given.
    """
    from hullmark.errors import JournalError
    from hullmark.journal import file_of

    if given is not None:
        if not make and not given.is_dir():
            raise JournalError(f"--snapshots must be a folder, was {str(given)!r}")
        return given
    file = file_of(journal)
    folder = None if file is None else Path(f"{file}.snapshots")
    if make and folder is None:
        raise JournalError("--snapshots must be given for a journal in a database, was none")
    return folder if folder is not None and (make or folder.is_dir()) else None


def shown(text: object) -> str:
    """Return what may be printed of a location, or of a line with one in it: no user, no password.

    >>> shown("postgresql://venue:se@cret@db.example/hullmark")
    'postgresql://***@db.example/hullmark'
    """
    return _USER.sub(r"\1***@", _PASSWORD.sub(r"\1***", str(text)))

"""The page that lies beside exported tables and says what is in them."""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from hullmark.studies._export_file import DECIMAL_DIGITS, DECIMAL_PLACES, Kind
from hullmark.studies._export_words import meaning

_KINDS: Mapping[Kind, str] = {
    "int": "int64",
    "bool": "bool",
    "text": "string",
    "json": "string, JSON",
    "time": "timestamp, ns, UTC",
    "decimal": f"decimal({DECIMAL_DIGITS}, {DECIMAL_PLACES})",
}
_ABOUT = """\
Whole numbers are the journal's own, exact: quanta are the smallest units of an asset, lots those
of an instrument, nanos billionths. Beside each stands the same as a decimal, exact too; where the
rules did not say what a quantum or a lot is, it is empty. What does not exist is empty, never zero.

`sequence` joins everything: a unit is a command with the events it led to, and the rows of an event
carry the sequence of their unit and their place in it."""


class TableNote(NamedTuple):
    """What there is to say of one file."""

    file: str
    name: str
    about: str
    kinds: Mapping[str, Kind]
    rows: int


class Export(NamedTuple):
    """What was exported of a journal."""

    sequence: int  # of the last unit
    tip_hash: str  # of the batch that holds it, hexadecimal
    state_hash: str | None  # None: the state was left out
    tables: tuple[TableNote, ...]


def export_readme(journal: str, found: Export) -> str:
    """Return the page, in Markdown."""
    heads = [
        f"- {journal}",
        f"- up to the unit {found.sequence}, in the batch with the hash {found.tip_hash}",
    ]
    if found.state_hash is not None:
        heads.append(f"- the state there has the hash {found.state_hash}")
    heads.append(f"- written by hullmark {_version()}")
    parts = ["# Export of a journal", "\n".join(heads), _ABOUT]
    names = frozenset(note.name for note in found.tables)
    parts += [part for note in found.tables for part in _table(note, names)]
    return "\n\n".join(parts) + "\n"


def _table(note: TableNote, names: frozenset[str]) -> Iterator[str]:
    yield f"## {note.file}"
    yield f"{note.about} Rows: {note.rows:,}."
    lines = ["| Column | Type | Meaning |", "|---|---|---|"]
    for column, kind in note.kinds.items():
        lines.append(
            f"| `{column}` | {_KINDS[kind]} | {meaning(note.name, column, tables=names)} |"
        )
    yield "\n".join(lines)


def _version() -> str:
    try:
        return version("hullmark")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "of an unknown version"

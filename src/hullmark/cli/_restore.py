"""The ``hullmark restore`` command."""

import sys
import time
from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import TYPE_CHECKING

from hullmark.cli._books import books_table
from hullmark.cli._location import add_journal, add_snapshots, shown, snapshots_folder
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress

if TYPE_CHECKING:
    from hullmark.runtime import Restored


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_journal(parser)
    add_snapshots(parser, "folder of the snapshot to begin with")
    parser.add_argument(
        "--to",
        metavar="TARGET",
        help="copy the journal too, batch by batch: into a file that is not there yet, or an empty"
        " database",
    )


def run(args: Namespace) -> int:
    """Print the facts that a journal leads to, and copy it where that is asked for."""
    from hullmark.journal import clone, open_store, require_free
    from hullmark.runtime import restore

    started_s = time.monotonic()
    if args.to is not None:
        require_free(args.to)  # before anything is read for nothing
    folder = snapshots_folder(args.journal, args.snapshots)
    with Progress("replaying") as progress:
        found = restore(args.journal, snapshots=folder, on_progress=progress)
    print(to_text(shown(args.journal), found, time.monotonic() - started_s))
    broken = found.books.broken
    for law in broken:
        print(f"hullmark: {law}", file=sys.stderr)
    if args.to is not None:
        with closing(open_store(args.journal, read_only=True)) as source:
            tip = clone(source, args.to)
        print(f"\ncopied to   {shown(args.to)}\nchain tip   {tip.sequence} {tip.hash.hex()}")
    return ExitStatus.FAILURE if broken else ExitStatus.FINE


def to_text(journal: str, found: "Restored", seconds: float) -> str:
    """Lay the facts out for a reader: where they come from, their hash, and the books."""
    began = "the first unit" if found.snapshot is None else str(found.snapshot)
    heads = [
        ("journal", journal),
        ("begun at", began),
        ("replayed", f"{found.units:,} units"),
        ("seconds", f"{seconds:.1f}"),
        ("chain tip", f"{found.tip.sequence} {found.tip.hash.hex()}"),
        ("state hash", found.state_hash),
        ("accounts", f"{found.accounts:,}"),
        ("positions", f"{found.positions:,}"),
    ]
    parts = ["\n".join(f"{name:<10}  {value}" for name, value in heads)]
    if found.state.ledger.assets:
        parts.append(books_table(found.books, found.state.ledger.assets))
    return "\n\n".join(parts)

"""The ``hullmark snapshot`` command."""

import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from hullmark.cli._location import add_journal, add_snapshots, shown, snapshots_folder
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress

_KEEP = 2  # the one before the newest is there if the newest is lost


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_journal(parser)
    add_snapshots(parser, "folder to begin in, and to write into")
    parser.add_argument(
        "--keep", type=whole_number, default=_KEEP, metavar="N",
        help=f"newest snapshots that stay in the folder (default: {_KEEP})",
    )  # fmt: skip


def whole_number(text: str) -> int:
    """Return a number of things to keep."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number >= 1, was {text!r:.40}")
    return int(text)


def run(args: Namespace) -> int:
    """Follow the journal to its tip, write a snapshot there, and print what is in it."""
    from hullmark.errors import JournalError
    from hullmark.journal import Snapshots
    from hullmark.runtime import restore

    started_s = time.monotonic()
    folder = snapshots_folder(args.journal, args.snapshots, make=True)
    assert folder is not None, "or it would have been asked for"
    with Progress("replaying") as progress:
        found = restore(args.journal, snapshots=folder, on_progress=progress)
    if not found.tip.sequence:
        raise JournalError(f"journal {shown(args.journal)} must hold a unit, was empty")
    path = found.save(folder)
    Snapshots(folder).prune(args.keep)
    heads = [
        ("snapshot", str(path)),
        ("sequence", f"{found.tip.sequence}"),
        ("chain tip", found.tip.hash.hex()),
        ("state hash", found.state_hash),
        ("accounts", f"{found.accounts:,}"),
        ("positions", f"{found.positions:,}"),
        ("bytes", f"{path.stat().st_size:,}"),
        ("replayed", f"{found.units:,} units"),
        ("seconds", f"{time.monotonic() - started_s:.1f}"),
    ]
    print("\n".join(f"{name:<10}  {value}" for name, value in heads))
    return ExitStatus.FINE

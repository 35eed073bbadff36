"""The ``hullmark export`` command."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hullmark.cli._location import add_journal, shown
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress
from hullmark.cli._table import Column, table


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_journal(parser)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument(
        "--out", metavar="DIR", type=Path, help="write Parquet files into this new folder"
    )
    target.add_argument(
        "--salvage",
        metavar="TARGET",
        help="write what is sound of a damaged journal to a new file, or an empty database",
    )
    parser.add_argument(
        "--events", action="store_true", help="units and events alone; without --state, all"
    )
    parser.add_argument(
        "--state", action="store_true", help="the state alone; without --events, all"
    )
    parser.add_argument(
        "--at", metavar="SEQUENCE", type=int, help="as if the journal ended with this unit"
    )


def run(args: Namespace) -> int:
    """Write the files, and print what is in them."""
    if args.salvage is not None:
        return _salvage(args)
    from hullmark.studies import export_journal

    with Progress("exporting") as progress:
        found = export_journal(
            args.journal,
            args.out,
            with_events=args.events or not args.state,
            with_state=args.state or not args.events,
            at=args.at,
            on_progress=progress,
        )
    heads = [
        ("journal", shown(args.journal)),
        ("sequence", f"{found.sequence}"),
        ("batch", found.tip_hash),
    ]
    if found.state_hash is not None:
        heads.append(("state hash", found.state_hash))
    heads.append(("described", str(args.out / "README.md")))
    rows = [(note.file, f"{note.rows:,}") for note in found.tables if note.rows]
    print("\n".join(f"{name:<10}  {value}" for name, value in heads))
    print()
    print(table([Column("file", left=True), Column("rows")], rows))
    return ExitStatus.FINE


def _salvage(args: Namespace) -> int:
    from hullmark.errors import InvalidInputError
    from hullmark.journal import salvage

    if args.events or args.state or args.at is not None:
        raise InvalidInputError(
            "--events, --state and --at must come with --out, were with --salvage"
        )
    found = salvage(args.journal, args.salvage)
    heads = [
        ("journal", shown(args.journal)),
        ("saved to", shown(args.salvage)),
        ("batches", f"{found.batches:,}"),
        ("chain tip", f"{found.tip.sequence} {found.tip.hash.hex()}"),
    ]
    if found.fault is not None:
        until = found.sequence_max
        heads.append(("it told of", "an unknown end" if until is None else f"{until:,} units"))
    print("\n".join(f"{name:<10}  {value}" for name, value in heads))
    if found.fault is None:
        return ExitStatus.FINE
    print(f"hullmark: {found.fault}", file=sys.stderr)
    return ExitStatus.FAILURE

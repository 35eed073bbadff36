"""The ``hullmark verify`` command."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hullmark.cli._books import books_rows, books_table
from hullmark.cli._location import add_journal, shown
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress

if TYPE_CHECKING:
    from hullmark.runtime import CheckedSnapshot, Verification

_SHOWN_MAX = 20  # of broken laws, and of differences; --json has all


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_journal(parser)
    parser.add_argument(
        "--redecide", action="store_true", help="decide every command again and list differences"
    )
    parser.add_argument(
        "--snapshots", metavar="DIR", type=Path, help="compare every snapshot in this folder too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(args: Namespace) -> int:
    """Print what the journal holds. The status tells whether all of it holds."""
    from hullmark.runtime import verify

    with Progress("replaying") as progress:
        found = verify(
            args.journal, redecide=args.redecide, snapshots=args.snapshots, on_progress=progress
        )
    journal = shown(args.journal)
    print((to_json if args.json else to_text)(journal, found))
    if found.holds:
        return ExitStatus.FINE
    print(f"hullmark: {journal} {_fault(found)}", file=sys.stderr)
    return ExitStatus.FAILURE


def to_text(journal: str, found: "Verification") -> str:
    """Lay the proof out for a reader: what was read, the books, the laws, the decisions."""
    heads = [
        ("journal", journal),
        ("units", f"{found.units:,} in {_count(found.batches, 'batch', 'batches')}"),
        ("events", f"{found.events:,}"),
        ("chain tip", f"{found.sequence} {found.tip_hash}"),
        ("state hash", found.state_hash or "none: a unit could not be replayed"),
    ]
    parts = ["\n".join(f"{name:<10}  {value}" for name, value in heads)]
    if found.books is not None:
        parts.append(books_table(found.books, found.assets))
    laws = [f"unit {law.sequence}: {law.law}" for law in found.broken]
    parts.append(_listed("Broken laws", laws) if laws else "The laws hold after every unit.")
    if found.differences is not None:
        differences = [
            f"unit {d.sequence}, {d.command}:\n    recorded {d.recorded}\n    decided  {d.decided}"
            for d in found.differences
        ]
        parts.append(
            _listed("Decided again, differently", differences)
            if differences
            else "Decided again, every command leads to the events recorded."
        )
    if found.snapshots is not None:
        parts.append(_snapshots(found.snapshots))
    return "\n\n".join(parts)


def to_json(journal: str, found: "Verification") -> str:
    """Write the proof for a program. The keys are part of the public interface."""
    differences, snapshots = found.differences, found.snapshots
    document = {
        "version": 1,
        "journal": journal,
        "holds": found.holds,
        "sequence": found.sequence,
        "batches": found.batches,
        "units": found.units,
        "events": found.events,
        "tip_hash": found.tip_hash,
        "state_hash": found.state_hash,
        "books": None if found.books is None else books_rows(found.books, found.assets),
        "broken": [law._asdict() for law in found.broken],
        "differences": None if differences is None else [d._asdict() for d in differences],
        "snapshots": None
        if snapshots is None
        else [{**s._asdict(), "path": str(s.path)} for s in snapshots],
    }
    return json.dumps(document, indent=2, allow_nan=False)


def _snapshots(found: "Sequence[CheckedSnapshot]") -> str:
    if not found:
        return "There are no snapshots."
    return "\n".join(
        ["Snapshots", *(f"  {s.path.name}  {s.fault or 'is of this journal'}" for s in found)]
    )


def _fault(found: "Verification") -> str:
    faults = []
    if found.broken:
        faults.append(f"breaks {_count(len(found.broken), 'law', 'laws')}")
    if found.differences:
        faults.append(f"differs in {_count(len(found.differences), 'decision', 'decisions')}")
    if wrong := sum(s.fault is not None for s in found.snapshots or ()):
        faults.append(f"is not what {_count(wrong, 'snapshot says', 'snapshots say')}")
    return " and ".join(faults)


def _listed(title: str, lines: Sequence[str]) -> str:
    shown_lines = [title, *(f"  {line}" for line in lines[:_SHOWN_MAX])]
    if len(lines) > _SHOWN_MAX:
        shown_lines.append(f"  and {len(lines) - _SHOWN_MAX:,} more: --json has them all")
    return "\n".join(shown_lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

"""The ``hullmark verify`` command."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress
from hullmark.cli._table import Column, table

if TYPE_CHECKING:
    from hullmark.runtime import Verification

_SHOWN_MAX = 20  # of broken laws, and of differences; --json has all


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("journal", metavar="JOURNAL", type=Path, help="journal, a SQLite file")
    parser.add_argument(
        "--redecide", action="store_true", help="decide every command again and list differences"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(args: Namespace) -> int:
    """Print what the journal holds. The status tells whether all of it holds."""
    from hullmark.runtime import verify

    with Progress("replaying") as progress:
        found = verify(args.journal, redecide=args.redecide, on_progress=progress)
    print((to_json if args.json else to_text)(args.journal, found))
    if found.holds:
        return ExitStatus.FINE
    print(f"hullmark: {args.journal} {_fault(found)}", file=sys.stderr)
    return ExitStatus.FAILURE


def to_text(journal: Path, found: "Verification") -> str:
    """Lay the proof out for a reader: what was read, the books, the laws, the decisions."""
    heads = [
        ("journal", str(journal)),
        ("units", f"{found.units:,} in {_count(found.batches, 'batch', 'batches')}"),
        ("events", f"{found.events:,}"),
        ("chain tip", f"{found.sequence} {found.tip_hash}"),
        ("state hash", found.state_hash or "none: a unit could not be replayed"),
    ]
    parts = ["\n".join(f"{name:<10}  {value}" for name, value in heads)]
    if found.books is not None:
        names = ("custody", "accounts", "fund", "bad debt")
        columns = [Column("asset", left=True), *(Column(name, _grouped) for name in names)]
        rows = [tuple(row[k] for k in ("asset", *map(_key, names))) for row in _books(found)]
        parts.append(table(columns, rows))
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
    return "\n\n".join(parts)


def to_json(journal: Path, found: "Verification") -> str:
    """Write the proof for a program. The keys are part of the public interface."""
    differences = found.differences
    document = {
        "version": 1,
        "journal": str(journal),
        "holds": found.holds,
        "sequence": found.sequence,
        "batches": found.batches,
        "units": found.units,
        "events": found.events,
        "tip_hash": found.tip_hash,
        "state_hash": found.state_hash,
        "books": None if found.books is None else _books(found),
        "broken": [law._asdict() for law in found.broken],
        "differences": None if differences is None else [d._asdict() for d in differences],
    }
    return json.dumps(document, indent=2, allow_nan=False)


# A row per asset, in its units; the sum is in quanta, and zero.
def _books(found: "Verification") -> list[dict[str, Any]]:
    from hullmark.core import format_scaled

    proof = found.books
    assert proof is not None, "asked for only where it is there"
    columns = {
        "custody": proof.custody,
        "accounts": proof.accounts,
        "fund": proof.fund,
        "bad_debt": proof.bad_debt,
    }
    return [
        {"asset": asset.symbol, "sum_quanta": proof.asset_sums[asset.symbol]}
        | {k: format_scaled(held[asset.symbol], asset.decimals) for k, held in columns.items()}
        for asset in found.assets
    ]


def _fault(found: "Verification") -> str:
    faults = []
    if found.broken:
        faults.append(f"breaks {_count(len(found.broken), 'law', 'laws')}")
    if found.differences:
        faults.append(f"differs in {_count(len(found.differences), 'decision', 'decisions')}")
    return " and ".join(faults)


def _listed(title: str, lines: Sequence[str]) -> str:
    shown = [title, *(f"  {line}" for line in lines[:_SHOWN_MAX])]
    if len(lines) > _SHOWN_MAX:
        shown.append(f"  and {len(lines) - _SHOWN_MAX:,} more: --json has them all")
    return "\n".join(shown)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _grouped(decimal: str) -> str:
    return f"{Decimal(decimal):,f}"


def _key(name: str) -> str:
    return name.replace(" ", "_")

"""Run the benchmarks, print their table, and store the figures: ``python tools/bench.py``.

Every module of ``benchmarks/`` without a leading underscore is one, and its docstring says what
it defends; ``benchmarks/_harness.py`` says what it must look like. ``--only NAME`` runs one module,
as does ``ONLY=NAME`` in the environment (``make bench ONLY=black76``); ``--large`` asks for the
full-size forms. ``benchmarks/results/latest.json`` is a list of ``{name, unit, ours, peer, theirs,
ratio, bar, holds, machine}``, one entry per bar. The exit status is 1 if a bar fails, 2 on misuse.
"""

import json
import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
LATEST = BENCHMARKS / "results" / "latest.json"

# Peers get one thread, like us, unless a benchmark says otherwise; libraries read this on import.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Run, print and store; return the exit status."""
    parser = ArgumentParser(description="Run the benchmarks and hold them to their bars.")
    parser.add_argument("--only", default=os.environ.get("ONLY") or None, help="run this module")
    parser.add_argument("--large", action="store_true", help="run the full-size forms too")
    args = parser.parse_args()
    for variable in THREADS:
        os.environ.setdefault(variable, "1")
    names = sorted(p.stem for p in BENCHMARKS.glob("*.py") if not p.stem.startswith("_"))
    if args.only is not None and args.only not in names:
        parser.error(f"--only must be one of {', '.join(names)}, was {args.only!r}")
    sys.path.insert(0, str(BENCHMARKS))
    records: list[dict[str, Any]] = []
    print(f"{'':34}{'ours':>12} {'unit':<14}{'peer':<20}{'theirs':>12}{'ratio':>9}  bar")
    for name in names if args.only is None else [args.only]:
        for row in import_module(name).rows(args.large):
            record: dict[str, Any] = row.record()
            records.append(record)
            print(to_line(record), flush=True)
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    missed = sum(not record["holds"] for record in records)
    print(f"{len(records)} figures, {missed} below their bar; {records[0]['machine']}")
    return 1 if missed else 0


def to_line(record: dict[str, Any]) -> str:
    """Lay one record out for a reader."""
    theirs, ratio = (
        f"{x:.4g}" if x is not None else "" for x in (record["theirs"], record["ratio"])
    )
    bar = "" if record["bar"] is None else record["bar"] + ("" if record["holds"] else "  MISSED")
    return (
        f"{record['name']:<34}{record['ours']:>12.4g} {record['unit']:<14}"
        f"{record['peer'] or '':<20}{theirs:>12}{ratio:>9}  {bar}"
    )


if __name__ == "__main__":
    sys.exit(main())

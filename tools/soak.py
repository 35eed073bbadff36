"""Soak the engine in drawn histories while its storage fails: ``python tools/soak.py``.

``make soak SEED=1 EVENTS=100000`` calls this. Every law is checked after every unit; a summary ends
the run. If a law breaks, one line says so and repeats it when it is typed, and the exit status is 1
(2 on misuse). Put such a seed into ``tests/simulation/test_soak.py`` before mending what it found.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable

from hullmark.errors import HullmarkError
from hullmark.sim import soak, soak_table


def main() -> int:
    """Run, print and return the exit status."""
    parser = ArgumentParser(description="Drive drawn histories through the engine.")
    parser.add_argument("--seed", type=int, default=1, help="of the first history (default: 1)")
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="in all histories (default: 1,000,000)"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)"
    )
    parser.add_argument(
        "--audit-every", type=int, default=1, help="seeds between two with the auditor (default: 1)"
    )
    args = parser.parse_args()
    try:
        report = soak(
            args.seed,
            args.events,
            workers=args.workers,
            audit_every=args.audit_every,
            on_progress=_show(args.events),
        )
    except HullmarkError as e:
        print(f"soak: {e}", file=sys.stderr)
        return 2
    if report.failure is not None:
        print(report.failure)
        return 1
    print(soak_table(report))
    return 0


# One line that is written over, where someone is looking.
def _show(events: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        end = "\r" if done < events else "\n"
        print(f"{done:,} of {events:,} events", end=end, file=sys.stderr, flush=True)

    return show if sys.stderr.isatty() else lambda done: None


if __name__ == "__main__":
    sys.exit(main())

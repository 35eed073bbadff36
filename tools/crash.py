"""Kill a venue under load, again and again, and prove that it loses nothing: ``make crash``.

Each round a process opens a journal, takes commands from several threads, takes snapshots, and is
killed at a random point: while it opens, commits, or writes a snapshot. One life in four is on a
PostgreSQL server, which is then killed too, or ends the session. After each death everything that
was acknowledged must be in the journal, once and unchanged, its chain whole and the books balanced;
what was not acknowledged is sent again under its keys. Bytes of a copy are changed as well: that is
found, or nothing that is read has changed. See ``tests/simulation/crash_rounds.py``.

The first round that breaks this is told in one line that repeats it, as far as death can be
repeated, and its journal is kept. The exit status is then 1.
"""

import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the rounds, print what they have shown, and return the exit status."""
    parser = ArgumentParser(description="Kill a venue under load, and look at what is left.")
    parser.add_argument("--rounds", type=int, default=600, help="deaths, some of them of a server")
    parser.add_argument("--seed", type=int, default=1, help="of what is sent, and of the deaths")
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    args = parser.parse_args()
    if args.rounds < 1 or args.first < 0:
        parser.error(f"--rounds must be >= 1 and --first >= 0, was {args.rounds} and {args.first}")
    sys.path.insert(0, str(ROOT))
    crash = import_module("tests.simulation.crash_rounds")
    folder = Path(tempfile.mkdtemp(prefix="hullmark-crash-"))
    rounds: Any = crash.Rounds(args.seed, folder)
    begun_s = time.monotonic()
    number = args.first
    try:
        for number in range(args.first, args.first + args.rounds):
            rounds.run(number)
    except crash.BROKEN as e:
        first = number - number % crash.LIFE_ROUNDS
        print(
            f"make crash SEED={args.seed} ROUNDS={number - first + 1} FIRST={first}"
            f"   # round {number}: {e}; kept {rounds.life.place.folder}"
        )
        return 1
    finally:
        rounds.close()
    shutil.rmtree(folder)
    for line in to_lines(rounds.tally, time.monotonic() - begun_s):
        print(line)
    return 0


def to_lines(tally: Any, seconds: float) -> list[str]:  # noqa: ANN401 - of a module found at run time
    """Lay out what the rounds have shown for a reader."""
    killed = sum(
        n for what, n in tally.deaths.items() if what not in {"by itself", "connection lost"}
    )
    rows = {
        "rounds": sum(tally.rounds.values()),
        "  processes killed": killed,
        **{f"  on {kind}": count for kind, count in sorted(tally.rounds.items())},
        **{f"  ended: {what}": count for what, count in sorted(tally.deaths.items())},
        "acknowledged": tally.acknowledged,
        "  lost": 0,  # or the rounds would have ended at the first
        "  found twice": 0,
        "sent again": tally.resent,
        "  was durable already": tally.durable,
        "bytes changed": tally.flips,
        "  found": tally.refused,
        "  nothing read changed": tally.flips - tally.refused,
        "units verified": tally.units,
        "seconds": round(seconds),
    }
    return [f"{name:<28}{value:>10,}" for name, value in rows.items()]


if __name__ == "__main__":
    sys.exit(main())

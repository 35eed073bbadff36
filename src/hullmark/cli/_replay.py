"""The ``hullmark replay`` command."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from hullmark.cli._location import shown
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress

_WORKERS_MAX = 4  # the runs take no more at once
_JOURNAL = "journal.db"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="recorded prices; without, published facts"
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE",
        type=Path,
        default=Path("scenarios/oct-2025.toml"),
        help="the incident: its published facts, and how it is replayed (default: %(default)s)",
    )
    parser.add_argument(
        "--venue",
        metavar="FILE",
        type=Path,
        default=Path("scenarios/oct-2025-venue.toml"),
        help="the venue: its instruments, tiers and liquidation rules (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole, default=7, help="of the book (default: %(default)s)")
    parser.add_argument("--accounts", type=whole, help="instead of the scenario's number")
    parser.add_argument(
        "--open-interest", metavar="USD", type=whole, help="gross, instead of the scenario's"
    )
    parser.add_argument(
        "--feedback", action="store_true", help="let own liquidations move the prices"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("out"),
        help=f"for report.html, report.json and {_JOURNAL} (default: %(default)s)",
    )
    parser.add_argument(
        "--journal",
        metavar="LOCATION",
        help=f"for the journal instead of {_JOURNAL}: a file, which is replaced, or postgresql://..."
        " for an empty database",
    )
    parser.add_argument(
        "--workers",
        type=whole,
        default=min(os.cpu_count() or 1, _WORKERS_MAX),
        help=f"processes to play the runs on, by default one per core and at most {_WORKERS_MAX}; "
        "the result is the same",
    )


def run(args: Namespace) -> int:
    """Replay, write the report and the journal, and print the summary."""
    from hullmark.journal import copy, require_free
    from hullmark.sim import ReplayRequest, crash_report, replay_crash
    from hullmark.studies import summary, write_report

    request = ReplayRequest(
        scenario=args.scenario,
        venue=args.venue,
        data=args.data,
        seed=args.seed,
        accounts=args.accounts,
        open_interest_usd=args.open_interest,
        feedback=args.feedback,
    )
    args.out.mkdir(parents=True, exist_ok=True)  # before anything is played for nothing
    journal = args.journal or str(args.out / _JOURNAL)
    require_free(journal, replace=True)
    with Progress("replaying") as progress:
        replay = replay_crash(request, workers=args.workers, on_progress=progress)
    report = crash_report(replay)
    copy(replay.journal, journal, replace=True)
    page = write_report(report, args.out)
    print(summary(report))
    place = shown(journal)
    print(f"report      {page}\njournal     {place}; check it: hullmark verify {place}")
    return ExitStatus.FINE


def whole(text: str) -> int:
    """Return a whole number that is not negative, or refuse it as an argument."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise ArgumentTypeError(f"must be a whole number >= 0, was {text!r}")
    return number

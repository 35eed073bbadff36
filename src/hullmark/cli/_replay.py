"""The ``hullmark replay`` command."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hullmark.cli._incident import add_incident_arguments, incident_of, whole
from hullmark.cli._location import shown
from hullmark.cli._main import ExitStatus
from hullmark.cli._progress import Progress

_WORKERS_MAX = 4  # the runs take no more at once
_JOURNAL = "journal.db"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_incident_arguments(
        parser,
        scenario="the incident: its published facts, and how it is replayed",
        venue="the venue: its instruments, tiers and liquidation rules",
        accounts="scenario",
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

    request = ReplayRequest(**incident_of(args), feedback=args.feedback)
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

"""The table of commands, and the one place where a command is run.

A command is a module with ``add_arguments(parser)`` and ``run(args) -> int``. The module is
imported when the command is called, and the library when ``run`` is: help and misuse never wait
for NumPy and Numba.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from enum import IntEnum
from importlib import import_module
from typing import NoReturn

from hullmark.cli._location import shown
from hullmark.errors import HullmarkError

COMMANDS = {
    "replay": ("hullmark.cli._replay", "replay a crash through the engine and write its report"),
    "margin": ("hullmark.cli._margin", "print the margin and health of a portfolio's accounts"),
    "rulebooks": ("hullmark.cli._rulebooks", "list the rule books of venues, or print one whole"),
    "verify": ("hullmark.cli._verify", "replay a journal, check its chain, its books and the laws"),
    "snapshot": ("hullmark.cli._snapshot", "write a snapshot of a journal, beside its writer"),
    "restore": ("hullmark.cli._restore", "restore a journal from its snapshot and check its books"),
    "export": ("hullmark.cli._export", "write a journal as Parquet, or save a damaged one"),
    "fit": ("hullmark.cli._fit", "fit the volatility surface of an option chain, and draw it"),
    "manipulation": (
        "hullmark.cli._manipulation",
        "print what moving the price of each market costs and gains",
    ),
    "chains": (
        "hullmark.cli._chains",
        "play a crash under several chains of liquidation, and print what each costs whom",
    ),
    "stress": (
        "hullmark.cli._stress",
        "print what a fund loses in a set of scenarios, and how large it should be",
    ),
    "example": ("hullmark.cli._example", "write a portfolio of 50 accounts on a real option chain"),
    "completion": ("hullmark.cli._completion", "print the completions of a shell"),
}


class ExitStatus(IntEnum):
    """What a shell learns from a command. Scripts rely on it."""

    FINE = 0
    FAILURE = 1  # with one line on stderr
    MISUSE = 2  # argparse's own
    BREACH = 3  # an account is below its maintenance margin


class _Parser(ArgumentParser):
    """A parser that repeats no password where it repeats what it was given."""

    def error(self, message: str) -> NoReturn:
        super().error(shown(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its :class:`ExitStatus`."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words == ["--version"]:
        print(f"hullmark {_version()}")
        return ExitStatus.FINE
    command = next((word for word in words if not word.startswith("-")), None)
    args = build_parser(command).parse_args(words)
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `hullmark ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.FAILURE
    except KeyboardInterrupt:
        return _fail("interrupted")
    except OSError as e:  # what a file can do to us
        return _fail(f"{e.filename}: {e.strerror}" if e.filename else str(e))
    except (HullmarkError, UnicodeError) as e:
        return _fail(str(e))
    return status


def build_parser(command: str | None) -> ArgumentParser:
    """Return the parser with the arguments of one *command*; the others are a line of help."""
    parser = _Parser(
        prog="hullmark",
        description="Keep leveraged accounts upright: margin, liquidation and an exact ledger.",
        epilog="exit status: " + ", ".join(f"{s} {s.name.lower()}" for s in ExitStatus),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    subparsers = parser.add_subparsers(metavar="command", required=True)
    for name, (module, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,
        )
        if name == command:
            loaded = import_module(module)
            loaded.add_arguments(subparser)
            subparser.set_defaults(run=loaded.run)
    return parser


def _fail(message: str) -> ExitStatus:
    line = shown(" ".join(message.split()))
    clean = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)  # a name may hold ESC
    print(f"hullmark: {clean}", file=sys.stderr)
    return ExitStatus.FAILURE


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("hullmark")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "unknown"

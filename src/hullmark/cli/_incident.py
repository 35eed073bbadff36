"""Options of the commands that replay an incident."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

_FIELDS = ("scenario", "venue", "data", "seed", "accounts", "open_interest_usd")


def add_incident_arguments(
    parser: ArgumentParser, *, scenario: str, venue: str, accounts: str
) -> None:
    """Declare what is replayed, on which venue and with which book.

    Parameters
    ----------
    parser : ArgumentParser
    scenario, venue : str
        What these files are to the command.
    accounts : str
        Whose number the option replaces.
    """
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="recorded prices; without, published facts"
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE",
        type=Path,
        default=Path("scenarios/oct-2025.toml"),
        help=f"{scenario} (default: %(default)s)",
    )
    parser.add_argument(
        "--venue",
        metavar="FILE",
        type=Path,
        default=Path("scenarios/oct-2025-venue.toml"),
        help=f"{venue} (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole, default=7, help="of the book (default: %(default)s)")
    parser.add_argument("--accounts", type=whole, help=f"instead of the {accounts}'s number")
    parser.add_argument(
        "--open-interest",
        metavar="USD",
        type=whole,
        dest="open_interest_usd",
        help="gross, instead of the scenario's",
    )


def incident_of(args: Namespace) -> dict[str, Any]:
    """Return what these options ask for, by the fields of a request."""
    return {name: getattr(args, name) for name in _FIELDS}


def whole(text: str) -> int:
    """Return a whole number that is not negative, or refuse it as an argument."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise ArgumentTypeError(f"must be a whole number >= 0, was {text!r}")
    return number

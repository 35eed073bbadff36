"""The option ``--market CHAIN[@TIME]``."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullmark.feeds import ChainSnapshot

HELP = (
    "a Parquet option chain, at the latest snapshot at or before TIME (ISO 8601, UTC) or the last"
)


def read_market(argument: str) -> "ChainSnapshot":
    """Read the chain that *argument* names, a path with ``@TIME`` or without."""
    from hullmark.feeds import read_chain

    path, at_ns = split_market("--market", argument)
    return read_chain(path, at_ns=at_ns)


def split_market(name: str, argument: str) -> tuple[Path, int | None]:
    """Return the path of a chain and the instant, if any, that the argument called *name* gives."""
    from hullmark.core import parse_instant
    from hullmark.errors import InvalidInputError

    path, at, time = argument.rpartition("@")
    if argument and (not at or Path(argument).is_file()):  # an @ may be part of a name
        return Path(argument), None
    if not path:
        raise InvalidInputError(f"{name} must name a chain, was {argument!r}")
    return Path(path), parse_instant(f"the time of {name}", time)

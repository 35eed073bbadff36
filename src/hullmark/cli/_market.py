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
    from hullmark.core import parse_instant
    from hullmark.errors import InvalidInputError
    from hullmark.feeds import read_chain

    path, at, time = argument.rpartition("@")
    if argument and (not at or Path(argument).is_file()):  # an @ may be part of a name
        return read_chain(Path(argument))
    if not path:
        raise InvalidInputError(f"--market must name a chain, was {argument!r}")
    return read_chain(Path(path), at_ns=parse_instant("the time of --market", time))

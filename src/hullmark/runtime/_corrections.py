"""Corrections against the journal: what is reversed must be what was recorded, to the quantum.

The core cannot read the journal, so it takes a correction at its word; here the word is compared,
at the door before a command is carried out and in `verify` after it was.
"""

from collections.abc import Callable

import msgspec

from hullmark.domain import Command, Event, commands, events, trades_of
from hullmark.errors import InvalidInputError
from hullmark.journal import Unit

Recorded = Callable[[int], Unit | None]  # the unit of a sequence, if there is one


def reversal(
    recorded: Recorded,
    sequence: int,
    *,
    authorisers: tuple[str, str],
    reason: str,
    row: int | None = None,
) -> Command:
    """Return the command that reverses a unit: a trade, one of a round, or an adjustment of cash.

    Raises
    ------
    InvalidInputError
        If the unit is none of them or is not there, or *row* is given and not in the round, or
        missing.
    """
    event = _only_event(recorded(sequence))
    if isinstance(event, events.TradesBooked):
        trades = trades_of(event)
        if row is None or not 0 <= row < len(trades):
            raise InvalidInputError(
                f"row must be in [0, {len(trades)}) of the round in unit {sequence}, was {row}"
            )
        event = trades[row]
    elif row is not None:
        raise InvalidInputError(f"row must be None, unit {sequence} is no round, was {row}")
    match event:
        case events.Traded() as traded:
            fields = msgspec.structs.asdict(traded)
            return commands.BustTrade(
                sequence=sequence, row=row, authorisers=authorisers, reason=reason, **fields
            )
        case events.CashAdjusted(source=source, target=target, asset=asset, quanta=quanta):
            return commands.AdjustCash(
                source=target,
                target=source,
                asset=asset,
                quanta=quanta,
                authorisers=authorisers,
                reason=reason,
                reverses=sequence,
            )
    raise InvalidInputError(f"sequence must be that of a trade or an adjustment, was {sequence}")


def find_unlike(recorded: Recorded, correction: Command | Event) -> str | None:
    """Return how a correction differs from what it says it reverses; ``None``: it does not.

    Whatever is no correction differs in nothing.
    """
    row: int | None = None
    match correction:
        case commands.BustTrade() | events.TradeBusted():
            sequence, row = correction.sequence, correction.row
        case commands.AdjustCash(reverses=int(sequence)):
            pass
        case events.CashAdjusted(reverses=int(sequence)):
            pass
        case _:
            return None
    try:
        wanted = reversal(recorded, sequence, authorisers=("", ""), reason="", row=row)
    except InvalidInputError as e:
        return str(e)
    for name, value in msgspec.structs.asdict(wanted).items():
        found = getattr(correction, name)
        if name not in ("authorisers", "reason") and found != value:
            return f"{name} must be as unit {sequence} recorded it, {value!r}, was {found!r:.80}"
    return None


def _only_event(unit: Unit | None) -> Event | None:
    return unit.events[0] if unit is not None and unit.events else None

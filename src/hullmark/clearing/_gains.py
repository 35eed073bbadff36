"""What positions have gained beyond their cost, at the marks, in whole quanta."""

from collections.abc import Iterable, Iterator

from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import Option
from hullmark.ledger import MICRO, Position


def contract_gains(
    state: State, views: Views, asset: int, held: Iterable[tuple[int, Position]]
) -> Iterator[tuple[int, int]]:
    """Yield the gain of each contract held that settles in an asset, with its number.

    The funding that a position owes is taken off, and each is rounded down. Of an option no gain is
    known: its premium was paid at once, and is not kept.
    """
    ledger = state.ledger
    for number, position in held:
        if not position.lots or ledger.settlement(number) != asset:
            continue
        if isinstance(ledger.instruments[number], Option):
            continue
        over, under = views.unwind(number).lot_ratio
        owed = -(-position.lots * (ledger.funding_micro[number] - position.paid_micro) // MICRO)
        yield number, position.lots * over // under + position.quote - owed

"""What plans come to at the price limits of their orders: the margins of all accounts at once.

An order that sizes and throttles cut nothing of leads to just that, so it need not be asked about
again when its turn comes. Nothing here is a fact, and it has the bits of an account asked alone.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from hullmark.clearing._caseload import After, Case, Planned
from hullmark.clearing._decide_many_trades_lines import costs_of, fill_each
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import IntArray
from hullmark.liquidation import Plan


def shrinking(held: int, lots: int) -> int:
    """Return signed *lots* cut back to what shrinks a position of *held* lots, or closes it.

    An engine may ask for more than there is, or for the wrong side.
    """
    if held > 0:
        return max(min(lots, 0), -held)
    return min(max(lots, 0), -held)


def planned(
    state: State, views: Views, cases: Sequence[Case], plans: Sequence[Plan]
) -> list[Planned]:
    """Return plans for cases, and what those come to that leave a part of a position open.

    What a single one comes to is left to be asked, and so is what a sliding limit does: it is the
    account's own.
    """
    lots = [
        [
            shrinking(position.lots, wanted)
            for (_, position), wanted in zip(held, plan.lots, strict=True)
        ]
        for (_, held, *_), plan in zip(cases, plans, strict=True)
    ]
    after: list[After | None] = [None] * len(cases)
    if len(cases) > 1 and state.in_force.liquidation.limit != "sliding":
        parts = [n for n, case in enumerate(cases) if any(lots[n]) and not _closes(case, lots[n])]
        if parts:
            told = _after(state, views, [cases[n] for n in parts], [lots[n] for n in parts])
            for n, found in zip(parts, told, strict=True):
                after[n] = found
    return list(map(Planned, plans, lots, after))


def _closes(case: Case, lots: Sequence[int]) -> bool:
    return all(position.lots == -n for (_, position), n in zip(case.held, lots, strict=True))


# None where an amount has no room in 64 bits, or hardly any.
def _after(
    state: State, views: Views, cases: Sequence[Case], lots: Sequence[Sequence[int]]
) -> list[After | None]:
    ledger = state.ledger
    rows = ledger.rows_of(np.array([case.account for case in cases], np.int64))
    held = np.array([number for case in cases for number, _ in case.held], np.int64)
    owner = np.repeat(np.arange(rows.size), [len(case.held) for case in cases])
    signed = np.array(list(chain.from_iterable(lots)), np.int64)
    traded = signed != 0
    held, owner, signed = held[traded], owner[traded], signed[traded]
    numbers, place = np.unique(held, return_inverse=True)
    limits = _limits_nano(views, numbers)
    limit_nano = np.where(signed < 0, limits[0, place], limits[1, place])
    traded_in: list[int] = numbers.tolist()
    filled = fill_each(
        ledger,
        rows,
        traded_in,
        place=place,
        owner=owner,
        lots=signed,
        costs=costs_of(ledger, traded_in, place, np.abs(signed), limit_nano),
        penalty_nano=state.in_force.liquidation.penalty_nano,
    )
    found = views.evaluate_lines(filled.lines, views.models(rows))
    health = (found.equity_maintenance - found.maintenance).tolist()
    told = zip(filled.fits.tolist(), health, found.worst.tolist(), strict=True)
    return [After(*margin) if fits else None for fits, *margin in told]


# The price limits of sales and of purchases.
def _limits_nano(views: Views, numbers: IntArray) -> IntArray:
    unwinds = [views.unwind(number) for number in numbers.tolist()]
    return np.array([[u.sell_nano for u in unwinds], [u.buy_nano for u in unwinds]], np.int64)

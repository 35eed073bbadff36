"""A walk over the other side of a bankrupt position, without a rank: who offsets how much of it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual._matched_pair import offset_delta

State = TypeVar("State")


class Offset(NamedTuple):
    """One position that offsets the bankrupt one."""

    account: int
    base_quanta: int  # signed change of the bankrupt position


class Offsets(NamedTuple):
    """What a walk over the other side came to."""

    fills: tuple[Offset, ...]
    remaining_quanta: int  # signed as what was asked for
    iterated: int  # accounts looked at
    same_side: int  # of them without a position on the other side
    not_overlapping: int  # of them at whose side, or the bankrupt one's, the price was refused


def offset_position(
    delta_quanta: int,
    holders: Sequence[tuple[int, int]],
    state: State,
    *,
    settle: Callable[[State, int, int], State | None],
    start: int = 0,
    iterated_max: int | None = None,
) -> tuple[Offsets, State]:
    """Offset a position against holders in their order, from one of them on, without a rank.

    Parameters
    ----------
    delta_quanta : int, not 0
        Signed change of the bankrupt position: minus its size, to close it.
    holders : sequence of (account, signed quanta)
    state : any
        Both accounts and whatever else *settle* needs.
    settle : callable (state, account, signed base quanta) -> state or None
        Closes so much at the price of the moment. ``None``: it would leave an account riskier than
        before, so that the account is passed over whole.
    start : int, >= 0
        Where to begin, modulo the number of holders: a draw of the original's.
    iterated_max : int, optional
        How many holders are looked at; 500 in the original's default.

    References
    ----------
    dYdX, ``v4-chain`` [84d4664], ``x/clob/keeper/deleveraging.go``, function
    ``OffsetSubaccountPerpetualPosition``.

    >>> walk, _ = offset_position(5, [(1, 3), (2, -9), (3, 4)], None, settle=lambda *_: (), start=2)
    >>> walk.fills, walk.iterated
    ((Offset(account=3, base_quanta=4), Offset(account=1, base_quanta=1)), 2)
    """
    if not delta_quanta:
        raise InvalidInputError("delta_quanta must not be 0, was 0")
    if start < 0:
        raise InvalidInputError(f"start must be >= 0, was {start}")
    count = len(holders)
    most = count if iterated_max is None else min(count, iterated_max)
    fills, left, iterated, same_side, refused = [], delta_quanta, 0, 0, 0
    for step in range(most):
        if not left:
            break
        account, held = holders[(start + step) % count]
        iterated += 1
        base = offset_delta(left, held)
        if not base:
            same_side += 1
            continue
        settled = settle(state, account, base)
        if settled is None:
            refused += 1
            continue
        state, left = settled, left - base
        fills.append(Offset(account, base))
    return Offsets(tuple(fills), left, iterated, same_side, refused), state


def filled_share(delta_quanta: int, remaining_quanta: int) -> Decimal:
    """Return what share of a deleveraging was filled, in [0, 1].

    >>> filled_share(-8, -2)
    Decimal('0.75')
    """
    if not delta_quanta:
        raise InvalidInputError("delta_quanta must not be 0, was 0")
    with exactly():
        return Decimal(delta_quanta - remaining_quanta) / delta_quanta

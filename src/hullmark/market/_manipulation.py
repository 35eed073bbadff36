"""What pushing an index costs, what it gains, and the open interest at which it never pays.

Whoever can move the price that a venue settles at, and holds a position there, is paid for the move
by the other side of the position. On the market that sets the price the move is paid for in the
book. Open interest bounds the first, depth the second, so a bound on open interest follows.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.market._decimals import Number, decimal_of, exactly, not_negative, positive, share
from hullmark.market._impact import DEPTH_BAND

_BANDS = 1 / Decimal(str(DEPTH_BAND))  # depths in a push by the whole price
_CENT = Decimal("0.01")
_SIZES = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 990)

# Both ways, from half a percent up to nearly all of the price; a rise may also double it.
MANIPULATION_MOVES = (
    *(Decimal(-size) / 1_000 for size in reversed(_SIZES)),
    *(Decimal(size) / 1_000 for size in (*_SIZES, 1_000)),
)


class ManipulationPoint(NamedTuple):
    """One move of an index: what it costs the attacker, and what it gains."""

    move: Decimal  # relative move of the index, below zero for a fall
    cost_usd: Decimal  # >= 0, of the round trip on the pushed market
    gain_usd: (
        Decimal  # of the position, its fees paid; below zero where they are more than the move
    )
    profit_usd: Decimal  # gain less cost
    oi_cap_usd: Decimal | None  # the most open interest without profit; None: the move never pays


def manipulation_cost(
    depth_usd: Number, move: Number, *, fee: Number = 0, kept: Number = 0, weight: Number = 1
) -> Decimal:
    """Return what it costs to push an index, and to trade back on the market that was pushed.

    The book is the linear one of `take`: a push by the share q of the price takes U q, with U = 100
    times the depth, at a mean of q/2 beyond the price. The index follows the source with its
    weight, so q is the size of *move* over *weight*. On the way out the push still stands at k q,
    with k = *kept*, and trading U q back walks from there to k q - q, at a mean of (k - 1/2) q. So
    the round trip loses U q (q/2 - (k - 1/2) q) = U q^2 (1 - k), and with a fee f on what is paid
    there and got back it costs, for a rise and for a fall::

        U q^2 (1 - k) + f U q (2 + k q)        U q^2 (1 - k) + f U q (2 - k q)

    Bids end at a price of zero: what a push up by more than all of the price leaves over is worth
    nothing, and only 1 + k q of q is sold.

    Parameters
    ----------
    depth_usd : Decimal, int or str, USD, > 0
        Notional, at the price before the push, that moves the pushed source by one percent.
    move : Decimal, int or str, not 0, > -*weight*
        Relative move of the index, below zero for a fall.
    fee : Decimal, int or str, in [0, 1]
        Share of what each of the two trades on the source is worth.
    kept : Decimal, int or str, in [0, 1]
        Share of the push that still stands when the attacker trades back: 0 where others have
        taken it down, 1 where nobody has, and the way back is the way there.
    weight : Decimal, int or str, in (0, 1]
        Of the pushed source in the index.

    Returns
    -------
    Decimal, USD, >= 0

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or is a float.

    References
    ----------
    A. Kyle, "Continuous auctions and insider trading", Econometrica 53, 1985: impact linear in
    size. G. Huberman and W. Stanzl, "Price manipulation and quasi-arbitrage", Econometrica 72,
    2004: such a book by itself pays no round trip, so the gain has to come from elsewhere.

    >>> manipulation_cost(1_000_000, "0.02")
    Decimal('40000.00')
    """
    with exactly():
        depth, rate, left = positive("depth_usd", depth_usd), share("fee", fee), share("kept", kept)
        part, size = _part("weight", weight), decimal_of("move", move)
        if size == 0:
            raise InvalidInputError("move must not be 0")
        if size <= -part:
            raise InvalidInputError(f"move must be > {-part}, the weight, was {size}")
        push, way = abs(size) / part, 1 if size > 0 else -1
        start = 1 + way * left * push  # the price when the attacker trades back, 1 before the push
        back = push if way < 0 else min(push, start)
        there = push * (1 + way * push / 2)
        returned = back * (start - way * back / 2)
        # The closed form has no rounding where all is kept.
        lost = push * push * (1 - left) if back == push else there - returned
        return depth * _BANDS * (lost + rate * (there + returned))


def manipulation_report(
    depth_usd: Number,
    open_interest_usd: Number,
    moves: Sequence[Number] = MANIPULATION_MOVES,
    *,
    fee: Number = 0,
    position_fee: Number = 0,
    kept: Number = 0,
    weight: Number = 1,
    attacker_share: Number = 1,
) -> tuple[ManipulationPoint, ...]:
    """Return, per move, what pushing an index costs and gains.

    The position is entered and left at the index, without impact, and all of a move is gained::

        gain = attacker_share x open_interest x (|move| - position_fee)

    Parameters
    ----------
    depth_usd, fee, kept, weight : Decimal, int or str
        As in `manipulation_cost`.
    open_interest_usd : Decimal, int or str, USD, >= 0
        Notional of one side.
    moves : sequence of Decimal, int or str
        Relative moves of the index, none of them 0. A fall that no price of the source above zero
        brings about is left out.
    position_fee : Decimal, int or str, in [0, 1]
        Share of the notional, to open and to close the position together.
    attacker_share : Decimal, int or str, in (0, 1]
        Of the open interest, by default all of one side: the worst case.

    Returns
    -------
    tuple of ManipulationPoint
        In the order of *moves*. Caps are whole cents, rounded down: at its cap no move pays.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or is a float.

    >>> point, = manipulation_report(1_000_000, 3_000_000, ["0.02"], position_fee="0.001")
    >>> point.cost_usd, point.gain_usd, point.profit_usd, point.oi_cap_usd
    (Decimal('40000.00'), Decimal('57000.000'), Decimal('17000.000'), Decimal('2105263.15'))
    """
    points = []
    with exactly():
        held = not_negative("open_interest_usd", open_interest_usd)
        mine, lost = _part("attacker_share", attacker_share), share("position_fee", position_fee)
        part = _part("weight", weight)
        for move in [decimal_of("moves", each) for each in moves]:
            if move <= -part:
                continue
            cost = manipulation_cost(depth_usd, move, fee=fee, kept=kept, weight=part)
            earned = mine * (abs(move) - lost)  # per USD of open interest
            gain = held * earned
            cap = cost / _CENT // earned * _CENT if earned > 0 else None
            points.append(ManipulationPoint(move, cost, gain, gain - cost, cap))
    return tuple(points)


def oi_cap(points: Sequence[ManipulationPoint]) -> ManipulationPoint | None:
    """Return the point with the least cap, the first of several; ``None`` where no move ever pays.

    At its cap none of the moves pays. Between the moves of the report nothing is promised: without
    any fee, the smaller the move, the smaller its cap.

    >>> points = manipulation_report(1_000_000, 0, ["0.01", "0.02"], position_fee="0.005")
    >>> oi_cap(points).move, oi_cap(points).oi_cap_usd
    (Decimal('0.01'), Decimal('2000000.00'))
    """
    best: ManipulationPoint | None = None
    least: Decimal | None = None
    for point in points:
        cap = point.oi_cap_usd
        if cap is not None and (least is None or cap < least):
            best, least = point, cap
    return best


def _part(name: str, value: Number) -> Decimal:
    number = positive(name, value)
    if number > 1:
        raise InvalidInputError(f"{name} must be in (0, 1], was {number}")
    return number

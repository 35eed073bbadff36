"""What pushing an index costs, what it gains, and the open interest at which it never pays.

Whoever can move the price that a venue settles at, and holds a position there, is paid for the move
by the other side of the position. On the market that sets the price the move is paid for in the
book. Open interest bounds the first, depth the second, so a bound on open interest follows.
"""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive, share
from hullmark.errors import InvalidInputError
from hullmark.market._impact import DEPTH_BAND

_BANDS = 1 / Decimal(str(DEPTH_BAND))  # depths in a push by the whole price
_CENT = Decimal("0.01")
_SIZE_MAX = 100  # powers of ten, of any number that is given
_CAP_DIGITS = 10 * _SIZE_MAX  # a depth times a push squared, over a share of a share
_BPS = (5, 10, 20, 50, 100, 200, 300, 500, 750)
_PERCENTS = (10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 99)
_SIZES = (*(Decimal(n) / 10_000 for n in _BPS), *(Decimal(n) / 100 for n in _PERCENTS))

# Both ways, from a twentieth of a percent up to nearly all of the price; a rise may also double it.
MANIPULATION_MOVES = (*(-size for size in reversed(_SIZES)), *_SIZES, Decimal(1))

_PUSH_DOWN_MAX = Decimal("0.999")  # a price of zero is never reached
_ROUNDED = Context(prec=12)  # the cap is flat at its least: 12 digits of the move give it 24


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
        _need_usual(depth_usd=depth, fee=rate, kept=left, weight=part, move=size)
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
    moves: Sequence[Number] | None = None,
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
    moves : sequence of Decimal, int or str, optional
        Relative moves of the index, none of them 0. A fall that no price of the source above zero
        brings about is left out. By default `MANIPULATION_MOVES`, and up and down the move with the
        least cap of all.
    position_fee : Decimal, int or str, in [0, 1]
        Share of the notional, to open and to close the position together.
    attacker_share : Decimal, int or str, in (0, 1]
        Of the open interest, by default all of one side: the worst case.

    Returns
    -------
    tuple of ManipulationPoint
        In the order of *moves*, by default rising. Caps are whole cents, rounded down: at its cap
        no move pays.

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
        _need_usual(open_interest_usd=held, attacker_share=mine, position_fee=lost, weight=part)
        if moves is None:
            chosen = _with_least(share("fee", fee), lost, share("kept", kept), part)
        else:
            chosen = [decimal_of("moves", each) for each in moves]
        for move in chosen:
            if move <= -part:
                continue
            cost = manipulation_cost(depth_usd, move, fee=fee, kept=kept, weight=part)
            earned = mine * (abs(move) - lost)  # per USD of open interest
            gain = held * earned
            with exactly(_CAP_DIGITS):  # a whole number of cents
                cap = cost / _CENT // earned * _CENT if earned > 0 else None
            points.append(ManipulationPoint(move, cost, gain, gain - cost, cap))
    return tuple(points)


def oi_cap(points: Sequence[ManipulationPoint]) -> ManipulationPoint | None:
    """Return the point with the least cap, the first of several; ``None`` where no move ever pays.

    At its cap none of the moves pays. Of a report on the moves of its default no other move does,
    from a twentieth of a percent up and short of a fall of the source by 99.9 %. Below it one may
    where *position_fee* is 0: the smaller the move, the smaller its cap then.

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


def _with_least(
    fee: Decimal, position_fee: Decimal, kept: Decimal, weight: Decimal
) -> list[Decimal]:
    moves = set(MANIPULATION_MOVES)
    for way in (1, -1):
        for push in _least_pushes(way, fee, position_fee / weight, kept):
            if push > 0:
                moves.add(_ROUNDED.multiply(push, way * weight))
    return sorted(moves)


# The cap is a quadratic a q^2 + b q + c of the push q over q less the fees of the position, p. Its
# derivative is zero where a q^2 - 2 a p q - (b p + c) = 0, so at q = p + sqrt(p^2 + (b p + c) / a).
# After a rise a second quadratic begins where the bids end, with the same slope there: no corner.
def _least_pushes(way: int, fee: Decimal, lost: Decimal, kept: Decimal) -> Iterator[Decimal]:
    bent = 1 - kept + way * fee * kept
    push = lost + (lost * lost + 2 * fee * lost / bent).sqrt() if bent > 0 else None
    if way < 0:  # the curve may fall all the way down
        yield _PUSH_DOWN_MAX if push is None else min(push, _PUSH_DOWN_MAX)
        return
    if push is not None and push * (1 - kept) <= 1:
        yield push
    bent = (1 + fee - (1 - fee) * kept * kept) / 2
    rest = (1 + fee - (1 - fee) * kept) * lost - (1 - fee) / 2
    if kept < 1 and (square := lost * lost + rest / bent) >= 0:
        push = lost + square.sqrt()
        if push * (1 - kept) > 1:
            yield push


# Numbers that no price or share comes near would not fit into any number of digits.
def _need_usual(**numbers: Decimal) -> None:
    for name, number in numbers.items():
        if number and abs(number.adjusted()) > _SIZE_MAX:
            raise InvalidInputError(
                f"{name} must be 0 or from 1e-{_SIZE_MAX} to 1e{_SIZE_MAX} in size, was {number}"
            )


def _part(name: str, value: Number) -> Decimal:
    number = decimal_of(name, value)
    if not 0 < number <= 1:
        raise InvalidInputError(f"{name} must be in (0, 1], was {number}")
    return number

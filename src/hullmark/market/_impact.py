"""What trading costs: how far an order pushes a price through the book, and how that is forgotten.

The model is linear with memory. A book has *depth*: the notional that moves its price by one
percent. An order walks the book from where earlier orders have left it, and pays the mean of where
it begins and where it ends; afterwards the push fades, by half in every half-life. At one instant
nothing fades, so an order in slices pays what it pays whole.

The impact of real metaorders is closer to the square root of size (Toth et al., "Anomalous price
impact and the critical nature of liquidity in financial markets", Physical Review X 1, 2011); the
linear form is the one that leaves nothing to gain by slicing or by going back and forth
(Huberman and Stanzl, "Price manipulation and quasi-arbitrage", Econometrica 72, 2004).
"""

from typing import NamedTuple

from hullmark.errors import InvalidInputError

DEPTH_BAND = 0.01  # depth is the notional within this share of the price


class Push(NamedTuple):
    """How far past orders have pushed one side of a book, as a share of its price."""

    share: float  # >= 0: down for bids, up for asks
    at_ns: int


class Taken(NamedTuple):
    """What an order found in the book."""

    notional_usd: float  # filled, at the price before any push
    average: float  # mean push that it paid, a share of the price
    push: float  # where it left the book


def faded(push: Push, *, now_ns: int, half_life_ns: int) -> float:
    """Return what is left of a push at a later instant.

    >>> faded(Push(0.02, 0), now_ns=60, half_life_ns=60)
    0.01
    """
    return float(push.share * 0.5 ** ((now_ns - push.at_ns) / half_life_ns))


def take(wanted_usd: float, *, depth_usd: float, push: float, push_max: float) -> Taken:
    """Walk the book for *wanted_usd*, as far as a price limit allows.

    Parameters
    ----------
    wanted_usd : float, USD, >= 0
        Notional asked for, at the price before any push.
    depth_usd : float, USD, >= 0
        Notional that moves the price by one percent; in an empty book nothing is filled.
    push : float, share of the price, >= 0
        Where earlier orders have left the book.
    push_max : float, share of the price
        The price limit; nothing is filled beyond it.

    Raises
    ------
    InvalidInputError
        If a notional or the push is negative or not a number.

    >>> take(300.0, depth_usd=100.0, push=0.0, push_max=0.02)
    Taken(notional_usd=200.0, average=0.01, push=0.02)
    """
    for name, value in (("wanted_usd", wanted_usd), ("depth_usd", depth_usd), ("push", push)):
        if not value >= 0.0:
            raise InvalidInputError(f"{name} must be >= 0, was {value:g}")
    per_share_usd = depth_usd / DEPTH_BAND
    taken_usd = min(wanted_usd, max(push_max - push, 0.0) * per_share_usd)
    after = push + taken_usd / per_share_usd if taken_usd else push
    return Taken(taken_usd, 0.5 * (push + after), after)


def impact_share(notional_usd: float, depth_usd: float) -> float:
    """Return what one order costs in a book at rest, as a share of its notional.

    Raises
    ------
    InvalidInputError
        If the notional is not >= 0, or the depth not > 0: an empty book fills nothing.

    >>> impact_share(100.0, 100.0)
    0.005
    """
    if not depth_usd > 0.0:
        raise InvalidInputError(f"depth_usd must be > 0, was {depth_usd:g}")
    return take(notional_usd, depth_usd=depth_usd, push=0.0, push_max=float("inf")).average

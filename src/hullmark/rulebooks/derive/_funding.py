"""Derive's perpetuals: hourly funding, its running sum, and profit at the mark without an entry.

All numbers are fixed, whole numbers of 1e-18: prices in USD, sizes in coins, rates per hour. Every
product and quotient is cut towards zero unless a line says otherwise.

References
----------
``derivexyz/v2-core``: ``src/assets/PerpAsset.sol``, commit 65102003;
``src/feeds/LyraSpotDiffFeed.sol`` as last stored (the one with ``spotDiffCap``).
"""

from msgspec import Struct
from msgspec.structs import replace

from hullmark.rulebooks.derive._fixed import (
    UNIT,
    FixedTerms,
    count,
    div_round,
    div_trunc,
    divided_trunc,
    mul_trunc,
    whole,
)

HOUR_SECONDS = 3_600
_STATIC_MAX = UNIT // 1_000
_CONVERGENCE_MIN, _CONVERGENCE_MAX = UNIT // 20, 240 * UNIT


class FundingTerms(FixedTerms, frozen=True, kw_only=True):
    """How the premium of a perpetual becomes a rate.

    Parameters
    ----------
    rate_max : int, 1e-18 per hour, >= 0
        Bound of the rate, on both sides.
    rate_static : int, 1e-18 per hour, in [-0.001, 0.001]
        What longs pay shorts without any premium.
    convergence_hours : int, 1e-18 hours, in [0.05, 240]
        Time over which a premium is paid.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds, which are the contract's.
    """

    rate_max: int
    rate_static: int
    convergence_hours: int = 8 * UNIT

    def __post_init__(self) -> None:
        whole("rate_max", self.rate_max, 0)
        whole("rate_static", self.rate_static, -_STATIC_MAX, _STATIC_MAX)
        whole("convergence_hours", self.convergence_hours, _CONVERGENCE_MIN, _CONVERGENCE_MAX)


class PerpPosition(Struct, frozen=True, kw_only=True):
    """A perpetual position: what it holds, where it was last marked, what it has yet to be paid.

    Parameters
    ----------
    size : int, 1e-18 coins
        Below zero it is short.
    mark : int, 1e-18 USD, >= 0
        Mark at which its profit was last realised.
    funding_index : int, 1e-18 USD per coin
        Running sum up to which its funding was last taken.
    profit, funding : int, 1e-18 USD
        Realised profit and funding that cash has not seen yet; below zero they are owed.
    """

    size: int = 0
    mark: int = 0
    funding_index: int = 0
    profit: int = 0
    funding: int = 0

    def __post_init__(self) -> None:
        whole("mark", self.mark, 0)
        for name in ("size", "funding_index", "profit", "funding"):
            whole(name, getattr(self, name))


def premium_trunc(*, impact_bid: int, impact_ask: int, index: int) -> int:
    """Return by how much one can sell above the index, or must buy below it, over the index.

    Inside the impact spread it is zero.

    Raises
    ------
    InvalidInputError
        If a price is below zero, the index is not above it, or the ask is under the bid.
    """
    whole("index", index, 1)
    whole("impact_bid", impact_bid, 0)
    whole("impact_ask", impact_ask, impact_bid)
    return div_trunc(max(impact_bid - index, 0) - max(index - impact_ask, 0), index)


def funding_rate(terms: FundingTerms, *, impact_bid: int, impact_ask: int, index: int) -> int:
    """Return the funding rate per hour; above zero longs pay shorts.

    The premium over its convergence time (halves away from zero) plus the static rate, within
    plus and minus the largest rate.

    Raises
    ------
    InvalidInputError
        As `premium_trunc`.

    Examples
    --------
    >>> terms = FundingTerms(rate_max=75 * 10**14, rate_static=0)
    >>> bid = ask = 1_506 * 10**18
    >>> funding_rate(terms, impact_bid=bid, impact_ask=ask, index=1_500 * 10**18)  # 0.05 %
    500000000000000
    """
    premium = premium_trunc(impact_bid=impact_bid, impact_ask=impact_ask, index=index)
    rate = div_round(premium, terms.convergence_hours) + terms.rate_static
    return max(min(rate, terms.rate_max), -terms.rate_max)


def funding_index_trunc(funding_index: int, *, rate: int, seconds: int, index: int) -> int:
    """Return the running sum of funding per coin, in 1e-18 USD, so many seconds later.

    One rate and one index price serve for the whole time since the sum was last taken: whoever
    touches the market chooses the moment. Cut twice: the rate of these seconds, then times the
    index.

    Raises
    ------
    InvalidInputError
        If *seconds* is below zero, or the index price not above it.
    """
    whole("funding_index", funding_index)
    whole("rate", rate)
    count("seconds", seconds)
    whole("index", index, 1)
    return funding_index + mul_trunc(divided_trunc(rate * seconds, HOUR_SECONDS), index)


def unsettled_funding_trunc(position: PerpPosition, funding_index: int) -> int:
    """Return the funding since the position was last touched; above zero it is received."""
    return -mul_trunc(position.size, whole("funding_index", funding_index) - position.funding_index)


def unrealised_profit_trunc(position: PerpPosition, mark: int) -> int:
    """Return the profit since the position was last marked: there is no average entry.

    Raises
    ------
    InvalidInputError
        If the mark is below zero.
    """
    return mul_trunc(whole("mark", mark, 0) - position.mark, position.size)


def unsettled_cash(position: PerpPosition, *, mark: int, funding_index: int) -> int:
    """Return what a margin check adds for a position: all it would be paid if settled now.

    Raises
    ------
    InvalidInputError
        If the mark is below zero.
    """
    new = unsettled_funding_trunc(position, funding_index) + unrealised_profit_trunc(position, mark)
    return new + position.funding + position.profit


def touch_perp(position: PerpPosition, *, mark: int, funding_index: int) -> PerpPosition:
    """Return the position with profit realised and funding taken up to here; its size stays.

    Raises
    ------
    InvalidInputError
        If the mark is below zero.
    """
    return replace(
        position,
        mark=mark,
        funding_index=funding_index,
        profit=position.profit + unrealised_profit_trunc(position, mark),
        funding=position.funding + unsettled_funding_trunc(position, funding_index),
    )


def trade_perp(position: PerpPosition, size: int, *, mark: int, funding_index: int) -> PerpPosition:
    """Return the position after *size* coins have been bought, or sold for less than zero.

    The whole old position is realised at the *mark*, whichever way and at whatever price it trades;
    what the trade price differs from the mark is cash between the two sides, outside the position.

    Raises
    ------
    InvalidInputError
        If the mark is below zero.
    """
    touched = touch_perp(position, mark=mark, funding_index=funding_index)
    return replace(touched, size=position.size + whole("size", size))


def settle_perp(position: PerpPosition) -> tuple[int, PerpPosition]:
    """Return the cash that a position is owed (owes, below zero), and the position without it."""
    return position.profit + position.funding, replace(position, profit=0, funding=0)


def perp_mark(*, spot: int, difference: int, cap: int) -> int:
    """Return the mark of a perpetual: spot plus its reported difference, which is bounded.

    Parameters
    ----------
    spot : int, 1e-18 USD, >= 0
    difference : int, 1e-18 USD
        Perpetual less spot, a 30-minute average made off chain.
    cap : int, 1e-18, in [0, 1]
        Largest difference as a share of spot; the bound in USD is cut.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """
    bound = mul_trunc(whole("spot", spot, 0), whole("cap", cap, 0, UNIT))
    return spot + max(min(whole("difference", difference), bound), -bound)

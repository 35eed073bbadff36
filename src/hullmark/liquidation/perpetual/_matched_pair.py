"""Closing a bankrupt position against one on the other side: when both accounts may.

Only where neither ends riskier than it was: where their bankruptcy prices overlap. The same rule
says what an account below its margin may do at all.
"""

from enum import Enum, auto
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual._fillable import position_bankruptcy_quote
from hullmark.liquidation.perpetual._quanta import QuantaMarket, QuantaRisk, check_closing


class Transition(Enum):
    """What a change does to an account."""

    ALLOWED = auto()
    STILL_UNDER = auto()  # it was below its initial margin, and ends riskier
    NEWLY_UNDER = auto()  # it was not, and would be


class ClosingPrice(Enum):
    """At which price a position may be deleveraged."""

    BANKRUPTCY = auto()
    ORACLE = auto()


class PairSide(NamedTuple):
    """One account: its position in the market, in base quanta, and the risk of all it holds."""

    size: int
    account: QuantaRisk


class MatchedPair(NamedTuple):
    """What closing two positions against one another would do.

    Attributes
    ----------
    quote : int, quote quanta
        What the liquidated account gets, signed; the other one pays it.
    liquidated, offsetting : QuantaRisk
        The accounts afterwards.
    liquidated_transition, offsetting_transition : Transition
    """

    quote: int
    liquidated: QuantaRisk
    offsetting: QuantaRisk
    liquidated_transition: Transition
    offsetting_transition: Transition

    @property
    def allowed(self) -> bool:
        """Whether both accounts may do it."""
        return self.liquidated_transition is self.offsetting_transition is Transition.ALLOWED


def account_transition(before: QuantaRisk, after: QuantaRisk) -> Transition:
    """Return whether an account may go from one state to the other.

    It may where it has its initial margin afterwards. Below that, maintenance margin must not grow
    and net value over it not fall; an account without maintenance margin, before and after, must
    gain.

    References
    ----------
    dYdX, ``v4-chain``, ``x/subaccounts/lib/updates.go``, function
    ``IsValidStateTransitionForUndercollateralizedSubaccount``, and its caller.

    >>> account_transition(QuantaRisk(-2, 0, 0), QuantaRisk(-1, 0, 0)).name
    'ALLOWED'
    >>> account_transition(QuantaRisk(9, 10, 5), QuantaRisk(7, 8, 4)).name
    'STILL_UNDER'
    """
    if after.initial <= after.net:
        return Transition.ALLOWED
    refused = Transition.NEWLY_UNDER if before.initial <= before.net else Transition.STILL_UNDER
    if after.maintenance > before.maintenance:
        return refused
    if after.maintenance == 0 or before.maintenance == 0:
        gained = after.maintenance == before.maintenance == 0 and after.net > before.net
        return Transition.ALLOWED if gained else refused
    return refused if after.compared(before) > 0 else Transition.ALLOWED


def closing_price(net_value: int, *, final_settlement: bool) -> ClosingPrice | None:
    """Return at which price an account may be deleveraged in a market, ``None`` at none.

    The bankruptcy price where net value is below zero; else the oracle's where the market is in
    final settlement. What is in the fund plays no part.

    References
    ----------
    dYdX, ``v4-chain`` [002f3fa], ``x/clob/keeper/deleveraging.go``, function
    ``CanDeleverageSubaccount``.

    >>> closing_price(-1, final_settlement=True).name, closing_price(0, final_settlement=False)
    ('BANKRUPTCY', None)
    """
    if net_value < 0:
        return ClosingPrice.BANKRUPTCY
    return ClosingPrice.ORACLE if final_settlement else None


def offset_delta(left: int, offsetting: int) -> int:
    """Return how much of what is left to close one position offsets, 0 where it is on its side.

    Parameters
    ----------
    left : int, base quanta
        Change of the liquidated position that is still to be made: above zero it buys.
    offsetting : int, base quanta
        The other account's position.

    References
    ----------
    dYdX, ``v4-chain`` [002f3fa], ``x/clob/keeper/deleveraging.go``, function
    ``OffsetSubaccountPerpetualPosition``.

    >>> offset_delta(10, 4), offset_delta(-10, -40), offset_delta(10, -4)
    (4, -10, 0)
    """
    if left * offsetting <= 0:
        return 0
    return offsetting if abs(left) > abs(offsetting) else left


def matched_pair(
    liquidated: PairSide,
    offsetting: PairSide,
    delta: int,
    market: QuantaMarket,
    *,
    price: ClosingPrice = ClosingPrice.BANKRUPTCY,
) -> MatchedPair:
    """Return what closing *delta* of two positions against one another would do.

    Parameters
    ----------
    liquidated, offsetting : PairSide
    delta : int, base quanta
        Change of the liquidated position; it must shrink both.
    market : QuantaMarket
    price : ClosingPrice
        The liquidated account's bankruptcy price, or the oracle's.

    Raises
    ------
    InvalidInputError
        If *delta* does not shrink one of the positions.

    References
    ----------
    dYdX, ``v4-chain`` [002f3fa], ``x/clob/keeper/deleveraging.go``, functions
    ``getDeleveragingQuoteQuantumsDelta`` and ``ProcessDeleveraging``.
    """
    check_closing(liquidated.size, delta)
    if offsetting.size * delta <= 0 or abs(delta) > abs(offsetting.size):
        raise InvalidInputError(f"delta must offset at most {offsetting.size}, was {delta}")
    if price is ClosingPrice.ORACLE:
        quote = market.notional(-delta)
    else:
        quote = position_bankruptcy_quote(liquidated.size, delta, market, liquidated.account)
    first = _changed(liquidated, delta, quote, market)
    second = _changed(offsetting, -delta, -quote, market)
    return MatchedPair(
        quote,
        first,
        second,
        account_transition(liquidated.account, first),
        account_transition(offsetting.account, second),
    )


def _changed(side: PairSide, delta: int, quote: int, market: QuantaMarket) -> QuantaRisk:
    rest = side.account.less(market.risk(side.size)).plus(market.risk(side.size + delta))
    return rest._replace(net=rest.net + quote)

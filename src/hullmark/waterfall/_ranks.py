"""Ranks by which venues choose whom to deleverage first, and the lights that tell of them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError

_LIGHTS = 5


class ProfitLeverage(NamedTuple):
    """A rank by profit and leverage, and what it is made of."""

    profit_share: Decimal  # of the value at entry
    leverage: Decimal  # value at the mark over what is left of it before bankruptcy, > 0
    score: Decimal  # the higher, the sooner


def profit_leverage(
    mark_value: Number, entry_value: Number, bankrupt_value: Number
) -> ProfitLeverage:
    """Return BitMEX's rank: profit share times leverage for a gain, divided by it for a loss.

    Parameters
    ----------
    mark_value, entry_value, bankrupt_value : number, settlement units, signed
        The value of the position at its mark, its average entry and its bankruptcy price: of a
        linear contract below zero for a short, of an inverse one below zero for a long.

    Raises
    ------
    InvalidInputError
        If nothing was paid for it, or the mark is at or beyond bankruptcy.

    References
    ----------
    BitMEX, "What is Auto-Deleveraging", support article 18589621443357, read 2026.

    >>> profit_leverage(110, 100, 90)
    ProfitLeverage(profit_share=Decimal('0.1'), leverage=Decimal('5.5'), score=Decimal('0.55'))
    >>> profit_leverage(-100, -80, -120).score  # a short under water: the less leverage, the lower
    Decimal('-0.05')
    """
    mark, entry = decimal_of("mark_value", mark_value), decimal_of("entry_value", entry_value)
    bankrupt = decimal_of("bankrupt_value", bankrupt_value)
    if entry == 0:
        raise InvalidInputError("entry_value must not be 0, was 0")
    if bankrupt >= mark:
        raise InvalidInputError(f"bankrupt_value must be < {mark}, the mark's, was {bankrupt}")
    with exactly():
        share = (mark - entry) / abs(entry)
        leverage = abs(mark) / (mark - bankrupt)
        if share >= 0:
            return ProfitLeverage(share, leverage, share * leverage)
        if leverage == 0:
            raise InvalidInputError("mark_value of a loss must not be 0, was 0")
        return ProfitLeverage(share, leverage, share / leverage)


def mark_over_entry(
    mark_price: Number, entry_price: Number, notional: Number, account_value: Number
) -> Decimal:
    """Return Hyperliquid's index: mark over entry, times notional over account value.

    As the venue writes it, for both sides; positions are closed at the *previous* mark price, and
    an account without a position never pays.

    Parameters
    ----------
    mark_price, entry_price : number > 0, USD
    notional : number >= 0, USD
    account_value : number > 0, USD

    References
    ----------
    Hyperliquid Docs, "Auto-deleveraging", read 2026.

    >>> mark_over_entry(120, 100, 3000, 1500)
    Decimal('2.4')
    """
    mark, entry = positive("mark_price", mark_price), positive("entry_price", entry_price)
    size, value = not_negative("notional", notional), positive("account_value", account_value)
    with exactly():
        return (mark * size) / (entry * value)


def lights(quantities: Sequence[int]) -> list[int]:
    """Return how many of five lights each position of a queue has lit, in the queue's order.

    Five for the positions whose lots, counted from the top, end in the first fifth of all lots,
    and so on; the last always has one.

    Parameters
    ----------
    quantities : sequence of int, each > 0
        Lots without sign, the first to be closed first.

    References
    ----------
    BitMEX, "Auto-Deleveraging Examples", read 2026.

    >>> lights([10, 20, 30, 10, 10, 20])  # 20 %, 40 %, 60 %, 80 %, 80 % and 100 % of all lots
    [5, 4, 3, 2, 2, 1]
    """
    if quantities and min(quantities) <= 0:
        raise InvalidInputError(f"quantities must be > 0, was {min(quantities)}")
    whole = sum(quantities)
    return [_LIGHTS + 1 + -_LIGHTS * end // whole for end in accumulate(quantities)]

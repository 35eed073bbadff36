"""Bankruptcy prices: where net value is zero, whose cash it is beyond, and what a fill owes a fund.

Sizes are signed, long above zero. A linear position is worth ``size * price``, an inverse one, of
*size* dollars, ``-size / price`` coins and a constant.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive, rounded
from hullmark.errors import InvalidInputError

PPM = 1_000_000


class InsuranceDelta(NamedTuple):
    """What a fill owes the fund, in quote quanta.

    Attributes
    ----------
    surplus : int
        Quote of the fill less the bankruptcy cash; below zero the account cannot pay it.
    fee_max : int
        The most that the fund may take of a surplus.
    delta : int
        What the fund gets; below zero what it pays.
    """

    surplus: int
    fee_max: int
    delta: int


def bankruptcy_price(
    size: Number,
    mark: Number,
    net_value: Number,
    *,
    inverse: bool = False,
    tick: Number | None = None,
) -> Decimal | None:
    """Return the price of one position at which the account's net value is zero.

    All else is fixed: cash, the other positions and their prices.

    Parameters
    ----------
    size : number, not 0
        Base units; of an inverse contract, dollars.
    mark : number > 0
        The price that *net_value* was taken at.
    net_value : number
        Of the whole account, in settlement units: quote units, or coins where inverse.
    inverse : bool
    tick : number > 0, optional
        Rounded to a multiple of it against the account: up for a long, down for a short. A close at
        the rounded price needs no fund.

    Returns
    -------
    Decimal or None
        ``None``: at no price above zero.

    >>> bankruptcy_price(2, 50_000, 3_000)
    Decimal('48500')
    >>> bankruptcy_price(-100_000, 50_000, "0.2", inverse=True).quantize(Decimal("0.01"))
    Decimal('55555.56')
    """
    held, price = _size(size), positive("mark", mark)
    value = decimal_of("net_value", net_value)
    with exactly():
        if inverse:
            left = held + value * price
            if left * held <= 0:
                return None
            zero = price * held / left
        else:
            zero = price - value / held
        if zero <= 0:
            return None
        return rounded(zero, tick, ROUND_CEILING if held > 0 else ROUND_FLOOR)


def joint_bankruptcy_move(
    exposures: Iterable[Number], net_value: Number, *, inverse: bool = False
) -> Decimal | None:
    """Return the move of all prices at once, a share of each, at which net value is zero.

    Parameters
    ----------
    exposures : iterable of numbers
        Signed notional of each position at its mark, in settlement units, times how far its price
        moves where the joint one moves by one.
    net_value : number, settlement units
    inverse : bool
        Every position is inverse.

    Returns
    -------
    Decimal or None
        0.1 is ten percent up; ``None``: at no move above -1, or exposures add up to nothing.

    >>> joint_bankruptcy_move([60_000, -20_000], 10_000)
    Decimal('-0.25')
    """
    with exactly():
        total = sum((decimal_of("exposures", each) for each in exposures), Decimal(0))
        value = decimal_of("net_value", net_value)
        if total == 0:
            return None
        if inverse:
            left = 1 + value / total
            return None if left <= 0 else 1 / left - 1
        move = -value / total
        return move if move > -1 else None


def shared_bankruptcy_prices(
    positions: Sequence[tuple[Number, Number, Number]], net_value: Number
) -> tuple[Decimal, ...]:
    """Return a bankruptcy price for each linear position, net value shared by maintenance margin.

    ``mark - net_value * maintenance / total / size``. Closing everything at these prices leaves
    exactly nothing, and closing any of it leaves the margin ratio as it was.

    Parameters
    ----------
    positions : sequence of (size, mark, maintenance)
        Base units, not 0; quote units for one, > 0; quote units, >= 0 with a sum above it.
    net_value : number, quote units

    Returns
    -------
    tuple of Decimal
        In the same order. Zero or below: the position cannot be closed at the account's loss.

    >>> shared_bankruptcy_prices([(1, 200, 20), (-10, 30, 60)], 40)
    (Decimal('190'), Decimal('33'))
    """
    value = decimal_of("net_value", net_value)
    parsed = [
        (_size(size), positive("mark", mark), not_negative("maintenance", maintenance))
        for size, mark, maintenance in positions
    ]
    with exactly():
        total = sum((maintenance for _, _, maintenance in parsed), Decimal(0))
        if total == 0:
            raise InvalidInputError("the maintenance margins must add up to more than 0, was 0")
        return tuple(
            mark - value * maintenance / (total * size) for size, mark, maintenance in parsed
        )


def bankruptcy_quote(
    *, delta_notional: int, delta_maintenance: int, net_value: int, maintenance: int
) -> int:
    """Return the signed quote of a closing trade that gives up the account's share of net value.

    ``-delta_notional - net_value * |delta_maintenance| / maintenance``, rounded up: against the
    account, so that a fill at this quote needs nothing from the fund.

    Parameters
    ----------
    delta_notional : int, quote quanta
        Signed notional of the position after the trade less before; a sale of a long is below 0.
    delta_maintenance : int <= 0, quote quanta
        Of the position's maintenance margin.
    net_value, maintenance : int, quote quanta
        Of the whole account before the trade; the second > 0.

    Raises
    ------
    InvalidInputError
        If the trade raises maintenance margin, or the account has none.

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function
    ``GetBankruptcyPriceInQuoteQuantums``.

    >>> bankruptcy_quote(delta_notional=-5_000, delta_maintenance=-500, net_value=499,
    ...                  maintenance=500)
    4501
    """
    if delta_maintenance > 0:
        raise InvalidInputError(f"delta_maintenance must be <= 0, was {delta_maintenance}")
    if maintenance <= 0:
        raise InvalidInputError(f"maintenance must be > 0, was {maintenance}")
    return -delta_notional - net_value * -delta_maintenance // maintenance


def insurance_delta(quote: int, bankruptcy: int, *, fee_max_ppm: int) -> InsuranceDelta:
    """Return what the fund gets of a fill, or pays for it.

    All of a surplus over the bankruptcy quote, but at most a share of the fill, rounded down; all
    of a shortfall.

    Parameters
    ----------
    quote : int, quote quanta
        What the account gets for the fill, signed: below zero it pays.
    bankruptcy : int, quote quanta
        `bankruptcy_quote` of the same trade.
    fee_max_ppm : int >= 0
        Millionths of ``|quote|``.

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function
    ``GetLiquidationInsuranceFundDelta``; 5,000 in the code's defaults, 15,000 at genesis.

    >>> insurance_delta(5_610, 5_100, fee_max_ppm=25_000)
    InsuranceDelta(surplus=510, fee_max=140, delta=140)
    >>> insurance_delta(5_049, 5_100, fee_max_ppm=25_000).delta
    -51
    """
    if fee_max_ppm < 0:
        raise InvalidInputError(f"fee_max_ppm must be >= 0, was {fee_max_ppm}")
    surplus, fee_max = quote - bankruptcy, abs(quote) * fee_max_ppm // PPM
    return InsuranceDelta(surplus, fee_max, surplus if surplus <= 0 else min(surplus, fee_max))


def fund_can_pay(delta: int, fund: int) -> bool:
    """Return whether a fill may be made: the fund gets something, or stays at zero or above.

    References
    ----------
    dYdX, ``v4-chain`` [84d4664], ``x/clob/keeper/deleveraging.go``, function
    ``IsValidInsuranceFundDelta``.

    >>> fund_can_pay(-51, 51), fund_can_pay(-51, 50), fund_can_pay(0, -1)
    (True, False, True)
    """
    return delta >= 0 or fund + delta >= 0


def margin_bankruptcy_price(
    entry: Number,
    leverage: Number,
    *,
    long: bool,
    inverse: bool = False,
    tick: Number | None = None,
) -> Decimal | None:
    """Return the price at which the margin of one isolated position is gone.

    With a margin of ``1 / leverage`` of the value at entry: ``entry * (1 -+ 1 / leverage)``;
    inverse, ``entry * leverage / (leverage +- 1)``.

    Parameters
    ----------
    entry : number > 0
        Average entry price.
    leverage : number > 0
    long, inverse : bool
    tick : number > 0, optional
        As of `bankruptcy_price`.

    Returns
    -------
    Decimal or None
        ``None``: at no price above zero.

    References
    ----------
    BitMEX, "Liquidation" and "Perpetual contracts guide", as of 2020.

    >>> margin_bankruptcy_price(100, 10, long=True), margin_bankruptcy_price(100, 10, long=False)
    (Decimal('90.0'), Decimal('110.0'))
    >>> margin_bankruptcy_price(110, 10, long=True, inverse=True)
    Decimal('100')
    """
    price, times = positive("entry", entry), positive("leverage", leverage)
    side = 1 if long else -1
    with exactly():
        if inverse:
            if times + side <= 0:
                return None
            zero = price * times / (times + side)
        else:
            zero = price * (1 - side / times)
        if zero <= 0:
            return None
        return rounded(zero, tick, ROUND_CEILING if long else ROUND_FLOOR)


def effective_leverage(mark_value: Number, bankrupt_value: Number) -> Decimal | None:
    """Return ``|mark value| / (mark value - bankrupt value)``.

    Parameters
    ----------
    mark_value, bankrupt_value : number, settlement units
        What the position is worth at the mark and at its bankruptcy price, signed: a short, and an
        inverse long, below zero.

    Returns
    -------
    Decimal or None
        ``None``: nothing lies between the two, the position is bankrupt.

    References
    ----------
    BitMEX, "What is auto-deleveraging?".

    >>> effective_leverage(1_000, 900), effective_leverage(-1_000, -1_200)
    (Decimal('10'), Decimal('5'))
    """
    worth, lost = decimal_of("mark_value", mark_value), decimal_of("bankrupt_value", bankrupt_value)
    with exactly():
        return abs(worth) / (worth - lost) if worth > lost else None


def _size(size: Number) -> Decimal:
    held = decimal_of("size", size)
    if held == 0:
        raise InvalidInputError("size must not be 0, was 0")
    return held

"""Deribit's incremental liquidation: when it runs, which position is next, and how much of it.

A function per question, over positions that are shown. What Deribit publishes is named in
``deribit-liquidation.toml``; where it says less than a rule needs, the docstring says *ours*.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, positive
from hullmark.errors import InvalidInputError
from hullmark.rulebooks.deribit._incremental_terms import ContractKind


class Halt(StrEnum):
    """Why a round trades nothing, in order of precedence."""

    NOT_DUE = "maintenance margin is not above the margin balance"
    CURED = "maintenance margin is below the margin balance again"
    FLAT = "no position is left: the insurance fund takes what is below zero"
    NOTHING_TRADES = "nothing trades within the safety limits, and no hedge lowers the margin"


class Exposure(NamedTuple):
    """A position of an account in liquidation.

    Parameters
    ----------
    symbol : str
    kind : ContractKind
    size : Decimal
        Signed, not 0; coins, or USD of an inverse future.
    delta : Decimal
        Of the whole position, coins.
    round_size : Decimal, > 0
        The most of it that one round closes, in the unit of its size.
    margin : Decimal
        What it adds to maintenance margin in the risk matrix; looked at under portfolio margin.
    """

    symbol: str
    kind: ContractKind
    size: Decimal
    delta: Decimal
    round_size: Decimal
    margin: Decimal = Decimal(0)


class DeltaHedge(NamedTuple):
    """A trade of the perpetual that would bring the account's delta towards zero.

    Parameters
    ----------
    symbol : str
    size : Decimal
        Signed, not 0, in the unit of the perpetual; may open or enlarge it.
    maintenance : Decimal
        Maintenance margin of the account after it.
    """

    symbol: str
    size: Decimal
    maintenance: Decimal


class RoundTrade(NamedTuple):
    """What a round trades.

    Parameters
    ----------
    symbol : str
    size : Decimal
        Signed, not 0.
    hedge : bool
        Whether it hedges, where closing did not trade.
    """

    symbol: str
    size: Decimal
    hedge: bool


def falls_due(maintenance: Number, balance: Number) -> bool:
    """Return whether liquidation starts: maintenance margin is above 100% of the margin balance.

    >>> falls_due(100, 100), falls_due("100.01", 100)
    (False, True)
    """
    return decimal_of("maintenance", maintenance) > decimal_of("balance", balance)


def is_cured(maintenance: Number, balance: Number) -> bool:
    """Return whether liquidation stops: maintenance margin is below 100% of the margin balance.

    At exactly 100% it neither starts nor stops.

    >>> is_cured(100, 100), is_cured("99.99", 100)
    (False, True)
    """
    return decimal_of("maintenance", maintenance) < decimal_of("balance", balance)


def order_standard(positions: Sequence[Exposure]) -> tuple[Exposure, ...]:
    """Return positions in the order in which a standard account's are closed.

    Published: futures first, then options, in a way that lowers risk, towards no delta; options
    first where their deltas outweigh all others of the opposite sign. *Ours*: futures on the side
    of the net delta, then options on that side, then other futures, then other options; the larger
    delta first, then by symbol. A future that hedges the options so comes after them.

    Raises
    ------
    InvalidInputError
        As `next_round`.
    """
    _checked(positions)
    with exactly():
        net = sum((p.delta for p in positions), Decimal(0))

    def key(p: Exposure) -> tuple[bool, bool, Decimal, str]:
        adds = p.delta * net > 0  # closing it brings the delta of the account nearer to zero
        return not adds, p.kind is ContractKind.OPTION, -abs(p.delta), p.symbol

    with exactly():
        return tuple(sorted(positions, key=key))


def order_portfolio(positions: Sequence[Exposure]) -> tuple[Exposure, ...]:
    """Return positions in the order in which a portfolio-margined account's are closed.

    Published, since August 2023: the instrument first that adds most to the margin in the risk
    matrix, whatever its kind; the next one where it does not trade. *Ours*: one that adds nothing,
    or lowers the margin, is not closed; ties go by symbol.

    Raises
    ------
    InvalidInputError
        As `next_round`.
    """
    _checked(positions)
    adding = [p for p in positions if p.margin > 0]
    with exactly():
        return tuple(sorted(adding, key=lambda p: (-p.margin, p.symbol)))


def hedge_size(delta: Number, *, most: Number, price: Number | None = None) -> Decimal:
    """Return the trade of the perpetual that brings an account's delta towards zero, or 0.

    Published: that a perpetual may be opened or enlarged for it. *Ours*: the trade is minus the
    delta, cut to *most*.

    Parameters
    ----------
    delta : number, coins
        Of the whole account, its perpetual with it.
    most : number > 0
        The most that a round hedges: USD where a price is given, else coins.
    price : number > 0, USD, optional
        Of an inverse perpetual, whose size is USD.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> hedge_size("-0.05", most=2_000, price=60_000), hedge_size("-0.01", most=2_000, price=60_000)
    (Decimal('2000'), Decimal('600.00'))
    """
    limit = positive("most", most)
    with exactly():
        wanted = -decimal_of("delta", delta)
        size = wanted if price is None else wanted * positive("price", price)
        return max(-limit, min(size, limit))


def next_round(
    positions: Sequence[Exposure],
    *,
    maintenance: Number,
    balance: Number,
    portfolio: bool,
    running: bool = False,
    untraded: Collection[str] = (),
    hedge: DeltaHedge | None = None,
) -> RoundTrade | Halt:
    """Return what the next round of a liquidation trades, or why it trades nothing.

    Parameters
    ----------
    positions : sequence of Exposure
        All of the account.
    maintenance, balance : number
        Maintenance margin and margin balance, in one currency.
    portfolio : bool
        Whether the account has portfolio margin; else standard margin.
    running : bool
        Whether liquidation has started: then it stops only below 100%.
    untraded : collection of str
        Symbols whose order did not trade within the safety limits since the last trade.
    hedge : DeltaHedge or None
        What may be traded where no position can be closed; None where nothing may, as under
        standard margin.

    Returns
    -------
    RoundTrade or Halt
        A trade closes at most a round's size of one position, and never turns it over; a hedge is
        taken only if it lowers maintenance margin.

    Raises
    ------
    InvalidInputError
        If a symbol comes twice, a size is 0 or a round's size is not above 0, or a hedge is given
        under standard margin.
    """
    if hedge is not None and not portfolio:
        raise InvalidInputError(f"hedge must be None under standard margin, was {hedge.symbol!r}")
    required = decimal_of("maintenance", maintenance)
    order = order_portfolio(positions) if portfolio else order_standard(positions)
    if not running and not falls_due(maintenance, balance):
        return Halt.NOT_DUE
    if running and is_cured(maintenance, balance):
        return Halt.CURED
    if not positions:
        return Halt.FLAT
    for position in order:
        if position.symbol not in untraded:
            with exactly():
                closed = max(-position.round_size, min(-position.size, position.round_size))
            return RoundTrade(position.symbol, closed, hedge=False)
    if hedge is not None and hedge.size and hedge.maintenance < required:
        return RoundTrade(hedge.symbol, hedge.size, hedge=True)
    return Halt.NOTHING_TRADES


def _checked(positions: Sequence[Exposure]) -> None:
    seen: set[str] = set()
    for p in positions:
        if p.symbol in seen:
            raise InvalidInputError(f"symbol must be of one position, was {p.symbol!r} twice")
        if not p.size:
            raise InvalidInputError(f"size must be other than 0, was {p.size} of {p.symbol!r}")
        positive("round_size", p.round_size)
        seen.add(p.symbol)

"""A keeper of auctions of collateral, as small as can be: what it would buy of a lot now.

It buys what it can sell elsewhere at a gain, as far as its money goes, and nothing while it is
away. It does not learn, and foresees nothing. What one transaction costs decides only whether it
is worth making: a lot may be too small for that.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, exactly, not_negative, positive, rounded, share
from hullmark.errors import InvalidInputError


class LotOffer(NamedTuple):
    """What everybody can see of an open auction of collateral.

    Attributes
    ----------
    price : number >= 0, quote units a coin
        What is asked now.
    quantity : number >= 0, coins
        What is left to sell.
    target : number >= 0, quote units
        What is left to raise.
    """

    price: Number
    quantity: Number
    target: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """What a keeper wants to gain, and when it cannot bid.

    Attributes
    ----------
    gain_min : number in [0, 1]
        The share of what coins bring elsewhere that it wants to keep, its costs taken off.
    fee : number >= 0, quote units
        What one transaction costs on a quiet day.
    away_s : tuple of pairs of numbers, seconds
        From when until when it is away, the end left out.

    Raises
    ------
    InvalidInputError
        If a number is out of its range, or an absence ends before it begins.
    """

    gain_min: Number
    fee: Number = 0
    away_s: tuple[tuple[Number, Number], ...] = ()

    def __post_init__(self) -> None:
        share("gain_min", self.gain_min)
        not_negative("fee", self.fee)
        for begin, end in self.away_s:
            if not_negative("away_s", begin) > not_negative("away_s", end):
                raise InvalidInputError(f"away_s must end after it begins, was {begin} to {end}")

    def is_there(self, now_s: Number) -> bool:
        """Return whether it can bid at a second."""
        now = not_negative("now_s", now_s)
        return not any(Decimal(begin) <= now < Decimal(end) for begin, end in self.away_s)


def quantity_wanted(
    keeper: Keeper,
    lot: LotOffer,
    *,
    market: Number,
    capital: Number,
    now_s: Number,
    fee_factor: Number = 1,
    quantum: Number | None = None,
) -> Decimal:
    """Return how many coins a keeper buys of a lot now; 0: it does not bid.

    As many as there are, as the target costs and as its capital pays for, if selling them elsewhere
    leaves it what it wants to gain.

    Parameters
    ----------
    keeper : Keeper
    lot : LotOffer
    market : number > 0, quote units a coin
        What a coin brings elsewhere.
    capital : number >= 0, quote units
        What it has to pay with.
    now_s : number >= 0, seconds
    fee_factor : number >= 0
        How many times as much as on a quiet day a transaction costs now.
    quantum : number > 0, optional
        The quantity is rounded down to a multiple of it.

    >>> lot = LotOffer(price=90, quantity=10, target=450)
    >>> quantity_wanted(Keeper(gain_min="0.05", fee=5), lot, market=100, capital=1_000, now_s=0)
    Decimal('5')
    >>> quantity_wanted(Keeper(gain_min="0.05", fee=5), lot, market=100, capital=1_000, now_s=0,
    ...     fee_factor=6)
    Decimal('0')
    """
    worth, cash = positive("market", market), not_negative("capital", capital)
    price, left = not_negative("price", lot.price), not_negative("quantity", lot.quantity)
    target, factor = not_negative("target", lot.target), not_negative("fee_factor", fee_factor)
    if not keeper.is_there(now_s):
        return Decimal(0)
    with exactly(200):
        bought = left if price == 0 else min(left, target / price, cash / price)
        bought = rounded(bought, quantum)
        gain = bought * (worth - price) - Decimal(keeper.fee) * factor
        return (
            bought if bought and gain >= Decimal(keeper.gain_min) * bought * worth else Decimal(0)
        )

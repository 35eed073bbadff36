"""One insurance fund, and which part of it stands for which market.

The fund is one balance of the ledger. Allocations are a book beside it that says which market may
use what; what no market has is unallocated. Law: allocations and the unallocated add up to the
fund after every step.

On 2 April 2019 BitMEX deleveraged fewer than 200 positions while its fund was full: allocations of
contracts that had expired on 29 March were not carried over to the next ones. So an expiry always
moves its allocation, and what is unallocated pays before anybody is deleveraged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from hullmark.core import Number, exactly, share
from hullmark.errors import InvalidInputError
from hullmark.waterfall._apportion import apportion


class FundPart(NamedTuple):
    """What one part of the fund pays."""

    market: str | None  # None: the unallocated part
    quanta: int


@dataclass(frozen=True, slots=True)
class Allocations:
    """The parts of one fund in one asset.

    Attributes
    ----------
    unallocated_quanta : int, >= 0
    markets : mapping of str to int, quanta, each >= 0

    Raises
    ------
    InvalidInputError
        If a part is negative.

    References
    ----------
    BitMEX blog, "XBTU19 and ETHM19 Auto-Deleveraging Events 2 April 2019".

    >>> fund = Allocations(100).listed("M19", quanta=40).expired("M19", heir="U19")
    >>> fund.markets["U19"], fund.unallocated_quanta, fund.total_quanta
    (40, 60, 100)
    """

    unallocated_quanta: int = 0
    markets: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, quanta in ((None, self.unallocated_quanta), *self.markets.items()):
            if quanta < 0:
                raise InvalidInputError(f"part of {name or 'nobody'} must be >= 0, was {quanta}")
        object.__setattr__(self, "markets", MappingProxyType(dict(self.markets)))

    @property
    def total_quanta(self) -> int:
        """The whole fund."""
        return self.unallocated_quanta + sum(self.markets.values())

    def listed(
        self, market: str, *, quanta: int | None = None, share_of_free: Number | None = None
    ) -> "Allocations":
        """Return the parts with a new market, given an amount or a share of the unallocated.

        Raises
        ------
        InvalidInputError
            If the market is there, or not exactly one of both is said, or more than what is free.
        """
        if market in self.markets:
            raise InvalidInputError(f"market must be new, was {market!r}")
        if (quanta is None) == (share_of_free is None):
            raise InvalidInputError("quanta or share_of_free must be said, and not both")
        if quanta is None:
            assert share_of_free is not None, "asked above"
            with exactly():
                quanta = int(self.unallocated_quanta * share("share_of_free", share_of_free))
        return self._moved(market, quanta)

    def allocated(self, market: str, quanta: int) -> "Allocations":
        """Return the parts with more for a market out of the unallocated, or less below zero."""
        self._known(market)
        return self._moved(market, quanta)

    def expired(self, market: str, *, heir: str | None = None) -> "Allocations":
        """Return the parts without a market: its own goes to its heir, or is unallocated.

        The heir may be new. This belongs before the first liquidation after the expiry.
        """
        part = self._known(market)
        left = {name: quanta for name, quanta in self.markets.items() if name != market}
        if heir == market:
            raise InvalidInputError(f"heir must be another market, was {heir!r}")
        if heir is None:
            return Allocations(self.unallocated_quanta + part, left)
        left[heir] = left.get(heir, 0) + part
        return replace(self, markets=left)

    def received(self, quanta: int, *, market: str | None = None) -> "Allocations":
        """Return the parts after a payment into the fund, such as a market's liquidation fees."""
        if quanta < 0:
            raise InvalidInputError(f"quanta must be >= 0, was {quanta}")
        if market is None:
            return replace(self, unallocated_quanta=self.unallocated_quanta + quanta)
        part = self._known(market)
        return replace(self, markets={**self.markets, market: part + quanta})

    def available(self, market: str, *, pooled: bool = False) -> int:
        """Return what may pay for a market; deleveraging begins where this is not enough."""
        if pooled:
            return self.total_quanta
        return self.markets.get(market, 0) + self.unallocated_quanta

    def paid(
        self, market: str, deficit_quanta: int, *, pooled: bool = False
    ) -> "tuple[Allocations, tuple[FundPart, ...], int]":
        """Return the parts after a deficit, who paid of them, and what is left of the deficit.

        First the market's own part, then the unallocated; in a pool then all others, in proportion
        to what they have. A market without a part is one with none.

        Raises
        ------
        InvalidInputError
            If the deficit is negative.

        >>> fund = Allocations(5, {"A": 10, "B": 30, "C": 60})
        >>> fund.paid("A", 33, pooled=True)[1:]
        ((FundPart(market='A', quanta=10), FundPart(market=None, quanta=5), FundPart(market='B', \
quanta=6), FundPart(market='C', quanta=12)), 0)
        """
        if deficit_quanta < 0:
            raise InvalidInputError(f"deficit_quanta must be >= 0, was {deficit_quanta}")
        markets, left = dict(self.markets), deficit_quanta
        own = min(left, markets.get(market, 0))
        left -= own
        free = min(left, self.unallocated_quanta)
        left -= free
        parts = [FundPart(market, own), FundPart(None, free)]
        others = sorted(markets.keys() - {market}) if pooled else []
        sizes = [markets[name] for name in others]
        given = apportion(min(left, sum(sizes)), sizes)
        left -= sum(given)
        parts += map(FundPart, others, given)
        for name, quanta in parts:
            if name is not None and quanta:
                markets[name] -= quanta
        after = Allocations(self.unallocated_quanta - free, markets)
        return after, tuple(part for part in parts if part.quanta), left

    def _known(self, market: str) -> int:
        if market not in self.markets:
            raise InvalidInputError(f"market must be listed, was {market!r}")
        return self.markets[market]

    def _moved(self, market: str, quanta: int) -> "Allocations":
        part, free = self.markets.get(market, 0) + quanta, self.unallocated_quanta - quanta
        if free < 0 or part < 0:
            most = self.unallocated_quanta
            raise InvalidInputError(f"quanta must be <= {most}, what is free, was {quanta}")
        return Allocations(free, {**self.markets, market: part})

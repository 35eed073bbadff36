"""What a deleveraging starts from, and what it comes to: whole lots and whole quanta."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import NamedTuple

from hullmark.core import exactly, mul_div_ceil
from hullmark.errors import InvalidInputError


class LotPrice(NamedTuple):
    """What one lot is worth: a ratio of whole quanta, below zero where a lot owes."""

    numerator: int
    denominator: int = 1


BY_ACCOUNT = attrgetter("account")  # the order in which everything that is equal goes


class PriceRule(Enum):
    """At what price a position is closed against the bankrupt one."""

    BANKRUPTCY = "bankruptcy"  # where the deficit is zero
    MARK = "mark"  # closing costs nothing: the loss is shared apart from it
    PREVIOUS_MARK = "previous-mark"


class Candidate(NamedTuple):
    """One account that holds the instrument, valued at its mark.

    Attributes
    ----------
    account : int
    lots : int
        Signed position in the instrument.
    quote_quanta : int, settlement quanta
        Minus the signed cost of the position.
    net_quanta : int, settlement quanta
        Net value of the account.
    gain_quanta : int, settlement quanta, signed
        Unrealised profit and loss of the account over *all* its positions.
    """

    account: int
    lots: int
    quote_quanta: int
    net_quanta: int
    gain_quanta: int

    @property
    def capacity_quanta(self) -> int:
        """What the account can lose of gains alone: no principal, and nothing it does not have."""
        return capacities((self,))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The position of bankrupt accounts in one instrument, and what is missing.

    Attributes
    ----------
    instrument : str
    lots : int, not 0
        Signed position to close.
    mark : LotPrice
    deficit_quanta : int, settlement quanta, >= 0
        What nobody has paid so far.
    bankruptcy : LotPrice, optional
        Where a venue states it; without it the price at which closing all lots brings the deficit,
        ``mark + deficit / lots``.
    previous_mark : LotPrice, optional
        The mark before this one, for venues that close at it.

    Raises
    ------
    InvalidInputError
        If there are no lots, the deficit is negative or a denominator is not positive.
    """

    instrument: str
    lots: int
    mark: LotPrice
    deficit_quanta: int
    bankruptcy: LotPrice | None = None
    previous_mark: LotPrice | None = None

    def __post_init__(self) -> None:
        if self.lots == 0:
            raise InvalidInputError("lots must not be 0, was 0")
        if self.deficit_quanta < 0:
            raise InvalidInputError(f"deficit_quanta must be >= 0, was {self.deficit_quanta}")
        for price in (self.mark, self.bankruptcy, self.previous_mark):
            if price is not None and price.denominator <= 0:
                raise InvalidInputError(f"denominator must be > 0, was {price.denominator}")

    def price(self, rule: PriceRule) -> LotPrice:
        """Return the price at which positions are closed.

        Raises
        ------
        InvalidInputError
            If the rule is the previous mark and there is none.

        >>> long = Inventory(instrument="P", lots=10, mark=LotPrice(100), deficit_quanta=25)
        >>> long.price(PriceRule.BANKRUPTCY)  # 102.5: whoever is short buys that much too dear
        LotPrice(numerator=1025, denominator=10)
        """
        if rule is PriceRule.MARK:
            return self.mark
        if rule is PriceRule.PREVIOUS_MARK:
            if self.previous_mark is None:
                raise InvalidInputError("previous_mark must be there, was None")
            return self.previous_mark
        if self.bankruptcy is not None:
            return self.bankruptcy
        mark, size = self.mark, abs(self.lots)
        more = self.deficit_quanta if self.lots > 0 else -self.deficit_quanta
        return LotPrice(mark.numerator * size + more * mark.denominator, mark.denominator * size)


class Closure(NamedTuple):
    """One position that is closed, or a part of it."""

    account: int
    lots: int  # signed as the position was: these go away
    haircut_quanta: int  # net value at the mark before, less after; below zero it gains
    place: int  # in the queue, from 1


class Haircut(NamedTuple):
    """A share of the loss, beside what the price of the closure takes."""

    account: int
    quanta: int  # > 0


class Deleveraging(NamedTuple):
    """Both books of one deleveraging: positions closed, and loss shared."""

    closures: tuple[Closure, ...]
    haircuts: tuple[Haircut, ...]
    uncovered_quanta: int  # of the deficit, >= 0
    left_lots: int  # signed as the inventory: what nobody was there for
    price: LotPrice  # of the closures

    @property
    def haircut_quanta(self) -> int:
        """Sum of what accounts lose, in both ways."""
        through_price = sum(closure.haircut_quanta for closure in self.closures)
        return through_price + sum(haircut.quanta for haircut in self.haircuts)

    @property
    def closed_lots(self) -> int:
        """Lots closed, without sign."""
        return sum(abs(closure.lots) for closure in self.closures)

    def losses(self) -> dict[int, int]:
        """Return what each account loses, by account, in quanta."""
        lost: dict[int, int] = {}
        for closure in self.closures:
            lost[closure.account] = lost.get(closure.account, 0) + closure.haircut_quanta
        for haircut in self.haircuts:
            lost[haircut.account] = lost.get(haircut.account, 0) + haircut.quanta
        return lost


def overshoot(deleveraging: Deleveraging, deficit_quanta: int) -> Decimal:
    """Return by what share of a deficit the haircuts are more than it.

    Below zero where they are less. The notional closed is no part of it: a position closed at its
    mark has lost nothing.

    Raises
    ------
    InvalidInputError
        If the deficit is not positive.
    """
    if deficit_quanta <= 0:
        raise InvalidInputError(f"deficit_quanta must be > 0, was {deficit_quanta}")
    with exactly():
        return Decimal(deleveraging.haircut_quanta - deficit_quanta) / deficit_quanta


def haircut_at(lots: int, mark: LotPrice, price: LotPrice) -> int:
    """Return what a holder of *lots* loses by closing them at a price: what it owes, rounded up.

    Net value at the mark before the closure, less after it; below zero is a gain.

    >>> haircut_at(-3, LotPrice(100), LotPrice(1025, 10)), haircut_at(3, LotPrice(7), LotPrice(9))
    (8, -6)
    """
    above, below = loss_per_long_lot(mark, price)
    return mul_div_ceil(lots, above, below)


def loss_per_long_lot(mark: LotPrice, price: LotPrice) -> tuple[int, int]:
    """Return what a long lot loses by being closed at a price, as a ratio; a short one gains it."""
    above = mark.numerator * price.denominator - price.numerator * mark.denominator
    return above, mark.denominator * price.denominator


def eligible(inventory: Inventory, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return who may be deleveraged: the opposite side, with a gain and a net value above zero.

    Raises
    ------
    InvalidInputError
        If an account stands there twice.
    """
    if len({candidate.account for candidate in candidates}) != len(candidates):
        raise InvalidInputError("candidates must be of distinct accounts")
    side, (num, den) = -1 if inventory.lots > 0 else 1, inventory.mark
    return [
        c
        for c in candidates
        if c.lots * side > 0 and c.net_quanta > 0 and c.lots * num + c.quote_quanta * den > 0
    ]


def capacities(candidates: Sequence[Candidate]) -> list[int]:
    """Return what each account can lose of gains alone, as `Candidate.capacity_quanta`."""
    return [
        (gain if gain < net else net) if gain > 0 and net > 0 else 0
        for _, _, _, net, gain in candidates
    ]


def bearable(candidates: Sequence[Candidate], mark: LotPrice, price: LotPrice) -> list[int]:
    """Return how many of its lots each of one side can close at a price and stay solvent.

    Without sign. Closing more would only move the deficit to it. Bankruptcy prices that do not
    overlap are passed over by dYdX v4 as well (``protocol/x/clob/keeper/deleveraging.go``
    [84d4664]).
    """
    if not candidates:
        return []
    above, below = loss_per_long_lot(mark, price)
    if candidates[0].lots < 0:
        above = -above
    if above <= 0:
        return [abs(c.lots) for c in candidates]
    return [min(abs(c.lots), max(c.net_quanta, 0) * below // above) for c in candidates]


def closed(
    candidates: Sequence[Candidate],
    sizes: Sequence[int],
    places: Iterable[int],
    *,
    mark: LotPrice,
    price: LotPrice,
) -> list[Closure]:
    """Return the closures of so many lots, without sign, of each; those of none are left out."""
    above, below = loss_per_long_lot(mark, price)
    side = -1 if candidates and candidates[0].lots < 0 else 1
    above *= side
    return [
        Closure(candidate.account, side * size, -(-size * above // below), place)
        for candidate, size, place in zip(candidates, sizes, places, strict=False)
        if size
    ]

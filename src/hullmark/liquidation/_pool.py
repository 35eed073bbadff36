"""A pool of settlement cash that takes losses and gains, in whole quanta: what the venue keeps.

One asset pays and one asset comes back, so one running product holds both. A loss of ``q`` from
cash ``c`` multiplies every stake by ``(c - q) / c``, a gain by ``(c + q) / c``. What a pool has
gained is at risk in its next loss: a sum beside the product, which sets a gain aside, is right
where the gain is another asset (`ProductSum`).

The product is a number of 18 digits and an exponent, rounded down at every step. So every stake is
worth no more than its share, the sum of all stakes no more than the cash, and what is left of the
cash, the *residual*, stays and bears its share of what comes. Each whole number fits in 64 bits.
"""

from dataclasses import dataclass
from typing import NamedTuple

from hullmark.core import int64
from hullmark.errors import InvalidInputError

PRODUCT_ONE = 10**17  # the least mantissa: 18 digits, so that a step cuts at most 1e-17 of it
_PRODUCT_END = 10 * PRODUCT_ONE
_SPAN = 40  # powers of ten between two products after which 64 bits of quanta are below one quantum


@dataclass(frozen=True, slots=True)
class Stake:
    """What one holder has put in, and the pool's product when it was last counted.

    Attributes
    ----------
    quanta : int, quanta, >= 0
        Worth of the stake at that product.
    product, scale, epoch : int
        The pool's, as of `Pool`.
    """

    quanta: int
    product: int
    scale: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Cash that stakes share, and the product that says how much each is worth.

    Attributes
    ----------
    cash : int, quanta, >= 0
        All that is in the pool: stakes and residual.
    product : int, [10**17, 10**18)
        Mantissa of the running product.
    scale : int
        Its exponent: the product is ``product * 10**-scale``. Losses raise it, gains lower it.
    epoch : int, >= 0
        How often a loss took everything. Stakes of an earlier epoch are worth nothing.

    References
    ----------
    The running product is from R. Pardoe and R. Lauko, "Scalable Reward Distribution with
    Compounding Stakes", Liquity, 2020; the exponent that follows it both ways, and gains in the
    same asset, are ours.

    >>> pool, stake = Pool().join(1_000)
    >>> pool, other = pool.join(3_000)
    >>> pool = pool.lose(1_000).gain(40)
    >>> pool.worth(stake), pool.worth(other), pool.cash
    (760, 2280, 3040)
    """

    cash: int = 0
    product: int = PRODUCT_ONE
    scale: int = 0
    epoch: int = 0

    def lose(self, quanta: int) -> "Pool":
        """Return the pool after it has paid; where it pays all it has, a new epoch begins.

        Raises
        ------
        InvalidInputError
            If *quanta* is below zero or above the cash.
        """
        if not 0 <= quanta <= self.cash:
            raise InvalidInputError(f"quanta must be in [0, {self.cash}], was {quanta}")
        if quanta == self.cash and quanta > 0:
            return Pool(epoch=self.epoch + 1)
        return self._moved(self.cash - quanta)

    def gain(self, quanta: int) -> "Pool":
        """Return the pool after it has received.

        Into a pool without cash, and so without stakes, a gain goes as residual: it is nobody's,
        and it bears losses beside those who come.

        Raises
        ------
        InvalidInputError
            If *quanta* is below zero.
        AmountOverflowError
            If the cash does not fit in 64 bits.
        """
        if quanta < 0:
            raise InvalidInputError(f"quanta must be >= 0, was {quanta}")
        return self._moved(int64("cash", self.cash + quanta))

    def step(self, quanta: int) -> "Pool":
        """Return the pool after a gain (above zero) or a loss (below zero).

        Raises
        ------
        InvalidInputError
            If a loss is above the cash.
        AmountOverflowError
            If the cash does not fit in 64 bits.
        """
        return self.gain(quanta) if quanta >= 0 else self.lose(-quanta)

    def join(self, quanta: int, stake: Stake | None = None) -> "Joined":
        """Return the pool and the stake after its holder has put in more.

        Raises
        ------
        InvalidInputError
            If *quanta* is below zero, or *stake* is not of this pool.
        AmountOverflowError
            If the cash does not fit in 64 bits.
        """
        if quanta < 0:
            raise InvalidInputError(f"quanta must be >= 0, was {quanta}")
        held = 0 if stake is None else self.worth(stake)
        pool = self._holding(int64("cash", self.cash + quanta))
        return Joined(pool, pool._counted(held + quanta))

    def worth(self, stake: Stake) -> int:
        """Return what a stake is worth now, in quanta, rounded down.

        Raises
        ------
        InvalidInputError
            If the stake is from an epoch that this pool has not seen.
        """
        if stake.epoch > self.epoch:
            raise InvalidInputError(f"stake.epoch must be <= {self.epoch}, was {stake.epoch}")
        if stake.epoch < self.epoch:
            return 0
        numerator, denominator = stake.quanta * self.product, stake.product
        fallen = self.scale - stake.scale
        if fallen > _SPAN:
            return 0
        if fallen >= 0:
            return int(numerator // (denominator * 10**fallen))
        return int(numerator * 10**-fallen // denominator)

    def leave(self, stake: Stake, quanta: int | None = None) -> "Left":
        """Return the pool, what is left of the stake and what was paid out.

        Parameters
        ----------
        stake : Stake
        quanta : int or None, quanta, >= 0
            How much to take out; ``None``: all that it is worth.

        Raises
        ------
        InvalidInputError
            If *quanta* is below zero or above the stake's worth.
        """
        held = self.worth(stake)
        paid = held if quanta is None else quanta
        if not 0 <= paid <= held:
            raise InvalidInputError(f"quanta must be in [0, {held}], the stake's worth, was {paid}")
        pool = self._holding(self.cash - paid)
        return Left(pool, pool._counted(held - paid), paid)

    def _holding(self, cash: int) -> "Pool":
        return Pool(cash, self.product, self.scale, self.epoch)

    def _counted(self, quanta: int) -> Stake:
        return Stake(quanta, self.product, self.scale, self.epoch)

    # The new product in one division, with as many tens as give it 18 digits: rounded down once,
    # and down means in the pool's favour. Claims were at most the cash before; times a quotient
    # that is at most cash after / cash before, they are at most the cash after.
    def _moved(self, cash: int) -> "Pool":
        if self.cash == 0:
            return self._holding(cash)
        numerator, denominator = self.product * cash, self.cash
        scale = self.scale
        while numerator < PRODUCT_ONE * denominator:
            numerator *= 10
            scale += 1
        while numerator >= _PRODUCT_END * denominator:
            denominator *= 10
            scale -= 1
        return Pool(cash, numerator // denominator, scale, self.epoch)


class Joined(NamedTuple):
    """A pool and a stake, after its holder has put in."""

    pool: Pool
    stake: Stake


class Left(NamedTuple):
    """A pool, what is left of a stake, and what its holder was paid, in quanta."""

    pool: Pool
    stake: Stake
    paid: int

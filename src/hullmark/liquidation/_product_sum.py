"""Shares in a pre-funded pool, exactly: a product for what it has paid, a sum per asset gained."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal, getcontext
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError

Sums = Mapping[str, Fraction]

_NONE: Sums = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PoolDeposit:
    """What one holder has put in, with the pool's product and sums when it was last counted.

    Attributes
    ----------
    amount : Decimal, units of the pool's asset, >= 0
    product : Fraction
    sums : mapping of asset to Fraction
    epoch : int
    """

    amount: Decimal
    product: Fraction
    sums: Sums
    epoch: int


@dataclass(frozen=True, slots=True)
class ProductSum:
    """A pool that pays debts and shares what it gains for them, in one step for all depositors.

    An offset of debt ``q`` from a total ``D``, with a gain ``g``, is ``S <- S + P g / D`` and then
    ``P <- P (1 - q / D)``. A deposit ``d`` of a time ``t`` is now ``d P / P_t`` and has gained
    ``d (S - S_t) / P_t``. Product and sums are fractions, so that neither is rounded; they grow by
    the digits of what is offset, which a rule can bear and a ledger cannot: it keeps `Pool`.

    Attributes
    ----------
    total : Decimal, units of the pool's asset, >= 0
    product : Fraction, > 0
        Of this epoch.
    sums : mapping of asset to Fraction
        Of this epoch.
    epoch : int, >= 0
        How often an offset took everything.
    ended : tuple of mappings of asset to Fraction
        The sums with which each earlier epoch ended: its depositors have them to claim.

    References
    ----------
    R. Pardoe and R. Lauko, "Scalable Reward Distribution with Compounding Stakes", Liquity, 2020.

    >>> pool, alice = ProductSum().deposit(100)
    >>> pool, bob = pool.deposit(300)
    >>> pool = pool.offset(100, {"ETH": 2})
    >>> pool.compounded(alice), pool.gain(bob, "ETH")
    (Decimal('75'), Decimal('1.5'))
    """

    total: Decimal = Decimal(0)
    product: Fraction = Fraction(1)
    sums: Sums = field(default_factory=lambda: _NONE)
    epoch: int = 0
    ended: tuple[Sums, ...] = ()

    def deposit(self, amount: Number, held: PoolDeposit | None = None) -> "PoolDeposited":
        """Return the pool and a deposit, a new one or one that is added to.

        Gains of *held* are paid out by this: claim them with `gain` before.

        Raises
        ------
        InvalidInputError
            If the amount is not above zero.
        """
        with exactly(200):
            added = positive("amount", amount)
            before = Decimal(0) if held is None else self.compounded(held)
            pool = replace(self, total=self.total + added)
            return PoolDeposited(pool, pool._counted(before + added))

    def withdraw(self, held: PoolDeposit, amount: Number | None = None) -> "PoolWithdrawn":
        """Return the pool, what is left, and what is paid: the amount, or all where it is ``None``.

        Gains are paid out by this: claim them with `gain` before.

        Raises
        ------
        InvalidInputError
            If the amount is below zero or above what the deposit is now.
        """
        with exactly(200):
            now = self.compounded(held)
            paid = now if amount is None else not_negative("amount", amount)
            if paid > now:
                raise InvalidInputError(f"amount must be <= {now}, was {paid}")
            pool = replace(self, total=self.total - paid)
            return PoolWithdrawn(pool, pool._counted(now - paid), paid)

    def offset(self, debt: Number, gains: Mapping[str, Number]) -> "ProductSum":
        """Return the pool after it has paid a debt and received what stood behind it.

        A debt of the whole total empties it: the product is one again, and an epoch begins.

        Raises
        ------
        InvalidInputError
            If the debt is below zero or above the total, or a gain is below zero, or nobody is
            there to have it.
        """
        with exactly(200):
            owed = not_negative("debt", debt)
            if self.total <= 0:
                raise InvalidInputError(f"total must be > 0 to offset, was {self.total}")
            if owed > self.total:
                raise InvalidInputError(f"debt must be <= {self.total}, the total, was {owed}")
            total = Fraction(self.total)
            sums = dict(self.sums)
            for asset, gained in gains.items():
                per_unit = self.product * Fraction(not_negative(f"gains.{asset}", gained)) / total
                sums[asset] = sums.get(asset, Fraction(0)) + per_unit
            kept: Sums = MappingProxyType(sums)
            if owed == self.total:
                return ProductSum(epoch=self.epoch + 1, ended=(*self.ended, kept))
            product = self.product * (1 - Fraction(owed) / total)
            return replace(self, total=self.total - owed, product=product, sums=kept)

    def compounded(self, held: PoolDeposit) -> Decimal:
        """Return what is left of a deposit, rounded down to 60 digits."""
        if held.epoch < self.epoch:
            return Decimal(0)
        return _floored(Fraction(held.amount) * self.product / held.product)

    def gain(self, held: PoolDeposit, asset: str) -> Decimal:
        """Return what a deposit has gained of an asset, rounded down to 60 digits."""
        sums = self.sums if held.epoch == self.epoch else self.ended[held.epoch]
        since = sums.get(asset, Fraction(0)) - held.sums.get(asset, Fraction(0))
        return _floored(Fraction(held.amount) * since / held.product)

    def _counted(self, amount: Decimal) -> PoolDeposit:
        return PoolDeposit(decimal_of("amount", amount), self.product, self.sums, self.epoch)


class PoolDeposited(NamedTuple):
    """A pool and a deposit, after its holder has put in."""

    pool: ProductSum
    deposit: PoolDeposit


class PoolWithdrawn(NamedTuple):
    """A pool, what is left of a deposit, and what was paid."""

    pool: ProductSum
    deposit: PoolDeposit
    paid: Decimal


# Towards zero, so that no rounding can pay out what is not there.
def _floored(value: Fraction) -> Decimal:
    with exactly():
        getcontext().rounding = ROUND_FLOOR
        return Decimal(value.numerator) / Decimal(value.denominator)

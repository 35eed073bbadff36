"""The Stability Pool of Liquity v1, unit for unit: product, sums, scales, epochs and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity._ratios import UNIT, whole

SCALE_FACTOR = 10**9

SumKey = tuple[int, int]  # epoch, scale


@dataclass(frozen=True, slots=True)
class DepositSnapshot:
    """A deposit, and the pool's figures when it was last changed.

    Attributes
    ----------
    deposit : int, 1e-18
        ``initialValue``.
    product, total_sum : int
        ``P`` and ``S`` of then.
    scale, epoch : int
    """

    deposit: int
    product: int
    total_sum: int
    scale: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StabilityPool:
    """What version 1 keeps of its pool.

    Attributes
    ----------
    total : int, 1e-18
        ``totalLUSDDeposits``.
    product : int, 1e-18
        ``P``, in [1e9, 1e18].
    scale, epoch : int
        ``currentScale`` and ``currentEpoch``.
    sums : mapping of (epoch, scale) to int, 1e-36
        ``epochToScaleToSum``; what is not in it is 0.
    collateral_error, loss_error : int
        ``lastETHError_Offset`` and ``lastLUSDLossError_Offset``: what the last divisions dropped.
    collateral : int, 1e-18
        ``ETH``: gains that are not yet paid.

    References
    ----------
    ``liquity/dev``, ``packages/contracts/contracts/StabilityPool.sol`` [bf638ec].

    >>> pool, alice, _ = StabilityPool().provide(100 * UNIT)
    >>> pool = pool.offset(40 * UNIT, 3 * UNIT).pool
    >>> pool.compounded(alice), pool.gain(alice)
    (59999999999999999900, 3000000000000000000)
    """

    total: int = 0
    product: int = UNIT
    scale: int = 0
    epoch: int = 0
    sums: Mapping[SumKey, int] = field(default_factory=lambda: MappingProxyType({}))
    collateral_error: int = 0
    loss_error: int = 0
    collateral: int = 0

    def provide(self, amount: int, held: DepositSnapshot | None = None) -> "Provided":
        """Return the pool, the deposit and the gain that is paid, after more is put in.

        Raises
        ------
        InvalidInputError
            If the amount is not above zero: ``StabilityPool: Amount must be non-zero``.
        """
        if amount <= 0:
            raise InvalidInputError(f"amount must be > 0, was {amount}")
        before = 0 if held is None else self.compounded(held)
        paid = 0 if held is None else self.gain(held)
        pool = replace(self, total=self.total + amount, collateral=self.collateral - paid)
        return Provided(pool, pool.snapshot(before + amount), paid)

    def withdraw(self, amount: int, held: DepositSnapshot) -> "WithdrawnDeposit":
        """Return the pool, what is left, and what is paid: no more than is there.

        Raises
        ------
        InvalidInputError
            If the amount is below zero, or there is no deposit.
        """
        whole("amount", amount)
        if held.deposit <= 0:
            raise InvalidInputError(f"deposit must be > 0, was {held.deposit}")
        before, gained = self.compounded(held), self.gain(held)
        paid = min(amount, before)
        pool = replace(self, total=self.total - paid, collateral=self.collateral - gained)
        return WithdrawnDeposit(pool, pool.snapshot(before - paid), paid, gained)

    def offset(self, debt: int, collateral: int) -> "Offset":
        """Return the pool after it has cancelled a debt and taken the collateral for it.

        Without deposits or debt nothing happens.

        Raises
        ------
        InvalidInputError
            If the debt is above the total, or so small that the last error is more than it: the
            contract's subtraction fails then, and with it the liquidation.
        """
        whole("debt", debt)
        whole("collateral", collateral)
        if self.total == 0 or debt == 0:
            return Offset(self, 0, 0)
        if debt > self.total:
            raise InvalidInputError(f"debt must be <= {self.total}, the deposits, was {debt}")
        gain_numerator = collateral * UNIT + self.collateral_error
        gain_per_unit = gain_numerator // self.total
        collateral_error = gain_numerator - gain_per_unit * self.total
        if debt == self.total:
            loss_per_unit, loss_error = UNIT, 0
        else:
            loss_numerator = debt * UNIT - self.loss_error
            if loss_numerator < 0:
                least = -(-self.loss_error // UNIT)
                raise InvalidInputError(f"debt must be >= {least}, the last error, was {debt}")
            # One is added so that the loss is too much rather than too little: the pool's favour.
            loss_per_unit = loss_numerator // self.total + 1
            loss_error = loss_per_unit * self.total - loss_numerator
        pool = replace(
            self._moved(gain_per_unit, loss_per_unit),
            total=self.total - debt,
            collateral=self.collateral + collateral,
            collateral_error=collateral_error,
            loss_error=loss_error,
        )
        return Offset(pool, gain_per_unit, loss_per_unit)

    # The sum first: a gain belongs to the deposits as they were before the loss.
    def _moved(self, gain_per_unit: int, loss_per_unit: int) -> "StabilityPool":
        key = (self.epoch, self.scale)
        added = self.sums.get(key, 0) + gain_per_unit * self.product
        sums = MappingProxyType({**self.sums, key: added})
        kept = UNIT - loss_per_unit
        if kept == 0:
            return replace(self, product=UNIT, scale=0, epoch=self.epoch + 1, sums=sums)
        product = self.product * kept // UNIT
        if product >= SCALE_FACTOR:
            return replace(self, product=product, sums=sums)
        product = self.product * kept * SCALE_FACTOR // UNIT
        return replace(self, product=product, scale=self.scale + 1, sums=sums)

    def compounded(self, held: DepositSnapshot) -> int:
        """Return what is left of a deposit, in 1e-18 (``getCompoundedLUSDDeposit``).

        Under a billionth of the deposit, and over two changes of scale, it is 0.
        """
        if held.deposit == 0 or held.epoch < self.epoch:
            return 0
        changes = self.scale - held.scale
        if changes > 1:
            return 0
        left = held.deposit * self.product // held.product // SCALE_FACTOR**changes
        return int(left) if left >= held.deposit // 10**9 else 0

    def gain(self, held: DepositSnapshot) -> int:
        """Return the collateral that a deposit has gained, in 1e-18 (``getDepositorETHGain``)."""
        if held.deposit == 0:
            return 0
        first = self.sums.get((held.epoch, held.scale), 0) - held.total_sum
        second = self.sums.get((held.epoch, held.scale + 1), 0) // SCALE_FACTOR
        return held.deposit * (first + second) // held.product // UNIT

    def snapshot(self, deposit: int) -> DepositSnapshot:
        """Return a deposit of now; one of 0 has no figures."""
        if deposit == 0:
            return DepositSnapshot(0, 0, 0, 0, 0)
        total_sum = self.sums.get((self.epoch, self.scale), 0)
        return DepositSnapshot(deposit, self.product, total_sum, self.scale, self.epoch)


class Offset(NamedTuple):
    """A pool after an offset, and what one unit of deposit has gained and lost, in 1e-18."""

    pool: StabilityPool
    gain_per_unit: int
    loss_per_unit: int


class Provided(NamedTuple):
    """A pool and a deposit, and the collateral that was paid out, in 1e-18."""

    pool: StabilityPool
    deposit: DepositSnapshot
    gain_paid: int


class WithdrawnDeposit(NamedTuple):
    """A pool, what is left of a deposit, and the coins and the collateral paid out, in 1e-18."""

    pool: StabilityPool
    deposit: DepositSnapshot
    paid: int
    gain_paid: int

"""The Stability Pool of Liquity v2, unit for unit: finer product, several scales, no epochs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity._ratios import UNIT, whole

PRODUCT_ONE_2 = 10**36
_SCALE_FACTOR = 10**9
_SCALES_MAX = 8
_SCALE_SPAN = 2


@dataclass(frozen=True, slots=True)
class DepositSnapshot2:
    """A deposit of version 2, and the pool's figures when it was last changed.

    Attributes
    ----------
    deposit : int, 1e-18
    product, collateral_sum, yield_sum : int
        ``P``, ``S`` and ``B`` of then.
    scale : int
    """

    deposit: int
    product: int
    collateral_sum: int
    yield_sum: int
    scale: int


@dataclass(frozen=True, slots=True)
class StabilityPool2:
    """What version 2 keeps of the pool of one branch.

    The pool is never emptied: *least* stays, and so the product never reaches zero.

    Attributes
    ----------
    total : int, 1e-18
        ``totalBoldDeposits``.
    product : int, 1e-36
        ``P``, in [1e27, 1e36].
    scale : int
    collateral_sums, yield_sums : mapping of scale to int
        ``scaleToS`` and ``scaleToB``.
    collateral : int, 1e-18
        ``collBalance``: gains are paid no further than it goes.
    yield_owed, yield_pending : int, 1e-18
        Interest that depositors have gained, and that waits for a pool of *least*.
    least : int, 1e-18
        ``MIN_BOLD_IN_SP``.

    References
    ----------
    ``liquity/bold``, ``contracts/src/StabilityPool.sol`` [405f912].

    >>> pool = StabilityPool2(total=100 * UNIT)
    >>> alice = pool.snapshot(100 * UNIT)
    >>> pool = pool.offset(40 * UNIT, 3 * UNIT)
    >>> pool.compounded(alice), pool.gain(alice)
    (60000000000000000000, 3000000000000000000)
    """

    total: int = 0
    product: int = PRODUCT_ONE_2
    scale: int = 0
    collateral_sums: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    yield_sums: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    collateral: int = 0
    yield_owed: int = 0
    yield_pending: int = 0
    least: int = UNIT

    @property
    def for_offsets(self) -> int:
        """What can be offset, in 1e-18: all but *least*."""
        return self.total - min(self.least, self.total)

    def offset(self, debt: int, collateral: int) -> "StabilityPool2":
        """Return the pool after it has cancelled a debt and taken the collateral for it.

        Raises
        ------
        InvalidInputError
            If more than `for_offsets` is asked for, or the product would be zero.
        """
        whole("debt", debt)
        whole("collateral", collateral)
        if debt > self.for_offsets:
            raise InvalidInputError(f"debt must be <= {self.for_offsets}, was {debt}")
        if self.total == 0:
            raise InvalidInputError("total must be > 0 to offset, was 0")
        added = self.product * collateral // self.total
        sums = _added(self.collateral_sums, self.scale, added)
        numerator = self.product * (self.total - debt)
        product, scale = numerator // self.total, self.scale
        if product <= 0:
            raise InvalidInputError(f"the product must be > 0, was {product}")
        while product < PRODUCT_ONE_2 // _SCALE_FACTOR:
            numerator *= _SCALE_FACTOR
            product = numerator // self.total
            scale += 1
        return replace(
            self,
            total=self.total - debt,
            product=product,
            scale=scale,
            collateral_sums=sums,
            collateral=self.collateral + collateral,
        )

    def gain_yield(self, amount: int) -> "StabilityPool2":
        """Return the pool after interest has come in; a pool under *least* keeps it pending."""
        waiting = self.yield_pending + whole("amount", amount)
        if waiting == 0:
            return self
        if self.total < self.least:
            return replace(self, yield_pending=waiting)
        sums = _added(self.yield_sums, self.scale, self.product * waiting // self.total)
        owed = self.yield_owed + waiting
        return replace(self, yield_owed=owed, yield_pending=0, yield_sums=sums)

    def compounded(self, held: DepositSnapshot2) -> int:
        """Return what is left of a deposit, in 1e-18 (``getCompoundedBoldDeposit``)."""
        changes = self.scale - held.scale
        if held.deposit == 0 or changes > _SCALES_MAX:
            return 0
        return int(held.deposit * self.product // held.product // _SCALE_FACTOR**changes)

    def gain(self, held: DepositSnapshot2) -> int:
        """Return the collateral that a deposit has gained, in 1e-18 (``getDepositorCollGain``)."""
        return _gained(held, self.collateral_sums, held.collateral_sum, self.collateral)

    def yield_gain(self, held: DepositSnapshot2) -> int:
        """Return the interest that a deposit has gained, in 1e-18 (``getDepositorYieldGain``)."""
        return _gained(held, self.yield_sums, held.yield_sum, self.yield_owed)

    def snapshot(self, deposit: int) -> DepositSnapshot2:
        """Return a deposit of now; one of 0 has no figures."""
        if deposit == 0:
            return DepositSnapshot2(0, 0, 0, 0, 0)
        collateral_sum = self.collateral_sums.get(self.scale, 0)
        yield_sum = self.yield_sums.get(self.scale, 0)
        return DepositSnapshot2(deposit, self.product, collateral_sum, yield_sum, self.scale)


def _added(sums: Mapping[int, int], scale: int, amount: int) -> Mapping[int, int]:
    return MappingProxyType({**sums, scale: sums.get(scale, 0) + amount})


def _gained(held: DepositSnapshot2, sums: Mapping[int, int], since: int, most: int) -> int:
    if held.deposit == 0:
        return 0
    gains = sums.get(held.scale, 0) - since
    for change in range(1, _SCALE_SPAN + 1):
        gains += sums.get(held.scale + change, 0) // _SCALE_FACTOR**change
    return min(held.deposit * gains // held.product, most)

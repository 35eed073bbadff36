"""Maker's price curves of collateral auctions: Abaci, in rays.

References
----------
MakerDAO, ``dss``, ``src/abaci.sol`` [c8d4c80], 2021.
"""

from typing import Protocol

from msgspec import Struct

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.maker._fixed import RAY, product, rmul_floor, rpow_half_up, word


class Abacus(Protocol):
    """A price curve."""

    def price(self, top: int, dur: int, /) -> int:
        """Return the price (ray) ``dur`` seconds after a start at ``top`` (ray)."""
        ...


class LinearDecrease(Struct, frozen=True):
    """The price falls in a straight line to nothing.

    Parameters
    ----------
    tau : int >= 0, seconds
        When it is nothing.
    """

    tau: int

    def __post_init__(self) -> None:
        word("tau", self.tau)

    def price(self, top: int, dur: int) -> int:
        """Return ``top * ((tau - dur) / tau)``, quotient and product each rounded down to a ray.

        >>> LinearDecrease(3600).price(1000 * RAY, 360) == 900 * RAY
        True
        """
        word("top", top)
        if word("dur", dur) >= self.tau:
            return 0
        return rmul_floor(top, product(self.tau - dur, RAY) // self.tau)


class StairstepExponentialDecrease(Struct, frozen=True):
    """Each step leaves the same part of the price.

    Parameters
    ----------
    cut : int, ray, in [0, 1]
        What a step leaves: 0.99 for a fall of 1 %.
    step : int >= 1, seconds
    """

    cut: int
    step: int

    def __post_init__(self) -> None:
        _check_cut(self.cut)
        if word("step", self.step) == 0:
            raise InvalidInputError("step must be >= 1, was 0")

    def price(self, top: int, dur: int) -> int:
        """Return ``top * cut ** (dur // step)``, the power as `rpow_half_up`, rounded down.

        >>> StairstepExponentialDecrease(99 * RAY // 100, 1).price(5 * RAY, 60)
        2735783211953807380973706855
        """
        return rmul_floor(word("top", top), rpow_half_up(self.cut, word("dur", dur) // self.step))


class ExponentialDecrease(Struct, frozen=True):
    """Each second leaves the same part of the price.

    Parameters
    ----------
    cut : int, ray, in [0, 1]
        What a second leaves.
    """

    cut: int

    def __post_init__(self) -> None:
        _check_cut(self.cut)

    def price(self, top: int, dur: int) -> int:
        """Return ``top * cut ** dur``, the power as `rpow_half_up`, rounded down."""
        return rmul_floor(word("top", top), rpow_half_up(self.cut, word("dur", dur)))


# The contracts refuse it where it is set.
def _check_cut(cut: int) -> None:
    if word("cut", cut) > RAY:
        raise InvalidInputError(f"cut must be <= {RAY}, one, was {cut}")

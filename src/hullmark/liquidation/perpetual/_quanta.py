"""A perpetual's value and margin in whole quanta, as an app-chain counts them, and who is riskier.

All amounts are whole numbers. *Quote quanta* are millionths of a dollar in the original, *base
quanta* the smallest size of a market. Each division says which way it rounds.
"""

from dataclasses import dataclass
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation._bankruptcy import PPM


class QuantaRisk(NamedTuple):
    """Net value and margins of a position or of an account, in quote quanta.

    References
    ----------
    dYdX, ``v4-chain`` [3c7fd6d], ``protocol/lib/margin/risk.go``.
    """

    net: int
    initial: int
    maintenance: int

    @property
    def liquidatable(self) -> bool:
        """Whether there is maintenance margin, and net value is below it; equality is safe."""
        return self.maintenance > 0 and self.maintenance > self.net

    def plus(self, other: "QuantaRisk") -> "QuantaRisk":
        """Return the sum, as of a position that joins an account."""
        return QuantaRisk(
            self.net + other.net,
            self.initial + other.initial,
            self.maintenance + other.maintenance,
        )

    def less(self, other: "QuantaRisk") -> "QuantaRisk":
        """Return the difference, as of a position that leaves an account."""
        return QuantaRisk(
            self.net - other.net,
            self.initial - other.initial,
            self.maintenance - other.maintenance,
        )

    def compared(self, other: "QuantaRisk") -> int:
        """Return 1 where this is riskier than *other*, -1 where it is less risky, else 0.

        By net value over maintenance margin, multiplied out so that nothing is rounded.

        >>> QuantaRisk(1, 9, 5).compared(QuantaRisk(3, 9, 5))
        1
        """
        here, there = self.net * other.maintenance, other.net * self.maintenance
        return (there > here) - (there < here)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantaMarket:
    """What a market says of the value and the margin of a size in it.

    Attributes
    ----------
    price : int > 0
        Of the oracle, in its own unit.
    exponent : int
        ``size * price * 10**exponent`` is in quote quanta.
    initial_ppm, maintenance_ppm : int in [0, 1,000,000]
        Initial margin in millionths of notional, and maintenance margin in millionths of initial
        margin.

    References
    ----------
    dYdX, ``v4-chain`` [18cfdcd], ``x/perpetuals/lib/lib.go`` and ``protocol/lib/quantums.go``.

    >>> btc = QuantaMarket.of(5_000_000_000, price_exponent=-5, base_exponent=-8,
    ...                       initial_ppm=200_000, maintenance_ppm=500_000)
    >>> btc.risk(-10_000_000)
    QuantaRisk(net=-5000000000, initial=1000000000, maintenance=500000000)
    """

    price: int
    exponent: int
    initial_ppm: int
    maintenance_ppm: int

    def __post_init__(self) -> None:
        if self.price <= 0:
            raise InvalidInputError(f"price must be > 0, was {self.price}")
        for name in ("initial_ppm", "maintenance_ppm"):
            found = getattr(self, name)
            if not 0 <= found <= PPM:
                raise InvalidInputError(f"{name} must be in [0, {PPM}], was {found}")

    @classmethod
    def of(
        cls,
        price: int,
        *,
        price_exponent: int,
        base_exponent: int,
        initial_ppm: int,
        maintenance_ppm: int,
        quote_exponent: int = -6,
    ) -> "QuantaMarket":
        """Return one from the exponents of price, base and quote quanta."""
        return cls(
            price=price,
            exponent=price_exponent + base_exponent - quote_exponent,
            initial_ppm=initial_ppm,
            maintenance_ppm=maintenance_ppm,
        )

    def notional(self, size: int) -> int:
        """Return the signed value of a size, truncated towards zero."""
        worth = size * self.price
        if self.exponent >= 0:
            return int(worth * 10**self.exponent)
        return _truncated(worth, 10**-self.exponent)

    def size_of(self, notional: int) -> int:
        """Return the size that is worth so much, each division truncated towards zero."""
        if self.exponent >= 0:
            return _truncated(_truncated(notional, 10**self.exponent), self.price)
        return _truncated(notional * 10**-self.exponent, self.price)

    def risk(self, size: int) -> QuantaRisk:
        """Return net value and margins of a size; both margins are rounded up."""
        net = self.notional(size)
        initial = -(-abs(net) * self.initial_ppm // PPM)
        return QuantaRisk(net, initial, -(-initial * self.maintenance_ppm // PPM))


def fill_quote(subticks: int, size: int, *, exponent: int) -> int:
    """Return ``subticks * size * 10**exponent`` in quote quanta, rounded down.

    Parameters
    ----------
    subticks : int >= 0
        Price of a fill in the smallest step that a market knows.
    size : int >= 0, base quanta
    exponent : int

    References
    ----------
    dYdX, ``v4-chain``, ``x/clob/types/quantums.go``, function ``FillAmountToQuoteQuantums``.

    >>> fill_quote(56_100_000_000, 10_000_000, exponent=-8), fill_quote(1, 10_000_000, exponent=-8)
    (5610000000, 0)
    """
    worth = subticks * size
    return int(worth * 10**exponent) if exponent >= 0 else worth // 10**-exponent


def check_closing(size: int, delta: int) -> None:
    """Refuse a change of a position that does not shrink it, or turns it around.

    Raises
    ------
    InvalidInputError
        If *delta* is 0, has the sign of *size*, or is larger than it.
    """
    if size * delta >= 0 or abs(delta) > abs(size):
        raise InvalidInputError(f"delta must close at most {size}, was {delta}")


def _truncated(numerator: int, denominator: int) -> int:
    whole = abs(numerator) // denominator
    return whole if numerator >= 0 else -whole

"""Maker's three fixed points, and products that round as its contracts do.

A *wad* is a whole number of 1e-18 (collateral, normalised debt, shares), a *ray* of 1e-27 (rates,
prices), a *rad* of 1e-45 (money: a wad times a ray). The contracts have 256 bits without a sign,
and refuse what does not fit.
"""

from hullmark.errors import AmountOverflowError, InvalidInputError

WAD: int = 10**18
RAY: int = 10**27
RAD: int = 10**45
BLN: int = 10**9
WORD_MAX: int = 2**256 - 1


def word(name: str, value: int, most: int = WORD_MAX) -> int:
    """Return a whole number if it has its place in a contract.

    Raises
    ------
    InvalidInputError
        If it is no whole number, or below zero.
    AmountOverflowError
        If it is above ``most``, by default the largest of 256 bits.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{name} must be a whole number, was {value!r:.60}")
    if value < 0:
        raise InvalidInputError(f"{name} must be >= 0, was {value}")
    if value > most:
        rule = f"fit in {most.bit_length()} bits" if most & (most + 1) == 0 else f"be <= {most}"
        raise AmountOverflowError(f"{name} must {rule}, was of {value.bit_length()} bits")
    return value


def product(x: int, y: int) -> int:
    """Return ``x * y``, or refuse what does not fit in 256 bits, as ``mul`` does."""
    return word("product", x * y)


def wmul_floor(x: int, y: int) -> int:
    """Return a product of which one factor is a wad, rounded down: ``x * y / 1e18``."""
    return product(x, y) // WAD


def rmul_floor(x: int, y: int) -> int:
    """Return a product of which one factor is a ray, rounded down: ``x * y / 1e27``."""
    return product(x, y) // RAY


def rdiv_floor(x: int, y: int) -> int:
    """Return a quotient as a ray, rounded down: ``x * 1e27 / y``.

    Raises
    ------
    InvalidInputError
        If ``y`` is zero.
    """
    if y == 0:
        raise InvalidInputError("y must be > 0, was 0")
    return product(x, RAY) // y


def rpow_half_up(x: int, n: int, base: int = RAY) -> int:
    """Return ``x ** n`` in units of ``1 / base``, each product rounded to the nearest, half up.

    The contract squares and multiplies from the lowest bit of ``n`` on, and rounds after each
    product; so the result is not the power rounded once.

    Parameters
    ----------
    x : int >= 0, units of 1 / base
    n : int >= 0
    base : int > 0

    Raises
    ------
    AmountOverflowError
        If a product does not fit in 256 bits.

    References
    ----------
    MakerDAO, ``dss``, ``src/abaci.sol`` [c8d4c80], ``rpow``.

    >>> rpow_half_up(99 * 10**25, 2)
    980100000000000000000000000
    """
    if n == 0:
        return base
    if x == 0:
        return 0
    half, power = base // 2, x if n % 2 else base
    n //= 2
    while n:
        x = word("square", product(x, x) + half) // base
        if n % 2:
            power = word("power", product(power, x) + half) // base
        n //= 2
    return power

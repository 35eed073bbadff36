"""SVI in the numbers a trader reads off a smile, and the repair of one with butterfly arbitrage."""

import math
from collections.abc import Callable

from msgspec import Struct

from hullmark.errors import InvalidInputError
from hullmark.volatility._arbitrage import check_slice
from hullmark.volatility._svi import Svi

_FIELDS = ("variance", "skew", "put_slope", "call_slope", "least_variance")
BISECTIONS = 40


class JumpWing(Struct, frozen=True, kw_only=True):
    """A smile as jump-wing SVI [1]_, whose numbers change little from one expiry to the next.

    Parameters
    ----------
    variance : float
        At the money, per year; above 0. Its root is the vol at the money.
    skew : float
        Slope of vol in log-moneyness at the money, times the root of *years*.
    put_slope, call_slope : float
        Slope of total variance in the left and the right wing over the root of total variance at
        the money; not negative.
    least_variance : float
        Of the smile, per year; at most *variance*.
    years : float
        To expiry, above 0.

    Raises
    ------
    InvalidInputError
        If a number breaks its rule.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
       Finance 14 (2014), section 3.

    Examples
    --------
    >>> smile = Svi(a=0.04, b=0.4, rho=-0.4, m=0.05, sigma=0.1)
    >>> wings = JumpWing.of(smile, years=0.25)
    >>> round(wings.variance, 4), round(wings.skew, 4), round(wings.put_slope, 4)
    (0.3709, -0.5565, 1.8391)
    >>> [round(x, 12) for x in wings.svi().parameters]
    [0.04, 0.4, -0.4, 0.05, 0.1]
    """

    variance: float
    skew: float
    put_slope: float
    call_slope: float
    least_variance: float
    years: float

    def __post_init__(self) -> None:
        for name in (*_FIELDS, "years"):
            if not math.isfinite(getattr(self, name)):
                raise InvalidInputError(f"{name} must be finite, was {getattr(self, name)!r}")
        for name in ("variance", "years"):
            if not getattr(self, name) > 0.0:
                raise InvalidInputError(f"{name} must be > 0, was {getattr(self, name):g}")
        for name in ("put_slope", "call_slope", "least_variance"):
            if not getattr(self, name) >= 0.0:
                raise InvalidInputError(f"{name} must be >= 0, was {getattr(self, name):g}")
        if self.least_variance > self.variance:
            raise InvalidInputError(
                f"least_variance must be <= variance, {self.variance:g}, was"
                f" {self.least_variance:g}"
            )

    @classmethod
    def of(cls, smile: Svi, *, years: float) -> "JumpWing":
        """Return the jump wings of a raw smile.

        Raises
        ------
        InvalidInputError
            If *years* is not above 0, or the smile's variance at the money is 0.
        """
        if not (math.isfinite(years) and years > 0.0):
            raise InvalidInputError(f"years must be finite and > 0, was {years!r}")
        a, b, rho, m, sigma = smile.parameters
        root = math.sqrt(m * m + sigma * sigma)
        w = a + b * (root - rho * m)
        if not w > 0.0:
            raise InvalidInputError(f"total variance at the money must be > 0, was {w:g}")
        scale = math.sqrt(w)
        return cls(
            variance=w / years,
            skew=0.5 * b * (rho - m / root) / scale,
            put_slope=b * (1.0 - rho) / scale,
            call_slope=b * (1.0 + rho) / scale,
            least_variance=min(max(smile.least, 0.0), w) / years,
            years=years,
        )

    def svi(self) -> Svi:
        """Return the raw smile.

        Raises
        ------
        InvalidInputError
            If there is none: a flat smile or one whose least variance is at the money but whose
            skew is not 0, a skew outside of the wings, or wings beyond Lee's bound.
        """
        w = self.variance * self.years
        scale = math.sqrt(w)
        b = 0.5 * scale * (self.call_slope + self.put_slope)
        if b == 0.0:
            raise InvalidInputError("put_slope + call_slope must be > 0, was 0")
        rho = 1.0 - self.put_slope * scale / b
        beta = rho - 2.0 * self.skew * scale / b
        if not abs(beta) < 1.0:
            raise InvalidInputError(
                "2 * skew must be between -put_slope and call_slope,"
                f" was {2.0 * self.skew:g} with {self.put_slope:g} and {self.call_slope:g}"
            )
        # beta is m over the root of m**2 + sigma**2; h is what sigma is multiplied by in w - least.
        flat = math.sqrt((1.0 - rho) * (1.0 + rho))
        alpha = math.sqrt((1.0 - beta) * (1.0 + beta))
        h = (1.0 - rho * beta) / alpha - flat
        rise = (self.variance - self.least_variance) * self.years
        if h <= 0.0 or rise <= 0.0:
            raise InvalidInputError(
                "least_variance must be below variance where the turn is not at the money,"
                f" was {self.least_variance:g} of {self.variance:g}"
            )
        sigma = rise / (b * h)
        least = self.least_variance * self.years
        return Svi(a=least - b * sigma * flat, b=b, rho=rho, m=sigma * beta / alpha, sigma=sigma)


def repair(smile: Svi, *, years: float) -> Svi:
    """Return a smile without butterfly arbitrage, as near to *smile* as the repair allows.

    Vol at the money, skew and left wing stay. The right wing and the least variance move towards
    those of the slice of the same three numbers that belongs to an arbitrage-free surface [1]_,
    by the least share that leaves no negative density. Where that slice breaks the conditions of
    such a surface, the smile is lowered towards its level at the money instead, wings and skew by
    one share. A smile without arbitrage is returned as it is.

    Raises
    ------
    InvalidInputError
        If *years* is not above 0, or variance at the money is 0.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
       Finance 14 (2014), section 5.1.

    Examples
    --------
    Vogt's smile, example 3.1 of the article:

    >>> vogt = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    >>> check_slice(vogt, 1.0).free, check_slice(repair(vogt, years=1.0), 1.0).free
    (False, True)
    """
    wings = JumpWing.of(smile, years=years)
    if check_slice(smile, years).free:
        return smile
    call = wings.put_slope + 2.0 * wings.skew
    total = wings.put_slope + call
    scale = math.sqrt(wings.variance * years)
    steepest = max(wings.put_slope, call)
    if call > 0.0 and total > 0.0 and scale * steepest < 2.0 and total * steepest <= 2.0:
        least = wings.variance * 4.0 * wings.put_slope * call / (total * total)
        target = (call, min(least, wings.variance * (1.0 - 1e-9)))
        found = _least_share(lambda share: _towards(wings, target, share), years)
        if found is not None:
            return found
    found = _least_share(lambda share: _flattened(smile, share), years)
    assert found is not None, "a flat smile has no arbitrage"
    return found


def _towards(wings: JumpWing, target: tuple[float, float], share: float) -> Svi | None:
    call, least = target
    try:
        return JumpWing(
            variance=wings.variance,
            skew=wings.skew,
            put_slope=wings.put_slope,
            call_slope=(1.0 - share) * wings.call_slope + share * call,
            least_variance=(1.0 - share) * wings.least_variance + share * least,
            years=wings.years,
        ).svi()
    except InvalidInputError:  # there is no smile of such numbers
        return None


def _flattened(smile: Svi, share: float) -> Svi:
    a, b, rho, m, sigma = smile.parameters
    level = float(smile.total_variance([0.0])[0])
    keep = 1.0 - share
    return Svi(a=keep * a + share * level, b=keep * b, rho=rho, m=m, sigma=sigma)


# The smile at the least share, to a trillionth, that has no arbitrage; None if not even 1 has.
def _least_share(at: Callable[[float], Svi | None], years: float) -> Svi | None:
    found, low, high = at(1.0), 0.0, 1.0
    if found is None or not check_slice(found, years).free:
        return None
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        trial = at(middle)
        if trial is not None and check_slice(trial, years).free:
            found, high = trial, middle
        else:
            low = middle
    return found

"""The fillable price: the worst that a liquidation order takes, worse the less margin is left.

At maintenance margin it is the oracle's price; at no net value and below, a spread away from it
that is a share of the position's maintenance margin. It depends on the whole position and not on
the part that is traded. Nothing is rounded before it becomes a price of the market.
"""

from fractions import Fraction

from hullmark.errors import InvalidInputError
from hullmark.liquidation._bankruptcy import PPM, bankruptcy_quote
from hullmark.liquidation.perpetual._quanta import QuantaMarket, QuantaRisk, check_closing

_UINT64_MAX = 2**64 - 1


def bankruptcy_rating(net_value: int, maintenance: int, *, adjustment_ppm: int = PPM) -> Fraction:
    """Return how far an account is from maintenance margin towards bankruptcy, in [0, 1].

    ``adjustment * (1 - net_value / maintenance)``, held in [0, 1].

    Parameters
    ----------
    net_value : int, quote quanta
    maintenance : int > 0, quote quanta
    adjustment_ppm : int >= 0
        Millionths; above 1,000,000 the end of the scale comes before the net value is gone.

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function ``GetFillablePrice``.

    >>> bankruptcy_rating(499, 500)
    Fraction(1, 500)
    """
    if maintenance <= 0:
        raise InvalidInputError(f"maintenance must be > 0, was {maintenance}")
    if adjustment_ppm < 0:
        raise InvalidInputError(f"adjustment_ppm must be >= 0, was {adjustment_ppm}")
    free = (1 - Fraction(net_value, maintenance)) * Fraction(adjustment_ppm, PPM)
    return min(max(free, Fraction(0)), Fraction(1))


def fillable_price(
    size: int,
    position: QuantaRisk,
    account: QuantaRisk,
    *,
    adjustment_ppm: int = PPM,
    spread_ppm: int = 100_000,
) -> Fraction:
    """Return the worst price of a liquidation order, exactly.

    ``(notional - rating * spread * position maintenance) / size``: below the oracle for a long,
    above it for a short.

    Parameters
    ----------
    size : int, not 0, base quanta
        Of the whole position, signed.
    position, account : QuantaRisk
        Of that position, and of the account that holds it.
    adjustment_ppm : int >= 0
        As of `bankruptcy_rating`.
    spread_ppm : int >= 0
        Millionths of the position's maintenance margin: 100,000 in the code's defaults, 1,500,000
        at genesis.

    Returns
    -------
    Fraction
        Quote quanta for one base quantum.

    Raises
    ------
    InvalidInputError
        If *size* is 0, the account has no maintenance margin, or the price is below zero.

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function ``GetFillablePrice``.

    >>> long = QuantaRisk(5_000_000_000, 1_000_000_000, 500_000_000)
    >>> fillable_price(10_000_000, long, QuantaRisk(499_000_000, 1_000_000_000, 500_000_000))
    Fraction(49999, 100)
    """
    if size == 0:
        raise InvalidInputError("size must not be 0, was 0")
    if spread_ppm < 0:
        raise InvalidInputError(f"spread_ppm must be >= 0, was {spread_ppm}")
    rating = bankruptcy_rating(account.net, account.maintenance, adjustment_ppm=adjustment_ppm)
    spread = rating * Fraction(position.maintenance * spread_ppm, PPM)
    price = (position.net - spread) / size
    if price < 0:
        raise InvalidInputError(f"the fillable price must be >= 0, was {price}")
    return price


def fillable_subticks(price: Fraction, *, long: bool, exponent: int, subticks_per_tick: int) -> int:
    """Return a fillable price in subticks of a market, rounded towards the oracle.

    Up where a long is closed, down where a short is; first to a subtick, then to a tick; and held
    between one tick and the largest tick of 64 bits.

    Parameters
    ----------
    price : Fraction >= 0
        Quote quanta for one base quantum.
    long : bool
        Of the position that is closed.
    exponent : int
        A subtick is ``10**exponent`` quote quanta for one base quantum.
    subticks_per_tick : int > 0

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function
    ``ConvertFillablePriceToSubticks``.

    >>> fillable_subticks(Fraction(49_999, 100), long=True, exponent=-8, subticks_per_tick=5)
    49999000000
    """
    if price < 0:
        raise InvalidInputError(f"price must be >= 0, was {price}")
    if subticks_per_tick <= 0:
        raise InvalidInputError(f"subticks_per_tick must be > 0, was {subticks_per_tick}")
    scale = Fraction(10) ** -exponent
    whole = _rounded(price.numerator * scale.numerator, price.denominator * scale.denominator, long)
    aligned = _rounded(whole, subticks_per_tick, long) * subticks_per_tick
    most = _UINT64_MAX - _UINT64_MAX % subticks_per_tick
    return min(max(aligned, subticks_per_tick), most)


def position_bankruptcy_quote(
    size: int, delta: int, market: QuantaMarket, account: QuantaRisk
) -> int:
    """Return `bankruptcy_quote` of a trade that closes *delta* of a position in a market.

    The differences are of the position after and before, not of the traded part alone: they have
    the rounding of both.

    Raises
    ------
    InvalidInputError
        If the trade does not shrink the position.

    >>> btc = QuantaMarket.of(5_000_000_000, price_exponent=-5, base_exponent=-8,
    ...                       initial_ppm=200_000, maintenance_ppm=500_000)
    >>> position_bankruptcy_quote(10**8, -21_347, btc, btc.risk(10**8)._replace(net=49_987 * 10**6))
    2776
    """
    check_closing(size, delta)
    before, after = market.risk(size), market.risk(size + delta)
    return bankruptcy_quote(
        delta_notional=after.net - before.net,
        delta_maintenance=after.maintenance - before.maintenance,
        net_value=account.net,
        maintenance=account.maintenance,
    )


def _rounded(numerator: int, denominator: int, up: bool) -> int:
    return -(-numerator // denominator) if up else numerator // denominator

"""What lots cost, exactly, in quanta of the settlement asset."""

from hullmark.core import NANO
from hullmark.domain import Future, Instrument, Option, Perpetual

_MARGINED = (Perpetual, Future)  # made once: this is asked at every trade


def unit_ratio(instrument: Instrument, price_nano: int, quanta_per_unit: int) -> tuple[int, int]:
    """Return the value of one lot in settlement quanta as a ratio, denominator above zero.

    Linear contracts, options and spot are worth lot times price; an inverse contract is worth minus
    lot over price, in coins, so that buying it costs a negative number of them.
    """
    if isinstance(instrument, _MARGINED) and instrument.inverse:
        return -instrument.lot_nano * quanta_per_unit, price_nano
    return instrument.lot_nano * price_nano * quanta_per_unit, NANO * NANO


def payoff_ratio(instrument: Instrument, price_nano: int, quanta_per_unit: int) -> tuple[int, int]:
    """Return what one lot settles at, when the underlying settles at *price_nano*, as a ratio."""
    if not isinstance(instrument, Option):
        return unit_ratio(instrument, price_nano, quanta_per_unit)
    sign = 1 if instrument.call else -1
    intrinsic_nano = max(sign * (price_nano - instrument.strike_nano), 0)
    if instrument.inverse:  # paid in coins at the settlement price
        return instrument.lot_nano * intrinsic_nano * quanta_per_unit, NANO * price_nano
    return instrument.lot_nano * intrinsic_nano * quanta_per_unit, NANO * NANO


def cost_ceil(instrument: Instrument, lots: int, price_nano: int, quanta_per_unit: int) -> int:
    """Return what the buyer of *lots* pays, rounded up; the seller is paid the same quanta."""
    over, under = unit_ratio(instrument, price_nano, quanta_per_unit)
    return -(-lots * over // under)


def value_floor(instrument: Instrument, lots: int, price_nano: int, quanta_per_unit: int) -> int:
    """Return what signed *lots* are worth to their holder, rounded down."""
    over, under = unit_ratio(instrument, price_nano, quanta_per_unit)
    return lots * over // under

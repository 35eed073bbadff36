"""What an option is worth: Black-76 value, greeks and implied volatility, on arrays.

Undiscounted: values are in the forward's currency, per unit of the underlying, at the rate zero.
Which forward, volatility and time belong to an instrument is the market's business, what a move
of them does to an account :mod:`hullmark.scenarios`'s.

Units: years to expiry, volatility as a fraction per square-root year, vega per vol point (0.01),
theta per calendar day. Laws:

1. A value is within ``4e-16 * max(forward, strike)`` of the exact one; it lies between intrinsic
   value and forward (a call) or strike (a put), to that accuracy.
2. Call minus put is forward minus strike, to that accuracy.
3. All results are finite; zero time and zero volatility have stated limits.
4. Equal inputs give equal bits, whatever stands beside them in the array.
"""

from hullmark.pricing._black76 import Greeks, black76, black76_value
from hullmark.pricing._implied import implied_vol

__all__ = ["Greeks", "black76", "black76_value", "implied_vol"]

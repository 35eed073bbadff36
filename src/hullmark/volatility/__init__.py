"""The implied volatility surface: smiles of raw SVI, fitted to quotes and held free of arbitrage.

Units: ``k`` is the log-moneyness ``ln(strike / forward)``, total variance is ``vol**2 * years``, a
vol is a fraction per square-root year, a vol point is 0.01 of it. Laws:

1. A smile is nowhere negative, and grows in its wings within Lee's bound.
2. A fitted smile has no butterfly arbitrage; the smiles of a repaired surface do not cross.
3. A quote is fitted to or dropped with a reason; it is never repaired or filled in.
4. Equal quotes give equal bits.
"""

from hullmark.volatility._arbitrage import ArbitrageReport, Crossing, SliceCheck
from hullmark.volatility._fit import Residuals, SmileFit, SurfaceFit, fit_smile, fit_surface
from hullmark.volatility._jump_wing import JumpWing, repair
from hullmark.volatility._quotes import Dropped, OptionQuotes, SmileQuotes, screen
from hullmark.volatility._ssvi import Ssvi, SsviFit, fit_ssvi
from hullmark.volatility._surface import Surface
from hullmark.volatility._svi import Svi, svi_total_variance

__all__ = [
    "ArbitrageReport",
    "Crossing",
    "Dropped",
    "JumpWing",
    "OptionQuotes",
    "Residuals",
    "SliceCheck",
    "SmileFit",
    "SmileQuotes",
    "Ssvi",
    "SsviFit",
    "Surface",
    "SurfaceFit",
    "Svi",
    "fit_smile",
    "fit_ssvi",
    "fit_surface",
    "repair",
    "screen",
    "svi_total_variance",
]

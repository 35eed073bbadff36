"""The market as arrays: what pricing and margin read, in the order of instruments and assets."""

from typing import NamedTuple

from hullmark.core import FloatArray


class MarketView(NamedTuple):
    """Prices at one instant, as floats. ``I`` instruments and ``A`` assets, each in venue order."""

    asset_price_usd: FloatArray  # (A,) USD per unit of each asset
    spot_usd: FloatArray  # (I,) index of the underlying
    forward_usd: FloatArray  # (I,) forward to expiry; of a perpetual, its mark
    mark: FloatArray  # (I,) contracts: USD per coin; options: settlement asset per coin
    vol: FloatArray  # (I,) options: mark volatility, a fraction per square-root year; else 0
    years: FloatArray  # (I,) time to expiry; 0 for what has none

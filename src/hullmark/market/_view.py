"""The market as arrays: what pricing and margin read, in the order of instruments and assets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray


class MarketView(NamedTuple):
    """Prices at one instant, as floats. ``I`` instruments and ``A`` assets, each in venue order."""

    asset_price_usd: FloatArray  # (A,) USD per unit of each asset
    spot_usd: FloatArray  # (I,) index of the underlying
    forward_usd: FloatArray  # (I,) forward to expiry; of a perpetual, its mark
    mark: FloatArray  # (I,) contracts: USD per coin; options: settlement asset per coin
    vol: FloatArray  # (I,) options: mark volatility, a fraction per square-root year; else 0
    years: FloatArray  # (I,) time to expiry; 0 for what has none

    def part(self, numbers: Sequence[int]) -> "MarketView":
        """Return the view of some instruments, renumbered from zero; assets stay."""
        chosen = np.array(numbers, dtype=np.int64)
        columns = {k: v[chosen] for k, v in self._asdict().items() if k != "asset_price_usd"}
        return self._replace(**columns)

"""The market elsewhere: prices after some underlyings have moved, and nothing else has."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np

from hullmark.core import FloatArray
from hullmark.domain import Instrument
from hullmark.market import MarketView
from hullmark.scenarios._model import Terms, model_value, terms_of


class MovableView:
    """A market view that can be asked for its prices where underlyings stand elsewhere.

    Forwards and marks keep their ratio to spot, and the volatility of each strike stays. An option
    gains what its model value gains, in USD, as in a scenario; its mark does not go below zero.

    Parameters
    ----------
    instruments : sequence of Instrument, length I
        In venue order.
    view : MarketView
        Arrays in the same order.
    assets : sequence of str, length A
        Symbols in venue order.
    """

    def __init__(
        self, instruments: Sequence[Instrument], view: MarketView, *, assets: Sequence[str]
    ) -> None:
        self._instruments = instruments
        self._view = view
        self._assets = assets

    def moved(self, underlyings: Collection[str], factor: float) -> MarketView:
        """Return the view where the prices of *underlyings* are *factor* times what they were."""
        return self.shocked(dict.fromkeys(underlyings, factor))

    def shocked(self, factors: Mapping[str, float], *, vol: float = 1.0) -> MarketView:
        """Return the view where each underlying is its factor times what it was.

        What is not among the *factors* stands. The volatility of every strike is *vol* times what
        it was, and options gain by it what their model value gains.
        """
        view = self._view
        by_asset = np.array([factors.get(s, 1.0) for s in self._assets])
        by = np.array([factors.get(i.underlying, 1.0) for i in self._instruments])
        forward = view.forward_usd * by
        vols = view.vol if vol == 1.0 else view.vol * vol
        # What the venue's mark is off the model by keeps its value in USD, not in coins.
        by_settlement = np.array([factors.get(i.settlement, 1.0) for i in self._instruments])
        off = (view.mark - self._base_value) / by_settlement
        option = np.maximum(off + self._model_value(forward, vols), 0.0)
        mark = np.where(self._terms.option, option, view.mark * by)
        return view._replace(
            asset_price_usd=view.asset_price_usd * by_asset,
            spot_usd=view.spot_usd * by,
            forward_usd=forward,
            mark=mark,
            vol=vols,
        )

    def _model_value(self, forward_usd: FloatArray, vol: FloatArray) -> FloatArray:
        years = self._view.years
        return model_value(self._terms, forward_usd[:, None], vol[:, None], years)[:, 0]

    @cached_property
    def _base_value(self) -> FloatArray:
        return self._model_value(self._view.forward_usd, self._view.vol)

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self._instruments)

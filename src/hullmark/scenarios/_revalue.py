"""Risk arrays: every instrument revalued once under every scenario."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray
from hullmark.domain import Instrument, Option
from hullmark.errors import InvalidInputError
from hullmark.market import MarketView
from hullmark.pricing import black76
from hullmark.scenarios._model import Terms, model_value, terms_of
from hullmark.scenarios._set import ScenarioSet


class RiskColumns(NamedTuple):
    """What one contract unit of each instrument is worth, and gains in each scenario.

    ``I`` instruments, ``A`` assets, ``S`` scenarios. An account's profit in a scenario is
    ``size @ risk + balance @ asset_risk``, where *balance* is cash plus quotes of each asset.
    """

    value: FloatArray  # (I,) settlement units, at the venue's mark
    notional_usd: FloatArray  # (I,) options: the index; inverse contracts: 1
    risk: FloatArray  # (I, S) USD, model(shock) - model(base)
    asset_risk: FloatArray  # (A, S) USD per unit held; 0 where the asset keeps its price


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskArrays:
    """What one contract unit of each instrument is worth, and gains in each scenario.

    ``I`` instruments, ``A`` assets, ``S`` scenarios. An account's profit in a scenario is
    ``size @ risk + balance @ asset_risk``, where *balance* is cash plus quotes of each asset; and
    so with delta: quotes and cash in a coin have a delta of their own (one coin per coin), which
    is not in the columns here. Greeks are derivatives of the model value in USD: a perpetual that
    is inverse has delta 0, since ``-1 / price`` coins are minus one USD at any price, and the
    exposure of its position lies in the quote.
    """

    value: FloatArray  # (I,) settlement units, at the venue's mark
    notional_usd: FloatArray  # (I,) options: the index; inverse contracts: 1
    risk: FloatArray  # (I, S) USD, model(shock) - model(base)
    asset_risk: FloatArray  # (A, S) USD per unit held; 0 where the asset keeps its price
    delta: FloatArray  # (I,) coins: USD per USD of spot
    gamma: FloatArray  # (I,) coins per USD of spot
    vega: FloatArray  # (I,) USD per vol point, 0.01
    theta: FloatArray  # (I,) USD per day
    labels: tuple[str, ...]


class _Settlement(NamedTuple):
    """What the instruments are paid in, as columns."""

    settle: IntArray  # column of the settlement asset
    moved: NDArray[np.bool_]  # whether the settlement asset moves with the scenario
    own: NDArray[np.bool_]  # ... and is the underlying itself


def revalue(
    instruments: Sequence[Instrument],
    view: MarketView,
    scenarios: ScenarioSet,
    *,
    assets: Sequence[str],
    shocked: frozenset[str],
) -> RiskArrays:
    """Return the risk arrays of *instruments* at *view*.

    A linear contract is worth its mark in units of the settlement asset, an inverse one
    ``-1 / mark`` coins. The model value of an option is Black-76 on its forward, and that divided
    by the forward, in coins, where it is inverse: Deribit's convention [1]_. At or after expiry it
    is the intrinsic value. In a scenario spot, forwards, marks and the *shocked* assets all move by
    one factor.

    Parameters
    ----------
    instruments : sequence of Instrument, length I
        In venue order.
    view : MarketView
        Arrays in the same order.
    scenarios : ScenarioSet
        The grid.
    assets : sequence of str, length A
        Symbols in venue order.
    shocked : frozenset of str
        The assets whose USD price moves with spot; the others (stablecoins) keep theirs.

    Raises
    ------
    InvalidInputError
        If what an instrument needs is missing from *view* or malformed; the message names it.

    References
    ----------
    .. [1] Deribit, "Inverse Options", contract specification: premium in the coin, USD value
       divided by the underlying forward.
    """
    return Revaluer(instruments, scenarios, assets=assets, shocked=shocked).arrays(view)


class Revaluer:
    """The instruments of a venue under its scenarios: `revalue` at one market after the other.

    Parameters
    ----------
    instruments, scenarios, assets, shocked
        As `revalue` takes them.

    Raises
    ------
    InvalidInputError
        If an asset is unknown.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        scenarios: ScenarioSet,
        *,
        assets: Sequence[str],
        shocked: frozenset[str],
    ) -> None:
        self._instruments, self._scenarios, self._assets = instruments, scenarios, assets
        self._paid = _settlement(instruments, assets=assets, shocked=shocked)
        self._terms = terms_of(instruments)
        self._moves = np.array([move for move, _ in scenarios.grid])
        self._moving = np.array([symbol in shocked for symbol in assets], np.bool_)

    def columns(self, view: MarketView) -> RiskColumns:
        """Return what a margin reads, at *view*.

        Raises
        ------
        InvalidInputError
            If what an instrument needs is missing from *view* or malformed; the message names it.
        """
        self._check(view)
        terms, paid, moves = self._terms, self._paid, self._moves
        price_usd, anchor, vol = self._anchored(view)
        vols = self._scenarios.shocked_vol(vol, view.years)
        base = model_value(terms, anchor[:, None], vol[:, None], view.years)
        shocked_value = model_value(
            terms,
            anchor[:, None] * (1.0 + moves),
            np.stack([vols[shock] for _, shock in self._scenarios.grid], axis=1),
            view.years,
        )
        moved_usd = np.where(
            paid.moved[:, None], price_usd[:, None] * (1.0 + moves), price_usd[:, None]
        )
        linear_usd = np.where(terms.option, view.spot_usd, anchor * price_usd)
        return RiskColumns(
            value=np.where(terms.option, view.mark, base[:, 0]),
            notional_usd=np.where(terms.inverse & ~terms.option, 1.0, linear_usd),
            risk=shocked_value * moved_usd - base * price_usd[:, None],
            asset_risk=np.where(self._moving, view.asset_price_usd, 0.0)[:, None] * moves,
        )

    def arrays(self, view: MarketView) -> RiskArrays:
        """Return the same and the greeks.

        Raises
        ------
        InvalidInputError
            As `columns`.
        """
        columns = self.columns(view)
        price_usd, anchor, vol = self._anchored(view)
        delta, gamma, vega, theta = _greeks(
            self._terms, self._paid, view._replace(vol=vol), anchor, price_usd
        )
        return RiskArrays(
            **columns._asdict(),
            delta=delta,
            gamma=gamma,
            vega=vega,
            theta=theta,
            labels=self._scenarios.labels,
        )

    # Prices of the settlement assets, what each instrument is valued from, and its volatility.
    def _anchored(self, view: MarketView) -> tuple[FloatArray, FloatArray, FloatArray]:
        option = self._terms.option
        anchor = np.where(option, view.forward_usd, view.mark)
        vol = np.where(option & (view.years > 0.0), view.vol, 0.0)
        return view.asset_price_usd[self._paid.settle], anchor, vol

    def _check(self, view: MarketView) -> None:
        for name, column in view._asdict().items():
            expected = len(self._assets if name == "asset_price_usd" else self._instruments)
            if column.shape != (expected,):
                raise InvalidInputError(
                    f"view.{name} must have shape ({expected},), was {column.shape}"
                )
        option, years = self._terms.option, view.years
        prices_usd = view.asset_price_usd[self._paid.settle]
        good = _positive(view.spot_usd) & _positive(prices_usd)
        good &= np.where(
            option,
            _positive(view.forward_usd) & _nonnegative(view.mark) & np.isfinite(years),
            _positive(view.mark),
        )
        good &= ~option | (years <= 0.0) | _nonnegative(view.vol)
        for i in np.flatnonzero(~good).tolist():
            _raise_for(self._instruments[i], view, i, float(prices_usd[i]))


# With the forward F = a S, the value v(F) in settlement units and their price P(S) in USD, the
# derivatives of P v follow from the product rule; P moves with S where it is the same coin.
def _greeks(
    terms: Terms,
    paid: _Settlement,
    view: MarketView,
    anchor: FloatArray,
    price_usd: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    v = np.where(terms.inverse, -1.0 / anchor, anchor)
    v_f = np.where(terms.inverse, anchor**-2.0, 1.0)
    v_ff = np.where(terms.inverse, -2.0 * anchor**-3.0, 0.0)
    vega, theta = np.zeros_like(v), np.zeros_like(v)
    at = terms.option
    if at.any():
        f = anchor[at]
        option = black76(
            forward=f,
            strike=terms.strike[at],
            years=np.maximum(view.years[at], 0.0),
            vol=view.vol[at],
            call=terms.call[at],
        )
        coin = terms.inverse[at]
        unit = np.where(coin, 1.0 / f, 1.0)
        per_f = np.where(coin, 1.0 / f, 0.0)  # minus the slope of `unit`, relative
        v[at] = option.value * unit
        v_f[at] = (option.delta - option.value * per_f) * unit
        v_ff[at] = (option.gamma - 2.0 * per_f * (option.delta - option.value * per_f)) * unit
        vega[at], theta[at] = option.vega * unit, option.theta * unit
    ratio = anchor / view.spot_usd
    slope = np.where(paid.own, price_usd / view.spot_usd, 0.0)
    delta = slope * v + price_usd * ratio * v_f
    gamma = 2.0 * slope * ratio * v_f + price_usd * ratio**2 * v_ff
    return delta, gamma, vega * price_usd, theta * price_usd


def _settlement(
    instruments: Sequence[Instrument], *, assets: Sequence[str], shocked: frozenset[str]
) -> _Settlement:
    if unknown := sorted(shocked - set(assets)):
        raise InvalidInputError(f"shocked must be assets of the venue, was {unknown[0]!r}")
    column_of = {symbol: a for a, symbol in enumerate(assets)}
    for instrument in instruments:
        if instrument.settlement not in column_of:
            raise InvalidInputError(
                f"settlement of {instrument.symbol} must be an asset of the venue,"
                f" was {instrument.settlement!r}"
            )
    return _Settlement(
        settle=np.array([column_of[i.settlement] for i in instruments], np.int64),
        moved=np.array([i.settlement in shocked for i in instruments], np.bool_),
        own=np.array(
            [i.settlement in shocked and i.settlement == i.underlying for i in instruments],
            np.bool_,
        ),
    )


def _positive(numbers: FloatArray) -> NDArray[np.bool_]:
    return (numbers > 0.0) & (numbers < np.inf)


def _nonnegative(numbers: FloatArray) -> NDArray[np.bool_]:
    return (numbers >= 0.0) & (numbers < np.inf)


_CONTRACT_NEEDS = (("spot_usd", "finite and > 0"), ("mark", "finite and > 0"))
_OPTION_NEEDS = (
    ("spot_usd", "finite and > 0"),
    ("forward_usd", "finite and > 0"),
    ("mark", "finite and >= 0"),
    ("years", "finite"),
    ("vol", "finite and >= 0"),
)
_HOLDS: dict[str, Callable[[float], bool]] = {
    "finite": math.isfinite,
    "finite and > 0": lambda number: 0.0 < number < math.inf,
    "finite and >= 0": lambda number: 0.0 <= number < math.inf,
}


# Says which rule an instrument breaks, one of them being broken.
def _raise_for(instrument: Instrument, view: MarketView, i: int, price_usd: float) -> None:
    for name, rule in _OPTION_NEEDS if isinstance(instrument, Option) else _CONTRACT_NEEDS:
        number = float(getattr(view, name)[i])
        if name == "vol" and view.years[i] <= 0.0:
            continue  # after expiry only the forward counts
        if not _HOLDS[rule](number):
            raise InvalidInputError(f"{name} of {instrument.symbol} must be {rule}, was {number:g}")
    raise InvalidInputError(
        f"price of {instrument.settlement}, which settles {instrument.symbol},"
        f" must be finite and > 0, was {price_usd:g}"
    )

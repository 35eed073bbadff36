"""Risk arrays: every instrument revalued once under every scenario."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray
from hullmark.domain import Future, Instrument, Option, Perpetual, Spot
from hullmark.errors import InvalidInputError
from hullmark.market import MarketView
from hullmark.pricing import black76
from hullmark.scenarios._model import Terms, model_value, terms_of
from hullmark.scenarios._set import ScenarioSet


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
    paid = _read(instruments, view, assets=assets, shocked=shocked)
    terms = terms_of(instruments)
    price_usd = view.asset_price_usd[paid.settle]
    anchor = np.where(terms.option, view.forward_usd, view.mark)
    view = view._replace(vol=np.where(terms.option & (view.years > 0.0), view.vol, 0.0))
    grid = scenarios.grid
    moves = np.array([move for move, _ in grid])
    vols = scenarios.shocked_vol(view.vol, view.years)
    base = model_value(terms, anchor[:, None], view.vol[:, None], view.years)
    shocked_value = model_value(
        terms,
        anchor[:, None] * (1.0 + moves),
        np.stack([vols[shock] for _, shock in grid], axis=1),
        view.years,
    )
    moved_usd = np.where(
        paid.moved[:, None], price_usd[:, None] * (1.0 + moves), price_usd[:, None]
    )
    risk = shocked_value * moved_usd - base * price_usd[:, None]
    moving = np.array([symbol in shocked for symbol in assets])
    delta, gamma, vega, theta = _greeks(terms, paid, view, anchor, price_usd)
    linear_usd = np.where(terms.option, view.spot_usd, anchor * price_usd)
    return RiskArrays(
        value=np.where(terms.option, view.mark, base[:, 0]),
        notional_usd=np.where(terms.inverse & ~terms.option, 1.0, linear_usd),
        risk=risk,
        asset_risk=np.where(moving, view.asset_price_usd, 0.0)[:, None] * moves,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=theta,
        labels=scenarios.labels,
    )


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


def _read(
    instruments: Sequence[Instrument],
    view: MarketView,
    *,
    assets: Sequence[str],
    shocked: frozenset[str],
) -> _Settlement:
    if unknown := sorted(shocked - set(assets)):
        raise InvalidInputError(f"shocked must be assets of the venue, was {unknown[0]!r}")
    for name, column in view._asdict().items():
        expected = len(assets) if name == "asset_price_usd" else len(instruments)
        if column.shape != (expected,):
            raise InvalidInputError(
                f"view.{name} must have shape ({expected},), was {column.shape}"
            )
    column_of = {symbol: a for a, symbol in enumerate(assets)}
    for i, instrument in enumerate(instruments):
        if instrument.settlement not in column_of:
            raise InvalidInputError(
                f"settlement of {instrument.symbol} must be an asset of the venue,"
                f" was {instrument.settlement!r}"
            )
        _check(instrument, view, i, column_of[instrument.settlement])
    return _Settlement(
        settle=np.array([column_of[i.settlement] for i in instruments], np.int64),
        moved=np.array([i.settlement in shocked for i in instruments], np.bool_),
        own=np.array(
            [i.settlement in shocked and i.settlement == i.underlying for i in instruments],
            np.bool_,
        ),
    )


def _positive(number: float) -> bool:
    return 0.0 < number < np.inf


def _nonnegative(number: float) -> bool:
    return 0.0 <= number < np.inf


Rule = tuple[str, Callable[[float], bool], str]
_PRICE: Rule = ("mark", _positive, "finite and > 0")
_SPOT: Rule = ("spot_usd", _positive, "finite and > 0")
_NEEDED: dict[type[Instrument], tuple[Rule, ...]] = {
    Spot: (_SPOT, _PRICE),
    Perpetual: (_SPOT, _PRICE),
    Future: (_SPOT, _PRICE),
    Option: (
        _SPOT,
        ("forward_usd", _positive, "finite and > 0"),
        ("mark", _nonnegative, "finite and >= 0"),
        ("years", np.isfinite, "finite"),
        ("vol", _nonnegative, "finite and >= 0"),
    ),
}


def _check(instrument: Instrument, view: MarketView, i: int, settle: int) -> None:
    for name, holds, rule in _NEEDED[type(instrument)]:
        number = float(getattr(view, name)[i])
        if name == "vol" and view.years[i] <= 0.0:
            continue  # after expiry only the forward counts
        if not holds(number):
            raise InvalidInputError(f"{name} of {instrument.symbol} must be {rule}, was {number:g}")
    price = float(view.asset_price_usd[settle])
    if not _positive(price):
        raise InvalidInputError(
            f"price of {instrument.settlement}, which settles {instrument.symbol},"
            f" must be finite and > 0, was {price:g}"
        )

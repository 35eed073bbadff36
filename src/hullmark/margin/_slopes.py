"""Slopes: how fast the parts of maintenance health can move with each price, within a box of them.

A *factor* is a price that moves alone: the USD price of each asset, then the mark of each contract
without optionality. An option moves with the index of its underlying; volatility and time to expiry
are what they are. Slopes are USD per contract unit and per relative move of the factor, counted
from the centre of its box: `u = price / centre`.

Parts that move together are bounded together: an option's value and its scenario profit share one
delta, which is monotone in the forward, so that its bounds lie at the edges of the box.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hullmark.core import NANO, FloatArray
from hullmark.domain import Option, Spot
from hullmark.errors import InvalidInputError
from hullmark.margin._lanes import BLOCK
from hullmark.margin._market import MarginMarket
from hullmark.pricing import black76

_ROUNDING = 1e-12  # relative: bounds are widened by it

Bounds: TypeAlias = tuple[FloatArray, FloatArray]  # least, most


class Slopes(NamedTuple):
    """Bounds over ``K`` boxes. ``A`` assets, ``I`` instruments, ``F = A + I`` factors."""

    centre: FloatArray  # (K, F) USD; 1 where nothing is meant, as the mark of an option
    low: FloatArray  # (K, F) least price of the box
    high: FloatArray  # (K, F) largest price of the box
    own: NDArray[np.int32]  # (K, I) factor of the contract's own price
    settle: NDArray[np.int32]  # (K, I) asset it is paid in, where that price moves apart; else -1
    equity_low: FloatArray  # (K, I) of the credit of its value, in `own`
    equity_high: FloatArray  # (K, I)
    scenario_low: (
        FloatArray  # (K, I, S8) of that and the scenario's profit, times the model's factor
    )
    scenario_high: FloatArray  # (K, I, S8)
    settle_low: FloatArray  # (K, I, S8) of the scenario's profit in `settle`
    settle_high: FloatArray  # (K, I, S8)
    worth_low: FloatArray  # (K, I) settlement units per contract unit, in the box
    worth_high: FloatArray  # (K, I) both 0 for an inverse option, all of which is in `own`
    notional_high: FloatArray  # (K, I) USD per contract unit
    notional_own: FloatArray  # (K, I) >= 0
    notional_settle: FloatArray  # (K, I) >= 0
    credit_low: FloatArray  # (K, A) of the credit for one more USD of an asset
    credit_high: FloatArray  # (K, A)
    asset_moves: (
        FloatArray  # (K, A, S8) of the scenario's profit of a unit, times the model's factor
    )
    moves: NDArray[np.bool_]  # (K, A) whether the asset's price moves


def factor_prices(market: MarginMarket) -> FloatArray:
    """Return the price of each factor at a market, shape (F,)."""
    option = np.array([isinstance(i, Option) for i in market.instruments], np.bool_)
    marks = np.where(option, 1.0, market.view.mark)
    return np.concatenate([market.view.asset_price_usd, marks])


def build_slopes(market: MarginMarket, *, fixed: Collection[str], radii: Sequence[float]) -> Slopes:
    """Return the slopes in boxes around a market, one per radius.

    Parameters
    ----------
    market : MarginMarket
        The terms, and the prices at the centre of the box.
    fixed : collection of str
        The assets whose price never moves.
    radii : sequence of float
        How far each other price may be from the centre, as a share of it; above 0 and below 1.

    Raises
    ------
    InvalidInputError
        If a radius breaks its rule, or there is none; or an option carries what it owes, which only
        contracts do.
    """
    if not radii or not all(0.0 < radius < 1.0 for radius in radii):
        raise InvalidInputError(f"radii must be some, each > 0 and < 1, was {tuple(radii)}")
    levels = [_slopes(market, fixed, radius) for radius in radii]
    return Slopes(*(np.stack(columns) for columns in zip(*levels, strict=True)))


# The same of one box: the columns without their first axis.
def _slopes(market: MarginMarket, fixed: Collection[str], radius: float) -> Slopes:
    box = _Box(market, fixed, radius)
    option, inverse = box.option, box.inverse
    contract = _inverse_contracts(box) if inverse.any() else _linear_contracts(box)
    if inverse.any():
        contract = _where(inverse, contract, _linear_contracts(box))
    if option.any():
        contract = _where(option, _options(box), contract)
    settle = np.where(box.moves[box.paid_in] & ~(option & inverse), box.paid_in, -1)
    own_price = box.centre[box.own]
    linear = ~inverse & ~option
    notional_high = np.where(linear, box.own_high * box.paid_high, 1.0)
    notional_own = np.where(linear, own_price * box.paid_high, 0.0)
    per_settle = np.where(linear, box.own_high * box.centre[box.paid_in], 0.0)
    return Slopes(
        centre=box.centre,
        low=box.low,
        high=box.high,
        own=box.own.astype(np.int32),
        settle=settle.astype(np.int32),
        equity_low=_down(contract.equity[0]),
        equity_high=_up(contract.equity[1]),
        scenario_low=_padded(_down(contract.scenario[0])),
        scenario_high=_padded(_up(contract.scenario[1])),
        settle_low=_padded(_down(np.where(settle[:, None] < 0, 0.0, contract.settle[0]))),
        settle_high=_padded(_up(np.where(settle[:, None] < 0, 0.0, contract.settle[1]))),
        worth_low=_down(contract.worth[0]),
        worth_high=_up(contract.worth[1]),
        notional_high=_up(np.where(option, box.own_high, notional_high)),
        notional_own=_up(np.where(option, own_price, notional_own)),
        notional_settle=_up(per_settle),
        credit_low=box.credit_low,
        credit_high=box.credit_high,
        asset_moves=_padded(box.asset_moves),
        moves=box.moves,
    )


class _Contract(NamedTuple):
    equity: Bounds  # (K, I)
    scenario: Bounds  # (I, S)
    settle: Bounds  # (I, S)
    worth: Bounds  # (K, I)


class _Box:
    """The terms of the instruments as columns, and the prices of the box that each rests on."""

    def __init__(self, market: MarginMarket, fixed: Collection[str], radius: float) -> None:
        instruments, assets, view = market.instruments, market.assets, market.view
        index = {symbol: a for a, symbol in enumerate(assets)}
        n_assets = len(assets)
        self.market = market
        self.option = np.array([isinstance(i, Option) for i in instruments], np.bool_)
        self.inverse = np.array([not isinstance(i, Spot) and i.inverse for i in instruments], bool)
        self.paid_in = np.array([index[i.settlement] for i in instruments], np.int64)
        self.own = np.array(
            [
                index.get(i.underlying, n_assets + n) if isinstance(i, Option) else n_assets + n
                for n, i in enumerate(instruments)
            ],
            np.int64,
        )
        self.moves = np.array([symbol not in fixed for symbol in assets], np.bool_)
        moves = np.concatenate([self.moves, ~self.option])
        self.centre = factor_prices(market)
        self.low = np.where(moves, self.centre * (1.0 - radius), self.centre)
        self.high = np.where(moves, self.centre * (1.0 + radius), self.centre)
        self.own_low, self.own_high = self.low[self.own], self.high[self.own]
        self.paid_low, self.paid_high = self.low[self.paid_in], self.high[self.paid_in]
        terms = [market.collateral[symbol] for symbol in assets]
        haircut = np.array([t.haircut_maintenance for t in terms])
        capped = np.array([t.cap_usd is not None for t in terms], np.bool_)
        self.credit_low = np.where(capped, 0.0, 1.0 - haircut)
        self.credit_high = np.ones(n_assets)
        self.factor = market.scenario.maintenance_factor
        self.move = np.array([move for move, _ in market.scenarios.grid])
        shocked = np.array([symbol in market.shocked for symbol in assets], np.bool_)
        self.asset_moves = self.factor * np.where(
            shocked[:, None], self.centre[:n_assets, None] * self.move, 0.0
        )
        self.paid_factor = np.where(shocked[self.paid_in][:, None], 1.0 + self.move, 1.0)
        carry = np.zeros(len(instruments)) if market.carry is None else market.carry
        if (carried := np.flatnonzero(self.option & (carry != 0.0))).size:
            raise InvalidInputError(
                f"carry of the option {instruments[carried[0]].symbol} must be 0,"
                f" was {carry[carried[0]]:g}"
            )
        self.carry = carry
        self.carry_moves = carry[:, None] * self.asset_moves[self.paid_in]
        self.vol = np.where(self.option & (view.years > 0.0), view.vol, 0.0)

    @property
    def credit(self) -> Bounds:
        """Of what each instrument is paid in."""
        return self.credit_low[self.paid_in], self.credit_high[self.paid_in]


# Worth m, in a coin at p: m p V' and, in a scenario, m p k with k = (1 + move) c - 1.
def _linear_contracts(box: _Box) -> _Contract:
    own, paid = box.centre[box.own], box.centre[box.paid_in]
    gain = box.factor * ((1.0 + box.move) * box.paid_factor - 1.0)
    at = own * box.paid_low, own * box.paid_high
    settled = paid[:, None] * gain
    each = settled * box.own_low[:, None], settled * box.own_high[:, None]
    return _Contract(
        equity=_times(at, box.credit),
        scenario=_times(_column(at), _plus(_column(box.credit), (gain, gain))),
        settle=_plus((np.minimum(*each), np.maximum(*each)), (-box.carry_moves, -box.carry_moves)),
        worth=(box.own_low - box.carry, box.own_high - box.carry),
    )


# Worth -1/m coins at p: the slope is p m^ / m^2, and the scenario's profit k p / m.
def _inverse_contracts(box: _Box) -> _Contract:
    own, paid = box.centre[box.own], box.centre[box.paid_in]
    kept = box.factor * (1.0 - box.paid_factor / (1.0 + box.move))
    at = box.paid_low * own / box.own_high**2, box.paid_high * own / box.own_low**2
    settled = paid[:, None] * kept
    each = settled / box.own_high[:, None], settled / box.own_low[:, None]
    return _Contract(
        equity=_times(at, box.credit),
        scenario=_times(_column(at), _plus(_column(box.credit), (-kept, -kept))),
        settle=_plus((np.minimum(*each), np.maximum(*each)), (-box.carry_moves, -box.carry_moves)),
        worth=(-1.0 / box.own_low - box.carry, -1.0 / box.own_high - box.carry),
    )


# Per unit F^ p [(V' - f) delta + f (1 + move) c delta_s]; an inverse option is paid in coins, each
# of which is worth F USD: F^ [(V' - f) delta + f c delta_s].
def _options(box: _Box) -> _Contract:
    factor, at = box.factor, box.option
    values, deltas = _option_edges(box, np.zeros(1), box.vol[:, None])
    vols = box.market.scenarios.shocked_vol(box.vol, box.market.view.years)
    shocked = np.stack([vols[shock] for _, shock in box.market.scenarios.grid], axis=1)
    values_moved, deltas_moved = _option_edges(box, box.move, shocked)
    coins = at & box.inverse
    per = np.where(coins[:, None], box.paid_factor, (1.0 + box.move) * box.paid_factor)
    one = np.ones(at.size)
    scale = (
        box.centre[box.own] * np.where(coins, one, box.paid_low),
        box.centre[box.own] * np.where(coins, one, box.paid_high),
    )
    slack = box.credit[0] - factor, box.credit[1] - factor
    delta: Bounds = deltas[0][:, 0], deltas[1][:, 0]
    value: Bounds = values[0][:, 0], values[1][:, 0]
    moved = factor * per * deltas_moved[0], factor * per * deltas_moved[1]
    paid = factor * box.centre[box.paid_in][:, None]
    settle = (
        paid * (box.paid_factor * values_moved[0] - value[1][:, None]) - box.carry_moves,
        paid * (box.paid_factor * values_moved[1] - value[0][:, None]) - box.carry_moves,
    )
    worth = np.where(coins, 0.0, value[0] - box.carry), np.where(coins, 0.0, value[1] - box.carry)
    return _Contract(
        equity=_times(scale, _times(box.credit, delta)),
        scenario=_times(_column(scale), _plus(_column(_times(slack, delta)), moved)),
        settle=settle,
        worth=worth,
    )


# Values and deltas of options at both edges of the box, each in order: least, most. Both are
# monotone in the forward, a put's value falling.
def _option_edges(box: _Box, move: FloatArray, vol: FloatArray) -> tuple[Bounds, Bounds]:
    shape = vol.shape
    values, deltas = [], []
    at = np.broadcast_to(box.option[:, None], shape)
    strike = np.array(
        [i.strike_nano / NANO if isinstance(i, Option) else 1.0 for i in box.market.instruments]
    )
    call = np.array([isinstance(i, Option) and i.call for i in box.market.instruments], np.bool_)
    years = np.maximum(box.market.view.years, 0.0)
    for edge in (box.own_low, box.own_high):
        forward = edge[:, None] * (1.0 + move)
        greeks = black76(
            forward=forward[at],
            strike=np.broadcast_to(strike[:, None], shape)[at],
            years=np.broadcast_to(years[:, None], shape)[at],
            vol=vol[at],
            call=np.broadcast_to(call[:, None], shape)[at],
        )
        value, delta = np.zeros(shape), np.zeros(shape)
        value[at], delta[at] = greeks.value, greeks.delta
        values.append(value)
        deltas.append(delta)
    # The greek is good to 1e-14, whatever its size.
    return (
        (np.minimum(*values), np.maximum(*values)),
        (deltas[0] - _ROUNDING, deltas[1] + _ROUNDING),
    )


def _times(a: Bounds, b: Bounds) -> Bounds:
    corners = a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]
    return np.minimum.reduce(corners), np.maximum.reduce(corners)


def _plus(a: Bounds, b: Bounds) -> Bounds:
    return a[0] + b[0], a[1] + b[1]


def _column(bounds: Bounds) -> Bounds:
    return bounds[0][:, None], bounds[1][:, None]


def _where(chosen: NDArray[np.bool_], a: _Contract, b: _Contract) -> _Contract:
    def pick(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.where(chosen[:, None] if x.ndim == 2 else chosen, x, y)

    return _Contract(*((pick(x[0], y[0]), pick(x[1], y[1])) for x, y in zip(a, b, strict=True)))


def _down(numbers: FloatArray) -> FloatArray:
    return numbers - _ROUNDING * np.abs(numbers)


def _up(numbers: FloatArray) -> FloatArray:
    return numbers + _ROUNDING * np.abs(numbers)


def _padded(numbers: FloatArray) -> FloatArray:
    width = numbers.shape[1] + -numbers.shape[1] % BLOCK
    padded = np.empty((len(numbers), width))
    padded[:, : numbers.shape[1]] = numbers
    padded[:, numbers.shape[1] :] = numbers[:, :1]
    return padded

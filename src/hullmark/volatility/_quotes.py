"""From a chain's quotes to those a smile can be fitted to, and why the others are not.

A price shows of volatility what vega lets through: far from the money, or near expiry, one tick of
price is worth many vol points, and no quote there says anything. That is the information limit of
implied volatility. A quote beyond it is dropped, and the weights fall towards it.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, kernel
from hullmark.errors import InvalidInputError
from hullmark.pricing import black76, implied_vol

VOL_MIN, VOL_MAX = 0.01, 10.0  # fractions per square-root year; what is outside is absurd
PRICE_MIN, PRICE_MAX = 1e-9, 1e12  # USD; what is outside is no price
YEARS_MAX = 1_000.0
TICK_VOL_MAX = 1.0  # 100 vol points: a tick worth more says nothing of the vol
NEIGHBOURS = 2  # strikes on either side
NEIGHBOUR_RATIO, END_RATIO = 1.5, 2.5  # a vol this far from all its neighbours' is absurd
STRIKES_MIN = 5  # raw SVI has five numbers
WINDOW = 2.5  # standard deviations within which quotes count alike
WEIGHT_MIN = 1e-4  # of the most: what is beyond guides the wings where nothing else does
SPREAD_LEAST = 0.005  # half a vol point: no spread makes a quote better than that

_UNTOLD = re.compile(r"\{[^}]*\}")  # the place of a value that is missing or infinite

Source: TypeAlias = Literal["mark", "mid", "bid", "ask"]
Weights: TypeAlias = Literal["window", "vega", "spread"]


class Dropped(NamedTuple):
    """A quote that no smile was fitted to."""

    instrument: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionQuotes:
    """Quotes of one underlying's options, as columns of equal length. NaN is what is missing.

    Raises
    ------
    InvalidInputError
        If the columns differ in length.
    """

    instruments: tuple[str, ...]
    years: FloatArray  # to expiry; equal for options of one expiry
    strike: FloatArray  # USD
    call: NDArray[np.bool_]
    forward: FloatArray  # USD, of the quote's own moment
    vol: FloatArray  # the venue's mark vol, a fraction
    mark: FloatArray  # USD, undiscounted, as are bid and ask
    bid: FloatArray
    ask: FloatArray
    tick: FloatArray  # USD, the least step of the price

    def __post_init__(self) -> None:
        n = len(self.instruments)
        names = ("years", "strike", "call", "forward", "vol", "mark", "bid", "ask", "tick")
        for name in names:
            size = getattr(self, name).shape
            if size != (n,):
                raise InvalidInputError(f"{name} must have shape ({n},), was {size}")

    def implied(self, source: Source) -> FloatArray:
        """Return the vols of the bids, asks, mids or marks; NaN where a price has none.

        A mark is the venue's vol where it gives one, and else implied by its price.
        """
        price = 0.5 * (self.bid + self.ask) if source == "mid" else getattr(self, source)
        vol = self.vol.copy() if source == "mark" else np.full(self.years.size, math.nan)
        with np.errstate(invalid="ignore"):
            priced = (price >= 0.0) & (price <= PRICE_MAX)
        ask = ~np.isfinite(vol) & priced & self._sound()
        if ask.any():
            vol[ask] = implied_vol(
                price=price[ask],
                forward=self.forward[ask],
                strike=self.strike[ask],
                years=self.years[ask],
                call=self.call[ask],
            )
        return vol

    def _sound(self) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            return (
                (self.years > 0.0)
                & (self.years <= YEARS_MAX)
                & _is_price(self.forward)
                & _is_price(self.strike)
            )


def _is_price(column: FloatArray) -> NDArray[np.bool_]:
    """Whether numbers are prices above zero; what is missing is none."""
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = (column >= PRICE_MIN) & (column <= PRICE_MAX)
    return found


class SmileQuotes(NamedTuple):
    """The usable quotes of one expiry, one per strike: call and put are one vol, their mean."""

    years: float
    forward: float  # USD, the median
    strike: FloatArray  # USD, rising
    k: FloatArray  # ln(strike / forward), each of its own moment
    vol: FloatArray
    weight: FloatArray  # of a squared error in vol, at most 1
    tick_vol: FloatArray  # what one tick of price is worth in vol; NaN where ticks are unknown

    @property
    def money_vol(self) -> float:
        """Vol at the money, interpolated between strikes."""
        return float(np.interp(0.0, self.k, self.vol))

    @property
    def deviations(self) -> FloatArray:
        """Log-moneyness in standard deviations of the vol at the money."""
        return self.k / (self.money_vol * math.sqrt(self.years))


def screen(
    quotes: OptionQuotes, *, source: Source = "mark", weights: Weights = "window"
) -> tuple[tuple[SmileQuotes, ...], tuple[Dropped, ...]]:
    """Return the usable quotes by expiry, soonest first, and the others with a reason each.

    Parameters
    ----------
    quotes : OptionQuotes
        Of one underlying.
    source : {"mark", "mid", "bid", "ask"}
        Whose vol is fitted.
    weights : {"window", "vega", "spread"}
        *window*: alike within some 2.5 standard deviations, and falling fast beyond. *vega*: by
        vega. *spread*: by the inverse square of the spread in vol.
    """
    vol = quotes.implied(source)
    tick_vol = _tick_vol(quotes, vol)
    reasons = _reasons(quotes, vol, tick_vol)
    if source != "mark":
        _leave_out_of_money(quotes, reasons)
    kept = np.array([r is None for r in reasons], np.bool_)
    order = np.lexsort((quotes.strike, quotes.years))
    order = order[kept[order]]
    smiles = []
    if order.size:
        years = quotes.years[order]
        starts = np.flatnonzero(np.append(True, years[1:] != years[:-1]))
        for rows in np.split(order, starts[1:]):
            smile = _smile(quotes, rows, vol, tick_vol, weights)
            n = smile.strike.size
            if n >= STRIKES_MIN:
                smiles.append(smile)
                continue
            for i in rows:
                reasons[i] = f"its expiry has {n} usable strikes, fewer than {STRIKES_MIN}"
    dropped = [
        Dropped(name, reason)
        for name, reason in zip(quotes.instruments, reasons, strict=True)
        if reason is not None
    ]
    return tuple(smiles), tuple(dropped)


# What one tick of price is worth in vol: the tick over vega. NaN without a tick or a usable vol.
def _tick_vol(quotes: OptionQuotes, vol: FloatArray) -> FloatArray:
    found = np.full(vol.size, math.nan)
    with np.errstate(invalid="ignore"):
        at = quotes._sound() & (vol > 0.0) & (vol <= VOL_MAX) & (quotes.tick > 0.0)
    if at.any():
        vega = black76(
            forward=quotes.forward[at],
            strike=quotes.strike[at],
            years=quotes.years[at],
            vol=vol[at],
            call=quotes.call[at],
        ).vega
        with np.errstate(divide="ignore", over="ignore"):
            found[at] = 0.01 * quotes.tick[at] / vega
    return found


def _reasons(quotes: OptionQuotes, vol: FloatArray, tick_vol: FloatArray) -> list[str | None]:
    with np.errstate(invalid="ignore"):
        sane = (vol >= VOL_MIN) & (vol <= VOL_MAX)
        rules = (
            (~(quotes.years > 0.0), "it has expired: years {:.4g}", quotes.years),
            (
                quotes.years > YEARS_MAX,
                "expires in {:.4g} years: absurd",
                quotes.years,
            ),
            (~_is_price(quotes.forward), "forward {:g} is no price above 0", quotes.forward),
            (~_is_price(quotes.strike), "strike {:g} is no price above 0", quotes.strike),
            (quotes.bid > quotes.ask, "bid {:g} is above the ask", quotes.bid),
            (~np.isfinite(vol), "no vol, and no price that a vol gives", vol),
            (~sane, "vol {:.4g} is absurd", vol),
            (_alone(quotes, vol, sane), "vol {:.4g} is absurd beside its neighbours", vol),
            (tick_vol > TICK_VOL_MAX, "a tick of price is worth {:.3g} in vol", tick_vol),
        )
    reasons: list[str | None] = [None] * vol.size
    for bad, text, column in reversed(rules):
        for i in np.flatnonzero(bad).tolist():
            value = column[i]
            reasons[i] = text.format(value) if np.isfinite(value) else _UNTOLD.sub("(none)", text)
    seen = set()
    keys = zip(quotes.years.tolist(), quotes.strike.tolist(), quotes.call.tolist(), strict=True)
    for i, key in enumerate(keys):
        if reasons[i] is None:
            if key in seen:
                reasons[i] = "its strike is quoted twice"
            seen.add(key)
    return reasons


# Of a price in the money most is intrinsic value, and its spread is wide: where the other side of
# the strike is quoted too, that one alone is fitted. The mark vols of both are one.
def _leave_out_of_money(quotes: OptionQuotes, reasons: list[str | None]) -> None:
    inside = quotes.call == (quotes.strike < quotes.forward)
    keys = list(zip(quotes.years.tolist(), quotes.strike.tolist(), strict=True))
    others = {
        key
        for key, reason, within in zip(keys, reasons, inside.tolist(), strict=True)
        if reason is None and not within
    }
    for i in np.flatnonzero(inside).tolist():
        if reasons[i] is None and keys[i] in others:
            reasons[i] = "it is in the money, and the other side of its strike is quoted"


def _alone(quotes: OptionQuotes, vol: FloatArray, sane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    order = np.lexsort((quotes.strike, quotes.years))
    order = order[sane[order]]
    found = np.zeros(vol.size, np.bool_)
    bad = np.empty(order.size, np.bool_)
    alone_kernel(quotes.years[order], quotes.strike[order], vol[order], bad)
    found[order] = bad
    return found


# Whether a vol is far above or far below those of all the strikes beside it, two on either side.
# At the end of an expiry, where a smile may be steep, it takes more.
@kernel
def alone_kernel(
    years: FloatArray, strike: FloatArray, vol: FloatArray, out: NDArray[np.bool_]
) -> None:
    for i in range(vol.size):
        low, high, sides = math.inf, 0.0, 0
        for step in (-1, 1):
            j, strikes, last = i + step, 0, strike[i]
            while 0 <= j < vol.size and years[j] == years[i]:
                if strike[j] != last:
                    strikes, last = strikes + 1, strike[j]
                    if strikes > NEIGHBOURS:
                        break
                if strikes > 0:
                    low, high = min(low, vol[j]), max(high, vol[j])
                j += step
            sides += 1 if strikes > 0 else 0
        ratio = NEIGHBOUR_RATIO if sides == 2 else END_RATIO
        out[i] = sides > 0 and (vol[i] > ratio * high or vol[i] * ratio < low)


def _smile(
    quotes: OptionQuotes, rows: NDArray[np.intp], vol: FloatArray, tick_vol: FloatArray,
    weights: Weights,
) -> SmileQuotes:  # fmt: skip
    strike, forward = quotes.strike[rows], quotes.forward[rows]
    starts = np.flatnonzero(np.append(True, strike[1:] != strike[:-1]))
    count = np.diff(np.append(starts, strike.size))

    def mean(values: FloatArray) -> FloatArray:
        summed: FloatArray = np.add.reduceat(values, starts) / count
        return summed

    years, k, level = float(quotes.years[rows[0]]), mean(np.log(strike / forward)), mean(vol[rows])
    if weights == "window":
        money = np.interp(0.0, k, level) * math.sqrt(years)
        weight = np.exp(-((np.minimum(np.abs(k / money), 8.0) / WINDOW) ** 4))
    elif weights == "vega":
        weight = np.exp(-0.5 * np.minimum((k / level) ** 2 / years, 64.0))
    else:
        weight = np.maximum.reduceat(_spread_weight(quotes, rows, vol), starts)
    return SmileQuotes(
        years=years,
        forward=float(np.median(forward)),
        strike=strike[starts],
        k=k,
        vol=level,
        weight=np.minimum(weight + WEIGHT_MIN, 1.0),
        tick_vol=mean(tick_vol[rows]),
    )


# One over the squared spread in vol, of the most: a missing bid is a bid of 0, a missing ask
# leaves nothing. Of call and put the better quoted one speaks for the strike.
def _spread_weight(quotes: OptionQuotes, rows: NDArray[np.intp], vol: FloatArray) -> FloatArray:
    vega = (
        100.0
        * black76(
            forward=quotes.forward[rows],
            strike=quotes.strike[rows],
            years=quotes.years[rows],
            vol=vol[rows],
            call=quotes.call[rows],
        ).vega
    )
    width = (quotes.ask[rows] - np.nan_to_num(quotes.bid[rows])) / np.maximum(vega, 1e-300)
    return np.nan_to_num((SPREAD_LEAST / np.maximum(width, SPREAD_LEAST)) ** 2)

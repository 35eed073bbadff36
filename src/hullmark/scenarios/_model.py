"""The model: what one unit of an instrument is worth at any price of what it is on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import NANO, FloatArray
from hullmark.domain import Instrument, Option, Spot
from hullmark.pricing import black76_value


class Terms(NamedTuple):
    """What the model knows of the instruments, as columns in their order."""

    option: NDArray[np.bool_]
    inverse: NDArray[np.bool_]
    call: NDArray[np.bool_]
    strike: FloatArray  # USD; 1 for what has none


def terms_of(instruments: Sequence[Instrument]) -> Terms:
    """Return the terms of *instruments* as columns."""
    return Terms(
        option=np.array([isinstance(i, Option) for i in instruments], np.bool_),
        inverse=np.array([not isinstance(i, Spot) and i.inverse for i in instruments], np.bool_),
        call=np.array([isinstance(i, Option) and i.call for i in instruments], np.bool_),
        strike=np.array(
            [i.strike_nano / NANO if isinstance(i, Option) else 1.0 for i in instruments],
            np.float64,
        ),
    )


def model_value(terms: Terms, anchor: FloatArray, vol: FloatArray, years: FloatArray) -> FloatArray:
    """Return the value of one unit of each instrument, in settlement units.

    A linear contract is worth its anchor and an inverse one ``-1 / anchor`` coins. An option is
    worth Black-76, divided by the forward where it is inverse; its intrinsic value after expiry.

    Parameters
    ----------
    terms : Terms
        Of ``I`` instruments.
    anchor, vol : ndarray of float64, shape (I, S)
        In each of ``S`` cases the forward of an option and the mark of anything else, USD, above
        0; and the volatility of an option, a fraction per square-root year.
    years : ndarray of float64, shape (I,)
        To expiry; may be below 0.
    """
    value = np.where(terms.inverse[:, None], -1.0 / anchor, anchor)
    at = terms.option
    if at.any():  # one call for all cases: a search comes here thousands of times
        forward, cases = anchor[at], anchor.shape[1]
        premium = black76_value(
            forward=forward.ravel(),
            strike=np.repeat(terms.strike[at], cases),
            years=np.repeat(np.maximum(years[at], 0.0), cases),
            vol=vol[at].ravel(),
            call=np.repeat(terms.call[at], cases),
        ).reshape(forward.shape)
        value[at] = np.where(terms.inverse[at, None], premium / forward, premium)
    return value

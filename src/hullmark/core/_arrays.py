"""Arrays: the only form in which numbers enter a kernel."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hullmark.errors import InvalidInputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def finite_vector(name: str, values: ArrayLike) -> FloatArray:
    """Return *values* as a 1-D float64 array, or name the first element that is not finite.

    Raises
    ------
    InvalidInputError
        If it is not so, or *values* is no 1-D array of numbers.
    """
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as e:
        raise InvalidInputError(f"{name} must be an array of numbers, was {values!r:.80}") from e
    if vector.ndim != 1:
        raise InvalidInputError(f"{name} must be 1-D, was {vector.ndim}-D")
    return _without(name, vector, ~np.isfinite(vector), "finite")


def nonnegative_vector(name: str, values: ArrayLike) -> FloatArray:
    """Return *values* as a 1-D float64 array, or name the first element that is negative.

    Raises
    ------
    InvalidInputError
        If it is not so, or *values* is no 1-D array of numbers.
    """
    vector = finite_vector(name, values)
    return _without(name, vector, vector < 0, "finite and >= 0")


def positive_vector(name: str, values: ArrayLike) -> FloatArray:
    """Return *values* as a 1-D float64 array, or name the first element that is not above 0.

    Raises
    ------
    InvalidInputError
        If it is not so, or *values* is no 1-D array of numbers.
    """
    vector = finite_vector(name, values)
    return _without(name, vector, vector <= 0, "finite and > 0")


def _without(name: str, vector: FloatArray, bad: NDArray[np.bool_], rule: str) -> FloatArray:
    where = np.flatnonzero(bad)
    if where.size:
        i = where[0]
        raise InvalidInputError(f"{name}[{i}] must be {rule}, was {vector[i]:g}")
    return vector

"""The columns of a book, as the tuples that kernels take."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray

Int32Array = NDArray[np.int32]
Int8Array = NDArray[np.int8]


class Rows(NamedTuple):
    """Every account of a book: ``N`` rows, ``A`` assets, ``P`` places for positions.

    The positions of row ``n`` are the places ``start[n]`` to ``start[n] + count[n]``, in instrument
    order. What the other places hold is noise.
    """

    start: IntArray  # (N,) first place
    count: IntArray  # type: ignore[assignment]  # (N,) positions held; hides tuple.count
    instrument: Int32Array  # (P,) number of the instrument, in venue order
    size: FloatArray  # (P,) contract units, negative when short
    quote: FloatArray  # (P,) minus the signed cost, settlement units, funding carry included
    balance: FloatArray  # (N, A) cash in units of each asset, negative when owed
    model: Int8Array  # (N,) code of the margin model


class AccountRow(NamedTuple):
    """One account of a book, in the order in which `margin.evaluate_one` takes it."""

    instrument: Int32Array  # (n,) ascending
    size: FloatArray  # (n,) contract units
    quote: FloatArray  # (n,) settlement units
    balance: FloatArray  # (A,) units
    model: int

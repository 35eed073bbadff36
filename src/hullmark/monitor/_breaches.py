"""Who is under maintenance margin, worst first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray
from hullmark.margin import Evaluation


def margin_ratio(evaluation: Evaluation) -> FloatArray:
    """Return maintenance margin over maintenance equity; infinite where equity does not exist.

    An account that needs nothing and owes nothing has the ratio 0.
    """
    return _ratio(evaluation.equity_maintenance, evaluation.maintenance)


def breaches(evaluation: Evaluation, accounts: Sequence[int]) -> list[int]:
    """Return the accounts in breach: with positions or debts, and health below zero.

    Parameters
    ----------
    evaluation : Evaluation
        One row per account.
    accounts : sequence of int
        The account number of each row.

    Returns
    -------
    list of int
        Account numbers, the worst margin ratio first, and the lower number where ratios are equal.
    """
    equity, needed = evaluation.equity_maintenance, evaluation.maintenance
    rows: NDArray[np.intp] = np.flatnonzero(evaluation.in_breach)
    under = np.array([accounts[row] for row in rows], dtype=np.int64)
    order = np.lexsort((under, -_ratio(equity[rows], needed[rows])))
    found: list[int] = under[order].tolist()
    return found


def _ratio(equity: FloatArray, needed: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = needed / equity
    calm = (needed == 0.0) & (equity >= 0.0)
    return np.where(calm, 0.0, np.where(equity <= 0.0, np.inf, ratio))

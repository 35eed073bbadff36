"""HiGHS behind one call: arrays in, the solution of a linear programme out.

It is the dual simplex method without presolve: charges are not negative, so that trading nothing is
where it may begin, and few pivots lead from there to the cure. What bounds it is a number of
pivots, never time, so that a busy machine changes no plan. Every programme is passed whole and
begins from nothing: what was solved before leaves no trace.

References
----------
.. [1] Huangfu and Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
   Computation 10, 2018: HiGHS. Installed by ``pip install 'hullmark[solver]'``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray
from hullmark.errors import PluginError

PIVOTS_MAX = 2_000  # of one programme; hard ones of 40 positions and 33 scenarios take a hundred
_TOLERANCE = 1e-9  # programmes are scaled to one: a billionth of what is at stake
_OPTIONS: Mapping[str, bool | int | float | str] = {
    "output_flag": False,
    "presolve": "off",
    "solver": "simplex",
    "simplex_strategy": 1,  # dual, serial
    "simplex_scale_strategy": 0,  # they come scaled
    "simplex_iteration_limit": PIVOTS_MAX,
    "parallel": "off",
    "threads": 1,
    "random_seed": 0,
    "primal_feasibility_tolerance": _TOLERANCE,
    "dual_feasibility_tolerance": _TOLERANCE,
}
_SAYS = {"kInfeasible": "no trades reach the target", "kIterationLimit": "too many pivots"}


class Programme(NamedTuple):
    """Minimise ``cost @ x`` with ``0 <= x <= upper`` and ``A x >= least``; A by columns."""

    cost: FloatArray  # (columns,)
    upper: FloatArray  # (columns,)
    least: FloatArray  # (rows,)
    start: NDArray[np.int32]  # (columns + 1,) first entry of each column, and one behind the last
    row: NDArray[np.int32]  # (entries,) of each entry
    entry: FloatArray  # (entries,)


class Solved(NamedTuple):
    """What came of a programme: a point, or the reason why there is none."""

    point: FloatArray | None  # (columns,)
    cost: float  # of the point; nan without one
    pivots: int
    reason: str  # empty where there is a point


class Solver:
    """One HiGHS, made once and used for one programme after the other.

    Raises
    ------
    PluginError
        If highspy is not installed.
    """

    def __init__(self) -> None:
        try:
            from highspy import _core  # noqa: PLC0415  only where a venue names this engine
        except ImportError as e:
            raise PluginError(
                "the linear programme needs highspy, which is not installed:"
                " pip install 'hullmark[solver]'"
            ) from e
        self._highs: Any = _core._Highs()  # HiGHS itself, below its language for models
        for name, value in _OPTIONS.items():
            if self._highs.setOptionValue(name, value) != _core.HighsStatus.kOk:
                raise PluginError(f"highspy must have the option {name}, was {value!r} refused")
        self._optimal = _core.HighsModelStatus.kOptimal

    def solve(self, programme: Programme) -> Solved:
        """Solve one programme. Equal ones give equal bits, whatever was solved before."""
        highs, (cost, upper, least, start, row, entry) = self._highs, programme
        n_columns, n_rows = cost.size, least.size
        highs.passModel(
            n_columns,
            n_rows,
            entry.size,
            1,  # by columns
            1,  # minimise
            0.0,
            cost,
            np.zeros(n_columns),
            upper,
            least,
            np.full(n_rows, np.inf),
            start,
            row,
            entry,
            np.zeros(n_columns, np.int32),
        )
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        pivots = int(info.simplex_iteration_count)
        if status != self._optimal:
            return Solved(None, float("nan"), pivots, _SAYS.get(status.name, status.name))
        point = np.array(highs.getSolution().col_value)
        return Solved(point, float(info.objective_function_value), pivots, "")

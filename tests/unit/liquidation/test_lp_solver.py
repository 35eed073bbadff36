"""HiGHS behind one call: small programmes by hand, and no trace of what was solved before."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import optimize

from hullmark.liquidation import _lp_solver
from hullmark.liquidation._lp_solver import Programme, Solver


def programme(cost, upper, least, rows):
    """Return a programme from the rows of a full matrix."""
    columns = np.array(rows, np.float64).T
    kept = columns != 0.0
    return Programme(
        np.array(cost, np.float64),
        np.array(upper, np.float64),
        np.array(least, np.float64),
        np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32),
        np.nonzero(kept)[1].astype(np.int32),
        columns[kept],
    )


# x + 2 y >= 4 with y <= 1.5: y is the cheaper by what it does.
SMALL = programme([1, 1], [10, 1.5], [4], [[1, 2]])


def test_the_cheapest_point_is_found():
    solved = Solver().solve(SMALL)
    assert solved.point.tolist() == [1.0, 1.5]
    assert (solved.cost, solved.reason) == (2.5, "")
    assert solved.pivots >= 1


def test_a_programme_without_a_point_says_so():
    solved = Solver().solve(programme([1, 1], [1, 1], [4], [[1, 2]]))
    assert solved.point is None
    assert np.isnan(solved.cost)
    assert solved.reason == "no trades reach the target"


def test_too_many_pivots_are_a_reason_and_not_a_matter_of_time(monkeypatch):
    options = dict(_lp_solver._OPTIONS) | {"simplex_iteration_limit": 0}
    monkeypatch.setattr(_lp_solver, "_OPTIONS", options)
    assert Solver().solve(SMALL).reason == "too many pivots"


def random_programme(seed):
    rng = np.random.default_rng(seed)
    n_columns, n_rows = rng.integers(2, 30), rng.integers(1, 12)
    rows = rng.normal(0.3, 1.0, (n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < 0.6)
    upper = rng.uniform(0.1, 3.0, n_columns)
    return programme(rng.uniform(0, 1, n_columns), upper, rows @ (upper * 0.7), rows)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_was_solved_before_leaves_no_trace(first, second):
    used = Solver()
    used.solve(random_programme(first))
    again, fresh = (s.solve(random_programme(second)) for s in (used, Solver()))
    assert again.point.tobytes() == fresh.point.tobytes()
    assert (again.cost, again.pivots) == (fresh.cost, fresh.pivots)


@given(st.integers(0, 10**6))
def test_it_finds_the_least_cost_that_scipy_finds(seed):
    given_ = random_programme(seed)
    full = np.zeros((given_.least.size, given_.cost.size))
    for c in range(given_.cost.size):
        part = slice(given_.start[c], given_.start[c + 1])
        full[given_.row[part], c] = given_.entry[part]
    bounds = [(0.0, upper) for upper in given_.upper]
    peer = optimize.linprog(given_.cost, -full, -given_.least, bounds=bounds, method="highs")
    solved = Solver().solve(given_)
    assert solved.cost == pytest.approx(peer.fun, abs=1e-7)
    assert (full @ solved.point >= given_.least - 1e-7).all()

"""What nets with what, on books small enough to add up by hand."""

import numpy as np
import pytest

from hullmark.book import PositionRows
from hullmark.margin import NettingTables, net

MOVES = np.array([0.1, 0.0, -0.1])
# Two options on one expiry, one on another, and a perpetual; columns: three scenarios, basis up
# and down.
VALUE = np.array(
    [
        [12.0, 10.0, 8.0, 11.0, 9.0],
        [3.0, 5.0, 7.0, 4.0, 6.0],
        [1.0, 2.0, 4.0, 1.5, 2.5],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]
)
TABLES = NettingTables.plain(np.array([0, 0, 1, -1]), VALUE, VALUE[:, 1].copy(), MOVES)


def netted(*sizes, linear=0.0, tables=TABLES):
    """Return the outcome of one row that holds so much of each contract."""
    held = np.flatnonzero(sizes)
    rows = PositionRows(
        start=np.array([0, len(held)]),
        contract=held.astype(np.int64),
        size=np.array(sizes, np.float64)[held],
    )
    return net(rows, np.array([linear]), tables, keep=True)


def test_an_expiry_gains_what_its_options_gain_together():
    found = netted(1, 1, 0, 0)
    assert found.profit.tolist() == [[0, 0, 0]]
    assert found.option_value.tolist() == [15]
    assert found.worst.tolist() == [0]


def test_expiries_and_linear_positions_add_up():
    found = netted(-1, 0, 2, 1, linear=30.0)
    assert found.profit.tolist() == pytest.approx(np.array([[-1.0, 0.0, 3.0]]))
    assert found.scenario.tolist() == [0]
    assert found.worst.tolist() == pytest.approx([-1.0])


def test_the_first_of_equal_scenarios_is_named_and_nothing_happens_before_any():
    tables = TABLES._replace(move=np.array([-0.1, -0.1, -0.1]))
    assert netted(0, 0, 0, 1, linear=10.0, tables=tables).scenario.tolist() == [0]
    assert netted(0, 0, 0, 1, tables=tables).scenario.tolist() == [3]


def test_a_discount_depends_on_the_sign_of_the_expiry_s_value():
    tables = TABLES._replace(positive=np.array([0.5, 0.5]), negative=np.array([2.0, 2.0]))
    assert netted(1, 0, 0, 0, tables=tables).profit.tolist() == [[-4, -5, -6]]
    assert netted(-1, 0, 0, 0, tables=tables).profit.tolist() == [[-14, -10, -6]]


def test_a_scenario_that_rotates_takes_each_expiry_s_change_as_a_loss():
    tables = TABLES._replace(rotates=np.array([True, False, False]))
    assert netted(1, 0, 1, 0, tables=tables).profit.tolist() == [[-3, 0, 0]]


def test_weights_come_before_reliefs_and_a_share_of_what_is_gained_counts():
    tables = TABLES._replace(
        weight=np.array([0.5, 1.0, 1.0]), relief=np.array([3.0, 0.0, 1.0]), gain_share=0.25
    )
    found = netted(0, 0, 0, 1, linear=-100.0, tables=tables)
    assert found.profit.tolist() == pytest.approx(np.array([[-2.0, 0.0, 9.0 * 0.25]]))
    small = netted(0, 0, 0, 1, linear=-20.0, tables=tables)
    assert small.profit.tolist() == pytest.approx(np.array([[0.0, 0.0, 1.0 * 0.25]]))


def test_the_basis_takes_the_worse_move_of_each_expiry_and_no_gain():
    tables = TABLES._replace(basis=np.array([2.0, 10.0]))
    assert netted(1, 0, 0, 0, tables=tables).basis.tolist() == [-2]
    assert netted(1, 0, 1, 0, tables=tables).basis.tolist() == [-2 - 5]
    found = netted(1, 1, 0, 0, tables=tables._replace(basis=np.array([0.0, 0.0])))
    assert found.basis.tolist() == [0]


def test_the_basis_is_the_worst_where_no_scenario_is_worse():
    tables = TABLES._replace(basis=np.array([2.0, 0.0]))
    tie = netted(1, 0, 0, 0, tables=tables)
    assert (tie.worst.tolist(), tie.scenario.tolist()) == ([-2], [3])
    less = netted(1, 0, 0, 0, tables=tables._replace(basis=np.array([1.9, 0.0])))
    assert (less.worst.tolist(), less.scenario.tolist()) == ([-2], [2])


def test_an_empty_row_loses_nothing():
    found = netted(0, 0, 0, 0)
    assert found.worst.tolist() == found.basis.tolist() == [0]
    assert found.scenario.tolist() == [3]


def test_profits_are_kept_only_when_asked_for():
    rows = PositionRows(np.array([0, 1]), np.array([0]), np.array([1.0]))
    assert net(rows, np.zeros(1), TABLES).profit.shape == (0, 3)

"""Tests of breaches: who is in them, and in which order."""

import numpy as np

from hullmark.margin import Evaluation
from hullmark.monitor import breaches, margin_ratio


def evaluation(equity, maintenance):
    """Return an evaluation whose other columns nobody asks for."""
    columns = [np.zeros(len(equity))] * len(Evaluation._fields)
    found = Evaluation(*columns)
    return found._replace(
        equity_maintenance=np.array(equity, float),
        maintenance=np.array(maintenance, float),
        at_risk=np.ones(len(equity), bool),
    )


def test_the_ratio_is_infinite_without_equity_and_zero_without_need():
    ratio = margin_ratio(evaluation([100, 0, -5, 0, -1, 7], [50, 10, 10, 0, 0, 0]))
    assert ratio.tolist() == [0.5, np.inf, np.inf, 0.0, np.inf, 0.0]


def test_breaches_come_worst_first_and_then_by_account():
    found = evaluation([10, 10, 100, 5, 10, 0], [20, 30, 99, 15, 10, 1])
    assert breaches(found, [107, 105, 101, 103, 109, 100]) == [100, 103, 105, 107]


def test_who_holds_no_position_and_owes_nothing_is_in_no_breach():
    found = evaluation([10, 10], [20, 30])._replace(at_risk=np.array([True, False]))
    assert breaches(found, [107, 105]) == [107]


def test_the_order_of_rows_does_not_matter():
    equity, needed = np.array([10.0, 10, 5, -1, 3]), np.array([20.0, 30, 15, 0, 9])
    accounts = np.array([5, 4, 3, 2, 1])
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(5)
        mixed = evaluation(equity[order], needed[order])
        assert breaches(mixed, accounts[order].tolist()) == [2, 1, 3, 4, 5]

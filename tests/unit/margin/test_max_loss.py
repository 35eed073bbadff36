"""The most that an expiry can lose, against a plain search of settlement prices."""

import numpy as np
import pytest

from hullmark.margin import max_loss
from hullmark.margin._max_loss import max_loss_kernel

from .held import FORWARDS, random_accounts, rows_of


def least_payoff(account, expiry):
    """Return the least payoff at zero, at every strike and between them, at most 0."""
    options = [(k, side, s) for e, k, side, s in account if e == expiry and k is not None]
    settlements = sorted({0, *(k for k, _, _ in options)})
    least = 0.0
    for low, high in zip(settlements, [*settlements[1:], settlements[-1]], strict=True):
        for at in np.linspace(low, high, 9):
            payoffs = [s * max(at - k if side == "call" else k - at, 0) for k, side, s in options]
            least = min(least, sum(payoffs))
    return least


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_worst_settlement_of_a_dense_search(seed):
    accounts = random_accounts(seed)
    rows = rows_of(accounts)
    names = [market.path.rpartition(".")[2] for _, market in rows.columns.expiries]
    found = max_loss(rows.columns, rows.positions)
    expected = [[least_payoff(account, name) for name in names] for account in accounts]
    assert found == pytest.approx(np.array(expected), rel=1e-14)
    assert set(names) == set(FORWARDS)


def test_a_short_box_loses_its_width():
    box = [
        ("far", 80_000, "call", -1),
        ("far", 80_000, "put", 1),
        ("far", 100_000, "call", 1),
        ("far", 100_000, "put", -1),
    ]
    rows = rows_of([box])
    assert max_loss(rows.columns, rows.positions).tolist() == [[-20_000.0]]


def test_what_can_only_pay_loses_nothing():
    rows = rows_of([[("far", 80_000, "call", 1)], [("near", 80_000, "put", 2)], []])
    assert not max_loss(rows.columns, rows.positions).any()


def test_the_kernel_is_its_source_to_the_bit():
    rows = rows_of(random_accounts(7))
    columns = rows.columns
    group = np.where(columns.option, columns.expiry, -1)
    plain = np.zeros((rows.count, len(columns.expiries)))
    max_loss_kernel.py_func(*rows.positions, group, columns.strike, columns.call, plain)
    assert max_loss(columns, rows.positions).tobytes() == plain.tobytes()

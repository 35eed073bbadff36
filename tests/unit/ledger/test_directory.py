"""Rows by account, many at once, against a dictionary."""

import numpy as np
from hypothesis import given, strategies as st

from hullmark.ledger import Ledger
from hullmark.ledger._directory import Directory

accounts = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
groups = st.lists(st.lists(accounts, max_size=60), max_size=4)


@given(groups, st.lists(accounts, min_size=1))
def test_every_account_is_found_whenever_it_was_opened_and_no_other_is(groups, wanted):
    directory, row_of = Directory(), {}
    for group in groups:
        for account in group:
            row_of.setdefault(account, len(row_of))
        numbers = np.array(list(row_of), np.int64)
        asked = np.array([*wanted, *row_of], np.int64)
        expected = [row_of.get(account, -1) for account in asked.tolist()]
        assert directory.rows_of(asked, numbers).tolist() == expected


def test_accounts_that_share_a_seat_are_told_apart():
    """A thousand accounts, of which many begin at one seat, in a table that grows under them."""
    directory, numbers = Directory(), np.arange(1_000) << 40
    for n in (1, 31, 32, 33, 500, 1_000):
        assert directory.rows_of(numbers, numbers[:n]).tolist() == [
            *range(n),
            *[-1] * (1_000 - n),
        ]


def test_a_ledger_knows_the_rows_of_accounts_opened_meanwhile():
    ledger = Ledger()
    wanted = np.array([7, 5, 9])
    assert ledger.rows_of(wanted).tolist() == [-1, -1, -1]
    for account in (5, 7):
        ledger.open(account)
        assert ledger.rows_of(wanted).tolist() == [ledger.row_of.get(a, -1) for a in (7, 5, 9)]
    assert ledger.rows_of(np.zeros(0, np.int64)).tolist() == []

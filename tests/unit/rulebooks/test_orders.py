"""What orders that rest add to the initial check, and to it alone."""

import pytest

from hullmark.domain import Portfolio
from hullmark.rulebooks import statements

from .documents import BOOKS, IN_COIN, ORDER, changed


def margins(name, *orders):
    document = Portfolio.parse_tree(changed({**IN_COIN, "accounts.0.orders": list(orders)}))
    (statement,) = statements(document, BOOKS[name])
    return statement.initial_margin, statement.maintenance_margin


def test_a_bid_for_an_option_adds_the_premium_that_it_would_pay():
    plain = margins("deribit-standard")
    bid = {**ORDER, "strike": "90000", "type": "put", "size": "2", "price": "0.01"}
    found = margins("deribit-standard", bid)
    assert found[0] - plain[0] == pytest.approx(0.02, abs=1e-15)
    assert found[1] == plain[1]


@pytest.mark.parametrize("name", ["deribit-standard", "deribit-portfolio"])
def test_the_worse_side_counts_and_not_both(name):
    ask, bid = {**ORDER, "size": "-3"}, {**ORDER, "size": "0.1"}
    plain, asked = margins(name), margins(name, ask)
    assert asked[0] > plain[0]
    assert margins(name, ask, bid) == asked

"""The cheapest single trade: it frees what it says, and nothing dearer is proposed."""

import pytest

from hullmark.domain import Portfolio
from hullmark.rulebooks import explain

from .documents import ABSENT, BOOKS, changed


def cheapest(name, changes=None):
    document = Portfolio.parse_tree(changed(changes or {}))
    found = explain(document, BOOKS[name], "a")
    return document, found.statements, found.cheapest


@pytest.mark.parametrize("name", ["derive-portfolio-2", "derive-portfolio", "derive-standard"])
def test_it_frees_what_it_says_when_it_is_made(name):
    document, (before,), (freeing,) = cheapest(name)
    after = explain(document, BOOKS[name], "a", trade=freeing.trade).after
    gained = after[0].initial_excess - before.initial_excess - freeing.cost
    assert gained == pytest.approx(freeing.freed, rel=1e-9)
    assert freeing.asked == pytest.approx(0.1 * before.initial_margin)
    assert freeing.enough == (freeing.freed >= freeing.asked)


def test_it_makes_up_what_is_missing():
    poor = {"accounts.0.cash": {"USDC": "13000"}}
    _, (before,), (freeing,) = cheapest("derive-portfolio-2", poor)
    assert before.initial_excess < 0.0
    assert freeing.asked == -before.initial_excess
    assert freeing.enough
    assert freeing.freed >= freeing.asked


def test_fees_rank_what_is_proposed_and_the_least_size_that_is_enough_is_found():
    free = {"trade_cost": {"linear": "0", "option": "1", "option_cap": "1"}}
    changes = {"accounts.0.options": [], "parameters": free}
    _, _, (freeing,) = cheapest("derive-portfolio-2", changes)
    assert freeing.cost == 0.0
    assert freeing.trade.contract.kind == "perpetual"
    assert float(freeing.trade.size) == pytest.approx(-0.1, rel=0.01)


def test_an_account_without_a_requirement_has_none_to_free():
    changes = {"accounts.0.options": [], "accounts.0.perpetuals": []}
    assert cheapest("derive-portfolio-2", changes)[2] == ()


def test_contracts_that_the_document_prices_in_part_are_left_out():
    """A perpetual without confidence and options without marks are no candidates."""
    changes = {
        "accounts.0.perpetuals": [],
        "market.underlyings.BTC.perpetual.confidence": ABSENT,
    }
    _, _, (freeing,) = cheapest("derive-portfolio-2", changes)
    assert freeing.trade.contract.kind == "option"
    coin = {"accounts.0.cash": {"BTC": "5"}, "accounts.0.perpetuals": []}
    _, _, (freeing,) = cheapest("deribit-standard", coin)
    assert freeing.trade.contract.kind == "option"


def test_a_hedge_may_be_sold():
    free = {"trade_cost": {"linear": "0", "option": "1", "option_cap": "1"}}
    put = {"underlying": "BTC", "expiry": "march", "strike": "90000", "type": "put", "size": "-2"}
    changes = {"accounts.0.perpetuals": [], "accounts.0.options": [put], "parameters": free}
    _, _, (freeing,) = cheapest("derive-portfolio-2", changes)
    assert freeing.trade.contract.kind == "perpetual"
    assert freeing.trade.size < 0

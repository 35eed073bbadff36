"""A document of version 1 under a rule book: read where it says the same, refused where not."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.domain import Document
from hullmark.errors import DocumentError
from hullmark.rulebooks import load_rulebook, portfolio_of, statements

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"
TREE = json.loads(EXAMPLE.read_text(encoding="utf-8"))
TREE["accounts"] = TREE["accounts"][:1]  # the short strangle, which settles in the coin


def converted(name="deribit-portfolio", *, tree=None):
    book = load_rulebook(name).open()
    return portfolio_of(Document.parse_tree(TREE if tree is None else tree), book)


def test_positions_prices_and_cash_are_those_of_the_document():
    portfolio = converted()
    (account,) = portfolio.accounts
    there = portfolio.market.underlyings["BTC"]
    assert account.cash == {"BTC": Decimal("1.5"), "USDC": Decimal(20_000)}
    assert not account.collaterals
    sizes = {p.contract.name: p.size for p in account.positions}
    assert sizes == {
        "BTC perpetual": 32_000,
        "BTC 2026-03-27T08:00:00Z 58000 put": -4,
        "BTC 2026-03-27T08:00:00Z 72000 call": -4,
    }
    (expiry,) = there.expiries.values()
    assert (there.spot, there.perpetual) == (64_000, Decimal("63980.5"))
    assert (expiry.forward, expiry.rate) == (Decimal("64200.5"), 0)
    assert expiry.vol(Decimal(58_000), call=False) == Decimal("0.62")
    assert expiry.marks[Decimal(72_000), True] == Decimal("0.031")


def test_it_is_margined_as_any_document():
    coin, cash = statements(converted("deribit-standard"), load_rulebook("deribit-standard"))
    assert (coin.currency, cash.currency) == ("BTC", "USDC")
    profit = 32_000 / 63_500 - 32_000 / 63_980.5
    assert coin.cash == 1.5
    assert coin.mark_to_market == pytest.approx(1.5 + profit)  # options are in the requirement
    put = 0.075 + 0.0405
    call = 0.075 + 0.031
    linear = 32_000 / 63_980.5
    kept = 4 * (put + call) + linear * (0.01 + 0.00005 * linear)
    assert coin.maintenance_margin == pytest.approx(kept)


def test_an_uncertain_grade_is_no_confidence():
    assert converted().market.underlyings["BTC"].perpetual_confidence is None
    tree = copy.deepcopy(TREE)
    del tree["market"]["quotes"]["BTC-PERPETUAL"]["grade"]
    assert converted(tree=tree).market.underlyings["BTC"].perpetual_confidence == 1


def test_an_instrument_that_settles_otherwise_is_refused_by_name():
    with pytest.raises(DocumentError, match=r"'BTC-27MAR26-58000-P': must settle in USDC"):
        converted("derive-portfolio-2")


def test_cash_that_is_no_cash_of_the_book_is_collateral_and_a_debt_in_it_is_refused():
    tree = copy.deepcopy(TREE)
    tree["parameters"]["assets"]["USDT"] = {"decimals": 6, "shocked": False, "peg": "0.99"}
    tree["accounts"][0]["cash"]["USDT"] = "5"
    portfolio = converted(tree=tree)
    assert portfolio.accounts[0].collaterals == {"USDT": 5}
    assert portfolio.market.collaterals["USDT"].price == Decimal("0.99")
    tree["accounts"][0]["cash"]["USDT"] = "-5"
    with pytest.raises(DocumentError, match=r"'short strangle' in USDT must be >= 0, .* was -5"):
        converted(tree=tree)


def test_a_document_without_a_market_is_refused():
    tree = {key: value for key, value in TREE.items() if key != "market"}
    with pytest.raises(DocumentError, match="market must be given"):
        converted(tree=tree)

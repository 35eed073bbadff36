"""The book of a stress test: who is in it, to whom each belongs, and what it may not be."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hullmark.domain import Document, commands
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.runtime import assess
from hullmark.studies import StressScenario, document_book, stress_study, venue_book

from .stressed_venue import CHILD, DEPTH_USD, IDLE, MAKER, OPTION, PARENT, traded

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"


@pytest.fixture(scope="module")
def venue():
    return traded()


@pytest.fixture
def document():
    return Document.parse(EXAMPLE.read_text(encoding="utf-8"))


def test_a_venue_gives_its_accounts_its_terms_and_its_fund(venue):
    book = venue_book(venue)
    assert book.names == tuple(map(str, venue.views.accounts))
    assert (book.slippage, book.depth_usd) == (0.005, DEPTH_USD)
    assert (book.fund_usd, book.fund_units) == (0.0, {"USDT": 30_000.0, "BTC": 0.125})
    assert book.markets == ("BTC", "ETH")
    assert book.moving == ("BTC", "ETH")
    assert book.without_depth == (OPTION,)


def test_an_isolated_account_belongs_to_its_parent_and_everybody_else_to_himself(venue):
    book = venue_book(venue)
    row = {name: n for n, name in enumerate(book.names)}
    belongs = {name: book.names[owner] for name, owner in zip(row, book.owner, strict=True)}
    assert belongs.pop(str(CHILD)) == str(PARENT)
    assert all(name == owner for name, owner in belongs.items())


def test_the_positions_are_those_of_the_ledger(venue):
    book, ledger = venue_book(venue, without=[MAKER]), venue.state.ledger
    found = zip(*(column.tolist() for column in book.held[:3]), strict=True)
    expected = [
        (row, number, held.lots * ledger.instruments[number].lot)
        for row, account in enumerate(venue.views.accounts)
        for number, held in sorted(ledger.positions(account))
        if account != MAKER
    ]
    assert list(found) == expected


@pytest.mark.parametrize("pooled", [True, False])
def test_what_is_set_aside_for_a_market_is_its_own_unless_the_fund_is_pooled(pooled):
    venue = traded(fund={"pooled": pooled})
    for symbol, asset, amount in (
        ("ETH-PERP", "USDT", "5000"),
        ("BTC-PERP", "USDT", "1000"),
        ("BTC-USD-PERP", "BTC", "0.0625"),
    ):
        answer = venue.submit(
            commands.AllocateFund(
                instrument=symbol, asset=asset, quanta=venue.quanta(asset, amount)
            )
        )
        assert answer.refusal is None
    book = venue_book(venue)
    assert book.allocated_usd == ({} if pooled else {"ETH": 5_000.0, "BTC": 5_000.0})
    assert book.fund_at(book.market.tables) == 38_000.0
    assert venue_book(venue, fund_usd=1.0).allocated_usd == {}


def test_what_is_given_stands_for_what_the_venue_has(venue):
    book = venue_book(venue, slippage=0.02, depth_usd={}, fund_usd=5.0, allocated_usd={"ETH": 5.0})
    assert (book.slippage, book.depth_usd) == (0.02, {})
    assert (book.fund_usd, book.fund_units) == (5.0, {})
    assert len(book.without_depth) == 4


def test_a_document_gives_each_account_for_itself(document):
    book = document_book(document, slippage=0.0, without=["leveraged long"])
    assert book.names == tuple(account.name for account in document.accounts)
    np.testing.assert_array_equal(book.owner, [0, 1])
    assert book.which.tolist() == [0]
    assert book.fund_at(book.market.tables) == 0.0


def test_a_document_is_valued_as_its_margin_is(document):
    still = StressScenario("as it stands", {})
    (found,) = stress_study(document_book(document, slippage=0.0), [still]).scenarios
    reports = assess(document, liquidation_prices=False).accounts
    assert found.defaults == sum(report.breach for report in reports)
    assert found.loss_usd == sum(max(-report.net_value_usd, 0.0) for report in reports)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"slippage": 1.0}, r"slippage must be in \[0, 1\), was 1"),
        ({"slippage": float("nan")}, r"slippage must be in \[0, 1\), was nan"),
        ({"fund_usd": -1.0}, "fund_usd must be finite and >= 0, was -1"),
        ({"allocated_usd": {"DOGE": 1.0}}, "allocated_usd must name one of BTC, ETH, was 'DOGE'"),
        ({"allocated_usd": {"BTC": -1.0}}, "allocated_usd of BTC must be >= 0, was -1"),
        (
            {"allocated_usd": {"BTC": 38_000.5}},
            "allocated_usd must be at most the fund of 38,000.00 USD, was 38,000.50",
        ),
        ({"without": [99_999, IDLE]}, "without must be open user accounts, was 99999"),
    ],
)
def test_what_no_book_can_be_is_refused(venue, terms, message):
    with pytest.raises(InvalidInputError, match=message):
        venue_book(venue, **terms)


def test_a_depth_that_is_none_is_refused(venue):
    with pytest.raises(InvalidInputError, match="depth_usd of BTC-PERP must be > 0, was 0"):
        replace(venue_book(venue), depth_usd={"BTC-PERP": 0.0})


def test_a_document_without_the_account_or_without_a_market_is_refused(document):
    with pytest.raises(
        InvalidInputError, match="without must be accounts of the document, was 'x'"
    ):
        document_book(document, slippage=0.0, without=["x"])
    tree = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    del tree["market"]
    with pytest.raises(DocumentError, match="market must be given"):
        document_book(Document.parse_tree(tree), slippage=0.0)

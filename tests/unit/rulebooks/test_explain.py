"""An explanation: marginal requirements, a trade on paper, and what the venue would say to it."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from hullmark.domain import Portfolio
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks import explain, parse_trade, statements

from .documents import BOOKS, changed

COIN = {"accounts.0.cash": {"BTC": "5"}}
IN_COIN = {"deribit-portfolio", "deribit-standard"}


def portfolio(name, **changes):
    return Portfolio.parse_tree(changed({**(COIN if name in IN_COIN else {}), **changes}))


def requirement(document, name):
    (statement,) = statements(document, BOOKS[name])
    return statement.initial_margin, statement.maintenance_margin


@pytest.mark.parametrize("name", [n for n in BOOKS if n != "bybit-options"])
def test_a_position_needs_what_the_account_needs_less_without_it(name):
    document = portfolio(name)
    (account,) = document.accounts
    whole = requirement(document, name)
    found = explain(document, BOOKS[name], "a").positions
    assert [p.contract for p in found] == [p.contract for p in account.positions]
    for marginal in found:
        rest = tuple(p for p in account.positions if p.contract != marginal.contract)
        without = replace(document, accounts=(replace(account, positions=rest),))
        left = requirement(without, name)
        assert marginal.initial == whole[0] - left[0]
        assert marginal.maintenance == whole[1] - left[1]


TRADES = [
    "option BTC march 120000 call 2 at 300",
    "option BTC march 120000 call 5 at 300",
    "option BTC march 90000 put -3 at 10",
    "option BTC june 90000 put -3 at 10",
    "perpetual BTC -1 at 101000",
    "perpetual BTC -3 at 101000",
    "perpetual BTC 2 at 98000",
]


@pytest.mark.parametrize("words", TRADES)
@pytest.mark.parametrize("name", ["derive-portfolio-2", "derive-standard"])
def test_a_trade_moves_the_value_by_its_price_against_the_mark_alone(name, words):
    document = portfolio(name)
    trade = parse_trade(words, document.market)
    found = explain(document, BOOKS[name], "a", trade=trade)
    ((before,), (after,)) = found.statements, found.after
    worth = after.mark_to_market - before.mark_to_market
    if trade.contract.kind == "perpetual":
        expected = float(trade.size * (Decimal(100_050) - trade.price))
    else:
        (one,) = BOOKS[name].open().margin.prices(document.market, [trade.contract])
        expected = float(trade.size) * (one - float(trade.price))
    assert worth == pytest.approx(expected, abs=1e-6)


def test_a_position_that_a_trade_closes_is_gone_and_its_profit_is_cash():
    document = portfolio("derive-portfolio-2")
    trade = parse_trade("perpetual BTC -1 at 101000", document.market)
    (after,) = explain(document, BOOKS["derive-portfolio-2"], "a", trade=trade).after
    assert after.cash == 50_000 + 1_050 + (101_000 - 100_050)


def test_a_trade_in_the_coin_pays_in_the_coin():
    document = portfolio("deribit-portfolio")
    trade = parse_trade("perpetual BTC 100000 at 100050", document.market)
    found = explain(document, BOOKS["deribit-portfolio"], "a", trade=trade)
    ((before,), (after,)) = found.statements, found.after
    assert after.mark_to_market == pytest.approx(before.mark_to_market, abs=1e-12)
    assert found.admission is None


@pytest.mark.parametrize(
    "words",
    [
        "",
        "option BTC",
        "swap BTC 1 at 1",
        "option BTC march 120000 call 2 for 300",
        "perpetual BTC 1 at",
    ],
)
def test_words_that_are_no_trade_are_refused_with_examples(words):
    with pytest.raises(DocumentError, match="a trade must be such as 'option BTC"):
        parse_trade(words, portfolio("derive-portfolio-2").market)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("option BTC july 120000 call 2 at 3", r"trade\.expiry must be one of market"),
        ("option BTC march 120000 straddle 2 at 3", r"trade\.type must be one of call, put"),
        ("perpetual SOL 2 at 3", r"trade\.underlying must be one of market\.underlyings"),
        ("perpetual BTC 0 at 3", r"trade\.size must not be zero"),
        ("perpetual BTC 1 at -3", r"trade\.price must be > 0"),
        ("perpetual BTC 1 at 0", r"trade\.price must be > 0, was '0'"),
    ],
)
def test_a_trade_is_read_as_an_order_is(words, message):
    with pytest.raises(DocumentError, match=message):
        parse_trade(words, portfolio("derive-portfolio-2").market)


def test_an_account_that_is_not_there_is_named():
    with pytest.raises(InvalidInputError, match="account must be one of the document, was 'b'"):
        explain(portfolio("derive-portfolio-2"), BOOKS["derive-portfolio-2"], "b")


BYBIT_CALL = {"underlying": "BTC", "expiry": "march", "strike": "120000", "type": "call"}


@pytest.mark.parametrize(
    ("held", "words", "size", "entry"),
    [
        (("-1", "100"), "option BTC march 120000 call -9 at 20000", "-10", "18010"),
        (("-4", "100"), "option BTC march 120000 call 3 at 20000", "-1", "100"),
        (("2", "100"), "option BTC march 120000 call -3 at 20000", "-1", "20000"),
        (None, "option BTC march 120000 call -1 at 900", "-1", "900"),
    ],
    ids=["enlarged", "reduced", "turned over", "new"],
)
def test_an_option_position_after_a_trade_has_its_average_entry(held, words, size, entry):
    """Bybit's initial margin reads the entry: it must be the one the account would have."""

    def document(option):
        changes = {"accounts.0.perpetuals": [], "accounts.0.options": option}
        return Portfolio.parse_tree(
            changed({**changes, "market.underlyings.ETH": {"spot": "3000"}})
        )

    before = document([] if held is None else [{**BYBIT_CALL, "size": held[0], "entry": held[1]}])
    after = document([{**BYBIT_CALL, "size": size, "entry": entry}])
    trade = parse_trade(words, before.market)
    found = explain(before, BOOKS["bybit-options"], "a", trade=trade, search=False)
    expected = explain(after, BOOKS["bybit-options"], "a", search=False)
    assert found.after[0].initial_margin == expected.statements[0].initial_margin > 0.0
    assert found.cheapest == ()

"""The portfolio document of version 2: what is read, exactly, and what a trade is read as."""

import copy
import json
from decimal import Decimal

import pytest

from hullmark.domain import HeldContract, Portfolio, parse_order
from hullmark.errors import DocumentError

EXPIRY = {
    "seconds": 3_214_052,
    "forward": {"fixed": "0.5", "variable": "96248.7"},
    "forward_confidence": "1",
    "rate": "-0.21",
    "rate_confidence": "0.9",
    "vol_confidence": "0.95",
    "vols": {"120000": "0.5654", "90000.50-C": "0.6", "90000.5-P": "0.61"},
    "marks": {"120000-C": "0.0123"},
    "future": {"mark": "96200"},
}
DOCUMENT = {
    "version": 2,
    "market": {
        "time": "2025-02-18T19:12:28Z",
        "stable": {"price": "1.0002"},
        "underlyings": {
            "BTC": {
                "spot": "95663.500000000000000001",
                "confidence": "0.999999999999999999",
                "perpetual": {"mark": "95650", "confidence": "1", "open_interest": "1000"},
                "expiries": {"2025-03-28": EXPIRY, "late": {"seconds": 0, "forward": "96300"}},
            }
        },
        "collaterals": {"LBTC": {"price": "95569.6"}, "WETH": {"price": "3000"}},
    },
    "parameters": {"factors": {"initial": "1.25"}},
    "accounts": [
        {
            "name": "a",
            "cash": {"USDC": "-320000", "BTC": "0.5"},
            "collaterals": {"LBTC": "0.4", "WETH": "0.0"},
            "perpetuals": [
                {"underlying": "BTC", "size": "1.5", "entry": "95000", "unsettled": "-7"}
            ],
            "futures": [{"underlying": "BTC", "expiry": "2025-03-28", "size": "1"}],
            "options": [
                {
                    "underlying": "BTC",
                    "expiry": "2025-03-28",
                    "strike": "120000.00",
                    "type": "call",
                    "size": "-2",
                    "entry": "0.01",
                }
            ],
            "orders": [
                {
                    "kind": "option",
                    "underlying": "BTC",
                    "expiry": "late",
                    "strike": "123456789012345.123456789012345678",
                    "type": "put",
                    "size": "-1",
                    "price": "0",
                }
            ],
        }
    ],
}
CALL = HeldContract("option", "BTC", "2025-03-28", Decimal(120_000), True)


@pytest.fixture
def portfolio():
    return Portfolio.parse(json.dumps(DOCUMENT))


def test_prices_are_read_to_the_last_digit(portfolio):
    there = portfolio.market.underlyings["BTC"]
    assert there.spot == Decimal("95663.500000000000000001")
    assert there.confidence == Decimal("0.999999999999999999")
    assert there.perpetual == 95_650
    assert there.open_interest == 1_000
    expiry = there.expiries["2025-03-28"]
    assert expiry.path == "market.underlyings.BTC.expiries.2025-03-28"
    assert (expiry.forward_fixed, expiry.forward) == (Decimal("0.5"), Decimal("96249.2"))
    assert expiry.rate == Decimal("-0.21")
    assert expiry.future == 96_200
    assert expiry.marks == {(Decimal(120_000), True): Decimal("0.0123")}
    assert portfolio.market.stable == Decimal("1.0002")


def test_a_plain_forward_moves_with_spot_as_a_whole(portfolio):
    late = portfolio.market.underlyings["BTC"].expiries["late"]
    assert (late.forward_fixed, late.forward_variable) == (0, 96_300)
    assert (late.rate, late.vol_confidence, late.svi, late.future) == (None,) * 4


def test_a_volatility_is_of_a_strike_or_of_one_side_of_it(portfolio):
    expiry = portfolio.market.expiry(CALL)
    assert expiry.vol(Decimal("120000.0"), call=True) == Decimal("0.5654")
    assert expiry.vol(Decimal(120_000), call=False) == Decimal("0.5654")
    assert expiry.vol(Decimal("90000.5"), call=True) == Decimal("0.6")
    assert expiry.vol(Decimal("90000.5"), call=False) == Decimal("0.61")
    assert expiry.vol(Decimal(1), call=True) is None


def test_an_account_is_read_with_its_signs_and_without_what_it_has_none_of(portfolio):
    (account,) = portfolio.accounts
    assert account.cash == {"USDC": -320_000, "BTC": Decimal("0.5")}
    assert account.collaterals == {"LBTC": Decimal("0.4")}
    assert [(p.contract.name, p.size, p.entry, p.unsettled) for p in account.positions] == [
        ("BTC perpetual", Decimal("1.5"), 95_000, -7),
        ("BTC 2025-03-28 future", 1, None, 0),
        ("BTC 2025-03-28 120000 call", -2, Decimal("0.01"), 0),
    ]
    assert account.positions[2].contract == CALL
    assert account.positions[2].path == "accounts[0].options[0]"


def test_no_digit_of_a_strike_is_lost(portfolio):
    (order,) = portfolio.accounts[0].orders
    assert order.contract.name == "BTC late 123456789012345.123456789012345678 put"
    assert order.entry == 0


def test_parameters_stay_as_they_are_for_the_rule_book(portfolio):
    assert portfolio.parameters == DOCUMENT["parameters"]


def test_the_order_of_kinds_is_that_of_the_document_alone():
    tree = copy.deepcopy(DOCUMENT)
    tree["accounts"][0] = dict(reversed(tree["accounts"][0].items()))
    assert Portfolio.parse_tree(tree) == Portfolio.parse_tree(DOCUMENT)


def test_a_trade_is_read_as_an_order(portfolio):
    tree = {"kind": "perpetual", "underlying": "BTC", "size": "-1", "price": "95000"}
    order = parse_order(tree, portfolio.market)
    assert (order.contract, order.size) == (HeldContract("perpetual", "BTC"), -1)
    with pytest.raises(DocumentError, match=r"trade\.underlying must be one of market"):
        parse_order({**tree, "underlying": "SOL"}, portfolio.market)
    with pytest.raises(DocumentError, match=r"trade must have the key 'expiry'"):
        parse_order({**tree, "kind": "future"}, portfolio.market)
    with pytest.raises(DocumentError, match=r"trade\.kind must be one of perpetual, future"):
        parse_order({**tree, "kind": ["perpetual"]}, portfolio.market)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "the document must be an object"),
        ({}, "the document must have the key 'accounts', and has not"),
        ({**DOCUMENT, "version": True}, "version must be a whole number, was True"),
        ({**DOCUMENT, "accounts": {}}, "accounts must be a list"),
        ({**DOCUMENT, "market": {}}, "market must have the key 'underlyings'"),
        ({**DOCUMENT, "parameters": []}, "parameters must be an object"),
    ],
)
def test_a_tree_of_another_shape_is_refused(tree, message):
    with pytest.raises(DocumentError, match=message):
        Portfolio.parse_tree(tree)


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(DocumentError, match="must be JSON in UTF-8"):
        Portfolio.parse(text)

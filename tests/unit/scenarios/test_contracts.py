"""Contracts as columns, and volatility off a venue's SVI parameters."""

import math
from decimal import Decimal

import numpy as np
import pytest

from hullmark.domain import HeldContract, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.scenarios import ContractColumns, SviRange, need

QUOTE = {"a": 0.04, "b": 0.4, "rho": -0.4, "m": 0.05, "sigma": 0.1}
SVI = {**{k: str(v) for k, v in QUOTE.items()}, "forward": "101", "years": "0.25"}


def market(**smile):
    near = {
        "seconds": 500,
        "forward": {"fixed": "30", "variable": "70"},
        "vols": {"90": "0.5", "110-C": "0.6", "110-P": "0.7"},
        "marks": {"90-P": "0.01"},
        "future": {"mark": "100.5"},
    }
    far = {"seconds": 864_000, "forward": "101", **(smile or {"vols": {"90": "0.55"}})}
    there = {"spot": "100", "perpetual": {"mark": "99"}, "expiries": {"zz-near": near, "aa": far}}
    other = {"spot": "7", "perpetual": {"mark": "7.5"}}
    return PortfolioMarket.parse(Node("market", {"underlyings": {"B": there, "A": other}}))


def option(expiry, strike, *, call):
    return HeldContract("option", "B", expiry, Decimal(strike), call)


CONTRACTS = [
    option("aa", 90, call=True),
    HeldContract("perpetual", "B"),
    HeldContract("future", "B", "zz-near"),
    option("zz-near", 110, call=True),
    option("zz-near", 110, call=False),
    option("zz-near", 90, call=False),
    HeldContract("perpetual", "A"),
]


def test_contracts_stand_by_underlying_time_and_strike_whatever_their_labels_are():
    columns = ContractColumns.of(market(), [*CONTRACTS, *CONTRACTS])
    assert [c.name for c in columns.contracts] == [
        "A perpetual",
        "B perpetual",
        "B zz-near 90 put",
        "B zz-near 110 put",
        "B zz-near 110 call",
        "B zz-near future",
        "B aa 90 call",
    ]
    assert columns.number == {c: i for i, c in enumerate(columns.contracts)}


def test_columns_hold_what_the_document_says_of_each_contract():
    columns = ContractColumns.of(market(), CONTRACTS)
    assert columns.expiry.tolist() == [-1, -1, 0, 0, 0, 0, 1]
    assert columns.option.tolist() == [False, False, True, True, True, False, True]
    assert columns.perpetual.tolist() == [True, True, *[False] * 5]
    assert columns.call.tolist() == [False, False, False, False, True, False, True]
    assert columns.strike.tolist() == [1, 1, 90, 110, 110, 1, 90]
    assert columns.spot.tolist() == [7, *[100] * 6]
    assert columns.anchor.tolist() == [7.5, 99, 100, 100, 100, 100.5, 101]
    assert columns.vol.tolist() == [0, 0, 0.5, 0.7, 0.6, 0, 0.55]
    assert columns.seconds.tolist() == [500, 864_000]
    assert columns.forward.tolist() == [[30, 70], [0, 101]]
    assert columns.variable_share.tolist() == [0.7, 1]
    assert columns.of_expiry(np.array([5.0, 6.0]), otherwise=-1).tolist() == [
        *[-1, -1],
        *[5, 5, 5, 5],
        6,
    ]
    assert columns.mark[2] == 0.01
    assert np.isnan(columns.mark[[0, 3]]).all()


def test_no_contracts_have_empty_columns():
    columns = ContractColumns.of(market(), [])
    assert columns.contracts == ()
    assert columns.forward.shape == (0, 2)
    assert columns.of_expiry(np.zeros(0)).tolist() == []


def svi_vol(strike, reach=math.inf, most=math.inf):
    k = min(max(math.log(strike / 101), -reach), reach)
    x = k - QUOTE["m"]
    w = QUOTE["a"] + QUOTE["b"] * (QUOTE["rho"] * x + math.hypot(x, QUOTE["sigma"]))
    return math.sqrt(min(w, most) / 0.25)


@pytest.mark.parametrize("strike", [1, 60, 101, 140, 9_000])
def test_volatility_is_read_off_the_parameters_and_held_beyond_their_reach(strike):
    contract = option("aa", strike, call=True)
    level = QUOTE["a"] + QUOTE["b"] * QUOTE["sigma"]
    for svi, expected in (
        (SviRange(), svi_vol(strike)),
        (SviRange(deviations=4.0), svi_vol(strike, 4 * math.sqrt(level))),
        (SviRange(variance_max=0.09), svi_vol(strike, most=0.09)),
    ):
        columns = ContractColumns.of(market(svi=SVI), [contract], svi)
        assert columns.vol.tolist() == pytest.approx([expected], rel=1e-14)


def test_a_strike_without_volatility_is_named_with_its_option():
    columns = ContractColumns.of(market(), [option("aa", 95, call=False)])
    with pytest.raises(DocumentError, match=r"aa must have a vol of the strike 95, or 'svi'"):
        _ = columns.vol


def test_a_future_needs_its_mark():
    columns = ContractColumns.of(market(), [HeldContract("future", "B", "aa")])
    with pytest.raises(DocumentError, match=r"expiries\.aa must have the key 'future'"):
        _ = columns.anchor


def test_what_a_book_reads_must_be_there():
    assert need("p", "rate", Decimal(0)) == 0
    with pytest.raises(DocumentError, match=r"p must have the key 'rate', and has not"):
        need("p", "rate", None)

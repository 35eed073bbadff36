"""Scenarios as they are read and named, and what options are worth in them."""

import math
from decimal import Decimal

import numpy as np
import pytest

from hullmark.domain import HeldContract, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.pricing import black76_value
from hullmark.scenarios import (
    TWISTS,
    ContractColumns,
    Revaluation,
    Shock,
    SkewTwist,
    TermShock,
    parse_shocks,
    shock_labels,
)

SKEW = {
    "k_min": "0.01",
    "width": "4",
    "vol_static": "0.6",
    "vol_slope": "0",
    "linear": {"cap": "0.25", "slope": "0"},
    "absolute": {"cap": "0.25", "slope": "0"},
}
TERM = {
    "up": "0.5",
    "down": "0.3",
    "short_power": "0.3",
    "long_power": "0.13",
    "floor_days": "1",
    "vol_min": "0",
}
MARKET = {
    "underlyings": {
        "ETH": {
            "spot": "3000",
            "perpetual": {"mark": "3001"},
            "expiries": {
                "half": {
                    "seconds": 900,
                    "forward": {"fixed": "1500", "variable": "1510"},
                    "vols": {"2500": "0.8", "3000": "0.7", "3500": "0.9"},
                },
                "far": {
                    "seconds": 8_640_000,
                    "forward": "3100",
                    "vols": {"2500": "0.75", "3000": "0.7", "3500": "0.72"},
                },
            },
        }
    }
}


@pytest.fixture
def columns():
    market = PortfolioMarket.parse(Node("market", MARKET))
    contracts = [
        HeldContract("option", "ETH", expiry, Decimal(strike), call)
        for expiry in ("half", "far")
        for strike in (2_500, 3_000, 3_500)
        for call in (True, False)
    ]
    return ContractColumns.of(market, [HeldContract("perpetual", "ETH"), *contracts])


def revaluation():
    return Revaluation(
        year_days=365.0,
        term=TermShock.parse(Node("p", TERM)),
        twists={shape: SkewTwist.parse(Node("p", SKEW), shape) for shape in TWISTS},
    )


def test_a_scenario_has_a_name_in_words():
    shocks = parse_shocks(
        Node(
            "p",
            [
                {"spot": "1.18", "vol": "up"},
                {"spot": "0.34", "vol": "none", "weight": "0.21"},
                {"spot": "1", "vol": "linear"},
            ],
        )
    )
    assert [s.label for s in shocks] == [
        "+18% vol up",
        "-66% vol same x 0.21",
        "+0% linear skew",
    ]
    assert [s.rotates for s in shocks] == [False, False, True]


def test_equal_scenarios_keep_apart():
    same = Shock(spot=Decimal("1.1"), weight=Decimal("0.21211"))
    nearly = Shock(spot=Decimal("1.1"), weight=Decimal("0.21212"))
    assert shock_labels([same, nearly, same]) == (
        "+10% vol same x 0.2121",
        "+10% vol same x 0.2121 (2)",
        "+10% vol same x 0.2121 (3)",
    )


def test_spot_moves_the_variable_part_of_a_forward_alone(columns):
    shocks = (Shock(spot=Decimal("1.2"), vol="up"), Shock(spot=Decimal("0.5"), vol="down"))
    discount = np.array([0.999, 0.98])
    found = revaluation().values(columns, shocks, discount)
    for i, contract in enumerate(columns.contracts):
        if contract.kind != "option":
            assert not found[i].any()
            continue
        expiry = MARKET["underlyings"]["ETH"]["expiries"][contract.expiry]
        days = expiry["seconds"] / 86_400
        scale = (30 / max(days, 1)) ** (0.3 if days <= 30 else 0.13)
        vol = float(expiry["vols"][str(contract.strike)])
        half = contract.expiry == "half"
        for s, (move, change) in enumerate([(1.2, 1 + 0.5 * scale), (0.5, 1 - 0.3 * scale)]):
            price = black76_value(
                forward=[1_500 + 1_510 * move if half else 3_100 * move],
                strike=[float(contract.strike)],
                years=[days / 365],
                vol=[vol * max(change, 0)],
                call=[contract.call],
            )
            expected = price[0] * (0.999 if half else 0.98)
            assert found[i, s] == pytest.approx(expected, rel=1e-13, abs=1e-12)


def test_a_turned_skew_leaves_the_forward_and_the_money_alone(columns):
    shocks = (Shock(spot=Decimal(1)), *(Shock(spot=Decimal(1), vol=t) for t in TWISTS))
    found = revaluation().values(columns, shocks, np.ones(2))
    far = [c.expiry == "far" and c.strike == 3_500 for c in columns.contracts]
    low = [c.expiry == "far" and c.strike == 2_500 for c in columns.contracts]
    unmoved, linear, absolute = found.T
    assert (linear[far] > unmoved[far]).all()
    assert (absolute[far] == linear[far]).all()
    assert (linear[low] < unmoved[low]).all()
    assert (absolute[low] > unmoved[low]).all()


def test_the_base_is_the_unmoved_market_and_parity_holds(columns):
    base = revaluation().base(columns, np.array([1.0, 0.9]))
    value = dict(zip(columns.contracts, base.tolist(), strict=True))
    for contract, price in value.items():
        if contract.call:
            put = value[contract._replace(call=False)]
            discount, forward = (1, 3_010) if contract.expiry == "half" else (0.9, 3_100)
            parity = discount * (forward - float(contract.strike))
            assert price - put == pytest.approx(parity, abs=1e-10)


def test_no_options_have_no_values():
    market = PortfolioMarket.parse(Node("market", MARKET))
    columns = ContractColumns.of(market, [HeldContract("perpetual", "ETH")])
    assert revaluation().values(columns, (Shock(spot=Decimal(1)),), np.zeros(0)).tolist() == [[0]]
    assert math.isclose(columns.anchor[0], 3_001)


@pytest.mark.parametrize(
    ("terms", "shock", "section"),
    [
        ({"term": None}, Shock(spot=Decimal(1), vol="up"), "vol_shock"),
        ({"twists": {}}, Shock(spot=Decimal(1), vol="linear"), "skew"),
    ],
)
def test_a_scenario_whose_section_is_absent_is_refused(terms, shock, section):
    whole = revaluation()
    whole.check([shock], Node("parameters", {}))
    kept = {name: getattr(whole, name) for name in ("year_days", "term", "twists")}
    with pytest.raises(DocumentError, match=f"parameters must have the key '{section}', since"):
        Revaluation(**{**kept, **terms}).check([shock], Node("parameters", {}))

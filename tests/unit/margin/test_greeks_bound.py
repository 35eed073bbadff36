"""The bound from greeks holds for every book, and a trade adds its own terms to it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from hullmark.domain import Portfolio
from hullmark.rulebooks import load_rulebook, statements

CASES = json.loads(
    (Path(__file__).parents[2] / "golden" / "deribit.json").read_text(encoding="utf-8")
)["cases"]
SPOT = 100_000


def document(options, seconds, coins):
    expiries = {
        label: {
            "seconds": time,
            "forward": str(SPOT + 100 * n),
            "forward_confidence": "1",
            "rate": "0.05",
            "rate_confidence": "1",
            "vol_confidence": "1",
            "vols": {str(strike): "0.6" for strike in range(60_000, 150_000, 10_000)},
        }
        for n, (label, time) in enumerate(seconds.items())
    }
    here = {"spot": str(SPOT), "confidence": "1", "expiries": expiries}
    here["perpetual"] = {"mark": str(SPOT), "confidence": "1"}
    held = [
        {"underlying": "BTC", "expiry": e, "strike": str(k), "type": kind, "size": str(size)}
        for e, k, kind, size in options
    ]
    account = {"name": "a", "cash": {}, "options": held}
    if coins:
        account["perpetuals"] = [{"underlying": "BTC", "size": str(coins), "unsettled": "0"}]
    market = {"stable": {"price": "1"}, "underlyings": {"BTC": here}}
    return Portfolio.parse_tree({"version": 2, "market": market, "accounts": [account]})


def bound_of(portfolio, name):
    rulebook = load_rulebook(name)
    found = rulebook.open(portfolio.parameters).margin.greek_bounds(
        portfolio.market, portfolio.accounts
    )
    return {underlying: pair for (_, underlying), pair in found.items()}


options = st.lists(
    st.tuples(
        st.sampled_from(["near", "far"]),
        st.integers(6, 14).map(lambda k: 10_000 * k),
        st.sampled_from(["call", "put"]),
        st.integers(-9, 9).filter(bool),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda option: option[:3],
)


@settings(max_examples=12, deadline=None)
@given(held=options, coins=st.integers(-5, 5), days=st.integers(1, 60))
@pytest.mark.parametrize("name", ["derive-portfolio-2", "derive-portfolio", "hullmark-portfolio"])
def test_the_exact_worst_is_within_the_error(name, held, coins, days):
    portfolio = document(held, {"near": days * 86_400, "far": 200 * 86_400}, coins)
    exact = statements(portfolio, load_rulebook(name))[0].underlyings[0].worst
    estimate, error = bound_of(portfolio, name)["BTC"]
    assert abs(estimate - exact) <= error * (1.0 + 1e-9) + 1e-6


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["rulebook"] == "deribit-portfolio"],
    ids=lambda case: case["name"],
)
def test_it_holds_in_the_coin_with_futures_and_a_dampener(case):
    portfolio = Portfolio.parse_tree(case["document"])
    bounds = bound_of(portfolio, case["rulebook"])
    for statement in statements(portfolio, load_rulebook(case["rulebook"])):
        for part in statement.underlyings:
            estimate, error = bounds[part.underlying]
            assert abs(estimate - part.worst) <= error * (1.0 + 1e-9) + 1e-9


def test_the_error_is_linear_in_size_and_none_without_options():
    seconds = {"near": 20 * 86_400, "far": 200 * 86_400}
    once = bound_of(document([("far", 100_000, "call", -1)], seconds, 0), "derive-portfolio-2")
    twice = bound_of(document([("far", 100_000, "call", -2)], seconds, 0), "derive-portfolio-2")
    assert twice["BTC"][1] == pytest.approx(2.0 * once["BTC"][1], rel=1e-12)
    perpetual = bound_of(document([], seconds, 3), "derive-portfolio-2")["BTC"]
    assert perpetual == pytest.approx((-0.18 * 3 * SPOT, 0.0))


def test_near_the_money_the_estimate_is_near():
    seconds = {"near": 90 * 86_400, "far": 200 * 86_400}
    held = [("near", 100_000, "call", -1), ("near", 100_000, "put", -1)]
    portfolio = document(held, seconds, 0)
    exact = statements(portfolio, load_rulebook("derive-portfolio-2"))[0].underlyings[0].worst
    estimate, _ = bound_of(portfolio, "derive-portfolio-2")["BTC"]
    assert np.isclose(estimate, exact, rtol=0.1)


def test_nodes_of_others_are_not_in_an_accounts_bound():
    """A grid to 5 %, nodes to 16 %: the perpetual's worst is at 5 %, whoever stands beside it."""
    narrow = {"range": "0.05", "steps": "1", "extended": [], "extended_factor": "1"}
    parameters = {"matrix": {**narrow, "dampener": "0"}}
    seconds = {"near": 3_600, "far": 200 * 86_400}
    short = document([], seconds, -1)
    other = document([("near", 110_000, "call", -1)], seconds, 0)
    rulebook = load_rulebook("hullmark-portfolio")
    both = replace(
        short,
        accounts=(short.accounts[0], replace(other.accounts[0], name="b")),
        parameters=parameters,
    )
    exact = statements(both, rulebook)[0].underlyings[0].worst
    margin = rulebook.open(both.parameters).margin
    bounds = margin.greek_bounds(both.market, both.accounts)
    assert exact == pytest.approx(-0.05 * SPOT)
    assert bounds[0, "BTC"] == pytest.approx((exact, 0.0))

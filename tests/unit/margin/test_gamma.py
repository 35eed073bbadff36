"""Nodes at strikes and the charges of the last days, through a rule book that has them."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.domain import Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks import load_rulebook, statements

BOOK = load_rulebook("hullmark-portfolio")
SPOT = 100_000
VOL = 0.6


def document(seconds, options, *, names=("a",), parameters=None, forward=str(SPOT)):
    """Return accounts that all hold *options*, as (strike, type, size), of one expiry."""
    expiry = {
        "seconds": seconds,
        "forward": forward,
        "forward_confidence": "1",
        "rate": "0",
        "rate_confidence": "1",
        "vol_confidence": "1",
        "vols": {str(strike): str(VOL) for strike in sorted({o[0] for o in options})},
    }
    here = {"spot": str(SPOT), "confidence": "1", "expiries": {"E": expiry}}
    held = [
        {"underlying": "BTC", "expiry": "E", "strike": str(k), "type": kind, "size": str(size)}
        for k, kind, size in options
    ]
    return Portfolio.parse_tree(
        {
            "version": 2,
            "market": {"stable": {"price": "1"}, "underlyings": {"BTC": here}},
            "parameters": parameters or {},
            "accounts": [{"name": name, "cash": {}, "options": held} for name in names],
        }
    )


def worst(portfolio):
    (statement,) = statements(portfolio, BOOK)
    return statement.underlyings[0].worst


def without_nodes(seconds, options):
    parameters = {"nodes": {"days": "0.000000000001", "range": "0.16", "levels": ["none"]}}
    return worst(document(seconds, options, parameters=parameters))


def payoff(options, at):
    """Return what *options* are worth at settlement, by settlement price."""
    total = np.zeros_like(at)
    for strike, kind, size in options:
        side = at - strike if kind == "call" else strike - at
        total += size * np.maximum(side, 0.0)
    return total


books = st.lists(
    st.tuples(
        st.integers(86, 114).map(lambda k: 1_000 * k),
        st.sampled_from(["call", "put"]),
        st.integers(-5, 5).filter(bool),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda option: option[:2],
)


@settings(max_examples=25, deadline=None)
@given(options=books)
def test_at_expiry_no_worst_case_between_the_nodes_is_missed(options):
    dense = np.linspace(0.84 * SPOT, 1.16 * SPOT, 3_201)
    least = (payoff(options, dense) - payoff(options, np.array([float(SPOT)]))).min()
    assert worst(document(0, options)) <= least + 1e-6 * SPOT


@pytest.mark.parametrize("side", [1, -1])
def test_a_grid_alone_misses_what_its_moves_step_over(side):
    away = SPOT * (100 + 2 * side) // 100
    wings = [(away - 1_000, "call", -1), (away, "call", 2), (away + 1_000, "call", -1)]
    assert worst(document(3_600, wings)) == pytest.approx(-1_000, rel=0.2)
    assert without_nodes(3_600, wings) > -150


def test_nodes_are_for_those_who_hold_the_strike():
    wings = [(101_000, "call", -1), (102_000, "call", 2), (103_000, "call", -1)]
    other = [(98_000, "put", -1)]
    together = document(3_600, [*wings, *other])
    alone = {}
    for name, options in (("wings", wings), ("other", other)):
        alone[name] = statements(document(3_600, options), BOOK)[0]
        held = [p for p in together.accounts[0].positions if p.size in {o[2] for o in options}]
        assert held
    labels = alone["other"].underlyings[0].scenarios
    assert any("strike 98000" in label for label in labels)
    assert not any("strike 102000" in label for label in labels)


def test_an_account_needs_the_same_whoever_stands_beside_it():
    options = [(101_000, "call", -1), (103_000, "put", 2)]
    one = statements(document(7_200, options), BOOK)[0]
    tree = document(7_200, options, names=("a", "b", "c"))
    assert [s.maintenance_margin for s in statements(tree, BOOK)] == [one.maintenance_margin] * 3


def gamma_pin(seconds, options):
    (statement,) = statements(document(seconds, options), BOOK)
    return {c.name: c.maintenance for c in statement.underlyings[0].charges}["gamma-pin"]


def test_the_gamma_charge_is_half_the_short_curvature_times_the_squared_move():
    days, floor = 2.0, 0.25
    assert floor < days
    years = days / 365.0
    deviation = VOL * np.sqrt(years)
    strike = 110_000
    d1 = -np.log(strike / SPOT) / deviation + deviation / 2.0
    gamma = np.exp(-0.5 * d1**2) / np.sqrt(2.0 * np.pi) / (SPOT * deviation)
    charged = gamma_pin(int(days * 86_400), [(strike, "call", -3)])
    assert charged == pytest.approx(0.5 * 3 * gamma * SPOT**2 * 0.02**2, rel=1e-9)


def test_long_gamma_far_strikes_and_many_days_cost_nothing():
    assert gamma_pin(3_600, [(100_000, "call", 3)]) == 0.0
    assert gamma_pin(4 * 86_400, [(100_000, "call", -3)]) == 0.0
    assert gamma_pin(3_600, [(150_000, "call", -3)]) == pytest.approx(0.0, abs=1e-9)


def test_the_pin_charge_rises_to_its_rate_as_the_days_run_out():
    charges = [gamma_pin(s, [(100_000, "call", -1), (100_000, "put", 1)]) for s in (0, 3_600)]
    assert charges == [0.0, 0.0]  # a synthetic forward pins nothing
    near = gamma_pin(0, [(102_900, "call", -2)]) - gamma_pin(0, [(103_100, "call", -2)])
    assert near == pytest.approx(2 * 0.01 * SPOT, rel=0.2)


@pytest.mark.parametrize(
    ("section", "key", "value", "rule"),
    [
        ("gamma_pin", "days", "0", "be > 0"),
        ("gamma_pin", "move", "-0.1", "be >= 0"),
        ("nodes", "levels", ["sideways"], "be one of none, up, down"),
        ("nodes", "range", "0", "be > 0"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named(section, key, value, rule):
    broken = {section: {key: value}}
    with pytest.raises(DocumentError, match=rf"parameters\.{section}\.{key}.* must {rule}"):
        statements(document(3_600, [(100_000, "call", -1)], parameters=broken), BOOK)


def test_what_spot_no_longer_moves_has_neither_gamma_nor_pin():
    settled = document(0, [(100_000, "call", -1)], forward={"fixed": "99000", "variable": "0"})
    (statement,) = statements(settled, BOOK)
    charges = {c.name: c.maintenance for c in statement.underlyings[0].charges}
    assert charges["gamma-pin"] == 0.0
    assert gamma_pin(0, [(100_000, "call", -1)]) > 1_000.0

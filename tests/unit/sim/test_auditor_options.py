"""Tests of the auditor's options: the engine's own pricing, and a table of the documentation."""

import pytest

from hullmark.pricing import black76_value
from hullmark.sim._auditor_options import black, grid, option_worth, payoff_nano, shocked_vol
from hullmark.sim._auditor_terms import InstrumentTerms, ScenarioTerms

GRID = ScenarioTerms(
    moves=(-0.2, 0.0, 0.2),
    vol_up=0.5,
    vol_down=0.25,
    power_short=0.30,
    power_long=0.13,
    days_floor=1.0,
    vol_floor=0.0,
    edges_up_only=False,
    maintenance_factor=1.0,
    initial_factor=1.25,
)


def option(**changes):
    fields = {"symbol": "O", "kind": "option", "underlying": "BTC", "settlement": "USDT"}
    more = {"lot_nano": 10**9, "unit": 10**6, "strike_nano": 100 * 10**9, "call": True}
    return InstrumentTerms(**fields | more | changes)


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize("strike", [20.0, 90.0, 100.0, 110.0, 500.0])
@pytest.mark.parametrize("years", [0.0, 1e-6, 0.1, 2.0])
def test_value_is_that_of_the_engine(strike, years, call):
    ours = black(100.0, strike, 0.6, years, call=call)
    theirs = black76_value(forward=[100.0], strike=[strike], years=[years], vol=[0.6], call=[call])
    assert ours == pytest.approx(theirs[0], abs=1e-12)


def test_shocks_of_volatility_are_those_of_the_documentation():
    # docs/concepts/margin.md, "Scenarios": 60 %, half up, a quarter down
    rows = [(1, 1.432, 0.184), (7, 1.064, 0.368), (30, 0.9, 0.45), (90, 0.86, 0.47)]
    for days, up, down in rows:
        years = days / 365.25
        assert shocked_vol(GRID, 0.6, years, 1) == pytest.approx(up, abs=5e-4)
        assert shocked_vol(GRID, 0.6, years, 0) == 0.6
        assert shocked_vol(GRID, 0.6, years, -1) == pytest.approx(down, abs=5e-4)


def test_every_move_comes_with_every_volatility_but_for_the_edges():
    assert len(grid(GRID)) == 9
    narrow = ScenarioTerms(
        **{n: getattr(GRID, n) for n in GRID.__slots__} | {"edges_up_only": True}
    )
    assert grid(narrow) == [(-0.2, 1), (0.0, -1), (0.0, 0), (0.0, 1), (0.2, 1)]


def test_an_inverse_option_is_paid_in_coins():
    assert option_worth(option(inverse=True), 200.0, 0.5, 0.0) == 0.5
    assert option_worth(option(), 200.0, 0.5, 0.0) == 100.0


def test_a_payoff_is_never_below_zero():
    assert payoff_nano(option(), 99 * 10**9) == 0
    assert payoff_nano(option(call=False), 99 * 10**9) == 10**9

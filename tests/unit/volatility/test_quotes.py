"""Tests of the screen: what is fitted to, what is not, and why."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hullmark.errors import InvalidInputError
from hullmark.pricing import black76
from hullmark.volatility import screen

YEARS = 0.1


@pytest.fixture
def quotes(smiles, make):
    """Return a function from changed cells to quotes of 25 strikes, two each."""

    def build(i=None, tick=0.0, **cells):
        found = make({YEARS: smiles[YEARS]}, tick=tick)
        for name, value in cells.items():
            column = getattr(found, name)
            column[i] = value
        return found

    return build


def reasons(quotes, **options):
    return {d.instrument: d.reason for d in screen(quotes, **options)[1]}


def test_good_quotes_are_all_fitted_to_one_vol_per_strike(quotes, smiles):
    (smile,), dropped = screen(quotes())
    assert not dropped
    assert smile.k.size == 25
    assert smile.vol == pytest.approx(smiles[YEARS].vol(smile.k, years=YEARS))
    assert smile.money_vol == pytest.approx(smiles[YEARS].vol([0.0], years=YEARS)[0], rel=1e-3)
    assert np.abs(smile.deviations).max() == pytest.approx(3.0, rel=1e-3)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"years": -0.1}, "it has expired: years -0.1"),
        ({"forward": math.nan}, "forward (none) is no price above 0"),
        ({"strike": 0.0}, "strike 0 is no price above 0"),
        ({"strike": math.inf}, "strike (none) is no price above 0"),
        ({"strike": 1e-300}, "strike 1e-300 is no price above 0"),
        ({"forward": 1e308}, "forward 1e+308 is no price above 0"),
        ({"years": 1e6}, "expires in 1e+06 years: absurd"),
        ({"bid": 1e9}, "bid 1e+09 is above the ask"),
        ({"vol": math.nan, "mark": math.nan}, "no vol, and no price that a vol gives"),
        ({"vol": math.nan, "mark": -1.0}, "no vol, and no price that a vol gives"),
        ({"vol": 25.0}, "vol 25 is absurd"),
        ({"vol": 0.001}, "vol 0.001 is absurd"),
        ({"vol": 2.5}, "vol 2.5 is absurd beside its neighbours"),
        ({"vol": 0.05}, "vol 0.05 is absurd beside its neighbours"),
    ],
)
@pytest.mark.parametrize("i", [0, 24])
def test_a_bad_quote_is_dropped_with_its_reason(quotes, cells, reason, i):
    assert reasons(quotes(i, **cells)) == {f"O{i}": reason}


def test_call_and_put_that_are_absurd_together_are_both_dropped(quotes):
    assert list(reasons(quotes([24, 25], vol=3.0))) == ["O24", "O25"]


def test_a_strike_quoted_twice_counts_once(quotes):
    found = quotes()
    found.strike[2] = found.strike[0]
    assert reasons(found) == {"O2": "its strike is quoted twice"}


def test_a_missing_vol_is_implied_by_the_mark(quotes, smiles):
    (smile,), dropped = screen(quotes(slice(None), vol=math.nan))
    assert not dropped
    assert smile.vol == pytest.approx(smiles[YEARS].vol(smile.k, years=YEARS), abs=1e-9)


@pytest.mark.parametrize("source", ["mid", "bid", "ask"])
def test_vols_are_implied_by_the_price_that_is_asked_for(quotes, source):
    found = quotes()
    vol = found.implied(source)
    factor = {"mid": 1.0, "bid": 0.99, "ask": 1.01}[source]
    seen = np.isfinite(vol)  # a bid below intrinsic value has no vol
    value = black76(
        forward=found.forward[seen], strike=found.strike[seen], years=found.years[seen],
        vol=vol[seen], call=found.call[seen],
    ).value  # fmt: skip
    assert seen.sum() > 25
    assert value == pytest.approx(factor * found.mark[seen], rel=1e-9)


def test_of_prices_the_side_out_of_the_money_is_fitted(quotes):
    found = quotes()
    kept, dropped = screen(found, source="mid")
    assert kept[0].k.size == 25
    said = "it is in the money, and the other side of its strike is quoted"
    assert {d.instrument for d in dropped if d.reason == said} == {
        f"O{i}" for i in range(50) if found.call[i] == (found.strike[i] < found.forward[i])
    }
    found.bid[0] = found.ask[0] = math.nan  # nothing but the call in the money, or the put
    found.bid[1] = found.ask[1] = math.nan
    found.bid[0], found.ask[0] = found.mark[0] * 0.9999, found.mark[0] * 1.0001
    kept, _ = screen(found, source="mid")
    assert kept[0].k.size == 25


def test_a_quote_is_dropped_where_a_tick_is_worth_a_hundred_vol_points(quotes):
    found = quotes(tick=2_000.0)
    kept, dropped = screen(found)
    assert dropped
    for d in dropped:
        i = int(d.instrument[1:])
        vega = black76(
            forward=[found.forward[i]], strike=[found.strike[i]], years=[YEARS],
            vol=[found.vol[i]], call=[True],
        ).vega[0]  # fmt: skip
        assert 2_000.0 / vega > 100
        assert d.reason.startswith("a tick of price is worth ")
    assert kept[0].tick_vol.max() <= 1.0


def test_weights_fall_towards_the_wings(quotes):
    for weights in ("window", "vega", "spread"):
        found = quotes()
        around = replace(found, bid=found.mark - 20.0, ask=found.mark + 20.0)
        (smile,), _ = screen(around, weights=weights)
        middle, ends = smile.weight[12], smile.weight[[0, -1]]
        assert smile.weight.max() <= 1.0
        assert (ends < middle).all()
        assert (ends > 0).all()


def test_an_expiry_of_four_strikes_is_dropped_whole(smiles, make):
    found = make({YEARS: smiles[YEARS]}, strikes=4)
    kept, dropped = screen(found)
    assert not kept
    assert len(dropped) == 8
    assert dropped[0].reason == "its expiry has 4 usable strikes, fewer than 5"


def test_columns_must_be_of_one_length(smiles, make):
    found = make({YEARS: smiles[YEARS]})
    with pytest.raises(InvalidInputError, match=r"tick must have shape \(50,\), was \(2,\)"):
        replace(found, tick=np.zeros(2))

"""Cascade and manipulation cost of a live venue, against what its accounts hold."""

from decimal import Decimal

import pytest

from hullmark.errors import InvalidInputError
from hullmark.market import manipulation_report, oi_cap
from hullmark.monitor import SHOCKS, PartialClosing
from hullmark.runtime import market_depths

DEPTHS = {
    "BTC-PERP": "1000000",
    "BTC-USD-PERP": "200000",
    "ETH-PERP": "50000",
    "BTC-25DEC26-80000-C": "1000",
}


@pytest.fixture
def deep(opened, tree):
    """Return the example venue with depths, its trader long one bitcoin."""
    tree["liquidation"]["depth_usd"] = DEPTHS
    market = opened(venue=tree).found()
    market.do(market.trade("BTC-PERP", "1", "64000"))
    return market


# A fall by a tenth, as in the test of the map, brings the trader under, who sells 64,000 USD into
# 1.2 million a percent, the sum of both contracts.
def test_the_cascade_sells_what_the_map_shows(deep):
    deep.do(deep.trade("ETH-PERP", "3", "2500", buyer=102, seller=100))
    said = deep.venue.cascade((-0.1, 0.1))
    assert said.markets == ("BTC", "ETH")
    assert said.forced_usd[0, :, 0] == pytest.approx([64_000, 0])
    assert said.joint_usd[0, 0] == pytest.approx(64_000)
    assert said.gain[0, 0, 0] == pytest.approx(0.01 * 64_000 / (1_200_000 * 0.1))
    assert not said.forced_usd[1].any()
    map_ = deep.venue.liquidation_map("BTC", (-0.1,))
    assert map_.accounts.tolist() == [1]
    assert deep.venue.cascade((-0.1,), closing=0.5).gain[0, 0, 0] == pytest.approx(
        said.gain[0, 0, 0] / 2
    )
    assert deep.venue.cascade().shock.tolist() == list(SHOCKS)


def test_open_interest_is_the_larger_side_of_an_underlying(deep):
    deep.do(
        deep.trade("BTC-USD-PERP", "20000", "64000", buyer=103, seller=100),
        deep.trade("BTC-PERP", "0.5", "64000", buyer=102, seller=101),
    )
    # Long: 0.5 of the trader, 0.5 of the portfolio account, 20,000 contracts of a dollar.
    moves = ["-0.02", "0.01", "0.02"]
    terms = {"fee": "0.001", "position_fee": "0.001"}
    assert deep.venue.open_interest() == {"BTC": 84_000, "ETH": 0}
    said = deep.venue.manipulation(moves, **terms)
    assert list(said) == ["BTC", "ETH"]
    assert said["BTC"] == manipulation_report(1_200_000, 84_000, moves, **terms)
    assert said["ETH"] == manipulation_report(50_000, 0, moves, **terms)
    # (120 million x 0.01^2 + twice 0.1 % of 1.2 million) over 0.01 less 0.001
    assert oi_cap(said["BTC"]).oi_cap_usd == 1_600_000


# From the ledger's integers; the inverse contract counts dollars.
def test_open_interest_is_what_the_ledger_says_one_side_holds(deep):
    deep.do(
        deep.trade("BTC-USD-PERP", "20000", "64000", buyer=103, seller=100),
        deep.trade("ETH-PERP", "3.5", "2500", buyer=102, seller=101),
    )
    ledger, sides = deep.venue.state.ledger, {}
    for account in deep.venue.views.accounts:
        for number, position in ledger.positions(account):
            contract = ledger.instruments[number]
            usd = {"BTC-PERP": 64_000, "ETH-PERP": 2_500}.get(contract.symbol, 1)
            side = sides.setdefault((contract.underlying, position.lots > 0), [])
            side.append(abs(Decimal(position.lots * contract.lot_nano) / 10**9 * usd))
    assert deep.venue.open_interest() == {
        coin: max(sum(sides[coin, True]), sum(sides[coin, False])) for coin in ("BTC", "ETH")
    }


def test_nothing_is_open_where_nobody_holds_anything(market):
    assert set(market.venue.open_interest().values()) == {0}


def test_the_depths_of_an_underlying_add_up_without_options(deep):
    assert market_depths(deep.venue.rules) == {"BTC": 1_200_000, "ETH": 50_000}


def test_the_cascade_takes_a_rule_for_what_is_closed(deep):
    whole = deep.venue.cascade((-0.06,))
    part = deep.venue.cascade((-0.06,), closing=PartialClosing(0.8, 0.01))
    assert 0.0 < part.depth_factor_min < whole.depth_factor_min


def test_a_question_changes_nothing(deep):
    before = deep.venue.state_hash()
    deep.venue.cascade((-0.1,))
    points = deep.venue.manipulation(fee="0.0005", position_fee="0.001")["BTC"]
    assert max(point.profit_usd for point in points) < Decimal(0)
    assert deep.venue.state_hash() == before


def test_what_is_no_question_is_refused(deep):
    with pytest.raises(
        InvalidInputError, match=r"fees must be one of the terms fee, .*, was '0\.1'"
    ):
        deep.venue.manipulation(fees="0.1")
    with pytest.raises(InvalidInputError, match=r"shocks must be a sequence .*, was 0\.1"):
        deep.venue.cascade(0.1)
    with pytest.raises(InvalidInputError, match=r"shocks must be a sequence .*, was \(\)"):
        deep.venue.cascade(())
    for count in ("3", 0, 1.5):
        with pytest.raises(InvalidInputError, match="count must be a whole number >= 1, was"):
            deep.venue.nearest(count)


def test_rules_without_depths_have_no_answer(market):
    for ask in (market.venue.cascade, market.venue.manipulation):
        with pytest.raises(
            InvalidInputError, match=r"liquidation\.depth_usd must name a market, was empty"
        ):
            ask()
